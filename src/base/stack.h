/* stack.h - how much of the calling thread's C stack is left.
 *
 * Trees of a statement are as deep as its text nests; whoever walks them by recursion asks first.
 * Bounds by number alone would have to fit the smallest stack of any caller's thread. */
#ifndef STOA_BASE_STACK_H
#define STOA_BASE_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* Of this thread: the lowest address that recursion may reach, and the stack's end; 0, 0 before the
 * first question. */
struct stack_bounds {
    uintptr_t low, high;
};
extern _Thread_local struct stack_bounds stack_bounds;

/* stack_low of an address that is not within the bounds as known. */
bool stack_look(uintptr_t here);

/* Whether the recursion must end: what is left does for functions that do not recurse.  Always
 * false on a stack that is not the thread's own (a coroutine's), whose size nobody knows. */
static inline bool stack_low(void)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);

    return unlikely(here < stack_bounds.low || here >= stack_bounds.high) && stack_look(here);
}

/* The same as a status: STATUS_ERROR, at that position of the text. */
static inline enum status stack_check(struct error *err, int64_t position)
{
    return unlikely(stack_low())
               ? fail_at(err, STATUS_ERROR, position, "statement is nested too deep")
               : STATUS_OK;
}

#endif
