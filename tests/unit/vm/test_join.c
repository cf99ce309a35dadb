/* test_join.c - joins against two nested loops over cells. */
#include "tests/unit/vm/random_batch.h"
#include "vm/join.h"

enum { KEYS = 2, BATCHES = 3, CAP_ROWS = 600 };

static struct random_column build[BATCHES][KEYS + 1], probe[KEYS];
static struct selection     build_sel[BATCHES], probe_sel;

struct pairs {
    uint32_t  count, capacity;
    uint64_t *pair; /* probe row << 32 | build row */
};

static void pairs_add(struct pairs *pairs, uint32_t probe_row, uint32_t build_row)
{
    if (pairs->count == pairs->capacity) {
        pairs->capacity = pairs->capacity * 2 + 1024;
        pairs->pair = realloc(pairs->pair, pairs->capacity * sizeof *pairs->pair);
        assert_non_null(pairs->pair);
    }
    pairs->pair[pairs->count++] = (uint64_t)probe_row << 32 | build_row;
}

/* The residual condition of the tests. */
static bool survives(uint32_t probe_row, uint32_t build_row)
{
    return (probe_row * 7 + build_row) % 3 == 0;
}

static bool keys_match(const struct join_desc *desc, uint32_t probe_row, uint32_t batch,
                       uint32_t build_row)
{
    for (uint32_t c = 0; c < desc->key_count; c++) {
        char         scratch[2][16];
        struct value a = vector_value(&probe[c].v, probe_row, scratch[0]);
        struct value b = vector_value(&build[batch][c].v, build_row, scratch[1]);
        bool         null = a.class_ == CLASS_NULL || b.class_ == CLASS_NULL;

        if (null && (desc->key_null_equal == NULL || !desc->key_null_equal[c]))
            return false;
        if (value_compare(&a, &b, desc->key_collations[c]) != 0)
            return false;
    }
    return true;
}

/* What the join must give for the probe batch; matched_build notes build rows with a match. */
static void model_probe(const struct join_desc *desc, struct pairs *pairs, struct pairs *rest,
                        bool *matched_build)
{
    for (BITS_EACH(row, probe_sel.bits, probe_sel.rows)) {
        bool     any = false;
        uint32_t position = 0;
        bool     existence = desc->kind == JOIN_SEMI || desc->kind == JOIN_ANTI;

        for (uint32_t b = 0; b < BATCHES; b++)
            for (BITS_EACH(other, build_sel[b].bits, build_sel[b].rows)) {
                if (keys_match(desc, (uint32_t)row, b, (uint32_t)other) &&
                    (!desc->residual || survives((uint32_t)row, position))) {
                    any = true;
                    matched_build[position] = true;
                    if (!existence)
                        pairs_add(pairs, (uint32_t)row, position);
                }
                position++;
            }
        if (existence ? any == (desc->kind == JOIN_SEMI)
                      : !any && (desc->kind == JOIN_LEFT || desc->kind == JOIN_FULL))
            pairs_add(existence || desc->residual ? rest : pairs, (uint32_t)row, UINT32_MAX);
    }
}

/* What it gives. */
static enum status join_all(struct join *join, const struct join_desc *desc, uint32_t cap,
                            struct pairs *pairs, struct pairs *rest)
{
    const struct vector *keys[KEYS] = {&probe[0].v, &probe[1].v};
    const uint16_t      *probe_rows;
    const uint32_t      *build_rows;
    uint32_t             count;
    bool                 existence = desc->kind == JOIN_SEMI || desc->kind == JOIN_ANTI;

    TRY(join_probe(join, keys, &probe_sel, NULL));
    for (;;) {
        uint64_t survived[VECTOR_WORDS] = {0};

        TRY(join_next(join, cap, &count, &probe_rows, &build_rows, NULL));
        if (count == 0)
            break;
        assert_true(count <= cap);
        for (uint32_t i = 0; i < count; i++) {
            if (existence && !desc->residual) {
                assert_int_equal(build_rows[i], UINT32_MAX);
                pairs_add(rest, probe_rows[i], UINT32_MAX);
                continue;
            }
            if (desc->residual && !survives(probe_rows[i], build_rows[i]))
                continue;
            bits_set(survived, i);
            if (!existence)
                pairs_add(pairs, probe_rows[i], build_rows[i]);
        }
        if (desc->residual)
            join_mark(join, survived);
    }
    TRY(join_rest(join, &count, &probe_rows, &build_rows, NULL));
    for (uint32_t i = 0; i < count; i++)
        pairs_add(rest, probe_rows[i], build_rows[i]);
    return STATUS_OK;
}

static void check_pairs(const struct pairs *got, const struct pairs *want)
{
    assert_int_equal(got->count, want->count);
    for (uint32_t i = 0; i < got->count; i++)
        assert_true(got->pair[i] == want->pair[i]);
}

static void check_unmatched(struct join *join, const struct join_desc *desc,
                            const bool *matched_build, uint32_t build_count)
{
    const uint32_t *rows;
    uint64_t        at = 0;
    uint32_t        next = 0, count;

    for (;;) {
        assert_int_equal(join_unmatched(join, &at, 100, &count, &rows, NULL), STATUS_OK);
        for (uint32_t i = 0; i < count; i++) {
            while (next < build_count && matched_build[next])
                next++;
            assert_int_equal(rows[i], next++);
        }
        if (count == 0 && at >= build_count)
            break;
        if (count == 0 && desc->kind != JOIN_RIGHT && desc->kind != JOIN_FULL)
            return;
    }
    while (next < build_count && matched_build[next])
        next++;
    assert_int_equal(next, build_count);
}

