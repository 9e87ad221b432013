/* The agent's own price, whom it is charged to, and what is done about it. */
#ifndef UMIG_AGENT_COST_H
#define UMIG_AGENT_COST_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/agent.h"

/**
 * Does a piece of the loop's work and charges the CPU that it takes to a kind; uncharged while no
 * session asks for that. Work that drains rings charges itself (umig_pump_charge()), and must not
 * be in it.
 *
 * Thread: the loop.
 */
void umig_agent_charge(struct umig_agent *agent,
                       enum umig_kind kind,
                       void (*work)(struct umig_agent *agent, uint64_t now_ns),
                       uint64_t now_ns);

/**
 * Takes the budget that holds now: what a session that runs says, else what the agent was loaded
 * with. Another one begins anew, with nothing slowed and all saved. Thread: the loop.
 *
 * @return true: it is another one
 */
bool umig_agent_choose_budget(struct umig_agent *agent);

/** Feeds the budget what was measured last; what it decides is done, and said. Thread: the loop. */
void umig_agent_keep_budget(struct umig_agent *agent);

#endif
