#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/vm/gc.h"
#include "tests/support/test.h"

#define MIB   (UINT64_C(1) << 20)
#define NEVER UINT64_MAX /* a time at which nothing is waited for any longer */

/* A JVM of ours: heap, counters and log are variables. */
struct fixture {
    struct umig_gc gc;
    struct umig_heap heap;
    uint64_t heap_used;
    uint64_t invocations[UMIG_GC_COUNTERS];
    char cause[UMIG_GC_CAUSE_BYTES];
    char last_cause[UMIG_GC_CAUSE_BYTES];
};

static struct fixture g_fixture;

static int setup(void **state)
{
    struct fixture *fixture = &g_fixture;
    memset(fixture, 0, sizeof *fixture);
    strcpy(fixture->cause, "No GC");
    strcpy(fixture->last_cause, "No GC");
    fixture->heap.collector = UMIG_COLLECTOR_G1;
    fixture->heap.used_total =
        (struct umig_heap_figure){.origin = UMIG_HEAP_WORD, .at = (uintptr_t)&fixture->heap_used};
    fixture->gc.heap = &fixture->heap;
    fixture->gc.cause = (uintptr_t)fixture->cause;
    fixture->gc.last_cause = (uintptr_t)fixture->last_cause;
    for (unsigned i = 0; i < UMIG_GC_COUNTERS; i++) {
        fixture->gc.invocations[i] = (uintptr_t)&fixture->invocations[i];
    }
    fixture->gc.log.fd = -1;
    atomic_store(&fixture->gc.log.since_ns, UINT64_MAX);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    umig_gc_close(&fixture->gc);
    return 0;
}

/* As umig_gc_log_start() does, without a JVM. */
static void start_log(struct fixture *fixture)
{
    fixture->gc.log.fd = memfd_create("gc_test", MFD_CLOEXEC);
    assert_true(fixture->gc.log.fd >= 0);
    atomic_store(&fixture->gc.log.starts, 1);
    atomic_store(&fixture->gc.log.since_ns, 0);
}

static void write_line(struct fixture *fixture, const char *text)
{
    const size_t len = strlen(text);
    assert_int_equal(write(fixture->gc.log.fd, text, len), len);
    assert_int_equal(write(fixture->gc.log.fd, "\n", 1), 1);
}

static void pause_at(struct fixture *fixture, uint64_t start_ns)
{
    umig_gc_pause_begin(&fixture->gc, start_ns);
    umig_gc_pause_end(&fixture->gc, start_ns + 10);
}

static void expect_again(struct fixture *fixture, uint64_t now_ns)
{
    struct umig_gc_pause pause;
    assert_int_equal(umig_gc_take(&fixture->gc, now_ns, &pause), UMIG_AGAIN);
}

static struct umig_gc_pause expect_pause(struct fixture *fixture, uint64_t now_ns)
{
    struct umig_gc_pause pause;
    assert_int_equal(umig_gc_take(&fixture->gc, now_ns, &pause), UMIG_OK);
    return pause;
}

static void test_pause_without_log_has_times_heap_and_cause(void **state)
{
    struct fixture *fixture = *state;
    strcpy(fixture->cause, "G1 Evacuation Pause");
    fixture->heap_used = 80;
    umig_gc_pause_begin(&fixture->gc, 1000);
    fixture->heap_used = 30;
    fixture->invocations[0]++;
    umig_gc_pause_end(&fixture->gc, 1250);

    const struct umig_gc_pause pause = expect_pause(fixture, 1300);

    assert_int_equal(pause.start_ns, 1000);
    assert_int_equal(pause.duration_ns, 250);
    assert_int_equal(pause.heap_before, 80);
    assert_int_equal(pause.heap_after, 30);
    assert_string_equal(pause.kind, "Pause Young");
    assert_string_equal(pause.cause, "G1 Evacuation Pause");
    expect_again(fixture, NEVER);
}

static void test_heap_left_nearly_full_is_a_shortage(void **state)
{
    struct fixture *fixture = *state;
    fixture->gc.short_bytes = 70;
    fixture->heap_used = 90;
    umig_gc_pause_begin(&fixture->gc, 1000);
    assert_false(umig_gc_is_short(&fixture->gc));
    fixture->heap_used = 69;
    umig_gc_pause_end(&fixture->gc, 1100);
    assert_false(umig_gc_is_short(&fixture->gc));

    fixture->heap_used = 70;
    pause_at(fixture, 2000);
    assert_true(umig_gc_is_short(&fixture->gc));
    umig_gc_pause_begin(&fixture->gc, 3000);
    assert_false(umig_gc_is_short(&fixture->gc));
    umig_gc_pause_end(&fixture->gc, 3100);
}

