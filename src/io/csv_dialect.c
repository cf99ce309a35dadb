/* csv_dialect.c - trying dialects on a sample and choosing one; column kinds and the header. */
#include "io/csv_dialect.h"

#include "base/number.h"
#include <stdio.h>
#include <string.h>

enum {
    SAMPLE_ROWS = 20480,           /* as many as DuckDB looks at */
    SAMPLE_BYTES = 256 * 1024,     /* of a big file: 5,000 rows of 50 bytes in 10 ms */
    CANDIDATE_COLUMNS_MAX = 100000 /* a line of delimiters only; more is not a table */
};

/* --- kinds ------------------------------------------------------------------------------------ */
static void trim(const char **text, size_t *bytes)
{
    while (*bytes > 0 && ascii_space((*text)[0])) {
        (*text)++;
        (*bytes)--;
    }
    while (*bytes > 0 && ascii_space((*text)[*bytes - 1]))
        (*bytes)--;
}

/* Reads 1..most digits; 0 when there is none. */
static uint32_t digits(const char **p, const char *end, uint32_t most, uint32_t *value)
{
    uint32_t n = 0;

    *value = 0;
    while (*p < end && n < most && ascii_digit(**p)) {
        *value = *value * 10 + (uint32_t)(*(*p)++ - '0');
        n++;
    }
    return n;
}

static bool pass(const char **p, const char *end, char c)
{
    if (*p == end || **p != c)
        return false;
    (*p)++;
    return true;
}

/* y-m-d, d-m-y or m-d-y with one of - / . or a blank between. */
static bool pass_date(const char **p, const char *end)
{
    uint32_t a, b, c, a_digits, c_digits;
    char     mark;

    a_digits = digits(p, end, 4, &a);
    if (a_digits == 0 || *p == end || strchr("-/.", **p) == NULL)
        return false;
    mark = *(*p)++;
    if (digits(p, end, 2, &b) == 0 || !pass(p, end, mark))
        return false;
    c_digits = digits(p, end, a_digits > 2 ? 2 : 4, &c);
    if (c_digits == 0 || c_digits == 3 || a_digits == 3)
        return false;
    if (a_digits == 4)
        return b >= 1 && b <= 12 && c >= 1 && c <= 31;
    return a >= 1 && b >= 1 && a <= 31 && b <= 31 && (a <= 12 || b <= 12) &&
           (mark != '.' || c_digits == 4);
}

static bool pass_time(const char **p, const char *end)
{
    uint32_t hour, minute, second, fraction;

    if (digits(p, end, 2, &hour) == 0 || !pass(p, end, ':') || digits(p, end, 2, &minute) != 2)
        return false;
    if (hour > 24 || minute > 59)
        return false;
    if (!pass(p, end, ':')) /* seconds may be missing */
        return true;
    if (digits(p, end, 2, &second) != 2 || second > 60)
        return false;
    return !pass(p, end, '.') || digits(p, end, 9, &fraction) > 0;
}

static uint32_t kind_of_moment(const char *text, size_t bytes)
{
    const char *p = text, *end = text + bytes;
    uint32_t    n;

    if (pass_time(&p, end))
        return p == end ? CSV_KIND_TIME : 0;
    p = text;
    if (!pass_date(&p, end))
        return 0;
    if (p == end)
        return CSV_KIND_DATE | CSV_KIND_TIMESTAMP;
    if (*p != ' ' && *p != 'T')
        return 0;
    p++;
    if (!pass_time(&p, end))
        return 0;
    while (p < end && *p == ' ')
        p++;
    if (p < end && (*p == '+' || *p == '-')) { /* an offset: +02, +02:00 */
        p++;
        if (digits(&p, end, 2, &n) != 2)
            return 0;
        pass(&p, end, ':');
        digits(&p, end, 2, &n);
    } else if (p < end && (*p == 'Z' || *p == 'z')) {
        p++;
    }
    return p == end ? CSV_KIND_TIMESTAMP : 0;
}

