/* Comparisons as text and JSON; the truth of the figures is tested in unit.analysis.diff. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/err.h"
#include "report/diff.h"
#include "tests/support/collapsed.h"
#include "tests/support/golden.h"
#include "tests/support/test.h"
#include "tests/support/torture.h"
#include "tests/unit/report/sample.h"
#include "tests/unit/report/schema.h"

#define OUT_LIMIT_BYTES (64u << 20)
#define START_UNIX_NS   (1790000000ull * UMIG_NS_PER_S)

/* Sixty seconds: "total" has doubled, and all others are what they were. */
static struct umig_profile *make(unsigned total, const char *id)
{
    char lines[512];
    snprintf(lines, sizeof lines,
             "[w-1];shop.Main.run;shop.Orders.total %u\n"
             "[w-1];shop.Main.run;shop.Orders.sort;java.util.Arrays.sort 4000\n"
             "[w-1];shop.Main.run;shop.Orders.print 2500\n"
             "[w-2];shop.Main.run;shop.Orders.print;shop.Orders.total %u\n"
             "[w-1];shop.Main.run 5\n",
             total, total / 4);
    struct umig_profile *profile = umig_collapsed_read(lines);
    struct umig_profile_session *session = &profile->session;
    session->start_unix_ns = START_UNIX_NS;
    session->end_unix_ns = START_UNIX_NS + 60 * UMIG_NS_PER_S;
    session->interval_ns[UMIG_KIND_CPU] = UMIG_COLLAPSED_INTERVAL_NS;
    assert_int_equal(umig_profile_string(profile, id, strlen(id), &session->id), UMIG_OK);
    assert_int_equal(umig_profile_string(profile, "orders", 6, &session->service), UMIG_OK);
    return profile;
}

static struct umig_diff *compare(struct umig_profile *before,
                                 struct umig_profile *after,
                                 struct umig_diff_options options)
{
    struct umig_diff *diff = NULL;
    struct umig_err err = UMIG_ERR_INIT;
    options.noise = -1;
    if (umig_diff_create(before, after, &options, &diff, &err) != UMIG_OK) {
        fail_msg("%s", err.text);
    }
    umig_profile_destroy(before);
    umig_profile_destroy(after);
    return diff;
}

static struct umig_diff *compare_doubled(struct umig_diff_options options)
{
    return compare(make(1000, "load-7"), make(2000, "load-8"), options);
}

static void expect_golden(struct umig_diff *diff,
                          const struct umig_diff_wording *wording,
                          const char *name)
{
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    assert_int_equal(umig_diff_write(diff, wording, &out, NULL), UMIG_OK);
    umig_golden_expect(UMIG_TEST_GOLDEN, name, umig_buf_str(&out));
    umig_buf_fini(&out);
    umig_diff_destroy(diff);
}

static void test_text_beside_the_rest_matches_golden(void **state)
{
    (void)state;
    expect_golden(compare_doubled((struct umig_diff_options){0}),
                  &(struct umig_diff_wording){.work = ""}, "diff.txt");
}

static void test_text_by_work_matches_golden(void **state)
{
    (void)state;
    const struct umig_diff_options options = {.basis = UMIG_DIFF_WORK, .work = {6000, 6000}};
    expect_golden(compare_doubled(options),
                  &(struct umig_diff_wording){.work = "request", .width = 80}, "diff-work.txt");
}

static void test_text_of_no_change_says_so(void **state)
{
    struct umig_diff *diff =
        compare(make(1000, "a"), make(1000, "b"), (struct umig_diff_options){0});
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    (void)state;

    assert_int_equal(umig_diff_write(diff, &(struct umig_diff_wording){.work = ""}, &out, NULL),
                     UMIG_OK);

    assert_non_null(strstr(umig_buf_str(&out), "Nothing changed by itself: the 3 methods"));
    assert_null(strstr(umig_buf_str(&out), "Changed by themselves"));
    umig_buf_fini(&out);
    umig_diff_destroy(diff);
}

static void test_text_names_what_else_differs(void **state)
{
    struct umig_profile *after = make(1000, "b");
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    (void)state;
    after->session.interval_ns[UMIG_KIND_CPU] = 20000000;
    assert_int_equal(umig_profile_string(after, "25.0.3", 6, &after->session.jvm_version), UMIG_OK);
    struct umig_diff *diff = compare(make(1000, "a"), after, (struct umig_diff_options){0});

    assert_int_equal(umig_diff_write(diff, &(struct umig_diff_wording){.work = ""}, &out, NULL),
                     UMIG_OK);

    assert_non_null(strstr(umig_buf_str(&out), "JVMs (none, 25.0.3); nanoseconds between samples"));
    umig_buf_fini(&out);
    umig_diff_destroy(diff);
}

