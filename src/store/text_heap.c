/* text_heap.c - packed text bytes in chunks. */
#include "store/text_heap.h"

#include <string.h>

enum { CHUNK_MIN = 1024, CHUNK_MAX = 4 << 20 }; /* the last come in large pages */

struct heap_chunk {
    struct heap_chunk *older;
    size_t             bytes; /* of data */
    char               data[];
};

struct text_heap {
    struct memory     *memory;
    struct heap_chunk *chunks; /* newest first */
    char              *next, *end;
    size_t             held;
    uint32_t           references;
};

struct text_heap *text_heap_new(struct memory *memory)
{
    struct text_heap *heap = memory_zalloc(memory, sizeof *heap);

    if (heap == NULL)
        return NULL;
    heap->memory = memory;
    heap->references = 1;
    return heap;
}

void text_heap_ref(struct text_heap *heap)
{
    heap->references++;
}

void text_heap_unref(struct text_heap *heap)
{
    if (heap == NULL || --heap->references > 0)
        return;
    while (heap->chunks != NULL) {
        struct heap_chunk *chunk = heap->chunks;

        heap->chunks = chunk->older;
        memory_free(heap->memory, chunk, sizeof *chunk + chunk->bytes);
    }
    memory_free(heap->memory, heap, sizeof *heap);
}

size_t text_heap_bytes(const struct text_heap *heap)
{
    return heap->held;
}

static size_t heap_room(const struct text_heap *heap)
{
    return (size_t)(heap->end - heap->next);
}

/* A new current chunk with room for bytes. */
static bool heap_grow(struct text_heap *heap, size_t bytes)
{
    size_t             wanted = heap->held < CHUNK_MIN   ? CHUNK_MIN
                                : heap->held < CHUNK_MAX ? heap->held
                                                         : CHUNK_MAX;
    struct heap_chunk *chunk;

    if (wanted < bytes)
        wanted = bytes;
    chunk = memory_alloc(heap->memory, sizeof *chunk + wanted);
    if (chunk == NULL)
        return false;
    chunk->bytes = wanted;
    chunk->older = heap->chunks;
    heap->chunks = chunk;
    heap->held += wanted;
    heap->next = chunk->data;
    heap->end = chunk->data + wanted;
    return true;
}

bool text_heap_reserve(struct text_heap *heap, size_t bytes)
{
    return heap_room(heap) >= bytes || heap_grow(heap, bytes);
}

const char *text_heap_copy(struct text_heap *heap, const char *s, size_t bytes)
{
    char *copy;

    if (bytes == 0)
        return "";
    if (heap_room(heap) < bytes && !heap_grow(heap, bytes))
        return NULL;
    copy = heap->next;
    heap->next += bytes;
    return memory_copy(heap->memory, copy, s, bytes) ? copy : NULL;
}
