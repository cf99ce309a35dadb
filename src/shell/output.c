/* output.c - the modes that print a row as it comes: list, csv, line, quote, insert, json, html. */
#include "shell/output.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* --- pieces of text
 * ------------------------------------------------------------------------------- */
static bool is_keyword(const char *name)
{
    static const char *const words[] = {
        "add",      "all",     "alter",    "and",       "as",         "between",    "by",
        "case",     "check",   "collate",  "commit",    "constraint", "create",     "cross",
        "default",  "delete",  "distinct", "drop",      "else",       "escape",     "except",
        "exists",   "foreign", "from",     "full",      "group",      "having",     "in",
        "index",    "inner",   "insert",   "intersect", "into",       "is",         "isnull",
        "join",     "left",    "limit",    "natural",   "not",        "notnull",    "null",
        "on",       "or",      "order",    "outer",     "primary",    "references", "right",
        "rollback", "select",  "set",      "table",     "then",       "to",         "transaction",
        "union",    "unique",  "update",   "using",     "values",     "when",       "where"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (same_name(name, words[i]))
            return true;
    return false;
}

void name_add(struct text *out, const char *name)
{
    bool plain = isalpha((unsigned char)name[0]) || name[0] == '_';

    for (const char *p = name; *p != '\0' && plain; p++)
        plain = isalnum((unsigned char)*p) || *p == '_';
    if (plain && !is_keyword(name)) {
        text_puts(out, name);
        return;
    }
    text_add(out, "\"", 1);
    for (const char *p = name; *p != '\0'; p++) {
        if (*p == '"')
            text_add(out, "\"", 1);
        text_add(out, p, 1);
    }
    text_add(out, "\"", 1);
}

static void single_quoted(struct text *out, const char *string)
{
    text_add(out, "'", 1);
    for (const char *p = string; *p != '\0'; p++) {
        if (*p == '\'')
            text_add(out, "'", 1);
        text_add(out, p, 1);
    }
    text_add(out, "'", 1);
}

/* A text that does not occur in string, to stand for a newline: first, else (first with a number).
 */
static void stand_in(const char *string, const char *first, char out[32])
{
    snprintf(out, 32, "%s", first);
    for (int i = 0; strstr(string, out) != NULL; i++)
        snprintf(out, 32, "(%s%d)", first, i);
}

static void replaced(struct text *out, const char *string, char c, const char *with)
{
    for (const char *p = string; *p != '\0'; p++) {
        if (*p == c)
            text_puts(out, with);
        else
            text_add(out, p, 1);
    }
}

void quoted_add(struct text *out, const char *string, bool escape)
{
    struct text body = {0}, without_cr = {0};
    char        nl[32], cr[32];
    bool        has_nl = strchr(string, '\n') != NULL, has_cr = strchr(string, '\r') != NULL;

    if (!escape || (!has_nl && !has_cr)) {
        single_quoted(out, string);
        return;
    }
    stand_in(string, "\\n", nl);
    stand_in(string, "\\r", cr);
    if (has_nl)
        text_puts(out, "replace(");
    if (has_cr)
        text_puts(out, "replace(");
    replaced(&without_cr, string, '\r', cr);
    replaced(&body, without_cr.data == NULL ? "" : without_cr.data, '\n', nl);
    single_quoted(out, body.data == NULL ? "" : body.data);
    if (has_cr)
        text_printf(out, ",'%s',char(13))", cr);
    if (has_nl)
        text_printf(out, ",'%s',char(10))", nl);
    text_free(&body);
    text_free(&without_cr);
}

static void hex_add(struct text *out, const void *blob, int64_t bytes)
{
    static const char    digits[] = "0123456789abcdef";
    const unsigned char *p = blob;

    for (int64_t i = 0; i < bytes; i++) {
        text_add(out, &digits[p[i] >> 4], 1);
        text_add(out, &digits[p[i] & 15], 1);
    }
}

/* In sqlite3's quote and insert modes an X stands before blobs, in quoted columns an x. */
static void literal_put(struct text *out, stoa_stmt *stmt, int column, bool escape,
                        const char *blob_mark)
{
    char real[REAL_TEXT_CAP];

    switch (stoa_column_type(stmt, column)) {
    case STOA_NULL:
        text_puts(out, "NULL");
        break;
    case STOA_FLOAT:
        real_text(stoa_column_double(stmt, column), real);
        text_puts(out, real);
        break;
    case STOA_TEXT:
        quoted_add(out, stoa_column_text(stmt, column), escape);
        break;
    case STOA_BLOB:
        text_puts(out, blob_mark);
        text_puts(out, "'");
        hex_add(out, stoa_column_blob(stmt, column), stoa_column_bytes(stmt, column));
        text_add(out, "'", 1);
        break;
    default:
        text_puts(out, stoa_column_text(stmt, column));
    }
}

void literal_add(struct text *out, stoa_stmt *stmt, int column)
{
    literal_put(out, stmt, column, false, "x");
}

static void json_add(struct text *out, const char *string, int64_t bytes)
{
    static const char special[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";

    text_add(out, "\"", 1);
    for (int64_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)string[i];
        const char   *at = c == '\0' ? NULL : strchr(special, c);

        if (at != NULL) {
            text_add(out, "\\", 1);
            text_add(out, &letters[at - special], 1);
        } else if (c < ' ' || c == 0x7f) {
            text_printf(out, "\\u%04x", c);
        } else {
            text_add(out, string + i, 1);
        }
    }
    text_add(out, "\"", 1);
}

void c_string_add(struct text *out, const char *string)
{
    static const char special[] = "\n\r\t\"\\", letters[] = "nrt\"\\";

    text_add(out, "\"", 1);
    for (const char *p = string; *p != '\0'; p++) {
        const char *at = strchr(special, *p);

        if (at != NULL) {
            text_add(out, "\\", 1);
            text_add(out, &letters[at - special], 1);
        } else if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f) {
            text_printf(out, "\\%03o", (unsigned char)*p);
        } else {
            text_add(out, p, 1);
        }
    }
    text_add(out, "\"", 1);
}

