/* func_vector.c - functions over whole batches, where that saves more than the call per row.
 *
 * A form declines whatever it is not made for; the exact form then does the batch.  Only active
 * rows that are not NULL are looked at when they hold text: other cells may point anywhere. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "store/day.h"
#include "vm/func_vector.h"
#include "vm/like.h"
#include "vm/moment.h"

const void *func_decoded(struct function_context *context, const struct vector *v, enum phys type,
                         const struct selection *sel)
{
    struct vector         flat;
    struct vector_buffer *space = arena_alloc_aligned(context->arena, sizeof *space, 64);

    if (space == NULL || !vector_decode(v, type, sel, space, context->arena, &flat))
        return NULL;
    return flat.values;
}

/* --- text ------------------------------------------------------------------------------------- */

enum status vector_length(FUNCTION_VECTOR_ARGUMENTS)
{
    const struct vector *v = argv[0];
    const struct value  *cells = v->values;
    int64_t             *lengths = (int64_t *)(void *)buffer->values;
    bool                 ascii = (v->flags & VECTOR_ASCII) != 0;

    (void)context, (void)argc;
    if (!is_flat(v, PHYS_TEXT))
        return decline(declined);
    result_like(v, PHYS_I64, sel, buffer, out);
    if (ascii) {
        for (uint32_t row = 0; row < sel->rows; row++)
            lengths[row] = cells[row].bytes;
        return STATUS_OK;
    }
    SELECTED_EACH(sel, row, {
        size_t bytes = cells[row].bytes;

        if (vector_row_valid(v, row) && bytes > 0)
            bytes = utf8_length(cells[row].s, text_until_nul(cells[row].s, bytes));
        lengths[row] = (int64_t)bytes;
    });
    return STATUS_OK;
}

/* The bytes of all active rows' texts. */
static size_t bytes_of(const struct vector *v, struct selection *sel)
{
    const struct value *cells = v->values;
    size_t              bytes = 0;

    SELECTED_EACH(sel, row, { bytes += vector_row_valid(v, row) ? cells[row].bytes : 0; });
    return bytes;
}

static enum status fold_case(struct function_context *context, const struct vector *v, char first,
                             struct selection *sel, struct vector_buffer *buffer,
                             struct vector *out)
{
    const struct value *cells = v->values;
    struct value       *results = (struct value *)(void *)buffer->values;
    char               *text = arena_alloc(context->arena, bytes_of(v, sel));

    if (text == NULL)
        return fail_nomem(context->err);
    result_like(v, PHYS_TEXT, sel, buffer, out);
    out->flags = v->flags & VECTOR_ASCII;
    SELECTED_EACH(sel, row, {
        uint32_t bytes = vector_row_valid(v, row) ? cells[row].bytes : 0;

        func_fold_case(cells[row].s, bytes, first, text);
        results[row] = value_text(text, bytes);
        text += bytes;
    });
    return STATUS_OK;
}

enum status vector_upper(FUNCTION_VECTOR_ARGUMENTS)
{
    (void)argc;
    return is_flat(argv[0], PHYS_TEXT) ? fold_case(context, argv[0], 'a', sel, buffer, out)
                                       : decline(declined);
}
enum status vector_lower(FUNCTION_VECTOR_ARGUMENTS)
{
    (void)argc;
    return is_flat(argv[0], PHYS_TEXT) ? fold_case(context, argv[0], 'A', sel, buffer, out)
                                       : decline(declined);
}

/* substr(text, start >= 1, count >= 0): the results are parts of the arguments. */
enum status vector_substr(FUNCTION_VECTOR_ARGUMENTS)
{
    const struct vector *v = argv[0];
    const struct value  *cells = v->values;
    struct value        *results = (struct value *)(void *)buffer->values;
    struct value         start, count = value_int(VALUE_BYTES_MAX);
    char                 scratch[16];
    bool                 ascii = (v->flags & VECTOR_ASCII) != 0;

