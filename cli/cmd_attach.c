/*
 * One JVM goes through: is it there, has it the agent already, may one attach; the library within
 * its reach; the door; the load; and the new agent is asked who it is. Whatever ends it before the
 * last step leaves nothing of ours behind.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/options.h"
#include "cli/agent_client.h"
#include "cli/attach.h"
#include "cli/attach_library.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/json.h"
#include "core/service.h"

enum {
    LOOK_MS = 20
};

#define WAIT_DEFAULT "10s"
#define WAIT_MIN_NS  UMIG_NS_PER_S
#define WAIT_MAX_NS  (600 * UMIG_NS_PER_S)

static const struct umig_option g_options[] = {
    {.name = "agent",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "PATH",
     .help = "the agent's library, libumigagent.so; default: the one of this command"},
    {.name = "wait",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "TIME",
     .help = "give up after TIME without an answer; 1s to 10m, default: " WAIT_DEFAULT},
    {.name = "json", .help = "write JSON"},
    {.name = NULL},
};

/* What is asked for. */
struct request {
    char library[UMIG_LIBRARY_PATH_BYTES]; /* given; "": the command's own */
    char options[UMIG_ATTACH_WORD_BYTES];
    uint64_t wait_ns;
};

/* One JVM's way through. */
struct outcome {
    struct umig_agent_reply reply; /* of its agent */
    bool was_there;                /* the agent, before */
    uint64_t took_ns;
};

/* --- what is asked for --- */

/* The operands behind the first are options of the agent; here, too, a comma divides them. */
static int read_options(const struct umig_args *args, char *out, struct umig_err *err)
{
    struct umig_agent_options parsed = {.is_strict = false};
    struct umig_buf text = UMIG_BUF_INIT(UMIG_ATTACH_WORD_BYTES - 1);
    for (size_t i = 1; i < args->operand_count; i++) {
        umig_buf_printf(&text, "%s%s", i > 1 ? "," : "", args->operands[i]);
    }
    int rc = UMIG_OK;
    if (text.failed != UMIG_OK) {
        rc = umig_err_set(err, UMIG_E_ARG, "the agent's options are longer than %d bytes",
                          UMIG_ATTACH_WORD_BYTES - 1);
    } else {
        rc = umig_options_parse(umig_buf_str(&text), &parsed, err);
        snprintf(out, UMIG_ATTACH_WORD_BYTES, "%s", umig_buf_str(&text));
    }
    umig_buf_fini(&text);
    return umig_err_trace(err, rc);
}

static int read_library(const struct umig_args *args, char *out, struct umig_err *err)
{
    const char *given = umig_args_value(args, "agent", NULL);
    char resolved[PATH_MAX];
    out[0] = '\0';
    if (given == NULL) {
        return UMIG_OK;
    }
    if (realpath(given, resolved) == NULL) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "--agent %s: %s", given,
                                  umig_errno_text(errno));
    }
    const char *name = strrchr(resolved, '/');
    if (name == NULL || strcmp(name, "/libumigagent.so") != 0) {
        return umig_err_set(err, UMIG_E_ARG,
                            "--agent %s: the agent's library is called libumigagent.so", given);
    }
    if (strlen(resolved) >= UMIG_LIBRARY_PATH_BYTES) {
        return umig_err_set(err, UMIG_E_ARG, "--agent: the path is longer than %d bytes",
                            UMIG_LIBRARY_PATH_BYTES - 1);
    }
    memcpy(out, resolved, strlen(resolved) + 1);
    return UMIG_OK;
}

static int read_request(const struct umig_args *args, struct request *out, struct umig_err *err)
{
    const char *wait = umig_args_value(args, "wait", WAIT_DEFAULT);
    int rc = read_options(args, out->options, err);
    if (rc == UMIG_OK) {
        rc = umig_parse_duration(umig_span_of(wait), &out->wait_ns, err);
    }
    if (rc == UMIG_OK && (out->wait_ns < WAIT_MIN_NS || out->wait_ns > WAIT_MAX_NS)) {
        rc = umig_err_set(err, UMIG_E_ARG, "--wait %s: it must be 1s to 10m", wait);
    }
    if (rc == UMIG_OK) {
        rc = read_library(args, out->library, err);
    }
    return umig_err_trace(err, rc);
}

/* --- one JVM --- */

static void show_wait(void *ctx, const char *what)
{
    umig_progress_show(ctx, what, umig_clock_monotonic_ns());
}

