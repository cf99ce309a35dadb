/* csv_stream.h - the rows of a CSV file, some thousand at a time, as an index of their fields.
 *
 * Regular text is indexed where it lies (csv_scan); anything else is read by csv_parse, for a few
 * rows, then for more if the text stays irregular.  Both give the same shape, so conversion knows
 * one. */
#ifndef STOA_IO_CSV_STREAM_H
#define STOA_IO_CSV_STREAM_H

#include "io/csv_input.h"
#include "io/csv_parse.h"
#include "io/csv_scan.h"

/* Rows of a file.  Field c of row r is field f = r * stride + c:
 * base[f > 0 ? ends[f - 1] + 1 : 0 .. ends[f]).  Lives until the stream is asked for the next. */
struct csv_batch {
    char *base; /* writable: doubled quotes are undone in place; 64 bytes before
                            it and 16 behind the last field can be read */
    const uint32_t *ends;
    const uint8_t  *flags; /* enum csv_field_flag of each field; NULL: the text is as in the file */
    uint32_t        rows, columns, stride;
    char            quote;   /* of fields in the file's form; '\0': none is quoted */
    bool            doubled; /* some quoted field holds doubled quotes */
    bool            ascii;   /* no byte >= 0x80 and no NUL */
};

/* A line that is no row. */
struct csv_bad_line {
    uint64_t    line;   /* 1-based, where the record begins */
    uint32_t    column; /* 1-based; 0: the whole line */
    const char *reason;
    const char *text; /* the line, borrowed for the call */
    size_t      bytes;
};

struct csv_stream {
    struct csv_input   input;
    struct csv_dialect dialect;
    struct memory     *memory;
    /* NULL: a bad line fails the statement; else it is told and passed over */
    enum status (*reject)(void *data, const struct csv_bad_line *line, struct error *err);
    void *reject_data;

    size_t            position; /* in the window: where the next record begins */
    uint64_t          line;     /* its line, 1-based */
    uint64_t          rows;     /* handed out */
    bool              scannable;
    uint32_t          slow_rows; /* > 0: read that many by csv_parse before scanning again */
    uint32_t          slow_run;  /* how many the next time */
    struct csv_scan   scan;
    struct csv_fields fields;
    size_t            index_bytes; /* of scan.ends, which scan.row_ends lies behind */
};

/* Begins at the first line behind skip and header; the stream takes input over, also on failure. */
enum status csv_stream_open(struct csv_stream *stream, struct csv_input *input,
                            const struct csv_dialect *dialect, struct memory *memory,
                            struct error *err);
/* The next 1..cap rows (cap <= 2048); batch->rows 0 at the end. */
enum status csv_stream_next(struct csv_stream *stream, uint32_t cap, struct csv_batch *batch,
                            struct error *err);
/* The same, but only as far as the scanner reads the text: batch->rows 0 where it does not.  plain:
 * rows with a delimiter behind the last field and text with NULs are not taken. */
enum status csv_stream_next_scanned(struct csv_stream *stream, uint32_t cap, bool plain,
                                    struct csv_batch *batch, struct error *err);
/* Lets go what lies before position and reads more behind it; position becomes 0. */
enum status csv_stream_advance(struct csv_stream *stream, struct error *err);
void        csv_stream_close(struct csv_stream *stream);

#endif
