/* interrupt.c - the progress handler's turn. */
#include "base/interrupt.h"

#include <time.h>

enum { PROGRESS_NS = 10 * 1000 * 1000 };

bool interrupt_progress(struct interrupt *interrupt)
{
    struct timespec clock;
    uint64_t        now, due = atomic_load_explicit(&interrupt->due, memory_order_relaxed);
    int             answer;

    clock_gettime(CLOCK_MONOTONIC, &clock);
    now = (uint64_t)clock.tv_sec * 1000000000u + (uint64_t)clock.tv_nsec;
    if (now < due || !atomic_compare_exchange_strong(&interrupt->due, &due, now + PROGRESS_NS))
        return false; /* not yet, or another thread of the statement is at it */
    atomic_fetch_add(&interrupt->in_callback, 1);
    answer = interrupt->progress(interrupt->progress_data);
    atomic_fetch_sub(&interrupt->in_callback, 1);
    if (answer == 0)
        return false;
    atomic_store(&interrupt->raised, true);
    return true;
}
