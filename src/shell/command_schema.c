/* command_schema.c - commands that look at the catalog: .tables .indexes .schema .databases .dump.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "shell/output.h"

static int report(struct shell *shell)
{
    fflush(shell->out);
    fprintf(stderr, "Error: %s\n", stoa_errmsg(shell->db));
    return 1;
}

/* --- names in columns
 * -------------------------------------------------------------------------------- */
struct names {
    int    count, capacity;
    char **items;
};

static void names_add(struct names *names, const char *name)
{
    if (names->count == names->capacity) {
        names->capacity = names->capacity * 2 + 32;
        names->items =
            checked_realloc(names->items, (size_t)names->capacity * sizeof *names->items);
    }
    names->items[names->count++] = text_copy(name);
}

static void names_free(struct names *names)
{
    for (int i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
}

/* Down the columns, as ls prints, within 80 characters. */
static void names_print(struct shell *shell, const struct names *names)
{
    enum { LINE_WIDTH = 80 };
    int width = 0, columns, rows;

    for (int i = 0; i < names->count; i++) {
        int length = (int)strlen(names->items[i]);

        width = length > width ? length : width;
    }
    columns = LINE_WIDTH / (width + 2);
    columns = columns < 1 ? 1 : columns;
    rows = (names->count + columns - 1) / columns;
    for (int row = 0; row < rows; row++) {
        for (int i = row; i < names->count; i += rows)
            fprintf(shell->out, "%s%-*s", i < rows ? "" : "  ", width, names->items[i]);
        fputc('\n', shell->out);
    }
}

static int print_names(struct shell *shell, const char *sql, const char *pattern)
{
    struct names names = {0};
    stoa_stmt   *stmt = NULL;
    int          rc;

    if (stoa_prepare(shell->db, sql, -1, &stmt, NULL) != STOA_OK)
        return report(shell);
    stoa_bind_text(stmt, 1, pattern, -1, STOA_STATIC);
    while (stoa_step(stmt) == STOA_ROW)
        names_add(&names, stoa_column_text(stmt, 0));
    rc = stoa_finalize(stmt) == STOA_OK ? 0 : report(shell);
    names_print(shell, &names);
    names_free(&names);
    return rc;
}

int command_tables(struct shell *shell, int count, char **words)
{
    return print_names(
        shell,
        "SELECT name FROM sqlite_schema WHERE type IN ('table','view') AND name NOT LIKE "
        "'sqlite_%' "
        "AND name LIKE ?1 UNION ALL SELECT 'temp.' || name FROM sqlite_temp_schema "
        "WHERE type IN ('table','view') AND name NOT LIKE 'sqlite_%' AND name LIKE ?1 ORDER BY 1",
        count > 1 ? words[1] : "%");
}

int command_indexes(struct shell *shell, int count, char **words)
{
    if (count > 2) {
        fputs("Usage: .indexes ?LIKE-PATTERN?\n", stderr);
        return 1;
    }
    return print_names(shell,
                       "SELECT name FROM sqlite_schema WHERE type='index' AND tbl_name LIKE ?1 "
                       "ORDER BY 1",
                       count > 1 ? words[1] : "%");
}

int command_databases(struct shell *shell, int count, char **words)
{
    (void)count;
    (void)words;
    fputs("main: \"\" r/w\n", shell->out);
    return 0;
}

/* --- .schema
 * --------------------------------------------------------------------------------------------- */
/* As sqlite3 prints it: a table with a quoted name gets IF NOT EXISTS. */
static void print_create(struct shell *shell, const char *sql, const char *end)
{
    static const char head[] = "CREATE TABLE ";
    size_t            length = sizeof head - 1;

    if (strncasecmp(sql, head, length) == 0 && (sql[length] == '"' || sql[length] == '\''))
        fprintf(shell->out, "CREATE TABLE IF NOT EXISTS %s%s", sql + length, end);
    else
        fprintf(shell->out, "%s%s", sql, end);
}

/* The same for a temporary object: its name gets its schema. */
static void print_temporary(struct shell *shell, const char *sql)
{
    static const char *const heads[] = {"CREATE TABLE ", "CREATE VIEW ", "CREATE INDEX ",
                                        "CREATE UNIQUE INDEX ", "CREATE TRIGGER "};

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        size_t length = strlen(heads[i]);

        if (strncasecmp(sql, heads[i], length) == 0) {
            fprintf(shell->out, "%.*stemp.%s", (int)length, sql, sql + length);
            return;
        }
    }
    fputs(sql, shell->out);
}

/* --- .schema --indent --------------------------------------------------------------------------
 */
