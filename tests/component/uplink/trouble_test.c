/* Collectors that are away, refuse, or are somebody else. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/component/uplink/peer.h"

static void test_backoff_doubles_from_100_ms_to_10_s_with_jitter(void **state)
{
    struct peer *peer = *state;
    uint64_t want = UMIG_UPLINK_BACKOFF_MIN_NS;
    bool has_jitter = false;
    for (int i = 0; i < 12; i++) {
        const uint64_t due = umig_uplink_tick(&peer->uplink, peer->now_ns);
        const uint64_t delay = due - peer->now_ns;
        assert_in_range(delay, want - want / 5, want + want / 5);
        has_jitter = has_jitter || delay != want;
        assert_int_equal(umig_uplink_tick(&peer->uplink, due - 1), due); /* no attempt before */
        peer->now_ns = due;
        want = want * 2 < UMIG_UPLINK_BACKOFF_MAX_NS ? want * 2 : UMIG_UPLINK_BACKOFF_MAX_NS;
    }
    assert_true(has_jitter);
    assert_non_null(strstr(peer_status(peer).problem, "collector.sock: No such file"));
    peer_listen(peer);
    peer_pass(peer, UMIG_UPLINK_BACKOFF_MAX_NS * 2);
    peer_welcome(peer, 0);
    assert_string_equal(peer_status(peer).problem, "");
    peer_pass(peer, 1);
    peer->now_ns += 11 * UMIG_NS_PER_S;
    peer_stop(peer);
    peer_pump(peer); /* a settled connection broke: the delay is short again */
    assert_in_range(umig_uplink_tick(&peer->uplink, peer->now_ns) - peer->now_ns, 1,
                    UMIG_UPLINK_BACKOFF_MIN_NS * 12 / 10);
}

static void test_collector_that_hangs_up_at_once_is_not_dialled_ten_times_a_second(void **state)
{
    struct peer *peer = *state;
    peer_listen(peer);
    int connections = 0;
    const uint64_t end_ns = peer->now_ns + 10 * UMIG_NS_PER_S;
    while (peer->now_ns < end_ns) {
        peer_welcome(peer, 0);
        connections++;
        peer_hang_up(peer);
        peer_pump(peer);
        peer->now_ns = umig_uplink_tick(&peer->uplink, peer->now_ns);
    }
    assert_in_range(connections, 5, 9);
}

static void test_refuse_with_a_retry_rests_then_sends_again(void **state)
{
    struct peer *peer = *state;
    uint8_t payload[128];
    peer_listen(peer);
    peer_welcome(peer, 0);
    peer_submit(peer, 100);
    peer_submit(peer, 100);
    peer_expect_batches(peer, 1, 2);
    peer_send(peer, UMIG_FRAME_ACK, 1, NULL, 0);
    const size_t len = peer_refuse_payload(payload, 4, "the disk is full", 500);

    peer_send(peer, UMIG_FRAME_REFUSE, 0, payload, len);

    peer_submit(peer, 100);
    peer_expect_nothing(peer);
    assert_true(peer_status(peer).is_connected);
    assert_string_equal(peer_status(peer).problem, "the collector waits: the disk is full");
    assert_int_equal(umig_uplink_tick(&peer->uplink, peer->now_ns),
                     peer->now_ns + 500 * UMIG_NS_PER_MS);
    peer_pass(peer, 499 * UMIG_NS_PER_MS);
    peer_expect_nothing(peer);
    peer_pass(peer, UMIG_NS_PER_MS);
    peer_expect_batches(peer, 2, 3);
    peer_send(peer, UMIG_FRAME_ACK, 3, NULL, 0);
    assert_string_equal(peer_status(peer).problem, "");
    assert_int_equal(peer_status(peer).resent_count, 1);
    assert_int_equal(peer_status(peer).refuse_count, 1);
}

