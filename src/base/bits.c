/* bits.c - bit sets to lists of positions. */
#include "base/bits.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* positions[byte] = the places of the byte's bits, lowest first; the rest of the eight means
 * nothing.
 */
static uint16_t positions[256][8];

/* Before main, so that no thread can see it half made. */
__attribute__((constructor)) static void positions_make(void)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        unsigned n = 0;

        for (unsigned bit = 0; bit < 8; bit++)
            if (byte >> bit & 1)
                positions[byte][n++] = (uint16_t)bit;
    }
}

/* out[0..8) = positions of byte, from base on. */
static inline void positions_write(uint16_t *out, unsigned byte, uint32_t base)
{
#if defined(__SSE2__)
    __m128i eight = _mm_loadu_si128((const __m128i *)(const void *)positions[byte]);

    _mm_storeu_si128((__m128i *)(void *)out, _mm_add_epi16(eight, _mm_set1_epi16((short)base)));
#else
    for (unsigned i = 0; i < 8; i++)
        out[i] = (uint16_t)(positions[byte][i] + base);
#endif
}

uint32_t bits_list(const uint64_t *words, uint32_t n, uint16_t *list)
{
    uint32_t count = 0;

    for (uint32_t w = 0; w < bits_words(n); w++) {
        uint64_t word = words[w];

        if (word == 0)
            continue;
        for (uint32_t byte = 0; byte < 8 && w * 64 + byte * 8 < n; byte++) {
            unsigned eight = (unsigned)(word >> (byte * 8)) & 0xff;

            positions_write(list + count, eight, w * 64 + byte * 8);
            count += (uint32_t)__builtin_popcount(eight);
        }
    }
    return count;
}
