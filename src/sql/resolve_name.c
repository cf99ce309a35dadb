/* resolve_name.c - column names: where they are from, by SQLite's rules for joins, rowids, aliases
 * and words in double quotes. */
#include <assert.h>
#include <string.h>

#include "base/bits.h"
#include "base/str.h"
#include "sql/ast_copy.h"
#include "sql/resolve_internal.h"
#include "vm/functions.h"
#include "vm/source.h"

bool name_equal(struct name a, struct name b)
{
    return ascii_equal(a.text, a.bytes, b.text, b.bytes);
}

bool names_hold(const struct name *names, uint32_t count, struct name name)
{
    for (uint32_t i = 0; i < count; i++)
        if (name_equal(names[i], name))
            return true;
    return false;
}

int32_t find_column(const struct from_item *item, struct name name)
{
    for (uint32_t i = 0; i < item->column_count; i++)
        if (ascii_equal(item->column_names[i], strlen(item->column_names[i]), name.text,
                        name.bytes))
            return (int32_t)i;
    return -1;
}

bool is_rowid_name(struct name name)
{
    return ascii_equal(name.text, name.bytes, "rowid", 5) ||
           ascii_equal(name.text, name.bytes, "oid", 3) ||
           ascii_equal(name.text, name.bytes, "_rowid_", 7);
}

bool has_rowid(const struct from_item *item)
{
    if (item->kind == FROM_TABLE)
        return item->catalog_table == NULL || !table_schema(item->catalog_table)->without_rowid;
    if (item->kind == FROM_FUNCTION)
        return ((const struct source_module *)item->source_module)->has_rowids;
    return false;
}

int32_t find_alias(const struct select *select, struct name name)
{
    for (uint32_t i = 0; select != NULL && i < select->column_count; i++)
        if (select->columns[i].alias.text != NULL && name_equal(select->columns[i].alias, name))
            return (int32_t)i;
    return -1;
}

/* --- binding ---------------------------------------------------------------------------------- */
/* Adds node to what select takes from outside, unless it is known. */
static enum status add_outer(struct resolver *r, struct select *select, const struct expr *node,
                             uint32_t levels)
{
    struct expr *copy;

    for (uint32_t i = 0; i < select->outer_count; i++) {
        const struct expr *known = select->outers[i];

        if (known->kind == node->kind && known->resolved.column == node->resolved.column &&
            known->resolved.source == node->resolved.source &&
            known->resolved.select == node->resolved.select)
            return STATUS_OK;
    }
    if ((select->outer_count & (select->outer_count - 1)) == 0) { /* room: the next power of two */
        uint32_t      room = select->outer_count == 0 ? 1 : select->outer_count * 2;
        struct expr **grown = arena_alloc(r->arena, room * sizeof *grown);

        if (grown == NULL)
            return fail_nomem(r->err);
        if (select->outer_count > 0)
            memcpy(grown, select->outers, select->outer_count * sizeof *grown);
        select->outers = grown;
    }
    copy = arena_alloc(r->arena, sizeof *copy);
    if (copy == NULL)
        return fail_nomem(r->err);
    *copy = *node;
    copy->resolved.levels_up = (uint16_t)levels;
    select->outers[select->outer_count++] = copy;
    select->correlated = true;
    return STATUS_OK;
}

enum status note_outer(struct resolver *r, struct scope *scope, uint32_t levels,
                       const struct expr *node)
{
    for (; levels > 0; levels--, scope = scope->outer) {
        if (scope->select == NULL)
            continue;
        TRY(add_outer(r, scope->select, node, levels));
        if (scope->head != scope->select)
            TRY(add_outer(r, scope->head, node, levels));
    }
    return STATUS_OK;
}

static struct scope *scope_up(struct scope *scope, uint32_t levels)
{
    while (levels-- > 0)
        scope = scope->outer;
    return scope;
}

static bool is_rowid(const struct from_item *item, int32_t column)
{
    return column < 0 || (item->kind == FROM_TABLE && item->catalog_table != NULL &&
                          table_schema(item->catalog_table)->rowid_column == column);
}

/* The aggregates whose arguments are being resolved refer to something of scope. */
static void track_reference(struct resolver *r, const struct scope *scope)
{
    for (struct reference_track *track = r->track; track != NULL; track = track->outer)
        if (scope->depth <= track->depth && (int32_t)scope->depth > track->deepest)
            track->deepest = (int32_t)scope->depth;
}

enum status bind_column(struct resolver *r, struct scope *scope, uint32_t levels,
                        struct from_item *item, int32_t column, struct expr *expr)
{
    struct scope *owner = scope_up(scope, levels);

