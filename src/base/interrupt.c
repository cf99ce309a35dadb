/* interrupt.c - the progress handler's turn, and the pieces of long texts. */
#include "base/interrupt.h"

#include <time.h>

enum { PROGRESS_NS = 10 * 1000 * 1000 };

_Thread_local struct interrupt *interrupt_work;

bool interrupt_cut(void)
{
    struct interrupt *interrupt = interrupt_work;

    if (interrupt == NULL || !interrupt_poll(interrupt))
        return false;
    interrupt->cut = true;
    return true;
}

size_t interrupt_text_piece(size_t at, size_t bytes)
{
    if (interrupt_cut())
        return at;
    return bytes - at < INTERRUPT_TEXT_PIECE ? bytes : at + INTERRUPT_TEXT_PIECE;
}

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
