/*
 * One thread's wall time, parted by what the kernel counts: on a processor (the thread's CPU
 * clock), ready without one (the scheduler's delay), and the rest, asleep.
 *
 * The parts come from clocks, not from what a look happens to see: whoever looks takes a processor
 * himself, so that fewer are seen running than run. What a look sees is the stack that a part is
 * put down to; until one is seen that fits, the part is due. At every moment what was taken and
 * what is due add up to the time since the beginning.
 *
 * Pure; not thread-safe.
 */
#ifndef UMIG_AGENT_SESSION_WALL_TIME_H
#define UMIG_AGENT_SESSION_WALL_TIME_H

#include <stdbool.h>
#include <stdint.h>

struct umig_wall_time {
    uint64_t now_ns; /* up to here time is accounted for */
    uint64_t cpu_ns; /* the clocks then */
    uint64_t delay_ns;
    uint64_t running_ns; /* due */
    uint64_t runnable_ns;
    int64_t asleep_ns; /* below 0: a wait for a processor is told when it is over, and so late */
};

/** Begins at a moment with clocks as they are; nothing is due. */
void umig_wall_time_begin(struct umig_wall_time *time,
                          uint64_t now_ns,
                          uint64_t cpu_ns,
                          uint64_t delay_ns);

/** Goes on to a moment. Clocks that went back, or faster than time, are taken as far as they can be
 * right. */
void umig_wall_time_advance(struct umig_wall_time *time,
                            uint64_t now_ns,
                            uint64_t cpu_ns,
                            uint64_t delay_ns);

/** Takes what is due of running. */
uint64_t umig_wall_time_take_running(struct umig_wall_time *time);

/** Takes what is due of waiting for a processor. */
uint64_t umig_wall_time_take_runnable(struct umig_wall_time *time);

/** Takes what is due of sleeping; 0 while less than nothing is. */
uint64_t umig_wall_time_take_asleep(struct umig_wall_time *time);

/** At the end: where less than nothing is due of sleeping, the others make up for it. */
void umig_wall_time_close(struct umig_wall_time *time);

#endif
