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
        cmocka_unit_test(test_pause_is_called_by_what_is_known_of_it),
        cmocka_unit_test(test_counters_of_the_jvm_tell_the_difference),
    };
    return cmocka_run_group_tests_name("unit.analysis.runtime", tests, NULL, NULL);
}
