/* Stream sockets: addresses as people write them, listening, dialling, and who is at the other end.
 */
#ifndef UMIG_CORE_SOCKET_H
#define UMIG_CORE_SOCKET_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/parse.h"
#include "core/places.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Longest address text, NUL included: "unix:" and a path, or "tcp:" host ":" port. */
#define UMIG_ADDRESS_BYTES 280

/** "unix:PATH" or "tcp:HOST:PORT" taken apart. */
struct umig_address {
    bool is_unix;
    char path[UMIG_SOCKET_PATH_BYTES]; /* unix */
    char host[256];                    /* tcp: a name or a number, no brackets */
    uint16_t port;                     /* tcp; 0 only where the system may choose */
};

/**
 * Reads an address to listen on; port 0 lets the system choose.
 *
 * @return UMIG_OK, or UMIG_E_ARG saying what form is right
 */
UMIG_NODISCARD int umig_address_parse(struct umig_span text,
                                      struct umig_address *out_address,
                                      struct umig_err *err);

/** Reads an address to connect to: as umig_address_parse(), but port 0 is nobody's. */
UMIG_NODISCARD int umig_address_parse_peer(struct umig_span text,
                                           struct umig_address *out_address,
                                           struct umig_err *err);

/** Writes an address as it is read. */
void umig_address_format(const struct umig_address *address, char out[UMIG_ADDRESS_BYTES]);

/**
 * Listens. A unix path that nobody answers on is taken over; one that somebody answers on is
 * UMIG_E_BUSY, anything but a socket there is UMIG_E_ARG. The socket is non-blocking,
 * close-on-exec.
 *
 * @param mode     access mode of a unix socket, 0600 or 0666
 * @param out_fd   close it with close(); unlink a unix path before
 * @return UMIG_OK, UMIG_E_BUSY, UMIG_E_IO, UMIG_E_ARG, UMIG_E_DENIED
 */
UMIG_NODISCARD int umig_socket_listen(const struct umig_address *address,
                                      mode_t mode,
                                      int *out_fd,
                                      struct umig_err *err);

/**
 * Dials. Unix sockets and numeric hosts do not block longer than timeout_ms; looking a host name up
 * may.
 *
 * @param timeout_ms  above 0
 * @param out_fd      non-blocking, close-on-exec, TCP_NODELAY
 * @return UMIG_OK, UMIG_E_IO with the errno as cause (ECONNREFUSED, ENOENT, ETIMEDOUT, EACCES ...)
 */
UMIG_NODISCARD int umig_socket_dial(const struct umig_address *address,
                                    int timeout_ms,
                                    int *out_fd,
                                    struct umig_err *err);

/** Port a listening TCP socket got. 0 for another socket. */
uint16_t umig_socket_port(int fd);

/**
 * getaddrinfo(), but "localhost" is 127.0.0.1 where neither a hosts file nor a server knows it
 * (RFC 6761, 6.3): containers and small installations have no hosts file.
 */
int umig_socket_look_up(const char *host,
                        const char *port,
                        const struct addrinfo *hints,
                        struct addrinfo **out_list);

struct umig_peer {
    bool is_known; /* false over TCP */
    uid_t uid;
    gid_t gid;
    pid_t pid; /* when it connected; informational */
};

/** Who is at the other end, as the kernel says. */
UMIG_NODISCARD int umig_socket_peer(int fd, struct umig_peer *out_peer, struct umig_err *err);

/**
 * Sends or receives everything within a time, for callers that may block (the command, tests).
 * MSG_NOSIGNAL. UMIG_OK, UMIG_END (recv: the peer closed before the first byte), UMIG_E_IO.
 */
UMIG_NODISCARD int umig_socket_send_all(int fd,
                                        const void *bytes,
                                        size_t byte_count,
                                        int timeout_ms,
                                        struct umig_err *err);

/** As umig_socket_send_all(). */
UMIG_NODISCARD int umig_socket_recv_all(int fd,
                                        void *bytes,
                                        size_t byte_count,
                                        int timeout_ms,
                                        struct umig_err *err);

#endif
