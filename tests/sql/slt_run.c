/* slt_run.c - runs sqllogictest scripts through libstoa and counts the records that hold.
 *
 *   slt_run [-batch N] [-threads N] [-force any|flat] [-passes-off MASK] [-oracle]
 *           [-reprint] [-quiet] [-max-failures N] FILE...
 *
 * The format is that of the SQLite project's sqllogictest (statement ok|error, query TYPES SORT
 * LABEL, skipif, onlyif, hash-threshold, halt; values or "N values hashing to MD5"); this engine
 * answers to "sqlite"; "onlyif stoa" marks what differs from sqlite3 on purpose.  A "query" line
 * without types is this project's own form: each expected line is a row, its values joined by '|'
 * as in the shell's list mode.  A "statement error" record may give the message behind "----";
 * without that any error will do.  With -oracle every record also runs in sqlite3 and the values
 * are compared with their types: letter I hides the difference of 0.5 and 0; the columns of our own
 * form must have the same names.  With -reprint each statement must print as SQL that makes the
 * same tree, and it is this SQL that runs.  Ends with "N passed, N failed"; exit status 1 if any
 * failed. */
#include "tests/support/compare.h"
#include "tests/support/reprint.h"

#include <assert.h>
#include <errno.h>
#include <md5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_CAP = 1 << 16, SHOWN_FAILURES = 10 };

struct lines {
    char  *text; /* the file, line ends replaced by NUL */
    char **line;
    size_t count;
};

struct label {
    struct label *next;
    char          name[64];
    char          md5[33];
};

struct options {
    int         batch, threads, max_failures;
    unsigned    passes_off;
    const char *force;
    bool        oracle, reprint, quiet;
};

struct runner {
    const struct options *options;
    const char           *path;
    stoa_db              *db;
    sqlite3              *oracle;
    struct label         *labels;
    bool                  ours; /* the next record is "onlyif stoa": sqlite3 answers otherwise */
    long                  passed, failed, skipped;
};

struct texts { /* rendered values */
    char **items;
    size_t count, capacity;
};

static void *must(void *block)
{
    if (block == NULL) {
        fprintf(stderr, "slt_run: out of memory\n");
        exit(2);
    }
    return block;
}

static void texts_add(struct texts *texts, const char *text)
{
    if (texts->count == texts->capacity) {
        texts->capacity = texts->capacity == 0 ? 64 : texts->capacity * 2;
        texts->items = must(realloc(texts->items, texts->capacity * sizeof *texts->items));
    }
    texts->items[texts->count++] = must(strdup(text));
}

static void texts_free(struct texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->items[i]);
    free(texts->items);
    *texts = (struct texts){0};
}

static bool lines_read(const char *path, struct lines *lines)
{
    FILE  *file = fopen(path, "rb");
    long   bytes;
    size_t capacity = 0;

    *lines = (struct lines){0};
    if (file == NULL)
        return false;
    fseek(file, 0, SEEK_END);
    bytes = ftell(file);
    rewind(file);
    lines->text = must(malloc((size_t)bytes + 1));
    if (fread(lines->text, 1, (size_t)bytes, file) != (size_t)bytes) {
        fclose(file);
        return false;
    }
    fclose(file);
    lines->text[bytes] = '\0';
    for (char *start = lines->text; start < lines->text + bytes;) {
        char *end = strchr(start, '\n');

        if (end == NULL)
            end = start + strlen(start);
        if (lines->count == capacity) {
            capacity = capacity == 0 ? 1024 : capacity * 2;
            lines->line = must(realloc(lines->line, capacity * sizeof *lines->line));
        }
        lines->line[lines->count++] = start;
        if (end > start && end[-1] == '\r')
            end[-1] = '\0';
        *end = '\0';
        start = end + 1;
    }
    return true;
}

static void lines_free(struct lines *lines)
{
    free(lines->text);
    free(lines->line);
}

static void fail_record(struct runner *runner, size_t line, const char *sql, const char *format,
                        ...) __attribute__((format(printf, 4, 5)));
static void fail_record(struct runner *runner, size_t line, const char *sql, const char *format,
                        ...)
{
    va_list args;

    runner->failed++;
    if (runner->failed > runner->options->max_failures)
        return;
    fprintf(stderr, "%s:%zu: ", runner->path, line + 1);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n    %.600s\n", sql);
}

