#include <stdio.h>
#include <string.h>

#include "agent/vm/gc_line.h"
#include "agent/vm/heap.h"
#include "tests/support/test.h"

#define MIB (UINT64_C(1) << 20)
#define NO  UMIG_HEAP_UNKNOWN

/* One line of each shape that the five collectors of JDK 17 and 25 wrote. */
static const struct {
    const char *text;
    const char *kind;
    const char *cause;
    uint64_t duration_ns;
    uint64_t before;
    uint64_t after;
} g_pauses[] = {
    {"[5ns][gc          ] GC(0) Pause Young (Allocation Failure) 34M->23M(123M) 26.884ms",
     "Pause Young", "Allocation Failure", 26884000, 34 * MIB, 23 * MIB},
    {"[5ns][gc             ] GC(5) Pause Full (System.gc()) 117M->28M(123M) 7.418ms", "Pause Full",
     "System.gc()", 7418000, 117 * MIB, 28 * MIB},
    {"[5ns][gc] GC(1) Pause Young (Normal) (G1 Evacuation Pause) 24K->5K(2G) 0.001ms",
     "Pause Young (Normal)", "G1 Evacuation Pause", 1000, 24 << 10, 5 << 10},
    {"[5ns][gc] GC(1) Pause Young (Concurrent Start) (G1 Humongous Allocation) 9M->5M(12M) 3.0ms",
     "Pause Young (Concurrent Start)", "G1 Humongous Allocation", 3000000, 9 * MIB, 5 * MIB},
    {"[5ns][gc] GC(1) Pause Young (Mixed) (G1 Evacuation Pause) (Evacuation Failure: Pinned) "
     "9M->5M(12M) 3.0ms",
     "Pause Young (Mixed) (Evacuation Failure: Pinned)", "G1 Evacuation Pause", 3000000, 9 * MIB,
     5 * MIB},
    {"[5ns][gc          ] GC(5) Pause Remark 90M->40M(127M) 0.531ms", "Pause Remark", "", 531000,
     90 * MIB, 40 * MIB},
    {"[5ns][gc,phases   ] GC(0) Pause Mark Start 0.006ms", "Pause Mark Start", "", 6000, NO, NO},
    {"[5ns][gc,phases   ] GC(9) y: Pause Mark End 0.020ms", "Pause Mark End (Minor)", "", 20000, NO,
     NO},
    {"[5ns][gc,phases   ] GC(9) Y: Pause Mark Start (Major) 0.015ms",
     "Pause Mark Start (Major Young)", "", 15000, NO, NO},
    {"[5ns][gc,phases   ] GC(9) O: Pause Relocate Start 0.010ms",
     "Pause Relocate Start (Major Old)", "", 10000, NO, NO},
    {"[5ns][gc          ] GC(0) Pause Init Mark (unload classes) 0.040ms",
     "Pause Init Mark (unload classes)", "", 40000, NO, NO},
    {"[5ns][gc          ] GC(0) Pause Degenerated GC (Outside of Cycle) 30M->20M(64M) 12.5ms",
     "Pause Degenerated GC (Outside of Cycle)", "", 12500000, 30 * MIB, 20 * MIB},
    {"[5ns][gc          ] GC(0) Pause Full 30M->20M(64M) 12.5ms", "Pause Full", "", 12500000,
     30 * MIB, 20 * MIB},
};

#define PAUSE_COUNT (sizeof g_pauses / sizeof g_pauses[0])

static void test_parse_every_shape_of_pause_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAUSE_COUNT; i++) {
        struct umig_gc_line line;
        assert_true(umig_gc_line_parse(g_pauses[i].text, &line));
        assert_int_equal(line.time_ns, 5);
        assert_string_equal(line.kind, g_pauses[i].kind);
        assert_string_equal(line.cause, g_pauses[i].cause);
        assert_int_equal(line.duration_ns, g_pauses[i].duration_ns);
        assert_int_equal(line.heap_before, g_pauses[i].before);
        assert_int_equal(line.heap_after, g_pauses[i].after);
    }
}

static void test_parse_unit_is_the_coarser_of_the_two(void **state)
{
    (void)state;
    struct umig_gc_line line;

    assert_true(umig_gc_line_parse("[1ns][gc] GC(1) Pause Remark 2G->900M(4G) 1.0ms", &line));

    assert_int_equal(line.heap_unit, UINT64_C(1) << 30);
}

static void test_parse_other_lines_are_refused(void **state)
{
    (void)state;
    const char *const lines[] = {
        "",
        "Pause Young 1M->1M(2M) 1.0ms",
        "[5ns][gc,start] GC(5) Pause Remark",
        "[5ns][gc,start] GC(5) Pause Young (Normal) (G1 Evacuation Pause)",
        "[5ns][gc,phases] GC(0)   Pre Evacuate Collection Set: 0.0ms",
        "[5ns][gc,marking] GC(9) Concurrent Cleanup for Next Mark 1.785ms",
        "[5ns][gc] GC(0) Major Collection (Warmup) 14M(11%)->22M(17%) 0.043s",
        "[5ns][gc] Using G1",
        "[5ns][gc,stats] Young Pause: Pause Mark End  0.014 / 0.020  ms",
        "[5ns][gc] GC(1) Pause Young (Allocation Failure 34M->23M(123M) 26.884ms",
        "[5ns][gc] GC(1) Pause Remark 99999999999999999999G->1M(2M) 1.0s",
        "[99999999999999999999ns] GC(1) Pause Remark 1.0ms",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct umig_gc_line line;
        assert_false(umig_gc_line_parse(lines[i], &line));
    }
}

static void test_parse_every_truncation_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAUSE_COUNT; i++) {
        char text[160];
        for (size_t len = 0; len < strlen(g_pauses[i].text); len++) {
            struct umig_gc_line line;
            snprintf(text, sizeof text, "%.*s", (int)len, g_pauses[i].text);
            assert_false(umig_gc_line_parse(text, &line));
        }
    }
}

static void test_parse_long_names_are_cut(void **state)
{
    (void)state;
    char text[1024];
    struct umig_gc_line line;
    snprintf(text, sizeof text, "[5ns][gc] GC(1) Pause Young (%0200d) (%0200d) 1M->1M(2M) 1.0ms", 7,
             8);

    assert_true(umig_gc_line_parse(text, &line));

    assert_int_equal(strlen(line.kind), UMIG_GC_KIND_BYTES - 1);
    assert_int_equal(strlen(line.cause), UMIG_GC_CAUSE_BYTES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_every_shape_of_pause_line),
        cmocka_unit_test(test_parse_unit_is_the_coarser_of_the_two),
        cmocka_unit_test(test_parse_other_lines_are_refused),
        cmocka_unit_test(test_parse_every_truncation_is_refused),
        cmocka_unit_test(test_parse_long_names_are_cut),
    };
    return cmocka_run_group_tests_name("gc_line_test", tests, NULL, NULL);
}
