/* What lies in a JVM's heap, by its own word: counted by class, or written to a file. */
#include <stdlib.h>
#include <string.h>

#include "cli/agent_client.h"
#include "cli/attach.h"
#include "cli/heap_dump.h"
#include "cli/heap_histogram.h"
#include "cli/heap_histogram_write.h"
#include "cli/heap_loaders.h"
#include "cli/heap_suspects.h"
#include "cli/heap_talk.h"
#include "cli/heap_words.h"
#include "cli/interrupt.h"
#include "cli/say.h"
#include "cli/source.h"
#include "cli/verb.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/parse.h"

#define WAIT_DEFAULT "10s"
#define WAIT_MIN_NS  UMIG_NS_PER_S
#define WAIT_MAX_NS  (600 * UMIG_NS_PER_S)
#define TOP_DEFAULT  "30"

#define WATCH_DEFAULT "2m"
#define WATCH_MIN_NS  (60 * UMIG_NS_PER_S)
#define WATCH_MAX_NS  (12 * 3600 * UMIG_NS_PER_S)
#define CPU_DEFAULT   "5s"
#define CPU_MIN_NS    (100 * UMIG_NS_PER_MS)
#define CPU_MAX_NS    (600 * UMIG_NS_PER_S)

enum {
    PIDS_TOLD = 4 /* of a service of several JVMs */
};

static const struct umig_option g_options[] = {
    {.name = "all", .help = "what nobody can reach any more, too: no collection before"},
    {.name = "top",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "N",
     .help = "histogram: the N largest classes, 0 all of them; default: " TOP_DEFAULT},
    {.name = "unfold", .help = "histogram: each class by itself, under the name the JVM has"},
    {.name = "format",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "FORMAT",
     .help = "all but dump: text or json; default: text"},
    {.name = "json", .help = "all but dump: the same as --format json"},
    {.name = "output",
     .letter = 'o',
     .arity = UMIG_ARITY_VALUE,
     .value_name = "FILE",
     .help = "dump: the file, as the JVM sees it"},
    {.name = "gzip",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "LEVEL",
     .help = "dump: compressed by the JVM, 1 (quick) to 9 (small)"},
    {.name = "overwrite", .help = "dump: FILE may be there; it is replaced once the dump is whole"},
    {.name = "force", .help = "dump: though it seems not to fit"},
    {.name = "watch",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "TIME",
     .help = "suspects: follow objects for TIME in all; 1m to 12h, default: " WATCH_DEFAULT
             " if no session does"},
    {.name = "collect",
     .help = "suspects: ask the JVM for 12 full collections meanwhile, each of which may stop it"},
    {.name = "cpu",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "TIME",
     .help =
         "suspects, holders, loaders: CPU the search may take; 100ms to 10m, default: " CPU_DEFAULT},
    {.name = "no-metaspace",
     .help = "loaders: without what they take of metaspace, for which the JVM stands still"},
    UMIG_SOURCE_OPTIONS,
    {.name = "wait",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "TIME",
     .help = "give up if the JVM lets nobody in for TIME; 1s to 10m, default: " WAIT_DEFAULT},
    {.name = NULL},
};

/* What is asked for. */
struct request {
    enum umig_heap_word what;
    pid_t pid;           /* 0: by service */
    const char *service; /* NULL: by PID */
    uint64_t wait_ns;
    uint64_t top;
    bool wants_json;
    bool folds;
    struct umig_heap_dump_request dump;
    const struct umig_args *args;
    uint64_t watch_ns;
    uint64_t cpu_ns;
};

/* --- what is asked for --- */

/* A number is a PID, whoever runs there; what else may name a service is looked for later. */
static int read_target(const char *word, struct request *out, struct umig_err *err)
{
    uint64_t pid = 0;
    const bool is_number = umig_parse_number(umig_span_of(word), &pid, NULL) == UMIG_OK;
    if (is_number && (pid < 1 || pid > (1u << 22))) {
        return umig_err_set(err, UMIG_E_ARG, "'%.40s' is no PID (1 to 4194304)", word);
    }
    if (!is_number && !umig_name_is_valid(umig_span_of(word))) {
        return umig_target_word_refuse(word, err);
    }
    out->pid = (pid_t)pid;
    out->service = is_number ? NULL : word;
    return UMIG_OK;
}