/* One value as the format of the corpus renders it for a type letter. */
static void value_render(stoa_stmt *stmt, int column, char type, char *out, size_t cap)
{
    if (stoa_column_type(stmt, column) == STOA_NULL) {
        snprintf(out, cap, "NULL");
        return;
    }
    switch (type) {
    case 'I':
        snprintf(out, cap, "%d", stoa_column_int(stmt, column));
        break;
    case 'R': {
        char *text = sqlite3_mprintf("%.3f", stoa_column_double(stmt, column));

        snprintf(out, cap, "%s", text);
        sqlite3_free(text);
        break;
    }
    default: {
        const char *text = stoa_column_text(stmt, column);
        size_t      i = 0;

        if (text == NULL || *text == '\0')
            text = "(empty)";
        for (; text[i] != '\0' && i + 1 < cap; i++)
            out[i] = text[i] < ' ' || text[i] > '~' ? '@' : text[i];
        out[i] = '\0';
    }
    }
}

static void list_row_render(stoa_stmt *stmt, int columns, struct texts *out)
{
    size_t bytes = 1;
    char  *row;

    for (int c = 0; c < columns; c++)
        bytes += (size_t)stoa_column_bytes(stmt, c) + 1;
    bytes += (size_t)columns * 40;
    row = must(calloc(1, bytes));
    for (int c = 0; c < columns; c++) {
        const char *text = stoa_column_text(stmt, c);

        if (c > 0)
            strcat(row, "|");
        strcat(row, text == NULL ? "" : text);
    }
    texts_add(out, row[0] == '\0' ? "(empty)" : row); /* a blank line would end the record */
    free(row);
}

/* Runs sql; values rendered by types (NULL: list rows).  False with message on an error of prepare;
 * an error of step ends the rows, as the corpus wants it. */
static bool query_run(struct runner *runner, const char *sql, const char *types, struct texts *out,
                      int *columns, char *message, size_t cap)
{
    stoa_stmt *stmt = NULL;
    char       text[LINE_CAP];
    int        rc;

    message[0] = '\0';
    *columns = 0;
    if (stoa_prepare(runner->db, sql, -1, &stmt, NULL) != STOA_OK) {
        snprintf(message, cap, "%s", stoa_errmsg(runner->db));
        return false;
    }
    if (stmt == NULL)
        return true;
    *columns = stoa_column_count(stmt);
    while ((rc = stoa_step(stmt)) == STOA_ROW) {
        if (types == NULL) {
            list_row_render(stmt, *columns, out);
            continue;
        }
        for (int c = 0; c < *columns; c++) {
            value_render(stmt, c, c < (int)strlen(types) ? types[c] : 'T', text, sizeof text);
            texts_add(out, text);
        }
    }
    if (rc != STOA_DONE)
        snprintf(message, cap, "%s", stoa_errmsg(runner->db));
    stoa_finalize(stmt);
    return true;
}

static size_t sort_width; /* qsort has no context; one thread only */

static int rows_compare(const void *a, const void *b)
{
    char *const *x = a, *const *y = b;

    for (size_t i = 0; i < sort_width; i++) {
        int order = strcmp(x[i], y[i]);

        if (order != 0)
            return order;
    }
    return 0;
}

static void texts_sort(struct texts *texts, size_t width)
{
    if (width == 0 || texts->count == 0)
        return;
    sort_width = width;
    qsort(texts->items, texts->count / width, width * sizeof *texts->items, rows_compare);
}

