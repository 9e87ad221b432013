#include <stdio.h>
#include <string.h>

#include "agent/options.h"
#include "core/units.h"
#include "tests/support/test.h"

static void test_nothing_asked_for_gives_the_defaults(void **state)
{
    (void)state;
    static const char *const texts[] = {NULL, ""};
    for (size_t i = 0; i < 2; i++) {
        struct umig_agent_options options;
        memset(&options, 0xa5, sizeof options);

        assert_int_equal(umig_options_parse(texts[i], &options, NULL), UMIG_OK);

        assert_false(options.has_collector);
        assert_string_equal(options.service, "");
        assert_string_equal(options.instance, "");
        assert_int_equal(options.label_count, 0);
        assert_false(options.has_start);
        assert_int_equal(options.duration_ns, 0);
        assert_string_equal(options.control, "");
        assert_int_equal(options.memory_bytes, 32u << 20);
        assert_int_equal(options.budget_ppm, UMIG_BUDGET_DEFAULT_PPM);
        assert_false(options.has_budget);
        assert_int_equal(options.walker, UMIG_WALKER_AUTO);
        assert_false(options.is_debug_info_late);
        assert_int_equal(options.faults, 20);
        assert_int_equal(options.when.count, 0);
        assert_int_equal(options.repeat, 1);
        assert_string_equal(options.log_path, "");
        assert_int_equal(options.log_level, UMIG_LOG_WARN);
        assert_false(options.is_strict);
    }
}

static void test_every_option_arrives(void **state)
{
    (void)state;
    struct umig_agent_options options;

    const int rc = umig_options_parse(
        "collector=tcp:10.0.0.1:7070,service=orders,instance=orders-2,label.build=1.4=2,"
        "label.team=caf\xc3\xa9,start=cpu:5ms,gc,heap,locks:2ms,duration=30s,"
        "control=/run/x/y.sock,memory=64m,budget=2.5%,walker=agct,debuginfo=session,faults=7,native=leaf,mutexes=on,clock=wall,"
        "when=heap >= 90% for 5s,before=2m,repeat=3,"
        "log=/var/log/a:b.log:debug,strict",
        &options, NULL);

    assert_int_equal(rc, UMIG_OK);
    assert_true(options.has_collector);
    assert_false(options.collector.is_unix);
    assert_string_equal(options.collector.host, "10.0.0.1");
    assert_int_equal(options.collector.port, 7070);
    assert_string_equal(options.service, "orders");
    assert_string_equal(options.instance, "orders-2");
    assert_int_equal(options.label_count, 2);
    assert_string_equal(options.labels[0].key, "build");
    assert_string_equal(options.labels[0].value, "1.4=2");
    assert_string_equal(options.labels[1].value, "caf\xc3\xa9");
    assert_true(options.has_start);
    assert_int_equal(options.start.interval_ns[UMIG_KIND_CPU], 5 * UMIG_NS_PER_MS);
    assert_true(options.start.has_kind[UMIG_KIND_GC]);
    assert_int_equal(options.start.interval_ns[UMIG_KIND_HEAP], UMIG_NS_PER_S);
    assert_int_equal(options.start.interval_ns[UMIG_KIND_LOCKS], 2 * UMIG_NS_PER_MS);
    assert_int_equal(options.native, UMIG_NATIVE_LEAF);
    assert_true(options.has_mutexes);
    assert_int_equal(options.clock, UMIG_CLOCK_WALL);
    assert_int_equal(options.duration_ns, 30 * UMIG_NS_PER_S);
    assert_string_equal(options.control, "/run/x/y.sock");
    assert_int_equal(options.memory_bytes, 64u << 20);
    assert_int_equal(options.budget_ppm, 25000);
    assert_true(options.has_budget);
    assert_int_equal(options.walker, UMIG_WALKER_AGCT);
    assert_true(options.is_debug_info_late);
    assert_int_equal(options.faults, 7);
    assert_string_equal(options.when.text, "heap >= 90% for 5s");
    assert_int_equal(options.before_ns, 120 * UMIG_NS_PER_S);
    assert_int_equal(options.repeat, 3);
    assert_string_equal(options.log_path, "/var/log/a:b.log");
    assert_int_equal(options.log_level, UMIG_LOG_DEBUG);
    assert_true(options.is_strict);
}

