/*
 * A perf event of one thread (perf_event_open(2)): after every period on a CPU the kernel writes
 * down where in the kernel the thread was, if it was there, and sends the thread a signal.
 *
 * PERF_COUNT_SW_CPU_CLOCK: virtual machines have no hardware events. Against the threads' own
 * clocks it is exact within 0.7 %; PERF_COUNT_SW_TASK_CLOCK within 1.0 %.
 */
#ifndef UMIG_AGENT_VM_PERF_EVENT_H
#define UMIG_AGENT_VM_PERF_EVENT_H

#include <stdint.h>

#include "agent/signal/perf_ring.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/**
 * Opens a stopped event of a thread of this process, with its ring and its signal.
 *
 * A real-time signal is refused: where its queue is full the kernel would send SIGIO in its place
 * (send_sigio_to_task() in fs/fcntl.c), whose default action ends the process.
 *
 * @param period_ns  until the first tick, and between ticks
 * @param out_ring   its fd and map are set
 * @return UMIG_OK; UMIG_NOT_FOUND: the thread is gone; UMIG_E_UNSUPPORTED: it is not allowed, the
 *         text says why and what would help; UMIG_E_LIMIT: no descriptor or no memory left for it
 */
UMIG_NODISCARD int umig_perf_event_open(int tid,
                                        uint64_t period_ns,
                                        int signo,
                                        struct umig_perf_ring *out_ring,
                                        struct umig_err *err);

/** Lets it tick. */
void umig_perf_event_start(const struct umig_perf_ring *ring);

/** Has it tick at another period from now on. */
void umig_perf_event_set_period(const struct umig_perf_ring *ring, uint64_t period_ns);

/** Stops it, also where a child of fork() has the descriptor. */
void umig_perf_event_stop(const struct umig_perf_ring *ring);

/** Closes it. No handler may be reading the map any more. */
void umig_perf_event_close(int fd, void *map);

/** Can threads of this process have such events? As umig_perf_event_open(). */
UMIG_NODISCARD int umig_perf_event_check(int signo, struct umig_err *err);

#endif
