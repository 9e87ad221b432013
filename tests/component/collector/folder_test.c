/* Trouble with a data folder: taken, not to be written, gone in part, too large. */
#include <fcntl.h>
#include <ftw.h>
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

    assert_int_equal(umig_read_folder(p, UMIG_QUERY_WRITE_REPORT, text, sizeof text), UMIG_E_IO);
    assert_non_null(strstr(text, path));
    assert_non_null(strstr(text, " is gone"));
    assert_int_equal(umig_read_folder(p, UMIG_QUERY_LIST_SESSIONS, text, sizeof text), UMIG_OK);
    assert_non_null(strstr(text, "data missing"));

    assert_int_equal(rename(aside, path), 0);
    assert_int_equal(umig_read_folder(p, UMIG_QUERY_WRITE_REPORT, text, sizeof text), UMIG_OK);
    assert_null(strstr(text, "gone or set aside"));
}

static void test_day_file_gone_at_start_keeps_its_sessions(void **state)
{
    struct umig_collector_process *p = *state;
    static char text[1 << 20];
    char path[UMIG_STORE_PATH_BYTES];
    char aside[UMIG_STORE_PATH_BYTES];
    const int64_t today = umig_store_day_of(umig_clock_unix_ns());
    umig_collector_process_start(p);
    umig_record_session(p, 61, "away");
    assert_int_equal(umig_collector_process_stop(p), 0);
    umig_store_day_path(p->data, umig_store_file_of(today, 0), path);
    snprintf(aside, sizeof aside, "%.4000s.away", path);
    assert_int_equal(rename(path, aside), 0);

    umig_collector_process_start(p);
    umig_assert_log_has(p, path);
    umig_assert_log_has(p, " is gone with data of 1 session; ");
    assert_false(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "away", text, sizeof text));
    assert_non_null(strstr(text, " is gone"));
    umig_record_session(p, 62, "later"); /* not into a file of that name */
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
    umig_record_session(p, 63, "kept");
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
        TEST(test_folder_that_may_not_be_written_is_read),
        TEST(test_log_in_a_folder_that_may_not_be_written_is_told),
        TEST(test_folder_that_may_not_be_entered_is_told_so),
        TEST(test_day_file_that_is_gone_makes_no_whole_report),
        TEST(test_day_file_gone_at_start_keeps_its_sessions),
        TEST(test_store_gone_beside_day_files_ends_the_start),
        TEST(test_data_over_the_size_goes_in_parts_and_the_books_say_so),
    };
#undef TEST
    return cmocka_run_group_tests_name("component.collector.folder", tests, NULL, NULL);
}
