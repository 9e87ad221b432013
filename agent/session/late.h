/*
 * Who was late to a safepoint: whom the others waited for. The JVM's log says for how long, when it
 * is over; who still ran meanwhile is in the samples that were taken then. So the latest samples of
 * threads that can keep a safepoint waiting are kept, and looked through when a line comes: the
 * last one in that time is of the thread that stood last, as far as samples tell.
 *
 * A thread stands some microseconds after it was asked to, so one that ran a fifth of a millisecond
 * later is late by itself. One that is late for less than the sampling interval has a sample with a
 * chance of that part.
 *
 * The native loop's alone.
 */
#ifndef UMIG_AGENT_SESSION_LATE_H
#define UMIG_AGENT_SESSION_LATE_H

#include <stdbool.h>
#include <stdint.h>

/** Samples that are kept: with 64 threads that run, half a second at 10 ms. A power of two. */
#define UMIG_LATE_SAMPLES 4096u

/** Safepoints that were reached faster are not looked at. */
#define UMIG_LATE_REACH_NS UINT64_C(1000000)

/** What a thread may take to stand without being late. */
#define UMIG_LATE_GRACE_NS UINT64_C(200000)

/** A thread that ran; ids of a generation of the dictionary. */
struct umig_late_sample {
    uint64_t time_ns;
    uint32_t thread;
    uint32_t stack;
};

/** The latest samples. Zeroed memory is one without any. */
struct umig_late {
    uint32_t generation;
    uint32_t kept; /* ever, in this generation: the latest is behind it */
    struct umig_late_sample samples[UMIG_LATE_SAMPLES];
};

/** Keeps a sample in place of the oldest; those of another generation are forgotten. */
void umig_late_keep(struct umig_late *late,
                    uint32_t generation,
                    const struct umig_late_sample *sample);

/**
 * The last sample in the time that a safepoint took to be reached.
 *
 * @return false: none was taken then, or it is not kept any more
 */
bool umig_late_find(const struct umig_late *late,
                    uint32_t generation,
                    uint64_t start_ns,
                    uint64_t reach_ns,
                    struct umig_late_sample *out_sample);

#endif
