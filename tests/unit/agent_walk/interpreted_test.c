/* Leaving the interpreter: entry, body, exit. */
#include <string.h>

#include "agent/walk/names.h"
#include "tests/support/test.h"
#include "tests/unit/agent_walk/fake_jvm.h"

enum {
    FP = 40,
    SENDER = 60, /* where the caller says its frame begins */
    CALLER_FP = 100,
};

static uintptr_t in_interpreter(struct fake_jvm *jvm)
{
    return fake_code(jvm, FAKE_INTERPRETER, 60);
}

/* A compiled caller, whose frame stands at SENDER. */
static uintptr_t compiled_caller(struct fake_jvm *jvm)
{
    fake_compiled_at(jvm, SENDER, fake_code(jvm, FAKE_INTERPRETER, 40), fake_sp(jvm, CALLER_FP));
    return fake_return(jvm, FAKE_CALLER, 100);
}

static void standing_frame(struct fake_jvm *jvm, uintptr_t caller)
{
    fake_interpreted_at(jvm, FP, 5);
    jvm->stack[FP - 1] = fake_sp(jvm, SENDER);
    jvm->stack[FP] = fake_sp(jvm, CALLER_FP);
    jvm->stack[FP + 1] = caller;
}

static void test_interpreted_running_has_its_bytecode_in_r13(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller(jvm);
    standing_frame(jvm, caller);
    struct umig_step step = fake_leaf(jvm, in_interpreter(jvm), FP - 12, fake_sp(jvm, FP));
    step.regs.sender_sp = fake_bcp(jvm, 9); /* newer than the frame's */

    const struct umig_step_left left =
        fake_assert_moved(jvm, &step, caller, SENDER, fake_sp(jvm, CALLER_FP));

    assert_ptr_equal(left.method, jvm->method);
    assert_int_equal(left.bci, 9);
}

static void test_interpreted_standing_has_its_bytecode_in_the_frame(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller(jvm);
    standing_frame(jvm, caller);
    struct umig_step step = fake_standing(jvm, in_interpreter(jvm), FP - 12, fake_sp(jvm, FP));

    const struct umig_step_left left =
        fake_assert_moved(jvm, &step, caller, SENDER, fake_sp(jvm, CALLER_FP));

    assert_ptr_equal(left.method, jvm->method);
    assert_int_equal(left.bci, 5);
}

static void test_interpreted_bcp_elsewhere_is_no_bytecode(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller(jvm);
    const uintptr_t bcps[] = {0, fake_bcp(jvm, -1), fake_bcp(jvm, 16)}; /* it has 16 bytes */
    for (size_t i = 0; i < sizeof bcps / sizeof bcps[0]; i++) {
        standing_frame(jvm, caller);
        jvm->stack[FP - 8] = bcps[i];
        struct umig_step step = fake_standing(jvm, in_interpreter(jvm), FP - 12, fake_sp(jvm, FP));

        const struct umig_step_left left =
            fake_assert_moved(jvm, &step, caller, SENDER, fake_sp(jvm, CALLER_FP));

        assert_ptr_equal(left.method, jvm->method);
        assert_int_equal(left.bci, -1);
    }
}

/* A sender sp that cannot be one: the caller's frame begins behind the return address. */
static void test_interpreted_sender_elsewhere_is_not_believed(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = fake_code(jvm, FAKE_INTERPRETER, 40);
    const uintptr_t senders[] = {0, fake_sp(jvm, FP + 1), fake_sp(jvm, FAKE_STACK_WORDS), 12345};
    for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++) {
        standing_frame(jvm, caller);
        jvm->stack[FP - 1] = senders[i];
        struct umig_step step = fake_standing(jvm, in_interpreter(jvm), FP - 12, fake_sp(jvm, FP));

        fake_assert_moved(jvm, &step, caller, FP + 2, fake_sp(jvm, CALLER_FP));
    }
}

static void test_interpreted_native_method_has_no_bytecode(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller(jvm);
    for (int is_leaf = 0; is_leaf <= 1; is_leaf++) {
        standing_frame(jvm, caller);
        jvm->stack[FP - 3] = (uintptr_t)jvm->native;
        struct umig_step step = fake_leaf(jvm, in_interpreter(jvm), FP - 12, fake_sp(jvm, FP));
        step.is_leaf = is_leaf;

        const struct umig_step_left left =
            fake_assert_moved(jvm, &step, caller, SENDER, fake_sp(jvm, CALLER_FP));

        assert_ptr_equal(left.method, jvm->native);
        assert_int_equal(left.bci, UMIG_BCI_NATIVE);
    }
}

