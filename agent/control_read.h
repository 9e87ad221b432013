/* Requests of the control socket, as they are read. */
#ifndef UMIG_AGENT_CONTROL_READ_H
#define UMIG_AGENT_CONTROL_READ_H

#include <stddef.h>
#include <stdint.h>

#include "agent/plans.h"
#include "agent/search_task.h"
#include "agent/session/session.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

struct umig_request {
    uint64_t verb;
    struct umig_session_spec spec; /* start */
    struct umig_schedule schedule; /* start */
    char stop_id[UMIG_NAME_BYTES]; /* stop; "" all that commands started */
    struct umig_search_request search;
};

/**
 * Reads a ControlRequest.
 *
 * @param out_request  on failure of no use
 * @return UMIG_OK; UMIG_E_PROTO: it is none; UMIG_E_ARG, UMIG_E_LIMIT: what it asks for is wrong
 */
UMIG_NODISCARD int umig_request_read(const uint8_t *payload,
                                     size_t payload_bytes,
                                     struct umig_request *out_request,
                                     struct umig_err *err);

#endif
