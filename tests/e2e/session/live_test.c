/*
 * Planted truth: what a program keeps, by its threads' own counters, against what a session says is
 * alive, by place and class; what it lets go is gone after a collection, what it never kept is not
 * told, and what stays has survived the collections there were. No reference outlives its session.
 * However fast garbage is made, no more of it is told than there is room for.
 */
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

enum {
    INTERVAL_K = 128, /* seldom coarser for the budget's sake */
    MIN_SAMPLES = 36, /* of the coarsest interval that there was: a standard deviation of 17 % */
    LONG_FACTOR = 16, /* of that, and a quarter of the deviation, in long runs */
    ROUNDS_MAX = 200, /* 8 MB each; long before, that is reached */
    COLLECTIONS = 9,
    LOOK_MS = 20,
    OFF_PERCENT = 70, /* four standard deviations */
    SMALL_HEAP_MIB = 64,
    SMALL_HEAP_SESSIONS = 5,
    LARGE_HEAP_MIB = 512,
    LITTERED = 100, /* collections */
};

/* Bytes between two samples when they were rarest: "... sampled every 16k to 512k bytes, ...". */
static double coarsest(struct umig_rig *rig)
{
    json_t *status = NULL;
    assert_int_equal(umig_rig_command(rig, &status, "status %d --json", rig->jvm.pid), 0);
    const json_t *agent = json_array_get(json_object_get(status, "agents"), 0);
    const json_t *session = json_array_get(json_object_get(agent, "sessions"), 0);
    const char *problem = json_string_value(json_object_get(session, "problem"));
    const char *end = strstr(problem, " bytes, since");
    double bytes = INTERVAL_K * 1024;
    if (end != NULL) {
        const char *begin = end;
        while (begin > problem && begin[-1] != ' ') {
            begin--;
        }
        bytes = strtod(begin, NULL) * (end[-1] == 'm' ? 1 << 20 : end[-1] == 'k' ? 1024 : 1);
    } else {
        assert_string_equal(problem, "");
    }
    json_decref(status);
    return bytes;
}

static json_t *tell(struct umig_rig *rig, const char *line)
{
    umig_rig_tell_jvm(rig, line);
    return umig_rig_read_jvm(rig);
}

/* Collects, and waits until every object has been looked at since. */
static void collect(struct umig_rig *rig, int times)
{
    char line[32];
    snprintf(line, sizeof line, "collect %d", times);
    json_decref(tell(rig, line));
    while (umig_rig_counter(rig, "engine.live_checked") !=
           umig_rig_counter(rig, "engine.collections")) {
        poll(NULL, 0, LOOK_MS);
    }
}

static const char *text_or_empty(const json_t *object, const char *key)
{
    const json_t *text = json_object_get(object, key);
    return json_is_string(text) ? json_string_value(text) : "";
}

/* The row of a class at a place "Class.method"; NULL if there is none. */
static const json_t *row_of(const json_t *report, const char *place, const char *class_name)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(json_object_get(report, "live"), "places"), i, row)
    {
        char full[512];
        snprintf(full, sizeof full, "%s.%s", text_or_empty(row, "class"),
                 text_or_empty(row, "method"));
        if (strcmp(full, place) == 0 &&
            strcmp(text_or_empty(row, "object_class"), class_name) == 0) {
            return row;
        }
    }
    return NULL;
}

static void expect(const json_t *report,
                   const json_t *truth,
                   const char *place,
                   const char *class_name)
{
    const json_t *row = row_of(report, place, class_name);
    const double kept = umig_json_number_at(json_object_get(truth, "methods"), place);
    const double told = row != NULL ? umig_json_number_at(row, "bytes") : 0;
    print_message("  %-16s kept %6.1f MB, told %6.1f MB: %+.1f %%\n", place, kept / 1e6, told / 1e6,
                  100 * (told / kept - 1));
    assert_true(fabs(told / kept - 1) * 100 <=
                (umig_rig_is_long() ? OFF_PERCENT / 4 : OFF_PERCENT));
}

/* Everything of a row has survived the collections that there were at least. */
static void expect_old(const json_t *row)
{
    size_t i;
    json_t *age;
    json_array_foreach(json_object_get(row, "ages"), i, age)
    {
        assert_true(umig_json_number_at(age, "survived") >= COLLECTIONS / 2);
    }
    assert_true(i > 0);
}

static json_t *report_of(struct umig_rig *rig, const char *id)
{
    json_t *report = NULL;
    json_decref(umig_rig_await_session(rig, id, umig_rig_has_ended));
    assert_int_equal(umig_rig_command(rig, &report, "report %s --format json", id), 0);
    print_message("  session %s: %.0f snapshots; %s\n", id,
                  umig_json_number_at(report, "live/snapshots"),
                  umig_json_text_at(report, "quality/sentence"));
    return report;
}

static void stop(struct umig_rig *rig, const char *id)
{
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name %s", rig->jvm.pid, id), 0);
}

static bool is_there(const json_t *session)
{
    return session != NULL;
}

/* Its start is stored: what is allocated from now on is its. */
static void await_begin(struct umig_rig *rig, const char *id)
{
    json_decref(umig_rig_await_session(rig, id, is_there));
}

/* The first session sees both kept, the second one begins when all is there: it sees nothing of it.
 */
