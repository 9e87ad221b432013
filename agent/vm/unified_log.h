/*
 * The JVM's own log (-Xlog), switched on at run time into memory of ours: the one source that knows
 * what kind of pause it was.
 *
 * The JVM is told, by the diagnostic command VM.log, to write to /proc/self/fd/N, where N is a
 * memfd; lines are read with pread() and the pages behind them given back with a punched hole. The
 * command is called through the function table behind the exported JVM_GetManagement (jmm.h), which
 * loads no Java class. Lines carry CLOCK_MONOTONIC (decorator timenanos), so no clock is anchored.
 *
 * An application that runs VM.log disable silences this output too; a reader has to notice that
 * lines it expects do not come.
 */
#ifndef UMIG_AGENT_VM_UNIFIED_LOG_H
#define UMIG_AGENT_VM_UNIFIED_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/vm/vmstructs.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Longest line kept; a longer one is dropped. */
#define UMIG_UNIFIED_LOG_LINE_BYTES 4096u

struct umig_unified_log {
    void *execute;                 /* the JVM's ExecuteDiagnosticCommand */
    int fd;                        /* memfd; -1 before the first start */
    atomic_uint starts;            /* how often it was started: each start empties the memfd */
    atomic_uint_fast64_t since_ns; /* lines are complete from here on; UINT64_MAX while off */

    /* The reader's own. */
    unsigned starts_seen;
    off_t offset;
    off_t punched;
    size_t fill;
    size_t next; /* where the next line begins in text */
    char text[UMIG_UNIFIED_LOG_LINE_BYTES];
};

/**
 * Finds the JVM's diagnostic commands.
 *
 * @return UMIG_OK, or UMIG_E_UNSUPPORTED for a JVM whose function table is not known here: start
 *         then says the same
 */
UMIG_NODISCARD int umig_unified_log_open(struct umig_unified_log *log,
                                         const struct umig_libjvm *libjvm,
                                         struct umig_err *err);

/** Gives the memory back. The log must have been stopped, or the JVM be at its end. */
void umig_unified_log_close(struct umig_unified_log *log);

/**
 * Switches the log on. 1 to 10 ms.
 *
 * @param jni_env  JNIEnv of the calling thread
 * @param what     what to log, as in -Xlog: "gc=info,gc+phases=info"
 * @return UMIG_OK, UMIG_E_UNSUPPORTED, UMIG_E_IO, UMIG_E_JVM
 *
 * Thread: attached to the JVM, in native state; start and stop one at a time.
 */
UMIG_NODISCARD int umig_unified_log_start(struct umig_unified_log *log,
                                          void *jni_env,
                                          const char *what,
                                          struct umig_err *err);

/** Switches the log off; lines written before can still be read. As umig_unified_log_start(). */
UMIG_NODISCARD int umig_unified_log_stop(struct umig_unified_log *log,
                                         void *jni_env,
                                         struct umig_err *err);

/** CLOCK_MONOTONIC from which on every line is there; UINT64_MAX while the log is off. */
uint64_t umig_unified_log_since(const struct umig_unified_log *log);

/**
 * Next complete line, without its newline.
 *
 * @return NULL if there is none yet; the text is valid until the next call
 *
 * Thread: one reader, attached or not.
 */
const char *umig_unified_log_line(struct umig_unified_log *log);

#endif
