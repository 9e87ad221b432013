/* Planted leaks and look-alikes, as their snapshots would be. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/suspects.h"
#include "core/units.h"
#include "tests/support/profile_stack.h"
#include "tests/support/test.h"

#define MIB (1024ull * 1024ull)

enum {
    SNAPSHOTS = 24,
    UNIT_KIB = 512,
};

static void add(struct umig_profile *profile, uint32_t block, uint32_t stack, uint64_t bytes)
{
    const struct umig_profile_sample sample = {.kind = UMIG_KIND_LIVE,
                                               .block = block,
                                               .stack = stack,
                                               .count = bytes / 128 + 1,
                                               .value = bytes};
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
}

/* MiB that are alive at a time, 0 to 1 of the session, which were allocated before another. */
typedef double (*alive_fn)(double now, double before);

/* Everything stays. */
static double leak(double now, double before)
{
    (void)now;
    return 100 * before;
}

/* It takes a while until it leaks. */
static double late_leak(double now, double before)
{
    (void)now;
    return before < 0.2 ? 0 : 80 * (before - 0.2);
}

/* Slower and slower, but on and on. */
static double slowing_leak(double now, double before)
{
    (void)now;
    return 100 * pow(before, 0.7);
}

/* Full after a third, then nothing new. */
static double filled_cache(double now, double before)
{
    (void)now;
    return before < 0.33 ? 200 * before : 66;
}

/* Full after a third; the oldest give way to the newest. */
static double turning_cache(double now, double before)
{
    const double oldest = fmax(0, now - 0.33);
    return before < oldest ? 0 : 200 * (before - oldest);
}

/* Sessions that end after a tenth of the time. */
static double sessions(double now, double before)
{
    const double oldest = fmax(0, now - 0.1);
    return before < oldest ? 0 : 300 * (before - oldest);
}

/* One batch in the middle, which goes. */
static double batch(double now, double before)
{
    return now > 0.7 || before < 0.4 ? 0 : 100 * (before - 0.4);
}

/* Made at the begin. */
static double startup(double now, double before)
{
    (void)now;
    return before > 0 ? 50 : 0;
}

/* Garbage of the old generation, until a collection of it, four times. */
static double sawtooth(double now, double before)
{
    const double since = floor(now * 4) / 4;
    return before < since ? 0 : 200 * (before - since);
}

/* What is new is garbage a moment later. */
static double churn(double now, double before)
{
    return before < now - 0.01 ? 0 : 20;
}

static const struct {
    const char *name;
    alive_fn alive;
    bool is_leak;
} g_cases[] = {
    {"leak", leak, true},
    {"late leak", late_leak, true},
    {"slowing leak", slowing_leak, true},
    {"filled cache", filled_cache, false},
    {"turning cache", turning_cache, false},
    {"sessions", sessions, false},
    {"batch", batch, false},
    {"startup", startup, false},
    {"sawtooth", sawtooth, false},
    {"churn", churn, false},
};

/* A collection a snapshot, and three before the first. */
static void add_site(struct umig_profile *profile, uint32_t where, size_t which)
{
    char class_name[64];
    snprintf(class_name, sizeof class_name, "svc.%s", g_cases[which].name);
    for (uint32_t i = 0; i <= SNAPSHOTS; i++) {
        const double now = (double)i / SNAPSHOTS;
        for (uint32_t age = 0; age < UMIG_SURVIVORS_AGES; age++) {
            const double most = fmin(1, (double)umig_survivors_least(age) / SNAPSHOTS);
            const double least = age == 0 ? 0 : most;
            const double until =
                age == 0 ? 1.0 / SNAPSHOTS : (double)umig_survivors_least(age + 1) / SNAPSHOTS;
            const double mib = g_cases[which].alive(now, fmax(0, now - least)) -
                               g_cases[which].alive(now, fmax(0, now - until));
            if (mib > 0.01) {
                add(profile, i + 1,
                    umig_test_push(profile, where, UMIG_FRAME_LIVE, class_name, "", age + 1),
                    (uint64_t)(mib * (double)MIB));
            }
        }
    }
}

static struct umig_profile *make(void)
{
    struct umig_profile *profile = NULL;
    assert_int_equal(umig_profile_create(16 * MIB, &profile, NULL), UMIG_OK);
    profile->session.has_kind[UMIG_KIND_LIVE] = true;
    profile->session.interval_ns[UMIG_KIND_LIVE] = UNIT_KIB * 1024;
    return profile;
}

/* Old objects are collected before each of the later ones. */
static void begin_snapshots(struct umig_profile *profile, uint32_t count, uint32_t later)
{
    for (uint32_t i = 1; i <= count; i++) {
        const struct umig_profile_sample sample = {
            .kind = UMIG_KIND_LIVE,
            .block = i,
            .stack = umig_test_push(profile, 0, UMIG_FRAME_LIVE, "", "[snapshot]", 1),
            .count = 1 + (i + later > count ? i + later - count : 0),
            .value = 1,
        };
        assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
    }
}

