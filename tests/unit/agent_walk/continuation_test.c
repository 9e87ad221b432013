/* Frozen frames, in chunks and a code cache made here. */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/signal/guard.h"
#include "agent/walk/continuation.h"
#include "agent/walk/step.h"
#include "tests/support/test.h"
#include "tests/unit/agent/fake_hotspot.h"

enum {
    SEGMENT_BYTES = 256,
    CHUNK_WORDS = 64,
    FRAMES_MAX = 2 * UMIG_KEPT_OUTER + 8,
    NMETHOD_WORDS = 4,
    NARROW_SHIFT = 3,
};

/* HotSpot's structures as far as they are read, at offsets of our own. */
struct fake_blob {
    const char *name;
    uintptr_t code;
    int32_t frame_words;
    int32_t frame_complete;
    struct fake_method *method;
    uintptr_t deopt_handler;
    int32_t orig_pc;
};

struct fake_block {
    uint64_t used;
    struct fake_blob blob;
    uint8_t bytes[SEGMENT_BYTES - sizeof(uint64_t) - sizeof(struct fake_blob)];
};

struct fake_heap {
    uintptr_t low, high, segmap;
    uint32_t log2_segment;
};

struct fake_array {
    int32_t length;
    uintptr_t data;
};

struct fake_chunk {
    uint64_t header;
    uintptr_t parent; /* the lower half where references are narrow */
    int32_t size, sp, bottom, arguments;
    uintptr_t stack[CHUNK_WORDS];
};

struct fake_continuation {
    uint64_t header;
    uintptr_t tail;
};

/* Which block is what. */
enum {
    ENTER,
    RUN,
    REC,
    LEAF,
    INTERPRETER,
    STUB,
    ENTER_SPECIAL,
    BLOCKS
};

struct fixture {
    struct fake_block blocks[BLOCKS];
    uint8_t segmap[BLOCKS];
    struct fake_heap heap;
    uintptr_t heap_at, low, high, array_at;
    struct fake_array array;
    struct umig_hotspot hotspot;
    struct fake_method *methods[BLOCKS];
    struct fake_continuation continuation;
    struct fake_chunk chunk, parent;
    struct umig_walk_frame frames[FRAMES_MAX];
    struct umig_kept kept;
    struct umig_continuation found;
};

static _Alignas(4096) struct fixture g_fx;
static struct sigaction g_ours; /* cmocka puts its own handlers in front for every test */

static void set_up_code(struct fixture *fx)
{
    static const char *const names[BLOCKS] = {
        "nmethod",     "nmethod",          "nmethod",        "nmethod",
        "Interpreter", "StubRoutines (1)", "native nmethod",
    };
    for (int i = 0; i < BLOCKS; i++) {
        fx->methods[i] = fake_method_new("a/B", names[i], NULL, NULL, 0);
        fx->blocks[i].used = 1;
        fx->blocks[i].blob = (struct fake_blob){
            .name = names[i],
            .code = (uintptr_t)fx->blocks[i].bytes,
            .frame_words = NMETHOD_WORDS,
            .method = fx->methods[i],
        };
    }
    fx->low = (uintptr_t)fx->blocks;
    fx->high = fx->low + sizeof fx->blocks;
    fx->heap = (struct fake_heap){fx->low, fx->high, (uintptr_t)fx->segmap, 8};
    fx->heap_at = (uintptr_t)&fx->heap;
    fx->array = (struct fake_array){1, (uintptr_t)&fx->heap_at};
    fx->array_at = (uintptr_t)&fx->array;
}

static void describe_code(struct umig_hotspot *hs, struct fixture *fx)
{
    hs->code_low = &fx->low;
    hs->code_high = &fx->high;
    hs->code_heaps = &fx->array_at;
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
    hs->deopt_handler = (struct umig_hs_part){offsetof(struct fake_blob, deopt_handler), -1};
    hs->deopt_mh_handler = hs->deopt_handler;
    hs->pcdesc_bytes = 16;
    /* Nothing is described at any pc: each frame is its own method. */
    hs->pcs = hs->pcs_end = hs->scopes = hs->metadata = (struct umig_hs_part){-1, -1};
    hs->can_find_code = true;
}

