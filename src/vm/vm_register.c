/* vm_register.c - registers, selections and scratch buffers of a frame. */
#include "vm/machine.h"

#include <assert.h>
#include <string.h>

struct value vector_constant_value(const struct vector *v, char scratch[16])
{
    assert(v->shape == VECTOR_CONSTANT);
    switch ((enum phys)v->type) {
    case PHYS_I64:
        return value_int(*(const int64_t *)v->values);
    case PHYS_F64:
        return value_real(*(const double *)v->values);
    case PHYS_ANY:
        return *(const struct value *)v->values;
    default:
        return vector_value(v, 0, scratch);
    }
}

void register_constant(struct vm *vm, struct vm_register *reg, struct value value)
{
    reg->cell = value;
    vector_constant(&reg->v, &reg->cell, vm->sel->rows);
}

bool register_keep(struct vm *vm, struct vm_register *reg, struct value value)
{
    if ((value.class_ == CLASS_TEXT || value.class_ == CLASS_BLOB) && value.bytes > 0) {
        if (reg->text_capacity < value.bytes) {
            size_t capacity = value.bytes < 32 ? 32 : (size_t)value.bytes + value.bytes / 4;
            char  *text = memory_alloc(vm->memory, capacity); /* not realloc: value may lie in it */

            if (text == NULL)
                return false;
            if (!memory_copy(vm->memory, text, value.s, value.bytes)) {
                memory_free(vm->memory, text, capacity);
                return false;
            }
            memory_free(vm->memory, reg->text, reg->text_capacity);
            reg->text = text;
            reg->text_capacity = capacity;
        } else {
            memmove(reg->text, value.s, value.bytes);
        }
        value.s = reg->text;
    }
    register_constant(vm, reg, value);
    return true;
}

static bool inside(const struct vector_buffer *buffer, const void *p)
{
    return (const char *)p >= (const char *)buffer && (const char *)p < (const char *)(buffer + 1);
}

static bool reads(const struct vector *v, const struct vector_buffer *buffer)
{
    return v != NULL &&
           (inside(buffer, v->values) || inside(buffer, v->valid) || inside(buffer, v->codes));
}

struct vector_buffer *register_buffer(struct vm *vm, struct vm_register *reg,
                                      const struct vector *a, const struct vector *b)
{
    if (reg->buffer == NULL) {
        reg->buffer = memory_alloc(vm->memory, sizeof *reg->buffer);
    } else if (reads(a, reg->buffer) || reads(b, reg->buffer)) {
        struct vector_buffer *own = reg->buffer;

        if (vm->spare == NULL)
            vm->spare = memory_alloc(vm->memory, sizeof *vm->spare);
        if (vm->spare == NULL)
            return NULL;
        reg->buffer = vm->spare;
        vm->spare = own;
    }
    return reg->buffer;
}

struct vector_buffer *vm_scratch(struct vm *vm, uint32_t index)
{
    assert(index < countof(vm->scratch));
    if (vm->scratch[index] == NULL)
        vm->scratch[index] = memory_alloc(vm->memory, sizeof(struct vector_buffer));
    return vm->scratch[index];
}

const struct vector **vm_vectors(struct vm *vm, int32_t first, uint32_t count)
{
    const struct vector **vectors = arena_alloc(&vm->arena, memory_product(count, sizeof *vectors));

    for (uint32_t i = 0; i < count && vectors != NULL; i++)
        vectors[i] = vm_vec(vm, first + (int32_t)i);
    return vectors;
}

/* Eight bits as eight bytes of 0 or 1, bit 0 first (little endian). */
static inline uint64_t bits_spread(uint64_t byte)
{
    uint64_t ones = byte * UINT64_C(0x0101010101010101) & UINT64_C(0x8040201008040201);

    return ((ones + UINT64_C(0x7f7f7f7f7f7f7f7f)) >> 7) & UINT64_C(0x0101010101010101);
}

enum status register_truth(struct vm *vm, struct vm_register *reg, const struct truth *truth)
{
    struct vector_buffer *buffer = register_buffer(vm, reg, NULL, NULL);
    uint32_t              words = vm_words(vm);
    uint64_t              nulls = 0;
    char                 *out;

    if (buffer == NULL)
        return fail_nomem(vm->err);
    register_flat(vm, reg, PHYS_I8);
    out = buffer->values;
    for (uint32_t w = 0; w < words; w++) {
        for (uint32_t byte = 0; byte < 8; byte++) {
            uint64_t eight = bits_spread(truth->true_[w] >> (byte * 8) & 0xff);

            memcpy(out + w * 64 + byte * 8, &eight, 8);
        }
        nulls |= truth->null[w] & vm->sel->bits[w];
    }
    reg->v.flags = VECTOR_BOUNDED;
    reg->v.lo = 0;
    reg->v.hi = 1;
    if (nulls != 0) {
        for (uint32_t w = 0; w < words; w++)
            buffer->valid[w] = ~truth->null[w];
        reg->v.valid = buffer->valid;
    }
    return STATUS_OK;
}

/* --- selections --------------------------------------------------------------------------------
 */

static bool stack_grow(struct vm *vm)
{
    if (vm->stack_count == vm->stack_capacity) {
        uint32_t           capacity = vm->stack_capacity * 2;
        struct selection **stack = memory_alloc(vm->memory, capacity * sizeof *stack);

        if (stack == NULL)
            return false;
        memcpy(stack, vm->stack, vm->stack_count * sizeof *stack);
        if (vm->stack != vm->first_stack)
            memory_free(vm->memory, vm->stack, vm->stack_capacity * sizeof *stack);
        vm->stack = stack;
        vm->stack_capacity = capacity;
    }
    vm->stack[vm->stack_count] = memory_alloc(vm->memory, sizeof(struct selection));
    if (vm->stack[vm->stack_count] == NULL)
        return false;
    vm->stack_count++;
    return true;
}

enum status vm_push(struct vm *vm, bool one_row)
{
    uint32_t          next = vm->depth + 1;
    struct selection *from = vm->sel;

    if (next >= vm->stack_count && !stack_grow(vm))
        return fail_nomem(vm->err);
    vm->depth = next;
    vm->sel = vm->stack[next];
    if (one_row) {
        vm_batch_one(vm);
        return STATUS_OK;
    }
    vm->sel->rows = from->rows;
    vm->sel->count = from->count;
    vm->sel->listed = false;
    memcpy(vm->sel->bits, from->bits, bits_words(from->rows) * sizeof from->bits[0]);
    return STATUS_OK;
}

void vm_pop(struct vm *vm)
{
    assert(vm->depth > 0);
    vm->sel = vm->stack[--vm->depth];
}

void vm_batch(struct vm *vm, uint32_t rows, const uint64_t *active)
{
    if (active == NULL)
        selection_all(vm->sel, rows);
    else
        selection_bits(vm->sel, rows, active);
}

void vm_batch_one(struct vm *vm)
{
    vm->sel->rows = vm->sel->count = 1;
    vm->sel->listed = true;
    vm->sel->list[0] = 0;
    vm->sel->bits[0] = 1;
}

void loop_begin(struct vm *vm, struct loop_mark *loop)
{
    loop->mark = arena_mark(&vm->arena);
    loop->generation = vm->keep_generation;
}

void loop_release(struct vm *vm, struct loop_mark *loop)
{
    if (loop->generation == vm->keep_generation)
        arena_release(&vm->arena, loop->mark);
    else
        loop_begin(vm, loop);
}
