/* like.h - a LIKE pattern taken apart once for many texts.
 *
 * Most patterns are literal pieces between %s, without _ or escapes: '%green%', 'PROMO%'.  Such a
 * one is kept as pieces in lower case, of which the first must begin the text, the last end it, and
 * the others follow each other in between. */
#ifndef STOA_VM_LIKE_H
#define STOA_VM_LIKE_H

#include "vm/functions.h"

enum { LIKE_PIECES_MAX = 16, LIKE_BYTES_MAX = 256 };

struct like_matcher {
    struct memory *memory;  /* asked whether to stop; NULL: never */
    const char    *pattern; /* borrowed: for patterns that are not simple */
    size_t         pattern_bytes;
    uint32_t       escape;
    bool           case_sensitive, simple;
    uint8_t        piece_count;           /* the %s and one; pieces may be empty */
    uint16_t       ends[LIKE_PIECES_MAX]; /* piece i is bytes[ends[i - 1] or 0 .. ends[i]) */
    char           bytes[LIKE_BYTES_MAX]; /* folded unless case_sensitive */
};

/* pattern must outlive matcher.  memory: as for text_like. */
void like_prepare(struct like_matcher *matcher, struct memory *memory, const char *pattern,
                  size_t bytes, uint32_t escape, bool case_sensitive);
/* As text_like.  no_nul: the caller knows that text holds no NUL. */
bool like_matches(const struct like_matcher *matcher, const char *text, size_t bytes, bool no_nul);

#endif
