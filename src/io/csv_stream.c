/* csv_stream.c - scanning or parsing, whichever the text at hand allows. */
#include "io/csv_stream.h"

#include "base/value.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
    BATCH_ROWS = 2048,
    BATCH_FIELDS = 1 << 17, /* wide tables get fewer rows: the index stays within 512 KiB */
    SLOW_RUN_MIN = 16,      /* rows parsed before the scanner is tried again; doubles */
    SLOW_TEXT_BYTES = 8 << 20
};

enum status csv_stream_open(struct csv_stream *stream, struct csv_input *input,
                            const struct csv_dialect *dialect, struct memory *memory,
                            struct error *err)
{
    uint32_t ends = BATCH_FIELDS + dialect->columns + 2 * CSV_SCAN_STEP;
    uint32_t row_ends = BATCH_ROWS + 2 * CSV_SCAN_STEP;

    *stream =
        (struct csv_stream){.input = *input, .dialect = *dialect, .memory = memory, .line = 1};
    input->block = NULL;
    csv_fields_init(&stream->fields, memory);
    stream->index_bytes = ((size_t)ends + row_ends) * sizeof(uint32_t);
    stream->scan.ends = memory_alloc(memory, stream->index_bytes);
    if (stream->scan.ends == NULL) {
        csv_stream_close(stream);
        return fail_nomem(err);
    }
    stream->scan.row_ends = stream->scan.ends + ends;
    stream->scan.end_limit = ends - CSV_SCAN_STEP;
    stream->scan.delimiter = dialect->delimiter;
    stream->scan.quote = dialect->quote;
    /* lone carriage returns, other escapes and comments are csv_parse's alone */
    stream->scannable = dialect->newline != CSV_NEWLINE_CR && dialect->comment == '\0' &&
                        dialect->delimiter != '\0' &&
                        (dialect->quote == '\0' || dialect->escape == dialect->quote);
    stream->slow_run = SLOW_RUN_MIN;
    return STATUS_OK;
}

void csv_stream_close(struct csv_stream *stream)
{
    csv_input_close(&stream->input);
    csv_fields_free(&stream->fields);
    memory_free(stream->memory, stream->scan.ends, stream->index_bytes);
    stream->scan.ends = NULL;
}

enum status csv_stream_advance(struct csv_stream *stream, struct error *err)
{
    size_t drop = stream->position;

    stream->position = 0;
    return csv_input_advance(&stream->input, drop, err);
}

/* --- regular text ----------------------------------------------------------------------------- */
/* Indexes up to rows rows from position on.  A last line without a line end gets one; but not, if
 * plain, where it would end an empty field: for sqlite3 there is none then. */
static enum status stream_scan(struct csv_stream *stream, uint32_t rows, bool plain,
                               struct error *err)
{
    struct csv_input *input = &stream->input;
    struct csv_scan  *scan = &stream->scan;

    csv_scan_reset(scan);
    scan->row_limit = rows;
    for (;;) {
        size_t bytes = input->bytes - stream->position;
        char  *data = input->data + stream->position;

        if (input->at_end && bytes > 0 && data[bytes - 1] != '\n' &&
            !(plain && data[bytes - 1] == scan->delimiter))
            data[bytes++] = '\n'; /* into the readable bytes behind the window */
        csv_scan_run(scan, data, (uint32_t)bytes);
        if (input->at_end || scan->irregular || scan->row_count >= scan->row_limit ||
            scan->end_count >= scan->end_limit)
            return STATUS_OK;
        TRY(csv_stream_advance(stream, err));
    }
}

/* Rows at the index's begin that have stride fields, the last one empty if it is one too many. */
static uint32_t rows_even(const struct csv_scan *scan, const char *data, uint32_t columns,
                          uint32_t stride, uint32_t limit)
{
    uint32_t rows = scan->row_count < limit ? scan->row_count : limit;

    for (uint32_t r = 0; r < rows; r++) {
        if (scan->row_ends[r] != (r + 1) * stride - 1)
            rows = r; /* and ends the loop */
    }
    for (uint32_t r = 0; stride > columns && r < rows; r++) {
        uint32_t last = (r + 1) * stride - 1, bytes = scan->ends[last] - scan->ends[last - 1] - 1;

        if (bytes > 1 || (bytes == 1 && data[scan->ends[last] - 1] != '\r'))
            return r;
    }
    return rows;
}

static uint64_t count_lines(const char *data, size_t bytes)
{
    uint64_t lines = 0;

    for (size_t i = 0; i < bytes; i++)
        lines += data[i] == '\n';
    return lines;
}

static enum status too_big(const struct csv_stream *stream, uint64_t line, struct error *err)
{
    return fail(err, STATUS_TOOBIG, "\"%s\", line %llu: a field is longer than %d bytes",
                stream->input.path, (unsigned long long)line, VALUE_BYTES_MAX);
}

