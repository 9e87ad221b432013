/* Which JVMs are refused, by what they say of themselves. */
#include <stdbool.h>
#include <string.h>

#include "agent/vm/versions.h"
#include "tests/support/test.h"

static void test_check_jvm_takes_hotspot_of_known_releases_only(void **state)
{
    static const struct {
        const char *name;
        uint32_t jdk;
        const char *says; /* NULL: taken */
    } cases[] = {
        {"OpenJDK 64-Bit Server VM", 17, NULL},
        {"OpenJDK 64-Bit Server VM", 25, NULL},
        {"OpenJDK 64-Bit Server VM", 27, NULL},
        {"Java HotSpot(TM) 64-Bit Server VM", 21, NULL},
        {"Dynamic Code Evolution 64-Bit Server VM", 17, NULL},
        {"OpenJDK 64-Bit Minimal VM", 17, NULL},
        {"OpenJDK 64-Bit Client VM", 17, NULL},
        {"", 17, NULL},
        {"OpenJDK 64-Bit Server VM", 11, "JDK 11 is too old"},
        {"OpenJDK 64-Bit Server VM", 0, "JDK 0 is too old"},
        {"Eclipse OpenJ9 VM", 17, "'Eclipse OpenJ9 VM' is not HotSpot"},
        {"IBM J9 VM", 17, "is not HotSpot"},
        {"OpenJDK 64-Bit Zero VM", 17, "is not HotSpot"},
        {"Zing 64-Bit Tiered VM", 17, "is not HotSpot"},
        {"Substrate VM", 21, "is not HotSpot"},
        {"VM", 21, "is not HotSpot"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_err err = UMIG_ERR_INIT;

        const int rc = umig_versions_check_jvm(cases[i].name, cases[i].jdk, &err);

        assert_int_equal(rc, cases[i].says == NULL ? UMIG_OK : UMIG_E_UNSUPPORTED);
        assert_true(cases[i].says == NULL || strstr(err.text, cases[i].says) != NULL);
    }
}

static void test_check_agct_refuses_releases_without_the_fix(void **state)
{
    static const struct {
        const char *version;
        bool may;
    } cases[] = {
        {"17.0.14+7", true},
        {"17.0.15+6-Debian-1deb12u1", true},
        {"17.0.14.1+1-LTS", true},
        {"21.0.4+7-LTS", true},
        {"21.0.10+1", true},
        {"22+36", true},
        {"25.0.3+9-LTS", true},
        {"26-ea+1", true},
        {"17.0.13+11", false},
        {"17.0.9.1+1", false},
        {"17+35", false},
        {"17-ea", false},
        {"18.0.2.1+1", false},
        {"19.0.2+7", false},
        {"20.0.2+9", false},
        {"21.0.3+9-LTS", false},
        {"21+35", false},
        {"11.0.27+6", false},
        {"", false},
        {"none", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_err err = UMIG_ERR_INIT;

        const int rc = umig_versions_check_agct(cases[i].version, &err);

        assert_int_equal(rc, cases[i].may ? UMIG_OK : UMIG_E_UNSUPPORTED);
        if (!cases[i].may) {
            assert_non_null(strstr(err.text, cases[i].version));
            assert_non_null(strstr(err.text, "17.0.14, 21.0.4"));
        }
    }
}

/* The text must not be cut: it ends with what would be right. */
static void test_check_agct_says_all_of_a_long_version(void **state)
{
    struct umig_err err = UMIG_ERR_INIT;
    (void)state;

    assert_int_equal(
        umig_versions_check_agct("17.0.13+11-vendor-release-of-a-distribution-1ubuntu22", &err),
        UMIG_E_UNSUPPORTED);

    assert_non_null(strstr(err.text, "walker=vm does not need it"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_jvm_takes_hotspot_of_known_releases_only),
        cmocka_unit_test(test_check_agct_refuses_releases_without_the_fix),
        cmocka_unit_test(test_check_agct_says_all_of_a_long_version),
    };
    return cmocka_run_group_tests_name("unit.agent_vm.versions", tests, NULL, NULL);
}
