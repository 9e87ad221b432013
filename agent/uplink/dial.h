/* Where a collector may be, and connecting there without waiting. */
#ifndef UMIG_AGENT_UPLINK_DIAL_H
#define UMIG_AGENT_UPLINK_DIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/options.h"
#include "agent/uplink/resolve.h"
#include "core/places.h"
#include "core/socket.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

#define UMIG_UPLINK_ADDRESS_MAX 2

/** Where a collector may be, and who may answer there (unix sockets). */
struct umig_uplink_address {
    struct umig_address address;
    bool is_root_only; /* else root and our own user */
};

struct umig_uplink_addresses {
    struct umig_uplink_address items[UMIG_UPLINK_ADDRESS_MAX];
    size_t count;
};

/**
 * Lists where to look: the collector of the options alone, else the user's, else the host's. The
 * host's is left out when UMIG_RUNTIME_DIR points elsewhere (core/places.h).
 *
 * @return UMIG_OK or UMIG_E_ARG (a path that is too long)
 */
UMIG_NODISCARD int umig_uplink_addresses_from(const struct umig_agent_options *options,
                                              const struct umig_places *places,
                                              struct umig_uplink_addresses *out_addresses,
                                              struct umig_err *err);

/**
 * Says where an address is without looking anything up.
 *
 * @return UMIG_OK, or UMIG_NOT_FOUND: its host is a name
 */
UMIG_NODISCARD int umig_dial_where(const struct umig_address *address,
                                   struct umig_resolve_result *out_where);

/**
 * Begins to connect.
 *
 * @param where   what umig_dial_where() or a look-up gave
 * @param index   which of them
 * @param out_fd    non-blocking, close-on-exec
 * @return UMIG_OK: connected; UMIG_AGAIN: under way, POLLOUT will say; UMIG_E_IO, no descriptor
 */
UMIG_NODISCARD int umig_dial_start(const struct umig_address *address,
                                   const struct umig_resolve_result *where,
                                   size_t index,
                                   int *out_fd,
                                   struct umig_err *err);

/** Did connect() succeed, after POLLOUT? UMIG_OK or UMIG_E_IO. */
UMIG_NODISCARD int umig_dial_finish(int fd,
                                    const struct umig_address *address,
                                    struct umig_err *err);

/**
 * May the process that listens there have our data? Over TCP that is not known, and yes.
 *
 * @return UMIG_OK, UMIG_E_DENIED naming the user, UMIG_E_IO
 */
UMIG_NODISCARD int umig_dial_check_peer(int fd,
                                        const struct umig_uplink_address *address,
                                        struct umig_err *err);

#endif
