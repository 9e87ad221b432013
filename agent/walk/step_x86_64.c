#include "agent/walk/step.h"

#include <string.h>

#include "agent/signal/sigsafe_only.h"
#include "agent/walk/names.h"

enum {
    STUB_SCAN_WORDS = 32,    /* of a stub that pushed registers without telling */
    SAVED_STATE_WORDS = 384, /* general and vector registers, saved by an adapter */
    NATIVE_SCAN_WORDS = 384, /* of a library's frames below Java's */
    FRAME_WORDS_MAX = 32768, /* a larger frame is a misreading */
    PUSHED_WORDS_MAX = 3,    /* on top of a compiled frame around a call of a stub */
    NATIVE_FRAMES_MAX = 64,  /* between a call out of Java and the pc */
    ADAPTER_WORDS_MAX = 512, /* 255 arguments of two words, moved for another convention */
    PROLOGUE_BYTES = 28,     /* of the instructions that build a compiled frame */
    CALL_STUB_BYTES = 176,   /* to either side of its call: at least its length */
    WORD = sizeof(uintptr_t),
};

/* frame_x86.hpp: words of an interpreted frame, from its fp. */
enum {
    FP_RETURN = 1,
    FP_SENDER_SP = -1,
    FP_METHOD = -3,
    FP_BCP = -8,
    FP_FIXED_WORDS = 9 /* what is pushed below fp before the first bytecode */
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

/* "call reg" or "call [...]" that begins so many bytes before the pc? Opcode ff, operation 2. */
static bool is_indirect_call(uintptr_t pc, int32_t back)
{
    return umig_hs_u8(pc, -back) == 0xff && (umig_hs_u8(pc, 1 - back) & 0x38) == 0x10;
}

/* Is there a call instruction right before this return address? */
static bool follows_call(uintptr_t pc)
{
    return umig_hs_u8(pc, -5) == 0xe8 || is_indirect_call(pc, 2) || is_indirect_call(pc, 3) ||
           is_indirect_call(pc, 4) || is_indirect_call(pc, 6) || is_indirect_call(pc, 7);
}

/* A return address into generated code? The interpreter pushes its own: no call stands there. */
static bool is_return(const struct umig_step *step, uintptr_t pc)
{
    return is_code(step, pc) && (follows_call(pc) || umig_codecache_find(step->hotspot, pc).kind ==
                                                         UMIG_BLOB_INTERPRETER);
}

/* Takes the caller's position. What the interrupted code held in other registers is not its. */
static bool move(struct umig_step *step, uintptr_t pc, uintptr_t sp, uintptr_t fp)
{
    step->regs = (struct umig_regs){.pc = pc, .sp = sp, .fp = fp};
    return true;
}

/*
 * Where the caller's frame begins, when its call returns to pc with this sp. C1 calls some stubs
 * with arguments on the stack, which it pops right after the call (C1_MacroAssembler,
 * LIR_Assembler::emit_opTypeCheck): the frame begins above them. "pop rbp" is not one of these: it
 * undoes a frame.
 */
static uintptr_t over_arguments(uintptr_t pc, uintptr_t sp)
{
    for (int i = 0; i < PUSHED_WORDS_MAX; i++) {
        const uint8_t next = umig_hs_u8(pc, i);
        if (next < 0x58 || next > 0x5f || next == 0x5d) {
            break;
        }
        sp += WORD;
    }
    return sp;
}

/* Does fp lead to a frame of the interpreter above sp? */
static bool is_interpreted_frame(const struct umig_step *step, uintptr_t sp, uintptr_t fp)
{
    return is_above(step, fp, 2) && fp >= sp &&
           umig_names_is_method(step->hotspot, word_at(fp, FP_METHOD));
}

/*
 * Is this a return address, and is there a frame of its code at sp? A compiled frame ends in a
 * return address, an interpreted one has its Method*; the others cannot be judged.
 */
static bool fits(const struct umig_step *step, uintptr_t pc, uintptr_t sp, uintptr_t fp)
{
    if (!is_code(step, pc)) {
        return false;
    }
    const struct umig_blob blob = umig_codecache_find(step->hotspot, pc);
    if (blob.kind == UMIG_BLOB_INTERPRETER) {
        return is_interpreted_frame(step, sp, fp);
    }
    if (!follows_call(pc)) {
        return false;
    }
    if ((blob.kind != UMIG_BLOB_NMETHOD && blob.kind != UMIG_BLOB_NATIVE) || blob.frame_words < 2 ||
        blob.frame_words > FRAME_WORDS_MAX) {
        return blob.kind != UMIG_BLOB_NONE;
    }
    const uintptr_t end = over_arguments(pc, sp) + (uintptr_t)(uint32_t)blob.frame_words * WORD;
    return is_above(step, end, 0) && is_return(step, word_at(end, -1));
}

/* Moves to a caller that fits; false and unmoved if it does not. */
static bool move_if_fits(struct umig_step *step, uintptr_t pc, uintptr_t sp, uintptr_t fp)
{
    return fits(step, pc, sp, fp) && move(step, pc, over_arguments(pc, sp), fp);
}

/* Where the call before a return address goes; 0 where the instruction does not say. */
static uintptr_t target_of_call(uintptr_t pc)
{
    if (umig_hs_u8(pc, -3) == 0x41 && umig_hs_u8(pc, -2) == 0xff && umig_hs_u8(pc, -1) == 0xd2 &&
        umig_hs_u8(pc, -13) == 0x49 && umig_hs_u8(pc, -12) == 0xba) { /* mov r10, imm64; call r10 */
        return umig_hs_ptr(pc, -11);
    }
    return umig_hs_u8(pc, -5) == 0xe8 ? pc + (uintptr_t)(intptr_t)umig_hs_i32(pc, -4) : 0;
}

/*
 * Did the call before this return address go where the thread is? What lies in a stub's or a
 * library's frame may be left from frames that are gone: these called something else.
 */
static bool called_here(const struct umig_step *step, uintptr_t pc)
{
    if (!is_code(step, pc) || !follows_call(pc)) {
        return false;
    }
    const uintptr_t target = target_of_call(pc);
    if (target == 0) {
        return true;
    }
    return umig_codecache_find(step->hotspot, target).at ==
           umig_codecache_find(step->hotspot, step->regs.pc).at;
}

/* Leaves code whose return address is on top of the stack. */
static bool pop_return(struct umig_step *step)
{
    return move_if_fits(step, load(step->regs.sp), step->regs.sp + WORD, step->regs.fp);
}

/* "push rbp": the caller's fp is on top, the return address below. */
static bool pop_saved_fp(struct umig_step *step)
{
    const uintptr_t sp = step->regs.sp;
    return move_if_fits(step, word_at(sp, 1), sp + 2 * WORD, load(sp));
}

/* "push rbp; mov rbp, rsp": fp leads to the caller's. */
static bool pop_by_fp(struct umig_step *step)
{
    const uintptr_t fp = step->regs.fp;
    return is_above(step, fp, 2) &&
           move_if_fits(step, word_at(fp, FP_RETURN), fp + 2 * WORD, load(fp));
}

/* Leaves a frame of known size. A compiled frame need not save fp: then it is the caller's yet. */
static bool pop_frame_keeping(struct umig_step *step, int32_t words, bool is_fp_saved)
{
    if (words < 1 || words > FRAME_WORDS_MAX) {
        return false;
    }
    const uintptr_t sp = step->regs.sp + (uintptr_t)(uint32_t)words * WORD;
    if (!is_above(step, sp, 0)) {
        return false;
    }
    const uintptr_t pc = word_at(sp, -1);
    const uintptr_t fp = is_fp_saved && words > 1 ? word_at(sp, -2) : step->regs.fp;
    return is_code(step, pc) && move(step, pc, over_arguments(pc, sp), fp);
}

/* The caller's fp and the return address are its last two words. */
static bool pop_frame(struct umig_step *step, int32_t words)
{
    return pop_frame_keeping(step, words, true);
}

/*
 * Return address on top, where r13 may hold the sp the caller had before arguments were moved
 * about. It holds it only in a part of the code, so the caller's frame decides.
 */
static bool pop_return_to_sender(struct umig_step *step)
{
    const uintptr_t pc = load(step->regs.sp);
    const uintptr_t sp = step->regs.sp + WORD;
    const uintptr_t sender = step->regs.sender_sp;
    if (move_if_fits(step, pc, sp, step->regs.fp)) {
        return true;
    }
    return sender > sp && sender - sp <= ADAPTER_WORDS_MAX * WORD && is_above(step, sender, 1) &&
           move_if_fits(step, pc, sender, step->regs.fp);
}

/* While an adapter aligns the stack the return address waits in rax. */
static bool leave_frameless(struct umig_step *step)
{
    const struct umig_regs *regs = &step->regs;
    return pop_return_to_sender(step) || move_if_fits(step, regs->result, regs->sp, regs->fp);
}

/* --- compiled methods --- */

enum built {
    BUILT_NOTHING,    /* only the return address */
    BUILT_SAVED_FP,   /* "push rbp" */
    BUILT_FRAME,      /* the whole frame */
    BUILT_WITHOUT_FP, /* the whole frame, but fp is not saved in it yet */
};

/* "sub rsp, imm8 / imm32" that ends at or before the pc? */
static bool is_sub_rsp(uintptr_t at, uintptr_t pc)
{
    const uint8_t opcode = umig_hs_u8(at, 1);
    const bool is_short = opcode == 0x83;
    return umig_hs_u8(at, 0) == 0x48 && (is_short || opcode == 0x81) && umig_hs_u8(at, 2) == 0xec &&
           pc - at >= (is_short ? 4 : 7);
}

/* "mov rbp, rsp", in either encoding. */
static bool is_mov_fp_sp(uintptr_t at)
{
    return umig_hs_u8(at, 0) == 0x48 && ((umig_hs_u8(at, 1) == 0x8b && umig_hs_u8(at, 2) == 0xec) ||
                                         (umig_hs_u8(at, 1) == 0x89 && umig_hs_u8(at, 2) == 0xe5));
}

/*
 * How much of a compiled frame stands before the JVM calls it complete, by the instructions passed:
 * [bang the stack]; push rbp; [mov rbp, rsp]; sub rsp, n; [entry barrier], or, in C2 without a
 * bang, sub rsp, n; mov [rsp + n - 8], rbp.
 */
static enum built built_so_far(uintptr_t pc, uintptr_t code)
{
    for (uintptr_t at = pc - 1; at >= code && pc - at <= PROLOGUE_BYTES; at--) {
        if (is_sub_rsp(at, pc)) {
            const uintptr_t before = is_mov_fp_sp(at - 3) ? at - 3 : at;
            return umig_hs_u8(before, -1) == 0x55 ? BUILT_FRAME : BUILT_WITHOUT_FP;
        }
        if (umig_hs_u8(at, 0) == 0x55 && (is_mov_fp_sp(at + 1) || is_sub_rsp(at + 1, at + 8))) {
            return BUILT_SAVED_FP;
        }
    }
    return BUILT_NOTHING;
}

static bool pop_prologue(struct umig_step *step, const struct umig_blob *blob)
{
    switch (built_so_far(step->regs.pc, blob->code)) {
    case BUILT_SAVED_FP:
        return pop_saved_fp(step);
    case BUILT_FRAME:
        return pop_frame(step, blob->frame_words);
    case BUILT_WITHOUT_FP:
        return pop_frame_keeping(step, blob->frame_words, false);
    case BUILT_NOTHING:
    default:
        return pop_return(step);
    }
}

/* "cmp rsp, [r15 + poll]", short or long, at this address? It stands between frame and return. */
static bool is_return_poll(uintptr_t at)
{
    return umig_hs_u8(at, 0) == 0x49 && umig_hs_u8(at, 1) == 0x3b &&
           (umig_hs_u8(at, 2) == 0x67 || umig_hs_u8(at, 2) == 0xa7);
}

/* Is the frame gone again? Told by the instructions at the pc. */
static bool is_epilogue(uintptr_t pc)
{
    const bool is_ja = umig_hs_u8(pc, 0) == 0x0f && umig_hs_u8(pc, 1) == 0x87;
    return umig_hs_u8(pc, 0) == 0xc3 || is_return_poll(pc) ||
           (is_ja && (is_return_poll(pc - 4) || is_return_poll(pc - 7)));
}

/* A compiled frame with something pushed on top of it, as C1 does around calls of stubs. */
static bool pop_pushed_frame(struct umig_step *step, int32_t words)
{
    for (int32_t pushed = 1; pushed <= PUSHED_WORDS_MAX; pushed++) {
        const uintptr_t sp = step->regs.sp + (uintptr_t)(uint32_t)(words + pushed) * WORD;
        if (is_above(step, sp, 0) && is_return(step, word_at(sp, -1))) {
            return pop_frame(step, words + pushed);
        }
    }
    return false;
}

static bool pop_interrupted_nmethod(struct umig_step *step, const struct umig_blob *blob)
{
    const uintptr_t pc = step->regs.pc;
    if (blob->frame_words <= 0 || is_epilogue(pc)) {
        return pop_return(step);
    }
    if (umig_hs_u8(pc, 0) == 0x5d && is_return(step, word_at(step->regs.sp, 1))) { /* pop rbp */
        return pop_saved_fp(step);
    }
    if (blob->frame_complete >= 0 && pc - blob->code < (uintptr_t)blob->frame_complete &&
        pop_prologue(step, blob)) {
        return true;
    }
    return pop_frame(step, blob->frame_words) || pop_pushed_frame(step, blob->frame_words);
}

/* A frame that was deoptimised returns to a handler; where it stood is kept in the frame. */
static uintptr_t standing_pc(const struct umig_step *step, const struct umig_blob *blob)
{
    const struct umig_hotspot *hs = step->hotspot;
    if (step->is_leaf || !hs->can_walk || blob->kind != UMIG_BLOB_NMETHOD ||
        step->regs.pc != umig_hs_part(&hs->deopt_handler, blob->at)) {
        return step->regs.pc;
    }
    return umig_hs_ptr(step->regs.sp, umig_hs_i32(blob->at, hs->nmethod_orig_pc));
}

static bool leave_nmethod(struct umig_step *step, struct umig_step_left *left)
{
    const struct umig_blob *blob = &left->blob;
    left->pc = standing_pc(step, blob);
    if (blob->kind == UMIG_BLOB_NATIVE) {
        const uintptr_t method = umig_hs_ptr(blob->at, step->hotspot->nmethod_method);
        left->method = umig_names_is_method(step->hotspot, method) ? method : 0;
        left->bci = UMIG_BCI_NATIVE;
    }
    return step->is_leaf ? pop_interrupted_nmethod(step, blob) : pop_frame(step, blob->frame_words);
}

/* --- the interpreter --- */

/* Index of a pointer into a method's bytecodes; -1 if it points elsewhere. */
static int32_t bci_of(const struct umig_step *step, uintptr_t method, uintptr_t bcp)
{
    const struct umig_hotspot *hs = step->hotspot;
    const uintptr_t const_method = umig_hs_ptr(method, hs->method_const);
    const uintptr_t index = bcp - (const_method + hs->const_bytes);
    return index < umig_hs_u16(const_method, hs->const_code_size) ? (int32_t)index : -1;
}

static bool is_without_bytecodes(const struct umig_step *step, uintptr_t method)
{
    const struct umig_hotspot *hs = step->hotspot;
    return umig_hs_u16(umig_hs_ptr(method, hs->method_const), hs->const_code_size) == 0;
}

/* The method of the frame fp leads to; 0 if that is no interpreted frame. */
static uintptr_t framed_method(const struct umig_step *step)
{
    const struct umig_regs *regs = &step->regs;
    if (!is_above(step, regs->fp, 2) || regs->fp - regs->sp < -FP_BCP * WORD) {
        return 0;
    }
    const uintptr_t method = word_at(regs->fp, FP_METHOD);
    return umig_names_is_method(step->hotspot, method) ? method : 0;
}

static bool pop_interpreted_frame(struct umig_step *step)
{
    const uintptr_t fp = step->regs.fp;
    const uintptr_t pc = word_at(fp, FP_RETURN);
    const uintptr_t sender = word_at(fp, FP_SENDER_SP);
    const uintptr_t above = fp + 2 * WORD;
    const bool is_sender = sender >= above && is_above(step, sender, 1);
    return is_code(step, pc) && move(step, pc, is_sender ? sender : above, load(fp));
}

static bool leave_standing_interpreted(struct umig_step *step, struct umig_step_left *left)
{
    const uintptr_t method = framed_method(step);
    if (method == 0) {
        return false;
    }
    left->method = method;
    left->bci = is_without_bytecodes(step, method)
                    ? UMIG_BCI_NATIVE
                    : bci_of(step, method, word_at(step->regs.fp, FP_BCP));
    return pop_interpreted_frame(step);
}

/* "push rbp; mov rbp, rsp" is done, and some of what lies below fp is pushed. */
static bool leave_half_built(struct umig_step *step, struct umig_step_left *left)
{
    const struct umig_regs *regs = &step->regs;
    if (!is_above(step, regs->fp, 2) || regs->fp - regs->sp > FP_FIXED_WORDS * WORD ||
        !is_return(step, word_at(regs->fp, FP_RETURN))) {
        return false;
    }
    const uintptr_t pushed = (regs->fp - regs->sp) / WORD;
    const uintptr_t method = pushed >= -FP_METHOD ? word_at(regs->fp, FP_METHOD) : regs->method;
    const uintptr_t sender = pushed >= 1 ? word_at(regs->fp, FP_SENDER_SP) : regs->sender_sp;
    const uintptr_t above = regs->fp + 2 * WORD;
    left->method = umig_names_is_method(step->hotspot, method) ? method : 0;
    left->bci = 0;
    return move(step, word_at(regs->fp, FP_RETURN),
                sender >= above && is_above(step, sender, 1) ? sender : above, load(regs->fp));
}

/* The frame is gone: rbx is the caller's sp, the return address in r13, or still on top. */
static bool leave_ended(struct umig_step *step)
{
    const struct umig_regs *regs = &step->regs;
    const uintptr_t on_top = load(regs->sp);
    if (!is_above(step, regs->method, 1)) {
        return false;
    }
    if (is_return(step, regs->sender_sp)) {
        return move(step, regs->sender_sp, regs->method, regs->fp);
    }
    return is_return(step, on_top) && regs->method > regs->sp &&
           move(step, on_top, regs->method, regs->fp);
}

/* At the entry locals are pushed below the arguments: the return address waits in rax meanwhile. */
static bool leave_making_room(struct umig_step *step, struct umig_step_left *left)
{
    const struct umig_regs *regs = &step->regs;
    if (!is_return(step, regs->result) || !is_above(step, regs->sender_sp, 1) ||
        !umig_names_is_method(step->hotspot, regs->method)) {
        return false;
    }
    left->method = regs->method;
    left->bci = 0;
    return move(step, regs->result, regs->sender_sp, regs->fp);
}

/* Whoever calls the interpreter says in r13 where the caller's frame begins. */
static bool pop_return_at_entry(struct umig_step *step)
{
    const uintptr_t above = step->regs.sp + WORD;
    const uintptr_t sender = step->regs.sender_sp;
    return move(step, load(step->regs.sp),
                sender >= above && is_above(step, sender, 1) ? sender : above, step->regs.fp);
}

static bool leave_interrupted_interpreted(struct umig_step *step, struct umig_step_left *left)
{
    const uintptr_t method = framed_method(step);
    const int32_t bci = method != 0 ? bci_of(step, method, step->regs.sender_sp) : -1;
    if (bci >= 0) { /* r13 is the bytecode pointer: it runs */
        left->method = method;
        left->bci = bci;
        return pop_interpreted_frame(step);
    }
    if (leave_half_built(step, left)) {
        return true;
    }
    if (method != 0 && is_without_bytecodes(step, method)) { /* native: it has no r13 to tell by */
        return leave_standing_interpreted(step, left);
    }
    if (is_return(step, load(step->regs.sp)) &&
        umig_names_is_method(step->hotspot, step->regs.method)) { /* at the entry */
        left->method = step->regs.method;
        left->bci = 0;
        return pop_return_at_entry(step);
    }
    return leave_making_room(step, left) || leave_ended(step) ||
           leave_standing_interpreted(step, left) || pop_return(step) || pop_saved_fp(step);
}

/* --- stubs --- */

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

/* The first word that is a return address of a call to here, and fits the frame above it. */
static bool pop_by_scan(struct umig_step *step, int32_t words)
{
    for (int32_t i = 0; i < words && is_above(step, step->regs.sp + (uintptr_t)i * WORD, 1); i++) {
        const uintptr_t sp = step->regs.sp + (uintptr_t)(i + 1) * WORD;
        if (called_here(step, word_at(sp, -1)) &&
            move_if_fits(step, word_at(sp, -1), sp, step->regs.fp)) {
            return true;
        }
    }
    return false;
}

/* rbp as the stub's frame pointer, unless it is what Java had there. */
static bool pop_stub_by_fp(struct umig_step *step)
{
    return is_above(step, step->regs.fp, 2) &&
           called_here(step, word_at(step->regs.fp, FP_RETURN)) && pop_by_fp(step);
}

static bool leave_stub(struct umig_step *step, const struct umig_blob *blob)
{
    const uintptr_t offset = step->regs.pc - blob->code;
    const bool is_complete =
        !step->is_leaf || (blob->frame_complete >= 0 && offset >= (uintptr_t)blob->frame_complete);
    if (blob->frame_words > 1 && is_complete && pop_frame(step, blob->frame_words)) {
        return true;
    }
    if (!step->is_leaf) {
        return pop_entry_barrier(step) || pop_stub_by_fp(step) ||
               pop_by_scan(step, STUB_SCAN_WORDS);
    }
    return pop_entry_barrier(step) || pop_stub_by_fp(step) || pop_by_scan(step, STUB_SCAN_WORDS) ||
           pop_return(step) || pop_saved_fp(step);
}

/* --- the edges of Java --- */

static bool take_anchor(struct umig_step *step, uintptr_t anchor)
{
    const struct umig_hotspot *hs = step->hotspot;
    const uintptr_t sp = umig_hs_ptr(anchor, hs->anchor_sp);
    if (sp == 0 || !is_above(step, sp, 1)) {
        return false;
    }
    const uintptr_t known = umig_hs_ptr(anchor, hs->anchor_pc);
    const uintptr_t pc = known != 0 ? known : word_at(sp, -1);
    return is_code(step, pc) && move(step, pc, sp, umig_hs_ptr(anchor, hs->anchor_fp));
}

bool umig_step_to_anchor(struct umig_step *step)
{
    const bool has_left = take_anchor(step, step->thread + (uintptr_t)step->hotspot->thread_anchor);
    step->is_leaf = step->is_leaf && !has_left;
    step->is_exact_pc = step->is_exact_pc || has_left;
    return has_left;
}

/* Its length is not described; the stubs beside it run in its frame, or leave it at once. */
static bool is_call_stub(const struct umig_step *step)
{
    const uintptr_t back = *step->hotspot->call_stub_return;
    const uintptr_t pc = step->regs.pc;
    return pc == back ||
           (step->is_leaf && pc + CALL_STUB_BYTES > back && pc < back + CALL_STUB_BYTES);
}

/* The JavaCallWrapper of the call stub's frame; 0 if the position is in no such frame. */
static uintptr_t call_wrapper(const struct umig_step *step)
{
    const struct umig_hotspot *hs = step->hotspot;
    const uintptr_t fp = step->regs.fp;
    if (!hs->can_walk || !is_above(step, fp, 2) || !is_call_stub(step)) {
        return 0;
    }
    const uintptr_t wrapper = word_at(fp, hs->call_wrapper_word);
    /* Its first member is the thread. */
    return is_above(step, wrapper, 1) && load(wrapper) == step->thread ? wrapper : 0;
}

static enum umig_step_result leave_entry(struct umig_step *step, uintptr_t wrapper)
{
    const struct umig_hotspot *hs = step->hotspot;
    const uintptr_t anchor = wrapper + (uintptr_t)hs->wrapper_anchor;
    if (umig_hs_ptr(anchor, hs->anchor_sp) == 0) {
        return UMIG_STEP_ROOT;
    }
    return take_anchor(step, anchor) ? UMIG_STEP_MOVED : UMIG_STEP_LOST;
}

/*
 * The library's own frames, each of which begins with the fp before it, to the return address of
 * the call out of Java. False where rbp is no frame pointer of the library's: it is free to use it
 * for anything else, or to leave in it what Java had there.
 */
static bool pop_chain(struct umig_step *step)
{
    struct umig_step at = *step;
    for (int i = 0; i < NATIVE_FRAMES_MAX && is_above(&at, at.regs.fp, 2); i++) {
        const uintptr_t fp = at.regs.fp;
        if (is_code(step, word_at(fp, FP_RETURN))) {
            *step = at;
            return called_here(step, word_at(fp, FP_RETURN)) && pop_by_fp(step);
        }
        if (load(fp) <= fp) {
            return false;
        }
        at.regs.fp = load(fp);
    }
    return false;
}

/* Code of the JVM or of a library that Java called without leaving Java. */
static bool leave_native(struct umig_step *step)
{
    const struct umig_regs before = step->regs;
    if ((called_here(step, load(before.sp)) && pop_return(step)) || pop_chain(step)) {
        return true;
    }
    step->regs = before;
    return pop_by_scan(step, NATIVE_SCAN_WORDS);
}

/* --- one step --- */

static bool leave_blob(struct umig_step *step, struct umig_step_left *left)
{
    switch (left->blob.kind) {
    case UMIG_BLOB_FRAMELESS:
        /* An adapter that calls the JVM saves all registers first. */
        return (step->is_leaf && leave_frameless(step)) || pop_by_scan(step, SAVED_STATE_WORDS);
    case UMIG_BLOB_INTERPRETER:
        return step->is_leaf ? leave_interrupted_interpreted(step, left)
                             : leave_standing_interpreted(step, left);
    case UMIG_BLOB_NMETHOD:
    case UMIG_BLOB_NATIVE:
        return leave_nmethod(step, left);
    case UMIG_BLOB_STUB:
        return leave_stub(step, &left->blob);
    case UMIG_BLOB_NONE:
    default:
        return step->is_leaf && !is_code(step, step->regs.pc) && leave_native(step);
    }
}

enum umig_step_result umig_step_up(struct umig_step *step, struct umig_step_left *out_left)
{
    const struct umig_step before = *step;
    memset(out_left, 0, sizeof *out_left);
    out_left->blob = umig_codecache_find(step->hotspot, before.regs.pc);
    out_left->pc = before.regs.pc;
    out_left->bci = -1;
    out_left->is_exact_pc = before.is_exact_pc;
    enum umig_step_result result;
    const uintptr_t wrapper =
        out_left->blob.kind == UMIG_BLOB_STUB ? call_wrapper(step) : (uintptr_t)0;
    if (wrapper != 0) {
        result = leave_entry(step, wrapper);
    } else {
        result = leave_blob(step, out_left) ? UMIG_STEP_MOVED : UMIG_STEP_LOST;
    }
    /* Every step must make progress; a leaf whose return address is in a register makes it in pc.
     */
    if (result == UMIG_STEP_MOVED &&
        (step->regs.sp < before.regs.sp || (step->regs.sp == before.regs.sp && !before.is_leaf))) {
        result = UMIG_STEP_LOST;
    }
    if (result != UMIG_STEP_MOVED) {
        *step = before;
        return result;
    }
    step->is_leaf = false;
    step->is_exact_pc = out_left->blob.kind != UMIG_BLOB_NONE;
    return result;
}
