/* op_type.c - CAST and column affinity, in place. */
#include "vm/exact.h"
#include "vm/numeric.h"

/* Whether v, of REALs, may have a -0.0: a column of REALs has none. */
static bool has_negative_zero(const struct vector *v)
{
    const uint64_t negative = UINT64_C(1) << 63, *bits = v->values;
    bool           found = false;

    if (v->type != PHYS_F64)
        return false; /* a decimal is none */
    if (v->shape != VECTOR_FLAT)
        return true;
    for (uint32_t i = 0; i < v->count; i++)
        found |= bits[i] == negative;
    return found;
}

/* Whether applying the affinity changes no value of v, told by its type alone. */
static bool affinity_idle(const struct vector *v, enum affinity affinity)
{
    enum number_class numbers = number_class_of(v);
    bool              texts = v->type == PHYS_TEXT || v->type == PHYS_DAY32;

    switch (affinity) {
    case AFFINITY_TEXT:
        return texts || v->type == PHYS_BLOB;
    case AFFINITY_NUMERIC:
    case AFFINITY_INTEGER:
        return numbers == NUMBERS_INT || numbers == NUMBERS_MIXED || v->type == PHYS_BLOB;
    case AFFINITY_REAL:
        return (numbers == NUMBERS_REAL && !has_negative_zero(v)) || v->type == PHYS_BLOB;
    default:
        return true;
    }
}

static enum status exact_affinity(struct vm *vm, const struct op *op, const struct value *a,
                                  const struct value *b, struct value *out)
{
    *out = *a;
    if (!value_apply_affinity(out, (enum affinity)b->i, &vm->arena))
        return fail_nomem(vm->err);
    (void)op;
    return STATUS_OK;
}

/* One value: what a single-row INSERT does for each parameter. */
static enum status affinity_constant(struct vm *vm, struct vm_register *reg, enum affinity affinity)
{
    char         scratch[16];
    struct value value = vector_constant_value(&reg->v, scratch);

    if (!value_apply_affinity(&value, affinity, &vm->arena))
        return fail_nomem(vm->err);
    register_constant(vm, reg, value);
    return STATUS_OK;
}

const struct op *op_Affinity(struct vm *vm, const struct op *op)
{
    for (int32_t i = 0; i < op->p2; i++) {
        struct vm_register *reg = vm_reg(vm, op->p1 + i);
        enum affinity       affinity = (enum affinity)(unsigned char)op->p4.text[i];
        struct value        letter = value_int(affinity);
        struct vector       constant;

        if (affinity_idle(&reg->v, affinity))
            continue;
        if (vector_is_constant(&reg->v)) {
            VM_TRY(vm, affinity_constant(vm, reg, affinity));
            continue;
        }
        vector_constant(&constant, &letter, vm->sel->rows);
        VM_TRY(vm, exact_apply(vm, op, exact_affinity, &reg->v, &constant, reg));
    }
    return op + 1;
}

static bool cast_idle(const struct vector *v, enum affinity affinity)
{
    enum number_class numbers = number_class_of(v);

    switch (affinity) {
    case AFFINITY_TEXT:
        return v->type == PHYS_TEXT || v->type == PHYS_DAY32;
    case AFFINITY_INTEGER:
        return numbers == NUMBERS_INT;
    case AFFINITY_REAL:
        return numbers == NUMBERS_REAL;
    case AFFINITY_NUMERIC:
        return numbers == NUMBERS_INT;
    case AFFINITY_BLOB:
        return v->type == PHYS_BLOB;
    default:
        return true;
    }
}

static enum status exact_cast(struct vm *vm, const struct op *op, const struct value *a,
                              const struct value *b, struct value *out)
{
    (void)b;
    *out = *a;
    if (!value_cast(out, (enum affinity)op->p2, &vm->arena))
        return fail_nomem(vm->err);
    return STATUS_OK;
}

const struct op *op_Cast(struct vm *vm, const struct op *op)
{
    struct vm_register *reg = vm_reg(vm, op->p1);

    if (!cast_idle(&reg->v, (enum affinity)op->p2))
        VM_TRY(vm, exact_apply(vm, op, exact_cast, &reg->v, NULL, reg));
    return op + 1;
}
