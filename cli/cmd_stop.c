#include <string.h>

#include "cli/agent_client.h"
#include "cli/session_text.h"
#include "cli/verb.h"
#include "core/err.h"
#include "core/json.h"

static const struct umig_option g_options[] = {
    {.name = "name",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "NAME",
     .help = "only this session; default: every one that a command started"},
    {.name = "json", .help = "write JSON"},
    {.name = NULL                   },
};

static bool has_session(const Umig__V1__AgentStatus *agent, const char *id)
{
    for (size_t i = 0; i < agent->n_sessions; i++) {
        if (strcmp(agent->sessions[i]->id, id) == 0) {
            return true;
        }
    }
    return false;
}

static int stop_one(const struct umig_target *target, const char *id, struct umig_err *err)
{
    Umig__V1__ControlRequest request = UMIG__V1__CONTROL_REQUEST__INIT;
    Umig__V1__StopSession stop = UMIG__V1__STOP_SESSION__INIT;
    struct umig_agent_reply reply = {.message = NULL};
    request.verb = UMIG__V1__CONTROL_VERB__CONTROL_STOP;
    request.stop = &stop;
    stop.id = umig_message_text(id);
    const int rc = umig_agent_ask(&target->jvm, &request, UMIG_AGENT_TIMEOUT_MS, &reply, err);
    umig_agent_reply_fini(&reply);
    return umig_err_trace(err, rc);
}

static void say_stopped(struct umig_cli *cli, const struct umig_target *target, const char *id)
{
    const char *service = target->reply.message->agent->process->service;
    if (id[0] != '\0') {
        fprintf(cli->out, "Session %s in %s (pid %d) is stopped. Read it with 'umig report %s'.\n",
                id, service, (int)target->jvm.pid, id);
    } else {
        fprintf(cli->out, "The sessions that commands started in %s (pid %d) are stopped.\n",
                service, (int)target->jvm.pid);
    }
}

static int stop_all(struct umig_cli *cli,
                    const struct umig_target_list *targets,
                    const char *id,
                    bool wants_json,
                    struct umig_err *err)
{
    struct umig_buf document = UMIG_BUF_INIT(1 << 20);
    struct umig_json json = UMIG_JSON_INIT(&document);
    size_t stopped_count = 0;
    int rc = UMIG_OK;
    umig_json_array(&json, NULL);
    for (size_t i = 0; rc == UMIG_OK && i < targets->count; i++) {
        const struct umig_target *target = targets->items[i];
        const Umig__V1__AgentStatus *agent = target->reply.message->agent;
        if (id[0] != '\0' && !has_session(agent, id)) {
            continue;
        }
        rc = stop_one(target, id, err);
        if (rc == UMIG_OK) {
            stopped_count++;
            umig_json_object(&json, NULL);
            umig_json_number(&json, "pid", (uint64_t)target->jvm.pid);
            umig_json_text(&json, "service", agent->process->service);
            umig_json_object_end(&json);
        }
        if (rc == UMIG_OK && !wants_json) {
            say_stopped(cli, target, id);
        }
    }
    umig_json_array_end(&json);
    if (wants_json) {
        fprintf(cli->out, "%s\n", umig_buf_str(&document));
    }
    umig_buf_fini(&document);
    if (rc == UMIG_OK && stopped_count == 0) {
        rc = umig_err_set(err, UMIG_E_UNSUPPORTED,
                          "no session '%.64s' runs there; 'umig status' lists those that do", id);
    }
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
    rc = stop_all(cli, &targets, id, umig_args_has(args, "json"), err);
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