/* A batch half sent when the refusal comes must be whole before it is sent again. */
static void test_refuse_amid_a_batch_ends_it_before_it_begins_again(void **state)
{
    struct peer *peer = *state;
    uint8_t payload[128];
    peer_listen(peer);
    peer_welcome(peer, 0);
    peer_submit(peer, UMIG_FRAME_MAX_BYTES);
    const size_t len = peer_refuse_payload(payload, 4, "full", 1000);

    peer_send(peer, UMIG_FRAME_REFUSE, 0, payload, len);

    peer_expect_batches(peer, 1, 1);
    peer_expect_nothing(peer);
    peer_pass(peer, UMIG_NS_PER_S);
    peer_expect_batches(peer, 1, 1);
}

static void test_refuse_for_good_hangs_up_and_waits_long(void **state)
{
    struct peer *peer = *state;
    uint8_t payload[128];
    peer_listen(peer);
    peer_welcome(peer, 0);
    peer_submit(peer, 100);
    peer_expect_batches(peer, 1, 1);
    const size_t len = peer_refuse_payload(payload, 1, "bad\nbatch\x1b", 0);

    peer_send(peer, UMIG_FRAME_REFUSE, 0, payload, len);

    peer_expect_closed(peer);
    assert_string_equal(peer_status(peer).problem, "the collector refused (code 1): bad\xE2\x90\x8A"
                                                   "batch\xE2\x90\x9B");
    assert_int_equal(peer_status(peer).unacked_batches, 1);
    const uint64_t due = umig_uplink_tick(&peer->uplink, peer->now_ns);
    assert_in_range(due - peer->now_ns, UMIG_UPLINK_BACKOFF_MAX_NS * 8 / 10,
                    UMIG_UPLINK_BACKOFF_MAX_NS * 12 / 10);
    peer_hang_up(peer);
    peer->now_ns = due;
    peer_welcome(peer, 1);
    assert_int_equal(peer_status(peer).unacked_batches, 0);
}

static void test_refused_hello_is_said_again_when_asked_to(void **state)
{
    struct peer *peer = *state;
    uint8_t payload[128];
    peer_listen(peer);
    peer_accept(peer);
    (void)peer_expect(peer, UMIG_FRAME_HELLO, NULL);
    const size_t len = peer_refuse_payload(payload, 5, "too many agents", 3000);

    peer_send(peer, UMIG_FRAME_REFUSE, 0, payload, len);

    peer_expect_closed(peer);
    assert_int_equal(umig_uplink_tick(&peer->uplink, peer->now_ns),
                     peer->now_ns + 3 * UMIG_NS_PER_S);
    peer_hang_up(peer);
    peer_pass(peer, 3 * UMIG_NS_PER_S);
    peer_welcome(peer, 0);
}

/* A collector with new data does not have what the dictionaries of the rest refer to. */
static void test_stream_the_collector_does_not_have_goes_on_as_a_new_one(void **state)
{
    struct peer *peer = *state;
    uint8_t payload[128];
    peer_listen(peer);
    peer_welcome(peer, 0);
    peer_submit(peer, 100);
    peer_submit(peer, 100);
    peer_expect_batches(peer, 1, 2);
    peer_send(peer, UMIG_FRAME_ACK, 1, NULL, 0);
    peer_hang_up(peer);
    peer_pass(peer, UMIG_NS_PER_S);
    peer_accept(peer);
    const size_t len = peer_refuse_payload(payload, 6, "go on with a new epoch", 0);
    peer_send(peer, UMIG_FRAME_REFUSE, 0, payload, len);
    assert_true(peer_status(peer).is_stream_unknown);
    peer_hang_up(peer);

    const uint64_t discarded = umig_uplink_begin_epoch(&peer->uplink, PEER_EPOCH, peer->now_ns);

    assert_int_equal(discarded, 1);
    assert_int_equal(peer_status(peer).unacked_batches, 0);
    peer_submit(peer, 100);
    peer_welcome(peer, 0); /* at once: the long delay was for the old stream */
    peer_expect_batches(peer, 1, 1);
    assert_false(peer_status(peer).is_stream_unknown);
    assert_int_equal(peer_status(peer).resent_count, 0);
}

