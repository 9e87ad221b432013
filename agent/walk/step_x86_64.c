#include <string.h>

#include "agent/signal/regs.h"
#include "agent/signal/sigsafe_only.h"
#include "agent/walk/codecache.h"
#include "agent/walk/names.h"
#include "agent/walk/step.h"

enum {
    SCAN_WORDS_MAX = 16,     /* of a stub that pushed registers without telling */
    FRAME_WORDS_MAX = 32768, /* a larger frame is a misreading */
    PUSHED_WORDS_MAX = 3,    /* on top of a compiled frame around a call of a stub */
    NATIVE_FRAMES_MAX = 64,  /* between a call out of Java and the pc */
    ADAPTER_WORDS_MAX = 512, /* 255 arguments of two words, moved for another convention */
    WORD = sizeof(uintptr_t),
};

/* frame_x86.hpp: words of an interpreted frame, from its fp. */
enum {
    FP_RETURN = 1,
    FP_SENDER_SP = -1,
    FP_METHOD = -3,
};

static uintptr_t load(uintptr_t address)
{
    return umig_hs_ptr(address, 0);
}

static uintptr_t word_at(uintptr_t base, int32_t word)
{
    return umig_hs_ptr(base, word * WORD);
}

static bool is_code(const struct umig_step *step, uintptr_t pc)
{
    return umig_codecache_contains(step->hotspot, pc);
}

/* Could [address, address + words) be above sp on this stack? */
static bool is_above(const struct umig_step *step, uintptr_t address, uint32_t words)
{
    return address >= step->regs.sp && (address & (WORD - 1)) == 0 && address < step->stack_high &&
           (step->stack_high - address) / WORD >= words;
}

/* Is there a call instruction right before this return address? */
static bool follows_call(uintptr_t pc)
{
    return umig_hs_u8(pc, -5) == 0xe8 || umig_hs_u8(pc, -2) == 0xff || umig_hs_u8(pc, -3) == 0xff ||
           umig_hs_u8(pc, -3) == 0x41;
}

/*
 * Takes the caller's position. What the interrupted code held in other registers says nothing about
 * the caller. C1 passes arguments to some stubs on the stack and pops them right after the call
 * (C1_MacroAssembler, LIR_Assembler::emit_opTypeCheck): the frame begins above them. "pop rbp" is
 * not one of these: it undoes a frame.
 */
static bool move(struct umig_step *step, uintptr_t pc, uintptr_t sp, uintptr_t fp)
{
    for (int i = 0; i < PUSHED_WORDS_MAX; i++) {
        const uint8_t next = umig_hs_u8(pc, i);
        if (next < 0x58 || next > 0x5f || next == 0x5d) {
            break;
        }
        sp += WORD;
    }
    step->regs = (struct umig_regs){.pc = pc, .sp = sp, .fp = fp};
    return true;
}

/* Leaves code whose return address is on top of the stack. */
static bool pop_return(struct umig_step *step)
{
    const struct umig_regs *regs = &step->regs;
    const uintptr_t pc = load(regs->sp);
    return is_code(step, pc) && move(step, pc, regs->sp + WORD, regs->fp);
}

/* Does a compiled caller's frame, begun at sp, end in a return address? Others tell nothing. */
static bool is_frame_at(const struct umig_step *step, uintptr_t pc, uintptr_t sp)
{
    const struct umig_blob blob = umig_codecache_find(step->hotspot, pc);
    if (blob.kind != UMIG_BLOB_NMETHOD || blob.frame_words < 2 ||
        blob.frame_words > FRAME_WORDS_MAX) {
        return true;
    }
    const uintptr_t end = sp + (uintptr_t)(uint32_t)blob.frame_words * WORD;
    return is_above(step, end, 0) && is_code(step, word_at(end, -1));
}

/*
 * The same where r13 may hold the sp the caller had before arguments were moved about. It holds it
 * only in a part of the code, so the caller's frame decides.
 */
static bool pop_return_to_sender(struct umig_step *step)
{
    const uintptr_t pc = load(step->regs.sp);
    const uintptr_t sp = step->regs.sp + WORD;
    const uintptr_t sender = step->regs.sender_sp;
    if (!is_code(step, pc)) {
        return false;
    }
    const bool is_sender = sender > sp && sender - sp <= ADAPTER_WORDS_MAX * WORD &&
                           is_above(step, sender, 1) && !is_frame_at(step, pc, sp);
    return move(step, pc, is_sender ? sender : sp, step->regs.fp);
}

