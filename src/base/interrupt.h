/* interrupt.h - the one way to stop work that is under way: a flag that any thread may raise, and a
 * progress handler that is asked about every 10 ms.
 *
 * It is part of struct memory, which reaches every layer.  Whatever may run for longer than some
 * milliseconds polls: loops over rows every INTERRUPT_ROWS of them, other loops at a like pace.  A
 * function that can only say "failed" stops as if memory had run out; the flag stays up until the
 * connection lowers it, so that whoever reports the failure finds the reason. */
#ifndef STOA_BASE_INTERRUPT_H
#define STOA_BASE_INTERRUPT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct interrupt {
    _Atomic bool raised;
    int (*progress)(void *); /* non-zero: raises the flag; NULL: none */
    void            *progress_data;
    _Atomic uint64_t due;         /* ns: when progress is called next */
    _Atomic unsigned in_callback; /* calls of progress, and others that must not use what they
                                     interrupt, under way */
};

/* Between polls of a loop over rows that are looked at a few times each: so few that each may be
 * the first in two new pages of memory, which take microseconds to come. */
enum { INTERRUPT_ROWS = 1 << 12 };

/* Calls the progress handler if it is due; whether the flag is up then. */
bool interrupt_progress(struct interrupt *interrupt);

/* True: stop.  Costs a load, and with a progress handler a look at the clock. */
static inline bool interrupt_poll(struct interrupt *interrupt)
{
    if (__builtin_expect(atomic_load_explicit(&interrupt->raised, memory_order_relaxed), 0))
        return true;
    return __builtin_expect(interrupt->progress != NULL, 0) && interrupt_progress(interrupt);
}

#endif
