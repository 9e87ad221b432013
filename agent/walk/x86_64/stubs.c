#include "agent/walk/x86_64/stubs.h"

#include "agent/signal/sigsafe_only.h"
#include "agent/walk/x86_64/compiled.h"
#include "agent/walk/x86_64/edges.h"
#include "agent/walk/x86_64/moves.h"

enum {
    STUB_SCAN_WORDS = 32,    /* of a stub that pushed registers without telling */
    SAVED_STATE_WORDS = 384, /* general and vector registers, saved by an adapter */
    ADAPTER_WORDS_MAX = 512, /* 255 arguments of two words, moved for another convention */
    ADAPTER_BYTES = 4096,    /* of instructions that store so many arguments */
    PROLOGUE_BYTES = 32,     /* of a stub, the bang of the stack included */
    SAVED_R13 = 2,           /* words: r15 and r14 are saved below it */
    SAVED_GENERAL = 16,      /* general registers */
    SAVED_ABOVE_MAX = 4,     /* what lies between these and the return address, at most */
};

/*
 * How much room a c2i adapter has made, by the instructions passed:
 *
 *      pop rax; [mov r13, rsp]; sub rsp, n; push rax        or mov [rsp], rax at last
 */
struct room {
    bool is_popped; /* the return address waits in rax */
    bool is_stored; /* it is back on top */
    uintptr_t sender_sp;
};

/* Length of "push rax" or "mov [rsp], rax"; 0 if it is neither. */
static uint32_t store_bytes(uintptr_t at)
{
    const bool is_move = umig_hs_u8(at, 0) == 0x48 && umig_hs_u8(at, 1) == 0x89 &&
                         umig_hs_u8(at, 2) == 0x04 && umig_hs_u8(at, 3) == 0x24;
    return is_move ? 4 : umig_hs_u8(at, 0) == 0x50 ? 1 : 0;
}

/* Does the adapter make room here, at its "pop rax"? What stands at the pc. */
static struct room read_room(uintptr_t pop, const struct umig_regs *regs)
{
    const bool is_moved = umig_hs_u8(pop, 1) == 0x4c && umig_hs_u8(pop, 2) == 0x8b &&
                          umig_hs_u8(pop, 3) == 0xec; /* mov r13, rsp */
    const uintptr_t sub = pop + (is_moved ? 4 : 1);
    const bool is_short = umig_hs_u8(sub, 1) == 0x83;
    const uintptr_t store = sub + (is_short ? 4 : 7);
    const uint32_t stored = store_bytes(store);
    const bool is_sub = umig_hs_u8(sub, 0) == 0x48 && (is_short || umig_hs_u8(sub, 1) == 0x81) &&
                        umig_hs_u8(sub, 2) == 0xec;
    if (!is_sub || stored == 0) {
        return (struct room){0};
    }
    const uint32_t made = is_short ? umig_hs_u8(sub, 3) : umig_hs_u32(sub, 3);
    const bool is_stored = regs->pc >= store + stored;
    return (struct room){
        .is_popped = regs->pc > pop && !is_stored,
        .is_stored = is_stored,
        .sender_sp = regs->sp + (regs->pc >= store ? made : 0) +
                     (is_stored && stored == 1 ? UMIG_X64_WORD : 0),
    };
}

/* The room made before the pc; none of it where the pc is before, or in an i2c adapter. */
static struct room find_room(const struct umig_step *step, uintptr_t code)
{
    const uintptr_t pc = step->regs.pc;
    for (uintptr_t at = pc - 1; at >= code && pc - at <= ADAPTER_BYTES; at--) {
        if (umig_hs_u8(at, 0) == 0x58) {
            const struct room room = read_room(at, &step->regs);
            if (room.is_popped || room.is_stored) {
                return room;
            }
        }
    }
    return (struct room){0};
}

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

/* Behind a call of the JVM: [vzeroupper]; fxrstor [rsp]; add rsp, n. That n; 0 if it is not that.
 */
static uint32_t saved_vectors(uintptr_t pc)
{
    const uintptr_t at = pc + (umig_hs_u8(pc, 0) == 0xc5 ? 3 : 0);
    const bool is_restore = umig_hs_u32(at, 0) == 0x0cae0f48 && umig_hs_u8(at, 4) == 0x24 &&
                            umig_hs_u8(at, 5) == 0x48 && umig_hs_u8(at, 6) == 0x81 &&
                            umig_hs_u8(at, 7) == 0xc4;
    return is_restore ? umig_hs_u32(at, 8) : 0;
}

/*
 * An adapter that calls the JVM saves all registers first, r13 among them, which it had lead to its
 * return address:
 *
 *      sp-> vector registers, n bytes
 *           general registers, from r15 up to rax
 *           flags, alignment
 *     r13-> return address
 */
static bool pop_saved_sender(struct umig_step *step)
{
    const uint32_t vectors = step->is_leaf ? 0 : saved_vectors(step->regs.pc);
    const uintptr_t general = step->regs.sp + vectors;
    const uintptr_t end = general + SAVED_GENERAL * UMIG_X64_WORD;
    if (vectors == 0 || !umig_x64_is_above(step, general, SAVED_GENERAL)) {
        return false;
    }
    const uintptr_t at = umig_x64_word(general, SAVED_R13);
    return at >= end && at - end <= SAVED_ABOVE_MAX * UMIG_X64_WORD &&
           umig_x64_is_above(step, at, 1) &&
           umig_x64_move_if_fits(step, umig_x64_word(at, 0), at + UMIG_X64_WORD, step->regs.fp);
}

