#include <stdio.h>
#include <string.h>

#include "analysis/profile.h"
#include "analysis/virtual_threads.h"
#include "tests/support/test.h"
#include "tests/support/torture.h"

#define LIMIT_BYTES (1u << 20)

static int setup(void **state)
{
    struct umig_profile *profile = NULL;
    assert_int_equal(umig_profile_create(LIMIT_BYTES, &profile, NULL), UMIG_OK);
    *state = profile;
    return 0;
}

static int teardown(void **state)
{
    *state = umig_profile_destroy(*state);
    return 0;
}

static uint32_t string(struct umig_profile *profile, const char *text)
{
    uint32_t id = UINT32_MAX;
    assert_int_equal(umig_profile_string(profile, text, strlen(text), &id), UMIG_OK);
    return id;
}

static uint32_t frame(struct umig_profile *profile, const char *class_name, const char *name)
{
    const struct umig_profile_method method = {string(profile, class_name), string(profile, name),
                                               0};
    uint32_t method_id = 0;
    assert_int_equal(umig_profile_method(profile, &method, &method_id), UMIG_OK);
    const struct umig_profile_frame want = {method_id, 7, UMIG_FRAME_JAVA};
    uint32_t id = 0;
    assert_int_equal(umig_profile_frame(profile, &want, &id), UMIG_OK);
    return id;
}

static uint32_t stack(struct umig_profile *profile, uint32_t parent, uint32_t frame_id)
{
    uint32_t id = 0;
    assert_int_equal(umig_profile_stack(profile, parent, frame_id, &id), UMIG_OK);
    return id;
}

static void test_create_with_tiny_limit_names_the_least(void **state)
{
    (void)state;
    struct umig_profile *profile = NULL;
    struct umig_err err = UMIG_ERR_INIT;

    assert_int_equal(umig_profile_create(100, &profile, &err), UMIG_E_ARG);

    assert_null(profile);
    assert_non_null(strstr(err.text, "64 KiB"));
}

static void test_interning_gives_equal_content_one_id(void **state)
{
    struct umig_profile *profile = *state;

    const uint32_t first = string(profile, "svc.Orders");

    assert_int_equal(first, 1);
    assert_int_equal(string(profile, "svc.Orders"), first);
    assert_int_equal(string(profile, "svc.Order"), 2);
    assert_int_equal(string(profile, ""), 0);
    assert_string_equal(umig_profile_text(profile, first), "svc.Orders");
    assert_string_equal(umig_profile_text(profile, 0), "");
    assert_int_equal(frame(profile, "a.B", "c"), frame(profile, "a.B", "c"));
    assert_int_not_equal(frame(profile, "a.B", "c"), frame(profile, "a.B", "d"));
}

static void test_interning_survives_growth(void **state)
{
    struct umig_profile *profile = *state;
    uint32_t ids[5000];
    char name[32];
    for (uint32_t i = 0; i < 5000; i++) {
        (void)snprintf(name, sizeof name, "name-%u", i);
        ids[i] = string(profile, name);
    }

    for (uint32_t i = 0; i < 5000; i++) {
        (void)snprintf(name, sizeof name, "name-%u", i);
        assert_int_equal(string(profile, name), ids[i]);
    }
    assert_int_equal(profile->strings.count, 5001);
}

