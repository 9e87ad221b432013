/* What is read from lines of the JVM's log beside the ends of pauses. */
#include <stdio.h>
#include <string.h>

#include "agent/vm/gc_events.h"
#include "tests/support/test.h"

#define KIB    UINT64_C(1024)
#define MIB    (KIB * 1024)
#define REGION (2 * MIB)
#define NOW    UINT64_C(90000000000)

static struct umig_gc_events g_events;

static int setup(void **state)
{
    (void)state;
    memset(&g_events, 0, sizeof g_events);
    g_events.collector = UMIG_COLLECTOR_G1;
    g_events.region_bytes = REGION;
    return 0;
}

/* What follows the time of a line. */
static void read_line(const char *rest)
{
    char line[512];
    snprintf(line, sizeof line, "[90000000000ns]%s", rest);
    assert_true(umig_gc_events_have_room(&g_events));
    umig_gc_events_read(&g_events, line);
}

static void expect_nothing(void)
{
    struct umig_gc_event event;
    assert_false(umig_gc_events_take(&g_events, &event));
}

static struct umig_gc_event expect(enum umig_gc_event_kind kind,
                                   const char *name,
                                   const char *detail,
                                   uint64_t duration_ns)
{
    struct umig_gc_event event;
    assert_true(umig_gc_events_take(&g_events, &event));
    assert_int_equal(event.kind, kind);
    assert_string_equal(event.name, name);
    assert_string_equal(event.detail, detail);
    assert_int_equal(event.duration_ns, duration_ns);
    return event;
}

