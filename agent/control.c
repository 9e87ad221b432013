/* What the control socket is asked, and the answers. Field numbers: proto/umig/v1/control.proto. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/control_read.h"
#include "agent/safety.h"
#include "agent/session/backlog.h"
#include "agent/status_deadlocks.h"
#include "agent/status_failures.h"
#include "core/clock.h"
#include "core/err.h"

enum verb {
    VERB_STATUS = 1,
    VERB_START = 2,
    VERB_STOP = 3,
    VERB_SEARCH = 4
};

/* --- writing answers --- */

static void write_counter(struct umig_pb_writer *writer,
                          uint32_t field,
                          const char *name,
                          uint64_t value)
{
    const size_t counter = umig_pb_open(writer, field);
    umig_pb_str(writer, 1, name);
    umig_pb_uint(writer, 2, value);
    umig_pb_close(writer, counter);
}

static const char *const g_drop_keys[UMIG_DROP_COUNT] = {
#define UMIG_DROP_KEY(name, number, key, text) [number] = (key),
    UMIG_DROP_TABLE(UMIG_DROP_KEY)
#undef UMIG_DROP_KEY
};

static const char *const g_outcome_keys[UMIG_OUTCOME_COUNT] = {
#define UMIG_OUTCOME_KEY(name, number, key, text) [number] = (key),
    UMIG_OUTCOME_TABLE(UMIG_OUTCOME_KEY)
#undef UMIG_OUTCOME_KEY
};

static void write_tally(struct umig_pb_writer *writer,
                        const char *kind,
                        const struct umig_tally *tally)
{
    char name[64];
    snprintf(name, sizeof name, "samples.%s", kind);
    write_counter(writer, 7, name, tally->samples);
    snprintf(name, sizeof name, "produced.%s", kind);
    write_counter(writer, 7, name, tally->produced);
    for (int cause = 1; cause < UMIG_DROP_COUNT; cause++) {
        if (tally->dropped[cause] > 0) {
            snprintf(name, sizeof name, "dropped.%s.%s", kind, g_drop_keys[cause]);
            write_counter(writer, 7, name, tally->dropped[cause]);
        }
    }
}

static void write_kinds(struct umig_pb_writer *writer,
                        uint32_t field,
                        const struct umig_kind_set *kinds)
{
    for (uint32_t kind = 1; kind < UMIG_KIND_COUNT; kind++) {
        if (kinds->has_kind[kind]) {
            const size_t option = umig_pb_open(writer, field);
            umig_pb_uint(writer, 1, kind);
            umig_pb_uint(writer, 2, kinds->interval_ns[kind]);
            umig_pb_close(writer, option);
        }
    }
}

static void write_session_kinds(struct umig_pb_writer *writer, const struct umig_session *session)
{
    write_kinds(writer, 5, &session->spec.kinds);
    for (size_t i = 0; i < session->spec.label_count; i++) {
        const size_t label = umig_pb_open(writer, 6);
        umig_pb_str(writer, 1, session->spec.labels[i].key);
        umig_pb_str(writer, 2, session->spec.labels[i].value);
        umig_pb_close(writer, label);
    }
}

static void write_session_counters(struct umig_pb_writer *writer,
                                   const struct umig_session *session)
{
    char name[64];
    for (uint32_t kind = 1; kind < UMIG_KIND_COUNT; kind++) {
        if (session->spec.kinds.has_kind[kind]) {
            write_tally(writer, umig_kind_rule((enum umig_kind)kind)->name,
                        &session->tallies[kind]);
        }
    }
    for (int outcome = 0; outcome < UMIG_OUTCOME_COUNT; outcome++) {
        if (session->outcomes[outcome] > 0) {
            snprintf(name, sizeof name, "outcome.%s", g_outcome_keys[outcome]);
            write_counter(writer, 7, name, session->outcomes[outcome]);
        }
    }
}

