#include "agent/cost.h"

#include <stdio.h>
#include <string.h>

#include "agent/reconcile.h"
#include "core/clock.h"
#include "core/kind_options.h"
#include "core/log.h"

static bool is_asked_for(const struct umig_agent *agent, enum umig_kind kind)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        if (umig_session_wants(&agent->sessions.session[i], kind)) {
            return true;
        }
    }
    return false;
}

void umig_agent_charge(struct umig_agent *agent,
                       enum umig_kind kind,
                       void (*work)(struct umig_agent *agent, uint64_t now_ns),
                       uint64_t now_ns)
{
    if (!is_asked_for(agent, kind)) {
        work(agent, now_ns);
        return;
    }
    const uint64_t begin_ns = umig_clock_thread_cpu_ns();
    work(agent, now_ns);
    agent->loop_ns[kind] += umig_clock_thread_cpu_ns() - begin_ns;
}

/* What of the agent's own two threads is charged to a kind. */
static uint64_t threads_ns(const struct umig_agent *agent, int kind)
{
    const uint64_t ns = agent->loop_ns[kind] + agent->pump.drain_ns[kind];
    switch (kind) {
    case UMIG_KIND_WALL:
        return ns + agent->wall.spent_ns;
    case UMIG_KIND_LIVE:
        return ns + atomic_load(&agent->vm.live_looks_ns);
    case UMIG_KIND_LOCKS:
        return ns + atomic_load(&agent->vm.deadlock_looks_ns);
    case UMIG_KIND_POOLS:
        return ns + atomic_load(&agent->vm.pool_readings_ns);
    default:
        return ns;
    }
}

void umig_agent_measure_cost(struct umig_agent *agent)
{
    struct umig_cost *cost = &agent->cost;
    uint64_t charged_ns = 0;
    for (int kind = 1; kind < UMIG_KIND_COUNT; kind++) {
        const uint64_t of_threads_ns = threads_ns(agent, kind);
        charged_ns += of_threads_ns;
        cost->kind_cpu_ns[kind] = of_threads_ns + atomic_load(&agent->sampler.spent_ns[kind]);
    }
    /* What the attached thread is at now is charged when it is done: nobody's until then. */
    const uint64_t threads_ns = umig_clock_thread_cpu_ns() + umig_vm_cpu_ns(&agent->vm);
    charged_ns += atomic_load(&agent->vm.searches_ns); /* a command's, not a session's */
    const uint64_t rest_ns = threads_ns > charged_ns ? threads_ns - charged_ns : 0;
    cost->kind_cpu_ns[0] = rest_ns > cost->kind_cpu_ns[0] ? rest_ns : cost->kind_cpu_ns[0];
    cost->agent_cpu_ns = threads_ns + umig_sampler_spent_ns(&agent->sampler);
    cost->process_cpu_ns = umig_clock_process_cpu_ns();
    cost->agent_memory_bytes = umig_memory_resident(&agent->memory);
    cost->budget_memory_bytes = agent->memory.limit_bytes;
    cost->budget_ppm = agent->budget.ppm;
    memcpy(cost->divisors, agent->budget.divisors, sizeof cost->divisors);
    cost->time_ns = umig_clock_monotonic_ns();
}

/* --- the budget --- */

/* "budget: to stay within 1 % of CPU taken more rarely at times: pools 1/4, cpu 1/2". */
static void tell_session(const struct umig_agent *agent, struct umig_session *session)
{
    char lack[UMIG_PROBLEM_BYTES];
    size_t used = 0;
    for (uint32_t i = 0; i < UMIG_BUDGET_KINDS; i++) {
        const enum umig_kind kind = umig_budget_order[i];
        const uint32_t divisor = umig_budget_divisor(&agent->budget, kind);
        if (umig_session_takes(session, kind) && divisor > session->slowed[kind]) {
            session->slowed[kind] = divisor;
        }
        if (session->slowed[kind] > 1 && used < sizeof lack) {
            used +=
                (size_t)snprintf(lack + used, sizeof lack - used, "%s%s 1/%u", used > 0 ? ", " : "",
                                 umig_kind_rule(kind)->name, session->slowed[kind]);
        }
    }
    if (used > 0) {
        char text[UMIG_PROBLEM_BYTES];
        snprintf(text, sizeof text,
                 "budget: to stay within %g %% of CPU taken more rarely at times: %.120s",
                 agent->budget.ppm * 100.0 / UMIG_BUDGET_PPM, lack);
        umig_session_set_lack(session, UMIG_LACK_BUDGET, text);
    }
}

static void say_divisors(const struct umig_agent *agent)
{
    for (uint32_t i = 0; i < UMIG_BUDGET_KINDS; i++) {
        const enum umig_kind kind = umig_budget_order[i];
        const uint32_t before = agent->cost.divisors[kind] > 1 ? agent->cost.divisors[kind] : 1;
        const uint32_t now = umig_budget_divisor(&agent->budget, kind);
        if (now != before) {
            umig_log(UMIG_LOG_INFO, "budget: %s is taken 1/%u as often as asked for, 1/%u before",
                     umig_kind_rule(kind)->name, now, before);
        }
    }
}

/* Unless a budget is said: a quarter of what is asked for is still an answer, a part of it none. */
#define UNSAID_DIVISOR_MAX 4u

bool umig_agent_choose_budget(struct umig_agent *agent)
{
    const struct umig_session *session = umig_sessions_budget(&agent->sessions);
    const uint32_t ppm = session != NULL ? session->spec.budget_ppm : agent->options.budget_ppm;
    if (ppm == agent->budget.ppm) {
        return false;
    }
    agent->budget.ppm = ppm;
    umig_budget_reset(&agent->budget);
    if (ppm == 0) {
        umig_log(UMIG_LOG_INFO, "budget: any CPU from now on");
    } else {
        umig_log(UMIG_LOG_INFO, "budget: %g %% of CPU from now on", ppm * 100.0 / UMIG_BUDGET_PPM);
    }
    return true;
}

/* What nobody has named a bound for is not held against what most ask for. */
static void bound_divisors(struct umig_agent *agent)
{
    const bool is_said =
        agent->options.has_budget || umig_sessions_budget(&agent->sessions) != NULL;
    for (uint32_t i = 0; i < UMIG_BUDGET_KINDS; i++) {
        agent->budget.most[umig_budget_order[i]] = is_said ? 0 : UNSAID_DIVISOR_MAX;
    }
    const uint64_t finest = umig_sessions_finest(&agent->sessions, UMIG_KIND_CPU);
    const uint64_t usual = umig_kind_rule(UMIG_KIND_CPU)->default_ns;
    agent->budget.most[UMIG_KIND_CPU] = is_said || finest == 0 ? 0
                                        : finest < usual       ? (uint32_t)(usual / finest)
                                                               : 1;
}

void umig_agent_keep_budget(struct umig_agent *agent)
{
    bool is_asked[UMIG_KIND_COUNT] = {false};
    for (int kind = 1; kind < UMIG_KIND_COUNT; kind++) {
        is_asked[kind] = is_asked_for(agent, (enum umig_kind)kind);
    }
    if (umig_agent_choose_budget(agent)) {
        umig_agent_reconcile(agent);
    }
    bound_divisors(agent);
    if (umig_budget_feed(&agent->budget, &agent->cost, is_asked)) {
        say_divisors(agent);
        umig_agent_reconcile(agent);
    }
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        if (session->is_open && session->is_armed) {
            tell_session(agent, session);
        }
    }
}
