/* hash_table_packed.c - the tier of hash tables whose keys are 64-bit codes. */
#include "vm/hash_table_packed.h"

#include "base/hash.h"
#include "vm/cells.h"
#include "vm/hash_table.h"

#include <assert.h>
#include <string.h>

/* An index that is cleared stays up to this size. */
enum { KEPT_BYTES_MAX = 4 << 20 };
enum { SLOTS_MIN = 64, KEYS_MIN = 64, PREFETCH_AHEAD = 32 };

/* So many slots of 8 may be taken. */
enum { SLOTS_FULL = 5 };

/* An array over the domain costs 4 bytes a code: at once when it is small, later when the rows seen
 * are many enough that making it is cheap beside hashing them. */
#define DIRECT_ALWAYS (UINT64_C(1) << 16)
#define DIRECT_MAX (UINT64_C(1) << 27)
enum { DIRECT_CODES_PER_ROW = 16 };

/* Bits for finding may always have so many words, or a multiple of the slots' memory.  An array
 * over the domain is left alone when it is small or one code in so many is a key. */
#define RANK_WORDS_ALWAYS (UINT64_C(1) << 15)
#define DIRECT_CODES_IN_CACHE (UINT64_C(1) << 13)
enum { RANKS_PER_SLOTS = 4, DIRECT_CODES_PER_KEY = 16 };

struct packed_plan { /* of a column in a batch */
    struct ordinal_domain domain;
    int64_t               lo, hi;
    bool                  any; /* a row is not NULL: domain and bounds hold */
};
struct packed_work {
    int64_t             ordinals[VECTOR_CAP];
    uint64_t            codes[VECTOR_CAP];
    uint32_t            slots[VECTOR_CAP];
    uint8_t             absent[VECTOR_CAP];
    uint64_t            nulls[VECTOR_WORDS];
    uint16_t            list[VECTOR_CAP];
    struct packed_plan *plans; /* [columns] */
};

/* --- lifetime -----------------------------------------------------------------------------------
 */
enum status packed_init(struct packed_table *table, struct memory *memory, uint32_t columns,
                        struct error *err)
{
    *table = (struct packed_table){.memory = memory, .columns = columns};
    table->null_number = HASH_ABSENT;
    table->domain = 1;
    table->layout = memory_zalloc(memory, memory_product(columns, sizeof *table->layout));
    table->work = memory_alloc(memory, sizeof *table->work);
    if (table->work != NULL)
        table->work->plans =
            memory_zalloc(memory, memory_product(columns, sizeof *table->work->plans));
    if (table->layout == NULL || table->work == NULL || table->work->plans == NULL) {
        packed_free(table);
        return fail_nomem(err);
    }
    return STATUS_OK;
}

/* What was made of the keys that are there. */
static void ranks_drop(struct packed_table *table)
{
    struct packed_ranks *ranks = &table->ranks;

    packed_sorted_drop(table);

    memory_free(table->memory, ranks->bits, ranks->words * sizeof *ranks->bits);
    memory_free(table->memory, ranks->before, ranks->words * sizeof *ranks->before);
    memory_free(table->memory, ranks->numbers, ranks->count * sizeof *ranks->numbers);
    *ranks = (struct packed_ranks){.words = 0};
    table->found = 0;
}

static void index_drop(struct packed_table *table)
{
    ranks_drop(table);
    memory_free(table->memory, table->direct, table->direct_count * sizeof *table->direct);
    memory_free(table->memory, table->slots, table->slot_count * sizeof *table->slots);
    table->direct = NULL;
    table->slots = NULL;
    table->direct_count = table->slot_count = 0;
}

static void layout_drop(struct packed_table *table)
{
    static const struct ordinal_domain none;

    for (uint32_t c = 0; table->layout != NULL && c < table->columns; c++) {
        ordinal_domain_hold(&table->layout[c].domain, &none);
        table->layout[c] = (struct packed_column){.span = 0};
    }
    table->raw = false;
    table->domain = 1;
}

void packed_free(struct packed_table *table)
{
    index_drop(table);
    layout_drop(table);
    memory_free(table->memory, table->codes, table->capacity * sizeof *table->codes);
    memory_free(table->memory, table->layout, table->columns * sizeof *table->layout);
    if (table->work != NULL)
        memory_free(table->memory, table->work->plans, table->columns * sizeof *table->work->plans);
    memory_free(table->memory, table->work, sizeof *table->work);
    *table = (struct packed_table){.memory = NULL};
}

void packed_clear(struct packed_table *table)
{
    ranks_drop(table);
    /* the next use may be none, or smaller */
    if (table->direct_count * sizeof *table->direct > KEPT_BYTES_MAX ||
        table->slot_count * sizeof *table->slots > KEPT_BYTES_MAX)
        index_drop(table);
    /* few keys in a large array: taking them out is cheaper than clearing it */
    if (table->direct != NULL && table->count < table->direct_count / 16)
        for (uint32_t n = 0; n < table->count; n++)
            table->direct[table->codes[n]] = 0;
    else if (table->direct != NULL)
        memset(table->direct, 0, table->direct_count * sizeof *table->direct);
    if (table->slots != NULL && table->count > 0)
        memset(table->slots, 0, table->slot_count * sizeof *table->slots);
    table->count = 0;
    table->rows = 0;
    table->expected = 0;
    table->null_number = HASH_ABSENT;
}

