/* column_builder.c - appending batches to the builder's mode.  Sealing is in column_seal.c. */
#include "store/column_builder.h"
#include "base/number.h"

#include <assert.h>

#include "store/column_builder_internal.h"
#include "store/day.h"
#include "store/vector_internal.h"

enum { VALID_WORDS = GROUP_ROWS / 64 + 1, FIRST_CAPACITY = VECTOR_CAP };

/* A column keeps its dictionary while distinct texts stay below the larger of these, and for ever
 * below the last: 24-byte slots and 16-byte entries then still fit into memory beside the codes. */
enum { DICTIONARY_FREE = 262144, DICTIONARY_SHARE = 4, DICTIONARY_MAX = 1 << 22 };

void column_builder_init(struct column_builder *builder, struct memory *memory,
                         struct column_dictionary *texts)
{
    *builder = (struct column_builder){.memory = memory, .texts = texts, .ascii = true};
}

static size_t values_bytes(const struct column_builder *builder)
{
    return builder->values == NULL
               ? 0
               : (size_t)(builder->capacity + SEGMENT_PAD_ROWS) * builder->slot_bytes;
}

void column_builder_free(struct column_builder *builder)
{
    memory_free(builder->memory, builder->values, values_bytes(builder));
    memory_free(builder->memory, builder->valid, VALID_WORDS * sizeof *builder->valid);
    text_heap_unref(builder->heap);
    column_builder_init(builder, builder->memory, builder->texts);
}

/* --- slots ---------------------------------------------------------------------------------------
 */
static uint32_t capacity_for(uint32_t old, uint32_t rows)
{
    uint32_t capacity = old == 0 ? FIRST_CAPACITY : old;

    while (capacity < rows)
        capacity *= 4;
    return capacity > GROUP_ROWS ? GROUP_ROWS : capacity;
}

static bool slots_reserve(struct column_builder *b, uint32_t rows)
{
    uint32_t capacity;
    void    *values;

    assert(rows <= GROUP_ROWS);
    if (b->mode == BUILD_EMPTY || rows <= b->capacity)
        return true;
    capacity = capacity_for(b->capacity, rows);
    values = memory_alloc(b->memory, (size_t)(capacity + SEGMENT_PAD_ROWS) * b->slot_bytes);
    if (values == NULL)
        return false;
    memcpy(values, b->values, (size_t)b->rows * b->slot_bytes);
    memory_free(b->memory, b->values, values_bytes(b));
    b->values = values;
    b->capacity = capacity;
    return true;
}

/* Leaves EMPTY: slots for the rows so far, which are NULL, and for those to come. */
static bool mode_start(struct column_builder *b, enum build_mode mode, uint8_t slot_bytes,
                       uint32_t more)
{
    uint32_t capacity = capacity_for(0, b->rows + more);

    assert(b->mode == BUILD_EMPTY && b->values == NULL);
    b->values = memory_alloc(b->memory, (size_t)(capacity + SEGMENT_PAD_ROWS) * slot_bytes);
    if (b->values == NULL)
        return false;
    memset(b->values, 0, (size_t)b->rows * slot_bytes);
    b->capacity = capacity;
    b->slot_bytes = slot_bytes;
    b->mode = mode;
    return true;
}

#define WIDEN(from, to)                                                                            \
    for (uint32_t i = 0; i < b->rows; i++)                                                         \
    ((to *)values)[i] = ((const from *)b->values)[i]
#define WIDEN_PAIR(from_bytes, to_bytes) ((from_bytes)*16 + (to_bytes))

