/* aggregate_step.c - one batch into one call: which rows, in which form, by which kernel. */
#include "base/number.h"
#include "vm/aggregate_more.h"
#include "vm/cells.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Below this sum of magnitudes doubles add INTEGERs exactly, and none is split (aggregate_sum.h).
 */
#define EXACT_MAGNITUDE (UINT64_C(1) << 52)
/* min and max of dictionary codes compare ranks, which cost a sort of the dictionary. */
enum { RANKED_ENTRIES_MAX = 1 << 16 };

static enum status cells_of(struct aggregate *aggregate, const struct vector *v,
                            const struct selection *sel, struct vector_buffer *buffer,
                            const struct value **cells, struct error *err)
{
    struct vector flat;

    *cells = NULL;
    if (!vector_decode(v, PHYS_ANY, sel, buffer, &aggregate->scratch, &flat))
        return fail_nomem(err);
    *cells = flat.values;
    return STATUS_OK;
}

/* --- rows ---------------------------------------------------------------------------------------
 */
/* Keeps the rows of picked for which keep (by row of the batch) is on. */
static void pick_bits(struct aggregate *aggregate, const uint64_t *keep, struct picked *picked)
{
    uint16_t *rows = aggregate->picked_rows;
    uint32_t *groups = aggregate->picked_groups, n = 0;

    for (uint32_t k = 0; k < picked->rows.count; k++) {
        uint16_t row = picked->rows.rows[k];

        rows[n] = row;
        groups[n] = picked_group(picked, k);
        n += bits_get(keep, row);
    }
    picked->rows = (struct row_list){n, false, rows};
    if (picked->groups != NULL)
        picked->groups = groups;
}

/* Keeps the rows where v is not NULL. */
static void pick_valid(struct aggregate *aggregate, const struct vector *v, struct picked *picked)
{
    if (v->shape == VECTOR_CONSTANT) {
        if (v->type == PHYS_ANY && ((const struct value *)v->values)->class_ == CLASS_NULL)
            picked->rows.count = 0;
    } else if (v->valid != NULL) {
        pick_bits(aggregate, v->valid, picked);
    }
}

static enum status pick_filtered(struct aggregate *aggregate, const struct vector *condition,
                                 const struct selection *sel, struct picked *picked,
                                 struct error *err)
{
    struct ordinal_domain domain = ordinal_domain_of(condition, &picked->rows);
    uint64_t              keep[VECTOR_WORDS] = {0};
    const struct value   *cells;

    if (domain.kind == ORDINAL_INT) {
        pick_valid(aggregate, condition, picked);
        ordinal_read(condition, &domain, &picked->rows, aggregate->ordinals);
        for (uint32_t k = 0; k < picked->rows.count; k++)
            keep[picked->rows.rows[k] / 64] |= (uint64_t)(aggregate->ordinals[k] != 0)
                                               << (picked->rows.rows[k] % 64);
    } else {
        TRY(cells_of(aggregate, condition, sel, &aggregate->argument, &cells, err));
        for (uint32_t k = 0; k < picked->rows.count; k++)
            bits_put(keep, picked->rows.rows[k], value_truth(&cells[picked->rows.rows[k]]) == 1);
    }
    pick_bits(aggregate, keep, picked);
    return STATUS_OK;
}

/* A selection of the picked rows. */
static const struct selection *picked_selection(struct aggregate *aggregate, uint32_t batch_rows,
                                                const struct picked *picked)
{
    struct selection *sel = &aggregate->picked_sel;

    sel->rows = batch_rows;
    sel->count = picked->rows.count;
    sel->listed = true;
    memset(sel->bits, 0, bits_words(batch_rows) * sizeof *sel->bits);
    for (uint32_t k = 0; k < picked->rows.count; k++) {
        sel->list[k] = picked->rows.rows[k];
        bits_set(sel->bits, picked->rows.rows[k]);
    }
    return sel;
}

