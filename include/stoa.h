/* stoa.h - Stoa, an embeddable columnar SQL engine: the public interface.
 *
 * The shapes, names and result codes follow sqlite3.h, so that its users know them already.  A
 * connection (stoa_db) and its statements are used by one thread at a time; several connections in
 * several threads are independent.  stoa_interrupt may be called from any thread.
 *
 * Misuse has an answer: a function that gets NULL for a connection, a statement or a text that it
 * needs gives STOA_MISUSE, or if it gives no code 0 or NULL; a parameter that is not there gives
 * STOA_RANGE, a column that is not there (or no current row) a NULL value and STOA_RANGE as the
 * connection's error.  A closed connection and a finalized statement are gone: to use their handles
 * is undefined.
 *
 * Callbacks in the midst of work (a progress handler, the messages of an import, the destructor of
 * a bound value) may interrupt, ask for counters, errors and what a statement is, and work with
 * other connections; running, preparing, binding, resetting, finalizing or closing anything of
 * their own connection gives STOA_MISUSE and changes nothing.  The callback of stoa_exec stands
 * between two rows and may do everything but close. */
#ifndef STOA_H
#define STOA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef STOA_API
#define STOA_API __attribute__((visibility("default")))
#endif

#define STOA_VERSION "0.1.0"
#define STOA_VERSION_NUMBER 1000

typedef struct stoa_db   stoa_db;
typedef struct stoa_stmt stoa_stmt;

/* Result codes; numbers as in sqlite3.h.  Functions give the primary code; stoa_extended_errcode
 * the full one. */
#define STOA_OK 0
#define STOA_ERROR 1
#define STOA_INTERNAL 2
#define STOA_PERM 3
#define STOA_ABORT 4
#define STOA_BUSY 5
#define STOA_LOCKED 6
#define STOA_NOMEM 7
#define STOA_READONLY 8
#define STOA_INTERRUPT 9
#define STOA_IOERR 10
#define STOA_CORRUPT 11
#define STOA_NOTFOUND 12
#define STOA_FULL 13
#define STOA_CANTOPEN 14
#define STOA_SCHEMA 17
#define STOA_TOOBIG 18
#define STOA_CONSTRAINT 19
#define STOA_MISMATCH 20
#define STOA_MISUSE 21
#define STOA_AUTH 23
#define STOA_RANGE 25
#define STOA_NOTADB 26
#define STOA_ROW 100
#define STOA_DONE 101

/* Type codes of values. */
#define STOA_INTEGER 1
#define STOA_FLOAT 2
#define STOA_TEXT 3
#define STOA_BLOB 4
#define STOA_NULL 5

/* Destructors for bound text and blobs: STATIC bytes outlive the statement; TRANSIENT bytes are
 * copied now. */
typedef void (*stoa_destructor)(void *);
#define STOA_STATIC ((stoa_destructor)0)
#define STOA_TRANSIENT ((stoa_destructor)-1)

STOA_API const char *stoa_libversion(void);
STOA_API int         stoa_libversion_number(void);
STOA_API const char *stoa_errstr(int code); /* English text of a result code */

/* --- connections --------------------------------------------------------------------------------
 */
/* Opens filename: ":memory:" or "" for a private in-memory database.  *db is set even on error
 * (then only stoa_errmsg and stoa_close make sense), unless memory ran out: NULL. */
STOA_API int stoa_open(const char *filename, stoa_db **db);
/* Ends the connection.  STOA_BUSY while statements are not finalized.  NULL is allowed. */
STOA_API int stoa_close(stoa_db *db);

