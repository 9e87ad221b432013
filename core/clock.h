/* The clocks. Everything else takes the time as an argument. */
#ifndef UMIG_CORE_CLOCK_H
#define UMIG_CORE_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "core/units.h"

/** CLOCK_MONOTONIC in ns. Async-signal-safe. */
uint64_t umig_clock_monotonic_ns(void);

/** CLOCK_REALTIME in ns since 1970. Async-signal-safe. */
uint64_t umig_clock_unix_ns(void);

/** CPU time of the calling thread in ns. Async-signal-safe. */
uint64_t umig_clock_thread_cpu_ns(void);

/** CPU time of the process in ns. Async-signal-safe. */
uint64_t umig_clock_process_cpu_ns(void);

/**
 * The kernel's number of another thread's CPU clock (include/linux/posix-timers_types.h): the C
 * library gives it for pthread_t only, we know tids.
 */
static inline clockid_t umig_clock_id_of_thread(int tid)
{
    return (clockid_t)((~(unsigned)tid << 3) | 6u);
}

/** CPU time a thread of this process has run; 0: there is no such thread. */
uint64_t umig_clock_of_thread_ns(int tid);

#endif
