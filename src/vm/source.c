/* source.c - finding a table function by name. */
#include "vm/source.h"

#include <string.h>

#include "base/str.h"

const struct source_module *source_find(const struct source_registry *registry, const char *name,
                                        size_t bytes)
{
    if (registry == NULL)
        return NULL;
    for (uint32_t i = 0; i < registry->count; i++) {
        const struct source_module *module = registry->modules[i];

        if (ascii_equal(module->name, strlen(module->name), name, bytes))
            return module;
    }
    return NULL;
}
