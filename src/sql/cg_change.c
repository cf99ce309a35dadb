/* cg_change.c - DELETE and COPY.
 *
 * DELETE first collects in a rowset what is to be done, then does it: the scan never sees its own
 * changes. */
#include "sql/cg_write.h"

#include "base/str.h"

#include <string.h>

struct change_sink {
    struct cg_sink    sink;
    struct table     *table;
    struct from_item *item;
    int32_t           rows; /* the rowset */
    bool              returns;
};

/* --- DELETE ------------------------------------------------------------------------------------
 */
static void consume_delete(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct change_sink *self = (struct change_sink *)sink;

    uint32_t columns = self->returns ? table_schema(self->table)->column_count : 0;
    int32_t  first;

    (void)next;
    if (columns == 0) {
        cg_emit(cg, OP_RowsetInsert, self->rows, cg_column(cg, self->item, -1, 0), 1);
        return;
    }
    first = cg_registers(cg, columns + 1);
    cg_column(cg, self->item, -1, first);
    for (uint32_t i = 0; i < columns; i++)
        cg_column(cg, self->item, (int32_t)i, first + 1 + (int32_t)i);
    cg_emit(cg, OP_RowsetInsert, self->rows, first, (int32_t)columns + 1);
}

/* RETURNING: every column of the row is read. */
static void need_all(struct cg *cg, const struct change_sink *self, struct plan *plan)
{
    uint32_t columns = table_schema(self->table)->column_count;

    for (uint32_t i = 0; self->returns && i < columns; i++)
        cg_fail(cg, plan_need(&cg->planner, plan, self->item, (int32_t)i));
}

void cg_delete(struct cg *cg, struct delete_ *delete_)
{
    struct change_sink self = {.sink = {.consume = consume_delete}, .item = delete_->target};
    struct plan       *plan;

    self.table = cg_target(cg, &delete_->target->schema, &delete_->target->name);
    if (self.table == NULL)
        return;
    self.returns = delete_->returned != NULL;
    if (self.returns)
        cg->planner.changing = self.table;
    cg->program->counts_changes = true;
    cg_begin_statement(cg, true);
    if (delete_->where == NULL && !self.returns) {
        cg_emit_p4(cg, OP_DeleteAll, 0, 0, 0, cg_write_desc(cg, self.table));
        return;
    }
    plan = cg_plan_target(cg, delete_->target, NULL, delete_->where);
    if (plan == NULL)
        return;
    need_all(cg, &self, plan);
    self.sink.plan = plan;
    self.rows = cg_slot(cg);
    cg_plan_lines(cg, plan);
    cg_emit(cg, OP_OpenRowset, self.rows,
            self.returns ? (int32_t)table_schema(self.table)->column_count + 1 : 1, 0);
    cg_produce(cg, plan, &self.sink);
    cg_emit_p4(cg, OP_DeleteRows, cg_slot(cg), self.rows, 0, cg_write_desc(cg, self.table));
    if (self.returns)
        cg_returning(cg, delete_->returned, self.rows, 1, 0);
}

/* --- COPY --------------------------------------------------------------------------------------
 */
/* A list option is one text of quoted names, as the readers of options expect it. */
static struct value option_value(struct cg *cg, const struct copy_option *option)
{
    struct str text;
    char      *copy;
    size_t     bytes;

    if (option->list.count == 0)
        return option->has_value ? option->value : value_int(1);
    str_init(&text, cg->context->memory);
    for (uint32_t i = 0; i < option->list.count; i++) {
        const struct expr *item = option->list.items[i];

        if (i > 0)
            str_char(&text, ',');
        if (item->kind == EXPR_LITERAL && item->value.class_ == CLASS_TEXT)
            str_append(&text, item->value.s, item->value.bytes);
        else if (item->name.text != NULL)
            str_append(&text, item->name.text, item->name.bytes);
    }
    bytes = text.bytes;
    copy = text.failed ? NULL : arena_copy_text(&cg->program->arena, text.data, text.bytes);
    if (copy == NULL)
        cg_fail(cg, fail_nomem(cg->err));
    str_free(&text);
    return value_text(copy, bytes);
}