void packed_trim(struct packed_table *table)
{
    index_drop(table);
    memory_free(table->memory, table->codes, table->capacity * sizeof *table->codes);
    table->codes = NULL;
    table->count = table->capacity = 0;
    table->null_number = HASH_ABSENT;
}

size_t packed_bytes(const struct packed_table *table)
{
    return table->direct_count * sizeof *table->direct + table->slot_count * sizeof *table->slots +
           table->capacity * sizeof *table->codes +
           table->ranks.words * (sizeof *table->ranks.bits + sizeof *table->ranks.before) +
           table->ranks.count * sizeof *table->ranks.numbers;
}

/* --- index --------------------------------------------------------------------------------------
 */
/* The slot where a search begins: the high bits of the hash, so that slots are in the order of the
 * hashes, however many there are. */
static inline uint64_t code_home(uint64_t mask, uint64_t code)
{
    return hash_u64(code) >> __builtin_clzll(mask);
}

static inline uint64_t code_slot(const struct packed_slot *slots, uint64_t mask, uint64_t code)
{
    uint64_t i = code_home(mask, code);

    while (slots[i].number != 0 && slots[i].code != code)
        i = (i + 1) & mask;
    return i;
}

/* The keys in old slots move to more of them: both are walked in order. */
static enum status slots_spread(struct packed_table *table, struct packed_slot *slots,
                                uint64_t count, struct error *err)
{
    for (uint64_t from = 0; from < table->slot_count; from++) {
        struct packed_slot slot = table->slots[from];

        if (from % INTERRUPT_ROWS == 0)
            TRY(memory_poll(table->memory, err));
        if (slot.number != 0)
            slots[code_slot(slots, count - 1, slot.code)] = slot;
    }
    return STATUS_OK;
}

static enum status slots_fill(struct packed_table *table, struct packed_slot *slots, uint64_t count,
                              struct error *err)
{
    for (uint32_t n = 0; n < table->count; n++) {
        if (n % INTERRUPT_ROWS == 0)
            TRY(memory_poll(table->memory, err));
        if (n != table->null_number)
            slots[code_slot(slots, count - 1, table->codes[n])] =
                (struct packed_slot){table->codes[n], n + 1};
    }
    return STATUS_OK;
}

static enum status slots_make(struct packed_table *table, uint64_t count, struct error *err)
{
    struct packed_slot *slots = memory_zalloc(table->memory, memory_product(count, sizeof *slots));
    enum status         status;

    if (slots == NULL)
        return fail_nomem(err);
    status = table->slots != NULL ? slots_spread(table, slots, count, err)
                                  : slots_fill(table, slots, count, err);
    index_drop(table);
    table->slots = slots;
    table->slot_count = count;
    return status;
}

static enum status direct_make(struct packed_table *table, struct error *err)
{
    uint32_t *direct = memory_zalloc(table->memory, memory_product(table->domain, sizeof *direct));

    if (direct == NULL)
        return fail_nomem(err);
    index_drop(table);
    table->direct = direct;
    table->direct_count = table->domain;
    for (size_t n = 0, end; (end = memory_piece(table->memory, n, table->count)) > n;)
        for (; n < end; n++)
            direct[table->codes[n]] = (uint32_t)n + 1;
    return memory_poll(table->memory, err);
}

static bool direct_pays(const struct packed_table *table, uint32_t more)
{
    return !table->raw && (table->domain <= DIRECT_ALWAYS ||
                           (table->domain <= DIRECT_MAX &&
                            table->domain <= (table->rows + more) * DIRECT_CODES_PER_ROW));
}

static enum status codes_reserve(struct packed_table *table, uint32_t more, struct error *err)
{
    uint64_t  need = table->count + (uint64_t)more, capacity = table->capacity * UINT64_C(2);
    uint64_t *codes;

    if (need <= table->capacity)
        return STATUS_OK;
    if (need >= HASH_ABSENT)
        return fail(err, STATUS_NOMEM, "more than %u keys in a hash table", HASH_ABSENT - 1);
    capacity = capacity < KEYS_MIN ? KEYS_MIN : capacity;
    capacity = capacity < need ? need : capacity > HASH_ABSENT ? HASH_ABSENT : capacity;
    codes = memory_realloc(table->memory, table->codes, table->capacity * sizeof *codes,
                           memory_product(capacity, sizeof *codes));
    if (codes == NULL)
        return fail_nomem(err);
    table->codes = codes;
    table->capacity = (uint32_t)capacity;
    return STATUS_OK;
}

/* Room for more keys, and the index that suits the domain and the rows seen. */
static enum status packed_reserve(struct packed_table *table, uint32_t more, struct error *err)
{
    uint64_t slots = table->slot_count < SLOTS_MIN ? SLOTS_MIN : table->slot_count;

    if (table->expected > table->rows + more)
        more = (uint32_t)(table->expected - table->rows);
    TRY(codes_reserve(table, more, err));
    if (table->direct != NULL)
        return STATUS_OK;
    if (direct_pays(table, more))
        return direct_make(table, err);
    while (slots * SLOTS_FULL / 8 < table->count + (uint64_t)more)
        slots *= 2;
    return slots == table->slot_count ? STATUS_OK : slots_make(table, slots, err);
}

