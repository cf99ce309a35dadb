/* cg_upsert.c - INSERT ... ON CONFLICT DO NOTHING | DO UPDATE: rows go in until some meet others
 * that are to be changed; those are the batch for a while.
 *
 *        SelPush
 *     L: Upsert       inserts; none left: goto D
 *        ...          of the rows that wait: WHERE, new values, checks
 *        UpdateRows
 *        Goto L
 *     D: SelPop */
#include "sql/cg_write.h"

#include <string.h>

/* --- rules -------------------------------------------------------------------------------------
 */
/* The clause for a key; NULL: none. */
static const struct upsert *clause_of(const struct insert *insert, int32_t key, uint32_t *number)
{
    *number = 0;
    for (const struct upsert *u = insert->upsert; u != NULL; u = u->next, ++*number)
        if (u->key == key || u->key == UPSERT_ANY_KEY)
            return u;
    return NULL;
}

static bool has_rule(const struct upsert_desc *desc, int32_t key)
{
    for (uint32_t i = 0; i < desc->rule_count; i++)
        if (desc->rules[i].key == key)
            return true;
    return false;
}

static void add_rule(struct upsert_desc *desc, const struct insert *insert, int32_t key)
{
    const struct schema_table *schema = table_schema(desc->table);
    enum conflict              own = key < 0 ? CONFLICT_DEFAULT : schema->keys[key].conflict;
    struct conflict_rule       rule = {.key = key, .conflict = insert->conflict};
    const struct upsert       *clause = clause_of(insert, key, &rule.clause);

    if (has_rule(desc, key))
        return;
    if (rule.conflict == CONFLICT_DEFAULT)
        rule.conflict = own != CONFLICT_DEFAULT ? own : CONFLICT_ABORT;
    if (clause != NULL) {
        rule.asks = !clause->do_nothing;
        rule.conflict = CONFLICT_IGNORE;
    }
    desc->one_by_one |= rule.conflict == CONFLICT_REPLACE;
    if (rule.conflict == CONFLICT_FAIL || rule.conflict == CONFLICT_ROLLBACK)
        desc->conflict = rule.conflict;
    desc->rules[desc->rule_count++] = rule;
}

/* The keys that clauses name come first, in the order of the clauses, the rowid where it stands
 * among them or behind them; then all others in their order.  So does SQLite. */
static void add_rules(struct cg *cg, struct upsert_desc *desc, const struct insert *insert)
{
    const struct schema_table *schema = table_schema(desc->table);

    desc->rules = cg_alloc(cg, (schema->key_count + 1) * sizeof *desc->rules);
    if (desc->rules == NULL)
        return;
    desc->conflict = insert->conflict;
    for (const struct upsert *u = insert->upsert; u != NULL && u->target_count > 0; u = u->next)
        add_rule(desc, insert, u->key);
    add_rule(desc, insert, UPSERT_ROWID_KEY);
    for (uint32_t turn = 0; turn < schema_key_turns(schema); turn++) {
        uint32_t k = schema_key_at(schema, turn);

        if (k != UINT32_MAX)
            add_rule(desc, insert, (int32_t)k);
    }
}

/* --- may rows wait together? -------------------------------------------------------------------
 */
struct table_search {
    const struct table *table;
    bool                found, correlated; /* found in a subquery that is */
};

static bool select_reads(const struct select *select, struct table_search *search);

static bool expr_reads(const struct expr *expr, struct table_search *search)
{
    if (expr == NULL)
        return false;
    if (expr->select != NULL && select_reads(expr->select, search)) {
        search->found = true;
        search->correlated |= expr->select->outer_count != 0;
    }
    for (uint32_t i = 0; i < expr->list.count; i++)
        expr_reads(expr->list.items[i], search);
    expr_reads(expr->left, search);
    expr_reads(expr->right, search);
    return search->found;
}

static bool from_reads(const struct from_list *from, struct table_search *search)
{
    bool found = false;

    for (uint32_t i = 0; i < from->count; i++) {
        const struct from_item *item = from->items[i];

        found |= item->kind == FROM_TABLE && item->catalog_table == search->table;
        found |=
            item->select != NULL && item->recursion == NULL && select_reads(item->select, search);
        found |= item->nested != NULL && from_reads(item->nested, search);
        found |= expr_reads(item->on, search);
    }
    return found;
}

static bool select_reads(const struct select *select, struct table_search *search)
{
    bool found = false;

    for (; select != NULL; select = select->prior) {
        found |= from_reads(&select->from, search);
        for (uint32_t i = 0; i < select->column_count; i++)
            found |= expr_reads(select->columns[i].expr, search);
        for (const struct values_rows *rows = select->values; rows != NULL; rows = rows->next)
            for (size_t i = 0; rows->exprs != NULL && i < (size_t)rows->rows * rows->columns; i++)
                found |= expr_reads(rows->exprs[i], search);
        found |= expr_reads(select->where, search);
        found |= expr_reads(select->having, search);
    }
    return found;
}

bool cg_correlated_reads(const struct expr *expr, const struct table *table)
{
    struct table_search search = {.table = table};

    expr_reads(expr, &search);
    return search.correlated;
}

/* Rows must be taken one by one where the change of one may matter to the next: it touches keys,
 * or a subquery reads the table. */
