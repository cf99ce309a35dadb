/* window.c - a window's life: rows in, sorted, the calls computed; and the functions by name. */
#include "base/str.h"
#include "vm/cells.h"
#include "vm/window_internal.h"

#include <string.h>

/* --- functions by name --------------------------------------------------------------------------
 */
bool window_find(const char *name, size_t bytes, uint32_t argc, bool star, enum window_kind *kind,
                 bool *known)
{
    static const struct {
        const char      *name;
        uint32_t         min_args, max_args;
        enum window_kind kind;
    } functions[] = {
        {"row_number", 0, 0, WINDOW_ROW_NUMBER},
        {"rank", 0, 0, WINDOW_RANK},
        {"dense_rank", 0, 0, WINDOW_DENSE_RANK},
        {"percent_rank", 0, 0, WINDOW_PERCENT_RANK},
        {"cume_dist", 0, 0, WINDOW_CUME_DIST},
        {"ntile", 1, 1, WINDOW_NTILE},
        {"lag", 1, 3, WINDOW_LAG},
        {"lead", 1, 3, WINDOW_LEAD},
        {"first_value", 1, 1, WINDOW_FIRST_VALUE},
        {"last_value", 1, 1, WINDOW_LAST_VALUE},
        {"nth_value", 2, 2, WINDOW_NTH_VALUE},
    };

    *known = false;
    for (size_t i = 0; i < countof(functions); i++) {
        if (!ascii_equal(name, bytes, functions[i].name, strlen(functions[i].name)))
            continue;
        *known = true;
        *kind = functions[i].kind;
        /* f(*) is f() */
        return argc >= functions[i].min_args && argc <= functions[i].max_args &&
               (!star || functions[i].min_args == 0);
    }
    return false;
}

enum window_kind window_of_aggregate(enum aggregate_kind kind)
{
    return (enum window_kind)((int)WINDOW_COUNT_STAR + (int)kind - (int)AGGREGATE_COUNT_STAR);
}
enum aggregate_kind aggregate_of_window(enum window_kind kind)
{
    return (enum aggregate_kind)((int)AGGREGATE_COUNT_STAR + (int)kind - (int)WINDOW_COUNT_STAR);
}
_Static_assert((int)WINDOW_GROUP_CONCAT - (int)WINDOW_COUNT_STAR ==
                   (int)AGGREGATE_GROUP_CONCAT - (int)AGGREGATE_COUNT_STAR,
               "aggregates stand in one order");

/* --- lifetime -----------------------------------------------------------------------------------
 */
enum status window_new(struct memory *memory, const struct window_desc *desc, struct window **out,
                       struct error *err)
{
    struct window *window = memory_zalloc(memory, sizeof *window);
    enum status    status;

    *out = NULL;
    if (window == NULL)
        return fail_nomem(err);
    window->memory = memory;
    window->desc = desc;
    window->error_row = UINT64_MAX;
    arena_init(&window->arena, memory);
    window->frames =
        memory_zalloc(memory, (desc->frame_count + (size_t)1) * sizeof *window->frames);
    window->results =
        memory_zalloc(memory, (desc->call_count + (size_t)1) * sizeof *window->results);
    window->buffer = memory_alloc(memory, sizeof *window->buffer);
    if (window->frames == NULL || window->results == NULL || window->buffer == NULL)
        status = fail_nomem(err);
    else
        status = sorter_new(memory, &desc->sort, &window->sorter, err);
    if (status == STATUS_OK && desc->keeps)
        status = window_keep_new(memory, desc, &window->keep, err);
    if (status != STATUS_OK)
        window_free(window);
    else
        *out = window;
    return status;
}

static void result_free(struct window *window, struct window_result *result)
{
    memory_free(window->memory, result->data, result->bytes);
    memory_free(window->memory, result->texts, result->text_bytes);
    memory_free(window->memory, result->valid, result->valid_bytes);
    *result = (struct window_result){0};
}

/* What window_finish made. */
static void drop(struct window *window)
{
    size_t rows = (window->count + (size_t)1) * sizeof(uint32_t);

    memory_free(window->memory, window->identity, rows);
    memory_free(window->memory, window->partitions, window->partition_bytes);
    memory_free(window->memory, window->groups, window->group_bytes);
    window->identity = window->partitions = window->groups = NULL;
    for (uint32_t i = 0; window->frames != NULL && i < window->desc->frame_count; i++) {
        memory_free(window->memory, window->frames[i].start, rows);
        memory_free(window->memory, window->frames[i].end, rows);
        window->frames[i] = (struct frame_rows){0};
    }
    for (uint32_t i = 0; window->results != NULL && i < window->desc->call_count; i++)
        result_free(window, &window->results[i]);
    window->count = window->partition_count = window->group_count = 0;
    window->error_row = UINT64_MAX;
    arena_reset(&window->arena);
}

