/* ast.h - the syntax tree of SQL statements: what the parser makes, the resolver completes and the
 * planner reads.
 *
 * Every node lives in the statement's arena.  Texts are (pointer, length) pairs into the arena,
 * quotes removed.  position is the byte offset in the statement's text, for error messages. Members
 * under "resolved" are zero until resolve_statement() has run. */
#ifndef STOA_SQL_AST_H
#define STOA_SQL_AST_H

#include "base/arena.h"
#include "base/value.h"
#include "store/schema.h"

struct expr;
struct select;
struct from_item;
struct function;
struct sample;
struct table;

struct name { /* an identifier; text is NUL-terminated in the arena; NULL: absent */
    const char *text;
    uint32_t    bytes;
    int32_t     position;
    bool        quoted_double; /* "x": may fall back to a string */
    bool        quoted;        /* in any quotes: no TRUE or FALSE */
};

/* --- expressions --------------------------------------------------------------------------------
 */
enum expr_kind {
    EXPR_LITERAL,  /* value */
    EXPR_COLUMN,   /* name (table.name, schema.table.name) -> resolved.source, resolved.column */
    EXPR_VARIABLE, /* parameter number variable (1-based) */
    EXPR_UNARY,    /* op, left: EXPR_OP_NEGATE PLUS BIT_NOT NOT ISNULL NOTNULL */
    EXPR_BINARY,   /* op, left, right */
    EXPR_BETWEEN,  /* left BETWEEN list[0] AND list[1]; negated */
    EXPR_IN,       /* left IN (list) | IN (select) | IN table (from made a select); negated; op LT
                      LE GT GE NE: left op ANY (select), negated: the opposite op with ALL */
    EXPR_LIKE,     /* op LIKE GLOB REGEXP: left, right, list[0] = ESCAPE; negated */
    EXPR_CASE, /* left (may be NULL) base; list = when, then, when, then...; right = else or NULL */
    EXPR_CAST, /* left, type_name */
    EXPR_COLLATE,       /* left, name */
    EXPR_FUNCTION,      /* name, list = arguments; star: f(*); distinct; filter; order_by; over */
    EXPR_SUBQUERY,      /* scalar: select */
    EXPR_EXISTS,        /* select */
    EXPR_ROW,           /* row value: list */
    EXPR_RAISE,         /* op = conflict, left = message */
    EXPR_STAR,          /* result list only: * or table.* */
    EXPR_AGGREGATE_REF, /* made by the resolver: aggregate number `column` of resolved.select */
    EXPR_WINDOW_REF,    /* made by the resolver: call number `column` over resolved.window */
    EXPR_KIND_COUNT
};
enum expr_op {
    EXPR_OP_NONE,
    EXPR_OP_NEGATE,
    EXPR_OP_PLUS,
    EXPR_OP_BIT_NOT,
    EXPR_OP_NOT,
    EXPR_OP_ISNULL,
    EXPR_OP_NOTNULL,
    EXPR_OP_ADD,
    EXPR_OP_SUBTRACT,
    EXPR_OP_MULTIPLY,
    EXPR_OP_DIVIDE,
    EXPR_OP_REMAINDER,
    EXPR_OP_CONCAT,
    EXPR_OP_BIT_AND,
    EXPR_OP_BIT_OR,
    EXPR_OP_SHIFT_LEFT,
    EXPR_OP_SHIFT_RIGHT,
    EXPR_OP_EQ,
    EXPR_OP_NE,
    EXPR_OP_LT,
    EXPR_OP_LE,
    EXPR_OP_GT,
    EXPR_OP_GE,
    EXPR_OP_IS,
    EXPR_OP_ISNOT,
    EXPR_OP_AND,
    EXPR_OP_OR,
    EXPR_OP_ARROW,
    EXPR_OP_ARROW2,
    EXPR_OP_LIKE,
    EXPR_OP_GLOB,
    EXPR_OP_REGEXP,
    EXPR_OP_ASSIGN, /* name => value, among the arguments of a table function */
    EXPR_OP_COUNT
};
/* The comparison that is true where op is false: of = <>, of < >=. */
static inline enum expr_op expr_op_opposite(enum expr_op op)
{
    switch (op) {
    case EXPR_OP_EQ:
        return EXPR_OP_NE;
    case EXPR_OP_NE:
        return EXPR_OP_EQ;
    case EXPR_OP_LT:
        return EXPR_OP_GE;
    case EXPR_OP_LE:
        return EXPR_OP_GT;
    case EXPR_OP_GT:
        return EXPR_OP_LE;
    case EXPR_OP_GE:
        return EXPR_OP_LT;
    default:
        return EXPR_OP_NONE;
    }
}
struct expr_list {
    uint32_t      count, capacity;
    struct expr **items;
};
struct order_term {
    struct expr *expr;
    bool         descending;
    int8_t       nulls; /* 0: default, 1: FIRST, 2: LAST */
    /* resolved */
    uint32_t result_column; /* 1-based: is that result column; 0: an expression of its own */
};
static inline bool order_nulls_last(const struct order_term *term)
{
    return term->nulls == 2 || (term->nulls == 0 && term->descending);
}
struct order_list {
    uint32_t           count, capacity;
    struct order_term *terms;
};
enum frame_unit { FRAME_ROWS, FRAME_RANGE, FRAME_GROUPS };
enum frame_bound {
    FRAME_UNBOUNDED_PRECEDING,
    FRAME_PRECEDING,
    FRAME_CURRENT_ROW,
    FRAME_FOLLOWING,
    FRAME_UNBOUNDED_FOLLOWING
};
/* NOTHING: unsaid.  NO OTHERS, written out, excludes nothing too, but has frames read afresh. */
enum frame_exclude {
    EXCLUDE_NOTHING,
    EXCLUDE_NO_OTHERS,
    EXCLUDE_CURRENT_ROW,
    EXCLUDE_GROUP,
    EXCLUDE_TIES
};
enum nulls_treated { NULLS_UNSAID, NULLS_RESPECTED, NULLS_IGNORED };
struct window_def {
    struct window_def *next;      /* of the WINDOW clause */
    struct name        name;      /* WINDOW name AS; or OVER name */
    struct name        base;      /* (base ...) */
    bool               reference; /* OVER name, without parentheses */
    struct expr_list   partition_by;
    struct order_list  order_by;
    bool               has_frame;
    enum frame_unit    unit;
    enum frame_bound   start, end;
    struct expr       *start_offset, *end_offset;
    enum frame_exclude exclude;
    int32_t            position;
};
enum star_change_kind { STAR_EXCLUDE, STAR_RENAME, STAR_REPLACE };
struct star_change { /* of * or table.*: EXCLUDE (name), RENAME (name AS to), REPLACE (expr AS name)
                      */
    struct star_change *next;
    uint8_t             kind; /* enum star_change_kind */
    bool                used; /* resolved: there was such a column */
    struct name         name, to;
    struct expr        *expr;
};
/* Made by the resolver: a window of a select, and the calls over it. */
struct select_window {
    struct select_window *next;
    struct window_def    *def;
    bool                  again; /* calls of the first window once more, for ORDER BY */
    uint32_t              call_count;
    struct expr         **calls; /* EXPR_FUNCTION nodes */
};
struct expr {
    uint8_t kind; /* enum expr_kind */
    uint8_t op;   /* enum expr_op */
    bool    negated, distinct, star;
    bool    parenthesised; /* "(x)": matters for row values and for collation of "+x" */
    uint8_t nulls;         /* FUNCTION: enum nulls_treated */
    bool    within_group; /* FUNCTION: list[0] was said by WITHIN GROUP (ORDER BY); negated: DESC */
    uint16_t         depth; /* height of this subtree, leaf 1; limit 1000 */
    int32_t          position;
    struct expr     *left, *right;
    struct expr_list list;
    struct value     value;             /* LITERAL */
    int32_t          variable;          /* VARIABLE */
    struct name    schema, table, name; /* COLUMN, FUNCTION (name), COLLATE (name), STAR (table) */
    struct name    type_name;           /* CAST */
    struct select *select;              /* SUBQUERY, EXISTS, IN */
    struct expr   *filter;              /* FUNCTION: FILTER (WHERE filter) */
    struct order_list   order_by;       /* FUNCTION: arguments' ORDER BY */
    struct window_def  *over;
    struct star_change *changes;     /* STAR */
    const char         *source_text; /* the expression as written, for result column names */
    uint32_t            source_bytes;
    /* resolved */
    struct {
        struct from_item *source; /* COLUMN: where it is from */
        struct select
                *select; /* COLUMN: the select whose FROM that is; AGGREGATE_REF: whose aggregate */
        int32_t  column; /* COLUMN: number, -1 rowid; AGGREGATE_REF: number */
        uint16_t levels_up; /* COLUMN, AGGREGATE_REF: 0 own select, 1 the enclosing one... */
        uint8_t  affinity;  /* enum affinity of the expression */
        uint8_t  collation; /* enum collation */
        bool     collation_explicit, collation_known; /* by COLLATE; by COLLATE or a column */
        bool     constant; /* no column, no aggregate, no subquery, only pure functions (parameters
                              count as constant) */
        uint8_t compare_affinity; /* comparison, IN, BETWEEN(low), CASE base: affinity applied to
                                     both sides, AFFINITY_NONE if none */
        uint8_t compare_collation;
        uint8_t compare_affinity_high, compare_collation_high; /* BETWEEN: of left <= list[1] */
        const struct function *function;                       /* FUNCTION: scalar */
        int32_t  aggregate_kind; /* FUNCTION: enum aggregate_kind + 1 (vm/aggregate.h); 0: scalar */
        int32_t  window_kind;    /* FUNCTION over a window: enum window_kind + 1 (vm/window.h) */
        uint32_t turn; /* FUNCTION, an aggregate: its turn among those of its select in a row */
        struct select_window *window; /* WINDOW_REF */
    } resolved;
};

