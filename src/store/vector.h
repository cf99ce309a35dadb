/* vector.h - up to VECTOR_CAP values of one type: what a cursor yields and a register holds.
 *
 * type says how values are stored, shape where row i's slot is:
 *   FLAT      slot i            CONSTANT  slot 0, for every row
 *   DICT      slot codes[i]     SEQUENCE  none: row i is the INTEGER base + i
 * Bit i of valid is 1 where row i is not NULL; valid == NULL says that no row is NULL (a CONSTANT
 * that is NULL has valid == NULL and type ANY with a CLASS_NULL cell).  Slots of NULL rows and of
 * rows from count to the next multiple of 64 can be read and mean nothing: a kernel computes on
 * them instead of branching, and no result may depend on them.  In cells (TEXT, BLOB, ANY) a NULL
 * row's class_ must be CLASS_NULL when the type is ANY; in TEXT and BLOB only valid tells.
 *
 * Encoded integers: a row of type I8, I16 or I32 is the INTEGER base + payload (payload unsigned
 * for no one: int8_t, int16_t, int32_t).  I64 has base 0.  DEC16/32/64: the REAL payload /
 * 10^scale, IEEE division, the very double that was stored; with VECTOR_WHOLE_IS_INT whole values
 * are INTEGER (NUMERIC affinity's rule).  DAY32: the TEXT 'YYYY-MM-DD' of a day number (0 =
 * 1970-01-01, years 0000..9999).
 *
 * A vector owns nothing.  Its arrays are borrowed from a segment, an arena or a register's buffer.
 * With VECTOR_PINNED the bytes that TEXT/BLOB cells point to live as long as the statement's
 * snapshot, so sinks need not copy them; without it only until the batch ends. */
#ifndef STOA_STORE_VECTOR_H
#define STOA_STORE_VECTOR_H

#include "base/bits.h"
#include "base/value.h"

enum { VECTOR_CAP = 2048, VECTOR_WORDS = VECTOR_CAP / 64 };

/* PHYS(name, C type, bytes of a slot, class of every non-NULL row, or CLASS_COUNT: mixed) */
#define PHYS_TABLE(PHYS)                                                                           \
    PHYS(I8, int8_t, 1, CLASS_INTEGER)                                                             \
    PHYS(I16, int16_t, 2, CLASS_INTEGER)                                                           \
    PHYS(I32, int32_t, 4, CLASS_INTEGER)                                                           \
    PHYS(I64, int64_t, 8, CLASS_INTEGER)                                                           \
    PHYS(F64, double, 8, CLASS_REAL)                                                               \
    PHYS(DEC16, int16_t, 2, CLASS_REAL)                                                            \
    PHYS(DEC32, int32_t, 4, CLASS_REAL)                                                            \
    PHYS(DEC64, int64_t, 8, CLASS_REAL)                                                            \
    PHYS(DAY32, int32_t, 4, CLASS_TEXT)                                                            \
    PHYS(TEXT, struct value, 16, CLASS_TEXT)                                                       \
    PHYS(BLOB, struct value, 16, CLASS_BLOB)                                                       \
    PHYS(ANY, struct value, 16, CLASS_COUNT)

enum phys {
#define PHYS(name, ctype, bytes, class_) PHYS_##name,
    PHYS_TABLE(PHYS)
#undef PHYS
        PHYS_COUNT
};
enum vector_shape {
    VECTOR_FLAT,
    VECTOR_CONSTANT,
    VECTOR_DICT,
    VECTOR_SEQUENCE,
    VECTOR_SHAPE_COUNT
};
enum vector_flag {
    VECTOR_WHOLE_IS_INT = 1, /* DEC: whole values are INTEGER */
    VECTOR_PINNED = 2,       /* text bytes outlive the statement's batches */
    VECTOR_BOUNDED = 4,      /* lo <= every non-NULL INTEGER (or DEC payload, DAY32 day) <= hi */
    VECTOR_ASCII = 8         /* every TEXT row is 7-bit ASCII without NUL */
};

struct dictionary;

