/*
 * Samples of allocation, by JVMTI's SampledObjectAlloc: the JVM calls the thread that allocates,
 * in the slow path of the allocation, with the object and its class.
 *
 * The stack is walked from where the thread left Java, the allocation stub, by our own walker,
 * which steps over it: no signal, and a tenth of what JVMTI's GetStackTrace costs. The class is
 * named like a method, by its Klass*, which the handle to its mirror keeps. Nothing of the object
 * is kept but its size, whether it lies in the thread's own buffer (TLAB), and whether it takes
 * whole regions of G1's heap. The JVM is not called, and none of its locks is taken.
 *
 * How far away a thread's next sample is was drawn when its last one was, by the interval in force
 * then: the slot keeps that interval, since the sample's weight follows from it. A thread that was
 * there before sampling began has drawn nothing yet that is known: its first sample is only where
 * it begins to be sampled, and stands for nothing.
 *
 * One agent at a time may have the capability, so it is taken when a session needs it and given
 * back afterwards.
 */
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/signal/guard.h"
#include "agent/vm/jvmflag.h"
#include "agent/vm/vm_private.h"
#include "core/clock.h"
#include "core/err.h"

/* As the JVM has it when nobody has told it otherwise. */
#define JVM_INTERVAL (512u * 1024u)

/* Humongous objects that are followed may take such a part of G1's heap. */
#define LARGE_PART 16u

/* What the callback was handed. */
struct sampled {
    JNIEnv *jni;
    jobject object;
    jclass class;
    uint64_t bytes;
    uint32_t interval; /* by which it was drawn */
    uint32_t live;     /* it is followed, as this; 0: it is not */
};

/* What is known of it: a stack, and a class on top. */
struct found {
    enum umig_outcome outcome;
    uint32_t frame_count; /* ids in the scratch, the class's included */
    uint32_t cut_at;
};

/* --- the object --- */

/* The word of a handle. The JVM keeps handles of the thread itself up to date as objects move. */
static uintptr_t word_of(const void *handle)
{
    return umig_hs_ptr((uintptr_t)handle, 0);
}

/* The Klass* of a class; 0 unknown. Under the guard. */
static uintptr_t klass_of_mirror(const struct umig_hotspot *hs, jclass class)
{
    for (int i = 0; i < 2 && hs->mirror_klass >= 0; i++) {
        const uintptr_t mirror = word_of(class);
        const uintptr_t klass = umig_hs_ptr(mirror, hs->mirror_klass);
        if (word_of(class) == mirror) {
            return klass; /* it was not moved meanwhile */
        }
    }
    return 0;
}

/* Where the object lies, as a kind of frame. Under the guard. */
static enum umig_frame_kind place_of(const struct umig_vm *vm, const struct sampled *what)
{
    const struct umig_hotspot *hs = &vm->hotspot;
    const uintptr_t tlab =
        (uintptr_t)what->jni - (uintptr_t)hs->env_offset + (uintptr_t)(intptr_t)hs->thread_tlab;
    if (vm->region_bytes > 0 && what->bytes > vm->region_bytes / 2) {
        return UMIG_FRAME_HUMONGOUS;
    }
    if (hs->env_offset == 0 || hs->thread_tlab < 0 || hs->tlab_start < 0 || hs->tlab_top < 0) {
        return UMIG_FRAME_ALLOCATED;
    }
    const uintptr_t object = word_of(what->object);
    const uintptr_t start = umig_hs_ptr(tlab, hs->tlab_start);
    return start != 0 && object >= start && object < umig_hs_ptr(tlab, hs->tlab_top)
               ? UMIG_FRAME_ALLOCATED
               : UMIG_FRAME_OUTSIDE;
}

/* --- its stack --- */

static struct umig_walk_result walk(struct umig_vm *vm,
                                    const struct sampled *what,
                                    struct umig_vm_scratch *scratch,
                                    struct umig_virtual_thread *virtual_thread)
{
    struct umig_step position;
    const struct umig_walk_request request = {
        .env = (void *)what->jni,
        .scratch = &position,
        .frames = scratch->frames,
        .max_frames = UMIG_STACK_MAX_FRAMES - 1,
        .until_cpu_ns = umig_clock_thread_cpu_ns() + UMIG_WALK_NS_MAX,
        .virtual_thread = virtual_thread,
    };
    return umig_vmwalk_walk(&vm->vmwalk, &request);
}

/* Not under the guard: this enters the JVM. */
static struct umig_walk_result ask(struct umig_vm *vm, struct umig_vm_scratch *scratch)
{
    struct umig_walk_result result = {.outcome = UMIG_OUTCOME_OK};
    result.frame_count = umig_vm_ask_stack(vm, scratch->infos, scratch->frames,
                                           UMIG_STACK_MAX_FRAMES - 1, &result.cut_at);
    return result;
}

