/* umig top without a terminal: answers in, rows out. */
#include <stdio.h>
#include <string.h>

#include "cli/top_model.h"
#include "core/buf.h"
#include "core/units.h"
#include "tests/support/test.h"

#define DOC_BYTES (1u << 20)
#define WINDOW_NS (5 * UMIG_NS_PER_S)

/* A thread's row: CPU in ms and bytes since the session began. */
struct thread {
    unsigned tid;
    unsigned cpu_ms;
    unsigned bytes;
    const char *name;
};

static struct umig_top_doc *read(const char *text)
{
    struct umig_top_doc *doc = NULL;
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_top_doc_read(text, strlen(text), &doc, &err) != UMIG_OK) {
        fail_msg("%s", err.text);
    }
    return doc;
}

/* An answer at a second of a session that began at 100 s; figures of the last 10 s. */
static struct umig_top_doc *answer_about(const char *session,
                                         unsigned second,
                                         unsigned left_out,
                                         const struct thread *threads,
                                         size_t count)
{
    struct umig_buf text = UMIG_BUF_INIT(DOC_BYTES);
    umig_buf_printf(&text,
                    "umig-top\t1\nfact\tsession\t%s\nfact\tbegan_unix_ns\t100000000000\n"
                    "fact\tfrom_unix_ns\t%u000000000\nfact\tto_unix_ns\t%u000000000\n"
                    "fact\tagent_cpu_total_ns\t%u0000000\n"
                    "panel\tthreads\tthreads\t%u\n"
                    "column\tcpu\tCPU\ttotal-share\t0\t0\t0\n"
                    "column\talloc\tALLOC/S\ttotal-rate\t2\t0\t0\n"
                    "column\ttid\tTID\tnumber\t3\t0\t0\n"
                    "column\tthread\tTHREAD\tname\t0\t14\t1\n",
                    session, second > 110 ? second - 10 : 100, second, second, left_out);
    for (size_t i = 0; i < count; i++) {
        umig_buf_printf(&text, "row\t%u000000\t%u\t%u\t%s\n", threads[i].cpu_ms, threads[i].bytes,
                        threads[i].tid, threads[i].name);
    }
    umig_buf_text(&text, "panel\tmethods\tmethods\t0\n"
                         "column\tself\tSELF\tpart\t0\t0\t0\n"
                         "column\tcpu\tCPU\tshare\t2\t0\t0\n"
                         "column\trate\tRATE\trate\t2\t0\t0\n"
                         "column\tmethod\tMETHOD\tname\t0\t16\t1\n"
                         "row\t250000\t5000000000\t1000\tsvc.Orders.total\n"
                         "row\t750000\t15000000000\t500\tsvc.Cart.add\n"
                         "row\t-\t-\t-\tsvc.Unknown.x\n"
                         "end\n");
    struct umig_top_doc *doc = read(umig_buf_str(&text));
    umig_buf_fini(&text);
    return doc;
}

static struct umig_top_doc *answer(unsigned second, const struct thread *threads, size_t count)
{
    return answer_about("s", second, 0, threads, count);
}

static int set_up(void **state)
{
    static struct umig_top_model model;
    umig_top_model_init(&model, WINDOW_NS);
    *state = &model;
    return 0;
}

static int tear_down(void **state)
{
    umig_top_model_fini(*state);
    return 0;
}

static void take(struct umig_top_model *model, struct umig_top_doc *doc)
{
    assert_int_equal(umig_top_model_take(model, doc), UMIG_OK);
}

/* The row's text in the last column, which names it. */
static const char *name_at(const struct umig_top_model *model, size_t row)
{
    const struct umig_top_panel *panel = umig_top_model_panel(model);
    assert_true(row < model->row_count);
    return model->rows[row].values[panel->column_count - 1].text;
}

static double number_at(const struct umig_top_model *model, size_t row, size_t column)
{
    assert_true(row < model->row_count);
    assert_true(model->rows[row].values[column].is_known);
    return model->rows[row].values[column].number;
}

static void assert_near(double got, double want)
{
    assert_true(got > want - 1e-9 && got < want + 1e-9);
}

