/* Collections in depth: sums over what the JVM's log said, and what is said of them. */
#include <string.h>

#include "analysis/fold.h"
#include "analysis/gc_depth.h"
#include "core/units.h"
#include "tests/support/collapsed.h"
#include "tests/support/test.h"

#define START_NS (1000 * UMIG_NS_PER_S)
#define MIB      (UINT64_C(1) << 20)

static uint32_t string(struct umig_profile *profile, const char *text)
{
    uint32_t id = 0;
    assert_int_equal(umig_profile_string(profile, text, strlen(text), &id), UMIG_OK);
    return id;
}

static struct umig_profile *begin(const char *collector)
{
    struct umig_profile *profile = umig_collapsed_read("[main];svc.Main.run:3;svc.Main.spin:9 12");
    profile->session.start_unix_ns = START_NS;
    profile->session.end_unix_ns = START_NS + 10 * UMIG_NS_PER_S;
    profile->session.collector_name = string(profile, collector);
    return profile;
}

static void add_pause(struct umig_profile *profile,
                      uint64_t at_ms,
                      const char *kind,
                      uint64_t before,
                      uint64_t after)
{
    const struct umig_profile_pause pause = {.start_unix_ns = START_NS + at_ms * UMIG_NS_PER_MS,
                                             .duration_ns = UMIG_NS_PER_MS,
                                             .collection = string(profile, kind),
                                             .before_bytes = before,
                                             .after_bytes = after};
    assert_int_equal(umig_profile_add_pause(profile, &pause), UMIG_OK);
}

static void add(struct umig_profile *profile,
                enum umig_gc_event_kind kind,
                uint64_t at_ms,
                const char *name,
                uint64_t duration_ms)
{
    const struct umig_profile_gc_event event = {.kind = kind,
                                                .start_unix_ns = START_NS + at_ms * UMIG_NS_PER_MS,
                                                .duration_ns = duration_ms * UMIG_NS_PER_MS,
                                                .name = string(profile, name)};
    assert_int_equal(umig_profile_add_gc_event(profile, &event), UMIG_OK);
}

static void add_change(struct umig_profile *profile,
                       enum umig_gc_event_kind kind,
                       uint64_t before,
                       uint64_t after)
{
    const struct umig_profile_gc_event event = {.kind = kind,
                                                .start_unix_ns = START_NS,
                                                .duration_ns = 1000,
                                                .before = before,
                                                .after = after,
                                                .name = string(profile, "pool")};
    assert_int_equal(umig_profile_add_gc_event(profile, &event), UMIG_OK);
}

static void read_depth(const struct umig_profile *profile, struct umig_gc_depth *out)
{
    assert_int_equal(umig_gc_depth_read(profile, out, NULL), UMIG_OK);
}

static void test_steps_add_up_by_the_kind_of_their_pause(void **state)
{
    (void)state;
    struct umig_profile *profile = begin("G1");
    struct umig_gc_depth depth;
    add_pause(profile, 100, "Pause Young (Normal)", 0, 0);
    add_pause(profile, 200, "Pause Full", 0, 0);
    add_pause(profile, 300, "Pause Young (Normal)", 0, 0);
    add(profile, UMIG_GC_EVENT_PHASE, 50, "Evacuate", 1); /* its pause began before the session */
    add(profile, UMIG_GC_EVENT_PHASE, 101, "Evacuate", 2);
    add(profile, UMIG_GC_EVENT_PHASE, 201, "Evacuate", 9);
    add(profile, UMIG_GC_EVENT_PHASE, 301, "Evacuate", 4);

    read_depth(profile, &depth);

    const struct umig_gc_sums *phases = &depth.of[UMIG_GC_EVENT_PHASE];
    assert_int_equal(phases->count, 3);
    assert_int_equal(phases->events, 4);
    assert_int_equal(phases->total_ns, 16 * UMIG_NS_PER_MS);
    assert_int_equal(phases->longest_ns, 9 * UMIG_NS_PER_MS);
    assert_int_equal(phases->items[0]->pause, string(profile, "Pause Full"));
    assert_int_equal(phases->items[1]->pause, string(profile, "Pause Young (Normal)"));
    assert_int_equal(phases->items[1]->count, 2);
    assert_int_equal(phases->items[1]->total_ns, 6 * UMIG_NS_PER_MS);
    assert_int_equal(phases->items[1]->longest_ns, 4 * UMIG_NS_PER_MS);
    assert_int_equal(phases->items[2]->pause, 0);
    umig_gc_depth_fini(&depth);
    umig_profile_destroy(profile);
}

