/* analyze.h - EXPLAIN ANALYZE. */
#ifndef STOA_API_ANALYZE_H
#define STOA_API_ANALYZE_H

#include "api/connection.h"

/* A program that lists a statement and holds the statement's own as inner becomes one that runs
 * the statement and shows the listing with calls, rows and milliseconds; any other stays.  On
 * failure *program is as it was. */
enum status analyze_program(struct program **program, struct error *err);

#endif
