/*
 * more_samples PID PERIOD_US: gives a JVM under our agent more CPU samples than the kernel's tick
 * allows. The timers of the agent stand in /proc/PID/timers with the value their signals carry;
 * each thread that is running gets the same signal once a period, from here. It ends with its
 * standard input.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    TARGETS_MAX = 4096,
    LOOKS_PER_S = 20
};

struct target {
    int tid;
    void *value;
};

struct targets {
    struct target items[TARGETS_MAX];
    int count;
};

static bool is_running(int pid, int tid)
{
    char path[64];
    char line[512] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", pid, tid);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    const bool was_read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    const char *state = was_read ? strrchr(line, ')') : NULL;
    return state != NULL && strncmp(state, ") R", 3) == 0;
}

/* Lines "signal: 27/00007f..." and "notify: signal/tid.123" of each timer. */
static void look(int pid, struct targets *targets)
{
    char path[64];
    char line[256];
    int signo = 0;
    void *value = NULL;
    snprintf(path, sizeof path, "/proc/%d/timers", pid);
    FILE *file = fopen(path, "r");
    targets->count = 0;
    while (file != NULL && targets->count < TARGETS_MAX && fgets(line, sizeof line, file) != NULL) {
        int tid = 0;
        if (sscanf(line, "signal: %d/%p", &signo, &value) == 2 || signo != SIGPROF ||
            sscanf(line, "notify: signal/tid.%d", &tid) != 1 || !is_running(pid, tid)) {
            continue;
        }
        targets->items[targets->count++] = (struct target){.tid = tid, .value = value};
    }
    if (file != NULL) {
        fclose(file);
    }
}

/* As the kernel sends it when the timer goes off. */
static void send_to(int pid, const struct target *target)
{
    siginfo_t info;
    memset(&info, 0, sizeof info);
    info.si_signo = SIGPROF;
    info.si_code = SI_TIMER;
    info.si_value.sival_ptr = target->value;
    (void)syscall(SYS_rt_tgsigqueueinfo, pid, target->tid, SIGPROF, &info);
}

int main(int argc, char **argv)
{
    const int pid = argc == 3 ? atoi(argv[1]) : 0;
    const long period_us = argc == 3 ? atol(argv[2]) : 0;
    if (pid <= 0 || period_us < 100 || period_us >= 1000000) {
        fputs("usage: more_samples PID PERIOD_US, a period of 100 to 999999\n", stderr);
        return 2;
    }
    static struct targets targets;
    const struct timespec period = {.tv_nsec = period_us * 1000};
    const long between_looks = 1000000 / LOOKS_PER_S / period_us + 1;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    for (long round = 0;; round++) {
        if (round % between_looks == 0) {
            look(pid, &targets);
            if (poll(&input, 1, 0) != 0 || kill(pid, 0) != 0) {
                return 0;
            }
        }
        for (int i = 0; i < targets.count; i++) {
            send_to(pid, &targets.items[i]);
        }
        nanosleep(&period, NULL);
    }
}
