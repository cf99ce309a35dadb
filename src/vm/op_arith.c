/* op_arith.c - arithmetic and text operators: r[P3] = r[P2] op r[P1].
 *
 * Typed operands go through kernels over all rows of the batch; a result that may have overflowed,
 * become NaN or divided by zero is looked at again row by row.  Everything else takes the exact
 * path. */
#include "vm/exact.h"
#include "vm/kernel.h"
#include "vm/numeric.h"

#include <math.h>
#include <string.h>

static enum kernel_shape pair_shape(const struct vector *a, const struct vector *b)
{
    return vector_is_constant(a) ? SHAPE_CV : vector_is_constant(b) ? SHAPE_VC : SHAPE_VV;
}

/* --- the exact path
 * -------------------------------------------------------------------------------- */

static enum status exact_op(struct vm *vm, const struct op *op, const struct value *a,
                            const struct value *b, struct value *out)
{
    static const uint8_t ops[OP_COUNT] = {
        [OP_Add] = VALUE_ADD,
        [OP_Subtract] = VALUE_SUBTRACT,
        [OP_Multiply] = VALUE_MULTIPLY,
        [OP_Divide] = VALUE_DIVIDE,
        [OP_Remainder] = VALUE_REMAINDER,
        [OP_BitAnd] = VALUE_BIT_AND,
        [OP_BitOr] = VALUE_BIT_OR,
        [OP_ShiftLeft] = VALUE_SHIFT_LEFT,
        [OP_ShiftRight] = VALUE_SHIFT_RIGHT,
    };

    (void)vm;
    *out = value_arith((enum value_op)ops[op->code], a, b);
    return STATUS_OK;
}

static const struct op *arith_exact(struct vm *vm, const struct op *op)
{
    VM_TRY(vm, exact_apply(vm, op, exact_op, vm_vec(vm, op->p2), vm_vec(vm, op->p1),
                           vm_reg(vm, op->p3)));
    return op + 1;
}

/* --- + - * of cells
 * -------------------------------------------------------------------------------
 *
 * The exact path again, with the common pairs of classes in the loop: columns of NUMERIC affinity
 * mix INTEGER and REAL row by row.  11 ns a row through exact_apply, 3 ns here. */

static inline bool is_number(const struct value *v)
{
    return v->class_ == CLASS_INTEGER || v->class_ == CLASS_REAL;
}

static inline double number_real(const struct value *v)
{
    struct value converted = {.r = (double)v->i};

    converted.i = v->class_ == CLASS_INTEGER ? converted.i : v->i; /* a choice of bits: no branch */
    return converted.r;
}

/* x op y of two numbers, both ways: no branch a row, since the classes of rows come as they like.
 */
#define CELLS_LOOP(name, value_op, overflows, sign)                                                \
    static void name(struct vm *vm, const struct cells *a, const struct cells *b,                  \
                     struct value *out)                                                            \
    {                                                                                              \
        ACTIVE_EACH(vm, row, {                                                                     \
            const struct value *x = cell_at(a, row), *y = cell_at(b, row);                         \
            struct value        s = {.class_ = CLASS_INTEGER}, r = {.class_ = CLASS_REAL};         \
            bool                whole;                                                             \
                                                                                                   \
            if (unlikely(!is_number(x) || !is_number(y))) {                                        \
                out[row] = value_arith(value_op, x, y);                                            \
                continue;                                                                          \
            }                                                                                      \
            whole = !overflows(x->i, y->i, &s.i);                                                  \
            whole &= (x->class_ == CLASS_INTEGER) & (y->class_ == CLASS_INTEGER);                  \
            r.r = number_real(x) sign number_real(y);                                              \
            r.class_ = r.r != r.r ? CLASS_NULL : CLASS_REAL;                                       \
            s.i = whole ? s.i : r.i;                                                               \
            s.class_ = whole ? CLASS_INTEGER : r.class_;                                           \
            out[row] = s;                                                                          \
        });                                                                                        \
    }
