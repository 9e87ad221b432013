#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "report/cells.h"
#include "report/report.h"
#include "tests/support/collapsed.h"
#include "tests/support/golden.h"
#include "tests/support/test.h"
#include "tests/support/torture.h"
#include "tests/unit/report/sample.h"
#include "tests/unit/report/schema.h"

#define OUT_LIMIT_BYTES (64u << 20)

static void write(struct umig_profile *profile,
                  const struct umig_report_options *options,
                  struct umig_buf *out)
{
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_report_write(profile, options, out, &err) != UMIG_OK) {
        fail_msg("%s", err.text);
    }
    umig_profile_destroy(profile);
}

static void expect_golden(struct umig_profile *profile,
                          const struct umig_report_options *options,
                          const char *name)
{
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    write(profile, options, &out);
    umig_golden_expect(UMIG_TEST_GOLDEN, name, umig_buf_str(&out));
    umig_buf_fini(&out);
}

static void test_text_of_service_matches_golden(void **state)
{
    (void)state;
    expect_golden(umig_sample_service(), &(struct umig_report_options){0}, "service.txt");
}

static void test_text_unfolded_wide_and_coloured_matches_golden(void **state)
{
    (void)state;
    const struct umig_report_options options = {.unfold = true, .colour = true, .width = 140};
    expect_golden(umig_sample_service(), &options, "service-unfolded.txt");
}

static void test_text_of_hostile_names_matches_golden(void **state)
{
    (void)state;
    expect_golden(umig_sample_hostile(), &(struct umig_report_options){.width = 72}, "hostile.txt");
}

static void test_text_of_quiet_session_matches_golden(void **state)
{
    (void)state;
    expect_golden(umig_sample_quiet(), &(struct umig_report_options){0}, "quiet.txt");
}

static void test_json_of_service_matches_golden(void **state)
{
    (void)state;
    const struct umig_report_options options = {.format = UMIG_REPORT_JSON};
    expect_golden(umig_sample_service(), &options, "service.json");
}

static void test_collapsed_of_hostile_names_matches_golden(void **state)
{
    (void)state;
    const struct umig_report_options options = {.format = UMIG_REPORT_COLLAPSED};
    expect_golden(umig_sample_hostile(), &options, "hostile.collapsed");
}

static void test_collapsed_of_waits_matches_golden(void **state)
{
    (void)state;
    const struct umig_report_options options = {.format = UMIG_REPORT_COLLAPSED,
                                                .kind = UMIG_KIND_LOCKS};
    expect_golden(umig_sample_service(), &options, "service.locks.collapsed");
}

