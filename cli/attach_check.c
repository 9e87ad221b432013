/* Whether a JVM lets tools in, by what it shows of itself: nothing is sent to it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/vm/perfdata.h"
#include "cli/attach.h"
#include "cli/proc.h"
#include "core/err.h"

enum {
    PERFDATA_BYTES = 1 << 20
};

/*
 * The first character of the counter sun.rt.jvmCapabilities: '1' attach, '0' none. jcmd -l asks the
 * same. A JVM without counters does not say; false then.
 */
static bool has_locked_door(pid_t pid)
{
    struct umig_proc_maps maps;
    struct umig_perf_place place;
    char path[600];
    bool is_locked = false;
    if (umig_proc_maps(pid, &maps, NULL) != UMIG_OK || maps.perfdata[0] == '\0') {
        return false;
    }
    snprintf(path, sizeof path, "/proc/%d/root%s", (int)pid, maps.perfdata);
    FILE *file = fopen(path, "re");
    char *bytes = file != NULL ? malloc(PERFDATA_BYTES) : NULL;
    if (bytes != NULL) {
        const size_t len = fread(bytes, 1, PERFDATA_BYTES, file);
        is_locked = umig_perfdata_find(bytes, len, "sun.rt.jvmCapabilities", &place) &&
                    place.vector_bytes > 0 && place.offset < len && bytes[place.offset] == '0';
    }
    free(bytes);
    if (file != NULL) {
        fclose(file);
    }
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

static int never(const struct umig_jvm *jvm, const char *why, struct umig_err *err)
{
    return umig_err_set(err, UMIG_E_UNSUPPORTED,
                        "JVM %d cannot be attached to: %s; start it with -agentpath", (int)jvm->pid,
                        why);
}

int umig_attach_check(const struct umig_jvm *jvm, struct umig_err *err)
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
        return never(jvm, "it was started with -XX:+DisableAttachMechanism", err);
    }
    if (!ids.catches_quit && was_started_with(jvm->pid, "-Xrs")) {
        return never(jvm, "it was started with -Xrs", err);
    }
    return ids.catches_quit ? UMIG_OK : UMIG_AGAIN;
}
