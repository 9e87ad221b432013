#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/socket.h"
#include "tests/support/test.h"

struct fixture {
    char dir[64];
    struct umig_address address; /* DIR/s */
};

static int make_fixture(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    snprintf(fx->dir, sizeof fx->dir, "/tmp/umig-socket-XXXXXX");
    if (mkdtemp(fx->dir) == NULL) {
        return -1;
    }
    fx->address.is_unix = true;
    snprintf(fx->address.path, sizeof fx->address.path, "%s/s", fx->dir);
    *state = fx;
    return 0;
}

static int drop_fixture(void **state)
{
    struct fixture *fx = *state;
    chmod(fx->dir, 0700);
    unlink(fx->address.path);
    rmdir(fx->dir);
    free(fx);
    return 0;
}

/* A descriptor of a socket that listens and of one that dialled it and was accepted. */
static void connected_pair(const struct umig_address *address, int out_fds[3])
{
    assert_int_equal(umig_socket_listen(address, 0600, &out_fds[0], NULL), UMIG_OK);
    assert_int_equal(umig_socket_dial(address, 1000, &out_fds[1], NULL), UMIG_OK);
    struct pollfd pfd = {.fd = out_fds[0], .events = POLLIN};
    assert_int_equal(poll(&pfd, 1, 5000), 1);
    out_fds[2] = accept4(out_fds[0], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(out_fds[2] >= 0);
}

static void close_all(const int fds[3])
{
    for (size_t i = 0; i < 3; i++) {
        close(fds[i]);
    }
}

struct address_case {
    const char *text;
    const char *back; /* as it is written again; NULL: refused */
    const char *says; /* part of the error */
};

static void test_address_table(void **state)
{
    (void)state;
    static const struct address_case cases[] = {
        {"unix:/run/x.sock", "unix:/run/x.sock", NULL},
        {"tcp:127.0.0.1:7077", "tcp:127.0.0.1:7077", NULL},
        {"tcp:[::1]:0", "tcp:[::1]:0", NULL},
        {"tcp:profiler.lan:80", "tcp:profiler.lan:80", NULL},
        {"unix:relative", NULL, "must begin with '/'"},
        {"unix:", NULL, "write unix:/PATH or tcp:HOST:PORT"},
        {"tcp:127.0.0.1", NULL, "write tcp:HOST:PORT"},
        {"tcp::80", NULL, "write tcp:HOST:PORT"},
        {"tcp:host:65536", NULL, "PORT 1 to 65535"},
        {"tcp:host:http", NULL, "'tcp:host:http' is not an address"},
        {"/run/x.sock", NULL, "'/run/x.sock' is not an address"},
        {"", NULL, "'' is not an address"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_address address;
        struct umig_err err = UMIG_ERR_INIT;
        char back[UMIG_ADDRESS_BYTES];
        const int rc = umig_address_parse(umig_span_of(cases[i].text), &address, &err);
        if (cases[i].back != NULL) {
            assert_int_equal(rc, UMIG_OK);
            umig_address_format(&address, back);
            assert_string_equal(back, cases[i].back);
        } else {
            assert_int_equal(rc, UMIG_E_ARG);
            assert_non_null(strstr(err.text, cases[i].says));
        }
    }
}

static void test_address_to_connect_to_has_a_port(void **state)
{
    (void)state;
    struct umig_address address;
    struct umig_err err = UMIG_ERR_INIT;
    const struct umig_span right = umig_span_of("tcp:h:1");
    assert_int_equal(umig_address_parse_peer(right, &address, &err), UMIG_OK);
    assert_int_equal(address.port, 1);

    const struct umig_span wrong = umig_span_of("tcp:h:0");
    assert_int_equal(umig_address_parse_peer(wrong, &address, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "'tcp:h:0': nobody can be reached at port 0; write tcp:HOST"));
    assert_int_equal(address.port, 1); /* untouched */
}

static void test_address_of_the_longest_path_passes_one_more_fails(void **state)
{
    (void)state;
    struct umig_address address;
    struct umig_err err = UMIG_ERR_INIT;
    char text[5 + UMIG_SOCKET_PATH_BYTES + 1];
    memset(text, 'p', sizeof text);
    memcpy(text, "unix:/", 6);

    struct umig_span span = {text, 5 + UMIG_SOCKET_PATH_BYTES - 1};
    assert_int_equal(umig_address_parse(span, &address, &err), UMIG_OK);
    span.len++;
    assert_int_equal(umig_address_parse(span, &address, &err), UMIG_E_ARG);

    assert_non_null(strstr(err.text, "is 108 bytes long (at most 107): /ppp"));
}

static void test_listen_gives_the_mode_that_was_asked_for(void **state)
{
    const struct fixture *fx = *state;
    int fd = -1;
    struct stat st;

    assert_int_equal(umig_socket_listen(&fx->address, 0600, &fd, NULL), UMIG_OK);

    assert_int_equal(lstat(fx->address.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    close(fd);
}

static void test_listen_takes_a_dead_socket_over(void **state)
{
    const struct fixture *fx = *state;
    int dead = -1;
    int fd = -1;
    assert_int_equal(umig_socket_listen(&fx->address, 0600, &dead, NULL), UMIG_OK);
    close(dead); /* as a killed process leaves it: the path stays */

    assert_int_equal(umig_socket_listen(&fx->address, 0600, &fd, NULL), UMIG_OK);

    int dialled = -1;
    assert_int_equal(umig_socket_dial(&fx->address, 1000, &dialled, NULL), UMIG_OK);
    close(dialled);
    close(fd);
}

static void test_listen_leaves_a_taken_path_alone(void **state)
{
    const struct fixture *fx = *state;
    int first = -1;
    int second = -1;
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(umig_socket_listen(&fx->address, 0600, &first, NULL), UMIG_OK);

    assert_int_equal(umig_socket_listen(&fx->address, 0600, &second, &err), UMIG_E_BUSY);

    char told[192];
    snprintf(told, sizeof told, "somebody else listens on %s (pid %d)", fx->address.path,
             (int)getpid());
    assert_string_equal(err.text, told);
    int dialled = -1;
    assert_int_equal(umig_socket_dial(&fx->address, 1000, &dialled, NULL), UMIG_OK);
    close(dialled);
    close(first);
}

static void test_listen_never_removes_a_file(void **state)
{
    const struct fixture *fx = *state;
    int fd = open(fx->address.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    struct umig_err err = UMIG_ERR_INIT;

    assert_int_equal(umig_socket_listen(&fx->address, 0600, &fd, &err), UMIG_E_ARG);

    assert_non_null(strstr(err.text, "exists and is not a socket"));
    assert_int_equal(access(fx->address.path, F_OK), 0);
}

static void test_listen_in_a_folder_it_may_not_write_names_it(void **state)
{
    const struct fixture *fx = *state;
    struct umig_address address = {.is_unix = true};
    struct umig_err err = UMIG_ERR_INIT;
    int fd = -1;
    if (geteuid() == 0) {
        /* Root writes everywhere but in proc. */
        snprintf(address.path, sizeof address.path, "/proc/umig.sock");
    } else {
        assert_int_equal(chmod(fx->dir, 0500), 0);
        address = fx->address;
    }

    assert_int_equal(umig_socket_listen(&address, 0600, &fd, &err), UMIG_E_IO);

    assert_non_null(strstr(err.text, address.path));
    assert_true(err.cause != 0);
}

static void test_dial_says_why_it_failed(void **state)
{
    const struct fixture *fx = *state;
    struct umig_err err = UMIG_ERR_INIT;
    int fd = -1;

    assert_int_equal(umig_socket_dial(&fx->address, 1000, &fd, &err), UMIG_E_IO);
    assert_int_equal(err.cause, ENOENT);

    assert_int_equal(umig_socket_listen(&fx->address, 0600, &fd, NULL), UMIG_OK);
    close(fd);
    assert_int_equal(umig_socket_dial(&fx->address, 1000, &fd, &err), UMIG_E_IO);
    assert_int_equal(err.cause, ECONNREFUSED);
    assert_non_null(strstr(err.text, fx->address.path));
}

static void test_peer_of_a_unix_socket_is_known(void **state)
{
    const struct fixture *fx = *state;
    int fds[3];
    struct umig_peer peer;
    connected_pair(&fx->address, fds);

    assert_int_equal(umig_socket_peer(fds[2], &peer, NULL), UMIG_OK);

    assert_true(peer.is_known);
    assert_int_equal(peer.uid, geteuid());
    assert_int_equal(peer.pid, getpid());
    close_all(fds);
}

static void test_tcp_on_port_zero_gets_a_port_and_an_unknown_peer(void **state)
{
    (void)state;
    struct umig_address address = {.host = "127.0.0.1"};
    int fd = -1;
    assert_int_equal(umig_socket_listen(&address, 0, &fd, NULL), UMIG_OK);
    address.port = umig_socket_port(fd);
    assert_true(address.port != 0);
    int dialled = -1;
    struct umig_peer peer = {.is_known = true};

    assert_int_equal(umig_socket_dial(&address, 1000, &dialled, NULL), UMIG_OK);

    assert_int_equal(umig_socket_peer(dialled, &peer, NULL), UMIG_OK);
    assert_false(peer.is_known);
    struct umig_err err = UMIG_ERR_INIT;
    int second = -1;
    assert_int_equal(umig_socket_listen(&address, 0, &second, &err), UMIG_E_BUSY);
    close(dialled);
    close(fd);
}

static void test_recv_tells_a_clean_end_from_a_broken_one(void **state)
{
    const struct fixture *fx = *state;
    int fds[3];
    char got[8];
    connected_pair(&fx->address, fds);

    assert_int_equal(umig_socket_send_all(fds[1], "12345678abc", 11, 1000, NULL), UMIG_OK);
    close(fds[1]);

    assert_int_equal(umig_socket_recv_all(fds[2], got, 8, 1000, NULL), UMIG_OK);
    assert_memory_equal(got, "12345678", 8);
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(umig_socket_recv_all(fds[2], got, 8, 1000, &err), UMIG_E_IO);
    assert_int_equal(err.cause, ECONNRESET);
    assert_int_equal(umig_socket_recv_all(fds[2], got, 8, 1000, NULL), UMIG_END);
    close(fds[0]);
    close(fds[2]);
}

static void test_recv_from_a_silent_peer_times_out(void **state)
{
    const struct fixture *fx = *state;
    int fds[3];
    char got[1];
    struct umig_err err = UMIG_ERR_INIT;
    connected_pair(&fx->address, fds);

    assert_int_equal(umig_socket_recv_all(fds[2], got, 1, 20, &err), UMIG_E_IO);

    assert_int_equal(err.cause, ETIMEDOUT);
    close_all(fds);
}

static void test_send_to_a_peer_that_does_not_read_times_out(void **state)
{
    const struct fixture *fx = *state;
    int fds[3];
    struct umig_err err = UMIG_ERR_INIT;
    const size_t byte_count = 16u << 20; /* above any socket buffer */
    char *bytes = calloc(1, byte_count);
    connected_pair(&fx->address, fds);

    assert_int_equal(umig_socket_send_all(fds[1], bytes, byte_count, 20, &err), UMIG_E_IO);

    assert_int_equal(err.cause, ETIMEDOUT);
    free(bytes);
    close_all(fds);
}

static void test_send_to_a_closed_peer_raises_no_signal(void **state)
{
    const struct fixture *fx = *state;
    int fds[3];
    struct umig_err err = UMIG_ERR_INIT;
    connected_pair(&fx->address, fds);
    close(fds[2]);

    assert_int_equal(umig_socket_send_all(fds[1], "x", 1, 1000, &err), UMIG_E_IO);

    assert_int_equal(err.cause, EPIPE);
    close(fds[0]);
    close(fds[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_fixture, drop_fixture)

int main(void)
{
    const struct CMUnitTest socket_test[] = {
        TEST(test_address_table),
        TEST(test_address_to_connect_to_has_a_port),
        TEST(test_address_of_the_longest_path_passes_one_more_fails),
        TEST(test_listen_gives_the_mode_that_was_asked_for),
        TEST(test_listen_takes_a_dead_socket_over),
        TEST(test_listen_leaves_a_taken_path_alone),
        TEST(test_listen_never_removes_a_file),
        TEST(test_listen_in_a_folder_it_may_not_write_names_it),
        TEST(test_dial_says_why_it_failed),
        TEST(test_peer_of_a_unix_socket_is_known),
        TEST(test_tcp_on_port_zero_gets_a_port_and_an_unknown_peer),
        TEST(test_recv_tells_a_clean_end_from_a_broken_one),
        TEST(test_recv_from_a_silent_peer_times_out),
        TEST(test_send_to_a_peer_that_does_not_read_times_out),
        TEST(test_send_to_a_closed_peer_raises_no_signal),
    };
    return cmocka_run_group_tests(socket_test, NULL, NULL);
}
