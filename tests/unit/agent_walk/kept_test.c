#include <stdlib.h>

#include "agent/walk/kept.h"
#include "tests/support/test.h"

enum {
    ROOM = 2 * UMIG_KEPT_OUTER + 88,
    INNER = ROOM - UMIG_KEPT_OUTER,
};

static struct umig_walk_frame g_frames[ROOM + 1];

/* Adds frames whose bci is their place from the leaf, and finishes. */
static uint32_t keep(uint32_t count, uint32_t *out_cut_at)
{
    struct umig_kept kept = {.frames = g_frames, .max = ROOM};
    g_frames[ROOM].bci = -77;
    for (uint32_t i = 0; i < count; i++) {
        umig_kept_add(&kept, &(struct umig_walk_frame){.method = 8, .bci = (int32_t)i});
    }
    const uint32_t kept_count = umig_kept_finish(&kept, out_cut_at);
    assert_int_equal(g_frames[ROOM].bci, -77);
    return kept_count;
}

static void assert_run(uint32_t from, uint32_t to, uint32_t first)
{
    for (uint32_t i = from; i < to; i++) {
        assert_int_equal(g_frames[i].bci, first + (i - from));
    }
}

static void test_kept_without_frames_is_empty(void **state)
{
    (void)state;
    uint32_t cut_at = 99;

    assert_int_equal(keep(0, &cut_at), 0);

    assert_int_equal(cut_at, 0);
}

static void test_kept_exactly_full_keeps_all_in_order(void **state)
{
    (void)state;
    uint32_t cut_at = 99;

    assert_int_equal(keep(ROOM, &cut_at), ROOM);

    assert_int_equal(cut_at, 0);
    assert_run(0, ROOM, 0);
}

/* Leaf and root stay, the frames between are missing at the place that is told. */
static void test_kept_over_full_keeps_both_ends_in_order(void **state)
{
    (void)state;
    const uint32_t counts[] = {
        ROOM + 1, ROOM + 2, ROOM + UMIG_KEPT_OUTER - 1, ROOM + UMIG_KEPT_OUTER, ROOM + 777, 100000,
    };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        uint32_t cut_at = 0;

        assert_int_equal(keep(counts[i], &cut_at), ROOM);

        assert_int_equal(cut_at, INNER);
        assert_run(0, INNER, 0);
        assert_run(INNER, ROOM, counts[i] - UMIG_KEPT_OUTER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept_without_frames_is_empty),
        cmocka_unit_test(test_kept_exactly_full_keeps_all_in_order),
        cmocka_unit_test(test_kept_over_full_keeps_both_ends_in_order),
    };
    return cmocka_run_group_tests_name("unit.agent.kept", tests, NULL, NULL);
}
