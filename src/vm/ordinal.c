/* ordinal.c - rows as 64-bit integers. */
#include "vm/ordinal.h"
#include "base/number.h"

#include "vm/cells.h"

#include <assert.h>

/* 0, 1, 2...: the list of a batch whose rows are all active. */
#define ROWS_8(n) n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7
#define ROWS_64(n)                                                                                 \
    ROWS_8(n), ROWS_8(n + 8), ROWS_8(n + 16), ROWS_8(n + 24), ROWS_8(n + 32), ROWS_8(n + 40),      \
        ROWS_8(n + 48), ROWS_8(n + 56)
#define ROWS_512(n)                                                                                \
    ROWS_64(n), ROWS_64(n + 64), ROWS_64(n + 128), ROWS_64(n + 192), ROWS_64(n + 256),             \
        ROWS_64(n + 320), ROWS_64(n + 384), ROWS_64(n + 448)
static const uint16_t all_rows[VECTOR_CAP] = {ROWS_512(0), ROWS_512(512), ROWS_512(1024),
                                              ROWS_512(1536)};

struct row_list row_list_of(const struct selection *sel, uint16_t space[VECTOR_CAP])
{
    if (sel->count == sel->rows)
        return (struct row_list){sel->count, true, all_rows};
    return (struct row_list){sel->count, false, selection_rows(sel, space)};
}

struct row_list row_list_all(uint32_t count)
{
    return (struct row_list){count, true, all_rows};
}

/* --- domains ------------------------------------------------------------------------------------
 */
/* The kind of a row's cell. */
static enum ordinal_kind cell_kind(const struct value *cell)
{
    switch (cell->class_) {
    case CLASS_NULL:
        return ORDINAL_NONE;
    case CLASS_INTEGER:
        return ORDINAL_INT;
    case CLASS_REAL:
        return cell->i == INT64_MIN ? ORDINAL_MIXED : ORDINAL_REAL; /* -0.0 */
    default:
        return ORDINAL_MIXED;
    }
}

static enum ordinal_kind cells_kind(const struct value *cells, const struct row_list *rows)
{
    enum ordinal_kind kind = ORDINAL_NONE;

    for (uint32_t k = 0; k < rows->count; k++) {
        enum ordinal_kind one = cell_kind(&cells[rows->rows[k]]);

        if (one == kind || one == ORDINAL_NONE)
            continue;
        if (kind != ORDINAL_NONE)
            return ORDINAL_MIXED;
        kind = one;
        if (kind == ORDINAL_MIXED)
            return kind;
    }
    return kind;
}

/* -0.0 equals 0.0 but is not shown as it: such rows keep their cells. */
static enum ordinal_kind reals_kind(const int64_t *bits, const struct row_list *rows)
{
    uint32_t negative_zeros = 0;

    if (rows->dense)
        for (uint32_t k = 0; k < rows->count; k++)
            negative_zeros += bits[k] == INT64_MIN;
    else
        for (uint32_t k = 0; k < rows->count; k++)
            negative_zeros += bits[rows->rows[k]] == INT64_MIN;
    return negative_zeros == 0 ? ORDINAL_REAL : ORDINAL_MIXED;
}

void ordinal_domain_hold(struct ordinal_domain *domain, const struct ordinal_domain *next)
{
    if (next->dictionary != NULL)
        dictionary_ref((struct dictionary *)next->dictionary);
    if (domain->dictionary != NULL)
        dictionary_unref((struct dictionary *)domain->dictionary);
    *domain = *next;
}

struct ordinal_domain ordinal_domain_of(const struct vector *v, const struct row_list *rows)
{
    struct ordinal_domain domain = {.kind = ORDINAL_MIXED};
    uint16_t              slot = 0;
    struct row_list       slots = *rows;

    if (v->shape == VECTOR_CONSTANT)
        slots = (struct row_list){rows->count > 0, true, &slot};
    if (v->shape == VECTOR_DICT) {
        if (v->dictionary != NULL && v->type == PHYS_TEXT)
            domain = (struct ordinal_domain){.kind = ORDINAL_CODE, .dictionary = v->dictionary};
        return domain;
    }
    switch ((enum phys)v->type) {
    case PHYS_I8:
    case PHYS_I16:
    case PHYS_I32:
    case PHYS_I64:
        domain.kind = ORDINAL_INT;
        break;
    case PHYS_F64:
        domain.kind = (uint8_t)reals_kind(v->values, &slots);
        break;
    case PHYS_DEC16:
    case PHYS_DEC32:
    case PHYS_DEC64:
        domain.kind = ORDINAL_DEC;
        domain.scale = v->scale;
        domain.whole_int = (v->flags & VECTOR_WHOLE_IS_INT) != 0;
        break;
    case PHYS_DAY32:
        domain.kind = ORDINAL_DAY;
        break;
    case PHYS_ANY:
        domain.kind = (uint8_t)cells_kind(v->values, &slots);
        break;
    case PHYS_TEXT:
    case PHYS_BLOB:
    case PHYS_COUNT:
        break;
    }
    return domain;
}

