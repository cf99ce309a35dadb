/* test_csv_sql.c - CSV through SQL: COPY, read_csv, FROM 'file', rejects, what a failed load
 * leaves. */
#include "csv_help.h"
#include "stoa.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h> /* last: its fail is a macro */

static int row_add(void *out, int count, char **values, char **names)
{
    (void)names;
    for (int i = 0; i < count; i++) {
        if (i > 0)
            str_char(out, '|');
        str_text(out, values[i] != NULL ? values[i] : "NULL");
    }
    str_char(out, '\n');
    return 0;
}

/* Runs sql, in which %s is the path, and compares its rows, or its error if want begins with !. */
static void check(stoa_db *db, const char *path, const char *sql, const char *want)
{
    struct str statement, out;
    char      *message = NULL;

    str_init(&statement, NULL);
    str_init(&out, NULL);
    for (; *sql != '\0'; sql++) {
        if (sql[0] == '%' && sql[1] == 's') {
            str_text(&statement, path);
            sql++;
        } else {
            str_char(&statement, *sql);
        }
    }
    stoa_exec(db, str_end(&statement), row_add, &out, &message);
    if (want[0] == '!') {
        assert_non_null(message);
        if (strstr(message, want + 1) == NULL)
            fail_msg("%s: %s", statement.data, message);
    } else {
        if (message != NULL)
            fail_msg("%s: %s", statement.data, message);
        assert_string_equal(str_end(&out), want);
    }
    stoa_free(message);
    str_free(&statement);
    str_free(&out);
}

struct fixture {
    stoa_db *db;
    char     path[64];
};

static struct fixture begin(const char *text)
{
    struct fixture f;

    assert_int_equal(stoa_open(":memory:", &f.db), STOA_OK);
    snprintf(f.path, sizeof f.path, "%s", file_make(text, strlen(text), false));
    return f;
}

static void end(struct fixture *f)
{
    assert_int_equal(stoa_close(f->db), STOA_OK);
    unlink(f->path);
}

static void a_file_is_a_table(void **state)
{
    struct fixture f = begin("id,name,score\n1,ann,2.5\n2,\"b, c\",\n3,x,7\n");

    (void)state;
    check(f.db, f.path, "SELECT * FROM '%s'", "1|ann|2.5\n2|b, c|NULL\n3|x|7.0\n");
    check(f.db, f.path, "SELECT name, typeof(score) FROM read_csv('%s') WHERE id > 1",
          "b, c|null\nx|real\n");
    check(f.db, f.path, "SELECT sum(score), count(*) FROM read_csv('%s', delim = ',')", "9.5|3\n");
    check(f.db, f.path,
          "CREATE TABLE t AS SELECT * FROM read_csv('%s'); SELECT *, typeof(id) FROM t",
          "1|ann|2.5|integer\n2|b, c|NULL|integer\n3|x|7.0|integer\n");
    check(f.db, f.path, "SELECT a.name FROM '%s' a JOIN '%s' b ON a.id = b.id + 1 ORDER BY 1",
          "b, c\nx\n");
    check(f.db, f.path, "SELECT * FROM read_csv('%s', nosuch = 1)", "!no such CSV option: nosuch");
    check(f.db, f.path, "SELECT * FROM '%s.none.csv'", "!cannot open");
    end(&f);
}

static void copy_fills_a_table_by_affinity(void **state)
{
    struct fixture f = begin("id,name,score\n1,007,2.50\n2,\"b, c\",\n3,x,7\n");

    (void)state;
    check(f.db, f.path, "CREATE TABLE t(id INT, name TEXT, score NUMERIC); COPY t FROM '%s'", "");
    check(f.db, f.path, "SELECT *, typeof(score) FROM t",
          "1|007|2.5|real\n2|b, c||text\n3|x|7|integer\n");
    check(f.db, f.path, "DELETE FROM t; COPY t(name, id, score) FROM '%s' (HEADER true, NULL '')",
          "");
    check(f.db, f.path, "SELECT id, typeof(id), name, score FROM t",
          "7|integer|1|2.5\nb, c|text|2|NULL\nx|text|3|7\n");
    check(f.db, f.path, "CREATE TABLE k(id INTEGER PRIMARY KEY, name TEXT UNIQUE, score DEFAULT 5)",
          "");
    check(f.db, f.path, "COPY k FROM '%s'; SELECT rowid, name FROM k", "1|007\n2|b, c\n3|x\n");
    check(f.db, f.path, "COPY k FROM '%s'", "!UNIQUE constraint failed");
    check(f.db, f.path, "SELECT count(*) FROM k", "3\n");
    check(f.db, f.path, "CREATE TABLE two(a, b); COPY two FROM '%s'",
          "!line 1: expected 2 fields but found 3");
    check(f.db, f.path, "COPY nosuch FROM '%s'", "!no such table: nosuch");
    end(&f);
}

