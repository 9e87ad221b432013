#include "cli/agent_client.h"
#include "cli/failures.h"
#include "cli/say.h"
#include "cli/status_text.h"
#include "cli/verb.h"
#include "core/err.h"

static const struct umig_option g_options[] = {
    {.name = "failures", .help = "show where the newest stacks could not be walked"},
    {.name = "json", .help = "write JSON"},
    {.name = NULL},
};

static void write_json(struct umig_cli *cli,
                       const struct umig_target_list *targets,
                       bool wants_failures)
{
    struct umig_buf document = UMIG_BUF_INIT(64 << 20);
    struct umig_json json = UMIG_JSON_INIT(&document);
    umig_json_object(&json, NULL);
    umig_json_array(&json, "agents");
    for (size_t i = 0; i < targets->count; i++) {
        umig_agent_status_json(targets->items[i], wants_failures, &json);
    }
    umig_json_array_end(&json);
    umig_json_number(&json, "silent", targets->silent_count);
    umig_json_object_end(&json);
    fprintf(cli->out, "%s\n", umig_buf_str(&document));
    umig_buf_fini(&document);
}

static void write_text(struct umig_cli *cli,
                       const struct umig_target_list *targets,
                       bool wants_failures)
{
    void (*const put)(const struct umig_target *, bool, struct umig_buf *) =
        wants_failures ? umig_agent_failures_text : umig_agent_status_text;
    for (size_t i = 0; i < targets->count; i++) {
        struct umig_agent_reply *reply = &targets->items[i]->reply;
        struct umig_buf text = UMIG_BUF_INIT(1 << 20);
        umig_message_clean(&reply->message->base, &reply->heap.allocator);
        put(targets->items[i], cli->has_color, &text);
        fprintf(cli->out, "%s%s", i > 0 ? "\n" : "", umig_buf_str(&text));
        umig_buf_fini(&text);
    }
}

static int run_status(struct umig_cli *cli, const struct umig_args *args, struct umig_err *err)
{
    struct umig_target_list targets = {.items = NULL};
    const char *word = args->operand_count > 0 ? args->operands[0] : NULL;
    const int rc = umig_target_list_find(word, &targets, err);
    if (rc < 0) {
        return umig_err_trace(err, rc);
    }
    const bool wants_failures = umig_args_has(args, "failures");
    if (umig_args_has(args, "json")) {
        write_json(cli, &targets, wants_failures);
    } else {
        write_text(cli, &targets, wants_failures);
    }
    if (rc == UMIG_NOT_FOUND) {
        umig_say(cli->notes, "umig status: %s", err->text);
    }
    if (word == NULL && targets.silent_count > 0) {
        umig_say(cli->notes, "umig status: %zu more %s not asked: %s", targets.silent_count,
                 targets.silent_count == 1 ? "agent was" : "agents were", targets.silent_err.text);
    }
    /* Agents that are there and do not answer are not none. */
    const int code = targets.count > 0          ? UMIG_EXIT_GOOD
                     : targets.silent_count > 0 ? UMIG_EXIT_FAILURE
                                                : UMIG_EXIT_NO;
    umig_target_list_fini(&targets);
    return code;
}

const struct umig_verb umig_verb_status = {
    .name = "status",
    .summary = "show agents live: sessions, counters, data quality, own cost",
    .operands = "[PID|SERVICE]",
    .max_operands = 1,
    .options = g_options,
    .notes =
        "Exits 1 if no agent is there, 3 if none could be asked.\n"
        "'failed' are stacks that could not be read: they stay in the profile under their cause.\n"
        "'dropped' is what is missing from it, by cause.\n"
        "--failures is for an issue about stacks that fail: the newest 32, each with registers, "
        "code and\n8 words of stack, which may hold values of the application. With --json they "
        "are added.",
    .examples = "# every agent of this host\n"
                "umig status\n"
                "# one service\n"
                "umig status orders\n"
                "# why do stacks fail?\n"
                "umig status orders --failures\n"
                "# has the collector everything?\n"
                "umig status orders --json | jq '.agents[].collector.unacked_batches'\n",
    .run = run_status,
};