static bool is_word(const char *text, size_t bytes, const char *word)
{
    return ascii_equal(text, bytes, word, strlen(word));
}

static uint32_t kind_of_number(const char *text, size_t bytes)
{
    struct number number = number_parse(text, bytes);
    const char   *first = text + (text[0] == '-' || text[0] == '+');
    uint32_t      kinds = 0;

    if (number.kind == NUMBER_NONE || !number.whole)
        return 0;
    kinds = CSV_KIND_REAL;
    if (number.kind == NUMBER_INTEGER)
        kinds |= CSV_KIND_INTEGER;
    if (text[0] == '+' || (first + 1 < text + bytes && first[0] == '0' && ascii_digit(first[1])))
        kinds |= CSV_KIND_CODE;
    if (number.kind == NUMBER_REAL) { /* an integer too long for int64 would lose digits */
        size_t i = 0;

        while (i < bytes && (ascii_digit(text[i]) || i == 0))
            i++;
        if (i == bytes)
            kinds |= CSV_KIND_CODE;
    }
    return kinds;
}

uint32_t csv_kind_of(const char *text, size_t bytes)
{
    trim(&text, &bytes);
    if (bytes == 0 || bytes > 400)
        return 0;
    if (is_word(text, bytes, "true") || is_word(text, bytes, "false"))
        return CSV_KIND_BOOLEAN;
    if (ascii_digit(text[0]) || text[0] == '-' || text[0] == '+' || text[0] == '.')
        return kind_of_number(text, bytes) | kind_of_moment(text, bytes);
    if (is_word(text, bytes, "inf") || is_word(text, bytes, "nan") ||
        is_word(text, bytes, "infinity"))
        return CSV_KIND_REAL | CSV_KIND_CODE;
    return 0;
}

/* --- candidates ------------------------------------------------------------------------------- */
/* How a candidate read the sample. */
struct reading {
    struct csv_dialect dialect;
    bool               quoted;    /* a field was quoted */
    bool               escaped;   /* the escape was used */
    bool               good;      /* every row from first_row on has dialect.columns fields */
    bool               comments;  /* a comment line was passed */
    uint32_t           rows;      /* read, without comments and empty lines */
    uint32_t           first_row; /* of the table */
    uint32_t           first_line;
    uint32_t           consistent; /* rows from first_row on */
};

/* One reading of the sample, record by record; counts of fields only. */
struct sampler {
    const struct csv_options *options;
    const char               *sample;
    size_t                    bytes;
    bool                      at_end;
    struct csv_fields         fields;
    /* No reading is consistent, or bad lines may be rejected: the number of fields that most rows
     * have is taken for that of the columns. */
    bool     relaxed;
    uint32_t tally[CSV_COLUMNS_MAX + 1];      /* rows of each number of fields */
    uint32_t first_line[CSV_COLUMNS_MAX + 1]; /* of them */
};

/* The bytes of skip lines. */
static size_t lines_bytes(const struct sampler *s, uint32_t skip)
{
    size_t at = 0;

    for (; skip > 0 && at < s->bytes; skip--) {
        while (at < s->bytes && s->sample[at] != '\n' && s->sample[at] != '\r')
            at++;
        if (at + 1 < s->bytes && s->sample[at] == '\r' && s->sample[at + 1] == '\n')
            at++;
        at += at < s->bytes;
    }
    return at;
}

static bool last_is_empty(const struct csv_fields *fields)
{
    uint32_t last = fields->count - 1;

    return fields->ends[last] == csv_fields_start(fields, last);
}

