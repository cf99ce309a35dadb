/* cg_node.c - loops of the plan's simple nodes: scans, table functions, filters, projections,
 * subqueries. */
#include "sql/cg.h"

void cg_consume(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct cg_place place = cg_line_sink(cg, sink);

    if (cg->status == STATUS_OK)
        sink->consume(cg, sink, next);
    cg_line_leave(cg, place);
}

struct plan *cg_plan(struct cg *cg, struct select *select, bool stops)
{
    struct plan *plan;
    uint32_t     recursions = cg->planner.recursions;
    enum status  status;

    cg->planner.repeated = cg->memo_depth;
    cg->planner.stops = stops;
    cg->planner.recursions += cg->queues != NULL;
    status = plan_select(&cg->planner, select, &plan);
    cg->planner.recursions = recursions;
    if (status == STATUS_OK)
        status = plan_needs(&cg->planner, plan);
    if (status == STATUS_OK)
        status = plan_need_results(&cg->planner, plan);
    if (status != STATUS_OK) {
        cg_fail(cg, status);
        return NULL;
    }
    cg_plan_lines(cg, plan);
    return plan;
}

void cg_one_row(struct cg *cg)
{
    if (!cg->one_row)
        cg_emit(cg, OP_OneRow, 0, 0, 0);
    cg->one_row = true;
}

void cg_loop(struct cg *cg, enum opcode first, int32_t slot, struct cg_sink *sink)
{
    int32_t  end = cg_label(cg), next = cg_label(cg), loop;
    uint32_t mark = cg_mark(cg);

    cg->one_row = false;
    cg->loop_depth++;
    cg_emit(cg, first, slot, end, 0);
    loop = program_address(cg->program);
    cg_consume(cg, sink, next);
    cg_here(cg, next);
    cg_emit(cg, OP_Next, slot, loop, 0);
    cg_here(cg, end);
    cg_truncate(cg, mark);
    cg->loop_depth--;
    cg->one_row = false;
}

/* --- scans -------------------------------------------------------------------------------------
 */
struct scan_sink {
    struct cg_sink  sink;
    int32_t         slot;
    struct cg_scan *scan; /* NULL: a table function */
};

static void consume_scan(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct scan_sink *self = (struct scan_sink *)sink;
    struct cg_entry  *entry = cg_push(cg, CG_CURSOR, sink->plan->item);

    entry->slot = self->slot;
    entry->scan = self->scan;
    cg_filters(cg, &sink->plan->filters, next);
    cg_consume(cg, sink->parent, next);
}

static int bound_of(const struct expr *expr, bool swapped)
{
    switch (expr->op) {
    case EXPR_OP_EQ:
        return BOUND_EQ;
    case EXPR_OP_LT:
        return swapped ? BOUND_GT : BOUND_LT;
    case EXPR_OP_LE:
        return swapped ? BOUND_GE : BOUND_LE;
    case EXPR_OP_GT:
        return swapped ? BOUND_LT : BOUND_GT;
    case EXPR_OP_GE:
        return swapped ? BOUND_LE : BOUND_GE;
    default:
        return -1;
    }
}

/* Column numbers of a cursor: the rowid is the alias, -1 without one. */
static int32_t cursor_column(const struct plan *scan, const struct expr *column)
{
    return column->resolved.column >= 0 ? column->resolved.column
                                        : table_schema(scan->item->catalog_table)->rowid_column;
}

static void emit_bound_value(struct cg *cg, int32_t slot, int32_t column, struct expr *value,
                             int bound, enum affinity affinity)
{
    int32_t reg = cg_registers(cg, 1), address;
    char    letter[2] = {(char)affinity, 0};

    cg_emit(cg, OP_SCopy, cg_hoist(cg, value), reg, 0);
    cg_affinity(cg, reg, 1, letter);
    address = cg_emit(cg, OP_Bound, slot, column, reg);
    program_op(cg->program, address)->p5 = (uint16_t)bound;
}

