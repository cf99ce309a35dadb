/* func_regex.c - functions on regular expressions: regexp (the operator), regexp_like,
 * regexp_matches, regexp_extract, regexp_count, regexp_replace.  The pattern of a whole statement
 * is compiled once; of a dictionary column each text is looked at once (op_function.c). */
#include <string.h>

#include "vm/func.h"
#include "vm/regex.h"

/* A text, and the pattern to look for in it. */
struct search {
    struct regex *regex;
    struct text   text;
};

/* The g of regexp_replace, which is no option of the pattern, is taken out. */
static struct text take_global(struct text options, char *room, bool *global)
{
    size_t bytes = 0;

    *global = false;
    if (options.bytes > REGEX_OPTIONS_CAP)
        return options;
    for (size_t i = 0; i < options.bytes; i++)
        if (ascii_lower(options.s[i]) == 'g')
            *global = true;
        else
            room[bytes++] = options.s[i];
    return (struct text){room, bytes};
}

/* options NULL: none.  text is kept: results may point into it.  global NULL: no g among the
 * options. */
static enum status search_begin(struct function_context *context, const struct value *text,
                                const struct value *pattern, const struct value *options,
                                bool *global, struct search *search)
{
    char        pattern_room[NUMBER_TEXT_CAP], option_room[NUMBER_TEXT_CAP];
    char        rest[REGEX_OPTIONS_CAP];
    struct text source = func_text(context, pattern, pattern_room), letters = {"", 0};

    if (!func_kept_text(context, text, &search->text))
        return fail_nomem(context->err);
    if (options != NULL)
        letters = func_text(context, options, option_room);
    if (global != NULL)
        letters = take_global(letters, rest, global);
    return regex_find(context->regexes, context->arena->memory, source.s, source.bytes, letters.s,
                      letters.bytes, &search->regex, context->err);
}

static enum status search_from(struct function_context *context, const struct search *search,
                               size_t from, const size_t **groups)
{
    return regex_match(search->regex, search->text.s, search->text.bytes, from, groups,
                       context->err);
}

/* regexp(pattern, text), which is text REGEXP pattern: whether there is a match somewhere. */
enum status func_regexp(FUNCTION_ARGUMENTS)
{
    struct search search;
    const size_t *groups;

    (void)argc;
    TRY(search_begin(context, &argv[1], &argv[0], NULL, NULL, &search));
    TRY(search_from(context, &search, 0, &groups));
    *out = value_int(groups != NULL);
    return STATUS_OK;
}

/* regexp_like(text, pattern [, options]), regexp_matches: the same the other way round. */
enum status func_regexp_like(FUNCTION_ARGUMENTS)
{
    struct search search;
    const size_t *groups;

    TRY(search_begin(context, &argv[0], &argv[1], argc > 2 ? &argv[2] : NULL, NULL, &search));
    TRY(search_from(context, &search, 0, &groups));
    *out = value_int(groups != NULL);
    return STATUS_OK;
}

/* regexp_extract(text, pattern [, group [, options]]): what group (0, the default: the whole)
 * matches first; '' if there is no match. */
enum status func_regexp_extract(FUNCTION_ARGUMENTS)
{
    struct search search;
    const size_t *groups;
    int64_t       group = argc > 2 ? value_as_int(&argv[2]) : 0;

    TRY(search_begin(context, &argv[0], &argv[1], argc > 3 ? &argv[3] : NULL, NULL, &search));
    if (group < 0 || group > regex_groups(search.regex))
        return fail(context->err, STATUS_ERROR, "regular expression has %u groups, not number %lld",
                    regex_groups(search.regex), (long long)group);
    TRY(search_from(context, &search, 0, &groups));
    if (groups == NULL || groups[2 * group] == SIZE_MAX)
        *out = value_text("", 0);
    else
        *out = value_text(search.text.s + groups[2 * group],
                          groups[2 * group + 1] - groups[2 * group]);
    return STATUS_OK;
}

/* --- all matches --------------------------------------------------------------------------------
 */
/* Matches one behind the other.  An empty one at the very end of the one before does not count. */
struct matches {
    size_t        from, last_end; /* last_end SIZE_MAX: none yet */
    const size_t *groups;         /* of the match found; NULL: no more */
};

