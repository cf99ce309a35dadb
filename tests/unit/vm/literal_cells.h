/* literal_cells.h - cells as initialisers: T("text"), B("blob"), R(1.5), I(1), NIL. */
#ifndef STOA_TESTS_LITERAL_CELLS_H
#define STOA_TESTS_LITERAL_CELLS_H

#define T(text)                                                                                    \
    {                                                                                              \
        .s = text, .bytes = sizeof(text) - 1, .class_ = CLASS_TEXT                                 \
    }
#define B(text)                                                                                    \
    {                                                                                              \
        .s = text, .bytes = sizeof(text) - 1, .class_ = CLASS_BLOB                                 \
    }
#define R(real)                                                                                    \
    {                                                                                              \
        .r = real, .class_ = CLASS_REAL                                                            \
    }
#define I(int_)                                                                                    \
    {                                                                                              \
        .i = int_, .class_ = CLASS_INTEGER                                                         \
    }
#define NIL                                                                                        \
    {                                                                                              \
        .class_ = CLASS_NULL                                                                       \
    }

#endif
