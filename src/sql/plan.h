/* plan.h - the logical plan of a select: a tree of row producers, made from the resolved tree,
 * consumed by cg.
 *
 * A node gives batches to its consumer.  Columns are named by (owner, column), the owner being
 *   a from_item           a scan's, source's or subquery's columns (-1: rowid)
 *   plan->group_by        the keys of an AGGREGATE node
 *   select                its aggregates, as EXPR_AGGREGATE_REF numbers them
 *   an AGGREGATE node     its bare columns
 *   a select_window       its calls, as EXPR_WINDOW_REF numbers them
 *   a subquery's expr     column 0: its result, from an APPLY node upwards
 *   &apply->tuples        column 0: the number of a parameter tuple
 *   plan->owner           the result columns of a whole select (its topmost node); of one that is
 *                         planned for all tuples of an apply, their numbers come last
 * All is in the statement's compile arena. */
#ifndef STOA_SQL_PLAN_H
#define STOA_SQL_PLAN_H

#include "base/stack.h"
#include "sql/compile.h"
#include "sql/plan_expr.h"
#include "vm/join.h"

enum plan_kind {
    PLAN_ONE_ROW,   /* one row without columns: SELECT without FROM; parameters of a subquery */
    PLAN_SCAN,      /* item's table */
    PLAN_SOURCE,    /* item's table function or file */
    PLAN_SUBQUERY,  /* input's result columns as item's columns */
    PLAN_SHARED,    /* the rows of a common table expression that is computed once */
    PLAN_VALUES,    /* select's rows */
    PLAN_FILTER,    /* filters */
    PLAN_GATE,      /* filters, constants: without them nothing of the input is begun */
    PLAN_JOIN,      /* input probes the hash table of right */
    PLAN_LATERAL,   /* right, a SOURCE, once for each row of input, whose columns are arguments;
                       filters: the condition of an outer join */
    PLAN_AGGREGATE, /* select's groups */
    PLAN_WINDOW,    /* windows' calls, beside what comes from the input */
    PLAN_PROJECT,   /* select's result columns */
    PLAN_DISTINCT,  /* of result columns; DISTINCT ON: of the filters' values, below PROJECT */
    PLAN_SORT,      /* select's ORDER BY */
    PLAN_LIMIT,     /* select's LIMIT and OFFSET */
    PLAN_COMPOUND,  /* input op right */
    PLAN_RECURSIVE, /* rows of input, then what right makes of them, until nothing new comes */
    PLAN_QUEUE,     /* item: the rows that PLAN_RECURSIVE hands to its right side */
    PLAN_APPLY,     /* the rows of input, with the result of a correlated subquery, which right
                       computes for all of them at once */
    PLAN_TUPLES,    /* the distinct parameter tuples of apply's input, below its right side */
    PLAN_KIND_COUNT
};

struct plan_column {
    const void *owner;
    int32_t     column;
};
struct plan_columns {
    uint32_t            count, capacity;
    struct plan_column *items;
};
struct plan_key { /* of a hash join */
    struct expr   *probe, *build;
    enum affinity  affinity; /* applied to both; AFFINITY_NONE */
    enum collation collation;
    bool           null_equal;
};

struct apply { /* a correlated subquery, computed for all its parameter tuples at once */
    struct expr     *expr;       /* SUBQUERY, EXISTS, IN */
    uint32_t         parameters; /* its select's outers; then the operand of IN */
    double           rows;       /* estimate of the tuples */
    struct from_item tuples;     /* stands for them */
    struct expr      number;     /* column 0 of tuples */
    bool             needed;     /* somebody reads the result */
    int32_t          slot;       /* cg: of the memo */
};

