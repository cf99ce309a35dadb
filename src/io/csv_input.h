/* csv_input.h - the bytes of a file, pipe or gzip stream as one sliding window.
 *
 * [data, data + bytes) is the window.  CSV_INPUT_FRONT bytes before data and CSV_INPUT_BACK bytes
 * behind its end can be read (and mean nothing), so that scanners load whole words without a check.
 * Reading instead of mapping costs a copy (0.1 ns a byte) and buys that a file truncated under us
 * is a short read and not a signal, and that gzip and pipes need no other way. */
#ifndef STOA_IO_CSV_INPUT_H
#define STOA_IO_CSV_INPUT_H

#include "base/memory.h"
#include "base/status.h"

enum {
    CSV_INPUT_FRONT = 64,
    CSV_INPUT_BACK = 128,
    CSV_INPUT_BLOCK = 1 << 20, /* bytes asked for at a time: larger ones miss L2 on the way back */
    CSV_INPUT_MAX = 2000000000 /* window bytes: one record may not be longer */
};

struct csv_gzip;

struct csv_input {
    struct memory   *memory;
    const char      *path; /* borrowed, for messages */
    int              fd;   /* -1: memory input */
    char            *data;
    size_t           bytes;
    char            *block; /* owned; data lies in it */
    size_t           block_bytes;
    bool             regular;      /* a file that can be read again */
    bool             at_end;       /* nothing will follow the window */
    uint64_t         offset;       /* bytes of the (unpacked) stream before data */
    uint64_t         packed_done;  /* bytes read from the file */
    uint64_t         packed_total; /* size of the file; 0: unknown */
    struct csv_gzip *gzip;         /* NULL: plain */
};

/* Opens path ("-": standard input), recognises gzip by its magic, drops a UTF-8 byte order mark.
 * STATUS_CANTOPEN, STATUS_IOERR, STATUS_NOMEM, STATUS_CORRUPT.  On failure nothing is left to
 * close. */
enum status csv_input_open(struct csv_input *input, struct memory *memory, const char *path,
                           struct error *err);
/* The same over bytes in memory, which are copied. */
enum status csv_input_open_memory(struct csv_input *input, struct memory *memory, const char *data,
                                  size_t bytes, struct error *err);
/* Lets the first drop bytes of the window go and reads more behind it; data moves.  On return there
 * is more, or at_end is set.  STATUS_TOOBIG when the window would pass CSV_INPUT_MAX. */
enum status csv_input_advance(struct csv_input *input, size_t drop, struct error *err);
/* Of a stream just opened: STATUS_FORMAT if it is UTF-16. */
enum status csv_input_check_text(const struct csv_input *input, struct error *err);
void        csv_input_close(struct csv_input *input);

#endif