bool ordinal_unify(const struct ordinal_domain *a, const struct ordinal_domain *b,
                   struct ordinal_domain *out)
{
    if (a->kind == ORDINAL_MIXED || b->kind == ORDINAL_MIXED)
        return false;
    *out = a->kind == ORDINAL_NONE ? *b : *a;
    if (a->kind == ORDINAL_NONE || b->kind == ORDINAL_NONE || ordinal_same(a, b))
        return true;
    *out = (struct ordinal_domain){.kind = ORDINAL_REAL};
    return (a->kind == ORDINAL_DEC || a->kind == ORDINAL_REAL) &&
           (b->kind == ORDINAL_DEC || b->kind == ORDINAL_REAL) && !a->whole_int && !b->whole_int;
}

int64_t ordinal_convert(const struct ordinal_domain *from, int64_t ordinal,
                        const struct ordinal_domain *to)
{
    if (from->kind == ORDINAL_DEC && to->kind == ORDINAL_REAL)
        return ordinal_of_real((double)ordinal / number_power_real[from->scale]);
    return ordinal;
}

/* --- reading ------------------------------------------------------------------------------------
 */
/* out[k] = expression of p[row], row by shape and list. */
#define READ_ROWS(ctype, slots, expression)                                                        \
    do {                                                                                           \
        const ctype *p_ = (slots);                                                                 \
        if (rows->dense)                                                                           \
            for (uint32_t k = 0; k < count; k++) {                                                 \
                ctype x = p_[k];                                                                   \
                EMIT(expression);                                                                  \
            }                                                                                      \
        else                                                                                       \
            for (uint32_t k = 0; k < count; k++) {                                                 \
                ctype x = p_[rows->rows[k]];                                                       \
                EMIT(expression);                                                                  \
            }                                                                                      \
    } while (0)

static void read_reals(const struct vector *v, const struct row_list *rows, uint32_t count,
                       int64_t *out)
{
    double power = number_power_real[v->scale];

#define EMIT(e) out[k] = ordinal_of_real(e)
    switch ((enum phys)v->type) {
    case PHYS_F64:
        READ_ROWS(double, v->values, x);
        break;
    case PHYS_DEC16:
        READ_ROWS(int16_t, v->values, (double)x / power);
        break;
    case PHYS_DEC32:
        READ_ROWS(int32_t, v->values, (double)x / power);
        break;
    case PHYS_DEC64:
        READ_ROWS(int64_t, v->values, (double)x / power);
        break;
    default:
        assert(v->type == PHYS_ANY);
        READ_ROWS(struct value, v->values, x.r);
        break;
    }
#undef EMIT
}

static void read_codes(const struct vector *v, const struct row_list *rows, uint32_t count,
                       int64_t *out)
{
#define EMIT(e) out[k] = e
    if (v->code_bytes == 1)
        READ_ROWS(uint8_t, v->codes, x);
    else if (v->code_bytes == 2)
        READ_ROWS(uint16_t, v->codes, x);
    else
        READ_ROWS(uint32_t, v->codes, x);
}

static void read_ints(const struct vector *v, const struct row_list *rows, uint32_t count,
                      int64_t *out)
{
    int64_t base = v->base;

    switch ((enum phys)v->type) {
    case PHYS_I8:
        READ_ROWS(int8_t, v->values, base + x);
        break;
    case PHYS_I16:
    case PHYS_DEC16: /* base is 0 */
        READ_ROWS(int16_t, v->values, base + x);
        break;
    case PHYS_I32:
    case PHYS_DEC32:
    case PHYS_DAY32:
        READ_ROWS(int32_t, v->values, base + x);
        break;
    case PHYS_I64:
    case PHYS_DEC64:
        READ_ROWS(int64_t, v->values, x);
        break;
    default:
        assert(v->type == PHYS_ANY);
        READ_ROWS(struct value, v->values, x.i);
        break;
    }
#undef EMIT
}

static void read_slots(const struct vector *v, const struct ordinal_domain *domain,
                       const struct row_list *rows, uint32_t count, int64_t *out)
{
    if (v->shape == VECTOR_DICT)
        read_codes(v, rows, count, out);
    else if (domain->kind == ORDINAL_REAL)
        read_reals(v, rows, count, out);
    else
        read_ints(v, rows, count, out);
}

