/* column_builder_internal.h - what appending and sealing share. */
#ifndef STOA_STORE_COLUMN_BUILDER_INTERNAL_H
#define STOA_STORE_COLUMN_BUILDER_INTERNAL_H

#include "store/column_builder.h"

/* Up to here (2^53) k / 10^scale is correctly rounded, so that the decimal is the double. */
#define PAYLOAD_LIMIT (INT64_C(1) << 53)

/* Smallest and largest valid payload, as signed integers of type's width; *lo > *hi: none. */
void    payload_range(enum phys type, const void *values, const uint64_t *valid, uint32_t n,
                      int64_t *lo, int64_t *hi);
uint8_t payload_bytes(int64_t lo, int64_t hi); /* signed width that holds both: 1, 2, 4, 8 */
/* target[i] = base + values[i], in slots of slot_bytes.  False: some row (perhaps a NULL one) does
 * not fit and was cut. */
bool payload_store(enum phys type, const void *restrict values, int64_t base, uint32_t n,
                   uint8_t slot_bytes, void *restrict target);
/* Range of a builder in mode INTEGER, DECIMAL or DAY. */
void column_builder_range(const struct column_builder *builder, int64_t *lo, int64_t *hi);

/* All rows of the builder as one vector (count may pass VECTOR_CAP). */
void column_builder_vector(const struct column_builder *builder, struct vector *out);

#endif