static bool slots_widen(struct column_builder *b, uint8_t slot_bytes)
{
    size_t bytes = (size_t)(b->capacity + SEGMENT_PAD_ROWS) * slot_bytes;
    void  *values;

    if (slot_bytes <= b->slot_bytes)
        return true;
    values = memory_alloc(b->memory, bytes);
    if (values == NULL)
        return false;
    switch (WIDEN_PAIR(b->slot_bytes, slot_bytes) * (b->mode == BUILD_CODES ? -1 : 1)) {
    case WIDEN_PAIR(1, 2):
        WIDEN(int8_t, int16_t);
        break;
    case WIDEN_PAIR(1, 4):
        WIDEN(int8_t, int32_t);
        break;
    case WIDEN_PAIR(1, 8):
        WIDEN(int8_t, int64_t);
        break;
    case WIDEN_PAIR(2, 4):
        WIDEN(int16_t, int32_t);
        break;
    case WIDEN_PAIR(2, 8):
        WIDEN(int16_t, int64_t);
        break;
    case WIDEN_PAIR(4, 8):
        WIDEN(int32_t, int64_t);
        break;
    case -WIDEN_PAIR(1, 2):
        WIDEN(uint8_t, uint16_t);
        break;
    case -WIDEN_PAIR(1, 4):
        WIDEN(uint8_t, uint32_t);
        break;
    default:
        WIDEN(uint16_t, uint32_t);
        break;
    }
    memory_free(b->memory, b->values, values_bytes(b));
    b->values = values;
    b->slot_bytes = slot_bytes;
    return true;
}

/* --- validity ------------------------------------------------------------------------------------
 */
/* Puts n bits of src (NULL: ones) behind the first `at` of dst, whose later bits are 0. */
static void bits_append(uint64_t *dst, uint32_t at, const uint64_t *src, uint32_t n)
{
    uint32_t shift = at % 64, first = at / 64;

    for (uint32_t w = 0; w * 64 < n; w++) {
        uint64_t word = src == NULL ? ~UINT64_C(0) : src[w];

        if (n - w * 64 < 64)
            word &= (UINT64_C(1) << (n - w * 64)) - 1;
        dst[first + w] |= word << shift;
        if (shift != 0)
            dst[first + w + 1] |= word >> (64 - shift);
    }
}

static bool valid_append(struct column_builder *b, const uint64_t *valid, uint32_t count)
{
    if (b->valid == NULL) {
        if (valid == NULL)
            return true;
        b->valid = memory_zalloc(b->memory, VALID_WORDS * sizeof *b->valid);
        if (b->valid == NULL)
            return false;
        bits_append(b->valid, 0, NULL, b->rows);
    }
    bits_append(b->valid, b->rows, valid, count);
    if (valid != NULL)
        b->nulls += count - bits_count(valid, count);
    return true;
}

static bool rows_done(struct column_builder *b, const uint64_t *valid, uint32_t count)
{
    if (!valid_append(b, valid, count))
        return false;
    b->rows += count;
    return true;
}

static bool append_nulls(struct column_builder *b, uint32_t count)
{
    static const uint64_t none[VECTOR_WORDS];

    if (!slots_reserve(b, b->rows + count))
        return false;
    if (b->mode != BUILD_EMPTY)
        memset((char *)b->values + (size_t)b->rows * b->slot_bytes, 0,
               (size_t)count * b->slot_bytes);
    return rows_done(b, none, count);
}

/* --- integers: also the payloads of decimals, days and codes
 * -------------------------------------- */
#define RANGE(ctype)                                                                               \
    do {                                                                                           \
        const ctype *in = values;                                                                  \
        ctype        low = in[0], high = in[0];                                                    \
        for (uint32_t i = 1; i < n; i++) {                                                         \
            low = in[i] < low ? in[i] : low;                                                       \
            high = in[i] > high ? in[i] : high;                                                    \
        }                                                                                          \
        *lo = low;                                                                                 \
        *hi = high;                                                                                \
    } while (0)
#define RANGE_VALID(ctype)                                                                         \
    for (uint32_t i = 0; i < n; i++)                                                               \
        if (bits_get(valid, i)) {                                                                  \
            int64_t x = ((const ctype *)values)[i];                                                \
            *lo = x < *lo ? x : *lo;                                                               \
            *hi = x > *hi ? x : *hi;                                                               \
        }

