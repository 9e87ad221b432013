/*
 * Keeps the agent within the user's budget of CPU: says by how much more rarely than asked each
 * kind is to be taken. Pure: it is fed what was measured (struct umig_cost), a turn a second.
 *
 * The budget is a share of what the process uses, or of one processor where that is more. What is
 * not spent is saved, ten seconds' worth at most, and so is what is owed; it begins with all saved.
 * So neither the dear first moments of a session nor a burst slow anything.
 *
 *   nothing is saved and    kinds are slowed by halves, in the order of umig_budget_order: each to
 * a more is spent than is   quarter of what is asked; when all are, each to a sixteenth; then to
 *   allowed                 1/64; until what is to be expected is 90 % of what is allowed. One that
 *                           takes less than a twentieth of all is passed over: it would not help.
 *   half is saved           what is slowed most, the last in that order, is taken twice as often,
 * if at twice its cost all would stay below 75 % of what is allowed
 *
 * Costs are the medians of five turns: what happens once, such as reading a library's symbols, is
 * owed but slows nothing. After a change nothing is changed for five turns. Pauses and readings of
 * the heap are never slowed: they cost next to nothing, and are to be complete.
 */
#ifndef UMIG_AGENT_BUDGET_H
#define UMIG_AGENT_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/session/cost.h"
#include "include/umig/kinds.h"

/** A whole, in millionths. */
#define UMIG_BUDGET_PPM 1000000u

/** Turns whose median counts. */
#define UMIG_BUDGET_TURNS 5u

/** A kind is slowed no further. */
#define UMIG_BUDGET_DIVISOR_MAX 64u

/** Kinds that may be slowed. */
#define UMIG_BUDGET_KINDS 6u

/** In which order they are: the first is missed least. */
extern const enum umig_kind umig_budget_order[UMIG_BUDGET_KINDS];

/** Zeroed but for ppm, it is ready. */
struct umig_budget {
    uint32_t ppm;                       /* millionths of CPU; 0: any */
    uint32_t divisors[UMIG_KIND_COUNT]; /* 0 is 1 */
    uint32_t most[UMIG_KIND_COUNT];     /* the owner's: divisors go no further; 0: to the end */
    uint64_t slowings;                  /* steps down, ever */

    /* How it stands; ns of CPU for a second. */
    uint64_t turns; /* that were fed */
    double saved_ns;
    double kind_ns[UMIG_KIND_COUNT][UMIG_BUDGET_TURNS];
    double allowed_ns[UMIG_BUDGET_TURNS];
    uint64_t changed_turn; /* when it was that something was changed last; 0: never */
    struct umig_cost before;
};

/**
 * Takes what was measured; less than a second after the last it is left alone.
 *
 * @param is_asked  kinds that a session asks for now; others are not slowed
 * @return true: divisors have changed
 */
bool umig_budget_feed(struct umig_budget *budget,
                      const struct umig_cost *cost,
                      const bool is_asked[UMIG_KIND_COUNT]);

/** No session runs: what was learned is forgotten. Keeps ppm. */
void umig_budget_reset(struct umig_budget *budget);

/** By how much a kind is slowed: 1, 2, ... UMIG_BUDGET_DIVISOR_MAX. */
uint32_t umig_budget_divisor(const struct umig_budget *budget, enum umig_kind kind);

#endif
