/* A full disk, as RLIMIT_FSIZE makes one: nothing can be stored, what is there can be read. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "collector/query/query.h"
#include "collector/store/places.h"
#include "core/clock.h"
#include "tests/support/collector_talk.h"
#include "tests/support/test.h"
#include "tests/support/tree.h"
#include "umig/v1/control.pb-c.h"

enum {
    FLUSH_MS = 20000
};

/* No file of this process grows from now on; as on a full disk. */
static void fill_up(struct rlimit *out_before)
{
    assert_int_equal(getrlimit(RLIMIT_FSIZE, out_before), 0);
    const struct rlimit none = {1, out_before->rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
}

static void test_folder_at_rest_is_read_on_a_full_disk(void **state)
{
    struct umig_collector_process *p = *state;
    static char text[1 << 20];
    char list[4096];
    struct rlimit before;
    umig_collector_process_start(p);
    umig_record_session(p, 66, "whole");
    assert_int_equal(umig_collector_process_stop(p), 0);

    fill_up(&before);
    const int listed = umig_read_folder(p, UMIG_QUERY_LIST_SESSIONS, list, sizeof list);
    const int reported = umig_read_folder(p, UMIG_QUERY_WRITE_REPORT, text, sizeof text);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);

    if (listed != UMIG_OK) {
        fail_msg("%s", list);
    }
    assert_non_null(strstr(list, "whole"));
    assert_null(strstr(list, "data missing"));
    assert_int_equal(reported, UMIG_OK);
    assert_non_null(strstr(text, "\"cpu\":{\"samples\":50,"));
    assert_null(strstr(text, " of the batches of its JVM "));
}

static void test_folder_on_a_full_disk_is_told(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = umig_small_emitter(67, "full");
    static char text[1 << 20];
    struct rlimit before;
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    umig_emitter_destroy(e);
    umig_collector_process_kill(p); /* acknowledged and not folded */

    fill_up(&before);
    const int rc = umig_read_folder(p, UMIG_QUERY_LIST_SESSIONS, text, sizeof text);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(rc, UMIG_E_LIMIT);
    assert_non_null(strstr(text, p->data));
    assert_non_null(strstr(text, " is full: "));
    assert_non_null(strstr(text, "copy it elsewhere and read that with --data"));

    /* With room it is folded. */
    assert_int_equal(umig_read_folder(p, UMIG_QUERY_LIST_SESSIONS, text, sizeof text), UMIG_OK);
    assert_non_null(strstr(text, "full"));
}

static void test_answers_say_that_nothing_can_be_stored(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = umig_small_emitter(35, "full");
    const uint32_t status = UMIG__V1__QUERY_VERB__QUERY_STATUS;
    char note[2048];
    char text[8192];
    struct umig_err err = UMIG_ERR_INIT;
    p->file_size_limit = 1 << 20; /* as a full disk */
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    assert_true(umig_ask_noted(p, status, "", note, sizeof note, text, sizeof text));
    assert_string_equal(note, "");

    int rc = UMIG_OK;
    for (int i = 0; rc == UMIG_OK && i < 2000; i++) {
        umig_emitter_make_batch(e);
        rc = umig_emitter_flush(e, FLUSH_MS, &err);
    }
    assert_int_equal(rc, UMIG_E_LIMIT);
    assert_true(umig_ask_noted(p, status, "", note, sizeof note, text, sizeof text));
    assert_non_null(strstr(note, "the collector has stored nothing for "));
    assert_non_null(strstr(note, p->data));
    assert_non_null(strstr(note, " is full; agents keep what they can"));

    /* A session that is not known may be one that is not stored. */
    assert_false(umig_ask_noted(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "newer", note, sizeof note,
                                text, sizeof text));
    assert_non_null(strstr(note, " is full; agents keep what they can"));
    assert_memory_equal(text, "no session 'newer'", 18);

    const struct rlimit lifted = {RLIM_INFINITY, RLIM_INFINITY};
    assert_int_equal(prlimit(p->pid, RLIMIT_FSIZE, &lifted, NULL), 0);
    umig_deliver(e, p);
    assert_true(umig_ask_noted(p, status, "", note, sizeof note, text, sizeof text));
    assert_string_equal(note, "");
    umig_emitter_destroy(e);
}

/* One blank for each gap: a report breaks its sentences into lines. */
static void unwrap(char *text)
{
    char *to = text;
    for (const char *at = text; *at != '\0'; at++) {
        const bool is_gap = *at == ' ' || *at == '\n';
        if (!is_gap || to == text || to[-1] != ' ') {
            *to++ = is_gap ? ' ' : *at;
        }
    }
    *to = '\0';
}

