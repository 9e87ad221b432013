#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "cli/import_file.h"
#include "cli/import_send.h"
#include "cli/interrupt.h"
#include "cli/say.h"
#include "cli/session_text.h"
#include "cli/verb.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/parse.h"

#define COLLAPSED_INTERVAL_NS (10 * UMIG_NS_PER_MS)
#define JFR_INTERVAL_NS       (20 * UMIG_NS_PER_MS) /* of JFR's default settings */
#define INTERVAL_MIN_NS       UMIG_NS_PER_US
#define INTERVAL_MAX_NS       (10 * UMIG_NS_PER_S)
#define NAME_BYTES            65

static const struct umig_option g_options[] = {
    {.name = "name",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "NAME",
     .help = "what to call the session; default: as the file"},
    {.name = "service",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "NAME",
     .help = "the service it is of; default: imported"},
    {.name = "interval",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "TIME",
     .help = "CPU time a sample stands for; default 10ms, of recordings what they say, else 20ms"},
    {.name = "jfr",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "PATH",
     .help = "the JDK's jfr, to read recordings with; default: of JAVA_HOME, else of PATH"},
    {.name = "collector",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "ADDR",
     .help = "store there: unix:PATH or tcp:HOST:PORT; default: the user's, then the host's"},
    {.name = NULL},
};

/* All that one import is. */
struct job {
    struct umig_import_file file;
    char name[NAME_BYTES];
    const char *service;
    uint64_t interval_ns; /* 0: as the file says */
};

/* The file's name as a session may be called: what it may not hold becomes '-'. */
static void name_after(const char *path, char out[NAME_BYTES])
{
    const char *slash = strrchr(path, '/');
    size_t len = 0;
    for (const char *at = slash != NULL ? slash + 1 : path; *at != '\0' && len < NAME_BYTES - 1;
         at++) {
        const bool is_good = isalnum((unsigned char)*at) != 0 && (unsigned char)*at < 0x80;
        const bool may_stand = is_good || (len > 0 && strchr("._-", *at) != NULL);
        out[len] = may_stand ? *at : '-';
        out[len] = !may_stand && len == 0 ? 'x' : out[len];
        len++;
    }
    out[len] = '\0';
    if (strcmp(out, "latest") == 0 || len == 0) {
        snprintf(out, NAME_BYTES, "import");
    }
}

static int read_job(const struct umig_args *args, struct job *job, struct umig_err *err)
{
    const char *name = umig_args_value(args, "name", NULL);
    const char *interval = umig_args_value(args, "interval", NULL);
    job->file = (struct umig_import_file){.path = args->operands[0],
                                          .jfr = umig_args_value(args, "jfr", NULL)};
    job->service = umig_args_value(args, "service", "imported");
    int rc = UMIG_OK;
    if (name != NULL) {
        rc = umig_session_new_name_check(name, err);
        snprintf(job->name, sizeof job->name, "%s", name);
    } else {
        name_after(job->file.path, job->name);
    }
    if (rc == UMIG_OK && !umig_name_is_valid(umig_span_of(job->service))) {
        rc = umig_err_set(err, UMIG_E_ARG,
                          "'%.64s' is no service name; write 1 to 64 letters, digits, . _ -",
                          job->service);
    }
    if (rc == UMIG_OK && interval != NULL) {
        rc = umig_parse_duration(umig_span_of(interval), &job->interval_ns, err);
        if (rc == UMIG_OK &&
            (job->interval_ns < INTERVAL_MIN_NS || job->interval_ns > INTERVAL_MAX_NS)) {
            rc = umig_err_set(err, UMIG_E_ARG, "--interval %.20s: 1us to 10s are possible",
                              interval);
        }
    }
    rc = rc != UMIG_OK ? rc : umig_import_file_probe(&job->file, err);
    return umig_err_trace(err, rc);
}

static uint32_t length_ms(const struct umig_import *import)
{
    uint32_t last_ms = 0;
    for (size_t i = 0; i < import->row_count; i++) {
        last_ms = import->rows[i].at_ms > last_ms ? import->rows[i].at_ms : last_ms;
    }
    return last_ms;
}

