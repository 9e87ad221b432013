/* On an interrupted thread: hands the agent's handler contexts that are not the thread's. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/storm/disturb.h"
#include "bench/storm/storm.h"
#include "core/clock.h"

enum {
    /* Of stack below the interrupted frame: the copies, the agent's handler, the JVM's guard zones.
     */
    ROOM_BYTES = 192 * 1024
};

#define MOST_NS (20 * UMIG_NS_PER_MS) /* of one signal's walks */

static struct storm_layout g_layout;
static atomic_ullong g_seed;
static atomic_int g_disturbed[STORM_TARGETS_MAX]; /* tids, each at its remainder */
static atomic_ullong g_rest_until_ns[STORM_TARGETS_MAX];

/* No other function's frame holds the copies while the thread is not disturbed. */
__attribute__((noinline)) static bool walk_disturbed(struct umig_slot *slot,
                                                     const struct storm_interrupted *who,
                                                     const ucontext_t *context)
{
    storm_handler *const handler = atomic_load(&g_storm.handler);
    const uint64_t seed = (atomic_fetch_add(&g_seed, 1) + 1) * UINT64_C(0x9e3779b97f4a7c15);
    void *const env = atomic_load(&slot->env);
    struct storm_disturbed disturbed;
    if (env == NULL || !storm_disturb_begin(&disturbed, &g_layout, who, context, seed)) {
        return false;
    }
    const uint64_t end_ns = umig_clock_monotonic_ns() + MOST_NS;
    uint32_t walks = 0;
    for (; walks < g_storm.fuzz_count && umig_clock_monotonic_ns() < end_ns; walks++) {
        const uintptr_t thread = storm_disturb_next(&disturbed);
        siginfo_t info;
        memset(&info, 0, sizeof info);
        info.si_signo = SIGPROF;
        info.si_code = SI_TIMER;
        info.si_value.sival_ptr = slot;
        atomic_store(&slot->env, (void *)((uintptr_t)env - who->thread + thread));
        slot->due_cpu_ns = 0; /* each is a walk, however dear the one before was */
        handler(SIGPROF, &info, &disturbed.context);
    }
    atomic_store(&slot->env, env);
    atomic_fetch_add(&g_storm.walks, walks);
    return true;
}

static atomic_int *place_of(int tid)
{
    return &g_disturbed[(unsigned)tid % STORM_TARGETS_MAX];
}

static atomic_ullong *rest_of(int tid)
{
    return &g_rest_until_ns[(unsigned)tid % STORM_TARGETS_MAX];
}

bool storm_fuzz_has(int tid)
{
    return atomic_load(place_of(tid)) == tid ||
           umig_clock_monotonic_ns() < atomic_load(rest_of(tid));
}

static void on_fuzz(int signo, siginfo_t *info, void *context)
{
    (void)signo;
    const int saved_errno = errno;
    struct umig_slot *slot = info->si_value.sival_ptr;
    struct storm_interrupted who;
    const int tid = (int)syscall(SYS_gettid);
    if (info->si_code != SI_QUEUE || atomic_load(&slot->tid) != tid ||
        atomic_load(&g_storm.handler) == NULL) {
        return;
    }
    const uint64_t begin_ns = umig_clock_monotonic_ns();
    atomic_store(place_of(tid), tid);
    if (!storm_interrupted_find(&g_layout, (uintptr_t)atomic_load(&slot->env), context, &who) ||
        who.sp - who.stack_low < ROOM_BYTES || !walk_disturbed(slot, &who, context)) {
        atomic_fetch_add(&g_storm.unfit, 1);
    }
    /* As long as it was disturbed it works: with a deep stack that is much longer than a period. */
    const uint64_t now_ns = umig_clock_monotonic_ns();
    atomic_store(rest_of(tid), now_ns + (now_ns - begin_ns));
    atomic_store(place_of(tid), 0);
    errno = saved_errno;
}

bool storm_fuzz_install(void)
{
    if (!storm_layout_read(&g_layout)) {
        fputs("storm: this JVM does not describe its threads\n", stderr);
        return false;
    }
    /* As the agent's own: everything but faults waits. */
    struct sigaction ours = {.sa_sigaction = on_fuzz, .sa_flags = SA_SIGINFO | SA_RESTART};
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    sigfillset(&ours.sa_mask);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        sigdelset(&ours.sa_mask, faults[i]);
    }
    return sigaction(STORM_FUZZ_SIGNAL, &ours, NULL) == 0;
}