/* A native method's code leaves in rbx and on top what its entry had there. */
static void test_interpreted_native_method_that_runs_is_not_at_its_entry(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller(jvm);
    standing_frame(jvm, caller);
    jvm->stack[FP - 3] = (uintptr_t)jvm->native;
    jvm->stack[FP - 12] = caller;
    struct umig_step step = fake_leaf(jvm, in_interpreter(jvm), FP - 12, fake_sp(jvm, FP));
    step.regs.method = (uintptr_t)jvm->native;

    const struct umig_step_left left =
        fake_assert_moved(jvm, &step, caller, SENDER, fake_sp(jvm, CALLER_FP));

    assert_int_equal(left.bci, UMIG_BCI_NATIVE);
}

static void test_interpreted_entry_has_its_method_in_rbx(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller(jvm);
    jvm->stack[30] = caller;
    struct umig_step step = fake_leaf(jvm, in_interpreter(jvm), 30, fake_sp(jvm, CALLER_FP));
    step.regs.method = (uintptr_t)jvm->method;
    step.regs.sender_sp = fake_sp(jvm, SENDER);

    const struct umig_step_left left =
        fake_assert_moved(jvm, &step, caller, SENDER, fake_sp(jvm, CALLER_FP));

    assert_ptr_equal(left.method, jvm->method);
    assert_int_equal(left.bci, 0);
}

static void test_interpreted_entry_without_a_sender_takes_the_return_address(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller(jvm);
    const uintptr_t senders[] = {0, fake_sp(jvm, 30), fake_sp(jvm, FAKE_STACK_WORDS)};
    for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++) {
        jvm->stack[30] = caller;
        struct umig_step step = fake_leaf(jvm, in_interpreter(jvm), 30, fake_sp(jvm, CALLER_FP));
        step.regs.method = (uintptr_t)jvm->method;
        step.regs.sender_sp = senders[i];

        fake_assert_moved(jvm, &step, caller, 31, fake_sp(jvm, CALLER_FP));
    }
}

/* invokeinterface has its return address pushed and the interface's method in rbx: it is not
 * called. */
static void test_interpreted_search_of_an_interface_is_no_entry(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller(jvm);
    standing_frame(jvm, caller);
    jvm->stack[FP - 12] = fake_code(jvm, FAKE_INTERPRETER, 40);
    struct umig_step step = fake_leaf(jvm, in_interpreter(jvm), FP - 12, fake_sp(jvm, FP));
    step.regs.method = (uintptr_t)jvm->native;
    step.regs.sender_sp = (uintptr_t)jvm; /* an entry of the receiver's tables */

    const struct umig_step_left left =
        fake_assert_moved(jvm, &step, caller, SENDER, fake_sp(jvm, CALLER_FP));

    assert_ptr_equal(left.method, jvm->method);
    assert_int_equal(left.bci, 5);
}

/* A compiled method has returned here; rbx and r13 are as at its call, and so is the word on top.
 */
static void test_interpreted_return_of_a_compiled_method_is_no_entry(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller(jvm);
    standing_frame(jvm, caller);
    jvm->stack[FP - 12] = fake_code(jvm, FAKE_INTERPRETER, 40);
    for (size_t passed = 0; passed < 16; passed += 4) {
        struct umig_step step = fake_leaf(jvm, fake_code(jvm, FAKE_INTERPRETER, 40 + passed),
                                          FP - 12, fake_sp(jvm, FP));
        step.regs.method = (uintptr_t)jvm->native;
        step.regs.sender_sp = fake_sp(jvm, FP - 11);

        const struct umig_step_left left =
            fake_assert_moved(jvm, &step, caller, SENDER, fake_sp(jvm, CALLER_FP));

        assert_ptr_equal(left.method, jvm->method);
        assert_int_equal(left.bci, 5);
    }
}

static void test_interpreted_making_room_has_its_return_address_in_rax(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller(jvm);
    struct umig_step step = fake_leaf(jvm, in_interpreter(jvm), 30, fake_sp(jvm, CALLER_FP));
    step.regs.method = (uintptr_t)jvm->method;
    step.regs.sender_sp = fake_sp(jvm, SENDER);
    step.regs.result = caller;

    const struct umig_step_left left =
        fake_assert_moved(jvm, &step, caller, SENDER, fake_sp(jvm, CALLER_FP));

    assert_ptr_equal(left.method, jvm->method);
    assert_int_equal(left.bci, 0);
}