enum status csv_stream_next_scanned(struct csv_stream *stream, uint32_t cap, bool plain,
                                    struct csv_batch *batch, struct error *err)
{
    struct csv_scan *scan = &stream->scan;
    uint32_t         columns = stream->dialect.columns, stride = columns, rows, used;
    char            *data;

    TRY(stream_scan(stream, cap, plain, err));
    data = stream->input.data + stream->position;
    if (!plain && scan->row_count > 0 && scan->row_ends[0] == columns)
        stride = columns + 1; /* a delimiter behind the last field, as in TPC-H's files */
    rows = rows_even(scan, data, columns, stride, cap);
    batch->rows = rows;
    if (rows == 0)
        return STATUS_OK;
    used = scan->ends[rows * stride - 1] + 1;
    if (plain && scan->not_ascii && memchr(data, '\0', used) != NULL) {
        batch->rows = 0;
        return STATUS_OK;
    }
    for (uint32_t f = 1; used > VALUE_BYTES_MAX && f < rows * stride; f++) {
        if (scan->ends[f] - scan->ends[f - 1] > VALUE_BYTES_MAX)
            return too_big(stream, stream->line, err);
    }
    if (scan->ends[0] > VALUE_BYTES_MAX)
        return too_big(stream, stream->line, err);
    *batch = (struct csv_batch){.base = data,
                                .ends = scan->ends,
                                .rows = rows,
                                .columns = columns,
                                .stride = stride,
                                .quote = scan->quoted ? scan->quote : '\0',
                                .doubled = scan->doubled,
                                .ascii = !scan->not_ascii};
    stream->line += scan->breaks ? count_lines(data, used) : rows;
    stream->position += used;
    if (stream->position > stream->input.bytes) /* the line end that was put there */
        stream->position = stream->input.bytes;
    return STATUS_OK;
}

/* --- any text --------------------------------------------------------------------------------- */
static enum status bad_line(struct csv_stream *stream, const char *text, size_t bytes,
                            uint32_t column, const char *reason, struct error *err)
{
    struct csv_bad_line line = {stream->line, column, reason, text, bytes};

    while (line.bytes > 0 && (text[line.bytes - 1] == '\n' || text[line.bytes - 1] == '\r'))
        line.bytes--;
    if (stream->reject == NULL)
        return fail(err, STATUS_ERROR, "\"%s\", line %llu: %s", stream->input.path,
                    (unsigned long long)line.line, reason);
    return stream->reject(stream->reject_data, &line, err);
}

/* Makes the record's count fields as many as there are columns.  False: it cannot be. */
static bool record_fit(struct csv_stream *stream, uint32_t count)
{
    struct csv_fields *fields = &stream->fields;
    uint32_t           columns = stream->dialect.columns;

    if (count == columns + 1 &&
        csv_fields_start(fields, fields->count - 1) == fields->ends[fields->count - 1])
        csv_fields_truncate(fields, fields->count - 1);
    else if (count > columns || (count < columns && !stream->dialect.padding))
        return false;
    for (; count < columns; count++) {
        if (!csv_fields_pad(fields)) {
            fields->text.failed = true;
            return true;
        }
    }
    return true;
}

/* The record of bytes at text was read with outcome: checks it.  *added: it is a row. */
static enum status record_check(struct csv_stream *stream, enum csv_outcome outcome,
                                const char *text, size_t bytes, uint32_t first_field, bool *added,
                                struct error *err)
{
    struct csv_fields *fields = &stream->fields;
    uint32_t           count = fields->count - first_field;
    char               reason[80];

    *added = false;
    switch (outcome) {
    case CSV_RECORD_EMPTY: /* an empty line is a row where rows have one field */
        if (stream->dialect.columns != 1 || (*text != '\n' && *text != '\r'))
            return STATUS_OK;
        *added = true;
        if (!csv_fields_pad(fields))
            return fail_nomem(err);
        fields->flags[first_field] = 0; /* not missing: empty */
        return STATUS_OK;
    case CSV_RECORD_UNTERMINATED:
        return bad_line(stream, text, bytes, 0, "a quoted field is not terminated", err);
    case CSV_RECORD_BAD_QUOTE:
        return bad_line(stream, text, bytes, 0,
                        "a quoted field ends before its delimiter, or a quote in it is not escaped",
                        err);
    case CSV_RECORD_NOMEM:
    case CSV_RECORD_PARTIAL:
        return fail_nomem(err);
    case CSV_RECORD:
        break;
    }
    for (uint32_t f = first_field; bytes > VALUE_BYTES_MAX && f < fields->count; f++) {
        if (fields->ends[f] - csv_fields_start(fields, f) > VALUE_BYTES_MAX)
            return too_big(stream, stream->line, err);
    }
    *added = record_fit(stream, count);
    if (fields->text.failed)
        return fail_nomem(err);
    if (*added)
        return STATUS_OK;
    csv_fields_truncate(fields, first_field);
    snprintf(reason, sizeof reason, "expected %u fields but found %u", stream->dialect.columns,
             count);
    return bad_line(stream, text, bytes,
                    (count < stream->dialect.columns ? count : stream->dialect.columns) + 1, reason,
                    err);
}

