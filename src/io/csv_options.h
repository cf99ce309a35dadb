/* csv_options.h - the options of read_csv(...) and COPY ... (...), in any case. */
#ifndef STOA_IO_CSV_OPTIONS_H
#define STOA_IO_CSV_OPTIONS_H

#include "base/value.h"

enum { CSV_COLUMNS_MAX = 2000 }; /* SQLite's limit of columns in a table */
enum { CSV_AUTO = -1, CSV_NONE = 0 };

struct csv_options {
    int16_t            delimiter, quote, escape, comment; /* a byte, CSV_NONE, or CSV_AUTO */
    int8_t             header;                            /* 0, 1, CSV_AUTO */
    int64_t            skip;                              /* lines; CSV_AUTO */
    bool               null_given;
    const char        *null_text; /* unquoted fields with this text are NULL; NULL: none are */
    size_t             null_bytes;
    bool               all_text, ignore_errors, padding, loose;
    bool               detect;        /* AUTO_DETECT */
    uint32_t           name_count;    /* NAMES, COLUMNS */
    const char *const *names;         /* in arena */
    uint32_t           type_count;    /* TYPES, COLUMNS */
    const char *const *types;         /* in arena: declared types */
    const char        *rejects_table; /* REJECTS; NULL: none */
    /* COPY: the table's affinity letters, one per file column, and its column names */
    const char *affinities; /* NULL: read_csv */
    uint32_t    affinity_count;
};

/* How many columns the user or the target table has said the file has; 0: nothing was said. */
static inline uint32_t csv_options_columns(const struct csv_options *options)
{
    return options->name_count > 0 ? options->name_count : options->affinity_count;
}

void csv_options_init(struct csv_options *options);
/* One option; texts are copied to arena.  STATUS_ERROR with a text for an unknown name or a value
 * it cannot have. */
enum status csv_option_set(struct csv_options *options, const char *name, const struct value *value,
                           struct arena *arena, struct error *err);

#endif
