#include <stdlib.h>
#include <string.h>

#include "agent/walk/scopes.h"
#include "include/umig/kinds.h"
#include "tests/support/test.h"
#include "tests/unit/agent_walk/fake_scopes.h"

enum {
    ROOM = 2 * UMIG_KEPT_OUTER + 64
};

static struct fake_scopes g_scopes;
static struct umig_walk_frame g_frames[ROOM];
static struct umig_kept g_kept;
static struct fake_method *g_outer, *g_inner;

static int setup(void **state)
{
    fake_jvm_setup(state);
    fake_scopes_init(&g_scopes, *state, FAKE_COMPILED);
    g_outer = fake_method_new("a/Outer", "outer", NULL, NULL, 0);
    g_inner = fake_method_new("a/Inner", "inner", NULL, NULL, 0);
    g_scopes.metadata[0] = (uintptr_t)g_outer;
    g_scopes.metadata[1] = (uintptr_t)g_inner;
    g_kept = (struct umig_kept){.frames = g_frames, .max = ROOM};
    return 0;
}

static int teardown(void **state)
{
    fake_method_free(g_outer);
    fake_method_free(g_inner);
    return fake_jvm_teardown(state);
}

static bool expand(struct fake_jvm *jvm, size_t offset)
{
    const uintptr_t pc = fake_code(jvm, FAKE_COMPILED, offset);
    const struct umig_blob blob = umig_codecache_find(&jvm->hotspot, pc);
    assert_int_equal(blob.kind, UMIG_BLOB_NMETHOD);
    g_kept.seen = 0;
    return umig_scopes_expand(&jvm->hotspot, &blob, pc, &g_kept);
}

static void assert_frame(uint32_t at, const struct fake_method *method, int32_t bci, uint32_t kind)
{
    assert_true(at < g_kept.seen);
    assert_ptr_equal(g_frames[at].method, method);
    assert_int_equal(g_frames[at].bci, bci);
    assert_int_equal(g_frames[at].kind, kind);
}

/* Nothing is described: the method itself, without a bytecode index. */
static void assert_only_itself(struct fake_jvm *jvm, size_t offset)
{
    assert_false(expand(jvm, offset));
    assert_int_equal(g_kept.seen, 1);
    assert_frame(0, jvm->method, -1, UMIG_FRAME_COMPILED);
}

static void describe_inlined(struct fake_jvm *jvm, int32_t offset, int32_t bci)
{
    const uint32_t outer = fake_scopes_add(&g_scopes, &jvm->hotspot, 0, 1, 300);
    const uint32_t inner = fake_scopes_add(&g_scopes, &jvm->hotspot, outer, 2, bci);
    fake_scopes_describe(&g_scopes, jvm, FAKE_COMPILED, offset, inner);
}

static void test_scopes_inlined_chain_is_opened_innermost_first(void **state)
{
    struct fake_jvm *jvm = *state;
    for (uint32_t base = 0; base <= 1; base++) { /* up to JDK 19, and from 20 */
        fake_scopes_init(&g_scopes, jvm, FAKE_COMPILED);
        g_scopes.metadata[0] = (uintptr_t)g_outer;
        g_scopes.metadata[1] = (uintptr_t)g_inner;
        jvm->hotspot.unsigned5_base = base;
        describe_inlined(jvm, 60, 70000);

        assert_true(expand(jvm, 60));

        assert_int_equal(g_kept.seen, 2);
        assert_frame(0, g_inner, 70000, UMIG_FRAME_INLINED);
        assert_frame(1, g_outer, 300, UMIG_FRAME_COMPILED);
    }
}

static void test_scopes_unsigned5_takes_hotspots_own_bytes(void **state)
{
    struct fake_jvm *jvm = *state;
    /* Written down from HotSpot's definition, not by our writer: 300 is 192 + 108: 192 + 44, 1. */
    static const uint8_t up_to_19[] = {0, 0, 1, 192 + 44, 1};
    static const uint8_t from_20[] = {0, 1, 2, 192 + 46, 2}; /* 301 - 191 = 110 = 46 + 1 * 64 */
    fake_scopes_describe(&g_scopes, jvm, FAKE_COMPILED, 60, 1);

    memcpy(g_scopes.bytes, up_to_19, sizeof up_to_19);
    jvm->hotspot.unsigned5_base = 0;
    assert_true(expand(jvm, 60));
    assert_frame(0, g_outer, 299, UMIG_FRAME_COMPILED);

    memcpy(g_scopes.bytes, from_20, sizeof from_20);
    jvm->hotspot.unsigned5_base = 1;
    assert_true(expand(jvm, 60));
    assert_frame(0, g_outer, 300, UMIG_FRAME_COMPILED);
}