/* The row's effect on the reading: the first row with the most fields begins the table. */
static void reading_add(struct reading *r, const struct csv_fields *fields, uint32_t line,
                        bool padding)
{
    uint32_t count = fields->count, columns = r->dialect.columns;

    if (r->rows > 0 && count == columns + 1 && last_is_empty(fields) && r->good) {
        r->consistent++; /* a delimiter behind the last field */
    } else if (r->rows == 0 || count > columns) {
        r->dialect.columns = count;
        r->good = true;
        if (r->rows == 0 || !padding) {
            r->first_row = r->rows;
            r->first_line = line;
            r->consistent = 1;
        }
    } else if (count == columns || padding) {
        r->consistent++;
    } else {
        r->good = false; /* unless the table begins later */
    }
    r->rows++;
}

/* The same for a relaxed reading. */
static void tally_add(struct sampler *s, struct reading *r, uint32_t line)
{
    uint32_t count = s->fields.count;

    r->rows++;
    if (count > CSV_COLUMNS_MAX)
        return;
    if (s->tally[count]++ == 0)
        s->first_line[count] = line;
}

static void tally_judge(const struct sampler *s, struct reading *r)
{
    uint32_t columns = csv_options_columns(s->options);

    for (uint32_t i = 1; columns == 0 && i <= CSV_COLUMNS_MAX; i++) {
        if (r->dialect.columns == 0 || s->tally[i] >= s->tally[r->dialect.columns])
            r->dialect.columns = i;
    }
    if (columns > 0)
        r->dialect.columns = columns;
    r->consistent = s->tally[r->dialect.columns];
    r->first_line = s->options->skip >= 0 ? 0 : s->first_line[r->dialect.columns];
    r->good = r->consistent > 0 || (csv_options_columns(s->options) > 0 && r->rows > 0);
}

static void strict_judge(const struct sampler *s, struct reading *r)
{
    uint32_t wanted = csv_options_columns(s->options);
    bool     padding = r->dialect.padding;

    if (wanted > 0 && r->rows > 0 && !padding && r->dialect.columns != wanted &&
        r->dialect.columns != wanted + 1)
        r->good = false;
    if (s->options->skip >= 0 && r->first_row > 0 && !padding)
        r->good = false; /* the user said where the table begins */
}

/* The record at byte at of the sample; the first one may be longer than the sample. */
static enum csv_outcome sample_record(struct sampler *s, const struct csv_dialect *d, size_t at,
                                      struct csv_fields *fields, size_t *used, uint32_t *lines)
{
    const char      *text = s->sample + at;
    size_t           bytes = s->bytes - at;
    enum csv_outcome outcome;

    csv_fields_clear(fields);
    outcome = csv_parse_record(d, text, bytes, s->at_end, fields, used, lines);
    if (outcome == CSV_RECORD_PARTIAL && at == 0)
        outcome = csv_parse_record(d, text, bytes, true, fields, used, lines);
    return outcome;
}

/* Reads the sample in dialect d.  False: memory. */
static bool reading_make(struct sampler *s, const struct csv_dialect *d, struct reading *r)
{
    size_t   at = lines_bytes(s, d->skip);
    uint32_t line = 0;

    *r = (struct reading){.dialect = *d};
    if (s->relaxed)
        memset(s->tally, 0, sizeof s->tally);
    while (at < s->bytes && r->rows < SAMPLE_ROWS) {
        size_t           used;
        uint32_t         lines;
        enum csv_outcome outcome = sample_record(s, d, at, &s->fields, &used, &lines);

        if (outcome == CSV_RECORD_NOMEM)
            return false;
        if (outcome == CSV_RECORD_PARTIAL)
            break;
        if (outcome == CSV_RECORD) {
            for (uint32_t f = 0; f < s->fields.count; f++)
                r->quoted |= (s->fields.flags[f] & CSV_FIELD_QUOTED) != 0;
            if (s->relaxed)
                tally_add(s, r, line);
            else
                reading_add(r, &s->fields, line, d->padding);
        } else if (outcome != CSV_RECORD_EMPTY && s->relaxed) {
            r->rows++;
        } else if (outcome != CSV_RECORD_EMPTY) {
            r->good = false;
            return true;
        }
        at += used;
        line += lines;
    }
    if (s->relaxed)
        tally_judge(s, r);
    else
        strict_judge(s, r);
    return true;
}

