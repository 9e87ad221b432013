#include <string.h>

#include "core/trigger.h"
#include "core/units.h"
#include "tests/support/test.h"

static struct umig_trigger parse(const char *text)
{
    struct umig_trigger trigger;
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_trigger_parse(umig_span_of(text), &trigger, &err) != UMIG_OK) {
        fail_msg("'%s': %s", text, err.text);
    }
    return trigger;
}

static struct umig_figures_now nothing_known(void)
{
    struct umig_figures_now now;
    for (int i = 0; i < UMIG_FIGURE_COUNT; i++) {
        now.values[i] = UMIG_FIGURE_UNKNOWN;
    }
    return now;
}

static void test_trigger_parse_reads_one_part_of_each_unit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum umig_figure figure;
        enum umig_trigger_op op;
        uint64_t bound;
        uint64_t for_ns;
    } cases[] = {
        {"heap > 90%", UMIG_FIGURE_HEAP_SHARE, UMIG_TRIGGER_ABOVE, 90000, 0},
        {"heap>90%", UMIG_FIGURE_HEAP_SHARE, UMIG_TRIGGER_ABOVE, 90000, 0},
        {"heap > 2g", UMIG_FIGURE_HEAP, UMIG_TRIGGER_ABOVE, UINT64_C(2) << 30, 0},
        {"  cpu  >=  92.5%  ", UMIG_FIGURE_CPU, UMIG_TRIGGER_AT_LEAST, 92500, 0},
        {"cpu < 0.125% for 1m", UMIG_FIGURE_CPU, UMIG_TRIGGER_BELOW, 125, 60 * UMIG_NS_PER_S},
        {"rss>512m for 5s", UMIG_FIGURE_RSS, UMIG_TRIGGER_ABOVE, UINT64_C(512) << 20,
         5 * UMIG_NS_PER_S},
        {"pause > 200ms", UMIG_FIGURE_PAUSE, UMIG_TRIGGER_ABOVE, 200 * UMIG_NS_PER_MS, 0},
        {"threads <= 3", UMIG_FIGURE_THREADS, UMIG_TRIGGER_AT_MOST, 3, 0},
        {"safepoint > 5%", UMIG_FIGURE_SAFEPOINT, UMIG_TRIGGER_ABOVE, 5000, 0},
        {"cpu >= 100%", UMIG_FIGURE_CPU, UMIG_TRIGGER_AT_LEAST, 100000, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct umig_trigger trigger = parse(cases[i].text);
        assert_int_equal(trigger.count, 1);
        assert_int_equal(trigger.parts[0].figure, cases[i].figure);
        assert_int_equal(trigger.parts[0].op, cases[i].op);
        assert_int_equal(trigger.parts[0].bound, cases[i].bound);
        assert_int_equal(trigger.parts[0].for_ns, cases[i].for_ns);
        assert_string_equal(trigger.text, cases[i].text);
    }
}

