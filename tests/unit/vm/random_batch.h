/* random_batch.h - random vectors in every encoding, for tests that compare a fast path with the
 * general one.  Header only; one program includes it once. */
#ifndef STOA_TESTS_UNIT_VM_RANDOM_BATCH_H
#define STOA_TESTS_UNIT_VM_RANDOM_BATCH_H

#include "store/dictionary.h"
#include "store/vector.h"
#include "vm/ordinal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum random_encoding {
    RANDOM_I8,
    RANDOM_I16,
    RANDOM_I32,
    RANDOM_I64,
    RANDOM_I64_WIDE, /* the whole range, near the limits too */
    RANDOM_SEQUENCE,
    RANDOM_F64,
    RANDOM_F64_ODD, /* -0.0, infinities, whole numbers */
    RANDOM_DEC16,
    RANDOM_DEC32,
    RANDOM_DEC64,
    RANDOM_DEC_WHOLE,
    RANDOM_DAY,
    RANDOM_TEXT,
    RANDOM_BLOB,
    RANDOM_DICT1,
    RANDOM_DICT2,
    RANDOM_DICT4,
    RANDOM_ANY_INT,
    RANDOM_ANY,
    RANDOM_CONSTANT_INT,
    RANDOM_CONSTANT_TEXT,
    RANDOM_CONSTANT_NULL,
    RANDOM_ENCODING_COUNT
};
struct random_column {
    struct vector        v;
    struct vector_buffer buffer;
    struct value         cell; /* constants */
    uint64_t             valid[VECTOR_WORDS];
    uint32_t             codes[VECTOR_CAP];
};

static uint64_t random_state = 88172645463325252ull;

static inline uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * 2685821657736338717ull;
}
static inline uint32_t random_below(uint32_t n)
{
    return (uint32_t)((random_next() >> 32) * n >> 32);
}

/* A text that lives forever: case and trailing blanks vary, so that collations matter. */
static inline struct value random_text(uint32_t domain)
{
    static char     pool[4096][24];
    static uint32_t bytes[4096];
    uint32_t        i = random_below(domain < 4096 ? domain : 4096);

    if (bytes[i] == 0)
        bytes[i] = (uint32_t)snprintf(pool[i], sizeof pool[i], "%s%u%s", i % 3 == 0 ? "Key" : "key",
                                      i / 4, i % 5 == 0 ? "  " : "");
    return value_text(pool[i], bytes[i]);
}

static inline struct value random_cell(uint32_t domain)
{
    switch (random_below(9)) {
    case 0:
        return value_null();
    case 1:
    case 2:
        return value_int((int64_t)random_below(domain) - domain / 2);
    case 3:
        return value_real((double)random_below(domain) - domain / 2);
    case 4:
        return value_real(((double)random_below(domain) - domain / 2) / 8);
    case 5:
        return value_real(-0.0);
    case 6: {
        struct value v = random_text(domain);

        v.class_ = CLASS_BLOB;
        return v;
    }
    default:
        return random_text(domain);
    }
}

