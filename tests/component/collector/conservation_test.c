/*
 * Conservation: a collector is killed between write, commit and acknowledgement (fail points), at
 * random moments, and runs out of disk; at the end the emitter's books and the store say the same:
 * produced = stored + dropped by cause, every acknowledged batch there, once.
 *
 * 24 runs: 12 at fail points, 7 at random, 5 with a full disk. A run that meets no kill or no full
 * disk fails: it would prove nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/support/check_ledger.h"
#include "tests/support/collector_process.h"
#include "tests/support/emitter.h"
#include "tests/support/test.h"

enum {
    ROUNDS = 12,
    FLUSH_MS = 10000,
    TMPFS_BYTES = 8 << 20,
    LEFT_BYTES = 192 << 10, /* what the ballast leaves free */
};

struct run {
    struct umig_collector_process process;
    struct umig_emitter *emitter;
    unsigned deaths;
    unsigned full;
};

static void begin(struct run *run, uint32_t seed, uint32_t max_unacked)
{
    memset(run, 0, sizeof *run);
    umig_collector_process_init(&run->process);
    const struct umig_emitter_options options = {
        .epoch = 1000 + seed,
        .seed = seed,
        .session = "conserved",
        .service = "orders",
        .samples_per_batch = 300,
        .stacks_per_batch = 60,
        .batches_per_generation = 9,
        .max_unacked = max_unacked,
        .anchor_unix_ns = umig_clock_unix_ns(),
    };
    run->emitter = umig_emitter_create(&options);
}

static void end(struct run *run)
{
    umig_emitter_destroy(run->emitter);
    umig_collector_process_fini(&run->process);
}

/* The collector must have been killed; another one goes on where it was. */
static void revive(struct run *run)
{
    umig_emitter_disconnect(run->emitter);
    assert_int_equal(umig_collector_process_wait(&run->process), 128 + SIGKILL);
    run->deaths++;
    run->process.fail_point = NULL;
    umig_collector_process_start(&run->process);
}

/* Sends until all is acknowledged, over as many collectors as that takes. */
static void deliver(struct run *run)
{
    for (;;) {
        struct umig_err err = UMIG_ERR_INIT;
        int rc = UMIG_OK;
        if (umig_emitter_fd(run->emitter) < 0) {
            rc = umig_emitter_connect(run->emitter, &run->process.address, &err);
        }
        rc = rc != UMIG_OK ? rc : umig_emitter_flush(run->emitter, FLUSH_MS, &err);
        if (rc == UMIG_OK) {
            return;
        }
        if (rc != UMIG_E_IO) {
            fail_msg("status %d: %s", rc, err.text);
        }
        revive(run);
    }
}

static void finish(struct run *run)
{
    umig_emitter_make_end(run->emitter);
    deliver(run);
    assert_int_equal(umig_collector_process_stop(&run->process), 0);
    struct umig_profile *profile = umig_load_only_session(run->process.data);
    umig_check_ledger(profile, umig_emitter_ledger(run->emitter));
    assert_int_equal(profile->session.end, UMIG_END_STOPPED);
    umig_profile_destroy(profile);
}

static void run_to_fail_point(const char *fail_point, uint32_t seed)
{
    struct run run;
    begin(&run, seed, 0);
    run.process.fail_point = fail_point;
    umig_collector_process_start(&run.process);
    for (int round = 0; round < ROUNDS; round++) {
        umig_emitter_make_batch(run.emitter);
        umig_emitter_make_batch(run.emitter);
        deliver(&run);
    }
    if (run.process.fail_point != NULL) {
        /* The fold comes at the end, or before a query. */
        (void)kill(run.process.pid, SIGTERM);
        assert_int_equal(umig_collector_process_wait(&run.process), 128 + SIGKILL);
        run.deaths++;
        run.process.fail_point = NULL;
        umig_emitter_disconnect(run.emitter);
        umig_collector_process_start(&run.process);
    }
    assert_int_equal(run.deaths, 1);
    finish(&run);
    end(&run);
}

static void test_nothing_is_lost_or_doubled_at_fail_points(void **state)
{
    (void)state;
    static const char *const points[] = {
        "before_commit:kill:1",
        "before_commit:kill:4",
        "before_commit:kill:9",
        "after_commit_before_ack:kill:1",
        "after_commit_before_ack:kill:3",
        "after_commit_before_ack:kill:8",
        "after_ack:kill:1",
        "after_ack:kill:5",
        "after_ack:kill:11",
        "after_fold_commit_before_delete:kill:1",
        "after_fold_commit_before_delete:kill:1",
        "after_fold_commit_before_delete:kill:1",
    };
    for (uint32_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        run_to_fail_point(points[i], 100 + i);
    }
}