/* The shares are the text's: 120 ms are 12 intervals of 10 ms, 2 of 50 ms, 3 of 45 ms. */
static void test_collapsed_value_is_time_in_intervals(void **state)
{
    (void)state;
    static const struct {
        uint64_t interval_ms;
        const char *want;
    } cases[] = {{10, " 12\n"}, {50, " 2\n"}, {45, " 3\n"}, {1000, " 1\n"}, {0, " 12\n"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_profile *profile = umig_sample_quiet();
        struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
        profile->session.interval_ns[UMIG_KIND_CPU] = cases[i].interval_ms * UMIG_NS_PER_MS;
        write(profile, &(struct umig_report_options){.format = UMIG_REPORT_COLLAPSED}, &out);
        assert_string_equal(strchr(umig_buf_str(&out), ' '), cases[i].want);
        umig_buf_fini(&out);
    }
}

static struct umig_profile *sample_of_waits(void)
{
    struct umig_profile *profile = umig_sample_locks_only();
    struct umig_profile_wait wait = {.wait_ns = UMIG_NS_PER_MS, .count = 1};
    assert_int_equal(umig_profile_thread(profile, 7, UMIG_THREAD_JAVA, 0, &wait.thread), UMIG_OK);
    assert_int_equal(umig_profile_add_wait(profile, &wait), UMIG_OK);
    return profile;
}

/* A file of no bytes says nothing: who asked is told what the session has. */
static void test_file_without_stacks_has_a_note(void **state)
{
    (void)state;
    static const struct {
        struct umig_profile *(*make)(void);
        enum umig_report_format format;
        enum umig_kind kind;
        const char *says;
    } cases[] = {
        {umig_sample_locks_only, UMIG_REPORT_COLLAPSED, UMIG_KIND_CPU,
         "' has no stacks of kind cpu, it has locks; text, json and html show what it has"},
        {umig_sample_service, UMIG_REPORT_COLLAPSED, UMIG_KIND_LOCKS, ""},
        {umig_sample_service, UMIG_REPORT_PPROF, UMIG_KIND_ALLOC, ""},
        {umig_sample_service, UMIG_REPORT_OTLP, UMIG_KIND_WALL,
         "' has no stacks of kind wall, it has cpu, gc, heap, locks, alloc, pools; "
         "--format otlp --kind cpu writes its stacks"},
        {umig_sample_quiet, UMIG_REPORT_COLLAPSED, UMIG_KIND_LOCKS,
         "; --format collapsed --kind cpu writes its stacks"},
        {umig_sample_locks_only, UMIG_REPORT_PPROF, (enum umig_kind)0,
         "' has no stacks of kind cpu, it has locks; text, json and html show what it has"},
        {umig_sample_locks_only, UMIG_REPORT_TEXT, UMIG_KIND_CPU, ""},
        {umig_sample_quiet, UMIG_REPORT_COLLAPSED, UMIG_KIND_CPU, ""},
        {umig_sample_quiet, UMIG_REPORT_SPEEDSCOPE, (enum umig_kind)0, ""},
        {umig_sample_quiet, UMIG_REPORT_PPROF, UMIG_KIND_ALLOC,
         "; --format pprof --kind cpu writes its stacks"},
        {sample_of_waits, UMIG_REPORT_SPEEDSCOPE, UMIG_KIND_CPU,
         "; --format speedscope --kind locks writes its stacks"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_profile *profile = cases[i].make();
        struct umig_buf note = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
        umig_report_note(
            profile,
            &(struct umig_report_options){.format = cases[i].format, .kind = cases[i].kind}, &note);
        if (cases[i].says[0] == '\0' ? note.len > 0
                                     : strstr(umig_buf_str(&note), cases[i].says) == NULL) {
            fail_msg("case %zu: %s", i, umig_buf_str(&note));
        }
        umig_buf_fini(&note);
        umig_profile_destroy(profile);
    }
}

/* Nothing a terminal obeys may reach it, and no line may be wider than was asked for. */
static void test_text_of_hostile_names_is_harmless(void **state)
{
    (void)state;
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);

    write(umig_sample_hostile(), &(struct umig_report_options){.width = 80}, &out);

    for (size_t i = 0; i < out.len; i++) {
        const unsigned char c = (unsigned char)out.bytes[i];
        assert_true(c >= ' ' || c == '\n');
        assert_int_not_equal(c, 0x7F);
    }
    assert_null(strstr(umig_buf_str(&out), "\xE2\x80\xAE"));
    umig_buf_fini(&out);
}

/* Fails unless all lines fit and are well-formed UTF-8. */
static void expect_lines_within(const char *text, size_t columns)
{
    char line[4096];
    while (*text != '\0') {
        const size_t len = strcspn(text, "\n");
        assert_in_range(len, 0, sizeof line - 1);
        snprintf(line, sizeof line, "%.*s", (int)len, text);
        if (umig_cells_width(line) > columns) {
            fail_msg("%zu columns, not %zu: %s", umig_cells_width(line), columns, line);
        }
        assert_null(strstr(line, "\xEF\xBF\xBD"));
        text += len + (text[len] == '\n');
    }
}

/* Names are as long as anybody likes: classes, methods, threads, pools, monitors. */
static void test_long_names_lose_their_middle_and_tables_fit(void **state)
{
    (void)state;
    static const char *const parts[] = {"x", "ab.", "\xC3\xA9", "\xE5\x90\x8D", "\xF0\x9F\x98\x80"};
    static const size_t widths[] = {0, 60, 72, 100, 400};
    char name[3001];
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        for (size_t at = 0; at + strlen(parts[i]) < sizeof name; at += strlen(parts[i])) {
            strcpy(name + at, parts[i]);
        }
        for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
            struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
            write(umig_sample_named(name), &(struct umig_report_options){.width = widths[w]}, &out);
            assert_non_null(strstr(umig_buf_str(&out), "\xE2\x80\xA6"));
            expect_lines_within(umig_buf_str(&out), widths[w] > 0 ? widths[w] : 200);
            assert_int_equal(strstr(umig_buf_str(&out), "at first     at last") != NULL,
                             widths[w] != 60);
            umig_buf_fini(&out);
        }
    }
}

