/*
 * The agent's control socket: small requests from commands of the same user or root, one reply
 * each. Driven by the owner's poll loop; never waits, never allocates more than 4 KiB for each of
 * at most UMIG_CONTROL_CLIENT_MAX clients.
 *
 * A connection carries requests one after the other. Each must arrive whole, and its reply be
 * taken, within UMIG_CONTROL_DEADLINE_NS. There is one buffer for replies: while a client takes
 * its reply the requests of others wait, UMIG_CONTROL_TAKE_NS at most. When all places are taken,
 * who has asked nothing for UMIG_CONTROL_SILENT_NS makes room for who comes.
 *
 * A JVM that has run out of descriptors is one to be looked at: one is kept for that, so that one
 * command at a time is answered.
 */
#ifndef UMIG_AGENT_UPLINK_CONTROL_SERVER_H
#define UMIG_AGENT_UPLINK_CONTROL_SERVER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/places.h"
#include "core/units.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"
#include "wire/codec.h"
#include "wire/frame.h"

#define UMIG_CONTROL_CLIENT_MAX  8
#define UMIG_CONTROL_POLL_MAX    (UMIG_CONTROL_CLIENT_MAX + 1)
#define UMIG_CONTROL_REPLY_BYTES (256u * 1024u + UMIG_FRAME_HEADER_BYTES)
#define UMIG_CONTROL_DEADLINE_NS (5 * UMIG_NS_PER_S)
#define UMIG_CONTROL_TAKE_NS     (1 * UMIG_NS_PER_S)
#define UMIG_CONTROL_SILENT_NS   (250 * UMIG_NS_PER_MS)

/** Requests a second, and connections a second, over all clients. */
#define UMIG_CONTROL_REQUEST_RATE 50
#define UMIG_CONTROL_ACCEPT_RATE  100

/**
 * Answers one request.
 *
 * @param payload  the encoded ControlRequest, at most UMIG_FRAME_MAX_SMALL_BYTES
 * @param reply    takes the encoded ControlReply
 * @return UMIG_OK; UMIG_E_PROTO or another failure is sent as a Refuse with the text of err
 */
typedef int umig_control_handle(void *ctx,
                                const uint8_t *payload,
                                size_t payload_bytes,
                                struct umig_pb_writer *reply,
                                struct umig_err *err);

struct umig_control_opts {
    const char *path; /* of the socket */
    umig_control_handle *handle;
    void *ctx;            /* for handle; borrowed */
    uint8_t *reply_bytes; /* UMIG_CONTROL_REPLY_BYTES of memory that outlive the server */
    size_t reply_room;
};

/** A number of things a second, with as many in reserve. */
struct umig_control_rate {
    uint32_t per_second;
    uint32_t tokens;
    uint64_t filled_ns;
};

struct umig_control_client {
    int fd; /* -1: free */
    struct umig_frame_reader in;
    uint64_t deadline_ns;
    uint8_t refuse[320];
    const uint8_t *out; /* what is being sent: the reply buffer or refuse; NULL: nothing */
    size_t out_len;
    size_t out_sent;
    bool is_closing; /* once out is sent */
};

/** Fields are the server's own. */
struct umig_control_server {
    struct umig_control_opts opts;
    int fd;       /* -1: not listening */
    int spare_fd; /* given up for a command when the process has no other left; -1: it is */
    pid_t pid;
    char path[UMIG_SOCKET_PATH_BYTES];
    dev_t device; /* of the socket file, so that only ours is removed */
    ino_t inode;
    struct umig_control_client clients[UMIG_CONTROL_CLIENT_MAX];
    struct umig_control_client *taker; /* whose reply is in the reply buffer */
    struct umig_control_rate requests;
    struct umig_control_rate accepts;
    uint64_t request_count;
    uint64_t refuse_count;
};

/**
 * Listens on opts->path, mode 0600. A socket there that nobody answers on is replaced.
 *
 * @return UMIG_OK; UMIG_E_ARG (the path is too long or no socket), UMIG_E_BUSY (somebody listens
 *         there), UMIG_E_IO, UMIG_E_DENIED, each naming the path: the agent goes on without
 *
 * Thread: all functions of a server are for one thread.
 */
UMIG_NODISCARD int umig_control_server_open(struct umig_control_server *server,
                                            const struct umig_control_opts *opts,
                                            uint64_t now_ns,
                                            struct umig_err *err);

/** Hangs up, removes the socket (not in a forked child), frees. Also after a failed open. */
void umig_control_server_close(struct umig_control_server *server);

/**
 * Fills in what to poll.
 *
 * @return how many entries of out_fds were filled
 */
size_t umig_control_server_poll(const struct umig_control_server *server,
                                struct pollfd out_fds[UMIG_CONTROL_POLL_MAX]);

/** Serves what poll() found ready; bounded work. The entries are those just filled in. */
void umig_control_server_on_ready(struct umig_control_server *server,
                                  const struct pollfd *fds,
                                  size_t count,
                                  uint64_t now_ns);

/** Hangs up on who was too slow. Returns when to call again at the latest; UINT64_MAX: never. */
uint64_t umig_control_server_tick(struct umig_control_server *server, uint64_t now_ns);

#endif
