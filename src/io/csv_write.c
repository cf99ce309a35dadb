/* csv_write.c - fields quoted only where a reader would need it. */
#include "io/csv_write.h"

#include "base/number.h"
#include "base/str.h"
#include "io/csv_options.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { FLUSH_BYTES = 1 << 18, REAL_DIGITS = 17 };

struct csv_writer {
    struct memory     *memory;
    struct arena       arena; /* option texts, paths */
    struct csv_options options;
    char               delimiter, quote, escape;
    bool               quote_all;
    uint32_t           columns;
    const char        *path;      /* in arena */
    const char        *temporary; /* in arena; NULL: path itself is written */
    int                fd;
    struct str         out;
    gzFile             gzip; /* NULL: plain */
};

/* --- the file --------------------------------------------------------------------------------- */
static enum status write_failed(const struct csv_writer *writer, struct error *err)
{
    return fail(err, errno == ENOSPC ? STATUS_FULL : STATUS_IOERR, "cannot write \"%s\": %s",
                writer->path, strerror(errno));
}

static enum status writer_flush(struct csv_writer *writer, struct error *err)
{
    const char *data = writer->out.data;
    size_t      left = writer->out.bytes;

    if (writer->out.failed)
        return fail_nomem(err);
    while (left > 0) {
        ssize_t n = writer->gzip != NULL
                        ? gzwrite(writer->gzip, data, left < INT32_MAX ? (unsigned)left : INT32_MAX)
                        : write(writer->fd, data, left);

        if (n < 0 && errno == EINTR && writer->gzip == NULL)
            continue;
        if (n <= 0)
            return write_failed(writer, err);
        data += n;
        left -= (size_t)n;
    }
    str_clear(&writer->out);
    return STATUS_OK;
}

static bool ends_with_gz(const char *path)
{
    size_t bytes = strlen(path);

    return bytes > 3 && memcmp(path + bytes - 3, ".gz", 3) == 0;
}

/* Opens the place to write to: a file of another name, unless path is a device or pipe. */
static enum status file_open(struct csv_writer *writer, struct error *err)
{
    struct stat info;
    const char *name = writer->path;

    if (strcmp(name, "-") == 0) {
        writer->fd = dup(STDOUT_FILENO);
    } else if (stat(name, &info) == 0 && !S_ISREG(info.st_mode)) {
        writer->fd = open(name, O_WRONLY | O_CLOEXEC);
    } else {
        name = arena_printf(&writer->arena, "%s.%ld.part", writer->path, (long)getpid());
        if (name == NULL)
            return fail_nomem(err);
        writer->fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (writer->fd >= 0)
            writer->temporary = name;
    }
    if (writer->fd < 0)
        return fail(err, STATUS_CANTOPEN, "cannot open \"%s\": %s", name, strerror(errno));
    if (ends_with_gz(writer->path)) {
        writer->gzip = gzdopen(writer->fd, "wb6");
        if (writer->gzip == NULL)
            return fail_nomem(err);
    }
    return STATUS_OK;
}

/* --- fields ----------------------------------------------------------------------------------- */
static bool text_needs_quotes(const struct csv_writer *writer, const char *text, size_t bytes)
{
    if (bytes == 0 || writer->quote_all || text[0] == ' ' || text[bytes - 1] == ' ')
        return true; /* an empty text is no NULL; blanks around would be taken for layout */
    if (writer->options.null_text != NULL && bytes == writer->options.null_bytes &&
        memcmp(text, writer->options.null_text, bytes) == 0)
        return true;
    for (size_t i = 0; i < bytes; i++) {
        if (i % INTERRUPT_TEXT_PIECE == INTERRUPT_TEXT_PIECE - 1 && interrupt_cut())
            break;
        if (text[i] == writer->delimiter || text[i] == '\n' || text[i] == '\r' ||
            (text[i] == writer->quote && writer->quote != '\0') || text[i] == '#')
            return true;
    }
    return false;
}

static void text_write(struct csv_writer *writer, const char *text, size_t bytes)
{
    if (writer->quote == '\0' || !text_needs_quotes(writer, text, bytes)) {
        str_append(&writer->out, text, bytes);
        return;
    }
    str_char(&writer->out, writer->quote);
    for (size_t i = 0; i < bytes && !writer->out.failed; i++) {
        if (i % INTERRUPT_TEXT_PIECE == INTERRUPT_TEXT_PIECE - 1 && interrupt_cut())
            break;
        if (text[i] == writer->quote || text[i] == writer->escape)
            str_char(&writer->out, writer->escape);
        str_char(&writer->out, text[i]);
    }
    str_char(&writer->out, writer->quote);
}

