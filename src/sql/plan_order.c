/* plan_order.c - join order by cost: dynamic programming over the sets of units of a block.
 *
 * A set's rows do not depend on how it is joined: the product of its units' rows, divided, for each
 * class of columns that equalities make equal, by the distinct values that have to meet.  Joining
 * two sets costs the rows built, the rows probed and the rows that come out. */
#include "sql/plan_order.h"

#include "base/hash.h"

#include <math.h>
#include <string.h>

enum { TERMS_MAX = 64, CONDITIONS_MAX = 64 };

/* Below this the order of rows that nested loops would give is worth more than a better plan. */
static const double ROWS_WORTH_IT = 10000;
/* A hash table of so many rows is no longer in the cache. */
static const double ROWS_CACHED = 50000;

struct term { /* one side of an equality */
    struct expr *expr;
    uint32_t     unit, class_;
    double       distinct;
};
struct search {
    const struct from_state *state;
    const struct block      *block;
    uint32_t                 units;
    uint32_t                 term_count, condition_count;
    struct term              terms[TERMS_MAX];
    uint32_t                 connected[ORDER_UNITS_MAX]; /* units that an equality joins to this */
    struct {
        uint32_t units;
        double   selectivity;
    } conditions[CONDITIONS_MAX];    /* on several units, no equality */
    double    base[ORDER_UNITS_MAX]; /* rows before any filter */
    double   *rows, *cost;           /* by set */
    uint16_t *left;                  /* by set: the best split */
};

/* --- the join graph ----------------------------------------------------------------------------
 */
static uint32_t units_of(const struct block *block, relations mask)
{
    uint32_t units = 0;

    for (uint32_t u = 0; u < block->unit_count; u++)
        if ((block->units[u].mask & mask) != 0)
            units |= 1U << u;
    return units;
}

static bool term_add(struct search *search, struct expr *expr, uint32_t units, uint32_t *class_)
{
    struct term *term;

    for (uint32_t i = 0; i < search->term_count; i++)
        if (expr_equal(search->terms[i].expr, expr)) {
            *class_ = search->terms[i].class_;
            return true;
        }
    if (search->term_count == TERMS_MAX)
        return false;
    term = &search->terms[search->term_count];
    *term = (struct term){.expr = expr,
                          .unit = (uint32_t)__builtin_ctz(units),
                          .class_ = search->term_count,
                          .distinct = distinct_values(search->state, expr)};
    *class_ = search->term_count++;
    return true;
}

static bool equality_add(struct search *search, const struct conjunct *conjunct)
{
    uint32_t left = units_of(search->block, conjunct->left_mask), right, a, b;

    right = units_of(search->block, conjunct->right_mask);
    if (__builtin_popcount(left) != 1 || __builtin_popcount(right) != 1 || left == right)
        return false;
    if (!term_add(search, expr_strip(conjunct->expr->left), left, &a) ||
        !term_add(search, expr_strip(conjunct->expr->right), right, &b))
        return false;
    for (uint32_t i = 0; i < search->term_count; i++)
        if (search->terms[i].class_ == b)
            search->terms[i].class_ = a;
    search->connected[__builtin_ctz(left)] |= right;
    search->connected[__builtin_ctz(right)] |= left;
    return true;
}

static void conditions_read(struct search *search)
{
    const struct block *block = search->block;

    for (uint32_t i = 0; i < block->conjunct_count; i++) {
        const struct conjunct *conjunct = &block->conjuncts[i];
        uint32_t               units = units_of(block, conjunct->mask);

        if (__builtin_popcount(units) < 2 ||
            (conjunct->equality && equality_add(search, conjunct)) ||
            search->condition_count == CONDITIONS_MAX)
            continue;
        search->conditions[search->condition_count].units = units;
        /* what an OR implies for single tables has been counted there */
        search->conditions[search->condition_count++].selectivity =
            conjunct->expr->kind == EXPR_BINARY && conjunct->expr->op == EXPR_OP_OR
                ? 0.5
                : plan_selectivity(conjunct->expr);
    }
}

static bool units_read(struct search *search)
{
    double most = 0;

    for (uint32_t u = 0; u < search->units; u++) {
        const struct plan *plan = search->block->units[u].plan;

        if (plan->kind == PLAN_ONE_ROW || plan->kind == PLAN_QUEUE)
            return false;
        search->base[u] = plan->kind == PLAN_SCAN
                              ? (double)table_row_count(plan->item->catalog_table)
                              : plan->rows;
        if (search->base[u] > most)
            most = search->base[u];
    }
    return most > ROWS_WORTH_IT;
}

/* --- estimates ---------------------------------------------------------------------------------
 */
