/* aggregate.h - grouping and aggregation of batches: the sink behind AggStep.
 *
 * Keys are mapped to dense group numbers (first seen = 0), states live in one array of fixed-stride
 * records indexed by group number.  The mapper starts with the tier that the first keys allow
 * (direct array over a small code domain, packed 64-bit hash, general hash) and converts itself
 * when other keys arrive. */
#ifndef STOA_VM_AGGREGATE_H
#define STOA_VM_AGGREGATE_H

#include "store/cursor.h"
#include "store/rowset.h"
#include "vm/functions.h"
#include "vm/sorter.h"

enum aggregate_kind { /* every aggregate that the engine computes by kernel */
                      AGGREGATE_COUNT_STAR,
                      AGGREGATE_COUNT,
                      AGGREGATE_SUM,
                      AGGREGATE_TOTAL,
                      AGGREGATE_AVG,
                      AGGREGATE_MIN,
                      AGGREGATE_MAX,
                      AGGREGATE_GROUP_CONCAT,
                      AGGREGATE_BARE, /* bare column: value from the row that the min/max of the
                                         group picked, else the group's first row */
                      /* these follow aggregate_more.h */
                      AGGREGATE_MEDIAN,
                      AGGREGATE_PERCENTILE, /* fraction of 0..100 */
                      AGGREGATE_PERCENTILE_CONT,
                      AGGREGATE_PERCENTILE_DISC,
                      AGGREGATE_MAD,
                      AGGREGATE_QUANTILE_DISC,
                      AGGREGATE_MODE,
                      AGGREGATE_ENTROPY,
                      AGGREGATE_HISTOGRAM,
                      AGGREGATE_STDDEV_SAMP,
                      AGGREGATE_STDDEV_POP,
                      AGGREGATE_VAR_SAMP,
                      AGGREGATE_VAR_POP,
                      AGGREGATE_SKEWNESS,
                      AGGREGATE_KURTOSIS,
                      AGGREGATE_KURTOSIS_POP,
                      AGGREGATE_COVAR_SAMP,
                      AGGREGATE_COVAR_POP,
                      AGGREGATE_CORR,
                      AGGREGATE_REGR_SLOPE,
                      AGGREGATE_REGR_INTERCEPT,
                      AGGREGATE_REGR_R2,
                      AGGREGATE_REGR_COUNT,
                      AGGREGATE_REGR_AVGX,
                      AGGREGATE_REGR_AVGY,
                      AGGREGATE_REGR_SXX,
                      AGGREGATE_REGR_SYY,
                      AGGREGATE_REGR_SXY,
                      AGGREGATE_ARG_MIN,
                      AGGREGATE_ARG_MAX,
                      AGGREGATE_ANY_VALUE,
                      AGGREGATE_FIRST,
                      AGGREGATE_LAST,
                      AGGREGATE_BOOL_AND,
                      AGGREGATE_BOOL_OR,
                      AGGREGATE_BIT_AND,
                      AGGREGATE_BIT_OR,
                      AGGREGATE_BIT_XOR,
                      AGGREGATE_COUNT_IF,
                      AGGREGATE_PRODUCT,
                      AGGREGATE_APPROX_COUNT_DISTINCT,
                      AGGREGATE_GROUPING, /* the code generator's: a constant of a grouping set */
                      AGGREGATE_KIND_COUNT
};

struct aggregate_order { /* a term of ORDER BY within a call */
    int32_t         argument;
    struct sort_key key;
};
struct aggregate_call {
    enum aggregate_kind kind;
    int32_t             argument;  /* index into the argument vectors of aggregate_step; -1: none */
    int32_t             separator; /* the second argument's index; -1: none, GROUP_CONCAT: "," */
    int32_t             filter;    /* argument index of the FILTER condition; -1: none */
    bool                distinct;
    bool    follows_extreme; /* BARE: index of min/max call in `extreme` decides the row */
    int32_t extreme; /* BARE: which call (MIN or MAX) picks the row; -1: first row of the group */
    enum collation collation;        /* MIN, MAX, DISTINCT and what else compares the argument */
    enum collation second_collation; /* ARG_MIN, ARG_MAX */
    /* the order in which the rows of a group are stepped; only where aggregate_minds_order */
    bool last_of_equals; /* of rows that the order finds equal only the last: SQLite's DISTINCT x
                            ORDER BY x */
    const struct aggregate_order *order;
    uint32_t                      order_count;
    const char                   *name; /* for errors of percentiles */
    bool descending;                    /* percentiles and quantiles: from the greatest value on */
};
struct aggregate_desc {
    uint32_t                     key_count;
    const uint8_t               *key_collations; /* enum collation, [key_count] */
    uint32_t                     call_count;
    const struct aggregate_call *calls;
    bool sorted; /* groups must come out in the order of their keys (SQLite's visible order) */
    const bool *key_descending; /* [key_count]; NULL: all keys ascend */
};

