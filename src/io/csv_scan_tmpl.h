/* csv_scan_tmpl.h - the scanner's loop, included once for each instruction set.
 *
 * Wants SCAN_RUN (the function's name), SCAN_TARGET (its attribute), scan_masks(data, scan, &masks)
 * and prefix_xor(word); undefines the macros. */

SCAN_TARGET static inline uint32_t *SCAN_EMIT(uint32_t *out, uint64_t mask, uint32_t base)
{
    uint32_t  count = (uint32_t)__builtin_popcountll(mask);
    uint32_t *next = out + count;

    /* eight at a time, past the count: a loop per bit mispredicts its end at every step */
    while (mask != 0) {
        for (int i = 0; i < 8; i++) {
            out[i] = base + (uint32_t)__builtin_ctzll(mask | UINT64_C(1) << 63);
            mask &= mask - 1;
        }
        out += 8;
    }
    return next;
}

SCAN_TARGET void SCAN_RUN(struct csv_scan *scan, const char *data, uint32_t bytes)
{
    while (scan->position < bytes && scan->end_count < scan->end_limit &&
           scan->row_count < scan->row_limit) {
        uint32_t          left = bytes - scan->position;
        uint32_t          last = left < CSV_SCAN_STEP ? left - 1 : CSV_SCAN_STEP - 1;
        uint64_t          keep = ~UINT64_C(0) >> (63 - last);
        struct scan_masks m;
        uint64_t          ends, rows, bad, newline;

        SCAN_MASKS(data + scan->position, scan, &m);
        m.quote &= keep;
        newline = m.newline & keep;
        m.delimiter &= keep;
        m.carriage &= keep;
        m.special &= keep;
        if ((m.quote | scan->in_quotes | scan->after_close) == 0) {
            ends = m.delimiter | newline;
            rows = newline;
            bad = 0;
        } else {
            uint64_t inside = SCAN_PREFIX_XOR(m.quote) ^ scan->in_quotes;
            uint64_t open = m.quote & inside, close = m.quote & ~inside;
            uint64_t after_close = close << 1 | scan->after_close;

            ends = (m.delimiter | newline) & ~inside;
            rows = newline & ~inside;
            bad = open & ~((ends << 1 | scan->after_end) | after_close);
            bad |= after_close & ~(ends | open | (m.carriage & ~inside)) & keep;
            if (bad == 0) {
                scan->quoted = true;
                scan->doubled |= (open & after_close) != 0;
                scan->breaks |= (newline & inside) != 0;
                scan->after_close = close >> last & 1;
                if (__builtin_popcountll(m.quote) & 1)
                    scan->in_quotes = ~scan->in_quotes;
                m.carriage &= ~inside;
            }
        }
        /* a carriage return belongs to the newline behind it, or is no regular text */
        bad |= (m.carriage << 1 | scan->after_return) & ~rows & keep;
        if (bad != 0) {
            scan->irregular = true;
            return;
        }
        scan->after_return = m.carriage >> last & 1;
        scan->after_end = ends >> last & 1;
        scan->not_ascii |= m.special != 0;
        for (uint64_t rest = rows; rest != 0; rest &= rest - 1) {
            uint64_t below = (rest & -rest) - 1;

            scan->row_ends[scan->row_count++] =
                scan->end_count + (uint32_t)__builtin_popcountll(ends & below);
        }
        scan->end_count =
            (uint32_t)(SCAN_EMIT(scan->ends + scan->end_count, ends, scan->position) - scan->ends);
        scan->position += last + 1;
    }
}

#undef SCAN_RUN
#undef SCAN_EMIT
#undef SCAN_TARGET
#undef SCAN_MASKS
#undef SCAN_PREFIX_XOR
