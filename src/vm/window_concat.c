/* window_concat.c - group_concat and string_agg over frames.
 *
 * What rows append goes to one log, of which every result is a piece: rows that leave move its
 * begin.  How many bytes leave with a row follows SQLite to the letter, since it does not remember
 * the separators as such: it takes lengths, and starts again without a separator whenever the text
 * has become empty. */
#include "vm/window_internal.h"

#include <string.h>

struct concat_walk {
    struct window_walk    walk;
    struct window_result *result;
    struct error         *err;
    const struct value   *cells, *separators; /* separators NULL: "," */
    bool                  afresh;
    size_t                from, to; /* the present text: bytes of the log */
    bool                  any;      /* a value has come */
    bool                  empty;    /* the next value needs no separator */
    bool                  varied;   /* separators had different lengths: lengths holds them */
    int64_t               count;    /* values in the text */
    size_t                first_length;
    size_t      *lengths; /* [first_kept, first_kept + count - 1) of separators in the text */
    size_t       first_kept, lengths_bytes;
    struct arena scratch;
};

static void concat_begin(struct window_walk *walk)
{
    struct concat_walk *self = (struct concat_walk *)walk;

    self->from = self->to;
    self->any = self->varied = false;
    self->empty = true;
    self->count = 0;
    self->first_length = 0;
    self->first_kept = 0;
}

static enum status append(struct concat_walk *self, const struct value *text)
{
    struct window_result *result = self->result;
    struct memory        *memory = self->walk.window->memory;

    if (text->class_ == CLASS_NULL || text->bytes == 0)
        return STATUS_OK;
    if (self->to - self->from + text->bytes > VALUE_BYTES_MAX)
        return fail(self->err, STATUS_TOOBIG, "string or blob too big");
    if (self->to + text->bytes > result->text_bytes) {
        size_t bytes = (self->to + text->bytes) * 2 + 64;
        char  *grown = memory_realloc(memory, result->texts, result->text_bytes, bytes);

        if (grown == NULL)
            return fail_nomem(self->err);
        result->texts = grown;
        result->text_bytes = bytes;
    }
    if (!memory_copy(memory, result->texts + self->to, text->s, text->bytes))
        return memory_poll(memory, self->err);
    self->to += text->bytes;
    return STATUS_OK;
}

/* Notes the length of a separator behind `count` values. */
static enum status note_length(struct concat_walk *self, size_t length)
{
    size_t at = self->first_kept + (size_t)(self->count > 0 ? self->count - 1 : 0);
    size_t needed = (at + 1) * sizeof *self->lengths;

    if (!self->varied && length == self->first_length)
        return STATUS_OK;
    if (needed > self->lengths_bytes) {
        size_t *grown = memory_realloc(self->walk.window->memory, self->lengths,
                                       self->lengths_bytes, needed * 2);

        if (grown == NULL)
            return fail_nomem(self->err);
        self->lengths = grown;
        self->lengths_bytes = needed * 2;
    }
    for (size_t i = self->first_kept; !self->varied && i < at; i++)
        self->lengths[i] = self->first_length;
    self->lengths[at] = length;
    self->varied = true;
    return STATUS_OK;
}

static enum status concat_enter(struct window_walk *walk, uint32_t row)
{
    struct concat_walk *self = (struct concat_walk *)walk;
    struct value        text = self->cells[row];
    struct value separator = self->separators == NULL ? value_text(",", 1) : self->separators[row];

    if (text.class_ == CLASS_NULL)
        return STATUS_OK;
    arena_reset(&self->scratch);
    if (!value_to_text(&text, &self->scratch) || !value_to_text(&separator, &self->scratch))
        return fail_nomem(self->err);
    if (self->empty) {
        self->first_length = separator.class_ == CLASS_NULL ? 0 : separator.bytes;
    } else {
        TRY(append(self, &separator));
        TRY(note_length(self, separator.class_ == CLASS_NULL ? 0 : separator.bytes));
    }
    self->any = true;
    self->empty = false;
    self->count++;
    return append(self, &text);
}

static enum status concat_leave(struct window_walk *walk, uint32_t row)
{
    struct concat_walk *self = (struct concat_walk *)walk;
    struct value        text = self->cells[row];
    size_t              gone;

    if (text.class_ == CLASS_NULL)
        return STATUS_OK;
    arena_reset(&self->scratch);
    if (!value_to_text(&text, &self->scratch))
        return fail_nomem(self->err);
    gone = text.bytes;
    self->count--;
    if (!self->varied)
        gone += self->first_length;
    else if (self->count > 0)
        gone += self->lengths[self->first_kept++];
    self->from = gone >= self->to - self->from ? self->to : self->from + gone;
    if (self->from == self->to) {
        self->empty = true;
        self->varied = false;
        self->first_kept = 0;
    }
    return STATUS_OK;
}

/* The cell's text is set when the log is complete; till then i is its place there.  Values that are
 * empty together make SQLite show a text of one NUL where rows may leave. */
static enum status concat_result(struct window_walk *walk, uint32_t row)
{
    struct concat_walk       *self = (struct concat_walk *)walk;
    struct value             *out = &self->result->cells[row];
    static const struct value nul = {.s = "", .bytes = 1, .class_ = CLASS_TEXT};

    *out = value_null();
    if (!self->any || (self->from == self->to && self->count <= 0))
        return STATUS_OK;
    if (self->from == self->to && !self->afresh) {
        TRY(append(self, &nul)); /* of the result, not of the text, which goes on behind it */
        *out = value_text(NULL, 1);
        out->i = (int64_t)self->from;
        self->from = self->to;
        return STATUS_OK;
    }
    *out = value_text(NULL, self->to - self->from);
    out->i = (int64_t)self->from;
    return STATUS_OK;
}

static enum status walk_concat(struct concat_walk *walk, const struct window_call *call)
{
    struct window        *window = walk->walk.window;
    struct window_result *result = walk->result;
    enum status           status;

    arena_init(&walk->scratch, window->memory);
    status = window_walk(&walk->walk, call, walk->err);
    arena_free(&walk->scratch);
    memory_free(window->memory, walk->lengths, walk->lengths_bytes);
    for (uint32_t row = 0; status == STATUS_OK && row < window->count; row++) {
        if (result->cells[row].class_ == CLASS_TEXT)
            result->cells[row].s =
                result->texts == NULL ? "" : result->texts + (size_t)result->cells[row].i;
        status = window_work(window, 1);
    }
    return status;
}

enum status window_concat(struct window *window, const struct window_call *call,
                          struct window_result *result, struct error *err)
{
    struct value      *cells = NULL, *separators = NULL;
    struct concat_walk walk = {
        .walk = {concat_begin, concat_enter, concat_leave, concat_result, window, NULL},
        .result = result,
        .err = err,
        .afresh = window->desc->frames[call->frame].exclude != WINDOW_EXCLUDE_NOTHING};
    enum status status;

    TRY(window_result_alloc(window, result, RESULT_CELL, err));
    memset(result->cells, 0, result->bytes);
    TRY(window_condition(window, call->filter, &walk.walk.filter, err));
    status = window_cells(window, call->arguments[0], &cells, err);
    if (status == STATUS_OK && call->arguments[1] >= 0)
        status = window_cells(window, call->arguments[1], &separators, err);
    walk.cells = cells;
    walk.separators = separators;
    if (status == STATUS_OK)
        status = walk_concat(&walk, call);
    if (cells != NULL)
        window_cells_free(window, cells);
    if (separators != NULL)
        window_cells_free(window, separators);
    if (walk.walk.filter != NULL)
        window_bits_free(window, walk.walk.filter);
    return status;
}