void ordinal_read(const struct vector *v, const struct ordinal_domain *domain,
                  const struct row_list *rows, int64_t *out)
{
    if (rows->count == 0)
        return;
    if (v->shape == VECTOR_CONSTANT) {
        struct row_list first = {1, true, all_rows};

        read_slots(v, domain, &first, 1, out);
        for (uint32_t k = 1; k < rows->count; k++)
            out[k] = out[0];
    } else if (v->shape == VECTOR_SEQUENCE) {
        for (uint32_t k = 0; k < rows->count; k++)
            out[k] = v->base + rows->rows[k];
    } else {
        read_slots(v, domain, rows, rows->count, out);
    }
}

void ordinal_add_codes(const struct vector *v, const struct ordinal_domain *domain,
                       const struct row_list *rows, int64_t lo, uint32_t stride, uint32_t *out,
                       int64_t *space)
{
    uint32_t count = rows->count, shift;

    if (v->shape == VECTOR_FLAT && domain->kind != ORDINAL_REAL) {
        shift = (uint32_t)((uint64_t)v->base - (uint64_t)lo + 1);
#define EMIT(e) out[k] += ((uint32_t)(e) + shift) * stride
        switch ((enum phys)v->type) {
        case PHYS_I8:
            READ_ROWS(int8_t, v->values, x);
            return;
        case PHYS_I16:
        case PHYS_DEC16:
            READ_ROWS(int16_t, v->values, x);
            return;
        case PHYS_I32:
        case PHYS_DEC32:
        case PHYS_DAY32:
            READ_ROWS(int32_t, v->values, x);
            return;
        default:
            break;
        }
    }
    shift = (uint32_t)(1 - (uint64_t)lo);
    if (v->shape == VECTOR_DICT) {
        if (v->code_bytes == 1)
            READ_ROWS(uint8_t, v->codes, x);
        else if (v->code_bytes == 2)
            READ_ROWS(uint16_t, v->codes, x);
        else
            READ_ROWS(uint32_t, v->codes, x);
        return;
    }
#undef EMIT
    ordinal_read(v, domain, rows, space);
    for (uint32_t k = 0; k < count; k++)
        out[k] += ((uint32_t)space[k] + shift) * stride;
}

/* --- bounds -------------------------------------------------------------------------------------
 */
static bool bounds_scan(const struct vector *v, const struct ordinal_domain *domain,
                        const struct row_list *rows, int64_t *space, int64_t *lo, int64_t *hi)
{
    int64_t least = INT64_MAX, most = INT64_MIN;

    ordinal_read(v, domain, rows, space);
    if (v->valid == NULL && v->type != PHYS_ANY)
        for (uint32_t k = 0; k < rows->count; k++) {
            least = space[k] < least ? space[k] : least;
            most = space[k] > most ? space[k] : most;
        }
    else
        for (uint32_t k = 0; k < rows->count; k++) {
            if (!vector_row_valid(v, rows->rows[k]))
                continue;
            least = space[k] < least ? space[k] : least;
            most = space[k] > most ? space[k] : most;
        }
    *lo = least;
    *hi = most;
    return least <= most;
}

static void bounds_i16(const int16_t *p, uint32_t count, int64_t base, int64_t *lo, int64_t *hi)
{
    int16_t least = INT16_MAX, most = INT16_MIN;

    for (uint32_t i = 0; i < count; i++) {
        least = p[i] < least ? p[i] : least;
        most = p[i] > most ? p[i] : most;
    }
    *lo = base + least;
    *hi = base + most;
}

static void bounds_i32(const int32_t *p, uint32_t count, int64_t base, int64_t *lo, int64_t *hi)
{
    int32_t least = INT32_MAX, most = INT32_MIN;

    for (uint32_t i = 0; i < count; i++) {
        least = p[i] < least ? p[i] : least;
        most = p[i] > most ? p[i] : most;
    }
    *lo = base + least;
    *hi = base + most;
}