/* --- layout -------------------------------------------------------------------------------------
 */
/* What the batch needs of each column.  False: it has rows without ordinals. */
static bool plans_make(struct packed_table *table, const struct vector *const *columns,
                       const bool *binary, const struct row_list *rows)
{
    for (uint32_t c = 0; c < table->columns; c++) {
        struct packed_plan   *plan = &table->work->plans[c];
        struct packed_column *column = &table->layout[c];
        struct ordinal_domain domain = ordinal_domain_of(columns[c], rows);

        if (domain.kind == ORDINAL_CODE && !binary[c])
            return false;
        if (!ordinal_unify(&column->domain, &domain, &plan->domain)) {
            /* an empty table takes any domain; its layout is of an earlier use */
            if (table->count > 0 || domain.kind == ORDINAL_MIXED)
                return false;
            layout_drop(table);
            index_drop(table);
            return plans_make(table, columns, binary, rows);
        }
        plan->any = domain.kind != ORDINAL_NONE &&
                    ordinal_bounds(columns[c], &plan->domain, rows, table->work->ordinals,
                                   &plan->lo, &plan->hi);
        if (!plan->any)
            plan->domain = column->domain;
    }
    return true;
}

static bool plan_fits(const struct packed_table *table, const struct packed_column *column,
                      const struct packed_plan *plan)
{
    if (!plan->any)
        return true;
    if (!ordinal_same(&column->domain, &plan->domain))
        return false;
    return table->raw || (column->span > 0 && plan->lo >= column->lo &&
                          (uint64_t)plan->hi - (uint64_t)column->lo < column->span);
}

/* lo..hi of column and plan together. */
static void union_bounds(const struct packed_column *column, const struct packed_plan *plan,
                         int64_t *lo, int64_t *hi)
{
    *lo = plan->lo;
    *hi = plan->hi;
    if (column->span > 0) {
        int64_t low = ordinal_convert(&column->domain, column->lo, &plan->domain);
        int64_t high = ordinal_convert(
            &column->domain, (int64_t)((uint64_t)column->lo + column->span - 1), &plan->domain);

        *lo = !plan->any || low < *lo ? low : *lo;
        *hi = !plan->any || high > *hi ? high : *hi;
    }
}

/* A column that grew once will grow again: room by half its span on the side where it grew. */
static void bounds_widen(const struct packed_column *column, int64_t *lo, int64_t *hi)
{
    uint64_t slack = ((uint64_t)*hi - (uint64_t)*lo) / 2;

    if (column->span == 0)
        return;
    if (*lo < column->lo && (uint64_t)*lo - (uint64_t)INT64_MIN > slack)
        *lo = (int64_t)((uint64_t)*lo - slack);
    if (*hi > (int64_t)((uint64_t)column->lo + column->span - 1) &&
        (uint64_t)INT64_MAX - (uint64_t)*hi > slack)
        *hi = (int64_t)((uint64_t)*hi + slack);
}

/* next = a layout for the keys and the batch; false: their codes need more than 63 bits. */
static bool layout_plan(const struct packed_table *table, bool widen, struct packed_column *next,
                        uint64_t *domain)
{
    *domain = 1;
    for (uint32_t c = table->columns; c-- > 0;) {
        const struct packed_column *column = &table->layout[c];
        const struct packed_plan   *plan = &table->work->plans[c];
        int64_t                     lo, hi;

        next[c] = (struct packed_column){.domain = plan->domain, .stride = *domain};
        if (!plan->any && column->span == 0)
            continue;
        union_bounds(column, plan, &lo, &hi);
        if (widen)
            bounds_widen(column, &lo, &hi);
        if ((uint64_t)hi - (uint64_t)lo >= UINT64_C(1) << 62)
            return false;
        next[c].lo = lo;
        next[c].span = (uint64_t)hi - (uint64_t)lo + 1;
        next[c].stride_inverse = UINT64_MAX / next[c].stride;
        next[c].radix_inverse = UINT64_MAX / (next[c].span + 1);
        if (__builtin_mul_overflow(*domain, next[c].span + 1, domain) || *domain >> 63 != 0)
            return false;
    }
    return true;
}

/* The ordinal of column c in code under the layout of table, in the domain of next. */
static int64_t code_ordinal(const struct packed_table *table, uint32_t c, uint64_t code,
                            const struct packed_column *next)
{
    const struct packed_column *column = &table->layout[c];
    int64_t                     ordinal =
        table->raw ? (int64_t)code : (int64_t)((uint64_t)column->lo + code_digit(column, code) - 1);

    return ordinal_convert(&column->domain, ordinal, &next->domain);
}

static enum status codes_rewrite(struct packed_table *table, const struct packed_column *next,
                                 bool raw, struct error *err)
{
    for (uint32_t n = 0; n < table->count; n++) {
        uint64_t code = table->codes[n], to = 0;

        if (n % INTERRUPT_ROWS == 0)
            TRY(memory_poll(table->memory, err));
        if (n == table->null_number)
            continue;
        for (uint32_t c = 0; c < table->columns; c++) {
            if (!table->raw && code_digit(&table->layout[c], code) == 0) {
                if (raw)
                    table->null_number = n;
                continue;
            }
            to += raw ? (uint64_t)code_ordinal(table, c, code, &next[c])
                      : ((uint64_t)code_ordinal(table, c, code, &next[c]) - (uint64_t)next[c].lo +
                         1) *
                            next[c].stride;
        }
        table->codes[n] = to;
    }
    return STATUS_OK;
}

