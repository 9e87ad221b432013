/* Whole walks: from a signal's registers, or from where Java was left, to the thread's root. */
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "agent/walk/kept.h"
#include "agent/walk/names.h"
#include "agent/walk/vmwalk.h"
#include "tests/support/test.h"
#include "tests/unit/agent_walk/fake_scopes.h"

enum {
    ROOM = 2 * UMIG_KEPT_OUTER + 64,
    NOISE = 0x1234,
};

static struct umig_walk_frame g_frames[ROOM];
static struct umig_step g_scratch;
static ucontext_t g_context;
static struct fake_scopes g_scopes;
static struct umig_crossings g_crossings;

static int setup(void **state)
{
    fake_jvm_setup(state);
    fake_scopes_init(&g_scopes, *state, FAKE_COMPILED);
    return 0;
}

static void set_registers(struct fake_jvm *jvm, uintptr_t pc, size_t sp_word, uintptr_t fp)
{
    memset(&g_context, 0, sizeof g_context);
    const struct umig_regs regs = {.pc = pc, .sp = fake_sp(jvm, sp_word), .fp = fp};
    umig_regs_write(&g_context, &regs);
}

static struct umig_walk_request request_of(struct fake_jvm *jvm, void *context)
{
    return (struct umig_walk_request){
        .env = &jvm->thread.env,
        .context = context,
        .scratch = &g_scratch,
        .frames = g_frames,
        .max_frames = ROOM,
    };
}

static struct umig_walk_result walk_as(struct fake_jvm *jvm,
                                       const struct umig_walk_request *request)
{
    const struct umig_vmwalk vmwalk = {.hotspot = &jvm->hotspot};
    assert_true(UMIG_VMWALK_SCRATCH_BYTES <= sizeof g_scratch);
    return umig_vmwalk_walk(&vmwalk, request);
}

static struct umig_walk_result walk_until(struct fake_jvm *jvm, void *context, uint64_t cpu_ns)
{
    struct umig_walk_request request = request_of(jvm, context);
    request.until_cpu_ns = cpu_ns;
    return walk_as(jvm, &request);
}

static struct umig_walk_result walk_with_crossings(struct fake_jvm *jvm)
{
    struct umig_walk_request request = request_of(jvm, &g_context);
    umig_crossings_clear(&g_crossings);
    request.crossings = &g_crossings;
    return walk_as(jvm, &request);
}

static struct umig_walk_result walk(struct fake_jvm *jvm, void *context)
{
    return walk_until(jvm, context, 0);
}

static void assert_frame(uint32_t at, const void *method, int32_t bci, uint32_t kind)
{
    assert_ptr_equal(g_frames[at].method, method);
    assert_int_equal(g_frames[at].bci, bci);
    assert_int_equal(g_frames[at].kind, kind);
}

/* An interpreted frame that was called through the call stub, whose frame is at entry_fp. */
static void interpreted_by_entry(struct fake_jvm *jvm,
                                 size_t fp,
                                 int32_t bci,
                                 size_t entry_fp,
                                 const struct fake_anchor *anchor)
{
    fake_interpreted_at(jvm, fp, bci);
    jvm->stack[fp - 1] = fake_sp(jvm, fp + 2);
    jvm->stack[fp] = fake_sp(jvm, entry_fp);
    jvm->stack[fp + 1] = fake_entry_at(jvm, entry_fp, anchor);
}

/* The outer run: a native method's wrapper at word 80, called by an interpreted one, the root. */
static struct fake_anchor outer_run(struct fake_jvm *jvm)
{
    fake_compiled_at(jvm, 80, fake_code(jvm, FAKE_INTERPRETER, 40), fake_sp(jvm, 100));
    interpreted_by_entry(jvm, 100, 7, 130, NULL);
    return (struct fake_anchor){fake_sp(jvm, 80), fake_return(jvm, FAKE_WRAPPER, 100), NOISE};
}

