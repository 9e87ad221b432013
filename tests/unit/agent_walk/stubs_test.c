/* Leaving adapters, intrinsics and runtime stubs. */
#include <string.h>

#include "tests/support/test.h"
#include "tests/unit/agent_walk/fake_jvm.h"

enum {
    SP = 20,
    CALLER_FP = 100,
    NOISE = 0x1234,
};

static uintptr_t interpreted_caller(struct fake_jvm *jvm)
{
    fake_interpreted_at(jvm, CALLER_FP, 3);
    return fake_code(jvm, FAKE_INTERPRETER, 40);
}

/* A compiled caller, whose frame stands at a word. */
static uintptr_t compiled_caller_at(struct fake_jvm *jvm, size_t sp_word)
{
    fake_compiled_at(jvm, sp_word, fake_code(jvm, FAKE_INTERPRETER, 40), fake_sp(jvm, CALLER_FP));
    return fake_return(jvm, FAKE_CALLER, 100);
}

static struct umig_step in_adapter(struct fake_jvm *jvm)
{
    return fake_leaf(jvm, fake_code(jvm, FAKE_ADAPTER, 20), SP, fake_sp(jvm, CALLER_FP));
}

static void test_adapter_takes_the_return_address_on_top(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = interpreted_caller(jvm);
    struct umig_step step = in_adapter(jvm);
    jvm->stack[SP] = caller;

    fake_assert_moved(jvm, &step, caller, SP + 1, fake_sp(jvm, CALLER_FP));
}

static void test_caller_that_returns_to_the_stub_that_thaws_is_one(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = fake_return(jvm, FAKE_CALLER, 100);
    struct umig_step step = in_adapter(jvm);
    jvm->stack[SP] = caller;
    fake_compiled_at(jvm, SP + 1, fake_code(jvm, FAKE_CONTINUATION, 40), NOISE);
    step.continuation.entry = fake_sp(jvm, SP + 1 + FAKE_FRAME_WORDS);

    fake_assert_moved(jvm, &step, caller, SP + 1, fake_sp(jvm, CALLER_FP));

    step = in_adapter(jvm);
    step.continuation.entry = fake_sp(jvm, SP + 50); /* it is left of another frame */
    fake_assert_lost(&step);

    fake_compiled_at(jvm, SP + 1, fake_code(jvm, FAKE_INTRINSIC, 40), NOISE);
    step = in_adapter(jvm);
    step.continuation.entry = fake_sp(jvm, SP + 1 + FAKE_FRAME_WORDS);
    fake_assert_lost(&step);
}

/* The stub that thaws is about to return: the frames' sp is in rax, then in rbx. */
static void test_stub_that_has_thawed_returns_to_the_frames(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller_at(jvm, SP + 10);
    const uintptr_t pc = fake_code(jvm, FAKE_CONTINUATION, 40);
    jvm->stack[SP + 8] = fake_sp(jvm, CALLER_FP);
    jvm->stack[SP + 9] = caller;
    struct umig_step step = fake_leaf(jvm, pc, SP, NOISE);
    step.continuation.entry = fake_sp(jvm, SP + 60);
    step.regs.method = NOISE;
    step.regs.result = fake_sp(jvm, SP + 10);
    fake_assert_moved(jvm, &step, caller, SP + 10, fake_sp(jvm, CALLER_FP));

    step = fake_leaf(jvm, pc, SP + 8, NOISE); /* sp is restored, "pop rbp" comes next */
    step.continuation.entry = fake_sp(jvm, SP + 60);
    step.regs.method = fake_sp(jvm, SP + 10);
    fake_assert_moved(jvm, &step, caller, SP + 10, fake_sp(jvm, CALLER_FP));
}

