/* cg_statement.c - whole programs: the frame around every statement, SELECT, transactions, PRAGMA.
 *
 *   0  Init  -> constants, or 1
 *   1  Transaction ...
 *      the statement
 *      Halt
 *      constants; Goto 1 */
#include "sql/cg.h"

#include "base/str.h"

#include <string.h>

void cg_begin_statement(struct cg *cg, bool writes)
{
    cg->program->writes = writes;
    cg_emit_i(cg, OP_Transaction, writes, 0, 0, (int64_t)cg->program->schema_version);
}

void cg_program(struct cg *cg, struct statement *statement)
{
    int32_t start;

    cg_lines_begin(cg, statement);
    cg_emit(cg, OP_Init, 0, 1, 0);
    cg->one_row = true;
    cg_statement(cg, statement);
    cg_emit(cg, OP_Halt, 0, 0, 0);
    if (cg->constant_count != 0 && cg->status == STATUS_OK) {
        start = program_address(cg->program);
        cg_prologue(cg);
        cg_emit(cg, OP_Goto, 0, 1, 0);
        program_op(cg->program, 0)->p2 = start;
    }
    cg_lines_finish(cg);
}

void cg_statement(struct cg *cg, struct statement *statement)
{
    switch ((enum statement_kind)statement->kind) {
    case STATEMENT_SELECT:
        cg_select(cg, statement->select);
        break;
    case STATEMENT_INSERT:
        cg_insert(cg, statement->insert);
        break;
    case STATEMENT_UPDATE:
        cg_update(cg, statement->update);
        break;
    case STATEMENT_DELETE:
        cg_delete(cg, statement->delete_);
        break;
    case STATEMENT_CREATE_TABLE:
        cg_create_table(cg, statement);
        break;
    case STATEMENT_CREATE_INDEX:
        cg_create_index(cg, statement);
        break;
    case STATEMENT_CREATE_VIEW:
        cg_create_view(cg, statement);
        break;
    case STATEMENT_DROP:
        cg_drop(cg, statement->drop);
        break;
    case STATEMENT_PRAGMA:
        cg_pragma(cg, statement->pragma);
        break;
    case STATEMENT_COPY:
        cg_copy(cg, statement->copy);
        break;
    case STATEMENT_BEGIN:
    case STATEMENT_COMMIT:
    case STATEMENT_ROLLBACK:
    case STATEMENT_SAVEPOINT:
    case STATEMENT_RELEASE:
        cg_transaction(cg, statement);
        break;
    default:
        cg_unsupported(cg, -1, "this statement");
        break;
    }
}

/* --- SELECT ------------------------------------------------------------------------------------
 */
static void consume_result(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    uint32_t count = sink->plan->column_count;
    int32_t  first = cg_registers(cg, count);

    (void)next;
    for (uint32_t i = 0; i < count; i++)
        cg_result_to(cg, sink->plan, i, first + (int32_t)i);
    cg_emit(cg, OP_ResultRow, first, (int32_t)count, 0);
}

/* The declared type of a result that is a table's column, through subqueries and views. */
static const char *declared_type(const struct expr *expr)
{
    const struct from_item *item;
    int32_t                 column;

    for (;;) {
        if (expr == NULL || expr->kind != EXPR_COLUMN || expr->resolved.source == NULL)
            return NULL;
        item = expr->resolved.source;
        column = expr->resolved.column;
        if (item->catalog_table != NULL) {
            const struct schema_table *schema = table_schema(item->catalog_table);

            if (column < 0)
                return "INTEGER";
            return schema->columns[column].type[0] != 0 ? schema->columns[column].type : NULL;
        }
        if (item->select == NULL || column < 0 || (uint32_t)column >= item->select->column_count)
            return NULL;
        expr = item->select->columns[column].expr;
    }
}

void cg_result_names(struct cg *cg, const struct select *select)
{
    const struct select *first = select;
    struct program      *program = cg->program;

    while (first->prior != NULL)
        first = first->prior;
    program->result_count = first->column_count;
    program->result_names = cg_alloc(cg, (first->column_count + 1) * sizeof(char *));
    program->result_types = cg_alloc(cg, (first->column_count + 1) * sizeof(char *));
    if (program->result_names == NULL || program->result_types == NULL)
        return;
    for (uint32_t i = 0; i < first->column_count; i++) {
        const char *type = declared_type(first->columns[i].expr);
        const char *name = first->columns[i].name;

        program->result_names[i] = cg_text(cg, name == NULL ? "" : name);
        program->result_types[i] = type == NULL ? NULL : cg_text(cg, type);
    }
}

