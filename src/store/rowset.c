/* rowset.c - rows in memory as typed column chunks.
 *
 * A column has one type at a time, that of its first rows; rows of another type convert the whole
 * column, once or twice in its life: to the wider decimal, to REAL, to TEXT, at last to ANY.
 * Validity words of a chunk come with its first NULL.  The first chunk grows from 64 rows, so that
 * a rowset of one row is small. */
#include "store/rowset.h"

#include <assert.h>

#include "store/day.h"
#include "store/dictionary.h"
#include "store/vector_internal.h"

/* Slots behind a chunk's last one that a reader of whole words of 64 rows may touch. */
enum { CHUNK_FIRST_ROWS = 64, CHUNK_PAD_ROWS = 64 };

enum column_kind {
    COLUMN_EMPTY, /* nothing but NULLs so far: no storage */
    COLUMN_FLAT,
    COLUMN_CODES /* uint32_t codes into entries */
};

struct column_form { /* how the rows of a column are stored */
    enum column_kind kind;
    uint8_t          type; /* enum phys; COLUMN_CODES: of the entries */
    uint8_t          scale;
    uint8_t          whole; /* VECTOR_WHOLE_IS_INT or 0 */
};

struct rowset_column {
    struct column_form       form;
    uint8_t                  flags;   /* VECTOR_PINNED and VECTOR_ASCII, while all rows had them */
    bool                     touched; /* flags say something */
    bool                     bounded; /* lo and hi hold for all rows */
    int64_t                  lo, hi;
    const struct dictionary *dictionary; /* of the codes, now or once; referenced when not NULL */
    const struct value      *entries;
    uint32_t                 entry_count;
    uint32_t                 chunk_count, chunk_capacity; /* of the arrays below */
    uint32_t                 last_rows;  /* room in the last chunk; earlier ones hold VECTOR_CAP */
    size_t                   kept_bytes; /* of kept: a small chunk for reuse after a clear */
    void                    *kept;       /* NULL: none */
    void                   **values;     /* [chunk_count] */
    uint64_t               **valid;      /* [chunk_count], NULL: no NULL in it */
};

struct rowset {
    struct memory        *memory;
    uint32_t              columns;
    uint64_t              rows;
    size_t                chunk_bytes;
    struct arena          heap; /* bytes of texts that were not pinned */
    struct rowset_column *column;
    struct vector_buffer *scratch; /* made on first need */
};

static const struct value null_cell = {.class_ = CLASS_NULL};

static uint32_t form_slot(const struct column_form *form)
{
    return form->kind == COLUMN_CODES ? sizeof(uint32_t) : phys_bytes[form->type];
}

static size_t chunk_size(const struct rowset_column *column, uint32_t rows)
{
    return (size_t)(rows + CHUNK_PAD_ROWS) * form_slot(&column->form);
}

/* --- life --------------------------------------------------------------------------------------
 */
struct rowset *rowset_new(struct memory *memory, uint32_t columns)
{
    struct rowset *rowset = memory_zalloc(memory, sizeof *rowset);

    if (rowset == NULL)
        return NULL;
    rowset->memory = memory;
    rowset->columns = columns;
    arena_init(&rowset->heap, memory);
    if (columns > 0) {
        rowset->column = memory_zalloc(memory, memory_product(columns, sizeof *rowset->column));
        if (rowset->column == NULL) {
            memory_free(memory, rowset, sizeof *rowset);
            return NULL;
        }
    }
    return rowset;
}

static uint32_t chunk_rows(const struct rowset_column *column, uint32_t chunk)
{
    return chunk + 1 == column->chunk_count ? column->last_rows : VECTOR_CAP;
}

static void chunk_drop(struct rowset *rowset, void *chunk, size_t bytes)
{
    rowset->chunk_bytes -= bytes;
    memory_free(rowset->memory, chunk, bytes);
}

/* The rows go; a column of one small chunk keeps it, so that a rowset filled with a few rows again
 * and again needs no memory. */
