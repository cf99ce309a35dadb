/* vm_tuples.c - correlated subqueries for all rows at once: TupleNumber numbers the distinct tuples
 * of parameters, which then are rows that the subquery is joined with; its results are noted by
 * number, TupleKeep's first value or what TupleOr makes of truth values, and read by number.
 *
 * Tuples are the same only if their values are identical, 1 is not 1.0: the subquery may see the
 * difference.  The hash table finds such values equal, so once a batch has REALs beside it every
 * column gets a mark as a second key: is it a REAL, and a negative zero? */
#include "vm/exact.h"
#include "vm/hash_table.h"
#include "vm/truth.h"

#include <math.h>
#include <string.h>

enum { TUPLES_FIRST = 1024 };
enum outcome { OUTCOME_NONE, OUTCOME_FALSE, OUTCOME_NULL, OUTCOME_TRUE };
enum mark { MARK_OTHER, MARK_REAL, MARK_NEGATIVE_ZERO };

struct tuples {
    struct memory        *memory;
    uint32_t              columns;
    struct hash_table    *table;
    bool                  marked; /* the table's keys are the columns, then a mark for each */
    const struct vector **keys;   /* [columns * 2] */
    struct vector        *marks;  /* [columns] */
    struct rowset        *rows;   /* each tuple with its number behind */
    uint32_t *places; /* [capacity] TupleKeep: row of results + 1, 0: none; TupleOr: enum
                         outcome */
    uint32_t       capacity;
    struct rowset *results;
    uint32_t       numbers[VECTOR_CAP]; /* of active rows, by rank; or by row */
};

/* --- lifetime -----------------------------------------------------------------------------------
 */
void tuples_free(struct tuples *tuples)
{
    struct memory *memory;

    if (tuples == NULL)
        return;
    memory = tuples->memory;
    hash_table_free(tuples->table);
    memory_free(memory, tuples->keys, tuples->columns * 2 * sizeof(struct vector *));
    memory_free(memory, tuples->marks, tuples->columns * sizeof *tuples->marks);
    memory_free(memory, tuples->places, tuples->capacity * sizeof *tuples->places);
    rowset_free(tuples->rows);
    rowset_free(tuples->results);
    memory_free(memory, tuples, sizeof *tuples);
}

static enum status tuples_new(struct memory *memory, uint32_t columns, struct tuples **out,
                              struct error *err)
{
    struct tuples *tuples = memory_zalloc(memory, sizeof *tuples);

    *out = tuples;
    if (tuples == NULL)
        return fail_nomem(err);
    tuples->memory = memory;
    tuples->columns = columns;
    tuples->keys =
        memory_alloc(memory, memory_product((size_t)columns * 2, sizeof(struct vector *)));
    tuples->marks = memory_alloc(memory, memory_product(columns, sizeof *tuples->marks));
    tuples->rows = rowset_new(memory, columns + 1);
    tuples->results = rowset_new(memory, 1);
    if (tuples->keys == NULL || tuples->marks == NULL || tuples->rows == NULL ||
        tuples->results == NULL)
        return fail_nomem(err);
    return hash_table_new(memory, columns, NULL, &tuples->table, err);
}

uint32_t tuples_count(const struct tuples *tuples)
{
    return (uint32_t)rowset_count(tuples->rows);
}

const struct rowset *tuples_rows(const struct tuples *tuples)
{
    return tuples->rows;
}

static struct tuples *slot_tuples(struct vm *vm, int32_t slot)
{
    return vm_slot_at(vm, slot)->tuples;
}

const struct op *op_TupleOpen(struct vm *vm, const struct op *op)
{
    struct vm_slot *slot = vm_slot_at(vm, op->p1);
    struct tuples  *tuples;
    enum status     status;

    vm_slot_free(vm, slot);
    status = tuples_new(vm->memory, (uint32_t)op->p2, &tuples, vm->err);
    if (status != STATUS_OK) {
        tuples_free(tuples);
        return vm_stop(vm, status);
    }
    slot->tuples = tuples;
    slot->kind = SLOT_TUPLES;
    slot->filled = true;
    return op + 1;
}

/* --- numbers ------------------------------------------------------------------------------------
 */
/* Whether v may have a REAL that equals an INTEGER, or a zero with a sign. */
static bool has_reals(const struct vector *v)
{
    unsigned class_ = phys_class[v->type];

    return class_ == CLASS_REAL || class_ == CLASS_COUNT;
}

