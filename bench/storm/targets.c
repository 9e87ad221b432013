/* Which threads have a timer of the agent, and with which value: the kernel says both. */
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench/storm/storm.h"

static bool is_running(int tid)
{
    char path[48];
    char text[256];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    const size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    const char *state = strrchr(text, ')'); /* behind the name */
    return state != NULL && state[1] == ' ' && state[2] == 'R';
}

/* Is the thread there, as far as the agent knows, and does it run Java? */
static bool is_java(const struct storm_target *target)
{
    const struct umig_slot *slot = target->slot;
    return atomic_load(&slot->tid) == target->tid && atomic_load(&slot->state) == UMIG_SLOT_LIVE &&
           atomic_load(&slot->env) != NULL;
}

/*
 *   ID: 7
 *   signal: 27/00007f3c5e2a1480
 *   notify: signal/tid.4711
 *   ClockID: -37686            <- of a thread's CPU time; ours has another
 */
bool storm_targets_read(struct storm_targets *targets)
{
    FILE *file = fopen("/proc/self/timers", "re");
    char line[128];
    struct storm_target found = {.timer = -1};
    int signo = 0;
    int clock = 0;
    void *value = NULL;
    if (file == NULL) {
        return false;
    }
    targets->count = 0;
    while (targets->count < STORM_TARGETS_MAX && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "signal: %d/%p", &signo, &value) == 2 ||
            sscanf(line, "notify: signal/tid.%d", &found.tid) == 1 ||
            sscanf(line, "ClockID: %d", &clock) != 1 || clock >= 0 || signo != SIGPROF) {
            continue;
        }
        found.slot = value;
        if (is_java(&found)) {
            found.is_running = is_running(found.tid);
            targets->items[targets->count++] = found;
        }
    }
    fclose(file);
    return true;
}

/*
 * The kernel starts a timer again when its signal is delivered, so a thread that does not run has
 * one signal waiting, and costs nothing.
 */
static void give_timer(struct storm_target *target, uint32_t every_us)
{
    struct sigevent event;
    const struct timespec every = {.tv_sec = every_us / 1000000,
                                   .tv_nsec = every_us % 1000000 * 1000};
    const struct itimerspec spec = {.it_interval = every, .it_value = every};
    int timer = -1;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGPROF;
    event.sigev_value.sival_ptr = target->slot;
    event._sigev_un._tid = target->tid;
    if (is_java(target) && syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) == 0) {
        target->timer = timer;
        (void)syscall(SYS_timer_settime, timer, 0, &spec, NULL);
    }
}

void storm_targets_tick(struct storm_targets *targets, uint32_t every_us)
{
    for (uint32_t i = 0; i < targets->count; i++) {
        if (targets->items[i].is_running) {
            give_timer(&targets->items[i], every_us);
        }
    }
}

void storm_targets_quiet(struct storm_targets *targets)
{
    for (uint32_t i = 0; i < targets->count; i++) {
        if (targets->items[i].timer >= 0) {
            (void)syscall(SYS_timer_delete, targets->items[i].timer);
            targets->items[i].timer = -1;
        }
    }
}

void storm_targets_disturb(const struct storm_targets *targets)
{
    for (uint32_t i = 0; i < targets->count; i++) {
        const struct storm_target *target = &targets->items[i];
        /* One that is in there would go from one signal to the next, and never to its work. */
        if (!is_java(target) || storm_fuzz_has(target->tid)) {
            continue;
        }
        siginfo_t info;
        memset(&info, 0, sizeof info);
        info.si_signo = STORM_FUZZ_SIGNAL;
        info.si_code = SI_QUEUE;
        info.si_value.sival_ptr = target->slot;
        (void)syscall(SYS_rt_tgsigqueueinfo, getpid(), target->tid, STORM_FUZZ_SIGNAL, &info);
    }
}