static void test_string_with_bad_bytes_is_made_readable(void **state)
{
    struct umig_profile *profile = *state;
    static const struct {
        const char *bytes;
        size_t byte_count;
        const char *want;
    } cases[] = {
        {"a\0b", 3,
         "a\xE2\x90\x80"
         "b"},
        {"\xFF", 1, "\xEF\xBF\xBD"},
        {"x\xC3", 2, "x\xEF\xBF\xBD"},
        {"\xC0\xAF", 2, "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xED\xA0\x80", 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xF4\x90\x80\x80", 4, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xC3\xA9\xF0\x9F\x90\x98", 6, "\xC3\xA9\xF0\x9F\x90\x98"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t id = 0;
        assert_int_equal(umig_profile_string(profile, cases[i].bytes, cases[i].byte_count, &id),
                         UMIG_OK);
        assert_string_equal(umig_profile_text(profile, id), cases[i].want);
    }
}

static void test_stack_is_a_tree_with_depths(void **state)
{
    struct umig_profile *profile = *state;
    const uint32_t run = frame(profile, "java.lang.Thread", "run");
    const uint32_t work = frame(profile, "svc.Work", "go");

    const uint32_t top = stack(profile, 0, run);
    const uint32_t leaf = stack(profile, top, work);

    assert_int_equal(stack(profile, top, work), leaf);
    assert_int_not_equal(stack(profile, 0, work), leaf);
    assert_int_equal(profile->stacks.items[leaf].depth, 2);
    assert_int_equal(profile->stacks.items[leaf].parent, top);
}

static void test_unknown_ids_are_refused(void **state)
{
    struct umig_profile *profile = *state;
    uint32_t id = 77;

    const struct umig_profile_method method = {99, 0, 0};
    assert_int_equal(umig_profile_method(profile, &method, &id), UMIG_E_ARG);
    const struct umig_profile_frame bad_frame = {99, 0, UMIG_FRAME_JAVA};
    assert_int_equal(umig_profile_frame(profile, &bad_frame, &id), UMIG_E_ARG);
    assert_int_equal(umig_profile_stack(profile, 0, 0, &id), UMIG_E_ARG);
    assert_int_equal(umig_profile_stack(profile, 99, 1, &id), UMIG_E_ARG);
    assert_int_equal(umig_profile_thread(profile, 1, UMIG_THREAD_JAVA, 99, &id), UMIG_E_ARG);
    const struct umig_profile_sample sample = {.kind = UMIG_KIND_CPU, .stack = 99};
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_E_ARG);
    const struct umig_profile_wait wait = {.thread = 99};
    assert_int_equal(umig_profile_add_wait(profile, &wait), UMIG_E_ARG);
    assert_int_equal(umig_profile_add_other(profile, 99), UMIG_E_ARG);
    assert_int_equal(id, 77);
}

static void test_group_replaces_runs_of_digits(void **state)
{
    struct umig_profile *profile = *state;
    static const char *const cases[][2] = {
        {"http-nio-8080-exec-12", "http-nio-*-exec-*"},
        {"main", "main"},
        {"C2 CompilerThread0", "C2 CompilerThread*"},
        {"G1 Conc#0", "G1 Conc#*"},
        {"pool C1 worker", "pool C1 worker"},
        {"T12 worker", "T* worker"},
        {"42", "*"},
        {"", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t group = 0;
        assert_int_equal(umig_profile_group(profile, string(profile, cases[i][0]), &group),
                         UMIG_OK);
        assert_string_equal(umig_profile_text(profile, group), cases[i][1]);
    }
}

static void test_threads_are_told_apart_by_tid_and_name(void **state)
{
    struct umig_profile *profile = *state;
    const uint32_t a = string(profile, "exec-1");
    const uint32_t b = string(profile, "exec-2");
    uint32_t ids[4];

    assert_int_equal(umig_profile_thread(profile, 10, UMIG_THREAD_JAVA, a, &ids[0]), UMIG_OK);
    assert_int_equal(umig_profile_thread(profile, 10, UMIG_THREAD_JAVA, b, &ids[1]), UMIG_OK);
    assert_int_equal(umig_profile_thread(profile, 11, UMIG_THREAD_JAVA, a, &ids[2]), UMIG_OK);
    assert_int_equal(umig_profile_thread(profile, 10, UMIG_THREAD_JAVA, a, &ids[3]), UMIG_OK);

    assert_int_equal(ids[0], 1);
    assert_int_equal(ids[1], 2);
    assert_int_equal(ids[2], 3);
    assert_int_equal(ids[3], 1);
    assert_string_equal(umig_profile_text(profile, profile->threads.items[2].group), "exec-*");
}

static void test_thread_kind_is_learned_once(void **state)
{
    struct umig_profile *profile = *state;
    const uint32_t name = string(profile, "GC Thread#0");
    uint32_t id = 0;

    assert_int_equal(umig_profile_thread(profile, 7, UMIG_THREAD_UNKNOWN, name, &id), UMIG_OK);
    assert_int_equal(umig_profile_thread(profile, 7, UMIG_THREAD_GC, name, &id), UMIG_OK);
    assert_int_equal(umig_profile_thread(profile, 7, UMIG_THREAD_JAVA, name, &id), UMIG_OK);

    assert_int_equal(profile->threads.count, 2);
    assert_int_equal(profile->threads.items[id].kind, UMIG_THREAD_GC);
}

static void test_samples_of_one_place_add_up_and_stop_at_the_top(void **state)
{
    struct umig_profile *profile = *state;
    const uint32_t leaf = stack(profile, 0, frame(profile, "a.B", "c"));
    struct umig_profile_sample sample = {
        .kind = UMIG_KIND_CPU, .stack = leaf, .count = 2, .value = 20};

    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
    sample.outcome = UMIG_OUTCOME_DEOPT;
    sample.value = UINT64_MAX;
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);

    assert_int_equal(profile->samples.count, 2);
    assert_int_equal(profile->samples.items[0].count, 4);
    assert_int_equal(profile->samples.items[0].value, 40);
    assert_true(profile->samples.items[1].value == UINT64_MAX);
}

