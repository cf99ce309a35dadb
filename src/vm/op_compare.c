/* op_compare.c - comparisons as values (Eq..Ge, Is, IsNot) and as filters (FilterEq..FilterGe).
 *
 * Every comparison is made as two masks, true rows and NULL rows.  Against a constant it runs on
 * the encoded form: the constant is translated into the encoding once a batch, exactly, or the
 * dictionary's entries are judged once and remembered.  Two typed vectors compare as arrays.  The
 * rest goes cell by cell. */
#include "base/number.h"
#include "store/dictionary.h"
#include "vm/exact.h"
#include "vm/kernel.h"
#include "vm/numeric.h"
#include "vm/truth.h"

#include <math.h>
#include <string.h>

struct comparison {
    enum compare_op      op;
    const struct vector *a, *b; /* a op b */
    enum collation       collation;
    enum affinity        affinity;
};

static void mask_fill(struct vm *vm, uint64_t *mask, bool on)
{
    memset(mask, on ? 0xff : 0, vm_words(vm) * sizeof *mask);
}

/* --- cell by cell
 * ---------------------------------------------------------------------------------- */

static enum status compare_cells(struct vm *vm, const struct comparison *c, struct truth *out)
{
    struct cells      left, right;
    struct arena_mark mark = arena_mark(&vm->arena);
    enum status       status = STATUS_OK;

    TRY(cells_of(vm, c->a, 0, &left));
    TRY(cells_of(vm, c->b, 1, &right));
    mask_fill(vm, out->true_, false);
    mask_fill(vm, out->null, false);
    ACTIVE_EACH(vm, row, {
        int result = 0;

        status = exact_compare(vm, c->op, cell_at(&left, row), cell_at(&right, row), c->collation,
                               c->affinity, &result);
        if (unlikely(status != STATUS_OK))
            return status;
        if (result != 0)
            bits_set(result < 0 ? out->null : out->true_, row);
    });
    arena_release(&vm->arena, mark);
    return STATUS_OK;
}

/* --- numbers against a constant ------------------------------------------------------------------
 */

/* x op real for INTEGER x as x op' *bound with an INTEGER bound; false: no INTEGER is that far, so
 * that *all rows or none compare true. */
static bool bound_from_real(enum compare_op *op, double real, int64_t *bound, bool *all)
{
    double below = floor(real);

    if (below < -0x1p63 || below >= 0x1p63) {
        *all = compare_result(*op, real > 0 ? -1 : 1);
        return false;
    }
    *bound = (int64_t)below;
    if (below == real)
        return true;
    if (*op == COMPARE_EQ || *op == COMPARE_NE) {
        *all = *op == COMPARE_NE;
        return false;
    }
    /* below < real < below + 1 */
    *op = *op == COMPARE_LT || *op == COMPARE_LE ? COMPARE_LE : COMPARE_GT;
    return true;
}

static void compare_int_constant(struct vm *vm, const struct vector *v, enum compare_op op,
                                 const struct value *constant, uint64_t *mask)
{
    int64_t bound = constant->i;
    bool    all;

    if (constant->class_ == CLASS_REAL && !bound_from_real(&op, constant->r, &bound, &all))
        mask_fill(vm, mask, all);
    else
        kernel_compare_int(v, op, bound, vm_words(vm), mask);
}

static int payload_order(int64_t payload, double divisor, const struct value *constant)
{
    double real = (double)payload / divisor;

    if (constant->class_ == CLASS_INTEGER)
        return -compare_int_real(constant->i, real);
    return (real > constant->r) - (real < constant->r);
}

/* DEC: the smallest payload whose value is not below the constant decides; it is guessed by
 * multiplication and then corrected by the very division that decodes. */
