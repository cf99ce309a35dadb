/* shell.h - the state of one stoa command: connection, output settings, input position. */
#ifndef STOA_SHELL_SHELL_H
#define STOA_SHELL_SHELL_H

#include <stdio.h>

#include "shell/text.h"
#include "stoa.h"

enum mode {
    MODE_LIST,
    MODE_CSV,
    MODE_COLUMN,
    MODE_TABLE,
    MODE_BOX,
    MODE_MARKDOWN,
    MODE_LINE,
    MODE_QUOTE,
    MODE_INSERT,
    MODE_JSON,
    MODE_JSONLINES,
    MODE_HTML,
    MODE_TCL,
    MODE_ASCII,
    MODE_TABS,    /* list with tabs; only a name */
    MODE_EXPLAIN, /* chosen for EXPLAIN */
    MODE_EQP,     /* chosen for EXPLAIN QUERY PLAN */
    MODE_ANALYZE, /* chosen for EXPLAIN ANALYZE */
    MODE_COUNT
};
enum { SEPARATOR_CAP = 32, NULL_VALUE_CAP = 64, WIDTHS_MAX = 100 };
enum explain_display { EXPLAIN_DISPLAY_OFF, EXPLAIN_DISPLAY_ON, EXPLAIN_DISPLAY_AUTO };
enum eqp_display { EQP_OFF, EQP_ON, EQP_FULL };

struct parameter { /* .parameter set: kept by the shell, bound by name */
    char   *name;
    int     type;
    char   *text; /* TEXT, BLOB bytes; owned */
    int64_t bytes, integer;
    double  real;
};

struct shell {
    stoa_db *db;
    char    *file_name; /* as .show prints it; owned */
    FILE    *out;
    char     out_name[512];
    bool     out_is_pipe, once; /* once: back to stdout after the next statement */
    bool     interactive, batch;
    bool     stop; /* .quit, .exit */
    int      exit_code;
    /* output */
    enum mode            mode;
    bool                 show_header, header_set;
    char                 column_separator[SEPARATOR_CAP], row_separator[SEPARATOR_CAP];
    char                 null_value[NULL_VALUE_CAP];
    char                *insert_table; /* quoted if need be; owned */
    int                  widths[WIDTHS_MAX], width_count;
    int                  wrap; /* columns of a cell before it wraps; 0: never */
    bool                 wrap_words, quote_cells;
    int64_t              max_rows; /* of columnar modes; 0: all */
    enum explain_display explain;
    enum eqp_display     eqp;
    /* behaviour */
    bool              bail, echo, timer, changes, stats;
    int               progress_rows_shown; /* a progress line stands on the terminal */
    double            started;             /* monotonic seconds when the statement began */
    struct parameter *parameters;
    int               parameter_count;
    int               read_depth; /* .read inside .read */
    int               line;       /* of the current input */
};

/* main.c: opens file instead of what is open, which is lost.  False: told on stderr, and all is as
 * it was. */
bool shell_open(struct shell *shell, const char *file);

/* run.c: runs every statement of sql.  STOA_OK, or the error's code with *message (owned by the
 * caller) saying "in prepare, ..." or "stepping, ...". */
int run_sql(struct shell *shell, const char *sql, char **message);
/* One text as part of an input that began at line: errors go to stderr in sqlite3's form. 1 on
 * error. */
int run_input_sql(struct shell *shell, const char *sql, bool from_file, int line);
/* The single text value of a query; NULL if there is none.  free() it. */
char *query_text(struct shell *shell, const char *sql);

/* input.c: statements and dot commands until the end of in (NULL: the terminal). Number of errors.
 */
int process_input(struct shell *shell, FILE *in);
int process_file(struct shell *shell, const char *name); /* -1: cannot be opened */

/* command.c: a line that begins with a dot.  0, 1 for an error, 2 to end. */
int run_command(struct shell *shell, const char *line);
/* Splits a command line at blanks, quotes removed, in place.  Number of words. */
enum { WORDS_MAX = 64 };
int  command_words(char *line, char *words[WORDS_MAX]);
bool command_switch(const char *word); /* on, off, yes, no, 0, 1 */
void output_reset(struct shell *shell);

/* command_schema.c, command_import.c, command_output.c: commands with their words */
typedef int      command_function(struct shell *shell, int count, char **words);
command_function command_tables, command_indexes, command_schema, command_databases, command_dump,
    command_import, command_mode, command_show, command_separator, command_width, command_output,
    command_once, command_parameter;
const char *mode_name(enum mode mode);
bool        set_mode(struct shell *shell, const char *name); /* and its separators */

/* progress.c */
void progress_begin(struct shell *shell);
void progress_end(struct shell *shell);
int  progress_tick(void *shell);

/* parameters.c */
void parameters_bind(struct shell *shell, stoa_stmt *stmt);
void parameters_free(struct shell *shell);

extern volatile int interrupt_count; /* Ctrl-C presses since the last prompt */

#endif
