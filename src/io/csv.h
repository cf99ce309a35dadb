/* csv.h - the CSV modules that api/ registers. */
#ifndef STOA_IO_CSV_H
#define STOA_IO_CSV_H

#include "vm/source.h"

/* read_csv(path, option = value, ...), FROM 'file.csv' and COPY ... FROM. */
extern const struct source_module csv_source_module;
/* csv_rejects(path, option = value, ...): the lines of the file that are no rows, as rows of
 * line INTEGER, column INTEGER (NULL: the whole line), reason TEXT, raw TEXT. */
extern const struct source_module csv_rejects_module;

#endif
