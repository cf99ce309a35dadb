/* op_window.c - window functions: the opcodes in front of window.h. */
#include "vm/machine.h"

const struct op *op_WindowOpen(struct vm *vm, const struct op *op)
{
    struct vm_slot *slot = vm_slot_at(vm, op->p1);

    if (slot->kind == SLOT_WINDOW && slot->desc == op->p4.desc) {
        if (slot->cursor != NULL)
            slot->cursor->ops->close(slot->cursor);
        slot->cursor = NULL;
        window_reset(slot->window);
    } else {
        vm_slot_free(vm, slot);
        VM_TRY(vm, window_new(vm->memory, op->p4.desc, &slot->window, vm->err));
        slot->kind = SLOT_WINDOW;
        slot->desc = op->p4.desc;
    }
    slot->filled = true;
    if (op->p3 != 0) {
        char         scratch[16];
        struct value bound = vector_constant_value(vm_vec(vm, op->p3), scratch);

        window_keep(slot->window, &bound, op->p2 != 0);
    }
    return op + 1;
}

const struct op *op_WindowInsert(struct vm *vm, const struct op *op)
{
    const struct vector **columns = vm_vectors(vm, op->p2, (uint32_t)op->p3);

    if (columns == NULL)
        return vm_nomem(vm);
    VM_TRY(vm, window_add(vm_slot_at(vm, op->p1)->window, columns, vm->sel, vm->err));
    return op + 1;
}

static enum status poll_vm(void *data, uint32_t rows)
{
    (void)rows;
    return vm_poll(data);
}

const struct op *op_WindowFinish(struct vm *vm, const struct op *op)
{
    size_t        count = (size_t)op->p3;
    struct value *offsets = arena_alloc(&vm->arena, (count + 1) * sizeof *offsets);
    char(*texts)[16] = arena_alloc(&vm->arena, (count + 1) * sizeof *texts);

    if (offsets == NULL || texts == NULL)
        return vm_nomem(vm);
    for (size_t i = 0; i < count; i++)
        offsets[i] = vector_constant_value(vm_vec(vm, op->p2 + (int32_t)i), texts[i]);
    VM_TRY(vm, window_finish(vm_slot_at(vm, op->p1)->window, offsets, poll_vm, vm, vm->err));
    return op + 1;
}
