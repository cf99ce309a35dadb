/* value.c - SQLite's rules for single values: names, order, conversion, operators.
 *
 * Cites of sqlite3 functions name where a rule was read; tests compare with sqlite3 itself. */
#include "base/value.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/number.h"
#include "base/str.h"

/* --- names ------------------------------------------------------------------------------------ */

enum affinity affinity_of_type(const char *declared, size_t bytes)
{
    enum affinity affinity = AFFINITY_NUMERIC;
    uint32_t      last4 = 0;

#define WORD(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))
    if (bytes == 0)
        return AFFINITY_BLOB;
    for (size_t i = 0; i < bytes; i++) {
        last4 = last4 << 8 | (uint8_t)ascii_lower(declared[i]);
        if ((last4 & 0xffffff) == WORD(0, 'i', 'n', 't'))
            return AFFINITY_INTEGER;
        if (last4 == WORD('c', 'h', 'a', 'r') || last4 == WORD('c', 'l', 'o', 'b') ||
            last4 == WORD('t', 'e', 'x', 't'))
            affinity = AFFINITY_TEXT;
        else if (last4 == WORD('b', 'l', 'o', 'b') && affinity != AFFINITY_TEXT)
            affinity = AFFINITY_BLOB;
        else if ((last4 == WORD('r', 'e', 'a', 'l') || last4 == WORD('f', 'l', 'o', 'a') ||
                  last4 == WORD('d', 'o', 'u', 'b')) &&
                 affinity == AFFINITY_NUMERIC)
            affinity = AFFINITY_REAL;
    }
#undef WORD
    return affinity;
}

static const char *const collation_names[COLLATION_COUNT] = {"BINARY", "NOCASE", "RTRIM"};

bool collation_find(const char *name, size_t bytes, enum collation *collation)
{
    for (int i = 0; i < COLLATION_COUNT; i++)
        if (ascii_equal(name, bytes, collation_names[i], strlen(collation_names[i]))) {
            *collation = (enum collation)i;
            return true;
        }
    return false;
}

const char *collation_name(enum collation collation)
{
    return collation_names[collation];
}

const char *class_name(enum value_class class_)
{
    static const char *const names[CLASS_COUNT] = {"null", "integer", "real", "text", "blob"};

    return names[class_];
}

/* --- order ------------------------------------------------------------------------------------ */

int compare_int_real(int64_t i, double r)
{
    int64_t whole;
    double  rounded;

    if (r < -9223372036854775808.0)
        return 1;
    if (r >= 9223372036854775808.0)
        return -1;
    whole = (int64_t)r;
    if (i != whole)
        return i < whole ? -1 : 1;
    rounded = (double)i; /* exact here unless r, being equal to it, has no fraction */
    return rounded < r ? -1 : rounded > r;
}

static int compare_bytes(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    size_t shared = a_bytes < b_bytes ? a_bytes : b_bytes;

    for (size_t at = 0, end; (end = interrupt_text(at, shared)) > at; at = end) {
        int order = memcmp(a + at, b + at, end - at);

        if (order != 0)
            return order;
    }
    return a_bytes < b_bytes ? -1 : a_bytes > b_bytes;
}

enum { NOCASE_STRIDE = 64 };

/* Whether NOCASE goes on behind these NOCASE_STRIDE bytes, as far as can be told without branches.
 */
static bool nocase_goes_on(const char *a, const char *b)
{
    uint8_t differ = 0;

    for (int i = 0; i < NOCASE_STRIDE; i++)
        differ |= (uint8_t)(ascii_lower(a[i]) ^ ascii_lower(b[i])) | (uint8_t)(a[i] == '\0');
    return differ == 0;
}

/* SQLite's NOCASE ends at a NUL that both texts share; then their lengths decide. */
static int compare_nocase(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    size_t shared = a_bytes < b_bytes ? a_bytes : b_bytes, i = 0;

    for (size_t end; (end = interrupt_text(i, shared)) > i;) {
        while (end - i >= NOCASE_STRIDE && nocase_goes_on(a + i, b + i))
            i += NOCASE_STRIDE;
        if (end - i >= NOCASE_STRIDE || end == shared)
            break;
    }
    if (shared - i > NOCASE_STRIDE) /* it ends there, or work was stopped */
        shared = i + NOCASE_STRIDE;
    for (; i < shared; i++) {
        unsigned char x = (unsigned char)ascii_lower(a[i]), y = (unsigned char)ascii_lower(b[i]);

        if (x != y)
            return x < y ? -1 : 1;
        if (x == '\0')
            break;
    }
    return a_bytes < b_bytes ? -1 : a_bytes > b_bytes;
}

