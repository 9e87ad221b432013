/*
 * Virtual threads that park at the bottom of 20 calls and burn CPU there when they go on: their
 * stacks are whole, to their own root, with every collector; and told apart from their carriers'.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

#define THREADS     200
#define DEPTH       20
#define MIN_SAMPLES 1000
#define MIN_PERCENT 99.0 /* of the CPU on virtual threads: right, or cut with a mark */
#define CARRIERS    "[virtual on "
#define FIRST_JDK   21

/* CPU of virtual threads, in the unit of the stacks. */
struct shares {
    double all;
    double right;
    double marked; /* cut where callers could not be had */
};

static int count_of(const char *stack, const char *frame)
{
    int count = 0;
    for (const char *at = strstr(stack, frame); at != NULL; at = strstr(at + 1, frame)) {
        count++;
    }
    return count;
}

/* A line of collapsed stacks: "[THREAD];ROOT;...;LEAF VALUE". */
static void count_stack(char *line, struct shares *shares)
{
    char *value = strrchr(line, ' ');
    char *frames = strchr(line, ';');
    if (strncmp(line, CARRIERS, strlen(CARRIERS)) != 0 || value == NULL || frames == NULL) {
        return;
    }
    *value = ';';
    const double weight = strtod(value + 1, NULL);
    const bool is_at_bottom = strstr(frames, "Mounted.bottom;") != NULL;
    shares->all += weight;
    if (strstr(frames, "[truncated]") != NULL) {
        shares->marked += weight;
    } else if (strncmp(frames, ";jdk.internal.vm.Continuation.enter;", 36) == 0 &&
               (!is_at_bottom || count_of(frames, "Mounted.rec;") == DEPTH)) {
        shares->right += weight;
    } else {
        print_message("  not whole: %s\n", line);
    }
}

/* Several sessions lie in one store, one for each JVM: a name that two had would be the newer's. */
static const char *session_name(const struct umig_rig *rig)
{
    static char name[32];
    snprintf(name, sizeof name, "mounted-%d", (int)rig->jvm.pid);
    return name;
}

static struct shares read_shares(struct umig_rig *rig)
{
    struct shares shares = {0};
    char *text = umig_rig_text(rig, "report %s --format collapsed --unfold", session_name(rig));
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        count_stack(line, &shares);
    }
    free(text);
    return shares;
}

static double samples_of_virtual(struct umig_rig *rig)
{
    json_t *report = NULL;
    double samples = 0;
    size_t i;
    json_t *pool;
    assert_int_equal(umig_rig_command(rig, &report, "report %s --format json", session_name(rig)),
                     0);
    json_array_foreach(json_object_get(json_object_get(report, "cpu"), "pools"), i, pool)
    {
        if (strncmp(umig_json_text_at(pool, "pool"), CARRIERS + 1, strlen(CARRIERS) - 1) == 0) {
            samples += umig_json_number_at(pool, "samples");
        }
    }
    json_decref(report);
    return samples;
}

static void measure_with(struct umig_rig *rig, const char *flags)
{
    char words[256];
    umig_rig_start_collector(rig);
    snprintf(words, sizeof words, "%s -Xmx512m -cp @java Mounted %d", flags, THREADS);
    umig_rig_start_jvm(rig, "", words);
    const char *name = session_name(rig);
    assert_int_equal(
        umig_rig_command(rig, NULL, "start %d --cpu 2ms --name %s", rig->jvm.pid, name), 0);
    json_decref(umig_rig_await_session(rig, name, umig_rig_has_samples));
    double samples = 0;
    while (samples < MIN_SAMPLES) {
        samples = samples_of_virtual(rig);
    }
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name %s", rig->jvm.pid, name), 0);
    json_decref(umig_rig_await_session(rig, name, umig_rig_has_ended));
    const struct shares shares = read_shares(rig);
    const double right = 100 * shares.right / shares.all;
    const double marked = 100 * shares.marked / shares.all;
    print_message("  %d %-45s %5.0f samples, %7.3f %% right, %.3f %% cut with a mark\n",
                  rig->jdk.feature, flags, samples, right, marked);
    assert_true(right + marked >= MIN_PERCENT);
    umig_rig_tell_jvm(rig, "!");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void measure(struct umig_rig *rig)
{
    static const char *const collectors[] = {
        "-XX:+UseSerialGC",     "-XX:+UseParallelGC", "-XX:+UseG1GC -XX:-UseCompressedOops",
        "-XX:+UseShenandoahGC",
#ifndef __SANITIZE_ADDRESS__ /* its shadow lies where ZGC wants the heap */
        "-XX:+UseZGC",
#endif
    };
    if (rig->jdk.feature < FIRST_JDK) {
        return;
    }
    for (size_t i = 0; i < sizeof collectors / sizeof collectors[0]; i++) {
        measure_with(rig, collectors[i]);
    }
    measure_with(rig, "-Xint");
    if (rig->jdk.feature >= 25) {
        measure_with(rig, "-XX:+UseG1GC -XX:+UseCompactObjectHeaders");
    }
}

static void test_stacks_of_virtual_threads_reach_their_root(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_stacks_of_virtual_threads_reach_their_root,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.virtual", tests, NULL, NULL);
}
