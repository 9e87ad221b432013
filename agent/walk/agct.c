#include "agent/walk/agct.h"

#include <string.h>
#include <ucontext.h>

#include "agent/signal/regs.h"
#include "agent/signal/sigsafe_only.h"
#include "agent/walk/codecache.h"
#include "agent/walk/names.h"

enum {
    RETRIES_MAX = 6,         /* frames left by shape before giving up */
    SCAN_WORDS_MAX = 16,     /* of a stub that pushed registers without telling */
    FRAME_WORDS_MAX = 32768, /* a larger frame is a misreading */
};

size_t umig_agct_scratch_bytes(uint32_t max_frames)
{
    return (size_t)max_frames * sizeof(struct umig_agct_frame);
}

static enum umig_outcome outcome_of_code(int32_t code)
{
    static const uint8_t outcomes[] = {
        UMIG_OUTCOME_NO_JAVA_FRAME,
        UMIG_OUTCOME_NO_CLASS_LOAD,
        UMIG_OUTCOME_GC_ACTIVE,
        UMIG_OUTCOME_UNKNOWN_NOT_JAVA,
        UMIG_OUTCOME_NOT_WALKABLE_NOT_JAVA,
        UMIG_OUTCOME_UNKNOWN_JAVA,
        UMIG_OUTCOME_NOT_WALKABLE_JAVA,
        UMIG_OUTCOME_UNKNOWN_STATE,
        UMIG_OUTCOME_THREAD_EXIT,
        UMIG_OUTCOME_DEOPT,
        UMIG_OUTCOME_SAFEPOINT,
    };
    const uint32_t index = (uint32_t)-code;
    return index < sizeof outcomes ? (enum umig_outcome)outcomes[index] : UMIG_OUTCOME_OTHER;
}

/* A copy of the context whose registers move up the stack. */
struct position {
    ucontext_t context;
    struct umig_regs regs;
};

/* A jmethodID of JDK 25 and before is the address of a Method*. */
static uintptr_t method_of_id(const void *method_id)
{
    uintptr_t method = 0;
    if (method_id != NULL) {
        memcpy(&method, method_id, sizeof method);
    }
    return method;
}

/* One try; appends what came to the frames. Returns the count or AsyncGetCallTrace's error code. */
static int32_t ask(const struct umig_agct *agct,
                   const struct umig_walk_request *request,
                   void *context,
                   uint32_t have)
{
    const uint32_t room = request->max_frames - have;
    struct umig_agct_trace trace = {.env = request->env, .frames = request->scratch};
    agct->call(&trace, (int32_t)room, context);
    for (int32_t i = 0; i < trace.frame_count; i++) {
        const struct umig_agct_frame *from = &trace.frames[i];
        const bool is_native = from->bci == UMIG_BCI_NATIVE;
        request->frames[have + (uint32_t)i] = (struct umig_walk_frame){
            .method = method_of_id(from->method_id),
            .bci = from->bci,
            .kind = is_native ? UMIG_FRAME_NATIVE_METHOD : UMIG_FRAME_JAVA,
        };
    }
    return trace.frame_count;
}

static uintptr_t load(uintptr_t address)
{
    return umig_hs_ptr(address, 0);
}

/* Leaves a frame whose return address is on top of the stack. */
static bool pop_return(const struct umig_hotspot *hs, struct umig_regs *regs)
{
    const uintptr_t pc = load(regs->sp);
    if (!umig_codecache_contains(hs, pc)) {
        return false;
    }
    regs->pc = pc;
    regs->sp += sizeof(uintptr_t);
    return true;
}

/* Leaves a frame of known size: the caller's fp and the return address are its last two words. */
static bool pop_frame(const struct umig_hotspot *hs, int32_t words, struct umig_regs *regs)
{
    const uintptr_t sp = regs->sp + (uintptr_t)(uint32_t)words * sizeof(uintptr_t);
    const uintptr_t pc = load(sp - sizeof(uintptr_t));
    if (words < 2 || words > FRAME_WORDS_MAX || !umig_codecache_contains(hs, pc)) {
        return false;
    }
    regs->fp = load(sp - 2 * sizeof(uintptr_t));
    regs->pc = pc;
    regs->sp = sp;
    return true;
}

