/*
 * A JVM as the walk sees one: a code cache with a blob of each kind, a thread and its stack, all in
 * one piece of plain memory, laid out as the layout it hands out says. Methods come from
 * fake_hotspot.h.
 *
 * Words of the stack are named by their index: 0 is the lowest address, callers are above.
 */
#ifndef UMIG_TESTS_UNIT_AGENT_WALK_FAKE_JVM_H
#define UMIG_TESTS_UNIT_AGENT_WALK_FAKE_JVM_H

#include <stddef.h>
#include <stdint.h>

#include "agent/walk/hotspot.h"
#include "agent/walk/step.h"
#include "tests/unit/agent/fake_hotspot.h"

enum {
    FAKE_LOG2_SEGMENT = 8,
    FAKE_BLOCK_BYTES = 2 << FAKE_LOG2_SEGMENT, /* a block has two segments */
    FAKE_CODE_BYTES = 384,
    FAKE_STACK_WORDS = 256,
    FAKE_FRAME_WORDS = 4,     /* of the compiled methods */
    FAKE_FRAME_COMPLETE = 32, /* offset in their code */
    FAKE_ORIG_PC_WORD = 1,    /* of their frames */
    FAKE_WRAPPER_WORD = -6,   /* of entry frames, from fp */
    FAKE_IN_JAVA = 8,
    FAKE_IN_JAVA_TRANS = 9,
    FAKE_IN_NATIVE = 4,
};

/** The blobs; behind the last one the code cache is free. */
enum fake_block_id {
    FAKE_COMPILED,
    FAKE_CALLER, /* compiled, too */
    FAKE_WRAPPER,
    FAKE_LINKER,
    FAKE_ADAPTER,
    FAKE_INTERPRETER,
    FAKE_INTRINSIC,    /* a stub of which nothing is told */
    FAKE_RUNTIME_STUB, /* one whose frame is described: 6 words, complete from 4 on */
    FAKE_CALL_STUB,
    FAKE_UPCALL,
    FAKE_CONTINUATION,
    FAKE_BLOCKS,
    FAKE_BLOCKS_MAX = 16,
};

/* HotSpot's structures as far as they are read, at offsets of our own. */
struct fake_blob {
    const char *name;
    uintptr_t code;
    int32_t frame_words;
    int32_t frame_complete;
    struct fake_method *method;
    uintptr_t pcs, pcs_end, scopes, metadata; /* of compiled methods */
    uintptr_t deopt_handler, deopt_mh_handler;
    int32_t orig_pc;
};

struct fake_block {
    uint64_t used;
    struct fake_blob blob;
    uint8_t code[FAKE_BLOCK_BYTES - sizeof(uint64_t) - sizeof(struct fake_blob)];
};

struct fake_heap {
    uintptr_t low, high, segmap;
    uint32_t log2_segment;
};

struct fake_array {
    int32_t length;
    uintptr_t data;
};

struct fake_anchor {
    uintptr_t sp, pc, fp;
};

struct fake_wrapper {
    uintptr_t thread;
    uintptr_t unused;
    struct fake_anchor anchor;
};

struct fake_task {
    uintptr_t method;
    int32_t osr_bci, tier;
};

/** What a compiler's thread has on its stack while it compiles. */
struct fake_compiler_env {
    uintptr_t unused;
    uintptr_t task;
};

struct fake_thread {
    uintptr_t stack_base, stack_bytes;
    int32_t state;
    struct fake_anchor anchor;
    int env;
    uintptr_t compiler_env;
};

struct fake_pcdesc {
    int32_t pc, scope;
};

struct fake_jvm {
    struct umig_hotspot hotspot;
    uint8_t segmap[FAKE_BLOCKS_MAX * 2];
    struct fake_heap heap;
    uintptr_t heap_at;
    struct fake_array array;
    uintptr_t array_at, low, high, call_stub_return;
    struct fake_thread thread;
    struct fake_method *method, *native; /* native: without bytecodes */
    _Alignas(16) uint8_t method_memory[2][FAKE_METHOD_BYTES];
    uintptr_t stack[FAKE_STACK_WORDS];
    _Alignas(FAKE_BLOCK_BYTES) struct fake_block blocks[FAKE_BLOCKS_MAX];
};

/** Sets a JVM up in memory of the caller's. */
void fake_jvm_init(struct fake_jvm *jvm);

/** Makes a JVM whose code is all "nop" and whose stack is all 0; freed by fake_jvm_free(). */
struct fake_jvm *fake_jvm_new(void);

/** Frees it. */
void fake_jvm_free(struct fake_jvm *jvm);

/** cmocka's setup and teardown: *state is a new JVM. */
int fake_jvm_setup(void **state);

/** The other end of fake_jvm_setup(). */
int fake_jvm_teardown(void **state);

/** An address in a block's code; offset 8 and more have room for a call before them. */
uintptr_t fake_code(struct fake_jvm *jvm, enum fake_block_id block, size_t offset);

/** Writes code. */
void fake_assemble(struct fake_jvm *jvm,
                   enum fake_block_id block,
                   size_t offset,
                   const uint8_t *bytes,
                   size_t byte_count);

/** A return address: like fake_code(), with a call through a register before it. */
uintptr_t fake_return(struct fake_jvm *jvm, enum fake_block_id block, size_t offset);

/** The same, with a call that names its target. */
uintptr_t fake_return_from(struct fake_jvm *jvm,
                           enum fake_block_id block,
                           size_t offset,
                           uintptr_t target);

/** Address of a word of the stack. */
uintptr_t fake_sp(struct fake_jvm *jvm, size_t word);

/** Makes a word the fp of an interpreted frame of the JVM's method, at a bytecode index. */
void fake_interpreted_at(struct fake_jvm *jvm, size_t fp_word, int32_t bci);

/** The JVM's method at a bytecode index: what bcp holds. */
uintptr_t fake_bcp(struct fake_jvm *jvm, int32_t bci);

/** Puts a compiled frame at a word: its caller's fp and return address are its last two words. */
void fake_compiled_at(struct fake_jvm *jvm, size_t sp_word, uintptr_t pc, uintptr_t fp);

/**
 * Makes fp_word the fp of an entry frame, whose wrapper lies six words above it.
 *
 * @param anchor  where Java was left before; NULL: the thread's root
 * @return the return address into the call stub
 */
uintptr_t fake_entry_at(struct fake_jvm *jvm, size_t fp_word, const struct fake_anchor *anchor);

/** A position in interrupted code. */
struct umig_step fake_leaf(struct fake_jvm *jvm, uintptr_t pc, size_t sp_word, uintptr_t fp);

/** A position in a frame that stands. */
struct umig_step fake_standing(struct fake_jvm *jvm, uintptr_t pc, size_t sp_word, uintptr_t fp);

/** Asserts that a step leads to such a caller; returns what was left. */
struct umig_step_left fake_assert_moved(struct fake_jvm *jvm,
                                        struct umig_step *step,
                                        uintptr_t pc,
                                        size_t sp_word,
                                        uintptr_t fp);

/** Asserts that no rule fits and that nothing has changed. */
void fake_assert_lost(struct umig_step *step);

#endif
