/* arena.c - chunked region allocator over struct memory. */
#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct arena_chunk {
    struct arena_chunk *older;
    size_t              bytes; /* with this header */
};

enum { CHUNK_HEADER = (sizeof(struct arena_chunk) + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1) };

static char *chunk_data(struct arena_chunk *chunk)
{
    return (char *)chunk + CHUNK_HEADER;
}

void arena_init(struct arena *arena, struct memory *memory)
{
    *arena = (struct arena){.memory = memory, .chunk_bytes = ARENA_CHUNK_MIN};
}

void arena_init_medium(struct arena *arena, struct memory *memory)
{
    *arena = (struct arena){.memory = memory, .chunk_bytes = ARENA_CHUNK_SECOND};
}

static void chunk_enter(struct arena *arena, struct arena_chunk *chunk)
{
    chunk->older = arena->current;
    arena->current = chunk;
    arena->next = chunk_data(chunk);
    arena->end = (char *)chunk + chunk->bytes;
}

/* Makes a chunk current that has room for bytes beyond its header. */
static bool arena_grow(struct arena *arena, size_t bytes)
{
    struct arena_chunk *chunk = arena->spare;
    size_t              wanted = bytes + CHUNK_HEADER;

    if (wanted < bytes)
        return false;
    if (chunk != NULL && chunk->bytes >= wanted && !ARENA_ONE_BLOCK_A_CHUNK) {
        arena->spare = NULL;
        chunk_enter(arena, chunk);
        return true;
    }
    if (!ARENA_ONE_BLOCK_A_CHUNK && wanted < arena->chunk_bytes)
        wanted = arena->chunk_bytes;
    chunk = memory_alloc(arena->memory, wanted);
    if (chunk == NULL)
        return false;
    chunk->bytes = wanted;
    if (arena->chunk_bytes < ARENA_CHUNK_SECOND)
        arena->chunk_bytes = ARENA_CHUNK_SECOND;
    else if (arena->chunk_bytes < ARENA_CHUNK_MAX)
        arena->chunk_bytes *= 2;
    chunk_enter(arena, chunk);
    return true;
}

void *arena_alloc_aligned(struct arena *arena, size_t bytes, size_t align)
{
    char *block;

    assert(align >= ARENA_ALIGN && align <= 64 && (align & (align - 1)) == 0);
    if (bytes > (size_t)PTRDIFF_MAX / 2)
        return NULL;
    bytes = (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    block = (char *)(((uintptr_t)arena->next + align - 1) & ~(uintptr_t)(align - 1));
    if (arena->next == NULL || block > arena->end || (size_t)(arena->end - block) < bytes ||
        ARENA_ONE_BLOCK_A_CHUNK) {
        if (!arena_grow(arena, bytes + align))
            return NULL;
        block = (char *)(((uintptr_t)arena->next + align - 1) & ~(uintptr_t)(align - 1));
    }
    arena->next = block + bytes;
    assert(arena->next <= arena->end);
    return block;
}

char *arena_copy_text(struct arena *arena, const char *data, size_t bytes)
{
    char *copy = bytes == SIZE_MAX ? NULL : arena_alloc(arena, bytes + 1);

    if (copy == NULL)
        return NULL;
    if (!memory_copy(arena->memory, copy, data, bytes))
        return NULL;
    copy[bytes] = '\0';
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    char   *text = NULL;
    int     length;

    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    if (length >= 0)
        text = arena_alloc(arena, (size_t)length + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){.chunk = arena->current, .next = arena->next};
}

static void chunk_drop(struct arena *arena, struct arena_chunk *chunk)
{
    struct arena_chunk *smaller = chunk;

    /* keep the larger of the two as the spare */
    if (arena->spare == NULL || arena->spare->bytes < chunk->bytes) {
        smaller = arena->spare;
        arena->spare = chunk;
    }
    if (smaller != NULL)
        memory_free(arena->memory, smaller, smaller->bytes);
}

void arena_release(struct arena *arena, struct arena_mark mark)
{
    while (arena->current != mark.chunk) {
        struct arena_chunk *chunk = arena->current;

        assert(chunk != NULL); /* the mark is of this arena and older than what it holds */
        arena->current = chunk->older;
        chunk_drop(arena, chunk);
    }
    arena->next = mark.next;
    arena->end = mark.chunk == NULL ? NULL : (char *)mark.chunk + mark.chunk->bytes;
}

void arena_reset(struct arena *arena)
{
    arena_release(arena, (struct arena_mark){0});
}

void arena_trim(struct arena *arena, size_t bytes)
{
    if (arena->spare == NULL || arena->spare->bytes <= bytes)
        return;
    memory_free(arena->memory, arena->spare, arena->spare->bytes);
    arena->spare = NULL;
    arena->chunk_bytes = ARENA_CHUNK_SECOND;
}

void arena_free(struct arena *arena)
{
    arena_reset(arena);
    arena_trim(arena, 0);
    arena_init(arena, arena->memory);
}

size_t arena_bytes(const struct arena *arena)
{
    size_t bytes = arena->spare == NULL ? 0 : arena->spare->bytes;

    for (const struct arena_chunk *chunk = arena->current; chunk != NULL; chunk = chunk->older)
        bytes += chunk->bytes;
    return bytes;
}
