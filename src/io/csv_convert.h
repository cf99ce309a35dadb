/* csv_convert.h - one column of a batch of CSV rows as a typed vector.
 *
 * Each column remembers which encoding fitted its last batch and tries it first: integers by
 * 8-byte words, decimals as scaled integers (no double is made), dates as day numbers, text as
 * cells that point into the file's block.  The first value that does not fit sends the batch to the
 * next wider encoding, the last being ANY through base/value.h, so no value is ever changed or
 * refused. */
#ifndef STOA_IO_CSV_CONVERT_H
#define STOA_IO_CSV_CONVERT_H

#include "io/csv_stream.h"
#include "store/vector.h"

/* What a column's fields become. */
enum csv_rule {
    CSV_RULE_TEXT,    /* TEXT */
    CSV_RULE_INTEGER, /* detected: integers in plain form INTEGER, other numbers REAL, else TEXT */
    CSV_RULE_REAL,    /* detected: numbers in plain form REAL, else TEXT */
    CSV_RULE_AFFINITY_NUMERIC, /* as a column of NUMERIC or INTEGER affinity stores them */
    CSV_RULE_AFFINITY_REAL
};
enum csv_form {
    CSV_FORM_INT,
    CSV_FORM_DEC,
    CSV_FORM_REAL,
    CSV_FORM_ANY,
    CSV_FORM_DAY,
    CSV_FORM_TEXT
};

struct csv_column {
    enum csv_rule rule;
    /* unquoted fields equal to null_text are NULL (NULL: none); quoted empty fields are NULL too
     * if numeric_nulls and the rule is a number's */
    const char *null_text;
    size_t      null_bytes;
    bool        numeric_nulls;

    enum csv_form form;     /* tried first */
    uint8_t       scale;    /* of CSV_FORM_DEC: the last batch's */
    bool          blanks;   /* numbers had blanks around them */
    uint32_t      no_dates; /* batches in which dates were tried in vain */
};

/* Work space of one conversion, shared by all columns of a reader. */
struct csv_scratch {
    uint32_t start[VECTOR_CAP], length[VECTOR_CAP]; /* of the fields, from base; unquoted */
    uint32_t trimmed_start[VECTOR_CAP], trimmed_length[VECTOR_CAP]; /* without blanks around */
    uint64_t quoted[VECTOR_WORDS];
    uint64_t valid[VECTOR_WORDS];
    int64_t  number[VECTOR_CAP];
};

void csv_column_init(struct csv_column *column, enum csv_rule rule);

/* Column number c of batch into out, its arrays in buffer, text borrowed from the batch.  May
 * rewrite the column's quoted fields in the batch: call it once for each column and batch. False:
 * memory. */
bool csv_convert(struct csv_column *column, struct csv_batch *batch, uint32_t c,
                 struct csv_scratch *scratch, struct arena *arena, struct vector_buffer *buffer,
                 struct vector *out);

#endif
