#include "tests/component/cli/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "core/socket.h"
#include "tests/support/test.h"

extern char **environ;

char g_runtime_dir[64];

/*
 * Peers answer under it, and every run passes through it before and after: what a test sets before
 * a run the peer's thread sees, and the other way round.
 */
static pthread_mutex_t g_turn = PTHREAD_MUTEX_INITIALIZER;

static void pass_turn(void)
{
    pthread_mutex_lock(&g_turn);
    pthread_mutex_unlock(&g_turn);
}

static void in_runtime_dir(const char *name, char path[UMIG_SOCKET_PATH_BYTES])
{
    const int len = snprintf(path, UMIG_SOCKET_PATH_BYTES, "%s/%s", g_runtime_dir, name);
    assert_in_range(len, 1, UMIG_SOCKET_PATH_BYTES - 1);
}

int make_runtime_dir(void **state)
{
    (void)state;
    snprintf(g_runtime_dir, sizeof g_runtime_dir, "/tmp/umig-cli-XXXXXX");
    if (mkdtemp(g_runtime_dir) == NULL) {
        return -1;
    }
    return setenv("UMIG_RUNTIME_DIR", g_runtime_dir, 1);
}

int remove_runtime_dir(void **state)
{
    (void)state;
    static const char *const names[] = {"stdout", "stderr", "libjvm.so", "release", "page.html"};
    char path[UMIG_SOCKET_PATH_BYTES];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        in_runtime_dir(names[i], path);
        unlink(path);
    }
    return rmdir(g_runtime_dir); /* fails if the command left a file behind */
}

static void read_back(const char *name, char *text, size_t room)
{
    char path[UMIG_SOCKET_PATH_BYTES];
    in_runtime_dir(name, path);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    text[fread(text, 1, room - 1, file)] = '\0';
    fclose(file);
}

static pid_t spawn(const char *words, posix_spawn_file_actions_t *files)
{
    char copy[512];
    char *argv[32] = {(char[]){"umig"}};
    int argc = 1;
    char *rest = NULL;
    pid_t pid = 0;
    snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        assert_in_range(argc, 1, 30);
        argv[argc++] = word;
    }
    assert_int_equal(posix_spawn(&pid, UMIG_COMMAND, files, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(files);
    return pid;
}

void start_umig(const char *words, struct running *running, char line[512])
{
    int ends[2];
    posix_spawn_file_actions_t files;
    size_t len = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
    running->pid = spawn(words, &files);
    running->out_fd = ends[0];
    close(ends[1]);
    while (len < 511 && read(ends[0], line + len, 1) == 1 && line[len] != '\n') {
        len++;
    }
    line[len] = '\0';
}

int stop_umig(struct running *running, int signo)
{
    int status = 0;
    char rest[512];
    assert_int_equal(kill(running->pid, signo), 0);
    /* To its end: a terminal that nobody reads is full some time, and holds up who writes to it. */
    while (read(running->out_fd, rest, sizeof rest) > 0) {
    }
    assert_int_equal(waitpid(running->pid, &status, 0), running->pid);
    close(running->out_fd);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void run_umig(const char *words, struct run *run)
{
    char out[UMIG_SOCKET_PATH_BYTES];
    char err[UMIG_SOCKET_PATH_BYTES];
    in_runtime_dir("stdout", out);
    in_runtime_dir("stderr", err);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    const int flags = O_CREAT | O_TRUNC | O_WRONLY;
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, out, flags, 0600);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, err, flags, 0600);
    int status = 0;
    pass_turn();
    const pid_t pid = spawn(words, &files);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    pass_turn();
    run->code = WEXITSTATUS(status);
    read_back("stdout", run->out, sizeof run->out);
    read_back("stderr", run->err, sizeof run->err);
}

/* Opens a terminal that changes nothing of what is written to it. */
static int open_terminal(unsigned short columns, char name[64])
{
    const struct winsize size = {.ws_row = 24, .ws_col = columns};
    struct termios modes;
    const int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(grantpt(fd), 0);
    assert_int_equal(unlockpt(fd), 0);
    assert_int_equal(ptsname_r(fd, name, 64), 0);
    assert_int_equal(ioctl(fd, TIOCSWINSZ, &size), 0);
    assert_int_equal(tcgetattr(fd, &modes), 0);
    cfmakeraw(&modes);
    assert_int_equal(tcsetattr(fd, TCSANOW, &modes), 0);
    return fd;
}

void expect_failed(const struct run *run, int code, const char *text)
{
    const char *newline = strchr(run->err, '\n');
    if (run->code != code || run->out[0] != '\0' || strstr(run->err, text) == NULL ||
        newline == NULL) {
        fail_msg("not exit code %d and \"%s\" but %d: %s%s", code, text, run->code, run->out,
                 run->err);
    }
}

