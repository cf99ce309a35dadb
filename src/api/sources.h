/* sources.h - the table functions that this library registers with the engine. */
#ifndef STOA_API_SOURCES_H
#define STOA_API_SOURCES_H

#include "vm/source.h"

extern const struct source_module        series_module;
extern const struct source_module        analyze_module, analyze_ops_module; /* EXPLAIN ANALYZE */
extern const struct source_module        schema_modules[];
extern const uint32_t                    schema_module_count;
extern const struct source_module *const pragma_modules[];
extern const uint32_t                    pragma_module_count;

/* All of them, and the file reader. */
const struct source_registry *sources_registry(void);

#endif