static void column_clear(struct rowset *rowset, struct rowset_column *column)
{
    struct rowset_column kept = {.kept_bytes = column->kept_bytes,
                                 .kept = column->kept,
                                 .values = column->values,
                                 .valid = column->valid,
                                 .chunk_capacity = column->chunk_capacity};

    for (uint32_t c = 0; c < column->chunk_count; c++) {
        size_t bytes = chunk_size(column, chunk_rows(column, c));

        if (column->valid[c] != NULL)
            chunk_drop(rowset, column->valid[c], VECTOR_CAP / 8);
        if (kept.kept == NULL && column->chunk_count == 1 &&
            column->last_rows == CHUNK_FIRST_ROWS) {
            kept.kept = column->values[c];
            kept.kept_bytes = bytes;
        } else {
            chunk_drop(rowset, column->values[c], bytes);
        }
    }
    if (column->dictionary != NULL)
        dictionary_unref((struct dictionary *)column->dictionary);
    *column = kept;
}

static void column_free(struct rowset *rowset, struct rowset_column *column)
{
    column_clear(rowset, column);
    if (column->kept != NULL)
        chunk_drop(rowset, column->kept, column->kept_bytes);
    memory_free(rowset->memory, column->values, column->chunk_capacity * sizeof *column->values);
    memory_free(rowset->memory, column->valid, column->chunk_capacity * sizeof *column->valid);
    *column = (struct rowset_column){0};
}

/* A column without chunks gives what it kept to next, which has nothing. */
static void column_move_room(struct rowset_column *column, struct rowset_column *next)
{
    assert(column->chunk_count == 0 && next->values == NULL);
    next->kept = column->kept;
    next->kept_bytes = column->kept_bytes;
    next->values = column->values;
    next->valid = column->valid;
    next->chunk_capacity = column->chunk_capacity;
    column->kept = NULL;
    column->values = NULL;
    column->valid = NULL;
    column->chunk_capacity = 0;
}

void rowset_clear(struct rowset *rowset)
{
    for (uint32_t c = 0; c < rowset->columns; c++)
        column_clear(rowset, &rowset->column[c]);
    arena_reset(&rowset->heap);
    rowset->rows = 0;
}

void rowset_free(struct rowset *rowset)
{
    struct memory *memory;

    if (rowset == NULL)
        return;
    memory = rowset->memory;
    for (uint32_t c = 0; c < rowset->columns; c++)
        column_free(rowset, &rowset->column[c]);
    arena_free(&rowset->heap);
    memory_free(memory, rowset->column, rowset->columns * sizeof *rowset->column);
    memory_free(memory, rowset->scratch, sizeof *rowset->scratch);
    memory_free(memory, rowset, sizeof *rowset);
}

uint64_t rowset_count(const struct rowset *rowset)
{
    return rowset->rows;
}

uint32_t rowset_columns(const struct rowset *rowset)
{
    return rowset->columns;
}

size_t rowset_bytes(const struct rowset *rowset)
{
    return rowset->chunk_bytes + arena_bytes(&rowset->heap);
}

/* --- room --------------------------------------------------------------------------------------
 */
static bool column_grow_arrays(struct rowset *rowset, struct rowset_column *column)
{
    uint32_t   capacity = column->chunk_capacity == 0 ? 1 : column->chunk_capacity * 2;
    void     **values = memory_alloc(rowset->memory, capacity * sizeof *values);
    uint64_t **valid = memory_alloc(rowset->memory, capacity * sizeof *valid);

    if (values == NULL || valid == NULL) {
        memory_free(rowset->memory, values, capacity * sizeof *values);
        memory_free(rowset->memory, valid, capacity * sizeof *valid);
        return false;
    }
    if (column->chunk_count > 0) {
        memcpy(values, column->values, column->chunk_count * sizeof *values);
        memcpy(valid, column->valid, column->chunk_count * sizeof *valid);
    }
    memory_free(rowset->memory, column->values, column->chunk_capacity * sizeof *values);
    memory_free(rowset->memory, column->valid, column->chunk_capacity * sizeof *valid);
    column->values = values;
    column->valid = valid;
    column->chunk_capacity = capacity;
    return true;
}

