/* csv_scan.h - the structural index of CSV text: where fields and rows end, 64 bytes a step.
 *
 * Each step makes one bitmask per interesting byte (delimiter, newline, quote, carriage return).
 * The prefix xor of the quote mask is 1 inside of quotes, so delimiters and newlines there drop out
 * (Langdale, Lemire: Parsing Gigabytes of JSON per Second, 2019, section 3.1.1, for the method).
 *
 * The scanner reads only text whose quoting is regular: an opening quote follows a field or row
 * end, a closing one precedes a field or row end, a quote inside is doubled.  At the first step
 * that holds anything else it stops and says so; the caller reads on with csv_parse.  Rows end with
 * \n, before which a \r may stand; a \r elsewhere outside of quotes is not regular. */
#ifndef STOA_IO_CSV_SCAN_H
#define STOA_IO_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CSV_SCAN_STEP = 64 };

struct csv_scan {
    /* what to look for; quote '\0': none */
    char delimiter, quote;

    /* the index, in memory of the caller.  A step writes past the counts, so both arrays have
     * CSV_SCAN_STEP slots more than the limits. */
    uint32_t *ends;     /* of each field: offset of the delimiter or newline behind it */
    uint32_t *row_ends; /* of each row: index in ends of its last field */
    uint32_t  end_count, row_count;
    uint32_t  end_limit, row_limit; /* a step begins only below both */

    /* state */
    uint32_t position;     /* bytes scanned */
    uint64_t in_quotes;    /* all ones: position is inside of quotes */
    uint64_t after_end;    /* 1: the byte before position ended a field (also at the start) */
    uint64_t after_close;  /* 1: the byte before position is a closing quote */
    uint64_t after_return; /* 1: the byte before position is a carriage return outside quotes */

    /* findings */
    bool irregular; /* stopped: the text at position is not regular */
    bool quoted;    /* quotes were seen */
    bool doubled;   /* a doubled quote was seen */
    bool not_ascii; /* a byte >= 0x80 or NUL was seen */
    bool breaks;    /* a newline inside of quotes was seen */
};

/* Begins a new index at offset 0 of a text that starts with a field. */
void csv_scan_reset(struct csv_scan *scan);

/* Scans data[position..bytes); data can be read for CSV_SCAN_STEP bytes past bytes.  Returns when
 * all is scanned, a limit is reached or the text is irregular. */
void csv_scan_run(struct csv_scan *scan, const char *data, uint32_t bytes);

/* The portable twin, for machines without AVX2 and for tests that compare both. */
void csv_scan_run_portable(struct csv_scan *scan, const char *data, uint32_t bytes);

#endif
