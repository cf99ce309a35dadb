/* tail.c - pages of row cells under copy-on-write roots. */
#include "store/tail.h"

#include <assert.h>
#include <string.h>

/* A page is about 4 KiB: what one copied change costs. */
enum {
    PAGE_BYTES = 4096,
    PAGE_ROWS_MIN = 8,
    PAGE_ROWS_MAX = 64,
    ROOT_PAGES = 32,
    HEAP_CHECK_BYTES = 65536 /* below this garbage is not looked for */
};

struct tail_page {
    uint32_t     references;
    uint32_t     used;    /* rows that some root has seen */
    int64_t     *rowids;  /* [page_rows] */
    struct value cells[]; /* [page_rows * columns], then the rowids */
};
struct tail_entry {
    struct tail_page *page;  /* referenced */
    uint32_t          count; /* rows of it in this root */
};
struct tail_root {
    uint32_t          references;
    struct memory    *memory;
    uint32_t          columns, page_rows;
    uint32_t          rows, page_count, capacity;
    size_t            heap_checked; /* heap size up to which garbage was looked for */
    struct text_heap *heap;         /* referenced */
    struct tail_entry entries[];
};

/* --- pages
 * ------------------------------------------------------------------------------------------ */
static size_t page_bytes(const struct tail_root *root)
{
    return sizeof(struct tail_page) +
           (size_t)root->page_rows * (root->columns * sizeof(struct value) + sizeof(int64_t));
}

static struct tail_page *page_new(const struct tail_root *root)
{
    struct tail_page *page = memory_alloc(root->memory, page_bytes(root));

    if (page == NULL)
        return NULL;
    page->references = 1;
    page->used = 0;
    page->rowids = (int64_t *)&page->cells[(size_t)root->page_rows * root->columns];
    return page;
}

static void page_unref(const struct tail_root *root, struct tail_page *page)
{
    if (--page->references == 0)
        memory_free(root->memory, page, page_bytes(root));
}

/* Rows [from, from + count) of a page to row 0.. of a new one. */
static struct tail_page *page_copy(const struct tail_root *root, const struct tail_page *page,
                                   uint32_t from, uint32_t count)
{
    struct tail_page *copy = page_new(root);

    if (copy == NULL)
        return NULL;
    memcpy(copy->cells, page->cells + (size_t)from * root->columns,
           (size_t)count * root->columns * sizeof *copy->cells);
    memcpy(copy->rowids, page->rowids + from, count * sizeof *copy->rowids);
    copy->used = count;
    return copy;
}

/* --- roots
 * ------------------------------------------------------------------------------------------ */
static size_t root_bytes(uint32_t capacity)
{
    return sizeof(struct tail_root) + capacity * sizeof(struct tail_entry);
}

static struct tail_root *root_new(struct memory *memory, uint32_t columns)
{
    struct tail_root *root = memory_zalloc(memory, root_bytes(ROOT_PAGES));
    size_t            rows = PAGE_BYTES / (columns * sizeof(struct value) + sizeof(int64_t));

    if (root == NULL)
        return NULL;
    root->heap = text_heap_new(memory);
    if (root->heap == NULL) {
        memory_free(memory, root, root_bytes(ROOT_PAGES));
        return NULL;
    }
    root->references = 1;
    root->memory = memory;
    root->columns = columns;
    root->page_rows = rows < PAGE_ROWS_MIN   ? PAGE_ROWS_MIN
                      : rows > PAGE_ROWS_MAX ? PAGE_ROWS_MAX
                                             : (uint32_t)rows;
    root->capacity = ROOT_PAGES;
    return root;
}

static void root_unref(struct tail_root *root)
{
    if (root == NULL || --root->references > 0)
        return;
    for (uint32_t p = 0; p < root->page_count; p++)
        page_unref(root, root->entries[p].page);
    text_heap_unref(root->heap);
    memory_free(root->memory, root, root_bytes(root->capacity));
}

void tail_ref(const struct tail *tail)
{
    if (tail->root != NULL)
        tail->root->references++;
}

void tail_unref(struct tail *tail)
{
    root_unref(tail->root);
    *tail = (struct tail){0};
}

/* The visible part of the tail's root as a root of the tail's own, with room for `more` pages. */
static struct tail_root *root_copy(const struct tail *tail, uint32_t more)
{
    const struct tail_root *root = tail->root;
    uint32_t                capacity = tail->pages + more + tail->pages / 2;
    struct tail_root       *copy;