/* A layout that also holds the batch, and all codes in it; *fits false: there is none.  may_be_raw:
 * a single column may be stored raw. */
static enum status layout_grow(struct packed_table *table, bool may_be_raw, bool *fits,
                               struct error *err)
{
    size_t                bytes = memory_product(table->columns, sizeof(struct packed_column));
    struct packed_column *next = memory_alloc(table->memory, bytes);
    uint64_t              domain = UINT64_MAX;
    bool                  raw = table->raw;
    enum status           status = STATUS_OK;

    if (next == NULL)
        return fail_nomem(err);
    *fits = true;
    if (raw ||
        (!layout_plan(table, true, next, &domain) && !layout_plan(table, false, next, &domain))) {
        *fits = table->columns == 1 && may_be_raw;
        raw = true;
        domain = UINT64_MAX;
        next[0] = (struct packed_column){.domain = table->work->plans[0].domain, .stride = 1};
    }
    if (*fits) {
        index_drop(table); /* before: it goes by the codes */
        status = codes_rewrite(table, next, raw, err);
        for (uint32_t c = 0; c < table->columns; c++) {
            ordinal_domain_hold(&table->layout[c].domain, &next[c].domain);
            table->layout[c] = next[c];
        }
        table->raw = raw;
        table->domain = domain;
    }
    memory_free(table->memory, next, bytes);
    return status;
}

/* Makes the layout ready for the batch. */
static enum status batch_layout(struct packed_table *table, const struct vector *const *columns,
                                const bool *binary, const struct row_list *rows, bool may_be_raw,
                                bool *fits, struct error *err)
{
    bool grows = false;

    *fits = plans_make(table, columns, binary, rows);
    if (!*fits)
        return STATUS_OK;
    for (uint32_t c = 0; c < table->columns; c++)
        grows = grows || !plan_fits(table, &table->layout[c], &table->work->plans[c]);
    if (grows &&
        table->count == 0) { /* what an earlier use needed is no reason for a wide layout */
        layout_drop(table);
        *fits = plans_make(table, columns, binary, rows);
    }
    return grows ? layout_grow(table, may_be_raw, fits, err) : STATUS_OK;
}

/* --- codes of a batch ---------------------------------------------------------------------------
 */
/* Bits of the rows where v is NULL in work->nulls; false: nowhere. */
static bool nulls_of(struct packed_table *table, const struct vector *v,
                     const struct selection *sel)
{
    size_t words = bits_words(sel->rows);

    if (v->valid == NULL && !(v->shape == VECTOR_CONSTANT && v->type == PHYS_ANY))
        return false;
    memset(table->work->nulls, 0, words * sizeof *table->work->nulls);
    vector_null_rows(v, sel, table->work->nulls);
    return bits_next(table->work->nulls, 0, sel->rows) < sel->rows;
}

static void slots_of(struct packed_table *table, const struct vector *const *columns,
                     const struct selection *sel, const struct row_list *rows)
{
    struct packed_work *work = table->work;
    uint32_t           *slots = work->slots;

    memset(slots, 0, rows->count * sizeof *slots);
    for (uint32_t c = 0; c < table->columns; c++) {
        const struct packed_column *column = &table->layout[c];
        uint32_t                    stride = (uint32_t)column->stride;
        uint32_t                    shift = (uint32_t)(1 - (uint64_t)column->lo);

        if (!work->plans[c].any)
            continue;
        if (!nulls_of(table, columns[c], sel)) {
            ordinal_add_codes(columns[c], &column->domain, rows, column->lo, stride, slots,
                              work->ordinals);
            continue;
        }
        ordinal_read(columns[c], &column->domain, rows, work->ordinals);
        for (uint32_t k = 0; k < rows->count; k++) {
            uint32_t keep = (uint32_t)bits_get(work->nulls, rows->rows[k]) - 1;

            slots[k] += (((uint32_t)work->ordinals[k] + shift) * stride) & keep;
        }
    }
}

static void codes_of(struct packed_table *table, const struct vector *const *columns,
                     const struct selection *sel, const struct row_list *rows)
{
    struct packed_work *work = table->work;
    uint64_t           *codes = work->codes;

    if (table->raw) {
        if (work->plans[0].any)
            ordinal_read(columns[0], &table->layout[0].domain, rows, (int64_t *)codes);
        return;
    }
    memset(codes, 0, rows->count * sizeof *codes);
    for (uint32_t c = 0; c < table->columns; c++) {
        const struct packed_column *column = &table->layout[c];
        uint64_t                    stride = column->stride, shift = 1 - (uint64_t)column->lo;

        if (!work->plans[c].any)
            continue;
        ordinal_read(columns[c], &column->domain, rows, work->ordinals);
        if (!nulls_of(table, columns[c], sel)) {
            for (uint32_t k = 0; k < rows->count; k++)
                codes[k] += ((uint64_t)work->ordinals[k] + shift) * stride;
            continue;
        }
        for (uint32_t k = 0; k < rows->count; k++) {
            uint64_t keep = (uint64_t)bits_get(work->nulls, rows->rows[k]) - 1;

            codes[k] += (((uint64_t)work->ordinals[k] + shift) * stride) & keep;
        }
    }
}

