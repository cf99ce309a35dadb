/* csv_options.c - names and values of CSV options. */
#include "io/csv_options.h"

#include "base/str.h"
#include <stdlib.h>
#include <string.h>

void csv_options_init(struct csv_options *options)
{
    *options = (struct csv_options){.delimiter = CSV_AUTO,
                                    .quote = CSV_AUTO,
                                    .escape = CSV_AUTO,
                                    .comment = CSV_AUTO,
                                    .header = CSV_AUTO,
                                    .skip = CSV_AUTO,
                                    .null_text = "",
                                    .detect = true};
}

/* What an option is about to be set from. */
struct setting {
    struct csv_options *options;
    const char         *name;
    const struct value *value;
    struct arena       *arena;
    struct error       *err;
};

static enum status bad_value(const struct setting *set, const char *wanted)
{
    return fail(set->err, STATUS_ERROR, "CSV option %s wants %s", set->name, wanted);
}

static enum status set_byte(const struct setting *set, int16_t *byte)
{
    const struct value *v = set->value;

    if (v->class_ == CLASS_TEXT && v->bytes == 0)
        *byte = CSV_NONE;
    else if (v->class_ == CLASS_TEXT && v->bytes == 1 && v->s[0] != '\n' && v->s[0] != '\r')
        *byte = (unsigned char)v->s[0];
    else if (v->class_ == CLASS_TEXT && v->bytes == 2 && memcmp(v->s, "\\t", 2) == 0)
        *byte = '\t';
    else
        return bad_value(set, "one byte that is no line end ('' for none)");
    return STATUS_OK;
}

static bool text_is(const struct value *v, const char *word)
{
    return v->class_ == CLASS_TEXT && ascii_equal(v->s, v->bytes, word, strlen(word));
}

static enum status set_bool(const struct setting *set, bool *on)
{
    const struct value *v = set->value;

    if (v->class_ == CLASS_INTEGER && (v->i == 0 || v->i == 1))
        *on = v->i == 1;
    else if (v->class_ == CLASS_NULL || text_is(v, "true") || text_is(v, "on") || text_is(v, "yes"))
        *on = true; /* a bare option name means true */
    else if (text_is(v, "false") || text_is(v, "off") || text_is(v, "no"))
        *on = false;
    else
        return bad_value(set, "true or false");
    return STATUS_OK;
}

static char *copy_text(const struct setting *set)
{
    return arena_copy_text(set->arena, set->value->bytes > 0 ? set->value->s : "",
                           set->value->bytes);
}

/* 'a, b, c', also ['a', 'b'] and {'a': 'INT', 'b': 'TEXT'}: words between commas (and colons).
 * A word in quotes may hold anything. */
static enum status split_list(const struct setting *set, bool pairs, uint32_t *count,
                              const char ***words)
{
    const struct value *v = set->value;
    const char         *p, *end;
    uint32_t            capacity = 1;

    if (v->class_ != CLASS_TEXT)
        return bad_value(set, pairs ? "a text like 'name: TYPE, name: TYPE'"
                                    : "a text with names between commas");
    for (uint32_t i = 0; i < v->bytes; i++)
        capacity += v->s[i] == ',' || v->s[i] == ':';
    *words = arena_alloc(set->arena, capacity * sizeof **words);
    *count = 0;
    if (*words == NULL)
        return fail_nomem(set->err);
    p = v->s;
    end = p + v->bytes;
    while (p < end) {
        const char *from, *to;

        while (p < end && (ascii_space(*p) || strchr("[{", *p) != NULL))
            p++;
        if (p < end && (*p == '\'' || *p == '"')) {
            char quote = *p++;

            from = p;
            while (p < end && *p != quote)
                p++;
            to = p;
        } else {
            from = p;
            while (p < end && *p != ',' && !(pairs && *p == ':') && *p != ']' && *p != '}')
                p++;
            to = p;
            while (to > from && ascii_space(to[-1]))
                to--;
        }
        while (p < end && *p != ',' && !(pairs && *p == ':'))
            p++;
        p += p < end;
        if (to > from || p < end) {
            (*words)[*count] = arena_copy_text(set->arena, from, (size_t)(to - from));
            if ((*words)[(*count)++] == NULL)
                return fail_nomem(set->err);
        }
    }
    return STATUS_OK;
}

static enum status set_columns(const struct setting *set)
{
    uint32_t     count;
    const char **words, **names, **types;

    TRY(split_list(set, true, &count, &words));
    if (count == 0 || count % 2 != 0)
        return bad_value(set, "a text like 'name: TYPE, name: TYPE'");
    names = arena_alloc(set->arena, count / 2 * sizeof *names);
    types = arena_alloc(set->arena, count / 2 * sizeof *types);
    if (names == NULL || types == NULL)
        return fail_nomem(set->err);
    for (uint32_t i = 0; i < count / 2; i++) {
        names[i] = words[2 * i];
        types[i] = words[2 * i + 1];
    }
    set->options->names = names;
    set->options->types = types;
    set->options->name_count = set->options->type_count = count / 2;
    return STATUS_OK;
}

static enum status set_header(const struct setting *set)
{
    bool on;

    if (text_is(set->value, "auto")) {
        set->options->header = CSV_AUTO;
        return STATUS_OK;
    }
    TRY(set_bool(set, &on));
    set->options->header = on;
    return STATUS_OK;
}

static enum status set_null(const struct setting *set)
{
    if (set->value->class_ != CLASS_TEXT)
        return bad_value(set, "a text");
    set->options->null_given = true;
    set->options->null_bytes = set->value->bytes;
    set->options->null_text = copy_text(set);
    return set->options->null_text != NULL ? STATUS_OK : fail_nomem(set->err);
}

