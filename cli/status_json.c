#include "cli/failures.h"
#include "cli/status_text.h"
#include "core/kind_options.h"

static void put_counters(struct umig_json *json, Umig__V1__Counter *const *counters, size_t count)
{
    umig_json_object(json, "counters");
    for (size_t i = 0; i < count; i++) {
        umig_json_number(json, counters[i]->name, counters[i]->value);
    }
    umig_json_object_end(json);
}

static void put_kinds(struct umig_json *json, Umig__V1__KindOption *const *kinds, size_t count)
{
    umig_json_array(json, "kinds");
    for (size_t i = 0; i < count; i++) {
        const struct umig_kind_rule *rule = umig_kind_rule((enum umig_kind)kinds[i]->kind);
        umig_json_object(json, NULL);
        umig_json_text(json, "kind", rule != NULL ? rule->name : NULL);
        umig_json_number(json, rule != NULL && rule->is_size ? "interval_bytes" : "interval_ns",
                         kinds[i]->interval_ns);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_trigger(struct umig_json *json, const Umig__V1__SessionStatus *session)
{
    if (session->when[0] == '\0') {
        return;
    }
    umig_json_text(json, "state", session->because[0] == '\0' ? "armed" : "fired");
    umig_json_text(json, "when", session->when);
    umig_json_text(json, "because", session->because);
    umig_json_text(json, "now", session->now);
    umig_json_number(json, "before_ns", session->before_ns);
    umig_json_number(json, "kept_ns", session->kept_ns);
    umig_json_number(json, "kept_rows", session->kept_rows);
}

static void put_plan(struct umig_json *json, const Umig__V1__PlanStatus *plan)
{
    umig_json_object(json, NULL);
    umig_json_text(json, "id", plan->id);
    umig_json_text(json, "when", plan->when);
    umig_json_number(json, "next_in_ns", plan->next_in_ns);
    umig_json_number(json, "next_unix_ns", plan->next_unix_ns);
    umig_json_number(json, "every_ns", plan->every_ns);
    umig_json_number(json, "duration_ns", plan->duration_ns);
    umig_json_number(json, "times", plan->times);
    umig_json_number(json, "started", plan->started);
    umig_json_number(json, "skipped", plan->skipped);
    umig_json_text(json, "problem", plan->problem);
    put_kinds(json, plan->kinds, plan->n_kinds);
    umig_json_object_end(json);
}

static void put_session(struct umig_json *json, const Umig__V1__SessionStatus *session)
{
    umig_json_object(json, NULL);
    umig_json_text(json, "id", session->id);
    umig_json_number(json, "age_ns", session->age_ns);
    umig_json_number(json, "duration_ns", session->duration_ns);
    put_kinds(json, session->kinds, session->n_kinds);
    umig_json_text(json, "native", umig_native_word((enum umig_native)session->native));
    umig_json_bool(json, "mutexes", session->mutexes != 0);
    umig_json_text(json, "clock", umig_clock_word((enum umig_clock)session->clock));
    umig_json_text(json, "problem", session->problem);
    if (session->budget != 0) { /* it says one; 0: any */
        umig_json_number(json, "budget_ppm", session->budget - 1);
    }
    put_trigger(json, session);
    umig_json_object(json, "labels");
    for (size_t i = 0; i < session->n_labels; i++) {
        umig_json_text(json, session->labels[i]->key, session->labels[i]->value);
    }
    umig_json_object_end(json);
    put_counters(json, session->counters, session->n_counters);
    umig_json_object_end(json);
}

static void put_process(struct umig_json *json, const Umig__V1__Process *process)
{
    umig_json_text(json, "service", process->service);
    umig_json_text(json, "instance", process->instance);
    umig_json_text(json, "agent_version", process->agent_version);
    umig_json_text(json, "main_class", process->main_class);
    umig_json_text(json, "jvm_name", process->jvm_name);
    umig_json_text(json, "jvm_version", process->jvm_version);
    umig_json_number(json, "jdk", process->jdk);
    umig_json_text(json, "garbage_collector", process->collector_name);
    umig_json_number(json, "attached_after_ns", process->attached_after_ns);
}

void umig_agent_status_json(const struct umig_target *target,
                            bool wants_failures,
                            struct umig_json *json)
{
    const Umig__V1__AgentStatus *agent = target->reply.message->agent;
    umig_json_object(json, NULL);
    umig_json_number(json, "pid", (uint64_t)target->jvm.pid);
    put_process(json, agent->process);
    umig_json_number(json, "uptime_ns", agent->uptime_ns);
    umig_json_text(json, "walker", agent->walker);
    umig_json_text(json, "signal", agent->signal);
    umig_json_text(json, "clock", agent->clock);
    umig_json_text(json, "problem", agent->problem);
    umig_json_object(json, "collector");
    umig_json_text(json, "address", agent->collector_address);
    umig_json_bool(json, "connected", agent->collector_connected != 0);
    umig_json_text(json, "problem", agent->collector_problem);
    umig_json_number(json, "unacked_batches", agent->unacked_batches);
    umig_json_number(json, "acked_sequence", agent->acked_sequence);
    umig_json_object_end(json);
    umig_json_object(json, "own_cost");
    umig_json_number(json, "cpu_ns", agent->agent_cpu_ns);
    umig_json_number(json, "memory_bytes", agent->agent_memory_bytes);
    umig_json_number(json, "memory_resident_bytes", agent->resident_memory_bytes);
    umig_json_number(json, "memory_limit_bytes", agent->memory_limit_bytes);
    umig_json_object_end(json);
    put_counters(json, agent->counters, agent->n_counters);
    umig_json_array(json, "deadlocks");
    for (size_t i = 0; i < agent->n_deadlocks; i++) {
        umig_json_text(json, NULL, agent->deadlocks[i]);
    }
    umig_json_array_end(json);
    umig_json_array(json, "sessions");
    for (size_t i = 0; i < agent->n_sessions; i++) {
        put_session(json, agent->sessions[i]);
    }
    umig_json_array_end(json);
    umig_json_array(json, "plans");
    for (size_t i = 0; i < agent->n_plans; i++) {
        put_plan(json, agent->plans[i]);
    }
    umig_json_array_end(json);
    if (wants_failures) {
        umig_agent_failures_json(agent, json);
    }
    umig_json_object_end(json);
}
