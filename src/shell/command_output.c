/* command_output.c - commands that say how and where rows are printed. */
#include <stdlib.h>
#include <string.h>

#include "shell/output.h"

/* --- modes
 * --------------------------------------------------------------------------------------------- */
static const struct mode_setting {
    const char *name;
    enum mode   mode;
    const char *column_separator, *row_separator; /* NULL: stays */
} mode_settings[] = {
    {"ascii", MODE_ASCII, "\x1f", "\x1e"},   {"box", MODE_BOX, NULL, NULL},
    {"column", MODE_COLUMN, NULL, "\n"},     {"csv", MODE_CSV, ",", "\r\n"},
    {"html", MODE_HTML, NULL, NULL},         {"insert", MODE_INSERT, NULL, NULL},
    {"json", MODE_JSON, NULL, NULL},         {"jsonlines", MODE_JSONLINES, NULL, NULL},
    {"line", MODE_LINE, NULL, "\n"},         {"list", MODE_LIST, "|", "\n"},
    {"markdown", MODE_MARKDOWN, NULL, NULL}, {"qbox", MODE_BOX, NULL, NULL},
    {"quote", MODE_QUOTE, ",", "\n"},        {"table", MODE_TABLE, NULL, NULL},
    {"tabs", MODE_TABS, "\t", NULL},         {"tcl", MODE_TCL, " ", "\n"}};
enum { MODE_SETTINGS = sizeof mode_settings / sizeof mode_settings[0], DEFAULT_WRAP = 60 };

const char *mode_name(enum mode mode)
{
    for (int i = 0; i < MODE_SETTINGS; i++)
        if (mode_settings[i].mode == mode)
            return mode_settings[i].name;
    return "list";
}

static bool mode_is_columnar(enum mode mode)
{
    return mode == MODE_COLUMN || mode == MODE_TABLE || mode == MODE_BOX || mode == MODE_MARKDOWN;
}

/* A name may be shortened, as sqlite3 allows: the first in the table that begins with it. */
static const struct mode_setting *mode_find(const char *name)
{
    for (int i = 0; i < MODE_SETTINGS; i++)
        if (strcmp(mode_settings[i].name, name) == 0)
            return &mode_settings[i];
    for (int i = 0; i < MODE_SETTINGS; i++)
        if (strlen(name) >= 2 && strncmp(mode_settings[i].name, name, strlen(name)) == 0)
            return &mode_settings[i];
    return NULL;
}

bool set_mode(struct shell *shell, const char *name)
{
    const struct mode_setting *setting = mode_find(name);

    if (setting == NULL)
        return false;
    shell->mode = setting->mode == MODE_TABS ? MODE_LIST : setting->mode;
    if (setting->column_separator != NULL)
        snprintf(shell->column_separator, SEPARATOR_CAP, "%s", setting->column_separator);
    if (setting->row_separator != NULL)
        snprintf(shell->row_separator, SEPARATOR_CAP, "%s", setting->row_separator);
    if (shell->mode == MODE_COLUMN && !shell->header_set)
        shell->show_header = true;
    if (mode_is_columnar(shell->mode)) {
        shell->wrap = DEFAULT_WRAP;
        shell->wrap_words = false;
        shell->quote_cells = strcmp(setting->name, "qbox") == 0;
    }
    return true;
}

static void describe_mode(const struct shell *shell, FILE *out)
{
    fputs(mode_name(shell->mode), out);
    if (mode_is_columnar(shell->mode))
        fprintf(out, " --wrap %d --wordwrap %s --%squote", shell->wrap,
                shell->wrap_words ? "on" : "off", shell->quote_cells ? "" : "no");
}

/* One "--wrap N" and the like at words[i]; words used, 0: no such option. */
static int mode_option(struct shell *shell, int count, char **words, int i)
{
    const char *option = words[i] + (words[i][0] == '-') + (strncmp(words[i], "--", 2) == 0);

    if (same_name(option, "wrap") && i + 1 < count)
        shell->wrap = atoi(words[i + 1]);
    else if (same_name(option, "wordwrap") && i + 1 < count)
        shell->wrap_words = command_switch(words[i + 1]);
    else if (same_name(option, "ww"))
        return shell->wrap_words = true, 1;
    else if (same_name(option, "quote"))
        return shell->quote_cells = true, 1;
    else if (same_name(option, "noquote"))
        return shell->quote_cells = false, 1;
    else
        return 0;
    return 2;
}

