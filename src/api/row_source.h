/* row_source.h - a cursor over rows that are all made when it is opened: what pragmas and
 * sqlite_schema yield.  Cells are row-major; texts live in the source's arena. */
#ifndef STOA_API_ROW_SOURCE_H
#define STOA_API_ROW_SOURCE_H

#include "store/cursor.h"

struct row_source;

/* columns >= 1.  NULL: memory.  Closed through its cursor. */
struct row_source *row_source_new(struct memory *memory, uint32_t columns);
struct cursor     *row_source_cursor(struct row_source *source);

/* Cells are added left to right, row after row.  After a failed allocation they do nothing, and
 * row_source_finish says so.  Text NULL adds a NULL. */
void        row_source_null(struct row_source *source);
void        row_source_int(struct row_source *source, int64_t i);
void        row_source_real(struct row_source *source, double r);
void        row_source_text(struct row_source *source, const char *text); /* copied */
enum status row_source_finish(struct row_source *source, struct error *err);

#endif
