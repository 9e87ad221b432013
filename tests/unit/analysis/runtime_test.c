/* Memory pools, what pauses are called, and the JVM's own counters over a session. */
#include <string.h>

#include "analysis/gc.h"
#include "analysis/jvm.h"
#include "analysis/pools.h"
#include "core/units.h"
#include "tests/support/collapsed.h"
#include "tests/support/test.h"

static uint32_t string(struct umig_profile *profile, const char *text)
{
    uint32_t id = 0;
    assert_int_equal(umig_profile_string(profile, text, strlen(text), &id), UMIG_OK);
    return id;
}

static void test_pools_keep_first_last_and_highest(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("");
    static const uint64_t used[] = {5, 9, 7};
    for (size_t i = 0; i < 3; i++) {
        const struct umig_profile_pool_point point = {.pool = string(profile, "Old"),
                                                      .used_bytes = used[i],
                                                      .maximum_bytes = UMIG_BYTES_UNKNOWN};
        assert_int_equal(umig_profile_add_pool_point(profile, &point), UMIG_OK);
    }
    struct umig_pools pools;
    assert_int_equal(umig_pools_read(profile, &pools, NULL), UMIG_OK);

    assert_int_equal(pools.count, 1);
    assert_int_equal(pools.items[0].first_bytes, 5);
    assert_int_equal(pools.items[0].last_bytes, 7);
    assert_int_equal(pools.items[0].highest_bytes, 9);
    umig_pools_fini(&pools);
    umig_profile_destroy(profile);
}

/* A reading of all pools, and of the process. */
struct reading {
    uint64_t unix_ns, heap_committed, code_committed, resident;
};

static void add_reading(struct umig_profile *profile, const struct reading *reading)
{
    const struct umig_profile_pool_point points[] = {
        {.pool = string(profile, "G1 Old Gen"), .committed_bytes = reading->heap_committed},
        {.pool = string(profile, "Code Cache"), .committed_bytes = reading->code_committed},
        {.pool = string(profile, "RSS"), .used_bytes = reading->resident},
    };
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        struct umig_profile_pool_point point = points[i];
        point.unix_ns = reading->unix_ns;
        point.maximum_bytes = UMIG_BYTES_UNKNOWN;
        assert_int_equal(umig_profile_add_pool_point(profile, &point), UMIG_OK);
    }
}

static void expect_beside(const struct reading *readings, size_t count, const char *sentence)
{
    struct umig_profile *profile = umig_collapsed_read("");
    struct umig_pools pools;
    struct umig_buf out = UMIG_BUF_INIT(1000);
    for (size_t i = 0; i < count; i++) {
        add_reading(profile, &readings[i]);
    }
    assert_int_equal(umig_pools_read(profile, &pools, NULL), UMIG_OK);
    umig_pools_put_beside(&pools.beside, &out);
    assert_string_equal(umig_buf_str(&out), sentence);
    umig_buf_fini(&out);
    umig_pools_fini(&pools);
    umig_profile_destroy(profile);
}

static void test_memory_in_no_pool_is_at_least_what_they_have_not_committed(void **state)
{
    (void)state;
    const uint64_t mib = 1 << 20;
    const struct reading readings[] = {
        {1, 100 * mib, 0, 300 * mib}, /* code is not known yet: it may be any part of that */
        {2, 100 * mib, 20 * mib, 130 * mib},
        {3, 100 * mib, 20 * mib, 160 * mib},
        {4, 400 * mib, 20 * mib, 160 * mib},
    };
    expect_beside(readings, 1, "");
    expect_beside(readings, 3,
                  "Of 160.0 MiB resident at least 40.0 MiB are in no pool: threads' stacks, the "
                  "collector's tables, libraries and what they allocate (at first 10.0 MiB).");
    expect_beside(readings, 4,
                  "Of 160.0 MiB resident all may be in the pools, which have 420.0 MiB committed "
                  "and not all of it in use.");
}

