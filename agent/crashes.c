#include "agent/crashes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/err.h"
#include "core/log.h"

enum {
    TIMES_MAX = 64, /* crashes looked at; the breaker stops at two in an hour */
    YOUNG_S = 2,
    HEAD_BYTES = 4096,
    REPORT_S = 600, /* the JVM takes two minutes at most to write its error file, then it aborts */
};

void umig_crashes_init(struct umig_crashes *crashes,
                       const struct umig_places *places,
                       const char *service,
                       uint32_t id,
                       const char *error_file)
{
    memset(crashes, 0, sizeof *crashes);
    crashes->places = places;
    crashes->service = service;
    crashes->id = id;
    crashes->fd = -1;
    snprintf(crashes->error_file, sizeof crashes->error_file, "%s", error_file);
}

static void put_path(const struct umig_crashes *crashes,
                     const char *prefix,
                     int pid,
                     uint32_t id,
                     char out[UMIG_ABORT_PATH_BYTES])
{
    snprintf(out, UMIG_ABORT_PATH_BYTES, "%s/%s%d-%08x-%s", crashes->places->runtime_dir, prefix,
             pid, id, crashes->service);
}

/* --- error files --- */

/* -XX:ErrorFile with the JVM's pid for %p. */
static void expand(const char *pattern, int pid, char out[UMIG_ERROR_FILE_BYTES])
{
    size_t used = 0;
    for (const char *at = pattern; *at != '\0' && used + 12 < UMIG_ERROR_FILE_BYTES; at++) {
        if (at[0] == '%' && at[1] == 'p') {
            used += (size_t)snprintf(out + used, UMIG_ERROR_FILE_BYTES - used, "%d", pid);
            at++;
        } else {
            at += at[0] == '%' && at[1] == '%';
            out[used++] = *at;
        }
    }
    out[used] = '\0';
}

/* Opens the error file that a JVM wrote since it was sampled; -1: there is none. */
static int open_if_written(const char *path, time_t since, time_t *out_written)
{
    struct stat st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_mtime >= since) {
        *out_written = st.st_mtime;
        return fd;
    }
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

/* Where the JVM writes it: as told, where it runs, else into /tmp. */
static int open_error_file(const struct umig_crashes *crashes,
                           int pid,
                           time_t since,
                           time_t *out_written)
{
    const char *const patterns[] = {crashes->error_file, "hs_err_pid%p.log",
                                    "/tmp/hs_err_pid%p.log"};
    int fd = -1;
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0] && fd < 0; i++) {
        char path[UMIG_ERROR_FILE_BYTES];
        expand(patterns[i], pid, path);
        fd = path[0] != '\0' ? open_if_written(path, since, out_written) : -1;
    }
    return fd;
}

/* Memory that ran out, the machine's or the heap's where the user asked for a crash. */
static bool is_for_memory(int fd)
{
    char head[HEAD_BYTES];
    const ssize_t len = read(fd, head, sizeof head - 1);
    head[len > 0 ? len : 0] = '\0';
    return strstr(head, "insufficient memory for the Java Runtime") != NULL ||
           strstr(head, "OutOfMemory encountered") != NULL;
}

/* --- what earlier JVMs left behind --- */

/* A file of the service, of another JVM. */
struct trace {
    int pid;
    uint32_t id;
    time_t time; /* when sampling began, or of the crash */
    bool is_crash;
    char path[UMIG_ABORT_PATH_BYTES];
};

static bool read_trace(const struct umig_crashes *crashes, const char *name, struct trace *trace)
{
    struct stat st;
    int end = 0;
    trace->is_crash = strncmp(name, UMIG_CRASHED_PREFIX, strlen(UMIG_CRASHED_PREFIX)) == 0;
    const char *prefix = trace->is_crash ? UMIG_CRASHED_PREFIX : UMIG_SAMPLING_PREFIX;
    if (strncmp(name, prefix, strlen(prefix)) != 0 ||
        sscanf(name + strlen(prefix), "%d-%8x-%n", &trace->pid, &trace->id, &end) != 2 ||
        end == 0 || strcmp(name + strlen(prefix) + end, crashes->service) != 0) {
        return false;
    }
    put_path(crashes, prefix, trace->pid, trace->id, trace->path);
    if (trace->id == crashes->id || lstat(trace->path, &st) != 0 || !S_ISREG(st.st_mode) ||
        st.st_uid != crashes->places->uid) {
        return false;
    }
    trace->time = st.st_mtime;
    return true;
}

/*
 * The lock tells, not the pid: pids come again, and in another container they mean another process.
 */
