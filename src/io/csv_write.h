/* csv_write.h - COPY ... TO: batches of rows as CSV text in a file. */
#ifndef STOA_IO_CSV_WRITE_H
#define STOA_IO_CSV_WRITE_H

#include "store/vector.h"

struct csv_writer;

struct csv_write_desc {
    const char         *path; /* "-": standard output; ending in ".gz": packed */
    uint32_t            column_count;
    const char *const  *names;
    uint32_t            option_count;
    const char *const  *option_names; /* DELIMITER, HEADER, QUOTE, ESCAPE, NULL, FORCE_QUOTE */
    const struct value *option_values;
};

/* Begins a file beside path, which takes path's place when the writer is closed with commit.  The
 * desc is read only here.  STATUS_ERROR for a bad option, STATUS_CANTOPEN, STATUS_NOMEM. */
enum status csv_writer_open(const struct csv_write_desc *desc, struct memory *memory,
                            struct csv_writer **writer, struct error *err);
/* The active rows of column_count vectors. */
enum status csv_writer_write(struct csv_writer *writer, const struct vector *const *columns,
                             const struct selection *sel, struct error *err);
/* Frees the writer, also on failure.  commit false: nothing is left behind. */
enum status csv_writer_close(struct csv_writer *writer, bool commit, struct error *err);

#endif