/* Where the quoted name, text or comment that begins at p ends; p itself if none does. */
static const char *quoted_end(const char *p)
{
    char        quote = *p == '[' ? ']' : *p;
    const char *end;

    if (p[0] == '-' && p[1] == '-')
        return p + strcspn(p, "\n");
    if (p[0] == '/' && p[1] == '*') {
        end = strstr(p + 2, "*/");
        return end == NULL ? p + strlen(p) : end + 2;
    }
    if (strchr("\"'`[", *p) == NULL)
        return p;
    for (end = p + 1; *end != '\0' && *end != quote; end++)
        ;
    return *end == '\0' ? end : end + 1;
}

/* Runs of blanks as one, none beside parentheses; a line's end stays, for it may end a comment. */
static void squeeze(const char *sql, struct text *out)
{
    for (const char *p = sql; *p != '\0';) {
        const char *end = quoted_end(p);
        char        last = out->bytes > 0 ? out->data[out->bytes - 1] : '(';

        if (end > p) {
            text_add(out, p, (size_t)(end - p));
            p = end;
            continue;
        }
        if (isspace((unsigned char)*p)) {
            if (last != '(' && !isspace((unsigned char)last))
                text_add(out, *p == '\n' ? "\n" : " ", 1);
        } else {
            if ((*p == '(' || *p == ')') && last == ' ')
                out->bytes--;
            text_add(out, p, 1);
        }
        p++;
    }
    while (out->bytes > 0 && isspace((unsigned char)out->data[out->bytes - 1]))
        out->bytes--;
    if (out->bytes > 0)
        out->data[out->bytes] = '\0';
}

/* Only blanks or a comment up to the end of the line. */
static bool ends_line(const char *p)
{
    while (*p == ' ' || *p == '\t')
        p++;
    return *p == '\n' || (p[0] == '-' && p[1] == '-');
}

/* A long statement with the columns of a table or index on lines of their own. */
static void print_indented(struct shell *shell, const char *sql)
{
    enum { ONE_LINE_MAX = 78 };
    struct text flat = {0}, out = {0};
    int         depth = 0;
    bool        broken = false;

    squeeze(sql, &flat);
    for (const char *p = flat.data; *p != '\0';) {
        const char *end = quoted_end(p);

        if (end > p) {
            text_add(&out, p, (size_t)(end - p));
            p = end;
            continue;
        }
        depth += *p == '(';
        depth -= *p == ')';
        if (*p == ')' && depth == 0 && broken && out.data[out.bytes - 1] != '\n')
            text_add(&out, "\n", 1);
        if (*p != '\n' || depth != 1)
            text_add(&out, p, 1);
        if (depth == 1 &&
            (*p == '(' || *p == '\n' || (*p == ',' && p[1] != '\0' && !ends_line(p + 1)))) {
            broken = true;
            while (isspace((unsigned char)p[1]))
                p++;
            text_puts(&out, p[1] == ')' ? "\n" : "\n  ");
        }
        p++;
    }
    fputs(flat.bytes > ONE_LINE_MAX ? out.data : flat.data, shell->out);
    text_free(&flat);
    text_free(&out);
}

/* The comment behind a view that tells its columns. */
static void print_view_columns(struct shell *shell, const char *name)
{
    struct text sql = {0}, list = {0};
    stoa_stmt  *stmt = NULL;

    text_puts(&sql, "SELECT * FROM ");
    name_add(&sql, name);
    if (stoa_prepare(shell->db, sql.data, -1, &stmt, NULL) == STOA_OK) {
        for (int c = 0; c < stoa_column_count(stmt); c++) {
            text_puts(&list, c > 0 ? "," : "");
            name_add(&list, stoa_column_name(stmt, c));
        }
        name_add(&list, "");
        list.bytes -= 2; /* the quotes of the empty name */
        list.data[list.bytes] = '\0';
        sql.bytes = 0;
        name_add(&sql, name);
        fprintf(shell->out, "\n/* %s(%s) */", sql.data, list.data);
    }
    stoa_finalize(stmt);
    text_free(&sql);
    text_free(&list);
}

static int print_schema(struct shell *shell, const char *pattern, bool indent)
{
    static const char query[] =
        "SELECT type, name, sql, 0 FROM sqlite_schema WHERE sql IS NOT NULL "
        "AND (?1 IS NULL OR lower(tbl_name) LIKE ?1) "
        "UNION ALL SELECT type, name, sql, 1 FROM sqlite_temp_schema "
        "WHERE sql IS NOT NULL AND (?1 IS NULL OR lower(tbl_name) LIKE ?1)";
    static const char globbed[] =
        "SELECT type, name, sql, 0 FROM sqlite_schema WHERE sql IS NOT NULL "
        "AND lower(tbl_name) GLOB ?1 "
        "UNION ALL SELECT type, name, sql, 1 FROM sqlite_temp_schema "
        "WHERE sql IS NOT NULL AND lower(tbl_name) GLOB ?1";
    bool       glob = pattern != NULL && strpbrk(pattern, "*?[") != NULL;
    stoa_stmt *stmt = NULL;

    if (stoa_prepare(shell->db, glob ? globbed : query, -1, &stmt, NULL) != STOA_OK)
        return report(shell);
    if (pattern != NULL)
        stoa_bind_text(stmt, 1, pattern, -1, STOA_STATIC);
    while (stoa_step(stmt) == STOA_ROW) {
        if (stoa_column_int(stmt, 3))
            print_temporary(shell, stoa_column_text(stmt, 2));
        else if (indent && strcmp(stoa_column_text(stmt, 0), "view") != 0)
            print_indented(shell, stoa_column_text(stmt, 2));
        else
            print_create(shell, stoa_column_text(stmt, 2), "");
        if (strcmp(stoa_column_text(stmt, 0), "view") == 0)
            print_view_columns(shell, stoa_column_text(stmt, 1));
        fputs(";\n", shell->out);
    }
    return stoa_finalize(stmt) == STOA_OK ? 0 : report(shell);
}

