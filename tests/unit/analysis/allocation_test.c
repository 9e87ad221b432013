#include <string.h>

#include "analysis/allocation.h"
#include "analysis/fold.h"
#include "core/units.h"
#include "tests/support/profile_stack.h"
#include "tests/support/test.h"

#define MIB (1024ull * 1024ull)

static uint32_t push(struct umig_profile *profile,
                     uint32_t parent,
                     enum umig_frame_kind kind,
                     const char *class_name,
                     const char *name)
{
    return umig_test_push(profile, parent, kind, class_name, name, name[0] != '\0' ? 7 : 0);
}

static void add(struct umig_profile *profile, uint32_t stack, uint64_t objects, uint64_t bytes)
{
    const struct umig_profile_sample sample = {
        .kind = UMIG_KIND_ALLOC, .stack = stack, .count = objects, .value = bytes};
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
}

/* An application that has a library allocate, a humongous array, and a class nobody could name. */
static struct umig_profile *make(void)
{
    struct umig_profile *profile = NULL;
    assert_int_equal(umig_profile_create(4 * MIB, &profile, NULL), UMIG_OK);
    profile->session.has_kind[UMIG_KIND_ALLOC] = true;
    profile->session.start_unix_ns = UMIG_NS_PER_S;
    profile->session.end_unix_ns = 3 * UMIG_NS_PER_S;
    const uint32_t run = push(profile, 0, UMIG_FRAME_JAVA, "svc.Orders", "run");
    const uint32_t copy = push(profile, run, UMIG_FRAME_JAVA, "java.util.Arrays", "copyOf");
    add(profile, push(profile, copy, UMIG_FRAME_ALLOCATED, "byte[]", ""), 1000, 10 * MIB);
    add(profile, push(profile, copy, UMIG_FRAME_OUTSIDE, "byte[]", ""), 10, 5 * MIB);
    add(profile, push(profile, run, UMIG_FRAME_HUMONGOUS, "long[]", ""), 2, 4 * MIB);
    add(profile, push(profile, 0, UMIG_FRAME_ERROR, "", "[names_full]"), 1, MIB);
    uint32_t thread = 0;
    assert_int_equal(umig_profile_thread(profile, 1, UMIG_THREAD_JAVA,
                                         umig_test_string(profile, "exec-1"), &thread),
                     UMIG_OK);
    const struct umig_profile_thread_total total = {
        .thread = thread, .kind = UMIG_KIND_ALLOC, .count = 40, .value = 20 * MIB};
    assert_int_equal(umig_profile_add_thread_total(profile, &total), UMIG_OK);
    return profile;
}

static const char *class_of(const struct umig_profile *profile,
                            const struct umig_allocation_row *row)
{
    const uint32_t name = profile->methods.items[row->class_method].class_name;
    return umig_profile_text(profile, name);
}

static const char *method_at(const struct umig_profile *profile,
                             const struct umig_allocation_row *row)
{
    const uint32_t method = profile->frames.items[row->frame].method;
    return umig_profile_text(profile, profile->methods.items[method].name);
}

static void test_allocation_adds_up_by_class_place_and_line(void **state)
{
    (void)state;
    struct umig_profile *stored = make();
    struct umig_profile *profile = NULL;
    struct umig_allocation all;
    assert_int_equal(umig_fold(stored, NULL, &profile, NULL), UMIG_OK);

    assert_int_equal(umig_allocation_read(profile, &all, NULL), UMIG_OK);

    assert_int_equal(all.samples, 40);
    assert_int_equal(all.bytes, 20 * MIB);
    assert_int_equal(all.objects, 1013);
    assert_int_equal(all.outside_bytes, 5 * MIB);
    assert_int_equal(all.humongous_bytes, 4 * MIB);
    assert_int_equal(all.humongous_objects, 2);
    assert_int_equal(all.class_count, 3);
    assert_string_equal(class_of(profile, &all.classes[0]), "byte[]");
    assert_int_equal(all.classes[0].bytes, 15 * MIB);
    assert_int_equal(all.classes[0].objects, 1010);
    assert_string_equal(class_of(profile, &all.classes[1]), "long[]");
    assert_int_equal(all.classes[2].class_method, 0);
    assert_int_equal(all.place_count, 3);
    assert_string_equal(method_at(profile, &all.places[0]), "copyOf");
    assert_string_equal(class_of(profile, &all.places[0]), "byte[]");
    assert_string_equal(method_at(profile, &all.places[1]), "run");
    assert_int_equal(all.line_count, 2);
    assert_string_equal(method_at(profile, &all.lines[0]), "run");
    assert_int_equal(all.lines[0].bytes, 19 * MIB);
    assert_int_equal(all.lines[1].frame, 0);
    umig_allocation_fini(&all);
    umig_profile_destroy(profile);
    umig_profile_destroy(stored);
}

