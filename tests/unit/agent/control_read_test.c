/* Requests of the control socket, as protobuf-c writes them. */
#include <string.h>
#include <umig/v1/control.pb-c.h>

#include "agent/control_read.h"
#include "core/units.h"
#include "tests/support/test.h"

static int read_start(Umig__V1__StartSession *start,
                      struct umig_request *request,
                      struct umig_err *err)
{
    Umig__V1__ControlRequest message = UMIG__V1__CONTROL_REQUEST__INIT;
    uint8_t bytes[2048];
    message.verb = UMIG__V1__CONTROL_VERB__CONTROL_START;
    message.start = start;
    assert_true(umig__v1__control_request__get_packed_size(&message) <= sizeof bytes);
    return umig_request_read(bytes, umig__v1__control_request__pack(&message, bytes), request, err);
}

static void test_request_reads_condition_and_schedule(void **state)
{
    (void)state;
    Umig__V1__StartSession start = UMIG__V1__START_SESSION__INIT;
    struct umig_request request;
    start.id = (char[]){"full"};
    start.when = (char[]){"heap > 90% for 5s"};
    start.before_ns = 60 * UMIG_NS_PER_S;
    start.at_unix_ns = 17;
    start.every_ns = 18;
    start.times = 3;
    start.budget = 1 + 25000;
    start.duration_ns = 30 * UMIG_NS_PER_S;

    assert_int_equal(read_start(&start, &request, NULL), UMIG_OK);

    assert_int_equal(request.verb, UMIG__V1__CONTROL_VERB__CONTROL_START);
    assert_string_equal(request.spec.id, "full");
    assert_string_equal(request.spec.when.text, "heap > 90% for 5s");
    assert_int_equal(request.spec.when.count, 1);
    assert_int_equal(request.spec.before_ns, 60 * UMIG_NS_PER_S);
    assert_int_equal(request.spec.duration_ns, 30 * UMIG_NS_PER_S);
    assert_int_equal(request.schedule.at_unix_ns, 17);
    assert_int_equal(request.schedule.every_ns, 18);
    assert_int_equal(request.schedule.times, 3);
    assert_true(request.spec.has_budget);
    assert_int_equal(request.spec.budget_ppm, 25000);
}

static void test_request_of_an_older_command_has_none(void **state)
{
    (void)state;
    Umig__V1__StartSession start = UMIG__V1__START_SESSION__INIT;
    struct umig_request request;

    assert_int_equal(read_start(&start, &request, NULL), UMIG_OK);

    assert_int_equal(request.spec.when.count, 0);
    assert_false(request.spec.has_budget);
    assert_false(umig_schedule_is_plan(&request.schedule, &request.spec));
}

static void test_request_reads_no_budget_and_refuses_more_than_all(void **state)
{
    (void)state;
    Umig__V1__StartSession start = UMIG__V1__START_SESSION__INIT;
    struct umig_request request;
    struct umig_err err = UMIG_ERR_INIT;
    start.budget = 1;
    assert_int_equal(read_start(&start, &request, NULL), UMIG_OK);
    assert_true(request.spec.has_budget);
    assert_int_equal(request.spec.budget_ppm, 0);

    start.budget = 1000002;
    assert_int_equal(read_start(&start, &request, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "100%"));
}

/* Whoever speaks to the socket without our command gets the same answers. */
static void test_request_with_a_wrong_condition_is_refused_by_its_word(void **state)
{
    (void)state;
    char longest[UMIG_TRIGGER_TEXT_BYTES + 1];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const struct {
        char *when;
        uint64_t before_ns;
        const char *text;
    } cases[] = {
        {(char[]){"heep > 90%"}, 0, "'heep' is no metric"},
        {(char[]){"latency > 1s"}, 0, "operations"},
        {(char[]){"heap > 90% or"}, 0, "metric is missing"},
        {(char[]){"heap\x01> 90%"}, 0, "byte 5"},
        {longest, 0, "at most 127 bytes"},
        {(char[]){"heap > 90%"}, UMIG_BEFORE_MAX_NS + 1, "0s to 5m"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Umig__V1__StartSession start = UMIG__V1__START_SESSION__INIT;
        struct umig_request request;
        struct umig_err err = UMIG_ERR_INIT;
        start.when = cases[i].when;
        start.before_ns = cases[i].before_ns;
        assert_int_equal(read_start(&start, &request, &err), UMIG_E_ARG);
        if (strstr(err.text, cases[i].text) == NULL) {
            fail_msg("%zu: %s", i, err.text);
        }
    }
}

static void test_request_reads_what_is_searched_for(void **state)
{
    (void)state;
    Umig__V1__ControlRequest message = UMIG__V1__CONTROL_REQUEST__INIT;
    Umig__V1__Search search = UMIG__V1__SEARCH__INIT;
    struct umig_request request;
    uint8_t bytes[256];
    message.verb = UMIG__V1__CONTROL_VERB__CONTROL_SEARCH;
    message.search = &search;
    search.action = 1;
    search.cpu_budget_ns = 17;
    search.wants_loaders = 1;

    assert_int_equal(
        umig_request_read(bytes, umig__v1__control_request__pack(&message, bytes), &request, NULL),
        UMIG_OK);

    assert_int_equal(request.search.action, 1);
    assert_int_equal(request.search.cpu_budget_ns, 17);
    assert_true(request.search.wants_loaders);
    assert_int_equal(request.search.class_count, 0);
}

static void test_request_that_is_no_message_is_a_fault_of_the_protocol(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x12, 0x7f, 0x42};
    struct umig_request request;
    struct umig_err err = UMIG_ERR_INIT;

    assert_int_equal(umig_request_read(bytes, sizeof bytes, &request, &err), UMIG_E_PROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_reads_condition_and_schedule),
        cmocka_unit_test(test_request_of_an_older_command_has_none),
        cmocka_unit_test(test_request_reads_no_budget_and_refuses_more_than_all),
        cmocka_unit_test(test_request_with_a_wrong_condition_is_refused_by_its_word),
        cmocka_unit_test(test_request_reads_what_is_searched_for),
        cmocka_unit_test(test_request_that_is_no_message_is_a_fault_of_the_protocol),
    };
    return cmocka_run_group_tests_name("control_read", tests, NULL, NULL);
}