/* Keeps the rows whose (group, argument) is new to the call. */
static enum status pick_distinct(struct aggregate *aggregate, const struct aggregate_part *part,
                                 const struct vector *argument, const struct selection *sel,
                                 struct picked *picked, struct error *err)
{
    struct vector        groups = {.type = PHYS_I32,
                                   .shape = VECTOR_FLAT,
                                   .flags = VECTOR_BOUNDED,
                                   .hi = (int64_t)aggregate->groups - 1,
                                   .base = INT64_C(1) << 31,
                                   .count = sel->rows,
                                   .values = aggregate->row_groups};
    const struct vector *columns[2] = {&groups, argument};
    uint64_t             keep[VECTOR_WORDS] = {0};
    uint32_t             next = hash_table_count(part->distinct);
    uint32_t            *numbers = (uint32_t *)aggregate->separator.values;

    for (uint32_t k = 0; picked->groups != NULL && k < picked->rows.count; k++)
        /* unsigned 32 bits as a base and a signed payload */
        aggregate->row_groups[picked->rows.rows[k]] = picked->groups[k] ^ UINT32_C(1) << 31;
    if (picked->rows.count != sel->count)
        sel = picked_selection(aggregate, sel->rows, picked);
    TRY(hash_table_add(part->distinct, picked->groups == NULL ? columns + 1 : columns, sel, numbers,
                       err));
    for (uint32_t k = 0; k < picked->rows.count; k++)
        if (numbers[k] == next) { /* new keys are numbered in row order */
            bits_set(keep, picked->rows.rows[k]);
            next++;
        }
    pick_bits(aggregate, keep, picked);
    return STATUS_OK;
}

/* --- sums ---------------------------------------------------------------------------------------
 */
enum number_input {
    INPUT_NULL,    /* no value at all */
    INPUT_INT,     /* INTEGER */
    INPUT_REAL,    /* REAL */
    INPUT_NUMERIC, /* both */
    INPUT_OTHER
};

static enum number_input cells_input(const struct vector *v, const struct row_list *rows)
{
    const struct value *cells = v->values;
    uint32_t            seen = 0;
    uint32_t            numeric = 1u << CLASS_INTEGER | 1u << CLASS_REAL;

    if (v->shape == VECTOR_CONSTANT)
        seen = 1u << cells->class_;
    else
        for (uint32_t k = 0; k < rows->count; k++)
            seen |= 1u << cells[rows->rows[k]].class_;
    seen &= ~(1u << CLASS_NULL);
    if (seen == 0)
        return INPUT_NULL;
    if (seen == 1u << CLASS_INTEGER)
        return INPUT_INT;
    if (seen == 1u << CLASS_REAL)
        return INPUT_REAL;
    return seen == numeric ? INPUT_NUMERIC : INPUT_OTHER;
}

static enum number_input number_input(const struct vector *v, const struct row_list *rows)
{
    if (v->shape == VECTOR_DICT)
        return INPUT_OTHER;
    switch ((enum phys)v->type) {
    case PHYS_I8:
    case PHYS_I16:
    case PHYS_I32:
    case PHYS_I64:
        return INPUT_INT;
    case PHYS_F64:
        return INPUT_REAL;
    case PHYS_DEC16:
    case PHYS_DEC32:
    case PHYS_DEC64:
        return (v->flags & VECTOR_WHOLE_IS_INT) != 0 ? INPUT_NUMERIC : INPUT_REAL;
    case PHYS_ANY:
        return cells_input(v, rows);
    default:
        return INPUT_OTHER;
    }
}

static uint64_t magnitude(int64_t lo, int64_t hi)
{
    uint64_t low = lo < 0 ? 0 - (uint64_t)lo : (uint64_t)lo;
    uint64_t high = hi < 0 ? 0 - (uint64_t)hi : (uint64_t)hi;

    return low > high ? low : high;
}

/* The largest |INTEGER| among the rows, or more. */
static uint64_t largest_int(struct aggregate *aggregate, const struct vector *v,
                            enum number_input input, const struct row_list *rows)
{
    struct ordinal_domain domain = {.kind = input == INPUT_INT ? ORDINAL_INT : ORDINAL_DEC,
                                    .scale = v->scale};
    const struct value   *cells = v->values;
    uint64_t              most = 0;
    int64_t               lo, hi;

    if (v->type != PHYS_ANY || input == INPUT_INT) {
        if (!ordinal_bounds(v, &domain, rows, aggregate->ordinals, &lo, &hi))
            return 0;
        most = magnitude(lo, hi);
        return input == INPUT_INT ? most : most / (uint64_t)number_power_int[v->scale] + 1;
    }
    for (uint32_t k = 0; k < rows->count; k++) {
        const struct value *cell = &cells[rows->rows[k]];
        uint64_t            one = cell->class_ != CLASS_INTEGER ? 0 : magnitude(cell->i, cell->i);

        most = one > most ? one : most;
    }
    return most;
}

