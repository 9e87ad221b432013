#include "agent/signal/guard.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/signal/regs.h"
#include "agent/signal/sigsafe_only.h"
#include "core/err.h"

enum {
    RANGES_MAX = 4,
    FAULT_SIGNALS = 2
};

/* Global because a signal handler is handed nothing of ours. Written once, before the first guard.
 */
static struct {
    const struct umig_slots *slots;
    struct umig_code_range ranges[RANGES_MAX];
    uint32_t range_count;
    struct sigaction before[FAULT_SIGNALS];
    bool installed;
} g_guard;

static const int g_fault_signals[FAULT_SIGNALS] = {SIGSEGV, SIGBUS};

static bool is_in_range(uintptr_t pc)
{
    for (uint32_t i = 0; i < g_guard.range_count; i++) {
        if (pc >= g_guard.ranges[i].begin && pc < g_guard.ranges[i].end) {
            return true;
        }
    }
    return false;
}

/* Hands a signal to whoever had it before us, as the kernel would have. */
static void chain(int signo, siginfo_t *info, void *context)
{
    const struct sigaction *before = &g_guard.before[signo == SIGSEGV ? 0 : 1];
    if ((before->sa_flags & SA_SIGINFO) != 0) {
        before->sa_sigaction(signo, info, context);
    } else if (before->sa_handler == SIG_DFL) {
        /* Back to the default and return: the instruction faults again and ends the process. */
        sigaction(signo, before, NULL);
    } else if (before->sa_handler != SIG_IGN) {
        before->sa_handler(signo);
    }
}

static void on_fault(int signo, siginfo_t *info, void *context)
{
    const int saved_errno = errno;
    if (is_in_range(umig_regs_read(context).pc)) {
        struct umig_slot *slot = umig_slots_find(g_guard.slots, (int)syscall(SYS_gettid));
        struct umig_guard *guard = slot != NULL ? atomic_load(&slot->guard) : NULL;
        if (guard != NULL) {
            siglongjmp(guard->jump, 1);
        }
    }
    errno = saved_errno;
    chain(signo, info, context);
}

int umig_guard_install(const struct umig_slots *slots,
                       const struct umig_code_range *ranges,
                       uint32_t range_count,
                       struct umig_err *err)
{
    if (g_guard.installed) {
        return UMIG_OK;
    }
    g_guard.slots = slots;
    g_guard.range_count = range_count < RANGES_MAX ? range_count : RANGES_MAX;
    memcpy(g_guard.ranges, ranges, g_guard.range_count * sizeof *ranges);
    for (int i = 0; i < FAULT_SIGNALS; i++) {
        /* The old action first: a fault may come the moment ours is in place. */
        if (sigaction(g_fault_signals[i], NULL, &g_guard.before[i]) != 0) {
            return umig_err_set_cause(err, UMIG_E_IO, errno, "sigaction: %s",
                                      umig_errno_text(errno));
        }
        /*
         * SA_NODEFER and an empty mask: after a jump out of here nothing stays blocked, and the
         * JVM's handler may itself fault (SafeFetch) or be sampled.
         */
        struct sigaction ours = {.sa_sigaction = on_fault};
        ours.sa_flags =
            SA_SIGINFO | SA_NODEFER | (g_guard.before[i].sa_flags & (SA_ONSTACK | SA_RESTART));
        sigemptyset(&ours.sa_mask);
        if (sigaction(g_fault_signals[i], &ours, NULL) != 0) {
            return umig_err_set_cause(err, UMIG_E_IO, errno, "sigaction: %s",
                                      umig_errno_text(errno));
        }
    }
    g_guard.installed = true;
    return UMIG_OK;
}

bool umig_guard_is_first(void)
{
    struct sigaction now;
    return g_guard.installed && sigaction(SIGSEGV, NULL, &now) == 0 &&
           (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == on_fault;
}
