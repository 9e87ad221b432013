/*
 * The walks that an agent lost, for who mends the walker: where each sample was taken and where its
 * walk was lost, with registers, code and stack.
 */
#ifndef UMIG_CLI_FAILURES_H
#define UMIG_CLI_FAILURES_H

#include <stdbool.h>

#include "cli/agent_client.h"
#include "core/buf.h"
#include "core/json.h"

/** Appends an agent's failures as text, the newest first; "no walk has failed" if there are none.
 */
void umig_agent_failures_text(const struct umig_target *target,
                              bool has_color,
                              struct umig_buf *out);

/**
 * Writes an agent's failures as the array "failures" of an object, the newest first. Addresses and
 * code are hexadecimal texts: JSON's numbers end at 2^53 with many readers.
 */
void umig_agent_failures_json(const Umig__V1__AgentStatus *agent, struct umig_json *json);

#endif
