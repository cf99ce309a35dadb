/* window_rank.c - functions of a row's place in its partition. */
#include "vm/window_internal.h"

/* What follows works row by row or group by group: a partition may be long, and so may a group. */
static enum status number_rows(struct window *window, const struct partition *p, int64_t *out)
{
    for (uint32_t row = p->from; row < p->to; row++) {
        out[row] = (int64_t)(row - p->from) + 1;
        TRY(window_work(window, 1));
    }
    return STATUS_OK;
}

static enum status rank_groups(struct window *window, const struct partition *p,
                               enum window_kind kind, int64_t *out)
{
    for (uint32_t g = p->group_from; g < p->group_to; g++) {
        int64_t rank = kind == WINDOW_RANK ? (int64_t)(window->groups[g] - p->from) + 1
                                           : (int64_t)(g - p->group_from) + 1;

        for (uint32_t row = window->groups[g]; row < window->groups[g + 1]; row++) {
            out[row] = rank;
            TRY(window_work(window, 1));
        }
    }
    return STATUS_OK;
}

static enum status share_groups(struct window *window, const struct partition *p,
                                enum window_kind kind, double *out)
{
    double total = (double)(p->to - p->from);

    for (uint32_t g = p->group_from; g < p->group_to; g++) {
        double share;

        if (kind == WINDOW_CUME_DIST)
            share = (double)(window->groups[g + 1] - p->from) / total;
        else
            share = total > 1 ? (double)(window->groups[g] - p->from) / (total - 1) : 0.0;
        for (uint32_t row = window->groups[g]; row < window->groups[g + 1]; row++) {
            out[row] = share;
            TRY(window_work(window, 1));
        }
    }
    return STATUS_OK;
}

/* Larger tiles come first. */
static enum status tile_rows(struct window *window, const struct partition *p, int64_t tiles,
                             int64_t *out)
{
    int64_t total = p->to - p->from, size = total / tiles;
    int64_t large = total - tiles * size, in_large = large * (size + 1);

    for (int64_t i = 0; i < total; i++) {
        int64_t tile = size == 0      ? i + 1
                       : i < in_large ? 1 + i / (size + 1)
                                      : 1 + large + (i - in_large) / size;

        out[p->from + (uint32_t)i] = tile;
        TRY(window_work(window, 1));
    }
    return STATUS_OK;
}

/* The number of tiles is that of the partition's first row. */
static enum status ntile(struct window *window, const struct window_call *call, int64_t *out,
                         struct error *err)
{
    struct partition p;

    for (partition_begin(&p); partition_next(window, &p);) {
        char         scratch[16];
        struct value v = rowset_value(window->rows, (uint32_t)call->arguments[0],
                                      window->order[p.from], scratch);
        int64_t      tiles = value_as_int(&v);

        if (tiles <= 0) {
            window_error_at(window, p.from, "argument of ntile must be a positive integer");
            break;
        }
        TRY(tile_rows(window, &p, tiles, out));
    }
    (void)err;
    return STATUS_OK;
}

enum status window_rank(struct window *window, const struct window_call *call,
                        struct window_result *result, struct error *err)
{
    bool             shares = call->kind == WINDOW_PERCENT_RANK || call->kind == WINDOW_CUME_DIST;
    struct partition p;

    TRY(window_result_alloc(window, result, shares ? RESULT_REAL : RESULT_INT, err));
    if (call->kind == WINDOW_NTILE)
        return ntile(window, call, result->ints, err);
    for (partition_begin(&p); partition_next(window, &p);) {
        if (call->kind == WINDOW_ROW_NUMBER)
            TRY(number_rows(window, &p, result->ints));
        else if (shares)
            TRY(share_groups(window, &p, call->kind, result->reals));
        else
            TRY(rank_groups(window, &p, call->kind, result->ints));
    }
    return STATUS_OK;
}
