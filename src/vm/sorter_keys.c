/* sorter_keys.c - the order of rows by normalised keys: the sort columns become digits of one
 * 64-bit number whose order is theirs, and a radix sort orders the numbers.
 *
 * A column gives its ordinals, the ranks of its dictionary codes, or the first bytes of its texts,
 * less the least of them, with a place for NULL; DESC counts from the greatest.  Where 64 bits do
 * not suffice the low bits of a column are dropped and the columns behind it left out; rows with
 * equal keys are then compared cell by cell. */
#include "vm/cells.h"
#include "vm/ordinal.h"
#include "vm/radix_sort.h"
#include "vm/sorter_order.h"

#include <assert.h>
#include <string.h>

/* A dictionary this much larger than the rows is not worth ranking. */
enum { RANKED_ENTRIES_PER_ROW = 4 };

enum { KEY_BITS = 64, PREFIX_BYTES = 8 };

struct key_plan {
    struct ordinal_domain domain;     /* ORDINAL_MIXED: prefixes of cells */
    const uint32_t       *ranks;      /* of the codes; NULL: none */
    uint64_t              lo, hi;     /* bounds of the column's numbers, which are unsigned here */
    bool                  any;        /* a row is not NULL */
    bool                  nulls;      /* a row may be NULL */
    bool                  partial;    /* equal numbers may be unequal values */
    unsigned              drop, bits; /* low bits left out; bits of the digit */
};
struct key_space {
    struct vector_buffer buffer;
    int64_t              ordinals[VECTOR_CAP];
    uint64_t             numbers[VECTOR_CAP];
    uint64_t             valid[VECTOR_WORDS];
    struct arena         texts;
};
struct key_order {
    const struct rowset      *rows;
    const struct sorter_desc *desc;
    struct memory            *memory;
    struct key_space         *space;
    struct key_plan          *plans; /* [key_count] */
    uint32_t                  count;
    uint32_t                  used; /* columns that are in the key, perhaps in part */
};

static uint32_t chunk_rows(uint32_t count, uint32_t start)
{
    return count - start < VECTOR_CAP ? count - start : VECTOR_CAP;
}

/* --- numbers of a chunk -------------------------------------------------------------------------
 */
static uint64_t text_prefix(const struct value *cell, enum collation collation, bool *partial)
{
    unsigned char bytes[PREFIX_BYTES] = {0};
    uint32_t      n = cell->bytes;
    uint64_t      prefix = 0;

    if (collation == COLLATION_RTRIM && cell->class_ == CLASS_TEXT)
        while (n > 0 && cell->s[n - 1] == ' ')
            n--;
    if (n > PREFIX_BYTES) {
        n = PREFIX_BYTES;
        *partial = true;
    }
    if (n > 0)
        memcpy(bytes, cell->s, n);
    for (uint32_t i = 0; i < PREFIX_BYTES; i++) {
        unsigned char c = bytes[i];

        if (collation == COLLATION_NOCASE && cell->class_ == CLASS_TEXT && c >= 'A' && c <= 'Z')
            c |= 0x20;
        if (i < n && c == 0)
            *partial = true; /* as if the text ended here */
        prefix = prefix << 8 | c;
    }
    return prefix;
}

/* The first two bits tell numbers, text and blob apart when the column has several. */
static uint64_t cell_number(const struct value *cell, enum collation collation, bool mixed,
                            bool *partial)
{
    uint64_t number, kind = 0;

    if (cell->class_ >= CLASS_TEXT) {
        number = text_prefix(cell, collation, partial);
        kind = cell->class_ == CLASS_TEXT ? 1 : 2;
    } else {
        double r = cell->class_ == CLASS_INTEGER ? (double)cell->i : cell->r;

        number = (uint64_t)ordinal_of_real(r + 0.0) ^ UINT64_C(1) << 63; /* -0.0 + 0.0 is 0.0 */
        *partial = *partial || cell->class_ == CLASS_INTEGER;
    }
    if (!mixed)
        return number;
    *partial = true;
    return kind << 62 | number >> 2;
}

static bool cells_numbers(struct key_order *order, struct key_plan *plan, enum collation collation,
                          const struct vector *view)
{
    struct key_space   *space = order->space;
    struct vector       flat;
    const struct value *cells;
    bool                mixed = view->type == PHYS_ANY;

    arena_reset(&space->texts);
    if (!vector_decode(view, PHYS_ANY, NULL, &space->buffer, &space->texts, &flat))
        return false;
    cells = flat.values;
    for (uint32_t i = 0; i < view->count; i++)
        space->numbers[i] = cells[i].class_ == CLASS_NULL
                                ? 0
                                : cell_number(&cells[i], collation, mixed, &plan->partial);
    return true;
}