static void test_pause_is_active_only_inside(void **state)
{
    struct fixture *fixture = *state;

    assert_false(umig_gc_is_active(&fixture->gc));
    umig_gc_pause_begin(&fixture->gc, 1);
    assert_true(umig_gc_is_active(&fixture->gc));
    umig_gc_pause_end(&fixture->gc, 2);
    assert_false(umig_gc_is_active(&fixture->gc));
}

static void test_pause_inside_a_pause_is_one(void **state)
{
    struct fixture *fixture = *state;
    umig_gc_pause_begin(&fixture->gc, 10);
    umig_gc_pause_begin(&fixture->gc, 20);
    umig_gc_pause_end(&fixture->gc, 30);
    assert_true(umig_gc_is_active(&fixture->gc));
    umig_gc_pause_end(&fixture->gc, 40);

    const struct umig_gc_pause pause = expect_pause(fixture, NEVER);

    assert_int_equal(pause.start_ns, 10);
    assert_int_equal(pause.duration_ns, 30);
    expect_again(fixture, NEVER);
}

static void test_pause_end_without_begin_is_no_pause(void **state)
{
    struct fixture *fixture = *state;

    umig_gc_pause_end(&fixture->gc, 40);

    expect_again(fixture, NEVER);
    assert_false(umig_gc_is_active(&fixture->gc));
}

static void test_kind_without_log_comes_from_the_counters(void **state)
{
    static const struct {
        enum umig_collector collector;
        unsigned grown;
        const char *kind;
    } cases[] = {
        {UMIG_COLLECTOR_SERIAL, 3, "Pause Young + Full"},
        {UMIG_COLLECTOR_SERIAL, 2, "Pause Full"},
        {UMIG_COLLECTOR_PARALLEL, 1, "Pause Young"},
        {UMIG_COLLECTOR_G1, 4, "Pause Remark or Cleanup"},
        {UMIG_COLLECTOR_G1, 0, "Pause without collection"},
        {UMIG_COLLECTOR_SERIAL, 0, "Pause without collection"},
        {UMIG_COLLECTOR_Z, 4, ""},
        {UMIG_COLLECTOR_SHENANDOAH, 2, ""},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture->heap.collector = cases[i].collector;
        for (unsigned bit = 0; bit < UMIG_GC_COUNTERS; bit++) {
            fixture->invocations[bit] += cases[i].grown >> bit & 1;
        }
        pause_at(fixture, 100 * (i + 1));
        assert_string_equal(expect_pause(fixture, NEVER).kind, cases[i].kind);
    }
}

static void test_collections_are_counted_without_what_only_looks(void **state)
{
    struct fixture *fixture = *state;
    pause_at(fixture, 100); /* another pause of G1's: no counter grows */
    assert_int_equal(umig_gc_collections(&fixture->gc), 0);
    umig_gc_pause_begin(&fixture->gc, 300);
    fixture->invocations[0]++;
    umig_gc_pause_end(&fixture->gc, 310);
    assert_int_equal(umig_gc_collections(&fixture->gc), 1);
    assert_int_equal(umig_gc_old_collections(&fixture->gc), 0);
    umig_gc_pause_begin(&fixture->gc, 320); /* Remark: what is old and dead is known then */
    fixture->invocations[2]++;
    umig_gc_pause_end(&fixture->gc, 330);
    assert_int_equal(umig_gc_collections(&fixture->gc), 1);
    assert_int_equal(umig_gc_old_collections(&fixture->gc), 1);

    fixture->heap.collector = UMIG_COLLECTOR_Z; /* which collects between its pauses */
    pause_at(fixture, 400);
    assert_int_equal(umig_gc_collections(&fixture->gc), 2);
}

static void test_cause_named_only_afterwards_is_the_last_one(void **state)
{
    struct fixture *fixture = *state;
    umig_gc_pause_begin(&fixture->gc, 1);
    fixture->invocations[0]++;
    strcpy(fixture->last_cause, "Allocation Failure");
    umig_gc_pause_end(&fixture->gc, 2);
    /* Remark: the last cause is that of the collection before. */
    umig_gc_pause_begin(&fixture->gc, 3);
    fixture->invocations[2]++;
    umig_gc_pause_end(&fixture->gc, 4);

    assert_string_equal(expect_pause(fixture, NEVER).cause, "Allocation Failure");
    assert_string_equal(expect_pause(fixture, NEVER).cause, "");
}

