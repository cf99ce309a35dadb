/* test_csv_corpus.c - 205 files that are hard to read, against what sqlite3 and DuckDB make of
 * them. */
#include "corpus.h"
#include "io/csv.h"
#include "io/csv_import.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h> /* last: its fail is a macro */

/* Rows and columns as DuckDB's detection has them.  The corpus has 166 files that DuckDB reads. */
enum { DUCKDB_AGREE_MIN = 166, SQLITE_FILES = 205 };

struct expectations {
    char  *text; /* the whole file */
    char **lines;
    size_t count;
};

static struct expectations expectations_read(const char *folder)
{
    struct expectations e = {0};
    char                path[4200];
    FILE               *file;
    size_t              bytes;

    snprintf(path, sizeof path, "%sexpect.jsonl", folder);
    file = fopen(path, "r");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    bytes = (size_t)ftell(file);
    rewind(file);
    e.text = malloc(bytes + 1);
    assert_int_equal(fread(e.text, 1, bytes, file), bytes);
    e.text[bytes] = '\0';
    fclose(file);
    e.lines = malloc(sizeof *e.lines * 1000);
    for (char *p = strtok(e.text, "\n"); p != NULL; p = strtok(NULL, "\n"))
        e.lines[e.count++] = p;
    return e;
}

static struct source_arguments path_argument(struct value *value, const char **name,
                                             const char *path)
{
    *value = value_text(path, strlen(path));
    *name = NULL;
    return (struct source_arguments){1, value, name};
}

/* Reads a whole file by detection.  False: it is refused, error says why. */
static bool file_read(struct memory *memory, const char *path, uint32_t cap, uint32_t *columns,
                      uint64_t *rows, struct str *out, struct error *err)
{
    struct arena                arena;
    struct source_context       context = {.memory = memory};
    struct value                value;
    const char                 *name;
    struct source_arguments     arguments = path_argument(&value, &name, path);
    const struct source_column *described;
    void                       *state;
    struct cursor              *cursor = NULL;
    enum status                 status;
    uint32_t                    count = 1;

    arena_init(&arena, memory);
    error_clear(err);
    *rows = 0;
    status = csv_source_module.bind(&context, &arguments, &arena, columns, &described, &state, err);
    if (status == STATUS_OK)
        status = csv_source_module.open(&context, state, &arguments, &cursor, err);
    if (status == STATUS_OK)
        status = cursor->ops->rewind(cursor, err);
    while (status == STATUS_OK && count > 0) {
        const uint64_t *active;
        struct vector  *vectors;

        status = cursor->ops->next(cursor, cap, &count, &active, err);
        if (status != STATUS_OK)
            break;
        vectors = malloc(*columns * sizeof *vectors);
        for (uint32_t c = 0; count > 0 && c < *columns; c++) {
            assert_int_equal(cursor->ops->column(cursor, c, NULL, &vectors[c], err), STATUS_OK);
            assert_true(vector_ok(&vectors[c]));
            assert_int_equal(vectors[c].count, count);
        }
        for (uint32_t r = 0; r < count; r++) {
            for (uint32_t c = 0; c < *columns; c++) {
                char         scratch[16];
                struct value v = vector_value(&vectors[c], r, scratch);

                row_append(out, &v, c == 0);
            }
            str_char(out, '\n');
        }
        *rows += count;
        free(vectors);
    }
    if (cursor != NULL)
        cursor->ops->close(cursor);
    arena_free(&arena);
    return status == STATUS_OK;
}

