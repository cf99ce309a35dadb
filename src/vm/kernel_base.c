/* kernel_base.c - the kernels for every machine of the target. */
#define KERNELS kernels_base
#define KERNELS_NAME "base"
#include "vm/kernel_level_tmpl.h"
