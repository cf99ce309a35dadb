/* regex.c - regular expressions through PCRE2, on the statement's memory. */
#include "vm/regex.h"

#include <string.h>

#ifdef STOA_PCRE2
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/str.h"

/* A short text is matched without polls: it may take STEPS_UNPOLLED steps of some nanoseconds from
 * all its characters together, and reads itself from each of them once.  Beyond, the polled program
 * matches. */
enum { TEXT_SHORT = 1 << 12, STEPS_UNPOLLED = 1 << 20 };

/* The polled program: its callouts poll after so much work, which is in bytes read. */
enum { WORK_POLLED = 1 << 18, CALLOUT_WORK = 16 };

struct program {
    pcre2_code       *code; /* NULL: not compiled yet */
    pcre2_match_data *data;
    bool              fast; /* machine code */
};

struct regex {
    struct memory         *memory;
    char                  *pattern; /* owned */
    size_t                 pattern_bytes, option_bytes;
    char                   options[REGEX_OPTIONS_CAP];
    pcre2_general_context *general;
    pcre2_match_context   *limits;
    struct program         plain;
    struct program         polled; /* the same with a callout before each item; made when needed */
    uint32_t               flags, groups;
    bool                   in_pieces;      /* see piece_end */
    size_t                 work, position; /* since the last poll; of the last callout */
};

/* Blocks carry their size in front, for the account. */
union block {
    size_t  bytes;
    uint8_t aligned[16];
};

static void *block_alloc(size_t bytes, void *data)
{
    union block *block = memory_alloc(data, bytes + sizeof *block);

    if (block == NULL)
        return NULL;
    block->bytes = bytes + sizeof *block;
    return block + 1;
}

static void block_free(void *memory, void *data)
{
    union block *block = memory;

    if (block != NULL)
        memory_free(data, block - 1, block[-1].bytes);
}

static void program_free(struct program *program)
{
    pcre2_match_data_free(program->data);
    pcre2_code_free(program->code);
}

static void regex_free(struct regex *regex)
{
    if (regex == NULL)
        return;
    program_free(&regex->plain);
    program_free(&regex->polled);
    pcre2_match_context_free(regex->limits);
    pcre2_general_context_free(regex->general);
    memory_free(regex->memory, regex->pattern, regex->pattern_bytes + 1);
    memory_free(regex->memory, regex, sizeof *regex);
}

void regex_cache_free(struct regex_cache *cache)
{
    for (uint32_t i = 0; i < REGEX_KEPT; i++)
        if (cache->kept[i] != NULL)
            regex_free(cache->kept[i]);
    *cache = (struct regex_cache){0};
}

/* --- compiling ----------------------------------------------------------------------------------
 */
static enum status read_options(const char *options, size_t bytes, uint32_t *flags,
                                struct error *err)
{
    *flags = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY;
    if (bytes > REGEX_OPTIONS_CAP)
        return fail(err, STATUS_ERROR, "too many options of a regular expression");
    for (size_t i = 0; i < bytes; i++) {
        switch (ascii_lower(options[i])) {
        case 'i':
            *flags |= PCRE2_CASELESS;
            break;
        case 'c':
            *flags &= ~(uint32_t)PCRE2_CASELESS;
            break;
        case 's':
            *flags |= PCRE2_DOTALL;
            break;
        case 'm':
            *flags |= PCRE2_MULTILINE;
            break;
        case 'x':
            *flags |= PCRE2_EXTENDED;
            break;
        case 'l':
            *flags |= PCRE2_LITERAL;
            break;
        default:
            return fail(err, STATUS_ERROR, "unknown option of a regular expression: %c",
                        options[i]);
        }
    }
    if (*flags & PCRE2_LITERAL)
        *flags &= (uint32_t)(PCRE2_LITERAL | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_CASELESS);
    return STATUS_OK;
}

static enum status compile_error(int code, size_t offset, struct error *err)
{
    char text[160] = "";

    if (code == PCRE2_ERROR_HEAP_FAILED)
        return fail_nomem(err);
    (void)pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof text);
    return fail(err, STATUS_ERROR, "regular expression: %s at offset %zu", text, offset);
}

/* Machine code makes matching several times faster; without it the interpreter matches. */
static enum status program_compile(struct regex *regex, struct program *program, uint32_t flags,
                                   struct error *err)
{
    size_t                 offset = 0;
    int                    code = 0;
    pcre2_compile_context *context = pcre2_compile_context_create(regex->general);

