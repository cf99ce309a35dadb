/* radix_sort_tmpl.h - the sorts of radix_sort.c for one kind of item.  Included once for each, with
 * ITEM (its type), SORT(name) and KEY(item) (uint64_t; items are in the order of their keys)
 * defined; `low` is a number that KEY may use. */

static void SORT(insert)(ITEM *items, size_t count, unsigned low)
{
    (void)low;
    for (size_t i = 1; i < count; i++) {
        ITEM   item = items[i];
        size_t at = i;

        for (; at > 0 && KEY(items[at - 1]) > KEY(item); at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

/* Which bits differ between any two keys; sorted already: none. */
static uint64_t SORT(varying)(const ITEM *items, size_t count, unsigned low)
{
    uint64_t first = KEY(items[0]), varying = 0, unordered = 0;

    (void)low;
    for (size_t i = 1; i < count; i++) {
        varying |= KEY(items[i]) ^ first;
        unordered |= KEY(items[i]) < KEY(items[i - 1]);
    }
    return unordered != 0 ? varying : 0;
}

/* Puts the items in the order of `bits` bits of their keys; at[value]: where those end.  False:
 * stopped, and `to` is not filled. */
static bool SORT(pass)(struct memory *memory, const ITEM *from, ITEM *to, size_t count,
                       unsigned shift, unsigned bits, unsigned low, uint32_t *at)
{
    uint64_t mask = (UINT64_C(1) << bits) - 1;
    uint32_t total = 0;

    (void)low;
    memset(at, 0, (mask + 1) * sizeof *at);
    for (size_t start = 0; start < count; start += INTERRUPT_ROWS) {
        size_t end = part_end(start, count);

        if (memory_stopped(memory))
            return false;
        for (size_t i = start; i < end; i++)
            at[KEY(from[i]) >> shift & mask]++;
    }
    for (size_t d = 0; d <= mask; d++) {
        uint32_t n = at[d];

        at[d] = total;
        total += n;
    }
    for (size_t start = 0; start < count; start += INTERRUPT_ROWS) {
        size_t end = part_end(start, count);

        if (memory_stopped(memory))
            return false;
        for (size_t i = start; i < end; i++)
            to[at[KEY(from[i]) >> shift & mask]++] = from[i];
    }
    return true;
}

/* By the least significant digit first; a digit begins at the lowest bit that varies: constant bits
 * cost no pass.  Where the items are. */
static ITEM *SORT(passes)(struct memory *memory, ITEM *items, ITEM *spare, size_t count,
                          uint64_t varying, unsigned low)
{
    uint32_t at[DIGIT_VALUES];
    unsigned shift = 0;

    while (shift < KEY_BITS && varying >> shift != 0) {
        ITEM *swap = items;

        shift += (unsigned)__builtin_ctzll(varying >> shift);
        if (!SORT(pass)(memory, items, spare, count, shift, DIGIT_BITS, low, at))
            return items;
        items = spare;
        spare = swap;
        shift += DIGIT_BITS;
    }
    return items;
}

static bool SORT(parts)(struct memory *memory, ITEM *items, ITEM *other, size_t count, unsigned top,
                        unsigned low, unsigned depth, bool to_other);

/* A part of which keys differ in bits below `top` alone; the result goes to items or to other. */
static bool SORT(part)(struct memory *memory, ITEM *items, ITEM *other, size_t count, unsigned top,
                       unsigned low, unsigned depth, bool to_other)
{
    ITEM *sorted = items;

    if (count > FEW_ITEMS && top > 0 && depth < PARTS_DEPTH)
        return SORT(parts)(memory, items, other, count, top, low, depth, to_other);
    if (count <= FEW_ITEMS)
        SORT(insert)(items, count, low);
    else
        sorted = SORT(passes)(memory, items, other, count, SORT(varying)(items, count, low), low);
    if ((sorted == other) != to_other)
        memcpy(to_other ? other : items, sorted, count * sizeof *items);
    return true;
}

/* By the most significant digit first: what agrees in it is a part of its own, small enough for the
 * cache, of few items soon.  As deep as PARTS_DEPTH.  False: stopped. */
static bool SORT(parts)(struct memory *memory, ITEM *items, ITEM *other, size_t count, unsigned top,
                        unsigned low, unsigned depth, bool to_other)
{
    uint32_t ends[DIGIT_VALUES], start = 0;
    /* parts of four items or so */
    unsigned wanted = KEY_BITS - 2 - (unsigned)__builtin_clzll(count - 1);
    unsigned bits = wanted > DIGIT_BITS ? DIGIT_BITS : wanted;
    unsigned shift = top > bits ? top - bits : 0;

    bits = top - shift;
    if (!SORT(pass)(memory, items, other, count, shift, bits, low, ends))
        return false;
    for (size_t d = 0; d >> bits == 0; d++) {
        uint32_t n = ends[d] - start;

        if (n > 0 &&
            !SORT(part)(memory, other + start, items + start, n, shift, low, depth + 1, !to_other))
            return false;
        start = ends[d];
    }
    return true;
}

static ITEM *SORT(sort)(struct memory *memory, ITEM *items, ITEM *spare, size_t count, unsigned low)
{
    uint64_t varying;

    if (count <= FEW_ITEMS) {
        SORT(insert)(items, count, low);
        return items;
    }
    varying = SORT(varying)(items, count, low);
    if (varying == 0)
        return items;
    if (count < PARTS_FROM)
        return SORT(passes)(memory, items, spare, count, varying, low);
    SORT(parts)
    (memory, items, spare, count, KEY_BITS - (unsigned)__builtin_clzll(varying), low, 0, true);
    return spare;
}

#undef ITEM
#undef SORT
#undef KEY
