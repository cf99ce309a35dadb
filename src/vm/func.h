/* func.h - what the files of SQL functions share: arguments as text, results in the arena. */
#ifndef STOA_VM_FUNC_H
#define STOA_VM_FUNC_H

#include "base/number.h"
#include "base/str.h"
#include "base/utf8.h"
#include "vm/functions.h"

/* LIKE patterns longer than this are refused, as by SQLITE_MAX_LIKE_PATTERN_LENGTH. */
enum { LIKE_PATTERN_BYTES_MAX = 50000 };

struct text {
    const char *s; /* NULL only for SQL NULL */
    size_t      bytes;
};

#define FUNCTION_ARGUMENTS                                                                         \
    struct function_context *context, uint32_t argc, const struct value *argv, struct value *out
#define FUNCTION_VECTOR_ARGUMENTS                                                                  \
    struct function_context *context, uint32_t argc, const struct vector *const *argv,             \
        struct selection *sel, struct vector_buffer *buffer, struct vector *out, bool *declined

/* Every function of functions.def. */
#define FUNCTION(name, min_args, max_args, flags, exact, vector)
#define FUNCTION_EXACT(name) function_exact name;
#define FUNCTION_VECTOR(name) function_vector name;
#include "vm/functions.def"
#undef FUNCTION
#undef FUNCTION_EXACT
#undef FUNCTION_VECTOR

/* Significant digits of a REAL's text on this connection. */
static inline int func_fp_digits(const struct function_context *context)
{
    return value_real_digits(context->arena->memory);
}

static inline bool func_case_sensitive_like(const struct function_context *context)
{
    return context->connection != NULL && context->connection->case_sensitive_like;
}

/* v as text: its own bytes, or those of a number written to buffer. */
struct text func_text(const struct function_context *context, const struct value *v,
                      char buffer[NUMBER_TEXT_CAP]);
/* As func_text, but a number's text is put in the arena, so that a result may point into it.
 * False: memory. */
bool func_kept_text(struct function_context *context, const struct value *v, struct text *text);
/* Where needle first is in [p, end); NULL: nowhere, or stopped.  A long text is searched in pieces
 * that overlap by less than the needle. */
const char *func_find(struct function_context *context, const char *p, const char *end,
                      struct text needle);
/* text up to its first NUL: what a function sees that sqlite3 writes over C strings. */
static inline struct text func_until_nul(struct text text)
{
    return (struct text){text.s, text_until_nul(text.s, text.bytes)};
}

/* bytes of arena for a result, STATUS_TOOBIG beyond VALUE_BYTES_MAX, STATUS_NOMEM. */
enum status func_alloc(struct function_context *context, size_t bytes, char **result);
/* The text as a value in the arena. */
enum status func_result_copy(struct function_context *context, const char *s, size_t bytes,
                             struct value *out);
/* What was written to str, which is freed.  Most results fit into so much room on the stack
 * (str_init_room), which spares an allocation for each row. */
enum { FUNC_RESULT_ROOM = 256 };
enum status func_result_str(struct function_context *context, struct str *str, struct value *out);
enum status func_too_big(struct function_context *context);

/* Copies bytes of ASCII letters from first ('a' or 'A') on in the other case, all else as it is. */
void func_fold_case(const char *restrict from, size_t bytes, char first, char *restrict to);
/* r rounded half away from 0 to places (at most 30) digits behind the point. */
double func_round_real(double r, int64_t places);

/* --- printf --- */
struct format_spec {
    int  width, precision; /* precision -1: not given */
    bool left, zero, alternate, alternate2, comma;
    char sign; /* '+', ' ' or 0: before numbers that are not negative */
    char type; /* conversion letter */
};
/* r by %f, %e, %E, %g or %G at the end of out; false when it would be longer than a value can be.
 */
bool format_real(struct str *out, const struct format_spec *spec, double r);
/* text with its quotes doubled, by %q, %Q or %w.  escaped: control characters become escapes for
 * unistr(), as by the flag #. */
void format_escaped(struct str *out, struct text text, char type, bool escaped);

#endif
