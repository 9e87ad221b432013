/* Leaving compiled methods and native methods' wrappers: entry, body, exit. */
#include <string.h>

#include "agent/walk/names.h"
#include "tests/support/test.h"
#include "tests/unit/agent_walk/fake_jvm.h"

enum {
    SP = 20,
    CALLER_FP = 100, /* of the interpreted caller */
    NOISE = 0x1234,  /* what compiled code may keep in rbp */
};

enum stands {
    NOTHING,       /* only the return address */
    SAVED_FP,      /* the caller's fp and the return address */
    FRAME,         /* all words; rbp is the method's */
    FRAME_KEEPING, /* all words, but rbp is the caller's */
};

struct place {
    size_t offset;
    enum stands stands;
};

struct prologue {
    const char *what;
    const uint8_t code[FAKE_FRAME_COMPLETE];
    struct place places[6];
    size_t count;
};

#define BANG       0x89, 0x84, 0x24, 0x00, 0xc0, 0xfe, 0xff /* mov [rsp-0x14000], eax */
#define PUSH       0x55                                     /* push rbp */
#define MOV        0x48, 0x8b, 0xec                         /* mov rbp, rsp */
#define SUB8       0x48, 0x83, 0xec, 0x10                   /* sub rsp, 0x10 */
#define SUB32      0x48, 0x81, 0xec, 0x18, 0, 0, 0          /* sub rsp, 0x18 */
#define SAVE       0x48, 0x89, 0x6c, 0x24, 0x10             /* mov [rsp+0x10], rbp */
#define ADD        0x48, 0x83, 0xc5, 0x10                   /* add rbp, 0x10 */
#define BARRIER    0x41, 0x81, 0x7f, 0x20, 1, 0, 0, 0       /* cmp [r15+0x20], 1 */
#define PUSH_SUB32 PUSH, 0x48, 0x81, 0xec, 0x10, 0, 0, 0    /* as C1 for large frames */

static const struct prologue g_prologues[] = {
    {"push, sub", {PUSH, SUB8, BARRIER}, {{0, NOTHING}, {1, SAVED_FP}, {5, FRAME}, {13, FRAME}}, 4},
    {"bang, push, sub",
     {BANG, PUSH, SUB8, BARRIER},
     {{0, NOTHING}, {7, NOTHING}, {8, SAVED_FP}, {12, FRAME}, {20, FRAME}},
     5},
    {"bang, push, sub imm32", {BANG, PUSH_SUB32}, {{7, NOTHING}, {8, SAVED_FP}, {15, FRAME}}, 3},
    {"bang, push, mov, sub",
     {BANG, PUSH, MOV, SUB8, BARRIER},
     {{7, NOTHING}, {8, SAVED_FP}, {11, SAVED_FP}, {15, FRAME}, {23, FRAME}},
     5},
    {"sub, save",
     {SUB32, SAVE, BARRIER},
     {{0, NOTHING}, {7, FRAME_KEEPING}, {12, FRAME}, {20, FRAME}},
     4},
    {"sub, save, mov, add",
     {SUB32, SAVE, MOV, ADD},
     {{7, FRAME_KEEPING}, {12, FRAME}, {15, FRAME}, {19, FRAME}},
     4},
};

static uintptr_t interpreted_caller(struct fake_jvm *jvm)
{
    fake_interpreted_at(jvm, CALLER_FP, 3);
    return fake_code(jvm, FAKE_INTERPRETER, 40);
}

/* Lays the stack out as it stands there; returns the position in the method. */
static struct umig_step at_place(struct fake_jvm *jvm, const struct place *place, uintptr_t caller)
{
    const uintptr_t fp = fake_sp(jvm, CALLER_FP);
    const bool is_fp_callers = place->stands == NOTHING || place->stands == FRAME_KEEPING;
    memset(jvm->stack + SP, 0, 8 * sizeof jvm->stack[0]);
    if (place->stands == NOTHING) {
        jvm->stack[SP] = caller;
    } else if (place->stands == SAVED_FP) {
        jvm->stack[SP] = fp;
        jvm->stack[SP + 1] = caller;
    } else {
        fake_compiled_at(jvm, SP, caller, place->stands == FRAME ? fp : (uintptr_t)NOISE);
    }
    return fake_leaf(jvm, fake_code(jvm, FAKE_COMPILED, place->offset), SP,
                     is_fp_callers ? fp : (uintptr_t)NOISE);
}

