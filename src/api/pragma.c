/* pragma.c - pragmas as table functions: modules made from pragma.def, and the pragmas that read or
 * set one value.  PRAGMA x(y), PRAGMA x = y and pragma_x(y) all open module pragma_x with argument
 * y.
 *
 * Pragmas of SQLite's that steer its files have no files to steer here: page_size, journal_mode and
 * the like answer what holds for a database in memory and ignore attempts to set them. */
#include "api/pragma.h"

#include <stdlib.h>
#include <string.h>

#include "api/sources.h"
#include "base/number.h"
#include "base/str.h"

/* --- modules
 * -------------------------------------------------------------------------------------- */
static enum status pragma_bind(const char *name, const char *const *names, uint32_t count,
                               const struct source_arguments *arguments, struct arena *arena,
                               uint32_t *column_count, const struct source_column **columns,
                               struct error *err)
{
    struct source_column *made;

    if (arguments->count > 2) /* the argument, and a schema name as in SQLite */
        return fail(err, STATUS_ERROR, "too many arguments on pragma_%s() - max 2", name);
    made = arena_alloc(arena, count * sizeof *made);
    if (made == NULL)
        return fail_nomem(err);
    for (uint32_t i = 0; i < count; i++)
        made[i] = (struct source_column){.name = names[i], .type = ""};
    *columns = made;
    *column_count = count;
    return STATUS_OK;
}

static enum status pragma_open(const struct source_context *context, uint32_t columns,
                               pragma_function *function, const struct source_arguments *arguments,
                               struct cursor **cursor, struct error *err)
{
    struct pragma_call call = {.db = context->connection, .err = err, .text = ""};
    struct arena       arena;
    enum status        status = STATUS_OK;

    call.rows = row_source_new(context->memory, columns);
    if (call.rows == NULL)
        return fail_nomem(err);
    arena_init(&arena, context->memory);
    if (arguments->count > 0 && arguments->values[0].class_ != CLASS_NULL) {
        struct value text = arguments->values[0];

        call.has_argument = true;
        call.argument = arguments->values[0];
        if (!value_to_text(&text, &arena) ||
            (call.text = arena_copy_text(&arena, text.s, text.bytes)) == NULL)
            status = fail_nomem(err);
    }
    if (status == STATUS_OK && (arguments->count == 0 || call.has_argument))
        status = function(&call);
    arena_free(&arena);
    if (status == STATUS_OK)
        status = row_source_finish(call.rows, err);
    if (status != STATUS_OK)
        row_source_cursor(call.rows)->ops->close(row_source_cursor(call.rows));
    else
        *cursor = row_source_cursor(call.rows);
    return status;
}

