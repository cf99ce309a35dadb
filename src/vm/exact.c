/* exact.c - see exact.h. */
#include "vm/exact.h"

#include <string.h>

enum status cells_of(struct vm *vm, const struct vector *v, uint32_t scratch, struct cells *cells)
{
    struct vector         any;
    struct vector_buffer *buffer;

    if (vector_is_constant(v)) {
        cells->one = vector_constant_value(v, cells->scratch);
        cells->at = &cells->one;
        cells->step = 0;
        return STATUS_OK;
    }
    cells->step = 1;
    vm->general_batches++;
    if (v->type == PHYS_ANY && v->shape == VECTOR_FLAT) {
        cells->at = v->values;
        return STATUS_OK;
    }
    buffer = vm_scratch(vm, scratch);
    if (buffer == NULL || !vector_decode(v, PHYS_ANY, vm->sel, buffer, &vm->arena, &any))
        return fail_nomem(vm->err);
    cells->at = any.values;
    return STATUS_OK;
}

enum status exact_apply(struct vm *vm, const struct op *op, exact_function *f,
                        const struct vector *a, const struct vector *b, struct vm_register *reg)
{
    struct cells          left, right = {.step = 0};
    struct vector_buffer *buffer;
    struct value         *out;

    TRY(cells_of(vm, a, 0, &left));
    if (b != NULL)
        TRY(cells_of(vm, b, 1, &right));
    if (left.step == 0 && right.step == 0) {
        struct value one;

        TRY(f(vm, op, left.at, right.at, &one));
        register_constant(vm, reg, one);
        return STATUS_OK;
    }
    buffer = register_buffer(vm, reg, a, b);
    if (buffer == NULL)
        return fail_nomem(vm->err);
    out = (struct value *)(void *)buffer->values;
    ACTIVE_EACH(vm, row, {
        TRY(f(vm, op, cell_at(&left, row), right.at == NULL ? NULL : cell_at(&right, row),
              &out[row]));
    });
    exact_pack(vm, reg);
    return STATUS_OK;
}

/* Which classes the active cells have, a bit each. */
static unsigned cells_classes(struct vm *vm, const struct value *cells)
{
    unsigned classes = 0;

    ACTIVE_EACH(vm, row, { classes |= 1u << cells[row].class_; });
    return classes;
}

static void pack_validity(struct vm *vm, struct vm_register *reg, const struct value *cells)
{
    uint64_t *valid = reg->buffer->valid;

    memset(valid, 0xff, vm_words(vm) * sizeof *valid);
    ACTIVE_EACH(vm, row, {
        if (cells[row].class_ == CLASS_NULL)
            bits_clear(valid, row);
    });
    reg->v.valid = valid;
}

/* The 8-byte payloads of the 16-byte cells, moved to the front: slot i never lies behind cell i. */
static void pack_words(char *values, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        memcpy(values + i * 8, values + i * sizeof(struct value), 8);
}

void exact_pack(struct vm *vm, struct vm_register *reg)
{
    char               *values = reg->buffer->values;
    const struct value *cells = (const struct value *)(const void *)values;
    unsigned            classes = cells_classes(vm, cells);
    unsigned            kinds = classes & ~(1u << CLASS_NULL);
    bool                nulls = (classes & 1u << CLASS_NULL) != 0;

    register_flat(vm, reg, PHYS_ANY);
    if (nulls)
        pack_validity(vm, reg, cells);
    if (kinds == 1u << CLASS_INTEGER || kinds == 1u << CLASS_REAL) {
        pack_words(values, vm->sel->rows);
        reg->v.type = kinds == 1u << CLASS_INTEGER ? PHYS_I64 : PHYS_F64;
    } else if (kinds == 1u << CLASS_TEXT || kinds == 1u << CLASS_BLOB) {
        reg->v.type = kinds == 1u << CLASS_TEXT ? PHYS_TEXT : PHYS_BLOB;
    }
}

static bool is_number(const struct value *v)
{
    return v->class_ == CLASS_INTEGER || v->class_ == CLASS_REAL;
}

enum status exact_compare(struct vm *vm, enum compare_op op, const struct value *a,
                          const struct value *b, enum collation collation, enum affinity affinity,
                          int *result)
{
    struct value left = *a, right = *b;

    if (left.class_ == CLASS_NULL || right.class_ == CLASS_NULL) {
        *result = -1;
        return STATUS_OK;
    }
    if (affinity >= AFFINITY_NUMERIC) {
        if ((left.class_ == CLASS_TEXT &&
             !value_apply_affinity(&left, AFFINITY_NUMERIC, &vm->arena)) ||
            (right.class_ == CLASS_TEXT &&
             !value_apply_affinity(&right, AFFINITY_NUMERIC, &vm->arena)))
            return fail_nomem(vm->err);
    } else if (affinity == AFFINITY_TEXT &&
               (left.class_ == CLASS_TEXT || right.class_ == CLASS_TEXT)) {
        if ((is_number(&left) && !value_to_text(&left, &vm->arena)) ||
            (is_number(&right) && !value_to_text(&right, &vm->arena)))
            return fail_nomem(vm->err);
    }
    *result = compare_result(op, value_compare(&left, &right, collation));
    return STATUS_OK;
}
