/* join.c - joins by position: a rowset, numbered keys, and for each key its rows. */
#include "vm/join.h"

#include "vm/cells.h"
#include "vm/hash_table.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define JOIN_NO_ROW UINT32_MAX

/* So many build rows without keys meet one probe row at a time: their columns are then read where
 * they stand, and the probe row's are constants. */
enum { RUN_LEAST = 128 };

struct join {
    struct memory          *memory;
    const struct join_desc *desc;
    uint32_t                columns;
    struct rowset          *rows;     /* stays empty without columns */
    struct hash_table      *table;    /* NULL without keys */
    uint32_t               *row_keys; /* [rows_capacity] number of each build row's key, or
                                         HASH_ABSENT: it matches nothing */
    uint32_t  rows_capacity;
    uint32_t  row_count;  /* of the build side */
    bool      one_to_one; /* finished: key n is that of row n, no other row has it */
    uint32_t *starts;    /* finished, else: rows of key n are positions[starts[n]..starts[n + 1]) */
    uint32_t *positions; /* [row_count] */
    uint32_t  starts_count;
    uint64_t *matched_build; /* RIGHT, FULL: bit per build row; [bits_words(matched_bits)] */
    uint32_t  matched_bits;
    /* the batch that is being probed */
    uint32_t probe_count, probe_at; /* active rows; the one whose pairs come next */
    uint32_t pair_at;               /* of its pairs, the next one */
    uint32_t batch_rows;
    uint64_t active[VECTOR_WORDS];
    uint64_t matched[VECTOR_WORDS]; /* probe rows that have a pair (residual: one that survived) */
    uint16_t probe_rows[VECTOR_CAP];
    uint32_t probe_keys[VECTOR_CAP];
    /* the block of pairs handed out */
    uint32_t         block_count;
    bool             run; /* see join_run */
    uint16_t         block_probe[VECTOR_CAP];
    uint32_t         block_build[VECTOR_CAP];
    struct selection keyed; /* scratch: the rows of a batch whose keys can match */
    struct selection batch; /* scratch: of build rows */
};

/* --- lifetime -----------------------------------------------------------------------------------
 */
static enum status join_init(struct join *join, struct error *err)
{
    const struct join_desc *desc = join->desc;

    join->columns = desc->key_count + desc->payload_count;
    join->rows = rowset_new(join->memory, join->columns == 0 ? 1 : join->columns);
    if (join->rows == NULL)
        return fail_nomem(err);
    if (desc->key_count == 0)
        return STATUS_OK;
    return hash_table_new(join->memory, desc->key_count, desc->key_collations, &join->table, err);
}

enum status join_new(struct memory *memory, const struct join_desc *desc, struct join **out,
                     struct error *err)
{
    struct join *join = memory_zalloc(memory, sizeof *join);
    enum status  status;

    *out = NULL;
    if (join == NULL)
        return fail_nomem(err);
    join->memory = memory;
    join->desc = desc;
    status = join_init(join, err);
    if (status != STATUS_OK)
        join_free(join);
    else
        *out = join;
    return status;
}

/* Back to before join_finish. */
static void index_drop(struct join *join)
{
    memory_free(join->memory, join->starts, join->starts_count * sizeof *join->starts);
    memory_free(join->memory, join->positions, join->row_count * sizeof *join->positions);
    memory_free(join->memory, join->row_keys, join->row_count * sizeof *join->row_keys);
    join->row_keys = NULL;
    memory_free(join->memory, join->matched_build,
                bits_words(join->matched_bits) * sizeof *join->matched_build);
    join->starts = join->positions = NULL;
    join->starts_count = 0;
    join->matched_build = NULL;
    join->matched_bits = 0;
    join->one_to_one = false;
    join->probe_count = join->probe_at = join->block_count = 0;
}

void join_free(struct join *join)
{
    if (join == NULL)
        return;
    index_drop(join);
    hash_table_free(join->table);
    rowset_free(join->rows);
    memory_free(join->memory, join, sizeof *join);
}

void join_reset(struct join *join)
{
    index_drop(join);
    join->row_count = 0;
    rowset_clear(join->rows);
    if (join->table != NULL)
        hash_table_clear(join->table);
}

const struct rowset *join_rows(const struct join *join)
{
    return join->rows;
}