/* The inner run: compiled at word 10, called by an interpreted one, which was called by JNI. */
static void two_runs(struct fake_jvm *jvm)
{
    const struct fake_anchor anchor = outer_run(jvm);
    fake_compiled_at(jvm, 10, fake_code(jvm, FAKE_INTERPRETER, 40), fake_sp(jvm, 30));
    interpreted_by_entry(jvm, 30, 3, 50, &anchor);
    set_registers(jvm, fake_code(jvm, FAKE_COMPILED, 100), 10, NOISE);
}

/* A stub that the JVM calls itself, after it has left Java but not the state of it. */
static void test_walk_lost_where_it_begins_goes_on_where_java_was_left(void **state)
{
    struct fake_jvm *jvm = *state;
    jvm->thread.anchor = outer_run(jvm);
    set_registers(jvm, fake_code(jvm, FAKE_INTRINSIC, 100), 10, NOISE);

    const struct umig_walk_result result = walk(jvm, &g_context);

    assert_int_equal(result.outcome, UMIG_OUTCOME_OK);
    assert_int_equal(result.frame_count, 2);
    assert_frame(0, jvm->native, UMIG_BCI_NATIVE, UMIG_FRAME_NATIVE_METHOD);
}

static void test_walk_goes_over_two_runs_of_java_to_the_root(void **state)
{
    struct fake_jvm *jvm = *state;
    two_runs(jvm);
    g_scopes.metadata[0] = (uintptr_t)jvm->method;
    g_scopes.metadata[1] = (uintptr_t)jvm->native;
    const uint32_t outer = fake_scopes_add(&g_scopes, &jvm->hotspot, 0, 1, 11);
    const uint32_t inner = fake_scopes_add(&g_scopes, &jvm->hotspot, outer, 2, 12);
    fake_scopes_describe(&g_scopes, jvm, FAKE_COMPILED, 110, inner);

    const struct umig_walk_result result = walk(jvm, &g_context);

    assert_int_equal(result.outcome, UMIG_OUTCOME_OK);
    assert_int_equal(result.cut_at, 0);
    assert_int_equal(result.frame_count, 5);
    assert_frame(0, jvm->native, 12, UMIG_FRAME_INLINED);
    assert_frame(1, jvm->method, 11, UMIG_FRAME_COMPILED);
    assert_frame(2, jvm->method, 3, UMIG_FRAME_INTERPRETED);
    assert_frame(3, jvm->native, UMIG_BCI_NATIVE, UMIG_FRAME_NATIVE_METHOD);
    assert_frame(4, jvm->method, 7, UMIG_FRAME_INTERPRETED);
}

static void test_walk_leaves_a_place_where_native_code_called_java(void **state)
{
    struct fake_jvm *jvm = *state;
    two_runs(jvm);
    jvm->stack[51] = (uintptr_t)setup; /* what the entry frame at 50 returns to */
    jvm->stack[131] = (uintptr_t)walk;

    const struct umig_walk_result result = walk_with_crossings(jvm);

    assert_int_equal(result.outcome, UMIG_OUTCOME_OK);
    assert_int_equal(result.frame_count, 6);
    assert_frame(1, jvm->method, 3, UMIG_FRAME_INTERPRETED);
    assert_frame(2, NULL, 1, UMIG_FRAME_NATIVE);
    assert_frame(3, jvm->native, UMIG_BCI_NATIVE, UMIG_FRAME_NATIVE_METHOD);
    assert_int_equal(g_crossings.count, 2); /* the root's is the last */
    const struct umig_crossing *crossing = &g_crossings.at[0];
    assert_ptr_equal(crossing->registers.by_number[UMIG_REGISTER_PC], (uintptr_t)setup);
    assert_ptr_equal(crossing->registers.by_number[UMIG_REGISTER_SP], fake_sp(jvm, 52));
    assert_ptr_equal(crossing->java_sp, fake_sp(jvm, 80));
    assert_false(crossing->is_root);

    assert_frame(5, NULL, 2, UMIG_FRAME_NATIVE);
    assert_ptr_equal(crossing[1].registers.by_number[UMIG_REGISTER_PC], (uintptr_t)walk);
    assert_ptr_equal(crossing[1].registers.by_number[UMIG_REGISTER_SP], fake_sp(jvm, 132));
    assert_ptr_equal(crossing[1].java_sp, jvm->thread.stack_base);
    assert_true(crossing[1].is_root);
}