/* By what the product of unit's rows and those of rest is divided. */
static double meeting_values(const struct search *search, uint32_t unit, uint32_t rest)
{
    double   product = 1, largest = 1, bound;
    uint32_t partners = 0, classes = 0;

    for (uint32_t i = 0; i < search->term_count; i++) {
        const struct term *own = &search->terms[i];
        double             other = 0;

        if (own->unit != unit)
            continue;
        for (uint32_t k = 0; k < search->term_count; k++) {
            const struct term *term = &search->terms[k];

            if (term->class_ != own->class_ || (rest >> term->unit & 1) == 0)
                continue;
            partners |= 1U << term->unit;
            if (other == 0 || term->distinct < other)
                other = term->distinct;
        }
        if (other == 0)
            continue;
        other = other > own->distinct ? other : own->distinct;
        largest = other > largest ? other : largest;
        product *= other;
        classes++;
    }
    if (classes < 2 || __builtin_popcount(partners) != 1)
        return product;
    /* several columns of two tables: no more combinations than the smaller one has rows */
    bound = search->base[__builtin_ctz(partners)];
    bound = bound < search->base[unit] ? bound : search->base[unit];
    bound = bound > largest ? bound : largest;
    return product < bound ? product : bound;
}

static double set_rows(const struct search *search, uint32_t set)
{
    uint32_t unit = (uint32_t)__builtin_ctz(set), rest = set & (set - 1);
    double   rows = search->block->units[unit].plan->rows;

    if (rest != 0)
        rows *= search->rows[rest] / meeting_values(search, unit, rest);
    for (uint32_t i = 0; i < search->condition_count; i++)
        if ((search->conditions[i].units & ~set) == 0 && (search->conditions[i].units & ~rest) != 0)
            rows *= search->conditions[i].selectivity;
    return rows < 1 ? 1 : rows;
}

static bool sets_meet(const struct search *search, uint32_t a, uint32_t b)
{
    for (uint32_t u = 0; u < search->units; u++)
        if ((a >> u & 1) != 0 && (search->connected[u] & b) != 0)
            return true;
    return false;
}

static double join_cost(const struct search *search, uint32_t a, uint32_t b, uint32_t set)
{
    double build = search->rows[a], probe = search->rows[b];

    if (build > probe) {
        build = search->rows[b];
        probe = search->rows[a];
    }
    if (!sets_meet(search, a, b))
        return build + probe + search->rows[set] * 10 + 1e6;
    return build * (build > ROWS_CACHED ? 4 : 2) + probe * (build > ROWS_CACHED ? 1 : 0.4) +
           search->rows[set];
}

/* With a seed, what the cost of this join is taken times: other orders win, so that they can be
 * measured. */
static double noise(const struct search *search, uint32_t a, uint32_t set)
{
    uint32_t seed = search->state->planner->context->join_seed;

    return seed == 0 ? 1
                     : exp2((double)(hash_combine(hash_combine(seed, a), set) >> 40 & 0xff) / 20);
}

/* --- search ------------------------------------------------------------------------------------
 */
static void set_search(struct search *search, uint32_t set)
{
    uint32_t lowest = set & (0 - set);

    search->rows[set] = set_rows(search, set);
    if (set == lowest) {
        search->cost[set] = 0;
        return;
    }
    search->cost[set] = -1;
    for (uint32_t a = (set - 1) & set; a != 0; a = (a - 1) & set) {
        double cost;

        if ((a & lowest) == 0) /* each split once */
            continue;
        cost = search->cost[a] + search->cost[set & ~a];
        if (search->cost[set] >= 0 && cost >= search->cost[set])
            continue;
        cost += join_cost(search, a, set & ~a, set) * noise(search, a, set);
        if (search->cost[set] < 0 || cost < search->cost[set]) {
            search->cost[set] = cost;
            search->left[set] = (uint16_t)a;
        }
    }
}

static relations set_mask(const struct search *search, uint32_t set)
{
    relations mask = 0;

    for (uint32_t u = 0; u < search->units; u++)
        if ((set >> u & 1) != 0)
            mask |= search->block->units[u].mask;
    return mask;
}

/* The steps that make set, inner ones first.  As deep as there are units. */
static void steps_write(const struct search *search, uint32_t set, struct join_order *order)
{
    uint32_t left = search->left[set];

    if ((set & (set - 1)) == 0)
        return;
    steps_write(search, left, order);
    steps_write(search, set & ~left, order);
    order->steps[order->count++] = (struct join_step){
        set_mask(search, left), set_mask(search, set & ~left), search->rows[set]};
}

enum status order_search(const struct from_state *state, const struct block *block,
                         struct join_order *order)
{
    struct arena  *arena = state->planner->arena;
    struct search *search;
    size_t         sets;

    order->count = 0;
    if (block->unit_count < 2 || block->unit_count > ORDER_UNITS_MAX)
        return STATUS_OK;
    search = arena_zalloc(arena, sizeof *search);
    if (search == NULL)
        return fail_nomem(state->planner->err);
    search->state = state;
    search->block = block;
    search->units = block->unit_count;
    if (!units_read(search))
        return STATUS_OK;
    conditions_read(search);
    sets = (size_t)1 << search->units;
    search->rows = arena_alloc(arena, sets * sizeof *search->rows);
    search->cost = arena_alloc(arena, sets * sizeof *search->cost);
    search->left = arena_zalloc(arena, sets * sizeof *search->left);
    if (search->rows == NULL || search->cost == NULL || search->left == NULL)
        return fail_nomem(state->planner->err);
    for (uint32_t set = 1; set < sets; set++)
        set_search(search, set);
    steps_write(search, (uint32_t)sets - 1, order);
    return STATUS_OK;
}