/* A JVM that is still starting loads nothing yet: it is asked again. */
static int load(const struct umig_attach_site *site,
                const char *library,
                const char *options,
                const struct umig_attach_patience *patience,
                struct umig_err *err)
{
    for (;;) {
        int fd = -1;
        int rc = umig_attach_connect(site, patience, &fd, err);
        if (rc != UMIG_OK) {
            return rc;
        }
        rc = umig_attach_load(fd, &site->jvm, library, options, patience, err);
        close(fd);
        if (rc != UMIG_AGAIN) {
            return rc;
        }
        if (umig_clock_monotonic_ns() > patience->deadline_ns) {
            return umig_err_set(err, UMIG_E_UNSUPPORTED, "JVM %d is still starting; attach later",
                                (int)site->jvm.pid);
        }
        show_wait(patience->ctx, "waiting for the JVM to start");
        (void)poll(NULL, 0, LOOK_MS);
    }
}

/* Loaded, the agent opens its socket: at once, or when its loop comes by. */
static int await_agent(const struct umig_jvm *jvm,
                       const struct umig_attach_patience *patience,
                       struct umig_agent_reply *out_reply,
                       struct umig_err *err)
{
    struct umig_jvm now;
    int rc = umig_jvm_inspect(jvm->pid, &now, err);
    while (rc == UMIG_OK) {
        rc = umig_agent_status(&now, UMIG_AGENT_TIMEOUT_MS, out_reply, err);
        if (rc == UMIG_OK || umig_interrupt_came() ||
            umig_clock_monotonic_ns() > patience->deadline_ns ||
            (now.has_socket && err->cause != ENOENT && err->cause != ECONNREFUSED)) {
            break;
        }
        show_wait(patience->ctx, "waiting for the agent to answer");
        (void)poll(NULL, 0, LOOK_MS);
        rc = umig_jvm_inspect(jvm->pid, &now, err);
    }
    return umig_err_trace(err, rc);
}

static int offer_library(const struct umig_attach_site *site,
                         const struct request *request,
                         struct umig_attach_library *library,
                         struct umig_err *err)
{
    char own[UMIG_LIBRARY_PATH_BYTES];
    const char *path = request->library;
    if (path[0] == '\0') {
        path = own;
        if (!umig_attach_library_find(own)) {
            return umig_err_set(err, UMIG_E_UNSUPPORTED,
                                "libumigagent.so is not where this command comes from, or not to "
                                "be read; give its place with --agent PATH");
        }
    }
    return umig_err_trace(err, umig_attach_library_offer(site, path, library, err));
}

/* The library that is in the JVM is loaded again by its name: one agent, whose socket comes back.
 */
static int load_into(const struct umig_attach_site *site,
                     const struct request *request,
                     const struct umig_attach_patience *patience,
                     struct umig_err *err)
{
    struct umig_attach_library library = {.folder = ""};
    if (site->jvm.has_agent) {
        return load(site, site->jvm.agent_path, request->options, patience, err);
    }
    /* First the door, then the copy: nothing is written where nothing can be loaded. */
    int rc = umig_attach_check(&site->jvm, patience->remedy, err);
    rc = rc == UMIG_AGAIN ? UMIG_OK : rc;
    if (rc == UMIG_OK) {
        rc = offer_library(site, request, &library, err);
    }
    if (rc == UMIG_OK) {
        rc = load(site, library.path, request->options, patience, err);
        umig_attach_library_withdraw(site, &library);
    }
    return rc < 0 ? umig_err_trace(err, rc) : rc;
}

/* Options are the first load's; what the agent does is changed by sessions. */
static int check_options(const struct umig_jvm *jvm,
                         const struct request *request,
                         const struct umig_agent_reply *reply,
                         struct umig_err *err)
{
    if (request->options[0] == '\0') {
        return UMIG_OK;
    }
    return umig_err_set(err, UMIG_E_UNSUPPORTED,
                        "JVM %d has the agent already (service %s), and options are read when it "
                        "is first loaded: '%.60s' changes nothing; sessions are started with "
                        "'umig start %d'",
                        (int)jvm->pid, reply->message->agent->process->service, request->options,
                        (int)jvm->pid);
}