static enum status build_all(struct join *join)
{
    for (uint32_t b = 0; b < BATCHES; b++) {
        const struct vector *columns[KEYS + 1] = {&build[b][0].v, &build[b][1].v, &build[b][2].v};

        TRY(join_build(join, columns, &build_sel[b], NULL));
    }
    return join_finish(join, NULL);
}

static uint32_t random_build(const enum random_encoding *kinds, uint32_t domain,
                             struct dictionary *dictionary)
{
    uint32_t total = 0;

    for (uint32_t b = 0; b < BATCHES; b++) {
        uint32_t n = random_below(CAP_ROWS) + 1;

        for (uint32_t c = 0; c < KEYS + 1; c++)
            random_vector(&build[b][c], kinds[c % KEYS], n, domain, random_below(2), dictionary);
        random_selection(&build_sel[b], n);
        total += build_sel[b].count;
    }
    return total;
}

static void run_join(const struct join_desc *desc, const enum random_encoding *kinds,
                     uint32_t domain, uint32_t cap)
{
    struct dictionary *dictionary = dictionary_new(NULL);
    struct memory      memory;
    struct join       *join;

    memory_init(&memory, 0);
    assert_int_equal(join_new(&memory, desc, &join, NULL), STATUS_OK);
    for (int pass = 0; pass < 2; pass++) {
        static bool matched_build[BATCHES * CAP_ROWS];
        uint32_t    total = random_build(kinds, domain, dictionary);

        memset(matched_build, 0, sizeof matched_build);
        assert_int_equal(build_all(join), STATUS_OK);
        for (int b = 0; b < 2; b++) {
            struct pairs pairs = {0}, rest = {0}, want = {0}, want_rest = {0};
            uint32_t     n = random_below(CAP_ROWS) + 1;

            for (uint32_t c = 0; c < KEYS; c++)
                random_vector(&probe[c], b ? kinds[c] : kinds[KEYS + c], n, domain, random_below(2),
                              dictionary);
            random_selection(&probe_sel, n);
            model_probe(desc, &want, &want_rest, matched_build);
            assert_int_equal(join_all(join, desc, cap, &pairs, &rest), STATUS_OK);
            check_pairs(&pairs, &want);
            check_pairs(&rest, &want_rest);
            free(pairs.pair);
            free(rest.pair);
            free(want.pair);
            free(want_rest.pair);
        }
        check_unmatched(join, desc, matched_build, total);
        join_reset(join);
    }
    join_free(join);
    assert_int_equal(memory.used, 0);
    dictionary_unref(dictionary);
}

static void every_kind_gives_the_pairs_of_nested_loops(void **state)
{
    static const uint8_t  null_equal[KEYS] = {1, 0};
    static const uint32_t caps[] = {1, 7, 2048};

    (void)state;
    for (int round = 0; round < 300; round++) {
        uint8_t collations[KEYS] = {(uint8_t)(random_below(4) == 0 ? random_below(3) : 0), 0};
        struct join_desc     desc = {.kind = (enum join_kind)random_below(6),
                                     .key_count = random_below(KEYS + 1),
                                     .key_collations = collations,
                                     .key_null_equal = random_below(3) == 0 ? null_equal : NULL,
                                     .residual = random_below(2)};
        enum random_encoding kinds[2 * KEYS];

        desc.payload_count = KEYS + 1 - desc.key_count;
        for (int c = 0; c < 2 * KEYS; c++)
            kinds[c] = c < KEYS || random_below(3) == 0 ? random_below(RANDOM_ENCODING_COUNT)
                                                        : kinds[c - KEYS];
        run_join(&desc, kinds, random_below(2) ? 20 : 3000, caps[random_below(3)]);
    }
}

static void failing_allocations_are_reported_and_leave_nothing(void **state)
{
    static const enum random_encoding kinds[] = {RANDOM_I32, RANDOM_DICT2};
    struct join_desc                  desc = {
                         .kind = JOIN_FULL, .key_count = 2, .key_collations = (uint8_t[]){0, 0}, .payload_count = 1};
    bool clean = false;

    (void)state;
    for (uint64_t n = 1; !clean; n++) {
        struct dictionary *dictionary = dictionary_new(NULL);
        struct pairs       pairs = {0}, rest = {0};
        struct memory      memory;
        struct join       *join;
        enum status        status;

        memory_init(&memory, 0);
        random_build(kinds, 30, dictionary);
        for (uint32_t c = 0; c < KEYS; c++)
            random_vector(&probe[c], kinds[c], 100, 30, 1, dictionary);
        selection_all(&probe_sel, 100);
        memory_fail_at(n, n % 2 == 0);
        status = join_new(&memory, &desc, &join, NULL);
        if (status == STATUS_OK)
            status = build_all(join);
        if (status == STATUS_OK)
            status = join_all(join, &desc, 2048, &pairs, &rest);
        clean = memory_fail_hits() == 0;
        assert_true(clean == (status == STATUS_OK));
        memory_fail_at(0, false);
        join_free(join);
        assert_int_equal(memory.used, 0);
        dictionary_unref(dictionary);
        free(pairs.pair);
        free(rest.pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_gives_the_pairs_of_nested_loops),
        cmocka_unit_test(failing_allocations_are_reported_and_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
