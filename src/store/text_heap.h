/* text_heap.h - bytes of texts, packed: chunks that grow and never move, freed together.
 *
 * Unlike an arena it has no alignment and no marks; that saves a quarter of the memory of short
 * texts.  Reference-counted, since versions of a tail share one.  Used by one thread. */
#ifndef STOA_STORE_TEXT_HEAP_H
#define STOA_STORE_TEXT_HEAP_H

#include "base/memory.h"

struct text_heap;

struct text_heap *text_heap_new(struct memory *memory); /* one reference; NULL: memory */
void              text_heap_ref(struct text_heap *heap);
void              text_heap_unref(struct text_heap *heap);       /* NULL allowed */
size_t            text_heap_bytes(const struct text_heap *heap); /* held by its chunks */

/* A copy of bytes at s; "" for none.  NULL: memory. */
const char *text_heap_copy(struct text_heap *heap, const char *s, size_t bytes);
/* Makes copies of so many bytes in all succeed.  False: memory. */
bool text_heap_reserve(struct text_heap *heap, size_t bytes);

#endif