static void a_failed_load_leaves_nothing(void **state)
{
    struct fixture f;
    struct str     text;

    (void)state;
    str_init(&text, NULL);
    str_text(&text, "a,b\n");
    for (int i = 0; i < 50000; i++)
        str_printf(&text, "%d,some words\n", i);
    str_text(&text, "1,2,3\n");
    f = begin(str_end(&text));
    str_free(&text);
    check(f.db, f.path, "CREATE TABLE t(a INT, b TEXT); INSERT INTO t VALUES(1, 'kept')", "");
    check(f.db, f.path, "COPY t FROM '%s'", "!line 50002: expected 2 fields but found 3");
    check(f.db, f.path, "SELECT * FROM t", "1|kept\n");
    check(f.db, f.path, "BEGIN; INSERT INTO t VALUES(2, 'kept too')", "");
    check(f.db, f.path, "COPY t FROM '%s'", "!line 50002");
    check(f.db, f.path, "COMMIT; SELECT * FROM t", "1|kept\n2|kept too\n");
    check(f.db, f.path, "CREATE TABLE c AS SELECT * FROM '%s'", "!line 50002");
    check(f.db, f.path, "SELECT count(*) FROM sqlite_schema", "1\n");
    check(f.db, f.path, "COPY t FROM '%s' (IGNORE_ERRORS true); SELECT count(*) FROM t", "50002\n");
    end(&f);
}

static void rejects_go_to_a_table(void **state)
{
    struct fixture f = begin("id,name\n1,ann\n2\n3,x,7\n4,\"q\"z\n5,eve\n");

    (void)state;
    check(f.db, f.path,
          "CREATE TABLE t(id INT, name TEXT); COPY t FROM '%s' (QUOTE '\"', REJECTS 'bad')", "");
    check(f.db, f.path, "SELECT * FROM t", "1|ann\n5|eve\n");
    check(f.db, f.path, "SELECT line, \"column\", raw FROM bad",
          "3|2|2\n4|3|3,x,7\n5|NULL|4,\"q\"z\n");
    check(f.db, f.path, "COPY t FROM '%s' (QUOTE '\"', REJECTS 'bad'); SELECT count(*) FROM bad",
          "6\n");
    check(f.db, f.path,
          "SELECT line, reason FROM csv_rejects('%s', delim = ',', quote = '\"', names = 'a,b') "
          "WHERE \"column\" IS NOT NULL",
          "3|expected 2 fields but found 1\n4|expected 2 fields but found 3\n");
    check(f.db, f.path, "SELECT * FROM read_csv('%s', rejects = 'bad2')",
          "!it needs a statement that writes");
    check(f.db, f.path, "BEGIN; COPY t FROM '%s' (REJECTS 'other'); ROLLBACK; SELECT * FROM other",
          "!no such table: other");
    end(&f);
}

static void what_is_written_reads_back(void **state)
{
    struct fixture f = begin("");

    (void)state;
    check(f.db, f.path,
          "CREATE TABLE t(a, b); INSERT INTO t VALUES(1, 'x,\"y\"'), (NULL, 'two\nlines'), (2.5, "
          "'')",
          "");
    check(f.db, f.path, "COPY (SELECT b, a FROM t) TO '%s'; SELECT * FROM '%s'",
          "x,\"y\"|1.0\ntwo\nlines|NULL\n|2.5\n");
    check(f.db, f.path, "COPY (SELECT 1 WHERE 0) TO '/nonexistent/x.csv'", "!cannot open");
    end(&f);
}

static void import_csv_reads_as_sqlite3(void **state)
{
    struct fixture f = begin("a,b\n1,x\n2\n3,y,z\n");

    (void)state;
    check(f.db, f.path, "SELECT *, typeof(c1) FROM import_csv('%s', 2)",
          "a|b|text\n1|x|text\n2|NULL|text\n3|y|text\n");
    check(f.db, f.path, "SELECT c2 FROM import_csv('%s', 3, header = 1)", "x\nNULL\ny\n");
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_a_table),
        cmocka_unit_test(copy_fills_a_table_by_affinity),
        cmocka_unit_test(a_failed_load_leaves_nothing),
        cmocka_unit_test(rejects_go_to_a_table),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(import_csv_reads_as_sqlite3),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