int command_schema(struct shell *shell, int count, char **words)
{
    const char *pattern = NULL;
    char       *lowered = NULL;
    bool        indent = false;
    int         rc;

    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--indent") == 0 || strcmp(words[i], "-indent") == 0) {
            indent = true;
            continue;
        }
        if (strcmp(words[i], "--nosys") == 0 || strcmp(words[i], "-nosys") == 0)
            continue; /* no table's name may begin with sqlite_ */
        if (words[i][0] == '-') {
            fprintf(stderr, "Unknown option: \"%s\"\n", words[i]);
            return 1;
        }
        if (pattern != NULL) {
            fputs("Usage: .schema ?--indent? ?--nosys? ?LIKE-PATTERN?\n", stderr);
            return 1;
        }
        pattern = words[i];
    }
    if (pattern != NULL &&
        (same_name(pattern, "sqlite_schema") || same_name(pattern, "sqlite_master"))) {
        fprintf(shell->out,
                "CREATE TABLE %s (\n  type text,\n  name text,\n  tbl_name text,\n  rootpage "
                "integer,\n  sql text\n);\n",
                pattern);
        return 0;
    }
    if (pattern != NULL) {
        lowered = text_copy(pattern);
        for (char *p = lowered; *p != '\0'; p++)
            *p = (char)tolower((unsigned char)*p);
    }
    rc = print_schema(shell, lowered, indent);
    free(lowered);
    return rc;
}

/* --- .dump
 * ----------------------------------------------------------------------------------------------------
 */
static int dump_rows(struct shell *shell, const char *table)
{
    struct text sql = {0}, quoted = {0};
    stoa_stmt  *stmt = NULL;
    char       *kept_table = shell->insert_table;
    bool        kept_header = shell->show_header;
    int         rc = STOA_OK;

    name_add(&quoted, table);
    text_puts(&sql, "SELECT * FROM ");
    text_puts(&sql, quoted.data);
    if (stoa_prepare(shell->db, sql.data, -1, &stmt, NULL) == STOA_OK) {
        shell->insert_table = quoted.data;
        shell->show_header = false;
        rc = output_rows(shell, stmt, MODE_INSERT);
        shell->insert_table = kept_table;
        shell->show_header = kept_header;
    }
    stoa_finalize(stmt);
    text_free(&sql);
    text_free(&quoted);
    return rc == STOA_DONE ? 0 : report(shell);
}

static int dump_objects(struct shell *shell, const char *where, const char *pattern, bool rows)
{
    struct text sql = {0};
    stoa_stmt  *stmt = NULL;
    int         rc = 0;

    text_printf(&sql,
                "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND %s "
                "AND name LIKE ?1",
                where);
    if (stoa_prepare(shell->db, sql.data, -1, &stmt, NULL) != STOA_OK) {
        text_free(&sql);
        return report(shell);
    }
    stoa_bind_text(stmt, 1, pattern, -1, STOA_STATIC);
    while (rc == 0 && stoa_step(stmt) == STOA_ROW) {
        print_create(shell, stoa_column_text(stmt, 1), ";\n");
        if (rows)
            rc = dump_rows(shell, stoa_column_text(stmt, 0));
    }
    stoa_finalize(stmt);
    text_free(&sql);
    return rc;
}

int command_dump(struct shell *shell, int count, char **words)
{
    int rc = 0;

    fputs("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", shell->out);
    for (int i = 1; i < (count == 1 ? 2 : count) && rc == 0; i++)
        rc = dump_objects(shell, "type = 'table'", count == 1 ? "%" : words[i], true);
    for (int i = 1; i < (count == 1 ? 2 : count) && rc == 0; i++)
        rc = dump_objects(shell, "type <> 'table'", count == 1 ? "%" : words[i], false);
    fputs(rc == 0 ? "COMMIT;\n" : "ROLLBACK; -- due to errors\n", shell->out);
    return rc;
}