/* Lines as the five collectors of JDK 17 and 25 write them. */
static const struct {
    enum umig_collector collector;
    const char *line;
    enum umig_gc_event_kind kind;
    const char *name;
    const char *detail;
    uint64_t duration_ns;
    uint64_t before, after;
} g_lines[] = {
    {UMIG_COLLECTOR_G1, "[gc,phases   ] GC(7)   Evacuate Collection Set: 2.1ms",
     UMIG_GC_EVENT_PHASE, "Evacuate Collection Set", "", 2100000, 0, 0},
    {UMIG_COLLECTOR_G1, "[gc,phases   ] GC(7)   Other: 0.0ms", UMIG_GC_EVENT_PHASE, "Other", "", 0,
     0, 0},
    {UMIG_COLLECTOR_SERIAL, "[gc,phases   ] GC(7) Phase 1: Mark live objects 2.123ms",
     UMIG_GC_EVENT_PHASE, "Phase 1: Mark live objects", "", 2123000, 0, 0},
    {UMIG_COLLECTOR_PARALLEL, "[gc,phases] GC(7) Compaction Phase 0.250ms", UMIG_GC_EVENT_PHASE,
     "Compaction Phase", "", 250000, 0, 0},
    {UMIG_COLLECTOR_G1, "[gc,marking  ] GC(8) Concurrent Mark From Roots 12.345ms",
     UMIG_GC_EVENT_CONCURRENT, "Concurrent Mark From Roots", "", 12345000, 0, 0},
    {UMIG_COLLECTOR_G1, "[gc          ] GC(8) Concurrent Mark Cycle 1020.123ms",
     UMIG_GC_EVENT_CYCLE, "Concurrent Mark Cycle", "", 1020123000, 0, 0},
    {UMIG_COLLECTOR_Z, "[gc,phases   ] GC(8) Concurrent Mark 3.210ms", UMIG_GC_EVENT_CONCURRENT,
     "Concurrent Mark", "", 3210000, 0, 0},
    {UMIG_COLLECTOR_Z, "[gc,phases   ] GC(8) y: Concurrent Mark Free 0.001ms",
     UMIG_GC_EVENT_CONCURRENT, "Concurrent Mark Free (Minor)", "", 1000, 0, 0},
    {UMIG_COLLECTOR_Z,
     "[gc          ] GC(8) Minor Collection (Allocation Rate) "
     "40M(31%)->12M(9%) 0.023s",
     UMIG_GC_EVENT_CYCLE, "Minor Collection", "Allocation Rate", 23000000, 40 * MIB, 12 * MIB},
    {UMIG_COLLECTOR_Z, "[gc,phases   ] GC(8) O: Old Generation 40M(31%)->12M(9%) 0.021s",
     UMIG_GC_EVENT_CYCLE, "Old Generation (Major Old)", "", 21000000, 40 * MIB, 12 * MIB},
    {UMIG_COLLECTOR_Z, "[gc          ] Allocation Stall (http-nio (exec) 3) 3.210ms",
     UMIG_GC_EVENT_STALL, "Allocation Stall", "http-nio (exec) 3", 3210000, 0, 0},
    {UMIG_COLLECTOR_Z, "[gc          ] Relocation Stall (main) 0.100ms", UMIG_GC_EVENT_STALL,
     "Relocation Stall", "main", 100000, 0, 0},
    {UMIG_COLLECTOR_Z, "[gc          ] GC(24) y: Relocation Stall (ZWorkerYoung#0) 0.068ms",
     UMIG_GC_EVENT_STALL, "Relocation Stall", "ZWorkerYoung#0", 68000, 0, 0},
    {UMIG_COLLECTOR_SHENANDOAH, "[gc       ] GC(2) Concurrent marking (unload classes) 3.050ms",
     UMIG_GC_EVENT_CONCURRENT, "Concurrent marking (unload classes)", "", 3050000, 0, 0},
    {UMIG_COLLECTOR_SHENANDOAH, "[gc       ] GC(2) Concurrent cleanup 40M->30M(64M) 0.040ms",
     UMIG_GC_EVENT_CONCURRENT, "Concurrent cleanup", "", 40000, 40 * MIB, 30 * MIB},
    {UMIG_COLLECTOR_SHENANDOAH, "[gc       ] Concurrent uncommit 512K (64M) 0.040ms",
     UMIG_GC_EVENT_CONCURRENT, "Concurrent uncommit", "", 40000, 0, 0},
    {UMIG_COLLECTOR_Z,
     "[gc,heap     ] GC(2) y:  Promoted:         -                  -          "
     "       4M (3%)            6M (5%)     ",
     UMIG_GC_EVENT_PROMOTION, "Promoted", "", 0, 0, 6 * MIB},
    {UMIG_COLLECTOR_SHENANDOAH, "[gc       ] Failed to allocate Shared, 24B", UMIG_GC_EVENT_FAILURE,
     "Failed to allocate", "", 0, 0, 0},
    {UMIG_COLLECTOR_G1, "[gc          ] GC(2) To-space exhausted", UMIG_GC_EVENT_FAILURE,
     "To-space exhausted", "", 0, 0, 0},
    {UMIG_COLLECTOR_SERIAL, "[gc,promotion] Promotion failed", UMIG_GC_EVENT_FAILURE,
     "Promotion failed", "", 0, 0, 0},
    {UMIG_COLLECTOR_G1, "[gc,heap     ] GC(2) Humongous regions: 3->1", UMIG_GC_EVENT_HUMONGOUS,
     "Humongous regions", "", 0, 3 * REGION, REGION},
    {UMIG_COLLECTOR_G1,
     "[safepoint   ] Safepoint \"G1CollectForAllocation\", Time since last: "
     "7 ns, Reaching safepoint: 5000 ns, Cleanup: 9 ns, At safepoint: 80 ns, "
     "Total: 5089 ns",
     UMIG_GC_EVENT_SAFEPOINT, "G1CollectForAllocation", "", 5089, 5000, 0},
    {UMIG_COLLECTOR_Z,
     "[safepoint   ] Safepoint \"ICBufferFull\", Time since last: 7 ns, "
     "Reaching safepoint: 50 ns, At safepoint: 80 ns, Leaving safepoint: 7 ns, "
     "Total: 137 ns, Threads: 1 runnable, 14 total",
     UMIG_GC_EVENT_SAFEPOINT, "ICBufferFull", "", 137, 50, 0},
};

#define LINE_COUNT (sizeof g_lines / sizeof g_lines[0])

static void test_events_of_every_shape_of_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < LINE_COUNT; i++) {
        const uint64_t duration_ns = g_lines[i].duration_ns;
        g_events.collector = g_lines[i].collector;

        read_line(g_lines[i].line);

        const struct umig_gc_event event =
            expect(g_lines[i].kind, g_lines[i].name, g_lines[i].detail, duration_ns);
        assert_int_equal(event.before, g_lines[i].before);
        assert_int_equal(event.after, g_lines[i].after);
        assert_int_equal(event.start_ns,
                         event.kind == UMIG_GC_EVENT_PHASE ? NOW : NOW - duration_ns);
        expect_nothing();
    }
}

