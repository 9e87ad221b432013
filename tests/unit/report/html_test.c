/*
 * The page's writer against names that try to leave the place they are put in: an element's text,
 * an attribute, the data block inside a script element. That a browser takes it the same way is
 * tests/browser's to show.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "report/html.h"
#include "report/html_text.h"
#include "tests/support/collapsed.h"
#include "tests/support/test.h"
#include "tests/unit/report/sample.h"

#define PAGE_LIMIT_BYTES (8u << 20)
#define LINE_SEPARATOR   "\xE2\x80\xA8" /* U+2028: ends a line in a script, not in JSON */

static const char block_begin[] = "<script type=\"application/json\" id=\"umig-data\">";

/* Names that would do harm, each in another way. */
static const char *const hostile[] = {
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "&lt;b&gt; &amp;",
    "a" LINE_SEPARATOR "b\xE2\x80\xA9"
    "c",
    "{{DATA}}{{SERVICE}}",
    "]]>",
    "\\\"\\u003c\\",
    "\xE2\x80\xAEgro.tnemnorivne",
};

/* Writes the page of a profile, which is destroyed. */
static int write_page(struct umig_profile *profile, struct umig_buf *out, struct umig_err *err)
{
    struct umig_figures figures;
    assert_int_equal(umig_figures_read(profile, false, &figures, NULL), UMIG_OK);
    const int rc = umig_html_write(&figures, NULL, out, err);
    umig_figures_fini(&figures);
    umig_profile_destroy(profile);
    return rc;
}

static size_t count_of(const char *text, size_t byte_count, const char *what)
{
    size_t count = 0;
    const char *at = text;
    while ((at = memmem(at, byte_count - (size_t)(at - text), what, strlen(what))) != NULL) {
        count++;
        at += strlen(what);
    }
    return count;
}

/* The page before its data block. */
static size_t head_bytes(const char *page)
{
    const char *block = strstr(page, block_begin);
    assert_non_null(block);
    return (size_t)(block - page);
}

static json_t *read_block(const char *page)
{
    const char *begin = strstr(page, block_begin) + strlen(block_begin);
    const char *end = strstr(begin, "</script>");
    assert_non_null(end);
    assert_null(memchr(begin, '<', (size_t)(end - begin)));
    json_error_t error;
    json_t *block = json_loadb(begin, (size_t)(end - begin), JSON_REJECT_DUPLICATES, &error);
    if (block == NULL) {
        fail_msg("the data block is no JSON: %s at %d", error.text, error.position);
    }
    return block;
}