static int64_t mark_of(const struct value *v)
{
    if (v->class_ != CLASS_REAL)
        return MARK_OTHER;
    return v->r == 0 && signbit(v->r) ? MARK_NEGATIVE_ZERO : MARK_REAL;
}

/* tuples->marks[c]: of column v.  False: memory. */
static bool mark_column(struct tuples *tuples, uint32_t c, const struct vector *v,
                        const struct selection *sel, struct arena *arena)
{
    static const struct value other = {.class_ = CLASS_INTEGER};
    struct vector            *mark = &tuples->marks[c];
    int64_t                  *marks;
    char                      scratch[16];

    *mark = (struct vector){.type = PHYS_I64, .shape = VECTOR_CONSTANT, .count = sel->rows};
    mark->values = &other.i;
    if (!has_reals(v))
        return true;
    marks = arena_zalloc(arena, sel->rows * sizeof *marks);
    if (marks == NULL)
        return false;
    for (BITS_EACH(row, sel->bits, sel->rows)) {
        struct value cell = vector_value(v, (uint32_t)row, scratch);

        marks[row] = mark_of(&cell);
    }
    mark->shape = VECTOR_FLAT;
    mark->values = marks;
    return true;
}

/* The table's numbers of the active rows: tuples->numbers, by rank. */
static enum status find_numbers(struct vm *vm, struct tuples *tuples,
                                const struct vector *const *columns, const struct selection *sel)
{
    uint32_t          count = tuples->columns;
    struct arena_mark mark = arena_mark(&vm->arena);
    enum status       status;

    if (!tuples->marked)
        return hash_table_add(tuples->table, columns, sel, tuples->numbers, vm->err);
    for (uint32_t c = 0; c < count; c++) {
        tuples->keys[c] = columns[c];
        tuples->keys[count + c] = &tuples->marks[c];
        if (!mark_column(tuples, c, columns[c], sel, &vm->arena))
            return fail_nomem(vm->err);
    }
    status = hash_table_add(tuples->table, tuples->keys, sel, tuples->numbers, vm->err);
    arena_release(&vm->arena, mark);
    return status;
}

/* From now on with marks: the tuples that are there keep their numbers. */
static enum status begin_marks(struct vm *vm, struct tuples *tuples)
{
    uint32_t              total = tuples_count(tuples);
    struct vector        *views = arena_alloc(&vm->arena, tuples->columns * sizeof *views);
    const struct vector **columns = arena_alloc(&vm->arena, tuples->columns * sizeof *columns);
    struct selection     *all = arena_alloc_aligned(&vm->arena, sizeof *all, 64);
    uint64_t(*valid)[VECTOR_WORDS] =
        arena_alloc(&vm->arena, memory_product(tuples->columns, sizeof *valid));

    if (views == NULL || columns == NULL || all == NULL || valid == NULL)
        return fail_nomem(vm->err);
    hash_table_free(tuples->table);
    TRY(hash_table_new(vm->memory, tuples->columns * 2, NULL, &tuples->table, vm->err));
    tuples->marked = true;
    for (uint32_t start = 0; start < total; start += VECTOR_CAP) {
        uint32_t rows = total - start < VECTOR_CAP ? total - start : VECTOR_CAP;

        TRY(vm_poll(vm));
        selection_all(all, rows);
        for (uint32_t c = 0; c < tuples->columns; c++) {
            rowset_view(tuples->rows, c, start, rows, valid[c], &views[c]);
            columns[c] = &views[c];
        }
        TRY(find_numbers(vm, tuples, columns, all));
    }
    return STATUS_OK;
}

static bool places_grow(struct tuples *tuples, uint32_t count)
{
    uint32_t  capacity = tuples->capacity == 0 ? TUPLES_FIRST : tuples->capacity;
    uint32_t *places;

    if (count <= tuples->capacity)
        return true;
    while (capacity < count)
        capacity *= 2;
    places =
        memory_realloc(tuples->memory, tuples->places, tuples->capacity * sizeof *tuples->places,
                       memory_product(capacity, sizeof *places));
    if (places == NULL)
        return false;
    memset(places + tuples->capacity, 0, (capacity - tuples->capacity) * sizeof *places);
    tuples->places = places;
    tuples->capacity = capacity;
    return true;
}

