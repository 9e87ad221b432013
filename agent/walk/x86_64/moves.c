#include "agent/walk/x86_64/moves.h"

#include "agent/signal/sigsafe_only.h"
#include "agent/walk/x86_64/barrier_stubs.h"
#include "agent/walk/x86_64/interpreted.h"
#include "agent/walk/x86_64/pushed.h"

/* "call reg" or "call [...]" that begins so many bytes before the pc? Opcode ff, operation 2. */
static bool is_indirect_call(uintptr_t pc, int32_t back)
{
    return umig_hs_u8(pc, -back) == 0xff && (umig_hs_u8(pc, 1 - back) & 0x38) == 0x10;
}

/* Is there a call instruction right before this return address? Where there is code, see below. */
static bool follows_call(uintptr_t pc)
{
    return umig_hs_u8(pc, -5) == 0xe8 || is_indirect_call(pc, 2) || is_indirect_call(pc, 3) ||
           is_indirect_call(pc, 4) || is_indirect_call(pc, 6) || is_indirect_call(pc, 7);
}

/* A frame that is deoptimised while it has called returns to a handler, which no call precedes. */
static bool is_deoptimised(const struct umig_step *step, const struct umig_blob *blob, uintptr_t pc)
{
    return blob->kind == UMIG_BLOB_NMETHOD && step->hotspot->can_walk &&
           umig_hs_is_deopt_pc(step->hotspot, blob->at, pc);
}

/* The return barrier, which no call precedes either, where the outermost thawed frame is left? */
static bool is_barrier(const struct umig_step *step, const struct umig_blob *blob, uintptr_t sp)
{
    return blob->kind == UMIG_BLOB_CONTINUATION &&
           umig_continuation_is_bottom(&step->continuation, sp);
}

/*
 * A word may look like an address in the code cache and lead to memory that no code was put in yet,
 * which cannot be read: what has a blob can.
 */
static bool is_return_into(const struct umig_step *step, const struct umig_blob *blob, uintptr_t pc)
{
    return blob->kind != UMIG_BLOB_NONE && (follows_call(pc) || is_deoptimised(step, blob, pc));
}

bool umig_x64_is_return(const struct umig_step *step, uintptr_t pc)
{
    const struct umig_blob blob = umig_codecache_find(step->hotspot, pc);
    return blob.kind == UMIG_BLOB_INTERPRETER || is_return_into(step, &blob, pc);
}

bool umig_x64_is_return_to(const struct umig_step *step, uintptr_t pc, uintptr_t sp)
{
    const struct umig_blob blob = umig_codecache_find(step->hotspot, pc);
    return is_barrier(step, &blob, sp) || umig_x64_is_return(step, pc);
}

/*
 * Where the caller's frame begins, when its call returns to pc with this sp: above what it pushed
 * for the call, and pops behind it.
 */
static uintptr_t over_arguments(uintptr_t pc, uintptr_t sp)
{
    return sp + (uintptr_t)(uint32_t)umig_x64_pushed_words(pc) * UMIG_X64_WORD;
}

/* Where the caller's frame begins above what it pushed or saved for its call. */
static uintptr_t frame_above(const struct umig_step *step,
                             const struct umig_blob *caller,
                             uintptr_t pc,
                             uintptr_t sp)
{
    struct umig_x64_barrier_stub stub;
    const bool is_called_out = !umig_x64_is_code(step, step->regs.pc);
    if (is_called_out && caller->kind == UMIG_BLOB_NMETHOD &&
        umig_x64_find_barrier_stub(caller, pc, &stub)) {
        return sp + stub.saved_words * UMIG_X64_WORD;
    }
    return over_arguments(pc, sp);
}

/* Is pc a return address, and is there a frame of its code at sp, or above what it pushed? */
static bool fits(const struct umig_step *step, uintptr_t pc, uintptr_t *sp, uintptr_t fp)
{
    const struct umig_blob blob = umig_codecache_find(step->hotspot, pc);
    if (blob.kind == UMIG_BLOB_INTERPRETER) {
        return umig_x64_is_above(step, fp, 2) && fp >= *sp &&
               umig_x64_is_interpreted(step->hotspot, fp);
    }
    if (is_barrier(step, &blob, *sp)) {
        return true;
    }
    if (!is_return_into(step, &blob, pc)) {
        return false;
    }
    *sp = frame_above(step, &blob, pc, *sp);
    if ((blob.kind != UMIG_BLOB_NMETHOD && blob.kind != UMIG_BLOB_NATIVE) || blob.frame_words < 2 ||
        blob.frame_words > UMIG_X64_FRAME_WORDS_MAX) {
        return true;
    }
    const uintptr_t end = *sp + (uintptr_t)(uint32_t)blob.frame_words * UMIG_X64_WORD;
    return umig_x64_is_above(step, end, 0) &&
           umig_x64_is_return_to(step, umig_x64_word(end, -1), end);
}

bool umig_x64_move_if_fits(struct umig_step *step, uintptr_t pc, uintptr_t sp, uintptr_t fp)
{
    return fits(step, pc, &sp, fp) && umig_x64_move(step, pc, sp, fp);
}

