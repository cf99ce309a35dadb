/* column_seal.c - choosing the encoding of a finished column and making its segment.
 *
 * Most modes are encodings already: the slots are handed over, cut to size.  What is decided here:
 * a frame of reference for integers far from 0, whether REALs are short decimals, what a mixture
 * of cells has in common. */
#include <assert.h>

#include "base/number.h"
#include "store/column_builder_internal.h"
#include "store/vector_internal.h"

/* A decimal with more digits saves nothing: its payload needs 8 bytes as the double does. */
enum { REAL_SCALE_MAX = 9, MIXED_SCALE_MAX = 15 };

/* A copy cut to size: the builder's words are for a whole row group. */
static bool copy_valid(const struct column_builder *b, struct segment *segment)
{
    size_t bytes = (bits_words(b->rows) + 1) * sizeof *b->valid;

    if (b->nulls == 0 || b->nulls == b->rows)
        return true;
    segment->valid = memory_alloc(b->memory, bytes);
    if (segment->valid == NULL)
        return false;
    memcpy(segment->valid, b->valid, bytes);
    return true;
}

/* --- payload
 * -------------------------------------------------------------------------------------- */
/* Room for rows slots and the pad, which is zeroed. */
static bool payload_new(struct segment *segment, uint32_t slot_bytes)
{
    size_t used = (size_t)segment->rows * slot_bytes, pad = (size_t)SEGMENT_PAD_ROWS * slot_bytes;

    segment->payload = memory_alloc(segment->memory, used + pad);
    if (segment->payload == NULL)
        return false;
    segment->payload_bytes = used + pad;
    memset((char *)segment->payload + used, 0, pad);
    return true;
}

/* The builder's slots become the segment's: moved when their buffer has the right size. */
static bool payload_take(struct column_builder *b, struct segment *segment)
{
    size_t used = (size_t)b->rows * b->slot_bytes, pad = (size_t)SEGMENT_PAD_ROWS * b->slot_bytes;

    if (b->capacity == b->rows) {
        segment->payload = b->values;
        segment->payload_bytes = used + pad;
        memset((char *)b->values + used, 0, pad);
        b->values = NULL;
        return true;
    }
    if (!payload_new(segment, b->slot_bytes))
        return false;
    memcpy(segment->payload, b->values, used);
    return true;
}

/* --- integers
 * ------------------------------------------------------------------------------------- */
static bool seal_constant(struct segment *segment, struct value cell)
{
    segment->cell = cell;
    vector_constant(&segment->all, &segment->cell, segment->rows);
    return true;
}

static bool seal_integers(struct column_builder *b, struct segment *segment)
{
    static const enum phys types[9] = {
        [1] = PHYS_I8, [2] = PHYS_I16, [4] = PHYS_I32, [8] = PHYS_I64};
    uint64_t range = (uint64_t)segment->hi - (uint64_t)segment->lo;
    uint8_t  bytes = range <= UINT8_MAX ? 1 : range <= UINT16_MAX ? 2 : range <= UINT32_MAX ? 4 : 8;

    if (b->nulls == 0 && segment->lo == segment->hi)
        return seal_constant(segment, value_int(segment->lo));
    if (b->slot_bytes <= bytes) {
        segment->all.type = (uint8_t)types[b->slot_bytes];
        return payload_take(b, segment);
    }
    /* payloads from the smallest number of the type up, but the base is no more than an integer can
     * be: payloads below it will do then */
    segment->all.type = (uint8_t)types[bytes];
    if (__builtin_add_overflow(segment->lo, INT64_C(1) << (bytes * 8 - 1), &segment->all.base))
        segment->all.base = INT64_MAX;
    if (!payload_new(segment, bytes))
        return false;
    payload_store(types[b->slot_bytes], b->values, -segment->all.base, b->rows, bytes,
                  segment->payload);
    return true;
}

/* --- decimals
 * ------------------------------------------------------------------------------------- */
static bool real_is_decimal(double r, uint8_t scale, int64_t *payload)
{
    /* adding and subtracting 1.5 * 2^52 rounds to the nearest whole number */
    const double magic = 6755399441055744.0;
    double       power = number_power_real[scale], scaled = r * power, k, back;

    *payload = 0;
    if (!(scaled < 1125899906842624.0 && scaled > -1125899906842624.0)) /* 2^50 */
        return false;
    k = scaled + magic;
    k -= magic;
    back = k / power;
    *payload = (int64_t)k;
    return memcmp(&back, &r, sizeof r) == 0; /* -0.0 is not 0.0 */
}

