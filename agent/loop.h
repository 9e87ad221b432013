/*
 * The loop of the agent's thread: a tick takes from the JVM what it gives and writes it into
 * batches, a turn waits for time or sockets and serves them. Sessions begin and end in it.
 */
#ifndef UMIG_AGENT_LOOP_H
#define UMIG_AGENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/agent.h"

/** Ticks and turns until the agent is told to stop. Thread: the loop. */
void umig_agent_loop(struct umig_agent *agent);

/**
 * Waits for sockets until the deadline (CLOCK_MONOTONIC, UINT64_MAX: none of the caller's) and
 * serves what is ready, a bounded amount. Thread: the loop.
 */
void umig_agent_turn(struct umig_agent *agent, uint64_t deadline_ns);

/** Is there a session, running or with its end still to be sent? Thread: the loop. */
bool umig_agent_has_sessions(const struct umig_agent *agent);

#endif