/* "push rbp; mov rbp, rsp": the caller's fp is on top, the return address below. */
static bool pop_saved_fp(const struct umig_hotspot *hs, struct umig_regs *regs)
{
    const uintptr_t pc = load(regs->sp + sizeof(uintptr_t));
    if (!umig_codecache_contains(hs, pc)) {
        return false;
    }
    regs->fp = load(regs->sp);
    regs->pc = pc;
    regs->sp += 2 * sizeof(uintptr_t);
    return true;
}

/* Is there a call instruction right before this return address? */
static bool follows_call(uintptr_t pc)
{
    return umig_hs_u8(pc, -5) == 0xe8 || umig_hs_u8(pc, -2) == 0xff || umig_hs_u8(pc, -3) == 0xff ||
           umig_hs_u8(pc, -3) == 0x41;
}

/* A stub that pushed registers: the first word that is a return address into compiled code. */
static bool pop_by_scan(const struct umig_hotspot *hs, struct umig_regs *regs)
{
    for (uint32_t i = 0; i < SCAN_WORDS_MAX; i++) {
        const uintptr_t pc = load(regs->sp + i * sizeof(uintptr_t));
        if (!umig_codecache_contains(hs, pc)) {
            continue;
        }
        const struct umig_blob blob = umig_codecache_find(hs, pc);
        if ((blob.kind == UMIG_BLOB_NMETHOD || blob.kind == UMIG_BLOB_INTERPRETER) &&
            follows_call(pc)) {
            regs->pc = pc;
            regs->sp += (i + 1) * sizeof(uintptr_t);
            return true;
        }
    }
    return false;
}

/*
 * A compiled method outside its body. In the prologue the frame is not there yet, or rbp is pushed
 * only; in the epilogue it is gone again. Told by the instructions around the pc.
 */
static bool pop_nmethod(const struct umig_hotspot *hs,
                        const struct umig_blob *blob,
                        struct umig_regs *regs)
{
    const uintptr_t pc = regs->pc;
    const int64_t offset = (int64_t)(pc - blob->code);
    const uint8_t here = umig_hs_u8(pc, 0);
    if (here == 0xc3) { /* ret */
        return pop_return(hs, regs);
    }
    if (here == 0x5d) { /* pop rbp */
        return pop_saved_fp(hs, regs);
    }
    if (here == 0x49 && umig_hs_u8(pc, 1) == 0x3b) { /* cmp rsp, [r15+poll]: before ret */
        return pop_return(hs, regs);
    }
    if (here == 0x0f && umig_hs_u8(pc, 1) == 0x87) { /* ja: to the return poll */
        return pop_return(hs, regs);
    }
    if (blob->frame_complete < 0 || offset >= blob->frame_complete) {
        return pop_frame(hs, blob->frame_words, regs);
    }
    if (pop_return(hs, regs)) {
        return true;
    }
    return pop_saved_fp(hs, regs) || pop_frame(hs, blob->frame_words, regs);
}

static bool pop_stub(const struct umig_hotspot *hs,
                     const struct umig_blob *blob,
                     struct umig_regs *regs)
{
    const int64_t offset = (int64_t)(regs->pc - blob->code);
    if (blob->frame_words > 1 && blob->frame_complete >= 0 && offset >= blob->frame_complete &&
        pop_frame(hs, blob->frame_words, regs)) {
        return true;
    }
    if (pop_return(hs, regs)) {
        return true;
    }
    const bool has_fp = regs->fp >= regs->sp && regs->fp - regs->sp < 4096 && (regs->fp & 7) == 0;
    if (has_fp && umig_codecache_contains(hs, load(regs->fp + sizeof(uintptr_t)))) {
        regs->sp = regs->fp;
        return pop_saved_fp(hs, regs);
    }
    return pop_saved_fp(hs, regs) || pop_by_scan(hs, regs);
}