static size_t bytes_without_trailing_spaces(const char *s, size_t bytes)
{
    size_t spaces = 0;

    for (size_t end; (end = interrupt_text(spaces, bytes)) > spaces;) {
        while (spaces < end && s[bytes - spaces - 1] == ' ')
            spaces++;
        if (spaces < end)
            break;
    }
    return bytes - spaces;
}

int compare_text(const char *a, size_t a_bytes, const char *b, size_t b_bytes,
                 enum collation collation)
{
    switch (collation) {
    case COLLATION_NOCASE:
        return compare_nocase(a, a_bytes, b, b_bytes);
    case COLLATION_RTRIM:
        a_bytes = bytes_without_trailing_spaces(a, a_bytes);
        b_bytes = bytes_without_trailing_spaces(b, b_bytes);
        break;
    default:
        break;
    }
    return compare_bytes(a, a_bytes, b, b_bytes);
}

/* Order of the classes; numbers share a rank. */
static const uint8_t class_ranks[CLASS_COUNT] = {0, 1, 1, 2, 3};

int value_compare(const struct value *a, const struct value *b, enum collation collation)
{
    if (a->class_ != b->class_) {
        int rank = class_ranks[a->class_] - class_ranks[b->class_];

        if (rank != 0)
            return rank;
        return a->class_ == CLASS_INTEGER ? compare_int_real(a->i, b->r)
                                          : -compare_int_real(b->i, a->r);
    }
    switch (a->class_) {
    case CLASS_INTEGER:
        return a->i < b->i ? -1 : a->i > b->i;
    case CLASS_REAL:
        return a->r < b->r ? -1 : a->r > b->r;
    case CLASS_TEXT:
        return compare_text(a->s, a->bytes, b->s, b->bytes, collation);
    case CLASS_BLOB:
        return compare_bytes(a->s, a->bytes, b->s, b->bytes);
    default:
        return 0;
    }
}

/* Hash of the text that compare_nocase sees: up to a NUL in lower case, and the whole length. */
static uint64_t hash_nocase(const char *s, size_t bytes)
{
    enum { PIECES_PER_POLL = INTERRUPT_TEXT_PIECE / 256 };
    char     buffer[256];
    size_t   done = 0;
    uint64_t hash = hash_u64(bytes);

    for (uint32_t piece = 0; done < bytes; piece++) {
        size_t n = 0;
        bool   nul = false;

        for (; n < sizeof buffer && done + n < bytes && !nul; n++) {
            buffer[n] = ascii_lower(s[done + n]);
            nul = buffer[n] == '\0';
        }
        hash = hash_combine(hash, hash_bytes(buffer, n));
        if (nul || (piece % PIECES_PER_POLL == 0 && interrupt_text(done, bytes) == done))
            break;
        done += n;
    }
    return hash;
}

uint64_t value_hash(const struct value *v, enum collation collation)
{
    int64_t  i;
    uint64_t bits;

    switch (v->class_) {
    case CLASS_INTEGER:
        return hash_u64((uint64_t)v->i);
    case CLASS_REAL:
        if (number_real_is_int(v->r, &i))
            return hash_u64((uint64_t)i);
        memcpy(&bits, &v->r, sizeof bits);
        return hash_u64(bits);
    case CLASS_TEXT:
        if (collation == COLLATION_NOCASE)
            return hash_nocase(v->s, v->bytes);
        if (collation == COLLATION_RTRIM)
            return hash_bytes(v->s, bytes_without_trailing_spaces(v->s, v->bytes));
        return hash_bytes(v->s, v->bytes);
    case CLASS_BLOB:
        return hash_bytes(v->s, v->bytes) ^ UINT64_C(0x5851f42d4c957f2d);
    default:
        return UINT64_C(0x14057b7ef767814f);
    }
}

/* --- conversion ------------------------------------------------------------------------------- */

static bool is_bytes(const struct value *v)
{
    return v->class_ == CLASS_TEXT || v->class_ == CLASS_BLOB;
}

/* sqlite3RealSameAsInt: only integers below 2^51 in magnitude pass, so that no digit was lost. */
static bool real_is_safe_int(double r, int64_t *i)
{
    *i = number_truncate(r);
    return r == 0 || ((double)*i == r && *i >= -2251799813685248 && *i < 2251799813685248);
}

