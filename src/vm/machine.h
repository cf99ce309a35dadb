/* machine.h - inside the virtual machine: registers, slots, selections, and what op functions use.
 *
 * Seen by src/vm/op_*.c and vm_*.c only.  An op function does one opcode and returns the op to run
 * next, or NULL to leave vm_run with vm->status set (STATUS_ROW, STATUS_DONE or an error).
 *
 * Scratch memory: vm->arena holds what lives as long as the current batch of the innermost loop.
 * Each loop (a cursor's Rewind, a join's probe, a memo) notes a mark and releases to it when it
 * moves on.  A Once block keeps what it made: vm->keep_generation tells the loops around it to
 * forget their mark once (loop_release). */
#ifndef STOA_VM_MACHINE_H
#define STOA_VM_MACHINE_H

#include "base/str.h"
#include "vm/regex.h"
#include "vm/vm.h"

struct vm_register {
    struct vector         v;
    struct value          cell;   /* storage while v is a CONSTANT of our own */
    struct vector_buffer *buffer; /* owned; NULL until the first flat result */
    char                 *text;   /* owned: bytes of a constant that outlives its batch */
    size_t                text_capacity;
};

/* A flag of register vectors beside enum vector_flag: the arrays are the cursor's, so that a view
 * of them cannot be overwritten while the batch is current. */
enum { VECTOR_OF_CURSOR = 128 };

enum slot_kind {
    SLOT_FREE,
    SLOT_CURSOR,
    SLOT_ROWSET,
    SLOT_SET,
    SLOT_AGGREGATE,
    SLOT_SORTER,
    SLOT_WINDOW,
    SLOT_JOIN,
    SLOT_MEMO,
    SLOT_TUPLES,
    SLOT_COUNTS,
    SLOT_RANGE,
    SLOT_BULK
};
struct loop_mark {
    struct arena_mark mark;
    uint64_t          generation; /* vm->keep_generation when mark was taken */
};
struct memo;
struct tuples;
struct counts;
struct range;
struct join_state {          /* the pairs that are the current batch */
    struct selection *probe; /* owned copy of the probe batch's selection */
    const uint16_t   *probe_rows;
    const uint32_t   *build_rows;
    uint32_t          count;
    uint64_t          unmatched;  /* join_unmatched's state */
    bool              identity;   /* probe_rows[i] == i for every row of the probe batch */
    bool              from_build; /* rows of JoinUnmatched: no probe row */
    bool              run;        /* of one probe row: join_run */
};
struct vm_slot {
    uint8_t        kind;   /* enum slot_kind */
    struct cursor *cursor; /* owned; of SLOT_CURSOR, or over a rowset, aggregate or sorter */
    union {
        struct rowset     *rowset;
        struct row_set    *set;
        struct aggregate  *aggregate;
        struct sorter     *sorter;
        struct window     *window;
        struct join       *join;
        struct memo       *memo;
        struct tuples     *tuples;
        struct counts     *counts;
        struct range      *range;
        struct table_bulk *bulk;
        void              *object;
    };
    const void       *desc;    /* the object was made for: opened again with it, it is emptied */
    uint32_t          columns; /* of a set or rowset */
    uint64_t          version; /* of a set: grows with every change, over all slots */
    bool              filled;  /* holds something that vm_reset must give back */
    bool              counts_changes;
    uint32_t          batch_rows;      /* of the cursor's batch */
    uint64_t          batches_skipped; /* by cursors that were closed in this run */
    struct loop_mark  loop;
    struct join_state pairs;
};

struct vm {
    struct vm_host       *host;
    const struct program *program;
    const struct op      *ops; /* program->ops */
    struct memory        *memory;
    size_t                frame_bytes; /* of the block that this and the arrays lie in */
    struct arena          arena;       /* batch scratch */
    struct error         *err;         /* of the vm_run under way */
    enum status           status;
    const struct op      *resume; /* op to go on with after STATUS_ROW */
    bool                  running;
    bool                  has_slots_open;

