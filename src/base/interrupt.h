/* interrupt.h - the one way to stop work that is under way: a flag that any thread may raise, and a
 * progress handler that is asked about every 10 ms.
 *
 * It is part of struct memory, which reaches every layer.  Whatever may run for longer than some
 * milliseconds polls: loops over rows every INTERRUPT_ROWS of them, other loops at a like pace.  A
 * function that can only say "failed" stops as if memory had run out; the flag stays up until the
 * connection lowers it, so that whoever reports the failure finds the reason.
 *
 * Functions that cannot fail at all (the hash of a text, its order, where a token ends) find the
 * interrupt of their thread's work in interrupt_work.  They ask interrupt_cut, or interrupt_text,
 * which cuts a long text into pieces, and when they are stopped return some result.  Nobody need
 * look at that: interrupt->cut is set, and the work ends as interrupted whatever came about.  But
 * what outlives the work (keys in a table's index, ranks of a dictionary) is not to be changed by
 * such a result without a poll. */
#ifndef STOA_BASE_INTERRUPT_H
#define STOA_BASE_INTERRUPT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct interrupt {
    _Atomic bool raised;
    bool         cut;        /* a loop was left half-way: no result of the work holds */
    int (*progress)(void *); /* non-zero: raises the flag; NULL: none */
    void            *progress_data;
    _Atomic uint64_t due;         /* ns: when progress is called next */
    _Atomic unsigned in_callback; /* calls of progress, and others that must not use what they
                                     interrupt, under way */
};

/* Between polls of a loop over rows that are looked at a few times each: so few that each may be
 * the first in two new pages of memory, which take two microseconds to come. */
enum { INTERRUPT_ROWS = 1 << 10 };

/* What makes a text long, and its pieces, in bytes. */
enum { INTERRUPT_TEXT_LONG = 1 << 12, INTERRUPT_TEXT_PIECE = 1 << 18 };

/* Of the statement under way on this thread; NULL: none.  Whoever sets it puts the last one back.
 */
extern _Thread_local struct interrupt *interrupt_work;

/* A new piece of work begins. */
static inline void interrupt_lower(struct interrupt *interrupt)
{
    atomic_store_explicit(&interrupt->raised, false, memory_order_relaxed);
    interrupt->cut = false;
}

/* Calls the progress handler if it is due; whether the flag is up then. */
bool interrupt_progress(struct interrupt *interrupt);

/* True: stop.  Costs a load, and with a progress handler a look at the clock. */
static inline bool interrupt_poll(struct interrupt *interrupt)
{
    if (__builtin_expect(atomic_load_explicit(&interrupt->raised, memory_order_relaxed), 0))
        return true;
    return __builtin_expect(interrupt->progress != NULL, 0) && interrupt_progress(interrupt);
}

/* True: a loop that cannot fail is to be left half-way. */
bool interrupt_cut(void);
/* interrupt_text for a long text: polls. */
size_t interrupt_text_piece(size_t at, size_t bytes);

/* Cuts a text, of which `at` bytes are done, into pieces: where the piece that begins at `at` ends;
 * `at` itself when the text is done or the work shall stop: for (size_t at = 0, end; (end =
 * interrupt_text(at, bytes)) > at; at = end) */
static inline size_t interrupt_text(size_t at, size_t bytes)
{
    return __builtin_expect(bytes - at <= INTERRUPT_TEXT_LONG, 1) ? bytes
                                                                  : interrupt_text_piece(at, bytes);
}

#endif
