/*
 * An agent that takes SIGSEGV over and hands nothing on, as libraries do that use faults for a
 * barrier of their own: one at its own page is its own, any other ends the process with 97.
 *
 *   -agentpath:LIBRARY=FILE,NAME        once FILE is there, when a library NAME handles it;
 *                                       after ten faults FILE is renamed to FILE.seen
 *   -agentpath:LIBRARY=FILE,NAME,again  and again, every few milliseconds
 *
 * It faults at its page all the time. At the end of the JVM it says how often it did, and how often
 * it took the signal: {"faults": N, "taken": N}.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
    FEW = 10,
    PAGE_BYTES = 4096,
    PAUSE_MS = 3,
    FOREIGN_FAULT = 97
};

static char *g_page;
static char g_start[108]; /* FILE: a JVM that begins has faults of its own */
static char g_seen[128];
static char g_victim[64];
static bool g_is_persistent;
static atomic_uint g_faults;
static atomic_uint g_taken;

/** Called by the JVM for -agentpath. */
__attribute__((visibility("default"))) int Agent_OnLoad(void *vm, char *options, void *reserved);

/** Called by the JVM at its end. */
__attribute__((visibility("default"))) void Agent_OnUnload(void *vm);

static void on_fault(int signo, siginfo_t *info, void *context)
{
    (void)signo;
    (void)context;
    if (info->si_addr != g_page) {
        _exit(FOREIGN_FAULT);
    }
    atomic_fetch_add(&g_faults, 1);
    (void)mprotect(g_page, PAGE_BYTES, PROT_READ | PROT_WRITE);
}

static void pause_ms(long ms)
{
    const struct timespec time = {.tv_nsec = ms * 1000000};
    (void)nanosleep(&time, NULL);
}

static bool is_victims(const struct sigaction *action)
{
    Dl_info info;
    return (action->sa_flags & SA_SIGINFO) != 0 && action->sa_sigaction != on_fault &&
           dladdr((void *)(uintptr_t)action->sa_sigaction, &info) != 0 &&
           strstr(info.dli_fname, g_victim) != NULL;
}

static void take_over(void)
{
    struct sigaction now;
    if ((g_is_persistent || atomic_load(&g_taken) == 0) &&
        (access(g_start, F_OK) == 0 || access(g_seen, F_OK) == 0) &&
        sigaction(SIGSEGV, NULL, &now) == 0 && is_victims(&now)) {
        memset(&now, 0, sizeof now);
        now.sa_sigaction = on_fault;
        now.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
        (void)sigaction(SIGSEGV, &now, NULL);
        atomic_fetch_add(&g_taken, 1);
    }
}

static void *steal(void *arg)
{
    (void)arg;
    sigset_t faults;
    sigemptyset(&faults);
    sigaddset(&faults, SIGSEGV);
    (void)pthread_sigmask(SIG_UNBLOCK, &faults, NULL);
    while (true) {
        take_over();
        if (atomic_load(&g_taken) > 0) {
            (void)mprotect(g_page, PAGE_BYTES, PROT_NONE);
            *(volatile char *)g_page = 1;
        }
        if (atomic_load(&g_faults) == FEW) {
            (void)rename(g_start, g_seen);
        }
        pause_ms(PAUSE_MS);
    }
    return NULL;
}

int Agent_OnLoad(void *vm, char *options, void *reserved)
{
    (void)vm;
    (void)reserved;
    pthread_t thread;
    g_page = mmap(NULL, PAGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)sscanf(options, "%107[^,],%63[^,]", g_start, g_victim);
    (void)snprintf(g_seen, sizeof g_seen, "%s.seen", g_start);
    g_is_persistent = strstr(options, ",again") != NULL;
    return g_page != MAP_FAILED && pthread_create(&thread, NULL, steal, NULL) == 0
               ? pthread_detach(thread)
               : -1;
}

void Agent_OnUnload(void *vm)
{
    (void)vm;
    printf("{\"faults\": %u, \"taken\": %u}\n", atomic_load(&g_faults), atomic_load(&g_taken));
    fflush(stdout);
}