/* column op value is told to the scan, if it may be. */
static void emit_bound(struct cg *cg, const struct plan *plan, int32_t slot, struct expr *column,
                       struct expr *value, int bound, enum affinity affinity,
                       enum collation collation)
{
    column = expr_strip(column);
    if (bound >= 0 && plan_can_bound(plan->item, column, value, affinity, collation))
        emit_bound_value(cg, slot, cursor_column(plan, column), value, bound, affinity);
}

struct among_emit {
    struct cg         *cg;
    const struct plan *scan;
    int32_t            slot;
};

static void emit_among(void *data, const struct expr *column, struct expr *value,
                       enum affinity affinity)
{
    const struct among_emit *self = data;

    emit_bound_value(self->cg, self->slot, cursor_column(self->scan, column), value, BOUND_AMONG,
                     affinity);
}

static void emit_bounds(struct cg *cg, const struct plan *plan, int32_t slot)
{
    struct among_emit  among = {cg, plan, slot};
    const struct expr *column;

    if ((cg->context->passes_off & PASS_PUSH_DOWN) != 0)
        return;
    for (uint32_t i = 0; i < plan->filters.count; i++) {
        struct expr *expr = plan->filters.items[i];

        if (expr->kind == EXPR_BINARY && bound_of(expr, false) >= 0) {
            emit_bound(cg, plan, slot, expr->left, expr->right, bound_of(expr, false),
                       expr->resolved.compare_affinity, expr->resolved.compare_collation);
            emit_bound(cg, plan, slot, expr->right, expr->left, bound_of(expr, true),
                       expr->resolved.compare_affinity, expr->resolved.compare_collation);
        } else if (expr->kind == EXPR_BETWEEN && !expr->negated) {
            emit_bound(cg, plan, slot, expr->left, expr->list.items[0], BOUND_GE,
                       expr->resolved.compare_affinity, expr->resolved.compare_collation);
            emit_bound(cg, plan, slot, expr->left, expr->list.items[1], BOUND_LE,
                       expr->resolved.compare_affinity_high, expr->resolved.compare_collation_high);
        } else {
            plan_values_sought(plan->item, expr, &column, emit_among, &among);
        }
    }
    for (const struct cg_sought *sought = cg->sought; sought != NULL; sought = sought->outer)
        if (sought->scan == plan)
            cg_emit_i(cg, OP_BoundRows, slot, sought->column, sought->slot, sought->number);
}

/* Where key IN (SELECT) is a condition, the set is made first and the scan told of its members. */
static void emit_sets(struct cg *cg, const struct plan *plan, int32_t slot)
{
    if ((cg->context->passes_off & PASS_SEEK) != 0)
        return;
    for (uint32_t i = 0; i < plan->filters.count; i++) {
        struct expr       *in = plan->filters.items[i];
        const struct expr *column = in->kind == EXPR_IN ? expr_strip(in->left) : NULL;
        enum affinity      affinity;
        struct cg_set     *set;

        if (column == NULL || column->kind != EXPR_COLUMN ||
            column->resolved.source != plan->item || !plan_is_unique(plan->item, column) ||
            table_row_count(plan->item->catalog_table) <= VECTOR_CAP ||
            !cg_in_select(in, &affinity) ||
            !plan_can_bound(plan->item, column, NULL, affinity, in->resolved.compare_collation))
            continue;
        set = arena_alloc(cg->arena, sizeof *set);
        if (set == NULL) {
            cg_fail(cg, fail_nomem(cg->err));
            return;
        }
        *set = (struct cg_set){.outer = cg->sets, .in = in};
        if (!cg_in_set(cg, in, &set->slot))
            return;
        cg->sets = set;
        cg_emit_i(cg, OP_BoundRows, slot, cursor_column(plan, column), set->slot, 0);
    }
}

/* The loop is emitted: now it is known which columns it reads. */
static void finish_scan(struct cg *cg, struct scan_desc *desc, const struct cg_scan *scan)
{
    uint32_t  columns = table_schema(scan->table)->column_count;
    uint32_t *list = cg_alloc(cg, (columns + 1) * sizeof *list);

    if (list == NULL)
        return;
    for (BITS_EACH(i, scan->used, columns))
        list[desc->column_count++] = (uint32_t)i;
    desc->columns = list;
}