/* What rbx has above the entry is the carrier's. */
static void test_stub_that_thaws_leaves_the_carriers_frames_alone(void **state)
{
    struct fake_jvm *jvm = *state;
    jvm->stack[SP + 59] = compiled_caller_at(jvm, SP + 60);
    struct umig_step step = fake_leaf(jvm, fake_code(jvm, FAKE_CONTINUATION, 40), SP, NOISE);
    step.continuation.entry = fake_sp(jvm, SP + 6);
    step.regs.method = fake_sp(jvm, SP + 60);
    fake_assert_lost(&step);
}

static void test_adapter_that_moved_arguments_takes_the_senders_sp(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller_at(jvm, SP + 6);
    struct umig_step step = in_adapter(jvm);
    jvm->stack[SP] = caller;
    step.regs.sender_sp = fake_sp(jvm, SP + 6);

    fake_assert_moved(jvm, &step, caller, SP + 6, fake_sp(jvm, CALLER_FP));
}

static void test_adapter_ignores_r13_where_the_callers_frame_is_on_top(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller_at(jvm, SP + 1);
    struct umig_step step = in_adapter(jvm);
    jvm->stack[SP] = caller;
    step.regs.sender_sp = fake_sp(jvm, SP + 6);

    fake_assert_moved(jvm, &step, caller, SP + 1, fake_sp(jvm, CALLER_FP));
}

static void test_adapter_aligning_the_stack_has_its_return_address_in_rax(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller_at(jvm, SP);
    struct umig_step step = in_adapter(jvm);
    step.regs.result = caller;

    fake_assert_moved(jvm, &step, caller, SP, fake_sp(jvm, CALLER_FP));
}

/* "pop rax; mov r13, rsp; sub rsp, n": the return address is not stored below yet. */
static void test_adapter_making_room_has_its_caller_in_rax_and_r13(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller_at(jvm, SP + 6);
    struct umig_step step = in_adapter(jvm);
    step.regs.result = caller;
    step.regs.sender_sp = fake_sp(jvm, SP + 6);

    fake_assert_moved(jvm, &step, caller, SP + 6, fake_sp(jvm, CALLER_FP));
}

/* Where a c2i adapter makes room: up to which byte, where its return address and its caller are. */
struct room_stage {
    size_t offset;
    bool is_in_rax;
    size_t sender_word; /* from sp */
};

struct room_code {
    uint8_t code[24];
    struct room_stage stages[5];
};

static const struct room_code g_rooms[] = {
    /* lea r13, [rsp+8]; pop rax; sub rsp, 16; push rax; mov [rsp+16], rsi */
    {{0x4c, 0x8d, 0x6c, 0x24, 8, 0x58, 0x48, 0x83, 0xec, 16, 0x50, 0x48, 0x89, 0x74, 0x24, 16},
     {{5, false, 1}, {6, true, 0}, {10, true, 2}, {11, false, 3}, {16, false, 3}}},
    /* pop rax; mov r13, rsp; sub rsp, imm32 24; mov [rsp], rax */
    {{0x58, 0x4c, 0x8b, 0xec, 0x48, 0x81, 0xec, 24, 0, 0, 0, 0x48, 0x89, 4, 0x24},
     {{0, false, 1}, {1, true, 0}, {4, true, 0}, {11, true, 3}, {15, false, 3}}},
};

/* What is left on the stack fits as well: the instructions passed decide. */
static void assert_room_stage(struct fake_jvm *jvm, const struct room_stage *stage)
{
    memset(jvm->stack + SP, 0, 16 * sizeof jvm->stack[0]);
    (void)compiled_caller_at(jvm, SP + 1);
    const uintptr_t caller = compiled_caller_at(jvm, SP + stage->sender_word);
    struct umig_step step = in_adapter(jvm);
    step.regs.pc = fake_code(jvm, FAKE_ADAPTER, 40 + stage->offset);
    step.regs.sender_sp = NOISE;
    step.regs.result = stage->is_in_rax ? caller : (uintptr_t)NOISE;
    jvm->stack[SP] = caller;

    fake_assert_moved(jvm, &step, caller, SP + stage->sender_word, fake_sp(jvm, CALLER_FP));
}

