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

enum { KEY_BITS = 64 };

struct key_plan {
    struct ordinal_domain domain;  /* ORDINAL_MIXED: prefixes of cells */
    const uint32_t       *ranks;   /* of the codes; NULL: none */
    uint64_t              lo, hi;  /* bounds of the column's numbers, which are unsigned here */
    bool                  any;     /* a row is not NULL */
    bool                  nulls;   /* a row may be NULL */
    bool                  partial; /* equal numbers may be unequal values */
    bool     mixed;      /* cells of several classes, told apart by two bits of the number */
    uint32_t offset;     /* of texts: bytes that all of them share at their start */
    unsigned drop, bits; /* low bits left out; bits of the digit */
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
static bool cells_numbers(struct key_order *order, struct key_plan *plan, enum collation collation,
                          const struct vector *view)
{
    struct key_space   *space = order->space;
    struct vector       flat;
    const struct value *cells;
    bool                mixed = view->type == PHYS_ANY;

    plan->mixed = mixed;
    arena_reset(&space->texts);
    if (!vector_decode(view, PHYS_ANY, NULL, &space->buffer, &space->texts, &flat))
        return false;
    cells = flat.values;
    for (uint32_t i = 0; i < view->count; i++)
        space->numbers[i] =
            cells[i].class_ == CLASS_NULL
                ? 0
                : cell_number(&cells[i], collation, mixed, plan->offset, &plan->partial);
    return true;
}

/* space->numbers[i] = number of row start + i of the column; of a NULL anything.  *view: the rows.
 * False: memory, or stopped. */
static bool chunk_numbers(struct key_order *order, uint32_t column, uint32_t start,
                          struct vector *view)
{
    struct key_plan  *plan = &order->plans[column];
    struct key_space *space = order->space;
    uint32_t          n = chunk_rows(order->count, start);
    struct row_list   list = row_list_all(n);

    if (memory_stopped(order->memory))
        return false;
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

