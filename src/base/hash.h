/* hash.h - the one hash function for all hash tables: XXH3 for bytes, a multiply-xorshift for
 * words. */
#ifndef STOA_BASE_HASH_H
#define STOA_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *data, size_t bytes); /* of long data in pieces: interrupt.h */

/* Mixes a 64-bit key (MurmurHash3's 64-bit finaliser constants, one round). */
static inline uint64_t hash_u64(uint64_t key)
{
    key ^= key >> 32;
    key *= UINT64_C(0xff51afd7ed558ccd);
    key ^= key >> 29;
    key *= UINT64_C(0xc4ceb9fe1a85ec53);
    key ^= key >> 32;
    return key;
}
/* Folds the hash of a further key column into that of the earlier ones. */
static inline uint64_t hash_combine(uint64_t hash, uint64_t next)
{
    return hash_u64(hash * UINT64_C(0x9e3779b97f4a7c15) + next);
}

#endif
