/* Slow paths behind a compiled method's code: registers saved below its frame. */
#include <string.h>

#include "agent/walk/x86_64/barrier_stubs.h"
#include "tests/support/test.h"
#include "tests/unit/agent_walk/fake_jvm.h"

enum {
    SP = 20,
    FP = 60,
    CALLER_FP = 100,
    NOISE = 0x1234,
    STUB = 200, /* where the slow path stands in the method's code */
    SAVED_WORDS = 8,
    CONTINUATION = 90,
    AT_SUB = STUB,
    BEHIND_SUB = STUB + 4,
    BEHIND_CALL = STUB + 20,
    AT_ADD = STUB + 30,
    AT_JUMP = STUB + 34,
};

static void put_slow_path(struct fake_jvm *jvm, size_t at)
{
    static const uint8_t sub[] = {0x48, 0x83, 0xec, SAVED_WORDS * 8};
    static const uint8_t add_jmp[] = {0x48, 0x83, 0xc4, SAVED_WORDS * 8, 0xe9};
    const int32_t jump = CONTINUATION - (int32_t)(at + 34 + 5);
    fake_assemble(jvm, FAKE_COMPILED, at, sub, sizeof sub);
    (void)fake_return(jvm, FAKE_COMPILED, at + 20);
    fake_assemble(jvm, FAKE_COMPILED, at + 30, add_jmp, sizeof add_jmp);
    memcpy(jvm->blocks[FAKE_COMPILED].code + at + 35, &jump, sizeof jump);
}

static int setup(void **state)
{
    fake_jvm_setup(state);
    put_slow_path(*state, STUB);
    return 0;
}

static struct umig_blob blob_of(struct fake_jvm *jvm)
{
    return umig_codecache_find(&jvm->hotspot, fake_code(jvm, FAKE_COMPILED, 0));
}

static bool is_found_at(struct fake_jvm *jvm, size_t offset)
{
    struct umig_x64_barrier_stub stub = {0};
    const struct umig_blob blob = blob_of(jvm);
    const bool is_found =
        umig_x64_find_barrier_stub(&blob, fake_code(jvm, FAKE_COMPILED, offset), &stub);
    if (is_found) {
        assert_int_equal(stub.saved_words, SAVED_WORDS);
        assert_ptr_equal(stub.continuation, fake_code(jvm, FAKE_COMPILED, CONTINUATION));
    }
    return is_found;
}

static void test_barrier_stub_is_found_while_registers_are_saved(void **state)
{
    struct fake_jvm *jvm = *state;
    assert_false(is_found_at(jvm, CONTINUATION));
    assert_false(is_found_at(jvm, AT_SUB));
    assert_true(is_found_at(jvm, BEHIND_SUB));
    assert_true(is_found_at(jvm, BEHIND_CALL));
    assert_true(is_found_at(jvm, AT_ADD));
    assert_false(is_found_at(jvm, AT_JUMP));
}

/* The one before has saved as much: it must not lend its beginning. */
static void test_barrier_stub_before_another_is_told_from_it(void **state)
{
    struct fake_jvm *jvm = *state;
    put_slow_path(jvm, STUB + 50);
    assert_false(is_found_at(jvm, AT_JUMP));
    assert_false(is_found_at(jvm, AT_SUB + 50));
    assert_true(is_found_at(jvm, BEHIND_SUB + 50));
}

/* Near the method's own prologue, which moves sp by as much. */
static void test_barrier_stub_needs_a_beginning_behind_the_prologue(void **state)
{
    struct fake_jvm *jvm = *state;
    static const uint8_t prologue[] = {0x55, 0x48, 0x83, 0xec, SAVED_WORDS * 8};
    static const uint8_t nops[] = {0x90, 0x90, 0x90, 0x90};
    fake_assemble(jvm, FAKE_COMPILED, 0, prologue, sizeof prologue);
    fake_assemble(jvm, FAKE_COMPILED, AT_SUB, nops, sizeof nops);

    assert_false(is_found_at(jvm, BEHIND_CALL));
}