    if (capacity < ROOT_PAGES)
        capacity = ROOT_PAGES;
    copy = memory_alloc(root->memory, root_bytes(capacity));
    if (copy == NULL)
        return NULL;
    *copy = *root;
    copy->references = 1;
    copy->capacity = capacity;
    copy->page_count = tail->pages;
    copy->rows = tail->rows;
    text_heap_ref(copy->heap);
    if (tail->pages > 0)
        memcpy(copy->entries, root->entries, tail->pages * sizeof *copy->entries);
    for (uint32_t p = 0; p < tail->pages; p++)
        copy->entries[p].page->references++;
    if (tail->pages > 0)
        copy->entries[tail->pages - 1].count = tail->last;
    return copy;
}

/* Makes the tail's root its own, equal to what is visible, with room for `more` pages. */
static bool root_own(struct tail *tail, uint32_t more)
{
    struct tail_root *root = tail->root, *copy;

    if (root->references == 1) {
        while (root->page_count > tail->pages)
            page_unref(root, root->entries[--root->page_count].page);
        if (tail->pages > 0)
            root->entries[tail->pages - 1].count = tail->last;
        root->rows = tail->rows;
        if (root->capacity - root->page_count >= more)
            return true;
    }
    copy = root_copy(tail, more);
    if (copy == NULL)
        return false;
    root_unref(root);
    tail->root = copy;
    return true;
}

/* Makes page number p of an owned root its own, without rows that are not visible. */
static bool page_own(struct tail_root *root, uint32_t p)
{
    struct tail_entry *entry = &root->entries[p];
    struct tail_page  *copy;

    assert(root->references == 1);
    if (entry->page->references == 1) {
        entry->page->used = entry->count;
        return true;
    }
    copy = page_copy(root, entry->page, 0, entry->count);
    if (copy == NULL)
        return false;
    page_unref(root, entry->page);
    entry->page = copy;
    return true;
}

/* --- the heap
 * --------------------------------------------------------------------------------------- */
static bool cell_has_bytes(const struct value *cell)
{
    return cell->class_ >= CLASS_TEXT && cell->bytes > 0;
}

static size_t live_bytes(const struct tail_root *root)
{
    size_t bytes = 0;

    for (uint32_t p = 0; p < root->page_count; p++) {
        const struct tail_entry *entry = &root->entries[p];

        for (uint32_t i = 0; i < entry->count * root->columns; i++)
            if (cell_has_bytes(&entry->page->cells[i]))
                bytes += entry->page->cells[i].bytes;
    }
    return bytes;
}

static bool page_copy_texts(struct tail_root *root, struct tail_page *page, uint32_t count,
                            struct text_heap *heap)
{
    for (uint32_t i = 0; i < count * root->columns; i++) {
        struct value *cell = &page->cells[i];

        if (!cell_has_bytes(cell))
            continue;
        cell->s = text_heap_copy(heap, cell->s, cell->bytes);
        if (cell->s == NULL)
            return false;
    }
    return true;
}

/* Replaces an owned root by one whose texts are alone in a new heap. */
static bool root_compact(struct tail *tail)
{
    struct tail       now = *tail;
    struct tail_root *copy = root_copy(&now, 1);
    struct text_heap *heap = copy == NULL ? NULL : text_heap_new(copy->memory);
    bool              done = heap != NULL;

    for (uint32_t p = 0; done && p < copy->page_count; p++)
        done = page_own(copy, p) &&
               page_copy_texts(copy, copy->entries[p].page, copy->entries[p].count, heap);
    if (!done) {
        text_heap_unref(heap);
        root_unref(copy);
        return false;
    }
    text_heap_unref(copy->heap);
    copy->heap = heap;
    copy->heap_checked = text_heap_bytes(heap);
    root_unref(tail->root);
    tail->root = copy;
    return true;
}

/* Looks for garbage when the heap has doubled since the last look.  The caller holds the heap,
 * since the cells it is about to copy may be rows of this tail. */
static bool heap_check(struct tail *tail)
{
    struct tail_root *root = tail->root;
    size_t            held = text_heap_bytes(root->heap);

    if (held < HEAP_CHECK_BYTES || held < root->heap_checked * 2)
        return true;
    if (live_bytes(root) * 2 < held)
        return root_compact(tail);
    root->heap_checked = held;
    return true;
}

/* --- reading
 * ---------------------------------------------------------------------------------------- */
uint32_t tail_page_rows(const struct tail *tail, uint32_t page)
{
    return page + 1 == tail->pages ? tail->last : tail->root->entries[page].count;
}

struct text_heap *tail_heap(const struct tail *tail)
{
    return tail->root == NULL ? NULL : tail->root->heap;
}

int64_t tail_rowid(const struct tail *tail, struct tail_place place)
{
    return tail->root->entries[place.page].page->rowids[place.row];
}

int64_t tail_last_rowid(const struct tail *tail)
{
    return tail_rowid(tail, (struct tail_place){tail->pages - 1, tail->last - 1});
}

