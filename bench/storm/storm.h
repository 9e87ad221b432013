/*
 * A tool for scripts/soak: a second agent that drives the first one harder than timers can.
 *
 *   -agentpath:.../libumigstorm.so=WORDS,stats=PATH
 *
 *   ticks=MICROSECONDS   every Java thread that runs gets the signal of its timer once so often, by
 * a timer beside the agent's (clocks of CPU time go by the kernel's slow tick) fuzz=COUNT and
 * another one that has its handler walk COUNT disturbed contexts loads                two threads
 * load and close libraries all the time
 *
 * The agent needs no hook for it: the kernel lists the timers of a process (/proc/self/timers) with
 * the thread and the value of each, a second timer may send the same, and the handler is found by
 * sigaction(). So what is driven is what is shipped.
 *
 * What was done stands in the file of stats=, one "name count" a line, written anew 20 times a
 * second.
 */
#ifndef UMIG_BENCH_STORM_STORM_H
#define UMIG_BENCH_STORM_STORM_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/signal/slots.h"
#include "include/umig/attr.h"

/** The agent's handler of timers. */
typedef void storm_handler(int signo, siginfo_t *info, void *context);

/** What is asked for, and the counts of what was done. */
struct storm {
    uint32_t tick_us;
    uint32_t fuzz_count; /* walks for each signal; 0: none */
    bool has_loads;
    char stats_path[512];

    _Atomic(storm_handler *) handler; /* NULL until the agent has installed it */
    atomic_ullong walks;              /* of disturbed contexts */
    atomic_ullong unfit;              /* threads that could not be disturbed: too little stack */
    atomic_ullong loads;              /* libraries loaded and closed */
};

extern struct storm g_storm;

/* --- targets.c --- */

enum {
    STORM_TARGETS_MAX = 4096
};

struct storm_target {
    int tid;
    struct umig_slot *slot;
    int timer;       /* ours; -1: none */
    bool is_running; /* on a CPU, or waiting for one */
};

struct storm_targets {
    struct storm_target items[STORM_TARGETS_MAX];
    uint32_t count;
};

/** Reads the Java threads that have a timer of the agent. False: the kernel lists no timers. */
bool storm_targets_read(struct storm_targets *targets);

/** Gives each a timer that sends what the agent's does, every so often while the thread runs. */
void storm_targets_tick(struct storm_targets *targets, uint32_t every_us);

/** Takes these timers away. */
void storm_targets_quiet(struct storm_targets *targets);

/** Queues each that runs STORM_FUZZ_SIGNAL, with its slot. */
void storm_targets_disturb(const struct storm_targets *targets);

/* --- fuzz.c --- */

/** Is the thread being disturbed at the moment, or at its work since? */
bool storm_fuzz_has(int tid);

/** Installs the handler that disturbs, for STORM_FUZZ_SIGNAL. */
bool storm_fuzz_install(void);

#define STORM_FUZZ_SIGNAL (SIGRTMIN + 5)

/* --- loads.c --- */

/** Loads a library beside this one, calls it, closes it; the call's answer, -1 on failure. */
long storm_load_once(int which, long seed);

/** A thread that does so without end; the argument says which library. */
void *storm_load_always(void *argument);

#endif
