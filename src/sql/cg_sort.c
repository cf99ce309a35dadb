/* cg_sort.c - nodes that collect rows: DISTINCT, ORDER BY, set operations; LIMIT. */
#include "sql/cg.h"

#include <string.h>

/* --- DISTINCT ----------------------------------------------------------------------------------
 */
struct set_sink {
    struct cg_sink sink;
    int32_t        slot;
};

static uint8_t column_collation(const struct select *select, uint32_t column)
{
    uint8_t found = COLLATION_BINARY;

    for (; select != NULL; select = select->prior) { /* the leftmost term that has one */
        const struct expr *expr = select->columns[column].expr;

        if (expr != NULL && expr->resolved.collation_known)
            found = expr->resolved.collation;
    }
    return found;
}

/* Of the results of one term, whatever stands before it in a compound. */
static const uint8_t *term_collations(struct cg *cg, const struct select *term)
{
    uint8_t *collations = cg_alloc(cg, term->column_count + 1); /* a tuple's number comes last */

    for (uint32_t i = 0; i < term->column_count && collations != NULL; i++)
        collations[i] = term->columns[i].expr->resolved.collation;
    return collations;
}

const uint8_t *cg_result_collations(struct cg *cg, const struct select *select)
{
    uint8_t *collations = cg_alloc(cg, select->column_count + 1); /* a tuple's number comes last */

    for (uint32_t i = 0; i < select->column_count && collations != NULL; i++)
        collations[i] = column_collation(select, i);
    return collations;
}

static void results_to(struct cg *cg, const struct plan *plan, int32_t first)
{
    for (uint32_t i = 0; i < plan->column_count; i++)
        cg_result_to(cg, plan, i, first + (int32_t)i);
}

/* DISTINCT ON: its expressions are evaluated below the projection. */
static void consume_distinct_on(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct set_sink  *self = (const struct set_sink *)sink;
    const struct expr_list *keys = &sink->plan->filters;
    int32_t                 first = cg_registers(cg, keys->count);

    for (uint32_t i = 0; i < keys->count; i++)
        cg_expr_to(cg, keys->items[i], first + (int32_t)i);
    cg_emit_i(cg, OP_Distinct, self->slot, next, first, keys->count);
    cg_consume(cg, sink->parent, next);
}

static void consume_distinct(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct set_sink   *self = (struct set_sink *)sink;
    const struct plan *plan = sink->plan;
    int32_t            first = cg_registers(cg, plan->column_count);

    results_to(cg, plan, first);
    cg_emit_i(cg, OP_Distinct, self->slot, next, first, plan->column_count);
    cg_consume(cg, sink->parent, next);
}

void cg_produce_distinct(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    struct set_sink         sink = {.sink = {consume_distinct, parent, plan}, .slot = cg_slot(cg)};
    const struct expr_list *keys = &plan->filters;
    uint8_t                *collations;

    if (keys->count != 0) {
        collations = cg_alloc(cg, keys->count);
        for (uint32_t i = 0; collations != NULL && i < keys->count; i++)
            collations[i] = keys->items[i]->resolved.collation;
        sink.sink.consume = consume_distinct_on;
        cg_emit_p4(cg, OP_SetOpen, sink.slot, (int32_t)keys->count, 0, collations);
        cg_produce(cg, plan->input, &sink.sink);
        return;
    }

    cg_emit_p4(cg, OP_SetOpen, sink.slot, (int32_t)plan->column_count, 0,
               term_collations(cg, plan->select));
    cg_produce(cg, plan->input, &sink.sink);
}

/* --- ORDER BY ----------------------------------------------------------------------------------
 */
struct sort_sink {
    struct cg_sink sink;
    int32_t        slot;
    uint32_t       columns;    /* of the sorter: keys, then results that are no key */
    int32_t       *key_result; /* [keys] result column of a key, -1: an expression */
    int32_t       *place;      /* [results] sorter column of a result column */
};

