/* command_import.c - .import with sqlite3's meaning: every field is bound as text to an INSERT, so
 * that column affinity decides; short rows are filled with NULLs, extra fields are dropped, both
 * with a note on stderr.  The library loads the file as a whole; when a row is refused, and for
 * pipes, the rows are read here and inserted one by one, so that the others get in. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/output.h"

struct import_options {
    const char *file, *table, *schema;
    int         skip;
    bool        csv, ascii, verbose;
};

struct import {
    const char *name; /* in messages */
    const char *path; /* what is read: the file, or the copy of a pipe's output */
    char        spool[PATH_MAX];
    FILE       *in;
    bool        ascii;
    int         line; /* of what is read now */
    int         column_separator, row_separator;
    struct text messages; /* of the library, not told yet */
    int         end;      /* what ended the last field: a separator, or EOF */
    struct text field;
};

/* --- fields
 * -------------------------------------------------------------------------------------------- */
static int import_char(struct import *import)
{
    return getc_unlocked(import->in);
}

static void field_add(struct import *import, int c)
{
    char byte = (char)c;

    text_add(&import->field, &byte, 1);
}

/* Behind the opening quote.  A quote inside is doubled; text behind the closing one is kept. */
static void read_quoted(struct import *import)
{
    int start = import->line, before = 0, last = 0, c;

    for (;;) {
        c = import_char(import);
        if (c == import->row_separator)
            import->line++;
        if (c == '"' && last == '"') {
            last = 0;
            continue;
        }
        if (last == '"' &&
            (c == import->column_separator || c == import->row_separator || c == EOF)) {
            import->field.bytes--; /* the closing quote */
            break;
        }
        if (last == '\r' && before == '"' && c == import->row_separator) {
            import->field.bytes -= 2;
            break;
        }
        if (last == '"' && c != '\r')
            fprintf(stderr, "%s:%d: unescaped \" character\n", import->name, import->line);
        if (c == EOF) {
            fprintf(stderr, "%s:%d: unterminated \"-quoted field\n", import->name, start);
            break;
        }
        field_add(import, c);
        before = last;
        last = c;
    }
    import->field.data[import->field.bytes] = '\0';
    import->end = c;
}

/* The next field, valid until the next call; NULL at the end of the input. */
static const char *read_field(struct import *import)
{
    int c = import_char(import);

    import->field.bytes = 0;
    text_add(&import->field, "", 0);
    if (c == EOF) {
        import->end = EOF;
        return NULL;
    }
    if (c == '"' && !import->ascii) {
        read_quoted(import);
        return import->field.data;
    }
    if (c == 0xef && import->line == 1 && !import->ascii) { /* a byte order mark */
        int second = import_char(import), third = second == 0xbb ? import_char(import) : 0;

        if (second == 0xbb && third == 0xbf)
            return read_field(import);
        field_add(import, c);
        field_add(import, second);
        if (second == 0xbb)
            field_add(import, third);
        c = import_char(import);
    }
    while (c != EOF && c != import->column_separator && c != import->row_separator) {
        field_add(import, c);
        c = import_char(import);
    }
    if (c == import->row_separator) {
        import->line++;
        if (!import->ascii && import->field.bytes > 0 &&
            import->field.data[import->field.bytes - 1] == '\r')
            import->field.data[--import->field.bytes] = '\0';
    }
    import->end = c;
    return import->field.data;
}

static void skip_rows(struct import *import, int rows)
{
    while (rows-- > 0) {
        while (read_field(import) != NULL && import->end == import->column_separator)
            ;
    }
}

/* --- the table
 * -------------------------------------------------------------------------------------------- */
