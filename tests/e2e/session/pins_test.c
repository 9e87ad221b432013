/*
 * Virtual threads that are known by number, and pins that are known by number, time and place: each
 * is told as it was, by the native method or the class initialiser that pins; what leaves its
 * carrier is none. JVMs before 21 have no virtual threads, and say nothing of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

#define FREE      500
#define NATIVES   20
#define PINS      (NATIVES + 3) /* two in class initialisers, one for a lock */
#define HOLD_NS   20e6          /* they stay so long at least after the report has them */
#define FIRST_JDK 21

static json_t *report_of(struct umig_rig *rig)
{
    json_t *report = NULL;
    assert_int_equal(umig_rig_command(rig, &report, "report pins --format json --unfold"), 0);
    return report;
}

static bool is_there(const json_t *session)
{
    return session != NULL;
}

/* Counters were read twice: what is made from now on is counted. */
static void await_counters(struct umig_rig *rig)
{
    double over_ns = 0;
    while (over_ns == 0) {
        json_t *report = report_of(rig);
        over_ns = umig_json_number_or_0(report, "jvm/over_ns");
        json_decref(report);
    }
}

static void await_figure(struct umig_rig *rig, const char *path, double count)
{
    double figure = 0;
    while (figure < count) {
        json_t *report = report_of(rig);
        figure = umig_json_number_or_0(report, path);
        json_decref(report);
    }
}

static const json_t *place_of(const json_t *report, const char *pinned_by, const char *method)
{
    const json_t *pinned = json_object_get(json_object_get(report, "virtual_threads"), "pinned");
    size_t i;
    json_t *place;
    json_array_foreach(json_object_get(pinned, "places"), i, place)
    {
        const json_t *by = json_object_get(place, "pinned_by");
        if (by != NULL && strcmp(umig_json_text_at(by, "method"), pinned_by) == 0 &&
            strcmp(umig_json_text_at(place, "method"), method) == 0) {
            return place;
        }
    }
    return NULL;
}

static bool has_frame(const json_t *place, const char *class_name)
{
    size_t i;
    json_t *frame;
    json_array_foreach(json_object_get(place, "stack"), i, frame)
    {
        const char *name = json_string_value(json_object_get(frame, "class"));
        if (name != NULL && strcmp(name, class_name) == 0) {
            return true;
        }
    }
    return false;
}

/* Their own watch runs around the agent's, which runs around the time that they asked for. */
static void check_times(const json_t *place, const json_t *truth, double least_ns)
{
    assert_non_null(place);
    const double parks = umig_json_number_at(place, "parks");
    const double wait_ns = umig_json_number_at(place, "wait_ns");
    const double own_ns = umig_json_number_at(truth, "own_ns");
    print_message("  %-12s %3.0f parks, %8.3f ms; %8.3f ms by their own watch\n",
                  umig_json_text_at(place, "reason"), parks, wait_ns / 1e6, own_ns / 1e6);
    assert_true(parks == umig_json_number_at(truth, "parks"));
    assert_true(wait_ns <= own_ns);
    assert_true(wait_ns >= least_ns);
}

static void check_initialisers(const json_t *report, const json_t *truth)
{
    /* Both at one place, Pinned.pause; each initialiser is a frame of its own. */
    const json_t *pinned = json_object_get(json_object_get(report, "virtual_threads"), "pinned");
    double parks = 0;
    double wait_ns = 0;
    size_t i;
    json_t *place;
    json_array_foreach(json_object_get(pinned, "places"), i, place)
    {
        const json_t *by = json_object_get(place, "pinned_by");
        if (by != NULL && strcmp(umig_json_text_at(by, "method"), "<clinit>") == 0) {
            parks += umig_json_number_at(place, "parks");
            wait_ns += umig_json_number_at(place, "wait_ns");
            assert_string_equal(umig_json_text_at(place, "reason"), "a class initialiser");
            assert_true(has_frame(place, "Pinned$First") || has_frame(place, "Pinned$Second"));
        }
    }
    assert_true(parks == umig_json_number_at(truth, "parks"));
    assert_true(wait_ns <= umig_json_number_at(truth, "own_ns"));
    assert_true(wait_ns >= parks * HOLD_NS);
}