static enum status next_parsed(struct csv_stream *stream, uint32_t cap, struct csv_batch *batch,
                               struct error *err)
{
    struct csv_input  *input = &stream->input;
    struct csv_fields *fields = &stream->fields;
    uint32_t           rows = 0;

    csv_fields_clear(fields);
    while (rows < cap && fields->text.bytes < SLOW_TEXT_BYTES) {
        size_t           bytes = input->bytes - stream->position, used;
        const char      *text = input->data + stream->position;
        uint32_t         lines, first_field = fields->count;
        enum csv_outcome outcome = CSV_RECORD_PARTIAL;
        bool             added;

        if (bytes == 0 && input->at_end)
            break;
        if (bytes > 0)
            outcome = csv_parse_record(&stream->dialect, text, bytes, input->at_end, fields, &used,
                                       &lines);
        if (outcome == CSV_RECORD_PARTIAL) {
            TRY(csv_stream_advance(stream, err));
            continue;
        }
        TRY(record_check(stream, outcome, text, used, first_field, &added, err));
        rows += added;
        stream->position += used;
        stream->line += lines;
    }
    if (!csv_fields_finish(fields))
        return fail_nomem(err);
    *batch = (struct csv_batch){.base = fields->text.data + CSV_FIELDS_FRONT,
                                .ends = fields->ends,
                                .flags = fields->flags,
                                .rows = rows,
                                .columns = stream->dialect.columns,
                                .stride = stream->dialect.columns};
    return STATUS_OK;
}

/* --- the way in ------------------------------------------------------------------------------- */
/* Passes the lines before the table and, by csv_parse's rules, the header. */
static enum status stream_begin(struct csv_stream *stream, struct error *err)
{
    struct csv_input *input = &stream->input;
    uint32_t          skip = stream->dialect.skip;
    bool              header = stream->dialect.header;

    while (skip > 0 || header) {
        const char *text = input->data + stream->position, *at = text;
        const char *end = input->data + input->bytes;
        size_t      used;
        uint32_t    lines = 1;

        if (text == end && input->at_end)
            break;
        if (skip > 0) {
            while (at < end && *at != '\n' && *at != '\r')
                at++;
            if (at + 1 >= end && !input->at_end) {
                TRY(csv_stream_advance(stream, err));
                continue;
            }
            at += at + 1 < end && at[0] == '\r' && at[1] == '\n';
            at += at < end;
            used = (size_t)(at - text);
            skip--;
        } else {
            enum csv_outcome outcome = CSV_RECORD_PARTIAL;

            csv_fields_clear(&stream->fields);
            if (text < end)
                outcome = csv_parse_record(&stream->dialect, text, (size_t)(end - text),
                                           input->at_end, &stream->fields, &used, &lines);
            if (outcome == CSV_RECORD_NOMEM)
                return fail_nomem(err);
            if (outcome == CSV_RECORD_PARTIAL) {
                TRY(csv_stream_advance(stream, err));
                continue;
            }
            header = outcome == CSV_RECORD_EMPTY; /* comments and empty lines may come before */
        }
        stream->position += used;
        stream->line += lines;
    }
    stream->dialect.skip = 0;
    stream->dialect.header = false;
    return STATUS_OK;
}

enum status csv_stream_next(struct csv_stream *stream, uint32_t cap, struct csv_batch *batch,
                            struct error *err)
{
    uint32_t fit = BATCH_FIELDS / (stream->dialect.columns + 1);

    assert(cap >= 1 && cap <= BATCH_ROWS);
    if (cap > fit)
        cap = fit; /* > 0: columns are at most 2000 */
    if (stream->dialect.skip > 0 || stream->dialect.header)
        TRY(stream_begin(stream, err));
    batch->rows = 0;
    if (stream->scannable && stream->slow_rows == 0) {
        TRY(csv_stream_next_scanned(stream, cap, false, batch, err));
        if (batch->rows > 0) {
            if (batch->rows >= SLOW_RUN_MIN)
                stream->slow_run = SLOW_RUN_MIN;
        } else {
            stream->slow_rows = stream->slow_run;
            stream->slow_run = stream->slow_run < BATCH_ROWS ? stream->slow_run * 2 : BATCH_ROWS;
        }
    }
    if (batch->rows == 0) {
        if (stream->scannable && cap > stream->slow_rows)
            cap = stream->slow_rows;
        TRY(next_parsed(stream, cap, batch, err));
        stream->slow_rows -= batch->rows < stream->slow_rows ? batch->rows : stream->slow_rows;
    }
    stream->rows += batch->rows;
    return STATUS_OK;
}
