/* resolve_internal.h - shared by resolve*.c: scopes and the pieces of the resolver. */
#ifndef STOA_SQL_RESOLVE_INTERNAL_H
#define STOA_SQL_RESOLVE_INTERNAL_H

#include "base/stack.h"
#include "sql/resolve.h"

/* A table, subquery or function whose columns can be named, and the operand of the join that it is
 * (part of): that one's join type and USING list apply to it. */
struct leaf {
    struct from_item *item, *operand;
    uint32_t nest; /* number of the first leaf in the same parentheses; its own if in none */
    bool     qualified; /* its columns are found by qualified names only: excluded */
};

/* Where names are looked up: the FROM of one select, then those of the selects around it. */
struct scope {
    struct scope      *outer;
    struct select     *select, *head; /* the term, and the compound it belongs to; NULL: DML */
    uint32_t           depth;         /* 0: outermost */
    uint32_t           leaf_count, leaf_capacity;
    struct leaf       *leaves;
    bool               hidden;        /* its FROM is being resolved: nothing can be named yet */
    bool               aliases;       /* result columns may be named by their aliases */
    bool               aggregates;    /* aggregates may stand here... */
    bool               before_groups; /* ...but not its own: WHERE, ON */
    bool               having;        /* HAVING is being resolved */
    bool               windows;       /* window functions may stand here */
    bool               transparent;   /* nothing can be named and no aggregate can belong here */
    const char        *aggregate_refusal; /* why not; NULL: "misuse of aggregate" */
    bool               columns_refused;   /* nothing can be named here or further out: LIMIT */
    struct with_scope *with;              /* visible around its expressions */
};

struct with_scope { /* a WITH clause whose names are visible */
    struct with_scope *outer;
    struct cte        *first;
};
struct cte_progress { /* the common table expressions and views being resolved */
    struct cte_progress *outer;
    const struct cte    *cte;
    const char          *view;
    struct select       *select; /* the copy of the cte's select that is being resolved */
};
/* What the arguments of the aggregate being resolved refer to. */
struct reference_track {
    struct reference_track *outer;
    uint32_t                depth;   /* of the scope where the aggregate stands */
    int32_t                 deepest; /* of the scopes it refers to, up to depth; -1: none */
};

struct resolver {
    struct resolve_context *context;
    struct arena           *arena;
    struct error           *err;
    struct with_scope      *with;
    struct cte_progress    *progress;
    struct reference_track *track;
    uint32_t                item_number; /* next from_item->number */
};

enum { VIEW_DEPTH_MAX = 100 };

/* --- resolve.c ----------------------------------------------------------------------------------
 */
/* outer: scope around it, NULL: none.  All of the compound. */
enum status resolve_select(struct resolver *r, struct select *select, struct scope *outer);

/* SET columns = value: target's columns, and an expression of scope. */
enum status resolve_assignment(struct resolver *r, struct scope *scope,
                               const struct from_item *target, struct assignment *assignment);

/* --- resolve_upsert.c ---------------------------------------------------------------------------
 */
/* ON CONFLICT clauses: the keys they mean, and what they do with the row that is there. */
enum status resolve_upserts(struct resolver *r, struct insert *insert, struct table *table);

/* --- resolve_from.c -----------------------------------------------------------------------------
 */
enum status resolve_from(struct resolver *r, struct scope *scope, struct from_list *from);
/* item as the only, or a further, leaf of scope. */
enum status scope_add(struct resolver *r, struct scope *scope, struct from_item *item,
                      struct from_item *operand);
enum status from_item_columns(struct resolver *r, struct from_item *item, uint32_t count);
enum status from_item_table(struct resolver *r, struct from_item *item, struct table *table);
enum status check_index(struct resolver *r, const struct from_item *item); /* INDEXED BY */
/* The table to be written: refuses views and unknown names. */
enum status resolve_target(struct resolver *r, struct name schema, struct name name,
                           struct table **table);
/* ON conditions, after result columns. */
enum status resolve_conditions(struct resolver *r, struct scope *scope, struct from_list *from);
/* What a result column calls a column of leaf l: within parentheses, names used before get ":1",
 * ":2"... */
enum status resolve_nested_name(struct resolver *r, const struct scope *scope, uint32_t l,
                                const char **name);
/* Replaces stars in the result list. */
enum status expand_stars(struct resolver *r, struct scope *scope, struct select *select);

/* --- resolve_name.c -----------------------------------------------------------------------------
 */
