/* plan_cache.c - least recently used programs, found by the hash of their text. */
#include "api/plan_cache.h"

#include <string.h>

#include "base/hash.h"

struct kept_plan {
    struct kept_plan    *newer, *older;
    struct kept_plan    *next; /* in the bucket */
    struct program      *program;
    struct arena_mark    before; /* this was made in the program's arena */
    struct plan_settings settings;
    uint64_t             hash, sizes;
    size_t               bytes;
    char                 sql[];
};

static bool settings_equal(const struct plan_settings *a, const struct plan_settings *b)
{
    return a->passes_off == b->passes_off && a->join_seed == b->join_seed &&
           a->threads == b->threads && a->batch_rows == b->batch_rows &&
           a->real_digits == b->real_digits && a->case_sensitive_like == b->case_sensitive_like &&
           a->force_any == b->force_any && a->force_flat == b->force_flat;
}

/* The tables' numbers of rows, to a power of 4: plans of others may be better by now.  Only under
 * the schema that program was made for: its tables are there then. */
static uint64_t sizes_of(const struct program *program)
{
    uint64_t sizes = 0;

    for (uint32_t i = 0; i < program->op_count; i++)
        if (program->ops[i].code == OP_OpenRead) {
            const struct scan_desc *scan = program->ops[i].p4.desc;
            uint64_t                rows = table_row_count(scan->table);

            sizes = sizes * 33 + (uint64_t)(64 - __builtin_clzll(rows | 1)) / 2;
        }
    return sizes;
}

static bool may_be_kept(const struct program *program)
{
    if (program->is_explain || program->inner != NULL)
        return false;
    for (uint32_t i = 0; i < program->op_count; i++)
        switch ((enum opcode)program->ops[i].code) {
        case OP_OpenSource:
        case OP_CreateTable:
        case OP_CreateObject:
        case OP_Drop:
        case OP_Export:
            return false;
        default:
            break;
        }
    return true;
}

static void plan_unlink(struct plan_cache *cache, struct kept_plan *plan)
{
    struct kept_plan **link = &cache->buckets[plan->hash % PLAN_BUCKETS];

    while (*link != plan)
        link = &(*link)->next;
    *link = plan->next;
    *(plan->newer != NULL ? &plan->newer->older : &cache->newest) = plan->older;
    *(plan->older != NULL ? &plan->older->newer : &cache->oldest) = plan->newer;
    cache->count--;
}

static void plan_drop(struct plan_cache *cache, struct kept_plan *plan)
{
    plan_unlink(cache, plan);
    program_free(plan->program);
}

static struct kept_plan *plan_find(const struct plan_cache *cache, uint64_t hash, const char *sql,
                                   size_t bytes)
{
    struct kept_plan *plan = cache->buckets[hash % PLAN_BUCKETS];

    while (plan != NULL &&
           (plan->hash != hash || plan->bytes != bytes || memcmp(plan->sql, sql, bytes) != 0))
        plan = plan->next;
    return plan;
}

struct program *plan_cache_take(struct plan_cache *cache, const struct database *database,
                                const char *sql, size_t bytes, const struct plan_settings *settings)
{
    struct kept_plan *plan;
    struct program   *program;

    if (cache->limit == 0 || bytes > PLAN_TEXT_MAX)
        return NULL;
    plan = plan_find(cache, hash_bytes(sql, bytes), sql, bytes);
    if (plan != NULL &&
        (!program_is_current(plan->program, database) ||
         !settings_equal(&plan->settings, settings) || plan->sizes != sizes_of(plan->program))) {
        plan_drop(cache, plan);
        plan = NULL;
    }
    if (plan == NULL) {
        cache->misses++;
        return NULL;
    }
    cache->hits++;
    plan_unlink(cache, plan);
    program = plan->program;
    arena_release(&program->arena, plan->before);
    return program;
}

void plan_cache_keep(struct plan_cache *cache, struct program *program, const char *sql,
                     size_t bytes, const struct plan_settings *settings)
{
    uint64_t          hash;
    struct kept_plan *plan, **bucket;
    struct arena_mark before = arena_mark(&program->arena);

    if (cache->limit == 0 || bytes > PLAN_TEXT_MAX || !may_be_kept(program)) {
        program_free(program);
        return;
    }
    hash = hash_bytes(sql, bytes);
    plan = plan_find(cache, hash, sql, bytes);
    if (plan != NULL) /* two statements of one text were there at once */
        plan_drop(cache, plan);
    plan = arena_alloc(&program->arena, sizeof *plan + bytes);
    if (plan == NULL) {
        program_free(program);
        return;
    }
    *plan = (struct kept_plan){.older = cache->newest,
                               .program = program,
                               .before = before,
                               .settings = *settings,
                               .hash = hash,
                               .sizes = sizes_of(program),
                               .bytes = bytes};
    memcpy(plan->sql, sql, bytes);
    bucket = &cache->buckets[hash % PLAN_BUCKETS];
    plan->next = *bucket;
    *bucket = plan;
    *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = plan;
    cache->newest = plan;
    if (++cache->count > cache->limit)
        plan_drop(cache, cache->oldest);
}

void plan_cache_resize(struct plan_cache *cache, uint32_t limit)
{
    cache->limit = limit;
    while (cache->count > limit)
        plan_drop(cache, cache->oldest);
}

bool plan_cache_clear(struct plan_cache *cache)
{
    bool any = cache->oldest != NULL;

    while (cache->oldest != NULL)
        plan_drop(cache, cache->oldest);
    return any;
}

size_t plan_cache_bytes(const struct plan_cache *cache)
{
    size_t bytes = 0;

    for (const struct kept_plan *plan = cache->newest; plan != NULL; plan = plan->older)
        bytes += arena_bytes(&plan->program->arena);
    return bytes;
}
