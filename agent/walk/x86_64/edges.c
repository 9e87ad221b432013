#include "agent/walk/x86_64/edges.h"

#include "agent/signal/sigsafe_only.h"
#include "agent/walk/x86_64/moves.h"

enum {
    NATIVE_SCAN_WORDS = 384, /* of a library's frames below Java's */
    NATIVE_FRAMES_MAX = 64,  /* between a call out of Java and the pc */
    CALL_STUB_BYTES = 176,   /* to either side of its call: at least its length */
};

bool umig_x64_is_on_stack(const struct umig_step *step)
{
    const uintptr_t size = umig_hs_ptr(step->thread, step->hotspot->thread_stack_size);
    return umig_x64_is_above(step, step->regs.sp, 1) && step->stack_high - step->regs.sp <= size;
}

static bool take_anchor(struct umig_step *step, uintptr_t anchor)
{
    const struct umig_hotspot *hs = step->hotspot;
    const uintptr_t sp = umig_hs_ptr(anchor, hs->anchor_sp);
    if (sp == 0 || !umig_x64_is_above(step, sp, 1)) {
        return false;
    }
    const uintptr_t known = umig_hs_ptr(anchor, hs->anchor_pc);
    const uintptr_t pc = known != 0 ? known : umig_x64_word(sp, -1);
    return umig_x64_is_code(step, pc) &&
           umig_x64_move(step, pc, sp, umig_hs_ptr(anchor, hs->anchor_fp));
}

bool umig_step_to_anchor(struct umig_step *step)
{
    const struct umig_hotspot *hs = step->hotspot;
    struct umig_step left = *step;
    left.regs.sp = step->stack_high - umig_hs_ptr(step->thread, hs->thread_stack_size);
    const bool has_left = take_anchor(&left, step->thread + (uintptr_t)hs->thread_anchor);
    if (has_left) {
        step->regs = left.regs;
    }
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
uintptr_t umig_x64_call_wrapper(const struct umig_step *step)
{
    const struct umig_hotspot *hs = step->hotspot;
    const uintptr_t fp = step->regs.fp;
    if (!hs->can_walk || !umig_x64_is_above(step, fp, 2) || !is_call_stub(step)) {
        return 0;
    }
    const uintptr_t wrapper = umig_x64_word(fp, hs->call_wrapper_word);
    /* Its first member is the thread. */
    return umig_x64_is_above(step, wrapper, 1) && umig_x64_word(wrapper, 0) == step->thread
               ? wrapper
               : 0;
}

enum umig_step_result umig_x64_leave_entry(struct umig_step *step, uintptr_t wrapper)
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
    for (int i = 0; i < NATIVE_FRAMES_MAX && umig_x64_is_above(&at, at.regs.fp, 2); i++) {
        const uintptr_t fp = at.regs.fp;
        if (umig_x64_is_code(step, umig_x64_word(fp, 1))) {
            *step = at;
            return umig_x64_called_here(step, umig_x64_word(fp, 1)) && umig_x64_pop_by_fp(step);
        }
        if (umig_x64_word(fp, 0) <= fp) {
            return false;
        }
        at.regs.fp = umig_x64_word(fp, 0);
    }
    return false;
}

/* Code of the JVM or of a library that Java called without leaving Java. */
bool umig_x64_leave_native(struct umig_step *step)
{
    const struct umig_regs before = step->regs;
    if ((umig_x64_called_here(step, umig_x64_word(before.sp, 0)) && umig_x64_pop_return(step)) ||
        pop_chain(step)) {
        return true;
    }
    step->regs = before;
    return umig_x64_pop_by_scan(step, NATIVE_SCAN_WORDS, UMIG_X64_CALL_TO_HERE);
}
