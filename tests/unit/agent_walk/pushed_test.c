/* Leaving compiled methods that have pushed something, beside what is left of other frames. */
#include "tests/support/test.h"
#include "tests/unit/agent_walk/fake_jvm.h"

enum {
    SP = 20,
    CALLER_FP = 100, /* of the interpreted caller */
    NOISE = 0x1234,  /* what compiled code may keep in rbp */
};

static uintptr_t interpreted_caller(struct fake_jvm *jvm)
{
    fake_interpreted_at(jvm, CALLER_FP, 3);
    return fake_code(jvm, FAKE_INTERPRETER, 40);
}

#define PUSH_RSI   0x56
#define PUSH_R10   0x41, 0x52
#define CALL_STUB  0xe8, 0x11, 0x22, 0x33, 0x04
#define POP_RSI    0x5e
#define POP_R10    0x41, 0x5a
#define TEST_RSI   0x85, 0xf6
#define CMP_RSI    0x83, 0xfe, 0
#define JNE        0x0f, 0x85, 0x10, 0, 0, 0
#define OTHER_CODE 0x90

struct told_place {
    size_t offset;
    size_t pushed;
};

/* Checks of types, as C1 writes them. */
static const struct told {
    const char *what;
    uint8_t code[32];
    struct told_place places[8];
    size_t count;
} g_told[] = {
    {"a type check",
     {PUSH_RSI, PUSH_R10, CALL_STUB, POP_R10, POP_R10, TEST_RSI, JNE, OTHER_CODE},
     {{0, 0}, {3, 2}, {8, 2}, {10, 1}, {12, 0}, {14, 0}},
     6},
    {"the same, with two words kept around it",
     {PUSH_RSI, PUSH_RSI, CALL_STUB, POP_RSI, POP_RSI, TEST_RSI, JNE, POP_R10, POP_RSI, OTHER_CODE},
     {{0, 2}, {1, 3}, {2, 4}, {7, 4}, {8, 3}, {9, 2}, {11, 2}, {17, 2}},
     8},
    {"the same, by a compare",
     {CALL_STUB, POP_RSI, POP_RSI, CMP_RSI, JNE, POP_R10, POP_RSI, OTHER_CODE},
     {{0, 4}, {5, 4}, {7, 2}, {10, 2}, {16, 2}, {18, 1}},
     6},
};

/*
 * Two words below its end a frame has locals: in one that is not in use yet lies the return address
 * of a frame that is gone, and the rest of that is all there, too.
 */
static void test_pushed_frame_below_told_words_is_found_beside_what_is_left_of_another(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t caller = interpreted_caller(jvm);
    for (size_t i = 0; i < sizeof g_told / sizeof g_told[0]; i++) {
        const struct told *told = &g_told[i];
        fake_assemble(jvm, FAKE_COMPILED, 100, told->code, sizeof told->code);
        for (size_t k = 0; k < told->count; k++) {
            const struct told_place *place = &told->places[k];
            const size_t begin = SP + place->pushed;
            print_message("%s at %zu\n", told->what, place->offset);
            for (size_t word = SP; word < begin + 3 * FAKE_FRAME_WORDS; word++) {
                jvm->stack[word] = fake_return(jvm, FAKE_CALLER, 100);
            }
            fake_compiled_at(jvm, begin, caller, fake_sp(jvm, CALLER_FP));
            struct umig_step step =
                fake_leaf(jvm, fake_code(jvm, FAKE_COMPILED, 100 + place->offset), SP, NOISE);

            fake_assert_moved(jvm, &step, caller, begin + FAKE_FRAME_WORDS,
                              fake_sp(jvm, CALLER_FP));
        }
    }
}

#define PUSH_RAX   0x50
#define POP_RAX    0x58
#define LOAD_CLASS 0x8b, 0x76, 0x08, 0x48, 0x3b, 0xf0 /* mov esi, [rsi + 8]; cmp rsi, rax */

/* Where C1 compares types of arrays it has two registers pushed, and neither pushes nor pops. */
static void test_pushed_frame_below_kept_words_is_found_beside_what_is_left_of_another(void **state)
{
    struct fake_jvm *jvm = *state;
    static const uint8_t code[] = {OTHER_CODE, PUSH_R10, PUSH_RAX, LOAD_CLASS, PUSH_R10, PUSH_RAX,
                                   CALL_STUB,  POP_RAX,  POP_R10,  0x45,       0x85,     0xd2,
                                   JNE,        POP_RAX,  POP_R10,  OTHER_CODE};
    static const struct told_place places[] = {{0, 0},  {1, 0},  {3, 1},  {4, 2}, {7, 2},
                                               {13, 4}, {30, 2}, {31, 1}, {33, 0}};
    const uintptr_t caller = interpreted_caller(jvm);
    fake_assemble(jvm, FAKE_COMPILED, 100, code, sizeof code);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const size_t begin = SP + places[i].pushed;
        print_message("at %zu\n", places[i].offset);
        for (size_t word = SP; word < begin + 3 * FAKE_FRAME_WORDS; word++) {
            jvm->stack[word] = fake_return(jvm, FAKE_CALLER, 100);
        }
        fake_compiled_at(jvm, begin, caller, fake_sp(jvm, CALLER_FP));
        struct umig_step step =
            fake_leaf(jvm, fake_code(jvm, FAKE_COMPILED, 100 + places[i].offset), SP, NOISE);

        fake_assert_moved(jvm, &step, caller, begin + FAKE_FRAME_WORDS, fake_sp(jvm, CALLER_FP));
    }
}

/* Who called the check out of the arguments: two words for the stub, two kept around. */
static void test_pushed_callers_words_are_skipped_behind_a_test_too(void **state)
{
    struct fake_jvm *jvm = *state;
    static const uint8_t code[] = {POP_RSI, POP_RSI, TEST_RSI, JNE, POP_R10, POP_RSI, OTHER_CODE};
    const uintptr_t caller = fake_return(jvm, FAKE_CALLER, 100);
    fake_assemble(jvm, FAKE_CALLER, 100, code, sizeof code);
    fake_compiled_at(jvm, SP, caller, NOISE);
    struct umig_step step = fake_standing(jvm, fake_code(jvm, FAKE_COMPILED, 100), SP, 0);

    fake_assert_moved(jvm, &step, caller, SP + FAKE_FRAME_WORDS + 4, NOISE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_jvm_setup, fake_jvm_teardown)
        TEST(test_pushed_frame_below_told_words_is_found_beside_what_is_left_of_another),
        TEST(test_pushed_frame_below_kept_words_is_found_beside_what_is_left_of_another),
        TEST(test_pushed_callers_words_are_skipped_behind_a_test_too),
    };
    return cmocka_run_group_tests_name("unit.agent.pushed", tests, NULL, NULL);
}