static int read_format(const struct umig_args *args, bool *out_json, struct umig_err *err)
{
    const bool is_json = umig_args_has(args, "json");
    const char *format = umig_args_value(args, "format", is_json ? "json" : "text");
    *out_json = strcmp(format, "json") == 0;
    if (!*out_json && strcmp(format, "text") != 0) {
        return umig_err_set(err, UMIG_E_ARG, "'%.40s' is no format; write text or json", format);
    }
    if (is_json && !*out_json) {
        return umig_err_set(err, UMIG_E_ARG, "--json and --format %.20s exclude each other",
                            format);
    }
    return UMIG_OK;
}

/* A time that may be given, and how its range is told. */
struct time_option {
    const char *name;
    const char *usual;
    uint64_t min_ns, max_ns;
    const char *range;
};

static int read_time(const struct umig_args *args,
                     const struct time_option *option,
                     uint64_t *out_ns,
                     struct umig_err *err)
{
    const char *word = umig_args_value(args, option->name, option->usual);
    const int rc = umig_parse_duration(umig_span_of(word), out_ns, err);
    if (rc == UMIG_OK && (*out_ns < option->min_ns || *out_ns > option->max_ns)) {
        return umig_err_set(err, UMIG_E_ARG, "--%s %.40s: it must be %s", option->name, word,
                            option->range);
    }
    return umig_err_trace(err, rc);
}

static int read_suspects(const struct umig_args *args, struct request *out, struct umig_err *err)
{
    static const struct time_option watch = {"watch", WATCH_DEFAULT, WATCH_MIN_NS, WATCH_MAX_NS,
                                             "1m to 12h"};
    static const struct time_option cpu = {"cpu", CPU_DEFAULT, CPU_MIN_NS, CPU_MAX_NS,
                                           "100ms to 10m"};
    int rc = read_format(args, &out->wants_json, err);
    rc = rc != UMIG_OK ? rc : read_time(args, &watch, &out->watch_ns, err);
    return rc != UMIG_OK ? rc : read_time(args, &cpu, &out->cpu_ns, err);
}

static int read_histogram(const struct umig_args *args, struct request *out, struct umig_err *err)
{
    const char *top = umig_args_value(args, "top", TOP_DEFAULT);
    out->folds = !umig_args_has(args, "unfold");
    const int rc = read_format(args, &out->wants_json, err);
    if (rc == UMIG_OK && umig_parse_number(umig_span_of(top), &out->top, NULL) != UMIG_OK) {
        return umig_err_set(err, UMIG_E_ARG, "--top %.40s: write a whole number, 0 for all", top);
    }
    return rc;
}

static int read_dump(const struct umig_args *args, struct request *out, struct umig_err *err)
{
    const char *level = umig_args_value(args, "gzip", NULL);
    out->dump = (struct umig_heap_dump_request){
        .file = umig_args_value(args, "output", NULL),
        .wants_all = umig_args_has(args, "all"),
        .overwrites = umig_args_has(args, "overwrite"),
        .is_forced = umig_args_has(args, "force"),
    };
    if (out->dump.file == NULL || out->dump.file[0] == '\0') {
        return umig_err_set(err, UMIG_E_ARG, "where to? -o FILE is missing");
    }
    if (level != NULL && (level[0] < '1' || level[0] > '9' || level[1] != '\0')) {
        return umig_err_set(err, UMIG_E_ARG, "--gzip %.40s: it must be 1 to 9", level);
    }
    out->dump.gzip_level = level != NULL ? (unsigned)(level[0] - '0') : 0;
    return UMIG_OK;
}