static bool has_string(const json_t *block, const char *wanted)
{
    size_t i = 0;
    const json_t *string = NULL;
    json_array_foreach(json_object_get(block, "strings"), i, string)
    {
        if (strcmp(json_string_value(string), wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* A page opens on its first metric: no empty graph of CPU time where none was measured. */
static void test_metrics_are_those_that_have_samples(void **state)
{
    (void)state;
    static const struct {
        enum umig_kind kind;
        const char *metric;
    } cases[] = {
        {UMIG_KIND_CPU, "cpu"},
        {UMIG_KIND_WALL, "wall"},
        {UMIG_KIND_ALLOC, "alloc"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_profile *profile = umig_collapsed_read("[main];a.B.c;a.B.d 5\n");
        struct umig_buf out = UMIG_BUF_INIT(PAGE_LIMIT_BYTES);
        for (size_t k = 0; k < profile->samples.count; k++) {
            profile->samples.items[k].kind = cases[i].kind;
        }
        assert_int_equal(write_page(profile, &out, NULL), UMIG_OK);

        json_t *block = read_block(umig_buf_str(&out));
        const json_t *metrics = json_object_get(block, "metrics");
        assert_int_equal(json_array_size(metrics), 1);
        assert_string_equal(json_string_value(json_object_get(json_array_get(metrics, 0), "id")),
                            cases[i].metric);
        json_decref(block);
        umig_buf_fini(&out);
    }
}

static void test_session_without_stacks_has_no_metric(void **state)
{
    (void)state;
    struct umig_buf out = UMIG_BUF_INIT(PAGE_LIMIT_BYTES);
    assert_int_equal(write_page(umig_sample_locks_only(), &out, NULL), UMIG_OK);

    json_t *block = read_block(umig_buf_str(&out));
    assert_int_equal(json_array_size(json_object_get(block, "metrics")), 0);
    json_decref(block);
    umig_buf_fini(&out);
}

static void test_text_is_escaped_for_elements_and_attributes(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        const char *out;
    } cases[] = {
        {"plain name", "plain name"},  {"<b>", "&#60;b&#62;"},         {"\"'&", "&#34;&#39;&#38;"},
        {"&lt;", "&#38;lt;"},          {"\x1b[2J", "\xE2\x90\x9B[2J"}, /* the picture of ESC */
        {"\xFF", "\xEF\xBF\xBD"},                                      /* U+FFFD */
        {"\xE2\x80\xAE", "\\u{202E}"},                                 /* right to left */
        {LINE_SEPARATOR, "\\u{2028}"}, {"\xC3\xA9", "\xC3\xA9"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_buf out = UMIG_BUF_INIT(100);
        umig_html_text(cases[i].in, &out);
        assert_string_equal(umig_buf_str(&out), cases[i].out);
        umig_buf_fini(&out);
    }
}

static void test_name_is_cut_after_whole_characters(void **state)
{
    (void)state;
    struct umig_buf in = UMIG_BUF_INIT(10000);
    struct umig_buf out = UMIG_BUF_INIT(10000);
    for (int i = 0; i < UMIG_HTML_NAME_MAX + 1; i++) {
        umig_buf_text(&in, "\xC3\xA9<"); /* of two bytes, and of five when escaped */
    }

    umig_html_name(umig_buf_str(&in), &out);

    assert_int_equal(out.len, UMIG_HTML_NAME_MAX / 2 * (2 + 5) + 3);
    assert_string_equal(umig_buf_str(&out) + out.len - 8, "&#60;\xE2\x80\xA6");
    umig_buf_fini(&in);
    umig_buf_fini(&out);
}

/* The same shape with a harmless name has as many tags and quotes: then no name made one. */
static void test_hostile_names_make_no_markup(void **state)
{
    (void)state;
    static const char *const marks[] = {"<", ">", "\"", "'"};
    struct umig_buf plain = UMIG_BUF_INIT(PAGE_LIMIT_BYTES);
    assert_int_equal(write_page(umig_sample_named("name"), &plain, NULL), UMIG_OK);
    const size_t plain_head = head_bytes(umig_buf_str(&plain));
    assert_true(count_of(umig_buf_str(&plain), plain_head, "name") > 20);

    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct umig_buf page = UMIG_BUF_INIT(PAGE_LIMIT_BYTES);
        assert_int_equal(write_page(umig_sample_named(hostile[i]), &page, NULL), UMIG_OK);
        const char *text = umig_buf_str(&page);
        const size_t head = head_bytes(text);
        for (size_t k = 0; k < sizeof marks / sizeof marks[0]; k++) {
            const size_t wanted = count_of(umig_buf_str(&plain), plain_head, marks[k]);
            if (count_of(text, head, marks[k]) != wanted) {
                fail_msg("%s of \"%s\": %zu, not %zu", marks[k], hostile[i],
                         count_of(text, head, marks[k]), wanted);
            }
        }
        assert_int_equal(count_of(text, head, LINE_SEPARATOR), 0);
        assert_int_equal(count_of(text, page.len, block_begin),
                         count_of(umig_buf_str(&plain), plain.len, block_begin));
        umig_buf_fini(&page);
    }
    umig_buf_fini(&plain);
}

/* The flame graph gets every name as it was, and the block stays in its element. */
static void test_hostile_names_arrive_whole_in_the_data_block(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct umig_buf page = UMIG_BUF_INIT(PAGE_LIMIT_BYTES);
        assert_int_equal(write_page(umig_sample_named(hostile[i]), &page, NULL), UMIG_OK);
        json_t *block = read_block(umig_buf_str(&page));

        if (!has_string(block, hostile[i])) {
            fail_msg("\"%s\" is not in the data block", hostile[i]);
        }

        json_decref(block);
        umig_buf_fini(&page);
    }
}

static void test_bytes_that_are_no_text_become_replacement_characters(void **state)
{
    (void)state;
    struct umig_buf page = UMIG_BUF_INIT(PAGE_LIMIT_BYTES);
    assert_int_equal(write_page(umig_sample_named("a\xFF\xC3"), &page, NULL), UMIG_OK);

    json_t *block = read_block(umig_buf_str(&page));

    assert_true(has_string(block, "a\xEF\xBF\xBD\xEF\xBF\xBD"));
    json_decref(block);
    umig_buf_fini(&page);
}

/* A name of any length takes its bytes in the block once, and a bounded part of each table. */
static void test_long_name_is_whole_in_the_data_block_only(void **state)
{
    (void)state;
    enum {
        NAME_BYTES = 100000
    };
    char *name = malloc(NAME_BYTES + 1);
    assert_non_null(name);
    memset(name, 'x', NAME_BYTES);
    name[NAME_BYTES] = '\0';
    struct umig_buf plain = UMIG_BUF_INIT(PAGE_LIMIT_BYTES);
    struct umig_buf page = UMIG_BUF_INIT(PAGE_LIMIT_BYTES);
    assert_int_equal(write_page(umig_sample_named("name"), &plain, NULL), UMIG_OK);

    assert_int_equal(write_page(umig_sample_named(name), &page, NULL), UMIG_OK);

    assert_int_equal(count_of(umig_buf_str(&page), page.len, name), 1);
    const size_t places = count_of(umig_buf_str(&plain), plain.len, "name");
    assert_true(page.len < plain.len + NAME_BYTES + places * (UMIG_HTML_NAME_MAX + 3));
    umig_buf_fini(&page);
    umig_buf_fini(&plain);
    free(name);
}

static void test_page_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const size_t limits[] = {10, 1000, 20000};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct umig_buf page = UMIG_BUF_INIT(limits[i]);
        struct umig_err err = UMIG_ERR_INIT;

        assert_int_equal(write_page(umig_sample_named("name"), &page, &err), UMIG_E_LIMIT);

        assert_true(page.len <= limits[i]);
        assert_non_null(strstr(err.text, "writing the page: "));
        umig_buf_fini(&page);
    }
}

static void test_page_of_an_empty_session_says_what_there_is_not(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("");
    profile->session.has_kind[UMIG_KIND_CPU] = true;
    struct umig_buf page = UMIG_BUF_INIT(PAGE_LIMIT_BYTES);

    assert_int_equal(write_page(profile, &page, NULL), UMIG_OK);

    const char *text = umig_buf_str(&page);
    assert_non_null(strstr(text, "<title>unnamed service"));
    assert_non_null(strstr(text, "There is no CPU sample in this session."));
    assert_null(strstr(text, "{{"));
    json_t *block = read_block(text);
    const json_t *tree = json_array_get(json_object_get(block, "trees"), 0);
    assert_int_equal(json_integer_value(json_object_get(tree, "count")), 0);
    assert_string_equal(json_string_value(json_object_get(tree, "chains")), "");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(block, "frames"), "count")),
                     0);
    json_decref(block);
    umig_buf_fini(&page);
}

