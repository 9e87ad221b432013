#include "cli/verb.h"

#include <string.h>

#include "cli/say.h"
#include "core/err.h"
#include "include/umig/version.h"

const struct umig_verb *umig_verb_find(const char *name)
{
    for (size_t i = 0; umig_verbs[i] != NULL; i++) {
        if (strcmp(umig_verbs[i]->name, name) == 0) {
            return umig_verbs[i];
        }
    }
    return NULL;
}

static int usage_error(struct umig_cli *cli, const char *verb, const char *text)
{
    const char *space = verb[0] != '\0' ? " " : "";
    umig_say(cli->notes, "umig%s%s: %s", space, verb, text);
    umig_say(cli->notes, "Try 'umig%s%s --help'.", space, verb);
    return UMIG_EXIT_USAGE;
}

/* The answer is only given once it is written: a full disk must not look like success. */
static int flush_answer(struct umig_cli *cli, int code)
{
    if (fflush(cli->out) != 0 || ferror(cli->out)) {
        umig_say(cli->notes, "umig: cannot write to standard output");
        return UMIG_EXIT_FAILURE;
    }
    return code;
}

static int run_verb(struct umig_cli *cli,
                    const struct umig_verb *verb,
                    int word_count,
                    char *const *words)
{
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_args args;
    int rc = umig_args_parse(verb->options, verb->max_operands, word_count, words, &args, &err);
    if (rc == UMIG_OK && args.wants_help) {
        umig_verb_help_write(verb, cli->out);
        return flush_answer(cli, UMIG_EXIT_GOOD);
    }
    if (rc == UMIG_OK && args.operand_count < verb->min_operands) {
        rc = umig_err_set(&err, UMIG_E_ARG, "%s is missing", verb->operands);
    }
    if (rc == UMIG_OK) {
        rc = verb->run(cli, &args, &err);
    }
    if (rc >= 0) {
        return flush_answer(cli, rc);
    }
    fflush(cli->out);
    if (rc == UMIG_E_ARG) {
        return usage_error(cli, verb->name, err.text);
    }
    umig_say(cli->notes, "umig %s: %s", verb->name, err.text);
    return UMIG_EXIT_FAILURE;
}

static int unknown_verb(struct umig_cli *cli, const char *name)
{
    char text[128];
    snprintf(text, sizeof text, "'%.80s' is no %s of umig", name,
             name[0] == '-' ? "option" : "verb");
    return usage_error(cli, "", text);
}

/* "--version", "--help", "-h", "help" and "help VERB": they take nothing more. */
static int tell_of_itself(struct umig_cli *cli, int word_count, char *const *words)
{
    const bool is_verb = strcmp(words[0], "help") == 0 && word_count > 1;
    const struct umig_verb *verb = is_verb ? umig_verb_find(words[1]) : NULL;
    const int most = is_verb ? 2 : 1;
    if (is_verb && verb == NULL) {
        return unknown_verb(cli, words[1]);
    }
    if (word_count > most) {
        char text[192];
        snprintf(text, sizeof text, "'%.80s' is too much after '%.80s'", words[most],
                 words[most - 1]);
        return usage_error(cli, "", text);
    }
    if (strcmp(words[0], "--version") == 0) {
        fprintf(cli->out, "umig %s (protocol %d)\n", UMIG_VERSION, UMIG_PROTOCOL);
    } else if (is_verb) {
        umig_verb_help_write(verb, cli->out);
    } else {
        umig_help_write(cli->out);
    }
    return flush_answer(cli, UMIG_EXIT_GOOD);
}

int umig_verb_main(struct umig_cli *cli, int word_count, char *const *words)
{
    static const char *const own[] = {"--version", "--help", "-h", "help"};
    if (word_count == 0) {
        umig_help_write(cli->notes);
        return UMIG_EXIT_USAGE;
    }
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (strcmp(words[0], own[i]) == 0) {
            return tell_of_itself(cli, word_count, words);
        }
    }
    const struct umig_verb *verb = umig_verb_find(words[0]);
    return verb != NULL ? run_verb(cli, verb, word_count - 1, words + 1)
                        : unknown_verb(cli, words[0]);
}
