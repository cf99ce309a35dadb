/* mutate.h - statements that are nearly right: what sqlite3 refuses Stoa must refuse, and what it
 * accepts must mean the same. */
#ifndef STOA_TESTS_MUTATE_H
#define STOA_TESTS_MUTATE_H

#include "tests/oracle/random_sql.h"

/* sql with one or two of its tokens left out, doubled, swapped or replaced; malloc'ed. */
char *mutate(struct random_sql *random, const char *sql);
/* A part of the tree takes the place of another one, whether it means something there or not. */
void mutate_tree(struct random_sql *random, struct node *root);
/* A text of sql's tokens, as few as it takes for fails(text, data) to hold; malloc'ed. */
char *mutant_shrink(const char *sql, bool (*fails)(const char *, void *), void *data);

#endif
