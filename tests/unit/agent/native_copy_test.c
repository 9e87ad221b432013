/* What is copied for native frames: where, how much, and what there is no room for. */
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "agent/signal/native_copy.h"
#include "tests/support/test.h"

enum {
    STACK_WORDS = 4096,
    LEAF_BYTES = 256,
    PC = 4711
};

static uint64_t g_stack[STACK_WORDS];

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < STACK_WORDS; i++) {
        g_stack[i] = i;
    }
    return 0;
}

static struct umig_crossing crossing_at(size_t word, size_t words)
{
    struct umig_crossing crossing = {.java_sp = (uintptr_t)&g_stack[word + words]};
    crossing.registers.by_number[UMIG_REGISTER_SP] = (uintptr_t)&g_stack[word];
    crossing.registers.by_number[UMIG_REGISTER_PC] = PC + word;
    return crossing;
}

/* A record of nothing but what is planned; freed by the caller. */
static struct umig_record *take(const struct umig_native_plan *plan)
{
    struct umig_record *record = calloc(1, sizeof *record + plan->byte_count);
    ucontext_t context;
    memset(&context, 0, sizeof context);
    context.uc_mcontext.gregs[REG_RSP] = (greg_t)(uintptr_t)&g_stack[64];
    context.uc_mcontext.gregs[REG_R12] = 12;
    record->byte_count = (uint32_t)sizeof *record + plan->byte_count;
    record->native_bytes = plan->byte_count;
    umig_native_copy_take(plan, &context, record + 1);
    return record;
}

static void assert_stack(const struct umig_native_copy *copy, size_t word, size_t bytes)
{
    assert_ptr_equal((const void *)(uintptr_t)copy->stack_low, &g_stack[word]);
    assert_int_equal(copy->stack_bytes, bytes);
    assert_memory_equal(copy + 1, &g_stack[word], bytes);
}

static void test_leaf_and_crossings_are_found_by_their_numbers(void **state)
{
    (void)state;
    const struct umig_crossings crossings = {
        .count = 2,
        .at = {crossing_at(200, 10), crossing_at(300, 3)},
    };
    struct umig_native_plan plan = {.byte_count = 0};
    umig_native_plan_leaf(&plan, LEAF_BYTES, UINT32_MAX);
    umig_native_plan_crossings(&plan, &crossings, 1 << 16);
    assert_int_equal(plan.byte_count, 3 * sizeof(struct umig_native_copy) + LEAF_BYTES + 13 * 8);

    struct umig_record *record = take(&plan);

    const struct umig_native_copy *leaf = umig_native_copy_of(record, 0);
    assert_stack(leaf, 64 - UMIG_RED_ZONE_BYTES / 8, LEAF_BYTES);
    assert_int_equal(leaf->registers.by_number[UMIG_REGISTER_R12], 12);
    const struct umig_native_copy *first = umig_native_copy_of(record, 1);
    assert_stack(first, 200, 80);
    assert_int_equal(first->registers.by_number[UMIG_REGISTER_PC], PC + 200);
    assert_ptr_equal((const void *)(uintptr_t)first->java_sp, &g_stack[210]);
    assert_stack(umig_native_copy_of(record, 2), 300, 24);
    assert_null(umig_native_copy_of(record, 3));
    free(record);
}

static void test_crossings_are_copied_without_a_leaf(void **state)
{
    (void)state;
    const struct umig_crossings crossings = {.count = 1, .at = {crossing_at(200, 10)}};
    struct umig_native_plan plan = {.byte_count = 0};
    umig_native_plan_crossings(&plan, &crossings, 1 << 16);

    struct umig_record *record = take(&plan);

    assert_null(umig_native_copy_of(record, 0));
    assert_stack(umig_native_copy_of(record, 1), 200, 80);
    free(record);
}

static void test_crossing_is_copied_up_to_its_bound(void **state)
{
    (void)state;
    const struct umig_crossings crossings = {.count = 1, .at = {crossing_at(200, 2000)}};
    struct umig_native_plan plan = {.byte_count = 0};
    umig_native_plan_crossings(&plan, &crossings, 1 << 16);

    struct umig_record *record = take(&plan);

    assert_stack(umig_native_copy_of(record, 1), 200, UMIG_CROSSING_STACK_BYTES);
    free(record);
}

