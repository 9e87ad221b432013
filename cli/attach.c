#include "cli/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/interrupt.h"
#include "cli/proc.h"
#include "core/clock.h"
#include "core/err.h"

enum {
    LOOK_MS = 20, /* between two looks whether the door is open */
    NAME_BYTES = 32,
};

/* --- the JVM's place --- */

static int pidfd_open(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0u);
}

static int gone(const struct umig_jvm *jvm, struct umig_err *err)
{
    return umig_err_set_cause(err, UMIG_E_IO, ESRCH, "JVM %d has ended", (int)jvm->pid);
}

int umig_attach_site_open(const struct umig_jvm *jvm,
                          struct umig_attach_site *out_site,
                          struct umig_err *err)
{
    struct umig_proc_ids ids;
    char path[64];
    struct umig_attach_site site = {.jvm = *jvm, .pid_fd = pidfd_open(jvm->pid), .tmp_fd = -1};
    out_site->pid_fd = -1;
    out_site->tmp_fd = -1;
    /* The descriptor first: what is read afterwards is of the process that it holds, or of none. */
    if (site.pid_fd < 0 || umig_proc_ids(jvm->pid, &ids, NULL) != UMIG_OK) {
        umig_attach_site_close(&site);
        return gone(jvm, err);
    }
    snprintf(path, sizeof path, "/proc/%d/root/tmp", (int)jvm->pid);
    site.tmp_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (site.tmp_fd < 0) {
        const int cause = errno;
        umig_attach_site_close(&site);
        return umig_err_set_cause(
            err, cause == EACCES || cause == EPERM ? UMIG_E_DENIED : UMIG_E_IO, cause,
            "the temp folder of JVM %d, %s: %s", (int)jvm->pid, path, umig_errno_text(cause));
    }
    site.jvm.uid = ids.uid;
    site.gid = ids.gid;
    site.inner_pid = ids.inner_pid;
    *out_site = site;
    return UMIG_OK;
}

void umig_attach_site_close(struct umig_attach_site *site)
{
    if (site->pid_fd >= 0) {
        close(site->pid_fd);
    }
    if (site->tmp_fd >= 0) {
        close(site->tmp_fd);
    }
    site->pid_fd = -1;
    site->tmp_fd = -1;
}

/* Only root can become another, and need not to become itself. */
static bool changes_user(const struct umig_attach_site *site)
{
    return getuid() == 0 && (site->jvm.uid != 0 || site->gid != getgid());
}

int umig_attach_site_enter(const struct umig_attach_site *site, struct umig_err *err)
{
    if (!changes_user(site)) {
        return UMIG_OK;
    }
    if (setegid(site->gid) != 0 || seteuid(site->jvm.uid) != 0) {
        const int cause = errno;
        umig_attach_site_leave(site);
        return umig_err_set_cause(err, UMIG_E_DENIED, cause, "cannot act as user %u of JVM %d: %s",
                                  site->jvm.uid, (int)site->jvm.pid, umig_errno_text(cause));
    }
    return UMIG_OK;
}

void umig_attach_site_leave(const struct umig_attach_site *site)
{
    if (changes_user(site)) {
        (void)!seteuid(getuid());
        (void)!setegid(getgid());
    }
}

static bool has_ended(const struct umig_attach_site *site)
{
    struct pollfd pfd = {.fd = site->pid_fd, .events = POLLIN};
    return poll(&pfd, 1, 0) == 1;
}

/* --- the door --- */

/* UMIG_OK, or UMIG_NOT_FOUND: nobody listens. */
static int try_door(const struct umig_attach_site *site, int *out_fd, struct umig_err *err)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    /* By the descriptor: paths below /proc/PID/root are root's alone where users are mapped. */
    snprintf(un.sun_path, sizeof un.sun_path, "/proc/self/fd/%d/.java_pid%d", site->tmp_fd,
             (int)site->inner_pid);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "socket: %s", umig_errno_text(errno));
    }
    if (connect(fd, (const struct sockaddr *)&un, sizeof un) == 0) {
        *out_fd = fd;
        return UMIG_OK;
    }
    const int cause = errno;
    close(fd);
    if (cause == ENOENT || cause == ECONNREFUSED || cause == EAGAIN) {
        return UMIG_NOT_FOUND;
    }
    return umig_err_set_cause(err, UMIG_E_DENIED, cause, "the attach socket of JVM %d: %s",
                              (int)site->jvm.pid, umig_errno_text(cause));
}

