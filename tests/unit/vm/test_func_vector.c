/* test_func_vector.c - each vector form gives what the exact form gives, row by row, or declines:
 * random batches with NULLs, inactive rows that point nowhere, and texts of every kind. */
/* before cmocka.h, which makes fail() a macro */
#include "base/str.h"
#include "store/day.h"
#include "tests/unit/vm/literal_cells.h"
#include "vm/functions.h"
#include "vm/like.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct memory           memory;
static struct arena            arena;
static struct error            err;
static struct connection_state connection;
static struct function_context context = {
    .arena = &arena, .err = &err, .connection = &connection, .now_ms = 1};
static uint64_t random_state = 88172645463325252u;

static uint64_t random_below(uint64_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % n;
}

enum batch_kind {
    INTS,
    SMALL_INTS,
    BIG_INTS,
    REALS,
    DECIMALS,
    ASCII,
    UTF8,
    NASTY,
    TIMES, /* canonical texts, in half of the batches others among them */
    DAYS,
    KIND_COUNT
};

struct batch {
    struct vector        v;
    struct vector_buffer space;
    char                 text[VECTOR_CAP * 40];
};
static struct batch     batch;
static struct selection sel;

static const char *const words[] = {"green", "Green", "special", "requests", "promo", "PROMO ",
                                    "x",     "a",     "b",       "%",        "_",     " ",
                                    "BRASS", "0",     "9",       "e"};
