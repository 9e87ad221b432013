#include <stdio.h>
#include <string.h>

#include "analysis/verdict_private.h"
#include "analysis/wall.h"
#include "core/units.h"
#include "tests/support/profile_stack.h"
#include "tests/support/test.h"

#define MS UMIG_NS_PER_MS

static uint32_t push(struct umig_profile *profile,
                     uint32_t parent,
                     const char *class_name,
                     const char *name,
                     enum umig_frame_kind kind)
{
    return umig_test_push(profile, parent, kind, class_name, name, 0);
}

/* "a.B.c;d.E.f", root first, in a state; the state's class is the monitor's. */
static uint32_t stack_of(struct umig_profile *profile,
                         const char *frames,
                         const char *monitor_class,
                         const char *state)
{
    char text[512];
    char *rest = NULL;
    uint32_t stack = 0;
    snprintf(text, sizeof text, "%s", frames);
    for (char *at = strtok_r(text, ";", &rest); at != NULL; at = strtok_r(NULL, ";", &rest)) {
        char *dot = strrchr(at, '.');
        *dot = '\0';
        stack = push(profile, stack, at, dot + 1, UMIG_FRAME_JAVA);
    }
    return push(profile, stack, monitor_class, state, UMIG_FRAME_STATE);
}

static struct umig_profile *make(void)
{
    struct umig_profile *profile = NULL;
    assert_int_equal(umig_profile_create(1 << 20, &profile, NULL), UMIG_OK);
    return profile;
}

static void add(struct umig_profile *profile, const char *group, uint32_t stack, uint64_t value)
{
    const struct umig_profile_sample sample = {.kind = UMIG_KIND_WALL,
                                               .group = umig_test_string(profile, group),
                                               .stack = stack,
                                               .count = 1,
                                               .value = value};
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
}

static void test_state_is_told_by_the_method_that_sleeps(void **state)
{
    (void)state;
    static const struct {
        const char *frames;
        const char *told;
        enum umig_wall_state is;
    } cases[] = {
        {"a.B.c", "running", UMIG_WALL_RUNNING},
        {"java.lang.Object.wait", "runnable", UMIG_WALL_RUNNABLE},
        {"java.lang.Object.wait", "vm", UMIG_WALL_WAITING},
        {"java.lang.Object.wait0", "vm", UMIG_WALL_WAITING},
        {"java.lang.Object.wait0", "blocked", UMIG_WALL_BLOCKED},
        {"java.lang.Object.notify", "vm", UMIG_WALL_VM},
        {"java.lang.Thread.sleep0", "vm", UMIG_WALL_SLEEPING},
        {"java.lang.Thread.sleepNanos0", "native", UMIG_WALL_SLEEPING},
        {"java.lang.Thread.start0", "vm", UMIG_WALL_VM},
        {"jdk.internal.misc.Unsafe.park", "vm", UMIG_WALL_PARKED},
        {"sun.nio.ch.Net.poll", "native", UMIG_WALL_IO},
        {"sun.nio.ch.Net.poll", "vm", UMIG_WALL_VM}, /* held on its way back */
        {"java.io.FileInputStream.readBytes", "native", UMIG_WALL_IO},
        {"java.util.zip.Deflater.deflateBytes", "native", UMIG_WALL_NATIVE},
        {"a.B.c", "tomorrow's", UMIG_WALL_COUNT},
    };
    struct umig_profile *profile = make();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint32_t stack = stack_of(profile, cases[i].frames, "", cases[i].told);
        assert_int_equal(umig_wall_state_of(profile, stack), cases[i].is);
    }
    const uint32_t bare = push(profile, 0, "", "native", UMIG_FRAME_STATE);
    assert_int_equal(umig_wall_state_of(profile, bare), UMIG_WALL_NATIVE);
    assert_int_equal(umig_wall_state_of(profile, push(profile, 0, "a.B", "c", UMIG_FRAME_JAVA)),
                     UMIG_WALL_COUNT);
    umig_profile_destroy(profile);
}

static const char *method_of(const struct umig_profile *profile, uint32_t method)
{
    return umig_profile_text(profile, profile->methods.items[method].name);
}

