#include <errno.h>
#include <string.h>

#include "core/clean.h"
#include "core/err.h"
#include "core/utf8.h"
#include "tests/support/test.h"

static int fails(struct umig_err *err)
{
    return umig_err_set_cause(err, UMIG_E_IO, ENOENT, "open %s: %s", "x", umig_errno_text(ENOENT));
}

static int forwards(struct umig_err *err)
{
    return umig_err_trace(err, fails(err));
}

static void test_set_records_status_cause_text_and_place(void **state)
{
    (void)state;
    struct umig_err err = UMIG_ERR_INIT;

    assert_int_equal(fails(&err), UMIG_E_IO);

    assert_int_equal(err.status, UMIG_E_IO);
    assert_int_equal(err.cause, ENOENT);
    assert_string_equal(err.text, "open x: No such file or directory");
    assert_int_equal(err.hop_count, 1);
    assert_string_equal(err.hops[0].func, "fails");
}

static void test_trace_adds_hops_up_to_the_bound(void **state)
{
    (void)state;
    struct umig_err err = UMIG_ERR_INIT;

    assert_int_equal(forwards(&err), UMIG_E_IO);
    assert_int_equal(err.hop_count, 2);
    assert_string_equal(err.hops[1].func, "forwards");
    for (int i = 0; i < 10; i++) {
        assert_int_equal(umig_err_trace(&err, UMIG_E_IO), UMIG_E_IO);
    }

    assert_int_equal(err.hop_count, 4);
}

static void test_trace_of_success_adds_nothing(void **state)
{
    (void)state;
    struct umig_err err = UMIG_ERR_INIT;

    assert_int_equal(umig_err_trace(&err, UMIG_OK), UMIG_OK);
    assert_int_equal(umig_err_trace(&err, UMIG_AGAIN), UMIG_AGAIN);

    assert_int_equal(err.hop_count, 0);
}

static void test_null_error_is_allowed(void **state)
{
    (void)state;

    assert_int_equal(forwards(NULL), UMIG_E_IO);
}

static void test_text_is_one_line_whatever_comes_in(void **state)
{
    (void)state;
    struct umig_err err = UMIG_ERR_INIT;

    umig_err_set(&err, UMIG_E_ARG, "name '%s'", "a\nb\x1b[31m\x7f");

    assert_string_equal(err.text, "name 'a\xE2\x90\x8A"
                                  "b\xE2\x90\x9B[31m\xE2\x90\xA1'");
}

static void test_text_made_harmless_is_cut_between_characters(void **state)
{
    (void)state;
    struct umig_err err = UMIG_ERR_INIT;
    static const char *const parts[] = {"\x1b", "\xE2\x80\xAE", "\xFF", "\xE5\x90\x8D"};
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
        for (size_t lead = 0; lead < 12; lead++) {
            char name[600];
            size_t len = lead;
            memset(name, 'x', lead);
            while (len + 4 < sizeof name) {
                memcpy(name + len, parts[p], strlen(parts[p]));
                len += strlen(parts[p]);
            }
            name[len] = '\0';

            umig_err_set(&err, UMIG_E_ARG, "%s", name);

            const size_t text_len = strlen(err.text);
            assert_in_range(text_len, sizeof err.text - 12, sizeof err.text - 1);
            assert_string_equal(err.text + text_len - 3, "...");
            assert_int_equal(umig_utf8_whole(err.text, text_len - 3), text_len - 3);
            assert_int_equal(umig_clean_copy(err.text, name, sizeof name), text_len);
        }
    }
}

static void test_text_is_cut_at_its_room_and_shows_it(void **state)
{
    (void)state;
    struct umig_err err = UMIG_ERR_INIT;
    char longer[1000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';

    umig_err_set(&err, UMIG_E_ARG, "%s", longer);

    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_string_equal(err.text + sizeof err.text - 5, "x...");
    longer[sizeof err.text - 1] = '\0';
    umig_err_set(&err, UMIG_E_ARG, "%s", longer); /* just fits */
    assert_string_equal(err.text, longer);
}

static void test_every_status_has_name_and_sentence(void **state)
{
    (void)state;
#define CHECK_STATUS(name, value, text)               \
 assert_string_equal(umig_status_name(value), #name); \
 assert_string_equal(umig_status_text(value), text);
    UMIG_STATUS_TABLE(CHECK_STATUS)
#undef CHECK_STATUS
    assert_string_equal(umig_status_name(-99), "unknown status");
    assert_string_equal(umig_status_text(99), "unknown status");
    assert_string_equal(umig_errno_text(-1), "unknown error");
}

int main(void)
{
    const struct CMUnitTest err_test[] = {
        cmocka_unit_test(test_set_records_status_cause_text_and_place),
        cmocka_unit_test(test_trace_adds_hops_up_to_the_bound),
        cmocka_unit_test(test_trace_of_success_adds_nothing),
        cmocka_unit_test(test_null_error_is_allowed),
        cmocka_unit_test(test_text_is_one_line_whatever_comes_in),
        cmocka_unit_test(test_text_made_harmless_is_cut_between_characters),
        cmocka_unit_test(test_text_is_cut_at_its_room_and_shows_it),
        cmocka_unit_test(test_every_status_has_name_and_sentence),
    };
    return cmocka_run_group_tests(err_test, NULL, NULL);
}
