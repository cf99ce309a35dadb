/* window_keep.c - top-k per partition: rows whose rank is known to be beyond a bound are not
 * collected.
 *
 * Above the window a condition lets only rows pass whose row_number, rank or dense_rank is at most
 * k, and no other kind of call is computed: a row that k rows (dense_rank: k different keys) of its
 * partition come before changes nothing.  So each partition remembers the k best numbers of the
 * first order key so far.  What these cannot tell is collected: the condition is still evaluated.
 */
#include "vm/window_internal.h"

#include "vm/cells.h"
#include "vm/hash_table.h"
#include "vm/ordinal.h"

#include <math.h>
#include <string.h>

enum { KEEP_MOST = 4096, PREFETCH_AHEAD = 16 };

/* More numbers than this are remembered only while they are fewer than half of the rows. */
#define NUMBERS_ALWAYS (UINT64_C(1) << 20)

struct window_keep {
    struct memory        *memory;
    enum window_kind      kind;
    uint32_t              partition_columns, order_columns;
    struct sort_key       key;   /* the first of the order */
    uint32_t              limit; /* 0: all rows are collected */
    struct hash_table    *partitions;
    uint64_t              rows; /* seen */
    struct ordinal_domain domain;
    uint32_t              entries; /* CODE: of the dictionary, whose ranks the numbers are */
    /* [capacity * limit]: of each partition the best numbers, a heap with the worst of them on top;
     * INT64_MAX: none yet */
    int64_t         *best;
    uint32_t         count, capacity;
    uint32_t         numbers[VECTOR_CAP];
    int64_t          ordinals[VECTOR_CAP];
    uint64_t         nulls[VECTOR_WORDS], kept[VECTOR_WORDS];
    uint16_t         list[VECTOR_CAP];
    struct selection sel;
};

/* --- lifetime -----------------------------------------------------------------------------------
 */
enum status window_keep_new(struct memory *memory, const struct window_desc *desc,
                            struct window_keep **out, struct error *err)
{
    uint32_t            partitions = desc->partition_count;
    struct window_keep *keep = memory_alloc(memory, sizeof *keep);
    uint8_t            *collations = memory_alloc(memory, partitions + (size_t)1);
    enum status         status = STATUS_OK;

    *out = NULL;
    if (keep == NULL || collations == NULL) {
        memory_free(memory, keep, sizeof *keep);
        memory_free(memory, collations, partitions + (size_t)1);
        return fail_nomem(err);
    }
    memset(keep, 0, offsetof(struct window_keep, numbers)); /* the rest is work space */
    keep->memory = memory;
    keep->kind = desc->keep_kind;
    keep->partition_columns = partitions;
    keep->order_columns = desc->sort.key_count - partitions;
    if (keep->order_columns > 0)
        keep->key = desc->sort.keys[partitions];
    for (uint32_t i = 0; i < partitions; i++)
        collations[i] = (uint8_t)desc->sort.keys[i].collation;
    if (partitions > 0)
        status = hash_table_new(memory, partitions, collations, &keep->partitions, err);
    memory_free(memory, collations, partitions + (size_t)1);
    if (status == STATUS_OK)
        *out = keep;
    else
        window_keep_free(keep);
    return status;
}

static void domain_hold(struct window_keep *keep, const struct ordinal_domain *domain)
{
    if (domain->dictionary != NULL)
        dictionary_ref((struct dictionary *)domain->dictionary);
    if (keep->domain.dictionary != NULL)
        dictionary_unref((struct dictionary *)keep->domain.dictionary);
    keep->domain = *domain;
}

static void best_drop(struct window_keep *keep)
{
    memory_free(keep->memory, keep->best,
                (size_t)keep->capacity * keep->limit * sizeof *keep->best);
    keep->best = NULL;
    keep->count = keep->capacity = 0;
}

void window_keep_free(struct window_keep *keep)
{
    static const struct ordinal_domain none;

    if (keep == NULL)
        return;
    best_drop(keep);
    domain_hold(keep, &none);
    hash_table_free(keep->partitions);
    memory_free(keep->memory, keep, sizeof *keep);
}

