/* op_blend.c - Blend: the branches of CASE, COALESCE and the like, joined row by row.
 *
 * The first branch makes the result's buffer, later ones write their rows into it where they stand.
 * Rows that no branch has written yet hold anything and are NULL. */
#include "vm/exact.h"
#include "vm/numeric.h"

#include <string.h>

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

/* v as the common type: FLAT, or a CONSTANT with one slot in *cell. */
static bool blend_decode(struct vm *vm, const struct vector *v, enum phys type,
                         const struct selection *sel, uint32_t scratch, struct value *cell,
                         struct vector *out)
{
    struct vector_buffer *buffer;

    if (vector_is_constant(v)) { /* a CONSTANT's count says nothing: it is not decoded */
        char text[16];

        *cell = vector_constant_value(v, text);
        *out = (struct vector){.type = (uint8_t)type, .shape = VECTOR_CONSTANT, .values = cell};
        return true;
    }
    buffer = vm_scratch(vm, scratch);
    return buffer != NULL && vector_decode(v, type, sel, buffer, &vm->arena, out);
}

/* out[row] = the slot of from, at the active rows. */
static void write_rows(struct vm *vm, const struct vector *from, void *out)
{
    if (phys_bytes[from->type] == sizeof(uint64_t)) {
        const uint64_t *values = from->values;
        uint64_t       *words = out;

        if (vector_is_constant(from)) {
            uint64_t one = values[0];

            ACTIVE_EACH(vm, row, { words[row] = one; });
        } else {
            ACTIVE_EACH(vm, row, { words[row] = values[row]; });
        }
    } else {
        const struct value *values = from->values;
        struct value       *cells = out;

        if (vector_is_constant(from)) {
            struct value one = values[0];

            ACTIVE_EACH(vm, row, { cells[row] = one; });
        } else {
            ACTIVE_EACH(vm, row, { cells[row] = values[row]; });
        }
    }
}

/* All rows of buffer from what r[P3] held, in another type or place. */
static void fill_rows(struct vm *vm, const struct vector *held, struct vector_buffer *buffer)
{
    size_t   bytes = phys_bytes[held->type];
    uint32_t rows = vm->sel->rows;

    if (!vector_is_constant(held))
        memcpy(buffer->values, held->values, rows * bytes);
    else if (!vector_is_null(held) || held->type == PHYS_ANY)
        for (uint32_t i = 0; i < rows; i++)
            memcpy(buffer->values + i * bytes, held->values, bytes);
}

/* Validity of the result from that of the branch and of what was held. */
static void blend_validity(struct vm *vm, const struct vector *from, const struct vector *held,
                           struct vm_register *to)
{
    uint64_t *valid = to->buffer->valid, nulls = 0;
    uint32_t  rows = vm->sel->rows, words = vm_words(vm);

    for (uint32_t w = 0; w < words; w++) {
        uint64_t active = vm->sel->bits[w];
        uint64_t word = (word_valid(from, w) & active) | (word_valid(held, w) & ~active);

        if (w == words - 1 && rows % 64 != 0)
            word |= ~UINT64_C(0) << (rows % 64);
        valid[w] = word;
        nulls |= ~word;
    }
    to->v.valid = nulls != 0 ? valid : NULL;
}

/* INTEGERs stay bounded if both parts are. */
static void blend_bounds(const struct vector *from, const struct vector *held, struct vector *out)
{
    int64_t lo, hi, held_lo, held_hi;

    if (out->type != PHYS_I64 || vector_is_null(from) || !number_bounds(from, &lo, &hi))
        return;
    if (!vector_is_null(held)) {
        if (!number_bounds(held, &held_lo, &held_hi))
            return;
        lo = held_lo < lo ? held_lo : lo;
        hi = held_hi > hi ? held_hi : hi;
    }
    out->flags |= VECTOR_BOUNDED;
    out->lo = lo;
    out->hi = hi;
}

const struct op *op_Blend(struct vm *vm, const struct op *op)
{
    struct vm_register  *to = vm_reg(vm, op->p3);
    const struct vector *branch = vm_vec(vm, op->p1);
    enum phys            type = common_type(branch, &to->v);
    struct value         from_cell, held_cell;
    struct vector        from, held = to->v, source = *branch;
    bool                 null_branch = vector_is_null(branch), null_held = vector_is_null(&held);

    if (vm->sel->count == 0)
        return op + 1;
    if (!blend_decode(vm, branch, type, vm->sel, 0, &from_cell, &from))
        return vm_nomem(vm);
    if (to->buffer == NULL || held.type != type || held.shape != VECTOR_FLAT ||
        held.values != to->buffer->values || from.values == held.values) {
        struct vector was;

        if (!blend_decode(vm, &to->v, type, NULL, 1, &held_cell, &was))
            return vm_nomem(vm);
        if (register_buffer(vm, to, &from, &was) == NULL)
            return vm_nomem(vm);
        if (!null_held || type == PHYS_ANY)
            fill_rows(vm, &was, to->buffer);
    }
    if (!null_branch || type == PHYS_ANY)
        write_rows(vm, &from, to->buffer->values);
    register_flat(vm, to, type);
    blend_validity(vm, &source, &held, to);
    blend_bounds(&source, &held, &to->v);
    return op + 1;
}
