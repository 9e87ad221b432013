/*
 * umig heap dump of JVMs that hold known numbers of objects: read back by VisualVM's library;
 * refused where it cannot be; and gone without a trace where it is interrupted or the disk is full.
 */
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/e2e/bad_input/outcome.h"
#include "tests/support/jvm.h"
#include "tests/support/test.h"

enum {
    COINS = 12345,
    FAILURE = 3,
    BALLAST = 300, /* MiB: what is interrupted must last */
    TRIES = 20
};

#define DUMP UMIG_COMMAND " heap dump %d "

static struct outcome g_outcome;
static char g_mount[96]; /* "": none */

static void start(struct umig_rig *rig, const char *ballast)
{
    char words[128];
    snprintf(words, sizeof words, "-XX:+UseSerialGC -Xmn64m -Xmx600m -cp @java Coins %s", ballast);
    umig_rig_start_jvm(rig, NULL, words);
}

static void expect(int code, const char *text)
{
    const char *all = code == 0 ? g_outcome.out : g_outcome.err;
    if (g_outcome.code != code || strstr(all, text) == NULL) {
        fail_msg("not exit code %d and \"%s\" but %d: %s%s", code, text, g_outcome.code,
                 g_outcome.out, g_outcome.err);
    }
}

/* Is there something whose name begins so in a folder? */
static bool has_file(const char *folder, const char *beginning)
{
    DIR *dir = opendir(folder);
    bool is_there = false;
    assert_non_null(dir);
    for (struct dirent *it = NULL; (it = readdir(dir)) != NULL;) {
        is_there = is_there || strncmp(it->d_name, beginning, strlen(beginning)) == 0;
    }
    closedir(dir);
    return is_there;
}

static void expect_no_trace(const char *folder, int pid)
{
    char name[64];
    assert_false(has_file(folder, ".umig-heap"));
    assert_false(has_file(folder, "x.hprof"));
    snprintf(name, sizeof name, ".attach_pid%d", pid);
    assert_false(has_file("/tmp", name));
}

/* --- what is dumped can be read --- */

static void read_back(struct umig_rig *rig, const char *file)
{
    run_program(rig, &g_outcome,
                "%s/bin/java -Djava.io.tmpdir=%s -cp " UMIG_E2E_PROGRAMS "/hprof:" UMIG_E2E_PROGRAMS
                "/lib/hprof/'*' ReadDump %s/%s Coins\\$Coin Coins\\$Husk",
                rig->jdk.home, rig->dir, rig->dir, file);
    assert_int_equal(g_outcome.code, 0);
    json_t *counts = json_loads(g_outcome.out, 0, NULL);
    assert_non_null(counts);
    assert_true(umig_json_number_at(counts, "Coins$Coin") == COINS);
    assert_true(umig_json_number_at(counts, "Coins$Husk") <= 0);
    json_decref(counts);
}

static void expect_file(struct umig_rig *rig, const char *file, off_t least_bytes)
{
    char path[96];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", rig->dir, file);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_uid, geteuid());
    assert_true(st.st_size > least_bytes);
    assert_false(has_file(rig->dir, ".umig-heap"));
}

static void dump_and_read(struct umig_rig *rig)
{
    const int pid = (int)rig->jvm.pid;
    run_program(rig, &g_outcome, "cd %s && " DUMP "-o x.hprof", rig->dir, pid);
    expect(0, "/x.hprof, for ");
    expect(0, "the JVM stood still for ");
    expect_file(rig, "x.hprof", COINS * 24);
    read_back(rig, "x.hprof");

    run_program(rig, &g_outcome, DUMP "-o %s/x.hprof", pid, rig->dir);
    expect(FAILURE, "x.hprof is there: choose another name, or --overwrite");
    run_program(rig, &g_outcome, "echo old > %s/y.hprof; " DUMP "-o %s/y.hprof --overwrite",
                rig->dir, pid, rig->dir);
    expect(0, "y.hprof");
    expect_file(rig, "y.hprof", COINS * 24);

    run_program(rig, &g_outcome,
                DUMP "-o %s/z.hprof.gz --gzip 1 && gzip -dc %s/z.hprof.gz > %s/z.hprof", pid,
                rig->dir, rig->dir, rig->dir);
    expect(0, "z.hprof.gz");
    expect_file(rig, "z.hprof.gz", 1000);
    read_back(rig, "z.hprof");
}

