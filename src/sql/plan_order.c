/* plan_order.c - join order by cost.
 *
 * The units of a block are parts.  Where they are too many, or where the order matters little, the
 * two whose join is smallest become one, again and again; dynamic programming over all sets of the
 * parts that are left decides the rest.
 *
 * A set's rows do not depend on how it is joined: the product of its parts' rows, divided, for each
 * class of columns that equalities make equal, by the distinct values that have to meet.  Joining
 * two sets costs the rows built, the rows probed and the rows that come out. */
#include "sql/plan_order.h"

#include "base/hash.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Parts that are left to dynamic programming. */
enum { PARTS_MAX = 12, UNITS_MAX = RELATIONS_MAX + 1 };

/* Below this the order of rows that nested loops would give is worth more than a better plan. */
static const double ROWS_WORTH_IT = 10000;
/* A hash table of so many rows is no longer in the cache. */
static const double ROWS_CACHED = 50000;
static const double KEYS_PROBED = 1.5;

struct term { /* one side of an equality */
    struct expr *expr;
    uint32_t     unit, part, class_;
    double       distinct;
};
struct condition { /* no equality */
    relations parts;
    double    selectivity;
};
struct part {
    relations units;
    double    rows;
};
struct pair { /* of parts: the estimate of their join */
    double rows;
    bool   connected;
};
struct search {
    const struct from_state *state;
    const struct block      *block;
    struct join_order       *order;
    uint32_t                 term_count, condition_count, part_count;
    struct term             *terms;      /* sorted by class, once all are read */
    uint32_t                *classes;    /* [terms] while reading: a class it was joined to */
    struct condition        *conditions; /* on several parts */
    relations                partners[UNITS_MAX]; /* units that an equality joins to the unit */
    double                   base[UNITS_MAX];     /* its rows before any filter */
    struct part              parts[UNITS_MAX];
    struct pair             *pairs; /* [a * part_count + b], a < b */
    /* dynamic programming, by set of parts */
    double   *rows, *cost;
    uint16_t *left;      /* the best split */
    uint16_t *neighbors; /* parts that an equality joins to one of the set */
    uint64_t *keys;      /* classes of equal columns that the set has, a bit each (modulo 64) */
};

/* --- the join graph ----------------------------------------------------------------------------
 */
static relations units_of(const struct block *block, relations mask)
{
    relations units = 0;

    for (uint32_t u = 0; u < block->unit_count; u++)
        if ((block->units[u].mask & mask) != 0)
            units |= (relations)1 << u;
    return units;
}

static bool is_one(relations set)
{
    return set != 0 && (set & (set - 1)) == 0;
}

static uint32_t lowest(relations set)
{
    uint64_t low = (uint64_t)set;

    return low != 0 ? (uint32_t)__builtin_ctzll(low)
                    : 64 + (uint32_t)__builtin_ctzll((uint64_t)(set >> 64));
}

static uint32_t class_of(const struct search *search, uint32_t term)
{
    while (search->classes[term] != term)
        term = search->classes[term];
    return term;
}

/* most: of the distinct values, what conditions on both sides of the equality leave. */
static uint32_t term_add(struct search *search, struct expr *expr, uint32_t unit, double most)
{
    struct term *term;
    uint32_t     i = 0;

    expr = expr_strip(expr);
    while (i < search->term_count &&
           (search->terms[i].unit != unit || !expr_equal(search->terms[i].expr, expr)))
        i++;
    term = &search->terms[i];
    if (i == search->term_count) {
        *term = (struct term){.expr = expr,
                              .unit = unit,
                              .part = unit,
                              .distinct = distinct_values(search->state, expr)};
        search->classes[i] = i;
        search->term_count++;
    }
    term->distinct = fmin(term->distinct, most);
    return class_of(search, i);
}

static bool equality_add(struct search *search, const struct conjunct *conjunct)
{
    relations left = units_of(search->block, conjunct->left_mask);
    relations right = units_of(search->block, conjunct->right_mask);
    uint32_t  a, b;

    if (!is_one(left) || !is_one(right) || left == right)
        return false;
    a = term_add(search, conjunct->expr->left, lowest(left), conjunct->distinct);
    b = term_add(search, conjunct->expr->right, lowest(right), conjunct->distinct);
    search->classes[a > b ? a : b] = a > b ? b : a;
    search->partners[lowest(left)] |= right;
    search->partners[lowest(right)] |= left;
    return true;
}

