/* What umig top shows on screens of any size, and what keys do. */
#include <stdio.h>
#include <string.h>

#include "cli/top_keys.h"
#include "cli/top_view.h"
#include "core/units.h"
#include "report/cells.h"
#include "report/top.h"
#include "tests/support/golden.h"
#include "tests/support/test.h"
#include "tests/unit/report/sample.h"

#define DOC_BYTES (8u << 20)

struct fixture {
    struct umig_top_model model;
    struct umig_top_ui ui;
    struct umig_top_screen screen;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.ui.mode = UMIG_TOP_TABLE};
    umig_top_model_init(&f.model, 5 * UMIG_NS_PER_S);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    umig_top_model_fini(&f->model);
    umig_top_screen_fini(&f->screen);
    return 0;
}

/* From the profile to the model, as it goes from the collector to the command. */
static void show(struct fixture *f, struct umig_profile *profile)
{
    struct umig_buf text = UMIG_BUF_INIT(DOC_BYTES);
    struct umig_top_doc *doc = NULL;
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_top_write(profile, &text, &err) != UMIG_OK ||
        umig_top_doc_read(umig_buf_str(&text), text.len, &doc, &err) != UMIG_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(umig_top_model_take(&f->model, doc), UMIG_OK);
    umig_buf_fini(&text);
    umig_profile_destroy(profile);
}

static void show_sessions(struct fixture *f)
{
    static const char text[] = "umig-top\t1\npanel\tsessions\tsessions\t0\n"
                               "column\tage\tAGE\ttime\t0\t0\t0\n"
                               "column\tsession\tSESSION\tname\t0\t18\t1\n"
                               "row\t5000000000\tnight\nrow\t9000000000\talways\nend\n";
    struct umig_top_doc *doc = NULL;
    assert_int_equal(umig_top_doc_read(text, sizeof text - 1, &doc, NULL), UMIG_OK);
    assert_int_equal(umig_top_model_take_agent(&f->model, doc), UMIG_OK);
}

static void draw(struct fixture *f, size_t width, size_t height)
{
    umig_top_view_draw(&f->model, &f->ui, width, height, &f->screen);
    assert_int_equal(f->screen.width, width);
    assert_int_equal(f->screen.height, height);
    for (size_t i = 0; i < height; i++) {
        const struct umig_top_line *line = &f->screen.lines[i];
        const char *text = umig_buf_str(&line->text);
        size_t bytes = 0;
        assert_int_equal(line->text.failed, UMIG_OK);
        assert_true(umig_cells_width(text) <= width);
        for (size_t k = 0; k < line->span_count; k++) {
            assert_int_equal(line->spans[k].at, bytes); /* one after the other, without a gap */
            bytes += line->spans[k].byte_count;
        }
        assert_int_equal(bytes, line->text.len);
        for (; *text != '\0'; text++) {
            assert_true((unsigned char)*text >= 0x20 && *text != 0x7F);
        }
    }
}

/* The screen as text, a | at each end of the lines; looks in [] where they are not plain. */
static void put_screen(const struct fixture *f, struct umig_buf *out)
{
    static const char *const looks[] = {"", "*", "_", "#", "", "!", "!!"};
    for (size_t i = 0; i < f->screen.height; i++) {
        const struct umig_top_line *line = &f->screen.lines[i];
        umig_buf_byte(out, '|');
        for (size_t k = 0; k < line->span_count; k++) {
            const char *mark = looks[line->spans[k].look];
            umig_buf_printf(out, "%s%.*s%s", mark, (int)line->spans[k].byte_count,
                            line->text.bytes + line->spans[k].at, mark);
        }
        umig_buf_text(out, "|\n");
    }
}

static void expect_golden(const struct fixture *f, const char *name)
{
    struct umig_buf out = UMIG_BUF_INIT(DOC_BYTES);
    put_screen(f, &out);
    umig_golden_expect(UMIG_TEST_GOLDEN, name, umig_buf_str(&out));
    umig_buf_fini(&out);
}

static const char *line_at(const struct fixture *f, size_t line)
{
    assert_true(line < f->screen.height);
    return umig_buf_str(&f->screen.lines[line].text);
}

static bool screen_has(const struct fixture *f, const char *text)
{
    for (size_t i = 0; i < f->screen.height; i++) {
        if (strstr(line_at(f, i), text) != NULL) {
            return true;
        }
    }
    return false;
}

static enum umig_top_action press(struct fixture *f, uint32_t key)
{
    return umig_top_key(&f->model, &f->ui, key);
}

static void type(struct fixture *f, const char *text)
{
    for (; *text != '\0'; text++) {
        assert_int_equal(press(f, (uint32_t)*text), UMIG_TOP_GO_ON);
    }
}