enum status resolve_column(struct resolver *r, struct scope *scope, struct expr *expr);
/* expr names leaf's column (-1: rowid) of the scope `levels` further out; fills expr->resolved. */
enum status bind_column(struct resolver *r, struct scope *scope, uint32_t levels,
                        struct from_item *item, int32_t column, struct expr *expr);
/* Notes that the selects from scope up to, not including, the one `levels` further out use node. */
enum status note_outer(struct resolver *r, struct scope *scope, uint32_t levels,
                       const struct expr *node);
int32_t     find_column(const struct from_item *item, struct name name); /* -1: none */
bool        is_rowid_name(struct name name);
bool        has_rowid(const struct from_item *item);
bool        names_hold(const struct name *names, uint32_t count, struct name name);
bool        name_equal(struct name a, struct name b);
/* An aggregate of select in expr, which stands there; nested: or in its subqueries.  NULL: none. */
const struct expr *find_aggregate(const struct select *select, const struct expr *expr,
                                  bool nested);
/* The result column whose alias is name; -1: none. */
int32_t find_alias(const struct select *select, struct name name);

/* --- resolve_expr.c -----------------------------------------------------------------------------
 */
enum status resolve_expr(struct resolver *r, struct scope *scope, struct expr *expr);
/* The same, and it must be one value. */
enum status resolve_scalar(struct resolver *r, struct scope *scope, struct expr *expr);
enum status resolve_list(struct resolver *r, struct scope *scope, struct expr_list *list);
enum status fail_width(struct resolver *r, const struct expr *expr);

/* --- resolve_type.c -----------------------------------------------------------------------------
 */
/* Affinity, collation and constancy of expr from those of its parts. */
void           resolve_type(struct expr *expr);
enum affinity  comparison_affinity(enum affinity a, enum affinity b);
enum collation comparison_collation(const struct expr *left, const struct expr *right);
/* Affinity of a result column of a (compound) select, as a table's column. */
enum affinity select_column_affinity(const struct select *select, uint32_t column);
/* Whether two resolved expressions compute the same. */
bool         expr_same(const struct expr *a, const struct expr *b);
struct expr *expr_skip_collate(struct expr *expr);

/* --- resolve_report.c ---------------------------------------------------------------------------
 */
/* DESCRIBE, SUMMARIZE: statement->select becomes the select that reports. */
enum status resolve_report(struct resolver *r, struct statement *statement);

/* --- resolve_aggregate.c ------------------------------------------------------------------------
 */
/* Appends a copy of the call expr to *calls, which has room for the next power of two. */
enum status calls_add(struct resolver *r, struct expr ***calls, uint32_t *count,
                      const struct expr *expr);

/* --- resolve_window.c ---------------------------------------------------------------------------
 */
/* The definitions of the WINDOW clause take what they inherit from earlier ones. */
enum status resolve_window_clause(struct resolver *r, struct select *select);
/* expr is a call of the window function kind (enum window_kind). */
enum status resolve_window_call(struct resolver *r, struct scope *scope, struct expr *expr,
                                int32_t kind);
/* term, an ORDER BY term, may be a result column: SQLite sorts by a copy of the expression, whose
 * calls over the select's first window it computes apart, below the other windows, and shows what
 * it sorted by.  It matters where the windows' orders do not tell rows apart. */
enum status resolve_window_order(struct resolver *r, struct select *select,
                                 struct order_term *term);
/* SQLite computes the aggregates of a select with windows in another order: those outside the windows
 * first, then what each window needs, from the outermost one, the first that appeared. */
enum status resolve_window_turns(struct resolver *r, struct select *select);
enum status fail_window_misuse(struct resolver *r, const char *name, int32_t position);
/* A reference to a window call in the select where expr stands; NULL: it holds none. */
const struct expr *find_window_ref(const struct expr *expr);

/* --- resolve_group.c ----------------------------------------------------------------------------
 */
/* Before the terms are resolved: GROUP BY ALL becomes positions; ROLLUP, CUBE and GROUPING SETS
 * become a list of keys and the sets of them. */
enum status group_expand(struct resolver *r, struct select *select);
/* After: keys that are the same become one. */
void group_merge(struct select *select);
/* ORDER BY ALL becomes positions. */
enum status order_expand(struct resolver *r, struct select *select);

/* --- resolve_aggregate.c ------------------------------------------------------------------------
 */
enum status resolve_function(struct resolver *r, struct scope *scope, struct expr *expr);
enum { TURN_OF_HAVING = 1U << 30 }; /* in an aggregate's turn: it stands in HAVING only */

#endif