static void test_compiled_prologue_tells_by_its_bytes_what_stands(void **state)
{
    struct fake_jvm *jvm = *state;
    static const size_t words[] = {[NOTHING] = 1,
                                   [SAVED_FP] = 2,
                                   [FRAME] = FAKE_FRAME_WORDS,
                                   [FRAME_KEEPING] = FAKE_FRAME_WORDS};
    const uintptr_t caller = interpreted_caller(jvm);
    for (size_t i = 0; i < sizeof g_prologues / sizeof g_prologues[0]; i++) {
        const struct prologue *prologue = &g_prologues[i];
        memset(jvm->blocks[FAKE_COMPILED].code, 0x90, FAKE_FRAME_COMPLETE);
        fake_assemble(jvm, FAKE_COMPILED, 0, prologue->code, FAKE_FRAME_COMPLETE);
        for (size_t k = 0; k < prologue->count; k++) {
            const struct place *place = &prologue->places[k];
            print_message("%s at %zu\n", prologue->what, place->offset);
            struct umig_step step = at_place(jvm, place, caller);

            fake_assert_moved(jvm, &step, caller, SP + words[place->stands],
                              fake_sp(jvm, CALLER_FP));
        }
    }
}

static void test_compiled_body_pops_a_frame_of_known_size(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = interpreted_caller(jvm);
    const uintptr_t pc = fake_code(jvm, FAKE_COMPILED, 100);
    fake_compiled_at(jvm, SP, caller, fake_sp(jvm, CALLER_FP));
    struct umig_step step = fake_leaf(jvm, pc, SP, NOISE);

    const struct umig_step_left left =
        fake_assert_moved(jvm, &step, caller, SP + FAKE_FRAME_WORDS, fake_sp(jvm, CALLER_FP));

    assert_int_equal(left.blob.kind, UMIG_BLOB_NMETHOD);
    assert_ptr_equal(left.pc, pc);
    assert_false(left.is_exact_pc);
    assert_true(step.is_exact_pc);
}

static void test_compiled_exit_finds_its_frame_gone(void **state)
{
    struct fake_jvm *jvm = *state;
    static const struct {
        const char *what;
        uint8_t code[16];
        size_t at;
    } cases[] = {
        {"ret", {0xc3}, 0},
        {"poll, short", {0x49, 0x3b, 0x67, 0x28}, 0},
        {"poll, long", {0x49, 0x3b, 0xa7, 0x28, 1, 0, 0}, 0},
        {"ja behind a short poll", {0x49, 0x3b, 0x67, 0x28, 0x0f, 0x87, 9, 0, 0, 0}, 4},
        {"ja behind a long poll", {0x49, 0x3b, 0xa7, 0x28, 1, 0, 0, 0x0f, 0x87, 9, 0, 0, 0}, 7},
    };
    const uintptr_t caller = interpreted_caller(jvm);
    jvm->stack[SP] = caller;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s\n", cases[i].what);
        fake_assemble(jvm, FAKE_COMPILED, 100, cases[i].code, sizeof cases[i].code);
        struct umig_step step = fake_leaf(jvm, fake_code(jvm, FAKE_COMPILED, 100 + cases[i].at), SP,
                                          fake_sp(jvm, CALLER_FP));

        fake_assert_moved(jvm, &step, caller, SP + 1, fake_sp(jvm, CALLER_FP));
    }
}

/* "ja" occurs in a body, too: without a poll before it the frame stands. */
static void test_compiled_ja_without_a_poll_is_no_exit(void **state)
{
    struct fake_jvm *jvm = *state;
    static const uint8_t ja[] = {0x0f, 0x87, 9, 0, 0, 0};
    const uintptr_t caller = interpreted_caller(jvm);
    fake_assemble(jvm, FAKE_COMPILED, 100, ja, sizeof ja);
    fake_compiled_at(jvm, SP, caller, fake_sp(jvm, CALLER_FP));
    struct umig_step step = fake_leaf(jvm, fake_code(jvm, FAKE_COMPILED, 100), SP, NOISE);

    fake_assert_moved(jvm, &step, caller, SP + FAKE_FRAME_WORDS, fake_sp(jvm, CALLER_FP));
}

