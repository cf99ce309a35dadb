/* memory.c - accounted allocation over the C library's heap. */
#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* From this size on blocks are cache-line aligned, since they hold vectors. */
enum { ALIGNED_FROM_BYTES = 4096, BLOCK_ALIGN = 64 };

/* Bigger blocks come from mmap, or are too much to keep. */
enum { SPARE_BYTES_MAX = 128 * 1024 };

/* With a sanitizer every block goes through its heap, so that a use after free is seen. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { KEEPS_SPARES = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
enum { KEEPS_SPARES = 0 };
#else
enum { KEEPS_SPARES = 1 };
#endif
#else
enum { KEEPS_SPARES = 1 };
#endif

/* Of large blocks, between two questions whether to stop. */
enum { PIECE_BYTES = 1 << 20 };

/* Blocks that the C library maps by themselves. */
enum { REALLOC_FROM_BYTES = 1 << 20 };

static _Atomic uint64_t fault_countdown; /* 0: off */
static _Atomic uint64_t fault_hits;
static _Atomic bool     fault_forever;

void memory_fail_at(uint64_t n, bool forever)
{
    atomic_store(&fault_hits, 0);
    atomic_store(&fault_forever, forever);
    atomic_store(&fault_countdown, n);
}

uint64_t memory_fail_hits(void)
{
    return atomic_load(&fault_hits);
}

static bool fault_strikes(void)
{
    uint64_t left = atomic_load_explicit(&fault_countdown, memory_order_relaxed);

    if (__builtin_expect(left == 0, 1))
        return false;
    left = atomic_fetch_sub(&fault_countdown, 1);
    if (left != 1)
        return false;
    if (atomic_load(&fault_forever))
        atomic_store(&fault_countdown, 1);
    atomic_fetch_add(&fault_hits, 1);
    return true;
}

void memory_init(struct memory *memory, size_t limit)
{
    atomic_init(&memory->used, 0);
    atomic_init(&memory->peak, 0);
    atomic_init(&memory->limit, limit);
    for (int i = 0; i < MEMORY_SPARES; i++) {
        atomic_init(&memory->spares[i].block, NULL);
        atomic_init(&memory->spares[i].bytes, 0);
    }
    atomic_init(&memory->next_spare, 0);
    atomic_init(&memory->interrupt.raised, false);
    atomic_init(&memory->interrupt.due, 0);
    memory->interrupt.progress = NULL;
    atomic_init(&memory->interrupt.in_callback, 0);
    memory->real_digits = 0;
}

/* --- kept blocks
 * ---------------------------------------------------------------------------------- */
static bool size_is_kept(const struct memory *memory, size_t bytes)
{
    return KEEPS_SPARES && memory != NULL && bytes >= ALIGNED_FROM_BYTES &&
           bytes <= SPARE_BYTES_MAX;
}

/* Puts block, whose first word holds its size, into slot if that is empty. */
static bool spare_put(struct memory_spare *spare, void *block, size_t bytes)
{
    void *empty = NULL;

    if (atomic_load_explicit(&spare->block, memory_order_relaxed) != NULL ||
        !atomic_compare_exchange_strong(&spare->block, &empty, block))
        return false;
    atomic_store_explicit(&spare->bytes, bytes, memory_order_relaxed);
    return true;
}

static void spare_keep(struct memory *memory, void *block, size_t bytes)
{
    unsigned victim;

    *(size_t *)block = bytes;
    for (int i = 0; i < MEMORY_SPARES; i++)
        if (spare_put(&memory->spares[i], block, bytes))
            return;
    victim =
        atomic_fetch_add_explicit(&memory->next_spare, 1, memory_order_relaxed) % MEMORY_SPARES;
    free(atomic_exchange(&memory->spares[victim].block, block));
    atomic_store_explicit(&memory->spares[victim].bytes, bytes, memory_order_relaxed);
}

/* A kept block of exactly bytes, or NULL. */
static void *spare_take(struct memory *memory, size_t bytes)
{
    for (int i = 0; i < MEMORY_SPARES; i++) {
        struct memory_spare *spare = &memory->spares[i];
        void                *block;

        if (atomic_load_explicit(&spare->bytes, memory_order_relaxed) != bytes ||
            atomic_load_explicit(&spare->block, memory_order_relaxed) == NULL)
            continue;
        block = atomic_exchange(&spare->block, NULL);
        if (block == NULL)
            continue;
        if (*(size_t *)block == bytes)
            return block;
        if (!spare_put(spare, block, *(size_t *)block)) /* another one came meanwhile */
            free(block);
    }
    return NULL;
}

void memory_trim(struct memory *memory)
{
    for (int i = 0; i < MEMORY_SPARES; i++)
        free(atomic_exchange(&memory->spares[i].block, NULL));
}

/* --- accounting
 * ------------------------------------------------------------------------------------ */

/* Books bytes; false when the limit refuses them. */
static bool account_add(struct memory *memory, size_t bytes)
{
    size_t used, limit, peak;

    if (memory == NULL)
        return true;
    used = atomic_fetch_add_explicit(&memory->used, bytes, memory_order_relaxed) + bytes;
    limit = atomic_load_explicit(&memory->limit, memory_order_relaxed);
    if (limit != 0 && used > limit) {
        atomic_fetch_sub_explicit(&memory->used, bytes, memory_order_relaxed);
        return false;
    }
    peak = atomic_load_explicit(&memory->peak, memory_order_relaxed);
    while (used > peak &&
           !atomic_compare_exchange_weak_explicit(&memory->peak, &peak, used, memory_order_relaxed,
                                                  memory_order_relaxed))
        ;
    return true;
}

