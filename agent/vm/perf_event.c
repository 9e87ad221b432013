#include "agent/vm/perf_event.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/err.h"
#include "core/units.h"

/* What an administrator has set; 2, the kernel's own default, if it cannot be read. */
static int paranoid(void)
{
    char text[16] = "";
    const int fd = open("/proc/sys/kernel/perf_event_paranoid", O_RDONLY | O_CLOEXEC);
    const ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    return len > 0 ? (int)strtol(text, NULL, 10) : 2;
}

/* Which of them the kernel checks is told by its errno: kernel/events/core.c. */
static int explain(int cause, struct umig_err *err)
{
    switch (cause) {
    case ESRCH:
        return UMIG_NOT_FOUND;
    case EACCES:
        return umig_err_set_cause(
            err, UMIG_E_UNSUPPORTED, cause,
            "kernel.perf_event_paranoid is %d: 'sysctl kernel.perf_event_paranoid=1' or CAP_PERFMON "
            "for the JVM would allow it",
            paranoid());
    case EPERM:
        return umig_err_set_cause(
            err, UMIG_E_UNSUPPORTED, cause,
            "perf_event_open is forbidden to this process, as containers' seccomp profiles do: one "
            "that allows it, or CAP_PERFMON, would help");
    case ENOSYS:
        return umig_err_set_cause(err, UMIG_E_UNSUPPORTED, cause,
                                  "perf_event_open is not there: a seccomp profile hides it, or "
                                  "the kernel has none");
    case EMFILE:
    case ENFILE:
        return umig_err_set_cause(err, UMIG_E_LIMIT, cause,
                                  "no file descriptor left for it: raise RLIMIT_NOFILE");
    default:
        return umig_err_set_cause(err, cause == ENOMEM ? UMIG_E_LIMIT : UMIG_E_UNSUPPORTED, cause,
                                  "perf_event_open: %s", umig_errno_text(cause));
    }
}

static int map_ring(struct umig_perf_ring *ring, struct umig_err *err)
{
    void *map = mmap(NULL, UMIG_PERF_MAP_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
    if (map == MAP_FAILED) {
        return errno == EPERM ? umig_err_set_cause(err, UMIG_E_LIMIT, errno,
                                                   "no locked memory left for it: raise "
                                                   "kernel.perf_event_mlock_kb or RLIMIT_MEMLOCK")
                              : umig_err_set_cause(err, UMIG_E_LIMIT, errno, "mmap of its ring: %s",
                                                   umig_errno_text(errno));
    }
    atomic_store(&ring->map, map);
    return UMIG_OK;
}

/* The signal goes to that thread and carries the descriptor. */
static int set_signal(int fd, int tid, int signo, struct umig_err *err)
{
    const struct f_owner_ex owner = {.type = F_OWNER_TID, .pid = tid};
    if (fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK) != 0 || fcntl(fd, F_SETSIG, signo) != 0 ||
        fcntl(fd, F_SETOWN_EX, &owner) != 0) {
        return errno == ESRCH
                   ? UMIG_NOT_FOUND
                   : umig_err_set_cause(err, UMIG_E_UNSUPPORTED, errno,
                                        "signals of perf events: %s", umig_errno_text(errno));
    }
    return UMIG_OK;
}

int umig_perf_event_open(int tid,
                         uint64_t period_ns,
                         int signo,
                         struct umig_perf_ring *out_ring,
                         struct umig_err *err)
{
    struct perf_event_attr attr = {
        .size = sizeof attr,
        .type = PERF_TYPE_SOFTWARE,
        .config = PERF_COUNT_SW_CPU_CLOCK,
        .sample_period = period_ns,
        .sample_type = PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN,
        .sample_max_stack = UMIG_KERNEL_FRAMES_MAX,
        .disabled = 1,
        .exclude_hv = 1,
        .exclude_callchain_user = 1, /* we walk that ourselves */
        .wakeup_events = 1,          /* IOC_REFRESH, the other way, is broken in kernels 6.x */
    };
    struct umig_perf_ring ring = {.map = NULL};
    if (signo >= SIGRTMIN) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "another library of this JVM has SIGPROF, which perf events need");
    }
    ring.fd = (int)syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (ring.fd < 0) {
        return explain(errno, err);
    }
    int rc = map_ring(&ring, err);
    rc = rc == UMIG_OK ? set_signal(ring.fd, tid, signo, err) : rc;
    if (rc != UMIG_OK) {
        umig_perf_event_close(ring.fd, atomic_load(&ring.map));
        return rc;
    }
    out_ring->fd = ring.fd;
    atomic_store(&out_ring->map, atomic_load(&ring.map));
    return UMIG_OK;
}

void umig_perf_event_start(const struct umig_perf_ring *ring)
{
    (void)ioctl(ring->fd, PERF_EVENT_IOC_ENABLE, 0);
}

void umig_perf_event_set_period(const struct umig_perf_ring *ring, uint64_t period_ns)
{
    (void)ioctl(ring->fd, PERF_EVENT_IOC_PERIOD, &period_ns);
}

void umig_perf_event_stop(const struct umig_perf_ring *ring)
{
    (void)ioctl(ring->fd, PERF_EVENT_IOC_DISABLE, 0);
}

void umig_perf_event_close(int fd, void *map)
{
    if (map != NULL) {
        munmap(map, UMIG_PERF_MAP_BYTES);
    }
    close(fd);
}

int umig_perf_event_check(int signo, struct umig_err *err)
{
    struct umig_perf_ring ring = {.map = NULL};
    const int rc = umig_perf_event_open((int)syscall(SYS_gettid), UMIG_NS_PER_S, signo, &ring, err);
    if (rc == UMIG_OK) {
        umig_perf_event_close(ring.fd, atomic_load(&ring.map));
    }
    return rc;
}
