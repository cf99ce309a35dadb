/* program_verify.c - checks that a program keeps the promises the machine relies on: operands in
 * range, jumps inside, selections pushed and popped in pairs on every path. */
#include "vm/program.h"

#include <inttypes.h>

struct verifier {
    const struct program *program;
    const struct op      *op;
    uint32_t              address;
    struct error         *err;
};

static enum status complain(const struct verifier *v, const char *operand, const char *what)
{
    return fail(v->err, STATUS_INTERNAL, "op %" PRIu32 " (%s): %s %s", v->address,
                opcode_info[v->op->code].name, operand, what);
}

/* How many registers an operand group of this op spans; 1 where only the slot knows. */
static int64_t group_size(const struct op *op)
{
    switch ((enum opcode)op->code) {
    case OP_Compact:
    case OP_Affinity:
    case OP_ResultRow:
        return op->p2;
    case OP_First:
    case OP_OpenSource:
    case OP_RowsetInsert:
    case OP_SetInsert:
    case OP_SorterInsert:
    case OP_JoinBuild:
    case OP_Export:
        return op->p3;
    case OP_Function:
        return op->p1;
    case OP_Null:
        return op->p3 == 0 ? 1 : op->p3;
    case OP_Distinct:
    case OP_SetRemove:
    case OP_MemoBegin:
        return op->p4.i;
    case OP_Upsert:
        if (op->p4.desc == NULL)
            return UPSERT_COLUMNS;
        return UPSERT_COLUMNS + (int64_t)((const struct upsert_desc *)op->p4.desc)->column_count;
    case OP_TableRow:
        return op->p4.desc == NULL ? 0 : ((const struct row_desc *)op->p4.desc)->column_count;
    case OP_AggStep:
        return 0; /* a query without keys or arguments gives no register */
    case OP_Insert:
    case OP_BulkInsert:
    default:
        return 1;
    }
}

/* Registers that may be 0, "none". */
static bool register_optional(const struct op *op, int operand)
{
    return operand == 3 &&
           (op->code == OP_SorterOpen || op->code == OP_WindowOpen || op->code == OP_Insert);
}

static enum status check_registers(const struct verifier *v, int operand, int32_t first,
                                   int64_t count)
{
    static const char *const names[] = {"", "P1", "P2", "P3"};

    if (first == 0 && (count == 0 || register_optional(v->op, operand)))
        return STATUS_OK;
    if (count < 0)
        return complain(v, names[operand], "has a negative count of registers");
    if (first < 1 || first + (count > 0 ? count - 1 : 0) > (int64_t)v->program->register_count)
        return complain(v, names[operand], "is no register");
    return STATUS_OK;
}

static enum status check_operand(const struct verifier *v, int operand, unsigned char kind,
                                 int32_t value)
{
    static const char *const names[] = {"", "P1", "P2", "P3"};

    switch ((enum operand_kind)kind) {
    case OPERAND_NONE:
    case OPERAND_INT:
        return STATUS_OK;
    case OPERAND_REG_IN:
    case OPERAND_REG_OUT:
    case OPERAND_REG_INOUT:
        return check_registers(v, operand, value, v->op->code == OP_Null ? group_size(v->op) : 1);
    case OPERAND_REGS_IN:
    case OPERAND_REGS_OUT:
        return check_registers(v, operand, value, group_size(v->op));
    case OPERAND_SLOT:
        if (value < 0 || (uint32_t)value >= v->program->slot_count)
            return complain(v, names[operand], "is no slot");
        return STATUS_OK;
    case OPERAND_TARGET:
        if (value < 0 || (uint32_t)value >= v->program->op_count)
            return complain(v, names[operand], "jumps outside the program");
        return STATUS_OK;
    }
    return complain(v, names[operand], "is of no known kind");
}

static enum status check_p4(const struct verifier *v)
{
    const struct op *op = v->op;

    switch ((enum p4_kind)opcode_info[op->code].p4) {
    case P4_VALUE:
        return op->p4.value == NULL ? complain(v, "P4", "is missing") : STATUS_OK;
    case P4_FUNCTION:
        return op->p4.function == NULL ? complain(v, "P4", "is missing") : STATUS_OK;
    case P4_COLLATION:
        return op->p4.i < 0 || op->p4.i >= COLLATION_COUNT ? complain(v, "P4", "is no collation")
                                                           : STATUS_OK;
    case P4_AFFINITIES:
        return op->p4.text == NULL ? complain(v, "P4", "is missing") : STATUS_OK;
    case P4_DESC:
        /* SetOpen without collations compares BINARY; Export's writes need no description. */
        if (op->p4.desc == NULL && op->code != OP_SetOpen &&
            !(op->code == OP_Export && op->p1 != 0))
            return complain(v, "P4", "is missing");
        return STATUS_OK;
    default:
        return STATUS_OK;
    }
}

static enum status check_counts(const struct verifier *v)
{
    const struct op *op = v->op;

    if ((op->code == OP_Once || op->code == OP_OnceReset) &&
        (op->p1 < 0 || (uint32_t)op->p1 >= v->program->once_count))
        return complain(v, "P1", "is no once flag");
    if (op->code == OP_Variable && (op->p1 < 1 || (uint32_t)op->p1 > v->program->variable_count))
        return complain(v, "P1", "is no parameter");
    if (op->code == OP_ResultRow && (uint32_t)op->p2 != v->program->result_count)
        return complain(v, "P2", "is not the program's number of result columns");
    return STATUS_OK;
}

