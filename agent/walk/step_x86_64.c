/* The dispatcher: which kind of frame is left by the rules of which file. */
#include "agent/walk/step.h"

#include <string.h>

#include "agent/signal/sigsafe_only.h"
#include "agent/walk/x86_64/compiled.h"
#include "agent/walk/x86_64/edges.h"
#include "agent/walk/x86_64/interpreted.h"
#include "agent/walk/x86_64/moves.h"
#include "agent/walk/x86_64/stubs.h"

static bool leave_blob(struct umig_step *step, struct umig_step_left *left)
{
    switch (left->blob.kind) {
    case UMIG_BLOB_FRAMELESS:
        return umig_x64_leave_frameless(step, &left->blob);
    case UMIG_BLOB_INTERPRETER:
        return umig_x64_leave_interpreted(step, left);
    case UMIG_BLOB_NMETHOD:
    case UMIG_BLOB_NATIVE:
        return umig_x64_leave_compiled(step, left);
    case UMIG_BLOB_UPCALL:
    case UMIG_BLOB_CONTINUATION:
    case UMIG_BLOB_STUB:
        return umig_x64_leave_stub(step, &left->blob);
    case UMIG_BLOB_NONE:
    default:
        return step->is_leaf && !umig_x64_is_code(step, step->regs.pc) &&
               umig_x64_leave_native(step, left);
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
    const uintptr_t anchor = umig_x64_anchor_before(step, out_left->blob.kind);
    if (before.is_leaf && !umig_x64_is_on_stack(step)) {
        result = UMIG_STEP_LOST;
    } else if (anchor != 0) {
        result = umig_x64_leave_entry(step, anchor);
        if (result != UMIG_STEP_LOST && step->caller != NULL) {
            *step->caller = umig_x64_caller_of_entry(&before, out_left->blob.kind);
        }
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
    step->is_leaf = out_left->is_signal;
    step->is_exact_pc = out_left->blob.kind != UMIG_BLOB_NONE;
    return result;
}