static void look_at_clause(struct cg *cg, struct upsert_desc *desc, const struct insert *insert,
                           const struct upsert *clause, const struct cg_updater *updater)
{
    const struct schema_table *schema = table_schema(desc->table);
    struct table_search        search = {.table = desc->table};

    desc->one_by_one |= updater->rowid.expr != NULL;
    for (uint32_t k = 0; k < schema->key_count; k++)
        for (uint32_t i = 0; schema->keys[k].unique && i < schema->keys[k].column_count; i++)
            desc->one_by_one |= bits_get(updater->set, schema->keys[k].columns[i]);
    expr_reads(clause->where, &search);
    for (uint32_t i = 0; i < clause->assignment_count; i++)
        expr_reads(clause->assignments[i].value, &search);
    desc->one_by_one |= search.found;
    if (search.correlated)
        cg_unsupported(cg, insert->table.position,
                       "a correlated subquery on the table itself in ON CONFLICT DO UPDATE");
}

/* --- code --------------------------------------------------------------------------------------
 */
static void push_column(struct cg *cg, const struct from_item *item, int32_t column, int32_t reg)
{
    struct cg_entry *entry = cg_push(cg, CG_REGISTER, item);

    entry->column = column;
    entry->reg = reg;
}

/* What the names of the clauses mean: the other row in registers from control on, the row to be
 * inserted from first on. */
static void push_rows(struct cg *cg, const struct insert *insert, const struct upsert_desc *desc,
                      int32_t control, int32_t first)
{
    const struct schema_table *schema = table_schema(desc->table);

    push_column(cg, insert->target, -1, control + UPSERT_OTHER);
    push_column(cg, insert->excluded, -1, control + UPSERT_ROWID);
    if (schema->rowid_column >= 0)
        push_column(cg, insert->target, schema->rowid_column, control + UPSERT_OTHER);
    for (uint32_t i = 0; i < desc->column_count; i++)
        push_column(cg, insert->target, (int32_t)desc->columns[i],
                    control + UPSERT_COLUMNS + (int32_t)i);
    for (int32_t i = 0; i < (int32_t)schema->column_count; i++)
        push_column(cg, insert->excluded, i,
                    i == schema->rowid_column ? control + UPSERT_ROWID : first + i);
}

static void emit_clause(struct cg *cg, const struct upsert *clause,
                        const struct cg_updater *updater)
{
    uint32_t mark = cg_mark(cg);
    int32_t  apply = cg_label(cg);

    cg_updater_open(cg, updater);
    if (clause->where != NULL)
        cg_filter(cg, clause->where, apply);
    cg_updater_row(cg, updater, apply);
    cg_here(cg, apply);
    cg_updater_apply(cg, updater);
    cg_truncate(cg, mark);
}

/* Which columns of the other row the clauses read. */
static void wanted_columns(struct cg *cg, struct upsert_desc *desc, const struct insert *insert,
                           bool all)
{
    const struct schema_table *schema = table_schema(desc->table);

    desc->columns = cg_alloc(cg, (schema->column_count + 1) * sizeof *desc->columns);
    for (uint32_t i = 0; i < schema->column_count && desc->columns != NULL; i++)
        if ((int32_t)i != schema->rowid_column &&
            (all || bits_get(insert->target->columns_used, i)))
            desc->columns[desc->column_count++] = i;
}

void cg_upsert(struct cg *cg, const struct insert *insert, struct upsert_desc *desc, int32_t first)
{
    int32_t            control, loop, done = cg_label(cg);
    uint32_t           mark = cg_mark(cg), count = 0, number = 0;
    bool               all = false;
    struct cg_updater *updaters;

    for (const struct upsert *u = insert->upsert; u != NULL; u = u->next)
        count++;
    updaters = arena_zalloc(cg->arena, count * sizeof *updaters);
    if (updaters == NULL) {
        cg_fail(cg, fail_nomem(cg->err));
        return;
    }
    add_rules(cg, desc, insert);
    desc->one_by_one |= desc->returns;
    for (const struct upsert *u = insert->upsert; u != NULL; u = u->next, number++) {
        updaters[number] = (struct cg_updater){.table = desc->table,
                                               .item = insert->target,
                                               .conflict = CONFLICT_ABORT,
                                               .returns = desc->returns,
                                               .returned = desc->returned};
        if (u->do_nothing)
            continue;
        if (!cg_updater_init(cg, &updaters[number], u->assignments, u->assignment_count))
            return;
        updaters[number].desc->returns = false; /* all rows that are noted are changed */
        look_at_clause(cg, desc, insert, u, &updaters[number]);
        all |= updaters[number].reads_row;
    }
    wanted_columns(cg, desc, insert, all);
    control = cg_registers(cg, UPSERT_COLUMNS + desc->column_count);
    cg_emit(cg, OP_Integer, 0, control + UPSERT_POSITION, 0);
    cg_emit(cg, OP_SelPush, 0, 0, 0);
    loop = program_address(cg->program);
    cg_emit_p4(cg, OP_Upsert, control, done, first, desc);
    cg->loop_depth++;
    push_rows(cg, insert, desc, control, first);
    number = 0;
    for (const struct upsert *u = insert->upsert; u != NULL; u = u->next, number++) {
        int32_t here = cg_label(cg), next = cg_label(cg);

        if (!u->do_nothing) {
            cg_emit(cg, OP_IfZero, control + UPSERT_CLAUSE, here, 0);
            cg_emit(cg, OP_Goto, 0, next, 0);
            cg_here(cg, here);
            emit_clause(cg, u, &updaters[number]);
            cg_emit(cg, OP_Goto, 0, loop, 0);
            cg_here(cg, next);
        }
        cg_emit(cg, OP_IntegerAdd, control + UPSERT_CLAUSE, -1, 0);
    }
    cg->loop_depth--;
    cg_truncate(cg, mark);
    cg_here(cg, done);
    cg_emit(cg, OP_SelPop, 0, 0, 0);
}