static int setup(void **state)
{
    struct fixture *fx = &g_fx;
    memset(fx, 0, sizeof *fx);
    set_up_code(fx);
    fx->hotspot = fake_hotspot;
    describe_code(&fx->hotspot, fx);
    fx->hotspot.continuation_tail = offsetof(struct fake_continuation, tail);
    fx->hotspot.chunk_parent = offsetof(struct fake_chunk, parent);
    fx->hotspot.chunk_size = offsetof(struct fake_chunk, size);
    fx->hotspot.chunk_sp = offsetof(struct fake_chunk, sp);
    fx->hotspot.chunk_bottom = offsetof(struct fake_chunk, bottom);
    fx->hotspot.chunk_arguments = offsetof(struct fake_chunk, arguments);
    fx->hotspot.chunk_stack = offsetof(struct fake_chunk, stack);
    fx->hotspot.references = UMIG_HS_PLAIN;
    fx->hotspot.enter = (uintptr_t)fx->methods[ENTER];
    fx->continuation.tail = (uintptr_t)&fx->chunk;
    fx->chunk.size = fx->chunk.bottom = fx->chunk.sp = CHUNK_WORDS;
    fx->parent.size = fx->parent.bottom = fx->parent.sp = CHUNK_WORDS;
    fx->kept = (struct umig_kept){.frames = fx->frames, .max = FRAMES_MAX};
    fx->found = (struct umig_continuation){.object = (uintptr_t)&fx->continuation};
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    for (int i = 0; i < BLOCKS; i++) {
        fake_method_free(fx->methods[i]);
    }
    return 0;
}

static uintptr_t code_of(const struct fixture *fx, int block)
{
    return (uintptr_t)fx->blocks[block].bytes + 8;
}

/* Puts a compiled frame at the outer end of what a chunk has below its sp; callers go in first. */
static void push_compiled(struct fixture *fx, struct fake_chunk *chunk, int block)
{
    chunk->sp -= NMETHOD_WORDS;
    chunk->stack[chunk->sp - 1] = code_of(fx, block); /* where its callee returns to */
}

/*
 * Puts an interpreted frame with so many locals below; its fp is five words above its sp, and its
 * callee's saved fp is a distance from where it is saved.
 */
static void push_interpreted(struct fixture *fx,
                             struct fake_chunk *chunk,
                             int32_t locals,
                             int32_t padding)
{
    const uintptr_t pc = chunk->stack[chunk->sp - 1];
    const uintptr_t link = chunk->stack[chunk->sp - 2];
    const int32_t link_at = chunk->sp - 2;
    const int32_t fp = chunk->sp - padding - locals - 2;
    chunk->stack[fp + 1] = pc;
    chunk->stack[fp] = link + (uintptr_t)(link_at - fp);
    chunk->stack[fp - 3] = (uintptr_t)fx->methods[INTERPRETER];
    chunk->stack[fp - 7] = (uintptr_t)locals + 1;
    chunk->stack[fp - 8] = 0; /* no bytecode of it: index -1 */
    chunk->sp = fp - 10;
    chunk->stack[chunk->sp - 1] = code_of(fx, INTERPRETER);
    chunk->stack[chunk->sp - 2] = (uintptr_t)(fp - (chunk->sp - 2));
}

static void assert_frames(const struct fixture *fx, const int *blocks, uint32_t count)
{
    assert_int_equal(fx->kept.seen, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_ptr_equal((void *)fx->frames[i].method, fx->methods[blocks[i]]);
    }
}

