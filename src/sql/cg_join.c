/* cg_join.c - joins: the build side is produced first, then the probe side's loop asks for pairs.
 *
 * Where rows without partner come apart from the pairs, what follows the join is a subroutine,
 * called for both: JoinCarry and JoinColumn give NULLs for the side that is missing. */
#include "sql/cg.h"

struct join_sink {
    struct cg_sink sink;
    int32_t        slot, next;
    uint32_t       mark;       /* of the entry stack where the join began */
    int32_t        body, back; /* subroutine: label, return address */
    bool           collected;  /* the probe side was built first, in `probe`; `cursor` reads it */
    int32_t        probe, cursor;
};

static bool keeps_build(const struct plan *plan)
{
    return plan->join == JOIN_RIGHT || plan->join == JOIN_FULL;
}
/* Probe rows without match come behind the pairs: only where a residual condition decides which. */
static bool has_rest(const struct plan *plan)
{
    return plan->join != JOIN_INNER && plan->join != JOIN_RIGHT && plan->filters.count != 0;
}
/* SEMI and ANTI with a residual condition: the pairs only tell which rows are the rest. */
static bool only_rest(const struct plan *plan)
{
    return (plan->join == JOIN_SEMI || plan->join == JOIN_ANTI) && plan->filters.count != 0;
}

/* Join keys side by side, with the comparison's affinity. */
static void emit_keys(struct cg *cg, const struct plan *plan, bool probe, int32_t first)
{
    char *letters = cg_alloc(cg, plan->key_count + 1);

    if (letters == NULL)
        return;
    for (uint32_t i = 0; i < plan->key_count; i++) {
        const struct plan_key *key = &plan->keys[i];
        struct expr           *expr = probe ? key->probe : key->build;

        letters[i] = affinity_is_implied(expr->resolved.affinity, key->affinity)
                         ? AFFINITY_NONE
                         : (char)key->affinity;
        if (letters[i] == AFFINITY_NONE)
            cg_expr_to(cg, expr, first + (int32_t)i);
        else
            cg_private_to(cg, expr, first + (int32_t)i);
    }
    cg_affinity(cg, first, plan->key_count, letters);
}

/* --- build -------------------------------------------------------------------------------------
 */
/* The keys and columns of the current batch become rows of join slot. */
static void emit_build(struct cg *cg, const struct plan *plan, bool probe, int32_t slot)
{
    const struct plan_columns *needs = probe ? &plan->probe_needs : &plan->build_needs;
    uint32_t                   count = plan->key_count + needs->count;
    int32_t                    first = cg_registers(cg, count == 0 ? 1 : count);

    emit_keys(cg, plan, probe, first);
    for (uint32_t i = 0; i < needs->count; i++)
        cg_column(cg, needs->items[i].owner, needs->items[i].column,
                  first + (int32_t)(plan->key_count + i));
    cg_emit(cg, OP_JoinBuild, slot, first, (int32_t)count);
}

static void consume_build(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    (void)next;
    emit_build(cg, sink->plan, false, ((struct join_sink *)sink)->slot);
}

static const struct join_desc *describe(struct cg *cg, const struct plan *plan, bool probe)
{
    struct join_desc *desc = cg_alloc(cg, sizeof *desc);
    uint8_t          *collations = cg_alloc(cg, plan->key_count + 1);
    uint8_t          *null_equal = cg_alloc(cg, plan->key_count + 1);

    if (desc == NULL || collations == NULL || null_equal == NULL)
        return NULL;
    for (uint32_t i = 0; i < plan->key_count; i++) {
        collations[i] = (uint8_t)plan->keys[i].collation;
        null_equal[i] = plan->keys[i].null_equal;
    }
    desc->kind = probe ? JOIN_SEMI : plan->join;
    desc->key_count = plan->key_count;
    desc->key_collations = collations;
    desc->key_null_equal = null_equal;
    desc->payload_count = probe ? plan->probe_needs.count : plan->build_needs.count;
    desc->residual = !probe && plan->filters.count != 0 && plan->join != JOIN_INNER;
    return desc;
}

