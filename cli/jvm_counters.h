/* The performance counters that a JVM keeps in a file (what jstat shows), read from outside. */
#ifndef UMIG_CLI_JVM_COUNTERS_H
#define UMIG_CLI_JVM_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** A copy of them as they were at one moment. */
struct umig_jvm_counters {
    char *bytes; /* owned; NULL: the JVM keeps none, or not in a file */
    size_t len;
};

/** Copies the counters of a JVM; finish with umig_jvm_counters_close(). */
void umig_jvm_counters_open(pid_t pid, struct umig_jvm_counters *out_counters);

/** Frees the copy. */
void umig_jvm_counters_close(struct umig_jvm_counters *counters);

/** Reads a number: false if there is none of that name. */
bool umig_jvm_counters_number(const struct umig_jvm_counters *counters,
                              const char *name,
                              uint64_t *out_number);

/** Reads a text, cut at room: false if there is none of that name. */
bool umig_jvm_counters_text(const struct umig_jvm_counters *counters,
                            const char *name,
                            char *out,
                            size_t room);

/**
 * Reads a time that the JVM counts in ticks.
 *
 * @param out_ns  nanoseconds
 * @return false if there is none of that name, or the length of a tick is not known
 */
bool umig_jvm_counters_time(const struct umig_jvm_counters *counters,
                            const char *name,
                            uint64_t *out_ns);

/** What the JVM's threads have stood still for since its start. */
struct umig_jvm_pauses {
    bool is_known;
    bool has_collections;        /* full_collection_ns is one: not so with ZGC and Shenandoah */
    uint64_t safepoint_ns;       /* all safepoints: their operations, collections among them */
    uint64_t full_collection_ns; /* full collections, which are safepoints all the way */
};

/** Reads them. */
void umig_jvm_pauses_read(pid_t pid, struct umig_jvm_pauses *out_pauses);

#endif