void window_free(struct window *window)
{
    if (window == NULL)
        return;
    drop(window);
    sorter_free(window->sorter);
    window_keep_free(window->keep);
    memory_free(window->memory, window->frames,
                (window->desc->frame_count + (size_t)1) * sizeof *window->frames);
    memory_free(window->memory, window->results,
                (window->desc->call_count + (size_t)1) * sizeof *window->results);
    memory_free(window->memory, window->buffer, sizeof *window->buffer);
    arena_free(&window->arena);
    memory_free(window->memory, window, sizeof *window);
}

void window_reset(struct window *window)
{
    drop(window);
    sorter_reset(window->sorter, UINT64_MAX);
}

void window_keep(struct window *window, const struct value *bound, bool strict)
{
    window_keep_start(window->keep, bound, strict);
}

enum status window_add(struct window *window, const struct vector *const *columns,
                       const struct selection *sel, struct error *err)
{
    if (window->keep != NULL)
        TRY(window_keep_rows(window->keep, columns, &sel, err));
    return sorter_add(window->sorter, columns, sel, err);
}

uint64_t window_count(const struct window *window)
{
    return sorter_count(window->sorter);
}

/* --- columns in sorted order --------------------------------------------------------------------
 */
/* The row's cell, its text for as long as the window has its rows. */
static bool keep_cell(struct window *window, const struct vector *v, uint32_t row,
                      struct value *cell)
{
    char scratch[16];

    *cell = vector_value(v, v->shape == VECTOR_CONSTANT ? 0 : row, scratch);
    if (v->type != PHYS_DAY32 || cell->class_ != CLASS_TEXT)
        return true;
    cell->s = arena_copy_text(&window->arena, cell->s, cell->bytes);
    return cell->s != NULL;
}

enum status window_cells(struct window *window, int32_t column, struct value **out,
                         struct error *err)
{
    size_t        bytes = memory_product(window->count + (size_t)1, sizeof(struct value));
    struct value *cells = memory_alloc(window->memory, bytes);
    bool          done = cells != NULL;
    enum status   status = STATUS_OK;

    for (uint32_t at = 0; done && status == STATUS_OK && at < window->count; at += VECTOR_CAP) {
        uint32_t      n = window->count - at < VECTOR_CAP ? window->count - at : VECTOR_CAP;
        struct vector v;

        done = rowset_gather(window->rows, (uint32_t)column, window->order + at, n, window->buffer,
                             &window->arena, &v);
        for (uint32_t i = 0; done && i < n; i++)
            done = keep_cell(window, &v, i, &cells[at + i]);
        if (done)
            status = window_work(window, n);
    }
    if (!done)
        status = fail_nomem(err);
    if (status == STATUS_OK)
        *out = cells;
    else
        memory_free(window->memory, cells, bytes);
    return status;
}

void window_cells_free(struct window *window, struct value *cells)
{
    memory_free(window->memory, cells, (window->count + (size_t)1) * sizeof *cells);
}

static size_t bits_bytes(const struct window *window)
{
    return bits_words(window->count + (size_t)1) * sizeof(uint64_t);
}

enum status window_condition(struct window *window, int32_t column, uint64_t **out,
                             struct error *err)
{
    uint64_t     *bits;
    struct value *cells;
    enum status   status = STATUS_OK;

    *out = NULL;
    if (column < 0)
        return STATUS_OK;
    TRY(window_cells(window, column, &cells, err));
    bits = memory_zalloc(window->memory, bits_bytes(window));
    if (bits == NULL)
        status = fail_nomem(err);
    for (uint32_t i = 0; status == STATUS_OK && i < window->count; i++) {
        if (value_truth(&cells[i]) == 1)
            bits_set(bits, i);
        status = window_work(window, 1);
    }
    window_cells_free(window, cells);
    if (status == STATUS_OK)
        *out = bits;
    else if (bits != NULL)
        window_bits_free(window, bits);
    return status;
}

void window_bits_free(struct window *window, uint64_t *bits)
{
    memory_free(window->memory, bits, bits_bytes(window));
}

