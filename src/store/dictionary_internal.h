/* dictionary_internal.h - what only the owner of a dictionary, its column table, may ask of it. */
#ifndef STOA_STORE_DICTIONARY_INTERNAL_H
#define STOA_STORE_DICTIONARY_INTERNAL_H

#include "store/dictionary.h"

/* The code of a text, without interning; false: it has none. */
bool dictionary_find(const struct dictionary *dictionary, const char *s, uint32_t bytes,
                     uint32_t *code);

/* Frees all ranks but those asked for last.  Only while nobody reads ranks: no cursor is open. */
void dictionary_trim(struct dictionary *dictionary);

/* Another dictionary that gives the first count codes the same meaning.  NULL: memory. */
struct dictionary *dictionary_prefix(const struct dictionary *dictionary, uint32_t count);

size_t dictionary_bytes(const struct dictionary *dictionary); /* memory held */

#endif
