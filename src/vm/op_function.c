/* op_function.c - scalar functions over batches.
 *
 * In this order: all arguments CONSTANT: one call.  A pure function of one argument that is a
 * dictionary's code or a day number (others CONSTANT): one call per entry or day that occurs,
 * remembered from batch to batch; many new entries of a batch go through the vector form.  The
 * function's vector form, if it does not decline.  Else a call per active row. */
#include "store/dictionary.h"
#include "vm/exact.h"

#include <string.h>

enum { ARGUMENTS_INLINE = 8 };

/* A call may take a second for a long text; one that was stopped may have ended with any result. */
static enum status call_exact(struct vm *vm, const struct op *op, const struct value *argv,
                              struct value *out)
{
    const struct function *function = op->p4.function;
    uint32_t               argc = (uint32_t)op->p1;

    if (function->flags & FUNCTION_NULL_IN_NULL_OUT)
        for (uint32_t i = 0; i < argc; i++)
            if (argv[i].class_ == CLASS_NULL) {
                *out = value_null();
                return STATUS_OK;
            }
    vm->functions.user_data = function->user_data;
    *out = value_null();
    TRY(function->exact(&vm->functions, argc, argv, out));
    return vm_poll(vm);
}

/* --- a call per row, or one
 * ------------------------------------------------------------------------ */

static enum status function_once(struct vm *vm, const struct op *op)
{
    uint32_t     argc = (uint32_t)op->p1;
    struct value inline_values[ARGUMENTS_INLINE], *values = inline_values, out;
    char         inline_texts[ARGUMENTS_INLINE][16], (*texts)[16] = inline_texts;

    if (argc > ARGUMENTS_INLINE) {
        values = arena_alloc(&vm->arena, argc * sizeof *values);
        texts = arena_alloc(&vm->arena, argc * sizeof *texts);
        if (values == NULL || texts == NULL)
            return fail_nomem(vm->err);
    }
    for (uint32_t i = 0; i < argc; i++)
        values[i] = vector_constant_value(vm_vec(vm, op->p2 + (int32_t)i), texts[i]);
    TRY(call_exact(vm, op, values, &out));
    /* An argument handed back may lie in texts. */
    if (!register_keep(vm, vm_reg(vm, op->p3), out))
        return fail_nomem(vm->err);
    return STATUS_OK;
}

static enum status function_rows(struct vm *vm, const struct op *op)
{
    uint32_t            argc = (uint32_t)op->p1;
    struct cells       *cells = arena_alloc(&vm->arena, memory_product(argc, sizeof *cells));
    struct value       *values = arena_alloc(&vm->arena, memory_product(argc, sizeof *values));
    struct vm_register *reg = vm_reg(vm, op->p3);
    struct value       *out;

    if (cells == NULL || values == NULL)
        return fail_nomem(vm->err);
    for (uint32_t i = 0; i < argc; i++) {
        const struct vector  *v = vm_vec(vm, op->p2 + (int32_t)i);
        struct vector_buffer *buffer;
        struct vector         any;

        if (i < 2 || vector_is_constant(v)) {
            TRY(cells_of(vm, v, i & 1, &cells[i]));
            continue;
        }
        buffer = arena_alloc_aligned(&vm->arena, sizeof *buffer, 64);
        if (buffer == NULL || !vector_decode(v, PHYS_ANY, vm->sel, buffer, &vm->arena, &any))
            return fail_nomem(vm->err);
        cells[i].at = any.values;
        cells[i].step = 1;
    }
    /* Cells that are arguments may lie in the result's own buffer. */
    if (reg->buffer != NULL)
        for (uint32_t i = 0; i < argc; i++)
            if (register_buffer(vm, reg, vm_vec(vm, op->p2 + (int32_t)i), NULL) == NULL)
                return fail_nomem(vm->err);
    if (register_buffer(vm, reg, NULL, NULL) == NULL)
        return fail_nomem(vm->err);
    out = (struct value *)(void *)reg->buffer->values;
    ACTIVE_EACH(vm, row, {
        for (uint32_t i = 0; i < argc; i++)
            values[i] = *cell_at(&cells[i], row);
        TRY(call_exact(vm, op, values, &out[row]));
    });
    exact_pack(vm, reg);
    return STATUS_OK;
}