static int store(struct umig_cli *cli,
                 const struct umig_args *args,
                 const struct job *job,
                 const struct umig_import *import,
                 struct umig_progress *progress,
                 struct umig_err *err)
{
    char host[65] = "";
    struct umig_collector_link link;
    const char *address = umig_args_value(args, "collector", NULL);
    (void)gethostname(host, sizeof host - 1);
    const uint64_t usual_ns = job->file.is_jfr ? JFR_INTERVAL_NS : COLLAPSED_INTERVAL_NS;
    const uint64_t told_ns = import->interval_ns > 0 ? import->interval_ns : usual_ns;
    const struct umig_import_session session = {
        .id = job->name,
        .service = job->service,
        .host = host,
        .source =
            job->file.is_jfr ? "imported from a JFR recording" : "imported from collapsed stacks",
        .start_unix_ns = umig_clock_unix_ns() - length_ms(import) * UMIG_NS_PER_MS,
        .interval_ns = job->interval_ns > 0 ? job->interval_ns : told_ns,
    };
    int rc = umig_collector_dial(&cli->places, address, &link, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    rc = umig_import_send(&link, import, &session, progress, err);
    close(link.fd);
    if (rc == UMIG_OK) {
        char interval[48];
        umig_format_duration(session.interval_ns, interval, sizeof interval);
        char skipped[80] = "";
        if (import->skipped > 0) {
            snprintf(skipped, sizeof skipped,
                     "; %llu of native methods or without a stack were left out",
                     (unsigned long long)import->skipped);
        }
        umig_say(cli->out, "Imported %llu samples of %s as session %s%s.",
                 (unsigned long long)import->samples, interval, job->name, skipped);
        umig_say(cli->out, "Read it with 'umig report %s%s%s'; compare with 'umig diff'.",
                 job->name, address != NULL ? " --collector " : "", address != NULL ? address : "");
    }
    return rc;
}

static int run_import(struct umig_cli *cli, const struct umig_args *args, struct umig_err *err)
{
    struct job job = {.interval_ns = 0};
    struct umig_import import = {0};
    struct umig_progress progress;
    int rc = read_job(args, &job, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    umig_interrupt_watch();
    umig_progress_init(&progress, cli->notes, umig_clock_monotonic_ns());
    rc = umig_import_init(&import, err);
    rc = rc != UMIG_OK ? rc : umig_import_file_read(&job.file, &import, &progress, err);
    if (rc == UMIG_END) { /* nothing was sent: there is nothing to put back */
        umig_import_fini(&import);
        umig_interrupt_obey();
        return umig_err_set(err, UMIG_E_BUSY, "interrupted; nothing was imported");
    }
    rc = rc != UMIG_OK ? rc : store(cli, args, &job, &import, &progress, err);
    umig_import_fini(&import);
    return rc == UMIG_OK ? UMIG_EXIT_GOOD : umig_err_trace(err, rc);
}

const struct umig_verb umig_verb_import = {
    .name = "import",
    .summary = "store collapsed stacks or a JFR recording as a session, to compare with",
    .operands = "FILE",
    .min_operands = 1,
    .max_operands = 1,
    .options = g_options,
    .notes =
        "FILE is collapsed stacks ('root;caller;leaf 17' a line, as async-profiler and\n"
        "flamegraph.pl write them) or a JFR recording, which is told by its first bytes and read\n"
        "with the JDK's own jfr: its execution and CPU time samples, of a day at most. The file is\n"
        "read whole before anything is stored: Ctrl-C until then leaves no trace. A session ends\n"
        "when it is imported; collapsed stacks know no times, so all of theirs is one moment.",
    .examples = "# what another profiler saw\n"
                "umig import profile.collapsed --name peer --interval 10ms\n"
                "# a recording, compared with a session of ours\n"
                "umig import load.jfr --name before --service orders\n"
                "umig diff before load-8\n",
    .run = run_import,
};
