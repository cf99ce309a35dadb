/* bitmap.h - compressed sets of row positions inside a row group: the only door to CRoaring.
 *
 * Copies are cheap while few rows are in the set, which is what copy-on-write of delete sets wants.
 * Scans never test rows here: they turn the set into plain words, once a group.  CRoaring's own
 * memory is booked as its size functions tell it. */
#ifndef STOA_STORE_BITMAP_H
#define STOA_STORE_BITMAP_H

#include "base/bits.h"
#include "base/memory.h"

struct bitmap;

struct bitmap *bitmap_new(struct memory *memory); /* one reference; NULL: memory */
/* A set of its own with the same members.  NULL: memory. */
struct bitmap *bitmap_copy(const struct bitmap *bitmap);
void           bitmap_ref(struct bitmap *bitmap);
void           bitmap_unref(struct bitmap *bitmap);        /* NULL allowed */
bool           bitmap_shared(const struct bitmap *bitmap); /* more than one reference */

/* count > 0 positions that ascend.  false: memory, the set is as it was. */
bool     bitmap_add_many(struct bitmap *bitmap, const uint32_t *positions, uint32_t count);
bool     bitmap_has(const struct bitmap *bitmap, uint32_t position);
uint32_t bitmap_count(const struct bitmap *bitmap);
/* Turns the bits of all members off in words, which has a bit for each of them. */
void bitmap_clear_bits(const struct bitmap *bitmap, uint64_t *words);

#endif