/* Reading needs no room: what was folded is reported, and the answer says what it lacks. */
static void test_report_on_a_full_disk_says_what_it_lacks(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = umig_small_emitter(36, "full");
    const uint32_t report = UMIG__V1__QUERY_VERB__QUERY_REPORT;
    static char text[1 << 20];
    const struct rlimit none = {1, RLIM_INFINITY};
    const struct rlimit lifted = {RLIM_INFINITY, RLIM_INFINITY};
    char note[2048] = "";
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    assert_true(umig_ask_noted(p, report, "", note, sizeof note, text, sizeof text));
    assert_string_equal(note, "");
    /* Again if the collector folds by itself just then. */
    for (int i = 0; strstr(note, " in no figure, for want of room on the disk") == NULL; i++) {
        assert_in_range(i, 0, 20);
        assert_int_equal(prlimit(p->pid, RLIMIT_FSIZE, &lifted, NULL), 0);
        umig_emitter_make_batch(e);
        umig_deliver(e, p);
        assert_int_equal(prlimit(p->pid, RLIMIT_FSIZE, &none, NULL), 0);
        assert_true(umig_ask_noted(p, report, "", note, sizeof note, text, sizeof text));
    }
    assert_non_null(strstr(text, "m1"));
    unwrap(text);
    assert_non_null(strstr(text, " of the batches of its JVM wait"));

    assert_int_equal(prlimit(p->pid, RLIMIT_FSIZE, &lifted, NULL), 0);
    assert_true(umig_ask_noted(p, report, "", note, sizeof note, text, sizeof text));
    assert_string_equal(note, "");
    unwrap(text);
    assert_null(strstr(text, " of the batches of its JVM wait"));
    umig_emitter_destroy(e);
}

/*
 * No room for the first fold of a day: no day file stands there that has nothing in it, and the
 * answers say what they lack. False: the collector folded by itself before the disk was full.
 */
static bool is_asked_before_the_first_fold(struct umig_collector_process *p, uint64_t epoch)
{
    struct umig_emitter *e = umig_small_emitter(epoch, "first");
    const struct rlimit none = {1, RLIM_INFINITY};
    const struct rlimit lifted = {RLIM_INFINITY, RLIM_INFINITY};
    static char text[1 << 20];
    char note[2048] = "";
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    assert_int_equal(prlimit(p->pid, RLIMIT_FSIZE, &none, NULL), 0);
    assert_true(umig_ask_noted(p, UMIG__V1__QUERY_VERB__QUERY_SESSIONS, "", note, sizeof note, text,
                               sizeof text));
    const bool is_in_time = strstr(note, " in no figure, for want of room on the disk") != NULL;
    assert_non_null(strstr(text, "first"));
    if (is_in_time) {
        char path[UMIG_STORE_PATH_BYTES];
        const int64_t today = umig_store_day_of(umig_clock_unix_ns());
        umig_store_day_path(p->data, umig_store_file_of(today, 0), path);
        assert_int_not_equal(access(path, F_OK), 0);
        assert_true(umig_ask_noted(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "", note, sizeof note,
                                   text, sizeof text));
        unwrap(text);
        assert_non_null(strstr(text, " of the batches of its JVM wait"));
    }
    assert_int_equal(prlimit(p->pid, RLIMIT_FSIZE, &lifted, NULL), 0);
    assert_true(umig_ask_noted(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "", note, sizeof note, text,
                               sizeof text));
    assert_string_equal(note, "");
    assert_non_null(strstr(text, "m1"));
    umig_emitter_destroy(e);
    umig_collector_process_kill(p);
    return is_in_time;
}

static void test_day_file_is_not_there_before_it_is_whole(void **state)
{
    struct umig_collector_process *p = *state;
    for (uint64_t i = 0; !is_asked_before_the_first_fold(p, 100 + i); i++) {
        assert_in_range(i, 0, 20);
        umig_tree_remove(p->data);
    }
}

/* What ended long before the batches that wait lacks nothing. */
static void test_session_that_ended_before_is_whole_on_a_full_disk(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = umig_small_emitter(37, "early");
    const uint32_t sessions = UMIG__V1__QUERY_VERB__QUERY_SESSIONS;
    const struct rlimit none = {1, RLIM_INFINITY};
    const struct rlimit lifted = {RLIM_INFINITY, RLIM_INFINITY};
    char text[8192];
    char note[2048] = "";
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    umig_emitter_make_end(e);
    for (int i = 0; i < 30; i++) { /* 3 s of the agent's time */
        umig_emitter_make_batch(e);
    }
    umig_deliver(e, p);
    assert_true(umig_ask(p, sessions, "", text, sizeof text));
    assert_non_null(strstr(text, " stopped\n"));
    for (int i = 0; strstr(note, " in no figure, for want of room on the disk") == NULL; i++) {
        assert_in_range(i, 0, 20);
        assert_int_equal(prlimit(p->pid, RLIMIT_FSIZE, &lifted, NULL), 0);
        umig_emitter_make_batch(e);
        umig_deliver(e, p);
        assert_int_equal(prlimit(p->pid, RLIMIT_FSIZE, &none, NULL), 0);
        assert_true(umig_ask_noted(p, sessions, "", note, sizeof note, text, sizeof text));
    }
    assert_non_null(strstr(text, " stopped\n"));
    umig_emitter_destroy(e);
}

int main(void)
{
#define TEST(name) \
 cmocka_unit_test_setup_teardown(name, umig_collector_set_up, umig_collector_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_folder_at_rest_is_read_on_a_full_disk),
        TEST(test_day_file_is_not_there_before_it_is_whole),
        TEST(test_report_on_a_full_disk_says_what_it_lacks),
        TEST(test_session_that_ended_before_is_whole_on_a_full_disk),
        TEST(test_folder_on_a_full_disk_is_told),
        TEST(test_answers_say_that_nothing_can_be_stored),
    };
#undef TEST
    return cmocka_run_group_tests_name("component.collector.full_disk", tests, NULL, NULL);
}
