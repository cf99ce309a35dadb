/* vector.c - reading, decoding, slicing and gathering vectors of every type and shape.
 *
 * Decoding is one plain loop a pair of types; the compilers vectorise them.  Loops run over whole
 * batches whatever the selection is, except where a row costs more than a few instructions. */
#include "store/vector.h"
#include "base/number.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "store/day.h"
#include "store/vector_internal.h"

const uint8_t phys_bytes[PHYS_COUNT] = {
#define PHYS(name, ctype, bytes, class_) [PHYS_##name] = bytes,
    PHYS_TABLE(PHYS)
#undef PHYS
};
const uint8_t phys_class[PHYS_COUNT] = {
#define PHYS(name, ctype, bytes, class_) [PHYS_##name] = class_,
    PHYS_TABLE(PHYS)
#undef PHYS
};

const char *phys_name(enum phys type)
{
    static const char *const names[PHYS_COUNT] = {"i8",    "i16",   "i32",   "i64",
                                                  "f64",   "dec16", "dec32", "dec64",
                                                  "day32", "text",  "blob",  "any"};

    return type < PHYS_COUNT ? names[type] : "?";
}

static uint32_t vector_code(const struct vector *v, uint32_t row)
{
    switch (v->code_bytes) {
    case 1:
        return ((const uint8_t *)v->codes)[row];
    case 2:
        return ((const uint16_t *)v->codes)[row];
    default:
        return ((const uint32_t *)v->codes)[row];
    }
}

static struct value decimal_value(int64_t payload, uint8_t scale, uint8_t flags)
{
    double r = (double)payload / number_power_real[scale];

    if ((flags & VECTOR_WHOLE_IS_INT) != 0) {
        int64_t power = number_power_int[scale];

        if (payload % power == 0)
            return value_int(payload / power);
    }
    return (struct value){.r = r, .class_ = CLASS_REAL};
}

/* What a NULL row's slot holds may wrap. */
static int64_t wrapped_sum(int64_t base, int64_t offset)
{
    return (int64_t)((uint64_t)base + (uint64_t)offset);
}

struct value vector_value(const struct vector *v, uint32_t row, char scratch[16])
{
    uint32_t slot = row;

    if (!vector_row_valid(v, row))
        return value_null();
    switch ((enum vector_shape)v->shape) {
    case VECTOR_SEQUENCE:
        return value_int(v->base + row);
    case VECTOR_CONSTANT:
        slot = 0;
        break;
    case VECTOR_DICT:
        slot = vector_code(v, row);
        break;
    default:
        break;
    }
    switch ((enum phys)v->type) {
    case PHYS_I8:
        return value_int(wrapped_sum(v->base, ((const int8_t *)v->values)[slot]));
    case PHYS_I16:
        return value_int(wrapped_sum(v->base, ((const int16_t *)v->values)[slot]));
    case PHYS_I32:
        return value_int(wrapped_sum(v->base, ((const int32_t *)v->values)[slot]));
    case PHYS_I64:
        return value_int(((const int64_t *)v->values)[slot]);
    case PHYS_F64:
        return (struct value){.r = ((const double *)v->values)[slot], .class_ = CLASS_REAL};
    case PHYS_DEC16:
        return decimal_value(((const int16_t *)v->values)[slot], v->scale, v->flags);
    case PHYS_DEC32:
        return decimal_value(((const int32_t *)v->values)[slot], v->scale, v->flags);
    case PHYS_DEC64:
        return decimal_value(((const int64_t *)v->values)[slot], v->scale, v->flags);
    case PHYS_DAY32:
        day_to_text(((const int32_t *)v->values)[slot], scratch);
        return value_text(scratch, DAY_TEXT_BYTES);
    default:
        return ((const struct value *)v->values)[slot];
    }
}

static const enum phys class_phys[CLASS_COUNT] = {[CLASS_NULL] = PHYS_ANY,
                                                  [CLASS_INTEGER] = PHYS_I64,
                                                  [CLASS_REAL] = PHYS_F64,
                                                  [CLASS_TEXT] = PHYS_TEXT,
                                                  [CLASS_BLOB] = PHYS_BLOB};

