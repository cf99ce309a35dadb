/* csv_help.h - for tests of src/io: files with given text, and readers drained into text. */
#ifndef STOA_TESTS_IO_CSV_HELP_H
#define STOA_TESTS_IO_CSV_HELP_H

#include "corpus.h"
#include "io/csv.h"
#include "io/csv_reader.h"
#include <unistd.h>
#include <zlib.h>

/* A new file with these bytes; its name is good until the next call.  unlink() it. */
static inline const char *file_make(const char *data, size_t bytes, bool packed)
{
    static char name[64];
    int         fd;

    snprintf(name, sizeof name, "/tmp/stoa_csv_XXXXXX");
    fd = mkstemp(name);
    if (fd < 0)
        abort();
    if (packed) {
        gzFile gzip = gzdopen(fd, "wb1");

        if (gzip == NULL || (bytes > 0 && gzwrite(gzip, data, (unsigned)bytes) <= 0) ||
            gzclose(gzip) != Z_OK)
            abort();
    } else {
        if (write(fd, data, bytes) != (ssize_t)bytes)
            abort();
        close(fd);
    }
    return name;
}

/* Reads path through module with "name=value" options (a value of digits is an INTEGER): rows as
 * lines of values between tabs, NULL as \N, text in quotes if quoted.  With an error out is its
 * text behind "ERROR ".  Types of the columns go to types, if it is not NULL. */
static inline void module_read(const struct source_module *module, struct memory *memory,
                               const char *path, const char *const *options, uint32_t cap,
                               bool quoted, struct str *types, struct str *out)
{
    struct arena                arena;
    struct source_context       context = {.memory = memory};
    struct value                values[16];
    const char                 *names[16];
    char                        copies[16][64];
    struct source_arguments     arguments = {1, values, names};
    const struct source_column *described;
    void                       *state;
    struct cursor              *cursor = NULL;
    struct error                err;
    enum status                 status;
    uint32_t                    count = 1, columns = 0;

    error_clear(&err);
    arena_init(&arena, memory);
    values[0] = value_text(path, strlen(path));
    names[0] = NULL;
    for (; options != NULL && *options != NULL; options++) {
        uint32_t    i = arguments.count++;
        const char *equal = strchr(*options, '=');

        snprintf(copies[i], sizeof copies[i], "%.*s", (int)(equal - *options), *options);
        names[i] = copies[i];
        values[i] = value_text(equal + 1, strlen(equal + 1));
        if (ascii_digit(equal[1]))
            values[i] = value_int(atoll(equal + 1));
    }
    status = module->bind(&context, &arguments, &arena, &columns, &described, &state, &err);
    for (uint32_t c = 0; status == STATUS_OK && types != NULL && c < columns; c++)
        str_printf(types, "%s%s %s", c > 0 ? ", " : "", described[c].name, described[c].type);
    if (status == STATUS_OK)
        status = module->open(&context, state, &arguments, &cursor, &err);
    if (status == STATUS_OK)
        status = cursor->ops->rewind(cursor, &err);
    while (status == STATUS_OK && count > 0) {
        const uint64_t *active;
        struct vector  *vectors = malloc((columns + 1) * sizeof *vectors);

        status = cursor->ops->next(cursor, cap, &count, &active, &err);
        for (uint32_t c = 0; status == STATUS_OK && count > 0 && c < columns; c++) {
            status = cursor->ops->column(cursor, c, NULL, &vectors[c], &err);
            if (status == STATUS_OK && (!vector_ok(&vectors[c]) || vectors[c].count != count))
                abort();
        }
        for (uint32_t r = 0; status == STATUS_OK && r < count; r++) {
            for (uint32_t c = 0; c < columns; c++) {
                char         scratch[16];
                struct value v = vector_value(&vectors[c], r, scratch);
                bool         quote = quoted && v.class_ == CLASS_TEXT;

                if (quote && c > 0)
                    str_char(out, '\t');
                if (quote)
                    str_char(out, '\'');
                row_append(out, &v, c == 0 || quote);
                if (quote)
                    str_char(out, '\'');
            }
            str_char(out, '\n');
        }
        free(vectors);
    }
    if (status != STATUS_OK) {
        str_clear(out);
        str_printf(out, "ERROR %s", err.text);
    }
    if (cursor != NULL)
        cursor->ops->close(cursor);
    arena_free(&arena);
    str_end(out);
}

#endif
