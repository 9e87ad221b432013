/* What the JVM did beside the application's code, by its own counters: from the first to the last
 * reading of a session. */
#ifndef UMIG_ANALYSIS_JVM_H
#define UMIG_ANALYSIS_JVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"

/** Rows that umig_jvm_rows() makes at most. */
#define UMIG_JVM_ROWS_MAX 7u

/** Differences of the counters. */
struct umig_jvm {
    uint64_t over_ns; /* between the readings; 0: no counter was read twice */
    uint64_t
        value[UMIG_JVM_COUNTERS]; /* UMIG_JVM_COUNTER_UNKNOWN: it is not kept, or stood lower */
};

/** A line of a report: how often, how long, or both; what is not known is
 * UMIG_JVM_COUNTER_UNKNOWN. */
struct umig_jvm_row {
    const char *what;
    uint64_t count;
    uint64_t total_ns;
};

/** Takes the differences. */
void umig_jvm_read(const struct umig_profile *profile, struct umig_jvm *out_jvm);

/** Makes the rows of which something is known; returns how many. */
size_t umig_jvm_rows(const struct umig_jvm *jvm, struct umig_jvm_row rows[UMIG_JVM_ROWS_MAX]);

#endif
