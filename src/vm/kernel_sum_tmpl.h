/* kernel_sum_tmpl.h - compensated sums of several columns at once, included by kernel_level_tmpl.h.
 *
 * A sum must add its values in their order, and an addition takes as long as eight independent
 * ones: the columns, not the rows, are what a vector register holds. */

/* Four doubles; in memory they stand as doubles do. */
typedef double four_doubles __attribute__((vector_size(32), aligned(8), may_alias));

/* Knuth's TwoSum; see kernel_sum_real. */
#define SUM_TWO(sum, error, x)                                                                     \
    do {                                                                                           \
        four_doubles t_ = (sum) + (x), back_ = t_ - (sum);                                         \
        (error) += ((sum) - (t_ - back_)) + ((x)-back_);                                           \
        (sum) = t_;                                                                                \
    } while (0)
#define SUM_ROW(from, row)                                                                         \
    (four_doubles)                                                                                 \
    {                                                                                              \
        columns[from][row], columns[(from) + 1][row], columns[(from) + 2][row],                    \
            columns[(from) + 3][row]                                                               \
    }

/* half, listed and grouped are constants where this is called. */
static inline __attribute__((always_inline)) void
sum_columns_as(const double *const columns[SUM_LANES], bool half, bool listed, bool grouped,
               const uint16_t *rows, uint32_t first, const uint32_t *groups, uint32_t n,
               struct sum_lanes *lanes)
{
    struct sum_lanes only = lanes[0];

    for (uint32_t k = 0; k < n; k++) {
        uint32_t          row = listed ? rows[k] - first : k;
        struct sum_lanes *to = grouped ? &lanes[groups[k]] : &only;
        four_doubles     *sum = (four_doubles *)to->sum, *error = (four_doubles *)to->error;

        SUM_TWO(sum[0], error[0], SUM_ROW(0, row));
        if (!half)
            SUM_TWO(sum[1], error[1], SUM_ROW(SUM_HALF, row));
    }
    if (!grouped)
        lanes[0] = only;
}
#undef SUM_TWO
#undef SUM_ROW

static void sum_columns(const double *const columns[SUM_LANES], bool half, const uint16_t *rows,
                        uint32_t first, const uint32_t *groups, uint32_t n, struct sum_lanes *lanes)
{
#define CALL(half, listed, grouped)                                                                \
    sum_columns_as(columns, half, listed, grouped, rows, first, groups, n, lanes)
    switch ((half ? 4 : 0) + (rows != NULL ? 2 : 0) + (groups != NULL)) {
    case 0:
        CALL(false, false, false);
        break;
    case 1:
        CALL(false, false, true);
        break;
    case 2:
        CALL(false, true, false);
        break;
    case 3:
        CALL(false, true, true);
        break;
    case 4:
        CALL(true, false, false);
        break;
    case 5:
        CALL(true, false, true);
        break;
    case 6:
        CALL(true, true, false);
        break;
    default:
        CALL(true, true, true);
        break;
    }
#undef CALL
}
