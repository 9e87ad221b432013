/* The clocks. Everything else takes the time as an argument. */
#ifndef UMIG_CORE_CLOCK_H
#define UMIG_CORE_CLOCK_H

#include <stdint.h>

#include "core/units.h"

/** CLOCK_MONOTONIC in ns. Async-signal-safe. */
uint64_t umig_clock_monotonic_ns(void);

/** CLOCK_REALTIME in ns since 1970. Async-signal-safe. */
uint64_t umig_clock_unix_ns(void);

/** CPU time of the calling thread in ns. Async-signal-safe. */
uint64_t umig_clock_thread_cpu_ns(void);

/** CPU time of the process in ns. Async-signal-safe. */
uint64_t umig_clock_process_cpu_ns(void);

#endif
