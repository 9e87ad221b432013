/*
 * What keeps sampling from harming the JVM while it goes on: the budget of caught faults and its
 * steps (agent/breaker.h), and whether timers' signals and walks' faults still come to us.
 */
#ifndef UMIG_AGENT_SAFETY_H
#define UMIG_AGENT_SAFETY_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/agent.h"

/**
 * Looks at all of it; cheap, so in every tick. What changes is in the log, in the status and in the
 * profile of every session that samples stacks.
 *
 * @return true if something is to be reconciled
 *
 * Thread: the loop.
 */
bool umig_safety_check(struct umig_agent *agent, uint64_t now_ns);

/** May native frames be taken? Thread: the loop. */
bool umig_safety_allows_native(const struct umig_agent *agent);

/** What is off for safety's sake, in words; "" when nothing is. Thread: the loop. */
const char *umig_safety_lack(const struct umig_agent *agent);

#endif
