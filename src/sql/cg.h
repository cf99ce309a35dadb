/* cg.h - the code generator: plan to program, by produce and consume.
 *
 * cg_produce(plan, sink) emits the loop that makes plan's batches and, where a batch is ready,
 * calls the sink, which emits what happens to it.  When the sink's code falls through its end, or
 * jumps to the label `next`, the batch is done.  A sink's code may leave other batches current, so
 * a producer does not count on its own batch afterwards.
 *
 * Columns and common subexpressions are found on a stack of entries: what is known at this place
 * of the program, newest last.  Registers are made lazily, where they are first asked for.  An
 * entry holds as long as the code after it is dominated by it: whoever emits code that may be
 * jumped over (a loop body, a CASE branch) truncates the stack behind it.  A FLOOR hides the batch
 * registers before it, for a new batch begins; constants stay visible. */
#ifndef STOA_SQL_CG_H
#define STOA_SQL_CG_H

#include "sql/cg_line.h"

enum cg_entry_kind {
    CG_REGISTER,    /* (owner, column) is in reg */
    CG_EXPRESSION,  /* expr is in reg */
    CG_JOIN_COLUMN, /* (owner, column) is column `number` of the build side of join `slot` */
    CG_JOIN_CARRY,  /* (owner, column) was in reg in the probe batch of join `slot` */
    CG_CURSOR,      /* every column of owner: column number + number of cursor `slot` */
    CG_SORTED,      /* (owner, column) is column `number` of cursor `slot` */
    CG_PROJECT,     /* every column of owner: an expression of plan->select */
    CG_ALIAS,       /* every column of owner: the same column of plan->owner */
    CG_DEAD,        /* nothing any more */
    CG_FLOOR        /* what stands in [number, here) is hidden; below that, all but constants */
};
struct cg_scan { /* of a table: which columns are read is known when the loop is emitted */
    struct table *table;
    uint64_t     *used;
};
struct cg_entry {
    uint8_t            kind;
    bool               constant; /* the register is one for all batches that follow */
    const void        *owner;
    int32_t            column, reg, slot, number;
    struct expr       *expr;
    const struct plan *plan;
    struct cg_scan    *scan;
};
struct cg_constant { /* hoisted in front of the program */
    struct expr *expr;
    int32_t      reg;
};

struct cg_queue { /* of a recursive query whose recursive terms are being emitted */
    struct cg_queue     *outer;
    const struct select *select; /* the compound */
    int32_t slot; /* the rowset; the cursor on it stands on the batch that is to be worked on */
};

struct cg_sought { /* the rows of a scan that a finished join build can meet */
    const struct cg_sought *outer;
    const struct plan      *scan;
    int32_t                 column, slot;
    uint32_t                number; /* column of the slot's rows */
};

struct cg_set { /* of an IN (SELECT), made before the loop that the condition stands in */
    const struct cg_set *outer;
    const struct expr   *in;
    int32_t              slot;
};

struct cg {
    const struct compile_context *context;
    struct planner                planner;
    struct program               *program;
    struct arena                 *arena; /* of the compilation; descriptors go to program->arena */
    struct error                 *err;
    const char                   *sql_given; /* the statement in the text that was parsed: */
    uint32_t                      sql_bytes; /* program->sql is a copy */
    enum status                   status;    /* sticky: the first failure */
    bool                          explained; /* the plan's lines are wanted: cg_line.h */
    uint32_t                      entry_count, entry_capacity;
    struct cg_entry              *entries;
    uint32_t                      constant_count, constant_capacity;
    struct cg_constant           *constants;
    struct cg_queue              *queues; /* of the recursive queries around this place */
    const struct cg_set          *sets;
    const struct cg_sought       *sought;     /* by the joins around this place */
    const struct plan            *aggregate;  /* expressions being emitted are above it */
    uint32_t                      loop_depth; /* > 0: code here may run many times */
    uint32_t                      memo_depth; /* > 0: in a correlated subquery */
    bool                          one_row;    /* the current batch is one row, for sure */
    bool                          in_prologue;
    uint32_t                      line_count, line_capacity;
    struct cg_line               *lines; /* line n is lines[n - 1] */
    int32_t                       line_parent, line_end;
    uint32_t                      subqueries; /* that have a heading */
};

struct cg_sink {
    void (*consume)(struct cg *cg, struct cg_sink *sink, int32_t next);
    struct cg_sink    *parent;
    const struct plan *plan;
};

/* --- cg.c: context ------------------------------------------------------------------------------
 */
void cg_fail(struct cg *cg, enum status status); /* keeps the first */
/* True if nothing has failed, nobody interrupts, and the C stack does for one more level; position
 * in the text is for the error. */
