/* vector_source.h - for tests of the machine: a table function that yields one batch of given
 * vectors, random vectors of every type and shape, and a host without a database. */
#ifndef STOA_TESTS_VECTOR_SOURCE_H
#define STOA_TESTS_VECTOR_SOURCE_H

#include "store/dictionary.h"
#include "vm/vm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCE_COLUMNS = 4 };

struct vector_source { /* state of source_desc */
    uint32_t      rows, columns;
    bool          some_inactive;
    uint64_t      active[VECTOR_WORDS];
    struct vector v[SOURCE_COLUMNS];
};
struct source_cursor {
    struct cursor         cursor;
    struct vector_source *source;
    bool                  done;
};

static enum status source_rewind(struct cursor *cursor, struct error *err)
{
    (void)err;
    ((struct source_cursor *)cursor)->done = false;
    return STATUS_OK;
}
static enum status source_next(struct cursor *cursor, uint32_t cap, uint32_t *count,
                               const uint64_t **active, struct error *err)
{
    struct source_cursor *self = (struct source_cursor *)cursor;

    (void)cap;
    (void)err;
    *count = self->done ? 0 : self->source->rows;
    *active = self->source->some_inactive ? self->source->active : NULL;
    self->done = true;
    return STATUS_OK;
}
static enum status source_column(struct cursor *cursor, uint32_t column,
                                 const struct selection *sel, struct vector *out, struct error *err)
{
    (void)sel;
    (void)err;
    *out = ((struct source_cursor *)cursor)->source->v[column];
    return STATUS_OK;
}
static void source_close(struct cursor *cursor)
{
    free(cursor);
}
static enum status source_open(const struct source_context *context, void *state,
                               const struct source_arguments *arguments, struct cursor **cursor,
                               struct error *err)
{
    static const struct cursor_ops ops = {.name = "vectors",
                                          .rewind = source_rewind,
                                          .next = source_next,
                                          .column = source_column,
                                          .close = source_close};
    struct source_cursor          *self = calloc(1, sizeof *self);

    (void)context;
    (void)arguments;
    (void)err;
    self->cursor.ops = &ops;
    self->source = state;
    *cursor = &self->cursor;
    return STATUS_OK;
}
static const struct source_module vectors_module = {.name = "vectors", .open = source_open};

/* --- random vectors ----------------------------------------------------------------------------
 */

static uint64_t        random_state = 88172645463325252u;
static inline uint64_t random_word(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}
static inline uint32_t random_below(uint32_t n)
{
    return (uint32_t)(random_word() >> 33) % n;
}

/* Storage of one random vector. */
struct vector_space {
    struct vector_buffer buffer;
    struct value         cell;
    struct dictionary   *dictionary;
    char                 texts[VECTOR_CAP][16];
};

static inline int64_t random_int(void)
{
    static const int64_t corners[] = {0,  1,         -1,        INT64_MAX, INT64_MIN,      2, 3, 10,
                                      -7, INT32_MAX, INT32_MIN, 1LL << 53, (1LL << 53) + 1};

    switch (random_below(3)) {
    case 0:
        return corners[random_below(countof(corners))];
    case 1:
        return (int64_t)random_below(200) - 100;
    default:
        return (int64_t)random_word() >> random_below(60);
    }
}
static inline double random_real(void)
{
    static const double corners[] = {0.0,    -0.0,   1.0,  -1.0, 0.5, 2.5,   1e308,
                                     -1e308, 1e-300, 0.07, 1e19, 3.0, 100.0, 9007199254740993.0};

    if (random_below(2) == 0)
        return corners[random_below(countof(corners))];
    return ((double)random_below(20001) - 10000) / 100.0;
}
static inline struct value random_text(char space[16])
{
    static const char *const corners[] = {"",           "a",  "A",   "abc",        "12",
                                          "12.5",       "-3", "1e2", "2020-02-29", "2020-02-30",
                                          "1999-12-31", "b ", "b"};
    const char              *text = corners[random_below(countof(corners))];

    if (random_below(3) == 0) {
        snprintf(space, 16, "t%u", random_below(30));
        text = space;
    }
    memmove(space, text, strlen(text) + 1);
    return value_text(space, strlen(space));
}
static inline struct value random_cell(char space[16])
{
    switch (random_below(5)) {
    case 0:
        return value_null();
    case 1:
        return value_int(random_int());
    case 2:
        return value_real(random_real());
    case 3:
        return random_text(space);
    default: {
        struct value text = random_text(space);

        return value_blob(text.s, text.bytes);
    }
    }
}

static inline void random_dict(struct vector_space *space, struct memory *memory, uint32_t rows,
                               struct vector *v)
{
    struct value entries[40];
    uint32_t     codes[40], done = 0, count = 1 + random_below(39);
    struct error err;

    space->dictionary = dictionary_new(memory);
    for (uint32_t i = 0; i < count; i++)
        entries[i] = random_text(space->texts[i]);
    dictionary_intern(space->dictionary, entries, NULL, count, UINT32_MAX, codes, &done, &err);
    v->shape = VECTOR_DICT;
    v->dictionary = space->dictionary;
    v->entry_count = dictionary_count(space->dictionary);
    v->values = dictionary_entries(space->dictionary);
    v->code_bytes = (uint8_t)(1u << random_below(3));
    v->codes = space->buffer.values;
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t code = random_below(v->entry_count);