/* A file is searched and compared: a name of usual length in it is not cut. */
static void test_text_for_no_terminal_has_whole_names(void **state)
{
    (void)state;
    static const char usual[] = "AbstractCurrencyConversionService";
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    struct umig_buf narrow = UMIG_BUF_INIT(OUT_LIMIT_BYTES);

    write(umig_sample_named(usual), &(struct umig_report_options){0}, &out);
    write(umig_sample_named(usual), &(struct umig_report_options){.width = 60}, &narrow);

    assert_null(strstr(umig_buf_str(&out), "\xE2\x80\xA6"));
    assert_non_null(strstr(umig_buf_str(&narrow), "\xE2\x80\xA6"));
    umig_buf_fini(&narrow);
    umig_buf_fini(&out);
}

static size_t count(const char *text, const char *what)
{
    size_t found = 0;
    for (text = strstr(text, what); text != NULL; text = strstr(text + 1, what)) {
        found++;
    }
    return found;
}

/*
 * Two ways that differ in what is not printed: the server's frames above the application's and the
 * middle of a long way. Ten more of equal weight do not fit the list.
 */
static struct umig_profile *profile_of_like_paths(void)
{
    struct umig_buf lines = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    static const char *const tops[] = {"org.apache.tomcat.A.run", "org.eclipse.jetty.B.run"};
    for (size_t top = 0; top < 2; top++) {
        umig_buf_printf(&lines, "[exec-1];%s:1", tops[top]);
        for (size_t frame = 0; frame < 20; frame++) {
            const bool is_middle = frame == 7 && top == 1;
            umig_buf_printf(&lines, ";svc.Way.f%zu:%zu", is_middle ? 99 : frame, frame + 1);
        }
        umig_buf_printf(&lines, " %d\n", 20);
    }
    for (size_t way = 0; way < 10; way++) {
        umig_buf_printf(&lines, "[exec-1];svc.Other.g%zu:3 6\n", way);
    }
    struct umig_profile *profile = umig_collapsed_read(umig_buf_str(&lines));
    umig_buf_fini(&lines);
    return profile;
}

static void test_paths_that_print_the_same_are_one_row(void **state)
{
    (void)state;
    struct umig_buf text = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    struct umig_buf page = UMIG_BUF_INIT(OUT_LIMIT_BYTES);

    write(profile_of_like_paths(), &(struct umig_report_options){0}, &text);
    write(profile_of_like_paths(), &(struct umig_report_options){.format = UMIG_REPORT_HTML},
          &page);

    const char *paths = strstr(umig_buf_str(&text), "Hot paths");
    assert_int_equal(count(paths, "Way.f0:1 > Way.f1:2 > Way.f2:3 > (7 more) > Way.f10:11"), 1);
    assert_non_null(strstr(paths, "    40 %      400 ms\n"));
    assert_int_equal(count(paths, "Other.g"), 5);
    assert_int_equal(count(paths, "  and 5 more (30 %)\n"), 1);
    const char *rows = strstr(umig_buf_str(&page), "<ol class=\"paths\">");
    assert_int_equal(count(rows, "<li><b>40 %</b><span>400 ms</span>"), 1);
    assert_int_equal(count(rows, "and 5 more (30 %)"), 1);
    umig_buf_fini(&page);
    umig_buf_fini(&text);
}

