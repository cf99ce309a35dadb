/* cg.c - the generator's context: emitting with a sticky failure, the stack of what is known, and
 * constants hoisted in front of the program. */
#include "sql/cg.h"

#include <stdio.h>
#include <string.h>

#include "base/stack.h"
#include "base/utf8.h"

void cg_fail(struct cg *cg, enum status status)
{
    if (cg->status == STATUS_OK)
        cg->status = status;
}

bool cg_may_go_deeper(struct cg *cg, int32_t position)
{
    if (cg->status == STATUS_OK)
        cg->status = memory_poll(cg->arena->memory, cg->err);
    if (cg->status == STATUS_OK)
        cg->status = stack_check(cg->err, position);
    return cg->status == STATUS_OK;
}

void cg_unsupported(struct cg *cg, int32_t position, const char *format, ...)
{
    char    text[200];
    va_list args;

    if (cg->status != STATUS_OK)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cg->status = fail_at(cg->err, STATUS_ERROR, position, "not supported yet: %s", text);
}

int32_t cg_emit(struct cg *cg, enum opcode code, int32_t p1, int32_t p2, int32_t p3)
{
    return program_emit(cg->program, code, p1, p2, p3);
}

void cg_emit_i(struct cg *cg, enum opcode code, int32_t p1, int32_t p2, int32_t p3, int64_t p4)
{
    int32_t address = program_emit(cg->program, code, p1, p2, p3);

    program_op(cg->program, address)->p4.i = p4;
}

void cg_emit_p4(struct cg *cg, enum opcode code, int32_t p1, int32_t p2, int32_t p3, const void *p4)
{
    int32_t address = program_emit(cg->program, code, p1, p2, p3);

    program_op(cg->program, address)->p4.desc = p4;
}

void *cg_alloc(struct cg *cg, size_t bytes)
{
    void *block = arena_zalloc(&cg->program->arena, bytes);

    if (block == NULL)
        cg_fail(cg, fail_nomem(cg->err));
    return block;
}

char *cg_text(struct cg *cg, const char *text)
{
    char *copy = arena_copy_text(&cg->program->arena, text, text_until_nul(text, SIZE_MAX));

    if (copy == NULL)
        cg_fail(cg, fail_nomem(cg->err));
    return copy;
}

const struct value *cg_value(struct cg *cg, const struct value *value)
{
    struct value *copy = cg_alloc(cg, sizeof *copy);

    if (copy == NULL)
        return NULL;
    *copy = *value;
    if (value->class_ == CLASS_TEXT || value->class_ == CLASS_BLOB) {
        copy->s = arena_copy_text(&cg->program->arena, value->s, value->bytes);
        if (copy->s == NULL)
            cg_fail(cg, fail_nomem(cg->err));
    }
    return copy;
}

int32_t cg_label(struct cg *cg)
{
    return program_label(cg->program);
}
void cg_here(struct cg *cg, int32_t label)
{
    program_label_here(cg->program, label);
}
int32_t cg_registers(struct cg *cg, uint32_t count)
{
    return program_registers(cg->program, count);
}
int32_t cg_slot(struct cg *cg)
{
    return program_slot(cg->program);
}

/* --- the stack ---------------------------------------------------------------------------------
 */
/* What a push gives when memory is short: written, never read. */
static _Thread_local struct cg_entry lost_entry;

struct cg_entry *cg_push(struct cg *cg, enum cg_entry_kind kind, const void *owner)
{
    struct cg_entry *entry;

    if (cg->entry_count == cg->entry_capacity) {
        uint32_t         capacity = cg->entry_capacity == 0 ? 64 : cg->entry_capacity * 2;
        struct cg_entry *entries = arena_alloc(cg->arena, capacity * sizeof *entries);

        if (entries == NULL) {
            cg_fail(cg, fail_nomem(cg->err));
            return &lost_entry;
        }
        if (cg->entry_count != 0)
            memcpy(entries, cg->entries, cg->entry_count * sizeof *entries);
        cg->entries = entries;
        cg->entry_capacity = capacity;
    }
    entry = &cg->entries[cg->entry_count++];
    *entry = (struct cg_entry){.kind = (uint8_t)kind, .owner = owner};
    return entry;
}

uint32_t cg_mark(const struct cg *cg)
{
    return cg->entry_count;
}

void cg_truncate(struct cg *cg, uint32_t mark)
{
    if (cg->entry_count > mark)
        cg->entry_count = mark;
}

void cg_forget(struct cg *cg, int32_t reg)
{
    for (uint32_t i = cg->entry_count; i-- > 0;) {
        struct cg_entry *entry = &cg->entries[i];

        if ((entry->kind == CG_REGISTER || entry->kind == CG_EXPRESSION) && entry->reg == reg)
            entry->kind = CG_DEAD;
    }
}

void cg_floor(struct cg *cg, uint32_t hide_from)
{
    cg_push(cg, CG_FLOOR, NULL)->number = (int32_t)hide_from;
}

static void push_register(struct cg *cg, const void *owner, int32_t column, int32_t reg,
                          bool constant)
{
    struct cg_entry *entry = cg_push(cg, CG_REGISTER, owner);

    entry->column = column;
    entry->reg = reg;
    entry->constant = constant;
}

static int32_t read_cursor(struct cg *cg, const struct cg_entry *entry, int32_t column, int32_t reg)
{
    int32_t slot = entry->slot, number = column + entry->number;

    if (column == -1) {
        cg_emit(cg, OP_Rowid, slot, reg, 0);
        return reg;
    }
    if (entry->scan != NULL) {
        if (table_schema(entry->scan->table)->rowid_column == column) {
            cg_emit(cg, OP_Rowid, slot, reg, 0);
            return reg;
        }
        bits_set(entry->scan->used, (size_t)column);
    }
    cg_emit(cg, OP_Column, slot, number, reg);
    return reg;
}

