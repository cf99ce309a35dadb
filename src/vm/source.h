/* source.h - table functions: modules that yield rows through a cursor (generate_series, pragma_*,
 * read_csv, 'file.csv').  Registered from above (api/), so that vm and sql know no format. */
#ifndef STOA_VM_SOURCE_H
#define STOA_VM_SOURCE_H

#include "store/cursor.h"
#include "store/database.h"

struct source_column {
    const char *name;
    const char *type; /* declared type, "" if none */
};
struct source_context {
    struct database      *database;
    struct memory        *memory;
    void                 *connection; /* of api/, for pragmas */
    struct load_progress *progress;   /* may be NULL */
};
/* What a running load tells its connection; read by a progress display. */
struct load_progress {
    _Atomic uint64_t rows, bytes_done, bytes_total; /* bytes_total 0: unknown */
    _Atomic bool     active;
};
/* Named arguments (delim = ';') come as (name, value) pairs behind the positional ones. */
struct source_arguments {
    uint32_t            count;
    const struct value *values;
    const char *const  *names; /* [count], NULL for positional */
};
struct source_module {
    const char *name;
    /* Columns for these arguments; state is kept with the statement and given to open.  Called at
     * compile time; arguments that are not constant then come as NULL values, unless
     * needs_constants.  columns live in arena. */
    enum status (*bind)(const struct source_context   *context,
                        const struct source_arguments *arguments, struct arena *arena,
                        uint32_t *column_count, const struct source_column **columns, void **state,
                        struct error *err);
    enum status (*open)(const struct source_context *context, void *state,
                        const struct source_arguments *arguments, struct cursor **cursor,
                        struct error *err);
    bool needs_constants; /* bind must know the values (a path) */
    bool reads_files;     /* refused in defensive mode */
    bool has_rowids;      /* its cursor knows them: rowid can be named */
};
struct source_registry {
    uint32_t                           count;
    const struct source_module *const *modules;
    const struct source_module        *file_reader; /* FROM 'path' and COPY FROM; NULL: none */
};
const struct source_module *source_find(const struct source_registry *registry, const char *name,
                                        size_t bytes);

#endif