static uint32_t count_options(const struct copy *copy)
{
    uint32_t count = 0;

    for (const struct copy_option *option = copy->options; option != NULL; option = option->next)
        count++;
    return count;
}

struct copy_sink {
    struct cg_sink      sink;
    struct export_desc *desc;
    int32_t             slot;
};

static void consume_export(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct copy_sink *self = (struct copy_sink *)sink;
    uint32_t          count = sink->plan->column_count;
    int32_t           first = cg_registers(cg, count);

    (void)next;
    for (uint32_t i = 0; i < count; i++)
        cg_result_to(cg, sink->plan, i, first + (int32_t)i);
    cg_emit_p4(cg, OP_Export, 1, first, (int32_t)count, self->desc);
}

static void copy_to(struct cg *cg, struct copy *copy)
{
    uint32_t             options = count_options(copy), i = 0;
    const char         **names = cg_alloc(cg, (options + 1) * sizeof *names);
    struct value        *values = cg_alloc(cg, (options + 1) * sizeof *values);
    struct export_desc  *desc = cg_alloc(cg, sizeof *desc);
    struct copy_sink     sink = {.sink = {.consume = consume_export}, .desc = desc};
    const struct select *first = copy->select;
    int32_t              dummy = cg_registers(cg, 1);
    const char         **columns;

    if (names == NULL || values == NULL || desc == NULL)
        return;
    while (first->prior != NULL)
        first = first->prior;
    columns = cg_alloc(cg, (first->column_count + 1) * sizeof *columns);
    if (columns == NULL)
        return;
    for (uint32_t c = 0; c < first->column_count; c++)
        columns[c] = cg_text(cg, first->columns[c].name == NULL ? "" : first->columns[c].name);
    for (const struct copy_option *option = copy->options; option != NULL;
         option = option->next, i++) {
        struct value value = option_value(cg, option);

        names[i] = cg_text(cg, option->name.text);
        if (cg->status == STATUS_OK)
            values[i] = *cg_value(cg, &value);
    }
    *desc = (struct export_desc){.path = cg_text(cg, copy->file.text),
                                 .format = "csv",
                                 .column_count = first->column_count,
                                 .names = columns,
                                 .option_count = options,
                                 .option_names = names,
                                 .option_values = values};
    cg_begin_statement(cg, false);
    sink.sink.plan = cg_plan(cg, copy->select, false);
    if (sink.sink.plan == NULL)
        return;
    cg_emit_p4(cg, OP_Export, 0, dummy, 0, desc);
    cg_produce(cg, sink.sink.plan, &sink.sink);
    cg_emit_p4(cg, OP_Export, 2, dummy, 0, desc);
}

/* --- COPY FROM ---------------------------------------------------------------------------------
 */
struct load_sink {
    struct cg_sink             sink;
    bool                       bulk;
    int32_t                    slot, cursor;
    struct table              *table;
    const struct schema_table *schema;
    uint32_t                   count; /* columns of the file */
    int32_t                   *from;  /* [table's columns] file column, -1: the default */
    int32_t                    rowid;
};

