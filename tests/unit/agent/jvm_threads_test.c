#include <string.h>

#include "agent/session/jvm_threads.h"
#include "tests/support/test.h"

/* A record with one frame and a text behind it. */
struct told {
    struct umig_record record;
    char text[64];
};

static struct told with_cause(enum umig_doing doing, const char *cause)
{
    struct told told = {.record = {.doing = (uint8_t)doing, .text_bytes = (uint8_t)strlen(cause)}};
    memcpy(told.text, cause, strlen(cause));
    return told;
}

static void test_compilers_tell_tier_and_loop(void **state)
{
    static const struct {
        uint8_t tier;
        bool is_osr;
        const char *want;
    } rows[] = {
        {4, false, "[C2 compiles]"},
        {4, true, "[C2 compiles, OSR]"},
        {1, false, "[C1 compiles, tier 1]"},
        {3, true, "[C1 compiles, tier 3, OSR]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[UMIG_JVM_THREAD_TEXT_BYTES];
        const struct umig_record record = {
            .doing = UMIG_DOING_COMPILE, .tier = rows[i].tier, .is_osr = rows[i].is_osr};

        assert_int_equal(umig_jvm_thread_doing(&record, UMIG_THREAD_JIT, "C2 CompilerThre", text),
                         strlen(rows[i].want));

        assert_string_equal(text, rows[i].want);
    }
}

static void test_collectors_tell_what_their_kind_of_thread_does(void **state)
{
    static const struct {
        const char *thread;
        enum umig_thread_kind kind;
        enum umig_doing doing;
        const char *cause;
        const char *want;
    } rows[] = {
        {"GC Thread#0", UMIG_THREAD_GC, UMIG_DOING_PAUSE, "G1 Evacuation Pause",
         "[pause: G1 Evacuation Pause]"},
        {"GC Thread#0", UMIG_THREAD_GC, UMIG_DOING_PAUSE, "", "[pause]"},
        {"GC Thread#0", UMIG_THREAD_GC, UMIG_DOING_BESIDE, "", ""},
        {"VM Thread", UMIG_THREAD_VM, UMIG_DOING_PAUSE, "Allocation Failure",
         "[pause: Allocation Failure]"},
        {"VM Thread", UMIG_THREAD_VM, UMIG_DOING_BESIDE, "", ""},
        {"VM Periodic Tas", UMIG_THREAD_VM, UMIG_DOING_PAUSE, "Allocation Failure", ""},
        {"G1 Conc#1", UMIG_THREAD_GC, UMIG_DOING_BESIDE, "", "[concurrent cycle]"},
        {"G1 Conc#1", UMIG_THREAD_GC, UMIG_DOING_PAUSE, "G1 Evacuation Pause",
         "[concurrent cycle]"},
        {"G1 Refine#0", UMIG_THREAD_GC, UMIG_DOING_BESIDE, "", "[concurrent refinement]"},
        {"G1 Service", UMIG_THREAD_GC, UMIG_DOING_BESIDE, "", ""},
        {"ZWorkerYoung#0", UMIG_THREAD_GC, UMIG_DOING_BESIDE, "", "[concurrent cycle]"},
        {"Shenandoah GC T", UMIG_THREAD_GC, UMIG_DOING_PAUSE, "Concurrent GC",
         "[pause: Concurrent GC]"},
        {"GC Thread#0", UMIG_THREAD_GC, UMIG_DOING_UNKNOWN, "", ""},
        {"GC Thread#0", UMIG_THREAD_NATIVE, UMIG_DOING_PAUSE, "", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[UMIG_JVM_THREAD_TEXT_BYTES] = "";
        const struct told told = with_cause(rows[i].doing, rows[i].cause);

        const size_t bytes =
            umig_jvm_thread_doing(&told.record, rows[i].kind, rows[i].thread, text);

        assert_int_equal(bytes, strlen(rows[i].want));
        assert_string_equal(text, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compilers_tell_tier_and_loop),
        cmocka_unit_test(test_collectors_tell_what_their_kind_of_thread_does),
    };
    return cmocka_run_group_tests_name("unit.agent.jvm_threads", tests, NULL, NULL);
}
