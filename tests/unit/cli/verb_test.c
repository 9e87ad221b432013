#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verb.h"
#include "core/kind_options.h"
#include "tests/support/test.h"

/* The caller frees the text. */
static char *help_of(const struct umig_verb *verb)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    if (verb != NULL) {
        umig_verb_help_write(verb, out);
    } else {
        umig_help_write(out);
    }
    fclose(out);
    return text;
}

/* Reads one "umig VERB words" line of the examples as its verb would. */
static void check_example(const char *line, size_t len)
{
    char copy[200];
    char *words[16];
    int count = 0;
    char *rest = NULL;
    snprintf(copy, sizeof copy, "%.*s", (int)len, line);
    copy[strcspn(copy, "|&")] = '\0';
    for (char *word = strtok_r(copy, " ", &rest); word != NULL && count < 16;
         word = strtok_r(NULL, " ", &rest)) {
        words[count++] = word;
    }
    const int skip = strcmp(words[0], "sudo") == 0;
    assert_string_equal(words[skip], "umig");
    const struct umig_verb *verb = umig_verb_find(words[skip + 1]);
    assert_non_null(verb);
    struct umig_args args;
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(umig_args_parse(verb->options, verb->max_operands, count - skip - 2,
                                     words + skip + 2, &args, &err),
                     UMIG_OK);
    assert_true(args.operand_count >= verb->min_operands);
}

static void test_help_of_every_verb_ends_in_examples_that_parse(void **state)
{
    (void)state;
    for (size_t i = 0; umig_verbs[i] != NULL; i++) {
        char *help = help_of(umig_verbs[i]);
        const char *examples = strstr(help, "\nexamples:\n");
        assert_non_null(examples);
        assert_true(strstr(examples, "  umig ") != NULL);
        free(help);
        for (const char *at = umig_verbs[i]->examples; *at != '\0';) {
            const size_t len = strcspn(at, "\n");
            if (at[0] != '#') {
                check_example(at, len);
            }
            at += len + (at[len] == '\n');
        }
    }
}

static void test_help_lists_every_verb_and_every_option(void **state)
{
    (void)state;
    char *all = help_of(NULL);
    for (size_t i = 0; umig_verbs[i] != NULL; i++) {
        char *help = help_of(umig_verbs[i]);
        assert_non_null(strstr(all, umig_verbs[i]->summary));
        for (const struct umig_option *it = umig_verbs[i]->options; it->name != NULL; it++) {
            char option[40];
            snprintf(option, sizeof option, "--%s", it->name);
            assert_non_null(strstr(help, option));
            assert_true(strlen(it->help) > 0);
        }
        free(help);
    }
    free(all);
}

static void test_help_is_no_wider_than_a_terminal(void **state)
{
    (void)state;
    for (size_t i = 0; umig_verbs[i] != NULL; i++) {
        char *help = help_of(umig_verbs[i]);
        for (const char *at = help; *at != '\0';) {
            const size_t len = strcspn(at, "\n");
            assert_in_range(len, 0, 110);
            at += len + 1;
        }
        free(help);
    }
}

static void test_every_kind_can_be_started_and_its_range_is_told(void **state)
{
    (void)state;
    char *help = help_of(umig_verb_find("start"));
    for (int kind = 1; kind < UMIG_KIND_COUNT; kind++) {
        const struct umig_kind_rule *rule = umig_kind_rule((enum umig_kind)kind);
        char text[80];
        char preset[UMIG_INTERVAL_TEXT_BYTES];
        snprintf(text, sizeof text, "--%s", rule->name);
        assert_non_null(strstr(help, text));
        umig_kind_interval_text(rule, rule->default_ns, preset);
        snprintf(text, sizeof text, ", default %s\n", preset);
        assert_true(rule->default_ns == 0 || strstr(help, text) != NULL);
    }
    free(help);
}

/* Runs the command; the caller frees what it said on standard error. */
static char *notes_of(char *const *words, int count, int want_code)
{
    char *notes = NULL;
    char *answer = NULL;
    size_t len = 0;
    size_t answer_len = 0;
    struct umig_cli cli = {.out = open_memstream(&answer, &answer_len),
                           .notes = open_memstream(&notes, &len)};
    assert_int_equal(umig_verb_main(&cli, count, words), want_code);
    fclose(cli.out);
    fclose(cli.notes);
    free(answer);
    return notes;
}

static void test_document_of_exit_codes_has_every_verb(void **state)
{
    (void)state;
    static char text[16384];
    FILE *file = fopen(UMIG_TEST_DOCS "/exit-codes.md", "re");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    for (size_t i = 0; umig_verbs[i] != NULL; i++) {
        char row[64];
        snprintf(row, sizeof row, "\n| `%s` | ", umig_verbs[i]->name);
        if (strstr(text, row) == NULL) {
            fail_msg("docs/exit-codes.md has no row of '%s'", umig_verbs[i]->name);
        }
    }
}

static void test_words_of_strangers_are_said_harmless(void **state)
{
    (void)state;
    static char start[] = "start";
    static char escape[] = "\033[31mx\xFF\xE2\x80\xAE";
    static char name[] = "--name";
    static char label[] = "--label";
    static char pid[] = "4242";
    static char *const cases[][5] = {
        {escape}, {start, escape}, {start, pid, name, escape}, {start, pid, label, escape}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int count = 0;
        while (cases[i][count] != NULL) {
            count++;
        }
        char *notes = notes_of(cases[i], count, UMIG_EXIT_USAGE);
        assert_non_null(strstr(notes, "'\xE2\x90\x9B[31mx\xEF\xBF\xBD\\u{202E}'"));
        assert_null(strchr(notes, '\033'));
        free(notes);
    }
}

int main(void)
{
    const struct CMUnitTest verb_test[] = {
        cmocka_unit_test(test_help_of_every_verb_ends_in_examples_that_parse),
        cmocka_unit_test(test_help_lists_every_verb_and_every_option),
        cmocka_unit_test(test_help_is_no_wider_than_a_terminal),
        cmocka_unit_test(test_document_of_exit_codes_has_every_verb),
        cmocka_unit_test(test_words_of_strangers_are_said_harmless),
        cmocka_unit_test(test_every_kind_can_be_started_and_its_range_is_told),
    };
    return cmocka_run_group_tests(verb_test, NULL, NULL);
}
