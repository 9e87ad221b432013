#include <string.h>

#include "analysis/contention.h"
#include "analysis/pins.h"
#include "analysis/virtual_threads.h"
#include "core/units.h"
#include "tests/support/collapsed.h"
#include "tests/support/test.h"

#define PARKED                                                               \
 "java.lang.VirtualThread.park;java.lang.VirtualThread.parkOnCarrierThread;" \
 "jdk.internal.misc.Unsafe.park_[n] 1\n"

enum {
    NATIVE,
    INITIALISER,
    NEITHER,
    NO_PIN,
    LOCK
};

static const char g_stacks[] =
    "[c-1];svc.Outer.call0_[n];svc.Codec.decode0_[n];svc.Codec.refill:7;" PARKED
    "[c-2];svc.Codec.decode0_[n];svc.Rules.<clinit>:3;svc.Rules.load:9;" PARKED
    "[c-3];svc.Loader.loadClass:5;" PARKED
    "[w-4];svc.Api.get:1;java.util.concurrent.locks.LockSupport.park;"
    "jdk.internal.misc.Unsafe.park_[n] 1\n"
    "[c-5];svc.Codec.decode0_[n];svc.Codec.open:8;java.util.concurrent.locks.ReentrantLock.lock;"
    "java.util.concurrent.locks.LockSupport.park;java.lang.System$1.parkVirtualThread;" PARKED;

static uint32_t string(struct umig_profile *profile, const char *text)
{
    uint32_t id = 0;
    assert_int_equal(umig_profile_string(profile, text, strlen(text), &id), UMIG_OK);
    return id;
}

/* A wait on the stack of a line above, of its thread. */
static void add_wait(struct umig_profile *profile,
                     uint32_t line,
                     const char *class_name,
                     uint64_t wait_ns,
                     uint64_t count)
{
    const struct umig_profile_wait wait = {
        .thread = line + 1,
        .monitor_class = string(profile, class_name),
        .stack = profile->samples.items[line].stack,
        .wait_ns = wait_ns,
        .count = count,
    };
    assert_int_equal(umig_profile_add_wait(profile, &wait), UMIG_OK);
}

static struct umig_profile *make(void)
{
    struct umig_profile *profile = umig_collapsed_read(g_stacks);
    add_wait(profile, NATIVE, "java.lang.VirtualThread", 30, 1);
    add_wait(profile, NATIVE, "java.lang.VirtualThread", 12, 2);
    add_wait(profile, INITIALISER, "java.lang.VirtualThread", 25, 0); /* told while it goes on */
    add_wait(profile, INITIALISER, "java.lang.VirtualThread", 10, 1);
    add_wait(profile, NEITHER, "java.lang.VirtualThread", 20, 0); /* and still does at the end */
    add_wait(profile, NO_PIN, "java.util.concurrent.Semaphore$FairSync", 7, 1);
    add_wait(profile, LOCK, "java.util.concurrent.locks.ReentrantLock$NonfairSync", 5, 1);
    return profile;
}

static const char *method_of(const struct umig_profile *profile, uint32_t frame)
{
    return umig_profile_text(profile,
                             profile->methods.items[profile->frames.items[frame].method].name);
}

static void expect_row(const struct umig_profile *profile,
                       const struct umig_pin_row *row,
                       const char *where,
                       const char *pinned_by,
                       const uint64_t expected[3]) /* count, wait_ns, longest_ns */
{
    assert_string_equal(method_of(profile, row->frame), where);
    if (pinned_by == NULL) {
        assert_int_equal(row->pinned_by, 0);
    } else {
        assert_string_equal(method_of(profile, row->pinned_by), pinned_by);
    }
    assert_int_equal(row->count, expected[0]);
    assert_int_equal(row->wait_ns, expected[1]);
    assert_int_equal(row->longest_ns, expected[2]);
}

static void test_pins_are_told_by_the_innermost_frame_that_pins(void **state)
{
    (void)state;
    struct umig_profile *profile = make();
    struct umig_pins pins;
    assert_int_equal(umig_pins_read(profile, &pins, NULL), UMIG_OK);

    assert_int_equal(pins.row_count, 4);
    assert_int_equal(pins.count, 6);
    assert_int_equal(pins.wait_ns, 102);
    expect_row(profile, &pins.rows[0], "refill", "decode0", (uint64_t[]){3, 42, 30});
    expect_row(profile, &pins.rows[1], "load", "<clinit>", (uint64_t[]){1, 35, 35});
    expect_row(profile, &pins.rows[2], "loadClass", NULL, (uint64_t[]){1, 20, 20});
    expect_row(profile, &pins.rows[3], "open", "decode0", (uint64_t[]){1, 5, 5});
    assert_string_equal(umig_pins_reason(profile, pins.rows[0].pinned_by), "native code");
    assert_string_equal(umig_pins_reason(profile, pins.rows[1].pinned_by), "a class initialiser");
    umig_pins_fini(&pins);
    umig_profile_destroy(profile);
}

static void test_contention_leaves_out_pins_that_wait_for_no_lock(void **state)
{
    (void)state;
    struct umig_profile *profile = make();
    struct umig_contention all;
    assert_int_equal(umig_contention_read(profile, &all, NULL), UMIG_OK);

    assert_int_equal(all.count, 2);
    assert_int_equal(all.wait_ns, 12);
    assert_int_equal(all.open_threads, 0);
    assert_int_equal(all.site_count, 2);
    assert_string_equal(method_of(profile, all.sites[0].frame), "get");
    assert_string_equal(method_of(profile, all.sites[1].frame), "open");
    umig_contention_fini(&all);
    umig_profile_destroy(profile);
}

static void test_virtual_threads_made_are_ids_less_platform_threads(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("[main];svc.Api.get:1 1\n");
    struct umig_jvm jvm;
    const struct umig_work_pools pools = {0};
    const struct umig_pins pins = {0};
    umig_jvm_read(profile, &jvm);
    struct umig_virtual_figures figures = umig_virtual_figures_read(profile, &jvm, &pools, &pins);
    assert_int_equal(figures.made, UMIG_JVM_COUNTER_UNKNOWN); /* before JDK 21, or without heap */
    assert_false(figures.are_there);

    umig_profile_set_jvm_counter(profile, UMIG_JVM_STARTED, UMIG_NS_PER_S, 10);
    umig_profile_set_jvm_counter(profile, UMIG_JVM_CREATED, UMIG_NS_PER_S, 20);
    umig_profile_set_jvm_counter(profile, UMIG_JVM_STARTED, 2 * UMIG_NS_PER_S, 13);
    umig_profile_set_jvm_counter(profile, UMIG_JVM_CREATED, 2 * UMIG_NS_PER_S, 523);
    umig_jvm_read(profile, &jvm);
    figures = umig_virtual_figures_read(profile, &jvm, &pools, &pins);
    assert_int_equal(figures.made, 500);
    assert_true(figures.are_there);
    umig_profile_destroy(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pins_are_told_by_the_innermost_frame_that_pins),
        cmocka_unit_test(test_contention_leaves_out_pins_that_wait_for_no_lock),
        cmocka_unit_test(test_virtual_threads_made_are_ids_less_platform_threads),
    };
    return cmocka_run_group_tests_name("unit.analysis.pins", tests, NULL, NULL);
}