void payload_range(enum phys type, const void *values, const uint64_t *valid, uint32_t n,
                   int64_t *lo, int64_t *hi)
{
    *lo = INT64_MAX;
    *hi = INT64_MIN;
    if (n == 0)
        return;
    switch (phys_bytes[type] * (valid == NULL ? 1 : -1)) {
    case 1:
        RANGE(int8_t);
        break;
    case 2:
        RANGE(int16_t);
        break;
    case 4:
        RANGE(int32_t);
        break;
    case 8:
        RANGE(int64_t);
        break;
    case -1:
        RANGE_VALID(int8_t)
        break;
    case -2:
        RANGE_VALID(int16_t)
        break;
    case -4:
        RANGE_VALID(int32_t)
        break;
    default:
        RANGE_VALID(int64_t)
        break;
    }
}

uint8_t payload_bytes(int64_t lo, int64_t hi)
{
    if (lo > hi)
        return 1;
    if (lo >= INT8_MIN && hi <= INT8_MAX)
        return 1;
    if (lo >= INT16_MIN && hi <= INT16_MAX)
        return 2;
    return lo >= INT32_MIN && hi <= INT32_MAX ? 4 : 8;
}

/* The bits of x + 2^(bits - 1) above the lowest `bits` are 0 exactly if x fits a signed number of
 * so many bits; OR over all rows asks it of all of them, and vectorises without 64-bit compares. */
#define STORE(from, to, bias)                                                                      \
    for (uint32_t i = 0; i < n; i++) {                                                             \
        uint64_t x = (uint64_t)base + (uint64_t)((const from *)values)[i];                         \
        ((to *)target)[i] = (to)x;                                                                 \
        above |= x + (bias);                                                                       \
    }                                                                                              \
    break
#define STORE_FROM(from)                                                                           \
    switch (slot_bytes) {                                                                          \
    case 1:                                                                                        \
        STORE(from, int8_t, UINT64_C(1) << 7);                                                     \
    case 2:                                                                                        \
        STORE(from, int16_t, UINT64_C(1) << 15);                                                   \
    case 4:                                                                                        \
        STORE(from, int32_t, UINT64_C(1) << 31);                                                   \
    default:                                                                                       \
        STORE(from, int64_t, 0);                                                                   \
    }                                                                                              \
    break

bool payload_store(enum phys type, const void *restrict values, int64_t base, uint32_t n,
                   uint8_t slot_bytes, void *restrict target)
{
    uint64_t above = 0;

    if (base == 0 && phys_bytes[type] == slot_bytes) {
        memcpy(target, values, (size_t)n * slot_bytes);
        return true;
    }
    switch (phys_bytes[type]) {
    case 1:
        STORE_FROM(int8_t);
    case 2:
        STORE_FROM(int16_t);
    case 4:
        STORE_FROM(int32_t);
    default:
        STORE_FROM(int64_t);
    }
    return slot_bytes == 8 || above >> (slot_bytes * 8) == 0;
}

void column_builder_range(const struct column_builder *b, int64_t *lo, int64_t *hi)
{
    static const enum phys types[9] = {
        [1] = PHYS_I8, [2] = PHYS_I16, [4] = PHYS_I32, [8] = PHYS_I64};

    payload_range(types[b->slot_bytes], b->values, b->valid, b->rows, lo, hi);
}

/* Payloads of v (an integer type, base added) to a builder in an integer-like mode. */
static bool append_payload(struct column_builder *b, enum phys type, const struct vector *v,
                           uint32_t count)
{
    int64_t lo, hi;

    if (!slots_reserve(b, b->rows + count))
        return false;
    if (!payload_store(type, v->values, v->base, count, b->slot_bytes,
                       (char *)b->values + (size_t)b->rows * b->slot_bytes)) {
        /* too narrow, unless it is a NULL row's leftover that does not fit */
        payload_range(type, v->values, v->valid, count, &lo, &hi);
        if (lo <= hi && payload_bytes(lo + v->base, hi + v->base) > b->slot_bytes) {
            if (!slots_widen(b, payload_bytes(lo + v->base, hi + v->base)))
                return false;
            payload_store(type, v->values, v->base, count, b->slot_bytes,
                          (char *)b->values + (size_t)b->rows * b->slot_bytes);
        }
    }
    return rows_done(b, v->valid, count);
}

