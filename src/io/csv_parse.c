/* csv_parse.c - a small machine over bytes, one field after the other. */
#include "io/csv_parse.h"

#include <assert.h>
#include <string.h>

void csv_fields_init(struct csv_fields *fields, struct memory *memory)
{
    *fields = (struct csv_fields){0};
    str_init(&fields->text, memory);
}

void csv_fields_free(struct csv_fields *fields)
{
    memory_free(fields->text.memory, fields->ends, fields->capacity * sizeof *fields->ends);
    memory_free(fields->text.memory, fields->flags, fields->capacity);
    str_free(&fields->text);
    csv_fields_init(fields, fields->text.memory);
}

void csv_fields_clear(struct csv_fields *fields)
{
    static const char front[CSV_FIELDS_FRONT];

    fields->count = 0;
    str_clear(&fields->text);
    str_append(&fields->text, front, sizeof front);
}

void csv_fields_truncate(struct csv_fields *fields, uint32_t count)
{
    assert(count <= fields->count);
    fields->count = count;
    if (!fields->text.failed)
        fields->text.bytes = CSV_FIELDS_FRONT + csv_fields_start(fields, count);
}

static bool fields_grow(struct csv_fields *fields)
{
    uint32_t       capacity = fields->capacity > 0 ? fields->capacity * 2 : 256;
    struct memory *memory = fields->text.memory;
    uint32_t      *ends = memory_alloc(memory, capacity * sizeof *ends);
    uint8_t       *flags = memory_alloc(memory, capacity);

    if (ends == NULL || flags == NULL) {
        memory_free(memory, ends, capacity * sizeof *ends);
        memory_free(memory, flags, capacity);
        return false;
    }
    if (fields->count > 0) {
        memcpy(ends, fields->ends, fields->count * sizeof *ends);
        memcpy(flags, fields->flags, fields->count);
    }
    memory_free(memory, fields->ends, fields->capacity * sizeof *ends);
    memory_free(memory, fields->flags, fields->capacity);
    fields->ends = ends;
    fields->flags = flags;
    fields->capacity = capacity;
    return true;
}

/* Ends the field whose text is now at the end of fields->text. */
static bool field_end(struct csv_fields *fields, uint8_t flags)
{
    if (fields->count == fields->capacity && !fields_grow(fields)) {
        fields->text.failed = true; /* sticky, like the text's */
        return false;
    }
    fields->ends[fields->count] = (uint32_t)(fields->text.bytes - CSV_FIELDS_FRONT);
    fields->flags[fields->count++] = flags;
    str_char(&fields->text, '\n');
    if (fields->text.bytes >= UINT32_MAX / 2) /* offsets are 32 bits wide */
        fields->text.failed = true;
    return !fields->text.failed;
}

bool csv_fields_pad(struct csv_fields *fields)
{
    return field_end(fields, CSV_FIELD_MISSING);
}

bool csv_fields_finish(struct csv_fields *fields)
{
    if (!str_reserve(&fields->text, CSV_FIELDS_BACK))
        return false;
    memset(fields->text.data + fields->text.bytes, 0, CSV_FIELDS_BACK);
    return true;
}

/* The reader's place in the window. */
struct parse {
    const struct csv_dialect *dialect;
    const char               *next, *end;
    bool                      at_end;
    uint32_t                  lines;
};

static bool is_break(char c)
{
    return c == '\n' || c == '\r';
}

static bool field_stops(const struct csv_dialect *dialect, char c)
{
    return c == dialect->delimiter || is_break(c) || (c == dialect->comment && c != '\0');
}

/* Behind the opening quote: appends the field's text up to the closing quote. */
static enum csv_outcome parse_quoted(struct parse *p, struct csv_fields *fields)
{
    char quote = p->dialect->quote, escape = p->dialect->escape;

    for (;;) {
        const char *from = p->next;

        while (p->next < p->end && *p->next != quote && *p->next != escape)
            p->lines += *p->next++ == '\n';
        str_append(&fields->text, from, (size_t)(p->next - from));
        if (p->next + 1 >= p->end && !p->at_end)
            return CSV_RECORD_PARTIAL;
        if (p->next >= p->end)
            return CSV_RECORD_UNTERMINATED;
        if (*p->next == escape && escape != '\0' && p->next + 1 < p->end &&
            (p->next[1] == quote || p->next[1] == escape)) {
            str_char(&fields->text, p->next[1]);
            p->next += 2;
        } else if (*p->next == quote) {
            p->next++;
            return CSV_RECORD;
        } else if (p->dialect->loose || escape == '\0') {
            str_char(&fields->text, *p->next++);
        } else {
            return CSV_RECORD_BAD_QUOTE; /* an escape before another byte */
        }
    }
}

