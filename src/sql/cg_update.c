/* cg_update.c - UPDATE, also with FROM, and what ON CONFLICT DO UPDATE has in common with it.
 *
 * What is to be done is collected in a rowset, then done: the scan never sees its own changes. With
 * FROM a row may be met several times: all are collected, and of each row the last one counts.
 *
 * Where REPLACE may delete or move a row that is still to be changed, only the rows that are met
 * are collected; then they are changed one at a time, each as it is by then. */
#include "sql/cg_write.h"

#include <string.h>

/* --- assignments -------------------------------------------------------------------------------
 */
void cg_no_column(struct cg *cg, const struct name *name)
{
    if (cg->status == STATUS_OK)
        cg->status =
            fail_at(cg->err, STATUS_ERROR, name->position, "no such column: %s", name->text);
}

static void assign(struct cg *cg, struct cg_updater *self, const struct name *name,
                   struct set_value value)
{
    int32_t column = cg_find_column(self->schema, name->text);

    if (column >= 0 && column != self->schema->rowid_column) {
        self->values[column] = value;
        bits_set(self->set, (size_t)column);
    } else if (column >= 0 || cg_is_rowid_name(name->text)) {
        self->rowid = value;
    } else {
        cg_no_column(cg, name);
    }
}

/* SET a = 1, (b, c) = (2, 3), (d, e) = (SELECT f, g). */
bool cg_updater_init(struct cg *cg, struct cg_updater *self, const struct assignment *assignments,
                     uint32_t count)
{
    uint32_t columns;

    self->schema = table_schema(self->table);
    columns = self->schema->column_count;
    self->reads_row = self->schema->check_count != 0 || self->returns;
    self->values = arena_zalloc(cg->arena, (columns + 1) * sizeof *self->values);
    self->set = arena_zalloc(cg->arena, bits_words(columns + 1) * 8);
    if (self->values == NULL || self->set == NULL) {
        cg_fail(cg, fail_nomem(cg->err));
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct assignment *a = &assignments[i];

        for (uint32_t k = 0; k < a->column_count; k++)
            assign(cg, self, &a->columns[k],
                   a->value->kind == EXPR_ROW ? (struct set_value){a->value->list.items[k], 0}
                                              : (struct set_value){a->value, k});
    }
    self->rows = cg_slot(cg);
    self->desc = cg_alloc(cg, sizeof *self->desc);
    if (self->desc != NULL) {
        uint32_t *set = cg_alloc(cg, (columns + 1) * sizeof *set);

        if (set == NULL)
            return false;
        for (BITS_EACH(i, self->set, columns))
            set[self->desc->column_count++] = (uint32_t)i;
        self->desc->table = self->table;
        self->desc->columns = set;
        self->desc->sets_rowid = self->rowid.expr != NULL;
        self->desc->counts_changes = true;
        self->desc->returns = self->returns;
    }
    return cg->status == STATUS_OK;
}

static void set_value_to(struct cg *cg, const struct set_value *value, int32_t target)
{
    if (expr_width(value->expr) > 1) {
        cg_subquery_to(cg, value->expr, value->member, target);
        cg_forget(cg, target);
    } else {
        cg_private_to(cg, value->expr, target);
    }
}

/* Whether column i of the new row is in a register: it is set, or something reads it. */
static bool in_row(const struct cg_updater *self, uint32_t i)
{
    return self->values[i].expr != NULL || self->reads_row;
}

/* --- a row as it will be -----------------------------------------------------------------------
 */
/* The registers of a row: its rowid, the new one if that is set, then all columns (those that are
 * not in_row hold nothing), then room for the rowid once more. */
struct row_registers {
    int32_t old_rowid, rowid, first;
};

static struct row_registers row_registers(struct cg *cg, const struct cg_updater *self)
{
    struct row_registers row;
    uint32_t             rowids = self->rowid.expr != NULL ? 2 : 1;

    row.old_rowid = cg_registers(cg, rowids + self->schema->column_count + 1);
    row.rowid = row.old_rowid + (int32_t)rowids - 1;
    row.first = row.rowid + 1;
    return row;
}

/* Values before affinity, of the row that item stands for: those that are set... */
static void set_values(struct cg *cg, const struct cg_updater *self,
                       const struct row_registers *row)
{
    cg_column(cg, self->item, -1, row->old_rowid);
    if (self->rowid.expr != NULL)
        set_value_to(cg, &self->rowid, row->rowid);
    for (uint32_t i = 0; i < self->schema->column_count; i++)
        if (self->values[i].expr != NULL)
            set_value_to(cg, &self->values[i], row->first + (int32_t)i);
}

