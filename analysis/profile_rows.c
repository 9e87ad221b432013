/* The rows of a profile: samples and totals add up, the others are kept in the order they come. */
#include <string.h>

#include "analysis/profile_private.h"

/* The key of a sample is its head, that of a total its thread and kind. */
struct sample_key {
    uint32_t kind, outcome, group, stack, block;
};

static uint64_t add_capped(uint64_t a, uint64_t b)
{
    uint64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* The lists without a "none" at 0 keep index + 1 in the hash index, where 0 means free. */
static bool same_sample(const void *items, uint32_t id, const void *key)
{
    const struct umig_profile_sample *sample = (const struct umig_profile_sample *)items + (id - 1);
    const struct sample_key *want = key;
    return (uint32_t)sample->kind == want->kind && (uint32_t)sample->outcome == want->outcome &&
           sample->group == want->group && sample->stack == want->stack &&
           sample->block == want->block;
}

int umig_profile_add_sample(struct umig_profile *profile, const struct umig_profile_sample *sample)
{
    if ((unsigned)sample->kind >= UMIG_KIND_COUNT || sample->stack >= profile->stacks.count ||
        (unsigned)sample->outcome >= UMIG_OUTCOME_COUNT ||
        sample->group >= profile->strings.count) {
        return UMIG_E_ARG;
    }
    struct umig_intern *index = &profile->index->samples;
    const struct sample_key key = {(uint32_t)sample->kind, (uint32_t)sample->outcome, sample->group,
                                   sample->stack, sample->block};
    const uint32_t hash = umig_intern_hash(&key, sizeof key);
    const uint32_t found = umig_intern_find(index, hash, same_sample, profile->samples.items, &key);
    if (found != 0) {
        struct umig_profile_sample *at = &profile->samples.items[found - 1];
        at->count = add_capped(at->count, sample->count);
        at->value = add_capped(at->value, sample->value);
        return UMIG_OK;
    }
    if (umig_profile_reserve_both(profile, UMIG_PROFILE_LIST_OF(&profile->samples), index) !=
        UMIG_OK) {
        return UMIG_E_NOMEM;
    }
    profile->samples.items[profile->samples.count++] = *sample;
    umig_intern_put(index, hash, (uint32_t)profile->samples.count);
    return UMIG_OK;
}

static bool same_total(const void *items, uint32_t id, const void *key)
{
    const struct umig_profile_thread_total *totals = items;
    const struct umig_profile_pair *want = key;
    return totals[id - 1].thread == want->first && (uint32_t)totals[id - 1].kind == want->second;
}

int umig_profile_add_thread_total(struct umig_profile *profile,
                                  const struct umig_profile_thread_total *total)
{
    if (total->thread >= profile->threads.count || (unsigned)total->kind >= UMIG_KIND_COUNT) {
        return UMIG_E_ARG;
    }
    struct umig_intern *index = &profile->index->thread_totals;
    const struct umig_profile_pair key = {.first = total->thread, .second = (uint32_t)total->kind};
    const uint32_t hash = umig_intern_hash(&key, sizeof key);
    const uint32_t found =
        umig_intern_find(index, hash, same_total, profile->thread_totals.items, &key);
    if (found != 0) {
        struct umig_profile_thread_total *at = &profile->thread_totals.items[found - 1];
        at->count = add_capped(at->count, total->count);
        at->value = add_capped(at->value, total->value);
        return UMIG_OK;
    }
    if (umig_profile_reserve_both(profile, UMIG_PROFILE_LIST_OF(&profile->thread_totals), index) !=
        UMIG_OK) {
        return UMIG_E_NOMEM;
    }
    profile->thread_totals.items[profile->thread_totals.count++] = *total;
    umig_intern_put(index, hash, (uint32_t)profile->thread_totals.count);
    return UMIG_OK;
}

int umig_profile_add_pause(struct umig_profile *profile, const struct umig_profile_pause *pause)
{
    const size_t strings = profile->strings.count;
    if (pause->collection >= strings || pause->cause >= strings) {
        return UMIG_E_ARG;
    }
    const int rc = umig_profile_reserve(profile, UMIG_PROFILE_LIST_OF(&profile->pauses));
    if (rc == UMIG_OK) {
        profile->pauses.items[profile->pauses.count++] = *pause;
    }
    return rc;
}

int umig_profile_add_pool_point(struct umig_profile *profile,
                                const struct umig_profile_pool_point *point)
{
    if (point->pool >= profile->strings.count) {
        return UMIG_E_ARG;
    }
    const int rc = umig_profile_reserve(profile, UMIG_PROFILE_LIST_OF(&profile->pool_points));
    if (rc == UMIG_OK) {
        profile->pool_points.items[profile->pool_points.count++] = *point;
    }
    return rc;
}

void umig_profile_set_jvm_counter(struct umig_profile *profile,
                                  uint64_t counter,
                                  uint64_t unix_ns,
                                  uint64_t value)
{
    if (counter >= UMIG_JVM_COUNTERS) {
        return;
    }
    struct umig_profile_jvm_counter *kept = &profile->jvm[counter];
    if (kept->first_unix_ns == 0 || unix_ns < kept->first_unix_ns) {
        kept->first_unix_ns = unix_ns;
        kept->first = value;
    }
    if (unix_ns >= kept->last_unix_ns) {
        kept->last_unix_ns = unix_ns;
        kept->last = value;
    }
}

int umig_profile_add_wait(struct umig_profile *profile, const struct umig_profile_wait *wait)
{
    if (wait->thread >= profile->threads.count || wait->holder >= profile->threads.count ||
        wait->monitor_class >= profile->strings.count || wait->stack >= profile->stacks.count ||
        wait->holder_stack >= profile->stacks.count) {
        return UMIG_E_ARG;
    }
    const int rc = umig_profile_reserve(profile, UMIG_PROFILE_LIST_OF(&profile->waits));
    if (rc == UMIG_OK) {
        profile->waits.items[profile->waits.count++] = *wait;
    }
    return rc;
}

int umig_profile_add_label(struct umig_profile *profile, uint32_t key, uint32_t value)
{
    if (key >= profile->strings.count || value >= profile->strings.count) {
        return UMIG_E_ARG;
    }
    for (size_t i = 0; i < profile->labels.count; i++) {
        if (profile->labels.items[i].key == key && profile->labels.items[i].value == value) {
            return UMIG_OK;
        }
    }
    const int rc = umig_profile_reserve(profile, UMIG_PROFILE_LIST_OF(&profile->labels));
    if (rc == UMIG_OK) {
        profile->labels.items[profile->labels.count++] =
            (struct umig_profile_label){.key = key, .value = value};
    }
    return rc;
}

int umig_profile_add_other(struct umig_profile *profile, uint32_t id)
{
    if (id >= profile->strings.count) {
        return UMIG_E_ARG;
    }
    const int rc = umig_profile_reserve(profile, UMIG_PROFILE_LIST_OF(&profile->others));
    if (rc == UMIG_OK) {
        profile->others.items[profile->others.count++] = id;
    }
    return rc;
}
