#include "agent/walk/x86_64/compiled.h"

#include <string.h>

#include "agent/signal/probe.h"
#include "agent/signal/sigsafe_only.h"
#include "agent/walk/names.h"
#include "agent/walk/x86_64/barrier_stubs.h"
#include "agent/walk/x86_64/moves.h"
#include "agent/walk/x86_64/pushed.h"

enum {
    PROLOGUE_BYTES =
        40, /* of the instructions that build a frame, the barrier's compare included */
    JIT_STUB_WORDS_MAX = 16, /* larger ones save all registers, and do it step by step */
    COPIED_WORDS_MAX = 32    /* of a string that is compared on the stack */
};

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

/* "mov [rsp + imm8 / imm32], rbp" that ends at or before the pc: what C2 does behind its sub. */
static bool is_saved_behind(uintptr_t at, uintptr_t pc)
{
    const bool is_short = umig_hs_u8(at, 2) == 0x6c;
    return umig_hs_u8(at, 0) == 0x48 && umig_hs_u8(at, 1) == 0x89 &&
           (is_short || umig_hs_u8(at, 2) == 0xac) && umig_hs_u8(at, 3) == 0x24 &&
           pc >= at + (is_short ? 5 : 8);
}

/*
 * How much of a compiled frame stands before the JVM calls it complete, by the instructions passed:
 * [bang the stack]; push rbp; [mov rbp, rsp]; sub rsp, n; [entry barrier], or, in C2 without a
 * bang, sub rsp, n; mov [rsp + n - 8], rbp; [mov rbp, rsp; add rbp, n - 8].
 */
