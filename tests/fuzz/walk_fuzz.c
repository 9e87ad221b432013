/*
 * The walk over any registers, stack, code and descriptions of code. A fake JVM whose stack leads
 * to a root is changed as the input says, then walked under the guard: loads may fault, since the
 * JVM's memory lies between pages that are not there, but the walk ends, and keeps to its bounds.
 *
 * An input is a head of two bytes and changes: what is changed, and a word for it. Words that point
 * into the JVM are named by where they point, so that inputs mean the same in every run.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "agent/signal/guard.h"
#include "agent/walk/evidence.h"
#include "agent/walk/kept.h"
#include "agent/walk/names.h"
#include "agent/walk/vmwalk.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/agent_walk/fake_scopes.h"

enum {
    ROOM = 2 * UMIG_KEPT_OUTER + 8,
    CANARY = 0x5a5a5a5a,
    METHODS = 64,
    CHANGES_MAX = 4096,
};

/* An offset in 32 bits, of words, from anywhere in the JVM ends between these. */
#define SURROUNDINGS_BYTES ((size_t)1 << 34)

/* What an input may change. */
enum change {
    CHANGE_REGISTER,
    CHANGE_STACK,
    CHANGE_CODE,
    CHANGE_BLOB,
    CHANGE_ANCHOR,
    CHANGE_SCOPES,
    CHANGE_PCDESC,
    CHANGE_METADATA,
    CHANGES
};

struct arena {
    struct fake_jvm jvm;
    struct fake_scopes scopes;
    uint64_t spare[512];
};

struct input {
    const uint8_t *at;
    size_t left;
};

static struct umig_slots g_slots;
static struct umig_slot *g_slot;
static struct umig_walk_frame g_frames[ROOM + 1];
static struct umig_evidence_ring g_evidence;
static struct umig_names g_names;

static uint32_t take(struct input *input, uint32_t byte_count)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < byte_count && input->left > 0; i++) {
        value |= (uint32_t)*input->at++ << (8 * i);
        input->left--;
    }
    return value;
}

static uintptr_t take_word(struct input *input, struct arena *arena)
{
    struct fake_jvm *jvm = &arena->jvm;
    const uint32_t kind = take(input, 1);
    const uint32_t value = take(input, 2);
    switch (kind % 10) {
    case 0:
        return value;
    case 1:
        return (uintptr_t)(intptr_t)(int16_t)value;
    case 2:
        /* No address of this process's own: there a load would be seen as a fault of the walk. */
        return UINT64_C(1) << 63 | (uintptr_t)value << 32 | take(input, 4);
    case 3:
        return fake_sp(jvm, value % FAKE_STACK_WORDS);
    case 4:
        return fake_code(jvm, (value >> 9) % FAKE_BLOCKS_MAX, value % FAKE_CODE_BYTES);
    case 5:
        return fake_return(jvm, (value >> 9) % FAKE_BLOCKS, 8 + value % (FAKE_CODE_BYTES - 8));
    case 6:
        return (uintptr_t)((value & 1) != 0 ? jvm->method : jvm->native);
    case 7:
        return jvm->call_stub_return;
    case 8:
        return (uintptr_t)&jvm->thread;
    default:
        return (uintptr_t)arena + value % sizeof *arena;
    }
}

static void change_register(struct input *input, struct arena *arena, struct umig_regs *regs)
{
    uintptr_t *const registers[] = {&regs->pc,     &regs->sp,     &regs->fp,
                                    &regs->result, &regs->method, &regs->sender_sp};
    const uint32_t which = take(input, 1) % 6;
    *registers[which] = take_word(input, arena);
}

static void change_code(struct input *input, struct fake_jvm *jvm)
{
    const uint32_t block = take(input, 1) % FAKE_BLOCKS;
    const uint32_t offset = take(input, 2) % (FAKE_CODE_BYTES - 8);
    const uint32_t byte_count = take(input, 1) % 9;
    for (uint32_t i = 0; i < byte_count; i++) {
        jvm->blocks[block].code[offset + i] = (uint8_t)take(input, 1);
    }
}

