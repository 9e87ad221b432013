/*
 * Looks a host name up without holding up the caller. getaddrinfo() may take half a minute, and
 * the thread that needs the address also serves the control socket; so a detached thread with all
 * signals blocked does it, and whoever comes last frees the result.
 */
#ifndef UMIG_AGENT_UPLINK_RESOLVE_H
#define UMIG_AGENT_UPLINK_RESOLVE_H

#include <stddef.h>
#include <sys/socket.h>

#include "core/socket.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** A look-up under way or done. */
struct umig_resolve;

#define UMIG_RESOLVE_MAX 4

/** Where to connect(), in the order to try: a name may have an IPv6 and an IPv4 address. */
struct umig_resolve_result {
    struct {
        struct sockaddr_storage address;
        socklen_t len;
    } items[UMIG_RESOLVE_MAX];
    size_t count;
};

/**
 * Starts to look a TCP address up.
 *
 * @param out_resolve  release it with umig_resolve_drop()
 * @return UMIG_OK, UMIG_E_NOMEM, or UMIG_E_IO when no thread could be made
 */
UMIG_NODISCARD int umig_resolve_start(const struct umig_address *address,
                                      struct umig_resolve **out_resolve,
                                      struct umig_err *err);

/** UMIG_OK with what was found, UMIG_AGAIN while it looks, UMIG_E_IO: there is none. */
UMIG_NODISCARD int umig_resolve_poll(struct umig_resolve *resolve,
                                     struct umig_resolve_result *out_result,
                                     struct umig_err *err);

/** Gives the look-up up or its result back; NULL is fine. Returns NULL. */
struct umig_resolve *umig_resolve_drop(struct umig_resolve *resolve);

/** An address that is a number needs no look-up. UMIG_OK, or UMIG_NOT_FOUND: it is a name. */
UMIG_NODISCARD int umig_resolve_numeric(const struct umig_address *address,
                                        struct umig_resolve_result *out_result);

#endif
