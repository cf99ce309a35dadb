/* exact.h - the general path behind the kernels: value.h's rules applied cell by cell to the active
 * rows, and results packed into the narrowest vector type that holds them.
 *
 * An operand is seen as ANY cells, or as the one cell of a CONSTANT.  A result is first written as
 * cells into the register's buffer and then packed in place: all INTEGER to I64, all REAL to F64,
 * all TEXT or BLOB to cells with validity, anything else stays ANY. */
#ifndef STOA_VM_EXACT_H
#define STOA_VM_EXACT_H

#include "vm/compare.h"
#include "vm/machine.h"

struct cells {
    const struct value *at;
    uint32_t            step; /* 0: CONSTANT */
    struct value        one;  /* the CONSTANT's cell */
    char                scratch[16];
};
static inline const struct value *cell_at(const struct cells *cells, uint32_t row)
{
    return cells->at + (size_t)row * cells->step;
}
/* v as cells, right at the active rows; decoded into the machine's scratch buffer number `scratch`
 * unless it is that already.  cells must stay where it is. */
enum status cells_of(struct vm *vm, const struct vector *v, uint32_t scratch, struct cells *cells);

/* A function of one or two cells; text made is put in arena. */
typedef enum status exact_function(struct vm *vm, const struct op *op, const struct value *a,
                                   const struct value *b, struct value *out);
/* reg = f(a, b) at the active rows, a CONSTANT if both are.  b may be NULL. */
enum status exact_apply(struct vm *vm, const struct op *op, exact_function *f,
                        const struct vector *a, const struct vector *b, struct vm_register *reg);

/* Packs reg->buffer's cells, filled at the active rows, and makes reg the vector of them. */
void exact_pack(struct vm *vm, struct vm_register *reg);

/* a op b for a comparison: -1 NULL, 0, 1; affinity is applied as SQLite's comparison does. */
enum status exact_compare(struct vm *vm, enum compare_op op, const struct value *a,
                          const struct value *b, enum collation collation, enum affinity affinity,
                          int *result);
/* For each active row of the current batch. */
#define ACTIVE_EACH(vm, row, ...)                                                                  \
    do {                                                                                           \
        if ((vm)->sel->count == (vm)->sel->rows) {                                                 \
            uint32_t rows_ = (vm)->sel->rows;                                                      \
            for (uint32_t row = 0; row < rows_; row++)                                             \
                __VA_ARGS__                                                                        \
        } else {                                                                                   \
            uint32_t        count_ = (vm)->sel->count;                                             \
            const uint16_t *list_ = selection_list((vm)->sel);                                     \
            for (uint32_t i_ = 0; i_ < count_; i_++) {                                             \
                uint32_t row = list_[i_];                                                          \
                __VA_ARGS__                                                                        \
            }                                                                                      \
        }                                                                                          \
    } while (0)

#endif