/* Template arguments are for machines: text and page leave them out, JSON and titles do not. */
static void test_wide_native_names_are_short_but_for_machines(void **state)
{
    (void)state;
    static const char *const wants[] = {
        [UMIG_REPORT_TEXT] = "  wide<...>::run ",
        [UMIG_REPORT_JSON] = "\"method\":\"wide<",
        [UMIG_REPORT_HTML] = ">wide&#60;...&#62;::run</span>",
        [UMIG_REPORT_COLLAPSED] = "wide<",
    };
    char argument[1001];
    memset(argument, 'a', sizeof argument - 1);
    argument[sizeof argument - 1] = '\0';
    struct umig_buf line = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    umig_buf_printf(&line, "[exec-1];svc.Api.get:1;wide<%s>::run 9", argument);
    for (int i = UMIG_REPORT_TEXT; i <= UMIG_REPORT_COLLAPSED; i++) {
        const struct umig_report_options options = {.format = (enum umig_report_format)i};
        struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
        write(umig_collapsed_read(umig_buf_str(&line)), &options, &out);
        assert_non_null(strstr(umig_buf_str(&out), wants[i]));
        assert_int_equal(strstr(umig_buf_str(&out), argument) != NULL, i != UMIG_REPORT_TEXT);
        umig_buf_fini(&out);
    }
    umig_buf_fini(&line);
}

static void test_paths_leave_out_how_native_threads_start(void **state)
{
    (void)state;
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);

    write(umig_collapsed_read("[C2];compilation;__GI___clone3;start_thread;thread_native_entry;"
                              "Thread::call_run;Compile::Compile 9"),
          &(struct umig_report_options){0}, &out);

    const char *paths = strstr(umig_buf_str(&out), "Hot paths");
    assert_non_null(strstr(paths, "\n      compilation > Compile::Compile\n"));
    umig_buf_fini(&out);
}

/* The samples of 10 ms say whether the interval that was asked for could be kept. */
static void test_text_says_when_the_kernel_ticks_too_slowly(void **state)
{
    (void)state;
    static const char want[] =
        "cpu every 6 ms, gc, heap every 1 s, locks from 1 ms; a sample came "
        "every 10 ms of CPU on average (the kernel's ticks are coarser, or stacks so deep that "
        "samples wait to stay cheap), weights make up for it";
    static const uint64_t intervals_ms[] = {6, 7};
    for (size_t i = 0; i < 2; i++) {
        struct umig_profile *profile = umig_sample_quiet();
        struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
        profile->session.interval_ns[UMIG_KIND_CPU] = intervals_ms[i] * UMIG_NS_PER_MS;
        write(profile, &(struct umig_report_options){.width = 400}, &out);
        assert_int_equal(strstr(umig_buf_str(&out), want) != NULL, i == 0);
        assert_int_equal(strstr(umig_buf_str(&out), "a sample came every") != NULL, i == 0);
        umig_buf_fini(&out);
    }
}

/* What the budget made rarer is not the kernel's doing; more than that may be both. */
static void test_text_says_when_the_budget_makes_samples_rarer(void **state)
{
    (void)state;
    static const char budget[] = "a sample came every 10 ms of CPU on average (for the budget cpu "
                                 "was taken 1/8 as often at times), weights make up for it";
    static const char both[] = "cpu was taken 1/2 as often at times; the kernel's ticks are";
    static const uint32_t divisors[] = {8, 2};
    for (size_t i = 0; i < sizeof divisors / sizeof divisors[0]; i++) {
        struct umig_profile *profile = umig_sample_quiet();
        struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
        struct umig_profile_cost cost = {.unix_ns = profile->session.end_unix_ns};
        cost.kind_cpu_ns[UMIG_KIND_CPU] = UMIG_NS_PER_MS;
        cost.divisors[UMIG_KIND_CPU] = divisors[i];
        umig_profile_add_cost(profile, &cost);
        profile->session.interval_ns[UMIG_KIND_CPU] = 2 * UMIG_NS_PER_MS;
        write(profile, &(struct umig_report_options){.width = 400}, &out);
        assert_non_null(strstr(umig_buf_str(&out), i == 0 ? budget : both));
        umig_buf_fini(&out);
    }
}

