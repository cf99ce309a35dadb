/* pages.h - large blocks as mappings of their own.
 *
 * A heap copies what grows; a mapping moves its pages, whole tables of them at a time because both
 * places are aligned alike, comes zeroed, and can be given back piece by piece.  Pages of 2 MiB
 * (MADV_HUGEPAGE) are not asked for: where the system has to find or to fetch them first, one may
 * take 20 ms. */
#ifndef STOA_BASE_PAGES_H
#define STOA_BASE_PAGES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Smaller blocks come from the heap.  With larger ones it would hold holes between them that the
 * next, still larger one does not fit in. */
#define PAGES_MIN_BYTES ((size_t)4 << 20)

/* Freed mappings kept for the next request: the system takes longer to give a page than most work
 * needs to fill it.  Threads may share them. */
enum { PAGES_KEPT = 16 };
struct pages_kept {
    struct pages_block {
        _Atomic(void *) block; /* NULL: empty.  Its first word holds its size */
        _Atomic size_t  bytes; /* of block; may be out of date, then the block's word is right */
    } blocks[PAGES_KEPT];
    _Atomic size_t bytes; /* of all */
};

void pages_kept_init(struct pages_kept *kept);
/* Takes a block of bytes >= PAGES_MIN_BYTES over; false: it does not, being too large or full. */
bool pages_keep(struct pages_kept *kept, void *block, size_t bytes);
/* A kept block as one of bytes >= PAGES_MIN_BYTES, its content anything; NULL: none that fits. */
void *pages_take(struct pages_kept *kept, size_t bytes);
/* Gives all back. */
void pages_kept_free(struct pages_kept *kept);

/* bytes >= PAGES_MIN_BYTES, all zero; NULL: there is no room. */
void *pages_map(size_t bytes);
/* The block of old_bytes with its content as one of new_bytes, what is new being zero; both
 * sizes >= PAGES_MIN_BYTES.  NULL: no room, block is as it was. */
void *pages_remap(void *block, size_t old_bytes, size_t new_bytes);
/* Gives the end of a block back, as much as takes less than a millisecond; how many bytes are left,
 * 0: it is gone. */
size_t pages_unmap_some(void *block, size_t bytes);

#endif
