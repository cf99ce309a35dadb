/* import.c - stoa_import: a file as sqlite3's shell reads it, through the table function
 * import_csv() and one INSERT. */
#include "api/connection.h"
#include "base/str.h"
#include "io/csv_import.h"

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
    int rc;

    csv_import_listen(options->message, options->message_data);
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
    if (!connection_ok(db) || table == NULL || path == NULL || options == NULL)
        return STOA_MISUSE;
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