static bool is_alive(const struct trace *trace)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int fd = open(trace->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return true; /* gone meanwhile, or not ours to judge */
    }
    const bool is_locked = fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
    close(fd);
    return is_locked;
}

/* Its agent has made the file and may not have locked it yet. */
static bool is_young(const struct trace *trace, time_t now)
{
    return trace->time <= now && now - trace->time < YOUNG_S;
}

/* Decides what became of a JVM that is gone; true when it crashed. */
static bool settle(const struct umig_crashes *crashes, struct trace *trace, time_t now)
{
    char crashed[UMIG_ABORT_PATH_BYTES];
    time_t written = 0;
    const time_t since = trace->is_crash ? trace->time - REPORT_S : trace->time;
    const int fd = open_error_file(crashes, trace->pid, since, &written);
    const bool is_crash = fd >= 0 ? !is_for_memory(fd) : trace->is_crash;
    if (fd >= 0) {
        close(fd);
    }
    if (!is_crash) {
        if (fd >= 0 || !is_young(trace, now)) {
            (void)unlink(trace->path);
        }
        return false;
    }
    if (!trace->is_crash) {
        const struct timespec times[2] = {{.tv_sec = written}, {.tv_sec = written}};
        put_path(crashes, UMIG_CRASHED_PREFIX, trace->pid, trace->id, crashed);
        (void)rename(trace->path, crashed);
        (void)utimensat(AT_FDCWD, crashed, times, 0);
        trace->time = written;
    }
    return true;
}

static void add_time(time_t *times, unsigned *count, time_t time)
{
    if (*count < TIMES_MAX) {
        times[(*count)++] = time;
    }
}

/* The newest crash, and the one before it. */
static void judge(const time_t *times, unsigned count, struct umig_crash_history *history)
{
    time_t last = 0;
    time_t before = 0;
    for (unsigned i = 0; i < count; i++) {
        if (times[i] >= last) {
            before = last;
            last = times[i];
        } else if (times[i] > before) {
            before = times[i];
        }
    }
    history->crashes = count;
    history->last = last;
    history->is_loop = before != 0 && last - before <= UMIG_CRASHES_WITHIN_S;
}

void umig_crashes_look(const struct umig_crashes *crashes,
                       time_t now,
                       struct umig_crash_history *out_history)
{
    time_t times[TIMES_MAX];
    unsigned count = 0;
    DIR *folder = opendir(crashes->places->runtime_dir);
    for (struct dirent *it = NULL; folder != NULL && (it = readdir(folder)) != NULL;) {
        struct trace trace;
        if (!read_trace(crashes, it->d_name, &trace) || (!trace.is_crash && is_alive(&trace)) ||
            !settle(crashes, &trace, now)) {
            continue;
        }
        if (now - trace.time > UMIG_CRASHES_KEPT_S) {
            put_path(crashes, UMIG_CRASHED_PREFIX, trace.pid, trace.id, trace.path);
            (void)unlink(trace.path);
        } else {
            add_time(times, &count, trace.time);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    judge(times, count, out_history);
}

/* --- this JVM --- */

static int mark(struct umig_crashes *crashes, struct umig_err *err)
{
    char crashed[UMIG_ABORT_PATH_BYTES];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int rc = umig_places_make_runtime_dir(crashes->places, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    put_path(crashes, UMIG_SAMPLING_PREFIX, getpid(), crashes->id, crashes->sampling);
    put_path(crashes, UMIG_CRASHED_PREFIX, getpid(), crashes->id, crashed);
    const int fd = open(crashes->sampling, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || fcntl(fd, F_SETLK, &lock) != 0) {
        const int cause = errno;
        if (fd >= 0) {
            close(fd);
            (void)unlink(crashes->sampling);
        }
        return umig_err_set_cause(err, UMIG_E_IO, cause, "%s: %s", crashes->sampling,
                                  umig_errno_text(cause));
    }
    crashes->fd = fd;
    umig_abort_mark_arm(crashes->sampling, crashed);
    return UMIG_OK;
}

static void unmark(struct umig_crashes *crashes)
{
    umig_abort_mark_disarm();
    (void)unlink(crashes->sampling);
    close(crashes->fd);
    crashes->fd = -1;
}

void umig_crashes_set_sampling(struct umig_crashes *crashes, bool is_sampling)
{
    struct umig_err err = UMIG_ERR_INIT;
    if (is_sampling && crashes->fd < 0 && !crashes->is_unmarked && mark(crashes, &err) != UMIG_OK) {
        crashes->is_unmarked = true;
        umig_log(UMIG_LOG_INFO, "a crash of this JVM would not be remembered: %s", err.text);
    } else if (!is_sampling && crashes->fd >= 0) {
        unmark(crashes);
    }
}