static void test_trigger_parse_names_the_word_at_fault(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *fault;
        const char *right;
    } cases[] = {
        {"", "metric is missing", "heap > 90%"},
        {"   ", "metric is missing", "heap > 90%"},
        {"heep > 90%", "'heep'", "cpu, heap, rss, pause, safepoint and threads"},
        {"latency > 1s", "operations", "cpu, heap, rss, pause, safepoint and threads"},
        {"heap", "nothing behind 'heap'", "> >= < <="},
        {"heap 90%", "'90%' behind 'heap'", "> >= < <="},
        {"heap == 90%", "'==' behind 'heap'", "> >= < <="},
        {"heap >", "nothing is no value of 'heap'", "heap > 2g"},
        {"heap > 90", "'90' is no value", "heap > 90%"},
        {"heap > 9.%", "'9.%' is no value", "heap > 90%"},
        {"heap > .5%", "'.5%' is no value", "heap > 90%"},
        {"heap > %", "'%' is no value", "heap > 90%"},
        {"heap > 90.1234%", "'90.1234%' is no value", "heap > 90%"},
        {"heap > 99999999999999999999%", "is no value", "heap > 90%"},
        {"heap > 100%", "'100%'", "always or never"},
        {"heap <= 100%", "'100%'", "always or never"},
        {"threads >= 0", "'0'", "always or never"},
        {"rss > 4", "'4' is no value of 'rss'", "rss > 4g"},
        {"rss > 40%", "'40%' is no value of 'rss'", "rss > 4g"},
        {"pause > 200", "'200' is no value of 'pause'", "pause > 200ms"},
        {"threads > 5k", "'5k' is no value of 'threads'", "threads > 500"},
        {"cpu > 1g", "'1g' is no value of 'cpu'", "cpu > 80%"},
        {"heap > 90% for", "nothing is no time", "for 5s"},
        {"heap > 90% for ever", "'ever' is no time", "for 5s"},
        {"heap > 90% for 0s", "'0s' is no time", "for 5s"},
        {"heap > 90% for 2h", "'2h' is no time", "1h"},
        {"heap > 90% fro 5s", "'fro'", "'for TIME', 'and', 'or'"},
        {"heap > 90% and", "metric is missing", "heap > 90%"},
        {"heap > 90% and or cpu > 1%", "'or' is no metric", "cpu, heap"},
        {"heap > 90% && cpu > 1%", "'&&'", "'and', 'or'"},
        {"heap > 90%\n", "byte 11", "heap > 90%"},
        {"heap > 90\xC2\xA0%", "byte 10", "heap > 90%"},
        {"cpu>1% or cpu>1% or cpu>1% or cpu>1% or cpu>1% or cpu>1% or cpu>1% or cpu>1% or cpu>1%",
         "at most 8 parts", ""},
        {"heap > 90%                                                                                "
         "                                                                       ",
         "at most 127 bytes", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_trigger trigger = {.text = "before"};
        struct umig_err err = UMIG_ERR_INIT;
        assert_int_equal(umig_trigger_parse(umig_span_of(cases[i].text), &trigger, &err),
                         UMIG_E_ARG);
        if (strstr(err.text, cases[i].fault) == NULL || strstr(err.text, cases[i].right) == NULL) {
            fail_msg("'%s': %s", cases[i].text, err.text);
        }
        assert_string_equal(trigger.text, "before");
    }
}

