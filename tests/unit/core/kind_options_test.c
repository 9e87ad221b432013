#include <string.h>

#include "core/kind_options.h"
#include "tests/support/test.h"

#define MS UINT64_C(1000000)
#define S  UINT64_C(1000000000)

struct option_case {
    const char *text;
    int status;
    enum umig_kind kind;
    uint64_t interval_ns;
    const char *says; /* part of the error */
};

static const struct option_case g_cases[] = {
    {"cpu", UMIG_OK, UMIG_KIND_CPU, 10 * MS, NULL},
    {"cpu:1ms", UMIG_OK, UMIG_KIND_CPU, MS, NULL},
    {"cpu:1s", UMIG_OK, UMIG_KIND_CPU, S, NULL},
    {"cpu:999us", UMIG_E_ARG, 0, 0, "interval of cpu is 999us; it must be 1ms to 1s"},
    {"cpu:1001ms", UMIG_E_ARG, 0, 0, "must be 1ms to 1s"},
    {"cpu:", UMIG_E_ARG, 0, 0, "'' is not a duration"},
    {"cpu:10", UMIG_E_ARG, 0, 0, "'10' is not a duration"},
    {"cpu:10ms:2", UMIG_E_ARG, 0, 0, "'10ms:2' is not a duration"},
    {"gc", UMIG_OK, UMIG_KIND_GC, 0, NULL},
    {"gc:1s", UMIG_E_ARG, 0, 0,
     "gc takes no interval ('1s'), every pause is recorded; write gc alone"},
    {"heap", UMIG_OK, UMIG_KIND_HEAP, S, NULL},
    {"heap:100ms", UMIG_OK, UMIG_KIND_HEAP, 100 * MS, NULL},
    {"heap:1m", UMIG_OK, UMIG_KIND_HEAP, 60 * S, NULL},
    {"heap:99ms", UMIG_E_ARG, 0, 0, "must be 100ms to 1m"},
    {"locks", UMIG_OK, UMIG_KIND_LOCKS, MS, NULL},
    {"locks:10us", UMIG_OK, UMIG_KIND_LOCKS, MS / 100, NULL},
    {"locks:11s", UMIG_E_ARG, 0, 0, "must be 10us to 10s"},
    {"wall", UMIG_OK, UMIG_KIND_WALL, 50 * MS, NULL},
    {"wall:5ms", UMIG_OK, UMIG_KIND_WALL, 5 * MS, NULL},
    {"wall:4ms", UMIG_E_ARG, 0, 0, "interval of wall is 4ms; it must be 5ms to 10s"},
    {"alloc", UMIG_OK, UMIG_KIND_ALLOC, 512 * 1024, NULL},
    {"live", UMIG_OK, UMIG_KIND_LIVE, 512 * 1024, NULL},
    {"pools", UMIG_OK, UMIG_KIND_POOLS, S, NULL},
    {"live:3k", UMIG_E_ARG, 0, 0, "interval of live is 3k; it must be 4k to 256m"},
    {"alloc:64k", UMIG_OK, UMIG_KIND_ALLOC, 64 * 1024, NULL},
    {"alloc:256m", UMIG_OK, UMIG_KIND_ALLOC, 256 << 20, NULL},
    {"alloc:4095", UMIG_E_ARG, 0, 0, "interval of alloc is 4095; it must be 4k to 256m"},
    {"alloc:1g", UMIG_E_ARG, 0, 0, "interval of alloc is 1g; it must be 4k to 256m"},
    {"alloc:10ms", UMIG_E_ARG, 0, 0, "'10ms' is not a size"},
    {"allocation", UMIG_E_ARG, 0, 0, "'allocation' is no kind of measurement"},
    {"", UMIG_E_ARG, 0, 0, "'' is no kind of measurement"},
    {"CPU", UMIG_E_ARG, 0, 0, "'CPU' is no kind of measurement"},
    {"cpu:99999999999999999999s", UMIG_E_ARG, 0, 0, "is not a duration"},
};