/* An endless delay would lose the session as surely as a refusal. */
static void test_retry_is_a_minute_at_most(void **state)
{
    struct peer *peer = *state;
    uint8_t payload[128];
    peer_listen(peer);
    peer_accept(peer);
    const size_t len = peer_refuse_payload(payload, 5, "", UINT32_MAX);
    peer_send(peer, UMIG_FRAME_REFUSE, 0, payload, len);
    assert_int_equal(umig_uplink_tick(&peer->uplink, peer->now_ns),
                     peer->now_ns + UMIG_UPLINK_RETRY_MAX_NS);
}

static void test_second_address_is_tried_at_once(void **state)
{
    struct peer *peer = *state;
    struct umig_uplink_addresses addresses = peer->addresses;
    addresses.count = 2;
    addresses.items[1] = addresses.items[0];
    snprintf(addresses.items[0].address.path, sizeof addresses.items[0].address.path,
             "%s/nobody.sock", peer->dir);
    peer_use_addresses(peer, &addresses);
    struct umig_address second = addresses.items[1].address;
    assert_int_equal(umig_socket_listen(&second, 0600, &peer->listen_fd, NULL), UMIG_OK);

    peer_welcome(peer, 0);

    assert_true(peer_status(peer).is_connected);
    assert_non_null(strstr(peer_status(peer).address, "collector.sock"));
    peer_stop(peer);
    peer_pass(peer, UMIG_NS_PER_S);
    assert_non_null(strstr(peer_status(peer).problem, "nobody.sock")); /* the first, again */
}

static void test_addresses_come_from_the_options_or_the_places(void **state)
{
    (void)state;
    struct umig_agent_options options = {0};
    struct umig_places places = {.runtime_dir = "/tmp/umig-7"};
    struct umig_uplink_addresses addresses;

    assert_int_equal(umig_uplink_addresses_from(&options, &places, &addresses, NULL), UMIG_OK);
    assert_int_equal(addresses.count, 2);
    assert_string_equal(addresses.items[0].address.path, "/tmp/umig-7/collector.sock");
    assert_false(addresses.items[0].is_root_only);
    assert_string_equal(addresses.items[1].address.path, UMIG_HOST_COLLECTOR_PATH);
    assert_true(addresses.items[1].is_root_only);
    places.is_runtime_dir_given = true;
    assert_int_equal(umig_uplink_addresses_from(&options, &places, &addresses, NULL), UMIG_OK);
    assert_int_equal(addresses.count, 1);
    assert_int_equal(umig_options_parse("collector=tcp:h:1", &options, NULL), UMIG_OK);
    places.is_runtime_dir_given = false;
    assert_int_equal(umig_uplink_addresses_from(&options, &places, &addresses, NULL), UMIG_OK);
    assert_int_equal(addresses.count, 1);
    assert_string_equal(addresses.items[0].address.host, "h");
}

/* A listener of user 65534 on the path; its process ends when the returned descriptor is closed. */
static pid_t start_stranger(const char *path, int *out_fd)
{
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    int hold[2];
    assert_int_equal(pipe(hold), 0);
    const pid_t child = fork();
    if (child == 0) {
        struct umig_address address = {.is_unix = true};
        snprintf(address.path, sizeof address.path, "%s", path);
        int fd = -1;
        close(hold[1]);
        const bool is_up = setgid(65534) == 0 && setuid(65534) == 0 &&
                           umig_socket_listen(&address, 0666, &fd, NULL) == UMIG_OK;
        char byte = is_up ? 'y' : 'n';
        (void)!write(ready[1], &byte, 1);
        (void)!read(hold[0], &byte, 1);
        _exit(0);
    }
    close(hold[0]);
    close(ready[1]);
    char byte = 'n';
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    assert_int_equal(byte, 'y');
    *out_fd = hold[1];
    return child;
}