/* ...and those that stay. */
static void kept_values(struct cg *cg, const struct cg_updater *self,
                        const struct row_registers *row)
{
    for (uint32_t i = 0; i < self->schema->column_count && self->reads_row; i++)
        if (self->values[i].expr == NULL)
            cg_column(cg, self->item, (int32_t)i, row->first + (int32_t)i);
}

/* Affinity, checks; then the rowset takes the rowids and the columns that are set. */
static void row_store(struct cg *cg, const struct cg_updater *self, const struct row_registers *row,
                      int32_t next)
{
    uint32_t columns = self->schema->column_count, count = 0;
    int32_t  out = cg_registers(cg, columns + 2);
    char    *affinities = cg_column_affinities(cg, self->schema);

    static const char integer[2] = {AFFINITY_INTEGER, 0};

    if (affinities == NULL)
        return;
    if (self->rowid.expr != NULL)
        cg_affinity(cg, row->rowid, 1, integer);
    for (BITS_EACH(i, self->set, columns))
        cg_affinity(cg, row->first + (int32_t)i, 1, &affinities[i]);
    cg_row_checks(cg, self->table, row->first, row->rowid, self->set, self->conflict, self->failure,
                  next);
    cg_emit(cg, OP_SCopy, row->old_rowid, out + (int32_t)count++, 0);
    if (self->rowid.expr != NULL)
        cg_emit(cg, OP_SCopy, row->rowid, out + (int32_t)count++, 0);
    for (BITS_EACH(i, self->set, columns))
        cg_emit(cg, OP_SCopy, row->first + (int32_t)i, out + (int32_t)count++, 0);
    cg_emit(cg, OP_RowsetInsert, self->rows, out, (int32_t)count);
    if (!self->returns)
        return;
    cg_emit(cg, OP_SCopy, row->rowid, row->first + (int32_t)columns, 0);
    cg_emit(cg, OP_RowsetInsert, self->returned, row->first, (int32_t)columns + 1);
}

void cg_updater_open(struct cg *cg, const struct cg_updater *self)
{
    cg_emit(cg, OP_OpenRowset, self->rows,
            (int32_t)self->desc->column_count + 1 + (self->rowid.expr != NULL), 0);
}

void cg_updater_row(struct cg *cg, const struct cg_updater *self, int32_t next)
{
    struct row_registers row = row_registers(cg, self);

    set_values(cg, self, &row);
    kept_values(cg, self, &row);
    row_store(cg, self, &row, next);
}

void cg_updater_apply(struct cg *cg, const struct cg_updater *self)
{
    int32_t address = cg_emit(cg, OP_UpdateRows, self->returned, self->rows, 0);

    program_op(cg->program, address)->p4.desc = self->desc;
    program_op(cg->program, address)->p5 = (uint16_t)self->conflict;
}

/* --- UPDATE ------------------------------------------------------------------------------------
 */
struct update_sink {
    struct cg_sink    sink;
    struct cg_updater updater;
    bool              from;
    bool              in_turn; /* rows are changed one at a time */
    int32_t           met;     /* either: rowset of the rows met */
};

static void consume_update(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    cg_emit(cg, OP_Failing, 0, next, 0);
    cg_updater_row(cg, &((struct update_sink *)sink)->updater, next);
}

/* Whether column i of the new row is in the rowset of the rows met. */
static bool is_met(const struct update_sink *self, uint32_t i)
{
    if (self->in_turn)
        return self->from && self->updater.values[i].expr != NULL;
    return in_row(&self->updater, i);
}

/* Registers of the row side by side, as the rowset of rows met has them. */
static uint32_t pack_row(struct cg *cg, const struct update_sink *self,
                         const struct row_registers *row, int32_t packed, int32_t from_slot)
{
    int32_t  rowids = self->updater.rowid.expr != NULL && (self->from || !self->in_turn) ? 2 : 1;
    uint32_t count = 0;

    for (int32_t i = -1; i < (int32_t)self->updater.schema->column_count + rowids - 1; i++) {
        int32_t column = i - (rowids - 1), reg = i < 0 ? row->old_rowid : row->first + column;

        if (column >= 0 && !is_met(self, (uint32_t)column))
            continue;
        if (from_slot != 0)
            cg_emit(cg, OP_Column, from_slot, (int32_t)count, reg);
        else if (packed != 0)
            cg_emit(cg, OP_SCopy, reg, packed + (int32_t)count, 0);
        count++;
    }
    return count;
}

static void consume_met(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct update_sink      *self = (struct update_sink *)sink;
    const struct cg_updater *updater = &self->updater;
    struct row_registers     row = row_registers(cg, updater);
    int32_t                  packed = cg_registers(cg, updater->schema->column_count + 2);

    if (self->from)
        set_values(cg, updater, &row);
    else
        cg_column(cg, updater->item, -1, row.old_rowid);
    if (!self->in_turn)
        kept_values(cg, updater, &row);
    if (self->from) /* of a RIGHT JOIN */
        cg_emit(cg, OP_FilterTruth, row.old_rowid, next, TRUTH_NOT_NULL);
    cg_emit(cg, OP_RowsetInsert, self->met, packed, (int32_t)pack_row(cg, self, &row, packed, 0));
}

