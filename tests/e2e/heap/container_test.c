/* umig heap of JVMs in containers: from outside, as umig attach; FILE is the container's. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/e2e/attach/container.h"
#include "tests/e2e/bad_input/outcome.h"
#include "tests/support/test.h"

enum {
    FAILURE = 3,
    USER_OUTSIDE = 100005 /* user 5 inside (container.c) */
};

static struct outcome g_outcome;
static struct container g_container;

static void heap(struct umig_rig *rig, const char *word, const char *rest)
{
    run_program(rig, &g_outcome, "cd /tmp; " UMIG_COMMAND " heap %s %d %s", word,
                (int)g_container.jvm, rest);
    assert_false(container_has(&g_container, ".attach_pid"));
    assert_false(container_has(&g_container, ".umig-heap"));
    assert_int_equal(kill(g_container.jvm, 0), 0);
}

static void expect(int code, const char *text)
{
    const char *all = code == 0 ? g_outcome.out : g_outcome.err;
    if (g_outcome.code != code || strstr(all, text) == NULL) {
        fail_msg("not exit code %d and \"%s\" but %d: %s%s", code, text, g_outcome.code,
                 g_outcome.out, g_outcome.err);
    }
}

/* An absolute link is the container's, too: it leads nowhere here. */
static void follow_link(struct umig_rig *rig)
{
    char path[96];
    char text[160];
    const int pid = (int)g_container.jvm;
    snprintf(path, sizeof path, "/proc/%d/root/tmp/away", pid);
    assert_int_equal(symlink("/tmp", path), 0);
    heap(rig, "dump", "-o /tmp/away/y.hprof");
    snprintf(text, sizeof text, "From here it is /proc/%d/root/tmp/y.hprof.", pid);
    expect(0, text);
    assert_true(container_has(&g_container, "y.hprof"));
    assert_int_not_equal(access("/tmp/y.hprof", F_OK), 0);
}

static void use_container(struct umig_rig *rig, bool maps_users)
{
    char path[96];
    char text[160];
    struct stat st;
    container_start(rig, &(struct container_plan){.maps_users = maps_users}, &g_container);
    heap(rig, "histogram", "--top 3");
    expect(0, "Live objects of Wait (pid ");
    heap(rig, "dump", "-o /tmp/x.hprof");
    snprintf(path, sizeof path, "/proc/%d/root/tmp/x.hprof", (int)g_container.jvm);
    snprintf(text, sizeof text, "From here it is %s.", path);
    expect(0, text);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_uid, maps_users ? USER_OUTSIDE : 0);
    assert_true(st.st_size > 100000);

    heap(rig, "dump", "-o x.hprof");
    expect(2, "in a container, sees another ");
    snprintf(text, sizeof text, "-o %s/x.hprof", rig->dir);
    heap(rig, "dump", text);
    snprintf(text, sizeof text, "in a container, has no folder %s: FILE is a path as", rig->dir);
    expect(FAILURE, text);
    if (!maps_users) { /* root of this side is nobody there, and makes nothing */
        follow_link(rig);
    }
    container_stop(&g_container);
}

static void use_containers(struct umig_rig *rig)
{
    use_container(rig, false);
    if (container_may_be(true)) {
        use_container(rig, true);
    } else {
        print_message("skipped: no users are mapped here (in no chroot are they)\n");
    }
}

static void test_heaps_in_containers_are_seen_from_outside(void **state)
{
    (void)state;
    if (geteuid() != 0 || !container_may_be(false)) {
        print_message("skipped: namespaces are made by root, and not in a chroot\n");
        skip();
    }
    umig_rig_each_jdk(use_containers);
}

static int stop_all(void **state)
{
    container_stop(&g_container);
    return umig_rig_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_heaps_in_containers_are_seen_from_outside, stop_all),
    };
    return cmocka_run_group_tests_name("e2e.heap.container", tests, compile_programs,
                                       remove_programs);
}
