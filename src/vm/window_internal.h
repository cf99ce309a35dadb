/* window_internal.h - struct window.  Internal to window*.c.
 *
 * Rows are numbered in sorted order from 0; order[row] is the row's place in the rowset.  A peer
 * group is a run of rows that ORDER BY does not tell apart, within one partition. */
#ifndef STOA_VM_WINDOW_INTERNAL_H
#define STOA_VM_WINDOW_INTERNAL_H

#include "store/rowset.h"
#include "vm/window.h"

/* What a call gave, in the form that suits it. */
enum window_result_form {
    RESULT_INT,  /* ints */
    RESULT_REAL, /* reals */
    RESULT_CELL, /* cells; texts in `texts` */
    RESULT_ROW   /* places: column `column` of that row of the rowset; PLACE_NULL, PLACE_DEFAULT */
};
enum { PLACE_DEFAULT = UINT32_MAX - 1 }; /* lag, lead: the default of the row itself */
#define PLACE_NULL UINT32_MAX

struct window_result {
    enum window_result_form form;
    union {
        int64_t      *ints;
        double       *reals;
        struct value *cells;
        uint32_t     *places;
        void         *data; /* [count + 64]; owned */
    };
    size_t    bytes;
    uint64_t *valid; /* INT, REAL: bits of rows that are not NULL; NULL: none is.  Owned */
    size_t    valid_bytes;
    int32_t   column;
    bool      has_default; /* some place is PLACE_DEFAULT */
    char     *texts;       /* owned */
    size_t    text_bytes;
};

/* Rows [start[row], end[row]) are the frame of a row, before EXCLUDE. */
struct frame_rows {
    uint32_t *start, *end; /* [count]; owned; NULL: nobody asked */
    /* Between the results of two rows, those that leave the frame go before those that enter come,
     * unless enter_first.  See window_walk for staggered. */
    bool         enter_first, staggered;
    int64_t      start_offset, end_offset; /* of ROWS and GROUPS, clipped to [0, UINT32_MAX] */
    struct value start_number, end_number; /* of RANGE */
};

struct window {
    struct memory            *memory;
    const struct window_desc *desc;
    struct sorter            *sorter;
    struct window_keep       *keep; /* NULL: all rows are collected */
    uint32_t                  count;
    const struct rowset      *rows;
    const uint32_t           *order;
    uint32_t                 *identity;   /* owned order of rows that need no sorting */
    uint32_t                 *partitions; /* [partition_count + 1] first rows; the last: count */
    uint32_t                 *groups;     /* [group_count + 1] */
    uint32_t                  partition_count, group_count;
    size_t                    partition_bytes, group_bytes;
    struct frame_rows        *frames;  /* [frame_count] */
    struct window_result     *results; /* [call_count] */
    struct arena              arena;   /* texts of cells that stand in no row */
    struct vector_buffer     *buffer;
    uint64_t                  error_row; /* the first row that cannot be delivered */
    const char               *error_text;
    window_poll              *poll;
    void                     *poll_data;
    uint32_t                  worked; /* rows since the last poll */
};

/* A partition while all of them are walked in order. */
struct partition {
    uint32_t number;
    uint32_t from, to;             /* rows */
    uint32_t group_from, group_to; /* groups */
};
void partition_begin(struct partition *partition); /* before the first */
bool partition_next(const struct window *window, struct partition *partition);

/* Row `row` and those behind it cannot be delivered. */
static inline void window_error_at(struct window *window, uint64_t row, const char *text)
{
    if (row < window->error_row) {
        window->error_row = row;
        window->error_text = text;
    }
}
/* Work was done. */
static inline enum status window_work(struct window *window, uint32_t rows)
{
    window->worked += rows;
    if (window->worked < 4 * VECTOR_CAP)
        return STATUS_OK;
    rows = window->worked;
    window->worked = 0;
    return window->poll(window->poll_data, rows);
}

/* The cells of a column in sorted order, in memory of count + 1 cells; free: cells_free. */
enum status window_cells(struct window *window, int32_t column, struct value **cells,
                         struct error *err);
void        window_cells_free(struct window *window, struct value *cells);
/* One bit a row: condition column is true; NULL when column < 0. */
enum status window_condition(struct window *window, int32_t column, uint64_t **bits,
                             struct error *err);
void        window_bits_free(struct window *window, uint64_t *bits);
enum status window_result_alloc(struct window *window, struct window_result *result,
                                enum window_result_form form, struct error *err);

