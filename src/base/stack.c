/* stack.c - the bounds of this thread's stack, asked once a thread. */
#include "base/stack.h"

#include <pthread.h>
#include <stddef.h>

/* For what is called at the lowest level: formatting, sorting, hash tables, the C library. */
enum { RESERVE_BYTES = 48 << 10 };

_Thread_local struct stack_bounds stack_bounds;

static void bounds_find(void)
{
    pthread_attr_t attributes;
    void          *base = NULL;
    size_t         bytes = 0, guard = 0;

    stack_bounds = (struct stack_bounds){RESERVE_BYTES, RESERVE_BYTES}; /* nothing is within */
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return;
    pthread_attr_getstack(&attributes, &base, &bytes);
    pthread_attr_getguardsize(&attributes, &guard);
    pthread_attr_destroy(&attributes);
    stack_bounds.low = (uintptr_t)base + guard + RESERVE_BYTES;
    stack_bounds.high = (uintptr_t)base + bytes;
}

bool stack_look(uintptr_t here)
{
    if (stack_bounds.high == 0)
        bounds_find();
    return here < stack_bounds.low && here >= stack_bounds.low - RESERVE_BYTES;
}