#define PRAGMA(id, answer, ...)                                                                       \
    static const char *const names_##id[] = {__VA_ARGS__};                                            \
    static enum status       bind_##id(const struct source_context   *context,                        \
                                       const struct source_arguments *arguments, struct arena *arena, \
                                       uint32_t *column_count, const struct source_column **columns,  \
                                       void **state, struct error *err)                               \
    {                                                                                                 \
        (void)context;                                                                                \
        *state = NULL;                                                                                \
        return pragma_bind(#id, names_##id, countof(names_##id), arguments, arena, column_count,      \
                           columns, err);                                                             \
    }                                                                                                 \
    static enum status open_##id(const struct source_context *context, void *state,                   \
                                 const struct source_arguments *arguments, struct cursor **cursor,    \
                                 struct error *err)                                                   \
    {                                                                                                 \
        (void)state;                                                                                  \
        return pragma_open(context, countof(names_##id), answer, arguments, cursor, err);             \
    }                                                                                                 \
    static const struct source_module module_##id = {                                                 \
        .name = "pragma_" #id, .bind = bind_##id, .open = open_##id, .has_rowids = true};
#include "api/pragma.def"
#undef PRAGMA

const struct source_module *const pragma_modules[] = {
#define PRAGMA(name, function, ...) &module_##name,
#include "api/pragma.def"
#undef PRAGMA
};
const uint32_t pragma_module_count = countof(pragma_modules);

enum status pragma_pragma_list(struct pragma_call *call)
{
    for (uint32_t i = 0; i < pragma_module_count; i++)
        row_source_text(call->rows, pragma_modules[i]->name + strlen("pragma_"));
    return STATUS_OK;
}

/* --- reading arguments
 * ------------------------------------------------------------------------------ */
bool pragma_switch(const struct pragma_call *call)
{
    static const char *const on[] = {"on", "yes", "true"};

    for (uint32_t i = 0; i < countof(on); i++)
        if (ascii_casecmp(call->text, on[i]) == 0)
            return true;
    return value_as_int(&call->argument) != 0;
}

static enum status answer_int(struct pragma_call *call, int64_t value)
{
    row_source_int(call->rows, value);
    return STATUS_OK;
}

static enum status answer_text(struct pragma_call *call, const char *text)
{
    row_source_text(call->rows, text);
    return STATUS_OK;
}

/* A 32-bit number that the application keeps in the database. */
static enum status application_number(struct pragma_call *call, int64_t *number)
{
    if (!call->has_argument)
        return answer_int(call, *number);
    *number = (int32_t)value_as_int(&call->argument);
    return STATUS_OK;
}

/* --- numbers of the database
 * ------------------------------------------------------------------------- */
enum status pragma_user_version(struct pragma_call *call)
{
    return application_number(call, &call->db->user_version);
}

enum status pragma_application_id(struct pragma_call *call)
{
    return application_number(call, &call->db->application_id);
}

enum status pragma_schema_version(struct pragma_call *call)
{
    if (call->has_argument)
        return STATUS_OK;
    return answer_int(call, (int64_t)database_schema_version(call->db->database));
}

enum { PAGE_BYTES = 4096 };

enum status pragma_page_size(struct pragma_call *call)
{
    return call->has_argument ? STATUS_OK : answer_int(call, PAGE_BYTES);
}

enum status pragma_page_count(struct pragma_call *call)
{
    size_t used = atomic_load(&call->db->memory.used);

    return answer_int(call, (int64_t)((used + PAGE_BYTES - 1) / PAGE_BYTES));
}

enum status pragma_freelist_count(struct pragma_call *call)
{
    return answer_int(call, 0);
}

enum status pragma_encoding(struct pragma_call *call)
{
    return call->has_argument ? STATUS_OK : answer_text(call, "UTF-8");
}

enum status pragma_journal_mode(struct pragma_call *call)
{
    return answer_text(call, "memory");
}

enum status pragma_locking_mode(struct pragma_call *call)
{
    return answer_text(call, "normal");
}

/* Foreign keys are recorded, not enforced, so the switch reads 0 whatever it is set to. */
enum status pragma_foreign_keys(struct pragma_call *call)
{
    return call->has_argument ? STATUS_OK : answer_int(call, 0);
}

/* --- numbers that are remembered and change nothing in memory
 * ---------------------------------------- */
static enum status remembered(struct pragma_call *call, enum remembered_setting setting)
{
    if (!call->has_argument)
        return answer_int(call, call->db->remembered[setting]);
    call->db->remembered[setting] = (int32_t)value_as_int(&call->argument);
    return STATUS_OK;
}

enum status pragma_synchronous(struct pragma_call *call)
{
    static const char *const names[] = {"off", "normal", "full", "extra"};

    for (uint32_t i = 0; i < countof(names); i++)
        if (call->has_argument && ascii_casecmp(call->text, names[i]) == 0) {
            call->db->remembered[REMEMBER_SYNCHRONOUS] = i;
            return STATUS_OK;
        }
    return remembered(call, REMEMBER_SYNCHRONOUS);
}

enum status pragma_temp_store(struct pragma_call *call)
{
    static const char *const names[] = {"default", "file", "memory"};

    for (uint32_t i = 0; i < countof(names); i++)
        if (call->has_argument && ascii_casecmp(call->text, names[i]) == 0) {
            call->db->remembered[REMEMBER_TEMP_STORE] = i;
            return STATUS_OK;
        }
    return remembered(call, REMEMBER_TEMP_STORE);
}

enum status pragma_cache_size(struct pragma_call *call)
{
    return remembered(call, REMEMBER_CACHE_SIZE);
}

enum status pragma_busy_timeout(struct pragma_call *call)
{
    if (call->has_argument)
        TRY(remembered(call, REMEMBER_BUSY_TIMEOUT));
    return answer_int(call, call->db->remembered[REMEMBER_BUSY_TIMEOUT]);
}

/* --- how statements run
 * --------------------------------------------------------------------------------- */
enum status pragma_case_sensitive_like(struct pragma_call *call)
{
    if (call->has_argument)
        call->db->state.case_sensitive_like = pragma_switch(call);
    return STATUS_OK;
}

enum status pragma_fp_digits(struct pragma_call *call)
{
    int64_t digits = value_as_int(&call->argument);

    if (!call->has_argument)
        return answer_int(call, value_real_digits(&call->db->memory));
    if (digits != 15 && digits != 17)
        return fail(call->err, STATUS_ERROR, "fp_digits must be 15 or 17");
    call->db->memory.real_digits = (int)digits;
    return STATUS_OK;
}

enum status pragma_threads(struct pragma_call *call)
{
    enum { THREADS_MAX = 64 };
    int64_t threads = value_as_int(&call->argument);

    if (call->has_argument && threads >= 0)
        call->db->host.threads = threads < 1             ? 1
                                 : threads > THREADS_MAX ? THREADS_MAX
                                                         : (uint32_t)threads;
    return answer_int(call, call->db->host.threads);
}

/* Bytes, from a number with an optional unit: 500000, '512MB', '2 GiB'. */
static bool bytes_parse(const char *text, uint64_t *bytes)
{
    static const struct {
        const char *name;
        uint64_t    bytes;
    } units[] = {{"", 1},          {"b", 1},           {"kb", 1000},
                 {"mb", 1000000},  {"gb", 1000000000}, {"kib", 1 << 10},
                 {"mib", 1 << 20}, {"gib", 1 << 30}};
    struct number number = number_parse(text, strlen(text));
    const char   *unit = text + number.length;

    if (number.kind == NUMBER_NONE || number.r < 0 || number.r > 1e15)
        return false;
    while (ascii_space(*unit))
        unit++;
    for (uint32_t i = 0; i < countof(units); i++)
        if (ascii_casecmp(unit, units[i].name) == 0 && number.r * (double)units[i].bytes < 1e18) {
            *bytes = (uint64_t)(number.r * (double)units[i].bytes);
            return true;
        }
    return false;
}

enum status pragma_memory_limit(struct pragma_call *call)
{
    uint64_t bytes;

    if (call->has_argument) {
        if (!bytes_parse(call->text, &bytes))
            return fail(
                call->err, STATUS_ERROR,
                "memory_limit: \"%.100s\" is no size (0: no limit, or 500000, '512MB', '2GiB')",
                call->text);
        atomic_store(&call->db->memory.limit, bytes);
    }
    return answer_int(call, (int64_t)atomic_load(&call->db->memory.limit));
}

enum status pragma_memory_used(struct pragma_call *call)
{
    return answer_int(call, (int64_t)atomic_load(&call->db->memory.used));
}

/* How many compiled statements are kept; 0: none. */
enum status pragma_plan_cache(struct pragma_call *call)
{
    struct plan_cache *plans = &call->db->plans;
    int64_t            limit = value_as_int(&call->argument);

    if (call->has_argument) {
        if (limit < 0 || limit > PLAN_CACHE_MAX)
            return fail(call->err, STATUS_ERROR, "plan_cache must be 0..%d", PLAN_CACHE_MAX);
        plan_cache_resize(plans, (uint32_t)limit);
        return STATUS_OK;
    }
    row_source_int(call->rows, plans->limit);
    row_source_int(call->rows, plans->count);
    row_source_int(call->rows, (int64_t)plan_cache_bytes(plans));
    row_source_int(call->rows, (int64_t)plans->hits);
    row_source_int(call->rows, (int64_t)plans->misses);
    return STATUS_OK;
}

/* Rows of a batch: 1 and 3 in tests, so that no answer depends on where batches end. */
enum status pragma_stoa_batch(struct pragma_call *call)
{
    int64_t rows = value_as_int(&call->argument);

    if (!call->has_argument)
        return answer_int(call, call->db->host.batch_rows);
    if (rows < 1 || rows > VECTOR_CAP)
        return fail(call->err, STATUS_ERROR, "stoa_batch must be 1..%d", VECTOR_CAP);
    call->db->host.batch_rows = (uint32_t)rows;
    return STATUS_OK;
}

/* How columns are delivered: as they are encoded (off), decoded (flat), or as mixed cells (any). */
enum status pragma_stoa_force(struct pragma_call *call)
{
    struct vm_host *host = &call->db->host;

    if (!call->has_argument)
        return answer_text(call, host->force_any ? "any" : host->force_flat ? "flat" : "off");
    if (ascii_casecmp(call->text, "any") != 0 && ascii_casecmp(call->text, "flat") != 0 &&
        ascii_casecmp(call->text, "off") != 0)
        return fail(call->err, STATUS_ERROR, "stoa_force must be any, flat or off");
    host->force_any = ascii_casecmp(call->text, "any") == 0;
    host->force_flat = ascii_casecmp(call->text, "flat") == 0;
    return STATUS_OK;
}

enum status pragma_stoa_passes_off(struct pragma_call *call)
{
    if (!call->has_argument)
        return answer_int(call, call->db->compile.passes_off);
    call->db->compile.passes_off = (uint32_t)value_as_int(&call->argument);
    return STATUS_OK;
}

enum status pragma_stoa_join_seed(struct pragma_call *call)
{
    if (!call->has_argument)
        return answer_int(call, call->db->compile.join_seed);
    call->db->compile.join_seed = (uint32_t)value_as_int(&call->argument);
    return STATUS_OK;
}

/* --- what is built in
 * -------------------------------------------------------------------------------------- */
enum status pragma_collation_list(struct pragma_call *call)
{
    for (int c = COLLATION_COUNT - 1; c >= 0; c--) {
        row_source_int(call->rows, COLLATION_COUNT - 1 - c);
        row_source_text(call->rows, collation_name((enum collation)c));
    }
    return STATUS_OK;
}

enum status pragma_compile_options(struct pragma_call *call)
{
    const char *option;

    for (int64_t i = 0; (option = compile_option(i)) != NULL; i++)
        row_source_text(call->rows, option);
    return STATUS_OK;
}

static void function_row(struct row_source *rows, const char *name, const char *type, int args,
                         int flags)
{
    row_source_text(rows, name);
    row_source_int(rows, 1);
    row_source_text(rows, type);
    row_source_text(rows, "utf8");
    row_source_int(rows, args);
    row_source_int(rows, flags);
}

enum status pragma_function_list(struct pragma_call *call)
{
    enum { DETERMINISTIC = 0x800, INNOCUOUS = 0x200000 }; /* sqlite3.h's bits */
    static const struct {
        const char *name;
        int         args;
    } aggregates[] = {{"avg", 1},          {"count", 0}, {"count", 1}, {"group_concat", 1},
                      {"group_concat", 2}, {"max", 1},   {"min", 1},   {"string_agg", 2},
                      {"sum", 1},          {"total", 1}};
    const struct function *function;

    for (uint32_t i = 0; (function = function_at(i)) != NULL; i++) {
        int flags = INNOCUOUS | (function->flags & FUNCTION_PURE ? DETERMINISTIC : 0);

        if (function->flags & FUNCTION_AGGREGATE)
            continue;
        if (function->max_args < 0) {
            function_row(call->rows, function->name, "s", -1, flags);
            continue;
        }
        for (int args = function->min_args; args <= function->max_args; args++)
            function_row(call->rows, function->name, "s", args, flags);
    }
    for (uint32_t i = 0; i < countof(aggregates); i++)
        function_row(call->rows, aggregates[i].name, "a", aggregates[i].args,
                     INNOCUOUS | DETERMINISTIC);
    return STATUS_OK;
}