/* Anybody may put a socket into /tmp. */
static int check_peer(const struct umig_attach_site *site, int fd, struct umig_err *err)
{
    struct umig_peer peer;
    const int rc = umig_socket_peer(fd, &peer, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (peer.uid != site->jvm.uid || peer.pid != site->jvm.pid) {
        return umig_err_set(err, UMIG_E_DENIED,
                            "process %d of user %u listens at the attach socket of JVM %d (user "
                            "%u): it is not asked",
                            (int)peer.pid, peer.uid, (int)site->jvm.pid, site->jvm.uid);
    }
    return UMIG_OK;
}

static int no_request(const struct umig_attach_site *site, int cause, struct umig_err *err)
{
    const int pid = (int)site->jvm.pid;
    if (cause == ENOSPC || cause == EDQUOT) {
        return umig_err_set_cause(err, UMIG_E_IO, cause,
                                  "the temp folder of JVM %d is full: no file can be made in its "
                                  "/tmp; make room there and attach again",
                                  pid);
    }
    return umig_err_set_cause(err, UMIG_E_IO, cause, "cannot make a file in the /tmp of JVM %d: %s",
                              pid, umig_errno_text(cause));
}

/*
 * Makes the file that tells a tool's SIGQUIT from a person's. One that is there already is another
 * tool's, or left over from one that was killed; the JVM believes its user's and root's.
 */
static int put_request(const struct umig_attach_site *site,
                       const char *name,
                       bool *out_is_ours,
                       struct umig_err *err)
{
    struct stat st;
    const int flags = O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC;
    const int fd = openat(site->tmp_fd, name, flags, 0600);
    const int cause = errno;
    *out_is_ours = fd >= 0;
    if (fd >= 0) {
        close(fd);
        return UMIG_OK;
    }
    if (cause != EEXIST) {
        return no_request(site, cause, err);
    }
    if (fstatat(site->tmp_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
        (st.st_uid == site->jvm.uid || st.st_uid == 0)) {
        return UMIG_OK;
    }
    return umig_err_set(err, UMIG_E_DENIED,
                        "a file of somebody else is in the way: %s in the /tmp of JVM %d; remove "
                        "it and attach again",
                        name, (int)site->jvm.pid);
}

static int pause_for_look(const struct umig_attach_site *site,
                          const struct umig_attach_patience *patience,
                          const char *what,
                          struct umig_err *err)
{
    struct pollfd pfd = {.fd = site->pid_fd, .events = POLLIN};
    if (patience->on_wait != NULL) {
        patience->on_wait(patience->ctx, what);
    }
    if (poll(&pfd, 1, LOOK_MS) == 1) {
        return gone(&site->jvm, err);
    }
    return umig_interrupt_came() ? UMIG_END : UMIG_OK;
}

static int await_door(const struct umig_attach_site *site,
                      const struct umig_attach_patience *patience,
                      int *out_fd,
                      struct umig_err *err)
{
    int rc = UMIG_NOT_FOUND;
    while ((rc = try_door(site, out_fd, err)) == UMIG_NOT_FOUND) {
        if (umig_clock_monotonic_ns() > patience->deadline_ns) {
            return umig_err_set_cause(
                err, UMIG_E_IO, ETIMEDOUT,
                "JVM %d did not open its attach socket in time: it may be stopped or in a long "
                "pause, or its /tmp may be full; --wait TIME waits longer",
                (int)site->jvm.pid);
        }
        rc = pause_for_look(site, patience, "waiting for the JVM to open its attach socket", err);
        if (rc != UMIG_OK) {
            return rc;
        }
    }
    return umig_err_trace(err, rc);
}

static int open_door(const struct umig_attach_site *site,
                     const struct umig_attach_patience *patience,
                     int *out_fd,
                     struct umig_err *err)
{
    char name[NAME_BYTES];
    bool is_ours = false;
    snprintf(name, sizeof name, ".attach_pid%d", (int)site->inner_pid);
    int rc = put_request(site, name, &is_ours, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (syscall(SYS_pidfd_send_signal, site->pid_fd, SIGQUIT, NULL, 0u) != 0) {
        rc = errno == ESRCH ? gone(&site->jvm, err)
                            : umig_err_set_cause(err, UMIG_E_DENIED, errno,
                                                 "cannot send SIGQUIT to JVM %d: %s",
                                                 (int)site->jvm.pid, umig_errno_text(errno));
    } else {
        rc = await_door(site, patience, out_fd, err);
    }
    if (is_ours) {
        (void)unlinkat(site->tmp_fd, name, 0);
    }
    return rc;
}

/* A JVM that has just begun takes SIGQUIT only after a while; one that never will says so. */
static int await_ready(const struct umig_attach_site *site,
                       const struct umig_attach_patience *patience,
                       struct umig_err *err)
{
    int rc = UMIG_OK;
    while ((rc = umig_attach_check(&site->jvm, patience->remedy, err)) == UMIG_AGAIN) {
        if (umig_clock_monotonic_ns() > patience->deadline_ns) {
            return umig_err_set(err, UMIG_E_UNSUPPORTED,
                                "JVM %d cannot be attached to: it does not handle SIGQUIT (-Xrs, "
                                "-XX:+ReduceSignalUsage, or no HotSpot JVM); %s",
                                (int)site->jvm.pid, patience->remedy);
        }
        rc = pause_for_look(site, patience, "waiting for the JVM to handle signals", err);
        if (rc != UMIG_OK) {
            return rc;
        }
    }
    return umig_err_trace(err, rc);
}

int umig_attach_connect(const struct umig_attach_site *site,
                        const struct umig_attach_patience *patience,
                        int *out_fd,
                        struct umig_err *err)
{
    int fd = -1;
    int rc = await_ready(site, patience, err);
    if (rc == UMIG_OK) {
        rc = umig_attach_site_enter(site, err);
    }
    if (rc != UMIG_OK) {
        return rc < 0 ? umig_err_trace(err, rc) : rc;
    }
    rc = try_door(site, &fd, err);
    if (rc == UMIG_NOT_FOUND) {
        rc = has_ended(site) ? gone(&site->jvm, err) : open_door(site, patience, &fd, err);
    }
    umig_attach_site_leave(site);
    if (rc == UMIG_OK) {
        rc = check_peer(site, fd, err);
    }
    if (rc != UMIG_OK) {
        if (fd >= 0) {
            close(fd);
        }
        return rc < 0 ? umig_err_trace(err, rc) : rc;
    }
    *out_fd = fd;
    return UMIG_OK;
}
