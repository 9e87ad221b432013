/*
 * A mark that the process leaves behind when it aborts itself: a file gets another name. The JVM
 * ends by abort() after a fatal error, glibc does when the heap is damaged; nobody does when a
 * process is killed from outside. Nothing is written and nothing allocated, so a full disk and a
 * damaged heap do not matter.
 */
#ifndef UMIG_AGENT_SIGNAL_ABORT_MARK_H
#define UMIG_AGENT_SIGNAL_ABORT_MARK_H

#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "include/umig/attr.h"

/** Room for either path. */
#define UMIG_ABORT_PATH_BYTES 256

struct umig_abort_mark {
    atomic_bool is_armed;
    pid_t pid; /* of the process that armed it, not of its children */
    char from[UMIG_ABORT_PATH_BYTES];
    char to[UMIG_ABORT_PATH_BYTES];
};

extern struct umig_abort_mark g_umig_abort_mark;

/**
 * Arms the mark: from gets the name to, and the time of the abort. Where somebody else handles
 * SIGABRT nothing is installed. Paths are copied.
 *
 * Signal: never. Thread: the loop.
 */
void umig_abort_mark_arm(const char *from, const char *to);

/** Disarms it; the handler stays and does nothing. Signal: never. Thread: the loop. */
void umig_abort_mark_disarm(void);

/** The handler of SIGABRT. Signal: it is one. */
UMIG_SIGNAL_SAFE void umig_sig_on_abort(int signo, siginfo_t *info, void *context);

#endif
