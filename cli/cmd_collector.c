#include "cli/verb.h"
#include "core/err.h"
#include "core/parse.h"
#include "core/socket.h"

static const struct umig_option g_options[] = {
    {.name = "data",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "DIR",
     .help = "folder of the data; default: UMIG_DATA_DIR, else ~/.local/share/umig"},
    {.name = "listen",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "ADDR",
     .help = "unix:PATH or tcp:HOST:PORT; may be repeated; default: the usual socket"},
    {.name = "retain-age",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "TIME",
     .help = "delete what is older; 1h to 10y, default 14d"},
    {.name = "retain-size",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "SIZE",
     .help = "delete the oldest when the data is larger; 16m and up, default 2g"},
    {.name = NULL},
};

static int run_collector(struct umig_cli *cli, const struct umig_args *args, struct umig_err *err)
{
    (void)cli;
    (void)args;
    return umig_err_set(err, UMIG_E_UNSUPPORTED, "this build has no collector");
}

const struct umig_verb umig_verb_collector = {
    .name = "collector",
    .summary = "run the daemon that stores what agents measure",
    .operands = "",
    .options = g_options,
    .notes = "It runs until Ctrl-C or SIGTERM. Agents of this user find it by themselves; run by "
             "root it\nserves the whole host.",
    .examples = "# for the JVMs of this user\n"
                "umig collector\n"
                "# in a folder of its own, at most 500 MiB, with a port for containers\n"
                "umig collector --data /srv/umig --retain-size 500m --listen tcp:127.0.0.1:7077\n",
    .run = run_collector,
};
