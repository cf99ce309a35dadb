/* random_vectors.h - random vectors of every type and shape, with the rows they must read as. */
#ifndef STOA_TESTS_RANDOM_VECTORS_H
#define STOA_TESTS_RANDOM_VECTORS_H

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "store/day.h"
#include "store/dictionary.h"
#include "store/vector.h"

static uint64_t random_state = 88172645463325252u;

static inline uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}
static inline uint32_t random_below(uint32_t n)
{
    return (uint32_t)(random_next() >> 33) % n;
}

struct random_vector {
    struct vector v;
    struct arena  arena;
    struct value *rows; /* [VECTOR_CAP] what row i reads as */
    struct value  constant;
};

static inline bool cell_same(const struct value *a, const struct value *b)
{
    if (a->class_ != b->class_)
        return false;
    switch (a->class_) {
    case CLASS_NULL:
        return true;
    case CLASS_INTEGER:
        return a->i == b->i;
    case CLASS_REAL:
        return memcmp(&a->r, &b->r, sizeof a->r) == 0;
    default:
        return a->bytes == b->bytes && (a->bytes == 0 || memcmp(a->s, b->s, a->bytes) == 0);
    }
}

static inline struct value random_text(struct arena *arena, uint32_t distinct)
{
    uint32_t n = random_below(distinct);
    char    *text = arena_alloc(arena, 64);
    int      bytes = n % 5 == 0   ? snprintf(text, 64, "%u", n)
                     : n % 5 == 1 ? snprintf(text, 64, "id%010u", n)
                     : n % 5 == 2 ? snprintf(text, 64, "a longer text that is number %u", n)
                     : n % 5 == 3 ? snprintf(text, 64, "abcdefghi-%u", n)
                                  : snprintf(text, 64, "%.*s", (int)(n % 9), "xyzxyzxyz");

    return value_text(text, (size_t)bytes);
}

static inline struct value random_cell(struct arena *arena, uint32_t distinct)
{
    switch (random_below(6)) {
    case 0:
        return value_null();
    case 1:
        return value_int((int64_t)random_next() >> random_below(60));
    case 2:
        return value_real((double)random_below(100000) / 100);
    case 3: {
        struct value v = random_text(arena, distinct);

        v.class_ = CLASS_BLOB;
        return v;
    }
    default:
        return random_text(arena, distinct);
    }
}

static inline struct value random_decimal(int64_t payload, uint32_t scale, bool whole)
{
    int64_t power = 1;

    for (uint32_t i = 0; i < scale; i++)
        power *= 10;
    if (whole && payload % power == 0)
        return value_int(payload / power);
    return value_real((double)payload / (double)power);
}

/* kind 0..PHYS_COUNT-1: flat of that type; then constant, dictionary, sequence. */
enum { RANDOM_KINDS = PHYS_COUNT + 4 };

