/* What lies in a JVM's heap, by its own word: counted by class, or written to a file. */
#include <stdlib.h>
#include <string.h>

#include "cli/attach.h"
#include "cli/heap_dump.h"
#include "cli/heap_histogram.h"
#include "cli/heap_histogram_write.h"
#include "cli/heap_talk.h"
#include "cli/interrupt.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/parse.h"

#define WAIT_DEFAULT "10s"
#define WAIT_MIN_NS  UMIG_NS_PER_S
#define WAIT_MAX_NS  (600 * UMIG_NS_PER_S)
#define TOP_DEFAULT  "30"

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
     .help = "histogram: text or json; default: text"},
    {.name = "json", .help = "histogram: the same as --format json"},
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
    {.name = "wait",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "TIME",
     .help = "give up if the JVM lets nobody in for TIME; 1s to 10m, default: " WAIT_DEFAULT},
    {.name = NULL},
};

/* What is asked for. */
struct request {
    bool is_dump;
    pid_t pid;
    uint64_t wait_ns;
    uint64_t top;
    bool wants_json;
    bool folds;
    struct umig_heap_dump_request dump;
};

/* --- what is asked for --- */

static int read_pid(const char *word, pid_t *out, struct umig_err *err)
{
    uint64_t pid = 0;
    if (umig_parse_number(umig_span_of(word), &pid, NULL) != UMIG_OK || pid < 1 ||
        pid > (1u << 22)) {
        return umig_err_set(err, UMIG_E_ARG, "'%.40s' is no PID (1 to 4194304)", word);
    }
    *out = (pid_t)pid;
    return UMIG_OK;
}

/* Options of the other word would be ignored: they are refused. */
static int check_options(const struct umig_args *args, bool is_dump, struct umig_err *err)
{
    static const char *const of_histogram[] = {"top", "unfold", "format", "json", NULL};
    static const char *const of_dump[] = {"output", "gzip", "overwrite", "force", NULL};
    const char *const *others = is_dump ? of_histogram : of_dump;
    for (size_t i = 0; others[i] != NULL; i++) {
        if (umig_args_has(args, others[i])) {
            return umig_err_set(err, UMIG_E_ARG, "--%s is for 'umig heap %s'", others[i],
                                is_dump ? "histogram" : "dump");
        }
    }
    return UMIG_OK;
}

static int read_histogram(const struct umig_args *args, struct request *out, struct umig_err *err)
{
    const bool is_json = umig_args_has(args, "json");
    const char *format = umig_args_value(args, "format", is_json ? "json" : "text");
    const char *top = umig_args_value(args, "top", TOP_DEFAULT);
    out->wants_json = strcmp(format, "json") == 0;
    out->folds = !umig_args_has(args, "unfold");
    if (!out->wants_json && strcmp(format, "text") != 0) {
        return umig_err_set(err, UMIG_E_ARG, "'%.40s' is no format; write text or json", format);
    }
    if (is_json && !out->wants_json) {
        return umig_err_set(err, UMIG_E_ARG, "--json and --format %.20s exclude each other",
                            format);
    }
    if (umig_parse_number(umig_span_of(top), &out->top, NULL) != UMIG_OK) {
        return umig_err_set(err, UMIG_E_ARG, "--top %.40s: write a whole number, 0 for all", top);
    }
    return UMIG_OK;
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
    const char *what = args->operands[0];
    const char *wait = umig_args_value(args, "wait", WAIT_DEFAULT);
    out->is_dump = strcmp(what, "dump") == 0;
    if (!out->is_dump && strcmp(what, "histogram") != 0) {
        return umig_err_set(err, UMIG_E_ARG, "'%.40s' is neither histogram nor dump", what);
    }
    int rc = read_pid(args->operands[1], &out->pid, err);
    if (rc == UMIG_OK) {
        rc = check_options(args, out->is_dump, err);
    }
    if (rc == UMIG_OK) {
        rc = out->is_dump ? read_dump(args, out, err) : read_histogram(args, out, err);
    }
    if (rc == UMIG_OK) {
        rc = umig_parse_duration(umig_span_of(wait), &out->wait_ns, err);
    }
    if (rc == UMIG_OK && (out->wait_ns < WAIT_MIN_NS || out->wait_ns > WAIT_MAX_NS)) {
        rc = umig_err_set(err, UMIG_E_ARG, "--wait %s: it must be 1s to 10m", wait);
    }
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

static int run_on(struct umig_cli *cli, const struct request *request, struct umig_err *err)
{
    struct umig_jvm jvm;
    struct umig_progress progress;
    struct umig_heap_talk talk = {.wait_ns = request->wait_ns, .progress = &progress};
    int rc = umig_jvm_inspect(request->pid, &jvm, err);
    if (rc == UMIG_OK) {
        rc = umig_attach_site_open(&jvm, &talk.site, err);
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    umig_progress_init(&progress, cli->notes, umig_clock_monotonic_ns());
    rc = request->is_dump ? dump(cli, &talk, request, err) : histogram(cli, &talk, request, err);
    umig_attach_site_close(&talk.site);
    return umig_err_trace(err, rc);
}

static int run_heap(struct umig_cli *cli, const struct umig_args *args, struct umig_err *err)
{
    struct request request = {.is_dump = false};
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
    .summary = "count or dump what lies in a JVM's heap; no agent needed",
    .operands = "histogram|dump PID",
    .min_operands = 2,
    .max_operands = 2,
    .options = g_options,
    .notes =
        "The JVM stands still while it counts or dumps; without --all it makes a full collection\n"
        "first. A dump holds all that is in memory, passwords too: only the JVM's user may read "
        "it.\nCtrl-C ends a dump: nothing is left of it, and the JVM goes on once it has walked "
        "its heap.\nContainers are reached from outside; FILE is a path in the container then. See "
        "docs/heap.md.",
    .examples = "# what is the heap full of?\n"
                "umig heap histogram 4242\n"
                "# all of it, garbage too and without a collection, for a program\n"
                "umig heap histogram 4242 --all --top 0 --format json\n"
                "# everything, for Eclipse MAT or VisualVM\n"
                "umig heap dump 4242 -o /var/tmp/orders.hprof\n"
                "# a quarter of the size, in more time\n"
                "umig heap dump 4242 -o /var/tmp/orders.hprof.gz --gzip 1\n",
    .run = run_heap,
};