static const char *const wide_words[] = {"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "z"};
static const char *const nasty_words[] = {"\x80", "\xff", "\xc3", "ab", ""};

static size_t random_text(enum batch_kind kind, char *to)
{
    size_t bytes = 0;

    for (uint64_t n = random_below(7); n > 0; n--) {
        const char *word = words[random_below(countof(words))];

        if (kind != ASCII && random_below(3) == 0)
            word = wide_words[random_below(countof(wide_words))];
        if (kind == NASTY && random_below(3) == 0)
            word = nasty_words[random_below(countof(nasty_words))];
        if (kind == NASTY && random_below(10) == 0)
            to[bytes++] = '\0';
        memcpy(to + bytes, word, strlen(word));
        bytes += strlen(word);
    }
    return bytes;
}

/* A canonical date or time, or in a nasty batch something like it. */
static size_t random_time(bool nasty, char *to)
{
    static const char *const others[] = {"2023-02-29",          "2024-06-15 24:00:00",
                                         "2024-06-15T14:30:45", "2024-06-15 14:30",
                                         "abcd-ef-gh",          "2024-04-31 10:00:00"};
    size_t                   bytes = DAY_TEXT_BYTES;

    if (nasty && random_below(20) == 0) {
        const char *other = others[random_below(countof(others))];

        memcpy(to, other, strlen(other));
        return strlen(other);
    }
    day_to_text(DAY_MIN + (int32_t)random_below(DAY_MAX - DAY_MIN + 1), to);
    if (random_below(2) == 0)
        bytes += (size_t)sprintf(to + bytes, " %02d:%02d:%02d", (int)random_below(24),
                                 (int)random_below(60), (int)random_below(60));
    return bytes;
}

static void fill_texts(enum batch_kind kind, uint32_t rows)
{
    bool          nasty = random_below(2) == 0;
    struct value *cells = (struct value *)(void *)batch.space.values;
    char         *to = batch.text;

    batch.v.type = PHYS_TEXT;
    batch.v.flags = kind == ASCII ? VECTOR_ASCII : 0;
    for (uint32_t row = 0; row < rows; row++) {
        size_t bytes = kind == TIMES ? random_time(nasty, to) : random_text(kind, to);

        cells[row] = value_text(to, bytes);
        to += bytes;
    }
}

static void fill_numbers(enum batch_kind kind, uint32_t rows)
{
    int8_t  *small = (int8_t *)(void *)batch.space.values;
    int32_t *days = (int32_t *)(void *)batch.space.values;
    int64_t *ints = (int64_t *)(void *)batch.space.values;
    double  *reals = (double *)(void *)batch.space.values;

    for (uint32_t row = 0; row < rows; row++) {
        int64_t r = (int64_t)random_below(2000000) - 1000000;

        switch (kind) {
        case SMALL_INTS:
            small[row] = (int8_t)r;
            break;
        case INTS:
            ints[row] = r;
            break;
        case BIG_INTS:
            ints[row] = row % 50 == 7 ? INT64_MIN : (int64_t)random_below(UINT64_MAX);
            break;
        case REALS:
            reals[row] = (double)r / (double)(1 + random_below(1000));
            break;
        case DECIMALS:
            days[row] = (int32_t)r;
            break;
        default:
            days[row] = DAY_MIN + (int32_t)random_below(DAY_MAX - DAY_MIN + 1);
            break;
        }
    }
}

static void fill_batch(enum batch_kind kind, uint32_t rows)
{
    static const uint8_t types[KIND_COUNT] = {PHYS_I64,   PHYS_I8,   PHYS_I64,  PHYS_F64,
                                              PHYS_DEC32, PHYS_TEXT, PHYS_TEXT, PHYS_TEXT,
                                              PHYS_TEXT,  PHYS_DAY32};

    batch.v = (struct vector){.type = types[kind], .count = rows, .values = batch.space.values};
    if (kind >= ASCII && kind <= TIMES)
        fill_texts(kind, rows);
    else
        fill_numbers(kind, rows);
    if (kind == SMALL_INTS)
        batch.v.base = -70;
    if (kind == DECIMALS)
        batch.v.scale = 2;
    if (random_below(2) == 0) {
        for (uint32_t w = 0; w < VECTOR_WORDS; w++)
            batch.space.valid[w] = random_below(UINT64_MAX) | random_below(UINT64_MAX);
        batch.v.valid = batch.space.valid;
        for (uint32_t row = 0; row < rows; row++) /* a NULL row's slot means nothing */
            if (kind == DAYS && !bits_get(batch.space.valid, row))
                ((int32_t *)(void *)batch.space.values)[row] = (int32_t)random_below(UINT32_MAX);
    }
}

/* Some rows active; text cells of the others point nowhere. */
static void select_rows(uint32_t rows)
{
    struct value *cells = (struct value *)(void *)batch.space.values;
    uint64_t      bits[VECTOR_WORDS] = {0};

    if (random_below(2) == 0) {
        selection_all(&sel, rows);
        return;
    }
    for (uint32_t row = 0; row < rows; row++)
        if (random_below(3) > 0)
            bits_set(bits, row);
        else if (batch.v.type == PHYS_TEXT)
            cells[row] = value_text((const char *)1, 12345);
    selection_bits(&sel, rows, bits);
}

static bool identical(const struct value *a, const struct value *b)
{
    if (a->class_ != b->class_)
        return false;
    if (a->class_ == CLASS_TEXT)
        return a->bytes == b->bytes && (a->bytes == 0 || memcmp(a->s, b->s, a->bytes) == 0);
    return a->class_ == CLASS_NULL || a->i == b->i;
}

/* Calls the vector form of name with the batch at place `at` among the constants; false: declined.
 */
static bool check_form(const char *name, const struct value *constants, uint32_t argc, uint32_t at)
{
    static struct vector_buffer result_space;
    struct value                cells[3], argv[3], want;
    struct vector               arguments[3], out;
    const struct vector        *pointers[3];
    bool                        known, declined = false;
    const struct function      *f = function_find(name, strlen(name), argc, &known);

    assert_non_null(f);
    assert_non_null(f->vector);
    for (uint32_t i = 0; i < argc; i++) {
        cells[i] = argv[i] = constants[i];
        if (i == at)
            arguments[i] = batch.v;
        else
            vector_constant(&arguments[i], &cells[i], sel.rows);
        pointers[i] = &arguments[i];
    }
    assert_int_equal(f->vector(&context, argc, pointers, &sel, &result_space, &out, &declined),
                     STATUS_OK);
    if (declined)
        return false;
    for (uint32_t row = 0; row < sel.rows; row++) {
        char         scratch[16], out_scratch[16];
        struct value got;
        struct str   text;

        if (!bits_get(sel.bits, row))
            continue;
        got = vector_value(&out, row, out_scratch);
        argv[at] = vector_value(&batch.v, row, scratch);
        want = value_null();
        if (argv[at].class_ != CLASS_NULL || !(f->flags & FUNCTION_NULL_IN_NULL_OUT))
            assert_int_equal(f->exact(&context, argc, argv, &want), STATUS_OK);
        if (identical(&got, &want))
            continue;
        str_init(&text, NULL);
        value_dump(&argv[at], &text);
        str_text(&text, ": ");
        value_dump(&got, &text);
        str_text(&text, ", exactly ");
        value_dump(&want, &text);
        fail_msg("%s of %s", name, str_end(&text));
    }
    return true;
}

static const struct form {
    const char  *name;
    uint32_t     argc, at;
    struct value constants[3];
} forms[] = {
    {"length", 1, 0, {NIL}},
    {"upper", 1, 0, {NIL}},
    {"lower", 1, 0, {NIL}},
    {"abs", 1, 0, {NIL}},
    {"round", 1, 0, {NIL}},
    {"round", 2, 0, {NIL, I(1)}},
    {"round", 2, 0, {NIL, I(-2)}},
    {"typeof", 1, 0, {NIL}},
    {"floor", 1, 0, {NIL}},
    {"ceil", 1, 0, {NIL}},
    {"trunc", 1, 0, {NIL}},
    {"sqrt", 1, 0, {NIL}},
    {"ln", 1, 0, {NIL}},
    {"log", 1, 0, {NIL}},
    {"acos", 1, 0, {NIL}},
    {"radians", 1, 0, {NIL}},
    {"substr", 2, 0, {NIL, I(1)}},
    {"substr", 2, 0, {NIL, I(4)}},
    {"substr", 3, 0, {NIL, I(1), I(2)}},
    {"substr", 3, 0, {NIL, I(3), I(1000)}},
    {"substr", 3, 0, {NIL, I(INT64_MAX), I(INT64_MAX)}},
    {"substr", 3, 0, {NIL, I(-2), I(1)}},
    {"instr", 2, 0, {NIL, T("e")}},
    {"instr", 2, 0, {NIL, T("green")}},
    {"like", 2, 1, {T("%green%")}},
    {"like", 2, 1, {T("PROMO%")}},
    {"like", 2, 1, {T("%brass")}},
    {"like", 2, 1, {T("%special%requests%")}},
    {"like", 2, 1, {T("a%b%e")}},
    {"like", 2, 1, {T("x")}},
    {"like", 2, 1, {T("")}},
    {"like", 2, 1, {T("%")}},
    {"like", 2, 1, {T("%a_b%")}},
    {"like", 2, 1, {T("%\xc3\xa4%")}},
    {"like", 3, 1, {T("%!%%"), NIL, T("!")}},
    {"like", 3, 1, {T("%a%"), NIL, T("!")}},
    {"date", 1, 0, {NIL}},
    {"julianday", 1, 0, {NIL}},
    {"unixepoch", 1, 0, {NIL}},
    {"strftime", 2, 1, {T("%Y")}},
    {"strftime", 2, 1, {T("%Y-%m")}},
    {"strftime", 2, 1, {T("on %d.%m.%Y, %F")}},
    {"strftime", 2, 1, {T("%Y-%m-%d %H:%M:00")}},
    {"strftime", 2, 1, {T("%T %R")}},
    {"date_trunc", 2, 1, {T("day")}},
    {"date_trunc", 2, 1, {T("week")}},
    {"date_trunc", 2, 1, {T("month")}},
    {"date_trunc", 2, 1, {T("quarter")}},
    {"date_trunc", 2, 1, {T("year")}},
    {"date_part", 2, 1, {T("year")}},
    {"date_part", 2, 1, {T("quarter")}},
    {"date_part", 2, 1, {T("month")}},
    {"date_part", 2, 1, {T("day")}},
    {"date_part", 2, 1, {T("dow")}},
    {"date_part", 2, 1, {T("isodow")}},
    {"strftime", 2, 1, {T("%W")}},
};

static void vector_forms_agree_with_exact_ones(void **state)
{
    uint32_t answered[countof(forms)] = {0};

    (void)state;
    for (int round = 0; round < 40; round++)
        for (int kind = 0; kind < KIND_COUNT; kind++)
            for (size_t i = 0; i < countof(forms); i++) {
                uint32_t          rows = 1 + (uint32_t)random_below(300);
                struct arena_mark mark = arena_mark(&arena);

                fill_batch((enum batch_kind)kind, rows);
                select_rows(rows);
                answered[i] +=
                    check_form(forms[i].name, forms[i].constants, forms[i].argc, forms[i].at);
                arena_release(&arena, mark);
            }
    for (size_t i = 0; i < countof(forms); i++)
        if (answered[i] == 0 && strcmp(forms[i].name, "substr") != 0 &&
            forms[i].constants[0].bytes != 2)
            fail_msg("%s (form %zu) never ran as a vector", forms[i].name, i);
}

/* A pattern taken apart matches what the pattern matches. */
static void prepared_patterns_agree(void **state)
{
    static const char *const pieces[] = {"%",  "%",     "_",        "a", "b",
                                         "ab", "Green", "\xc3\xa4", "!", "p"};

    (void)state;
    for (int i = 0; i < 200000; i++) {
        char                pattern[64] = "", text[64];
        size_t              bytes = random_text(i % 2 ? ASCII : NASTY, text);
        uint32_t            escape = random_below(4) == 0 ? '!' : 0;
        bool                case_sensitive = random_below(3) == 0;
        struct like_matcher matcher;

        for (uint64_t n = random_below(6); n > 0; n--)
            strcat(pattern, pieces[random_below(countof(pieces))]);
        like_prepare(&matcher, NULL, pattern, strlen(pattern), escape, case_sensitive);
        if (like_matches(&matcher, text, bytes, false) !=
            text_like(NULL, pattern, strlen(pattern), text, bytes, escape, case_sensitive))
            fail_msg("'%s' LIKE '%s'", text, pattern);
    }
}

/* Around the 16 bytes of a block. */
static void pieces_are_found_at_every_place(void **state)
{
    char text[80];

    (void)state;
    for (size_t bytes = 3; bytes < sizeof text; bytes++)
        for (size_t at = 0; at + 3 <= bytes; at++) {
            struct like_matcher matcher;

            memset(text, 'n', sizeof text);
            memcpy(text + at, "NeE", 3);
            like_prepare(&matcher, NULL, "%nee%", 5, 0, false);
            assert_true(like_matches(&matcher, text, bytes, true));
            text[at + 1] = '`';
            assert_false(like_matches(&matcher, text, bytes, true));
        }
}

static int set_up(void **state)
{
    (void)state;
    memory_init(&memory, 0);
    arena_init(&arena, &memory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return atomic_load(&memory.used) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vector_forms_agree_with_exact_ones),
        cmocka_unit_test(prepared_patterns_agree),
        cmocka_unit_test(pieces_are_found_at_every_place),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
