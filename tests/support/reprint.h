/* reprint.h - statements taken through the syntax tree and back into SQL. */
#ifndef STOA_TESTS_REPRINT_H
#define STOA_TESTS_REPRINT_H

#include <stdbool.h>
#include <stddef.h>

/* The SQL of the tree that sql's first statement makes, malloc'ed; NULL: sql is no single statement
 * with a tree (an error, EXPLAIN, CREATE, whose text is kept as written...) and should be taken as
 * it is.  False: that SQL does not make the same tree; the reason in message. */
bool reprint(const char *sql, char **printed, char *message, size_t message_bytes);

#endif