static enum status matches_next(struct function_context *context, const struct search *search,
                                struct matches *matches)
{
    for (;;) {
        if (matches->from > search->text.bytes) {
            matches->groups = NULL;
            return STATUS_OK;
        }
        TRY(search_from(context, search, matches->from, &matches->groups));
        if (matches->groups == NULL)
            return STATUS_OK;
        matches->from = matches->groups[1];
        if (matches->groups[0] == matches->groups[1]) {
            do /* to the next character */
                matches->from++;
            while (matches->from < search->text.bytes &&
                   ((uint8_t)search->text.s[matches->from] & 0xc0) == 0x80);
            if (matches->groups[0] == matches->last_end)
                continue;
        }
        matches->last_end = matches->groups[1];
        return STATUS_OK;
    }
}

/* regexp_count(text, pattern [, first character [, options]]) */
enum status func_regexp_count(FUNCTION_ARGUMENTS)
{
    struct search  search;
    struct matches matches = {.last_end = SIZE_MAX};
    int64_t        first = argc > 2 ? value_as_int(&argv[2]) : 1, count = 0;

    if (first < 1)
        return fail(context->err, STATUS_ERROR, "regexp_count counts from character 1 on");
    TRY(search_begin(context, &argv[0], &argv[1], argc > 3 ? &argv[3] : NULL, NULL, &search));
    matches.from =
        (size_t)(utf8_skip(search.text.s, search.text.bytes, (uint64_t)first - 1) - search.text.s);
    for (;;) {
        TRY(matches_next(context, &search, &matches));
        if (matches.groups == NULL)
            break;
        count++;
    }
    *out = value_int(count);
    return STATUS_OK;
}

/* What replaces a match: \0 to \9 are groups, \\ is one \. */
static enum status add_replacement(struct function_context *context, const struct search *search,
                                   const size_t *groups, struct text replacement, struct str *str)
{
    for (size_t i = 0; i < replacement.bytes; i++) {
        char c = replacement.s[i], next = i + 1 < replacement.bytes ? replacement.s[i + 1] : '\0';

        if (c != '\\') {
            str_char(str, c);
        } else if (next == '\\') {
            str_char(str, c);
            i++;
        } else if (ascii_digit(next) && (uint32_t)(next - '0') <= regex_groups(search->regex)) {
            const size_t *group = groups + 2 * (next - '0');

            if (group[0] != SIZE_MAX)
                str_append(str, search->text.s + group[0], group[1] - group[0]);
            i++;
        } else {
            return fail(context->err, STATUS_ERROR,
                        "regexp_replace: behind \\ comes \\ or the number of a group, at most %u",
                        regex_groups(search->regex));
        }
    }
    return STATUS_OK;
}

static enum status replace_all(struct function_context *context, const struct search *search,
                               struct text replacement, bool global, struct str *str)
{
    struct matches matches = {.last_end = SIZE_MAX};
    size_t         done = 0;

    do {
        TRY(matches_next(context, search, &matches));
        if (matches.groups == NULL)
            break;
        str_append(str, search->text.s + done, matches.groups[0] - done);
        TRY(add_replacement(context, search, matches.groups, replacement, str));
        done = matches.groups[1];
        if (str->bytes > VALUE_BYTES_MAX)
            return func_too_big(context);
    } while (global && !str->failed);
    str_append(str, search->text.s + done, search->text.bytes - done);
    return STATUS_OK;
}

/* regexp_replace(text, pattern, replacement [, options]): the first match; with option g, all. */
enum status func_regexp_replace(FUNCTION_ARGUMENTS)
{
    struct search search;
    struct str    str;
    char          start[FUNC_RESULT_ROOM];
    char          room[NUMBER_TEXT_CAP];
    bool          global;
    enum status   status;

    TRY(search_begin(context, &argv[0], &argv[1], argc > 3 ? &argv[3] : NULL, &global, &search));
    str_init_room(&str, context->arena->memory, start, sizeof start);
    status = replace_all(context, &search, func_text(context, &argv[2], room), global, &str);
    if (status == STATUS_OK)
        return func_result_str(context, &str, out);
    str_free(&str);
    return status;
}
