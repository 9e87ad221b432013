#include <string.h>

#include "core/json.h"
#include "tests/support/test.h"

static void test_nested_document_has_commas_where_they_belong(void **state)
{
    (void)state;
    struct umig_buf out = UMIG_BUF_INIT(1000);
    struct umig_json json = UMIG_JSON_INIT(&out);

    umig_json_object(&json, NULL);
    umig_json_number(&json, "max", UINT64_MAX);
    umig_json_signed(&json, "min", INT64_MIN);
    umig_json_array(&json, "list");
    umig_json_object(&json, NULL);
    umig_json_object_end(&json);
    umig_json_object(&json, NULL);
    umig_json_bool(&json, "yes", true);
    umig_json_bool(&json, "no", false);
    umig_json_object_end(&json);
    umig_json_text(&json, NULL, "in a list");
    umig_json_array_end(&json);
    umig_json_text(&json, "none", NULL);
    umig_json_object_end(&json);

    assert_string_equal(umig_buf_str(&out),
                        "{\"max\":18446744073709551615,\"min\":-9223372036854775808,"
                        "\"list\":[{},{\"yes\":true,\"no\":false},\"in a list\"],\"none\":null}");
    umig_buf_fini(&out);
}

struct text_case {
    const char *in;
    const char *out;
};

static void test_text_is_always_valid_json_and_utf8(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {"plain", "\"plain\""},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"\n\t\x01\x7f", "\"\\u000a\\u0009\\u0001\\u007f\""},
        {"\xc3\xa9\xf0\x9f\x98\x80", "\"\xc3\xa9\xf0\x9f\x98\x80\""},
        {"\xc2\x9b\xe2\x80\xae\xf3\xa0\x80\x81", "\"\\u009b\\u202e\\udb40\\udc01\""},
        {"\xff", "\"\xef\xbf\xbd\""},                 /* no lead byte */
        {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""}, /* overlong */
        {"\xc3", "\"\xef\xbf\xbd\""},                 /* cut short */
        {"\xf0\x9f\x98", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* surrogate */
        {"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_buf out = UMIG_BUF_INIT(100);
        struct umig_json json = UMIG_JSON_INIT(&out);
        umig_json_text(&json, NULL, cases[i].in);
        assert_string_equal(umig_buf_str(&out), cases[i].out);
        umig_buf_fini(&out);
    }
}

static void test_known_text_is_written_and_no_other(void **state)
{
    (void)state;
    struct umig_buf out = UMIG_BUF_INIT(100);
    struct umig_json json = UMIG_JSON_INIT(&out);

    umig_json_object(&json, NULL);
    umig_json_known(&json, "host", NULL);
    umig_json_known(&json, "service", "");
    umig_json_known(&json, "id", "s");
    umig_json_object_end(&json);

    assert_int_equal(umig_json_finish(&json, "a test", NULL), UMIG_OK);
    assert_string_equal(umig_buf_str(&out), "{\"id\":\"s\"}\n");
    umig_buf_fini(&out);
}

static void test_document_that_does_not_fit_is_refused_by_name(void **state)
{
    (void)state;
    struct umig_buf out = UMIG_BUF_INIT(8);
    struct umig_json json = UMIG_JSON_INIT(&out);
    struct umig_err err = UMIG_ERR_INIT;

    umig_json_text(&json, NULL, "longer than eight");

    assert_int_equal(umig_json_finish(&json, "a test", &err), UMIG_E_LIMIT);
    assert_non_null(strstr(err.text, "writing a test: "));
    umig_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest json_test[] = {
        cmocka_unit_test(test_nested_document_has_commas_where_they_belong),
        cmocka_unit_test(test_text_is_always_valid_json_and_utf8),
        cmocka_unit_test(test_known_text_is_written_and_no_other),
        cmocka_unit_test(test_document_that_does_not_fit_is_refused_by_name),
    };
    return cmocka_run_group_tests(json_test, NULL, NULL);
}