/* A thread between its first function and its first method has no Java frame to be the root of. */
static void test_walk_without_a_frame_leaves_no_place(void **state)
{
    struct fake_jvm *jvm = *state;
    struct fake_wrapper wrapper = {.thread = (uintptr_t)&jvm->thread};
    memcpy(&jvm->stack[140], &wrapper, sizeof wrapper);
    jvm->stack[130 + FAKE_WRAPPER_WORD] = fake_sp(jvm, 140);
    jvm->stack[131] = (uintptr_t)walk;
    set_registers(jvm, jvm->call_stub_return, 120, fake_sp(jvm, 130));

    const struct umig_walk_result result = walk_with_crossings(jvm);

    assert_int_equal(result.outcome, UMIG_OUTCOME_NO_JAVA);
    assert_int_equal(result.frame_count, 0);
    assert_int_equal(g_crossings.count, 0);
}

/* Its registers show a library's frames, or nothing at all: there is no signal. */
static void test_walk_begins_where_the_thread_left_java(void **state)
{
    struct fake_jvm *jvm = *state;
    jvm->thread.anchor = outer_run(jvm);
    jvm->thread.state = FAKE_IN_NATIVE;
    set_registers(jvm, (uintptr_t)setup, 5, NOISE);
    void *const contexts[] = {&g_context, NULL};
    for (size_t i = 0; i < 2; i++) {
        const struct umig_walk_result result = walk(jvm, contexts[i]);

        assert_int_equal(result.outcome, UMIG_OUTCOME_OK);
        assert_int_equal(result.frame_count, 2);
        assert_frame(0, jvm->native, UMIG_BCI_NATIVE, UMIG_FRAME_NATIVE_METHOD);
        assert_frame(1, jvm->method, 7, UMIG_FRAME_INTERPRETED);
    }
}

/* It runs in the VM, where generated code is called, too: the anchor tells, not the registers. */
static void test_walk_out_of_java_begins_at_the_anchor_even_in_the_code_cache(void **state)
{
    struct fake_jvm *jvm = *state;
    jvm->thread.anchor = outer_run(jvm);
    jvm->thread.state = FAKE_IN_NATIVE;
    set_registers(jvm, fake_code(jvm, FAKE_INTRINSIC, 20), 5, NOISE);

    const struct umig_walk_result result = walk(jvm, &g_context);

    assert_int_equal(result.outcome, UMIG_OUTCOME_OK);
    assert_int_equal(result.frame_count, 2);
}

static void test_walk_in_java_begins_at_the_registers_in_spite_of_an_anchor(void **state)
{
    struct fake_jvm *jvm = *state;
    const int32_t states[] = {FAKE_IN_JAVA, FAKE_IN_JAVA_TRANS};
    two_runs(jvm);
    jvm->thread.anchor =
        (struct fake_anchor){fake_sp(jvm, 80), fake_return(jvm, FAKE_WRAPPER, 100), NOISE};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        jvm->thread.state = states[i];

        assert_int_equal(walk(jvm, &g_context).frame_count, 4);
    }
}

