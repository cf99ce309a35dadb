/* cg_line.c - which steps a statement has, in which order, and where their rows come from; see
 * cg_line.h.  The shape is that of SQLite's trees: the inputs of a join one behind the other, what
 * collects rows behind its input, headings over subqueries and the terms of compounds. */
#include "sql/cg_line.h"

#include "base/str.h"
#include "sql/cg.h"

#include <stdio.h>
#include <string.h>

static struct cg_line *line_at(const struct cg *cg, int32_t line)
{
    return &cg->lines[line - 1];
}

static int32_t line_new(struct cg *cg)
{
    if (cg->line_count == cg->line_capacity) {
        uint32_t        capacity = cg->line_capacity == 0 ? 16 : cg->line_capacity * 2;
        struct cg_line *lines = arena_alloc(cg->arena, capacity * sizeof *lines);

        if (lines == NULL) {
            cg_fail(cg, fail_nomem(cg->err));
            return 0;
        }
        if (cg->line_count != 0)
            memcpy(lines, cg->lines, cg->line_count * sizeof *lines);
        cg->lines = lines;
        cg->line_capacity = capacity;
    }
    cg->lines[cg->line_count] = (struct cg_line){.rows_op = -1, .open_op = -1};
    return (int32_t)++cg->line_count;
}

/* A line below parent (0: the statement), behind all that is there.  0: memory. */
static int32_t line_append(struct cg *cg, int32_t parent, const struct plan *plan, const char *text)
{
    int32_t         line = line_new(cg);
    struct cg_line *above;

    if (line == 0)
        return 0;
    line_at(cg, line)->plan = plan;
    line_at(cg, line)->text = text;
    line_at(cg, line)->parent = parent;
    if (parent == 0)
        return line; /* cg_lines_begin's */
    above = line_at(cg, parent);
    if (above->last == 0)
        above->first = line;
    else
        line_at(cg, above->last)->next = line;
    above->last = line;
    return line;
}

/* The same, behind its sibling `before`; 0: as the first. */
static int32_t line_insert(struct cg *cg, int32_t parent, int32_t before, const char *text)
{
    int32_t         line = line_new(cg);
    struct cg_line *above;
    int32_t        *link;

    if (line == 0)
        return 0;
    above = line_at(cg, parent);
    line_at(cg, line)->text = text;
    line_at(cg, line)->parent = parent;
    link = before == 0 ? &above->first : &line_at(cg, before)->next;
    line_at(cg, line)->next = *link;
    *link = line;
    if (above->last == before)
        above->last = line;
    return line;
}

static int32_t line_before(const struct cg *cg, int32_t line)
{
    int32_t found = 0;

    for (int32_t at = line_at(cg, line_at(cg, line)->parent)->first; at != line;
         at = line_at(cg, at)->next)
        found = at;
    return found;
}

