/* cg_values.c - rows of VALUES: a single one where it is read, several through a subroutine. */
#include "sql/cg.h"

#include <string.h>

static void push_registers(struct cg *cg, const struct plan *plan, int32_t first)
{
    for (uint32_t i = 0; i < plan->column_count; i++) {
        struct cg_entry *entry = cg_push(cg, CG_REGISTER, plan->owner);

        entry->column = (int32_t)i;
        entry->reg = first + (int32_t)i;
    }
}

/* The only row: its values are made where they are asked for. */
static void produce_single(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    int32_t  next = cg_label(cg);
    uint32_t mark = cg_mark(cg);

    cg_one_row(cg);
    cg_push(cg, CG_PROJECT, plan->owner)->plan = plan;
    cg_consume(cg, parent, next);
    cg_here(cg, next);
    cg_truncate(cg, mark);
    cg->one_row = false;
}

/* Several rows call the sink's code as a subroutine. */
struct values_sink {
    struct cg_sink sink;
    int32_t        slot; /* of the cursor over literals */
    int32_t        first, back, body;
};

static void values_rows_of_exprs(struct cg *cg, const struct values_sink *self,
                                 const struct values_rows *rows)
{
    uint32_t columns = self->sink.plan->column_count, mark = cg_mark(cg);

    for (uint32_t row = 0; row < rows->rows; row++) {
        struct expr **exprs = rows->exprs + (size_t)row * columns;

        cg_one_row(cg);
        for (uint32_t i = 0; i < columns; i++)
            cg_private_to(cg, exprs[i], self->first + (int32_t)i);
        cg_truncate(cg, mark);
        cg_emit(cg, OP_Gosub, self->back, self->body, 0);
        cg->one_row = false;
    }
}

/* A literal for the program.  Texts that stand in the statement's text stand in the program's copy
 * of it, too. */
static struct value literal_kept(struct cg *cg, const struct value *from)
{
    struct value cell = *from;
    uintptr_t    at = (uintptr_t)cell.s - (uintptr_t)cg->sql_given;

    if (cell.class_ != CLASS_TEXT && cell.class_ != CLASS_BLOB)
        return cell;
    cell.s = at < cg->sql_bytes ? cg->program->sql + at
                                : arena_copy_text(&cg->program->arena, cell.s, cell.bytes);
    if (cell.s == NULL)
        cg_fail(cg, fail_nomem(cg->err));
    return cell;
}

static const struct values_desc *values_desc(struct cg *cg, uint32_t columns,
                                             const struct values_rows *first,
                                             const struct values_rows *end)
{
    struct values_desc *desc = cg_alloc(cg, sizeof *desc);
    struct value       *cells;

    if (desc == NULL)
        return NULL;
    desc->columns = columns;
    for (const struct values_rows *rows = first; rows != end; rows = rows->next)
        desc->rows += rows->rows;
    desc->cells = cells =
        arena_alloc(&cg->program->arena, memory_product(desc->rows, columns * sizeof *cells));
    if (cells == NULL) {
        cg_fail(cg, fail_nomem(cg->err));
        return NULL;
    }
    for (const struct values_rows *rows = first; rows != end; rows = rows->next) {
        if (memory_poll(cg->context->memory, cg->err) != STATUS_OK) {
            cg_fail(cg, STATUS_INTERRUPT);
            return NULL;
        }
        for (size_t i = 0; i < (size_t)rows->rows * columns; i++)
            *cells++ = literal_kept(cg, &rows->constants[i]);
    }
    return desc;
}

static void consume_literals(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct values_sink *self = (struct values_sink *)sink;

    (void)next;
    for (uint32_t i = 0; i < sink->plan->column_count; i++)
        cg_emit(cg, OP_Column, self->slot, (int32_t)i, self->first + (int32_t)i);
    cg_emit(cg, OP_Gosub, self->back, self->body, 0);
}

void cg_produce_values(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    const struct values_rows *rows = plan->select->values, *end_rows;
    struct values_sink        self = {.sink = {consume_literals, parent, plan}};
    int32_t                   next, end;
    uint32_t                  mark = cg_mark(cg);

    if (plan->select->values_rows == 1) {
        produce_single(cg, plan, parent);
        return;
    }
    self.first = cg_registers(cg, plan->column_count);
    self.back = cg_registers(cg, 1);
    self.body = cg_label(cg);
    next = cg_label(cg);
    end = cg_label(cg);
    for (; rows != NULL; rows = end_rows) {
        end_rows = rows->next;
        if (rows->exprs != NULL) {
            values_rows_of_exprs(cg, &self, rows);
            continue;
        }
        while (end_rows != NULL && end_rows->exprs == NULL)
            end_rows = end_rows->next;
        self.slot = cg_slot(cg);
        cg_emit_p4(cg, OP_OpenValues, self.slot, 0, 0,
                   values_desc(cg, plan->column_count, rows, end_rows));
        cg_loop(cg, OP_Rewind, self.slot, &self.sink);
    }
    cg_emit(cg, OP_Goto, 0, end, 0);
    cg_here(cg, self.body);
    cg->loop_depth++;
    push_registers(cg, plan, self.first);
    cg_consume(cg, parent, next);
    cg_here(cg, next);
    cg_emit(cg, OP_Return, self.back, 0, 0);
    cg->loop_depth--;
    cg_here(cg, end);
    cg_truncate(cg, mark);
    cg->one_row = false;
}
