/* vm.h - the virtual machine: a frame that runs a program batch by batch.
 *
 * A frame owns registers, slots and buffers and keeps them over resets, so that a prepared
 * statement reaches a steady state without allocation.  One frame is used by one thread at a time.
 */
#ifndef STOA_VM_VM_H
#define STOA_VM_VM_H

#include "vm/program.h"

/* What the machine needs of its surroundings; owned by api/, outlives the frame. */
struct vm_host {
    struct database         *database;
    struct memory           *memory;
    struct connection_state *state;
    uint32_t                 batch_rows; /* 1..VECTOR_CAP: PRAGMA stoa_batch; 1 and 3 in tests */
    bool     force_any, force_flat;      /* PRAGMA stoa_force: Column delivers decoded vectors */
    uint32_t threads;                    /* PRAGMA threads */
    bool     autocommit;                 /* false between BEGIN and COMMIT */
    uint32_t active_writes;              /* statements stepping with a write */
    struct source_context sources;
    /* COPY TO, registered by api from io/: */
    enum status (*export_open)(struct vm_host *host, const struct export_desc *desc,
                               struct export_writer **writer, struct error *err);
    enum status (*export_write)(struct export_writer *writer, const struct vector *const *columns,
                                const struct selection *sel, struct error *err);
    enum status (*export_close)(struct export_writer *writer, bool commit,
                                struct error *err); /* frees; commit false: removes the file */
    struct savepoint_name
               *savepoints; /* open SAVEPOINTs, innermost first; owned by vm (vm_transaction.c) */
    const char *trace;      /* STOA_TRACE flags, NULL: none */
};

struct vm;
struct str;

enum { PROFILE_OPERANDS = 4 };
struct op_profile { /* one per op when profiling */
    uint64_t calls, rows_in, rows_out, nanoseconds;
    uint64_t bytes;                   /* Column: of the vectors handed out */
    uint64_t general;                 /* operands that the general path took as cells */
    uint16_t kinds[PROFILE_OPERANDS]; /* types and shapes that the operands had, a bit each */
};

enum status vm_new(struct vm_host *host, const struct program *program, struct vm **vm,
                   struct error *err);
void        vm_free(struct vm *vm);

/* Parameter values (1-based); bytes of text are copied if copy.  Only while not running. */
enum status vm_bind(struct vm *vm, uint32_t variable, const struct value *value, bool copy,
                    struct error *err);
void        vm_clear_bindings(struct vm *vm);

/* Runs to the next output batch (STATUS_ROW), the end (STATUS_DONE: changes are committed if
 * autocommit) or an error (the statement is undone).  After an error or DONE, vm_reset before the
 * next run. */
enum status vm_run(struct vm *vm, struct error *err);
/* After STATUS_ROW: the output columns and which rows of them are output.  Valid until the next
 * vm_run or vm_reset. */
const struct vector *vm_result(const struct vm *vm, uint32_t column);
struct selection    *vm_result_selection(struct vm *vm);
struct arena *
vm_result_arena(struct vm *vm); /* scratch for converting results; reset with the next batch */
/* Ends a run early (an unfinished write is undone, in autocommit a read is over) and makes it
 * startable again. Bindings stay. */
void    vm_reset(struct vm *vm);
bool    vm_running(const struct vm *vm);
int64_t vm_changes(const struct vm *vm); /* rows changed by the last run */

/* EXPLAIN ANALYZE: counts from the next run on. */
enum status              vm_profile(struct vm *vm, struct error *err);
const struct op_profile *vm_op_profiles(const struct vm *vm); /* [op_count]; NULL: off */
/* "FilterGt(i8,const)": an op and what its operands were. */
void vm_describe_op(const struct vm *vm, int32_t address, struct str *text);
void vm_describe_slot(const struct vm *vm, int32_t slot, char *text,
                      size_t bytes); /* tier, encoding, skipped batches */

/* Transaction commands shared by vm and api: ends the transaction at close. */
void vm_host_rollback(struct vm_host *host);

#endif