/* It has another bound, and the mark that Java was never there. */
static void test_root_is_copied_up_to_its_bound(void **state)
{
    (void)state;
    struct umig_crossings crossings = {
        .count = 2,
        .at = {crossing_at(200, 10), crossing_at(300, 2000)},
    };
    crossings.at[1].is_root = true;
    struct umig_native_plan plan = {.byte_count = 0};
    umig_native_plan_crossings(&plan, &crossings, 1 << 16);

    struct umig_record *record = take(&plan);

    assert_int_not_equal(umig_native_copy_of(record, 1)->java_sp, 0);
    assert_stack(umig_native_copy_of(record, 2), 300, UMIG_ROOT_STACK_BYTES);
    assert_int_equal(umig_native_copy_of(record, 2)->java_sp, 0);
    free(record);
}

/* Nothing of the stack of a crossing that leads down, or to where it is. */
static void test_crossing_that_leads_nowhere_has_no_stack(void **state)
{
    (void)state;
    struct umig_crossings crossings = {.count = 2, .at = {crossing_at(200, 0), crossing_at(9, 0)}};
    crossings.at[1].java_sp = (uintptr_t)&g_stack[3];
    struct umig_native_plan plan = {.byte_count = 0};
    umig_native_plan_crossings(&plan, &crossings, 1 << 16);

    struct umig_record *record = take(&plan);

    assert_int_equal(umig_native_copy_of(record, 1)->stack_bytes, 0);
    assert_int_equal(umig_native_copy_of(record, 2)->stack_bytes, 0);
    free(record);
}

static void test_only_the_innermost_crossings_find_room(void **state)
{
    (void)state;
    const struct umig_crossings crossings = {
        .count = 3,
        .at = {crossing_at(200, 10), crossing_at(300, 10), crossing_at(400, 1)},
    };
    const uint32_t each = (uint32_t)sizeof(struct umig_native_copy) + 80;
    struct umig_native_plan plan = {.byte_count = 0};
    umig_native_plan_leaf(&plan, LEAF_BYTES, UINT32_MAX);
    const uint32_t leaf = plan.byte_count;
    umig_native_plan_crossings(&plan, &crossings, leaf + 2 * each - 8);
    assert_int_equal(plan.crossing_count, 1);
    assert_int_equal(plan.byte_count, leaf + each);

    struct umig_record *record = take(&plan);

    assert_non_null(umig_native_copy_of(record, 1));
    assert_null(umig_native_copy_of(record, 2));
    free(record);

    plan = (struct umig_native_plan){.byte_count = 0};
    umig_native_plan_leaf(&plan, LEAF_BYTES, UINT32_MAX);
    umig_native_plan_crossings(&plan, &crossings, 64); /* the leaf alone has taken more */
    assert_int_equal(plan.crossing_count, 0);
}

static void test_plan_that_is_reduced_keeps_the_leafs_registers(void **state)
{
    (void)state;
    const struct umig_crossings crossings = {.count = 1, .at = {crossing_at(200, 10)}};
    struct umig_native_plan plan = {.byte_count = 0};
    umig_native_plan_leaf(&plan, LEAF_BYTES, UINT32_MAX);
    umig_native_plan_crossings(&plan, &crossings, 1 << 16);
    umig_native_plan_reduce(&plan);
    assert_int_equal(plan.byte_count, sizeof(struct umig_native_copy));

    struct umig_record *record = take(&plan);

    assert_int_equal(umig_native_copy_of(record, 0)->stack_bytes, 0);
    assert_int_equal(umig_native_copy_of(record, 0)->registers.by_number[UMIG_REGISTER_R12], 12);
    assert_null(umig_native_copy_of(record, 1));
    free(record);

    plan = (struct umig_native_plan){.byte_count = 0};
    umig_native_plan_crossings(&plan, &crossings, 1 << 16);
    umig_native_plan_reduce(&plan);
    assert_int_equal(plan.byte_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaf_and_crossings_are_found_by_their_numbers),
        cmocka_unit_test(test_crossings_are_copied_without_a_leaf),
        cmocka_unit_test(test_crossing_is_copied_up_to_its_bound),
        cmocka_unit_test(test_root_is_copied_up_to_its_bound),
        cmocka_unit_test(test_crossing_that_leads_nowhere_has_no_stack),
        cmocka_unit_test(test_only_the_innermost_crossings_find_room),
        cmocka_unit_test(test_plan_that_is_reduced_keeps_the_leafs_registers),
    };
    return cmocka_run_group_tests_name("unit.agent.native_copy", tests, setup, NULL);
}