static int read_request(const struct umig_args *args, struct request *out, struct umig_err *err)
{
    static int (*const readers[])(const struct umig_args *, struct request *, struct umig_err *) = {
        [UMIG_HEAP_HISTOGRAM] = read_histogram, [UMIG_HEAP_DUMP] = read_dump,
        [UMIG_HEAP_SUSPECTS] = read_suspects,   [UMIG_HEAP_HOLDERS] = read_suspects,
        [UMIG_HEAP_LOADERS] = read_suspects,
    };
    static const struct time_option wait = {"wait", WAIT_DEFAULT, WAIT_MIN_NS, WAIT_MAX_NS,
                                            "1s to 10m"};
    out->args = args;
    int rc = umig_heap_word_read(args->operands[0], &out->what, err);
    rc = rc != UMIG_OK ? rc : umig_heap_word_check(args, out->what, err);
    rc = rc != UMIG_OK ? rc : read_target(args->operands[1], out, err);
    rc = rc != UMIG_OK ? rc : readers[out->what](args, out, err);
    rc = rc != UMIG_OK ? rc : read_time(args, &wait, &out->wait_ns, err);
    return umig_err_trace(err, rc);
}

/* --- histogram --- */

static int ask_histogram(const struct umig_heap_talk *talk,
                         const struct request *request,
                         struct umig_heap_histogram *out_histogram,
                         struct umig_heap_cost *out_cost,
                         struct umig_err *err)
{
    const struct umig_attach_command command = {
        .words = {"inspectheap", request->dump.wants_all ? "-all" : "-live"},
        .what = "the JVM counts its objects",
        .afterwards = "",
        .reply_bytes = UMIG_HEAP_HISTOGRAM_BYTES,
    };
    struct umig_buf reply = UMIG_BUF_INIT(UMIG_HEAP_HISTOGRAM_BYTES + (64u << 10));
    struct umig_span text;
    int rc = umig_heap_ask(talk, &command, &reply, &text, out_cost, err);
    if (rc == UMIG_OK) {
        rc = umig_heap_histogram_read(text.at, text.len, request->folds, out_histogram, err);
    }
    umig_buf_fini(&reply);
    return rc < 0 ? umig_err_trace(err, rc) : rc;
}