/* The smallest scale from *scale on that r is a decimal of; false: none up to max. */
static bool scale_find(double r, uint8_t max, uint8_t *scale, int64_t *payload)
{
    while (!real_is_decimal(r, *scale, payload))
        if (++*scale > max)
            return false;
    return true;
}

static bool seal_decimals(struct column_builder *b, struct segment *segment)
{
    static const enum phys types[9] = {[2] = PHYS_DEC16, [4] = PHYS_DEC32, [8] = PHYS_DEC64};

    segment->all.scale = b->scale;
    segment->all.flags = b->whole ? VECTOR_WHOLE_IS_INT : 0;
    segment->all.type = (uint8_t)types[b->slot_bytes];
    return payload_take(b, segment);
}

/* Whether all REALs are decimals of up to REAL_SCALE_MAX digits whose payloads fit 4 bytes. */
static bool reals_scale(const struct column_builder *b, uint8_t *scale)
{
    const double *reals = b->values;
    int64_t       payload;

    *scale = 0;
    for (uint32_t i = 0; i < b->rows; i++) {
        if (b->valid != NULL && !bits_get(b->valid, i))
            continue;
        if (!scale_find(reals[i], REAL_SCALE_MAX, scale, &payload))
            return false;
        if (payload > INT32_MAX || payload < INT32_MIN)
            return false;
    }
    return true;
}

static void reals_range(const struct column_builder *b, struct segment *segment)
{
    const double *reals = b->values;
    double        lo = __builtin_inf(), hi = -__builtin_inf();

    for (uint32_t i = 0; i < b->rows; i++) {
        if (b->valid != NULL && !bits_get(b->valid, i))
            continue;
        lo = reals[i] < lo ? reals[i] : lo;
        hi = reals[i] > hi ? reals[i] : hi;
    }
    segment->real_bounded = lo <= hi;
    segment->real_lo = lo;
    segment->real_hi = hi;
}

static bool seal_reals(struct column_builder *b, struct segment *segment)
{
    const double *reals = b->values;
    uint8_t       scale, bytes;
    int64_t       lo = INT64_MAX, hi = INT64_MIN, payload;

    segment->all.type = PHYS_F64;
    reals_range(b, segment);
    if (!reals_scale(b, &scale))
        return payload_take(b, segment);
    for (uint32_t i = 0; i < b->rows; i++) {
        if (b->valid != NULL && !bits_get(b->valid, i))
            continue;
        if (!real_is_decimal(reals[i], scale, &payload))
            return payload_take(b, segment); /* too large at the scale that others need */
        lo = payload < lo ? payload : lo;
        hi = payload > hi ? payload : hi;
    }
    bytes = payload_bytes(lo, hi);
    if (bytes == 8)
        return payload_take(b, segment);
    bytes = bytes < 2 ? 2 : bytes;
    if (!payload_new(segment, bytes))
        return false;
    for (uint32_t i = 0; i < b->rows; i++) {
        real_is_decimal(b->valid != NULL && !bits_get(b->valid, i) ? 0 : reals[i], scale, &payload);
        if (bytes == 2)
            ((int16_t *)segment->payload)[i] = (int16_t)payload;
        else
            ((int32_t *)segment->payload)[i] = (int32_t)payload;
    }
    segment->real_bounded = false;
    segment->lo = lo;
    segment->hi = hi;
    segment->all.scale = scale;
    segment->all.type = bytes == 2 ? PHYS_DEC16 : PHYS_DEC32;
    return true;
}

/* --- cells
 * ---------------------------------------------------------------------------------------- */
static bool cell_is_decimal(const struct value *cell, uint8_t scale, int64_t *payload)
{
    int64_t power = number_power_int[scale];

    if (cell->class_ == CLASS_INTEGER) {
        *payload = (int64_t)((uint64_t)cell->i * (uint64_t)power);
        return cell->i <= PAYLOAD_LIMIT / power && cell->i >= -(PAYLOAD_LIMIT / power);
    }
    /* a whole REAL would read as INTEGER */
    return real_is_decimal(cell->r, scale, payload) && *payload % power != 0;
}