/* Class and frames as ids, class first. A class that cannot be named is a failure of the sample. */
static struct found name(struct umig_vm *vm,
                         const struct sampled *what,
                         const struct umig_walk_result *result,
                         struct umig_names *names,
                         struct umig_vm_scratch *scratch)
{
    const uintptr_t klass = klass_of_mirror(&vm->hotspot, what->class);
    scratch->ids[0] = umig_names_class(names, klass, place_of(vm, what));
    const uint32_t named =
        umig_sampler_name_frames(names, scratch->frames, result->frame_count, scratch->ids + 1);
    if (scratch->ids[0] == UMIG_FRAME_NONE || named < result->frame_count) {
        return (struct found){.outcome = UMIG_OUTCOME_NAMES_FULL};
    }
    return (struct found){
        .outcome = result->outcome,
        .frame_count = named + 1,
        .cut_at = result->cut_at > 0 ? result->cut_at + 1 : 0,
    };
}

/* A thread without a Java frame allocates, too: while it attaches itself, or by JNI. */
static struct found find(struct umig_vm *vm,
                         struct umig_slot *slot,
                         const struct sampled *what,
                         struct umig_names *names,
                         struct umig_vm_scratch *scratch,
                         struct umig_virtual_thread *virtual_thread)
{
    const int refusal = atomic_load(&vm->sampler->refusal);
    struct umig_walk_result result = {.outcome = (enum umig_outcome)refusal};
    if (vm->walker != UMIG_WALKER_VM && refusal == UMIG_OUTCOME_OK) {
        result = ask(vm, scratch);
    }
    struct umig_guard guard;
    if (!UMIG_GUARD_ENTER(slot, &guard)) {
        atomic_fetch_add(&vm->sampler->faults, 1);
        return (struct found){.outcome = UMIG_OUTCOME_GUARD};
    }
    if (vm->walker == UMIG_WALKER_VM && refusal == UMIG_OUTCOME_OK) {
        result = walk(vm, what, scratch, virtual_thread);
    }
    if (result.outcome == UMIG_OUTCOME_OK && result.frame_count == 0) {
        result.outcome = UMIG_OUTCOME_NO_JAVA_FRAME;
    }
    const struct found found = name(vm, what, &result, names, scratch);
    umig_guard_leave(slot, &guard);
    return found;
}

/* --- a record --- */

/* Bytes that the sample stands for. */
static uint64_t stands_for(const struct sampled *what)
{
    const double own = umig_alloc_chance((double)what->bytes / (double)what->interval);
    return (uint64_t)((double)what->bytes / (own > 0 ? own : 1) + 0.5);
}

static void drop(struct umig_vm *vm, enum umig_drop cause, const struct sampled *what)
{
    atomic_fetch_add(&vm->sampler->dropped_alloc[cause], stands_for(what));
}

static bool put(struct umig_vm *vm,
                struct umig_ring *ring,
                const struct umig_record *head,
                const struct umig_virtual_thread *virtual_thread,
                const struct sampled *what)
{
    const struct umig_vm_scratch *scratch = ring->scratch;
    const uint32_t ids_bytes = head->frame_count * (uint32_t)sizeof *scratch->ids;
    uint8_t *to = umig_ring_reserve(ring, head->byte_count);
    if (to == NULL) {
        drop(vm, UMIG_DROP_RING_FULL, what);
        return false;
    }
    memcpy(to, head, sizeof *head);
    memcpy(to + sizeof *head, scratch->ids, ids_bytes);
    memcpy(to + sizeof *head + ids_bytes, virtual_thread->text, head->text_bytes);
    umig_ring_commit(ring, head->byte_count);
    return true;
}

static bool record(struct umig_vm *vm,
                   struct umig_ring *ring,
                   struct umig_slot *slot,
                   const struct sampled *what)
{
    struct umig_sampler *sampler = vm->sampler;
    const uint64_t begin_ns = umig_clock_monotonic_ns();
    struct umig_virtual_thread virtual_thread = {.who = UMIG_RECORD_PLATFORM};
    struct umig_names *names = umig_sampler_enter_names(sampler);
    const struct found found = find(vm, slot, what, names, ring->scratch, &virtual_thread);
    const uint32_t plain =
        (uint32_t)(sizeof(struct umig_record) + found.frame_count * sizeof(uint32_t));
    const struct umig_record head = {
        .byte_count = (plain + virtual_thread.text_bytes + 7u) & ~7u,
        .type = UMIG_RECORD_ALLOC,
        .outcome = (uint8_t)found.outcome,
        .text_bytes = (uint8_t)virtual_thread.text_bytes,
        .thread = (uint8_t)virtual_thread.who,
        .virtual_id = virtual_thread.id,
        .time_ns = begin_ns,
        .value_ns = what->bytes,
        .interval = what->interval,
        .live = what->live,
        .slot = umig_slots_index(&sampler->slots, slot),
        .slot_serial = atomic_load(&slot->serial),
        .names = names->generation,
        .frame_count = found.frame_count,
        .cut_at = found.cut_at,
        .walk_ns = (uint32_t)(umig_clock_monotonic_ns() - begin_ns),
    };
    const bool is_put = put(vm, ring, &head, &virtual_thread, what);
    umig_names_leave(names);
    return is_put;
}

