/* Where Java begins and ends: call stub, anchors, libraries. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/signal/guard.h"
#include "agent/walk/x86_64/moves.h"
#include "tests/support/test.h"
#include "tests/unit/agent_walk/fake_jvm.h"

enum {
    SP = 20,
    FP = 40,
    CALLER_FP = 100,
    NOISE = 0x1234,
};

static struct fake_anchor anchor_at(struct fake_jvm *jvm, size_t sp_word)
{
    return (struct fake_anchor){fake_sp(jvm, sp_word), fake_return(jvm, FAKE_WRAPPER, 100), NOISE};
}

static void test_entry_frame_leads_to_the_earlier_anchor(void **state)
{
    struct fake_jvm *jvm = *state;
    const struct fake_anchor anchor = anchor_at(jvm, 80);
    struct umig_step step =
        fake_standing(jvm, fake_entry_at(jvm, FP, &anchor), SP, fake_sp(jvm, FP));

    fake_assert_moved(jvm, &step, anchor.pc, 80, NOISE);

    assert_true(step.is_exact_pc);
}

static void test_entry_frame_of_an_anchor_without_pc_takes_the_word_below(void **state)
{
    struct fake_jvm *jvm = *state;
    struct fake_anchor anchor = anchor_at(jvm, 80);
    const uintptr_t pc = anchor.pc;
    anchor.pc = 0;
    jvm->stack[79] = pc;
    struct umig_step step =
        fake_standing(jvm, fake_entry_at(jvm, FP, &anchor), SP, fake_sp(jvm, FP));

    fake_assert_moved(jvm, &step, pc, 80, NOISE);
}

static void test_entry_frame_without_an_earlier_one_is_the_root(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t back = fake_entry_at(jvm, FP, NULL);
    const uintptr_t pcs[] = {back, back - 175, back - 20, back + 8};
    for (size_t i = 0; i < sizeof pcs / sizeof pcs[0]; i++) {
        struct umig_step step = fake_leaf(jvm, pcs[i], FP - 10, fake_sp(jvm, FP));
        const struct umig_regs before = step.regs;
        struct umig_step_left left;

        assert_int_equal(umig_step_up(&step, &left), UMIG_STEP_ROOT);

        assert_memory_equal(&step.regs, &before, sizeof before);
        assert_int_equal(left.method, 0);
    }
}

/* A stub beside the call stub has no entry frame where it is a frame that stands. */
static void test_entry_frame_that_stands_has_the_call_stubs_own_return_address(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t back = fake_entry_at(jvm, FP, NULL);
    struct umig_step beside = fake_standing(jvm, back + 8, SP, fake_sp(jvm, FP));
    struct umig_step far = fake_leaf(jvm, back - 176, FP - 10, fake_sp(jvm, FP));

    fake_assert_lost(&beside);
    fake_assert_lost(&far);
}

/* Compiled code that leaves rbp alone called a stub beside the call stub: it is not the root. */
static void test_entry_frame_has_no_more_than_its_words_and_arguments(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t back = fake_entry_at(jvm, FP, NULL);
    const struct {
        uint32_t arguments;
        size_t words;
        enum umig_step_result result;
    } cases[] = {
        {0, 13, UMIG_STEP_ROOT},
        {0, 14, UMIG_STEP_LOST},
        {5, 18, UMIG_STEP_ROOT},
        {5, 19, UMIG_STEP_LOST},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_step step = fake_leaf(jvm, back - 20, FP - cases[i].words, fake_sp(jvm, FP));
        struct umig_step_left left;
        jvm->stack[FP + 2] = (uintptr_t)7 << 32 | cases[i].arguments; /* an int */

        assert_int_equal(umig_step_up(&step, &left), cases[i].result);
    }
}

