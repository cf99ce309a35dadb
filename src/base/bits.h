/* bits.h - bit sets over 64-bit words: bit i of the set is bit i % 64 of words[i / 64]. */
#ifndef STOA_BASE_BITS_H
#define STOA_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline size_t bits_words(size_t bits)
{
    return (bits + 63) / 64;
}
static inline bool bits_get(const uint64_t *words, size_t i)
{
    return (words[i / 64] >> (i % 64)) & 1;
}
static inline void bits_set(uint64_t *words, size_t i)
{
    words[i / 64] |= UINT64_C(1) << (i % 64);
}
static inline void bits_clear(uint64_t *words, size_t i)
{
    words[i / 64] &= ~(UINT64_C(1) << (i % 64));
}
static inline void bits_put(uint64_t *words, size_t i, bool on)
{
    words[i / 64] = (words[i / 64] & ~(UINT64_C(1) << (i % 64))) | (uint64_t)on << (i % 64);
}
/* The first n bits on, the rest of the last word off. */
static inline void bits_fill(uint64_t *words, size_t n)
{
    memset(words, 0xff, n / 64 * 8);
    if (n % 64 != 0)
        words[n / 64] = (UINT64_C(1) << (n % 64)) - 1;
}
static inline uint32_t bits_count(const uint64_t *words, size_t n)
{
    uint32_t total = 0;

    for (size_t w = 0; w < n / 64; w++)
        total += (uint32_t)__builtin_popcountll(words[w]);
    if (n % 64 != 0)
        total += (uint32_t)__builtin_popcountll(words[n / 64] & ((UINT64_C(1) << (n % 64)) - 1));
    return total;
}
/* Copies n bits from bit `from` of src to bit 0 of dst; the last word's unused bits become 0. Reads
 * no word of src that holds none of the n bits. */
static inline void bits_copy(uint64_t *dst, const uint64_t *src, size_t from, size_t n)
{
    size_t words = bits_words(n), first = from / 64, shift = from % 64, last = (from + n - 1) / 64;

    if (n == 0)
        return;
    for (size_t w = 0; w < words; w++) {
        uint64_t bits = src[first + w] >> shift;

        if (shift != 0 && first + w + 1 <= last)
            bits |= src[first + w + 1] << (64 - shift);
        dst[w] = bits;
    }
    if (n % 64 != 0)
        dst[words - 1] &= (UINT64_C(1) << (n % 64)) - 1;
}
/* list = the positions of the set bits among the first n, ascending; returns their number.  Bits
 * from n on are 0 (n <= 65536).  list has room for n rounded up to 8: eight are written at a time,
 * 0.3 ns a position where bit by bit took 1 ns. */
uint32_t bits_list(const uint64_t *words, uint32_t n, uint16_t *list);

/* For each set bit i < n of words: for (BITS_EACH(i, words, n)) body; */
static inline size_t bits_next(const uint64_t *words, size_t i, size_t n)
{
    while (i < n) {
        uint64_t rest = words[i / 64] >> (i % 64);

        if (rest != 0) {
            i += (size_t)__builtin_ctzll(rest);
            return i < n ? i : n;
        }
        i = (i / 64 + 1) * 64;
    }
    return n;
}
#define BITS_EACH(i, words, n)                                                                     \
    size_t i = bits_next(words, 0, n);                                                             \
    i < (n);                                                                                       \
    i = bits_next(words, i + 1, n)

#endif