void vector_constant(struct vector *v, struct value *cell, uint32_t count)
{
    /* a cell's payload comes first, so that it serves as the slot of I64 and F64 too */
    *v = (struct vector){.type = (uint8_t)class_phys[cell->class_],
                         .shape = VECTOR_CONSTANT,
                         .count = count,
                         .values = cell};
    if (cell->class_ == CLASS_INTEGER) {
        v->flags = VECTOR_BOUNDED;
        v->lo = v->hi = cell->i;
    }
}

enum phys vector_canonical(const struct vector *v)
{
    switch ((enum phys)v->type) {
    case PHYS_I8:
    case PHYS_I16:
    case PHYS_I32:
    case PHYS_I64:
        return PHYS_I64;
    case PHYS_F64:
        return PHYS_F64;
    case PHYS_DEC16:
    case PHYS_DEC32:
    case PHYS_DEC64:
        return (v->flags & VECTOR_WHOLE_IS_INT) != 0 ? PHYS_ANY : PHYS_F64;
    case PHYS_DAY32:
    case PHYS_TEXT:
        return PHYS_TEXT;
    case PHYS_BLOB:
        return PHYS_BLOB;
    default:
        return PHYS_ANY;
    }
}

/* --- decoding ----------------------------------------------------------------------------------
 */
/* Without sign: what a NULL row's slot holds may wrap. */
#define WIDEN_INT(ctype)                                                                           \
    for (uint32_t i = 0; i < n; i++)                                                               \
    out[i] = (int64_t)((uint64_t)base + (uint64_t)((const ctype *)v->values)[i])
#define DIVIDE_DEC(ctype)                                                                          \
    for (uint32_t i = 0; i < n; i++)                                                               \
    out[i] = (double)((const ctype *)v->values)[i] / power

static void decode_i64(const struct vector *v, uint32_t n, int64_t *restrict out)
{
    int64_t base = v->base;

    if (v->shape == VECTOR_SEQUENCE) {
        for (uint32_t i = 0; i < n; i++)
            out[i] = base + i;
        return;
    }
    switch ((enum phys)v->type) {
    case PHYS_I8:
        WIDEN_INT(int8_t);
        break;
    case PHYS_I16:
        WIDEN_INT(int16_t);
        break;
    case PHYS_I32:
        WIDEN_INT(int32_t);
        break;
    default:
        memcpy(out, v->values, n * sizeof *out);
        break;
    }
}

static void decode_f64(const struct vector *v, uint32_t n, double *restrict out)
{
    double power = number_power_real[v->scale];

    switch ((enum phys)v->type) {
    case PHYS_DEC16:
        DIVIDE_DEC(int16_t);
        break;
    case PHYS_DEC32:
        DIVIDE_DEC(int32_t);
        break;
    case PHYS_DEC64:
        DIVIDE_DEC(int64_t);
        break;
    default:
        memcpy(out, v->values, n * sizeof *out);
        break;
    }
}

#define GATHER_ENTRIES(ctype)                                                                      \
    for (uint32_t i = 0; i < n; i++)                                                               \
    out[i] = entries[((const ctype *)v->codes)[i]]

static void decode_dict(const struct vector *v, uint32_t n, struct value *restrict out)
{
    const struct value *entries = v->values;

    switch (v->code_bytes) {
    case 1:
        GATHER_ENTRIES(uint8_t);
        break;
    case 2:
        GATHER_ENTRIES(uint16_t);
        break;
    default:
        GATHER_ENTRIES(uint32_t);
        break;
    }
}

static bool row_wanted(const struct vector *v, const struct selection *sel, uint32_t row)
{
    return (sel == NULL || bits_get(sel->bits, row)) && vector_row_valid(v, row);
}

/* Text of days: rows that are not wanted keep an empty text, which can be read. */
static bool decode_days(const struct vector *v, uint32_t n, const struct selection *sel,
                        struct arena *arena, struct value *out)
{
    const int32_t *days = v->values;
    char          *text = arena_alloc(arena, (size_t)n * 16);