/* sqlite3VdbeIntegerAffinity: the extreme integers are left REAL, as they may be rounded ones. */
static void integer_affinity(struct value *v)
{
    int64_t i = number_truncate(v->r);

    if ((double)i == v->r && i > INT64_MIN && i < INT64_MAX)
        *v = value_int(i);
}

/* A text that is wholly a number becomes that number (applyNumericAffinity); prefer_int: '48.00' is
 * 48.  An integer with a NUL and more bytes behind it counts only when it is small. */
static void numeric_affinity(struct value *v, bool prefer_int)
{
    struct number number = number_parse(v->s, v->bytes);
    int64_t       i;

    if (!number.whole)
        return;
    if (number.kind == NUMBER_INTEGER && number.length == v->bytes) {
        *v = value_int(number.i);
    } else if (number.kind == NUMBER_INTEGER && real_is_safe_int(number.r, &i)) {
        *v = value_int(i);
    } else {
        *v = value_real(number.r);
        if (prefer_int)
            integer_affinity(v);
    }
}

bool value_identical(const struct value *a, const struct value *b)
{
    if (a->class_ != b->class_)
        return false;
    if (a->class_ == CLASS_TEXT || a->class_ == CLASS_BLOB)
        return a->bytes == b->bytes && bytes_equal(a->s, b->s, a->bytes);
    return a->class_ == CLASS_NULL || a->i == b->i;
}

bool value_apply_affinity(struct value *v, enum affinity affinity, struct arena *arena)
{
    switch (affinity) {
    case AFFINITY_TEXT:
        if (v->class_ == CLASS_INTEGER || v->class_ == CLASS_REAL)
            return value_to_text(v, arena);
        return true;
    case AFFINITY_NUMERIC:
    case AFFINITY_INTEGER:
    case AFFINITY_REAL:
        if (v->class_ == CLASS_TEXT)
            numeric_affinity(v, true);
        if (affinity == AFFINITY_REAL) {
            if (v->class_ == CLASS_INTEGER)
                *v = value_real((double)v->i);
            else if (v->class_ == CLASS_REAL && v->r == 0)
                v->r = 0.0; /* SQLite stores it as the integer 0: no -0.0 */
        } else if (v->class_ == CLASS_REAL) {
            integer_affinity(v);
        }
        return true;
    default:
        return true;
    }
}

/* CAST to NUMERIC of a text or blob (sqlite3VdbeMemNumerify). */
static struct value cast_numeric(const struct value *v)
{
    struct number number = number_parse(v->s, v->bytes);
    int64_t       i;

    if (number.kind == NUMBER_INTEGER)
        return value_int(number.i);
    if (real_is_safe_int(number.r, &i))
        return value_int(i);
    return value_real(number.r);
}

bool value_cast(struct value *v, enum affinity target, struct arena *arena)
{
    if (v->class_ == CLASS_NULL)
        return true;
    switch (target) {
    case AFFINITY_BLOB:
        if (!value_to_text(v, arena))
            return false;
        v->class_ = CLASS_BLOB;
        return true;
    case AFFINITY_TEXT:
        return value_to_text(v, arena);
    case AFFINITY_NUMERIC:
        if (is_bytes(v))
            *v = cast_numeric(v);
        return true;
    case AFFINITY_INTEGER:
        *v = value_int(value_as_int(v));
        return true;
    case AFFINITY_REAL:
        *v = value_real(value_as_real(v));
        return true;
    default:
        return true;
    }
}

int value_real_digits(const struct memory *memory)
{
    return memory != NULL && memory->real_digits != 0 ? memory->real_digits : NUMBER_DIGITS_DEFAULT;
}

/* Text of a number in buffer; its length. */
static size_t number_text(const struct value *v, const struct memory *memory,
                          char buffer[NUMBER_TEXT_CAP])
{
    return v->class_ == CLASS_INTEGER ? number_from_int(v->i, buffer)
                                      : number_from_real(v->r, value_real_digits(memory), buffer);
}

bool value_to_text(struct value *v, struct arena *arena)
{
    char   buffer[NUMBER_TEXT_CAP], *copy;
    size_t bytes;

    if (v->class_ == CLASS_NULL || v->class_ == CLASS_TEXT)
        return true;
    if (v->class_ == CLASS_BLOB) {
        v->class_ = CLASS_TEXT;
        v->subtype = 0;
        return true;
    }
    bytes = number_text(v, arena->memory, buffer);
    copy = arena_copy_text(arena, buffer, bytes);
    if (copy == NULL)
        return false;
    *v = value_text(copy, bytes);
    return true;
}

