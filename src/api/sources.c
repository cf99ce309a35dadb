/* sources.c - the registry of table functions, put together once per process. */
#include "api/sources.h"

#include <assert.h>
#include <pthread.h>

#include "io/csv.h"
#include "io/csv_import.h"

enum { MODULES_MAX = 128 };

static const struct source_module *modules[MODULES_MAX];
static struct source_registry registry = {.modules = modules, .file_reader = &csv_source_module};
static pthread_once_t         registry_once = PTHREAD_ONCE_INIT;

static void registry_add(const struct source_module *module)
{
    assert(registry.count < MODULES_MAX);
    modules[registry.count++] = module;
}

static void registry_fill(void)
{
    registry_add(&series_module);
    registry_add(&analyze_module);
    registry_add(&analyze_ops_module);
    registry_add(&csv_source_module);
    registry_add(&csv_rejects_module);
    registry_add(&csv_import_module);
    for (uint32_t i = 0; i < schema_module_count; i++)
        registry_add(&schema_modules[i]);
    for (uint32_t i = 0; i < pragma_module_count; i++)
        registry_add(pragma_modules[i]);
}

const struct source_registry *sources_registry(void)
{
    pthread_once(&registry_once, registry_fill);
    return &registry;
}
