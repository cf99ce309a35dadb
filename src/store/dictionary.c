/* dictionary.c - interning: an open-addressing table whose slots hold short texts whole.
 *
 * A text of up to 16 bytes is two words and a length, compared in the slot; of a longer one the
 * slot holds the hash and the first words decide nothing, the entry is compared.  Batches are
 * hashed first and their slots prefetched, so that a table beyond the caches costs one miss a row.
 *
 * Entries and their bytes never move: a grown entries array leaves the old one in place for readers
 * of older counts (all arrays together are less than twice the newest one). */
#include "store/dictionary.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/str.h"
#include "store/dictionary_internal.h"

enum {
    FIRST_SLOTS = 128, /* a block large enough to be aligned to a cache line */
    FIRST_ENTRIES = 16,
    SLOTS_PER_POLL = 1 << 15, /* of new ones */
    BLOCK_ROWS = 256,         /* hashed ahead of being looked up: keys of a block stay in L1 */
    SHORT_BYTES = 16,
    SPARSE_SLOTS = 1 << 20, /* smaller tables are at most half full: the second probe costs a branch
                               miss; larger ones up to 4/5, for their memory */
    CODE_NONE = 0xffffffff
};

struct slot {                      /* 32 bytes: never across two cache lines */
    _Alignas(32) uint64_t word[2]; /* short text: its bytes; longer: hash and 0 */
    uint32_t bytes;
    uint32_t code; /* CODE_NONE: free */
};

struct ranking {
    struct ranking *older;
    uint32_t        count;
    uint32_t        ranks[];
};
struct retained {
    struct retained *older;
    struct value    *entries;
    uint32_t         capacity;
};

struct dictionary {
    _Atomic uint32_t        references;
    uint64_t                id;
    struct memory          *memory;
    _Atomic uint32_t        count;
    _Atomic(struct value *) entries;
    uint32_t                capacity;
    struct retained        *retained;
    struct arena            heap;
    struct slot            *slots;
    uint32_t                slot_count; /* power of two */
    pthread_mutex_t         lock;       /* of rankings */
    struct ranking         *rankings;   /* newest first */
};

static _Atomic uint64_t next_id = 1;

static struct slot *slots_new(struct memory *memory, uint32_t count)
{
    struct slot *slots = memory_alloc(memory, memory_product(count, sizeof *slots));

    for (uint32_t at = 0, end; slots != NULL && at < count; at = end) {
        end = count - at < SLOTS_PER_POLL ? count : at + SLOTS_PER_POLL;
        memset(slots + at, 0xff, (end - at) * sizeof *slots); /* CODE_NONE */
        if (end < count && memory_stopped(memory)) {
            memory_free(memory, slots, count * sizeof *slots);
            slots = NULL;
        }
    }
    return slots;
}

struct dictionary *dictionary_new(struct memory *memory)
{
    struct dictionary *d = memory_zalloc(memory, sizeof *d);

    if (d == NULL)
        return NULL;
    d->memory = memory;
    d->slots = slots_new(memory, FIRST_SLOTS);
    d->slot_count = FIRST_SLOTS;
    d->capacity = FIRST_ENTRIES;
    /* zeroed: a NULL row's code 0 can be looked up even while there is no entry */
    atomic_init(&d->entries, memory_zalloc(memory, FIRST_ENTRIES * sizeof(struct value)));
    if (d->slots == NULL || d->entries == NULL) {
        memory_free(memory, d->slots, FIRST_SLOTS * sizeof *d->slots);
        memory_free(memory, d->entries, FIRST_ENTRIES * sizeof(struct value));
        memory_free(memory, d, sizeof *d);
        return NULL;
    }
    atomic_init(&d->references, 1);
    atomic_init(&d->count, 0);
    d->id = atomic_fetch_add(&next_id, 1);
    arena_init(&d->heap, memory);
    pthread_mutex_init(&d->lock, NULL);
    return d;
}

