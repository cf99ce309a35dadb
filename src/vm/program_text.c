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

        str_printf(out, " %s(%s", call->name != NULL ? call->name : aggregate_kind_name(call->kind),
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

static void queue_text(struct str *out, const struct queue_desc *desc)
{
    str_text(out, "columns");
    for (uint32_t i = 0; i < desc->key_count; i++)
        str_printf(out, "%s%s%" PRIu32, i > 0 ? "," : " ", desc->keys[i].descending ? "-" : "",
                   desc->columns[i]);
}

static void window_text(struct str *out, const struct window_desc *desc)
{
    sorter_text(out, &desc->sort);
    str_printf(out, "; partition=%" PRIu32 " frames=%" PRIu32 " calls=%" PRIu32,
               desc->partition_count, desc->frame_count, desc->call_count);
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

static void upsert_text(struct str *out, const struct upsert_desc *desc)
{
    str_text(out, table_schema(desc->table)->name);
    for (uint32_t i = 0; i < desc->column_count; i++)
        str_printf(out, "%s%s", i > 0 ? "," : " reads ",
                   table_schema(desc->table)->columns[desc->columns[i]].name);
    str_text(out, desc->one_by_one ? " one by one" : "");
}

static void row_text(struct str *out, const struct row_desc *desc)
{
    str_text(out, table_schema(desc->table)->name);
    for (uint32_t i = 0; i < desc->column_count; i++)
        str_printf(out, "%s%s", i > 0 ? "," : " reads ",
                   table_schema(desc->table)->columns[desc->columns[i]].name);
}

static void write_text(struct str *out, const struct write_desc *desc)
{
    const struct schema_table *schema;

    if (desc->table == NULL) { /* CREATE TABLE AS */
        str_text(out, desc->name);
        return;
    }
    schema = table_schema(desc->table);
    str_text(out, schema->name);
    for (uint32_t i = 0; i < desc->column_count; i++)
        str_printf(out, "%s%s", i > 0 ? "," : " set ", schema->columns[desc->columns[i]].name);
}

static void values_text(struct str *out, const struct values_desc *desc)
{
    str_printf(out, "%" PRIu64 " row%s of %" PRIu32, desc->rows, desc->rows == 1 ? "" : "s",
               desc->columns);
}

static void fact_text(struct str *out, const struct fact_desc *desc)
{
    static const char *const names[] = {"count", "min", "max"};

    str_printf(out, "%s(%u)", names[desc->fact], desc->column);
}

static void desc_text(const struct op *op, struct str *out)
{
    switch ((enum opcode)op->code) {
    case OP_OpenRead:
        scan_text(out, op->p4.desc);
        break;
    case OP_ColumnFact:
        fact_text(out, op->p4.desc);
        break;
    case OP_OpenValues:
        values_text(out, op->p4.desc);
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
    case OP_QueueOrder:
        queue_text(out, op->p4.desc);
        break;
    case OP_WindowOpen:
        window_text(out, op->p4.desc);
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
    case OP_Upsert:
        upsert_text(out, op->p4.desc);
        break;
    case OP_TableRow:
        row_text(out, op->p4.desc);
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

/* --- comments ----------------------------------------------------------------------------------
 */
static int64_t operand_value(const struct op *op, char which)
{
    switch (which) {
    case '1':
        return op->p1;
    case '2':
        return op->p2;
    case '3':
        return op->code == OP_Null && op->p3 == 0 ? 1 : op->p3;
    default:
        return op->p4.i;
    }
}

/* Operands that are codes, as words; NULL: a number. */
static const char *operand_word(const struct op *op, char which)
{
    static const char *const truths[] = {
        [TRUTH_TRUE] = "true", [TRUTH_NOT_TRUE] = "not true", [TRUTH_NOT_FALSE] = "not false",
        [TRUTH_NULL] = "NULL", [TRUTH_NOT_NULL] = "not NULL", [TRUTH_FALSE] = "false",
    };
    static const char *const bounds[] = {
        [BOUND_EQ] = "=", [BOUND_LT] = "<",  [BOUND_LE] = "<=",
        [BOUND_GT] = ">", [BOUND_GE] = ">=", [BOUND_NOT_NULL] = "is no NULL, not even",
    };
    bool truth = op->code == OP_FilterTruth || op->code == OP_Truth || op->code == OP_SelPushIf;

    if (truth && which == '3' && (uint32_t)op->p3 < countof(truths))
        return truths[op->p3];
    if (op->code == OP_Bound && which == '5' && op->p5 < countof(bounds))
        return bounds[op->p5];
    return NULL;
}

static const char *affinity_word(int letter)
{
    static const char *const words[] = {"NONE", "BLOB", "TEXT", "NUMERIC", "INTEGER", "REAL"};

    return letter >= AFFINITY_NONE && letter <= AFFINITY_REAL ? words[letter - AFFINITY_NONE] : "?";
}

/* "P2" of a synopsis, and "P2+P3" as their sum.  The number of characters taken. */
static size_t operand_text(const struct program *program, int32_t address, const char *at,
                           struct str *out)
{
    const struct op *op = &program->ops[address];
    const char      *word = operand_word(op, at[1]);
    bool             p4_number = opcode_info[op->code].p4 == P4_I64;

    if (word != NULL) {
        str_text(out, word);
        return 2;
    }
    if (op->code == OP_Cast && at[1] == '2') {
        str_text(out, affinity_word(op->p2));
        return 2;
    }
    if (at[1] == '4' && !p4_number) {
        program_p4_text(program, address, out);
        return 2;
    }
    if (at[2] == '+' && at[3] == 'P') {
        str_printf(out, "%" PRId64, operand_value(op, at[1]) + operand_value(op, at[4]));
        return 5;
    }
    str_printf(out, "%" PRId64, operand_value(op, at[1]));
    return 2;
}

static bool is_comparison(enum opcode code)
{
    return (code >= OP_Eq && code <= OP_IsNot) || (code >= OP_FilterEq && code <= OP_FilterGe);
}

void program_comment_text(const struct program *program, int32_t address, struct str *out)
{
    const struct op *op = &program->ops[address];

    for (const char *c = opcode_info[op->code].synopsis; *c != 0;) {
        if (*c == 'P' && c[1] >= '1' && c[1] <= '5')
            c += operand_text(program, address, c, out);
        else
            str_char(out, *c++);
    }
    if (is_comparison((enum opcode)op->code) && op->p5 > AFFINITY_NONE)
        str_printf(out, "; affinity %s", affinity_word(op->p5));
}
