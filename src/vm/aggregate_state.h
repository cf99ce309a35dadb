/* aggregate_state.h - what an aggregate call keeps per group, and its steps.  Internal to
 * aggregate*.c.
 *
 * The states of a group stand side by side in one record; records are an array indexed by group
 * number, zeroed at birth: all zero bytes are every state's beginning.
 *
 * A state has the narrowest form that the input so far allows, and each form a kernel; input that
 * it cannot take converts the states of all groups to a wider one (aggregate_form.c).  The widest
 * forms take anything, cell by cell (aggregate_state.c), and define what the others must give. */
#ifndef STOA_VM_AGGREGATE_STATE_H
#define STOA_VM_AGGREGATE_STATE_H

#include "vm/aggregate.h"
#include "vm/hash_table.h"
#include "vm/ordinal.h"

enum state_form {
    FORM_NONE,     /* no value came yet: no state */
    FORM_COUNT,    /* int64_t: count(*), count(x) */
    FORM_SUM_INT,  /* struct sum_int: INTEGERs that did not overflow */
    FORM_SUM_REAL, /* struct sum_real: REALs, and INTEGERs that doubles add up exactly */
    FORM_SUM,      /* struct sum_state: anything */
    FORM_ORDINAL,  /* struct ordinal_state: min, max of one domain */
    FORM_CELL,     /* struct cell_state: min, max of anything; bare columns */
    FORM_CONCAT,   /* struct concat_state */
    FORM_MOMENTS,  /* struct moments_state without m3 and m4: variances */
    FORM_MOMENTS4, /* struct moments_state */
    FORM_PAIRS,    /* struct pairs_state: covariances and regressions */
    FORM_FOLD,     /* struct fold_state: bits, truths, products */
    FORM_BEST,     /* struct best_state: arg_min, arg_max */
    FORM_SKETCH,   /* struct sketch_state: approx_count_distinct */
    FORM_LIST,     /* struct list_state: all values of the group, until it is finished */
    FORM_KIND_COUNT
};

/* sum, total, avg: SQLite's sumStep.  While approximate is false the sum is integer; from the first
 * REAL or the first overflow on it is sum + error (Kahan, Babuska, Neumaier). */
struct sum_state {
    double  sum, error;
    int64_t integer;
    int64_t count;
    bool    approximate;
    bool    overflow; /* integers overflowed and no REAL followed */
};
/* While part->uncounted, count of sum_int and count and reals of sum_real are not kept, and a
 * FORM_COUNT is not either: every group has rows, all of them reached the call, none was NULL, and
 * those of sum_real were REAL.  The number of rows, where it is asked for, is counted once for all
 * calls. */
struct sum_int {
    int64_t sum, count;
};
/* The sum of the magnitudes of all INTEGERs in it is below 2^52: then sum_state's integer sum, and
 * its double after any prefix of INTEGERs, are this very sum. */
struct sum_real {
    double  sum, error;
    int64_t count;
    int64_t reals; /* not 0: a REAL was among the values */
};
struct ordinal_state {
    int64_t ordinal;
    int64_t set;
};
/* min, max, and bare columns.  The text is borrowed, or in space. */
struct cell_state {
    struct value value; /* min, max: NULL until a value came */
    char        *space;
    uint32_t     capacity;
    bool         set; /* bare: a row was picked */
};
struct concat_state {
    char    *data;
    uint32_t bytes, capacity;
    bool     set; /* not a single value: NULL */
};

