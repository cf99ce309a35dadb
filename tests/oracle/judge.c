/* judge.c - what a difference between the two answers to a statement is. */
#include "tests/oracle/judge.h"

#include <string.h>

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[VERDICTS] = {
        [VERDICT_SAME] = "same",
        [VERDICT_SAME_ERROR] = "same error",
        [VERDICT_GIVEN_UP] = "sqlite3 needs too long",
        [VERDICT_UNSUPPORTED] = "not supported yet",
        [VERDICT_TIED] = "ties",
        [VERDICT_EVALUATION_ORDER] = "order of evaluation",
        [VERDICT_AGGREGATE_PLACE] = "aggregate of an outer select",
        [VERDICT_HAVING] = "HAVING without GROUP BY",
        [VERDICT_FORGOTTEN_WHERE] = "sqlite3 forgets a WHERE beside RIGHT JOIN",
        [VERDICT_STALE_NULL_ROW] = "sqlite3 keeps an outer join's NULLs",
        [VERDICT_UNREAD_COLUMN] = "sqlite3 reads a view's column that it left out",
        [VERDICT_FORGOTTEN_ORDER] = "sqlite3 takes a subquery's rows for ordered",
        [VERDICT_ADDITION] = "an addition to SQLite",
        [VERDICT_NOT_COMPILED] = "an error where sqlite3 generates no code",
        [VERDICT_GROUP_POSITION] = "sqlite3 takes a grouped literal for a position",
        [VERDICT_OPEN] = "sqlite3 gives several answers",
        [VERDICT_ERROR] = "error",
        [VERDICT_COUNT] = "number of rows",
        [VERDICT_VALUES] = "values",
        [VERDICT_SLOW] = "Stoa needs too long",
    };

    return names[verdict];
}

bool verdict_is_known(enum verdict verdict)
{
    return verdict >= VERDICT_TIED && verdict < VERDICT_ERROR;
}

bool verdict_is_failure(enum verdict verdict)
{
    return verdict >= VERDICT_ERROR;
}

static bool has_one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(text, words[i]) != NULL)
            return true;
    return false;
}
#define HAS_ONE_OF(text, words) has_one_of(text, words, sizeof(words) / sizeof((words)[0]))

static bool same(struct judge *judge, const char *sql, enum compare_mode mode)
{
    return compare_statement(judge->db, judge->oracle, sql, mode, judge->difference,
                             sizeof judge->difference);
}

/* --- different rows -----------------------------------------------------------------------------
 */
/* Whether a query chooses among values that it takes for equal. */
static bool has_choice(const char *sql)
{
    static const char *const words[] = {"DISTINCT", "GROUP BY", "UNION ", "INTERSECT",
                                        "EXCEPT",   "min(",     "max(",   "LIMIT"};

    return HAS_ONE_OF(sql, words);
}

/* Whether two answers differ by nothing but the order of ties and the choice among them. */
static bool tied(struct judge *judge, const char *sql)
{
    if (!judge->open)
        return false;
    if (!judge->ordered)
        return has_choice(sql) && same(judge, sql, COMPARE_TIED_BAG);
    return same(judge, sql, COMPARE_TIED_SEQUENCE) ||
           (has_choice(sql) && same(judge, sql, COMPARE_TIED_CHOICE));
}

/* Of SQLITE_TESTCTRL_OPTIMIZATIONS. */
enum { QUERY_FLATTENER = 1, NULL_UNUSED_COLUMNS = 0x4000000, ORDER_BY_SUBQUERY = 0x10000000 };

/* Whether sqlite3 gives Stoa's answer when it leaves one of its optimizations out, and also when it
 * leaves all of them out: so sqlite3 itself says that this optimization is wrong. */
static bool same_without(struct judge *judge, const char *sql, int optimization)
{
    enum compare_mode mode = judge->ordered ? COMPARE_SEQUENCE : COMPARE_BAG;
    bool              equal;

    sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, judge->oracle, optimization);
    equal = same(judge, sql, mode);
    sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, judge->oracle, -1);
    equal = equal && (same(judge, sql, mode) || compare_oracle_gave_up());
    sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, judge->oracle, 0);
    return equal;
}

