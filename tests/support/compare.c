/* compare.c - runs a statement in Stoa and sqlite3 and compares rows value by value. */
#include "tests/support/compare.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STEPS_PER_CALL = 1000 }; /* of the oracle, between two looks at its limit */

struct cell {
    int     type; /* STOA_INTEGER..STOA_NULL; sqlite3's numbers are the same */
    int64_t i;
    double  r;
    char   *s;
    int64_t bytes;
};
struct rows {
    struct cell *cells;
    size_t       columns, count, capacity; /* count, capacity: cells */
    int64_t      bytes;                    /* of cells and texts */
    int          rc;                       /* of prepare, or of the last step */
    bool         prepared;
};

static char stoa_error[1024], oracle_error[1024];
static bool with_texts; /* errors have the same texts */
static bool with_parameters;
static bool sums_are_plain; /* the oracle is older than 3.43 */

/* One thread compares. */
static struct compare_limits limits = {INT64_MAX, INT64_MAX, 1e9};
static int64_t               oracle_steps;
static double                stoa_start, stoa_seconds, oracle_seconds;
static bool                  oracle_gave_up, stoa_gave_up;

const char *compare_stoa_error(void)
{
    return stoa_error;
}
const char *compare_oracle_error(void)
{
    return oracle_error;
}

void compare_texts(bool texts)
{
    with_texts = texts;
}

void compare_bind_parameters(void)
{
    with_parameters = true;
}

void compare_set_digits(sqlite3 *oracle, int digits)
{
#ifdef SQLITE_DBCONFIG_FP_DIGITS
    sqlite3_db_config(oracle, SQLITE_DBCONFIG_FP_DIGITS, digits, (int *)NULL);
#else
    (void)oracle;
    (void)digits;
#endif
}

int compare_open_oracle(const char *filename, sqlite3 **oracle)
{
    int rc = sqlite3_open(filename, oracle);

    if (rc == SQLITE_OK) {
        compare_set_digits(*oracle, 15);
        /* long texts in its sorters would go through temporary files: twice the time of a test */
        rc = sqlite3_exec(*oracle, "PRAGMA temp_store = memory", NULL, NULL, NULL);
    }
    sums_are_plain = sqlite3_libversion_number() < 3043000;
    return rc;
}

static double cpu_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int oracle_progress(void *data)
{
    (void)data;
    oracle_steps += STEPS_PER_CALL;
    oracle_gave_up |= oracle_steps > limits.oracle_steps;
    return oracle_gave_up;
}

static int stoa_progress(void *data)
{
    (void)data;
    stoa_gave_up |= cpu_now() - stoa_start > limits.stoa_seconds;
    return stoa_gave_up;
}

void compare_set_limits(stoa_db *db, sqlite3 *oracle, const struct compare_limits *set)
{
    limits = *set;
    sqlite3_progress_handler(oracle, STEPS_PER_CALL, oracle_progress, NULL);
    stoa_progress_handler(db, stoa_progress, NULL);
}

bool compare_oracle_gave_up(void)
{
    return oracle_gave_up;
}
bool compare_stoa_gave_up(void)
{
    return stoa_gave_up;
}
double compare_oracle_seconds(void)
{
    return oracle_seconds;
}
double compare_stoa_seconds(void)
{
    return stoa_seconds;
}

static struct cell *rows_cell(struct rows *rows)
{
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity == 0 ? 256 : rows->capacity * 2;
        rows->cells = realloc(rows->cells, rows->capacity * sizeof *rows->cells);
        if (rows->cells == NULL) {
            fprintf(stderr, "compare: out of memory\n");
            exit(2);
        }
    }
    memset(&rows->cells[rows->count], 0, sizeof *rows->cells);
    rows->bytes += (int64_t)sizeof *rows->cells;
    return &rows->cells[rows->count++];
}

static void rows_free(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        free(rows->cells[i].s);
    free(rows->cells);
}

