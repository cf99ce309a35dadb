/* op_sink.c - what collects batches: sets, aggregation, sorters. */
#include "store/dictionary.h"
#include "vm/exact.h"
#include "vm/truth.h"

#include <string.h>

/* --- sets
 * -------------------------------------------------------------------------------------------- */

/* Members came or went: what was remembered about the set is void. */
static void set_changed(struct vm *vm, struct vm_slot *slot)
{
    slot->version = ++vm->set_version;
}

const struct op *op_SetOpen(struct vm *vm, const struct op *op)
{
    struct vm_slot *slot = vm_slot_at(vm, op->p1);

    if (slot->kind == SLOT_SET && slot->desc == op && slot->cursor == NULL) {
        row_set_clear(slot->set);
    } else {
        vm_slot_free(vm, slot);
        VM_TRY(vm, row_set_new(vm->memory, (uint32_t)op->p2, op->p4.desc, &slot->set, vm->err));
        slot->kind = SLOT_SET;
        slot->desc = op;
        slot->columns = (uint32_t)op->p2;
    }
    slot->filled = true;
    set_changed(vm, slot);
    return op + 1;
}

const struct op *op_SetInsert(struct vm *vm, const struct op *op)
{
    const struct vector **columns = vm_vectors(vm, op->p2, (uint32_t)op->p3);

    if (columns == NULL)
        return vm_nomem(vm);
    VM_TRY(vm, row_set_add(vm_slot_at(vm, op->p1)->set, columns, vm->sel, NULL, vm->err));
    set_changed(vm, vm_slot_at(vm, op->p1));
    return op + 1;
}

static const struct op *keep(struct vm *vm, const struct op *op, const uint64_t *mask)
{
    selection_and(vm->sel, mask);
    return vm->sel->count == 0 ? vm->ops + op->p2 : op + 1;
}

const struct op *op_Distinct(struct vm *vm, const struct op *op)
{
    const struct vector **columns = vm_vectors(vm, op->p3, (uint32_t)op->p4.i);
    uint64_t              fresh[VECTOR_WORDS] = {0};

    if (columns == NULL)
        return vm_nomem(vm);
    VM_TRY(vm, row_set_add(vm_slot_at(vm, op->p1)->set, columns, vm->sel, fresh, vm->err));
    set_changed(vm, vm_slot_at(vm, op->p1));
    return keep(vm, op, fresh);
}

const struct op *op_SetRemove(struct vm *vm, const struct op *op)
{
    const struct vector **columns = vm_vectors(vm, op->p3, (uint32_t)op->p4.i);
    uint64_t              removed[VECTOR_WORDS] = {0};

    if (columns == NULL)
        return vm_nomem(vm);
    VM_TRY(vm, row_set_remove(vm_slot_at(vm, op->p1)->set, columns, vm->sel, removed, vm->err));
    set_changed(vm, vm_slot_at(vm, op->p1));
    return keep(vm, op, removed);
}

/* Whether some member may equal the row if NULLs were known: every column equal or NULL on a side.
 * Only asked for row values with NULLs about. */
static bool row_may_match(const struct vm_slot *slot, const struct vector *const *columns,
                          uint32_t row, struct arena *arena, bool *failed)
{
    const struct rowset *rows = row_set_rows(slot->set);
    struct value        *cells = arena_alloc(arena, slot->columns * sizeof *cells);
    char(*texts)[16] = arena_alloc(arena, slot->columns * sizeof *texts);

    if (rows == NULL || cells == NULL || texts == NULL) {
        *failed = true;
        return false;
    }
    for (uint32_t c = 0; c < slot->columns; c++)
        cells[c] = vector_value(columns[c], vector_is_constant(columns[c]) ? 0 : row, texts[c]);
    for (uint64_t member = 0; member < rowset_count(rows); member++) {
        bool possible = true;

        for (uint32_t c = 0; possible && c < slot->columns; c++) {
            char           scratch[16];
            struct value   value = rowset_value(rows, c, member, scratch);
            const uint8_t *collations = ((const struct op *)slot->desc)->p4.desc;
            enum collation collation =
                collations == NULL ? COLLATION_BINARY : (enum collation)collations[c];

            possible = value.class_ == CLASS_NULL || cells[c].class_ == CLASS_NULL ||
                       value_compare(&value, &cells[c], collation) == 0;
        }
        if (possible)
            return true;
    }
    return false;
}

