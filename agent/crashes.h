/*
 * The crash-loop breaker: a service whose JVMs crash while they are sampled comes up unsampled
 * (docs/adr/0012-crash-loops.md).
 *
 * While stacks are sampled there is a file in the runtime folder that names the JVM, locked as long
 * as the process lives. When the process aborts it renames the file (agent/signal/abort_mark.h);
 * when the JVM ends in good order, or sampling does, the file goes. A JVM that is killed leaves the
 * file behind, unlocked: the next agent of the service removes it, unless the JVM wrote an error
 * file, which is how it crashes without an abort.
 *
 * The loop's alone.
 */
#ifndef UMIG_AGENT_CRASHES_H
#define UMIG_AGENT_CRASHES_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "agent/signal/abort_mark.h"
#include "core/places.h"
#include "include/umig/attr.h"

/** Crashes this close together are a loop. */
#define UMIG_CRASHES_WITHIN_S (60 * 60)

/** A loop is forgotten after this long; so is a crash. */
#define UMIG_CRASHES_KEPT_S (24 * 60 * 60)

/** Longest ErrorFile of the JVM, NUL included. */
#define UMIG_ERROR_FILE_BYTES 512

struct umig_crashes {
    const struct umig_places *places; /* borrowed */
    const char *service;              /* borrowed */
    uint32_t id;
    char error_file[UMIG_ERROR_FILE_BYTES]; /* as -XX:ErrorFile has it; "" not given */
    int fd;                                 /* of the locked file; -1: not sampling */
    char sampling[UMIG_ABORT_PATH_BYTES];   /* its path */
    bool is_unmarked;                       /* the file could not be made: said once */
};

/** What earlier JVMs of the service came to. */
struct umig_crash_history {
    unsigned crashes; /* that are remembered */
    bool is_loop;     /* the last two came close together */
    time_t last;      /* wall clock; 0: none */
};

/**
 * Sets up.
 *
 * @param id          random: tells JVMs of one pid apart
 * @param error_file  the JVM's flag; copied
 */
void umig_crashes_init(struct umig_crashes *crashes,
                       const struct umig_places *places,
                       const char *service,
                       uint32_t id,
                       const char *error_file);

/**
 * Settles what JVMs of the service left behind, and counts their crashes. Crashes for want of
 * memory are none of ours.
 *
 * @param now  wall clock, seconds
 */
void umig_crashes_look(const struct umig_crashes *crashes,
                       time_t now,
                       struct umig_crash_history *out_history);

/**
 * Says whether this JVM is sampled; again and again harmless. Without the file a crash is not seen,
 * and that is all.
 */
void umig_crashes_set_sampling(struct umig_crashes *crashes, bool is_sampling);

#endif