static void produce_scan(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    struct table        *table = plan->item->catalog_table;
    uint32_t             columns = table_schema(table)->column_count;
    struct cg_scan      *scan = arena_zalloc(cg->arena, sizeof *scan);
    struct scan_desc    *desc = cg_alloc(cg, sizeof *desc);
    struct scan_sink     sink = {{consume_scan, parent, plan}, cg_slot(cg), scan};
    const struct cg_set *sets = cg->sets;
    static const char    integer[2] = {AFFINITY_INTEGER, 0};

    if (scan == NULL || desc == NULL) {
        cg_fail(cg, STATUS_NOMEM);
        return;
    }
    desc->table = table;
    scan->table = table;
    scan->used = arena_zalloc(cg->arena, bits_words(columns + 1) * 8);
    if (scan->used == NULL) {
        cg_fail(cg, fail_nomem(cg->err));
        return;
    }
    cg_emit_p4(cg, OP_OpenRead, sink.slot, 0, 0, desc);
    if (plan->rowid != NULL) {
        int32_t  end = cg_label(cg), reg = cg_registers(cg, 1);
        uint32_t mark = cg_mark(cg);

        if (plan->rowid->kind != EXPR_LITERAL && plan->rowid->kind != EXPR_VARIABLE) {
            cg_one_row(cg);
            cg_private_to(cg, plan->rowid, reg);
            cg_emit(cg, OP_First, reg, reg, 1);
        } else {
            cg_private_to(cg, plan->rowid, reg);
        }
        cg_affinity(cg, reg, 1, integer);
        cg_emit(cg, OP_SeekRowid, sink.slot, end, reg);
        cg->one_row = false;
        cg_consume(cg, &sink.sink, end);
        cg_here(cg, end);
        cg_truncate(cg, mark);
    } else {
        emit_bounds(cg, plan, sink.slot);
        emit_sets(cg, plan, sink.slot);
        cg_loop(cg, OP_Rewind, sink.slot, &sink.sink);
    }
    cg->sets = sets;
    finish_scan(cg, desc, scan);
}

/* The source's rows, its arguments being in registers from first on. */
static void loop_source(struct cg *cg, const struct plan *plan, int32_t first,
                        struct cg_sink *parent)
{
    const struct from_item *item = plan->item;
    uint32_t                count = item->arguments.count;
    struct scan_sink        sink = {{consume_scan, parent, plan}, cg_slot(cg), NULL};
    struct source_desc     *desc = cg_alloc(cg, sizeof *desc);
    const char            **names = cg_alloc(cg, (count + 1) * sizeof *names);

