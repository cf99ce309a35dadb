/* value.h - one SQL value, and SQLite's rules for values: storage class, affinity, collation,
 * order, conversion, arithmetic.
 *
 * This is the exact path: every kernel of the vector engine must give, row by row, what these
 * functions give.  Source of the rules: https://sqlite.org/datatype3.html,
 * https://sqlite.org/lang_expr.html and the answers of sqlite3 3.53. */
#ifndef STOA_BASE_VALUE_H
#define STOA_BASE_VALUE_H

#include "base/arena.h"
#include "base/status.h"

/* In SQLite's order: NULL < numbers < TEXT < BLOB. */
enum value_class { CLASS_NULL, CLASS_INTEGER, CLASS_REAL, CLASS_TEXT, CLASS_BLOB, CLASS_COUNT };

/* 16 bytes.  Vectors of TEXT, BLOB and ANY are arrays of it.  Bytes of TEXT and BLOB are borrowed;
 * TEXT is not NUL-terminated, may hold NULs and malformed UTF-8.  No REAL is NaN. */
struct value {
    union {
        int64_t     i; /* CLASS_INTEGER */
        double      r; /* CLASS_REAL */
        const char *s; /* CLASS_TEXT, CLASS_BLOB; may be NULL when bytes == 0 */
    };
    uint32_t bytes;   /* of TEXT and BLOB; else 0 */
    uint8_t  class_;  /* enum value_class */
    uint8_t  subtype; /* as sqlite3_result_subtype; 0 */
    uint16_t unused_;
};
_Static_assert(sizeof(struct value) == 16, "cells of vectors are 16 bytes");

enum { VALUE_BYTES_MAX = 1000000000 }; /* SQLITE_MAX_LENGTH's default */

/* SQLite's affinity letters; AFFINITY_NONE: an expression without affinity. */
enum affinity {
    AFFINITY_NONE = '@',
    AFFINITY_BLOB = 'A',
    AFFINITY_TEXT = 'B',
    AFFINITY_NUMERIC = 'C',
    AFFINITY_INTEGER = 'D',
    AFFINITY_REAL = 'E'
};
enum collation { COLLATION_BINARY, COLLATION_NOCASE, COLLATION_RTRIM, COLLATION_COUNT };

static inline struct value value_null(void)
{
    return (struct value){.i = 0, .class_ = CLASS_NULL};
}
static inline struct value value_int(int64_t i)
{
    return (struct value){.i = i, .class_ = CLASS_INTEGER};
}
static inline struct value value_real(double r) /* NaN becomes NULL, as in SQLite */
{
    return r != r ? value_null() : (struct value){.r = r, .class_ = CLASS_REAL};
}
static inline struct value value_text(const char *s, size_t bytes)
{
    return (struct value){.s = s, .bytes = (uint32_t)bytes, .class_ = CLASS_TEXT};
}
static inline struct value value_blob(const void *s, size_t bytes)
{
    return (struct value){.s = s, .bytes = (uint32_t)bytes, .class_ = CLASS_BLOB};
}

/* --- names ------------------------------------------------------------------------------------ */
enum affinity affinity_of_type(const char *declared,
                               size_t      bytes); /* SQLite's substring rules; no type: BLOB */
bool collation_find(const char *name, size_t bytes, enum collation *collation); /* any case */
const char *collation_name(enum collation collation);
const char *
class_name(enum value_class class_); /* as typeof(): "null" "integer" "real" "text" "blob" */

/* --- order ------------------------------------------------------------------------------------ */
/* Negative, 0, positive.  NULL equals NULL here; three-valued logic is the caller's. */
int value_compare(const struct value *a, const struct value *b, enum collation collation);
/* Same class and same bits, so that nothing can tell them apart. */
bool value_identical(const struct value *a, const struct value *b);
int  compare_int_real(int64_t i, double r);
int  compare_text(const char *a, size_t a_bytes, const char *b, size_t b_bytes,
                  enum collation collation);

/* Equal values under value_compare == 0 have equal hashes (1 and 1.0, 'a' and 'A' under NOCASE). */
uint64_t value_hash(const struct value *v, enum collation collation);

/* --- conversion.  Text made is put in arena; false (out of memory) only where an arena is taken
 * ---- */
/* Column affinity when a value is stored, and operand affinity when one is compared (sqlite3
 * applyAffinity): TEXT that is not a well-formed number stays TEXT.  INTEGER and NUMERIC turn a
 * REAL that is a whole number representable exactly into INTEGER; REAL turns INTEGER into REAL. */
bool value_apply_affinity(struct value *v, enum affinity affinity, struct arena *arena);
bool value_cast(struct value *v, enum affinity target, struct arena *arena); /* CAST(v AS type) */
/* Significant digits of a REAL's text in work on memory, which may be NULL. */
int  value_real_digits(const struct memory *memory);
bool value_to_text(struct value *v, struct arena *arena); /* NULL stays; BLOB's bytes become TEXT */

int64_t
value_as_int(const struct value *v); /* sqlite3_value_int64: prefix of a text, saturating REAL */
double value_as_real(const struct value *v); /* sqlite3_value_double */
/* Truth of a condition: 1, 0, or -1 for NULL.  Text by its numeric prefix as REAL. */
int value_truth(const struct value *v);
/* The number an arithmetic operator sees: INTEGER or REAL (text by its longest numeric prefix:
 * 'abc'
 * -> 0, '12abc' -> 12, '1e1' -> 10.0); NULL stays NULL. */
struct value value_numeric(const struct value *v);
/* sqlite3_value_numeric_type: a text that is entirely a number (blanks around allowed) as that
 * number; any other value as it is.  sum(), avg() and total() look at values so. */
struct value value_numeric_type(const struct value *v);

/* --- operators (NULL operand: NULL result) ---------------------------------------------------- */
enum value_op {
    VALUE_ADD,
    VALUE_SUBTRACT,
    VALUE_MULTIPLY,
    VALUE_DIVIDE,
    VALUE_REMAINDER,
    VALUE_BIT_AND,
    VALUE_BIT_OR,
    VALUE_SHIFT_LEFT,
    VALUE_SHIFT_RIGHT,
    VALUE_OP_COUNT
};
/* a op b with SQLite's overflow (to REAL), division (integer, by zero NULL), remainder, shift
 * rules. */
struct value value_arith(enum value_op op, const struct value *a, const struct value *b);
struct value value_bit_not(const struct value *a);
/* a || b in arena. STATUS_NOMEM, STATUS_TOOBIG. */
enum status value_concat(const struct value *a, const struct value *b, struct arena *arena,
                         struct value *out, struct error *err);

/* For tests and error texts: the value as an SQL literal (x'..', 'it''s', 1.0, NULL), 17 digits. */
struct str;
void value_dump(const struct value *v, struct str *out);

#endif