static int histogram(struct umig_cli *cli,
                     const struct umig_heap_talk *talk,
                     const struct request *request,
                     struct umig_err *err)
{
    struct umig_heap_histogram histogram;
    struct umig_heap_cost cost;
    int rc = ask_histogram(talk, request, &histogram, &cost, err);
    umig_progress_clear(talk->progress);
    if (rc == UMIG_END) {
        return umig_err_set(err, UMIG_E_BUSY, "interrupted; JVM %d ends its count by itself",
                            (int)talk->site.jvm.pid);
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    const struct umig_heap_histogram_view view = {
        .jvm = &talk->site.jvm,
        .histogram = &histogram,
        .cost = &cost,
        .top = (size_t)request->top,
        .is_all = request->dump.wants_all,
        .is_folded = request->folds,
        .has_color = cli->has_color,
    };
    rc = request->wants_json ? umig_heap_histogram_write_json(&view, cli->out, err)
                             : umig_heap_histogram_write_text(&view, cli->out, err);
    umig_heap_histogram_fini(&histogram);
    return umig_err_trace(err, rc);
}

/* --- dump --- */

static void say_dump(struct umig_cli *cli,
                     const struct umig_heap_talk *talk,
                     const struct umig_heap_dump *dump)
{
    char size[32];
    char took[32];
    char cost[160];
    umig_format_bytes(dump->byte_count, size, sizeof size);
    umig_format_duration(dump->cost.took_ns, took, sizeof took);
    umig_heap_cost_text(&dump->cost, cost, sizeof cost);
    umig_say(cli->out, "Wrote %s in %s to %s, for %s alone to read; %s.", size, took,
             dump->place.file, talk->site.jvm.user, cost);
    if (dump->place.seen[0] != '\0' && strcmp(dump->place.seen, dump->place.file) != 0) {
        umig_say(cli->out, "From here it is %s.", dump->place.seen);
    }
}

static int interrupted(const struct umig_heap_talk *talk,
                       const struct umig_heap_dump *dump,
                       struct umig_err *err)
{
    const char *rest = dump->has_answered ? "goes on"
                       : dump->is_cut
                           ? "goes on once it has walked its heap"
                           : "still writes, into a file without a name, and goes on then";
    return umig_err_set(err, UMIG_E_BUSY, "interrupted; nothing is left of the dump, and JVM %d %s",
                        (int)talk->site.jvm.pid, rest);
}

static int dump(struct umig_cli *cli,
                const struct umig_heap_talk *talk,
                const struct request *request,
                struct umig_err *err)
{
    static struct umig_heap_dump result;
    int rc = umig_heap_dump(talk, &request->dump, &result, err);
    umig_progress_clear(talk->progress);
    if (rc == UMIG_OK) {
        say_dump(cli, talk, &result);
    } else if (rc == UMIG_END) {
        rc = interrupted(talk, &result, err);
    }
    umig_heap_place_close(&result.place);
    return umig_err_trace(err, rc);
}

/* --- the verb --- */

static int suspects(struct umig_cli *cli,
                    const struct umig_jvm *jvm,
                    const struct request *request,
                    struct umig_progress *progress,
                    struct umig_err *err)
{
    const struct umig_heap_suspects_request asked = {
        .jvm = jvm,
        .args = request->args,
        .progress = progress,
        .watch_ns = request->watch_ns,
        .is_watch_said = umig_args_has(request->args, "watch"),
        .cpu_ns = request->cpu_ns,
        .collects = umig_args_has(request->args, "collect"),
        .wait_ns = request->wait_ns,
        .wants_json = request->wants_json,
        .classes = request->args->operands + 2,
        .class_count = request->args->operand_count - 2,
    };
    const int rc = umig_heap_suspects(cli, &asked, err);
    umig_progress_clear(progress);
    return rc == UMIG_END ? umig_err_set(err, UMIG_E_BUSY, "interrupted; nothing goes on in JVM %d",
                                         (int)jvm->pid)
                          : umig_err_trace(err, rc);
}

static int loaders(struct umig_cli *cli,
                   const struct umig_jvm *jvm,
                   const struct request *request,
                   struct umig_progress *progress,
                   struct umig_err *err)
{
    const struct umig_heap_loaders_request asked = {
        .jvm = jvm,
        .progress = progress,
        .cpu_ns = request->cpu_ns,
        .wait_ns = request->wait_ns,
        .wants_metaspace = !umig_args_has(request->args, "no-metaspace"),
        .wants_json = request->wants_json,
    };
    const int rc = umig_heap_loaders(cli, &asked, err);
    umig_progress_clear(progress);
    return rc == UMIG_END ? umig_err_set(err, UMIG_E_BUSY, "interrupted; nothing goes on in JVM %d",
                                         (int)jvm->pid)
                          : umig_err_trace(err, rc);
}

static int at_the_door(struct umig_cli *cli,
                       const struct umig_jvm *jvm,
                       const struct request *request,
                       struct umig_progress *progress,
                       struct umig_err *err)
{
    struct umig_heap_talk talk = {.wait_ns = request->wait_ns, .progress = progress};
    int rc = umig_attach_site_open(jvm, &talk.site, err);
    if (rc == UMIG_OK) {
        rc = request->what == UMIG_HEAP_DUMP ? dump(cli, &talk, request, err)
                                             : histogram(cli, &talk, request, err);
        umig_attach_site_close(&talk.site);
    }
    return umig_err_trace(err, rc);
}

/* "4502, 4711 and 2 more". */
static void put_pids(const struct umig_target_list *targets, char *out, size_t room)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < targets->count && i < PIDS_TOLD; i++) {
        len += (size_t)snprintf(out + len, room - len, "%s%d", i > 0 ? ", " : "",
                                (int)targets->items[i]->jvm.pid);
    }
    if (targets->count > PIDS_TOLD) {
        snprintf(out + len, room - len, " and %zu more", targets->count - PIDS_TOLD);
    }
}

