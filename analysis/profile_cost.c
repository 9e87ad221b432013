/* What the agent itself took, by parts of the session's time. */
#include "analysis/profile_private.h"

uint32_t umig_profile_part(const struct umig_profile_session *session,
                           uint32_t parts,
                           uint64_t unix_ns)
{
    const uint64_t length = session->end_unix_ns > session->start_unix_ns
                                ? session->end_unix_ns - session->start_unix_ns
                                : 0;
    const uint64_t part_ns = length / parts + 1;
    const uint64_t part =
        unix_ns > session->start_unix_ns ? (unix_ns - session->start_unix_ns) / part_ns : 0;
    return part < parts ? (uint32_t)part : parts - 1;
}

void umig_profile_add_cost(struct umig_profile *profile, const struct umig_profile_cost *cost)
{
    struct umig_profile_cost_part *part =
        &profile
             ->costs[umig_profile_part(&profile->session, UMIG_PROFILE_COST_PARTS, cost->unix_ns)];
    for (int kind = 0; kind < UMIG_KIND_COUNT; kind++) {
        if (cost->divisors[kind] > part->most[kind]) {
            part->most[kind] = cost->divisors[kind];
        }
    }
    if (cost->memory_bytes > part->most_bytes) {
        part->most_bytes = cost->memory_bytes;
    }
    if (cost->unix_ns >= part->last.unix_ns) {
        part->last = *cost;
    }
}
