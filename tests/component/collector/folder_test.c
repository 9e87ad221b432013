/* Trouble with a data folder: taken, damaged, not to be written, gone in part, too large. */
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
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

enum {
    NOBODY = 65534
};

static void test_second_collector_on_a_folder_is_refused_by_pid(void **state)
{
    struct umig_collector_process *p = *state;
    umig_collector_process_start(p);
    char pid[32];
    snprintf(pid, sizeof pid, "(pid %d)", (int)p->pid);
    struct umig_collector_process second = *p;
    second.pid = 0;
    int code = 0;

    assert_false(umig_collector_process_try_start(&second, &code));

    assert_int_equal(code, 3);
    umig_assert_log_has(p, "another collector");
    umig_assert_log_has(p, pid);
    assert_int_equal(umig_collector_process_stop(p), 0);
}

static void test_folder_that_is_a_file_is_refused_by_name(void **state)
{
    struct umig_collector_process *p = *state;
    const int fd = open(p->data, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    int code = 0;

    assert_false(umig_collector_process_try_start(p, &code));

    assert_int_equal(code, 3);
    umig_assert_log_has(p, p->data);
}

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
}

static int protect(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    return chmod(path, type == FTW_DP ? 0555 : 0444);
}

static int unprotect(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    return chmod(path, type == FTW_F ? 0600 : 0700);
}

/* Lists the sessions of the folder as a user who may not write there. */
static int list_as_reader(const struct umig_collector_process *p,
                          struct umig_buf *out,
                          struct umig_err *err)
{
    const struct umig_query query = {.verb = UMIG_QUERY_LIST_SESSIONS,
                                     .session = "",
                                     .format = "json",
                                     .service = "",
                                     .viewer = UMIG_VIEWER_ALL};
    const bool is_root = geteuid() == 0; /* whom no permission stops */
    assert_int_equal(chmod(p->dir, 0755), 0);
    assert_int_equal(is_root ? seteuid(NOBODY) : 0, 0);
    struct umig_buf note = UMIG_BUF_INIT(1 << 10);
    const int rc = umig_query_folder(p->data, &query, out, &note, err);
    assert_int_equal(is_root ? seteuid(0) : 0, 0);
    umig_buf_fini(&note);
    return rc;
}

static void test_folder_that_may_not_be_written_is_read(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = umig_small_emitter(51, "kept");
    struct umig_buf out = UMIG_BUF_INIT(1 << 16);
    struct umig_err err = UMIG_ERR_INIT;
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    umig_emitter_destroy(e);
    assert_int_equal(umig_collector_process_stop(p), 0);
    assert_int_equal(nftw(p->data, protect, 8, FTW_DEPTH | FTW_PHYS), 0);

    umig_must(list_as_reader(p, &out, &err), &err);

    assert_non_null(strstr(umig_buf_str(&out), "\"kept\""));
    assert_null(strstr(umig_buf_str(&out), "\"cpu_samples\":0,"));
    assert_int_equal(nftw(p->data, unprotect, 8, FTW_PHYS), 0);
    umig_buf_fini(&out);
}

static void test_log_in_a_folder_that_may_not_be_written_is_told(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = umig_small_emitter(52, "half");
    struct umig_buf out = UMIG_BUF_INIT(1 << 16);
    struct umig_err err = UMIG_ERR_INIT;
    char path[UMIG_STORE_PATH_BYTES];
    char index[UMIG_STORE_PATH_BYTES + 8];
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    umig_emitter_destroy(e);
    umig_collector_process_kill(p);
    umig_store_main_path(p->data, path);
    snprintf(index, sizeof index, "%s-shm", path); /* as after a copy of the two others */
    assert_int_equal(unlink(index), 0);
    assert_int_equal(nftw(p->data, protect, 8, FTW_DEPTH | FTW_PHYS), 0);

    assert_int_equal(list_as_reader(p, &out, &err), UMIG_E_DENIED);

    assert_non_null(strstr(err.text, "umig.db-wal holds a part of the data"));
    assert_non_null(strstr(err.text, "on a copy that you may write"));
    assert_int_equal(nftw(p->data, unprotect, 8, FTW_PHYS), 0);
    umig_buf_fini(&out);
}

static void test_folder_that_may_not_be_entered_is_told_so(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_buf out = UMIG_BUF_INIT(1 << 16);
    struct umig_err err = UMIG_ERR_INIT;
    umig_collector_process_start(p);
    assert_int_equal(umig_collector_process_stop(p), 0);
    assert_int_equal(chmod(p->data, 0), 0);

    assert_int_equal(list_as_reader(p, &out, &err), UMIG_E_DENIED);

    assert_non_null(strstr(err.text, p->data));
    assert_non_null(strstr(err.text, "Permission denied"));
    assert_int_equal(chmod(p->data, 0700), 0);
    umig_buf_fini(&out);
}

