#include "collector/ingest/ingest.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collector/ingest/ingest_private.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/log.h"

#define DEFAULT_GROUP_NS (50 * UMIG_NS_PER_MS)
#define DEFAULT_LOST_NS  (15 * UMIG_NS_PER_S)
#define SWEEP_NS         (250 * UMIG_NS_PER_MS)

enum {
    EVENTS_A_TURN = 64,
    ACCEPTS_A_TURN = 32
};

static int make_fds(struct umig_ingest *ingest, struct umig_err *err)
{
    ingest->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    ingest->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ingest->wake_source = UMIG_SOURCE_WAKE;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &ingest->wake_source};
    if (ingest->epoll_fd < 0 || ingest->wake_fd < 0 ||
        epoll_ctl(ingest->epoll_fd, EPOLL_CTL_ADD, ingest->wake_fd, &event) != 0) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "epoll: %s", umig_errno_text(errno));
    }
    return UMIG_OK;
}

int umig_ingest_create(const struct umig_ingest_options *options,
                       struct umig_ingest **out_ingest,
                       struct umig_err *err)
{
    struct umig_ingest *ingest = calloc(1, sizeof *ingest);
    if (ingest == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for the ingest");
    }
    ingest->store = options->store;
    ingest->hooks = options->hooks;
    ingest->group_ns = options->group_ns != 0 ? options->group_ns : DEFAULT_GROUP_NS;
    ingest->lost_after_ns = options->lost_after_ns != 0 ? options->lost_after_ns : DEFAULT_LOST_NS;
    ingest->epoll_fd = -1;
    ingest->wake_fd = -1;
    int rc = umig_arena_init(&ingest->arena, err);
    rc = rc != UMIG_OK ? rc : make_fds(ingest, err);
    if (rc != UMIG_OK) {
        umig_ingest_destroy(ingest);
        return umig_err_trace(err, rc);
    }
    *out_ingest = ingest;
    return UMIG_OK;
}

struct umig_ingest *umig_ingest_destroy(struct umig_ingest *ingest)
{
    if (ingest == NULL) {
        return NULL;
    }
    for (struct umig_conn *conn = ingest->conns; conn != NULL; conn = conn->next) {
        umig_conn_kill(ingest, conn);
    }
    umig_conns_sweep(ingest, 0);
    for (size_t i = 0; i < ingest->listener_count; i++) {
        close(ingest->listeners[i].fd);
    }
    if (ingest->epoll_fd >= 0) {
        close(ingest->epoll_fd);
    }
    if (ingest->wake_fd >= 0) {
        close(ingest->wake_fd);
    }
    umig_streams_fini(&ingest->streams);
    umig_arena_fini(&ingest->arena);
    free(ingest);
    return NULL;
}

static int watch_listener(struct umig_ingest *ingest, struct umig_listener *listener)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = listener};
    return epoll_ctl(ingest->epoll_fd, EPOLL_CTL_ADD, listener->fd, &event);
}

int umig_ingest_listen(struct umig_ingest *ingest, int fd, struct umig_err *err)
{
    if (ingest->listener_count == UMIG_INGEST_MAX_LISTENERS) {
        return umig_err_set(err, UMIG_E_LIMIT, "over %u addresses to listen on",
                            UMIG_INGEST_MAX_LISTENERS);
    }
    struct umig_listener *listener = &ingest->listeners[ingest->listener_count];
    *listener = (struct umig_listener){.source = UMIG_SOURCE_LISTENER, .fd = fd};
    if (watch_listener(ingest, listener) != 0) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "epoll: %s", umig_errno_text(errno));
    }
    ingest->listener_count++;
    return UMIG_OK;
}

void umig_ingest_stop(struct umig_ingest *ingest)
{
    atomic_store(&ingest->is_stopping, true);
    umig_ingest_wake(ingest);
}

void umig_ingest_wake(struct umig_ingest *ingest)
{
    const uint64_t one = 1;
    atomic_store(&ingest->is_woken, true);
    /* Full means that a wake is pending already. */
    const ssize_t written = write(ingest->wake_fd, &one, sizeof one);
    (void)written;
}

const struct umig_ingest_counters *umig_ingest_counters(const struct umig_ingest *ingest)
{
    return &ingest->counters;
}

/* Out of descriptors: the listeners rest a moment, or they would be ready for ever. */
static void pause_accepting(struct umig_ingest *ingest, uint64_t now_ns)
{
    umig_log(UMIG_LOG_ERROR, "out of file descriptors at %zu connections; new ones wait",
             ingest->conn_count);
    for (size_t i = 0; i < ingest->listener_count; i++) {
        (void)epoll_ctl(ingest->epoll_fd, EPOLL_CTL_DEL, ingest->listeners[i].fd, NULL);
    }
    ingest->accept_again_ns = now_ns + SWEEP_NS;
}

static void resume_accepting(struct umig_ingest *ingest)
{
    for (size_t i = 0; i < ingest->listener_count; i++) {
        (void)watch_listener(ingest, &ingest->listeners[i]);
    }
    ingest->accept_again_ns = 0;
}

static void accept_some(struct umig_ingest *ingest,
                        const struct umig_listener *listener,
                        uint64_t now_ns)
{
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        const int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            umig_conn_accept(ingest, fd, now_ns);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            pause_accepting(ingest, now_ns);
        }
        if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

static void drain_wake(struct umig_ingest *ingest)
{
    uint64_t ignored = 0;
    const ssize_t got = read(ingest->wake_fd, &ignored, sizeof ignored);
    (void)got;
}

