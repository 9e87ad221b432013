#include "collector/daemon/collector.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/daemon/keeper.h"
#include "collector/ingest/ingest.h"
#include "collector/store/places.h"
#include "collector/store/store.h"
#include "core/clean.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/log.h"
#include "core/places.h"

enum {
    USER_MODE = 0600,
    HOST_MODE = 0666,
    MAX_LISTEN = UMIG_INGEST_MAX_LISTENERS
};

/* Where it listens, and what to remove at the end. */
struct listening {
    struct umig_address addresses[MAX_LISTEN];
    mode_t modes[MAX_LISTEN];
    bool is_ours[MAX_LISTEN]; /* a unix path that we bound */
    size_t count;
};

struct collector {
    struct umig_places places;
    struct umig_retention retention;
    char dir[PATH_MAX];
    struct listening listening;
    struct umig_store *store;
    struct umig_keeper *keeper;
    struct umig_ingest *ingest;
};

static int add_address(struct listening *listening,
                       const struct umig_address *address,
                       mode_t mode,
                       struct umig_err *err)
{
    if (listening->count == MAX_LISTEN) {
        return umig_err_set(err, UMIG_E_LIMIT, "over %d addresses to listen on", MAX_LISTEN);
    }
    listening->addresses[listening->count] = *address;
    listening->modes[listening->count] = mode;
    listening->count++;
    return UMIG_OK;
}

static int add_path(struct listening *listening,
                    const char *path,
                    mode_t mode,
                    struct umig_err *err)
{
    struct umig_address address = {.is_unix = true};
    snprintf(address.path, sizeof address.path, "%s", path);
    return add_address(listening, &address, mode, err);
}

/* /run/umig is root's: others may look through it and nothing else. */
static int add_host_socket(struct listening *listening, struct umig_err *err)
{
    const int made = mkdir("/run/umig", 0755);
    if ((made != 0 && errno != EEXIST) || (made == 0 && chmod("/run/umig", 0755) != 0)) {
        return umig_err_set_cause(err, UMIG_E_DENIED, errno, "cannot make /run/umig: %s",
                                  umig_errno_text(errno));
    }
    return add_path(listening, UMIG_HOST_COLLECTOR_PATH, HOST_MODE, err);
}

static int choose_addresses(struct collector *c,
                            const struct umig_collector_options *options,
                            struct umig_err *err)
{
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < options->listen_count; i++) {
        const struct umig_address *address = &options->listen[i];
        const bool is_host =
            address->is_unix && strcmp(address->path, UMIG_HOST_COLLECTOR_PATH) == 0;
        rc = add_address(&c->listening, address, is_host ? HOST_MODE : USER_MODE, err);
    }
    if (rc != UMIG_OK || options->listen_count > 0) {
        return rc;
    }
    char path[UMIG_SOCKET_PATH_BYTES];
    rc = umig_places_make_runtime_dir(&c->places, err);
    rc = rc != UMIG_OK ? rc : umig_places_collector_socket(&c->places, path, err);
    rc = rc != UMIG_OK ? rc : add_path(&c->listening, path, USER_MODE, err);
    if (rc == UMIG_OK && c->places.uid == 0 && !c->places.is_runtime_dir_given) {
        rc = add_host_socket(&c->listening, err);
    }
    return rc;
}

static int listen_all(struct collector *c, struct umig_err *err)
{
    for (size_t i = 0; i < c->listening.count; i++) {
        struct umig_address *address = &c->listening.addresses[i];
        int fd = -1;
        struct umig_err why = UMIG_ERR_INIT;
        int rc = umig_socket_listen(address, c->listening.modes[i], &fd, &why);
        if (rc != UMIG_OK) {
            return umig_err_set_cause(err, rc, why.cause, "%s%s", why.text,
                                      rc == UMIG_E_BUSY ? "; --listen takes another place" : "");
        }
        c->listening.is_ours[i] = address->is_unix;
        if (!address->is_unix) {
            address->port = umig_socket_port(fd);
        }
        rc = umig_ingest_listen(c->ingest, fd, err);
        if (rc != UMIG_OK) {
            close(fd);
            return umig_err_trace(err, rc);
        }
    }
    return UMIG_OK;
}

static void remove_sockets(const struct listening *listening)
{
    for (size_t i = 0; i < listening->count; i++) {
        if (listening->is_ours[i]) {
            (void)unlink(listening->addresses[i].path);
        }
    }
}

static void announce(const struct collector *c, int out_fd)
{
    char line[MAX_LISTEN * UMIG_ADDRESS_BYTES + PATH_MAX + 64] = "umig collector: listening on ";
    size_t len = strlen(line);
    for (size_t i = 0; i < c->listening.count; i++) {
        char address[UMIG_ADDRESS_BYTES];
        umig_address_format(&c->listening.addresses[i], address);
        len += (size_t)snprintf(line + len, sizeof line - len, "%s%s", i == 0 ? "" : ", ", address);
    }
    snprintf(line + len, sizeof line - len, ", data in %s", c->dir);
    char clean[sizeof line];
    len = umig_clean_copy(line, clean, sizeof clean - 1);
    len = len < sizeof clean - 1 ? len : strlen(clean);
    clean[len++] = '\n';
    /* Nobody reads it: that is no reason not to serve. */
    const ssize_t written = write(out_fd == 0 ? STDOUT_FILENO : out_fd, clean, len);
    (void)written;
}

/* Waits for the signal that ends the collector. */
struct signal_waiter {
    sigset_t signals;
    struct umig_ingest *ingest;
    pthread_t thread;
};