    (void)context;
    if (!is_flat(v, PHYS_TEXT) || argv[1]->shape != VECTOR_CONSTANT ||
        (argc == 3 && argv[2]->shape != VECTOR_CONSTANT))
        return decline(declined);
    start = constant_of(argv[1], scratch);
    if (argc == 3)
        count = constant_of(argv[2], scratch);
    if (start.class_ != CLASS_INTEGER || start.i < 1 || count.class_ != CLASS_INTEGER ||
        count.i < 0)
        return decline(declined);
    result_like(v, PHYS_TEXT, sel, buffer, out);
    out->flags = v->flags & (VECTOR_ASCII | VECTOR_PINNED);
    SELECTED_EACH(sel, row, {
        const char *s = cells[row].s;
        size_t      bytes = cells[row].bytes;

        if (!vector_row_valid(v, row) || bytes == 0) {
            results[row] = value_text("", 0);
        } else if (ascii) {
            uint64_t skip = (uint64_t)start.i - 1 < bytes ? (uint64_t)start.i - 1 : bytes;
            uint64_t left = bytes - skip;

            results[row] = value_text(s + skip, left < (uint64_t)count.i ? left : (size_t)count.i);
        } else {
            const char *end = s + text_until_nul(s, bytes), *from, *to;

            from = utf8_skip(s, (size_t)(end - s), (uint64_t)start.i - 1);
            to = utf8_skip(from, (size_t)(end - from), (uint64_t)count.i);
            results[row] = value_text(from, (size_t)(to - from));
        }
    });
    return STATUS_OK;
}

/* like(CONSTANT pattern, text [, CONSTANT escape]) */
enum status vector_like(FUNCTION_VECTOR_ARGUMENTS)
{
    const struct vector *v = argv[1];
    const struct value  *cells = v->values;
    int8_t              *results = (int8_t *)(void *)buffer->values;
    struct like_matcher  matcher;
    struct value         pattern, escape;
    char                 scratch[16];
    uint32_t             escape_code = 0;
    bool                 no_nul = (v->flags & VECTOR_ASCII) != 0;

    if (!is_flat(v, PHYS_TEXT) || argv[0]->shape != VECTOR_CONSTANT)
        return decline(declined);
    pattern = constant_of(argv[0], scratch);
    if (pattern.class_ != CLASS_TEXT || pattern.bytes > LIKE_PATTERN_BYTES_MAX)
        return decline(declined);
    if (argc == 3) {
        if (argv[2]->shape != VECTOR_CONSTANT)
            return decline(declined);
        escape = constant_of(argv[2], scratch);
        if (escape.class_ != CLASS_TEXT || escape.bytes != 1 || (uint8_t)escape.s[0] >= 0x80 ||
            escape.s[0] == '\0')
            return decline(declined);
        escape_code = (uint8_t)escape.s[0];
    }
    like_prepare(&matcher, context->arena->memory, pattern.bytes > 0 ? pattern.s : "",
                 pattern.bytes, escape_code, func_case_sensitive_like(context));
    result_like(v, PHYS_I8, sel, buffer, out);
    out->flags = VECTOR_BOUNDED;
    out->hi = 1;
    SELECTED_EACH(sel, row, {
        results[row] = 0;
        if (vector_row_valid(v, row))
            results[row] = like_matches(&matcher, cells[row].bytes > 0 ? cells[row].s : "",
                                        cells[row].bytes, no_nul);
    });
    return STATUS_OK;
}

/* instr(text, CONSTANT needle) where every row is ASCII: characters are bytes. */
enum status vector_instr(FUNCTION_VECTOR_ARGUMENTS)
{
    const struct vector *v = argv[0];
    const struct value  *cells = v->values;
    int64_t             *results = (int64_t *)(void *)buffer->values;
    struct value         needle;
    char                 scratch[16];