#define ASSERT_FRAMES(fx, ...) \
 assert_frames(fx, (const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

static bool add(struct fixture *fx)
{
    return umig_continuation_add_frozen(&fx->hotspot, &fx->found, &fx->kept);
}

static void test_compiled_frames_are_followed_through_parents(void **state)
{
    struct fixture *fx = *state;
    push_compiled(fx, &fx->parent, ENTER);
    push_compiled(fx, &fx->parent, RUN);
    push_compiled(fx, &fx->chunk, REC);
    push_compiled(fx, &fx->chunk, LEAF);
    fx->chunk.parent = (uintptr_t)&fx->parent;
    assert_true(add(fx));
    ASSERT_FRAMES(fx, LEAF, REC, RUN, ENTER);
    assert_int_equal(fx->frames[0].kind, UMIG_FRAME_COMPILED);
}

static void test_an_emptied_chunk_leads_to_its_parent(void **state)
{
    struct fixture *fx = *state;
    push_compiled(fx, &fx->parent, ENTER);
    fx->chunk.parent = (uintptr_t)&fx->parent;
    assert_true(add(fx));
    ASSERT_FRAMES(fx, ENTER);
}

static void test_arguments_of_the_outermost_frame_are_no_frame(void **state)
{
    struct fixture *fx = *state;
    fx->hotspot.chunk_bottom = -1; /* JDK 21 */
    fx->chunk.arguments = 6;
    fx->chunk.sp -= 6;
    push_compiled(fx, &fx->chunk, ENTER);
    push_compiled(fx, &fx->chunk, LEAF);
    assert_true(add(fx));
    ASSERT_FRAMES(fx, LEAF, ENTER);
}

static void test_interpreted_frames_are_left_by_distances(void **state)
{
    struct fixture *fx = *state;
    push_compiled(fx, &fx->chunk, ENTER);
    push_interpreted(fx, &fx->chunk, 3, 0);
    push_interpreted(fx, &fx->chunk, 0, 0);
    push_compiled(fx, &fx->chunk, LEAF);
    /* the callee of an interpreted frame saved its fp as a distance */
    assert_true(add(fx));
    ASSERT_FRAMES(fx, LEAF, INTERPRETER, INTERPRETER, ENTER);
    assert_int_equal(fx->frames[1].kind, UMIG_FRAME_INTERPRETED);
    assert_int_equal(fx->frames[1].bci, -1);
}

static void test_a_compiled_caller_may_be_padded(void **state)
{
    struct fixture *fx = *state;
    push_compiled(fx, &fx->chunk, ENTER);
    push_compiled(fx, &fx->chunk, RUN);
    push_interpreted(fx, &fx->chunk, 2, 1);
    assert_true(add(fx));
    ASSERT_FRAMES(fx, INTERPRETER, RUN, ENTER);
}

static void test_runtime_stubs_are_passed(void **state)
{
    struct fixture *fx = *state;
    push_compiled(fx, &fx->chunk, ENTER);
    push_compiled(fx, &fx->chunk, LEAF);
    push_compiled(fx, &fx->chunk, STUB);
    assert_true(add(fx));
    ASSERT_FRAMES(fx, LEAF, ENTER);
}

/* Follows the references as the collectors write them. */
static void test_narrow_references_are_widened(void **state)
{
    struct fixture *fx = *state;
    push_compiled(fx, &fx->parent, ENTER);
    fx->hotspot.references = UMIG_HS_NARROW;
    fx->hotspot.narrow_base = (uintptr_t)fx - 4096;
    fx->hotspot.narrow_shift = NARROW_SHIFT;
    fx->continuation.tail = ((uintptr_t)&fx->chunk - (uintptr_t)fx + 4096) >> NARROW_SHIFT;
    fx->chunk.parent =
        UINT64_C(0xdead) << 32 | ((uintptr_t)&fx->parent - (uintptr_t)fx + 4096) >> NARROW_SHIFT;
    assert_true(add(fx));
    ASSERT_FRAMES(fx, ENTER);
}

static void test_colours_are_taken_off(void **state)
{
    struct fixture *fx = *state;
    push_compiled(fx, &fx->parent, ENTER);
    fx->hotspot.references = UMIG_HS_COLOURED;
    fx->continuation.tail = (uintptr_t)&fx->chunk << 14 | 1u << 13 | 0xabc;
    fx->chunk.parent = (uintptr_t)&fx->parent << 16 | 1u << 15;
    fx->parent.parent = 1u << 12; /* a null has colours too */
    assert_true(add(fx));
    ASSERT_FRAMES(fx, ENTER);
}

static void test_what_was_overwritten_is_not_the_end(void **state)
{
    struct fixture *fx = *state;
    push_compiled(fx, &fx->chunk, REC);
    push_compiled(fx, &fx->chunk, LEAF);
    fx->chunk.parent = (uintptr_t)&fx->parent;
    memset(&fx->parent, 0, sizeof fx->parent);
    assert_false(add(fx));
    ASSERT_FRAMES(fx, LEAF, REC);
}

static void test_a_chunk_out_of_its_bounds_is_refused(void **state)
{
    struct fixture *fx = *state;
    static const struct {
        int32_t size, sp, bottom;
    } wrong[] = {
        {-1, 0, 0},
        {CHUNK_WORDS, CHUNK_WORDS + 1, CHUNK_WORDS},
        {CHUNK_WORDS, -8, CHUNK_WORDS},
        {8, 4, 9},
        {INT32_MAX, 8, 64},
        {CHUNK_WORDS, 1, CHUNK_WORDS},
        {8, 4, -10},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        fx->chunk.size = wrong[i].size;
        fx->chunk.sp = wrong[i].sp;
        fx->chunk.bottom = wrong[i].bottom;
        assert_false(add(fx));
        assert_int_equal(fx->kept.seen, 0);
    }
}

/* A collector gives back what it has moved away from; no guard is armed here. */
static void test_a_chunk_whose_memory_is_gone_ends_the_walk(void **state)
{
    struct fixture *fx = *state;
    struct fake_chunk *gone = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(gone, MAP_FAILED);
    assert_int_equal(sigaction(SIGSEGV, &g_ours, NULL), 0);
    push_compiled(fx, &fx->chunk, REC);
    push_compiled(fx, &fx->chunk, LEAF);
    fx->chunk.parent = (uintptr_t)gone;
    assert_false(add(fx));
    ASSERT_FRAMES(fx, LEAF, REC);

    fx->found.object = (uintptr_t)gone;
    assert_false(add(fx));
    munmap(gone, 8192);
}

static void test_a_frame_of_no_code_ends_the_walk(void **state)
{
    struct fixture *fx = *state;
    push_compiled(fx, &fx->chunk, ENTER);
    push_compiled(fx, &fx->chunk, LEAF);
    fx->chunk.stack[fx->chunk.sp + NMETHOD_WORDS - 1] = 0x1234;
    assert_false(add(fx));
    ASSERT_FRAMES(fx, LEAF);
}

static void test_frames_that_are_being_frozen_are_told_by_the_innermost(void **state)
{
    struct fixture *fx = *state;
    push_compiled(fx, &fx->chunk, ENTER);
    push_compiled(fx, &fx->chunk, LEAF);
    assert_false(umig_continuation_is_freezing(&fx->hotspot, &fx->found)); /* not come to it yet */
    fx->found.called_from = code_of(fx, LEAF);
    assert_true(umig_continuation_is_freezing(&fx->hotspot, &fx->found));
    fx->found.called_from = code_of(fx, REC);
    assert_false(umig_continuation_is_freezing(&fx->hotspot, &fx->found));
    fx->found.called_from = code_of(fx, LEAF);
    fx->chunk.sp = fx->chunk.bottom;
    assert_false(umig_continuation_is_freezing(&fx->hotspot, &fx->found));
    fx->continuation.tail = 0;
    assert_false(umig_continuation_is_freezing(&fx->hotspot, &fx->found));
}

/* All interpreted frames that call alike go on at one address. */
static void test_interpreted_frames_that_are_being_frozen_are_told_by_their_method(void **state)
{
    struct fixture *fx = *state;
    struct umig_walk_frame *frozen = fx->frames;
    push_compiled(fx, &fx->chunk, ENTER);
    push_interpreted(fx, &fx->chunk, 0, 0);
    assert_true(add(fx));
    fx->found.called_from = code_of(fx, INTERPRETER);
    fx->found.called_method = frozen->method;
    fx->found.called_bci = frozen->bci;
    assert_true(umig_continuation_is_freezing(&fx->hotspot, &fx->found));
    fx->found.called_bci++;
    assert_false(umig_continuation_is_freezing(&fx->hotspot, &fx->found));
    fx->found.called_bci--;
    fx->found.called_method += 8;
    assert_false(umig_continuation_is_freezing(&fx->hotspot, &fx->found));
}

static void test_chunks_in_a_circle_end(void **state)
{
    struct fixture *fx = *state;
    push_compiled(fx, &fx->chunk, REC);
    fx->chunk.parent = (uintptr_t)&fx->chunk;
    assert_false(add(fx));
    assert_int_equal(fx->kept.seen, UMIG_CONTINUATION_CHUNKS_MAX);
}

/* --- the entry --- */

/* Temurin 21.0.8 and 25.0.3, from the frame's "push rbp" on. */
static const uint8_t g_enter_21[] = {
    0x55, 0x48, 0x8b, 0xec, 0x48, 0x83, 0xec, 0x40, 0x49, 0x8b, 0x87, 0x30, 0x05, 0x00,
    0x00, 0x48, 0x89, 0x44, 0x24, 0x08, 0x49, 0x89, 0xa7, 0x30, 0x05, 0x00, 0x00, 0x48,
    0x89, 0x74, 0x24, 0x10, 0x89, 0x4c, 0x24, 0x20, 0x48, 0xc7, 0x44, 0x24, 0x18, 0x00,
    0x00, 0x00, 0x00, 0xc7, 0x44, 0x24, 0x24, 0x00, 0x00, 0x00, 0x00, 0xc7, 0x44, 0x24,
};
static const uint8_t g_enter_25[] = {
    0x55, 0x48, 0x8b, 0xec, 0x48, 0x83, 0xec, 0x40, 0x49, 0x8b, 0x87, 0x18, 0x06, 0x00,
    0x00, 0x48, 0x89, 0x44, 0x24, 0x08, 0x49, 0x89, 0xa7, 0x18, 0x06, 0x00, 0x00, 0x48,
    0x89, 0x74, 0x24, 0x10, 0x89, 0x4c, 0x24, 0x20, 0x48, 0xc7, 0x44, 0x24, 0x18, 0x00,
    0x00, 0x00, 0x00, 0xc7, 0x44, 0x24, 0x24, 0x00, 0x00, 0x00, 0x00, 0xc7, 0x44, 0x24,
};

static void test_the_entry_is_described_by_its_code(void **state)
{
    (void)state;
    struct umig_continuation_entry_layout layout = {0};
    assert_true(
        umig_continuation_read_entry_layout((uintptr_t)g_enter_21, sizeof g_enter_21, &layout));
    assert_int_equal(layout.thread_entry, 0x530);
    assert_int_equal(layout.object, 16);
    assert_int_equal(layout.arguments, 36);
    assert_true(
        umig_continuation_read_entry_layout((uintptr_t)g_enter_25, sizeof g_enter_25, &layout));
    assert_int_equal(layout.thread_entry, 1560);
}

static void test_other_code_describes_no_entry(void **state)
{
    (void)state;
    struct umig_continuation_entry_layout layout;
    uint8_t code[sizeof g_enter_25];
    memcpy(code, g_enter_25, sizeof code);
    code[28] = 0x8b;
    assert_false(umig_continuation_read_entry_layout((uintptr_t)code, sizeof code, &layout));
    assert_false(umig_continuation_read_entry_layout((uintptr_t)g_enter_25, 40, &layout));
}

enum {
    ENTRY_WORD = 16
};

/* A JavaThread up to what the code above says of it, and a stack with the entry. */
struct fake_thread {
    uint8_t fields[1560];
    uintptr_t entry;
    uintptr_t stack[32];
};

static struct umig_continuation enter(struct fixture *fx, struct fake_thread *thread)
{
    memset(thread, 0, sizeof *thread);
    thread->entry = (uintptr_t)&thread->stack[ENTRY_WORD];
    thread->stack[ENTRY_WORD + 2] = (uintptr_t)&fx->continuation;
    memcpy(fx->blocks[ENTER_SPECIAL].bytes, g_enter_25, sizeof g_enter_25);
    static uintptr_t method[2];
    method[1] = (uintptr_t)&fx->blocks[ENTER_SPECIAL].blob;
    fx->hotspot.enter_special = (uintptr_t)method;
    fx->hotspot.method_code = sizeof method[0];
    atomic_store(&fx->hotspot.has_continuations, true);
    return umig_continuation_of(&fx->hotspot, (uintptr_t)thread);
}

static void test_the_continuation_of_a_thread_is_found(void **state)
{
    struct fixture *fx = *state;
    struct fake_thread thread;
    const struct umig_continuation found = enter(fx, &thread);
    assert_ptr_equal((void *)found.entry, &thread.stack[ENTRY_WORD]);
    assert_ptr_equal((void *)found.object, &fx->continuation);
    thread.entry = 0;
    assert_int_equal(umig_continuation_of(&fx->hotspot, (uintptr_t)&thread).entry, 0);
    atomic_store(&fx->hotspot.has_continuations, false);
    assert_int_equal(umig_continuation_of(&fx->hotspot, (uintptr_t)&thread).entry, 0);
}

static enum umig_continuation_place place(const struct fixture *fx,
                                          const struct umig_continuation *found,
                                          int block,
                                          uintptr_t sp,
                                          bool is_leaf)
{
    const struct umig_step step = {
        .hotspot = &fx->hotspot,
        .regs = {.pc = code_of(fx, block), .sp = sp},
        .continuation = *found,
        .is_leaf = is_leaf,
    };
    return umig_continuation_place(&step);
}

static void test_the_barrier_is_a_stub_right_below_the_entry(void **state)
{
    struct fixture *fx = *state;
    struct fake_thread thread;
    struct umig_continuation found = enter(fx, &thread);
    const uintptr_t entry = found.entry;
    fx->blocks[STUB].blob.name = "StubRoutines (continuationstubs)";
    assert_int_equal(place(fx, &found, STUB, entry, false), UMIG_CONTINUATION_BARRIER);
    assert_int_equal(place(fx, &found, STUB, entry, true), UMIG_CONTINUATION_BARRIER);
    assert_int_equal(place(fx, &found, STUB, entry - 32, false), UMIG_CONTINUATION_THAW);
    assert_int_equal(place(fx, &found, STUB, entry + 8, false), UMIG_CONTINUATION_ELSEWHERE);
    assert_int_equal(place(fx, &found, LEAF, entry, false), UMIG_CONTINUATION_ELSEWHERE);
    found.argument_words = 2;
    assert_int_equal(place(fx, &found, STUB, entry - 32, false), UMIG_CONTINUATION_BARRIER);
    found.entry = 0;
    assert_int_equal(place(fx, &found, STUB, entry, false), UMIG_CONTINUATION_ELSEWHERE);
}

static void test_a_stub_that_thaws_is_known_by_its_name(void **state)
{
    struct fixture *fx = *state;
    struct fake_thread thread;
    const struct umig_continuation found = enter(fx, &thread);
    const uintptr_t sp = found.entry - 64;
    assert_int_equal(place(fx, &found, STUB, sp, false), UMIG_CONTINUATION_ELSEWHERE);
    fx->blocks[STUB].blob.name = "StubRoutines (continuationstubs)";
    assert_int_equal(place(fx, &found, STUB, sp, false), UMIG_CONTINUATION_THAW);
    assert_int_equal(place(fx, &found, STUB, sp, true), UMIG_CONTINUATION_THAW);
    assert_int_equal(place(fx, &found, LEAF, sp, true), UMIG_CONTINUATION_ELSEWHERE);
    fx->blocks[STUB].blob.name = "StubRoutines (continuation stubs)"; /* 21 */
    assert_int_equal(place(fx, &found, STUB, sp, false), UMIG_CONTINUATION_THAW);
}

static void test_the_end_is_in_enter_special_at_the_entry(void **state)
{
    struct fixture *fx = *state;
    struct fake_thread thread;
    const struct umig_continuation found = enter(fx, &thread);
    const uintptr_t entry = found.entry;
    assert_int_equal(place(fx, &found, ENTER_SPECIAL, entry, false), UMIG_CONTINUATION_END);
    assert_int_equal(place(fx, &found, ENTER_SPECIAL, entry - 8, false),
                     UMIG_CONTINUATION_ELSEWHERE);
}

static void test_a_cut_is_behind_the_last_frame(void **state)
{
    struct fixture *fx = *state;
    uint32_t cut_at = 7;
    umig_kept_add(&fx->kept, &(struct umig_walk_frame){.method = 1});
    umig_kept_add(&fx->kept, &(struct umig_walk_frame){.method = 2});
    assert_int_equal(umig_kept_last(&fx->kept)->method, 2);
    umig_kept_cut(&fx->kept);
    assert_int_equal(umig_kept_finish(&fx->kept, &cut_at), 2);
    assert_int_equal(cut_at, 2);
}

/* Only the walk's own probes are recovered: the range of a guard is empty. */
static int setup_group(void **state)
{
    (void)state;
    static struct umig_slot slots[64];
    static struct umig_slots table;
    umig_slots_init(&table, slots, 64);
    const struct umig_code_range nothing = {.begin = 0, .end = 0};
    struct umig_err err = UMIG_ERR_INIT;
    const int rc = umig_guard_install(&table, &nothing, 1, &err);
    sigaction(SIGSEGV, NULL, &g_ours);
    return rc;
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(test_compiled_frames_are_followed_through_parents),
        IN_FIXTURE(test_an_emptied_chunk_leads_to_its_parent),
        IN_FIXTURE(test_arguments_of_the_outermost_frame_are_no_frame),
        IN_FIXTURE(test_interpreted_frames_are_left_by_distances),
        IN_FIXTURE(test_a_compiled_caller_may_be_padded),
        IN_FIXTURE(test_runtime_stubs_are_passed),
        IN_FIXTURE(test_narrow_references_are_widened),
        IN_FIXTURE(test_colours_are_taken_off),
        IN_FIXTURE(test_what_was_overwritten_is_not_the_end),
        IN_FIXTURE(test_a_chunk_out_of_its_bounds_is_refused),
        IN_FIXTURE(test_a_chunk_whose_memory_is_gone_ends_the_walk),
        IN_FIXTURE(test_a_frame_of_no_code_ends_the_walk),
        IN_FIXTURE(test_frames_that_are_being_frozen_are_told_by_the_innermost),
        IN_FIXTURE(test_interpreted_frames_that_are_being_frozen_are_told_by_their_method),
        IN_FIXTURE(test_chunks_in_a_circle_end),
        cmocka_unit_test(test_the_entry_is_described_by_its_code),
        cmocka_unit_test(test_other_code_describes_no_entry),
        IN_FIXTURE(test_the_continuation_of_a_thread_is_found),
        IN_FIXTURE(test_the_barrier_is_a_stub_right_below_the_entry),
        IN_FIXTURE(test_a_stub_that_thaws_is_known_by_its_name),
        IN_FIXTURE(test_the_end_is_in_enter_special_at_the_entry),
        IN_FIXTURE(test_a_cut_is_behind_the_last_frame),
    };
    return cmocka_run_group_tests_name("agent.continuation", tests, setup_group, NULL);
}
