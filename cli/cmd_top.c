#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/agent_client.h"
#include "cli/collector_client.h"
#include "cli/interrupt.h"
#include "cli/say.h"
#include "cli/session_text.h"
#include "cli/start_request.h"
#include "cli/top_live.h"
#include "cli/top_session.h"
#include "cli/top_terminfo.h"
#include "cli/verb.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/parse.h"
#include "core/units.h"

enum {
    ROWS_DEFAULT = 10,
    ROWS_MAX = 10000,
    CONNECT_PATIENCE_MS = 3000, /* an agent that was just loaded, or whose collector just began */
    CONNECT_POLL_MS = 200
};

#define INTERVAL_MIN_NS     (500 * UMIG_NS_PER_MS)
#define INTERVAL_MAX_NS     (60 * UMIG_NS_PER_S)
#define INTERVAL_DEFAULT_NS (2 * UMIG_NS_PER_S)
#define WINDOW_MIN_NS       (1 * UMIG_NS_PER_S)
#define WINDOW_MAX_NS       (600 * UMIG_NS_PER_S)
#define WINDOW_DEFAULT_NS   (5 * UMIG_NS_PER_S)

static const struct umig_option g_options[] = {
    {.name = "session",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "ID",
     .help = "look at this session, which runs or is stored, instead of starting one"},
    {.name = "interval",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "TIME",
     .help = "look again every TIME, 500ms to 60s; default: 2s"},
    {.name = "window",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "TIME",
     .help = "figures of the last TIME and up to 10s more, 1s to 10m; default: 5s"},
    {.name = "panel",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "NAME",
     .help = "threads (default), methods, pools, heap, gc, alloc, locks, executors, sessions"},
    {.name = "once",
     .help = "write all panels as text and end; so it does without a terminal, too"},
    {.name = "rows",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "COUNT",
     .help = "with --once: rows of each panel, 1 to 10000; default: 10"},
    UMIG_KIND_OPTIONS,
    UMIG_MEANS_OPTIONS,
    {.name = "collector",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "ADDR",
     .help = "ask this collector: unix:PATH or tcp:HOST:PORT; default: the one the agent sends to"},
    {.name = NULL},
};

/* --- what is asked for --- */

static int read_time(const struct umig_args *args,
                     const char *name,
                     const uint64_t range_ns[2],
                     uint64_t *io_ns,
                     struct umig_err *err)
{
    const char *text = umig_args_value(args, name, NULL);
    char least[32];
    char most[32];
    if (text == NULL) {
        return UMIG_OK;
    }
    const int rc = umig_parse_duration(umig_span_of(text), io_ns, err);
    if (rc != UMIG_OK || (*io_ns >= range_ns[0] && *io_ns <= range_ns[1])) {
        return umig_err_trace(err, rc);
    }
    umig_format_duration(range_ns[0], least, sizeof least);
    umig_format_duration(range_ns[1], most, sizeof most);
    return umig_err_set(err, UMIG_E_ARG, "--%s %.40s: it is between %s and %s", name, text, least,
                        most);
}

static int read_rows(const struct umig_args *args, size_t *out_rows, struct umig_err *err)
{
    const char *text = umig_args_value(args, "rows", NULL);
    uint64_t rows = ROWS_DEFAULT;
    if (text != NULL && (umig_parse_number(umig_span_of(text), &rows, NULL) != UMIG_OK ||
                         rows < 1 || rows > ROWS_MAX)) {
        return umig_err_set(err, UMIG_E_ARG, "--rows %.40s: write a number from 1 to %d", text,
                            ROWS_MAX);
    }
    *out_rows = (size_t)rows;
    return UMIG_OK;
}

/* A session that is there already measures what it was started for. */
static int check_session(const struct umig_args *args, const char *session, struct umig_err *err)
{
    static const char *const starts[] = {"cpu",   "gc",    "heap",    "locks",  "wall", "threads",
                                         "alloc", "pools", "mutexes", "native", "clock"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (umig_args_has(args, starts[i])) {
            return umig_err_set(err, UMIG_E_ARG,
                                "--%s starts a session and --session looks at one that is there; "
                                "they exclude each other",
                                starts[i]);
        }
    }
    return umig_session_selector_check(session, err);
}

/* Before anybody is asked; the request itself is made when it is sent. */
static int check_kinds(const struct umig_args *args, struct umig_err *err)
{
    struct umig_start_request request = {.message = {.verb = 0}};
    return umig_start_request_read(args, umig_clock_unix_ns(), &request, err);
}