/* What an armed session waits for, and what it keeps meanwhile; or why it fired. */
static void write_trigger(struct umig_pb_writer *writer,
                          const struct umig_agent *agent,
                          const struct umig_session *session,
                          uint64_t now_ns)
{
    const struct umig_trigger *when = &session->spec.when;
    const struct umig_backlog *backlog = session->backlog;
    char told[UMIG_TRIGGER_TOLD_BYTES] = "";
    umig_pb_str(writer, 12, when->text);
    umig_pb_str(writer, 13, session->because);
    if (session->is_waiting && agent->gauges.read_ns != 0) {
        umig_trigger_tell(when, &agent->gauges.now, UINT32_MAX, false, told);
    }
    umig_pb_str(writer, 14, told);
    umig_pb_uint(writer, 15, session->spec.before_ns);
    if (session->is_waiting && backlog != NULL && umig_backlog_first(backlog) != NULL) {
        umig_pb_uint(writer, 16, now_ns - umig_backlog_first(backlog)->from_ns);
        umig_pb_uint(writer, 17, backlog->rows);
    }
}

static void write_session_status(struct umig_pb_writer *writer,
                                 const struct umig_agent *agent,
                                 const struct umig_session *session,
                                 uint64_t now_ns)
{
    const uint64_t since = session->is_armed ? session->told_start_ns : session->asked_ns;
    const size_t status = umig_pb_open(writer, 5);
    umig_pb_str(writer, 1, session->spec.id);
    umig_pb_uint(writer, 2, session->is_waiting ? 0 : session->number);
    umig_pb_uint(writer, 3, now_ns - since);
    umig_pb_uint(writer, 4, session->spec.duration_ns);
    write_session_kinds(writer, session);
    write_session_counters(writer, session);
    umig_pb_uint(writer, 8, session->spec.native);
    umig_pb_str(writer, 9, session->problem);
    umig_pb_uint(writer, 10, session->spec.clock);
    umig_pb_str(writer, 11, session->spec.threads);
    write_trigger(writer, agent, session, now_ns);
    umig_pb_uint(writer, 18, session->spec.has_budget ? 1 + session->spec.budget_ppm : 0);
    umig_pb_uint(writer, 19, session->spec.has_mutexes);
    umig_pb_close(writer, status);
}

static void write_plan(struct umig_pb_writer *writer,
                       const struct umig_plan *plan,
                       struct umig_moment now)
{
    const bool is_by_clock = plan->schedule.at_unix_ns != 0;
    const uint64_t clock_ns = is_by_clock ? now.unix_ns : now.monotonic_ns;
    const size_t status = umig_pb_open(writer, 20);
    umig_pb_str(writer, 1, plan->spec.id);
    umig_pb_str(writer, 2, plan->spec.when.text);
    umig_pb_uint(writer, 3, plan->next_ns > clock_ns ? plan->next_ns - clock_ns : 0);
    umig_pb_uint(writer, 4, is_by_clock ? plan->next_ns : 0);
    umig_pb_uint(writer, 5, plan->schedule.every_ns);
    umig_pb_uint(writer, 6, plan->schedule.times);
    umig_pb_uint(writer, 7, plan->started_count);
    umig_pb_uint(writer, 8, plan->skipped_count);
    umig_pb_str(writer, 9, plan->problem);
    write_kinds(writer, 10, &plan->spec.kinds);
    umig_pb_uint(writer, 11, plan->spec.duration_ns);
    umig_pb_uint(writer, 12, plan->spec.native);
    umig_pb_uint(writer, 13, plan->spec.has_mutexes);
    umig_pb_close(writer, status);
}

static void write_plans(struct umig_pb_writer *writer,
                        const struct umig_agent *agent,
                        uint64_t now_ns)
{
    const struct umig_moment now = {.monotonic_ns = now_ns, .unix_ns = umig_clock_unix_ns()};
    for (int i = 0; i < UMIG_PLANS_MAX; i++) {
        if (agent->plans.plan[i].is_open) {
            write_plan(writer, &agent->plans.plan[i], now);
        }
    }
}