static enum built built_so_far(uintptr_t pc, uintptr_t code)
{
    for (uintptr_t at = pc - 1; at >= code && pc - at <= PROLOGUE_BYTES; at--) {
        if (is_sub_rsp(at, pc)) {
            const uintptr_t before = is_mov_fp_sp(at - 3) ? at - 3 : at;
            const uintptr_t behind = at + (umig_hs_u8(at, 1) == 0x83 ? 4 : 7);
            return umig_hs_u8(before, -1) == 0x55 || is_saved_behind(behind, pc) ? BUILT_FRAME
                                                                                 : BUILT_WITHOUT_FP;
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
        return umig_x64_pop_saved_fp(step);
    case BUILT_FRAME:
        return umig_x64_pop_frame(step, blob->frame_words);
    case BUILT_WITHOUT_FP:
        return umig_x64_pop_frame_keeping_fp(step, blob->frame_words);
    case BUILT_NOTHING:
    default:
        return umig_x64_pop_return(step);
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

/*
 * The wrapper of a native method goes without the poll of other methods, or has one of its own:
 *
 *   leave; [test byte [r15 + poll], 1; je; ...]; cmp qword [r15 + pending exception], 0;
 *   jne over the ret; ret; jmp to the stub that throws
 */
enum {
    WRAPPER_EXIT_BYTES = 48, /* from the "leave" to the "jne", and to spare */
    LEAVE = 0xc9,
};

static const uint8_t g_wrapper_end[] = {0x0f, 0x85, 1, 0, 0, 0, 0xc3, 0xe9};

/* Does the exit go on here, behind its "leave": with the poll, or the compare? */
static bool is_behind_leave(const uint8_t *code)
{
    return (code[0] == 0x41 && code[1] == 0xf6) ||
           (code[0] == 0x49 && (code[1] == 0x81 || code[1] == 0x83) && (code[2] & 0x3f) == 0x3f);
}

/* Is the frame of a wrapper gone again? */
static bool is_wrapper_exit(uintptr_t pc)
{
    uint8_t code[2 * WRAPPER_EXIT_BYTES + 2 * sizeof g_wrapper_end] = {0};
    const size_t here = WRAPPER_EXIT_BYTES + sizeof g_wrapper_end;
    for (size_t i = 0; i < sizeof code; i += sizeof(uintptr_t)) {
        uintptr_t word = 0;
        (void)umig_probe_word(pc - here + i, &word);
        memcpy(code + i, &word, sizeof word);
    }
    for (size_t end = here - sizeof g_wrapper_end + 1; end < here + WRAPPER_EXIT_BYTES; end++) {
        if (memcmp(code + end, g_wrapper_end, sizeof g_wrapper_end) != 0) {
            continue;
        }
        for (size_t at = end > WRAPPER_EXIT_BYTES ? end - WRAPPER_EXIT_BYTES : 0; at < end; at++) {
            if (code[at] == LEAVE && is_behind_leave(code + at + 1)) {
                return at < here;
            }
        }
    }
    return false;
}

/* A compiled frame with something pushed on top of it, where no instruction tells how much. */
static bool pop_pushed_frame(struct umig_step *step, int32_t words)
{
    for (int32_t pushed = 1; pushed <= UMIG_X64_PUSHED_WORDS_MAX; pushed++) {
        const uintptr_t sp = step->regs.sp + (uintptr_t)(uint32_t)(words + pushed) * UMIG_X64_WORD;
        if (umig_x64_is_above(step, sp, 0) &&
            umig_x64_is_return_to(step, umig_x64_word(sp, -1), sp)) {
            return umig_x64_pop_frame(step, words + pushed);
        }
    }
    return false;
}

/* The same where the frame begins at sp; the last words of it prove it. */
static bool pop_fitting_frame(struct umig_step *step, uintptr_t sp, int32_t words)
{
    const uintptr_t end = sp + (uintptr_t)(uint32_t)words * UMIG_X64_WORD;
    return words >= 2 && umig_x64_is_above(step, end, 0) &&
           umig_x64_move_if_fits(step, umig_x64_word(end, -1), end, umig_x64_word(end, -2));
}

/* The same where the instructions to come tell what is pushed. */
static bool pop_told_frame(struct umig_step *step, int32_t words)
{
    const uintptr_t pushed = (uintptr_t)(uint32_t)umig_x64_pushed_words(step->regs.pc);
    return pushed != 0 && pop_fitting_frame(step, step->regs.sp + pushed * UMIG_X64_WORD, words);
}

/* What is kept while types of arrays are compared, where both sizes of the frame may fit. */
static bool pop_kept_frame(struct umig_step *step, const struct umig_blob *blob)
{
    const uintptr_t sp = step->regs.sp + UMIG_X64_KEPT_WORDS * UMIG_X64_WORD;
    const uintptr_t end = sp + (uintptr_t)(uint32_t)blob->frame_words * UMIG_X64_WORD;
    return umig_x64_is_above(step, end, 0) &&
           umig_x64_is_return_to(step, umig_x64_word(end, -1), end) &&
           umig_x64_compares_arrays(step->regs.pc, blob->code) &&
           pop_fitting_frame(step, sp, blob->frame_words);
}

/*
 * C2 searches short strings in a copy of them below the frame, on top of which it keeps the sp it
 * had (C2_MacroAssembler::string_indexof).
 */
static bool pop_below_copy(struct umig_step *step, int32_t words)
{
    const uintptr_t kept = umig_x64_word(step->regs.sp, 0);
    return kept > step->regs.sp && kept - step->regs.sp <= COPIED_WORDS_MAX * UMIG_X64_WORD &&
           umig_x64_is_above(step, kept, 0) && pop_fitting_frame(step, kept, words);
}

static bool pop_interrupted_nmethod(struct umig_step *step, const struct umig_blob *blob)
{
    const uintptr_t pc = step->regs.pc;
    const uintptr_t sp = step->regs.sp;
    if (blob->frame_words <= 0 || is_epilogue(pc) ||
        (blob->kind == UMIG_BLOB_NATIVE && is_wrapper_exit(pc))) {
        return umig_x64_pop_return(step);
    }
    if (umig_hs_u8(pc, 0) == 0x5d &&
        umig_x64_is_return_to(step, umig_x64_word(sp, 1), sp + 2 * UMIG_X64_WORD)) { /* pop rbp */
        return umig_x64_pop_saved_fp(step);
    }
    if (blob->frame_complete >= 0 && pc - blob->code < (uintptr_t)blob->frame_complete &&
        pop_prologue(step, blob)) {
        return true;
    }
    return pop_told_frame(step, blob->frame_words) || pop_kept_frame(step, blob) ||
           pop_fitting_frame(step, sp, blob->frame_words) ||
           pop_below_copy(step, blob->frame_words) || pop_pushed_frame(step, blob->frame_words) ||
           umig_x64_pop_frame(step, blob->frame_words);
}

/* The caller of a frame of so many words, if it fits. fp is believed to be unchanged yet. */
static bool pop_words_if_fits(struct umig_step *step, int32_t words)
{
    const uintptr_t sp = step->regs.sp + (uintptr_t)(uint32_t)words * UMIG_X64_WORD;
    return umig_x64_is_above(step, sp, 0) &&
           umig_x64_move_if_fits(step, umig_x64_word(sp, -1), sp, step->regs.fp);
}

bool umig_x64_leave_jit_stub(struct umig_step *step, const struct umig_blob *blob)
{
    if (blob->frame_words < 2 || blob->frame_words > JIT_STUB_WORDS_MAX ||
        blob->frame_complete >= 0) {
        return false;
    }
    const struct umig_regs *regs = &step->regs;
    const enum built built = built_so_far(regs->pc, blob->code);
    if (built == BUILT_SAVED_FP) {
        return umig_x64_pop_saved_fp(step);
    }
    const bool is_before = built == BUILT_NOTHING && regs->pc - blob->code <= PROLOGUE_BYTES;
    return (!is_before && pop_words_if_fits(step, blob->frame_words)) ||
           umig_x64_move_if_fits(step, regs->thrower, regs->sp, regs->fp) ||
           umig_x64_pop_return(step);
}

/* A frame that was deoptimised returns to a handler; where it stood is kept in the frame. */
static uintptr_t standing_pc(const struct umig_step *step, const struct umig_blob *blob)
{
    const struct umig_hotspot *hs = step->hotspot;
    if (step->is_leaf || !hs->can_walk || blob->kind != UMIG_BLOB_NMETHOD ||
        !umig_hs_is_deopt_pc(hs, blob->at, step->regs.pc)) {
        return step->regs.pc;
    }
    return umig_hs_ptr(step->regs.sp, umig_hs_i32(blob->at, hs->nmethod_orig_pc));
}

/*
 * In enterSpecial, or in the wrapper by which a virtual thread yields: once its frames are frozen
 * it takes the entry's sp, and returns to whoever entered, its own frame gone (SharedRuntime,
 * gen_continuation_yield: mov rsp, [r15 + cont_entry]; ...; pop rbp; ret).
 */
static bool is_at_entry(const struct umig_step *step, const struct umig_blob *blob)
{
    return step->is_leaf && blob->kind == UMIG_BLOB_NATIVE && step->continuation.entry != 0 &&
           step->regs.sp >= step->continuation.entry;
}

/* What is left is the frame of enterSpecial: it is the carrier that goes on. */
static bool leave_entered(struct umig_step *step, struct umig_step_left *left)
{
    const uintptr_t entry = step->continuation.entry;
    const uintptr_t up =
        entry + (uintptr_t)(uint32_t)step->continuation.enter_words * UMIG_X64_WORD;
    if (step->continuation.enter_words < 2 || !umig_x64_is_above(step, up, 0)) {
        return false;
    }
    left->method = step->hotspot->enter_special;
    left->bci = UMIG_BCI_NATIVE;
    step->continuation.entry = 0;
    return umig_x64_move_if_fits(step, umig_x64_word(up, -1), up, umig_x64_word(up, -2));
}

bool umig_x64_leave_compiled(struct umig_step *step, struct umig_step_left *left)
{
    const struct umig_blob *blob = &left->blob;
    if (is_at_entry(step, blob)) {
        return leave_entered(step, left);
    }
    struct umig_x64_barrier_stub stub;
    left->pc = standing_pc(step, blob);
    if (!step->is_exact_pc && blob->kind == UMIG_BLOB_NMETHOD &&
        umig_x64_find_barrier_stub(blob, step->regs.pc, &stub)) {
        /* Whoever came here from a call out of it has gone over what is saved (moves.c). */
        const uint32_t saved = step->is_leaf ? stub.saved_words : 0;
        left->pc = stub.continuation;
        return umig_x64_pop_frame(step, blob->frame_words + (int32_t)saved);
    }
    if (blob->kind == UMIG_BLOB_NATIVE) {
        const uintptr_t method = umig_hs_ptr(blob->at, step->hotspot->nmethod_method);
        left->method = umig_names_is_method(step->hotspot, method) ? method : 0;
        left->bci = UMIG_BCI_NATIVE;
    }
    return step->is_leaf ? pop_interrupted_nmethod(step, blob)
                         : umig_x64_pop_frame(step, blob->frame_words);
}