const struct value *tail_cells(const struct tail *tail, struct tail_place place)
{
    return tail->root->entries[place.page].page->cells + (size_t)place.row * tail->root->columns;
}

struct tail_place tail_next(const struct tail *tail, struct tail_place place)
{
    if (++place.row >= tail_page_rows(tail, place.page))
        return (struct tail_place){place.page + 1, 0};
    return place;
}

struct tail_place tail_lower_bound(const struct tail *tail, int64_t rowid)
{
    uint32_t low = 0, high = tail->pages, page;

    /* the last page whose first rowid is <= rowid */
    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (tail->root->entries[middle].page->rowids[0] <= rowid)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return (struct tail_place){0, 0};
    page = low - 1;
    low = 0;
    high = tail_page_rows(tail, page);
    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (tail->root->entries[page].page->rowids[middle] < rowid)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == tail_page_rows(tail, page))
        return (struct tail_place){page + 1, 0};
    return (struct tail_place){page, low};
}

bool tail_find(const struct tail *tail, int64_t rowid, struct tail_place *place)
{
    if (tail->rows == 0)
        return false;
    *place = tail_lower_bound(tail, rowid);
    return place->page < tail->pages && tail_rowid(tail, *place) == rowid;
}

uint32_t tail_rank(const struct tail *tail, struct tail_place place)
{
    uint32_t rank = place.row;

    for (uint32_t p = 0; p < place.page; p++)
        rank += tail_page_rows(tail, p);
    return rank;
}

/* --- changes
 * ---------------------------------------------------------------------------------------- */
static bool copy_cells(struct tail_root *root, struct value *to, const struct value *cells)
{
    for (uint32_t c = 0; c < root->columns; c++) {
        to[c] = cells[c];
        if (!cell_has_bytes(&cells[c]))
            continue;
        to[c].s = text_heap_copy(root->heap, cells[c].s, cells[c].bytes);
        if (to[c].s == NULL)
            return false;
    }
    return true;
}

/* Adds the row behind the last one, in place.  The root's last page has room that nobody has seen.
 */
static bool append_in_place(struct tail *tail, int64_t rowid, const struct value *cells)
{
    struct tail_root  *root = tail->root;
    struct tail_entry *entry = &root->entries[tail->pages - 1];
    struct tail_page  *page = entry->page;

    if (!copy_cells(root, page->cells + (size_t)page->used * root->columns, cells))
        return false;
    page->rowids[page->used] = rowid;
    page->used++;
    entry->count++;
    root->rows++;
    tail->rows++;
    tail->last++;
    return true;
}

/* A further page behind the last one, in place; it is no part of the tail before it has a row. */
static bool append_page(struct tail *tail, int64_t rowid, const struct value *cells)
{
    struct tail_root *root = tail->root;
    struct tail_page *page = page_new(root);

    if (page == NULL)
        return false;
    if (!copy_cells(root, page->cells, cells)) {
        page_unref(root, page);
        return false;
    }
    page->rowids[0] = rowid;
    page->used = 1;
    root->entries[root->page_count++] = (struct tail_entry){.page = page, .count = 1};
    root->rows++;
    tail->rows++;
    tail->pages++;
    tail->last = 1;
    return true;
}

static bool tail_append(struct tail *tail, int64_t rowid, const struct value *cells)
{
    struct tail_root *root = tail->root;

    if (root->rows != tail->rows || root->page_count != tail->pages) { /* after a rollback */
        if (!root_own(tail, 1) || !heap_check(tail))
            return false;
        root = tail->root;
    }
    if (tail->pages > 0 && tail->last < root->page_rows) {
        struct tail_entry *entry = &root->entries[tail->pages - 1];

        if (entry->count != entry->page->used) { /* another root has appended to this page */
            if (!root_own(tail, 1) || !page_own(tail->root, tail->pages - 1))
                return false;
        }
        return append_in_place(tail, rowid, cells);
    }
    if (root->page_count == root->capacity && !root_own(tail, 1))
        return false;
    return append_page(tail, rowid, cells);
}

/* Splits a full owned page in two. */
static bool page_split(struct tail *tail, uint32_t p)
{
    struct tail_root *root = tail->root;
    uint32_t          half = root->entries[p].count / 2, rest = root->entries[p].count - half;
    struct tail_page *upper = page_copy(root, root->entries[p].page, half, rest);

    if (upper == NULL)
        return false;
    memmove(&root->entries[p + 2], &root->entries[p + 1],
            (root->page_count - p - 1) * sizeof *root->entries);
    root->entries[p + 1] = (struct tail_entry){.page = upper, .count = rest};
    root->entries[p].count = half;
    root->entries[p].page->used = half;
    root->page_count++;
    tail->pages++;
    if (p + 2 == tail->pages)
        tail->last = rest;
    return true;
}

