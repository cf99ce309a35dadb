/* plan_cache.h - programs of finalised statements, kept for the next prepare of the same text.
 *
 * A program is taken out while a statement uses it, and kept again when that ends; it comes back
 * only for the very bytes that it was made of, under settings and a schema that would make it
 * again, while its tables have about as many rows as then, and those that it trusts the same ones.
 * What a run leaves behind is not kept: every statement starts with a new frame and without
 * bindings.
 *
 * Kept are texts of one statement, up to PLAN_TEXT_MAX bytes, that are SELECT, INSERT, UPDATE,
 * DELETE, or the end or beginning of a transaction; not EXPLAIN, not what reads table functions or
 * files (PRAGMA, COPY), whose columns may be others the next time. */
#ifndef STOA_API_PLAN_CACHE_H
#define STOA_API_PLAN_CACHE_H

#include "vm/vm.h"

/* PLAN_CACHE_ENTRIES: how many are kept unless a pragma says otherwise. */
enum { PLAN_TEXT_MAX = 4096, PLAN_CACHE_ENTRIES = 32, PLAN_CACHE_MAX = 1024, PLAN_BUCKETS = 64 };

/* What a program depends on beside its text and what is in the database. */
struct plan_settings {
    uint32_t passes_off, join_seed, threads, batch_rows;
    int      real_digits;
    bool     case_sensitive_like, force_any, force_flat;
};

/* A kept program; lies in its arena. */
struct kept_plan;

struct plan_cache {
    uint32_t          limit, count; /* entries; limit 0: off */
    struct kept_plan *newest, *oldest;
    struct kept_plan *buckets[PLAN_BUCKETS];
    uint64_t          hits, misses;
};

/* The kept program for sql under settings, which may be run with database as it is.  It now is the
 * caller's, who frees it or keeps it again; NULL: there is none. */
struct program *plan_cache_take(struct plan_cache *cache, const struct database *database,
                                const char *sql, size_t bytes,
                                const struct plan_settings *settings);
/* Keeps program, whose whole text sql is and which was made under settings, or frees it. */
void plan_cache_keep(struct plan_cache *cache, struct program *program, const char *sql,
                     size_t bytes, const struct plan_settings *settings);
void plan_cache_resize(struct plan_cache *cache, uint32_t limit);
/* Frees what is kept; false: nothing was. */
bool   plan_cache_clear(struct plan_cache *cache);
size_t plan_cache_bytes(const struct plan_cache *cache);

#endif
