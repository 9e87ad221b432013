/*
 * An agent that takes SIGPROF over as soon as somebody else handles it, and never gives it back. At
 * the end of the JVM it says how many signals came in the time in which that must be noticed, and
 * how many came later: "thief: EARLY LATE"; without the word when it never had its chance.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    SETTLE_MS = 300,  /* mostly until samples are taken; before that it must be noticed as well */
    NOTICE_MS = 2000, /* the loop looks once a second; as much again for a machine that is busy */
};

static atomic_uint g_signals;
static atomic_uint g_early;
static atomic_bool g_is_over;

/** Called by the JVM for -agentpath. */
__attribute__((visibility("default"))) int Agent_OnLoad(void *vm, char *options, void *reserved);

/** Called by the JVM at its end. */
__attribute__((visibility("default"))) void Agent_OnUnload(void *vm);

static void on_signal(int signo)
{
    (void)signo;
    atomic_fetch_add(&g_signals, 1);
}

static void pause_ms(long ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

static void *steal(void *arg)
{
    (void)arg;
    struct sigaction action;
    while (sigaction(SIGPROF, NULL, &action) == 0 && action.sa_handler == SIG_DFL) {
        pause_ms(1);
    }
    pause_ms(SETTLE_MS);
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    (void)sigaction(SIGPROF, &action, NULL);
    pause_ms(NOTICE_MS);
    atomic_store(&g_early, atomic_load(&g_signals));
    atomic_store(&g_is_over, true);
    return NULL;
}

int Agent_OnLoad(void *vm, char *options, void *reserved)
{
    (void)vm;
    (void)options;
    (void)reserved;
    pthread_t thread;
    return pthread_create(&thread, NULL, steal, NULL) == 0 ? pthread_detach(thread) : -1;
}

void Agent_OnUnload(void *vm)
{
    (void)vm;
    if (atomic_load(&g_is_over)) {
        const unsigned early = atomic_load(&g_early);
        printf("thief: %u %u\n", early, atomic_load(&g_signals) - early);
    }
}
