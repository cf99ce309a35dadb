/* csv_import.c - sqlite3's CSV reader: what its shell does with each byte, over a window of them.
 */
#include "io/csv_import.h"

#include "io/csv_stream.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { END_OF_FILE = -1, SLOW_ROWS = 64, BATCH_ROWS = VECTOR_CAP, QUOTE = '"' };

struct import_column {
    struct csv_column     rule;
    uint64_t              batch;
    struct vector         vector;
    struct vector_buffer *buffer; /* owned */
};

struct csv_import {
    struct csv_import_options options;
    struct memory            *memory;
    struct csv_stream         stream;
    struct csv_batch          batch;
    struct csv_fields         last;     /* with mode_ascii: the last row */
    struct str                messages; /* of the record being read: NUL-terminated texts */
    bool                      ended;
    uint32_t                  slow_rows; /* left before the scanner is tried again */
    uint64_t                  batch_number, batch_line;
    uint64_t                  lines[BATCH_ROWS]; /* of the batch's rows, if they were not scanned */
    struct csv_scratch       *scratch;
    struct import_column     *columns;
    uint32_t                  column_count;
    struct arena              arena; /* of the batch */
};

/* --- one record ------------------------------------------------------------------------------- */
/* The place within a record; given up and begun again when the window ends in it. */
struct record {
    struct csv_import *import;
    const char        *next, *end;
    bool               at_end;
    bool               partial; /* the window ended */
    uint64_t           line;
    int                term; /* what ended the last field: a separator or END_OF_FILE */
};

static void record_say(struct record *r, uint64_t line, const char *text)
{
    struct csv_import *import = r->import;

    str_printf(&import->messages, "%s:%llu: %s", import->options.path, (unsigned long long)line,
               text);
    str_char(&import->messages, '\0');
}

/* The next byte, or END_OF_FILE (also, with partial set, where the window ends). */
static int record_byte(struct record *r)
{
    if (r->next < r->end)
        return (unsigned char)*r->next++;
    r->partial = !r->at_end;
    return END_OF_FILE;
}

/* Behind the opening quote.  The closing quote is the one before a separator (or \r and the row
 * separator); any other single quote is told and kept. */
static void field_quoted(struct record *r, struct str *text)
{
    int      column_separator = (unsigned char)r->import->options.column_separator;
    int      row_separator = (unsigned char)r->import->options.row_separator;
    int      before = 0, before_that = 0;
    uint64_t first_line = r->line;

    for (;;) {
        int c;

        if (before != QUOTE && before_that != QUOTE && r->next < r->end) { /* plain bytes at once */
            const char *from = r->next, *to = memchr(from, QUOTE, (size_t)(r->end - from));
            size_t      bytes = (size_t)((to != NULL ? to : r->end) - from);

            for (size_t i = 0; i < bytes; i++)
                r->line += (unsigned char)from[i] == row_separator;
            str_append(text, from, bytes);
            r->next += bytes;
            if (bytes > 0) {
                before_that = bytes > 1 ? (unsigned char)from[bytes - 2] : before;
                before = (unsigned char)from[bytes - 1];
            }
        }
        c = record_byte(r);
        if (r->partial)
            return;
        if (c == row_separator)
            r->line++;
        if (c == QUOTE && before == QUOTE) {
            before = 0; /* doubled: one of them is kept */
            continue;
        }
        if ((before == QUOTE &&
             (c == column_separator || c == row_separator || c == END_OF_FILE)) ||
            (c == row_separator && before == '\r' && before_that == QUOTE)) {
            text->bytes -= 1 + (before != QUOTE);
            r->term = c;
            return;
        }
        if (before == QUOTE && c != '\r')
            record_say(r, r->line, "unescaped \" character");
        if (c == END_OF_FILE) {
            record_say(r, first_line, "unterminated \"-quoted field");
            r->term = c;
            return;
        }
        str_char(text, (char)c);
        before_that = before;
        before = c;
    }
}

static void field_plain(struct record *r, struct str *text)
{
    const struct csv_import_options *o = &r->import->options;
    const char                      *from = r->next;

    while (r->next < r->end && *r->next != o->column_separator && *r->next != o->row_separator)
        r->next++;
    str_append(text, from, (size_t)(r->next - from));
    r->term = record_byte(r);
    if (r->term != (unsigned char)o->row_separator)
        return;
    r->line++;
    if (!o->ascii && r->next - 1 > from && r->next[-2] == '\r')
        text->bytes--;
}

