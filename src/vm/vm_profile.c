/* vm_profile.c - EXPLAIN ANALYZE's counters: the machine's loop with a clock, and what kinds of
 * vectors each op met. */
#include "vm/machine.h"

#include <assert.h>
#include <string.h>
#include <time.h>

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* --- operands ----------------------------------------------------------------------------------
 */
/* Bits of op_profile.kinds: physical types of flat vectors, then the other shapes. */
enum { KIND_CONSTANT = PHYS_COUNT, KIND_DICT, KIND_SEQUENCE, KIND_COUNT };
static_assert(KIND_COUNT <= 16, "op_profile.kinds has 16 bits");

static unsigned kind_of(const struct vector *v)
{
    switch ((enum vector_shape)v->shape) {
    case VECTOR_CONSTANT:
        return KIND_CONSTANT;
    case VECTOR_DICT:
        return KIND_DICT;
    case VECTOR_SEQUENCE:
        return KIND_SEQUENCE;
    default:
        return v->type;
    }
}

static const char *kind_name(unsigned kind)
{
    static const char *const shapes[] = {"const", "dict", "sequence"};

    return kind < PHYS_COUNT ? phys_name((enum phys)kind) : shapes[kind - PHYS_COUNT];
}

static int32_t range_count(const struct op *op)
{
    const struct opcode_info *info = &opcode_info[op->code];
    int32_t                   count = 1;

    if (op->code == OP_Function)
        count = op->p1;
    else if (info->p1 == OPERAND_REGS_IN)
        count = op->p2;
    else if (info->p3 == OPERAND_INT)
        count = op->p3;
    return count;
}

/* The registers that op reads, at most PROFILE_OPERANDS of them; a column's own is what it makes.
 */
static uint32_t operands(const struct op *op, int32_t registers[PROFILE_OPERANDS])
{
    const struct opcode_info *info = &opcode_info[op->code];
    const uint8_t             kinds[] = {info->p1, info->p2, info->p3};
    const int32_t             numbers[] = {op->p1, op->p2, op->p3};
    uint32_t                  count = 0;

    for (size_t i = 0; i < countof(kinds); i++) {
        int32_t more = kinds[i] == OPERAND_REG_IN || kinds[i] == OPERAND_REG_INOUT ? 1
                       : kinds[i] == OPERAND_REGS_IN                               ? range_count(op)
                                                                                   : 0;

        if (op->code == OP_Column && kinds[i] == OPERAND_REG_OUT)
            more = 1;
        for (int32_t r = numbers[i]; more > 0 && count < PROFILE_OPERANDS; more--, r++)
            if (r > 0)
                registers[count++] = r;
    }
    return count;
}

static uint64_t column_bytes(const struct vector *v, uint32_t rows)
{
    if (v->shape == VECTOR_DICT)
        return (uint64_t)rows * v->code_bytes;
    return v->shape == VECTOR_FLAT ? (uint64_t)rows * phys_bytes[v->type] : 0;
}

static void note_operands(const struct vm *vm, const struct op *op, struct op_profile *profile)
{
    int32_t  registers[PROFILE_OPERANDS];
    uint32_t count = operands(op, registers);

    for (uint32_t i = 0; i < count; i++)
        profile->kinds[i] |= (uint16_t)(1u << kind_of(vm_vec(vm, registers[i])));
}

/* --- running -----------------------------------------------------------------------------------
 */
void run_profiled(struct vm *vm, const struct op *op)
{
    uint64_t start = now_ns(), end;

    for (uint32_t ops = 1; op != NULL; ops++) {
        struct op_profile *profile = &vm->profiles[op - vm->ops];
        uint64_t           general = vm->general_batches;
        uint32_t           rows_in = vm->sel->count;
        bool               column = op->code == OP_Column;
        const struct op   *next;

        if (!column)
            note_operands(vm, op, profile);
        next = op_table[op->code](vm, op);
        if (column && next != NULL) {
            note_operands(vm, op, profile);
            profile->bytes += column_bytes(vm_vec(vm, op->p3), vm->sel->rows);
        }
        profile->calls++;
        profile->rows_in += rows_in;
        profile->general += vm->general_batches - general;
        if (next != NULL || vm->status == STATUS_ROW)
            profile->rows_out += vm->sel->count;
        end = now_ns();
        profile->nanoseconds += end - start;
        start = end;
        op = next;
        if (unlikely(ops % OPS_PER_POLL == 0) && op != NULL && vm_poll(vm) != STATUS_OK)
            op = vm_stop(vm, STATUS_INTERRUPT);
    }
}

enum status vm_profile(struct vm *vm, struct error *err)
{
    size_t bytes = vm->program->op_count * sizeof *vm->profiles;

    if (vm->profiles == NULL) {
        vm->profiles = memory_alloc(vm->memory, bytes);
        if (vm->profiles == NULL)
            return fail_nomem(err);
    }
    memset(vm->profiles, 0, bytes);
    return STATUS_OK;
}

const struct op_profile *vm_op_profiles(const struct vm *vm)
{
    return vm->profiles;
}

void vm_describe_op(const struct vm *vm, int32_t address, struct str *text)
{
    const struct op_profile *profile = &vm->profiles[address];
    const struct op         *op = &vm->ops[address];
    bool                     any = false;

    if (op->code == OP_Function)
        str_text(text, op->p4.function->name);
    else
        str_text(text, opcode_info[op->code].name);
    for (uint32_t i = 0; i < PROFILE_OPERANDS && profile->kinds[i] != 0; i++, any = true) {
        bool first = true;

        str_char(text, i == 0 ? '(' : ',');
        for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
            if ((profile->kinds[i] >> kind & 1) == 0)
                continue;
            str_printf(text, "%s%s", first ? "" : "|", kind_name(kind));
            first = false;
        }
    }
    if (any)
        str_char(text, ')');
    if (profile->general != 0)
        str_text(text, " cell by cell");
}
