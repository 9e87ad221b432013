/*
 * Conservation with a real agent: collectors are killed at fail points and at random moments, run
 * out of disk, rest, or are away when the JVM ends. In the end, per kind: what the agent's closing
 * books say was produced = what the store adds up from its rows + what the books say was dropped,
 * by cause. And the engine's own: produced = recorded + dropped.
 *
 * A run per trouble and JDK; with UMIG_E2E_LONG five of each, 25 a JDK. A run that meets no trouble
 * fails: it would prove nothing. A build without fail points leaves those out, and says so.
 */
#include <errno.h>
#include <fcntl.h>
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
#include "tests/support/jvm.h"
#include "tests/support/test.h"

enum {
    LONG_ROUNDS = 5,
    RANDOM_KILLS = 3,
    LIFE_MIN_MS = 50, /* of a collector that is killed at random */
    LIFE_MAX_MS = 1500,
    LOOK_MS = 20,
    FEW_FRAMES = 10,
    MANY_FRAMES = 120, /* fill disk and spool within seconds */
    TMPFS_BYTES = 64 << 20,
    LEFT_BYTES = 384 << 10, /* what the ballast leaves free */
    FILE_LIMIT_BYTES = 1 << 20,
    SESSION_BYTES = 80,
};

/* The spool of the least memory fills within seconds. */
#define AGENT "service=load,memory=8m,start=cpu:1ms,gc,heap:100ms,locks:10us,alloc:16k,live:16k"

static char g_classes[] = "/tmp/umig-load-XXXXXX";
static unsigned g_seed;  /* of the round */
static char g_mount[96]; /* "": none; a failed test leaves it to the teardown */

static void compile(const struct umig_rig *rig)
{
    char command[1024];
    snprintf(command, sizeof command,
             "test -e %s/Load.class || %s/bin/javac -d %s " UMIG_SOURCE_DIR
             "/tests/e2e/conservation/Load.java",
             g_classes, rig->jdk.home, g_classes);
    assert_int_equal(system(command), 0); /* the oldest JDK comes first: all can run it */
}

/* --- a run --- */

static void start_collector(struct umig_rig *rig, const char *fail_point)
{
    if (fail_point != NULL) {
        setenv("UMIG_FAIL_POINT", fail_point, 1);
    }
    umig_rig_start_collector(rig);
    unsetenv("UMIG_FAIL_POINT");
}

static void start_jvm(struct umig_rig *rig, int depth)
{
    char words[256];
    snprintf(words, sizeof words, "-Xmx64m -cp %s Load %d", g_classes, depth);
    umig_rig_start_jvm(rig, AGENT, words);
}

static json_t *status_of(struct umig_rig *rig)
{
    json_t *list = NULL;
    assert_int_equal(umig_rig_command(rig, &list, "status %d --json", (int)rig->jvm.pid), 0);
    json_t *status = json_incref(json_array_get(json_object_get(list, "agents"), 0));
    assert_non_null(status);
    json_decref(list);
    return status;
}

static void read_session_id(struct umig_rig *rig, char id[SESSION_BYTES])
{
    json_t *status = status_of(rig);
    const json_t *session = json_array_get(json_object_get(status, "sessions"), 0);
    snprintf(id, SESSION_BYTES, "%s", umig_json_text_at(session, "id"));
    json_decref(status);
}

static void forget_collector(struct umig_rig *rig, int status)
{
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    close(rig->collector.in);
    close(rig->collector.out);
    rig->collector.pid = 0;
}

static void kill_collector(struct umig_rig *rig)
{
    int status = 0;
    assert_int_equal(kill(rig->collector.pid, SIGKILL), 0);
    assert_int_equal(waitpid(rig->collector.pid, &status, 0), rig->collector.pid);
    forget_collector(rig, status);
}

#ifdef UMIG_FAIL_POINTS
/* The fail point comes by itself; a fold is hurried along by a query. */
static void await_death(struct umig_rig *rig, bool is_of_fold)
{
    int status = 0;
    while (waitpid(rig->collector.pid, &status, WNOHANG) == 0) {
        if (is_of_fold) {
            (void)umig_rig_command(rig, NULL, "sessions --json");
        }
        poll(NULL, 0, LOOK_MS);
    }
    forget_collector(rig, status);
}

#endif

/* --- the books --- */

static void check_kind(const json_t *kind)
{
    const char *name = umig_json_text_at(kind, "kind");
    json_int_t dropped = 0;
    size_t i;
    const json_t *cause;
    json_array_foreach(json_object_get(kind, "dropped"), i, cause)
    {
        dropped += json_integer_value(json_object_get(cause, "count"));
        print_message("  %s dropped %s: %.0f\n", name, umig_json_text_at(cause, "cause"),
                      umig_json_number_at(cause, "count"));
    }
    const json_int_t produced = json_integer_value(json_object_get(kind, "produced"));
    const json_int_t stored = json_integer_value(json_object_get(kind, "stored"));
    print_message("  %s: produced %lld = stored %lld + dropped %lld\n", name, (long long)produced,
                  (long long)stored, (long long)dropped);
    /* Of live objects there may be one snapshot, at the end, for which there was no room. */
    assert_true(stored > 0 || strcmp(umig_json_text_at(kind, "kind"), "live") == 0);
    assert_true(produced == stored + dropped);
}