    if (text == NULL)
        return false;
    for (uint32_t i = 0; i < n; i++, text += 16) {
        out[i] = value_text(text, 0);
        if (row_wanted(v, sel, i)) {
            day_to_text(days[i], text);
            out[i].bytes = DAY_TEXT_BYTES;
        }
    }
    return true;
}

/* Cells of numbers of one class.  They are decoded into the upper half of out first: slot i never
 * lies before cell i. */
static void decode_numbers(const struct vector *v, uint32_t n, enum phys canonical,
                           struct value *out)
{
    bool         ints = canonical == PHYS_I64;
    struct value model = {.class_ = ints ? CLASS_INTEGER : CLASS_REAL};
    const char  *slots = (char *)out + (size_t)n * sizeof model.i;

    if (ints)
        decode_i64(v, n, (int64_t *)(uintptr_t)slots);
    else
        decode_f64(v, n, (double *)(uintptr_t)slots);
    for (uint32_t i = 0; i < n; i++) {
        memcpy(&model.i, slots + (size_t)i * sizeof model.i, sizeof model.i);
        memcpy(&out[i], &model, sizeof model);
    }
}

/* Cells of any flat, dictionary or sequence vector.  NULL rows are CLASS_NULL cells. */
static bool decode_cells(const struct vector *v, uint32_t n, const struct selection *sel,
                         struct arena *arena, struct value *out)
{
    enum phys canonical = v->shape == VECTOR_DICT ? PHYS_ANY : vector_canonical(v);
    char      scratch[16];

    if (canonical == PHYS_I64 || canonical == PHYS_F64) {
        decode_numbers(v, n, canonical, out);
    } else if (v->type == PHYS_DAY32) {
        if (!decode_days(v, n, sel, arena, out))
            return false;
    } else if (v->shape == VECTOR_DICT) {
        decode_dict(v, n, out);
    } else if (phys_bytes[v->type] == sizeof(struct value)) {
        memcpy(out, v->values, n * sizeof *out);
    } else {
        for (uint32_t i = 0; i < n; i++)
            out[i] = vector_value(v, i, scratch);
        return true;
    }
    if (v->valid != NULL)
        for (uint32_t i = 0; i < n; i++)
            if (!bits_get(v->valid, i))
                out[i] = value_null();
    return true;
}

/* A constant spread over n rows. */
static bool decode_constant(const struct vector *v, enum phys want, uint32_t n,
                            struct vector_buffer *buffer, struct arena *arena, struct vector *out)
{
    char         scratch[16];
    struct value cell = vector_value(v, 0, scratch);

    if (cell.class_ == CLASS_TEXT && cell.s == scratch) {
        cell.s = arena_copy_text(arena, scratch, DAY_TEXT_BYTES);
        if (cell.s == NULL)
            return false;
    }
    if (cell.class_ == CLASS_NULL) {
        memset(buffer->valid, 0, bits_words(n) * sizeof *buffer->valid);
        out->valid = buffer->valid;
    }
    if (phys_bytes[want] == sizeof(struct value)) {
        struct value *cells = (struct value *)buffer->values;

        for (uint32_t i = 0; i < n; i++)
            cells[i] = cell;
    } else {
        int64_t *slots = (int64_t *)buffer->values;

        for (uint32_t i = 0; i < n; i++)
            slots[i] = cell.i; /* the bits of a REAL too */
    }
    return true;
}

bool vector_decode(const struct vector *v, enum phys want, const struct selection *sel,
                   struct vector_buffer *buffer, struct arena *arena, struct vector *out)
{
    uint32_t n = v->shape == VECTOR_CONSTANT && sel != NULL ? sel->rows : v->count;