CELLS_LOOP(cells_add, VALUE_ADD, __builtin_add_overflow, +)
CELLS_LOOP(cells_subtract, VALUE_SUBTRACT, __builtin_sub_overflow, -)
CELLS_LOOP(cells_multiply, VALUE_MULTIPLY, __builtin_mul_overflow, *)
#undef CELLS_LOOP

static const struct op *arith_cells(struct vm *vm, const struct op *op)
{
    const struct vector  *a = vm_vec(vm, op->p2), *b = vm_vec(vm, op->p1);
    struct vm_register   *reg = vm_reg(vm, op->p3);
    struct cells          x, y;
    struct vector_buffer *buffer;
    struct value         *out;

    VM_TRY(vm, cells_of(vm, a, 0, &x));
    VM_TRY(vm, cells_of(vm, b, 1, &y));
    buffer = register_buffer(vm, reg, a, b);
    if (buffer == NULL)
        return vm_nomem(vm);
    out = (struct value *)(void *)buffer->values;
    if (op->code == OP_Add)
        cells_add(vm, &x, &y, out);
    else if (op->code == OP_Subtract)
        cells_subtract(vm, &x, &y, out);
    else
        cells_multiply(vm, &x, &y, out);
    exact_pack(vm, reg);
    return op + 1;
}

/* --- INTEGER + - * -------------------------------------------------------------------------------
 */

static bool scalar_overflows(enum kernel_arith_op op, int64_t a, int64_t b, int64_t *s)
{
    switch (op) {
    case ARITH_add:
        return __builtin_add_overflow(a, b, s);
    case ARITH_sub:
        return __builtin_sub_overflow(a, b, s);
    default:
        return __builtin_mul_overflow(a, b, s);
    }
}

/* Bounds of a op b from those of a and b: the extremes lie at the corners. */
static bool arith_bounds(enum kernel_arith_op op, const struct vector *a, const struct vector *b,
                         int64_t *lo, int64_t *hi)
{
    int64_t x[2], y[2];

    if (!number_bounds(a, &x[0], &x[1]) || !number_bounds(b, &y[0], &y[1]))
        return false;
    *lo = INT64_MAX;
    *hi = INT64_MIN;
    for (int i = 0; i < 4; i++) {
        int64_t corner;

        if (scalar_overflows(op, x[i & 1], y[i >> 1], &corner))
            return false;
        *lo = corner < *lo ? corner : *lo;
        *hi = corner > *hi ? corner : *hi;
    }
    return true;
}

/* Whether an active row that is not NULL overflows: the kernel's flag also speaks of others. */
static bool really_overflows(struct vm *vm, enum kernel_arith_op op, const int64_t *a,
                             const int64_t *b, enum kernel_shape shape, const uint64_t *valid)
{
    bool any = false;

    ACTIVE_EACH(vm, row, {
        int64_t s;

        if (valid == NULL || bits_get(valid, row))
            any |= scalar_overflows(op, a[shape == SHAPE_CV ? 0 : row],
                                    b[shape == SHAPE_VC ? 0 : row], &s);
    });
    return any;
}

/* x + c and x - c of an encoded vector: another base, the same payload. */
static bool arith_rebase(struct vm *vm, const struct op *op, enum kernel_arith_op arith,
                         const struct vector *a, const struct vector *b, int64_t lo, int64_t hi)
{
    const struct vector *v = vector_is_constant(b) ? a : b;
    const struct vector *c = vector_is_constant(b) ? b : a;
    struct vm_register  *reg = vm_reg(vm, op->p3);
    bool                 narrow =
        v->shape == VECTOR_SEQUENCE || (v->type <= PHYS_I32 && (v->flags & VECTOR_OF_CURSOR) != 0);
    char    scratch[16];
    int64_t shift, base;

    if (!narrow || !vector_is_constant(c) || arith == ARITH_mul || (arith == ARITH_sub && c == a))
        return false;
    shift = vector_constant_value(c, scratch).i;
    if (scalar_overflows(arith, v->base, shift, &base))
        return false;
    reg->v = *v;
    reg->v.base = base;
    reg->v.flags |= VECTOR_BOUNDED;
    reg->v.lo = lo;
    reg->v.hi = hi;
    return true;
}

