/* cg_aggregate.c - GROUP BY and aggregates: one pass over the input feeds an aggregation per
 * grouping set. */
#include "sql/cg.h"

#include <string.h>

struct grouping {               /* one grouping set */
    uint64_t               set; /* bit i: group_by's i-th key is in it; UINT64_MAX: all */
    int32_t                slot;
    struct aggregate_desc *desc;
};
struct aggregate_sink {
    struct cg_sink         sink;
    uint32_t               grouping_count;
    struct grouping       *groupings;
    bool                   sets;      /* the results go through registers */
    struct aggregate_desc *desc;      /* without keys */
    struct expr          **arguments; /* what the calls' argument numbers mean */
    uint32_t               argument_count;
};

static bool grouping_has(const struct grouping *grouping, uint32_t key)
{
    return grouping->set == UINT64_MAX || (grouping->set >> key & 1) != 0;
}

static int32_t add_argument(struct aggregate_sink *self, struct expr *expr)
{
    if (expr == NULL)
        return -1;
    for (uint32_t i = 0; i < self->argument_count; i++)
        if (expr_equal(self->arguments[i], expr))
            return (int32_t)i;
    self->arguments[self->argument_count] = expr;
    return (int32_t)self->argument_count++;
}

static void describe_order(struct cg *cg, struct aggregate_sink *self, struct aggregate_call *call,
                           const struct order_list *list)
{
    struct aggregate_order *order = cg_alloc(cg, (list->count + 1) * sizeof *order);

    if (order == NULL)
        return;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct order_term *term = &list->terms[i];

        order[i].argument = add_argument(self, term->expr);
        order[i].key.collation = term->expr->resolved.collation;
        order[i].key.descending = term->descending;
        order[i].key.nulls_last = order_nulls_last(term);
    }
    call->order = order;
    call->order_count = list->count;
}

static void describe_call(struct cg *cg, struct aggregate_sink *self, struct aggregate_call *call,
                          struct expr *expr)
{
    struct expr *first = expr->list.count > 0 ? expr->list.items[0] : NULL;

    call->kind = (enum aggregate_kind)(expr->resolved.aggregate_kind - 1);
    call->extreme = call->argument = call->separator = call->filter = -1;
    if (call->kind == AGGREGATE_GROUPING) {
        call->kind = AGGREGATE_COUNT_STAR; /* nobody reads it: see consume_set */
        return;
    }
    call->argument = call->kind == AGGREGATE_COUNT_STAR ? -1 : add_argument(self, first);
    call->separator = expr->list.count > 1 ? add_argument(self, expr->list.items[1]) : -1;
    call->filter = add_argument(self, expr->filter);
    call->distinct = expr->distinct;
    call->descending = expr->negated;
    call->collation = first != NULL ? first->resolved.collation : COLLATION_BINARY;
    call->second_collation =
        expr->list.count > 1 ? expr->list.items[1]->resolved.collation : COLLATION_BINARY;
    call->name = cg_text(cg, expr->name.text);
    if (aggregate_minds_order(call->kind))
        describe_order(cg, self, call, &expr->order_by);
    if (call->distinct && call->order_count == 1 && call->order[0].argument == call->argument) {
        call->distinct = false;
        call->last_of_equals = true;
    }
}

