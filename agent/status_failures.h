/* The walks that failed, in an agent's status. */
#ifndef UMIG_AGENT_STATUS_FAILURES_H
#define UMIG_AGENT_STATUS_FAILURES_H

#include <stdint.h>

#include "agent/signal/handler.h"
#include "wire/codec.h"

/** The same moment on both clocks. */
struct umig_status_now {
    uint64_t monotonic_ns;
    uint64_t unix_ns;
};

/**
 * Writes a WalkFailure message for each row of evidence, the newest first. Rows that a handler is
 * writing are left out, and the oldest where the room ends: the writer is not full because of them.
 *
 * @param field  a repeated WalkFailure
 *
 * Thread: any; takes the mutex of the thread table. Signal: never.
 */
void umig_status_failures_write(struct umig_sampler *sampler,
                                struct umig_status_now now,
                                struct umig_pb_writer *writer,
                                uint32_t field);

#endif
