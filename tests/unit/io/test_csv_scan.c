/* test_csv_scan.c - the scanner against its portable twin and against the exact reader. */
#include "io/csv_parse.h"
#include "io/csv_scan.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* last: its fail is a macro */

enum { TEXT_BYTES = 700, SLOTS = 2048, ROUNDS = 20000 };

static uint64_t seed = 1;

static uint32_t random_below(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % n;
}

struct index {
    struct csv_scan scan;
    uint32_t        ends[SLOTS], row_ends[SLOTS];
};

static void index_begin(struct index *index, char quote)
{
    index->scan = (struct csv_scan){.delimiter = ',',
                                    .quote = quote,
                                    .ends = index->ends,
                                    .row_ends = index->row_ends,
                                    .end_limit = SLOTS - CSV_SCAN_STEP,
                                    .row_limit = SLOTS - CSV_SCAN_STEP};
    csv_scan_reset(&index->scan);
}

static void assert_same(const struct index *a, const struct index *b)
{
    assert_int_equal(a->scan.position, b->scan.position);
    assert_int_equal(a->scan.irregular, b->scan.irregular);
    assert_int_equal(a->scan.quoted, b->scan.quoted);
    assert_int_equal(a->scan.doubled, b->scan.doubled);
    assert_int_equal(a->scan.breaks, b->scan.breaks);
    assert_int_equal(a->scan.not_ascii, b->scan.not_ascii);
    assert_int_equal(a->scan.end_count, b->scan.end_count);
    assert_int_equal(a->scan.row_count, b->scan.row_count);
    assert_memory_equal(a->ends, b->ends, a->scan.end_count * sizeof *a->ends);
    assert_memory_equal(a->row_ends, b->row_ends, a->scan.row_count * sizeof *a->row_ends);
}

static uint32_t random_text(char *text, uint32_t kind)
{
    static const char *const alphabets[] = {"abc,,\n",  "ab,\n\"",  "a,\n\r\"",
                                            "a\"\",\n", "a\xc3,\n", "aaaaaaaaaaaaaaaa\",\n"};
    const char              *alphabet = alphabets[kind];
    uint32_t                 bytes = random_below(TEXT_BYTES), letters = (uint32_t)strlen(alphabet);

    for (uint32_t i = 0; i < bytes; i++)
        text[i] = alphabet[random_below(letters)];
    memset(text + bytes, 0, CSV_SCAN_STEP * 2);
    return bytes;
}

static void scanner_equals_its_portable_twin(void **state)
{
    static struct index fast, portable, pieces;
    char                text[TEXT_BYTES + 2 * CSV_SCAN_STEP];

    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t bytes = random_text(text, round % 6), cut = bytes > 0 ? random_below(bytes) : 0;
        char     quote = round % 7 == 0 ? '\0' : '"';

        index_begin(&fast, quote);
        index_begin(&portable, quote);
        index_begin(&pieces, quote);
        csv_scan_run(&fast.scan, text, bytes);
        csv_scan_run_portable(&portable.scan, text, bytes);
        assert_same(&fast, &portable);
        /* scanning may go on anywhere; only where it stops for irregular text may differ */
        csv_scan_run(&pieces.scan, text, cut);
        if (!pieces.scan.irregular)
            csv_scan_run(&pieces.scan, text, bytes);
        if (!pieces.scan.irregular && !fast.scan.irregular)
            assert_same(&fast, &pieces);
        assert_int_equal(pieces.scan.irregular, fast.scan.irregular);
    }
}

/* Complete rows of the index, as csv_parse reads them. */
static void assert_rows(const struct index *index, const char *text, uint32_t bytes)
{
    struct csv_dialect dialect = {.delimiter = ',', .quote = '"', .escape = '"'};
    struct csv_fields  fields;
    uint32_t           at = 0, field = 0;

    csv_fields_init(&fields, NULL);
    for (uint32_t row = 0; row < index->scan.row_count; row++) {
        size_t           used;
        uint32_t         lines, count = index->row_ends[row] + 1 - field;
        enum csv_outcome outcome;

        csv_fields_clear(&fields);
        outcome = csv_parse_record(&dialect, text + at, bytes - at, false, &fields, &used, &lines);
        if (outcome == CSV_RECORD_EMPTY) {
            assert_int_equal(count, 1);
        } else {
            assert_int_equal(outcome, CSV_RECORD);
            assert_int_equal(count, fields.count);
        }
        field += count;
        at += (uint32_t)used;
        assert_int_equal(index->ends[field - 1] + 1, at);
    }
    csv_fields_free(&fields);
}

static void scanned_rows_are_those_of_the_exact_reader(void **state)
{
    static struct index index;
    char                text[TEXT_BYTES + 2 * CSV_SCAN_STEP];

    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t bytes = random_text(text, round % 6);

        index_begin(&index, '"');
        csv_scan_run(&index.scan, text, bytes);
        assert_rows(&index, text, bytes);
    }
}

static void limits_stop_the_scanner(void **state)
{
    static struct index index;
    char                text[512 + CSV_SCAN_STEP];

    (void)state;
    for (int i = 0; i < 512; i++)
        text[i] = i % 2 ? '\n' : ',';
    index_begin(&index, '"');
    index.scan.row_limit = 10;
    csv_scan_run(&index.scan, text, 512);
    assert_int_equal(index.scan.position, 64);
    assert_int_equal(index.scan.row_count, 32);
    index.scan.row_limit = 1000;
    csv_scan_run(&index.scan, text, 512);
    assert_int_equal(index.scan.row_count, 256);
    assert_int_equal(index.scan.end_count, 512);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scanner_equals_its_portable_twin),
        cmocka_unit_test(scanned_rows_are_those_of_the_exact_reader),
        cmocka_unit_test(limits_stop_the_scanner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