/* Leaves a frame of known size: the caller's fp and the return address are its last two words. */
static bool pop_frame(struct umig_step *step, int32_t words)
{
    if (words < 2 || words > FRAME_WORDS_MAX) {
        return false;
    }
    const uintptr_t sp = step->regs.sp + (uintptr_t)(uint32_t)words * WORD;
    if (!is_above(step, sp, 0)) {
        return false;
    }
    const uintptr_t pc = word_at(sp, -1);
    return is_code(step, pc) && move(step, pc, sp, word_at(sp, -2));
}

/* "push rbp": the caller's fp is on top, the return address below. */
static bool pop_saved_fp(struct umig_step *step)
{
    const uintptr_t sp = step->regs.sp;
    const uintptr_t pc = word_at(sp, 1);
    return is_code(step, pc) && move(step, pc, sp + 2 * WORD, load(sp));
}

/* "push rbp; mov rbp, rsp": fp leads to the caller's. */
static bool pop_by_fp(struct umig_step *step)
{
    const uintptr_t fp = step->regs.fp;
    if (!is_above(step, fp, 2)) {
        return false;
    }
    const uintptr_t pc = word_at(fp, FP_RETURN);
    return is_code(step, pc) && move(step, pc, fp + 2 * WORD, load(fp));
}

/*
 * The stub that lets the JVM look at a method before its body runs: pushes -1, which the JVM may
 * replace, then makes a frame (StubGenerator::generate_method_entry_barrier).
 */
static bool pop_entry_barrier(struct umig_step *step)
{
    const uintptr_t fp = step->regs.fp;
    if (!is_above(step, fp, 3) || word_at(fp, 1) != UINTPTR_MAX) {
        return false;
    }
    const uintptr_t pc = word_at(fp, 2);
    return is_code(step, pc) && move(step, pc, fp + 3 * WORD, load(fp));
}

/* A stub that pushed registers: the first word that is a return address into a method. */
static bool pop_by_scan(struct umig_step *step)
{
    for (int32_t i = 0; i < SCAN_WORDS_MAX; i++) {
        const uintptr_t pc = word_at(step->regs.sp, i);
        if (!is_code(step, pc)) {
            continue;
        }
        const struct umig_blob blob = umig_codecache_find(step->hotspot, pc);
        if ((blob.kind == UMIG_BLOB_NMETHOD || blob.kind == UMIG_BLOB_INTERPRETER) &&
            follows_call(pc)) {
            return move(step, pc, step->regs.sp + (uintptr_t)(i + 1) * WORD, step->regs.fp);
        }
    }
    return false;
}

/* A compiled frame with something pushed on top of it, as C1 does around calls of stubs. */
static bool pop_pushed_frame(struct umig_step *step, int32_t words)
{
    for (int32_t pushed = 1; pushed <= PUSHED_WORDS_MAX; pushed++) {
        const uintptr_t sp = step->regs.sp + (uintptr_t)(uint32_t)(words + pushed) * WORD;
        if (is_above(step, sp, 0) && is_code(step, word_at(sp, -1)) &&
            follows_call(word_at(sp, -1))) {
            return pop_frame(step, words + pushed);
        }
    }
    return false;
}

/* Is the frame of a compiled method gone again? Told by the instructions at the pc. */
static bool is_epilogue(uintptr_t pc)
{
    const uint8_t here = umig_hs_u8(pc, 0);
    const uint8_t next = umig_hs_u8(pc, 1);
    return here == 0xc3 ||                   /* ret */
           (here == 0x49 && next == 0x3b) || /* cmp rsp, [r15 + poll]: before ret */
           (here == 0x0f && next == 0x87);   /* ja: to the stub of the return's poll */
}

/*
 * A compiled method outside its body: in the prologue the frame is not there yet, or rbp is pushed
 * only; in the epilogue it is gone again.
 */
static bool pop_nmethod(struct umig_step *step, const struct umig_blob *blob)
{
    const uintptr_t pc = step->regs.pc;
    if (is_epilogue(pc)) {
        return pop_return(step);
    }
    if (umig_hs_u8(pc, 0) == 0x5d) { /* pop rbp */
        return pop_saved_fp(step);
    }
    if (blob->frame_complete < 0 || pc - blob->code >= (uintptr_t)blob->frame_complete) {
        return pop_frame(step, blob->frame_words) || pop_pushed_frame(step, blob->frame_words);
    }
    return pop_return(step) || pop_saved_fp(step) || pop_frame(step, blob->frame_words);
}

