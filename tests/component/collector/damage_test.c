/* Files of a data folder that are damaged, cut or taken away. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/query/query.h"
#include "collector/store/places.h"
#include "collector/store/store.h"
#include "core/clock.h"
#include "tests/support/check_ledger.h"
#include "tests/support/collector_talk.h"
#include "tests/support/test.h"
#include "tests/support/tree.h"
#include "umig/v1/control.pb-c.h"

/* Writes garbage over the middle of a file. */
static void damage_from(const char *path, off_t first)
{
    struct stat st;
    char garbage[4096];
    memset(garbage, 0x5a, sizeof garbage);
    assert_int_equal(stat(path, &st), 0);
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    for (off_t at = first; at + 4096 <= st.st_size; at += 4096) {
        assert_int_equal(pwrite(fd, garbage, sizeof garbage, at), sizeof garbage);
    }
    close(fd);
}

static void damage(const char *path)
{
    damage_from(path, 0);
}

static void test_damaged_store_ends_the_start_and_says_what_to_do(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = umig_small_emitter(21, "s");
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    umig_emitter_destroy(e);
    assert_int_equal(umig_collector_process_stop(p), 0);
    char path[UMIG_STORE_PATH_BYTES];
    umig_store_main_path(p->data, path);
    damage(path);
    int code = 0;

    assert_false(umig_collector_process_try_start(p, &code));

    assert_int_equal(code, 3);
    umig_assert_log_has(p, path);
    umig_assert_log_has(p, "move umig.db away with days/");

    /* Who reads the folder is told the same. */
    static const enum umig_query_verb verbs[] = {UMIG_QUERY_LIST_SESSIONS, UMIG_QUERY_WRITE_REPORT};
    for (size_t i = 0; i < 2; i++) {
        char text[1024];
        assert_int_equal(umig_read_folder(p, verbs[i], text, sizeof text), UMIG_E_DB);
        assert_memory_equal(text, path, strlen(path));
        assert_non_null(strstr(text, " cannot be used ("));
        assert_non_null(strstr(text, "file is not a database): "));
        assert_non_null(strstr(text, "restore it from a backup, or move umig.db away with days/"));
    }
}

/* A collector that runs hears of it from the page that a question needs. */
static void test_damage_under_a_collector_is_told_who_asks(void **state)
{
    struct umig_collector_process *p = *state;
    char path[UMIG_STORE_PATH_BYTES];
    char text[1024];
    umig_collector_process_start(p);
    umig_record_session(p, 22, "s");
    assert_int_equal(umig_collector_process_stop(p), 0); /* its log is in the file now */
    umig_collector_process_start(p);
    umig_store_main_path(p->data, path);
    /* What it folds at its start is behind it: it would meet the damage then, and end. */
    assert_true(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_SESSIONS, "", text, sizeof text));
    damage(path);

    assert_false(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_SESSIONS, "", text, sizeof text));

    assert_memory_equal(text, path, strlen(path));
    assert_non_null(strstr(text, "restore it from a backup, or move umig.db away with days/"));
}

/* Under a collector that runs: what it cannot keep is not acknowledged. */
static void test_store_that_is_cut_or_taken_away_ends_the_collector(void **state)
{
    struct umig_collector_process *p = *state;
    char path[UMIG_STORE_PATH_BYTES];
    umig_store_main_path(p->data, path);
    for (int is_taken = 0; is_taken < 2; is_taken++) {
        struct umig_emitter *e = umig_small_emitter(31 + (uint64_t)is_taken, "s");
        struct umig_err err = UMIG_ERR_INIT;
        umig_collector_process_start(p);
        umig_emitter_make_batch(e);
        umig_deliver(e, p);
        if (is_taken != 0) {
            assert_int_equal(unlink(path), 0);
        } else {
            assert_int_equal(truncate(path, 0), 0);
        }
        umig_emitter_make_batch(e);

        assert_int_not_equal(umig_emitter_flush(e, 5000, &err), UMIG_OK);

        assert_int_equal(umig_collector_process_wait(p), 3);
        umig_assert_log_has(p, is_taken != 0 ? "was taken away" : "was cut to nothing");
        umig_assert_log_has(p, "move umig.db away with days/");
        umig_emitter_destroy(e);
        umig_tree_remove(p->data);
    }
}

/* What SQLite says of a page has several lines; a message has one. */
static void test_damaged_page_is_told_in_one_line(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_store *store = NULL;
    struct umig_err err = UMIG_ERR_INIT;
    char path[UMIG_STORE_PATH_BYTES];
    umig_collector_process_start(p);
    assert_int_equal(umig_collector_process_stop(p), 0);
    umig_store_main_path(p->data, path);
    damage_from(path, 4096);

    assert_int_equal(umig_store_open(p->data, &store, &err), UMIG_E_DB);

    const size_t path_len = strlen(path);
    assert_memory_equal(err.text, path, path_len);
    assert_memory_equal(err.text + path_len, ": ", 2);
    assert_true(strlen(err.text) > path_len + 10);
    assert_null(strstr(err.text, "***"));
    assert_null(strstr(err.text, "\xE2\x90\x8A")); /* a line end would show as that */
}