static int compare_terms(const void *a, const void *b)
{
    const struct term *x = a, *y = b;

    return x->class_ != y->class_ ? (x->class_ < y->class_ ? -1 : 1)
                                  : (x->unit > y->unit) - (x->unit < y->unit);
}

static enum status conditions_read(struct search *search)
{
    const struct block *block = search->block;

    for (uint32_t i = 0; i < block->conjunct_count; i++) {
        const struct conjunct *conjunct = &block->conjuncts[i];
        relations              units = units_of(block, conjunct->mask);

        TRY(memory_poll(search->state->planner->arena->memory, search->state->planner->err));
        if ((units & (units - 1)) == 0 || (conjunct->equality && equality_add(search, conjunct)))
            continue;
        /* what an OR implies for single tables has been counted there */
        search->conditions[search->condition_count++] = (struct condition){
            units, conjunct->expr->kind == EXPR_BINARY && conjunct->expr->op == EXPR_OP_OR
                       ? 0.5
                       : plan_selectivity(conjunct->expr)};
    }
    for (uint32_t i = 0; i < search->term_count; i++)
        search->terms[i].class_ = class_of(search, i);
    if (search->term_count > 1)
        qsort(search->terms, search->term_count, sizeof *search->terms, compare_terms);
    return STATUS_OK;
}

/* The units as parts.  Whether costs are worth more than the order that nested loops would give. */
static bool units_read(struct search *search)
{
    double most = 0;
    bool   plain = true;

    for (uint32_t u = 0; u < search->part_count; u++) {
        const struct plan *plan = search->block->units[u].plan;

        search->parts[u] = (struct part){(relations)1 << u, plan->rows};
        plain &= plan->kind != PLAN_ONE_ROW && plan->kind != PLAN_QUEUE;
        search->base[u] = plan->kind == PLAN_SCAN
                              ? (double)table_row_count(plan->item->catalog_table)
                              : plan->rows;
        most = fmax(most, search->base[u]);
    }
    return plain && most > ROWS_WORTH_IT;
}

/* --- estimates ---------------------------------------------------------------------------------
 */
enum { MEETINGS_MAX = 64 };

struct meeting { /* of two sets: the classes that have terms in both */
    uint32_t count;
    double   product;
    double   distinct[MEETINGS_MAX];
    uint64_t held[UNITS_MAX]; /* the first classes of them that the unit has a term of */
};

/* The terms of one class, from first to before end. */
static void meeting_add(const struct search *search, uint32_t first, uint32_t end, relations a,
                        relations b, struct meeting *meeting)
{
    double least_a = 0, least_b = 0, most;

    for (uint32_t i = first; i < end; i++) {
        const struct term *term = &search->terms[i];
        double            *least = (a >> term->part & 1) != 0   ? &least_a
                                   : (b >> term->part & 1) != 0 ? &least_b
                                                                : NULL;

        if (least != NULL && (*least == 0 || term->distinct < *least))
            *least = term->distinct;
    }
    if (least_a == 0 || least_b == 0)
        return;
    most = least_a > least_b ? least_a : least_b;
    meeting->product *= most;
    if (meeting->count < MEETINGS_MAX) {
        meeting->distinct[meeting->count] = most;
        for (uint32_t i = first; i < end; i++)
            if (((a | b) >> search->terms[i].part & 1) != 0)
                meeting->held[search->terms[i].unit] |= UINT64_C(1) << meeting->count;
    }
    meeting->count++;
}

/* Of two tables that meet in several columns: by what the product of these columns' values is too
 * large, there being no more combinations than the smaller table has rows. */
static double excess(const struct search *search, const struct meeting *meeting, uint32_t u,
                     uint32_t v)
{
    uint64_t common = meeting->held[u] & meeting->held[v];
    double   product = 1, largest = 1, bound = fmin(search->base[u], search->base[v]);

    if ((common & (common - 1)) == 0)
        return 1;
    for (; common != 0; common &= common - 1) {
        double distinct = meeting->distinct[__builtin_ctzll(common)];

        product *= distinct;
        largest = fmax(largest, distinct);
    }
    return fmax(product / fmax(bound, largest), 1);
}

