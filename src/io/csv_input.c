/* csv_input.c - reading blocks of a file, unpacking gzip on the way. */
#include "io/csv_input.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { GZIP_IN_BYTES = 1 << 16, ZLIB_HEADER = 16 };

struct csv_gzip {
    z_stream      stream;
    bool          member_open; /* inside of a member: the file must not end here */
    bool          file_end;
    unsigned char in[GZIP_IN_BYTES];
};

/* zlib frees without telling the size: it is kept in front. */
static void *gzip_alloc(void *memory, unsigned count, unsigned size)
{
    size_t  bytes = (size_t)count * size + ZLIB_HEADER;
    size_t *block = memory_alloc(memory, bytes);

    if (block == NULL)
        return NULL;
    block[0] = bytes;
    return (char *)block + ZLIB_HEADER;
}

static void gzip_free(void *memory, void *block)
{
    if (block != NULL) {
        size_t *start = (size_t *)((char *)block - ZLIB_HEADER);

        memory_free(memory, start, start[0]);
    }
}

/* Up to bytes from the file; *got 0 at its end. */
static enum status file_read(struct csv_input *input, char *out, size_t bytes, size_t *got,
                             struct error *err)
{
    ssize_t n;

    *got = 0;
    if (input->fd < 0)
        return STATUS_OK;
    do
        n = read(input->fd, out, bytes);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return fail(err, STATUS_IOERR, "cannot read \"%s\": %s", input->path, strerror(errno));
    input->packed_done += (uint64_t)n;
    *got = (size_t)n;
    return STATUS_OK;
}

static enum status gzip_read(struct csv_input *input, char *out, size_t bytes, size_t *got,
                             struct error *err)
{
    struct csv_gzip *gzip = input->gzip;
    z_stream        *stream = &gzip->stream;

    *got = 0;
    stream->next_out = (unsigned char *)out;
    stream->avail_out = (unsigned)bytes;
    while (stream->avail_out == bytes) {
        int result;

        if (stream->avail_in == 0 && !gzip->file_end) {
            size_t in;

            TRY(file_read(input, (char *)gzip->in, sizeof gzip->in, &in, err));
            stream->next_in = gzip->in;
            stream->avail_in = (unsigned)in;
            gzip->file_end = in == 0;
        }
        if (stream->avail_in == 0) {
            if (gzip->member_open)
                return fail(err, STATUS_CORRUPT, "\"%s\" is damaged: the gzip stream ends early",
                            input->path);
            break;
        }
        gzip->member_open = true;
        result = inflate(stream, Z_NO_FLUSH);
        if (result == Z_STREAM_END) { /* further members may follow */
            gzip->member_open = false;
            inflateReset(stream);
        } else if (result == Z_MEM_ERROR) {
            return fail_nomem(err);
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            return fail(err, STATUS_CORRUPT, "\"%s\" is damaged: %s", input->path,
                        stream->msg != NULL ? stream->msg : "bad gzip data");
        }
    }
    *got = bytes - stream->avail_out;
    return STATUS_OK;
}

static enum status gzip_begin(struct csv_input *input, struct error *err)
{
    struct csv_gzip *gzip = memory_zalloc(input->memory, sizeof *gzip);

    if (gzip == NULL)
        return fail_nomem(err);
    gzip->stream.zalloc = gzip_alloc;
    gzip->stream.zfree = gzip_free;
    gzip->stream.opaque = input->memory;
    if (inflateInit2(&gzip->stream, 15 + 16) != Z_OK) {
        memory_free(input->memory, gzip, sizeof *gzip);
        return fail_nomem(err);
    }
    assert(input->bytes <= sizeof gzip->in); /* what was read of the file becomes its input */
    memcpy(gzip->in, input->data, input->bytes);
    gzip->stream.next_in = gzip->in;
    gzip->stream.avail_in = (unsigned)input->bytes;
    gzip->file_end = input->at_end;
    input->bytes = 0;
    input->at_end = false;
    input->gzip = gzip;
    return STATUS_OK;
}

/* A block with room for window bytes, the present window moved to its begin. */
static enum status window_resize(struct csv_input *input, size_t window, struct error *err)
{
    size_t bytes = window + CSV_INPUT_FRONT + CSV_INPUT_BACK;
    char  *block = memory_alloc(input->memory, bytes);

    if (block == NULL)
        return fail_nomem(err);
    memset(block, 0, CSV_INPUT_FRONT);
    if (input->bytes > 0)
        memcpy(block + CSV_INPUT_FRONT, input->data, input->bytes);
    memory_free(input->memory, input->block, input->block_bytes);
    input->block = block;
    input->block_bytes = bytes;
    input->data = block + CSV_INPUT_FRONT;
    memset(input->data + input->bytes, 0, CSV_INPUT_BACK);
    return STATUS_OK;
}

