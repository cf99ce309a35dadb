/* cg_write.c - INSERT: rows of a select, or of VALUES, become rows of a table: defaults, affinity,
 * NOT NULL and CHECK on the way. */
#include "sql/cg_write.h"
#include "sql/cg.h"

#include "base/str.h"

#include <string.h>

enum { BULK_ROWS = 50000 }; /* estimated rows from which a select is loaded in bulk */

/* --- the table ---------------------------------------------------------------------------------
 */
bool cg_is_rowid_name(const char *name)
{
    return ascii_casecmp(name, "rowid") == 0 || ascii_casecmp(name, "oid") == 0 ||
           ascii_casecmp(name, "_rowid_") == 0;
}

int32_t cg_find_column(const struct schema_table *schema, const char *name)
{
    for (uint32_t i = 0; i < schema->column_count; i++)
        if (ascii_casecmp(schema->columns[i].name, name) == 0)
            return (int32_t)i;
    return -1;
}

struct table *cg_target(struct cg *cg, const struct name *schema, const struct name *name)
{
    struct table *table = database_find_table(cg->context->database, name->text);

    if (table != NULL && schema_holds(schema->text, table_schema(table)->temporary))
        return table;
    if (cg->status != STATUS_OK)
        return NULL;
    if (schema->text == NULL &&
        database_find_object(cg->context->database, SCHEMA_VIEW, name->text) != NULL)
        cg->status = fail_at(cg->err, STATUS_ERROR, name->position,
                             "cannot modify %s because it is a view", name->text);
    else
        cg->status = fail_at(cg->err, STATUS_ERROR, name->position, "no such table: %s%s%s",
                             schema->text == NULL ? "" : schema->text,
                             schema->text == NULL ? "" : ".", name->text);
    return NULL;
}

/* DEFAULT word, without parentheses, means the text 'word'. */
static void default_word(struct expr *expr)
{
    bool truth =
        ascii_casecmp(expr->name.text, "true") == 0 || ascii_casecmp(expr->name.text, "false") == 0;

    if (expr->table.text != NULL || (truth && !expr->name.quoted))
        return;
    expr->kind = EXPR_LITERAL;
    expr->value = value_text(expr->name.text, expr->name.bytes);
}

/* An expression kept as text in the catalog, over the columns of item (NULL: none, a DEFAULT). */
struct expr *cg_catalog_expr(struct cg *cg, const char *sql, struct from_item *item)
{
    struct resolve_context resolve = {.database = cg->context->database,
                                      .arena = cg->arena,
                                      .sources = cg->context->sources,
                                      .functions = cg->context->functions,
                                      .double_quoted_strings = true};
    struct expr           *expr = NULL;
    size_t                 bytes = strlen(sql);
    char                  *copy = arena_copy_text(cg->arena, sql, bytes);
    enum status            status;

    if (copy == NULL) {
        cg_fail(cg, fail_nomem(cg->err));
        return NULL;
    }
    status = parse_expression(
        copy, bytes, cg->context->limits != NULL ? cg->context->limits : &parse_limits_default,
        cg->arena, &expr, cg->err);
    if (status == STATUS_OK && item == NULL && expr->kind == EXPR_COLUMN)
        default_word(expr);
    if (status == STATUS_OK)
        status = resolve_expression(&resolve, expr, item, cg->err);
    cg_fail(cg, status);
    return status == STATUS_OK ? expr : NULL;
}

/* A FROM item that stands for the row being written, for CHECK. */
struct from_item *cg_row_item(struct cg *cg, struct table *table)
{
    const struct schema_table *schema = table_schema(table);
    uint32_t                   count = schema->column_count;
    struct from_item          *item = arena_zalloc(cg->arena, sizeof *item);