/* --- select -------------------------------------------------------------------------------------
 */
enum join_type { /* bits, as written before the item */
                 JOIN_TYPE_INNER = 1,
                 JOIN_TYPE_CROSS = 2,
                 JOIN_TYPE_NATURAL = 4,
                 JOIN_TYPE_LEFT = 8,
                 JOIN_TYPE_RIGHT = 16,
                 JOIN_TYPE_OUTER = 32,
                 JOIN_TYPE_COMMA = 64 /* FULL is LEFT|RIGHT */
};
enum from_kind {
    FROM_TABLE,
    FROM_SUBQUERY,
    FROM_FUNCTION,
    FROM_NESTED,   /* (a JOIN b) */
    FROM_FILE,     /* 'file.csv' */
    FROM_RECURSION /* resolved: a recursive common table expression, in its own recursive term */
};
struct from_item {
    uint8_t           kind; /* enum from_kind */
    uint8_t           join; /* enum join_type bits towards the items before; 0 for the first */
    struct name       schema, name, alias; /* FILE: name is the path */
    struct select    *select;              /* SUBQUERY */
    struct expr_list  arguments;           /* FUNCTION */
    struct from_list *nested;              /* NESTED */
    struct expr      *on;
    struct name      *using_names;
    uint32_t          using_count;
    struct name       indexed_by;
    bool              not_indexed;
    int32_t           position;
    /* resolved; NATURAL and USING have their condition in `on`, NATURAL its columns in using_names
     */
    const char      **argument_names; /* FUNCTION: f(name = value); NULL for positional ones */
    struct table     *catalog_table;  /* TABLE that is one; a view or CTE becomes SUBQUERY */
    const void       *source_module;  /* FUNCTION, FILE: struct source_module (vm/source.h) */
    void             *source_state;   /* FILE, FUNCTION: what its bind made */
    const char       *display;        /* alias or name */
    uint32_t          column_count;
    const char      **column_names;
    uint8_t          *column_affinities, *column_collations;
    uint64_t         *columns_used; /* bits */
    bool              rowid_used;
    bool              untyped; /* excluded: its columns are values without affinity and collation */
    uint32_t          number;  /* unique within the statement, 0.. */
    struct cte       *cte;     /* a reference to a common table expression */
    struct from_item *next_reference; /* to the same one */
    struct select    *recursion;      /* RECURSION: the compound that it is a reference to */
    bool              temporary;      /* SUBQUERY: of a view in temp */
    bool              kept;           /* planner: SUBQUERY that is not taken apart */
};
struct from_list {
    uint32_t           count, capacity;
    struct from_item **items;
};
struct result_column {
    struct expr *expr; /* EXPR_STAR before resolution */
    struct name  alias;
    /* resolved */
    const char *name;    /* as sqlite3_column_name */
    bool        of_star; /* name is the one it has as a table's column, too */
    struct expr
        *unresolved; /* with an alias: a copy of expr as it was, for subqueries that name it */
};
struct cte {
    struct cte       *next;
    struct name       name;
    struct name      *columns;
    uint32_t          column_count;
    struct select    *select;
    int8_t            materialized; /* 0 unsaid, 1 MATERIALIZED, 2 NOT MATERIALIZED */
    bool              recursive;    /* of a WITH RECURSIVE clause; resolved: refers to itself */
    uint32_t          references;
    struct from_item *first_reference; /* resolved */
};
enum compound_op {
    COMPOUND_NONE,
    COMPOUND_UNION,
    COMPOUND_UNION_ALL,
    COMPOUND_INTERSECT,
    COMPOUND_EXCEPT
};
/* Rows of VALUES, some in a row: of expressions, or of literals, which need no resolver. */
struct values_rows {
    struct values_rows *next;
    uint32_t            rows, columns; /* columns: the select's column_count */
    struct expr       **exprs;         /* [rows * columns]; NULL: constants */
    struct value       *constants; /* [rows * columns]; texts lie in the statement's text or in the
                                      arena */
};
/* A correlated subquery as a search among the rows of a select that is not correlated.  IN: SELECT
 * y, k..., y IS NULL; else SELECT k..., x, argument ORDER BY k..., x, of which an aggregate of
 * those with the outer keys and with x in a range is asked for. */
