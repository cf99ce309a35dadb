/* csv_reject.h - the lines of a CSV file that are no rows: kept, stored in a table, or yielded. */
#ifndef STOA_IO_CSV_REJECT_H
#define STOA_IO_CSV_REJECT_H

#include "io/csv_stream.h"
#include "store/rowset.h"
#include "vm/source.h"

enum { CSV_REJECT_COLUMNS = 4 }; /* line, column, reason, raw */

struct csv_rejects {
    struct memory *memory;
    bool           keep; /* false: lines are passed over and only counted */
    struct rowset *rows; /* owned; NULL while there is none */
    uint64_t       count;
};

void csv_rejects_init(struct csv_rejects *rejects, struct memory *memory);
void csv_rejects_free(struct csv_rejects *rejects);
void csv_rejects_clear(struct csv_rejects *rejects);

/* For csv_stream.reject; data is the struct csv_rejects. */
enum status csv_rejects_add(void *data, const struct csv_bad_line *line, struct error *err);

/* Appends what is kept to the table (made if it is not there) and forgets it.  Needs a write
 * transaction: STATUS_ERROR in a statement that only reads.  table NULL: does nothing. */
enum status csv_rejects_store(struct csv_rejects *rejects, const struct source_context *context,
                              const char *table, struct error *err);

#endif