static void test_adapter_tells_by_its_bytes_what_room_is_made(void **state)
{
    struct fake_jvm *jvm = *state;
    for (size_t i = 0; i < sizeof g_rooms / sizeof g_rooms[0]; i++) {
        fake_assemble(jvm, FAKE_ADAPTER, 40, g_rooms[i].code, sizeof g_rooms[i].code);
        for (size_t k = 0; k < 5; k++) {
            print_message("code %zu at %zu\n", i, g_rooms[i].stages[k].offset);
            assert_room_stage(jvm, &g_rooms[i].stages[k]);
        }
    }
}

static void test_adapter_that_saved_r13_has_its_return_address_there(void **state)
{
    struct fake_jvm *jvm = *state;
    static const uint8_t restore[] = {0xc5, 0xf8, 0x77,             /* vzeroupper */
                                      0x48, 0x0f, 0xae, 0x0c, 0x24, /* fxrstor [rsp] */
                                      0x48, 0x81, 0xc4, 0x80, 0,    0, 0};
    const uintptr_t caller = compiled_caller_at(jvm, SP + 35);
    const uintptr_t pc = fake_return(jvm, FAKE_ADAPTER, 40);
    fake_assemble(jvm, FAKE_ADAPTER, 40, restore, sizeof restore);
    struct umig_step step = fake_standing(jvm, pc, SP, NOISE);
    jvm->stack[SP + 5] = caller; /* a register that was saved: it fits */
    (void)compiled_caller_at(jvm, SP + 6);
    jvm->stack[SP + 16 + 2] = fake_sp(jvm, SP + 34);
    jvm->stack[SP + 34] = caller;

    fake_assert_moved(jvm, &step, caller, SP + 35, NOISE);
}

/* The caller's call may go to a static stub of its own, from there to the adapter. */
static void test_adapter_calling_the_jvm_finds_its_caller_above_the_registers(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller =
        fake_return_from(jvm, FAKE_CALLER, 100, fake_code(jvm, FAKE_CALLER, 300));
    struct umig_step step =
        fake_standing(jvm, fake_return(jvm, FAKE_ADAPTER, 40), SP, fake_sp(jvm, CALLER_FP));
    jvm->stack[SP + 50] = caller; /* a copy of the return address: no frame stands above it */
    jvm->stack[SP + 200] = caller;
    fake_compiled_at(jvm, SP + 201, fake_code(jvm, FAKE_INTERPRETER, 40), fake_sp(jvm, CALLER_FP));

    fake_assert_moved(jvm, &step, caller, SP + 201, fake_sp(jvm, CALLER_FP));
}

static struct umig_step in_intrinsic(struct fake_jvm *jvm, uintptr_t fp)
{
    return fake_leaf(jvm, fake_code(jvm, FAKE_INTRINSIC, 10), SP, fp);
}

static void test_intrinsic_takes_the_return_address_on_top(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller_at(jvm, SP + 1);
    struct umig_step step = in_intrinsic(jvm, NOISE);
    jvm->stack[SP] = caller;

    fake_assert_moved(jvm, &step, caller, SP + 1, NOISE);
}

static void test_intrinsic_with_a_frame_pointer_leaves_by_it(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller_at(jvm, SP + 12);
    struct umig_step step = in_intrinsic(jvm, fake_sp(jvm, SP + 10));
    jvm->stack[SP + 10] = NOISE;
    jvm->stack[SP + 11] = caller;

    fake_assert_moved(jvm, &step, caller, SP + 12, NOISE);
}

static void test_intrinsic_that_pushed_registers_finds_the_first_return_address(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller_at(jvm, SP + 8);
    struct umig_step step = in_intrinsic(jvm, NOISE);
    jvm->stack[SP + 3] = fake_code(jvm, FAKE_CALLER, 60); /* behind no call */
    jvm->stack[SP + 7] = caller;

    fake_assert_moved(jvm, &step, caller, SP + 8, NOISE);
}