#define LEAVE   0xc9
#define CHECK17 0x49, 0x81, 0x7f, 8, 0, 0, 0, 0     /* cmp qword [r15+8], 0 */
#define CHECK25 0x49, 0x83, 0x7f, 8, 0              /* the same, shorter */
#define POLL25  0x41, 0xf6, 0x47, 0x28, 1, 0x74, 22 /* test [r15+0x28], 1; je */
#define SLOW25                                                           \
 0x49, 0xba, 1, 2, 3, 4, 5, 6, 7, 8,                   /* mov r10, pc */ \
     0x4d, 0x89, 0x97, 0x38, 5, 0, 0, 0xe9, 1, 2, 3, 4 /* mov [r15+n], r10; jmp */
#define RETURNS 0x0f, 0x85, 1, 0, 0, 0, 0xc3, 0xe9, 0x17, 0xd4, 0xa6, 0xff /* jne; ret; jmp */

struct wrapper_exit {
    const char *what;
    uint8_t code[64];
    size_t places[9]; /* of the instructions behind the leave */
    size_t count;
};

static const struct wrapper_exit g_wrapper_exits[] = {
    {"JDK 17", {LEAVE, CHECK17, RETURNS}, {1, 9, 15, 16}, 4},
    {"JDK 25", {LEAVE, POLL25, SLOW25, CHECK25, RETURNS}, {1, 6, 8, 18, 25, 30, 35, 41, 42}, 9},
};

static void test_compiled_exit_of_a_wrapper_finds_its_frame_gone(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = interpreted_caller(jvm);
    for (size_t i = 0; i < sizeof g_wrapper_exits / sizeof g_wrapper_exits[0]; i++) {
        const struct wrapper_exit *exit = &g_wrapper_exits[i];
        memset(jvm->blocks[FAKE_WRAPPER].code + 100, 0x90, 128);
        fake_assemble(jvm, FAKE_WRAPPER, 100, exit->code, sizeof exit->code);
        for (size_t k = 0; k < exit->count; k++) {
            print_message("%s at %zu\n", exit->what, exit->places[k]);
            /* A frame's return address where this one would have had it. */
            fake_compiled_at(jvm, SP, fake_return(jvm, FAKE_CALLER, 100), NOISE);
            jvm->stack[SP] = caller;
            struct umig_step step =
                fake_leaf(jvm, fake_code(jvm, FAKE_WRAPPER, 100 + exit->places[k]), SP,
                          fake_sp(jvm, CALLER_FP));

            fake_assert_moved(jvm, &step, caller, SP + 1, fake_sp(jvm, CALLER_FP));
        }
    }
}

static void test_compiled_wrapper_has_its_frame_up_to_its_exit(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = interpreted_caller(jvm);
    for (size_t i = 0; i < sizeof g_wrapper_exits / sizeof g_wrapper_exits[0]; i++) {
        const size_t places[] = {96, 100,
                                 120 + sizeof g_wrapper_exits[0].code}; /* slow path, too */
        fake_assemble(jvm, FAKE_WRAPPER, 100, g_wrapper_exits[i].code,
                      sizeof g_wrapper_exits[i].code);
        for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
            fake_compiled_at(jvm, SP, caller, fake_sp(jvm, CALLER_FP));
            struct umig_step step =
                fake_leaf(jvm, fake_code(jvm, FAKE_WRAPPER, places[k]), SP, NOISE);

            fake_assert_moved(jvm, &step, caller, SP + FAKE_FRAME_WORDS, fake_sp(jvm, CALLER_FP));
        }
    }
}