/* A signal's registers may show an alternate stack; the anchor is believed on the thread's only. */
static void test_walk_keeps_to_the_threads_own_stack(void **state)
{
    struct fake_jvm *jvm = *state;
    two_runs(jvm);
    jvm->thread.stack_bytes = (FAKE_STACK_WORDS - 11) * sizeof(uintptr_t);
    assert_int_equal(walk(jvm, &g_context).outcome, UMIG_OUTCOME_NOT_WALKABLE_JAVA);
    jvm->thread.stack_bytes += sizeof(uintptr_t);
    assert_int_equal(walk(jvm, &g_context).outcome, UMIG_OUTCOME_OK);

    jvm->thread.anchor = outer_run(jvm); /* at word 80 */
    jvm->thread.state = FAKE_IN_NATIVE;
    jvm->thread.stack_bytes = (FAKE_STACK_WORDS - 81) * sizeof(uintptr_t);
    set_registers(jvm, (uintptr_t)setup, 5, NOISE); /* the bound is the stack's, not sp */
    assert_int_equal(walk(jvm, &g_context).outcome, UMIG_OUTCOME_NO_JAVA);
    assert_int_equal(walk(jvm, NULL).outcome, UMIG_OUTCOME_NO_JAVA);
    jvm->thread.stack_bytes += sizeof(uintptr_t);
    assert_int_equal(walk(jvm, NULL).outcome, UMIG_OUTCOME_OK);
    set_registers(jvm, (uintptr_t)setup, 90, NOISE); /* another stack's, above */
    assert_int_equal(walk(jvm, &g_context).outcome, UMIG_OUTCOME_OK);
}

static void test_walk_of_a_thread_without_java_says_so(void **state)
{
    struct fake_jvm *jvm = *state;
    jvm->thread.state = FAKE_IN_NATIVE;
    set_registers(jvm, (uintptr_t)setup, 5, NOISE);
    void *const contexts[] = {&g_context, NULL};
    for (size_t i = 0; i < 2; i++) {
        const struct umig_walk_result result = walk(jvm, contexts[i]);

        assert_int_equal(result.outcome, UMIG_OUTCOME_NO_JAVA);
        assert_int_equal(result.frame_count, 0);
    }
}

static void test_walk_without_a_frame_says_whether_one_was_missed(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t back = fake_entry_at(jvm, 30, NULL);
    set_registers(jvm, back, 20, fake_sp(jvm, 30));
    assert_int_equal(walk(jvm, &g_context).outcome, UMIG_OUTCOME_NO_JAVA);

    jvm->stack[19] = back;
    set_registers(jvm, (uintptr_t)walk, 19, fake_sp(jvm, 30));
    assert_int_equal(walk(jvm, &g_context).outcome, UMIG_OUTCOME_UNKNOWN_NOT_JAVA);
}

static void test_walk_lost_in_the_middle_gives_its_frames_and_the_cause(void **state)
{
    struct fake_jvm *jvm = *state;
    two_runs(jvm);
    const struct {
        uintptr_t caller; /* of the frame it comes to */
        enum umig_outcome outcome;
    } cases[] = {
        {fake_code(jvm, FAKE_INTERPRETER, 40), UMIG_OUTCOME_NOT_WALKABLE_JAVA},
        {fake_return(jvm, FAKE_INTRINSIC, 40), UMIG_OUTCOME_STUB},
        {fake_code(jvm, FAKE_BLOCKS, 40), UMIG_OUTCOME_UNKNOWN_JAVA},
    };
    jvm->stack[30 - 3] = 0; /* the interpreted frame has no method, and returns nowhere */
    jvm->stack[30 + 1] = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_compiled_at(jvm, 10, cases[i].caller, fake_sp(jvm, 30));

        const struct umig_walk_result result = walk(jvm, &g_context);

        assert_int_equal(result.outcome, cases[i].outcome);
        assert_int_equal(result.frame_count, 1);
        assert_frame(0, jvm->method, -1, UMIG_FRAME_COMPILED);
        assert_ptr_equal(g_scratch.regs.pc, cases[i].caller); /* evidence of where */
        assert_ptr_equal(g_scratch.regs.sp, fake_sp(jvm, 14));
    }
}