static void test_totals_of_a_young_session_are_since_it_began(void **state)
{
    struct umig_top_model *model = *state;
    static const struct thread then[] = {{1, 1000, 100, "a"}};
    static const struct thread now[] = {{1, 3000, 400, "a"}, {2, 100, 0, "b"}};
    take(model, answer(102, then, 1));
    assert_near(number_at(model, 0, 0), 0.5);
    take(model, answer(104, now, 2));
    assert_near(number_at(model, 0, 0), 0.75);
    assert_near(number_at(model, 0, 1), 100);
    assert_near(number_at(model, 1, 0), 0.025);
    assert_near(umig_top_model_total_share(model, "agent_cpu_total_ns"), 1.04 / 4);
}

static void test_totals_of_an_old_session_are_of_the_last_while(void **state)
{
    struct umig_top_model *model = *state;
    static const struct thread at_200[] = {{1, 50000, 1000, "a"}, {2, 0, 0, "idle"}};
    static const struct thread at_202[] = {{1, 51000, 1200, "a"}, {2, 0, 0, "idle"}};
    static const struct thread at_208[] = {
        {1, 51600, 3000, "a"}, {2, 0, 0, "idle"}, {9, 300, 6, "new"}};
    take(model, answer(200, at_200, 2));
    assert_near(number_at(model, 0, 0), 0.5); /* nothing before: since it began */
    take(model, answer(202, at_202, 2));
    assert_near(number_at(model, 0, 0), 0.5); /* 1 s in 2 s */
    take(model, answer(208, at_208, 3));
    assert_near(number_at(model, 0, 0), 0.1); /* 0.6 s in the 6 s since 202 */
    assert_near(number_at(model, 0, 1), 300);
    assert_string_equal(name_at(model, 1), "new");
    assert_near(number_at(model, 1, 0), 0.05);
    assert_near(number_at(model, 2, 0), 0);
}

static void test_row_that_was_left_out_before_is_unknown_and_last(void **state)
{
    struct umig_top_model *model = *state;
    static const struct thread before[] = {{1, 50000, 0, "a"}};
    static const struct thread after[] = {{2, 90000, 0, "late"}, {1, 50000, 0, "a"}};
    take(model, answer_about("s", 200, 5, before, 1));
    take(model, answer_about("s", 206, 5, after, 2));
    assert_string_equal(name_at(model, 0), "a");
    assert_string_equal(name_at(model, 1), "late");
    assert_false(model->rows[1].values[0].is_known);
}

static void test_totals_that_went_back_are_taken_as_new(void **state)
{
    struct umig_top_model *model = *state;
    static const struct thread before[] = {{1, 50000, 0, "a"}};
    static const struct thread after[] = {{1, 600, 0, "a"}}; /* another thread got its name */
    take(model, answer(200, before, 1));
    take(model, answer(206, after, 1));
    assert_near(number_at(model, 0, 0), 0.1);
}

static void test_history_is_bounded_however_long_one_looks(void **state)
{
    struct umig_top_model *model = *state;
    for (unsigned second = 200; second < 400; second++) {
        const struct thread threads[] = {{1, second * 100, 0, "a"}};
        take(model, answer(second, threads, 1));
        assert_true(model->history_count <= UMIG_TOP_HISTORY);
        if (second > 200) {
            assert_near(number_at(model, 0, 0), 0.1);
        }
    }
}

static void test_shares_and_rates_are_of_the_time_they_cover(void **state)
{
    struct umig_top_model *model = *state;
    take(model, answer(210, NULL, 0));
    assert_int_equal(umig_top_model_look_at(model, "methods"), UMIG_OK);
    assert_int_equal(umig_top_model_span_ns(model), 10 * UMIG_NS_PER_S);
    assert_string_equal(name_at(model, 0), "svc.Cart.add");
    assert_near(number_at(model, 0, 1), 1.5);
    assert_near(number_at(model, 1, 2), 100);
    assert_string_equal(name_at(model, 2), "svc.Unknown.x");
}

