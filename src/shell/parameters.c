/* parameters.c - .parameter: values for named parameters, kept by the shell. */
#include <stdlib.h>
#include <string.h>

#include "shell/output.h"

static void parameter_clear(struct parameter *parameter)
{
    free(parameter->name);
    free(parameter->text);
}

void parameters_free(struct shell *shell)
{
    for (int i = 0; i < shell->parameter_count; i++)
        parameter_clear(&shell->parameters[i]);
    free(shell->parameters);
    shell->parameters = NULL;
    shell->parameter_count = 0;
}

static struct parameter *parameter_find(struct shell *shell, const char *name)
{
    for (int i = 0; i < shell->parameter_count; i++)
        if (strcmp(shell->parameters[i].name, name) == 0)
            return &shell->parameters[i];
    return NULL;
}

static void parameter_bind(stoa_stmt *stmt, int index, const struct parameter *parameter)
{
    switch (parameter->type) {
    case STOA_INTEGER:
        stoa_bind_int64(stmt, index, parameter->integer);
        break;
    case STOA_FLOAT:
        stoa_bind_double(stmt, index, parameter->real);
        break;
    case STOA_TEXT:
        stoa_bind_text(stmt, index, parameter->text, parameter->bytes, STOA_STATIC);
        break;
    case STOA_BLOB:
        stoa_bind_blob(stmt, index, parameter->text, parameter->bytes, STOA_STATIC);
        break;
    default:
        stoa_bind_null(stmt, index);
    }
}

void parameters_bind(struct shell *shell, stoa_stmt *stmt)
{
    int count = stoa_bind_parameter_count(stmt);

    for (int i = 1; i <= count; i++) {
        const char             *name = stoa_bind_parameter_name(stmt, i);
        char                    number[16];
        const struct parameter *parameter;

        if (name == NULL) { /* a plain ? is found as ?1, ?2... */
            snprintf(number, sizeof number, "?%d", i);
            name = number;
        }
        parameter = parameter_find(shell, name);
        if (parameter != NULL)
            parameter_bind(stmt, i, parameter);
    }
}

static void parameter_unset(struct shell *shell, const char *name)
{
    struct parameter *parameter = parameter_find(shell, name);

    if (parameter == NULL)
        return;
    parameter_clear(parameter);
    shell->parameter_count--;
    memmove(parameter, parameter + 1,
            (size_t)(shell->parameters + shell->parameter_count - parameter) * sizeof *parameter);
}

/* A new parameter in its place by name. */
static struct parameter *parameter_insert(struct shell *shell, const char *name)
{
    int at = shell->parameter_count;

    shell->parameters = checked_realloc(shell->parameters, ((size_t)shell->parameter_count + 1) *
                                                               sizeof *shell->parameters);
    for (; at > 0 && strcmp(shell->parameters[at - 1].name, name) > 0; at--)
        shell->parameters[at] = shell->parameters[at - 1];
    shell->parameter_count++;
    shell->parameters[at] = (struct parameter){.name = text_copy(name)};
    return &shell->parameters[at];
}

static void parameter_take(struct parameter *parameter, stoa_stmt *stmt)
{
    parameter->type = stoa_column_type(stmt, 0);
    parameter->integer = stoa_column_int64(stmt, 0);
    parameter->real = stoa_column_double(stmt, 0);
    if (parameter->type == STOA_TEXT || parameter->type == STOA_BLOB) {
        const char *text = stoa_column_text(stmt, 0);

        parameter->bytes = stoa_column_bytes(stmt, 0);
        parameter->text = memcpy(checked_realloc(NULL, (size_t)parameter->bytes + 1), text,
                                 (size_t)parameter->bytes + 1);
    }
}

/* value is an SQL expression; what is none is taken as text, as sqlite3 does. */
static int parameter_set(struct shell *shell, const char *name, const char *value)
{
    struct text sql = {0};
    stoa_stmt  *stmt = NULL;
    int         rc;

    text_printf(&sql, "SELECT (%s)", value);
    rc = stoa_prepare(shell->db, sql.data, -1, &stmt, NULL);
    if (rc != STOA_OK) {
        sql.bytes = 0;
        text_puts(&sql, "SELECT ");
        quoted_add(&sql, value, false);
        rc = stoa_prepare(shell->db, sql.data, -1, &stmt, NULL);
    }
    text_free(&sql);
    if (rc == STOA_OK && stoa_step(stmt) == STOA_ROW) {
        parameter_unset(shell, name);
        parameter_take(parameter_insert(shell, name), stmt);
    } else {
        fprintf(stderr, "Error: %s\n", stoa_errmsg(shell->db));
        rc = 1;
    }
    stoa_finalize(stmt);
    return rc != STOA_OK;
}

static void parameter_list(struct shell *shell)
{
    int width = 0;

    for (int i = 0; i < shell->parameter_count; i++) {
        int length = (int)strlen(shell->parameters[i].name);

        width = length > width ? length : width;
    }
    for (int i = 0; i < shell->parameter_count; i++) {
        const struct parameter *parameter = &shell->parameters[i];
        struct text             literal = {0};
        stoa_stmt              *stmt = NULL;

        if (stoa_prepare(shell->db, "SELECT ?", -1, &stmt, NULL) == STOA_OK) {
            parameter_bind(stmt, 1, parameter);
            if (stoa_step(stmt) == STOA_ROW)
                literal_add(&literal, stmt, 0);
        }
        stoa_finalize(stmt);
        fprintf(shell->out, "%-*s %s\n", width, parameter->name,
                literal.bytes > 0 ? literal.data : "");
        text_free(&literal);
    }
}

int command_parameter(struct shell *shell, int count, char **words)
{
    if (count == 2 && same_name(words[1], "clear"))
        parameters_free(shell);
    else if (count == 2 && same_name(words[1], "list"))
        parameter_list(shell);
    else if (count == 2 && same_name(words[1], "init"))
        return 0; /* nothing to make: there is no table behind it */
    else if (count == 4 && same_name(words[1], "set"))
        return parameter_set(shell, words[2], words[3]);
    else if (count == 3 && same_name(words[1], "unset"))
        parameter_unset(shell, words[2]);
    else {
        fputs(".parameter clear          forget all values\n"
              ".parameter list           show names and values\n"
              ".parameter set NAME VALUE an SQL expression for :NAME, @NAME, $NAME or ?N\n"
              ".parameter unset NAME     forget one value\n",
              stderr);
        return 1;
    }
    return 0;
}