/* Appends the next field to the stream's fields.  False: the file ends before it begins. */
static bool record_field(struct record *r)
{
    struct csv_fields *fields = &r->import->stream.fields;
    struct str        *text = &fields->text;
    size_t             from = text->bytes, bytes;
    uint32_t           count = fields->count;

    if (r->next == r->end) {
        r->partial = !r->at_end;
        r->term = END_OF_FILE;
        return false;
    }
    if (*r->next == QUOTE && !r->import->options.ascii) {
        r->next++;
        field_quoted(r, text);
    } else {
        field_plain(r, text);
    }
    if (r->partial || text->failed)
        return true;
    bytes = strnlen(text->data + from, text->bytes - from);
    text->bytes = from + bytes;
    csv_fields_pad(fields); /* ends the field */
    if (fields->count > count)
        fields->flags[count] = 0;
    return true;
}

static void columns_say(struct record *r, uint64_t line, uint32_t wanted, uint32_t found,
                        const char *what)
{
    char text[120];

    snprintf(text, sizeof text, "expected %u columns but found %u - %s", wanted, found, what);
    record_say(r, line, text);
}

/* Passes over the fields behind those of the table, of which found were read.  Returns how many
 * there are then. */
static uint32_t record_extras(struct record *r, uint64_t line, uint32_t columns, uint32_t found)
{
    struct csv_fields *fields = &r->import->stream.fields;
    uint32_t           count = fields->count;
    int                separator = (unsigned char)r->import->options.column_separator;

    if (r->term != separator)
        return found;
    for (; r->term == separator; found++) {
        record_field(r);
        if (r->partial)
            return 0;
        csv_fields_truncate(fields, count);
    }
    columns_say(r, line, columns, found, "extras ignored");
    return found;
}

/* The row inserted last once more (at first: a row of NULLs), as sqlite3 does with a record whose
 * first field is empty and which has enough fields behind it: its statement is still bound so. */
static void record_repeat(struct record *r, uint32_t columns)
{
    struct csv_fields       *fields = &r->import->stream.fields;
    const struct csv_fields *last = &r->import->last;

    for (uint32_t c = 0; c < columns; c++) {
        uint32_t start, count = fields->count;

        if (c < last->count) {
            start = csv_fields_start(last, c);
            str_append(&fields->text, csv_fields_base(last) + start, last->ends[c] - start);
        }
        if (csv_fields_pad(fields) && c < last->count)
            fields->flags[count] = last->flags[c];
    }
}

/* Remembers the row of columns fields that was read last. */
static bool import_remember(struct csv_import *import, uint32_t columns)
{
    const struct csv_fields *fields = &import->stream.fields;
    uint32_t                 first = fields->count - columns;

    csv_fields_clear(&import->last);
    for (uint32_t f = first; f < fields->count; f++) {
        uint32_t start = csv_fields_start(fields, f);

        str_append(&import->last.text, csv_fields_base(fields) + start, fields->ends[f] - start);
        if (csv_fields_pad(&import->last))
            import->last.flags[f - first] = fields->flags[f];
    }
    return !import->last.text.failed;
}

/* A row of columns fields.  *added: there is one. */
static void record_row(struct record *r, uint32_t columns, bool *added)
{
    struct csv_fields *fields = &r->import->stream.fields;
    int                separator = (unsigned char)r->import->options.column_separator;
    uint32_t           first = fields->count;
    uint64_t           line = r->line;

    *added = false;
    for (uint32_t i = 0; i < columns; i++) {
        bool there = record_field(r);

        if (r->partial || (!there && i == 0))
            return;
        if (i == 0 && r->import->options.mode_ascii &&
            csv_fields_start(fields, first) == fields->ends[first]) {
            csv_fields_truncate(fields, first);
            *added = record_extras(r, line, columns, 0) >= columns;
            if (*added)
                record_repeat(r, columns);
            return;
        }
        if (!there)
            csv_fields_pad(fields);
        if (i + 1 < columns && r->term != separator) {
            columns_say(r, line, columns, i + 1, "filling the rest with NULL");
            while (++i < columns)
                csv_fields_pad(fields);
        }
    }
    *added = true;
    record_extras(r, line, columns, columns);
}

/* Hands the record's messages on. */
static enum status messages_tell(struct csv_import *import, struct error *err)
{
    if (import->messages.failed)
        return fail_nomem(err);
    for (size_t at = 0; at < import->messages.bytes;) {
        const char *text = import->messages.data + at;

        if (import->options.message != NULL)
            import->options.message(import->options.message_data, text);
        at += strlen(text) + 1;
    }
    str_clear(&import->messages);
    return STATUS_OK;
}

