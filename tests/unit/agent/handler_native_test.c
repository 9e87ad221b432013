/* What of native code a sample takes along: above Java's frames, and between them. */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "agent/signal/handler.h"
#include "agent/signal/native_copy.h"
#include "core/clock.h"
#include "tests/support/test.h"
#include "tests/unit/agent/fake_hotspot.h"

enum {
    SLOTS = 64,
    RING_BYTES = 65536,
    METHODS = 256
};

struct fixture {
    struct umig_sampler sampler;
    struct umig_names names;
    struct umig_slot *slot;
    struct fake_method *method;
    ucontext_t context;
    int env; /* its address stands for a JNIEnv */
};

static struct umig_walk_result g_walk_result;
static struct fixture *g_walked;               /* whose method the fake walker reports */
static const struct umig_crossing *g_crossing; /* behind the first frame */
static bool g_was_asked_for_crossings;

static struct umig_walk_result fake_walk(const void *walker,
                                         const struct umig_walk_request *request)
{
    (void)walker;
    for (uint32_t i = 0; i < g_walk_result.frame_count; i++) {
        request->frames[i] = (struct umig_walk_frame){
            .method = (uintptr_t)g_walked->method,
            .bci = (int32_t)i,
            .kind = UMIG_FRAME_JAVA,
        };
    }
    g_was_asked_for_crossings = request->crossings != NULL;
    if (g_crossing != NULL && request->crossings != NULL) {
        request->crossings->at[request->crossings->count++] = *g_crossing;
        request->frames[1] = (struct umig_walk_frame){
            .bci = (int32_t)request->crossings->count,
            .kind = UMIG_FRAME_NATIVE,
        };
    }
    return g_walk_result;
}

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    umig_slots_init(&fx->sampler.slots, calloc(SLOTS, sizeof(struct umig_slot)), SLOTS);
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        umig_ring_init(&fx->sampler.rings.ring[i], aligned_alloc(8, RING_BYTES), RING_BYTES,
                       calloc(1, umig_sampler_scratch_bytes(sizeof(struct umig_step))));
    }
    umig_names_init(&fx->names, &fake_hotspot, calloc(1, umig_names_bytes(METHODS)), METHODS);
    atomic_store(&fx->sampler.names, &fx->names);
    fx->sampler.hotspot = &fake_hotspot;
    fx->sampler.walk = fake_walk;
    fx->method = fake_method_new("a/Leaf", "leaf", NULL, NULL, 0);
    fx->slot = umig_slots_register_locked(&fx->sampler.slots, (int)syscall(SYS_gettid));
    atomic_store(&fx->slot->kind, UMIG_THREAD_JAVA);
    atomic_store(&fx->slot->env, &fx->env);
    umig_gate_open(&fx->sampler.gate);
    g_walk_result = (struct umig_walk_result){.outcome = UMIG_OUTCOME_OK, .frame_count = 3};
    g_walked = fx;
    g_crossing = NULL;
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        free(fx->sampler.rings.ring[i].bytes);
        free(fx->sampler.rings.ring[i].scratch);
    }
    fake_method_free(fx->method);
    free(fx->sampler.slots.slots);
    free(fx->names.memory);
    free(fx);
    return 0;
}

/* A tick that is due, however dear the sample before was on a busy machine. */
static void sample(struct fixture *fx)
{
    fx->slot->due_cpu_ns = 0;
    umig_sig_sample(&fx->sampler, fx->slot, 20 * UMIG_NS_PER_MS, &fx->context);
}

static const struct umig_record *only_record(struct fixture *fx)
{
    const struct umig_record *found = NULL;
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        const struct umig_record *record = umig_ring_peek(&fx->sampler.rings.ring[i]);
        if (record != NULL) {
            assert_null(found);
            found = record;
        }
    }
    return found;
}

static void test_handler_copies_the_stack_outside_of_generated_code(void **state)
{
    struct fixture *fx = *state;
    static uint64_t stack[8192];
    for (size_t i = 0; i < 8192; i++) {
        stack[i] = i;
    }
    fx->context.uc_mcontext.gregs[REG_RSP] = (greg_t)(uintptr_t)&stack[64];
    fx->context.uc_mcontext.gregs[REG_R12] = 4711;
    atomic_store(&fx->sampler.native, UMIG_NATIVE_ON);

    sample(fx);

    const struct umig_record *record = only_record(fx);
    const struct umig_native_copy *copy = umig_native_copy_of(record, 0);
    const uint64_t *words = (const uint64_t *)(const void *)(copy + 1);
    assert_int_equal(copy->registers.by_number[12], 4711);
    assert_ptr_equal((const void *)(uintptr_t)copy->stack_low, &stack[64 - 16]); /* the red zone */
    assert_int_equal(record->native_bytes, sizeof *copy + copy->stack_bytes);
    assert_in_range(copy->stack_bytes, 4096, UMIG_NATIVE_STACK_BYTES); /* a quarter of the ring */
    for (size_t i = 0; i < copy->stack_bytes / 8; i++) {
        assert_int_equal(words[i], 48 + i);
    }
}

static void test_handler_of_a_leaf_copies_registers_only(void **state)
{
    struct fixture *fx = *state;
    atomic_store(&fx->sampler.native, UMIG_NATIVE_LEAF);

    sample(fx);

    assert_int_equal(only_record(fx)->native_bytes, sizeof(struct umig_native_copy));
}