static void test_collector_of_another_user_gets_nothing(void **state)
{
    struct peer *peer = *state;
    if (geteuid() != 0) {
        skip(); /* only root can be somebody else */
    }
    assert_int_equal(chmod(peer->dir, 0777), 0);
    fflush(NULL);
    int hold = -1;
    const pid_t child = start_stranger(peer->addresses.items[0].address.path, &hold);

    peer_pump(peer);

    assert_int_equal(peer_status(peer).state, UMIG_UPLINK_WAITING);
    assert_non_null(strstr(peer_status(peer).problem, "user 65534 listens on"));
    assert_int_equal(peer->uplink.sent_to, 0);
    close(hold);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void listen_on_loopback(struct peer *peer, const char *host)
{
    struct umig_address address = {.host = "127.0.0.1"};
    struct umig_uplink_addresses addresses = {.count = 1};
    assert_int_equal(umig_socket_listen(&address, 0, &peer->listen_fd, NULL), UMIG_OK);
    snprintf(addresses.items[0].address.host, sizeof addresses.items[0].address.host, "%s", host);
    addresses.items[0].address.port = umig_socket_port(peer->listen_fd);
    peer_use_addresses(peer, &addresses);
}

/* The kernel and the look-up take real time: wait for the state, not for a while. */
static void run_until_greeting(struct peer *peer)
{
    for (int i = 0; i < 1000 && peer_status(peer).state != UMIG_UPLINK_GREETING; i++) {
        struct pollfd pfd = {.fd = umig_uplink_fd(&peer->uplink),
                             .events = umig_uplink_events(&peer->uplink, peer->now_ns)};
        (void)poll(&pfd, 1, 10);
        peer_pump(peer);
    }
    assert_int_equal(peer_status(peer).state, UMIG_UPLINK_GREETING);
}

static void expect_hello_over_tcp(struct peer *peer)
{
    struct pollfd pfd = {.fd = peer->listen_fd, .events = POLLIN};
    assert_int_equal(poll(&pfd, 1, 10000), 1);
    peer_accept(peer);
    pfd = (struct pollfd){.fd = peer->fd, .events = POLLIN};
    assert_int_equal(poll(&pfd, 1, 10000), 1);
    (void)peer_expect(peer, UMIG_FRAME_HELLO, NULL);
}

static void test_tcp_by_number_and_by_name_connects(void **state)
{
    struct peer *peer = *state;
    static const char *const hosts[] = {"127.0.0.1", "localhost"};
    for (size_t i = 0; i < 2; i++) {
        listen_on_loopback(peer, hosts[i]);
        run_until_greeting(peer);
        expect_hello_over_tcp(peer);
        peer_stop(peer);
    }
}

static void set_loopback(struct umig_resolve_result *where, size_t index, uint16_t port)
{
    const struct sockaddr_in in = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
    };
    memcpy(&where->items[index].address, &in, sizeof in);
    where->items[index].len = sizeof in;
    where->count = index + 1;
}

/* localhost is ::1 first; a collector on 127.0.0.1 must be found all the same. */
static void test_every_address_of_a_name_is_tried(void **state)
{
    struct peer *peer = *state;
    struct umig_uplink *uplink = &peer->uplink;
    struct umig_address closed = {.host = "127.0.0.1"};
    int fd = -1;
    assert_int_equal(umig_socket_listen(&closed, 0, &fd, NULL), UMIG_OK);
    const uint16_t closed_port = umig_socket_port(fd);
    listen_on_loopback(peer, "name");
    close(fd); /* nobody has this port now, and the other was not given out again */
    set_loopback(&uplink->where, 0, closed_port);
    set_loopback(&uplink->where, 1, uplink->addresses.items[0].address.port);
    assert_int_equal(umig_dial_start(&closed, &uplink->where, 0, &uplink->fd, NULL), UMIG_AGAIN);
    uplink->state = UMIG_UPLINK_CONNECTING;
    uplink->deadline_ns = UINT64_MAX;
    uplink->where_next = 1;

    run_until_greeting(peer);

    expect_hello_over_tcp(peer);
}

