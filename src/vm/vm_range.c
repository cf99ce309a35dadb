/* vm_range.c - aggregates of ranges of sorted rows (range.h): RangeOpen, RangeInsert, RangeFinish,
 * RangeFind. */
#include "store/rowset.h"
#include "vm/exact.h"
#include "vm/machine.h"
#include "vm/range.h"

#include <string.h>

enum { RANGE_POLL = 1 << 14 };

struct range {
    struct memory           *memory;
    const struct range_desc *desc;
    uint32_t                 columns;
    struct rowset           *rows;
    uint32_t                 count;   /* once finished */
    int64_t                **ints;    /* [key_count + 1][count], NULL: not all are INTEGER */
    int64_t                 *sums;    /* [count + 1] of the rows before; NULL: not INTEGERs */
    uint32_t                *present; /* [count + 1] rows before whose argument is not NULL */
    uint32_t                *best;    /* [count] row of the min or max from its key's first row to
                                         this one, or from this one to its last; UINT32_MAX: none */
    struct aggregate_desc single;     /* of one call without keys */
    struct aggregate     *aggregate;
    struct rowset        *results; /* of a batch */
    struct value         *probe;   /* [key_count + 2] keys, low, high of a row */
    char (*scratch)[16];           /* [key_count + 2] */
};

/* --- lifetime -----------------------------------------------------------------------------------
 */
void range_free(struct range *range)
{
    struct memory *memory;
    size_t         searched;

    if (range == NULL)
        return;
    memory = range->memory;
    searched = range->desc->key_count + (size_t)1;
    for (size_t c = 0; range->ints != NULL && c < searched; c++)
        memory_free(memory, range->ints[c], range->count * sizeof(int64_t));
    memory_free(memory, range->ints, searched * sizeof *range->ints);
    memory_free(memory, range->sums, (range->count + (size_t)1) * sizeof *range->sums);
    memory_free(memory, range->present, (range->count + (size_t)1) * sizeof *range->present);
    memory_free(memory, range->best, range->count * sizeof *range->best);
    memory_free(memory, range->probe, (searched + 1) * sizeof *range->probe);
    memory_free(memory, range->scratch, (searched + 1) * sizeof *range->scratch);
    rowset_free(range->rows);
    rowset_free(range->results);
    aggregate_free(range->aggregate);
    memory_free(memory, range, sizeof *range);
}

enum status range_new(struct memory *memory, const struct range_desc *desc, struct range **out,
                      struct error *err)
{
    struct range *range = memory_zalloc(memory, sizeof *range);
    size_t        searched = desc->key_count + (size_t)1;

    *out = range;
    if (range == NULL)
        return fail_nomem(err);
    range->memory = memory;
    range->desc = desc;
    range->columns = (uint32_t)searched + (desc->call.argument >= 0);
    range->rows = rowset_new(memory, range->columns);
    range->results = rowset_new(memory, 1);
    range->ints = memory_zalloc(memory, searched * sizeof *range->ints);
    range->probe = memory_zalloc(memory, (searched + 1) * sizeof *range->probe);
    range->scratch = memory_zalloc(memory, (searched + 1) * sizeof *range->scratch);
    range->single = (struct aggregate_desc){.call_count = 1, .calls = &desc->call};
    if (range->rows == NULL || range->results == NULL || range->ints == NULL ||
        range->probe == NULL || range->scratch == NULL)
        return fail_nomem(err);
    return aggregate_new(memory, &range->single, &range->aggregate, err);
}

uint64_t range_count(const struct range *range)
{
    return rowset_count(range->rows);
}

const struct op *op_RangeOpen(struct vm *vm, const struct op *op)
{
    struct vm_slot *slot = vm_slot_at(vm, op->p1);
    struct range   *range;
    enum status     status;

    vm_slot_free(vm, slot);
    status = range_new(vm->memory, op->p4.desc, &range, vm->err);
    if (status != STATUS_OK) {
        range_free(range);
        return vm_stop(vm, status);
    }
    slot->range = range;
    slot->kind = SLOT_RANGE;
    slot->filled = true;
    return op + 1;
}