static const char *line_text(struct cg *cg, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static const char *line_text(struct cg *cg, const char *format, ...)
{
    enum { HEADING_CAP = 200 };
    char        buffer[HEADING_CAP];
    va_list     args;
    const char *text;

    va_start(args, format);
    (void)vsnprintf(buffer, sizeof buffer, format, args);
    va_end(args);
    text = arena_copy_text(cg->arena, buffer, strlen(buffer));
    if (text == NULL)
        cg_fail(cg, fail_nomem(cg->err));
    return text == NULL ? "" : text;
}

/* --- plans -------------------------------------------------------------------------------------
 */
static void add_plan(struct cg *cg, struct plan *plan, int32_t parent);

/* A subquery that SQLite would flatten is not named: its rows come as they are made. */
static bool is_named(const struct plan *plan)
{
    switch (plan->kind) {
    case PLAN_PROJECT:
    case PLAN_FILTER:
    case PLAN_GATE:
        return is_named(plan->input);
    case PLAN_ONE_ROW:
    case PLAN_SCAN:
    case PLAN_SOURCE:
    case PLAN_VALUES:
    case PLAN_JOIN:
    case PLAN_LATERAL:
        return false;
    case PLAN_COMPOUND:
        return plan->op != COMPOUND_UNION_ALL;
    default:
        return true;
    }
}

static void add_subquery(struct cg *cg, struct plan *plan, int32_t parent)
{
    const struct from_item *item = plan->item;
    int32_t                 heading;

    if (!is_named(plan->input)) {
        add_plan(cg, plan->input, parent);
        plan->line = plan->input->line;
        return;
    }
    heading = line_append(cg, parent, NULL,
                          item->display != NULL
                              ? line_text(cg, "CO-ROUTINE %s", item->display)
                              : line_text(cg, "CO-ROUTINE (subquery-%u)", item->number));
    if (heading == 0)
        return;
    add_plan(cg, plan->input, heading);
    plan->line = line_append(cg, parent, plan, NULL);
}

static void add_shared(struct cg *cg, struct plan *plan, int32_t parent)
{
    int32_t heading;

    if (!plan->shared->listed) {
        plan->shared->listed = true;
        heading = line_append(cg, parent, NULL,
                              line_text(cg, "MATERIALIZE %s", plan->shared->cte->name.text));
        if (heading == 0)
            return;
        add_plan(cg, plan->shared->plan, heading);
    }
    plan->line = line_append(cg, parent, plan, NULL);
}

static void add_join(struct cg *cg, struct plan *plan, int32_t parent)
{
    add_plan(cg, plan->input, parent);
    plan->line = line_append(cg, parent, plan, NULL);
    if (plan->line == 0)
        return;
    add_plan(cg, plan->right, plan->line);
    if (plan->join == JOIN_RIGHT || plan->join == JOIN_FULL) {
        struct str label;

        str_init(&label, cg->context->memory);
        plan_label(plan->right, &label);
        line_append(cg, parent, NULL,
                    line_text(cg, "RIGHT-JOIN %s", str_end(&label) == NULL ? "" : label.data));
        str_free(&label);
    }
}

static void add_apply(struct cg *cg, struct plan *plan, int32_t parent)
{
    add_plan(cg, plan->input, parent);
    plan->line = line_append(cg, parent, plan, NULL);
    if (plan->line != 0)
        add_plan(cg, plan->right, plan->line);
}

/* Aggregates with structures of their own. */
static void add_calls(struct cg *cg, const struct select *select, int32_t parent)
{
    for (uint32_t i = 0; i < select->aggregate_count; i++) {
        const struct expr *call = select->aggregates[i];

        if (call->distinct)
            line_append(cg, parent, NULL,
                        line_text(cg, "USE HASH TABLE FOR %s(DISTINCT)", call->name.text));
        if (call->order_by.count != 0)
            line_append(cg, parent, NULL,
                        line_text(cg, "USE SORTER FOR %s(ORDER BY)", call->name.text));
    }
}

static void add_aggregate(struct cg *cg, struct plan *plan, int32_t parent)
{
    bool groups = plan->group_by->count != 0;

    if (!groups)
        add_calls(cg, plan->select, parent);
    add_plan(cg, plan->input, parent);
    plan->line = line_append(cg, parent, plan, NULL);
    if (plan->line == 0)
        return;
    line_at(cg, plan->line)->only_analyzed = !groups;
    if (groups)
        add_calls(cg, plan->select, parent);
}

static const char *compound_text(enum compound_op op)
{
    switch (op) {
    case COMPOUND_UNION:
        return "UNION USING HASH TABLE";
    case COMPOUND_INTERSECT:
        return "INTERSECT USING HASH TABLE";
    case COMPOUND_EXCEPT:
        return "EXCEPT USING HASH TABLE";
    default:
        return "UNION ALL";
    }
}

/* Terms leftmost first: a compound's own terms are those of the compound it begins with. */
static void add_terms(struct cg *cg, struct plan *plan, int32_t parent)
{
    int32_t heading;

    if (plan->kind == PLAN_COMPOUND)
        add_terms(cg, plan->input, parent);
    heading =
        line_append(cg, parent, NULL,
                    plan->kind == PLAN_COMPOUND ? compound_text(plan->op) : "LEFT-MOST SUBQUERY");
    if (heading == 0)
        return;
    if (plan->kind == PLAN_COMPOUND) {
        plan->line = heading;
        plan = plan->right;
    }
    add_plan(cg, plan, heading);
}

static void add_recursive(struct cg *cg, struct plan *plan, int32_t parent)
{
    int32_t setup = line_append(cg, parent, NULL, "SETUP");

    if (setup == 0)
        return;
    add_plan(cg, plan->input, setup);
    plan->line = line_append(cg, parent, NULL, "RECURSIVE STEP");
    if (plan->line != 0)
        add_plan(cg, plan->right, plan->line);
}

/* Conditions, projections and limits are part of the step that makes the rows. */
static void add_part(struct cg *cg, struct plan *plan, int32_t parent)
{
    struct cg_line *line;

    add_plan(cg, plan->input, parent);
    plan->line = plan->input->line;
    if (plan->line == 0)
        return;
    line = line_at(cg, plan->line);
    if (plan->kind == PLAN_LIMIT && plan->apply == NULL && plan->input->kind == PLAN_SORT)
        line->top_n = true;
    for (size_t i = 0; plan->filters.count != 0 && i < countof(line->conditions); i++)
        if (line->conditions[i] == NULL) {
            line->conditions[i] = plan;
            break;
        }
}

static void add_plan(struct cg *cg, struct plan *plan, int32_t parent)
{
    int32_t heading;

    switch (plan->kind) {
    case PLAN_SUBQUERY:
        add_subquery(cg, plan, parent);
        break;
    case PLAN_SHARED:
        add_shared(cg, plan, parent);
        break;
    case PLAN_JOIN:
        add_join(cg, plan, parent);
        break;
    case PLAN_LATERAL:
        add_plan(cg, plan->input, parent);
        add_plan(cg, plan->right, parent);
        plan->line = plan->right->line;
        break;
    case PLAN_AGGREGATE:
        add_aggregate(cg, plan, parent);
        break;
    case PLAN_APPLY:
        add_apply(cg, plan, parent);
        break;
    case PLAN_COMPOUND:
        heading = line_append(cg, parent, NULL, "COMPOUND QUERY");
        if (heading != 0)
            add_terms(cg, plan, heading);
        break;
    case PLAN_RECURSIVE:
        add_recursive(cg, plan, parent);
        break;
    case PLAN_FILTER:
    case PLAN_GATE:
    case PLAN_PROJECT:
    case PLAN_LIMIT:
        add_part(cg, plan, parent);
        break;
    default:
        if (plan->input != NULL)
            add_plan(cg, plan->input, parent);
        plan->line = line_append(cg, parent, plan, NULL);
        break;
    }
}

void cg_plan_lines(struct cg *cg, struct plan *plan)
{
    if (cg->explained && cg->status == STATUS_OK)
        add_plan(cg, plan, cg->line_parent);
}

void cg_line_hide(struct cg *cg, const struct plan *plan)
{
    if (plan->line != 0 && cg->status == STATUS_OK)
        line_at(cg, plan->line)->only_analyzed = true;
}

/* --- where the generator is --------------------------------------------------------------------
 */
static struct cg_place place_now(const struct cg *cg)
{
    return (struct cg_place){cg->program->line, cg->line_parent, cg->line_end};
}

void cg_line_leave(struct cg *cg, struct cg_place place)
{
    cg->program->line = place.line;
    cg->line_parent = place.parent;
    cg->line_end = place.end;
}

struct cg_place cg_line_enter(struct cg *cg, const struct plan *plan)
{
    struct cg_place place = place_now(cg);

    if (plan->line != 0)
        cg->program->line = plan->line;
    return place;
}

struct cg_place cg_line_collect(struct cg *cg, const struct plan *plan)
{
    struct cg_place place = place_now(cg);

    if (plan->line != 0)
        cg->line_end = plan->line;
    return place;
}

/* A sink without parent on the very plan that hands out rows takes a whole plan's rows. */
struct cg_place cg_line_sink(struct cg *cg, const struct cg_sink *sink)
{
    struct cg_place place = place_now(cg);
    int32_t         from = cg->program->line, to = sink->plan == NULL ? 0 : sink->plan->line;

    if (!cg->explained || cg->status != STATUS_OK)
        return place;
    if (to == 0 || (sink->parent == NULL && to == from))
        to = cg->line_end;
    if (to != from)
        line_at(cg, from)->rows_op = program_address(cg->program);
    cg->program->line = to;
    return place;
}

/* Where SQLite would name it: behind the step whose rows it is evaluated for. */
static int32_t heading_new(struct cg *cg, const char *text)
{
    int32_t            line = cg->program->line, before = line, made;
    const struct plan *plan = line_at(cg, line)->plan;

    if (line == cg->line_end)
        return line_append(cg, cg->line_parent, NULL, text);
    if (line_at(cg, line)->parent == 0)
        return line_append(cg, line, NULL, text);
    if (plan != NULL && plan->kind == PLAN_SORT)
        before = line_before(cg, line);
    else if (line_at(cg, line)->behind != 0)
        before = line_at(cg, line)->behind;
    made = line_insert(cg, line_at(cg, line)->parent, before, text);
    if (made != 0 && (plan == NULL || plan->kind != PLAN_SORT))
        line_at(cg, line)->behind = made;
    return made;
}

struct cg_place cg_line_subquery(struct cg *cg, const char *what, bool correlated)
{
    struct cg_place place = place_now(cg);
    int32_t         heading;

    if (!cg->explained || cg->status != STATUS_OK)
        return place;
    heading = heading_new(
        cg, line_text(cg, "%s%s %u", correlated ? "CORRELATED " : "", what, ++cg->subqueries));
    if (heading != 0)
        cg->program->line = cg->line_parent = cg->line_end = heading;
    return place;
}

/* --- begin and end -----------------------------------------------------------------------------
 */
static const char *statement_text(const struct statement *statement)
{
    switch ((enum statement_kind)statement->kind) {
    case STATEMENT_SELECT:
        return "RESULT ROWS";
    case STATEMENT_INSERT:
        return "INSERT";
    case STATEMENT_UPDATE:
        return "UPDATE";
    case STATEMENT_DELETE:
        return "DELETE";
    case STATEMENT_COPY:
        return "COPY";
    case STATEMENT_CREATE_TABLE:
        return "CREATE TABLE";
    default:
        return "STATEMENT";
    }
}

/* Line 1 is the statement: over all others while they are made, and shown behind them. */
void cg_lines_begin(struct cg *cg, const struct statement *statement)
{
    if (!cg->explained)
        return;
    cg->program->has_lines = true;
    cg->program->line = line_append(cg, 0, NULL, statement_text(statement));
    cg->line_parent = cg->line_end = cg->program->line;
}

/* Columns are read where they are first asked for; the work is that of whoever has them. */
static void lines_of_columns(struct cg *cg)
{
    struct program *program = cg->program;
    int32_t        *openers = arena_zalloc(cg->arena, (program->slot_count + 1) * sizeof *openers);

    if (openers == NULL) {
        cg_fail(cg, fail_nomem(cg->err));
        return;
    }
    for (uint32_t i = 0; i < program->op_count; i++) {
        const struct op *op = &program->ops[i];
        int32_t         *line = &program->op_lines[i];

        if (op->code == OP_OpenRead || op->code == OP_OpenSource)
            if (line_at(cg, *line)->open_op < 0)
                line_at(cg, *line)->open_op = (int32_t)i;
        if (opcode_info[op->code].p1 != OPERAND_SLOT)
            continue;
        if (openers[op->p1] == 0)
            openers[op->p1] = *line;
        else if (op->code == OP_Column || op->code == OP_Rowid || op->code == OP_JoinColumn ||
                 op->code == OP_JoinCarry)
            *line = openers[op->p1];
        if (op->code == OP_Rowid)
            line_at(cg, *line)->reads_rowid = true;
    }
}

static void line_finish(struct cg *cg, int32_t line, int32_t parent, int32_t *places)
{
    struct program       *program = cg->program;
    const struct cg_line *from = line_at(cg, line);
    struct plan_line     *to = &program->plan[program->plan_count++];
    struct str            text;

    places[line] = (int32_t)program->plan_count - 1;
    str_init(&text, cg->context->memory);
    plan_line(from, program, &text);
    *to = (struct plan_line){.id = (int32_t)program->plan_count,
                             .parent = parent,
                             .rows_op = from->rows_op,
                             .only_analyzed = from->only_analyzed || line == 1,
                             .text = cg_text(cg, str_end(&text) == NULL ? "" : text.data)};
    if (text.failed)
        cg_fail(cg, fail_nomem(cg->err));
    str_free(&text);
}

/* Lines below `line`, in their order.  Without recursion: lists may be long and trees deep. */
static void lines_below(struct cg *cg, int32_t root, int32_t *places)
{
    int32_t at = line_at(cg, root)->first;

    while (at != 0 && at != root) {
        const struct cg_line *line = line_at(cg, at);

        line_finish(cg, at, line->parent == root ? 0 : cg->program->plan[places[line->parent]].id,
                    places);
        if (line->first != 0) {
            at = line->first;
            continue;
        }
        while (at != root && line_at(cg, at)->next == 0)
            at = line_at(cg, at)->parent;
        if (at != root)
            at = line_at(cg, at)->next;
    }
}

void cg_lines_finish(struct cg *cg)
{
    struct program *program = cg->program;
    int32_t        *places = arena_zalloc(cg->arena, (cg->line_count + 1) * sizeof *places);

    if (!cg->explained || cg->status != STATUS_OK)
        return;
    lines_of_columns(cg);
    program->plan = cg_alloc(cg, cg->line_count * sizeof *program->plan);
    if (program->plan == NULL || places == NULL || cg->status != STATUS_OK) {
        cg_fail(cg, STATUS_NOMEM);
        return;
    }
    lines_below(cg, 1, places);
    line_finish(cg, 1, 0, places);
    for (uint32_t i = 0; i < program->op_count; i++)
        program->op_lines[i] = places[program->op_lines[i]];
}
