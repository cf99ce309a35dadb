/* hash_table_wide.c - the tier of hash tables whose keys are a few words. */
#include "vm/hash_table_wide.h"

#include "base/hash.h"
#include "vm/cells.h"
#include "vm/hash_table.h"
#include "vm/radix_sort.h"

#include <assert.h>
#include <string.h>

enum { SLOTS_MIN = 64, KEYS_MIN = 64, PREFETCH_AHEAD = 16, KEPT_BYTES_MAX = 4 << 20 };

/* --- lifetime -----------------------------------------------------------------------------------
 */
static size_t batch_bytes(const struct wide_table *table)
{
    return memory_product(VECTOR_CAP * sizeof(uint64_t), table->width);
}

static size_t words_bytes(const struct wide_table *table, uint64_t keys)
{
    return memory_product(keys, table->width * sizeof(uint64_t));
}

enum status wide_init(struct wide_table *table, struct memory *memory, uint32_t columns,
                      struct error *err)
{
    assert(columns <= WIDE_COLUMNS_MAX);
    *table = (struct wide_table){.memory = memory, .columns = columns, .width = columns + 1};
    table->domains = memory_zalloc(memory, columns * sizeof *table->domains);
    table->batch = memory_alloc(memory, batch_bytes(table));
    table->hashes = memory_alloc(memory, VECTOR_CAP * sizeof *table->hashes);
    table->ordinals = memory_alloc(memory, VECTOR_CAP * sizeof *table->ordinals);
    if (table->domains == NULL || table->batch == NULL || table->hashes == NULL ||
        table->ordinals == NULL) {
        wide_free(table);
        return fail_nomem(err);
    }
    return STATUS_OK;
}

static void domains_drop(struct wide_table *table)
{
    static const struct ordinal_domain none;

    for (uint32_t c = 0; table->domains != NULL && c < table->columns; c++)
        ordinal_domain_hold(&table->domains[c], &none);
}

void wide_free(struct wide_table *table)
{
    struct memory *memory = table->memory;

    domains_drop(table);
    memory_free(memory, table->domains, table->columns * sizeof *table->domains);
    memory_free(memory, table->slots, table->slot_count * sizeof *table->slots);
    memory_free(memory, table->words, words_bytes(table, table->capacity));
    memory_free(memory, table->batch, batch_bytes(table));
    memory_free(memory, table->hashes, VECTOR_CAP * sizeof *table->hashes);
    memory_free(memory, table->ordinals, VECTOR_CAP * sizeof *table->ordinals);
    *table = (struct wide_table){.memory = memory};
}

void wide_clear(struct wide_table *table)
{
    if (table->slot_count * sizeof *table->slots > KEPT_BYTES_MAX) { /* may not be used again */
        memory_free(table->memory, table->slots, table->slot_count * sizeof *table->slots);
        table->slots = NULL;
        table->slot_count = 0;
    }
    if (table->slots != NULL && table->count > 0)
        memset(table->slots, 0, table->slot_count * sizeof *table->slots);
    table->count = 0;
    domains_drop(table);
}

void wide_trim(struct wide_table *table)
{
    memory_free(table->memory, table->slots, table->slot_count * sizeof *table->slots);
    memory_free(table->memory, table->words, words_bytes(table, table->capacity));
    table->slots = NULL;
    table->words = NULL;
    table->slot_count = 0;
    table->count = table->capacity = 0;
}

size_t wide_bytes(const struct wide_table *table)
{
    return table->slot_count * sizeof *table->slots + words_bytes(table, table->capacity);
}

/* --- room ---------------------------------------------------------------------------------------
 */
static inline uint64_t key_hash(const uint64_t *key, uint32_t width)
{
    uint64_t hash = key[0];

    for (uint32_t i = 1; i < width; i++)
        hash = hash_combine(hash, key[i]);
    return hash;
}

static inline uint64_t hash_tag(uint64_t hash)
{
    return hash & ~(uint64_t)UINT32_MAX;
}

static enum status slots_make(struct wide_table *table, uint64_t count, struct error *err)
{
    uint64_t *slots = memory_zalloc(table->memory, memory_product(count, sizeof *slots));

    if (slots == NULL)
        return fail_nomem(err);
    for (uint32_t n = 0; n < table->count; n++) {
        uint64_t hash = key_hash(table->words + (size_t)n * table->width, table->width);
        uint64_t i = hash & (count - 1);

        if (n % INTERRUPT_ROWS == 0 && memory_stopped(table->memory)) {
            memory_free(table->memory, slots, count * sizeof *slots);
            return memory_poll(table->memory, err);
        }
        while (slots[i] != 0)
            i = (i + 1) & (count - 1);
        slots[i] = hash_tag(hash) | (n + UINT64_C(1));
    }
    memory_free(table->memory, table->slots, table->slot_count * sizeof *slots);
    table->slots = slots;
    table->slot_count = count;
    return STATUS_OK;
}

