/* Whether a JVM lets tools in, by what it shows of itself: nothing is sent to it. */
#include <errno.h>
#include <string.h>

#include "cli/attach.h"
#include "cli/jvm_counters.h"
#include "cli/proc.h"
#include "core/err.h"

/*
 * The first character of the counter sun.rt.jvmCapabilities: '1' attach, '0' none. jcmd -l asks the
 * same. A JVM without counters does not say; false then.
 */
static bool has_locked_door(pid_t pid)
{
    struct umig_jvm_counters counters;
    umig_jvm_counters_open(pid, &counters);
    char capabilities[80];
    const bool is_locked = umig_jvm_counters_text(&counters, "sun.rt.jvmCapabilities", capabilities,
                                                  sizeof capabilities) &&
                           capabilities[0] == '0';
    umig_jvm_counters_close(&counters);
    return is_locked;
}

/* Is the word among those the JVM was started with? Those of an @argfile are not seen. */
static bool was_started_with(pid_t pid, const char *word)
{
    struct umig_buf words = UMIG_BUF_INIT(2 << 20);
    bool is_found = false;
    if (umig_proc_read(pid, "cmdline", &words, NULL) == UMIG_OK) {
        const char *end = umig_buf_str(&words) + words.len;
        for (const char *at = umig_buf_str(&words); at < end && !is_found; at += strlen(at) + 1) {
            is_found = strcmp(at, word) == 0;
        }
    }
    umig_buf_fini(&words);
    return is_found;
}

static int never(const struct umig_jvm *jvm,
                 const char *why,
                 const char *remedy,
                 struct umig_err *err)
{
    return umig_err_set(err, UMIG_E_UNSUPPORTED, "JVM %d cannot be attached to: %s; %s",
                        (int)jvm->pid, why, remedy);
}

int umig_attach_check(const struct umig_jvm *jvm, const char *remedy, struct umig_err *err)
{
    struct umig_proc_ids ids;
    if (umig_proc_ids(jvm->pid, &ids, NULL) != UMIG_OK) {
        return umig_err_set_cause(err, UMIG_E_IO, ESRCH, "JVM %d has ended", (int)jvm->pid);
    }
    if (ids.is_stopped) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "process %d is stopped (SIGSTOP, or a debugger): let it run and attach "
                            "again",
                            (int)jvm->pid);
    }
    if (has_locked_door(jvm->pid) || was_started_with(jvm->pid, "-XX:+DisableAttachMechanism")) {
        return never(jvm, "it was started with -XX:+DisableAttachMechanism", remedy, err);
    }
    if (!ids.catches_quit && was_started_with(jvm->pid, "-Xrs")) {
        return never(jvm, "it was started with -Xrs", remedy, err);
    }
    return ids.catches_quit ? UMIG_OK : UMIG_AGAIN;
}