    expr->kind = EXPR_COLUMN;
    expr->resolved.source = item;
    expr->resolved.select = owner->select;
    expr->resolved.column = column;
    expr->resolved.levels_up = (uint16_t)levels;
    expr->resolved.collation_known = !is_rowid(item, column); /* that has none, as in SQLite */
    if (column < 0) {
        item->rowid_used = true;
        expr->resolved.affinity = AFFINITY_INTEGER;
        expr->resolved.collation = COLLATION_BINARY;
    } else {
        bits_set(item->columns_used, (size_t)column);
        expr->resolved.affinity = item->column_affinities[column];
        expr->resolved.collation = item->column_collations[column];
    }
    if (item->untyped) {
        expr->resolved.affinity = AFFINITY_NONE;
        expr->resolved.collation_known = false;
    }
    track_reference(r, owner);
    return note_outer(r, scope, levels, expr);
}

/* expr becomes coalesce(parts). */
static enum status bind_merged(struct resolver *r, struct scope *scope, uint32_t levels,
                               const struct column_ref *ref, struct expr *expr)
{
    struct expr whole = {.kind = EXPR_FUNCTION,
                         .depth = 2,
                         .position = expr->position,
                         .source_text = expr->source_text,
                         .source_bytes = expr->source_bytes,
                         .name = {.text = "coalesce", .bytes = 8, .position = expr->position}};
    bool        known;

    whole.list.count = whole.list.capacity = ref->part_count;
    whole.list.items = arena_alloc(r->arena, ref->part_count * sizeof *whole.list.items);
    if (whole.list.items == NULL)
        return fail_nomem(r->err);
    for (uint32_t i = 0; i < ref->part_count; i++) {
        struct expr *part = arena_alloc(r->arena, sizeof *part);

        if (part == NULL)
            return fail_nomem(r->err);
        *part = *expr;
        whole.list.items[i] = part;
        TRY(bind_ref(r, scope, levels, &ref->parts[i], part));
        if (part->depth >= whole.depth)
            whole.depth = (uint16_t)(part->depth + 1);
    }
    whole.resolved.function = function_find("coalesce", 8, ref->part_count, &known);
    *expr = whole;
    resolve_type(expr);
    expr->resolved.affinity = whole.list.items[0]->resolved.affinity;
    if (ref->of_nested) {
        expr->resolved.collation = COLLATION_BINARY;
        expr->resolved.collation_known = true;
    }
    return STATUS_OK;
}

enum status bind_ref(struct resolver *r, struct scope *scope, uint32_t levels,
                     const struct column_ref *ref, struct expr *expr)
{
    TRY(stack_check(r->err, -1));
    if (ref->part_count > 0)
        return bind_merged(r, scope, levels, ref, expr);
    return bind_column(r, scope, levels, ref->item, ref->column, expr);
}

struct expr *column_new(struct resolver *r, struct name name, int32_t position)
{
    struct expr *expr = arena_zalloc(r->arena, sizeof *expr);

    if (expr == NULL)
        return NULL;
    expr->kind = EXPR_COLUMN;
    expr->depth = 1;
    expr->position = position;
    expr->name = name;
    return expr;
}

/* --- finding ---------------------------------------------------------------------------------- */
struct match {
    uint32_t           count;       /* of columns found that no USING makes one */
    uint32_t           rowid_count; /* of tables that may be meant if the name is one of rowids */
    const struct leaf *leaf;        /* of the last one found... */
    struct column_ref  ref;         /* ...what it stands for */
    const char        *name;        /* ...and its name as column of parentheses; NULL: in none */
    /* a name that FULL JOINs merge: coalesce(parts, ref) */
    uint32_t          part_count;
    struct column_ref parts[TABLES_MAX + 1];
};

const char *item_schema(const struct from_item *item)
{
    if (item->kind == FROM_RECURSION ||
        (item->kind == FROM_SUBQUERY && (item->cte != NULL || item->name.text == NULL)))
        return "*";
    return item->temporary ||
                   (item->catalog_table != NULL && table_schema(item->catalog_table)->temporary)
               ? "temp"
               : "main";
}

static bool is_schema_table(const char *name)
{
    return ascii_casecmp(name, "sqlite_schema") == 0 || ascii_casecmp(name, "sqlite_master") == 0;
}