/* The integer that text begins with, saturating; 0 if none (sqlite3Atoi64). */
static int64_t text_as_int(const char *s, size_t bytes)
{
    const char *end = s + bytes;
    bool        negative = false;
    uint64_t    u = 0, limit;

    while (s < end && ascii_space(*s))
        s++;
    if (s < end && (*s == '-' || *s == '+'))
        negative = *s++ == '-';
    s = number_skip_zeros(s, end);
    limit = (uint64_t)INT64_MAX + negative;
    for (; s < end && ascii_digit(*s); s++) {
        unsigned digit = (unsigned)(*s - '0');

        if (u > (limit - digit) / 10) {
            u = limit;
            break;
        }
        u = u * 10 + digit;
    }
    return negative ? (int64_t)-u : (int64_t)u;
}

int64_t value_as_int(const struct value *v)
{
    switch (v->class_) {
    case CLASS_INTEGER:
        return v->i;
    case CLASS_REAL:
        return number_truncate(v->r);
    case CLASS_NULL:
        return 0;
    default:
        return text_as_int(v->s, v->bytes);
    }
}

double value_as_real(const struct value *v)
{
    switch (v->class_) {
    case CLASS_INTEGER:
        return (double)v->i;
    case CLASS_REAL:
        return v->r;
    case CLASS_NULL:
        return 0;
    default:
        return number_parse(v->s, v->bytes).r;
    }
}

int value_truth(const struct value *v)
{
    switch (v->class_) {
    case CLASS_INTEGER:
        return v->i != 0;
    case CLASS_NULL:
        return -1;
    default:
        return value_as_real(v) != 0;
    }
}

struct value value_numeric(const struct value *v)
{
    struct number number;

    if (!is_bytes(v))
        return *v;
    number = number_parse(v->s, v->bytes);
    if (number.kind == NUMBER_NONE)
        return value_int(0);
    /* A NUL that ends the number early makes it REAL (computeNumericType). */
    if (number.kind == NUMBER_INTEGER && (!number.whole || number.length == v->bytes))
        return value_int(number.i);
    return value_real(number.r);
}

struct value value_numeric_type(const struct value *v)
{
    struct value result = *v;

    if (v->class_ == CLASS_TEXT)
        numeric_affinity(&result, false);
    return result;
}

/* --- operators -------------------------------------------------------------------------------- */

/* False when the result does not fit and the operation has to be done on reals. */
static bool int_arith(enum value_op op, int64_t a, int64_t b, struct value *out)
{
    int64_t result = 0;
    bool    overflow = false;

    switch (op) {
    case VALUE_ADD:
        overflow = __builtin_add_overflow(a, b, &result);
        break;
    case VALUE_SUBTRACT:
        overflow = __builtin_sub_overflow(a, b, &result);
        break;
    case VALUE_MULTIPLY:
        overflow = __builtin_mul_overflow(a, b, &result);
        break;
    default: /* VALUE_DIVIDE, VALUE_REMAINDER */
        if (b == 0) {
            *out = value_null();
            return true;
        }
        if (b == -1) {
            overflow = op == VALUE_DIVIDE && a == INT64_MIN;
            result = op == VALUE_DIVIDE ? (int64_t) - (uint64_t)a : 0;
        } else {
            result = op == VALUE_DIVIDE ? a / b : a % b;
        }
        break;
    }
    *out = value_int(result);
    return !overflow;
}

static struct value real_arith(enum value_op op, double a, double b)
{
    switch (op) {
    case VALUE_ADD:
        return value_real(a + b);
    case VALUE_SUBTRACT:
        return value_real(a - b);
    case VALUE_MULTIPLY:
        return value_real(a * b);
    default:
        assert(op == VALUE_DIVIDE);
        return b == 0 ? value_null() : value_real(a / b);
    }
}

/* a << count; a negative count shifts right, and right shifts keep the sign. */
static int64_t shift_left(int64_t a, int64_t count)
{
    if (count >= 0)
        return count >= 64 ? 0 : (int64_t)((uint64_t)a << count);
    if (count <= -64)
        return a < 0 ? -1 : 0;
    return a >> -count;
}

static struct value bit_arith(enum value_op op, int64_t a, int64_t b)
{
    switch (op) {
    case VALUE_BIT_AND:
        return value_int(a & b);
    case VALUE_BIT_OR:
        return value_int(a | b);
    case VALUE_SHIFT_LEFT:
        return value_int(shift_left(a, b));
    default:
        return value_int(shift_left(a, b == INT64_MIN ? INT64_MAX : -b));
    }
}