static bool is_named(const struct umig_profile *profile,
                     const struct umig_suspects *suspects,
                     const char *name)
{
    for (size_t i = 0; i < suspects->count; i++) {
        const uint32_t method = suspects->items[i].row.class_method;
        const char *text = umig_profile_text(profile, profile->methods.items[method].class_name);
        if (strcmp(text + strlen("svc."), name) == 0) {
            return true;
        }
    }
    return false;
}

static void test_suspects_are_what_leaks_and_nothing_that_looks_like_it(void **state)
{
    (void)state;
    struct umig_profile *profile = make();
    struct umig_suspects suspects;
    begin_snapshots(profile, SNAPSHOTS + 1, SNAPSHOTS + 1);
    for (size_t i = 0; i < sizeof g_cases / sizeof g_cases[0]; i++) {
        add_site(profile,
                 umig_test_push(profile, 0, UMIG_FRAME_JAVA, "svc.Main", "run", (uint32_t)i + 1),
                 i);
    }

    assert_int_equal(umig_suspects_find(profile, &suspects, NULL), UMIG_OK);

    assert_null(suspects.lack);
    for (size_t i = 0; i < sizeof g_cases / sizeof g_cases[0]; i++) {
        const bool is_there = is_named(profile, &suspects, g_cases[i].name);
        if (is_there != g_cases[i].is_leak) {
            fail_msg("%s is %s", g_cases[i].name, is_there ? "named" : "not named");
        }
    }
    assert_int_equal(suspects.count, 3);
    /* 100 MiB in 240 s. */
    assert_true(suspects.items[0].bytes_per_hour > 1400 * MIB);
    assert_true(suspects.items[0].bytes_per_hour < 1600 * MIB);
    umig_profile_destroy(profile);
}

static void test_suspects_want_snapshots_and_collections(void **state)
{
    (void)state;
    struct umig_profile *profile = make();
    struct umig_suspects suspects;
    uint32_t where = 0;
    assert_int_equal(umig_suspects_find(profile, &suspects, NULL), UMIG_OK);
    assert_int_equal(suspects.count, 0);
    assert_null(suspects.lack); /* there is nothing to look at */

    begin_snapshots(profile, 40, UMIG_SUSPECTS_SNAPSHOTS - 1);
    assert_int_equal(umig_suspects_find(profile, &suspects, NULL), UMIG_OK);
    assert_non_null(strstr(suspects.lack, "snapshots"));
    umig_profile_destroy(profile);

    profile = make();
    where = umig_test_push(profile, 0, UMIG_FRAME_JAVA, "svc.Main", "run", 1);
    begin_snapshots(profile, UMIG_SUSPECTS_SNAPSHOTS + 1, UMIG_SUSPECTS_SNAPSHOTS + 1);
    for (uint32_t i = 1; i <= UMIG_SUSPECTS_SNAPSHOTS + 1; i++) {
        add(profile, i, umig_test_push(profile, where, UMIG_FRAME_LIVE, "byte[]", "", 1),
            i * 50 * MIB);
    }
    assert_int_equal(umig_suspects_find(profile, &suspects, NULL), UMIG_OK);
    assert_non_null(strstr(suspects.lack, "collections"));
    umig_profile_destroy(profile);
}

/* An estimate of what stays the same goes up and down: it is not named for it. */
static void test_suspects_steady_but_noisy_does_not_grow(void **state)
{
    (void)state;
    uint64_t random = 7;
    unsigned named = 0;
    for (int run = 0; run < 2000; run++) {
        double bytes[UMIG_SUSPECTS_SNAPSHOTS];
        const uint32_t times[UMIG_SUSPECTS_SNAPSHOTS] = {1, 2, 3, 4, 5};
        for (int i = 0; i < UMIG_SUSPECTS_SNAPSHOTS; i++) {
            double sum = 0;
            for (int k = 0; k < 12; k++) { /* nearly normal */
                random = random * UINT64_C(6364136223846793005) + 1;
                sum += (double)(random >> 33) / 2147483648.0;
            }
            bytes[i] = 400 + 20 * (sum - 6); /* 400 objects that are followed */
        }
        named += umig_suspects_grows(bytes, times, UMIG_SUSPECTS_SNAPSHOTS, 1);
    }
    assert_true(named <= 2);
}

/* Old objects are collected when there is need, not by the clock. */
static void test_suspects_grow_in_any_rhythm(void **state)
{
    (void)state;
    const uint32_t times[] = {3, 10, 15, 29, 30};
    const double steady[] = {30, 100, 150, 290, 300};
    const double filled[] = {30, 100, 150, 150, 150};
    const double slower[] = {30, 200, 270, 300, 300};
    assert_true(umig_suspects_grows(steady, times, UMIG_SUSPECTS_SNAPSHOTS, 1));
    assert_false(umig_suspects_grows(filled, times, UMIG_SUSPECTS_SNAPSHOTS, 1));
    assert_false(umig_suspects_grows(slower, times, UMIG_SUSPECTS_SNAPSHOTS, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suspects_are_what_leaks_and_nothing_that_looks_like_it),
        cmocka_unit_test(test_suspects_want_snapshots_and_collections),
        cmocka_unit_test(test_suspects_grow_in_any_rhythm),
        cmocka_unit_test(test_suspects_steady_but_noisy_does_not_grow),
    };
    return cmocka_run_group_tests_name("unit.analysis.suspects", tests, NULL, NULL);
}
