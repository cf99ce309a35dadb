/* resolve_internal.h - shared by resolve*.c: scopes and the pieces of the resolver. */
#ifndef STOA_SQL_RESOLVE_INTERNAL_H
#define STOA_SQL_RESOLVE_INTERNAL_H

#include "base/stack.h"
#include "sql/resolve.h"

/* What a name of FROM stands for: item's column (-1: rowid), or the coalesce of parts. */
struct column_ref {
    struct from_item        *item;
    int32_t                  column;
    bool                     of_nested;  /* a coalesce as a column of a join in parentheses */
    uint32_t                 part_count; /* 0: a column */
    const struct column_ref *parts;
};

/* A column of a join in parentheses.  One that USING merges there stands twice and more: first as
 * itself, of no table, and then as column of each table. */
struct nested_column {
    const char       *schema, *table, *name; /* where it is from; ""s: of USING */
    struct column_ref ref;
    bool              merged;   /* USING's: hides what has the name behind it */
    bool              unlisted; /* * leaves it out */
    bool              rowid;    /* the rowid of table: found by the names of rowids */
};

/* One operand of the joins of a FROM: a table, subquery or function whose columns can be named, or
 * a join in parentheses. */
struct leaf {
    struct from_item     *item;
    struct leaf          *leaves;  /* NESTED: the operands within the parentheses */
    struct nested_column *columns; /* NESTED: item->column_count */
    uint32_t              leaf_count;
    bool                  qualified; /* its columns are found by qualified names only: excluded */
};

/* Where names are looked up: the FROM of one select, then those of the selects around it. */
struct scope {
    struct scope      *outer;
    struct select     *select, *head; /* the term, and the compound it belongs to; NULL: DML */
    uint32_t           depth;         /* 0: outermost */
    uint32_t           leaf_count, leaf_capacity;
    uint32_t           table_count; /* in leaves and within their parentheses */
    struct leaf       *leaves;
    const struct expr *failed;        /* the first name in parentheses that means nothing... */
    const char        *failure;       /* ...and why; NULL: none */
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

enum { VIEW_DEPTH_MAX = 100, TABLES_MAX = 64 /* in a join, as in SQLite */ };

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
/* Gives item, which is not NESTED, its columns. */
enum status resolve_from_item(struct resolver *r, struct scope *scope, struct from_item *item);
/* item as the only, or a further, leaf of scope. */
enum status scope_add(struct resolver *r, struct scope *scope, struct from_item *item);
enum status from_item_columns(struct resolver *r, struct from_item *item, uint32_t count);
enum status from_item_table(struct resolver *r, struct from_item *item, struct table *table);
/* INDEXED BY names an index of table; NULL: of a view. */
enum status check_index(struct resolver *r, const struct from_item *item,
                        const struct table *table);
/* The table to be written: refuses views and unknown names. */
enum status resolve_target(struct resolver *r, struct name schema, struct name name,
                           struct table **table);
/* *name as the name of item's column i: one that an earlier column has gets ":1", ":2"... in place
 * of the number that it may have; a boolean's becomes "column3".  nested: the columns where item is
 * NESTED, or NULL; behind a merged one i is unlisted. */
enum status unique_name(struct resolver *r, const struct from_item *item, uint32_t i,
                        const char **name, struct nested_column *nested);

/* --- resolve_join.c -----------------------------------------------------------------------------
 */
enum status resolve_from(struct resolver *r, struct scope *scope, struct from_list *from);
/* ON conditions, after result columns. */
enum status resolve_conditions(struct resolver *r, struct scope *scope, struct from_list *from);
bool        is_hidden(const struct from_item *item, uint32_t column);
/* Column i of leaf as seen in its FROM. */
struct column_ref leaf_column(const struct leaf *leaf, uint32_t i);
/* The same, as SQLite comes to it when it expands a star: by its qualified name, which may be
 * ambiguous; i = column_count: the rowid. */
enum status leaf_column_by_name(struct resolver *r, struct scope *scope, const struct leaf *leaf,
                                uint32_t i, int32_t position, struct column_ref *ref);

/* --- resolve_star.c -----------------------------------------------------------------------------
 */
/* Replaces stars in the result list. */
enum status expand_stars(struct resolver *r, struct scope *scope, struct select *select);

/* --- resolve_name.c -----------------------------------------------------------------------------
 */
enum status resolve_column(struct resolver *r, struct scope *scope, struct expr *expr);
/* What the name in expr means in the FROM of scope alone.  Unknown and ambiguous names are errors;
 * in a hidden scope *ref stays as it was and fail_deferred reports the first of them. */
enum status find_name(struct resolver *r, struct scope *scope, const struct expr *expr,
                      struct column_ref *ref);
enum status fail_deferred(struct resolver *r, const struct scope *scope);
/* The name of the column of parentheses that the name in expr means in scope; NULL: none such. */
const char *nested_name(const struct scope *scope, const struct expr *expr);
/* A name, not resolved.  NULL: memory. */
struct expr *column_new(struct resolver *r, struct name name, int32_t position);
/* "main", "temp", or "*" for what is in no schema. */
const char *item_schema(const struct from_item *item);
/* expr becomes ref, of the scope `levels` further out. */
enum status bind_ref(struct resolver *r, struct scope *scope, uint32_t levels,
                     const struct column_ref *ref, struct expr *expr);
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

/* As sqlite3_column_name: the alias, the column's own name, or the text.  nested: its name as
 * column of parentheses, NULL: it is none. */
enum status name_result(struct resolver *r, struct scope *scope, uint32_t i, const char *nested);

/* --- resolve_values.c ---------------------------------------------------------------------------
 */
/* Of the terms of head those VALUES with window functions become SELECTs, one for each row: these
 * are what a window function sees one row of. */
enum status values_take_windows(struct resolver *r, struct select *head);
enum status resolve_values(struct resolver *r, struct scope *scope);

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
/* SQLite computes the aggregates of a select with windows in another order: those outside the
 * windows first, then what each window needs, from the outermost one, the first that appeared. */
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
