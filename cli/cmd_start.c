#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/agent_client.h"
#include "cli/collector_client.h"
#include "cli/collector_hint.h"
#include "cli/say.h"
#include "cli/session_text.h"
#include "cli/start_request.h"
#include "cli/start_schedule.h"
#include "cli/verb.h"
#include "core/clock.h"
#include "core/cpu_share.h"
#include "core/err.h"
#include "core/json.h"

enum {
    LINE_BYTES = 4096
};

static const struct umig_option g_options[] = {
    UMIG_KIND_OPTIONS,
    {.name = "live",
     .arity = UMIG_ARITY_OPTIONAL,
     .value_name = "SIZE",
     .help = "follow objects until they are collected, one each SIZE",
     .kind = UMIG_KIND_LIVE},
    UMIG_MEANS_OPTIONS,
    {.name = "duration",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "TIME",
     .help = "end by itself after TIME; 1s to 24h, default: when stopped"},
    {.name = "budget",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "SHARE%|off",
     .help = "what the agent may take of CPU while it runs, 0.1% to 100%; default: as loaded"},
    {.name = "when",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "CONDITION",
     .help = "wait, armed, until this holds: heap > 90%, cpu > 80% for 10s and threads > 500"},
    {.name = "before",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "TIME",
     .help = "of --when: what is kept of before it holds; 0s to 5m, default: 60s"},
    {.name = "repeat",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "N",
     .help = "of --when: arm it again until it has fired N times; default: once"},
    {.name = "cooldown",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "TIME",
     .help = "of --repeat: from one firing to the next, at least; default: 5m"},
    {.name = "at",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "HH:MM",
     .help = "start when local clocks show this next"},
    {.name = "every",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "TIME",
     .help = "start one each TIME, the first now or by --at; 10s to 30d"},
    {.name = "times",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "N",
     .help = "of --every: how many; default: until stopped"},
    {.name = "name",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "NAME",
     .help = "id of the session, to stop and to report it; default: made"},
    {.name = "label",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "KEY=VALUE",
     .help = "note on the session; may be repeated"},
    {.name = "json", .help = "write JSON"},
    {.name = NULL},
};

/* The session as its agent has it; NULL where an agent does not say. */
static const Umig__V1__SessionStatus *find_session(const Umig__V1__AgentStatus *agent,
                                                   const char *id)
{
    for (size_t i = 0; agent != NULL && i < agent->n_sessions; i++) {
        if (strcmp(agent->sessions[i]->id, id) == 0) {
            return agent->sessions[i];
        }
    }
    return NULL;
}

static bool has_plan(const Umig__V1__AgentStatus *agent, const char *id)
{
    for (size_t i = 0; agent != NULL && i < agent->n_plans; i++) {
        if (strcmp(agent->plans[i]->id, id) == 0) {
            return true;
        }
    }
    return false;
}

/* What a session asked for and does not get; "". */
static const char *problem_of(const struct umig_agent_reply *reply, const char *id)
{
    const Umig__V1__SessionStatus *session = find_session(reply->message->agent, id);
    return session != NULL ? session->problem : "";
}

static void say_started(struct umig_cli *cli,
                        const struct umig_target *target,
                        const struct umig_start_request *request,
                        const char *id,
                        const char *problem)
{
    struct umig_buf kinds = UMIG_BUF_INIT(256);
    const struct umig_session_kinds asked = {
        .items = request->kind_items,
        .count = request->start.n_kinds,
        .native = request->start.native,
        .mutexes = request->start.mutexes,
    };
    umig_session_kinds_text(&asked, &kinds);
    const char *state = request->start.when[0] != '\0'   ? "is armed"
                        : request->start.at_unix_ns != 0 ? "is planned"
                                                         : "runs";
    umig_say(cli->out, "Session %s %s in %s (pid %d): %s.", id, state,
             target->reply.message->agent->process->service, (int)target->jvm.pid,
             umig_buf_str(&kinds));
    umig_buf_fini(&kinds);
    if (problem[0] != '\0') {
        umig_say(cli->notes, "umig start: session %s in JVM %d does not get all of it: %s", id,
                 (int)target->jvm.pid, problem);
    }
}

/* When what is armed or planned starts; no bytes for what runs and nothing more. */
static void put_begin(const struct umig_start_request *request, struct umig_buf *line)
{
    const Umig__V1__StartSession *start = &request->start;
    if (start->when[0] != '\0') {
        char before[32];
        umig_format_duration(start->before_ns, before, sizeof before);
        umig_buf_printf(line, "It fires when %s", start->when);
        if (start->times > 1) {
            umig_buf_printf(line, ", %" PRIu32 " times in all", start->times);
        }
        umig_buf_printf(line,
                        start->before_ns > 0 ? ", and has the %s before. "
                                             : ", and has nothing of before. ",
                        before);
    } else if (start->at_unix_ns != 0) {
        umig_buf_text(line, "It starts at ");
        umig_local_time_text(start->at_unix_ns, line);
        umig_buf_text(line, ", ");
        umig_plan_often_text(start->every_ns, start->times, line);
        umig_buf_text(line, ". ");
    } else if (start->every_ns != 0) {
        umig_buf_text(line, "It starts ");
        umig_plan_often_text(start->every_ns, start->times, line);
        umig_buf_text(line, ". ");
    }
}

