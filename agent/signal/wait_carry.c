#include "agent/signal/wait_carry.h"

/* On average the quotient. */
static uint64_t divide(uint64_t dividend, uint64_t divisor, uint64_t random)
{
    return dividend / divisor + (random % divisor < dividend % divisor ? 1 : 0);
}

struct umig_wait_share umig_wait_carry_add(struct umig_wait_carry *carry,
                                           uint64_t interval_ns,
                                           struct umig_wait_share wait,
                                           uint64_t random)
{
    if (wait.wait_ns >= interval_ns) {
        return wait;
    }
    if (carry->interval_ns != interval_ns) {
        *carry = (struct umig_wait_carry){.interval_ns = interval_ns, .ns = random % interval_ns};
    }
    carry->ns += wait.wait_ns;
    carry->waited_ns += wait.wait_ns;
    carry->count += wait.count;
    if (carry->ns < interval_ns) {
        return (struct umig_wait_share){0};
    }
    /* Before the first that is told there was a part of an interval that nobody waited: as many as
     * would have filled all of it. */
    const uint64_t count = carry->has_told
                               ? carry->count
                               : divide(carry->count * interval_ns, carry->waited_ns, random >> 20);
    carry->ns -= interval_ns;
    carry->count = 0;
    carry->has_told = true;
    return (struct umig_wait_share){.wait_ns = interval_ns, .count = (uint32_t)count};
}