/* --- parameters ---------------------------------------------------------------------------------
 */
struct parameter {
    int         type;
    int64_t     i;
    double      r;
    const char *s;
};
/* Of every class, in turn. */
static const struct parameter parameters[] = {{.type = STOA_NULL},
                                              {.type = STOA_INTEGER, .i = 3},
                                              {.type = STOA_INTEGER, .i = 1},
                                              {.type = STOA_FLOAT, .r = 2.5},
                                              {.type = STOA_TEXT, .s = "a"},
                                              {.type = STOA_TEXT, .s = "10"},
                                              {.type = STOA_BLOB, .s = "A"},
                                              {.type = STOA_INTEGER, .i = INT64_MAX},
                                              {.type = STOA_FLOAT, .r = 1e300},
                                              {.type = STOA_TEXT, .s = ""},
                                              {.type = STOA_FLOAT, .r = 2.0}};

static const struct parameter *parameter(int number)
{
    return &parameters[number % (int)(sizeof parameters / sizeof parameters[0])];
}

static void bind_stoa(stoa_stmt *stmt)
{
    for (int i = 1; with_parameters && i <= stoa_bind_parameter_count(stmt); i++) {
        const struct parameter *given = parameter(i);

        switch (given->type) {
        case STOA_INTEGER:
            stoa_bind_int64(stmt, i, given->i);
            break;
        case STOA_FLOAT:
            stoa_bind_double(stmt, i, given->r);
            break;
        case STOA_TEXT:
            stoa_bind_text(stmt, i, given->s, (int)strlen(given->s), STOA_STATIC);
            break;
        case STOA_BLOB:
            stoa_bind_blob(stmt, i, given->s, (int)strlen(given->s), STOA_STATIC);
            break;
        default:
            break;
        }
    }
}

static void bind_oracle(sqlite3_stmt *stmt)
{
    for (int i = 1; with_parameters && i <= sqlite3_bind_parameter_count(stmt); i++) {
        const struct parameter *given = parameter(i);

        switch (given->type) {
        case SQLITE_INTEGER:
            sqlite3_bind_int64(stmt, i, given->i);
            break;
        case SQLITE_FLOAT:
            sqlite3_bind_double(stmt, i, given->r);
            break;
        case SQLITE_TEXT:
            sqlite3_bind_text(stmt, i, given->s, (int)strlen(given->s), SQLITE_STATIC);
            break;
        case SQLITE_BLOB:
            sqlite3_bind_blob(stmt, i, given->s, (int)strlen(given->s), SQLITE_STATIC);
            break;
        default:
            break;
        }
    }
}

static char *bytes_copy(const void *data, int64_t bytes)
{
    char *copy = malloc((size_t)bytes + 1);

    if (copy == NULL) {
        fprintf(stderr, "compare: out of memory\n");
        exit(2);
    }
    if (bytes > 0)
        memcpy(copy, data, (size_t)bytes);
    copy[bytes] = '\0';
    return copy;
}

static void stoa_rows(stoa_db *db, const char *sql, struct rows *rows)
{
    stoa_stmt *stmt = NULL;

    stoa_error[0] = '\0';
    rows->rc = stoa_prepare(db, sql, -1, &stmt, NULL);
    rows->prepared = rows->rc == STOA_OK;
    if (rows->prepared && stmt != NULL) {
        bind_stoa(stmt);
        rows->columns = (size_t)stoa_column_count(stmt);
        while ((rows->rc = stoa_step(stmt)) == STOA_ROW)
            for (int c = 0; c < (int)rows->columns; c++) {
                struct cell *cell = rows_cell(rows);

                cell->type = stoa_column_type(stmt, c);
                if (cell->type == STOA_INTEGER) {
                    cell->i = stoa_column_int64(stmt, c);
                } else if (cell->type == STOA_FLOAT) {
                    cell->r = stoa_column_double(stmt, c);
                } else if (cell->type != STOA_NULL) {
                    const void *data = stoa_column_blob(stmt, c);

                    cell->bytes = stoa_column_bytes(stmt, c);
                    cell->s = bytes_copy(data, cell->bytes);
                }
            }
    }
    if (rows->rc != STOA_OK && rows->rc != STOA_DONE)
        snprintf(stoa_error, sizeof stoa_error, "%s", stoa_errmsg(db));
    stoa_finalize(stmt);
}