void dictionary_ref(struct dictionary *dictionary)
{
    atomic_fetch_add_explicit(&dictionary->references, 1, memory_order_relaxed);
}

static void ranking_free(struct memory *memory, struct ranking *ranking)
{
    memory_free(memory, ranking, sizeof *ranking + ranking->count * sizeof *ranking->ranks);
}

void dictionary_unref(struct dictionary *dictionary)
{
    struct memory *memory;

    if (dictionary == NULL ||
        atomic_fetch_sub_explicit(&dictionary->references, 1, memory_order_acq_rel) != 1)
        return;
    memory = dictionary->memory;
    while (dictionary->rankings != NULL) {
        struct ranking *ranking = dictionary->rankings;

        dictionary->rankings = ranking->older;
        ranking_free(memory, ranking);
    }
    while (dictionary->retained != NULL) {
        struct retained *retained = dictionary->retained;

        dictionary->retained = retained->older;
        memory_free(memory, retained->entries, retained->capacity * sizeof *retained->entries);
        memory_free(memory, retained, sizeof *retained);
    }
    memory_free(memory, dictionary->entries, dictionary->capacity * sizeof(struct value));
    memory_free(memory, dictionary->slots, dictionary->slot_count * sizeof *dictionary->slots);
    arena_free(&dictionary->heap);
    pthread_mutex_destroy(&dictionary->lock);
    memory_free(memory, dictionary, sizeof *dictionary);
}

uint32_t dictionary_count(const struct dictionary *dictionary)
{
    return atomic_load_explicit(&dictionary->count, memory_order_acquire);
}

const struct value *dictionary_entries(const struct dictionary *dictionary)
{
    return atomic_load_explicit(&dictionary->entries, memory_order_acquire);
}

uint64_t dictionary_id(const struct dictionary *dictionary)
{
    return dictionary->id;
}

size_t dictionary_bytes(const struct dictionary *dictionary)
{
    return sizeof *dictionary + dictionary->slot_count * sizeof *dictionary->slots +
           (size_t)dictionary->capacity * sizeof(struct value) + arena_bytes(&dictionary->heap);
}

/* --- keys ---------------------------------------------------------------------------------------
 */
struct key {
    uint64_t word[2];
    uint64_t hash;
};

static inline uint64_t load_bytes(const char *s, uint32_t bytes) /* 1..8 */
{
    uint64_t word = 0;
    uint32_t half;

    if (bytes == 8) {
        memcpy(&word, s, 8);
    } else if (bytes >= 4) {
        uint32_t low;

        memcpy(&low, s, 4);
        memcpy(&half, s + bytes - 4, 4);
        word = low | (uint64_t)half << (bytes - 4) * 8;
    } else if (bytes > 0) {
        word = (uint64_t)(unsigned char)s[0] |
               (uint64_t)(unsigned char)s[bytes / 2] << bytes / 2 * 8 |
               (uint64_t)(unsigned char)s[bytes - 1] << (bytes - 1) * 8;
    }
    return word;
}

static inline void key_make(struct key *key, const char *s, uint32_t bytes)
{
    __uint128_t product;

    if (bytes > SHORT_BYTES) {
        key->word[0] = hash_bytes(s, bytes);
        key->word[1] = 0;
        key->hash = key->word[0];
        return;
    }
    if (bytes <= 8) {
        key->word[0] = load_bytes(s, bytes);
        key->word[1] = 0;
    } else { /* the words overlap; with the length they are still one text's only */
        memcpy(&key->word[0], s, 8);
        memcpy(&key->word[1], s + bytes - 8, 8);
    }
    product = (__uint128_t)(key->word[0] ^ UINT64_C(0x9e3779b97f4a7c15)) *
              (key->word[1] ^ (UINT64_C(0xc2b2ae3d27d4eb4f) + bytes));
    key->hash = ((uint64_t)product ^ (uint64_t)(product >> 64)) * UINT64_C(0xff51afd7ed558ccd);
    key->hash ^= key->hash >> 32;
}

