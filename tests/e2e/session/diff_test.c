/* Real runs compared: equal programs show no change, a method whose work doubled is found. */
#include <stdio.h>
#include <string.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

#define WARM_MS    "3000"
#define RUN_MS     "5000"
#define SHARE_MOST 0.01 /* of the frames of equal programs that may be marked */
#define CONSTANT   "-XX:CompileCommand=quiet -XX:CompileCommand=dontinline,programs.Slowed::* "

struct run {
    char name[32];
    double requests;
};

/* One JVM: warm, then a session of its work. Methods stay apart: inlining moves their samples. */
static struct run run_program(struct umig_rig *rig, const char *name, int percent)
{
    struct run run = {.requests = 0};
    char words[512];
    snprintf(run.name, sizeof run.name, "%s", name);
    snprintf(words, sizeof words, CONSTANT "-cp @java programs.Slowed %d 2", percent);
    umig_rig_start_jvm(rig, "", words);
    umig_rig_tell_jvm(rig, WARM_MS);
    json_decref(umig_rig_read_jvm(rig));
    assert_int_equal(
        umig_rig_command(rig, NULL, "start %d --cpu 4ms --name %s", rig->jvm.pid, name), 0);
    umig_rig_tell_jvm(rig, RUN_MS);
    json_t *truth = umig_rig_read_jvm(rig);
    run.requests = umig_json_number_at(truth, "requests");
    json_decref(truth);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name %s", rig->jvm.pid, name), 0);
    json_decref(umig_rig_await_session(rig, name, umig_rig_has_ended));
    umig_rig_tell_jvm(rig, "end");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    return run;
}

static json_t *compare(struct umig_rig *rig, const struct run *before, const struct run *after)
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
    print_message("  hash: ratio %.3f (%.3f to %.3f), least %.3f, %s; all CPU %.3f\n",
                  umig_json_number_at(hash, "self/ratio"), umig_json_number_at(hash, "self/low"),
                  umig_json_number_at(hash, "self/high"), umig_json_number_at(hash, "self/least"),
                  umig_json_text_at(hash, "self/state"), umig_json_number_at(diff, "whole_ratio"));
    return strcmp(umig_json_text_at(hash, "self/state"), "changed") == 0 &&
           umig_json_number_at(hash, "self/ratio") > 1;
}

/* Equal programs, beside what did not change: the machine's speed is no change of theirs. */
static void expect_no_change(struct umig_rig *rig,
                             const struct run *before,
                             const struct run *after)
{
    json_t *diff = NULL;
    assert_int_equal(umig_rig_command(rig, &diff, "diff %s %s --json", before->name, after->name),
                     0);
    const double tested = umig_json_number_at(diff, "by_frame/tested");
    const double changed = umig_json_number_at(diff, "by_frame/changed");
    print_message("  equal: %.0f of %.0f frames marked, %.0f of %.0f methods\n", changed, tested,
                  umig_json_number_at(diff, "by_self/changed"),
                  umig_json_number_at(diff, "by_self/tested"));
    assert_true(tested >= 4);
    assert_true(changed <= SHARE_MOST * tested);
    json_decref(diff);
}

static void measure_doubled(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    const struct run one = run_program(rig, "one", 0);
    const struct run same = run_program(rig, "same", 0);
    const struct run doubled = run_program(rig, "doubled", 100);

    expect_no_change(rig, &one, &same);
    json_t *diff = compare(rig, &same, &doubled);
    assert_true(is_found(diff));
    assert_true(strcmp(umig_json_text_at(find_method(diff, "price"), "self/state"), "changed") !=
                0);
    json_decref(diff);
    umig_rig_stop_collector(rig);
}

static void test_equal_programs_show_no_change_and_a_slowed_method_is_found(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure_doubled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_equal_programs_show_no_change_and_a_slowed_method_is_found,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.diff", tests, NULL, NULL);
}
