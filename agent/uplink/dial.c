#include "agent/uplink/dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/err.h"

int umig_uplink_addresses_from(const struct umig_agent_options *options,
                               const struct umig_places *places,
                               struct umig_uplink_addresses *out_addresses,
                               struct umig_err *err)
{
    struct umig_uplink_addresses addresses = {.count = 1};
    struct umig_address *first = &addresses.items[0].address;
    if (options->has_collector) {
        *first = options->collector;
        *out_addresses = addresses;
        return UMIG_OK;
    }
    first->is_unix = true;
    const int rc = umig_places_collector_socket(places, first->path, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (!places->is_runtime_dir_given) {
        struct umig_uplink_address *host = &addresses.items[addresses.count++];
        host->is_root_only = true;
        host->address.is_unix = true;
        snprintf(host->address.path, sizeof host->address.path, "%s", UMIG_HOST_COLLECTOR_PATH);
    }
    *out_addresses = addresses;
    return UMIG_OK;
}

static int cannot_connect(const struct umig_address *address, int cause, struct umig_err *err)
{
    char text[UMIG_ADDRESS_BYTES];
    umig_address_format(address, text);
    return umig_err_set_cause(err, UMIG_E_IO, cause, "cannot connect to %.160s: %s", text,
                              umig_errno_text(cause));
}

int umig_dial_where(const struct umig_address *address, struct umig_resolve_result *out_where)
{
    if (!address->is_unix) {
        return umig_resolve_numeric(address, out_where);
    }
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    snprintf(un.sun_path, sizeof un.sun_path, "%s", address->path);
    *out_where = (struct umig_resolve_result){.count = 1};
    memcpy(&out_where->items[0].address, &un, sizeof un);
    out_where->items[0].len = sizeof un;
    return UMIG_OK;
}

int umig_dial_start(const struct umig_address *address,
                    const struct umig_resolve_result *where,
                    size_t index,
                    int *out_fd,
                    struct umig_err *err)
{
    const struct sockaddr *to = (const struct sockaddr *)&where->items[index].address;
    const int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return cannot_connect(address, errno, err);
    }
    if (!address->is_unix) {
        const int one = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    int rc = UMIG_OK;
    if (connect(fd, to, where->items[index].len) != 0) {
        /* EAGAIN is a unix socket whose backlog is full: there is nothing to wait on. */
        rc = errno == EINPROGRESS ? UMIG_AGAIN : cannot_connect(address, errno, err);
    }
    if (rc < 0) {
        close(fd);
        return rc;
    }
    *out_fd = fd;
    return rc;
}

int umig_dial_finish(int fd, const struct umig_address *address, struct umig_err *err)
{
    int cause = 0;
    socklen_t len = sizeof cause;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &len) != 0) {
        cause = errno;
    }
    return cause == 0 ? UMIG_OK : cannot_connect(address, cause, err);
}

int umig_dial_check_peer(int fd, const struct umig_uplink_address *address, struct umig_err *err)
{
    struct umig_peer peer;
    const int rc = umig_socket_peer(fd, &peer, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (!peer.is_known || peer.uid == 0 || (!address->is_root_only && peer.uid == geteuid())) {
        return UMIG_OK;
    }
    return umig_err_set(
        err, UMIG_E_DENIED, "user %u listens on %s; a collector there must be run by root%s",
        peer.uid, address->address.path, address->is_root_only ? "" : " or by the user of the JVM");
}