/* --- what is there already, as vectors
 * ------------------------------------------------------------ */
static const enum phys integer_phys[9] = {
    [1] = PHYS_I8, [2] = PHYS_I16, [4] = PHYS_I32, [8] = PHYS_I64};
static const enum phys decimal_phys[9] = {[2] = PHYS_DEC16, [4] = PHYS_DEC32, [8] = PHYS_DEC64};

void column_builder_vector(const struct column_builder *b, struct vector *out)
{
    static const struct value null = {.class_ = CLASS_NULL};

    *out = (struct vector){
        .shape = VECTOR_FLAT, .count = b->rows, .values = b->values, .valid = b->valid};
    switch (b->mode) {
    case BUILD_EMPTY:
        out->type = PHYS_ANY;
        out->shape = VECTOR_CONSTANT;
        out->values = &null;
        out->valid = NULL;
        break;
    case BUILD_INTEGER:
        out->type = (uint8_t)integer_phys[b->slot_bytes];
        break;
    case BUILD_REAL:
        out->type = PHYS_F64;
        break;
    case BUILD_DECIMAL:
        out->type = (uint8_t)decimal_phys[b->slot_bytes];
        out->scale = b->scale;
        out->flags = b->whole ? VECTOR_WHOLE_IS_INT : 0;
        break;
    case BUILD_DAY:
        out->type = PHYS_DAY32;
        break;
    case BUILD_CODES:
        out->type = PHYS_TEXT;
        out->shape = VECTOR_DICT;
        out->values = dictionary_entries(b->texts->dictionary);
        out->entry_count = dictionary_count(b->texts->dictionary);
        out->dictionary = b->texts->dictionary;
        out->codes = b->values;
        out->code_bytes = b->slot_bytes;
        break;
    case BUILD_CELLS:
        out->type = PHYS_ANY;
        break;
    }
}

/* --- changes of mode
 * ------------------------------------------------------------------------------ */
typedef bool append_fn(struct column_builder *b, const struct vector *v, uint32_t count,
                       struct builder_scratch *scratch);

/* Moves all rows, decoded to type, to a builder that append fills. */
static bool mode_change(struct column_builder *b, enum phys type, append_fn *append,
                        struct vector_buffer *buffer, struct builder_scratch *scratch)
{
    struct column_builder next;
    struct vector         all, part, flat;
    uint64_t              space[VECTOR_WORDS];

    column_builder_init(&next, b->memory, b->texts);
    column_builder_vector(b, &all);
    for (uint32_t from = 0; from < b->rows; from += VECTOR_CAP) {
        uint32_t count = b->rows - from < VECTOR_CAP ? b->rows - from : VECTOR_CAP;

        vector_slice(&all, from, count, space, &part);
        if (!vector_decode(&part, type, NULL, buffer, &scratch->arena, &flat) ||
            !append(&next, &flat, count, scratch)) {
            column_builder_free(&next);
            return false;
        }
    }
    column_builder_free(b);
    *b = next;
    return true;
}

/* --- cells
 * ---------------------------------------------------------------------------------------- */
static bool text_is_ascii(const char *s, uint32_t bytes)
{
    unsigned char bad = 0;

    for (uint32_t i = 0; i < bytes; i++)
        bad |= (unsigned char)(((unsigned char)s[i] & 0x80) | (s[i] == 0 ? 0x80 : 0));
    return bad == 0;
}

/* v: flat cells (TEXT, BLOB or ANY). */
static bool append_cells(struct column_builder *b, const struct vector *v, uint32_t count,
                         struct builder_scratch *scratch)
{
    const struct value *cells = v->values;
    struct value       *to;

