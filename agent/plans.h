/*
 * What the agent starts by itself: sessions by the clock (--at, --every), and sessions that are
 * armed again after they fired (--repeat). A plan lives in the agent, whoever asked for it may
 * leave; it ends with its last session, with 'umig stop', or with the JVM.
 *
 * --at goes by the wall clock: when that is set forward past the moment, the session starts at
 * once; when it is set back, the moment is waited for again, but a start that has been made is not
 * made twice. --every without --at goes by a clock that nobody sets. Starts that were missed, since
 * the machine slept or a session of the plan still ran, are counted and not made up for.
 *
 * Pure: both clocks are arguments. The native loop's alone.
 */
#ifndef UMIG_AGENT_PLANS_H
#define UMIG_AGENT_PLANS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/session/session.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

#define UMIG_PLANS_MAX 16

/** How far the wall clock may run ahead unseen: plans by it are looked at so often. */
#define UMIG_PLANS_LOOK_NS (5 * UINT64_C(1000000000))

/** Bounds of --every and of the rest between two firings. */
#define UMIG_PLAN_EVERY_MIN_NS (10 * UINT64_C(1000000000))
#define UMIG_PLAN_EVERY_MAX_NS (30 * 24 * 3600 * UINT64_C(1000000000))

/** When sessions start; zero-initialised: once, now. */
struct umig_schedule {
    uint64_t at_unix_ns; /* the first by the wall clock; 0: not by it */
    uint64_t every_ns;   /* between two starts; with a condition: from one firing to the next */
    uint32_t times;      /* 0: without end */
};

/** The present time by both clocks. */
struct umig_moment {
    uint64_t monotonic_ns;
    uint64_t unix_ns;
};

struct umig_plan {
    bool is_open;
    struct umig_session_spec spec;
    struct umig_schedule schedule;
    uint64_t next_ns;       /* monotonic; with at_unix_ns: unix */
    uint64_t last_fired_ns; /* with a condition; monotonic; 0: not yet */
    uint32_t started_count;
    uint32_t skipped_count;           /* starts that were due and not made */
    char problem[UMIG_PROBLEM_BYTES]; /* why the last one was not; "" */
};

struct umig_plans {
    struct umig_plan plan[UMIG_PLANS_MAX];
};

/** Does it take a plan, or is it one session that starts now? */
bool umig_schedule_is_plan(const struct umig_schedule *schedule,
                           const struct umig_session_spec *spec);

/**
 * Checks what is asked for.
 *
 * @return UMIG_OK, or UMIG_E_ARG naming what is wrong
 */
UMIG_NODISCARD int umig_schedule_check(const struct umig_schedule *schedule,
                                       const struct umig_session_spec *spec,
                                       struct umig_moment now,
                                       struct umig_err *err);

/**
 * Adds a plan; its first session is due at once, or at its time.
 *
 * @return UMIG_OK; UMIG_E_ARG: there is one of that name; UMIG_E_LIMIT: there are UMIG_PLANS_MAX
 */
UMIG_NODISCARD int umig_plans_add(struct umig_plans *plans,
                                  const struct umig_session_spec *spec,
                                  const struct umig_schedule *schedule,
                                  struct umig_moment now,
                                  struct umig_plan **out_plan,
                                  struct umig_err *err);

/** The plan of this name; NULL: there is none. */
struct umig_plan *umig_plans_find(struct umig_plans *plans, const char *id);

/** Is a session to start now? One with a condition only while none of the plan is there. */
bool umig_plan_is_due(const struct umig_plan *plan, struct umig_moment now, bool is_running);

/**
 * Says what became of a session that was due: it has started, or problem says why not. The plan
 * goes on to the next, and ends with the last.
 */
void umig_plan_turn(struct umig_plan *plan, struct umig_moment now, const char *problem);

/** A session of that name has fired: the next one may not before it has rested. */
void umig_plans_note_fired(struct umig_plans *plans, const char *id, uint64_t now_ns);

/** How long until the plans are to be looked at again, in ns; UINT64_MAX: there are none. */
uint64_t umig_plans_wait(const struct umig_plans *plans, struct umig_moment now);

#endif
