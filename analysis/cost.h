/*
 * The agent's own cost over a session: by what it was for, and as a curve. Shares are of what the
 * process used, or of one processor where that is more: what the agent's budget is of.
 */
#ifndef UMIG_ANALYSIS_COST_H
#define UMIG_ANALYSIS_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "core/buf.h"

/** From the moment before to this one. */
struct umig_cost_step {
    uint64_t after_ns; /* its end, since the session's start */
    uint64_t over_ns;  /* how long it was */
    uint64_t cpu_ns;   /* of the agent, all kinds */
    uint64_t kind_cpu_ns[UMIG_KIND_COUNT];
    uint64_t process_cpu_ns;            /* of the process, the agent's with it */
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
    uint64_t cpu_ns;           /* of the agent, whatever for: all.cpu_ns and both below */
    uint64_t searches_ns;      /* of no kind, and under no budget: searches that commands ask for */
    uint64_t untold_ns;        /* later than the last cost by kind, of a session without its end */
};

/** A line of a table of costs; together they are the curve's cpu_ns. */
struct umig_cost_row {
    const char *key;  /* "cpu", ..., "all kinds", "searches", "untold" */
    const char *text; /* what is counted in */
    uint64_t cpu_ns;
    uint32_t divisor; /* the highest; 1: as asked */
};

/** Rows there are at most. */
#define UMIG_COST_ROWS_MAX (UMIG_KIND_COUNT + 2)

/** Reads the curve. */
void umig_cost_read(const struct umig_profile *profile, struct umig_cost_curve *out_curve);

/** cpu_ns over whole_ns. */
double umig_cost_share(const struct umig_cost_step *step);

/** What took something: kinds, then what serves all of them, then what is of none. Returns how
 * many. */
size_t umig_cost_rows(const struct umig_cost_curve *curve,
                      struct umig_cost_row out_rows[UMIG_COST_ROWS_MAX]);

/**
 * Appends what the agent took, of what that is a share, and its budget of the same: "The agent took
 * 41 ms of CPU, 0.2 % of what the process used and 0.1 % of one processor, ...".
 */
void umig_cost_sentence(const struct umig_profile *profile,
                        const struct umig_cost_curve *curve,
                        struct umig_buf *out);

/** What a cost is for: "cpu", ..., and "all kinds" for 0. */
const char *umig_cost_kind_key(int kind);

#endif
