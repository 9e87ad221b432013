/*
 * Reads the JVM's performance counters (what jstat shows) in the memory where the JVM keeps them,
 * so that -XX:+PerfDisableSharedMem does not matter; -XX:-UsePerfData leaves nothing to read.
 * Format: version 2.0 as in HotSpot's perfMemory.hpp, in the byte order of the machine.
 */
#ifndef UMIG_AGENT_VM_PERFDATA_H
#define UMIG_AGENT_VM_PERFDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/vm/vmstructs.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** A copy of the counters' directory; the values themselves are read where they live. */
struct umig_perfdata {
    char *bytes; /* owned */
    size_t len;
    uintptr_t start; /* where bytes[0] lives in the JVM */
};

/** Place of one counter: a number of 8 bytes if vector_bytes is 0, else a text of that room. */
struct umig_perf_place {
    size_t offset;
    size_t vector_bytes;
};

/**
 * Copies the directory. Counters that are made later are not in it: call once the heap is there.
 *
 * @return UMIG_OK; UMIG_E_UNSUPPORTED when the JVM keeps no counters or in another format;
 *         UMIG_E_NOMEM
 *
 * Ownership: give it to umig_perfdata_close().
 */
UMIG_NODISCARD int umig_perfdata_open(const struct umig_libjvm *libjvm,
                                      struct umig_perfdata *out_perfdata,
                                      struct umig_err *err);

/** Frees the copy; addresses found in it stay valid as long as the JVM keeps its counters. */
void umig_perfdata_close(struct umig_perfdata *perfdata);

/** Address of a number in the JVM; 0 if there is none of that name. */
uintptr_t umig_perfdata_number(const struct umig_perfdata *perfdata, const char *name);

/** Address of a text in the JVM and its room in bytes; 0 if there is none of that name. */
uintptr_t umig_perfdata_text(const struct umig_perfdata *perfdata,
                             const char *name,
                             size_t *out_room);

/**
 * Finds a counter in a copy of the counters' memory.
 *
 * @return false if the name is not there or the bytes are damaged before it is found
 */
bool umig_perfdata_find(const char *bytes,
                        size_t len,
                        const char *name,
                        struct umig_perf_place *out_place);

#endif