static __attribute__((noinline)) uint32_t direct_insert(struct packed_table *table, uint32_t slot)
{
    table->codes[table->count] = slot;
    return table->direct[slot] = ++table->count;
}

static void numbers_direct(struct packed_table *table, uint32_t count, uint32_t *numbers)
{
    const uint32_t *slots = table->work->slots;
    const uint32_t *direct = table->direct;

    for (uint32_t k = 0; k < count; k++) {
        uint32_t number = direct[slots[k]];

        if (unlikely(number == 0))
            number = direct_insert(table, slots[k]);
        numbers[k] = number - 1;
    }
}

/* Numbers of a single column without NULL, straight from its payload; false: not such a column. */
static bool numbers_direct_column(struct packed_table *table, const struct vector *v,
                                  const struct row_list *rows, uint32_t *numbers)
{
    const uint32_t *direct = table->direct;
    uint32_t        shift = (uint32_t)(v->base + 1 - table->layout[0].lo);

#define NUMBERS(ctype, slots)                                                                      \
    do {                                                                                           \
        const ctype *p_ = (slots);                                                                 \
        if (rows->dense)                                                                           \
            for (uint32_t k = 0; k < rows->count; k++)                                             \
                NUMBER(p_[k]);                                                                     \
        else                                                                                       \
            for (uint32_t k = 0; k < rows->count; k++)                                             \
                NUMBER(p_[rows->rows[k]]);                                                         \
        return true;                                                                               \
    } while (0)
#define NUMBER(payload)                                                                            \
    do {                                                                                           \
        uint32_t slot = (uint32_t)(payload) + shift, number = direct[slot];                        \
        if (unlikely(number == 0))                                                                 \
            number = direct_insert(table, slot);                                                   \
        numbers[k] = number - 1;                                                                   \
    } while (0)
    if (v->shape == VECTOR_DICT && v->code_bytes == 1)
        NUMBERS(uint8_t, v->codes);
    if (v->shape == VECTOR_DICT && v->code_bytes == 2)
        NUMBERS(uint16_t, v->codes);
    if (v->shape == VECTOR_DICT)
        NUMBERS(uint32_t, v->codes);
    if (v->shape != VECTOR_FLAT || table->layout[0].domain.kind == ORDINAL_REAL)
        return false;
    if (v->type == PHYS_I8)
        NUMBERS(int8_t, v->values);
    if (v->type == PHYS_I16 || v->type == PHYS_DEC16)
        NUMBERS(int16_t, v->values);
    if (v->type == PHYS_I32 || v->type == PHYS_DEC32 || v->type == PHYS_DAY32)
        NUMBERS(int32_t, v->values);
    if (v->type == PHYS_I64 || v->type == PHYS_DEC64)
        NUMBERS(int64_t, v->values);
    return false;
#undef NUMBER
#undef NUMBERS
}

static void numbers_hashed(struct packed_table *table, uint32_t count, uint32_t *numbers)
{
    const uint64_t     *codes = table->work->codes;
    struct packed_slot *slots = table->slots;
    uint64_t            mask = table->slot_count - 1;

    for (uint32_t k = 0; k < count; k++) {
        uint64_t i;

        if (k + PREFETCH_AHEAD < count)
            __builtin_prefetch(&slots[code_home(mask, codes[k + PREFETCH_AHEAD])]);
        i = code_slot(slots, mask, codes[k]);
        if (unlikely(slots[i].number == 0)) {
            table->codes[table->count] = codes[k];
            slots[i] = (struct packed_slot){codes[k], ++table->count};
        }
        numbers[k] = slots[i].number - 1;
    }
}

/* Raw keys of a batch with NULLs. */
static void numbers_raw_nulls(struct packed_table *table, const struct row_list *rows,
                              uint32_t *numbers)
{
    struct packed_work *work = table->work;

    for (uint32_t k = 0; k < rows->count; k++) {
        uint64_t i;

        if (bits_get(work->nulls, rows->rows[k])) {
            if (table->null_number == HASH_ABSENT) {
                table->codes[table->count] = 0;
                table->null_number = table->count++;
            }
            numbers[k] = table->null_number;
            continue;
        }
        i = code_slot(table->slots, table->slot_count - 1, work->codes[k]);
        if (table->slots[i].number == 0) {
            table->codes[table->count] = work->codes[k];
            table->slots[i] = (struct packed_slot){work->codes[k], ++table->count};
        }
        numbers[k] = table->slots[i].number - 1;
    }
}

