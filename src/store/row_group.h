/* row_group.h - up to GROUP_ROWS rows as one immutable segment a column; lists of groups.
 *
 * Rows of a group are in ascending rowid order.  Groups of a list do not overlap and ascend too.
 * Which rows are deleted belongs to the list's entry, so that versions of a table share groups.
 * Everything here is reference-counted by one thread and copied when it is shared and changes. */
#ifndef STOA_STORE_ROW_GROUP_H
#define STOA_STORE_ROW_GROUP_H

#include "store/bitmap.h"
#include "store/column_builder.h"

struct row_group {
    uint32_t         references;
    struct memory   *memory;
    uint32_t         rows, columns;
    int64_t          first_rowid, last_rowid;
    int64_t         *rowids; /* [rows + SEGMENT_PAD_ROWS] ascending; NULL: first_rowid + row */
    struct segment **column; /* [columns]; NULL for the rowid alias */
};

struct group_entry {
    struct row_group *group;   /* referenced */
    struct bitmap    *deleted; /* referenced; NULL: none */
    uint32_t          live;    /* rows not deleted, > 0 */
};

struct group_list {
    uint32_t           references;
    struct memory     *memory;
    uint32_t           count, capacity;
    struct group_entry entries[];
};

void row_group_ref(struct row_group *group);
void row_group_unref(struct row_group *group); /* NULL allowed */
/* The same rows with some columns replaced: replaced[c] (its reference passes) or NULL to share.
 * NULL: memory; then no reference has passed. */
struct row_group *row_group_replace(const struct row_group *group, struct segment **replaced);

static inline int64_t row_group_rowid(const struct row_group *group, uint32_t row)
{
    return group->rowids != NULL ? group->rowids[row] : group->first_rowid + row;
}
/* First row whose rowid is >= rowid; group->rows if none. */
uint32_t row_group_lower_bound(const struct row_group *group, int64_t rowid);

/* --- lists. All take over and give back one reference of the list
 * ---------------------------------- */
/* A list that only the caller holds: itself or a copy (the reference to list moves to it), with
 * room for `more` further entries.  NULL: memory, list stays the caller's. */
struct group_list *group_list_own(struct group_list *list, uint32_t more, struct memory *memory);
void               group_list_ref(struct group_list *list); /* NULL allowed: the empty list */
void               group_list_unref(struct group_list *list);
/* On a list of the caller's own: entries [at, at + removed) become the added ones, whose references
 * pass to the list.  There is room. */
void group_list_splice(struct group_list *list, uint32_t at, uint32_t removed,
                       const struct group_entry *added, uint32_t added_count);
/* Index of the first group whose last rowid is >= rowid; count if none. */
uint32_t group_list_find(const struct group_list *list, int64_t rowid);

static inline uint32_t group_list_count(const struct group_list *list)
{
    return list == NULL ? 0 : list->count;
}

/* --- building
 * --------------------------------------------------------------------------------------- */
struct group_builder {
    struct memory          *memory;
    uint32_t                columns;
    int32_t                 alias; /* column that is the rowid, -1: none */
    struct column_builder  *column;
    struct builder_scratch *scratch; /* borrowed */
    uint32_t                rows;
    int64_t                 first_rowid, last_rowid;
    int64_t                *rowids; /* [GROUP_ROWS + SEGMENT_PAD_ROWS] once they are not dense */
};

/* texts: [columns]; scratch is used during calls only, by one builder at a time.  False: memory. */
bool group_builder_init(struct group_builder *builder, struct memory *memory, uint32_t columns,
                        int32_t alias, struct column_dictionary *texts,
                        struct builder_scratch *scratch);
void group_builder_free(struct group_builder *builder);
struct builder_scratch *builder_scratch_new(struct memory *memory); /* NULL: memory */
void                    builder_scratch_free(struct builder_scratch *scratch);
/* Appends rows [0, count) of the columns; at most GROUP_ROWS in all.  rowids: I64 flat or sequence,
 * ascending, above those before.  False: memory; then the builder can only be freed. */
bool group_builder_append(struct group_builder *builder, const struct vector *const *columns,
                          const struct vector *rowids, uint32_t count);
/* The same in steps: the rowids, then each column but the alias by column_builder_append, then the
 * count. */
bool group_builder_rowids(struct group_builder *builder, const struct vector *rowids,
                          uint32_t count);
/* The rows so far (> 0) as a group with one reference; the builder is empty.  NULL: memory. */
struct row_group *group_builder_seal(struct group_builder *builder);

#endif
