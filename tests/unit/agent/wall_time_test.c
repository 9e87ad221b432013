#include "agent/session/wall_time.h"
#include "core/units.h"
#include "tests/support/test.h"

#define MS UMIG_NS_PER_MS

static uint64_t take_all(struct umig_wall_time *time)
{
    return umig_wall_time_take_running(time) + umig_wall_time_take_runnable(time) +
           umig_wall_time_take_asleep(time);
}

static void test_time_is_parted_by_the_clocks(void **state)
{
    (void)state;
    struct umig_wall_time time;
    umig_wall_time_begin(&time, 1000 * MS, 70 * MS, 9 * MS);

    umig_wall_time_advance(&time, 1050 * MS, 80 * MS, 14 * MS);
    umig_wall_time_advance(&time, 1100 * MS, 80 * MS, 14 * MS);

    assert_int_equal(umig_wall_time_take_running(&time), 10 * MS);
    assert_int_equal(umig_wall_time_take_runnable(&time), 5 * MS);
    assert_int_equal(umig_wall_time_take_asleep(&time), 85 * MS);
    assert_int_equal(take_all(&time), 0);
}

/* The kernel adds a wait for a processor when it is over: what it was first, it is not any more. */
static void test_late_delay_is_taken_off_sleep(void **state)
{
    (void)state;
    struct umig_wall_time time;
    umig_wall_time_begin(&time, 0, 0, 0);

    umig_wall_time_advance(&time, 100 * MS, 0, 0);
    assert_int_equal(umig_wall_time_take_asleep(&time), 100 * MS);
    umig_wall_time_advance(&time, 120 * MS, 10 * MS, 90 * MS);
    assert_int_equal(umig_wall_time_take_running(&time), 10 * MS);
    assert_int_equal(umig_wall_time_take_runnable(&time), 90 * MS);
    assert_int_equal(umig_wall_time_take_asleep(&time), 0);
    umig_wall_time_advance(&time, 220 * MS, 10 * MS, 90 * MS);

    assert_int_equal(umig_wall_time_take_asleep(&time), 20 * MS); /* 220 in all */
}

static void test_what_is_taken_adds_up_to_the_time_whatever_clocks_say(void **state)
{
    (void)state;
    static const struct {
        uint64_t now, cpu, delay;
    } looks[] = {
        {10 * MS, 25 * MS, 0},  /* faster than time */
        {20 * MS, 3 * MS, 0},   /* back */
        {20 * MS, 4 * MS, 1},   /* no time */
        {15 * MS, 5 * MS, 1},   /* time went back */
        {95 * MS, 40 * MS, MS}, /* as it should be */
        {96 * MS, 40 * MS, 60 * MS},
    };
    struct umig_wall_time time;
    umig_wall_time_begin(&time, 0, 0, 0);
    uint64_t taken = 0;

    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        umig_wall_time_advance(&time, looks[i].now, looks[i].cpu, looks[i].delay);
        taken += i % 2 == 0 ? umig_wall_time_take_asleep(&time) : 0;
    }
    umig_wall_time_close(&time);
    taken += take_all(&time);

    assert_int_equal(taken, 96 * MS);
    assert_int_equal(time.asleep_ns, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_is_parted_by_the_clocks),
        cmocka_unit_test(test_late_delay_is_taken_off_sleep),
        cmocka_unit_test(test_what_is_taken_adds_up_to_the_time_whatever_clocks_say),
    };
    return cmocka_run_group_tests_name("wall_time", tests, NULL, NULL);
}
