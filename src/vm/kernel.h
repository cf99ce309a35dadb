/* kernel.h - loops over the arrays of vectors: comparison to masks, arithmetic, conversion.
 *
 * Kernels take pointers and counts, know no selection and no NULLs, allocate nothing and cannot
 * fail.  They run over whole 64-row words, also over rows that are NULL or inactive: vectors can be
 * read that far and callers mask the results.  The same source (kernel_*_tmpl.h) is compiled once
 * for every x86-64 and once for AVX2 (kernel_base.c, kernel_v3.c); `kernel` is the table for the
 * machine at hand. */
#ifndef STOA_VM_KERNEL_H
#define STOA_VM_KERNEL_H

#include "store/vector.h"
#include "vm/compare.h"

enum kernel_arith_op {
#define ARITH(op, real, wrapped, overflow) ARITH_##op,
#include "vm/kernel_arith.def"
#undef ARITH
    ARITH_COUNT
};
enum kernel_shape { /* of two operands */
                    SHAPE_VV,
                    SHAPE_VC,
                    SHAPE_CV,
                    SHAPE_PAIR_COUNT
};

/* mask bit i = values[i] op *constant (both of the type's payload), for words * 64 rows. */
typedef void kernel_compare_constant(const void *values, const void *constant, uint32_t words,
                                     uint64_t *mask);
/* mask bit i = a[i] op b[i]. */
typedef void kernel_compare_vectors(const void *a, const void *b, uint32_t words, uint64_t *mask);
/* out[i] = a[i] op b[i], i < n (rounded up to 64).  True if a row may have overflowed (I64) or
 * become NaN (F64); a NULL row's leftover slot can raise it too. */
typedef bool kernel_arith(const void *a, const void *b, void *out, uint32_t n);
/* mask bit i = low <= codes[i] <= high. */
typedef void kernel_code_range(const void *codes, uint32_t low, uint32_t high, uint32_t words,
                               uint64_t *mask);
/* bit i of ones[b] = bit b of table[codes[i]], b = 0, 1.  Codes of NULL rows are below the table's
 * length too. */
typedef void kernel_code_table(const void *codes, const uint8_t *table, uint32_t words,
                               uint64_t *true_, uint64_t *null);
typedef void kernel_to_i64(const void *values, int64_t base, int64_t *out, uint32_t n);
/* base + payload as a double, or payload / divisor. */
typedef void kernel_to_f64(const void *values, int64_t base, double divisor, double *out,
                           uint32_t n);
/* Sums of REALs of up to SUM_LANES columns, side by side in a group: column c's is sum[c] with the
 * error term error[c] (vm/aggregate_sum.h). */
enum { SUM_LANES = 8, SUM_HALF = 4 };
struct sum_lanes {
    _Alignas(64) double sum[SUM_LANES];
    double error[SUM_LANES];
};
/* lanes[groups[k]] takes columns[c][row], the rows one after the other, k < n: row is rows[k] -
 * first, or k if rows is NULL; groups NULL: all are group 0.  All SUM_LANES columns are there, or
 * (half) the first SUM_HALF. */
typedef void kernel_sum_columns(const double *const columns[SUM_LANES], bool half,
                                const uint16_t *rows, uint32_t first, const uint32_t *groups,
                                uint32_t n, struct sum_lanes *lanes);

struct kernels {
    const char              *name;
    kernel_compare_constant *compare_constant[PHYS_COUNT][COMPARE_COUNT];
    kernel_compare_vectors  *compare_vectors[PHYS_COUNT][COMPARE_COUNT];
    kernel_arith            *arith_i64[ARITH_COUNT][SHAPE_PAIR_COUNT];
    kernel_arith            *arith_i64_unchecked[ARITH_COUNT][SHAPE_PAIR_COUNT];
    kernel_arith            *arith_f64[ARITH_COUNT][SHAPE_PAIR_COUNT];
    kernel_code_range       *code_range[3]; /* u8 u16 u32 */
    kernel_code_table       *code_table[3];
    kernel_to_i64           *to_i64[PHYS_COUNT];
    kernel_to_f64           *to_f64[PHYS_COUNT];
    kernel_sum_columns      *sum_columns;
};
extern const struct kernels        kernels_base;
extern const struct kernels *const kernels_v3; /* NULL: not built for this target */
extern const struct kernels       *kernel;     /* set when the program starts */

/* Index of code_range and code_table for a width of 1, 2 or 4 bytes. */
static inline uint32_t kernel_code_width(uint8_t code_bytes)
{
    return code_bytes == 1 ? 0 : code_bytes == 2 ? 1 : 2;
}

/* mask = payload op c for a FLAT vector of encoded integers, DEC or DAY32; c may lie outside the
 * payload's range. */
void kernel_compare_payload(const struct vector *v, enum compare_op op, int64_t c, uint32_t words,
                            uint64_t *mask);
/* The same for the INTEGER values base + payload; SEQUENCE too. */
bool kernel_compare_int(const struct vector *v, enum compare_op op, int64_t c, uint32_t words,
                        uint64_t *mask);

#endif