/* A line may be cut where its file is full: nothing is read that is not there. */
static void test_events_of_no_truncated_duration(void **state)
{
    (void)state;
    for (size_t i = 0; i < LINE_COUNT; i++) {
        char line[512];
        const size_t whole = strlen(g_lines[i].line);
        g_events.collector = g_lines[i].collector;
        for (size_t len = 0; len < whole && g_lines[i].duration_ns > 0; len++) {
            struct umig_gc_event event;
            snprintf(line, sizeof line, "%.*s", (int)len, g_lines[i].line);
            read_line(line);
            if (umig_gc_events_take(&g_events, &event)) {
                assert_int_equal(event.duration_ns, g_lines[i].duration_ns);
            }
        }
    }
}

static void test_events_of_other_lines_are_none(void **state)
{
    static const char *const lines[] = {
        "",
        "[gc] Using G1",
        "[gc] GC(8) Concurrent Mark Cycle",
        "[gc,marking] GC(8) Concurrent Mark From Roots",
        "[gc,phases,start] GC(7) Phase 1: Mark live objects",
        "[gc,phases] GC(7) Phase 1: Mark live objects",
        "[gc,start] GC(7) Pause Young (Normal) (G1 Evacuation Pause)",
        "[gc,heap] GC(7) Eden regions: 24->0(21)",
        "[gc,heap] GC(7) Humongous regions: 0->0",
        "[gc,heap] GC(7) Humongous regions: 3",
        "[gc,stats] Allocation Stall (main) 3.210ms",
        "[gc] Allocation Stall main 3.210ms",
        "[gc] Allocation Stall (main 3.210ms",
        "[gc] Allocation Stall (main) 3.210",
        "[safepoint] Safepoint \"A\", Reaching safepoint: 5 ns",
        "[safepoint] Safepoint \"A\", Total: 5 ns",
        "[safepoint] Entering safepoint region: A",
        "[gc] GC(7) Pause Young (Normal) (G1 Evacuation Pause) 24M->5M(64M) 3.210ms",
        "[gc] GC(7) Pause Remark 24M->5M(64M) 3.210ms",
        "[gc] GC(7) Pause Young",
        "[gc] GC(7) Concurrent Mark Cycle 99999999999999999999ms",
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        read_line(lines[i]);
        expect_nothing();
    }
    umig_gc_events_read(&g_events, "no line of a log");
    expect_nothing();
}

static void test_promotion_is_what_a_young_pause_added_to_the_old_generation(void **state)
{
    (void)state;
    read_line("[gc,heap] GC(7) Old regions: 10->14");
    expect_nothing();
    read_line("[gc] GC(7) Pause Young (Normal) (G1 Evacuation Pause) 24M->5M(64M) 3.210ms");

    const struct umig_gc_event event = expect(UMIG_GC_EVENT_PROMOTION, "Old regions", "", 3210000);

    assert_int_equal(event.before, 10 * REGION);
    assert_int_equal(event.after, 14 * REGION);
    assert_int_equal(event.start_ns, NOW - 3210000);
    read_line("[gc] GC(8) Pause Young (Normal) (G1 Evacuation Pause) 24M->5M(64M) 3.210ms");
    expect_nothing();
}

static void test_promotion_in_bytes_where_the_log_has_them(void **state)
{
    static const char *const lines[] = {"[gc,heap] GC(7) Tenured: 10K(32768K)->2058K(32768K)",
                                        "[gc,heap] GC(7) ParOldGen: 10K(32768K)->2058K(32768K)"};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct umig_gc_event event;
        read_line(lines[i]);
        read_line("[gc] GC(7) Pause Young (Allocation Failure) 24M->5M(64M) 3.210ms");
        assert_true(umig_gc_events_take(&g_events, &event));
        assert_int_equal(event.kind, UMIG_GC_EVENT_PROMOTION);
        assert_int_equal(event.before, 10 * KIB);
        assert_int_equal(event.after, 2058 * KIB);
    }
}