static bool builds_once(const struct cg *cg, const struct plan *plan)
{
    /* one that hands out rows never matched starts anew: its marks are of one run */
    return cg->memo_depth > 0 && !keeps_build(plan) && plan_is_independent(plan->right);
}

static void produce_build(struct cg *cg, const struct plan *plan, int32_t slot,
                          struct cg_sink *sink)
{
    const struct join_desc *desc = describe(cg, plan, false);
    bool                    once = builds_once(cg, plan);
    int32_t                 built = cg_label(cg);

    if (once)
        cg_emit(cg, OP_Once, program_once(cg->program), built, 0);
    cg_emit_p4(cg, OP_JoinOpen, slot, 0, 0, desc);
    cg_produce(cg, plan->right, sink);
    cg_emit(cg, OP_JoinFinish, slot, 0, 0);
    cg_here(cg, built);
    cg->one_row = false;
}

/* --- probe -------------------------------------------------------------------------------------
 */
static void push_pair(struct cg *cg, const struct plan *plan, int32_t slot, const int32_t *carried)
{
    for (uint32_t i = 0; i < plan->probe_needs.count; i++) {
        struct cg_entry *entry = cg_push(cg, CG_JOIN_CARRY, plan->probe_needs.items[i].owner);

        entry->column = plan->probe_needs.items[i].column;
        entry->slot = slot;
        entry->reg = carried[i];
    }
    for (uint32_t i = 0; i < plan->build_needs.count; i++) {
        struct cg_entry *entry = cg_push(cg, CG_JOIN_COLUMN, plan->build_needs.items[i].owner);

        entry->column = plan->build_needs.items[i].column;
        entry->slot = slot;
        entry->number = (int32_t)(plan->key_count + i);
    }
}

/* What is done with pairs, as a subroutine; code runs past it. */
static void emit_body(struct cg *cg, struct join_sink *self, const int32_t *carried)
{
    const struct plan *plan = self->sink.plan;
    uint32_t           mark = cg_mark(cg);
    int32_t            over = cg_label(cg), done = cg_label(cg);

    cg_emit(cg, OP_Goto, 0, over, 0);
    cg_here(cg, self->body);
    cg_floor(cg, keeps_build(plan) ? self->mark : mark);
    push_pair(cg, plan, self->slot, carried);
    cg_consume(cg, self->sink.parent, done);
    cg_here(cg, done);
    cg_emit(cg, OP_Return, self->back, 0, 0);
    cg_here(cg, over);
    cg_truncate(cg, mark);
}

static void emit_pairs(struct cg *cg, struct join_sink *self, int32_t none, int32_t keys,
                       const int32_t *carried)
{
    const struct plan *plan = self->sink.plan;
    int32_t            next_pairs = cg_label(cg), loop;
    uint32_t           mark = cg_mark(cg);

    cg_emit(cg, OP_JoinProbe, self->slot, none, keys);
    loop = program_address(cg->program);
    cg_floor(cg, mark);
    push_pair(cg, plan, self->slot, carried);
    cg_filters(cg, &plan->filters, next_pairs);
    if (plan->filters.count != 0 && plan->join != JOIN_INNER)
        cg_emit(cg, OP_JoinMark, self->slot, 0, 0);
    if (self->body != 0)
        cg_emit(cg, OP_Gosub, self->back, self->body, 0);
    else if (!only_rest(plan))
        cg_consume(cg, self->sink.parent, next_pairs);
    cg_here(cg, next_pairs);
    cg_emit(cg, OP_JoinNext, self->slot, loop, 0);
    cg_truncate(cg, mark);
}