/* Its caller is deoptimised: what it returns to is a handler, and no call stands before that. */
static void test_compiled_exit_to_a_deoptimised_caller(void **state)
{
    struct fake_jvm *jvm = *state;
    static const uint8_t pop_rbp[] = {0x5d, 0xc3};
    const uintptr_t handler = jvm->blocks[FAKE_CALLER].blob.deopt_handler;
    fake_assemble(jvm, FAKE_COMPILED, 100, pop_rbp, sizeof pop_rbp);
    for (size_t popped = 0; popped < 2; popped++) {
        jvm->stack[SP] = fake_sp(jvm, CALLER_FP);
        jvm->stack[SP + 1] = handler;
        fake_compiled_at(jvm, SP + 2, interpreted_caller(jvm), fake_sp(jvm, CALLER_FP));
        struct umig_step step =
            fake_leaf(jvm, fake_code(jvm, FAKE_COMPILED, 100 + popped), SP + popped, NOISE);

        fake_assert_moved(jvm, &step, handler, SP + 2,
                          popped == 0 ? fake_sp(jvm, CALLER_FP) : (uintptr_t)NOISE);
    }
}

/* Returns to the stub that thaws the next frame, and only right below the entry. */
static void test_compiled_exit_of_the_outermost_thawed_frame(void **state)
{
    struct fake_jvm *jvm = *state;
    static const uint8_t pop_rbp[] = {0x5d, 0xc3};
    const uintptr_t barrier = fake_code(jvm, FAKE_CONTINUATION, 40);
    fake_assemble(jvm, FAKE_COMPILED, 100, pop_rbp, sizeof pop_rbp);
    jvm->stack[SP] = fake_sp(jvm, CALLER_FP);
    jvm->stack[SP + 1] = barrier;
    jvm->stack[SP + 2 + FAKE_FRAME_WORDS] = fake_return(jvm, FAKE_CALLER, 100); /* the carrier's */
    for (size_t popped = 0; popped < 2; popped++) {
        struct umig_step step =
            fake_leaf(jvm, fake_code(jvm, FAKE_COMPILED, 100 + popped), SP + popped, NOISE);
        step.continuation.entry = fake_sp(jvm, SP + 2);

        fake_assert_moved(jvm, &step, barrier, SP + 2,
                          popped == 0 ? fake_sp(jvm, CALLER_FP) : (uintptr_t)NOISE);
    }
    struct umig_step step = fake_leaf(jvm, fake_code(jvm, FAKE_COMPILED, 101), SP + 1, NOISE);
    step.continuation.entry = fake_sp(jvm, SP + 50);
    fake_assert_lost(&step);
}

/* Its frames are frozen and sp is the entry's: who goes on is who entered. */
static void test_compiled_wrapper_that_has_yielded_leaves_the_entry(void **state)
{
    struct fake_jvm *jvm = *state;
    enum {
        ENTER_WORDS = 8
    };
    const uintptr_t caller = interpreted_caller(jvm);
    jvm->hotspot.enter_special = (uintptr_t)jvm->native;
    jvm->stack[SP + ENTER_WORDS - 2] = fake_sp(jvm, CALLER_FP);
    jvm->stack[SP + ENTER_WORDS - 1] = caller;
    struct umig_step step = fake_leaf(jvm, fake_code(jvm, FAKE_WRAPPER, 100), SP, NOISE);
    step.continuation.entry = fake_sp(jvm, SP);
    step.continuation.enter_words = ENTER_WORDS;

    const struct umig_step_left left =
        fake_assert_moved(jvm, &step, caller, SP + ENTER_WORDS, fake_sp(jvm, CALLER_FP));
    assert_int_equal(left.method, (uintptr_t)jvm->native);
    assert_int_equal(step.continuation.entry, 0);
}

static void test_compiled_pop_rbp_finds_the_callers_fp_on_top(void **state)
{
    struct fake_jvm *jvm = *state;
    static const uint8_t pop_rbp[] = {0x5d, 0xc3};
    const uintptr_t caller = interpreted_caller(jvm);
    fake_assemble(jvm, FAKE_COMPILED, 100, pop_rbp, sizeof pop_rbp);
    jvm->stack[SP] = fake_sp(jvm, CALLER_FP);
    jvm->stack[SP + 1] = caller;
    struct umig_step step = fake_leaf(jvm, fake_code(jvm, FAKE_COMPILED, 100), SP, NOISE);

    fake_assert_moved(jvm, &step, caller, SP + 2, fake_sp(jvm, CALLER_FP));
}