void cg_select(struct cg *cg, struct select *select)
{
    struct cg_sink sink = {.consume = consume_result};

    cg_begin_statement(cg, false);
    cg_result_names(cg, select);
    sink.plan = cg_plan(cg, select, false);
    if (sink.plan == NULL)
        return;
    cg_produce(cg, sink.plan, &sink);
}

/* --- transactions ------------------------------------------------------------------------------
 */
void cg_transaction(struct cg *cg, const struct statement *statement)
{
    const char *name = statement->savepoint.text;

    switch (statement->kind) {
    case STATEMENT_BEGIN:
        cg_emit(cg, OP_AutoCommit, 0, 0, 0);
        if (statement->begin_mode != 0)
            cg_begin_statement(cg, true);
        break;
    case STATEMENT_COMMIT:
        cg_emit(cg, OP_AutoCommit, 1, 0, 0);
        break;
    case STATEMENT_ROLLBACK:
        if (name != NULL)
            cg_emit_p4(cg, OP_Savepoint, 2, 0, 0, cg_text(cg, name));
        else
            cg_emit(cg, OP_AutoCommit, 1, 1, 0);
        break;
    default:
        cg_emit_p4(cg, OP_Savepoint, statement->kind == STATEMENT_RELEASE, 0, 0, cg_text(cg, name));
        break;
    }
}

/* --- PRAGMA ------------------------------------------------------------------------------------
 */
/* PRAGMA x, x = v and x(v) are rows of table function pragma_x; an unknown name does nothing, as in
 * SQLite. */
void cg_pragma(struct cg *cg, const struct pragma *pragma)
{
    char                       *name = arena_printf(cg->arena, "pragma_%s", pragma->name.text);
    const struct source_module *module;
    struct source_arguments     arguments = {pragma->has_value ? 1 : 0, &pragma->value, NULL};
    const struct source_column *columns;
    struct source_desc         *desc = cg_alloc(cg, sizeof *desc);
    const char                **names = cg_alloc(cg, 2 * sizeof *names);
    int32_t                     slot, first, end, loop, argument;
    uint32_t                    count;

    if (name == NULL || desc == NULL || names == NULL) {
        cg_fail(cg, fail_nomem(cg->err));
        return;
    }
    if (pragma->schema.text != NULL && ascii_casecmp(pragma->schema.text, "main") != 0 &&
        ascii_casecmp(pragma->schema.text, "temp") != 0) {
        cg_fail(cg, fail_at(cg->err, STATUS_ERROR, pragma->schema.position, "unknown database %s",
                            pragma->schema.text));
        return;
    }
    module = source_find(cg->context->sources, name, strlen(name));
    if (module == NULL)
        return;
    arguments.names = names;
    desc->module = module;
    desc->names = names;
    cg_fail(cg, module->bind(cg->context->source_context, &arguments, &cg->program->arena, &count,
                             &columns, &desc->state, cg->err));
    if (cg->status != STATUS_OK)
        return;
    cg_begin_statement(cg, false);
    cg->program->result_count = count;
    cg->program->result_names = cg_alloc(cg, (count + 1) * sizeof(char *));
    cg->program->result_types = cg_alloc(cg, (count + 1) * sizeof(char *));
    if (cg->program->result_names == NULL || cg->program->result_types == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        cg->program->result_names[i] = columns[i].name;
    argument = cg_registers(cg, 1);
    if (pragma->has_value)
        cg_constant_to(cg, &pragma->value, argument);
    slot = cg_slot(cg);
    end = cg_label(cg);
    cg_emit_p4(cg, OP_OpenSource, slot, argument, pragma->has_value, desc);
    cg_emit(cg, OP_Rewind, slot, end, 0);
    loop = program_address(cg->program);
    first = cg_registers(cg, count == 0 ? 1 : count);
    for (uint32_t i = 0; i < count; i++)
        cg_emit(cg, OP_Column, slot, (int32_t)i, first + (int32_t)i);
    cg_emit(cg, OP_ResultRow, first, (int32_t)count, 0);
    cg_emit(cg, OP_Next, slot, loop, 0);
    cg_here(cg, end);
}