static bool column_add_chunk(struct rowset *rowset, struct rowset_column *column, uint32_t rows)
{
    size_t bytes = chunk_size(column, rows);
    void  *chunk;

    if (column->chunk_count == column->chunk_capacity && !column_grow_arrays(rowset, column))
        return false;
    if (column->kept != NULL && column->kept_bytes == bytes) {
        chunk = column->kept;
        column->kept = NULL;
        memset(chunk, 0, bytes);
    } else {
        chunk = memory_zalloc(rowset->memory, bytes);
        if (chunk == NULL)
            return false;
        rowset->chunk_bytes += bytes;
    }
    column->values[column->chunk_count] = chunk;
    column->valid[column->chunk_count] = NULL;
    column->chunk_count++;
    column->last_rows = rows;
    return true;
}

/* Room for rows [0, rows) in a column that has a form. */
static bool column_reserve(struct rowset *rowset, struct rowset_column *column, uint64_t rows)
{
    for (;;) {
        uint64_t room = column->chunk_count == 0
                            ? 0
                            : (uint64_t)(column->chunk_count - 1) * VECTOR_CAP + column->last_rows;
        uint32_t wanted = VECTOR_CAP, last = column->chunk_count - 1;
        void    *chunk;

        if (room >= rows)
            return true;
        if (column->chunk_count > 1 || (column->chunk_count == 1 && room == VECTOR_CAP)) {
            if (!column_add_chunk(rowset, column, VECTOR_CAP))
                return false;
            continue;
        }
        if (rows < VECTOR_CAP) {
            wanted = room == 0 ? CHUNK_FIRST_ROWS : (uint32_t)room * 4;
            while (wanted < rows)
                wanted *= 4;
            if (wanted > VECTOR_CAP)
                wanted = VECTOR_CAP;
        }
        if (column->chunk_count == 0) {
            if (!column_add_chunk(rowset, column, wanted))
                return false;
            continue;
        }
        chunk = memory_zalloc(rowset->memory, chunk_size(column, wanted));
        if (chunk == NULL)
            return false;
        memcpy(chunk, column->values[last], room * form_slot(&column->form));
        memory_free(rowset->memory, column->values[last], chunk_size(column, (uint32_t)room));
        rowset->chunk_bytes += chunk_size(column, wanted) - chunk_size(column, column->last_rows);
        column->values[last] = chunk;
        column->last_rows = wanted;
    }
}

static uint64_t *column_valid(struct rowset *rowset, struct rowset_column *column, uint32_t chunk)
{
    if (column->valid[chunk] == NULL) {
        column->valid[chunk] = memory_alloc(rowset->memory, VECTOR_CAP / 8);
        if (column->valid[chunk] != NULL) {
            memset(column->valid[chunk], 0xff, VECTOR_CAP / 8);
            rowset->chunk_bytes += VECTOR_CAP / 8;
        }
    }
    return column->valid[chunk];
}

/* --- conversion of a column to another form ----------------------------------------------------
 */
static bool form_equal(const struct column_form *a, const struct column_form *b)
{
    return a->kind == b->kind && a->type == b->type && a->scale == b->scale && a->whole == b->whole;
}

static bool form_is_decimal(const struct column_form *form)
{
    return form->kind == COLUMN_FLAT && form->type >= PHYS_DEC16 && form->type <= PHYS_DEC64;
}

static bool form_is_text(const struct column_form *form)
{
    return form->type == PHYS_TEXT || form->type == PHYS_DAY32;
}

/* The narrowest form that holds the rows of both. */
static struct column_form form_join(const struct column_form *a, const struct column_form *b,
                                    bool same_dictionary)
{
    struct column_form any = {.kind = COLUMN_FLAT, .type = PHYS_ANY};
    bool               a_decimal = form_is_decimal(a), b_decimal = form_is_decimal(b);

    if (a->kind == COLUMN_EMPTY)
        return *b;
    if (b->kind == COLUMN_EMPTY)
        return *a;
    if (a->kind == COLUMN_CODES && b->kind == COLUMN_CODES && same_dictionary)
        return *a;
    if (a->kind == COLUMN_FLAT && form_equal(a, b))
        return *a;
    if (a_decimal && b_decimal && a->scale == b->scale && a->whole == b->whole)
        return a->type > b->type ? *a : *b;
    if ((a_decimal || a->type == PHYS_F64) && (b_decimal || b->type == PHYS_F64) && !a->whole &&
        !b->whole)
        return (struct column_form){.kind = COLUMN_FLAT, .type = PHYS_F64};
    if (form_is_text(a) && form_is_text(b))
        return (struct column_form){.kind = COLUMN_FLAT, .type = PHYS_TEXT};
    if (a->type == PHYS_BLOB && b->type == PHYS_BLOB)
        return (struct column_form){.kind = COLUMN_FLAT, .type = PHYS_BLOB};
    return any;
}