static bool describe_calls(struct cg *cg, const struct plan *plan, struct aggregate_sink *self)
{
    const struct select   *select = plan->select;
    uint32_t               calls = select->aggregate_count + plan->bare_count;
    struct aggregate_desc *desc = cg_alloc(cg, sizeof *desc);
    struct aggregate_call *list = cg_alloc(cg, (calls + 1) * sizeof *list);
    int32_t                extreme = -1;
    size_t                 arguments = (size_t)calls * 3 + 1;

    for (uint32_t i = 0; i < select->aggregate_count; i++)
        arguments += select->aggregates[i]->order_by.count;
    self->arguments = arena_zalloc(cg->arena, arguments * sizeof *self->arguments);
    if (desc == NULL || list == NULL || self->arguments == NULL) {
        cg_fail(cg, STATUS_NOMEM);
        return false;
    }
    for (uint32_t i = 0; i < select->aggregate_count; i++) {
        describe_call(cg, self, &list[i], select->aggregates[i]);
        if ((list[i].kind == AGGREGATE_MIN || list[i].kind == AGGREGATE_MAX) &&
            (extreme < 0 ||
             select->aggregates[extreme]->resolved.turn < select->aggregates[i]->resolved.turn))
            extreme = (int32_t)i;
    }
    for (uint32_t i = 0; i < plan->bare_count; i++) {
        struct aggregate_call *call = &list[select->aggregate_count + i];

        call->kind = AGGREGATE_BARE;
        call->argument = add_argument(self, plan->bare[i]);
        call->separator = call->filter = -1;
        call->extreme = extreme;
        call->follows_extreme = extreme >= 0;
    }
    desc->call_count = calls;
    desc->calls = list;
    desc->sorted = plan->sorted;
    if (plan->descending != NULL) { /* the plan ends with the compilation */
        bool *descending = cg_alloc(cg, plan->group_by->count * sizeof *descending);

        if (descending == NULL)
            return false;
        memcpy(descending, plan->descending, plan->group_by->count * sizeof *descending);
        desc->key_descending = descending;
    }
    self->desc = desc;
    return true;
}

/* The aggregation of one grouping set: its keys, and everybody's calls. */
static bool describe_grouping(struct cg *cg, const struct expr_list *group_by,
                              const struct aggregate_sink *self, struct grouping *grouping)
{
    struct aggregate_desc *desc = cg_alloc(cg, sizeof *desc);
    uint8_t               *collations = cg_alloc(cg, group_by->count + 1);

    if (desc == NULL || collations == NULL)
        return false;
    *desc = *self->desc;
    for (uint32_t i = 0; i < group_by->count; i++)
        if (grouping_has(grouping, i))
            collations[desc->key_count++] = group_by->items[i]->resolved.collation;
    desc->key_collations = collations;
    grouping->desc = desc;
    grouping->slot = cg_slot(cg);
    return true;
}

static bool asks_grouping(const struct select *select)
{
    for (uint32_t i = 0; i < select->aggregate_count; i++)
        if (select->aggregates[i]->resolved.aggregate_kind - 1 == AGGREGATE_GROUPING)
            return true;
    return false;
}

static bool describe_aggregate(struct cg *cg, const struct plan *plan, struct aggregate_sink *self)
{
    const struct select *select = plan->select;
    uint32_t             count = select->grouping_set_count;

    self->sets = count > 0 || asks_grouping(select);
    self->grouping_count = count == 0 ? 1 : count;
    self->groupings = arena_zalloc(cg->arena, self->grouping_count * sizeof *self->groupings);
    if (self->groupings == NULL) {
        cg_fail(cg, STATUS_NOMEM);
        return false;
    }
    if (!describe_calls(cg, plan, self))
        return false;
    for (uint32_t i = 0; i < self->grouping_count; i++) {
        self->groupings[i].set = count == 0 ? UINT64_MAX : select->grouping_sets[i];
        if (!describe_grouping(cg, plan->group_by, self, &self->groupings[i]))
            return false;
    }
    return true;
}

/* The keys of a set stand side by side: all keys do already, and so do the first of them. */
static int32_t keys_of(struct cg *cg, const struct grouping *grouping, uint32_t keys,
                       int32_t first_key)
{
    int32_t  first, next;
    uint32_t held = 0;

    while (held < keys && grouping_has(grouping, held))
        held++;
    if (held == grouping->desc->key_count)
        return first_key;
    first = next = cg_registers(cg, grouping->desc->key_count);
    for (uint32_t i = 0; i < keys; i++)
        if (grouping_has(grouping, i))
            cg_emit(cg, OP_Copy, first_key + (int32_t)i, next++, 0);
    return first;
}

static void consume_input(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct aggregate_sink  *self = (struct aggregate_sink *)sink;
    const struct expr_list *group_by = sink->plan->group_by;
    uint32_t                keys = group_by->count, arguments = self->argument_count;
    int32_t                 first_key = cg_registers(cg, keys == 0 ? 1 : keys);
    int32_t                 first = cg_registers(cg, arguments == 0 ? 1 : arguments);

    (void)next;
    for (uint32_t i = 0; i < keys; i++)
        cg_expr_to(cg, group_by->items[i], first_key + (int32_t)i);
    for (uint32_t i = 0; i < arguments; i++)
        cg_expr_to(cg, self->arguments[i], first + (int32_t)i);
    for (uint32_t i = 0; i < self->grouping_count; i++)
        cg_emit(cg, OP_AggStep, self->groupings[i].slot,
                keys_of(cg, &self->groupings[i], keys, first_key), first);
}

