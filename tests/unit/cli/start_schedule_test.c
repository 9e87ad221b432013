/* When a session starts, as 'umig start' reads it; the clock and its zone are given. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/start_request.h"
#include "cli/start_schedule.h"
#include "cli/verb.h"
#include "core/units.h"
#include "tests/support/test.h"

enum {
    WORDS_MAX = 12
};

#define HOUR_NS (3600 * UMIG_NS_PER_S)

/* 2026-01-15 12:00:00 UTC: 13:00 in Berlin. */
#define NOON UINT64_C(1768478400000000000)

static int setup(void **state)
{
    (void)state;
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    return 0;
}

static int read_words(const char *const *words,
                      uint64_t now_unix_ns,
                      struct umig_start_request *request,
                      struct umig_err *err)
{
    char *copy[WORDS_MAX];
    struct umig_args args;
    int count = 0;
    while (count < WORDS_MAX && words[count] != NULL) {
        memcpy(&copy[count], &words[count], sizeof copy[0]);
        count++;
    }
    memset(request, 0, sizeof *request);
    assert_int_equal(umig_args_parse(umig_verb_start.options, 1, count, copy, &args, err), UMIG_OK);
    return umig_start_request_read(&args, now_unix_ns, request, err);
}

static Umig__V1__StartSession good(const char *const *words, uint64_t now_unix_ns)
{
    static struct umig_start_request request;
    struct umig_err err = UMIG_ERR_INIT;
    if (read_words(words, now_unix_ns, &request, &err) != UMIG_OK) {
        fail_msg("%s", err.text);
    }
    return request.start;
}

static void test_schedule_of_a_condition(void **state)
{
    (void)state;
    const char *const usual[] = {"x", "--when", "heap > 90%", NULL};
    const char *const all[] = {"x", "--when",     "heap > 90%", "--before",   "2m",  "--repeat",
                               "3", "--cooldown", "1h",         "--duration", "30s", NULL};
    const char *const rests[] = {"x", "--when",     "cpu>1%", "--repeat",
                                 "2", "--duration", "5s",     NULL};

    Umig__V1__StartSession start = good(usual, NOON);
    assert_string_equal(start.when, "heap > 90%");
    assert_int_equal(start.before_ns, 60 * UMIG_NS_PER_S);
    assert_int_equal(start.times, 1);
    assert_int_equal(start.every_ns, 0);
    start = good(all, NOON);
    assert_int_equal(start.before_ns, 120 * UMIG_NS_PER_S);
    assert_int_equal(start.times, 3);
    assert_int_equal(start.every_ns, HOUR_NS);
    start = good(rests, NOON);
    assert_int_equal(start.every_ns, 300 * UMIG_NS_PER_S);
}

static void test_schedule_at_is_the_next_such_moment_of_local_clocks(void **state)
{
    (void)state;
    static const struct {
        const char *at;
        uint64_t now;
        uint64_t then;
    } cases[] = {
        {"14:30", NOON, NOON + HOUR_NS + HOUR_NS / 2},
        {"13:00:01", NOON, NOON + UMIG_NS_PER_S},
        {"13:00", NOON, NOON + 24 * HOUR_NS},
        {"02:30", NOON, NOON + 13 * HOUR_NS + HOUR_NS / 2},
        /* The night of 2026-03-29 has no 02:30 and is an hour short: noon is 23 hours later. */
        {"14:00", UINT64_C(1774699200000000000) + HOUR_NS,
         UINT64_C(1774699200000000000) + 24 * HOUR_NS},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const words[] = {"x", "--at", cases[i].at, "--duration", "5s", NULL};
        const Umig__V1__StartSession start = good(words, cases[i].now);
        assert_int_equal(start.at_unix_ns, cases[i].then);
        assert_int_equal(start.times, 1);
    }
}

