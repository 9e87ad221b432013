#include "agent/vm/alloc_rate.h"

#include "core/units.h"

/* A process that does next to nothing may be sampled all the same: of a turn. */
#define SHARE_MIN_NS         (UMIG_ALLOC_TURN_NS / 2000)
#define SHARE_MIN_FOLLOWS_NS (4 * SHARE_MIN_NS)

/* Where the loop steers to, and below what it makes samples more again; percent of the share. */
#define AIM_PERCENT  80u
#define MORE_PERCENT 60u

enum {
    INTERVAL_STEP = 4096
};

static void double_interval(struct umig_alloc_rate *rate)
{
    unsigned now = atomic_load(&rate->wanted);
    while (now != 0 && now <= UMIG_ALLOC_INTERVAL_MAX / 2 &&
           !atomic_compare_exchange_weak(&rate->wanted, &now, now * 2)) {
    }
}

void umig_alloc_rate_ask(struct umig_alloc_rate *rate, uint32_t interval)
{
    const unsigned before = atomic_exchange(&rate->asked, interval);
    if (before == interval) {
        return;
    }
    /* A finer session than before is tried at what it asks for; else what was found out holds. */
    const unsigned wanted = atomic_load(&rate->wanted);
    if (interval != 0 && (wanted < interval || (before != 0 && interval < before))) {
        atomic_store(&rate->wanted, interval);
    }
    rate->next_ns = 0;
}

void umig_alloc_rate_follow(struct umig_alloc_rate *rate, bool follows)
{
    rate->follows = follows;
}

void umig_alloc_rate_divide(struct umig_alloc_rate *rate, uint32_t divisor)
{
    rate->divisor = divisor;
}

void umig_alloc_rate_spend(struct umig_alloc_rate *rate, uint64_t cost_ns)
{
    const uint64_t spent = atomic_fetch_add(&rate->spent_ns, cost_ns) + cost_ns;
    uint_fast64_t allowed = atomic_load(&rate->allowed_ns);
    if (allowed != 0 && spent > allowed &&
        atomic_compare_exchange_strong(&rate->allowed_ns, &allowed,
                                       spent + atomic_load(&rate->share_ns))) {
        double_interval(rate);
    }
}

bool umig_alloc_rate_is_due(const struct umig_alloc_rate *rate, uint64_t now_ns)
{
    return atomic_load(&rate->asked) != 0 && now_ns >= rate->next_ns;
}

/*
 * By what a turn cost, against what it might: samples cost in proportion to their number. No step
 * is more than a factor of two, since a turn in which next to nothing happened says little.
 */
static void steer(struct umig_alloc_rate *rate, uint64_t cost_ns, uint64_t share_ns)
{
    const uint64_t asked = atomic_load(&rate->asked);
    unsigned now = atomic_load(&rate->wanted);
    const uint64_t aim_ns = share_ns * AIM_PERCENT / 100;
    if (cost_ns <= share_ns && (cost_ns * 100 >= share_ns * MORE_PERCENT || now <= asked)) {
        return;
    }
    uint64_t next = (uint64_t)((double)now * (double)cost_ns / (double)aim_ns);
    next = next > 2 * (uint64_t)now ? 2 * (uint64_t)now : next;
    next = next < now / 2 ? now / 2 : next;
    next = next > UMIG_ALLOC_INTERVAL_MAX ? UMIG_ALLOC_INTERVAL_MAX : next;
    next = next & ~(uint64_t)(INTERVAL_STEP - 1); /* a person reads it */
    next = next < asked ? asked : next;
    (void)atomic_compare_exchange_strong(&rate->wanted, &now, (unsigned)next);
}

void umig_alloc_rate_turn(struct umig_alloc_rate *rate, uint64_t now_ns, uint64_t process_cpu_ns)
{
    const uint64_t spent_ns = atomic_load(&rate->spent_ns);
    const bool is_first = rate->next_ns == 0;
    const uint64_t cpu_ns = is_first ? UMIG_ALLOC_TURN_NS : process_cpu_ns - rate->cpu_before_ns;
    const uint64_t part_ns = cpu_ns / UMIG_ALLOC_CPU_PART;
    const uint64_t least_ns = rate->follows ? SHARE_MIN_FOLLOWS_NS : SHARE_MIN_NS;
    const uint64_t share_ns =
        (part_ns > least_ns ? part_ns : least_ns) / (rate->divisor > 1 ? rate->divisor : 1);
    if (!is_first) {
        steer(rate, spent_ns - rate->spent_before_ns, share_ns);
    }
    rate->next_ns = now_ns + UMIG_ALLOC_TURN_NS;
    rate->spent_before_ns = spent_ns;
    rate->cpu_before_ns = process_cpu_ns;
    atomic_store(&rate->share_ns, share_ns);
    atomic_store(&rate->allowed_ns, spent_ns + 2 * share_ns);
}

bool umig_alloc_rate_take(struct umig_alloc_rate *rate, uint32_t *out_interval)
{
    const unsigned wanted = atomic_load_explicit(&rate->wanted, memory_order_relaxed);
    unsigned applied = atomic_load_explicit(&rate->applied, memory_order_relaxed);
    if (wanted == applied || wanted == 0 ||
        !atomic_compare_exchange_strong(&rate->applied, &applied, wanted)) {
        return false;
    }
    *out_interval = wanted;
    return true;
}