static void detection_agrees_with_duckdb(void **state)
{
    const char         *folder = corpus_folder();
    struct expectations e;
    uint32_t            readable = 0, agree = 0, same_values = 0;

    (void)state;
    if (folder == NULL) {
        print_message(
            "skipped: no ../shared/csv beside the source tree, and STOA_SHARED is not set\n");
        skip();
    }
    e = expectations_read(folder);
    for (size_t i = 0; i < e.count; i++) {
        const char   *duckdb = json_member(e.lines[i], "duckdb"), *md5 = json_member(duckdb, "md5");
        struct memory memory;
        struct str    file, rows_text, again;
        char          path[4300], hex[33];
        uint32_t      columns = 0, columns_again = 0;
        uint64_t      rows, rows_again;
        struct error  err;
        bool          read;

        memory_init(&memory, 0);
        str_init(&file, NULL);
        str_init(&rows_text, NULL);
        str_init(&again, NULL);
        json_string(json_member(e.lines[i], "file"), &file);
        snprintf(path, sizeof path, "%sfiles/%s", folder, file.data);
        read = file_read(&memory, path, 2048, &columns, &rows, &rows_text, &err);
        assert_int_equal(memory.used, 0);
        if (!read)
            assert_true(err.text[0] != '\0');
        /* the same at any batch size */
        assert_int_equal(read,
                         file_read(&memory, path, 3, &columns_again, &rows_again, &again, &err));
        if (read) {
            assert_int_equal(rows, rows_again);
            assert_int_equal(rows_text.bytes, again.bytes);
            assert_true(rows == 0 || memcmp(rows_text.data, again.data, again.bytes) == 0);
        }
        if (md5 != NULL) {
            readable++;
            if (read && columns == json_count(json_member(duckdb, "columns")) &&
                (int64_t)rows == json_int(json_member(duckdb, "rows"))) {
                agree++;
                md5_hex(rows_text.data, rows_text.bytes, hex);
                same_values += strncmp(hex, md5 + 1, 32) == 0;
            } else {
                print_message("%s: %u columns, %llu rows%s%s\n", file.data, columns,
                              (unsigned long long)rows, read ? "" : ", ", read ? "" : err.text);
            }
        }
        str_free(&file);
        str_free(&rows_text);
        str_free(&again);
    }
    print_message("of %u files that DuckDB reads: rows and columns agree in %u, all values in %u\n",
                  readable, agree, same_values);
    assert_true(agree >= DUCKDB_AGREE_MIN);
    free(e.lines);
    free(e.text);
}

/* --- .import ---------------------------------------------------------------------------------- */
struct told {
    uint32_t   count;
    struct str first;
};

static void tell(void *data, const char *text)
{
    struct told *told = data;

    if (told->count++ == 0) {
        str_text(&told->first, text);
        str_end(&told->first);
    }
}

static bool some_first_field_is_empty(const struct str *rows)
{
    for (size_t i = 0; i < rows->bytes; i++) {
        if ((i == 0 || rows->data[i - 1] == '\n') &&
            (rows->data[i] == '\n' || rows->data[i] == '\t'))
            return true;
    }
    return false;
}

/* As the shell does: names, then rows; an empty file makes no table. */
static void import_file(struct memory *memory, const char *path, uint32_t cap, bool mode_ascii,
                        struct told *told, struct str *names_text, uint32_t *columns,
                        uint64_t *rows, struct str *out)
{
    struct csv_import_options options = {.path = path,
                                         .column_separator = ',',
                                         .row_separator = '\n',
                                         .mode_ascii = mode_ascii,
                                         .message = tell,
                                         .message_data = told};
    struct csv_import        *import;
    struct arena              arena;
    struct error              err;
    const char              **names;
    uint32_t                  count = 1;

    arena_init(&arena, memory);
    error_clear(&err);
    *rows = 0;
    assert_int_equal(csv_import_open(&options, memory, &import, &err), STATUS_OK);
    assert_int_equal(csv_import_names(import, &arena, columns, &names, &err), STATUS_OK);
    for (uint32_t c = 0; c < *columns; c++) {
        /* the expectations were cut at 0x1f, also within a name */
        for (const char *p = names[c]; *p != '\0'; p++)
            str_char(names_text, *p == 0x1f ? '\n' : *p);
        str_char(names_text, '\n');
    }
    while (*columns > 0 && count > 0) {
        uint64_t line = 0;

        assert_int_equal(csv_import_next(import, *columns, cap, &count, &err), STATUS_OK);
        for (uint32_t r = 0; r < count; r++) {
            uint64_t next = csv_import_line(import, r);

            assert_true(next > line);
            line = next;
            for (uint32_t c = 0; c < *columns; c++) {
                struct vector v;
                struct value  value;
                char          scratch[16];

                assert_true(csv_import_column(import, c, &v));
                value = vector_value(&v, r, scratch);
                if (value.class_ == CLASS_NULL)
                    value = value_text("N", 1); /* how the expectations have it */
                row_append(out, &value, c == 0);
            }
            str_char(out, '\n');
        }
    }
    /* the expectations come from output that was cut into rows at 0x1e and into values at 0x1f */
    for (size_t i = 0; i < out->bytes; i++) {
        if (out->data[i] == 0x1e)
            out->data[i] = '\n';
        else if (out->data[i] == 0x1f)
            out->data[i] = '\t';
        *rows += out->data[i] == '\n';
    }
    csv_import_close(import);
    arena_free(&arena);
}

