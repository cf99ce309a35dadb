/* ram.h - how much memory the machine has for this process. */
#ifndef STOA_BASE_RAM_H
#define STOA_BASE_RAM_H

#include <stddef.h>

/* Bytes of main memory, or what the process's control groups allow if that is less; 0: the system
 * does not tell. Asked once, then remembered. */
size_t ram_bytes(void);

#endif