/* A field that begins with a quote, up to the delimiter or line end behind it. */
static enum csv_outcome parse_quoted_field(struct parse *p, struct csv_fields *fields)
{
    const char      *quote;
    enum csv_outcome outcome;

    for (;;) {
        p->next++;
        outcome = parse_quoted(p, fields);
        if (outcome != CSV_RECORD)
            return outcome;
        quote = p->next;
        while (p->next < p->end && *p->next == ' ' && *p->next != p->dialect->delimiter)
            p->next++;
        if (p->next == p->end || field_stops(p->dialect, *p->next))
            return CSV_RECORD;
        if (!p->dialect->loose)
            return CSV_RECORD_BAD_QUOTE;
        /* loose: the quote was text; the field goes on to the next closing one */
        str_append(&fields->text, quote - 1, (size_t)(p->next - quote) + 1);
        p->next--;
    }
}

static enum csv_outcome parse_field(struct parse *p, struct csv_fields *fields, bool *quoted)
{
    const struct csv_dialect *dialect = p->dialect;
    const char               *from = p->next, *first = from;

    *quoted = false;
    if (dialect->quote != '\0') {
        while (first < p->end && *first == ' ' && dialect->delimiter != ' ')
            first++;
        if (first < p->end && *first == dialect->quote) {
            *quoted = true;
            p->next = first;
            return parse_quoted_field(p, fields);
        }
    }
    while (p->next < p->end && !field_stops(dialect, *p->next))
        p->next++;
    str_append(&fields->text, from, (size_t)(p->next - from));
    return CSV_RECORD;
}

/* To the end of the line. */
static void skip_line(struct parse *p)
{
    while (p->next < p->end && !is_break(*p->next))
        p->next++;
}

/* At a line end (or the end of the file): passes it.  False: it may go on behind the window. */
static bool pass_break(struct parse *p)
{
    if (p->next == p->end)
        return p->at_end;
    if (*p->next == '\r') {
        if (p->next + 1 == p->end && !p->at_end)
            return false;
        if (p->next + 1 < p->end && p->next[1] == '\n')
            p->next++;
    }
    p->next++;
    p->lines++;
    return true;
}

static enum csv_outcome parse_fields(struct parse *p, struct csv_fields *fields)
{
    for (;;) {
        bool             quoted;
        enum csv_outcome outcome = parse_field(p, fields, &quoted);

        if (outcome != CSV_RECORD)
            return outcome;
        if (p->next == p->end && !p->at_end)
            return CSV_RECORD_PARTIAL;
        if (!field_end(fields, quoted ? CSV_FIELD_QUOTED : 0))
            return CSV_RECORD_NOMEM;
        if (p->next == p->end || *p->next != p->dialect->delimiter)
            break;
        p->next++;
    }
    if (p->next < p->end && !is_break(*p->next))
        skip_line(p); /* a comment */
    return pass_break(p) ? CSV_RECORD : CSV_RECORD_PARTIAL;
}

enum csv_outcome csv_parse_record(const struct csv_dialect *dialect, const char *data, size_t bytes,
                                  bool at_end, struct csv_fields *fields, size_t *used,
                                  uint32_t *lines)
{
    struct parse     p = {.dialect = dialect, .next = data, .end = data + bytes, .at_end = at_end};
    uint32_t         count = fields->count;
    enum csv_outcome outcome;
    const char      *first = data; /* blanks may precede a comment */

    assert(bytes > 0);
    assert(fields->text.failed || fields->text.bytes >= CSV_FIELDS_FRONT); /* cleared before use */
    while (dialect->comment != '\0' && first + 1 < p.end && *first == ' ')
        first++;
    if (is_break(*data) || (*first == dialect->comment && *first != '\0')) {
        skip_line(&p);
        outcome = pass_break(&p) ? CSV_RECORD_EMPTY : CSV_RECORD_PARTIAL;
    } else {
        outcome = parse_fields(&p, fields);
    }
    if (outcome != CSV_RECORD)
        csv_fields_truncate(fields, count);
    if (outcome == CSV_RECORD_BAD_QUOTE || outcome == CSV_RECORD_UNTERMINATED) {
        p.next = data;
        p.lines = 0;
        skip_line(&p);
        if (!pass_break(&p))
            outcome = CSV_RECORD_PARTIAL;
    }
    if (fields->text.failed)
        outcome = CSV_RECORD_NOMEM;
    *used = (size_t)(p.next - data);
    *lines = p.lines;
    return outcome;
}