static enum status wide_reserve(struct wide_table *table, uint32_t more, struct error *err)
{
    uint64_t need = table->count + (uint64_t)more, capacity = table->capacity * UINT64_C(2);
    uint64_t slots = table->slot_count < SLOTS_MIN ? SLOTS_MIN : table->slot_count;

    if (need >= HASH_ABSENT)
        return fail(err, STATUS_NOMEM, "more than %u keys in a hash table", HASH_ABSENT - 1);
    if (need > table->capacity) {
        uint64_t *words;

        capacity = capacity < KEYS_MIN ? KEYS_MIN : capacity;
        capacity = capacity < need ? need : capacity > HASH_ABSENT ? HASH_ABSENT : capacity;
        words = memory_realloc(table->memory, table->words, words_bytes(table, table->capacity),
                               words_bytes(table, capacity));
        if (words == NULL)
            return fail_nomem(err);
        table->words = words;
        table->capacity = (uint32_t)capacity;
    }
    while (slots < need * 2)
        slots *= 2;
    return slots == table->slot_count ? STATUS_OK : slots_make(table, slots, err);
}

/* --- batches ------------------------------------------------------------------------------------
 */
/* False: the rows have no words here.  keep: open domains become those of the rows. */
static bool domains_take(struct wide_table *table, const struct vector *const *columns,
                         const bool *binary, const struct row_list *rows, bool keep)
{
    for (uint32_t c = 0; c < table->columns; c++) {
        struct ordinal_domain domain = ordinal_domain_of(columns[c], rows);

        if (domain.kind == ORDINAL_MIXED || (domain.kind == ORDINAL_CODE && !binary[c]))
            return false;
        if (domain.kind == ORDINAL_NONE || ordinal_same(&domain, &table->domains[c]))
            continue;
        /* a DEC is read as REAL where REALs are kept */
        if (domain.kind == ORDINAL_DEC && !domain.whole_int &&
            table->domains[c].kind == ORDINAL_REAL)
            continue;
        if (!keep || table->domains[c].kind != ORDINAL_NONE)
            return false;
        ordinal_domain_hold(&table->domains[c], &domain);
    }
    return true;
}

static void batch_words(struct wide_table *table, const struct vector *const *columns,
                        const struct selection *sel, const struct row_list *rows)
{
    uint32_t  width = table->width;
    uint64_t *batch = table->batch;

    for (uint32_t k = 0; k < rows->count; k++)
        batch[(size_t)k * width] = 0;
    for (uint32_t c = 0; c < table->columns; c++) {
        size_t words = bits_words(sel->rows);

        memset(table->nulls, 0, words * sizeof *table->nulls);
        vector_null_rows(columns[c], sel, table->nulls);
        if (table->domains[c].kind == ORDINAL_NONE) /* all rows are NULL */
            memset(table->ordinals, 0, rows->count * sizeof *table->ordinals);
        else if (ordinal_domain_of(columns[c], rows).kind != ORDINAL_NONE)
            ordinal_read(columns[c], &table->domains[c], rows, table->ordinals);
        for (uint32_t k = 0; k < rows->count; k++) {
            uint64_t null = bits_get(table->nulls, rows->rows[k]);

            batch[(size_t)k * width] |= null << c;
            batch[(size_t)k * width + 1 + c] = null ? 0 : (uint64_t)table->ordinals[k];
        }
    }
    for (uint32_t k = 0; k < rows->count; k++)
        table->hashes[k] = key_hash(batch + (size_t)k * width, width);
}

/* The slot of the k-th row's key, or the empty one where it belongs. */
static inline uint64_t row_slot(const struct wide_table *table, uint32_t k)
{
    const uint64_t *key = table->batch + (size_t)k * table->width;
    uint64_t        mask = table->slot_count - 1, hash = table->hashes[k], i = hash & mask, slot;

    while ((slot = table->slots[i]) != 0) {
        if (hash_tag(slot) == hash_tag(hash) &&
            memcmp(table->words + (size_t)((uint32_t)slot - 1) * table->width, key,
                   table->width * sizeof *key) == 0)
            break;
        i = (i + 1) & mask;
    }
    return i;
}

static inline void prefetch_slot(const struct wide_table *table, uint32_t k, uint32_t count)
{
    if (k < count)
        __builtin_prefetch(&table->slots[table->hashes[k] & (table->slot_count - 1)]);
}

