/* What the answer says when the JVM's own threads are the heaviest. */
#include <string.h>

#include "analysis/gc.h"
#include "analysis/verdict.h"
#include "core/clock.h"
#include "tests/support/collapsed.h"
#include "tests/support/test.h"

#define TEXT_LIMIT_BYTES 65536

static uint32_t push(struct umig_profile *profile,
                     uint32_t parent,
                     enum umig_frame_kind kind,
                     const char *name)
{
    struct umig_profile_method method = {0};
    struct umig_profile_frame frame = {.kind = kind};
    uint32_t frame_id = 0;
    uint32_t stack = 0;
    assert_int_equal(umig_profile_string(profile, name, strlen(name), &method.name), UMIG_OK);
    assert_int_equal(umig_profile_method(profile, &method, &frame.method), UMIG_OK);
    assert_int_equal(umig_profile_frame(profile, &frame, &frame_id), UMIG_OK);
    assert_int_equal(umig_profile_stack(profile, parent, frame_id, &stack), UMIG_OK);
    return stack;
}

/* A stack of a thread of the JVM's own with native frames below the name of what it does. */
static void add_native(struct umig_profile *profile,
                       const char *does,
                       enum umig_outcome outcome,
                       uint64_t count)
{
    struct umig_profile_sample sample = {.kind = UMIG_KIND_CPU,
                                         .outcome = outcome,
                                         .count = count,
                                         .value = count * UMIG_COLLAPSED_INTERVAL_NS};
    sample.stack = push(profile, 0, UMIG_FRAME_VM, does);
    sample.stack = push(profile, sample.stack, UMIG_FRAME_NATIVE, "start_thread");
    sample.stack = push(profile, sample.stack, UMIG_FRAME_NATIVE, "Compile::Code_Gen");
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
}

/* 60 % compile, 25 % are the application's on one way. */
static struct umig_profile *compiling(void)
{
    struct umig_profile *profile = umig_collapsed_read("[exec-1];svc.Api.get:1;svc.A.b:2 50");
    profile->session.start_unix_ns = UMIG_NS_PER_S;
    profile->session.end_unix_ns = 11 * UMIG_NS_PER_S;
    profile->session.has_kind[UMIG_KIND_CPU] = true;
    add_native(profile, "[compilation]", UMIG_OUTCOME_NO_JAVA, 100);
    add_native(profile, "[compilation]", UMIG_OUTCOME_DEOPT, 20);
    add_native(profile, "[garbage collection]", UMIG_OUTCOME_OK, 25);
    struct umig_profile_sample pause = {.kind = UMIG_KIND_CPU,
                                        .outcome = UMIG_OUTCOME_NO_JAVA,
                                        .count = 5,
                                        .value = 5 * UMIG_COLLAPSED_INTERVAL_NS};
    pause.stack = push(profile, 0, UMIG_FRAME_VM, "[VM]");
    pause.stack = push(profile, pause.stack, UMIG_FRAME_VM, "[pause: Allocation Failure]");
    assert_int_equal(umig_profile_add_sample(profile, &pause), UMIG_OK);
    return profile;
}

static void test_overheads_are_told_by_the_root_frame(void **state)
{
    (void)state;
    struct umig_profile *profile = compiling();
    struct umig_hot *hot = NULL;

    assert_int_equal(umig_hot_create(profile, UMIG_KIND_CPU, UMIG_HOT_ALL_GROUPS, &hot, NULL),
                     UMIG_OK);

    assert_int_equal(hot->jit, 120 * UMIG_COLLAPSED_INTERVAL_NS);
    assert_int_equal(hot->collecting, 30 * UMIG_COLLAPSED_INTERVAL_NS);
    assert_int_equal(hot->unwalked, 0);
    umig_hot_destroy(hot);
    umig_profile_destroy(profile);
}

static void test_verdict_names_the_application_behind_a_compilers_way(void **state)
{
    (void)state;
    struct umig_profile *profile = compiling();
    struct umig_paths paths;
    struct umig_gc gc = {0};
    struct umig_contention waits = {0};
    struct umig_quality quality = {0};
    struct umig_hot *hot = NULL;
    struct umig_buf text = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    assert_int_equal(umig_hot_create(profile, UMIG_KIND_CPU, UMIG_HOT_ALL_GROUPS, &hot, NULL),
                     UMIG_OK);
    assert_int_equal(umig_paths_find(profile, UMIG_KIND_CPU, 4, &paths, NULL), UMIG_OK);
    const struct umig_verdict_figures figures = {.profile = profile,
                                                 .cpu = hot,
                                                 .paths = &paths,
                                                 .gc = &gc,
                                                 .contention = &waits,
                                                 .quality = &quality};

    umig_verdict_dominates(&figures, &text);

    assert_string_equal(umig_buf_str(&text),
                        "2 s of CPU in 10 s (0.20 processors); 60 % of it is the JIT compiler; "
                        "15 % of it is the collector's threads; 25 % of it is A.b and what it "
                        "calls, mostly on exec-*.");
    umig_buf_fini(&text);
    umig_paths_fini(&paths);
    umig_hot_destroy(hot);
    umig_profile_destroy(profile);
}