/* A call within an aggregate. */
struct aggregate_part {
    const struct aggregate_call *call;
    const struct aggregate_part *source; /* the earlier sum, total or avg of the same values: its
                                            state is read, none kept here; NULL: none */
    enum state_form       form;
    bool                  listed;    /* began as FORM_LIST; finished it is FORM_CELL */
    bool                  averages;  /* AVG, or the source of one */
    bool                  stepped;   /* this batch already: aggregate_sums.c */
    uint32_t              offset;    /* of its state in a record */
    bool                  uncounted; /* sums and counts of groups: see struct sum_int */
    struct ordinal_domain domain;    /* FORM_ORDINAL; its dictionary is referenced */
    uint64_t int_magnitude;      /* sums: bound of the sum of |INTEGER| so far; UINT64_MAX: any */
    struct hash_table *distinct; /* (group, value) seen; NULL without DISTINCT */
    uint64_t          *took; /* MIN, MAX that a bare column follows: bit per row of the batch that
                                it would take the bare columns of; else NULL */
};

/* The rows of a batch that reach a call. */
struct picked {
    struct row_list rows;
    const uint32_t *groups; /* [rows.count] their groups; NULL: all in group 0 */
};
struct state_array {
    char         *records;
    size_t        stride;
    struct arena *texts; /* texts of states */
};

static inline void *state_at(const struct state_array *states, const struct aggregate_part *part,
                             uint32_t group)
{
    return states->records + states->stride * group + part->offset;
}
static inline uint32_t picked_group(const struct picked *picked, uint32_t k)
{
    return picked->groups == NULL ? 0 : picked->groups[k];
}

extern const uint8_t state_bytes[FORM_KIND_COUNT];

/* --- aggregate_state.c: cell by cell ------------------------------------------------------------
 */
/* One batch into the widest form.  argument: cells by row (NULL for COUNT_STAR); separator too
 * (NULL: ","). */
enum status state_step(const struct state_array *states, const struct aggregate_part *part,
                       const struct picked *picked, const struct value *argument,
                       const struct value *separator, bool pinned, struct arena *scratch,
                       struct error *err);
/* state = value; its text is copied to texts unless pinned. */
enum status cell_state_set(struct cell_state *state, const struct value *value, bool pinned,
                           struct arena *texts, struct error *err);

/* --- aggregate_result.c -------------------------------------------------------------------------
 */
/* True if the group's sum() overflowed: reading it is an error. */
bool state_overflows(const struct state_array *states, const struct aggregate_part *part,
                     uint32_t group);
/* The results of count <= VECTOR_CAP groups as a vector in buffer. */
void state_vector(const struct state_array *states, const struct aggregate_part *part,
                  const uint32_t *groups, uint32_t count, struct vector_buffer *buffer,
                  struct vector *out);

/* The result that a group's state stands for, forms of aggregate_more.c too. */
struct value state_value(const struct aggregate_part *part, const void *state);

/* --- aggregate_form.c ---------------------------------------------------------------------------
 */
enum state_form form_initial(const struct aggregate_call *call);
/* The state of another form that continues from that at `from`; text of a DAY is made in texts.
 * False: memory. */
bool form_convert(const struct aggregate_part *part, const void *from, enum state_form form,
                  void *to, struct arena *texts);

/* --- aggregate_kernel.c: typed ------------------------------------------------------------------
 */
/* These take rows that are not NULL. */
void kernel_count(const struct state_array *states, const struct aggregate_part *part,
                  const struct picked *picked);
/* Rows before *done were added; *done < count: the next one overflows. */
void kernel_sum_int(const struct state_array *states, const struct aggregate_part *part,
                    const struct picked *picked, const struct vector *v, bool cannot_overflow,
                    int64_t *space, uint32_t *done);
/* values[k] and reals[k] (NULL: all are REAL) of the k-th row. */
void kernel_sum_real(const struct state_array *states, const struct aggregate_part *part,
                     const struct picked *picked, const double *values, const uint8_t *reals);
/* ordinals[k] of the k-th row; ranks: order of the ordinals, NULL: their own.  valid: by row of the
 * batch, NULL: no row is NULL; rows that are NULL matter only to part->took. */
void kernel_extreme(const struct state_array *states, const struct aggregate_part *part,
                    const struct picked *picked, const int64_t *ordinals, const uint32_t *ranks,
                    const uint64_t *valid);

#endif
