/* csv_reader.h - a CSV file as a cursor over typed batches, and how one is described. */
#ifndef STOA_IO_CSV_READER_H
#define STOA_IO_CSV_READER_H

#include "io/csv_convert.h"
#include "io/csv_dialect.h"
#include "io/csv_options.h"
#include "io/csv_stream.h"
#include "vm/source.h"

/* What is known of a file before it is read; in the arena given to csv_plan_make. */
struct csv_plan {
    const char                 *path;
    struct csv_options          options;
    struct csv_dialect          dialect;
    struct csv_detected_column *columns; /* [dialect.columns] */
};

/* Reads options and detects what they leave open. */
enum status csv_plan_make(const struct source_context   *context,
                          const struct source_arguments *arguments, struct arena *arena,
                          struct csv_plan **plan, struct error *err);

/* A cursor over the rows of the plan's file.  plan is borrowed. */
enum status csv_reader_open(const struct source_context *context, const struct csv_plan *plan,
                            struct cursor **cursor, struct error *err);

#endif
