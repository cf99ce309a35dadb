/* sorter_before.c - top-N's filter.  Most rows of a long input fail by their first key, so that is
 * compared as typed numbers where it can be; only ties look at cells. */
#include "vm/sorter_before.h"

#include <string.h>

static int cells_compare(const struct value *a, const struct value *b, const struct sort_key *key)
{
    bool a_null = a->class_ == CLASS_NULL, b_null = b->class_ == CLASS_NULL;
    int  sign;

    if (a_null || b_null)
        return a_null && b_null ? 0 : a_null == key->nulls_last ? 1 : -1;
    sign = value_compare(a, b, key->collation);
    return key->descending ? -sign : sign;
}

static bool row_before(const struct vector *const *columns, const struct sort_key *keys,
                       uint32_t key_count, uint32_t row, const struct value *worst)
{
    for (uint32_t c = 0; c < key_count; c++) {
        char         scratch[16];
        struct value cell = vector_value(columns[c], row, scratch);
        int          order = cells_compare(&cell, &worst[c], &keys[c]);

        if (order != 0)
            return order < 0;
    }
    return false;
}

/* The ordinal of worst in the domain of the first key's rows; false: it has none there. */
static bool worst_ordinal(const struct ordinal_domain *domain, const struct value *worst,
                          int64_t *ordinal)
{
    if (domain->kind == ORDINAL_INT && worst->class_ == CLASS_INTEGER) {
        *ordinal = worst->i;
        return true;
    }
    if (worst->class_ != CLASS_REAL)
        return false;
    if (domain->kind == ORDINAL_REAL) {
        *ordinal = ordinal_of_real(worst->r + 0.0);
        return true;
    }
    return false;
}

/* *domain: what the first key is compared as; DEC as REAL. */
static bool typed_domain(const struct vector *v, const struct row_list *rows,
                         struct ordinal_domain *domain)
{
    *domain = ordinal_domain_of(v, rows);
    if (domain->kind == ORDINAL_DEC && !domain->whole_int)
        *domain = (struct ordinal_domain){.kind = ORDINAL_REAL};
    return domain->kind == ORDINAL_INT || domain->kind == ORDINAL_REAL;
}

void rows_before(const struct vector *const *columns, const struct sort_key *keys,
                 uint32_t key_count, const struct row_list *rows, const struct value *worst,
                 uint64_t before[VECTOR_WORDS])
{
    struct ordinal_domain domain;
    int64_t               ordinals[VECTOR_CAP], bound, flip = keys[0].descending ? -1 : 0;

    if (!typed_domain(columns[0], rows, &domain) || !worst_ordinal(&domain, &worst[0], &bound)) {
        for (uint32_t k = 0; k < rows->count; k++)
            bits_put(before, rows->rows[k],
                     row_before(columns, keys, key_count, rows->rows[k], worst));
        return;
    }
    ordinal_read(columns[0], &domain, rows, ordinals);
    bound ^= flip; /* x > y exactly if ~x < ~y */
    for (uint32_t k = 0; k < rows->count; k++) {
        uint16_t row = rows->rows[k];
        int64_t  ordinal = ordinals[k] ^ flip;
        bool     valid = vector_row_valid(columns[0], row);

        if (likely(valid && ordinal > bound))
            continue;
        if ((valid && ordinal < bound) || row_before(columns, keys, key_count, row, worst))
            bits_set(before, row);
    }
}
