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
