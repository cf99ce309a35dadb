/* compare.h - one statement in Stoa and in the sqlite3 oracle: do they agree? */
#ifndef STOA_TESTS_COMPARE_H
#define STOA_TESTS_COMPARE_H

#include "stoa.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>

/* Opens the oracle so that REALs become text with 15 digits, as this product's default (SQLite 3.53
 * would use 17; the call is unknown to older versions and then not needed). */
int compare_open_oracle(const char *filename, sqlite3 **oracle);
/* The digits of REALs as text, as PRAGMA fp_digits sets them here; the oracle has no such pragma.
 */
void compare_set_digits(sqlite3 *oracle, int digits);

/* How rows are compared.  Values that an ORDER BY or GROUP BY may take for equal are ties: numbers
 * of equal value (1 and 1.0), texts that differ in case or in spaces at the end. */
enum compare_mode {
    COMPARE_BAG,           /* whatever their order */
    COMPARE_SEQUENCE,      /* in order */
    COMPARE_TIED_BAG,      /* as bags, ties taken for equal: which of them was kept is open */
    COMPARE_TIED_SEQUENCE, /* the same rows, and in order but for ties */
    COMPARE_TIED_CHOICE    /* in order, ties taken for equal */
};

/* Runs sql (one statement) in both.  Equal: both fail at the same stage with the same code (and,
 * when running, the same text), or both give the same rows: number, classes and values; REALs are
 * equal as doubles, or, when the oracle is older than 3.43 (plain sums), within 1e-12 relative.
 * False: difference says how. */
bool compare_statement(stoa_db *db, sqlite3 *oracle, const char *sql, enum compare_mode mode,
                       char *difference, size_t cap);

/* Does sqlite3 give the same rows, whatever their order, when it leaves out all of its
 * optimizations and when it visits rows backwards?  If not, the answer to sql is open. */
bool compare_oracle_alone(sqlite3 *oracle, const char *sql);

/* From now on parameters have values, of every class, which the number of the parameter decides. */
void compare_bind_parameters(void);
/* From now on errors are equal only if their texts are. */
void compare_texts(bool texts);

/* Do the columns of sql have the same names in both?  True for a statement that either refuses. */
bool compare_names(stoa_db *db, sqlite3 *oracle, const char *sql, char *difference, size_t cap);

/* From now on statements end early that take the oracle more than so many of its steps, whose
 * answer has more than so many bytes, or that take Stoa more than so many seconds of CPU time. */
struct compare_limits {
    int64_t oracle_steps, bytes;
    double  stoa_seconds;
};
void compare_set_limits(stoa_db *db, sqlite3 *oracle, const struct compare_limits *limits);
/* Whether the last compare_statement ended so, because of the oracle (Stoa then did not start), or
 * because of Stoa. */
bool compare_oracle_gave_up(void);
bool compare_stoa_gave_up(void);
/* The CPU seconds that the last compare_statement took in either. */
double compare_oracle_seconds(void);
double compare_stoa_seconds(void);

/* Error texts of the last compare_statement, "" if none: for tests of error wording. */
const char *compare_stoa_error(void);
const char *compare_oracle_error(void);

#endif