static void test_page_of_a_truncated_stack_marks_where_it_is_cut(void **state)
{
    (void)state;
    struct umig_buf page = UMIG_BUF_INIT(PAGE_LIMIT_BYTES);

    assert_int_equal(
        write_page(umig_collapsed_read("[main];[truncated];svc.Main.work:9 12"), &page, NULL),
        UMIG_OK);

    const char *text = umig_buf_str(&page);
    assert_non_null(strstr(text, "<span class=\"k k-truncated\"></span>"));
    json_t *block = read_block(text);
    /* Numbers 6 and 0 of KINDS in report/html/data.js: truncated, java. */
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(block, "frames"), "kind")), "BgA=");
    assert_true(has_string(block, "[truncated]"));
    json_decref(block);
    umig_buf_fini(&page);
}

/* Where the text report speaks of a place, the page has its row; amounts have a unit. */
static void test_page_has_the_tables_of_the_text(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "<li>build=1.4.2</li>",
        "<li>svc.Main</li>",
        "Dispatch by call site</h2>",
        "nested {closure 4}</span><small>line 25</small></th>"
        "<td class=\"num\" data-v=\"370000000\">370 ms</td>",
        "<span class=\"n\">[groovy dispatch: metaclass]</span></td></tr>",
        "<tr><th scope=\"row\"><span class=\"n\">pool-*-thread-*</span></th>"
        "<td class=\"num\" data-v=\"12\">12</td><td class=\"num\" data-v=\"168000000\">168 ms</td>",
        UMIG_CONTENTION_NO_HOLDER,
        "cpu: produced</th><td class=\"num\" data-v=\"9118000000\">9.12 s</td>",
        "cpu: dropped, ring_full</th><td class=\"num\" data-v=\"220000000\">220 ms</td>",
        "gc: produced</th><td class=\"num\" data-v=\"1200\">1,200</td>",
    };
    struct umig_buf page = UMIG_BUF_INIT(PAGE_LIMIT_BYTES);

    assert_int_equal(write_page(umig_sample_service(), &page, NULL), UMIG_OK);

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strstr(umig_buf_str(&page), parts[i]) == NULL) {
            fail_msg("the page lacks %s", parts[i]);
        }
    }
    umig_buf_fini(&page);
}