static void test_start_takes_only_the_kinds_that_follow(void **state)
{
    (void)state;
    struct umig_agent_options options;

    assert_int_equal(umig_options_parse("start=gc,strict,service=a", &options, NULL), UMIG_OK);

    assert_true(options.is_strict);
    assert_string_equal(options.service, "a");
    assert_false(options.start.has_kind[UMIG_KIND_CPU]);
    assert_true(options.start.has_kind[UMIG_KIND_GC]);
}

static void test_log_forms(void **state)
{
    (void)state;
    struct umig_agent_options options;

    assert_int_equal(umig_options_parse("log=/tmp/a", &options, NULL), UMIG_OK);
    assert_string_equal(options.log_path, "/tmp/a");
    assert_int_equal(options.log_level, UMIG_LOG_INFO);
    assert_int_equal(umig_options_parse("log=stderr:error", &options, NULL), UMIG_OK);
    assert_string_equal(options.log_path, "");
    assert_int_equal(options.log_level, UMIG_LOG_ERROR);
}

struct wrong {
    const char *text;
    const char *names; /* the option, in the error */
    const char *says;  /* what is wrong, or the right form */
};

#define TEN     "0123456789"
#define EIGHTY  TEN TEN TEN TEN TEN TEN TEN TEN
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct wrong g_wrong[] = {
    {"colector=unix:/a", "'colector'", "use collector, service"},
    {"collector", "'collector'", "write collector=unix:PATH"},
    {"collector=", "'collector='", "unix:/PATH or tcp:HOST:PORT"},
    {"collector=localhost:7070", "'collector=local", "unix:/PATH or tcp:HOST:PORT"},
    {"collector=unix:rel", "'collector=unix", "must begin with '/'"},
    {"collector=unix:/" HUNDRED TEN, "'collector=unix", "is 111 bytes long"},
    {"collector=tcp:h:70000", "'collector=tcp", "1 to 65535"},
    {"collector=tcp:h:0", "'collector=tcp", "port 0; write tcp:HOST:PORT"},
    {"collector=tcp:h:1,collector=tcp:h:2", "'collector=tcp:h:2'", "given twice"},
    {"service=", "'service='", "1 to 64 letters"},
    {"service=a b", "'service=a b'", "1 to 64 letters"},
    {"service=" HUNDRED, "'service=0123", "1 to 64 letters"},
    {"instance=/etc", "'instance=/etc'", "write instance=NAME"},
    {"label.=x", "'label.=x'", "1 to 64 letters"},
    {"label.a", "'label.a'", "no value"},
    {"label.a=", "'label.a='", "0 bytes long (1 to 128)"},
    {"label.a=" HUNDRED HUNDRED, "'label.a=0123", "200 bytes long (1 to 128)"},
    {"label.a=\xff", "'label.a=", "UTF-8"},
    {"label.a=x\ny", "'label.a=", "control characters"},
    {"label.a=1,label.a=2", "'label.a=2'", "given twice"},
    {"start", "'start'", "no value"},
    {"start=cpu,when=heep>1%", "'when=heep>1%'", "'heep' is no metric"},
    {"start=cpu,when=heap>90", "'when=heap>90'", "heap > 90%"},
    {"when=heap>1%", "'when'", "start=cpu,when=heap>90%"},
    {"start=cpu,before=1m", "'before'", "start=cpu,when=heap>90%"},
    {"start=cpu,repeat=2", "'repeat'", "start=cpu,when=heap>90%"},
    {"start=cpu,when=cpu>1%,repeat=2", "'repeat'", "duration=30s,repeat=2"},
    {"start=cpu,when=cpu>1%,before=6m", "'before=6m'", "0s to 5m"},
    {"start=cpu,when=cpu>1%,repeat=0", "'repeat=0'", "1 to 1000000"},
    {"start=", "'start='", "no kind of measurement"},
    {"start=cpux", "'start=cpux'", "cpu, gc, heap, locks, wall, alloc, live or pools"},
    {"start=cpu:10", "'start=cpu:10'", "not a duration"},
    {"start=cpu:10us", "'start=cpu:10us'", "it must be 1ms to 1s"},
    {"start=cpu:2s", "'start=cpu:2s'", "it must be 1ms to 1s"},
    {"start=gc:1s", "'start=gc:1s'", "takes no interval"},
    {"start=cpu,heap:1ms", "'heap:1ms'", "it must be 100ms to 1m"},
    {"start=cpu,locks:1us", "'locks:1us'", "it must be 10us to 10s"},
    {"start=cpu,cpu", "'cpu'", "given twice"},
    {"start=cpu,allocs", "'allocs'", "cpu, gc, heap, locks, wall, alloc, live or pools"},
    {"start=cpu,service=a,gc", "'gc'", "write start=gc"},
    {"cpu:10ms", "'cpu:10ms'", "write start=cpu:10ms"},
    {"start=cpu,duration=500ms", "'duration=500ms'", "1s to 24h"},
    {"start=cpu,duration=25h", "'duration=25h'", "1s to 24h"},
    {"start=cpu,duration=x", "'duration=x'", "not a duration"},
    {"duration=30s", "'duration'", "write start=cpu,duration=30s"},
    {"start=cpu,native=all", "'native=all'", "off, leaf or on"},
    {"native=leaf", "'native'", "write start=cpu,native=leaf"},
    {"start=gc,native=on", "'native'", "write start=cpu,native=on"},
    {"start=locks,mutexes=yes", "'mutexes=yes'", "is neither on nor off"},
    {"start=cpu,mutexes=on", "'mutexes'", "write start=locks,mutexes=on"},
    {"start=cpu,clock=timer", "'clock=timer'", "auto, perf, cputime or wall"},
    {"clock=perf", "'clock'", "write start=cpu,clock=perf"},
    {"start=gc,clock=wall", "'clock'", "write start=cpu,clock=wall"},
    {"control=rel", "'control=rel'", "must begin with '/'"},
    {"control=", "'control='", "must begin with '/'"},
    {"control=/" HUNDRED TEN, "'control=/0123", "111 bytes long (a socket's at most"},
    {"budget=5", "'budget=5'", "no share in percent"},
    {"budget=%", "'budget=%'", "no share in percent"},
    {"budget=.5%", "'budget=.5%'", "no share in percent"},
    {"budget=1.%", "'budget=1.%'", "no share in percent"},
    {"budget=1.2.3%", "'budget=1.2.3%'", "no share in percent"},
    {"budget=0.0001%", "'budget=0.0001%'", "no share in percent"},
    {"budget=-1%", "'budget=-1%'", "no share in percent"},
    {"budget=0.09%", "'budget=0.09%'", "0.1% to 100%"},
    {"budget=100.1%", "'budget=100.1%'", "0.1% to 100%"},
    {"budget=99999999999999999999%", "'budget=9999", "no share in percent"},
    {"memory=7m", "'memory=7m'", "8m to 1g"},
    {"memory=2g", "'memory=2g'", "8m to 1g"},
    {"memory=32x", "'memory=32x'", "not a size"},
    {"memory=99999999999999999999g", "'memory=9999", "not a size"},
    {"faults=some", "'some'", "faults=COUNT"},
    {"faults=1000000001", "0 to 1000000000", "faults=COUNT"},
    {"walker=best", "'walker=best'", "auto|vm|agct"},
    {"debuginfo=never", "'debuginfo=never'", "load|session"},
    {"log=", "'log='", "must begin with '/'"},
    {"log=rel:info", "'log=rel:info'", "must begin with '/'"},
    {"log=/a:loud", "'log=/a:loud'", "'loud' is not a level"},
    {"log=/a:", "'log=/a:'", "'' is not a level"},
    {"log=/a\x01:info", "'log=/a", "must begin with '/'"},
    {"strict=yes", "'strict=yes'", "takes no value"},
    {"strict,strict", "'strict'", "given twice"},
    {"service=a,", "is empty", "without a comma too many"},
    {",service=a", "is empty", "without a comma too many"},
    {"service=a,,instance=b", "is empty", "without a comma too many"},
    {"=a", "'' is not known", "use collector"},
    /* What is cut is marked, and its length said: nobody counts what is shown. */
    {"service=" EIGHTY, "'service=0123456789012345678901234567...' (88 bytes): ",
     ": '012345678901234567890123456789012345...' (80 bytes) is not a name of 1 to 64 letters"},
    {"control=/" EIGHTY EIGHTY, "'control=/012345678901234567890123456...' (169 bytes): ",
     ": the path is 161 bytes long (a socket's at most 107); write control=PATH like "},
    {EIGHTY "=a", "'012345678901234567890123456789012345...' (80 bytes) is not known",
     "log, strict"},
};