static void test_walk_lost_in_a_library_says_that_it_began_there(void **state)
{
    struct fake_jvm *jvm = *state;
    set_registers(jvm, (uintptr_t)setup, 5, NOISE);

    const struct umig_walk_result result = walk(jvm, &g_context);

    assert_int_equal(result.outcome, UMIG_OUTCOME_UNKNOWN_NOT_JAVA);
    assert_int_equal(result.frame_count, 0);
    assert_true(g_scratch.is_leaf);
}

/* A stack of compiled frames as deep as asked, in memory of its own; the root at its end. */
static uintptr_t *deep_stack(struct fake_jvm *jvm, size_t depth)
{
    const size_t words = depth * FAKE_FRAME_WORDS + 64;
    const size_t root_fp = depth * FAKE_FRAME_WORDS + 16;
    uintptr_t *stack = calloc(words, sizeof *stack);
    const uintptr_t inside = fake_return(jvm, FAKE_COMPILED, 100);
    for (size_t i = 0; i < depth; i++) {
        stack[i * FAKE_FRAME_WORDS + 3] = i + 1 < depth ? inside : jvm->call_stub_return;
        stack[i * FAKE_FRAME_WORDS + 2] = (uintptr_t)(stack + root_fp);
    }
    (stack + root_fp)[FAKE_WRAPPER_WORD] = (uintptr_t)(stack + root_fp + 6);
    stack[root_fp + 6] = (uintptr_t)&jvm->thread;
    jvm->thread.stack_base = (uintptr_t)(stack + words);
    jvm->thread.stack_bytes = words * sizeof *stack;
    memset(&g_context, 0, sizeof g_context);
    const struct umig_regs regs = {.pc = inside, .sp = (uintptr_t)stack};
    umig_regs_write(&g_context, &regs);
    return stack;
}

enum {
    RUN_WORDS = 32
};

/* Runs of one compiled frame each, called by native code that the next one called. */
static uintptr_t *many_runs(struct fake_jvm *jvm, size_t count)
{
    const size_t words = (count + 1) * RUN_WORDS;
    uintptr_t *stack = calloc(words, sizeof *stack);
    const uintptr_t inside = fake_return(jvm, FAKE_COMPILED, 100);
    for (size_t i = 0; i < count; i++) {
        uintptr_t *run = stack + i * RUN_WORDS;
        uintptr_t *fp = run + 16;
        struct fake_wrapper wrapper = {.thread = (uintptr_t)&jvm->thread};
        if (i + 1 < count) {
            wrapper.anchor = (struct fake_anchor){(uintptr_t)(run + RUN_WORDS), inside, NOISE};
        }
        memcpy(fp + 6, &wrapper, sizeof wrapper);
        fp[FAKE_WRAPPER_WORD] = (uintptr_t)(fp + 6);
        fp[1] = (uintptr_t)setup + i;
        run[2] = (uintptr_t)fp;
        run[3] = jvm->call_stub_return;
    }
    jvm->thread.stack_base = (uintptr_t)(stack + words);
    jvm->thread.stack_bytes = words * sizeof *stack;
    memset(&g_context, 0, sizeof g_context);
    const struct umig_regs regs = {.pc = inside, .sp = (uintptr_t)stack};
    umig_regs_write(&g_context, &regs);
    return stack;
}

static void test_walk_over_more_crossings_than_are_described_has_a_place_for_each(void **state)
{
    struct fake_jvm *jvm = *state;
    const size_t runs = UMIG_CROSSINGS_MAX + 3;
    uintptr_t *stack = many_runs(jvm, runs);

    const struct umig_walk_result result = walk_with_crossings(jvm);

    assert_int_equal(result.outcome, UMIG_OUTCOME_OK);
    assert_int_equal(result.frame_count, 2 * runs);
    assert_int_equal(g_crossings.count, UMIG_CROSSINGS_MAX + 1);
    for (uint32_t i = 0; i + 1 < runs; i++) {
        const uint32_t number = i < UMIG_CROSSINGS_MAX ? i + 1 : 0;
        assert_frame(2 * i + 1, NULL, (int32_t)number, UMIG_FRAME_NATIVE);
        if (number != 0) {
            assert_ptr_equal(g_crossings.at[i].registers.by_number[UMIG_REGISTER_PC],
                             (uintptr_t)setup + i);
            assert_ptr_equal(g_crossings.at[i].java_sp, stack + (i + 1) * RUN_WORDS);
        }
    }
    assert_frame(2 * (uint32_t)runs - 1, NULL, UMIG_CROSSINGS_MAX + 1, UMIG_FRAME_NATIVE);
    assert_true(g_crossings.at[UMIG_CROSSINGS_MAX].is_root);
    free(stack);
}

