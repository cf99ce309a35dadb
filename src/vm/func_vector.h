/* func_vector.h - what vector forms of functions share. */
#ifndef STOA_VM_FUNC_VECTOR_H
#define STOA_VM_FUNC_VECTOR_H

#include <string.h>

#include "vm/func.h"

/* Runs the statement behind sel and row for each active row of sel. */
#define SELECTED_EACH(sel, row, ...)                                                               \
    do {                                                                                           \
        if ((sel)->count == (sel)->rows) {                                                         \
            for (uint32_t row = 0; row < (sel)->rows; row++)                                       \
                __VA_ARGS__                                                                        \
        } else {                                                                                   \
            const uint16_t *list_ = selection_list(sel);                                           \
            for (uint32_t i_ = 0; i_ < (sel)->count; i_++) {                                       \
                uint32_t row = list_[i_];                                                          \
                __VA_ARGS__                                                                        \
            }                                                                                      \
        }                                                                                          \
    } while (0)

/* out becomes a FLAT vector of type in buffer, NULL where v is. */
static inline void result_like(const struct vector *v, enum phys type, const struct selection *sel,
                               struct vector_buffer *buffer, struct vector *out)
{
    *out = (struct vector){
        .type = (uint8_t)type, .shape = VECTOR_FLAT, .count = sel->rows, .values = buffer->values};
    if (v->valid != NULL) {
        memcpy(buffer->valid, v->valid, bits_words(sel->rows) * sizeof(uint64_t));
        out->valid = buffer->valid;
    }
}

static inline enum status decline(bool *declined)
{
    *declined = true;
    return STATUS_OK;
}

static inline bool is_flat(const struct vector *v, enum phys type)
{
    return v->shape == VECTOR_FLAT && v->type == type;
}

/* A CONSTANT's value; its text may lie in scratch. */
static inline struct value constant_of(const struct vector *v, char scratch[16])
{
    return vector_value(v, 0, scratch);
}

static inline bool is_integers(const struct vector *v)
{
    return v->shape == VECTOR_SEQUENCE || (v->shape == VECTOR_FLAT && v->type <= PHYS_I64);
}

static inline bool is_reals(const struct vector *v)
{
    return v->shape == VECTOR_FLAT &&
           (v->type == PHYS_F64 ||
            (v->type >= PHYS_DEC16 && v->type <= PHYS_DEC64 && !(v->flags & VECTOR_WHOLE_IS_INT)));
}

/* v's rows as C int64_t or double (type I64 or F64), in arena or v's own.  NULL: memory. */
const void *func_decoded(struct function_context *context, const struct vector *v, enum phys type,
                         const struct selection *sel);

#endif
