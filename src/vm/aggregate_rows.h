/* aggregate_rows.h - groups of hardly more than a row each: their rows are kept, sorted by key when
 * the last one came, and stepped group by group while the groups are read.  Internal to
 * aggregate*.c.
 *
 * A table of millions of groups that are met once costs a cache miss a row to find that a key is
 * new, and another to read its state in the order of the keys.  Kept rows are written in sequence,
 * and the states of a batch of groups fit the cache.
 *
 * The rows of the first batches are kept beside the groups ("watched").  When nearly each of them
 * began a group, groups are given up and rows alone kept ("apart"); when it turns out later that
 * keys come again, the rows are grouped after all. */
#ifndef STOA_VM_AGGREGATE_ROWS_H
#define STOA_VM_AGGREGATE_ROWS_H

#include "vm/aggregate_internal.h"

/* Neither rows nor watching; nothing to do without them. */
void aggregate_rows_drop(struct aggregate *aggregate);

/* Whether rows take the place of groups. */
bool aggregate_is_apart(const struct aggregate *aggregate);
/* A batch while apart; *taken false: it is to be grouped, as those before were just now. */
enum status aggregate_rows_add(struct aggregate *aggregate, const struct vector *const *keys,
                               const struct vector *const *arguments, const struct selection *sel,
                               bool *taken, struct error *err);
/* After a batch was grouped: watches it. */
enum status aggregate_rows_watch(struct aggregate *aggregate, const struct vector *const *arguments,
                                 const struct selection *sel, struct error *err);
/* Ends apart: all rows are grouped. */
enum status aggregate_rows_group(struct aggregate *aggregate, struct error *err);
/* The last row came: sorts them and counts the groups.  *sorted false: they are grouped now. */
enum status aggregate_rows_finish(struct aggregate *aggregate, bool *sorted, struct error *err);

/* The groups from row *position on, at most cap: keys[k] = number of the key of group k, numbers[k]
 * of its state in states, which live until the next batch.  *position moves on. */
enum status aggregate_rows_next(struct aggregate *aggregate, uint32_t *position, uint32_t cap,
                                uint32_t *keys, uint32_t *count, struct aggregate **states,
                                const uint32_t **numbers, struct error *err);

#endif