/* space->numbers[i] = number of row start + i of the column; of a NULL anything.  *view: the rows.
 * False: memory. */
static bool chunk_numbers(struct key_order *order, uint32_t column, uint32_t start,
                          struct vector *view)
{
    struct key_plan  *plan = &order->plans[column];
    struct key_space *space = order->space;
    uint32_t          n = chunk_rows(order->count, start);
    struct row_list   list = row_list_all(n);

    rowset_view(order->rows, column, start, n, space->valid, view);
    view->count = n;
    if (plan->domain.kind == ORDINAL_MIXED)
        return cells_numbers(order, plan, order->desc->keys[column].collation, view);
    ordinal_read(view, &plan->domain, &list, space->ordinals);
    if (plan->ranks == NULL)
        for (uint32_t i = 0; i < n; i++)
            space->numbers[i] = (uint64_t)space->ordinals[i] ^ UINT64_C(1) << 63;
    else
        for (uint32_t i = 0; i < n; i++)
            space->numbers[i] = vector_row_valid(view, i) ? plan->ranks[space->ordinals[i]] : 0;
    return true;
}

/* --- plan ---------------------------------------------------------------------------------------
 */
static struct ordinal_domain column_domain(const struct key_order *order, uint32_t column)
{
    struct ordinal_domain domain = {.kind = ORDINAL_NONE};

    for (uint32_t start = 0; start < order->count; start += VECTOR_CAP) {
        struct vector         view;
        struct ordinal_domain one;
        struct row_list       list = row_list_all(chunk_rows(order->count, start));

        rowset_view(order->rows, column, start, list.count, order->space->valid, &view);
        one = ordinal_domain_of(&view, &list);
        if (!ordinal_unify(&domain, &one, &domain))
            return (struct ordinal_domain){.kind = ORDINAL_MIXED};
    }
    return domain;
}

/* Codes are sorted by rank, or else as texts.  False: memory. */
static bool plan_ranks(const struct key_order *order, uint32_t column, struct key_plan *plan)
{
    struct dictionary *dictionary = (struct dictionary *)plan->domain.dictionary;
    uint32_t           entries;

    if (plan->domain.kind != ORDINAL_CODE)
        return true;
    entries = dictionary_count(dictionary);
    if (order->desc->keys[column].collation != COLLATION_BINARY ||
        entries / RANKED_ENTRIES_PER_ROW > order->count) {
        plan->domain = (struct ordinal_domain){.kind = ORDINAL_MIXED};
        return true;
    }
    plan->ranks = dictionary_ranks(dictionary, entries);
    return plan->ranks != NULL;
}

static void view_bounds(const struct vector *view, const uint64_t *numbers, struct key_plan *plan)
{
    if (view->shape == VECTOR_CONSTANT) { /* a column without any value */
        plan->nulls = true;
        return;
    }
    for (uint32_t i = 0; i < view->count; i++) {
        if (!vector_row_valid(view, i)) {
            plan->nulls = true;
            continue;
        }
        plan->any = true;
        plan->lo = numbers[i] < plan->lo ? numbers[i] : plan->lo;
        plan->hi = numbers[i] > plan->hi ? numbers[i] : plan->hi;
    }
}

static unsigned bit_length(uint64_t x)
{
    return x == 0 ? 0 : KEY_BITS - (unsigned)__builtin_clzll(x);
}

/* Makes the column's plan; at most `left` >= 2 bits.  False: memory. */
static bool plan_column(struct key_order *order, uint32_t column, unsigned left)
{
    struct key_plan *plan = &order->plans[column];
    uint64_t         most;

    *plan = (struct key_plan){.domain = column_domain(order, column), .lo = UINT64_MAX};
    if (!plan_ranks(order, column, plan))
        return false;
    for (uint32_t start = 0; start < order->count; start += VECTOR_CAP) {
        struct vector view;

        if (!chunk_numbers(order, column, start, &view))
            return false;
        view_bounds(&view, order->space->numbers, plan);
    }
    if (!plan->any) /* all alike: no digit */
        return true;
    for (most = plan->hi - plan->lo;; plan->drop++) {
        uint64_t top = most >> plan->drop;

        if ((top != UINT64_MAX || !plan->nulls) && bit_length(top + plan->nulls) <= left)
            break;
    }
    plan->bits = bit_length((most >> plan->drop) + plan->nulls);
    return true;
}