static void test_call_stub_without_its_frame_has_the_wrapper_in_rdi(void **state)
{
    struct fake_jvm *jvm = *state;
    const struct fake_anchor anchor = anchor_at(jvm, 80);
    const uintptr_t back = fake_entry_at(jvm, FP, &anchor);
    struct umig_step step = fake_leaf(jvm, back - 100, SP, NOISE);
    step.regs.argument = fake_sp(jvm, FP + 6);
    struct umig_step without = fake_leaf(jvm, back - 100, SP, NOISE);
    struct umig_step of_jvm = fake_leaf(jvm, back - 100, SP, fake_sp(jvm, SP + 8));
    of_jvm.regs.argument = step.regs.argument;
    jvm->stack[SP + 8 - 6] = fake_sp(jvm, SP + 4); /* the C++ caller's frame has the thread, too */
    jvm->stack[SP + 4] = (uintptr_t)&jvm->thread;

    fake_assert_moved(jvm, &of_jvm, anchor.pc, 80, NOISE);
    fake_assert_moved(jvm, &step, anchor.pc, 80, NOISE);
    fake_assert_lost(&without);
}

static void test_call_stub_at_its_ret_has_the_wrapper_below_sp(void **state)
{
    struct fake_jvm *jvm = *state;
    static const uint8_t ret[] = {0xc3};
    const struct fake_anchor anchor = anchor_at(jvm, 80);
    const uintptr_t back = fake_entry_at(jvm, FP, &anchor);
    struct umig_step step = fake_leaf(jvm, back + 20, FP + 1, NOISE);
    fake_assert_lost(&step);

    fake_assemble(jvm, FAKE_CALL_STUB, 220, ret, sizeof ret);
    fake_assert_moved(jvm, &step, anchor.pc, 80, NOISE);
}

static const size_t g_data = SP + 8; /* FrameData, in an upcall stub's frame */

static struct umig_step in_upcall(struct fake_jvm *jvm, const struct fake_anchor *anchor)
{
    memcpy(jvm->stack + g_data, anchor, sizeof *anchor);
    jvm->stack[g_data + 3] = (uintptr_t)&jvm->thread;
    return fake_standing(jvm, fake_return(jvm, FAKE_UPCALL, 100), SP, fake_sp(jvm, FP));
}

static void test_upcall_leads_to_the_earlier_anchor(void **state)
{
    struct fake_jvm *jvm = *state;
    const struct fake_anchor anchor = anchor_at(jvm, 80);
    struct umig_step step = in_upcall(jvm, &anchor);
    /* A saved register may hold the thread as well: no anchor lies before it. */
    jvm->stack[SP + 4] = (uintptr_t)&jvm->thread;
    jvm->stack[SP + 1] = NOISE;

    fake_assert_moved(jvm, &step, anchor.pc, 80, NOISE);
}

static void test_upcall_of_a_thread_without_java_is_the_root(void **state)
{
    struct fake_jvm *jvm = *state;
    const struct fake_anchor none = {0, 0, 0};
    struct umig_step step = in_upcall(jvm, &none);
    struct umig_step_left left;

    assert_int_equal(umig_step_up(&step, &left), UMIG_STEP_ROOT);
}

static void test_upcall_whose_anchor_cannot_be_one_is_lost(void **state)
{
    struct fake_jvm *jvm = *state;
    const struct fake_anchor anchors[] = {
        anchor_at(jvm, FP),                 /* in its own frame */
        anchor_at(jvm, FAKE_STACK_WORDS),   /* off the stack */
        {fake_sp(jvm, 80), NOISE, NOISE},   /* pc not in Java */
        {0, fake_code(jvm, 0, 100), NOISE}, /* neither empty nor set */
    };
    for (size_t i = 0; i < sizeof anchors / sizeof anchors[0]; i++) {
        struct umig_step step = in_upcall(jvm, &anchors[i]);

        fake_assert_lost(&step);
    }
    const struct fake_anchor good = anchor_at(jvm, 80);
    struct umig_step of_another = in_upcall(jvm, &good);
    jvm->stack[g_data + 3]++;
    fake_assert_lost(&of_another);
}

static void assert_caller(const struct umig_registers *caller,
                          uintptr_t pc,
                          uintptr_t sp,
                          uintptr_t fp)
{
    assert_ptr_equal(caller->by_number[UMIG_REGISTER_PC], pc);
    assert_ptr_equal(caller->by_number[UMIG_REGISTER_SP], sp);
    assert_ptr_equal(caller->by_number[UMIG_REGISTER_BP], fp);
}