static const struct op *arith_int(struct vm *vm, const struct op *op, enum kernel_arith_op arith)
{
    const struct vector  *a = vm_vec(vm, op->p2), *b = vm_vec(vm, op->p1);
    struct vm_register   *reg = vm_reg(vm, op->p3);
    enum kernel_shape     shape = pair_shape(a, b);
    int64_t               one_a, one_b, lo = 0, hi = 0;
    const int64_t        *x, *y;
    const uint64_t       *valid;
    struct vector_buffer *buffer;
    bool                  bounded = arith_bounds(arith, a, b, &lo, &hi);
    uint32_t              rows = vm_words(vm) * 64;

    if (bounded && arith_rebase(vm, op, arith, a, b, lo, hi))
        return op + 1;
    x = numbers_i64(vm, a, 0, &one_a);
    y = numbers_i64(vm, b, 1, &one_b);
    buffer = register_buffer(vm, reg, a, b);
    if (x == NULL || y == NULL || buffer == NULL)
        return vm_nomem(vm);
    if (bounded) {
        kernel->arith_i64_unchecked[arith][shape](x, y, buffer->values, rows);
        valid = validity_and(a, b, vm_words(vm), buffer->valid);
    } else {
        bool flagged = kernel->arith_i64[arith][shape](x, y, buffer->values, rows);

        valid = validity_and(a, b, vm_words(vm), buffer->valid);
        if (unlikely(flagged) && really_overflows(vm, arith, x, y, shape, valid))
            return arith_cells(vm, op);
    }
    register_flat(vm, reg, PHYS_I64);
    reg->v.valid = valid;
    if (bounded) {
        reg->v.flags = VECTOR_BOUNDED;
        reg->v.lo = lo;
        reg->v.hi = hi;
    }
    return op + 1;
}

/* --- INTEGER and REAL mixed
 * ------------------------------------------------------------------------
 *
 * DEC with whole values as INTEGER, against such or against INTEGERs: the class of each row's
 * result follows from whether both operands are whole, and all of them are exact as doubles. */

static const struct op *arith_mixed(struct vm *vm, const struct op *op)
{
    const struct vector  *a = vm_vec(vm, op->p2), *b = vm_vec(vm, op->p1);
    struct vm_register   *reg = vm_reg(vm, op->p3);
    double                one_a, one_b;
    const double         *x = numbers_f64(vm, a, 0, &one_a), *y = numbers_f64(vm, b, 1, &one_b);
    uint32_t              step_a = vector_is_constant(a) ? 0 : 1;
    uint32_t              step_b = vector_is_constant(b) ? 0 : 1;
    struct vector_buffer *buffer = register_buffer(vm, reg, a, b);
    uint64_t              space[VECTOR_WORDS];
    const uint64_t       *valid = validity_and(a, b, vm_words(vm), space);
    struct value         *out;

    if (x == NULL || y == NULL || buffer == NULL)
        return vm_nomem(vm);
    out = (struct value *)(void *)buffer->values;
    ACTIVE_EACH(vm, row, {
        double  p = x[row * step_a], q = y[row * step_b], r;
        int64_t i = (int64_t)p, j = (int64_t)q, k;
        bool    whole = (double)i == p && (double)j == q;

        if (op->code == OP_Add) {
            k = i + j; /* below 2^54 */
            r = p + q;
        } else if (op->code == OP_Subtract) {
            k = i - j;
            r = p - q;
        } else {
            whole &= !__builtin_mul_overflow(i, j, &k);
            r = p * q;
        }
        out[row] = whole ? value_int(k) : (struct value){.r = r, .class_ = CLASS_REAL};
    });
    for (uint32_t i = 0; valid != NULL && i < vm->sel->rows; i++)
        if (!bits_get(valid, i))
            out[i] = value_null();
    exact_pack(vm, reg);
    return op + 1;
}

