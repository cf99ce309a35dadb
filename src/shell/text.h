/* text.h - growing text for the shell, and how wide text is on a terminal.  Memory that runs out
 * ends the program with a message: a shell has nothing to roll back by hand. */
#ifndef STOA_SHELL_TEXT_H
#define STOA_SHELL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char  *data; /* NUL-terminated once anything was added; owned */
    size_t bytes, capacity;
};

void  text_add(struct text *text, const char *data, size_t bytes);
void  text_puts(struct text *text, const char *string);
void  text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void  text_free(struct text *text);
char *text_copy(const char *string);              /* strdup that cannot fail; free() it */
void *checked_realloc(void *block, size_t bytes); /* realloc that cannot fail */

/* Terminal columns that the first bytes of UTF-8 text take: 2 for wide characters, 0 for marks. */
int display_width(const char *string, size_t bytes);
/* Bytes and width of the character at string, which is not at its end. */
size_t character_bytes(const char *string);
int    character_width(const char *string, size_t bytes);

/* One line of a cell, at most width columns wide (0: any), tabs as blanks, into out.  *rest: where
 * the next line of the cell begins, NULL if there is none.  at_words: break between words. */
void cell_line(const char *string, int width, bool at_words, struct text *out, const char **rest);

/* Names compared without ASCII case. */
bool same_name(const char *a, const char *b);
/* The shortest decimal text that reads back as r, in SQLite's form ("1.0", "1.5e-07"). */
enum { REAL_TEXT_CAP = 64 };
void real_text(double r, char out[REAL_TEXT_CAP]);

#endif