static relations part_units(const struct search *search, relations parts)
{
    relations units = 0;

    for (; parts != 0; parts &= parts - 1)
        units |= search->parts[lowest(parts)].units;
    return units;
}

/* By what the product of the rows of two sets of parts is divided. */
static double meeting_values(const struct search *search, relations a, relations b)
{
    struct meeting meeting = {.count = 0, .product = 1};
    double         most = 1;

    for (uint32_t first = 0, end; first < search->term_count; first = end) {
        for (end = first + 1;
             end < search->term_count && search->terms[end].class_ == search->terms[first].class_;)
            end++;
        meeting_add(search, first, end, a, b, &meeting);
    }
    if (meeting.count < 2)
        return meeting.product;
    a = part_units(search, a);
    b = part_units(search, b);
    for (relations u = a; u != 0; u &= u - 1)
        for (relations v = b; v != 0 && meeting.held[lowest(u)] != 0; v &= v - 1)
            most = fmax(most, excess(search, &meeting, lowest(u), lowest(v)));
    return meeting.product / most;
}

/* Rows of the join of two sets, which have so many rows themselves. */
static double joined_rows(const struct search *search, relations a, double rows_a, relations b,
                          double rows_b)
{
    double rows = rows_a * rows_b / meeting_values(search, a, b);

    for (uint32_t i = 0; i < search->condition_count; i++) {
        relations parts = search->conditions[i].parts;

        if ((parts & ~(a | b)) == 0 && (parts & ~a) != 0 && (parts & ~b) != 0)
            rows *= search->conditions[i].selectivity;
    }
    return rows < 1 ? 1 : rows;
}

/* With a seed, what the cost of this join is taken times: other orders win, so that they can be
 * measured. */
static double noise(const struct search *search, uint32_t a, uint32_t b)
{
    uint32_t seed = search->state->planner->context->join_seed;

    return seed == 0 ? 1 : exp2((double)(hash_combine(hash_combine(seed, a), b) >> 40 & 0xff) / 20);
}

/* --- parts become one --------------------------------------------------------------------------
 */
static relations part_mask(const struct search *search, uint32_t part)
{
    relations mask = 0;

    for (relations units = search->parts[part].units; units != 0; units &= units - 1)
        mask |= search->block->units[lowest(units)].mask;
    return mask;
}

static void step_add(struct search *search, relations left, relations right, double rows)
{
    search->order->steps[search->order->count++] = (struct join_step){left, right, rows};
}

static struct pair *pair_of(const struct search *search, uint32_t a, uint32_t b)
{
    return &search->pairs[a < b ? a * UNITS_MAX + b : b * UNITS_MAX + a];
}

static relations part_partners(const struct search *search, uint32_t part)
{
    relations partners = 0;

    for (relations units = search->parts[part].units; units != 0; units &= units - 1)
        partners |= search->partners[lowest(units)];
    return partners;
}

static void pair_estimate(const struct search *search, uint32_t a, uint32_t b)
{
    struct pair *pair = pair_of(search, a, b);

    pair->rows = joined_rows(search, (relations)1 << a, search->parts[a].rows, (relations)1 << b,
                             search->parts[b].rows) *
                 noise(search, a, b);
    pair->connected = (part_partners(search, a) & search->parts[b].units) != 0;
}

/* The pair whose join is smallest, connected pairs before products. */
static void pair_choose(const struct search *search, uint32_t *best_a, uint32_t *best_b)
{
    const struct pair *best = NULL;

    for (uint32_t a = 0; a < search->part_count; a++)
        for (uint32_t b = a + 1; b < search->part_count; b++) {
            const struct pair *pair = pair_of(search, a, b);

            if (best != NULL && (best->connected > pair->connected ||
                                 (best->connected == pair->connected && best->rows <= pair->rows)))
                continue;
            best = pair;
            *best_a = a;
            *best_b = b;
        }
}