/* n rows in the encoding, values from a domain of about `domain`; nulls of 8 rows are NULL. */
static inline void random_vector(struct random_column *c, enum random_encoding encoding, uint32_t n,
                                 uint32_t domain, uint32_t nulls, struct dictionary *dictionary)
{
    struct vector *v = &c->v;
    int64_t        half = domain / 2;

    *v = (struct vector){
        .type = PHYS_I64, .shape = VECTOR_FLAT, .count = n, .values = c->buffer.values};
    memset(c->buffer.values, 0x5a, sizeof c->buffer.values);
    memset(c->valid, 0xff, sizeof c->valid);
    if (nulls > 0) {
        v->valid = c->valid;
        for (uint32_t i = 0; i < n; i++)
            bits_put(c->valid, i, random_below(8) >= nulls);
    }
#define FILL(ctype, expression)                                                                    \
    for (uint32_t i = 0; i < n; i++)                                                               \
        if (bits_get(c->valid, i))                                                                 \
    ((ctype *)c->buffer.values)[i] = (ctype)(expression)
#define INT ((int64_t)random_below(domain) - half)
    switch (encoding) {
    case RANDOM_I8:
        v->type = PHYS_I8;
        v->base = 3;
        FILL(int8_t, (int64_t)random_below(domain < 200 ? domain : 200) - 100);
        break;
    case RANDOM_I16:
        v->type = PHYS_I16;
        v->base = random_below(2) ? -1000 : 5;
        FILL(int16_t, INT);
        break;
    case RANDOM_I32:
        v->type = PHYS_I32;
        v->base = 7;
        FILL(int32_t, INT);
        v->flags = VECTOR_BOUNDED;
        v->lo = 7 - half;
        v->hi = 7 + half;
        break;
    case RANDOM_I64:
        FILL(int64_t, INT);
        break;
    case RANDOM_I64_WIDE:
        FILL(int64_t, random_below(9) == 0   ? INT64_MIN + (int64_t)random_below(3)
                      : random_below(9) == 0 ? INT64_MAX - (int64_t)random_below(3)
                                             : (int64_t)(random_next() << 30));
        break;
    case RANDOM_SEQUENCE:
        v->shape = VECTOR_SEQUENCE;
        v->values = NULL;
        v->valid = NULL;
        v->base = INT;
        break;
    case RANDOM_F64:
        v->type = PHYS_F64;
        FILL(double, (double)INT / 3 + 0.125);
        break;
    case RANDOM_F64_ODD: {
        static const double odd[] = {-0.0, 0.0, 1.0, -1.0, 1e300, -1e300, 1e-300, 4.5e15, 9.2e18};

        v->type = PHYS_F64;
        FILL(double, odd[random_below(9)]);
        break;
    }
    case RANDOM_DEC16:
        v->type = PHYS_DEC16;
        v->scale = 2;
        FILL(int16_t, INT);
        break;
    case RANDOM_DEC32:
        v->type = PHYS_DEC32;
        v->scale = 2;
        FILL(int32_t, INT);
        break;
    case RANDOM_DEC64:
        v->type = PHYS_DEC64;
        v->scale = 3;
        FILL(int64_t, INT);
        break;
    case RANDOM_DEC_WHOLE:
        v->type = PHYS_DEC32;
        v->scale = 1;
        v->flags = VECTOR_WHOLE_IS_INT;
        FILL(int32_t, INT);
        break;
    case RANDOM_DAY:
        v->type = PHYS_DAY32;
        FILL(int32_t, INT);
        for (uint32_t i = 0; i < n; i++)
            if (!bits_get(c->valid, i))
                ((int32_t *)c->buffer.values)[i] = 0;
        break;
    case RANDOM_TEXT:
    case RANDOM_BLOB:
        v->type = encoding == RANDOM_TEXT ? PHYS_TEXT : PHYS_BLOB;
        v->flags = random_below(2) ? VECTOR_PINNED : 0;
        for (uint32_t i = 0; i < n; i++) {
            struct value cell = random_text(domain);

            cell.class_ = encoding == RANDOM_TEXT ? CLASS_TEXT : CLASS_BLOB;
            ((struct value *)c->buffer.values)[i] = cell;
        }
        break;
    case RANDOM_DICT1:
    case RANDOM_DICT2:
    case RANDOM_DICT4: {
        struct value *cells = malloc(VECTOR_CAP * sizeof *cells);
        uint32_t      done = 0;

        for (uint32_t i = 0; i < n; i++)
            cells[i] = random_text(encoding == RANDOM_DICT1 && domain > 100 ? 100 : domain);
        if (dictionary_count(dictionary) == 0) /* codes of NULL rows need an entry too */
            assert_int_equal(
                dictionary_intern(dictionary, cells, NULL, 1, 1, c->codes, &done, NULL), STATUS_OK);
        assert_int_equal(
            dictionary_intern(dictionary, cells, v->valid, n, 100000, c->codes, &done, NULL),
            STATUS_OK);
        free(cells);
        v->type = PHYS_TEXT;
        v->shape = VECTOR_DICT;
        v->dictionary = random_below(6) == 0 ? NULL : dictionary;
        v->values = dictionary_entries(dictionary);
        v->entry_count = dictionary_count(dictionary);
        v->flags = VECTOR_PINNED;
        v->codes = c->buffer.values;
        v->code_bytes = encoding == RANDOM_DICT4   ? 4
                        : encoding == RANDOM_DICT2 ? 2
                                                   : (v->entry_count < 256 ? 1 : 2);
        for (uint32_t i = 0; i < VECTOR_CAP; i++) {
            uint32_t code = i < n && bits_get(c->valid, i) ? c->codes[i] : 0;

            if (v->code_bytes == 1)
                ((uint8_t *)c->buffer.values)[i] = (uint8_t)code;
            else if (v->code_bytes == 2)
                ((uint16_t *)c->buffer.values)[i] = (uint16_t)code;
            else
                ((uint32_t *)c->buffer.values)[i] = code;
        }
        break;
    }
    case RANDOM_ANY_INT:
    case RANDOM_ANY:
        v->type = PHYS_ANY;
        v->valid = c->valid;
        for (uint32_t i = 0; i < n; i++) {
            struct value *cell = &((struct value *)c->buffer.values)[i];

            *cell = encoding == RANDOM_ANY ? random_cell(domain) : value_int(INT);
            if (!bits_get(c->valid, i))
                *cell = value_null();
            bits_put(c->valid, i, cell->class_ != CLASS_NULL);
        }
        break;
    case RANDOM_CONSTANT_INT:
        c->cell = value_int(INT);
        vector_constant(v, &c->cell, n);
        break;
    case RANDOM_CONSTANT_TEXT:
        c->cell = random_text(domain);
        vector_constant(v, &c->cell, n);
        break;
    default:
        c->cell = value_null();
        vector_constant(v, &c->cell, n);
        break;
    }
#undef FILL
#undef INT
}

/* Some, most or all of n rows. */
static inline void random_selection(struct selection *sel, uint32_t n)
{
    uint64_t bits[VECTOR_WORDS] = {0};
    uint32_t share = random_below(4);

    for (uint32_t i = 0; i < n; i++)
        bits_put(bits, i, share == 0 || random_below(4) < share);
    selection_bits(sel, n, bits);
    if (random_below(2))
        selection_list(sel);
}

/* Same class and same bits. */
static inline bool same_value(const struct value *a, const struct value *b)
{
    if (a->class_ != b->class_)
        return false;
    if (a->class_ >= CLASS_TEXT)
        return a->bytes == b->bytes && (a->bytes == 0 || memcmp(a->s, b->s, a->bytes) == 0);
    return a->class_ == CLASS_NULL || a->i == b->i;
}

#endif
