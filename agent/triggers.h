/*
 * Sessions that wait for a condition (core/trigger.h): the figures are read once a second while
 * there are any, and who fires, fires.
 */
#ifndef UMIG_AGENT_TRIGGERS_H
#define UMIG_AGENT_TRIGGERS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/trigger.h"

struct umig_agent;
struct umig_session;

/** Figures that are differences remember what they were before. */
struct umig_gauges {
    uint64_t next_ns; /* they are read again */
    uint64_t read_ns; /* when they were read last; 0: not yet, or not lately */
    uint64_t process_cpu_ns;
    uint64_t safepoint_ns;
    uint64_t longest_pause_ns; /* since then */
    struct umig_figures_now now;
};

/** A pause of the collector has ended. Thread: the loop. */
void umig_triggers_note_pause(struct umig_gauges *gauges, uint64_t duration_ns);

/**
 * Looks at the conditions, if it is time; those that hold fire.
 *
 * @param is_urgent  memory runs out: at once
 *
 * Thread: the loop.
 */
void umig_triggers_check(struct umig_agent *agent, uint64_t now_ns, bool is_urgent);

/** Ends a session whose condition has never held. Thread: the loop. */
void umig_triggers_disarm(struct umig_agent *agent, struct umig_session *session, uint64_t now_ns);

#endif
