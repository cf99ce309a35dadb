/* sorter.h - ORDER BY: collects rows, sorts positions, yields batches through a cursor.  Stable. */
#ifndef STOA_VM_SORTER_H
#define STOA_VM_SORTER_H

#include "store/cursor.h"

struct sort_key {
    enum collation collation;
    bool           descending;
    bool nulls_last; /* resolved by the code generator: SQLite's default is first ascending, last
                        descending */
};
struct sorter_desc {
    uint32_t               key_count;    /* columns 0..key_count-1 of the rows are the keys */
    uint32_t               column_count; /* keys and payload */
    const struct sort_key *keys;
};
struct queue_desc { /* OP_QueueOrder */
    uint32_t               key_count;
    const struct sort_key *keys;
    const uint32_t        *columns; /* [key_count] of the rowset */
};
struct rowset;
struct sorter;

/* limit: at most so many rows will be read (UINT64_MAX: all): top-N keeps no more than it must. */
enum status sorter_new(struct memory *memory, const struct sorter_desc *desc,
                       struct sorter **sorter, struct error *err);
void        sorter_free(struct sorter *sorter);
void        sorter_reset(struct sorter *sorter, uint64_t limit);
enum status sorter_add(struct sorter *sorter, const struct vector *const *columns,
                       const struct selection *sel, struct error *err);
enum status sorter_sort(struct sorter *sorter, struct error *err);
/* The same, and what sorting found out about neighbours, if it did: levels[i] = SORT_SAME when the
 * i-th row in order has the keys of the one before it, SORT_NEW_HEAD when they differ among the
 * first `head` keys, else SORT_NEW.  levels[0] is left alone. */
enum { SORT_SAME, SORT_NEW, SORT_NEW_HEAD };
struct sort_levels {
    uint32_t head;
    uint8_t *levels; /* as long as there are rows */
    bool     known;  /* out: levels was filled */
};
enum status sorter_sort_levels(struct sorter *sorter, struct sort_levels *levels,
                               struct error *err);
enum status sorter_cursor(struct sorter *sorter, struct cursor **cursor, struct error *err);
uint64_t    sorter_count(const struct sorter *sorter);
/* The rows as they came, and their sorted order, once sorter_sort ran (without rows: NULL): valid
 * until the next reset or row. */
const struct rowset *sorter_rows(const struct sorter *sorter);
const uint32_t      *sorter_order(const struct sorter *sorter);
/* For tests: sort by comparing cells, whatever the keys are, and keep all rows until then. */
void sorter_force_cells(struct sorter *sorter);

#endif
