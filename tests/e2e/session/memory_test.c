/*
 * Memory beside the heap against the JVM's own beans: the code cache and direct buffers; and what
 * is in no pool, by what the program has taken there.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "tests/support/jvm.h"
#include "tests/support/test.h"

#define MIB          (1024.0 * 1024.0)
#define DIRECT_BYTES (48 * MIB)
#define OTHER_BYTES  (64 * MIB)

/* The JVM goes on compiling between our figure and its own. */
#define CODE_PERCENT 5.0

/* What its compilers and the beans take meanwhile. The address sanitizer gives back what they have
 * freed only when its quarantine is full (quarantine_size_mb, 256 if nothing is said). */
#ifdef __SANITIZE_ADDRESS__
# define OTHER_MORE (32 * MIB + 256 * MIB)
#else
# define OTHER_MORE (32 * MIB)
#endif

struct seen {
    double direct_first, direct, code_used, code_committed, beside_first, beside;
};

static const json_t *find_pool(const json_t *report, const char *name)
{
    size_t i;
    const json_t *pool;
    json_array_foreach(json_object_get(report, "memory"), i, pool)
    {
        if (strcmp(umig_json_text_at(pool, "pool"), name) == 0) {
            return pool;
        }
    }
    return NULL;
}

static struct seen look(struct umig_rig *rig)
{
    json_t *report = NULL;
    assert_int_equal(umig_rig_command(rig, &report, "report memory --format json"), 0);
    const json_t *direct = find_pool(report, "Direct Buffers");
    const json_t *code = find_pool(report, "Code Cache");
    const struct seen seen = {
        .direct_first = umig_json_number_or_0(direct, "first_bytes"),
        .direct = umig_json_number_or_0(direct, "last_bytes"),
        .code_used = umig_json_number_or_0(code, "last_bytes"),
        .code_committed = umig_json_number_or_0(code, "committed_bytes"),
        .beside_first = umig_json_number_or_0(report, "memory_beside_pools/first_bytes"),
        .beside = umig_json_number_or_0(report, "memory_beside_pools/last_bytes"),
    };
    json_decref(report);
    return seen;
}

static bool is_near(double told, double truth, double percent)
{
    return fabs(told - truth) <= truth * percent / 100;
}

static bool has_taken_other(const struct seen *seen)
{
    const double more = seen->beside - seen->beside_first;
    return more >= OTHER_BYTES && more <= OTHER_BYTES + OTHER_MORE;
}

/* Before the first collection the JVM tells nothing of metaspace: so it is no part of any sum. */
static void expect_unfilled(struct umig_rig *rig)
{
    json_t *report = NULL;
    while (umig_json_number_or_0(find_pool(report, "Code Cache"), "points") == 0) {
        json_decref(report);
        assert_int_equal(umig_rig_command(rig, &report, "report memory --format json"), 0);
    }
    assert_true(umig_json_number_at(find_pool(report, "Compressed Class Space"), "points") == 0);
    assert_null(json_object_get(report, "memory_beside_pools"));
    json_decref(report);
}

/* Figures are of different moments: they meet when the JVM has become quiet. */
static void await_truth(struct umig_rig *rig)
{
    const uint64_t end_ns = umig_clock_monotonic_ns() + UMIG_RIG_PATIENCE_MS * UMIG_NS_PER_MS;
    for (;;) {
        umig_rig_tell_jvm(rig, "truth");
        json_t *truth = umig_rig_read_jvm(rig);
        const struct seen seen = look(rig);
        const double direct = umig_json_number_at(truth, "direct");
        const double used = umig_json_number_at(truth, "code_used");
        const double committed = umig_json_number_at(truth, "code_committed");
        json_decref(truth);
        if (seen.direct == direct && seen.code_committed == committed &&
            is_near(seen.code_used, used, CODE_PERCENT) && has_taken_other(&seen)) {
            print_message("  direct %.1f MiB, code %.2f of %.2f MiB (its bean: %.2f), in no pool "
                          "%.1f MiB more\n",
                          seen.direct / MIB, seen.code_used / MIB, seen.code_committed / MIB,
                          used / MIB, (seen.beside - seen.beside_first) / MIB);
            assert_true(seen.direct_first < DIRECT_BYTES && direct >= DIRECT_BYTES);
            return;
        }
        if (umig_clock_monotonic_ns() > end_ns) {
            fail_msg("told and true: direct %.0f %.0f, code %.0f %.0f, committed %.0f %.0f; in no "
                     "pool %.0f, at first %.0f",
                     seen.direct, direct, seen.code_used, used, seen.code_committed, committed,
                     seen.beside, seen.beside_first);
        }
    }
}

static bool is_there(const json_t *session)
{
    return session != NULL;
}

static void measure(struct umig_rig *rig)
{
    char words[256];
    snprintf(words, sizeof words,
             "-Xms64m -Xmx64m -XX:+AlwaysPreTouch -XX:+UseSerialGC -cp @java Filled %.0f %.0f",
             DIRECT_BYTES, OTHER_BYTES);
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", words);
    assert_int_equal(
        umig_rig_command(rig, NULL, "start %d --heap 200ms --name memory", rig->jvm.pid), 0);
    json_decref(umig_rig_await_session(rig, "memory", is_there));
    expect_unfilled(rig);
    umig_rig_tell_jvm(rig, "gc");
    json_decref(umig_rig_read_jvm(rig));
    while (look(rig).beside_first == 0) {
        /* until the first reading with every pool is there */
    }
    umig_rig_tell_jvm(rig, "go");
    json_decref(umig_rig_read_jvm(rig));
    await_truth(rig);
    umig_rig_tell_jvm(rig, "end");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void test_memory_beside_the_heap_is_what_the_beans_say(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_memory_beside_the_heap_is_what_the_beans_say,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.memory", tests, NULL, NULL);
}