    (void)scratch;
    if (b->mode == BUILD_EMPTY && !mode_start(b, BUILD_CELLS, sizeof(struct value), count))
        return false;
    if (!slots_reserve(b, b->rows + count))
        return false;
    if (b->heap == NULL && (b->heap = text_heap_new(b->memory)) == NULL)
        return false;
    to = (struct value *)b->values + b->rows;
    for (uint32_t i = 0; i < count; i++) {
        if (v->valid != NULL && !bits_get(v->valid, i)) {
            to[i] = value_null();
            continue;
        }
        to[i] = cells[i];
        b->classes |= 1u << cells[i].class_;
        if (cells[i].class_ < CLASS_TEXT)
            continue;
        to[i].s = text_heap_copy(b->heap, cells[i].s, cells[i].bytes);
        if (to[i].s == NULL)
            return false;
        if (b->ascii)
            b->ascii = text_is_ascii(cells[i].s, cells[i].bytes);
    }
    return rows_done(b, v->valid, count);
}

/* v: anything. */
static bool append_any(struct column_builder *b, const struct vector *v, uint32_t count,
                       struct builder_scratch *scratch)
{
    struct vector flat, counted = *v;

    if (b->mode != BUILD_EMPTY && b->mode != BUILD_CELLS &&
        !mode_change(b, PHYS_ANY, append_cells, &scratch->cells, scratch))
        return false;
    counted.count = count;
    return vector_decode(&counted, PHYS_ANY, NULL, &scratch->last, &scratch->arena, &flat) &&
           append_cells(b, &flat, count, scratch);
}

/* --- reals and decimals
 * --------------------------------------------------------------------------- */
static bool append_reals(struct column_builder *b, const struct vector *v, uint32_t count,
                         struct builder_scratch *scratch)
{
    if (b->mode == BUILD_EMPTY && !mode_start(b, BUILD_REAL, sizeof(double), count))
        return false;
    if (b->mode == BUILD_DECIMAL && !b->whole &&
        !mode_change(b, PHYS_F64, append_reals, &scratch->rebuilt, scratch))
        return false;
    if (b->mode == BUILD_EMPTY && !mode_start(b, BUILD_REAL, sizeof(double), count))
        return false;
    if (b->mode != BUILD_REAL)
        return append_any(b, v, count, scratch);
    if (!slots_reserve(b, b->rows + count))
        return false;
    memcpy((double *)b->values + b->rows, v->values, count * sizeof(double));
    return rows_done(b, v->valid, count);
}

/* Whether lo..hi, times power, stays where k / 10^scale is exact. */
static bool payload_fits(int64_t lo, int64_t hi, int64_t power)
{
    return lo > hi || (lo >= -(PAYLOAD_LIMIT / power) && hi <= PAYLOAD_LIMIT / power);
}

/* Makes the builder's integers decimals of scale; false: memory. */
static bool builder_rescale(struct column_builder *b, uint8_t scale, int64_t lo, int64_t hi)
{
    int64_t power = number_power_int[scale - b->scale];
    uint8_t bytes = lo <= hi ? payload_bytes(lo * power, hi * power) : 2;

    if (!slots_widen(b, bytes < 2 ? 2 : bytes))
        return false;
    for (uint32_t i = 0; power != 1 && i < b->rows; i++) {
        switch (b->slot_bytes) { /* unsigned: a NULL row's leftover may wrap */
        case 2:
            ((uint16_t *)b->values)[i] = (uint16_t)(((uint16_t *)b->values)[i] * (uint64_t)power);
            break;
        case 4:
            ((uint32_t *)b->values)[i] = (uint32_t)(((uint32_t *)b->values)[i] * (uint64_t)power);
            break;
        default:
            ((uint64_t *)b->values)[i] *= (uint64_t)power;
            break;
        }
    }
    b->scale = scale;
    b->mode = BUILD_DECIMAL;
    return true;
}