/* --- what cannot be dumped --- */

static void refuse_folders(struct umig_rig *rig)
{
    const int pid = (int)rig->jvm.pid;
    run_program(rig, &g_outcome, DUMP "-o /no/such/x.hprof", pid);
    expect(FAILURE, "the folder /no/such of JVM ");
    run_program(rig, &g_outcome, DUMP "-o /proc/x.hprof --force", pid);
    expect(FAILURE, " cannot write to /proc/: ");
}

#define HEAP_DUMP UMIG_COMMAND " heap dump $jvm -o "

/* Root dumps the JVM of another user, which may not write where only root may. */
static void dump_as_root(struct umig_rig *rig)
{
    const char *dir = rig->dir;
    run_program(
        rig, &g_outcome,
        "mkdir -m 700 %s/closed; mkdir -m 777 %s/open; chmod 755 %s %s; cd /; "
        "%ssetpriv --reuid 65534 --regid 65534 --clear-groups %s/bin/java "
        "-XX:+UseSerialGC -Xmx32m -cp %s Wait > %s/said & jvm=$!; "
        "trap 'kill -9 $jvm' EXIT; until grep -qs ready %s/said; do kill -0 $jvm || exit 9; "
        "sleep 0.01; done; " HEAP_DUMP "%s/closed/x.hprof; test $? = 3 && " HEAP_DUMP
        "%s/open/x.hprof && stat -c 'is %%u %%a' %s/open/x.hprof && "
        "test -z \"$(ls -A %s/closed)\"",
        dir, dir, dir, programs_path(), UMIG_JAVA_ENV, rig->jdk.home, programs_path(), dir, dir,
        dir, dir, dir, dir);
    expect(0, "is 65534 600");
    assert_non_null(strstr(g_outcome.err, "may not write to "));
}

/* The JVM's own limit for files is one of the ways in which there may be no room. */
static void fill_limit(struct umig_rig *rig)
{
    const int pid = (int)rig->jvm.pid;
    struct rlimit limit;
    assert_int_equal(prlimit(pid, RLIMIT_FSIZE, NULL, &limit), 0);
    const struct rlimit small = {.rlim_cur = 256 << 10, .rlim_max = limit.rlim_max};
    assert_int_equal(prlimit(pid, RLIMIT_FSIZE, &small, NULL), 0);
    run_program(rig, &g_outcome, DUMP "-o %s/x.hprof", pid, rig->dir);
    expect(FAILURE, "the JVM's limit for files (ulimit -f) is 256.0 KiB");
    assert_non_null(strstr(g_outcome.err, "a dump needs about "));
    expect_no_trace(rig->dir, pid);
    run_program(rig, &g_outcome, DUMP "-o %s/x.hprof --force", pid, rig->dir);
    expect(FAILURE, "could not write the dump: ");
    expect_no_trace(rig->dir, pid);
    assert_int_equal(prlimit(pid, RLIMIT_FSIZE, &limit, NULL), 0);
    run_program(rig, &g_outcome, DUMP "-o %s/x.hprof", pid, rig->dir);
    expect(0, "x.hprof");
}

static void fill_disk(struct umig_rig *rig)
{
    const int pid = (int)rig->jvm.pid;
    snprintf(g_mount, sizeof g_mount, "%s/small", rig->dir);
    assert_int_equal(mkdir(g_mount, 0700), 0);
    if (mount("none", g_mount, "tmpfs", 0, "size=256k,mode=700") != 0) {
        print_message("skipped: no file system may be mounted here\n");
        g_mount[0] = '\0';
        return;
    }
    run_program(rig, &g_outcome, DUMP "-o %s/x.hprof", pid, g_mount);
    expect(FAILURE, "and the free space there is 2");
    expect_no_trace(g_mount, pid);
    run_program(rig, &g_outcome, DUMP "-o %s/x.hprof --force", pid, g_mount);
    expect(FAILURE, "could not write the dump: ");
    expect_no_trace(g_mount, pid);
    run_program(rig, &g_outcome, UMIG_COMMAND " heap histogram %d --top 1", pid);
    expect(0, "Live objects of Coins (pid ");
    assert_int_equal(umount(g_mount), 0);
    g_mount[0] = '\0';
}

/* --- interrupted --- */