static void account_subtract(struct memory *memory, size_t bytes)
{
    if (memory == NULL)
        return;
    assert(atomic_load(&memory->used) >= bytes);
    atomic_fetch_sub_explicit(&memory->used, bytes, memory_order_relaxed);
}

/* Sizes near SIZE_MAX are overflowed products; refuse them before rounding up. */
static bool size_is_absurd(size_t bytes)
{
    return bytes > (size_t)PTRDIFF_MAX;
}

static void *heap_alloc(struct memory *memory, size_t bytes)
{
    void *block;

    if (bytes < ALIGNED_FROM_BYTES)
        return malloc(bytes);
    if (size_is_kept(memory, bytes)) {
        block = spare_take(memory, bytes);
        if (block != NULL)
            return block;
    }
    return aligned_alloc(BLOCK_ALIGN, (bytes + BLOCK_ALIGN - 1) & ~(size_t)(BLOCK_ALIGN - 1));
}

void *memory_alloc(struct memory *memory, size_t bytes)
{
    void *block;

    assert(bytes > 0);
    if (size_is_absurd(bytes) || fault_strikes() || !account_add(memory, bytes))
        return NULL;
    block = heap_alloc(memory, bytes);
    if (block == NULL)
        account_subtract(memory, bytes);
    return block;
}

bool memory_zero(struct memory *memory, void *block, size_t bytes)
{
    char *at = block;

    for (; bytes > PIECE_BYTES; at += PIECE_BYTES, bytes -= PIECE_BYTES) {
        if (memory_stopped(memory))
            return false;
        memset(at, 0, PIECE_BYTES);
    }
    memset(at, 0, bytes);
    return true;
}

bool memory_copy(struct memory *memory, void *to, const void *from, size_t bytes)
{
    const char *source = from;
    char       *target = to;

    for (; bytes > PIECE_BYTES; bytes -= PIECE_BYTES) {
        if (memory_stopped(memory))
            return false;
        memcpy(target, source, PIECE_BYTES);
        target += PIECE_BYTES;
        source += PIECE_BYTES;
    }
    if (bytes > 0)
        memcpy(target, source, bytes);
    return true;
}

void *memory_zalloc(struct memory *memory, size_t bytes)
{
    void *block;

    assert(bytes > 0);
    if (size_is_absurd(bytes) || fault_strikes() || !account_add(memory, bytes))
        return NULL;
    /* not calloc: the C library's goes past its cache of small blocks */
    block = heap_alloc(memory, bytes);
    if (block == NULL) {
        account_subtract(memory, bytes);
    } else if (bytes < ALIGNED_FROM_BYTES) {
        memset(block, 0, bytes);
    } else if (!memory_zero(memory, block, bytes)) {
        memory_free(memory, block, bytes);
        return NULL;
    }
    return block;
}

/* Large blocks are moved by the C library, which remaps their pages instead of copying them.  What
 * it gives is aligned as the block was, in practice; else it is copied once more. */
static void *large_realloc(struct memory *memory, void *block, size_t old_bytes, size_t new_bytes)
{
    void *moved, *aligned;

    if (size_is_absurd(new_bytes) || fault_strikes() ||
        (new_bytes > old_bytes && !account_add(memory, new_bytes - old_bytes)))
        return NULL;
    moved = realloc(block, (new_bytes + BLOCK_ALIGN - 1) & ~(size_t)(BLOCK_ALIGN - 1));
    if (moved == NULL) {
        if (new_bytes > old_bytes)
            account_subtract(memory, new_bytes - old_bytes);
        return NULL;
    }
    if (new_bytes < old_bytes)
        account_subtract(memory, old_bytes - new_bytes);
    if ((uintptr_t)moved % BLOCK_ALIGN == 0)
        return moved;
    aligned = heap_alloc(memory, new_bytes);
    if (aligned == NULL)
        return moved; /* slower to read, but it cannot be given back */
    memcpy(aligned, moved, old_bytes < new_bytes ? old_bytes : new_bytes);
    free(moved);
    return aligned;
}

void *memory_realloc(struct memory *memory, void *block, size_t old_bytes, size_t new_bytes)
{
    void *moved;

    if (block == NULL)
        return memory_alloc(memory, new_bytes);
    if (old_bytes >= REALLOC_FROM_BYTES && new_bytes >= REALLOC_FROM_BYTES)
        return large_realloc(memory, block, old_bytes, new_bytes);
    moved = memory_alloc(memory, new_bytes);
    if (moved == NULL)
        return NULL;
    memcpy(moved, block, old_bytes < new_bytes ? old_bytes : new_bytes);
    memory_free(memory, block, old_bytes);
    return moved;
}

void memory_free(struct memory *memory, void *block, size_t bytes)
{
    if (block == NULL)
        return;
    account_subtract(memory, bytes);
    if (size_is_kept(memory, bytes))
        spare_keep(memory, block, bytes);
    else
        free(block);
}

size_t memory_product(size_t count, size_t bytes)
{
    size_t product;

    return __builtin_mul_overflow(count, bytes, &product) ? SIZE_MAX : product;
}