enum status packed_add(struct packed_table *table, const struct vector *const *columns,
                       const bool *binary, const struct selection *sel, uint32_t *numbers,
                       bool *fits, struct error *err)
{
    struct row_list rows = row_list_of(sel, table->work->list);

    TRY(batch_layout(table, columns, binary, &rows, true, fits, err));
    if (!*fits)
        return STATUS_OK;
    TRY(packed_reserve(table, rows.count, err));
    ranks_drop(table);
    table->rows += rows.count;
    if (table->direct != NULL) {
        if (table->columns == 1 && table->work->plans[0].any && columns[0]->valid == NULL &&
            numbers_direct_column(table, columns[0], &rows, numbers))
            return STATUS_OK;
        slots_of(table, columns, sel, &rows);
        numbers_direct(table, rows.count, numbers);
        return STATUS_OK;
    }
    codes_of(table, columns, sel, &rows);
    if (table->raw && nulls_of(table, columns[0], sel))
        numbers_raw_nulls(table, &rows, numbers);
    else
        numbers_hashed(table, rows.count, numbers);
    return STATUS_OK;
}

/* --- rows that are keys of their own ------------------------------------------------------------
 */
enum status packed_spread(struct packed_table *table, const uint32_t *numbers, uint32_t rows,
                          struct error *err)
{
    size_t    capacity = rows < KEYS_MIN ? KEYS_MIN : rows;
    uint64_t *codes = memory_alloc(table->memory, memory_product(capacity, sizeof *codes));

    assert(!table->raw);
    if (codes == NULL)
        return fail_nomem(err);
    for (uint32_t i = 0; i < rows; i++)
        codes[i] = table->codes[numbers[i]];
    packed_trim(table);
    table->codes = codes;
    table->count = rows;
    table->capacity = (uint32_t)capacity;
    return STATUS_OK;
}

enum status packed_append(struct packed_table *table, const struct vector *const *columns,
                          const bool *binary, const struct selection *sel, bool *fits,
                          struct error *err)
{
    struct row_list rows = row_list_of(sel, table->work->list);

    TRY(batch_layout(table, columns, binary, &rows, false, fits, err));
    if (!*fits)
        return STATUS_OK;
    TRY(codes_reserve(table, rows.count, err));
    packed_sorted_drop(table);
    codes_of(table, columns, sel, &rows);
    memcpy(table->codes + table->count, table->work->codes, rows.count * sizeof *table->codes);
    table->count += rows.count;
    table->rows += rows.count;
    return STATUS_OK;
}

/* Counts the keys with a hash below a bound, which are as good as drawn at random. */
double packed_rows_per_key(const struct packed_table *table)
{
    enum { SEEN_SLOTS = 1 << 12, SAMPLE = SEEN_SLOTS / 4 };
    uint64_t seen[SEEN_SLOTS]; /* codes + 1: they are below 2^63 */
    unsigned shift = 0;
    uint32_t keys = 0;

    while (table->count >> shift > SAMPLE)
        shift++;
    memset(seen, 0, sizeof seen);
    for (uint32_t n = 0; n < table->count && keys < SEEN_SLOTS / 2; n++) {
        uint64_t hash = hash_u64(table->codes[n]), at = hash % SEEN_SLOTS;

        if (shift > 0 && hash >> (64 - shift) != 0)
            continue;
        while (seen[at] != 0 && seen[at] != table->codes[n] + 1)
            at = (at + 1) % SEEN_SLOTS;
        keys += seen[at] == 0;
        seen[at] = table->codes[n] + 1;
    }
    return keys == 0 ? 1.0 : (double)table->count / ((double)keys * (double)(1u << shift));
}

enum status packed_gather(struct packed_table *table, uint32_t *numbers, struct error *err)
{
    struct packed_work *work = table->work;
    uint32_t            rows = table->count;

    packed_sorted_drop(table);
    table->count = 0; /* codes of keys take the place of codes of rows that were read */
    for (uint32_t at = 0, n; at < rows; at += n) {
        n = rows - at < VECTOR_CAP ? rows - at : VECTOR_CAP;
        TRY(memory_poll(table->memory, err));
        memcpy(work->codes, table->codes + at, n * sizeof *work->codes);
        TRY(packed_reserve(table, n, err));
        if (table->direct == NULL) {
            numbers_hashed(table, n, numbers + at);
            continue;
        }
        for (uint32_t k = 0; k < n; k++)
            work->slots[k] = (uint32_t)work->codes[k];
        numbers_direct(table, n, numbers + at);
    }
    return STATUS_OK;
}

/* --- find ---------------------------------------------------------------------------------------
 */
/* What the rows are compared with; false: cannot be told by ordinals. */
static bool find_plans(struct packed_table *table, const struct vector *const *columns,
                       const bool *binary, const struct row_list *rows)
{
    for (uint32_t c = 0; c < table->columns; c++) {
        struct packed_plan         *plan = &table->work->plans[c];
        const struct packed_column *column = &table->layout[c];
        struct ordinal_domain       domain = ordinal_domain_of(columns[c], rows);

        plan->any = domain.kind != ORDINAL_NONE;
        if (domain.kind == ORDINAL_MIXED || (domain.kind == ORDINAL_CODE && !binary[c]))
            return false;
        if (column->domain.kind != ORDINAL_NONE &&
            (!ordinal_unify(&column->domain, &domain, &plan->domain) ||
             !ordinal_same(&column->domain, &plan->domain)))
            return false;
        plan->domain = column->domain;
    }
    return true;
}