static void test_heap_after_is_what_the_collection_left(void **state)
{
    struct fixture *fixture = *state;
    uint64_t left = 25;
    fixture->heap_used = 30;
    fixture->heap.collected_count = 1;
    fixture->heap.collected[0] =
        (struct umig_heap_figure){.origin = UMIG_HEAP_WORD, .at = (uintptr_t)&left};
    umig_gc_pause_begin(&fixture->gc, 1);
    fixture->invocations[0]++;
    umig_gc_pause_end(&fixture->gc, 2);
    pause_at(fixture, 3); /* collected nothing: the counter is of an earlier moment */

    assert_int_equal(expect_pause(fixture, NEVER).heap_after, 25);
    assert_int_equal(expect_pause(fixture, NEVER).heap_after, 30);
}

static void test_ring_full_loses_the_newest_and_counts(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 0; i < UMIG_GC_RING_RECORDS + 5; i++) {
        pause_at(fixture, 100 * (i + 1));
    }

    assert_int_equal(umig_gc_lost(&fixture->gc), 5);
    for (unsigned i = 0; i < UMIG_GC_RING_RECORDS; i++) {
        assert_int_equal(expect_pause(fixture, NEVER).start_ns, 100 * (i + 1));
    }
    expect_again(fixture, NEVER);
}

static void test_line_in_the_pause_names_kind_and_cause(void **state)
{
    struct fixture *fixture = *state;
    start_log(fixture);
    pause_at(fixture, 100);
    write_line(fixture, "[105ns][gc] GC(0) Pause Young (Mixed) (G1 Evacuation Pause) "
                        "24M->5M(64M) 3.0ms");

    const struct umig_gc_pause pause = expect_pause(fixture, 111);

    assert_string_equal(pause.kind, "Pause Young (Mixed)");
    assert_string_equal(pause.cause, "G1 Evacuation Pause");
    assert_int_equal(pause.duration_ns, 10);
}

static void test_line_after_the_finish_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    start_log(fixture);
    pause_at(fixture, 100);

    expect_again(fixture, 111);
    write_line(fixture, "[150ns][gc] GC(0) Pause Remark 24M->24M(64M) 3.0ms");

    assert_string_equal(expect_pause(fixture, 160).kind, "Pause Remark");
}

static void test_line_that_never_comes_is_waited_for_once(void **state)
{
    struct fixture *fixture = *state;
    start_log(fixture);
    fixture->invocations[0]++;
    pause_at(fixture, 100);

    expect_again(fixture, 109 + UMIG_GC_LINE_WAIT_NS);

    assert_string_equal(expect_pause(fixture, 110 + UMIG_GC_LINE_WAIT_NS).kind, "Pause Young");
}

static void test_pause_before_the_log_is_not_waited_for(void **state)
{
    struct fixture *fixture = *state;
    start_log(fixture);
    atomic_store(&fixture->gc.log.since_ns, 105);
    pause_at(fixture, 100);

    expect_pause(fixture, 111);

    assert_int_equal(fixture->gc.missed_in_row, 0);
}

static void test_lines_go_to_their_own_pauses(void **state)
{
    struct fixture *fixture = *state;
    start_log(fixture);
    write_line(fixture, "[90ns][gc] GC(0) Pause Full (older) 24M->5M(64M) 3.0ms");
    pause_at(fixture, 100);
    write_line(fixture, "[118ns][gc] GC(1) Pause Remark 24M->24M(64M) 3.0ms");
    pause_at(fixture, 120);
    write_line(fixture, "[125ns][gc] GC(1) Pause Cleanup 24M->24M(64M) 3.0ms");

    assert_string_equal(expect_pause(fixture, 200).kind, "Pause Remark");
    assert_string_equal(expect_pause(fixture, 200).kind, "Pause Cleanup");
}

static void test_line_of_a_pause_still_running_is_kept_for_it(void **state)
{
    struct fixture *fixture = *state;
    start_log(fixture);
    pause_at(fixture, 100);
    umig_gc_pause_begin(&fixture->gc, 120);
    write_line(fixture, "[125ns][gc] GC(1) Pause Young (Allocation Failure) 4M->4M(64M) 3.0ms");

    /* The line of the second proves that none will come for the first. */
    assert_string_equal(expect_pause(fixture, 126).kind, "Pause without collection");
    expect_again(fixture, 127);
    umig_gc_pause_end(&fixture->gc, 130);
    assert_string_equal(expect_pause(fixture, 131).kind, "Pause Young");
}