static void test_stalls_add_up_by_the_group_of_their_threads(void **state)
{
    (void)state;
    struct umig_profile *profile = begin("ZGC");
    struct umig_gc_depth depth;
    struct umig_profile_gc_event event = {.kind = UMIG_GC_EVENT_STALL,
                                          .start_unix_ns = START_NS,
                                          .duration_ns = 5,
                                          .name = string(profile, "Allocation Stall")};
    for (int i = 0; i < 3; i++) {
        const char *const threads[] = {"http-1", "http-2", "main"};
        event.detail = string(profile, threads[i]);
        assert_int_equal(umig_profile_add_gc_event(profile, &event), UMIG_OK);
    }

    read_depth(profile, &depth);

    const struct umig_gc_sums *stalls = &depth.of[UMIG_GC_EVENT_STALL];
    assert_int_equal(stalls->count, 2);
    assert_int_equal(stalls->items[0]->count, 2);
    assert_string_equal(umig_profile_text(profile, stalls->items[0]->detail), "http-*");
    assert_int_equal(depth.allocated_over_ns, 0); /* ZGC frees beside the application */
    umig_gc_depth_fini(&depth);
    umig_profile_destroy(profile);
}

static void test_late_threads_keep_their_place_when_folded(void **state)
{
    (void)state;
    struct umig_profile *profile = begin("Serial");
    struct umig_profile *folded = NULL;
    struct umig_gc_depth depth;
    const struct umig_profile_gc_event event = {.kind = UMIG_GC_EVENT_LATE,
                                                .start_unix_ns = START_NS,
                                                .duration_ns = 7 * UMIG_NS_PER_MS,
                                                .name = string(profile, "Cleanup"),
                                                .thread = 1,
                                                .stack = profile->samples.items[0].stack};
    uint32_t thread = 0;
    assert_int_equal(
        umig_profile_thread(profile, 7, UMIG_THREAD_JAVA, string(profile, "late-7"), &thread),
        UMIG_OK);
    struct umig_profile_gc_event late = event;
    late.thread = thread;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(umig_profile_add_gc_event(profile, &late), UMIG_OK);
    }
    const struct umig_fold_options options = {.keep_dispatch = false};
    assert_int_equal(umig_fold(profile, &options, &folded, NULL), UMIG_OK);

    read_depth(folded, &depth);

    const struct umig_gc_sums *sums = &depth.of[UMIG_GC_EVENT_LATE];
    assert_int_equal(sums->count, 1);
    assert_int_equal(sums->items[0]->count, 2);
    assert_int_equal(sums->items[0]->longest_ns, 7 * UMIG_NS_PER_MS);
    assert_string_equal(umig_profile_text(folded, sums->items[0]->detail), "late-*");
    const uint32_t frame = folded->stacks.items[sums->items[0]->stack].frame;
    const uint32_t method = folded->frames.items[frame].method;
    assert_string_equal(umig_profile_text(folded, folded->methods.items[method].name), "spin");
    umig_gc_depth_fini(&depth);
    umig_profile_destroy(folded);
    umig_profile_destroy(profile);
}