/* The form that takes the batch; counts its INTEGERs in part->int_magnitude. */
static enum state_form sum_form(struct aggregate *aggregate, struct aggregate_part *part,
                                const struct vector *v, enum number_input input,
                                const struct row_list *rows)
{
    uint64_t batch = 0;

    if (aggregate->exact || part->form == FORM_SUM || input == INPUT_OTHER)
        return FORM_SUM;
    if (input != INPUT_REAL && part->int_magnitude < UINT64_MAX &&
        __builtin_mul_overflow(largest_int(aggregate, v, input, rows), rows->count, &batch))
        batch = UINT64_MAX;
    if (__builtin_add_overflow(part->int_magnitude, batch, &part->int_magnitude))
        part->int_magnitude = UINT64_MAX;
    if (input == INPUT_INT && (part->form == FORM_NONE || part->form == FORM_SUM_INT))
        return FORM_SUM_INT;
    return part->int_magnitude < EXACT_MAGNITUDE ? FORM_SUM_REAL : FORM_SUM;
}

#define READ_NUMBERS(ctype, expression)                                                            \
    do {                                                                                           \
        const ctype *p_ = v->values;                                                               \
        for (uint32_t k = 0; k < rows->count; k++) {                                               \
            ctype x = p_[rows->dense ? k : rows->rows[k]];                                         \
            values[k] = (expression);                                                              \
        }                                                                                          \
    } while (0)

/* values[k] of rows of numbers, none NULL. */
static void numbers_read(struct aggregate *aggregate, const struct vector *v,
                         const struct row_list *rows, double *values)
{
    double power = number_power_real[v->scale];

    switch ((enum phys)v->type) {
    case PHYS_F64:
        READ_NUMBERS(double, x);
        return;
    case PHYS_DEC16:
        READ_NUMBERS(int16_t, (double)x / power);
        return;
    case PHYS_DEC32:
        READ_NUMBERS(int32_t, (double)x / power);
        return;
    case PHYS_DEC64:
        READ_NUMBERS(int64_t, (double)x / power);
        return;
    case PHYS_ANY:
        READ_NUMBERS(struct value, x.class_ == CLASS_INTEGER ? (double)x.i : x.r);
        return;
    default: {
        struct ordinal_domain domain = {.kind = ORDINAL_INT};

        ordinal_read(v, &domain, rows, aggregate->ordinals);
        for (uint32_t k = 0; k < rows->count; k++)
            values[k] = (double)aggregate->ordinals[k];
    }
    }
}

/* Which of the values are REAL; NULL: all. */
static const uint8_t *reals_mark(struct aggregate *aggregate, const struct vector *v,
                                 enum number_input input, const struct row_list *rows,
                                 const double *values)
{
    /* adding it leaves no room for a fraction */
    const double whole = 0x1.8p52;
    uint8_t     *reals = aggregate->reals;

    if (input == INPUT_REAL)
        return NULL;
    if (input == INPUT_INT)
        memset(reals, 0, rows->count);
    else if (v->type != PHYS_ANY)
        for (uint32_t k = 0; k < rows->count; k++)
            reals[k] = (values[k] + whole) - whole != values[k];
    else
        for (uint32_t k = 0; k < rows->count; k++)
            reals[k] = ((const struct value *)v->values)[rows->rows[k]].class_ == CLASS_REAL;
    return reals;
}

static enum status exact_step(struct aggregate *aggregate, struct aggregate_part *part,
                              const struct vector *v, const struct vector *separator,
                              const struct selection *sel, const struct picked *picked,
                              struct error *err)
{
    const struct value *argument, *separators = NULL;

    aggregate->general_batches++;
    TRY(cells_of(aggregate, v, sel, &aggregate->argument, &argument, err));
    if (separator != NULL)
        TRY(cells_of(aggregate, separator, sel, &aggregate->separator, &separators, err));
    return state_step(&aggregate->states, part, picked, argument, separators,
                      vector_texts_pinned(v), &aggregate->scratch, err);
}