uint64_t join_count(const struct join *join)
{
    return join->row_count;
}

/* --- build --------------------------------------------------------------------------------------
 */
/* The rows of sel whose keys can equal another, without NULL where the condition is =: sel itself,
 * or join->keyed. */
static const struct selection *select_keyed(struct join *join, const struct vector *const *keys,
                                            const struct selection *sel)
{
    const struct join_desc *desc = join->desc;
    uint64_t                nulls[VECTOR_WORDS] = {0};

    for (uint32_t c = 0; c < desc->key_count; c++)
        if (desc->key_null_equal == NULL || !desc->key_null_equal[c])
            vector_null_rows(keys[c], sel, nulls);
    if (bits_next(nulls, 0, sel->rows) == sel->rows)
        return sel;
    for (size_t w = 0; w < bits_words(sel->rows); w++)
        nulls[w] = sel->bits[w] & ~nulls[w];
    selection_bits(&join->keyed, sel->rows, nulls);
    return &join->keyed;
}

/* numbers of the keyed rows -> one for each active row, HASH_ABSENT for the others. */
static void spread_keys(const struct join *join, const struct selection *sel,
                        const uint32_t *numbers, uint32_t *out)
{
    uint32_t n = 0, k = 0;

    for (BITS_EACH(row, sel->bits, sel->rows))
        out[k++] = bits_get(join->keyed.bits, row) ? numbers[n++] : HASH_ABSENT;
}

enum status join_build(struct join *join, const struct vector *const *columns,
                       const struct selection *sel, struct error *err)
{
    if (sel->count == 0)
        return STATUS_OK;
    if (join->row_count + (uint64_t)sel->count >= JOIN_NO_ROW)
        return fail(err, STATUS_TOOBIG, "more than %u rows on the inner side of a join",
                    JOIN_NO_ROW - 1);
    if (join->columns > 0)
        TRY(rowset_append(join->rows, columns, sel, err));
    join->row_count += sel->count;
    return STATUS_OK;
}

/* Numbers the keys of all rows, into join->row_keys: now that their count is known the table need
 * not grow. */
static enum status keys_number(struct join *join, const struct vector **columns,
                               struct vector *views, uint64_t (*valid)[VECTOR_WORDS],
                               struct error  *err)
{
    uint32_t keys = join->desc->key_count;

    hash_table_expect(join->table, join->row_count);
    for (uint32_t start = 0; start < join->row_count; start += VECTOR_CAP) {
        uint32_t  left = join->row_count - start, n = left < VECTOR_CAP ? left : VECTOR_CAP;
        uint32_t *out = join->row_keys + start;

        TRY(memory_poll(join->memory, err));
        for (uint32_t c = 0; c < keys; c++) {
            rowset_view(join->rows, c, start, n, valid[c], &views[c]);
            columns[c] = &views[c];
        }
        selection_all(&join->batch, n);
        if (select_keyed(join, columns, &join->batch) == &join->batch) {
            TRY(hash_table_add(join->table, columns, &join->batch, out, err));
        } else {
            TRY(hash_table_add(join->table, columns, &join->keyed, join->probe_keys, err));
            spread_keys(join, &join->batch, join->probe_keys, out);
        }
    }
    return STATUS_OK;
}

static enum status keys_make(struct join *join, struct error *err)
{
    size_t each = sizeof(struct vector) + sizeof(struct vector *) + VECTOR_WORDS * sizeof(uint64_t);
    size_t bytes = memory_product(join->desc->key_count, each);
    struct vector        *views = memory_alloc(join->memory, bytes);
    const struct vector **columns;
    enum status           status;

    join->row_keys = memory_alloc(join->memory, join->row_count * sizeof *join->row_keys);
    if (views == NULL || join->row_keys == NULL) {
        memory_free(join->memory, views, bytes);
        return fail_nomem(err);
    }
    columns = (const struct vector **)(views + join->desc->key_count);
    status = keys_number(join, columns, views,
                         (uint64_t(*)[VECTOR_WORDS])(columns + join->desc->key_count), err);
    memory_free(join->memory, views, bytes);
    return status;
}

/* The end of the build rows from start on that are done between two polls. */
static uint32_t part_end(const struct join *join, uint32_t start)
{
    return join->row_count - start < INTERRUPT_ROWS ? join->row_count : start + INTERRUPT_ROWS;
}

