#include "core/clock.h"

#include <time.h>

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0) {
        return 0;
    }
    return (uint64_t)now.tv_sec * UMIG_NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t umig_clock_monotonic_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t umig_clock_unix_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

uint64_t umig_clock_thread_cpu_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t umig_clock_of_thread_ns(int tid)
{
    return read_clock(umig_clock_id_of_thread(tid));
}

uint64_t umig_clock_process_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}
