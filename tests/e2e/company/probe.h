/* What a child process says of itself. Linked into a program and into the library that forks. */
#ifndef UMIG_TESTS_E2E_COMPANY_PROBE_H
#define UMIG_TESTS_E2E_COMPANY_PROBE_H

#include <stddef.h>

/**
 * Computes for 40 ms of CPU, in which a timer that was left would tick, and then writes
 *
 *   {"files": "TARGET;TARGET;", "timers": N, "SigPnd": MASK, "ShdPnd": , "SigBlk": , "SigIgn": }
 *
 * with the targets of its descriptors from 3 on, its POSIX timers (-1: the kernel does not tell)
 * and its masks as texts of hexadecimal digits. No memory is allocated: it may run after fork().
 *
 * @return length of the text
 */
size_t probe_write(char *out, size_t room);

#endif
