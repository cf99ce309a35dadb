/* engine.h - one face over the engines that a benchmark compares: Stoa, SQLite, DuckDB, each
 * through its C API.
 *
 * Every query reads every value of its result into a digest, so that no engine can be lazy and
 * answers can be compared. */
#ifndef STOA_BENCH_ENGINE_H
#define STOA_BENCH_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Independent of row order and of the last digits of reals: the sum over rows of a hash of the
 * row's values. */
struct digest {
    uint64_t rows, hash;
};

struct engine; /* an open database of one kind */

struct engine_kind {
    const char *name; /* "stoa", "sqlite", "duckdb", "duckdb-compressed" */
    /* NULL: cannot be had here (library absent); *why says so. */
    struct engine *(*open)(int threads, const char **why);
    void (*close)(struct engine *engine);
    bool (*exec)(struct engine *engine, const char *sql);
    /* The table exists; no header line. */
    bool (*load_csv)(struct engine *engine, const char *table, const char *path, char delimiter);
    bool (*query)(struct engine *engine, const char *sql, struct digest *digest);
    /* A prepared statement with integer parameters, run again and again. */
    void *(*prepare)(struct engine *engine, const char *sql);
    bool (*run)(struct engine *engine, void *statement, const int64_t *parameters, int count);
    void (*finalize)(struct engine *engine, void *statement);
};

extern const struct engine_kind engine_stoa, engine_sqlite, engine_duckdb, engine_duckdb_compressed;

/* Folding values into a row hash. */
uint64_t digest_int(uint64_t hash, int64_t value);
uint64_t
         digest_real(uint64_t hash,
                     double   value); /* nine significant digits; a whole number hashes as the integer */
uint64_t digest_text(uint64_t hash, const char *text, size_t bytes);
uint64_t digest_null(uint64_t hash);
void     digest_row(struct digest *digest, uint64_t hash);

#ifdef __cplusplus
}
#endif
#endif