/* The aggregate function with this name (any case), see aggregate_find.c.  min and max with other
 * than one argument are scalar functions: false.  *known: an aggregate has this name, but argc is
 * wrong. */
bool aggregate_find(const char *name, size_t bytes, uint32_t argc, bool star,
                    enum aggregate_kind *kind, bool *known);

/* Whether the result can depend on the order of the rows.  (Not min and max: SQLite steps them as
 * the rows come, which shows in the bare columns that follow them.) */
bool aggregate_minds_order(enum aggregate_kind kind);

/* How many argument vectors the calls refer to. */
uint32_t aggregate_argument_count(const struct aggregate_desc *desc);

struct aggregate;

/* key_count 0: exactly one group, even without input.  desc is borrowed and outlives the aggregate.
 */
enum status aggregate_new(struct memory *memory, const struct aggregate_desc *desc,
                          struct aggregate **aggregate, struct error *err);
void        aggregate_free(struct aggregate *aggregate);  /* NULL allowed */
void        aggregate_reset(struct aggregate *aggregate); /* no groups, keeps some memory */
/* Adds the active rows of a batch.  keys[key_count], arguments[] as the calls index them. */
enum status aggregate_step(struct aggregate *aggregate, const struct vector *const *keys,
                           const struct vector *const *arguments, const struct selection *sel,
                           struct error *err);
/* After the last step: keys that have no group yet get an empty one. */
enum status aggregate_fill(struct aggregate *aggregate, const struct vector *const *keys,
                           const struct selection *sel, struct error *err);
/* No more input: final values are made.  "integer overflow" of sum() is reported here, or when the
 * group is delivered. */
enum status aggregate_finish(struct aggregate *aggregate, struct error *err);
/* A cursor over the groups: columns 0..key_count-1 the keys, then one per call.  Borrowed
 * aggregate. */
enum status aggregate_cursor(struct aggregate *aggregate, struct cursor **cursor,
                             struct error *err);
/* Without keys: the value of a call, between aggregate_finish and the next step or reset. */
struct value aggregate_value(const struct aggregate *aggregate, uint32_t call);
uint64_t     aggregate_count(const struct aggregate *aggregate); /* groups; 1 without keys */
/* Whether no step may follow aggregate_finish but after aggregate_reset. */
bool aggregate_needs_all(const struct aggregate_call *call);
/* For tests: every call takes the path that works cell by cell.  Before the first step. */
void aggregate_force_exact(struct aggregate *aggregate);
/* "direct 10000 slots", for EXPLAIN ANALYZE. */
void aggregate_describe(const struct aggregate *aggregate, char *text, size_t bytes);

/* --- distinct sets ------------------------------------------------------------------------------
 */
/* Set of rows (NULLs equal), for DISTINCT, UNION and IN (subquery or list). */
struct row_set;
enum status row_set_new(struct memory *memory, uint32_t columns, const uint8_t *collations,
                        struct row_set **set, struct error *err);
void        row_set_free(struct row_set *set);
void        row_set_clear(struct row_set *set);
uint64_t    row_set_count(const struct row_set *set);
/* Adds the active rows.  fresh (VECTOR_WORDS words, may be NULL): bit on for rows that were new
 * (the first of equals in the batch). */
enum status row_set_add(struct row_set *set, const struct vector *const *columns,
                        const struct selection *sel, uint64_t *fresh, struct error *err);
/* found: bit on for active rows that are members.  A row with a NULL is never a member here;
 * row_set_has_null tells whether any member has a NULL, for IN's three-valued answer. */
enum status row_set_find(struct row_set *set, const struct vector *const *columns,
                         const struct selection *sel, uint64_t *found, struct error *err);
bool        row_set_has_null(const struct row_set *set);
enum status row_set_remove(struct row_set *set, const struct vector *const *columns,
                           const struct selection *sel, uint64_t *removed, struct error *err);
/* Members in order of arrival (removed ones included), made at the first call after a change. NULL:
 * memory. */
const struct rowset *row_set_rows(struct row_set *set);
void                 row_set_describe(const struct row_set *set, char *text, size_t bytes);

#endif
