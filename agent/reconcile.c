#include "agent/reconcile.h"

#include <stdio.h>
#include <string.h>

#include "agent/safety.h"
#include "agent/sampler_setup.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/log.h"

static uint32_t wanted_of(const struct umig_agent *agent)
{
    const struct umig_sessions *sessions = &agent->sessions;
    uint32_t wanted = 0;
    bool wants_gc = false;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        const struct umig_session *session = &sessions->session[i];
        wants_gc = wants_gc || (session->is_open && session->ended == UMIG_END_RUNNING &&
                                session->spec.kinds.has_kind[UMIG_KIND_GC]);
    }
    if (umig_sessions_finest(sessions, UMIG_KIND_CPU) > 0) {
        wanted |= UMIG_VM_STACKS;
    }
    if (umig_sessions_finest(sessions, UMIG_KIND_LOCKS) > 0) {
        wanted |= UMIG_VM_STACKS | UMIG_VM_LOCKS;
    }
    return wants_gc ? wanted | UMIG_VM_GC_LOG : wanted;
}

void umig_agent_say_problem(struct umig_agent *agent, const struct umig_err *err)
{
    if (strcmp(agent->problem, err->text) != 0) {
        snprintf(agent->problem, sizeof agent->problem, "%s", err->text);
        umig_log(UMIG_LOG_WARN, "%s", err->text);
    }
}

/* Timers run exactly while a CPU session does, stacks can be walked and the signals come to us. */
static void steer_timers(struct umig_agent *agent, uint32_t provided)
{
    uint64_t interval = umig_sessions_finest(&agent->sessions, UMIG_KIND_CPU);
    if ((provided & UMIG_VM_STACKS) == 0 || !agent->is_sampler_ready || agent->has_lost_signals ||
        agent->breaker.level == UMIG_BREAKER_OPEN) {
        interval = 0;
    }
    if (interval != atomic_load(&agent->threads.interval_ns)) {
        umig_threads_set_interval(&agent->threads, interval);
    }
}

static void steer_gate(struct umig_agent *agent, uint32_t wanted)
{
    struct umig_gate *gate = &agent->sampler.gate;
    const bool needs = (wanted & UMIG_VM_STACKS) != 0 && agent->is_sampler_ready;
    if (needs && !atomic_load(&gate->is_open)) {
        umig_gate_open(gate);
    } else if (!needs && atomic_load(&gate->is_open)) {
        (void)umig_gate_close(gate, 200 * UMIG_NS_PER_MS);
    }
}

/* Without libunwind there is the function that ran, and the reason is shown. */
static void steer_native(struct umig_agent *agent)
{
    const enum umig_native wanted = umig_sessions_native(&agent->sessions);
    struct umig_err err = UMIG_ERR_INIT;
    if (wanted != UMIG_NATIVE_OFF && agent->is_sampler_ready &&
        umig_native_frames_open(&agent->pump.native, &agent->memory, &err) != UMIG_OK &&
        (wanted == UMIG_NATIVE_ON || !agent->pump.native.is_open)) {
        umig_agent_say_problem(agent, &err);
    }
    const bool can_unwind = agent->pump.native.unwinder != NULL;
    const enum umig_native most = !umig_safety_allows_native(agent) ? UMIG_NATIVE_OFF
                                  : can_unwind                      ? UMIG_NATIVE_ON
                                                                    : UMIG_NATIVE_LEAF;
    atomic_store(&agent->sampler.native, (int)(wanted < most ? wanted : most));
}

void umig_agent_reconcile(struct umig_agent *agent)
{
    const uint32_t wanted = wanted_of(agent);
    if ((wanted & UMIG_VM_STACKS) != 0) {
        struct umig_err err = UMIG_ERR_INIT;
        if (umig_agent_prepare_sampler(agent, &err) != UMIG_OK) {
            umig_agent_say_problem(agent, &err);
        }
    }
    steer_native(agent);
    const uint64_t threshold = umig_sessions_finest(&agent->sessions, UMIG_KIND_LOCKS);
    atomic_store(&agent->vm.lock_threshold_ns, threshold > 0 ? threshold : UINT64_MAX);
    if (wanted != agent->wanted) {
        agent->wanted = wanted;
        umig_vm_want(&agent->vm, wanted);
    }
    umig_crashes_set_sampling(&agent->crashes,
                              (wanted & UMIG_VM_STACKS) != 0 && agent->is_sampler_ready);
    steer_timers(agent, umig_vm_provided(&agent->vm) & wanted);
    steer_gate(agent, wanted);
}

/* The application may have switched the JVM's log off: kinds of pauses then come from counters. */
static void check_gc_log(struct umig_agent *agent)
{
    if ((agent->wanted & UMIG_VM_GC_LOG) != 0 && umig_gc_log_is_silent(&agent->vm.gc)) {
        struct umig_err err = UMIG_ERR_INIT;
        (void)umig_err_set(&err, UMIG_E_UNSUPPORTED,
                           "the JVM's log was switched off by the application: pauses are told "
                           "without their kind");
        umig_agent_say_problem(agent, &err);
    }
}

void umig_agent_check_sources(struct umig_agent *agent, uint64_t now_ns)
{
    if (umig_safety_check(agent, now_ns)) {
        umig_agent_reconcile(agent);
    }
    check_gc_log(agent);
}
