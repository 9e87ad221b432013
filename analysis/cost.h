/*
 * The agent's own cost over a session: by what it was for, and as a curve. Shares are of what the
 * process used, or of one processor where that is more: what the agent's budget is of.
 */
#ifndef UMIG_ANALYSIS_COST_H
#define UMIG_ANALYSIS_COST_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/profile.h"

/** From the moment before to this one. */
struct umig_cost_step {
    uint64_t after_ns; /* its end, since the session's start */
    uint64_t over_ns;  /* how long it was */
    uint64_t cpu_ns;   /* of the agent, all kinds */
    uint64_t kind_cpu_ns[UMIG_KIND_COUNT];
    uint64_t whole_ns;                  /* of which cpu_ns is a share */
    uint32_t divisors[UMIG_KIND_COUNT]; /* the highest; 1: as asked */
    uint64_t memory_bytes;              /* resident; the most */
};

struct umig_cost_curve {
    uint32_t step_count; /* 0: the agent did not tell */
    struct umig_cost_step steps[UMIG_PROFILE_COST_PARTS];
    struct umig_cost_step all; /* of all of them together */
    double highest_share;      /* of a step */
    bool is_slowed;            /* a kind was taken more rarely for the budget's sake */
};

/** Reads the curve. */
void umig_cost_read(const struct umig_profile *profile, struct umig_cost_curve *out_curve);

/** cpu_ns over whole_ns. */
double umig_cost_share(const struct umig_cost_step *step);

/** What a cost is for: "cpu", ..., and "all kinds" for 0. */
const char *umig_cost_kind_key(int kind);

/** A sentence about it: what is counted in. */
const char *umig_cost_kind_text(int kind);

#endif
