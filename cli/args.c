#include "cli/args.h"

#include <string.h>

#include "core/err.h"
#include "core/parse.h"

/* Where the reader stands in the words. */
struct cursor {
    int word_count;
    char *const *words;
    int at;
    const struct umig_option *before_number; /* option in front of a whole number; NULL none */
    const char *number;                      /* taken as an operand: it may lack its unit */
};

/* Levenshtein distance of two short names; above 15 letters they count as strangers. */
static size_t edit_distance(const char *a, const char *b)
{
    enum {
        LONGEST = 15
    };
    const size_t a_len = strlen(a);
    const size_t b_len = strlen(b);
    if (a_len > LONGEST || b_len > LONGEST) {
        return LONGEST;
    }
    size_t row[LONGEST + 1];
    for (size_t j = 0; j <= b_len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            const size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];
            diagonal = row[j];
            row[j] = replaced < shorter + 1 ? replaced : shorter + 1;
        }
    }
    return row[b_len];
}

const struct umig_option *umig_args_nearest(const struct umig_option *options, const char *name)
{
    const struct umig_option *nearest = NULL;
    size_t best = 3; /* two typing errors are forgiven */
    for (const struct umig_option *it = options; it->name != NULL; it++) {
        const size_t distance = edit_distance(it->name, name);
        if (distance < best) {
            best = distance;
            nearest = it;
        }
    }
    return nearest;
}

static const struct umig_option *find_long(const struct umig_option *options, struct umig_span name)
{
    for (const struct umig_option *it = options; it->name != NULL; it++) {
        if (umig_span_is(name, it->name)) {
            return it;
        }
    }
    return NULL;
}

static const struct umig_option *find_letter(const struct umig_option *options, char letter)
{
    for (const struct umig_option *it = options; it->name != NULL; it++) {
        if (it->letter != 0 && it->letter == letter) {
            return it;
        }
    }
    return NULL;
}

static int unknown_option(const struct umig_option *options,
                          struct umig_span name,
                          const char *word,
                          struct umig_err *err)
{
    char text[32] = "";
    memcpy(text, name.at, name.len < sizeof text - 1 ? name.len : sizeof text - 1);
    const struct umig_option *nearest = umig_args_nearest(options, text);
    if (nearest != NULL) {
        return umig_err_set(err, UMIG_E_ARG, "unknown option '%s'; did you mean --%s?", word,
                            nearest->name);
    }
    return umig_err_set(err, UMIG_E_ARG, "unknown option '%s'", word);
}

/* "10ms" is a value, "4242" and "orders" are operands. */
static bool looks_like_value(const char *word)
{
    const size_t digits = strspn(word, "0123456789");
    return digits > 0 && word[digits] != '\0';
}

static bool is_whole_number(const char *word)
{
    return word[0] != '\0' && word[strspn(word, "0123456789")] == '\0';
}

/* Other kinds of measurement take an interval as the next word: who gives one to this means it. */
static int take_none(const struct umig_option *option,
                     const char *inline_value,
                     const char *next,
                     struct umig_err *err)
{
    const bool is_interval = option->kind != 0 && next != NULL && looks_like_value(next);
    const char *given = inline_value == NULL && is_interval ? next : inline_value;
    return given == NULL
               ? UMIG_OK
               : umig_err_set(err, UMIG_E_ARG, "--%s takes no value ('%s'); write --%s alone",
                              option->name, given, option->name);
}

/* Gives the option its value: the inline one, or the next word. */
static int take_value(const struct umig_option *option,
                      const char *inline_value,
                      struct cursor *cursor,
                      const char **out_value,
                      struct umig_err *err)
{
    const char *next = cursor->at < cursor->word_count ? cursor->words[cursor->at] : NULL;
    *out_value = inline_value;
    if (option->arity == UMIG_ARITY_FLAG) {
        return take_none(option, inline_value, next, err);
    }
    if (inline_value != NULL) {
        return inline_value[0] != '\0'
                   ? UMIG_OK
                   : umig_err_set(err, UMIG_E_ARG, "--%s=: the value is missing (%s)", option->name,
                                  option->value_name);
    }
    if (option->arity == UMIG_ARITY_OPTIONAL) {
        if (next != NULL && looks_like_value(next)) {
            *out_value = next;
            cursor->at++;
        } else if (next != NULL && is_whole_number(next)) {
            cursor->before_number = option;
            cursor->number = next;
        }
        return UMIG_OK;
    }
    if (next == NULL || next[0] == '\0' || (next[0] == '-' && next[1] != '\0')) {
        return umig_err_set(err, UMIG_E_ARG, "--%s needs a value: --%s %s", option->name,
                            option->name, option->value_name);
    }
    *out_value = next;
    cursor->at++;
    return UMIG_OK;
}

