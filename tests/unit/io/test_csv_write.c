/* test_csv_write.c - COPY TO: what is written reads back as it was. */
#include "csv_help.h"
#include "io/csv_write.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h> /* last: its fail is a macro */

enum { ROWS = 7, COLUMNS = 3 };

static const char *const names[COLUMNS] = {"id", "te,xt", "r"};

/* NULLs, quotes, line ends, blanks, an empty text, a dead row (number 5). */
static void rows_write(struct csv_writer *writer, struct error *err)
{
    static const char *const texts[ROWS] = {"plain", "a,b",  "say \"hi\"", "two\nlines",
                                            "",      "dead", " blank "};
    struct value             cells[ROWS];
    int64_t                  ids[ROWS];
    double                   reals[ROWS];
    uint64_t                 valid = 0x77; /* row 3 is NULL */
    struct vector            vectors[COLUMNS];
    const struct vector     *columns[COLUMNS] = {&vectors[0], &vectors[1], &vectors[2]};
    struct selection         sel;
    uint64_t                 alive = 0x5f;

    for (int i = 0; i < ROWS; i++) {
        cells[i] = value_text(texts[i], strlen(texts[i]));
        ids[i] = i - 2;
        reals[i] = i / 4.0;
    }
    vectors[0] = (struct vector){.type = PHYS_I64, .count = ROWS, .values = ids};
    vectors[1] = (struct vector){.type = PHYS_TEXT, .count = ROWS, .values = cells};
    vectors[2] = (struct vector){.type = PHYS_F64, .count = ROWS, .values = reals, .valid = &valid};
    selection_bits(&sel, ROWS, &alive);
    assert_int_equal(csv_writer_write(writer, columns, &sel, err), STATUS_OK);
}

static void write_file(const char *path, uint32_t option_count, const char *const *option_names,
                       const struct value *option_values, bool commit)
{
    struct csv_write_desc desc = {path, COLUMNS, names, option_count, option_names, option_values};
    struct csv_writer    *writer;
    struct memory         memory;
    struct error          err;

    memory_init(&memory, 0);
    assert_int_equal(csv_writer_open(&desc, &memory, &writer, &err), STATUS_OK);
    rows_write(writer, &err);
    assert_int_equal(csv_writer_close(writer, commit, &err), STATUS_OK);
    assert_int_equal(memory.used, 0);
}

static const char *new_name(const char *end)
{
    static char name[80];

    snprintf(name, sizeof name, "%s%s", file_make("", 0, false), end);
    return name;
}

static void assert_file(const char *path, const char *text)
{
    char   got[4096];
    FILE  *file = fopen(path, "r");
    size_t bytes;

    assert_non_null(file);
    bytes = fread(got, 1, sizeof got - 1, file);
    got[bytes] = '\0';
    fclose(file);
    assert_string_equal(got, text);
}

static void fields_are_quoted_where_needed(void **state)
{
    const char *path = new_name("");

    (void)state;
    write_file(path, 0, NULL, NULL, true);
    assert_file(path, "id,\"te,xt\",r\n-2,plain,0.0\n-1,\"a,b\",0.25\n0,\"say \"\"hi\"\"\",0.5\n"
                      "1,\"two\nlines\",\n2,\"\",1.0\n4,\" blank \",1.5\n");
    unlink(path);
}

static void options_change_the_form(void **state)
{
    static const char *const option_names[] = {"DELIMITER", "header", "NULL", "quote"};
    struct value values[] = {value_text("|", 1), value_text("false", 5), value_text("NA", 2),
                             value_text("'", 1)};
    const char  *path = new_name("");

    (void)state;
    write_file(path, 4, option_names, values, true);
    assert_file(path, "-2|plain|0.0\n-1|a,b|0.25\n0|say \"hi\"|0.5\n1|'two\nlines'|NA\n2|''|1.0\n"
                      "4|' blank '|1.5\n");
    unlink(path);
}

static void a_file_reads_back(void **state)
{
    static const char *const ends[] = {"", ".gz"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *path = new_name(ends[i]);
        struct str  out, types;

        str_init(&out, NULL);
        str_init(&types, NULL);
        write_file(path, 0, NULL, NULL, true);
        module_read(&csv_source_module, NULL, path, NULL, 2048, true, &types, &out);
        assert_string_equal(str_end(&types), "id INTEGER, te,xt TEXT, r REAL");
        assert_string_equal(str_end(&out),
                            "-2\t'plain'\t0.0\n-1\t'a,b'\t0.25\n0\t'say \"hi\"'\t0.5\n"
                            "1\t'two\\nlines'\t\\N\n2\t''\t1.0\n4\t' blank '\t1.5\n");
        str_free(&out);
        str_free(&types);
        unlink(path);
    }
}

static void what_is_given_up_leaves_the_old_file(void **state)
{
    char path[80];

    (void)state;
    snprintf(path, sizeof path, "%s", file_make("old", 3, false));
    write_file(path, 0, NULL, NULL, false);
    assert_file(path, "old");
    unlink(path);
}

static void bad_places_and_options_are_errors(void **state)
{
    static const char *const option_names[] = {"nosuch"};
    struct value             value = value_int(1);
    struct csv_write_desc    desc = {"/nonexistent/x.csv", COLUMNS, names, 0, NULL, NULL};
    struct csv_writer       *writer;
    struct error             err;

    (void)state;
    assert_int_equal(csv_writer_open(&desc, NULL, &writer, &err), STATUS_CANTOPEN);
    desc.option_count = 1;
    desc.option_names = option_names;
    desc.option_values = &value;
    assert_int_equal(csv_writer_open(&desc, NULL, &writer, &err), STATUS_ERROR);
    assert_string_equal(err.text, "no such CSV option: nosuch");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_quoted_where_needed),
        cmocka_unit_test(options_change_the_form),
        cmocka_unit_test(a_file_reads_back),
        cmocka_unit_test(what_is_given_up_leaves_the_old_file),
        cmocka_unit_test(bad_places_and_options_are_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
