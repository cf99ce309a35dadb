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
        {"median", 1, 1, AGGREGATE_MEDIAN},
        {"percentile", 2, 2, AGGREGATE_PERCENTILE},
        {"percentile_cont", 2, 2, AGGREGATE_PERCENTILE_CONT},
        {"percentile_disc", 2, 2, AGGREGATE_PERCENTILE_DISC},
        /* from here on none is a function of SQLite */
        {"quantile_cont", 2, 2, AGGREGATE_PERCENTILE_CONT},
        {"approx_quantile", 2, 2, AGGREGATE_PERCENTILE_CONT},
        {"quantile", 2, 2, AGGREGATE_QUANTILE_DISC},
        {"quantile_disc", 2, 2, AGGREGATE_QUANTILE_DISC},
        {"mad", 1, 1, AGGREGATE_MAD},
        {"mode", 1, 1, AGGREGATE_MODE},
        {"entropy", 1, 1, AGGREGATE_ENTROPY},
        {"histogram", 1, 1, AGGREGATE_HISTOGRAM},
        {"stddev", 1, 1, AGGREGATE_STDDEV_SAMP},
        {"stddev_samp", 1, 1, AGGREGATE_STDDEV_SAMP},
        {"stddev_pop", 1, 1, AGGREGATE_STDDEV_POP},
        {"variance", 1, 1, AGGREGATE_VAR_SAMP},
        {"var_samp", 1, 1, AGGREGATE_VAR_SAMP},
        {"var_pop", 1, 1, AGGREGATE_VAR_POP},
        {"skewness", 1, 1, AGGREGATE_SKEWNESS},
        {"kurtosis", 1, 1, AGGREGATE_KURTOSIS},
        {"kurtosis_pop", 1, 1, AGGREGATE_KURTOSIS_POP},
        {"covar_samp", 2, 2, AGGREGATE_COVAR_SAMP},
        {"covar_pop", 2, 2, AGGREGATE_COVAR_POP},
        {"corr", 2, 2, AGGREGATE_CORR},
        {"regr_slope", 2, 2, AGGREGATE_REGR_SLOPE},
        {"regr_intercept", 2, 2, AGGREGATE_REGR_INTERCEPT},
        {"regr_r2", 2, 2, AGGREGATE_REGR_R2},
        {"regr_count", 2, 2, AGGREGATE_REGR_COUNT},
        {"regr_avgx", 2, 2, AGGREGATE_REGR_AVGX},
        {"regr_avgy", 2, 2, AGGREGATE_REGR_AVGY},
        {"regr_sxx", 2, 2, AGGREGATE_REGR_SXX},
        {"regr_syy", 2, 2, AGGREGATE_REGR_SYY},
        {"regr_sxy", 2, 2, AGGREGATE_REGR_SXY},
        {"arg_min", 2, 2, AGGREGATE_ARG_MIN},
        {"arg_max", 2, 2, AGGREGATE_ARG_MAX},
        {"min_by", 2, 2, AGGREGATE_ARG_MIN},
        {"max_by", 2, 2, AGGREGATE_ARG_MAX},
        {"any_value", 1, 1, AGGREGATE_ANY_VALUE},
        {"first", 1, 1, AGGREGATE_FIRST},
        {"last", 1, 1, AGGREGATE_LAST},
        {"bool_and", 1, 1, AGGREGATE_BOOL_AND},
        {"bool_or", 1, 1, AGGREGATE_BOOL_OR},
        {"bit_and", 1, 1, AGGREGATE_BIT_AND},
        {"bit_or", 1, 1, AGGREGATE_BIT_OR},
        {"bit_xor", 1, 1, AGGREGATE_BIT_XOR},
        {"count_if", 1, 1, AGGREGATE_COUNT_IF},
        {"product", 1, 1, AGGREGATE_PRODUCT},
        {"approx_count_distinct", 1, 1, AGGREGATE_APPROX_COUNT_DISTINCT},
        {"grouping", 1, 63, AGGREGATE_GROUPING},
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

bool aggregate_minds_order(enum aggregate_kind kind)
{
    switch (kind) {
    case AGGREGATE_SUM: /* rounding */
    case AGGREGATE_TOTAL:
    case AGGREGATE_AVG:
    case AGGREGATE_PRODUCT:
    case AGGREGATE_GROUP_CONCAT:
    case AGGREGATE_ANY_VALUE:
    case AGGREGATE_FIRST:
    case AGGREGATE_LAST:
    case AGGREGATE_ARG_MIN: /* of equals the first */
    case AGGREGATE_ARG_MAX:
        return true;
    default:
        return false;
    }
}
