/* Real sessions compared: equal work shows no change, a method whose work doubled is found. */
#include <stdio.h>
#include <string.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

#define WARM_MS    "3000"
#define RUN_MS     "7000"
#define SHARE_MOST 0.01 /* of the frames of equal work that may be marked */
/* Methods stay apart: inlining moves their samples. */
#define CONSTANT "-XX:CompileCommand=quiet -XX:CompileCommand=dontinline,programs.Slowed::* "

struct run {
    char name[32];
    double requests;
};

/* What is compiled meanwhile is uneven, and is told as such. */
static void warm_up(struct umig_rig *rig)
{
    umig_rig_tell_jvm(rig, WARM_MS);
    json_decref(umig_rig_read_jvm(rig));
}

/* A session of its work. */
static struct run run_session(struct umig_rig *rig, const char *name)
{
    struct run run = {.requests = 0};
    snprintf(run.name, sizeof run.name, "%s", name);
    assert_int_equal(
        umig_rig_command(rig, NULL, "start %d --cpu 4ms --name %s", rig->jvm.pid, name), 0);
    umig_rig_tell_jvm(rig, RUN_MS);
    json_t *truth = umig_rig_read_jvm(rig);
    run.requests = umig_json_number_at(truth, "requests");
    json_decref(truth);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name %s", rig->jvm.pid, name), 0);
    json_decref(umig_rig_await_session(rig, name, umig_rig_has_ended));
    return run;
}

/* Beside what did not change: the machine's speed is no change. */
static json_t *compare(struct umig_rig *rig, const struct run *before, const struct run *after)
{
    json_t *diff = NULL;
    assert_int_equal(umig_rig_command(rig, &diff, "diff %s %s --json", before->name, after->name),
                     0);
    return diff;
}

static json_t *per_request(struct umig_rig *rig, const struct run *before, const struct run *after)
{
    json_t *diff = NULL;
    assert_int_equal(umig_rig_command(rig, &diff, "diff %s %s --json --per request=%.0f,%.0f",
                                      before->name, after->name, before->requests, after->requests),
                     0);
    return diff;
}

static const json_t *find_method(const json_t *diff, const char *name)
{
    size_t index;
    json_t *method;
    json_array_foreach(json_object_get(diff, "methods"), index, method)
    {
        if (strcmp(umig_json_text_at(method, "method"), name) == 0) {
            return method;
        }
    }
    fail_msg("no method %s", name);
    return NULL;
}

static bool is_found(const json_t *diff)
{
    const json_t *hash = find_method(diff, "hash");
    print_message("  hash: ratio %.3f (%.3f to %.3f), least %.3f, %s\n",
                  umig_json_number_at(hash, "self/ratio"), umig_json_number_at(hash, "self/low"),
                  umig_json_number_at(hash, "self/high"), umig_json_number_at(hash, "self/least"),
                  umig_json_text_at(hash, "self/state"));
    return strcmp(umig_json_text_at(hash, "self/state"), "changed") == 0 &&
           umig_json_number_at(hash, "self/ratio") > 1;
}

static void expect_no_change(const json_t *diff)
{
    const double tested = umig_json_number_at(diff, "by_frame/tested");
    const double changed = umig_json_number_at(diff, "by_frame/changed");
    print_message("  equal: %.0f of %.0f frames marked, %.0f of %.0f methods\n", changed, tested,
                  umig_json_number_at(diff, "by_self/changed"),
                  umig_json_number_at(diff, "by_self/tested"));
    assert_true(tested >= 4);
    assert_true(changed <= SHARE_MOST * tested);
}

static void expect_only_hash_changed(const json_t *diff)
{
    assert_true(is_found(diff));
    assert_true(strcmp(umig_json_text_at(find_method(diff, "price"), "self/state"), "changed") !=
                0);
}

/* One JVM: another would have compiled its methods otherwise, a change that is no fault of diff's;
 * scripts/bench diff tells how often it sees one. */
static void measure_doubled(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", CONSTANT "-cp @java programs.Slowed 0 2");
    warm_up(rig);
    const struct run one = run_session(rig, "one");
    const struct run same = run_session(rig, "same");
    umig_rig_tell_jvm(rig, "slow 100");
    warm_up(rig);
    const struct run doubled = run_session(rig, "doubled");
    umig_rig_tell_jvm(rig, "end");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);

    json_t *equal = compare(rig, &one, &same);
    expect_no_change(equal);
    json_t *slowed = compare(rig, &same, &doubled);
    expect_only_hash_changed(slowed);
    json_t *by_request = per_request(rig, &same, &doubled);
    assert_true(is_found(by_request));
    json_decref(equal);
    json_decref(slowed);
    json_decref(by_request);
    umig_rig_stop_collector(rig);
}

static void test_equal_sessions_show_no_change_and_a_slowed_method_is_found(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure_doubled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_equal_sessions_show_no_change_and_a_slowed_method_is_found,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.diff", tests, NULL, NULL);
}
