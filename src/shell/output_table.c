/* output_table.c - the modes that align cells: column, table, box, markdown; EXPLAIN and EXPLAIN
 * QUERY PLAN.  Cells may have several lines; widths are terminal columns, not bytes. */
#include <stdlib.h>
#include <string.h>

#include "shell/output.h"

struct grid {
    int    columns;
    size_t count, capacity; /* cells, row-major; the first row holds the names */
    char **cells;
    int   *widths;   /* [columns] */
    bool  *row_ends; /* [rows]: the last line of a result row */
    size_t row_capacity;
    bool   multi_line; /* some row has several lines */
};

static void grid_add(struct grid *grid, struct text *cell)
{
    int column = (int)(grid->count % (size_t)grid->columns);
    int width = display_width(cell->data, cell->bytes);

    if (grid->count == grid->capacity) {
        grid->capacity = grid->capacity * 2 + 64;
        grid->cells = checked_realloc(grid->cells, grid->capacity * sizeof *grid->cells);
    }
    grid->cells[grid->count++] = cell->data; /* the text passes to the grid */
    *cell = (struct text){0};
    if (width > grid->widths[column])
        grid->widths[column] = width;
}

static void grid_end_line(struct grid *grid, size_t line, bool row_ends)
{
    if (line >= grid->row_capacity) {
        grid->row_capacity = grid->row_capacity * 2 + 64;
        grid->row_ends =
            checked_realloc(grid->row_ends, grid->row_capacity * sizeof *grid->row_ends);
    }
    grid->row_ends[line] = row_ends;
}

static void grid_free(struct grid *grid)
{
    for (size_t i = 0; i < grid->count; i++)
        free(grid->cells[i]);
    free(grid->cells);
    free(grid->widths);
    free(grid->row_ends);
}

/* The width asked for by .width, without its sign; 0: none. */
static int asked_width(const struct shell *shell, int column)
{
    int width = column < shell->width_count ? shell->widths[column] : 0;

    return width < 0 ? -width : width;
}

static int wrap_width(const struct shell *shell, int column)
{
    int width = asked_width(shell, column);

    return width != 0 ? width : shell->wrap;
}

/* All lines of the current row. */
static void grid_row(struct shell *shell, stoa_stmt *stmt, struct grid *grid)
{
    struct text *quoted = checked_realloc(NULL, (size_t)grid->columns * sizeof *quoted);
    const char **rest = checked_realloc(NULL, (size_t)grid->columns * sizeof *rest);
    bool         more = true;

    for (int c = 0; c < grid->columns; c++) {
        quoted[c] = (struct text){0};
        if (shell->quote_cells)
            literal_add(&quoted[c], stmt, c);
        rest[c] = shell->quote_cells ? quoted[c].data : stoa_column_text(stmt, c);
        if (rest[c] == NULL)
            rest[c] = shell->null_value;
    }
    while (more) {
        more = false;
        for (int c = 0; c < grid->columns; c++) {
            struct text line = {0};

            cell_line(rest[c] == NULL ? "" : rest[c], wrap_width(shell, c), shell->wrap_words,
                      &line, &rest[c]);
            more |= rest[c] != NULL;
            grid_add(grid, &line);
        }
        grid->multi_line |= more;
        grid_end_line(grid, grid->count / (size_t)grid->columns - 1, !more);
    }
    for (int c = 0; c < grid->columns; c++)
        text_free(&quoted[c]);
    free(quoted);
    free(rest);
}

/* --- drawing
 * --------------------------------------------------------------------------------------- */
struct frame { /* what a mode draws around cells */
    const char *left, *between, *right;
    const char *rule;                           /* one column of a horizontal rule */
    const char *top[3], *middle[3], *bottom[3]; /* left, between, right of rules; NULL: no rule */
};
static const struct frame frames[MODE_COUNT] = {
    [MODE_TABLE] = {"| ", " | ", " |", "-", {"+", "+", "+"}, {"+", "+", "+"}, {"+", "+", "+"}},
    [MODE_BOX] = {"│ ", " │ ", " │", "─", {"┌", "┬", "┐"}, {"├", "┼", "┤"}, {"└", "┴", "┘"}},
    [MODE_MARKDOWN] = {
        "| ", " | ", " |", "-", {NULL, NULL, NULL}, {"|", "|", "|"}, {NULL, NULL, NULL}}};

static void blanks(FILE *out, int count)
{
    if (count > 0)
        fprintf(out, "%*s", count, "");
}