/* --- window_bounds.c ----------------------------------------------------------------------------
 */
/* Partitions and groups.  sorted: levels of all rows but the first, if known. */
enum status window_bounds(struct window *window, struct sort_levels *sorted, struct error *err);

/* --- window_frame.c -----------------------------------------------------------------------------
 */
/* Checks the offsets of all frames. */
enum status window_offsets(struct window *window, const struct value *offsets, struct error *err);
/* The rows of frame `number`, computed when first asked for. */
enum status window_frame_rows(struct window *window, uint32_t number,
                              const struct frame_rows **frame, struct error *err);

/* What EXCLUDE leaves of the frame of row, which is in peer group `group`: runs of rows in order.
 */
struct frame_runs {
    uint32_t count, from[3], to[3];
};
void frame_runs(const struct window *window, const struct frame_rows *frame,
                enum window_exclude exclude, uint32_t row, uint32_t group, struct frame_runs *runs);

/* --- window_keep.c ------------------------------------------------------------------------------
 */
struct window_keep;
/* desc is read only here. */
enum status window_keep_new(struct memory *memory, const struct window_desc *desc,
                            struct window_keep **keep, struct error *err);
void        window_keep_free(struct window_keep *keep); /* NULL allowed */
/* Before the first row. */
void window_keep_start(struct window_keep *keep, const struct value *bound, bool strict);
/* *sel: a selection of keep's instead, of those of its rows that must be collected. */
enum status window_keep_rows(struct window_keep *keep, const struct vector *const *columns,
                             const struct selection **sel, struct error *err);

/* --- window_number.c ----------------------------------------------------------------------------
 */
enum numbers_kind { NUMBERS_NONE, NUMBERS_INT, NUMBERS_REAL };
/* A column in sorted order, all INTEGER or all REAL but for NULLs. */
struct window_numbers {
    enum numbers_kind kind;
    union {
        int64_t *ints;
        double  *reals;
        void    *data; /* [count + 1]; owned */
    };
    uint64_t *valid; /* as of window_condition; NULL: no NULLs.  Owned */
};
/* kind NUMBERS_NONE: the column is not such.  Freed by window_numbers_free in any case but errors.
 */
enum status window_numbers(struct window *window, int32_t column, struct window_numbers *numbers,
                           struct error *err);
void        window_numbers_free(struct window *window, struct window_numbers *numbers);
/* count, sum, total, avg; *done false: nothing was computed, it takes window_aggregate. */
enum status window_number(struct window *window, const struct window_call *call,
                          struct window_result *result, bool *done, struct error *err);

/* --- window_rank.c, window_value.c, window_aggregate.c, window_other.c, window_quantile.c
 * ---------- */
enum status window_rank(struct window *window, const struct window_call *call,
                        struct window_result *result, struct error *err);
enum status window_value(struct window *window, const struct window_call *call,
                         struct window_result *result, struct error *err);
enum status window_aggregate(struct window *window, const struct window_call *call,
                             struct window_result *result, struct error *err);
enum status window_extreme(struct window *window, const struct window_call *call,
                           struct window_result *result, struct error *err);
enum status window_concat(struct window *window, const struct window_call *call,
                          struct window_result *result, struct error *err);
enum status window_other(struct window *window, const struct window_call *call,
                         struct window_result *result, struct error *err);
/* *done false: nothing was computed, it takes window_other. */
enum status window_quantile(struct window *window, const struct window_call *call,
                            struct window_result *result, bool *done, struct error *err);

/* --- window_walk.c ------------------------------------------------------------------------------
 */
/* Rows entering and leaving a frame, and the result of each row, in SQLite's order, on which sums
 * of REALs depend.  begin: an empty frame.  A row enters or leaves only if its bit of filter is on.
 *
 * With ROWS and GROUPS from FOLLOWING to FOLLOWING, the first row's frame is staggered: rows that
 * are not in it enter and leave again, each leaving after end_offset - start_offset more have come.
 */
struct window_walk {
    void (*begin)(struct window_walk *walk);
    enum status (*enter)(struct window_walk *walk, uint32_t row);
    enum status (*leave)(struct window_walk *walk, uint32_t row);
    enum status (*result)(struct window_walk *walk, uint32_t row);
    struct window *window;
    uint64_t      *filter; /* NULL: all rows */
};
enum status window_walk(struct window_walk *walk, const struct window_call *call,
                        struct error *err);

#endif