/* Of relaxed readings, that with the most rows that fit; one column only if little else does. */
static bool relaxed_beats(const struct reading *a, const struct reading *b)
{
    bool a_wide = a->dialect.columns > 1, b_wide = b->dialect.columns > 1;

    if (!b->good || !a->good)
        return a->good;
    if (a_wide != b_wide)
        return a_wide ? a->consistent >= a->rows / 2 : b->consistent < b->rows / 2;
    if (a->consistent != b->consistent)
        return a->consistent > b->consistent;
    return a->quoted != b->quoted ? a->quoted : a->dialect.columns > b->dialect.columns;
}

/* Whether reading a is to be preferred to b, which was tried earlier. */
static bool reading_beats(const struct reading *a, const struct reading *b)
{
    if (!b->good)
        return a->good;
    if (!a->good)
        return false;
    if (a->quoted != b->quoted)
        return a->quoted;
    if (a->dialect.columns > 1 && b->dialect.columns == 1)
        return true;
    if (a->dialect.columns < b->dialect.columns)
        return false;
    if (a->dialect.columns == b->dialect.columns)
        return a->consistent > b->consistent;
    return a->consistent >= b->consistent;
}

/* The bytes to try for one role: the user's choice, or those of list that occur in the sample. */
static uint32_t choices(int16_t given, const char *list, const bool seen[256], char out[16])
{
    uint32_t count = 0;

    if (given != CSV_AUTO) {
        out[0] = (char)given;
        return 1;
    }
    for (; *list != '\0'; list++) {
        if (seen[(unsigned char)*list])
            out[count++] = *list;
    }
    return count;
}

/* All dialects that options leave open, in order of preference among equals. */
static bool try_quotes(struct sampler *s, struct csv_dialect d, const bool seen[256],
                       struct reading *best)
{
    char     quotes[16];
    uint32_t count = choices(s->options->quote, "\"'", seen, quotes);

    if (s->options->quote == CSV_AUTO)
        quotes[count++] = '\0';
    for (uint32_t q = 0; q < count; q++) {
        for (int backslash = 0; backslash < 2; backslash++) {
            struct reading r;

            d.quote = quotes[q];
            d.escape = quotes[q];
            if (s->options->escape != CSV_AUTO) {
                if (backslash)
                    break;
                d.escape = (char)s->options->escape;
            } else if (backslash) {
                if (d.quote == '\0' || !seen['\\'])
                    break;
                d.escape = '\\';
            }
            if (!reading_make(s, &d, &r))
                return false;
            if (s->relaxed ? relaxed_beats(&r, best) : reading_beats(&r, best))
                *best = r;
        }
    }
    return true;
}

static bool try_dialects(struct sampler *s, struct csv_dialect d, const bool seen[256],
                         struct reading *best)
{
    char     delimiters[16], comments[16];
    uint32_t delimiter_count = choices(s->options->delimiter, ",|;\t", seen, delimiters);
    uint32_t comment_count = 0;

    if (s->options->comment != CSV_AUTO) {
        comments[comment_count++] = (char)s->options->comment;
    } else {
        comments[comment_count++] = '\0';
        if (seen['#'])
            comments[comment_count++] = '#';
    }
    if (delimiter_count == 0)
        delimiters[delimiter_count++] = ',';
    if (s->options->delimiter == CSV_AUTO) /* one that is nowhere: a file of one column */
        delimiters[delimiter_count++] = seen[','] ? seen['|'] ? '\x1f' : '|' : ',';
    best->good = false;
    for (uint32_t c = 0; c < comment_count; c++) {
        for (uint32_t i = 0; i < delimiter_count; i++) {
            d.comment = comments[c];
            d.delimiter = delimiters[i];
            if (!try_quotes(s, d, seen, best))
                return false;
        }
    }
    return true;
}

