/* Pools of threads and of connections: sums over readings, and which of them is a price. */
#include <string.h>

#include "analysis/fold.h"
#include "analysis/work_pools.h"
#include "core/units.h"
#include "tests/support/collapsed.h"
#include "tests/support/test.h"

#define START_NS (1000 * UMIG_NS_PER_S)

static struct umig_profile *begin(uint64_t seconds)
{
    struct umig_profile *profile = umig_collapsed_read("");
    profile->session.start_unix_ns = START_NS;
    profile->session.end_unix_ns = START_NS + seconds * UMIG_NS_PER_S;
    return profile;
}

static void add(struct umig_profile *profile,
                uint32_t number,
                const char *name,
                enum umig_pool_kind kind,
                uint64_t second,
                struct umig_pool_figures figures)
{
    struct umig_profile_work_row row = {.unix_ns = START_NS + second * UMIG_NS_PER_S,
                                        .number = number,
                                        .kind = kind,
                                        .figures = figures};
    assert_int_equal(umig_profile_string(profile, name, strlen(name), &row.name), UMIG_OK);
    assert_int_equal(umig_profile_add_work_row(profile, &row), UMIG_OK);
}

static struct umig_pool_figures figures(uint64_t size,
                                        uint64_t active,
                                        uint64_t queued,
                                        uint64_t completed)
{
    return (struct umig_pool_figures){
        .size = size, .maximum = 8, .active = active, .queued = queued, .completed = completed};
}

static void test_readings_add_up_by_pool(void **state)
{
    (void)state;
    struct umig_profile *profile = begin(30);
    struct umig_work_pools pools;
    for (uint64_t i = 0; i < 4; i++) {
        add(profile, 1, "idle", UMIG_POOL_EXECUTOR, i, figures(2, 0, 0, 7));
        add(profile, 2, "busy", UMIG_POOL_EXECUTOR, i, figures(4, i, 10 * i, 100 + i * 5));
    }

    assert_int_equal(umig_work_pools_read(profile, &pools, NULL), UMIG_OK);

    assert_int_equal(pools.count, 2);
    const struct umig_work_pool *busy = &pools.items[0];
    assert_int_equal(busy->sums->number, 2);
    assert_int_equal(busy->sums->readings, 4);
    assert_true(busy->active_mean == 1.5);
    assert_true(busy->size_mean == 4);
    assert_true(busy->queued_mean == 15);
    assert_true(busy->utilisation == 6.0 / 16.0);
    assert_int_equal(busy->sums->active_most, 3);
    assert_int_equal(busy->sums->queued_most, 30);
    assert_true(busy->has_completed);
    assert_int_equal(busy->completed, 15);
    assert_int_equal(busy->sums->last.completed, 115);
    assert_int_equal(pools.items[1].completed, 0);
    assert_true(pools.items[1].utilisation == 0);
    umig_work_pools_fini(&pools);
    umig_profile_destroy(profile);
}

static void test_parts_of_time_have_their_own_sums(void **state)
{
    (void)state;
    struct umig_profile *profile = begin(UMIG_PROFILE_WORK_PARTS * 2);
    for (uint64_t second = 0; second < UMIG_PROFILE_WORK_PARTS * 2; second++) {
        add(profile, 1, "p", UMIG_POOL_EXECUTOR, second, figures(4, second / 2 % 4, 0, 0));
    }
    /* Beyond the end, as the last readings of a session that runs. */
    add(profile, 1, "p", UMIG_POOL_EXECUTOR, 5000, figures(4, 4, 0, 0));
    const struct umig_profile_work_pool *pool = &profile->work_pools.items[0];

    uint64_t readings = 0;
    for (uint32_t i = 0; i < UMIG_PROFILE_WORK_PARTS; i++) {
        readings += pool->parts[i].readings;
    }
    assert_int_equal(readings, UMIG_PROFILE_WORK_PARTS * 2 + 1);
    assert_int_equal(pool->parts[0].readings, 3); /* a part is a moment longer than two seconds */
    assert_int_equal(pool->parts[3].readings, 2);
    assert_true(pool->parts[3].active == 3);
    assert_int_equal(pool->parts[UMIG_PROFILE_WORK_PARTS - 1].readings, 2); /* and what is beyond */
    umig_profile_destroy(profile);
}

