/* radix_sort.c - least significant digit first, 11 bits a digit, digits that all keys share left
 * out; insertion for a few records. */
#include "vm/radix_sort.h"

#include <string.h>

enum {
    DIGIT_BITS = 11,
    DIGIT_VALUES = 1 << DIGIT_BITS,
    DIGITS = (64 + DIGIT_BITS - 1) / DIGIT_BITS,
    FEW_RECORDS = 48
};

static size_t part_end(size_t start, size_t count)
{
    return count - start < INTERRUPT_ROWS ? count : start + INTERRUPT_ROWS;
}

static void insertion_sort(struct sort_record *records, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct sort_record record = records[i];
        size_t             at = i;

        for (; at > 0 && records[at - 1].key > record.key; at--)
            records[at] = records[at - 1];
        records[at] = record;
    }
}

/* Which bits differ between any two keys; sorted already: none. */
static uint64_t varying_bits(const struct sort_record *records, size_t count)
{
    uint64_t first = records[0].key, varying = 0, unordered = 0;

    for (size_t i = 1; i < count; i++) {
        varying |= records[i].key ^ first;
        unordered |= records[i].key < records[i - 1].key;
    }
    return unordered != 0 ? varying : 0;
}

/* False: stopped, and `to` is not filled. */
static bool digit_pass(struct memory *memory, const struct sort_record *from, struct sort_record *to, size_t count, unsigned shift)
{
    size_t at[DIGIT_VALUES] = {0}, total = 0;

    for (size_t start = 0; start < count; start += INTERRUPT_ROWS) {
        size_t end = part_end(start, count);

        if (memory_stopped(memory))
            return false;
        for (size_t i = start; i < end; i++)
            at[(from[i].key >> shift) % DIGIT_VALUES]++;
    }
    for (size_t d = 0; d < DIGIT_VALUES; d++) {
        size_t n = at[d];

        at[d] = total;
        total += n;
    }
    for (size_t start = 0; start < count; start += INTERRUPT_ROWS) {
        size_t end = part_end(start, count);

        if (memory_stopped(memory))
            return false;
        for (size_t i = start; i < end; i++)
            to[at[(from[i].key >> shift) % DIGIT_VALUES]++] = from[i];
    }
    return true;
}

struct sort_record *records_sort(struct memory *memory, struct sort_record *records,
                                 struct sort_record *spare, size_t count)
{
    uint64_t varying;
    unsigned shift = 0;

    if (count <= FEW_RECORDS) {
        insertion_sort(records, count);
        return records;
    }
    varying = varying_bits(records, count);
    while (varying >> shift != 0) {
        struct sort_record *swap = records;

        /* a digit begins at the lowest bit that varies: constant bits cost no pass */
        shift += (unsigned)__builtin_ctzll(varying >> shift);
        if (!digit_pass(memory, records, spare, count, shift))
            return records;
        records = spare;
        spare = swap;
        shift += DIGIT_BITS;
        if (shift >= 64)
            break;
    }
    return records;
}

/* --- words --------------------------------------------------------------------------------------
 */
/* False: stopped, and `to` is not filled. */
static bool word_pass(struct memory *memory, const uint64_t *from, uint64_t *to, size_t count, unsigned shift)
{
    size_t at[DIGIT_VALUES] = {0}, total = 0;

    for (size_t start = 0; start < count; start += INTERRUPT_ROWS) {
        size_t end = part_end(start, count);

        if (memory_stopped(memory))
            return false;
        for (size_t i = start; i < end; i++)
            at[(from[i] >> shift) % DIGIT_VALUES]++;
    }
    for (size_t d = 0; d < DIGIT_VALUES; d++) {
        size_t n = at[d];

        at[d] = total;
        total += n;
    }
    for (size_t start = 0; start < count; start += INTERRUPT_ROWS) {
        size_t end = part_end(start, count);

        if (memory_stopped(memory))
            return false;
        for (size_t i = start; i < end; i++)
            to[at[(from[i] >> shift) % DIGIT_VALUES]++] = from[i];
    }
    return true;
}

uint64_t *words_sort(struct memory *memory, uint64_t *words, uint64_t *spare, size_t count,
                     unsigned low)
{
    uint64_t varying = 0, unordered = 0;
    unsigned shift = low;

    for (size_t i = 1; i < count; i++) {
        varying |= words[i] ^ words[0];
        unordered |= words[i] >> low < words[i - 1] >> low;
    }
    while (unordered != 0 && shift < 64 && varying >> shift != 0) {
        uint64_t *swap = words;

        shift += (unsigned)__builtin_ctzll(varying >> shift);
        if (!word_pass(memory, words, spare, count, shift))
            return words;
        words = spare;
        spare = swap;
        shift += DIGIT_BITS;
    }
    return words;
}
