/* What the JVM's log said of collections and safepoints, added up as it comes: there may be much.
 */
#include "analysis/profile_private.h"

static uint64_t add_capped(uint64_t a, uint64_t b)
{
    uint64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static bool is_same(const struct umig_profile_gc_sum *a, const struct umig_profile_gc_sum *b)
{
    return a->kind == b->kind && a->name == b->name && a->detail == b->detail &&
           a->pause == b->pause && a->stack == b->stack;
}

/* Collections repeat themselves: the sums are mostly those behind the last. */
static struct umig_profile_gc_sum *find(struct umig_profile *profile,
                                        const struct umig_profile_gc_sum *sum)
{
    const size_t count = profile->gc_sums.count;
    for (size_t i = 0; i < count; i++) {
        const size_t at = (profile->next_gc_sum + i) % count;
        if (is_same(&profile->gc_sums.items[at], sum)) {
            profile->next_gc_sum = at + 1;
            return &profile->gc_sums.items[at];
        }
    }
    return NULL;
}

int umig_profile_add_gc_sum(struct umig_profile *profile, const struct umig_profile_gc_sum *sum)
{
    const size_t strings = profile->strings.count;
    if ((unsigned)sum->kind >= UMIG_GC_EVENT_KINDS || sum->name >= strings ||
        sum->detail >= strings || sum->pause >= strings || sum->stack >= profile->stacks.count) {
        return UMIG_E_ARG;
    }
    struct umig_profile_gc_sum *to = find(profile, sum);
    if (to == NULL) {
        const int rc = umig_profile_reserve(profile, UMIG_PROFILE_LIST_OF(&profile->gc_sums));
        if (rc == UMIG_OK) {
            profile->gc_sums.items[profile->gc_sums.count++] = *sum;
            profile->next_gc_sum = profile->gc_sums.count;
        }
        return rc;
    }
    to->count = add_capped(to->count, sum->count);
    to->total_ns = add_capped(to->total_ns, sum->total_ns);
    to->longest_ns = larger(to->longest_ns, sum->longest_ns);
    to->before = add_capped(to->before, sum->before);
    to->before_most = larger(to->before_most, sum->before_most);
    to->grown = add_capped(to->grown, sum->grown);
    to->shrunk = add_capped(to->shrunk, sum->shrunk);
    return UMIG_OK;
}

uint32_t umig_profile_long_pauses(const struct umig_profile *profile,
                                  uint32_t out_pauses[UMIG_PROFILE_LONG_PAUSES])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < profile->pauses.count; i++) {
        uint32_t at = count;
        while (at > 0 && profile->pauses.items[out_pauses[at - 1]].duration_ns <
                             profile->pauses.items[i].duration_ns) {
            at--;
        }
        if (at == UMIG_PROFILE_LONG_PAUSES) {
            continue;
        }
        count += count < UMIG_PROFILE_LONG_PAUSES ? 1 : 0;
        for (uint32_t to = count - 1; to > at; to--) {
            out_pauses[to] = out_pauses[to - 1];
        }
        out_pauses[at] = i;
    }
    return count;
}

int umig_profile_add_gc_step(struct umig_profile *profile, const struct umig_profile_gc_step *step)
{
    if (step->pause >= profile->pauses.count || step->name >= profile->strings.count) {
        return UMIG_E_ARG;
    }
    const int rc = umig_profile_reserve(profile, UMIG_PROFILE_LIST_OF(&profile->gc_steps));
    if (rc == UMIG_OK) {
        profile->gc_steps.items[profile->gc_steps.count++] = *step;
    }
    return rc;
}

/* Pauses of a day come before their steps: the longest are looked for once a day. */
static bool is_long(struct umig_profile *profile, uint32_t pause)
{
    if (profile->long_pauses_of != profile->pauses.count) {
        profile->long_pauses_of = profile->pauses.count;
        profile->long_pause_count = umig_profile_long_pauses(profile, profile->long_pauses);
    }
    bool is_one = false;
    for (uint32_t i = 0; i < profile->long_pause_count && !is_one; i++) {
        is_one = profile->long_pauses[i] == pause;
    }
    return is_one;
}

/* Pauses that began in time; the last one is what a step of that moment belongs to. */
static size_t pauses_until(const struct umig_profile *profile, uint64_t unix_ns)
{
    size_t low = 0; /* pauses before it began in time */
    size_t high = profile->pauses.count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (profile->pauses.items[middle].start_unix_ns <= unix_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The kind of its pause, which may have begun before the session; the steps of long ones are kept.
 */
static int add_step(struct umig_profile *profile,
                    const struct umig_profile_gc_event *event,
                    struct umig_profile_gc_sum *sum)
{
    const size_t count = pauses_until(profile, event->start_unix_ns);
    if (count == 0) {
        return UMIG_OK;
    }
    const struct umig_profile_gc_step step = {
        .pause = (uint32_t)count - 1, .name = event->name, .duration_ns = event->duration_ns};
    sum->pause = profile->pauses.items[step.pause].collection;
    return is_long(profile, step.pause) ? umig_profile_add_gc_step(profile, &step) : UMIG_OK;
}

/* Threads of one group are one: a pool has hundreds. */
static int detail_of(struct umig_profile *profile,
                     const struct umig_profile_gc_event *event,
                     uint32_t *out_detail)
{
    *out_detail = event->detail;
    if (event->kind == UMIG_GC_EVENT_LATE && event->thread != 0) {
        *out_detail = profile->threads.items[event->thread].group;
    }
    return event->kind == UMIG_GC_EVENT_STALL && event->detail != 0
               ? umig_profile_group(profile, event->detail, out_detail)
               : UMIG_OK;
}

int umig_profile_add_gc_event(struct umig_profile *profile,
                              const struct umig_profile_gc_event *event)
{
    if (event->thread >= profile->threads.count || event->detail >= profile->strings.count) {
        return UMIG_E_ARG;
    }
    struct umig_profile_gc_sum sum = {
        .kind = event->kind,
        .name = event->name,
        .stack = event->stack,
        .count = 1,
        .total_ns = event->duration_ns,
        .longest_ns = event->duration_ns,
        .before = event->before,
        .before_most = event->before,
        .grown = event->after > event->before ? event->after - event->before : 0,
        .shrunk = event->after < event->before ? event->before - event->after : 0,
    };
    int rc = event->kind == UMIG_GC_EVENT_PHASE ? add_step(profile, event, &sum) : UMIG_OK;
    rc = rc != UMIG_OK ? rc : detail_of(profile, event, &sum.detail);
    return rc != UMIG_OK ? rc : umig_profile_add_gc_sum(profile, &sum);
}
