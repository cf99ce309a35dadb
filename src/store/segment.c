/* segment.c - reading sealed columns, and telling what they cannot hold. */
#include "store/segment.h"
#include "base/number.h"

#include <assert.h>
#include <stdio.h>

#include "store/cursor.h"
#include "store/day.h"
#include "store/dictionary_internal.h"
#include "store/vector_internal.h"

void segment_ref(struct segment *segment)
{
    segment->references++;
}

void segment_unref(struct segment *segment)
{
    struct memory *memory;

    if (segment == NULL || --segment->references > 0)
        return;
    memory = segment->memory;
    memory_free(memory, segment->payload, segment->payload_bytes);
    memory_free(memory, segment->valid, (bits_words(segment->rows) + 1) * sizeof *segment->valid);
    memory_free(memory, segment->zones, segment_zone_count(segment->rows) * sizeof *segment->zones);
    text_heap_unref(segment->heap);
    dictionary_unref(segment->dictionary);
    memory_free(memory, segment, sizeof *segment);
}

void segment_recode(struct segment *segment, struct dictionary *dictionary)
{
    assert(segment->all.entry_count <= dictionary_count(dictionary));
    dictionary_ref(dictionary);
    dictionary_unref(segment->dictionary);
    segment->dictionary = dictionary;
    segment->all.dictionary = dictionary;
    segment->all.values = dictionary_entries(dictionary);
}

void segment_view(const struct segment *segment, uint32_t from, uint32_t count,
                  uint64_t valid_space[VECTOR_WORDS], struct vector *out)
{
    vector_slice(&segment->all, from, count, valid_space, out);
    if (out->shape == VECTOR_DICT) {
        /* the newest entries serve all codes, and let views of all segments look alike */
        out->values = dictionary_entries(segment->dictionary);
        out->entry_count = dictionary_count(segment->dictionary);
    }
}

struct value segment_value(const struct segment *segment, uint32_t row, char scratch[16])
{
    return vector_value(&segment->all, row, scratch);
}

/* --- bounds --------------------------------------------------------------------------------------
 */
/* Whether some value in [lo, hi] can be op value. */
static bool range_may_match(const struct value *lo, const struct value *hi, int op,
                            const struct value *value)
{
    int below = value_compare(lo, value, COLLATION_BINARY);
    int above = value_compare(hi, value, COLLATION_BINARY);

    return bound_may_hold((enum bound_op)op, below, above);
}

/* The payload's bounds as values: what a row reads as is between them. */
static bool payload_may_match(const struct segment *segment, int64_t lo, int64_t hi, int op,
                              const struct value *value)
{
    const struct vector *all = &segment->all;
    struct value         low, high;
    char                 low_text[DAY_TEXT_BYTES], high_text[DAY_TEXT_BYTES];
    uint32_t             code;

    if (all->shape == VECTOR_DICT) {
        /* codes are in no order: only equality with a text can be refused */
        if (op != BOUND_EQ || value->class_ != CLASS_TEXT)
            return op != BOUND_EQ || segment->all.type != PHYS_TEXT;
        return dictionary_find(segment->dictionary, value->s, value->bytes, &code) && code >= lo &&
               code <= hi;
    }
    if (all->type == PHYS_DAY32) {
        day_to_text((int32_t)lo, low_text);
        day_to_text((int32_t)hi, high_text);
        low = value_text(low_text, DAY_TEXT_BYTES);
        high = value_text(high_text, DAY_TEXT_BYTES);
    } else if (all->type >= PHYS_DEC16 && all->type <= PHYS_DEC64) {
        low = value_real((double)lo / number_power_real[all->scale]);
        high = value_real((double)hi / number_power_real[all->scale]);
    } else {
        low = value_int(lo);
        high = value_int(hi);
    }
    return range_may_match(&low, &high, op, value);
}

bool segment_may_match(const struct segment *segment, int op, const struct value *value)
{
    if (segment->nulls == segment->rows)
        return false;
    if (op == BOUND_NOT_NULL)
        return true;
    if (value->class_ == CLASS_NULL)
        return false;
    if (segment->real_bounded) {
        struct value low = value_real(segment->real_lo), high = value_real(segment->real_hi);

        return range_may_match(&low, &high, op, value);
    }
    return !segment->bounded || payload_may_match(segment, segment->lo, segment->hi, op, value);
}

bool segment_zone_may_match(const struct segment *segment, uint32_t zone, int op,
                            const struct value *value)
{
    if (segment->zones == NULL || op == BOUND_NOT_NULL)
        return true;
    if (segment->zones[zone].lo > segment->zones[zone].hi)
        return false; /* only NULLs */
    return payload_may_match(segment, segment->zones[zone].lo, segment->zones[zone].hi, op, value);
}

/* --- for people
 * ----------------------------------------------------------------------------------- */
size_t segment_bytes(const struct segment *segment)
{
    size_t bytes = sizeof *segment + segment->payload_bytes;

    if (segment->valid != NULL)
        bytes += (bits_words(segment->rows) + 1) * sizeof *segment->valid;
    if (segment->zones != NULL)
        bytes += segment_zone_count(segment->rows) * sizeof *segment->zones;
    if (segment->heap != NULL)
        bytes += text_heap_bytes(segment->heap);
    return bytes;
}

const char *segment_encoding(const struct segment *segment, char text[16])
{
    const struct vector *all = &segment->all;

    if (all->shape == VECTOR_CONSTANT)
        snprintf(text, 16, segment->cell.class_ == CLASS_NULL ? "null" : "constant");
    else if (all->shape == VECTOR_SEQUENCE)
        snprintf(text, 16, "sequence");
    else if (all->shape == VECTOR_DICT)
        snprintf(text, 16, "dict%u", all->code_bytes * 8u);
    else
        snprintf(text, 16, "%s", phys_name(all->type));
    return text;
}