static void write_engine(struct umig_pb_writer *writer, const struct umig_agent *agent)
{
    const struct umig_sampler *sampler = &agent->sampler;
    uint64_t dropped = 0;
    for (int cause = 0; cause < UMIG_DROP_COUNT; cause++) {
        dropped += atomic_load(&sampler->dropped_ns[cause]);
    }
    write_counter(writer, 6, "engine.produced_ns", atomic_load(&sampler->produced_ns));
    write_counter(writer, 6, "engine.recorded_ns", agent->pump.recorded_ns);
    write_counter(writer, 6, "engine.dropped_ns", dropped);
    write_counter(writer, 6, "engine.handler_ns", umig_sampler_spent_ns(sampler));
    write_counter(writer, 6, "engine.records", agent->pump.records);
    write_counter(writer, 6, "engine.faults_recovered", atomic_load(&sampler->faults));
    write_counter(writer, 6, "engine.safety_level", agent->breaker.level);
    write_counter(writer, 6, "engine.walk_failures", atomic_load(&sampler->failures.next));
    write_counter(writer, 6, "engine.foreign_signals", atomic_load(&sampler->foreign));
    write_counter(writer, 6, "engine.names_generations", agent->pump.names_generation);
    write_counter(writer, 6, "engine.dictionary_generation", agent->pump.dictionary.generation);
    write_counter(writer, 6, "engine.threads", atomic_load(&sampler->slots.live));
    write_counter(writer, 6, "wall.rounds", agent->wall.rounds);
    write_counter(writer, 6, "wall.looks", agent->wall.looks);
    write_counter(writer, 6, "wall.walks", agent->wall.walks);
    write_counter(writer, 6, "wall.asks", agent->wall.asks);
    write_counter(writer, 6, "engine.threads_refused", atomic_load(&sampler->slots.refused));
    write_counter(writer, 6, "engine.virtual_samples", agent->pump.virtual_threads.samples);
    write_counter(writer, 6, "engine.virtual_shared", agent->pump.virtual_threads.shared_samples);
    write_counter(writer, 6, "engine.virtual_unread", agent->pump.virtual_threads.unread_samples);
    write_counter(writer, 6, "engine.virtual_more_names",
                  agent->pump.virtual_threads.nameless_samples);
    write_counter(writer, 6, "engine.timers_refused",
                  atomic_load(&agent->threads.ticks.timers_refused));
    write_counter(writer, 6, "engine.perf_refused",
                  atomic_load(&agent->threads.ticks.perf_refused));
    write_counter(writer, 6, "engine.perf_lost", atomic_load(&sampler->perf_lost));
    write_counter(writer, 6, "engine.ticks_waited", atomic_load(&sampler->undue));
    for (int clock = UMIG_CLOCK_PERF; clock <= UMIG_CLOCK_WALL; clock++) {
        char name[32];
        snprintf(name, sizeof name, "engine.threads_%s", umig_clock_word((enum umig_clock)clock));
        write_counter(writer, 6, name, atomic_load(&agent->threads.ticks.live[clock]));
    }
    write_counter(writer, 6, "engine.holder_lookups", atomic_load(&agent->vm.holder_lookups));
    write_counter(writer, 6, "engine.deadlock_looks", atomic_load(&agent->vm.deadlock_looks));
    write_counter(writer, 6, "engine.pool_readings", atomic_load(&agent->vm.pool_readings));
    write_counter(writer, 6, "engine.pool_readings_ns", atomic_load(&agent->vm.pool_readings_ns));
    write_counter(writer, 6, "engine.alloc_interval_bytes",
                  atomic_load(&agent->vm.is_alloc_on) ? atomic_load(&agent->vm.alloc_rate.applied)
                                                      : 0);
    write_counter(writer, 6, "engine.alloc_spent_ns", atomic_load(&agent->vm.alloc_rate.spent_ns));
    const struct umig_live *live = &agent->vm.live;
    write_counter(writer, 6, "engine.collections", umig_gc_collections(&agent->vm.gc));
    write_counter(writer, 6, "engine.live_checked", atomic_load(&live->checked));
    write_counter(writer, 6, "engine.live_followed", atomic_load(&live->followed));
    write_counter(writer, 6, "engine.live_references", atomic_load(&live->references));
    write_counter(writer, 6, "engine.live_refused", atomic_load(&live->refused));
    write_counter(writer, 6, "engine.live_room", live->room);
    write_counter(writer, 6, "engine.live_share", UINT64_C(1) << atomic_load(&live->shift));
    write_counter(writer, 6, "engine.mutex_calls", agent->vm.mutexes_redirected.ours);
    write_counter(writer, 6, "engine.mutex_calls_foreign", agent->vm.mutexes_redirected.foreign);
    write_counter(writer, 6, "engine.mutex_calls_failed", agent->vm.mutexes_redirected.failed);
    write_counter(writer, 6, "engine.pauses_lost", umig_gc_lost(&agent->vm.gc));
    write_counter(writer, 6, "engine.native_unwinds", agent->pump.native.unwinds);
    write_counter(writer, 6, "engine.native_cut", agent->pump.native.short_of_root);
    write_counter(writer, 6, "engine.native_between", agent->pump.native.crossings);
    write_counter(writer, 6, "engine.native_between_cut", agent->pump.native.crossings_cut);
    write_counter(writer, 6, "engine.native_roots", agent->pump.native.roots);
    write_counter(writer, 6, "engine.native_roots_cut", agent->pump.native.roots_cut);
    write_counter(writer, 6, "uplink.batches", agent->pump.batches);
}