/* --- a call per dictionary entry
 * -------------------------------------------------------------------- */

enum { ENTRY_UNKNOWN, ENTRY_PENDING, ENTRY_TEXT, ENTRY_OTHER };
enum { ENTRIES_AT_ONCE = 16 };     /* so many new ones are worth a vector of their own */
enum { ENTRY_DAYS_MAX = 1 << 17 }; /* 350 years; 3 MiB of results */

/* What stands for the texts of a vector: codes of a dictionary, or days from base on. */
struct entries {
    const struct vector *v;
    uint64_t             id; /* of the dictionary; 0: days */
    int64_t              base;
    uint32_t             count;
};

struct entry_cache {
    struct op_cache    head;
    uint64_t           id;              /* of the dictionary the entries are from */
    int64_t            base;            /* the day of entry 0 */
    int64_t            now_ms;          /* the statement's time, if the function may ask for it */
    uint32_t           count, capacity; /* entries that have a place below */
    uint8_t           *state;           /* ENTRY_... */
    uint32_t          *codes;           /* ENTRY_TEXT: code in results */
    struct value      *values;          /* ENTRY_OTHER: the result */
    uint32_t           classes;         /* of the results so far, a bit each */
    struct dictionary *results;         /* the texts that came out */
    struct arena       arena;           /* the constants' bytes, blobs that came out */
    struct value      *constants;       /* [argc]: the other arguments the results are for */
    uint32_t           argc;
};

static void entry_cache_free(struct vm *vm, struct op_cache *head)
{
    struct entry_cache *cache = (struct entry_cache *)head;

    memory_free(vm->memory, cache->state, cache->capacity * sizeof *cache->state);
    memory_free(vm->memory, cache->codes, cache->capacity * sizeof *cache->codes);
    memory_free(vm->memory, cache->values, cache->capacity * sizeof *cache->values);
    if (cache->results != NULL)
        dictionary_unref(cache->results);
    arena_free(&cache->arena);
    memory_free(vm->memory, cache, sizeof *cache);
}

/* The one argument with entries when the others are CONSTANT; -1: not so. */
static int32_t entry_argument(struct vm *vm, const struct op *op)
{
    int32_t found = -1;

    for (int32_t i = 0; i < op->p1; i++) {
        const struct vector *v = vm_vec(vm, op->p2 + i);

        if (vector_is_constant(v))
            continue;
        if (found >= 0 ||
            !(v->shape == VECTOR_DICT ? v->dictionary != NULL : v->type == PHYS_DAY32))
            return -1;
        found = i;
    }
    return found;
}

static bool entry_constants_same(struct vm *vm, const struct op *op,
                                 const struct entry_cache *cache, int32_t dict)
{
    for (int32_t i = 0; i < op->p1; i++) {
        char                scratch[16];
        struct value        value;
        const struct value *kept = &cache->constants[i];

        if (i == dict)
            continue;
        value = vector_constant_value(vm_vec(vm, op->p2 + i), scratch);
        if (value.class_ != kept->class_ || value.bytes != kept->bytes)
            return false;
        if (value.class_ == CLASS_TEXT || value.class_ == CLASS_BLOB) {
            if (value.bytes > 0 && memcmp(value.s, kept->s, value.bytes) != 0)
                return false;
        } else if (value.class_ != CLASS_NULL && value.i != kept->i) {
            return false;
        }
    }
    return true;
}

static bool entry_constants_keep(struct vm *vm, const struct op *op, struct entry_cache *cache,
                                 int32_t dict)
{
    cache->constants = arena_zalloc(&cache->arena, (size_t)op->p1 * sizeof *cache->constants);
    for (int32_t i = 0; cache->constants != NULL && i < op->p1; i++) {
        char          scratch[16];
        struct value *kept = &cache->constants[i];

        if (i == dict)
            continue;
        *kept = vector_constant_value(vm_vec(vm, op->p2 + i), scratch);
        if (kept->class_ == CLASS_TEXT || kept->class_ == CLASS_BLOB) {
            kept->s = arena_copy_text(&cache->arena, kept->s, kept->bytes);
            if (kept->s == NULL)
                return false;
        }
    }
    return cache->constants != NULL;
}

