/* An agent's status for a person and for a program. */
#ifndef UMIG_CLI_STATUS_TEXT_H
#define UMIG_CLI_STATUS_TEXT_H

#include <stdbool.h>

#include "cli/agent_client.h"
#include "core/buf.h"
#include "core/json.h"

/** Appends an agent's status as lines of text. */
void umig_agent_status_text(const struct umig_target *target, bool has_color, struct umig_buf *out);

/** Writes an agent's status as an object of an array; its failures only if they are wanted. */
void umig_agent_status_json(const struct umig_target *target,
                            bool wants_failures,
                            struct umig_json *json);

#endif