static void column_vector(const struct rowset_column *column, uint32_t chunk, uint32_t from,
                          uint32_t count, uint64_t valid_space[VECTOR_WORDS], struct vector *out)
{
    const struct column_form *form = &column->form;

    *out = (struct vector){
        .type = form->type, .shape = VECTOR_FLAT, .scale = form->scale, .count = count};
    if (form->kind == COLUMN_EMPTY) {
        out->type = PHYS_ANY;
        out->shape = VECTOR_CONSTANT;
        out->values = &null_cell;
        return;
    }
    out->flags = form->whole;
    if (column->touched)
        out->flags |= column->flags;
    if (column->bounded) {
        out->flags |= VECTOR_BOUNDED;
        out->lo = column->lo;
        out->hi = column->hi;
    }
    if (form->kind == COLUMN_CODES) {
        out->shape = VECTOR_DICT;
        out->code_bytes = sizeof(uint32_t);
        out->codes = (const uint32_t *)column->values[chunk] + from;
        out->values = column->entries;
        out->entry_count = column->entry_count;
        out->dictionary = column->dictionary;
    } else {
        out->values = (const char *)column->values[chunk] + (size_t)from * form_slot(form);
    }
    if (column->valid[chunk] == NULL)
        return;
    if (from % 64 == 0) {
        out->valid = column->valid[chunk] + from / 64;
    } else {
        bits_copy(valid_space, column->valid[chunk], from, count);
        out->valid = valid_space;
    }
}

static struct vector_buffer *rowset_scratch(struct rowset *rowset)
{
    if (rowset->scratch == NULL)
        rowset->scratch = memory_alloc(rowset->memory, sizeof *rowset->scratch);
    return rowset->scratch;
}

/* source's rows as slots of form (which it can become), flat: in the scratch buffer or its own. */
static bool vector_to_form(struct rowset *rowset, const struct vector *source,
                           const struct column_form *form, const struct selection *sel,
                           struct vector *out)
{
    struct vector_buffer *buffer;
    uint32_t              n = source->count;

    if (form->kind == COLUMN_CODES && source->shape == VECTOR_DICT &&
        source->code_bytes == sizeof(uint32_t)) {
        *out = *source;
        return true;
    }
    if (form->kind == COLUMN_FLAT && source->shape == VECTOR_FLAT && source->type == form->type) {
        *out = *source;
        return true;
    }
    buffer = rowset_scratch(rowset);
    if (buffer == NULL)
        return false;
    if (form->kind == COLUMN_CODES) {
        uint32_t *codes = (uint32_t *)buffer->values;

        *out = *source;
        out->codes = codes;
        out->code_bytes = sizeof *codes;
        for (uint32_t i = 0; i < n; i++)
            codes[i] = source->code_bytes == 1 ? ((const uint8_t *)source->codes)[i]
                                               : ((const uint16_t *)source->codes)[i];
        return true;
    }
    if (form_is_decimal(form)) { /* a narrower decimal of the same scale */
        int64_t *wide = (int64_t *)buffer->values;
        int32_t *half = (int32_t *)buffer->values;

        *out = *source;
        out->type = form->type;
        out->values = buffer->values;
        for (uint32_t i = 0; i < n; i++) {
            int32_t payload = source->type == PHYS_DEC16 ? ((const int16_t *)source->values)[i]
                                                         : ((const int32_t *)source->values)[i];

            if (form->type == PHYS_DEC64)
                wide[i] = payload;
            else
                half[i] = payload;
        }
        return true;
    }
    return vector_decode(source, form->type, sel, buffer, &rowset->heap, out);
}