/* Reads the folder; the text is the answer, or why there is none. */
static int read_folder(const struct umig_collector_process *p,
                       enum umig_query_verb verb,
                       char *text,
                       size_t room)
{
    const struct umig_query query = {.verb = verb,
                                     .session = "",
                                     .format = verb == UMIG_QUERY_WRITE_REPORT ? "json" : "text",
                                     .service = "",
                                     .viewer = UMIG_VIEWER_ALL};
    struct umig_buf out = UMIG_BUF_INIT(room);
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_buf note = UMIG_BUF_INIT(1 << 10);
    const int rc = umig_query_folder(p->data, &query, &out, &note, &err);
    snprintf(text, room, "%s", rc == UMIG_OK ? umig_buf_str(&out) : err.text);
    umig_buf_fini(&note);
    umig_buf_fini(&out);
    return rc;
}

static void test_day_file_that_is_gone_makes_no_whole_report(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = umig_small_emitter(53, "moved");
    static char text[1 << 20];
    char path[UMIG_STORE_PATH_BYTES];
    char aside[UMIG_STORE_PATH_BYTES];
    const int64_t today = umig_store_day_of(umig_clock_unix_ns());
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    umig_emitter_make_end(e);
    umig_deliver(e, p);
    umig_emitter_destroy(e);
    assert_int_equal(umig_collector_process_stop(p), 0);
    umig_store_day_path(p->data, umig_store_file_of(today, 0), path);
    snprintf(aside, sizeof aside, "%.4000s.away", path);
    assert_int_equal(rename(path, aside), 0);

    assert_int_equal(read_folder(p, UMIG_QUERY_WRITE_REPORT, text, sizeof text), UMIG_E_IO);
    assert_non_null(strstr(text, path));
    assert_non_null(strstr(text, " is gone"));
    assert_int_equal(read_folder(p, UMIG_QUERY_LIST_SESSIONS, text, sizeof text), UMIG_OK);
    assert_non_null(strstr(text, "data missing"));

    assert_int_equal(rename(aside, path), 0);
    assert_int_equal(read_folder(p, UMIG_QUERY_WRITE_REPORT, text, sizeof text), UMIG_OK);
    assert_null(strstr(text, "gone or set aside"));
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
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit none = {1, before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);

    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    const int rc = read_folder(p, UMIG_QUERY_LIST_SESSIONS, text, sizeof text);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(rc, UMIG_E_LIMIT);
    assert_non_null(strstr(text, p->data));
    assert_non_null(strstr(text, " is full: "));
    assert_non_null(strstr(text, "copy it elsewhere and read that with --data"));

    /* With room it is folded. */
    assert_int_equal(read_folder(p, UMIG_QUERY_LIST_SESSIONS, text, sizeof text), UMIG_OK);
    assert_non_null(strstr(text, "full"));
}

/* Records a session of one batch and its end. */
static void record(struct umig_collector_process *p, uint64_t epoch, const char *session)
{
    struct umig_emitter *e = umig_small_emitter(epoch, session);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    umig_emitter_make_end(e);
    umig_deliver(e, p);
    umig_emitter_destroy(e);
}

static void test_day_file_gone_at_start_keeps_its_sessions(void **state)
{
    struct umig_collector_process *p = *state;
    static char text[1 << 20];
    char path[UMIG_STORE_PATH_BYTES];
    char aside[UMIG_STORE_PATH_BYTES];
    const int64_t today = umig_store_day_of(umig_clock_unix_ns());
    umig_collector_process_start(p);
    record(p, 61, "away");
    assert_int_equal(umig_collector_process_stop(p), 0);
    umig_store_day_path(p->data, umig_store_file_of(today, 0), path);
    snprintf(aside, sizeof aside, "%.4000s.away", path);
    assert_int_equal(rename(path, aside), 0);

    umig_collector_process_start(p);
    umig_assert_log_has(p, path);
    umig_assert_log_has(p, " is gone with data of 1 session; ");
    assert_false(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "away", text, sizeof text));
    assert_non_null(strstr(text, " is gone"));
    record(p, 62, "later"); /* not into a file of that name */
    assert_true(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_SESSIONS, "", text, sizeof text));
    assert_non_null(strstr(text, "away"));
    assert_non_null(strstr(text, "later"));
    assert_int_equal(umig_collector_process_stop(p), 0);
    assert_int_not_equal(access(path, F_OK), 0);

    assert_int_equal(rename(aside, path), 0);
    umig_collector_process_start(p);
    assert_true(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "away", text, sizeof text));
    assert_null(strstr(text, "gone or set aside"));
    assert_true(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "later", text, sizeof text));
    assert_null(strstr(text, "gone or set aside"));
    assert_int_equal(umig_collector_process_stop(p), 0);
}

static void test_store_gone_beside_day_files_ends_the_start(void **state)
{
    struct umig_collector_process *p = *state;
    static char text[1 << 20];
    char path[UMIG_STORE_PATH_BYTES];
    char aside[UMIG_STORE_PATH_BYTES];
    int code = 0;
    umig_collector_process_start(p);
    record(p, 63, "kept");
    assert_int_equal(umig_collector_process_stop(p), 0);
    umig_store_main_path(p->data, path);
    snprintf(aside, sizeof aside, "%.4000s.away", path);
    assert_int_equal(rename(path, aside), 0);

    assert_false(umig_collector_process_try_start(p, &code));
    assert_int_equal(code, 3);
    umig_assert_log_has(p, "umig.db is missing and days/ beside it has 1 file that");
    assert_int_not_equal(access(path, F_OK), 0);
    close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    assert_false(umig_collector_process_try_start(p, &code));
    umig_assert_log_has(p, "umig.db is empty and days/");

    assert_int_equal(rename(aside, path), 0);
    umig_collector_process_start(p);
    assert_true(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "kept", text, sizeof text));
    assert_int_equal(umig_collector_process_stop(p), 0);
}