const struct op *op_RangeInsert(struct vm *vm, const struct op *op)
{
    struct range         *range = vm_slot_at(vm, op->p1)->range;
    const struct vector **columns = vm_vectors(vm, op->p2, (uint32_t)op->p3);

    if (columns == NULL)
        return vm_nomem(vm);
    if (rowset_count(range->rows) + vm->sel->count >= UINT32_MAX)
        return vm_stop(vm, fail(vm->err, STATUS_TOOBIG, "too many rows in a subquery"));
    VM_TRY(vm, rowset_append(range->rows, columns, vm->sel, vm->err));
    return op + 1;
}

/* --- running aggregates -------------------------------------------------------------------------
 */
static enum status poll_row(struct vm *vm, uint32_t row)
{
    return row % RANGE_POLL == 0 ? vm_poll(vm) : STATUS_OK;
}

static enum status extract_ints(struct vm *vm, struct range *range, uint32_t column)
{
    int64_t *ints = memory_alloc(range->memory, range->count * sizeof *ints);
    char     scratch[16];

    if (ints == NULL)
        return fail_nomem(vm->err);
    range->ints[column] = ints;
    for (uint32_t row = 0; row < range->count; row++) {
        struct value cell = rowset_value(range->rows, column, row, scratch);

        if (cell.class_ != CLASS_INTEGER) {
            memory_free(range->memory, ints, range->count * sizeof *ints);
            range->ints[column] = NULL;
            return STATUS_OK;
        }
        ints[row] = cell.i;
        TRY(poll_row(vm, row));
    }
    return STATUS_OK;
}

static struct value argument_at(const struct range *range, uint32_t row, char scratch[16])
{
    return rowset_value(range->rows, range->desc->key_count + 1, row, scratch);
}

static bool is_sum(enum aggregate_kind kind)
{
    return kind == AGGREGATE_SUM || kind == AGGREGATE_TOTAL || kind == AGGREGATE_AVG;
}

static enum status add_up(struct vm *vm, struct range *range)
{
    bool sums = is_sum(range->desc->call.kind);
    char scratch[16];

    range->present =
        memory_zalloc(range->memory, (range->count + (size_t)1) * sizeof *range->present);
    if (range->present == NULL)
        return fail_nomem(vm->err);
    if (sums) {
        range->sums =
            memory_zalloc(range->memory, (range->count + (size_t)1) * sizeof *range->sums);
        if (range->sums == NULL)
            return fail_nomem(vm->err);
    }
    for (uint32_t row = 0; row < range->count; row++) {
        struct value cell = argument_at(range, row, scratch);
        int64_t      term = cell.class_ == CLASS_INTEGER ? cell.i : 0;

        range->present[row + 1] = range->present[row] + (cell.class_ != CLASS_NULL);
        if (sums && ((cell.class_ != CLASS_INTEGER && cell.class_ != CLASS_NULL) ||
                     __builtin_add_overflow(range->sums[row], term, &range->sums[row + 1]))) {
            memory_free(range->memory, range->sums,
                        (range->count + (size_t)1) * sizeof *range->sums);
            range->sums = NULL;
            sums = false;
        }
        TRY(poll_row(vm, row));
    }
    return STATUS_OK;
}

static bool keys_differ(const struct range *range, uint32_t a, uint32_t b)
{
    char scratch[2][16];

    for (uint32_t c = 0; c < range->desc->key_count; c++) {
        struct value left, right;

        if (range->ints[c] != NULL) {
            if (range->ints[c][a] != range->ints[c][b])
                return true;
            continue;
        }
        left = rowset_value(range->rows, c, a, scratch[0]);
        right = rowset_value(range->rows, c, b, scratch[1]);
        if (value_compare(&left, &right, (enum collation)range->desc->collations[c]) != 0)
            return true;
    }
    return false;
}

/* Whether row has a better value than best; equal ones: whichever. */
static bool is_better(const struct range *range, uint32_t row, uint32_t best)
{
    char         scratch[2][16];
    struct value cell = argument_at(range, row, scratch[0]), other;
    int          order;

    if (cell.class_ == CLASS_NULL)
        return false;
    if (best == UINT32_MAX)
        return true;
    other = argument_at(range, best, scratch[1]);
    order = value_compare(&cell, &other, range->desc->call.collation);
    return range->desc->call.kind == AGGREGATE_MIN ? order < 0 : order > 0;
}