/* Inserts before a row that is there. */
static bool insert_before(struct tail *tail, struct tail_place place, int64_t rowid,
                          const struct value *cells)
{
    struct tail_root  *root;
    struct tail_entry *entry;
    struct tail_page  *page;
    struct value      *to;
    uint32_t           columns;

    if (!root_own(tail, 1) || !heap_check(tail) || !root_own(tail, 1) ||
        !page_own(tail->root, place.page))
        return false;
    root = tail->root;
    columns = root->columns;
    if (root->entries[place.page].count == root->page_rows) {
        if (!page_split(tail, place.page))
            return false;
        if (place.row >= root->entries[place.page].count) {
            place.row -= root->entries[place.page].count;
            place.page++;
        }
    }
    entry = &root->entries[place.page];
    page = entry->page;
    /* the row is made behind the others first, so that a failed copy changes nothing */
    to = page->cells + (size_t)entry->count * columns;
    if (!copy_cells(root, to, cells))
        return false;
    for (uint32_t c = 0; c < columns; c++) {
        struct value *column = page->cells + c, last = to[c];

        for (uint32_t i = entry->count; i > place.row; i--)
            column[(size_t)i * columns] = column[(size_t)(i - 1) * columns];
        column[(size_t)place.row * columns] = last;
    }
    memmove(&page->rowids[place.row + 1], &page->rowids[place.row],
            (entry->count - place.row) * sizeof *page->rowids);
    page->rowids[place.row] = rowid;
    entry->count++;
    page->used = entry->count;
    root->rows++;
    tail->rows++;
    if (place.page + 1 == tail->pages)
        tail->last = entry->count;
    return true;
}

bool tail_insert(struct tail *tail, struct memory *memory, uint32_t columns, int64_t rowid,
                 const struct value *cells)
{
    struct text_heap *held;
    bool              done;

    if (tail->root == NULL) {
        tail->root = root_new(memory, columns);
        if (tail->root == NULL)
            return false;
    }
    held = tail->root->heap;
    text_heap_ref(held);
    if (tail->rows == 0 || rowid > tail_last_rowid(tail))
        done = tail_append(tail, rowid, cells);
    else
        done = insert_before(tail, tail_lower_bound(tail, rowid), rowid, cells);
    text_heap_unref(held);
    return done;
}

bool tail_remove(struct tail *tail, struct tail_place place)
{
    struct tail_root  *root;
    struct tail_entry *entry;
    uint32_t           columns, behind;

    if (!root_own(tail, 0))
        return false;
    root = tail->root;
    columns = root->columns;
    entry = &root->entries[place.page];
    if (entry->count == 1) {
        page_unref(root, entry->page);
        memmove(entry, entry + 1, (root->page_count - place.page - 1) * sizeof *entry);
        root->page_count--;
        tail->pages--;
    } else {
        if (!page_own(root, place.page))
            return false;
        behind = entry->count - place.row - 1;
        memmove(entry->page->cells + (size_t)place.row * columns,
                entry->page->cells + (size_t)(place.row + 1) * columns,
                (size_t)behind * columns * sizeof(struct value));
        memmove(entry->page->rowids + place.row, entry->page->rowids + place.row + 1,
                behind * sizeof(int64_t));
        entry->count--;
        entry->page->used = entry->count;
    }
    root->rows--;
    tail->rows--;
    tail->last = tail->pages == 0 ? 0 : root->entries[tail->pages - 1].count;
    return true;
}

static bool update_cells(struct tail *tail, struct tail_place place, const uint32_t *columns,
                         uint32_t count, const struct value *cells)
{
    struct tail_root *root;
    struct value     *row;
    size_t            bytes = 0;

    if (!root_own(tail, 0) || !heap_check(tail) || !page_own(tail->root, place.page))
        return false;
    root = tail->root;
    row = root->entries[place.page].page->cells + (size_t)place.row * root->columns;
    for (uint32_t i = 0; i < count; i++)
        if (cell_has_bytes(&cells[i]))
            bytes += cells[i].bytes;
    if (!text_heap_reserve(root->heap, bytes)) /* then no copy below can fail */
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct value cell = cells[i];

        if (cell_has_bytes(&cell))
            cell.s = text_heap_copy(root->heap, cell.s, cell.bytes);
        row[columns[i]] = cell;
    }
    return true;
}

bool tail_update(struct tail *tail, struct tail_place place, const uint32_t *columns,
                 uint32_t count, const struct value *cells)
{
    struct text_heap *held = tail->root->heap;
    bool              done;

    text_heap_ref(held);
    done = update_cells(tail, place, columns, count, cells);
    text_heap_unref(held);
    return done;
}