static void consume_last(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct update_sink  *self = (struct update_sink *)sink;
    struct row_registers row = row_registers(cg, &self->updater);

    cg_emit(cg, OP_Failing, 0, next, 0);
    pack_row(cg, self, &row, 0, self->met);
    row_store(cg, &self->updater, &row, next);
}

/* The columns of the row as it is now that are read: into registers that stand for item. */
static void push_current(struct cg *cg, const struct cg_updater *self, int32_t rowid, int32_t next)
{
    const struct schema_table *schema = self->schema;
    int32_t                    first = cg_registers(cg, schema->column_count + 1);
    struct row_desc           *desc = cg_alloc(cg, sizeof *desc);
    uint32_t                  *columns = cg_alloc(cg, (schema->column_count + 1) * sizeof *columns);

    if (desc == NULL || columns == NULL)
        return;
    *desc = (struct row_desc){.table = self->table, .columns = columns};
    cg_emit_p4(cg, OP_TableRow, first, next, rowid, desc);
    for (int32_t i = -1; i < (int32_t)schema->column_count; i++) {
        bool             is_rowid = i == -1 || i == schema->rowid_column;
        struct cg_entry *entry;

        if (!is_rowid && !self->reads_row && !bits_get(self->item->columns_used, (size_t)i))
            continue;
        entry = cg_push(cg, CG_REGISTER, self->item);
        entry->column = i;
        entry->reg = is_rowid ? rowid : first + (int32_t)desc->column_count;
        if (!is_rowid)
            columns[desc->column_count++] = (uint32_t)i;
    }
}

static void change_in_turn(struct cg *cg, const struct update_sink *self)
{
    const struct cg_updater *updater = &self->updater;
    struct row_registers     row = row_registers(cg, updater);
    int32_t                  rowid = cg_registers(cg, 1), end = cg_label(cg), next = cg_label(cg);
    uint32_t                 mark = cg_mark(cg);
    int32_t                  loop;

    cg->loop_depth++;
    cg_emit(cg, OP_Rewind, self->met, end, 1);
    loop = program_address(cg->program);
    cg_emit(cg, OP_Column, self->met, 0, rowid);
    push_current(cg, updater, rowid, next);
    cg_updater_open(cg, updater);
    if (self->from)
        pack_row(cg, self, &row, 0, self->met);
    else
        set_values(cg, updater, &row);
    kept_values(cg, updater, &row);
    row_store(cg, updater, &row, next);
    cg_updater_apply(cg, updater);
    cg_here(cg, next);
    cg_emit(cg, OP_Next, self->met, loop, 1);
    cg_here(cg, end);
    cg_truncate(cg, mark);
    cg->loop_depth--;
}

/* Collects the rows met, then changes them. */
static void update_met(struct cg *cg, struct update_sink *self)
{
    struct row_registers none = {0};

    self->met = cg_slot(cg);
    self->sink.consume = consume_met;
    cg_emit(cg, OP_OpenRowset, self->met, (int32_t)pack_row(cg, self, &none, 0, 0), 0);
    cg_produce(cg, self->sink.plan, &self->sink);
    cg_emit(cg, OP_RowsetLast, self->met, 0, 0);
    cg->one_row = false;
    if (self->in_turn) {
        change_in_turn(cg, self);
        return;
    }
    self->sink.consume = consume_last;
    cg_loop(cg, OP_Rewind, self->met, &self->sink);
    cg_updater_apply(cg, &self->updater);
}

/* Whether a row that is to be changed may be gone, or be another one, when its turn comes, and that
 * matters: it is replaced by a row before it. */
static bool changes_in_turn(const struct cg_updater *self)
{
    const struct schema_table *schema = self->schema;
    bool replaces = self->conflict == CONFLICT_REPLACE, clashes = false, checks = schema->strict;

    for (uint32_t i = 0; i < schema->column_count; i++)
        checks |= bits_get(self->set, i) && (schema->columns[i].flags & COLUMN_NOT_NULL) != 0;
    checks |= schema->check_count > 0;
    for (uint32_t k = 0; k < schema->key_count; k++) {
        const struct schema_key *key = &schema->keys[k];

        replaces |= self->conflict == CONFLICT_DEFAULT && key->conflict == CONFLICT_REPLACE;
        for (uint32_t i = 0; key->unique && i < key->column_count; i++)
            clashes |= bits_get(self->set, key->columns[i]);
    }
    return replaces && (self->rowid.expr != NULL || (clashes && checks));
}