static void oracle_rows(sqlite3 *oracle, const char *sql, struct rows *rows)
{
    sqlite3_stmt *stmt = NULL;

    oracle_error[0] = '\0';
    rows->rc = sqlite3_prepare_v2(oracle, sql, -1, &stmt, NULL);
    rows->prepared = rows->rc == SQLITE_OK;
    if (rows->prepared && stmt != NULL) {
        bind_oracle(stmt);
        rows->columns = (size_t)sqlite3_column_count(stmt);
        while (!oracle_gave_up && (rows->rc = sqlite3_step(stmt)) == SQLITE_ROW)
            for (int c = 0; c < (int)rows->columns; c++) {
                struct cell *cell = rows_cell(rows);

                cell->type = sqlite3_column_type(stmt, c);
                if (cell->type == SQLITE_INTEGER) {
                    cell->i = sqlite3_column_int64(stmt, c);
                } else if (cell->type == SQLITE_FLOAT) {
                    cell->r = sqlite3_column_double(stmt, c);
                } else if (cell->type != SQLITE_NULL) {
                    const void *data = sqlite3_column_blob(stmt, c);

                    cell->bytes = sqlite3_column_bytes(stmt, c);
                    cell->s = bytes_copy(data, cell->bytes);
                    rows->bytes += cell->bytes;
                }
                oracle_gave_up |= rows->bytes > limits.bytes;
            }
    }
    if (rows->rc != SQLITE_OK && rows->rc != SQLITE_DONE)
        snprintf(oracle_error, sizeof oracle_error, "%s", sqlite3_errmsg(oracle));
    sqlite3_finalize(stmt);
}

static bool reals_equal(double a, double b)
{
    if (a == b)
        return true;
    return sums_are_plain && fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b));
}

static bool cells_equal(const struct cell *a, const struct cell *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case STOA_INTEGER:
        return a->i == b->i;
    case STOA_FLOAT:
        return reals_equal(a->r, b->r);
    case STOA_NULL:
        return true;
    default:
        return a->bytes == b->bytes && memcmp(a->s, b->s, (size_t)a->bytes) == 0;
    }
}

/* Bytes by bytes; ties: whatever the case of letters and the spaces at the end. */
static int bytes_order(const struct cell *a, const struct cell *b, bool ties)
{
    int64_t m = a->bytes, n = b->bytes, bytes;

    while (ties && m > 0 && a->s[m - 1] == ' ')
        m--;
    while (ties && n > 0 && b->s[n - 1] == ' ')
        n--;
    bytes = m < n ? m : n;
    for (int64_t i = 0; i < bytes; i++) {
        int x = (unsigned char)a->s[i], y = (unsigned char)b->s[i];

        if (ties && x >= 'A' && x <= 'Z')
            x += 'a' - 'A';
        if (ties && y >= 'A' && y <= 'Z')
            y += 'a' - 'A';
        if (x != y)
            return x - y;
    }
    return m < n ? -1 : m > n;
}

/* A total order that does not depend on the last bits of REALs more than it must. */
static int cell_order(const struct cell *a, const struct cell *b, bool ties)
{
    double x, y;

    if (a->type != b->type && (a->type > STOA_FLOAT || b->type > STOA_FLOAT))
        return a->type < b->type ? -1 : 1;
    switch (a->type) {
    case STOA_INTEGER:
    case STOA_FLOAT:
        x = a->type == STOA_FLOAT ? a->r : (double)a->i;
        y = b->type == STOA_FLOAT ? b->r : (double)b->i;
        if (x == y && a->type == STOA_INTEGER && b->type == STOA_INTEGER)
            return a->i < b->i ? -1 : a->i > b->i;
        return x < y ? -1 : x > y ? 1 : ties ? 0 : a->type - b->type;
    case STOA_NULL:
        return 0;
    default:
        return bytes_order(a, b, ties);
    }
}