static bool entry_grow(struct vm *vm, struct entry_cache *cache, uint32_t count)
{
    uint32_t      old = cache->capacity, capacity = count < 64 ? 64 : count + count / 2;
    uint8_t      *state;
    uint32_t     *codes;
    struct value *values;

    if (count > old) {
        state = memory_alloc(vm->memory, capacity * sizeof *state);
        codes = memory_alloc(vm->memory, capacity * sizeof *codes);
        values = memory_alloc(vm->memory, capacity * sizeof *values);
        if (state == NULL || codes == NULL || values == NULL) {
            memory_free(vm->memory, state, capacity * sizeof *state);
            memory_free(vm->memory, codes, capacity * sizeof *codes);
            memory_free(vm->memory, values, capacity * sizeof *values);
            return false;
        }
        if (old > 0) {
            memcpy(state, cache->state, old * sizeof *state);
            memcpy(codes, cache->codes, old * sizeof *codes);
            memcpy(values, cache->values, old * sizeof *values);
            memory_free(vm->memory, cache->state, old * sizeof *state);
            memory_free(vm->memory, cache->codes, old * sizeof *codes);
            memory_free(vm->memory, cache->values, old * sizeof *values);
        }
        cache->state = state;
        cache->codes = codes;
        cache->values = values;
        cache->capacity = capacity;
    }
    if (count > cache->count) {
        memset(cache->state + cache->count, ENTRY_UNKNOWN, count - cache->count);
        cache->count = count;
    }
    return true;
}

/* The op's cache, emptied if it speaks of another dictionary or other constants.  NULL: memory. */
static struct entry_cache *entry_cache_for(struct vm *vm, const struct op *op, int32_t argument,
                                           const struct entries *entries)
{
    void              **slot = vm_cache(vm, op);
    struct entry_cache *cache = *slot;
    int64_t now_ms = op->p4.function->flags & FUNCTION_STATEMENT ? vm->functions.now_ms : 0;

    if (cache != NULL &&
        (cache->id != entries->id || cache->base > entries->base || cache->now_ms != now_ms ||
         !entry_constants_same(vm, op, cache, argument))) {
        entry_cache_free(vm, &cache->head);
        *slot = cache = NULL;
    }
    if (cache == NULL) {
        cache = memory_zalloc(vm->memory, sizeof *cache);
        if (cache == NULL)
            return NULL;
        cache->head.free = entry_cache_free;
        cache->id = entries->id;
        cache->base = entries->base;
        cache->now_ms = now_ms;
        arena_init(&cache->arena, vm->memory);
        *slot = cache;
        cache->results = dictionary_new(vm->memory);
        if (cache->results == NULL || !entry_constants_keep(vm, op, cache, argument)) {
            entry_cache_free(vm, &cache->head);
            *slot = NULL;
            return NULL;
        }
    }
    return entry_grow(vm, cache, (uint32_t)(entries->base - cache->base) + entries->count) ? cache
                                                                                           : NULL;
}

/* The days of the active rows as entries: from a base that leaves room for earlier ones.  False:
 * they lie too far apart. */
static bool entries_of_days(struct vm *vm, const struct vector *v, struct entries *entries)
{
    const int32_t *days = v->values;
    int32_t        low = INT32_MAX, high = INT32_MIN;

    ACTIVE_EACH(vm, row, {
        if (v->valid == NULL || bits_get(v->valid, row)) {
            low = days[row] < low ? days[row] : low;
            high = days[row] > high ? days[row] : high;
        }
    });
    if (low > high)
        low = high = 0; /* NULLs only */
    /* 64 years at a time: batches of one column then seldom reach below the first one's base */
    entries->base = (low < 0 ? low - 23375 : low) / 23376 * 23376;
    entries->count = (uint32_t)(high - entries->base) + 1;
    return (int64_t)high - entries->base < ENTRY_DAYS_MAX;
}

static bool entries_of(struct vm *vm, const struct vector *v, struct entries *entries)
{
    *entries = (struct entries){.v = v};
    if (v->shape != VECTOR_DICT)
        return entries_of_days(vm, v, entries);
    entries->id = dictionary_id(v->dictionary);
    entries->count = v->entry_count;
    return true;
}