/* The one JVM of a service: a heap is one JVM's. */
static int find_jvm(const char *service, struct umig_jvm *out_jvm, struct umig_err *err)
{
    struct umig_target_list targets;
    char pids[PIDS_TOLD * 12 + 32];
    int rc = umig_target_list_find(service, &targets, err);
    if (rc != UMIG_OK) {
        /* Nobody to ask is no answer but a failure. */
        return umig_err_trace(err, rc == UMIG_NOT_FOUND ? UMIG_E_UNSUPPORTED : rc);
    }
    if (targets.count == 1) {
        *out_jvm = targets.items[0]->jvm;
    } else {
        put_pids(&targets, pids, sizeof pids);
        rc = umig_err_set(err, UMIG_E_UNSUPPORTED,
                          "%zu JVMs have the service name '%.64s': name one by its PID (%s)",
                          targets.count, service, pids);
    }
    umig_target_list_fini(&targets);
    return rc;
}

static int run_on(struct umig_cli *cli, const struct request *request, struct umig_err *err)
{
    struct umig_jvm jvm;
    struct umig_progress progress;
    const int rc = request->service != NULL ? find_jvm(request->service, &jvm, err)
                                            : umig_jvm_inspect(request->pid, &jvm, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    umig_progress_init(&progress, cli->notes, umig_clock_monotonic_ns());
    if (request->what == UMIG_HEAP_DUMP || request->what == UMIG_HEAP_HISTOGRAM) {
        return at_the_door(cli, &jvm, request, &progress, err);
    }
    return request->what == UMIG_HEAP_LOADERS ? loaders(cli, &jvm, request, &progress, err)
                                              : suspects(cli, &jvm, request, &progress, err);
}

static int run_heap(struct umig_cli *cli, const struct umig_args *args, struct umig_err *err)
{
    struct request request = {.what = UMIG_HEAP_HISTOGRAM};
    int rc = read_request(args, &request, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    request.dump.wants_all = umig_args_has(args, "all");
    umig_interrupt_watch();
    rc = run_on(cli, &request, err);
    if (rc == UMIG_E_BUSY) {
        umig_say(cli->notes, "umig heap: %s", err->text);
        fflush(cli->notes);
    }
    umig_interrupt_obey();
    return rc == UMIG_OK ? UMIG_EXIT_GOOD : umig_err_trace(err, rc);
}

const struct umig_verb umig_verb_heap = {
    .name = "heap",
    .summary = "count or dump what lies in a JVM's heap; who leaks, and who holds it",
    .operands = "histogram|dump|suspects|loaders PID|SERVICE, holders PID|SERVICE CLASS...",
    .min_operands = 2,
    .max_operands = 2 + UMIG_HEAP_CLASSES_MAX,
    .options = g_options,
    .notes =
        "histogram and dump need no agent. The JVM stands still while it counts or dumps; without\n"
        "--all it makes a full collection first. For suspects the agent follows objects, by a session\n"
        "of kind live where one runs, and searches for what holds them without stopping anything.\n"
        "loaders asks the agent for class loaders that should be gone: of scripts that were compiled\n"
        "again and again, and are held.\n"
        "A dump holds all that is in memory, passwords too: only the JVM's user may read "
        "it.\nCtrl-C ends a dump: nothing is left of it, and the JVM goes on once it has walked "
        "its heap.\nContainers are reached from outside; FILE is a path in the container then. See "
        "docs/heap.md.",
    .examples =
        "# what leaks, allocated where, and who holds it?\n"
        "umig heap suspects 4242 --watch 10m\n"
        "# the same of a heap that is seldom collected: 12 full collections are made for it\n"
        "umig heap suspects 4242 --collect\n"
        "# who holds all these?\n"
        "umig heap holders 4242 svc.Session 'java.lang.Object[]'\n"
        "# metaspace grows: which scripts' class loaders should be gone, and who holds them?\n"
        "umig heap loaders 4242\n"
        "# what is the heap full of?\n"
        "umig heap histogram 4242\n"
        "# all of it, garbage too and without a collection, for a program\n"
        "umig heap histogram 4242 --all --top 0 --format json\n"
        "# everything, for Eclipse MAT or VisualVM\n"
        "umig heap dump 4242 -o /var/tmp/orders.hprof\n"
        "# a quarter of the size, in more time\n"
        "umig heap dump 4242 -o /var/tmp/orders.hprof.gz --gzip 1\n",
    .run = run_heap,
};
