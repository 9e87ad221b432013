#include "core/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/err.h"

enum {
    BACKLOG = 128
};

static int parse_unix(struct umig_span path, struct umig_address *out, struct umig_err *err)
{
    if (path.len == 0 || path.at[0] != '/') {
        return umig_err_set(err, UMIG_E_ARG, "'unix:%.*s': the path must begin with '/'",
                            (int)(path.len < 80 ? path.len : 80), path.at == NULL ? "" : path.at);
    }
    if (path.len >= sizeof out->path) {
        return umig_err_set(err, UMIG_E_ARG,
                            "the socket path is %zu bytes long (at most %zu): %.*s", path.len,
                            sizeof out->path - 1, (int)path.len, path.at);
    }
    out->is_unix = true;
    memcpy(out->path, path.at, path.len);
    out->path[path.len] = '\0';
    return UMIG_OK;
}

static int parse_tcp(struct umig_span text,
                     bool is_peer,
                     struct umig_address *out,
                     struct umig_err *err)
{
    size_t colon = text.len;
    while (colon > 0 && text.at[colon - 1] != ':') {
        colon--;
    }
    uint64_t port = 0;
    struct umig_span host = {.at = text.at, .len = colon > 0 ? colon - 1 : 0};
    const struct umig_span port_text = {.at = text.at + colon, .len = text.len - colon};
    if (host.len >= 2 && host.at[0] == '[' && host.at[host.len - 1] == ']') {
        host.at++;
        host.len -= 2;
    }
    if (colon == 0 || host.len == 0 || host.len >= sizeof out->host ||
        umig_parse_number(port_text, &port, NULL) != UMIG_OK || port > 65535) {
        return umig_err_set(
            err, UMIG_E_ARG, "'tcp:%.*s' is not an address; write tcp:HOST:PORT, PORT 1 to 65535%s",
            (int)(text.len < 80 ? text.len : 80), text.at, is_peer ? "" : ", or 0 for a free one");
    }
    out->is_unix = false;
    memcpy(out->host, host.at, host.len);
    out->host[host.len] = '\0';
    out->port = (uint16_t)port;
    return UMIG_OK;
}

static int parse(struct umig_span text,
                 bool is_peer,
                 struct umig_address *out_address,
                 struct umig_err *err)
{
    struct umig_address address = {0};
    int rc = UMIG_OK;
    if (text.len > 5 && memcmp(text.at, "unix:", 5) == 0) {
        rc = parse_unix((struct umig_span){text.at + 5, text.len - 5}, &address, err);
    } else if (text.len > 4 && memcmp(text.at, "tcp:", 4) == 0) {
        rc = parse_tcp((struct umig_span){text.at + 4, text.len - 4}, is_peer, &address, err);
    } else {
        rc = umig_err_set(err, UMIG_E_ARG,
                          "'%.*s' is not an address; write unix:/PATH or tcp:HOST:PORT",
                          (int)(text.len < 80 ? text.len : 80), text.at == NULL ? "" : text.at);
    }
    if (rc == UMIG_OK) {
        *out_address = address;
    }
    return rc;
}

int umig_address_parse(struct umig_span text,
                       struct umig_address *out_address,
                       struct umig_err *err)
{
    return umig_err_trace(err, parse(text, false, out_address, err));
}

int umig_address_parse_peer(struct umig_span text,
                            struct umig_address *out_address,
                            struct umig_err *err)
{
    struct umig_address address;
    const int rc = parse(text, true, &address, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (!address.is_unix && address.port == 0) {
        return umig_err_set(err, UMIG_E_ARG,
                            "'tcp:%s:0': nobody can be reached at port 0; write "
                            "tcp:HOST:PORT, PORT 1 to 65535",
                            address.host);
    }
    *out_address = address;
    return UMIG_OK;
}

void umig_address_format(const struct umig_address *address, char out[UMIG_ADDRESS_BYTES])
{
    if (address->is_unix) {
        snprintf(out, UMIG_ADDRESS_BYTES, "unix:%s", address->path);
    } else if (strchr(address->host, ':') != NULL) {
        snprintf(out, UMIG_ADDRESS_BYTES, "tcp:[%s]:%u", address->host, address->port);
    } else {
        snprintf(out, UMIG_ADDRESS_BYTES, "tcp:%s:%u", address->host, address->port);
    }
}

static struct sockaddr_un unix_address(const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
    return un;
}

/* Who listens at the other end, as the kernel noted it; 0: a process that is not seen from here. */
static pid_t listener_of(int fd)
{
    struct umig_peer peer;
    return umig_socket_peer(fd, &peer, NULL) == UMIG_OK && peer.is_known ? peer.pid : 0;
}

/* Clears the way for bind(): a socket nobody answers on is left over from a dead process. */
static int take_over_path(const char *path, struct umig_err *err)
{
    struct stat st;
    if (lstat(path, &st) != 0) {
        return UMIG_OK; /* nothing there, or bind() will say why not */
    }
    if (!S_ISSOCK(st.st_mode)) {
        return umig_err_set(err, UMIG_E_ARG, "%s exists and is not a socket", path);
    }
    struct umig_address address = {.is_unix = true};
    snprintf(address.path, sizeof address.path, "%s", path);
    int fd = -1;
    struct umig_err dial_err = UMIG_ERR_INIT;
    if (umig_socket_dial(&address, 1000, &fd, &dial_err) == UMIG_OK) {
        const pid_t pid = listener_of(fd);
        close(fd);
        return pid > 0 ? umig_err_set(err, UMIG_E_BUSY, "somebody else listens on %s (pid %d)",
                                      path, (int)pid)
                       : umig_err_set(err, UMIG_E_BUSY, "somebody else listens on %s", path);
    }
    if (dial_err.cause != ECONNREFUSED) {
        return umig_err_set_cause(err, UMIG_E_BUSY, dial_err.cause, "%s is taken: %s", path,
                                  umig_errno_text(dial_err.cause));
    }
    if (unlink(path) != 0 && errno != ENOENT) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "cannot remove the dead socket %s: %s",
                                  path, umig_errno_text(errno));
    }
    return UMIG_OK;
}

