/* judge.h - a statement in Stoa and in sqlite3: the same answer, a known difference, or a bug.
 *
 * A difference is known only as one of the named kinds below; each stands in docs/deviations.md,
 * says of itself how it is recognised, and is counted by itself.  Anything else is a failure. */
#ifndef STOA_TESTS_JUDGE_H
#define STOA_TESTS_JUDGE_H

#include "tests/support/compare.h"

enum verdict {
    VERDICT_SAME,
    VERDICT_SAME_ERROR,
    VERDICT_GIVEN_UP,    /* sqlite3 needs too long: Stoa was not asked */
    VERDICT_UNSUPPORTED, /* Stoa said that it does not have the construct yet */

    VERDICT_TIED, /* rows in open order: another one of several equal values shows */
    VERDICT_EVALUATION_ORDER,
    VERDICT_AGGREGATE_PLACE,
    VERDICT_HAVING,
    VERDICT_FORGOTTEN_WHERE,
    VERDICT_STALE_NULL_ROW,
    VERDICT_UNREAD_COLUMN,
    VERDICT_FORGOTTEN_ORDER,
    VERDICT_ADDITION,
    VERDICT_NOT_COMPILED,
    VERDICT_GROUP_POSITION,
    VERDICT_OPEN, /* of mutants alone: sqlite3 gives other rows too */

    VERDICT_ERROR,  /* one of them fails, or both with different errors */
    VERDICT_COUNT,  /* different numbers of rows or columns */
    VERDICT_VALUES, /* different values */
    VERDICT_SLOW,   /* Stoa needs too long */
    VERDICTS
};

/* A statement's place: its databases, and what is known of its rows. */
struct judge {
    stoa_db    *db;
    sqlite3    *oracle;
    const char *script;  /* that made the tables and views */
    bool        ordered; /* the statement gives its rows an order */
    bool        open;    /* see random_sql.h */
    bool        change;  /* not a query: may run once only */
    bool        mutant;  /* nothing is known of its rows: it may depend on their order */
    char        difference[2048];
};

/* Runs sql in both. */
enum verdict judge(struct judge *judge, const char *sql);

/* A few words for logs. */
const char *verdict_name(enum verdict verdict);
/* Is it one of the documented differences?  Is it a failure? */
bool verdict_is_known(enum verdict verdict);
bool verdict_is_failure(enum verdict verdict);

#endif
