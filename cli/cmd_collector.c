#include <string.h>

#include "cli/say.h"
#include "cli/verb.h"
#include "collector/daemon/collector.h"
#include "core/err.h"
#include "core/parse.h"
#include "core/socket.h"
#include "core/units.h"

#define AGE_MIN_NS     (3600 * UMIG_NS_PER_S)
#define AGE_MAX_NS     (3650 * 24 * 3600 * UMIG_NS_PER_S)
#define SIZE_MIN_BYTES (UINT64_C(16) << 20)

static const struct umig_option g_options[] = {
    {.name = "data",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "DIR",
     .help = "folder; default: UMIG_DATA_DIR, else root /var/lib/umig, others ~/.local/share/umig"},
    {.name = "listen",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "ADDR",
     .help =
         "unix:PATH or tcp:HOST:PORT (0: a free one); repeat for more; default: the usual socket"},
    {.name = "retain-age",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "TIME",
     .help = "delete what is older; 1h to 3650d, default 14d"},
    {.name = "retain-size",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "SIZE",
     .help = "delete the oldest when the data is larger; 16m and up, default 2g"},
    {.name = NULL},
};

enum {
    LISTEN_MAX = 8
};

/* What the options say. */
struct wish {
    struct umig_collector_options options; /* leads to listen */
    struct umig_address listen[LISTEN_MAX];
};

static int read_listen(const struct umig_args *args, struct wish *wish, struct umig_err *err)
{
    size_t *count = &wish->options.listen_count;
    wish->options.listen = wish->listen;
    for (size_t i = 0; i < args->count; i++) {
        if (strcmp(args->items[i].option->name, "listen") != 0) {
            continue;
        }
        if (*count == LISTEN_MAX) {
            return umig_err_set(err, UMIG_E_ARG, "more than %d addresses to listen on", LISTEN_MAX);
        }
        const int rc =
            umig_address_parse(umig_span_of(args->items[i].value), &wish->listen[*count], err);
        if (rc != UMIG_OK) {
            return umig_err_trace(err, rc);
        }
        ++*count;
    }
    return UMIG_OK;
}

static int read_retention(const struct umig_args *args, struct wish *wish, struct umig_err *err)
{
    const char *age = umig_args_value(args, "retain-age", "14d");
    const char *size = umig_args_value(args, "retain-size", "2g");
    int rc = umig_parse_duration(umig_span_of(age), &wish->options.retain_age_ns, err);
    if (rc == UMIG_OK) {
        rc = umig_parse_size(umig_span_of(size), &wish->options.retain_size_bytes, err);
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (wish->options.retain_age_ns < AGE_MIN_NS || wish->options.retain_age_ns > AGE_MAX_NS) {
        return umig_err_set(err, UMIG_E_ARG, "--retain-age %s must be 1h to 3650d", age);
    }
    if (wish->options.retain_size_bytes < SIZE_MIN_BYTES) {
        return umig_err_set(err, UMIG_E_ARG, "--retain-size %s must be 16m or more", size);
    }
    return UMIG_OK;
}

static bool is_loopback(const struct umig_address *address)
{
    return strncmp(address->host, "127.", 4) == 0 || strcmp(address->host, "::1") == 0 ||
           strcmp(address->host, "localhost") == 0;
}

static void warn_of_open_ports(const struct umig_cli *cli, const struct wish *wish)
{
    for (size_t i = 0; i < wish->options.listen_count; i++) {
        const struct umig_address *address = &wish->listen[i];
        if (!address->is_unix && !is_loopback(address)) {
            char where[UMIG_ADDRESS_BYTES];
            umig_address_format(address, where);
            if (address->port == 0) {
                snprintf(where, sizeof where, "a free port of %s", address->host);
            }
            umig_say(cli->notes,
                     "umig collector: anybody who reaches %s may send data and read what came over "
                     "TCP: there is no authentication yet",
                     where);
        }
    }
}

static int run_collector(struct umig_cli *cli, const struct umig_args *args, struct umig_err *err)
{
    struct wish wish = {
        .options = {.data_dir = umig_args_value(args, "data", cli->places.data_dir)}};
    int rc = read_listen(args, &wish, err);
    if (rc == UMIG_OK) {
        rc = read_retention(args, &wish, err);
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    warn_of_open_ports(cli, &wish);
    rc = umig_collector_run(&wish.options, err);
    /* The options were good: what stands in the way now is a failure, not a wrong use. */
    return rc == UMIG_OK ? UMIG_EXIT_GOOD
                         : umig_err_trace(err, rc == UMIG_E_ARG ? UMIG_E_UNSUPPORTED : rc);
}

const struct umig_verb umig_verb_collector = {
    .name = "collector",
    .summary = "run the daemon that stores what agents measure",
    .operands = "",
    .options = g_options,
    .notes =
        "It runs until Ctrl-C or SIGTERM. Agents of this user find it by themselves; run by "
        "root it\nserves the whole host. --listen replaces the usual socket: name that too to keep it.\n"
        "TCP has no authentication yet: anybody who reaches the port may send data and read\n"
        "what came over TCP. Use loopback or a tunnel.",
    .examples =
        "# for the JVMs of this user\n"
        "umig collector\n"
        "# in a folder of its own, at most 500 MiB\n"
        "umig collector --data /srv/umig --retain-size 500m\n"
        "# also on a port; the usual socket (here of user 0) has to be named then, too\n"
        "umig collector --listen unix:/tmp/umig-0/collector.sock --listen tcp:127.0.0.1:7077\n",
    .run = run_collector,
};
