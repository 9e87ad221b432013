#include "cli/agent_client.h"
#include "cli/say.h"
#include "cli/source.h"
#include "core/err.h"
#include "core/parse.h"

static const struct umig_option g_options[] = {
    {.name = "service",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "NAME",
     .help = "only sessions of this service"},
    {.name = "json", .help = "write JSON"},
    UMIG_SOURCE_OPTIONS,
    {.name = NULL},
};

/* What agents of this host wait with: no collector knows of it before it fires. */
static void say_armed(struct umig_cli *cli, const char *service)
{
    struct umig_target_list targets;
    if (umig_target_list_find(service[0] != '\0' ? service : NULL, &targets, NULL) != UMIG_OK) {
        return;
    }
    for (size_t i = 0; i < targets.count; i++) {
        struct umig_agent_reply *reply = &targets.items[i]->reply;
        const Umig__V1__AgentStatus *agent = reply->message->agent;
        umig_message_clean(&reply->message->base, &reply->heap.allocator);
        for (size_t at = 0; at < agent->n_sessions; at++) {
            const Umig__V1__SessionStatus *session = agent->sessions[at];
            if (session->when[0] != '\0' && session->because[0] == '\0') {
                umig_say(cli->notes, "armed in JVM %d (%s): %s, until %s%s%s%s",
                         (int)targets.items[i]->jvm.pid, agent->process->service, session->id,
                         session->when, session->now[0] != '\0' ? " (now: " : "", session->now,
                         session->now[0] != '\0' ? ")" : "");
            }
        }
        for (size_t at = 0; at < agent->n_plans; at++) {
            umig_say(cli->notes, "planned in JVM %d (%s): %s; 'umig status %d' says when",
                     (int)targets.items[i]->jvm.pid, agent->process->service, agent->plans[at]->id,
                     (int)targets.items[i]->jvm.pid);
        }
    }
    umig_target_list_fini(&targets);
}

static int run_sessions(struct umig_cli *cli, const struct umig_args *args, struct umig_err *err)
{
    const struct umig_question question = {
        .session = "",
        .format = umig_args_has(args, "json") ? "json" : "text",
        .service = umig_args_value(args, "service", ""),
        .width = cli->is_out_terminal ? cli->width : 0,
    };
    if (question.service[0] != '\0' && !umig_name_is_valid(umig_span_of(question.service))) {
        return umig_err_set(err, UMIG_E_ARG,
                            "'%.64s' is no service name; write 1 to 64 letters, digits, . _ -",
                            question.service);
    }
    const int rc = umig_source_write(cli, args, &question, cli->out, err);
    if (rc == UMIG_OK && !umig_args_has(args, "json") && !umig_args_has(args, "data")) {
        fflush(cli->out);
        say_armed(cli, question.service);
    }
    return rc == UMIG_OK ? UMIG_EXIT_GOOD : umig_err_trace(err, rc);
}

const struct umig_verb umig_verb_sessions = {
    .name = "sessions",
    .summary = "list the sessions a collector has stored",
    .operands = "",
    .options = g_options,
    .examples = "# all of them by number, the newest last\n"
                "umig sessions\n"
                "# those of one service, for a program\n"
                "umig sessions --service orders --json\n"
                "# what an old data folder holds\n"
                "umig sessions --data /backup/umig\n",
    .run = run_sessions,
};
