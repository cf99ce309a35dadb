/* command.c - dot commands: splitting, the table of commands, and the small ones. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/output.h"

/* --- words
 * -------------------------------------------------------------------------------------------- */
/* Backslash sequences as in C, in place. */
static void resolve_backslashes(char *word)
{
    static const char from[] = "abtnvfr\"'\\", to[] = "\a\b\t\n\v\f\r\"'\\";
    char             *out = word;

    while (*word != '\0') {
        const char *at;

        if (*word != '\\' || word[1] == '\0') {
            *out++ = *word++;
            continue;
        }
        word++;
        at = strchr(from, *word);
        if (at != NULL) {
            *out++ = to[at - from];
            word++;
        } else if (*word >= '0' && *word <= '7') {
            int code = 0;

            for (int i = 0; i < 3 && *word >= '0' && *word <= '7'; i++)
                code = code * 8 + (*word++ - '0');
            *out++ = (char)code;
        } else {
            *out++ = *word++;
        }
    }
    *out = '\0';
}

int command_words(char *line, char *words[WORDS_MAX])
{
    int count = 0;

    while (count < WORDS_MAX) {
        char quote;

        while (isspace((unsigned char)*line))
            line++;
        if (*line == '\0')
            break;
        quote = *line == '\'' || *line == '"' ? *line++ : '\0';
        words[count++] = line;
        while (*line != '\0' && (quote != '\0' ? *line != quote : !isspace((unsigned char)*line))) {
            if (quote == '"' && *line == '\\' && line[1] != '\0')
                line++;
            line++;
        }
        if (*line != '\0')
            *line++ = '\0';
        if (quote != '\'')
            resolve_backslashes(words[count - 1]);
    }
    return count;
}

bool command_switch(const char *word)
{
    if (isdigit((unsigned char)word[0]))
        return atoi(word) != 0;
    if (same_name(word, "on") || same_name(word, "yes"))
        return true;
    if (!same_name(word, "off") && !same_name(word, "no"))
        fprintf(stderr, "ERROR: Not a boolean value: \"%s\". Assuming \"no\".\n", word);
    return false;
}

/* --- commands that set a switch
 * --------------------------------------------------------------------------- */
static int set_switch(bool *value, int count, char **words, const char *usage)
{
    if (count != 2) {
        fprintf(stderr, "Usage: %s\n", usage);
        return 1;
    }
    *value = command_switch(words[1]);
    return 0;
}

static int command_bail(struct shell *shell, int count, char **words)
{
    return set_switch(&shell->bail, count, words, ".bail on|off");
}

static int command_echo(struct shell *shell, int count, char **words)
{
    return set_switch(&shell->echo, count, words, ".echo on|off");
}

static int command_timer(struct shell *shell, int count, char **words)
{
    return set_switch(&shell->timer, count, words, ".timer on|off");
}

static int command_changes(struct shell *shell, int count, char **words)
{
    return set_switch(&shell->changes, count, words, ".changes on|off");
}

static int command_headers(struct shell *shell, int count, char **words)
{
    shell->header_set |= count == 2;
    return set_switch(&shell->show_header, count, words, ".headers on|off");
}

static int command_stats(struct shell *shell, int count, char **words)
{
    if (count == 2)
        shell->stats = command_switch(words[1]);
    else
        fprintf(shell->out, "Memory Used:                         %lld (max %lld) bytes\n",
                (long long)stoa_memory_used(shell->db), (long long)stoa_memory_peak(shell->db, 0));
    return 0;
}

static int command_eqp(struct shell *shell, int count, char **words)
{
    if (count != 2) {
        fputs("Usage: .eqp off|on|full\n", stderr);
        return 1;
    }
    if (same_name(words[1], "full"))
        shell->eqp = EQP_FULL;
    else
        shell->eqp = command_switch(words[1]) ? EQP_ON : EQP_OFF;
    return 0;
}

static int command_explain(struct shell *shell, int count, char **words)
{
    if (count < 2 || same_name(words[1], "auto"))
        shell->explain = EXPLAIN_DISPLAY_AUTO;
    else
        shell->explain = command_switch(words[1]) ? EXPLAIN_DISPLAY_ON : EXPLAIN_DISPLAY_OFF;
    return 0;
}