static void compare_decimal_constant(struct vm *vm, const struct vector *v, enum compare_op op,
                                     const struct value *constant, uint64_t *mask)
{
    double  divisor = number_power_real[v->scale];
    double  real = constant->class_ == CLASS_INTEGER ? (double)constant->i : constant->r;
    double  guess = floor(real * divisor);
    int64_t payload;
    bool    equal;

    if (guess >= 0x1p62 || guess <= -0x1p62) {
        mask_fill(vm, mask, compare_result(op, real > 0 ? -1 : 1));
        return;
    }
    payload = (int64_t)guess;
    while (payload_order(payload, divisor, constant) >= 0)
        payload--;
    while (payload_order(payload, divisor, constant) < 0)
        payload++;
    equal = payload_order(payload, divisor, constant) == 0;
    if (!equal && (op == COMPARE_EQ || op == COMPARE_NE)) {
        mask_fill(vm, mask, op == COMPARE_NE);
        return;
    }
    if (!equal) /* rows below payload are below the constant, the others above it */
        op = op == COMPARE_LT || op == COMPARE_LE ? COMPARE_LT : COMPARE_GE;
    kernel_compare_payload(v, op, payload, vm_words(vm), mask);
}

static bool compare_real_constant(struct vm *vm, const struct vector *v, enum compare_op op,
                                  const struct value *constant, uint64_t *mask)
{
    double real = constant->r;

    if (constant->class_ == CLASS_INTEGER) {
        real = (double)constant->i;
        if (compare_int_real(constant->i, real) != 0)
            return false; /* not a double: cell by cell */
    }
    kernel->compare_constant[PHYS_F64][op](v->values, &real, vm_words(vm), mask);
    return true;
}

/* --- dates against a constant text ---------------------------------------------------------------
 */

enum { DAY_FIRST = -719528, DAY_LAST = 2932896 }; /* 0000-01-01, 9999-12-31 */

static int day_order(int32_t day, const struct value *constant)
{
    char          scratch[16];
    struct vector one = {.type = PHYS_DAY32, .shape = VECTOR_FLAT, .count = 1, .values = &day};
    struct value  text = vector_value(&one, 0, scratch);

    return compare_text(text.s, text.bytes, constant->s, constant->bytes, COLLATION_BINARY);
}

/* The first day whose text is not below the constant; DAY_LAST + 1 if none.  Texts of days are in
 * the order of their numbers. */
