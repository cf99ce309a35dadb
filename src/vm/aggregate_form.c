/* aggregate_form.c - from one form of a state to a wider one. */
#include "vm/aggregate_more.h"

#include <assert.h>

enum state_form form_initial(const struct aggregate_call *call)
{
    if (call->order_count > 0)
        return FORM_LIST;
    switch (call->kind) {
    case AGGREGATE_COUNT_STAR:
    case AGGREGATE_COUNT:
        return FORM_COUNT;
    case AGGREGATE_GROUP_CONCAT:
        return FORM_CONCAT;
    case AGGREGATE_BARE:
        return FORM_CELL;
    default:
        return more_form(call->kind);
    }
}

static void widen_int(const struct sum_int *from, enum state_form form, void *to)
{
    if (form == FORM_SUM_REAL) /* exact: int_magnitude is below 2^52 */
        *(struct sum_real *)to = (struct sum_real){.sum = (double)from->sum, .count = from->count};
    else
        *(struct sum_state *)to = (struct sum_state){.integer = from->sum, .count = from->count};
}

static void widen_real(const struct sum_real *from, struct sum_state *to)
{
    *to = (struct sum_state){.count = from->count};
    if (from->reals) {
        to->approximate = true;
        to->sum = from->sum;
        to->error = from->error;
    } else {
        to->integer = (int64_t)from->sum;
    }
}

static bool widen_ordinal(const struct aggregate_part *part, const struct ordinal_state *from,
                          struct cell_state *to, struct arena *texts)
{
    char         scratch[16];
    struct value value;

    *to = (struct cell_state){.value = value_null()};
    if (!from->set)
        return true;
    value = ordinal_value(&part->domain, from->ordinal, scratch);
    /* entries of the dictionary outlive the states: the part keeps its reference */
    return cell_state_set(to, &value, part->domain.kind != ORDINAL_DAY, texts, NULL) == STATUS_OK;
}

bool form_convert(const struct aggregate_part *part, const void *from, enum state_form form,
                  void *to, struct arena *texts)
{
    if (part->form == FORM_NONE)
        return true; /* zeroed already */
    if (part->form == form)
        memcpy(to, from, state_bytes[form]);
    else if (part->form == FORM_SUM_INT)
        widen_int(from, form, to);
    else if (part->form == FORM_SUM_REAL)
        widen_real(from, to);
    else if (part->form == FORM_ORDINAL)
        return widen_ordinal(part, from, to, texts);
    else
        assert(0 && "a form that can be widened");
    return true;
}