    /* behind the frame, in its block */
    struct vm_register *registers; /* [register_count + 1] */
    struct vm_slot     *slots;     /* [slot_count] */
    uint8_t            *once;      /* [once_count] */
    struct value       *variables; /* [variable_count] */
    struct bound_text {
        char  *data; /* owned; NULL: none */
        size_t capacity;
    } * variable_texts; /* [variable_count] */
    void **caches;      /* [op_count]: what an op remembers from batch to batch */
    struct cursor *
        *pinned; /* [trusted_count]: the tables' rows when the run began; NULL: not yet */

    struct selection  *sel;   /* the current one: stack[depth] */
    struct selection **stack; /* the first lies in the frame's block; the others, made on demand,
                                 are owned */
    struct selection *first_stack[4];
    uint32_t          depth, stack_count, stack_capacity;

    struct vector_buffer *spare;      /* swapped in where a result would overwrite its input */
    struct vector_buffer *scratch[4]; /* decoded operands */
    uint64_t              keep_generation;
    uint64_t              set_version; /* the last version given to a set */

    int32_t result_first;

    struct function_context functions;
    struct regex_cache      regexes;
    bool                    needs_time; /* some function asks for the statement's time */

    bool     write_open;    /* this run is counted in host->active_writes */
    uint32_t write_mark;    /* of the statement, in the database's stack of states */
    bool     keep_on_error; /* OR FAIL: the rows before the error stay */
    bool     end_on_error;  /* OR ROLLBACK: the error ends the transaction */
    /* of the row that Failing is to end the statement for; its error is in err */
    enum status   failing; /* OK: none */
    enum conflict failing_conflict;
    int64_t       changes;
    bool          counted; /* an op counted changes in this run */

    struct export_writer *exporter; /* COPY TO's open file */
    struct op_profile    *profiles; /* [op_count] or NULL */
    uint64_t general_batches;       /* operands that the general path took as cells (exact.h) */
};

typedef const struct op *op_function(struct vm *vm, const struct op *op);
#define OP(name, p1, p2, p3, p4, synopsis, text) op_function op_##name;
#include "vm/opcodes.def"
#undef OP
extern op_function *const op_table[OP_COUNT];
/* Loops poll once a batch; this is for the one statement that has 100,000 ops in a batch. */
enum { OPS_PER_POLL = 64 };
void run_profiled(struct vm *vm, const struct op *op); /* vm_profile.c */

/* --- leaving ------------------------------------------------------------------------------------
 */
static inline const struct op *vm_stop(struct vm *vm, enum status status)
{
    vm->status = status;
    return NULL;
}
#define VM_TRY(vm, call)                                                                           \
    do {                                                                                           \
        enum status vm_try_status_ = (call);                                                       \
        if (unlikely(vm_try_status_ != STATUS_OK))                                                 \
            return vm_stop(vm, vm_try_status_);                                                    \
    } while (0)
static inline const struct op *vm_nomem(struct vm *vm)
{
    return vm_stop(vm, fail_nomem(vm->err));
}

/* STATUS_INTERRUPT when somebody asked to stop. */
static inline enum status vm_poll(struct vm *vm)
{
    return memory_poll(vm->memory, vm->err);
}

/* --- registers ----------------------------------------------------------------------------------
 */
static inline struct vm_register *vm_reg(struct vm *vm, int32_t number)
{
    return &vm->registers[number];
}
static inline const struct vector *vm_vec(const struct vm *vm, int32_t number)
{
    return &vm->registers[number].v;
}
static inline bool vector_is_constant(const struct vector *v)
{
    return v->shape == VECTOR_CONSTANT;
}
/* The value of a CONSTANT; text borrowed (DAY32: in scratch). */
struct value       vector_constant_value(const struct vector *v, char scratch[16]);
static inline bool vector_is_null(const struct vector *v) /* a CONSTANT that is NULL */
{
    return v->shape == VECTOR_CONSTANT && v->type == PHYS_ANY &&
           ((const struct value *)v->values)->class_ == CLASS_NULL;
}
/* reg becomes the constant; its text must live as long as reg is read. */
void register_constant(struct vm *vm, struct vm_register *reg, struct value value);
/* The same with the text copied to memory of reg itself: until its next value.  False: memory. */
bool register_keep(struct vm *vm, struct vm_register *reg, struct value value);
/* A buffer for a result in reg that neither a nor b (NULL allowed) lies in: reg's own, or the
 * machine's spare one, which then is reg's.  NULL: memory. */