static size_t order_width; /* qsort has no context; one thread only */
static bool   order_ties;

static int row_order(const void *a, const void *b)
{
    const struct cell *x = a, *y = b;

    for (size_t c = 0; c < order_width; c++) {
        int order = cell_order(&x[c], &y[c], order_ties);

        if (order != 0)
            return order;
    }
    return 0;
}

static void rows_sort(struct rows *rows, bool ties)
{
    if (rows->columns == 0 || rows->count == 0)
        return;
    order_width = rows->columns;
    order_ties = ties;
    qsort(rows->cells, rows->count / rows->columns, rows->columns * sizeof *rows->cells, row_order);
}

static void cell_text(const struct cell *cell, char *out, size_t cap)
{
    switch (cell->type) {
    case STOA_INTEGER:
        snprintf(out, cap, "%lld", (long long)cell->i);
        break;
    case STOA_FLOAT:
        snprintf(out, cap, "%.17g (real)", cell->r);
        break;
    case STOA_NULL:
        snprintf(out, cap, "NULL");
        break;
    default:
        snprintf(out, cap, "%s'%.80s'", cell->type == STOA_BLOB ? "x" : "", cell->s);
    }
}

static bool cells_compare(const struct rows *mine, const struct rows *right, bool ties,
                          char *difference, size_t cap)
{
    char a[160], b[160];

    for (size_t i = 0; i < mine->count; i++)
        if (!cells_equal(&mine->cells[i], &right->cells[i]) &&
            (!ties || cell_order(&mine->cells[i], &right->cells[i], true) != 0)) {
            cell_text(&mine->cells[i], a, sizeof a);
            cell_text(&right->cells[i], b, sizeof b);
            snprintf(difference, cap, "row %zu column %zu: %s, sqlite3 has %s", i / mine->columns,
                     i % mine->columns, a, b);
            return false;
        }
    return true;
}

static bool rows_compare(struct rows *mine, struct rows *right, enum compare_mode mode,
                         char *difference, size_t cap)
{
    bool ties = mode == COMPARE_TIED_BAG || mode == COMPARE_TIED_CHOICE;

    if (mine->columns != right->columns) {
        snprintf(difference, cap, "%zu columns, sqlite3 has %zu", mine->columns, right->columns);
        return false;
    }
    if (mine->count != right->count) {
        size_t width = mine->columns == 0 ? 1 : mine->columns;

        snprintf(difference, cap, "%zu rows, sqlite3 has %zu", mine->count / width,
                 right->count / width);
        return false;
    }
    if (mode == COMPARE_TIED_SEQUENCE && !cells_compare(mine, right, true, difference, cap))
        return false;
    if (mode != COMPARE_SEQUENCE && mode != COMPARE_TIED_CHOICE) {
        rows_sort(mine, ties);
        rows_sort(right, ties);
    }
    return cells_compare(mine, right, ties, difference, cap);
}

/* Whether both failed in the same way: while preparing, and of several constraints that fail, the
 * texts may differ, the codes not. */
static bool errors_equal(const struct rows *mine, const struct rows *right)
{
    return mine->prepared == right->prepared && (mine->rc & 255) == (right->rc & 255) &&
           ((!with_texts && (!mine->prepared || (mine->rc & 255) == STOA_CONSTRAINT)) ||
            strcmp(stoa_error, oracle_error) == 0);
}

static void oracle_run_timed(sqlite3 *oracle, const char *sql, struct rows *rows)
{
    double start = cpu_now();

    oracle_steps = 0;
    oracle_gave_up = false;
    oracle_rows(oracle, sql, rows);
    oracle_seconds = cpu_now() - start;
}