static void test_safepoints_tell_how_long_they_took_to_reach(void **state)
{
    (void)state;
    struct umig_profile *profile = begin("G1");
    struct umig_gc_depth depth;
    add_change(profile, UMIG_GC_EVENT_SAFEPOINT, 300, 0);
    add_change(profile, UMIG_GC_EVENT_SAFEPOINT, 700, 0);

    read_depth(profile, &depth);

    assert_int_equal(depth.of[UMIG_GC_EVENT_SAFEPOINT].events, 2);
    assert_int_equal(depth.of[UMIG_GC_EVENT_SAFEPOINT].total_ns, 2000);
    assert_int_equal(depth.reach_ns, 1000);
    assert_int_equal(depth.reach_longest_ns, 700);
    umig_gc_depth_fini(&depth);
    umig_profile_destroy(profile);
}

static void test_sentence_has_rates_promotion_humongous_and_failures(void **state)
{
    (void)state;
    struct umig_profile *profile = begin("G1");
    struct umig_gc_depth depth;
    struct umig_buf text = UMIG_BUF_INIT(4096);
    add_pause(profile, 1000, "Pause Young", 50 * MIB, 10 * MIB);
    add_pause(profile, 2000, "Pause Young", 40 * MIB, 20 * MIB);
    add_pause(profile, 3000, "Pause Young", UMIG_BYTES_UNKNOWN, UMIG_BYTES_UNKNOWN);
    add_pause(profile, 4000, "Pause Young", 90 * MIB, 20 * MIB);
    add_pause(profile, 6000, "Pause Young", 60 * MIB, 20 * MIB);
    add_change(profile, UMIG_GC_EVENT_PROMOTION, 4 * MIB, 9 * MIB);
    add_change(profile, UMIG_GC_EVENT_PROMOTION, 9 * MIB, 8 * MIB);
    add_change(profile, UMIG_GC_EVENT_HUMONGOUS, 6 * MIB, 2 * MIB);
    add_change(profile, UMIG_GC_EVENT_HUMONGOUS, 4 * MIB, 4 * MIB);
    add(profile, UMIG_GC_EVENT_FAILURE, 0, "To-space exhausted", 0);

    read_depth(profile, &depth);
    umig_gc_depth_sentence(profile, &depth, &text);

    assert_int_equal(depth.allocated_bytes, 70 * MIB);
    assert_int_equal(depth.allocated_over_ns, 5 * UMIG_NS_PER_S);
    assert_int_equal(depth.promoted_bytes, 5 * MIB);
    assert_int_equal(depth.session_ns, 10 * UMIG_NS_PER_S);
    assert_int_equal(depth.humongous_most_bytes, 6 * MIB);
    assert_int_equal(depth.humongous_freed_bytes, 4 * MIB);
    assert_non_null(strstr(umig_buf_str(&text), "To-space exhausted, 1 time."));
    umig_buf_fini(&text);
    umig_gc_depth_fini(&depth);
    umig_profile_destroy(profile);
}

static void add_long_pause(struct umig_profile *profile, uint64_t at_ms, uint64_t duration_ms)
{
    const struct umig_profile_pause pause = {.start_unix_ns = START_NS + at_ms * UMIG_NS_PER_MS,
                                             .duration_ns = duration_ms * UMIG_NS_PER_MS,
                                             .before_bytes = UMIG_BYTES_UNKNOWN,
                                             .after_bytes = UMIG_BYTES_UNKNOWN};
    assert_int_equal(umig_profile_add_pause(profile, &pause), UMIG_OK);
}