/* codes[row] = entry of each active row; rows that are NULL have entry 0. */
static void entry_codes(struct vm *vm, const struct vector *v, int64_t base, uint32_t *codes)
{
    if (v->shape == VECTOR_DICT) {
        uint32_t rows = vm->sel->rows;

        if (v->code_bytes == 1)
            for (uint32_t i = 0; i < rows; i++)
                codes[i] = ((const uint8_t *)v->codes)[i];
        else if (v->code_bytes == 2)
            for (uint32_t i = 0; i < rows; i++)
                codes[i] = ((const uint16_t *)v->codes)[i];
        else
            memcpy(codes, v->codes, rows * sizeof *codes);
        return;
    }
    ACTIVE_EACH(vm, row, {
        bool valid = v->valid == NULL || bits_get(v->valid, row);

        codes[row] = valid ? (uint32_t)(((const int32_t *)v->values)[row] - base) : 0;
    });
}

static enum status entry_keep(struct vm *vm, struct entry_cache *cache, uint32_t code,
                              struct value result)
{
    uint32_t done = 0;

    cache->classes |= 1u << result.class_;
    if (result.class_ == CLASS_TEXT) {
        TRY(dictionary_intern(cache->results, &result, NULL, 1, UINT32_MAX, &cache->codes[code],
                              &done, vm->err));
        cache->state[code] = ENTRY_TEXT;
        return STATUS_OK;
    }
    if (result.class_ == CLASS_BLOB && result.bytes > 0) {
        result.s = arena_copy_text(&cache->arena, result.s, result.bytes);
        if (result.s == NULL)
            return fail_nomem(vm->err);
    }
    cache->values[code] = result;
    cache->state[code] = ENTRY_OTHER;
    return STATUS_OK;
}

/* New entries of a batch: the k-th is that of row rows[k]. */
struct fresh_entries {
    const struct vector *v;
    const uint32_t      *codes; /* by row */
    uint32_t             count;
    uint16_t             rows[VECTOR_CAP];
};

/* All at once, by the function's vector form. */
static enum status entries_evaluate_vector(struct vm *vm, const struct op *op,
                                           struct entry_cache *cache, int32_t argument,
                                           const struct fresh_entries *fresh, bool *declined)
{
    const struct function *function = op->p4.function;
    const struct vector   *v = fresh->v, **arguments;
    struct vector_buffer  *texts = arena_alloc_aligned(&vm->arena, sizeof *texts, 64);
    struct vector_buffer  *results = arena_alloc_aligned(&vm->arena, sizeof *results, 64);
    struct selection      *all = arena_alloc_aligned(&vm->arena, sizeof *all, 64);
    struct vector          text = {.type = PHYS_TEXT,
                                   .shape = VECTOR_FLAT,
                                   .flags = v->flags & VECTOR_ASCII,
                                   .count = fresh->count};
    struct vector          out = {0};

    arguments = vm_vectors(vm, op->p2, (uint32_t)op->p1);
    if (texts == NULL || results == NULL || all == NULL || arguments == NULL)
        return fail_nomem(vm->err);
    for (uint32_t k = 0; k < fresh->count; k++)
        ((struct value *)(void *)texts->values)[k] =
            ((const struct value *)v->values)[fresh->codes[fresh->rows[k]]];
    text.values = texts->values;
    selection_all(all, fresh->count);
    arguments[argument] = &text;
    vm->functions.user_data = function->user_data;
    *declined = false;
    TRY(function->vector(&vm->functions, (uint32_t)op->p1, arguments, all, results, &out,
                         declined));
    for (uint32_t k = 0; !*declined && k < fresh->count; k++) {
        char scratch[16];

        TRY(entry_keep(vm, cache, fresh->codes[fresh->rows[k]], vector_value(&out, k, scratch)));
    }
    return vm_poll(vm);
}

static enum status entries_evaluate(struct vm *vm, const struct op *op, struct entry_cache *cache,
                                    struct value *arguments, int32_t argument,
                                    const struct fresh_entries *fresh)
{
    struct arena_mark mark = arena_mark(&vm->arena);
    bool              declined = true;

    if (op->p4.function->vector != NULL && fresh->count >= ENTRIES_AT_ONCE &&
        fresh->v->shape == VECTOR_DICT && fresh->v->type == PHYS_TEXT)
        TRY(entries_evaluate_vector(vm, op, cache, argument, fresh, &declined));
    for (uint32_t k = 0; declined && k < fresh->count; k++) {
        uint16_t     row = fresh->rows[k];
        char         scratch[16];
        struct value out;

        arguments[argument] = vector_value(fresh->v, row, scratch);
        TRY(call_exact(vm, op, arguments, &out));
        TRY(entry_keep(vm, cache, fresh->codes[row], out));
        arena_release(&vm->arena, mark);
    }
    arena_release(&vm->arena, mark);
    return STATUS_OK;
}