/* One branch for a short text; a free slot has a length that no text has. */
static inline bool slot_matches(const struct dictionary *d, const struct slot *slot,
                                const struct key *key, const char *s, uint32_t bytes)
{
    if (((slot->word[0] ^ key->word[0]) | (slot->word[1] ^ key->word[1]) | (slot->bytes ^ bytes)) !=
        0)
        return false;
    return bytes <= SHORT_BYTES || bytes_equal(dictionary_entries(d)[slot->code].s, s, bytes);
}

static uint64_t slot_hash(const struct slot *slot)
{
    struct key  key;
    __uint128_t product;

    if (slot->bytes > SHORT_BYTES)
        return slot->word[0];
    key.word[0] = slot->word[0];
    key.word[1] = slot->word[1];
    product = (__uint128_t)(key.word[0] ^ UINT64_C(0x9e3779b97f4a7c15)) *
              (key.word[1] ^ (UINT64_C(0xc2b2ae3d27d4eb4f) + slot->bytes));
    key.hash = ((uint64_t)product ^ (uint64_t)(product >> 64)) * UINT64_C(0xff51afd7ed558ccd);
    return key.hash ^ key.hash >> 32;
}

/* --- growth -------------------------------------------------------------------------------------
 */
static bool slots_grow(struct dictionary *d)
{
    uint32_t     count = d->slot_count * 2, mask = count - 1;
    struct slot *slots = slots_new(d->memory, count);

    if (slots == NULL)
        return false;
    for (uint32_t i = 0; i < d->slot_count; i++) {
        uint32_t at;

        if (i % INTERRUPT_ROWS == 0 && memory_stopped(d->memory)) {
            memory_free(d->memory, slots, count * sizeof *slots);
            return false;
        }
        if (d->slots[i].code == CODE_NONE)
            continue;
        at = (uint32_t)slot_hash(&d->slots[i]) & mask;
        while (slots[at].code != CODE_NONE)
            at = (at + 1) & mask;
        slots[at] = d->slots[i];
    }
    memory_free(d->memory, d->slots, d->slot_count * sizeof *d->slots);
    d->slots = slots;
    d->slot_count = count;
    return true;
}

static bool entries_grow(struct dictionary *d)
{
    uint32_t         capacity = d->capacity * 2;
    struct retained *retained = memory_alloc(d->memory, sizeof *retained);
    struct value    *entries = memory_alloc(d->memory, memory_product(capacity, sizeof *entries));

    if (retained == NULL || entries == NULL) {
        memory_free(d->memory, retained, sizeof *retained);
        memory_free(d->memory, entries, capacity * sizeof *entries);
        return false;
    }
    *retained =
        (struct retained){.older = d->retained, .entries = d->entries, .capacity = d->capacity};
    if (!memory_copy(d->memory, entries, d->entries, d->capacity * sizeof *entries)) {
        memory_free(d->memory, retained, sizeof *retained);
        memory_free(d->memory, entries, capacity * sizeof *entries);
        return false;
    }
    atomic_store_explicit(&d->entries, entries, memory_order_release);
    d->capacity = capacity;
    d->retained = retained;
    return true;
}

/* A new entry in the free slot at; its code, or CODE_NONE when memory runs out. */
static uint32_t entry_add(struct dictionary *d, const struct key *key, const char *s,
                          uint32_t bytes)
{
    uint32_t      code = d->count, mask, at;
    struct value *entries;
    char         *copy;

    if (code == d->capacity && !entries_grow(d))
        return CODE_NONE;
    if ((uint64_t)(code + 1) * (d->slot_count < SPARSE_SLOTS ? 8 : 5) >
            (uint64_t)d->slot_count * 4 &&
        !slots_grow(d))
        return CODE_NONE;
    copy = arena_copy_text(&d->heap, bytes > 0 ? s : "", bytes);
    if (copy == NULL)
        return CODE_NONE;
    mask = d->slot_count - 1;
    at = (uint32_t)key->hash & mask;
    while (d->slots[at].code != CODE_NONE)
        at = (at + 1) & mask;
    d->slots[at] =
        (struct slot){.word = {key->word[0], key->word[1]}, .bytes = bytes, .code = code};
    entries = d->entries;
    entries[code] = value_text(copy, bytes);
    atomic_store_explicit(&d->count, code + 1, memory_order_release);
    return code;
}

