/*
 * The JVM's own counters of safepoints, class loading, compilation and threads, read where it keeps
 * them (agent/vm/perfdata.h): no VM lock, no JNI, no safepoint, from any thread. Checked against
 * -Xlog:safepoint by e2e.counted.
 *
 * Sources: RuntimeService, ClassLoadingService, CompileBroker and ThreadService of HotSpot 17 to 25
 * (src/hotspot/share/services, share/compiler). Times are in ticks of
 * os::elapsed_counter(), which are nanoseconds on Linux (os/posix/os_posix.cpp; 17:
 * os/linux/os_linux.cpp).
 */
#ifndef UMIG_AGENT_VM_JVM_COUNTERS_H
#define UMIG_AGENT_VM_JVM_COUNTERS_H

#include <stdint.h>

#include "agent/vm/vmstructs.h"
#include "include/umig/jvm_counters.h"

/**
 * Where the counters are. Fixed after umig_jvm_counters_open() and the caller's adding of CREATED,
 * which is no counter of these: any thread may read.
 */
struct umig_jvm_counters {
    uintptr_t at[UMIG_JVM_COUNTERS]; /* 0: this JVM does not keep it */
    uintptr_t shared_loaded;         /* classes from the shared archive are counted apart */
    uintptr_t shared_unloaded;
};

/** One reading, by counter: since the JVM's start, or UMIG_JVM_COUNTER_UNKNOWN. */
struct umig_jvm_reading {
    uint64_t values[UMIG_JVM_COUNTERS];
};

/**
 * Finds the counters. Call when the JVM has made them: VMInit. With -XX:-UsePerfData there are
 * none: all stay unknown.
 */
void umig_jvm_counters_open(const struct umig_libjvm *libjvm, struct umig_jvm_counters *out);

/** Reads all of them: some 10 us. Thread: any, attached to the JVM or not. */
void umig_jvm_counters_read(const struct umig_jvm_counters *counters, struct umig_jvm_reading *out);

#endif