static void test_tcp_name_that_does_not_exist_is_said(void **state)
{
    struct peer *peer = *state;
    struct umig_uplink_addresses addresses = {.count = 1};
    snprintf(addresses.items[0].address.host, sizeof addresses.items[0].address.host,
             "no such host");
    addresses.items[0].address.port = 1;
    peer_use_addresses(peer, &addresses);
    peer_pump(peer);
    for (int i = 0; i < 1000 && peer_status(peer).state == UMIG_UPLINK_LOOKING_UP; i++) {
        (void)poll(NULL, 0, 10);
        peer_pump(peer);
    }
    assert_int_equal(peer_status(peer).state, UMIG_UPLINK_WAITING);
    assert_non_null(strstr(peer_status(peer).problem, "cannot look up the host 'no such host'"));
}

static void test_without_a_hello_nobody_is_dialled(void **state)
{
    struct peer *peer = *state;
    peer_listen(peer);
    peer->uplink.hello_len = 0;

    assert_int_equal(umig_uplink_tick(&peer->uplink, peer->now_ns), UINT64_MAX);

    assert_int_equal(umig_uplink_fd(&peer->uplink), -1);
}

static void test_what_an_uplink_cannot_be_made_of_is_named(void **state)
{
    (void)state;
    static struct umig_uplink uplink;
    static uint8_t bytes[5000];
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_uplink_opts opts = {.epoch = 1, .spool_bytes = bytes, .spool_size = 5000};

    assert_int_equal(umig_uplink_init(&uplink, &opts, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "1 to 2 addresses"));
    opts.addresses.count = 1;
    opts.epoch = 0;
    assert_int_equal(umig_uplink_init(&uplink, &opts, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "epoch"));
    opts.epoch = 1;
    opts.spool_size = 31;
    assert_int_equal(umig_uplink_init(&uplink, &opts, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "31 bytes"));
    umig_uplink_fini(&uplink);
    opts.spool_size = 5000;
    assert_int_equal(umig_uplink_init(&uplink, &opts, NULL), UMIG_OK);
    assert_int_equal(umig_uplink_set_hello(&uplink, bytes, UMIG_UPLINK_HELLO_MAX_BYTES + 1, &err),
                     UMIG_E_LIMIT);
    assert_int_equal(umig_uplink_set_hello(&uplink, bytes, UMIG_UPLINK_HELLO_MAX_BYTES, NULL),
                     UMIG_OK);
    umig_uplink_fini(&uplink);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_backoff_doubles_from_100_ms_to_10_s_with_jitter),
        TEST(test_collector_that_hangs_up_at_once_is_not_dialled_ten_times_a_second),
        TEST(test_refuse_with_a_retry_rests_then_sends_again),
        TEST(test_refuse_amid_a_batch_ends_it_before_it_begins_again),
        TEST(test_refuse_for_good_hangs_up_and_waits_long),
        TEST(test_refused_hello_is_said_again_when_asked_to),
        TEST(test_stream_the_collector_does_not_have_goes_on_as_a_new_one),
        TEST(test_retry_is_a_minute_at_most),
        TEST(test_second_address_is_tried_at_once),
        cmocka_unit_test(test_addresses_come_from_the_options_or_the_places),
        TEST(test_collector_of_another_user_gets_nothing),
        TEST(test_tcp_by_number_and_by_name_connects),
        TEST(test_every_address_of_a_name_is_tried),
        TEST(test_tcp_name_that_does_not_exist_is_said),
        TEST(test_without_a_hello_nobody_is_dialled),
        cmocka_unit_test(test_what_an_uplink_cannot_be_made_of_is_named),
    };
    return cmocka_run_group_tests_name("uplink_trouble", tests, NULL, NULL);
}