static int listen_unix(const char *path, mode_t mode, int *out_fd, struct umig_err *err)
{
    int rc = take_over_path(path, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "socket: %s", umig_errno_text(errno));
    }
    /* fchmod before bind gives the path its mode at birth: no moment of a wider one. */
    const struct sockaddr_un un = unix_address(path);
    if (fchmod(fd, mode) != 0 || bind(fd, (const struct sockaddr *)&un, sizeof un) != 0 ||
        chmod(path, mode) != 0 || listen(fd, BACKLOG) != 0) {
        const int cause = errno;
        close(fd);
        return umig_err_set_cause(err, cause == EADDRINUSE ? UMIG_E_BUSY : UMIG_E_IO, cause,
                                  "cannot listen on %s: %s", path, umig_errno_text(cause));
    }
    *out_fd = fd;
    return UMIG_OK;
}

int umig_socket_look_up(const char *host,
                        const char *port,
                        const struct addrinfo *hints,
                        struct addrinfo **out_list)
{
    const int gai = getaddrinfo(host, port, hints, out_list);
    const bool is_number = (hints->ai_flags & AI_NUMERICHOST) != 0;
    return gai != 0 && !is_number && strcasecmp(host, "localhost") == 0
               ? getaddrinfo("127.0.0.1", port, hints, out_list)
               : gai;
}

/* Looks a TCP address up; the caller frees the list. */
static int resolve(const struct umig_address *address,
                   int flags,
                   struct addrinfo **out_list,
                   struct umig_err *err)
{
    char port[8];
    snprintf(port, sizeof port, "%u", address->port);
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = flags | AI_NUMERICSERV,
    };
    const int gai = umig_socket_look_up(address->host, port, &hints, out_list);
    if (gai != 0) {
        return umig_err_set(err, UMIG_E_IO, "cannot look up the host '%s': %s", address->host,
                            gai_strerror(gai));
    }
    return UMIG_OK;
}

static int listen_tcp(const struct umig_address *address, int *out_fd, struct umig_err *err)
{
    struct addrinfo *list = NULL;
    int rc = resolve(address, AI_PASSIVE, &list, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    const int one = 1;
    const int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, list->ai_addr, list->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        const int cause = errno;
        if (fd >= 0) {
            close(fd);
        }
        rc = umig_err_set_cause(err, cause == EADDRINUSE ? UMIG_E_BUSY : UMIG_E_IO, cause,
                                "cannot listen on %s port %u: %s", address->host, address->port,
                                umig_errno_text(cause));
    } else {
        *out_fd = fd;
    }
    freeaddrinfo(list);
    return rc;
}

int umig_socket_listen(const struct umig_address *address,
                       mode_t mode,
                       int *out_fd,
                       struct umig_err *err)
{
    if (address->is_unix) {
        return listen_unix(address->path, mode, out_fd, err);
    }
    return listen_tcp(address, out_fd, err);
}

/* Waits until the socket can be used; 0, or the errno. */
static int wait_ready(int fd, short events, uint64_t deadline_ns)
{
    for (;;) {
        const uint64_t now = umig_clock_monotonic_ns();
        if (now >= deadline_ns) {
            return ETIMEDOUT;
        }
        struct pollfd pfd = {.fd = fd, .events = events};
        const int ready = poll(&pfd, 1, (int)((deadline_ns - now) / UMIG_NS_PER_MS) + 1);
        if (ready > 0) {
            return 0;
        }
        if (ready < 0 && errno != EINTR) {
            return errno;
        }
    }
}

static uint64_t deadline_after(int timeout_ms)
{
    return umig_clock_monotonic_ns() + (uint64_t)timeout_ms * UMIG_NS_PER_MS;
}

