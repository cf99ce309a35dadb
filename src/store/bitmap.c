/* bitmap.c - delete sets over CRoaring 0.2.66: bulk calls and iterators only, which are its fast
 * ones. */
#include "store/bitmap.h"

#include <assert.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#pragma GCC diagnostic ignored "-Wshadow"
#include <roaring/roaring.h>
#pragma GCC diagnostic pop

/* A set takes SET_BYTES beside its members, MEMBER_BYTES at most for each, and no more than
 * CONTAINER_BYTES for CONTAINER_ROWS positions. */
enum { SET_BYTES = 128, MEMBER_BYTES = 32, CONTAINER_BYTES = 10400, CONTAINER_ROWS = 65536 };

struct bitmap {
    struct memory    *memory;
    roaring_bitmap_t *roaring;
    uint32_t          references;
    uint32_t          booked; /* bytes of roaring */
};

/* It tells what the members fill, and allocates up to a quarter more. */
static uint32_t set_bytes(const roaring_bitmap_t *roaring)
{
    size_t filled = roaring_bitmap_size_in_bytes(roaring);

    return SET_BYTES + (uint32_t)(filled + filled / 4);
}

static void bitmap_free(struct bitmap *bitmap)
{
    if (bitmap->roaring != NULL)
        roaring_bitmap_free(bitmap->roaring);
    memory_unclaim(bitmap->memory, bitmap->booked);
    memory_free(bitmap->memory, bitmap, sizeof *bitmap);
}

/* A set that will take bytes; its roaring is yet to come. */
static struct bitmap *bitmap_book(struct memory *memory, uint32_t bytes)
{
    struct bitmap *bitmap = memory_alloc(memory, sizeof *bitmap);

    if (bitmap == NULL)
        return NULL;
    if (!memory_claim(memory, bytes)) {
        memory_free(memory, bitmap, sizeof *bitmap);
        return NULL;
    }
    *bitmap = (struct bitmap){.memory = memory, .references = 1, .booked = bytes};
    return bitmap;
}

static struct bitmap *bitmap_of(struct bitmap *bitmap, roaring_bitmap_t *roaring)
{
    bitmap->roaring = roaring;
    if (roaring != NULL)
        return bitmap;
    bitmap_free(bitmap);
    return NULL;
}

struct bitmap *bitmap_new(struct memory *memory)
{
    struct bitmap *bitmap = bitmap_book(memory, SET_BYTES);

    return bitmap == NULL ? NULL : bitmap_of(bitmap, roaring_bitmap_create());
}

struct bitmap *bitmap_copy(const struct bitmap *of)
{
    struct bitmap *bitmap = bitmap_book(of->memory, set_bytes(of->roaring));

    return bitmap == NULL ? NULL : bitmap_of(bitmap, roaring_bitmap_copy(of->roaring));
}

void bitmap_ref(struct bitmap *bitmap)
{
    bitmap->references++;
}

void bitmap_unref(struct bitmap *bitmap)
{
    if (bitmap == NULL || --bitmap->references > 0)
        return;
    bitmap_free(bitmap);
}

bool bitmap_shared(const struct bitmap *bitmap)
{
    return bitmap->references > 1;
}

bool bitmap_add_many(struct bitmap *bitmap, const uint32_t *positions, uint32_t count)
{
    uint32_t full = SET_BYTES + CONTAINER_BYTES * (1 + positions[count - 1] / CONTAINER_ROWS);
    uint32_t most = count < full / MEMBER_BYTES ? count * MEMBER_BYTES : full, bytes;

    if (!memory_claim(bitmap->memory, most))
        return false;
    roaring_bitmap_add_many(bitmap->roaring, count, positions);
    bytes = set_bytes(bitmap->roaring);
    assert(bytes <= bitmap->booked + most);
    memory_unclaim(bitmap->memory, bitmap->booked + most - bytes);
    bitmap->booked = bytes;
    return true;
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