struct lookup {
    struct select  *select;
    uint32_t        count;      /* of keys, then of the range's bounds */
    struct expr   **outer;      /* [count] expressions of the enclosing select */
    enum affinity  *affinities; /* [count] that they are compared with */
    enum collation *collations; /* [count] */
    /* not IN */
    bool         low, low_strict, high, high_strict;
    struct expr *call;   /* the aggregate; NULL: EXISTS */
    struct expr *result; /* of the subquery, of which the call is part */
};
/* A simple select, or one term of a compound.  The last term is the head that carries WITH, ORDER
 * BY and LIMIT of the whole; prior leads to the terms before it, leftmost last. */
struct select {
    struct select        *prior;
    enum compound_op      op; /* how this term is joined to prior */
    bool                  distinct, recursive_with;
    bool                  is_values;
    struct expr_list      distinct_on; /* the first row of each combination of their values */
    struct cte           *with;
    uint32_t              column_count, column_capacity;
    struct result_column *columns;
    struct from_list      from;
    struct expr          *where;
    struct expr_list      group_by;
    struct expr          *having;
    struct expr          *qualify; /* over windows as HAVING is over groups */
    struct window_def    *windows;
    struct order_list     order_by;
    struct expr          *limit, *offset;
    struct sample        *sampling;      /* USING SAMPLE, while it is not yet in FROM */
    uint32_t              values_rows;   /* is_values: how many rows there are */
    bool                  values_uneven; /* one more row, which was left out, has another width */
    struct values_rows   *values, *last_values; /* the first: of exprs; columns[] mirrors row 0 */
    int32_t               position;
    /* resolved */
    struct select *outer; /* enclosing select, NULL at the top */
    uint32_t       aggregate_count, aggregate_turns;
    struct expr *
        *aggregates;   /* EXPR_FUNCTION nodes; expressions refer to them by EXPR_AGGREGATE_REF */
    bool is_aggregate; /* has aggregates, GROUP BY */
    struct select_window *window_calls; /* the window that appeared last comes first */
    /* GROUPING SETS, ROLLUP, CUBE: bit i of a set is on if group_by's i-th key is in it; 0: GROUP
     * BY is one set of all its keys */
    uint32_t       grouping_set_count;
    uint64_t      *grouping_sets;
    bool           correlated;      /* refers to a column of an enclosing select */
    struct select *first_recursive; /* head of a recursive compound: its leftmost recursive term */
    struct from_item *recursion;    /* a recursive term: its reference to the compound */
    uint32_t          outer_count; /* distinct columns of enclosing selects used here or deeper: the
                                      parameters of memoised evaluation */
    struct lookup *lookup;         /* planner: what the select has become; NULL: nothing else */
    struct expr  **outers; /* one EXPR_COLUMN (or AGGREGATE_REF) node each, levels_up as seen from
                             this select */
};