/* Whether table (and schema) of expr mean item. */
static bool qualifier_matches(const struct expr *expr, const struct from_item *item)
{
    if (expr->table.text == NULL)
        return true;
    if (item->display == NULL)
        return false;
    if (expr->schema.text != NULL && ascii_casecmp(expr->schema.text, item_schema(item)) != 0)
        return false;
    if (ascii_equal(item->display, strlen(item->display), expr->table.text, expr->table.bytes))
        return true;
    return item->alias.text == NULL && is_schema_table(item->display) &&
           is_schema_table(expr->table.text);
}

/* One more column has the name: USING may make it the same as the ones before. */
static bool merge_match(struct match *match, const struct leaf *leaf, struct name name)
{
    const struct from_item *item = leaf->item;

    if (match->count == 0)
        return true;
    if (match->leaf == leaf || !names_hold(item->using_names, item->using_count, name)) {
        match->part_count = 0; /* ambiguous */
    } else if ((item->join & JOIN_TYPE_RIGHT) == 0) {
        return false; /* the leftmost one stands for both */
    } else if ((item->join & JOIN_TYPE_LEFT) == 0) {
        match->count = 0; /* RIGHT JOIN: the rightmost one */
        match->part_count = 0;
    } else {
        assert(match->part_count < TABLES_MAX);
        match->parts[match->part_count++] = match->ref;
    }
    return true;
}

/* Whether expr may mean column; *rowid: as a rowid. */
static bool nested_matches(const struct nested_column *column, const struct expr *expr, bool *rowid)
{
    *rowid = column->rowid;
    if (expr->schema.text != NULL && ascii_casecmp(expr->schema.text, column->schema) != 0)
        return false;
    if (expr->table.text != NULL && ascii_casecmp(expr->table.text, column->table) != 0)
        return false;
    return column->rowid
               ? is_rowid_name(expr->name)
               : ascii_equal(column->name, strlen(column->name), expr->name.text, expr->name.bytes);
}

static void match_in_nested(const struct leaf *leaf, const struct expr *expr, struct match *match)
{
    for (uint32_t i = 0; i < leaf->item->column_count; i++) {
        const struct nested_column *column = &leaf->columns[i];
        bool                        rowid;

        if (!nested_matches(column, expr, &rowid))
            continue;
        if (rowid && match->count > 0)
            continue;
        if (!rowid && !merge_match(match, leaf, expr->name))
            continue;
        match->count += !rowid;
        match->rowid_count++;
        match->leaf = leaf;
        match->ref = column->ref;
        match->name = leaf->item->column_names[i];
        if (column->merged)
            break;
    }
}

/* The operands' own names come first, then the name of the parentheses. */
static void match_nested(const struct leaf *leaf, const struct expr *expr, struct match *match)
{
    uint32_t before = match->rowid_count;
    int32_t  column;

    match_in_nested(leaf, expr, match);
    if (match->rowid_count != before || expr->table.text == NULL || expr->schema.text != NULL ||
        !qualifier_matches(expr, leaf->item))
        return;
    column = find_column(leaf->item, expr->name);
    if (column < 0 || !merge_match(match, leaf, expr->name))
        return;
    match->count++;
    match->leaf = leaf;
    match->ref = leaf->columns[column].ref;
    match->name = leaf->item->column_names[column];
}

static void match_table(const struct leaf *leaf, const struct expr *expr, struct match *match)
{
    struct from_item *item = leaf->item;
    int32_t           column;

    if (!qualifier_matches(expr, item) || (leaf->qualified && expr->table.text == NULL))
        return;
    column = find_column(item, expr->name);
    if (column >= 0 && merge_match(match, leaf, expr->name)) {
        match->count++;
        match->leaf = leaf;
        match->ref = (struct column_ref){.item = item, .column = column};
        match->name = NULL;
    }
    if (match->count == 0 && has_rowid(item)) {
        match->rowid_count++;
        match->leaf = leaf;
        match->ref = (struct column_ref){.item = item, .column = -1};
        match->name = NULL;
    }
}

static void match_leaves(const struct scope *scope, const struct expr *expr, struct match *match)
{
    match->count = match->rowid_count = match->part_count = 0;
    match->leaf = NULL;
    match->name = NULL;
    for (uint32_t i = 0; i < scope->leaf_count; i++) {
        if (scope->leaves[i].item->kind == FROM_NESTED)
            match_nested(&scope->leaves[i], expr, match);
        else
            match_table(&scope->leaves[i], expr, match);
    }
    if (match->count == 0 && is_rowid_name(expr->name))
        match->count = match->rowid_count;
}

/* What was found, unless it is ambiguous: one column or the coalesce of all.  Of match's lifetime.
 */