/* generate_call_stub: rbx below the wrapper, then r12 to r15. */
static void test_entry_frame_keeps_the_registers_of_what_called_java(void **state)
{
    struct fake_jvm *jvm = *state;
    const struct fake_anchor anchor = anchor_at(jvm, 80);
    struct umig_registers caller = {{0}};
    struct umig_step step =
        fake_standing(jvm, fake_entry_at(jvm, FP, &anchor), SP, fake_sp(jvm, FP));
    step.caller = &caller;
    jvm->stack[FP] = fake_sp(jvm, CALLER_FP);
    jvm->stack[FP + 1] = 4711;
    for (size_t i = 0; i < 5; i++) {
        jvm->stack[FP - 7 - i] = 700 + i;
    }

    fake_assert_moved(jvm, &step, anchor.pc, 80, NOISE);

    assert_caller(&caller, 4711, fake_sp(jvm, FP + 2), fake_sp(jvm, CALLER_FP));
    assert_int_equal(caller.by_number[UMIG_REGISTER_BX], 700);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(caller.by_number[UMIG_REGISTER_R12 + i], 701 + i);
    }
}

static void test_call_stub_without_its_frame_returns_to_the_top_of_the_stack(void **state)
{
    struct fake_jvm *jvm = *state;
    const struct fake_anchor anchor = anchor_at(jvm, 80);
    struct umig_registers caller = {{0}};
    struct umig_step step = fake_leaf(jvm, fake_entry_at(jvm, FP, &anchor) - 100, SP, NOISE);
    step.regs.argument = fake_sp(jvm, FP + 6);
    step.caller = &caller;
    jvm->stack[SP] = 4711;

    fake_assert_moved(jvm, &step, anchor.pc, 80, NOISE);

    assert_caller(&caller, 4711, fake_sp(jvm, SP + 1), NOISE);
    assert_int_equal(caller.by_number[UMIG_REGISTER_BX], 0);
}

static void test_upcall_keeps_the_frame_pointer_of_what_called_java(void **state)
{
    struct fake_jvm *jvm = *state;
    const struct fake_anchor anchor = anchor_at(jvm, 80);
    struct umig_registers caller = {{0}};
    struct umig_step step = in_upcall(jvm, &anchor);
    step.caller = &caller;
    jvm->stack[FP] = fake_sp(jvm, CALLER_FP);
    jvm->stack[FP + 1] = 4711;

    fake_assert_moved(jvm, &step, anchor.pc, 80, NOISE);

    assert_caller(&caller, 4711, fake_sp(jvm, FP + 2), fake_sp(jvm, CALLER_FP));
    assert_int_equal(caller.by_number[UMIG_REGISTER_BX], 0);
}

/* Native code that Java had not called. */
static void test_root_has_the_registers_of_who_began_it(void **state)
{
    struct fake_jvm *jvm = *state;
    struct umig_registers caller = {{0}};
    struct umig_step step = fake_standing(jvm, fake_entry_at(jvm, FP, NULL), SP, fake_sp(jvm, FP));
    struct umig_step_left left;
    step.caller = &caller;
    jvm->stack[FP + 1] = 4711;

    assert_int_equal(umig_step_up(&step, &left), UMIG_STEP_ROOT);

    assert_int_equal(caller.by_number[UMIG_REGISTER_PC], 4711);
    assert_ptr_equal(caller.by_number[UMIG_REGISTER_SP], fake_sp(jvm, FP + 2));
}

static void test_entry_frame_of_another_thread_is_lost(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t back = fake_entry_at(jvm, FP, NULL);
    struct umig_step step = fake_standing(jvm, back, SP, fake_sp(jvm, FP));
    jvm->stack[FP + 6]++; /* the wrapper's thread */

    fake_assert_lost(&step);
}

static void test_entry_frame_whose_wrapper_is_off_the_stack_is_lost(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t back = fake_entry_at(jvm, FP, NULL);
    const struct fake_wrapper elsewhere = {.thread = (uintptr_t)&jvm->thread};
    (jvm->stack + FP)[FAKE_WRAPPER_WORD] = (uintptr_t)&elsewhere;
    struct umig_step step = fake_standing(jvm, back, SP, fake_sp(jvm, FP));

    fake_assert_lost(&step);
}