    if (desc == NULL || names == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        if (item->argument_names != NULL && item->argument_names[i] != NULL)
            names[i] = cg_text(cg, item->argument_names[i]);
    desc->module = item->source_module;
    desc->state = item->source_state;
    desc->names = names;
    cg_emit_p4(cg, OP_OpenSource, sink.slot, first, (int32_t)count, desc);
    cg_loop(cg, OP_Rewind, sink.slot, &sink.sink);
}

static int32_t emit_arguments(struct cg *cg, const struct from_item *item, uint32_t more)
{
    uint32_t count = item->arguments.count;
    int32_t  first = cg_registers(cg, count + more + 1);

    for (uint32_t i = 0; i < count; i++)
        cg_expr_to(cg, item->arguments.items[i], first + (int32_t)i);
    return first;
}

static void produce_source(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    loop_source(cg, plan, emit_arguments(cg, plan->item, 0), parent);
}

/* --- table functions with columns as arguments -------------------------------------------------
 */
struct lateral_sink {
    struct cg_sink sink;
    int32_t        rows; /* the rowset: arguments, then what is read above */
};

static void consume_lateral(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct lateral_sink *self = (const struct lateral_sink *)sink;
    const struct plan         *plan = sink->plan;
    uint32_t                   arguments = plan->right->item->arguments.count;
    int32_t first = emit_arguments(cg, plan->right->item, plan->probe_needs.count);

    (void)next;
    for (uint32_t i = 0; i < plan->probe_needs.count; i++)
        cg_column(cg, plan->probe_needs.items[i].owner, plan->probe_needs.items[i].column,
                  first + (int32_t)(arguments + i));
    cg_emit(cg, OP_RowsetInsert, self->rows, first, (int32_t)(arguments + plan->probe_needs.count));
}

/* --- LEFT, RIGHT, FULL: what follows is a subroutine, called for the function's rows that fit, for
 * NULLs in their place where none does, and for the rows that the function gives for NULLs as
 * arguments, unless their rowids have been met. */
struct lateral_rows {
    struct cg_sink sink;
    int32_t found, columns; /* registers: 1 once a row fits; of the function, as read above */
    int32_t body, back;
    int32_t met; /* RIGHT, FULL: the set of rowids */
};

static bool keeps_left(const struct plan *lateral)
{
    return lateral->join == JOIN_LEFT || lateral->join == JOIN_FULL;
}
static bool keeps_right(const struct plan *lateral)
{
    return lateral->join == JOIN_RIGHT || lateral->join == JOIN_FULL;
}

static void emit_lateral_row(struct cg *cg, const struct lateral_rows *self)
{
    const struct plan_columns *needs = &self->sink.plan->build_needs;

    for (uint32_t i = 0; i < needs->count; i++)
        cg_column(cg, needs->items[i].owner, needs->items[i].column, self->columns + (int32_t)i);
    cg_emit(cg, OP_Gosub, self->back, self->body, 0);
}

static void consume_lateral_rows(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct lateral_rows *self = (const struct lateral_rows *)sink;
    const struct plan         *plan = sink->plan;

    cg_filters(cg, &plan->filters, next);
    if (keeps_right(plan))
        cg_emit(cg, OP_SetInsert, self->met, cg_column(cg, plan->right->item, -1, 0), 1);
    if (keeps_left(plan))
        cg_emit(cg, OP_Integer, 1, self->found, 0);
    emit_lateral_row(cg, self);
}

/* Behind the loop over the function's rows; code runs past the subroutine. */
static void emit_lateral_body(struct cg *cg, const struct lateral_rows *self,
                              struct cg_sink *parent)
{
    const struct plan_columns *needs = &self->sink.plan->build_needs;
    int32_t                    none = cg_label(cg), over = cg_label(cg), done = cg_label(cg);
    uint32_t                   mark = cg_mark(cg);

    if (keeps_left(self->sink.plan)) {
        cg_emit(cg, OP_IfZero, self->found, none, 0);
        cg_emit(cg, OP_Goto, 0, over, 0);
        cg_here(cg, none);
        cg->one_row = false;
        cg_one_row(cg);
        cg_emit(cg, OP_Null, 0, self->columns, needs->count == 0 ? 1 : (int32_t)needs->count);
        cg_emit(cg, OP_Gosub, self->back, self->body, 0);
    }
    cg_emit(cg, OP_Goto, 0, over, 0);
    cg_here(cg, self->body);
    cg->one_row = false;
    cg_floor(cg, mark);
    for (uint32_t i = 0; i < needs->count; i++) {
        struct cg_entry *entry = cg_push(cg, CG_REGISTER, needs->items[i].owner);

        entry->column = needs->items[i].column;
        entry->reg = self->columns + (int32_t)i;
    }
    cg_consume(cg, parent, done);
    cg_here(cg, done);
    cg_emit(cg, OP_Return, self->back, 0, 0);
    cg_here(cg, over);
    cg_truncate(cg, mark);
}

static void produce_lateral_outer(struct cg *cg, const struct plan *plan, int32_t first,
                                  struct lateral_rows *self, struct cg_sink *parent)
{
    cg_emit(cg, OP_Integer, 0, self->found, 0);
    loop_source(cg, plan->right, first, &self->sink);
    emit_lateral_body(cg, self, parent);
}

/* --- the function's rows without a partner */
static void consume_unmet(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct lateral_rows *self = (const struct lateral_rows *)sink;
    int32_t                    met = cg_registers(cg, 1);

    cg_emit(cg, OP_SetHas, self->met, cg_column(cg, sink->plan->right->item, -1, 0), met);
    cg_emit(cg, OP_FilterTruth, met, next, TRUTH_NOT_TRUE);
    emit_lateral_row(cg, self);
}

struct null_columns {
    struct cg         *cg;
    const struct plan *input;
    int32_t            reg; /* NULL */
};

static bool visit_null_column(struct expr *expr, void *data)
{
    const struct null_columns *self = data;

    if (expr->kind == EXPR_COLUMN && plan_provides(self->input, expr->resolved.source)) {
        struct cg_entry *entry = cg_push(self->cg, CG_REGISTER, expr->resolved.source);

        entry->column = expr->resolved.column;
        entry->reg = self->reg;
        entry->constant = true;
    }
    return true;
}

/* carried: the registers of what is read above of the input. */
static void produce_unmet(struct cg *cg, const struct plan *plan, int32_t carried,
                          struct lateral_rows *self)
{
    const struct from_item *item = plan->right->item;
    uint32_t                mark = cg_mark(cg);
    struct null_columns     nulls = {cg, plan->input, cg_registers(cg, 1)};