/* Words below fp that are not pushed yet hold what others have left there. */
static void test_interpreted_half_built_takes_what_is_pushed(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller(jvm);
    for (size_t pushed = 0; pushed <= 9; pushed++) {
        standing_frame(jvm, caller);
        jvm->stack[FP - 8] = 0; /* not a bytecode: it does not run yet */
        for (size_t word = pushed + 1; word <= 9; word++) {
            jvm->stack[FP - word] = 0x4444;
        }
        struct umig_step step = fake_leaf(jvm, in_interpreter(jvm), FP - pushed, fake_sp(jvm, FP));
        step.regs.method = pushed < 3 ? (uintptr_t)jvm->method : 0x4444;
        step.regs.sender_sp = pushed < 1 ? fake_sp(jvm, SENDER) : 0x4444;

        const struct umig_step_left left =
            fake_assert_moved(jvm, &step, caller, SENDER, fake_sp(jvm, CALLER_FP));

        assert_ptr_equal(left.method, jvm->method);
        assert_int_equal(left.bci, 0);
    }
}

static void test_interpreted_exit_has_the_callers_sp_in_rbx(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller(jvm);
    jvm->stack[30] = caller;
    struct umig_step on_top = fake_leaf(jvm, in_interpreter(jvm), 30, fake_sp(jvm, CALLER_FP));
    on_top.regs.method = fake_sp(jvm, SENDER);
    struct umig_step in_r13 = fake_leaf(jvm, in_interpreter(jvm), 31, fake_sp(jvm, CALLER_FP));
    in_r13.regs.method = fake_sp(jvm, SENDER);
    in_r13.regs.sender_sp = caller;

    const struct umig_step_left left =
        fake_assert_moved(jvm, &on_top, caller, SENDER, fake_sp(jvm, CALLER_FP));
    fake_assert_moved(jvm, &in_r13, caller, SENDER, fake_sp(jvm, CALLER_FP));

    assert_int_equal(left.method, 0); /* which method it was is gone with its frame */
}

static void test_interpreted_without_a_method_is_lost(void **state)
{
    struct fake_jvm *jvm = *state;
    standing_frame(jvm, compiled_caller(jvm));
    jvm->stack[FP - 3] = fake_sp(jvm, 10); /* a pointer, to no method */
    struct umig_step step = fake_standing(jvm, in_interpreter(jvm), FP - 12, fake_sp(jvm, FP));

    fake_assert_lost(&step);
}

static void test_interpreted_fp_off_the_stack_is_lost(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t fps[] = {0,
                             8,
                             fake_sp(jvm, 10),
                             fake_sp(jvm, FP) + 4,
                             fake_sp(jvm, FAKE_STACK_WORDS - 1),
                             UINTPTR_MAX - 7};
    for (size_t i = 0; i < sizeof fps / sizeof fps[0]; i++) {
        struct umig_step leaf = fake_leaf(jvm, in_interpreter(jvm), FP - 12, fps[i]);
        struct umig_step standing = fake_standing(jvm, in_interpreter(jvm), FP - 12, fps[i]);

        fake_assert_lost(&leaf);
        fake_assert_lost(&standing);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_jvm_setup, fake_jvm_teardown)
        TEST(test_interpreted_running_has_its_bytecode_in_r13),
        TEST(test_interpreted_standing_has_its_bytecode_in_the_frame),
        TEST(test_interpreted_bcp_elsewhere_is_no_bytecode),
        TEST(test_interpreted_sender_elsewhere_is_not_believed),
        TEST(test_interpreted_native_method_has_no_bytecode),
        TEST(test_interpreted_native_method_that_runs_is_not_at_its_entry),
        TEST(test_interpreted_entry_has_its_method_in_rbx),
        TEST(test_interpreted_entry_without_a_sender_takes_the_return_address),
        TEST(test_interpreted_search_of_an_interface_is_no_entry),
        TEST(test_interpreted_return_of_a_compiled_method_is_no_entry),
        TEST(test_interpreted_making_room_has_its_return_address_in_rax),
        TEST(test_interpreted_half_built_takes_what_is_pushed),
        TEST(test_interpreted_exit_has_the_callers_sp_in_rbx),
        TEST(test_interpreted_without_a_method_is_lost),
        TEST(test_interpreted_fp_off_the_stack_is_lost),
    };
    return cmocka_run_group_tests_name("unit.agent.interpreted", tests, NULL, NULL);
}
