/* resolve_upsert.c - INSERT ... ON CONFLICT (columns) DO ...: which key each clause means, and
 * names.
 *
 * Plain names are columns of the row that is there; those of the row to be inserted are called
 * excluded.name. */
#include "sql/resolve_internal.h"

#include <stdio.h>

/* The target term names column `column` of key, under the key's collation. */
static bool term_is(const struct expr *term, const struct from_item *target, uint32_t column,
                    enum collation collation)
{
    enum collation named;

    if (term->kind == EXPR_COLLATE) {
        if (!collation_find(term->name.text, term->name.bytes, &named) || named != collation)
            return false;
        term = term->left;
    }
    return term->kind == EXPR_COLUMN && term->resolved.source == target &&
           term->resolved.column == (int32_t)column;
}

static bool target_is_rowid(const struct upsert *upsert, const struct from_item *target)
{
    const struct expr *term = upsert->target[0].expr;
    int32_t            alias = table_schema(target->catalog_table)->rowid_column;

    return upsert->target_count == 1 && term->kind == EXPR_COLUMN &&
           term->resolved.source == target &&
           (term->resolved.column < 0 || term->resolved.column == alias);
}

static bool target_is_key(const struct upsert *upsert, const struct from_item *target,
                          const struct schema_key *key)
{
    if (!key->unique || key->column_count != upsert->target_count)
        return false;
    for (uint32_t i = 0; i < key->column_count; i++) {
        bool found = false;

        for (uint32_t k = 0; k < upsert->target_count && !found; k++)
            found = term_is(upsert->target[k].expr, target, key->columns[i],
                            (enum collation)key->collations[i]);
        if (!found)
            return false;
    }
    return true;
}

static const char *ordinal_ending(uint32_t number)
{
    if (number % 100 / 10 == 1)
        return "th";
    return number % 10 == 1 ? "st" : number % 10 == 2 ? "nd" : number % 10 == 3 ? "rd" : "th";
}

/* number: of the clause, from 1; 0: it is the only one. */
static enum status find_key(struct resolver *r, struct upsert *upsert,
                            const struct from_item *target, uint32_t number)
{
    const struct schema_table *schema = table_schema(target->catalog_table);
    char                       which[32] = "";

    upsert->key = UPSERT_ANY_KEY;
    if (upsert->target_count == 0)
        return STATUS_OK;
    if (target_is_rowid(upsert, target)) {
        upsert->key = UPSERT_ROWID_KEY;
        return STATUS_OK;
    }
    for (uint32_t k = 0; k < schema->key_count; k++)
        if (target_is_key(upsert, target, &schema->keys[k])) {
            upsert->key = (int32_t)k;
            return STATUS_OK;
        }
    if (number > 0)
        snprintf(which, sizeof which, "%u%s ", number, ordinal_ending(number));
    return fail_at(r->err, STATUS_ERROR, upsert->target[0].expr->position,
                   "%sON CONFLICT clause does not match any PRIMARY KEY or UNIQUE constraint",
                   which);
}

static enum status new_item(struct resolver *r, struct name name, struct name alias,
                            struct table *table, struct from_item **item)
{
    *item = arena_zalloc(r->arena, sizeof **item);
    if (*item == NULL)
        return fail_nomem(r->err);
    (*item)->name = name;
    (*item)->alias = alias;
    (*item)->display = alias.text != NULL ? alias.text : name.text;
    (*item)->position = name.position;
    return from_item_table(r, *item, table);
}

static enum status resolve_clause(struct resolver *r, struct insert *insert, struct upsert *upsert,
                                  uint32_t number)
{
    struct scope there = {0}, both = {0};

    TRY(scope_add(r, &there, insert->target));
    TRY(scope_add(r, &both, insert->target));
    TRY(scope_add(r, &both, insert->excluded));
    both.leaves[1].qualified = true;
    for (uint32_t i = 0; i < upsert->target_count; i++)
        TRY(resolve_scalar(r, &there, upsert->target[i].expr));
    if (upsert->target_where != NULL)
        TRY(resolve_scalar(r, &there, upsert->target_where));
    TRY(find_key(r, upsert, insert->target, number));
    for (uint32_t i = 0; i < upsert->assignment_count; i++)
        TRY(resolve_assignment(r, &both, insert->target, &upsert->assignments[i]));
    return upsert->where != NULL ? resolve_scalar(r, &both, upsert->where) : STATUS_OK;
}

enum status resolve_upserts(struct resolver *r, struct insert *insert, struct table *table)
{
    static const struct name excluded = {.text = "excluded", .bytes = 8};
    uint32_t                 number = 0;

    if (insert->upsert == NULL)
        return STATUS_OK;
    TRY(new_item(r, insert->table, insert->alias, table, &insert->target));
    TRY(new_item(r, insert->table, excluded, table, &insert->excluded));
    insert->excluded->untyped = true;
    for (struct upsert *upsert = insert->upsert; upsert != NULL; upsert = upsert->next) {
        number++;
        TRY(resolve_clause(r, insert, upsert, insert->upsert->next == NULL ? 0 : number));
    }
    return STATUS_OK;
}
