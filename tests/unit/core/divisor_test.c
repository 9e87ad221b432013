#include "core/divisor.h"
#include "tests/support/test.h"

static void test_common_divisor_of_a_column_is_what_it_can_be_written_in(void **state)
{
    (void)state;
    static const struct {
        uint64_t column[3];
        uint64_t divisor;
    } cases[] = {
        {{10000000, 10000000, 10000000}, 10000000},
        {{20000000, 30000000, 10000000}, 10000000},
        {{12, 18, 30}, 6},
        {{0, 0, 7}, 7},
        {{0, 0, 0}, 0},
        {{UINT64_MAX, UINT64_MAX - 1, 5}, 1},
        {{UINT64_MAX, 0, UINT64_MAX}, UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t divisor = 0;
        for (size_t k = 0; k < 3; k++) {
            divisor = umig_common_divisor(divisor, cases[i].column[k]);
        }
        assert_true(divisor == cases[i].divisor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_common_divisor_of_a_column_is_what_it_can_be_written_in),
    };
    return cmocka_run_group_tests_name("unit.core.divisor", tests, NULL, NULL);
}