/* Rows by key, in build order: a counting sort. */
static enum status index_make(struct join *join, struct error *err)
{
    uint32_t keys = hash_table_count(join->table), total = 0;

    join->one_to_one = keys == join->row_count; /* numbers are given in row order */
    if (join->one_to_one)
        return STATUS_OK;
    join->starts = memory_zalloc(join->memory, (keys + UINT64_C(2)) * sizeof *join->starts);
    join->positions = memory_alloc(join->memory, join->row_count * sizeof *join->positions);
    join->starts_count = join->starts == NULL ? 0 : keys + 2;
    if (join->starts == NULL || join->positions == NULL)
        return fail_nomem(err);
    for (uint32_t start = 0; start < join->row_count; start = part_end(join, start)) {
        TRY(memory_poll(join->memory, err));
        for (uint32_t row = start; row < part_end(join, start); row++)
            if (join->row_keys[row] != HASH_ABSENT)
                join->starts[join->row_keys[row] + 2]++;
    }
    for (uint32_t key = 0; key <= keys; key++) {
        total += join->starts[key + 1];
        join->starts[key + 1] = total;
    }
    /* starts[key + 1] is the next free position of key, and ends as the start of key + 1 */
    for (uint32_t start = 0; start < join->row_count; start = part_end(join, start)) {
        TRY(memory_poll(join->memory, err));
        for (uint32_t row = start; row < part_end(join, start); row++)
            if (join->row_keys[row] != HASH_ABSENT)
                join->positions[join->starts[join->row_keys[row] + 1]++] = row;
    }
    return STATUS_OK;
}

enum status join_finish(struct join *join, struct error *err)
{
    if (join->row_count == 0)
        return STATUS_OK;
    if (join->desc->kind == JOIN_RIGHT || join->desc->kind == JOIN_FULL) {
        join->matched_build =
            memory_zalloc(join->memory, bits_words(join->row_count) * sizeof(uint64_t));
        if (join->matched_build == NULL)
            return fail_nomem(err);
        join->matched_bits = join->row_count;
    }
    if (join->table == NULL)
        return STATUS_OK;
    TRY(keys_make(join, err));
    return index_make(join, err);
}

/* --- probe --------------------------------------------------------------------------------------
 */
enum status join_probe(struct join *join, const struct vector *const *keys,
                       const struct selection *sel, struct error *err)
{
    const uint16_t *rows = selection_rows(sel, join->probe_rows);

    join->batch_rows = sel->rows;
    join->probe_count = sel->count;
    join->probe_at = join->pair_at = 0;
    join->block_count = 0;
    memset(join->matched, 0, sizeof join->matched);
    memcpy(join->active, sel->bits, bits_words(sel->rows) * sizeof *join->active);
    if (rows != join->probe_rows)
        memcpy(join->probe_rows, rows, sel->count * sizeof *rows);
    if (join->table == NULL || sel->count == 0)
        return STATUS_OK;
    if (join->row_count == 0) {
        memset(join->probe_keys, 0xff, sel->count * sizeof *join->probe_keys);
        return STATUS_OK;
    }
    if (select_keyed(join, keys, sel) == sel)
        return hash_table_find(join->table, keys, sel, join->probe_keys, err);
    TRY(hash_table_find(join->table, keys, &join->keyed, join->block_build, err));
    spread_keys(join, sel, join->block_build, join->probe_keys);
    return STATUS_OK;
}

/* Does the kind without residual ask only whether there is a match? */
static bool only_existence(const struct join *join)
{
    return !join->desc->residual &&
           (join->desc->kind == JOIN_SEMI || join->desc->kind == JOIN_ANTI);
}

static bool has_match(const struct join *join, uint32_t k)
{
    return join->table == NULL ? join->row_count > 0 : join->probe_keys[k] != HASH_ABSENT;
}

/* Rows of the batch that are looked at together, from a multiple of it on. */
enum { PROBED_TOGETHER = 32 };

/* probe_at, behind rows without match: where few rows match passing over them is most of the work,
 * and vector registers do it. */