STOA_API const char              *
stoa_errmsg(stoa_db *db); /* text of the last error; valid until the next call on db */
STOA_API int stoa_errcode(stoa_db *db);
STOA_API int stoa_extended_errcode(stoa_db *db);
STOA_API int
stoa_error_offset(stoa_db *db); /* byte in the SQL text the last error speaks of; -1: none */
STOA_API int64_t stoa_changes(stoa_db *db);
STOA_API int64_t stoa_total_changes(stoa_db *db);
STOA_API int64_t stoa_last_insert_rowid(stoa_db *db);
STOA_API int     stoa_get_autocommit(stoa_db *db);
/* Running statements of db end with STOA_INTERRUPT within about 10 ms.  Any thread. */
STOA_API void stoa_interrupt(stoa_db *db);
/* handler(data) is called about every 10 ms while statements run; a value other than 0 interrupts.
 * NULL: none.  Not changed from within a handler. */
STOA_API void stoa_progress_handler(stoa_db *db, int (*handler)(void *), void *data);
/* What a running CSV load has done: rows, bytes read, bytes in all (0: unknown).  1 while a load
 * runs, else 0. */
STOA_API int     stoa_load_progress(stoa_db *db, uint64_t *rows, uint64_t *bytes,
                                    uint64_t *bytes_total);
STOA_API int64_t stoa_memory_used(stoa_db *db);
STOA_API int64_t stoa_memory_peak(stoa_db *db, int reset);

/* --- statements ---------------------------------------------------------------------------------
 */
/* Compiles the first statement of sql (nbytes long; < 0: up to its NUL).  *stmt is owned by the
 * caller, who ends it with stoa_finalize; NULL on error or for an empty text.  *tail, if tail is
 * not NULL, is where the next statement begins. */
STOA_API int stoa_prepare(stoa_db *db, const char *sql, int nbytes, stoa_stmt **stmt,
                          const char **tail);
STOA_API int stoa_finalize(stoa_stmt *stmt); /* NULL allowed; gives the last step's error code */
STOA_API int stoa_step(stoa_stmt *stmt);     /* STOA_ROW, STOA_DONE, or an error */
STOA_API int stoa_reset(stoa_stmt *stmt);
STOA_API stoa_db    *stoa_db_handle(stoa_stmt *stmt);
STOA_API const char *stoa_sql(stoa_stmt *stmt);
STOA_API int         stoa_stmt_readonly(stoa_stmt *stmt);
STOA_API int         stoa_stmt_isexplain(
            stoa_stmt *stmt); /* 0 none, 1 EXPLAIN, 2 EXPLAIN QUERY PLAN, 3 EXPLAIN ANALYZE */
STOA_API int stoa_complete(const char *sql); /* 1: ends in a complete statement */

/* Runs every statement of sql; callback for each row (texts, NULL for NULL; non-zero ends with
 * STOA_ABORT).  *errmsg, if errmsg is not NULL, is NULL or a text to be freed with stoa_free. */
STOA_API int stoa_exec(stoa_db *db, const char *sql, int (*callback)(void *, int, char **, char **),
                       void *data, char **errmsg);
STOA_API void stoa_free(void *memory);

/* Parameters, numbered from 1.  Unbound ones are NULL.  They are set before the first step of a
 * run (STOA_MISUSE later); one that cannot be set keeps its value.  A destructor is called for the
 * bytes even when they could not be bound; NULL as text or blob binds a NULL, without it. */
STOA_API int         stoa_bind_parameter_count(stoa_stmt *stmt);
STOA_API const char *stoa_bind_parameter_name(stoa_stmt *stmt, int index);
STOA_API int         stoa_bind_parameter_index(stoa_stmt *stmt, const char *name);
STOA_API int         stoa_bind_null(stoa_stmt *stmt, int index);
STOA_API int         stoa_bind_int(stoa_stmt *stmt, int index, int value);
STOA_API int         stoa_bind_int64(stoa_stmt *stmt, int index, int64_t value);
STOA_API int         stoa_bind_double(stoa_stmt *stmt, int index, double value);
STOA_API int         stoa_bind_text(stoa_stmt *stmt, int index, const char *text, int64_t nbytes,
                                    stoa_destructor destructor); /* nbytes < 0: up to NUL */