static void measure(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", "-Xmx2g -cp @java Living");
    json_t *truth = tell(rig, "keep"); /* what is kept before a session is not the session's */
    const double samples = umig_rig_is_long() ? MIN_SAMPLES * LONG_FACTOR : MIN_SAMPLES;
    const double arrays = umig_json_number_at(truth, "methods/Living.arrays");
    const double nodes = umig_json_number_at(truth, "methods/Living.nodes");
    assert_int_equal(
        umig_rig_command(rig, NULL, "start %d --live %dk --name both", rig->jvm.pid, INTERVAL_K),
        0);
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --live %dk --alloc 256k --name last",
                                      rig->jvm.pid, INTERVAL_K),
                     0);
    await_begin(rig, "both");
    await_begin(rig, "last");
    for (int i = 0; i < ROUNDS_MAX && umig_json_number_at(truth, "methods/Living.nodes") - nodes <
                                          samples * coarsest(rig);
         i++) {
        json_decref(truth);
        truth = tell(rig, "keep");
        collect(rig, 1);
    }
    json_t *methods = json_object_get(truth, "methods");
    json_object_set_new(methods, "Living.arrays",
                        json_real(umig_json_number_at(methods, "Living.arrays") - arrays));
    json_object_set_new(methods, "Living.nodes",
                        json_real(umig_json_number_at(methods, "Living.nodes") - nodes));
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --live --name late", rig->jvm.pid), 0);
    collect(rig, COLLECTIONS);
    stop(rig, "both");
    stop(rig, "late");
    json_decref(tell(rig, "drop"));
    collect(rig, 1);
    stop(rig, "last");

    json_t *both = report_of(rig, "both");
    expect(both, truth, "Living.arrays", "byte[]");
    expect(both, truth, "Living.nodes", "Living$Node");
    expect_old(row_of(both, "Living.arrays", "byte[]"));
    assert_null(row_of(both, "Living.garbage", "long[]"));
    json_t *last = report_of(rig, "last");
    expect(last, truth, "Living.arrays", "byte[]");
    assert_null(row_of(last, "Living.nodes", "Living$Node"));
    assert_true(umig_json_number_at(last, "allocation/bytes") > 0);
    json_t *late = report_of(rig, "late");
    assert_null(row_of(late, "Living.arrays", "byte[]"));
    while (umig_rig_counter(rig, "engine.live_references") > 0) {
        poll(NULL, 0, LOOK_MS);
    }
    json_decref(both);
    json_decref(last);
    json_decref(late);
    json_decref(truth);
    umig_rig_tell_jvm(rig, "end");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void test_objects_that_are_kept_are_told_until_they_are_let_go(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure);
}

/* What a session is told of a JVM that does nothing but make garbage, by large arrays. */
static double told_of_garbage(struct umig_rig *rig, const char *id)
{
    const double before = umig_rig_counter(rig, "engine.collections");
    assert_int_equal(
        umig_rig_command(rig, NULL, "start %d --live 128k --name %s", rig->jvm.pid, id), 0);
    while (umig_rig_counter(rig, "engine.collections") < before + 4 * COLLECTIONS) {
        poll(NULL, 0, LOOK_MS);
    }
    stop(rig, id);
    json_t *report = report_of(rig, id);
    const double bytes = umig_json_number_or_0(report, "live/bytes");
    json_decref(report);
    print_message("  told %.1f MiB of garbage in a heap of %d MiB\n", bytes / (1 << 20),
                  SMALL_HEAP_MIB);
    return bytes;
}

static void measure_garbage(struct umig_rig *rig)
{
    char words[64];
    snprintf(words, sizeof words, "-Xmx%dm -XX:+UseG1GC -cp @java Living", SMALL_HEAP_MIB);
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", words);
    json_decref(tell(rig, "litter"));
    for (int i = 0; i < SMALL_HEAP_SESSIONS; i++) {
        char id[16];
        snprintf(id, sizeof id, "litter%d", i);
        /* An estimate by some 60 objects, each seen with a chance of 99.9 %. */
        assert_true(told_of_garbage(rig, id) <= 1.1 * SMALL_HEAP_MIB * (1 << 20));
    }
    umig_rig_tell_jvm(rig, "end");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void test_no_more_garbage_is_told_than_there_is_heap(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure_garbage);
}

/*
 * G1 frees humongous garbage at each pause. References to what is followed keep some of it until a
 * marking, but no more than a part: without a bound it was all there was, up to where markings
 * begin (45 % of the heap).
 */
static void measure_kept(struct umig_rig *rig)
{
    char words[96];
    snprintf(words, sizeof words,
             "-Xms%dm -Xmx%dm -XX:+UseG1GC -XX:G1HeapRegionSize=1m -cp @java Living",
             LARGE_HEAP_MIB, LARGE_HEAP_MIB);
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", words);
    json_decref(tell(rig, "litter"));
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --live --gc --name kept", rig->jvm.pid),
                     0);
    await_begin(rig, "kept");
    const double before = umig_rig_counter(rig, "engine.collections");
    while (umig_rig_counter(rig, "engine.collections") < before + LITTERED) {
        poll(NULL, 0, LOOK_MS);
    }
    stop(rig, "kept");
    json_t *report = report_of(rig, "kept");
    const double after = umig_json_number_at(report, "gc/heap_after_highest_bytes") / (1 << 20);
    print_message("  after a collection %.1f MiB of %d at most\n", after, LARGE_HEAP_MIB);
    assert_true(after <= LARGE_HEAP_MIB / 3.0);
    json_decref(report);
    umig_rig_tell_jvm(rig, "end");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void test_humongous_garbage_is_kept_by_references_to_a_part_of_the_heap(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure_kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_objects_that_are_kept_are_told_until_they_are_let_go,
                                  umig_rig_teardown),
        cmocka_unit_test_teardown(test_no_more_garbage_is_told_than_there_is_heap,
                                  umig_rig_teardown),
        cmocka_unit_test_teardown(
            test_humongous_garbage_is_kept_by_references_to_a_part_of_the_heap, umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.live", tests, NULL, NULL);
}