static void test_option_parse_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof g_cases / sizeof g_cases[0]; i++) {
        const struct option_case *c = &g_cases[i];
        struct umig_kind_option option = {.interval_ns = 77};
        struct umig_err err = UMIG_ERR_INIT;

        assert_int_equal(umig_kind_option_parse(umig_span_of(c->text), &option, &err), c->status);

        if (c->status == UMIG_OK) {
            assert_int_equal(option.kind, c->kind);
            assert_int_equal(option.interval_ns, c->interval_ns);
        } else {
            assert_int_equal(option.interval_ns, 77);
            assert_non_null(strstr(err.text, c->says));
        }
    }
}

static void test_every_kind_has_a_rule_with_its_default_in_range(void **state)
{
    (void)state;
#define CHECK_RULE(name_, number, option, unit, text)                                \
 {                                                                                   \
  const struct umig_kind_rule *rule = umig_kind_rule(UMIG_KIND_##name_);             \
  assert_non_null(rule);                                                             \
  assert_string_equal(rule->name, option);                                           \
  assert_ptr_equal(umig_kind_rule_find(umig_span_of(option)), rule);                 \
  assert_int_equal(umig_kind_interval_check(rule, rule->default_ns, NULL), UMIG_OK); \
 }
    UMIG_KIND_TABLE(CHECK_RULE)
#undef CHECK_RULE
    assert_null(umig_kind_rule(UMIG_KIND_COUNT));
}

static void test_set_refuses_a_kind_twice(void **state)
{
    (void)state;
    struct umig_kind_set set = {0};
    struct umig_err err = UMIG_ERR_INIT;
    const struct umig_kind_option option = {.kind = UMIG_KIND_CPU, .interval_ns = MS};

    assert_int_equal(umig_kind_set_add(&set, option, &err), UMIG_OK);
    assert_int_equal(umig_kind_set_add(&set, option, &err), UMIG_E_ARG);

    assert_string_equal(err.text, "cpu is given twice");
    const struct umig_kind_option unknown = {.kind = UMIG_KIND_COUNT};
    assert_int_equal(umig_kind_set_add(&set, unknown, &err), UMIG_E_ARG);
    assert_string_equal(err.text, "kind 9 is not known");
    assert_int_equal(set.interval_ns[UMIG_KIND_CPU], MS);
}

static void test_duration_range(void **state)
{
    (void)state;
    uint64_t ns = 7;
    struct umig_err err = UMIG_ERR_INIT;

    assert_int_equal(umig_session_duration_parse(umig_span_of("999ms"), &ns, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "'999ms' must be 1s to 24h"));
    assert_int_equal(umig_session_duration_parse(umig_span_of("25h"), &ns, &err), UMIG_E_ARG);
    assert_int_equal(umig_session_duration_parse(umig_span_of("30"), &ns, &err), UMIG_E_ARG);
    assert_int_equal(ns, 7);
    assert_int_equal(umig_session_duration_parse(umig_span_of("24h"), &ns, &err), UMIG_OK);
    assert_int_equal(ns, UMIG_DURATION_MAX_NS);
}

static void test_interval_text_is_exact_and_reads_back(void **state)
{
    (void)state;
    static const struct {
        uint64_t ns;
        const char *text;
    } cases[] = {
        {0, "0s"},
        {1, "1ns"},
        {1500, "1500ns"},
        {10 * MS, "10ms"},
        {90 * S, "90s"},
        {60 * S, "1m"},
        {7200 * S, "2h"},
        {S + 1, "1000000001ns"},
        {UINT64_MAX, "18446744073709551615ns"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[UMIG_INTERVAL_TEXT_BYTES];
        uint64_t back = 1;
        umig_interval_text(cases[i].ns, text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(umig_parse_duration(umig_span_of(text), &back, NULL), UMIG_OK);
        assert_int_equal(back, cases[i].ns);
    }
}

int main(void)
{
    const struct CMUnitTest kind_options_test[] = {
        cmocka_unit_test(test_option_parse_table),
        cmocka_unit_test(test_every_kind_has_a_rule_with_its_default_in_range),
        cmocka_unit_test(test_set_refuses_a_kind_twice),
        cmocka_unit_test(test_duration_range),
        cmocka_unit_test(test_interval_text_is_exact_and_reads_back),
    };
    return cmocka_run_group_tests(kind_options_test, NULL, NULL);
}
