/* kernel_code_tmpl.h - predicates on dictionary codes, included once a code width by
 * kernel_level_tmpl.h.  Wants FN(name), CTYPE; undefines them. */
static void FN(range)(const void *codes, uint32_t low, uint32_t high, uint32_t words,
                      uint64_t *mask)
{
    const uint32_t most = (CTYPE)-1; /* the dictionary may have more entries than codes can say */
    const CTYPE   *p = codes, base = (CTYPE)low, span = (CTYPE)((high < most ? high : most) - low);

    if (low > most) {
        memset(mask, 0, words * sizeof *mask);
        return;
    }
    for (uint32_t w = 0; w < words; w++, p += 64) {
        _Alignas(64) uint8_t bytes[64];

        for (uint32_t i = 0; i < 64; i++)
            bytes[i] = (CTYPE)(p[i] - base) <= span ? 0xff : 0;
        mask[w] = pack_bytes(bytes);
    }
}

static void FN(table)(const void *codes, const uint8_t *table, uint32_t words, uint64_t *true_,
                      uint64_t *null)
{
    const CTYPE *p = codes;

    for (uint32_t w = 0; w < words; w++, p += 64) {
        _Alignas(64) uint8_t bytes[64];

        for (uint32_t i = 0; i < 64; i++)
            bytes[i] = (uint8_t)(table[p[i]] << 7);
        true_[w] = pack_bytes(bytes);
        for (uint32_t i = 0; i < 64; i++)
            bytes[i] = (uint8_t)(table[p[i]] << 6);
        null[w] = pack_bytes(bytes);
    }
}
#undef FN
#undef CTYPE