/* Reads one record by read, again from its start when the window was too short. */
static enum status import_record(struct csv_import *import, uint32_t columns, bool *added,
                                 void (*read)(struct record *r, uint32_t columns, bool *added),
                                 struct error *err)
{
    struct csv_stream *stream = &import->stream;
    uint32_t           fields = stream->fields.count;

    for (;;) {
        struct record r = {.import = import,
                           .next = stream->input.data + stream->position,
                           .end = stream->input.data + stream->input.bytes,
                           .at_end = stream->input.at_end,
                           .line = stream->line};

        str_clear(&import->messages);
        read(&r, columns, added);
        if (stream->fields.text.failed)
            return fail_nomem(err);
        if (r.partial) {
            csv_fields_truncate(&stream->fields, fields);
            TRY(csv_stream_advance(stream, err));
            continue;
        }
        stream->position = (size_t)(r.next - stream->input.data);
        stream->line = r.line;
        import->ended = r.term == END_OF_FILE;
        return messages_tell(import, err);
    }
}

/* --- opening, names --------------------------------------------------------------------------- */
/* Passes a record of any length; for skip. */
static void record_pass(struct record *r, uint32_t columns, bool *added)
{
    (void)columns;
    *added = false;
    while (record_field(r) && !r->partial &&
           r->term == (unsigned char)r->import->options.column_separator)
        ;
}

static void record_names(struct record *r, uint32_t columns, bool *added)
{
    record_pass(r, columns, added);
    *added = true;
}

static enum status import_begin(struct csv_import *import, struct error *err)
{
    bool added;

    csv_fields_clear(&import->stream.fields);
    for (; import->options.skip > 0 && !import->ended; import->options.skip--) {
        TRY(import_record(import, 0, &added, record_pass, err));
        csv_fields_clear(&import->stream.fields);
    }
    import->options.skip = 0;
    return STATUS_OK;
}

enum status csv_import_open(const struct csv_import_options *options, struct memory *memory,
                            struct csv_import **out, struct error *err)
{
    struct csv_import *import = memory_zalloc(memory, sizeof *import);
    struct csv_dialect dialect = {
        .delimiter = options->column_separator, .quote = QUOTE, .escape = QUOTE, .columns = 1};
    struct csv_input input;
    enum status      status;

    if (import == NULL)
        return fail_nomem(err);
    import->options = *options;
    import->memory = memory;
    str_init(&import->messages, memory);
    csv_fields_init(&import->last, memory);
    arena_init(&import->arena, memory);
    status = csv_input_open(&input, memory, options->path, err);
    if (status == STATUS_OK)
        status = csv_stream_open(&import->stream, &input, &dialect, memory, err);
    if (status != STATUS_OK) {
        memory_free(memory, import, sizeof *import);
        return status;
    }
    import->scratch = memory_alloc(memory, sizeof *import->scratch);
    status = import->scratch == NULL ? fail_nomem(err) : import_begin(import, err);
    if (status != STATUS_OK) {
        csv_import_close(import);
        return status;
    }
    *out = import;
    return STATUS_OK;
}

void csv_import_close(struct csv_import *import)
{
    struct memory *memory = import->memory;

    csv_stream_close(&import->stream);
    str_free(&import->messages);
    csv_fields_free(&import->last);
    arena_free(&import->arena);
    for (uint32_t c = 0; c < import->column_count; c++)
        memory_free(memory, import->columns[c].buffer, sizeof *import->columns[c].buffer);
    memory_free(memory, import->columns, import->column_count * sizeof *import->columns);
    memory_free(memory, import->scratch, sizeof *import->scratch);
    memory_free(memory, import, sizeof *import);
}

static bool name_repeated(const char **names, uint32_t count, uint32_t c)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i != c && ascii_casecmp(names[i], names[c]) == 0)
            return true;
    }
    return false;
}

/* Names that others have too get _ and the column's number, with as few zeros before it as make all
 * names different. */