static void consume_load(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct load_sink          *self = (struct load_sink *)sink;
    const struct schema_table *schema = self->schema;
    int32_t                    first = cg_registers(cg, schema->column_count), rowid = 0, address;

    if (self->rowid >= 0) {
        rowid = cg_registers(cg, 1);
        cg_emit(cg, OP_Column, self->cursor, self->rowid, rowid);
    }
    for (uint32_t i = 0; i < schema->column_count; i++) {
        int32_t target = first + (int32_t)i;

        if (self->from[i] >= 0)
            cg_emit(cg, OP_Column, self->cursor, self->from[i], target);
        else if (schema->columns[i].default_sql != NULL)
            cg_private_to(cg, cg_catalog_expr(cg, schema->columns[i].default_sql, NULL), target);
        else
            cg_emit(cg, OP_Null, 0, target, 1);
    }
    cg_row_checks(cg, self->table, first, rowid, NULL, CONFLICT_DEFAULT, FAILS_AT_ONCE, next);
    if (self->bulk) {
        cg_emit(cg, OP_BulkInsert, self->slot, first, 0);
        return;
    }
    address = cg_emit(cg, OP_Insert, self->slot, first, rowid);
    program_op(cg->program, address)->p4.desc = cg_write_desc(cg, self->table);
}

/* The file's columns in their order, as columns of the table. */
static bool load_columns(struct cg *cg, const struct copy *copy, struct load_sink *self,
                         char **affinities)
{
    const struct schema_table *schema = self->schema;
    uint32_t count = copy->column_count != 0 ? copy->column_count : schema->column_count;

    self->from = arena_alloc(cg->arena, (schema->column_count + 1) * sizeof *self->from);
    *affinities = cg_alloc(cg, count + 1);
    if (self->from == NULL || *affinities == NULL) {
        cg_fail(cg, fail_nomem(cg->err));
        return false;
    }
    self->rowid = -1;
    self->count = count;
    for (uint32_t i = 0; i < schema->column_count; i++)
        self->from[i] = -1;
    for (uint32_t i = 0; i < count; i++) {
        int32_t column =
            copy->column_count != 0 ? cg_find_column(schema, copy->columns[i].text) : (int32_t)i;

        if (column < 0) {
            cg_no_column(cg, &copy->columns[i]);
            return false;
        }
        (*affinities)[i] = (char)schema->columns[column].affinity;
        if (column == schema->rowid_column)
            self->rowid = (int32_t)i;
        else
            self->from[column] = (int32_t)i;
    }
    return true;
}

/* The names of the file's columns, 0x1f between them: how the reader knows a header when it sees
 * one. */
static struct value load_names(struct cg *cg, const struct copy *copy,
                               const struct schema_table *schema)
{
    uint32_t   count = copy->column_count != 0 ? copy->column_count : schema->column_count;
    struct str names;
    char      *text;

    str_init(&names, cg->context->memory);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            str_char(&names, 0x1f);
        str_text(&names, copy->column_count != 0 ? copy->columns[i].text : schema->columns[i].name);
    }
    text = cg_alloc(cg, names.bytes + 1);
    if (text == NULL || names.failed) {
        cg_fail(cg, fail_nomem(cg->err));
        str_free(&names);
        return value_null();
    }
    memcpy(text, names.data, names.bytes);
    count = (uint32_t)names.bytes;
    str_free(&names);
    return value_text(text, count);
}

/* The reader's arguments: path, the options, and what only we say: the columns' names and
 * affinities. */
static bool load_source(struct cg *cg, const struct copy *copy, const struct schema_table *schema,
                        const char *affinities, struct source_desc *desc,
                        struct source_arguments *arguments)
{
    const struct source_module *module = cg->context->sources->file_reader;
    uint32_t                    count = count_options(copy) + 3, i = 0, columns;
    struct value               *values = cg_alloc(cg, count * sizeof *values);
    const char                **names = cg_alloc(cg, count * sizeof *names);
    const struct source_column *found;

    if (values == NULL || names == NULL)
        return false;
    if (module == NULL) {
        cg_unsupported(cg, copy->file.position, "COPY FROM");
        return false;
    }
    values[i++] = value_text(cg_text(cg, copy->file.text), copy->file.bytes);
    for (const struct copy_option *option = copy->options; option != NULL; option = option->next) {
        names[i] = cg_text(cg, option->name.text);
        values[i] = option_value(cg, option);
        if (cg->status == STATUS_OK)
            values[i] = *cg_value(cg, &values[i]);
        i++;
    }
    names[i] = "__columns";
    values[i++] = load_names(cg, copy, schema);
    names[i] = "__affinities";
    values[i++] = value_text(affinities, strlen(affinities));
    *arguments = (struct source_arguments){i, values, names};
    *desc = (struct source_desc){.module = module, .names = names};
    cg_fail(cg, module->bind(cg->context->source_context, arguments, &cg->program->arena, &columns,
                             &found, &desc->state, cg->err));
    return cg->status == STATUS_OK;
}