/* Whether v's numbers are exact as doubles and small enough that sums of two stay INTEGER. */
static bool mixed_fits(const struct vector *v, enum number_class numbers)
{
    const int64_t limit = INT64_C(1) << 53;
    int64_t       lo, hi;

    if (numbers == NUMBERS_INT)
        return number_bounds(v, &lo, &hi) && lo >= -limit && hi <= limit;
    return numbers == NUMBERS_MIXED && v->type != PHYS_DEC64;
}

/* --- REAL ----------------------------------------------------------------------------------------
 */

/* NaN results are NULL.  Also called for garbage in NULL rows' slots, which changes nothing. */
static void nan_to_null(struct vm *vm, struct vm_register *reg)
{
    const double *values = reg->v.values;
    uint64_t     *valid = reg->buffer->valid;

    if (reg->v.valid == NULL)
        memset(valid, 0xff, vm_words(vm) * sizeof *valid);
    for (uint32_t i = 0; i < vm->sel->rows; i++)
        if (values[i] != values[i])
            bits_clear(valid, i);
    reg->v.valid = valid;
}

static bool real_divide(const double *a, const double *b, double *out, uint32_t n,
                        enum kernel_shape shape)
{
    uint32_t step_a = shape == SHAPE_CV ? 0 : 1, step_b = shape == SHAPE_VC ? 0 : 1;
    int64_t  any = 0;

    for (uint32_t i = 0; i < n; i++) {
        double divisor = b[i * step_b];
        double r = a[i * step_a] / (divisor == 0.0 ? (double)NAN : divisor);

        any |= r != r;
        out[i] = r;
    }
    return any != 0;
}

static const struct op *arith_real(struct vm *vm, const struct op *op, const struct vector *a,
                                   const struct vector *b)
{
    struct vm_register   *reg = vm_reg(vm, op->p3);
    enum kernel_shape     shape = pair_shape(a, b);
    double                one_a, one_b;
    const double         *x = numbers_f64(vm, a, 0, &one_a), *y = numbers_f64(vm, b, 1, &one_b);
    struct vector_buffer *buffer = register_buffer(vm, reg, a, b);
    const uint64_t       *valid;
    uint32_t              rows = vm_words(vm) * 64;
    bool                  nan;

    if (x == NULL || y == NULL || buffer == NULL)
        return vm_nomem(vm);
    if (op->code == OP_Divide) {
        nan = real_divide(x, y, (double *)(void *)buffer->values, rows, shape);
    } else {
        enum kernel_arith_op arith = op->code == OP_Add        ? ARITH_add
                                     : op->code == OP_Subtract ? ARITH_sub
                                                               : ARITH_mul;

        nan = kernel->arith_f64[arith][shape](x, y, buffer->values, rows);
    }
    valid = validity_and(a, b, vm_words(vm), buffer->valid);
    register_flat(vm, reg, PHYS_F64);
    reg->v.valid = valid;
    if (unlikely(nan))
        nan_to_null(vm, reg);
    return op + 1;
}

/* Cells as doubles, INTEGERs converted, into scratch buffer number `scratch`.  False: some active
 * cell is neither a number nor NULL, or memory. */
