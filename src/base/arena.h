/* arena.h - many allocations, one end: chunks of growing size, released together.
 *
 * Blocks are never freed singly.  A mark remembers a point; arena_release gives back all that came
 * later but keeps one chunk for reuse, so a batch loop reaches a steady state without malloc. */
#ifndef STOA_BASE_ARENA_H
#define STOA_BASE_ARENA_H

#include <string.h>

#include "base/memory.h"

/* In sanitizer builds each block gets its own chunk, so that an overrun is seen. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ONE_BLOCK_A_CHUNK 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ONE_BLOCK_A_CHUNK 1
#endif
#endif
#ifndef ARENA_ONE_BLOCK_A_CHUNK
#define ARENA_ONE_BLOCK_A_CHUNK 0
#endif

struct arena_chunk;

struct arena {
    struct memory      *memory;
    struct arena_chunk *current; /* chunk list, newest first; NULL while nothing was allocated */
    struct arena_chunk *spare;   /* kept for reuse; NULL or one chunk */
    char               *next;    /* free bytes of current: [next, end) */
    char               *end;
    size_t              chunk_bytes; /* size of the next chunk; grows up to ARENA_CHUNK_MAX */
};

struct arena_mark {
    struct arena_chunk *chunk;
    char               *next;
};

/* The second chunk has a size that struct memory keeps for reuse. */
enum {
    ARENA_ALIGN = 16,
    ARENA_CHUNK_MIN = 1024,
    ARENA_CHUNK_SECOND = 4096,
    ARENA_CHUNK_MAX = 4 << 20
};

void arena_init(struct arena *arena, struct memory *memory);
/* The same for an arena that will need a few KiB. */
void arena_init_medium(struct arena *arena, struct memory *memory);

/* Uninitialised / zeroed bytes, aligned to 16.  bytes == 0 gives a pointer that must not be read.
 * NULL when memory runs out.  In sanitizer builds every block is an allocation of its own. */
void               *arena_alloc_aligned(struct arena *arena, size_t bytes,
                                        size_t align); /* align: power of 2, <= 64 */
static inline void *arena_alloc(struct arena *arena, size_t bytes)
{
    size_t room = (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    char  *block = arena->next; /* at a multiple of ARENA_ALIGN; NULL, like end: no chunk */

    if (unlikely((size_t)(arena->end - block) < room || room < bytes || block == NULL ||
                 ARENA_ONE_BLOCK_A_CHUNK))
        return arena_alloc_aligned(arena, bytes, ARENA_ALIGN);
    arena->next = block + room;
    return block;
}
static inline void *arena_zalloc(struct arena *arena, size_t bytes)
{
    void *block = arena_alloc(arena, bytes);

    if (unlikely(bytes > INTERRUPT_TEXT_PIECE) && block != NULL)
        return memory_zero(arena->memory, block, bytes) ? block : NULL; /* or work was stopped */
    return block == NULL || bytes == 0 ? block : memset(block, 0, bytes);
}

/* A copy of bytes at data with a NUL behind it. */
char *arena_copy_text(struct arena *arena, const char *data, size_t bytes);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct arena_mark arena_mark(const struct arena *arena);
void              arena_release(struct arena *arena, struct arena_mark mark);
void              arena_reset(struct arena *arena);   /* back to empty; keeps one chunk */
void              arena_free(struct arena *arena);    /* gives everything back; usable again */
void   arena_trim(struct arena *arena, size_t bytes); /* a spare chunk beyond bytes goes */
size_t arena_bytes(const struct arena *arena);        /* held by its chunks, for tests and limits */

#endif