/* A session of waits only measured neither time nor pauses: zeros would be findings. */
static struct umig_profile *fired_profile(uint64_t before_ns)
{
    struct umig_profile *profile = umig_sample_service();
    struct umig_profile_session *session = &profile->session;
    static const char when[] = "heap > 90% for 5s";
    static const char because[] = "heap was 92.3 %";
    assert_int_equal(umig_profile_string(profile, when, strlen(when), &session->when), UMIG_OK);
    assert_int_equal(umig_profile_string(profile, because, strlen(because), &session->because),
                     UMIG_OK);
    session->start_unix_ns = UINT64_C(1768478400000000000); /* 2026-01-15 12:00:00 UTC */
    session->fired_unix_ns = session->start_unix_ns + before_ns;
    session->end_unix_ns = session->fired_unix_ns + UINT64_C(30000000000);
    return profile;
}

static void expect_text(struct umig_profile *profile,
                        enum umig_report_format format,
                        const char *text)
{
    const struct umig_report_options options = {.format = format, .width = 200};
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    write(profile, &options, &out);
    if (strstr(umig_buf_str(&out), text) == NULL) {
        fail_msg("'%s' is not in %.2000s", text, umig_buf_str(&out));
    }
    umig_buf_fini(&out);
}

static void test_reports_say_why_an_armed_session_fired(void **state)
{
    (void)state;
    const uint64_t minute_ns = UINT64_C(60000000000);
    expect_text(fired_profile(minute_ns), UMIG_REPORT_TEXT,
                "fired because heap was 92.3 % at 2026-01-15 12:01:00 UTC (heap > 90% for 5s); ");
    expect_text(fired_profile(minute_ns), UMIG_REPORT_TEXT, "before are included");
    expect_text(fired_profile(0), UMIG_REPORT_TEXT, "nothing of before is included");
    expect_text(fired_profile(minute_ns), UMIG_REPORT_HTML,
                "<li>fired because heap was 92.3 % at 2026-01-15 12:01:00 UTC (heap &#62; 90% for "
                "5s); the 60");
    expect_text(fired_profile(minute_ns), UMIG_REPORT_JSON,
                "\"because\":\"heap was 92.3 %\",\"fired_unix_ns\":1768478460000000000");
}

static void test_page_says_what_was_not_measured(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_sample_locks_only();
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);

    write(profile, &(struct umig_report_options){.format = UMIG_REPORT_HTML}, &out);

    const char *page = umig_buf_str(&out);
    assert_non_null(strstr(page, "<dt>CPU used</dt><dd>not measured</dd>"));
    assert_non_null(strstr(page, "<dt>GC pauses</dt><dd>not measured</dd>"));
    assert_non_null(strstr(page, "What the names mean: docs/data-quality.md.</p>"));
    assert_non_null(strstr(page, "<dt>Waited for locks</dt><dd>0 ns<small>0 waits"));
    assert_non_null(strstr(page, "Not measured: the session was started without cpu."));
    umig_buf_fini(&out);
}

static json_t *read_json_of(struct umig_profile *profile, bool unfold)
{
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    json_error_t error;
    write(profile, &(struct umig_report_options){.format = UMIG_REPORT_JSON, .unfold = unfold},
          &out);
    json_t *root = json_loads(umig_buf_str(&out), JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        fail_msg("line %d: %s", error.line, error.text);
    }
    umig_buf_fini(&out);
    return root;
}

static json_t *read_json(struct umig_profile *profile)
{
    return read_json_of(profile, false);
}