static void test_every_wrong_option_is_named_with_the_right_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof g_wrong / sizeof g_wrong[0]; i++) {
        struct umig_agent_options options;
        memset(&options, 0xa5, sizeof options);
        struct umig_agent_options before = options;
        struct umig_err err = UMIG_ERR_INIT;

        const int rc = umig_options_parse(g_wrong[i].text, &options, &err);

        if (rc != UMIG_E_ARG || strstr(err.text, g_wrong[i].names) == NULL ||
            strstr(err.text, g_wrong[i].says) == NULL) {
            fail_msg("%s: %d %s", g_wrong[i].text, rc, err.text);
        }
        assert_null(strchr(err.text, '\n'));
        assert_in_range(strlen(err.text), 1, sizeof err.text - 2);
        before.is_strict = options.is_strict;
        assert_memory_equal(&options, &before, sizeof options);
    }
}

static void test_strict_counts_even_when_another_option_is_wrong(void **state)
{
    (void)state;
    struct umig_agent_options options = {0};

    assert_int_equal(umig_options_parse("bad=1,strict", &options, NULL), UMIG_E_ARG);
    assert_true(options.is_strict);
    assert_int_equal(umig_options_parse("bad=strict", &options, NULL), UMIG_E_ARG);
    assert_false(options.is_strict);
}

