/* vm_memo.c - correlated subqueries by memory: each distinct tuple of parameters is evaluated once.
 *
 * MemoBegin looks up the active rows' tuples in a hash table of all tuples seen in this run and
 * queues the new ones; MemoNext hands them out one by one; MemoStore notes a tuple's result;
 * MemoResult gives each row the result of its tuple.  Tuples are the same only if their values are
 * identical (1 is not 1.0, 'a' is not 'A'): the subquery may see the difference. */
#include "base/hash.h"
#include "vm/exact.h"

#include <assert.h>
#include <string.h>

enum { MEMO_BUCKETS_FIRST = 64 };

struct memo {
    struct memory   *memory;
    uint32_t         columns;
    struct value    *tuples;  /* [count * columns], text in arena */
    struct value    *results; /* [count], text in arena */
    uint64_t        *hashes;  /* [count] */
    uint32_t         count, capacity;
    uint32_t        *buckets; /* tuple number + 1, 0: free; linear probing */
    uint32_t         bucket_count;
    uint32_t         next;             /* first tuple that has no result */
    uint32_t         rows[VECTOR_CAP]; /* the tuple of each active row of the batch */
    struct arena     arena;
    struct loop_mark loop;
};

void memo_free(struct memo *memo)
{
    if (memo == NULL)
        return;
    memory_free(memo->memory, memo->tuples,
                (size_t)memo->capacity * memo->columns * sizeof *memo->tuples);
    memory_free(memo->memory, memo->results, memo->capacity * sizeof *memo->results);
    memory_free(memo->memory, memo->hashes, memo->capacity * sizeof *memo->hashes);
    memory_free(memo->memory, memo->buckets, memo->bucket_count * sizeof *memo->buckets);
    arena_free(&memo->arena);
    memory_free(memo->memory, memo, sizeof *memo);
}

uint32_t memo_count(const struct memo *memo)
{
    return memo->count;
}

static struct memo *memo_new(struct memory *memory, uint32_t columns)
{
    struct memo *memo = memory_alloc(memory, sizeof *memo);

    if (memo == NULL)
        return NULL;
    memset(memo, 0, offsetof(struct memo, rows));
    memo->loop = (struct loop_mark){.generation = 0};
    memo->memory = memory;
    memo->columns = columns;
    arena_init(&memo->arena, memory);
    return memo;
}

static uint64_t cell_hash(const struct value *v)
{
    if (v->class_ == CLASS_TEXT || v->class_ == CLASS_BLOB)
        return hash_combine(v->class_, hash_bytes(v->s, v->bytes));
    return hash_combine(v->class_, v->class_ == CLASS_NULL ? 0 : (uint64_t)v->i);
}

static bool cell_same(const struct value *a, const struct value *b)
{
    if (a->class_ != b->class_)
        return false;
    if (a->class_ == CLASS_NULL)
        return true;
    if (a->class_ == CLASS_TEXT || a->class_ == CLASS_BLOB)
        return a->bytes == b->bytes && bytes_equal(a->s, b->s, a->bytes);
    return a->i == b->i;
}

static bool cell_keep(struct memo *memo, const struct value *from, struct value *to)
{
    *to = *from;
    if ((from->class_ == CLASS_TEXT || from->class_ == CLASS_BLOB) && from->bytes > 0)
        to->s = arena_copy_text(&memo->arena, from->s, from->bytes);
    return to->bytes == 0 || to->s != NULL;
}

static void bucket_put(struct memo *memo, uint32_t tuple)
{
    uint32_t at = (uint32_t)memo->hashes[tuple] & (memo->bucket_count - 1);

    while (memo->buckets[at] != 0)
        at = (at + 1) & (memo->bucket_count - 1);
    memo->buckets[at] = tuple + 1;
}

/* Room for one more tuple.  Arrays are replaced only when all of them could be made: their size is
 * what memory_free is told. */
static bool memo_grow(struct memo *memo)
{
    uint32_t capacity = memo->capacity == 0 ? MEMO_BUCKETS_FIRST / 2 : memo->capacity * 2;
    uint32_t bucket_count = capacity * 2, *buckets;
    size_t   row = memo->columns * sizeof(struct value);
    struct {
        void  *made;
        void **place;
        size_t bytes;
    } arrays[] = {{NULL, (void **)&memo->tuples, row},
                  {NULL, (void **)&memo->results, sizeof(struct value)},
                  {NULL, (void **)&memo->hashes, sizeof(uint64_t)}};
    bool ok = true;

    if (memo->count < memo->capacity)
        return true;
    buckets = memory_zalloc(memo->memory, memory_product(bucket_count, sizeof *buckets));
    for (size_t i = 0; i < countof(arrays); i++) {
        if (arrays[i].bytes == 0)
            continue;
        arrays[i].made = memory_alloc(memo->memory, memory_product(capacity, arrays[i].bytes));
        ok &= arrays[i].made != NULL;
    }
    if (!ok || buckets == NULL) {
        for (size_t i = 0; i < countof(arrays); i++)
            memory_free(memo->memory, arrays[i].made, (size_t)capacity * arrays[i].bytes);
        memory_free(memo->memory, buckets, bucket_count * sizeof *buckets);
        return false;
    }
    for (size_t i = 0; i < countof(arrays); i++) {
        if (memo->count > 0 && arrays[i].bytes > 0)
            memcpy(arrays[i].made, *arrays[i].place, memo->count * arrays[i].bytes);
        memory_free(memo->memory, *arrays[i].place, (size_t)memo->capacity * arrays[i].bytes);
        *arrays[i].place = arrays[i].made;
    }
    memory_free(memo->memory, memo->buckets, memo->bucket_count * sizeof *buckets);
    memo->buckets = buckets;
    memo->bucket_count = bucket_count;
    memo->capacity = capacity;
    for (uint32_t i = 0; i < memo->count; i++)
        bucket_put(memo, i);
    return true;
}

