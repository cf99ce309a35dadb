/* op_mask.c - the current batch and selection: pushes and pops, narrowing, LIMIT and OFFSET. */
#include "vm/exact.h"
#include "vm/truth.h"

#include <string.h>

const struct op *op_BatchPush(struct vm *vm, const struct op *op)
{
    VM_TRY(vm, vm_push(vm, true));
    return op + 1;
}

const struct op *op_OneRow(struct vm *vm, const struct op *op)
{
    vm_batch_one(vm);
    return op + 1;
}

const struct op *op_BatchPop(struct vm *vm, const struct op *op)
{
    vm_pop(vm);
    return op + 1;
}

const struct op *op_SelPush(struct vm *vm, const struct op *op)
{
    VM_TRY(vm, vm_push(vm, false));
    return op + 1;
}

const struct op *op_SelPop(struct vm *vm, const struct op *op)
{
    vm_pop(vm);
    return op + 1;
}

const struct op *op_SelPushIf(struct vm *vm, const struct op *op)
{
    uint64_t mask[VECTOR_WORDS];

    VM_TRY(vm, truth_test(vm, vm_vec(vm, op->p1), (enum truth_test)op->p3, mask));
    VM_TRY(vm, vm_push(vm, false));
    selection_and(vm->sel, mask);
    return vm->sel->count == 0 ? vm->ops + op->p2 : op + 1;
}

const struct op *op_FilterTruth(struct vm *vm, const struct op *op)
{
    uint64_t mask[VECTOR_WORDS];

    VM_TRY(vm, truth_test(vm, vm_vec(vm, op->p1), (enum truth_test)op->p3, mask));
    selection_and(vm->sel, mask);
    return vm->sel->count == 0 ? vm->ops + op->p2 : op + 1;
}

/* --- LIMIT, OFFSET
 * --------------------------------------------------------------------------------- */

static int64_t counter(const struct vm_register *reg)
{
    char scratch[16];

    return vector_constant_value(&reg->v, scratch).i;
}

const struct op *op_Limit(struct vm *vm, const struct op *op)
{
    struct vm_register *reg = vm_reg(vm, op->p1);
    struct selection   *sel = vm->sel;
    int64_t             left = counter(reg);

    if (left < 0)
        return op + 1;
    if (left == 0)
        return vm->ops + op->p2;
    if ((uint64_t)left < sel->count) {
        const uint16_t *list = selection_list(sel);
        uint32_t        last = list[left - 1];

        sel->bits[last / 64] &= ~UINT64_C(0) >> (63 - last % 64);
        for (uint32_t w = last / 64 + 1; w < bits_words(sel->rows); w++)
            sel->bits[w] = 0;
        sel->count = (uint32_t)left;
    }
    register_constant(vm, reg, value_int(left - sel->count));
    return op + 1;
}

const struct op *op_Offset(struct vm *vm, const struct op *op)
{
    struct vm_register *reg = vm_reg(vm, op->p1);
    struct selection   *sel = vm->sel;
    int64_t             skip = counter(reg);

    if (skip <= 0)
        return op + 1;
    if ((uint64_t)skip >= sel->count) {
        register_constant(vm, reg, value_int(skip - sel->count));
        memset(sel->bits, 0, bits_words(sel->rows) * sizeof sel->bits[0]);
        sel->count = 0;
        sel->listed = false;
        return vm->ops + op->p2;
    }
    for (uint32_t i = 0; i < (uint32_t)skip; i++)
        bits_clear(sel->bits, bits_next(sel->bits, 0, sel->rows));
    sel->count -= (uint32_t)skip;
    sel->listed = false;
    register_constant(vm, reg, value_int(0));
    return op + 1;
}

/* --- Compact
 * --------------------------------------------------------------------------------------- */

const struct op *op_Compact(struct vm *vm, const struct op *op)
{
    struct selection *sel = vm->sel;
    const uint16_t   *list;

    if (sel->count * 2 >= sel->rows)
        return op + 1;
    list = selection_list(sel);
    for (int32_t i = 0; i < op->p2; i++) {
        struct vm_register   *reg = vm_reg(vm, op->p1 + i);
        struct vector_buffer *buffer;
        struct vector         out;

        if (vector_is_constant(&reg->v))
            continue;
        buffer = register_buffer(vm, reg, &reg->v, NULL);
        if (buffer == NULL || !vector_gather(&reg->v, list, sel->count, buffer, &vm->arena, &out))
            return vm_nomem(vm);
        reg->v = out;
        reg->v.flags &= (uint8_t)~VECTOR_OF_CURSOR;
    }
    vm_batch(vm, sel->count, NULL);
    return op + 1;
}