    if (v->shape == VECTOR_FLAT && v->type == want) {
        *out = *v;
        return true;
    }
    *out = (struct vector){.type = (uint8_t)want,
                           .shape = VECTOR_FLAT,
                           .flags = v->flags & (VECTOR_PINNED | VECTOR_ASCII),
                           .count = n,
                           .valid = v->valid,
                           .values = buffer->values};
    if (v->type == PHYS_DAY32)
        out->flags = VECTOR_ASCII;
    if (v->shape == VECTOR_CONSTANT)
        return decode_constant(v, want, n, buffer, arena, out);
    switch (want) {
    case PHYS_I64:
        assert(vector_canonical(v) == PHYS_I64);
        if ((v->flags & VECTOR_BOUNDED) != 0) {
            out->flags |= VECTOR_BOUNDED;
            out->lo = v->lo;
            out->hi = v->hi;
        }
        decode_i64(v, n, (int64_t *)buffer->values);
        return true;
    case PHYS_F64:
        assert(phys_class[v->type] == CLASS_REAL);
        decode_f64(v, n, (double *)buffer->values);
        return true;
    case PHYS_TEXT:
    case PHYS_BLOB:
        assert(vector_canonical(v) == want);
        if (v->type == PHYS_DAY32)
            return decode_days(v, n, sel, arena, (struct value *)buffer->values);
        decode_dict(v, n, (struct value *)buffer->values);
        return true;
    default:
        assert(want == PHYS_ANY);
        return decode_cells(v, n, sel, arena, (struct value *)buffer->values);
    }
}

/* --- slices and gathers ------------------------------------------------------------------------
 */
void vector_slice(const struct vector *v, uint32_t from, uint32_t count,
                  uint64_t valid_space[VECTOR_WORDS], struct vector *out)
{
    *out = *v;
    out->count = count;
    if (v->shape == VECTOR_CONSTANT)
        return;
    assert(from + count <= v->count);
    if (v->shape == VECTOR_SEQUENCE)
        out->base += from;
    else if (v->shape == VECTOR_DICT)
        out->codes = (const char *)v->codes + (size_t)from * v->code_bytes;
    else
        out->values = (const char *)v->values + (size_t)from * phys_bytes[v->type];
    if (v->valid == NULL)
        return;
    if (from % 64 == 0) {
        out->valid = v->valid + from / 64;
    } else {
        bits_copy(valid_space, v->valid, from, count);
        out->valid = valid_space;
    }
}

#define GATHER_SLOTS(ctype)                                                                        \
    do {                                                                                           \
        const ctype *in = source;                                                                  \
        ctype       *to = target;                                                                  \
        for (uint32_t i = 0; i < count; i++)                                                       \
            to[i] = in[positions[i]];                                                              \
    } while (0)

static void gather_slots(uint32_t bytes, const void *restrict source,
                         const uint16_t *restrict positions, uint32_t count, void *restrict target)
{
    switch (bytes) {
    case 1:
        GATHER_SLOTS(uint8_t);
        break;
    case 2:
        GATHER_SLOTS(uint16_t);
        break;
    case 4:
        GATHER_SLOTS(uint32_t);
        break;
    case 8:
        GATHER_SLOTS(uint64_t);
        break;
    default:
        GATHER_SLOTS(struct value);
        break;
    }
}

static void gather_bits(const uint64_t *bits, const uint16_t *positions, uint32_t count,
                        uint64_t *out)
{
    for (uint32_t w = 0; w * 64 < count; w++) {
        uint32_t last = count - w * 64 < 64 ? count - w * 64 : 64;
        uint64_t word = 0;

        for (uint32_t i = 0; i < last; i++)
            word |= (uint64_t)bits_get(bits, positions[w * 64 + i]) << i;
        out[w] = word;
    }
}

