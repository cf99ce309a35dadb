/* bitmap.c - delete sets over CRoaring 0.2.66: bulk calls and iterators only, which are its fast
 * ones. */
#include "store/bitmap.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#pragma GCC diagnostic ignored "-Wshadow"
#include <roaring/roaring.h>
#pragma GCC diagnostic pop

struct bitmap {
    struct memory    *memory;
    roaring_bitmap_t *roaring;
    uint32_t          references;
};

static struct bitmap *bitmap_wrap(struct memory *memory, roaring_bitmap_t *roaring)
{
    struct bitmap *bitmap = roaring == NULL ? NULL : memory_alloc(memory, sizeof *bitmap);

    if (bitmap == NULL) {
        if (roaring != NULL)
            roaring_bitmap_free(roaring);
        return NULL;
    }
    *bitmap = (struct bitmap){.memory = memory, .roaring = roaring, .references = 1};
    return bitmap;
}

struct bitmap *bitmap_new(struct memory *memory)
{
    return bitmap_wrap(memory, roaring_bitmap_create());
}

struct bitmap *bitmap_copy(const struct bitmap *bitmap)
{
    return bitmap_wrap(bitmap->memory, roaring_bitmap_copy(bitmap->roaring));
}

void bitmap_ref(struct bitmap *bitmap)
{
    bitmap->references++;
}

void bitmap_unref(struct bitmap *bitmap)
{
    if (bitmap == NULL || --bitmap->references > 0)
        return;
    roaring_bitmap_free(bitmap->roaring);
    memory_free(bitmap->memory, bitmap, sizeof *bitmap);
}

bool bitmap_shared(const struct bitmap *bitmap)
{
    return bitmap->references > 1;
}

void bitmap_add_many(struct bitmap *bitmap, const uint32_t *positions, uint32_t count)
{
    roaring_bitmap_add_many(bitmap->roaring, count, positions);
}

bool bitmap_has(const struct bitmap *bitmap, uint32_t position)
{
    return roaring_bitmap_contains(bitmap->roaring, position);
}

uint32_t bitmap_count(const struct bitmap *bitmap)
{
    return (uint32_t)roaring_bitmap_get_cardinality(bitmap->roaring);
}

void bitmap_clear_bits(const struct bitmap *bitmap, uint64_t *words)
{
    roaring_uint32_iterator_t iterator;
    uint32_t                  block[256], count;

    roaring_init_iterator(bitmap->roaring, &iterator);
    while ((count = roaring_read_uint32_iterator(&iterator, block, 256)) > 0)
        for (uint32_t i = 0; i < count; i++)
            bits_clear(words, block[i]);
}
