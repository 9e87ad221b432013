/* The rules for leaving a frame, over a code cache and a stack made here. */
#include <string.h>

#include "agent/walk/step.h"
#include "tests/support/test.h"
#include "tests/unit/agent/fake_hotspot.h"

enum {
    SEGMENT_BYTES = 128,
    SEGMENTS = 64,
    STACK_WORDS = 64,
};

/* HotSpot's structures as far as they are read, at offsets of our own. */
struct fake_blob {
    const char *name;
    uintptr_t code;
    int32_t frame_words;
    int32_t frame_complete;
    uintptr_t method;
};

struct fake_block {
    uint64_t used;
    struct fake_blob blob;
    uint8_t code[SEGMENT_BYTES * 2 - sizeof(uint64_t) - sizeof(struct fake_blob)];
};

struct fake_heap {
    uintptr_t low;
    uintptr_t high;
    uintptr_t segmap;
    uint32_t log2_segment;
};

struct fake_array {
    int32_t length;
    uintptr_t data;
};

static _Alignas(4096) struct fake_block g_blocks[SEGMENTS / 2];
static uint8_t g_segmap[SEGMENTS];
static struct fake_heap g_heap;
static uintptr_t g_heap_at;
static struct fake_array g_array;
static uintptr_t g_array_at;
static uintptr_t g_low;
static uintptr_t g_high;
static struct umig_hotspot g_hotspot;
static uintptr_t g_stack[STACK_WORDS];
static struct fake_method *g_method;

/* Blocks of two segments; which one is what. */
enum {
    NMETHOD,
    ADAPTER,
    INTERPRETER,
    STUB,
    BLOCKS
};