static void test_figures_add_up_by_state_pool_and_place(void **state)
{
    (void)state;
    struct umig_profile *profile = make();
    add(profile, "workers",
        stack_of(profile,
                 "shop.Worker.loop;java.util.concurrent.LinkedBlockingQueue.take;"
                 "java.util.concurrent.locks.AbstractQueuedSynchronizer$ConditionObject.await;"
                 "java.util.concurrent.ForkJoinPool.managedBlock;"
                 "java.util.concurrent.locks.LockSupport.park;jdk.internal.misc.Unsafe.park",
                 "", "vm"),
        70 * MS);
    add(profile, "workers", stack_of(profile, "shop.Worker.loop;shop.Worker.sum", "", "running"),
        20 * MS);
    add(profile, "workers", stack_of(profile, "shop.Worker.loop", "shop.Ledger", "blocked"),
        10 * MS);
    add(profile, "timer", stack_of(profile, "java.lang.Thread.sleep0", "", "vm"), 50 * MS);
    struct umig_wall_figures figures;

    assert_int_equal(umig_wall_figures_read(profile, 8, &figures, NULL), UMIG_OK);

    assert_int_equal(figures.count, 4);
    assert_int_equal(figures.value, 150 * MS);
    assert_int_equal(figures.by_state[UMIG_WALL_PARKED], 70 * MS);
    assert_int_equal(figures.by_state[UMIG_WALL_SLEEPING], 50 * MS);
    assert_int_equal(figures.pool_count, 2);
    assert_string_equal(umig_profile_text(profile, figures.pools[0].group), "workers");
    assert_int_equal(figures.pools[0].value, 100 * MS);
    assert_int_equal(figures.pools[0].by_state[UMIG_WALL_BLOCKED], 10 * MS);
    assert_int_equal(figures.place_count, 3); /* what runs is off no CPU */
    assert_int_equal(figures.places[0].value, 70 * MS);
    assert_string_equal(method_of(profile, figures.places[0].waits_in), "take");
    assert_int_not_equal(figures.places[0].frame, 0);
    assert_int_equal(figures.places[1].state, UMIG_WALL_SLEEPING);
    assert_string_equal(method_of(profile, figures.places[1].waits_in), "sleep0");
    assert_int_equal(figures.places[1].frame, 0);
    assert_string_equal(umig_profile_text(profile, figures.places[2].monitor_class), "shop.Ledger");
    assert_int_equal(figures.paths.items[0].value, 70 * MS);

    umig_wall_figures_fini(&figures);
    umig_profile_destroy(profile);
}

/* Without CPU samples the answer is of wall time; who may have nothing to do is not first. */
static void test_answer_of_a_session_of_wall_time(void **state)
{
    (void)state;
    static const char *const wants[] = {
        "2 threads: 47 % of their time parked, 33 % sleeping, 20 % running.\n"
        "Threads are off the CPU most below Worker.loop: parked for 47 % of their time, a pool that "
        "waits for work, too.",
        "2 threads: 41 % of their time parked, 29 % sleeping, 18 % running.\n"
        "Look first at Worker.loop: blocked for 12 % of their time.",
    };
    for (int has_blocked = 0; has_blocked < 2; has_blocked++) {
        struct umig_profile *profile = make();
        struct umig_wall_figures wall;
        struct umig_buf text = UMIG_BUF_INIT(4096);
        profile->session.has_kind[UMIG_KIND_WALL] = true;
        add(profile, "workers",
            stack_of(profile, "shop.Worker.loop;jdk.internal.misc.Unsafe.park", "", "vm"), 70 * MS);
        add(profile, "workers", stack_of(profile, "shop.Worker.sum", "", "running"), 30 * MS);
        add(profile, "timer", stack_of(profile, "java.lang.Thread.sleep0", "", "vm"), 50 * MS);
        if (has_blocked != 0) {
            add(profile, "workers", stack_of(profile, "shop.Worker.loop", "shop.Ledger", "blocked"),
                20 * MS);
        }
        assert_int_equal(umig_wall_figures_read(profile, 8, &wall, NULL), UMIG_OK);
        wall.threads = 2;
        const struct umig_verdict_figures figures = {.profile = profile, .wall = &wall};

        assert_true(umig_verdict_kinds_dominate(&figures, &text));
        umig_buf_byte(&text, '\n');
        assert_true(umig_verdict_kinds_look_at(&figures, &text));
        assert_string_equal(umig_buf_str(&text), wants[has_blocked]);

        profile->session.has_kind[UMIG_KIND_CPU] = true;
        assert_false(umig_verdict_kinds_dominate(&figures, &text));
        umig_buf_fini(&text);
        umig_wall_figures_fini(&wall);
        umig_profile_destroy(profile);
    }
}

/* What pins a virtual thread is where it is parked on its carrier. */
static void test_place_of_a_pinned_thread_says_so(void **state)
{
    (void)state;
    struct umig_profile *profile = make();
    struct umig_wall_figures figures;
    add(profile, "carriers",
        stack_of(profile,
                 "shop.Stock.<clinit>;java.util.concurrent.CountDownLatch.await;"
                 "java.util.concurrent.locks.AbstractQueuedSynchronizer.acquire;"
                 "java.util.concurrent.locks.LockSupport.park;java.lang.VirtualThread.park;"
                 "java.lang.VirtualThread.parkOnCarrierThread;jdk.internal.misc.Unsafe.park",
                 "", "vm"),
        10 * MS);

    assert_int_equal(umig_wall_figures_read(profile, 8, &figures, NULL), UMIG_OK);

    assert_int_equal(figures.places[0].state, UMIG_WALL_PARKED);
    assert_string_equal(method_of(profile, figures.places[0].waits_in), "parkOnCarrierThread");
    assert_string_equal(method_of(profile, profile->frames.items[figures.places[0].frame].method),
                        "<clinit>");
    umig_wall_figures_fini(&figures);
    umig_profile_destroy(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_place_of_a_pinned_thread_says_so),
        cmocka_unit_test(test_state_is_told_by_the_method_that_sleeps),
        cmocka_unit_test(test_figures_add_up_by_state_pool_and_place),
        cmocka_unit_test(test_answer_of_a_session_of_wall_time),
    };
    return cmocka_run_group_tests_name("wall", tests, NULL, NULL);
}
