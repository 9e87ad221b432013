/*
 * Dynamic Groovy services under class churn: how many samples of Java threads fail and why, and
 * what folding leaves of the noise. What counts as noise is written down here once more, apart from
 * what analysis/ folds.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

#define MIN_SAMPLES    2000 /* of Java threads */
#define FAILED_PERCENT 10.0
#define NOISE_PERCENT  5.0
#define STACKS_RATIO   0.5

/* --- stacks in collapsed form: "[pool];root;...;leaf COUNT" --- */

struct stacks {
    size_t distinct; /* of Java threads */
    double samples;
    double broken;  /* that begin at no thread's entry, refused ones left out */
    double refused; /* a single frame that says why */
    double frames;
    double noise;    /* frames of dispatch, by the list below */
    double dispatch; /* frames that folding put in their place */
    double depths[4096];
};

static const char *const g_noise[] = {
    "java.lang.invoke.",
    "java.lang.reflect.",
    "jdk.internal.reflect.",
    "sun.reflect.",
    "jdk.proxy",
    "org.codehaus.groovy.vmplugin.",
    "org.codehaus.groovy.runtime.callsite.",
    "org.codehaus.groovy.runtime.metaclass.",
    "org.codehaus.groovy.runtime.ScriptBytecodeAdapter.",
    "org.codehaus.groovy.runtime.InvokerHelper.",
    "org.codehaus.groovy.runtime.ConversionHandler.",
    "org.codehaus.groovy.runtime.dgm$",
    "org.codehaus.groovy.reflection.",
    "groovy.lang.MetaClass",
    "groovy.lang.ExpandoMetaClass",
    "groovy.lang.MetaMethod.",
    "groovy.lang.Closure.call",
};

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static bool is_noise(const char *frame)
{
    for (size_t i = 0; i < sizeof g_noise / sizeof g_noise[0]; i++) {
        if (begins_with(frame, g_noise[i])) {
            return true;
        }
    }
    return false;
}

static bool is_entry(const char *frame)
{
    static const char *const entries[] = {
        "java.lang.Thread.run", "java.lang.ref.", "Catalogue.main", "Idioms.main", "[truncated",
    };
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        if (begins_with(frame, entries[i])) {
            return true;
        }
    }
    return false;
}

static bool is_vm_frame(const char *frame)
{
    return begins_with(frame, "[compilation]") || begins_with(frame, "[garbage collection]") ||
           begins_with(frame, "[VM]") || begins_with(frame, "[native thread]");
}

static void count_stack(struct stacks *stacks, char *line)
{
    char *space = strrchr(line, ' ');
    char *rest = NULL;
    assert_non_null(space);
    const double count = strtod(space, NULL);
    *space = '\0';
    (void)strtok_r(line, ";", &rest); /* the pool */
    const char *frame = strtok_r(NULL, ";", &rest);
    if (frame == NULL || is_vm_frame(frame)) {
        return;
    }
    stacks->distinct++;
    stacks->samples += count;
    const bool is_refused = frame[0] == '[' && !begins_with(frame, "[truncated") &&
                            !begins_with(frame, "[groovy dispatch");
    stacks->refused += is_refused ? count : 0;
    stacks->broken += !is_refused && !is_entry(frame) ? count : 0;
    size_t depth = 0;
    for (; frame != NULL; frame = strtok_r(NULL, ";", &rest), depth++) {
        stacks->frames += count;
        stacks->noise += is_noise(frame) ? count : 0;
        stacks->dispatch += begins_with(frame, "[groovy dispatch") ? count : 0;
    }
    stacks->depths[depth < 4095 ? depth : 4095] += count;
}

static struct stacks *read_stacks(struct umig_rig *rig, const char *option)
{
    struct stacks *stacks = calloc(1, sizeof *stacks);
    assert_non_null(stacks);
    char *text = umig_rig_text(rig, "report groovy --format collapsed%s", option);
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        count_stack(stacks, line);
    }
    free(text);
    assert_true(stacks->samples > 0);
    return stacks;
}

static size_t median_depth(const struct stacks *stacks)
{
    double seen = 0;
    size_t depth = 0;
    while (depth < 4095 && (seen += stacks->depths[depth]) < stacks->samples / 2) {
        depth++;
    }
    return depth;
}

/* --- the run --- */

