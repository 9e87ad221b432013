#include <stdlib.h>
#include <string.h>

#include "agent/walk/evidence.h"
#include "tests/support/test.h"
#include "tests/unit/agent_walk/fake_jvm.h"

static struct umig_evidence_ring g_ring;
static struct umig_evidence g_row;

static int setup(void **state)
{
    memset(&g_ring, 0, sizeof g_ring);
    memset(&g_row, 0, sizeof g_row);
    return fake_jvm_setup(state);
}

static void put(struct fake_jvm *jvm, int32_t tid)
{
    const struct umig_step step = fake_leaf(jvm, fake_code(jvm, FAKE_COMPILED, 100), 20, 7);
    const struct umig_evidence head = {.tid = tid, .leaf = step.regs};
    umig_evidence_put(&g_ring, &step, &head);
}

static void assert_tid(uint32_t back, int32_t tid)
{
    assert_true(umig_evidence_get(&g_ring, back, &g_row));
    assert_int_equal(g_row.tid, tid);
}

static void test_evidence_shows_where_the_walk_was_lost(void **state)
{
    struct fake_jvm *jvm = *state;
    static const uint8_t code[] = {1, 2, 3, 4};
    fake_assemble(jvm, FAKE_INTRINSIC, 40, code, sizeof code);
    fake_assemble(jvm, FAKE_COMPILED, 100, code + 2, 2);
    jvm->stack[20] = 0x2020;
    jvm->stack[27] = 0x2727;
    struct umig_step step = fake_standing(jvm, fake_code(jvm, FAKE_INTRINSIC, 40), 20, 0xf0);
    const struct umig_evidence head = {
        .leaf = {.pc = fake_code(jvm, FAKE_COMPILED, 100), .sp = 3},
        .time_ns = 5,
        .tid = 6,
        .outcome = 7,
        .frames = 8,
        .thread_state = 9,
    };

    umig_evidence_put(&g_ring, &step, &head);

    assert_true(umig_evidence_get(&g_ring, 0, &g_row));
    assert_int_equal(g_row.time_ns, 5);
    assert_int_equal(g_row.tid, 6);
    assert_int_equal(g_row.outcome, 7);
    assert_int_equal(g_row.frames, 8);
    assert_int_equal(g_row.thread_state, 9);
    assert_int_equal(g_row.leaf.sp, 3);
    assert_string_equal(g_row.leaf_name, "nmethod");
    assert_memory_equal(g_row.leaf_code + UMIG_EVIDENCE_CODE_BYTES / 2, code + 2, 2);
    assert_false(g_row.is_leaf);
    assert_memory_equal(&g_row.regs, &step.regs, sizeof step.regs);
    assert_string_equal(g_row.code_name, "StubRoutines (1)");
    assert_int_equal(g_row.code_offset, 40);
    assert_int_equal(g_row.frame_complete, -1);
    assert_memory_equal(g_row.code + UMIG_EVIDENCE_CODE_BYTES / 2, code, sizeof code);
    assert_int_equal(g_row.code[UMIG_EVIDENCE_CODE_BYTES / 2 - 1], 0x90);
    assert_int_equal(g_row.stack[0], 0x2020);
    assert_int_equal(g_row.stack[7], 0x2727);
}

static void test_evidence_outside_of_generated_code_has_no_name(void **state)
{
    struct fake_jvm *jvm = *state;
    const struct umig_step step = fake_leaf(jvm, (uintptr_t)setup, 20, 0);
    const struct umig_evidence head = {.leaf = step.regs};

    umig_evidence_put(&g_ring, &step, &head);

    assert_true(umig_evidence_get(&g_ring, 0, &g_row));
    assert_string_equal(g_row.code_name, "");
    assert_string_equal(g_row.leaf_name, "");
    assert_int_equal(g_row.code_offset, 0);
    assert_memory_equal(g_row.code + UMIG_EVIDENCE_CODE_BYTES / 2, (const void *)(uintptr_t)setup,
                        UMIG_EVIDENCE_CODE_BYTES / 2);
}

static void test_evidence_gives_the_newest_first(void **state)
{
    struct fake_jvm *jvm = *state;
    assert_false(umig_evidence_get(&g_ring, 0, &g_row));
    for (int32_t tid = 1; tid <= 3; tid++) {
        put(jvm, tid);
    }

    assert_tid(0, 3);
    assert_tid(1, 2);
    assert_tid(2, 1);
    assert_false(umig_evidence_get(&g_ring, 3, &g_row));
}

static void test_evidence_wraps_and_keeps_the_newest(void **state)
{
    struct fake_jvm *jvm = *state;
    const int32_t last = 2 * UMIG_EVIDENCE_ROWS + 5;
    for (int32_t tid = 1; tid <= last; tid++) {
        put(jvm, tid);
    }

    for (uint32_t back = 0; back < UMIG_EVIDENCE_ROWS; back++) {
        assert_tid(back, last - (int32_t)back);
    }
    assert_false(umig_evidence_get(&g_ring, UMIG_EVIDENCE_ROWS, &g_row));
}

static void test_evidence_row_that_is_being_written_is_skipped(void **state)
{
    struct fake_jvm *jvm = *state;
    for (int32_t tid = 1; tid <= UMIG_EVIDENCE_ROWS; tid++) {
        put(jvm, tid);
    }
    atomic_fetch_or(&g_ring.rows[0].version, 1); /* a handler has been at row 0 for a round */

    put(jvm, 1000); /* its turn is row 0 again */

    assert_false(umig_evidence_get(&g_ring, 0, &g_row));
    assert_int_equal(g_ring.rows[0].evidence.tid, 1);
    assert_tid(1, UMIG_EVIDENCE_ROWS);
    put(jvm, 1001);
    assert_tid(0, 1001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_jvm_teardown)
        TEST(test_evidence_shows_where_the_walk_was_lost),
        TEST(test_evidence_outside_of_generated_code_has_no_name),
        TEST(test_evidence_gives_the_newest_first),
        TEST(test_evidence_wraps_and_keeps_the_newest),
        TEST(test_evidence_row_that_is_being_written_is_skipped),
    };
    return cmocka_run_group_tests_name("unit.agent.evidence", tests, NULL, NULL);
}