static void check_books(struct umig_rig *rig, const char *id)
{
    json_t *report = NULL;
    assert_int_equal(
        umig_rig_command(rig, &report, "report %s --format json --data %s/data", id, rig->dir), 0);
    const json_t *kinds = json_object_get(json_object_get(report, "quality"), "kinds");
    assert_int_equal(json_array_size(kinds), 6);
    size_t i;
    const json_t *kind;
    json_array_foreach(kinds, i, kind)
    {
        check_kind(kind);
    }
    json_decref(report);
}

/* After a stop nothing is under way: what the handlers produced is recorded or dropped. */
static void check_engine(struct umig_rig *rig)
{
    json_t *status = status_of(rig);
    const json_t *counters = json_object_get(status, "counters");
    const double produced = umig_json_number_at(counters, "engine.produced_ns");
    const double recorded = umig_json_number_at(counters, "engine.recorded_ns");
    const double dropped = umig_json_number_at(counters, "engine.dropped_ns");
    print_message("  engine: produced %.0f = recorded %.0f + dropped %.0f\n", produced, recorded,
                  dropped);
    assert_true(recorded > 0);
    assert_true(produced - recorded - dropped == 0);
    json_decref(status);
}

static void end_jvm(struct umig_rig *rig)
{
    umig_rig_tell_jvm(rig, "end");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
}

static void expect_end(struct umig_rig *rig, const char *id, const char *end)
{
    json_t *session = umig_rig_await_session(rig, id, umig_rig_has_ended);
    assert_string_equal(umig_json_text_at(session, "end"), end);
    json_decref(session);
}

/* Ends the session, by a stop or with the JVM, and holds the books against the rows. */
static void finish(struct umig_rig *rig, bool is_stopped)
{
    char id[SESSION_BYTES];
    read_session_id(rig, id);
    if (is_stopped) {
        assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name %s", (int)rig->jvm.pid, id),
                         0);
        check_engine(rig);
    }
    end_jvm(rig);
    expect_end(rig, id, is_stopped ? "stopped" : "vm-exit");
    umig_rig_stop_collector(rig);
    check_books(rig, id);
}

/* --- troubles --- */

#ifdef UMIG_FAIL_POINTS
static void run_fail_points(struct umig_rig *rig)
{
    static const char *const points[] = {
        "before_commit",
        "after_commit_before_ack",
        "after_fold_commit_before_delete",
        "after_ack",
    };
    char point[64];
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        const bool is_of_fold = strstr(points[i], "fold") != NULL;
        const unsigned nth = is_of_fold ? 1 : 1 + (unsigned)rand_r(&g_seed) % 3;
        snprintf(point, sizeof point, "%s:kill:%u", points[i], nth);
        start_collector(rig, point);
        if (i == 0) {
            start_jvm(rig, FEW_FRAMES);
        }
        await_death(rig, is_of_fold);
    }
    start_collector(rig, NULL);
    finish(rig, true);
}

#else
static void run_fail_points(struct umig_rig *rig)
{
    (void)rig;
    print_message("  skipped: this build has no fail points (UMIG_FAIL_POINTS)\n");
}
#endif

static void run_random_kills(struct umig_rig *rig)
{
    start_collector(rig, NULL);
    start_jvm(rig, FEW_FRAMES);
    for (int i = 0; i < RANDOM_KILLS; i++) {
        poll(NULL, 0, LIFE_MIN_MS + rand_r(&g_seed) % (LIFE_MAX_MS - LIFE_MIN_MS));
        kill_collector(rig);
        start_collector(rig, NULL);
    }
    finish(rig, g_seed % 2 == 0);
}

/* A small file system with little room left, which is for root only. */
static bool mount_small(const struct umig_rig *rig)
{
    char data[sizeof g_mount];
    char path[128];
    snprintf(data, sizeof data, "%s/data", rig->dir);
    snprintf(path, sizeof path, "%s/ballast", data);
    if (mkdir(data, 0700) != 0 || mount("tmpfs", data, "tmpfs", 0, "size=64m") != 0) {
        return false;
    }
    memcpy(g_mount, data, sizeof g_mount);
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(posix_fallocate(fd, 0, TMPFS_BYTES - LEFT_BYTES), 0);
    close(fd);
    return true;
}

static void unmount_small(void)
{
    if (g_mount[0] != '\0') {
        assert_int_equal(umount2(g_mount, MNT_DETACH), 0);
        g_mount[0] = '\0';
    }
}

