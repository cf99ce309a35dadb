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

/* --- Blend ---------------------------------------------------------------------------------------
 */

static uint64_t word_valid(const struct vector *v, uint32_t w)
{
    if (vector_is_null(v))
        return 0;
    return v->valid == NULL || vector_is_constant(v) ? ~UINT64_C(0) : v->valid[w];
}

/* The type both can be decoded to; ANY when they differ, except that a NULL constant takes on the
 * other's. */
static enum phys common_type(const struct vector *a, const struct vector *b)
{
    enum phys x = vector_canonical(a), y = vector_canonical(b);

    if (vector_is_null(a))
        return y;
    if (vector_is_null(b))
        return x;
    return x == y ? x : PHYS_ANY;
}

static bool blend_decode(struct vm *vm, const struct vector *v, enum phys type, uint32_t scratch,
                         struct vector *out)
{
    struct vector_buffer *buffer = vm_scratch(vm, scratch);

    if (vector_is_null(v) && type != PHYS_ANY) {
        *out = *v; /* never read: its rows are not valid */
        return buffer != NULL;
    }
    if (vector_is_constant(v)) { /* stays one: a CONSTANT's count says nothing */
        struct value *cell = arena_alloc(&vm->arena, sizeof *cell);
        char         *text = arena_alloc(&vm->arena, 16);

        if (cell == NULL || text == NULL)
            return false;
        *cell = vector_constant_value(v, text);
        *out = (struct vector){.type = (uint8_t)type, .shape = VECTOR_CONSTANT, .values = cell};
        return true;
    }
    return buffer != NULL && vector_decode(v, type, NULL, buffer, &vm->arena, out);
}

static void blend_slots(struct vm *vm, const struct vector *from, char *out, size_t bytes)
{
    const char *values = from->values;
    uint32_t    step = vector_is_constant(from) ? 0 : (uint32_t)bytes;

    if (vector_is_null(from) && from->type != PHYS_ANY)
        return;
    ACTIVE_EACH(vm, row, { memcpy(out + row * bytes, values + (size_t)row * step, bytes); });
}

/* r[P3] = r[P1] at active rows.  The rows of r[P3] that are not active may never have been written
 * (a first branch): they are copied as they are, whatever they hold. */
const struct op *op_Blend(struct vm *vm, const struct op *op)
{
    struct vm_register   *to = vm_reg(vm, op->p3);
    const struct vector  *from = vm_vec(vm, op->p1);
    enum phys             type = common_type(from, &to->v);
    struct vector         a, b;
    struct vector_buffer *buffer;
    uint64_t              nulls = 0;
    uint32_t              rows = vm->sel->rows, words = vm_words(vm);

    if (vm->sel->count == 0)
        return op + 1;
    if (!blend_decode(vm, from, type, 0, &a) || !blend_decode(vm, &to->v, type, 1, &b))
        return vm_nomem(vm);
    buffer = register_buffer(vm, to, &a, &b);
    if (buffer == NULL)
        return vm_nomem(vm);
    if (!vector_is_null(&b) || type == PHYS_ANY) {
        if (vector_is_constant(&b))
            for (uint32_t i = 0; i < rows; i++)
                memcpy(buffer->values + (size_t)i * phys_bytes[type], b.values, phys_bytes[type]);
        else
            memcpy(buffer->values, b.values, (size_t)rows * phys_bytes[type]);
    }
    blend_slots(vm, &a, buffer->values, phys_bytes[type]);
    for (uint32_t w = 0; w < words; w++) {
        uint64_t active = vm->sel->bits[w];

        buffer->valid[w] = (word_valid(&a, w) & active) | (word_valid(&b, w) & ~active);
        if (w == words - 1 && rows % 64 != 0)
            buffer->valid[w] |= ~UINT64_C(0) << (rows % 64);
        nulls |= ~buffer->valid[w];
    }
    register_flat(vm, to, type);
    if (nulls != 0)
        to->v.valid = buffer->valid;
    return op + 1;
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
