/* fuzz_csv.c - any bytes as a CSV file, through every reader: nothing may crash, leak or run on,
 * and what is read depends neither on the size of batches nor on how the bytes arrive. */
#include "io/csv.h"
#include "io/csv_import.h"

#include "base/str.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { PACKETS_MAX = 12 }; /* a pipe holds 16 without more privileges */

/* What a reader gave: rows, or an error's text. */
struct outcome {
    struct str text;
    bool       failed;
};

static void cells_add(struct outcome *outcome, const struct vector *v, uint32_t row)
{
    char         scratch[16];
    struct value cell = vector_value(v, row, scratch);

    value_dump(&cell, &outcome->text);
    str_char(&outcome->text, '|');
}

static enum status cursor_drain(struct cursor *cursor, uint32_t columns, uint32_t cap,
                                struct outcome *outcome, struct error *err)
{
    uint32_t count = 1;
    uint64_t total = 0;

    TRY(cursor->ops->rewind(cursor, err));
    while (count > 0 && total < 4000) {
        const uint64_t *active;
        struct vector  *vectors = calloc(columns, sizeof *vectors);
        enum status     status = cursor->ops->next(cursor, cap, &count, &active, err);

        for (uint32_t c = 0; status == STATUS_OK && count > 0 && c < columns; c++) {
            status = cursor->ops->column(cursor, c, NULL, &vectors[c], err);
            if (status == STATUS_OK && !vector_ok(&vectors[c]))
                abort();
        }
        for (uint32_t r = 0; status == STATUS_OK && r < count && total + r < 4000; r++) {
            for (uint32_t c = 0; c < columns; c++)
                cells_add(outcome, &vectors[c], r);
            str_char(&outcome->text, '\n');
        }
        total += count;
        free(vectors);
        TRY(status);
    }
    return STATUS_OK;
}

static struct outcome module_run(const struct source_module *module, const char *path,
                                 const struct source_arguments *options, uint32_t cap)
{
    struct memory               memory;
    struct arena                arena;
    struct source_context       context = {.memory = &memory};
    struct value                values[16];
    const char                 *names[16];
    struct source_arguments     arguments = {options->count + 1, values, names};
    const struct source_column *described;
    struct cursor              *cursor = NULL;
    struct outcome              outcome = {.failed = false};
    struct error                err;
    void                       *state;
    uint32_t                    columns;
    enum status                 status;

    memory_init(&memory, 64 << 20);
    arena_init(&arena, &memory);
    str_init(&outcome.text, NULL);
    error_clear(&err);
    values[0] = value_text(path, strlen(path));
    names[0] = NULL;
    memcpy(values + 1, options->values, options->count * sizeof *values);
    memcpy(names + 1, options->names, options->count * sizeof *names);
    status = module->bind(&context, &arguments, &arena, &columns, &described, &state, &err);
    if (status == STATUS_OK)
        status = module->open(&context, state, &arguments, &cursor, &err);
    if (status == STATUS_OK)
        status = cursor_drain(cursor, columns, cap, &outcome, &err);
    if (status != STATUS_OK) {
        if (err.text[0] == '\0')
            abort(); /* every failure says why */
        outcome.failed = true;
    }
    if (cursor != NULL)
        cursor->ops->close(cursor);
    arena_free(&arena);
    if (memory.used != 0)
        abort();
    return outcome;
}

static void outcome_free(struct outcome *outcome)
{
    str_free(&outcome->text);
}

static void outcomes_compare(struct outcome *a, struct outcome *b)
{
    bool same = a->text.bytes == b->text.bytes &&
                (a->text.bytes == 0 || memcmp(a->text.data, b->text.data, a->text.bytes) == 0);

    if (a->failed != b->failed || (!a->failed && !same)) {
        fprintf(stderr, "%s\n%s\n--- but ---\n%s\n%s\n", a->failed ? "error" : "rows",
                str_end(&a->text), b->failed ? "error" : "rows", str_end(&b->text));
        abort();
    }
    outcome_free(a);
    outcome_free(b);
}

/* The bytes as a file without a name. */
static int file_of(const uint8_t *data, size_t bytes, char path[40])
{
    int fd = memfd_create("csv", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, bytes) != (ssize_t)bytes)
        abort();
    snprintf(path, 40, "/proc/self/fd/%d", fd);
    return fd;
}

/* The bytes as a pipe that gives them in pieces. */
static int pipe_of(const uint8_t *data, size_t bytes, char path[40])
{
    size_t piece = bytes / PACKETS_MAX + 1;
    int    fds[2];

    if (pipe2(fds, O_DIRECT | O_CLOEXEC) != 0)
        abort();
    for (size_t at = 0; at < bytes; at += piece) {
        size_t n = bytes - at < piece ? bytes - at : piece;

        if (write(fds[1], data + at, n) != (ssize_t)n)
            abort();
    }
    snprintf(path, 40, "/proc/self/fd/%d", fds[0]);
    /* the reader opens the pipe anew: the writing end must close only then */
    return fds[0] | fds[1] << 16;
}

