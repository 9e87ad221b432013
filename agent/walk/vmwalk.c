#include "agent/walk/vmwalk.h"

#include <string.h>

#include "agent/signal/sigsafe_only.h"
#include "agent/walk/continuation.h"
#include "agent/walk/kept.h"
#include "agent/walk/names.h"
#include "agent/walk/scopes.h"
#include "agent/walk/step.h"
#include "core/clock.h"

/* Interpreted and native methods that were verified; of compiled ones all that are inlined. */
static void add_left(const struct umig_hotspot *hs,
                     const struct umig_step_left *left,
                     struct umig_kept *kept)
{
    switch (left->blob.kind) {
    case UMIG_BLOB_NMETHOD:
        (void)umig_scopes_expand(hs, &left->blob, left->pc, kept);
        break;
    case UMIG_BLOB_INTERPRETER:
    case UMIG_BLOB_NATIVE:
        if (left->method != 0) {
            const bool is_native = left->bci == UMIG_BCI_NATIVE;
            umig_kept_add(kept,
                          &(struct umig_walk_frame){
                              .method = left->method,
                              .bci = left->bci,
                              .kind = is_native ? UMIG_FRAME_NATIVE_METHOD : UMIG_FRAME_INTERPRETED,
                          });
        }
        break;
    case UMIG_BLOB_FRAMELESS:
    case UMIG_BLOB_UPCALL:
    case UMIG_BLOB_CONTINUATION:
    case UMIG_BLOB_STUB:
    case UMIG_BLOB_NONE:
    default:
        break;
    }
}

/*
 * Native code has called Java here. Those beyond what can be described have their place, too:
 * nothing is missing there without a mark. The root is always described.
 */
static void add_crossing(const struct umig_step *step,
                         bool is_root,
                         struct umig_crossings *crossings,
                         struct umig_kept *kept)
{
    uint32_t number = 0;
    if (is_root || crossings->count < UMIG_CROSSINGS_MAX) {
        crossings->at[crossings->count] = (struct umig_crossing){
            .registers = crossings->caller,
            .java_sp = is_root ? step->stack_high : step->regs.sp,
            .is_root = is_root,
        };
        number = ++crossings->count;
    }
    crossings->caller.by_number[UMIG_REGISTER_PC] = 0;
    umig_kept_add(kept, &(struct umig_walk_frame){
                            .bci = (int32_t)number,
                            .kind = UMIG_FRAME_NATIVE,
                        });
}

static bool is_in_java(const struct umig_hotspot *hs, uintptr_t thread)
{
    const int32_t state = umig_hs_i32(thread, hs->thread_state);
    return state == hs->state_in_java || state == hs->state_in_java_trans;
}

/*
 * Where to begin: at the registers while the thread runs Java, else where it left Java. In Java it
 * may be out of generated code (a leaf call) with the anchor set already, or not.
 */
static enum umig_outcome begin(struct umig_step *step, const struct umig_walk_request *request)
{
    const struct umig_hotspot *hs = step->hotspot;
    const bool is_in_state_java = request->context != NULL && is_in_java(hs, step->thread);
    if (is_in_state_java && umig_codecache_contains(hs, step->regs.pc)) {
        return UMIG_OUTCOME_OK;
    }
    if (umig_step_to_anchor(step) || is_in_state_java) {
        return UMIG_OUTCOME_OK;
    }
    return UMIG_OUTCOME_NO_JAVA; /* it never entered Java, or has returned from all of it */
}

static enum umig_outcome cause_of_loss(const struct umig_step *step,
                                       const struct umig_step_left *left)
{
    if (left->blob.kind == UMIG_BLOB_NONE) {
        return step->is_leaf ? UMIG_OUTCOME_UNKNOWN_NOT_JAVA : UMIG_OUTCOME_UNKNOWN_JAVA;
    }
    const bool is_stub = left->blob.kind == UMIG_BLOB_STUB ||
                         left->blob.kind == UMIG_BLOB_CONTINUATION ||
                         left->blob.kind == UMIG_BLOB_UPCALL;
    return is_stub ? UMIG_OUTCOME_STUB : UMIG_OUTCOME_NOT_WALKABLE_JAVA;
}

/*
 * Does the stack of a virtual thread end at this position? Frames that are frozen are added, or the
 * mark that they could not be had. While the thread is thawed or frozen all its frames may be
 * frozen; if it has none at all the carrier is between two virtual threads, and goes on itself.
 */
