/* engine_duckdb.c - DuckDB through its C API, looked up in libduckdb.so at run time.
 *
 * The library comes from the npm package @duckdb/node-bindings-linux-x64 (bench/get-duckdb.sh) or
 * from DUCKDB_LIBRARY. It has no header there; the few types that are needed are declared here
 * after DuckDB's documentation. */
#include "engine.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct duckdb_result { /* opaque; passed by value where the API says so */
    uint64_t word[6];
};
typedef void *handle_t;

/* The functions, in the order of names[] below. */
static struct {
    int (*create_config)(handle_t *);
    int (*set_config)(handle_t, const char *, const char *);
    int (*open_ext)(const char *, handle_t *, handle_t, char **);
    int (*connect)(handle_t, handle_t *);
    void (*disconnect)(handle_t *);
    void (*close)(handle_t *);
    int (*query)(handle_t, const char *, struct duckdb_result *);
    const char *(*result_error)(struct duckdb_result *);
    void (*destroy_result)(struct duckdb_result *);
    int (*prepare)(handle_t, const char *, handle_t *);
    int (*bind_int64)(handle_t, uint64_t, int64_t);
    int (*execute_prepared)(handle_t, struct duckdb_result *);
    void (*destroy_prepare)(handle_t *);
    handle_t (*fetch_chunk)(struct duckdb_result);
    void (*destroy_data_chunk)(handle_t *);
    uint64_t (*data_chunk_get_column_count)(handle_t);
    uint64_t (*data_chunk_get_size)(handle_t);
    handle_t (*data_chunk_get_vector)(handle_t, uint64_t);
    void *(*vector_get_data)(handle_t);
    uint64_t *(*vector_get_validity)(handle_t);
    handle_t (*vector_get_column_type)(handle_t);
    void (*destroy_logical_type)(handle_t *);
    int (*get_type_id)(handle_t);
} api;
static void *library;

struct engine {
    handle_t database, connection;
};

static bool api_load(const char **why)
{
    static const char *const names[] = {"create_config",
                                        "set_config",
                                        "open_ext",
                                        "connect",
                                        "disconnect",
                                        "close",
                                        "query",
                                        "result_error",
                                        "destroy_result",
                                        "prepare",
                                        "bind_int64",
                                        "execute_prepared",
                                        "destroy_prepare",
                                        "fetch_chunk",
                                        "destroy_data_chunk",
                                        "data_chunk_get_column_count",
                                        "data_chunk_get_size",
                                        "data_chunk_get_vector",
                                        "vector_get_data",
                                        "vector_get_validity",
                                        "vector_get_column_type",
                                        "destroy_logical_type",
                                        "get_type_id"};
    const char              *path = getenv("DUCKDB_LIBRARY");
    char                     symbol[64];

    _Static_assert(sizeof api == sizeof names / sizeof names[0] * sizeof(void *),
                   "one name a function");
    if (library != NULL)
        return true;
    library = dlopen(path != NULL ? path : "build/duckdb/libduckdb.so", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        *why = "libduckdb.so is absent (bench/get-duckdb.sh fetches it)";
        return false;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        void *address;

        snprintf(symbol, sizeof symbol, "duckdb_%s", names[i]);
        address = dlsym(library, symbol);
        if (address == NULL) {
            *why = "libduckdb.so lacks a function that is needed";
            return false;
        }
        memcpy((char *)&api + i * sizeof address, &address, sizeof address);
    }
    return true;
}

static bool duckdb_engine_exec(struct engine *engine, const char *sql)
{
    struct duckdb_result result;
    bool                 ok = api.query(engine->connection, sql, &result) == 0;

    if (!ok)
        fprintf(stderr, "duckdb: %s: %.200s\n", api.result_error(&result), sql);
    api.destroy_result(&result);
    return ok;
}

static struct engine *duckdb_engine_open(int threads, const char **why)
{
    struct engine *engine;
    handle_t       config;
    char           number[16], *message = NULL;

    if (!api_load(why))
        return NULL;
    engine = calloc(1, sizeof *engine);
    snprintf(number, sizeof number, "%d", threads);
    if (engine == NULL || api.create_config(&config) != 0 ||
        api.set_config(config, "threads", number) != 0 ||
        api.open_ext(NULL, &engine->database, config, &message) != 0 ||
        api.connect(engine->database, &engine->connection) != 0) {
        *why = message != NULL ? message : "cannot open a database";
        return NULL;
    }
    return engine;
}

/* Compressed storage in memory: DuckDB compresses only what a checkpoint writes. */
static struct engine *duckdb_compressed_open(int threads, const char **why)
{
    struct engine *engine = duckdb_engine_open(threads, why);

    if (engine == NULL)
        return NULL;
    if (!duckdb_engine_exec(engine, "ATTACH ':memory:' AS c (COMPRESS)") ||
        !duckdb_engine_exec(engine, "USE c")) {
        *why = "cannot attach compressed memory";
        return NULL;
    }
    return engine;
}

static void duckdb_engine_close(struct engine *engine)
{
    api.disconnect(&engine->connection);
    api.close(&engine->database);
    free(engine);
}

static bool duckdb_engine_load(struct engine *engine, const char *table, const char *path,
                               char delimiter)
{
    char sql[4096];

    snprintf(sql, sizeof sql, "COPY %s FROM '%s' (HEADER false, DELIMITER '%c')", table, path,
             delimiter);
    return duckdb_engine_exec(engine, sql);
}

