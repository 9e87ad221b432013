/*
 * Counters of a session come by name: samples.KIND, produced.KIND (in the kind's unit), outcome.KEY
 * (stacks by how their walk ended), dropped.KIND.CAUSE. A name that is not known here is shown as
 * it is: agents may be newer than the command.
 */
#include "cli/status_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/session_text.h"
#include "cli/start_schedule.h"
#include "core/cpu_share.h"
#include "core/parse.h"
#include "core/units.h"
#include "include/umig/kinds.h"
#include "report/cells.h"

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* A line of an agent's block: a dim name, then the text. */
static void put_label(struct umig_buf *out, const char *label, bool has_color)
{
    umig_buf_printf(out, "  %s%-10s%s ", has_color ? "\x1b[2m" : "", label,
                    has_color ? "\x1b[0m" : "");
}

static void put_duration(struct umig_buf *out, uint64_t ns)
{
    char text[32];
    umig_format_duration(ns, text, sizeof text);
    umig_buf_text(out, text);
}

static bool is_time(const char *kind)
{
    return begins_with(kind, "cpu") || begins_with(kind, "locks") || begins_with(kind, "wall");
}

/* The value of a counter of a kind, in the kind's unit: time, bytes, or records. */
static void put_kind_value(struct umig_buf *out, const char *kind, uint64_t value)
{
    if (is_time(kind)) {
        put_duration(out, value);
    } else if (begins_with(kind, "alloc") || begins_with(kind, "live")) {
        char text[32];
        umig_format_bytes(value, text, sizeof text);
        umig_buf_text(out, text);
    } else {
        umig_buf_printf(out, "%" PRIu64, value);
    }
}

static void put_collector(struct umig_buf *out, const Umig__V1__AgentStatus *agent)
{
    if (agent->collector_connected) {
        umig_buf_printf(out, "%s, connected, ", agent->collector_address);
        if (agent->unacked_batches == 0) {
            umig_buf_text(out, "everything stored\n");
        } else {
            const bool has_problem = agent->collector_problem[0] != '\0';
            umig_buf_printf(out, "%" PRIu64 " %s %s%s\n", agent->unacked_batches,
                            agent->unacked_batches == 1 ? "batch" : "batches",
                            has_problem ? "not stored yet: " : "on the way",
                            agent->collector_problem);
        }
        return;
    }
    const bool has_address = agent->collector_address[0] != '\0';
    umig_buf_printf(out, "%s, not connected", has_address ? agent->collector_address : "none");
    if (agent->collector_problem[0] != '\0') {
        umig_buf_printf(out, ": %s", agent->collector_problem);
    }
    if (agent->unacked_batches > 0) {
        umig_buf_printf(out, " (%" PRIu64 " waiting)", agent->unacked_batches);
    }
    umig_buf_byte(out, '\n');
}

static void put_own_cost(struct umig_buf *out, const Umig__V1__AgentStatus *agent)
{
    char resident[32];
    char used[32];
    char limit[32];
    const double uptime = agent->uptime_ns > 0 ? (double)agent->uptime_ns : 1;
    umig_format_bytes(agent->resident_memory_bytes, resident, sizeof resident);
    umig_format_bytes(agent->agent_memory_bytes, used, sizeof used);
    umig_format_bytes(agent->memory_limit_bytes, limit, sizeof limit);
    umig_buf_printf(out, "%.2f %% of one CPU (", 100.0 * (double)agent->agent_cpu_ns / uptime);
    put_duration(out, agent->agent_cpu_ns);
    if (agent->resident_memory_bytes == 0) {
        /* Of what is accounted: an agent that no session has needed yet. */
        umig_buf_printf(out, "), %s of %s of memory reserved, nothing of it touched yet\n", used,
                        limit);
    } else {
        umig_buf_printf(out, "), %s of memory (%s of %s reserved)\n", resident, used, limit);
    }
}

static void put_stacks(struct umig_buf *out, const Umig__V1__SessionStatus *session, bool has_color)
{
    struct umig_buf stacks = UMIG_BUF_INIT(4096);
    (void)umig_session_stacks_text(session, &stacks);
    if (stacks.len > 0) {
        put_label(out, "stacks", has_color);
        umig_buf_printf(out, "%s\n", umig_buf_str(&stacks));
    }
    umig_buf_fini(&stacks);
}

