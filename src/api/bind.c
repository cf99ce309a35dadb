/* bind.c - parameters.  Values are kept with the statement, so that they outlive a recompilation;
 * the frame borrows them. */
#include "api/connection.h"

#include <string.h>

/* Empties binding; its destructor must not use the connection. */
static void binding_release(struct memory *memory, struct binding *binding)
{
    if (binding->destructor != NULL) {
        atomic_fetch_add(&memory->interrupt.in_callback, 1);
        binding->destructor((void *)(uintptr_t)binding->value.s);
        atomic_fetch_sub(&memory->interrupt.in_callback, 1);
    }
    binding->destructor = NULL;
    binding->value = value_null();
}

void statement_free_bindings(stoa_stmt *stmt)
{
    struct memory *memory = &stmt->db->memory;

    for (uint32_t i = 0; i < stmt->variable_count; i++) {
        binding_release(memory, &stmt->bindings[i]);
        memory_free(memory, stmt->bindings[i].buffer, stmt->bindings[i].buffer_bytes);
    }
}

enum status statement_rebind(stoa_stmt *stmt, struct vm *vm)
{
    for (uint32_t i = 0; i < stmt->variable_count; i++)
        TRY(vm_bind(vm, i + 1, &stmt->bindings[i].value, false, &stmt->db->error));
    return STATUS_OK;
}

/* The binding for index, emptied for a value of bytes; NULL and *rc when it cannot be set, and is
 * as it was. */
static struct binding *binding_open(stoa_stmt *stmt, int index, int64_t bytes, int *rc)
{
    if (!statement_ready(stmt) || stmt->state != STATEMENT_READY) {
        *rc = statement_misuse(stmt, "bind on a running statement: reset it first");
        return NULL;
    }
    if (index < 1 || (uint32_t)index > stmt->variable_count) {
        *rc = connection_result(stmt->db, STATUS_RANGE);
        return NULL;
    }
    if (bytes < 0) {
        *rc = connection_misuse(stmt->db, "a blob of a negative length");
        return NULL;
    }
    if (bytes > VALUE_BYTES_MAX) {
        *rc = connection_result(stmt->db, STATUS_TOOBIG);
        return NULL;
    }
    binding_release(&stmt->db->memory, &stmt->bindings[index - 1]);
    return &stmt->bindings[index - 1];
}

static int binding_close(stoa_stmt *stmt, struct binding *binding)
{
    uint32_t    variable = (uint32_t)(binding - stmt->bindings) + 1;
    enum status status = vm_bind(stmt->vm, variable, &binding->value, false, &stmt->db->error);

    return status == STATUS_OK ? connection_result(stmt->db, STATUS_OK)
                               : connection_failed(stmt->db);
}

static int bind_value(stoa_stmt *stmt, int index, struct value value)
{
    int             rc = STOA_OK;
    struct binding *binding = binding_open(stmt, index, 0, &rc);

    if (binding == NULL)
        return rc;
    binding->value = value;
    return binding_close(stmt, binding);
}

int stoa_bind_null(stoa_stmt *stmt, int index)
{
    return bind_value(stmt, index, value_null());
}

int stoa_bind_int(stoa_stmt *stmt, int index, int value)
{
    return bind_value(stmt, index, value_int(value));
}

int stoa_bind_int64(stoa_stmt *stmt, int index, int64_t value)
{
    return bind_value(stmt, index, value_int(value));
}

int stoa_bind_double(stoa_stmt *stmt, int index, double value)
{
    return bind_value(stmt, index, value_real(value));
}

/* Copies bytes into the binding's own buffer, which is kept for the next value. */
static bool binding_copy(stoa_stmt *stmt, struct binding *binding, const void *data, size_t bytes)
{
    struct memory *memory = &stmt->db->memory;

    if (bytes > binding->buffer_bytes) {
        size_t capacity = bytes < 32 ? 32 : bytes;
        char  *buffer = memory_alloc(memory, capacity);

        if (buffer == NULL)
            return false;
        memory_free(memory, binding->buffer, binding->buffer_bytes);
        binding->buffer = buffer;
        binding->buffer_bytes = capacity;
    }
    if (bytes > 0)
        memcpy(binding->buffer, data, bytes);
    binding->value.s = binding->buffer;
    return true;
}

static int bind_bytes(stoa_stmt *stmt, int index, enum value_class class_, const void *data,
                      int64_t bytes, stoa_destructor destructor)
{
    bool            copied = destructor == STOA_TRANSIENT;
    int             rc = STOA_OK;
    struct binding *binding;

    if (data == NULL)
        return bind_value(stmt, index, value_null());
    binding = binding_open(stmt, index, bytes, &rc);
    if (binding == NULL) {
        /* As in SQLite the bytes are ours from the call on, even when it fails. */
        if (!copied && destructor != STOA_STATIC)
            destructor((void *)(uintptr_t)data);
        return rc;
    }
    binding->value = (struct value){.s = data, .bytes = (uint32_t)bytes, .class_ = (uint8_t)class_};
    if (!copied)
        binding->destructor = destructor;
    else if (!binding_copy(stmt, binding, data, (size_t)bytes)) {
        binding->value = value_null();
        binding_close(stmt, binding);
        return connection_result(stmt->db, STATUS_NOMEM);
    }
    return binding_close(stmt, binding);
}

int stoa_bind_text(stoa_stmt *stmt, int index, const char *text, int64_t nbytes,
                   stoa_destructor destructor)
{
    if (text != NULL && nbytes < 0)
        nbytes = (int64_t)strlen(text);
    return bind_bytes(stmt, index, CLASS_TEXT, text, nbytes, destructor);
}

int stoa_bind_blob(stoa_stmt *stmt, int index, const void *blob, int64_t nbytes,
                   stoa_destructor destructor)
{
    return bind_bytes(stmt, index, CLASS_BLOB, blob, nbytes, destructor);
}

int stoa_clear_bindings(stoa_stmt *stmt)
{
    if (stmt == NULL)
        return STOA_MISUSE;
    for (uint32_t i = 0; i < stmt->variable_count; i++) {
        int rc = stoa_bind_null(stmt, (int)i + 1);

        if (rc != STOA_OK)
            return rc;
    }
    return STOA_OK;
}

int stoa_bind_parameter_count(stoa_stmt *stmt)
{
    return stmt == NULL ? 0 : (int)stmt->variable_count;
}

const char *stoa_bind_parameter_name(stoa_stmt *stmt, int index)
{
    if (stmt == NULL || index < 1 || (uint32_t)index > stmt->variable_count)
        return NULL;
    return stmt->program->variable_names[index - 1];
}

int stoa_bind_parameter_index(stoa_stmt *stmt, const char *name)
{
    if (stmt == NULL || name == NULL)
        return 0;
    for (uint32_t i = 0; i < stmt->variable_count; i++) {
        const char *known = stmt->program->variable_names[i];

        if (known != NULL && strcmp(known, name) == 0)
            return (int)i + 1;
    }
    return 0;
}