        if (memory_stopped(order->memory))
            break;
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

/* plan->offset of a column of texts.  Under NOCASE bytes that differ in case count as different: a
 * shorter offset is right too; RTRIM takes 0, for its texts end where blanks begin.  False: memory.
 */
static bool plan_offset(struct key_order *order, uint32_t column, struct key_plan *plan)
{
    struct key_space *space = order->space;
    struct value      first = {.class_ = CLASS_NULL};
    uint32_t          shared = 0;
    bool              nocase = order->desc->keys[column].collation == COLLATION_NOCASE;

    if (order->desc->keys[column].collation == COLLATION_RTRIM)
        return true;
    for (uint32_t start = 0; start < order->count; start += VECTOR_CAP) {
        uint32_t            n = chunk_rows(order->count, start);
        struct vector       view, flat;
        const struct value *cells;

        if (memory_stopped(order->memory))
            return false;
        rowset_view(order->rows, column, start, n, space->valid, &view);
        if (view.type != PHYS_TEXT && view.type != PHYS_BLOB)
            return true;
        if (!vector_decode(&view, PHYS_ANY, NULL, &space->buffer, &space->texts, &flat))
            return false;
        cells = flat.values;
        for (uint32_t i = 0; i < n; i++) {
            if (cells[i].class_ == CLASS_NULL)
                continue;
            if (first.class_ == CLASS_NULL) {
                first = cells[i]; /* the rowset's or the dictionary's bytes */
                shared = first.bytes;
                if (nocase && first.class_ == CLASS_TEXT) /* which reads nothing behind a NUL */
                    shared = (uint32_t)strnlen(first.s, first.bytes);
            }
            shared = shared_bytes(&first, &cells[i], shared);
        }
        if (first.class_ != CLASS_NULL && shared == 0)
            return true;
    }
    plan->offset = shared;
    return true;
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
    if (plan->domain.kind == ORDINAL_MIXED && !plan_offset(order, column, plan))
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

/* Appends the column's digit to the keys, which stand `stride` bytes apart. */
static bool column_keys(struct key_order *order, uint32_t column, void *keys, size_t stride)
{
    const struct key_plan *plan = &order->plans[column];
    const struct sort_key *key = &order->desc->keys[column];
    uint64_t               first = plan->nulls && !key->nulls_last;
    uint64_t null_digit = key->nulls_last ? ((plan->hi - plan->lo) >> plan->drop) + 1 : 0;

    if (plan->bits == 0)
        return true;
    for (uint32_t start = 0; start < order->count; start += VECTOR_CAP) {
        const uint64_t *numbers = order->space->numbers;
        char           *to = (char *)keys + start * stride;
        struct vector   view;

        if (!chunk_numbers(order, column, start, &view))
            return false;
        for (uint32_t i = 0; i < view.count; i++) {
            uint64_t digit = key->descending ? plan->hi - numbers[i] : numbers[i] - plan->lo;

            digit = vector_row_valid(&view, i) ? (digit >> plan->drop) + first : null_digit;
            *(uint64_t *)(to + i * stride) =
                key_push(*(uint64_t *)(to + i * stride), plan->bits, digit);
        }
    }
    return true;
}

static enum status sort_ties(struct key_order *order, struct sort_record *sorted,
                             struct sort_record *spare, uint32_t *rows, struct error *err)
{
    struct text_key text = {.column = UINT32_MAX};
    uint32_t        last = order->used - 1;
    bool            any = order->used == 0;

    for (uint32_t i = 1; i < order->count && !any; i++)
        any = sorted[i].key == sorted[i - 1].key;
    if (!any)
        return STATUS_OK;
    /* texts of the last column in the key may go on; the columns before it are told apart */
    if (order->used > 0 && order->plans[last].domain.kind == ORDINAL_MIXED) {
        text.column = last;
        text.offset = order->plans[last].offset;
        /* a digit that lost bits is looked at again */
        if (order->plans[last].drop == 0 && !order->plans[last].mixed)
            text.offset += TEXT_PREFIX_BYTES;
    }
    return ties_order(order->rows, order->desc, &text, order->memory, sorted, spare, rows, err);
}

/* Where neighbours' keys, which tell everything, differ; key_at gives the i-th in order. */
#define LEVELS(key_at)                                                                             \
    do {                                                                                           \
        for (uint32_t i = 1; i < order->count; i++) {                                              \
            uint64_t differ = (key_at(i)) ^ (key_at(i - 1));                                       \
            levels->levels[i] =                                                                    \
                (uint8_t)((differ != 0) + (tail < KEY_BITS && differ >> tail != 0));               \
        }                                                                                          \
        levels->known = true;                                                                      \
    } while (0)

/* Bits of the key that the columns from `head` on have. */
static unsigned tail_bits(const struct key_order *order, uint32_t head)
{
    unsigned bits = 0;

    for (uint32_t c = head; c < order->used; c++)
        bits += order->plans[c].bits;
    return bits;
}

static void record_levels(const struct key_order *order, const struct sort_record *sorted,
                          struct sort_levels *levels)
{
    unsigned tail = tail_bits(order, levels->head);

#define KEY_AT(i) sorted[i].key
    LEVELS(KEY_AT);
#undef KEY_AT
}

static void word_levels(const struct key_order *order, const uint64_t *sorted, unsigned row_bits,
                        struct sort_levels *levels)
{
    unsigned tail = tail_bits(order, levels->head);

#define KEY_AT(i) sorted[i] >> row_bits
    LEVELS(KEY_AT);
#undef KEY_AT
}

/* Key and row in a record. */
static enum status sort_records(struct key_order *order, bool exact, struct sort_record *records,
                                struct sort_record *spare, struct sort_levels *levels,
                                uint32_t *rows, struct error *err)
{
    struct sort_record *sorted;

    for (size_t row = 0, end; (end = memory_piece(order->memory, row, order->count)) > row;)
        for (; row < end; row++)
            records[row] = (struct sort_record){0, (uint32_t)row};
    for (uint32_t c = 0; c < order->used; c++)
        if (!column_keys(order, c, &records->key, sizeof *records))
            return fail_nomem(err);
    sorted = records_sort(order->memory, records, spare, order->count);
    for (size_t i = 0, end; (end = memory_piece(order->memory, i, order->count)) > i;)
        for (; i < end; i++)
            rows[i] = sorted[i].row;
    TRY(memory_poll(order->memory, err));
    if (!exact)
        return sort_ties(order, sorted, sorted == records ? spare : records, rows, err);
    if (levels != NULL)
        record_levels(order, sorted, levels);
    return STATUS_OK;
}

/* Key and row in a word: row_bits for the row. */
static enum status sort_words(struct key_order *order, unsigned row_bits, uint64_t *words,
                              uint64_t *spare, struct sort_levels *levels, uint32_t *rows,
                              struct error *err)
{
    const uint64_t *sorted;

    if (!memory_zero(order->memory, words, order->count * sizeof *words))
        return fail_nomem(err);
    for (uint32_t c = 0; c < order->used; c++)
        if (!column_keys(order, c, words, sizeof *words))
            return fail_nomem(err);
    for (size_t row = 0, end; (end = memory_piece(order->memory, row, order->count)) > row;)
        for (; row < end; row++)
            words[row] = words[row] << row_bits | row;
    sorted = words_sort(order->memory, words, spare, order->count, row_bits);
    for (size_t i = 0, end; (end = memory_piece(order->memory, i, order->count)) > i;)
        for (; i < end; i++)
            rows[i] = (uint32_t)(sorted[i] & ((UINT64_C(1) << row_bits) - 1));
    if (levels != NULL)
        word_levels(order, sorted, row_bits, levels);
    return memory_poll(order->memory, err);
}

static enum status sort_keys(struct key_order *order, bool exact, struct sort_levels *levels,
                             uint32_t *rows, struct error *err)
{
    unsigned    key_bits = 0, row_bits = bit_length(order->count);
    size_t      bytes;
    void       *keys, *spare;
    bool        words;
    enum status status;

    for (uint32_t c = 0; c < order->used; c++)
        key_bits += order->plans[c].bits;
    words = exact && key_bits + row_bits <= KEY_BITS;
    bytes = memory_product(order->count + (size_t)1,
                           words ? sizeof(uint64_t) : sizeof(struct sort_record));
    keys = memory_alloc(order->memory, bytes);
    spare = memory_alloc(order->memory, bytes);
    status = keys == NULL || spare == NULL ? fail_nomem(err)
             : words ? sort_words(order, row_bits, keys, spare, levels, rows, err)
                     : sort_records(order, exact, keys, spare, levels, rows, err);
    memory_free(order->memory, keys, bytes);
    memory_free(order->memory, spare, bytes);
    return status;
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
                       struct memory *memory, struct sort_levels *levels, uint32_t *out,
                       struct error *err)
{
    struct key_order order = {.rows = rows, .desc = desc, .memory = memory};
    size_t           plan_bytes = memory_product(desc->key_count + (size_t)1, sizeof *order.plans);
    enum status      status;
    bool             exact;

    order.count = (uint32_t)rowset_count(rows);
    order.space = memory_alloc(memory, sizeof *order.space);
    order.plans = memory_alloc(memory, plan_bytes);
    if (order.space != NULL)
        arena_init(&order.space->texts, memory);
    if (order.space == NULL || order.plans == NULL || !plan_columns(&order, &exact))
        status = fail_nomem(err);
    else
        status = sort_keys(&order, exact, levels, out, err);
    if (order.space != NULL)
        arena_free(&order.space->texts);
    memory_free(memory, order.space, sizeof *order.space);
    memory_free(memory, order.plans, plan_bytes);
    return status;
}