static void test_virtual_threads_are_told_apart_by_id_and_name(void **state)
{
    struct umig_profile *profile = *state;
    const uint32_t a = string(profile, "orders-1");
    const uint32_t b = string(profile, "orders-2");
    uint32_t ids[5];
    assert_int_equal(umig_profile_virtual_thread(profile, 42, a, &ids[0]), UMIG_OK);
    assert_int_equal(umig_profile_virtual_thread(profile, 43, a, &ids[1]), UMIG_OK);
    assert_int_equal(umig_profile_virtual_thread(profile, 42, b, &ids[2]), UMIG_OK);
    assert_int_equal(umig_profile_virtual_thread(profile, 42, a, &ids[3]), UMIG_OK);
    assert_int_equal(umig_profile_thread(profile, 0, UMIG_THREAD_VIRTUAL, a, &ids[4]), UMIG_OK);
    assert_int_equal(ids[0], ids[3]);
    assert_true(ids[0] != ids[1] && ids[0] != ids[2] && ids[0] != ids[4]);
    assert_int_equal(profile->threads.items[ids[1]].virtual_id, 43);
    assert_int_equal(profile->threads.items[ids[1]].kind, UMIG_THREAD_VIRTUAL);
    assert_string_equal(umig_profile_text(profile, profile->threads.items[ids[1]].group),
                        "orders-*");
}

static void test_virtual_threads_in_words(void **state)
{
    struct umig_profile *profile = *state;
    struct umig_buf out = UMIG_BUF_INIT(4096);
    uint32_t told = 0;
    uint32_t busy = 0;
    uint32_t shared = 0;
    umig_virtual_threads_put(profile, 100, &out);
    assert_int_equal(out.len, 0);

    const uint32_t name = string(profile, "orders-1");
    assert_int_equal(
        umig_profile_thread(profile, 0, UMIG_THREAD_VIRTUAL, string(profile, "orders-*"), &shared),
        UMIG_OK);
    struct umig_profile_thread_total total = {shared, UMIG_KIND_CPU, 1, 30};
    assert_int_equal(umig_profile_add_thread_total(profile, &total), UMIG_OK);
    umig_virtual_threads_put(profile, 100, &out);
    assert_string_equal(umig_buf_str(&out), "30 % is of virtual threads, told by pool or carrier.");

    assert_int_equal(umig_profile_virtual_thread(profile, 42, name, &busy), UMIG_OK);
    assert_int_equal(umig_profile_virtual_thread(profile, 43, name, &told), UMIG_OK);
    total = (struct umig_profile_thread_total){busy, UMIG_KIND_CPU, 1, 50};
    assert_int_equal(umig_profile_add_thread_total(profile, &total), UMIG_OK);
    umig_buf_clear(&out);
    umig_virtual_threads_put(profile, 100, &out);
    assert_string_equal(umig_buf_str(&out),
                        "1 virtual thread is told by itself, orders-1 (id 42), with 50 %; "
                        "30 % is of others, told by pool or carrier.");
    total = (struct umig_profile_thread_total){told, UMIG_KIND_CPU, 1, 20};
    assert_int_equal(umig_profile_add_thread_total(profile, &total), UMIG_OK);
    umig_buf_clear(&out);
    umig_virtual_threads_put(profile, 100, &out);
    assert_string_equal(umig_buf_str(&out),
                        "2 virtual threads are told one by one, the busiest, orders-1 (id 42), "
                        "has 50 %; 30 % is of others, told by pool or carrier.");
    umig_buf_fini(&out);
}

static void test_thread_totals_add_up_by_thread_and_kind(void **state)
{
    struct umig_profile *profile = *state;
    uint32_t thread = 0;
    assert_int_equal(
        umig_profile_thread(profile, 1, UMIG_THREAD_JAVA, string(profile, "main"), &thread), 0);
    struct umig_profile_thread_total total = {thread, UMIG_KIND_CPU, 1, 10};

    assert_int_equal(umig_profile_add_thread_total(profile, &total), UMIG_OK);
    assert_int_equal(umig_profile_add_thread_total(profile, &total), UMIG_OK);
    total.kind = UMIG_KIND_LOCKS;
    assert_int_equal(umig_profile_add_thread_total(profile, &total), UMIG_OK);

    assert_int_equal(profile->thread_totals.count, 2);
    assert_int_equal(profile->thread_totals.items[0].value, 20);
}