struct plan {
    enum plan_kind      kind;
    double              rows;   /* estimate of what comes out */
    struct plan        *input;  /* NULL: a leaf */
    struct plan        *right;  /* JOIN: build side; COMPOUND: second term */
    struct select      *select; /* that it is part of */
    struct from_item   *item;
    const void         *owner; /* of the result columns, from PROJECT, VALUES, COMPOUND upwards */
    uint32_t            column_count;
    const struct plan  *aggregate; /* the select's AGGREGATE below: expressions mean its output */
    struct expr_list    filters;   /* SCAN, SOURCE, SUBQUERY, FILTER; JOIN: residual condition */
    struct expr        *rowid;     /* SCAN: only the row with this rowid, a constant in the loop */
    struct plan_shared *shared;    /* SHARED */
    /* JOIN */
    enum join_kind      join;
    struct plan_key    *keys;
    uint32_t            key_count;
    struct plan_columns probe_needs, build_needs; /* what is read above the join */
    struct apply       *apply; /* APPLY, TUPLES; AGGREGATE: a group for each of its tuples; PROJECT:
                                  the tuple's number is a result column; LIMIT: of each tuple's rows
                                */
    /* AGGREGATE */
    const struct expr_list *group_by; /* the keys: its select's, or a tuple's number */
    struct expr           **bare;     /* columns that are no group key */
    uint32_t                bare_count;
    int32_t            *key_bare;   /* [keys] bare column that stands for a key's value; -1: none */
    const struct expr **key_result; /* [keys] the result column that is the key; or NULL */
    bool                sorted;     /* groups come in the order of their keys */
    const bool *descending; /* [keys] directions in which groups are sorted; NULL: ascending */
    /* WINDOW */
    struct select_window *window; /* the first of a run of the select's list, with equal keys */
    uint32_t              window_count;
    struct expr          *keep_bound; /* rows are wanted while keep_kind <= (keep_strict: <) it;
                                         NULL: all */
    enum window_kind keep_kind;
    bool             keep_strict;
    /* WINDOW, APPLY */
    struct plan_columns carried; /* read above; all of an AGGREGATE's output is, unlisted */
    /* COMPOUND */
    enum compound_op op;
    /* PROJECT: which result columns were asked for already, one bit each */
    uint64_t *needed;
    /* RECURSIVE: each row runs alone through the recursive terms (DISTINCT, outer joins there) */
    bool    row_by_row;
    bool    blind; /* nobody sees in which order the rows come out (plan_sorted.c) */
    int32_t line;  /* of EXPLAIN QUERY PLAN (cg_line.h); 0: none */
};

enum plan_pass { /* bits of compile_context.passes_off */
                 PASS_PUSH_DOWN = 1,
                 PASS_JOIN_ORDER = 2,
                 PASS_HOIST = 4,
                 PASS_FOLD = 8,
                 PASS_UNNEST = 16,
                 PASS_SINK = 32, /* conditions into subqueries */
                 PASS_TRANSITIVE = 64,
                 PASS_GATE = 128,      /* constant conditions before the loops */
                 PASS_SHARE = 256,     /* common table expressions computed once */
                 PASS_FACTS = 512,     /* count, min, max of a table's column without a scan */
                 PASS_GROUP = 1024,    /* group keys that others decide */
                 PASS_FLATTEN = 2048,  /* subqueries in FROM become part of the select around */
                 PASS_SEEK = 4096,     /* scans that hear of the rows that they are joined with */
                 PASS_ORDER = 8192,    /* sorts of what is sorted, or seen by nobody, left out */
                 PASS_CLASSES = 16384, /* of a = b AND b = c follows a = c */
                 PASS_OUTER = 32768    /* outer joins whose NULLs a condition rejects */
};

struct plan_shared { /* a common table expression that is computed once */
    struct plan_shared *next;
    const struct cte   *cte;
    struct plan        *plan;
    uint32_t            kept;   /* columns of it that are read somewhere */
    uint32_t           *place;  /* [columns] number among the kept; UINT32_MAX: nobody reads it */
    bool                listed; /* by EXPLAIN QUERY PLAN */
    int32_t             rows, once, body,
        back; /* cg: rowset, flag, label and return register; body 0: none yet */
};