/* INTEGER and REAL cells under NUMERIC affinity's rule; false: some cell is not. */
static bool mixed_scale(const struct column_builder *b, uint8_t *scale, int64_t *lo, int64_t *hi)
{
    const struct value *cells = b->values;
    int64_t             payload;

    *scale = 0;
    *lo = INT64_MAX;
    *hi = INT64_MIN;
    for (uint32_t i = 0; i < b->rows; i++)
        if (cells[i].class_ == CLASS_REAL &&
            !scale_find(cells[i].r, MIXED_SCALE_MAX, scale, &payload))
            return false;
    for (uint32_t i = 0; i < b->rows; i++) {
        if (cells[i].class_ == CLASS_NULL)
            continue;
        if (!cell_is_decimal(&cells[i], *scale, &payload))
            return false;
        *lo = payload < *lo ? payload : *lo;
        *hi = payload > *hi ? payload : *hi;
    }
    return true;
}

static bool seal_mixed_numbers(struct column_builder *b, struct segment *segment, uint8_t scale,
                               int64_t lo, int64_t hi)
{
    const struct value *cells = b->values;
    uint8_t             bytes = payload_bytes(lo, hi);
    int64_t             payload;

    bytes = bytes < 2 ? 2 : bytes;
    if (!payload_new(segment, bytes))
        return false;
    for (uint32_t i = 0; i < b->rows; i++) {
        payload = 0;
        if (cells[i].class_ != CLASS_NULL)
            cell_is_decimal(&cells[i], scale, &payload);
        if (bytes == 2)
            ((int16_t *)segment->payload)[i] = (int16_t)payload;
        else if (bytes == 4)
            ((int32_t *)segment->payload)[i] = (int32_t)payload;
        else
            ((int64_t *)segment->payload)[i] = payload;
    }
    segment->lo = lo;
    segment->hi = hi;
    segment->all.scale = scale;
    segment->all.flags = VECTOR_WHOLE_IS_INT;
    segment->all.type = bytes == 2 ? PHYS_DEC16 : bytes == 4 ? PHYS_DEC32 : PHYS_DEC64;
    return true;
}

static bool seal_cells(struct column_builder *b, struct segment *segment)
{
    const uint32_t numbers = 1u << CLASS_INTEGER | 1u << CLASS_REAL;
    uint8_t        scale;
    int64_t        lo, hi;

    if (b->classes == numbers && mixed_scale(b, &scale, &lo, &hi))
        return seal_mixed_numbers(b, segment, scale, lo, hi);
    segment->all.type = PHYS_ANY;
    if (b->classes == 1u << CLASS_TEXT) {
        segment->all.type = PHYS_TEXT;
        segment->all.flags = b->ascii ? VECTOR_ASCII : 0;
    } else if (b->classes == 1u << CLASS_BLOB) {
        segment->all.type = PHYS_BLOB;
    }
    segment->all.flags |= VECTOR_PINNED;
    segment->heap = b->heap;
    if (!payload_take(b, segment)) {
        segment->heap = NULL;
        return false;
    }
    b->heap = NULL;
    return true;
}

/* --- all
 * ------------------------------------------------------------------------------------------ */
static void codes_range(const struct vector *part, uint32_t rows, struct segment_zone *out)
{
    out->lo = UINT32_MAX;
    out->hi = 0;
    for (uint32_t i = 0; i < rows; i++) {
        int64_t code = part->code_bytes == 1   ? ((const uint8_t *)part->codes)[i]
                       : part->code_bytes == 2 ? ((const uint16_t *)part->codes)[i]
                                               : ((const uint32_t *)part->codes)[i];

        out->lo = code < out->lo ? code : out->lo;
        out->hi = code > out->hi ? code : out->hi;
    }
}

/* Bounds of all vectors of `all`, and of the segment. */
static bool make_zones(struct segment *segment, const struct vector *all)
{
    uint32_t            count = segment_zone_count(segment->rows);
    struct segment_zone zone;

    if (count > 1) {
        segment->zones = memory_alloc(segment->memory, count * sizeof *segment->zones);
        if (segment->zones == NULL)
            return false;
    }
    segment->lo = INT64_MAX;
    segment->hi = INT64_MIN;
    for (uint32_t z = 0; z < count; z++) {
        uint32_t      from = z * VECTOR_CAP;
        uint32_t      rows = segment->rows - from < VECTOR_CAP ? segment->rows - from : VECTOR_CAP;
        struct vector part;

        vector_slice(all, from, rows, NULL, &part); /* from is a multiple of 64 */
        if (part.shape == VECTOR_DICT)
            codes_range(&part, rows, &zone);
        else
            payload_range(part.type, part.values, part.valid, rows, &zone.lo, &zone.hi);
        if (part.shape != VECTOR_DICT && zone.lo <= zone.hi) {
            zone.lo += part.base;
            zone.hi += part.base;
        }
        segment->lo = zone.lo < segment->lo ? zone.lo : segment->lo;
        segment->hi = zone.hi > segment->hi ? zone.hi : segment->hi;
        if (count > 1)
            segment->zones[z] = zone;
    }
    return true;
}

