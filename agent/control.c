/* What the control socket is asked, and the answers. Field numbers: proto/umig/v1/control.proto. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/safety.h"
#include "agent/status_deadlocks.h"
#include "agent/status_failures.h"
#include "core/clock.h"
#include "core/err.h"

enum verb {
    VERB_STATUS = 1,
    VERB_START = 2,
    VERB_STOP = 3
};

struct request {
    uint64_t verb;
    struct umig_session_spec spec; /* start */
    char stop_id[UMIG_NAME_BYTES]; /* stop; "" all that commands started */
};

/* --- reading requests --- */

/* Takes one field of a message into `out`; numbers it does not know are a newer command's. */
typedef int take_field(const struct umig_pb_field *field, void *out, struct umig_err *err);

static int read_message(const uint8_t *bytes,
                        size_t byte_count,
                        take_field *take,
                        void *out,
                        struct umig_err *err)
{
    struct umig_pb_reader reader;
    struct umig_pb_field field;
    umig_pb_reader_init(&reader, bytes, byte_count);
    int rc = umig_pb_next(&reader, &field, err);
    while (rc == UMIG_OK) {
        rc = take(&field, out, err);
        if (rc == UMIG_OK) {
            rc = umig_pb_next(&reader, &field, err);
        }
    }
    return rc == UMIG_END ? UMIG_OK : umig_err_trace(err, rc);
}

static int take_label(const struct umig_pb_field *field, void *out, struct umig_err *err)
{
    struct umig_agent_label *label = out;
    switch (field->number) {
    case 1:
        return umig_pb_field_text(field, label->key, sizeof label->key, err);
    case 2:
        return umig_pb_field_text(field, label->value, sizeof label->value, err);
    default:
        return UMIG_OK;
    }
}

struct kind_request {
    uint64_t kind;
    uint64_t interval_ns; /* 0: the default of the kind */
};

static int take_kind(const struct umig_pb_field *field, void *out, struct umig_err *err)
{
    struct kind_request *request = out;
    (void)err;
    switch (field->number) {
    case 1:
        request->kind = field->value;
        return UMIG_OK;
    case 2:
        request->interval_ns = field->value;
        return UMIG_OK;
    default:
        return UMIG_OK;
    }
}

static int add_kind(const struct kind_request *request,
                    struct umig_kind_set *kinds,
                    struct umig_err *err)
{
    const struct umig_kind_rule *rule =
        request->kind < UMIG_KIND_COUNT ? umig_kind_rule((enum umig_kind)request->kind) : NULL;
    if (rule == NULL) {
        return umig_err_set(err, UMIG_E_ARG,
                            "this agent knows no kind %llu; it is older than the command",
                            (unsigned long long)request->kind);
    }
    const struct umig_kind_option option = {
        .kind = rule->kind,
        .interval_ns = request->interval_ns == 0 ? rule->default_ns : request->interval_ns,
    };
    const int rc = umig_kind_interval_check(rule, option.interval_ns, err);
    return rc == UMIG_OK ? umig_kind_set_add(kinds, option, err) : rc;
}

static int read_kind(const struct umig_pb_field *field,
                     struct umig_kind_set *kinds,
                     struct umig_err *err)
{
    struct kind_request request = {0};
    const int rc = read_message(field->bytes, field->len, take_kind, &request, err);
    return rc == UMIG_OK ? add_kind(&request, kinds, err) : rc;
}

static int read_label(const struct umig_pb_field *field,
                      struct umig_session_spec *spec,
                      struct umig_err *err)
{
    if (spec->label_count == UMIG_LABEL_MAX) {
        return umig_err_set(err, UMIG_E_LIMIT, "more than %d labels", UMIG_LABEL_MAX);
    }
    return read_message(field->bytes, field->len, take_label, &spec->labels[spec->label_count++],
                        err);
}

static int take_spec(const struct umig_pb_field *field, void *out, struct umig_err *err)
{
    struct umig_session_spec *spec = out;
    switch (field->number) {
    case 1:
        return umig_pb_field_text(field, spec->id, sizeof spec->id, err);
    case 2:
        return read_label(field, spec, err);
    case 3:
        return read_kind(field, &spec->kinds, err);
    case 4:
        spec->duration_ns = field->value;
        return UMIG_OK;
    case 5:
        spec->native = (enum umig_native)field->value;
        return field->value <= UMIG_NATIVE_ON
                   ? UMIG_OK
                   : umig_err_set(err, UMIG_E_ARG, "native frames: %llu is not off, leaf or on",
                                  (unsigned long long)field->value);
    case 6:
        spec->clock = (enum umig_clock)field->value;
        return field->value <= UMIG_CLOCK_WALL
                   ? UMIG_OK
                   : umig_err_set(err, UMIG_E_ARG, "clock %llu is not auto, perf, cputime or wall",
                                  (unsigned long long)field->value);
    case 7:
        return umig_pb_field_text(field, spec->threads, sizeof spec->threads, err);
    default:
        return UMIG_OK;
    }
}

static int read_spec(const struct umig_pb_field *field,
                     struct umig_session_spec *spec,
                     struct umig_err *err)
{
    const int rc = read_message(field->bytes, field->len, take_spec, spec, err);
    const bool is_in_range = spec->duration_ns == 0 || (spec->duration_ns >= UMIG_DURATION_MIN_NS &&
                                                        spec->duration_ns <= UMIG_DURATION_MAX_NS);
    if (rc == UMIG_OK && !is_in_range) {
        return umig_err_set(err, UMIG_E_ARG, "the duration must be 1s to 24h");
    }
    return rc;
}