/* Calls of leaves, as of an intrinsic's stub, have no description of their own. */
static void test_scopes_pc_behind_a_call_of_a_leaf_takes_the_next_description(void **state)
{
    struct fake_jvm *jvm = *state;
    describe_inlined(jvm, 60, 7);

    assert_true(expand(jvm, 59));
    assert_int_equal(g_kept.seen, 2);
    assert_frame(0, g_inner, 7, UMIG_FRAME_INLINED);
}

static void test_scopes_approximate_pc_takes_the_next_description(void **state)
{
    struct fake_jvm *jvm = *state;
    describe_inlined(jvm, 40, 4);
    describe_inlined(jvm, 60, 6);
    describe_inlined(jvm, 80, 8);
    const struct {
        size_t offset;
        int32_t bci;
    } cases[] = {{0, 4}, {40, 4}, {41, 6}, {60, 6}, {61, 8}, {80, 8}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(expand(jvm, cases[i].offset));

        assert_int_equal(g_kept.seen, 2);
        assert_frame(0, g_inner, cases[i].bci, UMIG_FRAME_INLINED);
    }
}

static void test_scopes_sentinels_describe_nothing(void **state)
{
    struct fake_jvm *jvm = *state;
    describe_inlined(jvm, 60, 7);

    assert_only_itself(jvm, 61); /* behind the last: the upper sentinel's */
}

static void test_scopes_table_of_absurd_size_describes_nothing(void **state)
{
    struct fake_jvm *jvm = *state;
    struct fake_blob *blob = &jvm->blocks[FAKE_COMPILED].blob;
    describe_inlined(jvm, 60, 7);

    blob->pcs_end = blob->pcs;
    assert_only_itself(jvm, 60);
    blob->pcs_end = blob->pcs - sizeof(struct fake_pcdesc);
    assert_only_itself(jvm, 60);
    blob->pcs_end = blob->pcs + ((uintptr_t)1 << 33);
    assert_only_itself(jvm, 60);
}

/* Callers are written before their callees; a chain that turns would not end. */
static void test_scopes_caller_behind_its_callee_ends_the_chain(void **state)
{
    struct fake_jvm *jvm = *state;
    const uint32_t first = fake_scopes_add(&g_scopes, &jvm->hotspot, 1, 2, 5); /* its own caller */
    fake_scopes_describe(&g_scopes, jvm, FAKE_COMPILED, 60, first);
    const uint32_t second = fake_scopes_add(&g_scopes, &jvm->hotspot, 100, 2, 6);
    fake_scopes_describe(&g_scopes, jvm, FAKE_COMPILED, 70, second);

    assert_true(expand(jvm, 60));
    assert_int_equal(g_kept.seen, 1);
    assert_frame(0, g_inner, 5, UMIG_FRAME_INLINED);

    assert_true(expand(jvm, 70));
    assert_int_equal(g_kept.seen, 1);
    assert_frame(0, g_inner, 6, UMIG_FRAME_INLINED);
}

static void test_scopes_without_a_method_adds_the_nmethods_own(void **state)
{
    struct fake_jvm *jvm = *state;
    const uint32_t none = fake_scopes_add(&g_scopes, &jvm->hotspot, 0, 0, 5);
    fake_scopes_describe(&g_scopes, jvm, FAKE_COMPILED, 60, none);
    const uint32_t odd = fake_scopes_add(&g_scopes, &jvm->hotspot, 0, 3, 5);
    fake_scopes_describe(&g_scopes, jvm, FAKE_COMPILED, 70, odd);
    g_scopes.metadata[2] = 0x100001;

    assert_only_itself(jvm, 60);
    assert_only_itself(jvm, 70);
}

/* What was believed before the malformed scope stays. */
static void test_scopes_broken_caller_keeps_the_callee(void **state)
{
    struct fake_jvm *jvm = *state;
    const uint32_t broken = fake_scopes_add(&g_scopes, &jvm->hotspot, 0, 0, 5);
    const uint32_t inner = fake_scopes_add(&g_scopes, &jvm->hotspot, broken, 2, 9);
    fake_scopes_describe(&g_scopes, jvm, FAKE_COMPILED, 60, inner);

    assert_true(expand(jvm, 60));

    assert_int_equal(g_kept.seen, 1);
    assert_frame(0, g_inner, 9, UMIG_FRAME_INLINED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_scopes_inlined_chain_is_opened_innermost_first),
        TEST(test_scopes_unsigned5_takes_hotspots_own_bytes),
        TEST(test_scopes_pc_behind_a_call_of_a_leaf_takes_the_next_description),
        TEST(test_scopes_approximate_pc_takes_the_next_description),
        TEST(test_scopes_sentinels_describe_nothing),
        TEST(test_scopes_table_of_absurd_size_describes_nothing),
        TEST(test_scopes_caller_behind_its_callee_ends_the_chain),
        TEST(test_scopes_without_a_method_adds_the_nmethods_own),
        TEST(test_scopes_broken_caller_keeps_the_callee),
    };
    return cmocka_run_group_tests_name("unit.agent.scopes", tests, NULL, NULL);
}
