/* cursor.h - one face over everything that yields rows in batches: column tables, rowsets, sorters,
 * aggregates, table functions, foreign files.
 *
 * Protocol: rewind, then next until *count is 0.  After next, column and rowid may be called any
 * number of times for the current batch; their vectors live until the next call of next, rewind or
 * close. A cursor is used by one thread.  Implementations embed struct cursor as their first
 * member. */
#ifndef STOA_STORE_CURSOR_H
#define STOA_STORE_CURSOR_H

#include "store/vector.h"

struct cursor;

enum table_fact { FACT_COUNT, FACT_MIN, FACT_MAX };

struct cursor_ops {
    const char *name; /* for EXPLAIN: "column table", "rowset", ... */
    enum status (*rewind)(struct cursor *cursor, struct error *err);
    /* Moves to the next batch of at most cap (1..VECTOR_CAP) rows; *count rows, 0 at the end.
     * *active is NULL or the bitmap of the rows that exist (deleted ones are off): at least one bit
     * is on. */
    enum status (*next)(struct cursor *cursor, uint32_t cap, uint32_t *count,
                        const uint64_t **active, struct error *err);
    /* Column of the batch, in whatever encoding is there.  out->count == the batch's count.  sel
     * says which rows are wanted. */
    enum status (*column)(struct cursor *cursor, uint32_t column, const struct selection *sel,
                          struct vector *out, struct error *err);
    enum status (*rowid)(struct cursor *cursor, struct vector *out,
                         struct error *err); /* NULL: has none */
    /* Optional: the scan may skip rows for which not (column op value) holds (zone maps); it need
     * not. op: enum bound_op, by value_compare with BINARY and no affinity: a NULL row or value
     * never holds.  BOUND_AMONG: each call adds one of the values that the column equals; NULL adds
     * none.  Called between open and rewind. */
    enum status (*bound)(struct cursor *cursor, uint32_t column, int op, const struct value *value,
                         struct error *err);
    /* Optional: moves to the one row with this rowid; *found. */
    enum status (*seek_rowid)(struct cursor *cursor, int64_t rowid, bool *found, struct error *err);
    /* Optional: exact number of rows that rewind..end will yield, when known without scanning. */
    bool (*row_count)(struct cursor *cursor, uint64_t *rows);
    /* Optional: what an aggregate over a column of all rows is, when known without scanning.  Text
     * is borrowed from the cursor or in scratch. */
    bool (*fact)(struct cursor *cursor, enum table_fact fact, uint32_t column,
                 enum collation collation, char scratch[16], struct value *value);
    void (*close)(struct cursor *cursor); /* frees it */
};

enum bound_op { BOUND_EQ, BOUND_LT, BOUND_LE, BOUND_GT, BOUND_GE, BOUND_NOT_NULL, BOUND_AMONG };

/* Whether a value in [lo, hi] may be op value.  below, above: value_compare of lo and hi with it.
 */
static inline bool bound_may_hold(enum bound_op op, int below, int above)
{
    switch (op) {
    case BOUND_EQ:
        return below <= 0 && above >= 0;
    case BOUND_LT:
        return below < 0;
    case BOUND_LE:
        return below <= 0;
    case BOUND_GT:
        return above > 0;
    case BOUND_GE:
        return above >= 0;
    default:
        return true;
    }
}

struct cursor {
    const struct cursor_ops *ops;
    uint64_t                 rows_read;       /* rows handed out, for EXPLAIN ANALYZE */
    uint64_t                 batches_skipped; /* by bounds */
};

#endif
