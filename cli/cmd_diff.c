#include <stdlib.h>
#include <string.h>

#include "cli/session_text.h"
#include "cli/source.h"
#include "collector/query/query.h"
#include "core/err.h"

#define PPM 1e6

static const struct umig_option g_options[] = {
    {.name = "format",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "FORMAT",
     .help = "text (default), json, html"},
    {.name = "output",
     .letter = 'o',
     .arity = UMIG_ARITY_VALUE,
     .value_name = "FILE",
     .help = "write to FILE, whole or not at all; - is standard output"},
    {.name = "per",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "WORK",
     .help = "NAME=BEFORE,AFTER: compare the CPU for one unit of work; wall: for one second"},
    {.name = "level",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "PART",
     .help = "of what is called changed, this part may be wrong; 0.0001 to 0.2, default 0.01"},
    {.name = "noise",
     .arity = UMIG_ARITY_VALUE,
     .value_name = "PART",
     .help = "by which two runs of one program differ; 0 to 0.5, default 0.005"},
    {.name = "unfold", .help = "compare with Groovy's dispatch frames instead of folding them"},
    {.name = "json", .help = "same as --format json"},
    UMIG_SOURCE_OPTIONS,
    {.name = NULL},
};

static int read_part(const struct umig_args *args,
                     const char *name,
                     double least,
                     double most,
                     uint32_t *out_ppm,
                     struct umig_err *err)
{
    const char *text = umig_args_value(args, name, NULL);
    char *end = NULL;
    if (text == NULL) {
        return UMIG_OK;
    }
    const double part = strtod(text, &end);
    if (end == text || *end != '\0' || !(part >= least) || !(part <= most)) {
        return umig_err_set(err, UMIG_E_ARG, "--%s %.40s: write a part between %.4g and %.4g", name,
                            text, least, most);
    }
    *out_ppm = (uint32_t)(part * PPM + 0.5);
    return UMIG_OK;
}

static int read_question(const struct umig_args *args,
                         struct umig_question *question,
                         struct umig_err *err)
{
    struct umig_diff_options options = {0};
    char work[UMIG_QUERY_WORK_BYTES];
    uint32_t noise_ppm = 0;
    static const char *const formats[] = {"text", "json", "html", NULL};
    int rc = umig_source_format(args, formats, "text, json or html", &question->format, err);
    rc = rc != UMIG_OK ? rc : umig_session_selector_check(question->session, err);
    rc = rc != UMIG_OK ? rc : umig_session_selector_check(question->other, err);
    rc = rc != UMIG_OK ? rc : umig_query_per_read(question->per, &options, work, err);
    rc = rc != UMIG_OK ? rc : read_part(args, "level", 0.0001, 0.2, &question->level_ppm, err);
    rc = rc != UMIG_OK ? rc : read_part(args, "noise", 0, 0.5, &noise_ppm, err);
    question->noise_ppm = umig_args_has(args, "noise") ? noise_ppm + 1 : 0;
    return umig_err_trace(err, rc);
}

static int run_diff(struct umig_cli *cli, const struct umig_args *args, struct umig_err *err)
{
    struct umig_question question = {
        .verb = UMIG_ASK_DIFF,
        .session = args->operands[0],
        .other = args->operands[1],
        .service = "",
        .per = umig_args_value(args, "per", ""),
        .should_unfold = umig_args_has(args, "unfold"),
    };
    int rc = read_question(args, &question, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    /* Nobody reads a page's source on a terminal. */
    rc = umig_source_answer(cli, args, &question,
                            strcmp(question.format, "html") == 0 ? "umig-diff.html" : NULL, err);
    return rc == UMIG_OK ? UMIG_EXIT_GOOD : umig_err_trace(err, rc);
}

const struct umig_verb umig_verb_diff = {
    .name = "diff",
    .summary = "compare two sessions: what costs more or less CPU, and what is chance",
    .operands = "BEFORE AFTER",
    .min_operands = 2,
    .max_operands = 2,
    .options = g_options,
    .notes =
        "Sessions are named as in 'umig report'. Without --per, the CPU of a method is compared\n"
        "beside that of all methods that did not change: another machine's speed shows no change.\n"
        "With --per NAME=BEFORE,AFTER (how much work either session did) the CPU for one unit is\n"
        "compared, which finds smaller changes. The text says how small a change can be seen.\n"
        "The page (html) has a flame graph of both: bright is real, pale is what chance does.",
    .examples =
        "# did the release change anything?\n"
        "umig diff load-7 load-8\n"
        "# per request, of which the two load tests did 120,000 and 118,400\n"
        "umig diff load-7 load-8 --per request=120000,118400\n"
        "# a page to show around\n"
        "umig diff load-7 load-8 --format html -o diff.html\n"
        "# the methods that changed, for a program\n"
        "umig diff load-7 load-8 --json | jq '.methods[] | select(.self.state == \"changed\")'\n",
    .run = run_diff,
};
