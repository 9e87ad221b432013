#include "agent/walk/agct.h"

#include <string.h>
#include <ucontext.h>

#include "agent/signal/regs.h"
#include "agent/signal/sigsafe_only.h"
#include "agent/walk/names.h"
#include "agent/walk/step.h"

enum {
    RETRIES_MAX = 6 /* frames left by shape before giving up */
};

size_t umig_agct_scratch_bytes(uint32_t max_frames)
{
    return (size_t)max_frames * sizeof(struct umig_agct_frame);
}

static enum umig_outcome outcome_of_code(int32_t code)
{
    static const uint8_t outcomes[] = {
        UMIG_OUTCOME_NO_JAVA_FRAME,
        UMIG_OUTCOME_NO_CLASS_LOAD,
        UMIG_OUTCOME_GC_ACTIVE,
        UMIG_OUTCOME_UNKNOWN_NOT_JAVA,
        UMIG_OUTCOME_NOT_WALKABLE_NOT_JAVA,
        UMIG_OUTCOME_UNKNOWN_JAVA,
        UMIG_OUTCOME_NOT_WALKABLE_JAVA,
        UMIG_OUTCOME_UNKNOWN_STATE,
        UMIG_OUTCOME_THREAD_EXIT,
        UMIG_OUTCOME_DEOPT,
        UMIG_OUTCOME_SAFEPOINT,
    };
    const uint32_t index = (uint32_t)-code;
    return index < sizeof outcomes ? (enum umig_outcome)outcomes[index] : UMIG_OUTCOME_OTHER;
}

/* A jmethodID of JDK 25 and before is the address of a Method*. */
static uintptr_t method_of_id(const void *method_id)
{
    uintptr_t method = 0;
    if (method_id != NULL) {
        memcpy(&method, method_id, sizeof method);
    }
    return method;
}

/* One try; appends what came to the frames. Returns the count or AsyncGetCallTrace's error code. */
static int32_t ask(const struct umig_agct *agct,
                   const struct umig_walk_request *request,
                   void *context,
                   uint32_t have)
{
    const uint32_t room = request->max_frames - have;
    struct umig_agct_trace trace = {.env = request->env, .frames = request->scratch};
    agct->call(&trace, (int32_t)room, context);
    for (int32_t i = 0; i < trace.frame_count; i++) {
        const struct umig_agct_frame *from = &trace.frames[i];
        const bool is_native = from->bci == UMIG_BCI_NATIVE;
        request->frames[have + (uint32_t)i] = (struct umig_walk_frame){
            .method = method_of_id(from->method_id),
            .bci = from->bci,
            .kind = is_native ? UMIG_FRAME_NATIVE_METHOD : UMIG_FRAME_JAVA,
        };
    }
    return trace.frame_count;
}

/* The method that was left, verified; 0 if it was none. */
static uintptr_t method_left(const struct umig_hotspot *hs, const struct umig_step_left *left)
{
    if (left->blob.kind != UMIG_BLOB_NMETHOD) {
        return left->method;
    }
    const uintptr_t method = umig_hs_ptr(left->blob.at, hs->nmethod_method);
    return umig_names_is_method(hs, method) ? method : 0;
}

static bool is_worth_retrying(int32_t code)
{
    return code == -5 || code == -6; /* in Java, top frame unknown or not walkable */
}

/* Asks again from further up until it answers; methods left on the way are the first frames. */
static int32_t recover(const struct umig_agct *agct,
                       const struct umig_walk_request *request,
                       int32_t code,
                       uint32_t *have)
{
    ucontext_t context = *(const ucontext_t *)request->context;
    const uintptr_t thread = (uintptr_t)request->env - (uintptr_t)agct->hotspot->env_offset;
    struct umig_step step = {
        .hotspot = agct->hotspot,
        .thread = thread,
        .stack_high = umig_hs_ptr(thread, agct->hotspot->thread_stack_base),
        .regs = umig_regs_read(&context),
        .is_leaf = true,
    };
    for (int i = 0; i < RETRIES_MAX && is_worth_retrying(code); i++) {
        struct umig_step_left left;
        if (umig_step_up(&step, &left) != UMIG_STEP_MOVED) {
            break;
        }
        const uintptr_t method = method_left(agct->hotspot, &left);
        if (method != 0 && *have < request->max_frames) {
            request->frames[(*have)++] = (struct umig_walk_frame){
                .method = method,
                .bci = left.bci,
                .kind = UMIG_FRAME_JAVA,
            };
        }
        umig_regs_write(&context, &step.regs);
        const int32_t again = ask(agct, request, &context, *have);
        if (again != 0) {
            code = again;
        }
    }
    return code;
}

struct umig_walk_result umig_agct_walk(const void *walker, const struct umig_walk_request *request)
{
    const struct umig_agct *agct = walker;
    uint32_t have = 0;
    int32_t code = ask(agct, request, request->context, 0);
    if (is_worth_retrying(code) && agct->hotspot->can_find_code && agct->hotspot->can_bound_stack) {
        code = recover(agct, request, code, &have);
    }
    if (code <= 0) {
        /* A leaf without callers would look like a root: the sample fails, named by cause. */
        return (struct umig_walk_result){.outcome = outcome_of_code(code)};
    }
    const uint32_t count = have + (uint32_t)code;
    return (struct umig_walk_result){
        .outcome = UMIG_OUTCOME_OK,
        .frame_count = count,
        .cut_at = count >= request->max_frames ? count : 0,
    };
}
