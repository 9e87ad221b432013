#include "agent/uplink/control_server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/uplink/messages.h"
#include "core/err.h"
#include "core/socket.h"

enum {
    ACCEPTS_MAX = 16, /* in one call */
    RETRY_MS = 1000 / UMIG_CONTROL_REQUEST_RATE
};

#define SPARE_NS UMIG_NS_PER_S /* between two tries to get a descriptor */

/* ---- rates ---- */

static void rate_init(struct umig_control_rate *rate, uint32_t per_second, uint64_t now_ns)
{
    *rate = (struct umig_control_rate){per_second, per_second, now_ns};
}

/* Gives back what has grown since; the remainder of a token stays in filled_ns. */
static void rate_fill(struct umig_control_rate *rate, uint64_t now_ns)
{
    const uint64_t token_ns = UMIG_NS_PER_S / rate->per_second;
    const uint64_t grown = (now_ns - rate->filled_ns) / token_ns;
    if (grown >= rate->per_second - rate->tokens) {
        rate->tokens = rate->per_second;
        rate->filled_ns = now_ns;
        return;
    }
    rate->tokens += (uint32_t)grown;
    rate->filled_ns += grown * token_ns;
}

static bool rate_take(struct umig_control_rate *rate, uint64_t now_ns)
{
    rate_fill(rate, now_ns);
    if (rate->tokens == 0) {
        return false;
    }
    rate->tokens--;
    return true;
}

static uint64_t rate_next_ns(const struct umig_control_rate *rate)
{
    return rate->filled_ns + UMIG_NS_PER_S / rate->per_second;
}

/* ---- clients ---- */

/* Another name of the socket: all that counts is that it is a descriptor. */
static void keep_spare(struct umig_control_server *server)
{
    if (server->spare_fd < 0) {
        server->spare_fd = fcntl(server->fd, F_DUPFD_CLOEXEC, 0);
    }
}

static void drop(struct umig_control_server *server, struct umig_control_client *client)
{
    if (server->taker == client) {
        server->taker = NULL;
    }
    if (client->fd >= 0) {
        close(client->fd);
        keep_spare(server);
    }
    umig_frame_reader_fini(&client->in);
    client->fd = -1;
    client->out = NULL;
}

/* Sends what the socket takes; UMIG_OK when all is out, UMIG_AGAIN, UMIG_E_IO. */
static int send_out(struct umig_control_client *client)
{
    while (client->out_sent < client->out_len) {
        const ssize_t n = send(client->fd, client->out + client->out_sent,
                               client->out_len - client->out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) {
            return errno == EAGAIN || errno == EINTR ? UMIG_AGAIN : UMIG_E_IO;
        }
        client->out_sent += (size_t)n;
    }
    return UMIG_OK;
}

/* Goes on sending; behind the last byte the client is let go or may ask again. */
static void push(struct umig_control_server *server,
                 struct umig_control_client *client,
                 uint64_t now_ns)
{
    const int rc = send_out(client);
    if (rc == UMIG_AGAIN) {
        return;
    }
    if (rc != UMIG_OK || client->is_closing) {
        drop(server, client);
        return;
    }
    if (server->taker == client) {
        server->taker = NULL;
    }
    client->out = NULL;
    client->deadline_ns = now_ns + UMIG_CONTROL_DEADLINE_NS;
}

static void begin_out(struct umig_control_server *server,
                      struct umig_control_client *client,
                      size_t len,
                      uint64_t now_ns)
{
    client->out_len = len;
    client->out_sent = 0;
    client->deadline_ns = now_ns + UMIG_CONTROL_TAKE_NS;
    push(server, client, now_ns);
}

static void refuse_until(struct umig_control_server *server,
                         struct umig_control_client *client,
                         uint32_t code,
                         const char *text,
                         uint32_t retry_after_ms,
                         uint64_t now_ns)
{
    server->refuse_count++;
    client->is_closing = true;
    client->out = client->refuse;
    begin_out(server, client,
              umig_refuse_frame(code, text, retry_after_ms, client->refuse, sizeof client->refuse),
              now_ns);
}

static void refuse(struct umig_control_server *server,
                   struct umig_control_client *client,
                   uint32_t code,
                   const char *text,
                   uint64_t now_ns)
{
    refuse_until(server, client, code, text, 0, now_ns);
}

/* ---- requests ---- */

static void reply(struct umig_control_server *server,
                  struct umig_control_client *client,
                  const struct umig_pb_writer *writer,
                  uint64_t now_ns)
{
    const struct umig_frame_header header = {.type = UMIG_FRAME_CONTROL_REPLY};
    umig_frame_encode(&header, writer->bytes, (uint32_t)writer->len, server->opts.reply_bytes);
    server->taker = client;
    client->out = server->opts.reply_bytes;
    begin_out(server, client, UMIG_FRAME_HEADER_BYTES + writer->len, now_ns);
}