/* How many ranks pass the bound; 0: too many to be worth it, or all. */
static uint32_t ranks_within(const struct value *bound, bool strict)
{
    double most;

    if (bound->class_ != CLASS_INTEGER && bound->class_ != CLASS_REAL)
        return 0;
    most = bound->class_ == CLASS_INTEGER ? (double)bound->i : bound->r;
    most = strict ? ceil(most) - 1 : floor(most);
    return most >= 1 && most <= KEEP_MOST ? (uint32_t)most : 0;
}

void window_keep_start(struct window_keep *keep, const struct value *bound, bool strict)
{
    static const struct ordinal_domain none;

    best_drop(keep);
    domain_hold(keep, &none);
    keep->rows = 0;
    keep->entries = 0;
    keep->limit = ranks_within(bound, strict);
    if (keep->partitions != NULL)
        hash_table_clear(keep->partitions);
}

/* --- numbers of the order key -------------------------------------------------------------------
 */
/* Room for so many partitions, the new ones without numbers. */
static enum status best_reserve(struct window_keep *keep, uint32_t count, struct error *err)
{
    size_t bytes = keep->limit * sizeof *keep->best;

    if (count > keep->capacity) {
        uint64_t capacity = keep->capacity < 64 ? 64 : keep->capacity * UINT64_C(2);
        int64_t *best;

        capacity = capacity < count ? count : capacity > UINT32_MAX ? UINT32_MAX : capacity;
        best = memory_realloc(keep->memory, keep->best, keep->capacity * bytes,
                              memory_product(capacity, bytes));
        if (best == NULL)
            return fail_nomem(err);
        keep->best = best;
        keep->capacity = (uint32_t)capacity;
    }
    for (size_t i = (size_t)keep->count * keep->limit; i < (size_t)count * keep->limit; i++)
        keep->best[i] = INT64_MAX;
    keep->count = count > keep->count ? count : keep->count;
    return STATUS_OK;
}

/* Makes what is remembered numbers of the domain. */
static void best_convert(struct window_keep *keep, const struct ordinal_domain *to)
{
    int64_t flip = keep->key.descending ? -1 : 0;

    if (keep->domain.kind == ORDINAL_NONE || ordinal_same(&keep->domain, to))
        return;
    for (size_t i = 0; i < (size_t)keep->count * keep->limit; i++)
        if (keep->best[i] != INT64_MAX)
            keep->best[i] = ordinal_convert(&keep->domain, keep->best[i] ^ flip, to) ^ flip;
}

/* ordinals[k]: smaller is better.  False: the order key has values without such numbers. */
static enum status numbers_read(struct window_keep *keep, const struct vector *v,
                                const struct row_list *rows, bool *fits, struct error *err)
{
    struct ordinal_domain domain = ordinal_domain_of(v, rows), next;
    const uint32_t       *ranks = NULL;

    *fits = ordinal_unify(&keep->domain, &domain, &next) &&
            (next.kind != ORDINAL_CODE || keep->key.collation == COLLATION_BINARY);
    if (!*fits || next.kind == ORDINAL_NONE)
        return STATUS_OK;
    best_convert(keep, &next);
    domain_hold(keep, &next);
    if (domain.kind == ORDINAL_NONE)
        return STATUS_OK;
    ordinal_read(v, &next, rows, keep->ordinals);
    if (next.kind == ORDINAL_CODE) { /* a dictionary that grows changes its ranks */
        struct dictionary *dictionary = (struct dictionary *)next.dictionary;
        uint32_t           entries = dictionary_count(dictionary);

        *fits = keep->entries == 0 || keep->entries == entries;
        keep->entries = entries;
        ranks = dictionary_ranks(dictionary, entries);
        if (ranks == NULL)
            return fail_nomem(err);
        for (uint32_t k = 0; k < rows->count; k++)
            keep->ordinals[k] = ranks[keep->ordinals[k]];
    }
    if (keep->key.descending)
        for (uint32_t k = 0; k < rows->count; k++)
            keep->ordinals[k] = ~keep->ordinals[k];
    return STATUS_OK;
}

/* --- rows ---------------------------------------------------------------------------------------
 */