    (void)context, (void)argc;
    if (!is_flat(v, PHYS_TEXT) || !(v->flags & VECTOR_ASCII) || argv[1]->shape != VECTOR_CONSTANT)
        return decline(declined);
    needle = constant_of(argv[1], scratch);
    if (needle.class_ != CLASS_TEXT || needle.bytes == 0)
        return decline(declined);
    result_like(v, PHYS_I64, sel, buffer, out);
    SELECTED_EACH(sel, row, {
        const char *found = NULL;

        if (vector_row_valid(v, row) && cells[row].bytes >= needle.bytes)
            found = memmem(cells[row].s, cells[row].bytes, needle.s, needle.bytes);
        results[row] = found == NULL ? 0 : found - cells[row].s + 1;
    });
    return STATUS_OK;
}

/* --- numbers ---------------------------------------------------------------------------------- */

enum status vector_abs(FUNCTION_VECTOR_ARGUMENTS)
{
    const struct vector *v = argv[0];

    (void)argc;
    if (is_integers(v)) {
        const int64_t *in = func_decoded(context, v, PHYS_I64, sel);
        int64_t       *results = (int64_t *)(void *)buffer->values, least = 0;

        if (in == NULL)
            return fail_nomem(context->err);
        for (uint32_t row = 0; row < sel->rows; row++) {
            least = in[row] < least ? in[row] : least;
            results[row] = (int64_t)(in[row] < 0 ? -(uint64_t)in[row] : (uint64_t)in[row]);
        }
        if (least == INT64_MIN) /* an error, if that row counts */
            return decline(declined);
        result_like(v, PHYS_I64, sel, buffer, out);
        return STATUS_OK;
    }
    if (is_reals(v)) {
        const double *in = func_decoded(context, v, PHYS_F64, sel);
        double       *results = (double *)(void *)buffer->values;

        if (in == NULL)
            return fail_nomem(context->err);
        for (uint32_t row = 0; row < sel->rows; row++)
            results[row] = in[row] < 0 ? -in[row] : in[row];
        result_like(v, PHYS_F64, sel, buffer, out);
        return STATUS_OK;
    }
    return decline(declined);
}

/* round(number [, CONSTANT places]) */
enum status vector_round(FUNCTION_VECTOR_ARGUMENTS)
{
    const struct vector *v = argv[0];
    double              *results = (double *)(void *)buffer->values;
    int64_t              places = 0;

    if (argc == 2) {
        char         scratch[16];
        struct value constant;

        if (argv[1]->shape != VECTOR_CONSTANT)
            return decline(declined);
        constant = constant_of(argv[1], scratch);
        if (constant.class_ != CLASS_INTEGER)
            return decline(declined);
        places = constant.i;
    }
    if (is_integers(v) && places <= 0) {
        const int64_t *in = func_decoded(context, v, PHYS_I64, sel);

        if (in == NULL)
            return fail_nomem(context->err);
        for (uint32_t row = 0; row < sel->rows; row++)
            results[row] = (double)in[row];
    } else if (is_reals(v)) {
        const double *in = func_decoded(context, v, PHYS_F64, sel);

        if (in == NULL)
            return fail_nomem(context->err);
        SELECTED_EACH(sel, row, {
            results[row] = vector_row_valid(v, row) ? func_round_real(in[row], places) : 0;
        });
    } else {
        return decline(declined);
    }
    result_like(v, PHYS_F64, sel, buffer, out);
    return STATUS_OK;
}

/* typeof() of a vector whose rows are all of one class, none NULL. */
enum status vector_typeof(FUNCTION_VECTOR_ARGUMENTS)
{
    const struct vector *v = argv[0];
    struct value        *cell = (struct value *)(void *)buffer->values;
    uint8_t              class_ = phys_class[v->type];