static enum status run_extremes(struct vm *vm, struct range *range)
{
    bool     forward = !range->desc->low; /* ranges begin at their key's first row */
    uint32_t best = UINT32_MAX;

    range->best = memory_alloc(range->memory, range->count * sizeof *range->best);
    if (range->best == NULL)
        return fail_nomem(vm->err);
    for (uint32_t i = 0; i < range->count; i++) {
        uint32_t row = forward ? i : range->count - 1 - i;

        if (i > 0 && keys_differ(range, row, forward ? row - 1 : row + 1))
            best = UINT32_MAX;
        if (is_better(range, row, best))
            best = row;
        range->best[row] = best;
        TRY(poll_row(vm, i));
    }
    return STATUS_OK;
}

static enum status range_finish(struct vm *vm, struct range *range)
{
    const struct range_desc *desc = range->desc;

    range->count = (uint32_t)rowset_count(range->rows);
    if (range->count == 0)
        return STATUS_OK;
    for (uint32_t c = 0; c <= desc->key_count; c++)
        TRY(extract_ints(vm, range, c));
    if (desc->call.kind == AGGREGATE_MIN || desc->call.kind == AGGREGATE_MAX)
        return desc->low && desc->high ? STATUS_OK : run_extremes(vm, range);
    return desc->call.argument >= 0 ? add_up(vm, range) : STATUS_OK;
}

const struct op *op_RangeFinish(struct vm *vm, const struct op *op)
{
    VM_TRY(vm, range_finish(vm, vm_slot_at(vm, op->p1)->range));
    return op + 1;
}

/* --- search -------------------------------------------------------------------------------------
 */
static int row_compare(const struct range *range, uint32_t row, const struct value *bound,
                       bool with_bound)
{
    uint32_t keys = range->desc->key_count;
    char     scratch[16];

    for (uint32_t c = 0; c < keys + with_bound; c++) {
        const struct value *probe = c < keys ? &range->probe[c] : bound;
        struct value        cell;
        int                 order;

        if (range->ints[c] != NULL && probe->class_ == CLASS_INTEGER) {
            int64_t mine = range->ints[c][row];

            if (mine != probe->i)
                return mine < probe->i ? -1 : 1;
            continue;
        }
        cell = rowset_value(range->rows, c, row, scratch);
        order = value_compare(&cell, probe, (enum collation)range->desc->collations[c]);
        if (order != 0)
            return order;
    }
    return 0;
}

