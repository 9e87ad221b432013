/* Any bytes at the control socket: each is answered or hung up on, and the loop comes to rest. */
#include <sys/socket.h>
#include <unistd.h>

#include "agent/uplink/control_server.h"
#include "tests/fuzz/stream_input.h"

enum {
    TURNS_MAX = 1000
};

static uint8_t g_reply[UMIG_CONTROL_REPLY_BYTES];

/* Reads the request as the agent does, and replies as many bytes as its first number says. */
static int handle(void *ctx,
                  const uint8_t *payload,
                  size_t payload_bytes,
                  struct umig_pb_writer *reply,
                  struct umig_err *err)
{
    static const uint8_t zeros[1000];
    struct umig_pb_reader reader;
    struct umig_pb_field field;
    (void)ctx;
    umig_pb_reader_init(&reader, payload, payload_bytes);
    int rc = UMIG_OK;
    while ((rc = umig_pb_next(&reader, &field, err)) == UMIG_OK) {
        for (uint64_t i = 0; field.type == UMIG_PB_VARINT && i < field.value % 512; i++) {
            umig_pb_bytes(reply, 1, zeros, sizeof zeros);
        }
    }
    return rc == UMIG_END ? UMIG_OK : rc;
}

static struct umig_control_server *start(uint64_t now_ns)
{
    static struct umig_control_server server;
    static char path[64];
    if (path[0] == '\0') {
        snprintf(path, sizeof path, "/tmp/umig-fuzz-%d.sock", (int)getpid());
        const struct umig_control_opts opts = {
            .path = path,
            .handle = handle,
            .reply_bytes = g_reply,
            .reply_room = sizeof g_reply,
        };
        FUZZ_CHECK(umig_control_server_open(&server, &opts, now_ns, NULL) == UMIG_OK);
        unlink(path);
    }
    return &server;
}

static int connect_pair(struct umig_control_server *server, uint64_t now_ns)
{
    int fds[2];
    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    struct umig_control_client *client = &server->clients[0];
    FUZZ_CHECK(client->fd == -1);
    client->fd = fds[0];
    client->is_closing = false;
    client->deadline_ns = now_ns + UMIG_CONTROL_DEADLINE_NS;
    umig_frame_reader_init(&client->in, UMIG_FRAME_MAX_SMALL_BYTES);
    return fds[1];
}

static void run(struct umig_control_server *server, int fd, uint64_t now_ns)
{
    static uint8_t sink[65536];
    for (int turns = 0;; turns++) {
        struct pollfd fds[UMIG_CONTROL_POLL_MAX];
        FUZZ_CHECK(turns < TURNS_MAX);
        (void)umig_control_server_tick(server, now_ns);
        const size_t count = umig_control_server_poll(server, fds);
        const int ready = poll(fds, count, 0);
        umig_control_server_on_ready(server, fds, count, now_ns);
        if (recv(fd, sink, sizeof sink, 0) <= 0 && ready == 0) {
            return;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint64_t now_ns = UMIG_NS_PER_S;
    static uint8_t bytes[STREAM_MAX_BYTES];
    struct umig_control_server *server = start(now_ns);
    const size_t len = stream_of_input(data, size, 0, bytes);
    now_ns += 2 * UMIG_NS_PER_S; /* the rates are full again */
    const int fd = connect_pair(server, now_ns);
    (void)!send(fd, bytes, len, MSG_NOSIGNAL);
    run(server, fd, now_ns);
    close(fd);
    run(server, -1, now_ns);
    FUZZ_CHECK(server->clients[0].fd == -1 && server->taker == NULL);
    return 0;
}