static void change_blob(struct input *input, struct arena *arena)
{
    static const char *const names[] = {"nmethod",
                                        "native nmethod",
                                        "Interpreter",
                                        "I2C/C2I",
                                        "vtable",
                                        "StubRoutines (1)",
                                        "MethodHandles",
                                        "nep_invoker_blob",
                                        "upcall_stub",
                                        "Deoptimization",
                                        ""};
    const size_t name_count = sizeof names / sizeof names[0];
    struct fake_blob *blob = &arena->jvm.blocks[take(input, 1) % FAKE_BLOCKS].blob;
    const uint32_t which = take(input, 1) % 9;
    const uintptr_t word = take_word(input, arena);
    uintptr_t *const pointers[] = {&blob->code,   &blob->pcs,      &blob->pcs_end,
                                   &blob->scopes, &blob->metadata, &blob->deopt_handler};
    if (which < 6) {
        *pointers[which] = word;
    } else if (which == 6) {
        blob->frame_words = (int32_t)word;
        blob->frame_complete = (int32_t)take(input, 2);
    } else if (which == 7) {
        blob->orig_pc = (int32_t)word;
    } else {
        blob->name = names[word % name_count];
    }
}

static void change_pcdesc(struct input *input, struct fake_scopes *scopes)
{
    struct fake_pcdesc *pcdesc = &scopes->pcs[take(input, 1) % FAKE_PCDESCS];
    pcdesc->pc = (int16_t)take(input, 2);
    pcdesc->scope = (int16_t)take(input, 2);
}

static void change(struct input *input, struct arena *arena, struct umig_regs *regs)
{
    struct fake_jvm *jvm = &arena->jvm;
    switch ((enum change)(take(input, 1) % CHANGES)) {
    case CHANGE_REGISTER:
        change_register(input, arena, regs);
        break;
    case CHANGE_STACK: {
        const uint32_t word = take(input, 1) % FAKE_STACK_WORDS;
        jvm->stack[word] = take_word(input, arena);
        break;
    }
    case CHANGE_CODE:
        change_code(input, jvm);
        break;
    case CHANGE_BLOB:
        change_blob(input, arena);
        break;
    case CHANGE_ANCHOR:
        jvm->thread.anchor.sp = take_word(input, arena);
        jvm->thread.anchor.pc = take_word(input, arena);
        jvm->thread.anchor.fp = take_word(input, arena);
        break;
    case CHANGE_SCOPES:
        arena->scopes.bytes[take(input, 2) % FAKE_SCOPES_BYTES] = (uint8_t)take(input, 1);
        break;
    case CHANGE_PCDESC:
        change_pcdesc(input, &arena->scopes);
        break;
    case CHANGE_METADATA: {
        const uint32_t index = take(input, 1) % FAKE_METADATA;
        arena->scopes.metadata[index] = take_word(input, arena);
        break;
    }
    case CHANGES:
    default:
        break;
    }
}

/* Compiled code with something inlined, an interpreted frame, JNI, an interpreted frame, the root.
 */
static struct umig_regs stack_to_the_root(struct arena *arena)
{
    struct fake_jvm *jvm = &arena->jvm;
    const uintptr_t interpreter = fake_code(jvm, FAKE_INTERPRETER, 40);
    const struct fake_anchor anchor = {fake_sp(jvm, 80), fake_return(jvm, FAKE_WRAPPER, 100), 0};
    fake_compiled_at(jvm, 10, interpreter, fake_sp(jvm, 30));
    fake_interpreted_at(jvm, 30, 3);
    jvm->stack[29] = fake_sp(jvm, 32);
    jvm->stack[30] = fake_sp(jvm, 50);
    jvm->stack[31] = fake_entry_at(jvm, 50, &anchor);
    fake_compiled_at(jvm, 80, interpreter, fake_sp(jvm, 100));
    fake_interpreted_at(jvm, 100, 7);
    jvm->stack[99] = fake_sp(jvm, 102);
    jvm->stack[100] = fake_sp(jvm, 130);
    jvm->stack[101] = fake_entry_at(jvm, 130, NULL);
    fake_scopes_init(&arena->scopes, jvm, FAKE_COMPILED);
    arena->scopes.metadata[0] = (uintptr_t)jvm->method;
    arena->scopes.metadata[1] = (uintptr_t)jvm->native;
    const uint32_t outer = fake_scopes_add(&arena->scopes, &jvm->hotspot, 0, 1, 11);
    const uint32_t inner = fake_scopes_add(&arena->scopes, &jvm->hotspot, outer, 2, 12);
    fake_scopes_describe(&arena->scopes, jvm, FAKE_COMPILED, 110, inner);
    return (struct umig_regs){.pc = fake_code(jvm, FAKE_COMPILED, 100), .sp = fake_sp(jvm, 10)};
}

