#include "agent/budget.h"

#include <string.h>

#include "core/units.h"

#define TURN_NS       (1 * UMIG_NS_PER_S)
#define SAVED_SECONDS 10.0 /* of what is allowed, at most */
#define AIM_SHARE     0.9  /* of what is allowed: where slowing ends */
#define ROOM_SHARE    0.75 /* below it something is taken more often again */
#define HELPS_SHARE   0.05 /* of all: a kind below it is passed over */
#define LEVEL_STEP    4u   /* all kinds are slowed so far before one goes further */

/*
 * Pools are read more rarely: nothing is lost but detail in time. Objects that stay are there at
 * the next look, too. Of allocation, of wall time and of waits the sums are exact with fewer
 * samples. CPU samples are what most look at first.
 */
const enum umig_kind umig_budget_order[UMIG_BUDGET_KINDS] = {
    UMIG_KIND_POOLS, UMIG_KIND_LIVE,  UMIG_KIND_ALLOC,
    UMIG_KIND_WALL,  UMIG_KIND_LOCKS, UMIG_KIND_CPU,
};

uint32_t umig_budget_divisor(const struct umig_budget *budget, enum umig_kind kind)
{
    return budget->divisors[kind] > 1 ? budget->divisors[kind] : 1;
}

void umig_budget_reset(struct umig_budget *budget)
{
    const struct umig_budget before = *budget;
    *budget = (struct umig_budget){.ppm = before.ppm, .slowings = before.slowings};
    memcpy(budget->most, before.most, sizeof budget->most);
}

/* --- what is measured --- */

