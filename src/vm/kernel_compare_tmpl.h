/* kernel_compare_tmpl.h - comparison to masks, included once a payload type by kernel_level_tmpl.h.
 * Wants FN(name), CTYPE; undefines them.  Rows become bytes first (compilers vectorise that for
 * every width), 64 bytes then become a word. */
#define COMPARE_LOOP(name, sign)                                                                   \
    static void FN(name##_c)(const void *values, const void *constant, uint32_t words,             \
                             uint64_t *mask)                                                       \
    {                                                                                              \
        const CTYPE *p = values, c = *(const CTYPE *)constant;                                     \
        for (uint32_t w = 0; w < words; w++, p += 64) {                                            \
            _Alignas(64) uint8_t bytes[64];                                                        \
            for (uint32_t i = 0; i < 64; i++)                                                      \
                bytes[i] = p[i] sign c ? 0xff : 0;                                                 \
            mask[w] = pack_bytes(bytes);                                                           \
        }                                                                                          \
    }                                                                                              \
    static void FN(name##_v)(const void *a, const void *b, uint32_t words, uint64_t *mask)         \
    {                                                                                              \
        const CTYPE *p = a, *q = b;                                                                \
        for (uint32_t w = 0; w < words; w++, p += 64, q += 64) {                                   \
            _Alignas(64) uint8_t bytes[64];                                                        \
            for (uint32_t i = 0; i < 64; i++)                                                      \
                bytes[i] = p[i] sign q[i] ? 0xff : 0;                                              \
            mask[w] = pack_bytes(bytes);                                                           \
        }                                                                                          \
    }
COMPARE_LOOP(eq, ==)
COMPARE_LOOP(ne, !=)
COMPARE_LOOP(lt, <)
COMPARE_LOOP(le, <=)
COMPARE_LOOP(gt, >)
COMPARE_LOOP(ge, >=)
#undef COMPARE_LOOP
#undef FN
#undef CTYPE