    (void)context, (void)argc;
    if (v->valid != NULL || class_ == CLASS_COUNT || v->shape == VECTOR_CONSTANT ||
        (v->flags & VECTOR_WHOLE_IS_INT))
        return decline(declined);
    *cell = value_text(class_name((enum value_class)class_),
                       strlen(class_name((enum value_class)class_)));
    vector_constant(out, cell, sel->rows);
    return STATUS_OK;
}

/* --- days ------------------------------------------------------------------------------------- */

/* date(day): the day itself. */
enum status vector_date(FUNCTION_VECTOR_ARGUMENTS)
{
    (void)context;
    if (argc != 1 || !is_flat(argv[0], PHYS_DAY32))
        return decline(declined);
    memcpy(buffer->values, argv[0]->values, sel->rows * sizeof(int32_t));
    result_like(argv[0], PHYS_DAY32, sel, buffer, out);
    out->flags = argv[0]->flags;
    out->lo = argv[0]->lo;
    out->hi = argv[0]->hi;
    return STATUS_OK;
}

enum status vector_julianday(FUNCTION_VECTOR_ARGUMENTS)
{
    const int32_t *days;
    double        *results = (double *)(void *)buffer->values;

    (void)context;
    if (argc != 1 || !is_flat(argv[0], PHYS_DAY32))
        return decline(declined);
    days = argv[0]->values;
    for (uint32_t row = 0; row < sel->rows; row++)
        results[row] = days[row] + 2440587.5;
    result_like(argv[0], PHYS_F64, sel, buffer, out);
    return STATUS_OK;
}

enum status vector_unixepoch(FUNCTION_VECTOR_ARGUMENTS)
{
    const int32_t *days;
    int64_t       *results = (int64_t *)(void *)buffer->values;

    (void)context;
    if (argc != 1 || !is_flat(argv[0], PHYS_DAY32))
        return decline(declined);
    days = argv[0]->values;
    for (uint32_t row = 0; row < sel->rows; row++)
        results[row] = (int64_t)days[row] * 86400;
    result_like(argv[0], PHYS_I64, sel, buffer, out);
    return STATUS_OK;
}

/* One row of strftime: a day number or a text.  False: neither can be done here. */
static bool strftime_row(const struct vector *v, uint32_t row, struct text format, char *to)
{
    char canonical[MOMENT_TEXT_BYTES];

    if (v->type == PHYS_DAY32) {
        day_to_text(((const int32_t *)v->values)[row], canonical);
        memcpy(canonical + DAY_TEXT_BYTES, " 00:00:00", MOMENT_TEXT_BYTES - DAY_TEXT_BYTES);
    } else {
        const struct value *cell = (const struct value *)v->values + row;

        if (!moment_canonical(cell->s, cell->bytes, canonical))
            return false;
    }
    moment_format_plain(canonical, format, to);
    return true;
}

/* strftime(CONSTANT format, day or text), the format plain. */
enum status vector_strftime(FUNCTION_VECTOR_ARGUMENTS)
{
    const struct vector *v = argv[1];
    struct value         constant, *results = (struct value *)(void *)buffer->values;
    struct text          format;
    uint32_t             made;
    char                 scratch[16], *text;

    if (argc != 2 || argv[0]->shape != VECTOR_CONSTANT ||
        (!is_flat(v, PHYS_DAY32) && !is_flat(v, PHYS_TEXT)))
        return decline(declined);
    constant = constant_of(argv[0], scratch);
    format = (struct text){constant.s, constant.bytes};
    if (constant.class_ != CLASS_TEXT || (made = moment_plain_bytes(format)) == 0)
        return decline(declined);
    text = arena_alloc(context->arena, (size_t)made * sel->count);
    if (text == NULL)
        return fail_nomem(context->err);
    result_like(v, PHYS_TEXT, sel, buffer, out);
    SELECTED_EACH(sel, row, {
        results[row] = value_text(text, made);
        if (vector_row_valid(v, row)) {
            if (!strftime_row(v, row, format, text))
                return decline(declined);
            text += made;
        }
    });
    return STATUS_OK;
}
