#include "agent/signal/wait_carry.h"

#define WHOLE 4294967296.0 /* 2^32 parts */

enum {
    WAITED_BITS = 30
};

/* On average the quotient. random: of 32 bits, as much as the divisor has. */
static uint64_t divide(uint64_t dividend, uint32_t divisor, uint64_t random)
{
    const uint64_t chance = random * divisor >> 32;
    return dividend / divisor + (chance < dividend % divisor ? 1 : 0);
}

struct umig_wait_share umig_wait_carry_add(struct umig_wait_carry *carry,
                                           uint64_t interval_ns,
                                           struct umig_wait_share wait,
                                           uint64_t random)
{
    if (wait.wait_ns >= interval_ns) {
        return wait;
    }
    if (!carry->has_begun) {
        *carry = (struct umig_wait_carry){.part = (uint32_t)random, .has_begun = true};
    }
    const uint32_t before = carry->part;
    const uint32_t more = (uint32_t)((double)wait.wait_ns / (double)interval_ns * WHOLE);
    carry->part += more;
    carry->count += wait.count;
    if (!carry->has_told) {
        carry->waited += more >> (32 - WAITED_BITS);
    }
    if (carry->part >= before) {
        return (struct umig_wait_share){0};
    }
    /* Before the first that is told there was a part of an interval that nobody waited: as many as
     * would have filled all of it. */
    const uint64_t count =
        carry->has_told || carry->waited == 0
            ? carry->count
            : divide((uint64_t)carry->count << WAITED_BITS, carry->waited, random >> 32);
    carry->count = 0;
    carry->has_told = true;
    return (struct umig_wait_share){.wait_ns = interval_ns, .count = (uint32_t)count};
}