bool ordinal_bounds(const struct vector *v, const struct ordinal_domain *domain,
                    const struct row_list *rows, int64_t *space, int64_t *lo, int64_t *hi)
{
    bool plain = v->shape == VECTOR_FLAT && v->valid == NULL && rows->dense;

    if (rows->count == 0 || domain->kind == ORDINAL_NONE)
        return false;
    if (v->shape == VECTOR_DICT) {
        *lo = 0;
        *hi = v->entry_count > 0 ? (int64_t)v->entry_count - 1 : 0;
        return true;
    }
    if (v->shape == VECTOR_SEQUENCE) {
        *lo = v->base + rows->rows[0];
        *hi = v->base + rows->rows[rows->count - 1];
        return true;
    }
    if (domain->kind == ORDINAL_REAL)
        return bounds_scan(v, domain, rows, space, lo, hi);
    if ((v->flags & VECTOR_BOUNDED) != 0 && v->lo <= v->hi) {
        *lo = v->lo;
        *hi = v->hi;
    } else if (v->type == PHYS_I8 && v->shape == VECTOR_FLAT) {
        *lo = v->base + INT8_MIN;
        *hi = v->base + INT8_MAX;
    } else if (plain && (v->type == PHYS_I16 || v->type == PHYS_DEC16)) {
        bounds_i16(v->values, rows->count, v->base, lo, hi);
    } else if (plain && (v->type == PHYS_I32 || v->type == PHYS_DEC32 || v->type == PHYS_DAY32)) {
        bounds_i32(v->values, rows->count, v->base, lo, hi);
    } else {
        return bounds_scan(v, domain, rows, space, lo, hi);
    }
    return true;
}

/* --- back to values -----------------------------------------------------------------------------
 */
struct value ordinal_value(const struct ordinal_domain *domain, int64_t ordinal, char scratch[16])
{
    struct vector v;

    switch ((enum ordinal_kind)domain->kind) {
    case ORDINAL_INT:
        return value_int(ordinal);
    case ORDINAL_REAL:
        return value_real(ordinal_to_real(ordinal));
    case ORDINAL_CODE:
        return dictionary_entries(domain->dictionary)[ordinal];
    case ORDINAL_DEC:
        if (domain->whole_int && ordinal % number_power_int[domain->scale] == 0)
            return value_int(ordinal / number_power_int[domain->scale]);
        return value_real((double)ordinal / number_power_real[domain->scale]);
    case ORDINAL_DAY:
        v = (struct vector){.type = PHYS_DAY32,
                            .shape = VECTOR_FLAT,
                            .count = 1,
                            .values = &(int32_t){(int32_t)ordinal}};
        return vector_value(&v, 0, scratch);
    case ORDINAL_NONE:
    case ORDINAL_MIXED:
        break;
    }
    return value_null();
}

static void ordinals_narrow(struct vector_buffer *buffer, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        int64_t wide;
        int32_t narrow;

        memcpy(&wide, buffer->values + i * sizeof wide, sizeof wide);
        narrow = (int32_t)wide;
        memcpy(buffer->values + i * sizeof narrow, &narrow, sizeof narrow);
    }
}

void ordinal_vector(const struct ordinal_domain *domain, struct vector_buffer *buffer,
                    uint32_t count, bool has_null, int64_t lo, int64_t hi, struct vector *out)
{
    int64_t *ordinals = (int64_t *)buffer->values;

    *out = (struct vector){.type = PHYS_I64,
                           .shape = VECTOR_FLAT,
                           .count = count,
                           .values = buffer->values,
                           .valid = has_null ? buffer->valid : NULL};
    if (lo <= hi) {
        out->flags = VECTOR_BOUNDED;
        out->lo = lo;
        out->hi = hi;
    }
    switch ((enum ordinal_kind)domain->kind) {
    case ORDINAL_INT:
        break;
    case ORDINAL_DEC:
        out->type = PHYS_DEC64;
        out->scale = domain->scale;
        out->flags |= domain->whole_int ? VECTOR_WHOLE_IS_INT : 0;
        break;
    case ORDINAL_DAY:
        out->type = PHYS_DAY32;
        ordinals_narrow(buffer, count);
        break;
    case ORDINAL_REAL:
        out->type = PHYS_F64;
        out->flags = 0;
        for (uint32_t i = 0; i < count; i++) {
            double r = ordinal_to_real(ordinals[i]);

            memcpy(&ordinals[i], &r, sizeof r);
        }
        break;
    case ORDINAL_CODE:
        ordinals_narrow(buffer, count);
        out->type = PHYS_TEXT;
        out->shape = VECTOR_DICT;
        out->flags = VECTOR_PINNED;
        out->code_bytes = 4;
        out->codes = buffer->values;
        out->dictionary = domain->dictionary;
        out->values = dictionary_entries(domain->dictionary);
        out->entry_count = dictionary_count(domain->dictionary);
        break;
    case ORDINAL_NONE:
    case ORDINAL_MIXED: {
        struct value *cells = (struct value *)buffer->values;

        for (uint32_t i = 0; i < count; i++)
            cells[i] = value_null();
        vector_from_cells(buffer, count, out);
        break;
    }
    }
}
