/* column_builder.h - collects one column's rows for a segment, typed from the first batch on.
 *
 * The builder is in one mode at a time and keeps the narrowest slots that its rows so far need.
 * Rows of another kind widen the slots or change the mode; at worst all rows become cells (ANY).
 * Sealing picks the encoding from what is known by then, and mostly hands its buffer over. */
#ifndef STOA_STORE_COLUMN_BUILDER_H
#define STOA_STORE_COLUMN_BUILDER_H

#include "store/segment.h"

enum build_mode {
    BUILD_EMPTY,   /* only NULLs so far */
    BUILD_INTEGER, /* 1, 2, 4 or 8 bytes, base 0 */
    BUILD_REAL,
    BUILD_DECIMAL, /* 2, 4 or 8 bytes */
    BUILD_DAY,
    BUILD_CODES, /* 1, 2 or 4 bytes, unsigned */
    BUILD_CELLS  /* anything; bytes in heap */
};

/* The dictionary of a table's column, shared by its builders, and whether interning still pays. */
struct column_dictionary {
    struct dictionary *dictionary; /* NULL until the first text */
    uint64_t           rows;       /* interned so far */
    uint32_t           looked_at;  /* its entries when some that nobody uses were looked for */
    bool               closed;
};

struct column_builder {
    struct memory            *memory;
    struct column_dictionary *texts;
    enum build_mode           mode;
    uint8_t                   slot_bytes;
    uint8_t                   scale;
    bool                      whole; /* DECIMAL: VECTOR_WHOLE_IS_INT */
    bool                      ascii; /* CELLS: every text so far */
    uint32_t                  classes;
    uint32_t                  rows, capacity, nulls;
    void                     *values; /* [capacity + SEGMENT_PAD_ROWS] */
    uint64_t                 *valid;  /* [GROUP_ROWS / 64 + 1], NULL: no NULL so far */
    struct text_heap         *heap;
};

/* Memory that builders of one table lend each other during a call. */
struct builder_scratch {
    struct vector_buffer input;   /* the batch, when it had to be decoded */
    struct vector_buffer rebuilt; /* earlier rows on their way to another mode */
    struct vector_buffer cells;   /* earlier rows on their way to cells */
    struct vector_buffer last;    /* the batch in its last form */
    uint32_t             codes[VECTOR_CAP];
    int32_t              days[VECTOR_CAP];
    struct arena         arena;
};

void column_builder_init(struct column_builder *builder, struct memory *memory,
                         struct column_dictionary *texts);
void column_builder_free(struct column_builder *builder); /* empty again, usable */

/* Appends rows [0, count) of v; at most GROUP_ROWS in all.  False: memory; then the builder can
 * only be freed. */
bool column_builder_append(struct column_builder *builder, const struct vector *v, uint32_t count,
                           struct builder_scratch *scratch);

/* The rows as a segment with one reference; the builder is empty afterwards.  NULL: memory; then
 * the builder can only be freed. */
struct segment *column_builder_seal(struct column_builder *builder);

#endif