static void write_context(ucontext_t *context, const struct umig_regs *regs)
{
    memset(context, 0, sizeof *context);
    umig_regs_write(context, regs);
    context->uc_mcontext.gregs[REG_RAX] = (greg_t)regs->result;
    context->uc_mcontext.gregs[REG_RBX] = (greg_t)regs->method;
    context->uc_mcontext.gregs[REG_R13] = (greg_t)regs->sender_sp;
}

/* As the handler does: the walk and the names in one guard, the evidence behind it. */
static void walk(struct arena *arena, void *context)
{
    static struct umig_step scratch;
    const struct umig_vmwalk vmwalk = {.hotspot = &arena->jvm.hotspot};
    const struct umig_walk_request request = {
        .env = &arena->jvm.thread.env,
        .context = context,
        .scratch = &scratch,
        .frames = g_frames,
        .max_frames = ROOM,
    };
    struct umig_guard guard;
    scratch = (struct umig_step){.hotspot = &arena->jvm.hotspot};
    if (UMIG_GUARD_ENTER(g_slot, &guard)) {
        const struct umig_walk_result result = umig_vmwalk_walk(&vmwalk, &request);
        FUZZ_CHECK(result.frame_count <= ROOM && result.cut_at <= result.frame_count);
        for (uint32_t i = 0; i < result.frame_count; i++) {
            const struct umig_walk_frame *frame = &g_frames[i];
            (void)umig_names_frame(&g_names, frame->method, frame->bci, frame->kind);
        }
        umig_guard_leave(g_slot, &guard);
    }
    const struct umig_evidence head = {.leaf = scratch.regs};
    umig_evidence_put(&g_evidence, &scratch, &head);
}

static struct arena *arena_of_the_process(void)
{
    static struct arena *arena;
    if (arena != NULL) {
        return arena;
    }
    const size_t bytes = (sizeof *arena + 4095) / 4096 * 4096;
    char *memory = mmap(NULL, 2 * SURROUNDINGS_BYTES + bytes, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    FUZZ_CHECK(memory != MAP_FAILED);
    arena = (struct arena *)(void *)(memory + SURROUNDINGS_BYTES);
    FUZZ_CHECK(mprotect(arena, bytes, PROT_READ | PROT_WRITE) == 0);
    umig_slots_init(&g_slots, calloc(64, sizeof(struct umig_slot)), 64);
    g_slot = umig_slots_register_locked(&g_slots, (int)syscall(SYS_gettid));
    const struct umig_code_range everything = {.begin = 0, .end = UINTPTR_MAX};
    FUZZ_CHECK(umig_guard_install(&g_slots, &everything, 1, NULL) == UMIG_OK);
    umig_names_init(&g_names, &arena->jvm.hotspot, calloc(1, umig_names_bytes(METHODS)), METHODS);
    return arena;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int32_t states[] = {FAKE_IN_JAVA, FAKE_IN_JAVA_TRANS, FAKE_IN_NATIVE};
    struct arena *arena = arena_of_the_process();
    struct input input = {.at = data, .left = size};
    ucontext_t context;
    fake_jvm_init(&arena->jvm);
    struct umig_regs regs = stack_to_the_root(arena);
    const bool has_signal = take(&input, 1) % 8 != 0;
    arena->jvm.thread.state = states[take(&input, 1) % 3];
    for (uint32_t i = 0; i < CHANGES_MAX && input.left > 0; i++) {
        change(&input, arena, &regs);
    }
    write_context(&context, &regs);
    g_frames[ROOM].bci = CANARY;

    walk(arena, has_signal ? &context : NULL);

    FUZZ_CHECK(g_frames[ROOM].bci == CANARY);
    FUZZ_CHECK(atomic_load(&g_slot->guard) == NULL);
    umig_names_reset(&g_names, 1);
    return 0;
}