/* The first row behind the probe's keys and bound; not after: or equal to them. */
static uint32_t search(const struct range *range, const struct value *bound, bool with_bound,
                       bool after)
{
    uint32_t from = 0, to = range->count;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        int      order = row_compare(range, middle, bound, with_bound);

        if (order < 0 || (after && order == 0))
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* The rows [*from, *to) that row of the batch asks for. */
static void find_rows(struct range *range, const struct vector *const *columns, uint32_t row,
                      uint32_t *from, uint32_t *to)
{
    const struct range_desc *desc = range->desc;
    uint32_t                 count = desc->key_count + desc->low + desc->high;
    struct value            *low = &range->probe[desc->key_count];

    *from = *to = 0;
    for (uint32_t c = 0; c < count; c++) {
        range->probe[c] =
            vector_value(columns[c], vector_is_constant(columns[c]) ? 0 : row, range->scratch[c]);
        if (range->probe[c].class_ == CLASS_NULL)
            return;
    }
    *from = search(range, low, desc->low, desc->low && desc->low_strict);
    *to = search(range, low + desc->low, desc->high, !desc->high || !desc->high_strict);
    if (*from > *to)
        *from = *to;
}

/* --- results ------------------------------------------------------------------------------------
 */
/* Row by row. */
static enum status aggregate_rows(struct vm *vm, struct range *range, uint32_t from, uint32_t to,
                                  struct value *result)
{
    struct selection    *all = arena_alloc_aligned(&vm->arena, sizeof *all, 64);
    uint64_t             valid[VECTOR_WORDS];
    struct vector        view;
    const struct vector *argument = &view;

    if (all == NULL)
        return fail_nomem(vm->err);
    aggregate_reset(range->aggregate);
    while (from < to) {
        uint32_t rows = VECTOR_CAP - from % VECTOR_CAP;

        rows = rows < to - from ? rows : to - from;
        TRY(vm_poll(vm));
        rowset_view(range->rows, range->desc->key_count + 1, from, rows, valid, &view);
        selection_all(all, rows);
        TRY(aggregate_step(range->aggregate, NULL, &argument, all, vm->err));
        from += rows;
    }
    TRY(aggregate_finish(range->aggregate, vm->err));
    *result = aggregate_value(range->aggregate, 0);
    return STATUS_OK;
}

static enum status extreme_of(struct vm *vm, const struct range *range, uint32_t from, uint32_t to,
                              uint32_t *best)
{
    for (uint32_t row = from; row < to; row++) {
        if (is_better(range, row, *best))
            *best = row;
        TRY(poll_row(vm, row - from));
    }
    return STATUS_OK;
}

static enum status range_result(struct vm *vm, struct range *range, uint32_t from, uint32_t to,
                                char scratch[16], struct value *result)
{
    const struct range_desc *desc = range->desc;
    enum aggregate_kind      kind = desc->call.kind;
    uint32_t                 count = to - from;

    if (desc->exists || desc->call.argument < 0) {
        *result = value_int(desc->exists ? count > 0 : count);
        return STATUS_OK;
    }
    if (kind == AGGREGATE_MIN || kind == AGGREGATE_MAX) {
        uint32_t best = UINT32_MAX;

        if (range->best != NULL && count > 0)
            best = range->best[desc->low ? from : to - 1];
        else if (range->best == NULL)
            TRY(extreme_of(vm, range, from, to, &best));
        *result = best == UINT32_MAX ? value_null() : argument_at(range, best, scratch);
        return STATUS_OK;
    }
    if (count == 0) {
        *result = kind == AGGREGATE_COUNT   ? value_int(0)
                  : kind == AGGREGATE_TOTAL ? value_real(0)
                                            : value_null();
        return STATUS_OK;
    }
    if (is_sum(kind) && range->sums == NULL)
        return aggregate_rows(vm, range, from, to, result);
    count = range->present[to] - range->present[from];
    if (kind == AGGREGATE_COUNT)
        *result = value_int(count);
    else if (count == 0 && kind != AGGREGATE_TOTAL)
        *result = value_null();
    else if (kind == AGGREGATE_SUM)
        *result = value_int(range->sums[to] - range->sums[from]);
    else
        *result = value_real((double)(range->sums[to] - range->sums[from]) /
                             (kind == AGGREGATE_AVG ? count : 1));
    return STATUS_OK;
}

const struct op *op_RangeFind(struct vm *vm, const struct op *op)
{
    struct range            *range = vm_slot_at(vm, op->p1)->range;
    const struct range_desc *desc = range->desc;
    struct vm_register      *reg = vm_reg(vm, op->p3);
    const struct vector    **columns =
        vm_vectors(vm, op->p2, desc->key_count + desc->low + desc->high);
    uint32_t             *positions = arena_alloc(&vm->arena, VECTOR_CAP * sizeof *positions);
    struct vector_buffer *buffer = register_buffer(vm, reg, NULL, NULL);
    struct vector         out;

    if (columns == NULL || positions == NULL || buffer == NULL)
        return vm_nomem(vm);
    rowset_clear(range->results);
    memset(positions, 0xff, vm->sel->rows * sizeof *positions);
    for (BITS_EACH(row, vm->sel->bits, vm->sel->rows)) {
        uint32_t     from, to;
        struct value result;
        char         scratch[16];

        find_rows(range, columns, (uint32_t)row, &from, &to);
        VM_TRY(vm, range_result(vm, range, from, to, scratch, &result));
        positions[row] = (uint32_t)rowset_count(range->results);
        VM_TRY(vm, rowset_append_row(range->results, &result, vm->err));
    }
    if (!rowset_gather(range->results, 0, positions, vm->sel->rows, buffer, &vm->arena, &out))
        return vm_nomem(vm);
    reg->v = out;
    return op + 1;
}