static inline void random_vector_make(struct random_vector *r, uint32_t kind, uint32_t count,
                                      bool nulls, struct dictionary *dictionary)
{
    struct vector *v = &r->v;
    uint64_t      *valid;
    char          *slots;
    int64_t        base = 0;

    memset(r, 0, sizeof *r);
    arena_init(&r->arena, NULL);
    r->rows = arena_zalloc(&r->arena, VECTOR_CAP * sizeof *r->rows);
    slots = arena_zalloc(&r->arena, (VECTOR_CAP + 64) * sizeof(struct value));
    valid = arena_zalloc(&r->arena, VECTOR_WORDS * 8);
    v->count = count;
    v->values = slots;
    for (uint32_t i = 0; i < count; i++)
        bits_put(valid, i, !nulls || random_below(4) != 0);
    if (nulls && kind != PHYS_COUNT && kind != PHYS_COUNT + 3)
        v->valid = valid;
    if (kind < PHYS_COUNT) {
        v->type = (uint8_t)kind;
        if (kind <= PHYS_I32)
            base = v->base = (int64_t)random_below(1000000) - 500000;
        if (kind >= PHYS_DEC16 && kind <= PHYS_DEC64) {
            v->scale = (uint8_t)random_below(4);
            v->flags = random_below(2) ? VECTOR_WHOLE_IS_INT : 0;
        }
        for (uint32_t i = 0; i < count; i++) {
            int64_t       payload = (int64_t)random_next() >> (kind == PHYS_DEC64 ? 20 : 0);
            struct value *row = &r->rows[i];

            switch (kind) {
            case PHYS_I8:
                ((int8_t *)slots)[i] = (int8_t)payload;
                *row = value_int(base + (int8_t)payload);
                break;
            case PHYS_I16:
                ((int16_t *)slots)[i] = (int16_t)payload;
                *row = value_int(base + (int16_t)payload);
                break;
            case PHYS_I32:
                ((int32_t *)slots)[i] = (int32_t)payload;
                *row = value_int(base + (int32_t)payload);
                break;
            case PHYS_I64:
                ((int64_t *)slots)[i] = payload;
                *row = value_int(payload);
                break;
            case PHYS_F64:
                ((double *)slots)[i] = (double)(int32_t)payload / 8;
                *row = value_real((double)(int32_t)payload / 8);
                break;
            case PHYS_DEC16:
                ((int16_t *)slots)[i] = (int16_t)payload;
                *row = random_decimal((int16_t)payload, v->scale, v->flags & VECTOR_WHOLE_IS_INT);
                break;
            case PHYS_DEC32:
                ((int32_t *)slots)[i] = (int32_t)payload;
                *row = random_decimal((int32_t)payload, v->scale, v->flags & VECTOR_WHOLE_IS_INT);
                break;
            case PHYS_DEC64:
                payload >>= 1;
                payload %= INT64_C(1) << 50;
                ((int64_t *)slots)[i] = payload;
                *row = random_decimal(payload, v->scale, v->flags & VECTOR_WHOLE_IS_INT);
                break;
            case PHYS_DAY32: {
                char *text = arena_alloc(&r->arena, 16);

                ((int32_t *)slots)[i] = (int32_t)random_below(40000) - 1000;
                day_to_text(((int32_t *)slots)[i], text);
                *row = value_text(text, 10);
                break;
            }
            case PHYS_TEXT:
                ((struct value *)slots)[i] = *row = random_text(&r->arena, 500);
                break;
            case PHYS_BLOB:
                *row = random_text(&r->arena, 500);
                row->class_ = CLASS_BLOB;
                ((struct value *)slots)[i] = *row;
                break;
            default:
                *row = random_cell(&r->arena, 500);
                if (v->valid != NULL && !bits_get(valid, i))
                    *row = value_null();
                ((struct value *)slots)[i] = *row;
                bits_put(valid, i, row->class_ != CLASS_NULL);
                v->valid = valid;
                break;
            }
        }
    } else if (kind == PHYS_COUNT) {
        r->constant = random_cell(&r->arena, 100);
        vector_constant(v, &r->constant, count);
        for (uint32_t i = 0; i < count; i++)
            r->rows[i] = r->constant;
    } else if (kind == PHYS_COUNT + 3) {
        v->type = PHYS_I64;
        v->shape = VECTOR_SEQUENCE;
        v->values = NULL;
        v->base = (int64_t)random_below(1000);
        for (uint32_t i = 0; i < count; i++)
            r->rows[i] = value_int(v->base + i);
    } else {
        struct value *texts = arena_zalloc(&r->arena, VECTOR_CAP * sizeof *texts);
        uint32_t     *codes = arena_zalloc(&r->arena, VECTOR_CAP * sizeof *codes), done;
        bool          mine = kind == PHYS_COUNT + 1 || dictionary == NULL;

        v->type = PHYS_TEXT;
        v->shape = VECTOR_DICT;
        for (uint32_t i = 0; i < VECTOR_CAP; i++)
            texts[i] = random_text(&r->arena, 200);
        if (mine) {
            v->code_bytes = (uint8_t)(random_below(2) ? 2 : 4);
            for (uint32_t i = 0; i < count; i++) {
                uint32_t code = bits_get(valid, i) ? random_below(VECTOR_CAP) : 0;

                r->rows[i] = texts[code];
                codes[i] = code;
                if (v->code_bytes == 2)
                    ((uint16_t *)slots)[i] = (uint16_t)code;
            }
            v->codes = v->code_bytes == 2 ? (void *)slots : (void *)codes;
            v->values = texts;
            v->entry_count = VECTOR_CAP;
        } else {
            v->code_bytes = 4;
            dictionary_intern(dictionary, texts, v->valid, count, UINT32_MAX, codes, &done, NULL);
            memcpy(r->rows, texts, count * sizeof *texts);
            v->codes = codes;
            v->values = dictionary_entries(dictionary);
            v->entry_count = dictionary_count(dictionary);
            v->dictionary = dictionary;
        }
    }
    for (uint32_t i = 0; i < count; i++)
        if (v->valid != NULL && !bits_get(v->valid, i))
            r->rows[i] = value_null();
}

static inline void random_vector_free(struct random_vector *r)
{
    arena_free(&r->arena);
}

#endif