static void test_a_pool_that_is_known_to_be_empty_began_with_nothing(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("");
    const uint32_t buffers = string(profile, "Direct Buffers");
    const struct umig_profile_pool_point points[] = {
        {.unix_ns = 1, .pool = buffers, .maximum_bytes = UMIG_BYTES_UNKNOWN}, /* not read yet */
        {.unix_ns = 2, .pool = buffers, .maximum_bytes = 1000},
        {.unix_ns = 3, .pool = buffers, 600, 600, .maximum_bytes = 1000},
    };
    struct umig_pools pools;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(umig_profile_add_pool_point(profile, &points[i]), UMIG_OK);
    }
    assert_int_equal(umig_pools_read(profile, &pools, NULL), UMIG_OK);
    assert_int_equal(pools.items[0].points, 2);
    assert_int_equal(pools.items[0].first_bytes, 0);
    assert_int_equal(pools.items[0].last_bytes, 600);
    assert_false(umig_pools_is_heap("Direct Buffers"));
    assert_true(umig_pools_is_heap("G1 Old Gen"));
    umig_pools_fini(&pools);
    umig_profile_destroy(profile);
}

static void test_pause_is_called_by_what_is_known_of_it(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("");
    const uint32_t kind = string(profile, "Pause Young (Normal)");
    const uint32_t cause = string(profile, "G1 Evacuation Pause");
    const struct {
        struct umig_gc_row row;
        const char *want;
    } cases[] = {
        {{.collection = kind, .cause = cause}, "Pause Young (Normal): G1 Evacuation Pause"},
        {{.collection = kind}, "Pause Young (Normal)"},
        {{.cause = cause}, "Pause: G1 Evacuation Pause"},
        {{0}, "Pause, the JVM told neither kind nor cause"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_buf out = UMIG_BUF_INIT(100);
        umig_gc_put_what(profile, &cases[i].row, &out);
        assert_string_equal(umig_buf_str(&out), cases[i].want);
        umig_buf_fini(&out);
    }
    umig_profile_destroy(profile);
}

/* Readings may come in any order; what a JVM does not keep, or lost, is unknown. */
static void test_counters_of_the_jvm_tell_the_difference(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("");
    static const uint64_t seconds[] = {12, 10, 14};
    for (size_t i = 0; i < 3; i++) {
        const uint64_t unix_ns = seconds[i] * UMIG_NS_PER_S;
        umig_profile_set_jvm_counter(profile, UMIG_JVM_SAFEPOINTS, unix_ns, seconds[i] * 100);
        umig_profile_set_jvm_counter(profile, UMIG_JVM_REACH_NS, unix_ns, 1000 - seconds[i]);
        umig_profile_set_jvm_counter(profile, UMIG_JVM_COUNTERS, unix_ns, 1);
    }
    umig_profile_set_jvm_counter(profile, UMIG_JVM_LOADED, UMIG_NS_PER_S, 7);
    struct umig_jvm jvm;
    struct umig_jvm_row rows[UMIG_JVM_ROWS_MAX];
    umig_jvm_read(profile, &jvm);

    assert_int_equal(jvm.over_ns, 4 * UMIG_NS_PER_S);
    assert_int_equal(jvm.value[UMIG_JVM_SAFEPOINTS], 400);
    assert_true(jvm.value[UMIG_JVM_REACH_NS] == UMIG_JVM_COUNTER_UNKNOWN);
    assert_true(jvm.value[UMIG_JVM_LOADED] == UMIG_JVM_COUNTER_UNKNOWN); /* read once */
    assert_int_equal(umig_jvm_rows(&jvm, rows), 1);
    assert_int_equal(rows[0].count, 400);
    assert_true(rows[0].total_ns == UMIG_JVM_COUNTER_UNKNOWN);
    umig_profile_destroy(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pools_keep_first_last_and_highest),
        cmocka_unit_test(test_memory_in_no_pool_is_at_least_what_they_have_not_committed),
        cmocka_unit_test(test_a_pool_that_is_known_to_be_empty_began_with_nothing),
        cmocka_unit_test(test_pause_is_called_by_what_is_known_of_it),
        cmocka_unit_test(test_counters_of_the_jvm_tell_the_difference),
    };
    return cmocka_run_group_tests_name("unit.analysis.runtime", tests, NULL, NULL);
}