/* False: it was dropped, and counted. */
static bool take(struct umig_vm *vm, struct umig_slot *slot, const struct sampled *what)
{
    struct umig_sampler *sampler = vm->sampler;
    if (!umig_gate_enter(&sampler->gate)) {
        drop(vm, UMIG_DROP_STOPPING, what);
        return false;
    }
    bool is_taken = false;
    struct umig_ring *ring =
        umig_rings_lock(&sampler->rings, umig_slots_index(&sampler->slots, slot));
    if (ring != NULL) {
        is_taken = record(vm, ring, slot, what);
        umig_ring_unlock(ring);
    } else {
        drop(vm, UMIG_DROP_RING_BUSY, what);
    }
    umig_gate_leave(&sampler->gate);
    return is_taken;
}

/* --- the event --- */

/* The reference is made first: nothing is locked while it may wait for a safepoint. */
static void follow(struct umig_vm *vm, struct sampled *what)
{
    const struct umig_live_entry entry = {
        .bytes = what->bytes,
        .interval = what->interval,
        .time_ns = umig_clock_monotonic_ns(),
    };
    if (atomic_load(&vm->live.is_on) &&
        umig_vm_live_take(vm, what->jni, what->object, &entry, &what->live) == UMIG_LIVE_REFUSED) {
        atomic_fetch_add(&vm->live.refused_bytes, stands_for(what)
                                                      << umig_live_shift(&vm->live, what->bytes));
    }
}

static void sample(struct umig_vm *vm, struct sampled *what)
{
    const unsigned era = atomic_load(&vm->alloc_era);
    const uint32_t next = atomic_load(&vm->alloc_rate.applied); /* by which the next was drawn */
    struct umig_slot *slot = umig_slots_hold(&vm->sampler->slots, (int)syscall(SYS_gettid));
    if (slot == NULL) {
        what->interval = next;
        drop(vm, UMIG_DROP_NO_SLOT, what);
        return;
    }
    if (slot->alloc_era == era) {
        what->interval = slot->alloc_interval;
        follow(vm, what);
        if (!take(vm, slot, what) && what->live != 0) {
            umig_vm_live_drop(vm, what->jni, what->live);
        }
    }
    slot->alloc_era = era;
    slot->alloc_interval = next;
    umig_slot_release(slot);
}

/* Any thread may tell the JVM of a new interval: it is a number there, and no lock is taken. */
static void follow_rate(struct umig_vm *vm)
{
    jvmtiEnv *jvmti = vm->jvmti;
    uint32_t interval = 0;
    if (umig_alloc_rate_take(&vm->alloc_rate, &interval)) {
        (void)(*jvmti)->SetHeapSamplingInterval(jvmti, (jint)interval);
    }
}

static void JNICALL
on_sampled(jvmtiEnv *jvmti, JNIEnv *jni, jthread thread, jobject object, jclass class, jlong bytes)
{
    (void)jvmti;
    (void)thread;
    struct umig_vm *vm = g_umig_vm;
    if (!atomic_load(&vm->is_alloc_on)) {
        return;
    }
    /* CPU, not wall: a busy machine takes the processor away in here as anywhere. */
    const uint64_t begin_ns = umig_clock_thread_cpu_ns();
    struct sampled what = {.jni = jni, .object = object, .class = class, .bytes = (uint64_t)bytes};
    sample(vm, &what);
    const uint64_t cost_ns = umig_clock_thread_cpu_ns() - begin_ns;
    atomic_fetch_add_explicit(&vm->sampler->spent_ns[atomic_load(&vm->alloc_kind)], cost_ns,
                              memory_order_relaxed);
    umig_alloc_rate_spend(&vm->alloc_rate, cost_ns);
    follow_rate(vm);
}

void umig_vm_alloc_callbacks(jvmtiEventCallbacks *callbacks)
{
    callbacks->SampledObjectAlloc = on_sampled;
}