static void push_groups(struct cg *cg, const struct plan *plan, int32_t slot)
{
    const struct select *select = plan->select;
    struct cg_entry     *entry = cg_push(cg, CG_CURSOR, plan->group_by);

    entry->slot = slot;
    entry = cg_push(cg, CG_CURSOR, select);
    entry->slot = slot;
    entry->number = (int32_t)plan->group_by->count;
    entry = cg_push(cg, CG_CURSOR, plan);
    entry->slot = slot;
    entry->number = (int32_t)(plan->group_by->count + select->aggregate_count);
}

static void consume_groups(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct aggregate_sink *self = (struct aggregate_sink *)sink;

    cg_floor(cg, cg_mark(cg));
    push_groups(cg, sink->plan, self->groupings[0].slot);
    cg_consume(cg, sink->parent, next);
}

/* --- the groups of several sets -----------------------------------------------------------------
 */
struct set_sink {
    struct cg_sink               sink;
    const struct aggregate_sink *input;
    const struct grouping       *grouping; /* of the loop that is being emitted */
    int32_t                      first;    /* registers: keys, calls */
    int32_t                      back, body;
};

/* grouping(a, b): a bit per argument, the last one's lowest, on if it is no key of the set. */
static int64_t grouping_number(struct cg *cg, const struct plan *plan,
                               const struct grouping *grouping, const struct expr *call)
{
    int64_t number = 0;

    for (uint32_t i = 0; i < call->list.count; i++) {
        int32_t key = plan_group_key(plan, call->list.items[i]);

        if (key < 0)
            cg_fail(cg, fail_at(cg->err, STATUS_ERROR, call->list.items[i]->position,
                                "argument of grouping() is no GROUP BY term"));
        else
            number = number << 1 | !grouping_has(grouping, (uint32_t)key);
    }
    return number;
}

static void consume_set(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct set_sink       *self = (struct set_sink *)sink;
    const struct grouping *grouping = self->grouping;
    const struct select   *select = sink->plan->select;
    uint32_t               keys = sink->plan->group_by->count;
    int32_t                to = self->first, from = 0;

    (void)next;
    cg_floor(cg, cg_mark(cg));
    cg_push(cg, CG_CURSOR, sink)->slot = grouping->slot;
    for (uint32_t i = 0; i < keys; i++, to++)
        if (grouping_has(grouping, i))
            cg_column(cg, sink, from++, to);
        else
            cg_emit(cg, OP_Null, 0, to, 1);
    for (uint32_t i = 0; i < grouping->desc->call_count; i++, from++, to++) {
        const struct expr *call = i < select->aggregate_count ? select->aggregates[i] : NULL;

        if (call != NULL && call->resolved.aggregate_kind - 1 == AGGREGATE_GROUPING) {
            struct value number = value_int(grouping_number(cg, sink->plan, grouping, call));

            cg_constant_to(cg, &number, to);
        } else {
            cg_column(cg, sink, from, to);
        }
    }
    cg_emit(cg, OP_Gosub, self->back, self->body, 0);
}

static void push_registers(struct cg *cg, const void *owner, uint32_t count, int32_t first)
{
    for (uint32_t i = 0; i < count; i++) {
        struct cg_entry *entry = cg_push(cg, CG_REGISTER, owner);

        entry->column = (int32_t)i;
        entry->reg = first + (int32_t)i;
    }
}

struct sets { /* several places that hand over groups, and one body that takes them */
    struct set_sink sink;
    int32_t         end;
    uint32_t        mark;
};

static struct sets sets_begin(struct cg *cg, const struct aggregate_sink *input)
{
    const struct plan *plan = input->sink.plan;
    uint32_t           keys = plan->group_by->count;