/* An anchor must lead up: the walk would not end otherwise. */
static void test_entry_frame_whose_anchor_makes_no_progress_is_lost(void **state)
{
    struct fake_jvm *jvm = *state;
    const struct fake_anchor anchors[] = {
        anchor_at(jvm, SP),                 /* where the frame stands itself */
        anchor_at(jvm, SP - 1),             /* below */
        anchor_at(jvm, FAKE_STACK_WORDS),   /* off the stack */
        {fake_sp(jvm, 80), NOISE, NOISE},   /* pc not in Java */
        {fake_sp(jvm, 80) + 4, NOISE, 100}, /* no word's address */
    };
    for (size_t i = 0; i < sizeof anchors / sizeof anchors[0]; i++) {
        struct umig_step step =
            fake_standing(jvm, fake_entry_at(jvm, FP, &anchors[i]), SP, fake_sp(jvm, FP));

        fake_assert_lost(&step);
    }
}

static void test_anchor_is_where_the_thread_left_java(void **state)
{
    struct fake_jvm *jvm = *state;
    struct umig_step step = fake_leaf(jvm, NOISE, SP, NOISE);
    jvm->thread.anchor = anchor_at(jvm, 60);

    assert_true(umig_step_to_anchor(&step));

    assert_ptr_equal(step.regs.pc, jvm->thread.anchor.pc);
    assert_ptr_equal(step.regs.sp, fake_sp(jvm, 60));
    assert_ptr_equal(step.regs.fp, NOISE);
    assert_false(step.is_leaf);
    assert_true(step.is_exact_pc);
}

static void test_anchor_that_is_empty_or_off_the_stack_is_not_taken(void **state)
{
    struct fake_jvm *jvm = *state;
    const struct fake_anchor anchors[] = {
        {0, 0, 0},
        {fake_sp(jvm, 0) - sizeof(uintptr_t), fake_return(jvm, FAKE_WRAPPER, 100), NOISE},
        anchor_at(jvm, FAKE_STACK_WORDS),
        {fake_sp(jvm, 60), NOISE, NOISE},
    };
    for (size_t i = 0; i < sizeof anchors / sizeof anchors[0]; i++) {
        struct umig_step step = fake_leaf(jvm, NOISE, SP, NOISE);
        jvm->thread.anchor = anchors[i];

        assert_false(umig_step_to_anchor(&step));

        assert_ptr_equal(step.regs.pc, NOISE);
        assert_ptr_equal(step.regs.sp, fake_sp(jvm, SP));
        assert_true(step.is_leaf);
        assert_false(step.is_exact_pc);
    }
}

static void library_code(void)
{
}

/* Of the JVM's own. */
static struct umig_step in_library(struct fake_jvm *jvm, uintptr_t fp)
{
    jvm->hotspot.libjvm_low = (uintptr_t)library_code;
    jvm->hotspot.libjvm_high = (uintptr_t)library_code + 1;
    return fake_leaf(jvm, (uintptr_t)library_code, SP, fp);
}

static uintptr_t compiled_caller_at(struct fake_jvm *jvm, size_t sp_word)
{
    fake_compiled_at(jvm, sp_word, fake_code(jvm, FAKE_INTERPRETER, 40), fake_sp(jvm, CALLER_FP));
    return fake_return(jvm, FAKE_CALLER, 100);
}

static void test_library_without_a_frame_takes_the_return_address_on_top(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller_at(jvm, SP + 1);
    struct umig_step step = in_library(jvm, NOISE);
    jvm->stack[SP] = caller;

    fake_assert_moved(jvm, &step, caller, SP + 1, NOISE);
}

static void test_library_follows_its_frames_to_java(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller_at(jvm, 52);
    struct umig_step step = in_library(jvm, fake_sp(jvm, 30));
    jvm->stack[24] = caller; /* left from a frame that is gone, and fits */
    fake_compiled_at(jvm, 25, fake_code(jvm, FAKE_INTERPRETER, 40), NOISE);
    jvm->stack[30] = fake_sp(jvm, 40);
    jvm->stack[31] = (uintptr_t)library_code;
    jvm->stack[40] = fake_sp(jvm, 50);
    jvm->stack[41] = (uintptr_t)library_code;
    jvm->stack[50] = NOISE;
    jvm->stack[51] = caller;

    fake_assert_moved(jvm, &step, caller, 52, NOISE);
}

