/* memory.h - the one allocator: accounted, limited, and able to fail on demand.
 *
 * Every byte that a database handle owns is counted in its struct memory.  A request beyond the
 * limit fails like an exhausted heap.  Sizes are given back on free, so no header is kept per
 * block. Counters are atomic: workers of one statement share the account of their connection.
 *
 * Freed blocks of the sizes that statements take and give back for every run (batch buffers, hash
 * tables of small inputs) are kept, some of them, for the next request of the very size: going
 * through the heap each time makes it give pages back and fetch them again, which costs more than
 * a small statement does.  Kept blocks are not counted as used.
 *
 * The heap keeps what is freed, and so the process can hold more than is used.  Where it would hold
 * more than the limit, what is kept goes back to the system first (up to 16 MB of the heap stay).
 */
#ifndef STOA_BASE_MEMORY_H
#define STOA_BASE_MEMORY_H

#include <stddef.h>

#include "base/interrupt.h"
#include "base/pages.h"
#include "base/status.h"

enum { MEMORY_SPARES = 32 };
struct memory {
    _Atomic size_t used;      /* bytes now */
    _Atomic size_t peak;      /* highest used since memory_peak_reset */
    _Atomic size_t limit;     /* 0: no limit */
    _Atomic size_t mapped;    /* of used: in mappings, not in the heap */
    _Atomic size_t heap_high; /* what the heap holds: the most it had to since it was trimmed */
    struct memory_spare {
        _Atomic(void *) block; /* NULL: empty.  Its first word holds its size */
        _Atomic size_t  bytes; /* of block; may be out of date, then the block's word is right */
    } spares[MEMORY_SPARES];
    _Atomic unsigned  next_spare;                /* which is replaced when all are taken */
    struct pages_kept kept;                      /* freed mappings */
    _Atomic(void *)   parked;                    /* freed, but still held: see memory_park */
    _Atomic size_t    parked_bytes, parked_debt; /* asked for since some of them were given back */
    _Atomic bool      parking;   /* what is freed is parked, without an interrupt too */
    struct interrupt  interrupt; /* of all work that is done on this account */
    /* Asked to give back what can be made again, before the limit refuses a request; false: nothing
     * was left.  NULL: nobody.  Only while one thread works on the account. */
    bool (*reclaim)(void *data);
    void *reclaim_data;
    int   real_digits; /* of REALs that become texts in that work; 0: NUMBER_DIGITS_DEFAULT */
};

void memory_init(struct memory *memory, size_t limit);
/* Gives kept and parked blocks back: at the end of the account's life, or to be tidy. */
void memory_trim(struct memory *memory);

/* Uninitialised / zeroed block of bytes > 0, aligned to 16 (to 64 from 4 KiB on); NULL when memory
 * or the limit is exhausted, or work was stopped while a large block was zeroed.  memory may be
 * NULL: not accounted. */
void *memory_alloc(struct memory *memory, size_t bytes);
void *memory_zalloc(struct memory *memory, size_t bytes);

/* block (old_bytes long, NULL: a new one) moved to new_bytes > 0.  NULL on failure, or when work
 * was stopped in a long copy: block is as it was. */
void *memory_realloc(struct memory *memory, void *block, size_t old_bytes, size_t new_bytes);

/* block may be NULL.  bytes is what it was allocated with.
 *
 * Giving pages back takes about 100 ms a gigabyte, so an interrupt comes first: from then on blocks
 * are parked, and so they are while memory_park says so.  They are not counted as used, but go
 * before the account holds more than it does: requests give back as many bytes as they ask for, one
 * beyond the limit, or one that the system refuses, all of them. */
void memory_free(struct memory *memory, void *block, size_t bytes);
/* on: what is freed on this account is parked from now on. */
void memory_park(struct memory *memory, bool on);
/* Gives parked blocks back, as many as go in some milliseconds: every call of the connection that
 * begins or ends a statement does it. */
void memory_release(struct memory *memory);

/* Books bytes that a library without a hook allocates on the account's behalf; false: the limit
 * refuses them.  Subtracts them again. */
bool memory_claim(struct memory *memory, size_t bytes);
void memory_unclaim(struct memory *memory, size_t bytes);

/* Whether work on this account shall stop; memory may be NULL: never. */
static inline bool memory_stopped(struct memory *memory)
{
    return memory != NULL && interrupt_poll(&memory->interrupt);
}
/* The same as a status: STATUS_INTERRUPT, "interrupted". */
static inline enum status memory_poll(struct memory *memory, struct error *err)
{
    return unlikely(memory_stopped(memory)) ? fail(err, STATUS_INTERRUPT, "interrupted")
                                            : STATUS_OK;
}

/* Cuts a loop over items at..count that are quick to look at into pieces: where the piece that
 * begins at `at` ends; `at` itself when the loop is done, or work on the account shall stop
 * (memory_poll tells): for (size_t i = 0, end; (end = memory_piece(memory, i, count)) > i;) for (;
 * i < end; i++) */
static inline size_t memory_piece(struct memory *memory, size_t at, size_t count)
{
    if (memory_stopped(memory))
        return at;
    return count - at < INTERRUPT_ROWS ? count : at + INTERRUPT_ROWS;
}

/* memset to 0 and memcpy of what may be a gigabyte; false: stopped half-way.  bytes may be 0. */
bool memory_zero(struct memory *memory, void *block, size_t bytes);
bool memory_copy(struct memory *memory, void *to, const void *from, size_t bytes);

/* count * bytes, SIZE_MAX when it overflows (which no allocator grants). */
size_t memory_product(size_t count, size_t bytes);

/* Fault injection for tests: the n-th allocation from now (1: the next one) fails, and every later
 * one too if forever.  n == 0 switches it off.  Process-wide; counts only while set. */
void memory_fail_at(uint64_t n, bool forever);
/* How often a failure was injected since memory_fail_at. */
uint64_t memory_fail_hits(void);
/* How many allocations are left, the failing one included: with a huge n, a counter of them. */
uint64_t memory_fail_left(void);

#endif
