/* Puts the handlers in place: runs on ordinary threads, so it is no part of umig_sigsafe. */
#include "agent/signal/install.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/err.h"

static const int g_fault_signals[UMIG_FAULT_SIGNALS] = {SIGSEGV, SIGBUS};

void umig_slots_init(struct umig_slots *table, void *memory, uint32_t count)
{
    table->slots = memory;
    table->count = count;
    pthread_mutex_init(&table->mutex, NULL);
    atomic_init(&table->live, 0);
    atomic_init(&table->refused, 0);
}

int umig_guard_install(const struct umig_slots *slots,
                       const struct umig_code_range *ranges,
                       uint32_t range_count,
                       struct umig_err *err)
{
    if (g_umig_guard.installed) {
        return UMIG_OK;
    }
    g_umig_guard.slots = slots;
    g_umig_guard.range_count =
        range_count < UMIG_GUARD_RANGES_MAX ? range_count : UMIG_GUARD_RANGES_MAX;
    memcpy(g_umig_guard.ranges, ranges, g_umig_guard.range_count * sizeof *ranges);
    for (int i = 0; i < UMIG_FAULT_SIGNALS; i++) {
        /* The old action first: a fault may come the moment ours is in place. */
        if (sigaction(g_fault_signals[i], NULL, &g_umig_guard.before[i]) != 0) {
            return umig_err_set_cause(err, UMIG_E_IO, errno, "sigaction: %s",
                                      umig_errno_text(errno));
        }
        /*
         * SA_NODEFER and an empty mask: after a jump out of here nothing stays blocked, and the
         * JVM's handler may itself fault (SafeFetch) or be sampled.
         */
        struct sigaction ours = {.sa_sigaction = umig_sig_on_fault};
        ours.sa_flags =
            SA_SIGINFO | SA_NODEFER | (g_umig_guard.before[i].sa_flags & (SA_ONSTACK | SA_RESTART));
        sigemptyset(&ours.sa_mask);
        if (sigaction(g_fault_signals[i], &ours, NULL) != 0) {
            return umig_err_set_cause(err, UMIG_E_IO, errno, "sigaction: %s",
                                      umig_errno_text(errno));
        }
    }
    g_umig_guard.installed = true;
    return UMIG_OK;
}

uintptr_t umig_sig_return_address(void)
{
    /* As the kernel has it (its include/linux/signal_types.h): the C library hides the third. */
    struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        uint64_t mask;
    } action = {.restorer = NULL};
    const long rc = syscall(SYS_rt_sigaction, SIGSEGV, NULL, &action, sizeof action.mask);
    return rc == 0 ? (uintptr_t)action.restorer : 0;
}

bool umig_guard_is_first(void)
{
    struct sigaction now;
    return g_umig_guard.installed && sigaction(SIGSEGV, NULL, &now) == 0 &&
           (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == umig_sig_on_fault;
}

int umig_handler_install(struct umig_sampler *sampler, int signo, struct umig_err *err)
{
    if (atomic_load(&g_umig_handler.sampler) == sampler && umig_handler_is_installed()) {
        return UMIG_OK;
    }
    struct sigaction before;
    if (sigaction(signo, NULL, &before) != 0) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "sigaction: %s", umig_errno_text(errno));
    }
    const bool is_taken = (before.sa_flags & SA_SIGINFO) != 0
                              ? before.sa_sigaction != NULL
                              : before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN;
    if (is_taken) {
        return umig_err_set(err, UMIG_E_BUSY,
                            "signal %d already has a handler: another profiler is in this JVM",
                            signo);
    }
    g_umig_handler.before = before;
    g_umig_handler.signo = signo;
    atomic_store(&g_umig_handler.sampler, sampler);
    struct sigaction ours = {.sa_sigaction = umig_sig_on_timer,
                             .sa_flags = SA_SIGINFO | SA_RESTART};
    /* Everything but faults waits: nested walks are what AsyncGetCallTrace cannot take. */
    sigfillset(&ours.sa_mask);
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        sigdelset(&ours.sa_mask, faults[i]);
    }
    if (sigaction(signo, &ours, NULL) != 0) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "sigaction: %s", umig_errno_text(errno));
    }
    return UMIG_OK;
}

bool umig_handler_is_installed(void)
{
    struct sigaction now;
    return g_umig_handler.signo != 0 && sigaction(g_umig_handler.signo, NULL, &now) == 0 &&
           (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == umig_sig_on_timer;
}