static void answer(struct umig_control_server *server,
                   struct umig_control_client *client,
                   const uint8_t *payload,
                   size_t payload_bytes,
                   uint64_t now_ns)
{
    struct umig_pb_writer writer;
    struct umig_err err = UMIG_ERR_INIT;
    umig_pb_writer_init(&writer, server->opts.reply_bytes + UMIG_FRAME_HEADER_BYTES,
                        UMIG_CONTROL_REPLY_BYTES - UMIG_FRAME_HEADER_BYTES);
    server->request_count++;
    const int rc = server->opts.handle(server->opts.ctx, payload, payload_bytes, &writer, &err);
    if (rc != UMIG_OK) {
        const uint32_t code = rc == UMIG_E_LIMIT    ? UMIG_REFUSE_LIMIT
                              : rc == UMIG_E_DENIED ? UMIG_REFUSE_DENIED
                                                    : UMIG_REFUSE_PROTOCOL;
        refuse(server, client, code, err.text[0] != '\0' ? err.text : umig_status_text(rc), now_ns);
    } else if (writer.is_full) {
        refuse(server, client, UMIG_REFUSE_LIMIT, "the reply is larger than 256 KiB", now_ns);
    } else {
        reply(server, client, &writer, now_ns);
    }
}

static void on_frame(struct umig_control_server *server,
                     struct umig_control_client *client,
                     const struct umig_frame_header *header,
                     const uint8_t *payload,
                     uint64_t now_ns)
{
    if (header->type != UMIG_FRAME_CONTROL_REQUEST) {
        char text[96];
        snprintf(text, sizeof text, "a frame of type %u; an agent takes control requests (%d)",
                 header->type, UMIG_FRAME_CONTROL_REQUEST);
        refuse(server, client, UMIG_REFUSE_PROTOCOL, text, now_ns);
    } else if (!rate_take(&server->requests, now_ns)) {
        refuse_until(server, client, UMIG_REFUSE_LIMIT, "more than 50 requests within a second",
                     RETRY_MS, now_ns);
    } else {
        answer(server, client, payload, header->payload_bytes, now_ns);
    }
}

/* May this client be served now? Not while somebody takes a reply; the socket's buffer waits. */
static bool is_idle(const struct umig_control_server *server,
                    const struct umig_control_client *client)
{
    return client->fd >= 0 && client->out == NULL && server->taker == NULL;
}

/* Answers what is whole in the buffer, one after the other; the rate bounds how many. */
static void take_requests(struct umig_control_server *server,
                          struct umig_control_client *client,
                          uint64_t now_ns)
{
    int rc = UMIG_OK;
    while (rc == UMIG_OK && is_idle(server, client)) {
        struct umig_frame_header header;
        const uint8_t *payload = NULL;
        struct umig_err err = UMIG_ERR_INIT;
        rc = umig_frame_reader_next(&client->in, &header, &payload, &err);
        if (rc == UMIG_OK) {
            on_frame(server, client, &header, payload, now_ns);
        } else if (rc != UMIG_AGAIN) {
            refuse(server, client, UMIG_REFUSE_PROTOCOL, err.text, now_ns);
        }
    }
}

static void read_request(struct umig_control_server *server,
                         struct umig_control_client *client,
                         uint64_t now_ns)
{
    size_t room = 0;
    uint8_t *space = umig_frame_reader_space(&client->in, &room);
    if (space == NULL) {
        drop(server, client);
        return;
    }
    const ssize_t n = recv(client->fd, space, room, MSG_DONTWAIT);
    if (n > 0) {
        umig_frame_reader_filled(&client->in, (size_t)n);
        take_requests(server, client, now_ns);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        drop(server, client);
    }
}

static void serve(struct umig_control_server *server,
                  struct umig_control_client *client,
                  short revents,
                  uint64_t now_ns)
{
    if (client->fd < 0 || revents == 0) {
        return;
    }
    if (client->out != NULL) {
        push(server, client, now_ns);
        return;
    }
    if (is_idle(server, client)) {
        read_request(server, client, now_ns);
    } else if ((revents & (POLLHUP | POLLERR)) != 0) {
        drop(server, client); /* gone while it waited for its turn */
    }
}

/* ---- connections ---- */

static struct umig_control_client *free_client(struct umig_control_server *server)
{
    for (size_t i = 0; i < UMIG_CONTROL_CLIENT_MAX; i++) {
        if (server->clients[i].fd < 0) {
            return &server->clients[i];
        }
    }
    return NULL;
}

