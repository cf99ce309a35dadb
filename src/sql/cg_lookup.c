/* cg_lookup.c - correlated subqueries as searches among rows that are computed once
 * (plan_lookup.c). */
#include "sql/cg.h"
#include "vm/range.h"

struct lookup_sink {
    struct cg_sink sink;
    int32_t        slot, keys; /* rows; IN: its keys */
    const char    *affinities;
};

/* The results of a row into registers from the one that is given on. */
static int32_t results(struct cg *cg, const struct plan *plan)
{
    int32_t first = cg_registers(cg, plan->column_count);

    for (uint32_t i = 0; i < plan->column_count; i++) {
        cg_result_to(cg, plan, i, first + (int32_t)i);
        cg_forget(cg, first + (int32_t)i);
    }
    return first;
}

/* What is searched for: lead (NULL: nothing), then the outer sides, as they are compared. */
static int32_t operands(struct cg *cg, const struct lookup *lookup, struct expr *lead,
                        const char *affinities)
{
    uint32_t leads = lead != NULL, count = leads + lookup->count;
    int32_t  first = cg_registers(cg, count == 0 ? 1 : count);

    if (lead != NULL)
        cg_expr_to(cg, lead, first);
    for (uint32_t i = 0; i < lookup->count; i++)
        cg_expr_to(cg, lookup->outer[i], first + (int32_t)(leads + i));
    for (uint32_t i = 0; i < count; i++)
        cg_forget(cg, first + (int32_t)i);
    cg_affinity(cg, first, count, affinities);
    return first;
}

static void fill(struct cg *cg, struct lookup_sink *self)
{
    cg_run(cg, &self->sink, cg_label(cg));
}

/* --- IN: members with their keys in one set, keys with "a member is NULL" in another. */
static void consume_member(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct lookup_sink *self = (const struct lookup_sink *)sink;
    int32_t                   width = (int32_t)sink->plan->column_count - 1;
    int32_t                   first = results(cg, sink->plan);

    (void)next;
    cg_affinity(cg, first, (uint32_t)width, self->affinities);
    cg_emit(cg, OP_SetInsert, self->slot, first, width);
    cg_emit(cg, OP_SetInsert, self->keys, first + 1, width);
}

static void open_sets(struct cg *cg, const struct expr *expr, struct lookup_sink *self)
{
    const struct lookup *lookup = expr->select->lookup;
    int32_t              width = (int32_t)lookup->count + 1;
    uint8_t             *members = cg_alloc(cg, (size_t)width);
    uint8_t             *keys = cg_alloc(cg, (size_t)width);

    if (members == NULL || keys == NULL)
        return;
    members[0] = (uint8_t)cg_in_collation(expr, 0);
    keys[lookup->count] = COLLATION_BINARY;
    for (uint32_t i = 0; i < lookup->count; i++)
        members[i + 1] = keys[i] = (uint8_t)lookup->collations[i];
    self->slot = cg_slot(cg);
    self->keys = cg_slot(cg);
    cg_emit_p4(cg, OP_SetOpen, self->slot, width, 0, members);
    cg_emit_p4(cg, OP_SetOpen, self->keys, width, 0, keys);
}

static void in_to(struct cg *cg, struct expr *expr, struct lookup_sink *self, int32_t target)
{
    const struct lookup *lookup = expr->select->lookup;
    const char          *operand = cg_in_affinities(cg, expr, 1);
    char                *letters = cg_alloc(cg, lookup->count + 2);
    int32_t              once;

    if (operand == NULL || letters == NULL)
        return;
    letters[0] = operand[0];
    for (uint32_t i = 0; i < lookup->count; i++)
        letters[i + 1] = (char)lookup->affinities[i];
    self->affinities = letters;
    self->sink.consume = consume_member;
    once = cg_once_begin(cg);
    open_sets(cg, expr, self);
    fill(cg, self);
    cg_once_end(cg, once);
    cg_emit_i(cg, OP_SetHasKeyed, self->slot, operands(cg, lookup, expr->left, letters), target,
              self->keys);
}

/* --- aggregates of ranges. */
static void consume_sorted(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct lookup_sink *self = (const struct lookup_sink *)sink;

    (void)next;
    cg_emit(cg, OP_RangeInsert, self->slot, results(cg, sink->plan),
            (int32_t)sink->plan->column_count);
}

static const struct range_desc *describe(struct cg *cg, const struct lookup *lookup)
{
    uint32_t           keys = lookup->count - lookup->low - lookup->high;
    struct range_desc *desc = cg_alloc(cg, sizeof *desc);
    uint8_t           *collations = cg_alloc(cg, keys + 1);
    const struct expr *call = lookup->call;
    bool               argument = call != NULL && call->list.count == 1;

    if (desc == NULL || collations == NULL)
        return NULL;
    for (uint32_t i = 0; i <= keys; i++)
        collations[i] = (uint8_t)lookup->collations[i];
    *desc = (struct range_desc){.key_count = keys,
                                .collations = collations,
                                .low = lookup->low,
                                .low_strict = lookup->low_strict,
                                .high = lookup->high,
                                .high_strict = lookup->high_strict,
                                .exists = call == NULL};
    desc->call = (struct aggregate_call){.kind = AGGREGATE_COUNT_STAR,
                                         .argument = argument ? 0 : -1,
                                         .separator = -1,
                                         .filter = -1,
                                         .extreme = -1};
    if (call != NULL)
        desc->call.kind = (enum aggregate_kind)(call->resolved.aggregate_kind - 1);
    if (argument)
        desc->call.collation = call->list.items[0]->resolved.collation;
    return desc;
}

static void range_to(struct cg *cg, struct expr *expr, struct lookup_sink *self, int32_t target)
{
    const struct lookup     *lookup = expr->select->lookup;
    const struct range_desc *desc = describe(cg, lookup);
    char                    *letters = cg_alloc(cg, lookup->count + 1);
    const struct plan       *aggregate = cg->aggregate;
    int32_t                  once, first, found;
    uint32_t                 mark;
    struct cg_entry         *entry;

    if (desc == NULL || letters == NULL)
        return;
    for (uint32_t i = 0; i < lookup->count; i++)
        letters[i] = (char)lookup->affinities[i];
    self->slot = cg_slot(cg);
    self->sink.consume = consume_sorted;
    once = cg_once_begin(cg);
    cg_emit_p4(cg, OP_RangeOpen, self->slot, 0, 0, desc);
    fill(cg, self);
    cg_emit(cg, OP_RangeFinish, self->slot, 0, 0);
    cg_once_end(cg, once);
    first = operands(cg, lookup, NULL, letters);
    found = cg_registers(cg, 1);
    cg_emit(cg, OP_RangeFind, self->slot, first, found);
    if (lookup->result == NULL || lookup->result->kind == EXPR_AGGREGATE_REF) {
        cg_emit(cg, OP_SCopy, found, target, 0);
        return;
    }
    mark = cg_mark(cg);
    entry = cg_push(cg, CG_REGISTER, expr->select);
    entry->reg = found;
    cg->aggregate = NULL;
    cg_expr_to(cg, lookup->result, target);
    cg->aggregate = aggregate;
    cg_truncate(cg, mark);
}

void cg_lookup_to(struct cg *cg, struct expr *expr, int32_t target)
{
    struct lookup_sink self = {.slot = 0};

    self.sink.plan = cg_plan(cg, expr->select->lookup->select, false);
    if (self.sink.plan == NULL)
        return;
    if (expr->kind == EXPR_IN)
        in_to(cg, expr, &self, target);
    else
        range_to(cg, expr, &self, target);
}