static int command_nullvalue(struct shell *shell, int count, char **words)
{
    if (count != 2) {
        fputs("Usage: .nullvalue STRING\n", stderr);
        return 1;
    }
    snprintf(shell->null_value, sizeof shell->null_value, "%s", words[1]);
    return 0;
}

static int command_maxrows(struct shell *shell, int count, char **words)
{
    if (count == 2)
        shell->max_rows = strtoll(words[1], NULL, 10);
    else
        fprintf(shell->out, "%lld\n", (long long)shell->max_rows);
    return 0;
}

/* --- commands that do something
 * ----------------------------------------------------------------------------- */
static int command_print(struct shell *shell, int count, char **words)
{
    for (int i = 1; i < count; i++)
        fprintf(shell->out, "%s%s", i > 1 ? " " : "", words[i]);
    fputc('\n', shell->out);
    return 0;
}

static int command_cd(struct shell *shell, int count, char **words)
{
    (void)shell;
    if (count != 2) {
        fputs("Usage: .cd DIRECTORY\n", stderr);
        return 1;
    }
    if (chdir(words[1]) == 0)
        return 0;
    fprintf(stderr, "Cannot change to directory \"%s\"\n", words[1]);
    return 1;
}

static int command_shell(struct shell *shell, int count, char **words)
{
    struct text line = {0};
    int         rc;

    if (count < 2) {
        fputs("Usage: .system COMMAND\n", stderr);
        return 1;
    }
    for (int i = 1; i < count; i++)
        text_printf(&line, strchr(words[i], ' ') == NULL ? "%s%s" : "%s\"%s\"", i > 1 ? " " : "",
                    words[i]);
    fflush(shell->out);
    rc = system(line.data);
    text_free(&line);
    if (rc != 0)
        fprintf(stderr, "System command returns %d\n", rc);
    return 0;
}

static int command_read(struct shell *shell, int count, char **words)
{
    enum { DEPTH_MAX = 25 };
    int errors, line = shell->line;

    if (count != 2) {
        fputs("Usage: .read FILE\n", stderr);
        return 1;
    }
    if (shell->read_depth >= DEPTH_MAX) {
        fprintf(stderr, "Input nesting limit (%d) reached at line %d. Check recursion.\n",
                DEPTH_MAX, shell->line);
        return 1;
    }
    errors = process_file(shell, words[1]);
    shell->line = line;
    if (errors < 0)
        fprintf(stderr, "Error: cannot open \"%s\"\n", words[1]);
    return errors != 0;
}

static int command_quit(struct shell *shell, int count, char **words)
{
    shell->stop = true;
    if (count > 1 && same_name(words[0], "exit"))
        shell->exit_code = atoi(words[1]);
    return 2;
}

static int command_open(struct shell *shell, int count, char **words)
{
    const char *file = ":memory:";

    for (int i = 1; i < count; i++) {
        if (words[i][0] == '-' && !same_name(words[i], "--new") && !same_name(words[i], "-new")) {
            fprintf(stderr, "unknown option: %s\n", words[i]);
            return 1;
        }
        if (words[i][0] != '-')
            file = words[i];
    }
    return !shell_open(shell, file);
}

static int command_version(struct shell *shell, int count, char **words)
{
    (void)count;
    (void)words;
    fprintf(shell->out, "Stoa %s\n", stoa_libversion());
    return 0;
}

static int command_progress(struct shell *shell, int count, char **words)
{
    (void)shell;
    (void)count;
    (void)words;
    fputs("Long loads show their progress by themselves; Ctrl-C ends a statement\n", stderr);
    return 0;
}

