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
     .help = "what collapsed stacks are of: cpu (default), alloc (bytes, by class), locks (waits)"},
    {.name = "unfold", .help = "show Groovy's dispatch frames instead of folding them"},
    {.name = "json", .help = "same as --format json"},
    UMIG_SOURCE_OPTIONS,
    {.name = NULL},
};

/* Of what the stacks are; to the collector each is a format of its own. */
static int choose_kind(const struct umig_args *args, const char **format, struct umig_err *err)
{
    const char *kind = umig_args_value(args, "kind", "cpu");
    const bool is_alloc = strcmp(kind, "alloc") == 0;
    const bool is_locks = strcmp(kind, "locks") == 0;
    if (!is_alloc && !is_locks && strcmp(kind, "cpu") != 0) {
        return umig_err_set(err, UMIG_E_ARG,
                            "'%.40s' is no kind that has collapsed stacks; write cpu, alloc or "
                            "locks",
                            kind);
    }
    if ((is_alloc || is_locks) && strcmp(*format, "collapsed") != 0) {
        return umig_err_set(err, UMIG_E_ARG,
                            "--kind %s is for collapsed stacks; write --format collapsed", kind);
    }
    *format = is_alloc ? "collapsed-alloc" : is_locks ? "collapsed-locks" : *format;
    return UMIG_OK;
}

static int choose_format(const struct umig_args *args,
                         const char **out_format,
                         struct umig_err *err)
{
    static const char *const formats[] = {"text",  "json",       "html", "collapsed",
                                          "pprof", "speedscope", "otlp", NULL};
    const int rc = umig_source_format(
        args, formats, "text, json, html, collapsed, pprof, speedscope or otlp", out_format, err);
    return rc != UMIG_OK ? rc : choose_kind(args, out_format, err);
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
    struct umig_question question = {
        .verb = UMIG_ASK_REPORT,
        .session = args->operand_count > 0 ? args->operands[0] : "latest",
        .service = "",
        .should_unfold = umig_args_has(args, "unfold"),
    };
    int rc = choose_format(args, &question.format, err);
    if (rc == UMIG_OK) {
        rc = umig_session_selector_check(question.session, err);
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    char made_path[128];
    const char *ending = ending_of(question.format);
    snprintf(made_path, sizeof made_path, "umig-report-%s.%s",
             question.session + (question.session[0] == '#'), ending != NULL ? ending : "");
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
        "is\nwritten to umig-report-ID.html and the like. What they get are the CPU samples.\nThe values of collapsed stacks are CPU time in sampling intervals, 1 at least; of locks, microseconds.",
    .examples = "# the answer in words\n"
                "umig report latest\n"
                "# a page with a flame graph, to show around\n"
                "umig report load-7 --format html -o load-7.html\n"
                "# hottest stacks, for other tools\n"
                "umig report load-7 --format collapsed | awk '{print $NF, $0}' | sort -rn | head\n"
                "# bytes allocated by stack and class\n"
                "umig report load-7 --format collapsed --kind alloc\n"
                "# where threads wait for locks, and for how many microseconds\n"
                "umig report load-7 --format collapsed --kind locks\n"
                "# for 'go tool pprof', and for speedscope\n"
                "umig report load-7 --format pprof -o load-7.pb.gz\n"
                "umig report load-7 --format speedscope -o load-7.speedscope.json\n"
                "# from a backup, with every Groovy frame\n"
                "umig report load-7 --data /backup/umig --unfold\n",
    .run = run_report,
};