/* v: decimal, or integers into a decimal builder (their scale is 0). */
static bool append_decimals(struct column_builder *b, const struct vector *v, uint32_t count,
                            struct builder_scratch *scratch)
{
    static const enum phys as_integer[PHYS_COUNT] = {
        [PHYS_I8] = PHYS_I8,     [PHYS_I16] = PHYS_I16,   [PHYS_I32] = PHYS_I32,
        [PHYS_I64] = PHYS_I64,   [PHYS_DEC16] = PHYS_I16, [PHYS_DEC32] = PHYS_I32,
        [PHYS_DEC64] = PHYS_I64,
    };
    enum phys     type = as_integer[v->type];
    bool          integers = v->type <= PHYS_I64;
    bool          whole = integers || (v->flags & VECTOR_WHOLE_IS_INT) != 0;
    uint8_t       scale = integers ? 0 : v->scale;
    struct vector scaled = *v;

    if (b->mode == BUILD_REAL && !whole) {
        struct vector flat;

        return vector_decode(v, PHYS_F64, NULL, &scratch->last, &scratch->arena, &flat) &&
               append_reals(b, &flat, count, scratch);
    }
    if (b->mode == BUILD_EMPTY) {
        if (!mode_start(b, BUILD_DECIMAL, 2, count))
            return false;
        b->scale = scale;
        b->whole = whole;
    }
    if (b->mode == BUILD_INTEGER && whole) {
        int64_t lo, hi;

        column_builder_range(b, &lo, &hi);
        if (!payload_fits(lo, hi, number_power_int[scale]))
            return append_any(b, v, count, scratch);
        b->scale = 0;
        b->whole = true;
        if (!builder_rescale(b, scale, lo, hi))
            return false;
    }
    if (b->mode != BUILD_DECIMAL || b->whole != whole)
        return append_any(b, v, count, scratch);
    if (scale > b->scale) {
        int64_t lo, hi;

        column_builder_range(b, &lo, &hi);
        if (!payload_fits(lo, hi, number_power_int[scale - b->scale]))
            return append_any(b, v, count, scratch);
        if (!builder_rescale(b, scale, lo, hi))
            return false;
    } else if (scale < b->scale) {
        int64_t  lo, hi, power = number_power_int[b->scale - scale];
        int64_t *to = (int64_t *)scratch->last.values;

        payload_range(type, v->values, v->valid, count, &lo, &hi);
        if (lo <= hi && !payload_fits(lo + v->base, hi + v->base, power))
            return append_any(b, v, count, scratch);
        payload_store(type, v->values, v->base, count, sizeof *to, to);
        for (uint32_t i = 0; i < count; i++)
            to[i] = (int64_t)((uint64_t)to[i] * (uint64_t)power);
        scaled.values = to;
        scaled.base = 0;
        type = PHYS_I64;
    }
    return append_payload(b, type, &scaled, count);
}

static bool append_integers(struct column_builder *b, const struct vector *v, uint32_t count,
                            struct builder_scratch *scratch)
{
    if (b->mode == BUILD_DECIMAL && b->whole)
        return append_decimals(b, v, count, scratch);
    if (b->mode == BUILD_EMPTY && !mode_start(b, BUILD_INTEGER, 1, count))
        return false;
    if (b->mode != BUILD_INTEGER)
        return append_any(b, v, count, scratch);
    return append_payload(b, v->type, v, count);
}

/* --- texts
 * ---------------------------------------------------------------------------------------- */
/* Day numbers of all rows; false if a text is not the canonical text of a day. */
static bool texts_to_days(const struct vector *v, uint32_t count, int32_t *days)
{
    const struct value *texts = v->values;
    bool                some = false;

    for (uint32_t i = 0; i < count; i++) {
        days[i] = 0;
        if (v->valid != NULL && !bits_get(v->valid, i))
            continue;
        if (!day_from_text(texts[i].s, texts[i].bytes, &days[i]))
            return false;
        some = true;
    }
    return some;
}

static bool append_days(struct column_builder *b, const struct vector *v, uint32_t count)
{
    if (b->mode == BUILD_EMPTY && !mode_start(b, BUILD_DAY, sizeof(int32_t), count))
        return false;
    assert(b->mode == BUILD_DAY);
    return append_payload(b, PHYS_I32, v, count);
}

