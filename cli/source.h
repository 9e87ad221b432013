/* Where stored sessions are read from: a running collector, or a data folder at rest. */
#ifndef UMIG_CLI_SOURCE_H
#define UMIG_CLI_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/verb.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** What a question is about. */
enum umig_question_verb {
    UMIG_ASK_SESSIONS,
    UMIG_ASK_REPORT,
    UMIG_ASK_DIFF
};

/** What is asked of the store. */
struct umig_question {
    enum umig_question_verb verb;
    const char *session; /* id, a prefix that is unique, or "latest" */
    const char *format;  /* sessions: text, json; others: as umig_report_format_read() */
    const char *service; /* "" all */
    bool should_unfold;
    bool is_quiet;    /* asked again and again: nothing is said beside the answer */
    unsigned width;   /* columns; 0: not for a terminal */
    uint64_t last_ns; /* report as "top": only the last so long, and up to 10 s more; 0: all */
    /* of a comparison; see struct umig_query_diff */
    const char *other;
    const char *per;
    uint32_t level_ppm;
    uint32_t noise_ppm;
};

/** --collector ADDR and --data DIR, as rows of a verb's table. */
/* clang-format off */
#define UMIG_SOURCE_OPTIONS                                                                        \
    {.name = "collector", .arity = UMIG_ARITY_VALUE, .value_name = "ADDR",                         \
     .help = "ask this collector: unix:PATH or tcp:HOST:PORT; default: the user's, then the host's"}, \
    {.name = "data", .arity = UMIG_ARITY_VALUE, .value_name = "DIR",                               \
     .help = "read this data folder; no collector is needed"}
/* clang-format on */

/**
 * Writes the answer to a file, and to the notes what one should know beside it.
 *
 * @param args  may have collector and data
 * @return UMIG_OK; UMIG_E_ARG: a wrong option; UMIG_E_IO: no collector, or it went away;
 *         UMIG_E_UNSUPPORTED: the collector refused, the text says why; failures of the store
 */
UMIG_NODISCARD int umig_source_write(struct umig_cli *cli,
                                     const struct umig_args *args,
                                     const struct umig_question *question,
                                     FILE *out,
                                     struct umig_err *err);

/**
 * Reads --format and --json: one of formats.
 *
 * @param formats  the choices, NULL at the end
 * @param words    the choices in words, for the error: "text, json or html"
 * @return UMIG_OK, UMIG_E_ARG naming what was given
 */
UMIG_NODISCARD int umig_source_format(const struct umig_args *args,
                                      const char *const *formats,
                                      const char *words,
                                      const char **out_format,
                                      struct umig_err *err);

/**
 * Answers where --output says: into a file, which appears only when it is whole and is named in the
 * notes, or on standard output ("-", or not given).
 *
 * @param question   its width is set for a terminal
 * @param made_path  file to write for a terminal without --output; NULL: the answer is for reading
 * @return as umig_source_write(); UMIG_E_IO: the file cannot be written
 */
UMIG_NODISCARD int umig_source_answer(struct umig_cli *cli,
                                      const struct umig_args *args,
                                      struct umig_question *question,
                                      const char *made_path,
                                      struct umig_err *err);

#endif