/* Nothing is known any more. */
static void memo_forget(struct memo *memo)
{
    if (memo->count == 0)
        return;
    memset(memo->buckets, 0, memo->bucket_count * sizeof *memo->buckets);
    memo->count = memo->next = 0;
    arena_reset(&memo->arena);
}

/* The number of the tuple, which is noted if it is new, or again each time. */
static bool memo_find(struct memo *memo, const struct value *tuple, bool again, uint32_t *number)
{
    uint64_t hash = again ? memo->count : 0;
    uint32_t at;

    for (uint32_t c = 0; c < memo->columns && !again; c++)
        hash = hash_combine(hash, cell_hash(&tuple[c]));
    if (!memo_grow(memo))
        return false;
    at = (uint32_t)hash & (memo->bucket_count - 1);
    for (; memo->buckets[at] != 0; at = (at + 1) & (memo->bucket_count - 1)) {
        const struct value *known = memo->tuples + (size_t)(memo->buckets[at] - 1) * memo->columns;
        bool                same = !again && memo->hashes[memo->buckets[at] - 1] == hash;

        for (uint32_t c = 0; same && c < memo->columns; c++)
            same = cell_same(&known[c], &tuple[c]);
        if (same) {
            *number = memo->buckets[at] - 1;
            return true;
        }
    }
    for (uint32_t c = 0; c < memo->columns; c++)
        if (!cell_keep(memo, &tuple[c], &memo->tuples[(size_t)memo->count * memo->columns + c]))
            return false;
    memo->results[memo->count] = value_null();
    memo->hashes[memo->count] = hash;
    memo->buckets[at] = memo->count + 1;
    *number = memo->count++;
    return true;
}

/* --- opcodes
 * ----------------------------------------------------------------------------------------- */

static struct memo *slot_memo(struct vm *vm, struct vm_slot *slot, uint32_t columns)
{
    if (slot->kind == SLOT_MEMO)
        return slot->memo;
    vm_slot_free(vm, slot);
    slot->memo = memo_new(vm->memory, columns);
    if (slot->memo == NULL)
        return NULL;
    slot->kind = SLOT_MEMO;
    slot->filled = true;
    return slot->memo;
}

const struct op *op_MemoBegin(struct vm *vm, const struct op *op)
{
    uint32_t      columns = (uint32_t)op->p4.i;
    bool          again = op->p5 != 0; /* each row runs for itself */
    struct memo  *memo = slot_memo(vm, vm_slot_at(vm, op->p1), columns);
    struct value *tuple = arena_alloc(&vm->arena, memory_product(columns, sizeof *tuple));
    char(*texts)[16] = arena_alloc(&vm->arena, memory_product(columns, sizeof *texts));

    if (memo == NULL || tuple == NULL || texts == NULL)
        return vm_nomem(vm);
    if (again)
        memo_forget(memo);
    ACTIVE_EACH(vm, row, {
        for (uint32_t c = 0; c < columns; c++) {
            const struct vector *v = vm_vec(vm, op->p3 + (int32_t)c);

            tuple[c] = vector_is_constant(v) ? vector_constant_value(v, texts[c])
                                             : vector_value(v, row, texts[c]);
        }
        if (!memo_find(memo, tuple, again, &memo->rows[row]))
            return vm_nomem(vm);
    });
    if (memo->next == memo->count)
        return vm->ops + op->p2;
    VM_TRY(vm, vm_push(vm, true));
    loop_begin(vm, &memo->loop);
    return op + 1;
}

const struct op *op_MemoNext(struct vm *vm, const struct op *op)
{
    struct memo *memo = vm_slot_at(vm, op->p1)->memo;

    VM_TRY(vm, vm_poll(vm));
    loop_release(vm, &memo->loop);
    if (memo->next == memo->count) {
        vm_pop(vm);
        return vm->ops + op->p2;
    }
    for (uint32_t c = 0; c < memo->columns; c++)
        register_constant(vm, vm_reg(vm, op->p3 + (int32_t)c),
                          memo->tuples[(size_t)memo->next * memo->columns + c]);
    memo->next++;
    vm_batch_one(vm);
    return op + 1;
}

const struct op *op_MemoStore(struct vm *vm, const struct op *op)
{
    struct memo *memo = vm_slot_at(vm, op->p1)->memo;
    char         scratch[16];
    struct value value = vector_value(vm_vec(vm, op->p2), 0, scratch);

    assert(memo->next > 0);
    if (!cell_keep(memo, &value, &memo->results[memo->next - 1]))
        return vm_nomem(vm);
    return op + 1;
}

const struct op *op_MemoResult(struct vm *vm, const struct op *op)
{
    struct memo        *memo = vm_slot_at(vm, op->p1)->memo;
    struct vm_register *reg = vm_reg(vm, op->p2);
    struct value       *out;

    if (register_buffer(vm, reg, NULL, NULL) == NULL)
        return vm_nomem(vm);
    out = (struct value *)(void *)reg->buffer->values;
    ACTIVE_EACH(vm, row, { out[row] = memo->results[memo->rows[row]]; });
    exact_pack(vm, reg);
    return op + 1;
}
