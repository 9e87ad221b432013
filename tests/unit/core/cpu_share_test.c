#include <string.h>

#include "core/cpu_share.h"
#include "core/err.h"
#include "tests/support/test.h"

static void test_cpu_share_reads_percent_and_off(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t ppm;
    } cases[] = {{"1%", 10000},      {"0.1%", 1000},    {"0.25%", 2500}, {"2.5%", 25000},
                 {"12.34%", 123400}, {"100%", 1000000}, {"off", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t ppm = 7;
        assert_int_equal(umig_cpu_share_parse(umig_span_of(cases[i].text), &ppm, NULL), UMIG_OK);
        assert_int_equal(ppm, cases[i].ppm);
    }
}

static void test_cpu_share_refuses_what_is_none_and_says_why(void **state)
{
    (void)state;
    static const char *const none[] = {"", "%", "1", "1.%", ".5%", "1.234%", "-1%", "1,5%", "OFF"};
    static const char *const beyond[] = {"0%", "0.09%", "100.01%", "18446744073709551617%"};
    uint32_t ppm = 7;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct umig_err err = UMIG_ERR_INIT;
        assert_int_equal(umig_cpu_share_parse(umig_span_of(none[i]), &ppm, &err), UMIG_E_ARG);
        assert_non_null(strstr(err.text, "is no share in percent"));
    }
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        struct umig_err err = UMIG_ERR_INIT;
        assert_int_equal(umig_cpu_share_parse(umig_span_of(beyond[i]), &ppm, &err), UMIG_E_ARG);
    }
    assert_int_equal(ppm, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpu_share_reads_percent_and_off),
        cmocka_unit_test(test_cpu_share_refuses_what_is_none_and_says_why),
    };
    return cmocka_run_group_tests_name("unit.core.cpu_share", tests, NULL, NULL);
}
