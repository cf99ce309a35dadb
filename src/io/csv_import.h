/* csv_import.h - files as sqlite3's shell reads them for .import (3.40.1, byte for byte).
 *
 * Not the rules of read_csv: every value is TEXT; a field that does not begin with the quote is
 * taken as it stands; a row that is too short is filled with NULLs, one that is too long is cut,
 * and both are told in sqlite3's words; a value ends at its first NUL. */
#ifndef STOA_IO_CSV_IMPORT_H
#define STOA_IO_CSV_IMPORT_H

#include "io/csv_convert.h"
#include "vm/source.h"

enum { CSV_IMPORT_COLUMNS_MAX = 32767 }; /* more is no table in sqlite3 either */

struct csv_import_options {
    const char *path;             /* as it appears in messages; borrowed */
    char        column_separator; /* .import --csv: ',' */
    char        row_separator;    /* '\n'; a '\r' before it is dropped */
    bool        ascii;            /* --ascii, or .mode ascii without --csv: no quotes */
    /* The shell is in .mode ascii, whatever the reader: then sqlite3 passes over records whose
     * first field is empty, counting the fields behind it in a message. */
    bool     mode_ascii;
    uint32_t skip; /* records (--skip) */
    /* Told what sqlite3 prints, one line without its line end a call, in its order.  May be NULL.
     */
    void (*message)(void *data, const char *text);
    void *message_data;
};

struct csv_import;

/* The options are copied, the path is borrowed. */
enum status csv_import_open(const struct csv_import_options *options, struct memory *memory,
                            struct csv_import **import, struct error *err);
void        csv_import_close(struct csv_import *import);

/* Reads the first record as the names of a new table's columns: unique ones, "?" for an empty one.
 * The renaming of duplicates is told first.  *count 0: the file is empty (sqlite3 says
 * "PATH: empty file" and makes no table).  names in arena. */
enum status csv_import_names(struct csv_import *import, struct arena *arena, uint32_t *count,
                             const char ***names, struct error *err);

/* The next rows for a table of columns columns (the same at every call): *rows 1..cap (<= 2048),
 * 0 at the end. */
enum status csv_import_next(struct csv_import *import, uint32_t columns, uint32_t cap,
                            uint32_t *rows, struct error *err);
/* Column c of them: TEXT (or dates as DAY32), until the next csv_import_next.  False: memory. */
bool csv_import_column(struct csv_import *import, uint32_t c, struct vector *out);
/* The line where row number row of them begins, for "PATH:LINE: INSERT failed: ...". */
uint64_t csv_import_line(struct csv_import *import, uint32_t row);

/* import_csv(path, columns, column_separator = ',', row_separator = char(10), ascii = 0,
 * skip = 0, header = 0): the same rows as a table function with columns c1, c2, ...; header 1
 * passes over the record that csv_import_names has read. */
extern const struct source_module csv_import_module;
/* Who is told the messages of import_csv() in statements of this thread from now on; NULL: none. */
void csv_import_listen(void (*message)(void *data, const char *text), void *data);

#endif