static bool cells_real(struct vm *vm, const struct vector *v, uint32_t scratch, struct vector *out)
{
    const struct value   *cells = v->values;
    struct vector_buffer *buffer = vm_scratch(vm, scratch);
    unsigned              classes = 0;
    double               *to;

    if (buffer == NULL)
        return false;
    to = (double *)(void *)buffer->values;
    ACTIVE_EACH(vm, row, {
        classes |= 1u << cells[row].class_;
        to[row] = number_real(&cells[row]);
    });
    *out = (struct vector){.type = PHYS_F64,
                           .shape = VECTOR_FLAT,
                           .count = vm->sel->rows,
                           .valid = v->valid, /* NULL cells are off there, too */
                           .values = to};
    return (classes & (1u << CLASS_TEXT | 1u << CLASS_BLOB)) == 0;
}

/* REAL against cells that are all numbers is REAL. */
static bool cells_are_real(struct vm *vm, const struct vector **x, enum number_class of_x,
                           enum number_class of_other, uint32_t scratch, struct vector *space)
{
    if (of_other != NUMBERS_REAL || of_x != NUMBERS_OTHER || (*x)->type != PHYS_ANY ||
        (*x)->shape != VECTOR_FLAT || !cells_real(vm, *x, scratch, space))
        return false;
    *x = space;
    return true;
}

/* --- choosing ------------------------------------------------------------------------------------
 */

/* A NULL operand makes NULL; both CONSTANT: one value.  True if that was the case. */
static bool arith_simple(struct vm *vm, const struct op *op, enum number_class a,
                         enum number_class b)
{
    const struct vector *x = vm_vec(vm, op->p2), *y = vm_vec(vm, op->p1);
    char                 first[16], second[16];
    struct value         p, q, result;

    if (a == NUMBERS_NULL || b == NUMBERS_NULL) {
        register_constant(vm, vm_reg(vm, op->p3), value_null());
        return true;
    }
    if (!vector_is_constant(x) || !vector_is_constant(y))
        return false;
    p = vector_constant_value(x, first);
    q = vector_constant_value(y, second);
    exact_op(vm, op, &p, &q, &result);
    register_constant(vm, vm_reg(vm, op->p3), result);
    return true;
}

static bool is_one_int(const struct vector *v)
{
    return v->type == PHYS_I64 && v->shape == VECTOR_CONSTANT && v->valid == NULL;
}

/* Two single INTEGERs whose result is one, as statements on one row have them; false: something
 * else. */
static inline bool arith_two_ints(struct vm *vm, const struct op *op, enum kernel_arith_op arith_op,
                                  const struct vector *x, const struct vector *y)
{
    int64_t a, b, result;
    bool    overflow;

    if (!is_one_int(x) || !is_one_int(y))
        return false;
    a = *(const int64_t *)x->values;
    b = *(const int64_t *)y->values;
    overflow = arith_op == ARITH_add   ? __builtin_add_overflow(a, b, &result)
               : arith_op == ARITH_sub ? __builtin_sub_overflow(a, b, &result)
                                       : __builtin_mul_overflow(a, b, &result);
    if (!overflow)
        register_constant(vm, vm_reg(vm, op->p3), value_int(result));
    return !overflow;
}

static inline const struct op *arith(struct vm *vm, const struct op *op,
                                     enum kernel_arith_op arith_op)
{
    const struct vector *x = vm_vec(vm, op->p2), *y = vm_vec(vm, op->p1);
    enum number_class    a, b;
    struct vector        space;

    if (arith_two_ints(vm, op, arith_op, x, y))
        return op + 1;
    a = number_class_of(x);
    b = number_class_of(y);
    if (arith_simple(vm, op, a, b))
        return op + 1;
    if (a == NUMBERS_INT && b == NUMBERS_INT)
        return arith_int(vm, op, arith_op);
    if (a <= NUMBERS_MIXED && b <= NUMBERS_MIXED && (a == NUMBERS_REAL || b == NUMBERS_REAL))
        return arith_real(vm, op, x, y);
    if (cells_are_real(vm, &x, a, b, 0, &space) || cells_are_real(vm, &y, b, a, 1, &space))
        return arith_real(vm, op, x, y);
    if (mixed_fits(x, a) && mixed_fits(y, b))
        return arith_mixed(vm, op);
    return arith_cells(vm, op);
}