bool vector_gather(const struct vector *v, const uint16_t *positions, uint32_t count,
                   struct vector_buffer *buffer, struct arena *arena, struct vector *out)
{
    (void)arena; /* encodings stay, so that no text is made */
    *out = *v;
    out->count = count;
    if (v->shape == VECTOR_CONSTANT)
        return true;
    if (v->shape == VECTOR_SEQUENCE) {
        int64_t *to = (int64_t *)buffer->values;

        for (uint32_t i = 0; i < count; i++)
            to[i] = v->base + positions[i];
        out->shape = VECTOR_FLAT;
        out->base = 0;
        out->values = to;
    } else if (v->shape == VECTOR_DICT) {
        size_t used = (size_t)count * v->code_bytes;
        size_t padded = (size_t)bits_words(count) * 64 * v->code_bytes;

        gather_slots(v->code_bytes, v->codes, positions, count, buffer->values);
        memset(buffer->values + used, 0, padded - used); /* codes that can be looked up */
        out->codes = buffer->values;
    } else {
        gather_slots(phys_bytes[v->type], v->values, positions, count, buffer->values);
        out->values = buffer->values;
    }
    if (v->valid != NULL) {
        gather_bits(v->valid, positions, count, buffer->valid);
        out->valid = buffer->valid;
    }
    return true;
}

/* --- for tests and asserts ---------------------------------------------------------------------
 */
void vector_dump(const struct vector *v, struct str *out)
{
    static const char *const shapes[VECTOR_SHAPE_COUNT] = {"flat", "constant", "dict", "sequence"};
    char                     scratch[16];
    uint32_t                 rows = v->shape == VECTOR_CONSTANT ? 1 : v->count;

    str_printf(out, "%s %s [%" PRIu32 "]", phys_name(v->type),
               v->shape < VECTOR_SHAPE_COUNT ? shapes[v->shape] : "?", v->count);
    for (uint32_t i = 0; i < rows; i++) {
        struct value value = vector_value(v, i, scratch);

        str_char(out, ' ');
        value_dump(&value, out);
    }
}

static bool row_ok(const struct vector *v, uint32_t row)
{
    char         scratch[16];
    struct value cell;
    int64_t      payload;

    if (!vector_row_valid(v, row))
        return v->type != PHYS_ANY || v->shape == VECTOR_DICT ||
               ((const struct value *)v->values)[row].class_ == CLASS_NULL;
    if (v->shape == VECTOR_DICT && vector_code(v, row) >= v->entry_count)
        return false;
    if (v->type == PHYS_DAY32) {
        payload = ((const int32_t *)v->values)[v->shape == VECTOR_CONSTANT ? 0 : row];
        if (payload < DAY_MIN || payload > DAY_MAX)
            return false;
        return (v->flags & VECTOR_BOUNDED) == 0 || (payload >= v->lo && payload <= v->hi);
    }
    cell = vector_value(v, row, scratch);
    if (phys_class[v->type] != CLASS_COUNT && cell.class_ != phys_class[v->type] &&
        !(cell.class_ == CLASS_INTEGER && (v->flags & VECTOR_WHOLE_IS_INT) != 0))
        return false;
    if (v->type == PHYS_ANY && cell.class_ == CLASS_NULL && v->shape != VECTOR_CONSTANT)
        return false;
    if (cell.class_ == CLASS_INTEGER && (v->flags & VECTOR_BOUNDED) != 0 &&
        phys_class[v->type] == CLASS_INTEGER)
        return cell.i >= v->lo && cell.i <= v->hi;
    return cell.class_ != CLASS_REAL || cell.r == cell.r;
}

bool vector_ok(const struct vector *v)
{
    uint32_t rows = v->shape == VECTOR_CONSTANT ? 1 : v->count;

    if (v->type >= PHYS_COUNT || v->shape >= VECTOR_SHAPE_COUNT || v->count > VECTOR_CAP ||
        v->scale > 18)
        return false;
    if (v->shape == VECTOR_SEQUENCE)
        return v->type == PHYS_I64 && v->valid == NULL;
    if (v->shape == VECTOR_DICT &&
        (v->codes == NULL || (v->code_bytes != 1 && v->code_bytes != 2 && v->code_bytes != 4) ||
         phys_bytes[v->type] != sizeof(struct value)))
        return false;
    if (rows > 0 && v->values == NULL)
        return false;
    if (v->shape == VECTOR_CONSTANT && v->valid != NULL)
        return false;
    if (v->type > PHYS_I32 && v->base != 0)
        return false;
    for (uint32_t i = 0; i < rows; i++)
        if (!row_ok(v, i))
            return false;
    return true;
}