static void consume_probe(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct join_sink  *self = (struct join_sink *)sink;
    const struct plan *plan = sink->plan;
    int32_t            keys = cg_registers(cg, plan->key_count == 0 ? 1 : plan->key_count);
    int32_t           *carried = arena_alloc(cg->arena, (plan->probe_needs.count + 1) * 4);
    int32_t            rest = has_rest(plan) ? cg_label(cg) : next;

    if (carried == NULL) {
        cg_fail(cg, fail_nomem(cg->err));
        return;
    }
    if (self->collected)
        for (uint32_t i = 0; i < plan->key_count; i++)
            cg_emit(cg, OP_Column, self->cursor, (int32_t)i, keys + (int32_t)i);
    else
        emit_keys(cg, plan, true, keys);
    for (uint32_t i = 0; i < plan->probe_needs.count; i++)
        carried[i] =
            cg_column(cg, plan->probe_needs.items[i].owner, plan->probe_needs.items[i].column, 0);
    cg->one_row = false;
    emit_pairs(cg, self, rest, keys, carried);
    if (has_rest(plan)) {
        cg_here(cg, rest);
        cg_emit(cg, OP_JoinRest, self->slot, next, 0);
        if (self->body != 0)
            cg_emit(cg, OP_Gosub, self->back, self->body, 0);
    }
    if (self->body != 0)
        emit_body(cg, self, carried);
    if (!only_rest(plan))
        return;
    cg_floor(cg, cg_mark(cg));
    push_pair(cg, plan, self->slot, carried);
    cg_consume(cg, sink->parent, next);
}

/* --- rows of the probe side that can have a partner ----------------------------------------------
 */
/* The scan of item below plan whose rows may be left out where their partners are missing above: on
 * the way down every row of it stays or goes alone. */
static const struct plan *scan_below(const struct plan *plan, const struct from_item *item)
{
    while (plan->kind != PLAN_SCAN) {
        if (plan->kind == PLAN_JOIN ? keeps_build(plan) : plan->kind != PLAN_FILTER)
            return NULL;
        plan = plan->input;
    }
    return plan->item == item && plan->rowid == NULL ? plan : NULL;
}

/* The scans below plan hear of the values of its keys on the other side, which slot has collected.
 * build: plan is the build side. */
static void seek_keys(struct cg *cg, const struct plan *join, bool build, int32_t slot)
{
    const struct plan *plan = build ? join->right : join->input;
    const struct plan *other = build ? join->input : join->right;

    if ((cg->context->passes_off & PASS_SEEK) != 0)
        return;
    for (uint32_t i = 0; i < join->key_count; i++) {
        const struct plan_key *key = &join->keys[i];
        const struct expr     *column = expr_strip(build ? key->build : key->probe);
        const struct plan     *scan =
            column->kind != EXPR_COLUMN ? NULL : scan_below(plan, column->resolved.source);
        struct cg_sought *sought;

        if (scan == NULL || key->null_equal ||
            other->rows * 8 > (double)table_row_count(scan->item->catalog_table) ||
            !plan_can_bound(scan->item, column, NULL, key->affinity, key->collation))
            continue;
        sought = arena_alloc(cg->arena, sizeof *sought);
        if (sought == NULL) {
            cg_fail(cg, fail_nomem(cg->err));
            return;
        }
        *sought = (struct cg_sought){cg->sought, scan,
                                     column->resolved.column >= 0
                                         ? column->resolved.column
                                         : table_schema(scan->item->catalog_table)->rowid_column,
                                     slot, i};
        cg->sought = sought;
    }
}

/* --- few rows against many -----------------------------------------------------------------------
 * The probe side is built too, and first: of the build side only those rows are built that have a
 * partner there, and without rows on the probe side none is even looked at.  Then the join proper
 * runs over what has been collected. */
static bool collects_probe(const struct cg *cg, const struct plan *plan)
{
    double work;

    return (plan->join == JOIN_SEMI || plan->join == JOIN_ANTI || plan->join == JOIN_LEFT) &&
           plan->key_count != 0 && (work = plan_work(plan->right)) > 10000 &&
           plan->input->rows * 4 < work && !builds_once(cg, plan) &&
           (cg->context->passes_off & PASS_SEEK) == 0;
}

static void consume_collect(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    (void)next;
    emit_build(cg, sink->plan, true, ((struct join_sink *)sink)->probe);
}