static bool has_outer_union(const char *text)
{
    static const char *const joins[] = {"RIGHT JOIN", "FULL JOIN"};

    return strstr(text, "UNION ALL") != NULL && HAS_ONE_OF(text, joins);
}

/* Whether sqlite3 forgot the WHERE of a compound's term because another term has RIGHT or FULL
 * JOIN: it does so while it merges the compound with the select around it, and not otherwise. */
static bool forgot_where(struct judge *judge, const char *sql)
{
    return (has_outer_union(sql) || has_outer_union(judge->script)) &&
           same_without(judge, sql, QUERY_FLATTENER);
}

static bool has_values(const char *text)
{
    return strstr(text, "FROM (VALUES (") != NULL || strstr(text, "AS (VALUES (") != NULL;
}

/* Whether sqlite3 took a constant of a subquery in an outer join for NULL because the join had no
 * match for the row before: it does so where it merges a subquery over VALUES, or over another that
 * it computes row by row, with the select around it, and not otherwise. */
static bool kept_nulls(struct judge *judge, const char *sql)
{
    static const char *const joins[] = {"LEFT JOIN", "RIGHT JOIN", "FULL JOIN"};

    return (HAS_ONE_OF(sql, joins) || HAS_ONE_OF(judge->script, joins)) &&
           (has_values(sql) || has_values(judge->script)) &&
           same_without(judge, sql, QUERY_FLATTENER);
}

/* Whether sqlite3 read NULLs from a view that stands twice in one FROM, with RIGHT or FULL JOIN:
 * its rows are computed once, with NULL for the columns that its first place does not need. */
static bool left_column_out(struct judge *judge, const char *sql)
{
    static const char *const joins[] = {"RIGHT JOIN", "FULL JOIN"};

    return strstr(judge->script, "CREATE VIEW") != NULL &&
           (HAS_ONE_OF(sql, joins) || HAS_ONE_OF(judge->script, joins)) &&
           same_without(judge, sql, NULL_UNUSED_COLUMNS);
}

/* Whether sqlite3 gives the right rows in a wrong order because it takes the rows of a subquery,
 * mostly of a compound, for ordered as the select around wants them. */
static bool forgot_order(struct judge *judge, const char *sql)
{
    return judge->ordered && same(judge, sql, COMPARE_BAG) &&
           same_without(judge, sql, ORDER_BY_SUBQUERY);
}

/* Whether a mutant's answer is open: sqlite3 gives several, or bare columns of joined rows stand
 * there, whose order sqlite3 may keep to. */
static bool is_open(struct judge *judge, const char *sql)
{
    static const char *const joins[] = {" JOIN ", "x, ", " AS x,"}, *const outer[] = {
                                                                        "LEFT ", "RIGHT ", "FULL "};

    if (strstr(sql, "GROUP BY") != NULL && HAS_ONE_OF(sql, joins) &&
        strncmp(judge->difference, "row ", 4) == 0)
        return true;
    if ((strstr(sql, "ON al") != NULL || strstr(sql, "ON (al") != NULL) &&
        HAS_ONE_OF(sql, outer)) /* an alias in ON is a WHERE for sqlite3: docs/deviations.md */
        return true;
    return !compare_oracle_alone(judge->oracle, sql);
}

/* --- errors -------------------------------------------------------------------------------------
 */
/* Errors that a value causes when a row with it is met. */
static bool is_of_row(const char *message)
{
    static const char *const parts[] = {"integer overflow",
                                        "ESCAPE expression must be a single character",
                                        "Inf input to ",
                                        "argument of ntile must be a positive integer",
                                        "argument to nth_value must be a positive integer",
                                        "input to percentile",
                                        "input to median",
                                        "1st argument to percentile",
                                        "frame starting offset",
                                        "frame ending offset",
                                        "datatype mismatch",
                                        "unable to use function MATCH"};

    return HAS_ONE_OF(message, parts);
}

/* Of errors in the rows of a change a rowid that is none may come first. */
static bool is_of_changed_row(const char *message, const char *other)
{
    return strcmp(message, "datatype mismatch") == 0 &&
           strstr(other, " constraint failed: ") != NULL;
}