static void html_add(struct text *out, const char *string)
{
    for (const char *p = string; *p != '\0'; p++) {
        switch (*p) {
        case '<':
            text_puts(out, "&lt;");
            break;
        case '>':
            text_puts(out, "&gt;");
            break;
        case '&':
            text_puts(out, "&amp;");
            break;
        case '"':
            text_puts(out, "&quot;");
            break;
        case '\'':
            text_puts(out, "&#39;");
            break;
        default:
            text_add(out, p, 1);
        }
    }
}

/* As sqlite3 does it: quotes around what has a control character, a blank, a quote, a byte beyond
 * ASCII or the separator, and around the empty text. */
static void csv_add(struct text *out, const char *string, const char *separator)
{
    bool quote = string[0] == '\0' || strstr(string, separator) != NULL;

    for (const char *p = string; *p != '\0' && !quote; p++) {
        unsigned char c = (unsigned char)*p;

        quote = c <= ' ' || c == '"' || c == '\'' || c >= 0x7f;
    }
    if (!quote) {
        text_puts(out, string);
        return;
    }
    text_add(out, "\"", 1);
    for (const char *p = string; *p != '\0'; p++) {
        if (*p == '"')
            text_add(out, "\"", 1);
        text_add(out, p, 1);
    }
    text_add(out, "\"", 1);
}

/* --- rows
 * --------------------------------------------------------------------------------------------- */
static const char *cell_text(struct shell *shell, stoa_stmt *stmt, int column)
{
    const char *text = stoa_column_text(stmt, column);

    return text == NULL ? shell->null_value : text;
}

static void row_list(struct shell *shell, stoa_stmt *stmt, struct text *out, bool header)
{
    int columns = stoa_column_count(stmt);

    for (int c = 0; c < columns; c++) {
        if (c > 0)
            text_puts(out, shell->column_separator);
        text_puts(out, header ? stoa_column_name(stmt, c) : cell_text(shell, stmt, c));
    }
    text_puts(out, shell->row_separator);
}

static void row_csv(struct shell *shell, stoa_stmt *stmt, struct text *out, bool header)
{
    int columns = stoa_column_count(stmt);

    for (int c = 0; c < columns; c++) {
        const char *cell = header ? stoa_column_name(stmt, c) : stoa_column_text(stmt, c);

        if (c > 0)
            text_puts(out, shell->column_separator);
        if (cell == NULL)
            text_puts(out, shell->null_value);
        else
            csv_add(out, cell, shell->column_separator);
    }
    text_puts(out, shell->row_separator);
}

static void row_tcl(struct shell *shell, stoa_stmt *stmt, struct text *out, bool header)
{
    int columns = stoa_column_count(stmt);

    for (int c = 0; c < columns; c++) {
        c_string_add(out, header ? stoa_column_name(stmt, c) : cell_text(shell, stmt, c));
        if (c + 1 < columns)
            text_puts(out, shell->column_separator);
    }
    text_puts(out, shell->row_separator);
}

static void row_quote(struct shell *shell, stoa_stmt *stmt, struct text *out, bool header)
{
    int columns = stoa_column_count(stmt);

    for (int c = 0; c < columns; c++) {
        if (c > 0)
            text_puts(out, shell->column_separator);
        if (header)
            single_quoted(out, stoa_column_name(stmt, c));
        else
            literal_put(out, stmt, c, false, "X");
    }
    text_puts(out, shell->row_separator);
}

static void row_line(struct shell *shell, stoa_stmt *stmt, struct text *out, uint64_t row)
{
    int columns = stoa_column_count(stmt), width = 5;

    for (int c = 0; c < columns; c++) {
        int length = (int)strlen(stoa_column_name(stmt, c));

        width = length > width ? length : width;
    }
    if (row > 0)
        text_puts(out, shell->row_separator);
    for (int c = 0; c < columns; c++) {
        text_printf(out, "%*s = ", width, stoa_column_name(stmt, c));
        text_puts(out, cell_text(shell, stmt, c));
        text_puts(out, shell->row_separator);
    }
}