static void test_methods_on_80_by_24(void **state)
{
    struct fixture *f = *state;
    show(f, umig_sample_service());
    show_sessions(f);
    assert_int_equal(umig_top_model_look_at(&f->model, "methods"), UMIG_OK);
    draw(f, 80, 24);
    expect_golden(f, "top-80x24.screen");
}

static void test_every_panel_on_120_by_14(void **state)
{
    struct fixture *f = *state;
    struct umig_buf out = UMIG_BUF_INIT(DOC_BYTES);
    show(f, umig_sample_service());
    for (size_t i = 0; i < umig_top_model_panel_count(&f->model); i++) {
        const char *key = umig_top_model_panel_at(&f->model, i)->key;
        assert_int_equal(umig_top_model_look_at(&f->model, key), UMIG_OK);
        f->ui.scroll = 0;
        draw(f, 120, 14);
        put_screen(f, &out);
    }
    umig_golden_expect(UMIG_TEST_GOLDEN, "top-panels.screen", umig_buf_str(&out));
    umig_buf_fini(&out);
}

static void test_small_screens_keep_the_rows(void **state)
{
    struct fixture *f = *state;
    show(f, umig_sample_service());
    assert_int_equal(umig_top_model_look_at(&f->model, "methods"), UMIG_OK);
    draw(f, 20, 5);
    expect_golden(f, "top-20x5.screen");
    draw(f, 40, 1);
    assert_non_null(strstr(line_at(f, 0), "%"));
}

static void test_no_size_and_no_name_breaks_a_line(void **state)
{
    struct fixture *f = *state;
    static const enum umig_top_mode modes[] = {UMIG_TOP_TABLE, UMIG_TOP_FILTERING, UMIG_TOP_HELPING,
                                               UMIG_TOP_DETAILS};
    static const size_t widths[] = {0, 1, 2, 3, 7, 19, 20, 40, 79, 80, 81, 132, 200, 500};
    static const size_t heights[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 24, 60};
    show(f, umig_sample_hostile());
    snprintf(f->ui.typed, sizeof f->ui.typed, "h\xC3\xA4\xE6\x97\xA5\xE6\x9C\xAC");
    for (size_t panel = 0; panel < umig_top_model_panel_count(&f->model); panel++) {
        const char *key = umig_top_model_panel_at(&f->model, panel)->key;
        assert_int_equal(umig_top_model_look_at(&f->model, key), UMIG_OK);
        for (size_t mode = 0; mode < sizeof modes / sizeof modes[0]; mode++) {
            f->ui.mode = modes[mode];
            for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
                for (size_t h = 0; h < sizeof heights / sizeof heights[0]; h++) {
                    draw(f, widths[w], heights[h]);
                }
            }
        }
    }
}

static void test_wide_and_overlong_names_keep_their_columns(void **state)
{
    struct fixture *f = *state;
    char name[2048];
    size_t len = 0;
    while (len + 4 < sizeof name) {
        memcpy(name + len, "\xE6\x97\xA5", 3); /* takes two columns */
        len += 3;
    }
    name[len] = '\0';
    show(f, umig_sample_named(name));
    for (size_t width = 1; width < 100; width++) {
        draw(f, width, 24);
    }
    show(f, umig_sample_named("a\xCC\x88\xCC\x88 \x1b[31mred\x1b[0m \xE2\x80\xAEx"));
    draw(f, 80, 24);
    assert_false(screen_has(f, "\x1b"));
}

static void test_nothing_yet_and_nothing_at_all_are_told_apart(void **state)
{
    struct fixture *f = *state;
    snprintf(f->ui.waiting, sizeof f->ui.waiting, "Session top-1 has begun.");
    draw(f, 80, 24);
    assert_true(screen_has(f, "Session top-1 has begun."));
    show(f, umig_sample_locks_only());
    assert_int_equal(umig_top_model_look_at(&f->model, "locks"), UMIG_OK);
    draw(f, 80, 24);
    assert_true(screen_has(f, "Nothing here in this time."));
    assert_false(screen_has(f, "CPU 0"));
    assert_int_equal(umig_top_model_filter(&f->model, "x"), UMIG_OK);
    draw(f, 80, 24);
    assert_true(screen_has(f, "Nothing here fits the filter."));
}

static void test_cursor_pulls_the_rows_along(void **state)
{
    struct fixture *f = *state;
    show(f, umig_sample_service());
    assert_int_equal(umig_top_model_look_at(&f->model, "methods"), UMIG_OK);
    draw(f, 80, 12);
    const size_t rows = f->ui.page_rows;
    assert_true(rows > 1 && f->model.row_count > rows);
    for (size_t i = 0; i < rows; i++) {
        press(f, 'j');
    }
    draw(f, 80, 12);
    assert_int_equal(f->ui.scroll, 1);
    press(f, 'G');
    draw(f, 80, 12);
    assert_int_equal(f->model.cursor, f->model.row_count - 1);
    assert_int_equal(f->ui.scroll, f->model.row_count - rows);
    press(f, UMIG_TOP_KEY_PAGE_UP);
    press(f, UMIG_TOP_KEY_UP);
    press(f, 'g');
    draw(f, 80, 60); /* the window grew */
    assert_int_equal(f->ui.scroll, 0);
    press(f, 'k');
    assert_int_equal(f->model.cursor, 0);
}

