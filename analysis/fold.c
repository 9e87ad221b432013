/*
 * A stack's parent has a smaller id than the stack: it had to exist before. So one pass over the
 * stacks in the order of their ids finds each parent folded already, and the folding of a frame
 * needs only the place its caller was left at: the folded stack so far and the run of dispatch
 * that is open, if one is.
 */
#include "analysis/fold.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/demangle.h"
#include "analysis/dispatch.h"
#include "analysis/label.h"
#include "analysis/naming.h"
#include "core/err.h"

/* What is known of a method of the old profile. */
struct method_view {
    uint32_t renamed; /* method in the new profile */
    enum umig_naming_origin origin;
    bool is_groovy; /* compiled by Groovy, or Groovy's own library */
};

/* Where the folding of one stack was left. */
struct place {
    uint32_t folded;   /* new stack without the open run */
    uint32_t verbatim; /* new stack with a Java run as it is; 0 in a run of Groovy's */
    uint32_t caller;   /* old frame that is the leaf of folded; 0 none */
    bool in_run;
    bool is_groovy; /* the run is Groovy's */
    enum umig_dispatch_role role;
    enum umig_dispatch_way way;
};

struct folding {
    const struct umig_profile *from;
    struct umig_profile *to;
    bool keep_dispatch;
    struct method_view *methods;    /* by old method */
    struct umig_dispatch *dispatch; /* by old frame */
    uint32_t *frames;               /* by old frame: the new one; 0 not made yet */
    struct place *places;           /* by old stack */
};

static int intern_text(struct umig_profile *profile, const struct umig_buf *text, uint32_t *out_id)
{
    return umig_profile_string(profile, umig_buf_str(text), text->len, out_id);
}

/* Ids of strings and threads stay the same: they are entered in the order they have. */
static int copy_names(struct folding *f)
{
    uint32_t id = 0;
    for (size_t i = 1; i < f->from->strings.count; i++) {
        const char *text = f->from->strings.items[i];
        const int rc = umig_profile_string(f->to, text, strlen(text), &id);
        if (rc != UMIG_OK) {
            return rc;
        }
    }
    for (size_t i = 1; i < f->from->threads.count; i++) {
        const struct umig_profile_thread *thread = &f->from->threads.items[i];
        const int rc =
            thread->virtual_id != 0
                ? umig_profile_virtual_thread(f->to, thread->virtual_id, thread->name, &id)
                : umig_profile_thread(f->to, thread->tid, thread->kind, thread->name, &id);
        if (rc != UMIG_OK) {
            return rc;
        }
    }
    return UMIG_OK;
}

static int copy_rows(struct folding *f)
{
    int rc = UMIG_OK;
    f->to->session = f->from->session;
    memcpy(f->to->tallies, f->from->tallies, sizeof f->to->tallies);
    memcpy(f->to->costs, f->from->costs, sizeof f->to->costs);
    for (size_t i = 0; rc == UMIG_OK && i < f->from->labels.count; i++) {
        const struct umig_profile_label *label = &f->from->labels.items[i];
        rc = umig_profile_add_label(f->to, label->key, label->value);
    }
    for (size_t i = 0; rc == UMIG_OK && i < f->from->others.count; i++) {
        rc = umig_profile_add_other(f->to, f->from->others.items[i]);
    }
    for (size_t i = 0; rc == UMIG_OK && i < f->from->thread_totals.count; i++) {
        rc = umig_profile_add_thread_total(f->to, &f->from->thread_totals.items[i]);
    }
    for (size_t i = 0; rc == UMIG_OK && i < f->from->pauses.count; i++) {
        rc = umig_profile_add_pause(f->to, &f->from->pauses.items[i]);
    }
    for (size_t i = 0; rc == UMIG_OK && i < f->from->pool_points.count; i++) {
        rc = umig_profile_add_pool_point(f->to, &f->from->pool_points.items[i]);
    }
    for (size_t i = 0; rc == UMIG_OK && i < f->from->work_pools.count; i++) {
        rc = umig_profile_add_work_pool(f->to, &f->from->work_pools.items[i]);
    }
    memcpy(f->to->jvm, f->from->jvm, sizeof f->to->jvm);
    return rc;
}

