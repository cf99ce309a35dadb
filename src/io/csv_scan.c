/* csv_scan.c - the scanner for AVX2 with carry-less multiplication, and portably. */
#include "io/csv_scan.h"

#include <string.h>

struct scan_masks {
    uint64_t delimiter, newline, quote, carriage;
    uint64_t special; /* bytes >= 0x80 or NUL */
};

void csv_scan_reset(struct csv_scan *scan)
{
    scan->end_count = scan->row_count = scan->position = 0;
    scan->in_quotes = scan->after_close = scan->after_return = 0;
    scan->after_end = 1;
    scan->irregular = scan->quoted = scan->doubled = scan->not_ascii = scan->breaks = false;
}

/* --- portable --------------------------------------------------------------------------------- */
#define LOW UINT64_C(0x7f7f7f7f7f7f7f7f)
#define ONES UINT64_C(0x0101010101010101)

/* One bit per byte of word: bit 7 of byte i to bit i (the multiplication gathers them). */
static inline uint64_t word_top_bits(uint64_t word)
{
    return (((word >> 7) & ONES) * UINT64_C(0x0102040810204080)) >> 56;
}

static inline uint64_t word_equal(uint64_t word, char c)
{
    uint64_t x = word ^ ONES * (unsigned char)c;

    return word_top_bits(~(((x & LOW) + LOW) | x | LOW)); /* exact: no carry between bytes */
}

static inline uint64_t prefix_xor_portable(uint64_t word)
{
    word ^= word << 1;
    word ^= word << 2;
    word ^= word << 4;
    word ^= word << 8;
    word ^= word << 16;
    word ^= word << 32;
    return word;
}

static inline void scan_masks_portable(const char *data, const struct csv_scan *scan,
                                       struct scan_masks *m)
{
    memset(m, 0, sizeof *m);
    for (int i = 0; i < 8; i++) {
        uint64_t word;
        int      shift = i * 8;

        memcpy(&word, data + shift, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        m->delimiter |= word_equal(word, scan->delimiter) << shift;
        m->newline |= word_equal(word, '\n') << shift;
        if (scan->quote != '\0')
            m->quote |= word_equal(word, scan->quote) << shift;
        m->carriage |= word_equal(word, '\r') << shift;
        m->special |= (word_top_bits(word) | word_equal(word, '\0')) << shift;
    }
}

#define SCAN_RUN csv_scan_run_portable
#define SCAN_EMIT scan_emit_portable
#define SCAN_TARGET
#define SCAN_MASKS scan_masks_portable
#define SCAN_PREFIX_XOR prefix_xor_portable
#include "io/csv_scan_tmpl.h"

/* --- AVX2 ------------------------------------------------------------------------------------- */
#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,pclmul,lzcnt")))

AVX2 static inline uint64_t prefix_xor_clmul(uint64_t word)
{
    __m128i all = _mm_set1_epi8((char)0xff);

    return (uint64_t)_mm_cvtsi128_si64(
        _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)word), all, 0));
}

AVX2 static inline uint64_t equal_mask(__m256i low, __m256i high, char c)
{
    __m256i  key = _mm256_set1_epi8(c);
    uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, key));
    uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, key));

    return a | (uint64_t)b << 32;
}

AVX2 static inline void scan_masks_avx2(const char *data, const struct csv_scan *scan,
                                        struct scan_masks *m)
{
    __m256i  low = _mm256_loadu_si256((const __m256i *)data);
    __m256i  high = _mm256_loadu_si256((const __m256i *)(data + 32));
    uint64_t top;

    m->delimiter = equal_mask(low, high, scan->delimiter);
    m->newline = equal_mask(low, high, '\n');
    m->quote = scan->quote != '\0' ? equal_mask(low, high, scan->quote) : 0;
    m->carriage = equal_mask(low, high, '\r');
    top = (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
                                                    << 32;
    m->special = top | equal_mask(low, high, '\0');
}

static void csv_scan_run_avx2(struct csv_scan *scan, const char *data, uint32_t bytes);
#define SCAN_RUN csv_scan_run_avx2
#define SCAN_EMIT scan_emit_avx2
#define SCAN_TARGET AVX2
#define SCAN_MASKS scan_masks_avx2
#define SCAN_PREFIX_XOR prefix_xor_clmul
#include "io/csv_scan_tmpl.h"

void csv_scan_run(struct csv_scan *scan, const char *data, uint32_t bytes)
{
    static _Atomic int known; /* 0: not asked yet, 1: portable, 2: AVX2 */
    int                which = known;

    if (which == 0) {
        __builtin_cpu_init();
        which = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
                        __builtin_cpu_supports("pclmul")
                    ? 2
                    : 1;
        known = which;
    }
    if (which == 2)
        csv_scan_run_avx2(scan, data, bytes);
    else
        csv_scan_run_portable(scan, data, bytes);
}
#else
void csv_scan_run(struct csv_scan *scan, const char *data, uint32_t bytes)
{
    csv_scan_run_portable(scan, data, bytes);
}
#endif
