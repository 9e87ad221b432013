/* What the kernel's scheduler tells of another thread of this process, by /proc: some microseconds.
 */
#ifndef UMIG_AGENT_VM_SCHED_H
#define UMIG_AGENT_VM_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "include/umig/attr.h"

/** Is the thread on a processor, or waiting for one? */
bool umig_sched_is_running(int tid);

/**
 * How long the thread has waited for a processor in its life.
 *
 * @param out_ns  a wait that goes on is not in it yet
 * @return false: the kernel does not say, or there is no such thread
 */
UMIG_NODISCARD bool umig_sched_delay_ns(int tid, uint64_t *out_ns);

#endif