static void push_leaf(const struct umig_walk_request *request,
                      const struct umig_hotspot *hs,
                      uintptr_t method,
                      uint32_t kind,
                      uint32_t *have)
{
    if (*have < request->max_frames && umig_names_is_method(hs, method)) {
        request->frames[(*have)++] =
            (struct umig_walk_frame){.method = method, .bci = -1, .kind = kind};
    }
}

/* Moves one frame up from where AsyncGetCallTrace refused; keeps what is left as a leaf. */
static bool step_up(const struct umig_agct *agct,
                    const struct umig_walk_request *request,
                    struct umig_regs *regs,
                    uint32_t *have)
{
    const struct umig_hotspot *hs = agct->hotspot;
    const struct umig_blob blob = umig_codecache_find(hs, regs->pc);
    const uintptr_t method = regs->method;
    switch (blob.kind) {
    case UMIG_BLOB_FRAMELESS:
        return pop_return(hs, regs);
    case UMIG_BLOB_INTERPRETER:
        /* At a method's entry: rbx is the Method*, the return address still on top. */
        if (!pop_return(hs, regs) && !pop_saved_fp(hs, regs)) {
            return false;
        }
        push_leaf(request, hs, method, UMIG_FRAME_INTERPRETED, have);
        return true;
    case UMIG_BLOB_NMETHOD:
    case UMIG_BLOB_NATIVE: {
        const uintptr_t compiled = umig_hs_ptr(blob.at, hs->nmethod_method);
        const bool moved =
            blob.frame_words <= 0 ? pop_return(hs, regs) : pop_nmethod(hs, &blob, regs);
        if (moved && blob.kind == UMIG_BLOB_NMETHOD) {
            push_leaf(request, hs, compiled, UMIG_FRAME_COMPILED, have);
        }
        return moved;
    }
    case UMIG_BLOB_STUB:
        return pop_stub(hs, &blob, regs);
    case UMIG_BLOB_NONE:
    default:
        return false;
    }
}

static bool is_worth_retrying(int32_t code)
{
    return code == -5 || code == -6; /* in Java, top frame unknown or not walkable */
}

/* Asks again from further up until it answers. */
static int32_t recover(const struct umig_agct *agct,
                       const struct umig_walk_request *request,
                       int32_t code,
                       uint32_t *have)
{
    struct position at;
    at.context = *(const ucontext_t *)request->context;
    at.regs = umig_regs_read(&at.context);
    for (int i = 0; i < RETRIES_MAX && is_worth_retrying(code); i++) {
        const uintptr_t sp = at.regs.sp;
        if (!step_up(agct, request, &at.regs, have) || at.regs.sp <= sp) {
            break;
        }
        umig_regs_write(&at.context, &at.regs);
        const int32_t again = ask(agct, request, &at.context, *have);
        if (again != 0) {
            code = again;
        }
    }
    return code;
}

struct umig_walk_result umig_agct_walk(const void *walker, const struct umig_walk_request *request)
{
    const struct umig_agct *agct = walker;
    uint32_t have = 0;
    int32_t code = ask(agct, request, request->context, 0);
    if (is_worth_retrying(code) && agct->hotspot->can_find_code) {
        code = recover(agct, request, code, &have);
    }
    if (code <= 0) {
        /* A leaf without callers would look like a root: the sample is a failure, named by cause.
         */
        return (struct umig_walk_result){.outcome = outcome_of_code(code)};
    }
    const uint32_t count = have + (uint32_t)code;
    return (struct umig_walk_result){
        .outcome = UMIG_OUTCOME_OK,
        .frame_count = count,
        .is_truncated = count >= request->max_frames,
    };
}