/* Adds column c to work->codes, and marks in work->absent the rows whose ordinal no key has. */
static void find_codes(struct packed_table *table, uint32_t c, const struct vector *v,
                       const struct selection *sel, const struct row_list *rows)
{
    struct packed_work         *work = table->work;
    const struct packed_column *column = &table->layout[c];
    bool                        nulls = nulls_of(table, v, sel);
    uint64_t                    lo = (uint64_t)column->lo, span = column->span;

    if (work->plans[c].any && column->domain.kind != ORDINAL_NONE)
        ordinal_read(v, &column->domain, rows, work->ordinals);
    else
        memset(work->ordinals, 0, rows->count * sizeof *work->ordinals);
    if (!nulls) {
        for (uint32_t k = 0; k < rows->count; k++) {
            uint64_t digit = (uint64_t)work->ordinals[k] - lo;

            work->absent[k] |= digit >= span;
            work->codes[k] += (digit + 1) * column->stride;
        }
        return;
    }
    for (uint32_t k = 0; k < rows->count; k++) {
        uint64_t digit = (uint64_t)work->ordinals[k] - lo;
        bool     null = bits_get(work->nulls, rows->rows[k]);

        work->absent[k] |= !null && digit >= span;
        work->codes[k] += null ? 0 : (digit + 1) * column->stride;
    }
}

static void find_direct(const struct packed_table *table, uint32_t count, uint32_t *numbers)
{
    const struct packed_work *work = table->work;

    for (uint32_t k = 0; k < count; k++) {
        uint64_t code = work->codes[k] & ((uint64_t)work->absent[k] - 1);

        numbers[k] = (table->direct[code] - 1) | (0 - (uint32_t)work->absent[k]);
    }
}

static void find_hashed(const struct packed_table *table, uint32_t count, uint32_t *numbers)
{
    const struct packed_work *work = table->work;
    uint64_t                  mask = table->slot_count - 1;

    for (uint32_t k = 0; k < count; k++) {
        if (k + PREFETCH_AHEAD < count)
            __builtin_prefetch(&table->slots[code_home(mask, work->codes[k + PREFETCH_AHEAD])]);
        numbers[k] = work->absent[k]
                         ? HASH_ABSENT
                         : table->slots[code_slot(table->slots, mask, work->codes[k])].number - 1;
    }
}

/* Without memory for it the slots do. */
static void ranks_make(struct packed_table *table)
{
    uint64_t            words = table->domain / 64 + 1;
    uint32_t            before = 0;
    struct packed_ranks ranks = {.words = words, .count = table->count};

    ranks.bits = memory_zalloc(table->memory, memory_product(words, sizeof *ranks.bits));
    ranks.before = memory_alloc(table->memory, memory_product(words, sizeof *ranks.before));
    ranks.numbers =
        memory_alloc(table->memory, memory_product(table->count, sizeof *ranks.numbers));
    table->ranks = ranks;
    if (ranks.bits == NULL || ranks.before == NULL || ranks.numbers == NULL) {
        ranks_drop(table);
        return;
    }
    for (size_t n = 0, end; (end = memory_piece(table->memory, n, table->count)) > n;)
        for (; n < end; n++)
            bits_set(ranks.bits, table->codes[n]);
    for (size_t w = 0, end; (end = memory_piece(table->memory, w, words)) > w;)
        for (; w < end; w++) {
            ranks.before[w] = before;
            before += (uint32_t)__builtin_popcountll(ranks.bits[w]);
        }
    for (size_t n = 0, end; (end = memory_piece(table->memory, n, table->count)) > n;)
        for (; n < end; n++) {
            uint64_t code = table->codes[n], below = (UINT64_C(1) << code % 64) - 1;

            ranks.numbers[ranks.before[code / 64] +
                          (uint32_t)__builtin_popcountll(ranks.bits[code / 64] & below)] =
                (uint32_t)n;
        }
    if (memory_stopped(table->memory))
        ranks_drop(table);
}

/* Whether bits are there, or are made now: many rows have been looked up in a table that stays. */
static bool ranks_ready(struct packed_table *table, uint32_t rows)
{
    uint64_t words = table->domain / 64 + 1;
    uint64_t bytes = words * (sizeof *table->ranks.bits + sizeof *table->ranks.before);
    bool     small = words <= RANK_WORDS_ALWAYS ||
                 bytes <= table->slot_count * sizeof *table->slots * RANKS_PER_SLOTS;

    if (table->ranks.words != 0)
        return true;
    if (table->direct != NULL)
        small = table->direct_count > DIRECT_CODES_IN_CACHE &&
                table->count < table->direct_count / DIRECT_CODES_PER_KEY;
    table->found += rows;
    if (table->count == 0 || !small || table->found < table->count / 4 + words / 8)
        return false;
    ranks_make(table);
    return table->ranks.words != 0;
}

static inline uint32_t rank_number(const struct packed_ranks *ranks, uint64_t code)
{
    uint64_t word = ranks->bits[code / 64], bit = UINT64_C(1) << code % 64;

    if ((word & bit) == 0)
        return HASH_ABSENT;
    return ranks
        ->numbers[ranks->before[code / 64] + (uint32_t)__builtin_popcountll(word & (bit - 1))];
}

