#include "agent/walk/compiling.h"
#include "tests/support/test.h"
#include "tests/unit/agent_walk/fake_jvm.h"

enum {
    SP_WORD = 40, /* of the interrupted code */
    ENV_WORD = 90 /* of the ciEnv in its callers' frames */
};

/* A thread that compiles the JVM's method. */
static struct fake_task compile(struct fake_jvm *jvm, int32_t osr_bci, int32_t tier)
{
    return (struct fake_task){(uintptr_t)jvm->method, osr_bci, tier};
}

static struct fake_compiler_env *begin(struct fake_jvm *jvm, const struct fake_task *task)
{
    struct fake_compiler_env *env = (void *)fake_sp(jvm, ENV_WORD);
    env->task = (uintptr_t)task;
    jvm->thread.compiler_env = (uintptr_t)env;
    return env;
}

static bool read_at(struct fake_jvm *jvm, size_t sp_word, struct umig_compiling *out)
{
    return umig_compiling_read(&jvm->hotspot, (uintptr_t)&jvm->thread, fake_sp(jvm, sp_word), out);
}

static bool reads_nothing(struct fake_jvm *jvm)
{
    struct umig_compiling compiling;
    return !read_at(jvm, SP_WORD, &compiling);
}

static void test_compiling_tells_method_and_tier(void **state)
{
    struct fake_jvm *jvm = *state;
    const struct fake_task task = compile(jvm, -1, 4);
    struct umig_compiling compiling;
    begin(jvm, &task);

    assert_true(read_at(jvm, SP_WORD, &compiling));

    assert_int_equal(compiling.method, (uintptr_t)jvm->method);
    assert_int_equal(compiling.osr_bci, -1);
    assert_int_equal(compiling.tier, 4);
}

static void test_compiling_of_a_loop_tells_where_it_is_entered(void **state)
{
    struct fake_jvm *jvm = *state;
    const struct fake_task task = compile(jvm, 12, 3);
    struct umig_compiling compiling;
    begin(jvm, &task);

    assert_true(read_at(jvm, SP_WORD, &compiling));

    assert_int_equal(compiling.osr_bci, 12);
    assert_int_equal(compiling.tier, 3);
}

static void test_compiling_of_a_thread_that_waits_is_nothing(void **state)
{
    struct fake_jvm *jvm = *state;
    const struct fake_task task = compile(jvm, -1, 4);
    struct fake_compiler_env *env = begin(jvm, &task);

    env->task = 0;
    assert_true(reads_nothing(jvm));
    jvm->thread.compiler_env = 0;
    assert_true(reads_nothing(jvm));
}

/* A thread that has ended, or is none: what stands where _env would be is no variable of ours. */
static void test_compiling_believes_only_its_own_stack_in_use(void **state)
{
    struct fake_jvm *jvm = *state;
    const struct fake_task task = compile(jvm, -1, 4);
    static struct fake_compiler_env elsewhere;
    struct umig_compiling compiling;
    begin(jvm, &task);
    assert_false(read_at(jvm, ENV_WORD + 1, &compiling));

    elsewhere.task = (uintptr_t)&task;
    jvm->thread.compiler_env = (uintptr_t)&elsewhere;
    assert_true(reads_nothing(jvm));

    jvm->thread.compiler_env = fake_sp(jvm, ENV_WORD) + 4;
    assert_true(reads_nothing(jvm));

    begin(jvm, &task);
    jvm->thread.stack_bytes = 8 * sizeof(uintptr_t); /* the sample lies below it */
    assert_true(reads_nothing(jvm));
}

static void test_compiling_refuses_a_task_that_is_none(void **state)
{
    struct fake_jvm *jvm = *state;
    static uintptr_t no_method[64];
    const struct fake_task bad[] = {
        compile(jvm, -1, 0),           compile(jvm, -1, 5), {0, -1, 4},
        {(uintptr_t)no_method, -1, 4}, {0x10, -1, 4},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        begin(jvm, &bad[i]);
        assert_true(reads_nothing(jvm));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_compiling_tells_method_and_tier, fake_jvm_setup,
                                        fake_jvm_teardown),
        cmocka_unit_test_setup_teardown(test_compiling_of_a_loop_tells_where_it_is_entered,
                                        fake_jvm_setup, fake_jvm_teardown),
        cmocka_unit_test_setup_teardown(test_compiling_of_a_thread_that_waits_is_nothing,
                                        fake_jvm_setup, fake_jvm_teardown),
        cmocka_unit_test_setup_teardown(test_compiling_believes_only_its_own_stack_in_use,
                                        fake_jvm_setup, fake_jvm_teardown),
        cmocka_unit_test_setup_teardown(test_compiling_refuses_a_task_that_is_none, fake_jvm_setup,
                                        fake_jvm_teardown),
    };
    return cmocka_run_group_tests_name("unit.agent.compiling", tests, NULL, NULL);
}