static bool match_ref(struct match *match, struct column_ref *ref)
{
    *ref = match->ref;
    if (match->count == 1)
        return true;
    if (match->part_count == 0 || match->part_count != match->count - 1)
        return false;
    match->parts[match->part_count] = match->ref;
    *ref = (struct column_ref){.part_count = match->part_count + 1, .parts = match->parts};
    return true;
}

const char *nested_name(const struct scope *scope, const struct expr *expr)
{
    struct match match;

    match_leaves(scope, expr, &match);
    return match.count == 1 ? match.name : NULL;
}

static enum status fail_name(struct resolver *r, const char *what, const struct expr *expr)
{
    if (expr->schema.text != NULL)
        return fail_at(r->err, STATUS_ERROR, expr->position, "%s: %s.%s.%s", what,
                       expr->schema.text, expr->table.text, expr->name.text);
    if (expr->table.text != NULL)
        return fail_at(r->err, STATUS_ERROR, expr->position, "%s: %s.%s", what, expr->table.text,
                       expr->name.text);
    return fail_at(r->err, STATUS_ERROR, expr->position, "%s: %s", what, expr->name.text);
}

/* Within a FROM that is being resolved, SQLite reports names when all joins are known. */
static enum status fail_or_defer(struct resolver *r, struct scope *scope, const char *what,
                                 const struct expr *expr)
{
    struct expr *copy;

    if (!scope->hidden)
        return fail_name(r, what, expr);
    if (scope->failed != NULL)
        return STATUS_OK;
    copy = arena_alloc(r->arena, sizeof *copy);
    if (copy == NULL)
        return fail_nomem(r->err);
    *copy = *expr;
    scope->failed = copy;
    scope->failure = what;
    return STATUS_OK;
}

enum status fail_deferred(struct resolver *r, const struct scope *scope)
{
    return scope->failed == NULL ? STATUS_OK : fail_name(r, scope->failure, scope->failed);
}

enum status find_name(struct resolver *r, struct scope *scope, const struct expr *expr,
                      struct column_ref *ref)
{
    struct match       match;
    struct column_ref *parts;

    match_leaves(scope, expr, &match);
    if (match.count == 0)
        return fail_or_defer(r, scope, "no such column", expr);
    if (!match_ref(&match, ref))
        return fail_or_defer(r, scope, "ambiguous column name", expr);
    if (ref->part_count == 0)
        return STATUS_OK;
    parts = arena_alloc(r->arena, ref->part_count * sizeof *parts);
    if (parts == NULL)
        return fail_nomem(r->err);
    memcpy(parts, ref->parts, ref->part_count * sizeof *parts);
    ref->parts = parts;
    return STATUS_OK;
}

/* --- aliases ---------------------------------------------------------------------------------- */
/* Of `owner`, that the subquery or a deeper one refers to. */
static const struct expr *find_outer_aggregate(const struct select *owner,
                                               const struct select *subquery)
{
    for (uint32_t i = 0; subquery != NULL && i < subquery->outer_count; i++)
        if (subquery->outers[i]->kind == EXPR_AGGREGATE_REF &&
            subquery->outers[i]->resolved.select == owner)
            return subquery->outers[i];
    return NULL;
}

const struct expr *find_aggregate(const struct select *owner, const struct expr *expr, bool nested)
{
    const struct expr *found = NULL;

    if (expr == NULL)
        return NULL;
    if (expr->kind == EXPR_AGGREGATE_REF && expr->resolved.select == owner)
        return expr;
    if (nested)
        found = find_outer_aggregate(owner, expr->select);
    for (uint32_t i = 0; found == NULL && i < expr->list.count; i++)
        found = find_aggregate(owner, expr->list.items[i], nested);
    if (found == NULL)
        found = find_aggregate(owner, expr->left, nested);
    return found != NULL ? found : find_aggregate(owner, expr->right, nested);
}

/* The scopes from scope to the one `levels` further out, where all but the last name nothing: what
 * is resolved there is resolved as in the last, by selects further in. */
static struct scope *see_through(struct resolver *r, const struct scope *scope, uint32_t levels)
{
    struct scope *copies = arena_alloc(r->arena, (levels + (size_t)1) * sizeof *copies);

    for (uint32_t i = 0; copies != NULL && i <= levels; i++, scope = scope->outer) {
        copies[i] = *scope;
        copies[i].aliases = false;
        if (i == levels)
            break;
        copies[i].outer = &copies[i + 1];
        copies[i].leaf_count = 0;
        copies[i].transparent = true;
        copies[i].aggregates = true;
    }
    return copies;
}

