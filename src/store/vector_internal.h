/* vector_internal.h - tables that the store's own files share. */
#ifndef STOA_STORE_VECTOR_INTERNAL_H
#define STOA_STORE_VECTOR_INTERNAL_H

#include "store/vector.h"

extern const double  vector_pow10[19];     /* 10^0 .. 10^18, exact */
extern const int64_t vector_int_pow10[19]; /* the same as integers */

#endif