static void row_insert(struct shell *shell, stoa_stmt *stmt, struct text *out)
{
    int columns = stoa_column_count(stmt);

    text_puts(out, "INSERT INTO ");
    text_puts(out, shell->insert_table == NULL ? "\"table\"" : shell->insert_table);
    for (int c = 0; shell->show_header && c < columns; c++) {
        text_puts(out, c == 0 ? "(" : ",");
        name_add(out, stoa_column_name(stmt, c));
    }
    text_puts(out, shell->show_header ? ") VALUES(" : " VALUES(");
    for (int c = 0; c < columns; c++) {
        if (c > 0)
            text_puts(out, ",");
        literal_put(out, stmt, c, true, "X");
    }
    text_puts(out, ");\n");
}

static void row_json(stoa_stmt *stmt, struct text *out)
{
    int  columns = stoa_column_count(stmt);
    char real[REAL_TEXT_CAP];

    text_add(out, "{", 1);
    for (int c = 0; c < columns; c++) {
        const char *name = stoa_column_name(stmt, c);

        if (c > 0)
            text_add(out, ",", 1);
        json_add(out, name, (int64_t)strlen(name));
        text_add(out, ":", 1);
        switch (stoa_column_type(stmt, c)) {
        case STOA_NULL:
            text_puts(out, "null");
            break;
        case STOA_FLOAT:
            real_text(stoa_column_double(stmt, c), real);
            text_puts(out, real);
            break;
        case STOA_INTEGER:
            text_puts(out, stoa_column_text(stmt, c));
            break;
        case STOA_BLOB:
            json_add(out, stoa_column_blob(stmt, c), stoa_column_bytes(stmt, c));
            break;
        default: {
            const char *cell = stoa_column_text(stmt, c);

            json_add(out, cell, (int64_t)strlen(cell));
        }
        }
    }
    text_add(out, "}", 1);
}

static void row_html(struct shell *shell, stoa_stmt *stmt, struct text *out, bool header)
{
    int columns = stoa_column_count(stmt);

    text_puts(out, "<TR>");
    for (int c = 0; c < columns; c++) {
        text_puts(out, header ? "<TH>" : "<TD>");
        html_add(out, header ? stoa_column_name(stmt, c) : cell_text(shell, stmt, c));
        text_puts(out, header ? "</TH>\n" : "</TD>\n");
    }
    text_puts(out, "</TR>\n");
}

static void row_add(struct shell *shell, stoa_stmt *stmt, enum mode mode, uint64_t row,
                    struct text *out)
{
    bool header = row == 0 && shell->show_header;

    switch (mode) {
    case MODE_CSV:
        if (header)
            row_csv(shell, stmt, out, true);
        row_csv(shell, stmt, out, false);
        break;
    case MODE_LINE:
        row_line(shell, stmt, out, row);
        break;
    case MODE_QUOTE:
        if (header)
            row_quote(shell, stmt, out, true);
        row_quote(shell, stmt, out, false);
        break;
    case MODE_INSERT:
        row_insert(shell, stmt, out);
        break;
    case MODE_JSON:
        text_puts(out, row == 0 ? "[" : ",\n");
        row_json(stmt, out);
        break;
    case MODE_JSONLINES:
        row_json(stmt, out);
        text_add(out, "\n", 1);
        break;
    case MODE_HTML:
        if (header)
            row_html(shell, stmt, out, true);
        row_html(shell, stmt, out, false);
        break;
    case MODE_TCL:
        if (header)
            row_tcl(shell, stmt, out, true);
        row_tcl(shell, stmt, out, false);
        break;
    default:
        if (header)
            row_list(shell, stmt, out, true);
        row_list(shell, stmt, out, false);
    }
}

int output_rows(struct shell *shell, stoa_stmt *stmt, enum mode mode)
{
    enum { FLUSH_BYTES = 1 << 16 };
    struct text out = {0};
    uint64_t    row = 0;
    int         rc;

    switch (mode) {
    case MODE_COLUMN:
    case MODE_TABLE:
    case MODE_BOX:
    case MODE_MARKDOWN:
        return output_columnar(shell, stmt, mode);
    case MODE_EXPLAIN:
        return output_explain(shell, stmt);
    case MODE_EQP:
        return output_query_plan(shell, stmt);
    case MODE_ANALYZE:
        return output_analysis(shell, stmt);
    default:
        break;
    }
    while ((rc = stoa_step(stmt)) == STOA_ROW) {
        if (stoa_column_count(stmt) == 0)
            continue;
        row_add(shell, stmt, mode, row++, &out);
        if (out.bytes >= FLUSH_BYTES || shell->interactive) {
            fwrite(out.data, 1, out.bytes, shell->out);
            out.bytes = 0;
        }
    }
    if (mode == MODE_JSON && row > 0)
        text_puts(&out, "]\n");
    if (out.bytes > 0)
        fwrite(out.data, 1, out.bytes, shell->out);
    text_free(&out);
    return rc;
}
