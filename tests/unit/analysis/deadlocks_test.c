#include <string.h>

#include "analysis/contention.h"
#include "analysis/deadlocks.h"
#include "tests/support/collapsed.h"
#include "tests/support/test.h"

static uint32_t string(struct umig_profile *profile, const char *text)
{
    uint32_t id = 0;
    assert_int_equal(umig_profile_string(profile, text, strlen(text), &id), UMIG_OK);
    return id;
}

static void test_contention_of_synchronizers_is_where_they_were_called(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read(
        "[w-1];svc.Api.get:7;java.util.concurrent.locks.ReentrantLock.lock:2;"
        "java.util.concurrent.locks.LockSupport.park:1;jdk.internal.misc.Unsafe.park 1\n"
        "[h-1];svc.Store.save:9;java.net.Socket.read:3 1");
    const struct umig_profile_wait wait = {
        .thread = 1,
        .holder = 2,
        .monitor_class = string(profile, "java.util.concurrent.locks.ReentrantLock$NonfairSync"),
        .stack = profile->samples.items[0].stack,
        .holder_stack = profile->samples.items[1].stack,
        .wait_ns = 30,
        .count = 1,
    };
    assert_int_equal(umig_profile_add_wait(profile, &wait), UMIG_OK);
    struct umig_contention all;
    assert_int_equal(umig_contention_read(profile, &all, NULL), UMIG_OK);

    assert_int_equal(all.site_count, 1);
    assert_int_equal(profile->frames.items[all.sites[0].frame].line, 7);
    assert_int_equal(all.holding_count, 1);
    assert_int_equal(profile->frames.items[all.holding[0].frame].line, 9);
    assert_int_equal(all.holding[0].stack, wait.holder_stack);
    assert_int_equal(all.holding[0].wait_ns, 30);
    assert_string_equal(umig_profile_text(profile, all.holding[0].holder_group), "h-*");
    umig_contention_fini(&all);
    umig_profile_destroy(profile);
}

/* All mutexes of the JVM are locked by the same few functions: who called them is the place. */
static void test_contention_of_mutexes_is_where_they_are_wanted(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read(
        "[w-1];CompileBroker.compile;nmethod.make;Mutex.lock;Mutex.lock_contended 1");
    /* As native functions are: without a class, named with it. */
    static const char *const names[] = {"CompileBroker::compile", "nmethod::new_nmethod(int)",
                                        "Mutex::lock(Thread*)", "Mutex::lock_contended"};
    uint32_t at = profile->samples.items[0].stack;
    for (int i = 3; i >= 0; i--) {
        struct umig_profile_frame *frame = &profile->frames.items[profile->stacks.items[at].frame];
        frame->kind = UMIG_FRAME_NATIVE;
        profile->methods.items[frame->method].class_name = 0;
        profile->methods.items[frame->method].name = string(profile, names[i]);
        at = profile->stacks.items[at].parent;
    }
    const struct umig_profile_wait wait = {
        .thread = 1,
        .monitor_class = string(profile, "pthread_mutex_t"),
        .stack = profile->samples.items[0].stack,
        .wait_ns = 30,
        .count = 1,
    };
    assert_int_equal(umig_profile_add_wait(profile, &wait), UMIG_OK);
    struct umig_contention all;
    assert_int_equal(umig_contention_read(profile, &all, NULL), UMIG_OK);

    assert_int_equal(all.site_count, 1);
    const uint32_t method = profile->frames.items[all.sites[0].frame].method;
    assert_string_equal(umig_profile_text(profile, profile->methods.items[method].name), names[1]);
    umig_contention_fini(&all);
    umig_profile_destroy(profile);
}

/* The wait of a thread for a class that another thread has. */
static void add_deadlocked(struct umig_profile *profile,
                           uint32_t number,
                           uint32_t thread,
                           uint32_t holder,
                           const char *class_name)
{
    const struct umig_profile_wait wait = {
        .thread = thread,
        .holder = holder,
        .monitor_class = string(profile, class_name),
        .stack = profile->samples.items[thread - 1].stack,
        .wait_ns = 5,
        .deadlock = number,
    };
    assert_int_equal(umig_profile_add_wait(profile, &wait), UMIG_OK);
}

static void expect_deadlocked(const struct umig_profile *profile,
                              const struct umig_deadlock_thread *thread,
                              const uint32_t expected[3], /* number, thread, holder */
                              const char *waits_for,
                              const char *holds)
{
    assert_int_equal(thread->number, expected[0]);
    assert_int_equal(thread->thread, expected[1]);
    assert_int_equal(thread->holder, expected[2]);
    assert_string_equal(umig_profile_text(profile, thread->waits_for), waits_for);
    assert_string_equal(umig_profile_text(profile, thread->holds), holds);
}

static void test_deadlocks_are_told_in_the_order_of_their_holders(void **state)
{
    (void)state;
    struct umig_profile *profile =
        umig_collapsed_read("[a];A.a 1\n[b];A.b 1\n[c];A.c 1\n[d];A.d 1\n[e];A.e 1\n[f];A.f 1");
    struct umig_deadlocks deadlocks;
    add_deadlocked(profile, 2, 4, 5, "X");
    add_deadlocked(profile, 2, 5, 4, "Y");
    add_deadlocked(profile, 0, 1, 3, "R"); /* not known yet */
    add_deadlocked(profile, 1, 1, 3, "R");
    add_deadlocked(profile, 1, 2, 1, "G");
    add_deadlocked(profile, 1, 3, 2, "B");
    add_deadlocked(profile, 0, 6, 1, "G"); /* behind it */
    assert_int_equal(umig_deadlocks_read(profile, &deadlocks, NULL), UMIG_OK);

    assert_int_equal(deadlocks.deadlocks, 2);
    assert_int_equal(deadlocks.count, 5);
    expect_deadlocked(profile, &deadlocks.threads[0], (uint32_t[]){1, 1, 3}, "R", "G");
    expect_deadlocked(profile, &deadlocks.threads[1], (uint32_t[]){1, 3, 2}, "B", "R");
    expect_deadlocked(profile, &deadlocks.threads[2], (uint32_t[]){1, 2, 1}, "G", "B");
    expect_deadlocked(profile, &deadlocks.threads[3], (uint32_t[]){2, 4, 5}, "X", "Y");
    expect_deadlocked(profile, &deadlocks.threads[4], (uint32_t[]){2, 5, 4}, "Y", "X");
    assert_int_equal(deadlocks.threads[0].wait_ns, 10);
    umig_deadlocks_fini(&deadlocks);
    umig_profile_destroy(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contention_of_synchronizers_is_where_they_were_called),
        cmocka_unit_test(test_contention_of_mutexes_is_where_they_are_wanted),
        cmocka_unit_test(test_deadlocks_are_told_in_the_order_of_their_holders),
    };
    return cmocka_run_group_tests_name("unit.analysis.deadlocks", tests, NULL, NULL);
}