static bool is_groovy_library(const char *class_name)
{
    return strncmp(class_name, "groovy.", 7) == 0 ||
           strncmp(class_name, "org.codehaus.groovy.", 20) == 0 ||
           strncmp(class_name, "org.apache.groovy.", 18) == 0;
}

/* What has no class: native functions, which may be mangled; errors and truncation keep their text.
 */
static int rename_native(struct folding *f,
                         const struct umig_profile_method *method,
                         struct umig_buf *name,
                         struct method_view *view)
{
    struct umig_profile_method renamed = *method;
    int rc = umig_demangle(umig_profile_text(f->from, method->name), name);
    if (rc == UMIG_OK) {
        rc = intern_text(f->to, name, &renamed.name);
    }
    return rc < 0 ? rc : umig_profile_method(f->to, &renamed, &view->renamed);
}

/* Renames one method. */
static int rename_method(struct folding *f,
                         uint32_t old,
                         struct umig_naming *naming,
                         struct method_view *view)
{
    const struct umig_profile_method *method = &f->from->methods.items[old];
    if (method->class_name == 0) {
        return rename_native(f, method, &naming->name, view);
    }
    const char *class_name = umig_profile_text(f->from, method->class_name);
    int rc = umig_naming_read(class_name, umig_profile_text(f->from, method->name),
                              umig_profile_text(f->from, method->file), naming);
    struct umig_profile_method renamed = {0};
    rc = rc != UMIG_OK ? rc : intern_text(f->to, &naming->class_name, &renamed.class_name);
    rc = rc != UMIG_OK ? rc : intern_text(f->to, &naming->name, &renamed.name);
    rc = rc != UMIG_OK ? rc : intern_text(f->to, &naming->file, &renamed.file);
    rc = rc != UMIG_OK ? rc : umig_profile_method(f->to, &renamed, &view->renamed);
    view->origin = naming->origin;
    view->is_groovy = naming->is_groovy || is_groovy_library(class_name);
    return rc;
}

static int rename_methods(struct folding *f)
{
    struct umig_naming naming = UMIG_NAMING_INIT;
    int rc = UMIG_OK;
    for (uint32_t i = 1; rc == UMIG_OK && i < f->from->methods.count; i++) {
        rc = rename_method(f, i, &naming, &f->methods[i]);
    }
    umig_naming_fini(&naming);
    return rc;
}

static void judge_frames(struct folding *f)
{
    for (size_t i = 1; i < f->from->frames.count; i++) {
        const struct umig_profile_frame *frame = &f->from->frames.items[i];
        const struct umig_profile_method *method = &f->from->methods.items[frame->method];
        f->dispatch[i] = umig_dispatch_of(umig_profile_text(f->from, method->class_name),
                                          umig_profile_text(f->from, method->name), frame->line,
                                          frame->kind, f->methods[frame->method].origin);
    }
}

static bool is_dispatch(struct umig_dispatch dispatch)
{
    return dispatch.role == UMIG_ROLE_INVOKER || dispatch.role == UMIG_ROLE_MACHINERY;
}

/* Is this the first kind of dispatch below code that Groovy compiled: a call site of either sort?
 */
static bool is_call_of_compiled(struct umig_dispatch dispatch)
{
    return is_dispatch(dispatch) && (dispatch.is_java || dispatch.way == UMIG_DISPATCH_INDY ||
                                     dispatch.way == UMIG_DISPATCH_CALL_SITE);
}

/*
 * Only code that Groovy compiled calls Groovy's call sites. A linked indy site leaves nothing of
 * Groovy on the stack but method handles, so the callers are learned where the site shows.
 */
