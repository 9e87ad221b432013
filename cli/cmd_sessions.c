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