/* Makes column's stored rows those of form. */
static bool column_convert(struct rowset *rowset, struct rowset_column *column,
                           const struct column_form *form)
{
    struct rowset_column next = {.form = *form, .touched = column->touched, .flags = column->flags};
    uint64_t             valid_space[VECTOR_WORDS];

    if (form->type == PHYS_ANY)
        next.flags &= VECTOR_PINNED;
    if (column->form.type == PHYS_DAY32)
        next.flags = VECTOR_PINNED | VECTOR_ASCII; /* its text is made in the heap */
    if (column->form.kind == COLUMN_EMPTY) {
        column_move_room(column, &next);
        if (rowset->rows > 0 && !column_reserve(rowset, &next, rowset->rows)) {
            column_free(rowset, &next);
            return false;
        }
        for (uint32_t c = 0; c < next.chunk_count; c++) {
            uint64_t *valid = column_valid(rowset, &next, c);

            if (valid == NULL) {
                column_free(rowset, &next);
                return false;
            }
            memset(valid, 0, VECTOR_CAP / 8);
        }
        *column = next;
        return true;
    }
    for (uint64_t row = 0; row < rowset->rows; row += VECTOR_CAP) {
        uint32_t chunk = (uint32_t)(row / VECTOR_CAP);
        uint32_t count =
            rowset->rows - row < VECTOR_CAP ? (uint32_t)(rowset->rows - row) : VECTOR_CAP;
        struct vector view, flat;
        uint64_t     *valid;

        column_vector(column, chunk, 0, count, valid_space, &view);
        if (!vector_to_form(rowset, &view, form, NULL, &flat) ||
            !column_reserve(rowset, &next, row + count)) {
            column_free(rowset, &next);
            return false;
        }
        memcpy(next.values[chunk], flat.values, (size_t)count * form_slot(form));
        if (view.valid == NULL)
            continue;
        valid = column_valid(rowset, &next, chunk);
        if (valid == NULL) {
            column_free(rowset, &next);
            return false;
        }
        memcpy(valid, view.valid, bits_words(count) * sizeof *valid);
    }
    next.dictionary = column->dictionary; /* keeps the bytes that the cells point to */
    column->dictionary = NULL;
    column_free(rowset, column);
    *column = next;
    return true;
}

/* --- appending ---------------------------------------------------------------------------------
 */
static struct column_form vector_form(const struct vector *v)
{
    struct column_form form = {.kind = COLUMN_FLAT, .type = v->type};

    if (v->shape == VECTOR_CONSTANT) {
        static const enum phys types[CLASS_COUNT] = {PHYS_ANY, PHYS_I64, PHYS_F64, PHYS_TEXT,
                                                     PHYS_BLOB};

        form.type = (uint8_t)vector_canonical(v);
        if (v->type == PHYS_ANY) {
            const struct value *cell = v->values;

            form.type = (uint8_t)types[cell->class_];
            if (cell->class_ == CLASS_NULL)
                form.kind = COLUMN_EMPTY;
        }
    } else if (v->shape == VECTOR_DICT) {
        if (v->dictionary != NULL)
            form.kind = COLUMN_CODES;
    } else if (v->type <= PHYS_I64) {
        form.type = PHYS_I64;
    } else if (v->type >= PHYS_DEC16 && v->type <= PHYS_DEC64) {
        form.scale = v->scale;
        form.whole = v->flags & VECTOR_WHOLE_IS_INT;
    }
    return form;
}

/* Brings the column into a form that takes v's rows. */
static bool column_accept(struct rowset *rowset, struct rowset_column *column,
                          const struct vector *v)
{
    struct column_form form = vector_form(v), joined;
    bool               same = column->dictionary == v->dictionary;

    joined = form_join(&column->form, &form, same);
    if (!form_equal(&joined, &column->form) && !column_convert(rowset, column, &joined))
        return false;
    if (joined.kind == COLUMN_CODES && form.kind == COLUMN_CODES) {
        if (column->dictionary == NULL) {
            column->dictionary = v->dictionary;
            dictionary_ref((struct dictionary *)v->dictionary);
        }
        if (v->entry_count > column->entry_count) {
            column->entries = v->values;
            column->entry_count = v->entry_count;
        }
    }
    return true;
}