static int learn_callers(struct folding *f)
{
    uint32_t *callers = calloc(f->from->stacks.count, sizeof *callers);
    if (callers == NULL) {
        return UMIG_E_NOMEM;
    }
    for (size_t i = 1; i < f->from->stacks.count; i++) {
        const struct umig_profile_stack *stack = &f->from->stacks.items[i];
        const struct umig_dispatch dispatch = f->dispatch[stack->frame];
        const uint32_t above = f->from->stacks.items[stack->parent].frame;
        if (!is_call_of_compiled(dispatch)) {
            continue;
        }
        callers[i] = is_dispatch(f->dispatch[above]) ? callers[stack->parent] : above;
        if (!dispatch.is_java && callers[i] != 0) {
            f->methods[f->from->frames.items[callers[i]].method].is_groovy = true;
        }
    }
    free(callers);
    return UMIG_OK;
}

/*
 * A method that is compiled becomes a name without a class: its compilation is no call of it, and
 * costs the compiler's time, not its own.
 */
static int name_compiled(struct folding *f, uint32_t *method)
{
    struct umig_buf name = UMIG_BUF_INIT(1u << 20);
    umig_buf_text(&name, "compiling ");
    umig_label_method(f->to, *method, false, &name);
    struct umig_profile_method compiled = {.file = f->to->methods.items[*method].file};
    int rc = name.failed;
    rc = rc != UMIG_OK ? rc : intern_text(f->to, &name, &compiled.name);
    umig_buf_fini(&name);
    return rc != UMIG_OK ? rc : umig_profile_method(f->to, &compiled, method);
}

/* What the agent says of threads of the JVM (agent/session/jvm_threads.h). */
static bool is_of_jvm_thread(const char *name)
{
    return strcmp(name, "[compilation]") == 0 || strcmp(name, "[garbage collection]") == 0 ||
           strcmp(name, "[VM]") == 0;
}

/* Stacks of a report that are imported have what is no method as functions of these names. */
static enum umig_frame_kind kind_of(const struct folding *f, const struct umig_profile_frame *frame)
{
    const struct umig_profile_method *method = &f->from->methods.items[frame->method];
    const char *name = umig_profile_text(f->from, method->name);
    if (frame->kind != UMIG_FRAME_NATIVE || method->class_name != 0) {
        return frame->kind;
    }
    return umig_dispatch_is_line(name) ? UMIG_FRAME_DISPATCH
           : is_of_jvm_thread(name)    ? UMIG_FRAME_VM
                                       : frame->kind;
}

/* The new frame of an old one. */
static int map_frame(struct folding *f, uint32_t old, uint32_t *out_frame)
{
    if (f->frames[old] == 0) {
        const struct umig_profile_frame *frame = &f->from->frames.items[old];
        struct umig_profile_frame renamed = {
            .method = f->methods[frame->method].renamed,
            .line = frame->line,
            .kind = kind_of(f, frame),
        };
        int rc = frame->kind == UMIG_FRAME_COMPILING ? name_compiled(f, &renamed.method) : UMIG_OK;
        rc = rc != UMIG_OK ? rc : umig_profile_frame(f->to, &renamed, &f->frames[old]);
        if (rc != UMIG_OK) {
            return rc;
        }
    }
    *out_frame = f->frames[old];
    return UMIG_OK;
}

static int push(struct folding *f, uint32_t parent, uint32_t old_frame, uint32_t *out_stack)
{
    uint32_t frame = 0;
    const int rc = map_frame(f, old_frame, &frame);
    return rc != UMIG_OK ? rc : umig_profile_stack(f->to, parent, frame, out_stack);
}

/* Puts the line that stands for a run under the folded stack. */
static int push_dispatch(struct folding *f, const struct place *place, uint32_t *out_stack)
{
    char name[UMIG_DISPATCH_LINE_BYTES];
    struct umig_profile_method method = {0};
    umig_dispatch_line(place->way, place->is_groovy, name);
    int rc = umig_profile_string(f->to, name, strlen(name), &method.name);

    struct umig_profile_frame frame = {.kind = UMIG_FRAME_DISPATCH};
    frame.line = f->from->frames.items[place->caller].line;
    uint32_t frame_id = 0;
    rc = rc != UMIG_OK ? rc : umig_profile_method(f->to, &method, &frame.method);
    rc = rc != UMIG_OK ? rc : umig_profile_frame(f->to, &frame, &frame_id);
    return rc != UMIG_OK ? rc : umig_profile_stack(f->to, place->folded, frame_id, out_stack);
}

