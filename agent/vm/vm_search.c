/*
 * The search for what holds objects (agent/vm/search.h), through JNI: from static fields and
 * threads along references, a piece at a time.
 */
#include <stdio.h>
#include <string.h>

#include "agent/vm/vm_search_private.h"
#include "core/clock.h"
#include "core/thread_group.h"

/* So long the attached thread does nothing else. */
#define PIECE_NS (10 * UMIG_NS_PER_MS)

enum {
    TURNS_A_LOOK = 64, /* at the clock */
    ELEMENTS_A_TURN = 32,
};

/* --- one reference --- */

/* An object at the end of a step. */
struct lead {
    jobject object; /* a local reference, taken over */
    uint32_t from;  /* the way before the step; 0: from a root */
    uint32_t from_class;
    struct umig_retainers_step step;
    double weight;
};

static bool leads_on(const struct umig_search_work *work, uint32_t class_index)
{
    if ((work->classes[class_index].flags &
         (UMIG_CLASS_ARRAY | UMIG_CLASS_MIRROR | UMIG_CLASS_TRANSIENT)) != 0) {
        return true;
    }
    for (; class_index != 0; class_index = work->classes[class_index].super) {
        if (work->classes[class_index].field_count > 0 ||
            (work->classes[class_index].flags & UMIG_CLASS_SOFT) != 0) {
            return true;
        }
    }
    return false;
}

/* Objects of one class that refer to each other, as those of a list do, lie on one way. */
static uint32_t way_of(struct umig_search_work *work, const struct lead *lead, uint32_t class_index)
{
    if (lead->from != 0 && lead->from_class == class_index && lead->step.edge == UMIG_EDGE_FIELD) {
        return lead->from;
    }
    return umig_retainers_go(&work->retainers, lead->from, lead->step);
}

/* What is looked for; -1: nobody looks for it. */
static int target_of(const struct umig_search_work *work,
                     const struct lead *lead,
                     uint32_t class_index,
                     uint64_t *out_bytes)
{
    const struct umig_search_class *class = &work->classes[class_index];
    if (class_index == 0 || !work->search->wants_loaders) {
        return class_index != 0 ? class->target : -1;
    }
    if (class->loader_uses == 0) {
        return -1;
    }
    const struct umig_search_loader *loader =
        &work->loaders[umig_search_loader_at(work, lead->object)];
    *out_bytes = loader->class_count;
    return (int)work->kinds.items[loader->kind].group - 1;
}

static void count_hit(struct umig_search_work *work,
                      const struct lead *lead,
                      uint32_t way,
                      uint32_t target,
                      uint64_t bytes)
{
    jlong size = (jlong)bytes;
    if (!work->search->wants_loaders) {
        (void)(*work->jvmti)->GetObjectSize(work->jvmti, lead->object, &size);
    }
    umig_retainers_hit(&work->retainers, way, target, lead->weight, (uint64_t)size);
}

/* Takes over the object. */
static void keep(struct umig_search_work *work,
                 const struct lead *lead,
                 uint32_t way,
                 uint32_t class_index)
{
    const bool is_array = (work->classes[class_index].flags & UMIG_CLASS_ARRAY) != 0;
    const struct umig_retainers_pending pending = {
        .object = lead->object,
        .class_index = class_index,
        .shape = way,
        .length = is_array ? (uint32_t)(*work->jni)->GetArrayLength(work->jni, lead->object) : 0,
        .weight = lead->weight,
    };
    if (!umig_retainers_push(&work->retainers, &pending)) {
        (*work->jni)->DeleteLocalRef(work->jni, lead->object);
    }
}

/*
 * Is it looked at for the first time? Of mirrors their class knows: those of the JDK's archive have
 * hashes that were dealt out when it was made, and some of them are dealt out again.
 */
static bool see(struct umig_search_work *work, jobject object, uint32_t class_index)
{
    const uint32_t meant = (work->classes[class_index].flags & UMIG_CLASS_MIRROR) != 0
                               ? umig_search_class_at(work, object)
                               : 0;
    if (meant == 0) {
        return umig_retainers_see(&work->retainers, umig_search_hash_of(work, object), class_index);
    }
    const bool is_new = (work->classes[meant].flags & UMIG_CLASS_SEEN) == 0;
    work->classes[meant].flags |= UMIG_CLASS_SEEN;
    return is_new;
}

