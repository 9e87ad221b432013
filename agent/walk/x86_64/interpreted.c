#include "agent/walk/x86_64/interpreted.h"

#include "agent/signal/sigsafe_only.h"
#include "agent/walk/names.h"
#include "agent/walk/x86_64/moves.h"

/* frame_x86.hpp: words of an interpreted frame, from its fp. */
enum {
    FP_RETURN = 1,
    FP_SENDER_SP = -1,
    FP_METHOD = -3,
    FP_BCP = -8,
    FP_FIXED_WORDS = 9, /* what is pushed below fp before the first bytecode */
    RETURN_BYTES = 64   /* where a return goes on, at most up to the next bytecode */
};

bool umig_x64_is_interpreted(const struct umig_hotspot *hotspot, uintptr_t fp)
{
    return umig_names_is_method(hotspot, umig_x64_word(fp, FP_METHOD));
}

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
    if (!umig_x64_is_above(step, regs->fp, 2) || regs->fp - regs->sp < -FP_BCP * UMIG_X64_WORD) {
        return 0;
    }
    const uintptr_t method = umig_x64_word(regs->fp, FP_METHOD);
    return umig_names_is_method(step->hotspot, method) ? method : 0;
}

static bool pop_interpreted_frame(struct umig_step *step)
{
    const uintptr_t fp = step->regs.fp;
    const uintptr_t pc = umig_x64_word(fp, FP_RETURN);
    const uintptr_t sender = umig_x64_word(fp, FP_SENDER_SP);
    const uintptr_t above = fp + 2 * UMIG_X64_WORD;
    const bool is_sender = sender >= above && umig_x64_is_above(step, sender, 1);
    return umig_x64_is_code(step, pc) &&
           umig_x64_move(step, pc, is_sender ? sender : above, umig_x64_word(fp, 0));
}

static bool leave_standing(struct umig_step *step, struct umig_step_left *left)
{
    const uintptr_t method = framed_method(step);
    if (method == 0) {
        return false;
    }
    left->method = method;
    left->bci = is_without_bytecodes(step, method)
                    ? UMIG_BCI_NATIVE
                    : bci_of(step, method, umig_x64_word(step->regs.fp, FP_BCP));
    return pop_interpreted_frame(step);
}

/* "push rbp; mov rbp, rsp" is done, and some of what lies below fp is pushed. */
static bool leave_half_built(struct umig_step *step, struct umig_step_left *left)
{
    const struct umig_regs *regs = &step->regs;
    if (!umig_x64_is_above(step, regs->fp, 2) ||
        regs->fp - regs->sp > FP_FIXED_WORDS * UMIG_X64_WORD ||
        !umig_x64_is_return(step, umig_x64_word(regs->fp, FP_RETURN))) {
        return false;
    }
    const uintptr_t pushed = (regs->fp - regs->sp) / UMIG_X64_WORD;
    const uintptr_t method =
        pushed >= -FP_METHOD ? umig_x64_word(regs->fp, FP_METHOD) : regs->method;
    const uintptr_t sender = pushed >= 1 ? umig_x64_word(regs->fp, FP_SENDER_SP) : regs->sender_sp;
    const uintptr_t above = regs->fp + 2 * UMIG_X64_WORD;
    left->method = umig_names_is_method(step->hotspot, method) ? method : 0;
    left->bci = 0;
    return umig_x64_move(step, umig_x64_word(regs->fp, FP_RETURN),
                         sender >= above && umig_x64_is_above(step, sender, 1) ? sender : above,
                         umig_x64_word(regs->fp, 0));
}

/* The frame is gone: rbx is the caller's sp, the return address in r13, or still on top. */
static bool leave_ended(struct umig_step *step)
{
    const struct umig_regs *regs = &step->regs;
    const uintptr_t on_top = umig_x64_word(regs->sp, 0);
    if (!umig_x64_is_above(step, regs->method, 1)) {
        return false;
    }
    if (umig_x64_is_return_to(step, regs->sender_sp, regs->method)) {
        return umig_x64_move(step, regs->sender_sp, regs->method, regs->fp);
    }
    return umig_x64_is_return_to(step, on_top, regs->method) && regs->method > regs->sp &&
           umig_x64_move(step, on_top, regs->method, regs->fp);
}

/* At the entry locals are pushed below the arguments: the return address waits in rax meanwhile. */
static bool leave_making_room(struct umig_step *step, struct umig_step_left *left)
{
    const struct umig_regs *regs = &step->regs;
    if (!umig_x64_is_return(step, regs->result) || !umig_x64_is_above(step, regs->sender_sp, 1) ||
        !umig_names_is_method(step->hotspot, regs->method)) {
        return false;
    }
    left->method = regs->method;
    left->bci = 0;
    return umig_x64_move(step, regs->result, regs->sender_sp, regs->fp);
}

/* Whoever calls the interpreter says in r13 where the caller's frame begins. */
static bool has_sender(const struct umig_step *step)
{
    return step->regs.sender_sp > step->regs.sp && umig_x64_is_above(step, step->regs.sender_sp, 1);
}

/*
 * Return address on top and a Method* in rbx: so it is at the entry. So it is, too, where the frame
 * at fp runs, and
 * - invokeinterface looks through the receiver's tables for another method than that: it uses r13
 *   to search, and that is no sender's sp below the frame then;
 * - a compiled method has just returned: what it had is left in rbx, and maybe in r13, and the word
 *   by which its arguments were aligned is the address where the interpreter goes on.
 */
static bool is_at_entry(const struct umig_step *step, uintptr_t framed)
{
    const uintptr_t on_top = umig_x64_word(step->regs.sp, 0);
    const bool has_returned = step->regs.pc - on_top < RETURN_BYTES;
    return umig_x64_is_return(step, on_top) &&
           umig_names_is_method(step->hotspot, step->regs.method) &&
           (framed == 0 || (has_sender(step) && step->regs.sender_sp <= step->regs.fp)) &&
           !has_returned;
}

static bool pop_return_at_entry(struct umig_step *step)
{
    return umig_x64_move(step, umig_x64_word(step->regs.sp, 0),
                         has_sender(step) ? step->regs.sender_sp : step->regs.sp + UMIG_X64_WORD,
                         step->regs.fp);
}

static bool leave_interrupted(struct umig_step *step, struct umig_step_left *left)
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
        return leave_standing(step, left);
    }
    if (is_at_entry(step, method)) {
        left->method = step->regs.method;
        left->bci = 0;
        return pop_return_at_entry(step);
    }
    return leave_making_room(step, left) || leave_ended(step) || leave_standing(step, left) ||
           umig_x64_pop_return(step) || umig_x64_pop_saved_fp(step);
}

bool umig_x64_leave_interpreted(struct umig_step *step, struct umig_step_left *left)
{
    return step->is_leaf ? leave_interrupted(step, left) : leave_standing(step, left);
}