/* How frames are shown is no reason to look elsewhere. */
static void test_answer_is_the_same_folded_and_unfolded(void **state)
{
    (void)state;
    json_t *folded = read_json_of(umig_sample_service(), false);
    json_t *unfolded = read_json_of(umig_sample_service(), true);

    assert_true(json_equal(json_object_get(folded, "answer"), json_object_get(unfolded, "answer")));
    const json_t *cpu = json_object_get(unfolded, "cpu");
    assert_true(json_integer_value(json_object_get(cpu, "dispatch_ns")) > 0);
    assert_false(json_equal(json_object_get(json_object_get(folded, "cpu"), "methods"),
                            json_object_get(cpu, "methods")));
    json_decref(unfolded);
    json_decref(folded);
}

static void test_json_reads_back_and_adds_up(void **state)
{
    (void)state;
    json_t *root = read_json(umig_sample_service());

    const json_t *cpu = json_object_get(root, "cpu");
    json_int_t self = 0;
    size_t index = 0;
    json_t *method = NULL;
    json_array_foreach(json_object_get(cpu, "methods"), index, method)
    {
        self += json_integer_value(json_object_get(method, "self_ns"));
    }
    assert_true(self == json_integer_value(json_object_get(cpu, "value_ns")));
    assert_int_equal(json_array_size(json_object_get(root, "answer")), 3);
    json_decref(root);
}

static void test_json_is_as_the_schema_says(void **state)
{
    (void)state;
    json_t *reports[] = {read_json(umig_sample_service()), read_json(umig_sample_hostile()),
                         read_json(umig_sample_quiet()), read_json(fired_profile(1))};
    for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++) {
        umig_schema_expect(UMIG_TEST_SCHEMA, reports[i]);
        json_decref(reports[i]);
    }
}

static void test_json_of_hostile_names_is_valid(void **state)
{
    (void)state;
    json_t *root = read_json(umig_sample_hostile());

    const json_t *session = json_object_get(root, "session");
    assert_string_equal(json_string_value(json_object_get(session, "service")),
                        "\x1b[2J\r\nowned\t\x7f");
    json_decref(root);
}

static void test_reports_of_one_profile_are_equal(void **state)
{
    (void)state;
    for (int format = UMIG_REPORT_TEXT; format <= UMIG_REPORT_COLLAPSED; format++) {
        if (format == UMIG_REPORT_HTML) {
            continue; /* has tests of its own */
        }
        const struct umig_report_options options = {.format = (enum umig_report_format)format};
        struct umig_buf first = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
        struct umig_buf second = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
        write(umig_sample_service(), &options, &first);
        write(umig_sample_service(), &options, &second);
        assert_string_equal(umig_buf_str(&first), umig_buf_str(&second));
        umig_buf_fini(&first);
        umig_buf_fini(&second);
    }
}

/* A profile and what its reports are when memory does not fail. */
struct torture {
    struct umig_profile *profile;
    struct umig_buf want[UMIG_REPORT_OTLP + 1];
};

/* Writes the reports; gives up at the first refusal, and never passes with less than all of it. */
static int write_all(void *context)
{
    struct torture *torture = context;
    int rc = UMIG_OK;
    for (int i = UMIG_REPORT_TEXT; rc == UMIG_OK && i <= UMIG_REPORT_OTLP; i++) {
        if (i == UMIG_REPORT_HTML) {
            continue; /* has tests of its own */
        }
        const struct umig_report_options options = {.format = (enum umig_report_format)i};
        struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
        rc = umig_report_write(torture->profile, &options, &out, NULL);
        if (rc == UMIG_OK && torture->want[i].len > 0) {
            assert_int_equal(out.len, torture->want[i].len);
            assert_memory_equal(out.bytes, torture->want[i].bytes, out.len);
        }
        umig_buf_fini(&out);
    }
    return rc;
}

