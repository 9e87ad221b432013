/*
 * How many bytes lie between two samples of allocation: as many as the finest session asks for, or
 * more of them while samples at that rate would cost above a hundredth of the process's CPU. A
 * process that does next to nothing is sampled for a two-thousandth of one processor at least, and
 * where objects are followed for four times that: what leaks slowly leaks in quiet processes, too.
 *
 * What samples cost is measured where they are taken. The loop compares it four times a second with
 * the CPU that the process used, and sets the interval anew, by a factor of two at most. Threads
 * that allocate do not wait for it: when twice the share of such a turn is spent, who spends it
 * doubles the interval at once, and again for each share more. What is sampled again begins where
 * it was left. Every sample carries the interval that it was drawn by (struct umig_record).
 */
#ifndef UMIG_AGENT_VM_ALLOC_RATE_H
#define UMIG_AGENT_VM_ALLOC_RATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/** Samples of allocation may take the hundredth part of the process's CPU. */
#define UMIG_ALLOC_CPU_PART 100u

/** Between two looks at what they cost. */
#define UMIG_ALLOC_TURN_NS UINT64_C(250000000)

/** The interval goes no further. */
#define UMIG_ALLOC_INTERVAL_MAX (1u << 30)

struct umig_alloc_rate {
    atomic_uint asked;               /* the finest that a session asks for; 0: none does */
    atomic_uint wanted;              /* is to be in force */
    atomic_uint applied;             /* is in force: the JVM was told */
    atomic_uint_fast64_t spent_ns;   /* on samples, ever */
    atomic_uint_fast64_t allowed_ns; /* when so much is spent, the interval is doubled at once */
    atomic_uint_fast64_t share_ns;   /* what a turn may cost, by the last one */

    /* The loop's. */
    bool follows;     /* objects are followed */
    uint32_t divisor; /* the share is so many times smaller; 0 is 1 */
    uint64_t next_ns; /* 0: it begins to measure */
    uint64_t spent_before_ns;
    uint64_t cpu_before_ns;
};

/**
 * The chance that an object is sampled whose size is x intervals, x >= 0: 1 - exp(-x), to 12 digits
 * and without the mathematical library. By its series after halving x, then by
 * p(2x) = p(x) (2 - p(x)), which loses no digits of small ones.
 */
static inline double umig_alloc_chance(double x)
{
    int doublings = 0;
    if (x > 40) {
        return 1; /* the rest is below 1e-17 */
    }
    for (; x > 1.0 / 64; x /= 2) {
        doublings++;
    }
    double p = x * (1 - x / 2 * (1 - x / 3 * (1 - x / 4 * (1 - x / 5 * (1 - x / 6)))));
    for (; doublings > 0; doublings--) {
        p = p * (2 - p);
    }
    return p;
}

/** Says what sessions ask for, 0: nothing. Thread: the loop. */
void umig_alloc_rate_ask(struct umig_alloc_rate *rate, uint32_t interval);

/** Says whether objects are followed, too. Thread: the loop. */
void umig_alloc_rate_follow(struct umig_alloc_rate *rate, bool follows);

/** Says that the agent's budget leaves samples a part of their share only. Thread: the loop. */
void umig_alloc_rate_divide(struct umig_alloc_rate *rate, uint32_t divisor);

/** Books what a sample cost. Thread: any. */
void umig_alloc_rate_spend(struct umig_alloc_rate *rate, uint64_t cost_ns);

/** Is it time to look what samples cost? Thread: the loop. */
bool umig_alloc_rate_is_due(const struct umig_alloc_rate *rate, uint64_t now_ns);

/**
 * Looks what samples cost since it looked last.
 *
 * @param process_cpu_ns  CPU time of the process
 *
 * Thread: the loop.
 */
void umig_alloc_rate_turn(struct umig_alloc_rate *rate, uint64_t now_ns, uint64_t process_cpu_ns);

/**
 * Should the JVM be told of another interval? To one caller it says so, once for each change.
 *
 * @param out_interval  what the JVM is to be told
 *
 * Thread: any.
 */
bool umig_alloc_rate_take(struct umig_alloc_rate *rate, uint32_t *out_interval);

#endif
