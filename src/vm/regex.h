/* regex.h - regular expressions: PCRE2's, compiled once for many texts.
 *
 * Texts are UTF-8; bytes that are none match nothing but are skipped.  $ means the very end.  What
 * a match may cost is bounded: see REGEX_STEPS_MAX.  Long texts, and patterns that take many steps,
 * are matched by a program that polls for interrupts before each item of the pattern.  Without
 * PCRE2 in the build, finding a pattern fails with an error that says so. */
#ifndef STOA_VM_REGEX_H
#define STOA_VM_REGEX_H

#include "base/memory.h"

enum {
    REGEX_KEPT = 8, /* patterns a statement keeps compiled */
    REGEX_OPTIONS_CAP = 16,
    REGEX_STEPS_MAX = 1 << 24 /* from one place in a text: under a second.  Then it is an error. */
};

struct regex;

/* The compiled patterns of a statement.  Zeroed: none. */
struct regex_cache {
    struct regex *kept[REGEX_KEPT];
    uint32_t      next; /* replaced when all are taken */
};
void regex_cache_free(struct regex_cache *cache);

/* pattern compiled with options (letters, in any case): i no case, c case, s . matches line ends,
 * m ^ and $ match at them, x blanks are layout, l all is literal.  *regex is borrowed: it lives
 * until REGEX_KEPT more were found.  STATUS_ERROR: what is wrong with pattern or options. */
enum status regex_find(struct regex_cache *cache, struct memory *memory, const char *pattern,
                       size_t pattern_bytes, const char *options, size_t option_bytes,
                       struct regex **regex, struct error *err);
/* How many groups in parentheses it has. */
uint32_t regex_groups(const struct regex *regex);
/* The first match in text from `from` on: *groups, borrowed until the next match, holds start and
 * end of the whole and of each group; SIZE_MAX: not part of the match.  *groups NULL: no match. */
enum status regex_match(struct regex *regex, const char *text, size_t bytes, size_t from,
                        const size_t **groups, struct error *err);

#endif
