/* bench.h - how the C suites hand their cases to Google Benchmark (main.cc).
 *
 * A case is named suite/what/engine.  After the run main.cc prints, per suite/what, the time of
 * every engine divided by Stoa's: claims are made of these ratios only. */
#ifndef STOA_BENCH_BENCH_H
#define STOA_BENCH_BENCH_H

#include "engine.h"

#ifdef __cplusplus
extern "C" {
#endif

struct bench_options {
    long        rows;  /* of the group-by table */
    double      scale; /* of the TPC-H tables */
    int         threads;
    const char *suites;  /* comma-separated; NULL: all */
    const char *engines; /* comma-separated; NULL: all that can be had */
    const char *data;    /* folder for generated files */
};

struct bench_case {
    const char *name;
    bool (*run)(
        void *argument); /* one iteration; false: failed, the case is reported as an error */
    void  *argument;
    long   iterations; /* 0: as many as Google Benchmark wants */
    double bytes;      /* processed by an iteration, for MB/s; 0: none */
};

void bench_add(const struct bench_case *bench_case);  /* copied */
bool bench_wants(const char *list, const char *name); /* NULL list: yes */

/* The suites: each adds its cases. */
void suite_groupby(const struct bench_options *options);
void suite_kernel(const struct bench_options *options);
void suite_report(const struct bench_options *options);
void suite_micro(const struct bench_options *options);
void suite_star(const struct bench_options *options);
void suite_tpch(const struct bench_options *options);

#ifdef __cplusplus
}
#endif
#endif