    if (item == NULL)
        goto failed;
    item->kind = FROM_TABLE;
    item->catalog_table = table;
    item->display = schema->name;
    item->name = (struct name){.text = schema->name, .bytes = (uint32_t)strlen(schema->name)};
    item->column_count = count;
    item->column_names = arena_zalloc(cg->arena, (count + 1) * sizeof(char *));
    item->column_affinities = arena_zalloc(cg->arena, count + 1);
    item->column_collations = arena_zalloc(cg->arena, count + 1);
    item->columns_used = arena_zalloc(cg->arena, bits_words(count + 1) * 8);
    if (item->column_names == NULL || item->column_affinities == NULL ||
        item->column_collations == NULL || item->columns_used == NULL)
        goto failed;
    for (uint32_t i = 0; i < count; i++) {
        item->column_names[i] = schema->columns[i].name;
        item->column_affinities[i] = (uint8_t)schema->columns[i].affinity;
        item->column_collations[i] = (uint8_t)schema->columns[i].collation;
    }
    return item;
failed:
    cg_fail(cg, fail_nomem(cg->err));
    return NULL;
}

/* --- constraints -------------------------------------------------------------------------------
 */
static char *noted(struct cg *cg, char *text)
{
    if (text == NULL)
        cg_fail(cg, fail_nomem(cg->err));
    return text;
}

struct row_checks {
    enum conflict conflict;
    int32_t       next;    /* where to go when no row is left */
    int32_t       failing; /* P2 of the ops that check: 0 or next */
    bool          may_fail;
};

static void not_null(struct cg *cg, const struct schema_table *schema, uint32_t column, int32_t reg,
                     struct row_checks *checks)
{
    enum conflict               conflict = checks->conflict;
    const struct schema_column *def = &schema->columns[column];
    int32_t                     address;

    if (conflict == CONFLICT_DEFAULT)
        conflict = def->not_null_conflict;
    if (conflict == CONFLICT_IGNORE) {
        cg_emit(cg, OP_FilterTruth, reg, checks->next, TRUTH_NOT_NULL);
        return;
    }
    if (conflict == CONFLICT_REPLACE && def->default_sql != NULL) {
        struct expr *fallback = cg_catalog_expr(cg, def->default_sql, NULL);
        int32_t      end = cg_label(cg);

        if (fallback == NULL)
            return;
        cg_emit(cg, OP_SelPushIf, reg, end, TRUTH_NULL);
        cg_emit(cg, OP_Blend, cg_expr(cg, fallback), 0, reg);
        cg_here(cg, end);
        cg_emit(cg, OP_SelPop, 0, 0, 0);
    }
    checks->may_fail = true;
    address = cg_emit(cg, OP_HaltIfNull, STATUS_CONSTRAINT_NOTNULL, checks->failing, reg);
    program_op(cg->program, address)->p4.text =
        noted(cg, arena_printf(&cg->program->arena, "NOT NULL constraint failed: %s.%s",
                               schema->name, def->name));
    program_op(cg->program, address)->p5 = (uint16_t)conflict;
}

static void check(struct cg *cg, const struct schema_check *constraint, struct from_item *item,
                  struct row_checks *checks)
{
    struct expr *expr = cg_catalog_expr(cg, constraint->sql, item);
    int32_t      reg, address;

    if (expr == NULL)
        return;
    reg = cg_expr(cg, expr);
    if (checks->conflict == CONFLICT_IGNORE) {
        cg_emit(cg, OP_FilterTruth, reg, checks->next, TRUTH_NOT_FALSE);
        return;
    }
    checks->may_fail = true;
    address = cg_emit(cg, OP_HaltIfFalse, STATUS_CONSTRAINT_CHECK, checks->failing, reg);
    program_op(cg->program, address)->p4.text =
        noted(cg, arena_printf(&cg->program->arena, "CHECK constraint failed: %s",
                               constraint->name != NULL ? constraint->name : constraint->sql));
    program_op(cg->program, address)->p5 = (uint16_t)checks->conflict;
}

