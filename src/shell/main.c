/* main.c - the stoa command: options, start-up, Ctrl-C.
 *
 *     stoa [OPTIONS] [FILE] [SQL or dot command]...
 *
 * Without SQL arguments statements are read from standard input.  Options are sqlite3's. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef STOA_LIBEDIT
#include <editline/readline.h>
#endif

#include "shell/shell.h"

static const char usage[] =
    "Usage: stoa [OPTIONS] [FILENAME [SQL]...]\n"
    "FILENAME is the name of a database; \":memory:\", the default, is one in memory.\n"
    "OPTIONS include:\n"
    "   -ascii               set output mode to 'ascii'\n"
    "   -bail                stop after hitting an error\n"
    "   -batch               force batch I/O\n"
    "   -box                 set output mode to 'box'\n"
    "   -column              set output mode to 'column'\n"
    "   -cmd COMMAND         run \"COMMAND\" before reading stdin\n"
    "   -csv                 set output mode to 'csv'\n"
    "   -echo                print inputs before execution\n"
    "   -init FILENAME       read/process named file\n"
    "   -[no]header          turn headers on or off\n"
    "   -help                show this message\n"
    "   -html                set output mode to HTML\n"
    "   -interactive         force interactive I/O\n"
    "   -json                set output mode to 'json'\n"
    "   -jsonlines           set output mode to 'jsonlines'\n"
    "   -line                set output mode to 'line'\n"
    "   -list                set output mode to 'list'\n"
    "   -markdown            set output mode to 'markdown'\n"
    "   -newline SEP         set output row separator. Default: '\\n'\n"
    "   -nullvalue TEXT      set text string for NULL values. Default ''\n"
    "   -quote               set output mode to 'quote'\n"
    "   -readonly            refused: databases in memory are for writing\n"
    "   -separator SEP       set output column separator. Default: '|'\n"
    "   -stats               print memory stats after each statement\n"
    "   -table               set output mode to 'table'\n"
    "   -tabs                set output mode to 'tabs'\n"
    "   -version             show the version\n";

volatile int    interrupt_count;
static stoa_db *interrupted_db;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    if (++interrupt_count > 2)
        _exit(1);
    if (interrupted_db != NULL)
        stoa_interrupt(interrupted_db);
}

/* --- options
 * -------------------------------------------------------------------------------------------------
 */
struct arguments {
    const char  *file, *init;
    const char **sql; /* borrowed from argv */
    int          sql_count;
};

static bool takes_value(const char *option)
{
    static const char *const names[] = {"cmd", "init", "newline", "nullvalue", "separator"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(option, names[i]) == 0)
            return true;
    return false;
}

/* The option's name without dashes, NULL if word is none. */
static const char *option_name(const char *word)
{
    if (word[0] != '-' || word[1] == '\0')
        return NULL;
    return word + (word[1] == '-' ? 2 : 1);
}

static void need_value(int argc, int i, const char *word)
{
    if (i + 1 < argc)
        return;
    fprintf(stderr, "stoa: Error: missing argument to %s\n", word);
    exit(1);
}

/* File and SQL arguments, and what must be known before the database is opened. */
static void first_pass(struct shell *shell, int argc, char **argv, struct arguments *arguments)
{
    arguments->sql = checked_realloc(NULL, (size_t)argc * sizeof *arguments->sql);
    for (int i = 1; i < argc; i++) {
        const char *option = option_name(argv[i]);

        if (option == NULL) {
            if (arguments->file == NULL)
                arguments->file = argv[i];
            else
                arguments->sql[arguments->sql_count++] = argv[i];
        } else if (takes_value(option)) {
            need_value(argc, i, argv[i]);
            i++;
            if (strcmp(option, "init") == 0)
                arguments->init = argv[i];
        } else if (strcmp(option, "batch") == 0) {
            shell->batch = true;
        } else if (strcmp(option, "version") == 0) {
            printf("%s\n", stoa_libversion());
            exit(0);
        } else if (strcmp(option, "help") == 0) {
            fputs(usage, stderr);
            exit(0);
        } else if (strcmp(option, "readonly") == 0) {
            fputs("stoa: Error: -readonly is not supported yet: there are no database files\n",
                  stderr);
            exit(1);
        }
    }
}

static bool set_flag(struct shell *shell, const char *option)
{
    if (strcmp(option, "header") == 0 || strcmp(option, "noheader") == 0) {
        shell->show_header = option[0] == 'h';
        shell->header_set = true;
    } else if (strcmp(option, "bail") == 0) {
        shell->bail = true;
    } else if (strcmp(option, "echo") == 0) {
        shell->echo = true;
    } else if (strcmp(option, "stats") == 0) {
        shell->stats = true;
    } else if (strcmp(option, "interactive") == 0) {
        shell->interactive = true;
    } else if (strcmp(option, "batch") == 0) {
        shell->interactive = false;
    } else {
        return false;
    }
    return true;
}

static void run_argument(struct shell *shell, const char *text);

/* The mode options of sqlite3's command line touch neither wrapping nor line
 * ends; those of .mode do. */
static bool set_mode_option(struct shell *shell, const char *option)
{
    static const char *const modes[] = {"ascii", "box",       "column", "csv",  "html",
                                        "json",  "jsonlines", "line",   "list", "markdown",
                                        "quote", "table",     "tabs"};

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(option, modes[i]) == 0) {
            bool header = shell->show_header;

            set_mode(shell, option);
            shell->wrap = 0;
            shell->show_header = header;
            if (shell->mode == MODE_CSV)
                strcpy(shell->row_separator, "\n");
            return true;
        }
    return false;
}

