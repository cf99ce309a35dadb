/* ram.c - what the kernel says of main memory and of the process's control groups. */
#include "base/ram.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

/* The number that a file holds; SIZE_MAX when there is none, "max" included. */
static size_t number_in(const char *path)
{
    FILE              *file = fopen(path, "re");
    char               line[64];
    unsigned long long number = ULLONG_MAX;

    if (file == NULL)
        return SIZE_MAX;
    if (fgets(line, sizeof line, file) == NULL || sscanf(line, "%llu", &number) != 1 ||
        number > SIZE_MAX)
        number = SIZE_MAX;
    fclose(file);
    return (size_t)number;
}

/* The least limit of group, a path below root, and of the groups that it belongs to. */
static size_t group_limit(const char *root, char *group, const char *file)
{
    size_t least = SIZE_MAX;

    for (;;) {
        char   path[2 * PATH_BYTES], *slash = strrchr(group, '/');
        size_t limit;

        snprintf(path, sizeof path, "%s%s/%s", root, group, file);
        limit = number_in(path);
        if (limit < least)
            least = limit;
        if (slash == NULL)
            return least;
        *slash = '\0';
    }
}

/* Lines are "number:controllers:path": version 2 has no controllers there, version 1 has "memory".
 * Inside a container the path may be another than what is mounted, so its root counts too. */
static size_t groups_limit(void)
{
    FILE  *file = fopen("/proc/self/cgroup", "re");
    char   line[PATH_BYTES];
    size_t least = SIZE_MAX;

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char  *controllers = strchr(line, ':');
        char  *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
        size_t limit = SIZE_MAX;

        if (group == NULL)
            continue;
        *group++ = '\0';
        group[strcspn(group, "\n")] = '\0';
        if (controllers[1] == '\0')
            limit = group_limit("/sys/fs/cgroup", group, "memory.max");
        else if (strcmp(controllers + 1, "memory") == 0)
            limit = group_limit("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
        if (limit < least)
            least = limit;
    }
    if (file != NULL)
        fclose(file);
    return least;
}

size_t ram_bytes(void)
{
    static _Atomic size_t remembered;
    size_t                bytes = atomic_load_explicit(&remembered, memory_order_relaxed), groups;
    long                  pages, page;

    if (bytes > 0)
        return bytes;
    pages = sysconf(_SC_PHYS_PAGES);
    page = sysconf(_SC_PAGESIZE);
    if (pages <= 0 || page <= 0)
        return 0;
    bytes = (size_t)pages * (size_t)page;
    groups = groups_limit();
    if (groups < bytes)
        bytes = groups;
    atomic_store_explicit(&remembered, bytes, memory_order_relaxed);
    return bytes;
}