static int setup(void **state)
{
    (void)state;
    static const struct fake_blob blobs[BLOCKS] = {
        [NMETHOD] = {.name = "nmethod", .frame_words = 4, .frame_complete = 8},
        [ADAPTER] = {.name = "I2C/C2I adapters", .frame_complete = -1},
        [INTERPRETER] = {.name = "Interpreter", .frame_complete = -1},
        [STUB] = {.name = "StubRoutines (1)", .frame_complete = -1},
    };
    memset(g_blocks, 0x90, sizeof g_blocks); /* nop */
    memset(g_segmap, 0xff, sizeof g_segmap); /* free */
    memset(g_stack, 0, sizeof g_stack);
    for (int i = 0; i < BLOCKS; i++) {
        g_blocks[i].used = 1;
        g_blocks[i].blob = blobs[i];
        g_blocks[i].blob.code = (uintptr_t)g_blocks[i].code;
        g_segmap[i * 2] = 0;
        g_segmap[i * 2 + 1] = 1;
    }
    g_low = (uintptr_t)g_blocks;
    g_high = g_low + sizeof g_blocks;
    g_heap = (struct fake_heap){g_low, g_high, (uintptr_t)g_segmap, 7};
    g_heap_at = (uintptr_t)&g_heap;
    g_array = (struct fake_array){1, (uintptr_t)&g_heap_at};
    g_array_at = (uintptr_t)&g_array;
    g_hotspot = fake_hotspot;
    g_hotspot.code_low = &g_low;
    g_hotspot.code_high = &g_high;
    g_hotspot.code_heaps = &g_array_at;
    g_hotspot.array_data = offsetof(struct fake_array, data);
    g_hotspot.heap_low = offsetof(struct fake_heap, low);
    g_hotspot.heap_high = offsetof(struct fake_heap, high);
    g_hotspot.heap_segmap = offsetof(struct fake_heap, segmap);
    g_hotspot.heap_log2_segment = offsetof(struct fake_heap, log2_segment);
    g_hotspot.block_bytes = offsetof(struct fake_block, blob);
    g_hotspot.blob_name = offsetof(struct fake_blob, name);
    g_hotspot.blob_frame_size = offsetof(struct fake_blob, frame_words);
    g_hotspot.blob_frame_complete = offsetof(struct fake_blob, frame_complete);
    g_hotspot.blob_frame_complete_bytes = 4;
    g_hotspot.blob_code_begin = offsetof(struct fake_blob, code);
    g_hotspot.nmethod_method = offsetof(struct fake_blob, method);
    g_hotspot.can_find_code = true;
    g_hotspot.can_bound_stack = true;
    g_method = fake_method_new("a/B", "run", NULL, NULL, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_method_free(g_method);
    return 0;
}

/* Makes what fp_word leads to a frame of the interpreter. */
static void set_interpreted(size_t fp_word)
{
    g_stack[fp_word - 3] = (uintptr_t)g_method;
}

/* An address in a block's code, behind a call instruction. */
static uintptr_t code_in(int block, size_t offset)
{
    uint8_t *code = g_blocks[block].code + offset;
    code[-5] = 0xe8;
    return (uintptr_t)code;
}

static uintptr_t stack_at(size_t word)
{
    return (uintptr_t)&g_stack[word];
}

static struct umig_step step_from(uintptr_t pc, size_t sp_word, size_t fp_word)
{
    return (struct umig_step){
        .hotspot = &g_hotspot,
        .stack_high = stack_at(STACK_WORDS),
        .is_leaf = true,
        .regs = {.pc = pc, .sp = stack_at(sp_word), .fp = stack_at(fp_word)},
    };
}

static void assert_moved(struct umig_step *step, uintptr_t pc, size_t sp_word, uintptr_t fp)
{
    struct umig_step_left left;
    assert_int_equal(umig_step_up(step, &left), UMIG_STEP_MOVED);
    assert_ptr_equal(step->regs.pc, pc);
    assert_ptr_equal(step->regs.sp, stack_at(sp_word));
    assert_ptr_equal(step->regs.fp, fp);
}

static void test_step_adapter_takes_the_return_address_on_top(void **state)
{
    (void)state;
    const uintptr_t caller = code_in(INTERPRETER, 40);
    struct umig_step step = step_from((uintptr_t)g_blocks[ADAPTER].code + 20, 4, 20);
    g_stack[4] = caller;
    set_interpreted(20);

    assert_moved(&step, caller, 5, stack_at(20));
}

static void test_step_adapter_that_moved_arguments_takes_the_senders_sp(void **state)
{
    (void)state;
    const uintptr_t caller = code_in(NMETHOD, 40);
    struct umig_step step = step_from((uintptr_t)g_blocks[ADAPTER].code + 20, 4, 20);
    g_stack[4] = caller;
    step.regs.sender_sp = stack_at(10);
    g_stack[13] = code_in(INTERPRETER, 40); /* where the caller's frame of 4 words ends */

    assert_moved(&step, caller, 10, stack_at(20));
}

static void test_step_adapter_ignores_r13_where_the_callers_frame_is_on_top(void **state)
{
    (void)state;
    const uintptr_t caller = code_in(NMETHOD, 40);
    struct umig_step step = step_from((uintptr_t)g_blocks[ADAPTER].code + 20, 4, 20);
    g_stack[4] = caller;
    step.regs.sender_sp = stack_at(10);
    g_stack[8] = code_in(INTERPRETER, 40);

    assert_moved(&step, caller, 5, stack_at(20));
}

static void test_step_compiled_body_pops_a_frame_of_known_size(void **state)
{
    (void)state;
    const uintptr_t caller = code_in(INTERPRETER, 40);
    struct umig_step step = step_from((uintptr_t)g_blocks[NMETHOD].code + 30, 4, 20);
    g_stack[6] = stack_at(30);
    g_stack[7] = caller;

    assert_moved(&step, caller, 8, stack_at(30));
}

static void test_step_compiled_return_finds_its_frame_gone(void **state)
{
    (void)state;
    const uintptr_t caller = code_in(INTERPRETER, 40);
    struct umig_step step = step_from((uintptr_t)g_blocks[NMETHOD].code + 30, 4, 20);
    g_blocks[NMETHOD].code[30] = 0xc3;
    g_stack[4] = caller;
    set_interpreted(20);

    assert_moved(&step, caller, 5, stack_at(20));
}

static void test_step_stub_leaves_arguments_that_the_caller_pops(void **state)
{
    (void)state;
    const uintptr_t caller = code_in(NMETHOD, 40);
    struct umig_step step = step_from((uintptr_t)g_blocks[STUB].code + 10, 4, 63);
    g_stack[4] = caller;
    g_stack[10] = code_in(STUB, 40); /* where the caller's frame ends, above the two arguments */
    g_blocks[NMETHOD].code[40] = 0x58;
    g_blocks[NMETHOD].code[41] = 0x58;

    assert_moved(&step, caller, 7, stack_at(63));
}

static void test_step_entry_barrier_skips_its_cookie(void **state)
{
    (void)state;
    const uintptr_t caller = code_in(NMETHOD, 40);
    struct umig_step step = step_from((uintptr_t)g_blocks[STUB].code + 10, 4, 20);
    g_stack[20] = stack_at(40);
    g_stack[21] = UINTPTR_MAX;
    g_stack[22] = caller;

    assert_moved(&step, caller, 23, stack_at(40));
}

static void test_step_interpreted_frame_leads_to_the_senders_sp(void **state)
{
    (void)state;
    const uintptr_t caller = code_in(NMETHOD, 40);
    struct umig_step step = step_from((uintptr_t)g_blocks[INTERPRETER].code + 60, 16, 20);
    g_stack[17] = (uintptr_t)g_method;
    g_stack[19] = stack_at(26);
    g_stack[20] = stack_at(40);
    g_stack[21] = caller;

    assert_moved(&step, caller, 26, stack_at(40));
}

static void test_step_interpreter_leaving_a_method_has_the_senders_sp_in_rbx(void **state)
{
    (void)state;
    const uintptr_t caller = code_in(NMETHOD, 40);
    struct umig_step step = step_from((uintptr_t)g_blocks[INTERPRETER].code + 60, 4, 20);
    g_stack[4] = caller;
    step.regs.method = stack_at(12);

    assert_moved(&step, caller, 12, stack_at(20));
}

static void test_step_library_code_follows_its_frames_to_java(void **state)
{
    (void)state;
    const uintptr_t caller = code_in(STUB, 40);
    struct umig_step step =
        step_from((uintptr_t)test_step_library_code_follows_its_frames_to_java, 2, 10);
    g_stack[10] = stack_at(20);
    g_stack[11] = (uintptr_t)test_step_library_code_follows_its_frames_to_java;
    g_stack[20] = stack_at(30);
    g_stack[21] = caller;

    assert_moved(&step, caller, 22, stack_at(30));
}

static void test_step_where_no_rule_fits_changes_nothing(void **state)
{
    (void)state;
    const uintptr_t pcs[] = {
        (uintptr_t)g_blocks[NMETHOD].code + 30,
        (uintptr_t)g_blocks[ADAPTER].code + 20,
        (uintptr_t)g_blocks[INTERPRETER].code + 60,
        (uintptr_t)g_blocks[STUB].code + 10,
        (uintptr_t)&g_blocks[BLOCKS], /* in the code cache, but free */
        (uintptr_t)test_step_where_no_rule_fits_changes_nothing,
    };
    for (size_t i = 0; i < sizeof pcs / sizeof pcs[0]; i++) {
        struct umig_step_left left;
        struct umig_step step = step_from(pcs[i], 4, 20);

        assert_int_equal(umig_step_up(&step, &left), UMIG_STEP_LOST);

        assert_ptr_equal(step.regs.pc, pcs[i]);
        assert_ptr_equal(step.regs.sp, stack_at(4));
        assert_ptr_equal(step.regs.fp, stack_at(20));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_step_adapter_takes_the_return_address_on_top),
        TEST(test_step_adapter_that_moved_arguments_takes_the_senders_sp),
        TEST(test_step_adapter_ignores_r13_where_the_callers_frame_is_on_top),
        TEST(test_step_compiled_body_pops_a_frame_of_known_size),
        TEST(test_step_compiled_return_finds_its_frame_gone),
        TEST(test_step_stub_leaves_arguments_that_the_caller_pops),
        TEST(test_step_entry_barrier_skips_its_cookie),
        TEST(test_step_interpreted_frame_leads_to_the_senders_sp),
        TEST(test_step_interpreter_leaving_a_method_has_the_senders_sp_in_rbx),
        TEST(test_step_library_code_follows_its_frames_to_java),
        TEST(test_step_where_no_rule_fits_changes_nothing),
    };
    return cmocka_run_group_tests_name("unit.agent.step", tests, NULL, NULL);
}
