/* kernel_v3.c - the kernels for x86-64-v3 (AVX2, BMI2).  src/CMakeLists.txt compiles this file for
 * that level; elsewhere it holds no kernels. */
#if defined(__AVX2__) && defined(__BMI2__)
#define KERNELS kernels_v3_table
#define KERNELS_NAME "x86-64-v3"
extern const struct kernels kernels_v3_table;
#include "vm/kernel_level_tmpl.h"
const struct kernels *const kernels_v3 = &kernels_v3_table;
#else
#include "vm/kernel.h"
const struct kernels *const kernels_v3 = NULL;
#endif