static void test_every_failed_allocation_is_reported(void **state)
{
    (void)state;
    struct torture torture = {.profile = umig_sample_hostile()};
    for (int i = UMIG_REPORT_TEXT; i <= UMIG_REPORT_OTLP; i++) {
        torture.want[i] = (struct umig_buf)UMIG_BUF_INIT(OUT_LIMIT_BYTES);
        if (i != UMIG_REPORT_HTML) {
            const struct umig_report_options options = {.format = (enum umig_report_format)i};
            assert_int_equal(umig_report_write(torture.profile, &options, &torture.want[i], NULL),
                             UMIG_OK);
        }
    }

    const size_t allocations = umig_torture(write_all, &torture);

    assert_true(allocations > 200);
    for (int i = UMIG_REPORT_TEXT; i <= UMIG_REPORT_OTLP; i++) {
        umig_buf_fini(&torture.want[i]);
    }
    umig_profile_destroy(torture.profile);
}

static void test_wrong_arguments_are_named(void **state)
{
    (void)state;
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_report_options options = {0};
    struct umig_profile *profile = umig_sample_quiet();
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    struct umig_buf tiny = UMIG_BUF_INIT(100);

    assert_int_equal(umig_report_format_read("pdf", &options, &err), UMIG_E_ARG);
    assert_string_equal(err.text, "no report format \"pdf\": text, json, html, "
                                  "collapsed, pprof, speedscope or otlp");
    assert_int_equal(umig_report_format_read("json", &options, &err), UMIG_OK);
    assert_int_equal(options.format, UMIG_REPORT_JSON);
    assert_int_equal(
        umig_report_write(profile, &(struct umig_report_options){.width = 20}, &out, &err),
        UMIG_E_ARG);
    assert_non_null(strstr(err.text, "60 to 400"));
    assert_int_equal(umig_report_write(profile, &(struct umig_report_options){0}, &tiny, &err),
                     UMIG_E_LIMIT);
    umig_buf_fini(&tiny);
    umig_buf_fini(&out);
    umig_profile_destroy(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_of_service_matches_golden),
        cmocka_unit_test(test_text_unfolded_wide_and_coloured_matches_golden),
        cmocka_unit_test(test_text_of_hostile_names_matches_golden),
        cmocka_unit_test(test_text_of_quiet_session_matches_golden),
        cmocka_unit_test(test_json_of_service_matches_golden),
        cmocka_unit_test(test_collapsed_of_hostile_names_matches_golden),
        cmocka_unit_test(test_collapsed_of_waits_matches_golden),
        cmocka_unit_test(test_collapsed_value_is_time_in_intervals),
        cmocka_unit_test(test_file_without_stacks_has_a_note),
        cmocka_unit_test(test_text_of_hostile_names_is_harmless),
        cmocka_unit_test(test_long_names_lose_their_middle_and_tables_fit),
        cmocka_unit_test(test_text_for_no_terminal_has_whole_names),
        cmocka_unit_test(test_paths_that_print_the_same_are_one_row),
        cmocka_unit_test(test_wide_native_names_are_short_but_for_machines),
        cmocka_unit_test(test_paths_leave_out_how_native_threads_start),
        cmocka_unit_test(test_text_says_when_the_kernel_ticks_too_slowly),
        cmocka_unit_test(test_text_says_when_the_budget_makes_samples_rarer),
        cmocka_unit_test(test_reports_say_why_an_armed_session_fired),
        cmocka_unit_test(test_page_says_what_was_not_measured),
        cmocka_unit_test(test_json_reads_back_and_adds_up),
        cmocka_unit_test(test_answer_is_the_same_folded_and_unfolded),
        cmocka_unit_test(test_json_is_as_the_schema_says),
        cmocka_unit_test(test_json_of_hostile_names_is_valid),
        cmocka_unit_test(test_reports_of_one_profile_are_equal),
        cmocka_unit_test(test_every_failed_allocation_is_reported),
        cmocka_unit_test(test_wrong_arguments_are_named),
    };
    return cmocka_run_group_tests_name("report.report", tests, NULL, NULL);
}
