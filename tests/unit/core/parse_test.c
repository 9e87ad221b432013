#include <string.h>

#include "core/parse.h"
#include "tests/support/test.h"

struct value_case {
    const char *text;
    int status;
    uint64_t value;
};

static void test_number_table(void **state)
{
    (void)state;
    static const struct value_case cases[] = {
        {"0", UMIG_OK, 0},
        {"007", UMIG_OK, 7},
        {"18446744073709551615", UMIG_OK, UINT64_MAX},
        {"18446744073709551616", UMIG_E_ARG, 0},
        {"", UMIG_E_ARG, 0},
        {"-1", UMIG_E_ARG, 0},
        {"+1", UMIG_E_ARG, 0},
        {"1 ", UMIG_E_ARG, 0},
        {"0x10", UMIG_E_ARG, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t value = 99;
        assert_int_equal(umig_parse_number(umig_span_of(cases[i].text), &value, NULL),
                         cases[i].status);
        assert_int_equal(value, cases[i].status == UMIG_OK ? cases[i].value : 99);
    }
}

static void test_duration_table(void **state)
{
    (void)state;
    static const struct value_case cases[] = {
        {"5ns", UMIG_OK, 5},
        {"500us", UMIG_OK, 500000},
        {"10ms", UMIG_OK, 10000000},
        {"10MS", UMIG_OK, 10000000},
        {"30s", UMIG_OK, 30000000000},
        {"5m", UMIG_OK, 300000000000},
        {"1h", UMIG_OK, 3600000000000},
        {"10", UMIG_E_ARG, 0},
        {"10 ms", UMIG_E_ARG, 0},
        {"ms", UMIG_E_ARG, 0},
        {"1.5s", UMIG_E_ARG, 0},
        {"10mss", UMIG_E_ARG, 0},
        {"14d", UMIG_OK, 1209600000000000},
        {"1w", UMIG_E_ARG, 0},
        {"18446744073709551615s", UMIG_E_ARG, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t value = 99;
        struct umig_err err = UMIG_ERR_INIT;
        assert_int_equal(umig_parse_duration(umig_span_of(cases[i].text), &value, &err),
                         cases[i].status);
        assert_int_equal(value, cases[i].status == UMIG_OK ? cases[i].value : 99);
        if (cases[i].status != UMIG_OK) {
            assert_non_null(strstr(err.text, cases[i].text));
            assert_non_null(strstr(err.text, "500us, 10ms, 30s"));
        }
    }
}

static void test_size_table(void **state)
{
    (void)state;
    static const struct value_case cases[] = {
        {"512", UMIG_OK, 512},         {"512b", UMIG_OK, 512},      {"2k", UMIG_OK, 2048},
        {"32m", UMIG_OK, 32ull << 20}, {"2G", UMIG_OK, 2ull << 30}, {"1t", UMIG_E_ARG, 0},
        {"", UMIG_E_ARG, 0},           {"-1m", UMIG_E_ARG, 0},      {"17179869184g", UMIG_E_ARG, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t value = 99;
        assert_int_equal(umig_parse_size(umig_span_of(cases[i].text), &value, NULL),
                         cases[i].status);
        assert_int_equal(value, cases[i].status == UMIG_OK ? cases[i].value : 99);
    }
}

static void test_cut_walks_through_parts(void **state)
{
    (void)state;
    struct umig_span rest = umig_span_of("a,,b");

    assert_true(umig_span_is(umig_span_cut(&rest, ','), "a"));
    assert_true(umig_span_is(umig_span_cut(&rest, ','), ""));
    assert_non_null(rest.at);
    assert_true(umig_span_is(umig_span_cut(&rest, ','), "b"));
    assert_null(rest.at);
}

static void test_cut_keeps_an_empty_last_part(void **state)
{
    (void)state;
    struct umig_span rest = umig_span_of("a,");

    assert_true(umig_span_is(umig_span_cut(&rest, ','), "a"));
    assert_non_null(rest.at);
    assert_true(umig_span_is(umig_span_cut(&rest, ','), ""));
    assert_null(rest.at);
}

static void test_name_rules(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "orders", "Orders-2.prod_x", "9"};
    static const char *const bad[] = {"", ".hidden", "-x", "a b", "a/b", "a\n", "\xc3\xa9"};
    char longest[66];
    memset(longest, 'a', sizeof longest);

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(umig_name_is_valid(umig_span_of(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(umig_name_is_valid(umig_span_of(bad[i])));
    }
    assert_true(umig_name_is_valid((struct umig_span){longest, 64}));
    assert_false(umig_name_is_valid((struct umig_span){longest, 65}));
    assert_false(umig_name_is_valid((struct umig_span){"a\0b", 3}));
}

static void test_durations_read_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        uint64_t ns;
        const char *text;
    } cases[] = {
        {0, "0 ns"},
        {999, "999 ns"},
        {1500, "1.5 us"},
        {10000000, "10 ms"},
        {999600000, "1 s"},
        {2500000000, "2.5 s"},
        {200000000000, "3 min 20 s"},
        {90000000000000, "25 h 0 min"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32];
        umig_format_duration(cases[i].ns, text, sizeof text);
        assert_string_equal(text, cases[i].text);
    }
}

static void test_bytes_read_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},           {1023, "1023 B"},       {1024, "1.0 KiB"},
        {1048575, "1.0 MiB"}, {17000000, "16.2 MiB"}, {UINT64_MAX, "16.0 EiB"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32];
        umig_format_bytes(cases[i].bytes, text, sizeof text);
        assert_string_equal(text, cases[i].text);
    }
}

static void test_times_read_as_utc(void **state)
{
    (void)state;
    char text[UMIG_TIME_TEXT_BYTES];
    umig_format_time(UINT64_C(1790000000999999999), text);
    assert_string_equal(text, "2026-09-21 14:13:20 UTC");
    umig_format_time(0, text);
    assert_string_equal(text, "at an unknown time");
    umig_format_time(UINT64_MAX, text); /* the year 2554 */
    assert_non_null(strstr(text, "2554-"));
}

int main(void)
{
    const struct CMUnitTest parse_test[] = {
        cmocka_unit_test(test_number_table),
        cmocka_unit_test(test_duration_table),
        cmocka_unit_test(test_size_table),
        cmocka_unit_test(test_cut_walks_through_parts),
        cmocka_unit_test(test_cut_keeps_an_empty_last_part),
        cmocka_unit_test(test_name_rules),
        cmocka_unit_test(test_durations_read_as_people_write_them),
        cmocka_unit_test(test_bytes_read_as_people_write_them),
        cmocka_unit_test(test_times_read_as_utc),
    };
    return cmocka_run_group_tests(parse_test, NULL, NULL);
}
