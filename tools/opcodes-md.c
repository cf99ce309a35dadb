/* opcodes-md.c - writes docs/opcodes.md to stdout: the opcode table as a page.
 * Built as target opcodes_md; ctest docs/opcodes compares its output with the committed page. */
#include "vm/opcode.h"

#include <stdio.h>

static const char *operand_text(unsigned char kind)
{
    static const char *const texts[] = {
        [OPERAND_NONE] = "",           [OPERAND_INT] = "number",       [OPERAND_REG_IN] = "in",
        [OPERAND_REG_OUT] = "out",     [OPERAND_REG_INOUT] = "in/out", [OPERAND_REGS_IN] = "in...",
        [OPERAND_REGS_OUT] = "out...", [OPERAND_SLOT] = "slot",        [OPERAND_TARGET] = "target",
    };

    return texts[kind];
}

static const char *p4_text(unsigned char kind)
{
    static const char *const texts[] = {
        [P4_NONE] = "",
        [P4_I64] = "number",
        [P4_VALUE] = "value",
        [P4_FUNCTION] = "function",
        [P4_COLLATION] = "collation",
        [P4_TABLE] = "table",
        [P4_AFFINITIES] = "affinities",
        [P4_DESC] = "description",
        [P4_TEXT] = "text",
    };

    return texts[kind];
}

/* A table cell: a bar would end it. */
static void cell(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|')
            putchar('\\');
        putchar(*text);
    }
    fputs(" | ", stdout);
}

int main(void)
{
    fputs("# The opcodes\n\n"
          "Generated from `src/vm/opcodes.def` by `tools/opcodes-md.c`; do not edit.\n\n"
          "A program is a list of ops with operands P1, P2, P3, P4 and P5. A register holds a "
          "vector of up to\n"
          "2,048 values or one constant; an op works on the *active rows* of the current batch. "
          "`EXPLAIN` lists a\n"
          "statement's program. Operand kinds: *in*, *out* and *in/out* are registers (with dots: "
          "the first of\n"
          "several), *slot* is a cursor, set, aggregate, sorter, join, rowset or memo, *target* is "
          "a program address.\n\n"
          "| Opcode | P1 | P2 | P3 | P4 | In short | Text |\n"
          "| --- | --- | --- | --- | --- | --- | --- |\n",
          stdout);
    for (int i = 0; i < OP_COUNT; i++) {
        const struct opcode_info *info = &opcode_info[i];

        printf("| `%s` | ", info->name);
        cell(operand_text(info->p1));
        cell(operand_text(info->p2));
        cell(operand_text(info->p3));
        cell(p4_text(info->p4));
        printf("`%s` | ", info->synopsis);
        for (const char *at = info->text; *at != '\0'; at++) {
            if (*at == '|')
                putchar('\\');
            putchar(*at);
        }
        puts(" |");
    }
    return 0;
}
