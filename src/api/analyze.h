/* analyze.h - what EXPLAIN ANALYZE says of a run: the ops' counters summed by step, in words.
 *
 * Every op belongs to one step, and what the run took beyond its ops (the commit) is the last
 * step's, the statement: the steps' times add up to the whole. */
#ifndef STOA_API_ANALYZE_H
#define STOA_API_ANALYZE_H

#include "base/str.h"
#include "vm/vm.h"

struct step {
    uint64_t nanoseconds;
    uint64_t rows;        /* that it handed on */
    bool     counts_rows; /* false: a heading, or an object with no rows of its own */
};
struct analysis {
    const struct program *program;
    const struct vm      *vm; /* after the run, its slots still filled */
    struct memory        *memory;
    uint64_t              nanoseconds;
    size_t                peak_bytes; /* beyond what was in use before */
    struct step          *steps;      /* [program->plan_count]; owned */
};

enum status analyze_steps(struct analysis *analysis, struct error *err);
void        analyze_free(struct analysis *analysis);
double      analyze_ms(uint64_t nanoseconds); /* to microseconds */
int64_t     analyze_percent(const struct analysis *analysis, uint64_t nanoseconds);
/* What the step met: rows read, batches skipped, tiers, the kernels that took longest. */
void analyze_notes(const struct analysis *analysis, uint32_t step, struct str *text);
/* One line: where the time went. */
void analyze_verdict(const struct analysis *analysis, struct str *text);

#endif