static int32_t result_of_term(const struct plan *plan, const struct order_term *term)
{
    if (term->result_column != 0)
        return (int32_t)term->result_column - 1;
    if (plan->select->prior != NULL)
        return -1;
    for (uint32_t i = 0; i < plan->select->column_count; i++)
        if (expr_equal(expr_strip(plan->select->columns[i].expr), expr_strip(term->expr)))
            return (int32_t)i;
    return -1;
}

static enum collation term_collation(const struct select *select, const struct order_term *term)
{
    if (term->expr->resolved.collation_explicit || term->result_column == 0)
        return term->expr->resolved.collation;
    return column_collation(select, term->result_column - 1);
}

static struct sort_key describe_key(const struct select *select, const struct order_term *term)
{
    return (struct sort_key){.collation = term_collation(select, term),
                             .descending = term->descending,
                             .nulls_last = order_nulls_last(term)};
}

const struct queue_desc *cg_queue_order(struct cg *cg, const struct select *select)
{
    uint32_t           keys = select->order_by.count;
    struct queue_desc *desc = cg_alloc(cg, sizeof *desc);
    struct sort_key   *list = cg_alloc(cg, keys * sizeof *list);
    uint32_t          *columns = cg_alloc(cg, keys * sizeof *columns);

    if (desc == NULL || list == NULL || columns == NULL)
        return NULL;
    for (uint32_t i = 0; i < keys; i++) {
        const struct order_term *term = &select->order_by.terms[i];

        list[i] = describe_key(select, term);
        columns[i] = term->result_column - 1;
    }
    *desc = (struct queue_desc){keys, list, columns};
    return desc;
}

static bool describe_sort(struct cg *cg, const struct plan *plan, struct sort_sink *self,
                          struct sorter_desc **out)
{
    const struct select *select = plan->select;
    uint32_t             keys = select->order_by.count;
    struct sorter_desc  *desc = cg_alloc(cg, sizeof *desc);
    struct sort_key     *list = cg_alloc(cg, (keys + 1) * sizeof *list);

    self->key_result = arena_zalloc(cg->arena, (keys + 1) * sizeof(int32_t));
    self->place = arena_zalloc(cg->arena, (plan->column_count + 1) * sizeof(int32_t));
    if (desc == NULL || list == NULL || self->key_result == NULL || self->place == NULL) {
        cg_fail(cg, STATUS_NOMEM);
        return false;
    }
    for (uint32_t i = 0; i < plan->column_count; i++)
        self->place[i] = -1;
    for (uint32_t i = 0; i < keys; i++) {
        const struct order_term *term = &select->order_by.terms[i];

        self->key_result[i] = result_of_term(plan, term);
        if (self->key_result[i] >= 0 && self->place[self->key_result[i]] < 0)
            self->place[self->key_result[i]] = (int32_t)i;
        list[i] = describe_key(select, term);
    }
    self->columns = keys;
    for (uint32_t i = 0; i < plan->column_count; i++)
        if (self->place[i] < 0)
            self->place[i] = (int32_t)self->columns++;
    desc->key_count = keys;
    desc->column_count = self->columns;
    desc->keys = list;
    *out = desc;
    return true;
}

static void consume_sort(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct sort_sink    *self = (struct sort_sink *)sink;
    const struct plan   *plan = sink->plan, *aggregate = cg->aggregate;
    const struct select *select = plan->select;
    int32_t              first = cg_registers(cg, self->columns);

    (void)next;
    for (uint32_t i = 0; i < select->order_by.count; i++) {
        if (self->key_result[i] >= 0) {
            cg_result_to(cg, plan->input, (uint32_t)self->key_result[i], first + (int32_t)i);
            continue;
        }
        cg->aggregate = plan->input->aggregate;
        cg_expr_to(cg, select->order_by.terms[i].expr, first + (int32_t)i);
        cg->aggregate = aggregate;
    }
    for (uint32_t i = 0; i < plan->column_count; i++)
        if (self->place[i] >= (int32_t)select->order_by.count)
            cg_result_to(cg, plan->input, i, first + self->place[i]);
    cg_emit(cg, OP_SorterInsert, self->slot, first, (int32_t)self->columns);
}