/* Reads behind the window, up to want bytes. */
static enum status window_read(struct csv_input *input, size_t want, struct error *err)
{
    size_t got;

    TRY(input->gzip != NULL ? gzip_read(input, input->data + input->bytes, want, &got, err)
                            : file_read(input, input->data + input->bytes, want, &got, err));
    input->bytes += got;
    if (got == 0)
        input->at_end = true;
    memset(input->data + input->bytes, 0, CSV_INPUT_BACK);
    return STATUS_OK;
}

enum status csv_input_advance(struct csv_input *input, size_t drop, struct error *err)
{
    size_t room;

    assert(drop <= input->bytes);
    memmove(input->data, input->data + drop, input->bytes - drop);
    input->bytes -= drop;
    input->offset += drop;
    if (input->at_end) {
        memset(input->data + input->bytes, 0, CSV_INPUT_BACK);
        return STATUS_OK;
    }
    room = input->block_bytes - CSV_INPUT_FRONT - CSV_INPUT_BACK;
    if (room - input->bytes < CSV_INPUT_BLOCK / 4) { /* a long record: double the window */
        if (input->bytes >= CSV_INPUT_MAX)
            return fail(err, STATUS_TOOBIG, "\"%s\": a record is longer than %d bytes", input->path,
                        CSV_INPUT_MAX);
        room *= 2;
        TRY(window_resize(input, room, err));
    }
    return window_read(input, room - input->bytes, err);
}

static void mark_drop(struct csv_input *input)
{
    if (input->bytes >= 3 && memcmp(input->data, "\xef\xbb\xbf", 3) == 0) {
        input->bytes -= 3;
        memmove(input->data, input->data + 3, input->bytes + CSV_INPUT_BACK);
    }
}

/* The first block: what kind of stream is it. */
static enum status input_begin(struct csv_input *input, struct error *err)
{
    uint64_t size = input->packed_total;

    /* a small file needs no megabyte; one byte more finds its end in the first read */
    TRY(window_resize(
        input, size > 0 && size < CSV_INPUT_BLOCK - 4096 ? size + 4096 : CSV_INPUT_BLOCK, err));
    /* a pipe may give little at a time; the magics need a few bytes */
    while (!input->at_end && input->bytes < 4)
        TRY(window_read(input, 4096, err));
    if (input->bytes >= 2 && memcmp(input->data, "\x1f\x8b", 2) == 0) {
        TRY(gzip_begin(input, err));
        while (!input->at_end && input->bytes < 4)
            TRY(window_read(input, 4096, err));
    }
    mark_drop(input);
    return STATUS_OK;
}

enum status csv_input_open(struct csv_input *input, struct memory *memory, const char *path,
                           struct error *err)
{
    struct stat info;
    enum status status;

    *input = (struct csv_input){.memory = memory, .path = path, .fd = -1};
    if (strcmp(path, "-") == 0)
        input->fd = dup(STDIN_FILENO);
    else
        input->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (input->fd < 0)
        return fail(err, STATUS_CANTOPEN, "cannot open \"%s\": %s", path, strerror(errno));
    if (fstat(input->fd, &info) == 0) {
        if (S_ISDIR(info.st_mode)) {
            csv_input_close(input);
            return fail(err, STATUS_CANTOPEN, "cannot open \"%s\": it is a directory", path);
        }
        input->regular = S_ISREG(info.st_mode);
        if (input->regular)
            input->packed_total = (uint64_t)info.st_size;
    }
    status = input_begin(input, err);
    if (status != STATUS_OK)
        csv_input_close(input);
    return status;
}

enum status csv_input_open_memory(struct csv_input *input, struct memory *memory, const char *data,
                                  size_t bytes, struct error *err)
{
    *input = (struct csv_input){.memory = memory, .path = "memory", .fd = -1, .at_end = true};
    TRY(window_resize(input, bytes > 0 ? bytes : 1, err));
    memcpy(input->data, data, bytes);
    input->bytes = bytes;
    input->packed_total = bytes;
    mark_drop(input);
    return STATUS_OK;
}

enum status csv_input_check_text(const struct csv_input *input, struct error *err)
{
    if (input->bytes >= 2 &&
        (memcmp(input->data, "\xff\xfe", 2) == 0 || memcmp(input->data, "\xfe\xff", 2) == 0))
        return fail(err, STATUS_FORMAT, "not supported yet: \"%s\" is UTF-16 text", input->path);
    return STATUS_OK;
}

void csv_input_close(struct csv_input *input)
{
    if (input->gzip != NULL) {
        inflateEnd(&input->gzip->stream);
        memory_free(input->memory, input->gzip, sizeof *input->gzip);
    }
    if (input->fd >= 0)
        close(input->fd);
    memory_free(input->memory, input->block, input->block_bytes);
    *input = (struct csv_input){.fd = -1};
}