struct planner {
    const struct compile_context *context;
    struct arena                 *arena;
    struct error                 *err;
    struct program               *program;  /* to be told which tables' rows the plan trusts */
    const struct table           *changing; /* not these: the statement reads them after it wrote */
    struct plan_shared           *shared;
    uint32_t                      recursions; /* recursive terms around what is being planned */
    uint32_t      repeated; /* > 0: what is planned runs for one parameter tuple after another */
    bool          stops;    /* what is planned may be stopped before its last row */
    struct apply *apply;    /* what is planned is planned for all its tuples */
};

/* A plan may be right for the rows that table has now alone.  False: it has to be right for others,
 * too. */
bool plan_trusts(const struct planner *planner, struct table *table);

/* The plan of a whole select (compound, ORDER BY and LIMIT included). */
enum status plan_select(struct planner *planner, struct select *select, struct plan **plan);
/* Of one term alone, without its ORDER BY and LIMIT. */
enum status plan_term(struct planner *planner, struct select *select, struct plan **plan);
/* Plan of FROM and WHERE alone: what UPDATE and DELETE scan. */
enum status plan_from(struct planner *planner, struct select *select, const struct from_list *from,
                      struct expr *where, struct plan **plan);
/* plan_needs.c: tells the nodes below which columns the consumer reads; plan_need_results: all
 * result columns. */
enum status plan_need(struct planner *planner, struct plan *plan, const void *owner,
                      int32_t column);
enum status plan_need_expr(struct planner *planner, struct plan *plan, struct expr *expr,
                           const struct plan *aggregate);
enum status plan_need_results(struct planner *planner, struct plan *plan);
/* The nodes' own expressions; once, after the tree is built. */
enum status plan_needs(struct planner *planner, struct plan *plan);

/* plan_flatten.c: takes the subqueries in select's FROM apart that may be, outer joins that are
 * none before; once more costs little.  whole: select is no term of a compound. */
enum status plan_flatten(struct planner *planner, struct select *select, bool whole);

/* plan_outer.c: outer joins of from become inner ones where where, or ON, wants a row of the other
 * side. */
enum status plan_outer_joins(struct planner *planner, const struct from_list *from,
                             struct expr *where);
/* Whether expr is NULL where all columns of from's tables are NULL. */
bool plan_is_strict(const struct from_list *from, const struct expr *expr);

/* plan_group.c: the keys of select's groups without those that others decide. */
enum status plan_group_keys(struct planner *planner, const struct select *select,
                            const struct expr_list **keys);

/* Whose column a COLUMN or AGGREGATE_REF is. */
static inline const void *plan_owner(const struct expr *column)
{
    return column->kind == EXPR_COLUMN ? (const void *)column->resolved.source
                                       : (const void *)column->resolved.select;
}
/* The expression of a PROJECT node's result column. */
struct expr *plan_result(const struct plan *project, uint32_t column);

/* Of an expression above an AGGREGATE: the group key it equals, -1 if none; the bare column it is.
 */
int32_t plan_group_key(const struct plan *aggregate, struct expr *expr);
int32_t plan_bare_column(const struct plan *aggregate, const struct expr *expr);

/* plan_apply.c: puts APPLY nodes on *plan for the correlated subqueries in expr that can be
 * computed for all rows at once.  expr is evaluated above *plan; aggregate: above this node. */
enum status plan_apply(struct planner *planner, struct expr *expr, const struct plan *aggregate,
                       struct plan **plan);
/* plan_lookup.c: makes expr, a correlated subquery asked for `tuples` tuples, a search among rows
 * that are computed once, if *done. */
enum status plan_lookup(struct planner *planner, struct expr *expr, double tuples, bool *done);
/* What is being planned runs once, to its last row. */
bool plan_runs_once(const struct planner *planner);
/* Whether expr holds a correlated subquery, at any depth. */
bool plan_has_correlated(struct expr *expr);
/* For the select that is being planned for all tuples: the leaf for these; and the condition that
 * joins it to item, a correlated subquery of its FROM. */