/* The expression whose affinity and collation count when IN compares with select's column: the last
 * term's, and of VALUES the last row's. */
const struct expr *select_compared(const struct select *select, uint32_t column);

/* 1, or the number of a row value's members. */
static inline uint32_t expr_width(const struct expr *expr)
{
    if (expr->kind == EXPR_ROW)
        return expr->list.count;
    return expr->kind == EXPR_SUBQUERY ? expr->select->column_count : 1;
}

/* --- statements ---------------------------------------------------------------------------------
 */
enum statement_kind {
    STATEMENT_EMPTY,
    STATEMENT_SELECT,
    STATEMENT_INSERT,
    STATEMENT_UPDATE,
    STATEMENT_DELETE,
    STATEMENT_CREATE_TABLE,
    STATEMENT_CREATE_INDEX,
    STATEMENT_CREATE_VIEW,
    STATEMENT_CREATE_TRIGGER,
    STATEMENT_CREATE_VIRTUAL,
    STATEMENT_DROP,
    STATEMENT_ALTER,
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_SAVEPOINT,
    STATEMENT_RELEASE,
    STATEMENT_PRAGMA,
    STATEMENT_ATTACH,
    STATEMENT_DETACH,
    STATEMENT_VACUUM,
    STATEMENT_ANALYZE,
    STATEMENT_REINDEX,
    STATEMENT_COPY,
    STATEMENT_KIND_COUNT
};
enum report { REPORT_NONE, REPORT_DESCRIBE, REPORT_SUMMARIZE };
enum explain_mode {
    EXPLAIN_NONE,
    EXPLAIN_PROGRAM,
    EXPLAIN_QUERY_PLAN,
    EXPLAIN_ANALYZE,        /* runs it and shows the steps */
    EXPLAIN_ANALYZE_VERBOSE /* runs it and shows the ops */
};