    return (struct sets){.sink = {.sink = {consume_set, NULL, plan},
                                  .input = input,
                                  .first = cg_registers(cg, keys + input->desc->call_count + 1),
                                  .back = cg_registers(cg, 1),
                                  .body = cg_label(cg)},
                         .end = cg_label(cg),
                         .mark = cg_mark(cg)};
}

static void sets_end(struct cg *cg, const struct sets *sets, struct cg_sink *parent)
{
    const struct set_sink *self = &sets->sink;
    const struct plan     *plan = self->sink.plan;
    const struct select   *select = plan->select;
    uint32_t               keys = plan->group_by->count;
    int32_t                done = cg_label(cg);

    cg_emit(cg, OP_Goto, 0, sets->end, 0);
    cg_here(cg, self->body);
    cg->loop_depth++;
    cg->one_row = false;
    cg_floor(cg, sets->mark);
    push_registers(cg, plan->group_by, keys, self->first);
    push_registers(cg, select, select->aggregate_count, self->first + (int32_t)keys);
    push_registers(cg, plan, plan->bare_count,
                   self->first + (int32_t)(keys + select->aggregate_count));
    cg_consume(cg, parent, done);
    cg_here(cg, done);
    cg_emit(cg, OP_Return, self->back, 0, 0);
    cg_here(cg, sets->end);
    cg_truncate(cg, sets->mark);
    cg->loop_depth--;
    cg->one_row = false;
}

/* A loop for each set, which hands its groups to the body. */
static void loop_sets(struct cg *cg, const struct aggregate_sink *input, struct sets *sets)
{
    cg->loop_depth++;
    for (uint32_t i = 0; i < input->grouping_count; i++) {
        sets->sink.grouping = &input->groupings[i];
        cg_loop(cg, OP_Rewind, sets->sink.grouping->slot, &sets->sink.sink);
    }
    cg->loop_depth--;
}

/* --- what the table knows ----------------------------------------------------------------------
 */
static bool is_count_star(const struct expr *call)
{
    return call->resolved.aggregate_kind - 1 == AGGREGATE_COUNT_STAR && call->filter == NULL;
}

/* count(column), min or max of a column of item. */
static bool is_fact(const struct expr *call, const struct from_item *item, struct fact_desc *desc)
{
    const struct expr *column = call->list.count == 1 ? call->list.items[0] : NULL;

    if (column == NULL || call->filter != NULL || call->order_by.count != 0 ||
        column->kind != EXPR_COLUMN || column->resolved.source != item ||
        column->resolved.column < 0)
        return false;
    desc->column = (uint32_t)column->resolved.column;
    desc->collation = (enum collation)column->resolved.collation;
    switch (call->resolved.aggregate_kind - 1) {
    case AGGREGATE_COUNT:
        desc->fact = FACT_COUNT;
        return !call->distinct;
    case AGGREGATE_MIN:
        desc->fact = FACT_MIN;
        return true;
    case AGGREGATE_MAX:
        desc->fact = FACT_MAX;
        return true;
    default:
        return false;
    }
}

/* Aggregates over a whole table, no groups: counts *alone, or facts that it may know. */
static bool are_facts(const struct plan *plan, bool *counts_alone)
{
    const struct select *select = plan->select;
    struct fact_desc     desc;

    *counts_alone = true;
    if (plan->input->kind != PLAN_SCAN || plan->input->filters.count != 0 ||
        plan->input->rowid != NULL || plan->group_by->count != 0 ||
        select->grouping_set_count != 0 || plan->bare_count != 0 || select->aggregate_count == 0)
        return false;
    for (uint32_t i = 0; i < select->aggregate_count; i++) {
        if (is_count_star(select->aggregates[i]))
            continue;
        *counts_alone = false;
        if (!is_fact(select->aggregates[i], plan->input->item, &desc))
            return false;
    }
    return true;
}