/* When what was started ends: each made name ends one session, a given name all that have it. */
static void put_end(const struct umig_target_list *targets,
                    const struct umig_start_request *request,
                    const char *id,
                    struct umig_buf *line)
{
    const struct umig_target *target = targets->items[0];
    const char *service = target->reply.message->agent->process->service;
    const bool is_one = targets->count == 1;
    if (request->start.duration_ns != 0) {
        char duration[32];
        umig_format_duration(request->start.duration_ns, duration, sizeof duration);
        const bool is_later = request->start.when[0] != '\0' || request->start.at_unix_ns != 0 ||
                              request->start.every_ns != 0;
        umig_buf_printf(line, "%s %s %s.", is_one ? "It ends by itself" : "They end by themselves",
                        is_later ? "after" : "in", duration);
    } else if (is_one) {
        umig_buf_printf(line, "It runs until 'umig stop %d --name %s'.", (int)target->jvm.pid, id);
    } else if (request->start.id[0] != '\0') {
        umig_buf_printf(line, "They run until 'umig stop %s --name %s'.", service, id);
    } else {
        umig_buf_printf(line,
                        "They run until 'umig stop %s', which stops whatever commands started "
                        "there; with --name ID only one.",
                        service);
    }
}

/* The agent is one, and so is its budget. */
static void put_budget(const struct umig_start_request *request, struct umig_buf *line)
{
    if (request->start.budget > 1) {
        umig_buf_printf(line, " All sessions there keep to %g %% of CPU meanwhile.",
                        (request->start.budget - 1) / (double)UMIG_CPU_SHARE_PERCENT);
    } else if (request->start.budget == 1) {
        umig_buf_text(line, " Sessions there keep to no budget of CPU meanwhile.");
    }
}

/* What keeps a collector that is there from storing; an idle agent would hear of it later. */
static void put_trouble(const Umig__V1__AgentStatus *agent, struct umig_buf *out)
{
    if (agent->unacked_batches > 0) {
        umig_buf_text(out, agent->collector_problem);
    }
    if (out->len == 0) {
        umig_collector_notes(agent->collector_address, out);
    }
}

/* True: it was said. */
static bool say_trouble(struct umig_cli *cli, const struct umig_target *target)
{
    const Umig__V1__AgentStatus *agent = target->reply.message->agent;
    struct umig_buf trouble = UMIG_BUF_INIT(LINE_BYTES);
    if (!agent->collector_connected) {
        umig_say(cli->notes,
                 "The agent in JVM %d has no collector%s%s: it keeps up to its memory bound. "
                 "Start one with 'umig collector'.",
                 (int)target->jvm.pid, agent->collector_problem[0] != '\0' ? ": " : "",
                 agent->collector_problem);
        return true;
    }
    put_trouble(agent, &trouble);
    if (trouble.len > 0) {
        umig_say(cli->notes,
                 "The agent in JVM %d keeps up to its memory bound while its collector has no "
                 "room: %s.",
                 (int)target->jvm.pid, umig_buf_str(&trouble));
    }
    const bool is_said = trouble.len > 0;
    umig_buf_fini(&trouble);
    return is_said;
}

/* One collector is asked once; what helps one agent helps all. */
static void say_first_trouble(struct umig_cli *cli, const struct umig_target_list *targets)
{
    const Umig__V1__AgentStatus *before = NULL;
    for (size_t i = 0; i < targets->count; i++) {
        const Umig__V1__AgentStatus *agent = targets->items[i]->reply.message->agent;
        const bool is_asked = before != NULL && before->collector_connected &&
                              agent->collector_connected && agent->unacked_batches == 0 &&
                              strcmp(before->collector_address, agent->collector_address) == 0;
        if (!is_asked && say_trouble(cli, targets->items[i])) {
            return;
        }
        before = agent;
    }
}

/* What comes next, for a person; said once for all agents. */
static void say_next(struct umig_cli *cli,
                     const struct umig_target_list *targets,
                     const struct umig_start_request *request,
                     const char *id)
{
    struct umig_buf line = UMIG_BUF_INIT(LINE_BYTES);
    put_begin(request, &line);
    put_end(targets, request, id, &line);
    put_budget(request, &line);
    umig_buf_byte(&line, ' ');
    const bool is_name_shared = targets->count > 1 && request->start.id[0] != '\0';
    umig_collector_hint(&cli->places, targets,
                        targets->count == 1 ? id
                        : is_name_shared    ? "#N"
                                            : "ID",
                        &line);
    umig_say(cli->out, "%s", umig_buf_str(&line));
    umig_buf_fini(&line);
    say_first_trouble(cli, targets);
}