/* Connects one socket; 0, or the errno. */
static int connect_within(int fd, const struct sockaddr *to, socklen_t to_len, int timeout_ms)
{
    if (connect(fd, to, to_len) == 0) {
        return 0;
    }
    if (errno != EINPROGRESS) {
        return errno; /* EAGAIN: the backlog of a unix socket is full */
    }
    int cause = wait_ready(fd, POLLOUT, deadline_after(timeout_ms));
    socklen_t len = sizeof cause;
    if (cause == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &len) != 0) {
        cause = errno;
    }
    return cause;
}

static int dial_one(int family,
                    const struct sockaddr *to,
                    socklen_t to_len,
                    int timeout_ms,
                    int *out_cause)
{
    const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        *out_cause = errno;
        return -1;
    }
    *out_cause = connect_within(fd, to, to_len, timeout_ms);
    if (*out_cause != 0) {
        close(fd);
        return -1;
    }
    if (family != AF_UNIX) {
        const int one = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    return fd;
}

int umig_socket_dial(const struct umig_address *address,
                     int timeout_ms,
                     int *out_fd,
                     struct umig_err *err)
{
    int fd = -1;
    int cause = 0;
    if (address->is_unix) {
        const struct sockaddr_un un = unix_address(address->path);
        fd = dial_one(AF_UNIX, (const struct sockaddr *)&un, sizeof un, timeout_ms, &cause);
    } else {
        struct addrinfo *list = NULL;
        const int rc = resolve(address, 0, &list, err);
        if (rc != UMIG_OK) {
            return umig_err_trace(err, rc);
        }
        for (struct addrinfo *it = list; it != NULL && fd < 0; it = it->ai_next) {
            fd = dial_one(it->ai_family, it->ai_addr, it->ai_addrlen, timeout_ms, &cause);
        }
        freeaddrinfo(list);
    }
    if (fd < 0) {
        char text[UMIG_ADDRESS_BYTES];
        umig_address_format(address, text);
        return umig_err_set_cause(err, UMIG_E_IO, cause, "cannot connect to %s: %s", text,
                                  umig_errno_text(cause));
    }
    *out_fd = fd;
    return UMIG_OK;
}

uint16_t umig_socket_port(int fd)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
        return 0;
    }
    uint16_t port = 0;
    if (at.ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &at, sizeof in);
        port = ntohs(in.sin_port);
    } else if (at.ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, &at, sizeof in6);
        port = ntohs(in6.sin6_port);
    }
    return port;
}

int umig_socket_peer(int fd, struct umig_peer *out_peer, struct umig_err *err)
{
    struct sockaddr_storage at;
    socklen_t at_len = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &at_len) != 0) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "getsockname: %s", umig_errno_text(errno));
    }
    if (at.ss_family != AF_UNIX) {
        *out_peer = (struct umig_peer){.is_known = false};
        return UMIG_OK;
    }
    struct ucred cred;
    socklen_t len = sizeof cred;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "SO_PEERCRED: %s", umig_errno_text(errno));
    }
    *out_peer = (struct umig_peer){
        .is_known = true,
        .uid = cred.uid,
        .gid = cred.gid,
        .pid = cred.pid,
    };
    return UMIG_OK;
}

int umig_socket_send_all(int fd,
                         const void *bytes,
                         size_t byte_count,
                         int timeout_ms,
                         struct umig_err *err)
{
    const uint64_t deadline = deadline_after(timeout_ms);
    const char *at = bytes;
    while (byte_count > 0) {
        const ssize_t n = send(fd, at, byte_count, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            at += n;
            byte_count -= (size_t)n;
            continue;
        }
        int cause = errno;
        if (n < 0 && (cause == EAGAIN || cause == EINTR)) {
            cause = wait_ready(fd, POLLOUT, deadline);
        }
        if (cause != 0) {
            return umig_err_set_cause(err, UMIG_E_IO, cause, "cannot send: %s",
                                      umig_errno_text(cause));
        }
    }
    return UMIG_OK;
}

int umig_socket_recv_all(int fd,
                         void *bytes,
                         size_t byte_count,
                         int timeout_ms,
                         struct umig_err *err)
{
    const uint64_t deadline = deadline_after(timeout_ms);
    size_t have = 0;
    while (have < byte_count) {
        const ssize_t n = recv(fd, (char *)bytes + have, byte_count - have, MSG_DONTWAIT);
        if (n > 0) {
            have += (size_t)n;
            continue;
        }
        if (n == 0 && have == 0) {
            return UMIG_END;
        }
        int cause = n == 0 ? ECONNRESET : errno;
        if (n < 0 && (cause == EAGAIN || cause == EINTR)) {
            cause = wait_ready(fd, POLLIN, deadline);
        }
        if (cause != 0) {
            return umig_err_set_cause(err, UMIG_E_IO, cause, "cannot receive: %s",
                                      umig_errno_text(cause));
        }
    }
    return UMIG_OK;
}
