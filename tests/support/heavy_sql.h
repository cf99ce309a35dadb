/* heavy_sql.h - statements that take long, one or more for each loop of the engine, for whatever
 * watches how they end: interrupts at any moment, and the memory limit. */
#ifndef STOA_TESTS_HEAVY_SQL_H
#define STOA_TESTS_HEAVY_SQL_H

#include <stdbool.h>
#include <stddef.h>

#include "stoa.h"

/* before, count times piece, after.  One or more statements; they may change the tables. */
struct heavy {
    const char *before, *piece;
    int         count;
    const char *after;
};

extern const struct heavy heavy_statements[]; /* they run */
extern const size_t       heavy_statement_count;
extern const struct heavy heavy_texts[]; /* they are long to compile */
extern const size_t       heavy_text_count;

/* The text; owned by the caller, to be freed with free(); NULL: out of memory. */
char *heavy_sql(const struct heavy *heavy);

/* The tables n (a counts, b scatters, t is a text of b), big (v scatters, w counts) and keyed
 * (empty), and n as a CSV file; big is 5 times as long as n_rows.  STOA_OK, or the code of what
 * failed. */
int heavy_setup(stoa_db *db, long n_rows, const char *csv);
#endif