static void add_json(struct umig_json *json,
                     const struct umig_target *target,
                     const char *id,
                     const char *problem)
{
    umig_json_object(json, NULL);
    umig_json_number(json, "pid", (uint64_t)target->jvm.pid);
    umig_json_text(json, "service", target->reply.message->agent->process->service);
    umig_json_text(json, "session", id);
    umig_json_text(json, "problem", problem[0] != '\0' ? problem : NULL);
    umig_json_object_end(json);
}

/* An older agent passes over what it does not know, and starts at once. */
static void warn_if_older(struct umig_cli *cli,
                          const struct umig_target *target,
                          const struct umig_start_request *request,
                          const struct umig_agent_reply *reply,
                          const char *id)
{
    const Umig__V1__StartSession *start = &request->start;
    const Umig__V1__SessionStatus *session = find_session(reply->message->agent, id);
    const bool is_by_clock = start->at_unix_ns != 0 || (start->every_ns != 0 && start->times != 1);
    const bool lacks_plan = is_by_clock && start->when[0] == '\0' && session != NULL &&
                            !has_plan(reply->message->agent, id);
    const bool lacks_condition =
        start->when[0] != '\0' && session != NULL && session->when[0] == '\0';
    if (lacks_plan || lacks_condition) {
        umig_say(cli->notes,
                 "umig start: the agent in JVM %d is older than this command: session %s runs now, "
                 "and once; 'umig stop %d --name %s' ends it",
                 (int)target->jvm.pid, id, (int)target->jvm.pid, id);
    }
    if (start->budget != 0 && session != NULL && session->budget != start->budget) {
        umig_say(cli->notes,
                 "umig start: the agent in JVM %d is older than this command: it keeps to the "
                 "budget it was loaded with",
                 (int)target->jvm.pid);
    }
}

