/* op_join.c - joins: build, probe batch by batch, and the pairs as the current batch.
 *
 * A probe batch is taken apart into blocks of pairs (probe row, build row).  Each block becomes the
 * current batch; JoinCarry and JoinColumn gather what is needed of the two sides.  Where every pair
 * is asked for a block has one probe row: its columns are constants, those of the build rows views.
 * The join keeps a copy of the probe batch's selection, since the pairs' own replaces it. */
#include "vm/machine.h"

#include <string.h>

const struct op *op_JoinOpen(struct vm *vm, const struct op *op)
{
    struct vm_slot *slot = vm_slot_at(vm, op->p1);

    if (slot->kind == SLOT_JOIN && slot->desc == op->p4.desc) {
        join_reset(slot->join);
    } else {
        vm_slot_free(vm, slot);
        VM_TRY(vm, join_new(vm->memory, op->p4.desc, &slot->join, vm->err));
        slot->kind = SLOT_JOIN;
        slot->desc = op->p4.desc;
    }
    slot->filled = true;
    slot->pairs.unmatched = 0;
    slot->pairs.from_build = false;
    return op + 1;
}

const struct op *op_JoinBuild(struct vm *vm, const struct op *op)
{
    const struct vector **columns = vm_vectors(vm, op->p2, (uint32_t)op->p3);

    if (columns == NULL)
        return vm_nomem(vm);
    VM_TRY(vm, join_build(vm_slot_at(vm, op->p1)->join, columns, vm->sel, vm->err));
    return op + 1;
}

const struct op *op_JoinFinish(struct vm *vm, const struct op *op)
{
    VM_TRY(vm, join_finish(vm_slot_at(vm, op->p1)->join, vm->err));
    return op + 1;
}

/* --- pairs ---------------------------------------------------------------------------------------
 */

/* Whether the pairs are the probe batch itself, row for row: then nothing is gathered. */
static bool pairs_identity(const struct join_state *pairs)
{
    if (pairs->count != pairs->probe->rows)
        return false;
    for (uint32_t i = 0; i < pairs->count; i++)
        if (pairs->probe_rows[i] != i)
            return false;
    return true;
}

/* The pairs become the current batch, if there are any. */
static bool pairs_enter(struct vm *vm, struct join_state *pairs)
{
    if (pairs->count == 0) {
        vm_batch_one(vm);
        return false;
    }
    pairs->identity = !pairs->from_build && pairs_identity(pairs);
    vm_batch(vm, pairs->count, NULL);
    return true;
}

static enum status pairs_next(struct vm *vm, struct vm_slot *slot)
{
    struct join_state *pairs = &slot->pairs;

    pairs->from_build = false;
    TRY(join_next(slot->join, vm->host->batch_rows, &pairs->count, &pairs->probe_rows,
                  &pairs->build_rows, vm->err));
    pairs->run = join_run(slot->join);
    return STATUS_OK;
}

static bool probe_selection_keep(struct vm *vm, struct join_state *pairs)
{
    const struct selection *sel = vm->sel;

    if (pairs->probe == NULL)
        pairs->probe = memory_alloc(vm->memory, sizeof *pairs->probe);
    if (pairs->probe == NULL)
        return false;
    selection_bits(pairs->probe, sel->rows, sel->bits);
    return true;
}

const struct op *op_JoinProbe(struct vm *vm, const struct op *op)
{
    struct vm_slot         *slot = vm_slot_at(vm, op->p1);
    const struct join_desc *desc = slot->desc;
    const struct vector   **keys = vm_vectors(vm, op->p3, desc->key_count);

    if (keys == NULL || !probe_selection_keep(vm, &slot->pairs))
        return vm_nomem(vm);
    VM_TRY(vm, join_probe(slot->join, keys, slot->pairs.probe, vm->err));
    loop_begin(vm, &slot->loop);
    VM_TRY(vm, pairs_next(vm, slot));
    return pairs_enter(vm, &slot->pairs) ? op + 1 : vm->ops + op->p2;
}