/* The aggregates from what the table knows; code that finds one unknown goes on at `scan`. */
static void emit_facts(struct cg *cg, const struct plan *plan, const struct sets *sets,
                       int32_t scan)
{
    struct scan_desc *desc = cg_alloc(cg, sizeof *desc);
    int32_t           slot = cg_slot(cg);
    struct cg_place   place = cg_line_enter(cg, plan->input);

    if (desc == NULL)
        return;
    desc->table = plan->input->item->catalog_table;
    cg_emit_p4(cg, OP_OpenRead, slot, 0, 0, desc);
    for (uint32_t i = 0; i < plan->select->aggregate_count; i++) {
        const struct expr *call = plan->select->aggregates[i];
        struct fact_desc  *fact = cg_alloc(cg, sizeof *fact);

        if (fact == NULL)
            return;
        if (is_count_star(call))
            cg_emit(cg, OP_RowCount, slot, sets->sink.first + (int32_t)i, 0);
        else if (is_fact(call, plan->input->item, fact))
            cg_emit_p4(cg, OP_ColumnFact, slot, scan, sets->sink.first + (int32_t)i, fact);
    }
    cg_line_leave(cg, place);
}

/* --- the node -----------------------------------------------------------------------------------
 */
static void produce_count(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    struct scan_desc *desc = cg_alloc(cg, sizeof *desc);
    int32_t           slot = cg_slot(cg), reg = cg_registers(cg, 1), next = cg_label(cg);
    uint32_t          mark = cg_mark(cg);
    struct cg_place   place;

    if (desc == NULL)
        return;
    desc->table = plan->input->item->catalog_table;
    place = cg_line_enter(cg, plan->input);
    cg_emit_p4(cg, OP_OpenRead, slot, 0, 0, desc);
    cg_emit(cg, OP_RowCount, slot, reg, 0);
    cg_line_leave(cg, place);
    cg_one_row(cg);
    cg_floor(cg, mark);
    for (uint32_t i = 0; i < plan->select->aggregate_count; i++) {
        struct cg_entry *entry = cg_push(cg, CG_REGISTER, plan->select);

        entry->column = (int32_t)i;
        entry->reg = reg;
    }
    cg_consume(cg, parent, next);
    cg_here(cg, next);
    cg_truncate(cg, mark);
    cg->one_row = false;
}

static void aggregate_input(struct cg *cg, const struct plan *plan, struct aggregate_sink *self)
{
    for (uint32_t i = 0; i < self->grouping_count; i++)
        cg_emit_p4(cg, OP_AggOpen, self->groupings[i].slot, 0, 0, self->groupings[i].desc);
    cg_produce(cg, plan->input, &self->sink);
    if (plan->apply != NULL)
        cg_emit(cg, OP_AggFill, self->groupings[0].slot, plan->apply->slot, 0);
    for (uint32_t i = 0; i < self->grouping_count; i++)
        cg_emit(cg, OP_AggFinal, self->groupings[i].slot, 0, 0);
}

/* One row of facts, or the scan that has them. */
static void produce_facts(struct cg *cg, const struct plan *plan, struct aggregate_sink *self,
                          struct cg_sink *parent)
{
    struct sets sets = sets_begin(cg, self);
    int32_t     scan = cg_label(cg);
    bool        one_row = cg->one_row;

    emit_facts(cg, plan, &sets, scan);
    cg_one_row(cg);
    cg_emit(cg, OP_Gosub, sets.sink.back, sets.sink.body, 0);
    cg_emit(cg, OP_Goto, 0, sets.end, 0);
    cg_here(cg, scan);
    cg->one_row = one_row;
    aggregate_input(cg, plan, self);
    loop_sets(cg, self, &sets);
    sets_end(cg, &sets, parent);
}

void cg_produce_aggregate(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    struct aggregate_sink self = {.sink = {consume_input, NULL, plan}};
    bool                  counts_alone;
    bool                  facts = are_facts(plan, &counts_alone);

    if (facts && counts_alone) {
        produce_count(cg, plan, parent);
        return;
    }
    if (!describe_aggregate(cg, plan, &self))
        return;
    if (facts && (cg->context->passes_off & PASS_FACTS) == 0) {
        produce_facts(cg, plan, &self, parent);
        return;
    }
    aggregate_input(cg, plan, &self);
    self.sink.consume = consume_groups;
    self.sink.parent = parent;
    if (self.sets) {
        struct sets sets = sets_begin(cg, &self);

        loop_sets(cg, &self, &sets);
        sets_end(cg, &sets, parent);
    } else {
        cg_loop(cg, OP_Rewind, self.groupings[0].slot, &self.sink);
    }
}