static void look_at(struct umig_search_work *work, const struct lead *lead)
{
    if (lead->object == NULL) {
        return;
    }
    work->looked_at++;
    const uint32_t class_index = umig_search_class_of(work, lead->object);
    uint64_t bytes = 0;
    const int target = target_of(work, lead, class_index, &bytes);
    const bool goes_on = class_index != 0 && leads_on(work, class_index);
    uint32_t way = 0;
    if ((target >= 0 || goes_on) && see(work, lead->object, class_index)) {
        way = way_of(work, lead, class_index);
        if (way == 0) {
            umig_search_skip(work->search, UMIG_SEARCH_LACK_OBJECTS);
        }
    }
    if (way != 0 && target >= 0) {
        count_hit(work, lead, way, (uint32_t)target, bytes);
    }
    if (way != 0 && goes_on) {
        keep(work, lead, way, class_index);
    } else {
        (*work->jni)->DeleteLocalRef(work->jni, lead->object);
    }
}

/* --- what an object refers to --- */

static void look_at_statics(struct umig_search_work *work,
                            uint32_t class_index,
                            uint32_t from,
                            double weight)
{
    umig_search_enter_statics(work, class_index);
    umig_search_enter_statics(work, work->classes[class_index].twin);
    const struct umig_search_class *class = &work->classes[class_index];
    for (uint32_t i = 0; i < class->static_count; i++) {
        const uint32_t field = class->first_static + i;
        look_at(work, &(struct lead){
                          .object = (*work->jni)
                                        ->GetStaticObjectField(work->jni, class->mirror,
                                                               work->fields[field]),
                          .from = from,
                          .step = umig_search_step_of(work, UMIG_EDGE_STATIC, class_index,
                                                      class_index, field),
                          .weight = weight,
                      });
    }
}

/* What it refers to is looked at in the end. */
static void keep_soft(struct umig_search_work *work, const struct umig_retainers_pending *reference)
{
    const struct umig_retainers_pending pending = {
        .object = (*work->jni)->GetObjectField(work->jni, reference->object, work->referent),
        .class_index = reference->class_index,
        .shape = reference->shape,
        .weight = reference->weight,
    };
    if (pending.object != NULL) {
        (*work->jni)
            ->DeleteLocalRef(work->jni, umig_retainers_put_soft(&work->retainers, &pending));
    }
}

static void look_at_fields(struct umig_search_work *work,
                           const struct umig_retainers_pending *pending)
{
    for (uint32_t at = pending->class_index; at != 0; at = work->classes[at].super) {
        const uint32_t first = work->classes[at].first_field;
        if ((work->classes[at].flags & UMIG_CLASS_SOFT) != 0 && work->referent != NULL) {
            keep_soft(work, pending);
        }
        for (uint32_t i = 0; i < work->classes[at].field_count; i++) {
            look_at(work, &(struct lead){
                              .object = (*work->jni)
                                            ->GetObjectField(work->jni, pending->object,
                                                             work->fields[first + i]),
                              .from = pending->shape,
                              .from_class = pending->class_index,
                              .step = umig_search_step_of(work, UMIG_EDGE_FIELD,
                                                          pending->class_index, at, first + i),
                              .weight = pending->weight,
                          });
        }
    }
}

static void look_at_element(struct umig_search_work *work,
                            const struct umig_retainers_pending *pending,
                            uint32_t n)
{
    const uint32_t index = umig_retainers_element(pending->length, n);
    const double each = (double)pending->length / umig_retainers_elements(pending->length);
    look_at(
        work,
        &(struct lead){
            .object = (*work->jni)->GetObjectArrayElement(work->jni, pending->object, (jsize)index),
            .from = pending->shape,
            .from_class = pending->class_index,
            .step = umig_search_step_of(work, UMIG_EDGE_ELEMENT, pending->class_index,
                                        pending->class_index, 0),
            .weight = pending->weight * each,
        });
}

/* Some of an array's elements; the array is kept for the rest. True: it is done with. */
static bool look_at_elements(struct umig_search_work *work, struct umig_retainers_pending *pending)
{
    const uint32_t count = umig_retainers_elements(pending->length);
    for (int i = 0; i < ELEMENTS_A_TURN && pending->cursor < count; i++) {
        look_at_element(work, pending, pending->cursor++);
    }
    return pending->cursor == count || !umig_retainers_push(&work->retainers, pending);
}