static double median(const double values[UMIG_BUDGET_TURNS])
{
    double sorted[UMIG_BUDGET_TURNS];
    for (uint32_t i = 0; i < UMIG_BUDGET_TURNS; i++) {
        uint32_t at = i;
        for (; at > 0 && sorted[at - 1] > values[i]; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = values[i];
    }
    return sorted[UMIG_BUDGET_TURNS / 2];
}

static double above(uint64_t after, uint64_t before)
{
    return after > before ? (double)(after - before) : 0;
}

/* A turn into the rings of the last ones, as for a second; what it spent into what is saved. */
static void take_turn(struct umig_budget *budget, const struct umig_cost *cost)
{
    const double seconds = (double)(cost->time_ns - budget->before.time_ns) / (double)UMIG_NS_PER_S;
    const double process_ns = above(cost->process_cpu_ns, budget->before.process_cpu_ns);
    const double one_ns = seconds * (double)UMIG_NS_PER_S;
    const double whole_ns = process_ns > one_ns ? process_ns : one_ns;
    const double allowed_ns = whole_ns * budget->ppm / UMIG_BUDGET_PPM;
    const uint64_t at = budget->turns++ % UMIG_BUDGET_TURNS;
    double spent_ns = 0;
    for (int kind = 0; kind < UMIG_KIND_COUNT; kind++) {
        const double ns = above(cost->kind_cpu_ns[kind], budget->before.kind_cpu_ns[kind]);
        budget->kind_ns[kind][at] = ns / seconds;
        spent_ns += ns;
    }
    budget->allowed_ns[at] = allowed_ns / seconds;
    const double most_ns = budget->allowed_ns[at] * SAVED_SECONDS;
    budget->saved_ns += allowed_ns - spent_ns;
    budget->saved_ns = budget->saved_ns > most_ns ? most_ns : budget->saved_ns;
    budget->saved_ns = budget->saved_ns < -most_ns ? -most_ns : budget->saved_ns;
}

static double cost_of(const struct umig_budget *budget, enum umig_kind kind)
{
    return median(budget->kind_ns[kind]);
}

static double cost_of_all(const struct umig_budget *budget)
{
    double sum = 0;
    for (int kind = 0; kind < UMIG_KIND_COUNT; kind++) {
        sum += cost_of(budget, (enum umig_kind)kind);
    }
    return sum;
}

/* --- what is done about it --- */

/* Taken so many times as often, a kind is expected to cost so many times as much. */
static void change(struct umig_budget *budget, enum umig_kind kind, bool is_slower)
{
    const uint32_t divisor = umig_budget_divisor(budget, kind);
    budget->divisors[kind] = is_slower ? divisor * 2 : divisor / 2;
    budget->slowings += is_slower;
    budget->changed_turn = budget->turns;
    for (uint32_t i = 0; i < UMIG_BUDGET_TURNS; i++) {
        budget->kind_ns[kind][i] *= is_slower ? 0.5 : 2;
    }
}

static uint32_t most_of(const struct umig_budget *budget, enum umig_kind kind, uint32_t level)
{
    const uint32_t most = budget->most[kind];
    return most != 0 && most < level ? most : level;
}

/* The next to be slowed; 0: none would help. */
static enum umig_kind next_slower(const struct umig_budget *budget,
                                  const bool is_asked[UMIG_KIND_COUNT])
{
    const double helps_ns = cost_of_all(budget) * HELPS_SHARE;
    for (uint32_t level = LEVEL_STEP; level <= UMIG_BUDGET_DIVISOR_MAX; level *= LEVEL_STEP) {
        for (uint32_t i = 0; i < UMIG_BUDGET_KINDS; i++) {
            const enum umig_kind kind = umig_budget_order[i];
            if (is_asked[kind] &&
                umig_budget_divisor(budget, kind) * 2 <= most_of(budget, kind, level) &&
                cost_of(budget, kind) > helps_ns) {
                return kind;
            }
        }
    }
    return (enum umig_kind)0;
}

static bool slow_down(struct umig_budget *budget, const bool is_asked[UMIG_KIND_COUNT])
{
    const double allowed_ns = median(budget->allowed_ns);
    bool has_changed = false;
    if (budget->saved_ns > 0 || cost_of_all(budget) <= allowed_ns) {
        return false;
    }
    while (cost_of_all(budget) > allowed_ns * AIM_SHARE) {
        const enum umig_kind kind = next_slower(budget, is_asked);
        if (kind == (enum umig_kind)0) {
            break;
        }
        change(budget, kind, true);
        has_changed = true;
    }
    return has_changed;
}

/* The way back: who is slowed most, the last in the order among equals. */
static enum umig_kind next_faster(const struct umig_budget *budget)
{
    enum umig_kind found = (enum umig_kind)0;
    for (uint32_t i = 0; i < UMIG_BUDGET_KINDS; i++) {
        const enum umig_kind kind = umig_budget_order[i];
        const uint32_t divisor = umig_budget_divisor(budget, kind);
        if (divisor > 1 &&
            (found == (enum umig_kind)0 || divisor >= umig_budget_divisor(budget, found))) {
            found = kind;
        }
    }
    return found;
}

static bool speed_up(struct umig_budget *budget)
{
    const double allowed_ns = median(budget->allowed_ns);
    const enum umig_kind kind = next_faster(budget);
    if (kind == (enum umig_kind)0 || budget->saved_ns < allowed_ns * SAVED_SECONDS / 2 ||
        cost_of_all(budget) + cost_of(budget, kind) > allowed_ns * ROOM_SHARE) {
        return false;
    }
    change(budget, kind, false);
    return true;
}

/* A kind that nobody asks for any more begins anew when somebody does. */
static bool forget_unasked(struct umig_budget *budget, const bool is_asked[UMIG_KIND_COUNT])
{
    bool has_changed = false;
    for (int kind = 0; kind < UMIG_KIND_COUNT; kind++) {
        if (!is_asked[kind] && budget->divisors[kind] > 1) {
            budget->divisors[kind] = 1;
            has_changed = true;
        }
    }
    return has_changed;
}

bool umig_budget_feed(struct umig_budget *budget,
                      const struct umig_cost *cost,
                      const bool is_asked[UMIG_KIND_COUNT])
{
    if (budget->ppm == 0) {
        return false;
    }
    if (budget->before.time_ns == 0) {
        budget->before = *cost;
        budget->saved_ns = SAVED_SECONDS * (double)UMIG_NS_PER_S * budget->ppm / UMIG_BUDGET_PPM;
        return false;
    }
    if (cost->time_ns - budget->before.time_ns < TURN_NS) {
        return false;
    }
    take_turn(budget, cost);
    budget->before = *cost;
    bool has_changed = forget_unasked(budget, is_asked);
    if (budget->turns >= UMIG_BUDGET_TURNS &&
        (budget->changed_turn == 0 || budget->turns - budget->changed_turn >= UMIG_BUDGET_TURNS)) {
        has_changed = slow_down(budget, is_asked) || speed_up(budget) || has_changed;
    }
    return has_changed;
}