struct value value_arith(enum value_op op, const struct value *a, const struct value *b)
{
    struct value x, y, result;

    if (a->class_ == CLASS_NULL || b->class_ == CLASS_NULL)
        return value_null();
    if (op >= VALUE_BIT_AND)
        return bit_arith(op, value_as_int(a), value_as_int(b));
    x = value_numeric(a);
    y = value_numeric(b);
    if (x.class_ == CLASS_INTEGER && y.class_ == CLASS_INTEGER) {
        if (int_arith(op, x.i, y.i, &result))
            return result;
    } else if (op == VALUE_REMAINDER) { /* the operands' own integers: '1e2' is 1 here */
        int_arith(op, value_as_int(a), value_as_int(b), &result);
        return result.class_ == CLASS_NULL ? result : value_real((double)result.i);
    }
    return real_arith(op, value_as_real(a), value_as_real(b)); /* '-0' is 0, but -0.0 as a REAL */
}

struct value value_bit_not(const struct value *a)
{
    return a->class_ == CLASS_NULL ? value_null() : value_int(~value_as_int(a));
}

enum status value_concat(const struct value *a, const struct value *b, struct arena *arena,
                         struct value *out, struct error *err)
{
    char        a_buffer[NUMBER_TEXT_CAP], b_buffer[NUMBER_TEXT_CAP];
    const char *a_text = a->s, *b_text = b->s;
    size_t      a_bytes = a->bytes, b_bytes = b->bytes;
    char       *text;

    if (a->class_ == CLASS_NULL || b->class_ == CLASS_NULL) {
        *out = value_null();
        return STATUS_OK;
    }
    if (!is_bytes(a)) {
        a_bytes = number_text(a, arena->memory, a_buffer);
        a_text = a_buffer;
    }
    if (!is_bytes(b)) {
        b_bytes = number_text(b, arena->memory, b_buffer);
        b_text = b_buffer;
    }
    if (a_bytes + b_bytes > VALUE_BYTES_MAX)
        return fail(err, STATUS_TOOBIG, "string or blob too big");
    text = arena_alloc(arena, a_bytes + b_bytes);
    if (text == NULL)
        return fail_nomem(err);
    if (!memory_copy(arena->memory, text, a_text, a_bytes) ||
        !memory_copy(arena->memory, text + a_bytes, b_text, b_bytes))
        return memory_poll(arena->memory, err);
    *out = value_text(text, a_bytes + b_bytes);
    return STATUS_OK;
}

/* --- dump ------------------------------------------------------------------------------------- */

static void dump_hex(const char *s, size_t bytes, struct str *out)
{
    static const char hex[] = "0123456789ABCDEF";

    str_text(out, "x'");
    for (size_t i = 0; i < bytes; i++) {
        str_char(out, hex[(uint8_t)s[i] >> 4]);
        str_char(out, hex[(uint8_t)s[i] & 15]);
    }
    str_char(out, '\'');
}

static void dump_text(const char *s, size_t bytes, struct str *out)
{
    if (bytes > 0 && memchr(s, '\0', bytes) != NULL) { /* no literal can hold a NUL */
        str_text(out, "CAST(");
        dump_hex(s, bytes, out);
        str_text(out, " AS TEXT)");
        return;
    }
    str_char(out, '\'');
    for (size_t i = 0; i < bytes; i++) {
        if (s[i] == '\'')
            str_char(out, '\'');
        str_char(out, s[i]);
    }
    str_char(out, '\'');
}

void value_dump(const struct value *v, struct str *out)
{
    char buffer[NUMBER_TEXT_CAP];

    switch (v->class_) {
    case CLASS_INTEGER:
        number_from_int(v->i, buffer);
        str_text(out, buffer);
        break;
    case CLASS_REAL:
        if (isinf(v->r)) {
            str_text(out, v->r < 0 ? "-9.0e+999" : "9.0e+999");
            break;
        }
        number_from_real(v->r, 17, buffer);
        str_text(out, signbit(v->r) && v->r == 0 ? "-0.0" : buffer);
        break;
    case CLASS_TEXT:
        dump_text(v->s, v->bytes, out);
        break;
    case CLASS_BLOB:
        dump_hex(v->s, v->bytes, out);
        break;
    default:
        str_text(out, "NULL");
        break;
    }
}
