/* kernel.c - which kernels this machine runs, and comparisons of encoded integers. */
#include "vm/kernel.h"

#include <assert.h>
#include <string.h>

const struct kernels *kernel = &kernels_base;

/* Before main, so that no thread can see the pointer change. */
__attribute__((constructor)) static void kernel_choose(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (kernels_v3 != NULL && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"))
        kernel = kernels_v3;
#endif
}

static void mask_fill(uint64_t *mask, uint32_t words, bool on)
{
    memset(mask, on ? 0xff : 0, words * sizeof *mask);
}

void kernel_compare_payload(const struct vector *v, enum compare_op op, int64_t c, uint32_t words,
                            uint64_t *mask)
{
    int64_t limit = phys_bytes[v->type] == 8   ? INT64_MAX
                    : phys_bytes[v->type] == 4 ? INT32_MAX
                    : phys_bytes[v->type] == 2 ? INT16_MAX
                                               : INT8_MAX;
    union {
        int8_t  i8;
        int16_t i16;
        int32_t i32;
        int64_t i64;
    } constant;

    assert(v->shape == VECTOR_FLAT && v->type != PHYS_F64);
    if (c > limit || c < -limit - 1) { /* every payload lies on one side */
        mask_fill(mask, words, compare_result(op, c > 0 ? -1 : 1));
        return;
    }
    switch (phys_bytes[v->type]) {
    case 1:
        constant.i8 = (int8_t)c;
        break;
    case 2:
        constant.i16 = (int16_t)c;
        break;
    case 4:
        constant.i32 = (int32_t)c;
        break;
    default:
        constant.i64 = c;
    }
    kernel->compare_constant[v->type][op](v->values, &constant, words, mask);
}

/* base + i op c for every i: the rows up to a boundary and those behind it. */
static void compare_sequence(const struct vector *v, enum compare_op op, int64_t c, uint32_t words,
                             uint64_t *mask)
{
    for (uint32_t w = 0; w < words; w++) {
        uint64_t word = 0;

        for (uint32_t i = 0; i < 64; i++) {
            int64_t value = v->base + (int64_t)(w * 64 + i);

            word |= (uint64_t)compare_result(op, (value > c) - (value < c)) << i;
        }
        mask[w] = word;
    }
}

bool kernel_compare_int(const struct vector *v, enum compare_op op, int64_t c, uint32_t words,
                        uint64_t *mask)
{
    int64_t payload;

    if (v->shape == VECTOR_SEQUENCE) {
        compare_sequence(v, op, c, words, mask);
        return true;
    }
    if (v->shape != VECTOR_FLAT || phys_class[v->type] != CLASS_INTEGER)
        return false;
    if (__builtin_sub_overflow(c, v->base, &payload)) /* beyond every value of the vector */
        mask_fill(mask, words, compare_result(op, c > 0 ? -1 : 1));
    else
        kernel_compare_payload(v, op, payload, words, mask);
    return true;
}
