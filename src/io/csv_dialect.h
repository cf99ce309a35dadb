/* csv_dialect.h - what a CSV file looks like, found out from its first block: delimiter, quote,
 * escape, comment, lines to skip, header, and what each column holds.
 *
 * Every combination of characters is tried on the sample; those that read every line from some
 * point on with the same number of fields are compared.  The rules follow what DuckDB's reader
 * decides for the same files (shared test: tests/unit/io/test_csv_corpus.c). */
#ifndef STOA_IO_CSV_DIALECT_H
#define STOA_IO_CSV_DIALECT_H

#include "io/csv_options.h"
#include "io/csv_parse.h"

/* What a text can be read as; a column's kinds are those that all its values share. */
enum csv_kind {
    CSV_KIND_BOOLEAN = 1,
    CSV_KIND_INTEGER = 2, /* [-+]digits that fit int64 */
    CSV_KIND_REAL = 4,    /* any number */
    CSV_KIND_DATE = 8,
    CSV_KIND_TIME = 16,
    CSV_KIND_TIMESTAMP = 32,
    CSV_KIND_CODE = 64, /* not a number in its plain form: 007, +5, more digits than int64 holds */
    CSV_KIND_ALL = 63
};
uint32_t csv_kind_of(const char *text, size_t bytes);

enum csv_type { CSV_TYPE_TEXT, CSV_TYPE_INTEGER, CSV_TYPE_REAL };

struct csv_detected_column {
    const char *name; /* in arena, NUL-terminated, unique in any case */
    uint8_t     type; /* enum csv_type */
};

/* Detects what options leave open, from the first sample_bytes of the file; at_end: that is all of
 * it. columns is in arena and dialect->columns long.  STATUS_FORMAT with a text when no reading
 * is consistent; STATUS_TOOBIG beyond CSV_COLUMNS_MAX columns. */
enum status csv_dialect_detect(const struct csv_options *options, const char *path,
                               const char *sample, size_t sample_bytes, bool at_end,
                               struct memory *memory, struct arena *arena,
                               struct csv_dialect *dialect, struct csv_detected_column **columns,
                               struct error *err);

#endif