/* A CONSTANT as a vector with a slot per row, so that the readers above need not know of it. */
static const struct vector *spread_constant(const struct vector *v, uint32_t rows,
                                            struct vector_buffer *buffer, struct vector *flat)
{
    uint32_t bytes = phys_bytes[v->type];

    if (v->shape != VECTOR_CONSTANT)
        return v;
    for (uint32_t i = 0; i < rows; i++)
        memcpy(buffer->values + (size_t)i * bytes, v->values, bytes);
    *flat = *v;
    flat->shape = VECTOR_FLAT;
    flat->count = rows;
    flat->values = buffer->values;
    return flat;
}

/* May part->uncounted stay?  (Where sums can overflow rows are counted one by one.) */
static bool takes_every_row(const struct aggregate *aggregate, const struct aggregate_part *part,
                            const struct vector *v, enum state_form form, enum number_input input)
{
    bool first = part->form == FORM_NONE && aggregate->groups_before == 0;
    bool fits = (form == FORM_SUM_INT && input == INPUT_INT && part->int_magnitude <= INT64_MAX) ||
                (form == FORM_SUM_REAL && input == INPUT_REAL);

    return fits && v->valid == NULL && (first || form == part->form);
}

static enum status sum_step(struct aggregate *aggregate, struct aggregate_part *part,
                            const struct vector *v, const struct selection *sel,
                            struct picked *picked, struct error *err)
{
    const struct vector *given = v; /* exact_step decodes into the buffer that a constant fills */
    enum number_input    input = number_input(v, &picked->rows);
    const double        *values = (const double *)aggregate->separator.values;
    enum state_form      form;
    struct vector        flat;

    if (input == INPUT_NULL) {
        part_settle(aggregate, part, aggregate->groups_before);
        return STATUS_OK;
    }
    form = sum_form(aggregate, part, v, input, &picked->rows);
    if (!takes_every_row(aggregate, part, v, form, input))
        part_settle(aggregate, part, aggregate->groups_before);
    TRY(aggregate_widen(aggregate, part, form, err));
    if (part->form == FORM_SUM)
        return exact_step(aggregate, part, v, NULL, sel, picked, err);
    v = spread_constant(v, sel->rows, &aggregate->argument, &flat);
    pick_valid(aggregate, v, picked);
    if (part->form == FORM_SUM_INT) {
        uint32_t done;

        kernel_sum_int(&aggregate->states, part, picked, v, part->int_magnitude <= INT64_MAX,
                       aggregate->ordinals, &done);
        if (done == picked->rows.count)
            return STATUS_OK;
        TRY(aggregate_widen(aggregate, part, FORM_SUM, err));
        picked->rows.rows += done;
        picked->rows.count -= done;
        picked->rows.dense = false;
        if (picked->groups != NULL)
            picked->groups += done;
        return exact_step(aggregate, part, given, NULL, sel, picked, err);
    }
    if (v->type == PHYS_F64 && picked->rows.dense)
        values = v->values;
    else
        numbers_read(aggregate, v, &picked->rows, (double *)aggregate->separator.values);
    kernel_sum_real(&aggregate->states, part, picked, values,
                    reals_mark(aggregate, v, input, &picked->rows, values));
    return STATUS_OK;
}

/* --- min, max -----------------------------------------------------------------------------------
 */
static void part_hold(struct aggregate_part *part, const struct ordinal_domain *domain)
{
    if (domain->dictionary != NULL)
        dictionary_ref((struct dictionary *)domain->dictionary);
    if (part->domain.dictionary != NULL)
        dictionary_unref((struct dictionary *)part->domain.dictionary);
    part->domain = *domain;
}

/* Makes part take ordinals of the domain; false: it must compare cells. */
static bool extreme_domain(struct aggregate *aggregate, struct aggregate_part *part,
                           const struct ordinal_domain *domain)
{
    struct ordinal_domain next;

    if (aggregate->exact || part->form == FORM_CELL || !ordinal_unify(&part->domain, domain, &next))
        return false;
    if (next.kind == ORDINAL_CODE && (part->call->collation != COLLATION_BINARY ||
                                      dictionary_count(next.dictionary) > RANKED_ENTRIES_MAX))
        return false;
    if (!ordinal_same(&part->domain, &next)) {
        for (uint32_t group = 0; part->form == FORM_ORDINAL && group < aggregate->groups; group++) {
            struct ordinal_state *state = state_at(&aggregate->states, part, group);

            state->ordinal = ordinal_convert(&part->domain, state->ordinal, &next);
        }
        part_hold(part, &next);
    }
    return true;
}