static void test_rows_are_sorted_by_any_column_either_way(void **state)
{
    struct umig_top_model *model = *state;
    take(model, answer(210, NULL, 0));
    assert_int_equal(umig_top_model_look_at(model, "methods"), UMIG_OK);
    assert_int_equal(umig_top_model_sort(model, 2, false), UMIG_OK);
    assert_string_equal(name_at(model, 0), "svc.Orders.total");
    assert_int_equal(umig_top_model_sort(model, 2, true), UMIG_OK);
    assert_string_equal(name_at(model, 0), "svc.Cart.add");
    assert_string_equal(name_at(model, 2), "svc.Unknown.x"); /* last all the same */
    assert_int_equal(umig_top_model_sort(model, 3, false), UMIG_OK);
    assert_string_equal(name_at(model, 0), "svc.Cart.add");
    assert_int_equal(umig_top_model_sort(model, 3, true), UMIG_OK);
    assert_string_equal(name_at(model, 0), "svc.Unknown.x");

    take(model, answer(212, NULL, 0)); /* the order stays */
    assert_string_equal(name_at(model, 0), "svc.Unknown.x");
}

static void test_filter_is_a_part_of_a_text_or_a_pattern(void **state)
{
    struct umig_top_model *model = *state;
    static const struct {
        const char *filter;
        size_t rows;
    } cases[] = {{"cart", 1},       {"svc.", 3},    {"*.total", 1},
                 {"svc.?art.*", 1}, {"nothing", 0}, {"", 3}};
    take(model, answer(210, NULL, 0));
    assert_int_equal(umig_top_model_look_at(model, "methods"), UMIG_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(umig_top_model_filter(model, cases[i].filter), UMIG_OK);
        assert_int_equal(model->row_count, cases[i].rows);
    }
    model->cursor = 2;
    assert_int_equal(umig_top_model_filter(model, "cart"), UMIG_OK);
    assert_int_equal(model->cursor, 0);
}

static void test_frozen_rows_stay_until_it_goes_on(void **state)
{
    struct umig_top_model *model = *state;
    static const struct thread before[] = {{1, 1000, 0, "before"}};
    static const struct thread after[] = {{1, 1000, 0, "after"}};
    take(model, answer(200, before, 1));
    assert_int_equal(umig_top_model_freeze(model, true), UMIG_OK);
    take(model, answer(202, after, 1));
    take(model, answer(204, after, 1));
    assert_string_equal(name_at(model, 0), "before");
    assert_int_equal(umig_top_model_sort(model, 2, false), UMIG_OK); /* it can be looked through */
    assert_string_equal(name_at(model, 0), "before");
    assert_int_equal(umig_top_model_freeze(model, false), UMIG_OK);
    assert_string_equal(name_at(model, 0), "after");
    take(model, answer(206, after, 1));
    assert_string_equal(name_at(model, 0), "after");
}

static void test_another_session_forgets_the_one_before(void **state)
{
    struct umig_top_model *model = *state;
    static const struct thread one[] = {{1, 50000, 0, "a"}};
    static const struct thread other[] = {{1, 60000, 0, "a"}};
    take(model, answer_about("one", 200, 0, one, 1));
    take(model, answer_about("other", 206, 0, other, 1));
    assert_int_equal(model->history_count, 0);
    assert_near(number_at(model, 0, 0), 60.0 / 106);
}

static void test_agents_panels_stand_behind_the_collectors(void **state)
{
    struct umig_top_model *model = *state;
    const char *text = "umig-top\t1\npanel\tsessions\tsessions\t0\n"
                       "column\tsession\tSESSION\tname\t0\t18\t1\nrow\tnight\nend\n";
    take(model, answer(210, NULL, 0));
    assert_int_equal(umig_top_model_take_agent(model, read(text)), UMIG_OK);
    assert_int_equal(umig_top_model_panel_count(model), 3);
    assert_string_equal(umig_top_model_panel_at(model, 2)->key, "sessions");
    assert_null(umig_top_model_panel_at(model, 3));
    assert_int_equal(umig_top_model_look_at(model, "sessions"), UMIG_OK);
    assert_string_equal(name_at(model, 0), "night");
    assert_int_equal(umig_top_model_take_agent(model, read(text)), UMIG_OK);
    assert_string_equal(name_at(model, 0), "night");
    assert_int_equal(umig_top_model_look_at(model, "nonsense"), UMIG_NOT_FOUND);
}

