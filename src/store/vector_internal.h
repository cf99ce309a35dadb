/* vector_internal.h - tables that the store's own files share. */
#ifndef STOA_STORE_VECTOR_INTERNAL_H
#define STOA_STORE_VECTOR_INTERNAL_H

#include "store/vector.h"

#endif