/* A column of a STRICT table takes the classes of its type only. */
static void type_check(struct cg *cg, const struct schema_table *schema, uint32_t column,
                       int32_t reg, struct row_checks *checks)
{
    const struct schema_column *def = &schema->columns[column];
    int32_t                     address, classes = 1 << CLASS_INTEGER;

    if (strcmp(def->type, "ANY") == 0)
        return;
    if (strcmp(def->type, "REAL") == 0)
        classes = 1 << CLASS_REAL;
    else if (strcmp(def->type, "TEXT") == 0)
        classes = 1 << CLASS_TEXT;
    else if (strcmp(def->type, "BLOB") == 0)
        classes = 1 << CLASS_BLOB;
    checks->may_fail = true;
    address = cg_emit(cg, OP_TypeCheck, classes, checks->failing, reg);
    program_op(cg->program, address)->p4.text =
        noted(cg, arena_printf(&cg->program->arena, "%s column %s.%s", def->type, schema->name,
                               def->name));
}

bool cg_row_checks(struct cg *cg, struct table *table, int32_t first, int32_t rowid,
                   const uint64_t *columns, enum conflict conflict, enum row_failure failure,
                   int32_t next)
{
    struct row_checks checks = {
        .conflict = conflict, .next = next, .failing = failure == FAILS_IN_TURN ? next : 0};
    const struct schema_table *schema = table_schema(table);
    uint32_t                   mark = cg_mark(cg);
    struct from_item          *item;

    for (uint32_t i = 0; i < schema->column_count; i++)
        if ((schema->columns[i].flags & COLUMN_NOT_NULL) != 0 &&
            (int32_t)i != schema->rowid_column && (columns == NULL || bits_get(columns, i)))
            not_null(cg, schema, i, first + (int32_t)i, &checks);
    for (uint32_t i = 0; i < schema->column_count && schema->strict; i++)
        if ((int32_t)i != schema->rowid_column && (columns == NULL || bits_get(columns, i)))
            type_check(cg, schema, i, first + (int32_t)i, &checks);
    if (schema->check_count == 0)
        return checks.may_fail;
    item = cg_row_item(cg, table);
    if (item == NULL)
        return false;
    for (int32_t i = -1; i < (int32_t)schema->column_count; i++) {
        struct cg_entry *entry;

        if (i < 0 && rowid == 0)
            continue;
        entry = cg_push(cg, CG_REGISTER, item);
        entry->column = i;
        entry->reg = i < 0 || (i == schema->rowid_column && rowid != 0) ? rowid : first + i;
    }
    for (uint32_t i = 0; i < schema->check_count; i++)
        check(cg, &schema->checks[i], item, &checks);
    cg_truncate(cg, mark);
    return checks.may_fail;
}

static void push_returned(struct cg *cg, const struct from_item *item, int32_t slot, int32_t column,
                          int32_t number)
{
    struct cg_entry *entry = cg_push(cg, CG_SORTED, item);

    entry->column = column;
    entry->number = number;
    entry->slot = slot;
}

void cg_returning(struct cg *cg, const struct select *returned, int32_t slot, int32_t first,
                  int32_t rowid)
{
    const struct from_item    *item = returned->from.items[0];
    const struct schema_table *schema = table_schema(item->catalog_table);
    int32_t                    end = cg_label(cg), out, loop;
    uint32_t                   mark = cg_mark(cg);

    cg_result_names(cg, returned);
    cg->one_row = false;
    cg->loop_depth++;
    cg_emit(cg, OP_Rewind, slot, end, 0);
    loop = program_address(cg->program);
    cg_floor(cg, mark);
    push_returned(cg, item, slot, -1, rowid);
    for (int32_t i = 0; i < (int32_t)schema->column_count; i++)
        push_returned(cg, item, slot, i, i == schema->rowid_column ? rowid : first + i);
    out = cg_registers(cg, returned->column_count);
    for (uint32_t i = 0; i < returned->column_count; i++)
        cg_expr_to(cg, returned->columns[i].expr, out + (int32_t)i);
    cg_emit(cg, OP_ResultRow, out, (int32_t)returned->column_count, 0);
    cg_emit(cg, OP_Next, slot, loop, 0);
    cg_here(cg, end);
    cg_truncate(cg, mark);
    cg->loop_depth--;
    cg->one_row = false;
}