/* UMIG_OK: an agent is there and answers; UMIG_NOT_FOUND: nobody does who could. */
static int ask_present(const struct umig_jvm *jvm,
                       const struct request *request,
                       struct outcome *outcome,
                       struct umig_err *err)
{
    struct umig_err why = UMIG_ERR_INIT;
    if (!jvm->has_agent) {
        return UMIG_NOT_FOUND;
    }
    const int rc = umig_agent_status(jvm, UMIG_AGENT_TIMEOUT_MS, &outcome->reply, &why);
    if (rc == UMIG_OK) {
        outcome->was_there = true;
        return umig_err_trace(err, check_options(jvm, request, &outcome->reply, err));
    }
    if (!jvm->has_socket || why.cause == ENOENT || why.cause == ECONNREFUSED) {
        return UMIG_NOT_FOUND; /* its socket is gone, or never was */
    }
    return umig_err_set_cause(err, rc, why.cause, "%s", why.text);
}

static int attach(struct umig_cli *cli,
                  const struct umig_jvm *jvm,
                  const struct request *request,
                  struct outcome *outcome,
                  struct umig_err *err)
{
    const uint64_t begun_ns = umig_clock_monotonic_ns();
    struct umig_progress progress;
    struct umig_attach_site site;
    int rc = ask_present(jvm, request, outcome, err);
    if (rc != UMIG_NOT_FOUND) {
        return umig_err_trace(err, rc);
    }
    rc = umig_attach_site_open(jvm, &site, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    umig_progress_init(&progress, cli->notes, begun_ns);
    const struct umig_attach_patience patience = {
        .deadline_ns = begun_ns + request->wait_ns,
        .on_wait = show_wait,
        .ctx = &progress,
        .remedy = UMIG_ATTACH_BY_AGENTPATH,
    };
    rc = load_into(&site, request, &patience, err);
    if (rc == UMIG_OK) {
        rc = await_agent(jvm, &patience, &outcome->reply, err);
    }
    umig_progress_clear(&progress);
    umig_attach_site_close(&site);
    outcome->took_ns = umig_clock_monotonic_ns() - begun_ns;
    return rc < 0 ? umig_err_trace(err, rc) : rc;
}

/* --- telling --- */

static void say(struct umig_cli *cli, const struct umig_jvm *jvm, const struct outcome *outcome)
{
    const Umig__V1__Process *process = outcome->reply.message->agent->process;
    char took[32];
    char after[32];
    umig_format_duration(outcome->took_ns, took, sizeof took);
    umig_format_duration(process->attached_after_ns, after, sizeof after);
    if (outcome->was_there) {
        umig_say(cli->out, "%s (pid %d) is already attached; start a session with 'umig start %d'.",
                 process->service, (int)jvm->pid, (int)jvm->pid);
        return;
    }
    umig_say(cli->out, "Attached to %s (pid %d, JDK %u) in %s.", process->service, (int)jvm->pid,
             process->jdk, took);
    if (process->attached_after_ns > 0) {
        umig_say(cli->out,
                 "It had run for %s: in code compiled before, inlined methods are told apart less "
                 "exactly",
                 after);
        umig_say(cli->out, "until it is compiled again (docs/attach.md).");
    }
    umig_say(cli->out, "Start a session with 'umig start %d'.", (int)jvm->pid);
}

static void add_json(struct umig_json *json,
                     const struct umig_jvm *jvm,
                     const struct outcome *outcome)
{
    const Umig__V1__Process *process = outcome->reply.message->agent->process;
    umig_json_object(json, NULL);
    umig_json_number(json, "pid", (uint64_t)jvm->pid);
    umig_json_text(json, "service", process->service);
    umig_json_bool(json, "was_attached", outcome->was_there);
    umig_json_number(json, "attached_after_ns", process->attached_after_ns);
    umig_json_number(json, "took_ns", outcome->took_ns);
    umig_json_object_end(json);
}

static int attach_one(struct umig_cli *cli,
                      const struct umig_jvm *jvm,
                      const struct request *request,
                      struct umig_json *json,
                      struct umig_err *err)
{
    struct outcome outcome = {.was_there = false};
    int rc = attach(cli, jvm, request, &outcome, err);
    if (rc == UMIG_OK && json != NULL) {
        add_json(json, jvm, &outcome);
    } else if (rc == UMIG_OK) {
        say(cli, jvm, &outcome);
    } else if (rc > 0) {
        rc = umig_err_set(err, UMIG_E_BUSY, "interrupted; JVM %d is as it was", (int)jvm->pid);
    }
    umig_agent_reply_fini(&outcome.reply);
    return umig_err_trace(err, rc);
}

/* --- which JVMs --- */

/* The service of an agent that is there, else what an agent without service= would call itself. */
static bool has_service(const struct umig_jvm *jvm, const char *service)
{
    struct umig_agent_reply reply = {.message = NULL};
    char name[UMIG_SERVICE_BYTES];
    umig_service_of_main(jvm->main_class, name);
    bool is_it = strcmp(name, service) == 0;
    if (jvm->has_agent && umig_agent_status(jvm, UMIG_AGENT_GLANCE_MS, &reply, NULL) == UMIG_OK) {
        is_it = strcmp(reply.message->agent->process->service, service) == 0;
    }
    umig_agent_reply_fini(&reply);
    return is_it;
}

static int attach_service(struct umig_cli *cli,
                          const char *service,
                          const struct request *request,
                          struct umig_json *json,
                          struct umig_err *err)
{
    struct umig_jvm_list jvms;
    size_t count = 0;
    int rc = umig_jvm_list_scan(&jvms, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    for (size_t i = 0; rc == UMIG_OK && i < jvms.count; i++) {
        if (has_service(&jvms.items[i], service)) {
            rc = attach_one(cli, &jvms.items[i], request, json, err);
            count++;
        }
    }
    umig_jvm_list_fini(&jvms);
    if (rc == UMIG_OK && count == 0) {
        rc = umig_err_set(err, UMIG_E_UNSUPPORTED,
                          "no JVM of this host is called '%.64s' by its main class, jar or agent; "
                          "'umig jvms' lists them",
                          service);
    }
    return umig_err_trace(err, rc);
}

static int attach_word(struct umig_cli *cli,
                       const char *word,
                       const struct request *request,
                       struct umig_json *json,
                       struct umig_err *err)
{
    uint64_t pid = 0;
    struct umig_jvm jvm;
    if (umig_parse_number(umig_span_of(word), &pid, NULL) != UMIG_OK) {
        return umig_name_is_valid(umig_span_of(word))
                   ? attach_service(cli, word, request, json, err)
                   : umig_target_word_refuse(word, err);
    }
    if (pid < 1 || pid > (1u << 22)) {
        return umig_err_set(err, UMIG_E_ARG, "'%.40s' is no PID (1 to 4194304)", word);
    }
    const int rc = umig_jvm_inspect((pid_t)pid, &jvm, err);
    return rc == UMIG_OK ? attach_one(cli, &jvm, request, json, err) : umig_err_trace(err, rc);
}

static int run_attach(struct umig_cli *cli, const struct umig_args *args, struct umig_err *err)
{
    struct request request;
    struct umig_buf document = UMIG_BUF_INIT(1 << 20);
    struct umig_json json = UMIG_JSON_INIT(&document);
    const bool wants_json = umig_args_has(args, "json");
    int rc = read_request(args, &request, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    umig_interrupt_watch();
    umig_json_array(&json, NULL);
    rc = attach_word(cli, args->operands[0], &request, wants_json ? &json : NULL, err);
    umig_json_array_end(&json);
    if (wants_json && rc == UMIG_OK) {
        fprintf(cli->out, "%s\n", umig_buf_str(&document));
    }
    umig_buf_fini(&document);
    umig_interrupt_obey();
    return rc == UMIG_OK ? UMIG_EXIT_GOOD : umig_err_trace(err, rc);
}

const struct umig_verb umig_verb_attach = {
    .name = "attach",
    .summary = "load the agent into a running JVM",
    .operands = "PID|SERVICE [OPTION...]",
    .min_operands = 1,
    .max_operands = UMIG_OPERANDS_MAX,
    .options = g_options,
    .notes =
        "OPTION is one of the agent's, as behind -agentpath: service=NAME, memory=64m ...\n"
        "SERVICE is the main class or jar of the JVM. Containers are reached from outside, by the "
        "PID\nthat this host sees. The agent stays, asleep; 'umig stop' ends all it does. JDK 21 "
        "and later\nwarn of it on standard error unless started with "
        "-XX:+EnableDynamicAgentLoading.",
    .examples = "# find it, attach, profile for half a minute\n"
                "umig jvms\n"
                "umig attach 4242\n"
                "umig start 4242 --duration 30s\n"
                "# with a name for its reports, and a session at once\n"
                "umig attach 4242 service=orders start=cpu:10ms,gc duration=30s\n",
    .run = run_attach,
};