static enum status names_rename(struct csv_import *import, struct arena *arena, uint32_t count,
                                const char **names, struct error *err)
{
    const char **renamed = arena_alloc(arena, count * sizeof *renamed);
    bool         any = false, clash = true;

    if (renamed == NULL)
        return fail_nomem(err);
    for (int zeros = 0; clash; zeros++) {
        for (uint32_t c = 0; c < count; c++) {
            renamed[c] = names[c];
            if (name_repeated(names, count, c)) {
                any = true;
                renamed[c] = arena_printf(arena, "%s_%0*d%u", names[c], zeros, 0, c + 1);
                if (zeros == 0)
                    renamed[c] = arena_printf(arena, "%s_%u", names[c], c + 1);
            }
            if (renamed[c] == NULL)
                return fail_nomem(err);
        }
        clash = false;
        for (uint32_t c = 0; any && !clash && c < count; c++)
            clash = name_repeated(renamed, count, c);
    }
    if (any) {
        str_printf(&import->messages,
                   "Columns renamed during .import %s due to duplicates:", import->options.path);
        str_char(&import->messages, '\0');
    }
    for (uint32_t c = 0, last = UINT32_MAX; any && c <= count; c++) {
        if (c < count && renamed[c] == names[c])
            continue;
        if (last != UINT32_MAX) {
            str_printf(&import->messages, "\"%s\" to \"%s\"%s", names[last], renamed[last],
                       c < count ? "," : "");
            str_char(&import->messages, '\0');
        }
        last = c;
    }
    memcpy(names, renamed, count * sizeof *names);
    return messages_tell(import, err);
}

enum status csv_import_names(struct csv_import *import, struct arena *arena, uint32_t *count,
                             const char ***out, struct error *err)
{
    struct csv_fields *fields = &import->stream.fields;
    const char       **names;
    bool               added;

    csv_fields_clear(fields);
    TRY(import_record(import, 0, &added, record_names, err));
    *count = fields->count;
    if (*count > CSV_IMPORT_COLUMNS_MAX) /* beyond any table; bounds the search for duplicates */
        return fail(err, STATUS_TOOBIG, "too many columns in \"%s\"", import->options.path);
    names = arena_alloc(arena, *count * sizeof *names);
    if (names == NULL)
        return fail_nomem(err);
    for (uint32_t c = 0; c < *count; c++) {
        uint32_t start = csv_fields_start(fields, c), bytes = fields->ends[c] - start;

        names[c] =
            bytes == 0 ? "?" : arena_copy_text(arena, csv_fields_base(fields) + start, bytes);
        if (names[c] == NULL)
            return fail_nomem(err);
    }
    *out = names;
    return *count > 0 ? names_rename(import, arena, *count, names, err) : STATUS_OK;
}

/* --- rows ------------------------------------------------------------------------------------- */
static enum status columns_set(struct csv_import *import, uint32_t columns, struct error *err)
{
    if (import->column_count == columns)
        return STATUS_OK;
    assert(import->column_count == 0);
    import->columns = memory_zalloc(import->memory, columns * sizeof *import->columns);
    if (import->columns == NULL)
        return fail_nomem(err);
    import->column_count = columns;
    for (uint32_t c = 0; c < columns; c++)
        csv_column_init(&import->columns[c].rule, CSV_RULE_TEXT);
    import->stream.dialect.columns = columns;
    return STATUS_OK;
}

static enum status next_read(struct csv_import *import, uint32_t cap, struct error *err)
{
    struct csv_stream *stream = &import->stream;
    uint32_t           rows = 0;

    csv_fields_clear(&stream->fields);
    while (rows < cap && !import->ended) {
        uint64_t line = stream->line;
        bool     added;

        TRY(import_record(import, import->column_count, &added, record_row, err));
        if (added && import->options.mode_ascii && !import_remember(import, import->column_count))
            return fail_nomem(err);
        if (added)
            import->lines[rows++] = line;
    }
    if (!csv_fields_finish(&stream->fields))
        return fail_nomem(err);
    import->batch = (struct csv_batch){.base = stream->fields.text.data + CSV_FIELDS_FRONT,
                                       .ends = stream->fields.ends,
                                       .flags = stream->fields.flags,
                                       .rows = rows,
                                       .columns = import->column_count,
                                       .stride = import->column_count};
    return STATUS_OK;
}