/* Reads one option word: "--name", "--name=value", "-o" or "-oFILE". */
static int read_option(const struct umig_option *options,
                       struct cursor *cursor,
                       struct umig_args *args,
                       struct umig_err *err)
{
    const char *word = cursor->words[cursor->at++];
    const struct umig_option *option = NULL;
    const char *inline_value = NULL;
    struct umig_span name = umig_span_of(word + 1);
    if (word[1] == '-') {
        struct umig_span rest = umig_span_of(word + 2);
        name = umig_span_cut(&rest, '=');
        inline_value = rest.at;
        option = find_long(options, name);
    } else {
        option = find_letter(options, word[1]);
        inline_value = word[2] != '\0' ? word + 2 : NULL;
    }
    if (option == NULL) {
        return unknown_option(options, name, word, err);
    }
    if (args->count == UMIG_ARGS_MAX) {
        return umig_err_set(err, UMIG_E_ARG, "more than %d options", UMIG_ARGS_MAX);
    }
    struct umig_arg *arg = &args->items[args->count];
    const int rc = take_value(option, inline_value, cursor, &arg->value, err);
    if (rc == UMIG_OK) {
        arg->option = option;
        args->count++;
    }
    return rc;
}

static int add_operand(struct umig_args *args,
                       size_t max_operands,
                       const struct cursor *cursor,
                       struct umig_err *err)
{
    const char *word = cursor->words[cursor->at];
    if (args->operand_count < max_operands) {
        args->operands[args->operand_count++] = word;
        return UMIG_OK;
    }
    if (max_operands == 0) {
        return umig_err_set(err, UMIG_E_ARG, "'%s' is too much: only options are taken here", word);
    }
    if (cursor->number != NULL) {
        const struct umig_option *option = cursor->before_number;
        const bool is_size = option->value_name != NULL && strcmp(option->value_name, "SIZE") == 0;
        return umig_err_set(err, UMIG_E_ARG,
                            "--%s %s: the unit is missing; write --%s %s%s or %s%s", option->name,
                            cursor->number, option->name, cursor->number, is_size ? "k" : "ms",
                            cursor->number, is_size ? "m" : "s");
    }
    return umig_err_set(err, UMIG_E_ARG, "'%s' is too much after '%s'", word,
                        args->operands[args->operand_count - 1]);
}

/* A number below 0 is no option, but a wrong operand: whoever takes it says what it should be. */
static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0' && !is_whole_number(word + 1);
}

static bool asks_for_help(int word_count, char *const *words)
{
    for (int i = 0; i < word_count && strcmp(words[i], "--") != 0; i++) {
        if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

int umig_args_parse(const struct umig_option *options,
                    size_t max_operands,
                    int word_count,
                    char *const *words,
                    struct umig_args *out_args,
                    struct umig_err *err)
{
    struct umig_args args = {.wants_help = asks_for_help(word_count, words)};
    struct cursor cursor = {.word_count = word_count, .words = words};
    bool is_options_end = false;
    int rc = UMIG_OK;
    while (!args.wants_help && rc == UMIG_OK && cursor.at < word_count) {
        const char *word = words[cursor.at];
        if (!is_options_end && strcmp(word, "--") == 0) {
            is_options_end = true;
            cursor.at++;
        } else if (!is_options_end && is_option(word)) {
            rc = read_option(options, &cursor, &args, err);
        } else {
            rc = add_operand(&args, max_operands, &cursor, err);
            cursor.at++;
        }
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    *out_args = args;
    return UMIG_OK;
}

bool umig_args_has(const struct umig_args *args, const char *name)
{
    for (size_t i = 0; i < args->count; i++) {
        if (strcmp(args->items[i].option->name, name) == 0) {
            return true;
        }
    }
    return false;
}

const char *umig_args_value(const struct umig_args *args, const char *name, const char *otherwise)
{
    const char *value = otherwise;
    for (size_t i = 0; i < args->count; i++) {
        if (strcmp(args->items[i].option->name, name) == 0) {
            value = args->items[i].value;
        }
    }
    return value;
}
