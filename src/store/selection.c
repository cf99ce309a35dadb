/* selection.c - which rows of a batch are active: bitmap and list forms. */
#include <assert.h>

#include "store/vector.h"

void selection_all(struct selection *sel, uint32_t rows)
{
    assert(rows <= VECTOR_CAP);
    sel->rows = rows;
    sel->count = rows;
    sel->listed = false;
    bits_fill(sel->bits, rows);
}

void selection_bits(struct selection *sel, uint32_t rows, const uint64_t *bits)
{
    size_t words = bits_words(rows);

    assert(rows <= VECTOR_CAP);
    memcpy(sel->bits, bits, words * sizeof *bits);
    if (rows % 64 != 0)
        sel->bits[words - 1] &= (UINT64_C(1) << (rows % 64)) - 1;
    sel->rows = rows;
    sel->count = bits_count(sel->bits, rows);
    sel->listed = false;
}

void selection_and(struct selection *sel, const uint64_t *mask)
{
    size_t   words = bits_words(sel->rows);
    uint32_t count = 0;

    for (size_t w = 0; w < words; w++) {
        sel->bits[w] &= mask[w];
        count += (uint32_t)__builtin_popcountll(sel->bits[w]);
    }
    sel->count = count;
    sel->listed = false;
}

const uint16_t *selection_list(struct selection *sel)
{
    if (sel->listed)
        return sel->list;
    if (sel->count == sel->rows) {
        for (uint32_t i = 0; i < sel->rows; i++)
            sel->list[i] = (uint16_t)i;
    } else {
        uint32_t n = bits_list(sel->bits, sel->rows, sel->list);

        assert(n == sel->count);
        (void)n;
    }
    sel->listed = true;
    return sel->list;
}