const struct write_desc *cg_write_desc(struct cg *cg, struct table *table)
{
    struct write_desc *desc = cg_alloc(cg, sizeof *desc);

    if (desc == NULL)
        return NULL;
    desc->table = table;
    desc->counts_changes = true;
    return desc;
}

char *cg_column_affinities(struct cg *cg, const struct schema_table *schema)
{
    char *letters = cg_alloc(cg, schema->column_count + 1);

    for (uint32_t i = 0; i < schema->column_count && letters != NULL; i++)
        letters[i] = (char)((int32_t)i == schema->rowid_column ? AFFINITY_NONE
                                                               : schema->columns[i].affinity);
    return letters;
}

/* --- INSERT ------------------------------------------------------------------------------------
 */
struct insert_sink {
    struct cg_sink             sink;
    struct table              *table;
    const struct schema_table *schema;
    int32_t                   *from;      /* [columns] result column, -1: the default */
    int32_t                    rowid;     /* result column for the rowid, -1: none */
    enum conflict              conflict;  /* of NOT NULL and CHECK */
    enum conflict              duplicate; /* of keys */
    bool                       bulk, returns;
    int32_t                    slot, returned;
    const struct insert       *upserts; /* its ON CONFLICT clauses decide; NULL: duplicate does */
};

static void default_to(struct cg *cg, const struct schema_column *column, int32_t target)
{
    struct expr *expr;

    if (column->default_sql == NULL) {
        cg_emit(cg, OP_Null, 0, target, 1);
        return;
    }
    expr = cg_catalog_expr(cg, column->default_sql, NULL);
    if (expr != NULL)
        cg_private_to(cg, expr, target);
}

static void consume_upsert(struct cg *cg, const struct insert_sink *self, int32_t first,
                           int32_t rowid)
{
    struct upsert_desc *desc = cg_alloc(cg, sizeof *desc);

    if (desc == NULL)
        return;
    if (rowid == 0)
        cg_emit(cg, OP_Null, 0, first + (int32_t)self->schema->column_count, 1);
    desc->table = self->table;
    desc->returns = self->returns;
    desc->returned = self->returned;
    cg_upsert(cg, self->upserts, desc, first);
}

static void insert_op(struct cg *cg, const struct insert_sink *self, int32_t first, int32_t rowid)
{
    struct write_desc *desc = cg_alloc(cg, sizeof *desc);
    int32_t            address;

    if (desc == NULL)
        return;
    *desc = (struct write_desc){.table = self->table,
                                .counts_changes = true,
                                .returns = self->returns,
                                .returned = self->returned};
    address = cg_emit(cg, OP_Insert, self->slot, first, rowid);
    program_op(cg->program, address)->p4.desc = desc;
    program_op(cg->program, address)->p5 = (uint16_t)self->duplicate;
}

static void consume_insert(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct insert_sink        *self = (struct insert_sink *)sink;
    const struct schema_table *schema = self->schema;
    int32_t                    first = cg_registers(cg, schema->column_count + 1);
    int32_t                    rowid = 0, written = cg_label(cg);
    static const char          integer[2] = {AFFINITY_INTEGER, 0};
    char                      *affinities = cg_column_affinities(cg, schema);
    bool                       may_fail;

    (void)next;
    if (affinities == NULL)
        return;
    if (self->rowid >= 0) {
        rowid = first + (int32_t)schema->column_count;
        cg_result_to(cg, sink->plan, (uint32_t)self->rowid, rowid);
        cg_forget(cg, rowid);
        cg_affinity(cg, rowid, 1, integer);
    }
    for (uint32_t i = 0; i < schema->column_count; i++) {
        int32_t target = first + (int32_t)i;

        if ((int32_t)i == schema->rowid_column) {
            cg_emit(cg, OP_Null, 0, target, 1);
        } else if (self->from[i] < 0) {
            default_to(cg, &schema->columns[i], target);
        } else {
            cg_result_to(cg, sink->plan, (uint32_t)self->from[i], target);
            cg_forget(cg, target);
        }
    }
    cg_affinity(cg, first, schema->column_count, affinities);
    may_fail =
        cg_row_checks(cg, self->table, first, rowid, NULL, self->conflict, FAILS_IN_TURN, written);
    if (self->bulk)
        cg_emit(cg, OP_BulkInsert, self->slot, first, 0);
    else if (self->upserts != NULL)
        consume_upsert(cg, self, first, rowid);
    else
        insert_op(cg, self, first, rowid);
    cg_here(cg, written);
    if (may_fail)
        cg_emit(cg, OP_Failing, 0, 0, 0);
}