/* The class of an object that may go with it, and what its static fields refer to. */
static void look_at_class(struct umig_search_work *work,
                          const struct umig_retainers_pending *pending)
{
    const struct umig_search_class *class = &work->classes[pending->class_index];
    if ((class->flags & UMIG_CLASS_TRANSIENT) != 0) {
        look_at(work, &(struct lead){
                          .object = (*work->jni)->NewLocalRef(work->jni, class->mirror),
                          .from = pending->shape,
                          .step = umig_search_step_of(work, UMIG_EDGE_CLASS, pending->class_index,
                                                      pending->class_index, 0),
                          .weight = pending->weight,
                      });
    }
    if ((class->flags & UMIG_CLASS_MIRROR) != 0) {
        const uint32_t meant = umig_search_class_at(work, pending->object);
        if (meant != 0 && (work->classes[meant].flags & UMIG_CLASS_TRANSIENT) != 0) {
            look_at_statics(work, meant, pending->shape, pending->weight);
        }
    }
}

/* Nothing that is held otherwise is left: what soft references hold. */
static bool take_soft(struct umig_search_work *work)
{
    struct umig_retainers_pending soft;
    if (!umig_retainers_take_soft(&work->retainers, &soft)) {
        return false;
    }
    look_at(work, &(struct lead){
                      .object = soft.object,
                      .from = soft.shape,
                      .step = {.edge = UMIG_EDGE_SOFT, .class_index = soft.class_index},
                      .weight = soft.weight,
                  });
    return true;
}

static bool walk_on(struct umig_search_work *work)
{
    struct umig_retainers_pending pending;
    if (!umig_retainers_pop(&work->retainers, &pending)) {
        return take_soft(work);
    }
    bool is_done = true;
    if ((work->classes[pending.class_index].flags & UMIG_CLASS_ARRAY) != 0) {
        is_done = look_at_elements(work, &pending);
    } else {
        look_at_fields(work, &pending);
        look_at_class(work, &pending);
    }
    if (is_done) {
        work->search->objects++;
        (*work->jni)->DeleteLocalRef(work->jni, pending.object);
    }
    return true;
}

/* --- roots --- */

static bool take_statics(struct umig_search_work *work)
{
    if (++work->at >= work->class_count) {
        return false;
    }
    umig_search_classify(work, work->at);
    if ((work->classes[work->at].flags & UMIG_CLASS_TRANSIENT) == 0) {
        look_at_statics(work, work->at, 0, 1);
    }
    return true;
}

/* The number of the pool that a thread's name stands for; 0: there is no room for another one. */
static uint32_t thread_group(struct umig_search_work *work, const char *name)
{
    char cut[UMIG_SEARCH_THREAD_BYTES];
    char group[UMIG_SEARCH_THREAD_BYTES];
    snprintf(cut, sizeof cut, "%s", name);
    (void)umig_thread_group(cut, group);
    for (uint32_t i = 1; i < work->thread_count; i++) {
        if (strcmp(work->threads[i], group) == 0) {
            return i;
        }
    }
    if (work->thread_count == work->thread_room) {
        return 0;
    }
    memcpy(work->threads[work->thread_count], group, sizeof group);
    return work->thread_count++;
}

static void take_thread(struct umig_search_work *work, jthread thread)
{
    jvmtiThreadInfo info = {.name = NULL};
    uint32_t name = 0;
    if ((*work->jvmti)->GetThreadInfo(work->jvmti, thread, &info) == JVMTI_ERROR_NONE) {
        name = info.name != NULL ? thread_group(work, info.name) : 0;
        (void)(*work->jvmti)->Deallocate(work->jvmti, (unsigned char *)info.name);
        (*work->jni)->DeleteLocalRef(work->jni, info.thread_group);
        (*work->jni)->DeleteLocalRef(work->jni, info.context_class_loader);
    }
    look_at(work, &(struct lead){
                      .object = thread,
                      .step = {.edge = UMIG_EDGE_THREAD, .field = name},
                      .weight = 1,
                  });
}