    if (context == NULL)
        return fail_nomem(err);
    program->code = pcre2_compile((PCRE2_SPTR)regex->pattern, regex->pattern_bytes, flags, &code,
                                  &offset, context);
    pcre2_compile_context_free(context);
    if (program->code == NULL)
        return compile_error(code, offset, err);
    program->data = pcre2_match_data_create_from_pattern(program->code, regex->general);
    if (program->data == NULL) {
        pcre2_code_free(program->code);
        program->code = NULL;
        return fail_nomem(err);
    }
    program->fast = pcre2_jit_compile(program->code, PCRE2_JIT_COMPLETE) == 0;
    return STATUS_OK;
}

static enum status compile(struct regex *regex, struct error *err)
{
    regex->general = pcre2_general_context_create(block_alloc, block_free, regex->memory);
    if (regex->general == NULL)
        return fail_nomem(err);
    TRY(program_compile(regex, &regex->plain, regex->flags, err));
    regex->limits = pcre2_match_context_create(regex->general);
    if (regex->limits == NULL)
        return fail_nomem(err);
    (void)pcre2_pattern_info(regex->plain.code, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
    return STATUS_OK;
}

static int poll_in_callout(pcre2_callout_block *block, void *data)
{
    struct regex *regex = data;
    size_t        at = block->current_position, last = regex->position;

    regex->position = at;
    regex->work += CALLOUT_WORK + (at > last ? at - last : last - at);
    if (regex->work < WORK_POLLED)
        return 0;
    regex->work = 0;
    return memory_poll(regex->memory, NULL) == STATUS_OK ? 0 : PCRE2_ERROR_CALLOUT;
}

/* Whether the places where a match can begin are searched for, which no callout sees: then they are
 * given to the search in pieces.  A pattern with \G asks where the search began, and one that can
 * begin at the first place only has no need. */
static bool searches_begin(const struct regex *regex)
{
    uint32_t       first = 0;
    const uint8_t *map = NULL;

    for (size_t i = 0; i + 1 < regex->pattern_bytes; i++)
        if (regex->pattern[i] == '\\' && regex->pattern[i + 1] == 'G')
            return false;
    (void)pcre2_pattern_info(regex->polled.code, PCRE2_INFO_FIRSTCODETYPE, &first);
    (void)pcre2_pattern_info(regex->polled.code, PCRE2_INFO_FIRSTBITMAP, &map);
    return first == 1 || map != NULL;
}

static enum status compile_polled(struct regex *regex, struct error *err)
{
    if (regex->polled.code != NULL)
        return STATUS_OK;
    TRY(program_compile(regex, &regex->polled,
                        regex->flags | PCRE2_AUTO_CALLOUT | PCRE2_USE_OFFSET_LIMIT, err));
    (void)pcre2_set_callout(regex->limits, poll_in_callout, regex);
    regex->in_pieces = searches_begin(regex);
    return STATUS_OK;
}

static enum status regex_new(struct memory *memory, const char *pattern, size_t pattern_bytes,
                             const char *options, size_t option_bytes, struct regex **out,
                             struct error *err)
{
    struct regex *regex;
    uint32_t      flags;

    TRY(read_options(options, option_bytes, &flags, err));
    regex = memory_zalloc(memory, sizeof *regex);
    if (regex == NULL)
        return fail_nomem(err);
    *out = regex;
    regex->memory = memory;
    regex->flags = flags;
    regex->pattern_bytes = pattern_bytes;
    regex->option_bytes = option_bytes;
    regex->pattern = memory_alloc(memory, pattern_bytes + 1);
    if (regex->pattern == NULL)
        return fail_nomem(err);
    if (pattern_bytes > 0)
        memcpy(regex->pattern, pattern, pattern_bytes);
    if (option_bytes > 0)
        memcpy(regex->options, options, option_bytes);
    return compile(regex, err);
}

static bool is_for(const struct regex *regex, const char *pattern, size_t pattern_bytes,
                   const char *options, size_t option_bytes)
{
    return regex->pattern_bytes == pattern_bytes && regex->option_bytes == option_bytes &&
           (pattern_bytes == 0 || memcmp(regex->pattern, pattern, pattern_bytes) == 0) &&
           (option_bytes == 0 || memcmp(regex->options, options, option_bytes) == 0);
}

enum status regex_find(struct regex_cache *cache, struct memory *memory, const char *pattern,
                       size_t pattern_bytes, const char *options, size_t option_bytes,
                       struct regex **regex, struct error *err)
{
    struct regex *fresh = NULL;
    enum status   status;

    for (uint32_t i = 0; i < REGEX_KEPT && cache->kept[i] != NULL; i++)
        if (is_for(cache->kept[i], pattern, pattern_bytes, options, option_bytes)) {
            *regex = cache->kept[i];
            return STATUS_OK;
        }
    status = regex_new(memory, pattern, pattern_bytes, options, option_bytes, &fresh, err);
    if (status != STATUS_OK) {
        regex_free(fresh);
        return status;
    }
    regex_free(cache->kept[cache->next]);
    cache->kept[cache->next] = *regex = fresh;
    cache->next = (cache->next + 1) % REGEX_KEPT;
    return STATUS_OK;
}

/* --- matching -----------------------------------------------------------------------------------
 */
uint32_t regex_groups(const struct regex *regex)
{
    return regex->groups;
}

static enum status match_error(int code, struct error *err)
{
    char text[160] = "";

