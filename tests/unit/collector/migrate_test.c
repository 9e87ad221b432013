/* Day files that an older umig wrote: each schema there ever was becomes the newest one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/store/places.h"
#include "collector/store/schema.h"
#include "collector/store/store.h"
#include "core/err.h"
#include "tests/support/test.h"
#include "tests/unit/collector/stored.h"

enum {
    FILE_NUMBER = 20000000,
    SQL_BYTES = 1 << 16
};

/* Makes the file of a day as that schema had it. */
static void make_day(const char *path, int version)
{
    static char sql[SQL_BYTES];
    char name[512];
    sqlite3 *db = NULL;
    snprintf(name, sizeof name, "%s/day-%d.sql", UMIG_TEST_STORES, version);
    FILE *file = fopen(name, "re");
    assert_non_null(file);
    const size_t len = fread(sql, 1, sizeof sql - 1, file);
    fclose(file);
    sql[len] = '\0';
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Opens as a report does. */
static int open_view(const char *path, struct umig_db *db, struct umig_err *err)
{
    return umig_db_open(db, path, UMIG_DB_READ, &umig_view_schema, err);
}

static void test_every_older_day_file_becomes_the_newest(void **state)
{
    const struct stored *f = *state;
    assert_true(umig_day_schema.migration_count > 1);
    for (int version = 1; version < umig_day_schema.migration_count; version++) {
        struct umig_err err = UMIG_ERR_INIT;
        struct umig_db db;
        char path[UMIG_STORE_PATH_BYTES];
        int64_t found = 0;
        umig_store_day_path(f->dir, FILE_NUMBER + version, path);
        make_day(path, version);

        assert_int_equal(open_view(path, &db, &err), UMIG_E_UNSUPPORTED);
        assert_non_null(strstr(err.text, "older umig"));
        umig_db_close(&db);
        assert_int_equal(umig_folder_migrate(f->folder, &err), UMIG_OK);

        assert_int_equal(open_view(path, &db, &err), UMIG_OK);
        assert_int_equal(
            umig_db_number(&db, "SELECT count(*) FROM strings WHERE text='kept'", &found, NULL),
            UMIG_OK);
        assert_int_equal(found, 1);
        umig_db_close(&db);
    }
}

/* One that cannot be done does not keep the others old. */
static void test_migrate_leaves_a_damaged_day_file_where_it_is(void **state)
{
    const struct stored *f = *state;
    struct umig_db db;
    char damaged[UMIG_STORE_PATH_BYTES];
    char old[UMIG_STORE_PATH_BYTES];
    umig_store_day_path(f->dir, FILE_NUMBER, damaged);
    umig_store_day_path(f->dir, FILE_NUMBER + 1, old);
    FILE *file = fopen(damaged, "we");
    assert_non_null(file);
    for (int i = 0; i < 1024; i++) {
        fputs("this is no database", file);
    }
    fclose(file);
    make_day(old, 1);

    assert_int_equal(umig_folder_migrate(f->folder, NULL), UMIG_OK);

    assert_int_equal(access(damaged, F_OK), 0);
    assert_int_equal(open_view(old, &db, NULL), UMIG_OK);
    umig_db_close(&db);
}

/* Nothing is what a file has that was cut to nothing: filled in, it would look like a day of it. */
static void test_migrate_leaves_an_empty_day_file_empty(void **state)
{
    const struct stored *f = *state;
    struct umig_db db;
    struct umig_err err = UMIG_ERR_INIT;
    char empty[UMIG_STORE_PATH_BYTES];
    umig_store_day_path(f->dir, FILE_NUMBER, empty);
    FILE *file = fopen(empty, "we");
    assert_non_null(file);
    fclose(file);

    assert_int_equal(umig_folder_migrate(f->folder, NULL), UMIG_OK);

    assert_int_equal(open_view(empty, &db, &err), UMIG_E_DB);
    assert_non_null(strstr(err.text, "is empty"));
    assert_true(umig_db_is_damaged(&err));
    umig_db_close(&db);
}

/* A folder of a newer umig: its files are refused by name, and left as they are. */
static void test_migrate_tells_a_newer_day_file(void **state)
{
    const struct stored *f = *state;
    struct umig_err err = UMIG_ERR_INIT;
    char newer[UMIG_STORE_PATH_BYTES];
    sqlite3 *db = NULL;
    umig_store_day_path(f->dir, FILE_NUMBER, newer);
    make_day(newer, 1);
    assert_int_equal(sqlite3_open(newer, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=1000", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);

    assert_int_equal(umig_folder_migrate(f->folder, &err), UMIG_E_UNSUPPORTED);

    assert_non_null(strstr(err.text, newer));
    assert_non_null(strstr(err.text, "newer umig"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_older_day_file_becomes_the_newest, stored_set_up,
                                        stored_tear_down),
        cmocka_unit_test_setup_teardown(test_migrate_leaves_a_damaged_day_file_where_it_is,
                                        stored_set_up, stored_tear_down),
        cmocka_unit_test_setup_teardown(test_migrate_leaves_an_empty_day_file_empty, stored_set_up,
                                        stored_tear_down),
        cmocka_unit_test_setup_teardown(test_migrate_tells_a_newer_day_file, stored_set_up,
                                        stored_tear_down),
    };
    return cmocka_run_group_tests_name("unit.collector.migrate", tests, NULL, NULL);
}