/* Of "mov reg, imm64; call reg", by which code calls what is far away; 0 if it is not that. */
static uintptr_t target_loaded(uintptr_t pc)
{
    enum {
        MOVE_BYTES = 10
    };
    const uint8_t call = umig_hs_u8(pc, -1);
    const bool is_prefixed = umig_hs_u8(pc, -3) == 0x41;
    const int32_t move = (is_prefixed ? -3 : -2) - MOVE_BYTES;
    const bool is_pair = umig_hs_u8(pc, -2) == 0xff && (call & 0xf8) == 0xd0 &&
                         umig_hs_u8(pc, move) == (is_prefixed ? 0x49 : 0x48) &&
                         umig_hs_u8(pc, move + 1) == (0xb8 | (call & 7));
    return is_pair ? umig_hs_ptr(pc, move + 2) : 0;
}

uintptr_t umig_x64_call_target(uintptr_t pc)
{
    const uintptr_t loaded = target_loaded(pc);
    if (loaded != 0) {
        return loaded;
    }
    return umig_hs_u8(pc, -5) == 0xe8 ? pc + (uintptr_t)(intptr_t)umig_hs_i32(pc, -4) : 0;
}

bool umig_x64_called_here(const struct umig_step *step, uintptr_t pc)
{
    const struct umig_blob caller = umig_codecache_find(step->hotspot, pc);
    if (caller.kind == UMIG_BLOB_NONE || !follows_call(pc)) {
        return false;
    }
    const uintptr_t target = umig_x64_call_target(pc);
    if (target == 0) {
        return true;
    }
    return umig_codecache_find(step->hotspot, target).at ==
           umig_codecache_find(step->hotspot, step->regs.pc).at;
}

bool umig_x64_pop_return(struct umig_step *step)
{
    const uintptr_t sp = step->regs.sp;
    return umig_x64_move_if_fits(step, umig_x64_word(sp, 0), sp + UMIG_X64_WORD, step->regs.fp);
}

bool umig_x64_pop_saved_fp(struct umig_step *step)
{
    const uintptr_t sp = step->regs.sp;
    return umig_x64_move_if_fits(step, umig_x64_word(sp, 1), sp + 2 * UMIG_X64_WORD,
                                 umig_x64_word(sp, 0));
}

bool umig_x64_pop_by_fp(struct umig_step *step)
{
    const uintptr_t fp = step->regs.fp;
    return umig_x64_is_above(step, fp, 2) &&
           umig_x64_move_if_fits(step, umig_x64_word(fp, 1), fp + 2 * UMIG_X64_WORD,
                                 umig_x64_word(fp, 0));
}

static bool pop_frame(struct umig_step *step, int32_t words, bool is_fp_saved)
{
    if (words < 1 || words > UMIG_X64_FRAME_WORDS_MAX) {
        return false;
    }
    const uintptr_t sp = step->regs.sp + (uintptr_t)(uint32_t)words * UMIG_X64_WORD;
    if (!umig_x64_is_above(step, sp, 0)) {
        return false;
    }
    const uintptr_t pc = umig_x64_word(sp, -1);
    const uintptr_t fp = is_fp_saved && words > 1 ? umig_x64_word(sp, -2) : step->regs.fp;
    return umig_x64_is_code(step, pc) && umig_x64_move(step, pc, over_arguments(pc, sp), fp);
}

bool umig_x64_pop_frame(struct umig_step *step, int32_t words)
{
    return pop_frame(step, words, true);
}

bool umig_x64_pop_frame_keeping_fp(struct umig_step *step, int32_t words)
{
    return pop_frame(step, words, false);
}

/* A function of the JVM begins with "push rbp": below the return address is what Java had there. */
static bool move_out_of_jvm(struct umig_step *step, uintptr_t pc, uintptr_t at)
{
    return at > step->regs.sp && !umig_x64_is_code(step, step->regs.pc) &&
           umig_x64_is_libjvm(step, umig_x64_call_target(pc)) &&
           umig_x64_move_if_fits(step, pc, at + UMIG_X64_WORD, umig_x64_word(at, -1));
}

bool umig_x64_pop_by_scan(struct umig_step *step, int32_t words, enum umig_x64_call call)
{
    for (int32_t i = 0; i < words; i++) {
        const uintptr_t at = step->regs.sp + (uintptr_t)i * UMIG_X64_WORD;
        if (!umig_x64_is_above(step, at, 1)) {
            return false;
        }
        const uintptr_t pc = umig_x64_word(at, 0);
        if (call != UMIG_X64_ANY_CALL && !umig_x64_called_here(step, pc)) {
            continue;
        }
        const bool is_certain = call != UMIG_X64_CALL_SAID_TO_HERE || umig_x64_call_target(pc) != 0;
        if (is_certain && ((call != UMIG_X64_ANY_CALL && move_out_of_jvm(step, pc, at)) ||
                           umig_x64_move_if_fits(step, pc, at + UMIG_X64_WORD, step->regs.fp))) {
            return true;
        }
    }
    return false;
}