static void expect_schema(struct umig_diff *diff, const char *work)
{
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    const struct umig_diff_wording wording = {.format = UMIG_REPORT_JSON, .work = work};
    assert_int_equal(umig_diff_write(diff, &wording, &out, NULL), UMIG_OK);
    json_error_t error;
    json_t *json = json_loadb(umig_buf_str(&out), out.len, 0, &error);
    if (json == NULL) {
        fail_msg("%s", error.text);
    }
    umig_schema_expect(UMIG_TEST_SCHEMA, json);
    json_decref(json);
    umig_buf_fini(&out);
    umig_diff_destroy(diff);
}

static void test_json_is_as_its_schema_says(void **state)
{
    const struct umig_diff_options work = {.basis = UMIG_DIFF_WORK, .work = {6000, 6000}};
    const struct umig_diff_options wall = {.basis = UMIG_DIFF_WALL, .unfold = true};
    (void)state;
    expect_schema(compare_doubled((struct umig_diff_options){0}), "");
    expect_schema(compare_doubled(work), "request");
    expect_schema(compare_doubled(wall), "");
    expect_schema(compare(umig_sample_service(), umig_sample_hostile(), work), "request");
}

/* Names that would move the cursor or colour the screen. */
static void test_text_of_hostile_names_is_harmless(void **state)
{
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    struct umig_diff *diff =
        compare(umig_sample_named("\x1b[2J\xE2\x80\xAE<b>"), umig_sample_named("\x1b]0;x\x07"),
                (struct umig_diff_options){0});
    (void)state;

    assert_int_equal(
        umig_diff_write(diff, &(struct umig_diff_wording){.work = "", .width = 100}, &out, NULL),
        UMIG_OK);

    assert_null(strpbrk(umig_buf_str(&out), "\x1b\x07"));
    assert_null(strstr(umig_buf_str(&out), "\xE2\x80\xAE"));
    umig_buf_fini(&out);
    umig_diff_destroy(diff);
}

static void test_what_cannot_be_written_is_refused(void **state)
{
    struct umig_diff *diff = compare_doubled((struct umig_diff_options){0});
    struct umig_buf small = UMIG_BUF_INIT(64);
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    struct umig_err err = UMIG_ERR_INIT;
    (void)state;

    struct umig_diff_wording wording = {.work = "", .width = 20};
    assert_int_equal(umig_diff_write(diff, &wording, &out, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "a width of 20 columns"));
    wording = (struct umig_diff_wording){.work = "", .format = UMIG_REPORT_COLLAPSED};
    assert_int_equal(umig_diff_write(diff, &wording, &out, &err), UMIG_E_ARG);
    assert_string_equal(err.text, "a comparison is text, json or html");
    wording.format = UMIG_REPORT_TEXT;
    assert_int_equal(umig_diff_write(diff, &wording, &small, &err), UMIG_E_LIMIT);
    umig_buf_fini(&small);
    umig_buf_fini(&out);
    umig_diff_destroy(diff);
}

struct torture {
    struct umig_profile *before, *after;
    struct umig_buf want[3];
};

static int compare_all(void *context)
{
    struct torture *t = context;
    const struct umig_diff_options options = {.noise = -1};
    struct umig_diff *diff = NULL;
    int rc = umig_diff_create(t->before, t->after, &options, &diff, NULL);
    for (int i = 0; rc == UMIG_OK && i < 3; i++) {
        const struct umig_diff_wording wording = {.work = "", .format = (enum umig_report_format)i};
        struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
        rc = umig_diff_write(diff, &wording, &out, NULL);
        if (rc == UMIG_OK && t->want[i].len > 0) {
            assert_string_equal(umig_buf_str(&out), umig_buf_str(&t->want[i]));
        } else if (rc == UMIG_OK) {
            assert_int_equal(umig_buf_put(&t->want[i], out.bytes, out.len), UMIG_OK);
        }
        umig_buf_fini(&out);
    }
    umig_diff_destroy(diff);
    return rc;
}

/* Whatever allocation fails, the answer is whole or there is none. */
static void test_out_of_memory_is_an_error_and_no_leak(void **state)
{
    struct torture t = {.before = make(1000, "a"), .after = make(2000, "b")};
    (void)state;
    for (int i = 0; i < 3; i++) {
        t.want[i] = (struct umig_buf)UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    }
    assert_int_equal(compare_all(&t), UMIG_OK);

    assert_true(umig_torture(compare_all, &t) > 50);

    for (int i = 0; i < 3; i++) {
        umig_buf_fini(&t.want[i]);
    }
    umig_profile_destroy(t.before);
    umig_profile_destroy(t.after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_beside_the_rest_matches_golden),
        cmocka_unit_test(test_text_by_work_matches_golden),
        cmocka_unit_test(test_text_of_no_change_says_so),
        cmocka_unit_test(test_text_names_what_else_differs),
        cmocka_unit_test(test_json_is_as_its_schema_says),
        cmocka_unit_test(test_text_of_hostile_names_is_harmless),
        cmocka_unit_test(test_what_cannot_be_written_is_refused),
        cmocka_unit_test(test_out_of_memory_is_an_error_and_no_leak),
    };
    return cmocka_run_group_tests_name("report.diff", tests, NULL, NULL);
}
