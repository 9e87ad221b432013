/*
 * What a session is told of the agent's own cost, over its time: a second apart, or the thirtieth
 * part of what it has lasted, ten seconds at most. It counts from the session's start; of one that
 * waited for a condition, by kind from when that held.
 *
 * The native loop's alone.
 */
#ifndef UMIG_AGENT_SESSION_SESSION_COST_H
#define UMIG_AGENT_SESSION_SESSION_COST_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/session/cost.h"
#include "agent/session/session.h"
#include "wire/codec.h"

/** What the agent has taken up to now was before the session, or before it is begun anew. */
void umig_session_begin_cost(struct umig_session *session, const struct umig_cost *cost);

/** Is it to be told the cost, as measured last? Once more when it is over. */
bool umig_session_is_cost_due(const struct umig_session *session,
                              const struct umig_cost *cost,
                              bool is_over);

/** Writes a Cost message in a field of the open message. */
void umig_session_write_cost(const struct umig_session *session,
                             const struct umig_cost *cost,
                             struct umig_pb_writer *writer,
                             uint32_t field);

#endif
