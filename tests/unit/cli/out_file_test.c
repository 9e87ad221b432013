#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/out_file.h"
#include "tests/support/test.h"

static char g_dir[64];
static char g_path[80];

static int make_dir(void **state)
{
    (void)state;
    snprintf(g_dir, sizeof g_dir, "/tmp/umig-out-XXXXXX");
    if (mkdtemp(g_dir) == NULL) {
        return -1;
    }
    snprintf(g_path, sizeof g_path, "%s/page", g_dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(g_path);
    return rmdir(g_dir); /* fails if a draft was left behind */
}

static void put(const char *text)
{
    FILE *file = fopen(g_path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void assert_content(const char *want)
{
    char text[64] = "";
    FILE *file = fopen(g_path, "re");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof text - 1, file), strlen(want));
    fclose(file);
    assert_string_equal(text, want);
}

static void test_commit_replaces_the_file_at_once(void **state)
{
    (void)state;
    struct umig_out_file file;
    uint64_t byte_count = 0;
    put("old");

    assert_int_equal(umig_out_file_open(g_path, &file, NULL), UMIG_OK);
    fputs("new page", file.file);
    fflush(file.file);
    assert_content("old");
    assert_int_equal(umig_out_file_commit(&file, &byte_count, NULL), UMIG_OK);

    assert_content("new page");
    assert_int_equal(byte_count, 8);
}

static void test_new_file_has_the_usual_mode(void **state)
{
    (void)state;
    struct umig_out_file file;
    struct stat st;
    uint64_t byte_count = 1;
    const mode_t mask = umask(027);

    assert_int_equal(umig_out_file_open(g_path, &file, NULL), UMIG_OK);
    assert_int_equal(umig_out_file_commit(&file, &byte_count, NULL), UMIG_OK);

    umask(mask);
    assert_int_equal(stat(g_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(byte_count, 0);
}

static void test_abandon_leaves_all_as_it_was(void **state)
{
    (void)state;
    struct umig_out_file file;
    put("old");

    assert_int_equal(umig_out_file_open(g_path, &file, NULL), UMIG_OK);
    fputs("half a pa", file.file);
    umig_out_file_abandon(&file);

    assert_content("old");
}

static void test_device_is_written_to_not_replaced(void **state)
{
    (void)state;
    struct umig_out_file file;
    struct stat st;
    uint64_t byte_count = 0;

    assert_int_equal(umig_out_file_open("/dev/null", &file, NULL), UMIG_OK);
    fputs("gone", file.file);
    assert_int_equal(umig_out_file_commit(&file, &byte_count, NULL), UMIG_OK);

    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

static void test_full_disk_is_a_failure(void **state)
{
    (void)state;
    struct umig_out_file file;
    struct umig_err err = UMIG_ERR_INIT;
    uint64_t byte_count = 0;

    assert_int_equal(umig_out_file_open("/dev/full", &file, NULL), UMIG_OK);
    fputs("too much", file.file);

    assert_int_equal(umig_out_file_commit(&file, &byte_count, &err), UMIG_E_IO);
    assert_string_equal(err.text, "cannot write /dev/full: No space left on device");
}

static void test_missing_folder_is_named(void **state)
{
    (void)state;
    struct umig_out_file file;
    struct umig_err err = UMIG_ERR_INIT;

    assert_int_equal(umig_out_file_open("/no/such/page", &file, &err), UMIG_E_IO);

    assert_string_equal(err.text, "cannot write /no/such/page: No such file or directory");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest out_file_test[] = {
        TEST(test_commit_replaces_the_file_at_once), TEST(test_new_file_has_the_usual_mode),
        TEST(test_abandon_leaves_all_as_it_was),     TEST(test_device_is_written_to_not_replaced),
        TEST(test_full_disk_is_a_failure),           TEST(test_missing_folder_is_named),
    };
    return cmocka_run_group_tests(out_file_test, NULL, NULL);
}
