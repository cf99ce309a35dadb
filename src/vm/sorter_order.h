/* sorter_order.h - the sorted order of a rowset's rows, as positions.  Internal to sorter*.c. */
#ifndef STOA_VM_SORTER_ORDER_H
#define STOA_VM_SORTER_ORDER_H

#include "store/rowset.h"
#include "vm/sorter.h"

/* order[0..count) = 0..count - 1 sorted by cells[row * key_count + key], NULL first, ascending;
 * equal rows by number.  STATUS_NOMEM. */
enum status cells_order(const struct value *cells, uint32_t count, const uint8_t *collations,
                        uint32_t key_count, struct memory *memory, uint32_t *order,
                        struct error *err);

/* order[0..rowset_count) = positions of the rows, sorted by the desc's keys; equal rows by
 * position.  STATUS_NOMEM.  keys_order sorts normalised keys, rows_order compares cells.  levels
 * may be NULL; known, if the keys tell everything. */
enum status keys_order(const struct rowset *rows, const struct sorter_desc *desc,
                       struct memory *memory, struct sort_levels *levels, uint32_t *order,
                       struct error *err);
enum status rows_order(const struct rowset *rows, const struct sorter_desc *desc,
                       struct memory *memory, uint32_t *order, struct error *err);
/* The first text column of a key that tells rows apart only in part. */
struct text_key {
    uint32_t column; /* UINT32_MAX: none */
    uint32_t offset; /* its first bytes that all rows share, or that the key holds */
};
/* order holds the rows of sorted, whose keys tell the order in part: rows with equal keys are
 * compared.  spare: as many records.  Both are overwritten.  STATUS_NOMEM. */
struct sort_record;
enum status ties_order(const struct rowset *rows, const struct sorter_desc *desc,
                       const struct text_key *text, struct memory *memory,
                       struct sort_record *sorted, struct sort_record *spare, uint32_t *order,
                       struct error *err);

enum { TEXT_PREFIX_BYTES = 8 };
/* Bytes [offset, offset + 8) of a text or blob as a number in the order of the collation, behind
 * its end 0.  *longer: bytes follow, or a NUL is among these: equal numbers prove nothing. */
uint64_t text_prefix(const struct value *cell, enum collation collation, uint32_t offset,
                     bool *longer);
/* A number that is in the order of the cell, which is not NULL; *partial: see *longer.  mixed: the
 * cells are of several classes, told apart by two bits. */
uint64_t cell_number(const struct value *cell, enum collation collation, bool mixed,
                     uint32_t offset, bool *partial);
/* Bytes that the texts a and b share at their start, at most `most`. */
uint32_t shared_bytes(const struct value *a, const struct value *b, uint32_t most);

#endif
