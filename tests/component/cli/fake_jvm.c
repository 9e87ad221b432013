#include "tests/component/cli/fake_jvm.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/socket.h"
#include "tests/component/cli/run.h"
#include "tests/support/test.h"
#include "umig/v1/control.pb-c.h"

enum {
    PAGE_BYTES = 4096,
    WORDS = 5 /* of a request: version, command, three arguments */
};

static struct fake_jvm_plan g_plan;
static struct fake_jvm_seen g_seen;
static struct fake_peer g_agent;
static bool g_has_agent;
static void *g_libjvm;
static pthread_t g_thread;
static int g_quit_fd = -1; /* counts SIGQUIT */
static int g_end_fd = -1;
static int g_door_fd = -1;
static int g_held_fd = -1; /* a connection that is not answered */

const char *fake_jvm_request_path(void)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/.attach_pid%d", (int)getpid());
    return path;
}

const char *fake_jvm_door_path(void)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/.java_pid%d", (int)getpid());
    return path;
}

int fake_jvm_map(void **state)
{
    char path[128];
    char page[PAGE_BYTES];
    if (make_runtime_dir(state) != 0) {
        return -1;
    }
    memset(page, 'x', sizeof page);
    snprintf(path, sizeof path, "%s/libjvm.so", g_runtime_dir);
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, page, sizeof page) != (ssize_t)sizeof page) {
        return -1;
    }
    g_libjvm = mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    return g_libjvm == MAP_FAILED ? -1 : 0;
}

int fake_jvm_unmap(void **state)
{
    munmap(g_libjvm, PAGE_BYTES);
    unlink(fake_jvm_request_path());
    unlink(fake_jvm_door_path());
    return remove_runtime_dir(state);
}

static void on_quit(int signo)
{
    const uint64_t one = 1;
    (void)signo;
    (void)!write(g_quit_fd, &one, sizeof one);
}

static void open_door(void)
{
    struct umig_address address = {.is_unix = true};
    if (access(fake_jvm_request_path(), F_OK) != 0) {
        g_seen.stray_quit_count++;
        return;
    }
    if (g_plan.keeps_shut || g_door_fd >= 0) {
        return;
    }
    snprintf(address.path, sizeof address.path, "%s", fake_jvm_door_path());
    assert_int_equal(umig_socket_listen(&address, 0600, &g_door_fd, NULL), UMIG_OK);
}

/* A status with nothing in it but a name. */
static void answer_status(const struct umig_frame_header *header,
                          const uint8_t *payload,
                          struct umig_buf *out)
{
    static char service[] = "late";
    uint8_t bytes[256];
    Umig__V1__Process process = UMIG__V1__PROCESS__INIT;
    Umig__V1__AgentStatus agent = UMIG__V1__AGENT_STATUS__INIT;
    Umig__V1__ControlReply reply = UMIG__V1__CONTROL_REPLY__INIT;
    (void)header;
    (void)payload;
    process.service = service;
    process.jdk = 25;
    process.attached_after_ns = 7200000000000;
    agent.process = &process;
    reply.agent = &agent;
    put_frame(out, UMIG_FRAME_CONTROL_REPLY, 0, bytes,
              umig__v1__control_reply__pack(&reply, bytes));
}

static void bring_agent(void)
{
    char name[32];
    snprintf(name, sizeof name, "agent-%d.sock", (int)getpid());
    g_agent.answer = answer_status;
    fake_peer_start(&g_agent, name);
    g_has_agent = true;
}

static void read_request(int fd)
{
    size_t len = 0;
    int words = 0;
    char byte = 0;
    while (words < WORDS && len + 1 < sizeof g_seen.request &&
           umig_socket_recv_all(fd, &byte, 1, 5000, NULL) == UMIG_OK) {
        words += byte == '\0';
        g_seen.request[len++] = byte == '\0' ? '|' : byte;
    }
    g_seen.request[len] = '\0';
}

static void send_reply(int fd, const char *reply, size_t len)
{
    const size_t step = g_plan.answers_slowly ? 1 : len;
    for (size_t at = 0; at < len; at += step) {
        if (umig_socket_send_all(fd, reply + at, step, 5000, NULL) != UMIG_OK) {
            return; /* the command has seen enough */
        }
    }
}

static void serve(void)
{
    const int fd = accept4(g_door_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    const int last = g_plan.replies[1] == NULL ? 0 : g_plan.replies[2] == NULL ? 1 : 2;
    const int which = g_seen.request_count < last ? g_seen.request_count : last;
    const char *reply = g_plan.replies[which];
    read_request(fd);
    g_seen.request_count++;
    if (g_plan.ignores_request) {
        g_held_fd = fd;
        return;
    }
    if (reply != NULL) {
        if (g_plan.has_agent_after && which == last) {
            bring_agent();
        }
        send_reply(fd, reply, g_plan.reply_bytes > 0 ? g_plan.reply_bytes : strlen(reply));
    }
    close(fd);
}

static void *run(void *context)
{
    (void)context;
    for (;;) {
        struct pollfd fds[] = {
            {.fd = g_end_fd, .events = POLLIN},
            {.fd = g_quit_fd, .events = POLLIN},
            {.fd = g_door_fd, .events = POLLIN},
        };
        uint64_t count = 0;
        (void)poll(fds, 3, -1);
        if (fds[0].revents != 0) {
            return NULL;
        }
        if (fds[1].revents != 0 && read(g_quit_fd, &count, sizeof count) == sizeof count) {
            g_seen.quit_count += (int)count;
            open_door();
        }
        if (fds[2].revents != 0) {
            serve();
        }
    }
}

void fake_jvm_start(const struct fake_jvm_plan *plan)
{
    struct sigaction action = {.sa_handler = on_quit, .sa_flags = SA_RESTART};
    g_plan = *plan;
    memset(&g_seen, 0, sizeof g_seen);
    g_quit_fd = eventfd(0, EFD_CLOEXEC);
    g_end_fd = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(sigaction(SIGQUIT, &action, NULL), 0);
    assert_int_equal(pthread_create(&g_thread, NULL, run, NULL), 0);
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

void fake_jvm_stop(struct fake_jvm_seen *out_seen)
{
    const uint64_t one = 1;
    assert_int_equal(write(g_end_fd, &one, sizeof one), sizeof one);
    assert_int_equal(pthread_join(g_thread, NULL), 0);
    (void)signal(SIGQUIT, SIG_DFL);
    if (g_has_agent) {
        fake_peer_stop(&g_agent);
        g_has_agent = false;
    }
    g_seen.was_file_there_at_the_end = access(fake_jvm_request_path(), F_OK) == 0;
    close_fd(&g_quit_fd);
    close_fd(&g_end_fd);
    close_fd(&g_door_fd);
    close_fd(&g_held_fd);
    unlink(fake_jvm_door_path());
    *out_seen = g_seen;
}

void fake_jvm_run(const struct fake_jvm_plan *plan,
                  const char *words,
                  struct run *run,
                  struct fake_jvm_seen *out_seen)
{
    fake_jvm_start(plan);
    run_umig(words, run);
    fake_jvm_stop(out_seen);
    assert_int_equal(out_seen->stray_quit_count, 0);
    assert_false(out_seen->was_file_there_at_the_end);
}