/* What was left from a frame that is gone fits as well, but its call went elsewhere. */
static void test_intrinsic_passes_by_a_call_to_other_code(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t here = fake_code(jvm, FAKE_INTRINSIC, 0);
    const uintptr_t stale =
        fake_return_from(jvm, FAKE_COMPILED, 100, fake_code(jvm, FAKE_RUNTIME_STUB, 0));
    const uintptr_t caller = fake_return_from(jvm, FAKE_CALLER, 100, here);
    struct umig_step step = in_intrinsic(jvm, NOISE);
    jvm->stack[SP + 2] = stale;
    fake_compiled_at(jvm, SP + 3, fake_code(jvm, FAKE_INTERPRETER, 40), NOISE);
    jvm->stack[SP + 10] = caller;
    fake_compiled_at(jvm, SP + 11, fake_code(jvm, FAKE_INTERPRETER, 40), NOISE);

    fake_assert_moved(jvm, &step, caller, SP + 11, NOISE);
}

static void test_intrinsic_called_far_is_known_by_the_address_loaded(void **state)
{
    struct fake_jvm *jvm = *state;
    uint8_t call[13] = {0x49, 0xba, [10] = 0x41, 0xff, 0xd2}; /* mov r10, imm64; call r10 */
    const uintptr_t here = fake_code(jvm, FAKE_INTRINSIC, 0);
    const uintptr_t elsewhere = fake_code(jvm, FAKE_RUNTIME_STUB, 0);
    memcpy(call + 2, &elsewhere, sizeof elsewhere);
    fake_assemble(jvm, FAKE_COMPILED, 100 - sizeof call, call, sizeof call);
    memcpy(call + 2, &here, sizeof here);
    fake_assemble(jvm, FAKE_CALLER, 100 - sizeof call, call, sizeof call);
    const uintptr_t caller = fake_code(jvm, FAKE_CALLER, 100);
    struct umig_step step = in_intrinsic(jvm, NOISE);
    jvm->stack[SP + 2] = fake_code(jvm, FAKE_COMPILED, 100);
    fake_compiled_at(jvm, SP + 3, fake_code(jvm, FAKE_INTERPRETER, 40), NOISE);
    jvm->stack[SP + 10] = caller;
    fake_compiled_at(jvm, SP + 11, fake_code(jvm, FAKE_INTERPRETER, 40), NOISE);

    fake_assert_moved(jvm, &step, caller, SP + 11, NOISE);
}

static void test_intrinsic_leaves_arguments_that_the_caller_pops(void **state)
{
    struct fake_jvm *jvm = *state;
    static const uint8_t pops[] = {0x58, 0x58};
    const uintptr_t caller = compiled_caller_at(jvm, SP + 3);
    fake_assemble(jvm, FAKE_CALLER, 100, pops, sizeof pops);
    struct umig_step step = in_intrinsic(jvm, NOISE);
    jvm->stack[SP] = caller;

    fake_assert_moved(jvm, &step, caller, SP + 3, NOISE);
}

static void test_intrinsic_looks_no_further_than_its_bound(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller_at(jvm, SP + 33);
    struct umig_step step = in_intrinsic(jvm, NOISE);
    jvm->stack[SP + 32] = caller; /* the 33rd word */

    fake_assert_lost(&step);
    jvm->stack[SP + 31] = caller;
    (void)compiled_caller_at(jvm, SP + 32);
    fake_assert_moved(jvm, &step, caller, SP + 32, NOISE);
}

static void test_entry_barrier_skips_its_cookie(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = fake_return(jvm, FAKE_CALLER, 20);
    for (int is_leaf = 0; is_leaf <= 1; is_leaf++) {
        struct umig_step step = in_intrinsic(jvm, fake_sp(jvm, SP + 20));
        step.is_leaf = is_leaf;
        jvm->stack[SP + 20] = NOISE;
        jvm->stack[SP + 21] = UINTPTR_MAX;
        jvm->stack[SP + 22] = caller;

        fake_assert_moved(jvm, &step, caller, SP + 23, NOISE);
    }
}

