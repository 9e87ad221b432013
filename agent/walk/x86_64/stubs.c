#include "agent/walk/x86_64/stubs.h"

#include "agent/signal/sigsafe_only.h"
#include "agent/walk/x86_64/compiled.h"
#include "agent/walk/x86_64/moves.h"

enum {
    STUB_SCAN_WORDS = 32,    /* of a stub that pushed registers without telling */
    SAVED_STATE_WORDS = 384, /* general and vector registers, saved by an adapter */
    ADAPTER_WORDS_MAX = 512, /* 255 arguments of two words, moved for another convention */
};

/*
 * Return address on top, where r13 may hold the sp the caller had before arguments were moved
 * about. It holds it only in a part of the code, so the caller's frame decides.
 */
static bool pop_return_to_sender(struct umig_step *step)
{
    const uintptr_t pc = umig_x64_word(step->regs.sp, 0);
    const uintptr_t sp = step->regs.sp + UMIG_X64_WORD;
    const uintptr_t sender = step->regs.sender_sp;
    if (umig_x64_move_if_fits(step, pc, sp, step->regs.fp)) {
        return true;
    }
    return sender > sp && sender - sp <= ADAPTER_WORDS_MAX * UMIG_X64_WORD &&
           umig_x64_is_above(step, sender, 1) &&
           umig_x64_move_if_fits(step, pc, sender, step->regs.fp);
}

/* While an adapter aligns the stack, or makes room, the return address waits in rax. */
static bool leave_interrupted_adapter(struct umig_step *step)
{
    const struct umig_regs *regs = &step->regs;
    return pop_return_to_sender(step) ||
           umig_x64_move_if_fits(step, regs->result, regs->sp, regs->fp) ||
           (umig_x64_is_above(step, regs->sender_sp, 1) &&
            umig_x64_move_if_fits(step, regs->result, regs->sender_sp, regs->fp));
}

/*
 * An adapter that calls the JVM saves all registers first; which call led to it cannot be told: the
 * caller's own stub, a dispatch stub or a call that is being repaired lies between.
 */
static bool pop_saved_state(struct umig_step *step)
{
    return umig_x64_pop_by_scan(step, SAVED_STATE_WORDS, UMIG_X64_ANY_CALL);
}

bool umig_x64_leave_frameless(struct umig_step *step)
{
    return (step->is_leaf && leave_interrupted_adapter(step)) || pop_saved_state(step);
}

/*
 * The stub that lets the JVM look at a method before its body runs: pushes -1, which the JVM may
 * replace, then makes a frame (StubGenerator::generate_method_entry_barrier).
 */
static bool pop_entry_barrier(struct umig_step *step)
{
    const uintptr_t fp = step->regs.fp;
    if (!umig_x64_is_above(step, fp, 3) || umig_x64_word(fp, 1) != UINTPTR_MAX) {
        return false;
    }
    const uintptr_t pc = umig_x64_word(fp, 2);
    return umig_x64_is_code(step, pc) &&
           umig_x64_move(step, pc, fp + 3 * UMIG_X64_WORD, umig_x64_word(fp, 0));
}

/* rbp as the stub's frame pointer, unless it is what Java had there. */
static bool pop_stub_by_fp(struct umig_step *step)
{
    return umig_x64_is_above(step, step->regs.fp, 2) &&
           umig_x64_called_here(step, umig_x64_word(step->regs.fp, 1)) && umig_x64_pop_by_fp(step);
}

bool umig_x64_leave_stub(struct umig_step *step, const struct umig_blob *blob)
{
    const uintptr_t offset = step->regs.pc - blob->code;
    const bool is_complete =
        !step->is_leaf || (blob->frame_complete >= 0 && offset >= (uintptr_t)blob->frame_complete);
    if (blob->frame_words > 1 && is_complete && umig_x64_pop_frame(step, blob->frame_words)) {
        return true;
    }
    if (!step->is_leaf) {
        return pop_entry_barrier(step) || pop_stub_by_fp(step) ||
               umig_x64_pop_by_scan(step, STUB_SCAN_WORDS, UMIG_X64_CALL_TO_HERE);
    }
    return umig_x64_leave_jit_stub(step, blob) || pop_entry_barrier(step) || pop_stub_by_fp(step) ||
           umig_x64_pop_by_scan(step, STUB_SCAN_WORDS, UMIG_X64_CALL_TO_HERE) ||
           umig_x64_pop_return(step) || umig_x64_pop_saved_fp(step);
}
