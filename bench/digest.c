/* digest.c - what a result hashes to, the same for every engine. */
#include "engine.h"

#include <math.h>
#include <string.h>

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash ^= value + UINT64_C(0x9e3779b97f4a7c15) + (hash << 6) + (hash >> 2);
    hash *= UINT64_C(0xff51afd7ed558ccd);
    return hash ^ (hash >> 33);
}

uint64_t digest_int(uint64_t hash, int64_t value)
{
    return mix(hash, (uint64_t)value);
}

/* Cheap: it runs for every REAL of every engine.  Rounding the mantissa to 30 bits keeps nine
 * digits; values on the edge of a step may differ between engines, so a mismatch is looked at, not
 * believed. */
uint64_t digest_real(uint64_t hash, double value)
{
    uint64_t bits;

    if (fabs(value) < 1e15 && value == (double)(int64_t)value)
        return digest_int(hash, (int64_t)value);
    memcpy(&bits, &value, sizeof bits);
    bits = (bits + (UINT64_C(1) << 21)) >> 22;
    return mix(mix(hash, bits), 7);
}

uint64_t digest_text(uint64_t hash, const char *text, size_t bytes)
{
    uint64_t word;

    for (; bytes >= 8; text += 8, bytes -= 8) {
        memcpy(&word, text, 8);
        hash = mix(hash, word);
    }
    word = 0;
    memcpy(&word, text, bytes);
    return mix(mix(hash, word), 3);
}

uint64_t digest_null(uint64_t hash)
{
    return mix(hash, 11);
}

void digest_row(struct digest *digest, uint64_t hash)
{
    digest->rows++;
    digest->hash += hash;
}