    self->sink.consume = consume_unmet;
    cg_one_row(cg);
    cg_emit(cg, OP_Null, 0, nulls.reg, 1);
    if (plan->probe_needs.count != 0)
        cg_emit(cg, OP_Null, 0, carried, (int32_t)plan->probe_needs.count);
    for (uint32_t i = 0; i < item->arguments.count; i++)
        expr_walk(item->arguments.items[i], visit_null_column, &nulls);
    loop_source(cg, plan->right, emit_arguments(cg, item, 0), &self->sink);
    cg_truncate(cg, mark);
}

static struct lateral_rows lateral_rows(struct cg *cg, const struct plan *plan)
{
    uint32_t            count = plan->build_needs.count;
    struct lateral_rows self = {.sink = {consume_lateral_rows, NULL, plan},
                                .found = cg_registers(cg, 1),
                                .columns = cg_registers(cg, count == 0 ? 1 : count),
                                .body = cg_label(cg),
                                .back = cg_registers(cg, 1)};

    if (keeps_right(plan)) {
        uint8_t *collations = cg_alloc(cg, 1);

        self.met = cg_slot(cg);
        cg_emit_p4(cg, OP_SetOpen, self.met, 1, 0, collations);
    }
    return self;
}

/* The rows of the input are collected first, then read one by one: each is constants in the loop
 * over what the function gives for it. */
/* Not inlined: cg_produce, which nests as deep as the statement, would carry its frame. */
static __attribute__((noinline)) void produce_lateral(struct cg *cg, const struct plan *plan,
                                                      struct cg_sink *parent)
{
    struct lateral_sink self = {{consume_lateral, NULL, plan}, cg_slot(cg)};
    struct lateral_rows rows = lateral_rows(cg, plan);
    uint32_t            arguments = plan->right->item->arguments.count;
    uint32_t            count = arguments + plan->probe_needs.count, mark;
    int32_t             end = cg_label(cg), first = cg_registers(cg, count), loop;