struct column_def {
    struct name         name;
    const char         *type;  /* declared type, words joined as written; "" if none */
    uint32_t            flags; /* enum column_flag */
    enum conflict       not_null_conflict, unique_conflict, primary_conflict;
    bool                primary_descending, autoincrement;
    enum collation      collation;
    struct expr        *default_expr, *generated;
    const char         *default_sql, *generated_sql; /* source text */
    struct foreign_key *references;                  /* REFERENCES clause, NULL if none */
};
struct indexed_term {  /* of PRIMARY KEY, UNIQUE, CREATE INDEX */
    struct expr *expr; /* usually a column */
    bool         descending;
};
struct foreign_key {
    struct foreign_key *next;
    struct name        *columns, *parent_columns;
    uint32_t            column_count, parent_count;
    struct name         parent, match;
    uint8_t on_delete, on_update; /* 0 NO ACTION 1 RESTRICT 2 SET NULL 3 SET DEFAULT 4 CASCADE */
    bool    deferrable, initially_deferred;
};
enum table_constraint_kind {
    CONSTRAINT_PRIMARY_KEY,
    CONSTRAINT_UNIQUE,
    CONSTRAINT_CHECK,
    CONSTRAINT_FOREIGN_KEY
};
struct table_constraint {
    struct table_constraint *next;
    struct name              name;
    uint8_t                  kind; /* enum table_constraint_kind */
    struct indexed_term     *terms;
    uint32_t                 term_count;
    bool                     autoincrement;
    enum conflict            conflict;
    struct expr             *check;
    const char              *check_sql;
    struct foreign_key      *foreign_key;
};
struct create_table {
    struct name              schema, name;
    bool                     if_not_exists, temporary, without_rowid, strict;
    struct name              storage; /* STORAGE ROW | COLUMN | AUTO (ours) */
    uint32_t                 column_count, column_capacity;
    struct column_def       *columns;
    struct table_constraint *constraints; /* column CHECKs stand here too */
    struct select           *as_select;
};
struct create_index {
    struct name          schema, name, table;
    bool                 unique, if_not_exists;
    struct name          method; /* USING BITMAP|SKIPLIST|BTREE (ours) */
    struct indexed_term *terms;
    uint32_t             term_count;
    struct expr         *where;
};
struct create_view {
    struct name    schema, name;
    bool           if_not_exists, temporary;
    struct name   *columns;
    uint32_t       column_count;
    struct select *select;
};
struct assignment { /* SET (columns) = value */
    struct name *columns;
    uint32_t     column_count;
    struct expr *value; /* EXPR_ROW or SUBQUERY when column_count > 1 */
};
enum { UPSERT_ANY_KEY = -2, UPSERT_ROWID_KEY = -1 };
struct upsert {
    struct upsert       *next;
    struct indexed_term *target;
    uint32_t             target_count;
    struct expr         *target_where;
    bool                 do_nothing;
    struct assignment   *assignments;
    uint32_t             assignment_count;
    struct expr         *where;
    int32_t              key; /* resolved: number in the schema, or one of the above */
};
struct insert {
    struct cte           *with;
    bool                  recursive_with;
    enum conflict         conflict; /* OR clause; REPLACE INTO: CONFLICT_REPLACE */
    struct name           schema, table, alias;
    struct name          *columns;
    uint32_t              column_count;
    struct select        *select; /* VALUES too; NULL: DEFAULT VALUES */
    struct upsert        *upsert;
    uint32_t              returning_count;
    struct result_column *returning;
    /* resolved */
    struct select    *returned; /* RETURNING as a select from the target; NULL: none */
    struct from_item *target,
        *excluded; /* ON CONFLICT: the other row, and the one to be inserted */
};
struct update {
    struct cte           *with;
    bool                  recursive_with;
    enum conflict         conflict;
    struct from_item     *target;
    struct assignment    *assignments;
    uint32_t              assignment_count;
    struct from_list      from;
    struct expr          *where;
    uint32_t              returning_count;
    struct result_column *returning;
    /* resolved */
    struct select *returned; /* RETURNING as a select from the target; NULL: none */
};
struct delete_ {
    struct cte           *with;
    bool                  recursive_with;
    struct from_item     *target;
    struct expr          *where;
    uint32_t              returning_count;
    struct result_column *returning;
    /* resolved */
    struct select *returned; /* RETURNING as a select from the target; NULL: none */
};
struct drop {
    uint8_t     object; /* enum schema_kind */
    bool        if_exists;
    struct name schema, name;
};
struct pragma {
    struct name  schema, name;
    bool         has_value, called; /* = value; (value) */
    struct value value;             /* literal or word as TEXT */
};
struct copy_option { /* name [value]: a literal, a word as TEXT, or a list of names */
    struct copy_option *next;
    struct name         name;
    bool                has_value;
    struct value        value;
    struct expr_list    list;
};
struct copy {
    struct name         schema, table; /* or select */
    struct name        *columns;
    uint32_t            column_count;
    struct select      *select;
    bool                to; /* COPY ... TO; else FROM */
    struct name         file;
    struct copy_option *options;
};
struct statement {
    uint8_t      kind;         /* enum statement_kind */
    uint8_t      explain;      /* enum explain_mode */
    uint8_t      report;       /* enum report: on the columns of select, not its rows */
    bool         report_table; /* DESCRIBE table: keys and defaults too */
    const char  *sql;          /* the statement's own text (in arena), without the semicolon */
    const char  *sql_given;    /* the same in the text that was parsed */
    uint32_t     sql_bytes;
    int32_t      position; /* of sql in the text given: what the nodes' positions count from */
    uint32_t     variable_count; /* highest parameter number */
    const char **variable_names; /* [variable_count], NULL for ? */
    uint8_t      begin_mode;     /* BEGIN: 0 DEFERRED 1 IMMEDIATE 2 EXCLUSIVE */
    struct name  savepoint;      /* SAVEPOINT, RELEASE, ROLLBACK TO */
    const char  *unsupported; /* parsed, but not executable yet: the construct's name; position in
                                 unsupported_position */
    int32_t unsupported_position;
    union {
        struct select       *select;
        struct insert       *insert;
        struct update       *update;
        struct delete_      *delete_;
        struct create_table *create_table;
        struct create_index *create_index;
        struct create_view  *create_view;
        struct drop         *drop;
        struct pragma       *pragma;
        struct copy         *copy;
    };
};

/* As SQL writes it. */
const char *compound_name(enum compound_op op);

/* The tree as SQL, fully parenthesised, that parses to the same tree (but for names of parameters);
 * a resolved one as close to that as may be.  Ends in a newline. */
struct str;
void ast_dump(const struct statement *statement, struct str *out);
void ast_dump_expr(const struct expr *expr, struct str *out); /* one line, fully parenthesised */

#endif
