#include "agent/walk/x86_64/edges.h"

#include "agent/signal/sigsafe_only.h"
#include "agent/walk/x86_64/moves.h"

enum {
    NATIVE_SCAN_WORDS = 384,  /* of a library's frames below Java's */
    SIGNAL_SCAN_WORDS = 4096, /* of a handler's frames below the kernel's */
    NATIVE_FRAMES_MAX = 64,   /* between a call out of Java and the pc */
    CALL_STUB_BYTES = 176,    /* to either side of its call: at least its length */
    ENTRY_ARGUMENTS = 2,      /* word of the entry frame, from fp: how many arguments were pushed */
    ENTRY_WORDS = 12,         /* of the entry frame, below its fp, without arguments */
    UPCALL_THREAD = 3,      /* word of the upcall stub's FrameData; its anchor is the first three */
    UPCALL_WORDS_MAX = 512, /* of the upcall stub's frame: arguments and all registers, saved */
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

/*
 * Is sp in the entry frame that fp leads to? The words of its own and the arguments are all that it
 * can have below fp, and a return address: what has more is another stub's frame, whose rbp is the
 * call stub's yet.
 */
static bool is_sp_in_entry(const struct umig_step *step)
{
    const uintptr_t arguments = umig_hs_u32(step->regs.fp, ENTRY_ARGUMENTS * UMIG_X64_WORD);
    return (step->regs.fp - step->regs.sp) / UMIG_X64_WORD <= ENTRY_WORDS + 1 + arguments;
}

/* Its length is not described; the stubs beside it run in its frame, or leave it at once. */
static bool is_call_stub(const struct umig_step *step)
{
    const uintptr_t back = *step->hotspot->call_stub_return;
    const uintptr_t pc = step->regs.pc;
    return pc == back || (step->is_leaf && pc + CALL_STUB_BYTES > back &&
                          pc < back + CALL_STUB_BYTES && is_sp_in_entry(step));
}

/* Could this be an anchor of frames above fp, or an empty one? */
static bool is_anchor(const struct umig_step *step, uintptr_t anchor)
{
    const struct umig_hotspot *hs = step->hotspot;
    const uintptr_t sp = umig_hs_ptr(anchor, hs->anchor_sp);
    const uintptr_t pc = umig_hs_ptr(anchor, hs->anchor_pc);
    return sp == 0 ? pc == 0
                   : sp > step->regs.fp && umig_x64_is_above(step, sp, 1) &&
                         (pc == 0 || umig_x64_is_code(step, pc));
}

/* The anchor in a JavaCallWrapper, if this is one of the thread, its first member; else 0. */
static uintptr_t anchor_of_wrapper(const struct umig_step *step, uintptr_t wrapper)
{
    return umig_x64_is_above(step, wrapper, 1) && umig_x64_word(wrapper, 0) == step->thread
               ? wrapper + (uintptr_t)step->hotspot->wrapper_anchor
               : 0;
}

/*
 * The same while the call stub has no frame yet, or no more: its first argument leads to the
 * wrapper; at its "ret" the frame that is gone lies below sp untouched, in what the ABI calls the
 * red zone.
 */
static uintptr_t anchor_beside_frame(const struct umig_step *step)
{
    const uintptr_t back = *step->hotspot->call_stub_return;
    const uintptr_t pc = step->regs.pc;
    uintptr_t anchor = 0;
    if (step->is_leaf && pc < back && pc + CALL_STUB_BYTES > back) {
        anchor = anchor_of_wrapper(step, step->regs.argument);
    } else if (step->is_leaf && pc > back && pc < back + CALL_STUB_BYTES &&
               umig_hs_u8(pc, 0) == 0xc3) {
        anchor = anchor_of_wrapper(
            step, umig_x64_word(step->regs.sp, step->hotspot->call_wrapper_word - 1));
    }
    return anchor != 0 && is_anchor(step, anchor) ? anchor : 0;
}

/* rbp may be the C++ caller's yet, in whose frame the thread is found, too: it is asked last. */
static uintptr_t anchor_of_call(const struct umig_step *step)
{
    const uintptr_t fp = step->regs.fp;
    const uintptr_t beside = anchor_beside_frame(step);
    if (beside != 0 || !umig_x64_is_above(step, fp, 4) || !is_call_stub(step)) {
        return beside;
    }
    return anchor_of_wrapper(step, umig_x64_word(fp, step->hotspot->call_wrapper_word));
}

/* The anchor in the upcall stub's frame: where in the frame is not described, but by whom. */
static uintptr_t anchor_of_upcall(const struct umig_step *step)
{
    const uintptr_t fp = step->regs.fp;
    if (!umig_x64_is_above(step, fp, 2)) {
        return 0;
    }
    uintptr_t words = (fp - step->regs.sp) / UMIG_X64_WORD;
    words = words < UPCALL_WORDS_MAX ? words : UPCALL_WORDS_MAX;
    for (uintptr_t i = UPCALL_THREAD; i < words; i++) {
        const uintptr_t anchor = step->regs.sp + (i - UPCALL_THREAD) * UMIG_X64_WORD;
        if (umig_x64_word(anchor, UPCALL_THREAD) == step->thread && is_anchor(step, anchor)) {
            return anchor;
        }
    }
    return 0;
}

uintptr_t umig_x64_anchor_before(const struct umig_step *step, enum umig_blob_kind kind)
{
    if (!step->hotspot->can_walk) {
        return 0;
    }
    return kind == UMIG_BLOB_STUB     ? anchor_of_call(step)
           : kind == UMIG_BLOB_UPCALL ? anchor_of_upcall(step)
                                      : 0;
}

/* Without its frame the call stub has its return address on top, and rbp is the caller's. */
struct umig_registers umig_x64_caller_of_entry(const struct umig_step *step,
                                               enum umig_blob_kind kind)
{
    const struct umig_regs *regs = &step->regs;
    struct umig_registers caller = {{0}};
    uint64_t *by_number = caller.by_number;
    if (kind == UMIG_BLOB_STUB && anchor_beside_frame(step) != 0) {
        by_number[UMIG_REGISTER_PC] = umig_x64_word(regs->sp, 0);
        by_number[UMIG_REGISTER_SP] = regs->sp + UMIG_X64_WORD;
        by_number[UMIG_REGISTER_BP] = regs->fp;
        return caller;
    }
    by_number[UMIG_REGISTER_PC] = umig_x64_word(regs->fp, 1);
    by_number[UMIG_REGISTER_SP] = regs->fp + 2 * UMIG_X64_WORD;
    by_number[UMIG_REGISTER_BP] = umig_x64_word(regs->fp, 0);
    if (kind == UMIG_BLOB_STUB) {
        const int32_t saved = step->hotspot->call_wrapper_word - 1;
        by_number[UMIG_REGISTER_BX] = umig_x64_word(regs->fp, saved);
        for (int32_t i = 0; i < 4; i++) {
            by_number[UMIG_REGISTER_R12 + i] = umig_x64_word(regs->fp, saved - 1 - i);
        }
    }
    return caller;
}

enum umig_step_result umig_x64_leave_entry(struct umig_step *step, uintptr_t anchor)
{
    if (umig_hs_ptr(anchor, step->hotspot->anchor_sp) == 0) {
        return UMIG_STEP_ROOT;
    }
    return take_anchor(step, anchor) ? UMIG_STEP_MOVED : UMIG_STEP_LOST;
}

/*
 * The JVM's own frames, each of which begins with the fp before it, to the return address of the
 * call out of Java. Only the JVM keeps frame pointers for certain. Another library that it calls
 * (the vDSO, the loader) may keep them, too, or leave rbp alone: then they lead to a call of the
 * JVM. But it is free to use rbp for anything else, or to leave in it what Java had there; so does
 * a handler's outermost frame with that of the code it interrupted.
 */
static bool pop_chain(struct umig_step *step)
{
    struct umig_step at = *step;
    bool is_jvm = umig_x64_is_libjvm(step, step->regs.pc);
    for (int i = 0; i < NATIVE_FRAMES_MAX && umig_x64_is_above(&at, at.regs.fp, 2); i++) {
        const uintptr_t fp = at.regs.fp;
        const uintptr_t pc = umig_x64_word(fp, 1);
        if (umig_x64_is_code(step, pc)) {
            *step = at;
            return umig_x64_called_here(step, pc) &&
                   (is_jvm || umig_x64_is_libjvm(step, umig_x64_call_target(pc))) &&
                   umig_x64_pop_by_fp(step);
        }
        is_jvm = is_jvm && umig_x64_is_libjvm(step, pc);
        if (umig_x64_word(fp, 0) <= fp) {
            return false;
        }
        at.regs.fp = umig_x64_word(fp, 0);
    }
    return false;
}

bool umig_x64_leave_called_by_jvm(struct umig_step *step)
{
    const struct umig_regs before = step->regs;
    const uintptr_t pc = umig_x64_word(before.sp, 0);
    if (!umig_x64_is_libjvm(step, pc)) {
        return false;
    }
    step->regs.pc = pc;
    step->regs.sp += UMIG_X64_WORD;
    const bool has_left = pop_chain(step);
    if (!has_left) {
        step->regs = before;
    }
    return has_left;
}

/*
 * The JVM's handlers of faults run on the thread's own stack, in state Java: for a page that polls
 * for safepoints, for what was null, for a stack that overflows. Below their frames the kernel has
 * left the interrupted registers, between the handler's return address and the signal's data (the
 * kernel's arch/x86/include/asm/sigframe.h: struct rt_sigframe).
 */
static bool leave_signal(struct umig_step *step)
{
    const uintptr_t handler_return = step->hotspot->signal_return;
    const uintptr_t room = (step->stack_high - step->regs.sp) / UMIG_X64_WORD;
    const uintptr_t words = room < SIGNAL_SCAN_WORDS ? room : SIGNAL_SCAN_WORDS;
    for (uintptr_t i = 0; handler_return != 0 && i < words; i++) {
        const uintptr_t frame = step->regs.sp + i * UMIG_X64_WORD;
        if (umig_x64_word(frame, 0) != handler_return ||
            !umig_x64_is_above(step, frame, 1 + sizeof(ucontext_t) / UMIG_X64_WORD)) {
            continue;
        }
        const struct umig_regs interrupted = umig_regs_read((const void *)(frame + UMIG_X64_WORD));
        if (umig_x64_is_code(step, interrupted.pc) && interrupted.sp > frame &&
            umig_x64_is_above(step, interrupted.sp, 1)) {
            step->regs = interrupted;
            return true;
        }
    }
    return false;
}

/* Code of the JVM or of a library that Java called without leaving Java. */
bool umig_x64_leave_native(struct umig_step *step, struct umig_step_left *left)
{
    const struct umig_regs before = step->regs;
    if ((umig_x64_called_here(step, umig_x64_word(before.sp, 0)) && umig_x64_pop_return(step)) ||
        pop_chain(step)) {
        return true;
    }
    step->regs = before;
    left->is_signal = leave_signal(step);
    return left->is_signal || umig_x64_pop_by_scan(step, NATIVE_SCAN_WORDS, UMIG_X64_CALL_TO_HERE);
}
