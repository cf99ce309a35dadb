/* sorter_order.h - the sorted order of a rowset's rows, as positions.  Internal to sorter*.c. */
#ifndef STOA_VM_SORTER_ORDER_H
#define STOA_VM_SORTER_ORDER_H

#include "store/rowset.h"
#include "vm/sorter.h"

/* order[0..count) = 0..count - 1 sorted by cells[row * key_count + key]; equal rows by number.
 * STATUS_NOMEM. */
enum status cells_order(const struct value *cells, uint32_t count, const struct sort_key *keys,
                        uint32_t key_count, struct memory *memory, uint32_t *order,
                        struct error *err);

/* order[0..rowset_count) = positions of the rows, sorted by the desc's keys; equal rows by
 * position.  STATUS_NOMEM.  keys_order sorts normalised keys, rows_order compares cells. */
enum status keys_order(const struct rowset *rows, const struct sorter_desc *desc,
                       struct memory *memory, uint32_t *order, struct error *err);
enum status rows_order(const struct rowset *rows, const struct sorter_desc *desc,
                       struct memory *memory, uint32_t *order, struct error *err);
/* order holds the rows of sorted, whose keys tell the order in part: rows with equal keys are
 * compared.  STATUS_NOMEM. */
struct sort_record;
enum status ties_order(const struct rowset *rows, const struct sorter_desc *desc,
                       struct memory *memory, const struct sort_record *sorted, uint32_t *order,
                       struct error *err);

#endif