static void second_pass(struct shell *shell, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *option = option_name(argv[i]);

        if (option == NULL || set_flag(shell, option) || set_mode_option(shell, option))
            continue;
        if (!takes_value(option)) {
            fprintf(stderr, "stoa: Error: unknown option: %s\nUse -help for a list of options.\n",
                    argv[i]);
            exit(1);
        }
        i++;
        if (strcmp(option, "separator") == 0)
            snprintf(shell->column_separator, SEPARATOR_CAP, "%s", argv[i]);
        else if (strcmp(option, "newline") == 0)
            snprintf(shell->row_separator, SEPARATOR_CAP, "%s", argv[i]);
        else if (strcmp(option, "nullvalue") == 0)
            snprintf(shell->null_value, NULL_VALUE_CAP, "%s", argv[i]);
        else if (strcmp(option, "cmd") == 0)
            run_argument(shell, argv[i]);
    }
}

/* --- running
 * ----------------------------------------------------------------------------------------------------
 */
/* Closes everything and ends. */
static void finish(struct shell *shell, int code)
{
    output_reset(shell);
    fflush(stdout);
    parameters_free(shell);
    free(shell->insert_table);
    interrupted_db = NULL;
    stoa_close(shell->db);
    free(shell->file_name);
    exit(code);
}

/* One SQL text or dot command of the command line; an error ends the program. */
static void run_argument(struct shell *shell, const char *text)
{
    char *message = NULL;
    int   rc;

    if (text[0] == '.') {
        rc = run_command(shell, text);
        if (rc != 0)
            finish(shell, rc == 2 ? shell->exit_code : rc);
        return;
    }
    rc = run_sql(shell, text, &message);
    if (message == NULL && rc == STOA_OK)
        return;
    fflush(shell->out);
    if (message != NULL)
        fprintf(stderr, "Error: %s\n", message);
    else
        fprintf(stderr, "Error: unable to process SQL \"%s\"\n", text);
    free(message);
    finish(shell, rc != 0 ? rc : 1);
}

bool shell_open(struct shell *shell, const char *file)
{
    stoa_db *db = NULL;

    if (stoa_open(file, &db) != STOA_OK) {
        fprintf(stderr, "Error: unable to open database \"%s\": %s\n", file,
                db == NULL ? "out of memory" : stoa_errmsg(db));
        stoa_close(db);
        return false;
    }
    interrupted_db = NULL;
    stoa_close(shell->db);
    shell->db = interrupted_db = db;
    free(shell->file_name);
    shell->file_name = text_copy(file);
    return true;
}

/* ~/.stoarc, or the file of -init. */
static void read_start_file(struct shell *shell, const char *init)
{
    const char *home = getenv("HOME");
    struct text name = {0};

    if (init != NULL)
        text_puts(&name, init);
    else if (home != NULL)
        text_printf(&name, "%s/.stoarc", home);
    if (name.bytes > 0 && process_file(shell, name.data) < 0 && init != NULL) {
        fprintf(stderr, "cannot open: \"%s\"\n", init);
        if (shell->bail)
            exit(1);
    }
    text_free(&name);
    if (shell->stop)
        finish(shell, shell->exit_code);
}

static int run_interactive(struct shell *shell)
{
    struct text history = {0};
    int         errors;

    printf("Stoa %s: SQL in SQLite's dialect over columns.  .help for help, .quit to leave.\n"
           "Connected to a database in memory: what you do not export is gone at the end.\n",
           stoa_libversion());
    if (getenv("HOME") != NULL)
        text_printf(&history, "%s/.stoa_history", getenv("HOME"));
#ifdef STOA_LIBEDIT
    using_history();
    if (history.bytes > 0)
        read_history(history.data);
#endif
    errors = process_input(shell, NULL);
#ifdef STOA_LIBEDIT
    stifle_history(2000);
    if (history.bytes > 0)
        write_history(history.data);
#endif
    text_free(&history);
    return errors;
}

int main(int argc, char **argv)
{
    struct shell     shell = {.out = stdout, .explain = EXPLAIN_DISPLAY_AUTO};
    struct arguments arguments = {0};
    int              errors;

    strcpy(shell.column_separator, "|");
    strcpy(shell.row_separator, "\n");
    first_pass(&shell, argc, argv, &arguments);
    shell.interactive = isatty(STDIN_FILENO) && !shell.batch;
    signal(SIGINT, on_interrupt);
    if (!shell_open(&shell, arguments.file == NULL ? ":memory:" : arguments.file))
        finish(&shell, 1);
    if (isatty(STDOUT_FILENO) && shell.interactive && arguments.sql_count == 0) {
        set_mode(&shell, "box");
        shell.show_header = true;
    }
    if (!shell.batch || arguments.init != NULL)
        read_start_file(&shell, arguments.init);
    second_pass(&shell, argc, argv);
    for (int i = 0; i < arguments.sql_count; i++)
        run_argument(&shell, arguments.sql[i]);
    if (arguments.sql_count > 0)
        finish(&shell, 0);
    free(arguments.sql);
    arguments.sql = NULL;
    errors = shell.interactive ? run_interactive(&shell) : process_input(&shell, NULL);
    finish(&shell, shell.stop && shell.exit_code != 0 ? shell.exit_code : errors > 0);
}
