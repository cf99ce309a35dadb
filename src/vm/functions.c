/* functions.c - the table of built-in functions and the helpers that all of them use. */
#include "vm/functions.h"

#include <string.h>

#include "vm/func.h"

static const struct function functions[] = {
#define FUNCTION(name, min_args, max_args, flags, exact, vector)                                   \
    {#name, min_args, max_args, flags, exact, vector, NULL},
#define FUNCTION_EXACT(name)
#define FUNCTION_VECTOR(name)
#include "vm/functions.def"
#undef FUNCTION
#undef FUNCTION_EXACT
#undef FUNCTION_VECTOR
};

enum { FUNCTION_ARGS_MAX = 1000 };

const struct function *function_find(const char *name, size_t bytes, uint32_t argc, bool *known)
{
    *known = false;
    for (size_t i = 0; i < countof(functions); i++) {
        const struct function *f = &functions[i];
        uint32_t               most = f->max_args < 0 ? FUNCTION_ARGS_MAX : (uint32_t)f->max_args;

        if (!ascii_equal(name, bytes, f->name, strlen(f->name)))
            continue;
        *known = true;
        if (!(f->flags & FUNCTION_AGGREGATE) && argc >= (uint32_t)f->min_args && argc <= most)
            return f;
    }
    return NULL;
}

const struct function *function_at(uint32_t index)
{
    return index < countof(functions) ? &functions[index] : NULL;
}

/* --- helpers ---------------------------------------------------------------------------------- */

struct text func_text(const struct function_context *context, const struct value *v,
                      char buffer[NUMBER_TEXT_CAP])
{
    switch (v->class_) {
    case CLASS_NULL:
        return (struct text){NULL, 0};
    case CLASS_INTEGER:
        return (struct text){buffer, number_from_int(v->i, buffer)};
    case CLASS_REAL:
        return (struct text){buffer, number_from_real(v->r, func_fp_digits(context), buffer)};
    default:
        return (struct text){v->s != NULL ? v->s : "", v->bytes};
    }
}

bool func_kept_text(struct function_context *context, const struct value *v, struct text *text)
{
    char buffer[NUMBER_TEXT_CAP];

    *text = func_text(context, v, buffer);
    if (text->s == buffer)
        text->s = arena_copy_text(context->arena, buffer, text->bytes);
    return text->s != NULL || v->class_ == CLASS_NULL;
}

enum status func_too_big(struct function_context *context)
{
    return fail(context->err, STATUS_TOOBIG, "string or blob too big");
}

enum status func_alloc(struct function_context *context, size_t bytes, char **result)
{
    *result = NULL;
    if (bytes > VALUE_BYTES_MAX)
        return func_too_big(context);
    *result = arena_alloc(context->arena, bytes);
    return *result == NULL ? fail_nomem(context->err) : STATUS_OK;
}

enum status func_result_copy(struct function_context *context, const char *s, size_t bytes,
                             struct value *out)
{
    char *copy;

    TRY(func_alloc(context, bytes, &copy));
    if (!memory_copy(context->arena->memory, copy, s, bytes))
        return memory_poll(context->arena->memory, context->err);
    *out = value_text(copy, bytes);
    return STATUS_OK;
}

enum status func_result_str(struct function_context *context, struct str *str, struct value *out)
{
    enum status status = str->failed ? fail_nomem(context->err)
                                     : func_result_copy(context, str->data, str->bytes, out);

    str_free(str);
    return status;
}