/* expr becomes what the alias of the select `levels` further out stands for: that is resolved once
 * more, from here. */
static enum status bind_alias_inward(struct resolver *r, struct scope *scope, uint32_t levels,
                                     const struct result_column *column, struct expr *expr)
{
    struct with_scope *with = r->with;
    struct scope      *scopes;
    struct expr       *copy;

    if (column->expr->kind == EXPR_COLUMN) {
        *expr = *column->expr;
        return bind_column(r, scope, expr->resolved.levels_up + levels, expr->resolved.source,
                           expr->resolved.column, expr);
    }
    if (column->expr->kind == EXPR_AGGREGATE_REF) {
        *expr = *column->expr;
        expr->resolved.levels_up = (uint16_t)(expr->resolved.levels_up + levels);
        track_reference(r, scope_up(scope, expr->resolved.levels_up));
        return note_outer(r, scope, expr->resolved.levels_up, expr);
    }
    TRY(ast_copy_expr(r->arena, column->unresolved, &copy, r->err));
    scopes = see_through(r, scope, levels);
    if (scopes == NULL)
        return fail_nomem(r->err);
    r->with = scope_up(scope, levels)->with;
    TRY(resolve_scalar(r, scopes, copy));
    r->with = with;
    *expr = *copy;
    return STATUS_OK;
}

static enum status bind_alias(struct resolver *r, struct scope *scope, uint32_t levels,
                              uint32_t column, struct expr *expr)
{
    struct scope      *owner = scope_up(scope, levels);
    const struct expr *meaning = owner->select->columns[column].expr;
    const struct expr *aggregate = find_aggregate(owner->select, meaning, true);

    if (aggregate != NULL && !owner->aggregates)
        return fail_at(r->err, STATUS_ERROR, expr->position, "misuse of aliased aggregate %s",
                       owner->select->columns[column].alias.text);
    if (aggregate != NULL && owner->before_groups)
        return fail_at(r->err, STATUS_ERROR, expr->position, "misuse of aggregate: %s()",
                       owner->select->aggregates[aggregate->resolved.column]->name.text);
    if (find_window_ref(meaning) != NULL && (!owner->windows || levels > 0))
        return fail_at(r->err, STATUS_ERROR, expr->position, "misuse of aliased window function %s",
                       owner->select->columns[column].alias.text);
    if (expr_width(meaning) != 1)
        return fail_at(r->err, STATUS_ERROR, expr->position, "row value misused");
    if (levels == 0) {
        *expr = *meaning;
        return STATUS_OK;
    }
    return bind_alias_inward(r, scope, levels, &owner->select->columns[column], expr);
}

/* --- names that are no columns ---------------------------------------------------------------- */
static void become_literal(struct expr *expr, struct value value)
{
    expr->kind = EXPR_LITERAL;
    expr->value = value;
    resolve_type(expr);
}

static enum status resolve_unknown(struct resolver *r, struct expr *expr)
{
    struct name name = expr->name;

    if (expr->table.text != NULL)
        return fail_name(r, "no such column", expr);
    if (name.quoted_double && r->context->double_quoted_strings) {
        become_literal(expr, value_text(name.text, name.bytes));
        return STATUS_OK;
    }
    if (name.quoted_double)
        return fail_at(r->err, STATUS_ERROR, expr->position,
                       "no such column: \"%s\" - should this be a string literal in single-quotes?",
                       name.text);
    if (!name.quoted && (ascii_equal(name.text, name.bytes, "true", 4) ||
                         ascii_equal(name.text, name.bytes, "false", 5))) {
        become_literal(expr, value_int(name.bytes == 4));
        return STATUS_OK;
    }
    return fail_name(r, "no such column", expr);
}

enum status resolve_column(struct resolver *r, struct scope *scope, struct expr *expr)
{
    uint32_t levels = 0;

    for (struct scope *s = scope; s != NULL && !s->columns_refused; s = s->outer, levels++) {
        struct match      match;
        struct column_ref ref;
        int32_t           alias;

        if (s->hidden)
            continue;
        match_leaves(s, expr, &match);
        if (match.count > 0)
            return match_ref(&match, &ref) ? bind_ref(r, scope, levels, &ref, expr)
                                           : fail_name(r, "ambiguous column name", expr);
        if (!s->aliases || expr->table.text != NULL)
            continue;
        alias = find_alias(s->select, expr->name);
        if (alias >= 0)
            return bind_alias(r, scope, levels, (uint32_t)alias, expr);
    }
    return resolve_unknown(r, expr);
}
