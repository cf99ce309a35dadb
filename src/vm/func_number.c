/* func_number.c - abs() and round(), functions of values of any class, and of the connection. */
#include <math.h>
#include <string.h>

#include "stoa.h" /* STOA_VERSION, nothing else */
#include "vm/func.h"

/* --- rounding --------------------------------------------------------------------------------- */

enum status func_abs(FUNCTION_ARGUMENTS)
{
    double r;

    (void)argc;
    if (argv[0].class_ == CLASS_INTEGER) {
        if (argv[0].i == INT64_MIN)
            return fail(context->err, STATUS_ERROR, "integer overflow");
        *out = value_int(argv[0].i < 0 ? -argv[0].i : argv[0].i);
        return STATUS_OK;
    }
    r = value_as_real(&argv[0]);
    *out = argv[0].class_ == CLASS_NULL ? value_null() : value_real(r < 0 ? -r : r);
    return STATUS_OK;
}

/* r to places digits behind the point, by way of its decimal digits as printf would round them. */
static double round_places(double r, int places)
{
    struct number_decimal d;
    uint64_t              digits = 0;

    number_decode(r, -places, 20, &d);
    if (d.count - d.point > places) /* all digits are behind the last place */
        return r < 0 ? -0.0 : 0.0;
    for (int i = 0; i < d.count; i++)
        digits = digits * 10 + (uint64_t)(d.digits[i] - '0');
    r = number_scale(digits, d.point - d.count);
    return d.negative ? -r : r;
}

double func_round_real(double r, int64_t places)
{
    if (!(r >= -4503599627370496.0 && r <= 4503599627370496.0))
        return r; /* no fraction */
    if (places <= 0)
        return (double)(int64_t)(r + (r < 0 ? -0.5 : 0.5));
    return round_places(r, places > 30 ? 30 : (int)places);
}

enum status func_round(FUNCTION_ARGUMENTS)
{
    (void)context;
    *out = value_real(
        func_round_real(value_as_real(&argv[0]), argc == 2 ? value_as_int(&argv[1]) : 0));
    return STATUS_OK;
}

/* --- values of any class ---------------------------------------------------------------------- */

/* The argument that stands last in order times direction; of equal ones max() takes the first and
 * min() the last. */
static void extreme(const struct function_context *context, uint32_t argc, const struct value *argv,
                    bool greatest, struct value *out)
{
    const struct value *best = &argv[0];

    *out = value_null();
    for (uint32_t i = 0; i < argc; i++) {
        int order;

        if (argv[i].class_ == CLASS_NULL)
            return;
        order = value_compare(best, &argv[i], context->collation);
        if (greatest ? order < 0 : order >= 0)
            best = &argv[i];
    }
    *out = *best;
}

enum status func_max(FUNCTION_ARGUMENTS)
{
    extreme(context, argc, argv, true, out);
    return STATUS_OK;
}
enum status func_min(FUNCTION_ARGUMENTS)
{
    extreme(context, argc, argv, false, out);
    return STATUS_OK;
}

/* As max() and min(), but NULLs do not count: PostgreSQL's greatest() and least(). */
static void extreme_known(const struct function_context *context, uint32_t argc,
                          const struct value *argv, bool greatest, struct value *out)
{
    *out = value_null();
    for (uint32_t i = 0; i < argc; i++) {
        int order = value_compare(&argv[i], out, context->collation);

        if (argv[i].class_ != CLASS_NULL &&
            (out->class_ == CLASS_NULL || (greatest ? order > 0 : order < 0)))
            *out = argv[i];
    }
}

enum status func_greatest(FUNCTION_ARGUMENTS)
{
    extreme_known(context, argc, argv, true, out);
    return STATUS_OK;
}
enum status func_least(FUNCTION_ARGUMENTS)
{
    extreme_known(context, argc, argv, false, out);
    return STATUS_OK;
}

enum status func_nullif(FUNCTION_ARGUMENTS)
{
    (void)argc;
    *out = value_compare(&argv[0], &argv[1], context->collation) == 0 ? value_null() : argv[0];
    return STATUS_OK;
}

enum status func_coalesce(FUNCTION_ARGUMENTS)
{
    uint32_t i = 0;

    (void)context;
    while (i + 1 < argc && argv[i].class_ == CLASS_NULL)
        i++;
    *out = argv[i];
    return STATUS_OK;
}

/* iif(condition, value, ..., [else]). */
enum status func_iif(FUNCTION_ARGUMENTS)
{
    uint32_t i = 0;

    (void)context;
    while (i + 1 < argc && value_truth(&argv[i]) != 1)
        i += 2;
    if (i + 1 < argc)
        *out = argv[i + 1];
    else
        *out = i < argc ? argv[i] : value_null();
    return STATUS_OK;
}