static void consume_sorted(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct sort_sink *self = (struct sort_sink *)sink;

    cg_floor(cg, cg_mark(cg));
    for (uint32_t i = 0; i < sink->plan->column_count; i++) {
        struct cg_entry *entry = cg_push(cg, CG_SORTED, sink->plan->owner);

        entry->column = (int32_t)i;
        entry->number = self->place[i];
        entry->slot = self->slot;
    }
    cg_consume(cg, sink->parent, next);
}

static void produce_sort(struct cg *cg, const struct plan *plan, struct cg_sink *parent,
                         int32_t limit)
{
    struct sort_sink    self = {.sink = {consume_sort, NULL, plan}, .slot = cg_slot(cg)};
    struct sorter_desc *desc;

    if (!describe_sort(cg, plan, &self, &desc))
        return;
    cg_emit_p4(cg, OP_SorterOpen, self.slot, 0, limit, desc);
    cg_produce(cg, plan->input, &self.sink);
    self.sink.consume = consume_sorted;
    self.sink.parent = parent;
    cg_loop(cg, OP_SorterSort, self.slot, &self.sink);
}

void cg_produce_sort(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    produce_sort(cg, plan, parent, 0);
}

/* --- LIMIT -------------------------------------------------------------------------------------
 */
struct limit_sink {
    struct cg_sink sink;
    int32_t        limit, offset, end; /* offset 0: none */
};

static void consume_limit(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct limit_sink *self = (struct limit_sink *)sink;

    if (self->offset != 0)
        cg_emit(cg, OP_Offset, self->offset, next, 0);
    cg_emit(cg, OP_Limit, self->limit, self->end, 0);
    cg_consume(cg, sink->parent, next);
    cg_emit(cg, OP_IfZero, self->limit, self->end, 0);
}

/* limit + offset rows are wanted of a sorter; a negative limit stays so. */
static int32_t wanted_rows(struct cg *cg, const struct limit_sink *self)
{
    int32_t wanted, ready;

    if (self->offset == 0)
        return self->limit;
    wanted = cg_registers(cg, 1);
    ready = cg_label(cg);
    cg_emit(cg, OP_Copy, self->limit, wanted, 0);
    cg_emit(cg, OP_IfNotPositive, self->limit, ready, 0);
    cg_emit(cg, OP_IfNotPositive, self->offset, ready, 0);
    cg_emit(cg, OP_Add, self->limit, self->offset, wanted);
    cg_here(cg, ready);
    return wanted;
}

/* --- LIMIT for each tuple: rows are counted by its number. */
struct each_sink {
    struct cg_sink sink;
    int64_t        limit, offset; /* limit < 0: none */
    int32_t        skipped, kept; /* slots */
};

static void consume_each(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct each_sink *self = (const struct each_sink *)sink;
    const struct plan      *plan = sink->plan;
    int32_t                 number = cg_column(cg, plan->owner, (int32_t)plan->column_count - 1, 0);

    if (self->offset > 0)
        cg_emit_i(cg, OP_OffsetEach, self->skipped, next, number, self->offset);
    if (self->limit >= 0)
        cg_emit_i(cg, OP_LimitEach, self->kept, next, number, self->limit);
    cg_consume(cg, sink->parent, next);
}

static void produce_limit_each(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    const struct select *select = plan->select;
    struct each_sink     self = {.sink = {consume_each, parent, plan}};
    struct value         v;

    if (expr_fold(cg->arena, select->limit, &v))
        self.limit = v.i;
    if (select->offset != NULL && expr_fold(cg->arena, select->offset, &v))
        self.offset = v.i;
    if (self.offset > 0)
        cg_emit(cg, OP_CountOpen, self.skipped = cg_slot(cg), plan->apply->slot, 0);
    if (self.limit >= 0)
        cg_emit(cg, OP_CountOpen, self.kept = cg_slot(cg), plan->apply->slot, 0);
    cg_produce(cg, plan->input, &self.sink);
}