static bool duckdb_compressed_load(struct engine *engine, const char *table, const char *path,
                                   char delimiter)
{
    return duckdb_engine_load(engine, table, path, delimiter) &&
           duckdb_engine_exec(engine, "CHECKPOINT");
}

/* As the text that the other engines keep. */
static uint64_t date_digest(uint64_t hash, int32_t day)
{
    time_t    seconds = (time_t)day * 86400;
    struct tm date;
    char      text[32];

    gmtime_r(&seconds, &date);
    return digest_text(hash, text, strftime(text, sizeof text, "%Y-%m-%d", &date));
}

/* Type numbers: DuckDB's DUCKDB_TYPE enumeration. */
static uint64_t value_digest(uint64_t hash, int type, const void *data, uint64_t row)
{
    switch (type) {
    case 1:
    case 2:
        return digest_int(hash, ((const int8_t *)data)[row]);
    case 3:
        return digest_int(hash, ((const int16_t *)data)[row]);
    case 4:
        return digest_int(hash, ((const int32_t *)data)[row]);
    case 13:
        return date_digest(hash, ((const int32_t *)data)[row]);
    case 5:
    case 12:
        return digest_int(hash, ((const int64_t *)data)[row]);
    case 10:
        return digest_real(hash, (double)((const float *)data)[row]);
    case 11:
        return digest_real(hash, ((const double *)data)[row]);
    case 16:
        return digest_int(
            hash, ((const int64_t *)data)[2 * row]); /* hugeint: the low half; sums here fit it */
    case 17:
    case 18: {
        const char *cell = (const char *)data + 16 * row, *text = cell + 4;
        uint32_t    bytes;

        memcpy(&bytes, cell, sizeof bytes);
        if (bytes > 12)
            memcpy(&text, cell + 8, sizeof text);
        return digest_text(hash, text, bytes);
    }
    default:
        fprintf(stderr, "duckdb: result type %d is not known here\n", type);
        return hash;
    }
}

enum { COLUMNS_MAX = 64 };

static void chunk_digest(handle_t chunk, struct digest *digest)
{
    uint64_t rows = api.data_chunk_get_size(chunk),
             columns = api.data_chunk_get_column_count(chunk);
    void     *data[COLUMNS_MAX];
    uint64_t *valid[COLUMNS_MAX];
    int       type[COLUMNS_MAX];

    if (columns > COLUMNS_MAX)
        columns = COLUMNS_MAX;
    for (uint64_t c = 0; c < columns; c++) {
        handle_t vector = api.data_chunk_get_vector(chunk, c),
                 logical = api.vector_get_column_type(vector);

        data[c] = api.vector_get_data(vector);
        valid[c] = api.vector_get_validity(vector);
        type[c] = api.get_type_id(logical);
        api.destroy_logical_type(&logical);
    }
    for (uint64_t r = 0; r < rows; r++) {
        uint64_t hash = 0;

        for (uint64_t c = 0; c < columns; c++)
            hash = valid[c] != NULL && !((valid[c][r / 64] >> (r % 64)) & 1)
                       ? digest_null(hash)
                       : value_digest(hash, type[c], data[c], r);
        digest_row(digest, hash);
    }
}

static void result_digest(const struct duckdb_result *result, struct digest *digest)
{
    handle_t chunk;

    while ((chunk = api.fetch_chunk(*result)) != NULL) {
        chunk_digest(chunk, digest);
        api.destroy_data_chunk(&chunk);
    }
}

static bool duckdb_engine_query(struct engine *engine, const char *sql, struct digest *digest)
{
    struct duckdb_result result;
    bool                 ok = api.query(engine->connection, sql, &result) == 0;

    if (ok)
        result_digest(&result, digest);
    else
        fprintf(stderr, "duckdb: %s: %.200s\n", api.result_error(&result), sql);
    api.destroy_result(&result);
    return ok;
}

static void *duckdb_engine_prepare(struct engine *engine, const char *sql)
{
    handle_t statement;

    return api.prepare(engine->connection, sql, &statement) == 0 ? statement : NULL;
}

static bool duckdb_engine_run(struct engine *engine, void *statement, const int64_t *parameters,
                              int count)
{
    struct digest        digest = {0};
    struct duckdb_result result;
    bool                 ok;

    (void)engine;
    for (int i = 0; i < count; i++)
        api.bind_int64(statement, (uint64_t)i + 1, parameters[i]);
    ok = api.execute_prepared(statement, &result) == 0;
    if (ok)
        result_digest(&result, &digest);
    api.destroy_result(&result);
    return ok;
}

static void duckdb_engine_finalize(struct engine *engine, void *statement)
{
    (void)engine;
    api.destroy_prepare(&statement);
}

#define DUCKDB_KIND(kind_name, open_, load_)                                                       \
    {                                                                                              \
        .name = kind_name, .open = open_, .close = duckdb_engine_close,                            \
        .exec = duckdb_engine_exec, .load_csv = load_, .query = duckdb_engine_query,               \
        .prepare = duckdb_engine_prepare, .run = duckdb_engine_run,                                \
        .finalize = duckdb_engine_finalize,                                                        \
    }
const struct engine_kind engine_duckdb =
    DUCKDB_KIND("duckdb", duckdb_engine_open, duckdb_engine_load);
const struct engine_kind engine_duckdb_compressed =
    DUCKDB_KIND("duckdb-compressed", duckdb_compressed_open, duckdb_compressed_load);
