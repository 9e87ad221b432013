#include <string.h>

#include "core/parse.h"
#include "core/service.h"
#include "tests/support/test.h"

static void test_name_of_class_and_jar(void **state)
{
    (void)state;
    static const struct {
        const char *main_class;
        const char *service;
    } cases[] = {
        {"org.acme.Orders", "Orders"},
        {"/srv/orders-1.4.jar", "orders-1.4"},
        {"orders.jar", "orders"},
        {"Main", "Main"},
        {"Orders.groovy", "groovy"},
        {"@args", "args"},
        {"", "java"},
        {"a b", "a-b"},
        {"...", "java"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char service[UMIG_SERVICE_BYTES];
        umig_service_of_main(cases[i].main_class, service);
        assert_string_equal(service, cases[i].service);
        assert_true(umig_name_is_valid(umig_span_of(service)));
    }
}

static void test_long_name_is_cut(void **state)
{
    (void)state;
    char main_class[300];
    char service[UMIG_SERVICE_BYTES];
    memset(main_class, 'x', sizeof main_class);
    main_class[sizeof main_class - 1] = '\0';
    umig_service_of_main(main_class, service);
    assert_int_equal(strlen(service), UMIG_SERVICE_BYTES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name_of_class_and_jar),
        cmocka_unit_test(test_long_name_is_cut),
    };
    return cmocka_run_group_tests_name("unit.core.service", tests, NULL, NULL);
}