/* Kills a process after a while, from a process of its own. */
static pid_t kill_later(pid_t victim, long after_us)
{
    const pid_t killer = fork();
    assert_true(killer >= 0);
    if (killer == 0) {
        const struct timespec pause = {.tv_nsec = after_us * 1000};
        (void)nanosleep(&pause, NULL);
        _exit(kill(victim, SIGKILL) == 0 ? 0 : 1);
    }
    return killer;
}

static void run_with_random_kills(uint32_t seed)
{
    struct run run;
    begin(&run, seed, 0);
    umig_collector_process_start(&run.process);
    for (uint32_t round = 0; round < 3; round++) {
        const pid_t killer = kill_later(run.process.pid, 1000 + seed * 7919 % 120000);
        const unsigned deaths = run.deaths;
        /* Goes on sending until the kill came, so that it hits work. */
        while (run.deaths == deaths) {
            umig_emitter_make_batch(run.emitter);
            deliver(&run);
        }
        seed = seed * 31 + 17;
        assert_int_equal(waitpid(killer, NULL, 0), killer);
    }
    assert_int_equal(run.deaths, 3);
    finish(&run);
    end(&run);
}

static void test_nothing_is_lost_or_doubled_at_random_kills(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 7; i++) {
        run_with_random_kills(200 + i);
    }
}

/* Makes batches until the collector says that its disk is full. */
static void fill_up(struct run *run)
{
    struct umig_err err = UMIG_ERR_INIT;
    int rc = umig_emitter_connect(run->emitter, &run->process.address, &err);
    for (int i = 0; rc == UMIG_OK && i < 2000; i++) {
        umig_emitter_make_batch(run->emitter);
        rc = umig_emitter_flush(run->emitter, FLUSH_MS, &err);
    }
    if (rc != UMIG_E_LIMIT) {
        fail_msg("status %d instead of a full disk: %s", rc, err.text);
    }
    run->full++;
    /* It goes on: what cannot be kept is dropped and counted. */
    for (int i = 0; i < 10; i++) {
        umig_emitter_make_batch(run->emitter);
    }
    rc = umig_emitter_flush(run->emitter, FLUSH_MS, &err);
    assert_int_equal(rc, UMIG_E_LIMIT);
    assert_true(umig_emitter_ledger(run->emitter)->dropped_value > 0);
}

static bool mount_small(const struct run *run)
{
    char size[32];
    snprintf(size, sizeof size, "size=%d", TMPFS_BYTES);
    return mkdir(run->process.data, 0700) == 0 &&
           mount("tmpfs", run->process.data, "tmpfs", 0, size) == 0;
}

static void write_ballast(const char *path)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(posix_fallocate(fd, 0, TMPFS_BYTES - LEFT_BYTES - (512 << 10)), 0);
    close(fd);
}

/* As root: a small file system; its ballast goes, and with it the trouble. */
static void run_on_full_tmpfs(struct run *run)
{
    char ballast[128];
    snprintf(ballast, sizeof ballast, "%s/ballast", run->process.data);
    umig_collector_process_start(&run->process);
    write_ballast(ballast);

    fill_up(run);

    assert_int_equal(unlink(ballast), 0);
    deliver(run);
    finish(run);
    assert_int_equal(umount(run->process.data), 0);
}

/* Not root: a bound on the size of files does as well, and can be lifted from outside. */
static void run_on_file_limit(struct run *run)
{
    run->process.file_size_limit = 1 << 20;
    umig_collector_process_start(&run->process);

    fill_up(run);

    const struct rlimit lifted = {RLIM_INFINITY, RLIM_INFINITY};
    assert_int_equal(prlimit(run->process.pid, RLIMIT_FSIZE, &lifted, NULL), 0);
    deliver(run);
    finish(run);
}

static void test_nothing_is_lost_or_doubled_on_a_full_disk(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 5; i++) {
        struct run run;
        begin(&run, 300 + i, 6);
        if (mount_small(&run)) {
            run_on_full_tmpfs(&run);
        } else {
            run_on_file_limit(&run);
        }
        assert_int_equal(run.full, 1);
        end(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_lost_or_doubled_at_fail_points),
        cmocka_unit_test(test_nothing_is_lost_or_doubled_at_random_kills),
        cmocka_unit_test(test_nothing_is_lost_or_doubled_on_a_full_disk),
    };
    return cmocka_run_group_tests_name("component.collector.conservation", tests, NULL, NULL);
}