#define HEAD   "umig-top\t1\n"
#define PANEL  "panel\tp\tp\t0\n"
#define COLUMN "column\tc\tC\tcount\t0\t0\t0\n"

static void test_what_is_no_document_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "umig-top\t1",
        "umig-top\t2\nend\n",
        "<html>\nend\n",
        HEAD,
        HEAD "fact\tkey\nend\n",
        HEAD "fact\tkey\tvalue\tmore\nend\n",
        HEAD "row\t1\nend\n",
        HEAD COLUMN "end\n",
        HEAD "panel\tp\tp\tx\nend\n",
        HEAD PANEL "row\t1\nend\n",
        HEAD PANEL COLUMN "row\t1\t2\nend\n",
        HEAD PANEL COLUMN "row\nend\n",
        HEAD PANEL COLUMN "row\tone\nend\n",
        HEAD PANEL COLUMN "row\t99999999999999999999\nend\n",
        HEAD PANEL COLUMN "row\t1\n" COLUMN "end\n",
        HEAD PANEL "column\tc\tC\tcount\t0\t999999\t0\nend\n",
        HEAD PANEL COLUMN "row\t1\n", /* cut short */
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct umig_top_doc *doc = NULL;
        struct umig_err err = UMIG_ERR_INIT;
        if (umig_top_doc_read(texts[i], strlen(texts[i]), &doc, &err) != UMIG_E_PROTO) {
            fail_msg("this was taken: %s", texts[i]);
        }
        assert_non_null(strstr(err.text, "of what the collector answered cannot be read"));
        assert_null(doc);
    }
}

static void test_what_a_newer_collector_adds_is_passed_over(void **state)
{
    (void)state;
    struct umig_top_doc *doc = read(HEAD "novelty\t1\t2\t3\nfact\tk\tv\n" PANEL
                                         "column\tc\tC\tfurlongs\t0\t0\t0\nrow\t12\nend\nrubbish");
    assert_string_equal(umig_top_doc_text(doc, "k"), "v");
    assert_string_equal(umig_top_row(&doc->panels[0], 0)[0].text, "12"); /* as it stands */
    umig_top_doc_destroy(doc);
}

static void test_too_many_panels_or_columns_are_refused(void **state)
{
    (void)state;
    struct umig_buf panels = UMIG_BUF_INIT(DOC_BYTES);
    struct umig_buf columns = UMIG_BUF_INIT(DOC_BYTES);
    struct umig_top_doc *doc = NULL;
    umig_buf_text(&panels, HEAD);
    umig_buf_text(&columns, HEAD PANEL);
    for (int i = 0; i < 100; i++) {
        umig_buf_text(&panels, PANEL);
        umig_buf_text(&columns, COLUMN);
    }
    umig_buf_text(&panels, "end\n");
    umig_buf_text(&columns, "end\n");
    assert_int_equal(umig_top_doc_read(panels.bytes, panels.len, &doc, NULL), UMIG_E_PROTO);
    assert_int_equal(umig_top_doc_read(columns.bytes, columns.len, &doc, NULL), UMIG_E_PROTO);
    umig_buf_fini(&panels);
    umig_buf_fini(&columns);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_totals_of_a_young_session_are_since_it_began),
        TEST(test_totals_of_an_old_session_are_of_the_last_while),
        TEST(test_row_that_was_left_out_before_is_unknown_and_last),
        TEST(test_totals_that_went_back_are_taken_as_new),
        TEST(test_history_is_bounded_however_long_one_looks),
        TEST(test_shares_and_rates_are_of_the_time_they_cover),
        TEST(test_rows_are_sorted_by_any_column_either_way),
        TEST(test_filter_is_a_part_of_a_text_or_a_pattern),
        TEST(test_frozen_rows_stay_until_it_goes_on),
        TEST(test_another_session_forgets_the_one_before),
        TEST(test_agents_panels_stand_behind_the_collectors),
        TEST(test_what_is_no_document_is_refused),
        TEST(test_what_a_newer_collector_adds_is_passed_over),
        TEST(test_too_many_panels_or_columns_are_refused),
    };
#undef TEST
    return cmocka_run_group_tests_name("unit.cli.top_model", tests, NULL, NULL);
}