STOA_API int         stoa_bind_blob(stoa_stmt *stmt, int index, const void *blob, int64_t nbytes,
                                    stoa_destructor destructor); /* nbytes < 0: STOA_MISUSE */
STOA_API int         stoa_clear_bindings(stoa_stmt *stmt);

/* Columns of the current row, from 0.  Texts and blobs live until the next step, reset, finalize or
 * conversion of that value. */
STOA_API int         stoa_column_count(stoa_stmt *stmt);
STOA_API int         stoa_data_count(stoa_stmt *stmt);
STOA_API const char *stoa_column_name(stoa_stmt *stmt, int column);
STOA_API const char *stoa_column_decltype(stoa_stmt *stmt, int column);
STOA_API int         stoa_column_type(stoa_stmt *stmt, int column);
STOA_API int         stoa_column_int(stoa_stmt *stmt, int column);
STOA_API int64_t     stoa_column_int64(stoa_stmt *stmt, int column);
STOA_API double      stoa_column_double(stoa_stmt *stmt, int column);
STOA_API const char *stoa_column_text(stoa_stmt *stmt,
                                      int        column); /* NUL-terminated; NULL for NULL */
STOA_API const void *stoa_column_blob(stoa_stmt *stmt, int column);
STOA_API int64_t     stoa_column_bytes(stoa_stmt *stmt, int column);

/* --- batches ------------------------------------------------------------------------------------
 */
/* The next up to 2,048 rows of a result at once, instead of stoa_step: STOA_ROW (the batch is valid
 * until the next call on stmt), STOA_DONE or an error.  Not to be mixed with stoa_step within one
 * run: STOA_MISUSE. */
typedef struct stoa_text {
    const char *data;
    uint32_t    bytes;
    uint32_t    type;
} stoa_text; /* type: STOA_TEXT or STOA_BLOB */
typedef struct stoa_cell {
    union {
        int64_t     integer;
        double      real;
        const char *data;
    } u;
    uint32_t bytes;
    uint32_t type;
} stoa_cell;
typedef struct stoa_batch_column {
    int type; /* STOA_INTEGER: integers; STOA_FLOAT: reals; STOA_TEXT or STOA_BLOB: cells of that
                 one type; 0: cells of any type */
    const uint64_t  *valid; /* bit i of word i / 64 is 1 where row i is not NULL; NULL: no NULLs */
    const int64_t   *integers;
    const double    *reals;
    const stoa_cell *cells;
} stoa_batch_column;
STOA_API int stoa_fetch_batch(stoa_stmt *stmt, int *rows, const stoa_batch_column **columns);

/* --- bulk load ----------------------------------------------------------------------------------
 */
/* Loads a CSV file into an existing table: COPY table FROM 'path' (options).  options: NULL or text
 * as in COPY's parentheses. */
STOA_API int stoa_load_csv(stoa_db *db, const char *table, const char *path, const char *options,
                           int64_t *rows);

/* Loads a file as the .import of sqlite3's shell reads it: every field is TEXT before the columns'
 * affinity, short rows are filled with NULLs and long ones cut, which message is told in sqlite3's
 * words.  All rows, or none and an error. */
typedef struct stoa_import_options {
    char     column_separator, row_separator;      /* ',' and '\n'; a '\r' before '\n' is dropped */
    int      ascii;                                /* no quotes */
    unsigned skip;                                 /* records to pass over */
    int      header;                               /* 1: pass over one more, the names */
    void (*message)(void *data, const char *text); /* NULL: not told */
    void *message_data;
} stoa_import_options;
/* Creates the table for such a file: TEXT columns named by its first record; names that occur twice
 * are made unique, which message is told.  STOA_NOTFOUND: the file is empty. */
STOA_API int stoa_import_table(stoa_db *db, const char *table, const char *path,
                               const stoa_import_options *options);
STOA_API int stoa_import(stoa_db *db, const char *table, const char *path,
                         const stoa_import_options *options, int64_t *rows);

#ifdef __cplusplus
}
#endif
#endif
