/* statement.c - prepare, step, reset, finalize: the life of a stoa_stmt.
 *
 * The frame yields batches; stoa_step hands out their rows by moving an index over the batch's
 * selection, so that a row costs a few nanoseconds and nothing is converted before a column is
 * asked for. */
#include "api/connection.h"

#include "base/utf8.h"

#include <assert.h>
#include <string.h>

#include "base/str.h"

/* How often a statement is compiled anew within one step before it gives up with STATUS_SCHEMA. */
enum { RECOMPILE_MAX = 50 };

/* --- construction -------------------------------------------------------------------------------
 */
static void texts_free(stoa_stmt *stmt)
{
    struct memory *memory = &stmt->db->memory;

    for (uint32_t c = 0; c < stmt->column_count; c++)
        if (stmt->texts[c].data != NULL)
            memory_free(memory, stmt->texts[c].data, stmt->texts[c].capacity);
    stmt->column_count = 0;
}

/* --- what a program depends on -------------------------------------------------------------------
 */
static struct plan_settings settings_now(const stoa_db *db)
{
    return (struct plan_settings){.passes_off = db->compile.passes_off,
                                  .join_seed = db->compile.join_seed,
                                  .threads = db->host.threads,
                                  .batch_rows = db->host.batch_rows,
                                  .real_digits = db->memory.real_digits,
                                  .case_sensitive_like = db->state.case_sensitive_like,
                                  .force_any = db->host.force_any,
                                  .force_flat = db->host.force_flat};
}

/* Hands the program of a statement that ends to the plan cache, or frees it. */
static void statement_keep_program(stoa_stmt *stmt)
{
    stoa_db *db = stmt->db;

    if (stmt->program == NULL)
        return;
    if (stmt->is_whole_text && db->plans.limit > 0 &&
        program_is_current(stmt->program, db->database)) {
        arena_release(&stmt->program->arena, stmt->before);
        plan_cache_keep(&db->plans, stmt->program, stmt->sql, stmt->sql_bytes, &stmt->settings);
    } else {
        program_free(stmt->program);
    }
    stmt->program = NULL;
}

static void statement_free(stoa_stmt *stmt)
{
    stoa_db *db = stmt->db;

    if (stmt->vm != NULL)
        vm_free(stmt->vm);
    batch_free(stmt);
    texts_free(stmt);
    statement_free_bindings(stmt);
    statement_keep_program(stmt);
    memory_free(&db->memory, stmt, stmt->block_bytes);
}

/* Makes program the one that stmt runs, in vm; what an earlier one had is freed. */
static enum status statement_take(stoa_stmt *stmt, struct program *program, struct vm *vm)
{
    uint32_t              count = program->result_count;
    struct arena_mark     before = arena_mark(&program->arena);
    const struct vector **columns = arena_zalloc(&program->arena, count * sizeof *columns);
    struct column_text   *texts = arena_zalloc(&program->arena, count * sizeof *texts);

    if (columns == NULL || texts == NULL)
        return fail_nomem(&stmt->db->error);
    batch_free(stmt);
    texts_free(stmt);
    if (stmt->vm != NULL)
        vm_free(stmt->vm);
    program_free(stmt->program);
    stmt->program = program;
    stmt->before = before;
    stmt->vm = vm;
    stmt->columns = columns;
    stmt->texts = texts;
    stmt->column_count = count;
    return STATUS_OK;
}

/* A statement without a program; it, its bindings and its text are one block.  NULL: memory, or
 * work was stopped. */
