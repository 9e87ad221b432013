/* What a search found of class loaders, as the command reads it. */
#include <string.h>

#include "agent/loader_report.h"
#include "tests/support/test.h"
#include "umig/v1/control.pb-c.h"

enum {
    ROOM = 4096
};

static char g_text[] = "\0Inner\0pricing.groovy\0pricing\0svc.Rules\0COMPILED";

/* Where a text is in g_text. */
enum {
    INNER = 1,
    SOURCE = 7,
    CLASS = 22,
    RULES = 30,
    COMPILED = 40
};

static struct umig_search_loaders g_kinds[] = {{.kinds = 1,
                                                .loader_class = INNER,
                                                .source = SOURCE,
                                                .class_name = CLASS,
                                                .loaders = 60,
                                                .classes = 120,
                                                .needed = 1,
                                                .group = 1}};
static struct umig_search_step g_steps[] = {{1, RULES, COMPILED}, {5, CLASS, 0}};
static struct umig_search_way g_ways[64];

static struct umig_search search_with(uint32_t ways)
{
    for (uint32_t i = 0; i < ways; i++) {
        g_ways[i] = (struct umig_search_way){.step_count = 2, .objects = 50 - i, .bytes = 100};
    }
    return (struct umig_search){.ways = g_ways,
                                .way_count = ways,
                                .steps = g_steps,
                                .step_count = 2,
                                .text = g_text,
                                .loaders = g_kinds,
                                .loaders_told = 1,
                                .kind_count = 9,
                                .loader_count = 170,
                                .class_count = 9000};
}

static Umig__V1__LoaderReport *round_trip(const struct umig_search *search, size_t room)
{
    uint8_t bytes[ROOM];
    struct umig_pb_writer writer;
    umig_pb_writer_init(&writer, bytes, room);
    umig_loader_report_write(search, &writer);
    assert_false(writer.is_full);
    Umig__V1__LoaderReport *report = umig__v1__loader_report__unpack(NULL, writer.len, bytes);
    assert_non_null(report);
    return report;
}

static void test_report_has_kinds_and_ways(void **state)
{
    (void)state;
    const struct umig_search search = search_with(2);
    Umig__V1__LoaderReport *report = round_trip(&search, ROOM);
    assert_int_equal(report->loaders, 170);
    assert_int_equal(report->classes, 9000);
    assert_int_equal(report->kinds, 9);
    assert_int_equal(report->n_kind, 1);
    assert_string_equal(report->kind[0]->loader_class, "Inner");
    assert_string_equal(report->kind[0]->source, "pricing.groovy");
    assert_string_equal(report->kind[0]->class_name, "pricing");
    assert_int_equal(report->kind[0]->loaders, 60);
    assert_int_equal(report->kind[0]->group, 1);
    assert_int_equal(report->n_ways, 2);
    assert_int_equal(report->ways[1]->group, 1);
    assert_int_equal(report->ways[1]->loaders, 49);
    assert_int_equal(report->ways[0]->n_steps, 2);
    assert_string_equal(report->ways[0]->steps[0]->name, "COMPILED");
    assert_int_equal(report->ways[0]->steps[1]->edge, 5);
    assert_int_equal(report->ways_left_out, 0);
    umig__v1__loader_report__free_unpacked(report, NULL);
}

static void test_ways_without_room_are_left_out_and_counted(void **state)
{
    (void)state;
    const struct umig_search search = search_with(64);
    Umig__V1__LoaderReport *report = round_trip(&search, 512);
    assert_int_equal(report->n_kind, 1);
    assert_true(report->n_ways > 0 && report->n_ways < 64);
    assert_int_equal(report->n_ways + report->ways_left_out, 64);
    umig__v1__loader_report__free_unpacked(report, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_has_kinds_and_ways),
        cmocka_unit_test(test_ways_without_room_are_left_out_and_counted),
    };
    return cmocka_run_group_tests_name("agent.loader_report", tests, NULL, NULL);
}