static enum status set_skip(const struct setting *set)
{
    if (set->value->class_ != CLASS_INTEGER || set->value->i < 0 || set->value->i > UINT32_MAX)
        return bad_value(set, "a number of lines");
    set->options->skip = set->value->i;
    return STATUS_OK;
}

static enum status set_strict(const struct setting *set)
{
    bool strict;

    TRY(set_bool(set, &strict));
    set->options->loose = !strict;
    return STATUS_OK;
}

static enum status set_rejects(const struct setting *set)
{
    if (set->value->class_ != CLASS_TEXT || set->value->bytes == 0)
        return bad_value(set, "the name of a table");
    set->options->rejects_table = copy_text(set);
    set->options->ignore_errors = true;
    return set->options->rejects_table != NULL ? STATUS_OK : fail_nomem(set->err);
}

static enum status set_affinities(const struct setting *set)
{
    const struct value *v = set->value;

    if (v->class_ != CLASS_TEXT)
        return bad_value(set, "affinity letters");
    for (uint32_t i = 0; i < v->bytes; i++) {
        if (v->s[i] < AFFINITY_NONE || v->s[i] > AFFINITY_REAL)
            return bad_value(set, "affinity letters");
    }
    set->options->affinity_count = v->bytes;
    set->options->affinities = copy_text(set);
    return set->options->affinities != NULL ? STATUS_OK : fail_nomem(set->err);
}

static enum status set_encoding(const struct setting *set)
{
    if (text_is(set->value, "utf-8") || text_is(set->value, "utf8"))
        return STATUS_OK;
    return fail(set->err, STATUS_ERROR, "not supported yet: CSV encodings other than UTF-8");
}

static enum status set_format(const struct setting *set)
{
    return text_is(set->value, "csv")
               ? STATUS_OK
               : fail(set->err, STATUS_ERROR, "not supported yet: COPY formats other than CSV");
}

static enum status set_names(const struct setting *set)
{
    const char **names;

    TRY(split_list(set, false, &set->options->name_count, &names));
    set->options->names = names;
    return STATUS_OK;
}

/* COPY's column names: 0x1f between them, since a name may hold any printable byte. */
static enum status set_copy_columns(const struct setting *set)
{
    const struct value *v = set->value;
    const char        **names, *p = v->s;
    uint32_t            count = 0;

    if (v->class_ != CLASS_TEXT || v->bytes == 0)
        return bad_value(set, "column names");
    names = arena_alloc(set->arena, ((size_t)v->bytes + 1) * sizeof *names);
    if (names == NULL)
        return fail_nomem(set->err);
    for (const char *end = p + v->bytes;; p++) {
        const char *to = memchr(p, 0x1f, (size_t)(end - p));

        to = to != NULL ? to : end;
        names[count] = arena_copy_text(set->arena, p, (size_t)(to - p));
        if (names[count++] == NULL)
            return fail_nomem(set->err);
        p = to;
        if (p == end)
            break;
    }
    set->options->names = names;
    set->options->name_count = count;
    return STATUS_OK;
}

static enum status set_types(const struct setting *set)
{
    const char **types;

    TRY(split_list(set, false, &set->options->type_count, &types));
    set->options->types = types;
    return STATUS_OK;
}

enum option_kind { KIND_BYTE, KIND_BOOL, KIND_CALL };

static const struct option {
    const char      *name;
    enum option_kind kind;
    size_t           offset;
    enum status (*call)(const struct setting *set);
} option_table[] = {
#define BYTE(name, member)                                                                         \
    {                                                                                              \
        name, KIND_BYTE, offsetof(struct csv_options, member), NULL                                \
    }
#define BOOL(name, member)                                                                         \
    {                                                                                              \
        name, KIND_BOOL, offsetof(struct csv_options, member), NULL                                \
    }
#define CALL(name, call)                                                                           \
    {                                                                                              \
        name, KIND_CALL, 0, call                                                                   \
    }
    BYTE("delimiter", delimiter),
    BYTE("delim", delimiter),
    BYTE("sep", delimiter),
    BYTE("quote", quote),
    BYTE("escape", escape),
    BYTE("comment", comment),
    BOOL("all_varchar", all_text),
    BOOL("all_text", all_text),
    BOOL("ignore_errors", ignore_errors),
    BOOL("null_padding", padding),
    BOOL("auto_detect", detect),
    CALL("header", set_header),
    CALL("null", set_null),
    CALL("nullstr", set_null),
    CALL("skip", set_skip),
    CALL("strict_mode", set_strict),
    CALL("names", set_names),
    CALL("column_names", set_names),
    CALL("types", set_types),
    CALL("dtypes", set_types),
    CALL("column_types", set_types),
    CALL("columns", set_columns),
    CALL("rejects", set_rejects),
    CALL("rejects_table", set_rejects),
    CALL("encoding", set_encoding),
    CALL("format", set_format),
    CALL("__affinities", set_affinities),
    CALL("__columns", set_copy_columns),
#undef BYTE
#undef BOOL
#undef CALL
};

enum status csv_option_set(struct csv_options *options, const char *name, const struct value *value,
                           struct arena *arena, struct error *err)
{
    struct setting set = {options, name, value, arena, err};

    for (size_t i = 0; i < countof(option_table); i++) {
        const struct option *option = &option_table[i];

        if (ascii_casecmp(option->name, name) != 0)
            continue;
        if (option->kind == KIND_BYTE)
            return set_byte(&set, (int16_t *)((char *)options + option->offset));
        if (option->kind == KIND_BOOL)
            return set_bool(&set, (bool *)((char *)options + option->offset));
        return option->call(&set);
    }
    return fail(err, STATUS_ERROR, "no such CSV option: %s", name);
}
