/* Questions over the socket: what was just sent is in the answer, and sessions are found by name.
 */
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "tests/support/collector_talk.h"
#include "tests/support/test.h"
#include "umig/v1/control.pb-c.h"

static void test_report_over_the_socket_has_what_was_just_acknowledged(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = umig_small_emitter(26, "black-friday");
    static char text[1 << 20];
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);

    assert_true(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "black", text, sizeof text));
    assert_non_null(strstr(text, "m1"));
    assert_true(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_STATUS, "", text, sizeof text));
    assert_non_null(strstr(text, "batches stored               1"));
    umig_emitter_destroy(e);
}

static void test_running_session_that_lacks_data_is_listed_so(void **state)
{
    struct umig_collector_process *p = *state;
    const struct umig_emitter_options options = {
        .epoch = 28,
        .seed = 28,
        .session = "short",
        .service = "orders",
        .samples_per_batch = 50,
        .stacks_per_batch = 10,
        .max_unacked = 1,
        .anchor_unix_ns = umig_clock_unix_ns(),
    };
    struct umig_emitter *e = umig_emitter_create(&options);
    const uint32_t sessions = UMIG__V1__QUERY_VERB__QUERY_SESSIONS;
    char text[8192];
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    assert_true(umig_ask(p, sessions, "", text, sizeof text));
    assert_non_null(strstr(text, " running\n"));

    umig_emitter_make_batch(e);
    umig_emitter_make_batch(e); /* is dropped: one waits already */
    umig_deliver(e, p);
    umig_emitter_make_batch(e); /* says so */
    umig_deliver(e, p);

    assert_true(umig_emitter_ledger(e)->dropped_value > 0);
    assert_true(umig_ask(p, sessions, "", text, sizeof text));
    assert_non_null(strstr(text, " running, data missing\n"));
    umig_emitter_destroy(e);
}

static void test_unknown_session_is_refused_with_the_closest(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = umig_small_emitter(27, "black-friday");
    char text[8192];
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);

    assert_false(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "blak-friday", text, sizeof text));
    assert_non_null(strstr(text, "no session 'blak-friday'; did you mean black-friday? "));
    assert_false(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "nightly", text, sizeof text));
    assert_non_null(strstr(text, "no session 'nightly'; 'umig sessions' lists all"));
    umig_emitter_destroy(e);
}

static void test_session_is_found_by_prefix_number_and_latest(void **state)
{
    struct umig_collector_process *p = *state;
    static char text[1 << 20];
    static const char *const ids[] = {"night-run", "night-walk", "night-run"};
    umig_collector_process_start(p);
    for (uint64_t i = 0; i < 3; i++) {
        struct umig_emitter *e = umig_small_emitter(30 + i, ids[i]);
        umig_emitter_make_batch(e);
        umig_deliver(e, p);
        umig_emitter_destroy(e);
    }
    const uint32_t report = UMIG__V1__QUERY_VERB__QUERY_REPORT;

    assert_false(umig_ask(p, report, "night", text, sizeof text));
    assert_string_equal(text, "'night' begins the names of 3 sessions: night-walk, night-run and 1 "
                              "more; 'umig sessions' lists all");
    assert_true(umig_ask(p, report, "night-w", text, sizeof text));
    assert_true(umig_ask(p, report, "night-r", text, sizeof text)); /* one id, given twice */
    assert_null(strstr(text, "are called")); /* who takes no notes gets none */
    assert_true(umig_ask(p, report, "#1", text, sizeof text));
    assert_true(umig_ask(p, report, "latest", text, sizeof text));
    assert_false(umig_ask(p, report, "#4", text, sizeof text));
    assert_string_equal(text, "there is no session #4; there are 3 sessions (umig sessions)");
    assert_true(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_SESSIONS, "", text, sizeof text));
    assert_non_null(strstr(text, "\n#2       night-walk "));
    assert_false(umig_ask(p, 77, "", text, sizeof text));
    assert_string_equal(text, "query 77 is not known to this collector");
}

int main(void)
{
#define TEST(name) \
 cmocka_unit_test_setup_teardown(name, umig_collector_set_up, umig_collector_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_report_over_the_socket_has_what_was_just_acknowledged),
        TEST(test_running_session_that_lacks_data_is_listed_so),
        TEST(test_unknown_session_is_refused_with_the_closest),
        TEST(test_session_is_found_by_prefix_number_and_latest),
    };
#undef TEST
    return cmocka_run_group_tests_name("component.collector.query", tests, NULL, NULL);
}
