/* cg_line.h - the steps of EXPLAIN QUERY PLAN and EXPLAIN ANALYZE: a tree of lines, grown while the
 * program is generated, and which op belongs to which of them.
 *
 * A plan's lines are made when it is made (cg_plan); subqueries add theirs where the generator
 * meets them.  While code is emitted program->line names the step that it is for: cg_produce enters
 * the plan's line, cg_consume that of the sink.  Without EXPLAIN nothing of this exists: every line
 * is 0, "none". */
#ifndef STOA_SQL_CG_LINE_H
#define STOA_SQL_CG_LINE_H

#include "sql/plan.h"

struct cg;
struct cg_sink;

struct cg_line {
    const struct plan *plan; /* a node; NULL: a heading, text says it all */
    const char        *text;
    int32_t            parent, first, last, next; /* lines, 0: none */
    int32_t            behind;                    /* the last line put behind this one, 0: none */
    int32_t            rows_op;                   /* the first op that sees its rows, -1: none */
    int32_t            open_op;                   /* OpenRead, OpenSource; -1: none */
    bool               only_analyzed;             /* a step that SQLite's trees do not name */
    bool               reads_rowid;
    bool               top_n;         /* SORT: below a LIMIT */
    const struct plan *conditions[2]; /* FILTER, GATE nodes in it; NULL: none */
};

/* Where lines go: kept by whoever changes it. */
struct cg_place {
    int32_t line;   /* of the ops being emitted */
    int32_t parent; /* of the next plan's lines, 0: the top */
    int32_t end;    /* of what is done with the rows of a whole plan */
};

void cg_lines_begin(struct cg *cg, const struct statement *statement);
/* Texts, order, ids: program->plan and program->op_lines. */
void cg_lines_finish(struct cg *cg);
void cg_plan_lines(struct cg *cg, struct plan *plan);
/* SQLite's trees do not name this one: EXPLAIN ANALYZE still does. */
void cg_line_hide(struct cg *cg, const struct plan *plan);
/* A heading for a subquery ("SCALAR SUBQUERY") at the current step; what follows goes below it,
 * until the place that was is left to. */
struct cg_place cg_line_subquery(struct cg *cg, const char *what, bool correlated);
struct cg_place cg_line_enter(struct cg *cg, const struct plan *plan); /* ops are for plan */
struct cg_place cg_line_sink(struct cg *cg, const struct cg_sink *sink);
/* What is done with the rows of whole plans, until the place is left, is part of plan's step. */
struct cg_place cg_line_collect(struct cg *cg, const struct plan *plan);
void            cg_line_leave(struct cg *cg, struct cg_place place);

/* plan_dump.c: one line, in SQLite's words where the thing is the same. */
struct str;
void plan_label(const struct plan *plan, struct str *out); /* what a join's build side is called */
void plan_line(const struct cg_line *line, const struct program *program, struct str *out);

#endif