/* Rows of IN whose answer is NULL: not found, but a NULL in the row or the set might be the match.
 */
static enum status set_nulls(struct vm *vm, const struct vm_slot *slot,
                             const struct vector *const *columns, struct truth *truth)
{
    uint64_t operand_null[VECTOR_WORDS], one[VECTOR_WORDS];
    bool     has_null = row_set_has_null(slot->set), failed = false;

    memset(truth->null, 0, sizeof truth->null);
    if (row_set_count(slot->set) == 0)
        return STATUS_OK;
    memset(operand_null, 0, sizeof operand_null);
    for (uint32_t c = 0; c < slot->columns; c++) {
        truth_null(vm, columns[c], one);
        for (uint32_t w = 0; w < vm_words(vm); w++)
            operand_null[w] |= one[w];
    }
    for (uint32_t w = 0; w < vm_words(vm); w++)
        truth->null[w] = (has_null ? ~UINT64_C(0) : operand_null[w]) & ~truth->true_[w];
    if (slot->columns == 1)
        return STATUS_OK;
    ACTIVE_EACH(vm, row, {
        if (bits_get(truth->null, row) && !row_may_match(slot, columns, row, &vm->arena, &failed))
            bits_clear(truth->null, row);
    });
    return failed ? fail_nomem(vm->err) : STATUS_OK;
}

/* --- membership of a dictionary's entries, asked once
 * ------------------------------------------------ */

enum { MEMBERS_MAX = 1 << 16 }; /* of a larger dictionary most entries may never be asked for */

struct member_cache {
    struct op_cache head;
    uint64_t        id, version; /* of the dictionary and of the set */
    uint32_t        count, capacity;
    uint8_t        *verdicts;
};

static void member_cache_free(struct vm *vm, struct op_cache *head)
{
    struct member_cache *cache = (struct member_cache *)head;

    memory_free(vm->memory, cache->verdicts, cache->capacity);
    memory_free(vm->memory, cache, sizeof *cache);
}

static struct member_cache *member_cache_for(struct vm *vm, const struct op *op,
                                             const struct vector *v, uint64_t version)
{
    void               **slot = vm_cache(vm, op);
    struct member_cache *cache = *slot;

    if (cache == NULL) {
        cache = memory_zalloc(vm->memory, sizeof *cache);
        if (cache == NULL)
            return NULL;
        cache->head.free = member_cache_free;
        *slot = cache;
    }
    if (cache->id != dictionary_id(v->dictionary) || cache->version != version)
        cache->count = 0;
    cache->id = dictionary_id(v->dictionary);
    cache->version = version;
    if (v->entry_count + 1 > cache->capacity) {
        uint32_t capacity = (v->entry_count + 1) * 3 / 2;
        uint8_t *grown = memory_realloc(vm->memory, cache->verdicts, cache->capacity, capacity);

        if (grown == NULL)
            return NULL;
        cache->verdicts = grown;
        cache->capacity = capacity;
    }
    cache->verdicts[v->entry_count] = VERDICT_FALSE; /* code 0 of NULL rows without any entry */
    return cache;
}

static enum status members_judge(struct vm *vm, const struct vm_slot *slot, const struct vector *v,
                                 struct member_cache *cache)
{
    struct selection *sel = arena_alloc_aligned(&vm->arena, sizeof *sel, 64);
    bool              has_null = row_set_has_null(slot->set);

    if (sel == NULL)
        return fail_nomem(vm->err);
    while (cache->count < v->entry_count) {
        uint32_t             left = v->entry_count - cache->count;
        uint32_t             rows = left < VECTOR_CAP ? left : VECTOR_CAP;
        uint64_t             found[VECTOR_WORDS] = {0};
        struct vector        entries = {.type = PHYS_TEXT,
                                        .count = rows,
                                        .values = (const struct value *)v->values + cache->count};
        const struct vector *column = &entries;

        selection_all(sel, rows);
        TRY(row_set_find(slot->set, &column, sel, found, vm->err));
        for (uint32_t i = 0; i < rows; i++)
            cache->verdicts[cache->count + i] = bits_get(found, i) ? VERDICT_TRUE
                                                : has_null         ? VERDICT_NULL
                                                                   : VERDICT_FALSE;
        cache->count += rows;
    }
    return STATUS_OK;
}

