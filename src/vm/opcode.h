/* opcode.h - enum, names and operand kinds of the opcodes, all from opcodes.def. */
#ifndef STOA_VM_OPCODE_H
#define STOA_VM_OPCODE_H

enum opcode {
#define OP(name, p1, p2, p3, p4, synopsis, text) OP_##name,
#include "vm/opcodes.def"
#undef OP
    OP_COUNT
};
enum operand_kind {
    OPERAND_NONE,
    OPERAND_INT,
    OPERAND_REG_IN,
    OPERAND_REG_OUT,
    OPERAND_REG_INOUT,
    OPERAND_REGS_IN,
    OPERAND_REGS_OUT,
    OPERAND_SLOT,
    OPERAND_TARGET
};
enum p4_kind {
    P4_NONE,
    P4_I64,
    P4_VALUE,
    P4_FUNCTION,
    P4_COLLATION,
    P4_TABLE,
    P4_AFFINITIES,
    P4_DESC,
    P4_TEXT
};
struct opcode_info {
    const char   *name, *synopsis, *text;
    unsigned char p1, p2, p3, p4; /* enum operand_kind, enum p4_kind */
};
extern const struct opcode_info opcode_info[OP_COUNT];

/* FilterTruth, SelPushIf, Truth: P3. */
enum truth_test {
    TRUTH_TRUE,
    TRUTH_NOT_TRUE,
    TRUTH_NOT_FALSE,
    TRUTH_NULL,
    TRUTH_NOT_NULL,
    TRUTH_FALSE
};

#endif
