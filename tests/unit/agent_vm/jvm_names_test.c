/* Names that the kernel cut, completed where the JVM's own threads have them. */
#include <stdio.h>

#include "agent/vm/jvm_names.h"
#include "tests/support/test.h"

static void test_names_cut_by_the_kernel_become_whole(void **state)
{
    (void)state;
    static const struct {
        const char *told, *whole;
    } cases[] = {
        {"C2 CompilerThre", "C2 CompilerThread"},
        {"C1 CompilerThre", "C1 CompilerThread"},
        {"Monitor Deflati", "Monitor Deflation Thread"},
        {"VM Periodic Tas", "VM Periodic Task Thread"},
        {"C2 CompilerThr", "C2 CompilerThr"}, /* shorter: its own whole name */
        {"C3 CompilerThre", "C3 CompilerThre"},
        {"http-nio-8080-e", "http-nio-8080-e"},
        {"G1 Conc#0", "G1 Conc#0"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s", cases[i].told);
        umig_jvm_names_complete(name, sizeof name);
        assert_string_equal(name, cases[i].whole);
    }
}

static void test_name_that_does_not_fit_stays_cut(void **state)
{
    (void)state;
    char name[17] = "C2 CompilerThre";

    umig_jvm_names_complete(name, sizeof name);

    assert_string_equal(name, "C2 CompilerThre");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_cut_by_the_kernel_become_whole),
        cmocka_unit_test(test_name_that_does_not_fit_stays_cut),
    };
    return cmocka_run_group_tests_name("unit.agent_vm.jvm_names", tests, NULL, NULL);
}