/* Who only kept its carrier contended for nothing; who waited for a lock meanwhile did. */
static void check_contention(const json_t *report)
{
    const json_t *classes = json_object_get(json_object_get(report, "contention"), "classes");
    bool has_lock = false;
    size_t i;
    json_t *row;
    json_array_foreach(classes, i, row)
    {
        const char *name = json_string_value(json_object_get(row, "monitor_class"));
        assert_true(name == NULL || strcmp(name, "java.lang.VirtualThread") != 0);
        has_lock =
            has_lock || (name != NULL &&
                         strcmp(name, "java.util.concurrent.locks.ReentrantLock$NonfairSync") == 0);
    }
    assert_true(has_lock);
}

static void check_report(const json_t *truth, const json_t *report)
{
    const json_t *held = place_of(report, "invoke0", "pause");
    assert_true(umig_json_number_at(report, "virtual_threads/made") ==
                umig_json_number_at(truth, "made"));
    check_times(held, json_object_get(truth, "native"), NATIVES * HOLD_NS);
    assert_true(has_frame(held, "Pinned"));
    check_initialisers(report, json_object_get(truth, "initialisers"));
    check_times(place_of(report, "invoke0", "locked"), json_object_get(truth, "lock"), HOLD_NS);
    /* All of them, and nothing of those that left their carriers. */
    assert_true(umig_json_number_at(report, "virtual_threads/pinned/parks") == PINS);
    check_contention(report);
    assert_non_null(json_object_get(json_object_get(report, "virtual_threads"), "carriers"));
}

static void check_text(struct umig_rig *rig)
{
    char *text = umig_rig_text(rig, "report pins");
    assert_non_null(strstr(text, "Virtual threads"));
    assert_non_null(strstr(text, "a class initialiser: Pinned$First.<clinit>"));
    assert_non_null(strstr(text, "what is folded here"));
    assert_non_null(strstr(text, "Not measured: what virtual threads wait for"));
    free(text);
}

static void measure(struct umig_rig *rig)
{
    char words[256];
    if (rig->jdk.feature < FIRST_JDK) {
        return;
    }
    umig_rig_start_collector(rig);
    snprintf(words, sizeof words,
             "-Xmx128m -XX:+UseSerialGC -XX:-UseDynamicNumberOfCompilerThreads "
             "-Djdk.reflect.useNativeAccessorOnly=true "
             "-Djdk.virtualThreadScheduler.parallelism=%d -cp @java Pinned %d %d",
             PINS + 1, FREE, NATIVES);
    umig_rig_start_jvm(rig, "", words);
    assert_int_equal(umig_rig_command(rig, NULL,
                                      "start %d --locks 1ms --heap 100ms --pools 100ms "
                                      "--name pins",
                                      (int)rig->jvm.pid),
                     0);
    json_decref(umig_rig_await_session(rig, "pins", is_there));
    await_counters(rig);
    umig_rig_tell_jvm(rig, "go");
    await_figure(rig, "virtual_threads/pinned/parks", PINS); /* they are told while they go on */
    umig_rig_tell_jvm(rig, "on");
    json_t *truth = umig_rig_read_jvm(rig);
    await_figure(rig, "virtual_threads/made", umig_json_number_at(truth, "made"));
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name pins", (int)rig->jvm.pid), 0);
    json_decref(umig_rig_await_session(rig, "pins", umig_rig_has_ended));
    json_t *report = report_of(rig);
    check_report(truth, report);
    check_text(rig);
    json_decref(report);
    json_decref(truth);
    umig_rig_tell_jvm(rig, "!");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

/* A JVM that has none, or could not have any, says nothing of them. */
static void measure_none(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", "-Xmx64m -XX:+UseSerialGC -cp @java Parked 3");
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --locks 1ms --heap 100ms --name pins",
                                      (int)rig->jvm.pid),
                     0);
    json_decref(umig_rig_await_session(rig, "pins", is_there));
    await_counters(rig);
    umig_rig_tell_jvm(rig, "go");
    json_decref(umig_rig_read_jvm(rig));
    umig_rig_tell_jvm(rig, "!");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    json_decref(umig_rig_await_session(rig, "pins", umig_rig_has_ended));
    json_t *report = report_of(rig);
    assert_int_equal(json_object_size(json_object_get(report, "virtual_threads")), 0);
    json_decref(report);
    umig_rig_stop_collector(rig);
}

static void test_virtual_threads_are_told_as_they_were_made_and_pinned(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure);
}

static void test_jvms_without_virtual_threads_say_nothing_of_them(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure_none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_virtual_threads_are_told_as_they_were_made_and_pinned,
                                  umig_rig_teardown),
        cmocka_unit_test_teardown(test_jvms_without_virtual_threads_say_nothing_of_them,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.pins", tests, NULL, NULL);
}