/* Samples of Java threads that the session has, by the agent's own counters. */
static double java_samples(struct umig_rig *rig)
{
    json_t *status = NULL;
    assert_int_equal(umig_rig_command(rig, &status, "status %d --json", rig->jvm.pid), 0);
    const json_t *agent = json_array_get(json_object_get(status, "agents"), 0);
    const json_t *session = json_array_get(json_object_get(agent, "sessions"), 0);
    const json_t *counters = json_object_get(session, "counters");
    const double samples = umig_json_number_or_0(counters, "samples.cpu") -
                           umig_json_number_or_0(counters, "outcome.no_java");
    json_decref(status);
    return samples;
}

static json_t *sample(struct umig_rig *rig, const char *words)
{
    const double wanted = umig_rig_is_long() ? 10 * MIN_SAMPLES : MIN_SAMPLES;
    umig_rig_start_jvm(rig, "", words);
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --cpu 1ms --name groovy", rig->jvm.pid),
                     0);
    while (java_samples(rig) < wanted) {
        poll(NULL, 0, 200);
    }
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name groovy", rig->jvm.pid), 0);
    json_decref(umig_rig_await_session(rig, "groovy", umig_rig_has_ended));
    umig_rig_tell_jvm(rig, "end");
    json_decref(umig_rig_read_jvm(rig));
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    json_t *report = NULL;
    assert_int_equal(umig_rig_command(rig, &report, "report groovy --format json"), 0);
    return report;
}

static void print_causes(const json_t *report, const struct stacks *raw)
{
    size_t i;
    json_t *cause;
    json_array_foreach(json_object_get(json_object_get(report, "quality"), "failed"), i, cause)
    {
        print_message("    %-24s %6.2f %%\n", umig_json_text_at(cause, "outcome"),
                      100 * umig_json_number_at(cause, "samples") / raw->samples);
    }
    print_message("    %-24s %6.2f %%\n", "broken midway", 100 * raw->broken / raw->samples);
}

static void measure(struct umig_rig *rig, const char *name, const char *words)
{
    umig_rig_start_collector(rig);
    json_t *report = sample(rig, words);
    struct stacks *raw = read_stacks(rig, " --unfold");
    struct stacks *folded = read_stacks(rig, "");
    const double failed = 100 * (raw->refused + raw->broken) / raw->samples;
    const double raw_noise = 100 * raw->noise / raw->frames;
    const double noise = 100 * folded->noise / folded->frames;
    const double ratio = (double)folded->distinct / (double)raw->distinct;
    print_message("  %s: %.0f samples in Java threads, median depth %zu\n", name, raw->samples,
                  median_depth(raw));
    print_message("    %-24s %6.2f %%\n", "failed", failed);
    print_causes(report, raw);
    print_message("    %-24s %6.2f %% -> %.2f %% of frames (%.1f %% stand for dispatch)\n", "noise",
                  raw_noise, noise, 100 * folded->dispatch / folded->frames);
    print_message("    %-24s %6zu -> %zu (%.2f)\n", "distinct stacks", raw->distinct,
                  folded->distinct, ratio);
    /* Collapsed stacks are weighed by time, the report counts samples: both see failures, or none.
     */
    assert_int_equal(raw->refused > 0, umig_json_number_at(report, "quality/failed_samples") > 0);
    assert_true(failed <= FAILED_PERCENT);
    assert_true(noise < NOISE_PERCENT);
    assert_true(ratio <= STACKS_RATIO);
    free(folded);
    free(raw);
    json_decref(report);
    umig_rig_stop_collector(rig);
}

static void measure_service(struct umig_rig *rig)
{
    measure(rig, "service, Groovy 4, class churn", "-cp @groovy4 Catalogue 2 2");
}

static void measure_idioms(struct umig_rig *rig)
{
    measure(rig, "idioms, Groovy 2.4", "-cp @groovy24 Idioms 2");
}

static void test_groovy4_service_with_class_churn_is_walked_and_folded(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure_service);
}

static void test_groovy24_idioms_are_walked_and_folded(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure_idioms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_groovy4_service_with_class_churn_is_walked_and_folded,
                                  umig_rig_teardown),
        cmocka_unit_test_teardown(test_groovy24_idioms_are_walked_and_folded, umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.groovy", tests, NULL, NULL);
}
