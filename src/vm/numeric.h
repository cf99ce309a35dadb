/* numeric.h - what arithmetic and comparison see of a vector: its numbers as I64 or F64. */
#ifndef STOA_VM_NUMERIC_H
#define STOA_VM_NUMERIC_H

#include "vm/machine.h"

enum number_class {
    NUMBERS_NULL,  /* the constant NULL */
    NUMBERS_INT,   /* INTEGER at every non-NULL row */
    NUMBERS_REAL,  /* REAL at every non-NULL row */
    NUMBERS_MIXED, /* DEC with WHOLE_IS_INT: REAL, or INTEGER where whole */
    NUMBERS_OTHER  /* anything: texts, cells */
};
enum number_class number_class_of(const struct vector *v);

/* The numbers of v as int64 (NUMBERS_INT) or double (INT, REAL, MIXED: INTEGERs converted) at every
 * row; [0] only if v is a CONSTANT, held in *one.  Uses scratch buffer number `scratch` unless v
 * has that form.  NULL: memory. */
const int64_t *numbers_i64(struct vm *vm, const struct vector *v, uint32_t scratch, int64_t *one);
const double  *numbers_f64(struct vm *vm, const struct vector *v, uint32_t scratch, double *one);

/* out = validity of both (NULL allowed: no NULLs) into space; NULL when neither has NULLs. */
const uint64_t *validity_and(const struct vector *a, const struct vector *b, uint32_t words,
                             uint64_t *space);

/* Bounds of an INTEGER vector.  False: unknown. */
bool number_bounds(const struct vector *v, int64_t *lo, int64_t *hi);

#endif
