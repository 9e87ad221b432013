/* A collector that says anything: nothing is freed that was not sent, and the loop comes to rest.
 */
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/uplink/stream.h"
#include "agent/uplink/uplink.h"
#include "tests/fuzz/stream_input.h"

enum {
    EPOCH = 7,
    BATCHES = 5,
    TURNS_MAX = 1000,
};

/* An uplink as it is just after connect(): with a socket, its HELLO on the way. */
static int start(struct umig_uplink *uplink, uint64_t now_ns)
{
    static uint8_t spool[4096];
    static const uint8_t hello[] = {8, 1};
    int fds[2];
    const struct umig_uplink_opts opts = {
        .addresses = {.count = 1, .items = {{.address = {.is_unix = true, .path = "/nowhere"}}}},
        .epoch = EPOCH,
        .spool_bytes = spool,
        .spool_size = sizeof spool,
    };
    FUZZ_CHECK(umig_uplink_init(uplink, &opts, NULL) == UMIG_OK);
    FUZZ_CHECK(umig_uplink_set_hello(uplink, hello, sizeof hello, NULL) == UMIG_OK);
    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    umig_uplink_stream_reset(uplink, now_ns);
    uplink->fd = fds[0];
    uplink->state = UMIG_UPLINK_GREETING;
    uplink->deadline_ns = now_ns + UMIG_UPLINK_DEAD_NS;
    for (int i = 0; i < BATCHES; i++) {
        FUZZ_CHECK(umig_uplink_submit(uplink, hello, sizeof hello, NULL) == UMIG_OK);
    }
    return fds[1];
}

static void run(struct umig_uplink *uplink, uint64_t now_ns)
{
    for (int turns = 0;; turns++) {
        FUZZ_CHECK(turns < TURNS_MAX);
        (void)umig_uplink_tick(uplink, now_ns);
        struct pollfd pfd = {
            .fd = umig_uplink_fd(uplink),
            .events = umig_uplink_events(uplink, now_ns),
        };
        if (pfd.fd < 0 || poll(&pfd, 1, 0) == 0) {
            break;
        }
        umig_uplink_on_ready(uplink, pfd.revents, now_ns);
    }
    FUZZ_CHECK(umig_spool_acked(&uplink->spool) <= uplink->sent_to);
    FUZZ_CHECK(uplink->sent_to <= BATCHES);
    FUZZ_CHECK(uplink->fd >= 0 || uplink->state == UMIG_UPLINK_WAITING ||
               uplink->state == UMIG_UPLINK_OVER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct umig_uplink uplink;
    static uint8_t bytes[STREAM_MAX_BYTES];
    const uint64_t now_ns = 100 * UMIG_NS_PER_S;
    const size_t len = stream_of_input(data, size, EPOCH, bytes);
    const size_t half = size > 1 ? data[1] % (len + 1) : 0;
    const int fd = start(&uplink, now_ns);
    (void)!send(fd, bytes, half, MSG_NOSIGNAL);
    run(&uplink, now_ns);
    (void)!send(fd, bytes + half, len - half, MSG_NOSIGNAL);
    run(&uplink, now_ns);
    umig_uplink_finish(&uplink, now_ns);
    run(&uplink, now_ns + UMIG_UPLINK_PING_NS);
    close(fd);
    run(&uplink, now_ns + UMIG_UPLINK_PING_NS);
    umig_uplink_fini(&uplink);
    return 0;
}