static void test_more_labels_than_fit_are_refused(void **state)
{
    (void)state;
    char text[512] = "";
    for (int i = 0; i <= UMIG_LABEL_MAX; i++) {
        const size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%slabel.l%d=v", i > 0 ? "," : "", i);
    }
    struct umig_agent_options options;
    struct umig_err err = UMIG_ERR_INIT;

    assert_int_equal(umig_options_parse(text, &options, &err), UMIG_E_ARG);

    assert_non_null(strstr(err.text, "'label.l16=v': there are more than 16 labels"));
}

/* What the documentation shows as right must be right. */
static void test_every_example_of_the_table_is_accepted(void **state)
{
    (void)state;
    size_t index = 0;
    for (; umig_option_doc(index) != NULL; index++) {
        char text[128];
        const struct umig_option_doc *doc = umig_option_doc(index);
        const bool is_of_start = strcmp(doc->name, "duration") == 0 ||
                                 strcmp(doc->name, "native") == 0 ||
                                 strcmp(doc->name, "clock") == 0;
        const bool is_of_wall = strcmp(doc->name, "threads") == 0;
        const bool is_of_when =
            strcmp(doc->name, "before") == 0 || strcmp(doc->name, "repeat") == 0;
        const char *needs = is_of_start || strcmp(doc->name, "when") == 0 ? "start=cpu,"
                            : is_of_when ? "start=cpu,when=cpu>1%,duration=30s,"
                            : is_of_wall ? "start=wall,"
                            : strcmp(doc->name, "mutexes") == 0 ? "start=locks,"
                                                                : "";
        snprintf(text, sizeof text, "%s%s", needs, doc->example);
        struct umig_agent_options options;
        struct umig_err err = UMIG_ERR_INIT;
        if (umig_options_parse(text, &options, &err) != UMIG_OK) {
            fail_msg("%s: %s", text, err.text);
        }
    }
    assert_int_equal(index, 21);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_asked_for_gives_the_defaults),
        cmocka_unit_test(test_every_option_arrives),
        cmocka_unit_test(test_start_takes_only_the_kinds_that_follow),
        cmocka_unit_test(test_log_forms),
        cmocka_unit_test(test_every_wrong_option_is_named_with_the_right_form),
        cmocka_unit_test(test_strict_counts_even_when_another_option_is_wrong),
        cmocka_unit_test(test_more_labels_than_fit_are_refused),
        cmocka_unit_test(test_every_example_of_the_table_is_accepted),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