/* Waits until the JVM has written something of a dump; false: it is over. */
static bool await_dump(const char *folder, pid_t command)
{
    for (;;) {
        DIR *dir = opendir(folder);
        assert_non_null(dir);
        for (struct dirent *it = NULL; (it = readdir(dir)) != NULL;) {
            char path[512];
            struct stat st;
            snprintf(path, sizeof path, "%s/%.200s/heap.hprof", folder, it->d_name);
            if (strncmp(it->d_name, ".umig-heap", 10) == 0 && stat(path, &st) == 0) {
                closedir(dir);
                return true;
            }
        }
        closedir(dir);
        siginfo_t info = {.si_pid = 0};
        if (waitid(P_PID, (id_t)command, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            info.si_pid != 0) {
            return false;
        }
    }
}

/* Does the JVM still have a file open that has no name any more? */
static bool has_nameless_dump(pid_t pid)
{
    char path[64];
    bool is_there = false;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *it = NULL; (it = readdir(dir)) != NULL;) {
        char link[512];
        const ssize_t len = readlinkat(dirfd(dir), it->d_name, link, sizeof link - 1);
        link[len > 0 ? len : 0] = '\0';
        is_there = is_there || strstr(link, "/heap.hprof") != NULL;
    }
    closedir(dir);
    return is_there;
}

/* By SIGINT, as the terminal sends it; what the command said is in RIG/said. */
static bool interrupt_once(struct umig_rig *rig, const char *options)
{
    char command[1024];
    snprintf(command, sizeof command, "exec " DUMP "-o %s/x.hprof%s 2>%s/said", (int)rig->jvm.pid,
             rig->dir, options, rig->dir);
    const pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", command, NULL);
        _exit(127);
    }
    const bool is_running = await_dump(rig->dir, child);
    kill(child, SIGINT);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!is_running || !WIFSIGNALED(status)) {
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        return false; /* it was quicker */
    }
    assert_int_equal(WTERMSIG(status), SIGINT);
    return true;
}

static void interrupt(struct umig_rig *rig, const char *options)
{
    int tries = 0;
    while (!interrupt_once(rig, options)) {
        run_program(rig, &g_outcome, "rm -f %s/x.hprof", rig->dir);
        assert_in_range(++tries, 0, TRIES);
    }
    expect_no_trace(rig->dir, (int)rig->jvm.pid);
    run_program(rig, &g_outcome, "cat %s/said", rig->dir);
    expect(0, "interrupted; nothing is left of the dump, and JVM ");
    expect(0, " goes on");
    assert_false(has_nameless_dump(rig->jvm.pid));
}

static void interrupt_dumps(struct umig_rig *rig)
{
    char ballast[16];
    snprintf(ballast, sizeof ballast, "%d", BALLAST);
    start(rig, ballast);
    interrupt(rig, "");
    interrupt(rig, " --all");
    interrupt(rig, " --gzip 1");
    run_program(rig, &g_outcome, UMIG_COMMAND " heap histogram %d --top 1", (int)rig->jvm.pid);
    expect(0, "Live objects of Coins (pid ");
    run_program(rig, &g_outcome, DUMP "-o %s/x.hprof", (int)rig->jvm.pid, rig->dir);
    expect(0, "x.hprof");
}

static void dump_each_way(struct umig_rig *rig)
{
    start(rig, "0");
    dump_and_read(rig);
    run_program(rig, &g_outcome, "rm -r %s/?.hprof*", rig->dir);
    refuse_folders(rig);
    fill_limit(rig);
    fill_disk(rig);
}

static void test_dump_is_whole_or_not_at_all(void **state)
{
    (void)state;
    umig_rig_each_jdk(dump_each_way);
}

static void test_dump_is_the_jvms_users(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("skipped: only root can be another user\n");
        skip();
    }
    umig_rig_each_jdk(dump_as_root);
}

static void test_interrupted_dump_leaves_nothing(void **state)
{
    (void)state;
    umig_rig_each_jdk(interrupt_dumps);
}

static int end_all(void **state)
{
    const int rc = g_mount[0] != '\0' ? umount2(g_mount, MNT_DETACH) : 0;
    g_mount[0] = '\0';
    return umig_rig_teardown(state) | rc;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_dump_is_whole_or_not_at_all, end_all),
        cmocka_unit_test_teardown(test_dump_is_the_jvms_users, end_all),
        cmocka_unit_test_teardown(test_interrupted_dump_leaves_nothing, end_all),
    };
    return cmocka_run_group_tests_name("e2e.heap.dump", tests, compile_programs, remove_programs);
}