static int read_options(const struct umig_args *args,
                        struct umig_top_looking *looking,
                        struct umig_err *err)
{
    static const uint64_t intervals[2] = {INTERVAL_MIN_NS, INTERVAL_MAX_NS};
    static const uint64_t windows[2] = {WINDOW_MIN_NS, WINDOW_MAX_NS};
    struct umig_top_feed_options *feed = &looking->feed;
    const char *session = umig_args_value(args, "session", NULL);
    const char *collector = umig_args_value(args, "collector", "");
    feed->interval_ns = INTERVAL_DEFAULT_NS;
    feed->window_ns = WINDOW_DEFAULT_NS;
    looking->is_own = session == NULL;
    looking->panel = umig_args_value(args, "panel", NULL);
    int rc = read_time(args, "interval", intervals, &feed->interval_ns, err);
    rc = rc != UMIG_OK ? rc : read_time(args, "window", windows, &feed->window_ns, err);
    rc = rc != UMIG_OK ? rc : read_rows(args, &looking->row_count, err);
    rc = rc != UMIG_OK     ? rc
         : session != NULL ? check_session(args, session, err)
                           : check_kinds(args, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (strlen(collector) >= sizeof feed->collector ||
        (session != NULL && strlen(session) >= sizeof feed->session)) {
        return umig_err_set(err, UMIG_E_ARG,
                            "the name of the session, or of the collector, is too "
                            "long to be one");
    }
    memcpy(feed->collector, collector, strlen(collector) + 1);
    memcpy(feed->session, session != NULL ? session : "",
           session != NULL ? strlen(session) + 1 : 1);
    return UMIG_OK;
}

/* --- whose --- */

static int refuse_many(const struct umig_target_list *targets,
                       const char *word,
                       struct umig_err *err)
{
    char names[160] = "";
    size_t used = 0;
    for (size_t i = 0; i < targets->count && used + 1 < sizeof names; i++) {
        const struct umig_target *target = targets->items[i];
        const int more =
            snprintf(names + used, sizeof names - used, "%s%.40s (%d)", i > 0 ? ", " : "",
                     target->reply.message->agent->process->service, (int)target->jvm.pid);
        used += more > 0 ? (size_t)more : 0;
    }
    return umig_err_set(err, UMIG_E_ARG, "%s%.64s%s: %s; give the PID of one",
                        word != NULL ? "several JVMs have the name '"
                                     : "several JVMs have the agent",
                        word != NULL ? word : "", word != NULL ? "'" : "", names);
}

/* The one JVM that is meant; without a word, the only one there is. */
static int find_target(const char *word, struct umig_target_list *targets, struct umig_err *err)
{
    int rc = umig_target_list_find(word, targets, err);
    if (rc == UMIG_NOT_FOUND && word == NULL) {
        return umig_err_set(
            err, UMIG_E_UNSUPPORTED,
            "no JVM of this host runs the UMIG agent; 'umig jvms' lists them, 'umig "
            "attach PID' loads it into one");
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc == UMIG_NOT_FOUND ? UMIG_E_UNSUPPORTED : rc);
    }
    if (targets->count == 0) {
        rc = umig_err_set(err, UMIG_E_UNSUPPORTED, "%s", targets->silent_err.text);
    } else if (targets->count > 1) {
        rc = refuse_many(targets, word, err);
    }
    if (rc != UMIG_OK) {
        umig_target_list_fini(targets);
    }
    return rc;
}

/* An agent without a collector keeps what it measures: nobody could show it. */
static int await_collector(const struct umig_target *target, struct umig_err *err)
{
    char why[200] = "";
    for (int waited = 0; waited <= CONNECT_PATIENCE_MS && !umig_interrupt_came();
         waited += CONNECT_POLL_MS) {
        struct umig_agent_reply reply = {.message = NULL};
        const int rc = umig_agent_status(&target->jvm, UMIG_AGENT_TIMEOUT_MS, &reply, err);
        if (rc != UMIG_OK) {
            return umig_err_trace(err, rc);
        }
        const bool is_connected = reply.message->agent->collector_connected != 0;
        snprintf(why, sizeof why, "%s", reply.message->agent->collector_problem);
        umig_agent_reply_fini(&reply);
        if (is_connected) {
            return UMIG_OK;
        }
        (void)!poll(NULL, 0, CONNECT_POLL_MS);
    }
    return umig_err_set(err, UMIG_E_UNSUPPORTED,
                        "the agent in JVM %d has no collector%s%.140s; start one with 'umig "
                        "collector'",
                        (int)target->jvm.pid, why[0] != '\0' ? ": " : "", why);
}

/*
 * The collector that the agent sends to is the one that has the session; from inside a container
 * its address may mean nothing here, then the usual ones are asked.
 */