static void texts_md5(const struct texts *texts, char hex[33])
{
    MD5_CTX context;
    uint8_t digest[MD5_DIGEST_LENGTH];

    MD5Init(&context);
    for (size_t i = 0; i < texts->count; i++) {
        MD5Update(&context, (const uint8_t *)texts->items[i], strlen(texts->items[i]));
        MD5Update(&context, (const uint8_t *)"\n", 1);
    }
    MD5Final(digest, &context);
    for (int i = 0; i < MD5_DIGEST_LENGTH; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

/* True if all results under one label of this script agree. */
static bool label_check(struct runner *runner, const char *name, const char *md5)
{
    struct label *label;

    for (label = runner->labels; label != NULL; label = label->next)
        if (strcmp(label->name, name) == 0)
            return strcmp(label->md5, md5) == 0;
    label = must(calloc(1, sizeof *label));
    snprintf(label->name, sizeof label->name, "%s", name);
    snprintf(label->md5, sizeof label->md5, "%s", md5);
    label->next = runner->labels;
    runner->labels = label;
    return true;
}

struct record {
    size_t line; /* of its first line */
    char  *sql;  /* owned */
    char   types[256], sort[16], label[64];
    bool   own_form; /* no types */
    char **expected;
    size_t expected_count;
    char  *message; /* the error wanted; NULL: any */
};

/* False for what cannot be compared: a statement that writes (it ran already; it is brought up to
 * date in the oracle), and one of our own form that sqlite3 refuses, an addition. */
static bool oracle_comparable(struct runner *runner, const struct record *record)
{
    sqlite3_stmt *stmt = NULL;
    bool refused = sqlite3_prepare_v2(runner->oracle, record->sql, -1, &stmt, NULL) != SQLITE_OK;
    bool writes = !refused && !sqlite3_stmt_readonly(stmt);

    while (writes && sqlite3_step(stmt) == SQLITE_ROW)
        ;
    sqlite3_finalize(stmt);
    return !writes && !(refused && record->own_form);
}

static void oracle_check(struct runner *runner, const struct record *record, bool *ok)
{
    char difference[2048];

    if (!runner->options->oracle || !*ok || runner->ours || !oracle_comparable(runner, record))
        return;
    if (!compare_statement(runner->db, runner->oracle, record->sql,
                           strcmp(record->sort, "nosort") == 0 || !record->sort[0]
                               ? COMPARE_SEQUENCE
                               : COMPARE_BAG,
                           difference, sizeof difference) ||
        (record->own_form &&
         !compare_names(runner->db, runner->oracle, record->sql, difference, sizeof difference))) {
        *ok = false;
        fail_record(runner, record->line, record->sql, "differs from sqlite3: %s", difference);
    }
}

static void query_check(struct runner *runner, struct record *record)
{
    struct texts got = {0};
    char         message[1024], md5[33], expected_md5[33];
    int          columns;
    size_t       expected_values;
    bool         ok = true;

    if (!query_run(runner, record->sql, record->own_form ? NULL : record->types, &got, &columns,
                   message, sizeof message)) {
        fail_record(runner, record->line, record->sql, "error: %s", message);
        texts_free(&got);
        return;
    }
    if (!record->own_form && columns != (int)strlen(record->types) && got.count > 0) {
        fail_record(runner, record->line, record->sql, "%d columns, not %zu", columns,
                    strlen(record->types));
        texts_free(&got);
        return;
    }
    if (strcmp(record->sort, "rowsort") == 0)
        texts_sort(&got, record->own_form ? 1 : strlen(record->types));
    else if (strcmp(record->sort, "valuesort") == 0)
        texts_sort(&got, 1);
    texts_md5(&got, md5);
    if (record->expected_count == 1 && sscanf(record->expected[0], "%zu values hashing to %32s",
                                              &expected_values, expected_md5) == 2) {
        ok = got.count == expected_values && strcmp(md5, expected_md5) == 0;
        if (!ok)
            fail_record(runner, record->line, record->sql, "%zu values hashing to %s, not %s %s",
                        got.count, md5, record->expected[0], message);
    } else {
        ok = got.count == record->expected_count;
        if (!ok)
            fail_record(runner, record->line, record->sql, "%zu values, not %zu %s", got.count,
                        record->expected_count, message);
        for (size_t i = 0; ok && i < got.count; i++)
            if (strcmp(got.items[i], record->expected[i]) != 0) {
                ok = false;
                fail_record(runner, record->line, record->sql, "value %zu is '%s', not '%s'", i,
                            got.items[i], record->expected[i]);
            }
    }
    if (ok && record->label[0] != '\0' && !label_check(runner, record->label, md5)) {
        ok = false;
        fail_record(runner, record->line, record->sql, "other result than earlier under label %s",
                    record->label);
    }
    oracle_check(runner, record, &ok);
    runner->passed += ok;
    texts_free(&got);
}

static void statement_check(struct runner *runner, const struct record *record, bool expect_error)
{
    char *message = NULL;
    int   rc = stoa_exec(runner->db, record->sql, NULL, NULL, &message), digits;

    if (runner->options->oracle && sscanf(record->sql, "PRAGMA fp_digits=%d", &digits) == 1)
        compare_set_digits(runner->oracle, digits);
    else if (runner->options->oracle)
        sqlite3_exec(runner->oracle, record->sql, NULL, NULL, NULL);
    if ((rc != STOA_OK) == expect_error && record->message != NULL &&
        strcmp(message, record->message) != 0)
        fail_record(runner, record->line, record->sql, "error '%s', not '%s'", message,
                    record->message);
    else if ((rc != STOA_OK) == expect_error)
        runner->passed++;
    else
        fail_record(runner, record->line, record->sql, "%s",
                    rc == STOA_OK ? "should have failed" : message);
    stoa_free(message);
}

/* Joins lines [from, to) with newlines. */
static char *lines_join(const struct lines *lines, size_t from, size_t to)
{
    size_t bytes = 1;
    char  *text, *end;

    for (size_t i = from; i < to; i++)
        bytes += strlen(lines->line[i]) + 1;
    text = must(malloc(bytes));
    end = text;
    for (size_t i = from; i < to; i++) {
        end = stpcpy(end, lines->line[i]);
        *end++ = '\n';
    }
    if (end > text)
        end--;
    *end = '\0';
    return text;
}

static size_t blank_line(const struct lines *lines, size_t i)
{
    while (i < lines->count && lines->line[i][0] != '\0')
        i++;
    return i;
}

/* The line in [i, end) that ends the SQL of a record: "----", or end. */
static size_t sql_end_line(const struct lines *lines, size_t i, size_t end)
{
    while (i < end && strcmp(lines->line[i], "----") != 0)
        i++;
    return i;
}

/* With -reprint: the record's SQL becomes that of its tree. */
static void record_reprint(struct runner *runner, struct record *record)
{
    char message[2000], *printed = NULL;

    if (!runner->options->reprint)
        return;
    if (!reprint(record->sql, &printed, message, sizeof message))
        fail_record(runner, record->line, record->sql, "%s", message);
    if (printed != NULL) {
        free(record->sql);
        record->sql = printed;
    }
}

static size_t query_read_and_check(struct runner *runner, const struct lines *lines, size_t i)
{
    struct record record = {.line = i};
    size_t        sql_end, end;
    int           words =
        sscanf(lines->line[i], "query %255s %15s %63s", record.types, record.sort, record.label);

    record.own_form = words < 1 || strspn(record.types, "ITR") != strlen(record.types);
    if (record.own_form && words >= 1) /* "query rowsort" */
        snprintf(record.sort, sizeof record.sort, "%.15s", record.types);
    end = blank_line(lines, i + 1);
    sql_end = sql_end_line(lines, i + 1, end);
    record.sql = lines_join(lines, i + 1, sql_end);
    record_reprint(runner, &record);
    record.expected = sql_end < end ? lines->line + sql_end + 1 : NULL;
    record.expected_count = sql_end < end ? end - sql_end - 1 : 0;
    query_check(runner, &record);
    free(record.sql);
    return end;
}

static size_t statement_read_and_check(struct runner *runner, const struct lines *lines, size_t i)
{
    struct record record = {.line = i};
    size_t        end = blank_line(lines, i + 1), sql_end = sql_end_line(lines, i + 1, end);

    record.sql = lines_join(lines, i + 1, sql_end);
    record_reprint(runner, &record);
    if (sql_end < end)
        record.message = lines_join(lines, sql_end + 1, end);
    statement_check(runner, &record, strncmp(lines->line[i] + 10, "error", 5) == 0);
    free(record.message);
    free(record.sql);
    return end;
}

static void script_run(struct runner *runner, const struct lines *lines)
{
    bool skip = false;
    char engine[64];

    for (size_t i = 0; i < lines->count; i++) {
        const char *line = lines->line[i];

        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (sscanf(line, "skipif %63s", engine) == 1) {
            skip = skip || strcasecmp(engine, "sqlite") == 0;
        } else if (sscanf(line, "onlyif %63s", engine) == 1) {
            runner->ours = strcasecmp(engine, "stoa") == 0;
            skip = skip || (!runner->ours && strcasecmp(engine, "sqlite") != 0);
        } else if (strncmp(line, "halt", 4) == 0) {
            if (!skip)
                return;
            skip = false;
        } else if (strncmp(line, "hash-threshold", 14) == 0) {
            skip = false;
        } else if (skip) {
            runner->skipped++;
            skip = false;
            i = blank_line(lines, i);
        } else if (strncmp(line, "statement ", 10) == 0) {
            i = statement_read_and_check(runner, lines, i);
            runner->ours = false;
        } else if (strncmp(line, "query", 5) == 0) {
            i = query_read_and_check(runner, lines, i);
            runner->ours = false;
        } else {
            fail_record(runner, i, line, "not a record");
        }
    }
}

static void database_open(struct runner *runner)
{
    const struct options *options = runner->options;
    char                  sql[256];

    if (stoa_open(":memory:", &runner->db) != STOA_OK) {
        fprintf(stderr, "slt_run: cannot open: %s\n", stoa_errmsg(runner->db));
        exit(2);
    }
    if (options->batch > 0) {
        snprintf(sql, sizeof sql, "PRAGMA stoa_batch=%d", options->batch);
        stoa_exec(runner->db, sql, NULL, NULL, NULL);
    }
    if (options->threads > 0) {
        snprintf(sql, sizeof sql, "PRAGMA threads=%d", options->threads);
        stoa_exec(runner->db, sql, NULL, NULL, NULL);
    }
    if (options->force != NULL) {
        snprintf(sql, sizeof sql, "PRAGMA stoa_force='%s'", options->force);
        stoa_exec(runner->db, sql, NULL, NULL, NULL);
    }
    if (options->passes_off != 0) {
        snprintf(sql, sizeof sql, "PRAGMA stoa_passes_off=%u", options->passes_off);
        stoa_exec(runner->db, sql, NULL, NULL, NULL);
    }
    if (options->oracle)
        compare_open_oracle(":memory:", &runner->oracle);
}

static void file_run(const char *path, const struct options *options, long *passed, long *failed)
{
    struct runner runner = {.options = options, .path = path};
    struct lines  lines;

    if (!lines_read(path, &lines)) {
        fprintf(stderr, "slt_run: cannot read %s: %s\n", path, strerror(errno));
        ++*failed;
        return;
    }
    database_open(&runner);
    script_run(&runner, &lines);
    if (stoa_close(runner.db) != STOA_OK)
        fail_record(&runner, 0, "", "connection does not close");
    sqlite3_close(runner.oracle);
    if (!options->quiet || runner.failed > 0)
        printf("%s: %ld passed, %ld failed, %ld skipped\n", path, runner.passed, runner.failed,
               runner.skipped);
    *passed += runner.passed;
    *failed += runner.failed;
    while (runner.labels != NULL) {
        struct label *next = runner.labels->next;

        free(runner.labels);
        runner.labels = next;
    }
    lines_free(&lines);
}

int main(int argc, char **argv)
{
    struct options options = {.max_failures = SHOWN_FAILURES};
    long           passed = 0, failed = 0;
    int            i = 1;

    setenv("TZ", "UTC", 1); /* what 'localtime' was when the expectations were written */
    for (; i < argc && argv[i][0] == '-'; i++) {
        bool more = i + 1 < argc;

        if (strcmp(argv[i], "-batch") == 0 && more)
            options.batch = atoi(argv[++i]);
        else if (strcmp(argv[i], "-threads") == 0 && more)
            options.threads = atoi(argv[++i]);
        else if (strcmp(argv[i], "-force") == 0 && more)
            options.force = argv[++i];
        else if (strcmp(argv[i], "-passes-off") == 0 && more)
            options.passes_off = (unsigned)strtoul(argv[++i], NULL, 0);
        else if (strcmp(argv[i], "-max-failures") == 0 && more)
            options.max_failures = atoi(argv[++i]);
        else if (strcmp(argv[i], "-oracle") == 0)
            options.oracle = true;
        else if (strcmp(argv[i], "-reprint") == 0)
            options.reprint = true;
        else if (strcmp(argv[i], "-quiet") == 0)
            options.quiet = true;
        else {
            fprintf(stderr, "slt_run: unknown option %s\n", argv[i]);
            return 2;
        }
    }
    for (; i < argc; i++)
        file_run(argv[i], &options, &passed, &failed);
    printf("%ld passed, %ld failed\n", passed, failed);
    return failed > 0;
}