static void test_file_set_aside_is_missed_by_the_sessions_that_were_in_it(void **state)
{
    struct umig_collector_process *p = *state;
    static char text[1 << 20];
    char path[UMIG_STORE_PATH_BYTES];
    const int64_t today = umig_store_day_of(umig_clock_unix_ns());
    umig_store_day_path(p->data, umig_store_file_of(today, 0), path);
    umig_collector_process_start(p);
    record(p, 64, "before");
    assert_int_equal(umig_collector_process_stop(p), 0);
    damage(path);

    umig_collector_process_start(p);
    record(p, 65, "after");
    assert_true(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "after", text, sizeof text));
    assert_null(strstr(text, "gone or set aside"));
    assert_true(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "before", text, sizeof text));
    assert_non_null(strstr(text, "gone or set aside as damaged"));
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
    const int64_t today = umig_store_day_of(umig_clock_unix_ns());
    umig_store_day_path(p->data, umig_store_file_of(today, 0), path);
    umig_collector_process_start(p);
    record(p, 66, "before");
    assert_int_equal(umig_collector_process_stop(p), 0);
    damage(path);

    /* Whoever only reads leaves it as it is. */
    static char text[1 << 20];
    assert_int_equal(read_folder(p, UMIG_QUERY_WRITE_REPORT, text, sizeof text), UMIG_E_DB);
    umig_collector_process_start(p); /* no data comes */
    umig_assert_log_has(p, ".damaged-1");
    assert_int_equal(umig_collector_process_stop(p), 0);
}

/* Sends and asks (which folds) until a day file is there, or is gone. */
static void feed_until(struct umig_emitter *e,
                       const struct umig_collector_process *p,
                       int64_t part,
                       bool is_there)
{
    char path[UMIG_STORE_PATH_BYTES];
    char list[8192];
    const int64_t today = umig_store_day_of(umig_clock_unix_ns());
    umig_store_day_path(p->data, umig_store_file_of(today, part), path);
    for (int i = 0; (access(path, F_OK) == 0) != is_there; i++) {
        assert_true(i < 100);
        umig_emitter_make_batch(e);
        umig_deliver(e, p);
        assert_true(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_SESSIONS, "", list, sizeof list));
    }
}

static void test_data_over_the_size_goes_in_parts_and_the_books_say_so(void **state)
{
    struct umig_collector_process *p = *state;
    p->retain_size_bytes = 256 << 10;
    struct umig_emitter *e = umig_small_emitter(28, "s");
    umig_collector_process_start(p);

    feed_until(e, p, 1, true);
    feed_until(e, p, 0, false);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    assert_int_equal(umig_collector_process_stop(p), 0);

    umig_assert_log_has(p, "retention: dropped 1 day file(s)");
    struct umig_profile *profile = umig_load_only_session(p->data);
    const struct umig_profile_tally *cpu = &profile->tallies[UMIG_KIND_CPU];
    assert_int_equal(cpu->produced, umig_emitter_ledger(e)->produced_value);
    assert_in_range(cpu->stored, 1, cpu->produced - 1);
    umig_profile_destroy(profile);
    umig_emitter_destroy(e);
}

int main(void)
{
#define TEST(name) \
 cmocka_unit_test_setup_teardown(name, umig_collector_set_up, umig_collector_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_second_collector_on_a_folder_is_refused_by_pid),
        TEST(test_folder_that_is_a_file_is_refused_by_name),
        TEST(test_damaged_store_ends_the_start_and_says_what_to_do),
        TEST(test_store_that_is_cut_or_taken_away_ends_the_collector),
        TEST(test_damaged_page_is_told_in_one_line),
        TEST(test_damaged_day_file_is_set_aside_and_a_new_one_begun),
        TEST(test_folder_that_may_not_be_written_is_read),
        TEST(test_log_in_a_folder_that_may_not_be_written_is_told),
        TEST(test_folder_that_may_not_be_entered_is_told_so),
        TEST(test_day_file_that_is_gone_makes_no_whole_report),
        TEST(test_folder_on_a_full_disk_is_told),
        TEST(test_day_file_gone_at_start_keeps_its_sessions),
        TEST(test_store_gone_beside_day_files_ends_the_start),
        TEST(test_file_set_aside_is_missed_by_the_sessions_that_were_in_it),
        TEST(test_damaged_day_file_is_told_at_the_start),
        TEST(test_data_over_the_size_goes_in_parts_and_the_books_say_so),
    };
#undef TEST
    return cmocka_run_group_tests_name("component.collector.folder", tests, NULL, NULL);
}
