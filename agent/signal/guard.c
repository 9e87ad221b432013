#include "agent/signal/guard.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/signal/install.h"
#include "agent/signal/probe.h"
#include "agent/signal/regs.h"
#include "agent/signal/sigsafe_only.h"

struct umig_guard_state g_umig_guard;

static bool is_in(const struct umig_code_range *range, uintptr_t pc)
{
    return pc >= range->begin && pc < range->end;
}

static bool is_in_range(uintptr_t pc)
{
    for (uint32_t i = 0; i < g_umig_guard.range_count; i++) {
        if (is_in(&g_umig_guard.ranges[i], pc)) {
            return true;
        }
    }
    return false;
}

/* Hands a signal to whoever had it before this entry, as the kernel would have. */
static void chain(int front, int signo, siginfo_t *info, void *context)
{
    const struct sigaction *before = &g_umig_guard.fronts[signo == SIGSEGV ? 0 : 1].before[front];
    if ((before->sa_flags & SA_SIGINFO) != 0) {
        before->sa_sigaction(signo, info, context);
    } else if (before->sa_handler == SIG_DFL) {
        /* Back to the default and return: the instruction faults again and ends the process. */
        sigaction(signo, before, NULL);
    } else if (before->sa_handler != SIG_IGN) {
        before->sa_handler(signo);
    }
}

static void on_fault(int front, int signo, siginfo_t *info, void *context)
{
    const int saved_errno = errno;
    struct umig_regs regs = umig_regs_read(context);
    const uintptr_t pc = regs.pc;
    const uintptr_t resume = umig_probe_resume(pc);
    if (resume != 0) {
        regs.pc = resume;
        umig_regs_write(context, &regs);
        return;
    }
    if (is_in_range(pc)) {
        struct umig_guard *guard = umig_slots_guard(g_umig_guard.slots, (int)syscall(SYS_gettid));
        if (guard != NULL) {
            guard->is_jvm_fault = is_in(&g_umig_guard.ranges[0], pc);
            guard->fault_pc = pc;
            guard->fault_address = (uintptr_t)info->si_addr;
            siglongjmp(guard->jump, 1);
        }
    }
    errno = saved_errno;
    chain(front, signo, info, context);
}

void umig_sig_on_fault(int signo, siginfo_t *info, void *context)
{
    on_fault(0, signo, info, context);
}

/*
 * Has this entry handed the fault on before? The end of a siginfo is of no use for faults, and the
 * kernel gives it out as zeros: there it is noted.
 */
static bool note(siginfo_t *info, const void *context)
{
    char *at = (char *)info + sizeof *info - sizeof(uintptr_t);
    const uintptr_t mark = (uintptr_t)context ^ (uintptr_t)&g_umig_guard;
    uintptr_t noted = 0;
    memcpy(&noted, at, sizeof noted);
    memcpy(at, &mark, sizeof mark);
    return noted == mark;
}

void umig_sig_on_fault_again(int signo, siginfo_t *info, void *context)
{
    /*
     * A library that takes the signal again and again remembers this entry, and this entry the
     * library: whoever stands behind another handler, or is asked twice, hands on to the JVM.
     */
    struct sigaction now;
    const bool is_first = sigaction(signo, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) != 0 &&
                          now.sa_sigaction == umig_sig_on_fault_again;
    const bool was_here = note(info, context);
    on_fault(is_first && !was_here ? 1 : 0, signo, info, context);
}