static void test_walk_of_a_deep_stack_keeps_both_ends(void **state)
{
    struct fake_jvm *jvm = *state;
    uintptr_t *stack = deep_stack(jvm, ROOM + 1000);

    const struct umig_walk_result result = walk(jvm, &g_context);

    assert_int_equal(result.outcome, UMIG_OUTCOME_OK);
    assert_int_equal(result.frame_count, ROOM);
    assert_int_equal(result.cut_at, ROOM - UMIG_KEPT_OUTER);
    free(stack);
}

static void test_walk_too_deep_ends(void **state)
{
    struct fake_jvm *jvm = *state;
    uintptr_t *stack = deep_stack(jvm, UMIG_VMWALK_STEPS_MAX + 1);

    const struct umig_walk_result result = walk(jvm, &g_context);

    assert_int_equal(result.outcome, UMIG_OUTCOME_TOO_DEEP);
    assert_int_equal(result.frame_count, ROOM);
    free(stack);

    stack = deep_stack(jvm, UMIG_VMWALK_STEPS_MAX - 1); /* and a step to see the root */
    assert_int_equal(walk(jvm, &g_context).outcome, UMIG_OUTCOME_OK);
    free(stack);
}

static void test_walk_that_takes_too_long_ends(void **state)
{
    struct fake_jvm *jvm = *state;
    uintptr_t *stack = deep_stack(jvm, 3 * UMIG_VMWALK_STEPS_UNTIMED);

    const struct umig_walk_result late = walk_until(jvm, &g_context, 1);
    assert_int_equal(late.outcome, UMIG_OUTCOME_TOO_DEEP);
    assert_in_range(late.frame_count, 1, UMIG_VMWALK_STEPS_UNTIMED);

    const struct umig_walk_result timely = walk_until(jvm, &g_context, UINT64_MAX);
    assert_int_equal(timely.outcome, UMIG_OUTCOME_OK);
    assert_true(timely.frame_count > 2 * UMIG_VMWALK_STEPS_UNTIMED);
    free(stack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_jvm_teardown)
        TEST(test_walk_goes_over_two_runs_of_java_to_the_root),
        TEST(test_walk_leaves_a_place_where_native_code_called_java),
        TEST(test_walk_over_more_crossings_than_are_described_has_a_place_for_each),
        TEST(test_walk_without_a_frame_leaves_no_place),
        TEST(test_walk_lost_where_it_begins_goes_on_where_java_was_left),
        TEST(test_walk_begins_where_the_thread_left_java),
        TEST(test_walk_out_of_java_begins_at_the_anchor_even_in_the_code_cache),
        TEST(test_walk_in_java_begins_at_the_registers_in_spite_of_an_anchor),
        TEST(test_walk_keeps_to_the_threads_own_stack),
        TEST(test_walk_of_a_thread_without_java_says_so),
        TEST(test_walk_without_a_frame_says_whether_one_was_missed),
        TEST(test_walk_lost_in_the_middle_gives_its_frames_and_the_cause),
        TEST(test_walk_lost_in_a_library_says_that_it_began_there),
        TEST(test_walk_of_a_deep_stack_keeps_both_ends),
        TEST(test_walk_too_deep_ends),
        TEST(test_walk_that_takes_too_long_ends),
    };
    return cmocka_run_group_tests_name("unit.agent.vmwalk", tests, NULL, NULL);
}