static void quoted_name(struct text *out, const char *name)
{
    text_puts(out, "\"");
    for (const char *p = name; *p != '\0'; p++)
        text_add(out, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
    text_puts(out, "\"");
}

/* Number of columns of table; -1 if it does not exist. */
static int table_columns(struct shell *shell, const char *table)
{
    struct text sql = {0};
    stoa_stmt  *stmt = NULL;
    int         columns = -1;

    text_printf(&sql, "SELECT * FROM %s", table);
    if (stoa_prepare(shell->db, sql.data, -1, &stmt, NULL) == STOA_OK)
        columns = stoa_column_count(stmt);
    stoa_finalize(stmt);
    text_free(&sql);
    return columns;
}

/* --- rows
 * ----------------------------------------------------------------------------------------------------
 */
/* Binds one row.  False: the input ended before its first field. */
static bool bind_row(struct import *import, stoa_stmt *insert, int columns)
{
    int line = import->line, found = 0;

    for (found = 0; found < columns;) {
        const char *field = read_field(import);

        if (field == NULL && found == 0)
            return false;
        if (import->ascii && found == 0 && (field == NULL || field[0] == '\0'))
            return false;
        stoa_bind_text(insert, ++found, field, -1, STOA_TRANSIENT);
        if (found < columns && import->end != import->column_separator) {
            fprintf(stderr,
                    "%s:%d: expected %d columns but found %d - filling the rest with NULL\n",
                    import->name, line, columns, found);
            for (int i = found + 1; i <= columns; i++)
                stoa_bind_null(insert, i);
            return true;
        }
    }
    if (import->end == import->column_separator) {
        do {
            read_field(import);
            found++;
        } while (import->end == import->column_separator);
        fprintf(stderr, "%s:%d: expected %d columns but found %d - extras ignored\n", import->name,
                line, columns, found);
    }
    return true;
}

static int insert_rows(struct shell *shell, struct import *import, const char *table, int columns,
                       bool verbose)
{
    struct text sql = {0};
    stoa_stmt  *insert = NULL;
    bool        transaction = stoa_get_autocommit(shell->db);
    int         rows = 0, errors = 0;

    text_printf(&sql, "INSERT INTO %s VALUES(?", table);
    for (int i = 1; i < columns; i++)
        text_puts(&sql, ",?");
    text_puts(&sql, ")");
    if (stoa_prepare(shell->db, sql.data, -1, &insert, NULL) != STOA_OK) {
        fprintf(stderr, "Error: %s\n", stoa_errmsg(shell->db));
        text_free(&sql);
        return 1;
    }
    if (transaction)
        stoa_exec(shell->db, "BEGIN", NULL, NULL, NULL);
    do {
        int line = import->line;

        if (!bind_row(import, insert, columns))
            break;
        stoa_step(insert);
        if (stoa_reset(insert) != STOA_OK) {
            fprintf(stderr, "%s:%d: INSERT failed: %s\n", import->name, line,
                    stoa_errmsg(shell->db));
            errors++;
        } else {
            rows++;
        }
    } while (import->end != EOF && interrupt_count == 0);
    stoa_finalize(insert);
    if (transaction)
        stoa_exec(shell->db, "COMMIT", NULL, NULL, NULL);
    if (verbose)
        fprintf(shell->out, "Added %d rows with %d errors using %d lines of input\n", rows, errors,
                import->line - 1);
    text_free(&sql);
    return 0;
}

/* --- all rows at once ------------------------------------------------------------------------ */
/* A message of the library; what was a pipe is called so. */
static void note_message(void *data, const char *message)
{
    struct import *import = data;
    const char    *at = import->spool[0] == '\0' ? NULL : strstr(message, import->spool);

    if (at != NULL)
        text_printf(&import->messages, "%.*s%s%s\n", (int)(at - message), message, import->name,
                    at + strlen(import->spool));
    else
        text_printf(&import->messages, "%s\n", message);
}

static void messages_tell(struct import *import, bool tell)
{
    if (tell && import->messages.bytes > 0)
        fputs(import->messages.data, stderr);
    import->messages.bytes = 0;
}

static stoa_import_options library_options(const struct import_options *options,
                                           struct import               *import)
{
    return (stoa_import_options){.column_separator = (char)import->column_separator,
                                 .row_separator = (char)import->row_separator,
                                 .ascii = import->ascii,
                                 .skip = (unsigned)options->skip,
                                 .message = note_message,
                                 .message_data = import};
}

static int create_table(struct shell *shell, const struct import_options *options,
                        struct import *import)
{
    stoa_import_options how = library_options(options, import);
    int                 rc = stoa_import_table(shell->db, options->table, import->path, &how);

    messages_tell(import, true);
    if (rc != STOA_OK)
        fprintf(stderr, "%s%s\n", rc == STOA_NOTFOUND ? "" : "Error: ", stoa_errmsg(shell->db));
    return rc != STOA_OK;
}

/* Loads the whole file by the library's own reader.  False: it cannot take it as a whole (a row
 * violates a constraint), so that it must go row by row; then nothing was loaded or told. */
static bool import_whole(struct shell *shell, const struct import_options *options,
                         struct import *import, bool header, int *rc)
{
    stoa_import_options how = library_options(options, import);

    if (options->verbose)
        return false;
    how.header = header;
    progress_begin(shell);
    *rc = stoa_import(shell->db, options->table, import->path, &how, NULL);
    progress_end(shell);
    messages_tell(import, *rc == STOA_OK);
    if (*rc == STOA_INTERRUPT)
        fputs("Error: interrupted\n", stderr);
    return *rc == STOA_OK || *rc == STOA_INTERRUPT;
}

/* --- the command ----------------------------------------------------------------------------- */
static int usage(struct shell *shell, const char *problem)
{
    fprintf(shell->out, "ERROR: %s Usage:\n", problem);
    run_command(shell, ".help import");
    return 1;
}

static int read_options(struct shell *shell, int count, char **words, struct import_options *out)
{
    for (int i = 1; i < count; i++) {
        const char *word = words[i] + (strncmp(words[i], "--", 2) == 0);

        if (word[0] != '-') {
            if (out->file == NULL)
                out->file = word;
            else if (out->table == NULL)
                out->table = word;
            else {
                fprintf(shell->out, "ERROR: extra argument: \"%s\".  Usage:\n", word);
                run_command(shell, ".help import");
                return 1;
            }
        } else if (strcmp(word, "-v") == 0) {
            out->verbose = true;
        } else if (strcmp(word, "-csv") == 0) {
            out->csv = true;
        } else if (strcmp(word, "-ascii") == 0) {
            out->ascii = true;
        } else if (strcmp(word, "-skip") == 0 && i + 1 < count) {
            out->skip = atoi(words[++i]);
        } else if (strcmp(word, "-schema") == 0 && i + 1 < count) {
            out->schema = words[++i];
        } else {
            fprintf(shell->out, "ERROR: unknown option: \"%s\".  Usage:\n", words[i]);
            run_command(shell, ".help import");
            return 1;
        }
    }
    if (out->file == NULL || out->table == NULL)
        return usage(shell,
                     out->file == NULL ? "missing FILE argument." : "missing TABLE argument.");
    return 0;
}

/* All that pipe yields, into file. */
static bool spool_copy(FILE *pipe, FILE *file)
{
    char   piece[1 << 14];
    size_t bytes;

    while ((bytes = fread(piece, 1, sizeof piece, pipe)) > 0)
        if (fwrite(piece, 1, bytes, file) != bytes)
            return false;
    return ferror(pipe) == 0;
}

/* The output of a command, in a temporary file: it is read more than once.  NULL: errno tells. */
static const char *spool_pipe(struct import *import, const char *command)
{
    const char *folder = getenv("TMPDIR");
    FILE       *pipe, *file;
    int         fd;
    bool        done;

    if (folder == NULL || folder[0] == '\0')
        folder = P_tmpdir;
    if (snprintf(import->spool, sizeof import->spool, "%s/stoa_import_XXXXXX", folder) >=
        (int)sizeof import->spool) {
        import->spool[0] = '\0';
        return NULL;
    }
    fd = mkstemp(import->spool);
    if (fd < 0) {
        import->spool[0] = '\0';
        return NULL;
    }
    file = fdopen(fd, "w");
    if (file == NULL) {
        close(fd);
        return NULL;
    }
    pipe = popen(command, "r");
    done = pipe != NULL && spool_copy(pipe, file);
    if (pipe != NULL)
        done = pclose(pipe) >= 0 && done;
    done = fclose(file) == 0 && done;
    return done ? import->spool : NULL;
}

static int import_open(struct shell *shell, const struct import_options *options,
                       struct import *import)
{
    const char *columns = shell->column_separator, *rows = shell->row_separator;

    *import = (struct import){.name = options->file, .line = 1};
    import->ascii = options->ascii || (shell->mode == MODE_ASCII && !options->csv);
    if (options->csv || options->ascii) {
        columns = options->csv ? "," : "\x1f";
        rows = options->csv ? "\n" : "\x1e";
    }
    if (strcmp(rows, "\r\n") == 0) { /* sqlite3 leaves it so */
        strcpy(shell->row_separator, "\n");
        rows = "\n";
    }
    if (strlen(columns) != 1 || strlen(rows) != 1) {
        fprintf(stderr, "Error: %s %s separator%s for import\n",
                strlen(columns) == 0 || strlen(rows) == 0 ? "non-null" : "single-character",
                strlen(columns) != 1 ? "column" : "row", " required");
        return 1;
    }
    import->column_separator = (unsigned char)columns[0];
    import->row_separator = (unsigned char)rows[0];
    import->path = options->file;
    if (options->file[0] == '|') {
        import->name = "<pipe>";
        import->path = spool_pipe(import, options->file + 1);
    }
    import->in = import->path == NULL ? NULL : fopen(import->path, "rb");
    if (import->in != NULL)
        return 0;
    fprintf(stderr, "Error: cannot open \"%s\"\n", options->file);
    return 1;
}

int command_import(struct shell *shell, int count, char **words)
{
    struct import_options options = {0};
    struct import         import;
    struct text           table = {0};
    int                   columns, rc;
    bool                  header;

    rc = read_options(shell, count, words, &options);
    if (rc == 0 && options.schema != NULL && !same_name(options.schema, "main")) {
        fprintf(stderr, "Error: unknown database \"%s\"\n", options.schema);
        rc = 1;
    }
    if (rc == 0)
        rc = import_open(shell, &options, &import);
    if (rc != 0)
        return rc;
    quoted_name(&table, options.table);
    columns = table_columns(shell, table.data);
    header = columns < 0;
    if (header) {
        rc = create_table(shell, &options, &import);
        columns = rc == 0 ? table_columns(shell, table.data) : -1;
    }
    if (columns > 0 && !import_whole(shell, &options, &import, header, &rc)) {
        skip_rows(&import, options.skip + header);
        rc = insert_rows(shell, &import, table.data, columns, options.verbose);
    }
    fclose(import.in);
    if (import.spool[0] != '\0')
        unlink(import.spool);
    text_free(&import.field);
    text_free(&import.messages);
    text_free(&table);
    return rc;
}
