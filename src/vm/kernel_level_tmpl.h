/* kernel_level_tmpl.h - all kernels and their table, compiled once an instruction set.
 * Wants KERNELS (the table's name) and KERNELS_NAME. */
#include "vm/kernel.h"

#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Bit i = the top bit of bytes[i]. */
static inline uint64_t pack_bytes(const uint8_t *bytes)
{
    uint64_t word = 0;
#if defined(__SSE2__)
    for (int i = 0; i < 4; i++) {
        __m128i  part = _mm_load_si128((const __m128i *)(const void *)(bytes + i * 16));
        uint64_t bits = (uint16_t)_mm_movemask_epi8(part);

        word |= bits << (i * 16);
    }
#else
    for (int i = 0; i < 8; i++) {
        uint64_t eight;

        memcpy(&eight, bytes + i * 8, 8);
        eight = eight >> 7 & UINT64_C(0x0101010101010101);
        word |= (eight * UINT64_C(0x0102040810204080) >> 56) << (i * 8);
    }
#endif
    return word;
}

static inline bool mul_overflows(int64_t a, int64_t b)
{
    int64_t product;

    return __builtin_mul_overflow(a, b, &product);
}

#define FN(op, type) op##_##type##_vv
#define A(i) pa[i]
#define B(i) pb[i]
#include "vm/kernel_arith_tmpl.h"
#define FN(op, type) op##_##type##_vc
#define A(i) pa[i]
#define B(i) pb[0]
#include "vm/kernel_arith_tmpl.h"
#define FN(op, type) op##_##type##_cv
#define A(i) pa[0]
#define B(i) pb[i]
#include "vm/kernel_arith_tmpl.h"

#define FN(name) i8_##name
#define CTYPE int8_t
#include "vm/kernel_compare_tmpl.h"
#define FN(name) i16_##name
#define CTYPE int16_t
#include "vm/kernel_compare_tmpl.h"
#define FN(name) i32_##name
#define CTYPE int32_t
#include "vm/kernel_compare_tmpl.h"
#define FN(name) i64_##name
#define CTYPE int64_t
#include "vm/kernel_compare_tmpl.h"
#define FN(name) f64_##name
#define CTYPE double
#include "vm/kernel_compare_tmpl.h"

#define FN(name) u8_##name
#define CTYPE uint8_t
#include "vm/kernel_code_tmpl.h"
#define FN(name) u16_##name
#define CTYPE uint16_t
#include "vm/kernel_code_tmpl.h"
#define FN(name) u32_##name
#define CTYPE uint32_t
#include "vm/kernel_code_tmpl.h"

#define WIDEN(name, ctype)                                                                         \
    static void name##_to_i64(const void *values, int64_t base, int64_t *out, uint32_t n)          \
    {                                                                                              \
        const ctype *p = values;                                                                   \
        for (uint32_t i = 0; i < n; i++)                                                           \
            out[i] = (int64_t)((uint64_t)base + (uint64_t)(int64_t)p[i]);                          \
    }                                                                                              \
    static void name##_to_f64(const void *values, int64_t base, double divisor, double *out,       \
                              uint32_t n)                                                          \
    {                                                                                              \
        const ctype *p = values;                                                                   \
        (void)divisor;                                                                             \
        for (uint32_t i = 0; i < n; i++)                                                           \
            out[i] = (double)(int64_t)((uint64_t)base + (uint64_t)(int64_t)p[i]);                  \
    }
#define DECIMAL(name, ctype)                                                                       \
    static void name##_dec_to_f64(const void *values, int64_t base, double divisor, double *out,   \
                                  uint32_t n)                                                      \
    {                                                                                              \
        const ctype *p = values;                                                                   \
        (void)base;                                                                                \
        for (uint32_t i = 0; i < n; i++)                                                           \
            out[i] = (double)p[i] / divisor;                                                       \
    }
WIDEN(i8, int8_t)
WIDEN(i16, int16_t)
WIDEN(i32, int32_t)
WIDEN(i64, int64_t)
DECIMAL(i16, int16_t)
DECIMAL(i32, int32_t)
DECIMAL(i64, int64_t)
#undef WIDEN
#undef DECIMAL

#include "vm/kernel_sum_tmpl.h"

#define COMPARES(type, suffix)                                                                     \
    {                                                                                              \
        [COMPARE_EQ] = type##_eq_##suffix, [COMPARE_NE] = type##_ne_##suffix,                      \
        [COMPARE_LT] = type##_lt_##suffix, [COMPARE_LE] = type##_le_##suffix,                      \
        [COMPARE_GT] = type##_gt_##suffix, [COMPARE_GE] = type##_ge_##suffix                       \
    }
#define COMPARE_TYPES(suffix)                                                                      \
    {                                                                                              \
        [PHYS_I8] = COMPARES(i8, suffix), [PHYS_I16] = COMPARES(i16, suffix),                      \
        [PHYS_I32] = COMPARES(i32, suffix), [PHYS_I64] = COMPARES(i64, suffix),                    \
        [PHYS_F64] = COMPARES(f64, suffix), [PHYS_DEC16] = COMPARES(i16, suffix),                  \
        [PHYS_DEC32] = COMPARES(i32, suffix), [PHYS_DEC64] = COMPARES(i64, suffix),                \
        [PHYS_DAY32] = COMPARES(i32, suffix)                                                       \
    }

const struct kernels KERNELS = {
    .name = KERNELS_NAME,
    .compare_constant = COMPARE_TYPES(c),
    .compare_vectors = COMPARE_TYPES(v),
#define ARITH(op, real, wrapped, overflow)                                                         \
    .arith_i64[ARITH_##op] = {op##_i64_vv, op##_i64_vc, op##_i64_cv},                              \
    .arith_i64_unchecked[ARITH_##op] = {op##_i64_unchecked_vv, op##_i64_unchecked_vc,              \
                                        op##_i64_unchecked_cv},                                    \
    .arith_f64[ARITH_##op] = {op##_f64_vv, op##_f64_vc, op##_f64_cv},
#include "vm/kernel_arith.def"
#undef ARITH
    .code_range = {u8_range, u16_range, u32_range},
    .code_table = {u8_table, u16_table, u32_table},
    .to_i64 = {[PHYS_I8] = i8_to_i64,
               [PHYS_I16] = i16_to_i64,
               [PHYS_I32] = i32_to_i64,
               [PHYS_I64] = i64_to_i64},
    .to_f64 = {[PHYS_I8] = i8_to_f64,
               [PHYS_I16] = i16_to_f64,
               [PHYS_I32] = i32_to_f64,
               [PHYS_I64] = i64_to_f64,
               [PHYS_DEC16] = i16_dec_to_f64,
               [PHYS_DEC32] = i32_dec_to_f64,
               [PHYS_DEC64] = i64_dec_to_f64},
    .sum_columns = sum_columns,
};