static enum status check_op(const struct verifier *v)
{
    const struct opcode_info *info = &opcode_info[v->op->code];

    TRY(check_operand(v, 1, info->p1, v->op->p1));
    TRY(check_operand(v, 2, info->p2, v->op->p2));
    TRY(check_operand(v, 3, info->p3, v->op->p3));
    TRY(check_p4(v));
    return check_counts(v);
}

/* --- pushes and pops -----------------------------------------------------------------------------
 *
 * depth[address] is the number of selections pushed when the op is reached, -1 while unknown.  A
 * subroutine is looked at from the depth of the first Gosub seen, its base: it returns with the
 * stack as it found it, or jumps out of itself to a place of its caller's depth. */
struct depths {
    const struct verifier *v;
    int32_t               *depth, *base;
    uint32_t              *open; /* addresses whose successors are still to be visited */
    uint32_t               open_count;
};

static enum status depth_reach(struct depths *d, uint32_t from, int32_t target, int32_t depth,
                               int32_t base)
{
    struct verifier at = *d->v;

    at.address = from;
    at.op = &at.program->ops[from];
    if (depth < 0)
        return complain(&at, "", "pops a selection that was not pushed");
    if (target < 0 || (uint32_t)target >= at.program->op_count)
        return complain(&at, "", "runs off the end of the program");
    if (d->depth[target] == depth)
        return STATUS_OK;
    if (d->depth[target] >= 0)
        return complain(&at, "", "leads to an op with another depth of pushed selections");
    d->depth[target] = depth;
    d->base[target] = base;
    d->open[d->open_count++] = (uint32_t)target;
    return STATUS_OK;
}

/* P2 = 0 means no target: to Init nobody jumps. */
static bool has_target(const struct op *op)
{
    switch ((enum opcode)op->code) {
    case OP_HaltIfNull:
    case OP_HaltIfFalse:
    case OP_TypeCheck:
    case OP_Failing:
        return op->p2 != 0;
    default:
        return opcode_info[op->code].p2 == OPERAND_TARGET;
    }
}

static enum status depth_follow(struct depths *d, uint32_t address)
{
    const struct op *op = &d->v->program->ops[address];
    int32_t          depth = d->depth[address], fall = depth, jump = depth;
    int32_t          base = d->base[address];
    bool             falls = true;

    switch ((enum opcode)op->code) {
    case OP_Init:
    case OP_Goto:
        falls = false;
        break;
    case OP_Halt:
    case OP_Return:
        if (op->code == OP_Return && depth != base)
            return depth_reach(d, address, -1, -1, base);
        return STATUS_OK;
    case OP_Gosub:
        if (d->depth[op->p2] < 0)
            TRY(depth_reach(d, address, op->p2, depth, depth));
        return depth_reach(d, address, (int32_t)address + 1, depth, base);
    case OP_SelPush:
    case OP_BatchPush:
        fall = depth + 1;
        break;
    case OP_SelPushIf:
        fall = jump = depth + 1;
        break;
    case OP_SelPop:
    case OP_BatchPop:
        fall = depth - 1;
        break;
    case OP_MemoBegin:
        fall = depth + 1;
        break;
    case OP_MemoNext:
        jump = depth - 1;
        break;
    default:
        break;
    }
    if (has_target(op))
        TRY(depth_reach(d, address, op->p2, jump, base));
    if (falls)
        TRY(depth_reach(d, address, (int32_t)address + 1, fall, base));
    return STATUS_OK;
}

static enum status check_depths(const struct verifier *v)
{
    uint32_t      count = v->program->op_count;
    struct arena  arena;
    struct depths d = {.v = v};
    enum status   status = STATUS_OK;

    arena_init(&arena, v->program->memory);
    d.depth = arena_alloc(&arena, memory_product(count, sizeof *d.depth));
    d.base = arena_zalloc(&arena, memory_product(count, sizeof *d.base));
    d.open = arena_alloc(&arena, memory_product(count, sizeof *d.open));
    if (d.depth == NULL || d.base == NULL || d.open == NULL) {
        arena_free(&arena);
        return fail_nomem(v->err);
    }
    for (uint32_t i = 0; i < count; i++)
        d.depth[i] = -1;
    d.depth[0] = 0;
    d.open[d.open_count++] = 0;
    while (status == STATUS_OK && d.open_count > 0)
        status = depth_follow(&d, d.open[--d.open_count]);
    arena_free(&arena);
    return status;
}

enum status program_verify(const struct program *program, struct error *err)
{
    struct verifier v = {.program = program, .err = err};

    if (program->failed)
        return fail_nomem(err);
    if (program->op_count == 0)
        return fail(err, STATUS_INTERNAL, "empty program");
    for (v.address = 0; v.address < program->op_count; v.address++) {
        v.op = &program->ops[v.address];
        if (v.op->code >= OP_COUNT)
            return fail(err, STATUS_INTERNAL, "op %" PRIu32 " has no such opcode", v.address);
        TRY(check_op(&v));
    }
    return check_depths(&v);
}