struct vector_buffer *register_buffer(struct vm *vm, struct vm_register *reg,
                                      const struct vector *a, const struct vector *b);
/* reg becomes a FLAT vector over its buffer, valid NULL. */
static inline void register_flat(struct vm *vm, struct vm_register *reg, enum phys type)
{
    reg->v = (struct vector){.type = (uint8_t)type,
                             .shape = VECTOR_FLAT,
                             .count = vm->sel->rows,
                             .values = reg->buffer->values};
}
struct vector_buffer *vm_scratch(struct vm *vm, uint32_t index); /* NULL: memory */
/* vectors[i] = &r[first + i].v, in vm->arena; NULL: memory. */
const struct vector **vm_vectors(struct vm *vm, int32_t first, uint32_t count);

/* --- rows ---------------------------------------------------------------------------------------
 */
/* A masked condition: bits of true rows and of NULL rows; both off: false. */
struct truth {
    uint64_t true_[VECTOR_WORDS];
    uint64_t null[VECTOR_WORDS];
};
static inline uint32_t vm_words(const struct vm *vm)
{
    return (vm->sel->rows + 63) / 64;
}
/* reg = 1, 0 or NULL as truth says. */
enum status register_truth(struct vm *vm, struct vm_register *reg, const struct truth *truth);

/* --- selections ---------------------------------------------------------------------------------
 */
enum status vm_push(struct vm *vm,
                    bool       one_row); /* a copy of the selection, or a batch of one row */
void        vm_pop(struct vm *vm);
void        vm_batch(struct vm *vm, uint32_t rows, const uint64_t *active); /* NULL: all */
void        vm_batch_one(struct vm *vm);

/* --- loops --------------------------------------------------------------------------------------
 */
void loop_begin(struct vm *vm, struct loop_mark *loop);
void loop_release(struct vm *vm, struct loop_mark *loop);

/* --- slots --------------------------------------------------------------------------------------
 */
static inline struct vm_slot *vm_slot_at(struct vm *vm, int32_t slot)
{
    return &vm->slots[slot];
}
void vm_slot_free(struct vm *vm, struct vm_slot *slot); /* frees what it holds */
void vm_slot_clear(struct vm      *vm,
                   struct vm_slot *slot); /* between runs: keeps what may be reused */
void vm_bulk_cancel(struct vm *vm); /* drops unfinished loads: before their statement is undone */
enum status vm_slot_rowset_cursor(struct vm *vm, const struct rowset *rowset,
                                  struct cursor **cursor);
/* From now on that cursor is a priority queue: it hands out the least row that it has not yet. */
/* A cursor over desc's rows (values_cursor.c). */
enum status values_cursor(struct memory *memory, const struct values_desc *desc,
                          struct cursor **cursor, struct error *err);
void        vm_slot_order(struct cursor *cursor, const struct queue_desc *order);

void     memo_free(struct memo *memo);
uint32_t memo_count(const struct memo *memo); /* distinct parameter tuples so far */
/* vm_tuples.c: NULL allowed; distinct tuples so far; these, each with its number behind. */
void                 tuples_free(struct tuples *tuples);
uint32_t             tuples_count(const struct tuples *tuples);
const struct rowset *tuples_rows(const struct tuples *tuples);
void                 counts_free(struct counts *counts);

/* Caches of ops (vm->caches): each begins with how it is freed. */
struct op_cache {
    void (*free)(struct vm *vm, struct op_cache *cache);
};
static inline void **vm_cache(struct vm *vm, const struct op *op)
{
    return &vm->caches[op - vm->ops];
}

/* --- transactions (vm_transaction.c) ------------------------------------------------------------
 */
enum status vm_write_begin(struct vm *vm);
enum status vm_statement_end(struct vm *vm, bool success); /* keeps or undoes what the run wrote */

#endif
