/* schema_internal.h - changed copies of schemas, for the catalog. */
#ifndef STOA_STORE_SCHEMA_INTERNAL_H
#define STOA_STORE_SCHEMA_INTERNAL_H

#include "store/schema.h"

/* A copy of table without key number `without` (UINT32_MAX: with all) and, if not NULL, with
 * added.  One reference; NULL: memory. */
struct schema_table *schema_table_with_keys(const struct schema_table *table, uint32_t without,
                                            const struct schema_key *added);

#endif
