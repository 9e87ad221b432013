/*
 * The proof that races in a JVM are found: one that is planted, in a library of our name. All other
 * e2e tests of this build fail when ThreadSanitizer reports one of the agent's (umig_rig_wait_jvm).
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/support/jvm.h"
#include "tests/support/races.h"
#include "tests/support/test.h"

enum {
    LOOK_MS = 50
};

static bool is_reported(const char *path, char *out_first, size_t room)
{
    static char text[1 << 20];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return umig_races_count(text, out_first, room) > 0;
}

static void measure(struct umig_rig *rig)
{
    char first[4096] = "";
    char path[256];
    umig_rig_start_jvm(rig, "", "-Xmx64m -cp @java Raced " UMIG_RACES_LIBRARY);
    snprintf(path, sizeof path, "%s.%d", UMIG_RACES_PATH, rig->jvm.pid);
    const uint64_t end_ns = umig_clock_monotonic_ns() + UMIG_RIG_PATIENCE_MS * UMIG_NS_PER_MS;
    while (!is_reported(path, first, sizeof first)) {
        assert_true(umig_clock_monotonic_ns() < end_ns);
        poll(NULL, 0, LOOK_MS);
    }
    assert_non_null(strstr(first, "Java_Raced_count"));
    /* Its other races are planted, too: umig_rig_wait_jvm() would fail. */
    assert_int_equal(kill(rig->jvm.pid, SIGKILL), 0);
    assert_int_equal(waitpid(rig->jvm.pid, NULL, 0), rig->jvm.pid);
    assert_int_equal(unlink(path), 0);
    rig->jvm.pid = 0;
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