static void test_entry_barrier_is_known_by_its_cookie(void **state)
{
    struct fake_jvm *jvm = *state;
    struct umig_step step = in_intrinsic(jvm, fake_sp(jvm, SP + 40));
    jvm->stack[SP + 40] = NOISE;
    jvm->stack[SP + 41] = 1;
    jvm->stack[SP + 42] = fake_return(jvm, FAKE_CALLER, 20);

    fake_assert_lost(&step);
}

/* A stub as C2 makes them: six words, and no word on when they stand. */
static struct umig_step in_jit_stub(struct fake_jvm *jvm, size_t offset)
{
    static const uint8_t prologue[] = {0x55, 0x48, 0x83, 0xec, 0x20}; /* push rbp; sub rsp, 32 */
    fake_assemble(jvm, FAKE_RUNTIME_STUB, 0, prologue, sizeof prologue);
    jvm->blocks[FAKE_RUNTIME_STUB].blob.frame_complete = -1;
    return fake_leaf(jvm, fake_code(jvm, FAKE_RUNTIME_STUB, offset), SP, fake_sp(jvm, CALLER_FP));
}

static void test_jit_stub_tells_by_its_bytes_what_stands(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t called_another =
        fake_return_from(jvm, FAKE_CALLER, 100, fake_code(jvm, FAKE_INTRINSIC, 0));
    const struct {
        size_t offset, words;
    } cases[] = {{0, 1}, {1, 2}, {5, 6}, {100, 6}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(jvm->stack + SP, 0, 16 * sizeof jvm->stack[0]);
        struct umig_step step = in_jit_stub(jvm, cases[i].offset);
        jvm->stack[SP + cases[i].words - 1] = called_another; /* it was jumped to */
        if (cases[i].words == 2) {
            jvm->stack[SP] = fake_sp(jvm, CALLER_FP);
        }
        (void)compiled_caller_at(jvm, SP + cases[i].words);
        (void)fake_return_from(jvm, FAKE_CALLER, 100, fake_code(jvm, FAKE_INTRINSIC, 0));

        fake_assert_moved(jvm, &step, called_another, SP + cases[i].words, fake_sp(jvm, CALLER_FP));
    }
}

static void test_jit_stub_that_looks_for_a_handler_has_the_throwers_pc_in_rdx(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t thrower = compiled_caller_at(jvm, SP);
    struct umig_step step = in_jit_stub(jvm, 100);
    step.regs.thrower = thrower;

    fake_assert_moved(jvm, &step, thrower, SP, fake_sp(jvm, CALLER_FP));
}

static void test_runtime_stub_pops_the_frame_it_describes(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = fake_return(jvm, FAKE_CALLER, 100);
    const uintptr_t pc = fake_return(jvm, FAKE_RUNTIME_STUB, 40);
    jvm->stack[SP + 4] = NOISE;
    jvm->stack[SP + 5] = caller;
    struct umig_step leaf = fake_leaf(jvm, pc, SP, 0);
    struct umig_step standing = fake_standing(jvm, pc, SP, 0);

    fake_assert_moved(jvm, &leaf, caller, SP + 6, NOISE);
    fake_assert_moved(jvm, &standing, caller, SP + 6, NOISE);
}

static void test_runtime_stub_before_its_frame_takes_the_return_address(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = compiled_caller_at(jvm, SP + 1);
    struct umig_step step = fake_leaf(jvm, fake_code(jvm, FAKE_RUNTIME_STUB, 0), SP, NOISE);
    jvm->stack[SP] = caller;
    jvm->stack[SP + 5] = fake_return(jvm, FAKE_COMPILED, 100); /* where its frame would end */

    fake_assert_moved(jvm, &step, caller, SP + 1, NOISE);
}

