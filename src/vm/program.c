/* program.c - building a program: ops, labels, registers, slots. */
#include "vm/program.h"

#include <assert.h>
#include <string.h>

enum { OPS_FIRST = 32, LABELS_FIRST = 16, TRUSTED_FIRST = 4 };

/* What program_op gives out after a failed allocation: written, never read. */
static _Thread_local struct op scratch_op;

struct program *program_new(struct memory *memory)
{
    struct program *program;
    struct arena    arena;

    arena_init_medium(&arena, memory);
    program = arena_zalloc(&arena, sizeof *program);
    if (program == NULL)
        return NULL;
    program->memory = memory;
    program->arena = arena;
    return program;
}

/* The references to schema objects that CREATE statements hold. */
static void references_drop(const struct program *program)
{
    for (uint32_t i = 0; i < program->op_count; i++) {
        const struct op *op = &program->ops[i];

        if (op->code == OP_CreateTable)
            schema_table_unref((struct schema_table *)(uintptr_t)op->p4.desc);
        else if (op->code == OP_CreateObject)
            schema_object_unref(((const struct object_desc *)op->p4.desc)->object);
    }
}

void program_free(struct program *program)
{
    struct arena arena;

    if (program == NULL)
        return;
    references_drop(program);
    program_free(program->inner); /* one level: EXPLAIN ANALYZE is not nested */
    arena = program->arena;       /* which program lies in */
    arena_free(&arena);
}

/* A bigger copy of an array in the program's arena; the old one stays there until the end. */
static void *array_grow(struct program *program, const void *old, uint32_t count,
                        uint32_t new_capacity, size_t bytes)
{
    void *grown = arena_alloc(&program->arena, memory_product(new_capacity, bytes));

    if (grown == NULL)
        program->failed = true;
    else if (count > 0)
        memcpy(grown, old, count * bytes);
    return grown;
}

static bool ops_reserve(struct program *program)
{
    uint32_t   capacity;
    struct op *ops;
    int32_t   *lines = NULL;

    if (program->failed)
        return false;
    if (program->op_count < program->op_capacity)
        return true;
    capacity = program->op_capacity == 0 ? OPS_FIRST : program->op_capacity * 2;
    ops = array_grow(program, program->ops, program->op_count, capacity, sizeof *ops);
    if (program->has_lines)
        lines = array_grow(program, program->op_lines, program->op_count, capacity, sizeof *lines);
    if (ops == NULL || (program->has_lines && lines == NULL))
        return false;
    program->ops = ops;
    program->op_lines = lines;
    program->op_capacity = capacity;
    return true;
}

int32_t program_emit(struct program *program, enum opcode code, int32_t p1, int32_t p2, int32_t p3)
{
    assert(code < OP_COUNT);
    if (!ops_reserve(program))
        return 0;
    program->ops[program->op_count] =
        (struct op){.code = (uint16_t)code, .p1 = p1, .p2 = p2, .p3 = p3};
    if (program->has_lines)
        program->op_lines[program->op_count] = program->line;
    return (int32_t)program->op_count++;
}

struct op *program_op(struct program *program, int32_t address)
{
    if (program->failed || program->op_count == 0)
        return &scratch_op;
    assert(address >= 0 && (uint32_t)address < program->op_count);
    return &program->ops[address];
}

int32_t program_address(const struct program *program)
{
    return (int32_t)program->op_count;
}

void program_trust(struct program *program, struct table *table)
{
    struct trusted_table *trusted = program->trusted;

    for (uint32_t i = 0; i < program->trusted_count; i++)
        if (trusted[i].table == table)
            return;
    if (program->trusted_count == program->trusted_capacity) {
        uint32_t capacity =
            program->trusted_capacity == 0 ? TRUSTED_FIRST : program->trusted_capacity * 2;

        trusted = array_grow(program, trusted, program->trusted_count, capacity, sizeof *trusted);
        if (trusted == NULL)
            return;
        program->trusted = trusted;
        program->trusted_capacity = capacity;
    }
    trusted[program->trusted_count++] = (struct trusted_table){table, table_version(table)};
}

bool program_is_current(const struct program *program, const struct database *database)
{
    if (database_schema_version(database) != program->schema_version)
        return false;
    for (uint32_t i = 0; i < program->trusted_count; i++)
        if (table_version(program->trusted[i].table) != program->trusted[i].version)
            return false;
    return true;
}

int32_t program_label(struct program *program)
{
    if (program->label_count == program->label_capacity && !program->failed) {
        uint32_t capacity =
            program->label_capacity == 0 ? LABELS_FIRST : program->label_capacity * 2;
        int32_t *labels =
            array_grow(program, program->labels, program->label_count, capacity, sizeof *labels);

        if (labels != NULL) {
            program->labels = labels;
            program->label_capacity = capacity;
        }
    }
    if (program->failed)
        return -1;
    program->labels[program->label_count] = -1;
    return -(int32_t)++program->label_count;
}

void program_label_here(struct program *program, int32_t label)
{
    if (program->failed)
        return;
    assert(label < 0 && (uint32_t)(-label) <= program->label_count);
    assert(program->labels[-label - 1] < 0); /* placed once */
    program->labels[-label - 1] = program_address(program);
}

int32_t program_registers(struct program *program, uint32_t count)
{
    int32_t first = (int32_t)program->register_count + 1;

    program->register_count += count;
    return first;
}

int32_t program_slot(struct program *program)
{
    return (int32_t)program->slot_count++;
}

int32_t program_once(struct program *program)
{
    return (int32_t)program->once_count++;
}

static bool target_patch(const struct program *program, unsigned char kind, int32_t *operand)
{
    if (kind != OPERAND_TARGET || *operand >= 0)
        return true;
    if ((uint32_t)(-*operand) > program->label_count || program->labels[-*operand - 1] < 0)
        return false;
    *operand = program->labels[-*operand - 1];
    return true;
}

enum status program_finish(struct program *program, struct error *err)
{
    if (program->failed)
        return fail_nomem(err);
    for (uint32_t i = 0; i < program->op_count; i++) {
        struct op                *op = &program->ops[i];
        const struct opcode_info *info = &opcode_info[op->code];

        if (likely((op->p1 | op->p2 | op->p3) >= 0)) /* labels are negative */
            continue;
        if (!target_patch(program, info->p1, &op->p1) ||
            !target_patch(program, info->p2, &op->p2) || !target_patch(program, info->p3, &op->p3))
            return fail(err, STATUS_INTERNAL, "op %u (%s) jumps to a label never placed", i,
                        info->name);
    }
    return STATUS_OK;
}
