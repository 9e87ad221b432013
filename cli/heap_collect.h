/*
 * Full collections that a JVM is asked for now and then while its objects are followed: what has
 * been let go of counts as alive until old objects are collected. Each may stop the JVM; what that
 * costs is said before the first one, and after each.
 */
#ifndef UMIG_CLI_HEAP_COLLECT_H
#define UMIG_CLI_HEAP_COLLECT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/heap_talk.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/**
 * Collections in the time that objects are followed: five are needed between snapshots, and the
 * oldest objects must have survived eight.
 */
#define UMIG_HEAP_COLLECTIONS 12

/** What is asked for, and what it came to. */
struct umig_heap_collect {
    struct umig_heap_talk talk;
    FILE *notes;
    uint64_t every_ns;
    uint64_t next_ns; /* monotonic */
    unsigned count;   /* made so far */
    uint64_t pause_ns;
    bool is_pause_known;
};

/**
 * Takes hold of the JVM and says what will be done, and to how large a heap.
 *
 * @param watch_ns  how long objects are followed from now on
 * @param wait_ns   patience with the JVM's door
 * @return UMIG_OK: finish with umig_heap_collect_close(); UMIG_END: interrupted; else as
 *         umig_heap_ask()
 */
UMIG_NODISCARD int umig_heap_collect_open(struct umig_heap_collect *collect,
                                          const struct umig_jvm *jvm,
                                          FILE *notes,
                                          struct umig_progress *progress,
                                          uint64_t watch_ns,
                                          uint64_t wait_ns,
                                          struct umig_err *err);

/**
 * Has a collection made, if one is due.
 *
 * @return UMIG_OK; UMIG_END: interrupted, the JVM ends the collection by itself;
 *         UMIG_E_UNSUPPORTED: the JVM makes none when asked; else as umig_heap_ask()
 */
UMIG_NODISCARD int umig_heap_collect_if_due(struct umig_heap_collect *collect,
                                            uint64_t now_ns,
                                            struct umig_err *err);

/** Says what it came to and lets go. Also of a zeroed one. */
void umig_heap_collect_close(struct umig_heap_collect *collect);

#endif
