/* kernel_arith_tmpl.h - the loops of + - *, included once a shape by kernel_level_tmpl.h.
 * Wants FN(op, type), A(i), B(i); undefines them. */
#define ARITH(op, real, wrapped, overflow)                                                         \
    static bool FN(op, i64)(const void *va, const void *vb, void *vout, uint32_t n)                \
    {                                                                                              \
        const int64_t *pa = va, *pb = vb;                                                          \
        int64_t       *out = vout, any = 0;                                                        \
        for (uint32_t i = 0; i < n; i++) {                                                         \
            int64_t a = A(i), b = B(i), s = wrapped;                                               \
            any |= overflow; /* no branch, no flag: both compilers vectorise */                    \
            out[i] = s;                                                                            \
        }                                                                                          \
        return any < 0;                                                                            \
    }                                                                                              \
    static bool FN(op, i64_unchecked)(const void *va, const void *vb, void *vout, uint32_t n)      \
    {                                                                                              \
        const int64_t *pa = va, *pb = vb;                                                          \
        int64_t       *out = vout;                                                                 \
        for (uint32_t i = 0; i < n; i++) {                                                         \
            int64_t a = A(i), b = B(i);                                                            \
            out[i] = wrapped;                                                                      \
        }                                                                                          \
        return false;                                                                              \
    }                                                                                              \
    static bool FN(op, f64)(const void *va, const void *vb, void *vout, uint32_t n)                \
    {                                                                                              \
        const double *pa = va, *pb = vb;                                                           \
        double       *out = vout;                                                                  \
        int64_t       any = 0;                                                                     \
        for (uint32_t i = 0; i < n; i++) {                                                         \
            double a = A(i), b = B(i), r = real;                                                   \
            any |= r != r;                                                                         \
            out[i] = r;                                                                            \
        }                                                                                          \
        return any != 0;                                                                           \
    }
#include "vm/kernel_arith.def"
#undef ARITH
#undef FN
#undef A
#undef B
