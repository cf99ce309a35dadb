/* aggregate_internal.h - struct aggregate.  Internal to aggregate*.c. */
#ifndef STOA_VM_AGGREGATE_INTERNAL_H
#define STOA_VM_AGGREGATE_INTERNAL_H

#include "vm/aggregate_state.h"

struct aggregate {
    struct memory               *memory;
    const struct aggregate_desc *desc;
    bool                         exact;        /* aggregate_force_exact */
    struct hash_table           *keys;         /* NULL without keys: group 0 is all */
    struct aggregate_rows       *kept;         /* aggregate_rows.h; NULL: none are kept */
    struct aggregate_part       *parts;        /* [desc->call_count] */
    bool                         shares_count; /* among uncounted parts: */
    struct aggregate_part        rows_part;    /* the rows of each group, FORM_NONE: not kept */
    struct state_array           states;
    struct arena                 texts;
    uint32_t                     groups, capacity; /* records in use, allocated */
    uint32_t    *order; /* after finish: groups as delivered, or rows apart; NULL: by number */
    uint32_t     order_count;
    struct arena scratch;         /* of one call in one batch */
    uint64_t     general_batches; /* that a call took cell by cell */
    /* of the current batch: */
    uint32_t groups_before;       /* its groups from here on are new */
    uint32_t numbers[VECTOR_CAP]; /* groups of the active rows */
    uint16_t rows[VECTOR_CAP];
    /* of the current call: */
    uint32_t             picked_groups[VECTOR_CAP];
    uint16_t             picked_rows[VECTOR_CAP];
    uint32_t             row_groups[VECTOR_CAP]; /* by row, for DISTINCT */
    int64_t              ordinals[VECTOR_CAP];
    uint8_t              reals[VECTOR_CAP];
    struct value        *list_rows[VECTOR_CAP]; /* of an ordered call: its new rows */
    struct selection     picked_sel;
    struct vector_buffer argument, separator;
};

/* Room for so many groups, the new ones zeroed. */
enum status aggregate_reserve(struct aggregate *aggregate, uint32_t groups, struct error *err);
/* One batch into all calls; all: its active rows. */
enum status aggregate_step_calls(struct aggregate *aggregate, const struct vector *const *arguments,
                                 const struct selection *sel, const struct picked *all,
                                 struct error *err);
/* No groups, and no memory for them. */
void aggregate_drop_groups(struct aggregate *aggregate);
void aggregate_drop_order(struct aggregate *aggregate);
/* part_settle of all calls for all groups. */
void aggregate_settle(struct aggregate *aggregate);
/* Ends part->uncounted: the first `groups` groups, those of earlier batches, get a count. */
void part_settle(struct aggregate *aggregate, struct aggregate_part *part, uint32_t groups);
/* Converts the states of part to a wider form. */
enum status aggregate_widen(struct aggregate *aggregate, struct aggregate_part *part,
                            enum state_form form, struct error *err);
/* One batch into one call (aggregate_step.c).  all: its active rows. */
enum status part_step(struct aggregate *aggregate, struct aggregate_part *part,
                      const struct vector *const *arguments, const struct selection *sel,
                      const struct picked *all, struct error *err);

/* --- aggregate_sums.c ---------------------------------------------------------------------------
 */
/* SUM, TOTAL or AVG in the order of the rows? */
bool sums_is(const struct aggregate_call *call);
/* Sets source and averages of the parts, whose calls are set. */
void sums_share(struct aggregate *aggregate);
/* Sums of REALs of few groups, several calls at once; those are marked as stepped. */
enum status sums_step(struct aggregate *aggregate, const struct vector *const *arguments,
                      const struct selection *sel, const struct picked *all, struct error *err);

#endif