/* --- columns ---------------------------------------------------------------------------------- */
struct column_kinds {
    uint32_t kinds; /* of all values but the first row's; CSV_KIND_ALL: none was there */
    bool     codes; /* a value was CSV_KIND_CODE */
    bool     any;   /* a value was there */
    uint32_t first_kinds;
    bool     first_null;
};

static bool is_null(const struct csv_options *options, const char *text, size_t bytes)
{
    return options->null_text != NULL && bytes == options->null_bytes &&
           memcmp(text, options->null_text, bytes) == 0;
}

/* Looks at the rows of the chosen reading; the first row's fields stay in first. */
static bool observe(struct sampler *s, const struct csv_dialect *d, struct column_kinds *columns,
                    struct csv_fields *first, uint32_t *row_count)
{
    size_t   at = lines_bytes(s, d->skip);
    uint32_t rows = 0;

    while (at < s->bytes && rows < SAMPLE_ROWS) {
        struct csv_fields *fields = rows == 0 ? first : &s->fields;
        size_t             used;
        uint32_t           lines, count;
        enum csv_outcome   outcome;

        outcome = sample_record(s, d, at, fields, &used, &lines);
        if (outcome == CSV_RECORD_NOMEM)
            return false;
        if (outcome == CSV_RECORD_PARTIAL)
            break;
        at += used;
        if (outcome != CSV_RECORD || (s->relaxed && fields->count != d->columns))
            continue;
        count = fields->count < d->columns ? fields->count : d->columns;
        for (uint32_t c = 0; c < count; c++) {
            uint32_t             start = csv_fields_start(fields, c);
            const char          *text = csv_fields_base(fields) + start;
            size_t               bytes = fields->ends[c] - start;
            bool                 null = is_null(s->options, text, bytes);
            uint32_t             kinds = null ? 0 : csv_kind_of(text, bytes);
            struct column_kinds *column = &columns[c];

            if (rows == 0) {
                column->first_kinds = kinds;
                column->first_null = null;
            } else if (!null) {
                column->kinds &= kinds;
                column->codes |= (kinds & CSV_KIND_CODE) != 0;
                column->any = true;
            }
        }
        rows++;
    }
    *row_count = rows;
    return true;
}

static bool name_matches(const struct csv_options *options, const struct csv_fields *first,
                         uint32_t column)
{
    uint32_t    start = csv_fields_start(first, column);
    const char *name = options->names[column];

    return ascii_equal(csv_fields_base(first) + start, first->ends[column] - start, name,
                       strlen(name));
}

/* Does the first row hold the names that are known? */
static bool header_matches(const struct csv_options *options, const struct csv_fields *first)
{
    bool same = options->name_count > 0 && first->count >= options->name_count;

    for (uint32_t c = 0; same && c < options->name_count; c++)
        same = name_matches(options, first, c);
    return same;
}

/* Is the first row made of names?  If it does not fit the columns' kinds, or if nothing but text
 * is in the file and it is not empty.  COPY is careful, since a row taken for names is lost: only
 * if the table's names are there, or a column of numbers begins with a text. */
static bool header_detect(const struct csv_options *options, const struct column_kinds *columns,
                          uint32_t count, const struct csv_fields *first)
{
    bool all_text = true, fits = true, nulls = true;

    if (header_matches(options, first))
        return true;
    for (uint32_t c = 0; c < count; c++) {
        const struct column_kinds *column = &columns[c];
        uint32_t                   kinds = column->any ? column->kinds & CSV_KIND_ALL : 0;

        nulls &= column->first_null;
        if (options->affinities != NULL && c < options->affinity_count &&
            options->affinities[c] < AFFINITY_NUMERIC)
            continue; /* any text may be data there */
        if (!column->any && !column->first_null)
            fits = false; /* a text above nothing is a name */
        if (kinds == 0)
            continue;
        all_text = false;
        if (!column->first_null && (column->first_kinds & kinds) == 0)
            fits = false;
    }
    if (csv_options_columns(options) > 0)
        return !fits;
    return !fits || (all_text && !nulls);
}

