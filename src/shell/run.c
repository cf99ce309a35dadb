/* run.c - runs SQL for the shell: statement by statement, with timer, plans and error texts in
 * sqlite3's form. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "shell/output.h"

/* --- errors
 * ----------------------------------------------------------------------------------------- */
/* The line of SQL with an arrow at the byte that the error speaks of. */
static void add_error_context(struct text *out, const char *sql, int offset)
{
    enum { LEFT_MAX = 50, WIDTH_MAX = 78, ARROW_LEFT = 25 };
    size_t length;

    while (offset > LEFT_MAX) {
        size_t bytes = character_bytes(sql);

        sql += bytes;
        offset -= (int)bytes;
    }
    if (offset < 0)
        offset = 0;
    length = strlen(sql);
    if (length > WIDTH_MAX) {
        length = WIDTH_MAX;
        while (length > 0 && ((unsigned char)sql[length] & 0xc0) == 0x80)
            length--;
    }
    text_puts(out, "\n  ");
    for (size_t i = 0; i < length; i++)
        text_add(out, sql[i] == '\n' || sql[i] == '\t' || sql[i] == '\r' ? " " : sql + i, 1);
    if (offset < ARROW_LEFT)
        text_printf(out, "\n  %*s^--- error here", offset, "");
    else
        text_printf(out, "\n  %*serror here ---^", offset - 14, "");
}

static char *error_text(struct shell *shell, const char *phase, int rc, const char *sql)
{
    struct text out = {0};
    int         offset = stoa_error_offset(shell->db);

    text_printf(&out, "%s, %s", phase, stoa_errmsg(shell->db));
    if (rc > 1)
        text_printf(&out, " (%d)", rc);
    if (offset >= 0 && sql != NULL)
        add_error_context(&out, sql, offset);
    return out.data;
}

/* --- one statement
 * ------------------------------------------------------------------------------------ */
static enum mode statement_mode(struct shell *shell, stoa_stmt *stmt)
{
    if (shell->explain == EXPLAIN_DISPLAY_OFF)
        return shell->mode;
    switch (stoa_stmt_isexplain(stmt)) {
    case 1:
        return MODE_EXPLAIN;
    case 2:
        return MODE_EQP;
    case 3: /* VERBOSE lists opcodes */
        return strcmp(stoa_column_name(stmt, 0), "addr") == 0 ? MODE_EXPLAIN : MODE_ANALYZE;
    default:
        return shell->explain == EXPLAIN_DISPLAY_ON ? MODE_EXPLAIN : shell->mode;
    }
}

/* .eqp: the statement's plan, and with full its program, before it runs. */
static void show_plan(struct shell *shell, stoa_stmt *stmt, const char *prefix)
{
    struct text sql = {0};
    stoa_stmt  *plan = NULL;

    text_puts(&sql, prefix);
    text_puts(&sql, stoa_sql(stmt));
    if (stoa_prepare(shell->db, sql.data, -1, &plan, NULL) == STOA_OK && plan != NULL)
        output_rows(shell, plan, stoa_stmt_isexplain(plan) == 2 ? MODE_EQP : MODE_EXPLAIN);
    stoa_finalize(plan);
    text_free(&sql);
}

static int run_statement(struct shell *shell, stoa_stmt *stmt)
{
    int rc;

    if (shell->eqp != EQP_OFF && stoa_stmt_isexplain(stmt) == 0) {
        show_plan(shell, stmt, "EXPLAIN QUERY PLAN ");
        if (shell->eqp == EQP_FULL)
            show_plan(shell, stmt, "EXPLAIN ");
    }
    parameters_bind(shell, stmt);
    progress_begin(shell);
    rc = output_rows(shell, stmt, statement_mode(shell, stmt));
    progress_end(shell);
    return rc;
}

static void show_stats(struct shell *shell)
{
    fprintf(shell->out, "Memory Used:                         %lld (max %lld) bytes\n",
            (long long)stoa_memory_used(shell->db), (long long)stoa_memory_peak(shell->db, 0));
}

int run_sql(struct shell *shell, const char *sql, char **message)
{
    *message = NULL;
    while (sql[0] != '\0') {
        stoa_stmt  *stmt = NULL;
        const char *tail = NULL;
        int         rc;

        while (sql[0] == ' ' || (sql[0] >= '\t' && sql[0] <= '\r'))
            sql++;
        if (sql[0] == '\0')
            break;
        rc = stoa_prepare(shell->db, sql, -1, &stmt, &tail);
        if (rc != STOA_OK) {
            *message = error_text(shell, "in prepare", rc, sql);
            return rc;
        }
        if (stmt == NULL) { /* a comment */
            sql = tail;
            continue;
        }
        rc = run_statement(shell, stmt);
        if (rc != STOA_DONE) {
            *message = error_text(shell, "stepping", rc, stoa_sql(stmt));
            stoa_finalize(stmt);
            return rc;
        }
        stoa_finalize(stmt);
        if (shell->stats)
            show_stats(shell);
        sql = tail;
    }
    return STOA_OK;
}

/* --- one piece of input
 * --------------------------------------------------------------------------------- */
struct clocks {
    double real, user, system;
};

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static struct clocks clocks_now(void)
{
    struct timespec now;
    struct rusage   usage;

    clock_gettime(CLOCK_MONOTONIC, &now);
    getrusage(RUSAGE_SELF, &usage);
    return (struct clocks){.real = (double)now.tv_sec + (double)now.tv_nsec / 1e9,
                           .user = seconds_of(usage.ru_utime),
                           .system = seconds_of(usage.ru_stime)};
}

static void report_error(struct shell *shell, const char *message, bool from_file, int line)
{
    static const struct {
        const char *prefix, *kind;
    } kinds[] = {{"in prepare, ", "Parse error"}, {"stepping, ", "Runtime error"}};
    const char *kind = "Error", *text = message == NULL ? stoa_errmsg(shell->db) : message;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (message != NULL && strncmp(message, kinds[i].prefix, strlen(kinds[i].prefix)) == 0) {
            kind = kinds[i].kind;
            text = message + strlen(kinds[i].prefix);
        }
    fflush(shell->out);
    if (from_file)
        fprintf(stderr, "%s near line %d: %s\n", kind, line, text);
    else
        fprintf(stderr, "%s: %s\n", kind, text);
}

int run_input_sql(struct shell *shell, const char *sql, bool from_file, int line)
{
    struct clocks before = clocks_now(), after;
    char         *message = NULL;
    int           rc = run_sql(shell, sql, &message);

    after = clocks_now();
    if (shell->timer)
        fprintf(shell->out, "Run Time: real %.3f user %f sys %f\n", after.real - before.real,
                after.user - before.user, after.system - before.system);
    if (rc != STOA_OK || message != NULL) {
        report_error(shell, message, from_file, line);
        free(message);
        return 1;
    }
    if (shell->changes)
        fprintf(shell->out, "changes: %lld   total_changes: %lld\n",
                (long long)stoa_changes(shell->db), (long long)stoa_total_changes(shell->db));
    if (shell->once)
        output_reset(shell);
    return 0;
}

char *query_text(struct shell *shell, const char *sql)
{
    stoa_stmt *stmt = NULL;
    char      *text = NULL;

    if (stoa_prepare(shell->db, sql, -1, &stmt, NULL) == STOA_OK && stmt != NULL &&
        stoa_step(stmt) == STOA_ROW && stoa_column_text(stmt, 0) != NULL)
        text = text_copy(stoa_column_text(stmt, 0));
    stoa_finalize(stmt);
    return text;
}
