/* op_control.c - jumps, subroutines, once, halt, and checks that end a statement. */
#include "vm/exact.h"

#include <inttypes.h>

/* The INTEGER in a constant register. */
static int64_t register_int(struct vm *vm, int32_t number)
{
    char scratch[16];

    return vector_constant_value(vm_vec(vm, number), scratch).i;
}

static inline const struct op *jump(struct vm *vm, const struct op *op)
{
    return vm->ops + op->p2;
}

const struct op *op_Init(struct vm *vm, const struct op *op)
{
    return jump(vm, op);
}

const struct op *op_Goto(struct vm *vm, const struct op *op)
{
    if (vm->ops + op->p2 <= op)
        VM_TRY(vm, vm_poll(vm));
    return jump(vm, op);
}

const struct op *op_Gosub(struct vm *vm, const struct op *op)
{
    register_constant(vm, vm_reg(vm, op->p1), value_int(op + 1 - vm->ops));
    return jump(vm, op);
}

const struct op *op_Return(struct vm *vm, const struct op *op)
{
    return vm->ops + vm_reg(vm, op->p1)->cell.i;
}

const struct op *op_Once(struct vm *vm, const struct op *op)
{
    if (vm->once[op->p1])
        return jump(vm, op);
    vm->once[op->p1] = 1;
    vm->keep_generation++; /* what is made now outlives the batches of the loops around */
    return op + 1;
}

const struct op *op_OnceReset(struct vm *vm, const struct op *op)
{
    vm->once[op->p1] = 0;
    return op + 1;
}

static const struct op *halt_with(struct vm *vm, const struct op *op)
{
    enum status status = (enum status)op->p1;

    vm->keep_on_error = op->p5 == CONFLICT_FAIL;
    vm->end_on_error = op->p5 == CONFLICT_ROLLBACK;
    return vm_stop(vm, fail(vm->err, status, "%s",
                            op->p4.text != NULL ? op->p4.text : status_text((int)status)));
}

const struct op *op_Halt(struct vm *vm, const struct op *op)
{
    if (op->p1 == 0)
        return vm_stop(vm, STATUS_DONE);
    return halt_with(vm, op);
}

/* The active row `row` is the first that does not pass a check; fail() has been called. */
static const struct op *row_fails(struct vm *vm, const struct op *op, uint32_t row,
                                  enum status status)
{
    uint64_t before[VECTOR_WORDS] = {0};

    if (op->p2 == 0) {
        vm->keep_on_error = op->p5 == CONFLICT_FAIL;
        vm->end_on_error = op->p5 == CONFLICT_ROLLBACK;
        return vm_stop(vm, status);
    }
    vm->failing = status;
    vm->failing_conflict = (enum conflict)op->p5;
    for (uint32_t w = 0; w < row / 64; w++)
        before[w] = ~UINT64_C(0);
    before[row / 64] = (UINT64_C(1) << row % 64) - 1;
    selection_and(vm->sel, before);
    return vm->sel->count == 0 ? jump(vm, op) : op + 1;
}

static uint32_t first_active(const struct vm *vm)
{
    return (uint32_t)bits_next(vm->sel->bits, 0, vm->sel->rows);
}

const struct op *op_HaltIfNull(struct vm *vm, const struct op *op)
{
    const struct vector *v = vm_vec(vm, op->p3);
    uint32_t             row = UINT32_MAX;

    if (vector_is_constant(v) && vector_is_null(v) && vm->sel->count > 0)
        row = first_active(vm);
    for (uint32_t w = 0; !vector_is_constant(v) && v->valid != NULL && w < vm_words(vm); w++)
        if ((vm->sel->bits[w] & ~v->valid[w]) != 0) {
            row = w * 64 + (uint32_t)__builtin_ctzll(vm->sel->bits[w] & ~v->valid[w]);
            break;
        }
    if (row == UINT32_MAX)
        return op + 1;
    return row_fails(vm, op, row, fail(vm->err, (enum status)op->p1, "%s", op->p4.text));
}

