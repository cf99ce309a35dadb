/* connection.c - open, close, errors, counters, interruption: the functions on stoa_db. */
#include "api/connection.h"

#include "api/export.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "api/sources.h"
#include "base/ram.h"
#include "base/str.h"

/* Of main memory, what a connection may use by default: 4 parts of 5. */
enum { RAM_PARTS = 5, RAM_PARTS_USED = 4 };

/* --- outcome bookkeeping ---------------------------------------------------------------------- */
bool connection_ok(const stoa_db *db)
{
    return db != NULL && db->magic == CONNECTION_OPEN;
}

bool connection_ready(const stoa_db *db)
{
    return connection_ok(db) &&
           atomic_load_explicit(&db->memory.interrupt.in_callback, memory_order_relaxed) == 0;
}

int connection_misuse(stoa_db *db, const char *text)
{
    if (connection_ready(db))
        fail(&db->error, STATUS_MISUSE, "%s", text);
    return STOA_MISUSE;
}

int connection_result(stoa_db *db, enum status status)
{
    db->error.status = status;
    db->error.position = -1;
    db->error.text[0] = '\0';
    return (int)status & 0xff;
}

int connection_failed(stoa_db *db)
{
    return (int)db->error.status & 0xff;
}

const char *stoa_libversion(void)
{
    return STOA_VERSION;
}

int stoa_libversion_number(void)
{
    return STOA_VERSION_NUMBER;
}

const char *stoa_errstr(int code)
{
    return status_text(code);
}

const char *stoa_errmsg(stoa_db *db)
{
    if (db == NULL)
        return status_text(STATUS_NOMEM);
    if (db->magic != CONNECTION_OPEN && db->magic != CONNECTION_SICK)
        return status_text(STATUS_MISUSE);
    return db->error.text[0] != '\0' ? db->error.text : status_text((int)db->error.status);
}

int stoa_errcode(stoa_db *db)
{
    return stoa_extended_errcode(db) & 0xff;
}

int stoa_extended_errcode(stoa_db *db)
{
    if (db == NULL)
        return STOA_NOMEM;
    if (db->magic != CONNECTION_OPEN && db->magic != CONNECTION_SICK)
        return STOA_MISUSE;
    return (int)db->error.status;
}

int stoa_error_offset(stoa_db *db)
{
    if (!connection_ok(db) || db->error.text[0] == '\0' || db->error.position > INT32_MAX)
        return -1;
    return (int)db->error.position;
}

/* --- open and close ----------------------------------------------------------------------------
 */
static void seed_random(uint64_t random[4])
{
    if (getrandom(random, 4 * sizeof *random, GRND_NONBLOCK) != 4 * sizeof *random) {
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        for (int i = 0; i < 4; i++)
            random[i] = (uint64_t)now.tv_nsec * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)i;
    }
    random[0] |= 1; /* the generator must not start from all zeros */
}

static bool plans_reclaim(void *data)
{
    return plan_cache_clear(data);
}

static void connect_layers(stoa_db *db)
{
    db->plans.limit = PLAN_CACHE_ENTRIES;
    db->memory.reclaim = plans_reclaim;
    db->memory.reclaim_data = &db->plans;
    db->remembered[REMEMBER_SYNCHRONOUS] = 2; /* SQLite's defaults */
    db->remembered[REMEMBER_CACHE_SIZE] = -2000;
    seed_random(db->state.random);
    db->host.database = db->database;
    db->host.memory = &db->memory;
    db->host.state = &db->state;
    db->host.batch_rows = VECTOR_CAP;
    db->host.threads = 1;
    db->host.autocommit = true;
    db->host.trace = getenv("STOA_TRACE");
    export_connect(&db->host);
    db->host.sources = (struct source_context){
        .database = db->database, .memory = &db->memory, .connection = db, .progress = &db->load};
    db->compile = (struct compile_context){.database = db->database,
                                           .memory = &db->memory,
                                           .state = &db->state,
                                           .sources = sources_registry(),
                                           .source_context = &db->host.sources,
                                           .functions = db->functions,
                                           .limits = &parse_limits_default,
                                           .trace = db->host.trace,
                                           .scratch = &db->scratch};
}

