/* What sampling needs before its first sample: signals, memory by the user's bound. */
#ifndef UMIG_AGENT_SAMPLER_SETUP_H
#define UMIG_AGENT_SAMPLER_SETUP_H

#include <stdint.h>

#include "agent/agent.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/**
 * A size that goes with the bound of the agent's memory: halved as often as the bound is below
 * 32 MiB, so that a power of two stays one.
 *
 * @param at_reference  the size at 32 MiB and above
 */
uint32_t umig_agent_scaled(const struct umig_agent *agent, uint32_t at_reference);

/**
 * Makes the sampler ready: taken when the first session asks for stacks, kept for good. As long as
 * it cannot be had it is asked for again in every tick: another profiler may leave.
 *
 * @return UMIG_OK, also when it is ready already; UMIG_E_UNSUPPORTED: this JVM's stacks cannot be
 *         read; UMIG_E_BUSY: another library has the signals; UMIG_E_NOMEM: for good
 *
 * Thread: the loop.
 */
UMIG_NODISCARD int umig_agent_prepare_sampler(struct umig_agent *agent, struct umig_err *err);

#endif