static void test_compiled_frame_below_pushed_arguments_is_found(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = interpreted_caller(jvm);
    for (size_t pushed = 1; pushed <= 3; pushed++) {
        memset(jvm->stack + SP, 0, 16 * sizeof jvm->stack[0]);
        fake_compiled_at(jvm, SP + pushed, caller, fake_sp(jvm, CALLER_FP));
        struct umig_step step = fake_leaf(jvm, fake_code(jvm, FAKE_COMPILED, 100), SP, NOISE);

        fake_assert_moved(jvm, &step, caller, SP + FAKE_FRAME_WORDS + pushed,
                          fake_sp(jvm, CALLER_FP));
    }
    fake_compiled_at(jvm, SP + 3, 0, 0);
    fake_compiled_at(jvm, SP + 4, caller, fake_sp(jvm, CALLER_FP));
    struct umig_step step = fake_leaf(jvm, fake_code(jvm, FAKE_COMPILED, 100), SP, NOISE);
    fake_assert_lost(&step);
}

/* "pop rax" behind the call: the words are the caller's, its frame begins above them. */
static void test_compiled_callers_pushed_arguments_are_skipped(void **state)
{
    struct fake_jvm *jvm = *state;
    static const uint8_t pops[] = {0x58, 0x5a};
    const uintptr_t caller = fake_return(jvm, FAKE_CALLER, 100);
    fake_assemble(jvm, FAKE_CALLER, 100, pops, sizeof pops);
    fake_compiled_at(jvm, SP, caller, NOISE);
    struct umig_step step = fake_standing(jvm, fake_code(jvm, FAKE_COMPILED, 100), SP, 0);

    fake_assert_moved(jvm, &step, caller, SP + FAKE_FRAME_WORDS + 2, NOISE);
}

static void test_compiled_deoptimised_frame_goes_on_where_it_stood(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = interpreted_caller(jvm);
    const uintptr_t stood = fake_return(jvm, FAKE_COMPILED, 120);
    fake_compiled_at(jvm, SP, caller, fake_sp(jvm, CALLER_FP));
    jvm->stack[SP + FAKE_ORIG_PC_WORD] = stood;
    struct umig_step step =
        fake_standing(jvm, jvm->blocks[FAKE_COMPILED].blob.deopt_handler, SP, NOISE);

    const struct umig_step_left left =
        fake_assert_moved(jvm, &step, caller, SP + FAKE_FRAME_WORDS, fake_sp(jvm, CALLER_FP));

    assert_ptr_equal(left.pc, stood);
    assert_true(left.is_exact_pc);
}

static void test_compiled_deoptimised_call_of_a_method_handle(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = interpreted_caller(jvm);
    const uintptr_t stood = fake_return(jvm, FAKE_COMPILED, 120);
    fake_compiled_at(jvm, SP, caller, fake_sp(jvm, CALLER_FP));
    jvm->stack[SP + FAKE_ORIG_PC_WORD] = stood;
    struct umig_step step =
        fake_standing(jvm, jvm->blocks[FAKE_COMPILED].blob.deopt_mh_handler, SP, NOISE);

    const struct umig_step_left left =
        fake_assert_moved(jvm, &step, caller, SP + FAKE_FRAME_WORDS, fake_sp(jvm, CALLER_FP));

    assert_ptr_equal(left.pc, stood);
}

static void test_compiled_wrapper_is_its_native_method(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = interpreted_caller(jvm);
    fake_compiled_at(jvm, SP, caller, fake_sp(jvm, CALLER_FP));
    struct umig_step step = fake_standing(jvm, fake_return(jvm, FAKE_WRAPPER, 100), SP, NOISE);

    const struct umig_step_left left =
        fake_assert_moved(jvm, &step, caller, SP + FAKE_FRAME_WORDS, fake_sp(jvm, CALLER_FP));

    assert_ptr_equal(left.method, jvm->native);
    assert_int_equal(left.bci, UMIG_BCI_NATIVE);
}

