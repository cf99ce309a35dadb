/* aggregate_find.c - the aggregate functions by name. */
#include "base/str.h"
#include "vm/aggregate.h"

#include <string.h>

bool aggregate_find(const char *name, size_t bytes, uint32_t argc, bool star,
                    enum aggregate_kind *kind, bool *known)
{
    static const struct {
        const char         *name;
        uint32_t            min_args, max_args;
        enum aggregate_kind kind;
    } functions[] = {
        {"count", 0, 1, AGGREGATE_COUNT},
        {"sum", 1, 1, AGGREGATE_SUM},
        {"total", 1, 1, AGGREGATE_TOTAL},
        {"avg", 1, 1, AGGREGATE_AVG},
        {"min", 1, 1, AGGREGATE_MIN},
        {"max", 1, 1, AGGREGATE_MAX},
        {"group_concat", 1, 2, AGGREGATE_GROUP_CONCAT},
        {"string_agg", 2, 2, AGGREGATE_GROUP_CONCAT},
    };

    *known = false;
    for (size_t i = 0; i < countof(functions); i++) {
        if (!ascii_equal(name, bytes, functions[i].name, strlen(functions[i].name)))
            continue;
        /* min and max of several values are scalar functions, and say themselves what they take */
        *known = functions[i].kind != AGGREGATE_MIN && functions[i].kind != AGGREGATE_MAX;
        if (argc < functions[i].min_args || argc > functions[i].max_args)
            return false;
        /* f(*) is f() without arguments, which only count() is */
        if (star && functions[i].kind != AGGREGATE_COUNT)
            return false;
        *known = true;
        *kind = functions[i].kind == AGGREGATE_COUNT && argc == 0 ? AGGREGATE_COUNT_STAR
                                                                  : functions[i].kind;
        return true;
    }
    return false;
}
