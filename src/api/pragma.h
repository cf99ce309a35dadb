/* pragma.h - one call of a pragma, as its function sees it. */
#ifndef STOA_API_PRAGMA_H
#define STOA_API_PRAGMA_H

#include "api/connection.h"
#include "api/row_source.h"

struct pragma_call {
    stoa_db           *db;
    struct row_source *rows; /* where results go */
    bool               has_argument;
    struct value       argument;
    const char        *text; /* the argument as text, NUL-terminated; "" if there is none */
    struct error      *err;
};

/* Adds the result rows, or sets something.  A name that does not exist gives no row. */
typedef enum status pragma_function(struct pragma_call *call);

#define PRAGMA(name, function, ...) pragma_function function;
#include "api/pragma.def"
#undef PRAGMA

/* The argument as SQLite reads switches: on/yes/true, off/no/false, or a number. */
bool pragma_switch(const struct pragma_call *call);

#endif