/*
 * Which call led to an adapter cannot be told: the caller's own stub, a dispatch stub or a call
 * that is being repaired lies between.
 */
static bool pop_saved_state(struct umig_step *step)
{
    return pop_saved_sender(step) ||
           umig_x64_pop_by_scan(step, SAVED_STATE_WORDS, UMIG_X64_ANY_CALL);
}

bool umig_x64_leave_frameless(struct umig_step *step, const struct umig_blob *blob)
{
    if (step->is_leaf) {
        const struct umig_regs *regs = &step->regs;
        const struct room room = find_room(step, blob->code);
        if (room.is_popped || room.is_stored) {
            const uintptr_t pc = room.is_popped ? regs->result : umig_x64_word(regs->sp, 0);
            return umig_x64_is_above(step, room.sender_sp, 1) &&
                   umig_x64_move_if_fits(step, pc, room.sender_sp, regs->fp);
        }
    }
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

/* Is "push rbp; mov rbp, rsp" done, as stubs begin that save all registers? */
static bool has_frame_pointer(const struct umig_blob *blob, uintptr_t pc)
{
    for (uintptr_t at = blob->code; at < blob->code + PROLOGUE_BYTES && at + 4 <= pc; at++) {
        if (umig_hs_u32(at, 0) == 0xec8b4855) {
            return true;
        }
    }
    return false;
}

/*
 * A stub of known size restores registers piece by piece before it returns or jumps on: meanwhile
 * rbp still leads to the end of its frame, until the "pop rbp" right before the jump.
 */
static bool leave_interrupted_described(struct umig_step *step, const struct umig_blob *blob)
{
    const struct umig_regs *regs = &step->regs;
    if (blob->frame_words <= 1 || !has_frame_pointer(blob, regs->pc)) {
        return false;
    }
    const uint8_t next = umig_hs_u8(regs->pc, 0);
    const bool is_end = umig_hs_u8(regs->pc, -1) == 0x5d && (next == 0xc3 || next == 0xff);
    if (is_end && umig_x64_pop_return(step)) {
        return true;
    }
    return regs->fp >= regs->sp &&
           regs->fp - regs->sp < (uintptr_t)(uint32_t)blob->frame_words * UMIG_X64_WORD &&
           umig_x64_pop_by_fp(step);
}

/*
 * A stub that the JVM is called from with the stack as it was entered: the return address of who
 * called the method that threw. A word is put below it for alignment, and taken away behind the
 * call (MacroAssembler::call_VM_leaf_base: add rsp, 8; jmp).
 */
static bool pop_aligned_return(struct umig_step *step)
{
    const uint32_t add = 0x08c48348;
    const uintptr_t pc = step->regs.pc;
    const uint8_t jump = umig_hs_u8(pc, 4);
    const bool is_aligned = umig_hs_u32(pc, 0) == add && (jump == 0xe9 || jump == 0xeb);
    const uintptr_t at = step->regs.sp + (is_aligned ? UMIG_X64_WORD : 0);
    return umig_x64_is_above(step, at, 1) &&
           umig_x64_move_if_fits(step, umig_x64_word(at, 0), at + UMIG_X64_WORD, step->regs.fp);
}

/*
 * The thawed frames are there and the stub returns to them: their sp, above a saved fp and a return
 * address, is what the JVM has returned, and in rbx then
 * (StubGenerator::generate_cont_thaw: mov rbx, rax; ...; mov rsp, rbx; sub rsp, 16; pop rbp; ret).
 */
static bool leave_thawed(struct umig_step *step, uintptr_t thawed)
{
    return thawed <= step->continuation.entry && umig_x64_is_above(step, thawed, 1) &&
           umig_x64_move_if_fits(step, umig_x64_word(thawed, -1), thawed,
                                 umig_x64_word(thawed, -2));
}

static bool leave_interrupted_thaw(struct umig_step *step)
{
    return leave_thawed(step, step->regs.method) || leave_thawed(step, step->regs.result);
}

bool umig_x64_has_thawed(const struct umig_step *step)
{
    struct umig_step left = *step;
    return leave_interrupted_thaw(&left);
}

bool umig_x64_leave_stub(struct umig_step *step, const struct umig_blob *blob)
{
    const uintptr_t offset = step->regs.pc - blob->code;
    const bool is_complete =
        !step->is_leaf || (blob->frame_complete >= 0 && offset >= (uintptr_t)blob->frame_complete);
    if ((step->is_leaf &&
         ((blob->kind == UMIG_BLOB_CONTINUATION && leave_interrupted_thaw(step)) ||
          leave_interrupted_described(step, blob) || umig_x64_leave_called_by_jvm(step))) ||
        (blob->frame_words > 1 && is_complete && umig_x64_pop_frame(step, blob->frame_words))) {
        return true;
    }
    if (!step->is_leaf) {
        return pop_entry_barrier(step) || pop_stub_by_fp(step) || pop_aligned_return(step) ||
               umig_x64_pop_by_scan(step, STUB_SCAN_WORDS, UMIG_X64_CALL_TO_HERE);
    }
    return umig_x64_leave_jit_stub(step, blob) || pop_entry_barrier(step) || pop_stub_by_fp(step) ||
           umig_x64_pop_by_scan(step, STUB_SCAN_WORDS, UMIG_X64_CALL_SAID_TO_HERE) ||
           umig_x64_pop_return(step) ||
           umig_x64_pop_by_scan(step, STUB_SCAN_WORDS, UMIG_X64_CALL_TO_HERE) ||
           umig_x64_pop_saved_fp(step);
}