static enum status extreme_step(struct aggregate *aggregate, struct aggregate_part *part,
                                const struct vector *v, const struct selection *sel,
                                struct picked *picked, struct error *err)
{
    static const uint64_t none[VECTOR_WORDS];
    struct ordinal_domain domain = ordinal_domain_of(v, &picked->rows);
    const uint32_t       *ranks = NULL;
    const uint64_t       *valid = v->valid;

    if (domain.kind == ORDINAL_NONE && part->took == NULL)
        return STATUS_OK;
    if (!extreme_domain(aggregate, part, &domain)) {
        TRY(aggregate_widen(aggregate, part, FORM_CELL, err));
        return exact_step(aggregate, part, v, NULL, sel, picked, err);
    }
    TRY(aggregate_widen(aggregate, part, FORM_ORDINAL, err));
    if (part->took == NULL) {
        pick_valid(aggregate, v, picked);
        valid = NULL;
    }
    if (domain.kind == ORDINAL_NONE)
        valid = none;
    else
        ordinal_read(v, &part->domain, &picked->rows, aggregate->ordinals);
    if (part->domain.kind == ORDINAL_CODE) {
        struct dictionary *dictionary = (struct dictionary *)part->domain.dictionary;

        ranks = dictionary_ranks(dictionary, dictionary_count(dictionary));
        if (ranks == NULL)
            return fail_nomem(err);
    }
    kernel_extreme(&aggregate->states, part, picked, aggregate->ordinals, ranks, valid);
    return STATUS_OK;
}

/* --- bare columns -------------------------------------------------------------------------------
 */
/* took NULL: the first row of each group; else the latest row with its bit on, or the first. */
static enum status bare_step(struct aggregate *aggregate, const struct aggregate_part *part,
                             const struct vector *v, const uint64_t *took,
                             const struct picked *picked, struct error *err)
{
    bool pinned = vector_texts_pinned(v);
    bool any_new = aggregate->groups > aggregate->groups_before || picked->groups == NULL;

    if (took == NULL && !any_new)
        return STATUS_OK;
    for (uint32_t k = 0; k < picked->rows.count; k++) {
        uint16_t           row = picked->rows.rows[k];
        uint32_t           group = picked_group(picked, k);
        struct cell_state *state;
        struct value       value;
        char               scratch[16];

        if (picked->groups != NULL && group < aggregate->groups_before &&
            (took == NULL || !bits_get(took, row)))
            continue;
        state = state_at(&aggregate->states, part, group);
        if (state->set && (took == NULL || !bits_get(took, row))) {
            if (took == NULL && picked->groups == NULL)
                break;
            continue;
        }
        value = vector_value(v, row, scratch);
        TRY(cell_state_set(state, &value, pinned, &aggregate->texts, err));
    }
    return STATUS_OK;
}

/* --- the others ---------------------------------------------------------------------------------
 */
static bool wants_numbers(enum state_form form)
{
    return form == FORM_MOMENTS || form == FORM_MOMENTS4 || form == FORM_PAIRS || form == FORM_LIST;
}

/* Numbers without cells between where the call wants such and the vectors are so; else by cells. */
static enum status numbers_step(struct aggregate *aggregate, struct aggregate_part *part,
                                const struct vector *v, const struct vector *second,
                                const struct selection *sel, struct picked *picked,
                                struct error *err)
{
    enum number_input one = number_input(v, &picked->rows);
    enum number_input two = second == NULL ? INPUT_REAL : number_input(second, &picked->rows);
    bool              fraction = part->form == FORM_LIST && second != NULL;
    double           *values = (double *)aggregate->separator.values;
    double           *seconds = (double *)aggregate->argument.values;