/* Allocation and wall time stand in tables: the graph needs a browser that runs scripts. */
static void test_page_has_the_tables_of_allocation(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "900.0 MiB in some 210,000 objects, 30.0 MiB a second",
        "<span class=\"n\">java.lang.Object[]</span></th>"
        "<td class=\"num\" data-v=\"226492416\">216.0 MiB</td>",
        ">24 %</td><td class=\"num\" data-v=\"50400\">50,400</td>"
        "<td class=\"num\" data-v=\"226492416\">100 %</td><td class=\"num\" data-v=\"0\"></td></tr>",
        "<small>line 44</small></th><td class=\"num\" data-v=\"72351744\">69.0 MiB</td>",
    };
    struct umig_buf page = UMIG_BUF_INIT(PAGE_LIMIT_BYTES);

    assert_int_equal(write_page(umig_sample_service(), &page, NULL), UMIG_OK);

    const char *section = strstr(umig_buf_str(&page), "<section id=\"allocation\"");
    assert_non_null(section);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strstr(section, parts[i]) == NULL) {
            fail_msg("allocation lacks %s", parts[i]);
        }
    }
    umig_buf_fini(&page);
}

/* A section that has nothing says why, once; what was not asked for is no finding. */
static void test_sections_without_figures_say_one_thing(void **state)
{
    (void)state;
    struct umig_buf page = UMIG_BUF_INIT(PAGE_LIMIT_BYTES);

    assert_int_equal(write_page(umig_sample_locks_only(), &page, NULL), UMIG_OK);

    size_t silent = 0;
    for (const char *at = strstr(umig_buf_str(&page), "<section id="); at != NULL;
         at = strstr(at + 1, "<section id=")) {
        const char *const end = strstr(at, "</section>");
        const size_t said = count_of(at, (size_t)(end - at), "class=\"none\">") -
                            count_of(at, (size_t)(end - at), "<noscript>");
        if (said > 1) {
            fail_msg("%zu statements in %.40s", said, at);
        }
        silent += said == 1;
    }
    assert_int_equal(silent, 15); /* all but answer, graph, quality and cost */
    assert_null(strstr(umig_buf_str(&page), "No path holds"));
    assert_null(strstr(umig_buf_str(&page), "0 of 0 methods"));
    umig_buf_fini(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics_are_those_that_have_samples),
        cmocka_unit_test(test_session_without_stacks_has_no_metric),
        cmocka_unit_test(test_text_is_escaped_for_elements_and_attributes),
        cmocka_unit_test(test_name_is_cut_after_whole_characters),
        cmocka_unit_test(test_hostile_names_make_no_markup),
        cmocka_unit_test(test_hostile_names_arrive_whole_in_the_data_block),
        cmocka_unit_test(test_bytes_that_are_no_text_become_replacement_characters),
        cmocka_unit_test(test_long_name_is_whole_in_the_data_block_only),
        cmocka_unit_test(test_page_that_does_not_fit_is_refused),
        cmocka_unit_test(test_page_of_an_empty_session_says_what_there_is_not),
        cmocka_unit_test(test_page_of_a_truncated_stack_marks_where_it_is_cut),
        cmocka_unit_test(test_page_has_the_tables_of_the_text),
        cmocka_unit_test(test_page_has_the_tables_of_allocation),
        cmocka_unit_test(test_sections_without_figures_say_one_thing),
    };
    return cmocka_run_group_tests_name("unit.report.html", tests, NULL, NULL);
}
