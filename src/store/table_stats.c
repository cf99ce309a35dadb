/* table_stats.c - what is known of a column without reading its rows. */
#include <stdio.h>
#include <stdlib.h>

#include "store/dictionary_internal.h"
#include "store/table_scan.h"

enum {
    ENCODINGS_MAX = 8,
    ESTIMATE_DRIFT = 8,   /* of the rows, one part of so many */
    SAMPLE_MAX = 4096,    /* rows that are read to tell how many values there are ... */
    SAMPLE_PART = 16,     /* ... of so many that there are at least */
    DISTINCT_SAMPLED = 64 /* a range that holds no more is believed to be filled */
};

struct encodings {
    char     name[ENCODINGS_MAX][16];
    uint32_t segments[ENCODINGS_MAX];
    uint32_t count;
};

static void encodings_add(struct encodings *encodings, const char *name)
{
    for (uint32_t i = 0; i < encodings->count; i++)
        if (strcmp(encodings->name[i], name) == 0) {
            encodings->segments[i]++;
            return;
        }
    if (encodings->count == ENCODINGS_MAX)
        return;
    snprintf(encodings->name[encodings->count], 16, "%s", name);
    encodings->segments[encodings->count++] = 1;
}

static void encodings_text(const struct encodings *encodings, uint32_t tail_rows, char *text,
                           size_t cap)
{
    size_t used = 0;

    text[0] = '\0';
    for (uint32_t i = 0; i < encodings->count && used < cap; i++)
        used += (size_t)snprintf(text + used, cap - used, "%s%s x%u", i > 0 ? ", " : "",
                                 encodings->name[i], encodings->segments[i]);
    if (tail_rows > 0 && used < cap)
        snprintf(text + used, cap - used, "%stail %u rows", encodings->count > 0 ? ", " : "",
                 tail_rows);
}

static void range_add(struct column_stats *stats, int64_t lo, int64_t hi)
{
    stats->lo = lo < stats->lo ? lo : stats->lo;
    stats->hi = hi > stats->hi ? hi : stats->hi;
}

/* How the payloads of two segments must agree for one range to hold of both. */
enum { KIND_DECIMAL = 3 /* and the scale */ };

static uint32_t payload_kind(const struct segment *segment)
{
    enum phys type = segment->all.type;

    if (type <= PHYS_I64)
        return 1;
    return type == PHYS_DAY32 ? 2 : KIND_DECIMAL + segment->all.scale;
}

static void add_tail(const struct table *table, uint32_t column, bool integers,
                     struct column_stats *stats)
{
    const struct tail *tail = &table->state.tail;
    struct tail_place  at = {0, 0};

    for (uint32_t i = 0; i < tail->rows; i++, at = tail_next(tail, at)) {
        const struct value *cell = &tail_cells(tail, at)[column];

        stats->classes |= 1u << cell->class_;
        if (cell->class_ == CLASS_NULL)
            stats->nulls++;
        else if (cell->class_ == CLASS_INTEGER && integers)
            range_add(stats, cell->i, cell->i);
        else
            stats->bounded = false;
        stats->bytes += sizeof *cell + (cell->class_ >= CLASS_TEXT ? cell->bytes : 0);
    }
}

static void rowid_stats(struct table *table, struct column_stats *stats)
{
    const struct group_list *groups = table->state.groups;

    stats->classes = table->state.live > 0 ? 1u << CLASS_INTEGER : 0;
    stats->distinct = table->state.live;
    stats->bounded = table_largest(table, &stats->hi);
    stats->lo = INT64_MAX;
    if (group_list_count(groups) > 0)
        stats->lo = groups->entries[0].group->first_rowid;
    if (table->state.tail.rows > 0) {
        int64_t first = tail_rowid(&table->state.tail, (struct tail_place){0, 0});

        stats->lo = first < stats->lo ? first : stats->lo;
    }
    for (uint32_t g = 0; g < group_list_count(groups); g++)
        if (groups->entries[g].group->rowids != NULL)
            stats->bytes += (size_t)groups->entries[g].group->rows * sizeof(int64_t);
    snprintf(stats->encodings, sizeof stats->encodings, "rowid");
}

enum status table_column_stats(struct table *table, uint32_t column, struct column_stats *stats,
                               struct error *err)
{
    const struct group_list *groups = table->state.groups;
    struct encodings         encodings = {.count = 0};
    uint32_t                 kind = 0;
    bool                     dictionary = true;

    *stats = (struct column_stats){.bounded = true, .lo = INT64_MAX, .hi = INT64_MIN};
    if (column >= table->schema->column_count)
        return fail(err, STATUS_RANGE, "table %s has no column %u", table->schema->name, column);
    if ((int32_t)column == table->schema->rowid_column) {
        rowid_stats(table, stats);
        return STATUS_OK;
    }
    for (uint32_t g = 0; g < group_list_count(groups); g++) {
        const struct segment *segment = groups->entries[g].group->column[column];
        char                  name[16];

        encodings_add(&encodings, segment_encoding(segment, name));
        stats->classes |= segment->classes;
        stats->nulls += segment->nulls;
        stats->bytes += segment_bytes(segment);
        if (segment->nulls == segment->rows)
            continue;
        dictionary = dictionary && segment->all.shape == VECTOR_DICT;
        if (kind == 0)
            kind = payload_kind(segment);
        if (!segment->bounded || segment->all.shape == VECTOR_DICT || payload_kind(segment) != kind)
            stats->bounded = false;
        else
            range_add(stats, segment->lo, segment->hi);
    }
    add_tail(table, column, kind <= 1, stats);
    encodings_text(&encodings, table->state.tail.rows, stats->encodings, sizeof stats->encodings);
    if (table->texts[column].dictionary != NULL) {
        stats->bytes += dictionary_bytes(table->texts[column].dictionary);
        if (dictionary)
            stats->distinct = dictionary_count(table->texts[column].dictionary);
    }
    stats->scale = kind >= KIND_DECIMAL ? (uint8_t)(kind - KIND_DECIMAL) : 0;
    stats->bounded = stats->bounded && stats->lo <= stats->hi;
    if (stats->bounded && stats->distinct == 0) {
        uint64_t range = (uint64_t)stats->hi - (uint64_t)stats->lo;

        stats->distinct = range < table->state.live ? range + 1 : table->state.live;
    }
    return STATUS_OK;
}