const struct op *op_HaltIfFalse(struct vm *vm, const struct op *op)
{
    struct cells cells;
    uint32_t     first = UINT32_MAX;

    VM_TRY(vm, cells_of(vm, vm_vec(vm, op->p3), 0, &cells));
    ACTIVE_EACH(vm, row, {
        if (first == UINT32_MAX && value_truth(cell_at(&cells, row)) == 0)
            first = row;
    });
    if (first == UINT32_MAX)
        return op + 1;
    return row_fails(vm, op, first, fail(vm->err, (enum status)op->p1, "%s", op->p4.text));
}

const struct op *op_TypeCheck(struct vm *vm, const struct op *op)
{
    static const char *const names[CLASS_COUNT] = {"NULL", "INT", "REAL", "TEXT", "BLOB"};
    const uint32_t           allowed = (uint32_t)op->p1 | 1u << CLASS_NULL;
    enum value_class         wrong = CLASS_NULL;
    uint32_t                 first = 0;
    struct cells             cells;

    VM_TRY(vm, cells_of(vm, vm_vec(vm, op->p3), 0, &cells));
    ACTIVE_EACH(vm, row, {
        const struct value *value = cell_at(&cells, row);

        if (wrong == CLASS_NULL && (allowed >> value->class_ & 1) == 0) {
            wrong = value->class_;
            first = row;
        }
    });
    if (wrong == CLASS_NULL)
        return op + 1;
    return row_fails(vm, op, first,
                     fail(vm->err, STATUS_CONSTRAINT_DATATYPE, "cannot store %s value in %s",
                          names[wrong], op->p4.text));
}

const struct op *op_Failing(struct vm *vm, const struct op *op)
{
    if (likely(vm->failing == STATUS_OK))
        return op + 1;
    if (op->p2 != 0)
        return jump(vm, op);
    vm->keep_on_error = vm->failing_conflict == CONFLICT_FAIL;
    vm->end_on_error = vm->failing_conflict == CONFLICT_ROLLBACK;
    return vm_stop(vm, vm->failing);
}

const struct op *op_MustBeInt(struct vm *vm, const struct op *op)
{
    struct vm_register *reg = vm_reg(vm, op->p1);
    char                scratch[16];
    struct value        value;

    if (!vector_is_constant(&reg->v))
        return vm_stop(vm, fail(vm->err, STATUS_INTERNAL, "a limit is not one value"));
    value = vector_constant_value(&reg->v, scratch);
    if (!value_apply_affinity(&value, AFFINITY_NUMERIC, &vm->arena))
        return vm_nomem(vm);
    if (value.class_ != CLASS_INTEGER)
        return vm_stop(vm, fail(vm->err, STATUS_MISMATCH, "datatype mismatch"));
    register_constant(vm, reg, value);
    return op + 1;
}

const struct op *op_IfNotPositive(struct vm *vm, const struct op *op)
{
    return register_int(vm, op->p1) <= 0 ? jump(vm, op) : op + 1;
}

const struct op *op_IfZero(struct vm *vm, const struct op *op)
{
    return register_int(vm, op->p1) == 0 ? jump(vm, op) : op + 1;
}

static bool slot_empty(const struct vm_slot *slot)
{
    switch ((enum slot_kind)slot->kind) {
    case SLOT_ROWSET:
        return rowset_count(slot->rowset) == 0;
    case SLOT_SET:
        return row_set_count(slot->set) == 0;
    case SLOT_SORTER:
        return sorter_count(slot->sorter) == 0;
    case SLOT_WINDOW:
        return window_count(slot->window) == 0;
    case SLOT_JOIN:
        return join_count(slot->join) == 0;
    case SLOT_AGGREGATE:
        return aggregate_count(slot->aggregate) == 0;
    case SLOT_TUPLES:
        return tuples_count(slot->tuples) == 0;
    default:
        return true;
    }
}

const struct op *op_IfEmpty(struct vm *vm, const struct op *op)
{
    return slot_empty(vm_slot_at(vm, op->p1)) ? jump(vm, op) : op + 1;
}

const struct op *op_ResultRow(struct vm *vm, const struct op *op)
{
    if (vm->sel->count == 0)
        return op + 1;
    vm->result_first = op->p1;
    vm->resume = op + 1;
    return vm_stop(vm, STATUS_ROW);
}