/* Terms and conditions that are within one part say nothing more. */
static void forget_met(struct search *search)
{
    uint32_t kept = 0;

    for (uint32_t first = 0, end; first < search->term_count; first = end) {
        bool several = false;

        for (end = first;
             end < search->term_count && search->terms[end].class_ == search->terms[first].class_;
             end++)
            several |= search->terms[end].part != search->terms[first].part;
        if (!several)
            continue;
        memmove(&search->terms[kept], &search->terms[first], (end - first) * sizeof *search->terms);
        kept += end - first;
    }
    search->term_count = kept;
    kept = 0;
    for (uint32_t i = 0; i < search->condition_count; i++)
        if (!is_one(search->conditions[i].parts))
            search->conditions[kept++] = search->conditions[i];
    search->condition_count = kept;
}

/* Part b becomes part of a, those behind it move up. */
static uint32_t without(uint32_t part, uint32_t a, uint32_t b)
{
    return part == b ? a : part > b ? part - 1 : part;
}

static void parts_merge(struct search *search, uint32_t a, uint32_t b)
{
    relations below = ((relations)1 << b) - 1;

    for (uint32_t i = 0; i < search->term_count; i++)
        search->terms[i].part = without(search->terms[i].part, a, b);
    for (uint32_t i = 0; i < search->condition_count; i++) {
        relations parts = search->conditions[i].parts;

        search->conditions[i].parts = (parts & below) | (parts >> 1 & ~below) |
                                      ((parts >> b & 1) != 0 ? (relations)1 << a : 0);
    }
    for (uint32_t x = 0; x < search->part_count; x++)
        for (uint32_t y = x + 1; y < search->part_count; y++)
            if (x != b && y != b)
                *pair_of(search, without(x, a, b), without(y, a, b)) = *pair_of(search, x, y);
    search->parts[a].units |= search->parts[b].units;
    search->part_count--;
    memmove(&search->parts[b], &search->parts[b + 1],
            (search->part_count - b) * sizeof *search->parts);
    forget_met(search);
}

/* Joins the smallest pairs until there are only so many parts. */
static enum status parts_reduce(struct search *search, uint32_t count)
{
    struct planner *planner = search->state->planner;

    if (search->part_count <= count)
        return STATUS_OK;
    search->pairs =
        arena_alloc(planner->arena, (size_t)search->part_count * UNITS_MAX * sizeof *search->pairs);
    if (search->pairs == NULL)
        return fail_nomem(planner->err);
    for (uint32_t a = 0; a < search->part_count; a++) {
        TRY(memory_poll(planner->arena->memory, planner->err));
        for (uint32_t b = a + 1; b < search->part_count; b++)
            pair_estimate(search, a, b);
    }
    while (search->part_count > count) {
        uint32_t a = 0, b = 1;

        TRY(memory_poll(planner->arena->memory, planner->err));
        pair_choose(search, &a, &b);
        search->parts[a].rows = joined_rows(search, (relations)1 << a, search->parts[a].rows,
                                            (relations)1 << b, search->parts[b].rows);
        step_add(search, part_mask(search, a), part_mask(search, b), search->parts[a].rows);
        parts_merge(search, a, b);
        for (uint32_t x = 0; x < search->part_count; x++)
            if (x != a)
                pair_estimate(search, a, x);
    }
    return STATUS_OK;
}

/* --- sets of parts -----------------------------------------------------------------------------
 */
static double join_cost(const struct search *search, uint32_t a, uint32_t b, uint32_t set)
{
    double build = fmin(search->rows[a], search->rows[b]);
    double probe = fmax(search->rows[a], search->rows[b]);

    if ((search->neighbors[a] & b) == 0)
        return build + probe + search->rows[set] * 10 + 1e6;
    if (!is_one(search->keys[a] & search->keys[b]))
        probe *= KEYS_PROBED; /* one key is looked up straight from its column, more are packed */
    return build * (build > ROWS_CACHED ? 4 : 2) + probe * (build > ROWS_CACHED ? 1 : 0.4) +
           search->rows[set];
}