/* The agent's own cost by kind, and by how much the budget has slowed each. */
static void write_costs(struct umig_pb_writer *writer, const struct umig_agent *agent)
{
    write_counter(writer, 6, "cost.all_kinds_ns", agent->cost.kind_cpu_ns[0]);
    for (int kind = 1; kind < UMIG_KIND_COUNT; kind++) {
        const char *word = umig_kind_rule((enum umig_kind)kind)->name;
        char name[32];
        snprintf(name, sizeof name, "cost.%s_ns", word);
        write_counter(writer, 6, name, agent->cost.kind_cpu_ns[kind]);
        const uint32_t divisor = umig_budget_divisor(&agent->budget, (enum umig_kind)kind);
        if (divisor > 1) {
            snprintf(name, sizeof name, "budget.%s_divisor", word);
            write_counter(writer, 6, name, divisor);
        }
    }
    write_counter(writer, 6, "budget.ppm", agent->budget.ppm);
    write_counter(writer, 6, "budget.slowings", agent->budget.slowings);
}

/* Everything that is the matter, on one line. */
static void write_problem(struct umig_pb_writer *writer, struct umig_agent *agent)
{
    const char *const parts[] = {agent->held_back, umig_safety_lack(agent), agent->problem,
                                 agent->vm.problem};
    char problem[sizeof agent->held_back + sizeof agent->safety_lack + sizeof agent->problem +
                 sizeof agent->vm.problem];
    size_t used = 0;
    problem[0] = '\0';
    pthread_mutex_lock(&agent->vm.mutex);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i][0] != '\0') {
            used += (size_t)snprintf(problem + used, sizeof problem - used, "%s%s",
                                     used > 0 ? "; " : "", parts[i]);
        }
    }
    pthread_mutex_unlock(&agent->vm.mutex);
    umig_pb_str(writer, 14, problem);
}

/* The signal that CPU timers send. */
static void write_signal(struct umig_pb_writer *writer, const struct umig_agent *agent)
{
    char name[UMIG_SIGNAL_NAME_BYTES] = "";
    if (agent->is_sampler_ready) {
        umig_signal_name(agent->threads.ticks.signo, name);
    }
    umig_pb_str(writer, 16, name);
}

