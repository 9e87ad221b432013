/*
 * Pools against what their own methods and beans say, while the program holds them as they are: of
 * the first reading after it has said so every figure is theirs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

static bool is_there(const json_t *session)
{
    return session != NULL;
}

/* The report's row for a pool of the truth: by name, of carriers by kind; NULL: not there yet. */
static const json_t *find_row(const json_t *report, const json_t *truth)
{
    const json_t *name = json_object_get(truth, "name");
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(report, "pools"), i, row)
    {
        if (json_equal(json_object_get(row, "kind"), json_object_get(truth, "kind")) &&
            (name == NULL || json_equal(json_object_get(row, "name"), name))) {
            return row;
        }
    }
    return NULL;
}

static json_t *report_of(struct umig_rig *rig)
{
    json_t *report = NULL;
    assert_int_equal(umig_rig_command(rig, &report, "report pools --format json"), 0);
    return report;
}

/* Was each pool's last reading begun when the truth was there already? */
static bool is_newer(const json_t *report, const json_t *truth)
{
    const double since_ms = umig_json_number_at(truth, "unix_ms");
    size_t i;
    const json_t *pool;
    json_array_foreach(json_object_get(truth, "pools"), i, pool)
    {
        const json_t *row = find_row(report, pool);
        if (row == NULL || umig_json_number_at(row, "last/unix_ns") / 1e6 < since_ms) {
            return false;
        }
    }
    return true;
}

static json_t *await_readings(struct umig_rig *rig, const json_t *truth)
{
    json_t *report = report_of(rig);
    while (!is_newer(report, truth)) {
        json_decref(report);
        report = report_of(rig);
    }
    return report;
}

static void check_pool(const json_t *report, const json_t *truth)
{
    static const char *const keys[] = {"size", "maximum", "active", "queued", "completed"};
    const json_t *last = json_object_get(find_row(report, truth), "last");
    const char *name = json_string_value(json_object_get(truth, "name"));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const json_t *want = json_object_get(truth, keys[i]);
        const json_t *told = json_object_get(last, keys[i]);
        print_message("  %-12s %-10s %6lld by itself %6lld told\n",
                      name != NULL ? name : umig_json_text_at(truth, "kind"), keys[i],
                      (long long)json_integer_value(want), (long long)json_integer_value(told));
        if (want != NULL) {
            assert_non_null(told);
            assert_int_equal(json_integer_value(told), json_integer_value(want));
        }
    }
    if (json_object_get(truth, "maximum") == NULL) {
        assert_null(json_object_get(last, "maximum")); /* without a bound */
    }
}

/* Reads what the pools say of themselves, and waits until the report says the same. */
static json_t *check_all(struct umig_rig *rig)
{
    json_t *truth = umig_rig_read_jvm(rig);
    json_t *report = await_readings(rig, truth);
    size_t i;
    const json_t *pool;
    json_array_foreach(json_object_get(truth, "pools"), i, pool)
    {
        check_pool(report, pool);
    }
    json_decref(truth);
    return report;
}

static void check_books(const json_t *report)
{
    const json_t *kind =
        json_array_get(json_object_get(json_object_get(report, "quality"), "kinds"), 0);
    assert_string_equal(umig_json_text_at(kind, "kind"), "pools");
    assert_true(umig_json_number_at(kind, "stored") > 0);
    assert_true(umig_json_number_at(kind, "produced") == umig_json_number_at(kind, "stored"));
}

static void begin(struct umig_rig *rig, const char *words)
{
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", words);
    assert_int_equal(
        umig_rig_command(rig, NULL, "start %d --pools 100ms --name pools", (int)rig->jvm.pid), 0);
    json_decref(umig_rig_await_session(rig, "pools", is_there));
    umig_rig_tell_jvm(rig, "go");
}

static void end(struct umig_rig *rig)
{
    umig_rig_tell_jvm(rig, "!");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    json_decref(umig_rig_await_session(rig, "pools", umig_rig_has_ended));
    json_t *report = report_of(rig);
    check_books(report);
    json_decref(report);
    umig_rig_stop_collector(rig);
}

static void measure_jdk(struct umig_rig *rig)
{
    begin(
        rig,
        "-Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xcheck:jni -Djdk.virtualThreadScheduler.parallelism=2 "
        "-cp @java Pools");
    json_t *report = check_all(rig);
    char *text = umig_rig_text(rig, "report pools");
    assert_non_null(strstr(text, "Pools"));
    assert_non_null(strstr(text, "fixed, executor"));
    free(text);
    json_decref(report);

    umig_rig_tell_jvm(rig, "on");
    json_decref(check_all(rig)); /* nobody is at work, nothing waits, all is counted */

    umig_rig_tell_jvm(rig, "give up");
    json_t *gone = umig_rig_read_jvm(rig); /* the agent keeps no pool alive */
    assert_true(json_is_true(json_object_get(gone, "collected")));
    json_decref(gone);
    end(rig);
}

static void measure_servers(struct umig_rig *rig)
{
    char words[512];
    snprintf(words, sizeof words,
             "-Xmx96m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp @servers Servers %s", rig->dir);
    begin(rig, words);
    json_t *report = check_all(rig);
    json_decref(report);
    umig_rig_tell_jvm(rig, "on");
    json_decref(check_all(rig));
    end(rig);
}

static void test_pools_of_servers_are_told_as_they_tell_themselves(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure_servers);
}

static void test_pools_of_the_jdk_are_told_as_they_tell_themselves(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure_jdk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_pools_of_the_jdk_are_told_as_they_tell_themselves,
                                  umig_rig_teardown),
        cmocka_unit_test_teardown(test_pools_of_servers_are_told_as_they_tell_themselves,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.pools", tests, NULL, NULL);
}
