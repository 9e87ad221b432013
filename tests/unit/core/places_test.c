#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/places.h"
#include "tests/support/test.h"

static char g_dir[64]; /* a fresh folder for each test */

static int make_dir(void **state)
{
    (void)state;
    snprintf(g_dir, sizeof g_dir, "/tmp/umig-places-XXXXXX");
    unsetenv("UMIG_RUNTIME_DIR");
    unsetenv("UMIG_DATA_DIR");
    unsetenv("XDG_DATA_HOME");
    return mkdtemp(g_dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    char path[128];
    static const char *const names[] = {"run", "link"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", g_dir, names[i]);
        remove(path);
    }
    return rmdir(g_dir);
}

static struct umig_places places_in(const char *name)
{
    struct umig_places places = {.uid = geteuid()};
    snprintf(places.runtime_dir, sizeof places.runtime_dir, "%s/%s", g_dir, name);
    return places;
}

static void test_read_without_environment_takes_tmp_by_uid(void **state)
{
    (void)state;
    struct umig_places places;
    char want[64];
    snprintf(want, sizeof want, "/tmp/umig-%u", (unsigned)geteuid());

    assert_int_equal(umig_places_read(&places, NULL), UMIG_OK);

    assert_string_equal(places.runtime_dir, want);
    assert_false(places.is_runtime_dir_given);
    assert_int_equal(places.uid, geteuid());
}

static void test_read_takes_given_folders(void **state)
{
    (void)state;
    struct umig_places places;
    setenv("UMIG_RUNTIME_DIR", g_dir, 1);
    setenv("UMIG_DATA_DIR", "/data/here", 1);

    assert_int_equal(umig_places_read(&places, NULL), UMIG_OK);

    assert_string_equal(places.runtime_dir, g_dir);
    assert_true(places.is_runtime_dir_given);
    assert_string_equal(places.data_dir, "/data/here");
}

static void test_read_refuses_a_folder_too_long_for_sockets(void **state)
{
    (void)state;
    struct umig_places places;
    struct umig_err err = UMIG_ERR_INIT;
    char longer[200];
    memset(longer, 'x', sizeof longer - 1);
    longer[0] = '/';
    longer[sizeof longer - 1] = '\0';
    setenv("UMIG_RUNTIME_DIR", longer, 1);

    assert_int_equal(umig_places_read(&places, &err), UMIG_E_ARG);

    assert_string_equal(err.text, "UMIG_RUNTIME_DIR is 199 bytes long; sockets need at most 88");
}

static void test_read_refuses_a_folder_that_depends_on_where_one_stands(void **state)
{
    (void)state;
    struct umig_places places;
    struct umig_err err = UMIG_ERR_INIT;
    setenv("UMIG_RUNTIME_DIR", "run/umig", 1);

    assert_int_equal(umig_places_read(&places, &err), UMIG_E_ARG);

    assert_non_null(strstr(err.text, "UMIG_RUNTIME_DIR is 'run/umig': it must begin with '/'"));
}

static void test_longest_folder_holds_every_agent_socket(void **state)
{
    (void)state;
    struct umig_places places;
    char path[UMIG_SOCKET_PATH_BYTES];
    char longest[89];
    memset(longest, 'x', sizeof longest - 1);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    setenv("UMIG_RUNTIME_DIR", longest, 1);

    assert_int_equal(umig_places_read(&places, NULL), UMIG_OK);

    assert_int_equal(umig_places_agent_socket(&places, 4194304, path, NULL), UMIG_OK);
    assert_non_null(strstr(path, "/agent-4194304.sock"));
    assert_int_equal(umig_places_collector_socket(&places, path, NULL), UMIG_OK);
    assert_non_null(strstr(path, "/collector.sock"));
}

static void test_make_creates_closed_folder_and_takes_it_again(void **state)
{
    (void)state;
    const struct umig_places places = places_in("run");
    struct stat st;

    assert_int_equal(umig_places_make_runtime_dir(&places, NULL), UMIG_OK);
    assert_int_equal(umig_places_make_runtime_dir(&places, NULL), UMIG_OK);

    assert_int_equal(lstat(places.runtime_dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void test_make_refuses_a_folder_open_to_others(void **state)
{
    (void)state;
    const struct umig_places places = places_in("run");
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(mkdir(places.runtime_dir, 0700), 0);
    assert_int_equal(chmod(places.runtime_dir, 0777), 0);

    assert_int_equal(umig_places_make_runtime_dir(&places, &err), UMIG_E_DENIED);

    assert_non_null(strstr(err.text, "mode 777"));
    assert_non_null(strstr(err.text, places.runtime_dir));
}

static void test_make_refuses_a_link(void **state)
{
    (void)state;
    const struct umig_places places = places_in("link");
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(symlink(g_dir, places.runtime_dir), 0);

    assert_int_equal(umig_places_make_runtime_dir(&places, &err), UMIG_E_DENIED);

    assert_non_null(strstr(err.text, "is a symbolic link of user "));
    assert_non_null(strstr(err.text, "name the folder itself by UMIG_RUNTIME_DIR"));
}

static void test_make_follows_a_link_that_the_environment_names(void **state)
{
    (void)state;
    struct umig_places places = places_in("link");
    struct umig_err err = UMIG_ERR_INIT;
    char folder[128];
    places.is_runtime_dir_given = true;
    snprintf(folder, sizeof folder, "%s/run", g_dir);
    assert_int_equal(symlink(folder, places.runtime_dir), 0);

    assert_int_equal(umig_places_make_runtime_dir(&places, &err), UMIG_E_IO);
    assert_non_null(strstr(err.text, "what it leads to cannot be read: No such file"));

    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(umig_places_make_runtime_dir(&places, NULL), UMIG_OK);

    assert_int_equal(chmod(folder, 0777), 0);
    assert_int_equal(umig_places_make_runtime_dir(&places, &err), UMIG_E_DENIED);
    assert_non_null(strstr(err.text, "mode 777"));
}

static void test_make_refuses_a_folder_of_another_user(void **state)
{
    (void)state;
    struct umig_places places = places_in("run");
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(mkdir(places.runtime_dir, 0700), 0);
    places.uid = geteuid() + 1;

    assert_int_equal(umig_places_make_runtime_dir(&places, &err), UMIG_E_DENIED);

    assert_non_null(strstr(err.text, "belongs to user"));
}

static void test_make_names_a_missing_parent(void **state)
{
    (void)state;
    const struct umig_places places = places_in("no/such");
    struct umig_err err = UMIG_ERR_INIT;

    assert_int_equal(umig_places_make_runtime_dir(&places, &err), UMIG_E_IO);

    assert_non_null(strstr(err.text, places.runtime_dir));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest places_test[] = {
        TEST(test_read_without_environment_takes_tmp_by_uid),
        TEST(test_read_takes_given_folders),
        TEST(test_read_refuses_a_folder_too_long_for_sockets),
        TEST(test_read_refuses_a_folder_that_depends_on_where_one_stands),
        TEST(test_longest_folder_holds_every_agent_socket),
        TEST(test_make_creates_closed_folder_and_takes_it_again),
        TEST(test_make_refuses_a_folder_open_to_others),
        TEST(test_make_refuses_a_link),
        TEST(test_make_follows_a_link_that_the_environment_names),
        TEST(test_make_refuses_a_folder_of_another_user),
        TEST(test_make_names_a_missing_parent),
    };
    return cmocka_run_group_tests(places_test, NULL, NULL);
}
