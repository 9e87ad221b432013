/* Quotas of control groups, by folders as the kernel shows them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/cpu_limit.h"
#include "tests/support/test.h"
#include "tests/support/tree.h"

struct fixture {
    char dir[64];
    char membership[96];
    struct umig_cpu_limit_places places;
};

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    snprintf(fx->dir, sizeof fx->dir, "/tmp/umig-test-XXXXXX");
    assert_non_null(mkdtemp(fx->dir));
    snprintf(fx->membership, sizeof fx->membership, "%s/cgroup", fx->dir);
    fx->places = (struct umig_cpu_limit_places){fx->membership, fx->dir};
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    umig_tree_remove(fx->dir);
    free(fx);
    return 0;
}

/* Writes a file below the folder, making the folders on its way. */
static void put(struct fixture *fx, const char *path, const char *text)
{
    char full[256];
    snprintf(full, sizeof full, "%s/%s", fx->dir, path);
    for (char *at = strchr(full + strlen(fx->dir) + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        (void)mkdir(full, 0700);
        *at = '/';
    }
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_cpu_quota_is_the_least_on_the_way_up(void **state)
{
    struct fixture *fx = *state;
    put(fx, "cgroup", "0::/a/b/c\n");
    put(fx, "a/b/c/cpu.max", "max 100000\n");
    put(fx, "a/b/cpu.max", "150000 100000\n");
    put(fx, "a/cpu.max", "400000 100000\n");

    assert_int_equal(umig_cpu_quota(&fx->places), 1500);
    assert_in_range(umig_cpu_limit(&fx->places), 1000, 1500);
}

/* A container sees its own group as the root, whatever its membership says. */
static void test_cpu_quota_is_found_at_the_root_of_a_container(void **state)
{
    struct fixture *fx = *state;
    put(fx, "cgroup", "0::/docker/0123456789abcdef\n");
    put(fx, "cpu.max", "50000 100000\n");

    assert_int_equal(umig_cpu_quota(&fx->places), 500);
}

static void test_cpu_quota_of_version_1(void **state)
{
    struct fixture *fx = *state;
    put(fx, "cgroup", "5:memory:/x\n4:cpuset:/y\n3:cpu,cpuacct:/a/b\n0::/\n");
    put(fx, "cpu/a/b/cpu.cfs_quota_us", "-1\n");
    put(fx, "cpu/a/b/cpu.cfs_period_us", "100000\n");
    put(fx, "cpu/a/cpu.cfs_quota_us", "250000\n");
    put(fx, "cpu/a/cpu.cfs_period_us", "100000\n");

    assert_int_equal(umig_cpu_quota(&fx->places), 2500);
}

static void test_cpu_quota_without_any_is_unlimited(void **state)
{
    struct fixture *fx = *state;
    assert_int_equal(umig_cpu_quota(&fx->places), UINT64_MAX);
    put(fx, "cgroup", "nonsense\n0::/a\n3:cpu:/a\n:::\n");
    put(fx, "a/cpu.max", "nonsense\n");
    put(fx, "cpu/a/cpu.cfs_quota_us", "0\n");

    assert_int_equal(umig_cpu_quota(&fx->places), UINT64_MAX);
    assert_in_range(umig_cpu_limit(&fx->places), 1000, 1000 * 4096);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_cpu_quota_is_the_least_on_the_way_up),
        TEST(test_cpu_quota_is_found_at_the_root_of_a_container),
        TEST(test_cpu_quota_of_version_1),
        TEST(test_cpu_quota_without_any_is_unlimited),
    };
    return cmocka_run_group_tests_name("cpu_limit", tests, NULL, NULL);
}