        if (v->code_bytes == 1)
            ((uint8_t *)space->buffer.values)[i] = (uint8_t)code;
        else if (v->code_bytes == 2)
            ((uint16_t *)(void *)space->buffer.values)[i] = (uint16_t)code;
        else
            ((uint32_t *)(void *)space->buffer.values)[i] = code;
    }
}

/* values: small ones half of the time, so that comparisons and bounds meet. */
static inline void random_slots(struct vector_space *space, enum phys type, uint32_t rows,
                                bool small)
{
    char *values = space->buffer.values;

    for (uint32_t i = 0; i < VECTOR_CAP; i++) {
        int64_t word = small ? (int64_t)random_below(100) - 50 : random_int();

        switch (type) {
        case PHYS_F64:
            ((double *)(void *)values)[i] = random_real();
            break;
        case PHYS_DAY32:
            ((int32_t *)(void *)values)[i] = (int32_t)random_below(30000) - 1000;
            break;
        case PHYS_DEC64:
            ((int64_t *)(void *)values)[i] = word % (1LL << 52);
            break;
        case PHYS_TEXT:
        case PHYS_BLOB:
        case PHYS_ANY: {
            struct value *cell = (struct value *)(void *)values + i;

            *cell = i >= rows          ? value_null()
                    : type == PHYS_ANY ? random_cell(space->texts[i])
                                       : random_text(space->texts[i]);
            if (type == PHYS_BLOB)
                cell->class_ = CLASS_BLOB;
            break;
        }
        default:
            memcpy(values + i * phys_bytes[type], &word, phys_bytes[type]);
        }
    }
}

static inline void random_vector(struct vector_space *space, struct memory *memory, enum phys type,
                                 enum vector_shape shape, uint32_t rows, struct vector *v)
{
    bool small = random_below(2) == 0, nulls = random_below(2) == 0;

    *v = (struct vector){.type = (uint8_t)type, .count = rows};
    space->dictionary = NULL;
    if (shape == VECTOR_SEQUENCE) {
        v->type = PHYS_I64;
        v->shape = VECTOR_SEQUENCE;
        v->base = small ? 5 : 1LL << 40;
        return;
    }
    if (shape == VECTOR_CONSTANT) {
        space->cell = type == PHYS_F64    ? value_real(random_real())
                      : type == PHYS_TEXT ? random_text(space->texts[0])
                      : type == PHYS_I64
                          ? value_int(small ? (int64_t)random_below(9) - 4 : random_int())
                          : random_cell(space->texts[0]);
        vector_constant(v, &space->cell, rows);
        return;
    }
    if (shape == VECTOR_DICT) {
        random_dict(space, memory, rows, v);
    } else {
        random_slots(space, type, rows, small);
        v->values = space->buffer.values;
    }
    if (type == PHYS_I8 || type == PHYS_I16 || type == PHYS_I32) {
        v->base = small ? 0 : (int64_t)random_below(1000000);
        if (random_below(10) == 0)
            v->base = INT64_MAX - 40000000000;
    }
    if (phys_class[type] == CLASS_REAL && type != PHYS_F64) {
        v->scale = (uint8_t)random_below(5);
        v->flags = random_below(2) ? VECTOR_WHOLE_IS_INT : 0;
    }
    if (nulls || type == PHYS_ANY) {
        for (uint32_t w = 0; w < VECTOR_WORDS; w++)
            space->buffer.valid[w] = random_word() | random_word();
        for (uint32_t i = 0; type == PHYS_ANY && i < rows; i++) {
            struct value *cell = (struct value *)(void *)space->buffer.values + i;

            if (!bits_get(space->buffer.valid, i))
                *cell = value_null();
            bits_put(space->buffer.valid, i, cell->class_ != CLASS_NULL);
        }
        v->valid = space->buffer.valid;
    }
    if (shape == VECTOR_DICT && v->valid != NULL) /* NULL rows have code 0 */
        for (uint32_t i = 0; i < rows; i++)
            if (!bits_get(v->valid, i))
                memset(space->buffer.values + i * v->code_bytes, 0, v->code_bytes);
}

/* --- running
 * --------------------------------------------------------------------------------------- */

static inline void host_init(struct vm_host *host, struct memory *memory,
                             struct connection_state *state)
{
    memory_init(memory, 0);
    *host = (struct vm_host){
        .memory = memory, .state = state, .batch_rows = VECTOR_CAP, .autocommit = true};
}

/* r[1..columns] = the source's columns; the caller emits the body, then loop_end. */
static inline int32_t loop_start(struct program *p, struct vector_source *source, int32_t *label)
{
    struct source_desc *desc = arena_zalloc(&p->arena, sizeof *desc);
    int32_t             slot = program_slot(p), at;

    desc->module = &vectors_module;
    desc->state = source;
    program_registers(p, source->columns);
    program_emit(p, OP_Init, 0, 1, 0);
    at = program_emit(p, OP_OpenSource, slot, 0, 0);
    program_op(p, at)->p4.desc = desc;
    *label = program_label(p);
    program_emit(p, OP_Rewind, slot, *label, 0);
    at = program_address(p);
    for (uint32_t c = 0; c < source->columns; c++)
        program_emit(p, OP_Column, slot, (int32_t)c, (int32_t)c + 1);
    return at;
}
static inline void loop_end(struct program *p, int32_t start, int32_t label)
{
    program_emit(p, OP_Next, 0, start, 0);
    program_label_here(p, label);
    program_emit(p, OP_Halt, 0, 0, 0);
}

#endif