/* plan with the correlated subqueries of SET. */
static struct plan *apply_values(struct cg *cg, const struct cg_updater *self, struct plan *plan)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < self->schema->column_count && status == STATUS_OK; i++)
        status = plan_apply(&cg->planner, self->values[i].expr, NULL, &plan);
    if (status == STATUS_OK)
        status = plan_needs(&cg->planner, plan);
    if (status == STATUS_OK)
        status = plan_need(&cg->planner, plan, self->item, -1);
    cg_fail(cg, status);
    return plan;
}

/* What the new rows read of the old ones. */
static void update_needs(struct cg *cg, const struct cg_updater *self, struct plan *plan)
{
    enum status status = STATUS_OK;

    if (self->rowid.expr != NULL)
        status = plan_need_expr(&cg->planner, plan, self->rowid.expr, NULL);
    for (uint32_t i = 0; i < self->schema->column_count && status == STATUS_OK; i++) {
        if (self->values[i].expr != NULL)
            status = plan_need_expr(&cg->planner, plan, self->values[i].expr, NULL);
        else if (self->reads_row)
            status = plan_need(&cg->planner, plan, self->item, (int32_t)i);
    }
    cg_fail(cg, status);
}

/* A select around the target and what stands beside it, for the planner. */
struct plan *cg_plan_target(struct cg *cg, struct from_item *item, const struct from_list *from,
                            struct expr *where)
{
    uint32_t           more = from == NULL ? 0 : from->count;
    struct select     *select = arena_zalloc(cg->arena, sizeof *select);
    struct from_item **items = arena_alloc(cg->arena, (more + 1) * sizeof(struct from_item *));
    struct plan       *plan;
    enum status        status;

    if (select == NULL || items == NULL) {
        cg_fail(cg, fail_nomem(cg->err));
        return NULL;
    }
    items[0] = item;
    item->join = 0;
    for (uint32_t i = 0; i < more; i++)
        items[i + 1] = from->items[i];
    if (more > 0)
        items[1]->join = JOIN_TYPE_COMMA;
    select->from = (struct from_list){more + 1, more + 1, items};
    status = plan_from(&cg->planner, select, &select->from, where, &plan);
    if (status == STATUS_OK)
        status = plan_needs(&cg->planner, plan);
    if (status == STATUS_OK)
        status = plan_need(&cg->planner, plan, item, -1);
    cg_fail(cg, status);
    return status == STATUS_OK ? plan : NULL;
}

/* A value that each row has to see the rows before it for. */
static void refuse_own_reads(struct cg *cg, const struct update *update,
                             const struct cg_updater *self)
{
    for (uint32_t i = 0; i < update->assignment_count; i++)
        if (cg_correlated_reads(update->assignments[i].value, self->table))
            cg_unsupported(cg, update->target->name.position,
                           "a correlated subquery on the table itself in UPDATE OR REPLACE");
}

void cg_update(struct cg *cg, struct update *update)
{
    struct update_sink self = {
        .sink = {.consume = consume_update},
        .updater = {.item = update->target, .conflict = update->conflict, .failure = FAILS_IN_TURN},
        .from = update->from.count > 0};
    struct cg_updater *updater = &self.updater;
    struct plan       *plan;

    updater->table = cg_target(cg, &update->target->schema, &update->target->name);
    if (updater->table == NULL)
        return;
    updater->returns = update->returned != NULL;
    if (updater->returns)
        cg->planner.changing = updater->table;
    if (!cg_updater_init(cg, updater, update->assignments, update->assignment_count))
        return;
    plan = cg_plan_target(cg, update->target, &update->from, update->where);
    if (plan == NULL || cg->status != STATUS_OK)
        return;
    self.in_turn = changes_in_turn(updater);
    if (self.in_turn)
        updater->failure = FAILS_AT_ONCE;
    if (self.from || !self.in_turn) {
        plan = apply_values(cg, updater, plan);
        update_needs(cg, updater, plan);
    } else {
        refuse_own_reads(cg, update, updater);
    }
    self.sink.plan = plan;
    cg->program->counts_changes = true;
    cg_begin_statement(cg, true);
    cg_plan_lines(cg, plan);
    cg_updater_open(cg, updater);
    if (updater->returns) {
        updater->returned = cg_slot(cg);
        cg_emit(cg, OP_OpenRowset, updater->returned, (int32_t)updater->schema->column_count + 1,
                0);
    }
    if (self.from || self.in_turn) {
        update_met(cg, &self);
    } else {
        cg_produce(cg, plan, &self.sink);
        cg_updater_apply(cg, updater);
    }
    if (!self.in_turn)
        cg_emit(cg, OP_Failing, 0, 0, 0);
    if (updater->returns)
        cg_returning(cg, update->returned, updater->returned, 0,
                     (int32_t)updater->schema->column_count);
}