static enum umig_dispatch_way next_way(enum umig_dispatch_way way, const struct place *place)
{
    if (way != UMIG_DISPATCH_METHOD_HANDLES) {
        return way;
    }
    /* Since JDK 18 reflection calls through method handles; Groovy's others are indy's. */
    if (place->way == UMIG_DISPATCH_REFLECTION) {
        return UMIG_DISPATCH_REFLECTION;
    }
    return place->is_groovy ? UMIG_DISPATCH_INDY : way;
}

/* A frame of dispatch: the run goes on, or begins. */
static int enter_run(struct folding *f, uint32_t frame, struct place *place)
{
    const struct umig_dispatch dispatch = f->dispatch[frame];
    if (!place->in_run) {
        const uint32_t caller_method = f->from->frames.items[place->caller].method;
        place->in_run = true;
        place->is_groovy = f->methods[caller_method].is_groovy;
        place->way = UMIG_DISPATCH_NONE;
        place->verbatim = place->folded;
    }
    place->is_groovy = place->is_groovy || !dispatch.is_java;
    place->role = dispatch.role;
    place->way = next_way(dispatch.way, place);
    if (place->is_groovy) {
        place->verbatim = 0;
        return UMIG_OK;
    }
    return push(f, place->verbatim, frame, &place->verbatim);
}

/* Does this frame only hand a call on to that one? */
static bool is_bridge(const struct folding *f, uint32_t from, uint32_t to)
{
    const struct umig_profile_frame *a = &f->from->frames.items[from];
    const struct umig_profile_frame *b = &f->from->frames.items[to];
    const struct umig_profile_method *a_method = &f->from->methods.items[a->method];
    const struct umig_profile_method *b_method = &f->from->methods.items[b->method];
    if (from == 0 || a->line != 0) {
        return false;
    }
    if (strstr(umig_profile_text(f->from, a_method->class_name), "$$Lambda") != NULL) {
        return true;
    }
    if (a_method->name != b_method->name) {
        return false;
    }
    const bool is_closure = f->methods[b->method].origin == UMIG_NAMING_CLOSURE &&
                            a_method->class_name == b_method->class_name;
    return is_closure || f->methods[b->method].origin == UMIG_NAMING_TRAIT;
}

/* A frame of work: closes the run, if one is open. */
static int leave_run(struct folding *f, uint32_t frame, struct place *place)
{
    uint32_t parent = place->folded;
    if (place->in_run && !place->is_groovy && place->folded != 0) {
        const int rc = push_dispatch(f, place, &parent);
        if (rc != UMIG_OK) {
            return rc;
        }
    } else if (is_bridge(f, place->caller, frame)) {
        parent = f->to->stacks.items[parent].parent;
    }
    *place = (struct place){.caller = frame};
    return push(f, parent, frame, &place->folded);
}

static int fold_stack(struct folding *f, size_t stack)
{
    const uint32_t frame = f->from->stacks.items[stack].frame;
    struct place *place = &f->places[stack];
    *place = f->places[f->from->stacks.items[stack].parent];
    const struct umig_dispatch dispatch = f->dispatch[frame];
    if (!f->keep_dispatch && is_dispatch(dispatch)) {
        return enter_run(f, frame, place);
    }
    const bool in_groovy = place->in_run && place->is_groovy;
    if (in_groovy && dispatch.role == UMIG_ROLE_HELPER) {
        return UMIG_OK;
    }
    if (in_groovy && dispatch.role == UMIG_ROLE_SYSTEM && place->role == UMIG_ROLE_MACHINERY) {
        return UMIG_OK;
    }
    if (f->keep_dispatch) {
        return push(f, place->folded, frame, &place->folded);
    }
    return leave_run(f, frame, place);
}

