/* csv_parse.h - one record of CSV text at a time, whatever its quoting: the exact reader behind the
 * scanner, and the one that dialect detection tries its candidates with.
 *
 * Rules: a field whose first byte (but for blanks) is the quote runs to the closing quote; blanks
 * may follow that; escape makes the next quote or escape literal (escape == quote: doubling).
 * \n, \r\n and a lone \r end a record.  From the comment byte on, a line is ignored. */
#ifndef STOA_IO_CSV_PARSE_H
#define STOA_IO_CSV_PARSE_H

#include "base/str.h"

enum csv_newline { CSV_NEWLINE_LF, CSV_NEWLINE_CRLF, CSV_NEWLINE_CR };

struct csv_dialect {
    char     delimiter;
    char     quote, escape, comment; /* '\0': none */
    uint8_t  newline;                /* enum csv_newline: the first one seen */
    bool     header;                 /* the first record holds names */
    bool     loose;                  /* text behind a closing quote belongs to the field */
    bool     padding;                /* missing fields at a row's end are NULL */
    uint32_t skip;                   /* lines before the header (or the data) */
    uint32_t columns;
};

enum csv_outcome {
    CSV_RECORD,              /* a record was read */
    CSV_RECORD_EMPTY,        /* a line without a byte (or only a comment): no field was added */
    CSV_RECORD_PARTIAL,      /* the window ends inside of the record: read more and begin again */
    CSV_RECORD_UNTERMINATED, /* a quoted field does not end before the file does */
    CSV_RECORD_BAD_QUOTE,    /* bytes behind a closing quote, or a bad escape */
    CSV_RECORD_NOMEM
};

enum csv_field_flag { CSV_FIELD_QUOTED = 1, CSV_FIELD_MISSING = 2 };

/* Readable bytes before the first field and behind the last, as in csv_input.h. */
enum { CSV_FIELDS_FRONT = 64, CSV_FIELDS_BACK = 16 };

/* Fields of records, unquoted: from base = text.data + CSV_FIELDS_FRONT on, field f is
 * [f > 0 ? ends[f - 1] + 1 : 0, ends[f]).  The byte at ends[f] is a separator, so that the
 * scanner's index has the same shape. */
struct csv_fields {
    struct str text;
    uint32_t  *ends;  /* owned */
    uint8_t   *flags; /* owned: enum csv_field_flag of each field */
    uint32_t   count, capacity;
};

void csv_fields_init(struct csv_fields *fields, struct memory *memory);
void csv_fields_free(struct csv_fields *fields);
void csv_fields_clear(struct csv_fields *fields); /* keeps the memory */
/* Back to count fields, for a record that is given up. */
void csv_fields_truncate(struct csv_fields *fields, uint32_t count);
/* A field without text, flagged CSV_FIELD_MISSING.  False: memory. */
bool csv_fields_pad(struct csv_fields *fields);

/* To be called when all fields are there: makes the bytes behind them readable.  False: memory. */
bool csv_fields_finish(struct csv_fields *fields);

static inline const char *csv_fields_base(const struct csv_fields *fields)
{
    return fields->text.data + CSV_FIELDS_FRONT;
}

static inline uint32_t csv_fields_start(const struct csv_fields *fields, uint32_t field)
{
    return field > 0 ? fields->ends[field - 1] + 1 : 0;
}

/* Reads the record at data[0..bytes) into fields.  *used: its bytes with its line end; *lines: how
 * many line ends those hold.  With an outcome other than CSV_RECORD no field is added; after
 * BAD_QUOTE and UNTERMINATED *used is the rest of the line, so that a reader may go on behind it.
 * at_end: no byte follows data[bytes). */
enum csv_outcome csv_parse_record(const struct csv_dialect *dialect, const char *data, size_t bytes,
                                  bool at_end, struct csv_fields *fields, size_t *used,
                                  uint32_t *lines);

#endif