const struct op *op_JoinNext(struct vm *vm, const struct op *op)
{
    struct vm_slot *slot = vm_slot_at(vm, op->p1);

    VM_TRY(vm, vm_poll(vm));
    loop_release(vm, &slot->loop);
    VM_TRY(vm, pairs_next(vm, slot));
    return pairs_enter(vm, &slot->pairs) ? vm->ops + op->p2 : op + 1;
}

const struct op *op_JoinMark(struct vm *vm, const struct op *op)
{
    join_mark(vm_slot_at(vm, op->p1)->join, vm->sel->bits);
    return op + 1;
}

const struct op *op_JoinRest(struct vm *vm, const struct op *op)
{
    struct vm_slot    *slot = vm_slot_at(vm, op->p1);
    struct join_state *pairs = &slot->pairs;

    pairs->from_build = pairs->run = false;
    VM_TRY(vm,
           join_rest(slot->join, &pairs->count, &pairs->probe_rows, &pairs->build_rows, vm->err));
    return pairs_enter(vm, pairs) ? op + 1 : vm->ops + op->p2;
}

const struct op *op_JoinUnmatched(struct vm *vm, const struct op *op)
{
    struct vm_slot    *slot = vm_slot_at(vm, op->p1);
    struct join_state *pairs = &slot->pairs;

    VM_TRY(vm, vm_poll(vm));
    if (!pairs->from_build) {
        pairs->from_build = true;
        loop_begin(vm, &slot->loop);
    }
    loop_release(vm, &slot->loop);
    pairs->probe_rows = NULL;
    pairs->run = false;
    VM_TRY(vm, join_unmatched(slot->join, &pairs->unmatched, vm->host->batch_rows, &pairs->count,
                              &pairs->build_rows, vm->err));
    return pairs_enter(vm, pairs) ? op + 1 : vm->ops + op->p2;
}

/* --- columns of the pairs
 * -------------------------------------------------------------------------- */

const struct op *op_JoinCarry(struct vm *vm, const struct op *op)
{
    const struct join_state *pairs = &vm_slot_at(vm, op->p1)->pairs;
    struct vm_register      *to = vm_reg(vm, op->p3);
    const struct vector     *from = vm_vec(vm, op->p2);
    struct vector_buffer    *buffer;
    struct vector            out;

    if (pairs->from_build) {
        register_constant(vm, to, value_null());
    } else if (vector_is_constant(from) || pairs->run) {
        char         scratch[16];
        struct value value = vector_is_constant(from)
                                 ? vector_constant_value(from, scratch)
                                 : vector_value(from, pairs->probe_rows[0], scratch);

        if (!register_keep(vm, to, value))
            return vm_nomem(vm);
    } else if (pairs->identity) {
        to->v = *from;
    } else {
        buffer = register_buffer(vm, to, from, NULL);
        if (buffer == NULL ||
            !vector_gather(from, pairs->probe_rows, pairs->count, buffer, &vm->arena, &out))
            return vm_nomem(vm);
        to->v = out;
        to->v.flags &= (uint8_t)~VECTOR_OF_CURSOR;
    }
    return op + 1;
}

const struct op *op_JoinColumn(struct vm *vm, const struct op *op)
{
    const struct vm_slot *slot = vm_slot_at(vm, op->p1);
    struct vm_register   *to = vm_reg(vm, op->p3);
    struct vector_buffer *buffer = register_buffer(vm, to, NULL, NULL);
    struct vector         out;

    if (buffer != NULL && slot->pairs.run) {
        rowset_view(join_rows(slot->join), (uint32_t)op->p2, slot->pairs.build_rows[0],
                    slot->pairs.count, buffer->valid, &to->v);
        return op + 1;
    }
    if (buffer == NULL ||
        !rowset_gather(join_rows(slot->join), (uint32_t)op->p2, slot->pairs.build_rows,
                       slot->pairs.count, buffer, &vm->arena, &out))
        return vm_nomem(vm);
    to->v = out;
    return op + 1;
}
