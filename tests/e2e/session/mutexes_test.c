/*
 * Waits for mutexes and read-write locks of the C library, by threads of Java and of C, against
 * what each thread measured of itself; and only for who asks.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "tests/support/jvm.h"
#include "tests/support/test.h"

#define ROUNDS       150
#define WAIT_PERCENT 5.0
#ifdef __SANITIZE_THREAD__ /* takes as long as a tenth of a wait, on its way to the measuring */
# define BRIEF_PERCENT 25.0
#else
# define BRIEF_PERCENT 10.0 /* chance, of waits of which half are told: 2 % standard deviation */
#endif

static bool has_begun(const json_t *session)
{
    return session != NULL;
}

static bool is_text(const json_t *row, const char *key, const char *wanted)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text != NULL && strcmp(text, wanted) == 0;
}

/* ns of waits for a type of lock in a function; "": in any. */
static double waits_of(const json_t *report, const char *type, const char *function)
{
    double sum = 0;
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(json_object_get(report, "contention"), "sites"), i, row)
    {
        if (is_text(row, "monitor_class", type) &&
            (function[0] == '\0' || is_text(row, "method", function))) {
            sum += umig_json_number_at(row, "wait_ns");
        }
    }
    return sum;
}

static void check(const json_t *truth,
                  const json_t *report,
                  const char *type,
                  const char *function,
                  double percent)
{
    const double waited_ns = umig_json_number_at(truth, function);
    const double told_ns = waits_of(report, type, function);
    print_message("  %-14s %10.1f ms waited %10.1f ms told %+6.2f %%\n", function, waited_ns / 1e6,
                  told_ns / 1e6, 100 * (told_ns / waited_ns - 1));
    assert_true(waited_ns > 0);
    /* The last short waits of each of four threads may be told or not. */
    assert_true(fabs(told_ns - waited_ns) <= waited_ns * percent / 100 + 4 * UMIG_NS_PER_MS);
}

/* Is there a stack from Java by the library's functions to the one that waits? */
static void check_stacks(struct umig_rig *rig)
{
    char *text = umig_rig_text(rig, "report mutexes --format collapsed --kind locks");
    const char *java =
        strstr(text, ";Locked.mutex;Java_Locked_mutex;repeat;planted_mutex;pthread_mutex_t ");
    const char *plain = strstr(text, ";run_plain;repeat;planted_mutex;pthread_mutex_t ");
    if (java == NULL || plain == NULL) {
        print_message("%s\n", text);
    }
    assert_non_null(java);
    assert_non_null(plain);
    assert_null(strstr(text, "on_mutex_lock"));
    assert_null(strstr(text, "libumigagent"));
    free(text);
}

static void measure(struct umig_rig *rig)
{
    char words[1024];
    umig_rig_start_collector(rig);
    snprintf(words, sizeof words, "-cp @java Locked %s %d", UMIG_E2E_LOCKED, ROUNDS);
    umig_rig_start_jvm(rig, "", words);
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --locks 1ms --name plain", rig->jvm.pid),
                     0);
    assert_int_equal(
        umig_rig_command(rig, NULL, "start %d --locks 1ms --mutexes --name mutexes", rig->jvm.pid),
        0);
    json_decref(umig_rig_await_session(rig, "plain", has_begun));
    json_decref(umig_rig_await_session(rig, "mutexes", has_begun));
    assert_true(umig_rig_counter(rig, "engine.mutex_calls") > 0);
    umig_rig_tell_jvm(rig, "go");
    json_t *truth = umig_rig_read_jvm(rig);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name mutexes", rig->jvm.pid), 0);
    json_decref(umig_rig_await_session(rig, "mutexes", umig_rig_has_ended));
    assert_true(umig_rig_counter(rig, "engine.mutex_calls") == 0);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name plain", rig->jvm.pid), 0);
    json_decref(umig_rig_await_session(rig, "plain", umig_rig_has_ended));

    print_message("  a lock that is free: %.1f ns, redirected %.1f ns\n",
                  umig_json_number_at(truth, "free_ns"),
                  umig_json_number_at(truth, "free_during_ns"));
    json_t *report = NULL;
    assert_int_equal(umig_rig_command(rig, &report, "report mutexes --format json"), 0);
    check(truth, report, "pthread_mutex_t", "planted_mutex", WAIT_PERCENT);
    check(truth, report, "pthread_rwlock_t", "planted_write", WAIT_PERCENT);
    check(truth, report, "pthread_rwlock_t", "planted_read", WAIT_PERCENT);
    check(truth, report, "pthread_mutex_t", "planted_brief", BRIEF_PERCENT);
    json_decref(report);
    assert_int_equal(umig_rig_command(rig, &report, "report plain --format json"), 0);
    assert_true(waits_of(report, "pthread_mutex_t", "") == 0);
    assert_true(waits_of(report, "pthread_rwlock_t", "") == 0);
    json_decref(report);
    json_decref(truth);
    check_stacks(rig);
    umig_rig_tell_jvm(rig, "!");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void test_waits_for_native_locks_are_reported_as_measured(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_waits_for_native_locks_are_reported_as_measured,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.mutexes", tests, NULL, NULL);
}