const struct op *op_TupleNumber(struct vm *vm, const struct op *op)
{
    struct tuples        *tuples = slot_tuples(vm, op->p1);
    struct vm_register   *reg = vm_reg(vm, op->p2);
    struct vector_buffer *buffer = register_buffer(vm, reg, NULL, NULL);
    const struct vector **columns =
        arena_alloc(&vm->arena, memory_product(tuples->columns + (size_t)1, sizeof *columns));
    uint64_t         fresh[VECTOR_WORDS] = {0};
    struct selection seen;
    uint32_t         count = tuples_count(tuples), rank = 0;
    int64_t         *out;
    bool             reals = false;

    if (columns == NULL || buffer == NULL)
        return vm_nomem(vm);
    for (uint32_t c = 0; c < tuples->columns; c++) {
        columns[c] = vm_vec(vm, op->p3 + (int32_t)c);
        reals |= has_reals(columns[c]);
    }
    if (reals && !tuples->marked)
        VM_TRY(vm, begin_marks(vm, tuples));
    VM_TRY(vm, find_numbers(vm, tuples, columns, vm->sel));
    out = (int64_t *)(void *)buffer->values;
    for (BITS_EACH(row, vm->sel->bits, vm->sel->rows)) {
        uint32_t number = tuples->numbers[rank++];

        out[row] = number;
        if (number == count) { /* new numbers come in row order */
            bits_set(fresh, row);
            count++;
        }
    }
    register_flat(vm, reg, PHYS_I64);
    columns[tuples->columns] = &reg->v;
    selection_bits(&seen, vm->sel->rows, fresh);
    if (!places_grow(tuples, count))
        return vm_nomem(vm);
    VM_TRY(vm, rowset_append(tuples->rows, columns, &seen, vm->err));
    return op + 1;
}

/* --- results ------------------------------------------------------------------------------------
 */
/* tuples->numbers[row] of the active rows of v. */
static const uint32_t *numbers_of(struct vm *vm, struct tuples *tuples, const struct vector *v)
{
    char scratch[16];

    if (v->shape == VECTOR_FLAT && v->type == PHYS_I64) {
        const int64_t *numbers = v->values;

        ACTIVE_EACH(vm, row, { tuples->numbers[row] = (uint32_t)numbers[row]; });
    } else {
        ACTIVE_EACH(vm, row, {
            tuples->numbers[row] =
                (uint32_t)(vector_is_constant(v) ? vector_constant_value(v, scratch).i
                                                 : vector_value(v, row, scratch).i);
        });
    }
    return tuples->numbers;
}

/* Register p3: of each row the cell of a rowset's row, UINT32_MAX for NULL, that tuples->numbers
 * tells. */
static const struct op *gather_cells(struct vm *vm, const struct op *op, struct rowset *rows,
                                     uint32_t column)
{
    struct tuples        *tuples = slot_tuples(vm, op->p1);
    struct vm_register   *reg = vm_reg(vm, op->p3);
    struct vector_buffer *buffer = register_buffer(vm, reg, vm_vec(vm, op->p2), NULL);
    struct vector         out;

    if (buffer == NULL ||
        !rowset_gather(rows, column, tuples->numbers, vm->sel->rows, buffer, &vm->arena, &out))
        return vm_nomem(vm);
    reg->v = out;
    return op + 1;
}

const struct op *op_TupleParameter(struct vm *vm, const struct op *op)
{
    struct tuples *tuples = slot_tuples(vm, op->p1);

    memset(tuples->numbers, 0xff, vm->sel->rows * sizeof *tuples->numbers);
    numbers_of(vm, tuples, vm_vec(vm, op->p2));
    return gather_cells(vm, op, tuples->rows, (uint32_t)op->p4.i);
}

const struct op *op_TupleKeep(struct vm *vm, const struct op *op)
{
    struct tuples       *tuples = slot_tuples(vm, op->p1);
    const uint32_t      *numbers = numbers_of(vm, tuples, vm_vec(vm, op->p2));
    const struct vector *values = vm_vec(vm, op->p3);
    uint32_t             count = (uint32_t)rowset_count(tuples->results);
    uint64_t             first[VECTOR_WORDS] = {0};
    struct selection     kept;

    ACTIVE_EACH(vm, row, {
        uint32_t *place = &tuples->places[numbers[row]];

        if (*place == 0) {
            *place = ++count;
            bits_set(first, row);
        }
    });
    selection_bits(&kept, vm->sel->rows, first);
    VM_TRY(vm, rowset_append(tuples->results, &values, &kept, vm->err));
    return op + 1;
}