static void copy_from(struct cg *cg, struct copy *copy)
{
    struct load_sink        self = {.sink = {.consume = consume_load}};
    struct source_desc     *desc = cg_alloc(cg, sizeof *desc);
    struct source_arguments arguments;
    char                   *affinities;
    int32_t                 first;

    self.table = cg_target(cg, &copy->schema, &copy->table);
    if (self.table == NULL || desc == NULL)
        return;
    self.schema = table_schema(self.table);
    if (!load_columns(cg, copy, &self, &affinities) ||
        !load_source(cg, copy, self.schema, affinities, desc, &arguments))
        return;
    cg_begin_statement(cg, true);
    self.cursor = cg_slot(cg);
    first = cg_registers(cg, arguments.count);
    for (uint32_t i = 0; i < arguments.count; i++)
        cg_constant_to(cg, &arguments.values[i], first + (int32_t)i);
    self.slot = cg_slot(cg);
    self.bulk = self.rowid < 0;
    if (self.bulk)
        cg_emit_p4(cg, OP_BulkOpen, self.slot, 0, 0, cg_write_desc(cg, self.table));
    cg_emit_p4(cg, OP_OpenSource, self.cursor, first, (int32_t)arguments.count, desc);
    cg_loop(cg, OP_Rewind, self.cursor, &self.sink);
    if (self.bulk)
        cg_emit(cg, OP_BulkEnd, self.slot, 0, 0);
}

/* SELECT columns FROM table, resolved, for COPY table TO. */
static struct select *table_select(struct cg *cg, const struct copy *copy)
{
    struct table              *table = cg_target(cg, &copy->schema, &copy->table);
    struct select             *select = arena_zalloc(cg->arena, sizeof *select);
    struct from_item          *item, **items;
    const struct schema_table *schema;

    if (table == NULL)
        return NULL;
    schema = table_schema(table);
    item = cg_row_item(cg, table);
    items = arena_alloc(cg->arena, sizeof *items);
    if (select == NULL || item == NULL || items == NULL)
        goto failed;
    items[0] = item;
    select->from = (struct from_list){1, 1, items};
    select->column_count = copy->column_count != 0 ? copy->column_count : schema->column_count;
    select->columns = arena_zalloc(cg->arena, (select->column_count + 1) * sizeof *select->columns);
    if (select->columns == NULL)
        goto failed;
    for (uint32_t i = 0; i < select->column_count; i++) {
        struct expr *expr = arena_zalloc(cg->arena, sizeof *expr);
        int32_t      column =
            copy->column_count != 0 ? cg_find_column(schema, copy->columns[i].text) : (int32_t)i;

        if (expr == NULL)
            goto failed;
        if (column < 0) {
            cg_no_column(cg, &copy->columns[i]);
            return NULL;
        }
        expr->kind = EXPR_COLUMN;
        expr->resolved.source = item;
        expr->resolved.select = select;
        expr->resolved.column = column;
        select->columns[i].expr = expr;
        select->columns[i].name = schema->columns[column].name;
    }
    return select;
failed:
    cg_fail(cg, fail_nomem(cg->err));
    return NULL;
}

void cg_copy(struct cg *cg, struct copy *copy)
{
    if (copy->to && copy->select == NULL)
        copy->select = table_select(cg, copy);
    if (cg->status != STATUS_OK)
        return;
    if (copy->to)
        copy_to(cg, copy);
    else
        copy_from(cg, copy);
}