/* ON CONFLICT DO NOTHING is OR IGNORE for keys. */
static void conflict_clause(const struct insert *insert, struct insert_sink *self)
{
    const struct upsert *upsert = insert->upsert;

    self->duplicate = self->conflict;
    if (upsert == NULL)
        return;
    self->duplicate = CONFLICT_IGNORE;
    if (!upsert->do_nothing || upsert->target_count != 0)
        self->upserts = insert;
}

static void count_mismatch(struct cg *cg, const struct insert *insert, uint32_t wanted,
                           uint32_t given)
{
    if (cg->status != STATUS_OK)
        return;
    if (insert->column_count != 0)
        cg->status = fail_at(cg->err, STATUS_ERROR, insert->table.position,
                             "%u values for %u columns", given, wanted);
    else
        cg->status = fail_at(cg->err, STATUS_ERROR, insert->table.position,
                             "table %s has %u columns but %u values were supplied",
                             insert->table.text, wanted, given);
}

/* Which result column goes where. */
static bool map_columns(struct cg *cg, const struct insert *insert, struct insert_sink *self,
                        uint32_t given)
{
    const struct schema_table *schema = self->schema;
    uint32_t wanted = insert->column_count != 0 ? insert->column_count : schema->column_count;

    self->from = arena_alloc(cg->arena, (schema->column_count + 1) * sizeof(int32_t));
    if (self->from == NULL) {
        cg_fail(cg, fail_nomem(cg->err));
        return false;
    }
    self->rowid = -1;
    for (uint32_t i = 0; i < schema->column_count; i++)
        self->from[i] = -1;
    if (insert->select == NULL)
        return true;
    for (uint32_t i = 0; i < wanted; i++) {
        int32_t column = insert->column_count == 0
                             ? (int32_t)i
                             : cg_find_column(schema, insert->columns[i].text);

        if (column < 0 && !cg_is_rowid_name(insert->columns[i].text)) {
            if (cg->status == STATUS_OK)
                cg->status = fail_at(cg->err, STATUS_ERROR, insert->columns[i].position,
                                     "table %s has no column named %s", insert->table.text,
                                     insert->columns[i].text);
            return false;
        }
        if (column < 0 || column == schema->rowid_column)
            self->rowid = (int32_t)i; /* of several the last, of other columns the first */
        else if (self->from[column] < 0)
            self->from[column] = (int32_t)i;
    }
    if (wanted != given) {
        count_mismatch(cg, insert, wanted, given);
        return false;
    }
    return true;
}

/* --- a source with subqueries ------------------------------------------------------------------
 */
static bool from_has_subquery(const struct from_list *from);

static bool list_has_subquery(const struct expr_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (expr_has_subquery(list->items[i]))
            return true;
    return false;
}

/* An expression of select, or of a select in its FROM, is or has a subquery. */
static bool select_has_subquery(const struct select *select)
{
    for (; select != NULL; select = select->prior) {
        for (uint32_t i = 0; i < select->column_count; i++)
            if (expr_has_subquery(select->columns[i].expr))
                return true;
        for (const struct values_rows *rows = select->values; rows != NULL; rows = rows->next)
            for (size_t i = 0; rows->exprs != NULL && i < (size_t)rows->rows * rows->columns; i++)
                if (expr_has_subquery(rows->exprs[i]))
                    return true;
        if (expr_has_subquery(select->where) || expr_has_subquery(select->having) ||
            expr_has_subquery(select->qualify) || list_has_subquery(&select->group_by) ||
            from_has_subquery(&select->from))
            return true;
        for (uint32_t i = 0; i < select->order_by.count; i++)
            if (expr_has_subquery(select->order_by.terms[i].expr))
                return true;
    }
    return false;
}

