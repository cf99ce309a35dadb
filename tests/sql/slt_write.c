/* slt_write.c - fills the expectations of .test scripts from the sqlite3 oracle, in place.
 *
 *   slt_write FILE.test...
 *
 * Keeps comments and SQL; a record that yields columns becomes "query" (kept sort mode) with one
 * line a row, values joined by '|'; others become "statement ok" or "statement error", with
 * sqlite3's message behind "----".  A "statement error" that has no "----" stays without message:
 * the wording is not compared.  Records under "skipif sqlite" or "onlyif stoa" are left as they
 * are.  Expectations are sqlite3's, never ours: run it after adding records, and read the diff. */
#include "tests/support/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
    char  *data;
    size_t bytes, capacity;
};

static void text_add(struct text *text, const char *data, size_t bytes)
{
    while (text->bytes + bytes + 1 > text->capacity) {
        text->capacity = text->capacity == 0 ? 4096 : text->capacity * 2;
        text->data = realloc(text->data, text->capacity);
        if (text->data == NULL)
            exit(2);
    }
    memcpy(text->data + text->bytes, data, bytes);
    text->bytes += bytes;
    text->data[text->bytes] = '\0';
}

static int line_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts the lines of text, for "query rowsort". */
static void text_sort_lines(struct text *text)
{
    size_t count = 0, used = 0;
    char **lines, *copy = strdup(text->data == NULL ? "" : text->data);

    for (size_t i = 0; i < text->bytes; i++)
        count += text->data[i] == '\n';
    lines = calloc(count + 1, sizeof *lines);
    if (copy == NULL || lines == NULL)
        exit(2);
    for (char *line = strtok(copy, "\n"); line != NULL && used < count; line = strtok(NULL, "\n"))
        lines[used++] = line;
    qsort(lines, used, sizeof *lines, line_order);
    text->bytes = 0;
    for (size_t i = 0; i < used; i++) {
        text_add(text, lines[i], strlen(lines[i]));
        text_add(text, "\n", 1);
    }
    free(lines);
    free(copy);
}

static void text_line(struct text *text, const char *line)
{
    text_add(text, line, strlen(line));
    text_add(text, "\n", 1);
}

/* Runs sql, appends the record. */
static void record_write(sqlite3 *oracle, const char *sql, const char *sort, bool any_message,
                         struct text *out)
{
    sqlite3_stmt *stmt = NULL;
    struct text   rows = {0};
    int rc = sqlite3_prepare_v2(oracle, sql, -1, &stmt, NULL), columns = sqlite3_column_count(stmt);

    if (rc == SQLITE_OK && stmt != NULL)
        while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
            size_t start = rows.bytes;

            for (int c = 0; c < columns; c++) {
                const char *value = (const char *)sqlite3_column_text(stmt, c);

                text_add(&rows, "|", c > 0);
                if (value != NULL)
                    text_add(&rows, value, strlen(value));
            }
            if (rows.bytes == start) /* a blank line would end the record */
                text_add(&rows, "(empty)", 7);
            text_add(&rows, "\n", 1);
        }
    if (strstr(sort, "rowsort") != NULL)
        text_sort_lines(&rows);
    if (rc != SQLITE_OK && rc != SQLITE_DONE) {
        text_line(out, "statement error");
        text_line(out, sql);
        if (!any_message) {
            text_line(out, "----");
            text_line(out, sqlite3_errmsg(oracle));
        }
    } else if (columns == 0) {
        text_line(out, "statement ok");
        text_line(out, sql);
    } else {
        text_add(out, "query", 5);
        text_add(out, sort, strlen(sort));
        text_add(out, "\n", 1);
        text_line(out, sql);
        text_line(out, "----");
        if (rows.bytes > 0)
            text_add(out, rows.data, rows.bytes);
    }
    sqlite3_finalize(stmt);
    free(rows.data);
}

static bool script_rewrite(const char *path)
{
    FILE       *file = fopen(path, "r");
    struct text out = {0}, sql = {0};
    char       *line = NULL, sort[64] = "";
    size_t      capacity = 0;
    ssize_t     bytes;
    sqlite3    *oracle;
    bool        error_record = false;
    enum { OUTSIDE, SQL, EXPECTED, VERBATIM } where = OUTSIDE;

    if (file == NULL || compare_open_oracle(":memory:", &oracle) != SQLITE_OK) {
        perror(path);
        return false;
    }
    while ((bytes = getline(&line, &capacity, file)) >= 0 || where == SQL) {
        bool blank = bytes <= 0 || line[0] == '\n' || line[0] == '\r';

        if (bytes > 0 && line[bytes - 1] == '\n')
            line[bytes - 1] = '\0';
        if (where == SQL && (blank || strcmp(line, "----") == 0)) {
            record_write(oracle, sql.data == NULL ? "" : sql.data, sort, error_record && blank,
                         &out);
            sql.bytes = 0;
            where = EXPECTED;
        } else if (where == SQL) {
            text_add(&sql, "\n", sql.bytes > 0);
            text_add(&sql, line, strlen(line));
            continue;
        }
        if (bytes < 0)
            break;
        if (blank) {
            where = OUTSIDE;
            text_line(&out, "");
        } else if (where == VERBATIM) {
            text_line(&out, line);
        } else if (where == OUTSIDE &&
                   (strncmp(line, "query", 5) == 0 || strncmp(line, "statement", 9) == 0)) {
            snprintf(sort, sizeof sort, "%s", line[0] == 'q' ? line + 5 : "");
            error_record = strcmp(line, "statement error") == 0;
            where = SQL;
        } else if (where == OUTSIDE) {
            if (strncmp(line, "onlyif stoa", 11) == 0 || strncmp(line, "skipif sqlite", 13) == 0)
                where = VERBATIM;
            text_line(&out, line);
        }
    }
    fclose(file);
    sqlite3_close(oracle);
    file = fopen(path, "w");
    if (file == NULL || fwrite(out.data, 1, out.bytes, file) != out.bytes || fclose(file) != 0) {
        perror(path);
        return false;
    }
    free(out.data);
    free(sql.data);
    free(line);
    return true;
}

int main(int argc, char **argv)
{
    int failures = 0;

    setenv("TZ", "UTC", 1); /* as slt_run does */
    for (int i = 1; i < argc; i++)
        failures += !script_rewrite(argv[i]);
    return failures > 0;
}
