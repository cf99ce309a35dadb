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

#endif
