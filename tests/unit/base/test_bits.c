/* test_bits.c - bit sets as lists. */
#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void lists_hold_every_set_bit_in_order(void **state)
{
    static const uint32_t sizes[] = {0, 1, 7, 8, 9, 63, 64, 65, 130, 2041, 2047, 2048};
    uint64_t              random = 88172645463325252u;

    (void)state;
    for (int round = 0; round < 200; round++) {
        uint32_t  n = sizes[(uint32_t)round % (sizeof sizes / sizeof sizes[0])], count, at = 0;
        uint64_t  words[33] = {0};
        uint16_t *list =
            malloc((n + 7) / 8 * 8 * sizeof *list + 1); /* no more room than promised */

        for (uint32_t i = 0; i < n; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            bits_put(words, i, (random >> 40) % 4 < (uint32_t)round % 5);
        }
        count = bits_list(words, n, list);
        assert_int_equal(count, bits_count(words, n));
        for (BITS_EACH(i, words, n))
            assert_int_equal(list[at++], i);
        assert_int_equal(at, count);
        free(list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_hold_every_set_bit_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
