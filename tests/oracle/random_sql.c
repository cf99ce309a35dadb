/* random_sql.c - dice, nodes, and the shrinker of random statements. */
#include "tests/oracle/random_internal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POOL_BYTES = 8 << 20 };

/* --- randomness
 * ----------------------------------------------------------------------------------- */
static uint64_t next_u64(struct random_sql *random)
{
    uint64_t a = random->state[0], b = random->state[1];

    random->state[0] = b;
    a ^= a << 23;
    random->state[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
    return random->state[1] + b;
}

uint32_t random_below(struct random_sql *random, uint32_t n)
{
    return (uint32_t)(((next_u64(random) >> 32) * n) >> 32);
}

bool chance(struct random_sql *random, uint32_t percent)
{
    return random_below(random, 100) < percent;
}

const char *pick(struct random_sql *random, const char *const *list, size_t n)
{
    return list[random_below(random, (uint32_t)n)];
}
void random_sql_init(struct random_sql *random, uint64_t seed)
{
    memset(random, 0, sizeof *random);
    random->state[0] = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    random->state[1] = seed ^ UINT64_C(0xd1b54a32d192ed03);
    for (int i = 0; i < 8; i++)
        next_u64(random);
    random->work_max = WORK_MAX;
    random->pool_bytes = POOL_BYTES;
    random->pool = malloc(random->pool_bytes);
    if (random->pool == NULL) {
        fprintf(stderr, "random_sql: out of memory\n");
        exit(2);
    }
}

void random_sql_free(struct random_sql *random)
{
    free(random->pool);
}

/* --- nodes
 * ------------------------------------------------------------------------------------------ */
void *pool_alloc(struct random_sql *random, size_t bytes)
{
    void *block = random->pool + random->pool_used;

    bytes = (bytes + 15) & ~(size_t)15;
    assert(random->pool_used + bytes <= random->pool_bytes);
    random->pool_used += bytes;
    return block;
}

const char *pool_printf(struct random_sql *random, const char *format, ...)
{
    char    text[1024], *copy;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    copy = pool_alloc(random, strlen(text) + 1);
    strcpy(copy, text);
    return copy;
}

struct node *node_new(struct random_sql *random, enum node_sort sort, const char *format,
                      uint32_t count, ...)
{
    struct node *node = pool_alloc(random, sizeof *node);
    va_list      args;

    *node = (struct node){.format = format, .sort = sort, .count = count};
    va_start(args, count);
    for (uint32_t i = 0; i < count; i++)
        node->children[i] = va_arg(args, struct node *);
    va_end(args);
    return node;
}
static void print_char(struct printer *printer, char c)
{
    if (printer->bytes + 1 >= printer->capacity) {
        printer->capacity = printer->capacity == 0 ? 1024 : printer->capacity * 2;
        printer->text = realloc(printer->text, printer->capacity);
        if (printer->text == NULL)
            exit(2);
    }
    printer->text[printer->bytes++] = c;
    printer->text[printer->bytes] = '\0';
}

void print_text(struct printer *printer, const char *text)
{
    for (; *text != '\0'; text++)
        print_char(printer, *text);
}

void node_print_to(const struct node *node, struct printer *printer)
{
    uint32_t child = 0;

    for (const char *f = node->format; *f != '\0'; f++) {
        if (*f == '@' && child < node->count)
            node_print_to(node->children[child++], printer);
        else
            print_char(printer, *f);
    }
}

char *node_print(const struct node *node)
{
    struct printer printer = {0};

    print_char(&printer, ' ');
    printer.bytes = 0;
    node_print_to(node, &printer);
    return printer.text;
}

/* --- shrinking
 * -------------------------------------------------------------------------------------------- */
static bool still_fails(const struct node *root, bool (*fails)(const char *, void *), void *data)
{
    char *text = node_print(root);
    bool  result = fails(text, data);

    free(text);
    return result;
}

/* Tries to make node smaller; true if something was kept. */
static bool node_try(struct random_sql *random, struct node *root, struct node *node,
                     bool (*fails)(const char *, void *), void *data)
{
    static const char *const literals[] = {"NULL", "1", "'a'"};
    struct node              saved = *node;

    if (node->count == 0 && (node->sort != SORT_CLAUSE || node->format[0] == '\0'))
        return false;
    if (node->sort == SORT_CLAUSE) {
        *node = (struct node){.format = "", .sort = SORT_CLAUSE};
        if (still_fails(root, fails, data))
            return true;
        *node = saved;
        return false;
    }
    if (node->sort != SORT_EXPR)
        return false;
    for (uint32_t i = 0; i < saved.count; i++) {
        *node = *saved.children[i];
        if (node->sort == SORT_EXPR && still_fails(root, fails, data))
            return true;
    }
    for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++) {
        *node = (struct node){.format = literals[i], .sort = SORT_EXPR};
        if (still_fails(root, fails, data))
            return true;
    }
    *node = saved;
    (void)random;
    return false;
}

static bool node_walk(struct random_sql *random, struct node *root, struct node *node,
                      bool (*fails)(const char *, void *), void *data)
{
    bool changed = node_try(random, root, node, fails, data);

    for (uint32_t i = 0; i < node->count; i++)
        changed |= node_walk(random, root, node->children[i], fails, data);
    return changed;
}

void node_shrink(struct random_sql *random, struct node *root, bool (*fails)(const char *, void *),
                 void *data)
{
    for (int round = 0; round < 20 && node_walk(random, root, root, fails, data); round++)
        ;
}
