/* op_logic.c - AND, OR, NOT, IS NULL and friends, on masks of true and NULL rows. */
#include "vm/truth.h"

#include "vm/exact.h"
#include "vm/kernel.h"

#include <string.h>

static void fill(struct vm *vm, uint64_t *mask, bool on)
{
    memset(mask, on ? 0xff : 0, vm_words(vm) * sizeof *mask);
}

void truth_null(struct vm *vm, const struct vector *v, uint64_t *null)
{
    if (vector_is_constant(v) || v->valid == NULL) {
        fill(vm, null, vector_is_null(v));
        return;
    }
    for (uint32_t w = 0; w < vm_words(vm); w++)
        null[w] = ~v->valid[w];
}

static enum status truth_exact(struct vm *vm, const struct vector *v, struct truth *out)
{
    struct cells cells;

    TRY(cells_of(vm, v, 0, &cells));
    fill(vm, out->true_, false);
    fill(vm, out->null, false);
    ACTIVE_EACH(vm, row, {
        int truth = value_truth(cell_at(&cells, row));

        if (truth != 0)
            bits_set(truth < 0 ? out->null : out->true_, row);
    });
    return STATUS_OK;
}

enum status truth_of(struct vm *vm, const struct vector *v, struct truth *out)
{
    if (vector_is_constant(v)) {
        char         scratch[16];
        struct value value = vector_constant_value(v, scratch);
        int          truth = value_truth(&value);

        fill(vm, out->true_, truth > 0);
        fill(vm, out->null, truth < 0);
        return STATUS_OK;
    }
    if (v->shape != VECTOR_FLAT || phys_class[v->type] == CLASS_COUNT ||
        phys_class[v->type] >= CLASS_TEXT)
        return truth_exact(vm, v, out);
    /* Integers encoded with a base are true where the payload differs from -base. */
    if (phys_class[v->type] == CLASS_INTEGER) {
        if (!kernel_compare_int(v, COMPARE_NE, 0, vm_words(vm), out->true_))
            return truth_exact(vm, v, out);
    } else if (v->type == PHYS_F64) {
        const double zero = 0.0;

        kernel->compare_constant[PHYS_F64][COMPARE_NE](v->values, &zero, vm_words(vm), out->true_);
    } else { /* DEC: a payload of 0 is 0 in every scale */
        kernel_compare_payload(v, COMPARE_NE, 0, vm_words(vm), out->true_);
    }
    truth_null(vm, v, out->null);
    for (uint32_t w = 0; v->valid != NULL && w < vm_words(vm); w++)
        out->true_[w] &= v->valid[w];
    return STATUS_OK;
}

enum status truth_test(struct vm *vm, const struct vector *v, enum truth_test test, uint64_t *mask)
{
    struct truth truth;
    uint32_t     words = vm_words(vm);

    if (test == TRUTH_NULL || test == TRUTH_NOT_NULL) {
        truth_null(vm, v, mask);
        for (uint32_t w = 0; test == TRUTH_NOT_NULL && w < words; w++)
            mask[w] = ~mask[w];
        return STATUS_OK;
    }
    TRY(truth_of(vm, v, &truth));
    for (uint32_t w = 0; w < words; w++) {
        switch (test) {
        case TRUTH_TRUE:
            mask[w] = truth.true_[w];
            break;
        case TRUTH_NOT_TRUE:
            mask[w] = ~truth.true_[w];
            break;
        case TRUTH_NOT_FALSE:
            mask[w] = truth.true_[w] | truth.null[w];
            break;
        default:
            mask[w] = ~(truth.true_[w] | truth.null[w]);
        }
    }
    return STATUS_OK;
}

void truth_of_codes(struct vm *vm, const struct vector *v, const uint8_t *verdicts,
                    struct truth *out)
{
    uint32_t width = kernel_code_width(v->code_bytes), full = vm->sel->rows / 64;