/* What is known of a set without its splits. */
static void set_estimate(struct search *search, uint32_t set)
{
    uint32_t lowest_part = (uint32_t)__builtin_ctz(set), rest = set & (set - 1);

    search->cost[set] = 0;
    search->rows[set] = search->parts[lowest_part].rows;
    search->neighbors[set] = search->neighbors[1U << lowest_part];
    search->keys[set] = search->keys[1U << lowest_part];
    if (rest == 0)
        return;
    search->neighbors[set] |= search->neighbors[rest];
    search->keys[set] |= search->keys[rest];
    search->rows[set] = joined_rows(search, (relations)1 << lowest_part, search->rows[set], rest,
                                    search->rows[rest]);
}

static void set_search(struct search *search, uint32_t set)
{
    uint32_t first = set & (0 - set);

    set_estimate(search, set);
    if (set == first)
        return;
    search->cost[set] = -1;
    for (uint32_t a = (set - 1) & set; a != 0; a = (a - 1) & set) {
        double cost;

        if ((a & first) == 0) /* each split once */
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

    for (; set != 0; set &= set - 1)
        mask |= part_mask(search, (uint32_t)__builtin_ctz(set));
    return mask;
}

/* The steps that make set, inner ones first.  As deep as there are parts. */
static void steps_write(struct search *search, uint32_t set)
{
    uint32_t left = search->left[set];

    if ((set & (set - 1)) == 0)
        return;
    steps_write(search, left);
    steps_write(search, set & ~left);
    step_add(search, set_mask(search, left), set_mask(search, set & ~left), search->rows[set]);
}

/* Which parts are joined by equalities, of which columns: for the sets of one part. */
static void neighbors_make(struct search *search)
{
    for (uint32_t i = 0; i < search->term_count; i++)
        search->keys[1U << search->terms[i].part] |= UINT64_C(1) << search->terms[i].class_ % 64;
    for (uint32_t a = 0; a < search->part_count; a++)
        for (uint32_t b = 0; b < search->part_count; b++)
            if ((part_partners(search, a) & search->parts[b].units) != 0)
                search->neighbors[1U << a] |= (uint16_t)(1U << b);
}

static enum status sets_search(struct search *search)
{
    struct planner *planner = search->state->planner;
    size_t          sets = (size_t)1 << search->part_count;

    search->rows = arena_alloc(planner->arena, sets * sizeof *search->rows);
    search->cost = arena_alloc(planner->arena, sets * sizeof *search->cost);
    search->left = arena_zalloc(planner->arena, sets * sizeof *search->left);
    search->neighbors = arena_zalloc(planner->arena, sets * sizeof *search->neighbors);
    search->keys = arena_zalloc(planner->arena, sets * sizeof *search->keys);
    if (search->rows == NULL || search->cost == NULL || search->left == NULL ||
        search->neighbors == NULL || search->keys == NULL)
        return fail_nomem(planner->err);
    neighbors_make(search);
    for (uint32_t set = 1; set < sets; set++) {
        TRY(memory_poll(planner->arena->memory, planner->err));
        set_search(search, set);
    }
    steps_write(search, (uint32_t)sets - 1);
    return STATUS_OK;
}

enum status order_search(const struct from_state *state, const struct block *block,
                         struct join_order *order)
{
    struct arena  *arena = state->planner->arena;
    struct search *search;
    size_t         conditions = block->conjunct_count + (size_t)1;
    bool           costs;

    order->count = 0;
    if (block->unit_count < 2)
        return STATUS_OK;
    search = arena_zalloc(arena, sizeof *search);
    if (search == NULL)
        return fail_nomem(state->planner->err);
    search->state = state;
    search->block = block;
    search->order = order;
    search->part_count = block->unit_count;
    search->terms = arena_alloc(arena, 2 * conditions * sizeof *search->terms);
    search->classes = arena_alloc(arena, 2 * conditions * sizeof *search->classes);
    search->conditions = arena_alloc(arena, conditions * sizeof *search->conditions);
    if (search->terms == NULL || search->classes == NULL || search->conditions == NULL)
        return fail_nomem(state->planner->err);
    costs = units_read(search);
    TRY(conditions_read(search));
    TRY(parts_reduce(search, costs ? PARTS_MAX : 1));
    return search->part_count > 1 ? sets_search(search) : STATUS_OK;
}