static void write_status(struct umig_pb_writer *writer, struct umig_agent *agent)
{
    const uint64_t now_ns = umig_clock_monotonic_ns();
    const struct umig_status_now now = {.monotonic_ns = now_ns, .unix_ns = umig_clock_unix_ns()};
    struct umig_uplink_status uplink;
    umig_uplink_status(&agent->uplink, &uplink);
    umig_agent_measure_cost(agent);
    const size_t status = umig_pb_open(writer, 3);
    umig_agent_write_process(agent, writer, 1);
    umig_pb_str(writer, 2, uplink.address);
    umig_pb_uint(writer, 3, uplink.is_connected);
    umig_pb_str(writer, 4, uplink.problem);
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        const struct umig_session *session = &agent->sessions.session[i];
        if (session->is_open && session->ended == UMIG_END_RUNNING) {
            write_session_status(writer, agent, session, now_ns);
        }
    }
    write_engine(writer, agent);
    write_costs(writer, agent);
    umig_pb_uint(writer, 7, agent->cost.agent_cpu_ns);
    umig_pb_uint(writer, 8, atomic_load(&agent->memory.used_bytes));
    umig_pb_uint(writer, 9, agent->memory.limit_bytes);
    umig_pb_uint(writer, 10, now_ns - agent->loaded_ns);
    umig_pb_str(writer, 11, umig_walker_word(agent->vm.walker));
    umig_pb_uint(writer, 12, uplink.unacked_batches);
    umig_pb_uint(writer, 13, uplink.acked_sequence);
    write_problem(writer, agent);
    write_signal(writer, agent);
    umig_pb_str(writer, 17, agent->clock != UMIG_CLOCK_AUTO ? umig_clock_word(agent->clock) : "");
    umig_pb_uint(writer, 18, agent->cost.agent_memory_bytes);
    umig_status_deadlocks_write(&agent->vm, writer, 19);
    write_plans(writer, agent, now_ns);
    umig_status_failures_write(&agent->sampler, now, writer, 15); /* last: takes the room left */
    umig_pb_close(writer, status);
}

static int refuse(struct umig_pb_writer *reply, const struct umig_err *err)
{
    umig_pb_uint(reply, 1, 1);
    umig_pb_str(reply, 2, err->text);
    return UMIG_OK;
}

/* --- verbs --- */

static int start(struct umig_agent *agent,
                 struct umig_request *request,
                 struct umig_pb_writer *reply)
{
    struct umig_err err = UMIG_ERR_INIT;
    const struct umig_moment now = {.monotonic_ns = umig_clock_monotonic_ns(),
                                    .unix_ns = umig_clock_unix_ns()};
    if (umig_agent_start_session(agent, &request->spec, &request->schedule, now, &err) != UMIG_OK) {
        return refuse(reply, &err);
    }
    umig_pb_str(reply, 2, request->spec.id);
    write_status(reply, agent);
    return UMIG_OK;
}

/* What was stopped, a space between; what had not fired or begun leaves nothing to report. */
struct stopped {
    char ids[1024];
    char unfired[1024];
};

static void add_word(char *list, size_t room, const char *word)
{
    const size_t used = strlen(list);
    snprintf(list + used, room - used, "%s%s", used > 0 ? " " : "", word);
}

/* A plan without a session running; one that has one is told by that. */
static void stop_plans(struct umig_agent *agent, const char *id, struct stopped *stopped)
{
    for (int i = 0; i < UMIG_PLANS_MAX; i++) {
        struct umig_plan *plan = &agent->plans.plan[i];
        const bool is_meant =
            id[0] == '\0' ? !plan->spec.is_by_option : strcmp(plan->spec.id, id) == 0;
        if (!plan->is_open || !is_meant) {
            continue;
        }
        plan->is_open = false;
        if (umig_sessions_find(&agent->sessions, plan->spec.id) == NULL) {
            add_word(stopped->ids, sizeof stopped->ids, plan->spec.id);
            add_word(stopped->unfired, sizeof stopped->unfired, plan->spec.id);
        }
    }
}