/* "and" binds closer than "or", and those of one alternative are told. */
static void test_trigger_check_joins_parts(void **state)
{
    (void)state;
    const struct umig_trigger trigger =
        parse("cpu > 50% and threads > 10 or pause > 1s and rss > 1m");
    static const struct {
        uint64_t cpu, threads, pause, rss;
        uint32_t parts;
    } cases[] = {
        {60000, 11, 0, 0, 3},
        {60000, 10, 0, 0, 0},
        {50000, 11, 0, 2 << 20, 0},
        {0, 0, 2000000000, 2 << 20, 12},
        {60000, 11, 2000000000, 2 << 20, 15},
        {60000, 9, 2000000000, 2 << 20, 12},
        {UMIG_FIGURE_UNKNOWN, 11, UMIG_FIGURE_UNKNOWN, 2 << 20, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_trigger_state at = {0};
        struct umig_figures_now now = nothing_known();
        uint32_t parts = 99;
        now.values[UMIG_FIGURE_CPU] = cases[i].cpu;
        now.values[UMIG_FIGURE_THREADS] = cases[i].threads;
        now.values[UMIG_FIGURE_PAUSE] = cases[i].pause;
        now.values[UMIG_FIGURE_RSS] = cases[i].rss;
        assert_int_equal(umig_trigger_check(&trigger, &at, &now, 5, &parts), cases[i].parts != 0);
        assert_int_equal(parts, cases[i].parts);
    }
}

static void test_trigger_check_waits_for_as_long_as_asked(void **state)
{
    (void)state;
    const struct umig_trigger trigger = parse("heap > 90% for 5s and cpu > 10%");
    struct umig_trigger_state at = {0};
    struct umig_figures_now now = nothing_known();
    uint32_t parts = 0;
    now.values[UMIG_FIGURE_CPU] = 20000;
    now.values[UMIG_FIGURE_HEAP_SHARE] = 95000;

    assert_false(umig_trigger_check(&trigger, &at, &now, 10 * UMIG_NS_PER_S, &parts));
    assert_false(umig_trigger_check(&trigger, &at, &now, 14 * UMIG_NS_PER_S, &parts));
    now.values[UMIG_FIGURE_HEAP_SHARE] = 90000; /* not above for a moment: it begins again */
    assert_false(umig_trigger_check(&trigger, &at, &now, 15 * UMIG_NS_PER_S, &parts));
    now.values[UMIG_FIGURE_HEAP_SHARE] = 90001;
    now.values[UMIG_FIGURE_CPU] =
        0; /* the other part does not hold: the time counts all the same */
    assert_false(umig_trigger_check(&trigger, &at, &now, 16 * UMIG_NS_PER_S, &parts));
    assert_false(umig_trigger_check(&trigger, &at, &now, 21 * UMIG_NS_PER_S, &parts));
    now.values[UMIG_FIGURE_CPU] = 20000;
    assert_true(umig_trigger_check(&trigger, &at, &now, 21 * UMIG_NS_PER_S + 1, &parts));
    assert_int_equal(parts, 3);
}

static void test_trigger_without_a_condition_never_holds(void **state)
{
    (void)state;
    const struct umig_trigger trigger = {.count = 0};
    struct umig_trigger_state at = {0};
    const struct umig_figures_now now = {.values = {0}};
    uint32_t parts = 9;

    assert_false(umig_trigger_check(&trigger, &at, &now, 1, &parts));
    assert_int_equal(parts, 0);
}

static void test_trigger_tell_says_each_figure_once(void **state)
{
    (void)state;
    const struct umig_trigger trigger =
        parse("heap > 90% or heap > 95% or heap > 1g or pause > 1ms or threads > 1 or rss > 1k");
    struct umig_figures_now now = nothing_known();
    char told[UMIG_TRIGGER_TOLD_BYTES];
    now.values[UMIG_FIGURE_HEAP_SHARE] = 92340;
    now.values[UMIG_FIGURE_HEAP] = UINT64_C(3) << 29;
    now.values[UMIG_FIGURE_PAUSE] = 210 * UMIG_NS_PER_MS;
    now.values[UMIG_FIGURE_THREADS] = 431;

    umig_trigger_tell(&trigger, &now, 0x3f, false, told);
    assert_string_equal(told, "heap 92.3 %, heap 1.5 GiB, pause 210 ms, threads 431, rss unknown");
    umig_trigger_tell(&trigger, &now, 0x12, true, told);
    assert_string_equal(told, "heap was 92.3 %, threads were 431");
    umig_trigger_tell(&trigger, &now, 0, true, told);
    assert_string_equal(told, "");
}

static void test_trigger_asks_for_what_it_compares(void **state)
{
    (void)state;
    const struct umig_trigger trigger = parse("heap > 90% and threads > 1");

    assert_true(umig_trigger_asks(&trigger, UMIG_FIGURE_HEAP_SHARE));
    assert_true(umig_trigger_asks(&trigger, UMIG_FIGURE_THREADS));
    assert_false(umig_trigger_asks(&trigger, UMIG_FIGURE_HEAP));
    assert_false(umig_trigger_asks(&trigger, UMIG_FIGURE_CPU));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trigger_parse_reads_one_part_of_each_unit),
        cmocka_unit_test(test_trigger_parse_names_the_word_at_fault),
        cmocka_unit_test(test_trigger_check_joins_parts),
        cmocka_unit_test(test_trigger_check_waits_for_as_long_as_asked),
        cmocka_unit_test(test_trigger_without_a_condition_never_holds),
        cmocka_unit_test(test_trigger_tell_says_each_figure_once),
        cmocka_unit_test(test_trigger_asks_for_what_it_compares),
    };
    return cmocka_run_group_tests_name("trigger", tests, NULL, NULL);
}