/* A thread interrupted in native code at word 20, whose last Java frame is at word 24. */
struct native_stack {
    uint64_t words[64];
    uintptr_t last_java_sp; /* its address is the JavaThread's */
    struct umig_hotspot hotspot;
};

static void run_on_native_stack(struct fixture *fx, struct native_stack *stack)
{
    for (size_t i = 0; i < 64; i++) {
        stack->words[i] = i;
    }
    stack->last_java_sp = (uintptr_t)&stack->words[24];
    stack->hotspot = fake_hotspot;
    stack->hotspot.can_walk = true;
    stack->hotspot.env_offset = 0;
    stack->hotspot.thread_anchor = 0;
    stack->hotspot.anchor_sp = 0;
    fx->sampler.hotspot = &stack->hotspot;
    fx->context.uc_mcontext.gregs[REG_RSP] = (greg_t)(uintptr_t)&stack->words[20];
    atomic_store(&fx->slot->env, &stack->last_java_sp);
    atomic_store(&fx->sampler.native, UMIG_NATIVE_ON);
}

static void test_handler_copies_what_lies_between_java_and_java(void **state)
{
    struct fixture *fx = *state;
    static struct native_stack stack;
    run_on_native_stack(fx, &stack);
    struct umig_crossing crossing = {.java_sp = (uintptr_t)&stack.words[60]};
    crossing.registers.by_number[UMIG_REGISTER_SP] = (uintptr_t)&stack.words[28];
    g_crossing = &crossing;

    sample(fx);

    const struct umig_record *record = only_record(fx);
    const uint32_t *ids = (const uint32_t *)(const void *)(record + 1);
    assert_int_equal(ids[1], UMIG_FRAME_CROSSING + 1);
    assert_true(ids[0] < UMIG_FRAME_CROSSING && ids[2] < UMIG_FRAME_CROSSING);
    const struct umig_native_copy *copy = umig_native_copy_of(record, 1);
    assert_non_null(copy);
    assert_int_equal(copy->stack_bytes, 32 * sizeof(uint64_t));
    assert_memory_equal(copy + 1, &stack.words[28], copy->stack_bytes);
    assert_int_equal(umig_native_copy_of(record, 0)->stack_bytes, UMIG_RED_ZONE_BYTES + 4 * 8);
}

static void test_handler_asks_for_crossings_only_where_callers_are_wanted(void **state)
{
    struct fixture *fx = *state;
    static struct native_stack stack;
    const int wanted[] = {UMIG_NATIVE_OFF, UMIG_NATIVE_LEAF, UMIG_NATIVE_ON};
    run_on_native_stack(fx, &stack);
    for (size_t i = 0; i < 3; i++) {
        atomic_store(&fx->sampler.native, wanted[i]);

        sample(fx);

        assert_int_equal(g_was_asked_for_crossings, wanted[i] == UMIG_NATIVE_ON);
    }
}

/* There are no frames, so none lie between them. */
static void test_handler_copies_no_crossing_without_frames(void **state)
{
    struct fixture *fx = *state;
    static struct native_stack stack;
    struct umig_crossing crossing = {.java_sp = 0};
    run_on_native_stack(fx, &stack);
    g_crossing = &crossing;
    g_walk_result = (struct umig_walk_result){.outcome = UMIG_OUTCOME_UNKNOWN_JAVA};

    sample(fx);

    assert_null(umig_native_copy_of(only_record(fx), 1));
}

/* Takes all records: how many have all that was to be copied, and how many a leaf without stack. */
static void take_native(struct fixture *fx, uint32_t *whole, uint32_t *reduced)
{
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        const struct umig_record *record;
        while ((record = umig_ring_peek(&fx->sampler.rings.ring[i])) != NULL) {
            const bool has_crossing = umig_native_copy_of(record, 1) != NULL;
            *whole += has_crossing;
            *reduced += !has_crossing && record->native_bytes == sizeof(struct umig_native_copy);
            umig_ring_release(&fx->sampler.rings.ring[i], record);
        }
    }
}

/* Where all of it finds no room, what tells the function that ran may. */
static void test_handler_of_a_nearly_full_ring_keeps_the_leafs_registers(void **state)
{
    struct fixture *fx = *state;
    static struct native_stack stack;
    struct umig_crossing crossing = {.java_sp = (uintptr_t)&stack.words[60]};
    crossing.registers.by_number[UMIG_REGISTER_SP] = (uintptr_t)&stack.words[28];
    run_on_native_stack(fx, &stack);
    g_crossing = &crossing;

    uint32_t whole = 0;
    uint32_t reduced = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        g_walk_result.frame_count = 2 + i % 50; /* records of many sizes */
        sample(fx);
        if (atomic_exchange(&fx->sampler.dropped_ns[UMIG_DROP_RING_FULL], 0) > 0) {
            take_native(fx, &whole, &reduced);
        }
    }

    assert_true(whole > 500);
    assert_in_range(reduced, 1, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_handler_copies_the_stack_outside_of_generated_code),
        TEST(test_handler_of_a_leaf_copies_registers_only),
        TEST(test_handler_copies_what_lies_between_java_and_java),
        TEST(test_handler_asks_for_crossings_only_where_callers_are_wanted),
        TEST(test_handler_copies_no_crossing_without_frames),
        TEST(test_handler_of_a_nearly_full_ring_keeps_the_leafs_registers),
    };
    return cmocka_run_group_tests_name("unit.agent.handler_native", tests, NULL, NULL);
}
