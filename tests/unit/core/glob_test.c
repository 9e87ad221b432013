#include <string.h>

#include "core/glob.h"
#include "tests/support/test.h"

static void test_glob_matches_table(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *name;
        bool matches;
    } cases[] = {
        {"main", "main", true},
        {"main", "main2", false},
        {"main", "mai", false},
        {"*", "", true},
        {"*", "anything at all", true},
        {"http-nio-*-exec-*", "http-nio-8080-exec-12", true},
        {"http-nio-*-exec-*", "http-nio-8080-Poller", false},
        {"*-exec-*", "http-nio-8080-exec-", true},
        {"worker-?", "worker-1", true},
        {"worker-?", "worker-12", false},
        {"*a*b", "xaybzab", true},
        {"*a*b", "xaybzac", false},
        {"**", "x", true},
        {"[ab]", "a", false},
        {"[ab]", "[ab]", true},
        {"", "", true},
        {"", "x", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(umig_glob_matches(cases[i].pattern, cases[i].name), cases[i].matches);
    }
}

static void test_glob_parse_bounds_what_it_takes(void **state)
{
    (void)state;
    char longest[UMIG_GLOB_BYTES + 1];
    memset(longest, 'x', sizeof longest);
    longest[UMIG_GLOB_BYTES - 1] = '\0';
    char out[UMIG_GLOB_BYTES] = "before";
    struct umig_err err = UMIG_ERR_INIT;

    assert_int_equal(umig_glob_parse(umig_span_of(longest), out, &err), UMIG_OK);
    assert_string_equal(out, longest);
    longest[UMIG_GLOB_BYTES - 1] = 'x';
    longest[UMIG_GLOB_BYTES] = '\0';
    assert_int_equal(umig_glob_parse(umig_span_of(longest), out, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "96"));
    assert_int_equal(umig_glob_parse(umig_span_of(""), out, &err), UMIG_E_ARG);
    assert_int_equal(umig_glob_parse(umig_span_of("a\tb"), out, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "control"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_glob_matches_table),
        cmocka_unit_test(test_glob_parse_bounds_what_it_takes),
    };
    return cmocka_run_group_tests_name("glob", tests, NULL, NULL);
}