static void repeat(FILE *out, const char *piece, int count)
{
    for (int i = 0; i < count; i++)
        fputs(piece, out);
}

static void draw_rule(FILE *out, const struct grid *grid, const struct frame *frame,
                      const char *const ends[3])
{
    if (ends[0] == NULL)
        return;
    fputs(ends[0], out);
    for (int c = 0; c < grid->columns; c++) {
        if (c > 0)
            fputs(ends[1], out);
        repeat(out, frame->rule, grid->widths[c] + 2);
    }
    fputs(ends[2], out);
    fputc('\n', out);
}

static void draw_cell(FILE *out, const char *cell, int width, bool right)
{
    int pad = width - display_width(cell, strlen(cell));

    if (right)
        blanks(out, pad);
    fputs(cell, out);
    if (!right)
        blanks(out, pad);
}

static bool right_aligned(const struct shell *shell, int column)
{
    return column < shell->width_count && shell->widths[column] < 0;
}

static void draw_lines(struct shell *shell, const struct grid *grid, const struct frame *frame,
                       enum mode mode)
{
    FILE  *out = shell->out;
    size_t lines = grid->count / (size_t)grid->columns;

    for (size_t line = 1; line < lines; line++) {
        fputs(mode == MODE_COLUMN ? "" : frame->left, out);
        for (int c = 0; c < grid->columns; c++) {
            if (c > 0)
                fputs(mode == MODE_COLUMN ? "  " : frame->between, out);
            draw_cell(out, grid->cells[line * (size_t)grid->columns + (size_t)c], grid->widths[c],
                      right_aligned(shell, c));
        }
        fputs(mode == MODE_COLUMN ? "" : frame->right, out);
        fputc('\n', out);
        if (!grid->multi_line || !grid->row_ends[line] || line + 1 == lines)
            continue;
        if (mode == MODE_COLUMN)
            fputc('\n', out);
        else if (mode != MODE_MARKDOWN)
            draw_rule(out, grid, frame, frame->middle);
    }
}

/* The header of column mode: names, and a rule under each. */
static void draw_column_header(struct shell *shell, const struct grid *grid)
{
    for (int c = 0; c < grid->columns; c++) {
        draw_cell(shell->out, grid->cells[c], grid->widths[c], right_aligned(shell, c));
        fputs(c + 1 < grid->columns ? "  " : "\n", shell->out);
    }
    for (int c = 0; c < grid->columns; c++) {
        repeat(shell->out, "-", grid->widths[c]);
        fputs(c + 1 < grid->columns ? "  " : "\n", shell->out);
    }
}

static void draw_frame_header(struct shell *shell, const struct grid *grid,
                              const struct frame *frame)
{
    FILE *out = shell->out;

    draw_rule(out, grid, frame, frame->top);
    fputs(frame->left, out);
    for (int c = 0; c < grid->columns; c++) {
        int pad = grid->widths[c] - display_width(grid->cells[c], strlen(grid->cells[c]));

        if (c > 0)
            fputs(frame->between, out);
        blanks(out, pad / 2);
        fputs(grid->cells[c], out);
        blanks(out, pad - pad / 2);
    }
    fputs(frame->right, out);
    fputc('\n', out);
    draw_rule(out, grid, frame, frame->middle);
}

static void grid_names(struct shell *shell, stoa_stmt *stmt, struct grid *grid)
{
    for (int c = 0; c < grid->columns; c++) {
        struct text name = {0};
        const char *rest;

        grid->widths[c] = asked_width(shell, c);
        cell_line(stoa_column_name(stmt, c), wrap_width(shell, c), shell->wrap_words, &name, &rest);
        grid_add(grid, &name);
    }
    grid_end_line(grid, 0, true);
}

int output_columnar(struct shell *shell, stoa_stmt *stmt, enum mode mode)
{
    const struct frame *frame = &frames[mode];
    struct grid         grid = {.columns = stoa_column_count(stmt)};
    int64_t             rows = 0;
    int                 rc = stoa_step(stmt);

    if (rc != STOA_ROW || grid.columns == 0)
        return rc;
    grid.widths = checked_realloc(NULL, (size_t)grid.columns * sizeof *grid.widths);
    grid_names(shell, stmt, &grid);
    for (; rc == STOA_ROW; rc = stoa_step(stmt))
        if (rows++ < shell->max_rows || shell->max_rows == 0)
            grid_row(shell, stmt, &grid);
    if (mode == MODE_COLUMN) {
        if (shell->show_header)
            draw_column_header(shell, &grid);
    } else {
        draw_frame_header(shell, &grid, frame);
    }
    draw_lines(shell, &grid, frame, mode);
    if (mode == MODE_TABLE || mode == MODE_BOX)
        draw_rule(shell->out, &grid, frame, frame->bottom);
    if (shell->max_rows != 0 && rows > shell->max_rows)
        fprintf(shell->out, "(%lld rows, the first %lld shown)\n", (long long)rows,
                (long long)shell->max_rows);
    grid_free(&grid);
    return rc;
}