static enum csv_type column_type(const struct column_kinds *column, bool header)
{
    uint32_t kinds = column->kinds;
    bool     codes = column->codes, any = column->any;

    if (!header && !column->first_null) {
        kinds &= column->first_kinds;
        codes |= (column->first_kinds & CSV_KIND_CODE) != 0;
        any = true;
    }
    if (!any || codes)
        return CSV_TYPE_TEXT;
    if (kinds & CSV_KIND_INTEGER)
        return CSV_TYPE_INTEGER;
    return kinds & CSV_KIND_REAL ? CSV_TYPE_REAL : CSV_TYPE_TEXT;
}

/* A name that no column before c has, in any case. */
static const char *unique_name(struct arena *arena, const struct csv_detected_column *columns,
                               uint32_t c, const char *name)
{
    const char *candidate = name;

    for (uint32_t n = 1;; n++) {
        bool taken = false;

        for (uint32_t i = 0; !taken && i < c; i++)
            taken = ascii_casecmp(columns[i].name, candidate) == 0;
        if (!taken)
            return candidate;
        candidate = arena_printf(arena, "%s_%u", name, n);
        if (candidate == NULL)
            return NULL;
    }
}

static enum status name_columns(const struct csv_options *options, const struct csv_dialect *d,
                                const struct csv_fields *first, struct arena *arena,
                                struct csv_detected_column *columns, struct error *err)
{
    int width = snprintf(NULL, 0, "%u", d->columns - 1);

    for (uint32_t c = 0; c < d->columns; c++) {
        const char *name = NULL;

        if (c < options->name_count) {
            name = options->names[c];
        } else if (d->header && c < first->count) {
            uint32_t    start = csv_fields_start(first, c);
            const char *text = csv_fields_base(first) + start;
            size_t      bytes = first->ends[c] - start;

            trim(&text, &bytes);
            if (bytes > 0 && memchr(text, '\0', bytes) == NULL) {
                name = arena_copy_text(arena, text, bytes);
                if (name == NULL)
                    return fail_nomem(err);
            }
        }
        if (name == NULL)
            name = arena_printf(arena, "column%0*u", width, c);
        if (name != NULL)
            name = unique_name(arena, columns, c, name);
        if (name == NULL)
            return fail_nomem(err);
        columns[c].name = name;
    }
    return STATUS_OK;
}

/* A column in which every row ends with a delimiter, and which has no name, is none. */
static void drop_empty_tail(const struct csv_options *options, struct csv_dialect *d,
                            const struct column_kinds *kinds, const struct csv_fields *first)
{
    uint32_t last = d->columns - 1, wanted = csv_options_columns(options);

    if (wanted > 0 && d->columns == wanted + 1)
        d->columns--;
    else if (d->header && d->columns > 1 && first->count == last && !kinds[last].any)
        d->columns--;
}

static enum status columns_make(struct sampler *s, struct csv_dialect *d, struct csv_fields *first,
                                struct memory *memory, struct arena *arena,
                                struct csv_detected_column **columns, struct error *err)
{
    size_t               bytes = d->columns * sizeof(struct column_kinds);
    struct column_kinds *kinds = memory_zalloc(memory, bytes);
    uint32_t             rows = 0;
    enum status          status = STATUS_OK;