static void test_library_without_frame_pointers_finds_the_first_return_address(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t fps[] = {NOISE, fake_sp(jvm, 30), fake_sp(jvm, 200)};
    const uintptr_t caller = compiled_caller_at(jvm, 52);
    jvm->stack[51] = caller;
    jvm->stack[30] = fake_sp(jvm, 25); /* a chain that turns */
    for (size_t i = 0; i < sizeof fps / sizeof fps[0]; i++) {
        struct umig_step step = in_library(jvm, fps[i]);

        fake_assert_moved(jvm, &step, caller, 52, fps[i]);
    }
}

static void test_library_that_keeps_no_frame_pointers_has_what_java_left_in_rbp(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller_at(jvm, 52);
    struct umig_step step = in_library(jvm, fake_sp(jvm, 60));
    jvm->hotspot.libjvm_low = jvm->hotspot.libjvm_high;
    jvm->stack[51] = caller;
    jvm->stack[61] = caller; /* of a frame further up */

    fake_assert_moved(jvm, &step, caller, 52, fake_sp(jvm, 60));
}

static void test_library_passes_by_a_call_to_java(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller_at(jvm, 52);
    struct umig_step step = in_library(jvm, NOISE);
    jvm->stack[24] =
        fake_return_from(jvm, FAKE_COMPILED, 100, fake_code(jvm, FAKE_RUNTIME_STUB, 0));
    fake_compiled_at(jvm, 25, fake_code(jvm, FAKE_INTERPRETER, 40), NOISE);
    jvm->stack[51] = caller;

    fake_assert_moved(jvm, &step, caller, 52, NOISE);
}

static void other_library_code(void)
{
}

/* Of a library that the JVM called; rbp may be anything. */
static struct umig_step in_other_library(struct fake_jvm *jvm, uintptr_t fp)
{
    struct umig_step step = in_library(jvm, fp);
    step.regs.pc = (uintptr_t)other_library_code;
    return step;
}

/* A return address of "mov rax, target; call rax". */
static uintptr_t far_return(struct fake_jvm *jvm, enum fake_block_id block, uintptr_t target)
{
    uint8_t call[12] = {0x48, 0xb8, [10] = 0xff, 0xd0};
    memcpy(call + 2, &target, sizeof target);
    fake_assemble(jvm, block, 100 - sizeof call, call, sizeof call);
    return fake_code(jvm, block, 100);
}

/* A call of the JVM at word 51; what was left from others lies below it, and fits. */
static uintptr_t call_of_jvm_above_others(struct fake_jvm *jvm, enum fake_block_id other)
{
    fake_compiled_at(jvm, 52, fake_code(jvm, FAKE_INTERPRETER, 40), fake_sp(jvm, CALLER_FP));
    jvm->stack[50] = NOISE;
    jvm->stack[51] = far_return(jvm, FAKE_CALLER, (uintptr_t)library_code);
    jvm->stack[24] = far_return(jvm, other, (uintptr_t)other_library_code);
    fake_compiled_at(jvm, 25, fake_code(jvm, FAKE_INTERPRETER, 40), NOISE);
    return jvm->stack[51];
}

static void test_library_that_the_jvm_called_follows_frames_to_the_call_of_the_jvm(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = call_of_jvm_above_others(jvm, FAKE_COMPILED);
    struct umig_step step = in_other_library(jvm, fake_sp(jvm, 30));
    jvm->stack[30] = fake_sp(jvm, 50);
    jvm->stack[31] = (uintptr_t)other_library_code;

    fake_assert_moved(jvm, &step, caller, 52, NOISE);
}

static void test_stub_that_the_jvm_called_leaves_to_the_call_of_the_jvm(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = call_of_jvm_above_others(jvm, FAKE_COMPILED);
    struct umig_step step = in_library(jvm, fake_sp(jvm, 50));
    step.regs.pc = fake_code(jvm, FAKE_INTRINSIC, 40);
    jvm->stack[SP] = (uintptr_t)library_code;

    fake_assert_moved(jvm, &step, caller, 52, NOISE);
}

static void test_library_whose_frames_lead_to_another_call_is_not_followed(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = call_of_jvm_above_others(jvm, FAKE_COMPILED);
    struct umig_step step = in_other_library(jvm, fake_sp(jvm, 60));
    jvm->stack[61] = caller + 8; /* of no call of the JVM */

    fake_assert_moved(jvm, &step, jvm->stack[24], 25, fake_sp(jvm, 60));
}