const struct op *op_Add(struct vm *vm, const struct op *op)
{
    return arith(vm, op, ARITH_add);
}

const struct op *op_Subtract(struct vm *vm, const struct op *op)
{
    return arith(vm, op, ARITH_sub);
}

const struct op *op_Multiply(struct vm *vm, const struct op *op)
{
    return arith(vm, op, ARITH_mul);
}

/* INTEGER / INTEGER and INTEGER % INTEGER: truncated, NULL for a zero divisor.  The one quotient
 * that is no INTEGER (-2^63 / -1) sends the batch to the exact path. */
static const struct op *divide_int(struct vm *vm, const struct op *op)
{
    const struct vector  *a = vm_vec(vm, op->p2), *b = vm_vec(vm, op->p1);
    struct vm_register   *reg = vm_reg(vm, op->p3);
    int64_t               one_a, one_b, *out;
    const int64_t        *x = numbers_i64(vm, a, 0, &one_a), *y = numbers_i64(vm, b, 1, &one_b);
    uint32_t              step_a = vector_is_constant(a) ? 0 : 1;
    uint32_t              step_b = vector_is_constant(b) ? 0 : 1;
    struct vector_buffer *buffer = register_buffer(vm, reg, a, b);
    const uint64_t       *valid;
    uint64_t              zeros[VECTOR_WORDS] = {0}, any_zero = 0;
    bool                  divide = op->code == OP_Divide;

    if (x == NULL || y == NULL || buffer == NULL)
        return vm_nomem(vm);
    out = (int64_t *)(void *)buffer->values;
    valid = validity_and(a, b, vm_words(vm), buffer->valid);
    for (uint32_t i = 0; i < vm->sel->rows; i++) {
        int64_t dividend = x[i * step_a], divisor = y[i * step_b];

        if (divisor == 0) {
            zeros[i / 64] |= UINT64_C(1) << (i % 64);
            any_zero = 1;
            out[i] = 0;
        } else if (divisor == -1) {
            if (divide && dividend == INT64_MIN)
                return arith_exact(vm, op);
            out[i] = divide ? (int64_t) - (uint64_t)dividend : 0;
        } else {
            out[i] = divide ? dividend / divisor : dividend % divisor;
        }
    }
    if (any_zero) {
        for (uint32_t w = 0; w < vm_words(vm); w++)
            buffer->valid[w] = (valid == NULL ? ~UINT64_C(0) : valid[w]) & ~zeros[w];
        valid = buffer->valid;
    }
    register_flat(vm, reg, PHYS_I64);
    reg->v.valid = valid;
    return op + 1;
}

const struct op *op_Divide(struct vm *vm, const struct op *op)
{
    const struct vector *x = vm_vec(vm, op->p2), *y = vm_vec(vm, op->p1);
    enum number_class    a = number_class_of(x), b = number_class_of(y);
    struct vector        space;

    if (arith_simple(vm, op, a, b))
        return op + 1;
    if (a == NUMBERS_INT && b == NUMBERS_INT)
        return divide_int(vm, op);
    if ((a <= NUMBERS_MIXED && b <= NUMBERS_MIXED && (a == NUMBERS_REAL || b == NUMBERS_REAL)) ||
        cells_are_real(vm, &x, a, b, 0, &space) || cells_are_real(vm, &y, b, a, 1, &space))
        return arith_real(vm, op, x, y);
    return arith_exact(vm, op);
}

const struct op *op_Remainder(struct vm *vm, const struct op *op)
{
    const struct vector *x = vm_vec(vm, op->p2), *y = vm_vec(vm, op->p1);
    enum number_class    a = number_class_of(x), b = number_class_of(y);

    if (arith_simple(vm, op, a, b))
        return op + 1;
    if (a == NUMBERS_INT && b == NUMBERS_INT)
        return divide_int(vm, op);
    return arith_exact(vm, op);
}