    cg_emit(cg, OP_OpenRowset, self.rows, (int32_t)count, 0);
    cg_produce(cg, plan->input, &self.sink);
    mark = cg_mark(cg);
    cg->one_row = false;
    cg->loop_depth++;
    cg_emit(cg, OP_Rewind, self.rows, end, 1);
    loop = program_address(cg->program);
    for (uint32_t i = 0; i < count; i++)
        cg_emit(cg, OP_Column, self.rows, (int32_t)i, first + (int32_t)i);
    cg_emit(cg, OP_First, first, first, (int32_t)count);
    for (uint32_t i = 0; i < plan->probe_needs.count; i++) {
        struct cg_entry *entry = cg_push(cg, CG_REGISTER, plan->probe_needs.items[i].owner);

        entry->column = plan->probe_needs.items[i].column;
        entry->reg = first + (int32_t)(arguments + i);
        entry->constant = true;
    }
    if (plan->join == JOIN_INNER)
        loop_source(cg, plan->right, first, parent);
    else
        produce_lateral_outer(cg, plan, first, &rows, parent);
    cg_emit(cg, OP_Next, self.rows, loop, 1);
    cg_here(cg, end);
    cg_truncate(cg, mark);
    cg->one_row = false;
    if (keeps_right(plan))
        produce_unmet(cg, plan, first + (int32_t)arguments, &rows);
    cg->loop_depth--;
    cg->one_row = false;
}

/* --- filters, projections ----------------------------------------------------------------------
 */
static void consume_filter(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct plan *aggregate = cg->aggregate;

    cg->aggregate = sink->plan->aggregate;
    cg_filters(cg, &sink->plan->filters, next);
    cg->aggregate = aggregate;
    cg_consume(cg, sink->parent, next);
}

/* The conditions are tried once, before the input's loops. */
static void produce_gate(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    int32_t  end = cg_label(cg);
    uint32_t mark = cg_mark(cg);

    cg_one_row(cg);
    cg_filters(cg, &plan->filters, end);
    cg_truncate(cg, mark);
    cg_produce(cg, plan->input, parent);
    cg_here(cg, end);
    cg_truncate(cg, mark);
    cg->one_row = false; /* filters may have left it empty */
}

static void consume_project(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    cg_push(cg, CG_PROJECT, sink->plan->owner)->plan = sink->plan;
    cg_consume(cg, sink->parent, next);
}

static void consume_subquery(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    cg_push(cg, CG_ALIAS, sink->plan->item)->plan = sink->plan->input;
    cg_filters(cg, &sink->plan->filters, next);
    cg_consume(cg, sink->parent, next);
}

static void produce_one_row(struct cg *cg, struct cg_sink *parent)
{
    int32_t  next = cg_label(cg);
    uint32_t mark = cg_mark(cg);

    cg_one_row(cg);
    cg_consume(cg, parent, next);
    cg_here(cg, next);
    cg_truncate(cg, mark);
    cg->one_row = false; /* filters may have left it empty */
}

/* --- dispatch ----------------------------------------------------------------------------------
 */
static void produce(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    struct cg_sink sink = {NULL, parent, plan};

    switch (plan->kind) {
    case PLAN_ONE_ROW:
        produce_one_row(cg, parent);
        return;
    case PLAN_SCAN:
        produce_scan(cg, plan, parent);
        return;
    case PLAN_SOURCE:
        produce_source(cg, plan, parent);
        return;
    case PLAN_SUBQUERY:
        sink.consume = consume_subquery;
        break;
    case PLAN_SHARED:
        cg_produce_shared(cg, plan, parent);
        return;
    case PLAN_VALUES:
        cg_produce_values(cg, plan, parent);
        return;
    case PLAN_FILTER:
        sink.consume = consume_filter;
        break;
    case PLAN_GATE:
        produce_gate(cg, plan, parent);
        return;
    case PLAN_JOIN:
        cg_produce_join(cg, plan, parent);
        return;
    case PLAN_LATERAL:
        produce_lateral(cg, plan, parent);
        return;
    case PLAN_AGGREGATE:
        cg_produce_aggregate(cg, plan, parent);
        return;
    case PLAN_APPLY:
        cg_produce_apply(cg, plan, parent);
        return;
    case PLAN_TUPLES:
        cg_produce_tuples(cg, plan, parent);
        return;
    case PLAN_WINDOW:
        cg_produce_window(cg, plan, parent);
        return;
    case PLAN_PROJECT:
        sink.consume = consume_project;
        break;
    case PLAN_DISTINCT:
        cg_produce_distinct(cg, plan, parent);
        return;
    case PLAN_SORT:
        cg_produce_sort(cg, plan, parent);
        return;
    case PLAN_LIMIT:
        cg_produce_limit(cg, plan, parent);
        return;
    case PLAN_COMPOUND:
        cg_produce_compound(cg, plan, parent);
        return;
    case PLAN_RECURSIVE:
        cg_produce_recursive(cg, plan, parent);
        return;
    case PLAN_QUEUE:
        cg_produce_queue(cg, plan, parent);
        return;
    case PLAN_KIND_COUNT:
        break;
    }
    cg_produce(cg, plan->input, &sink);
}

void cg_produce(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    struct cg_place place = cg_line_enter(cg, plan);

    if (cg_may_go_deeper(cg, -1))
        produce(cg, plan, parent);
    cg_line_leave(cg, place);
}