static void test_library_found_above_a_call_of_the_jvm_has_the_rbp_saved_there(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = call_of_jvm_above_others(jvm, FAKE_COMPILED);
    struct umig_step step = in_other_library(jvm, 0);
    jvm->stack[24] = 0;

    fake_assert_moved(jvm, &step, caller, 52, NOISE);
}

/* A word may look like an address in the code cache where no memory is committed yet. */
static void test_library_passes_by_addresses_without_code(void **state)
{
    struct fake_jvm *jvm = *state;
    const size_t bytes = 1 << 16;
    void *reserved = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(reserved, MAP_FAILED);
    const uintptr_t at = (uintptr_t)reserved;
    jvm->low = jvm->low < at ? jvm->low : at;
    jvm->high = jvm->high > at + bytes ? jvm->high : at + bytes;
    const uintptr_t caller = compiled_caller_at(jvm, 52);
    /* Code of its own: what lies between the two is the code cache now. */
    struct umig_step step = fake_leaf(jvm, NOISE, SP, NOISE);
    jvm->stack[SP] = at + 512;
    jvm->stack[24] = at + 256;
    jvm->stack[51] = caller;

    fake_assert_moved(jvm, &step, caller, 52, NOISE);
    munmap(reserved, bytes);
}

/* The kernel's frame at a word; what it interrupted stands at another one. */
static void signal_frame_at(struct fake_jvm *jvm, size_t word, uintptr_t pc, size_t sp_word)
{
    ucontext_t context = {.uc_flags = 0};
    context.uc_mcontext.gregs[REG_RIP] = (greg_t)pc;
    context.uc_mcontext.gregs[REG_RSP] = (greg_t)fake_sp(jvm, sp_word);
    context.uc_mcontext.gregs[REG_RBP] = (greg_t)NOISE;
    context.uc_mcontext.gregs[REG_R13] = (greg_t)fake_bcp(jvm, 3);
    jvm->stack[word] = jvm->hotspot.signal_return;
    memcpy(&jvm->stack[word + 1], &context, sizeof context);
}

static void test_handler_of_a_fault_leads_to_what_it_interrupted(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t pc = fake_code(jvm, FAKE_COMPILED, 100);
    jvm->hotspot.signal_return = (uintptr_t)library_code - 1;
    struct umig_step step = in_library(jvm, fake_sp(jvm, 38));
    jvm->stack[38] = fake_sp(jvm, 250); /* the outermost frame of the handler: Java's fp, and */
    jvm->stack[39] = jvm->hotspot.signal_return;
    jvm->stack[251] = compiled_caller_at(jvm, 252); /* its caller, behind what was interrupted */
    jvm->stack[24] =
        jvm->hotspot.signal_return; /* left from one before: its registers fit nothing */
    signal_frame_at(jvm, 39, pc, 240);

    const struct umig_step_left left = fake_assert_moved(jvm, &step, pc, 240, NOISE);
    assert_true(left.is_signal);
    assert_true(step.is_leaf);
    assert_int_equal(step.regs.sender_sp, fake_bcp(jvm, 3));
}

static void test_handler_is_not_believed_off_java_or_off_its_stack(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t pc = fake_code(jvm, FAKE_COMPILED, 100);
    jvm->hotspot.signal_return = (uintptr_t)library_code - 1;
    struct umig_step step = in_library(jvm, NOISE);
    signal_frame_at(jvm, 40, (uintptr_t)library_code, 240);
    fake_assert_lost(&step);
    signal_frame_at(jvm, 40, pc, 30); /* below its own frame */
    fake_assert_lost(&step);
    signal_frame_at(jvm, 40, pc, FAKE_STACK_WORDS);
    fake_assert_lost(&step);
    signal_frame_at(jvm, 40, pc, 240);
    jvm->hotspot.signal_return = 0;
    fake_assert_lost(&step);
    jvm->hotspot.signal_return = jvm->stack[40];
    fake_assert_moved(jvm, &step, pc, 240, NOISE);
}

static void test_library_that_is_no_leaf_is_lost(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller_at(jvm, SP + 1);
    jvm->stack[SP] = caller;
    struct umig_step step = fake_standing(jvm, (uintptr_t)library_code, SP, NOISE);

    fake_assert_lost(&step);
}