static bool ends_continuation(struct umig_step *step, struct umig_kept *kept)
{
    struct umig_continuation *continuation = &step->continuation;
    const enum umig_continuation_place place = umig_continuation_place(step);
    const bool has_thawed = kept->seen > 0;
    if (place == UMIG_CONTINUATION_ELSEWHERE || (place == UMIG_CONTINUATION_THAW && has_thawed)) {
        return false;
    }
    if (place == UMIG_CONTINUATION_END && has_thawed) {
        return true;
    }
    if (place == UMIG_CONTINUATION_BARRIER &&
        umig_continuation_is_freezing(step->hotspot, continuation)) {
        kept->seen = continuation->called_at; /* the frozen copies are of the same frames */
    }
    if (!umig_continuation_add_frozen(step->hotspot, continuation, kept) && kept->seen > 0) {
        umig_kept_cut(kept);
    }
    if (place == UMIG_CONTINUATION_END && kept->seen == 0) {
        continuation->entry = 0;
    }
    return kept->seen > 0;
}

/* The clock is a system call: as most stacks end before it is asked, it costs nothing. */
static bool is_late(uint32_t steps, uint64_t until_cpu_ns)
{
    return until_cpu_ns != 0 && steps > 0 && steps % UMIG_VMWALK_STEPS_UNTIMED == 0 &&
           umig_clock_thread_cpu_ns() >= until_cpu_ns;
}

/* Where the innermost Java frame goes on, and what was kept before it. */
static void note_innermost(struct umig_step *step,
                           const struct umig_step_left *left,
                           const struct umig_kept *kept)
{
    const bool is_java =
        left->blob.kind == UMIG_BLOB_NMETHOD || left->blob.kind == UMIG_BLOB_INTERPRETER;
    if (is_java && step->continuation.entry != 0 && step->continuation.called_from == 0) {
        step->continuation.called_from = left->pc;
        step->continuation.called_at = kept->seen;
        step->continuation.called_method = left->method;
        step->continuation.called_bci = left->bci;
    }
}

static enum umig_outcome walk_up(struct umig_step *step,
                                 const struct umig_walk_request *request,
                                 struct umig_kept *kept)
{
    struct umig_step_left left;
    for (uint32_t i = 0; i < UMIG_VMWALK_STEPS_MAX && !is_late(i, request->until_cpu_ns); i++) {
        if (ends_continuation(step, kept)) {
            return UMIG_OUTCOME_OK;
        }
        const enum umig_step_result result = umig_step_up(step, &left);
        if (result == UMIG_STEP_LOST && i == 0 && step->is_leaf && umig_step_to_anchor(step)) {
            continue; /* code that the JVM itself called, after it had left Java */
        }
        note_innermost(step, &left, kept);
        add_left(step->hotspot, &left, kept);
        if (result == UMIG_STEP_LOST) {
            return cause_of_loss(step, &left);
        }
        const bool is_root = result == UMIG_STEP_ROOT;
        if (step->caller != NULL && step->caller->by_number[UMIG_REGISTER_PC] != 0 &&
            kept->seen > 0) {
            add_crossing(step, is_root, request->crossings, kept);
        }
        if (is_root) {
            return UMIG_OUTCOME_OK;
        }
    }
    return UMIG_OUTCOME_TOO_DEEP;
}

/*
 * A walk that came to the root without a frame. In the code around a thread's first method there is
 * none; out of generated code there was a caller, and it was missed.
 */
static enum umig_outcome outcome_without_frames(const struct umig_hotspot *hs, uintptr_t pc)
{
    return umig_codecache_contains(hs, pc) ? UMIG_OUTCOME_NO_JAVA : UMIG_OUTCOME_UNKNOWN_NOT_JAVA;
}

struct umig_walk_result umig_vmwalk_walk(const void *walker,
                                         const struct umig_walk_request *request)
{
    const struct umig_hotspot *hs = ((const struct umig_vmwalk *)walker)->hotspot;
    const uintptr_t thread = (uintptr_t)request->env - (uintptr_t)hs->env_offset;
    struct umig_step *step = request->scratch;
    *step = (struct umig_step){
        .hotspot = hs,
        .thread = thread,
        .is_leaf = true,
        .caller = request->crossings != NULL ? &request->crossings->caller : NULL,
    };
    if (request->context != NULL) {
        step->regs = umig_regs_read(request->context);
    }
    step->stack_high = umig_hs_ptr(thread, hs->thread_stack_base); /* may fault: last */
    struct umig_kept kept = {.frames = request->frames, .max = request->max_frames};
    struct umig_walk_result result = {
        .outcome = begin(step, request),
        .is_in_native = umig_hs_i32(thread, hs->thread_state) == hs->state_in_native,
    };
    if (result.outcome == UMIG_OUTCOME_OK) {
        step->continuation = umig_continuation_of(hs, thread);
        const uintptr_t begin_pc = step->regs.pc;
        result.outcome = walk_up(step, request, &kept);
        if (result.outcome == UMIG_OUTCOME_OK && kept.seen == 0) {
            result.outcome = outcome_without_frames(hs, begin_pc);
        }
        if (step->continuation.entry != 0 && request->virtual_thread != NULL) {
            umig_virtual_thread_read(hs, thread, step->continuation.object,
                                     request->virtual_thread);
        }
    }
    result.frame_count = umig_kept_finish(&kept, &result.cut_at);
    return result;
}