/* likely() and its kin. */
enum status func_first(FUNCTION_ARGUMENTS)
{
    (void)context, (void)argc;
    *out = argv[0];
    return STATUS_OK;
}

enum status func_subtype(FUNCTION_ARGUMENTS)
{
    (void)context, (void)argc;
    *out = value_int(argv[0].subtype);
    return STATUS_OK;
}

enum status func_typeof(FUNCTION_ARGUMENTS)
{
    const char *name = class_name((enum value_class)argv[0].class_);

    (void)context, (void)argc;
    *out = value_text(name, strlen(name));
    return STATUS_OK;
}

/* --- the connection --------------------------------------------------------------------------- */

static uint64_t rotate_left(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

/* xoshiro256** (Blackman and Vigna, 2018). */
static uint64_t next_random(uint64_t s[4])
{
    uint64_t result = rotate_left(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

enum status func_random(FUNCTION_ARGUMENTS)
{
    int64_t r = (int64_t)next_random(context->connection->random);

    (void)argc, (void)argv;
    *out = value_int(r < 0 ? -(r & INT64_MAX) : r); /* never the integer that abs() refuses */
    return STATUS_OK;
}

enum status func_randomblob(FUNCTION_ARGUMENTS)
{
    int64_t n = value_as_int(&argv[0]);
    char   *result;

    (void)argc;
    if (n < 1)
        n = 1;
    TRY(func_alloc(context, n > VALUE_BYTES_MAX ? SIZE_MAX : (size_t)n, &result));
    for (size_t i = 0; i < (size_t)n; i += 8) {
        uint64_t r = next_random(context->connection->random);
        size_t   bytes = (size_t)n - i < 8 ? (size_t)n - i : 8;

        memcpy(result + i, &r, bytes);
    }
    *out = value_blob(result, (size_t)n);
    return STATUS_OK;
}

enum status func_last_insert_rowid(FUNCTION_ARGUMENTS)
{
    (void)argc, (void)argv;
    *out = value_int(context->connection->last_insert_rowid);
    return STATUS_OK;
}
enum status func_changes(FUNCTION_ARGUMENTS)
{
    (void)argc, (void)argv;
    *out = value_int(context->connection->changes);
    return STATUS_OK;
}
enum status func_total_changes(FUNCTION_ARGUMENTS)
{
    (void)argc, (void)argv;
    *out = value_int(context->connection->total_changes);
    return STATUS_OK;
}

static enum status constant_text(const char *text, struct value *out)
{
    *out = value_text(text, strlen(text));
    return STATUS_OK;
}

const char *compile_option(int64_t index)
{
    static const char *const options[] = {
        ("COMPILER=" __VERSION__),
#ifndef NDEBUG
        "DEBUG",
#endif
        "MAX_LENGTH=1000000000",
        "MAX_VARIABLE_NUMBER=32766",
        "THREADSAFE=2",
    };

    return index >= 0 && index < (int64_t)countof(options) ? options[index] : NULL;
}

enum status func_compileoption_get(FUNCTION_ARGUMENTS)
{
    const char *option = compile_option(value_as_int(&argv[0]));

    (void)context, (void)argc;
    *out = value_null();
    return option == NULL ? STATUS_OK : constant_text(option, out);
}

/* Whether option is name, with or without SQLITE_ before it, or name=value. */
enum status func_compileoption_used(FUNCTION_ARGUMENTS)
{
    char        buffer[NUMBER_TEXT_CAP];
    struct text name = func_text(context, &argv[0], buffer);
    const char *option;
    bool        used = false;

    (void)argc;
    if (name.bytes >= 7 && ascii_equal(name.s, 7, "sqlite_", 7)) {
        name.s += 7;
        name.bytes -= 7;
    }
    for (int64_t i = 0; !used && (option = compile_option(i)) != NULL; i++)
        used = strlen(option) >= name.bytes &&
               ascii_equal(option, name.bytes, name.s, name.bytes) &&
               (option[name.bytes] == '\0' || option[name.bytes] == '=');
    *out = argv[0].class_ == CLASS_NULL ? value_null() : value_int(used);
    return STATUS_OK;
}

/* The release whose dialect and answers this library gives: programs ask it before they use newer
 * features. */
enum status func_sqlite_version(FUNCTION_ARGUMENTS)
{
    (void)context, (void)argc, (void)argv;
    return constant_text("3.53.2", out);
}
enum status func_sqlite_source_id(FUNCTION_ARGUMENTS)
{
    (void)context, (void)argc, (void)argv;
    return constant_text("stoa " STOA_VERSION, out);
}
enum status func_stoa_version(FUNCTION_ARGUMENTS)
{
    (void)context, (void)argc, (void)argv;
    return constant_text(STOA_VERSION, out);
}