static void consume_partners(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct join_sink    *self = (const struct join_sink *)sink;
    const struct plan         *plan = sink->plan;
    const struct plan_columns *needs = &plan->build_needs;
    uint32_t                   count = plan->key_count + needs->count, mark;
    int32_t from = cg_registers(cg, count), to = cg_registers(cg, count), pairs, rest;

    (void)next;
    emit_keys(cg, plan, false, from);
    for (uint32_t i = 0; i < needs->count; i++)
        cg_column(cg, needs->items[i].owner, needs->items[i].column,
                  from + (int32_t)(plan->key_count + i));
    mark = cg_mark(cg);
    rest = cg_label(cg);
    cg->one_row = false;
    cg_emit(cg, OP_JoinProbe, self->probe, rest, from);
    pairs = program_address(cg->program);
    for (uint32_t i = 0; i < count; i++)
        cg_emit(cg, OP_JoinCarry, self->probe, from + (int32_t)i, to + (int32_t)i);
    cg_emit(cg, OP_JoinBuild, self->slot, to, (int32_t)count);
    cg_emit(cg, OP_JoinNext, self->probe, pairs, 0);
    cg_here(cg, rest);
    cg_truncate(cg, mark);
}

static void consume_collected(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct join_sink    *self = (const struct join_sink *)sink;
    const struct plan_columns *needs = &sink->plan->probe_needs;

    for (uint32_t i = 0; i < needs->count; i++) {
        struct cg_entry *entry = cg_push(cg, CG_SORTED, needs->items[i].owner);

        entry->column = needs->items[i].column;
        entry->slot = self->cursor;
        entry->number = (int32_t)(sink->plan->key_count + i);
    }
    consume_probe(cg, sink, next);
}

static void produce_collected(struct cg *cg, const struct plan *plan, struct join_sink *self,
                              int32_t end)
{
    struct join_sink collect = *self;

    self->collected = true;
    self->probe = collect.probe = cg_slot(cg);
    self->cursor = cg_slot(cg);
    cg_emit_p4(cg, OP_JoinOpen, self->probe, 0, 0, describe(cg, plan, true));
    collect.sink = (struct cg_sink){consume_collect, NULL, plan};
    cg->loop_depth++;
    cg_produce(cg, plan->input, &collect.sink);
    cg->loop_depth--;
    cg_emit(cg, OP_IfEmpty, self->probe, end, 0);
    cg_emit(cg, OP_JoinFinish, self->probe, 0, 0);
    cg->one_row = false;
    seek_keys(cg, plan, true, self->probe);
    collect.sink.consume = consume_partners;
    produce_build(cg, plan, self->slot, &collect.sink);
    cg_emit(cg, OP_OpenDup, self->cursor, self->probe, 0);
    self->sink.consume = consume_collected;
    cg_loop(cg, OP_Rewind, self->cursor, &self->sink);
}

void cg_produce_join(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    const struct cg_sought *sought = cg->sought;
    struct join_sink        self = {
               .sink = {consume_probe, parent, plan}, .slot = cg_slot(cg), .mark = cg_mark(cg)};
    int32_t end = cg_label(cg);

    if ((has_rest(plan) && !only_rest(plan)) || keeps_build(plan)) {
        self.body = cg_label(cg);
        self.back = cg_registers(cg, 1);
    }
    if (collects_probe(cg, plan)) {
        produce_collected(cg, plan, &self, end);
    } else {
        struct join_sink build = self;

        build.sink = (struct cg_sink){consume_build, NULL, plan};
        produce_build(cg, plan, self.slot, &build.sink);
        if (plan->join == JOIN_INNER || plan->join == JOIN_SEMI || plan->join == JOIN_RIGHT) {
            cg_emit(cg, OP_IfEmpty, self.slot, end, 0);
            seek_keys(cg, plan, false, self.slot);
        }
        cg->loop_depth++;
        cg_produce(cg, plan->input, &self.sink);
        cg->loop_depth--;
    }
    cg->sought = sought;
    if (keeps_build(plan)) {
        int32_t again = program_address(cg->program);

        cg_emit(cg, OP_JoinUnmatched, self.slot, end, 0);
        cg_emit(cg, OP_Gosub, self.back, self.body, 0);
        cg_emit(cg, OP_Goto, 0, again, 0);
    }
    cg_here(cg, end);
    cg->one_row = false;
}