static void *wait_for_signal(void *context)
{
    struct signal_waiter *waiter = context;
    int number = 0;
    (void)sigwait(&waiter->signals, &number);
    umig_ingest_stop(waiter->ingest);
    return NULL;
}

static int start_waiting(struct signal_waiter *waiter,
                         struct umig_ingest *ingest,
                         struct umig_err *err)
{
    waiter->ingest = ingest;
    const int error_number = pthread_create(&waiter->thread, NULL, wait_for_signal, waiter);
    return error_number == 0
               ? UMIG_OK
               : umig_err_set_cause(err, UMIG_E_LIMIT, error_number, "cannot start a thread: %s",
                                    umig_errno_text(error_number));
}

static void stop_waiting(struct signal_waiter *waiter)
{
    /* It may wait still when the store failed. */
    /* NOLINTNEXTLINE(bugprone-bad-signal-to-kill-thread): blocked, and taken by its sigwait() */
    (void)pthread_kill(waiter->thread, SIGTERM);
    pthread_join(waiter->thread, NULL);
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Files that somebody took away: their sessions stay, and whoever knows of it can help. */
static void warn_of_missing(const struct collector *c)
{
    struct umig_missing_files missing;
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_store_missing_files(c->store,
                                 umig_retention_oldest_ns(&c->retention, umig_clock_unix_ns()),
                                 &missing, &err) != UMIG_OK) {
        umig_log_err(UMIG_LOG_WARN, "cannot look for missing day files", &err);
        return;
    }
    if (missing.count == 0) {
        return;
    }
    char path[UMIG_STORE_PATH_BYTES];
    char others[48] = "";
    umig_store_day_path(c->dir, missing.first, path);
    if (missing.count > 1) {
        snprintf(others, sizeof others, ", %zu more files are gone too", missing.count - 1);
    }
    umig_log(UMIG_LOG_WARN,
             "%s is gone with data of %" PRId64
             " session%s%s; the sessions stay listed: put it back, "
             "or restore it from a backup",
             path, missing.first_sessions, missing.first_sessions == 1 ? "" : "s", others);
}

static int open_all(struct collector *c,
                    const struct umig_collector_options *options,
                    struct umig_err *err)
{
    int rc = umig_places_read(&c->places, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    snprintf(c->dir, sizeof c->dir, "%s",
             options->data_dir != NULL ? options->data_dir : c->places.data_dir);
    c->retention = (struct umig_retention){
        .age_ns = options->retain_age_ns != 0 ? options->retain_age_ns : UMIG_COLLECTOR_AGE_NS,
        .size_bytes = options->retain_size_bytes != 0 ? options->retain_size_bytes
                                                      : UMIG_COLLECTOR_SIZE_BYTES,
    };
    rc = choose_addresses(c, options, err);
    rc = rc != UMIG_OK ? rc : umig_store_open(c->dir, &c->store, err);
    if (rc != UMIG_OK) {
        return umig_store_explain(c->dir, rc, err);
    }
    warn_of_missing(c);
    const struct umig_keeper_options keeper = {
        .dir = c->dir, .store_id = umig_store_id(c->store), .retention = c->retention};
    rc = umig_keeper_create(&keeper, &c->keeper, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    const struct umig_ingest_options ingest = {.store = c->store,
                                               .hooks = umig_keeper_hooks(c->keeper),
                                               .lost_after_ns = options->lost_after_ns};
    rc = umig_ingest_create(&ingest, &c->ingest, err);
    return rc != UMIG_OK ? umig_err_trace(err, rc) : listen_all(c, err);
}

/* The first failure is the one to tell: what the ingest met, else what made the keeper stop it. */
static int serve(struct collector *c,
                 int out_fd,
                 struct signal_waiter *waiter,
                 struct umig_err *err)
{
    int rc = umig_keeper_start(c->keeper, c->ingest, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    rc = start_waiting(waiter, c->ingest, err);
    if (rc == UMIG_OK) {
        announce(c, out_fd);
        rc = umig_ingest_run(c->ingest, err);
        stop_waiting(waiter);
    }
    umig_keeper_stop(c->keeper);
    rc = rc != UMIG_OK ? rc : umig_keeper_failure(c->keeper, err);
    rc = rc != UMIG_OK ? rc : umig_keeper_finish(c->keeper, c->store, err);
    if (rc == UMIG_E_LIMIT) {
        umig_log(UMIG_LOG_WARN, "the disk is full; what waits is folded at the next start");
        rc = UMIG_OK;
    }
    return umig_store_explain(c->dir, rc, err);
}

int umig_collector_run(const struct umig_collector_options *options, struct umig_err *err)
{
    struct collector c = {.store = NULL};
    struct signal_waiter waiter;
    sigset_t before;
    sigemptyset(&waiter.signals);
    sigaddset(&waiter.signals, SIGINT);
    sigaddset(&waiter.signals, SIGTERM);
    /* Blocked before any thread exists: the waiter alone takes them. */
    pthread_sigmask(SIG_BLOCK, &waiter.signals, &before);
    /* What was measured is for the owner's eyes, also in a folder that others may enter. */
    const mode_t umask_before = umask(077);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file size limit is to be an error, like a full disk */
    raise_descriptor_limit();
    int rc = open_all(&c, options, err);
    const bool is_open = rc == UMIG_OK;
    rc = rc != UMIG_OK ? rc : serve(&c, options->out_fd, &waiter, err);
    remove_sockets(&c.listening);
    umig_ingest_destroy(c.ingest);
    umig_keeper_destroy(c.keeper);
    if (is_open) {
        umig_store_close(c.store);
    } else {
        umig_store_abandon(c.store);
    }
    (void)umask(umask_before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}
