#include <jansson.h>
#include <string.h>

#include "core/clock.h"
#include "report/sessions.h"
#include "tests/support/golden.h"
#include "tests/support/test.h"
#include "tests/unit/report/schema.h"

#define OUT_LIMIT_BYTES 65536
#define START_UNIX_NS   (1790000000ull * UMIG_NS_PER_S)

static const struct umig_session_label labels[] = {
    {"build", "1.4.2"},
    {"zone", "\x1b]0;owned\x07"},
};

static const struct umig_session_summary sessions[] = {
    {.number = 7,
     .id = "k3f9-orders-0001",
     .service = "orders",
     .instance = "orders-1",
     .host = "shop-7",
     .pid = 4711,
     .jdk = 17,
     .start_unix_ns = START_UNIX_NS,
     .end_unix_ns = START_UNIX_NS + 30 * UMIG_NS_PER_S,
     .end = UMIG_END_DURATION,
     .has_kind = {[UMIG_KIND_CPU] = true, [UMIG_KIND_GC] = true},
     .labels = labels,
     .label_count = 2,
     .cpu_samples = 1200,
     .cpu_ns = 12 * UMIG_NS_PER_S,
     .is_complete = true},
    {.number = 123456,
     .id = "k3f9-a-session-with-a-very-long-name",
     .service = "\x1b[31mbilling-with-a-long-name",
     .pid = 12,
     .start_unix_ns = START_UNIX_NS + 3600 * UMIG_NS_PER_S,
     .end_unix_ns = START_UNIX_NS + 3725 * UMIG_NS_PER_S,
     .end = UMIG_END_LOST},
    {.number = 9,
     .id = "live",
     .pid = 99,
     .start_unix_ns = START_UNIX_NS,
     .end = UMIG_END_RUNNING,
     .is_complete = true},
    {.number = 10,
     .id = "live-and-short",
     .pid = 99,
     .start_unix_ns = START_UNIX_NS,
     .end = UMIG_END_RUNNING},
};

static const size_t session_count = sizeof sessions / sizeof sessions[0];

static void test_sessions_text_matches_golden(void **state)
{
    (void)state;
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    assert_int_equal(umig_sessions_text(sessions, session_count, 0, &out, NULL), UMIG_OK);
    umig_golden_expect(UMIG_TEST_GOLDEN, "sessions.txt", umig_buf_str(&out));
    umig_buf_fini(&out);
}

static void test_sessions_text_for_a_terminal_keeps_its_width(void **state)
{
    (void)state;
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    assert_int_equal(umig_sessions_text(sessions, session_count, 100, &out, NULL), UMIG_OK);
    assert_non_null(strstr(umig_buf_str(&out), "\xE2\x80\xA6g-name ")); /* cut in the middle */
    umig_buf_fini(&out);
}

static void test_sessions_text_of_none_says_so(void **state)
{
    (void)state;
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    assert_int_equal(umig_sessions_text(NULL, 0, 0, &out, NULL), UMIG_OK);
    assert_string_equal(umig_buf_str(&out), "No sessions.\n");
    umig_buf_fini(&out);
}

static void test_sessions_json_reads_back(void **state)
{
    (void)state;
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    assert_int_equal(umig_sessions_json(sessions, session_count, &out, NULL), UMIG_OK);

    json_t *root = json_loads(umig_buf_str(&out), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    const json_t *list = json_object_get(root, "sessions");
    assert_int_equal(json_array_size(list), session_count);
    const json_t *second = json_array_get(list, 1);
    assert_string_equal(json_string_value(json_object_get(second, "service")),
                        "\x1b[31mbilling-with-a-long-name");
    assert_string_equal(json_string_value(json_object_get(second, "end")), "lost");
    assert_null(json_object_get(second, "host"));
    assert_int_equal(json_integer_value(json_object_get(second, "number")), 123456);
    assert_true(json_is_false(json_object_get(json_array_get(list, 2), "complete"))); /* it runs */
    assert_true(json_is_false(json_object_get(json_array_get(list, 2), "data_missing")));
    assert_true(json_is_false(json_object_get(json_array_get(list, 3), "complete")));
    assert_true(json_is_true(json_object_get(json_array_get(list, 3), "data_missing")));
    const json_t *label = json_array_get(json_object_get(json_array_get(list, 0), "labels"), 1);
    assert_string_equal(json_string_value(json_object_get(label, "key")), "zone");
    assert_string_equal(json_string_value(json_object_get(label, "value")), "\x1b]0;owned\x07");
    assert_int_equal(json_array_size(json_object_get(second, "labels")), 0);
    umig_schema_expect(UMIG_TEST_SCHEMA, root);
    json_decref(root);
    umig_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sessions_text_matches_golden),
        cmocka_unit_test(test_sessions_text_for_a_terminal_keeps_its_width),
        cmocka_unit_test(test_sessions_text_of_none_says_so),
        cmocka_unit_test(test_sessions_json_reads_back),
    };
    return cmocka_run_group_tests_name("report.sessions", tests, NULL, NULL);
}
