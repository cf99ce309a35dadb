/* memory.c - accounted allocation over the C library's heap, and mappings for large blocks. */
#include "base/memory.h"

#include <assert.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>

/* From this size on blocks are cache-line aligned, since they hold vectors. */
enum { ALIGNED_FROM_BYTES = 4096, BLOCK_ALIGN = 64 };

/* Bigger blocks are too much to keep. */
enum { SPARE_BYTES_MAX = 128 * 1024 };

/* Freed heap that is worth a walk over all of it. */
enum { HEAP_SLACK_BYTES = 16 << 20 };

/* With a sanitizer every block goes through its heap, so that a use after free is seen: no block
 * is kept, none is mapped. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif
#else
enum { SANITIZED = 0 };
#endif

/* Of large blocks, between two questions whether to stop. */
enum { PIECE_BYTES = 1 << 20 };

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

uint64_t memory_fail_left(void)
{
    return atomic_load(&fault_countdown);
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
    atomic_init(&memory->mapped, 0);
    atomic_init(&memory->heap_high, 0);
    for (int i = 0; i < MEMORY_SPARES; i++) {
        atomic_init(&memory->spares[i].block, NULL);
        atomic_init(&memory->spares[i].bytes, 0);
    }
    atomic_init(&memory->next_spare, 0);
    pages_kept_init(&memory->kept);
    atomic_init(&memory->parked, NULL);
    atomic_init(&memory->parked_bytes, 0);
    atomic_init(&memory->parked_debt, 0);
    atomic_init(&memory->parking, false);
    atomic_init(&memory->interrupt.raised, false);
    memory->interrupt.cut = false;
    atomic_init(&memory->interrupt.due, 0);
    memory->interrupt.progress = NULL;
    atomic_init(&memory->interrupt.in_callback, 0);
    memory->reclaim = NULL;
    memory->real_digits = 0;
}

/* --- kept blocks
 * ---------------------------------------------------------------------------------- */