struct vector {
    uint8_t
        type; /* enum phys; VECTOR_DICT: of the entries (TEXT, BLOB or ANY); SEQUENCE: PHYS_I64 */
    uint8_t  shape;      /* enum vector_shape */
    uint8_t  flags;      /* enum vector_flag */
    uint8_t  scale;      /* DEC: decimal digits behind the point, 0..18 */
    uint8_t  code_bytes; /* DICT: width of a code: 1, 2 or 4 (unsigned) */
    uint32_t count; /* rows, 0..VECTOR_CAP.  Of a CONSTANT it says nothing: the selection tells the
                       rows */
    int64_t         base;   /* I8 I16 I32: added to every payload; SEQUENCE: row 0; else 0 */
    int64_t         lo, hi; /* with VECTOR_BOUNDED: of base + payload */
    const uint64_t *valid;  /* [bits_words(count)] or NULL */
    const void     *values; /* slots of the type; DICT: struct value entries[]; SEQUENCE: NULL */
    const void     *codes;  /* DICT: uint8_t, uint16_t or uint32_t [count]; NULL rows have code 0 */
    const struct dictionary
            *dictionary;  /* DICT: where the entries are from (memo key); may be NULL */
    uint32_t entry_count; /* DICT: codes are < entry_count */
};

/* A buffer that a flat vector can be made in: room for VECTOR_CAP slots of any type and validity.
 */
struct vector_buffer {
    _Alignas(64) char values[VECTOR_CAP * sizeof(struct value)];
    _Alignas(64) uint64_t valid[VECTOR_WORDS];
};

/* Which rows of the current batch are active.  bits is always right; list is made on demand. */
struct selection {
    uint32_t rows;   /* rows of the batch */
    uint32_t count;  /* active rows */
    bool     listed; /* list[0..count) holds the active rows, ascending */
    _Alignas(64) uint64_t bits[VECTOR_WORDS];
    uint16_t list[VECTOR_CAP];
};

static inline bool vector_row_valid(const struct vector *v, uint32_t row)
{
    return v->valid == NULL || bits_get(v->valid, row);
}
/* Row as a cell; text borrowed.  DAY32 text is written to scratch (>= 10 bytes, lives with the
 * result). */
struct value vector_value(const struct vector *v, uint32_t row, char scratch[16]);

/* v is (or becomes) a CONSTANT of value for count rows; cell is the storage and must outlive v. */
void vector_constant(struct vector *v, struct value *cell, uint32_t count);

/* Decodes rows into a FLAT vector of type want: I64 (from I8..I64, SEQUENCE, INTEGER constant), F64
 * (from DEC without WHOLE_IS_INT, F64), TEXT/BLOB (from DICT, DAY32, TEXT), ANY (from everything).
 * out's arrays are in buffer unless v already has that form (then out is v).  sel NULL: all rows;
 * else only active rows need be right.  DAY32 text goes to arena.  False: memory. Precondition:
 * want is reachable. */
bool vector_decode(const struct vector *v, enum phys want, const struct selection *sel,
                   struct vector_buffer *buffer, struct arena *arena, struct vector *out);

/* The canonical flat type of v: I64, F64, TEXT, BLOB, or ANY (DEC with WHOLE_IS_INT is ANY). */
enum phys vector_canonical(const struct vector *v);

/* Rows [from, from + count) of v as a vector; valid_space gets validity when it is not
 * word-aligned. */
void vector_slice(const struct vector *v, uint32_t from, uint32_t count,
                  uint64_t valid_space[VECTOR_WORDS], struct vector *out);

/* A new vector whose row i is row positions[i] of v: FLAT (CONSTANT stays), canonical type or v's
 * own encoding. */
bool vector_gather(const struct vector *v, const uint16_t *positions, uint32_t count,
                   struct vector_buffer *buffer, struct arena *arena, struct vector *out);

struct str;
void        vector_dump(const struct vector *v, struct str *out); /* "i64 flat [3] 1 NULL 3" */
bool        vector_ok(const struct vector *v); /* every promise above; for assert() */
const char *phys_name(enum phys type);
extern const uint8_t phys_bytes[PHYS_COUNT]; /* slot width */
extern const uint8_t phys_class[PHYS_COUNT]; /* enum value_class or CLASS_COUNT */

/* selection */
void            selection_all(struct selection *sel, uint32_t rows);
void            selection_bits(struct selection *sel, uint32_t rows,
                               const uint64_t *bits);                       /* copies; count made */
void            selection_and(struct selection *sel, const uint64_t *mask); /* narrows */
const uint16_t *selection_list(struct selection *sel); /* makes and returns list */

#endif