static void test_what_a_pool_does_not_tell_is_unknown(void **state)
{
    (void)state;
    struct umig_profile *profile = begin(30);
    struct umig_work_pools pools;
    struct umig_buf name = UMIG_BUF_INIT(256);
    for (uint64_t i = 0; i < 3; i++) {
        add(profile, 1, "", UMIG_POOL_HIKARI, i,
            figures(3, 3, UMIG_POOL_UNKNOWN, UMIG_POOL_UNKNOWN));
    }

    assert_int_equal(umig_work_pools_read(profile, &pools, NULL), UMIG_OK);

    assert_true(pools.items[0].queued_mean < 0);
    assert_false(pools.items[0].has_completed);
    assert_true(pools.items[0].full_share == 0); /* nobody is known to wait */
    assert_null(umig_work_pools_price(&pools));
    umig_work_pool_put_name(profile, &pools.items[0], &name);
    assert_string_equal(umig_buf_str(&name), "unnamed hikari 1");
    umig_buf_fini(&name);
    umig_work_pools_fini(&pools);
    umig_profile_destroy(profile);
}

/* Full for eight of ten readings; three more pools that are none: see the cases. */
static void test_price_is_the_pool_that_is_full(void **state)
{
    (void)state;
    static const struct {
        enum umig_pool_kind kind;
        uint64_t full, readings;
        bool is_price;
    } cases[] = {
        {UMIG_POOL_EXECUTOR, 8, 10, true},   {UMIG_POOL_TOMCAT, 3, 30, true},
        {UMIG_POOL_EXECUTOR, 2, 10, false}, /* it may be chance */
        {UMIG_POOL_EXECUTOR, 3, 31, false}, /* below a tenth */
        {UMIG_POOL_SCHEDULED, 9, 10, false}, {UMIG_POOL_HIKARI, 9, 10, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_profile *profile = begin(60);
        struct umig_work_pools pools;
        for (uint64_t k = 0; k < cases[i].readings; k++) {
            const bool is_full = k < cases[i].full;
            add(profile, 1, "p", cases[i].kind, k, figures(4, is_full ? 4 : 2, is_full, k));
        }
        assert_int_equal(umig_work_pools_read(profile, &pools, NULL), UMIG_OK);
        assert_int_equal(umig_work_pools_price(&pools) != NULL, cases[i].is_price);
        umig_work_pools_fini(&pools);
        umig_profile_destroy(profile);
    }
}

static void expect_price(enum umig_pool_kind kind, const char *want)
{
    struct umig_profile *profile = begin(30);
    struct umig_work_pools pools;
    struct umig_buf text = UMIG_BUF_INIT(1024);
    for (uint64_t i = 0; i < 10; i++) {
        add(profile, 1, "orders", kind, i, figures(4, i < 8 ? 4 : 0, i < 8 ? 10 : 0, i));
    }
    assert_int_equal(umig_work_pools_read(profile, &pools, NULL), UMIG_OK);
    umig_work_pools_put_price(profile, umig_work_pools_price(&pools), &text);
    assert_string_equal(umig_buf_str(&text), want);
    umig_buf_fini(&text);
    umig_work_pools_fini(&pools);
    umig_profile_destroy(profile);
}

static void test_price_is_told_in_words(void **state)
{
    (void)state;
    expect_price(UMIG_POOL_EXECUTOR,
                 "pool orders was full for 80 % of the time, all of its 4 threads busy and 8.0 "
                 "tasks waiting on average");
    expect_price(UMIG_POOL_HIKARI,
                 "pool orders was full for 80 % of the time, all of its 4 connections lent and "
                 "8.0 threads waiting on average");
}

static void test_folding_keeps_pools(void **state)
{
    (void)state;
    struct umig_profile *profile = begin(30);
    struct umig_profile *folded = NULL;
    const struct umig_fold_options options = {.keep_dispatch = false};
    add(profile, 3, "orders", UMIG_POOL_TOMCAT, 1, figures(4, 2, 1, 9));

    assert_int_equal(umig_fold(profile, &options, &folded, NULL), UMIG_OK);

    assert_int_equal(folded->work_pools.count, 1);
    assert_int_equal(folded->work_pools.items[0].active, 2);
    assert_string_equal(umig_profile_text(folded, folded->work_pools.items[0].name), "orders");
    umig_profile_destroy(folded);
    umig_profile_destroy(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readings_add_up_by_pool),
        cmocka_unit_test(test_parts_of_time_have_their_own_sums),
        cmocka_unit_test(test_what_a_pool_does_not_tell_is_unknown),
        cmocka_unit_test(test_price_is_the_pool_that_is_full),
        cmocka_unit_test(test_price_is_told_in_words),
        cmocka_unit_test(test_folding_keeps_pools),
    };
    return cmocka_run_group_tests_name("unit.analysis.work_pools", tests, NULL, NULL);
}