void cg_produce_limit(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    const struct select *select = plan->select;
    struct limit_sink    self = {
           .sink = {consume_limit, parent, plan}, .limit = cg_registers(cg, 1), .end = cg_label(cg)};
    uint32_t mark = cg_mark(cg);

    if (plan->apply != NULL) {
        produce_limit_each(cg, plan, parent);
        return;
    }
    if (select->limit->kind != EXPR_LITERAL || select->offset != NULL)
        cg_one_row(cg);
    cg_private_to(cg, select->limit, self.limit);
    if (select->limit->kind != EXPR_LITERAL)
        cg_emit(cg, OP_First, self.limit, self.limit, 1);
    cg_emit(cg, OP_MustBeInt, self.limit, 0, 0);
    cg_emit(cg, OP_IfZero, self.limit, self.end, 0);
    if (select->offset != NULL) {
        self.offset = cg_registers(cg, 1);
        cg_private_to(cg, select->offset, self.offset);
        if (select->offset->kind != EXPR_LITERAL)
            cg_emit(cg, OP_First, self.offset, self.offset, 1);
        cg_emit(cg, OP_MustBeInt, self.offset, 0, 0);
    }
    if (plan->input->kind == PLAN_SORT)
        produce_sort(cg, plan->input, &self.sink, wanted_rows(cg, &self));
    else
        cg_produce(cg, plan->input, &self.sink);
    cg_here(cg, self.end);
    cg_truncate(cg, mark);
    cg->one_row = false;
}

/* --- set operations ----------------------------------------------------------------------------
 */
struct union_sink {
    struct cg_sink sink;
    int32_t        first, back, body;
};

static void consume_term(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct union_sink *self = (struct union_sink *)sink;

    (void)next;
    results_to(cg, sink->plan, self->first);
    cg_emit(cg, OP_Gosub, self->back, self->body, 0);
}

/* Terms of a chain of UNION ALL, leftmost first. */
static void produce_terms(struct cg *cg, const struct plan *plan, struct union_sink *sink)
{
    if (plan->kind == PLAN_COMPOUND && plan->op == COMPOUND_UNION_ALL) {
        produce_terms(cg, plan->input, sink);
        produce_terms(cg, plan->right, sink);
        return;
    }
    sink->sink.plan = plan;
    cg_produce(cg, plan, &sink->sink);
}

static void produce_union_all(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    struct union_sink self = {.sink = {consume_term, NULL, plan},
                              .first = cg_registers(cg, plan->column_count),
                              .back = cg_registers(cg, 1),
                              .body = cg_label(cg)};
    int32_t           end = cg_label(cg), done = cg_label(cg);
    uint32_t          mark = cg_mark(cg);
    struct cg_place   place = cg_line_collect(cg, plan);

    cg->loop_depth++;
    produce_terms(cg, plan, &self);
    cg_line_leave(cg, place);
    cg_emit(cg, OP_Goto, 0, end, 0);
    cg_here(cg, self.body);
    cg->one_row = false;
    cg_floor(cg, mark);
    for (uint32_t i = 0; i < plan->column_count; i++) {
        struct cg_entry *entry = cg_push(cg, CG_REGISTER, plan->owner);

        entry->column = (int32_t)i;
        entry->reg = self.first + (int32_t)i;
    }
    cg_consume(cg, parent, done);
    cg_here(cg, done);
    cg_emit(cg, OP_Return, self.back, 0, 0);
    cg_here(cg, end);
    cg_truncate(cg, mark);
    cg->loop_depth--;
    cg->one_row = false;
}

/* UNION, EXCEPT and INTERSECT group the rows by all their columns; groups come out sorted, as
 * SQLite's do.  Of rows that are equal but do not look it (1 and 1.0) SQLite keeps the first, of
 * UNION's terms in the last that has one: the terms run from right to left.  The right side of
 * EXCEPT and INTERSECT comes behind the left one, and only if that has rows. */