/* " in 1230 samples", where the kind is measured in something else than records. */
static void put_samples(struct umig_buf *out,
                        const Umig__V1__SessionStatus *session,
                        const char *kind)
{
    for (size_t i = 0; i < session->n_counters; i++) {
        const Umig__V1__Counter *counter = session->counters[i];
        if (begins_with(counter->name, "samples.") && counter->value != 0 &&
            strcmp(strchr(counter->name, '.') + 1, kind) == 0) {
            umig_buf_printf(out, " in %" PRIu64 " samples", counter->value);
        }
    }
}

/* "produced.cpu" and the like: what was measured, and what of it is missing. */
static void put_books(struct umig_buf *out, const Umig__V1__SessionStatus *session, bool has_color)
{
    struct umig_buf measured = UMIG_BUF_INIT(4096);
    struct umig_buf dropped = UMIG_BUF_INIT(4096);
    struct umig_buf others = UMIG_BUF_INIT(16384);
    for (size_t i = 0; i < session->n_counters; i++) {
        const Umig__V1__Counter *counter = session->counters[i];
        struct umig_buf *line = &others;
        const char *name = counter->name;
        if (begins_with(name, "outcome.") || begins_with(name, "samples.") || counter->value == 0) {
            continue;
        }
        if (begins_with(name, "produced.") || begins_with(name, "dropped.")) {
            line = name[0] == 'p' ? &measured : &dropped;
            name = strchr(name, '.') + 1;
        }
        umig_buf_printf(line, "%s%s ", line->len > 0 ? ", " : "", name);
        put_kind_value(line, line == &others ? "" : name, counter->value);
        if (line == &measured && is_time(name)) {
            put_samples(line, session, name);
        }
    }
    put_label(out, "measured", has_color);
    umig_buf_printf(out, "%s\n", measured.len > 0 ? umig_buf_str(&measured) : "nothing yet");
    put_label(out, "dropped", has_color);
    umig_buf_printf(out, "%s\n", dropped.len > 0 ? umig_buf_str(&dropped) : "nothing");
    if (others.len > 0) {
        put_label(out, "counters", has_color);
        umig_buf_printf(out, "%s\n", umig_buf_str(&others));
    }
    umig_buf_fini(&others);
    umig_buf_fini(&dropped);
    umig_buf_fini(&measured);
}

/* Does it wait for its condition? */
static bool is_armed(const Umig__V1__SessionStatus *session)
{
    return session->when[0] != '\0' && session->because[0] == '\0';
}

/* The condition; how near it is and what is kept, or by what it held. */
static void put_trigger(struct umig_buf *out,
                        const Umig__V1__SessionStatus *session,
                        bool has_color)
{
    if (session->when[0] == '\0') {
        return;
    }
    put_label(out, is_armed(session) ? "fires" : "fired", has_color);
    if (!is_armed(session)) {
        umig_buf_printf(out, "because %s (%s)\n", session->because, session->when);
        return;
    }
    umig_buf_printf(out, "when %s%s%s\n", session->when, session->now[0] != '\0' ? "; now: " : "",
                    session->now);
    put_label(out, "keeps", has_color);
    if (session->before_ns == 0) {
        umig_buf_text(out, "nothing of before: it is not sampled until then\n");
        return;
    }
    umig_buf_text(out, "the last ");
    put_duration(out, session->before_ns);
    umig_buf_text(out, ", so far ");
    put_duration(out, session->kept_ns);
    umig_buf_printf(out, ": %" PRIu64 " rows\n", session->kept_rows);
}

static void put_plan(struct umig_buf *out, const Umig__V1__PlanStatus *plan, bool has_color)
{
    put_label(out, "plan", has_color);
    umig_buf_printf(out, "%s: ", plan->id);
    if (plan->when[0] != '\0') {
        umig_buf_printf(out, "armed %" PRIu32 " of %" PRIu32 " times, for %s", plan->started,
                        plan->times, plan->when);
    } else {
        umig_plan_often_text(plan->every_ns, plan->times, out);
        umig_buf_printf(out, "; started %" PRIu32 ", next in ", plan->started);
        put_duration(out, plan->next_in_ns);
        if (plan->next_unix_ns != 0) {
            umig_buf_text(out, ", at ");
            umig_local_time_text(plan->next_unix_ns, out);
        }
    }
    if (plan->skipped > 0) {
        umig_buf_printf(out, "; %" PRIu32 " left out%s%s", plan->skipped,
                        plan->problem[0] != '\0' ? ": " : "", plan->problem);
    }
    umig_buf_byte(out, '\n');
}

