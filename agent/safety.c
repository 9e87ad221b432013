#include "agent/safety.h"

#include <stdio.h>
#include <string.h>

#include "agent/reconcile.h"
#include "agent/signal/guard.h"
#include "core/err.h"
#include "core/log.h"

bool umig_safety_allows_native(const struct umig_agent *agent)
{
    return agent->breaker.level < UMIG_BREAKER_NO_NATIVE && !agent->is_unguarded;
}

const char *umig_safety_lack(const struct umig_agent *agent)
{
    return agent->safety_lack;
}

/* Sessions that sample stacks have it in their profile. */
static void tell_sessions(struct umig_agent *agent)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        if (session->is_open && umig_session_asks_for_stacks(session)) {
            umig_session_set_lack(session, UMIG_LACK_SAFETY, agent->safety_lack);
        }
    }
}

/* Says what is off from now on: first level, then surroundings. */
static void say(struct umig_agent *agent)
{
    char lack[sizeof agent->safety_lack] = "";
    size_t used = 0;
    if (agent->breaker.level != UMIG_BREAKER_CLOSED) {
        used +=
            (size_t)snprintf(lack, sizeof lack,
                             "%s until the JVM is started again: more than %u faults within a "
                             "minute were caught while sampling",
                             umig_breaker_says(agent->breaker.level), agent->breaker.faults_borne);
    }
    if (agent->is_unguarded) {
        snprintf(lack + used, sizeof lack - used,
                 "%sno stacks: another library handles SIGSEGV or SIGBUS in front of the agent",
                 used > 0 ? "; " : "");
    }
    if (strcmp(lack, agent->safety_lack) != 0) {
        memcpy(agent->safety_lack, lack, sizeof lack);
        umig_log(UMIG_LOG_WARN, "%s", lack[0] != '\0' ? lack : "faults come to the agent again");
        tell_sessions(agent);
    }
}

/* The guard has caught more than it should have to: less is sampled, for good. */
static bool check_faults(struct umig_agent *agent, uint64_t now_ns)
{
    return umig_breaker_feed(&agent->breaker, atomic_load(&agent->sampler.faults), now_ns);
}

/* Whoever has put a handler in front of the guard may take it away again: then walks go on. */
static bool check_guard(struct umig_agent *agent)
{
    const bool is_unguarded = !umig_guard_keep_first();
    const bool has_changed = is_unguarded != agent->is_unguarded;
    agent->is_unguarded = is_unguarded;
    return has_changed;
}

/* Another library has taken the timers' signal: they send another one, or stop. */
static bool check_signal(struct umig_agent *agent)
{
    struct umig_err err = UMIG_ERR_INIT;
    int signo = 0;
    if (umig_handler_is_installed()) {
        return false;
    }
    umig_threads_set_ticks(&agent->threads, 0, UMIG_CLOCK_CPUTIME);
    agent->has_lost_signals = umig_handler_install(&agent->sampler, &signo, &err) != UMIG_OK;
    if (agent->has_lost_signals) {
        umig_agent_say_problem(agent, &err);
        return true;
    }
    char before[UMIG_SIGNAL_NAME_BYTES];
    char now[UMIG_SIGNAL_NAME_BYTES];
    umig_signal_name(agent->threads.ticks.signo, before);
    umig_signal_name(signo, now);
    umig_log(UMIG_LOG_WARN, "another library took over %s: CPU samples go on by %s", before, now);
    umig_threads_set_signal(&agent->threads, signo);
    agent->has_asked_perf = false; /* which cannot use every signal */
    return true;
}

bool umig_safety_check(struct umig_agent *agent, uint64_t now_ns)
{
    if (!agent->is_sampler_ready) {
        return false;
    }
    const bool is_over = check_faults(agent, now_ns);
    const bool has_moved = check_signal(agent);
    const bool has_changed = check_guard(agent);
    const bool is_walk_off = agent->breaker.level >= UMIG_BREAKER_NO_WALK;
    const enum umig_outcome refusal = agent->is_unguarded ? UMIG_OUTCOME_UNGUARDED
                                      : is_walk_off       ? UMIG_OUTCOME_WALK_OFF
                                                          : UMIG_OUTCOME_OK;
    atomic_store(&agent->sampler.refusal, (int)refusal);
    if (is_over || has_changed) {
        say(agent);
    }
    return is_over || has_moved || has_changed;
}