static inline uint32_t first_present(const struct join *join)
{
    const uint32_t *keys = join->probe_keys;
    uint32_t        at = join->probe_at;

    while (join->table != NULL && at % PROBED_TOGETHER == 0 &&
           at + PROBED_TOGETHER <= join->probe_count) {
        uint32_t all = HASH_ABSENT;

        for (uint32_t i = 0; i < PROBED_TOGETHER; i++)
            all &= keys[at + i];
        if (all != HASH_ABSENT)
            break;
        at += PROBED_TOGETHER;
    }
    return at;
}

/* Where the rows end that are looked at together with that at probe_at. */
static inline uint32_t together_end(const struct join *join)
{
    uint32_t end = (join->probe_at / PROBED_TOGETHER + 1) * PROBED_TOGETHER;

    return end < join->probe_count ? end : join->probe_count;
}

static uint32_t next_existing(struct join *join, uint32_t cap)
{
    bool     want = join->desc->kind == JOIN_SEMI;
    uint32_t n = 0;

    while (join->probe_at < join->probe_count && n < cap) {
        uint32_t end;

        if (want)
            join->probe_at = first_present(join);
        end = together_end(join);
        for (; join->probe_at < end && n < cap; join->probe_at++) {
            join->block_probe[n] = join->probe_rows[join->probe_at];
            join->block_build[n] = JOIN_NO_ROW;
            n += has_match(join, join->probe_at) == want;
        }
    }
    return n;
}

/* Do probe rows without match come among the pairs, in their place? */
static bool keeps_probe(const struct join *join)
{
    return !join->desc->residual &&
           (join->desc->kind == JOIN_LEFT || join->desc->kind == JOIN_FULL);
}

static uint32_t next_one_to_one(struct join *join, uint32_t cap)
{
    bool     keep = keeps_probe(join);
    uint32_t n = 0;

    static_assert(HASH_ABSENT == JOIN_NO_ROW, "a row without match is in place as it is");
    while (join->probe_at < join->probe_count && n < cap) {
        uint32_t end;

        if (!keep)
            join->probe_at = first_present(join);
        end = together_end(join);
        for (; join->probe_at < end && n < cap; join->probe_at++) {
            join->block_probe[n] = join->probe_rows[join->probe_at];
            join->block_build[n] = join->probe_keys[join->probe_at];
            n += keep || join->probe_keys[join->probe_at] != HASH_ABSENT;
        }
    }
    return n;
}

/* The build rows of the probe row at probe_at: positions[first..end), or first.. themselves without
 * keys. */
static void pair_range(const struct join *join, uint32_t *first, uint32_t *end)
{
    uint32_t key;

    *first = *end = 0;
    if (join->table == NULL) {
        *end = join->row_count;
        return;
    }
    key = join->probe_keys[join->probe_at];
    if (key != HASH_ABSENT) {
        *first = join->starts[key];
        *end = join->starts[key + 1];
    }
}

static uint32_t next_many(struct join *join, uint32_t cap)
{
    bool     once = join->desc->kind == JOIN_SEMI || join->desc->kind == JOIN_ANTI;
    bool     keep = keeps_probe(join);
    uint32_t n = 0;

    while (join->probe_at < join->probe_count && n < cap) {
        uint32_t first, end, take;
        uint16_t row;

        if (join->pair_at == 0 && !keep) {
            join->probe_at = first_present(join);
            if (join->probe_at == join->probe_count)
                break;
        }
        row = join->probe_rows[join->probe_at];
        pair_range(join, &first, &end);
        first += join->pair_at;
        if (once && bits_get(join->matched, row)) /* a pair survived: the others tell nothing */
            first = end;
        if (first == end && join->pair_at == 0 && keep) {
            join->block_probe[n] = row;
            join->block_build[n++] = JOIN_NO_ROW;
        }
        take = end - first < cap - n ? end - first : cap - n;
        for (uint32_t i = 0; i < take; i++) {
            join->block_probe[n + i] = row;
            join->block_build[n + i] = join->table == NULL ? first + i : join->positions[first + i];
        }
        n += take;
        join->pair_at += take;
        if (first + take == end) {
            join->probe_at++;
            join->pair_at = 0;
        }
    }
    return n;
}

/* Without keys: the next probe row with build rows that follow each other, up to a chunk of them.
 */
