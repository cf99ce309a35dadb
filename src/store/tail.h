/* tail.h - the newest rows of a table, in row form, ascending by rowid: a two-level tree of pages.
 *
 * A version of the tail is a struct tail: a root and how much of it is visible.  Appending behind
 * the last row happens in place, under the versions that share the root, since none of them can see
 * it; every other change copies the root and the one page it touches, unless nobody else holds
 * them. So a saved version costs one reference, and an append in its steady state no allocation but
 * a page every page_rows rows.
 *
 * Cells of TEXT and BLOB point into a heap that all versions with common pages share; the heap is
 * rebuilt when mostly garbage. */
#ifndef STOA_STORE_TAIL_H
#define STOA_STORE_TAIL_H

#include "base/value.h"
#include "store/text_heap.h"

struct tail_root;

struct tail {
    struct tail_root *root;  /* referenced; NULL: no rows were ever here */
    uint32_t          rows;  /* visible rows */
    uint32_t          pages; /* visible pages: none is empty */
    uint32_t          last;  /* visible rows of the last one */
};
struct tail_place { /* a row: page number, row in page.  The end is (pages, 0). */
    uint32_t page, row;
};

void tail_ref(const struct tail *tail);
void tail_unref(struct tail *tail); /* leaves it empty */

struct text_heap *tail_heap(const struct tail *tail); /* borrowed; NULL: never had rows */
int64_t           tail_rowid(const struct tail *tail, struct tail_place place);
int64_t           tail_last_rowid(const struct tail *tail); /* rows > 0 */
/* [columns] of the row; valid while a version that sees the row is referenced. */
const struct value *tail_cells(const struct tail *tail, struct tail_place place);
/* The first row with a rowid >= rowid, or the end. */
struct tail_place tail_lower_bound(const struct tail *tail, int64_t rowid);
bool              tail_find(const struct tail *tail, int64_t rowid, struct tail_place *place);
struct tail_place tail_next(const struct tail *tail, struct tail_place place);
uint32_t tail_page_rows(const struct tail *tail, uint32_t page); /* visible rows of a page */
/* How many rows lie before place. */
uint32_t tail_rank(const struct tail *tail, struct tail_place place);

/* Changes: false when memory runs out, and the visible rows are as before.  Texts are copied.
 * Insert: no row has the rowid yet. */
bool tail_insert(struct tail *tail, struct memory *memory, uint32_t columns, int64_t rowid,
                 const struct value *cells);
bool tail_remove(struct tail *tail, struct tail_place place);
bool tail_update(struct tail *tail, struct tail_place place, const uint32_t *columns,
                 uint32_t count, const struct value *cells);

#endif
