/* compare.h - the six comparison operators. */
#ifndef STOA_VM_COMPARE_H
#define STOA_VM_COMPARE_H

enum compare_op {
    COMPARE_EQ,
    COMPARE_NE,
    COMPARE_LT,
    COMPARE_LE,
    COMPARE_GT,
    COMPARE_GE,
    COMPARE_COUNT
};
/* Whether a op b, given the sign of a - b. */
static inline int compare_result(enum compare_op op, int order)
{
    switch (op) {
    case COMPARE_EQ:
        return order == 0;
    case COMPARE_NE:
        return order != 0;
    case COMPARE_LT:
        return order < 0;
    case COMPARE_LE:
        return order <= 0;
    case COMPARE_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}
/* b op' a for a op b. */
static inline enum compare_op compare_flip(enum compare_op op)
{
    static const unsigned char flipped[COMPARE_COUNT] = {
        [COMPARE_EQ] = COMPARE_EQ, [COMPARE_NE] = COMPARE_NE, [COMPARE_LT] = COMPARE_GT,
        [COMPARE_LE] = COMPARE_GE, [COMPARE_GT] = COMPARE_LT, [COMPARE_GE] = COMPARE_LE,
    };

    return (enum compare_op)flipped[op];
}

#endif