/* --- results: NULL rows of v are NULL in the first two -------------------------------------------
 */

static void entry_validity(struct vm *vm, const struct vector *v, struct vm_register *reg)
{
    if (v->valid == NULL)
        return;
    memcpy(reg->buffer->valid, v->valid, vm_words(vm) * sizeof(uint64_t));
    reg->v.valid = reg->buffer->valid;
}

/* Only texts came out: a DICT vector over the results. */
static void entry_result_dict(struct vm *vm, const struct vector *v,
                              const struct entry_cache *cache, struct vm_register *reg,
                              const uint32_t *codes)
{
    uint32_t *out = (uint32_t *)(void *)reg->buffer->values;

    if (vm->sel->count < vm->sel->rows) /* inactive rows get a code that exists */
        memset(out, 0, vm->sel->rows * sizeof *out);
    ACTIVE_EACH(vm, row, {
        bool valid = v->valid == NULL || bits_get(v->valid, row);

        out[row] = valid ? cache->codes[codes[row]] : 0;
    });
    reg->v = (struct vector){.type = PHYS_TEXT,
                             .shape = VECTOR_DICT,
                             .code_bytes = 4,
                             .count = vm->sel->rows,
                             .values = dictionary_entries(cache->results),
                             .codes = out,
                             .dictionary = cache->results,
                             .entry_count = dictionary_count(cache->results)};
    entry_validity(vm, v, reg);
}

/* Only INTEGERs or only REALs came out. */
static void entry_result_words(struct vm *vm, const struct vector *v,
                               const struct entry_cache *cache, struct vm_register *reg,
                               const uint32_t *codes)
{
    int64_t *out = (int64_t *)(void *)reg->buffer->values;

    ACTIVE_EACH(vm, row, { out[row] = cache->values[codes[row]].i; });
    register_flat(vm, reg, cache->classes == 1u << CLASS_INTEGER ? PHYS_I64 : PHYS_F64);
    entry_validity(vm, v, reg);
}

static void entry_result_cells(struct vm *vm, const struct vector *v,
                               const struct entry_cache *cache, struct vm_register *reg,
                               const uint32_t *codes, const struct value *null_result)
{
    struct value       *out = (struct value *)(void *)reg->buffer->values;
    const struct value *texts = dictionary_entries(cache->results);

    ACTIVE_EACH(vm, row, {
        uint32_t code = codes[row];

        if (v->valid != NULL && !bits_get(v->valid, row))
            out[row] = *null_result;
        else
            out[row] =
                cache->state[code] == ENTRY_TEXT ? texts[cache->codes[code]] : cache->values[code];
    });
    exact_pack(vm, reg);
}

static void entry_result(struct vm *vm, const struct vector *v, const struct entry_cache *cache,
                         struct vm_register *reg, const uint32_t *codes,
                         const struct value *null_result)
{
    bool nulls_null = null_result->class_ == CLASS_NULL;

    if (nulls_null && cache->classes == 1u << CLASS_TEXT)
        entry_result_dict(vm, v, cache, reg, codes);
    else if (nulls_null &&
             (cache->classes == 1u << CLASS_INTEGER || cache->classes == 1u << CLASS_REAL))
        entry_result_words(vm, v, cache, reg, codes);
    else
        entry_result_cells(vm, v, cache, reg, codes, null_result);
}

/* The results of all entries that the active rows have. */
static enum status entries_know(struct vm *vm, const struct op *op, struct entry_cache *cache,
                                struct value *arguments, int32_t argument,
                                struct fresh_entries *fresh)
{
    enum status status;