/* Flags and bounds of the column after rows of v (in its form) joined it. */
static void column_note(struct rowset_column *column, const struct vector *v, bool copied)
{
    uint8_t flags = v->flags & (VECTOR_PINNED | VECTOR_ASCII);
    bool    bounded = (v->flags & VECTOR_BOUNDED) != 0 && column->form.kind == COLUMN_FLAT &&
                   column->form.type <= PHYS_DAY32 && column->form.type != PHYS_F64;

    if (copied)
        flags |= VECTOR_PINNED; /* the bytes live as long as the rowset */
    if (v->type == PHYS_DAY32)
        flags = VECTOR_PINNED | VECTOR_ASCII;
    if (!column->touched) {
        column->touched = true;
        column->flags = flags;
        column->bounded = bounded;
        column->lo = v->lo;
        column->hi = v->hi;
        return;
    }
    column->flags &= flags;
    column->bounded = column->bounded && bounded;
    if (v->lo < column->lo)
        column->lo = v->lo;
    if (v->hi > column->hi)
        column->hi = v->hi;
}

/* Gives the texts among rows [from, from + count) of a chunk bytes of their own. */
static bool chunk_copy_text(struct rowset *rowset, struct value *cells, const uint64_t *valid,
                            uint32_t from, uint32_t count)
{
    for (uint32_t i = from; i < from + count; i++) {
        if (valid != NULL && !bits_get(valid, i))
            continue;
        if ((cells[i].class_ == CLASS_TEXT || cells[i].class_ == CLASS_BLOB) &&
            cells[i].bytes > 0) {
            cells[i].s = arena_copy_text(&rowset->heap, cells[i].s, cells[i].bytes);
            if (cells[i].s == NULL)
                return false;
        }
    }
    return true;
}

#define SCATTER(ctype)                                                                             \
    do {                                                                                           \
        const ctype *in = source;                                                                  \
        ctype       *out = target;                                                                 \
        for (uint32_t i = 0; i < count; i++)                                                       \
            out[i] = in[list[i]];                                                                  \
    } while (0)

static void copy_slots(uint32_t bytes, const void *restrict source, const uint16_t *restrict list,
                       uint32_t first, uint32_t count, void *restrict target)
{
    if (list == NULL) {
        memcpy(target, (const char *)source + (size_t)first * bytes, (size_t)count * bytes);
        return;
    }
    list += first;
    switch (bytes) {
    case 2:
        SCATTER(uint16_t);
        break;
    case 4:
        SCATTER(uint32_t);
        break;
    case 8:
        SCATTER(uint64_t);
        break;
    default:
        SCATTER(struct value);
        break;
    }
}

static bool set_valid(struct rowset *rowset, struct rowset_column *column, uint32_t chunk,
                      uint32_t at, uint32_t count, const uint64_t *source, const uint16_t *list,
                      uint32_t first)
{
    uint64_t *valid = column->valid[chunk];

    if (source == NULL) {
        for (uint32_t i = 0; valid != NULL && i < count; i++)
            bits_set(valid, at + i);
        return true;
    }
    valid = column_valid(rowset, column, chunk);
    if (valid == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++)
        bits_put(valid, at + i, bits_get(source, list != NULL ? list[first + i] : first + i));
    return true;
}

/* Rows first..first+count of list (or of the batch) to rows at.. of a chunk. */
static bool column_put(struct rowset *rowset, struct rowset_column *column, const struct vector *v,
                       const uint16_t *list, uint32_t first, uint32_t count, uint64_t row,
                       bool copy)
{
    uint32_t chunk = (uint32_t)(row / VECTOR_CAP), at = (uint32_t)(row % VECTOR_CAP);
    uint32_t bytes = form_slot(&column->form);
    char    *target = (char *)column->values[chunk] + (size_t)at * bytes;
    bool     codes = column->form.kind == COLUMN_CODES;

    copy_slots(bytes, codes ? v->codes : v->values, list, first, count, target);
    if (!set_valid(rowset, column, chunk, at, count, v->valid, list, first))
        return false;
    return !copy || codes || bytes != sizeof(struct value) ||
           chunk_copy_text(rowset, column->values[chunk], column->valid[chunk], at, count);
}

