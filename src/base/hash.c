/* hash.c - XXH3, compiled once here (xxHash is header-only with XXH_INLINE_ALL). */
#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_bytes(const void *data, size_t bytes)
{
    return XXH3_64bits(data, bytes);
}
