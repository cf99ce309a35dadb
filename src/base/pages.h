/* pages.h - large blocks as mappings of their own.
 *
 * A heap copies what grows; a mapping moves its pages, whole tables of them at a time because both
 * places are aligned alike, comes zeroed, and can be given back piece by piece.  Pages of 2 MiB
 * (MADV_HUGEPAGE) are not asked for: where the system has to find or to fetch them first, one may
 * take 20 ms. */
#ifndef STOA_BASE_PAGES_H
#define STOA_BASE_PAGES_H

#include <stddef.h>

/* Below, the heap serves repeated requests with pages that are there already. */
#define PAGES_MIN_BYTES ((size_t)32 << 20)

/* bytes >= PAGES_MIN_BYTES, all zero; NULL: there is no room. */
void *pages_map(size_t bytes);
/* The block of old_bytes with its content as one of new_bytes, what is new being zero; both
 * sizes >= PAGES_MIN_BYTES.  NULL: no room, block is as it was. */
void *pages_remap(void *block, size_t old_bytes, size_t new_bytes);
/* Gives the end of a block back, as much as takes less than a millisecond; how many bytes are left,
 * 0: it is gone. */
size_t pages_unmap_some(void *block, size_t bytes);

#endif