static stoa_stmt *statement_new(stoa_db *db, const char *sql, size_t sql_bytes, uint32_t variables)
{
    size_t     fixed = sizeof(stoa_stmt) + variables * sizeof(struct binding);
    size_t     bytes = fixed + sql_bytes + 1;
    stoa_stmt *stmt = memory_alloc(&db->memory, bytes);

    if (stmt == NULL)
        return NULL;
    memset(stmt, 0, fixed);
    stmt->db = db;
    stmt->block_bytes = bytes;
    stmt->generation = 1;
    stmt->variable_count = variables;
    stmt->bindings = (struct binding *)(stmt + 1);
    stmt->sql_bytes = sql_bytes;
    stmt->sql = (char *)stmt + fixed;
    if (!memory_copy(&db->memory, stmt->sql, sql, sql_bytes)) {
        memory_free(&db->memory, stmt, bytes);
        return NULL;
    }
    stmt->sql[sql_bytes] = '\0';
    return stmt;
}

/* Blanks behind the last semicolon are no part of a statement.  Of texts that the plan cache does
 * not take it does not matter. */
static size_t whole_text(const char *sql, size_t bytes)
{
    size_t end = bytes;

    if (bytes > PLAN_TEXT_MAX)
        return bytes;
    while (end > 0 && ascii_space(sql[end - 1]))
        end--;
    return end > 0 && sql[end - 1] == ';' ? end : bytes;
}

static enum status statement_compile(stoa_db *db, const char *sql, size_t bytes, stoa_stmt **out,
                                     size_t *tail)
{
    struct plan_settings settings = settings_now(db);
    size_t               whole = whole_text(sql, bytes);
    struct program      *program = plan_cache_take(&db->plans, db->database, sql, whole, &settings);
    struct vm           *vm = NULL;
    stoa_stmt           *stmt;
    enum status          status;

    *out = NULL;
    *tail = whole;
    if (program == NULL)
        TRY(compile(&db->compile, sql, bytes, &program, tail, &db->error));
    if (program == NULL)
        return STATUS_OK;
    stmt = statement_new(db, sql, *tail, program->variable_count);
    status = stmt == NULL ? fail_nomem(&db->error) : vm_new(&db->host, program, &vm, &db->error);
    if (status == STATUS_OK)
        status = statement_take(stmt, program, vm);
    if (status != STATUS_OK) {
        vm_free(vm);
        program_free(program);
        if (stmt != NULL)
            statement_free(stmt);
        return status;
    }
    stmt->settings = settings;
    stmt->is_whole_text = *tail == whole;
    stmt->next = db->statements;
    if (stmt->next != NULL)
        stmt->next->prev = stmt;
    db->statements = stmt;
    *out = stmt;
    return STATUS_OK;
}

int stoa_prepare(stoa_db *db, const char *sql, int nbytes, stoa_stmt **stmt, const char **tail)
{
    struct interrupt *before;
    size_t            bytes, end = 0;
    enum status       status;

    if (stmt == NULL)
        return STOA_MISUSE;
    *stmt = NULL;
    if (tail != NULL)
        *tail = sql;
    if (!connection_ready(db) || sql == NULL)
        return connection_misuse(db, "no SQL text");
    error_clear(&db->error);
    memory_release(&db->memory); /* of a text whose compilation was stopped */
    if (db->active == 0)
        interrupt_lower(&db->memory.interrupt);
    before = interrupt_work;
    interrupt_work = &db->memory.interrupt;
    bytes = text_until_nul(sql, nbytes < 0 ? SIZE_MAX : (size_t)nbytes);
    status = statement_compile(db, sql, bytes, stmt, &end);
    interrupt_work = before;
    if ((status == STATUS_NOMEM && memory_stopped(&db->memory)) || db->memory.interrupt.cut) {
        if (status == STATUS_OK)
            stoa_finalize(*stmt);
        *stmt = NULL;
        status = fail(&db->error, STATUS_INTERRUPT, "interrupted"); /* and failed for that reason */
    }
    if (tail != NULL)
        *tail = sql + end;
    if (status == STATUS_OK)
        return connection_result(db, STATUS_OK);
    db->error.status = status;
    return connection_failed(db);
}