static inline uint32_t entry_find(const struct dictionary *d, const struct key *key, const char *s,
                                  uint32_t bytes)
{
    uint32_t mask = d->slot_count - 1, at = (uint32_t)key->hash & mask;

    for (;;) {
        const struct slot *slot = &d->slots[at];

        if (likely(slot_matches(d, slot, key, s, bytes)))
            return slot->code;
        if (slot->code == CODE_NONE)
            return CODE_NONE;
        at = (at + 1) & mask;
    }
}

/* --- interning -----------------------------------------------------------------------------------
 */
static enum status code_new(struct dictionary *d, const struct key *key, const struct value *v,
                            uint32_t max_entries, uint32_t *code)
{
    if (d->count >= max_entries)
        return STATUS_FULL;
    *code = entry_add(d, key, v->s, v->bytes);
    return *code == CODE_NONE ? STATUS_NOMEM : STATUS_OK;
}

/* A block of up to BLOCK_ROWS rows.  *done: rows that have codes. */
static inline __attribute__((always_inline)) enum status
intern_block(struct dictionary *d, const struct value *values, const uint64_t *valid,
             uint32_t first, uint32_t rows, uint32_t max_entries, uint32_t *codes, uint32_t *done)
{
    struct key keys[BLOCK_ROWS];
    uint32_t   mask = d->slot_count - 1;

    for (uint32_t i = 0; i < rows; i++) {
        if (valid != NULL && !bits_get(valid, first + i))
            continue;
        key_make(&keys[i], values[i].s, values[i].bytes);
        __builtin_prefetch(&d->slots[(uint32_t)keys[i].hash & mask]);
    }
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t code = 0;

        if (valid == NULL || bits_get(valid, first + i)) {
            code = entry_find(d, &keys[i], values[i].s, values[i].bytes);
            if (unlikely(code == CODE_NONE)) {
                enum status status = code_new(d, &keys[i], &values[i], max_entries, &code);

                if (status != STATUS_OK) {
                    *done = i;
                    return status;
                }
            }
        }
        codes[i] = code;
    }
    *done = rows;
    return STATUS_OK;
}

enum status dictionary_intern(struct dictionary *dictionary, const struct value *values,
                              const uint64_t *valid, uint32_t count, uint32_t max_entries,
                              uint32_t *codes, uint32_t *done, struct error *err)
{
    enum status status = STATUS_OK;

    *done = 0;
    for (uint32_t first = 0; first < count; first += BLOCK_ROWS) {
        uint32_t rows = count - first < BLOCK_ROWS ? count - first : BLOCK_ROWS, block;

        if (valid == NULL)
            status = intern_block(dictionary, values + first, NULL, first, rows, max_entries,
                                  codes + first, &block);
        else
            status = intern_block(dictionary, values + first, valid, first, rows, max_entries,
                                  codes + first, &block);
        *done += block;
        if (status == STATUS_NOMEM)
            return fail_nomem(err);
        if (status != STATUS_OK)
            return fail(err, status, "dictionary has %u entries", max_entries);
    }
    return STATUS_OK;
}

struct dictionary *dictionary_prefix(const struct dictionary *dictionary, uint32_t count)
{
    struct dictionary  *prefix = dictionary_new(dictionary->memory);
    const struct value *entries = dictionary_entries(dictionary);
    uint32_t            codes[BLOCK_ROWS], done;

