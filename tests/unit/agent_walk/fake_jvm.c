#include "tests/unit/agent_walk/fake_jvm.h"

#include <stdlib.h>
#include <string.h>

#include "agent/walk/names.h"
#include "tests/support/test.h"

_Static_assert(sizeof(struct fake_block) == FAKE_BLOCK_BYTES, "two segments make a block");
_Static_assert(sizeof(((struct fake_block *)NULL)->code) >= FAKE_CODE_BYTES, "room for code");

enum {
    FP_SENDER_SP = -1,
    FP_METHOD = -3,
    FP_BCP = -8
};

static const struct fake_blob g_blobs[FAKE_BLOCKS] = {
    [FAKE_COMPILED] = {.name = "nmethod",
                       .frame_words = FAKE_FRAME_WORDS,
                       .frame_complete = FAKE_FRAME_COMPLETE,
                       .orig_pc = FAKE_ORIG_PC_WORD * (int32_t)sizeof(uintptr_t)},
    [FAKE_CALLER] = {.name = "nmethod",
                     .frame_words = FAKE_FRAME_WORDS,
                     .frame_complete = FAKE_FRAME_COMPLETE},
    [FAKE_WRAPPER] = {.name = "native nmethod",
                      .frame_words = FAKE_FRAME_WORDS,
                      .frame_complete = FAKE_FRAME_COMPLETE},
    [FAKE_LINKER] = {.name = "native nmethod", .frame_words = 0, .frame_complete = -1},
    [FAKE_ADAPTER] = {.name = "I2C/C2I adapters", .frame_complete = -1},
    [FAKE_INTERPRETER] = {.name = "Interpreter", .frame_complete = -1},
    [FAKE_INTRINSIC] = {.name = "StubRoutines (1)", .frame_complete = -1},
    [FAKE_RUNTIME_STUB] = {.name = "resolve_opt_virtual_call",
                           .frame_words = 6,
                           .frame_complete = 4},
    [FAKE_CALL_STUB] = {.name = "StubRoutines (2)", .frame_complete = -1},
    [FAKE_UPCALL] = {.name = "upcall_stub", .frame_complete = -1},
    [FAKE_CONTINUATION] = {.name = "StubRoutines (continuationstubs)", .frame_complete = -1},
};

static void set_code_layout(struct umig_hotspot *hs)
{
    hs->array_data = offsetof(struct fake_array, data);
    hs->heap_low = offsetof(struct fake_heap, low);
    hs->heap_high = offsetof(struct fake_heap, high);
    hs->heap_segmap = offsetof(struct fake_heap, segmap);
    hs->heap_log2_segment = offsetof(struct fake_heap, log2_segment);
    hs->block_bytes = offsetof(struct fake_block, blob);
    hs->blob_name = offsetof(struct fake_blob, name);
    hs->blob_frame_size = offsetof(struct fake_blob, frame_words);
    hs->blob_frame_complete = offsetof(struct fake_blob, frame_complete);
    hs->blob_frame_complete_bytes = 4;
    hs->blob_code_begin = offsetof(struct fake_blob, code);
    hs->nmethod_method = offsetof(struct fake_blob, method);
    hs->nmethod_orig_pc = offsetof(struct fake_blob, orig_pc);
    hs->pcs = (struct umig_hs_part){offsetof(struct fake_blob, pcs), -1};
    hs->pcs_end = (struct umig_hs_part){offsetof(struct fake_blob, pcs_end), -1};
    hs->scopes = (struct umig_hs_part){offsetof(struct fake_blob, scopes), -1};
    hs->metadata = (struct umig_hs_part){offsetof(struct fake_blob, metadata), -1};
    hs->deopt_handler = (struct umig_hs_part){offsetof(struct fake_blob, deopt_handler), -1};
    hs->deopt_mh_handler = (struct umig_hs_part){offsetof(struct fake_blob, deopt_mh_handler), -1};
    hs->pcdesc_pc = offsetof(struct fake_pcdesc, pc);
    hs->pcdesc_scope = offsetof(struct fake_pcdesc, scope);
    hs->pcdesc_bytes = sizeof(struct fake_pcdesc);
}