/* What the agent keeps to while it runs, where it says so. */
static void put_budget(struct umig_buf *out, const Umig__V1__SessionStatus *session, bool has_color)
{
    if (session->budget == 0) {
        return;
    }
    put_label(out, "budget", has_color);
    if (session->budget == 1) {
        umig_buf_text(out, "off: any CPU, of all sessions together\n");
    } else {
        umig_buf_printf(out, "%g %% of CPU for all sessions together\n",
                        (session->budget - 1) / (double)UMIG_CPU_SHARE_PERCENT);
    }
}

static void put_session(struct umig_buf *out,
                        const Umig__V1__SessionStatus *session,
                        bool has_color)
{
    put_label(out, "session", has_color);
    umig_buf_printf(out, "%s%s%s, %s for ", has_color ? "\x1b[1m" : "", session->id,
                    has_color ? "\x1b[0m" : "", is_armed(session) ? "armed" : "runs");
    put_duration(out, session->age_ns);
    if (!is_armed(session) && session->when[0] == '\0' && session->duration_ns > session->age_ns) {
        umig_buf_text(out, ", ends in ");
        put_duration(out, session->duration_ns - session->age_ns);
    }
    umig_buf_text(out, "\n");
    put_label(out, "kinds", has_color);
    const struct umig_session_kinds kinds = umig_session_kinds_of(session);
    umig_session_kinds_text(&kinds, out);
    umig_buf_text(out, "\n");
    put_trigger(out, session, has_color);
    put_budget(out, session, has_color);
    if (session->problem[0] != '\0') {
        put_label(out, "lacks", has_color);
        umig_buf_printf(out, "%s\n", session->problem);
    }
    for (size_t i = 0; i < session->n_labels; i++) {
        put_label(out, i == 0 ? "labels" : "", has_color);
        umig_cells_clean(session->labels[i]->key, out);
        umig_buf_text(out, "=");
        umig_cells_clean(session->labels[i]->value, out);
        umig_buf_text(out, "\n");
    }
    if (!is_armed(session)) {
        put_books(out, session, has_color);
        put_stacks(out, session, has_color);
    }
}

void umig_agent_status_text(const struct umig_target *target, bool has_color, struct umig_buf *out)
{
    const Umig__V1__AgentStatus *agent = target->reply.message->agent;
    const Umig__V1__Process *process = agent->process;
    umig_buf_printf(out, "%s%s%s  pid %d, JDK %u, %s, up ", has_color ? "\x1b[1m" : "",
                    process->service, has_color ? "\x1b[0m" : "", (int)target->jvm.pid,
                    process->jdk, process->collector_name);
    put_duration(out, agent->uptime_ns);
    if (process->attached_after_ns > 0) {
        umig_buf_text(out, ", attached after ");
        put_duration(out, process->attached_after_ns);
    }
    umig_buf_byte(out, '\n');
    put_label(out, "collector", has_color);
    put_collector(out, agent);
    put_label(out, "own cost", has_color);
    put_own_cost(out, agent);
    if (agent->walker[0] != '\0') {
        put_label(out, "walker", has_color);
        umig_buf_printf(out, "%s\n", agent->walker);
    }
    if (agent->signal[0] != '\0') {
        put_label(out, "signal", has_color);
        umig_buf_printf(out, "%s\n", agent->signal);
    }
    if (agent->clock[0] != '\0') {
        put_label(out, "clock", has_color);
        umig_buf_printf(out, "%s\n", agent->clock);
    }
    if (agent->problem[0] != '\0') {
        put_label(out, "problem", has_color);
        umig_buf_printf(out, "%s\n", agent->problem);
    }
    for (size_t i = 0; i < agent->n_deadlocks; i++) {
        put_label(out, i == 0 ? "deadlocks" : "", has_color);
        umig_buf_printf(out, "%s\n", agent->deadlocks[i]);
    }
    for (size_t i = 0; i < agent->n_plans; i++) {
        put_plan(out, agent->plans[i], has_color);
    }
    if (agent->n_sessions == 0) {
        put_label(out, "sessions", has_color);
        umig_buf_text(out, "none; the agent is idle\n");
    }
    for (size_t i = 0; i < agent->n_sessions; i++) {
        put_session(out, agent->sessions[i], has_color);
    }
}