    for (uint32_t first = 0; prefix != NULL && first < count; first += done) {
        uint32_t rows = count - first < BLOCK_ROWS ? count - first : BLOCK_ROWS;

        if (dictionary_intern(prefix, entries + first, NULL, rows, count, codes, &done, NULL) !=
            STATUS_OK) {
            dictionary_unref(prefix);
            prefix = NULL;
        }
    }
    return prefix;
}

bool dictionary_find(const struct dictionary *dictionary, const char *s, uint32_t bytes,
                     uint32_t *code)
{
    struct key key;

    key_make(&key, s, bytes);
    *code = entry_find(dictionary, &key, s, bytes);
    return *code != CODE_NONE;
}

/* --- order
 * ---------------------------------------------------------------------------------------- */
enum { COMPARISONS_PER_POLL = 4096 };

struct entry_sort {
    const struct value *entries;
    struct memory      *memory;
    uint32_t            calls;
    bool                stopped; /* all entries are called equal: the sort ends soon */
};

static int entry_order(const void *a, const void *b, void *context)
{
    struct entry_sort  *sort = context;
    const struct value *x = &sort->entries[*(const uint32_t *)a],
                       *y = &sort->entries[*(const uint32_t *)b];

    if (++sort->calls % COMPARISONS_PER_POLL == 0)
        sort->stopped = sort->stopped || memory_stopped(sort->memory);
    if (sort->stopped)
        return 0;

    return compare_text(x->s, x->bytes, y->s, y->bytes, COLLATION_BINARY);
}

static struct ranking *ranking_new(struct dictionary *d, uint32_t count)
{
    struct ranking *ranking =
        memory_alloc(d->memory, sizeof *ranking + (size_t)count * sizeof *ranking->ranks);
    struct entry_sort sort = {.entries = dictionary_entries(d), .memory = d->memory};
    size_t            order_bytes = (size_t)(count + 1) * sizeof(uint32_t);
    uint32_t         *order = memory_alloc(d->memory, order_bytes);

    if (ranking == NULL || order == NULL) {
        memory_free(d->memory, ranking, sizeof *ranking + (size_t)count * sizeof *ranking->ranks);
        memory_free(d->memory, order, order_bytes);
        return NULL;
    }
    ranking->count = count;
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    qsort_r(order, count, sizeof *order, entry_order, &sort);
    sort.stopped = sort.stopped || memory_stopped(d->memory); /* in the middle of a text, perhaps */
    for (uint32_t i = 0; i < count; i++)
        ranking->ranks[order[i]] = i;
    memory_free(d->memory, order, order_bytes);
    if (sort.stopped) {
        memory_free(d->memory, ranking, sizeof *ranking + (size_t)count * sizeof *ranking->ranks);
        return NULL;
    }
    return ranking;
}

const uint32_t *dictionary_ranks(struct dictionary *dictionary, uint32_t count)
{
    struct ranking *ranking;

    assert(count <= dictionary_count(dictionary));
    pthread_mutex_lock(&dictionary->lock);
    ranking = dictionary->rankings;
    while (ranking != NULL && ranking->count != count)
        ranking = ranking->older;
    if (ranking == NULL) {
        ranking = ranking_new(dictionary, count);
        if (ranking != NULL) {
            ranking->older = dictionary->rankings;
            dictionary->rankings = ranking;
        }
    }
    pthread_mutex_unlock(&dictionary->lock);
    return ranking == NULL ? NULL : ranking->ranks;
}

void dictionary_trim(struct dictionary *dictionary)
{
    pthread_mutex_lock(&dictionary->lock);
    if (dictionary->rankings != NULL) {
        struct ranking *older = dictionary->rankings->older;

        dictionary->rankings->older = NULL;
        while (older != NULL) {
            struct ranking *next = older->older;

            ranking_free(dictionary->memory, older);
            older = next;
        }
    }
    pthread_mutex_unlock(&dictionary->lock);
}