/* What the process counted itself is no nothing, however few samples there are. */
static void test_verdict_without_samples_says_what_the_process_used(void **state)
{
    (void)state;
    static const struct {
        uint64_t process_ms;
        const char *says;
    } cases[] = {
        {0, "No CPU samples came in while the session was on."},
        {48, "No CPU samples, though the process used 48 ms of CPU while the session was on: too "
             "little to be sure of a sample every 10 ms of a thread's."},
        {4800, "No CPU samples, though the process used 4.8 s of CPU while the session was on: "
               "the data quality below may say why."},
    };
    const struct umig_hot none = {.count = 0};
    const struct umig_quality quality = {.is_running = false};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_profile *profile = umig_collapsed_read("");
        struct umig_buf text = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
        profile->session.has_kind[UMIG_KIND_CPU] = true;
        profile->session.interval_ns[UMIG_KIND_CPU] = 10 * UMIG_NS_PER_MS;
        profile->session.process_cpu_ns = cases[i].process_ms * UMIG_NS_PER_MS;

        umig_verdict_dominates(
            &(struct umig_verdict_figures){.profile = profile, .cpu = &none, .quality = &quality},
            &text);

        assert_string_equal(umig_buf_str(&text), cases[i].says);
        umig_buf_fini(&text);
        umig_profile_destroy(profile);
    }
}

/* The answer on a profile without samples, as one text. */
static void put_answer(const struct umig_profile *profile, struct umig_buf *out)
{
    struct umig_paths paths;
    struct umig_gc gc = {0};
    struct umig_contention waits = {0};
    struct umig_jvm jvm = {0};
    struct umig_quality quality = {0};
    struct umig_hot *hot = NULL;
    assert_int_equal(umig_hot_create(profile, UMIG_KIND_CPU, UMIG_HOT_ALL_GROUPS, &hot, NULL),
                     UMIG_OK);
    assert_int_equal(umig_paths_find(profile, UMIG_KIND_CPU, 4, &paths, NULL), UMIG_OK);
    const struct umig_verdict_figures figures = {.profile = profile,
                                                 .cpu = hot,
                                                 .paths = &paths,
                                                 .gc = &gc,
                                                 .contention = &waits,
                                                 .jvm = &jvm,
                                                 .quality = &quality};
    umig_verdict_dominates(&figures, out);
    umig_buf_byte(out, '\n');
    umig_verdict_price(&figures, out);
    umig_buf_byte(out, '\n');
    umig_verdict_look_at(&figures, out);
    umig_paths_fini(&paths);
    umig_hot_destroy(hot);
}

/* What is not in the figures is not said to be none. */
static void test_verdict_begins_with_what_is_missing(void **state)
{
    (void)state;
    static const struct {
        uint32_t lost_files;
        uint64_t waiting_batches;
        const char *answer;
    } cases[] = {
        {0, 0,
         "No CPU samples came in while the session was on.\n"
         "No collection stopped the JVM; no thread waited for a lock.\n"
         "Measure longer, or under load, before drawing conclusions."},
        {1, 0,
         "A part of the data is missing: 1 of the files with it is gone or set aside as damaged. "
         "No CPU samples in what is there.\n"
         "No collection is in what is there; no wait for a lock is in what is there.\n"
         "Read a backup of the collector's folder with --data, or measure again, before drawing "
         "conclusions."},
        {0, 7,
         "A part of the data is in no figure yet: 7 of the batches of its JVM wait for room on the "
         "collector's disk. No CPU samples in what is there.\n"
         "No collection is in what is there; no wait for a lock is in what is there.\n"
         "Make room on the collector's disk and ask again before drawing conclusions."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_profile *profile = umig_collapsed_read("");
        struct umig_buf text = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
        profile->session.has_kind[UMIG_KIND_CPU] = true;
        profile->session.has_kind[UMIG_KIND_GC] = true;
        profile->session.has_kind[UMIG_KIND_LOCKS] = true;
        profile->session.lost_files = cases[i].lost_files;
        profile->session.waiting_batches = cases[i].waiting_batches;

        put_answer(profile, &text);

        assert_string_equal(umig_buf_str(&text), cases[i].answer);
        umig_buf_fini(&text);
        umig_profile_destroy(profile);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdict_begins_with_what_is_missing),
        cmocka_unit_test(test_overheads_are_told_by_the_root_frame),
        cmocka_unit_test(test_verdict_names_the_application_behind_a_compilers_way),
        cmocka_unit_test(test_verdict_without_samples_says_what_the_process_used),
    };
    return cmocka_run_group_tests_name("analysis.verdict", tests, NULL, NULL);
}
