/* window.h - window functions: the sink behind WindowInsert.
 *
 * Rows are collected, sorted by partition and order (stable), and every call is computed for all of
 * them, partition by partition; then they are read through a cursor.  Windows of one sink share
 * partition and order; each call has a frame of its own. */
#ifndef STOA_VM_WINDOW_H
#define STOA_VM_WINDOW_H

#include "vm/aggregate.h"
#include "vm/sorter.h"

enum window_kind {
    WINDOW_ROW_NUMBER,
    WINDOW_RANK,
    WINDOW_DENSE_RANK,
    WINDOW_PERCENT_RANK,
    WINDOW_CUME_DIST,
    WINDOW_NTILE,
    WINDOW_LAG,
    WINDOW_LEAD,
    WINDOW_FIRST_VALUE,
    WINDOW_LAST_VALUE,
    WINDOW_NTH_VALUE,
    WINDOW_COUNT_STAR, /* from here on aggregates */
    WINDOW_COUNT,
    WINDOW_SUM,
    WINDOW_TOTAL,
    WINDOW_AVG,
    WINDOW_MIN,
    WINDOW_MAX,
    WINDOW_GROUP_CONCAT
    /* and so on, as enum aggregate_kind goes on: window_of_aggregate */
};
enum window_unit { WINDOW_ROWS, WINDOW_RANGE, WINDOW_GROUPS };
enum window_bound {
    WINDOW_UNBOUNDED_PRECEDING,
    WINDOW_PRECEDING,
    WINDOW_CURRENT_ROW,
    WINDOW_FOLLOWING,
    WINDOW_UNBOUNDED_FOLLOWING
};
/* Any but NOTHING has each row's frame read afresh: sums of REALs may then differ in their last
 * digits, and min and max take the first of equal values, as in SQLite. */
enum window_exclude {
    WINDOW_EXCLUDE_NOTHING,
    WINDOW_EXCLUDE_NO_OTHERS,
    WINDOW_EXCLUDE_CURRENT_ROW,
    WINDOW_EXCLUDE_GROUP,
    WINDOW_EXCLUDE_TIES
};
struct window_frame {
    enum window_unit    unit;
    enum window_bound   start, end;
    enum window_exclude exclude;
    int32_t             start_offset, end_offset; /* of PRECEDING and FOLLOWING: index into the
                                                     offsets of window_finish; else -1 */
};
enum { WINDOW_ARGUMENTS_MAX = 3 };
struct window_call {
    enum window_kind kind;
    uint32_t         frame;                           /* index */
    int32_t          arguments[WINDOW_ARGUMENTS_MAX]; /* columns; -1: not given */
    int32_t          filter;                          /* column of the FILTER condition; -1: none */
    enum collation   collation;                       /* of the first argument, of the second */
    enum collation   second_collation;
    const char      *name; /* of an aggregate, for its errors */
    bool ignore_nulls;     /* LAG to NTH_VALUE: rows whose first argument is NULL do not count */
};
struct window_desc {
    struct sorter_desc         sort; /* keys: partition, then order; columns: keys, then others */
    uint32_t                   partition_count; /* of the keys */
    uint32_t                   frame_count, call_count;
    bool                       keeps;     /* see window_keep */
    enum window_kind           keep_kind; /* ROW_NUMBER, RANK or DENSE_RANK */
    const struct window_frame *frames;
    const struct window_call  *calls;
};

/* The function of that name (any case) that only windows have.  *known: the name is one, but argc
 * is wrong. */
bool window_find(const char *name, size_t bytes, uint32_t argc, bool star, enum window_kind *kind,
                 bool *known);
enum window_kind    window_of_aggregate(enum aggregate_kind kind);
enum aggregate_kind aggregate_of_window(enum window_kind kind); /* from COUNT_STAR on */

struct window;

/* Asked from time to time with the rows worked on since; not STATUS_OK: stop. */
typedef enum status window_poll(void *data, uint32_t rows);

/* desc is borrowed and outlives the window. */
enum status window_new(struct memory *memory, const struct window_desc *desc,
                       struct window **window, struct error *err);
void        window_free(struct window *window); /* NULL allowed */
void        window_reset(struct window *window);
/* After window_new or window_reset, where desc->keeps: only rows whose keep_kind is <= bound
 * (strict: <) are wanted.  Others may be left out, or come with any number beyond it.  All calls
 * are of such kinds. */
void        window_keep(struct window *window, const struct value *bound, bool strict);
enum status window_add(struct window *window, const struct vector *const *columns,
                       const struct selection *sel, struct error *err);
/* No more rows: sorts and computes. */
enum status window_finish(struct window *window, const struct value *offsets, window_poll *poll,
                          void *data, struct error *err);
/* A cursor over the rows, sorted: the columns, then one per call.  Borrowed window.  An error that
 * a call raised comes when its row is reached. */
enum status window_cursor(struct window *window, struct cursor **cursor, struct error *err);
uint64_t    window_count(const struct window *window);

#endif