    kernel->code_table[width](v->codes, verdicts, full, out->true_, out->null);
    if (full == vm_words(vm))
        return;
    /* Rows behind the last may hold any code: the table is not asked about them. */
    out->true_[full] = out->null[full] = 0;
    for (uint32_t i = full * 64; i < vm->sel->rows; i++) {
        uint32_t code = width == 0   ? ((const uint8_t *)v->codes)[i]
                        : width == 1 ? ((const uint16_t *)v->codes)[i]
                                     : ((const uint32_t *)v->codes)[i];

        if (verdicts[code] != VERDICT_FALSE)
            bits_set(verdicts[code] == VERDICT_NULL ? out->null : out->true_, i);
    }
}

/* --- values
 * ---------------------------------------------------------------------------------------- */

static struct value truth_value(int truth)
{
    return truth < 0 ? value_null() : value_int(truth);
}

static int constant_truth(const struct vector *v)
{
    char         scratch[16];
    struct value value = vector_constant_value(v, scratch);

    return value_truth(&value);
}

/* and_: conjunction, else disjunction.  A definite operand (false for AND, true for OR) decides
 * even against NULL. */
static const struct op *connect(struct vm *vm, const struct op *op, bool and_)
{
    const struct vector *a = vm_vec(vm, op->p1), *b = vm_vec(vm, op->p2);
    struct vm_register  *out = vm_reg(vm, op->p3);
    struct truth         x, y;

    if (vector_is_constant(a) && vector_is_constant(b)) {
        int p = constant_truth(a), q = constant_truth(b), decides = and_ ? 0 : 1;
        int both = p == decides || q == decides ? decides : p < 0 || q < 0 ? -1 : !decides;

        register_constant(vm, out, truth_value(both));
        return op + 1;
    }
    VM_TRY(vm, truth_of(vm, a, &x));
    VM_TRY(vm, truth_of(vm, b, &y));
    for (uint32_t w = 0; w < vm_words(vm); w++) {
        uint64_t true_, false_;
        uint64_t x_false = ~(x.true_[w] | x.null[w]), y_false = ~(y.true_[w] | y.null[w]);

        if (and_) {
            true_ = x.true_[w] & y.true_[w];
            false_ = x_false | y_false;
        } else {
            true_ = x.true_[w] | y.true_[w];
            false_ = x_false & y_false;
        }
        x.true_[w] = true_;
        x.null[w] = ~(true_ | false_);
    }
    VM_TRY(vm, register_truth(vm, out, &x));
    return op + 1;
}

const struct op *op_And(struct vm *vm, const struct op *op)
{
    return connect(vm, op, true);
}

const struct op *op_Or(struct vm *vm, const struct op *op)
{
    return connect(vm, op, false);
}

const struct op *op_Not(struct vm *vm, const struct op *op)
{
    const struct vector *v = vm_vec(vm, op->p1);
    struct truth         truth;

    if (vector_is_constant(v)) {
        int value = constant_truth(v);

        register_constant(vm, vm_reg(vm, op->p2), truth_value(value < 0 ? -1 : !value));
        return op + 1;
    }
    VM_TRY(vm, truth_of(vm, v, &truth));
    for (uint32_t w = 0; w < vm_words(vm); w++)
        truth.true_[w] = ~(truth.true_[w] | truth.null[w]);
    VM_TRY(vm, register_truth(vm, vm_reg(vm, op->p2), &truth));
    return op + 1;
}

static const struct op *test_value(struct vm *vm, const struct op *op, enum truth_test test)
{
    const struct vector *v = vm_vec(vm, op->p1);
    struct truth         truth;

    VM_TRY(vm, truth_test(vm, v, test, truth.true_));
    if (vector_is_constant(v)) {
        register_constant(vm, vm_reg(vm, op->p2), value_int((int64_t)(truth.true_[0] & 1)));
        return op + 1;
    }
    fill(vm, truth.null, false);
    VM_TRY(vm, register_truth(vm, vm_reg(vm, op->p2), &truth));
    return op + 1;
}

const struct op *op_IsNull(struct vm *vm, const struct op *op)
{
    return test_value(vm, op, TRUTH_NULL);
}

const struct op *op_NotNull(struct vm *vm, const struct op *op)
{
    return test_value(vm, op, TRUTH_NOT_NULL);
}

const struct op *op_Truth(struct vm *vm, const struct op *op)
{
    return test_value(vm, op, (enum truth_test)op->p3);
}