static void find_ranked(const struct packed_table *table, uint32_t count, uint32_t *numbers)
{
    const struct packed_work  *work = table->work;
    const struct packed_ranks *ranks = &table->ranks;

    for (uint32_t k = 0; k < count; k++) {
        uint64_t code = work->codes[k] & ((uint64_t)work->absent[k] - 1);

        numbers[k] = work->absent[k] ? HASH_ABSENT : rank_number(ranks, code);
    }
}

/* Numbers of a single column without NULL, straight from its payload, by bits or by the array over
 * the domain; false: not such a column. */
static bool find_column(const struct packed_table *table, const struct vector *v,
                        const struct row_list *rows, bool ranked, uint32_t *numbers)
{
    const struct packed_column *column = &table->layout[0];
    const uint32_t             *direct = table->direct;
    const struct packed_ranks  *ranks = &table->ranks;
    uint64_t                    span = column->span;
    uint64_t shift = (v->shape == VECTOR_DICT ? 0 : (uint64_t)v->base) - (uint64_t)column->lo;

#define FIND(ctype, slots)                                                                         \
    do {                                                                                           \
        const ctype *p_ = (slots);                                                                 \
        if (ranked && rows->dense)                                                                 \
            for (uint32_t k = 0; k < rows->count; k++)                                             \
                BY_RANK(p_[k]);                                                                    \
        else if (ranked)                                                                           \
            for (uint32_t k = 0; k < rows->count; k++)                                             \
                BY_RANK(p_[rows->rows[k]]);                                                        \
        else if (rows->dense)                                                                      \
            for (uint32_t k = 0; k < rows->count; k++)                                             \
                BY_ARRAY(p_[k]);                                                                   \
        else                                                                                       \
            for (uint32_t k = 0; k < rows->count; k++)                                             \
                BY_ARRAY(p_[rows->rows[k]]);                                                       \
        return true;                                                                               \
    } while (0)
#define BY_RANK(payload)                                                                           \
    do {                                                                                           \
        uint64_t digit = (uint64_t)(int64_t)(payload) + shift;                                     \
        numbers[k] = digit < span ? rank_number(ranks, digit + 1) : HASH_ABSENT;                   \
    } while (0)
#define BY_ARRAY(payload)                                                                          \
    do {                                                                                           \
        uint64_t digit = (uint64_t)(int64_t)(payload) + shift;                                     \
        uint32_t absent = digit >= span;                                                           \
        numbers[k] = (direct[absent ? 0 : digit + 1] - 1) | (0 - absent);                          \
    } while (0)
    if (v->shape == VECTOR_DICT && v->code_bytes == 1)
        FIND(uint8_t, v->codes);
    if (v->shape == VECTOR_DICT && v->code_bytes == 2)
        FIND(uint16_t, v->codes);
    if (v->shape == VECTOR_DICT)
        FIND(uint32_t, v->codes);
    if (v->shape != VECTOR_FLAT || column->domain.kind == ORDINAL_REAL)
        return false;
    if (v->type == PHYS_I8)
        FIND(int8_t, v->values);
    if (v->type == PHYS_I16 || v->type == PHYS_DEC16)
        FIND(int16_t, v->values);
    if (v->type == PHYS_I32 || v->type == PHYS_DEC32 || v->type == PHYS_DAY32)
        FIND(int32_t, v->values);
    if (v->type == PHYS_I64 || v->type == PHYS_DEC64)
        FIND(int64_t, v->values);
    return false;
#undef BY_ARRAY
#undef BY_RANK
#undef FIND
}

enum status packed_find(struct packed_table *table, const struct vector *const *columns,
                        const bool *binary, const struct selection *sel, uint32_t *numbers,
                        bool *fits, struct error *err)
{
    struct packed_work *work = table->work;
    struct row_list     rows = row_list_of(sel, work->list);
    bool                ranked;

    (void)err;
    *fits = find_plans(table, columns, binary, &rows);
    if (!*fits)
        return STATUS_OK;
    if (table->raw) {
        memset(work->absent, 0, rows.count);
        bool nulls = nulls_of(table, columns[0], sel);

        if (work->plans[0].any)
            ordinal_read(columns[0], &table->layout[0].domain, &rows, (int64_t *)work->codes);
        else
            memset(work->codes, 0, rows.count * sizeof *work->codes);
        find_hashed(table, rows.count, numbers);
        for (uint32_t k = 0; nulls && k < rows.count; k++)
            if (bits_get(work->nulls, rows.rows[k]))
                numbers[k] = table->null_number;
        return STATUS_OK;
    }
    ranked = ranks_ready(table, rows.count);
    if ((ranked || table->direct != NULL) && table->columns == 1 && work->plans[0].any &&
        table->layout[0].domain.kind != ORDINAL_NONE && !nulls_of(table, columns[0], sel) &&
        find_column(table, columns[0], &rows, ranked, numbers))
        return STATUS_OK;
    memset(work->absent, 0, rows.count);
    memset(work->codes, 0, rows.count * sizeof *work->codes);
    for (uint32_t c = 0; c < table->columns; c++)
        find_codes(table, c, columns[c], sel, &rows);
    if (ranked)
        find_ranked(table, rows.count, numbers);
    else if (table->direct != NULL)
        find_direct(table, rows.count, numbers);
    else
        find_hashed(table, rows.count, numbers);
    return STATUS_OK;
}