static int take_stop(const struct umig_pb_field *field, void *out, struct umig_err *err)
{
    struct request *request = out;
    return field->number == 1
               ? umig_pb_field_text(field, request->stop_id, sizeof request->stop_id, err)
               : UMIG_OK;
}

static int take_request(const struct umig_pb_field *field, void *out, struct umig_err *err)
{
    struct request *request = out;
    const bool is_message = field->type == UMIG_PB_BYTES;
    if (field->number == 1) {
        request->verb = field->value;
    } else if (field->number == 2 && is_message) {
        return read_spec(field, &request->spec, err);
    } else if (field->number == 3 && is_message) {
        return read_message(field->bytes, field->len, take_stop, request, err);
    }
    return UMIG_OK;
}

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

static void write_session_kinds(struct umig_pb_writer *writer, const struct umig_session *session)
{
    for (uint32_t kind = 1; kind < UMIG_KIND_COUNT; kind++) {
        if (session->spec.kinds.has_kind[kind]) {
            const size_t option = umig_pb_open(writer, 5);
            umig_pb_uint(writer, 1, kind);
            umig_pb_uint(writer, 2, session->spec.kinds.interval_ns[kind]);
            umig_pb_close(writer, option);
        }
    }
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

static void write_session_status(struct umig_pb_writer *writer,
                                 const struct umig_session *session,
                                 uint64_t now_ns)
{
    const uint64_t since = session->is_armed ? session->start_ns : session->asked_ns;
    const size_t status = umig_pb_open(writer, 5);
    umig_pb_str(writer, 1, session->spec.id);
    umig_pb_uint(writer, 2, session->number);
    umig_pb_uint(writer, 3, now_ns - since);
    umig_pb_uint(writer, 4, session->spec.duration_ns);
    write_session_kinds(writer, session);
    write_session_counters(writer, session);
    umig_pb_uint(writer, 8, session->spec.native);
    umig_pb_str(writer, 9, session->problem);
    umig_pb_uint(writer, 10, session->spec.clock);
    umig_pb_str(writer, 11, session->spec.threads);
    umig_pb_close(writer, status);
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
    write_counter(writer, 6, "engine.handler_ns", atomic_load(&sampler->handler_ns));
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
    write_counter(writer, 6, "engine.pauses_lost", umig_gc_lost(&agent->vm.gc));
    write_counter(writer, 6, "engine.native_unwinds", agent->pump.native.unwinds);
    write_counter(writer, 6, "engine.native_cut", agent->pump.native.short_of_root);
    write_counter(writer, 6, "engine.native_between", agent->pump.native.crossings);
    write_counter(writer, 6, "engine.native_between_cut", agent->pump.native.crossings_cut);
    write_counter(writer, 6, "uplink.batches", agent->pump.batches);
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
            write_session_status(writer, session, now_ns);
        }
    }
    write_engine(writer, agent);
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

static int start(struct umig_agent *agent, struct request *request, struct umig_pb_writer *reply)
{
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_session_spec *spec = &request->spec;
    struct umig_session *session = NULL;
    if (spec->id[0] == '\0') {
        snprintf(spec->id, sizeof spec->id, "%.32s-%d-%u", agent->service, (int)getpid(),
                 agent->sessions.opened_count + 1);
    }
    for (size_t i = 0; i < agent->options.label_count && spec->label_count < UMIG_LABEL_MAX; i++) {
        spec->labels[spec->label_count++] = agent->options.labels[i];
    }
    if (umig_agent_open_session(agent, spec, umig_clock_monotonic_ns(), &session, &err) !=
        UMIG_OK) {
        return refuse(reply, &err);
    }
    umig_pb_str(reply, 2, session->spec.id);
    write_status(reply, agent);
    return UMIG_OK;
}

static int stop(struct umig_agent *agent,
                const struct request *request,
                struct umig_pb_writer *reply)
{
    struct umig_err err = UMIG_ERR_INIT;
    const uint64_t now_ns = umig_clock_monotonic_ns();
    const bool is_all = request->stop_id[0] == '\0';
    char stopped[256] = "";
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        const bool is_meant =
            is_all ? !session->spec.is_by_option : strcmp(session->spec.id, request->stop_id) == 0;
        if (session->is_open && session->ended == UMIG_END_RUNNING && is_meant) {
            const size_t used = strlen(stopped);
            snprintf(stopped + used, sizeof stopped - used, "%s%s", used > 0 ? " " : "",
                     session->spec.id);
            umig_agent_end_session(agent, session, UMIG_END_STOPPED, now_ns);
        }
    }
    if (stopped[0] == '\0') {
        (void)umig_err_set(&err, UMIG_E_ARG,
                           is_all ? "no session is running that a command started"
                                  : "no session '%s' is running",
                           request->stop_id);
        return refuse(reply, &err);
    }
    umig_pb_str(reply, 2, stopped);
    write_status(reply, agent);
    return UMIG_OK;
}

int umig_agent_answer(void *ctx,
                      const uint8_t *payload,
                      size_t payload_bytes,
                      struct umig_pb_writer *reply,
                      struct umig_err *err)
{
    struct umig_agent *agent = ctx;
    struct request request;
    struct umig_err why = UMIG_ERR_INIT;
    memset(&request, 0, sizeof request);
    const int rc = read_message(payload, payload_bytes, take_request, &request, &why);
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
    default:
        (void)umig_err_set(&why, UMIG_E_ARG, "this agent knows no request %llu",
                           (unsigned long long)request.verb);
        return refuse(reply, &why);
    }
}
