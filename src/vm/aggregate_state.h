/* aggregate_state.h - what an aggregate call keeps per group, and its steps.  Internal to
 * aggregate*.c.
 *
 * The states of a group stand side by side in one record; records are an array indexed by group
 * number, zeroed at birth: all zero bytes are every state's beginning. */
#ifndef STOA_VM_AGGREGATE_STATE_H
#define STOA_VM_AGGREGATE_STATE_H

#include "vm/aggregate.h"
#include "vm/hash_table.h"

/* sum, total, avg: SQLite's sumStep.  While approximate is false the sum is integer; from the first
 * REAL or the first overflow on it is sum + error (Kahan, Babuska, Neumaier). */
struct sum_state {
    double  sum, error;
    int64_t integer;
    int64_t count;
    bool    approximate;
    bool    overflow; /* integers overflowed and no REAL followed */
};
/* min, max, and bare columns.  The text is borrowed, or in space. */
struct cell_state {
    struct value value; /* min, max: NULL until a value came */
    char        *space;
    uint32_t     capacity;
    bool         set; /* bare: a row was picked */
};
struct concat_state {
    char    *data;
    uint32_t bytes, capacity;
    bool     set; /* not a single value: NULL */
};

/* A call within an aggregate. */
struct aggregate_part {
    const struct aggregate_call *call;
    uint32_t                     offset;   /* of its state in a record */
    struct hash_table           *distinct; /* (group, value) seen; NULL without DISTINCT */
    uint64_t                    *took; /* MIN, MAX that a bare column follows: bit per row of the
                                          batch that it would take the bare columns of; else NULL */
};

/* The rows of a batch that reach a call. */
struct picked {
    uint32_t        count;
    const uint16_t *rows;   /* [count] rows of the batch, ascending */
    const uint32_t *groups; /* [count] their groups */
};
struct state_array {
    char         *records;
    size_t        stride;
    struct arena *texts; /* texts of states */
};

static inline void *state_at(const struct state_array *states, const struct aggregate_part *part,
                             uint32_t group)
{
    return states->records + states->stride * group + part->offset;
}

size_t state_bytes(enum aggregate_kind kind);

/* One batch.  argument is FLAT ANY (NULL for COUNT_STAR), separator too (NULL: ","). */
enum status state_step(const struct state_array *states, const struct aggregate_part *part,
                       const struct picked *picked, const struct value *argument,
                       const struct value *separator, bool pinned, struct arena *scratch,
                       struct error *err);
/* A bare column: took NULL: the first row of each group; else each row whose bit is on. */
enum status state_step_bare(const struct state_array *states, const struct aggregate_part *part,
                            const struct picked *picked, const struct value *argument,
                            const uint64_t *took, bool pinned, struct error *err);

/* True if the group's sum() overflowed: reading it is an error. */
bool         state_overflows(const struct state_array *states, const struct aggregate_part *part,
                             uint32_t group);
struct value state_value(const struct state_array *states, const struct aggregate_part *part,
                         uint32_t group);

#endif