static struct outcome pipe_run(const uint8_t *data, size_t bytes,
                               const struct source_arguments *options)
{
    char           path[40];
    struct outcome outcome;
    int            fds = pipe_of(data, bytes, path);

    close(fds >> 16);
    outcome = module_run(&csv_source_module, path, options, 2048);
    close(fds & 0xffff);
    return outcome;
}

static struct outcome import_run(const char *path, const uint8_t *flags, uint32_t cap)
{
    struct csv_import_options options = {.path = path,
                                         .column_separator = flags[0] & 1 ? ',' : '|',
                                         .row_separator = flags[0] & 2 ? '\n' : 0x1e,
                                         .ascii = (flags[0] & 4) != 0,
                                         .mode_ascii = (flags[0] & 8) != 0,
                                         .skip = flags[0] >> 4 & 3};
    struct memory             memory;
    struct arena              arena;
    struct outcome            outcome = {.failed = false};
    struct csv_import        *import;
    struct error              err;
    const char              **names;
    uint32_t                  columns, rows = 1, total = 0;

    memory_init(&memory, 0);
    arena_init(&arena, &memory);
    str_init(&outcome.text, NULL);
    error_clear(&err);
    if (csv_import_open(&options, &memory, &import, &err) != STATUS_OK) { /* damaged gzip */
        outcome.failed = true;
        arena_free(&arena);
        return outcome;
    }
    if (csv_import_names(import, &arena, &columns, &names, &err) != STATUS_OK)
        columns = 0;
    while (columns > 0 && rows > 0 && total < 4000) {
        if (csv_import_next(import, columns, cap, &rows, &err) != STATUS_OK)
            break;
        for (uint32_t r = 0; r < rows && total < 4000; r++, total++) {
            if (csv_import_line(import, r) == 0)
                abort();
            for (uint32_t c = 0; c < columns; c++) {
                struct vector v;

                if (!csv_import_column(import, c, &v) || !vector_ok(&v))
                    abort();
                cells_add(&outcome, &v, r);
            }
            str_char(&outcome.text, '\n');
        }
    }
    outcome.failed = err.status != STATUS_OK;
    csv_import_close(import);
    arena_free(&arena);
    if (memory.used != 0)
        abort();
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const char *const delimiters[] = {",", "|", ";", "\t"};
    static const char *const quotes[] = {"\"", "'", "", "\""};
    static const char *const escapes[] = {"\"", "\\", "", "\""};
    static const char *const columns[] = {"a", "a,b", "a,b,c", "a,b,c,d"};
    static const char *const affinities[] = {"D", "CB", "EAD", "BCDE"};
    const char              *names[12];
    struct value             values[12];
    struct source_arguments  none = {0, values, names}, options = {0, values, names};
    struct outcome           a, b;
    uint8_t                  flags[2];
    char                     path[40];
    int                      fd;

    if (bytes < 2 || bytes > 1 << 15)
        return 0;
    memcpy(flags, data, 2);
    data += 2;
    bytes -= 2;
    fd = file_of(data, bytes, path);
    a = module_run(&csv_source_module, path, &none, 2048);
    b = module_run(&csv_source_module, path, &none, 1 + flags[1] % 5);
    outcomes_compare(&a, &b);
#define OPTION(name, text)                                                                         \
    (names[options.count] = (name), values[options.count++] = value_text(text, strlen(text)))
    OPTION("delim", delimiters[flags[0] & 3]);
    OPTION("quote", quotes[flags[0] >> 2 & 3]);
    OPTION("escape", escapes[flags[0] >> 4 & 3]);
    OPTION("auto_detect", "false");
    OPTION("names", columns[flags[1] & 3]);
    if (flags[1] & 4)
        OPTION("__affinities", affinities[flags[1] & 3]);
    if (flags[1] & 8)
        OPTION("ignore_errors", "true");
    if (flags[1] & 16)
        OPTION("null_padding", "true");
    if (flags[1] & 32)
        OPTION("strict_mode", "false");
    if (flags[1] & 64)
        OPTION("comment", "#");
#undef OPTION
    a = module_run(&csv_source_module, path, &options, 2048);
    b = module_run(&csv_source_module, path, &options, 3);
    outcomes_compare(&a, &b);
    a = module_run(&csv_source_module, path, &options, 2048);
    b = pipe_run(data, bytes, &options);
    outcomes_compare(&a, &b);
    a = module_run(&csv_rejects_module, path, &options, 2048);
    outcome_free(&a);
    a = import_run(path, flags, 2048);
    b = import_run(path, flags, 2);
    outcomes_compare(&a, &b);
    close(fd);
    return 0;
}