static bool size_is_kept(const struct memory *memory, size_t bytes)
{
    return !SANITIZED && memory != NULL && bytes >= ALIGNED_FROM_BYTES && bytes <= SPARE_BYTES_MAX;
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

/* --- accounting
 * ------------------------------------------------------------------------------------ */

static size_t relaxed(_Atomic size_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* Heap and kept blocks hold what was freed.  Where that takes the process beyond the limit it is
 * given back; the heap's only when it is enough to be worth the walk. */
static void account_trim(struct memory *memory, size_t limit)
{
    size_t mapped = relaxed(&memory->mapped), heap = relaxed(&memory->used) - mapped;
    size_t high = relaxed(&memory->heap_high);

    pages_kept_free(&memory->kept);
    if (mapped + high <= limit || high < heap + HEAP_SLACK_BYTES)
        return;
    atomic_store_explicit(&memory->heap_high, heap, memory_order_relaxed);
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

static bool size_is_mapped(size_t bytes)
{
    return !SANITIZED && bytes >= PAGES_MIN_BYTES;
}

/* After bytes more were booked: is it the most that the heap had to hold, or does the process hold
 * too much now? */
static void account_watch(struct memory *memory, size_t used, size_t bytes, bool mapped)
{
    size_t high = relaxed(&memory->heap_high), limit = relaxed(&memory->limit), in_mappings;

    if (mapped)
        atomic_fetch_add_explicit(&memory->mapped, bytes, memory_order_relaxed);
    in_mappings = relaxed(&memory->mapped);
    if (used - in_mappings > high) {
        high = used - in_mappings;
        atomic_store_explicit(&memory->heap_high, high, memory_order_relaxed);
    } else if (!mapped) {
        return;
    }
    if (limit != 0 && in_mappings + high + relaxed(&memory->kept.bytes) > limit)
        account_trim(memory, limit);
}

/* What may be asked for before that gives parked blocks back: a piece of them. */
enum { DEBT_BYTES = 4 << 20 };

/* Gives parked blocks back, bytes of them at least while there are as many; in the middle of
 * work no more when it is stopped.  False: there are none. */
static bool parked_release(struct memory *memory, size_t bytes, bool working);

/* A request of bytes while there are parked blocks. */
static void parked_pay(struct memory *memory, size_t bytes)
{
    size_t debt = atomic_fetch_add_explicit(&memory->parked_debt, bytes, memory_order_relaxed);

    if (debt + bytes < DEBT_BYTES)
        return;
    atomic_store_explicit(&memory->parked_debt, 0, memory_order_relaxed);
    parked_release(memory, debt + bytes, true);
}

/* Whether the account holds more than its limit; parked blocks do not stay for it. */
static bool limit_passed(struct memory *memory, size_t used)
{
    size_t limit = relaxed(&memory->limit);

    if (limit == 0)
        return false;
    if (used + relaxed(&memory->parked_bytes) > limit)
        parked_release(memory, SIZE_MAX, true);
    return used > limit;
}

/* Books bytes; false when the limit refuses them. */
static bool account_add(struct memory *memory, size_t bytes, bool mapped)
{
    size_t used, peak;

    if (memory == NULL)
        return true;
    if (unlikely(atomic_load_explicit(&memory->parked_bytes, memory_order_relaxed) > 0))
        parked_pay(memory, bytes);
again:
    used = atomic_fetch_add_explicit(&memory->used, bytes, memory_order_relaxed) + bytes;
    if (limit_passed(memory, used)) {
        atomic_fetch_sub_explicit(&memory->used, bytes, memory_order_relaxed);
        if (memory->reclaim != NULL && memory->reclaim(memory->reclaim_data))
            goto again;
        return false;
    }
    peak = relaxed(&memory->peak);
    while (used > peak &&
           !atomic_compare_exchange_weak_explicit(&memory->peak, &peak, used, memory_order_relaxed,
                                                  memory_order_relaxed))
        ;
    account_watch(memory, used, bytes, mapped);
    return true;
}

static void account_subtract(struct memory *memory, size_t bytes, bool mapped)
{
    if (memory == NULL)
        return;
    assert(atomic_load(&memory->used) >= bytes);
    if (mapped)
        atomic_fetch_sub_explicit(&memory->mapped, bytes, memory_order_relaxed);
    atomic_fetch_sub_explicit(&memory->used, bytes, memory_order_relaxed);
}

/* Sizes near SIZE_MAX are overflowed products; refuse them before rounding up. */
static bool size_is_absurd(size_t bytes)
{
    return bytes > (size_t)PTRDIFF_MAX;
}

/* *zeroed: its content is zeros as it comes. */
static void *heap_alloc(struct memory *memory, size_t bytes, bool *zeroed)
{
    void *block;

    *zeroed = false;
    if (bytes < ALIGNED_FROM_BYTES)
        return malloc(bytes);
    if (size_is_mapped(bytes)) {
        block = memory == NULL ? NULL : pages_take(&memory->kept, bytes);
        *zeroed = block == NULL;
        return block == NULL ? pages_map(bytes) : block;
    }
    if (size_is_kept(memory, bytes)) {
        block = spare_take(memory, bytes);
        if (block != NULL)
            return block;
    }
    return aligned_alloc(BLOCK_ALIGN, (bytes + BLOCK_ALIGN - 1) & ~(size_t)(BLOCK_ALIGN - 1));
}

/* The same, for which parked blocks go when the system has no more. */
static void *block_alloc(struct memory *memory, size_t bytes, bool *zeroed)
{
    void *block = heap_alloc(memory, bytes, zeroed);

    if (unlikely(block == NULL) && memory != NULL && parked_release(memory, SIZE_MAX, true))
        block = heap_alloc(memory, bytes, zeroed);
    return block;
}

bool memory_claim(struct memory *memory, size_t bytes)
{
    return !fault_strikes() && account_add(memory, bytes, false);
}

void memory_unclaim(struct memory *memory, size_t bytes)
{
    account_subtract(memory, bytes, false);
}

void *memory_alloc(struct memory *memory, size_t bytes)
{
    void *block;
    bool  zeroed;

    assert(bytes > 0);
    if (size_is_absurd(bytes) || fault_strikes() ||
        !account_add(memory, bytes, size_is_mapped(bytes)))
        return NULL;
    block = block_alloc(memory, bytes, &zeroed);
    if (block == NULL)
        account_subtract(memory, bytes, size_is_mapped(bytes));
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

    while (bytes > INTERRUPT_TEXT_LONG) { /* whoever copies such texts copies many */
        size_t piece = bytes < PIECE_BYTES ? bytes : PIECE_BYTES;

        if (memory_stopped(memory))
            return false;
        memcpy(target, source, piece);
        target += piece;
        source += piece;
        bytes -= piece;
    }
    if (bytes > 0)
        memcpy(target, source, bytes);
    return true;
}

void *memory_zalloc(struct memory *memory, size_t bytes)
{
    void *block;
    bool  zeroed;

    assert(bytes > 0);
    if (size_is_absurd(bytes) || fault_strikes() ||
        !account_add(memory, bytes, size_is_mapped(bytes)))
        return NULL;
    /* not calloc: the C library's goes past its cache of small blocks */
    block = block_alloc(memory, bytes, &zeroed);
    if (block == NULL) {
        account_subtract(memory, bytes, size_is_mapped(bytes));
    } else if (bytes < ALIGNED_FROM_BYTES) {
        memset(block, 0, bytes);
    } else if (!zeroed && !memory_zero(memory, block, bytes)) {
        memory_free(memory, block, bytes);
        return NULL;
    }
    return block;
}

/* A mapped block whose pages move, so that nothing is copied. */
static void *mapped_realloc(struct memory *memory, void *block, size_t old_bytes, size_t new_bytes)
{
    void *moved;

    if (size_is_absurd(new_bytes) || fault_strikes() ||
        (new_bytes > old_bytes && !account_add(memory, new_bytes - old_bytes, true)))
        return NULL;
    moved = pages_remap(block, old_bytes, new_bytes);
    if (moved == NULL && new_bytes > old_bytes)
        account_subtract(memory, new_bytes - old_bytes, true);
    if (moved != NULL && new_bytes < old_bytes)
        account_subtract(memory, old_bytes - new_bytes, true);
    return moved;
}

void *memory_realloc(struct memory *memory, void *block, size_t old_bytes, size_t new_bytes)
{
    void *moved;

    if (block == NULL)
        return memory_alloc(memory, new_bytes);
    if (size_is_mapped(old_bytes) && size_is_mapped(new_bytes))
        return mapped_realloc(memory, block, old_bytes, new_bytes);
    moved = memory_alloc(memory, new_bytes);
    if (moved == NULL)
        return NULL;
    if (!memory_copy(memory, moved, block, old_bytes < new_bytes ? old_bytes : new_bytes)) {
        memory_free(memory, moved, new_bytes);
        return NULL;
    }
    memory_free(memory, block, old_bytes);
    return moved;
}

/* --- giving back
 * ------------------------------------------------------------------------------------ */

/* Of smaller blocks a heap may hold many, but they do not make it give pages back.  What goes
 * back in one memory_release takes about 2 ms. */
enum { PARK_FROM_BYTES = 4096, RELEASE_BYTES = 16 << 20 };

struct parked {
    struct parked *next;
    size_t         bytes;
    bool           mapped; /* bytes may be less than those of mapped blocks by now */
};

static bool parking(struct memory *memory)
{
    return atomic_load_explicit(&memory->interrupt.raised, memory_order_relaxed) ||
           atomic_load_explicit(&memory->parking, memory_order_relaxed);
}

/* Adds a list, which seldom is more than one block where there are others. */
static void parked_push(struct memory *memory, struct parked *first)
{
    void          *head = NULL;
    struct parked *last = first;

    if (atomic_compare_exchange_strong(&memory->parked, &head, first))
        return;
    while (last->next != NULL)
        last = last->next;
    do
        last->next = head;
    while (!atomic_compare_exchange_weak(&memory->parked, &head, first));
}

static void block_park(struct memory *memory, void *block, size_t bytes, bool mapped)
{
    struct parked *parked = block;

    *parked = (struct parked){.bytes = bytes, .mapped = mapped};
    atomic_fetch_add_explicit(&memory->parked_bytes, bytes, memory_order_relaxed);
    parked_push(memory, parked);
}

/* Gives the end of a parked block back, or all of it; how much. */
static size_t parked_free(struct parked *parked)
{
    size_t bytes = parked->bytes, left = 0;

    if (parked->mapped)
        left = pages_unmap_some(parked, bytes);
    else
        free(parked);
    if (left > 0)
        parked->bytes = left;
    return bytes - left;
}

static bool parked_release(struct memory *memory, size_t bytes, bool working)
{
    struct parked *first;
    bool           any;

    if (likely(atomic_load_explicit(&memory->parked, memory_order_relaxed) == NULL))
        return false; /* without the cost of an exchange */
    first = atomic_exchange(&memory->parked, NULL);
    any = first != NULL;
    for (size_t done = 0; first != NULL && done < bytes && !(working && memory_stopped(memory));) {
        struct parked *next = first->next;
        size_t         all = first->bytes, gone = parked_free(first);

        done += gone;
        atomic_fetch_sub_explicit(&memory->parked_bytes, gone, memory_order_relaxed);
        if (gone == all)
            first = next;
    }
    if (first != NULL)
        parked_push(memory, first);
    return any;
}

/* The progress handler is asked only while a statement runs, not when one is let go. */
static bool freeing_stops(struct memory *memory)
{
    return memory != NULL &&
           (interrupt_work == &memory->interrupt ? memory_stopped(memory) : parking(memory));
}

void memory_free(struct memory *memory, void *block, size_t bytes)
{
    if (block == NULL)
        return;
    account_subtract(memory, bytes, size_is_mapped(bytes));
    if (bytes >= PARK_FROM_BYTES && memory != NULL && unlikely(parking(memory))) {
        block_park(memory, block, bytes, size_is_mapped(bytes));
    } else if (size_is_kept(memory, bytes)) {
        spare_keep(memory, block, bytes);
    } else if (!size_is_mapped(bytes)) {
        free(block);
    } else if (memory == NULL || !pages_keep(&memory->kept, block, bytes)) {
        while (bytes > 0 && !freeing_stops(memory))
            bytes = pages_unmap_some(block, bytes);
        if (bytes > 0)
            block_park(memory, block, bytes, true);
    }
}

void memory_park(struct memory *memory, bool on)
{
    atomic_store_explicit(&memory->parking, on, memory_order_relaxed);
}

void memory_release(struct memory *memory)
{
    parked_release(memory, RELEASE_BYTES, false);
}

void memory_trim(struct memory *memory)
{
    for (int i = 0; i < MEMORY_SPARES; i++)
        free(atomic_exchange(&memory->spares[i].block, NULL));
    pages_kept_free(&memory->kept);
    parked_release(memory, SIZE_MAX, false);
}

size_t memory_product(size_t count, size_t bytes)
{
    size_t product;

    return __builtin_mul_overflow(count, bytes, &product) ? SIZE_MAX : product;
}
