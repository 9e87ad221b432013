/* Wall time: what threads did with it, by state, by pool, and where they were off the CPU. */
#ifndef UMIG_ANALYSIS_WALL_H
#define UMIG_ANALYSIS_WALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/paths.h"
#include "analysis/profile.h"
#include "core/buf.h"

/** What the threads of one pool did. */
struct umig_wall_pool {
    uint32_t group;   /* string */
    uint32_t threads; /* seen in it */
    uint64_t value;
    uint64_t by_state[UMIG_WALL_COUNT];
};

/** Time off the CPU in one state, at one place. */
struct umig_wall_place {
    enum umig_wall_state state;
    uint32_t monitor_class; /* blocked: string; 0 unknown */
    uint32_t waits_in;      /* method that waits: above what parks, sleeps or reads; 0 unknown */
    uint32_t frame;         /* the application's that led there; 0: none did */
    uint64_t value;
};

/** By value, greatest first; pools and places add up to what they are of. */
struct umig_wall_figures {
    uint64_t count; /* samples */
    uint64_t value; /* ns, of all threads together */
    uint64_t by_state[UMIG_WALL_COUNT];
    uint32_t threads;
    struct umig_wall_pool *pools;
    size_t pool_count;
    struct umig_wall_place *places;
    size_t place_count;
    struct umig_paths paths; /* off the CPU */
};

/**
 * What a thread did at a sample of kind wall: by the innermost frame, and where that says that it
 * slept, by the method that sleeps. UMIG_WALL_COUNT: the stack is none of kind wall.
 */
enum umig_wall_state umig_wall_state_of(const struct umig_profile *profile, uint32_t stack);

/** Where a stack of kind wall is off the CPU, in the state that umig_wall_state_of() told; value is
 * 0.
 */
struct umig_wall_place umig_wall_place_of(const struct umig_profile *profile,
                                          enum umig_wall_state state,
                                          uint32_t stack);

/** Adds up; free with umig_wall_figures_fini(). UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_wall_figures_read(const struct umig_profile *profile,
                                          size_t most_paths,
                                          struct umig_wall_figures *out_figures,
                                          struct umig_err *err);

/** "parked"; "?" for a bad number. */
const char *umig_wall_state_key(enum umig_wall_state state);

/** "LockSupport.park: locks, queues, pools". */
const char *umig_wall_state_text(enum umig_wall_state state);

/** Lists the states that have time, in the order of it; returns how many. */
size_t umig_wall_states(const uint64_t by_state[UMIG_WALL_COUNT],
                        enum umig_wall_state out_states[UMIG_WALL_COUNT]);

/** Appends what the threads of a pool did: "parked 81 %, running 12 %, io 7.0 %". */
void umig_wall_put_states(const struct umig_wall_pool *pool, struct umig_buf *out);

/** Frees the rows. */
void umig_wall_figures_fini(struct umig_wall_figures *figures);

#endif