static bool take_threads(struct umig_search_work *work)
{
    jint count = 0;
    jthread *threads = NULL;
    if ((*work->jvmti)->GetAllThreads(work->jvmti, &count, &threads) == JVMTI_ERROR_NONE) {
        for (jint i = 0; i < count; i++) {
            take_thread(work, threads[i]);
        }
        (void)(*work->jvmti)->Deallocate(work->jvmti, (unsigned char *)threads);
    }
    return false;
}

/* --- a search --- */

/* What class loaders are told apart by; HotSpot gives it at any time, and runs no slower for it.
 * Without it loaders are named by their classes alone. */
static void ask_for_sources(struct umig_search_work *work)
{
    const jvmtiCapabilities nicety = {
        .can_get_source_file_name = 1, .can_get_constant_pool = 1, .can_get_bytecodes = 1};
    (void)(*work->jvmti)->AddCapabilities(work->jvmti, &nicety);
}

static bool begin(struct umig_search_work *work)
{
    JNIEnv *jni = work->jni;
    if (work->search->wants_loaders) {
        ask_for_sources(work);
    }
    const jclass reference = (*jni)->FindClass(jni, "java/lang/ref/Reference");
    work->referent = reference == NULL
                         ? NULL
                         : (*jni)->GetFieldID(jni, reference, "referent", "Ljava/lang/Object;");
    (*jni)->ExceptionClear(jni);
    if (!umig_search_list_classes(work)) {
        work->search->end = UMIG_SEARCH_FAILED;
    }
    return false;
}

/* What comes after what; the last one goes on until there is nothing left. */
static bool (*const g_turns[])(struct umig_search_work *) = {
    begin, umig_search_take_class, umig_search_take_loader, take_statics, take_threads, walk_on,
};

/* One turn of what there is to do. false: all is done. */
static bool turn(struct umig_search_work *work)
{
    if (g_turns[work->phase](work)) {
        return true;
    }
    work->phase++;
    work->at = 0;
    return work->phase < sizeof g_turns / sizeof g_turns[0] && work->search->end == 0;
}

static void look_at_clock(struct umig_search_work *work, uint64_t spent_ns)
{
    struct umig_search *search = work->search;
    search->cpu_ns = work->cpu_ns + spent_ns;
    atomic_store(&search->looked_at, work->looked_at);
    if (atomic_load(&search->is_called_off)) {
        search->end = UMIG_SEARCH_CALLED_OFF;
    } else if (search->cpu_ns >= search->cpu_budget_ns) {
        search->end = UMIG_SEARCH_OUT_OF_CPU;
    }
}

/* A piece of the search. */
static void work_on(struct umig_search_work *work)
{
    const uint64_t began_ns = umig_clock_thread_cpu_ns();
    uint64_t spent_ns = 0;
    while (work->search->end == 0 && spent_ns < PIECE_NS) {
        bool is_left = true;
        for (int i = 0; is_left && i < TURNS_A_LOOK; i++) {
            is_left = turn(work);
        }
        spent_ns = umig_clock_thread_cpu_ns() - began_ns;
        look_at_clock(work, spent_ns);
        if (!is_left && work->search->end == 0) {
            const uint64_t skipped = work->search->skipped + work->retainers.overflowed;
            work->search->end = skipped > 0 ? UMIG_SEARCH_NO_ROOM : UMIG_SEARCH_WHOLE;
        }
    }
    work->cpu_ns += spent_ns;
}

void umig_vm_search_step(struct umig_vm *vm, JNIEnv *jni)
{
    struct umig_search *search = &vm->search;
    struct umig_search_work *work = umig_search_work_of(search);
    if (!work->has_begun) {
        umig_search_work_begin(search, vm->jvmti, jni);
        (void)(*jni)->PushLocalFrame(jni, UMIG_SEARCH_REFERENCES);
    }
    work_on(work);
    if (search->end == 0) {
        return;
    }
    if (search->end != UMIG_SEARCH_FAILED) {
        umig_search_answer(work);
    }
    (void)(*work->jvmti)->Deallocate(work->jvmti, (unsigned char *)work->listed);
    (void)(*jni)->PopLocalFrame(jni, NULL);
    search->cpu_ns = work->cpu_ns;
    search->took_ns = umig_clock_monotonic_ns() - work->began_ns;
    atomic_store(&search->state, UMIG_SEARCH_DONE);
    vm->hooks.on_change(vm->hooks.ctx);
}