static bool from_has_subquery(const struct from_list *from)
{
    for (uint32_t i = 0; i < from->count; i++) {
        const struct from_item *item = from->items[i];

        if (expr_has_subquery(item->on) || list_has_subquery(&item->arguments) ||
            select_has_subquery(item->select) ||
            (item->nested != NULL && from_has_subquery(item->nested)))
            return true;
    }
    return false;
}

struct collect_sink {
    struct cg_sink      sink;
    struct insert_sink *insert;
    int32_t             rows; /* rowset */
};

static void consume_collected(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct collect_sink *self = (struct collect_sink *)sink;
    uint32_t             count = sink->plan->column_count;
    int32_t              first = cg_registers(cg, count);

    (void)next;
    for (uint32_t i = 0; i < count; i++)
        cg_result_to(cg, sink->plan, i, first + (int32_t)i);
    cg_emit(cg, OP_RowsetInsert, self->rows, first, (int32_t)count);
}

static void consume_stored(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct collect_sink *self = (struct collect_sink *)sink;

    cg_push(cg, CG_CURSOR, sink->plan->owner)->slot = self->rows;
    consume_insert(cg, &self->insert->sink, next);
}

/* The subquery may read the table that is written: all of the source is made before the first row
 * goes in. */
static void insert_collected(struct cg *cg, struct insert_sink *insert)
{
    struct collect_sink self = {{consume_collected, NULL, insert->sink.plan}, insert, cg_slot(cg)};

    cg_emit(cg, OP_OpenRowset, self.rows, (int32_t)insert->sink.plan->column_count, 0);
    cg_produce(cg, insert->sink.plan, &self.sink);
    self.sink.consume = consume_stored;
    cg_loop(cg, OP_Rewind, self.rows, &self.sink);
}

static bool loads_in_bulk(const struct insert_sink *self)
{
    return !self->returns && self->sink.plan->rows >= BULK_ROWS && self->rowid < 0 &&
           self->duplicate == CONFLICT_DEFAULT && self->schema->key_count == 0;
}

void cg_insert(struct cg *cg, struct insert *insert)
{
    struct insert_sink self = {.sink = {.consume = consume_insert}, .conflict = insert->conflict};
    static struct plan one_row = {.kind = PLAN_ONE_ROW, .rows = 1};

    self.table = cg_target(cg, &insert->schema, &insert->table);
    if (self.table == NULL)
        return;
    self.schema = table_schema(self.table);
    conflict_clause(insert, &self);
    if (insert->returned != NULL || insert->upsert != NULL)
        cg->planner.changing = self.table;
    cg->program->counts_changes = true;
    cg_begin_statement(cg, true);
    if (!map_columns(cg, insert, &self, insert->select == NULL ? 0 : insert->select->column_count))
        return;
    self.sink.plan = insert->select == NULL ? &one_row : cg_plan(cg, insert->select, false);
    if (self.sink.plan == NULL)
        return;
    if (self.sink.plan->kind == PLAN_VALUES && self.sink.plan->rows == 1)
        cg_line_hide(cg, self.sink.plan);
    self.slot = cg_slot(cg);
    if (insert->returned != NULL) {
        self.returns = true;
        self.returned = cg_slot(cg);
        cg_emit(cg, OP_OpenRowset, self.returned, (int32_t)self.schema->column_count + 1, 0);
    }
    if (loads_in_bulk(&self)) {
        self.bulk = true;
        cg_emit_p4(cg, OP_BulkOpen, self.slot, 0, 0, cg_write_desc(cg, self.table));
    }
    if (select_has_subquery(insert->select))
        insert_collected(cg, &self);
    else
        cg_produce(cg, self.sink.plan, &self.sink);
    if (self.bulk)
        cg_emit(cg, OP_BulkEnd, self.slot, 0, 0);
    if (self.returns)
        cg_returning(cg, insert->returned, self.returned, 0, (int32_t)self.schema->column_count);
}