/* The expectations were made in .mode ascii; outside of it, rows that begin with an empty field are
 * rows like any other. */
static void import_equals_sqlite(const char *line, uint32_t cap, bool mode_ascii)
{
    const char   *sqlite = json_member(line, "sqlite"), *md5 = json_member(sqlite, "md5"), *p;
    struct memory memory;
    struct told   told = {0};
    struct str    file, names, expected, out;
    char          hex[33];
    uint32_t      columns;
    uint64_t      rows;

    memory_init(&memory, 0);
    str_init(&told.first, NULL);
    str_init(&file, NULL);
    str_init(&names, NULL);
    str_init(&expected, NULL);
    str_init(&out, NULL);
    json_string(json_member(line, "file"), &file);
    import_file(&memory, file.data, cap, mode_ascii, &told, &names, &columns, &rows, &out);
    assert_int_equal(memory.used, 0);
    if (!mode_ascii && some_first_field_is_empty(&out))
        goto done;
    p = json_member(sqlite, "rows");
    if (p != NULL && json_int(p) != (int64_t)rows)
        fail_msg("%s: %llu rows", file.data, (unsigned long long)rows);
    if (told.count != (uint64_t)json_int(json_member(sqlite, "messages")))
        fail_msg("%s: %u messages, first: %s", file.data, told.count,
                 told.count > 0 ? told.first.data : "");
    p = json_member(sqlite, "first_message");
    if (p != NULL) {
        json_string(p, &expected);
        assert_string_equal(told.first.data, expected.data);
        str_clear(&expected);
    }
    if (md5 != NULL) {
        md5_hex(out.data, out.bytes, hex);
        if (strncmp(hex, md5 + 1, 32) != 0)
            fail_msg("%s: other values", file.data);
        p = json_member(sqlite, "columns") + 1;
        while (*p != ']') {
            json_string(p, &expected);
            str_char(&expected, '\n');
            p = json_skip(p);
            p += *p == ',' ? 2 : 0;
        }
        if (expected.bytes != names.bytes || memcmp(expected.data, names.data, names.bytes) != 0)
            fail_msg("%s: columns are named\n%.*snot\n%.*s", file.data, (int)names.bytes,
                     names.data, (int)expected.bytes, expected.data);
    }
done:
    str_free(&told.first);
    str_free(&file);
    str_free(&names);
    str_free(&expected);
    str_free(&out);
}

static void import_does_what_sqlite3_does(void **state)
{
    const char         *folder = corpus_folder();
    struct expectations e;
    char                path[4300], before[4096];

    (void)state;
    if (folder == NULL) {
        print_message(
            "skipped: no ../shared/csv beside the source tree, and STOA_SHARED is not set\n");
        skip();
    }
    e = expectations_read(folder);
    assert_int_equal(e.count, SQLITE_FILES);
    assert_non_null(getcwd(before, sizeof before));
    snprintf(path, sizeof path, "%sfiles", folder);
    assert_int_equal(chdir(path), 0); /* messages name the file as it was given */
    for (size_t i = 0; i < e.count; i++) {
        import_equals_sqlite(e.lines[i], 2048, true);
        import_equals_sqlite(e.lines[i], 1, true);
        import_equals_sqlite(e.lines[i], 2048, false);
        import_equals_sqlite(e.lines[i], 7, false);
    }
    assert_int_equal(chdir(before), 0);
    free(e.lines);
    free(e.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detection_agrees_with_duckdb),
        cmocka_unit_test(import_does_what_sqlite3_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
