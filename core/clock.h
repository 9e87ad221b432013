/* The clocks, and units of time. Everything else takes the time as an argument. */
#ifndef UMIG_CORE_CLOCK_H
#define UMIG_CORE_CLOCK_H

#include <stdint.h>

#define UMIG_NS_PER_US UINT64_C(1000)
#define UMIG_NS_PER_MS UINT64_C(1000000)
#define UMIG_NS_PER_S  UINT64_C(1000000000)

/** CLOCK_MONOTONIC in ns. Async-signal-safe. */
uint64_t umig_clock_monotonic_ns(void);

/** CLOCK_REALTIME in ns since 1970. Async-signal-safe. */
uint64_t umig_clock_unix_ns(void);

/** CPU time of the calling thread in ns. Async-signal-safe. */
uint64_t umig_clock_thread_cpu_ns(void);

/** CPU time of the process in ns. Async-signal-safe. */
uint64_t umig_clock_process_cpu_ns(void);

#endif