#define STORE_CODES(ctype)                                                                         \
    for (uint32_t i = 0; i < count; i++)                                                           \
    ((ctype *)b->values + b->rows)[i] = (ctype)codes[i]

/* codes of the column's dictionary; v gives validity. */
static bool append_codes(struct column_builder *b, const uint32_t *codes, const struct vector *v,
                         uint32_t count)
{
    uint32_t all = 0;
    uint8_t  bytes;

    if (b->mode == BUILD_EMPTY && !mode_start(b, BUILD_CODES, 1, count))
        return false;
    for (uint32_t i = 0; i < count; i++)
        all |= codes[i];
    bytes = all <= UINT8_MAX ? 1 : all <= UINT16_MAX ? 2 : 4;
    if (!slots_widen(b, bytes) || !slots_reserve(b, b->rows + count))
        return false;
    switch (b->slot_bytes) {
    case 1:
        STORE_CODES(uint8_t);
        break;
    case 2:
        STORE_CODES(uint16_t);
        break;
    default:
        STORE_CODES(uint32_t);
        break;
    }
    return rows_done(b, v->valid, count);
}

static uint32_t dictionary_limit(const struct column_dictionary *texts)
{
    uint64_t limit = texts->rows / DICTIONARY_SHARE;

    if (limit < DICTIONARY_FREE)
        limit = DICTIONARY_FREE;
    return (uint32_t)(limit > DICTIONARY_MAX ? DICTIONARY_MAX : limit);
}

/* v: flat TEXT that is not to become days. */
static bool append_words(struct column_builder *b, const struct vector *v, uint32_t count,
                         struct builder_scratch *scratch)
{
    struct column_dictionary *texts = b->texts;
    enum status               status;
    uint32_t                  done;

    if (b->mode == BUILD_CELLS || (b->mode == BUILD_EMPTY && texts->closed))
        return append_cells(b, v, count, scratch);
    if (texts->dictionary == NULL && (texts->dictionary = dictionary_new(b->memory)) == NULL)
        return false;
    status = STATUS_FULL;
    if (!texts->closed) {
        texts->rows += count;
        status = dictionary_intern(texts->dictionary, v->values, v->valid, count,
                                   dictionary_limit(texts), scratch->codes, &done, NULL);
    }
    if (status == STATUS_OK)
        return append_codes(b, scratch->codes, v, count);
    if (status != STATUS_FULL)
        return false;
    texts->closed = true;
    return append_any(b, v, count, scratch);
}

static bool append_texts(struct column_builder *b, const struct vector *v, uint32_t count,
                         struct builder_scratch *scratch)
{
    if ((b->mode == BUILD_EMPTY || b->mode == BUILD_DAY) &&
        texts_to_days(v, count, scratch->days)) {
        struct vector days = *v;

        days.type = PHYS_DAY32;
        days.values = scratch->days;
        return append_days(b, &days, count);
    }
    if (b->mode == BUILD_DAY &&
        !mode_change(b, PHYS_TEXT, append_words, &scratch->rebuilt, scratch))
        return false;
    if (b->mode == BUILD_EMPTY || b->mode == BUILD_CODES || b->mode == BUILD_CELLS)
        return append_words(b, v, count, scratch);
    return append_any(b, v, count, scratch);
}

/* Codes of the column's own dictionary stay; others are looked up by their text. */
static bool append_dictionary(struct column_builder *b, const struct vector *v, uint32_t count,
                              struct builder_scratch *scratch)
{
    struct vector flat;

    if (v->dictionary != NULL && v->dictionary == b->texts->dictionary &&
        (b->mode == BUILD_EMPTY || b->mode == BUILD_CODES)) {
        for (uint32_t i = 0; i < count; i++)
            scratch->codes[i] = v->code_bytes == 1   ? ((const uint8_t *)v->codes)[i]
                                : v->code_bytes == 2 ? ((const uint16_t *)v->codes)[i]
                                                     : ((const uint32_t *)v->codes)[i];
        return append_codes(b, scratch->codes, v, count);
    }
    if (v->type != PHYS_TEXT)
        return append_any(b, v, count, scratch);
    return vector_decode(v, PHYS_TEXT, NULL, &scratch->input, &scratch->arena, &flat) &&
           append_texts(b, &flat, count, scratch);
}