enum status statement_recompile(stoa_stmt *stmt)
{
    stoa_db             *db = stmt->db;
    struct plan_settings settings = settings_now(db);
    struct program      *program = NULL;
    struct vm           *vm = NULL;
    size_t               tail;
    enum status          status;

    TRY(compile(&db->compile, stmt->sql, stmt->sql_bytes, &program, &tail, &db->error));
    assert(program != NULL && program->variable_count == stmt->variable_count);
    status = vm_new(&db->host, program, &vm, &db->error);
    if (status == STATUS_OK)
        status = statement_rebind(stmt, vm);
    if (status == STATUS_OK)
        status = statement_take(stmt, program, vm);
    if (status != STATUS_OK) {
        vm_free(vm);
        program_free(program);
    } else {
        stmt->settings = settings;
    }
    return status;
}

/* --- misuse
 * ---------------------------------------------------------------------------------------- */
bool statement_ready(const stoa_stmt *stmt)
{
    return stmt != NULL && stmt->state != STATEMENT_RUNNING && connection_ready(stmt->db);
}

int statement_misuse(stoa_stmt *stmt, const char *text)
{
    return statement_ready(stmt) ? connection_misuse(stmt->db, text) : STOA_MISUSE;
}

/* --- running
 * --------------------------------------------------------------------------------------- */
static inline void statement_begin(stoa_stmt *stmt)
{
    stoa_db *db = stmt->db;

    if (db->active++ == 0)
        interrupt_lower(&db->memory.interrupt);
}

static enum status statement_end(stoa_stmt *stmt, enum status status)
{
    stmt->db->active--;
    stmt->state = STATEMENT_ENDED;
    stmt->last = status;
    return status;
}

/* The frame's next batch; a stale program is compiled anew before its first one. */
static enum status run_fresh(stoa_stmt *stmt, bool first)
{
    stoa_db    *db = stmt->db;
    enum status status = vm_run(stmt->vm, &db->error);

    for (int i = 0; status == STATUS_SCHEMA && first && i < RECOMPILE_MAX; i++) {
        vm_reset(stmt->vm);
        error_clear(&db->error);
        status = statement_recompile(stmt);
        if (status == STATUS_OK)
            status = vm_run(stmt->vm, &db->error);
    }
    return status;
}

enum status statement_run(stoa_stmt *stmt)
{
    stoa_db          *db = stmt->db;
    bool              first = stmt->state == STATEMENT_READY;
    struct interrupt *before = interrupt_work;
    enum status       status;

    if (first)
        statement_begin(stmt);
    stmt->state = STATEMENT_RUNNING;
    db->error.text[0] = '\0';
    interrupt_work = &db->memory.interrupt;
    status = run_fresh(stmt, first);
    interrupt_work = before;
    stmt->generation++;
    if (likely(status == STATUS_ROW)) {
        stmt->selection = vm_result_selection(stmt->vm);
        for (uint32_t c = 0; c < stmt->column_count; c++)
            stmt->columns[c] = vm_result(stmt->vm, c);
    } else {
        statement_end(stmt, status);
    }
    db->error.status = status;
    return status;
}

static void statement_rewind(stoa_stmt *stmt)
{
    if (stmt->state == STATEMENT_ON_ROW || stmt->state == STATEMENT_ON_BATCH)
        statement_end(stmt, STATUS_OK);
    if (stmt->state == STATEMENT_ENDED)
        vm_reset(stmt->vm);
    stmt->state = STATEMENT_READY;
    stmt->last = STATUS_OK;
    stmt->generation++;
}

