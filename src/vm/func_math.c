/* func_math.c - mathematical functions, each with its vector form.
 *
 * They take what is a number, text that is wholly one included, and give NULL for all else and
 * where the result is no number. */
#include <math.h>

#include "vm/func_vector.h"

/* The argument as a double; false (result NULL) for what is no number. */
static bool real_argument(const struct value *v, double *r)
{
    struct value number = value_numeric_type(v);

    *r = value_as_real(&number);
    return number.class_ == CLASS_INTEGER || number.class_ == CLASS_REAL;
}

/* --- the shapes ------------------------------------------------------------------------------- */

static enum status real1(double (*f)(double), const struct value *v, struct value *out)
{
    double r;

    *out = real_argument(v, &r) ? value_real(f(r)) : value_null();
    return STATUS_OK;
}

static enum status real2(double (*f)(double, double), const struct value *argv, struct value *out)
{
    double a, b;

    *out = real_argument(&argv[0], &a) && real_argument(&argv[1], &b) ? value_real(f(a, b))
                                                                      : value_null();
    return STATUS_OK;
}

/* Integers stay, REALs are rounded by f, all else is NULL. */
static enum status round_by(double (*f)(double), const struct value *v, struct value *out)
{
    *out = value_numeric_type(v);
    if (out->class_ == CLASS_REAL)
        *out = value_real(f(out->r));
    else if (out->class_ != CLASS_INTEGER)
        *out = value_null();
    return STATUS_OK;
}

/* Rows whose result is no number become NULL. */
static void nan_to_null(struct vector_buffer *buffer, uint32_t rows, struct vector *out)
{
    const double *results = out->values;
    bool          any = false;

    for (uint32_t row = 0; row < rows; row++)
        any |= results[row] != results[row];
    if (!any)
        return;
    if (out->valid == NULL)
        bits_fill(buffer->valid, rows);
    for (uint32_t row = 0; row < rows; row++)
        if (results[row] != results[row])
            bits_clear(buffer->valid, row);
    out->valid = buffer->valid;
}

/* f over a vector of numbers. */
static enum status vector_real1(double (*f)(double), struct function_context *context,
                                const struct vector *v, struct selection *sel,
                                struct vector_buffer *buffer, struct vector *out, bool *declined)
{
    double *results = (double *)(void *)buffer->values;

    if (is_integers(v)) {
        const int64_t *in = func_decoded(context, v, PHYS_I64, sel);

        if (in == NULL)
            return fail_nomem(context->err);
        for (uint32_t row = 0; row < sel->rows; row++)
            results[row] = f((double)in[row]);
    } else if (is_reals(v)) {
        const double *in = func_decoded(context, v, PHYS_F64, sel);

        if (in == NULL)
            return fail_nomem(context->err);
        for (uint32_t row = 0; row < sel->rows; row++)
            results[row] = f(in[row]);
    } else {
        return decline(declined);
    }
    result_like(v, PHYS_F64, sel, buffer, out);
    nan_to_null(buffer, sel->rows, out);
    return STATUS_OK;
}

/* As vector_real1, but integers stay what they are: the exact form does those. */
static enum status vector_round_by(double (*f)(double), struct function_context *context,
                                   const struct vector *v, struct selection *sel,
                                   struct vector_buffer *buffer, struct vector *out, bool *declined)
{
    if (is_integers(v))
        return decline(declined);
    return vector_real1(f, context, v, sel, buffer, out, declined);
}

/* --- the functions ---------------------------------------------------------------------------- */

enum status func_sign(FUNCTION_ARGUMENTS)
{
    double r;

    (void)context, (void)argc;
    *out = real_argument(&argv[0], &r) ? value_int((r > 0) - (r < 0)) : value_null();
    return STATUS_OK;
}

static double radians(double degrees)
{
    return degrees * (M_PI / 180.0);
}
static double degrees(double radians_)
{
    return radians_ * (180.0 / M_PI);
}

/* NaN, and so NULL, where SQLite's logarithms are. */
static double positive_log(double x)
{
    return x > 0 ? log(x) : NAN;
}
static double positive_log2(double x)
{
    return x > 0 ? log2(x) : NAN;
}
static double positive_log10(double x)
{
    return x > 0 ? log10(x) : NAN;
}

/* func_name and vector_name from f, by the shape's two functions. */
#define MATH1(name, f, exact, vector)                                                              \
    enum status func_##name(FUNCTION_ARGUMENTS)                                                    \
    {                                                                                              \
        (void)context, (void)argc;                                                                 \
        return exact(f, argv, out);                                                                \
    }                                                                                              \
    enum status vector_##name(FUNCTION_VECTOR_ARGUMENTS)                                           \
    {                                                                                              \
        (void)argc;                                                                                \
        return vector(f, context, argv[0], sel, buffer, out, declined);                            \
    }
#define MATH2(name, f)                                                                             \
    enum status func_##name(FUNCTION_ARGUMENTS)                                                    \
    {                                                                                              \
        (void)context, (void)argc;                                                                 \
        return real2(f, argv, out);                                                                \
    }
MATH1(acos, acos, real1, vector_real1)
MATH1(acosh, acosh, real1, vector_real1)
MATH1(asin, asin, real1, vector_real1)
MATH1(asinh, asinh, real1, vector_real1)
MATH1(atan, atan, real1, vector_real1)
MATH1(atanh, atanh, real1, vector_real1)
MATH1(ceil, ceil, round_by, vector_round_by)
MATH1(cos, cos, real1, vector_real1)
MATH1(cosh, cosh, real1, vector_real1)
MATH1(degrees, degrees, real1, vector_real1)
MATH1(exp, exp, real1, vector_real1)
MATH1(floor, floor, round_by, vector_round_by)
MATH1(ln, positive_log, real1, vector_real1)
MATH1(log10, positive_log10, real1, vector_real1)
MATH1(log2, positive_log2, real1, vector_real1)
MATH1(radians, radians, real1, vector_real1)
MATH1(sin, sin, real1, vector_real1)
MATH1(sinh, sinh, real1, vector_real1)
MATH1(sqrt, sqrt, real1, vector_real1)
MATH1(tan, tan, real1, vector_real1)
MATH1(tanh, tanh, real1, vector_real1)
MATH1(trunc, trunc, round_by, vector_round_by)
MATH2(atan2, atan2)
MATH2(mod, fmod)
MATH2(pow, pow)

enum status func_pi(FUNCTION_ARGUMENTS)
{
    (void)context, (void)argc, (void)argv;
    *out = value_real(M_PI);
    return STATUS_OK;
}

/* log(x) to base 10, log(base, x).  sqlite3 looks only at the base's class. */
enum status func_log(FUNCTION_ARGUMENTS)
{
    double base, x;

    (void)context;
    if (argc == 1)
        return real1(positive_log10, argv, out);
    *out = value_null();
    if (!real_argument(&argv[0], &base) || base <= 0 || log(base) <= 0)
        return STATUS_OK;
    x = value_as_real(&argv[1]);
    if (x > 0)
        *out = value_real(log(x) / log(base));
    return STATUS_OK;
}

enum status vector_log(FUNCTION_VECTOR_ARGUMENTS)
{
    if (argc != 1)
        return decline(declined);
    return vector_real1(positive_log10, context, argv[0], sel, buffer, out, declined);
}