/* The engine's fixed limits, by sqlite3's names. */
static int command_limit(struct shell *shell, int count, char **words)
{
    static const struct {
        const char *name;
        int         value;
    } limits[] = {{"length", 1000000000},    {"sql_length", 1000000000}, {"column", 2000},
                  {"expr_depth", 1000},      {"compound_select", 500},   {"function_arg", 1000},
                  {"variable_number", 32766}};

    if (count > 2) {
        fputs("Error: limits are fixed in this version\n", stderr);
        return 1;
    }
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (count < 2 || strncmp(limits[i].name, words[1], strlen(words[1])) == 0)
            fprintf(shell->out, "%20s %d\n", limits[i].name, limits[i].value);
    return 0;
}

/* --- the table
 * -------------------------------------------------------------------------------------------------
 */
static command_function command_help;

static const struct command {
    const char       *name;
    int               min; /* letters that suffice */
    command_function *run;
    const char       *synopsis, *help;
    const char       *details;
} commands[] = {
    {"bail", 1, command_bail, "on|off", "Stop after hitting an error.  Default OFF", NULL},
    {"cd", 2, command_cd, "DIRECTORY", "Change the working directory to DIRECTORY", NULL},
    {"changes", 3, command_changes, "on|off", "Show number of rows changed by SQL", NULL},
    {"databases", 2, command_databases, "", "List names and files of attached databases", NULL},
    {"dump", 2, command_dump, "?OBJECTS?", "Render database content as SQL", NULL},
    {"echo", 1, command_echo, "on|off", "Turn command echo on or off", NULL},
    {"eqp", 2, command_eqp, "on|off|full", "Enable or disable automatic EXPLAIN QUERY PLAN", NULL},
    {"exit", 2, command_quit, "?CODE?", "Exit this program with return-code CODE", NULL},
    {"explain", 3, command_explain, "?on|off|auto?",
     "Change the EXPLAIN formatting mode.  Default: auto", NULL},
    {"headers", 1, command_headers, "on|off", "Turn display of headers on or off", NULL},
    {"help", 3, command_help, "?PATTERN?", "Show help text for PATTERN", NULL},
    {"import", 1, command_import, "FILE TABLE", "Import data from FILE into TABLE",
     "   Options:\n"
     "     --ascii               Use \\037 and \\036 as column and row separators\n"
     "     --csv                 Use , and \\n as column and row separators\n"
     "     --skip N              Skip the first N rows of input\n"
     "     --schema S            Target table to be S.TABLE\n"
     "     -v                    \"Verbose\" - increase auxiliary output\n"
     "   Notes:\n"
     "     *  If TABLE does not exist, it is created.  The first row of input\n"
     "        determines the column names.\n"
     "     *  If neither --csv or --ascii are used, the input mode is derived\n"
     "        from the \".mode\" output mode\n"
     "     *  If FILE begins with \"|\" then it is a command that generates the\n"
     "        input text.\n"},
    {"indexes", 3, command_indexes, "?TABLE?", "Show names of indexes", NULL},
    {"limit", 3, command_limit, "?LIMIT?", "Display the value of a limit", NULL},
    {"maxrows", 2, command_maxrows, "?N?", "Show at most N rows in aligned modes; 0: all", NULL},
    {"mode", 1, command_mode, "MODE ?OPTIONS?", "Set output mode",
     "   MODE is one of:\n"
     "     ascii       Columns/rows delimited by 0x1F and 0x1E\n"
     "     box         Tables using unicode box-drawing characters\n"
     "     csv         Comma-separated values\n"
     "     column      Output in columns.  (See .width)\n"
     "     html        HTML <table> code\n"
     "     insert      SQL insert statements for TABLE\n"
     "     json        Results in a JSON array\n"
     "     jsonlines   A JSON object a line\n"
     "     line        One value per line\n"
     "     list        Values delimited by \"|\"\n"
     "     markdown    Markdown table format\n"
     "     qbox        Shorthand for \"box --wrap 60 --quote\"\n"
     "     quote       Escape answers as for SQL\n"
     "     table       ASCII-art table\n"
     "     tabs        Tab-separated values\n"
     "     tcl         TCL list elements\n"
     "   OPTIONS: (for columnar modes or insert mode):\n"
     "     --wrap N       Wrap output lines to no longer than N characters\n"
     "     --wordwrap B   Wrap or not at word boundaries per B (on/off)\n"
     "     --ww           Shorthand for \"--wordwrap 1\"\n"
     "     --quote        Quote output text as SQL literals\n"
     "     --noquote      Do not quote output text\n"
     "     TABLE          The name of SQL table used for \"insert\" mode\n"},
    {"nullvalue", 2, command_nullvalue, "STRING", "Use STRING in place of NULL values", NULL},
    {"once", 2, command_once, "FILE", "Output for the next SQL command only to FILE", NULL},
    {"open", 2, command_open, "?FILE?",
     "Close the database and open FILE, or an empty one in memory", NULL},
    {"output", 1, command_output, "?FILE?", "Send output to FILE or stdout if FILE is omitted",
     "   If FILE begins with \"|\" the output is the input of that command.\n"},
    {"parameter", 2, command_parameter, "CMD ...", "Manage SQL parameter bindings", NULL},
    {"print", 2, command_print, "STRING...", "Print literal STRING", NULL},
    {"progress", 2, command_progress, "", "How progress is shown", NULL},
    {"quit", 1, command_quit, "", "Exit this program", NULL},
    {"read", 3, command_read, "FILE", "Read input from FILE", NULL},
    {"schema", 2, command_schema, "?PATTERN?", "Show the CREATE statements matching PATTERN",
     "   Options:\n"
     "      --indent             Try to pretty-print the schema\n"
     "      --nosys              Omit objects whose names start with \"sqlite_\"\n"},
    {"separator", 2, command_separator, "COL ?ROW?", "Change the column and row separators", NULL},
    {"shell", 3, command_shell, "CMD ARGS...", "Run CMD ARGS... in a system shell", NULL},
    {"show", 4, command_show, "", "Show the current values for various settings", NULL},
    {"stats", 2, command_stats, "?ARG?", "Show stats or turn stats on or off", NULL},
    {"system", 2, command_shell, "CMD ARGS...", "Run CMD ARGS... in a system shell", NULL},
    {"tables", 1, command_tables, "?TABLE?", "List names of tables matching LIKE pattern TABLE",
     NULL},
    {"timer", 2, command_timer, "on|off", "Turn SQL timer on or off", NULL},
    {"version", 2, command_version, "", "Show the version", NULL},
    {"width", 1, command_width, "NUM1 NUM2 ...", "Set minimum column widths for columnar output",
     NULL},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const struct command *command_find(const char *name)
{
    size_t length = strlen(name);

    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    for (int i = 0; i < COMMANDS; i++)
        if (length >= (size_t)commands[i].min && strncmp(commands[i].name, name, length) == 0)
            return &commands[i];
    return NULL;
}

static void help_line(FILE *out, const struct command *command)
{
    char head[64];

    snprintf(head, sizeof head, ".%s %s", command->name, command->synopsis);
    fprintf(out, "%-24s %s\n", head, command->help);
}

static int command_help(struct shell *shell, int count, char **words)
{
    int shown = 0;

    for (int i = 0; i < COMMANDS; i++) {
        const char *pattern = count > 1 ? words[1] + (words[1][0] == '.') : "";

        if (strncmp(commands[i].name, pattern, strlen(pattern)) != 0)
            continue;
        help_line(shell->out, &commands[i]);
        if (pattern[0] != '\0' && commands[i].details != NULL)
            fputs(commands[i].details, shell->out);
        shown++;
    }
    if (shown == 0)
        fprintf(shell->out, "Nothing matches '%s'\n", words[1]);
    return 0;
}

int run_command(struct shell *shell, const char *line)
{
    char                 *copy = text_copy(line + 1), *words[WORDS_MAX + 1];
    int                   count = command_words(copy, words), rc = 0;
    const struct command *command;

    words[count] = NULL;
    if (count > 0) {
        command = command_find(words[0]);
        if (command == NULL) {
            fflush(shell->out);
            fprintf(stderr,
                    "Error: unknown command or invalid arguments:  \"%s\". Enter \".help\" for "
                    "help\n",
                    words[0]);
            rc = 1;
        } else {
            rc = command->run(shell, count, words);
        }
    }
    free(copy);
    return rc;
}