static uint32_t next_run(struct join *join)
{
    bool     once = join->desc->kind == JOIN_SEMI || join->desc->kind == JOIN_ANTI;
    uint32_t n;

    if (join->probe_at < join->probe_count && join->pair_at > 0 &&
        (join->pair_at == join->row_count ||
         (once && bits_get(join->matched, join->probe_rows[join->probe_at])))) {
        join->probe_at++;
        join->pair_at = 0;
    }
    if (join->probe_at == join->probe_count)
        return 0;
    n = join->row_count - join->pair_at < VECTOR_CAP ? join->row_count - join->pair_at : VECTOR_CAP;
    for (uint32_t i = 0; i < n; i++)
        join->block_probe[i] = join->probe_rows[join->probe_at];
    for (uint32_t i = 0; i < n; i++)
        join->block_build[i] = join->pair_at + i;
    join->pair_at += n;
    return n;
}

bool join_run(const struct join *join)
{
    return join->run;
}

enum status join_next(struct join *join, uint32_t cap, uint32_t *count, const uint16_t **probe_rows,
                      const uint32_t **build_rows, struct error *err)
{
    uint32_t n;

    (void)err;
    assert(cap > 0 && cap <= VECTOR_CAP);
    join->run = join->table == NULL && !only_existence(join) && join->row_count >= RUN_LEAST &&
                cap == VECTOR_CAP;
    n = join->run                                    ? next_run(join)
        : only_existence(join)                       ? next_existing(join, cap)
        : join->table != NULL && join->one_to_one    ? next_one_to_one(join, cap)
        : join->row_count == 0 && !keeps_probe(join) ? 0
                                                     : next_many(join, cap);
    join->block_count = n;
    if (!join->desc->residual && !only_existence(join)) {
        for (uint32_t i = 0; i < n; i++)
            bits_set(join->matched, join->block_probe[i]);
        for (uint32_t i = 0; join->matched_build != NULL && i < n; i++)
            if (join->block_build[i] != JOIN_NO_ROW)
                bits_set(join->matched_build, join->block_build[i]);
    }
    *count = n;
    *probe_rows = join->block_probe;
    *build_rows = join->block_build;
    return STATUS_OK;
}

void join_mark(struct join *join, const uint64_t *survived)
{
    for (BITS_EACH(i, survived, join->block_count)) {
        bits_set(join->matched, join->block_probe[i]);
        if (join->matched_build != NULL)
            bits_set(join->matched_build, join->block_build[i]);
    }
}

enum status join_rest(struct join *join, uint32_t *count, const uint16_t **probe_rows,
                      const uint32_t **build_rows, struct error *err)
{
    enum join_kind kind = join->desc->kind;
    bool           semi = kind == JOIN_SEMI, rest;
    uint32_t       n = 0;

    (void)err;
    rest = join->desc->residual && kind != JOIN_INNER && kind != JOIN_RIGHT;
    for (size_t w = 0; rest && w < bits_words(join->batch_rows); w++) {
        uint64_t bits = join->active[w] & (semi ? join->matched[w] : ~join->matched[w]);

        for (; bits != 0; bits &= bits - 1) {
            join->block_probe[n] = (uint16_t)(w * 64 + (uint32_t)__builtin_ctzll(bits));
            join->block_build[n++] = JOIN_NO_ROW;
        }
    }
    join->batch_rows = 0; /* they are handed out once */
    join->block_count = n;
    *count = n;
    *probe_rows = join->block_probe;
    *build_rows = join->block_build;
    return STATUS_OK;
}

enum status join_unmatched(struct join *join, uint64_t *state, uint32_t cap, uint32_t *count,
                           const uint32_t **build_rows, struct error *err)
{
    uint64_t row = *state;
    uint32_t n = 0;

    (void)err;
    assert(cap <= VECTOR_CAP);
    if (join->desc->kind == JOIN_RIGHT || join->desc->kind == JOIN_FULL)
        for (; row < join->row_count && n < cap; row++) {
            join->block_build[n] = (uint32_t)row;
            n += !bits_get(join->matched_build, row);
        }
    *state = row;
    *count = n;
    *build_rows = join->block_build;
    return STATUS_OK;
}

void join_describe(const struct join *join, char *text, size_t bytes)
{
    int length = snprintf(text, bytes, "%u rows, %s", join->row_count,
                          join->table == NULL ? "every pair" : "");

    if (join->table != NULL && length >= 0 && (size_t)length < bytes)
        hash_table_describe(join->table, text + length, bytes - (size_t)length);
}