/* --- distinct values by a sample ---------------------------------------------------------------
 */
static int64_t payload_at(const struct segment *segment, uint32_t row)
{
    const void *payload = segment->all.values;

    switch (phys_bytes[segment->all.type]) {
    case 1:
        return segment->all.base + ((const int8_t *)payload)[row];
    case 2:
        return segment->all.base + ((const int16_t *)payload)[row];
    case 4:
        return segment->all.base + ((const int32_t *)payload)[row];
    default:
        return segment->all.base + ((const int64_t *)payload)[row];
    }
}

/* Payloads of up to rows random rows of a segment that are not NULL. */
static uint32_t sample_segment(const struct segment *segment, uint32_t rows, uint64_t *random,
                               int64_t *out)
{
    uint32_t n = 0;

    if (segment->nulls == segment->rows || segment->all.shape != VECTOR_FLAT)
        return 0;
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t row;

        *random ^= *random << 13; /* xorshift64 */
        *random ^= *random >> 7;
        *random ^= *random << 17;
        row = (uint32_t)(((*random >> 32) * segment->rows) >> 32);
        if (segment->valid == NULL || bits_get(segment->valid, row))
            out[n++] = payload_at(segment, row);
    }
    return n;
}

static int by_payload(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* How many values rows have of which a random sample (which it sorts) has n: Haas and Stokes,
 * "Estimating the Number of Classes in a Finite Population" (1998), Duj1. */
static double distinct_estimate(int64_t *sample, uint32_t n, double rows)
{
    uint32_t distinct = 0, once = 0;

    qsort(sample, n, sizeof *sample, by_payload);
    for (uint32_t i = 0, run; i < n; i += run) {
        for (run = 1; i + run < n && sample[i + run] == sample[i];)
            run++;
        distinct++;
        once += run == 1;
    }
    return distinct / (1 - (1 - n / rows) * once / n);
}

/* The range of a column's payloads says how many values it may have; a sample says how many it
 * has. */
static void distinct_sample(const struct table *table, uint32_t column, struct column_stats *stats)
{
    const struct group_list *groups = table->state.groups;
    uint64_t                 rows = 0, random = UINT64_C(88172645463325252);
    uint32_t                 wanted, n = 0;
    int64_t                 *sample;
    double                   distinct;

    for (uint32_t g = 0; g < group_list_count(groups); g++)
        rows += groups->entries[g].group->column[column]->rows;
    wanted = rows / SAMPLE_PART < SAMPLE_MAX ? (uint32_t)(rows / SAMPLE_PART) : SAMPLE_MAX;
    if (!stats->bounded || stats->distinct <= DISTINCT_SAMPLED || wanted == 0)
        return;
    sample = memory_alloc(table->memory, SAMPLE_MAX * sizeof *sample);
    if (sample == NULL)
        return;
    for (uint32_t g = 0; g < group_list_count(groups); g++) {
        const struct segment *segment = groups->entries[g].group->column[column];

        if (segment->all.shape == VECTOR_DICT)
            break;
        n += sample_segment(segment, (uint32_t)((uint64_t)wanted * segment->rows / rows), &random,
                            sample + n);
    }
    if (n > 0) {
        distinct = distinct_estimate(sample, n, (double)(rows < n ? n : rows));
        if (distinct < (double)stats->distinct)
            stats->distinct = (uint64_t)distinct + 1;
    }
    memory_free(table->memory, sample, SAMPLE_MAX * sizeof *sample);
}

const struct column_stats *table_column_estimate(struct table *table, uint32_t column)
{
    uint32_t                columns = table->schema->column_count;
    uint64_t                live = table->state.live, drift;
    struct column_estimate *estimate;

    if (column >= columns)
        return NULL;
    if (table->estimates == NULL)
        table->estimates =
            memory_zalloc(table->memory, memory_product(columns, sizeof *table->estimates));
    if (table->estimates == NULL)
        return NULL;
    estimate = &table->estimates[column];
    drift = live > estimate->live ? live - estimate->live : estimate->live - live;
    if (estimate->known && drift <= estimate->live / ESTIMATE_DRIFT)
        return &estimate->stats;
    estimate->known = table_column_stats(table, column, &estimate->stats, NULL) == STATUS_OK;
    estimate->live = live;
    if (estimate->known && (int32_t)column != table->schema->rowid_column)
        distinct_sample(table, column, &estimate->stats);
    return estimate->known ? &estimate->stats : NULL;
}