bool cg_may_go_deeper(struct cg *cg, int32_t position);
void cg_unsupported(struct cg *cg, int32_t position, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int32_t cg_emit(struct cg *cg, enum opcode code, int32_t p1, int32_t p2, int32_t p3);
void    cg_emit_i(struct cg *cg, enum opcode code, int32_t p1, int32_t p2, int32_t p3, int64_t p4);
void    cg_emit_p4(struct cg *cg, enum opcode code, int32_t p1, int32_t p2, int32_t p3,
                   const void *p4);
void   *cg_alloc(struct cg *cg, size_t bytes);    /* zeroed, in the program's arena; NULL: failed */
char   *cg_text(struct cg *cg, const char *text); /* a copy there */
const struct value *cg_value(struct cg *cg, const struct value *value);
int32_t             cg_label(struct cg *cg);
void                cg_here(struct cg *cg, int32_t label);
int32_t             cg_registers(struct cg *cg, uint32_t count);
int32_t             cg_slot(struct cg *cg);

struct cg_entry *cg_push(struct cg *cg, enum cg_entry_kind kind, const void *owner);
uint32_t         cg_mark(const struct cg *cg);
void             cg_truncate(struct cg *cg, uint32_t mark);
void cg_forget(struct cg *cg, int32_t reg); /* its content changes: no entry may name it */
void cg_floor(struct cg *cg, uint32_t hide_from);
/* (owner, column) in a register: target, or any if target is 0. */
int32_t cg_column(struct cg *cg, const void *owner, int32_t column, int32_t target);
bool    cg_has_column(const struct cg *cg, const void *owner, int32_t column);
/* A register found on the stack for expr; 0: none. */
int32_t cg_known(struct cg *cg, struct expr *expr);
int32_t cg_hoist(struct cg *cg, struct expr *expr); /* register of a constant expression */
void    cg_prologue(struct cg *cg);                 /* emits the hoisted constants */

/* --- cg_expr.c ----------------------------------------------------------------------------------
 */
int32_t cg_expr(struct cg *cg, struct expr *expr); /* a register that must not be changed */
void    cg_expr_to(struct cg *cg, struct expr *expr, int32_t target);
/* The same, for a register that will be changed in place (Affinity, Cast, Blend). */
void cg_private_to(struct cg *cg, struct expr *expr, int32_t target);
void cg_constant_to(struct cg *cg, const struct value *value, int32_t target);
void cg_affinity(struct cg *cg, int32_t first, uint32_t count, const char *affinities);
/* ORDER BY of a recursive query, for OP_QueueOrder. */
const struct queue_desc *cg_queue_order(struct cg *cg, const struct select *select);
/* Result column of the select planned as plan. */
void cg_result_to(struct cg *cg, const struct plan *plan, uint32_t column, int32_t target);
enum collation cg_comparison_collation(const struct expr *left, const struct expr *right);
/* n values of a row (EXPR_ROW, or a subquery with n columns) into registers from first on. */
void         cg_row_to(struct cg *cg, struct expr *expr, int32_t first);
struct expr *cg_member(const struct expr *expr, uint32_t index); /* for its affinity, collation */

/* --- cg_cond.c ----------------------------------------------------------------------------------
 */
/* Narrows the selection to the rows where expr is true; jumps to next if none is left. */
void        cg_filter(struct cg *cg, struct expr *expr, int32_t next);
void        cg_filters(struct cg *cg, const struct expr_list *conjuncts, int32_t next);
enum opcode cg_comparison(enum expr_op op); /* of values: r[P3] = r[P2] op r[P1] */
void        cg_compare_to(struct cg *cg, struct expr *expr, int32_t target);
void        cg_between_to(struct cg *cg, struct expr *expr, int32_t target);
void        cg_logic_to(struct cg *cg, struct expr *expr, int32_t target);
void        cg_case_to(struct cg *cg, struct expr *expr, int32_t target);
void        cg_coalesce_to(struct cg *cg, struct expr *expr, int32_t target);

/* --- cg_subquery.c ------------------------------------------------------------------------------
 */
void cg_subquery_to(struct cg *cg, struct expr *expr, uint32_t column, int32_t target);
void cg_exists_to(struct cg *cg, struct expr *expr, int32_t target);
void cg_in_to(struct cg *cg, struct expr *expr, int32_t target); /* without NOT */
/* Runs sink->plan with it in the current batch of one row, up to the label done. */
void cg_run(struct cg *cg, struct cg_sink *sink, int32_t done);
/* What stands between runs once an execution, in a batch of one row. */
int32_t cg_once_begin(struct cg *cg);
void    cg_once_end(struct cg *cg, int32_t skip);
void    cg_lookup_to(struct cg *cg, struct expr *expr, int32_t target); /* cg_lookup.c */
/* Of x IN (SELECT) with one column and without columns of enclosing selects: the affinity of its
 * members; the set, once, here.  False: it is no such, or failed. */
bool cg_in_select(const struct expr *expr, enum affinity *affinity);
bool cg_in_set(struct cg *cg, struct expr *expr, int32_t *slot);
/* How IN compares: the affinity letters that both sides get first, the collation of a member. */
char          *cg_in_affinities(struct cg *cg, const struct expr *in, uint32_t width);
enum collation cg_in_collation(const struct expr *in, uint32_t member);

/* --- cg_node.c, cg_join.c, cg_sort.c... ----------------------------------------------------------
 */
void cg_produce(struct cg *cg, const struct plan *plan, struct cg_sink *sink);
void cg_consume(struct cg *cg, struct cg_sink *sink, int32_t next);
void cg_produce_join(struct cg *cg, const struct plan *plan, struct cg_sink *sink);
void cg_produce_aggregate(struct cg *cg, const struct plan *plan, struct cg_sink *sink);
void cg_produce_sort(struct cg *cg, const struct plan *plan, struct cg_sink *sink);
void cg_produce_tuples(struct cg *cg, const struct plan *plan, struct cg_sink *sink);
void cg_produce_apply(struct cg *cg, const struct plan *plan, struct cg_sink *sink);
void cg_produce_window(struct cg *cg, const struct plan *plan, struct cg_sink *sink);
void cg_produce_limit(struct cg *cg, const struct plan *plan, struct cg_sink *sink);
void cg_produce_distinct(struct cg *cg, const struct plan *plan, struct cg_sink *sink);
void cg_produce_compound(struct cg *cg, const struct plan *plan, struct cg_sink *sink);
void cg_produce_recursive(struct cg *cg, const struct plan *plan, struct cg_sink *sink);
void cg_produce_queue(struct cg *cg, const struct plan *plan, struct cg_sink *sink);
void cg_produce_shared(struct cg *cg, const struct plan *plan, struct cg_sink *sink);
void cg_produce_values(struct cg *cg, const struct plan *plan, struct cg_sink *sink);
void cg_one_row(struct cg *cg); /* makes the batch one row, unless it is */
/* What a WINDOW or APPLY node hands up beside what it computes: how many columns, into registers
 * from first on (gives the one behind them), and as columns of cursor slot from number on. */
uint32_t cg_carried(const struct plan *plan);
int32_t  cg_carry(struct cg *cg, const struct plan *plan, int32_t first);
void     cg_push_carried(struct cg *cg, const struct plan *plan, int32_t slot, uint32_t number);
const uint8_t *cg_result_collations(struct cg *cg, const struct select *select);
/* Plans select, with its needs told.  stops: its rows may not all be asked for.  NULL: failed. */
struct plan *cg_plan(struct cg *cg, struct select *select, bool stops);
/* Loops over the rows of a finished cursor slot: binds nothing, calls the sink in the loop. */
void cg_loop(struct cg *cg, enum opcode first, int32_t slot, struct cg_sink *sink);

/* --- statements ---------------------------------------------------------------------------------
 */
void cg_program(struct cg *cg, struct statement *statement); /* all of it */
void cg_statement(struct cg *cg, struct statement *statement);
void cg_select(struct cg *cg, struct select *select);
void cg_insert(struct cg *cg, struct insert *insert);
void cg_update(struct cg *cg, struct update *update);
void cg_delete(struct cg *cg, struct delete_ *delete_);
void cg_copy(struct cg *cg, struct copy *copy);
void cg_create_table(struct cg *cg, const struct statement *statement);
void cg_create_index(struct cg *cg, const struct statement *statement);
void cg_create_view(struct cg *cg, const struct statement *statement);
void cg_drop(struct cg *cg, const struct drop *drop);
void cg_pragma(struct cg *cg, const struct pragma *pragma);
void cg_transaction(struct cg *cg, const struct statement *statement);
void cg_begin_statement(struct cg *cg, bool writes); /* the Transaction op */
void cg_result_names(struct cg *cg, const struct select *select);

/* --- cg_explain.c -------------------------------------------------------------------------------
 */
/* Makes program show inner's listing, plan, or run (program then owns inner, on failure too). */
enum status cg_explain(const struct compile_context *context, struct program *program,
                       struct program *inner, enum explain_mode mode, struct error *err);

#endif
