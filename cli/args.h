/* Takes a command line apart by a table of options. */
#ifndef UMIG_CLI_ARGS_H
#define UMIG_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "include/umig/attr.h"
#include "include/umig/kinds.h"
#include "include/umig/status.h"

enum umig_arity {
    UMIG_ARITY_FLAG = 0,
    UMIG_ARITY_VALUE,    /* --name VALUE or --name=VALUE */
    UMIG_ARITY_OPTIONAL, /* as well; without a value the default holds */
};

/** One option of a verb; a table of them ends with name NULL. */
struct umig_option {
    const char *name; /* without the dashes */
    char letter;      /* -o; 0 none; always takes a value */
    enum umig_arity arity;
    const char *value_name; /* in the help */
    const char *help;
    enum umig_kind kind; /* help adds default and range of this kind; 0 none */
};

enum {
    UMIG_ARGS_MAX = 64,
    UMIG_OPERANDS_MAX = 32
};

struct umig_arg {
    const struct umig_option *option;
    const char *value; /* NULL: none given */
};

/** What a command line said; borrows its words and the table. */
struct umig_args {
    struct umig_arg items[UMIG_ARGS_MAX]; /* in the order given */
    size_t count;
    const char *operands[UMIG_OPERANDS_MAX];
    size_t operand_count;
    bool wants_help; /* -h or --help stood somewhere before "--": nothing else was checked */
};

/**
 * Reads the words after the verb. "--" ends the options. The word after an option with an optional
 * value is its value if it begins with a digit and is no whole number: "--cpu 10ms" is an interval,
 * "--cpu 4242" is an option and a PID; with another operand, the unit is missing. A whole number
 * behind a dash, "-1", is an operand.
 *
 * @param options       table of the verb
 * @param max_operands  at most UMIG_OPERANDS_MAX
 * @return UMIG_OK, or UMIG_E_ARG naming the word
 */
UMIG_NODISCARD int umig_args_parse(const struct umig_option *options,
                                   size_t max_operands,
                                   int word_count,
                                   char *const *words,
                                   struct umig_args *out_args,
                                   struct umig_err *err);

/** Was the option given? */
bool umig_args_has(const struct umig_args *args, const char *name);

/** Value of the option, the last if there are several; otherwise if it was not given. */
const char *umig_args_value(const struct umig_args *args, const char *name, const char *otherwise);

/** The option whose name is closest to a mistyped one; NULL if none is close. */
const struct umig_option *umig_args_nearest(const struct umig_option *options, const char *name);

#endif