static void stoa_run_timed(stoa_db *db, const char *sql, struct rows *rows)
{
    stoa_start = cpu_now();
    stoa_rows(db, sql, rows);
    stoa_seconds = cpu_now() - stoa_start;
}

bool compare_statement(stoa_db *db, sqlite3 *oracle, const char *sql, enum compare_mode mode,
                       char *difference, size_t cap)
{
    struct rows mine = {0}, right = {0};
    bool        mine_failed, right_failed, equal;

    stoa_error[0] = '\0';
    stoa_gave_up = false;
    stoa_seconds = 0;
    oracle_run_timed(oracle, sql, &right);
    if (!oracle_gave_up)
        stoa_run_timed(db, sql, &mine);
    mine_failed = stoa_error[0] != '\0';
    right_failed = oracle_error[0] != '\0';
    difference[0] = '\0';
    if (oracle_gave_up || stoa_gave_up) {
        equal = false;
        snprintf(difference, cap, "%s needs too long", oracle_gave_up ? "sqlite3" : "stoa");
    } else if (mine_failed != right_failed || (mine_failed && !errors_equal(&mine, &right))) {
        equal = false;
        snprintf(difference, cap, "%s, sqlite3: %s", mine_failed ? stoa_error : "no error",
                 right_failed ? oracle_error : "no error");
    } else if (mine_failed) {
        equal = true; /* how many rows came before a failing step is not compared */
    } else {
        equal = rows_compare(&mine, &right, mode, difference, cap);
    }
    rows_free(&mine);
    rows_free(&right);
    return equal;
}

/* The rows of sql in sqlite3 now, against those that it gave before. */
static bool oracle_gives(sqlite3 *oracle, const char *sql, struct rows *before)
{
    struct rows now = {0};
    char        difference[256];
    bool        equal;

    oracle_run_timed(oracle, sql, &now);
    equal = !oracle_gave_up && now.rc == before->rc && before->rc == SQLITE_DONE &&
            rows_compare(&now, before, COMPARE_BAG, difference, sizeof difference);
    rows_free(&now);
    return equal;
}

bool compare_oracle_alone(sqlite3 *oracle, const char *sql)
{
    struct rows rows = {0};
    bool        equal;

    oracle_run_timed(oracle, sql, &rows);
    sqlite3_exec(oracle, "PRAGMA reverse_unordered_selects = 1", NULL, NULL, NULL);
    equal = oracle_gives(oracle, sql, &rows);
    sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, oracle, -1);
    equal = equal && oracle_gives(oracle, sql, &rows);
    sqlite3_exec(oracle, "PRAGMA reverse_unordered_selects = 0", NULL, NULL, NULL);
    equal = equal && oracle_gives(oracle, sql, &rows);
    sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, oracle, 0);
    rows_free(&rows);
    return equal;
}

bool compare_names(stoa_db *db, sqlite3 *oracle, const char *sql, char *difference, size_t cap)
{
    stoa_stmt    *mine = NULL;
    sqlite3_stmt *right = NULL;
    bool          equal = true;

    if (stoa_prepare(db, sql, -1, &mine, NULL) == STOA_OK &&
        sqlite3_prepare_v2(oracle, sql, -1, &right, NULL) == SQLITE_OK && mine != NULL &&
        right != NULL) {
        int columns = stoa_column_count(mine);

        for (int c = 0; c < columns && c < sqlite3_column_count(right) && equal; c++) {
            equal = strcmp(stoa_column_name(mine, c), sqlite3_column_name(right, c)) == 0;
            if (!equal)
                snprintf(difference, cap, "column %d is named '%s', in sqlite3 '%s'", c,
                         stoa_column_name(mine, c), sqlite3_column_name(right, c));
        }
    }
    stoa_finalize(mine);
    sqlite3_finalize(right);
    return equal;
}