/* The modes whose slots are integers have their bounds made first: the width depends on them. */
static bool zones_first(const struct column_builder *b, struct segment *segment)
{
    struct vector all;

    if (b->nulls == b->rows || b->mode == BUILD_REAL || b->mode == BUILD_CELLS)
        return true;
    column_builder_vector(b, &all);
    return make_zones(segment, &all);
}

/* The other modes may have become decimals: theirs are made of what was sealed. */
static bool zones_last(const struct column_builder *b, struct segment *segment)
{
    enum phys type = segment->all.type;

    if (b->nulls == b->rows || (b->mode != BUILD_REAL && b->mode != BUILD_CELLS) ||
        type < PHYS_DEC16 || type > PHYS_DEC64)
        return true;
    return make_zones(segment, &segment->all);
}

static bool seal_payload(struct column_builder *b, struct segment *segment)
{
    switch (b->nulls == b->rows ? BUILD_EMPTY : b->mode) {
    case BUILD_EMPTY:
        return seal_constant(segment, value_null());
    case BUILD_INTEGER:
        return seal_integers(b, segment);
    case BUILD_REAL:
        return seal_reals(b, segment);
    case BUILD_DECIMAL:
        return seal_decimals(b, segment);
    case BUILD_DAY:
        segment->all.type = PHYS_DAY32;
        return payload_take(b, segment);
    case BUILD_CODES:
        segment->all.type = PHYS_TEXT;
        segment->all.shape = VECTOR_DICT;
        segment->all.code_bytes = b->slot_bytes;
        segment->all.flags = VECTOR_PINNED;
        segment->dictionary = b->texts->dictionary;
        dictionary_ref(segment->dictionary);
        return payload_take(b, segment);
    default:
        return seal_cells(b, segment);
    }
}

static uint32_t segment_classes(const struct column_builder *b, const struct segment *segment)
{
    uint32_t classes = b->nulls > 0 ? 1u << CLASS_NULL : 0;

    if (b->nulls == b->rows)
        return classes;
    if (segment->all.type == PHYS_ANY)
        return classes | b->classes;
    if ((segment->all.flags & VECTOR_WHOLE_IS_INT) != 0 && segment->all.type >= PHYS_DEC16 &&
        segment->all.type <= PHYS_DEC64)
        return classes | 1u << CLASS_INTEGER | 1u << CLASS_REAL;
    return classes | 1u << phys_class[segment->all.type];
}

/* The slots' places are known: points `all` at them. */
static void segment_point(struct column_builder *b, struct segment *segment)
{
    struct vector *all = &segment->all;

    segment->bounded = segment->nulls < segment->rows && all->type != PHYS_F64 &&
                       (all->type <= PHYS_DAY32 || all->shape == VECTOR_DICT);
    segment->classes = segment_classes(b, segment);
    if (all->shape == VECTOR_CONSTANT)
        return;
    all->count = segment->rows;
    all->valid = segment->valid;
    if (all->shape == VECTOR_DICT) {
        all->codes = segment->payload;
        all->values = dictionary_entries(segment->dictionary);
        all->entry_count = dictionary_count(segment->dictionary);
        all->dictionary = segment->dictionary;
        return;
    }
    all->values = segment->payload;
    if (segment->bounded) {
        all->flags |= VECTOR_BOUNDED;
        all->lo = segment->lo;
        all->hi = segment->hi;
    }
}

struct segment *column_builder_seal(struct column_builder *builder)
{
    struct segment *segment = memory_zalloc(builder->memory, sizeof *segment);

    if (segment == NULL)
        return NULL;
    segment->references = 1;
    segment->memory = builder->memory;
    segment->rows = builder->rows;
    segment->nulls = builder->nulls;
    if (!copy_valid(builder, segment) || !zones_first(builder, segment) ||
        !seal_payload(builder, segment)) {
        segment_unref(segment);
        return NULL;
    }
    segment_point(builder, segment);
    if (!zones_last(builder, segment)) {
        segment_unref(segment);
        return NULL;
    }
    column_builder_free(builder);
    return segment;
}
