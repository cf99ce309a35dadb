/* vm_transaction.c - transactions as statements see them: autocommit, BEGIN and COMMIT, savepoints
 * by name, and the undoing of a statement that failed.
 *
 * The database's write transaction begins with the first statement that writes.  Its stack of marks
 * then holds, from the bottom, one for each open SAVEPOINT and one for the running statement.
 * Savepoints made before anything was written get their mark when writing begins: until then there
 * is nothing to go back to. */
#include "vm/machine.h"

#include <string.h>

struct savepoint_name {
    struct savepoint_name *outer; /* NULL: the first */
    uint32_t               mark;
    bool                   marked;
    bool                   began; /* it was opened outside a transaction, as a BEGIN */
    size_t                 bytes; /* of this block */
    char                   name[];
};

/* --- statements
 * ------------------------------------------------------------------------------------- */

static enum status savepoints_mark(struct vm_host *host, struct savepoint_name *savepoint,
                                   struct error *err)
{
    /* from the outermost: the list is turned by a walk for each, it is a few names long */
    for (;;) {
        struct savepoint_name *first = NULL;

        for (struct savepoint_name *at = savepoint; at != NULL; at = at->outer)
            if (!at->marked)
                first = at;
        if (first == NULL)
            return STATUS_OK;
        TRY(database_savepoint(host->database, &first->mark, err));
        first->marked = true;
    }
}

enum status vm_write_begin(struct vm *vm)
{
    struct vm_host *host = vm->host;
    bool            began = !database_in_write(host->database);
    enum status     status;

    if (vm->write_open)
        return STATUS_OK;
    if (began)
        TRY(database_begin_write(host->database, vm->err));
    status = savepoints_mark(host, host->savepoints, vm->err);
    if (status == STATUS_OK)
        status = database_savepoint(host->database, &vm->write_mark, vm->err);
    if (status != STATUS_OK) {
        if (began && host->autocommit)
            database_rollback(host->database);
        return status;
    }
    vm->write_open = true;
    host->active_writes++;
    return STATUS_OK;
}

enum status vm_statement_end(struct vm *vm, bool success)
{
    struct vm_host *host = vm->host;
    enum status     status = STATUS_OK;

    if (!vm->write_open)
        return STATUS_OK;
    if (((int)vm->status & 255) != STATUS_CONSTRAINT) /* another error undoes, whatever OR says */
        vm->keep_on_error = vm->end_on_error = false;
    vm->write_open = false;
    host->active_writes--;
    if (!database_in_write(host->database)) /* a ROLLBACK meanwhile */
        return STATUS_OK;
    if (!success && vm->end_on_error) {
        vm_host_rollback(host);
        return STATUS_OK;
    }
    if (!success && !vm->keep_on_error)
        database_rollback_to(host->database, vm->write_mark);
    database_release(host->database, vm->write_mark);
    if (!host->autocommit || host->active_writes > 0)
        return STATUS_OK;
    if (!success && !vm->keep_on_error) {
        database_rollback(host->database);
        return STATUS_OK;
    }
    status = database_commit(host->database, vm->err);
    if (status != STATUS_OK && database_in_write(host->database))
        database_rollback(host->database);
    return status;
}

const struct op *op_Transaction(struct vm *vm, const struct op *op)
{
    const struct program *program = vm->program;

    if (unlikely(!program_is_current(program, vm->host->database)))
        return vm_stop(vm, fail(vm->err, STATUS_SCHEMA, "%s", status_text(STATUS_SCHEMA)));
    for (uint32_t i = 0; i < program->trusted_count; i++)
        VM_TRY(vm, table_cursor(program->trusted[i].table, NULL, 0, &vm->pinned[i], vm->err));
    if (op->p1 != 0)
        VM_TRY(vm, vm_write_begin(vm));
    return op + 1;
}

/* --- transactions
 * ----------------------------------------------------------------------------------- */

static void savepoint_drop(struct vm_host *host)
{
    struct savepoint_name *savepoint = host->savepoints;

    host->savepoints = savepoint->outer;
    memory_free(host->memory, savepoint, savepoint->bytes);
}