static void test_allocation_sentence_says_rate_and_what_is_outside(void **state)
{
    (void)state;
    struct umig_profile *profile = make();
    struct umig_allocation all;
    struct umig_buf text = UMIG_BUF_INIT(1024);
    assert_int_equal(umig_allocation_read(profile, &all, NULL), UMIG_OK);

    umig_allocation_sentence(&all, &text);

    assert_string_equal(
        umig_buf_str(&text),
        "20.0 MiB in some 1,013 objects, 10.0 MiB a second; 25 % outside of threads' "
        "buffers (TLABs); 20 % humongous, in some 2 objects. Estimated from 40 "
        "samples.");
    umig_allocation_fini(&all);
    profile->session.jdk = 25;
    assert_int_equal(umig_allocation_read(profile, &all, NULL), UMIG_OK);
    assert_false(all.is_miscounted);
    umig_allocation_fini(&all);
    profile->session.jdk = 17;
    assert_int_equal(umig_allocation_read(profile, &all, NULL), UMIG_OK);
    umig_buf_clear(&text);
    umig_allocation_sentence(&all, &text);
    assert_null(strstr(umig_buf_str(&text), "JDK-8356372"));
    assert_null(strstr(umig_buf_str(&text), "collections"));
    umig_buf_fini(&text);
    umig_allocation_fini(&all);
    umig_profile_destroy(profile);
}

/* How much it weighs decides what is said of it; collections count without drawing lots. */
static void test_allocation_caveat_says_which_sum_is_better(void **state)
{
    (void)state;
    static const struct {
        uint64_t outside_mib, humongous_mib, collected_mib;
        bool is_off;
        const char *ends;
    } cases[] = {
        {10, 0, 0, true, "and the sum is less, than stands here."},
        {0, 10, 700, true,
         "and the sum is less, than stands here; the better sum is that of the "
         "collections."},
        {9, 0, 700, false, "(JDK-8356372, mended in 25): its share is more than stands here."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct umig_allocation all = {
            .samples = 40,
            .objects = 7,
            .bytes = 1000 * MIB,
            .outside_bytes = cases[i].outside_mib * MIB,
            .humongous_bytes = cases[i].humongous_mib * MIB,
            .collected_bytes = cases[i].collected_mib * MIB,
            .collected_over_ns = UINT64_C(7000000000),
            .is_miscounted = true,
        };
        struct umig_buf text = UMIG_BUF_INIT(4096);

        umig_allocation_sentence(&all, &text);
        assert_int_equal(strstr(umig_buf_str(&text),
                                " By the collections it was 700.0 MiB, 100.0 MiB a second, between "
                                "the first pause and the last.") != NULL,
                         cases[i].collected_mib > 0);
        umig_allocation_caveat(&all, &text);

        const size_t length = strlen(cases[i].ends);
        assert_true(text.len > length);
        assert_string_equal(umig_buf_str(&text) + text.len - length, cases[i].ends);
        assert_int_equal(umig_allocation_is_off(&all), cases[i].is_off);
        umig_buf_fini(&text);
    }
}

/* The class of an object is no call: it is never taken for dispatch, whatever its name. */
static void test_allocation_of_dispatch_classes_belongs_to_the_line(void **state)
{
    (void)state;
    struct umig_profile *stored = NULL;
    struct umig_profile *profile = NULL;
    struct umig_allocation all;
    assert_int_equal(umig_profile_create(4 * MIB, &stored, NULL), UMIG_OK);
    uint32_t at = push(stored, 0, UMIG_FRAME_JAVA, "svc.Orders", "total");
    at = push(stored, at, UMIG_FRAME_JAVA, "org.codehaus.groovy.vmplugin.v8.IndyInterface",
              "fromCache");
    at = push(stored, at, UMIG_FRAME_ALLOCATED, "java.lang.invoke.MethodHandleImpl$Wrapper", "");
    add(stored, at, 3, MIB);
    at = push(stored, 0, UMIG_FRAME_JAVA, "svc.Orders", "total");
    at = push(stored, at, UMIG_FRAME_ALLOCATED, "svc.Orders$_total_closure3", "");
    add(stored, at, 1, MIB / 2);
    assert_int_equal(umig_fold(stored, NULL, &profile, NULL), UMIG_OK);

    assert_int_equal(umig_allocation_read(profile, &all, NULL), UMIG_OK);

    assert_string_equal(class_of(profile, &all.classes[0]),
                        "java.lang.invoke.MethodHandleImpl$Wrapper");
    assert_string_equal(method_at(profile, &all.places[0]), "total");
    assert_string_equal(class_of(profile, &all.classes[1]), "svc.Orders");
    const uint32_t closure = all.classes[1].class_method;
    assert_string_equal(umig_profile_text(profile, profile->methods.items[closure].name),
                        "total {closure 3}");
    umig_allocation_fini(&all);
    umig_profile_destroy(profile);
    umig_profile_destroy(stored);
}

static void test_allocation_of_a_profile_without_is_empty(void **state)
{
    (void)state;
    struct umig_profile *profile = NULL;
    struct umig_allocation all = {.samples = 7};
    struct umig_buf text = UMIG_BUF_INIT(64);
    assert_int_equal(umig_profile_create(4 * MIB, &profile, NULL), UMIG_OK);

    assert_int_equal(umig_allocation_read(profile, &all, NULL), UMIG_OK);

    assert_int_equal(all.samples + all.class_count + all.bytes, 0);
    umig_allocation_sentence(&all, &text);
    assert_int_equal(text.len, 0);
    umig_allocation_fini(&all);
    umig_profile_destroy(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocation_adds_up_by_class_place_and_line),
        cmocka_unit_test(test_allocation_sentence_says_rate_and_what_is_outside),
        cmocka_unit_test(test_allocation_caveat_says_which_sum_is_better),
        cmocka_unit_test(test_allocation_of_dispatch_classes_belongs_to_the_line),
        cmocka_unit_test(test_allocation_of_a_profile_without_is_empty),
    };
    return cmocka_run_group_tests_name("unit.analysis.allocation", tests, NULL, NULL);
}