static void test_filter_is_typed_taken_back_and_cleared(void **state)
{
    struct fixture *f = *state;
    show(f, umig_sample_service());
    assert_int_equal(umig_top_model_look_at(&f->model, "methods"), UMIG_OK);
    const size_t all = f->model.row_count;
    press(f, '/');
    type(f, "svcq");
    assert_int_equal(f->model.row_count, 0); /* q is typed, it does not quit */
    press(f, UMIG_TOP_KEY_BACKSPACE);
    const size_t some = f->model.row_count;
    assert_true(some > 0 && some < all);
    draw(f, 80, 24);
    assert_true(f->screen.has_cursor);
    assert_int_equal(f->screen.column, strlen("Filter: svc"));
    press(f, UMIG_TOP_KEY_ENTER);
    draw(f, 80, 24);
    assert_false(f->screen.has_cursor);
    assert_non_null(strstr(line_at(f, 23), "Filter: svc"));

    press(f, '/');
    type(f, "x");
    press(f, 0x65E5); /* a wide one */
    press(f, UMIG_TOP_KEY_BACKSPACE);
    assert_string_equal(f->model.filter, "svcx");
    press(f, UMIG_TOP_KEY_ESCAPE);
    assert_string_equal(f->model.filter, "svc");
    press(f, UMIG_TOP_KEY_ESCAPE);
    assert_int_equal(f->model.row_count, all);
    press(f, '/');
    for (int i = 0; i < 300; i++) {
        press(f, 0x1F600);
    }
    assert_true(strlen(f->ui.typed) < sizeof f->ui.typed);
    assert_int_equal(strlen(f->ui.typed) % 4, 0); /* no character in part */
    press(f, 0x15);
    assert_string_equal(f->ui.typed, "");
}

static void test_keys_sort_turn_and_freeze(void **state)
{
    struct fixture *f = *state;
    show(f, umig_sample_service());
    show_sessions(f);
    assert_string_equal(f->model.panel, "threads");
    press(f, '\t');
    assert_string_equal(f->model.panel, "methods");
    press(f, UMIG_TOP_KEY_BACK_TAB);
    press(f, UMIG_TOP_KEY_BACK_TAB);
    assert_string_equal(f->model.panel, "sessions");
    press(f, '2');
    assert_string_equal(f->model.panel, "methods");
    press(f, 's');
    assert_int_equal(umig_top_model_order(&f->model).column, 1);
    press(f, 'r');
    assert_true(umig_top_model_order(&f->model).is_reversed);
    press(f, 'S');
    assert_int_equal(umig_top_model_order(&f->model).column, 0);
    press(f, 'S');
    assert_int_equal(umig_top_model_order(&f->model).column, 4);
    press(f, 'f');
    draw(f, 80, 24);
    assert_true(screen_has(f, "FROZEN"));
    press(f, ' ');
    draw(f, 80, 24);
    assert_false(screen_has(f, "FROZEN"));
    press(f, '?');
    draw(f, 80, 24);
    expect_golden(f, "top-help.screen");
    press(f, UMIG_TOP_KEY_ESCAPE);
    draw(f, 80, 24);
    assert_true(screen_has(f, "METHOD"));
}

static void test_enter_opens_a_row_or_a_session(void **state)
{
    struct fixture *f = *state;
    show(f, umig_sample_service());
    show_sessions(f);
    assert_int_equal(umig_top_model_look_at(&f->model, "methods"), UMIG_OK);
    assert_int_equal(press(f, UMIG_TOP_KEY_ENTER), UMIG_TOP_GO_ON);
    draw(f, 60, 24);
    expect_golden(f, "top-details.screen");
    assert_int_equal(press(f, UMIG_TOP_KEY_ENTER), UMIG_TOP_GO_ON);
    assert_int_equal(f->ui.mode, UMIG_TOP_TABLE);
    assert_null(umig_top_chosen_session(&f->model));

    assert_int_equal(umig_top_model_look_at(&f->model, "sessions"), UMIG_OK);
    press(f, 'j');
    assert_int_equal(press(f, UMIG_TOP_KEY_ENTER), UMIG_TOP_SWITCH);
    assert_string_equal(umig_top_chosen_session(&f->model), "night");
    assert_int_equal(press(f, 'o'), UMIG_TOP_REPORT);
    assert_int_equal(press(f, 'q'), UMIG_TOP_QUIT);
    assert_int_equal(press(f, 0x2603), UMIG_TOP_GO_ON); /* means nothing */
}

