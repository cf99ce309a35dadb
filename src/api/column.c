/* column.c - the values of the current row, converted when they are asked for, as sqlite3_column_*
 * converts them.
 *
 * Integers and reals come straight from the result vector.  Texts are copied once per row and
 * column into a buffer that the statement keeps, to put a NUL behind them. */
#include "api/connection.h"

#include <string.h>

#include "base/number.h"

/* The value in the current row; a NULL and an error when there is no such column or row. */
static struct value column_value(stoa_stmt *stmt, int column, char scratch[16])
{
    if (unlikely(stmt == NULL))
        return value_null();
    if (unlikely(stmt->state != STATEMENT_ON_ROW || column < 0 ||
                 (uint32_t)column >= stmt->column_count)) {
        connection_result(stmt->db, STATUS_RANGE);
        return value_null();
    }
    return vector_value(stmt->columns[column], stmt->row, scratch);
}

int stoa_column_type(stoa_stmt *stmt, int column)
{
    char scratch[16];

    switch ((enum value_class)column_value(stmt, column, scratch).class_) {
    case CLASS_INTEGER:
        return STOA_INTEGER;
    case CLASS_REAL:
        return STOA_FLOAT;
    case CLASS_TEXT:
        return STOA_TEXT;
    case CLASS_BLOB:
        return STOA_BLOB;
    default:
        return STOA_NULL;
    }
}

int64_t stoa_column_int64(stoa_stmt *stmt, int column)
{
    char         scratch[16];
    struct value value = column_value(stmt, column, scratch);

    return value.class_ == CLASS_INTEGER ? value.i : value_as_int(&value);
}

int stoa_column_int(stoa_stmt *stmt, int column)
{
    return (int)(uint32_t)stoa_column_int64(stmt, column); /* the low 32 bits, as in SQLite */
}

double stoa_column_double(stoa_stmt *stmt, int column)
{
    char         scratch[16];
    struct value value = column_value(stmt, column, scratch);

    return value.class_ == CLASS_REAL ? value.r : value_as_real(&value);
}

/* Room for bytes and a NUL as column's text of this row, which the caller fills; NULL: memory. */
static char *text_room(stoa_stmt *stmt, int column, size_t bytes)
{
    struct column_text *text = &stmt->texts[column];

    if (unlikely(bytes + 1 > text->capacity)) {
        size_t capacity = bytes + 1 < 64 ? 64 : bytes + 1 + bytes / 2;
        char  *grown = memory_alloc(&stmt->db->memory, capacity);

        if (grown == NULL) {
            connection_result(stmt->db, STATUS_NOMEM);
            return NULL;
        }
        memory_free(&stmt->db->memory, text->data, text->capacity);
        text->data = grown;
        text->capacity = capacity;
    }
    return text->data;
}

/* What was put in the room of column is its text: bytes long. */
static const char *text_done(stoa_stmt *stmt, int column, size_t bytes)
{
    struct column_text *text = &stmt->texts[column];

    text->data[bytes] = '\0';
    text->bytes = (int64_t)bytes;
    text->generation = stmt->generation;
    return text->data;
}

static const char *text_copy(stoa_stmt *stmt, int column, const char *data, size_t bytes)
{
    char *room = text_room(stmt, column, bytes);

    if (room == NULL)
        return NULL;
    if (bytes > 0)
        memcpy(room, data, bytes);
    return text_done(stmt, column, bytes);
}

static const char *text_of_number(stoa_stmt *stmt, int column, const struct value *value)
{
    char *room = text_room(stmt, column, NUMBER_TEXT_CAP);

    if (room == NULL)
        return NULL;
    return text_done(stmt, column,
                     value->class_ == CLASS_INTEGER
                         ? number_from_int(value->i, room)
                         : number_from_real(value->r, value_real_digits(&stmt->db->memory), room));
}

/* The text made earlier in this row, or NULL. */
static const struct column_text *text_kept(const stoa_stmt *stmt, int column)
{
    if (stmt == NULL || stmt->state != STATEMENT_ON_ROW || column < 0 ||
        (uint32_t)column >= stmt->column_count ||
        stmt->texts[column].generation != stmt->generation)
        return NULL;
    return &stmt->texts[column];
}

const char *stoa_column_text(stoa_stmt *stmt, int column)
{
    const struct column_text *kept = text_kept(stmt, column);
    char                      scratch[16];
    struct value              value;

    if (kept != NULL)
        return kept->data;
    value = column_value(stmt, column, scratch);
    switch ((enum value_class)value.class_) {
    case CLASS_INTEGER:
    case CLASS_REAL:
        return text_of_number(stmt, column, &value);
    case CLASS_TEXT:
    case CLASS_BLOB:
        return text_copy(stmt, column, value.s, value.bytes);
    default:
        return NULL;
    }
}

const void *stoa_column_blob(stoa_stmt *stmt, int column)
{
    const struct column_text *kept = text_kept(stmt, column);
    char                      scratch[16];
    struct value              value;

    if (kept != NULL)
        return kept->bytes > 0 ? kept->data : NULL;
    value = column_value(stmt, column, scratch);
    if (value.class_ == CLASS_BLOB || (value.class_ == CLASS_TEXT && value.s != scratch))
        return value.bytes > 0 ? value.s : NULL;
    return stoa_column_text(stmt, column);
}

int64_t stoa_column_bytes(stoa_stmt *stmt, int column)
{
    const struct column_text *kept = text_kept(stmt, column);
    char                      scratch[16];
    struct value              value;

    if (kept != NULL)
        return kept->bytes;
    value = column_value(stmt, column, scratch);
    if (value.class_ == CLASS_TEXT || value.class_ == CLASS_BLOB)
        return value.bytes;
    if (value.class_ == CLASS_NULL || stoa_column_text(stmt, column) == NULL)
        return 0;
    return stmt->texts[column].bytes;
}
