/* cells.h - between cells and vectors, for sinks: rows of a selection, results made row by row. */
#ifndef STOA_VM_CELLS_H
#define STOA_VM_CELLS_H

#include "store/vector.h"

/* The active rows of sel, ascending: sel's own list, or made in space. */
const uint16_t *selection_rows(const struct selection *sel, uint16_t space[VECTOR_CAP]);

/* out = the cells that stand in buffer->values [count], in the narrowest flat form: I64, F64, TEXT
 * or BLOB when the rows that are not NULL agree, else ANY.  Rewrites the buffer. */
void vector_from_cells(struct vector_buffer *buffer, uint32_t count, struct vector *out);

/* Turns on the bits of the active rows where v is NULL. */
void vector_null_rows(const struct vector *v, const struct selection *sel,
                      uint64_t nulls[VECTOR_WORDS]);

/* Texts of v live as long as the statement: a sink may keep them by reference. */
static inline bool vector_texts_pinned(const struct vector *v)
{
    return (v->flags & VECTOR_PINNED) != 0 && v->type != PHYS_DAY32;
}

#endif
