/*
 * The engine of kind wall: looks at threads in turns and puts their time down to what they do.
 *
 * A round looks at every thread that some session wants, once an interval; a turn at some of them,
 * so that the loop has time for the rest. A look reads the thread's CPU clock, and then
 *
 *   it has not run since it was seen asleep   nothing is done: its time is due, at the same place;
 *                                             every UMIG_WALL_TELL_NS a sample says so
 *   it runs Java, or ran while it was walked  it is asked for its stack by a signal; the answer
 *                                             comes by the rings
 *   else                                      it sleeps, or waits for a processor out of Java: its
 *                                             stack is walked from outside (umig_vm_look_asleep)
 *
 * What looking costs, answers included, is 0.5 % of one CPU at most: beyond, a round takes
 * longer than the interval. Weights make up for it: a sample stands for the time since the one
 * before (agent/session/wall_time.h), so a thread's samples add up to its time in the session.
 *
 * One engine serves all sessions, at the finest interval that one asks for, and each gets all it
 * sees: what is thinned by time would not be what the clocks say.
 *
 * The native loop's alone.
 */
#ifndef UMIG_AGENT_SESSION_WALL_H
#define UMIG_AGENT_SESSION_WALL_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/memory.h"
#include "agent/session/pump.h"
#include "agent/session/wall_time.h"
#include "agent/vm/vm.h"
#include "core/units.h"
#include "include/umig/attr.h"

/** Threads of one turn. */
#define UMIG_WALL_TURN 1024u

/** Looking takes one so many-th of one CPU at most. */
#define UMIG_WALL_COST_SHARE 200u

/** The scheduler is asked so often for how long a thread that runs has waited for a processor. */
#define UMIG_WALL_DELAY_NS (400 * UMIG_NS_PER_MS)

/** The time of a thread that sleeps on is told so often. */
#define UMIG_WALL_TELL_NS (10 * UMIG_NS_PER_S)

/** What is known of the thread in a slot. */
struct umig_wall_thread {
    uint32_t serial; /* of the slot; another: a thread not looked at yet */
    bool is_asleep;  /* it has not run since it was seen at place, in state */
    bool has_state;
    enum umig_wall_state state; /* asleep */
    uint32_t wait_class;
    struct umig_pump_place place; /* generation 0: none yet */
    uint64_t delay_read_ns;       /* when the scheduler was asked last */
    struct umig_wall_time time;
};

struct umig_wall {
    struct umig_pump *pump;
    struct umig_vm *vm;
    struct umig_memory *memory;
    size_t kept_bytes;    /* of memory, until it is taken */
    uint64_t interval_ns; /* 0: off */
    uint64_t begin_ns;    /* time before is nobody's */
    uint64_t next_ns;
    uint64_t random;
    struct umig_wall_thread *threads; /* one a slot; NULL: never wanted yet */
    struct umig_vm_look *look;
    uint32_t *list; /* slots that have a thread */
    uint32_t count;
    uint32_t cursor;     /* in the list: the next thread to look at */
    uint32_t registered; /* of the slots, when the list was made */

    uint32_t divisor;    /* rounds are so many times rarer and cheaper, for the budget; 0: 1 */
    uint64_t spent_ns;   /* of the loop's CPU */
    uint64_t answers_ns; /* what handlers took for looks, in all */
    uint64_t answers_seen_ns;
    uint64_t rounds; /* since begin_ns */
    uint64_t looks;
    uint64_t walks; /* from outside */
    uint64_t asks;  /* by signal */
};

/** Sets up; off. What is given is borrowed. */
void umig_wall_init(struct umig_wall *wall,
                    struct umig_pump *pump,
                    struct umig_vm *vm,
                    struct umig_memory *memory);

/** Keeps the memory that it takes when it is wanted; once. */
void umig_wall_keep_memory(struct umig_wall *wall);

/**
 * Takes the memory, once. UMIG_OK; UMIG_E_NOMEM: there is none within the agent's bound, the text
 * says so for a session's problem.
 */
UMIG_NODISCARD int umig_wall_take_memory(struct umig_wall *wall, struct umig_err *err);

/**
 * Switches looking on (at an interval), over to another interval, or off (0).
 *
 * @return UMIG_OK, or UMIG_E_NOMEM: it stays off
 */
UMIG_NODISCARD int umig_wall_set(struct umig_wall *wall,
                                 uint64_t interval_ns,
                                 uint64_t now_ns,
                                 struct umig_err *err);

/** All threads' time begins now, and no place is known: ids of the dictionary begin anew. */
void umig_wall_restart(struct umig_wall *wall, uint64_t now_ns);

/**
 * Takes a turn if it is time.
 *
 * @return when the next is (CLOCK_MONOTONIC); UINT64_MAX: looking is off
 */
uint64_t umig_wall_turn(struct umig_wall *wall, uint64_t now_ns);

/** A record of type LOOK came out of the rings: a thread that runs says where. */
void umig_wall_answer(struct umig_wall *wall, const struct umig_record *record, uint64_t now_ns);

/** Before a session begins: what is due is of the sessions before it. */
void umig_wall_begin_session(struct umig_wall *wall, uint64_t now_ns);

/** Before a session ends: what is due up to now is told. */
void umig_wall_settle(struct umig_wall *wall, uint64_t now_ns);

/** Tells what is due of threads that have ended; before their slots are freed. */
void umig_wall_settle_ended(struct umig_wall *wall, uint64_t now_ns);

/** How long a round takes on average; 0: not known yet. */
uint64_t umig_wall_round_ns(const struct umig_wall *wall, uint64_t now_ns);

#endif
