#include "agent/plans.h"

#include <stdio.h>
#include <string.h>

#include "core/err.h"

bool umig_schedule_is_plan(const struct umig_schedule *schedule,
                           const struct umig_session_spec *spec)
{
    const bool is_once = schedule->times == 1;
    return spec->when.count > 0 ? !is_once : schedule->at_unix_ns != 0 || schedule->every_ns != 0;
}

static int check_every(const struct umig_schedule *schedule,
                       const struct umig_session_spec *spec,
                       struct umig_err *err)
{
    const uint64_t every = schedule->every_ns;
    const bool has_condition = spec->when.count > 0;
    if ((every != 0 || has_condition) &&
        (every < UMIG_PLAN_EVERY_MIN_NS || every > UMIG_PLAN_EVERY_MAX_NS)) {
        return umig_err_set(err, UMIG_E_ARG, "%s must be 10s to 30d",
                            has_condition ? "the rest between two firings" : "every");
    }
    if (!has_condition && every != 0 && spec->duration_ns >= every) {
        return umig_err_set(err, UMIG_E_ARG,
                            "a session that starts every so often must be over before the next: "
                            "its duration must be less than the time between");
    }
    return UMIG_OK;
}

int umig_schedule_check(const struct umig_schedule *schedule,
                        const struct umig_session_spec *spec,
                        struct umig_moment now,
                        struct umig_err *err)
{
    const bool has_condition = spec->when.count > 0;
    if (has_condition && schedule->at_unix_ns != 0) {
        return umig_err_set(err, UMIG_E_ARG,
                            "a session starts by a condition or by the clock: give one of both");
    }
    if (!umig_schedule_is_plan(schedule, spec)) {
        return UMIG_OK;
    }
    if (spec->duration_ns == 0) {
        return umig_err_set(err, UMIG_E_ARG,
                            "a session that the agent starts by itself needs a duration to end by");
    }
    if (schedule->at_unix_ns != 0 && schedule->at_unix_ns > now.unix_ns + UMIG_PLAN_EVERY_MAX_NS) {
        return umig_err_set(err, UMIG_E_ARG, "the first start is more than 30 days away");
    }
    return check_every(schedule, spec, err);
}

struct umig_plan *umig_plans_find(struct umig_plans *plans, const char *id)
{
    for (int i = 0; i < UMIG_PLANS_MAX; i++) {
        if (plans->plan[i].is_open && strcmp(plans->plan[i].spec.id, id) == 0) {
            return &plans->plan[i];
        }
    }
    return NULL;
}

int umig_plans_add(struct umig_plans *plans,
                   const struct umig_session_spec *spec,
                   const struct umig_schedule *schedule,
                   struct umig_moment now,
                   struct umig_plan **out_plan,
                   struct umig_err *err)
{
    if (umig_plans_find(plans, spec->id) != NULL) {
        return umig_err_set(err, UMIG_E_ARG, "a session '%s' is already planned", spec->id);
    }
    struct umig_plan *plan = NULL;
    for (int i = 0; i < UMIG_PLANS_MAX && plan == NULL; i++) {
        plan = plans->plan[i].is_open ? NULL : &plans->plan[i];
    }
    if (plan == NULL) {
        return umig_err_set(err, UMIG_E_LIMIT, "%d plans are there, more are not possible",
                            UMIG_PLANS_MAX);
    }
    *plan = (struct umig_plan){
        .is_open = true,
        .spec = *spec,
        .schedule = *schedule,
        .next_ns = schedule->at_unix_ns != 0 ? schedule->at_unix_ns : now.monotonic_ns,
    };
    *out_plan = plan;
    return UMIG_OK;
}

static uint64_t clock_of(const struct umig_plan *plan, struct umig_moment now)
{
    return plan->schedule.at_unix_ns != 0 ? now.unix_ns : now.monotonic_ns;
}

bool umig_plan_is_due(const struct umig_plan *plan, struct umig_moment now, bool is_running)
{
    const bool is_armed = plan->spec.when.count > 0 && is_running;
    return plan->is_open && !is_armed && clock_of(plan, now) >= plan->next_ns;
}

void umig_plan_turn(struct umig_plan *plan, struct umig_moment now, const char *problem)
{
    const bool has_started = problem[0] == '\0';
    plan->started_count += has_started;
    plan->skipped_count += !has_started;
    snprintf(plan->problem, sizeof plan->problem, "%s", problem);
    const bool is_last = plan->schedule.times != 0 && plan->started_count >= plan->schedule.times;
    if (is_last || (plan->spec.when.count == 0 && plan->schedule.every_ns == 0)) {
        plan->is_open = false;
        return;
    }
    if (plan->spec.when.count > 0) {
        plan->next_ns = has_started ? now.monotonic_ns : now.monotonic_ns + UMIG_PLANS_LOOK_NS;
    } else {
        /* Those in between were missed. */
        const uint64_t late_ns = clock_of(plan, now) - plan->next_ns;
        const uint64_t missed = late_ns / plan->schedule.every_ns;
        plan->skipped_count += (uint32_t)(missed < UINT32_MAX ? missed : UINT32_MAX);
        plan->next_ns += (missed + 1) * plan->schedule.every_ns;
    }
}

void umig_plans_note_fired(struct umig_plans *plans, const char *id, uint64_t now_ns)
{
    struct umig_plan *plan = umig_plans_find(plans, id);
    if (plan != NULL) {
        plan->last_fired_ns = now_ns;
    }
}

uint64_t umig_plans_wait(const struct umig_plans *plans, struct umig_moment now)
{
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < UMIG_PLANS_MAX; i++) {
        const struct umig_plan *plan = &plans->plan[i];
        const uint64_t clock_ns = clock_of(plan, now);
        if (!plan->is_open) {
            continue;
        }
        uint64_t wait = plan->next_ns > clock_ns ? plan->next_ns - clock_ns : 0;
        if (plan->spec.when.count > 0 ||
            (plan->schedule.at_unix_ns != 0 && wait > UMIG_PLANS_LOOK_NS)) {
            wait = UMIG_PLANS_LOOK_NS; /* a session that ends, or a clock that is set */
        }
        least = wait < least ? wait : least;
    }
    return least;
}
