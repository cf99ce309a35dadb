/* truth.h - three-valued conditions as bit masks. */
#ifndef STOA_VM_TRUTH_H
#define STOA_VM_TRUTH_H

#include "vm/machine.h"

/* Which rows of v are true and which NULL, right at the active rows. */
enum status truth_of(struct vm *vm, const struct vector *v, struct truth *out);
/* The rows for which the test holds: bits of inactive rows mean nothing. */
enum status truth_test(struct vm *vm, const struct vector *v, enum truth_test test, uint64_t *mask);
/* Bits of the NULL rows of v. */
void truth_null(struct vm *vm, const struct vector *v, uint64_t *null);

/* What was found about a dictionary's entries: a byte each. */
enum verdict { VERDICT_FALSE, VERDICT_TRUE, VERDICT_NULL };
/* The verdicts on the rows' codes as masks; v is a DICT, its NULL rows have the verdict on code 0.
 */
void truth_of_codes(struct vm *vm, const struct vector *v, const uint8_t *verdicts,
                    struct truth *out);

#endif