/* The value that entry stands for, in target or (0) a register of its own. */
static int32_t read_entry(struct cg *cg, struct cg_entry entry, const void *owner, int32_t column,
                          int32_t target)
{
    int32_t            reg = entry.reg;
    const struct plan *aggregate = cg->aggregate;

    if (entry.kind == CG_REGISTER) {
        if (target == 0)
            return reg;
        cg_emit(cg, OP_SCopy, reg, target, 0);
        return target;
    }
    if (entry.kind == CG_ALIAS) {
        reg = cg_column(cg, entry.plan->owner, column, target);
    } else if (entry.kind == CG_PROJECT) {
        struct expr *expr = plan_result(entry.plan, (uint32_t)column);

        cg->aggregate = entry.plan->aggregate;
        if (target == 0)
            reg = cg_expr(cg, expr);
        else
            cg_expr_to(cg, expr, reg = target);
        cg->aggregate = aggregate;
    } else {
        reg = target != 0 ? target : cg_registers(cg, 1);
        if (entry.kind == CG_JOIN_COLUMN)
            cg_emit(cg, OP_JoinColumn, entry.slot, entry.number, reg);
        else if (entry.kind == CG_JOIN_CARRY)
            cg_emit(cg, OP_JoinCarry, entry.slot, entry.reg, reg);
        else if (entry.kind == CG_SORTED)
            cg_emit(cg, OP_Column, entry.slot, entry.number, reg);
        else
            read_cursor(cg, &entry, column, reg);
    }
    push_register(cg, owner, column, reg, false);
    return reg;
}

static bool stands_for(const struct cg_entry *entry, const void *owner, int32_t column)
{
    switch ((enum cg_entry_kind)entry->kind) {
    case CG_REGISTER:
    case CG_JOIN_COLUMN:
    case CG_JOIN_CARRY:
    case CG_SORTED:
        return entry->owner == owner && entry->column == column;
    case CG_CURSOR:
    case CG_PROJECT:
    case CG_ALIAS:
        return entry->owner == owner;
    default:
        return false;
    }
}

/* The newest entry that says where (owner, column) is; NULL: none can be seen. */
static const struct cg_entry *find_entry(const struct cg *cg, const void *owner, int32_t column)
{
    bool constants_only = false;

    for (uint32_t i = cg->entry_count; i-- > 0;) {
        const struct cg_entry *entry = &cg->entries[i];

        if (entry->kind == CG_FLOOR) {
            constants_only = true;
            i = (uint32_t)entry->number < i ? (uint32_t)entry->number : i;
        } else if (stands_for(entry, owner, column) && (!constants_only || entry->constant)) {
            return entry;
        }
    }
    return NULL;
}

bool cg_has_column(const struct cg *cg, const void *owner, int32_t column)
{
    return find_entry(cg, owner, column) != NULL;
}

int32_t cg_column(struct cg *cg, const void *owner, int32_t column, int32_t target)
{
    const struct cg_entry *entry = find_entry(cg, owner, column);

    if (entry != NULL)
        return read_entry(cg, *entry, owner, column, target);
    if (cg->status == STATUS_OK)
        cg->status = fail(cg->err, STATUS_INTERNAL, "column %d is not available here", column);
    return 1;
}

int32_t cg_known(struct cg *cg, struct expr *expr)
{
    bool constants_only = false;

    for (uint32_t i = cg->entry_count; i-- > 0;) {
        const struct cg_entry *entry = &cg->entries[i];

        if (entry->kind == CG_FLOOR) {
            constants_only = true;
            i = (uint32_t)entry->number < i ? (uint32_t)entry->number : i;
        } else if (entry->kind == CG_EXPRESSION && (!constants_only || entry->constant) &&
                   entry->plan == cg->aggregate && expr_equal(entry->expr, expr)) {
            return entry->reg;
        }
    }
    return 0;
}

/* --- constants ---------------------------------------------------------------------------------
 */
int32_t cg_hoist(struct cg *cg, struct expr *expr)
{
    struct cg_constant *constant;

    for (uint32_t i = 0; i < cg->constant_count; i++)
        if (expr_equal(cg->constants[i].expr, expr))
            return cg->constants[i].reg;
    if (cg->constant_count == cg->constant_capacity) {
        uint32_t            capacity = cg->constant_capacity == 0 ? 16 : cg->constant_capacity * 2;
        struct cg_constant *grown = arena_alloc(cg->arena, capacity * sizeof *grown);

        if (grown == NULL) {
            cg_fail(cg, fail_nomem(cg->err));
            return 1;
        }
        if (cg->constant_count != 0)
            memcpy(grown, cg->constants, cg->constant_count * sizeof *grown);
        cg->constants = grown;
        cg->constant_capacity = capacity;
    }
    constant = &cg->constants[cg->constant_count++];
    constant->expr = expr;
    constant->reg = cg_registers(cg, 1);
    return constant->reg;
}

void cg_prologue(struct cg *cg)
{
    cg->in_prologue = true;
    for (uint32_t i = 0; i < cg->constant_count; i++) {
        struct expr *expr = cg->constants[i].expr;
        int32_t      reg = cg->constants[i].reg;

        cg_truncate(cg, 0);
        cg_expr_to(cg, expr, reg);
        if (expr->kind != EXPR_LITERAL && expr->kind != EXPR_VARIABLE)
            cg_emit(cg, OP_First, reg, reg, 1); /* of this row: a constant for any batch */
    }
    cg->in_prologue = false;
}