static void test_library_without_java_above_is_lost(void **state)
{
    struct fake_jvm *jvm = *state;
    struct umig_step step = in_library(jvm, fake_sp(jvm, 30));
    jvm->stack[30] = fake_sp(jvm, 40);

    fake_assert_lost(&step);
}

/* A stack word may point into code memory that is only reserved: it is no return address. */
static void test_word_into_reserved_code_memory_is_no_return_address(void **state)
{
    struct fake_jvm *jvm = *state;
    struct umig_slots slots;
    const struct umig_code_range nothing = {.begin = 0, .end = 0};
    umig_slots_init(&slots, calloc(UMIG_SLOT_WINDOW, sizeof(struct umig_slot)), UMIG_SLOT_WINDOW);
    assert_int_equal(umig_guard_install(&slots, &nothing, 1, NULL), UMIG_OK);
    const uintptr_t reserved =
        (uintptr_t)mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const struct umig_step step = fake_standing(jvm, jvm->low, SP, fake_sp(jvm, FP));
    jvm->low = reserved < jvm->low ? reserved : jvm->low;
    jvm->high = reserved + 8192 > jvm->high ? reserved + 8192 : jvm->high;

    assert_false(umig_x64_is_return(&step, reserved + 4096));
    assert_false(umig_x64_called_here(&step, reserved + 4096));

    munmap((void *)reserved, 8192);
    free(slots.slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_jvm_setup, fake_jvm_teardown)
        TEST(test_entry_frame_leads_to_the_earlier_anchor),
        TEST(test_entry_frame_of_an_anchor_without_pc_takes_the_word_below),
        TEST(test_entry_frame_without_an_earlier_one_is_the_root),
        TEST(test_call_stub_without_its_frame_has_the_wrapper_in_rdi),
        TEST(test_call_stub_at_its_ret_has_the_wrapper_below_sp),
        TEST(test_entry_frame_that_stands_has_the_call_stubs_own_return_address),
        TEST(test_entry_frame_has_no_more_than_its_words_and_arguments),
        TEST(test_upcall_leads_to_the_earlier_anchor),
        TEST(test_upcall_of_a_thread_without_java_is_the_root),
        TEST(test_upcall_whose_anchor_cannot_be_one_is_lost),
        TEST(test_entry_frame_keeps_the_registers_of_what_called_java),
        TEST(test_call_stub_without_its_frame_returns_to_the_top_of_the_stack),
        TEST(test_upcall_keeps_the_frame_pointer_of_what_called_java),
        TEST(test_root_has_the_registers_of_who_began_it),
        TEST(test_entry_frame_of_another_thread_is_lost),
        TEST(test_entry_frame_whose_wrapper_is_off_the_stack_is_lost),
        TEST(test_entry_frame_whose_anchor_makes_no_progress_is_lost),
        TEST(test_anchor_is_where_the_thread_left_java),
        TEST(test_anchor_that_is_empty_or_off_the_stack_is_not_taken),
        TEST(test_library_without_a_frame_takes_the_return_address_on_top),
        TEST(test_library_follows_its_frames_to_java),
        TEST(test_library_without_frame_pointers_finds_the_first_return_address),
        TEST(test_library_that_keeps_no_frame_pointers_has_what_java_left_in_rbp),
        TEST(test_library_passes_by_a_call_to_java),
        TEST(test_library_that_the_jvm_called_follows_frames_to_the_call_of_the_jvm),
        TEST(test_library_whose_frames_lead_to_another_call_is_not_followed),
        TEST(test_stub_that_the_jvm_called_leaves_to_the_call_of_the_jvm),
        TEST(test_library_found_above_a_call_of_the_jvm_has_the_rbp_saved_there),
        TEST(test_library_passes_by_addresses_without_code),
        TEST(test_handler_of_a_fault_leads_to_what_it_interrupted),
        TEST(test_handler_is_not_believed_off_java_or_off_its_stack),
        TEST(test_library_that_is_no_leaf_is_lost),
        TEST(test_library_without_java_above_is_lost),
        TEST(test_word_into_reserved_code_memory_is_no_return_address),
    };
    return cmocka_run_group_tests_name("unit.agent.edges", tests, NULL, NULL);
}