static void test_compiled_linker_has_its_return_address_on_top(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = interpreted_caller(jvm);
    jvm->stack[SP] = caller;
    struct umig_step step =
        fake_leaf(jvm, fake_code(jvm, FAKE_LINKER, 100), SP, fake_sp(jvm, CALLER_FP));

    fake_assert_moved(jvm, &step, caller, SP + 1, fake_sp(jvm, CALLER_FP));
}

static void test_compiled_frame_above_a_copied_string_is_found(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = interpreted_caller(jvm);
    struct umig_step step = fake_leaf(jvm, fake_code(jvm, FAKE_COMPILED, 100), SP, NOISE);
    jvm->stack[SP] = fake_sp(jvm, SP + 6);
    fake_compiled_at(jvm, SP + 6, caller, fake_sp(jvm, CALLER_FP));

    fake_assert_moved(jvm, &step, caller, SP + 6 + FAKE_FRAME_WORDS, fake_sp(jvm, CALLER_FP));

    step = fake_leaf(jvm, fake_code(jvm, FAKE_COMPILED, 100), SP, NOISE);
    jvm->stack[SP] = fake_sp(jvm, SP + 33); /* too far up for a string */
    fake_assert_lost(&step);
}

static void test_compiled_frame_of_absurd_size_is_lost(void **state)
{
    struct fake_jvm *jvm = *state;
    const int32_t sizes[] = {0, -5, FAKE_STACK_WORDS - SP, 40000, INT32_MAX};
    jvm->stack[FAKE_STACK_WORDS - 1] = interpreted_caller(jvm); /* of a frame to the very end */
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        jvm->blocks[FAKE_COMPILED].blob.frame_words = sizes[i];
        struct umig_step step = fake_standing(jvm, fake_return(jvm, FAKE_COMPILED, 100), SP, NOISE);

        fake_assert_lost(&step);
    }
}

static void test_compiled_return_address_outside_of_java_is_lost(void **state)
{
    struct fake_jvm *jvm = *state;
    fake_compiled_at(jvm, SP, (uintptr_t)fake_jvm_new, NOISE);
    struct umig_step leaf = fake_leaf(jvm, fake_code(jvm, FAKE_COMPILED, 100), SP, NOISE);
    struct umig_step standing = fake_standing(jvm, fake_code(jvm, FAKE_COMPILED, 100), SP, NOISE);

    fake_assert_lost(&leaf);
    fake_assert_lost(&standing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_jvm_setup, fake_jvm_teardown)
        TEST(test_compiled_prologue_tells_by_its_bytes_what_stands),
        TEST(test_compiled_body_pops_a_frame_of_known_size),
        TEST(test_compiled_exit_finds_its_frame_gone),
        TEST(test_compiled_ja_without_a_poll_is_no_exit),
        TEST(test_compiled_exit_of_a_wrapper_finds_its_frame_gone),
        TEST(test_compiled_wrapper_has_its_frame_up_to_its_exit),
        TEST(test_compiled_exit_to_a_deoptimised_caller),
        TEST(test_compiled_exit_of_the_outermost_thawed_frame),
        TEST(test_compiled_wrapper_that_has_yielded_leaves_the_entry),
        TEST(test_compiled_pop_rbp_finds_the_callers_fp_on_top),
        TEST(test_compiled_frame_below_pushed_arguments_is_found),
        TEST(test_compiled_callers_pushed_arguments_are_skipped),
        TEST(test_compiled_frame_above_a_copied_string_is_found),
        TEST(test_compiled_deoptimised_frame_goes_on_where_it_stood),
        TEST(test_compiled_deoptimised_call_of_a_method_handle),
        TEST(test_compiled_wrapper_is_its_native_method),
        TEST(test_compiled_linker_has_its_return_address_on_top),
        TEST(test_compiled_frame_of_absurd_size_is_lost),
        TEST(test_compiled_return_address_outside_of_java_is_lost),
    };
    return cmocka_run_group_tests_name("unit.agent.compiled", tests, NULL, NULL);
}
