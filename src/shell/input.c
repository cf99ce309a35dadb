/* input.c - reading statements and dot commands, from a file, a pipe or the terminal. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef STOA_LIBEDIT
#include <editline/readline.h>
#endif

#include "shell/shell.h"

static const char PROMPT[] = "stoa> ", CONTINUE_PROMPT[] = "   ...> ";

/* --- lines
 * ------------------------------------------------------------------------------------------------
 */
#ifdef STOA_LIBEDIT
static char *edited_line(const char *prompt)
{
    char *line = readline(prompt);

    if (line != NULL && line[0] != '\0')
        add_history(line);
    return line;
}
#endif

/* The next line without its end, to be freed; NULL at the end of the input. */
static char *next_line(FILE *in, const char *prompt)
{
    char   *line = NULL;
    size_t  capacity = 0;
    ssize_t length;

    if (prompt != NULL) {
#ifdef STOA_LIBEDIT
        if (isatty(STDIN_FILENO))
            return edited_line(prompt);
#endif
        fputs(prompt, stdout);
        fflush(stdout);
    }
    length = getline(&line, &capacity, in);
    if (length < 0) {
        free(line);
        return NULL;
    }
    if (length > 0 && line[length - 1] == '\n')
        line[--length] = '\0';
    if (length > 0 && line[length - 1] == '\r')
        line[length - 1] = '\0';
    return line;
}

/* Nothing but blanks and complete comments. */
static bool is_blank(const char *text)
{
    for (;;) {
        while (isspace((unsigned char)*text))
            text++;
        if (text[0] == '-' && text[1] == '-') {
            text += strcspn(text, "\n");
        } else if (text[0] == '/' && text[1] == '*') {
            const char *end = strstr(text + 2, "*/");

            if (end == NULL)
                return false;
            text = end + 2;
        } else {
            return *text == '\0';
        }
    }
}

/* "/" or "go" alone on a line end a statement, as for Oracle and SQL Server. */
static bool is_terminator(const char *line)
{
    size_t word;

    while (isspace((unsigned char)*line))
        line++;
    word = line[0] == '/' ? 1 : strncasecmp(line, "go", 2) == 0 ? 2 : 0;
    return word > 0 && is_blank(line + word);
}

/* --- input
 * -------------------------------------------------------------------------------------------------
 */
static void echo_input(struct shell *shell, const char *text)
{
    if (shell->echo)
        fprintf(shell->out, "%s\n", text);
}

static int dot_line(struct shell *shell, const char *line, int *errors)
{
    int rc = 0;

    echo_input(shell, line);
    if (line[0] == '.') {
        rc = run_command(shell, line);
        *errors += rc == 1;
        if (rc == 0 && shell->once && strncmp(line, ".once", 5) != 0 && strncmp(line, ".o", 2) != 0)
            output_reset(shell);
    }
    fflush(shell->out);
    return rc;
}

/* sql is complete if it ends a statement, perhaps with the semicolon that line stands for. */
static bool is_complete(struct text *sql, const char *line)
{
    bool complete;

    if (!is_terminator(line))
        return strchr(line, ';') != NULL && stoa_complete(sql->data);
    text_add(sql, ";", 1);
    complete = stoa_complete(sql->data);
    sql->data[--sql->bytes] = '\0';
    return complete;
}

/* Adds line to the statement being read; *start is where that began. */
static void add_line(struct shell *shell, struct text *sql, const char *line, int *start)
{
    if (sql->bytes > 0) {
        text_add(sql, "\n", 1);
    } else {
        while (isspace((unsigned char)*line))
            line++;
        *start = shell->line;
    }
    text_puts(sql, line);
}

int process_input(struct shell *shell, FILE *in)
{
    struct text sql = {0};
    bool        prompts = in == NULL && shell->interactive;
    bool        from_file = !prompts;
    int         errors = 0, start = 1;
    char       *line;

    shell->line = 0;
    if (in == NULL)
        in = stdin;
    while (errors == 0 || !shell->bail || prompts) {
        fflush(shell->out);
        line = next_line(in, !prompts ? NULL : sql.bytes == 0 ? PROMPT : CONTINUE_PROMPT);
        if (line == NULL) {
            if (prompts)
                fputc('\n', stdout);
            break;
        }
        if (prompts && interrupt_count > 0) {
            interrupt_count = 0;
            sql.bytes = 0;
        }
        shell->line++;
        if (sql.bytes == 0 && (is_blank(line) || line[0] == '.' || line[0] == '#')) {
            int rc = is_blank(line) ? (echo_input(shell, line), 0) : dot_line(shell, line, &errors);

            free(line);
            if (rc == 2)
                break;
            continue;
        }
        if (sql.bytes > 0 && is_terminator(line) && is_complete(&sql, line)) {
            free(line);
            line = text_copy(";");
        }
        add_line(shell, &sql, line, &start);
        if (is_complete(&sql, line)) {
            echo_input(shell, sql.data);
            errors += run_input_sql(shell, sql.data, from_file, start);
            sql.bytes = 0;
        }
        free(line);
    }
    if (sql.bytes > 0 && !is_blank(sql.data) && !shell->stop && (errors == 0 || !shell->bail)) {
        echo_input(shell, sql.data);
        errors += run_input_sql(shell, sql.data, from_file, start);
    }
    text_free(&sql);
    return errors;
}

int process_file(struct shell *shell, const char *name)
{
    bool  is_pipe = name[0] == '|';
    FILE *in = is_pipe ? popen(name + 1, "r") : fopen(name, "rb");
    int   errors;

    if (in == NULL)
        return -1;
    shell->read_depth++;
    errors = process_input(shell, in);
    shell->read_depth--;
    if (is_pipe)
        pclose(in);
    else
        fclose(in);
    return errors;
}
