/* gen_tpch.h - the data of the TPC-H benchmark, made after its specification. */
#ifndef STOA_BENCH_GEN_TPCH_H
#define STOA_BENCH_GEN_TPCH_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes folder/<table>.tbl for the eight tables: fields between '|', one row a line.  The folder
 * exists.  The same scale gives the same bytes.  false: a file could not be written (errno). */
bool tpch_write(const char *folder, double scale);

#ifdef __cplusplus
}
#endif
#endif