int stoa_open(const char *filename, stoa_db **out)
{
    stoa_db *db;

    if (out == NULL)
        return STOA_MISUSE;
    *out = NULL;
    db = memory_zalloc(NULL, sizeof *db);
    if (db == NULL)
        return STOA_NOMEM;
    memory_init(&db->memory, ram_bytes() / RAM_PARTS * RAM_PARTS_USED);
    arena_init_medium(&db->scratch, &db->memory);
    error_clear(&db->error);
    db->magic = CONNECTION_SICK;
    *out = db;
    if (filename != NULL && filename[0] != '\0' && strcmp(filename, ":memory:") != 0) {
        fail(&db->error, STATUS_CANTOPEN, "not supported yet: database files (\"%.200s\")",
             filename);
        return connection_failed(db);
    }
    if (database_open_memory(&db->memory, &db->database, &db->error) != STATUS_OK)
        return connection_failed(db);
    connect_layers(db);
    db->magic = CONNECTION_OPEN;
    return connection_result(db, STATUS_OK);
}

int stoa_close(stoa_db *db)
{
    if (db == NULL)
        return STOA_OK;
    if (!connection_ready(db) && db->magic != CONNECTION_SICK)
        return STOA_MISUSE;
    if (db->statements != NULL) {
        fail(&db->error, STATUS_BUSY, "unable to close due to unfinalized statements");
        return STOA_BUSY;
    }
    plan_cache_clear(&db->plans);
    if (db->database != NULL) {
        vm_host_rollback(&db->host);
        database_close(db->database);
    }
    db->magic = 0;
    arena_free(&db->scratch);
    memory_trim(&db->memory);
    memory_free(NULL, db, sizeof *db);
    return STOA_OK;
}

/* --- counters -----------------------------------------------------------------------------------
 */
int64_t stoa_changes(stoa_db *db)
{
    return connection_ok(db) ? db->state.changes : 0;
}

int64_t stoa_total_changes(stoa_db *db)
{
    return connection_ok(db) ? db->state.total_changes : 0;
}

int64_t stoa_last_insert_rowid(stoa_db *db)
{
    return connection_ok(db) ? db->state.last_insert_rowid : 0;
}

int stoa_get_autocommit(stoa_db *db)
{
    return connection_ok(db) ? db->host.autocommit : 0;
}

void stoa_interrupt(stoa_db *db)
{
    if (connection_ok(db))
        atomic_store(&db->memory.interrupt.raised, true);
}

void stoa_progress_handler(stoa_db *db, int (*handler)(void *), void *data)
{
    if (!connection_ready(db))
        return;
    db->memory.interrupt.progress = handler;
    db->memory.interrupt.progress_data = data;
}

int stoa_load_progress(stoa_db *db, uint64_t *rows, uint64_t *bytes, uint64_t *bytes_total)
{
    bool active = connection_ok(db) && atomic_load(&db->load.active);

    if (rows != NULL)
        *rows = active ? atomic_load(&db->load.rows) : 0;
    if (bytes != NULL)
        *bytes = active ? atomic_load(&db->load.bytes_done) : 0;
    if (bytes_total != NULL)
        *bytes_total = active ? atomic_load(&db->load.bytes_total) : 0;
    return active;
}

int64_t stoa_memory_used(stoa_db *db)
{
    return connection_ok(db) ? (int64_t)atomic_load(&db->memory.used) : 0;
}

int64_t stoa_memory_peak(stoa_db *db, int reset)
{
    int64_t peak;

    if (!connection_ok(db))
        return 0;
    peak = (int64_t)atomic_load(&db->memory.peak);
    if (reset)
        atomic_store(&db->memory.peak, atomic_load(&db->memory.used));
    return peak;
}

int stoa_complete(const char *sql)
{
    return sql != NULL && parse_complete(sql, strlen(sql));
}

/* --- bulk load
 * ------------------------------------------------------------------------------------ */
void quoted_append(struct str *out, char quote, const char *text)
{
    str_char(out, quote);
    for (; *text != '\0'; text++) {
        if (*text == quote)
            str_char(out, quote);
        str_char(out, *text);
    }
    str_char(out, quote);
}

int stoa_load_csv(stoa_db *db, const char *table, const char *path, const char *options,
                  int64_t *rows)
{
    struct str sql;
    int        rc;

    if (rows != NULL)
        *rows = 0;
    if (!connection_ready(db) || table == NULL || path == NULL)
        return connection_misuse(db, "a table and a path are needed");
    str_init(&sql, &db->memory);
    str_text(&sql, "COPY ");
    quoted_append(&sql, '"', table);
    str_text(&sql, " FROM ");
    quoted_append(&sql, '\'', path);
    if (options != NULL && options[0] != '\0') {
        str_text(&sql, " (");
        str_text(&sql, options);
        str_char(&sql, ')');
    }
    if (str_end(&sql) == NULL)
        rc = connection_result(db, STATUS_NOMEM);
    else
        rc = stoa_exec(db, sql.data, NULL, NULL, NULL);
    if (rc == STOA_OK && rows != NULL)
        *rows = db->state.changes;
    str_free(&sql);
    return rc;
}