void vm_host_rollback(struct vm_host *host)
{
    memory_park(host->memory, true); /* ROLLBACK is an answer to an interrupt, too */
    if (database_in_write(host->database))
        database_rollback(host->database);
    memory_park(host->memory, false);
    while (host->savepoints != NULL)
        savepoint_drop(host);
    host->autocommit = true;
}

static enum status transaction_commit(struct vm_host *host, struct error *err)
{
    if (host->active_writes > 0)
        return fail(err, STATUS_BUSY, "cannot commit transaction - SQL statements in progress");
    if (database_in_write(host->database))
        TRY(database_commit(host->database, err));
    while (host->savepoints != NULL)
        savepoint_drop(host);
    host->autocommit = true;
    return STATUS_OK;
}

const struct op *op_AutoCommit(struct vm *vm, const struct op *op)
{
    struct vm_host *host = vm->host;
    bool            wanted = op->p1 != 0, rollback = op->p2 != 0;

    if (wanted == host->autocommit)
        return vm_stop(vm, fail(vm->err, STATUS_ERROR,
                                !wanted    ? "cannot start a transaction within a transaction"
                                : rollback ? "cannot rollback - no transaction is active"
                                           : "cannot commit - no transaction is active"));
    if (!wanted)
        host->autocommit = false;
    else if (rollback)
        vm_host_rollback(host);
    else
        VM_TRY(vm, transaction_commit(host, vm->err));
    return op + 1;
}

/* --- savepoints
 * --------------------------------------------------------------------------------------- */

static enum status savepoint_open(struct vm *vm, const char *name)
{
    struct vm_host        *host = vm->host;
    size_t                 bytes = sizeof(struct savepoint_name) + strlen(name) + 1;
    struct savepoint_name *savepoint;

    if (host->active_writes > 0)
        return fail(vm->err, STATUS_BUSY, "cannot open savepoint - SQL statements in progress");
    savepoint = memory_zalloc(host->memory, bytes);
    if (savepoint == NULL)
        return fail_nomem(vm->err);
    savepoint->bytes = bytes;
    memcpy(savepoint->name, name, strlen(name) + 1);
    if (database_in_write(host->database)) {
        enum status status = database_savepoint(host->database, &savepoint->mark, vm->err);

        if (status != STATUS_OK) {
            memory_free(host->memory, savepoint, bytes);
            return status;
        }
        savepoint->marked = true;
    }
    savepoint->began = host->autocommit;
    host->autocommit = false;
    savepoint->outer = host->savepoints;
    host->savepoints = savepoint;
    return STATUS_OK;
}

static enum status savepoint_release(struct vm *vm, struct savepoint_name *savepoint)
{
    struct vm_host *host = vm->host;

    if (host->active_writes > 0)
        return fail(vm->err, STATUS_BUSY, "cannot release savepoint - SQL statements in progress");
    if (savepoint->began)
        return transaction_commit(host, vm->err);
    if (savepoint->marked)
        database_release(host->database, savepoint->mark);
    while (host->savepoints != savepoint)
        savepoint_drop(host);
    savepoint_drop(host);
    return STATUS_OK;
}

/* Back to where the savepoint began; it stays open, later ones are gone. */
static void savepoint_rollback(struct vm_host *host, struct savepoint_name *savepoint)
{
    memory_park(host->memory, true);
    if (savepoint->marked)
        database_rollback_to(host->database, savepoint->mark);
    memory_park(host->memory, false);
    while (host->savepoints != savepoint)
        savepoint_drop(host);
}

const struct op *op_Savepoint(struct vm *vm, const struct op *op)
{
    struct vm_host        *host = vm->host;
    const char            *name = op->p4.text;
    struct savepoint_name *savepoint = host->savepoints;

    if (op->p1 == 0) {
        VM_TRY(vm, savepoint_open(vm, name));
        return op + 1;
    }
    while (savepoint != NULL &&
           !ascii_equal(savepoint->name, strlen(savepoint->name), name, strlen(name)))
        savepoint = savepoint->outer;
    if (savepoint == NULL)
        return vm_stop(vm, fail(vm->err, STATUS_ERROR, "no such savepoint: %s", name));
    if (op->p1 == 1)
        VM_TRY(vm, savepoint_release(vm, savepoint));
    else
        savepoint_rollback(host, savepoint);
    return op + 1;
}
