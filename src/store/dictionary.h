/* dictionary.h - the distinct texts of one column: code <-> value.
 *
 * Append-only: a code, once given, means the same bytes for the life of the dictionary, so readers
 * of older versions need no copy.  Readers may use codes < the count they were published with while
 * the one writer interns more (entry storage never moves under them: chunked or retained on
 * growth). Reference-counted by the table states and segments that use it. */
#ifndef STOA_STORE_DICTIONARY_H
#define STOA_STORE_DICTIONARY_H

#include "store/vector.h"

struct dictionary;

struct dictionary *dictionary_new(struct memory *memory); /* one reference; NULL: memory */
void               dictionary_ref(struct dictionary *dictionary);
void               dictionary_unref(struct dictionary *dictionary);

uint32_t dictionary_count(const struct dictionary *dictionary);
const struct value          *
dictionary_entries(const struct dictionary *dictionary); /* [count], TEXT cells */
uint64_t dictionary_id(const struct dictionary *dictionary);      /* unique in the process */

/* codes[i] = code of values[i] (TEXT cells; rows with valid bit 0 get code 0), interning new ones.
 * Stops and returns STATUS_FULL when the dictionary would pass max_entries: then *done rows have
 * codes. */
enum status dictionary_intern(struct dictionary *dictionary, const struct value *values,
                              const uint64_t *valid, uint32_t count, uint32_t max_entries,
                              uint32_t *codes, uint32_t *done, struct error *err);

/* ranks[code] = position of the entry in BINARY order among the first `count` entries.  Made on
 * first use for a count, kept with the dictionary (thread-safe).  NULL: memory. */
const uint32_t *dictionary_ranks(struct dictionary *dictionary, uint32_t count);

#endif
