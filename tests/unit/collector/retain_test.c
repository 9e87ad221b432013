/* Retention over files that only look like days: what goes, what stays. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/store/places.h"
#include "collector/store/store_private.h"
#include "core/clock.h"
#include "tests/support/test.h"
#include "tests/unit/collector/stored.h"

enum {
    TODAY = 20000,
    FILE_BYTES = 1 << 20
};

#define DAY_NS (UINT64_C(86400) * UMIG_NS_PER_S)

static void make_day(const struct stored *f, int64_t day)
{
    char path[UMIG_STORE_PATH_BYTES];
    umig_store_day_path(f->dir, umig_store_file_of(day, 0), path);
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, FILE_BYTES), 0);
    close(fd);
}

static bool has_day(const struct stored *f, int64_t day)
{
    char path[UMIG_STORE_PATH_BYTES];
    umig_store_day_path(f->dir, umig_store_file_of(day, 0), path);
    return access(path, F_OK) == 0;
}

static struct umig_retain_result retain(const struct stored *f,
                                        uint64_t age_ns,
                                        uint64_t size_bytes)
{
    const struct umig_retention retention = {.age_ns = age_ns, .size_bytes = size_bytes};
    struct umig_retain_result result;
    assert_int_equal(umig_folder_retain(f->folder, &retention, TODAY * DAY_NS + 1, &result, NULL),
                     UMIG_OK);
    return result;
}

static void test_retain_by_age_drops_days_that_are_wholly_older(void **state)
{
    const struct stored *f = *state;
    for (int64_t day = TODAY - 4; day <= TODAY; day++) {
        make_day(f, day);
    }

    const struct umig_retain_result result = retain(f, 2 * DAY_NS, 0);

    assert_int_equal(result.files_dropped, 2);
    assert_false(has_day(f, TODAY - 3));
    assert_true(has_day(f, TODAY - 2));
    assert_true(has_day(f, TODAY));
}

static void test_retain_by_size_drops_the_oldest_first(void **state)
{
    const struct stored *f = *state;
    for (int64_t day = TODAY - 4; day <= TODAY; day++) {
        make_day(f, day);
    }

    const struct umig_retain_result result = retain(f, 0, 3 * FILE_BYTES + FILE_BYTES / 2);

    assert_int_equal(result.files_dropped, 2);
    assert_int_equal(result.dropped_file, umig_store_file_of(TODAY - 3, 0));
    assert_true(result.bytes_left <= 3 * FILE_BYTES + FILE_BYTES / 2);
    assert_false(has_day(f, TODAY - 3));
    assert_true(has_day(f, TODAY - 2));
    assert_false(result.is_over_size);
}

static void test_retain_keeps_the_newest_and_says_that_it_is_over(void **state)
{
    const struct stored *f = *state;
    make_day(f, TODAY - 1);
    make_day(f, TODAY);

    const struct umig_retain_result result = retain(f, 0, 1000);

    assert_int_equal(result.files_dropped, 1);
    assert_true(has_day(f, TODAY));
    assert_true(result.is_over_size);
    assert_int_equal(result.full_file, umig_store_file_of(TODAY, 0));
}

static void test_retain_by_age_drops_the_newest_too(void **state)
{
    const struct stored *f = *state;
    make_day(f, TODAY - 9);

    const struct umig_retain_result result = retain(f, 2 * DAY_NS, 100 * FILE_BYTES);

    assert_int_equal(result.files_dropped, 1);
    assert_false(result.is_over_size);
    assert_int_equal(result.full_file, -1);
}

/* A session that ended, with data in one file, of a stream that was heard last at a time. */
static void put_session(const struct stored *f, int64_t key, int64_t file)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "INSERT INTO sessions(id, stream, number, name, uid, start_unix_ns, last_unix_ns,"
             " end_reason, start, hello) VALUES(%d, 1, %d, 's', 0, 1, 1, 1, x'', x'');"
             "INSERT INTO session_days(day, session) VALUES(%lld, %d);",
             (int)key, (int)key, (long long)file, (int)key);
    assert_int_equal(umig_db_exec(&f->store->main, sql, NULL), UMIG_OK);
}

static int64_t count_sessions(const struct stored *f)
{
    int64_t count = 0;
    assert_int_equal(umig_db_number(&f->store->main, "SELECT count(*) FROM sessions", &count, NULL),
                     UMIG_OK);
    return count;
}