/* It empties old regions and fills others. */
static void test_promotion_of_a_mixed_or_full_pause_is_not_told(void **state)
{
    (void)state;
    read_line("[gc,heap] GC(7) Old regions: 10->4");
    read_line("[gc] GC(7) Pause Young (Mixed) (G1 Evacuation Pause) 24M->5M(64M) 3.210ms");
    expect_nothing();
    read_line("[gc,heap] GC(8) Old regions: 10->4");
    read_line("[gc] GC(8) Pause Full (System.gc()) 24M->5M(64M) 3.210ms");
    expect_nothing();
}

static void test_evacuation_failure_in_the_name_of_a_pause(void **state)
{
    (void)state;
    read_line("[gc] GC(7) Pause Young (Normal) (G1 Evacuation Pause) (Evacuation Failure: Pinned) "
              "24M->5M(64M) 3.210ms");

    expect(UMIG_GC_EVENT_FAILURE, "Evacuation Failure: Pinned", "", 0);
    expect_nothing();
}

/* JDK 17 does not say how long a collection of ZGC was, but when it began. */
static void test_cycle_of_zgc_from_its_start(void **state)
{
    (void)state;
    g_events.collector = UMIG_COLLECTOR_Z;
    umig_gc_events_read(&g_events, "[89999999000ns][gc,start] GC(3) Garbage Collection (Warmup)");
    read_line("[gc] GC(3) Garbage Collection (Warmup) 14M(11%)->12M(9%)");

    const struct umig_gc_event event =
        expect(UMIG_GC_EVENT_CYCLE, "Garbage Collection", "Warmup", 1000);

    assert_int_equal(event.start_ns, 89999999000);
    assert_int_equal(event.after, 12 * MIB);
    read_line("[gc] GC(4) Garbage Collection (Warmup) 14M(11%)->12M(9%)");
    expect_nothing(); /* its start was not seen */
}

static void test_regions_of_unknown_size_are_not_told(void **state)
{
    (void)state;
    g_events.region_bytes = 0;

    read_line("[gc,heap] GC(7) Humongous regions: 3->1");

    expect_nothing();
}

static void test_long_names_are_cut(void **state)
{
    char line[512];
    struct umig_gc_event event;
    (void)state;
    snprintf(line, sizeof line, "[gc,phases] GC(1) %0200d: 1.0ms", 7);
    read_line(line);
    assert_true(umig_gc_events_take(&g_events, &event));
    assert_int_equal(strlen(event.name), UMIG_GC_EVENT_NAME_BYTES - 1);
    snprintf(line, sizeof line, "[gc] Allocation Stall (%0200d) 1.0ms", 7);
    read_line(line);
    assert_true(umig_gc_events_take(&g_events, &event));
    assert_int_equal(strlen(event.detail), UMIG_GC_EVENT_NAME_BYTES - 1);
}

static void test_room_is_there_until_a_line_might_not_fit(void **state)
{
    (void)state;
    unsigned read = 0;
    while (umig_gc_events_have_room(&g_events)) {
        read_line("[gc,phases] GC(7)   Other: 0.1ms");
        read++;
    }
    assert_int_equal(read, UMIG_GC_EVENTS_ROOM - UMIG_GC_EVENTS_LINE + 1);
    for (unsigned i = 0; i < read; i++) {
        expect(UMIG_GC_EVENT_PHASE, "Other", "", 100000);
    }
    expect_nothing();
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup(test, setup)
    const struct CMUnitTest tests[] = {
        CASE(test_events_of_every_shape_of_line),
        CASE(test_events_of_no_truncated_duration),
        CASE(test_events_of_other_lines_are_none),
        CASE(test_promotion_is_what_a_young_pause_added_to_the_old_generation),
        CASE(test_promotion_in_bytes_where_the_log_has_them),
        CASE(test_promotion_of_a_mixed_or_full_pause_is_not_told),
        CASE(test_evacuation_failure_in_the_name_of_a_pause),
        CASE(test_cycle_of_zgc_from_its_start),
        CASE(test_regions_of_unknown_size_are_not_told),
        CASE(test_long_names_are_cut),
        CASE(test_room_is_there_until_a_line_might_not_fit),
    };
    return cmocka_run_group_tests_name("gc_events_test", tests, NULL, NULL);
}