    if (code == PCRE2_ERROR_NOMEMORY)
        return fail_nomem(err);
    if (code == PCRE2_ERROR_MATCHLIMIT || code == PCRE2_ERROR_DEPTHLIMIT)
        return fail(err, STATUS_ERROR,
                    "regular expression gives up after %d steps on one text: it is too ambiguous",
                    REGEX_STEPS_MAX);
    (void)pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof text);
    return fail(err, STATUS_ERROR, "regular expression: %s", text);
}

/* The last place where a match may begin that is looked for at once. */
static size_t piece_end(const struct regex *regex, const char *text, size_t bytes, size_t from)
{
    size_t end = from;

    if (!regex->in_pieces || bytes - from <= INTERRUPT_TEXT_PIECE)
        return bytes;
    end += INTERRUPT_TEXT_PIECE;
    while (end < bytes && ((uint8_t)text[end] & 0xc0) == 0x80) /* whole characters */
        end++;
    return end;
}

/* PCRE2's answer; the groups are program's. */
static int program_match(struct regex *regex, struct program *program, const char *text,
                         size_t bytes, size_t from, uint32_t steps)
{
    int code = PCRE2_ERROR_JIT_STACKLIMIT;

    (void)pcre2_set_match_limit(regex->limits, steps);
    if (program->fast)
        code = pcre2_match(program->code, (PCRE2_SPTR)text, bytes, from, 0, program->data,
                           regex->limits);
    if (code == PCRE2_ERROR_JIT_STACKLIMIT)
        code = pcre2_match(program->code, (PCRE2_SPTR)text, bytes, from, PCRE2_NO_JIT,
                           program->data, regex->limits);
    return code;
}

static int match_polled(struct regex *regex, const char *text, size_t bytes, size_t from)
{
    size_t end;
    int    code;

    regex->position = from;
    do {
        end = piece_end(regex, text, bytes, from);
        (void)pcre2_set_offset_limit(regex->limits, end);
        code = program_match(regex, &regex->polled, text, bytes, from, REGEX_STEPS_MAX);
        from = end;
    } while (code == PCRE2_ERROR_NOMATCH && end < bytes &&
             memory_poll(regex->memory, NULL) == STATUS_OK);
    (void)pcre2_set_offset_limit(regex->limits, PCRE2_UNSET);
    return code;
}

enum status regex_match(struct regex *regex, const char *text, size_t bytes, size_t from,
                        const size_t **groups, struct error *err)
{
    struct program *program = &regex->plain;
    size_t         *found, left = bytes - from;
    int             code = PCRE2_ERROR_MATCHLIMIT;

    *groups = NULL;
    TRY(memory_poll(regex->memory, err));
    if (left <= TEXT_SHORT) /* the limit is for each place where a match may begin */
        code =
            program_match(regex, program, text, bytes, from, STEPS_UNPOLLED / (uint32_t)(left + 1));
    if (code == PCRE2_ERROR_MATCHLIMIT) {
        TRY(compile_polled(regex, err));
        program = &regex->polled;
        code = match_polled(regex, text, bytes, from);
        TRY(memory_poll(regex->memory, err));
    }
    if (code == PCRE2_ERROR_NOMATCH)
        return STATUS_OK;
    if (code < 0)
        return match_error(code, err);
    *groups = found = pcre2_get_ovector_pointer(program->data);
    for (uint32_t i = (uint32_t)code; i <= regex->groups; i++) /* behind the last that took part */
        found[2 * i] = found[2 * i + 1] = SIZE_MAX;
    return STATUS_OK;
}

#else /* no PCRE2 */
void regex_cache_free(struct regex_cache *cache)
{
    (void)cache;
}

enum status regex_find(struct regex_cache *cache, struct memory *memory, const char *pattern,
                       size_t pattern_bytes, const char *options, size_t option_bytes,
                       struct regex **regex, struct error *err)
{
    (void)cache, (void)memory, (void)pattern, (void)pattern_bytes, (void)options;
    (void)option_bytes, (void)regex;
    return fail(err, STATUS_ERROR, "regular expressions need PCRE2, which this build has not");
}

uint32_t regex_groups(const struct regex *regex)
{
    (void)regex;
    return 0;
}

enum status regex_match(struct regex *regex, const char *text, size_t bytes, size_t from,
                        const size_t **groups, struct error *err)
{
    (void)regex, (void)text, (void)bytes, (void)from, (void)err;
    *groups = NULL;
    return STATUS_OK;
}
#endif
