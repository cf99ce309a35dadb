/* compile.h - text to program: parse, resolve, plan, generate.  What api/ calls. */
#ifndef STOA_SQL_COMPILE_H
#define STOA_SQL_COMPILE_H

#include "sql/parse.h"
#include "sql/resolve.h"
#include "vm/program.h"

struct compile_context {
    struct database              *database;
    struct memory                *memory;
    struct connection_state      *state;
    const struct source_registry *sources;
    const struct source_context  *source_context;
    struct connection_functions  *functions;
    const struct parse_limits    *limits;
    uint32_t      passes_off; /* bits of enum pass: planner passes that are switched off (tests) */
    uint32_t      join_seed;  /* not 0: costs of joins are taken times a random factor (bench) */
    const char   *trace;      /* STOA_TRACE flags; NULL: none */
    struct arena *scratch; /* of trees and plans: left as found, but for a chunk kept for reuse */
};

/* Compiles the first statement of sql.  *program NULL: nothing but blanks and comments.  *tail as
 * parse_statement. */
enum status compile(const struct compile_context *context, const char *sql, size_t bytes,
                    struct program **program, size_t *tail, struct error *err);

#endif
