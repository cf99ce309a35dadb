/* opcode.c - names, synopses and operand kinds of the opcodes: opcodes.def as a table. */
#include "vm/opcode.h"

/* Operand kinds stand in opcodes.def without a prefix; P1..P3 and P4 have an enum each. */
#define KIND(kind) OPERAND_##kind
#define KIND4(kind) P4_##kind

const struct opcode_info opcode_info[OP_COUNT] = {
#define OP(name, p1, p2, p3, p4, synopsis, text)                                                   \
    [OP_##name] = {#name, synopsis, text, KIND(p1), KIND(p2), KIND(p3), KIND4(p4)},
#include "vm/opcodes.def"
#undef OP
};
