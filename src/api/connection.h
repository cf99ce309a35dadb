/* connection.h - what stands behind stoa_db and stoa_stmt; for the files of api/ only.
 *
 * A connection owns its memory account, its database, and a list of its statements.  Every public
 * function records its outcome in the connection's error record, which stoa_errmsg reads.  A
 * statement owns the compiled program, the frame that runs it, its bindings (which survive a
 * recompilation) and the texts made by stoa_column_text. */
#ifndef STOA_API_CONNECTION_H
#define STOA_API_CONNECTION_H

#include "api/plan_cache.h"
#include "sql/compile.h"
#include "stoa.h"
#include "vm/vm.h"

/* Values of pragmas that steer files: kept to be read back. */
enum remembered_setting {
    REMEMBER_SYNCHRONOUS,
    REMEMBER_TEMP_STORE,
    REMEMBER_CACHE_SIZE,
    REMEMBER_BUSY_TIMEOUT,
    REMEMBER_COUNT
};

struct stoa_db {
    uint64_t         magic; /* CONNECTION_OPEN, or CONNECTION_SICK after a failed open */
    struct memory    memory;
    struct database *database;
    struct connection_functions *functions;
    struct connection_state      state;
    struct vm_host               host;
    struct compile_context       compile;
    struct arena                 scratch; /* of compile */
    struct load_progress         load;
    struct error                 error;      /* of the last public call */
    struct stoa_stmt            *statements; /* list through next and prev */
    uint32_t                     active;     /* statements between first step and end */
    struct plan_cache            plans;
    int64_t                      user_version, application_id;
    int64_t                      remembered[REMEMBER_COUNT];
};
enum { CONNECTION_OPEN = 0x53746f61, CONNECTION_SICK = 0x5349434b };

/* One parameter's value, kept over resets and recompilations. */
struct binding {
    struct value    value;  /* bytes: owned buffer or the caller's */
    char           *buffer; /* for copied bytes; NULL: none yet */
    size_t          buffer_bytes;
    stoa_destructor destructor; /* to be called on value.s; NULL: none */
};

/* Text made of a value for stoa_column_text; valid while generation is the statement's. */
struct column_text {
    uint64_t generation;
    char    *data;
    size_t   capacity;
    int64_t  bytes;
};

enum statement_state {
    STATEMENT_READY,    /* reset: the next step runs from the start */
    STATEMENT_RUNNING,  /* inside vm_run: only its callbacks see this */
    STATEMENT_ON_ROW,   /* a batch is there and row is the current one */
    STATEMENT_ON_BATCH, /* the batch was handed out whole */
    STATEMENT_ENDED     /* done or failed: the next step resets first */
};

struct stoa_stmt {
    stoa_db             *db;
    struct stoa_stmt    *next, *prev;
    size_t               block_bytes; /* of the block that this, bindings and sql lie in */
    struct program      *program;
    struct plan_settings settings;      /* that program was made under */
    struct arena_mark    before;        /* the statement's own arrays in the program's arena */
    bool                 is_whole_text; /* sql is all that prepare was given */
    struct vm           *vm;
    char                *sql; /* NUL-terminated, up to and with its semicolon */
    size_t               sql_bytes;
    enum statement_state state;
    enum status          last; /* of the last step, for reset and finalize */
    uint32_t             column_count;
    /* the current batch */
    struct selection     *selection;
    uint32_t              row;
    uint64_t              generation; /* counts rows; outdates texts */
    const struct vector **columns;    /* [column_count], in program's memory */
    struct column_text   *texts;      /* the same; their data is owned */
    struct batch_buffer  *batch;      /* of stoa_fetch_batch; NULL until it is used */
    uint32_t              variable_count;
    struct binding       *bindings; /* [variable_count] */
};

bool connection_ok(const stoa_db *db);
/* Whether db can be worked with: open, and not asked from a callback in the midst of its work (its
 * progress handler, messages of an import, destructors of bound values). */
bool connection_ready(const stoa_db *db);
/* The same for the statement; false for NULL. */
bool statement_ready(const stoa_stmt *stmt);
/* STOA_MISUSE; what is recorded with text, unless db is not ready: then its record is left alone.
 */
int connection_misuse(stoa_db *db, const char *text);
int statement_misuse(stoa_stmt *stmt, const char *text);
/* Records an outcome without a text of its own (the code's text shows) and gives the primary code.
 */
int connection_result(stoa_db *db, enum status status);
/* The same for an error that is in db->error already. */
int connection_failed(stoa_db *db);

/* Appends text between two quote characters, those inside doubled. */
struct str;
void quoted_append(struct str *out, char quote, const char *text);

/* Recompiles after a change of the schema, or of rows that the program trusts; bindings are carried
 * over. */
enum status statement_recompile(stoa_stmt *stmt);
/* Hands all bindings to a new frame. */
enum status statement_rebind(stoa_stmt *stmt, struct vm *vm);
void        statement_free_bindings(stoa_stmt *stmt);
void        batch_free(stoa_stmt *stmt);
/* Runs to the next output batch with the interrupt and error bookkeeping of a step: STATUS_ROW,
 * STATUS_DONE or an error, which is recorded. */
enum status statement_run(stoa_stmt *stmt);

#endif
