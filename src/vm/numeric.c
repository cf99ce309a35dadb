/* numeric.c - see numeric.h. */
#include "vm/numeric.h"
#include "base/number.h"

#include "vm/kernel.h"

#include <string.h>

enum number_class number_class_of(const struct vector *v)
{
    if (v->shape == VECTOR_DICT)
        return NUMBERS_OTHER;
    switch ((enum phys)v->type) {
    case PHYS_I8:
    case PHYS_I16:
    case PHYS_I32:
    case PHYS_I64:
        return NUMBERS_INT;
    case PHYS_F64:
        return NUMBERS_REAL;
    case PHYS_DEC16:
    case PHYS_DEC32:
    case PHYS_DEC64:
        return v->flags & VECTOR_WHOLE_IS_INT ? NUMBERS_MIXED : NUMBERS_REAL;
    case PHYS_ANY:
        return vector_is_null(v) ? NUMBERS_NULL : NUMBERS_OTHER;
    default:
        return NUMBERS_OTHER;
    }
}

const int64_t *numbers_i64(struct vm *vm, const struct vector *v, uint32_t scratch, int64_t *one)
{
    struct vector_buffer *buffer;
    int64_t              *out;

    if (vector_is_constant(v)) {
        char cell[16];

        *one = vector_constant_value(v, cell).i;
        return one;
    }
    if (v->type == PHYS_I64 && v->shape == VECTOR_FLAT)
        return v->values;
    buffer = vm_scratch(vm, scratch);
    if (buffer == NULL)
        return NULL;
    out = (int64_t *)(void *)buffer->values;
    if (v->shape == VECTOR_SEQUENCE)
        for (uint32_t i = 0; i < vm->sel->rows; i++)
            out[i] = v->base + (int64_t)i;
    else
        kernel->to_i64[v->type](v->values, v->base, out, vm_words(vm) * 64);
    return out;
}

const double *numbers_f64(struct vm *vm, const struct vector *v, uint32_t scratch, double *one)
{
    struct vector_buffer *buffer;
    double               *out;

    if (vector_is_constant(v)) {
        char         cell[16];
        struct value value = vector_constant_value(v, cell);

        *one = value.class_ == CLASS_INTEGER ? (double)value.i : value.r;
        return one;
    }
    if (v->type == PHYS_F64 && v->shape == VECTOR_FLAT)
        return v->values;
    buffer = vm_scratch(vm, scratch);
    if (buffer == NULL)
        return NULL;
    out = (double *)(void *)buffer->values;
    if (v->shape == VECTOR_SEQUENCE)
        for (uint32_t i = 0; i < vm->sel->rows; i++)
            out[i] = (double)(v->base + (int64_t)i);
    else
        kernel->to_f64[v->type](v->values, v->base, number_power_real[v->scale], out,
                                vm_words(vm) * 64);
    return out;
}

const uint64_t *validity_and(const struct vector *a, const struct vector *b, uint32_t words,
                             uint64_t *space)
{
    const uint64_t *x = vector_is_constant(a) ? NULL : a->valid;
    const uint64_t *y = vector_is_constant(b) ? NULL : b->valid;

    if (x == NULL && y == NULL)
        return NULL;
    if (x == NULL || y == NULL)
        memmove(space, x == NULL ? y : x, words * sizeof *space);
    else
        for (uint32_t w = 0; w < words; w++)
            space[w] = x[w] & y[w];
    return space;
}

bool number_bounds(const struct vector *v, int64_t *lo, int64_t *hi)
{
    if (vector_is_constant(v)) {
        char         cell[16];
        struct value value = vector_constant_value(v, cell);

        *lo = *hi = value.i;
        return value.class_ == CLASS_INTEGER;
    }
    if (v->shape == VECTOR_SEQUENCE) {
        *lo = v->base;
        return !__builtin_add_overflow(v->base, (int64_t)VECTOR_CAP, hi);
    }
    if (v->flags & VECTOR_BOUNDED) {
        *lo = v->lo;
        *hi = v->hi;
        return true;
    }
    if (v->type == PHYS_I8 || v->type == PHYS_I16 || v->type == PHYS_I32) {
        int64_t span = INT64_C(1) << (phys_bytes[v->type] * 8 - 1);

        return !__builtin_sub_overflow(v->base, span, lo) &&
               !__builtin_add_overflow(v->base, span - 1, hi);
    }
    return false;
}