/* Before anything has come keys have nothing to work on. */
static void test_no_key_needs_data(void **state)
{
    struct fixture *f = *state;
    for (uint32_t key = 1; key < 0x80; key++) {
        press(f, key);
        draw(f, 80, 24);
    }
    for (uint32_t key = UMIG_TOP_KEY_NONE; key <= UMIG_TOP_KEY_RESIZE; key++) {
        press(f, key);
        draw(f, 80, 24);
    }
}

static void test_messages_go_with_the_next_key_and_notices_stay(void **state)
{
    struct fixture *f = *state;
    show(f, umig_sample_service());
    snprintf(f->ui.notice, sizeof f->ui.notice, "the JVM ended");
    umig_top_say(&f->ui, UMIG_TOP_STRONG, "Wrote umig-report-s.html.");
    draw(f, 80, 24);
    assert_non_null(strstr(line_at(f, 23), "Wrote umig-report-s.html."));
    press(f, 'j');
    draw(f, 80, 24);
    assert_non_null(strstr(line_at(f, 23), "the JVM ended"));
    press(f, 'j');
    draw(f, 80, 24);
    assert_non_null(strstr(line_at(f, 23), "the JVM ended"));

    snprintf(f->ui.notice, sizeof f->ui.notice,
             "no collector listens on /run/user/1000/umig/collector.sock or "
             "/run/umig/collector.sock; start one with 'umig collector'");
    draw(f, 80, 24); /* whole, in as many lines as it takes */
    assert_true(screen_has(f, "no collector listens on"));
    assert_true(screen_has(f, "start one with 'umig collector'"));
    draw(f, 20, 24);
    assert_non_null(strstr(line_at(f, 20), "no collector"));
}

static void test_trouble_is_told_whole_where_there_is_room(void **state)
{
    struct fixture *f = *state;
    static const char problem[] = "native frames (kernel.perf_event_paranoid is 3: 'sysctl "
                                  "kernel.perf_event_paranoid=1' or CAP_PERFMON for the JVM would "
                                  "allow it)";
    struct umig_profile *profile = umig_sample_service();
    assert_int_equal(
        umig_profile_string(profile, problem, sizeof problem - 1, &profile->session.problem),
        UMIG_OK);
    show(f, profile);
    draw(f, 80, 24);
    assert_non_null(strstr(line_at(f, 3), "native frames (kernel"));
    assert_non_null(strstr(line_at(f, 4), "would allow it)"));
    assert_non_null(strstr(line_at(f, 5), "dropped: cpu ring_full"));
    draw(f, 80, 10);
    assert_non_null(strstr(line_at(f, 3), "native frames (kernel"));
    assert_non_null(strstr(line_at(f, 4), "1 threads"));
}

static void test_text_has_every_panel_with_rows(void **state)
{
    struct fixture *f = *state;
    struct umig_buf out = UMIG_BUF_INIT(DOC_BYTES);
    show(f, umig_sample_service());
    assert_int_equal(umig_top_view_text(&f->model, 100, 3, false, &out), UMIG_OK);
    umig_golden_expect(UMIG_TEST_GOLDEN, "top-once.txt", umig_buf_str(&out));
    umig_buf_clear(&out);
    assert_int_equal(umig_top_model_look_at(&f->model, "heap"), UMIG_OK);
    assert_int_equal(umig_top_view_text(&f->model, 100, 3, true, &out), UMIG_OK);
    assert_non_null(strstr(umig_buf_str(&out), "\nheap\n"));
    assert_null(strstr(umig_buf_str(&out), "\nmethods\n"));
    umig_buf_fini(&out);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_methods_on_80_by_24),
        TEST(test_every_panel_on_120_by_14),
        TEST(test_small_screens_keep_the_rows),
        TEST(test_no_size_and_no_name_breaks_a_line),
        TEST(test_wide_and_overlong_names_keep_their_columns),
        TEST(test_nothing_yet_and_nothing_at_all_are_told_apart),
        TEST(test_cursor_pulls_the_rows_along),
        TEST(test_filter_is_typed_taken_back_and_cleared),
        TEST(test_keys_sort_turn_and_freeze),
        TEST(test_enter_opens_a_row_or_a_session),
        TEST(test_no_key_needs_data),
        TEST(test_messages_go_with_the_next_key_and_notices_stay),
        TEST(test_trouble_is_told_whole_where_there_is_room),
        TEST(test_text_has_every_panel_with_rows),
    };
#undef TEST
    return cmocka_run_group_tests_name("unit.cli.top_view", tests, NULL, NULL);
}
