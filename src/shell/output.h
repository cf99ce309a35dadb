/* output.h - rows of a statement in the shell's output modes. */
#ifndef STOA_SHELL_OUTPUT_H
#define STOA_SHELL_OUTPUT_H

#include "shell/shell.h"

/* Steps stmt to its end and prints its rows in mode.  The last step's result code. */
int output_rows(struct shell *shell, stoa_stmt *stmt, enum mode mode);
/* The modes that need all rows before the first is printed: column, table, box, markdown. */
int output_columnar(struct shell *shell, stoa_stmt *stmt, enum mode mode);
int output_explain(struct shell *shell, stoa_stmt *stmt);
int output_query_plan(struct shell *shell, stoa_stmt *stmt);
int output_analysis(struct shell *shell, stoa_stmt *stmt); /* EXPLAIN ANALYZE */

/* A value as an SQL literal. */
void literal_add(struct text *out, stoa_stmt *stmt, int column);
/* string as an SQL literal; newlines as sqlite3 writes them in INSERTs if escape. */
void quoted_add(struct text *out, const char *string, bool escape);
/* name, in double quotes if it is no plain identifier. */
void name_add(struct text *out, const char *name);
void c_string_add(struct text *out, const char *string);

#endif