/* --- EXPLAIN
 * -------------------------------------------------------------------------------------- */
/* Loops indent what is between a Next-like opcode and the address that it jumps back to. */
struct listing {
    int    count, capacity;
    char **cells; /* [count * columns] */
};

static bool jumps_back(const char *opcode)
{
    static const char *const names[] = {"Next", "JoinNext", "MemoNext", "Goto"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(opcode, names[i]) == 0)
            return true;
    return false;
}

static void listing_indents(const struct listing *listing, int columns, int *indents)
{
    for (int i = 0; i < listing->count; i++)
        indents[i] = 0;
    for (int i = 0; i < listing->count && columns >= 4; i++) {
        char *const *row = listing->cells + (size_t)i * (size_t)columns;
        int          target = atoi(row[3]);

        if (!jumps_back(row[1]) || target > i || target < 0)
            continue;
        for (int j = target; j < i; j++)
            indents[j] += 2;
    }
}

int output_explain(struct shell *shell, stoa_stmt *stmt)
{
    /* Of EXPLAIN as in sqlite3; EXPLAIN ANALYZE has calls, rows in and out, and ms before the
     * comment. */
    static const int listed[] = {4, 13, 4, 4, 4, 13, 2, 13};
    static const int analyzed[] = {4, 13, 4, 4, 4, 13, 2, 6, 10, 10, 9, 13};
    enum {
        LISTED = sizeof listed / sizeof listed[0],
        ANALYZED = sizeof analyzed / sizeof analyzed[0]
    };
    struct listing listing = {0};
    int            columns = stoa_column_count(stmt), rc, *indents;
    const int     *widths = columns == ANALYZED ? analyzed : listed;

    if (columns != LISTED && columns != ANALYZED)
        return output_rows(shell, stmt, MODE_LIST);

    while ((rc = stoa_step(stmt)) == STOA_ROW) {
        if (listing.count == listing.capacity) {
            listing.capacity = listing.capacity * 2 + 64;
            listing.cells = checked_realloc(
                listing.cells, (size_t)listing.capacity * (size_t)columns * sizeof *listing.cells);
        }
        for (int c = 0; c < columns; c++) {
            const char *cell = stoa_column_text(stmt, c);

            listing.cells[listing.count * columns + c] =
                text_copy(cell == NULL ? shell->null_value : cell);
        }
        listing.count++;
    }
    if (listing.count > 0) {
        for (int c = 0; c < columns; c++) {
            draw_cell(shell->out, stoa_column_name(stmt, c), widths[c], false);
            fputs(c + 1 < columns ? "  " : "\n", shell->out);
        }
        for (int c = 0; c < columns; c++) {
            repeat(shell->out, "-", widths[c]);
            fputs(c + 1 < columns ? "  " : "\n", shell->out);
        }
    }
    indents = checked_realloc(NULL, ((size_t)listing.count + 1) * sizeof *indents);
    listing_indents(&listing, columns, indents);
    for (int i = 0; i < listing.count; i++) {
        for (int c = 0; c < columns; c++) {
            const char *cell = listing.cells[i * columns + c];

            if (c == 1)
                blanks(shell->out, indents[i]);
            draw_cell(shell->out, cell, c + 1 == columns ? 0 : widths[c], false);
            fputs(c + 1 < columns ? "  " : "\n", shell->out);
        }
    }
    for (int i = 0; i < listing.count * columns; i++)
        free(listing.cells[i]);
    free(listing.cells);
    free(indents);
    return rc;
}

/* --- EXPLAIN QUERY PLAN
 * ----------------------------------------------------------------------------- */
struct plan_row {
    int   id, parent;
    char *detail;
    char *run; /* EXPLAIN ANALYZE: rows, time, notes; else NULL */
};
struct plan {
    int              count, capacity;
    struct plan_row *rows;
};