struct compound_sink {
    struct cg_sink sink;
    int32_t        groups, set; /* set: rows of the right side of EXCEPT and INTERSECT */
};

static void consume_right(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct compound_sink *self = (struct compound_sink *)sink;
    uint32_t              count = sink->plan->column_count;
    int32_t               first = cg_registers(cg, count);

    (void)next;
    results_to(cg, sink->plan, first);
    cg_emit(cg, OP_SetInsert, self->set, first, (int32_t)count);
}

static void consume_grouped(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct compound_sink *self = (struct compound_sink *)sink;
    int32_t               first = cg_registers(cg, sink->plan->column_count);

    (void)next;
    results_to(cg, sink->plan, first);
    cg_emit(cg, OP_AggStep, self->groups, first, first);
}

static const struct aggregate_desc *describe_groups(struct cg *cg, const struct plan *plan)
{
    struct aggregate_desc *desc = cg_alloc(cg, sizeof *desc);

    if (desc == NULL)
        return NULL;
    *desc = (struct aggregate_desc){.key_count = plan->column_count,
                                    .key_collations = cg_result_collations(cg, plan->select),
                                    .sorted = true};
    return desc->key_collations == NULL ? NULL : desc;
}

/* EXCEPT: groups that the right side's set has not.  INTERSECT: those that it has. */
static void consume_row(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct compound_sink *self = (struct compound_sink *)sink;
    const struct plan    *plan = sink->plan;
    uint32_t              count = plan->column_count;

    cg_floor(cg, cg_mark(cg));
    cg_push(cg, CG_CURSOR, plan->owner)->slot = self->groups;
    if (plan->op != COMPOUND_UNION) {
        int32_t first = cg_registers(cg, count);

        results_to(cg, plan, first);
        cg_emit_i(cg, plan->op == COMPOUND_EXCEPT ? OP_Distinct : OP_SetRemove, self->set, next,
                  first, count);
    }
    cg_consume(cg, sink->parent, next);
}

/* Terms of a chain of UNION, rightmost first. */
static void produce_grouped(struct cg *cg, const struct plan *plan, bool chain,
                            struct compound_sink *self)
{
    if (chain && plan->kind == PLAN_COMPOUND && plan->op == COMPOUND_UNION) {
        produce_grouped(cg, plan->right, true, self);
        produce_grouped(cg, plan->input, true, self);
        return;
    }
    self->sink.plan = plan;
    cg_produce(cg, plan, &self->sink);
}

void cg_produce_compound(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    struct compound_sink         self = {.sink = {consume_grouped, NULL, plan}};
    const struct aggregate_desc *desc;
    int32_t                      end = cg_label(cg);
    bool                         chain = plan->op == COMPOUND_UNION;
    struct cg_place              place;

    if (plan->op == COMPOUND_UNION_ALL) {
        produce_union_all(cg, plan, parent);
        return;
    }
    desc = describe_groups(cg, plan);
    if (desc == NULL)
        return;
    place = cg_line_collect(cg, plan);
    self.groups = cg_slot(cg);
    cg_emit_p4(cg, OP_AggOpen, self.groups, 0, 0, desc);
    produce_grouped(cg, chain ? plan : plan->input, chain, &self);
    cg_emit(cg, OP_AggFinal, self.groups, 0, 0);
    if (!chain) {
        cg_emit(cg, OP_IfEmpty, self.groups, end, 0);
        self.set = cg_slot(cg);
        self.sink = (struct cg_sink){consume_right, NULL, plan->right};
        cg_emit_p4(cg, OP_SetOpen, self.set, (int32_t)plan->column_count, 0, desc->key_collations);
        cg_produce(cg, plan->right, &self.sink);
    }
    cg_line_leave(cg, place);
    self.sink = (struct cg_sink){consume_row, parent, plan};
    cg_loop(cg, OP_Rewind, self.groups, &self.sink);
    cg_here(cg, end);
}