static void test_two_lines_in_a_pause_make_one_kind(void **state)
{
    struct fixture *fixture = *state;
    start_log(fixture);
    fixture->heap_used = UMIG_HEAP_UNKNOWN;
    pause_at(fixture, 100);
    write_line(fixture, "[103ns][gc] GC(1) Pause Young (Allocation Failure) 40M->40M(64M) 1.0ms");
    write_line(fixture, "[107ns][gc] GC(2) Pause Full (Allocation Failure) 40M->9M(64M) 1.0ms");

    const struct umig_gc_pause pause = expect_pause(fixture, 111);

    assert_string_equal(pause.kind, "Pause Young + Full");
    assert_string_equal(pause.cause, "Allocation Failure");
    assert_int_equal(pause.heap_before, 40 * MIB);
    assert_int_equal(pause.heap_after, 9 * MIB);
}

static void test_heap_is_the_exact_figure_where_the_log_agrees(void **state)
{
    struct fixture *fixture = *state;
    start_log(fixture);
    fixture->heap_used = 24 * MIB - 1; /* misses what a thread is allocating */
    umig_gc_pause_begin(&fixture->gc, 100);
    fixture->heap_used = 5 * MIB + 77;
    umig_gc_pause_end(&fixture->gc, 110);
    write_line(fixture, "[105ns][gc] GC(0) Pause Remark 24M->5M(64M) 3.0ms");

    const struct umig_gc_pause pause = expect_pause(fixture, 111);

    assert_int_equal(pause.heap_before, 24 * MIB);
    assert_int_equal(pause.heap_after, 5 * MIB + 77);
}

static void test_log_switched_off_by_others_is_noticed_and_not_waited_for(void **state)
{
    struct fixture *fixture = *state;
    start_log(fixture);
    for (unsigned i = 1; i <= 3; i++) {
        assert_false(umig_gc_log_is_silent(&fixture->gc));
        pause_at(fixture, 100 * i);
        expect_pause(fixture, NEVER - 1); /* its line was waited for */
    }
    assert_true(umig_gc_log_is_silent(&fixture->gc));
    pause_at(fixture, 400);
    expect_pause(fixture, 411);

    /* It speaks again. */
    pause_at(fixture, 500);
    write_line(fixture, "[505ns][gc] GC(0) Pause Remark 24M->5M(64M) 3.0ms");
    assert_string_equal(expect_pause(fixture, 511).kind, "Pause Remark");
    assert_false(umig_gc_log_is_silent(&fixture->gc));
}

/* Sessions that end at once, again and again. */
static void test_log_that_is_not_waited_for_is_not_silent(void **state)
{
    struct fixture *fixture = *state;
    start_log(fixture);
    for (unsigned i = 1; i <= 10; i++) {
        pause_at(fixture, 100 * i);
        expect_pause(fixture, NEVER);
    }
    assert_false(umig_gc_log_is_silent(&fixture->gc));
}

static void test_lines_of_lost_pauses_are_given_to_nobody(void **state)
{
    struct fixture *fixture = *state;
    start_log(fixture);
    for (unsigned i = 0; i < UMIG_GC_RING_RECORDS + 1; i++) {
        pause_at(fixture, 100 * (i + 1));
    }
    for (unsigned i = 0; i < UMIG_GC_RING_RECORDS + 1; i++) {
        char text[96];
        snprintf(text, sizeof text, "[%uns][gc] GC(0) Pause Remark 24M->5M(64M) 3.0ms",
                 100 * (i + 1) + 5);
        write_line(fixture, text);
    }
    for (unsigned i = 0; i < UMIG_GC_RING_RECORDS; i++) {
        assert_string_equal(expect_pause(fixture, NEVER).kind, "Pause Remark");
    }
    pause_at(fixture, 1000000);
    assert_string_equal(expect_pause(fixture, NEVER).kind, "Pause without collection");
}

static void test_kind_without_log_and_counters_is_unknown(void **state)
{
    struct fixture *fixture = *state;
    fixture->gc.invocations[0] = 0; /* -XX:-UsePerfData */
    pause_at(fixture, 100);
    assert_string_equal(expect_pause(fixture, NEVER).kind, "");
}

static struct umig_gc_event expect_event(struct fixture *fixture)
{
    struct umig_gc_event event;
    assert_int_equal(umig_gc_take_event(&fixture->gc, &event), UMIG_OK);
    return event;
}

static void expect_no_event(struct fixture *fixture)
{
    struct umig_gc_event event;
    assert_int_equal(umig_gc_take_event(&fixture->gc, &event), UMIG_AGAIN);
}

static void test_events_come_without_a_pause(void **state)
{
    struct fixture *fixture = *state;
    expect_no_event(fixture); /* the log is off */
    start_log(fixture);
    write_line(fixture, "[150ns][gc,marking] GC(1) Concurrent Mark 0.000ms");

    assert_string_equal(expect_event(fixture).name, "Concurrent Mark");
    expect_no_event(fixture);
}