enum status window_result_alloc(struct window *window, struct window_result *result,
                                enum window_result_form form, struct error *err)
{
    static const uint8_t sizes[] = {[RESULT_INT] = sizeof(int64_t),
                                    [RESULT_REAL] = sizeof(double),
                                    [RESULT_CELL] = sizeof(struct value),
                                    [RESULT_ROW] = sizeof(uint32_t)};

    result->form = form;
    result->bytes = memory_product(window->count + (size_t)64, sizes[form]);
    result->data = memory_alloc(window->memory, result->bytes);
    if (result->data == NULL) {
        result->bytes = 0;
        return fail_nomem(err);
    }
    return STATUS_OK;
}

/* --- computing ----------------------------------------------------------------------------------
 */
void partition_begin(struct partition *partition)
{
    *partition = (struct partition){.number = UINT32_MAX};
}

bool partition_next(const struct window *window, struct partition *partition)
{
    if (++partition->number == window->partition_count)
        return false;
    partition->from = window->partitions[partition->number];
    partition->to = window->partitions[partition->number + 1];
    partition->group_from = partition->group_to;
    do
        partition->group_to++;
    while (window->groups[partition->group_to] < partition->to);
    return true;
}

static enum status compute(struct window *window, const struct window_call *call,
                           struct window_result *result, struct error *err)
{
    switch (call->kind) {
    case WINDOW_ROW_NUMBER:
    case WINDOW_RANK:
    case WINDOW_DENSE_RANK:
    case WINDOW_PERCENT_RANK:
    case WINDOW_CUME_DIST:
    case WINDOW_NTILE:
        return window_rank(window, call, result, err);
    case WINDOW_LAG:
    case WINDOW_LEAD:
    case WINDOW_FIRST_VALUE:
    case WINDOW_LAST_VALUE:
    case WINDOW_NTH_VALUE:
        return window_value(window, call, result, err);
    case WINDOW_MIN:
    case WINDOW_MAX:
        return window_extreme(window, call, result, err);
    case WINDOW_GROUP_CONCAT:
        return window_concat(window, call, result, err);
    case WINDOW_COUNT_STAR:
    case WINDOW_COUNT:
    case WINDOW_SUM:
    case WINDOW_TOTAL:
    case WINDOW_AVG:
        return window_aggregate(window, call, result, err);
    default:
        return window_other(window, call, result, err);
    }
}

/* Without keys the rows stay as they came. */
static enum status keep_order(struct window *window, struct sort_levels *levels, struct error *err)
{
    window->identity =
        memory_alloc(window->memory, (window->count + (size_t)1) * sizeof *window->identity);
    if (window->identity == NULL)
        return fail_nomem(err);
    for (uint32_t i = 0; i < window->count; i++) {
        window->identity[i] = i;
        TRY(window_work(window, 1));
    }
    window->order = window->identity;
    levels->known = true; /* all zero: nothing differs */
    return STATUS_OK;
}

static enum status sort(struct window *window, struct sort_levels *levels, struct error *err)
{
    if (window->desc->sort.key_count == 0)
        return keep_order(window, levels, err);
    TRY(sorter_sort_levels(window->sorter, levels, err));
    window->order = sorter_order(window->sorter);
    return STATUS_OK;
}

static enum status sort_and_bound(struct window *window, struct error *err)
{
    struct sort_levels levels = {.head = window->desc->partition_count};
    enum status        status;

    levels.levels = memory_zalloc(window->memory, window->count);
    if (levels.levels == NULL)
        return fail_nomem(err);
    status = sort(window, &levels, err);
    window->rows = sorter_rows(window->sorter);
    if (status == STATUS_OK)
        status = window_bounds(window, &levels, err);
    memory_free(window->memory, levels.levels, window->count);
    return status;
}

enum status window_finish(struct window *window, const struct value *offsets, window_poll *poll,
                          void *data, struct error *err)
{
    const struct window_desc *desc = window->desc;

    drop(window);
    window->poll = poll;
    window->poll_data = data;
    if (sorter_count(window->sorter) >= PLACE_DEFAULT)
        return fail(err, STATUS_TOOBIG, "more than %u rows in a window", PLACE_DEFAULT - 1);
    window->count = (uint32_t)sorter_count(window->sorter);
    if (window->count == 0)
        return STATUS_OK;
    TRY(window_offsets(window, offsets, err));
    TRY(sort_and_bound(window, err));
    for (uint32_t i = 0; i < desc->call_count; i++)
        TRY(compute(window, &desc->calls[i], &window->results[i], err));
    return STATUS_OK;
}