/* a << b for any b: beyond the width nothing is left but, to the right, the sign. */
static inline int64_t shift_left(int64_t a, int64_t b)
{
    if (b >= 64)
        return 0;
    if (b >= 0)
        return (int64_t)((uint64_t)a << b);
    return b <= -64 ? (a < 0 ? -1 : 0) : a >> -b;
}

static inline int64_t bit_op(enum opcode code, int64_t a, int64_t b)
{
    switch (code) {
    case OP_BitAnd:
        return a & b;
    case OP_BitOr:
        return a | b;
    case OP_ShiftLeft:
        return shift_left(a, b);
    default:
        return shift_left(a, b == INT64_MIN ? INT64_MAX : -b);
    }
}

/* & | << >> of INTEGERs; they never fail and never leave INTEGER. */
static const struct op *bits(struct vm *vm, const struct op *op)
{
    const struct vector  *a = vm_vec(vm, op->p2), *b = vm_vec(vm, op->p1);
    struct vm_register   *reg = vm_reg(vm, op->p3);
    enum number_class     a_class = number_class_of(a), b_class = number_class_of(b);
    uint32_t              step_a = vector_is_constant(a) ? 0 : 1;
    uint32_t              step_b = vector_is_constant(b) ? 0 : 1;
    struct vector_buffer *buffer;
    int64_t               one_a, one_b, *out;
    const int64_t        *x, *y;
    const uint64_t       *valid;

    if (arith_simple(vm, op, a_class, b_class))
        return op + 1;
    if (a_class != NUMBERS_INT || b_class != NUMBERS_INT)
        return arith_exact(vm, op);
    x = numbers_i64(vm, a, 0, &one_a);
    y = numbers_i64(vm, b, 1, &one_b);
    buffer = register_buffer(vm, reg, a, b);
    if (x == NULL || y == NULL || buffer == NULL)
        return vm_nomem(vm);
    out = (int64_t *)(void *)buffer->values;
    for (uint32_t i = 0; i < vm->sel->rows; i++)
        out[i] = bit_op((enum opcode)op->code, x[i * step_a], y[i * step_b]);
    valid = validity_and(a, b, vm_words(vm), buffer->valid);
    register_flat(vm, reg, PHYS_I64);
    reg->v.valid = valid;
    return op + 1;
}

const struct op *op_BitAnd(struct vm *vm, const struct op *op)
{
    return bits(vm, op);
}

const struct op *op_BitOr(struct vm *vm, const struct op *op)
{
    return bits(vm, op);
}

const struct op *op_ShiftLeft(struct vm *vm, const struct op *op)
{
    return bits(vm, op);
}

const struct op *op_ShiftRight(struct vm *vm, const struct op *op)
{
    return bits(vm, op);
}

static enum status exact_bit_not(struct vm *vm, const struct op *op, const struct value *a,
                                 const struct value *b, struct value *out)
{
    (void)vm;
    (void)op;
    (void)b;
    *out = value_bit_not(a);
    return STATUS_OK;
}

const struct op *op_BitNot(struct vm *vm, const struct op *op)
{
    VM_TRY(vm, exact_apply(vm, op, exact_bit_not, vm_vec(vm, op->p1), NULL, vm_reg(vm, op->p2)));
    return op + 1;
}

static enum status exact_concat(struct vm *vm, const struct op *op, const struct value *a,
                                const struct value *b, struct value *out)
{
    (void)op;
    return value_concat(a, b, &vm->arena, out, vm->err);
}

const struct op *op_Concat(struct vm *vm, const struct op *op)
{
    VM_TRY(vm, exact_apply(vm, op, exact_concat, vm_vec(vm, op->p2), vm_vec(vm, op->p1),
                           vm_reg(vm, op->p3)));
    return op + 1;
}
