/* suite_kernel.c - the inner loops alone: one batch of 2,048 values that stays in cache, by the
 * table of the machine at hand
 * ("stoa") and by the portable one ("stoa-base").  Nanoseconds a row are the time divided by 2,048
 * times ROUNDS. */
#include "bench.h"
#include "vm/kernel.h"

#include <stdio.h>

enum { ROUNDS = 64 };

static struct batch { /* operands and results, aligned as registers are */
    _Alignas(64) int64_t i64[VECTOR_CAP];
    _Alignas(64) double f64[VECTOR_CAP];
    _Alignas(64) int8_t i8[VECTOR_CAP];
    _Alignas(64) int32_t i32[VECTOR_CAP];
    _Alignas(64) uint8_t codes[VECTOR_CAP];
    _Alignas(64) int64_t out_i64[VECTOR_CAP];
    _Alignas(64) double out_f64[VECTOR_CAP];
    uint64_t mask[VECTOR_WORDS];
} batch;

typedef void kernel_case(const struct kernels *table);

static void add_i64(const struct kernels *table)
{
    table->arith_i64[ARITH_add][SHAPE_VV](batch.i64, batch.i64, batch.out_i64, VECTOR_CAP);
}

static void multiply_f64(const struct kernels *table)
{
    table->arith_f64[ARITH_mul][SHAPE_VV](batch.f64, batch.f64, batch.out_f64, VECTOR_CAP);
}

static void compare_i8_constant(const struct kernels *table)
{
    static const int8_t constant = 3;

    table->compare_constant[PHYS_I8][COMPARE_LT](batch.i8, &constant, VECTOR_WORDS, batch.mask);
}

static void compare_i32_constant(const struct kernels *table)
{
    static const int32_t constant = 1000;

    table->compare_constant[PHYS_I32][COMPARE_LT](batch.i32, &constant, VECTOR_WORDS, batch.mask);
}

static void code_range(const struct kernels *table)
{
    table->code_range[kernel_code_width(1)](batch.codes, 10, 90, VECTOR_WORDS, batch.mask);
}

static void decimal_to_f64(const struct kernels *table)
{
    table->to_f64[PHYS_DEC32](batch.i32, 0, 1e6, batch.out_f64, VECTOR_CAP);
}

static void widen_i8(const struct kernels *table)
{
    table->to_i64[PHYS_I8](batch.i8, 100, batch.out_i64, VECTOR_CAP);
}

static const struct {
    const char  *name;
    kernel_case *run;
} kernel_cases[] = {
    {"add-i64", add_i64},
    {"multiply-f64", multiply_f64},
    {"compare-i8-constant", compare_i8_constant},
    {"compare-i32-constant", compare_i32_constant},
    {"code-range-u8", code_range},
    {"decimal-to-f64", decimal_to_f64},
    {"widen-i8", widen_i8},
};

static struct kernel_run {
    const struct kernels *table;
    kernel_case          *run;
} runs[2 * countof(kernel_cases)];

static bool kernel_rounds(void *argument)
{
    const struct kernel_run *run = argument;

    for (int i = 0; i < ROUNDS; i++)
        run->run(run->table);
    return true;
}

void suite_kernel(const struct bench_options *options)
{
    size_t used = 0;

    (void)options;
    for (int i = 0; i < VECTOR_CAP; i++) {
        batch.i64[i] = i * 7919;
        batch.f64[i] = i * 0.37;
        batch.i8[i] = (int8_t)(i * 31 % 120);
        batch.i32[i] = i * 7919 % 100000;
        batch.codes[i] = (uint8_t)(i * 31 % 100);
    }
    for (size_t c = 0; c < countof(kernel_cases); c++)
        for (int portable = 0; portable < 2; portable++) {
            char              name[128];
            struct bench_case added = {.name = name, .run = kernel_rounds, .argument = &runs[used]};

            runs[used++] =
                (struct kernel_run){portable ? &kernels_base : kernel, kernel_cases[c].run};
            snprintf(name, sizeof name, "kernel/%s/%s", kernel_cases[c].name,
                     portable ? "stoa-base" : "stoa");
            bench_add(&added);
        }
}