static bool column_append(struct rowset *rowset, struct rowset_column *column,
                          const struct vector *source, const struct selection *sel,
                          const uint16_t *list)
{
    struct vector v;
    uint32_t      count = sel->count, done = 0;
    uint64_t      base = rowset->rows;
    bool          copy;

    if (!column_accept(rowset, column, source))
        return false;
    if (column->form.kind == COLUMN_EMPTY)
        return true;
    if (!column_reserve(rowset, column, base + count))
        return false;
    if (source->shape == VECTOR_CONSTANT && vector_form(source).kind == COLUMN_EMPTY) {
        static const uint64_t none[VECTOR_WORDS];

        for (uint64_t row = base; row < base + count; row++) {
            uint32_t chunk = (uint32_t)(row / VECTOR_CAP), at = (uint32_t)(row % VECTOR_CAP);

            if (!set_valid(rowset, column, chunk, at, 1, none, NULL, 0))
                return false;
            if (column->form.type == PHYS_ANY && column->form.kind == COLUMN_FLAT)
                ((struct value *)column->values[chunk])[at] = value_null();
            else
                memset((char *)column->values[chunk] + (size_t)at * form_slot(&column->form), 0,
                       form_slot(&column->form));
        }
        return true;
    }
    if (!vector_to_form(rowset, source, &column->form, sel, &v))
        return false;
    copy = (source->flags & VECTOR_PINNED) == 0 && source->type != PHYS_DAY32;
    column_note(column, source, copy);
    while (done < count) {
        uint32_t room = VECTOR_CAP - (uint32_t)((base + done) % VECTOR_CAP);
        uint32_t step = count - done < room ? count - done : room;

        if (!column_put(rowset, column, &v, list, done, step, base + done, copy))
            return false;
        done += step;
    }
    return true;
}

static void list_active(const struct selection *sel, uint16_t *list)
{
    uint32_t n = 0;

    for (uint32_t w = 0; w < bits_words(sel->rows); w++)
        for (uint64_t rest = sel->bits[w]; rest != 0; rest &= rest - 1)
            list[n++] = (uint16_t)(w * 64 + (uint32_t)__builtin_ctzll(rest));
    assert(n == sel->count);
}

enum status rowset_append(struct rowset *rowset, const struct vector *const *columns,
                          const struct selection *sel, struct error *err)
{
    uint16_t        space[VECTOR_CAP];
    const uint16_t *list = NULL;

    if (sel->count == 0)
        return STATUS_OK;
    if (sel->count < sel->rows) {
        list = sel->list;
        if (!sel->listed) {
            list_active(sel, space);
            list = space;
        }
    }
    for (uint32_t c = 0; c < rowset->columns; c++)
        if (!column_append(rowset, &rowset->column[c], columns[c], sel, list))
            return fail_nomem(err);
    rowset->rows += sel->count;
    return STATUS_OK;
}

enum status rowset_append_row(struct rowset *rowset, const struct value *cells, struct error *err)
{
    struct selection one;

    selection_all(&one, 1);
    for (uint32_t c = 0; c < rowset->columns; c++) {
        struct value  cell = cells[c];
        struct vector v;

        vector_constant(&v, &cell, 1);
        if (cell.class_ != CLASS_NULL)
            v.shape = VECTOR_FLAT; /* one slot */
        if (!column_append(rowset, &rowset->column[c], &v, &one, NULL))
            return fail_nomem(err);
    }
    rowset->rows++;
    return STATUS_OK;
}

enum status rowset_keep(struct rowset **rowset, const uint32_t *positions, uint64_t count,
                        struct error *err)
{
    struct rowset *from = *rowset, *kept = rowset_new(from->memory, from->columns);
    struct value  *cells = memory_alloc(from->memory, memory_product(from->columns, sizeof *cells));
    char(*texts)[16] = memory_alloc(from->memory, memory_product(from->columns, sizeof *texts));
    enum status status = STATUS_OK;

    if (kept == NULL || cells == NULL || texts == NULL)
        status = fail_nomem(err);
    for (uint64_t i = 0; i < count && status == STATUS_OK; i++) {
        if (i % VECTOR_CAP == 0)
            status = memory_poll(from->memory, err);
        for (uint32_t c = 0; c < from->columns; c++)
            cells[c] = rowset_value(from, c, positions[i], texts[c]);
        if (status == STATUS_OK)
            status = rowset_append_row(kept, cells, err);
    }
    memory_free(from->memory, cells, memory_product(from->columns, sizeof *cells));
    memory_free(from->memory, texts, memory_product(from->columns, sizeof *texts));
    if (status == STATUS_OK)
        *rowset = kept;
    rowset_free(status == STATUS_OK ? from : kept);
    return status;
}