enum status apply_tuples(struct planner *planner, struct plan **plan);
enum status apply_condition(struct planner *planner, struct from_item *item, struct expr **out);

/* plan_applicable.c: whether expr, of the correlated subquery select, looks at columns of enclosing
 * selects, at these alone. */
bool   plan_looks_outside(const struct select *select, struct expr *expr);
bool   plan_is_outside(const struct select *select, struct expr *expr);
double plan_largest_table(const struct select *term);
/* Whether call, a sum of select, cannot overflow with the rows that its tables have, which the
 * program then trusts: all values are known, and small enough; integers: and none is anything else.
 */
bool plan_sum_is_safe(const struct planner *planner, const struct select *select, struct expr *call,
                      bool integers);
/* Whether select, correlated, is inner joins of what can be read without the enclosing row, and
 * nothing shows that it is. */
bool plan_is_lookup(struct select *select);
/* Whether expr, a correlated SUBQUERY, EXISTS or IN, can be computed for
 * `tuples` tuples at once, and should.  conditional: it is not evaluated for every row. */
bool apply_is_possible(const struct planner *planner, const struct expr *expr, bool conditional,
                       double tuples);

/* Visits what a window is made of: its keys, its calls' arguments and conditions. */
void plan_walk_window(const struct select_window *window, expr_visit *visit, void *data);
/* Whether owner is one of the windows of a WINDOW node. */
bool plan_has_window(const struct plan *plan, const void *owner);

/* What the node's conditions say about the rows that a WINDOW below it needs (plan_window.c). */
void plan_tell_windows(const struct plan *plan);

/* plan_sorted.c: whether the rows of plan, a term's, are in the order of select's ORDER BY. */
bool plan_is_sorted(const struct planner *planner, const struct plan *plan,
                    const struct select *select);
/* Tells the nodes right below whether the order in which their rows come can be seen. */
void plan_tell_order(const struct planner *planner, struct plan *plan);

/* Rows that plan's nodes read and make, all together: what it costs to begin with it. */
double plan_work(const struct plan *plan);
/* plan_gate.c: constant conditions below *plan come before it, where it has no rows without them.
 */
enum status plan_lift_gates(struct planner *planner, struct plan **plan);

/* Needs no column of an enclosing select: within a correlated subquery it can be kept. */
bool plan_is_independent(const struct plan *plan);

/* plan_join.c: joins FROM items, using conjuncts (those used are removed). */
struct plan *plan_new(struct planner *planner, enum plan_kind kind, struct plan *input);
double plan_selectivity(struct expr *filter); /* plan_estimate.c: part of the rows it lets pass */
bool   plan_provides(const struct plan *plan, const void *owner);

/* --- plan_seek.c ---------------------------------------------------------------------------------
 */
/* Whether column op value, compared so, sees a stored column of item as it is: the scan may be told
 * of it.  value: a constant expression; NULL: a value of a register. */
bool plan_can_bound(const struct from_item *item, const struct expr *column, struct expr *value,
                    enum affinity affinity, enum collation collation);
/* column of item is the rowid or a unique key of its own. */
bool plan_is_unique(const struct from_item *item, const struct expr *column);

enum { VALUES_SOUGHT_MAX = 256 };
typedef void plan_value_visit(void *data, const struct expr *column, struct expr *value,
                              enum affinity affinity);
/* The number of constants of which one must equal *column where condition holds (column = a, or
 * column IN (a, b), or several such joined by OR), visiting each; 0: the condition is none such. */
uint32_t plan_values_sought(const struct from_item *item, struct expr *condition,
                            const struct expr **column, plan_value_visit *visit, void *data);

enum { KEY_ROWID = UINT32_MAX - 1, KEY_NONE = UINT32_MAX };
/* The unique key of a SCAN's table whose values its filters name; *rows: of the combinations. */
uint32_t plan_key_sought(const struct plan *scan, double *rows);

#endif