static void cell_write(struct csv_writer *writer, const struct value *v)
{
    char text[NUMBER_TEXT_CAP];

    switch ((enum value_class)v->class_) {
    case CLASS_NULL:
        if (writer->options.null_text != NULL)
            str_append(&writer->out, writer->options.null_text, writer->options.null_bytes);
        break;
    case CLASS_INTEGER:
        str_append(&writer->out, text, number_from_int(v->i, text));
        break;
    case CLASS_REAL:
        str_append(&writer->out, text, number_from_real(v->r, REAL_DIGITS, text));
        break;
    default:
        text_write(writer, v->s, v->bytes);
    }
}

enum status csv_writer_write(struct csv_writer *writer, const struct vector *const *columns,
                             const struct selection *sel, struct error *err)
{
    for (BITS_EACH(row, sel->bits, sel->rows)) {
        for (uint32_t c = 0; c < writer->columns; c++) {
            char         scratch[16];
            struct value v = vector_value(columns[c], (uint32_t)row, scratch);

            if (c > 0)
                str_char(&writer->out, writer->delimiter);
            cell_write(writer, &v);
        }
        str_char(&writer->out, '\n');
        if (writer->out.bytes >= FLUSH_BYTES)
            TRY(writer_flush(writer, err));
    }
    return writer->out.failed ? fail_nomem(err) : STATUS_OK;
}

/* --- beginning and end ------------------------------------------------------------------------ */
static enum status options_read(struct csv_writer *writer, const struct csv_write_desc *desc,
                                struct error *err)
{
    struct csv_options *o = &writer->options;

    csv_options_init(o);
    for (uint32_t i = 0; i < desc->option_count; i++) {
        if (ascii_casecmp(desc->option_names[i], "force_quote") == 0)
            writer->quote_all = true; /* of some columns: all, which reads back the same */
        else
            TRY(csv_option_set(o, desc->option_names[i], &desc->option_values[i], &writer->arena,
                               err));
    }
    writer->delimiter = o->delimiter > 0 ? (char)o->delimiter : ',';
    writer->quote = o->quote >= 0 ? (char)o->quote : '"';
    writer->escape = o->escape > 0 ? (char)o->escape : writer->quote;
    if (writer->delimiter == writer->quote)
        return fail(err, STATUS_ERROR, "CSV options DELIMITER and QUOTE are the same");
    writer->path = arena_copy_text(&writer->arena, desc->path, strlen(desc->path));
    return writer->path != NULL ? STATUS_OK : fail_nomem(err);
}

enum status csv_writer_open(const struct csv_write_desc *desc, struct memory *memory,
                            struct csv_writer **out, struct error *err)
{
    struct csv_writer *writer = memory_zalloc(memory, sizeof *writer);
    enum status        status;

    if (writer == NULL)
        return fail_nomem(err);
    writer->memory = memory;
    writer->fd = -1;
    writer->columns = desc->column_count;
    arena_init(&writer->arena, memory);
    str_init(&writer->out, memory);
    status = options_read(writer, desc, err);
    if (status == STATUS_OK)
        status = file_open(writer, err);
    if (status != STATUS_OK) {
        csv_writer_close(writer, false, NULL);
        return status;
    }
    for (uint32_t c = 0; writer->options.header != 0 && c < desc->column_count; c++) {
        if (c > 0)
            str_char(&writer->out, writer->delimiter);
        text_write(writer, desc->names[c], strlen(desc->names[c]));
    }
    if (writer->options.header != 0)
        str_char(&writer->out, '\n');
    *out = writer;
    return STATUS_OK;
}

enum status csv_writer_close(struct csv_writer *writer, bool commit, struct error *err)
{
    enum status status = commit ? writer_flush(writer, err) : STATUS_OK;
    bool        closed = true;

    if (writer->gzip != NULL)
        closed = gzclose(writer->gzip) == Z_OK; /* and fd */
    else if (writer->fd >= 0)
        closed = close(writer->fd) == 0;
    if (commit && status == STATUS_OK && !closed)
        status = write_failed(writer, err);
    if (writer->temporary != NULL && commit && status == STATUS_OK &&
        rename(writer->temporary, writer->path) != 0)
        status = write_failed(writer, err);
    if (writer->temporary != NULL && (!commit || status != STATUS_OK))
        unlink(writer->temporary);
    str_free(&writer->out);
    arena_free(&writer->arena);
    memory_free(writer->memory, writer, sizeof *writer);
    return status;
}