static void test_schedule_every(void **state)
{
    (void)state;
    const char *const endless[] = {"x", "--every", "1h", "--duration", "5s", NULL};
    const char *const nights[] = {"x",       "--at", "02:30",      "--every", "24h",
                                  "--times", "7",    "--duration", "5s",      NULL};

    Umig__V1__StartSession start = good(endless, NOON);
    assert_int_equal(start.every_ns, HOUR_NS);
    assert_int_equal(start.times, 0);
    assert_int_equal(start.at_unix_ns, 0);
    start = good(nights, NOON);
    assert_int_equal(start.times, 7);
    assert_int_equal(start.every_ns, 24 * HOUR_NS);
    assert_true(start.at_unix_ns > NOON);
}

static void test_schedule_says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS_MAX];
        const char *text;
    } cases[] = {
        {{"x", "--when", "heep > 90%"}, "--when: 'heep' is no metric"},
        {{"x", "--when", "latency > 1s"}, "operations"},
        {{"x", "--before", "1m"}, "--when 'heap > 90%'"},
        {{"x", "--when", "cpu > 1%", "--before", "6m"}, "0s to 5m"},
        {{"x", "--when", "cpu > 1%", "--before", "soon"}, "'soon'"},
        {{"x", "--repeat", "3"}, "--when"},
        {{"x", "--when", "cpu > 1%", "--repeat", "0"}, "1 to"},
        {{"x", "--when", "cpu > 1%", "--repeat", "3"}, "--duration"},
        {{"x", "--when", "cpu > 1%", "--cooldown", "1m"}, "--repeat 3"},
        {{"x", "--when", "cpu > 1%", "--repeat", "3", "--cooldown", "1s"}, "10s to 30d"},
        {{"x", "--when", "cpu > 1%", "--every", "1h", "--duration", "1m"}, "one of both"},
        {{"x", "--when", "cpu > 1%", "--at", "02:30", "--duration", "1m"}, "one of both"},
        {{"x", "--at", "25:00", "--duration", "1m"}, "02:30"},
        {{"x", "--at", "02:60", "--duration", "1m"}, "02:30"},
        {{"x", "--at", "0230", "--duration", "1m"}, "02:30"},
        {{"x", "--at", "02:30:", "--duration", "1m"}, "02:30"},
        {{"x", "--at", "2:-3", "--duration", "1m"}, "02:30"},
        {{"x", "--at", "02:30 ", "--duration", "1m"}, "02:30"},
        {{"x", "--at", "02:30"}, "--at needs a --duration"},
        {{"x", "--every", "1h"}, "--every needs a --duration"},
        {{"x", "--every", "1m", "--duration", "1m"}, "less than --every"},
        {{"x", "--every", "1s", "--duration", "1s"}, "10s to 30d"},
        {{"x", "--times", "3"}, "--every 1h"},
        {{"x", "--every", "1h", "--times", "many", "--duration", "1m"}, "many"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_start_request request;
        struct umig_err err = UMIG_ERR_INIT;
        assert_int_equal(read_words(cases[i].words, NOON, &request, &err), UMIG_E_ARG);
        if (strstr(err.text, cases[i].text) == NULL) {
            fail_msg("%s %s: %s", cases[i].words[1], cases[i].words[2], err.text);
        }
    }
}

static void test_plan_words(void **state)
{
    (void)state;
    struct umig_buf out = UMIG_BUF_INIT(256);

    umig_plan_often_text(0, 1, &out);
    umig_buf_text(&out, "; ");
    umig_plan_often_text(HOUR_NS, 0, &out);
    umig_buf_text(&out, "; ");
    umig_plan_often_text(HOUR_NS, 3, &out);
    umig_buf_text(&out, "; ");
    umig_local_time_text(NOON, &out);

    assert_string_equal(umig_buf_str(&out),
                        "once; every 1h; every 1h, 3 times; 13:00:00 on 2026-01-15");
    umig_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule_of_a_condition),
        cmocka_unit_test(test_schedule_at_is_the_next_such_moment_of_local_clocks),
        cmocka_unit_test(test_schedule_every),
        cmocka_unit_test(test_schedule_says_what_is_wrong),
        cmocka_unit_test(test_plan_words),
    };
    return cmocka_run_group_tests_name("start_schedule", tests, setup, NULL);
}
