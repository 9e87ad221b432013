#include <string.h>

#include "cli/args.h"
#include "tests/support/test.h"

static const struct umig_option g_options[] = {
    {.name = "cpu", .arity = UMIG_ARITY_OPTIONAL, .value_name = "TIME"},
    {.name = "gc"},
    {.name = "name", .arity = UMIG_ARITY_VALUE, .value_name = "NAME"},
    {.name = "output", .letter = 'o', .arity = UMIG_ARITY_VALUE, .value_name = "FILE"},
    {.name = NULL},
};

enum {
    WORDS_MAX = 8
};

struct args_case {
    const char *words[WORDS_MAX];
    const char *operand; /* the first; NULL none */
    const char *option;  /* the last one given; NULL none */
    const char *value;   /* its value; NULL none */
};

static int parse(const char *const *words, struct umig_args *args, struct umig_err *err)
{
    char *copy[WORDS_MAX];
    int count = 0;
    while (count < WORDS_MAX && words[count] != NULL) {
        memcpy(&copy[count], &words[count], sizeof copy[0]);
        count++;
    }
    return umig_args_parse(g_options, 1, count, copy, args, err);
}

/* clang-format 14 falls over rows of unequal length. */
/* clang-format off */
static const struct args_case g_good[] = {
    {{NULL},                      NULL,     NULL,     NULL  },
    {{"orders"},                  "orders", NULL,     NULL  },
    {{"--gc", "orders"},          "orders", "gc",     NULL  },
    {{"orders", "--cpu", "10ms"}, "orders", "cpu",    "10ms"},
    {{"orders", "--cpu=10ms"},    "orders", "cpu",    "10ms"},
    {{"--cpu", "4242"},           "4242",   "cpu",    NULL  },
    {{"--cpu", "orders"},         "orders", "cpu",    NULL  },
    {{"--cpu", "10xs"},           NULL,     "cpu",    "10xs"},
    {{"--cpu", "--gc", "x"},      "x",      "gc",     NULL  },
    {{"x", "--cpu"},              "x",      "cpu",    NULL  },
    {{"--name", "10ms", "x"},     "x",      "name",   "10ms"},
    {{"--name=a=b"},              NULL,     "name",   "a=b" },
    {{"-o", "file"},              NULL,     "output", "file"},
    {{"-ofile"},                  NULL,     "output", "file"},
    {{"-o", "-"},                 NULL,     "output", "-"   },
    {{"--output", "-"},           NULL,     "output", "-"   },
    {{"--gc", "--", "--name"},    "--name", "gc",     NULL  },
    {{"-"},                       "-",      NULL,     NULL  },
};

static void test_good_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof g_good / sizeof g_good[0]; i++) {
        const struct args_case *c = &g_good[i];
        struct umig_args args;
        assert_int_equal(parse(c->words, &args, NULL), UMIG_OK);
        assert_int_equal(args.operand_count, c->operand != NULL ? 1 : 0);
        if (c->operand != NULL) {
            assert_string_equal(args.operands[0], c->operand);
        }
        assert_int_equal(args.count > 0, c->option != NULL);
        if (c->option != NULL) {
            const struct umig_arg *last = &args.items[args.count - 1];
            assert_string_equal(last->option->name, c->option);
            assert_int_equal(last->value != NULL, c->value != NULL);
            assert_string_equal(last->value != NULL ? last->value : "", c->value ? c->value : "");
        }
    }
}

static void test_bad_lines_name_the_word(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS_MAX];
        const char *says;
    } cases[] = {
        /* clang-format off */
        {{"--cpus"},                                              "unknown option '--cpus'; did you mean --cpu?"},
        {{"--ouptut", "x"},                                       "did you mean --output?"                      },
        {{"--flame"},                                             "unknown option '--flame'"                    },
        {{"-x"},                                                  "unknown option '-x'"                         },
        {{"--"
          "averyveryverylongoptionindeedthatnobodyhas"},
         "unknown option '--averyvery"                                                                          },
        {{"--gc=1"},                                              "--gc takes no value ('1')"                   },
        {{"--name"},                                              "--name needs a value: --name NAME"           },
        {{"--name", "--gc"},                                      "--name needs a value"                        },
        {{"--name="},                                             "--name=: the value is missing (NAME)"        },
        {{"--cpu="},                                              "--cpu=: the value is missing (TIME)"         },
        {{"-o"},                                                  "--output needs a value: --output FILE"       },
        {{"a", "b"},                                              "'b' is too much after 'a'"                   },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_args args = {.count = 77};
        struct umig_err err = UMIG_ERR_INIT;
        assert_int_equal(parse(cases[i].words, &args, &err), UMIG_E_ARG);
        assert_non_null(strstr(err.text, cases[i].says));
        assert_int_equal(args.count, 77);
    }
}

static void test_help_wins_over_every_mistake_before_the_dashes(void **state)
{
    (void)state;
    static const char *const asked[] = {"--nonsense", "a", "b", "--help", NULL};
    static const char *const operand[] = {"--", "--help", NULL};
    struct umig_args args;

    assert_int_equal(parse(asked, &args, NULL), UMIG_OK);
    assert_true(args.wants_help);
    assert_int_equal(parse(operand, &args, NULL), UMIG_OK);
    assert_false(args.wants_help);
    assert_string_equal(args.operands[0], "--help");
}

static void test_value_is_the_last_one_given(void **state)
{
    (void)state;
    static const char *const words[] = {"--name", "a", "--name=b", NULL};
    struct umig_args args;

    assert_int_equal(parse(words, &args, NULL), UMIG_OK);

    assert_string_equal(umig_args_value(&args, "name", "none"), "b");
    assert_string_equal(umig_args_value(&args, "output", "none"), "none");
    assert_true(umig_args_has(&args, "name"));
    assert_false(umig_args_has(&args, "gc"));
}

static void test_too_many_options_are_refused(void **state)
{
    (void)state;
    static char word[] = "--gc";
    char *words[UMIG_ARGS_MAX + 1];
    struct umig_args args;
    struct umig_err err = UMIG_ERR_INIT;
    for (int i = 0; i <= UMIG_ARGS_MAX; i++) {
        words[i] = word;
    }

    assert_int_equal(umig_args_parse(g_options, 0, UMIG_ARGS_MAX, words, &args, &err), UMIG_OK);
    assert_int_equal(umig_args_parse(g_options, 0, UMIG_ARGS_MAX + 1, words, &args, &err),
                     UMIG_E_ARG);

    assert_string_equal(err.text, "more than 64 options");
}

int main(void)
{
    const struct CMUnitTest args_test[] = {
        cmocka_unit_test(test_good_lines),
        cmocka_unit_test(test_bad_lines_name_the_word),
        cmocka_unit_test(test_help_wins_over_every_mistake_before_the_dashes),
        cmocka_unit_test(test_value_is_the_last_one_given),
        cmocka_unit_test(test_too_many_options_are_refused),
    };
    return cmocka_run_group_tests(args_test, NULL, NULL);
}