/* Pauses of 1 to 9 ms, each with two steps: a day of them, and another one. */
static void test_longest_pauses_keep_their_steps(void **state)
{
    (void)state;
    struct umig_profile *profile = begin("G1");
    struct umig_profile *folded = NULL;
    struct umig_gc_depth depth;
    struct umig_buf text = UMIG_BUF_INIT(4096);
    const struct umig_fold_options options = {.keep_dispatch = false};
    const struct umig_profile_gc_step *steps[2];
    uint32_t pauses[UMIG_PROFILE_LONG_PAUSES];
    static const uint64_t days[2][4] = {{3, 9, 1, 5}, {7, 2, 9, 8}};
    for (uint64_t day = 0; day < 2; day++) {
        for (uint64_t i = 0; i < 4; i++) {
            add_long_pause(profile, day * 1000 + i * 100, days[day][i]);
        }
        for (uint64_t i = 0; i < 4; i++) {
            add(profile, UMIG_GC_EVENT_PHASE, day * 1000 + i * 100 + 50, "other", 1);
            add(profile, UMIG_GC_EVENT_PHASE, day * 1000 + i * 100 + 50, "copy", days[day][i] - 1);
        }
    }
    assert_int_equal(umig_fold(profile, &options, &folded, NULL), UMIG_OK);

    const uint32_t count = umig_profile_long_pauses(folded, pauses);

    const uint32_t expected[UMIG_PROFILE_LONG_PAUSES] = {1, 6, 7, 4, 3}; /* 9, 9, 8, 7, 5 ms */
    assert_int_equal(count, UMIG_PROFILE_LONG_PAUSES);
    assert_memory_equal(pauses, expected, sizeof expected);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t duration_ns = folded->pauses.items[pauses[i]].duration_ns;
        assert_int_equal(umig_gc_depth_steps(folded, pauses[i], 2, steps), 2);
        assert_int_equal(steps[0]->duration_ns, duration_ns - UMIG_NS_PER_MS);
        assert_int_equal(steps[1]->duration_ns, UMIG_NS_PER_MS);
        assert_int_equal(umig_gc_depth_steps(folded, pauses[i], 1, steps), 1);
        assert_string_equal(umig_profile_text(folded, steps[0]->name), "copy");
    }
    read_depth(folded, &depth);
    umig_gc_depth_sentence(folded, &depth, &text);
    assert_non_null(strstr(umig_buf_str(&text), "The longest pause, at "));
    assert_non_null(strstr(umig_buf_str(&text), " took 9 ms: copy 8 ms, other 1 ms."));
    umig_buf_fini(&text);
    umig_gc_depth_fini(&depth);
    umig_profile_destroy(folded);
    umig_profile_destroy(profile);
}

/* What is printed of a way is where it ends: three ways to one place are one row an operation. */
static void test_late_places_are_one_row_an_operation(void **state)
{
    (void)state;
    struct umig_profile *profile =
        umig_collapsed_read("[w];svc.A.a:1;svc.Main.spin:9 1\n[w];svc.B.b:2;svc.Main.spin:9 1\n"
                            "[w];svc.C.c:3;svc.Main.spin:9 1");
    struct umig_gc_depth depth;
    uint32_t thread = 0;
    assert_int_equal(
        umig_profile_thread(profile, 7, UMIG_THREAD_JAVA, string(profile, "w-1"), &thread),
        UMIG_OK);
    for (uint64_t i = 0; i < 4; i++) {
        const struct umig_profile_gc_event late = {
            .kind = UMIG_GC_EVENT_LATE,
            .start_unix_ns = START_NS,
            .duration_ns = (1 + i) * UMIG_NS_PER_MS,
            .name = string(profile, i < 3 ? "Cleanup" : "ICBufferFull"),
            .thread = thread,
            .stack = profile->samples.items[i % 3].stack};
        assert_int_equal(umig_profile_add_gc_event(profile, &late), UMIG_OK);
    }

    read_depth(profile, &depth);

    assert_int_equal(depth.of[UMIG_GC_EVENT_LATE].count, 4);
    assert_int_equal(depth.late_count, 2);
    assert_int_equal(depth.late[0].operation, string(profile, "Cleanup"));
    assert_int_equal(depth.late[0].count, 3);
    assert_int_equal(depth.late[0].total_ns, 6 * UMIG_NS_PER_MS);
    assert_int_equal(depth.late[0].longest_ns, 3 * UMIG_NS_PER_MS);
    assert_int_equal(depth.late[1].operation, string(profile, "ICBufferFull"));
    assert_int_equal(depth.late[1].total_ns, 4 * UMIG_NS_PER_MS);
    assert_int_equal(depth.late[0].frame, depth.late[1].frame);
    umig_gc_depth_fini(&depth);
    umig_profile_destroy(profile);
}

