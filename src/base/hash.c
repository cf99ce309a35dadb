/* hash.c - XXH3, compiled once here (xxHash is header-only with XXH_INLINE_ALL). */
#include "base/hash.h"

#include "base/interrupt.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_bytes(const void *data, size_t bytes)
{
    const char *text = data;
    uint64_t    hash;

    if (bytes <= INTERRUPT_TEXT_LONG)
        return XXH3_64bits(data, bytes);
    hash = bytes;
    for (size_t at = 0, end; (end = interrupt_text(at, bytes)) > at; at = end)
        hash = XXH3_64bits_withSeed(text + at, end - at, hash);
    return hash;
}