/* IN of a dictionary-encoded column. */
static enum status set_has_codes(struct vm *vm, const struct op *op, const struct vm_slot *slot,
                                 const struct vector *v, struct truth *truth)
{
    struct member_cache *cache = member_cache_for(vm, op, v, slot->version);

    if (cache == NULL)
        return fail_nomem(vm->err);
    TRY(members_judge(vm, slot, v, cache));
    truth_of_codes(vm, v, cache->verdicts, truth);
    for (uint32_t w = 0; v->valid != NULL && w < vm_words(vm); w++) {
        truth->true_[w] &= v->valid[w];
        truth->null[w] |= row_set_count(slot->set) > 0 ? ~v->valid[w] : 0;
    }
    return STATUS_OK;
}

const struct op *op_SetHas(struct vm *vm, const struct op *op)
{
    struct vm_slot       *slot = vm_slot_at(vm, op->p1);
    const struct vector **columns = vm_vectors(vm, op->p2, slot->columns);
    struct truth          truth;
    bool                  constant = true;

    if (columns == NULL)
        return vm_nomem(vm);
    if (slot->columns == 1 && columns[0]->shape == VECTOR_DICT && columns[0]->dictionary != NULL &&
        columns[0]->type == PHYS_TEXT && columns[0]->entry_count <= MEMBERS_MAX) {
        VM_TRY(vm, set_has_codes(vm, op, slot, columns[0], &truth));
        VM_TRY(vm, register_truth(vm, vm_reg(vm, op->p3), &truth));
        return op + 1;
    }
    for (uint32_t c = 0; c < slot->columns; c++)
        constant &= vector_is_constant(columns[c]);
    memset(truth.true_, 0, sizeof truth.true_);
    VM_TRY(vm, row_set_find(slot->set, columns, vm->sel, truth.true_, vm->err));
    VM_TRY(vm, set_nulls(vm, slot, columns, &truth));
    if (constant) {
        uint32_t row = (uint32_t)bits_next(vm->sel->bits, 0, vm->sel->rows);

        register_constant(vm, vm_reg(vm, op->p3),
                          bits_get(truth.null, row)
                              ? value_null()
                              : value_int((int64_t)bits_get(truth.true_, row)));
        return op + 1;
    }
    VM_TRY(vm, register_truth(vm, vm_reg(vm, op->p3), &truth));
    return op + 1;
}

/* Keys with a member that is NULL; keys with others, where the operand is NULL: of the active rows
 * that were not found. */
static enum status keyed_nulls(struct vm *vm, struct row_set *keys, uint32_t count,
                               const struct vector *const *operand, struct truth *truth)
{
    static const int64_t  flags[2] = {0, 1};
    const struct vector **columns = arena_alloc(&vm->arena, (count + 1) * sizeof *columns);
    struct selection     *rest = arena_alloc_aligned(&vm->arena, sizeof *rest, 64);
    uint64_t              left[VECTOR_WORDS], some[VECTOR_WORDS], nulls[VECTOR_WORDS];

    if (columns == NULL || rest == NULL)
        return fail_nomem(vm->err);
    for (uint32_t w = 0; w < vm_words(vm); w++)
        left[w] = vm->sel->bits[w] & ~truth->true_[w];
    selection_bits(rest, vm->sel->rows, left);
    truth_null(vm, operand[0], nulls);
    memcpy(columns, operand + 1, count * sizeof *columns);
    for (int flag = 0; flag < 2; flag++) {
        struct vector constant = {.type = PHYS_I64,
                                  .shape = VECTOR_CONSTANT,
                                  .count = vm->sel->rows,
                                  .values = &flags[flag]};

        columns[count] = &constant;
        TRY(row_set_find(keys, columns, rest, some, vm->err));
        for (uint32_t w = 0; w < vm_words(vm); w++)
            truth->null[w] |= some[w] & (flag == 0 ? nulls[w] : ~UINT64_C(0));
    }
    return STATUS_OK;
}

const struct op *op_SetHasKeyed(struct vm *vm, const struct op *op)
{
    struct vm_slot       *slot = vm_slot_at(vm, op->p1);
    const struct vector **columns = vm_vectors(vm, op->p2, slot->columns);
    struct truth          truth;

    if (columns == NULL)
        return vm_nomem(vm);
    memset(&truth, 0, sizeof truth);
    VM_TRY(vm, row_set_find(slot->set, columns, vm->sel, truth.true_, vm->err));
    VM_TRY(vm, keyed_nulls(vm, vm_slot_at(vm, (int32_t)op->p4.i)->set, slot->columns - 1, columns,
                           &truth));
    VM_TRY(vm, register_truth(vm, vm_reg(vm, op->p3), &truth));
    return op + 1;
}

