/* vm_run.c - a frame's life: made, bound, run, reset, freed; and the loop of the machine. */
#include "vm/machine.h"

#include <assert.h>
#include <string.h>
#include <time.h>

op_function *const op_table[OP_COUNT] = {
#define OP(name, p1, p2, p3, p4, synopsis, text) [OP_##name] = op_##name,
#include "vm/opcodes.def"
#undef OP
};

/* Milliseconds since the julian epoch: 2440587.5 days before 1970. */
static int64_t now_julian_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return INT64_C(210866760000000) + (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- making and freeing ------------------------------------------------------------------------
 */

/* A frame and its arrays are one block; arrays begin at multiples of 16, the first selection at one
 * of 64.  The block's size is one that struct memory keeps for reuse. */
enum { FRAME_ALIGN = 16, FRAME_ROUND = 4096 };

static size_t frame_room(size_t *end, uint32_t count, size_t bytes)
{
    size_t at = *end;

    *end += (count * bytes + FRAME_ALIGN - 1) & ~(size_t)(FRAME_ALIGN - 1);
    return at;
}

static void *frame_array(struct vm *vm, size_t at, uint32_t count)
{
    return count == 0 ? NULL : (char *)vm + at;
}

/* A zeroed frame for program.  NULL: memory. */
static struct vm *frame_alloc(struct memory *memory, const struct program *program)
{
    uint32_t registers_count = program->register_count + 1;
    size_t   end = (sizeof(struct vm) + FRAME_ALIGN - 1) & ~(size_t)(FRAME_ALIGN - 1);
    size_t   registers = frame_room(&end, registers_count, sizeof(struct vm_register));
    size_t   slots = frame_room(&end, program->slot_count, sizeof(struct vm_slot));
    size_t   once = frame_room(&end, program->once_count, sizeof(uint8_t));
    size_t   variables = frame_room(&end, program->variable_count, sizeof(struct value));
    size_t   texts = frame_room(&end, program->variable_count, sizeof(struct bound_text));
    size_t   caches = frame_room(&end, program->op_count, sizeof(void *));
    size_t   pinned = frame_room(&end, program->trusted_count, sizeof(struct cursor *));
    size_t   selection =
        (end + _Alignof(struct selection) - 1) & ~(size_t)(_Alignof(struct selection) - 1);
    size_t bytes =
        (selection + sizeof(struct selection) + FRAME_ROUND - 1) & ~(size_t)(FRAME_ROUND - 1);
    struct vm *vm = memory_alloc(memory, bytes);

    if (vm == NULL)
        return NULL;
    memset(vm, 0, end);
    vm->frame_bytes = bytes;
    vm->registers = frame_array(vm, registers, registers_count);
    vm->slots = frame_array(vm, slots, program->slot_count);
    vm->once = frame_array(vm, once, program->once_count);
    vm->variables = frame_array(vm, variables, program->variable_count);
    vm->variable_texts = frame_array(vm, texts, program->variable_count);
    vm->caches = frame_array(vm, caches, program->op_count);
    vm->pinned = frame_array(vm, pinned, program->trusted_count);
    vm->stack = vm->first_stack;
    vm->stack_capacity = countof(vm->first_stack);
    vm->stack_count = 1;
    vm->sel = vm->stack[0] = (struct selection *)((char *)vm + selection);
    return vm;
}

static void frame_look(struct vm *vm)
{
    for (uint32_t i = 0; i < vm->program->op_count; i++) {
        const struct op *op = &vm->ops[i];

        if (op->code == OP_Function && !(op->p4.function->flags & FUNCTION_PURE))
            vm->needs_time = true;
    }
}

enum status vm_new(struct vm_host *host, const struct program *program, struct vm **out,
                   struct error *err)
{
    struct vm *vm = frame_alloc(host->memory, program);

    *out = NULL;
    if (vm == NULL)
        return fail_nomem(err);
    vm->host = host;
    vm->program = program;
    vm->ops = program->ops;
    vm->memory = host->memory;
    arena_init(&vm->arena, host->memory);
    vm->functions.arena = &vm->arena;
    vm->functions.connection = host->state;
    vm->functions.regexes = &vm->regexes;
    vm_batch_one(vm);
    for (uint32_t i = 0; i <= program->register_count; i++)
        register_constant(vm, &vm->registers[i], value_null());
    frame_look(vm);
    *out = vm;
    return STATUS_OK;
}

static void registers_free(struct vm *vm)
{
    uint32_t count = vm->program->register_count + 1;

    for (uint32_t i = 0; i < count; i++) {
        if (vm->registers[i].buffer != NULL)
            memory_free(vm->memory, vm->registers[i].buffer, sizeof(struct vector_buffer));
        if (vm->registers[i].text != NULL)
            memory_free(vm->memory, vm->registers[i].text, vm->registers[i].text_capacity);
    }
}

static void variables_free(struct vm *vm)
{
    uint32_t count = vm->program->variable_count;

    for (uint32_t i = 0; i < count; i++)
        memory_free(vm->memory, vm->variable_texts[i].data, vm->variable_texts[i].capacity);
}

static void caches_free(struct vm *vm)
{
    uint32_t count = vm->program->op_count;

    for (uint32_t i = 0; i < count; i++) {
        struct op_cache *cache = vm->caches[i];

        if (cache != NULL)
            cache->free(vm, cache);
        vm->caches[i] = NULL;
    }
}

void vm_free(struct vm *vm)
{
    const struct program *program;

    if (vm == NULL)
        return;
    program = vm->program;
    vm_reset(vm);
    for (uint32_t i = 0; i < program->slot_count; i++)
        vm_slot_free(vm, &vm->slots[i]);
    registers_free(vm);
    variables_free(vm);
    caches_free(vm);
    regex_cache_free(&vm->regexes);
    memory_free(vm->memory, vm->spare, sizeof *vm->spare);
    for (size_t i = 0; i < countof(vm->scratch); i++)
        memory_free(vm->memory, vm->scratch[i], sizeof(struct vector_buffer));
    for (uint32_t i = 1; i < vm->stack_count; i++)
        memory_free(vm->memory, vm->stack[i], sizeof(struct selection));
    if (vm->stack != vm->first_stack)
        memory_free(vm->memory, vm->stack, vm->stack_capacity * sizeof(struct selection *));
    memory_free(vm->memory, vm->profiles, program->op_count * sizeof *vm->profiles);
    arena_free(&vm->arena);
    memory_free(vm->memory, vm, vm->frame_bytes);
}

/* --- parameters --------------------------------------------------------------------------------
 */

enum status vm_bind(struct vm *vm, uint32_t variable, const struct value *value, bool copy,
                    struct error *err)
{
    struct bound_text *text;

    if (vm->running)
        return fail(err, STATUS_MISUSE, "bind on a busy prepared statement: [%s]",
                    vm->program->sql == NULL ? "" : vm->program->sql);
    if (variable < 1 || variable > vm->program->variable_count)
        return fail(err, STATUS_RANGE, "%s", status_text(STATUS_RANGE));
    vm->variables[variable - 1] = *value;
    if (!copy || (value->class_ != CLASS_TEXT && value->class_ != CLASS_BLOB) || value->bytes == 0)
        return STATUS_OK;
    text = &vm->variable_texts[variable - 1];
    if (text->capacity < value->bytes) {
        char *data = memory_realloc(vm->memory, text->data, text->capacity, value->bytes);

        if (data == NULL) {
            vm->variables[variable - 1] = value_null();
            return fail_nomem(err);
        }
        text->data = data;
        text->capacity = value->bytes;
    }
    memcpy(text->data, value->s, value->bytes);
    vm->variables[variable - 1].s = text->data;
    return STATUS_OK;
}

void vm_clear_bindings(struct vm *vm)
{
    for (uint32_t i = 0; i < vm->program->variable_count; i++)
        vm->variables[i] = value_null();
}

/* --- running -----------------------------------------------------------------------------------
 */

static const struct op *run_start(struct vm *vm)
{
    vm->running = true;
    vm->changes = 0;
    vm->counted = vm->program->counts_changes;
    vm->keep_on_error = vm->end_on_error = false;
    vm->failing = STATUS_OK;
    vm->depth = 0;
    vm->sel = vm->stack[0];
    vm_batch_one(vm);
    if (vm->needs_time)
        vm->functions.now_ms = now_julian_ms();
    return vm->ops;
}

static void changes_publish(struct vm *vm)
{
    struct connection_state *state = vm->host->state;

    if (!vm->counted)
        return;
    state->changes = vm->changes;
    state->total_changes += vm->changes;
}

/* Slots give back rows and snapshots as soon as the run is over, as SQLite closes its cursors at
 * Halt; only EXPLAIN ANALYZE still looks at them. */
static void slots_clear(struct vm *vm)
{
    for (uint32_t i = 0; i < vm->program->slot_count; i++)
        if (vm->slots[i].filled)
            vm_slot_clear(vm, &vm->slots[i]);
    for (uint32_t i = 0; i < vm->program->trusted_count; i++) {
        if (vm->pinned[i] != NULL)
            vm->pinned[i]->ops->close(vm->pinned[i]);
        vm->pinned[i] = NULL;
    }
}

/* What failed after an interrupt did so for that reason, and what came about while a text was cut
 * does not count: nothing of it is kept. */
static void run_judge(struct vm *vm)
{
    bool done = vm->status == STATUS_DONE || vm->status == STATUS_ROW;

    if (vm->status != STATUS_INTERRUPT &&
        (vm->memory->interrupt.cut || (!done && memory_stopped(vm->memory))))
        vm->status = fail(vm->err, STATUS_INTERRUPT, "interrupted");
    if (vm->status != STATUS_INTERRUPT)
        return;
    vm->keep_on_error = false;
    caches_free(vm);
}

enum status vm_run(struct vm *vm, struct error *err)
{
    const struct op *op;

    assert(vm->status == STATUS_OK || vm->status == STATUS_ROW);
    vm->err = err;
    vm->functions.err = err;
    if (!vm->running) {
        op = run_start(vm);
    } else {
        op = vm->resume;
        if (vm_poll(vm) != STATUS_OK)
            op = vm_stop(vm, STATUS_INTERRUPT);
    }
    if (likely(vm->profiles == NULL)) {
        for (uint32_t ops = 1; op != NULL; ops++) {
            op = op_table[op->code](vm, op);
            if (unlikely(ops % OPS_PER_POLL == 0) && op != NULL && vm_poll(vm) != STATUS_OK)
                op = vm_stop(vm, STATUS_INTERRUPT);
        }
    } else {
        run_profiled(vm, op);
    }
    if (unlikely(vm->status != STATUS_ROW) || unlikely(vm->memory->interrupt.cut))
        run_judge(vm);
    if (vm->status == STATUS_ROW)
        return STATUS_ROW;
    if (vm->profiles == NULL)
        slots_clear(vm); /* before the commit: a snapshot that nobody holds need not be kept */
    if (vm->write_open) {
        bool        done = vm->status == STATUS_DONE;
        enum status ended;

        if (!done)
            vm_bulk_cancel(vm);
        ended = vm_statement_end(vm, done);
        if (done && ended != STATUS_OK)
            vm->status = ended;
        if (!done && !vm->keep_on_error)
            vm->changes = 0;
    }
    changes_publish(vm);
    return vm->status;
}

/* What an early or failed end leaves behind. */
static void frame_abandon(struct vm *vm)
{
    struct error ignored;

    vm->err = &ignored;
    if (vm->exporter != NULL)
        vm->host->export_close(vm->exporter, false, &ignored);
    vm->exporter = NULL;
    if (vm->write_open) {
        /* rows of RETURNING come when all changes are made: those stand */
        vm_bulk_cancel(vm);
        vm_statement_end(vm, vm->status == STATUS_ROW);
    }
}

void vm_reset(struct vm *vm)
{
    if (!vm->running)
        return;
    frame_abandon(vm);
    vm->running = false;
    vm->status = STATUS_OK;
    vm->resume = NULL;
    slots_clear(vm);
    if (vm->program->once_count > 0)
        memset(vm->once, 0, vm->program->once_count);
    arena_reset(&vm->arena);
}

bool vm_running(const struct vm *vm)
{
    return vm->running;
}

int64_t vm_changes(const struct vm *vm)
{
    return vm->changes;
}

/* --- results -----------------------------------------------------------------------------------
 */

const struct vector *vm_result(const struct vm *vm, uint32_t column)
{
    assert(vm->status == STATUS_ROW && column < vm->program->result_count);
    return vm_vec(vm, vm->result_first + (int32_t)column);
}

struct selection *vm_result_selection(struct vm *vm)
{
    return vm->sel;
}

struct arena *vm_result_arena(struct vm *vm)
{
    return &vm->arena;
}