static int choose_collector(struct umig_top_feed_options *feed,
                            const struct umig_target *target,
                            struct umig_err *err)
{
    struct umig_collector_link link;
    if (feed->collector[0] == '\0' && target != NULL) {
        const char *address = target->reply.message->agent->collector_address;
        if (address[0] != '\0' && strlen(address) < sizeof feed->collector &&
            umig_collector_dial(&feed->places, address, &link, NULL) == UMIG_OK) {
            close(link.fd);
            memcpy(feed->collector, address, strlen(address) + 1);
            return UMIG_OK;
        }
    }
    const int rc = umig_collector_dial(
        &feed->places, feed->collector[0] != '\0' ? feed->collector : NULL, &link, err);
    if (rc == UMIG_OK) {
        close(link.fd);
    }
    return umig_err_trace(err, rc);
}

/* --- looking --- */

static int look(struct umig_cli *cli,
                const struct umig_top_looking *looking,
                bool is_live,
                struct umig_err *err)
{
    return is_live ? umig_top_live(cli, looking, err) : umig_top_once(cli, looking, err);
}

/* Ends the session of ours whatever became of looking at it. */
static int look_at_own(struct umig_cli *cli,
                       const struct umig_args *args,
                       const struct umig_target *target,
                       struct umig_top_looking *looking,
                       bool is_live,
                       struct umig_err *err)
{
    struct umig_err stop_err = UMIG_ERR_INIT;
    int rc = await_collector(target, err);
    rc = rc != UMIG_OK ? rc : umig_top_session_start(target, args, looking->feed.session, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    rc = look(cli, looking, is_live, err);
    if (umig_top_session_stop(&target->jvm, looking->feed.session, &stop_err) != UMIG_OK) {
        umig_say(cli->notes,
                 "umig top: session %s may run still: %s; 'umig stop %d --name %s' ends it",
                 looking->feed.session, stop_err.text, (int)target->jvm.pid, looking->feed.session);
    } else if (rc == UMIG_OK && is_live) {
        umig_say(cli->notes, "All of it: umig report %s%s%s", looking->feed.session,
                 umig_args_has(args, "collector") ? " --collector " : "",
                 umig_args_value(args, "collector", ""));
    }
    return rc;
}

static int run_top(struct umig_cli *cli, const struct umig_args *args, struct umig_err *err)
{
    struct umig_top_looking looking = {.feed.places = cli->places};
    struct umig_target_list targets = {.items = NULL};
    const bool is_live =
        !umig_args_has(args, "once") && cli->is_out_terminal && isatty(STDIN_FILENO) == 1;
    const char *word = args->operand_count > 0 ? args->operands[0] : NULL;
    int rc = read_options(args, &looking, err);
    rc = rc != UMIG_OK || !is_live ? rc : umig_top_terminfo_check(err);
    if (rc == UMIG_OK && (looking.is_own || word != NULL)) {
        rc = find_target(word, &targets, err);
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    const struct umig_target *target = targets.count > 0 ? targets.items[0] : NULL;
    if (target != NULL) {
        looking.feed.jvm = target->jvm;
    }
    umig_interrupt_watch();
    rc = choose_collector(&looking.feed, target, err);
    if (rc == UMIG_OK) {
        rc = looking.is_own ? look_at_own(cli, args, target, &looking, is_live, err)
                            : look(cli, &looking, is_live, err);
    }
    umig_target_list_fini(&targets);
    umig_interrupt_obey();
    return rc == UMIG_OK || rc == UMIG_AGAIN ? UMIG_EXIT_GOOD : umig_err_trace(err, rc);
}

const struct umig_verb umig_verb_top = {
    .name = "top",
    .summary = "watch a service live: threads, methods, heap, collections, allocation, locks",
    .operands = "[PID|SERVICE]",
    .max_operands = 1,
    .options = g_options,
    .notes =
        "It starts a session of its own and ends it when you leave. Without a kind --cpu, --gc, "
        "--heap,\n--locks, --wall, --alloc and --pools are on, at their defaults. Without an operand the "
        "only JVM that has\nthe agent is meant.\n"
        "Keys: ? shows them all; Tab turns to the next panel, s sorts, / filters, f freezes, "
        "Enter shows a\nrow whole (in 'sessions': looks at that one), o writes the report, q "
        "quits.",
    .examples = "# a service on fire\n"
                "umig top orders\n"
                "# methods first, with what libraries and the kernel do\n"
                "umig top 4242 --panel methods --cpu --native on\n"
                "# the session that is always on\n"
                "umig top --session orders-always\n"
                "# for a script: the ten busiest threads\n"
                "umig top orders --once --panel threads\n",
    .run = run_top,
};