/* push rbp; mov rbp, rsp; ... pop rbp; jmp rax */
static void assemble_described(struct fake_jvm *jvm)
{
    static const uint8_t prologue[] = {0x55, 0x48, 0x8b, 0xec};
    static const uint8_t end[] = {0x5d, 0xff, 0xe0};
    fake_assemble(jvm, FAKE_RUNTIME_STUB, 0, prologue, sizeof prologue);
    fake_assemble(jvm, FAKE_RUNTIME_STUB, 60, end, sizeof end);
}

static void test_runtime_stub_that_restores_registers_leaves_by_its_frame_pointer(void **state)
{
    struct fake_jvm *jvm = *state;
    assemble_described(jvm);
    const uintptr_t caller = compiled_caller_at(jvm, SP + 3);
    struct umig_step step =
        fake_leaf(jvm, fake_code(jvm, FAKE_RUNTIME_STUB, 50), SP, fake_sp(jvm, SP + 1));
    jvm->stack[SP + 1] = NOISE;
    jvm->stack[SP + 2] = caller;
    jvm->stack[SP + 5] = fake_return(jvm, FAKE_COMPILED, 100); /* where the whole frame would end */

    fake_assert_moved(jvm, &step, caller, SP + 3, NOISE);
}

static void test_runtime_stub_before_its_jump_has_no_frame(void **state)
{
    struct fake_jvm *jvm = *state;
    assemble_described(jvm);
    const uintptr_t caller = compiled_caller_at(jvm, SP + 1);
    struct umig_step step = fake_leaf(jvm, fake_code(jvm, FAKE_RUNTIME_STUB, 61), SP, NOISE);
    jvm->stack[SP] = caller;
    jvm->stack[SP + 5] = fake_return(jvm, FAKE_COMPILED, 100);

    fake_assert_moved(jvm, &step, caller, SP + 1, NOISE);
}

/* An exception is handed on: who called the method that threw called something else. */
static void test_stub_that_aligned_the_stack_has_its_return_address_above(void **state)
{
    struct fake_jvm *jvm = *state;
    static const uint8_t add[] = {0x48, 0x83, 0xc4, 8, 0xeb};
    for (size_t aligned = 0; aligned <= 1; aligned++) {
        const uintptr_t caller =
            fake_return_from(jvm, FAKE_CALLER, 100, fake_code(jvm, FAKE_COMPILED, 0));
        const uintptr_t pc = fake_return(jvm, FAKE_INTRINSIC, 40);
        fake_assemble(jvm, FAKE_INTRINSIC, 40, add, aligned * sizeof add);
        struct umig_step step = fake_standing(jvm, pc, SP, NOISE);
        jvm->stack[SP] = NOISE;
        jvm->stack[SP + aligned] = caller;
        fake_compiled_at(jvm, SP + aligned + 1, fake_code(jvm, FAKE_INTERPRETER, 40), NOISE);

        fake_assert_moved(jvm, &step, caller, SP + aligned + 1, NOISE);
        jvm->blocks[FAKE_INTRINSIC].code[40] = 0x90;
    }
}

/* A call that does not say where it went is believed last. */
static void test_stub_that_was_jumped_to_takes_the_return_address_on_top(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t here = fake_code(jvm, FAKE_INTRINSIC, 0);
    const uintptr_t caller =
        fake_return_from(jvm, FAKE_COMPILED, 100, fake_code(jvm, FAKE_RUNTIME_STUB, 0));
    struct umig_step step = in_intrinsic(jvm, NOISE);
    jvm->stack[SP] = caller;
    fake_compiled_at(jvm, SP + 1, fake_code(jvm, FAKE_INTERPRETER, 40), NOISE);
    jvm->stack[SP + 10] = compiled_caller_at(jvm, SP + 11);
    fake_assert_moved(jvm, &step, caller, SP + 1, NOISE);

    step = in_intrinsic(jvm, NOISE);
    const uintptr_t said = fake_return_from(jvm, FAKE_CALLER, 100, here);
    fake_assert_moved(jvm, &step, said, SP + 11, NOISE);
}

