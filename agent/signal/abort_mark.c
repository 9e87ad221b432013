#include "agent/signal/abort_mark.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/signal/sigsafe_only.h"

struct umig_abort_mark g_umig_abort_mark;

/* Sent by this process to itself: abort(). A signal from outside is no crash. */
static bool is_own(const siginfo_t *info)
{
    return info->si_code == SI_TKILL && info->si_pid == g_umig_abort_mark.pid;
}

void umig_sig_on_abort(int signo, siginfo_t *info, void *context)
{
    (void)context;
    if (atomic_load(&g_umig_abort_mark.is_armed) && is_own(info)) {
        syscall(SYS_renameat2, AT_FDCWD, g_umig_abort_mark.from, AT_FDCWD, g_umig_abort_mark.to, 0);
        syscall(SYS_utimensat, AT_FDCWD, g_umig_abort_mark.to, NULL, 0);
    }
    /* As if nobody had been here: it ends the process on the way back. */
    const struct sigaction before = {.sa_handler = SIG_DFL};
    sigaction(signo, &before, NULL);
    syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), signo);
}
