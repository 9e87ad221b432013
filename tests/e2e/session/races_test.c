/*
 * The proof that races in a JVM are found: one that is planted, in a library of our name. All other
 * e2e tests of this build fail when ThreadSanitizer reports one of the agent's (umig_rig_wait_jvm).
 */
#include <poll.h>
#include <string.h>

#include "core/clock.h"
#include "tests/support/jvm.h"
#include "tests/support/test.h"

enum {
    LOOK_MS = 50
};

static void measure(struct umig_rig *rig)
{
    char first[4096] = "";
    umig_rig_start_jvm(rig, "", "-Xmx64m -cp @java Raced " UMIG_RACES_LIBRARY);
    const uint64_t end_ns = umig_clock_monotonic_ns() + UMIG_RIG_PATIENCE_MS * UMIG_NS_PER_MS;
    while (umig_rig_races(rig->jvm.pid, first, sizeof first) == 0) {
        assert_true(umig_clock_monotonic_ns() < end_ns);
        poll(NULL, 0, LOOK_MS);
    }
    assert_non_null(strstr(first, "Java_Raced_count"));
    umig_rig_kill_jvm(rig); /* to end well it would have to be without races */
}

static void test_planted_race_is_found(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_planted_race_is_found, umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.races", tests, NULL, NULL);
}