static void test_store_forgets_what_was_dropped_and_not_what_is_missing(void **state)
{
    const struct stored *f = *state;
    struct umig_missing_files missing;
    put_session(f, 1, umig_store_file_of(TODAY - 9, 0));
    put_session(f, 2, umig_store_file_of(TODAY - 2, 0));
    put_session(f, 3, umig_store_file_of(TODAY - 2, 1));
    put_session(f, 4, umig_store_file_of(TODAY - 1, 0));
    make_day(f, TODAY - 1);

    assert_int_equal(umig_store_missing_files(f->store, (TODAY - 3) * DAY_NS, &missing, NULL),
                     UMIG_OK);
    assert_int_equal(missing.count, 2);
    assert_int_equal(missing.first, umig_store_file_of(TODAY - 2, 0));
    assert_int_equal(missing.first_sessions, 1);
    assert_int_equal(missing.last, umig_store_file_of(TODAY - 2, 1));
    assert_int_equal(umig_store_forget_dropped(f->store, -1, 0, NULL), UMIG_OK);
    assert_int_equal(count_sessions(f), 4);
    assert_int_equal(umig_store_forget_dropped(f->store, -1, (TODAY - 3) * DAY_NS, NULL), UMIG_OK);
    assert_int_equal(count_sessions(f), 3); /* by age */
    assert_int_equal(umig_store_forget_dropped(f->store, umig_store_file_of(TODAY - 2, 0), 0, NULL),
                     UMIG_OK);
    assert_int_equal(count_sessions(f), 2);
}

static void test_store_begins_a_part_once_and_a_day_at_part_0(void **state)
{
    const struct stored *f = *state;
    const uint64_t now_ns = TODAY * DAY_NS;

    assert_int_equal(umig_store_file_at(f->store, now_ns), umig_store_file_of(TODAY, 0));
    umig_store_begin_part(f->store, umig_store_file_of(TODAY, 0));
    umig_store_begin_part(f->store, umig_store_file_of(TODAY, 0));
    assert_int_equal(umig_store_file_at(f->store, now_ns), umig_store_file_of(TODAY, 1));
    umig_store_begin_part(f->store, -1);
    assert_int_equal(umig_store_file_at(f->store, now_ns), umig_store_file_of(TODAY, 1));
    assert_int_equal(umig_store_file_at(f->store, now_ns + DAY_NS),
                     umig_store_file_of(TODAY + 1, 0));
}

static void test_day_names_round_trip_and_others_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "2024-02-30.db",           "2024-1-1.db",     "2024-01-01.db-wal", "x",
        "2024-01-01.db.damaged-1", "2024-01-01.0.db", "2024-01-01.07.db",  "2024-01-01.1000.db"};
    char path[UMIG_STORE_PATH_BYTES];
    int64_t file = 0;

    assert_true(umig_store_day_parse("2024-10-04.db", &file));
    assert_int_equal(file, umig_store_file_of(20000, 0));
    assert_true(umig_store_day_parse("2024-10-04.12.db", &file));
    assert_int_equal(file, umig_store_file_of(20000, 12));
    umig_store_day_path("/d", file, path);
    assert_string_equal(path, "/d/days/2024-10-04.12.db");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(umig_store_day_parse(bad[i], &file));
    }
    assert_int_equal(umig_store_day_of(TODAY * DAY_NS - 1), TODAY - 1);
    assert_int_equal(umig_store_day_of(TODAY * DAY_NS), TODAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_retain_by_age_drops_days_that_are_wholly_older,
                                        stored_set_up, stored_tear_down),
        cmocka_unit_test_setup_teardown(test_retain_by_size_drops_the_oldest_first, stored_set_up,
                                        stored_tear_down),
        cmocka_unit_test_setup_teardown(test_retain_keeps_the_newest_and_says_that_it_is_over,
                                        stored_set_up, stored_tear_down),
        cmocka_unit_test_setup_teardown(test_retain_by_age_drops_the_newest_too, stored_set_up,
                                        stored_tear_down),
        cmocka_unit_test_setup_teardown(test_store_forgets_what_was_dropped_and_not_what_is_missing,
                                        stored_set_up, stored_tear_down),
        cmocka_unit_test_setup_teardown(test_store_begins_a_part_once_and_a_day_at_part_0,
                                        stored_set_up, stored_tear_down),
        cmocka_unit_test(test_day_names_round_trip_and_others_are_refused),
    };
    return cmocka_run_group_tests_name("unit.collector.retain", tests, NULL, NULL);
}
