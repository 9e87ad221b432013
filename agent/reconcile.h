/*
 * What sessions want against what is armed: the JVM (agent/vm), the threads' timers and the gate of
 * the handler follow from the sessions and from nothing else.
 */
#ifndef UMIG_AGENT_RECONCILE_H
#define UMIG_AGENT_RECONCILE_H

#include <stdint.h>

#include "agent/agent.h"
#include "core/err.h"

/**
 * Brings the JVM, the timers and the gate in line with the sessions. What cannot be had is said
 * once, in the log and in the status, and asked for again by the next call.
 *
 * Thread: the loop. Shutting the gate waits for handlers, 200 ms at most.
 */
void umig_agent_reconcile(struct umig_agent *agent);

/** Keeps memory for the kinds that no session asks for yet; once. Thread: before the loop. */
void umig_agent_keep_memory(struct umig_agent *agent);

/** Keeps a problem for the status, and logs it when it is another one. Thread: the loop. */
void umig_agent_say_problem(struct umig_agent *agent, const struct umig_err *err);

/** The clock CPU samples are taken by, now or when the JVM is ready for them. Thread: the loop. */
enum umig_clock umig_agent_choose_clock(struct umig_agent *agent);

/**
 * Looks after what sessions live on: faults and signals (agent/safety.h), the threads' clocks, and
 * the JVM's log, without which pauses are told by counters.
 *
 * Thread: the loop.
 */
void umig_agent_check_sources(struct umig_agent *agent, uint64_t now_ns);

/** Why no thread can be looked at for kind wall, or "". */
const char *umig_agent_wall_lack(const struct umig_agent *agent);

/** Says in the profiles of sessions of kind wall what they do not get. Thread: the loop. */
void umig_agent_tell_wall_lack(struct umig_agent *agent, const char *lack);

/** Says in them how often threads were looked at, if it is less than asked for. Thread: the loop.
 */
void umig_agent_tell_wall(struct umig_agent *agent, uint64_t now_ns);

#endif