/* best[0..limit) takes the number for the worst, which is greater. */
static void best_replace(int64_t *best, uint32_t limit, int64_t number)
{
    uint32_t at = 0;

    for (uint32_t child; (child = 2 * at + 1) < limit; at = child) {
        child += child + 1 < limit && best[child + 1] > best[child];
        if (best[child] <= number)
            break;
        best[at] = best[child];
    }
    best[at] = number;
}

static bool best_has(const int64_t *best, uint32_t limit, int64_t number)
{
    for (uint32_t i = 0; i < limit; i++)
        if (best[i] == number)
            return true;
    return false;
}

/* The rows, none NULL, that may be within the bound; nulls: these are, without being counted. */
static void rows_keep(struct window_keep *keep, const struct row_list *rows, bool nulls)
{
    uint32_t limit = keep->limit;
    bool     distinct = keep->kind == WINDOW_DENSE_RANK;
    /* of rows with equal keys row_number counts the first ones */
    bool first = keep->kind == WINDOW_ROW_NUMBER && keep->order_columns <= 1;

    for (uint32_t k = 0; k < rows->count; k++) {
        uint16_t row = rows->rows[k];
        int64_t  number = keep->ordinals[k];
        int64_t *best = keep->best + (size_t)keep->numbers[k] * limit;
        int64_t  worst = best[0];

        if (k + PREFETCH_AHEAD < rows->count)
            __builtin_prefetch(keep->best + (size_t)keep->numbers[k + PREFETCH_AHEAD] * limit);
        if (nulls && bits_get(keep->nulls, row)) {
            bits_set(keep->kept, row);
            continue;
        }
        if (number > worst || (first && number == worst && worst != INT64_MAX))
            continue;
        bits_set(keep->kept, row);
        if (number < worst && !(distinct && best_has(best, limit, number)))
            best_replace(best, limit, number);
    }
}

/* Rows are collected from here on. */
static void keep_stop(struct window_keep *keep)
{
    best_drop(keep);
    keep->limit = 0;
    if (keep->partitions != NULL)
        hash_table_clear(keep->partitions);
}

static bool key_nulls(struct window_keep *keep, const struct vector *v, const struct selection *sel)
{
    memset(keep->nulls, 0, bits_words(sel->rows) * sizeof *keep->nulls);
    vector_null_rows(v, sel, keep->nulls);
    return bits_next(keep->nulls, 0, sel->rows) < sel->rows;
}

enum status window_keep_rows(struct window_keep *keep, const struct vector *const *columns,
                             const struct selection **sel, struct error *err)
{
    struct row_list rows = row_list_of(*sel, keep->list);
    bool            fits = true, nulls = false;
    uint32_t        partitions = 1;

    if (keep->limit == 0 || rows.count == 0)
        return STATUS_OK;
    if (keep->order_columns == 0)
        memset(keep->ordinals, 0, rows.count * sizeof *keep->ordinals);
    else
        TRY(numbers_read(keep, columns[keep->partition_columns], &rows, &fits, err));
    if (!fits) {
        keep_stop(keep);
        return STATUS_OK;
    }
    if (keep->order_columns > 0)
        nulls = key_nulls(keep, columns[keep->partition_columns], *sel);
    if (keep->partitions == NULL) {
        memset(keep->numbers, 0, rows.count * sizeof *keep->numbers);
    } else {
        TRY(hash_table_add(keep->partitions, columns, *sel, keep->numbers, err));
        partitions = hash_table_count(keep->partitions);
    }
    keep->rows += rows.count;
    if ((uint64_t)partitions * keep->limit > NUMBERS_ALWAYS &&
        (uint64_t)partitions * keep->limit > keep->rows / 2) {
        keep_stop(keep); /* partitions of few rows: hardly one would be dropped */
        return STATUS_OK;
    }
    TRY(best_reserve(keep, partitions, err));
    memset(keep->kept, 0, bits_words((*sel)->rows) * sizeof *keep->kept);
    rows_keep(keep, &rows, nulls);
    selection_bits(&keep->sel, (*sel)->rows, keep->kept);
    *sel = &keep->sel;
    return STATUS_OK;
}
