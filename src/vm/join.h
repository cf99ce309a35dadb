/* join.h - hash and nested-loop joins by position: build a rowset, probe it with batches.
 *
 * build: append batches of (keys, payload), finish.  probe: hand in a batch's key vectors, then
 * fetch matches in blocks of up to VECTOR_CAP pairs (probe row, build row), in probe order and, per
 * probe row, in build order.  Payload is gathered by the caller, for the pairs that survive.  NULL
 * keys never match unless key_null_equal. */
#ifndef STOA_VM_JOIN_H
#define STOA_VM_JOIN_H

#include "store/rowset.h"

enum join_kind { JOIN_INNER, JOIN_LEFT, JOIN_RIGHT, JOIN_FULL, JOIN_SEMI, JOIN_ANTI };

struct join_desc {
    enum join_kind kind;
    uint32_t       key_count; /* 0: every pair (nested loop) */
    const uint8_t *key_collations;
    const uint8_t *key_null_equal; /* IS comparison; NULL: none */
    uint32_t       payload_count;  /* build columns: rowset columns key_count.. hold the payload,
                                      0..key_count-1 the keys */
    bool residual; /* a further condition is evaluated on pairs: the caller reports survivors by
                      join_mark */
};
struct join;

enum status join_new(struct memory *memory, const struct join_desc *desc, struct join **join,
                     struct error *err);
void        join_free(struct join *join);
void        join_reset(struct join *join);
enum status join_build(struct join *join, const struct vector *const *columns,
                       const struct selection *sel, struct error *err);
enum status join_finish(struct join  *join,
                        struct error *err); /* hash table made: no more build rows */
const struct rowset *join_rows(const struct join *join);
uint64_t             join_count(const struct join *join); /* build rows, columns or not */

/* Starts probing a batch.  The key vectors and sel must stay as they are until join_next says 0. */
enum status join_probe(struct join *join, const struct vector *const *keys,
                       const struct selection *sel, struct error *err);
/* Next pairs (<= cap), in the order of the probe rows.  LEFT/FULL without residual: a probe row
 * without match stands among them with build UINT32_MAX.  SEMI/ANTI without residual: pairs with
 * build UINT32_MAX for each qualifying probe row.  *count 0: done with matches.
 * probe_rows/build_rows are the join's, until the next call. */
enum status join_next(struct join *join, uint32_t cap, uint32_t *count, const uint16_t **probe_rows,
                      const uint32_t **build_rows, struct error *err);
/* Whether the pairs of the last join_next are of one probe row, with build rows that follow each
 * other in one chunk of join_rows. */
bool join_run(const struct join *join);
/* residual: the pairs of the last join_next with their bit on survived. */
void join_mark(struct join *join, const uint64_t *survived);
/* After join_next gave 0 on a join with residual: the probe rows that LEFT, FULL, ANTI (unmatched)
 * and SEMI (matched) keep, build UINT32_MAX.  None without residual. */
enum status join_rest(struct join *join, uint32_t *count, const uint16_t **probe_rows,
                      const uint32_t **build_rows, struct error *err);
/* After all probing on RIGHT/FULL: build rows never matched, in build order, from *state (starts
 * 0). */
enum status join_unmatched(struct join *join, uint64_t *state, uint32_t cap, uint32_t *count,
                           const uint32_t **build_rows, struct error *err);
void        join_describe(const struct join *join, char *text, size_t bytes);

#endif
