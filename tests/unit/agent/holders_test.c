#include "agent/session/holders.h"
#include "tests/support/test.h"

static struct umig_record record_of(enum umig_record_type type, uint32_t slot, uint32_t wait_count)
{
    return (struct umig_record){.type = (uint8_t)type,
                                .slot = slot,
                                .slot_serial = 3,
                                .holder_tid = 77,
                                .wait_count = wait_count};
}

static void test_holder_belongs_to_its_wait_until_that_is_over(void **state)
{
    (void)state;
    struct umig_holders holders = {0};
    const struct umig_record seen = record_of(UMIG_RECORD_HOLDER, 5, 0);
    const struct umig_record goes_on = record_of(UMIG_RECORD_WAIT, 5, 0);
    const struct umig_record over = record_of(UMIG_RECORD_WAIT, 5, 2);

    assert_int_equal(umig_holders_stack(&holders, &goes_on, 1), 0);
    umig_holders_keep(&holders, &seen, 9, 1);
    assert_int_equal(umig_holders_stack(&holders, &goes_on, 1), 9);
    umig_holders_end(&holders, &goes_on);
    assert_int_equal(umig_holders_stack(&holders, &over, 1), 9);
    umig_holders_end(&holders, &over);
    assert_int_equal(umig_holders_stack(&holders, &over, 1), 0);
}

static void test_holder_of_another_wait_is_not_taken(void **state)
{
    (void)state;
    struct umig_holders holders = {0};
    const struct umig_record seen = record_of(UMIG_RECORD_HOLDER, 5, 0);
    struct umig_record wait = record_of(UMIG_RECORD_WAIT, 5, 1);

    umig_holders_keep(&holders, &seen, 9, 1);
    assert_int_equal(umig_holders_stack(&holders, &wait, 2), 0); /* ids of the time before */
    wait.slot_serial++;
    assert_int_equal(umig_holders_stack(&holders, &wait, 1), 0); /* another thread's slot */
    wait = record_of(UMIG_RECORD_WAIT, 5, 1);
    wait.holder_tid = 78;
    assert_int_equal(umig_holders_stack(&holders, &wait, 1), 0);
    wait = record_of(UMIG_RECORD_WAIT, 5 + UMIG_HOLDERS_MAX, 1);
    assert_int_equal(umig_holders_stack(&holders, &wait, 1), 0);
    umig_holders_end(&holders, &wait);
    wait = record_of(UMIG_RECORD_WAIT, 5, 1);
    assert_int_equal(umig_holders_stack(&holders, &wait, 1), 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holder_belongs_to_its_wait_until_that_is_over),
        cmocka_unit_test(test_holder_of_another_wait_is_not_taken),
    };
    return cmocka_run_group_tests_name("unit.agent.holders", tests, NULL, NULL);
}
