/* aggregate_more.h - the aggregates beyond SQLite's core: moments, regressions, folds, sketches,
 * and those that need all values of a group at once.  Internal to aggregate*.c.
 *
 * Moments and pairs are updated value by value (Welford, "Note on a method for calculating
 * corrected sums of squares and products", 1962), so that large means do not eat the digits of
 * small deviations.  A TEXT or BLOB counts as sum() counts it.  Lists stand in chunks that double,
 * in the arena of the states; list_finish turns each into its result. */
#ifndef STOA_VM_AGGREGATE_MORE_H
#define STOA_VM_AGGREGATE_MORE_H

#include "vm/aggregate_internal.h"

struct moments_state {
    double count, mean, m2, m3, m4; /* m: sums of powers of deviations from the mean */
};
struct pairs_state { /* of (y, x), as regr_slope(y, x) names them */
    double count, mean_x, mean_y, sxx, syy, sxy;
};
struct fold_state {
    int64_t count;
    union {
        int64_t bits;
        double  product;
    };
};
struct best_state {
    struct cell_state result, key;
};
enum { SKETCH_BITS = 10, SKETCH_REGISTERS = 1 << SKETCH_BITS };
struct sketch_state {
    uint8_t *registers; /* [SKETCH_REGISTERS]; NULL: no value came */
};
struct list_chunk { /* elements follow */
    struct list_chunk *before;
    uint32_t           count, capacity;
};
struct list_state {
    struct list_chunk *last;
    uint32_t           count; /* in all chunks */
    bool               fraction_set;
    double             fraction;
};
union list_or_cell {
    struct list_state list;
    struct cell_state cell; /* finished */
};

/* --- aggregate_more.c --------------------------------------------------------------------------
 */
/* The form that a kind of this file begins with; FORM_NONE: another file's. */
enum state_form more_form(enum aggregate_kind kind);
/* state_step of these kinds. */
enum status  more_step(const struct state_array *states, const struct aggregate_part *part,
                       const struct picked *picked, const struct value *argument,
                       const struct value *second, bool pinned, struct error *err);
struct value more_value(const struct aggregate_part *part, const void *state);
/* The k-th picked row has values[k] (y) and seconds[k] (x), none NULL. */
void moments_add(const struct state_array *states, const struct aggregate_part *part,
                 const struct picked *picked, const double *values);
void pairs_add(const struct state_array *states, const struct aggregate_part *part,
               const struct picked *picked, const double *y, const double *x);

/* --- aggregate_list.c --------------------------------------------------------------------------
 */
/* Whether its list holds doubles; else cells. */
bool list_of_numbers(const struct aggregate_call *call);
/* The fraction, 0..1, that a percentile's second argument says; an error if it does not. */
enum status fraction_of(const struct aggregate_call *call, const struct value *value, double *at,
                        struct error *err);
/* Notes it for the groups of picked, which must have no other. */
enum status fraction_step(const struct state_array *states, const struct aggregate_part *part,
                          const struct picked *picked, double at, struct error *err);
enum status list_add_numbers(const struct state_array *states, const struct aggregate_part *part,
                             const struct picked *picked, const double *values, struct error *err);
enum status list_step(const struct state_array *states, const struct aggregate_part *part,
                      const struct picked *picked, const struct value *argument,
                      const struct value *second, bool pinned, struct error *err);
/* With ORDER BY an element is a row of list_width cells: the argument, the second one if there is,
 * the terms.  Which vector the i-th cell is of: */
uint32_t list_width(const struct aggregate_call *call);
int32_t  list_argument(const struct aggregate_call *call, uint32_t i);
/* A new row for each of picked, in aggregate->list_rows; then, cell by cell, its contents. */
enum status list_extend(struct aggregate *aggregate, const struct aggregate_part *part,
                        const struct picked *picked, struct error *err);
enum status list_fill(struct aggregate *aggregate, const struct picked *picked, uint32_t i,
                      const struct value *cells, bool pinned, struct error *err);

/* --- aggregate_list_finish.c -------------------------------------------------------------------
 */
/* Puts each group's result in the place of its list: the form becomes FORM_CELL. */
enum status list_finish(struct aggregate *aggregate, struct aggregate_part *part,
                        struct error *err);

#endif
