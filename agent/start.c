/* Sessions that are asked for, and those of plans. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "core/err.h"
#include "core/log.h"

static void make_name(struct umig_agent *agent, char out[UMIG_NAME_BYTES])
{
    uint32_t number = agent->sessions.opened_count;
    do {
        snprintf(out, UMIG_NAME_BYTES, "%.32s-%d-%u", agent->service, (int)getpid(), ++number);
    } while (umig_sessions_find(&agent->sessions, out) != NULL ||
             umig_plans_find(&agent->plans, out) != NULL);
}

int umig_agent_start_session(struct umig_agent *agent,
                             struct umig_session_spec *spec,
                             const struct umig_schedule *schedule,
                             struct umig_moment now,
                             struct umig_err *err)
{
    struct umig_session *session = NULL;
    struct umig_plan *plan = NULL;
    if (spec->id[0] == '\0') {
        make_name(agent, spec->id);
    }
    for (size_t i = 0; i < agent->options.label_count && spec->label_count < UMIG_LABEL_MAX; i++) {
        spec->labels[spec->label_count++] = agent->options.labels[i];
    }
    int rc = umig_schedule_check(schedule, spec, now, err);
    if (rc == UMIG_OK && umig_schedule_is_plan(schedule, spec)) {
        rc = umig_sessions_check(&agent->sessions, spec, err);
        rc = rc != UMIG_OK ? rc : umig_plans_add(&agent->plans, spec, schedule, now, &plan, err);
        if (rc == UMIG_OK) {
            (void)umig_agent_run_plans(agent, now);
        }
    } else if (rc == UMIG_OK && umig_plans_find(&agent->plans, spec->id) != NULL) {
        rc = umig_err_set(err, UMIG_E_ARG, "a session '%s' is already planned", spec->id);
    } else if (rc == UMIG_OK) {
        rc = umig_agent_open_session(agent, spec, now.monotonic_ns, &session, err);
    }
    return umig_err_trace(err, rc);
}

/* Starts one session of a plan. */
static void run_plan(struct umig_agent *agent, struct umig_plan *plan, struct umig_moment now)
{
    struct umig_session *session = NULL;
    struct umig_err err = UMIG_ERR_INIT;
    const bool is_running = umig_sessions_find(&agent->sessions, plan->spec.id) != NULL;
    if (!umig_plan_is_due(plan, now, is_running)) {
        return;
    }
    const int rc = umig_agent_open_session(agent, &plan->spec, now.monotonic_ns, &session, &err);
    if (rc == UMIG_OK && plan->last_fired_ns != 0) {
        session->not_before_ns = plan->last_fired_ns + plan->schedule.every_ns;
    }
    if (rc != UMIG_OK && strcmp(plan->problem, err.text) != 0) {
        umig_log(UMIG_LOG_WARN, "planned session %s does not start: %s", plan->spec.id, err.text);
    }
    umig_plan_turn(plan, now, rc == UMIG_OK ? "" : err.text);
}

uint64_t umig_agent_run_plans(struct umig_agent *agent, struct umig_moment now)
{
    for (int i = 0; i < UMIG_PLANS_MAX; i++) {
        if (agent->plans.plan[i].is_open) {
            run_plan(agent, &agent->plans.plan[i], now);
        }
    }
    return umig_plans_wait(&agent->plans, now);
}
