/* table_scan.h - walks a state's rows in rowid order, batch by batch, groups and tail merged. */
#ifndef STOA_STORE_TABLE_SCAN_H
#define STOA_STORE_TABLE_SCAN_H

#include "store/table.h"

struct scan_bound {
    uint32_t     column;
    int          op; /* enum bound_op */
    struct value value;
};

struct table_scan {
    /* what is walked: borrowed, must not change while the scan runs */
    const struct group_list *groups;
    const struct tail       *tail;
    struct memory           *memory;
    uint32_t                 group_end; /* groups from .. below this one */
    int32_t                  alias;
    const struct scan_bound *bounds;
    uint32_t                 bound_count;
    /* where */
    uint32_t          group, row;
    struct tail_place at;
    uint32_t          tail_left;
    /* the current batch */
    bool              batch_in_tail;
    uint32_t          batch_group, batch_row, count;
    struct tail_place batch_at;
    const uint64_t   *active; /* NULL: all rows */
    uint64_t          active_space[VECTOR_WORDS];
    uint64_t          skipped; /* batches */
    /* rows of the current group that are not deleted, as words; made once a group */
    uint64_t *live;                         /* [GROUP_ROWS / 64 + 1]; NULL until needed */
    uint32_t  live_group;                   /* UINT32_MAX: none */
    uint32_t  refused_group, allowed_group; /* bounds were tested for it */
};

/* All rows of the state. */
void scan_init(struct table_scan *scan, const struct table *table, const struct table_state *state);
/* Only groups [from, to) and tail_rows rows of the tail from at on. */
void        scan_limit(struct table_scan *scan, uint32_t from, uint32_t to, struct tail_place at,
                       uint32_t tail_rows);
void        scan_free(struct table_scan *scan);
enum status scan_next(struct table_scan *scan, uint32_t cap, struct error *err); /* count 0: end */

/* Room that a column of a batch may need. */
struct scan_space {
    uint64_t valid[VECTOR_WORDS];
    void    *slots; /* of tail rows */
    size_t   slots_bytes;
};
void scan_space_free(struct scan_space *space, struct memory *memory);
/* Column (or with column == alias: rowids) of the current batch.  False: memory. */
bool scan_column(const struct table_scan *scan, uint32_t column, struct scan_space *space,
                 struct vector *out);
bool scan_rowids(const struct table_scan *scan, struct scan_space *space, struct vector *out);

#endif
