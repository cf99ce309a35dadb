/* pages.c - blocks from mmap. */
#include "base/pages.h"

#include <assert.h>
#include <stdint.h>
#include <sys/mman.h>

/* A page; what one page table maps, so that tables move whole; what is given back at a time. */
enum { PAGE_BYTES = 4096, TABLE_BYTES = 2 << 20, PIECE_BYTES = 4 << 20 };

static size_t page_round(size_t bytes)
{
    return (bytes + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
}

/* Addresses for bytes (whole pages) that begin where a page table does: more are taken, and both
 * ends that are too much given back. */
static char *address_range(size_t bytes, int protection, int flags)
{
    size_t taken = bytes + TABLE_BYTES;
    char *range = mmap(NULL, taken, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0), *block;
    size_t before;

    if (range == MAP_FAILED)
        return NULL;
    before = -(uintptr_t)range % TABLE_BYTES;
    block = range + before;
    if (before > 0)
        munmap(range, before);
    munmap(block + bytes, taken - before - bytes);
    return block;
}

void *pages_map(size_t bytes)
{
    assert(bytes >= PAGES_MIN_BYTES);
    return address_range(page_round(bytes), PROT_READ | PROT_WRITE, 0);
}

void *pages_remap(void *block, size_t old_bytes, size_t new_bytes)
{
    size_t old_room = page_round(old_bytes), room = page_round(new_bytes);
    char  *target;
    void  *moved;

    assert(old_bytes >= PAGES_MIN_BYTES && new_bytes >= PAGES_MIN_BYTES);
    moved = mremap(block, old_room, room, 0);
    if (moved != MAP_FAILED)
        return moved;
    target = address_range(room, PROT_NONE, MAP_NORESERVE);
    if (target == NULL)
        return NULL;
    moved = mremap(block, old_room, room, MREMAP_MAYMOVE | MREMAP_FIXED, target);
    if (moved != MAP_FAILED)
        return moved;
    munmap(target, room);
    return NULL;
}

size_t pages_unmap_some(void *block, size_t bytes)
{
    size_t room = page_round(bytes), left = room > PIECE_BYTES ? room - PIECE_BYTES : 0;

    munmap((char *)block + left, room - left);
    return left;
}

/* --- kept blocks ------------------------------------------------------------------------------ */
/* Larger ones cost too much when nobody takes them; so do all together beyond the second. */
#define KEPT_BLOCK_MAX ((size_t)16 << 20)
#define KEPT_MAX ((size_t)32 << 20)

void pages_kept_init(struct pages_kept *kept)
{
    for (int i = 0; i < PAGES_KEPT; i++) {
        atomic_init(&kept->blocks[i].block, NULL);
        atomic_init(&kept->blocks[i].bytes, 0);
    }
    atomic_init(&kept->bytes, 0);
}

bool pages_keep(struct pages_kept *kept, void *block, size_t bytes)
{
    size_t room = page_round(bytes);

    if (room > KEPT_BLOCK_MAX)
        return false;
    if (atomic_fetch_add(&kept->bytes, room) + room <= KEPT_MAX) {
        *(size_t *)block = room;
        for (int i = 0; i < PAGES_KEPT; i++) {
            void *empty = NULL;

            if (atomic_load_explicit(&kept->blocks[i].block, memory_order_relaxed) != NULL ||
                !atomic_compare_exchange_strong(&kept->blocks[i].block, &empty, block))
                continue;
            atomic_store_explicit(&kept->blocks[i].bytes, room, memory_order_relaxed);
            return true;
        }
    }
    atomic_fetch_sub(&kept->bytes, room);
    return false;
}

/* The smallest kept block of room or more, but not of more than twice that; NULL: none. */
static struct pages_block *kept_fit(struct pages_kept *kept, size_t room)
{
    struct pages_block *best = NULL;
    size_t              best_bytes = room * 2 + 1;

    for (int i = 0; i < PAGES_KEPT; i++) {
        size_t bytes = atomic_load_explicit(&kept->blocks[i].bytes, memory_order_relaxed);

        if (bytes < room || bytes >= best_bytes ||
            atomic_load_explicit(&kept->blocks[i].block, memory_order_relaxed) == NULL)
            continue;
        best = &kept->blocks[i];
        best_bytes = bytes;
    }
    return best;
}

void *pages_take(struct pages_kept *kept, size_t bytes)
{
    size_t              room = page_round(bytes), got;
    struct pages_block *fit;
    char               *block;

    if (room > KEPT_BLOCK_MAX || atomic_load_explicit(&kept->bytes, memory_order_relaxed) < room)
        return NULL;
    fit = kept_fit(kept, room);
    block = fit == NULL ? NULL : atomic_exchange(&fit->block, NULL);
    if (block == NULL)
        return NULL;
    got = *(size_t *)block;
    atomic_fetch_sub(&kept->bytes, got);
    if (got < room) { /* another one came meanwhile */
        munmap(block, got);
        return NULL;
    }
    if (got > room)
        munmap(block + room, got - room);
    return block;
}

void pages_kept_free(struct pages_kept *kept)
{
    for (int i = 0; i < PAGES_KEPT; i++) {
        void *block = atomic_exchange(&kept->blocks[i].block, NULL);

        if (block == NULL)
            continue;
        atomic_fetch_sub(&kept->bytes, *(size_t *)block);
        munmap(block, *(size_t *)block);
    }
}