static void stop_sessions(struct umig_agent *agent,
                          const char *id,
                          uint64_t now_ns,
                          struct stopped *stopped)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        const bool is_meant =
            id[0] == '\0' ? !session->spec.is_by_option : strcmp(session->spec.id, id) == 0;
        if (session->is_open && session->ended == UMIG_END_RUNNING && is_meant) {
            add_word(stopped->ids, sizeof stopped->ids, session->spec.id);
            if (session->is_waiting) {
                add_word(stopped->unfired, sizeof stopped->unfired, session->spec.id);
            }
            umig_agent_end_session(agent, session, UMIG_END_STOPPED, now_ns);
        }
    }
}

/* What stop without a name leaves alone is named, with the words that end it. */
static void explain_nothing_stopped(const struct umig_agent *agent,
                                    const char *id,
                                    struct umig_err *err)
{
    char left[512] = "";
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        const struct umig_session *session = &agent->sessions.session[i];
        if (session->is_open && session->ended == UMIG_END_RUNNING) {
            add_word(left, sizeof left, session->spec.id);
        }
    }
    if (id[0] != '\0') {
        (void)umig_err_set(err, UMIG_E_ARG, "no session '%s' is running", id);
    } else if (left[0] != '\0') {
        (void)umig_err_set(err, UMIG_E_ARG,
                           "no session is running that a command started; of start= runs: %s "
                           "('--name NAME' stops it)",
                           left);
    } else {
        (void)umig_err_set(err, UMIG_E_ARG, "no session is running that a command started");
    }
}

static int stop(struct umig_agent *agent,
                const struct umig_request *request,
                struct umig_pb_writer *reply)
{
    struct umig_err err = UMIG_ERR_INIT;
    struct stopped stopped = {.ids = "", .unfired = ""};
    stop_plans(agent, request->stop_id, &stopped);
    stop_sessions(agent, request->stop_id, umig_clock_monotonic_ns(), &stopped);
    if (stopped.ids[0] == '\0') {
        explain_nothing_stopped(agent, request->stop_id, &err);
        return refuse(reply, &err);
    }
    umig_pb_str(reply, 2, stopped.ids);
    umig_pb_str(reply, 4, stopped.unfired); /* the status takes the room that is left */
    write_status(reply, agent);
    return UMIG_OK;
}

static int search(struct umig_agent *agent,
                  const struct umig_request *request,
                  struct umig_pb_writer *reply)
{
    struct umig_err err = UMIG_ERR_INIT;
    return umig_agent_search(agent, &request->search, reply, 5, &err) == UMIG_OK
               ? UMIG_OK
               : refuse(reply, &err);
}

int umig_agent_answer(void *ctx,
                      const uint8_t *payload,
                      size_t payload_bytes,
                      struct umig_pb_writer *reply,
                      struct umig_err *err)
{
    struct umig_agent *agent = ctx;
    struct umig_request request;
    struct umig_err why = UMIG_ERR_INIT;
    const int rc = umig_request_read(payload, payload_bytes, &request, &why);
    if (rc == UMIG_E_PROTO) {
        return umig_err_set(err, rc, "%s", why.text);
    }
    if (rc != UMIG_OK) {
        return refuse(reply, &why);
    }
    switch (request.verb) {
    case VERB_STATUS:
        write_status(reply, agent);
        return UMIG_OK;
    case VERB_START:
        return start(agent, &request, reply);
    case VERB_STOP:
        return stop(agent, &request, reply);
    case VERB_SEARCH:
        return search(agent, &request, reply);
    default:
        (void)umig_err_set(&why, UMIG_E_ARG, "this agent knows no request %llu",
                           (unsigned long long)request.verb);
        return refuse(reply, &why);
    }
}