/* Ends a lost stream's sessions with the last data that came, for good before it is forgotten. */
static int close_lost_stream(struct umig_ingest *ingest,
                             const struct umig_live *live,
                             uint64_t now_ns)
{
    struct umig_err err = UMIG_ERR_INIT;
    const int rc = umig_store_close_sessions(ingest->store, live->now.key, UMIG_END_LOST, &err);
    if (rc != UMIG_OK) {
        umig_ingest_store_failed(ingest, rc, &err);
        return rc;
    }
    umig_ingest_group_open(ingest, now_ns);
    return umig_ingest_group_commit(ingest);
}

static void close_lost_streams(struct umig_ingest *ingest, uint64_t now_ns)
{
    struct umig_live *live = NULL;
    while ((live = umig_streams_expired(&ingest->streams, now_ns, ingest->lost_after_ns)) != NULL) {
        if (live->now.key != 0 && !live->now.has_ended &&
            close_lost_stream(ingest, live, now_ns) != UMIG_OK) {
            live->gone_at_ns = now_ns; /* a full disk: again later */
            return;
        }
        umig_streams_remove(&ingest->streams, live);
    }
}

static void call_woken(struct umig_ingest *ingest, uint64_t now_ns)
{
    struct umig_err err = UMIG_ERR_INIT;
    if (!atomic_exchange(&ingest->is_woken, false)) {
        return;
    }
    ingest->inbox_bytes = 0;
    const int rc = ingest->hooks.woken(ingest->hooks.context, ingest->store, &err);
    if (rc != UMIG_OK) {
        umig_ingest_store_failed(ingest, rc, &err);
        return;
    }
    umig_ingest_group_open(ingest, now_ns);
}

static int timeout_ms(const struct umig_ingest *ingest, uint64_t now_ns)
{
    uint64_t next = ingest->next_sweep_ns;
    if (ingest->has_group && ingest->group_deadline_ns < next) {
        next = ingest->group_deadline_ns;
    }
    /* Rounded up: waking a fraction early would only spin. */
    return next <= now_ns ? 0 : (int)((next - now_ns + UMIG_NS_PER_MS - 1) / UMIG_NS_PER_MS);
}

static void handle(struct umig_ingest *ingest, const struct epoll_event *event, uint64_t now_ns)
{
    const enum umig_source *source = event->data.ptr;
    if (*source == UMIG_SOURCE_LISTENER) {
        accept_some(ingest, event->data.ptr, now_ns);
    } else if (*source == UMIG_SOURCE_WAKE) {
        drain_wake(ingest);
    } else {
        struct umig_conn *conn = event->data.ptr;
        if (conn->state != UMIG_CONN_DEAD) {
            umig_conn_ready(ingest, conn, event->events, now_ns);
        }
    }
}

static void keep_time(struct umig_ingest *ingest, uint64_t now_ns)
{
    if (now_ns >= ingest->next_sweep_ns) {
        ingest->next_sweep_ns = now_ns + SWEEP_NS;
        close_lost_streams(ingest, now_ns);
    }
    umig_conns_sweep(ingest, now_ns);
    if (ingest->accept_again_ns != 0 && now_ns >= ingest->accept_again_ns) {
        resume_accepting(ingest);
    }
    if (ingest->has_group && now_ns >= ingest->group_deadline_ns) {
        (void)umig_ingest_group_commit(ingest);
    }
}

static int turn(struct umig_ingest *ingest, struct umig_err *err)
{
    struct epoll_event events[EVENTS_A_TURN];
    const int timeout = timeout_ms(ingest, umig_clock_monotonic_ns());
    const int count = epoll_wait(ingest->epoll_fd, events, EVENTS_A_TURN, timeout);
    if (count < 0 && errno != EINTR) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "epoll_wait: %s", umig_errno_text(errno));
    }
    const uint64_t now_ns = umig_clock_monotonic_ns();
    for (int i = 0; i < count && ingest->fatal == UMIG_OK; i++) {
        handle(ingest, &events[i], now_ns);
    }
    if (ingest->fatal == UMIG_OK) {
        call_woken(ingest, now_ns);
    }
    if (ingest->fatal == UMIG_OK) {
        keep_time(ingest, umig_clock_monotonic_ns());
    }
    return UMIG_OK;
}

static void await_stream(void *context, int64_t stream, uint64_t epoch)
{
    struct umig_ingest *ingest = context;
    (void)stream;
    struct umig_stream found;
    if (umig_store_find_stream(ingest->store, epoch, &found, NULL) == UMIG_OK) {
        (void)umig_streams_add(&ingest->streams, &found, umig_clock_monotonic_ns());
    }
}

int umig_ingest_run(struct umig_ingest *ingest, struct umig_err *err)
{
    /* Sessions that ran when the last collector ended: their agents have lost_after_ns to return.
     */
    int rc = umig_store_running_streams(ingest->store, await_stream, ingest, err);
    while (rc == UMIG_OK && ingest->fatal == UMIG_OK && !atomic_load(&ingest->is_stopping)) {
        rc = turn(ingest, err);
    }
    if (rc == UMIG_OK && ingest->fatal == UMIG_OK) {
        (void)umig_ingest_group_commit(ingest);
    }
    if (ingest->fatal != UMIG_OK) {
        if (err != NULL) {
            *err = ingest->fatal_err;
        }
        return umig_err_trace(err, ingest->fatal);
    }
    return rc;
}
