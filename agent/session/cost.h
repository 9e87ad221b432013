/*
 * What the agent itself takes of the machine, by what it takes it for. The loop measures it
 * (agent/cost.h), batches tell it to each session (the wire's Cost).
 */
#ifndef UMIG_AGENT_SESSION_COST_H
#define UMIG_AGENT_SESSION_COST_H

#include <stdint.h>

#include "include/umig/kinds.h"

/** Since the agent was loaded, of all sessions together. */
struct umig_cost {
    uint64_t time_ns; /* when it was measured, CLOCK_MONOTONIC; 0: never */
    /* CPU time by kind; under 0 what serves them all, such as sending. */
    uint64_t kind_cpu_ns[UMIG_KIND_COUNT];
    uint64_t agent_cpu_ns; /* their sum */
    uint64_t process_cpu_ns;
    uint64_t agent_memory_bytes; /* resident, now */

    /* The budget it is held against. */
    uint32_t budget_ppm; /* millionths of CPU (agent/budget.h); 0: there is none */
    uint64_t budget_memory_bytes;
    uint32_t divisors[UMIG_KIND_COUNT]; /* a kind is taken so many times more rarely; 0 is 1 */
};

#endif