enum status wide_add(struct wide_table *table, const struct vector *const *columns,
                     const bool *binary, const struct selection *sel, uint32_t *numbers, bool *fits,
                     struct error *err)
{
    struct row_list rows = row_list_of(sel, table->list);
    size_t          key_bytes = table->width * sizeof(uint64_t);

    *fits = domains_take(table, columns, binary, &rows, true);
    if (!*fits)
        return STATUS_OK;
    TRY(wide_reserve(table, rows.count, err));
    batch_words(table, columns, sel, &rows);
    for (uint32_t k = 0; k < rows.count; k++) {
        uint64_t i;

        prefetch_slot(table, k + PREFETCH_AHEAD, rows.count);
        i = row_slot(table, k);
        if (table->slots[i] == 0) {
            memcpy(table->words + (size_t)table->count * table->width,
                   table->batch + (size_t)k * table->width, key_bytes);
            table->slots[i] = hash_tag(table->hashes[k]) | ++table->count;
        }
        numbers[k] = (uint32_t)table->slots[i] - 1;
    }
    return STATUS_OK;
}

void wide_find(struct wide_table *table, const struct vector *const *columns, const bool *binary,
               const struct selection *sel, uint32_t *numbers, bool *fits)
{
    struct row_list rows = row_list_of(sel, table->list);

    *fits = domains_take(table, columns, binary, &rows, false);
    if (!*fits)
        return;
    batch_words(table, columns, sel, &rows);
    for (uint32_t k = 0; k < rows.count; k++) {
        prefetch_slot(table, k + PREFETCH_AHEAD, rows.count);
        numbers[k] = (uint32_t)table->slots[row_slot(table, k)] - 1;
    }
}

/* --- keys ---------------------------------------------------------------------------------------
 */
void wide_keys(const struct wide_table *table, uint32_t column, const uint32_t *numbers,
               uint32_t count, struct vector_buffer *buffer, struct vector *out)
{
    int64_t *ordinals = (int64_t *)buffer->values;
    bool     has_null = false;

    memset(buffer->valid, 0, bits_words(count) * sizeof *buffer->valid);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t *key = table->words + (size_t)numbers[i] * table->width;
        uint64_t        null = key[0] >> column & 1;

        ordinals[i] = (int64_t)key[1 + column];
        buffer->valid[i / 64] |= (null ^ 1) << (i % 64);
        has_null = has_null || null;
    }
    ordinal_vector(&table->domains[column], buffer, count, has_null, 1, 0, out);
}

/* Sorts order, which is sorted by the columns behind it, by one column: NULL first. */
static enum status order_column(struct wide_table *table, uint32_t column,
                                struct sort_record *records, struct sort_record *spare,
                                uint32_t *order, struct error *err)
{
    const struct ordinal_domain *domain = &table->domains[column];
    const uint32_t              *ranks = NULL;
    const struct sort_record    *sorted;
    uint32_t                     n = 0, nulls = 0;

    if (domain->kind == ORDINAL_CODE) {
        struct dictionary *dictionary = (struct dictionary *)domain->dictionary;

        ranks = dictionary_ranks(dictionary, dictionary_count(dictionary));
        if (ranks == NULL)
            return fail_nomem(err);
    }
    for (uint32_t i = 0; i < table->count; i++) {
        const uint64_t *key = table->words + (size_t)order[i] * table->width;
        uint64_t        word = key[1 + column];

        if ((key[0] >> column & 1) != 0)
            order[nulls++] = order[i];
        else
            records[n++] = (struct sort_record){
                ranks != NULL ? ranks[word] : word ^ UINT64_C(1) << 63, order[i]};
    }
    sorted = records_sort(table->memory, records, spare, n);
    for (uint32_t i = 0; i < n; i++)
        order[nulls + i] = sorted[i].row;
    return memory_poll(table->memory, err);
}

enum status wide_order(struct wide_table *table, uint32_t *order, struct error *err)
{
    size_t bytes = memory_product(table->count + (size_t)1, sizeof(struct sort_record));
    struct sort_record *records = memory_alloc(table->memory, bytes);
    struct sort_record *spare = memory_alloc(table->memory, bytes);
    enum status         status = STATUS_OK;

    if (records == NULL || spare == NULL)
        status = fail_nomem(err);
    for (uint32_t n = 0; n < table->count; n++)
        order[n] = n;
    for (uint32_t c = table->columns; status == STATUS_OK && c-- > 0;)
        status = order_column(table, c, records, spare, order, err);
    memory_free(table->memory, records, bytes);
    memory_free(table->memory, spare, bytes);
    return status;
}