static void test_damaged_day_file_is_set_aside_and_a_new_one_begun(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = umig_small_emitter(22, "s");
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    assert_int_equal(umig_collector_process_stop(p), 0);
    umig_emitter_disconnect(e);
    char path[UMIG_STORE_PATH_BYTES];
    const int64_t today = umig_store_day_of(umig_clock_unix_ns());
    umig_store_day_path(p->data, umig_store_file_of(today, 0), path);
    damage(path);

    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    assert_int_equal(umig_collector_process_stop(p), 0);

    umig_assert_log_has(p, ".damaged-1");
    struct umig_profile *profile = umig_load_only_session(p->data);
    assert_int_equal(profile->pauses.count, 1); /* the second batch's; the first is set aside */
    assert_int_equal(profile->session.lost_files, 1);
    umig_profile_destroy(profile);
    umig_emitter_destroy(e);

    /* A part of it is there: the answer begins with what is not. */
    static char text[1 << 20];
    assert_int_equal(umig_read_folder(p, UMIG_QUERY_WRITE_REPORT, text, sizeof text), UMIG_OK);
    assert_non_null(strstr(text, "\"answer\":[\"A part of the data is missing: 1 of the files"));
}

/* A collector has stored a session "before" and ended; path: of the file it is in. */
static void record_day(struct umig_collector_process *p,
                       uint64_t epoch,
                       char path[UMIG_STORE_PATH_BYTES])
{
    const int64_t today = umig_store_day_of(umig_clock_unix_ns());
    umig_store_day_path(p->data, umig_store_file_of(today, 0), path);
    umig_collector_process_start(p);
    umig_record_session(p, epoch, "before");
    assert_int_equal(umig_collector_process_stop(p), 0);
}

static void test_file_set_aside_is_missed_by_the_sessions_that_were_in_it(void **state)
{
    struct umig_collector_process *p = *state;
    static char text[1 << 20];
    char path[UMIG_STORE_PATH_BYTES];
    record_day(p, 64, path);
    damage(path);

    umig_collector_process_start(p);
    umig_record_session(p, 65, "after");
    assert_true(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "after", text, sizeof text));
    assert_null(strstr(text, "gone or set aside"));
    assert_false(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "before", text, sizeof text));
    assert_non_null(strstr(text, "all data of this session was in "));
    assert_non_null(strstr(text, "set aside: read a backup of the folder with --data"));
    /* As a copy of the folder has it: no file but is younger than every session. */
    snprintf(text, sizeof text, "%.4000s.damaged-1", path);
    assert_int_equal(chmod(text, 0400), 0);
    assert_true(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "after", text, sizeof text));
    assert_null(strstr(text, "gone or set aside"));
    assert_true(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_SESSIONS, "", text, sizeof text));
    const char *missing = strstr(text, "data missing");
    assert_non_null(missing);
    assert_null(strstr(missing + 1, "data missing"));
    assert_int_equal(umig_collector_process_stop(p), 0);
}

static void test_damaged_day_file_is_told_at_the_start(void **state)
{
    struct umig_collector_process *p = *state;
    char path[UMIG_STORE_PATH_BYTES];
    record_day(p, 66, path);
    damage(path);

    /* Whoever only reads leaves it as it is. */
    static char text[1 << 20];
    assert_int_equal(umig_read_folder(p, UMIG_QUERY_WRITE_REPORT, text, sizeof text), UMIG_E_DB);
    umig_collector_process_start(p); /* no data comes */
    umig_assert_log_has(p, ".damaged-1");
    assert_int_equal(umig_collector_process_stop(p), 0);
}

/* One that held data and was cut to nothing is damaged, and no day without data. */
static void test_empty_day_file_is_damaged(void **state)
{
    struct umig_collector_process *p = *state;
    static char text[1 << 20];
    char path[UMIG_STORE_PATH_BYTES];
    record_day(p, 67, path);
    assert_int_equal(truncate(path, 0), 0);

    assert_int_equal(umig_read_folder(p, UMIG_QUERY_WRITE_REPORT, text, sizeof text), UMIG_E_DB);
    assert_non_null(strstr(text, " is empty; a part of this session cannot be read"));
    assert_int_equal(umig_read_folder(p, UMIG_QUERY_LIST_SESSIONS, text, sizeof text), UMIG_OK);
    assert_non_null(strstr(text, "data missing"));
    umig_collector_process_start(p);
    umig_assert_log_has(p, ".damaged-1");
    assert_int_equal(umig_collector_process_stop(p), 0);
}

int main(void)
{
#define TEST(name) \
 cmocka_unit_test_setup_teardown(name, umig_collector_set_up, umig_collector_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_damaged_store_ends_the_start_and_says_what_to_do),
        TEST(test_damage_under_a_collector_is_told_who_asks),
        TEST(test_store_that_is_cut_or_taken_away_ends_the_collector),
        TEST(test_damaged_page_is_told_in_one_line),
        TEST(test_damaged_day_file_is_set_aside_and_a_new_one_begun),
        TEST(test_file_set_aside_is_missed_by_the_sessions_that_were_in_it),
        TEST(test_damaged_day_file_is_told_at_the_start),
        TEST(test_empty_day_file_is_damaged),
    };
#undef TEST
    return cmocka_run_group_tests_name("component.collector.damage", tests, NULL, NULL);
}