/* The new stack of an old one: a run that is still open is the leaf. */
static int finish(struct folding *f, uint32_t stack, uint32_t *out_stack)
{
    const struct place *place = &f->places[stack];
    if (!place->in_run) {
        *out_stack = place->folded;
        return UMIG_OK;
    }
    if (place->is_groovy) {
        return push_dispatch(f, place, out_stack);
    }
    *out_stack = place->verbatim;
    return UMIG_OK;
}

/* With the stacks of those that were late to a safepoint. */
static int fold_gc(struct folding *f)
{
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < f->from->gc_sums.count; i++) {
        struct umig_profile_gc_sum sum = f->from->gc_sums.items[i];
        rc = sum.stack != 0 ? finish(f, sum.stack, &sum.stack) : UMIG_OK;
        rc = rc != UMIG_OK ? rc : umig_profile_add_gc_sum(f->to, &sum);
    }
    for (size_t i = 0; rc == UMIG_OK && i < f->from->gc_steps.count; i++) {
        rc = umig_profile_add_gc_step(f->to, &f->from->gc_steps.items[i]);
    }
    return rc;
}

static int fold_samples(struct folding *f)
{
    for (size_t i = 0; i < f->from->samples.count; i++) {
        struct umig_profile_sample sample = f->from->samples.items[i];
        int rc = finish(f, sample.stack, &sample.stack);
        rc = rc != UMIG_OK ? rc : umig_profile_add_sample(f->to, &sample);
        if (rc != UMIG_OK) {
            return rc;
        }
    }
    for (size_t i = 0; i < f->from->waits.count; i++) {
        struct umig_profile_wait wait = f->from->waits.items[i];
        int rc = finish(f, wait.stack, &wait.stack);
        rc = rc != UMIG_OK || wait.holder_stack == 0
                 ? rc
                 : finish(f, wait.holder_stack, &wait.holder_stack);
        rc = rc != UMIG_OK ? rc : umig_profile_add_wait(f->to, &wait);
        if (rc != UMIG_OK) {
            return rc;
        }
    }
    return fold_gc(f);
}

static int fold_all(struct folding *f)
{
    f->methods = calloc(f->from->methods.count, sizeof *f->methods);
    f->dispatch = calloc(f->from->frames.count, sizeof *f->dispatch);
    f->frames = calloc(f->from->frames.count, sizeof *f->frames);
    f->places = calloc(f->from->stacks.count, sizeof *f->places);
    if (f->methods == NULL || f->dispatch == NULL || f->frames == NULL || f->places == NULL) {
        return UMIG_E_NOMEM;
    }
    int rc = copy_names(f);
    rc = rc != UMIG_OK ? rc : copy_rows(f);
    rc = rc != UMIG_OK ? rc : rename_methods(f);
    if (rc != UMIG_OK) {
        return rc;
    }
    judge_frames(f);
    rc = learn_callers(f);
    for (size_t i = 1; rc == UMIG_OK && i < f->from->stacks.count; i++) {
        rc = fold_stack(f, i);
    }
    return rc != UMIG_OK ? rc : fold_samples(f);
}

int umig_fold(const struct umig_profile *profile,
              const struct umig_fold_options *options,
              struct umig_profile **out_profile,
              struct umig_err *err)
{
    static const struct umig_fold_options defaults = {0};
    options = options != NULL ? options : &defaults;
    struct folding f = {.from = profile, .keep_dispatch = options->keep_dispatch};
    const size_t limit =
        options->limit_bytes != 0 ? options->limit_bytes : 2 * profile->limit_bytes;
    int rc = umig_profile_create(limit, &f.to, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    rc = fold_all(&f);
    free(f.methods);
    free(f.dispatch);
    free(f.frames);
    free(f.places);
    if (rc != UMIG_OK) {
        umig_profile_destroy(f.to);
        return umig_err_set(err, rc, "folding a profile of %zu stacks needs more than %zu bytes",
                            profile->stacks.count, limit);
    }
    *out_profile = f.to;
    return UMIG_OK;
}