enum status csv_import_next(struct csv_import *import, uint32_t columns, uint32_t cap,
                            uint32_t *rows, struct error *err)
{
    const struct csv_import_options *o = &import->options;
    uint32_t                         most = columns < 64 ? BATCH_ROWS : BATCH_ROWS * 64 / columns;
    bool scannable = !o->ascii && !o->mode_ascii && o->row_separator == '\n';

    assert(columns > 0 && cap > 0 && cap <= VECTOR_CAP);
    TRY(columns_set(import, columns, err));
    arena_reset(&import->arena);
    import->batch_number++;
    import->batch_line = import->stream.line;
    import->batch.rows = 0;
    cap = cap < most ? cap : most > 0 ? most : 1;
    if (scannable && import->slow_rows == 0 && !import->ended) {
        TRY(csv_stream_next_scanned(&import->stream, cap, true, &import->batch, err));
        if (import->batch.rows == 0)
            import->slow_rows = SLOW_ROWS;
    }
    if (import->batch.rows == 0) {
        cap = scannable && cap > SLOW_ROWS ? SLOW_ROWS : cap;
        TRY(next_read(import, cap, err));
        import->slow_rows -= import->batch.rows < import->slow_rows ? import->batch.rows
            : import->slow_rows;
    }
    *rows = import->batch.rows;
    return STATUS_OK;
}

bool csv_import_column(struct csv_import *import, uint32_t c, struct vector *out)
{
    struct import_column *column = &import->columns[c];

    assert(c < import->column_count);
    if (column->batch != import->batch_number) {
        if (column->buffer == NULL)
            column->buffer = memory_alloc(import->memory, sizeof *column->buffer);
        if (column->buffer == NULL ||
            !csv_convert(&column->rule, &import->batch, c, import->scratch, &import->arena,
                         column->buffer, &column->vector))
            return false;
        column->batch = import->batch_number;
    }
    *out = column->vector;
    return true;
}

uint64_t csv_import_line(struct csv_import *import, uint32_t row)
{
    const struct csv_batch *batch = &import->batch;
    uint64_t                line = import->batch_line;
    uint32_t                end;

    assert(row < batch->rows);
    if (batch->flags != NULL)
        return import->lines[row];
    end = row > 0 ? batch->ends[row * batch->stride - 1] + 1 : 0;
    for (uint32_t i = 0; i < end; i++)
        line += batch->base[i] == '\n';
    return line;
}

/* --- import_csv() ----------------------------------------------------------------------------- */
static _Thread_local void (*listener)(void *data, const char *text);
static _Thread_local void *listener_data;

void csv_import_listen(void (*message)(void *data, const char *text), void *data)
{
    listener = message;
    listener_data = data;
}

struct import_plan {
    struct csv_import_options options;
    uint32_t                  columns;
    bool                      header;
};

struct import_cursor {
    struct cursor             cursor; /* first */
    struct source_context     context;
    const struct import_plan *plan;
    struct csv_import        *import; /* NULL: not begun */
    uint64_t                  rows;   /* before the batch */
    uint32_t                  count;  /* of the batch */
};

static bool byte_of(const struct value *v, char *byte)
{
    if (v->class_ != CLASS_TEXT || v->bytes != 1)
        return false;
    *byte = v->s[0];
    return true;
}

static enum status import_argument(struct import_plan *plan, const char *name,
                                   const struct value *v, struct error *err)
{
    bool number = v->class_ == CLASS_INTEGER && v->i >= 0 && v->i < UINT32_MAX;

    if (ascii_casecmp(name, "column_separator") == 0 && byte_of(v, &plan->options.column_separator))
        return STATUS_OK;
    if (ascii_casecmp(name, "row_separator") == 0 && byte_of(v, &plan->options.row_separator))
        return STATUS_OK;
    if (ascii_casecmp(name, "ascii") == 0 && number)
        plan->options.ascii = v->i != 0;
    else if (ascii_casecmp(name, "skip") == 0 && number)
        plan->options.skip = (uint32_t)v->i;
    else if (ascii_casecmp(name, "header") == 0 && number)
        plan->header = v->i != 0;
    else
        return fail(err, STATUS_ERROR, "import_csv: bad argument %s", name);
    return STATUS_OK;
}

static enum status import_plan_make(const struct source_arguments *arguments, struct arena *arena,
                                    struct import_plan *plan, struct error *err)
{
    const struct value *values = arguments->values;

    plan->options.column_separator = ',';
    plan->options.row_separator = '\n';
    for (uint32_t i = 2; i < arguments->count; i++) {
        if (arguments->names == NULL || arguments->names[i] == NULL)
            return fail(err, STATUS_ERROR, "import_csv takes two arguments; name the others");
        TRY(import_argument(plan, arguments->names[i], &values[i], err));
    }
    if (arguments->count < 2 || values[0].class_ != CLASS_TEXT || values[0].bytes == 0 ||
        values[1].class_ != CLASS_INTEGER || values[1].i < 1 ||
        values[1].i > CSV_IMPORT_COLUMNS_MAX)
        return fail(err, STATUS_ERROR, "import_csv wants a path and a number of columns");
    plan->columns = (uint32_t)values[1].i;
    plan->options.path = arena_copy_text(arena, values[0].s, values[0].bytes);
    return plan->options.path != NULL ? STATUS_OK : fail_nomem(err);
}