static bool plan_has_child(const struct plan *plan, int parent)
{
    for (int i = 0; i < plan->count; i++)
        if (plan->rows[i].parent == parent)
            return true;
    return false;
}

/* The rows below parent, each behind its branch; prefix is what stands left of them. */
static void plan_draw(FILE *out, const struct plan *plan, int parent, struct text *prefix,
                      int depth)
{
    enum { DEPTH_MAX = 100 };
    int last = -1;

    for (int i = 0; i < plan->count; i++)
        if (plan->rows[i].parent == parent)
            last = i;
    for (int i = 0; i < plan->count; i++) {
        size_t bytes = prefix->bytes;

        if (plan->rows[i].parent != parent)
            continue;
        fprintf(out, "%s%s%s\n", prefix->bytes > 0 ? prefix->data : "", i == last ? "`--" : "|--",
                plan->rows[i].detail);
        if (depth == DEPTH_MAX || plan->rows[i].id == parent)
            continue;
        text_puts(prefix, i == last ? "   " : "|  ");
        if (plan->rows[i].run != NULL)
            fprintf(out, "%s%s  %s\n", prefix->data,
                    plan_has_child(plan, plan->rows[i].id) ? "|" : " ", plan->rows[i].run);
        plan_draw(out, plan, plan->rows[i].id, prefix, depth + 1);
        prefix->bytes = bytes;
        prefix->data[bytes] = '\0';
    }
}

/* "1000 rows, 1.5 ms (12 %); notes" of a step; NULL: a heading that did nothing itself. */
static char *run_text(stoa_stmt *stmt)
{
    struct text text = {0};
    const char *notes = stoa_column_text(stmt, 6);
    double      ms = stoa_column_double(stmt, 4);
    bool        counted = stoa_column_type(stmt, 3) != STOA_NULL;

    if (!counted && ms == 0 && (notes == NULL || notes[0] == '\0'))
        return NULL;
    if (counted)
        text_printf(&text, "%lld row%s, ", (long long)stoa_column_int64(stmt, 3),
                    stoa_column_int64(stmt, 3) == 1 ? "" : "s");
    text_printf(&text, "%.*f ms (%d %%)", ms < 10 ? 3 : 1, ms, stoa_column_int(stmt, 5));
    if (notes != NULL && notes[0] != '\0')
        text_printf(&text, "; %s", notes);
    return text.data;
}

static void plan_add(struct plan *plan, stoa_stmt *stmt, int detail_column)
{
    const char *detail = stoa_column_text(stmt, detail_column);

    if (plan->count == plan->capacity) {
        plan->capacity = plan->capacity * 2 + 16;
        plan->rows = checked_realloc(plan->rows, (size_t)plan->capacity * sizeof *plan->rows);
    }
    plan->rows[plan->count++] =
        (struct plan_row){.id = stoa_column_int(stmt, 0),
                          .parent = stoa_column_int(stmt, 1),
                          .detail = text_copy(detail == NULL ? "" : detail)};
}

static void plan_print(struct shell *shell, struct plan *plan, const char *verdict)
{
    struct text prefix = {0};

    if (plan->count > 0) {
        fputs("QUERY PLAN\n", shell->out);
        plan_draw(shell->out, plan, 0, &prefix, 0);
        if (verdict != NULL)
            fprintf(shell->out, "%s\n", verdict);
    }
    for (int i = 0; i < plan->count; i++) {
        free(plan->rows[i].detail);
        free(plan->rows[i].run);
    }
    free(plan->rows);
    text_free(&prefix);
}

int output_query_plan(struct shell *shell, stoa_stmt *stmt)
{
    struct plan plan = {0};
    int         rc;

    while ((rc = stoa_step(stmt)) == STOA_ROW)
        plan_add(&plan, stmt, 3);
    plan_print(shell, &plan, NULL);
    return rc;
}

/* EXPLAIN ANALYZE: the last row is no step but the verdict. */
int output_analysis(struct shell *shell, stoa_stmt *stmt)
{
    struct plan plan = {0};
    char       *verdict = NULL;
    int         rc;

    while ((rc = stoa_step(stmt)) == STOA_ROW) {
        plan_add(&plan, stmt, 2);
        plan.rows[plan.count - 1].run = run_text(stmt);
    }
    if (plan.count > 0) {
        verdict = plan.rows[--plan.count].detail;
        free(plan.rows[plan.count].run);
    }
    plan_print(shell, &plan, verdict);
    free(verdict);
    return rc;
}