static void set_thread_layout(struct umig_hotspot *hs)
{
    hs->thread_stack_base = offsetof(struct fake_thread, stack_base);
    hs->thread_stack_size = offsetof(struct fake_thread, stack_bytes);
    hs->thread_state = offsetof(struct fake_thread, state);
    hs->thread_anchor = offsetof(struct fake_thread, anchor);
    hs->env_offset = offsetof(struct fake_thread, env);
    hs->state_in_java = FAKE_IN_JAVA;
    hs->state_in_java_trans = FAKE_IN_JAVA_TRANS;
    hs->anchor_sp = offsetof(struct fake_anchor, sp);
    hs->anchor_pc = offsetof(struct fake_anchor, pc);
    hs->anchor_fp = offsetof(struct fake_anchor, fp);
    hs->compiler_env = offsetof(struct fake_thread, compiler_env);
    hs->env_task = offsetof(struct fake_compiler_env, task);
    hs->task_method = offsetof(struct fake_task, method);
    hs->task_osr_bci = offsetof(struct fake_task, osr_bci);
    hs->task_level = offsetof(struct fake_task, tier);
    hs->call_wrapper_word = FAKE_WRAPPER_WORD;
    hs->wrapper_anchor = offsetof(struct fake_wrapper, anchor);
}

static void fill_code_cache(struct fake_jvm *jvm)
{
    memset(jvm->blocks, 0x90, sizeof jvm->blocks); /* nop */
    memset(jvm->segmap, 0xff, sizeof jvm->segmap); /* free */
    for (int i = 0; i < FAKE_BLOCKS; i++) {
        struct fake_block *block = &jvm->blocks[i];
        block->used = 1;
        block->blob = g_blobs[i];
        block->blob.code = (uintptr_t)block->code;
        block->blob.deopt_handler = (uintptr_t)block->code + FAKE_CODE_BYTES - 16;
        block->blob.deopt_mh_handler = (uintptr_t)block->code + FAKE_CODE_BYTES - 8;
        block->blob.method = i == FAKE_WRAPPER || i == FAKE_LINKER ? jvm->native : jvm->method;
        jvm->segmap[i * 2] = 0;
        jvm->segmap[i * 2 + 1] = 1;
    }
    jvm->low = (uintptr_t)jvm->blocks;
    jvm->high = jvm->low + sizeof jvm->blocks;
    jvm->heap = (struct fake_heap){
        .low = jvm->low,
        .high = jvm->high,
        .segmap = (uintptr_t)jvm->segmap,
        .log2_segment = FAKE_LOG2_SEGMENT,
    };
    jvm->heap_at = (uintptr_t)&jvm->heap;
    jvm->array = (struct fake_array){1, (uintptr_t)&jvm->heap_at};
    jvm->array_at = (uintptr_t)&jvm->array;
}

void fake_jvm_init(struct fake_jvm *jvm)
{
    memset(jvm, 0, sizeof *jvm);
    jvm->method = fake_method_at(jvm->method_memory[0], "a/B", "run");
    jvm->native = fake_method_at(jvm->method_memory[1], "a/B", "read0");
    fake_method_set_code_bytes(jvm->native, 0);
    fill_code_cache(jvm);
    jvm->thread.stack_base = (uintptr_t)(jvm->stack + FAKE_STACK_WORDS);
    jvm->thread.stack_bytes = sizeof jvm->stack;
    jvm->thread.state = FAKE_IN_JAVA;
    jvm->call_stub_return = fake_return(jvm, FAKE_CALL_STUB, 200);
    jvm->hotspot = fake_hotspot;
    set_code_layout(&jvm->hotspot);
    set_thread_layout(&jvm->hotspot);
    jvm->hotspot.code_low = &jvm->low;
    jvm->hotspot.code_high = &jvm->high;
    jvm->hotspot.code_heaps = &jvm->array_at;
    jvm->hotspot.call_stub_return = &jvm->call_stub_return;
    jvm->hotspot.can_find_code = true;
    jvm->hotspot.can_bound_stack = true;
    jvm->hotspot.can_walk = true;
}

struct fake_jvm *fake_jvm_new(void)
{
    struct fake_jvm *jvm = aligned_alloc(_Alignof(struct fake_jvm), sizeof *jvm);
    fake_jvm_init(jvm);
    return jvm;
}

void fake_jvm_free(struct fake_jvm *jvm)
{
    free(jvm);
}

int fake_jvm_setup(void **state)
{
    *state = fake_jvm_new();
    return 0;
}

int fake_jvm_teardown(void **state)
{
    fake_jvm_free(*state);
    return 0;
}

uintptr_t fake_code(struct fake_jvm *jvm, enum fake_block_id block, size_t offset)
{
    return (uintptr_t)(jvm->blocks[block].code + offset);
}