/* --- keys ---------------------------------------------------------------------------------------
 */
static uint64_t key_push(uint64_t key, unsigned bits, uint64_t digit)
{
    return bits == KEY_BITS ? digit : key << bits | digit;
}

static bool column_keys(struct key_order *order, uint32_t column, struct sort_record *records)
{
    const struct key_plan *plan = &order->plans[column];
    const struct sort_key *key = &order->desc->keys[column];
    uint64_t               first = plan->nulls && !key->nulls_last;
    uint64_t null_digit = key->nulls_last ? ((plan->hi - plan->lo) >> plan->drop) + 1 : 0;

    if (plan->bits == 0)
        return true;
    for (uint32_t start = 0; start < order->count; start += VECTOR_CAP) {
        const uint64_t     *numbers = order->space->numbers;
        struct sort_record *to = records + start;
        struct vector       view;

        if (!chunk_numbers(order, column, start, &view))
            return false;
        for (uint32_t i = 0; i < view.count; i++) {
            uint64_t digit = key->descending ? plan->hi - numbers[i] : numbers[i] - plan->lo;

            digit = vector_row_valid(&view, i) ? (digit >> plan->drop) + first : null_digit;
            to[i].key = key_push(to[i].key, plan->bits, digit);
        }
    }
    return true;
}

/* Rows with equal keys in order[0..count) that the key does not tell apart are sorted by cells. */
static enum status sort_ties(struct key_order *order, const struct sort_record *sorted,
                             uint32_t *rows, struct error *err)
{
    bool any = false;

    for (uint32_t i = 1; i < order->count && !any; i++)
        any = sorted[i].key == sorted[i - 1].key;
    if (!any)
        return STATUS_OK;
    return ties_order(order->rows, order->desc, order->memory, sorted, rows, err);
}

static enum status sort_keys(struct key_order *order, bool exact, struct sort_record *records,
                             struct sort_record *spare, uint32_t *rows, struct error *err)
{
    const struct sort_record *sorted;

    for (uint32_t row = 0; row < order->count; row++)
        records[row] = (struct sort_record){0, row};
    for (uint32_t c = 0; c < order->used; c++)
        if (!column_keys(order, c, records))
            return fail_nomem(err);
    sorted = records_sort(records, spare, order->count);
    for (uint32_t i = 0; i < order->count; i++)
        rows[i] = sorted[i].row;
    return exact ? STATUS_OK : sort_ties(order, sorted, rows, err);
}

/* Plans columns while there are bits; *exact: equal keys are equal rows. */
static bool plan_columns(struct key_order *order, bool *exact)
{
    unsigned left = KEY_BITS;

    *exact = true;
    for (order->used = 0; order->used < order->desc->key_count && *exact; order->used++) {
        struct key_plan *plan = &order->plans[order->used];

        if (left < 2) { /* a value and NULL take a bit each at least */
            *exact = false;
            break;
        }
        if (!plan_column(order, order->used, left))
            return false;
        left -= plan->bits;
        *exact = plan->drop == 0 && !plan->partial;
    }
    return true;
}

enum status keys_order(const struct rowset *rows, const struct sorter_desc *desc,
                       struct memory *memory, uint32_t *out, struct error *err)
{
    struct key_order order = {.rows = rows, .desc = desc, .memory = memory};
    size_t           plan_bytes = memory_product(desc->key_count + (size_t)1, sizeof *order.plans);
    size_t           record_bytes;
    struct sort_record *records, *spare;
    enum status         status;
    bool                exact;

    order.count = (uint32_t)rowset_count(rows);
    record_bytes = memory_product(order.count + (size_t)1, sizeof *records);
    order.space = memory_alloc(memory, sizeof *order.space);
    order.plans = memory_alloc(memory, plan_bytes);
    records = memory_alloc(memory, record_bytes);
    spare = memory_alloc(memory, record_bytes);
    if (order.space != NULL)
        arena_init(&order.space->texts, memory);
    if (order.space == NULL || order.plans == NULL || records == NULL || spare == NULL ||
        !plan_columns(&order, &exact))
        status = fail_nomem(err);
    else
        status = sort_keys(&order, exact, records, spare, out, err);
    if (order.space != NULL)
        arena_free(&order.space->texts);
    memory_free(memory, order.space, sizeof *order.space);
    memory_free(memory, order.plans, plan_bytes);
    memory_free(memory, records, record_bytes);
    memory_free(memory, spare, record_bytes);
    return status;
}