    *columns = arena_zalloc(arena, d->columns * sizeof **columns);
    if (kinds == NULL || *columns == NULL) {
        memory_free(memory, kinds, bytes);
        return fail_nomem(err);
    }
    for (uint32_t c = 0; c < d->columns; c++)
        kinds[c].kinds = CSV_KIND_ALL;
    if (!observe(s, d, kinds, first, &rows))
        status = fail_nomem(err);
    if (status == STATUS_OK) {
        if (s->options->header != CSV_AUTO) {
            d->header = s->options->header != 0;
        } else if (rows == 1) { /* a header alone, unless a column is no text */
            d->header = true;
            for (uint32_t c = 0; c < d->columns; c++) {
                if ((kinds[c].first_kinds & CSV_KIND_ALL) != 0 || kinds[c].first_null)
                    d->header = false;
            }
            if (csv_options_columns(s->options) > 0)
                d->header = header_matches(s->options, first);
        } else {
            d->header = rows > 0 && header_detect(s->options, kinds, d->columns, first);
        }
        drop_empty_tail(s->options, d, kinds, first);
        for (uint32_t c = 0; c < d->columns; c++)
            (*columns)[c].type =
                s->options->all_text ? CSV_TYPE_TEXT : (uint8_t)column_type(&kinds[c], d->header);
        status = name_columns(s->options, d, first, arena, *columns, err);
    }
    memory_free(memory, kinds, bytes);
    return status;
}

/* --- all together ----------------------------------------------------------------------------- */
static uint8_t newline_of(const char *sample, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (sample[i] == '\n')
            return CSV_NEWLINE_LF;
        if (sample[i] == '\r')
            return i + 1 < bytes && sample[i + 1] == '\n' ? CSV_NEWLINE_CRLF : CSV_NEWLINE_CR;
    }
    return CSV_NEWLINE_LF;
}

static enum status dialect_choose(struct sampler *s, const char *path, struct csv_dialect *d,
                                  struct error *err)
{
    bool           seen[256] = {false};
    struct reading best = {.good = false};

    for (size_t i = 0; i < s->bytes; i++)
        seen[(unsigned char)s->sample[i]] = true;
    d->newline = newline_of(s->sample, s->bytes);
    d->skip = s->options->skip > 0 ? (uint32_t)s->options->skip : 0;
    d->loose = s->options->loose;
    d->padding = s->options->padding;
    if (!try_dialects(s, *d, seen, &best))
        return fail_nomem(err);
    if (!best.good && !d->loose && !s->options->ignore_errors) {
        d->loose = true;
        if (!try_dialects(s, *d, seen, &best))
            return fail_nomem(err);
    }
    if (!best.good) { /* the reader will tell which line is bad, or reject it */
        d->loose = s->options->loose;
        s->relaxed = true;
        if (!try_dialects(s, *d, seen, &best))
            return fail_nomem(err);
    }
    if (!best.good)
        return fail(err, STATUS_FORMAT,
                    "\"%s\": no delimiter and quote make rows of it; give DELIMITER, QUOTE, SKIP "
                    "or NULL_PADDING",
                    path);
    *d = best.dialect;
    d->skip += best.first_line;
    if (d->quote == '\0' && s->options->quote == CSV_AUTO && !seen['"'])
        d->quote = d->escape = '"'; /* none in the sample says nothing of the rest */
    return STATUS_OK;
}

enum status csv_dialect_detect(const struct csv_options *options, const char *path,
                               const char *sample, size_t sample_bytes, bool at_end,
                               struct memory *memory, struct arena *arena,
                               struct csv_dialect *dialect, struct csv_detected_column **columns,
                               struct error *err)
{
    struct sampler s = {
        .options = options, .sample = sample, .bytes = sample_bytes, .at_end = at_end};
    struct csv_fields first;
    enum status       status;

    if (s.bytes > SAMPLE_BYTES) {
        s.bytes = SAMPLE_BYTES;
        s.at_end = false;
    }
    *dialect = (struct csv_dialect){0};
    csv_fields_init(&s.fields, memory);
    csv_fields_init(&first, memory);
    status = dialect_choose(&s, path, dialect, err);
    if (status == STATUS_OK && dialect->columns > CSV_COLUMNS_MAX)
        status = fail(err, STATUS_TOOBIG, "\"%s\" has %u columns; a table has at most %d", path,
                      dialect->columns, CSV_COLUMNS_MAX);
    if (status == STATUS_OK)
        status = columns_make(&s, dialect, &first, memory, arena, columns, err);
    csv_fields_free(&s.fields);
    csv_fields_free(&first);
    return status;
}