void run_umig_on_terminal(const char *words, unsigned short columns, struct run *run)
{
    char name[64];
    char err[UMIG_SOCKET_PATH_BYTES];
    int status = 0;
    posix_spawn_file_actions_t files;
    const int terminal = open_terminal(columns, name);
    const int held =
        open(name, O_RDWR | O_NOCTTY | O_CLOEXEC); /* the last to close loses the text */
    assert_true(held >= 0);
    in_runtime_dir("stderr", err);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, name, O_RDWR | O_NOCTTY, 0);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, err, O_CREAT | O_TRUNC | O_WRONLY,
                                     0600);
    posix_spawn_file_actions_addchdir_np(&files, g_runtime_dir);
    pass_turn();
    const pid_t pid = spawn(words, &files);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    pass_turn();
    assert_true(WIFEXITED(status));
    run->code = WEXITSTATUS(status);
    assert_int_equal(fcntl(terminal, F_SETFL, O_NONBLOCK), 0);
    const ssize_t len = read(terminal, run->out, sizeof run->out - 1);
    run->out[len > 0 ? len : 0] = '\0';
    read_back("stderr", run->err, sizeof run->err);
    close(held);
    close(terminal);
}

void start_umig_noting_on_terminal(const char *words, struct running *running)
{
    char name[64];
    posix_spawn_file_actions_t files;
    running->out_fd = open_terminal(80, name);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, name, O_RDWR | O_NOCTTY, 0);
    running->pid = spawn(words, &files);
}

void read_until(int fd, const char *text, char *buf, size_t room)
{
    size_t len = 0;
    buf[0] = '\0';
    while (strstr(buf, text) == NULL) {
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        int ready = 0;
        while ((ready = poll(&pfd, 1, 20000)) < 0 && errno == EINTR) {
        }
        assert_int_equal(ready, 1);
        if (len + 1 >= room) {
            memmove(buf, buf + len / 2, len - len / 2 + 1);
            len -= len / 2;
        }
        const ssize_t got = read(fd, buf + len, room - 1 - len);
        if (got <= 0) {
            fail_msg("it ended after: %s", buf);
        }
        len += (size_t)got;
        buf[len] = '\0';
    }
}

void put_frame(struct umig_buf *out, uint8_t type, uint16_t flags, const void *payload, size_t len)
{
    uint8_t bytes[UMIG_FRAME_HEADER_BYTES];
    const struct umig_frame_header header = {.type = type, .flags = flags};
    umig_frame_encode(&header, payload, (uint32_t)len, bytes);
    umig_buf_put(out, bytes, sizeof bytes);
    umig_buf_put(out, payload, len);
}

/* Reads one request and answers it; then waits until the command has hung up. */
/* Commands look for agents on the whole host, those of tests beside this one, too. */
static bool is_ours(int fd)
{
    struct umig_peer peer;
    char path[64];
    int parent = 0;
    if (umig_socket_peer(fd, &peer, NULL) != UMIG_OK || !peer.is_known) {
        return false;
    }
    snprintf(path, sizeof path, "/proc/%d/stat", (int)peer.pid);
    FILE *file = fopen(path, "re");
    const bool is_read = file != NULL && fscanf(file, "%*d (%*[^)]) %*c %d", &parent) == 1;
    if (file != NULL) {
        fclose(file);
    }
    return is_read && parent == (int)getpid();
}

static void serve(struct fake_peer *peer, int fd)
{
    uint8_t bytes[UMIG_FRAME_HEADER_BYTES];
    uint8_t payload[UMIG_FRAME_MAX_SMALL_BYTES];
    struct umig_frame_header header;
    struct umig_buf out = UMIG_BUF_INIT(8 << 20);
    if (umig_socket_recv_all(fd, bytes, sizeof bytes, 5000, NULL) == UMIG_OK &&
        umig_frame_decode(bytes, sizeof payload, &header, NULL) == UMIG_OK &&
        (header.payload_bytes == 0 ||
         umig_socket_recv_all(fd, payload, header.payload_bytes, 5000, NULL) == UMIG_OK)) {
        pthread_mutex_lock(&g_turn);
        peer->is_asked_by_us = is_ours(fd);
        peer->answer(&header, payload, &out);
        pthread_mutex_unlock(&g_turn);
        if (out.len > 0 && umig_socket_send_all(fd, out.bytes, out.len, 5000, NULL) == UMIG_OK) {
            (void)shutdown(fd, SHUT_WR);
            (void)!umig_socket_recv_all(fd, bytes, 1, 5000, NULL);
        }
    }
    umig_buf_fini(&out);
    close(fd);
}

static void *listen_until_shut(void *context)
{
    struct fake_peer *peer = context;
    for (;;) {
        struct pollfd pfd = {.fd = peer->listen_fd, .events = POLLIN};
        if (poll(&pfd, 1, -1) < 0 || (pfd.revents & POLLHUP) != 0) {
            return NULL;
        }
        const int fd = accept4(peer->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            serve(peer, fd);
        }
    }
}

void fake_peer_start(struct fake_peer *peer, const char *name)
{
    struct umig_address address = {.is_unix = true};
    in_runtime_dir(name, address.path);
    assert_int_equal(umig_socket_listen(&address, 0600, &peer->listen_fd, NULL), UMIG_OK);
    assert_int_equal(pthread_create(&peer->thread, NULL, listen_until_shut, peer), 0);
}

void fake_peer_stop(struct fake_peer *peer)
{
    struct umig_address address = {.is_unix = true};
    socklen_t len = sizeof(struct sockaddr_un);
    struct sockaddr_un un;
    assert_int_equal(getsockname(peer->listen_fd, (struct sockaddr *)&un, &len), 0);
    memcpy(address.path, un.sun_path, sizeof address.path);
    shutdown(peer->listen_fd, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->listen_fd);
    unlink(address.path);
}