static void test_stub_leaves_arguments_in_high_registers_that_the_caller_pops(void **state)
{
    struct fake_jvm *jvm = *state;
    static const uint8_t pops[] = {0x41, 0x58, 0x41, 0x58, 0x90}; /* pop r8; pop r8 */
    const uintptr_t caller = compiled_caller_at(jvm, SP + 3);
    fake_assemble(jvm, FAKE_CALLER, 100, pops, sizeof pops);
    struct umig_step step = in_intrinsic(jvm, NOISE);
    jvm->stack[SP] = caller;

    fake_assert_moved(jvm, &step, caller, SP + 3, NOISE);
}

static void test_stub_where_nothing_fits_is_lost(void **state)
{
    struct fake_jvm *jvm = *state;
    const enum fake_block_id blocks[] = {FAKE_ADAPTER, FAKE_INTRINSIC, FAKE_RUNTIME_STUB,
                                         FAKE_BLOCKS};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        const uintptr_t pc = fake_code(jvm, blocks[i], 20);
        struct umig_step leaf = fake_leaf(jvm, pc, SP, fake_sp(jvm, CALLER_FP));
        struct umig_step standing = fake_standing(jvm, pc, SP, fake_sp(jvm, CALLER_FP));

        fake_assert_lost(&leaf);
        fake_assert_lost(&standing);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_jvm_setup, fake_jvm_teardown)
        TEST(test_adapter_takes_the_return_address_on_top),
        TEST(test_caller_that_returns_to_the_stub_that_thaws_is_one),
        TEST(test_stub_that_has_thawed_returns_to_the_frames),
        TEST(test_stub_that_thaws_leaves_the_carriers_frames_alone),
        TEST(test_adapter_that_moved_arguments_takes_the_senders_sp),
        TEST(test_adapter_ignores_r13_where_the_callers_frame_is_on_top),
        TEST(test_adapter_aligning_the_stack_has_its_return_address_in_rax),
        TEST(test_adapter_making_room_has_its_caller_in_rax_and_r13),
        TEST(test_adapter_tells_by_its_bytes_what_room_is_made),
        TEST(test_adapter_that_saved_r13_has_its_return_address_there),
        TEST(test_adapter_calling_the_jvm_finds_its_caller_above_the_registers),
        TEST(test_intrinsic_takes_the_return_address_on_top),
        TEST(test_intrinsic_with_a_frame_pointer_leaves_by_it),
        TEST(test_intrinsic_that_pushed_registers_finds_the_first_return_address),
        TEST(test_intrinsic_passes_by_a_call_to_other_code),
        TEST(test_intrinsic_called_far_is_known_by_the_address_loaded),
        TEST(test_intrinsic_leaves_arguments_that_the_caller_pops),
        TEST(test_intrinsic_looks_no_further_than_its_bound),
        TEST(test_entry_barrier_skips_its_cookie),
        TEST(test_entry_barrier_is_known_by_its_cookie),
        TEST(test_jit_stub_tells_by_its_bytes_what_stands),
        TEST(test_jit_stub_that_looks_for_a_handler_has_the_throwers_pc_in_rdx),
        TEST(test_runtime_stub_pops_the_frame_it_describes),
        TEST(test_runtime_stub_before_its_frame_takes_the_return_address),
        TEST(test_runtime_stub_that_restores_registers_leaves_by_its_frame_pointer),
        TEST(test_runtime_stub_before_its_jump_has_no_frame),
        TEST(test_stub_that_aligned_the_stack_has_its_return_address_above),
        TEST(test_stub_that_was_jumped_to_takes_the_return_address_on_top),
        TEST(test_stub_leaves_arguments_in_high_registers_that_the_caller_pops),
        TEST(test_stub_where_nothing_fits_is_lost),
    };
    return cmocka_run_group_tests_name("unit.agent.stubs", tests, NULL, NULL);
}