static void await_drops(struct umig_rig *rig)
{
    double dropped = 0;
    while (dropped == 0) {
        json_t *status = status_of(rig);
        const json_t *session = json_array_get(json_object_get(status, "sessions"), 0);
        const json_t *counters = json_object_get(session, "counters");
        dropped = umig_json_number_or_0(counters, "dropped.cpu.spool_full");
        json_decref(status);
        poll(NULL, 0, 5 * LOOK_MS);
    }
}

/* Until everything is acknowledged, and at least so many batches. */
static void await_acknowledged(struct umig_rig *rig, double batches)
{
    bool is_waiting = true;
    while (is_waiting) {
        json_t *status = status_of(rig);
        is_waiting = umig_json_number_at(status, "collector/unacked_batches") > 0 ||
                     umig_json_number_at(status, "collector/acked_sequence") < batches;
        json_decref(status);
        poll(NULL, 0, 5 * LOOK_MS);
    }
}

static void run_full_disk(struct umig_rig *rig)
{
    char path[128];
    const bool is_mounted = mount_small(rig);
    start_collector(rig, NULL);
    /* Else a bound on the size of files does as well, and can be lifted from outside. */
    const struct rlimit small = {FILE_LIMIT_BYTES, RLIM_INFINITY};
    const struct rlimit lifted = {RLIM_INFINITY, RLIM_INFINITY};
    if (!is_mounted) {
        assert_int_equal(prlimit(rig->collector.pid, RLIMIT_FSIZE, &small, NULL), 0);
    }
    start_jvm(rig, MANY_FRAMES);
    await_drops(rig);
    if (is_mounted) {
        snprintf(path, sizeof path, "%s/data/ballast", rig->dir);
        assert_int_equal(unlink(path), 0);
    } else {
        assert_int_equal(prlimit(rig->collector.pid, RLIMIT_FSIZE, &lifted, NULL), 0);
    }
    await_acknowledged(rig, 1);
    finish(rig, false);
    unmount_small();
}

/*
 * A collector rests until the spool is full and wakes while the JVM ends. Its end is heard if all
 * goes within the agent's 400 ms, which a busy machine may not give; the books balance in any case.
 */
static void run_resting(struct umig_rig *rig)
{
    char id[SESSION_BYTES];
    start_collector(rig, NULL);
    start_jvm(rig, MANY_FRAMES);
    read_session_id(rig, id);
    assert_int_equal(kill(rig->collector.pid, SIGSTOP), 0);
    await_drops(rig);
    umig_rig_tell_jvm(rig, "end");
    json_decref(umig_rig_read_jvm(rig));
    assert_int_equal(kill(rig->collector.pid, SIGCONT), 0);
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    json_t *session = umig_rig_session(rig, id);
    assert_non_null(session);
    print_message("  end: %s\n", umig_json_text_at(session, "end"));
    json_decref(session);
    umig_rig_stop_collector(rig);
    check_books(rig, id);
}

/* Nobody hears of the end; what was heard before is in order nevertheless. */
static void run_collector_away_at_exit(struct umig_rig *rig)
{
    char id[SESSION_BYTES];
    start_collector(rig, NULL);
    start_jvm(rig, FEW_FRAMES);
    read_session_id(rig, id);
    await_acknowledged(rig, 3);
    kill_collector(rig);
    end_jvm(rig);
    start_collector(rig, NULL);
    umig_rig_stop_collector(rig);
    check_books(rig, id);
}

static void forget_data(const struct umig_rig *rig)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s/data'", rig->dir);
    assert_int_equal(system(command), 0);
}

static const struct {
    const char *name;
    void (*run)(struct umig_rig *rig);
} g_troubles[] = {
    {"killed at fail points", run_fail_points},
    {"killed at random", run_random_kills},
    {"resting", run_resting},
    {"disk full", run_full_disk},
    {"away at exit", run_collector_away_at_exit},
};

static void run_all(struct umig_rig *rig)
{
    const unsigned rounds = umig_rig_is_long() ? LONG_ROUNDS : 1;
    compile(rig);
    for (unsigned round = 0; round < rounds; round++) {
        for (size_t i = 0; i < sizeof g_troubles / sizeof g_troubles[0]; i++) {
            g_seed = (unsigned)umig_clock_monotonic_ns();
            print_message("%s, seed %u\n", g_troubles[i].name, g_seed);
            const uint64_t begin_ns = umig_clock_monotonic_ns();
            g_troubles[i].run(rig);
            print_message("  took %.1f s\n",
                          (double)(umig_clock_monotonic_ns() - begin_ns) / UMIG_NS_PER_S);
            forget_data(rig);
        }
    }
}

static void test_produced_is_stored_or_dropped(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(g_classes));
    umig_rig_each_jdk(run_all);
}

static int teardown(void **state)
{
    char command[64];
    snprintf(command, sizeof command, "rm -rf '%s'", g_classes);
    unmount_small();
    return umig_rig_teardown(state) + system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_produced_is_stored_or_dropped, teardown),
    };
    return cmocka_run_group_tests_name("e2e.conservation", tests, NULL, NULL);
}