/* What Stoa adds and mutants come upon: FROM first, files in FROM, functions, GROUP BY (). */
static bool is_addition(const char *sql, const char *mine, const char *right)
{
    if (strncmp(mine, "cannot open \"", 13) == 0)
        return strncmp(right, "no such table: ", 15) == 0 ||
               strcmp(right, "near \"FROM\": syntax error") == 0;
    return mine[0] == '\0' &&
           (strcmp(right, "near \"FROM\": syntax error") == 0 ||
            strncmp(right, "no such function: ", 18) == 0 ||
            (strcmp(right, "near \")\": syntax error") == 0 && strstr(sql, "GROUP BY ()") != NULL));
}

static bool is_misuse(const char *message)
{
    return strncmp(message, "misuse of aggregate: ", 21) == 0;
}

/* Of two outcomes that are not both rows. */
static enum verdict judge_errors(struct judge *judge, const char *sql)
{
    static const char *const not_compiled[] = {"row value misused", "hex literal too big",
                                               "no such collation sequence: "};
    const char              *no_having = "HAVING clause on a non-aggregate query";
    const char              *mine = compare_stoa_error(), *right = compare_oracle_error();

    if (mine[0] == '\0' && strcmp(right, no_having) == 0 &&
        (strstr(sql, " OVER ") != NULL || strstr(judge->script, " OVER ") != NULL))
        return VERDICT_HAVING;
    if (mine[0] == '\0' && strstr(right, "GROUP BY term out of range") != NULL &&
        strstr(sql, " OVER ") != NULL)
        return VERDICT_GROUP_POSITION;
    if (judge->mutant && is_addition(sql, mine, right))
        return VERDICT_ADDITION;
    if (judge->mutant && right[0] == '\0' && HAS_ONE_OF(mine, not_compiled))
        return VERDICT_NOT_COMPILED;
    if (judge->change && (is_of_changed_row(mine, right) || is_of_changed_row(right, mine)))
        return VERDICT_EVALUATION_ORDER;
    if (is_misuse(mine) || is_misuse(right))
        return mine[0] == '\0' || right[0] == '\0' || is_of_row(mine) ? VERDICT_AGGREGATE_PLACE
                                                                      : VERDICT_ERROR;
    if ((mine[0] == '\0' || is_of_row(mine)) && (right[0] == '\0' || is_of_row(right)))
        return VERDICT_EVALUATION_ORDER;
    return VERDICT_ERROR;
}

enum verdict judge(struct judge *judge, const char *sql)
{
    char         first[sizeof judge->difference];
    enum verdict verdict;

    if (same(judge, sql, judge->ordered ? COMPARE_SEQUENCE : COMPARE_BAG))
        return compare_stoa_error()[0] == '\0' ? VERDICT_SAME : VERDICT_SAME_ERROR;
    if (compare_oracle_gave_up())
        return VERDICT_GIVEN_UP;
    if (compare_stoa_gave_up())
        return VERDICT_SLOW;
    if (strncmp(compare_stoa_error(), "not supported yet", 17) == 0)
        return VERDICT_UNSUPPORTED;
    verdict = compare_stoa_error()[0] + compare_oracle_error()[0] != 0 ? judge_errors(judge, sql)
              : strncmp(judge->difference, "row ", 4) == 0             ? VERDICT_VALUES
                                                                       : VERDICT_COUNT;
    if (!verdict_is_failure(verdict) || judge->change)
        return verdict;
    memcpy(first, judge->difference, sizeof first);
    if (verdict == VERDICT_VALUES && tied(judge, sql))
        verdict = VERDICT_TIED;
    else if (judge->mutant && verdict != VERDICT_ERROR)
        verdict = is_open(judge, sql) ? VERDICT_OPEN : verdict;
    else if (verdict != VERDICT_ERROR && forgot_where(judge, sql))
        verdict = VERDICT_FORGOTTEN_WHERE;
    else if (verdict != VERDICT_ERROR && kept_nulls(judge, sql))
        verdict = VERDICT_STALE_NULL_ROW;
    else if (verdict != VERDICT_ERROR && left_column_out(judge, sql))
        verdict = VERDICT_UNREAD_COLUMN;
    else if (verdict == VERDICT_VALUES && forgot_order(judge, sql))
        verdict = VERDICT_FORGOTTEN_ORDER;
    memcpy(judge->difference, first, sizeof first);
    return verdict;
}
