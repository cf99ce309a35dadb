/* row_group.c - row groups, their builder, and copy-on-write lists of them. */
#include "store/row_group.h"

#include <assert.h>

/* --- groups
 * ----------------------------------------------------------------------------------------- */
static struct row_group *row_group_new(struct memory *memory, uint32_t columns, uint32_t rows)
{
    struct row_group *group = memory_zalloc(memory, sizeof *group);

    if (group == NULL)
        return NULL;
    *group =
        (struct row_group){.references = 1, .memory = memory, .rows = rows, .columns = columns};
    if (columns > 0) {
        group->column = memory_zalloc(memory, columns * sizeof *group->column);
        if (group->column == NULL) {
            memory_free(memory, group, sizeof *group);
            return NULL;
        }
    }
    return group;
}

static size_t rowids_bytes(uint32_t rows)
{
    return (size_t)(rows + SEGMENT_PAD_ROWS) * sizeof(int64_t);
}

void row_group_ref(struct row_group *group)
{
    group->references++;
}

void row_group_unref(struct row_group *group)
{
    if (group == NULL || --group->references > 0)
        return;
    for (uint32_t c = 0; c < group->columns; c++)
        segment_unref(group->column[c]);
    memory_free(group->memory, group->column, group->columns * sizeof *group->column);
    memory_free(group->memory, group->rowids, rowids_bytes(group->rows));
    memory_free(group->memory, group, sizeof *group);
}

struct row_group *row_group_replace(const struct row_group *group, struct segment **replaced)
{
    struct row_group *copy = row_group_new(group->memory, group->columns, group->rows);

    if (copy == NULL)
        return NULL;
    copy->first_rowid = group->first_rowid;
    copy->last_rowid = group->last_rowid;
    if (group->rowids != NULL) {
        copy->rowids = memory_alloc(group->memory, rowids_bytes(group->rows));
        if (copy->rowids == NULL) {
            row_group_unref(copy);
            return NULL;
        }
        memcpy(copy->rowids, group->rowids, rowids_bytes(group->rows));
    }
    for (uint32_t c = 0; c < group->columns; c++) {
        copy->column[c] = replaced[c] != NULL ? replaced[c] : group->column[c];
        if (replaced[c] == NULL && copy->column[c] != NULL)
            segment_ref(copy->column[c]);
    }
    return copy;
}

