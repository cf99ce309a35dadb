/* test_memory.c - the account: what a limit refuses, blocks that grow and come back, and what the
 * process holds when much was freed. */
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MB ((size_t)1 << 20)

static void a_limit_refuses_and_counts(void **state)
{
    struct memory memory;
    void         *large, *small;

    (void)state;
    memory_init(&memory, 64 * MB);
    large = memory_alloc(&memory, 40 * MB);
    assert_non_null(large);
    assert_null(memory_alloc(&memory, 30 * MB));
    small = memory_zalloc(&memory, 20 * MB);
    assert_non_null(small);
    assert_false(memory_claim(&memory, 5 * MB));
    assert_true(memory_claim(&memory, 4 * MB));
    assert_int_equal(memory.used, 64 * MB);
    assert_null(memory_realloc(&memory, large, 40 * MB, 41 * MB));
    memory_unclaim(&memory, 4 * MB);
    memory_free(&memory, large, 40 * MB);
    memory_free(&memory, small, 20 * MB);
    assert_int_equal(memory.used, 0);
    assert_int_equal(memory.mapped, 0);
    memory_trim(&memory);
    assert_int_equal(memory.kept.bytes, 0);
}

static void check_bytes(const uint8_t *block, size_t bytes, size_t zero_from)
{
    for (size_t at = 0; at < bytes; at += 997)
        if (block[at] != (at < zero_from ? (uint8_t)(at / 997 + 1) : 0))
            fail_msg("byte %zu of %zu is %d", at, bytes, block[at]);
}

static void fill_bytes(uint8_t *block, size_t from, size_t bytes)
{
    for (size_t at = (from + 996) / 997 * 997; at < bytes; at += 997)
        block[at] = (uint8_t)(at / 997 + 1);
}

/* From the heap to mappings and back, over every size on the way. */
static void blocks_keep_their_content(void **state)
{
    static const size_t sizes[] = {100,        5000,       3 * MB,      5 * MB,  33 * MB,
                                   5 * MB + 7, 4 * MB + 1, 9 * MB,      64 * MB, MB,
                                   4096,       17 * MB,    15 * MB + 5, 12};
    struct memory       memory;
    uint8_t            *block;
    size_t              bytes = sizes[0];

    (void)state;
    memory_init(&memory, 0);
    for (int round = 0; round < 3; round++) { /* the second one meets kept blocks */
        block = memory_alloc(&memory, bytes);
        fill_bytes(block, 0, bytes);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            block = memory_realloc(&memory, block, bytes, sizes[i]);
            assert_non_null(block);
            check_bytes(block, bytes < sizes[i] ? bytes : sizes[i], SIZE_MAX);
            fill_bytes(block, bytes < sizes[i] ? bytes : sizes[i], sizes[i]);
            bytes = sizes[i];
            assert_int_equal(memory.used, bytes);
        }
        memory_free(&memory, block, bytes);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        block = memory_zalloc(&memory, sizes[i]);
        check_bytes(block, sizes[i], 0);
        fill_bytes(block, 0, sizes[i]); /* which a kept block must not show again */
        memory_free(&memory, block, sizes[i]);
    }
    assert_int_equal(memory.used, 0);
    memory_trim(&memory);
}

/* --- what the process holds
 * ----------------------------------------------------------------------- */
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static size_t resident(void)
{
    FILE         *file = fopen("/proc/self/statm", "r");
    unsigned long all = 0, pages = 0;

    if (file == NULL || fscanf(file, "%lu %lu", &all, &pages) != 2)
        pages = 0;
    if (file != NULL)
        fclose(file);
    return pages * 4096;
}

enum { BLOCKS = 6000 };

/* Blocks in the heap are freed but for some that keep it from shrinking; then large ones come. */
static void freed_heap_goes_back_before_the_limit_is_passed(void **state)
{
    enum { BYTES = 16000 };
    static void  *blocks[BLOCKS];
    struct memory memory;
    size_t        before = resident(), bytes = 80 * MB;
    void         *large;

    (void)state;
    memory_init(&memory, 100 * MB);
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = memory_alloc(&memory, BYTES);
        memset(blocks[i], 1, BYTES);
    }
    for (int i = 0; i < BLOCKS; i++)
        if (i % 50 != 49)
            memory_free(&memory, blocks[i], BYTES);
    large = memory_alloc(&memory, bytes);
    assert_non_null(large);
    memset(large, 1, bytes);
    if (resident() > before + 116 * MB)
        fail_msg("%zu MB", (resident() - before) / MB);
    memory_free(&memory, large, bytes);
    for (int i = 49; i < BLOCKS; i += 50)
        memory_free(&memory, blocks[i], BYTES);
    memory_trim(&memory);
}
#else
static void freed_heap_goes_back_before_the_limit_is_passed(void **state)
{
    (void)state;
    skip();
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limit_refuses_and_counts),
        cmocka_unit_test(blocks_keep_their_content),
        cmocka_unit_test(freed_heap_goes_back_before_the_limit_is_passed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