/* --- aggregation
 * ------------------------------------------------------------------------------------- */

const struct op *op_AggOpen(struct vm *vm, const struct op *op)
{
    struct vm_slot *slot = vm_slot_at(vm, op->p1);

    if (slot->kind == SLOT_AGGREGATE && slot->desc == op->p4.desc) {
        if (slot->cursor != NULL)
            slot->cursor->ops->close(slot->cursor);
        slot->cursor = NULL;
        aggregate_reset(slot->aggregate);
    } else {
        vm_slot_free(vm, slot);
        VM_TRY(vm, aggregate_new(vm->memory, op->p4.desc, &slot->aggregate, vm->err));
        slot->kind = SLOT_AGGREGATE;
        slot->desc = op->p4.desc;
    }
    slot->filled = true;
    return op + 1;
}

const struct op *op_AggStep(struct vm *vm, const struct op *op)
{
    struct vm_slot              *slot = vm_slot_at(vm, op->p1);
    const struct aggregate_desc *desc = slot->desc;
    const struct vector        **keys = vm_vectors(vm, op->p2, desc->key_count);
    const struct vector        **arguments = vm_vectors(vm, op->p3, aggregate_argument_count(desc));

    if (keys == NULL || arguments == NULL)
        return vm_nomem(vm);
    if (desc->key_count > 0 && vm->sel->count < vm->sel->rows)
        selection_list(vm->sel); /* once, for all that ask for it below */
    VM_TRY(vm, aggregate_step(slot->aggregate, keys, arguments, vm->sel, vm->err));
    return op + 1;
}

const struct op *op_AggFill(struct vm *vm, const struct op *op)
{
    struct aggregate    *aggregate = vm_slot_at(vm, op->p1)->aggregate;
    uint32_t             count = tuples_count(vm_slot_at(vm, op->p2)->tuples);
    struct vector        numbers = {.type = PHYS_I64, .shape = VECTOR_SEQUENCE};
    const struct vector *keys = &numbers;
    struct selection     all;

    for (uint32_t start = 0; start < count; start += VECTOR_CAP) {
        numbers.base = start;
        numbers.count = count - start < VECTOR_CAP ? count - start : VECTOR_CAP;
        selection_all(&all, numbers.count);
        VM_TRY(vm, vm_poll(vm));
        VM_TRY(vm, aggregate_fill(aggregate, &keys, &all, vm->err));
    }
    return op + 1;
}

const struct op *op_AggFinal(struct vm *vm, const struct op *op)
{
    struct vm_slot *slot = vm_slot_at(vm, op->p1);

    VM_TRY(vm, aggregate_finish(slot->aggregate, vm->err));
    return op + 1;
}

/* --- sorters
 * ------------------------------------------------------------------------------------------ */

const struct op *op_SorterOpen(struct vm *vm, const struct op *op)
{
    struct vm_slot *slot = vm_slot_at(vm, op->p1);
    uint64_t        limit = UINT64_MAX;

    if (op->p3 != 0) {
        char    scratch[16];
        int64_t wanted = vector_constant_value(vm_vec(vm, op->p3), scratch).i;

        limit = wanted < 0 ? UINT64_MAX : (uint64_t)wanted;
    }
    if (slot->kind == SLOT_SORTER && slot->desc == op->p4.desc) {
        if (slot->cursor != NULL)
            slot->cursor->ops->close(slot->cursor);
        slot->cursor = NULL;
    } else {
        vm_slot_free(vm, slot);
        VM_TRY(vm, sorter_new(vm->memory, op->p4.desc, &slot->sorter, vm->err));
        slot->kind = SLOT_SORTER;
        slot->desc = op->p4.desc;
    }
    sorter_reset(slot->sorter, limit);
    slot->filled = true;
    return op + 1;
}

const struct op *op_SorterInsert(struct vm *vm, const struct op *op)
{
    const struct vector **columns = vm_vectors(vm, op->p2, (uint32_t)op->p3);

    if (columns == NULL)
        return vm_nomem(vm);
    VM_TRY(vm, sorter_add(vm_slot_at(vm, op->p1)->sorter, columns, vm->sel, vm->err));
    return op + 1;
}