uint32_t row_group_lower_bound(const struct row_group *group, int64_t rowid)
{
    uint32_t low = 0, high = group->rows;

    if (rowid <= group->first_rowid)
        return 0;
    if (rowid > group->last_rowid)
        return group->rows;
    if (group->rowids == NULL)
        return (uint32_t)(rowid - group->first_rowid);
    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (group->rowids[middle] < rowid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* --- lists
 * ------------------------------------------------------------------------------------------ */
static size_t list_bytes(uint32_t capacity)
{
    return sizeof(struct group_list) + capacity * sizeof(struct group_entry);
}

void group_list_ref(struct group_list *list)
{
    if (list != NULL)
        list->references++;
}

void group_list_unref(struct group_list *list)
{
    if (list == NULL || --list->references > 0)
        return;
    for (uint32_t i = 0; i < list->count; i++) {
        row_group_unref(list->entries[i].group);
        bitmap_unref(list->entries[i].deleted);
    }
    memory_free(list->memory, list, list_bytes(list->capacity));
}

struct group_list *group_list_own(struct group_list *list, uint32_t more, struct memory *memory)
{
    uint32_t           count = group_list_count(list), capacity;
    struct group_list *own;

    if (list != NULL && list->references == 1 && list->capacity - count >= more)
        return list;
    capacity = count + more + 4 + count / 4;
    own = memory_alloc(memory, list_bytes(capacity));
    if (own == NULL)
        return NULL;
    *own = (struct group_list){
        .references = 1, .memory = memory, .count = count, .capacity = capacity};
    if (list == NULL)
        return own;
    memcpy(own->entries, list->entries, count * sizeof *own->entries);
    if (list->references == 1) { /* the entries' references move */
        list->count = 0;
    } else {
        for (uint32_t i = 0; i < count; i++) {
            row_group_ref(own->entries[i].group);
            if (own->entries[i].deleted != NULL)
                bitmap_ref(own->entries[i].deleted);
        }
    }
    group_list_unref(list);
    return own;
}

void group_list_splice(struct group_list *list, uint32_t at, uint32_t removed,
                       const struct group_entry *added, uint32_t added_count)
{
    assert(list->references == 1 && at + removed <= list->count &&
           list->count - removed + added_count <= list->capacity);
    for (uint32_t i = at; i < at + removed; i++) {
        row_group_unref(list->entries[i].group);
        bitmap_unref(list->entries[i].deleted);
    }
    memmove(&list->entries[at + added_count], &list->entries[at + removed],
            (list->count - at - removed) * sizeof *list->entries);
    if (added_count > 0)
        memcpy(&list->entries[at], added, added_count * sizeof *added);
    list->count += added_count - removed;
}

uint32_t group_list_find(const struct group_list *list, int64_t rowid)
{
    uint32_t low = 0, high = group_list_count(list);

    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (list->entries[middle].group->last_rowid < rowid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* --- building
 * --------------------------------------------------------------------------------------- */
struct builder_scratch *builder_scratch_new(struct memory *memory)
{
    struct builder_scratch *scratch = memory_alloc(memory, sizeof *scratch);

    if (scratch != NULL)
        arena_init(&scratch->arena, memory);
    return scratch;
}

void builder_scratch_free(struct builder_scratch *scratch)
{
    if (scratch == NULL)
        return;
    arena_free(&scratch->arena);
    memory_free(scratch->arena.memory, scratch, sizeof *scratch);
}

bool group_builder_init(struct group_builder *builder, struct memory *memory, uint32_t columns,
                        int32_t alias, struct column_dictionary *texts,
                        struct builder_scratch *scratch)
{
    *builder = (struct group_builder){
        .memory = memory, .columns = columns, .alias = alias, .scratch = scratch};
    if (columns > 0)
        builder->column = memory_alloc(memory, columns * sizeof *builder->column);
    if (columns > 0 && builder->column == NULL) {
        *builder = (struct group_builder){0};
        return false;
    }
    for (uint32_t c = 0; c < columns; c++)
        column_builder_init(&builder->column[c], memory, &texts[c]);
    return true;
}

void group_builder_free(struct group_builder *builder)
{
    if (builder->memory == NULL && builder->column == NULL)
        return;
    for (uint32_t c = 0; c < builder->columns; c++)
        column_builder_free(&builder->column[c]);
    memory_free(builder->memory, builder->rowids, rowids_bytes(GROUP_ROWS));
    memory_free(builder->memory, builder->column, builder->columns * sizeof *builder->column);
    *builder = (struct group_builder){0};
}

static int64_t rowid_at(const struct vector *rowids, uint32_t row)
{
    return rowids->shape == VECTOR_SEQUENCE ? rowids->base + row
                                            : ((const int64_t *)rowids->values)[row];
}

bool group_builder_rowids(struct group_builder *b, const struct vector *rowids, uint32_t count)
{
    int64_t first = rowid_at(rowids, 0), last = rowid_at(rowids, count - 1);
    bool    dense = (uint64_t)last - (uint64_t)first == count - 1 &&
                 (b->rows == 0 || (b->last_rowid != INT64_MAX && first == b->last_rowid + 1));

    assert(b->rows == 0 || first > b->last_rowid);
    if (b->rows == 0)
        b->first_rowid = first;
    if (b->rowids == NULL && !dense) {
        b->rowids = memory_alloc(b->memory, rowids_bytes(GROUP_ROWS));
        if (b->rowids == NULL)
            return false;
        for (uint32_t i = 0; i < b->rows; i++)
            b->rowids[i] = b->first_rowid + i;
    }
    for (uint32_t i = 0; b->rowids != NULL && i < count; i++)
        b->rowids[b->rows + i] = rowid_at(rowids, i);
    b->last_rowid = last;
    return true;
}

bool group_builder_append(struct group_builder *builder, const struct vector *const *columns,
                          const struct vector *rowids, uint32_t count)
{
    if (count == 0)
        return true;
    if (!group_builder_rowids(builder, rowids, count))
        return false;
    for (uint32_t c = 0; c < builder->columns; c++)
        if ((int32_t)c != builder->alias &&
            !column_builder_append(&builder->column[c], columns[c], count, builder->scratch))
            return false;
    builder->rows += count;
    return true;
}

struct row_group *group_builder_seal(struct group_builder *builder)
{
    struct row_group *group = row_group_new(builder->memory, builder->columns, builder->rows);

    assert(builder->rows > 0);
    if (group == NULL)
        return NULL;
    group->first_rowid = builder->first_rowid;
    group->last_rowid = builder->last_rowid;
    if (builder->rowids != NULL) {
        group->rowids = memory_alloc(builder->memory, rowids_bytes(builder->rows));
        if (group->rowids == NULL) {
            row_group_unref(group);
            return NULL;
        }
        memcpy(group->rowids, builder->rowids, builder->rows * sizeof *group->rowids);
        memset(group->rowids + builder->rows, 0, SEGMENT_PAD_ROWS * sizeof *group->rowids);
        memory_free(builder->memory, builder->rowids, rowids_bytes(GROUP_ROWS));
        builder->rowids = NULL;
    }
    for (uint32_t c = 0; c < builder->columns; c++) {
        if ((int32_t)c == builder->alias)
            continue;
        group->column[c] = column_builder_seal(&builder->column[c]);
        if (group->column[c] == NULL) {
            row_group_unref(group);
            return NULL;
        }
    }
    builder->rows = 0;
    return group;
}
