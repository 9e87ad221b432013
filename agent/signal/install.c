/* Puts the handlers in place: runs on ordinary threads, so it is no part of umig_sigsafe. */
#include "agent/signal/install.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/signal/abort_mark.h"
#include "core/err.h"

static const int g_fault_signals[UMIG_FAULT_SIGNALS] = {SIGSEGV, SIGBUS};

typedef void umig_fault_entry(int signo, siginfo_t *info, void *context);

static umig_fault_entry *const g_entries[UMIG_GUARD_FRONTS] = {
    umig_sig_on_fault,
    umig_sig_on_fault_again,
};

static bool is_entry(const struct sigaction *action)
{
    bool is_ours = false;
    for (int i = 0; i < UMIG_GUARD_FRONTS; i++) {
        is_ours = is_ours ||
                  ((action->sa_flags & SA_SIGINFO) != 0 && action->sa_sigaction == g_entries[i]);
    }
    return is_ours;
}

static int fail(struct umig_err *err)
{
    return umig_err_set_cause(err, UMIG_E_IO, errno, "sigaction: %s", umig_errno_text(errno));
}

/* Puts the next entry of a signal in front of what handles it now. */
static int step_in_front(int which, struct umig_err *err)
{
    struct umig_guard_fronts *fronts = &g_umig_guard.fronts[which];
    struct sigaction *before = &fronts->before[fronts->count];
    /* The old action first: a fault may come the moment ours is in place. */
    if (sigaction(g_fault_signals[which], NULL, before) != 0) {
        return fail(err);
    }
    /*
     * SA_NODEFER and an empty mask: after a jump out of here nothing stays blocked, and the JVM's
     * handler may itself fault (SafeFetch) or be sampled.
     */
    struct sigaction ours = {.sa_sigaction = g_entries[fronts->count]};
    ours.sa_flags = SA_SIGINFO | SA_NODEFER | (before->sa_flags & (SA_ONSTACK | SA_RESTART));
    sigemptyset(&ours.sa_mask);
    if (sigaction(g_fault_signals[which], &ours, NULL) != 0) {
        return fail(err);
    }
    fronts->count++;
    return UMIG_OK;
}

int umig_guard_install(const struct umig_slots *slots,
                       const struct umig_code_range *ranges,
                       uint32_t range_count,
                       struct umig_err *err)
{
    int rc = UMIG_OK;
    if (g_umig_guard.slots == NULL) {
        g_umig_guard.slots = slots;
        g_umig_guard.range_count =
            range_count < UMIG_GUARD_RANGES_MAX ? range_count : UMIG_GUARD_RANGES_MAX;
        memcpy(g_umig_guard.ranges, ranges, g_umig_guard.range_count * sizeof *ranges);
    }
    for (int i = 0; i < UMIG_FAULT_SIGNALS && rc == UMIG_OK; i++) {
        rc = g_umig_guard.fronts[i].count == 0 ? step_in_front(i, err) : UMIG_OK;
    }
    return umig_err_trace(err, rc);
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

bool umig_guard_keep_first(void)
{
    bool is_first = true;
    for (int i = 0; i < UMIG_FAULT_SIGNALS; i++) {
        struct sigaction now;
        const int count = g_umig_guard.fronts[i].count;
        const bool is_ours = sigaction(g_fault_signals[i], NULL, &now) == 0 && is_entry(&now);
        const bool may_step = count > 0 && count < UMIG_GUARD_FRONTS;
        is_first = is_first && (is_ours || (may_step && step_in_front(i, NULL) == UMIG_OK));
    }
    return is_first;
}

/* --- the timers' signal --- */

/* Nobody handles it. Who ignores it does not want it either. */
static bool is_free(int signo)
{
    struct sigaction now;
    return sigaction(signo, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 &&
           (now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN);
}

/*
 * SIGPROF is what profilers use, and where two meet, the second has to go elsewhere: to a real-time
 * signal, from the ninth on, since libraries that want one take one of the first. 0: none is free.
 */
static int free_signal(void)
{
    int signo = is_free(SIGPROF) ? SIGPROF : SIGRTMIN + 8;
    while (signo != SIGPROF && signo <= SIGRTMAX && !is_free(signo)) {
        signo++;
    }
    return signo <= SIGRTMAX ? signo : 0;
}

void umig_signal_name(int signo, char out[UMIG_SIGNAL_NAME_BYTES])
{
    const char *name = sigabbrev_np(signo);
    if (name != NULL) {
        snprintf(out, UMIG_SIGNAL_NAME_BYTES, "SIG%s", name);
    } else {
        snprintf(out, UMIG_SIGNAL_NAME_BYTES, "SIGRTMIN+%d", signo - SIGRTMIN);
    }
}

static int take_signal(int signo, struct umig_err *err)
{
    struct sigaction ours = {.sa_sigaction = umig_sig_on_timer,
                             .sa_flags = SA_SIGINFO | SA_RESTART};
    /* Everything but faults waits: nested walks are what AsyncGetCallTrace cannot take. */
    sigfillset(&ours.sa_mask);
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        sigdelset(&ours.sa_mask, faults[i]);
    }
    return sigaction(signo, NULL, &g_umig_handler.before) == 0 && sigaction(signo, &ours, NULL) == 0
               ? UMIG_OK
               : fail(err);
}

int umig_handler_install(struct umig_sampler *sampler, int *out_signo, struct umig_err *err)
{
    const bool is_installed =
        atomic_load(&g_umig_handler.sampler) == sampler && umig_handler_is_installed();
    const int signo = is_installed ? g_umig_handler.signo : free_signal();
    if (signo == 0) {
        return umig_err_set(err, UMIG_E_BUSY,
                            "SIGPROF and every real-time signal have a handler already: other "
                            "libraries in this JVM use them");
    }
    if (!is_installed) {
        atomic_store(&g_umig_handler.sampler, sampler);
        const int rc = take_signal(signo, err);
        if (rc != UMIG_OK) {
            return umig_err_trace(err, rc);
        }
        g_umig_handler.signo = signo;
    }
    *out_signo = signo;
    return UMIG_OK;
}

bool umig_handler_is_installed(void)
{
    struct sigaction now;
    return g_umig_handler.signo != 0 && sigaction(g_umig_handler.signo, NULL, &now) == 0 &&
           (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == umig_sig_on_timer;
}

/* --- the mark of an abort --- */

void umig_abort_mark_arm(const char *from, const char *to)
{
    struct sigaction now;
    umig_abort_mark_disarm();
    snprintf(g_umig_abort_mark.from, sizeof g_umig_abort_mark.from, "%s", from);
    snprintf(g_umig_abort_mark.to, sizeof g_umig_abort_mark.to, "%s", to);
    g_umig_abort_mark.pid = getpid();
    atomic_store(&g_umig_abort_mark.is_armed, true);
    if (sigaction(SIGABRT, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 &&
        now.sa_handler == SIG_DFL) {
        struct sigaction ours = {.sa_sigaction = umig_sig_on_abort,
                                 .sa_flags = SA_SIGINFO | SA_ONSTACK};
        sigemptyset(&ours.sa_mask);
        (void)sigaction(SIGABRT, &ours, NULL);
    }
}

void umig_abort_mark_disarm(void)
{
    atomic_store(&g_umig_abort_mark.is_armed, false);
}