const struct op *op_TupleFetch(struct vm *vm, const struct op *op)
{
    struct tuples *tuples = slot_tuples(vm, op->p1);

    memset(tuples->numbers, 0, vm->sel->rows * sizeof *tuples->numbers);
    numbers_of(vm, tuples, vm_vec(vm, op->p2));
    for (uint32_t row = 0; row < vm->sel->rows; row++)
        tuples->numbers[row] = tuples->places[tuples->numbers[row]] - 1; /* UINT32_MAX: NULL */
    return gather_cells(vm, op, tuples->results, 0);
}

const struct op *op_TupleOr(struct vm *vm, const struct op *op)
{
    struct tuples  *tuples = slot_tuples(vm, op->p1);
    const uint32_t *numbers = numbers_of(vm, tuples, vm_vec(vm, op->p2));
    struct truth    truth;

    VM_TRY(vm, truth_of(vm, vm_vec(vm, op->p3), &truth));
    ACTIVE_EACH(vm, row, {
        uint32_t  found = bits_get(truth.true_, row)  ? OUTCOME_TRUE
                          : bits_get(truth.null, row) ? OUTCOME_NULL
                                                      : OUTCOME_FALSE;
        uint32_t *place = &tuples->places[numbers[row]];

        if (found > *place)
            *place = found;
    });
    return op + 1;
}

const struct op *op_TupleTruth(struct vm *vm, const struct op *op)
{
    struct tuples  *tuples = slot_tuples(vm, op->p1);
    const uint32_t *numbers = numbers_of(vm, tuples, vm_vec(vm, op->p2));
    struct truth    truth;

    memset(&truth, 0, sizeof truth);
    ACTIVE_EACH(vm, row, {
        uint32_t found = tuples->places[numbers[row]];

        if (found == OUTCOME_TRUE)
            bits_set(truth.true_, row);
        else if (found == OUTCOME_NULL)
            bits_set(truth.null, row);
    });
    VM_TRY(vm, register_truth(vm, vm_reg(vm, op->p3), &truth));
    return op + 1;
}

/* --- LIMIT and OFFSET of each tuple
 * ----------------------------------------------------------------------------------------- */
struct counts {
    struct memory *memory;
    uint32_t      *counts; /* [capacity] rows by number */
    uint32_t       capacity;
};

void counts_free(struct counts *counts)
{
    if (counts == NULL)
        return;
    memory_free(counts->memory, counts->counts, counts->capacity * sizeof *counts->counts);
    memory_free(counts->memory, counts, sizeof *counts);
}

const struct op *op_CountOpen(struct vm *vm, const struct op *op)
{
    struct vm_slot *slot = vm_slot_at(vm, op->p1);
    uint32_t        capacity = tuples_count(slot_tuples(vm, op->p2));
    struct counts  *counts = memory_zalloc(vm->memory, sizeof *counts);

    vm_slot_free(vm, slot);
    if (counts == NULL)
        return vm_nomem(vm);
    counts->memory = vm->memory;
    counts->counts = memory_zalloc(vm->memory, memory_product(capacity, sizeof *counts->counts));
    counts->capacity = capacity;
    if (capacity > 0 && counts->counts == NULL) {
        memory_free(vm->memory, counts, sizeof *counts);
        return vm_nomem(vm);
    }
    slot->counts = counts;
    slot->kind = SLOT_COUNTS;
    slot->filled = true;
    return op + 1;
}

/* Keeps the active rows of each number that come before the limit-th, or from it on. */
static const struct op *count_rows(struct vm *vm, const struct op *op, bool before)
{
    struct counts       *counts = vm_slot_at(vm, op->p1)->counts;
    const struct vector *numbers = vm_vec(vm, op->p3);
    uint64_t             keep[VECTOR_WORDS] = {0};
    char                 scratch[16];

    ACTIVE_EACH(vm, row, {
        struct value v = vector_is_constant(numbers) ? vector_constant_value(numbers, scratch)
                                                     : vector_value(numbers, row, scratch);
        uint32_t    *count = &counts->counts[v.i];

        if ((*count < (uint64_t)op->p4.i) == before)
            bits_set(keep, row);
        *count += *count < (uint64_t)op->p4.i;
    });
    selection_and(vm->sel, keep);
    return vm->sel->count == 0 ? vm->ops + op->p2 : op + 1;
}

const struct op *op_LimitEach(struct vm *vm, const struct op *op)
{
    return count_rows(vm, op, true);
}

const struct op *op_OffsetEach(struct vm *vm, const struct op *op)
{
    return count_rows(vm, op, false);
}