/* A tenth of the ten seconds for one thread; another was late, but not seen. */
static void test_price_names_stalls_and_whom_the_others_waited_for(void **state)
{
    (void)state;
    struct umig_profile *profile = begin("ZGC");
    struct umig_gc_depth depth;
    struct umig_buf text = UMIG_BUF_INIT(4096);
    const struct umig_profile_gc_event late = {.kind = UMIG_GC_EVENT_LATE,
                                               .start_unix_ns = START_NS,
                                               .duration_ns = UMIG_NS_PER_S,
                                               .name = string(profile, "Cleanup"),
                                               .stack = profile->samples.items[0].stack};
    add(profile, UMIG_GC_EVENT_STALL, 5, "Allocation Stall", 12);
    add(profile, UMIG_GC_EVENT_LATE, 5, "Cleanup", 2000);
    assert_int_equal(umig_profile_add_gc_event(profile, &late), UMIG_OK);

    read_depth(profile, &depth);
    umig_gc_depth_put_price(profile, &depth, &text);

    assert_string_equal(umig_buf_str(&text),
                        "; threads waited 12 ms until the collector had made room; 10 % of "
                        "the time all others waited for a thread in Main.spin:9 to stand");
    umig_buf_fini(&text);
    umig_gc_depth_fini(&depth);
    umig_profile_destroy(profile);
}

static void test_nothing_is_said_of_nothing(void **state)
{
    (void)state;
    struct umig_profile *profile = begin("G1");
    struct umig_gc_depth depth;
    struct umig_buf text = UMIG_BUF_INIT(4096);

    read_depth(profile, &depth);
    umig_gc_depth_sentence(profile, &depth, &text);

    assert_false(depth.has_any);
    assert_int_equal(text.len, 0);
    umig_buf_fini(&text);
    umig_gc_depth_fini(&depth);
    umig_profile_destroy(profile);
}

/* What a store holds may name what is not there. */
static void test_events_that_name_what_is_not_there_are_refused(void **state)
{
    (void)state;
    struct umig_profile *profile = begin("G1");
    const struct umig_profile_gc_event bad[] = {{.kind = UMIG_GC_EVENT_KINDS},
                                                {.kind = UMIG_GC_EVENT_LATE, .name = 9999},
                                                {.kind = UMIG_GC_EVENT_LATE, .detail = 9999},
                                                {.kind = UMIG_GC_EVENT_LATE, .thread = 9999},
                                                {.kind = UMIG_GC_EVENT_LATE, .stack = 9999}};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(umig_profile_add_gc_event(profile, &bad[i]), UMIG_E_ARG);
    }
    assert_int_equal(profile->gc_sums.count, 0);
    umig_profile_destroy(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_add_up_by_the_kind_of_their_pause),
        cmocka_unit_test(test_stalls_add_up_by_the_group_of_their_threads),
        cmocka_unit_test(test_late_threads_keep_their_place_when_folded),
        cmocka_unit_test(test_late_places_are_one_row_an_operation),
        cmocka_unit_test(test_safepoints_tell_how_long_they_took_to_reach),
        cmocka_unit_test(test_sentence_has_rates_promotion_humongous_and_failures),
        cmocka_unit_test(test_price_names_stalls_and_whom_the_others_waited_for),
        cmocka_unit_test(test_longest_pauses_keep_their_steps),
        cmocka_unit_test(test_nothing_is_said_of_nothing),
        cmocka_unit_test(test_events_that_name_what_is_not_there_are_refused),
    };
    return cmocka_run_group_tests_name("gc_depth_test", tests, NULL, NULL);
}
