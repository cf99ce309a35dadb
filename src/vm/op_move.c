/* op_move.c - constants, parameters, copies. */
#include "vm/machine.h"

#include <string.h>

const struct op *op_Integer(struct vm *vm, const struct op *op)
{
    register_constant(vm, vm_reg(vm, op->p2), value_int(op->p1));
    return op + 1;
}

const struct op *op_Constant(struct vm *vm, const struct op *op)
{
    register_constant(vm, vm_reg(vm, op->p2), *op->p4.value);
    return op + 1;
}

const struct op *op_Null(struct vm *vm, const struct op *op)
{
    int32_t count = op->p3 == 0 ? 1 : op->p3;

    for (int32_t i = 0; i < count; i++)
        register_constant(vm, vm_reg(vm, op->p2 + i), value_null());
    return op + 1;
}

const struct op *op_Variable(struct vm *vm, const struct op *op)
{
    register_constant(vm, vm_reg(vm, op->p2), vm->variables[op->p1 - 1]);
    return op + 1;
}

/* r[P2] as a view; a constant's cell goes along, so that it does not change with r[P1]'s next
 * value. */
static void register_view(struct vm_register *to, const struct vm_register *from)
{
    if (to == from)
        return;
    to->v = from->v;
    if (from->v.values == &from->cell) {
        to->cell = from->cell;
        to->v.values = &to->cell;
    }
}

const struct op *op_SCopy(struct vm *vm, const struct op *op)
{
    register_view(vm_reg(vm, op->p2), vm_reg(vm, op->p1));
    return op + 1;
}

/* A copy of an array that lies in the frame's buffers; other arrays belong to segments and cursors
 * and stay as they are while their batch is current. */
static bool vector_own(struct vm *vm, struct vm_register *reg, const struct vector *v)
{
    struct vector_buffer *buffer = register_buffer(vm, reg, v, NULL);
    uint32_t              rows = vm->sel->rows;

    if (buffer == NULL)
        return false;
    reg->v = *v;
    if (v->valid != NULL) {
        memcpy(buffer->valid, v->valid, bits_words(rows) * sizeof *buffer->valid);
        reg->v.valid = buffer->valid;
    }
    if (v->shape == VECTOR_FLAT) {
        memcpy(buffer->values, v->values, (size_t)rows * phys_bytes[v->type]);
        reg->v.values = buffer->values;
    } else if (v->shape == VECTOR_DICT) {
        memcpy(buffer->values, v->codes, (size_t)rows * v->code_bytes);
        reg->v.codes = buffer->values;
    }
    return true;
}

const struct op *op_Copy(struct vm *vm, const struct op *op)
{
    const struct vm_register *from = vm_reg(vm, op->p1);
    struct vm_register       *to = vm_reg(vm, op->p2);
    char                      scratch[16];

    if (from == to)
        return op + 1;
    if (vector_is_constant(&from->v)) {
        if (!register_keep(vm, to, vector_constant_value(&from->v, scratch)))
            return vm_nomem(vm);
    } else if (!vector_own(vm, to, &from->v)) {
        return vm_nomem(vm);
    }
    return op + 1;
}

const struct op *op_First(struct vm *vm, const struct op *op)
{
    uint32_t row = (uint32_t)bits_next(vm->sel->bits, 0, vm->sel->rows);
    char     scratch[16];

    for (int32_t i = 0; i < op->p3; i++) {
        const struct vector *v = vm_vec(vm, op->p1 + i);
        struct value         value = value_null();

        if (vector_is_constant(v))
            value = vector_constant_value(v, scratch);
        else if (row < vm->sel->rows)
            value = vector_value(v, row, scratch);
        if (!register_keep(vm, vm_reg(vm, op->p2 + i), value))
            return vm_nomem(vm);
    }
    return op + 1;
}

const struct op *op_IntegerAdd(struct vm *vm, const struct op *op)
{
    struct vm_register *reg = vm_reg(vm, op->p1);
    char                scratch[16];

    register_constant(vm, reg, value_int(vector_constant_value(&reg->v, scratch).i + op->p2));
    return op + 1;
}
