/* The JSON report's member about what the agent itself took. */
#include "report/json_parts.h"

#define PPM 1000000.0

/* Kinds that took something, or were taken more rarely. */
static void put_kinds(struct umig_json *json, const struct umig_cost_step *step)
{
    umig_json_array(json, "kinds");
    for (int kind = 0; kind < UMIG_KIND_COUNT; kind++) {
        if (step->kind_cpu_ns[kind] == 0 && step->divisors[kind] <= 1) {
            continue;
        }
        umig_json_object(json, NULL);
        if (kind != 0) {
            umig_json_text(json, "kind", umig_cost_kind_key(kind));
        }
        umig_json_number(json, "cpu_ns", step->kind_cpu_ns[kind]);
        if (step->divisors[kind] > 1) {
            umig_json_number(json, "divisor", step->divisors[kind]);
        }
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_step(struct umig_json *json, const struct umig_cost_step *step)
{
    umig_json_object(json, NULL);
    umig_json_number(json, "after_ns", step->after_ns);
    umig_json_number(json, "over_ns", step->over_ns);
    umig_json_number(json, "cpu_ns", step->cpu_ns);
    umig_json_decimal(json, "share", umig_cost_share(step));
    umig_json_number(json, "memory_bytes", step->memory_bytes);
    put_kinds(json, step);
    umig_json_object_end(json);
}

static void put_curve(struct umig_json *json,
                      const struct umig_profile_session *session,
                      const struct umig_cost_curve *curve)
{
    umig_json_object(json, "budget");
    if (session->budget_ppm > 0) {
        umig_json_decimal(json, "cpu_share", (double)session->budget_ppm / PPM);
    }
    umig_json_number(json, "memory_bytes", session->budget_memory_bytes);
    umig_json_object_end(json);
    umig_json_decimal(json, "share", umig_cost_share(&curve->all));
    umig_json_decimal(json, "highest_share", curve->highest_share);
    umig_json_number(json, "highest_memory_bytes", curve->all.memory_bytes);
    umig_json_number(json, "searches_cpu_ns", curve->searches_ns);
    umig_json_number(json, "untold_cpu_ns", curve->untold_ns);
    put_kinds(json, &curve->all);
    umig_json_array(json, "over_time");
    for (uint32_t i = 0; i < curve->step_count; i++) {
        put_step(json, &curve->steps[i]);
    }
    umig_json_array_end(json);
}

void umig_report_json_cost(struct umig_json *json, const struct umig_figures *figures)
{
    const struct umig_profile_session *session = &figures->profile->session;
    umig_json_object(json, "cost");
    umig_json_number(json, "agent_cpu_ns", figures->cost.cpu_ns);
    umig_json_number(json, "agent_memory_bytes", session->agent_memory_bytes);
    umig_json_number(json, "process_cpu_ns", session->process_cpu_ns);
    if (figures->cost.step_count > 0) {
        put_curve(json, session, &figures->cost);
    }
    umig_json_object_end(json);
}
