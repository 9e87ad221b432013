/* A verb of the command: a row of the table in verbs.c, run by main.c. */
#ifndef UMIG_CLI_VERB_H
#define UMIG_CLI_VERB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/args.h"
#include "core/places.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Exit codes of every verb. */
enum umig_exit {
    UMIG_EXIT_GOOD = 0,
    UMIG_EXIT_NO = 1, /* asked and answered: the answer is no */
    UMIG_EXIT_USAGE = 2,
    UMIG_EXIT_FAILURE = 3,
};

/** What the verbs share: where the answer goes and what the terminal can do. */
struct umig_cli {
    FILE *out;
    FILE *notes; /* progress and remarks: standard error */
    struct umig_places places;
    bool is_out_terminal;
    bool has_color; /* out is a terminal and NO_COLOR is not set */
    unsigned width; /* columns of the terminal, 60 to 400; means nothing without one */
};

struct umig_verb {
    const char *name;
    const char *summary;  /* one line in the list of verbs */
    const char *operands; /* "PID|SERVICE", "[ID|latest]"; "" none */
    size_t min_operands;
    size_t max_operands;
    const struct umig_option *options;
    const char *notes;    /* paragraphs between options and examples; NULL none */
    const char *examples; /* lines "# what" and "umig ..." */

    /* An enum umig_exit, or a negative status: UMIG_E_ARG is a usage error, others are failures. */
    int (*run)(struct umig_cli *cli, const struct umig_args *args, struct umig_err *err);
};

/** The verbs, in the order help shows them; the last has name NULL. */
extern const struct umig_verb *const umig_verbs[];

extern const struct umig_verb umig_verb_attach;
extern const struct umig_verb umig_verb_collector;
extern const struct umig_verb umig_verb_diff;
extern const struct umig_verb umig_verb_heap;
extern const struct umig_verb umig_verb_import;
extern const struct umig_verb umig_verb_jvms;
extern const struct umig_verb umig_verb_report;
extern const struct umig_verb umig_verb_sessions;
extern const struct umig_verb umig_verb_start;
extern const struct umig_verb umig_verb_status;
extern const struct umig_verb umig_verb_stop;
extern const struct umig_verb umig_verb_top;

/** The verb with a name; NULL for another name. */
const struct umig_verb *umig_verb_find(const char *name);

/** Writes the help of the command: what it is, its verbs, its exit codes. */
void umig_help_write(FILE *out);

/** Writes the help of a verb; it ends in worked examples. */
void umig_verb_help_write(const struct umig_verb *verb, FILE *out);

/**
 * Runs "umig VERB WORDS...": finds the verb, reads its options, runs it, says what went wrong.
 *
 * @param words  after the program's name
 * @return exit code of the program
 */
int umig_verb_main(struct umig_cli *cli, int word_count, char *const *words);

#endif