int command_mode(struct shell *shell, int count, char **words)
{
    const char *mode = NULL, *table = NULL;
    int         used;

    if (count == 1) {
        fputs("current output mode: ", shell->out);
        describe_mode(shell, shell->out);
        fputc('\n', shell->out);
        return 0;
    }
    for (int i = 1; i < count; i++) {
        if (words[i][0] == '-')
            continue;
        if (i > 1 &&
            (strcmp(words[i - 1], "--wrap") == 0 || strcmp(words[i - 1], "--wordwrap") == 0))
            continue;
        if (mode == NULL)
            mode = words[i];
        else if (table == NULL)
            table = words[i];
        else {
            fprintf(stderr, "extra argument: \"%s\"\n", words[i]);
            return 1;
        }
    }
    if (mode != NULL && !set_mode(shell, mode)) {
        fputs("Error: mode should be one of: ascii box column csv html insert json line list "
              "markdown qbox quote table tabs tcl\n",
              stderr);
        return 1;
    }
    if (shell->mode == MODE_INSERT) {
        struct text quoted = {0};

        name_add(&quoted, table == NULL ? "table" : table);
        free(shell->insert_table);
        shell->insert_table = quoted.data;
    }
    for (int i = 1; i < count; i += used) {
        used = words[i][0] == '-' ? mode_option(shell, count, words, i) : 1;
        if (used == 0) {
            fprintf(stderr,
                    "unknown option: %s\noptions:\n  --noquote\n  --quote\n  --wordwrap "
                    "on/off\n  --wrap N\n  --ww\n",
                    words[i]);
            return 1;
        }
    }
    return 0;
}

/* --- separators, widths, settings
 * --------------------------------------------------------------------------- */
int command_separator(struct shell *shell, int count, char **words)
{
    if (count < 2 || count > 3) {
        fputs("Usage: .separator COL ?ROW?\n", stderr);
        return 1;
    }
    snprintf(shell->column_separator, SEPARATOR_CAP, "%s", words[1]);
    if (count == 3)
        snprintf(shell->row_separator, SEPARATOR_CAP, "%s", words[2]);
    return 0;
}

int command_width(struct shell *shell, int count, char **words)
{
    shell->width_count = 0;
    for (int i = 1; i < count && i <= WIDTHS_MAX; i++)
        shell->widths[shell->width_count++] = atoi(words[i]);
    return 0;
}

static void show_quoted(struct shell *shell, const char *label, const char *string)
{
    struct text quoted = {0};

    c_string_add(&quoted, string);
    fprintf(shell->out, "%12.12s: %s\n", label, quoted.data);
    text_free(&quoted);
}

int command_show(struct shell *shell, int count, char **words)
{
    static const char *const eqp[] = {"off", "on", "full"};
    static const char *const explain[] = {"off", "on", "auto"};
    FILE                    *out = shell->out;

    (void)words;
    if (count != 1) {
        fputs("Usage: .show\n", stderr);
        return 1;
    }
    fprintf(out, "%12.12s: %s\n", "echo", shell->echo ? "on" : "off");
    fprintf(out, "%12.12s: %s\n", "eqp", eqp[shell->eqp]);
    fprintf(out, "%12.12s: %s\n", "explain", explain[shell->explain]);
    fprintf(out, "%12.12s: %s\n", "headers", shell->show_header ? "on" : "off");
    fprintf(out, "%12.12s: ", "mode");
    describe_mode(shell, out);
    fputc('\n', out);
    show_quoted(shell, "nullvalue", shell->null_value);
    fprintf(out, "%12.12s: %s\n", "output",
            shell->out_name[0] != '\0' ? shell->out_name : "stdout");
    show_quoted(shell, "colseparator", shell->column_separator);
    show_quoted(shell, "rowseparator", shell->row_separator);
    fprintf(out, "%12.12s: %s\n", "stats", shell->stats ? "on" : "off");
    fprintf(out, "%12.12s: ", "width");
    for (int i = 0; i < shell->width_count; i++)
        fprintf(out, "%d ", shell->widths[i]);
    fputc('\n', out);
    fprintf(out, "%12.12s: %s\n", "filename", shell->file_name);
    return 0;
}

/* --- where output goes
 * ----------------------------------------------------------------------------------------- */
void output_reset(struct shell *shell)
{
    if (shell->out_is_pipe)
        pclose(shell->out);
    else if (shell->out != stdout)
        fclose(shell->out);
    shell->out = stdout;
    shell->out_is_pipe = false;
    shell->once = false;
    shell->out_name[0] = '\0';
}

static int output_to(struct shell *shell, const char *name)
{
    FILE *file;

    output_reset(shell);
    if (same_name(name, "stdout"))
        return 0;
    fflush(stdout);
    shell->out_is_pipe = name[0] == '|';
    if (shell->out_is_pipe)
        file = popen(name + 1, "w");
    else
        file = fopen(same_name(name, "off") ? "/dev/null" : name, "wb");
    if (file == NULL) {
        shell->out_is_pipe = false;
        fprintf(stderr, "Error: cannot open %s\"%s\"\n", name[0] == '|' ? "pipe " : "",
                name + (name[0] == '|'));
        return 1;
    }
    shell->out = file;
    snprintf(shell->out_name, sizeof shell->out_name, "%s", name);
    return 0;
}

int command_output(struct shell *shell, int count, char **words)
{
    return output_to(shell, count < 2 ? "stdout" : words[1]);
}

int command_once(struct shell *shell, int count, char **words)
{
    int rc;

    if (count != 2) {
        fputs("Usage: .once FILE\n", stderr);
        return 1;
    }
    rc = output_to(shell, words[1]);
    shell->once = rc == 0;
    return rc;
}