void fake_assemble(struct fake_jvm *jvm,
                   enum fake_block_id block,
                   size_t offset,
                   const uint8_t *bytes,
                   size_t byte_count)
{
    memcpy(jvm->blocks[block].code + offset, bytes, byte_count);
}

uintptr_t fake_return(struct fake_jvm *jvm, enum fake_block_id block, size_t offset)
{
    static const uint8_t call_rax[] = {0xff, 0xd0};
    fake_assemble(jvm, block, offset - sizeof call_rax, call_rax, sizeof call_rax);
    return fake_code(jvm, block, offset);
}

uintptr_t fake_return_from(struct fake_jvm *jvm,
                           enum fake_block_id block,
                           size_t offset,
                           uintptr_t target)
{
    const uintptr_t pc = fake_code(jvm, block, offset);
    const int32_t distance = (int32_t)(intptr_t)(target - pc);
    uint8_t call[5] = {0xe8};
    memcpy(call + 1, &distance, sizeof distance);
    fake_assemble(jvm, block, offset - sizeof call, call, sizeof call);
    return pc;
}

uintptr_t fake_sp(struct fake_jvm *jvm, size_t word)
{
    return (uintptr_t)(jvm->stack + word);
}

uintptr_t fake_bcp(struct fake_jvm *jvm, int32_t bci)
{
    const uintptr_t const_method = umig_hs_ptr((uintptr_t)jvm->method, jvm->hotspot.method_const);
    return const_method + jvm->hotspot.const_bytes + (uintptr_t)(intptr_t)bci;
}

void fake_interpreted_at(struct fake_jvm *jvm, size_t fp_word, int32_t bci)
{
    uintptr_t *fp = jvm->stack + fp_word;
    fp[FP_METHOD] = (uintptr_t)jvm->method;
    fp[FP_BCP] = fake_bcp(jvm, bci);
}

void fake_compiled_at(struct fake_jvm *jvm, size_t sp_word, uintptr_t pc, uintptr_t fp)
{
    jvm->stack[sp_word + FAKE_FRAME_WORDS - 1] = pc;
    jvm->stack[sp_word + FAKE_FRAME_WORDS - 2] = fp;
}

uintptr_t fake_entry_at(struct fake_jvm *jvm, size_t fp_word, const struct fake_anchor *anchor)
{
    const size_t at = fp_word + 6;
    struct fake_wrapper wrapper = {.thread = (uintptr_t)&jvm->thread};
    if (anchor != NULL) {
        wrapper.anchor = *anchor;
    }
    memcpy(jvm->stack + at, &wrapper, sizeof wrapper);
    (jvm->stack + fp_word)[FAKE_WRAPPER_WORD] = fake_sp(jvm, at);
    return jvm->call_stub_return;
}

struct umig_step fake_leaf(struct fake_jvm *jvm, uintptr_t pc, size_t sp_word, uintptr_t fp)
{
    return (struct umig_step){
        .hotspot = &jvm->hotspot,
        .thread = (uintptr_t)&jvm->thread,
        .stack_high = jvm->thread.stack_base,
        .is_leaf = true,
        .regs = {.pc = pc, .sp = fake_sp(jvm, sp_word), .fp = fp},
    };
}

struct umig_step fake_standing(struct fake_jvm *jvm, uintptr_t pc, size_t sp_word, uintptr_t fp)
{
    struct umig_step step = fake_leaf(jvm, pc, sp_word, fp);
    step.is_leaf = false;
    step.is_exact_pc = true;
    return step;
}

struct umig_step_left fake_assert_moved(struct fake_jvm *jvm,
                                        struct umig_step *step,
                                        uintptr_t pc,
                                        size_t sp_word,
                                        uintptr_t fp)
{
    struct umig_step_left left;
    assert_int_equal(umig_step_up(step, &left), UMIG_STEP_MOVED);
    assert_ptr_equal(step->regs.pc, pc);
    assert_ptr_equal(step->regs.sp, fake_sp(jvm, sp_word));
    assert_ptr_equal(step->regs.fp, fp);
    assert_int_equal(step->is_leaf, left.is_signal);
    return left;
}

void fake_assert_lost(struct umig_step *step)
{
    const struct umig_step before = *step;
    struct umig_step_left left;
    assert_int_equal(umig_step_up(step, &left), UMIG_STEP_LOST);
    assert_memory_equal(&step->regs, &before.regs, sizeof before.regs);
    assert_int_equal(step->is_leaf, before.is_leaf);
}