static void test_barrier_stub_is_no_other_code(void **state)
{
    struct fake_jvm *jvm = *state;
    static const struct {
        const char *what;
        size_t at;
        uint8_t byte;
    } cases[] = {
        {"another size", AT_ADD + 3, SAVED_WORDS * 8 + 16},
        {"no multiple of 16", AT_ADD + 3, 24},
        {"no jump behind", AT_JUMP, 0x5d},
        {"a jump forward", AT_JUMP + 4, 0},
        {"no move of sp", AT_ADD + 2, 0xc1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s\n", cases[i].what);
        put_slow_path(jvm, STUB);
        fake_assemble(jvm, FAKE_COMPILED, cases[i].at, &cases[i].byte, 1);

        assert_false(is_found_at(jvm, BEHIND_CALL));
    }
}

static uintptr_t interpreted_caller(struct fake_jvm *jvm)
{
    fake_interpreted_at(jvm, CALLER_FP, 3);
    return fake_code(jvm, FAKE_INTERPRETER, 40);
}

static void test_barrier_stub_is_left_by_what_it_saved(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = interpreted_caller(jvm);
    fake_compiled_at(jvm, SP + SAVED_WORDS, caller, fake_sp(jvm, CALLER_FP));
    /* A saved register that would do as the return address of a frame without them. */
    jvm->stack[SP + FAKE_FRAME_WORDS - 1] = fake_return(jvm, FAKE_CALLER, 100);
    struct umig_step step = fake_leaf(jvm, fake_code(jvm, FAKE_COMPILED, AT_ADD), SP, NOISE);

    const struct umig_step_left left = fake_assert_moved(
        jvm, &step, caller, SP + SAVED_WORDS + FAKE_FRAME_WORDS, fake_sp(jvm, CALLER_FP));

    assert_ptr_equal(left.pc, fake_code(jvm, FAKE_COMPILED, CONTINUATION));
    assert_false(left.is_exact_pc);
}

static void test_barrier_stub_that_called_out_is_found_above_what_it_saved(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = interpreted_caller(jvm);
    const size_t saved = FP + 2; /* the library's frame ends there */
    struct umig_step step = fake_leaf(jvm, (uintptr_t)setup, SP, fake_sp(jvm, FP));
    jvm->hotspot.libjvm_low = (uintptr_t)setup;
    jvm->hotspot.libjvm_high = (uintptr_t)setup + 1;
    jvm->stack[FP] = NOISE;
    jvm->stack[FP + 1] = fake_code(jvm, FAKE_COMPILED, BEHIND_CALL);
    jvm->stack[saved + FAKE_FRAME_WORDS - 1] = fake_return(jvm, FAKE_CALLER, 100);
    fake_compiled_at(jvm, saved + SAVED_WORDS, caller, fake_sp(jvm, CALLER_FP));

    fake_assert_moved(jvm, &step, fake_code(jvm, FAKE_COMPILED, BEHIND_CALL), saved + SAVED_WORDS,
                      NOISE);
    const struct umig_step_left left = fake_assert_moved(
        jvm, &step, caller, saved + SAVED_WORDS + FAKE_FRAME_WORDS, fake_sp(jvm, CALLER_FP));

    assert_ptr_equal(left.pc, fake_code(jvm, FAKE_COMPILED, CONTINUATION));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_jvm_teardown)
        TEST(test_barrier_stub_is_found_while_registers_are_saved),
        TEST(test_barrier_stub_before_another_is_told_from_it),
        TEST(test_barrier_stub_needs_a_beginning_behind_the_prologue),
        TEST(test_barrier_stub_is_no_other_code),
        TEST(test_barrier_stub_is_left_by_what_it_saved),
        TEST(test_barrier_stub_that_called_out_is_found_above_what_it_saved),
    };
    return cmocka_run_group_tests_name("unit.agent.barrier_stubs", tests, NULL, NULL);
}
