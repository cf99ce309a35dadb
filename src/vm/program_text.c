/* program_text.c - operands of a program as text, for EXPLAIN. */
#include "base/str.h"
#include "vm/program.h"

#include <inttypes.h>

static void collations_text(struct str *out, uint32_t count, const uint8_t *collations)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            str_char(out, ',');
        str_text(out, collation_name(collations == NULL ? COLLATION_BINARY : collations[i]));
    }
}

static const char *aggregate_kind_name(enum aggregate_kind kind)
{
    static const char *const names[AGGREGATE_KIND_COUNT] = {
        [AGGREGATE_COUNT_STAR] = "count", [AGGREGATE_COUNT] = "count",
        [AGGREGATE_SUM] = "sum",          [AGGREGATE_TOTAL] = "total",
        [AGGREGATE_AVG] = "avg",          [AGGREGATE_MIN] = "min",
        [AGGREGATE_MAX] = "max",          [AGGREGATE_GROUP_CONCAT] = "group_concat",
        [AGGREGATE_BARE] = "bare",
    };

    return names[kind];
}

static void aggregate_text(struct str *out, const struct aggregate_desc *desc)
{
    str_printf(out, "keys=%" PRIu32, desc->key_count);
    if (desc->sorted)
        str_text(out, " sorted");
    for (uint32_t i = 0; i < desc->call_count; i++) {
        const struct aggregate_call *call = &desc->calls[i];

        str_printf(out, " %s(%s", aggregate_kind_name(call->kind),
                   call->distinct ? "distinct " : "");
        if (call->argument >= 0)
            str_printf(out, "%" PRId32, call->argument);
        else if (call->kind == AGGREGATE_COUNT_STAR)
            str_char(out, '*');
        str_char(out, ')');
        if (call->filter >= 0)
            str_printf(out, "if %" PRId32, call->filter);
    }
}

static void sorter_text(struct str *out, const struct sorter_desc *desc)
{
    str_printf(out, "k(%" PRIu32, desc->key_count);
    for (uint32_t i = 0; i < desc->key_count; i++) {
        const struct sort_key *key = &desc->keys[i];

        str_printf(out, ",%s%s%s", key->descending ? "-" : "",
                   key->collation == COLLATION_BINARY ? "B" : collation_name(key->collation),
                   key->nulls_last != key->descending ? (key->nulls_last ? " last" : " first")
                                                      : "");
    }
    str_printf(out, ") of %" PRIu32, desc->column_count);
}

static void join_text(struct str *out, const struct join_desc *desc)
{
    static const char *const kinds[] = {
        [JOIN_INNER] = "inner", [JOIN_LEFT] = "left", [JOIN_RIGHT] = "right",
        [JOIN_FULL] = "full",   [JOIN_SEMI] = "semi", [JOIN_ANTI] = "anti",
    };

    str_printf(out, "%s keys=%" PRIu32 " payload=%" PRIu32 "%s", kinds[desc->kind], desc->key_count,
               desc->payload_count, desc->residual ? " residual" : "");
}

static void scan_text(struct str *out, const struct scan_desc *desc)
{
    const struct schema_table *schema = table_schema(desc->table);

    str_text(out, schema->name);
    str_char(out, '(');
    for (uint32_t i = 0; i < desc->column_count; i++)
        str_printf(out, "%s%s", i > 0 ? "," : "", schema->columns[desc->columns[i]].name);
    str_char(out, ')');
}

static void write_text(struct str *out, const struct write_desc *desc)
{
    const struct schema_table *schema = table_schema(desc->table);

    str_text(out, schema->name);
    for (uint32_t i = 0; i < desc->column_count; i++)
        str_printf(out, "%s%s", i > 0 ? "," : " set ", schema->columns[desc->columns[i]].name);
}

static void desc_text(const struct op *op, struct str *out)
{
    switch ((enum opcode)op->code) {
    case OP_OpenRead:
        scan_text(out, op->p4.desc);
        break;
    case OP_OpenSource:
        str_text(out, ((const struct source_desc *)op->p4.desc)->module->name);
        break;
    case OP_SetOpen:
        collations_text(out, (uint32_t)op->p2, op->p4.desc);
        break;
    case OP_AggOpen:
        aggregate_text(out, op->p4.desc);
        break;
    case OP_SorterOpen:
        sorter_text(out, op->p4.desc);
        break;
    case OP_JoinOpen:
        join_text(out, op->p4.desc);
        break;
    case OP_Insert:
    case OP_BulkOpen:
    case OP_DeleteRows:
    case OP_DeleteAll:
    case OP_UpdateRows:
        write_text(out, op->p4.desc);
        break;
    case OP_CreateTable:
        str_text(out, ((const struct schema_table *)op->p4.desc)->name);
        break;
    case OP_CreateObject:
        str_text(out, ((const struct object_desc *)op->p4.desc)->object->name);
        break;
    case OP_Export:
        if (op->p4.desc != NULL)
            str_text(out, ((const struct export_desc *)op->p4.desc)->path);
        break;
    default:
        break;
    }
}

void program_p4_text(const struct program *program, int32_t address, struct str *out)
{
    const struct op *op = &program->ops[address];

    switch ((enum p4_kind)opcode_info[op->code].p4) {
    case P4_I64:
        str_printf(out, "%" PRId64, op->p4.i);
        break;
    case P4_VALUE:
        if (op->p4.value != NULL)
            value_dump(op->p4.value, out);
        break;
    case P4_FUNCTION:
        if (op->p4.function != NULL)
            str_printf(out, "%s(%" PRId32 ")", op->p4.function->name, op->p1);
        break;
    case P4_COLLATION:
        str_text(out, collation_name((enum collation)op->p4.i));
        break;
    case P4_TABLE:
        break;
    case P4_AFFINITIES:
    case P4_TEXT:
        if (op->p4.text != NULL)
            str_text(out, op->p4.text);
        break;
    case P4_DESC:
        if (op->p4.desc != NULL)
            desc_text(op, out);
        break;
    case P4_NONE:
        break;
    }
}

void program_comment_text(const struct program *program, int32_t address, struct str *out)
{
    const struct op *op = &program->ops[address];

    for (const char *c = opcode_info[op->code].synopsis; *c != 0; c++) {
        if (*c == 'P' && c[1] >= '1' && c[1] <= '3') {
            int32_t operand = c[1] == '1' ? op->p1 : c[1] == '2' ? op->p2 : op->p3;

            str_printf(out, "%d", operand);
            c++;
        } else if (*c == 'P' && c[1] == '4') {
            program_p4_text(program, address, out);
            c++;
        } else {
            str_char(out, *c);
        }
    }
    if (program->comments != NULL && program->comments[address] != NULL) {
        str_text(out, "; ");
        str_text(out, program->comments[address]);
    }
}