/* --- reading -----------------------------------------------------------------------------------
 */
void rowset_view(const struct rowset *rowset, uint32_t column, uint64_t start, uint32_t count,
                 uint64_t valid_space[VECTOR_WORDS], struct vector *out)
{
    assert(start + count <= rowset->rows);
    assert(count == 0 || start / VECTOR_CAP == (start + count - 1) / VECTOR_CAP);
    column_vector(&rowset->column[column], (uint32_t)(start / VECTOR_CAP),
                  (uint32_t)(start % VECTOR_CAP), count, valid_space, out);
}

#define GATHER_CHUNKS(ctype)                                                                       \
    do {                                                                                           \
        ctype *to = target;                                                                        \
        for (uint32_t i = 0; i < count; i++) {                                                     \
            uint32_t row = positions[i] == UINT32_MAX ? 0 : positions[i];                          \
            to[i] = ((const ctype *)column->values[row / VECTOR_CAP])[row % VECTOR_CAP];           \
        }                                                                                          \
    } while (0)

static void gather_chunks(const struct rowset_column *column, const uint32_t *positions,
                          uint32_t count, void *target)
{
    switch (form_slot(&column->form)) {
    case 2:
        GATHER_CHUNKS(uint16_t);
        break;
    case 4:
        GATHER_CHUNKS(uint32_t);
        break;
    case 8:
        GATHER_CHUNKS(uint64_t);
        break;
    default:
        GATHER_CHUNKS(struct value);
        break;
    }
}

/* Validity of the gathered rows; false: none of them is NULL. */
static bool gather_valid(const struct rowset_column *column, const uint32_t *positions,
                         uint32_t count, uint64_t *valid)
{
    uint32_t nulls = 0;

    for (uint32_t w = 0; w * 64 < count; w++) {
        uint32_t last = count - w * 64 < 64 ? count - w * 64 : 64;
        uint64_t word = 0;

        for (uint32_t i = 0; i < last; i++) {
            uint32_t        row = positions[w * 64 + i];
            const uint64_t *bits = row == UINT32_MAX ? NULL : column->valid[row / VECTOR_CAP];
            bool on = row != UINT32_MAX && (bits == NULL || bits_get(bits, row % VECTOR_CAP));

            word |= (uint64_t)on << i;
            nulls += !on;
        }
        valid[w] = word;
    }
    return nulls > 0;
}

bool rowset_gather(const struct rowset *rowset, uint32_t column, const uint32_t *positions,
                   uint32_t count, struct vector_buffer *buffer, struct arena *arena,
                   struct vector *out)
{
    const struct rowset_column *from = &rowset->column[column];

    (void)arena;
    if (from->form.kind == COLUMN_EMPTY || rowset->rows == 0) {
        *out = (struct vector){
            .type = PHYS_ANY, .shape = VECTOR_CONSTANT, .count = count, .values = &null_cell};
        return true;
    }
    column_vector(from, 0, 0, 0, NULL, out);
    out->count = count;
    out->valid = NULL;
    gather_chunks(from, positions, count, buffer->values);
    if (gather_valid(from, positions, count, buffer->valid))
        out->valid = buffer->valid;
    if (from->form.kind == COLUMN_CODES) {
        uint32_t *codes = (uint32_t *)buffer->values;

        out->codes = codes;
        for (uint32_t i = count; i % 64 != 0; i++)
            codes[i] = 0; /* codes that can be looked up */
        for (uint32_t i = 0; out->valid != NULL && i < count; i++)
            codes[i] = bits_get(out->valid, i) ? codes[i] : 0;
        return true;
    }
    out->values = buffer->values;
    if (out->type == PHYS_ANY && out->valid != NULL) {
        struct value *cells = (struct value *)buffer->values;

        for (uint32_t i = 0; i < count; i++)
            if (!bits_get(out->valid, i))
                cells[i] = value_null();
    }
    return true;
}

struct value rowset_value(const struct rowset *rowset, uint32_t column, uint64_t row,
                          char scratch[16])
{
    uint64_t      valid_space[VECTOR_WORDS];
    struct vector v;

    rowset_view(rowset, column, row, 1, valid_space, &v);
    return vector_value(&v, 0, scratch);
}
