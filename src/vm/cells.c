/* cells.c - between cells and vectors. */
#include "vm/cells.h"

#include <assert.h>

const uint16_t *selection_rows(const struct selection *sel, uint16_t space[VECTOR_CAP])
{
    uint32_t n = 0;

    if (sel->listed)
        return sel->list;
    if (sel->count == sel->rows)
        for (; n < sel->rows; n++)
            space[n] = (uint16_t)n;
    else
        n = bits_list(sel->bits, sel->rows, space);
    assert(n == sel->count);
    return space;
}

void vector_from_cells(struct vector_buffer *buffer, uint32_t count, struct vector *out)
{
    struct value *cells = (struct value *)buffer->values;
    uint32_t      seen = 0;

    memset(buffer->valid, 0, bits_words(count) * sizeof *buffer->valid);
    for (uint32_t i = 0; i < count; i++) {
        seen |= 1u << cells[i].class_;
        buffer->valid[i / 64] |= (uint64_t)(cells[i].class_ != CLASS_NULL) << (i % 64);
    }
    *out = (struct vector){.type = PHYS_ANY,
                           .shape = VECTOR_FLAT,
                           .count = count,
                           .values = cells,
                           .valid = seen & 1u << CLASS_NULL ? buffer->valid : NULL};
    seen &= ~(1u << CLASS_NULL);
    if (seen == 1u << CLASS_TEXT) {
        out->type = PHYS_TEXT;
    } else if (seen == 1u << CLASS_BLOB) {
        out->type = PHYS_BLOB;
    } else if (seen == 1u << CLASS_INTEGER || seen == 1u << CLASS_REAL) {
        /* the payload is the first word of a cell: closing the gaps makes an array of it */
        char *words = buffer->values;

        out->type = seen == 1u << CLASS_INTEGER ? PHYS_I64 : PHYS_F64;
        for (uint32_t i = 0; i < count; i++)
            memmove(words + i * sizeof(int64_t), words + i * sizeof *cells, sizeof(int64_t));
    }
}

void vector_null_rows(const struct vector *v, const struct selection *sel,
                      uint64_t nulls[VECTOR_WORDS])
{
    size_t words = bits_words(sel->rows);

    if (v->shape == VECTOR_CONSTANT) {
        bool null = v->type == PHYS_ANY && ((const struct value *)v->values)->class_ == CLASS_NULL;

        for (size_t w = 0; null && w < words; w++)
            nulls[w] |= sel->bits[w];
    } else if (v->valid != NULL) {
        for (size_t w = 0; w < words; w++)
            nulls[w] |= sel->bits[w] & ~v->valid[w];
    }
}