    if (aggregate->exact || !wants_numbers(part->form) || one == INPUT_OTHER || one == INPUT_NULL ||
        v->shape == VECTOR_CONSTANT || (part->form == FORM_LIST && !list_of_numbers(part->call)) ||
        (fraction ? second->shape != VECTOR_CONSTANT
                  : two == INPUT_OTHER || two == INPUT_NULL ||
                        (second != NULL && second->shape == VECTOR_CONSTANT)))
        return exact_step(aggregate, part, v, second, sel, picked, err);
    if (fraction) {
        struct value constant = vector_value(second, 0, (char *)aggregate->reals);
        double       at;

        TRY(fraction_of(part->call, &constant, &at, err));
        TRY(fraction_step(&aggregate->states, part, picked, at, err));
        pick_valid(aggregate, v, picked);
        numbers_read(aggregate, v, &picked->rows, values);
        return list_add_numbers(&aggregate->states, part, picked, values, err);
    }
    pick_valid(aggregate, v, picked);
    if (second != NULL) {
        pick_valid(aggregate, second, picked);
        numbers_read(aggregate, second, &picked->rows, seconds);
    }
    numbers_read(aggregate, v, &picked->rows, values);
    if (part->form == FORM_LIST)
        return list_add_numbers(&aggregate->states, part, picked, values, err);
    if (part->form == FORM_PAIRS)
        pairs_add(&aggregate->states, part, picked, values, seconds);
    else
        moments_add(&aggregate->states, part, picked, values);
    return STATUS_OK;
}

/* With ORDER BY the arguments and the terms are kept until the group is complete. */
static enum status ordered_step(struct aggregate *aggregate, struct aggregate_part *part,
                                const struct vector *const *arguments, const struct selection *sel,
                                const struct picked *picked, struct error *err)
{
    const struct aggregate_call *call = part->call;
    uint32_t                     width = list_width(call);

    TRY(list_extend(aggregate, part, picked, err));
    for (uint32_t i = 0; i < width; i++) {
        const struct vector *v = arguments[list_argument(call, i)];
        const struct value  *cells;

        arena_reset(&aggregate->scratch);
        TRY(cells_of(aggregate, v, sel, &aggregate->argument, &cells, err));
        TRY(list_fill(aggregate, picked, i, cells, vector_texts_pinned(v), err));
    }
    return STATUS_OK;
}

/* --- a call -------------------------------------------------------------------------------------
 */
enum status part_step(struct aggregate *aggregate, struct aggregate_part *part,
                      const struct vector *const *arguments, const struct selection *sel,
                      const struct picked *all, struct error *err)
{
    const struct aggregate_call *call = part->call;
    const struct vector         *v = call->argument < 0 ? NULL : arguments[call->argument];
    struct picked                picked = *all;

    arena_reset(&aggregate->scratch);
    if (part->took != NULL)
        memset(part->took, 0, VECTOR_WORDS * sizeof *part->took);
    if (call->filter >= 0)
        TRY(pick_filtered(aggregate, arguments[call->filter], sel, &picked, err));
    if (part->distinct != NULL && picked.rows.count > 0)
        TRY(pick_distinct(aggregate, part, v, sel, &picked, err));
    if (picked.rows.count == 0)
        return STATUS_OK;
    if (part->form == FORM_LIST && call->order_count > 0)
        return ordered_step(aggregate, part, arguments, sel, &picked, err);
    switch (call->kind) {
    case AGGREGATE_COUNT:
        pick_valid(aggregate, v, &picked);
        if (picked.rows.count < all->rows.count)
            part_settle(aggregate, part, aggregate->groups_before);
        if (!part->uncounted)
            kernel_count(&aggregate->states, part, &picked);
        break;
    case AGGREGATE_COUNT_STAR:
        if (!part->uncounted)
            kernel_count(&aggregate->states, part, &picked);
        break;
    case AGGREGATE_SUM:
    case AGGREGATE_TOTAL:
    case AGGREGATE_AVG:
        return sum_step(aggregate, part, v, sel, &picked, err);
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
        return extreme_step(aggregate, part, v, sel, &picked, err);
    case AGGREGATE_GROUP_CONCAT:
        return exact_step(aggregate, part, v,
                          call->separator < 0 ? NULL : arguments[call->separator], sel, &picked,
                          err);
    case AGGREGATE_BARE:
        return bare_step(aggregate, part, v,
                         call->follows_extreme && call->extreme >= 0
                             ? aggregate->parts[call->extreme].took
                             : NULL,
                         &picked, err);
    default:
        return numbers_step(aggregate, part, v,
                            call->separator < 0 ? NULL : arguments[call->separator], sel, &picked,
                            err);
    }
    return STATUS_OK;
}