static bool is_allowed(int fd, struct umig_err *err)
{
    struct umig_peer peer;
    if (umig_socket_peer(fd, &peer, err) != UMIG_OK) {
        return false;
    }
    if (peer.uid == 0 || peer.uid == geteuid()) {
        return true;
    }
    (void)umig_err_set(err, UMIG_E_DENIED, "user %u may not command a JVM of user %u", peer.uid,
                       geteuid());
    return false;
}

/* There is no client to keep the refusal in: a fresh socket takes it at once, or it is lost. */
static void refuse_crowd(struct umig_control_server *server, int fd)
{
    uint8_t frame[UMIG_REFUSE_FRAME_BYTES];
    const size_t len = umig_refuse_frame(UMIG_REFUSE_LIMIT, "8 commands are connected already",
                                         RETRY_MS, frame, sizeof frame);
    server->refuse_count++;
    (void)send(fd, frame, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(fd);
}

/* Has neither asked nor been answered for a while, and nothing of it waits to be read. */
static bool is_silent(const struct umig_control_server *server,
                      const struct umig_control_client *client,
                      uint64_t now_ns)
{
    char byte = 0;
    return is_idle(server, client) &&
           now_ns + UMIG_CONTROL_DEADLINE_NS >= client->deadline_ns + UMIG_CONTROL_SILENT_NS &&
           recv(client->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
}

/* Hangs up on who is silent for longest, so that a command that has something to ask is heard. */
static struct umig_control_client *make_room(struct umig_control_server *server, uint64_t now_ns)
{
    struct umig_control_client *longest = NULL;
    for (size_t i = 0; i < UMIG_CONTROL_CLIENT_MAX; i++) {
        struct umig_control_client *client = &server->clients[i];
        if ((longest == NULL || client->deadline_ns < longest->deadline_ns) &&
            is_silent(server, client, now_ns)) {
            longest = client;
        }
    }
    if (longest != NULL) {
        refuse_until(server, longest, UMIG_REFUSE_LIMIT,
                     "8 commands were connected, this one asked nothing: it made room for another",
                     RETRY_MS, now_ns);
    }
    return free_client(server);
}

static void admit(struct umig_control_server *server, int fd, uint64_t now_ns)
{
    struct umig_control_client *client = free_client(server);
    client = client != NULL ? client : make_room(server, now_ns);
    if (client == NULL) {
        refuse_crowd(server, fd);
        return;
    }
    client->fd = fd;
    client->is_closing = false;
    client->deadline_ns = now_ns + UMIG_CONTROL_DEADLINE_NS;
    umig_frame_reader_init(&client->in, UMIG_FRAME_MAX_SMALL_BYTES);
    struct umig_err err = UMIG_ERR_INIT;
    if (!is_allowed(fd, &err)) {
        refuse(server, client, UMIG_REFUSE_DENIED, err.text, now_ns);
    }
}

static int accept_one(struct umig_control_server *server)
{
    int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && errno == EMFILE && server->spare_fd >= 0) {
        close(server->spare_fd);
        server->spare_fd = -1;
        fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    }
    return fd;
}

static void accept_all(struct umig_control_server *server, uint64_t now_ns)
{
    for (int i = 0; i < ACCEPTS_MAX && rate_take(&server->accepts, now_ns); i++) {
        const int fd = accept_one(server);
        if (fd < 0) {
            return; /* EAGAIN, or one that is gone already; out of descriptors: when one is back */
        }
        admit(server, fd, now_ns);
    }
}

/* ---- the owner's side ---- */

static bool is_ours(const struct umig_control_server *server)
{
    return server->fd >= 0 && server->pid == getpid();
}

static int listen_on(struct umig_control_server *server, const char *path, struct umig_err *err)
{
    struct umig_address address = {.is_unix = true};
    if (path[0] != '/') {
        return umig_err_set(err, UMIG_E_ARG, "the control socket '%.120s' must begin with '/'",
                            path);
    }
    if (strlen(path) >= sizeof address.path) {
        return umig_err_set(err, UMIG_E_ARG,
                            "the control socket '%.60s...' has a path of %zu bytes (at most %zu)",
                            path, strlen(path), sizeof address.path - 1);
    }
    snprintf(address.path, sizeof address.path, "%s", path);
    snprintf(server->path, sizeof server->path, "%s", path);
    return umig_err_trace(err, umig_socket_listen(&address, 0600, &server->fd, err));
}

int umig_control_server_open(struct umig_control_server *server,
                             const struct umig_control_opts *opts,
                             uint64_t now_ns,
                             struct umig_err *err)
{
    memset(server, 0, sizeof *server);
    server->opts = *opts;
    server->fd = -1;
    server->spare_fd = -1;
    server->pid = getpid();
    for (size_t i = 0; i < UMIG_CONTROL_CLIENT_MAX; i++) {
        server->clients[i].fd = -1;
    }
    rate_init(&server->requests, UMIG_CONTROL_REQUEST_RATE, now_ns);
    rate_init(&server->accepts, UMIG_CONTROL_ACCEPT_RATE, now_ns);
    const int rc = listen_on(server, opts->path, err);
    struct stat st;
    if (rc == UMIG_OK) {
        keep_spare(server);
    }
    if (rc == UMIG_OK && lstat(server->path, &st) == 0) {
        server->device = st.st_dev;
        server->inode = st.st_ino;
    }
    return umig_err_trace(err, rc);
}

/* Somebody may have put another socket in our place: only ours goes. */
static void remove_socket(const struct umig_control_server *server)
{
    struct stat st;
    if (lstat(server->path, &st) == 0 && st.st_dev == server->device &&
        st.st_ino == server->inode) {
        (void)unlink(server->path);
    }
}

void umig_control_server_close(struct umig_control_server *server)
{
    if (server->fd < 0) {
        return;
    }
    if (is_ours(server)) {
        remove_socket(server);
    }
    for (size_t i = 0; i < UMIG_CONTROL_CLIENT_MAX; i++) {
        drop(server, &server->clients[i]);
    }
    if (server->spare_fd >= 0) {
        close(server->spare_fd);
    }
    close(server->fd);
    server->spare_fd = -1;
    server->fd = -1;
}

size_t umig_control_server_poll(const struct umig_control_server *server,
                                struct pollfd out_fds[UMIG_CONTROL_POLL_MAX])
{
    size_t count = 0;
    if (!is_ours(server)) {
        return 0;
    }
    for (size_t i = 0; i < UMIG_CONTROL_CLIENT_MAX; i++) {
        const struct umig_control_client *client = &server->clients[i];
        if (client->fd < 0) {
            continue;
        }
        const short events = client->out != NULL ? POLLOUT : is_idle(server, client) ? POLLIN : 0;
        out_fds[count++] = (struct pollfd){.fd = client->fd, .events = events};
    }
    if (server->accepts.tokens > 0 && server->spare_fd >= 0) {
        out_fds[count++] = (struct pollfd){.fd = server->fd, .events = POLLIN};
    }
    return count;
}

static struct umig_control_client *client_of(struct umig_control_server *server, int fd)
{
    for (size_t i = 0; i < UMIG_CONTROL_CLIENT_MAX; i++) {
        if (server->clients[i].fd == fd) {
            return &server->clients[i];
        }
    }
    return NULL;
}

/* Requests that came while somebody took a reply are already read: nothing would poll for them. */
static void take_waiting(struct umig_control_server *server, uint64_t now_ns)
{
    for (size_t i = 0; i < UMIG_CONTROL_CLIENT_MAX && server->taker == NULL; i++) {
        take_requests(server, &server->clients[i], now_ns);
    }
}

void umig_control_server_on_ready(struct umig_control_server *server,
                                  const struct pollfd *fds,
                                  size_t count,
                                  uint64_t now_ns)
{
    if (!is_ours(server)) {
        return;
    }
    bool has_newcomers = false;
    for (size_t i = 0; i < count; i++) {
        if (fds[i].fd == server->fd) {
            has_newcomers = fds[i].revents != 0;
            continue;
        }
        struct umig_control_client *client = client_of(server, fds[i].fd);
        if (client != NULL) {
            serve(server, client, fds[i].revents, now_ns);
        }
    }
    take_waiting(server, now_ns);
    /* Last, so that no new client has the number of one that polled. */
    if (has_newcomers) {
        accept_all(server, now_ns);
    }
}

uint64_t umig_control_server_tick(struct umig_control_server *server, uint64_t now_ns)
{
    uint64_t next = UINT64_MAX;
    if (!is_ours(server)) {
        return next;
    }
    for (size_t i = 0; i < UMIG_CONTROL_CLIENT_MAX; i++) {
        struct umig_control_client *client = &server->clients[i];
        if (client->fd >= 0 && now_ns >= client->deadline_ns) {
            drop(server, client);
        }
        if (client->fd >= 0 && client->deadline_ns < next) {
            next = client->deadline_ns;
        }
    }
    take_waiting(server, now_ns);
    keep_spare(server);
    if (server->spare_fd < 0 && now_ns + SPARE_NS < next) {
        next = now_ns + SPARE_NS;
    }
    rate_fill(&server->accepts, now_ns);
    if (server->accepts.tokens == 0 && rate_next_ns(&server->accepts) < next) {
        next = rate_next_ns(&server->accepts);
    }
    return next;
}