static int32_t day_lower_bound(const struct value *constant)
{
    int32_t low = DAY_FIRST, high = DAY_LAST + 1;

    while (low < high) {
        int32_t middle = low + (high - low) / 2;

        if (day_order(middle, constant) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct day_cache { /* of an op: the last constant and its place */
    struct op_cache head;
    uint32_t        bytes;
    char            text[16];
    int32_t         day;
    bool            equal;
};

static void day_cache_free(struct vm *vm, struct op_cache *cache)
{
    memory_free(vm->memory, cache, sizeof(struct day_cache));
}

static void day_find(struct vm *vm, const struct op *op, const struct value *constant, int32_t *day,
                     bool *equal)
{
    struct op_cache **slot = (struct op_cache **)vm_cache(vm, op);
    struct day_cache *cache = (struct day_cache *)*slot;
    bool              ours = cache != NULL && cache->head.free == day_cache_free;

    if (ours && cache->bytes == constant->bytes &&
        memcmp(cache->text, constant->s, constant->bytes) == 0) {
        *day = cache->day;
        *equal = cache->equal;
        return;
    }
    *day = day_lower_bound(constant);
    *equal = *day <= DAY_LAST && day_order(*day, constant) == 0;
    if (constant->bytes > sizeof cache->text || (cache != NULL && !ours))
        return;
    if (cache == NULL) /* without memory for it the day is found again next time */
        cache = memory_zalloc(vm->memory, sizeof *cache);
    if (cache == NULL)
        return;
    cache->head.free = day_cache_free;
    cache->bytes = constant->bytes;
    memcpy(cache->text, constant->s, constant->bytes);
    cache->day = *day;
    cache->equal = *equal;
    *slot = &cache->head;
}

static void compare_day_constant(struct vm *vm, const struct op *op, const struct vector *v,
                                 enum compare_op compare, const struct value *constant,
                                 uint64_t *mask)
{
    int32_t day;
    bool    equal;

    day_find(vm, op, constant, &day, &equal);
    if (!equal && (compare == COMPARE_EQ || compare == COMPARE_NE)) {
        mask_fill(vm, mask, compare == COMPARE_NE);
        return;
    }
    if (!equal)
        compare = compare == COMPARE_LT || compare == COMPARE_LE ? COMPARE_LT : COMPARE_GE;
    kernel_compare_payload(v, compare, day, vm_words(vm), mask);
}

/* --- dictionary codes against a constant
 * ----------------------------------------------------------- */

enum { FEW_ROWS = 8, ENTRIES_PER_ROW = 64 };

/* What an op found about the entries of a dictionary. */
struct verdict_cache {
    struct op_cache head;
    uint64_t        id; /* of the dictionary */
    uint32_t        count, capacity;
    uint8_t        *verdicts;  /* [count] */
    uint32_t        low, high; /* true exactly for low..high, if ranged */
    bool            ranged, nulls;
    struct value    constant; /* text owned */
    size_t          text_bytes;
};

static void verdict_cache_free(struct vm *vm, struct op_cache *head)
{
    struct verdict_cache *cache = (struct verdict_cache *)head;

    memory_free(vm->memory, cache->verdicts, cache->capacity);
    if (cache->text_bytes > 0)
        memory_free(vm->memory, (void *)(uintptr_t)cache->constant.s, cache->text_bytes);
    memory_free(vm->memory, cache, sizeof *cache);
}

static bool same_value(const struct value *a, const struct value *b)
{
    if (a->class_ != b->class_ || a->bytes != b->bytes)
        return false;
    if (a->class_ == CLASS_TEXT || a->class_ == CLASS_BLOB)
        return bytes_equal(a->s, b->s, a->bytes);
    return a->i == b->i;
}

static bool verdict_constant(struct vm *vm, struct verdict_cache *cache,
                             const struct value *constant)
{
    if (cache->text_bytes > 0)
        memory_free(vm->memory, (void *)(uintptr_t)cache->constant.s, cache->text_bytes);
    cache->text_bytes = 0;
    cache->constant = *constant;
    if (constant->bytes > 0) {
        char *text = memory_alloc(vm->memory, constant->bytes);

        if (text == NULL) {
            cache->constant = value_null();
            return false;
        }
        memcpy(text, constant->s, constant->bytes);
        cache->constant.s = text;
        cache->text_bytes = constant->bytes;
    }
    return true;
}

static bool verdict_grow(struct vm *vm, struct verdict_cache *cache, uint32_t count)
{
    uint32_t capacity = count < 64 ? 64 : count + count / 2;
    uint8_t *grown;

    if (count <= cache->capacity)
        return true;
    grown = memory_realloc(vm->memory, cache->verdicts, cache->capacity, capacity);
    if (grown == NULL)
        return false;
    cache->verdicts = grown;
    cache->capacity = capacity;
    return true;
}

/* Whether the true entries are one run of codes, which compares without a table. */
static void verdict_range(struct verdict_cache *cache)
{
    uint32_t first = cache->count, last = 0, trues = 0;

    cache->nulls = false;
    for (uint32_t i = 0; i < cache->count; i++) {
        cache->nulls |= cache->verdicts[i] == VERDICT_NULL;
        if (cache->verdicts[i] == VERDICT_TRUE) {
            first = trues == 0 ? i : first;
            last = i;
            trues++;
        }
    }
    cache->low = first;
    cache->high = last;
    cache->ranged = trues > 0 && trues == last - first + 1;
}

/* The op's verdicts for all entries of v's dictionary, in *out. */
static enum status verdicts_of(struct vm *vm, const struct op *op, const struct comparison *c,
                               const struct vector *v, bool flipped, const struct value *constant,
                               struct verdict_cache **out)
{
    struct op_cache     **slot = (struct op_cache **)vm_cache(vm, op);
    struct verdict_cache *cache = (struct verdict_cache *)*slot;
    const struct value   *entries = v->values;
    uint64_t              id = dictionary_id(v->dictionary);

    if (cache != NULL && cache->head.free != verdict_cache_free) {
        (*slot)->free(vm, *slot);
        *slot = NULL;
        cache = NULL;
    }
    if (cache == NULL) {
        cache = memory_zalloc(vm->memory, sizeof *cache);
        if (cache == NULL)
            return fail_nomem(vm->err);
        cache->head.free = verdict_cache_free;
        *slot = &cache->head;
    }
    *out = cache;
    if (cache->id != id || !same_value(&cache->constant, constant) || cache->count == 0) {
        cache->id = id;
        cache->count = 0;
        cache->ranged = cache->nulls = false;
        if (!verdict_constant(vm, cache, constant) || !verdict_grow(vm, cache, 1))
            return fail_nomem(vm->err);
        cache->verdicts[0] = VERDICT_FALSE; /* the code of NULL rows, also without entries */
    }
    if (cache->count >= v->entry_count)
        return STATUS_OK;
    if (!verdict_grow(vm, cache, v->entry_count))
        return fail_nomem(vm->err);
    for (uint32_t i = cache->count; i < v->entry_count; i++) {
        struct arena_mark mark = arena_mark(&vm->arena);
        int               result;

        TRY(exact_compare(vm, c->op, flipped ? constant : &entries[i],
                          flipped ? &entries[i] : constant, c->collation, c->affinity, &result));
        arena_release(&vm->arena, mark);
        cache->verdicts[i] = (uint8_t)(result < 0 ? VERDICT_NULL : result);
    }
    cache->count = v->entry_count;
    verdict_range(cache);
    return STATUS_OK;
}

/* A row or two, of a key that was sought: judging a whole dictionary for them is a waste. */
static bool few_of_many(struct vm *vm, const struct op *op, const struct vector *v)
{
    return vm->sel->rows <= FEW_ROWS && v->entry_count > ENTRIES_PER_ROW * vm->sel->rows &&
           *vm_cache(vm, op) == NULL;
}

static enum status compare_dict_constant(struct vm *vm, const struct op *op,
                                         const struct comparison *c, const struct vector *v,
                                         bool flipped, const struct value *constant,
                                         struct truth *out)
{
    struct verdict_cache *cache = NULL;
    uint32_t              width = kernel_code_width(v->code_bytes);

    if (few_of_many(vm, op, v))
        return compare_cells(vm, c, out);
    TRY(verdicts_of(vm, op, c, v, flipped, constant, &cache));
    if (cache->ranged && !cache->nulls) {
        kernel->code_range[width](v->codes, cache->low, cache->high, vm_words(vm), out->true_);
        mask_fill(vm, out->null, false);
        return STATUS_OK;
    }
    truth_of_codes(vm, v, cache->verdicts, out);
    return STATUS_OK;
}

/* --- text against a constant
 * ------------------------------------------------------------------------ */

static void compare_text_constant(struct vm *vm, const struct vector *v, enum compare_op op,
                                  const struct value *constant, uint64_t *mask)
{
    const struct value *cells = v->values;
    const uint64_t     *valid = v->valid;

    mask_fill(vm, mask, false);
    if (op == COMPARE_EQ || op == COMPARE_NE) {
        ACTIVE_EACH(vm, row, {
            bool equal = (valid == NULL || bits_get(valid, row)) &&
                         cells[row].bytes == constant->bytes &&
                         bytes_equal(cells[row].s, constant->s, constant->bytes);

            if (equal == (op == COMPARE_EQ))
                bits_set(mask, row);
        });
        return;
    }
    ACTIVE_EACH(vm, row, {
        if (valid != NULL && !bits_get(valid, row))
            continue;
        if (compare_result(op, compare_text(cells[row].s, cells[row].bytes, constant->s,
                                            constant->bytes, COLLATION_BINARY)))
            bits_set(mask, row);
    });
}

/* --- a vector against a constant
 * -------------------------------------------------------------------- */

static bool is_number(const struct value *v)
{
    return v->class_ == CLASS_INTEGER || v->class_ == CLASS_REAL;
}

/* Affinity on the constant's side, and whether the vector's side needs none. */
static bool affinity_settled(struct vm *vm, const struct comparison *c, const struct vector *v,
                             struct value *constant)
{
    bool number_vector = number_class_of(v) <= NUMBERS_MIXED;

    if (c->affinity >= AFFINITY_NUMERIC) {
        if (constant->class_ == CLASS_TEXT &&
            !value_apply_affinity(constant, AFFINITY_NUMERIC, &vm->arena))
            return false;
        return number_vector; /* texts of the vector may have to become numbers */
    }
    if (c->affinity == AFFINITY_TEXT) {
        if (number_vector)
            return is_number(constant); /* both numbers: nothing happens */
        if (is_number(constant) && !value_to_text(constant, &vm->arena))
            return false;
    }
    return v->type != PHYS_ANY || v->shape == VECTOR_DICT;
}

/* Sets *done when it could compare v op constant (constant not NULL; flipped: constant op v). */
static enum status compare_constant(struct vm *vm, const struct op *op, const struct comparison *c,
                                    bool flipped, struct truth *out, bool *done)
{
    const struct vector *v = flipped ? c->b : c->a;
    enum compare_op      compare = flipped ? compare_flip(c->op) : c->op;
    char                 scratch[16];
    struct value         constant = vector_constant_value(flipped ? c->a : c->b, scratch);
    enum number_class    numbers = number_class_of(v);

    *done = true;
    if (constant.class_ == CLASS_NULL) {
        mask_fill(vm, out->true_, false);
        mask_fill(vm, out->null, true);
        return STATUS_OK;
    }
    if (v->shape == VECTOR_DICT && v->dictionary != NULL) {
        TRY(compare_dict_constant(vm, op, c, v, flipped, &constant, out));
    } else if (!affinity_settled(vm, c, v, &constant)) {
        *done = false;
        return STATUS_OK;
    } else if (numbers <= NUMBERS_MIXED && !is_number(&constant)) {
        mask_fill(vm, out->true_, compare_result(compare, -1)); /* numbers < TEXT < BLOB */
        mask_fill(vm, out->null, false);
    } else if (numbers == NUMBERS_INT) {
        compare_int_constant(vm, v, compare, &constant, out->true_);
        mask_fill(vm, out->null, false);
    } else if (v->type == PHYS_F64) {
        *done = compare_real_constant(vm, v, compare, &constant, out->true_);
        mask_fill(vm, out->null, false);
    } else if (numbers <= NUMBERS_MIXED) {
        compare_decimal_constant(vm, v, compare, &constant, out->true_);
        mask_fill(vm, out->null, false);
    } else if (v->type == PHYS_DAY32 && constant.class_ == CLASS_TEXT &&
               c->collation != COLLATION_RTRIM) {
        /* no letter stands in a date: NOCASE and BINARY agree */
        compare_day_constant(vm, op, v, compare, &constant, out->true_);
        mask_fill(vm, out->null, false);
    } else if (v->type == PHYS_TEXT && v->shape == VECTOR_FLAT && constant.class_ == CLASS_TEXT &&
               c->collation == COLLATION_BINARY) {
        compare_text_constant(vm, v, compare, &constant, out->true_);
        mask_fill(vm, out->null, false);
    } else {
        *done = false;
    }
    if (*done && v->valid != NULL)
        for (uint32_t w = 0; w < vm_words(vm); w++) {
            out->true_[w] &= v->valid[w];
            out->null[w] |= ~v->valid[w];
        }
    return STATUS_OK;
}

/* --- two vectors
 * ------------------------------------------------------------------------------------- */

static bool same_codes(const struct comparison *c)
{
    return c->a->shape == VECTOR_DICT && c->b->shape == VECTOR_DICT && c->a->dictionary != NULL &&
           c->a->dictionary == c->b->dictionary && c->a->code_bytes == c->b->code_bytes &&
           c->collation == COLLATION_BINARY && (c->op == COMPARE_EQ || c->op == COMPARE_NE) &&
           c->affinity < AFFINITY_NUMERIC;
}

static enum status compare_numbers(struct vm *vm, const struct comparison *c, bool reals,
                                   uint64_t *mask)
{
    const void *x, *y;
    int64_t     int_a, int_b;
    double      real_a, real_b;

    if (reals) {
        x = numbers_f64(vm, c->a, 0, &real_a);
        y = numbers_f64(vm, c->b, 1, &real_b);
    } else {
        x = numbers_i64(vm, c->a, 0, &int_a);
        y = numbers_i64(vm, c->b, 1, &int_b);
    }
    if (x == NULL || y == NULL)
        return fail_nomem(vm->err);
    kernel->compare_vectors[reals ? PHYS_F64 : PHYS_I64][c->op](x, y, vm_words(vm), mask);
    return STATUS_OK;
}

/* Whether every row's INTEGER is a double: then it compares with REALs as one. */
static bool ints_are_doubles(struct vm *vm, const struct vector *v, const int64_t *ints)
{
    const int64_t limit = INT64_C(1) << 53;
    int64_t       lo, hi;
    uint64_t      beyond = 0;

    if (number_bounds(v, &lo, &hi) && lo >= -limit && hi <= limit)
        return true;
    for (uint32_t i = 0; i < vm->sel->rows; i++)
        beyond |= (uint64_t)((uint64_t)ints[i] + (uint64_t)limit > (uint64_t)limit * 2);
    return beyond == 0;
}

/* INTEGERs against REALs.  False: some INTEGER needs the exact comparison (or memory ran out, which
 * that will find too). */
static bool int_against_real(struct vm *vm, const struct vector *ints)
{
    int64_t        one;
    const int64_t *values = numbers_i64(vm, ints, 0, &one);

    return values != NULL && ints_are_doubles(vm, ints, values);
}

/* DAY32 against DAY32, equal codes: both compare as their arrays do. */
static bool compare_arrays(struct vm *vm, const struct comparison *c, uint64_t *mask)
{
    static const uint8_t code_types[] = {PHYS_I8, PHYS_I16, PHYS_I32};

    if (same_codes(c)) {
        enum phys type = (enum phys)code_types[kernel_code_width(c->a->code_bytes)];

        kernel->compare_vectors[type][c->op](c->a->codes, c->b->codes, vm_words(vm), mask);
        return true;
    }
    if (c->a->type == PHYS_DAY32 && c->b->type == PHYS_DAY32 && c->a->shape == VECTOR_FLAT &&
        c->b->shape == VECTOR_FLAT && c->affinity < AFFINITY_NUMERIC) {
        kernel->compare_vectors[PHYS_DAY32][c->op](c->a->values, c->b->values, vm_words(vm), mask);
        return true;
    }
    return false;
}

static enum status compare_vectors(struct vm *vm, const struct comparison *c, struct truth *out,
                                   bool *done)
{
    enum number_class a = number_class_of(c->a), b = number_class_of(c->b);
    bool              ints = a == NUMBERS_INT && b == NUMBERS_INT;
    bool              real_a = a == NUMBERS_REAL || a == NUMBERS_MIXED;
    bool              real_b = b == NUMBERS_REAL || b == NUMBERS_MIXED;
    bool reals = (real_a && real_b) || (real_a && b == NUMBERS_INT && int_against_real(vm, c->b)) ||
                 (real_b && a == NUMBERS_INT && int_against_real(vm, c->a));

    *done = true;
    if (ints || reals)
        TRY(compare_numbers(vm, c, reals, out->true_));
    else
        *done = compare_arrays(vm, c, out->true_);
    if (!*done)
        return STATUS_OK;
    for (uint32_t w = 0; w < vm_words(vm); w++) {
        uint64_t valid = (c->a->valid == NULL ? ~UINT64_C(0) : c->a->valid[w]) &
                         (c->b->valid == NULL ? ~UINT64_C(0) : c->b->valid[w]);

        out->true_[w] &= valid;
        out->null[w] = ~valid;
    }
    return STATUS_OK;
}

static enum status compare_masks(struct vm *vm, const struct op *op, const struct comparison *c,
                                 struct truth *out)
{
    bool done = false;

    if (vector_is_constant(c->b))
        TRY(compare_constant(vm, op, c, false, out, &done));
    else if (vector_is_constant(c->a))
        TRY(compare_constant(vm, op, c, true, out, &done));
    else
        TRY(compare_vectors(vm, c, out, &done));
    return done ? STATUS_OK : compare_cells(vm, c, out);
}

/* --- opcodes
 * ----------------------------------------------------------------------------------------- */

static struct comparison comparison_of(struct vm *vm, const struct op *op, enum compare_op compare,
                                       int32_t left)
{
    return (struct comparison){.op = compare,
                               .a = vm_vec(vm, left),
                               .b = vm_vec(vm, op->p1),
                               .collation = (enum collation)op->p4.i,
                               .affinity = op->p5 == 0 ? AFFINITY_NONE : (enum affinity)op->p5};
}

static enum status compare_two(struct vm *vm, const struct comparison *c, int *result)
{
    char         first[16], second[16];
    struct value a = vector_constant_value(c->a, first), b = vector_constant_value(c->b, second);

    return exact_compare(vm, c->op, &a, &b, c->collation, c->affinity, result);
}

static const struct op *compare_value(struct vm *vm, const struct op *op, enum compare_op compare)
{
    struct comparison c = comparison_of(vm, op, compare, op->p2);
    struct truth      truth;

    if (vector_is_constant(c.a) && vector_is_constant(c.b)) {
        int result;

        VM_TRY(vm, compare_two(vm, &c, &result));
        register_constant(vm, vm_reg(vm, op->p3), result < 0 ? value_null() : value_int(result));
        return op + 1;
    }
    VM_TRY(vm, compare_masks(vm, op, &c, &truth));
    VM_TRY(vm, register_truth(vm, vm_reg(vm, op->p3), &truth));
    return op + 1;
}

static const struct op *compare_filter(struct vm *vm, const struct op *op, enum compare_op compare)
{
    struct comparison c = comparison_of(vm, op, compare, op->p3);
    struct truth      truth;

    if (vector_is_constant(c.a) && vector_is_constant(c.b)) {
        int result;

        VM_TRY(vm, compare_two(vm, &c, &result));
        if (result == 1)
            return op + 1;
        mask_fill(vm, truth.true_, false);
    } else {
        VM_TRY(vm, compare_masks(vm, op, &c, &truth));
    }
    selection_and(vm->sel, truth.true_);
    return vm->sel->count == 0 ? vm->ops + op->p2 : op + 1;
}

/* IS: equal, or both NULL.  The masks give 1, 0 and NULL; a NULL on one side only makes 0. */
static const struct op *compare_is(struct vm *vm, const struct op *op, bool negated)
{
    struct comparison c = comparison_of(vm, op, COMPARE_EQ, op->p2);
    struct truth      truth;
    uint64_t          null_a[VECTOR_WORDS], null_b[VECTOR_WORDS];

    if (vector_is_constant(c.a) && vector_is_constant(c.b)) {
        int result;

        VM_TRY(vm, compare_two(vm, &c, &result));
        if (result < 0)
            result = vector_is_null(c.a) && vector_is_null(c.b);
        register_constant(vm, vm_reg(vm, op->p3), value_int(result != negated));
        return op + 1;
    }
    VM_TRY(vm, compare_masks(vm, op, &c, &truth));
    truth_null(vm, c.a, null_a);
    truth_null(vm, c.b, null_b);
    for (uint32_t w = 0; w < vm_words(vm); w++) {
        truth.true_[w] = (truth.true_[w] & ~truth.null[w]) | (null_a[w] & null_b[w]);
        truth.true_[w] = negated ? ~truth.true_[w] : truth.true_[w];
        truth.null[w] = 0;
    }
    VM_TRY(vm, register_truth(vm, vm_reg(vm, op->p3), &truth));
    return op + 1;
}

#define COMPARE_OP(name, compare)                                                                  \
    const struct op *op_##name(struct vm *vm, const struct op *op)                                 \
    {                                                                                              \
        return compare_value(vm, op, compare);                                                     \
    }                                                                                              \
    const struct op *op_Filter##name(struct vm *vm, const struct op *op)                           \
    {                                                                                              \
        return compare_filter(vm, op, compare);                                                    \
    }
COMPARE_OP(Eq, COMPARE_EQ)
COMPARE_OP(Ne, COMPARE_NE)
COMPARE_OP(Lt, COMPARE_LT)
COMPARE_OP(Le, COMPARE_LE)
COMPARE_OP(Gt, COMPARE_GT)
COMPARE_OP(Ge, COMPARE_GE)
#undef COMPARE_OP

const struct op *op_Is(struct vm *vm, const struct op *op)
{
    return compare_is(vm, op, false);
}

const struct op *op_IsNot(struct vm *vm, const struct op *op)
{
    return compare_is(vm, op, true);
}
