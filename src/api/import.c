/* import.c - stoa_import: a file as sqlite3's shell reads it, through the table function
 * import_csv() and one INSERT. */
#include "api/connection.h"
#include "base/str.h"
#include "io/csv_import.h"

/* --- messages
 * ------------------------------------------------------------------------------------ */
struct told {
    stoa_db                   *db;
    const stoa_import_options *options;
};

/* The connection is in the midst of a statement: it answers nothing but questions meanwhile. */
static void tell(void *data, const char *text)
{
    const struct told *told = data;
    _Atomic unsigned  *in_callback = &told->db->memory.interrupt.in_callback;

    atomic_fetch_add(in_callback, 1);
    if (told->options->message != NULL)
        told->options->message(told->options->message_data, text);
    atomic_fetch_sub(in_callback, 1);
}

/* --- the table
 * ------------------------------------------------------------------------------------ */
/* CREATE TABLE with the layout that sqlite3's shell gives it, four columns a line. */
static void create_text(struct str *sql, const char *table, const char *const *names,
                        uint32_t count)
{
    enum { COLUMNS_PER_LINE = 4 };

    str_text(sql, "CREATE TABLE ");
    quoted_append(sql, '"', table);
    str_text(sql, "(\n");
    for (uint32_t c = 0; c < count; c++) {
        if (c > 0)
            str_text(sql, c % COLUMNS_PER_LINE == 0 ? ",\n " : ", ");
        quoted_append(sql, '"', names[c]);
        str_text(sql, " TEXT");
    }
    str_char(sql, ')');
}

/* The first record of the file; *count 0 if there is none. */
static enum status read_names(stoa_db *db, const char *path, const stoa_import_options *options,
                              struct arena *arena, uint32_t *count, const char ***names)
{
    struct told                     told = {.db = db, .options = options};
    const struct csv_import_options how = {.path = path,
                                           .column_separator = options->column_separator,
                                           .row_separator = options->row_separator,
                                           .ascii = options->ascii != 0,
                                           .skip = options->skip,
                                           .message = tell,
                                           .message_data = &told};
    struct csv_import              *import;
    enum status                     status;

    TRY(csv_import_open(&how, &db->memory, &import, &db->error));
    status = csv_import_names(import, arena, count, names, &db->error);
    csv_import_close(import);
    return status;
}

int stoa_import_table(stoa_db *db, const char *table, const char *path,
                      const stoa_import_options *options)
{
    const char **names;
    uint32_t     count = 0;
    struct arena arena;
    struct str   sql;
    enum status  status;
    int          rc;

    if (!connection_ready(db) || table == NULL || path == NULL || options == NULL)
        return connection_misuse(db, "a table, a path and options are needed");
    arena_init(&arena, &db->memory);
    str_init(&sql, &db->memory);
    error_clear(&db->error);
    status = read_names(db, path, options, &arena, &count, &names);
    if (status != STATUS_OK) {
        rc = connection_failed(db);
    } else if (count == 0) {
        fail(&db->error, STATUS_NOTFOUND, "%s: empty file", path);
        rc = connection_failed(db);
    } else {
        create_text(&sql, table, names, count);
        rc = str_end(&sql) == NULL ? connection_result(db, STATUS_NOMEM)
                                   : stoa_exec(db, sql.data, NULL, NULL, NULL);
    }
    str_free(&sql);
    arena_free(&arena);
    return rc;
}

/* --- the rows
 * -------------------------------------------------------------------------------------- */
/* Number of columns of the table that sql names behind "SELECT * FROM ". */
static int table_columns(stoa_db *db, const char *sql, uint32_t *columns)
{
    stoa_stmt *stmt;
    int        rc = stoa_prepare(db, sql, -1, &stmt, NULL);

    if (rc == STOA_OK)
        *columns = stmt->column_count;
    stoa_finalize(stmt);
    return rc;
}

static int insert(stoa_db *db, const char *sql, const stoa_import_options *options)
{
    struct told told = {.db = db, .options = options};
    int         rc;

    csv_import_listen(tell, &told);
    rc = stoa_exec(db, sql, NULL, NULL, NULL);
    csv_import_listen(NULL, NULL);
    return rc;
}

int stoa_import(stoa_db *db, const char *table, const char *path,
                const stoa_import_options *options, int64_t *rows)
{
    uint32_t   columns = 0;
    struct str sql;
    int        rc;

    if (rows != NULL)
        *rows = 0;
    if (!connection_ready(db) || table == NULL || path == NULL || options == NULL)
        return connection_misuse(db, "a table, a path and options are needed");
    str_init(&sql, &db->memory);
    str_text(&sql, "SELECT * FROM ");
    quoted_append(&sql, '"', table);
    rc = str_end(&sql) == NULL ? connection_result(db, STATUS_NOMEM)
                               : table_columns(db, sql.data, &columns);
    if (rc == STOA_OK) {
        str_clear(&sql);
        str_text(&sql, "INSERT INTO ");
        quoted_append(&sql, '"', table);
        str_text(&sql, " SELECT * FROM import_csv(");
        quoted_append(&sql, '\'', path);
        str_printf(&sql, ", %u, column_separator = ", columns);
        quoted_append(&sql, '\'', (char[]){options->column_separator, '\0'});
        str_text(&sql, ", row_separator = ");
        quoted_append(&sql, '\'', (char[]){options->row_separator, '\0'});
        str_printf(&sql, ", ascii = %d, skip = %u, header = %d)", options->ascii != 0,
                   options->skip, options->header != 0);
        rc = str_end(&sql) == NULL ? connection_result(db, STATUS_NOMEM)
                                   : insert(db, sql.data, options);
    }
    if (rc == STOA_OK && rows != NULL)
        *rows = db->state.changes;
    str_free(&sql);
    return rc;
}
