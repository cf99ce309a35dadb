/* functions.h - SQL functions: how they are declared, found and called.
 *
 * A scalar function has an exact form (one row of cells) and may have a vector form, which must
 * give the same values or decline.  Built-ins stand in functions.def; connections add their own in
 * front. */
#ifndef STOA_VM_FUNCTIONS_H
#define STOA_VM_FUNCTIONS_H

#include "store/vector.h"

enum function_flag {
    FUNCTION_PURE =
        1, /* same arguments, same result: may fold, may run once per dictionary entry */
    /* As PURE within one execution only: it may ask for the statement's time (date('now')).  May
     * run once per dictionary entry and, of constants, once per execution; not folded when
     * compiled. */
    FUNCTION_STATEMENT = 2,
    FUNCTION_MAY_FAIL = 4, /* can raise an error: evaluated for active rows only */
    FUNCTION_COLLATES =
        8, /* uses the collation of its first argument that has one (min, max, nullif) */
    FUNCTION_SPECIAL =
        16, /* compiled by the code generator (coalesce, iif, likely...): exact form may be NULL */
    FUNCTION_AGGREGATE = 32,
    FUNCTION_RESULT_INT = 64,       /* never anything but INTEGER or NULL */
    FUNCTION_NULL_IN_NULL_OUT = 128 /* any NULL argument gives NULL without a call */
};

struct function_context {
    struct arena *arena; /* results' text goes here; lives as long as the batch.  A result may
                            also borrow the bytes of an argument. */
    struct error  *err;
    enum collation collation; /* FUNCTION_COLLATES */
    void          *user_data; /* of a user function */
    struct connection_state
                       *connection; /* changes(), last_insert_rowid(), random state...; see below */
    struct regex_cache *regexes;    /* patterns of the statement; regex.h */
    int64_t             now_ms; /* statement time: ms since the julian epoch (noon -4713-11-24), as
                                   sqlite3StmtCurrentTime */
};
/* What functions may ask of their connection; filled by api/. */
struct connection_state {
    int64_t  last_insert_rowid;
    int64_t  changes, total_changes;
    uint64_t random[4]; /* xoshiro256** state, seeded at open */
    bool     case_sensitive_like;
};

typedef enum status function_exact(struct function_context *context, uint32_t argc,
                                   const struct value *argv, struct value *out);
/* Writes a vector for the active rows into *out (arrays in buffer or arena), or sets *declined. */
typedef enum status function_vector(struct function_context *context, uint32_t argc,
                                    const struct vector *const *argv, struct selection *sel,
                                    struct vector_buffer *buffer, struct vector *out,
                                    bool *declined);

struct function {
    const char      *name;
    int8_t           min_args, max_args; /* max -1: any number up to 1000 */
    uint16_t         flags;
    function_exact  *exact;
    function_vector *vector; /* NULL: none */
    void            *user_data;
};

/* What this library was built with, as PRAGMA compile_options lists it; NULL past the end. */
const char *compile_option(int64_t index);

/* The built-in scalar function with this name (any case) that takes argc arguments.  *known: some
 * function (scalar or aggregate) has the name, so that the caller can say "wrong number of
 * arguments to function x()" or "no such function: x". */
const struct function *function_find(const char *name, size_t bytes, uint32_t argc, bool *known);
/* index-th built-in in table order, NULL past the end: for PRAGMA function_list. */
const struct function *function_at(uint32_t index);

/* LIKE and GLOB, shared by functions and kernels.  escape: code point or 0.  memory: false when its
 * work shall stop, which whoever runs the statement finds; NULL: none. */
bool text_like(struct memory *memory, const char *pattern, size_t pattern_bytes, const char *text,
               size_t text_bytes, uint32_t escape, bool case_sensitive);
bool text_glob(struct memory *memory, const char *pattern, size_t pattern_bytes, const char *text,
               size_t text_bytes);

#endif