static void test_full_profile_refuses_and_keeps_what_it_has(void **state)
{
    (void)state;
    struct umig_profile *profile = NULL;
    assert_int_equal(umig_profile_create(64 * 1024, &profile, NULL), UMIG_OK);
    char name[32];
    uint32_t id = 0;
    uint32_t entered = 0;
    int rc = UMIG_OK;
    while (rc == UMIG_OK) {
        (void)snprintf(name, sizeof name, "name-%u", entered);
        rc = umig_profile_string(profile, name, strlen(name), &id);
        entered += rc == UMIG_OK;
    }

    assert_int_equal(rc, UMIG_E_NOMEM);
    assert_true(entered > 100);
    assert_true(profile->used_bytes <= profile->limit_bytes);
    assert_int_equal(umig_profile_string(profile, "name-7", 6, &id), UMIG_OK);
    assert_int_equal(id, 8);
    umig_profile_destroy(profile);
}

/* One of everything; gives up at the first refusal. */
static int fill_profile(void *context)
{
    (void)context;
    struct umig_profile *profile = NULL;
    int rc = umig_profile_create(LIMIT_BYTES, &profile, NULL);
    uint32_t name = 0;
    uint32_t method = 0;
    uint32_t frame_id = 0;
    uint32_t stack_id = 0;
    uint32_t thread = 0;
    for (uint32_t i = 0; rc == UMIG_OK && i < 40; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "name-%c", (char)('A' + (int)i));
        rc = umig_profile_string(profile, text, strlen(text), &name);
        rc = rc ? rc
                : umig_profile_method(profile, &(struct umig_profile_method){name, name, 0},
                                      &method);
        rc = rc ? rc
                : umig_profile_frame(
                      profile, &(struct umig_profile_frame){method, i, UMIG_FRAME_JAVA}, &frame_id);
        rc = rc ? rc : umig_profile_stack(profile, stack_id, frame_id, &stack_id);
        rc = rc ? rc : umig_profile_thread(profile, i, UMIG_THREAD_JAVA, name, &thread);
        rc = rc ? rc
                : umig_profile_add_sample(
                      profile, &(struct umig_profile_sample){
                                   .kind = UMIG_KIND_CPU, .stack = stack_id, .count = 1});
        rc = rc ? rc
                : umig_profile_add_thread_total(
                      profile, &(struct umig_profile_thread_total){thread, UMIG_KIND_CPU, 1, 1});
        rc = rc ? rc : umig_profile_add_pause(profile, &(struct umig_profile_pause){.cause = name});
        rc = rc ? rc
                : umig_profile_add_pool_point(profile,
                                              &(struct umig_profile_pool_point){.pool = name});
        rc =
            rc ? rc : umig_profile_add_wait(profile, &(struct umig_profile_wait){.thread = thread});
        rc = rc ? rc : umig_profile_add_label(profile, name, name);
        rc = rc ? rc : umig_profile_add_other(profile, name);
    }
    umig_profile_destroy(profile);
    return rc;
}

static void test_every_failed_allocation_is_survived(void **state)
{
    (void)state;

    const size_t allocations = umig_torture(fill_profile, NULL);

    assert_true(allocations > 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_with_tiny_limit_names_the_least),
        cmocka_unit_test_setup_teardown(test_interning_gives_equal_content_one_id, setup, teardown),
        cmocka_unit_test_setup_teardown(test_interning_survives_growth, setup, teardown),
        cmocka_unit_test_setup_teardown(test_string_with_bad_bytes_is_made_readable, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_stack_is_a_tree_with_depths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown_ids_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_group_replaces_runs_of_digits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_threads_are_told_apart_by_tid_and_name, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_thread_kind_is_learned_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_samples_of_one_place_add_up_and_stop_at_the_top, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_virtual_threads_are_told_apart_by_id_and_name, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_virtual_threads_in_words, setup, teardown),
        cmocka_unit_test_setup_teardown(test_thread_totals_add_up_by_thread_and_kind, setup,
                                        teardown),
        cmocka_unit_test(test_full_profile_refuses_and_keeps_what_it_has),
        cmocka_unit_test(test_every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests_name("analysis.profile", tests, NULL, NULL);
}
