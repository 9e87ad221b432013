#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "cli/agent_client.h"
#include "cli/collector_hint.h"
#include "cli/say.h"
#include "cli/session_text.h"
#include "cli/verb.h"
#include "core/err.h"
#include "core/json.h"
#include "core/parse.h"

static const struct umig_option g_options[] = {
    {.name = "name",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "NAME",
     .help = "only this session; default: every one that a command started"},
    {.name = "json", .help = "write JSON"},
    {.name = NULL},
};

/* Is there anything to stop? */
static bool has_session(const Umig__V1__AgentStatus *agent, const char *id)
{
    for (size_t i = 0; i < agent->n_sessions; i++) {
        if (id[0] == '\0' || strcmp(agent->sessions[i]->id, id) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < agent->n_plans; i++) {
        if (id[0] == '\0' || strcmp(agent->plans[i]->id, id) == 0) {
            return true;
        }
    }
    return false;
}

/* How long to wait for the collector to have everything, and how often to ask: an agent answers 20
 * requests a second. */
enum {
    STORED_PATIENCE_MS = 3000,
    STORED_POLL_MS = 100,
    LINE_BYTES = 8192
};

/* What of the stopped sessions the collector does not have. */
struct unstored {
    uint64_t batches;
    char why[200];
};

static void note_unstored(struct unstored *unstored,
                          const Umig__V1__AgentStatus *agent,
                          uint64_t last)
{
    unstored->batches = agent->acked_sequence < last ? last - agent->acked_sequence : 0;
    snprintf(unstored->why, sizeof unstored->why, "%s", agent->collector_problem);
}

/*
 * Waits until the collector acknowledged what the agent had sent when it stopped, so that a report
 * right after the stop is whole. Without a collector, or with a slow one, it is not waited for.
 */
static void await_stored(const struct umig_target *target,
                         const Umig__V1__AgentStatus *stopped,
                         struct unstored *out_unstored)
{
    const uint64_t last = stopped->acked_sequence + stopped->unacked_batches;
    bool is_waiting = stopped->collector_connected && stopped->unacked_batches > 0;
    note_unstored(out_unstored, stopped, last);
    for (int waited = 0; is_waiting && waited < STORED_PATIENCE_MS; waited += STORED_POLL_MS) {
        Umig__V1__ControlRequest request = UMIG__V1__CONTROL_REQUEST__INIT;
        struct umig_agent_reply reply = {.message = NULL};
        poll(NULL, 0, STORED_POLL_MS);
        request.verb = UMIG__V1__CONTROL_VERB__CONTROL_STATUS;
        if (umig_agent_ask(&target->jvm, &request, UMIG_AGENT_TIMEOUT_MS, &reply, NULL) !=
            UMIG_OK) {
            return;
        }
        const Umig__V1__AgentStatus *now = reply.message->agent;
        is_waiting = now != NULL && now->collector_connected && now->acked_sequence < last;
        if (now != NULL) {
            note_unstored(out_unstored, now, last);
        }
        umig_agent_reply_fini(&reply);
    }
}

/* Stops in one agent; the reply's text is the ids of what was stopped, a space between. */
static int stop_one(const struct umig_target *target,
                    const char *id,
                    struct umig_buf *out_ids,
                    struct umig_buf *out_unfired,
                    struct unstored *out_unstored,
                    struct umig_err *err)
{
    Umig__V1__ControlRequest request = UMIG__V1__CONTROL_REQUEST__INIT;
    Umig__V1__StopSession stop = UMIG__V1__STOP_SESSION__INIT;
    struct umig_agent_reply reply = {.message = NULL};
    request.verb = UMIG__V1__CONTROL_VERB__CONTROL_STOP;
    request.stop = &stop;
    stop.id = umig_message_text(id);
    const int rc = umig_agent_ask(&target->jvm, &request, UMIG_AGENT_TIMEOUT_MS, &reply, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    umig_buf_clear(out_ids);
    umig_buf_text(out_ids, reply.message->text);
    umig_buf_clear(out_unfired);
    umig_buf_text(out_unfired, reply.message->unfired);
    if (reply.message->agent != NULL) {
        await_stored(target, reply.message->agent, out_unstored);
    }
    umig_agent_reply_fini(&reply);
    return UMIG_OK;
}

static void put_ids(struct umig_json *json, const char *key, const char *ids)
{
    struct umig_span rest = umig_span_of(ids);
    umig_json_array(json, key);
    while (rest.len > 0) {
        const struct umig_span id = umig_span_cut(&rest, ' ');
        char text[80];
        snprintf(text, sizeof text, "%.*s", (int)id.len, id.at);
        umig_json_text(json, NULL, text);
    }
    umig_json_array_end(json);
}

/* Tells what was stopped in one agent, for a person or into the document. */
static void tell(struct umig_cli *cli,
                 const struct umig_target *target,
                 const char *ids,
                 const char *unfired,
                 struct umig_json *json)
{
    const char *service = target->reply.message->agent->process->service;
    if (json == NULL) {
        umig_say(cli->out, "Stopped %s in %s (pid %d).", ids, service, (int)target->jvm.pid);
        if (unfired[0] != '\0') {
            umig_say(cli->out, "Of %s nothing is stored: %s not begun.", unfired,
                     strchr(unfired, ' ') != NULL ? "they had" : "it had");
        }
        return;
    }
    umig_json_object(json, NULL);
    umig_json_number(json, "pid", (uint64_t)target->jvm.pid);
    umig_json_text(json, "service", service);
    put_ids(json, "sessions", ids);
    put_ids(json, "unfired", unfired);
    umig_json_object_end(json);
}

static void tell_unstored(struct umig_cli *cli, const struct unstored *unstored)
{
    if (unstored->batches > 0) {
        umig_say(cli->notes, "umig stop: %" PRIu64 " %s the agent's memory and not stored%s%s",
                 unstored->batches, unstored->batches == 1 ? "batch is in" : "batches are in",
                 unstored->why[0] != '\0' ? ": " : "", unstored->why);
    }
}

/* How to read what was stopped, given the ids of the last agent. */
static void say_next(struct umig_cli *cli,
                     const struct umig_target_list *targets,
                     size_t agent_count,
                     const char *name,
                     const char *ids)
{
    const bool is_name_shared = agent_count > 1 && name[0] != '\0';
    const bool is_one = agent_count == 1 && strchr(ids, ' ') == NULL;
    struct umig_buf line = UMIG_BUF_INIT(LINE_BYTES);
    umig_collector_hint(&cli->places, targets, is_one ? ids : is_name_shared ? "#N" : "ID", &line);
    umig_say(cli->out, "%s", umig_buf_str(&line));
    umig_buf_fini(&line);
}

static int stop_all(struct umig_cli *cli,
                    const struct umig_target_list *targets,
                    const char *id,
                    struct umig_json *json,
                    struct umig_err *err)
{
    struct umig_buf ids = UMIG_BUF_INIT(4096);
    struct umig_buf unfired = UMIG_BUF_INIT(4096);
    bool has_data = false;
    size_t stopped_count = 0;
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < targets->count; i++) {
        if (!has_session(targets->items[i]->reply.message->agent, id)) {
            continue;
        }
        struct unstored unstored = {.batches = 0};
        rc = stop_one(targets->items[i], id, &ids, &unfired, &unstored, err);
        if (rc == UMIG_OK) {
            tell(cli, targets->items[i], umig_buf_str(&ids), umig_buf_str(&unfired), json);
            has_data = has_data || strcmp(umig_buf_str(&ids), umig_buf_str(&unfired)) != 0;
            tell_unstored(cli, &unstored);
            stopped_count++;
        }
    }
    if (rc == UMIG_OK && has_data && json == NULL) {
        say_next(cli, targets, stopped_count, id, umig_buf_str(&ids));
    }
    umig_buf_fini(&unfired);
    umig_buf_fini(&ids);
    if (rc == UMIG_OK && stopped_count == 0 && id[0] == '\0') {
        rc = umig_err_set(err, UMIG_E_UNSUPPORTED, "no session runs there");
    } else if (rc == UMIG_OK && stopped_count == 0) {
        rc = umig_err_set(err, UMIG_E_UNSUPPORTED,
                          "no session '%.64s' runs there; 'umig status' lists those that do", id);
    }
    return umig_err_trace(err, rc);
}

/* As stop_all(); the document is written even if a later agent failed: what is stopped is stopped.
 */
static int stop_with_json(struct umig_cli *cli,
                          const struct umig_target_list *targets,
                          const char *id,
                          struct umig_err *err)
{
    struct umig_buf document = UMIG_BUF_INIT(1 << 20);
    struct umig_json json = UMIG_JSON_INIT(&document);
    umig_json_array(&json, NULL);
    const int rc = stop_all(cli, targets, id, &json, err);
    umig_json_array_end(&json);
    fprintf(cli->out, "%s\n", umig_buf_str(&document));
    umig_buf_fini(&document);
    return umig_err_trace(err, rc);
}

static int run_stop(struct umig_cli *cli, const struct umig_args *args, struct umig_err *err)
{
    const char *id = umig_args_value(args, "name", "");
    struct umig_target_list targets;
    int rc = id[0] != '\0' ? umig_session_name_check(id, err) : UMIG_OK;
    if (rc == UMIG_OK) {
        rc = umig_target_list_find(args->operands[0], &targets, err);
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc == UMIG_NOT_FOUND ? UMIG_E_UNSUPPORTED : rc);
    }
    rc = umig_args_has(args, "json") ? stop_with_json(cli, &targets, id, err)
                                     : stop_all(cli, &targets, id, NULL, err);
    umig_target_list_fini(&targets);
    return rc == UMIG_OK ? UMIG_EXIT_GOOD : umig_err_trace(err, rc);
}

const struct umig_verb umig_verb_stop = {
    .name = "stop",
    .summary = "stop sessions of a JVM",
    .operands = "PID|SERVICE",
    .min_operands = 1,
    .max_operands = 1,
    .options = g_options,
    .notes = "Sessions that the agent's start= option began are stopped only by name.",
    .examples = "# one session\n"
                "umig stop orders --name load-7\n"
                "# all that commands started in this JVM\n"
                "umig stop 4242\n",
    .run = run_stop,
};