void umig_vm_alloc_thread_started(struct umig_vm *vm)
{
    if (!atomic_load(&vm->is_alloc_on)) {
        return;
    }
    struct umig_slot *slot = umig_slots_hold(&vm->sampler->slots, (int)syscall(SYS_gettid));
    if (slot != NULL) {
        slot->alloc_interval = atomic_load(&vm->alloc_rate.applied);
        slot->alloc_era = atomic_load(&vm->alloc_era);
        umig_slot_release(slot);
    }
}

/* --- on and off --- */

/*
 * Where java.lang.Class keeps its Klass*, which the JVM says, and a class whose Klass* is known
 * otherwise confirms.
 */
static void read_layout(struct umig_vm *vm, JNIEnv *jni)
{
    struct umig_hotspot *hs = &vm->hotspot;
    const int32_t *offset = umig_vmstructs_static(&vm->libjvm, "java_lang_Class", "_klass_offset");
    const jclass thread = (*jni)->FindClass(jni, "java/lang/Thread");
    uintptr_t mirror = 0;
    uintptr_t klass = 0;
    hs->mirror_klass = UMIG_VM_NO_FIELD;
    if (offset != NULL && *offset > 0 && thread != NULL &&
        umig_vm_peek(thread, &mirror, sizeof mirror) &&
        umig_vm_peek((const void *)(mirror + (uintptr_t)*offset), &klass, sizeof klass) &&
        klass == umig_vm_klass_of(vm, jni, thread, "run", "()V")) {
        hs->mirror_klass = *offset;
    }
    (*jni)->DeleteLocalRef(jni, thread);
    if (umig_jvmflag_is_on(&vm->libjvm, "UseG1GC")) {
        uint64_t heap_bytes = 0;
        (void)umig_jvmflag_number(&vm->libjvm, "G1HeapRegionSize", &vm->region_bytes);
        (void)umig_jvmflag_number(&vm->libjvm, "MaxHeapSize", &heap_bytes);
        umig_live_set_large(&vm->live, vm->region_bytes / 2, heap_bytes / LARGE_PART);
    }
}

static void set_problem(struct umig_vm *vm, const char *text)
{
    pthread_mutex_lock(&vm->mutex);
    snprintf(vm->alloc_problem, sizeof vm->alloc_problem, "%.191s", text);
    pthread_mutex_unlock(&vm->mutex);
}

static const jvmtiCapabilities g_capability = {.can_generate_sampled_object_alloc_events = 1};

static int take_capability(struct umig_vm *vm, struct umig_err *err)
{
    jvmtiEnv *jvmti = vm->jvmti;
    if (vm->hotspot.mirror_klass < 0) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "allocation: none: java.lang.Class of this JVM is not described");
    }
    const jvmtiError error = (*jvmti)->AddCapabilities(jvmti, &g_capability);
    if (error != JVMTI_ERROR_NONE) {
        return umig_err_set_cause(err, UMIG_E_BUSY, (int)error,
                                  "allocation: none: the JVM lets one agent at a time sample it, "
                                  "and another one does (JVMTI error %d); end its profile first",
                                  (int)error);
    }
    return UMIG_OK;
}

static void begin(struct umig_vm *vm, JNIEnv *jni)
{
    jvmtiEnv *jvmti = vm->jvmti;
    struct umig_err err = UMIG_ERR_INIT;
    uint32_t interval = JVM_INTERVAL;
    read_layout(vm, jni);
    int rc = take_capability(vm, &err);
    if (rc == UMIG_OK) {
        atomic_store(&vm->alloc_rate.applied, interval);
        (void)umig_alloc_rate_take(&vm->alloc_rate, &interval);
        (void)(*jvmti)->SetHeapSamplingInterval(jvmti, (jint)interval);
        atomic_fetch_add(&vm->alloc_era, 1);
        atomic_store(&vm->is_alloc_on, true);
        rc = umig_vm_event(vm, JVMTI_EVENT_SAMPLED_OBJECT_ALLOC, true, &err);
    }
    set_problem(vm, rc == UMIG_OK ? "" : err.text);
}

static void end(struct umig_vm *vm)
{
    jvmtiEnv *jvmti = vm->jvmti;
    struct umig_err err = UMIG_ERR_INIT;
    if (!atomic_exchange(&vm->is_alloc_on, false)) {
        return;
    }
    (void)umig_vm_event(vm, JVMTI_EVENT_SAMPLED_OBJECT_ALLOC, false, &err);
    (void)(*jvmti)->SetHeapSamplingInterval(jvmti, (jint)JVM_INTERVAL);
    (void)(*jvmti)->RelinquishCapabilities(jvmti, &g_capability);
    atomic_fetch_add(&vm->alloc_era, 1);
}

void umig_vm_alloc_set(struct umig_vm *vm, JNIEnv *jni, bool enabled)
{
    if (enabled) {
        begin(vm, jni);
    } else {
        end(vm);
    }
}