    fresh->count = 0;
    ACTIVE_EACH(vm, row, {
        uint32_t code = fresh->codes[row];

        if (cache->state[code] == ENTRY_UNKNOWN &&
            (fresh->v->valid == NULL || bits_get(fresh->v->valid, row))) {
            cache->state[code] = ENTRY_PENDING;
            fresh->rows[fresh->count++] = (uint16_t)row;
        }
    });
    status = entries_evaluate(vm, op, cache, arguments, argument, fresh);
    for (uint32_t k = 0; status != STATUS_OK && k < fresh->count; k++)
        if (cache->state[fresh->codes[fresh->rows[k]]] == ENTRY_PENDING)
            cache->state[fresh->codes[fresh->rows[k]]] = ENTRY_UNKNOWN;
    return status;
}

static enum status function_entries(struct vm *vm, const struct op *op, int32_t argument,
                                    const struct entries *entries)
{
    const struct vector  *v = entries->v;
    struct vm_register   *reg = vm_reg(vm, op->p3);
    struct entry_cache   *cache = entry_cache_for(vm, op, argument, entries);
    struct vector_buffer *buffer = register_buffer(vm, reg, v, NULL);
    struct value         *arguments = arena_alloc(&vm->arena, (size_t)op->p1 * sizeof *arguments);
    struct value          null_result = value_null();
    uint32_t             *codes = arena_alloc(&vm->arena, vm->sel->rows * sizeof *codes);
    struct fresh_entries *fresh = arena_alloc(&vm->arena, sizeof *fresh);
    bool                  null_row = false;

    if (cache == NULL || buffer == NULL || arguments == NULL || codes == NULL || fresh == NULL)
        return fail_nomem(vm->err);
    memcpy(arguments, cache->constants, (size_t)op->p1 * sizeof *arguments);
    entry_codes(vm, v, cache->base, codes);
    fresh->v = v;
    fresh->codes = codes;
    TRY(entries_know(vm, op, cache, arguments, argument, fresh));
    if (v->valid != NULL)
        ACTIVE_EACH(vm, row, {
            if (!bits_get(v->valid, row)) {
                null_row = true;
                codes[row] = 0;
            }
        });
    if (null_row) {
        arguments[argument] = value_null();
        TRY(call_exact(vm, op, arguments, &null_result));
    }
    entry_result(vm, v, cache, reg, codes, &null_result);
    return STATUS_OK;
}

/* --- the vector form
 * --------------------------------------------------------------------------------- */

static enum status function_vector_form(struct vm *vm, const struct op *op, bool *declined)
{
    const struct function *function = op->p4.function;
    const struct vector  **arguments = vm_vectors(vm, op->p2, (uint32_t)op->p1);
    struct vm_register    *reg = vm_reg(vm, op->p3);
    struct vector          out = {0};

    if (arguments == NULL || register_buffer(vm, reg, NULL, NULL) == NULL)
        return fail_nomem(vm->err);
    for (int32_t i = 0; i < op->p1; i++)
        if (register_buffer(vm, reg, arguments[i], NULL) == NULL)
            return fail_nomem(vm->err);
    vm->functions.user_data = function->user_data;
    *declined = false;
    TRY(function->vector(&vm->functions, (uint32_t)op->p1, arguments, vm->sel, reg->buffer, &out,
                         declined));
    if (!*declined)
        reg->v = out;
    return vm_poll(vm);
}

static bool all_constant(struct vm *vm, const struct op *op)
{
    for (int32_t i = 0; i < op->p1; i++)
        if (!vector_is_constant(vm_vec(vm, op->p2 + i)))
            return false;
    return true;
}

const struct op *op_Function(struct vm *vm, const struct op *op)
{
    const struct function *function = op->p4.function;
    bool                   pure = (function->flags & (FUNCTION_PURE | FUNCTION_STATEMENT)) != 0;
    bool                   declined = true;
    int32_t                argument = pure ? entry_argument(vm, op) : -1;
    struct entries         entries;

    vm->functions.collation = (enum collation)op->p5;
    if (all_constant(vm, op) && (pure || vm->sel->count <= 1)) {
        VM_TRY(vm, function_once(vm, op));
        return op + 1;
    }
    if (argument >= 0 && entries_of(vm, vm_vec(vm, op->p2 + argument), &entries)) {
        VM_TRY(vm, function_entries(vm, op, argument, &entries));
        return op + 1;
    }
    if (function->vector != NULL)
        VM_TRY(vm, function_vector_form(vm, op, &declined));
    if (declined)
        VM_TRY(vm, function_rows(vm, op));
    return op + 1;
}