int stoa_step(stoa_stmt *stmt)
{
    enum status status;

    if (unlikely(stmt == NULL))
        return STOA_MISUSE;
    if (stmt->state == STATEMENT_ON_ROW) {
        const struct selection *sel = stmt->selection;
        size_t                  row = bits_next(sel->bits, stmt->row + 1, sel->rows);

        if (row < sel->rows) {
            stmt->row = (uint32_t)row;
            stmt->generation++;
            return STOA_ROW;
        }
    }
    if (unlikely(!statement_ready(stmt) || stmt->state == STATEMENT_ON_BATCH))
        return statement_misuse(stmt, "stoa_step after stoa_fetch_batch: reset the statement");
    if (stmt->state == STATEMENT_ENDED)
        statement_rewind(stmt);
    status = statement_run(stmt);
    if (status != STATUS_ROW)
        return (int)status & 0xff;
    stmt->state = STATEMENT_ON_ROW;
    stmt->row = (uint32_t)bits_next(stmt->selection->bits, 0, stmt->selection->rows);
    assert(stmt->row < stmt->selection->rows);
    return STOA_ROW;
}

/* The code that reset and finalize give back: the error of the run that ends. */
static int statement_outcome(stoa_stmt *stmt)
{
    stoa_db *db = stmt->db;

    if (stmt->last == STATUS_OK || stmt->last == STATUS_DONE)
        return connection_result(db, STATUS_OK);
    if (db->error.status != stmt->last)
        return connection_result(db, stmt->last);
    return (int)stmt->last & 0xff;
}

int stoa_reset(stoa_stmt *stmt)
{
    int rc;

    if (stmt == NULL)
        return STOA_OK;
    if (!statement_ready(stmt))
        return STOA_MISUSE;
    rc = statement_outcome(stmt);
    statement_rewind(stmt);
    memory_release(&stmt->db->memory);
    return rc;
}

int stoa_finalize(stoa_stmt *stmt)
{
    stoa_db *db;
    int      rc;

    if (stmt == NULL)
        return STOA_OK;
    db = stmt->db;
    if (!statement_ready(stmt))
        return STOA_MISUSE;
    rc = statement_outcome(stmt);
    statement_rewind(stmt);
    if (stmt->prev != NULL)
        stmt->prev->next = stmt->next;
    else
        db->statements = stmt->next;
    if (stmt->next != NULL)
        stmt->next->prev = stmt->prev;
    statement_free(stmt);
    memory_release(&db->memory);
    return rc;
}

/* --- what a statement is
 * ----------------------------------------------------------------------------- */
stoa_db *stoa_db_handle(stoa_stmt *stmt)
{
    return stmt == NULL ? NULL : stmt->db;
}

const char *stoa_sql(stoa_stmt *stmt)
{
    return stmt == NULL ? NULL : stmt->sql;
}

int stoa_stmt_readonly(stoa_stmt *stmt)
{
    return stmt == NULL || !stmt->program->writes;
}

int stoa_stmt_isexplain(stoa_stmt *stmt)
{
    enum { QUERY_PLAN_COLUMNS = 4 };

    if (stmt == NULL || !stmt->program->is_explain)
        return 0;
    if (stmt->program->inner != NULL)
        return 3; /* EXPLAIN ANALYZE holds what it runs */
    return stmt->program->result_count == QUERY_PLAN_COLUMNS ? 2 : 1;
}

int stoa_column_count(stoa_stmt *stmt)
{
    return stmt == NULL ? 0 : (int)stmt->column_count;
}

int stoa_data_count(stoa_stmt *stmt)
{
    return stmt == NULL || stmt->state != STATEMENT_ON_ROW ? 0 : (int)stmt->column_count;
}

const char *stoa_column_name(stoa_stmt *stmt, int column)
{
    if (stmt == NULL || column < 0 || (uint32_t)column >= stmt->column_count)
        return NULL;
    return stmt->program->result_names[column];
}

const char *stoa_column_decltype(stoa_stmt *stmt, int column)
{
    const char *type;

    if (stmt == NULL || column < 0 || (uint32_t)column >= stmt->column_count ||
        stmt->program->result_types == NULL)
        return NULL;
    type = stmt->program->result_types[column];
    return type != NULL && type[0] != '\0' ? type : NULL;
}
