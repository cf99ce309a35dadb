/* ordinal.h - rows as 64-bit integers: what grouping, joining, sorting, min and max compute on
 * instead of values, whenever the values of a column are of one kind.
 *
 * A domain says how a value is numbered.  Within one domain equal values have equal ordinals, and
 * ordinals are in the order of the values (but for CODE: there the dictionary's ranks are). */
#ifndef STOA_VM_ORDINAL_H
#define STOA_VM_ORDINAL_H

#include "store/dictionary.h"
#include "store/vector.h"

enum ordinal_kind {
    ORDINAL_NONE, /* no value was seen, only NULL */
    ORDINAL_INT,  /* the INTEGER */
    ORDINAL_DEC,  /* payload of the DEC with this scale and flags */
    ORDINAL_DAY,  /* day number of the TEXT */
    ORDINAL_REAL, /* bits of the REAL, made ascending */
    ORDINAL_CODE, /* code of the TEXT in the dictionary */
    ORDINAL_MIXED /* values that have no ordinals: of several kinds, text, blobs, -0.0 */
};
struct ordinal_domain {
    uint8_t                  kind;       /* enum ordinal_kind */
    uint8_t                  scale;      /* DEC */
    bool                     whole_int;  /* DEC: whole values are INTEGER */
    const struct dictionary *dictionary; /* CODE; borrowed */
};

/* The active rows of a batch. */
struct row_list {
    uint32_t        count;
    bool            dense; /* rows[k] == k */
    const uint16_t *rows;  /* [count], ascending */
};
/* list is made in space unless sel has one. */
struct row_list row_list_of(const struct selection *sel, uint16_t space[VECTOR_CAP]);

/* Rows 0..count - 1. */
struct row_list row_list_all(uint32_t count);

/* *domain = *next, with a reference to its dictionary, for who shows values after the batches are
 * gone; drops the one that *domain had.  The empty domain ends it. */
void ordinal_domain_hold(struct ordinal_domain *domain, const struct ordinal_domain *next);

/* The domain of the rows of v; reads them only where the type leaves it open (ANY, F64). */
struct ordinal_domain ordinal_domain_of(const struct vector *v, const struct row_list *rows);

/* A domain that holds the values of both, in *out; false: none.  REAL joins DEC unless the latter
 * has whole INTEGERs; then ordinals of the DEC need ordinal_convert. */
bool               ordinal_unify(const struct ordinal_domain *a, const struct ordinal_domain *b,
                                 struct ordinal_domain *out);
int64_t            ordinal_convert(const struct ordinal_domain *from, int64_t ordinal,
                                   const struct ordinal_domain *to);
static inline bool ordinal_same(const struct ordinal_domain *a, const struct ordinal_domain *b)
{
    return a->kind == b->kind && a->scale == b->scale && a->whole_int == b->whole_int &&
           a->dictionary == b->dictionary;
}

/* out[k] = ordinal of row rows[k]; of a NULL row anything.  domain: ordinal_domain_of(v), or what
 * it was unified to. */
void ordinal_read(const struct vector *v, const struct ordinal_domain *domain,
                  const struct row_list *rows, int64_t *out);
/* out[k] += (ordinal - lo + 1) * stride modulo 2^32, likewise. */
void ordinal_add_codes(const struct vector *v, const struct ordinal_domain *domain,
                       const struct row_list *rows, int64_t lo, uint32_t stride, uint32_t *out,
                       int64_t *space);
/* Bounds of the ordinals that are not NULL, perhaps too wide.  False: all rows are NULL.  space:
 * [VECTOR_CAP]. */
bool ordinal_bounds(const struct vector *v, const struct ordinal_domain *domain,
                    const struct row_list *rows, int64_t *space, int64_t *lo, int64_t *hi);

/* The value of an ordinal; text is the dictionary's, or made in scratch. */
struct value ordinal_value(const struct ordinal_domain *domain, int64_t ordinal, char scratch[16]);
/* out = the count ordinals that stand in buffer->values as int64_t, as a vector; buffer->valid
 * tells NULLs if has_null. Rewrites the buffer.  lo, hi: bounds of them (lo > hi: unknown). */
void ordinal_vector(const struct ordinal_domain *domain, struct vector_buffer *buffer,
                    uint32_t count, bool has_null, int64_t lo, int64_t hi, struct vector *out);

static inline int64_t ordinal_of_real(double r)
{
    int64_t i;

    memcpy(&i, &r, sizeof i);
    return i ^ (int64_t)((uint64_t)(i >> 63) >> 1);
}
static inline double ordinal_to_real(int64_t ordinal)
{
    double r;

    ordinal ^= (int64_t)((uint64_t)(ordinal >> 63) >> 1);
    memcpy(&r, &ordinal, sizeof r);
    return r;
}

#endif