static void test_events_behind_the_line_of_a_pause_come_after_it(void **state)
{
    struct fixture *fixture = *state;
    start_log(fixture);
    pause_at(fixture, 100);
    write_line(fixture, "[103ns][gc,phases] GC(1)   Other: 0.1ms");
    write_line(fixture, "[105ns][gc] GC(1) Pause Remark 24M->5M(64M) 3.0ms");
    write_line(fixture, "[150ns][gc,marking] GC(1) Concurrent Cleanup 0.000ms");

    assert_string_equal(expect_event(fixture).name, "Other");
    expect_no_event(fixture);
    assert_string_equal(expect_pause(fixture, 200).kind, "Pause Remark");
    assert_string_equal(expect_event(fixture).name, "Concurrent Cleanup");
    expect_no_event(fixture);
}

/* Its pause was taken before the line came: it must not keep what follows. */
static void test_stray_line_of_a_pause_keeps_no_event(void **state)
{
    struct fixture *fixture = *state;
    start_log(fixture);
    pause_at(fixture, 100);
    expect_pause(fixture, NEVER);
    write_line(fixture, "[105ns][gc] GC(1) Pause Remark 24M->5M(64M) 3.0ms");
    write_line(fixture, "[150ns][gc,marking] GC(1) Concurrent Cleanup 0.000ms");

    expect_no_event(fixture);
    assert_string_equal(expect_event(fixture).name, "Concurrent Cleanup");
    /* A pause that is running has its line before it is over. */
    umig_gc_pause_begin(&fixture->gc, 200);
    write_line(fixture, "[205ns][gc] GC(2) Pause Cleanup 24M->5M(64M) 3.0ms");
    expect_no_event(fixture);
    expect_no_event(fixture);
    umig_gc_pause_end(&fixture->gc, 210);
    assert_string_equal(expect_pause(fixture, 211).kind, "Pause Cleanup");
}

static void test_events_without_room_wait_in_the_log(void **state)
{
    struct fixture *fixture = *state;
    start_log(fixture);
    pause_at(fixture, 100);
    for (unsigned i = 0; i < 3 * UMIG_GC_EVENTS_ROOM; i++) {
        write_line(fixture, "[104ns][gc,phases] GC(1)   Other: 0.1ms");
    }
    write_line(fixture, "[105ns][gc] GC(1) Pause Remark 24M->5M(64M) 3.0ms");

    expect_again(fixture, 111); /* the line may still come: events are to be taken first */
    for (unsigned i = 0; i < 3 * UMIG_GC_EVENTS_ROOM; i++) {
        assert_string_equal(expect_event(fixture).name, "Other");
    }
    expect_no_event(fixture);
    assert_string_equal(expect_pause(fixture, 111).kind, "Pause Remark");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_pause_without_log_has_times_heap_and_cause),
        CASE(test_heap_left_nearly_full_is_a_shortage),
        CASE(test_pause_is_active_only_inside),
        CASE(test_pause_inside_a_pause_is_one),
        CASE(test_pause_end_without_begin_is_no_pause),
        CASE(test_kind_without_log_comes_from_the_counters),
        CASE(test_kind_without_log_and_counters_is_unknown),
        CASE(test_collections_are_counted_without_what_only_looks),
        CASE(test_cause_named_only_afterwards_is_the_last_one),
        CASE(test_heap_after_is_what_the_collection_left),
        CASE(test_ring_full_loses_the_newest_and_counts),
        CASE(test_line_in_the_pause_names_kind_and_cause),
        CASE(test_line_after_the_finish_is_waited_for),
        CASE(test_line_that_never_comes_is_waited_for_once),
        CASE(test_pause_before_the_log_is_not_waited_for),
        CASE(test_lines_go_to_their_own_pauses),
        CASE(test_line_of_a_pause_still_running_is_kept_for_it),
        CASE(test_two_lines_in_a_pause_make_one_kind),
        CASE(test_heap_is_the_exact_figure_where_the_log_agrees),
        CASE(test_log_switched_off_by_others_is_noticed_and_not_waited_for),
        CASE(test_log_that_is_not_waited_for_is_not_silent),
        CASE(test_lines_of_lost_pauses_are_given_to_nobody),
        CASE(test_events_come_without_a_pause),
        CASE(test_events_behind_the_line_of_a_pause_come_after_it),
        CASE(test_stray_line_of_a_pause_keeps_no_event),
        CASE(test_events_without_room_wait_in_the_log),
    };
    return cmocka_run_group_tests_name("gc_test", tests, NULL, NULL);
}