/* Starts the session in one agent and tells so, to a person if there is no document. */
static int start_one(struct umig_cli *cli,
                     const struct umig_target *target,
                     const struct umig_start_request *request,
                     struct umig_json *json,
                     struct umig_buf *out_id,
                     struct umig_err *err)
{
    struct umig_agent_reply reply = {.message = NULL};
    const int rc =
        umig_agent_ask(&target->jvm, &request->message, UMIG_AGENT_TIMEOUT_MS, &reply, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    const char *given = request->start.id;
    umig_buf_clear(out_id);
    umig_buf_text(out_id, given[0] != '\0' ? given : reply.message->text);
    const char *id = umig_buf_str(out_id);
    if (json != NULL) {
        add_json(json, target, id, problem_of(&reply, id));
    } else {
        say_started(cli, target, request, id, problem_of(&reply, id));
    }
    warn_if_older(cli, target, request, &reply, id);
    umig_agent_reply_fini(&reply);
    return UMIG_OK;
}

/* A name that is taken in one JVM is refused before the session is started in another. */
static int check_free(const struct umig_target_list *targets, const char *id, struct umig_err *err)
{
    for (size_t i = 0; id[0] != '\0' && i < targets->count; i++) {
        const struct umig_target *target = targets->items[i];
        if (has_plan(target->reply.message->agent, id)) {
            return umig_err_set(err, UMIG_E_UNSUPPORTED,
                                "a session '%s' is already planned in JVM %d", id,
                                (int)target->jvm.pid);
        }
        if (find_session(target->reply.message->agent, id) != NULL) {
            return umig_err_set(
                err, UMIG_E_UNSUPPORTED, "a session '%s' is already running in JVM %d%s", id,
                (int)target->jvm.pid, targets->count > 1 ? "; nothing was started in any" : "");
        }
    }
    return UMIG_OK;
}

/* Without the JVM's name, which is said already. */
static const char *why_not(const struct umig_err *why, pid_t pid)
{
    char name[48];
    const int len = snprintf(name, sizeof name, "agent in JVM %d: ", (int)pid);
    return strncmp(why->text, name, (size_t)len) == 0 ? why->text + len : why->text;
}

/* Starts it wherever it can be; what failed in some of several JVMs is told at once. */
static int start_each(struct umig_cli *cli,
                      const struct umig_target_list *targets,
                      const struct umig_start_request *request,
                      struct umig_json *json,
                      struct umig_err *err)
{
    struct umig_buf id = UMIG_BUF_INIT(256);
    size_t failed_count = 0;
    int rc = UMIG_OK;
    for (size_t i = 0; i < targets->count; i++) {
        struct umig_err why = UMIG_ERR_INIT;
        const int started = start_one(cli, targets->items[i], request, json, &id, &why);
        if (started == UMIG_OK) {
            continue;
        }
        failed_count++;
        rc = umig_err_set(err, started, "%s", why.text);
        if (targets->count > 1) {
            umig_say(cli->notes, "umig start: not started in JVM %d: %s",
                     (int)targets->items[i]->jvm.pid, why_not(&why, targets->items[i]->jvm.pid));
        }
    }
    if (failed_count == 0 && json == NULL) {
        say_next(cli, targets, request, umig_buf_str(&id));
    }
    umig_buf_fini(&id);
    if (failed_count > 0 && targets->count > 1) {
        rc = umig_err_set(err, rc, "started in %zu of %zu JVMs", targets->count - failed_count,
                          targets->count);
    }
    return rc;
}

static int start_all(struct umig_cli *cli,
                     const struct umig_target_list *targets,
                     const struct umig_start_request *request,
                     bool wants_json,
                     struct umig_err *err)
{
    int rc = check_free(targets, request->start.id, err);
    if (rc != UMIG_OK || !wants_json) {
        return rc != UMIG_OK ? rc : start_each(cli, targets, request, NULL, err);
    }
    struct umig_buf document = UMIG_BUF_INIT(1 << 20);
    struct umig_json json = UMIG_JSON_INIT(&document);
    umig_json_array(&json, NULL);
    rc = start_each(cli, targets, request, &json, err);
    umig_json_array_end(&json);
    fprintf(cli->out, "%s\n", umig_buf_str(&document)); /* what was started before a failure */
    umig_buf_fini(&document);
    return umig_err_trace(err, rc);
}

static int run_start(struct umig_cli *cli, const struct umig_args *args, struct umig_err *err)
{
    struct umig_start_request request = {.message = {.verb = 0}};
    struct umig_target_list targets;
    int rc = umig_start_request_read(args, umig_clock_unix_ns(), &request, err);
    if (rc == UMIG_OK) {
        rc = umig_target_list_find(args->operands[0], &targets, err);
    }
    if (rc != UMIG_OK) {
        /* Nobody to start it in is no answer but a failure. */
        return umig_err_trace(err, rc == UMIG_NOT_FOUND ? UMIG_E_UNSUPPORTED : rc);
    }
    rc = start_all(cli, &targets, &request, umig_args_has(args, "json"), err);
    umig_target_list_fini(&targets);
    return rc == UMIG_OK ? UMIG_EXIT_GOOD : umig_err_trace(err, rc);
}

const struct umig_verb umig_verb_start = {
    .name = "start",
    .summary = "start a profiling session in a running JVM",
    .operands = "PID|SERVICE",
    .min_operands = 1,
    .max_operands = 1,
    .options = g_options,
    .notes = "Without a kind --cpu, --gc, --heap and --locks are on, at their defaults.\n"
             "TIME is a whole number and a unit: 500us, 10ms, 30s, 5m, 1h; SIZE, too: 64k, 2m. "
             "SERVICE means\nevery agent of this host with that name; a whole number is a PID. "
             "Sessions do not disturb\neach other: start as many as you like.",
    .examples =
        "# everything, for half a minute\n"
        "umig start orders --duration 30s\n"
        "# CPU only, five times finer, named for the report\n"
        "umig start 4242 --cpu 2ms --name fine\n"
        "# what is allocated, of which class and where\n"
        "umig start orders --alloc --duration 1m\n"
        "# what stays alive of what is allocated: of which class, from where, for how long\n"
        "umig start orders --live --duration 30m\n"
        "# how full its pools are: executors, Tomcat's and Jetty's threads, HikariCP's connections\n"
        "umig start orders --pools\n"
        "# whatever a thread spends outside of Java, too: in libraries, the JVM, the kernel\n"
        "umig start orders --cpu --native on --duration 1m\n"
        "# what the workers of a pool wait for, not only what they run\n"
        "umig start orders --wall --threads 'http-nio-*-exec-*'\n"
        "# finer than usual, for what it costs: the agent may take 5 % of CPU meanwhile\n"
        "umig start orders --cpu 1ms --alloc 64k --budget 5% --duration 1m\n"
        "# when the heap gets full: the minute before, and half a minute more\n"
        "umig start orders --cpu --alloc --when 'heap>90%' --duration 30s --name full\n"
        "# each night, and three times in the next hours\n"
        "umig start orders --cpu --at 02:30 --every 24h --duration 5m\n"
        "umig start orders --wall --every 1h --times 3 --duration 1m\n"
        "# a load test, with what it was\n"
        "umig start orders --cpu --gc --duration 10m --name load-7 --label build=1.4.2\n",
    .run = run_start,
};