static enum status import_bind(const struct source_context   *context,
                               const struct source_arguments *arguments, struct arena *arena,
                               uint32_t *column_count, const struct source_column **columns,
                               void **state, struct error *err)
{
    struct import_plan   *plan = arena_zalloc(arena, sizeof *plan);
    struct source_column *out;

    (void)context;
    if (plan == NULL)
        return fail_nomem(err);
    TRY(import_plan_make(arguments, arena, plan, err));
    out = arena_alloc(arena, plan->columns * sizeof *out);
    if (out == NULL)
        return fail_nomem(err);
    for (uint32_t c = 0; c < plan->columns; c++) {
        out[c].name = arena_printf(arena, "c%u", c + 1);
        out[c].type = "TEXT";
        if (out[c].name == NULL)
            return fail_nomem(err);
    }
    *column_count = plan->columns;
    *columns = out;
    *state = plan;
    return STATUS_OK;
}

static enum status import_rewind(struct cursor *cursor, struct error *err)
{
    struct import_cursor     *reader = (struct import_cursor *)cursor;
    struct csv_import_options options = reader->plan->options;
    bool                      added;

    if (reader->import != NULL)
        csv_import_close(reader->import);
    reader->import = NULL;
    reader->rows = reader->count = 0;
    TRY(csv_import_open(&options, reader->context.memory, &reader->import, err));
    if (reader->plan->header && !reader->import->ended) /* its messages were told before */
        TRY(import_record(reader->import, 0, &added, record_names, err));
    reader->import->options.message = listener;
    reader->import->options.message_data = listener_data;
    return STATUS_OK;
}

static enum status import_next(struct cursor *cursor, uint32_t cap, uint32_t *count,
                               const uint64_t **active, struct error *err)
{
    struct import_cursor *reader = (struct import_cursor *)cursor;
    struct load_progress *progress = reader->context.progress;

    if (reader->import == NULL)
        TRY(import_rewind(cursor, err));
    TRY(memory_poll(reader->context.memory, err));
    reader->rows += reader->count;
    TRY(csv_import_next(reader->import, reader->plan->columns, cap, &reader->count, err));
    *active = NULL;
    *count = reader->count;
    cursor->rows_read += *count;
    if (progress != NULL) {
        const struct csv_input *input = &reader->import->stream.input;

        atomic_store_explicit(&progress->rows, reader->rows + *count, memory_order_relaxed);
        atomic_store_explicit(&progress->bytes_done, input->packed_done, memory_order_relaxed);
        atomic_store_explicit(&progress->bytes_total, input->packed_total, memory_order_relaxed);
    }
    return STATUS_OK;
}

static enum status import_column_get(struct cursor *cursor, uint32_t column,
                                     const struct selection *sel, struct vector *out,
                                     struct error *err)
{
    (void)sel;
    return csv_import_column(((struct import_cursor *)cursor)->import, column, out)
               ? STATUS_OK
               : fail_nomem(err);
}

static void import_close(struct cursor *cursor)
{
    struct import_cursor *reader = (struct import_cursor *)cursor;

    if (reader->import != NULL)
        csv_import_close(reader->import);
    memory_free(reader->context.memory, reader, sizeof *reader);
}

static const struct cursor_ops import_ops = {.name = "csv import",
                                             .rewind = import_rewind,
                                             .next = import_next,
                                             .column = import_column_get,
                                             .close = import_close};

static enum status import_open(const struct source_context *context, void *state,
                               const struct source_arguments *arguments, struct cursor **cursor,
                               struct error *err)
{
    struct import_cursor *reader = memory_zalloc(context->memory, sizeof *reader);

    (void)arguments;
    if (reader == NULL)
        return fail_nomem(err);
    reader->cursor.ops = &import_ops;
    reader->context = *context;
    reader->plan = state;
    *cursor = &reader->cursor;
    return STATUS_OK;
}

const struct source_module csv_import_module = {.name = "import_csv",
                                                .bind = import_bind,
                                                .open = import_open,
                                                .needs_constants = true,
                                                .reads_files = true};
