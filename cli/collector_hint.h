/* How to read what was measured: 'umig report' has to ask the collector that the agents send to. */
#ifndef UMIG_CLI_COLLECTOR_HINT_H
#define UMIG_CLI_COLLECTOR_HINT_H

#include "cli/agent_client.h"
#include "core/buf.h"
#include "core/places.h"

/**
 * Appends a sentence that names the command, with --collector where the caller would find another
 * collector by itself, or none: "Read it with 'umig report load-7 --collector tcp:10.0.0.7:7070'."
 *
 * @param id  of the one session; "ID": each of them has its own; "#N": they have one, and each is
 *            read by its number
 */
void umig_collector_hint(const struct umig_places *places,
                         const struct umig_target_list *targets,
                         const char *id,
                         struct umig_buf *out);

#endif