/* --- the way in
 * ------------------------------------------------------------------------------------ */
/* The classes among the cells of v: bit per class that is there. */
static uint32_t cell_classes(const struct vector *v, uint32_t count)
{
    const struct value *cells = v->values;
    uint32_t            classes = 0;

    for (uint32_t i = 0; i < count; i++)
        classes |= 1u << cells[i].class_;
    return classes & ~(1u << CLASS_NULL);
}

/* ANY cells of one class as a vector of that class, if they are. */
static bool append_mixed(struct column_builder *b, const struct vector *v, uint32_t count,
                         struct builder_scratch *scratch)
{
    uint32_t            classes = cell_classes(v, count);
    const struct value *cells = v->values;
    struct vector       typed = *v;
    int64_t            *slots = (int64_t *)scratch->input.values;

    if (classes == 0)
        return append_nulls(b, count);
    if (classes == 1u << CLASS_TEXT) {
        typed.type = PHYS_TEXT;
        return append_texts(b, &typed, count, scratch);
    }
    if (classes != 1u << CLASS_INTEGER && classes != 1u << CLASS_REAL)
        return append_any(b, v, count, scratch);
    for (uint32_t i = 0; i < count; i++)
        slots[i] = cells[i].i; /* the bits of a REAL too */
    typed.values = slots;
    typed.type = classes == 1u << CLASS_INTEGER ? PHYS_I64 : PHYS_F64;
    return classes == 1u << CLASS_INTEGER ? append_integers(b, &typed, count, scratch)
                                          : append_reals(b, &typed, count, scratch);
}

static bool append_flat(struct column_builder *b, const struct vector *v, uint32_t count,
                        struct builder_scratch *scratch)
{
    struct vector text;

    switch ((enum phys)v->type) {
    case PHYS_I8:
    case PHYS_I16:
    case PHYS_I32:
    case PHYS_I64:
        return append_integers(b, v, count, scratch);
    case PHYS_F64:
        return append_reals(b, v, count, scratch);
    case PHYS_DEC16:
    case PHYS_DEC32:
    case PHYS_DEC64:
        return append_decimals(b, v, count, scratch);
    case PHYS_DAY32:
        if (b->mode == BUILD_EMPTY || b->mode == BUILD_DAY)
            return append_days(b, v, count);
        return vector_decode(v, PHYS_TEXT, NULL, &scratch->input, &scratch->arena, &text) &&
               append_texts(b, &text, count, scratch);
    case PHYS_TEXT:
        return append_texts(b, v, count, scratch);
    case PHYS_ANY:
        return append_mixed(b, v, count, scratch);
    default:
        return append_any(b, v, count, scratch);
    }
}

bool column_builder_append(struct column_builder *builder, const struct vector *v, uint32_t count,
                           struct builder_scratch *scratch)
{
    struct vector flat, counted;

    assert(count <= VECTOR_CAP && builder->rows + count <= GROUP_ROWS);
    if (count == 0)
        return true;
    arena_reset(&scratch->arena);
    if (v->shape == VECTOR_DICT)
        return append_dictionary(builder, v, count, scratch);
    if (v->shape == VECTOR_FLAT)
        return append_flat(builder, v, count, scratch);
    if (v->shape == VECTOR_CONSTANT && v->type == PHYS_ANY &&
        ((const struct value *)v->values)->class_ == CLASS_NULL)
        return append_nulls(builder, count);
    counted = *v;
    counted.count = count;
    return vector_decode(&counted, vector_canonical(v), NULL, &scratch->input, &scratch->arena,
                         &flat) &&
           append_flat(builder, &flat, count, scratch);
}
