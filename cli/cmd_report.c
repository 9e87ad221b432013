#include <stdio.h>
#include <string.h>

#include "cli/session_text.h"
#include "cli/source.h"
#include "core/err.h"
#include "core/parse.h"

static const struct umig_option g_options[] = {
    {.name = "format",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "FORMAT",
     .help = "text (default), json, html; for other tools: collapsed, pprof, speedscope, otlp"},
    {.name = "output",
     .letter = 'o',
     .arity = UMIG_ARITY_VALUE,
     .value_name = "FILE",
     .help = "write to FILE, whole or not at all; - is standard output"},
    {.name = "kind",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "KIND",
     .help = "what a file for other tools has the stacks of: cpu (default), alloc, locks, wall"},
    {.name = "unfold", .help = "show Groovy's dispatch frames instead of folding them"},
    {.name = "json", .help = "same as --format json"},
    UMIG_SOURCE_OPTIONS,
    {.name = NULL},
};

#define FORMAT_NAME_BYTES 32

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words != NULL && strcmp(*words, word) != 0) {
        words++;
    }
    return *words != NULL;
}

static int choose_format(const struct umig_args *args,
                         const char **out_format,
                         struct umig_err *err)
{
    static const char *const formats[] = {"text",  "json",       "html", "collapsed",
                                          "pprof", "speedscope", "otlp", NULL};
    return umig_source_format(
        args, formats, "text, json, html, collapsed, pprof, speedscope or otlp", out_format, err);
}

/* Of what the stacks are in a file for other tools; the other formats show all kinds. */
static int choose_kind(const struct umig_args *args,
                       const char *format,
                       const char **out_kind,
                       struct umig_err *err)
{
    static const char *const kinds[] = {"cpu", "alloc", "locks", "wall", NULL};
    static const char *const files[] = {"collapsed", "pprof", "speedscope", "otlp", NULL};
    const char *kind = umig_args_value(args, "kind", kinds[0]);
    if (!is_one_of(kind, kinds)) {
        return umig_err_set(err, UMIG_E_ARG,
                            "'%.40s' is no kind that has stacks for other tools; write cpu, alloc, "
                            "locks or wall",
                            kind);
    }
    if (strcmp(kind, kinds[0]) != 0 && !is_one_of(format, files)) {
        return umig_err_set(err, UMIG_E_ARG,
                            "--kind %s is for stacks, and %s has all kinds; write --format "
                            "collapsed, pprof, speedscope or otlp",
                            kind, format);
    }
    *out_kind = kind;
    return UMIG_OK;
}

/*
 * To a collector a kind is a part of the format's name: "pprof-alloc". CPU is none, as collectors
 * that know no others expect.
 */
static void name_format(const char *format, const char *kind, char out_name[FORMAT_NAME_BYTES])
{
    const bool is_cpu = strcmp(kind, "cpu") == 0;
    snprintf(out_name, FORMAT_NAME_BYTES, "%s%s%s", format, is_cpu ? "" : "-", is_cpu ? "" : kind);
}

/* How files end that nobody reads on a terminal: there they are written even without -o. */
static const char *ending_of(const char *format)
{
    static const struct {
        const char *format, *ending;
    } endings[] = {{"html", "html"},
                   {"pprof", "pb.gz"},
                   {"speedscope", "speedscope.json"},
                   {"otlp", "otlp.pb"}};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (strcmp(endings[i].format, format) == 0) {
            return endings[i].ending;
        }
    }
    return NULL;
}

static int run_report(struct umig_cli *cli, const struct umig_args *args, struct umig_err *err)
{
    const char *format = NULL;
    const char *kind = NULL;
    char name[FORMAT_NAME_BYTES];
    struct umig_question question = {
        .verb = UMIG_ASK_REPORT,
        .session = args->operand_count > 0 ? args->operands[0] : "latest",
        .format = name,
        .service = "",
        .should_unfold = umig_args_has(args, "unfold"),
    };
    int rc = choose_format(args, &format, err);
    rc = rc != UMIG_OK ? rc : choose_kind(args, format, &kind, err);
    rc = rc != UMIG_OK ? rc : umig_session_selector_check(question.session, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    name_format(format, kind, name);
    char made_path[128];
    const char *ending = ending_of(format);
    snprintf(made_path, sizeof made_path, "umig-report-%s%s.%s",
             question.session + (question.session[0] == '#'), name + strlen(format),
             ending != NULL ? ending : "");
    rc = umig_source_answer(cli, args, &question, ending != NULL ? made_path : NULL, err);
    return rc == UMIG_OK ? UMIG_EXIT_GOOD : umig_err_trace(err, rc);
}

const struct umig_verb umig_verb_report = {
    .name = "report",
    .summary = "say what a session found: text, page, JSON, or files for other tools",
    .operands = "[ID|#N|latest]",
    .max_operands = 1,
    .options = g_options,
    .notes =
        "ID may be shortened as long as one session begins with it; #N is its number in "
        "'umig sessions'.\nWithout either the latest is meant; of several with one ID the newest.\nThe page (html) is one file that needs no network. On a terminal it, and what other tools read, "
        "is\nwritten to umig-report-ID.html and the like.\nOther tools get the stacks of one kind. alloc: objects and bytes, by the class of what was allocated.\nlocks: waits and how long they were, by the class of the lock. wall: time of threads, by what they did\n([running], [parked]). collapsed has one value a stack: CPU time in sampling intervals, 1 at least;\nbytes; of locks and wall microseconds.",
    .examples = "# the answer in words\n"
                "umig report latest\n"
                "# a page with a flame graph, to show around\n"
                "umig report load-7 --format html -o load-7.html\n"
                "# hottest stacks, for other tools\n"
                "umig report load-7 --format collapsed | awk '{print $NF, $0}' | sort -rn | head\n"
                "# where threads wait for locks, and for how many microseconds\n"
                "umig report load-7 --format collapsed --kind locks\n"
                "# for 'go tool pprof': CPU, and allocation by stack and class\n"
                "umig report load-7 --format pprof -o load-7.pb.gz\n"
                "umig report load-7 --format pprof --kind alloc -o load-7-alloc.pb.gz\n"
                "# for speedscope\n"
                "umig report load-7 --format speedscope -o load-7.speedscope.json\n"
                "# from a backup, with every Groovy frame\n"
                "umig report load-7 --data /backup/umig --unfold\n",
    .run = run_report,
};