static bool pop_stub(struct umig_step *step, const struct umig_blob *blob)
{
    const uintptr_t offset = step->regs.pc - blob->code;
    if (blob->frame_words > 1 && blob->frame_complete >= 0 &&
        offset >= (uintptr_t)blob->frame_complete && pop_frame(step, blob->frame_words)) {
        return true;
    }
    return pop_return(step) || pop_entry_barrier(step) || pop_by_fp(step) || pop_saved_fp(step) ||
           pop_by_scan(step);
}

/*
 * The frame stands, but the JVM does not take it for one: the bytecode is not known yet.
 */
static bool pop_interpreted_frame(struct umig_step *step, uintptr_t *out_method)
{
    const uintptr_t fp = step->regs.fp;
    if (!is_above(step, fp, 2) || !is_code(step, word_at(fp, FP_RETURN))) {
        return false;
    }
    if (fp - step->regs.sp >= -FP_METHOD * WORD) {
        *out_method = word_at(fp, FP_METHOD);
    }
    const uintptr_t sender = word_at(fp, FP_SENDER_SP);
    const uintptr_t above = fp + 2 * WORD;
    const bool is_sender = sender >= above && is_above(step, sender, 1);
    return move(step, word_at(fp, FP_RETURN), is_sender ? sender : above, load(fp));
}

/*
 * At a method's entry, before its frame, rbx is the Method*. When the frame is gone again, rbx is
 * the sender's sp, and there is no method to name.
 */
static bool pop_interpreted(struct umig_step *step, uintptr_t *out_method)
{
    *out_method = step->regs.method;
    if (is_above(step, step->regs.method, 1)) {
        step->regs.sender_sp = step->regs.method;
        *out_method = 0;
    }
    return pop_return_to_sender(step) || pop_saved_fp(step) ||
           pop_interpreted_frame(step, out_method);
}

/* Code of the JVM or of a library that Java called without leaving Java. It keeps rbp. */
static bool leave_native(struct umig_step *step)
{
    if (is_code(step, load(step->regs.sp)) && follows_call(load(step->regs.sp))) {
        return pop_return(step);
    }
    for (int i = 0; i < NATIVE_FRAMES_MAX; i++) {
        const uintptr_t fp = step->regs.fp;
        if (pop_by_fp(step)) {
            return true;
        }
        if (!is_above(step, fp, 2) || load(fp) <= fp) {
            return false;
        }
        step->regs.fp = load(fp);
    }
    return false;
}

static void set_leaf(const struct umig_hotspot *hotspot,
                     uintptr_t method,
                     uint32_t kind,
                     struct umig_walk_frame *out_leaf)
{
    if (umig_names_is_method(hotspot, method)) {
        *out_leaf = (struct umig_walk_frame){.method = method, .bci = -1, .kind = kind};
    }
}

static bool leave_nmethod(struct umig_step *step,
                          const struct umig_blob *blob,
                          struct umig_walk_frame *out_leaf)
{
    const bool moved = blob->frame_words <= 0 ? pop_return(step) : pop_nmethod(step, blob);
    if (moved && blob->kind == UMIG_BLOB_NMETHOD) {
        const struct umig_hotspot *hs = step->hotspot;
        set_leaf(hs, umig_hs_ptr(blob->at, hs->nmethod_method), UMIG_FRAME_COMPILED, out_leaf);
    }
    return moved;
}

static bool leave_interpreted(struct umig_step *step, struct umig_walk_frame *out_leaf)
{
    uintptr_t method = 0;
    const bool moved = pop_interpreted(step, &method);
    if (moved) {
        set_leaf(step->hotspot, method, UMIG_FRAME_INTERPRETED, out_leaf);
    }
    return moved;
}

static bool leave_blob(struct umig_step *step, struct umig_walk_frame *out_leaf)
{
    const struct umig_blob blob = umig_codecache_find(step->hotspot, step->regs.pc);
    switch (blob.kind) {
    case UMIG_BLOB_FRAMELESS:
        return pop_return_to_sender(step);
    case UMIG_BLOB_INTERPRETER:
        return leave_interpreted(step, out_leaf);
    case UMIG_BLOB_NMETHOD:
    case UMIG_BLOB_NATIVE:
        return leave_nmethod(step, &blob, out_leaf);
    case UMIG_BLOB_STUB:
        return pop_stub(step, &blob);
    case UMIG_BLOB_NONE:
    default:
        return false;
    }
}

bool umig_step_up(struct umig_step *step, struct umig_walk_frame *out_leaf)
{
    const struct umig_regs before = step->regs;
    *out_leaf = (struct umig_walk_frame){.method = 0};
    const bool moved = is_code(step, before.pc) ? leave_blob(step, out_leaf) : leave_native(step);
    if (!moved || step->regs.sp <= before.sp) {
        step->regs = before;
        return false;
    }
    return true;
}
