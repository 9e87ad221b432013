/*
 * Contended monitors. MonitorContendedEnter begins a wait, Entered ends it, both on the waiting
 * thread. Entered runs while the thread already owns the lock, so a stack taken there lengthens the
 * critical section: it is taken of waits of an interval or more, and of shorter ones of one in so
 * many, which stands for them (agent/signal/wait_carry.h). The monitor's class is read at Enter,
 * where nobody waits for this thread.
 *
 * Waits that go on are told by vm_waits.c, on the loop's thread.
 *
 * Who holds the monitor is looked up at Enter at most ten times a second over all threads, since
 * all of them are compared. JVMTI's GetObjectMonitorUsage is not used: it costs a safepoint, and on
 * JDK 25 it crashes the JVM when a thread is just starting (Threads::get_pending_threads reads a
 * Thread object that is not there).
 */
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/vm/vm_private.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/mix.h"

#define HOLDER_EVERY_NS (100 * UMIG_NS_PER_MS)

/* One call in so many is measured: odd, since begins and ends of waits take turns. */
enum {
    METER_EVERY = 15
};

uint64_t umig_vm_begin_meter(struct umig_vm *vm)
{
    const unsigned call = atomic_fetch_add_explicit(&vm->wait_calls, 1, memory_order_relaxed);
    return call % METER_EVERY == 0 ? umig_clock_thread_cpu_ns() : 0;
}

/* Where nobody asks for locks the calls are made for the classes that kind wall tells. */
void umig_vm_end_meter(struct umig_vm *vm, uint64_t begin_ns)
{
    if (begin_ns != 0) {
        const bool has_locks = atomic_load(&vm->lock_threshold_ns) != UINT64_MAX;
        atomic_fetch_add_explicit(
            &vm->sampler->spent_ns[has_locks ? UMIG_KIND_LOCKS : UMIG_KIND_WALL],
            (umig_clock_thread_cpu_ns() - begin_ns) * METER_EVERY, memory_order_relaxed);
    }
}

/* Until it is released, it cannot become another thread's. */
struct umig_slot *umig_vm_hold_own_slot(struct umig_vm *vm)
{
    return umig_slots_hold(&vm->sampler->slots, (int)syscall(SYS_gettid));
}

bool umig_vm_may_ask_for_holder(struct umig_vm *vm, uint64_t now_ns)
{
    uint_fast64_t next = atomic_load(&vm->next_holder_ns);
    /* Nobody asks who holds monitors when kind wall alone wants to know for which class it is. */
    return atomic_load(&vm->lock_threshold_ns) != UINT64_MAX && now_ns >= next &&
           atomic_compare_exchange_strong(&vm->next_holder_ns, &next, now_ns + HOLDER_EVERY_NS);
}

uint32_t umig_vm_wait_class_of(struct umig_vm *vm, JNIEnv *jni, jobject object)
{
    jvmtiEnv *jvmti = vm->jvmti;
    const jclass class = (*jni)->GetObjectClass(jni, object);
    char *signature = NULL;
    uint32_t id = 0;
    if ((*jvmti)->GetClassSignature(jvmti, class, &signature, NULL) == JVMTI_ERROR_NONE) {
        id = umig_wait_classes_add(&vm->wait_classes, signature, strlen(signature));
        (*jvmti)->Deallocate(jvmti, (unsigned char *)signature);
    }
    (*jni)->DeleteLocalRef(jni, class);
    return id;
}

void umig_vm_begin_wait(struct umig_vm *vm, struct umig_slot *slot, bool is_park, uint64_t now_ns)
{
    slot->is_pin = false;
    if (umig_wait_begin(slot, is_park, now_ns)) {
        atomic_fetch_add(&vm->waiting, 1);
    }
}

static void put_monitor_holder(struct umig_vm *vm, JNIEnv *jni, struct umig_slot *waiter)
{
    const struct umig_slot *holder = umig_slots_find(&vm->sampler->slots, waiter->wait_holder_tid);
    const uintptr_t env = holder == NULL ? 0 : (uintptr_t)atomic_load(&holder->env);
    const jthread thread =
        env == 0 ? NULL : umig_vm_thread_at(vm, jni, env - (uintptr_t)vm->hotspot.env_offset);
    umig_vm_put_holder(vm, waiter, thread, waiter->wait_holder_tid);
    (*jni)->DeleteLocalRef(jni, thread);
}

static void JNICALL on_contended(jvmtiEnv *jvmti, JNIEnv *jni, jthread thread, jobject object)
{
    (void)jvmti;
    (void)thread;
    struct umig_vm *vm = g_umig_vm;
    struct umig_slot *slot = umig_vm_hold_own_slot(vm);
    if (slot == NULL) {
        return;
    }
    const uint64_t meter_ns = umig_vm_begin_meter(vm);
    const uint64_t now_ns = umig_clock_monotonic_ns();
    atomic_store(&slot->wait_class, umig_vm_wait_class_of(vm, jni, object));
    const bool asks = umig_vm_may_ask_for_holder(vm, now_ns);
    if (asks) {
        slot->wait_holder_tid = umig_vm_holder_of(vm, umig_vm_pending_monitor(vm, jni));
    }
    umig_vm_begin_wait(vm, slot, false, now_ns);
    if (asks && slot->wait_holder_tid != 0) {
        put_monitor_holder(vm, jni, slot);
    }
    umig_vm_end_meter(vm, meter_ns);
    umig_slot_release(slot);
}

void umig_vm_frames_of(const jvmtiFrameInfo *infos, uint32_t count, struct umig_walk_frame *frames)
{
    for (uint32_t i = 0; i < count; i++) {
        const jvmtiFrameInfo *info = &infos[i];
        uintptr_t method;
        memcpy(&method, (const void *)info->method, sizeof method);
        frames[i] = (struct umig_walk_frame){
            .method = method,
            .bci = info->location < 0 ? UMIG_BCI_NATIVE : (int32_t)info->location,
            .kind = info->location < 0 ? UMIG_FRAME_NATIVE_METHOD : UMIG_FRAME_JAVA,
        };
    }
}

uint32_t umig_vm_ask_stack(struct umig_vm *vm,
                           jvmtiFrameInfo *infos,
                           struct umig_walk_frame *frames,
                           uint32_t max_frames,
                           uint32_t *out_cut_at)
{
    jvmtiEnv *jvmti = vm->jvmti;
    jint count = 0;
    if ((*jvmti)->GetStackTrace(jvmti, NULL, 0, (jint)max_frames, infos, &count) !=
        JVMTI_ERROR_NONE) {
        return 0;
    }
    umig_vm_frames_of(infos, (uint32_t)count, frames);
    *out_cut_at = (uint32_t)count == max_frames ? max_frames : 0;
    return (uint32_t)count;
}

static void put_record(struct umig_vm *vm,
                       struct umig_ring *ring,
                       struct umig_slot *slot,
                       struct umig_record *head)
{
    struct umig_vm_scratch *scratch = ring->scratch;
    struct umig_sampler *sampler = vm->sampler;
    const uint32_t count = vm->walker == UMIG_WALKER_VM
                               ? umig_vm_walk_wait(vm, slot, slot, scratch, &head->cut_at)
                               : umig_vm_ask_stack(vm, scratch->infos, scratch->frames,
                                                   UMIG_STACK_MAX_FRAMES, &head->cut_at);
    struct umig_names *names = umig_sampler_enter_names(sampler);
    const struct umig_wait_class *class = umig_vm_name_wait(vm, slot, names, count, scratch, head);
    head->walk_ns = (uint32_t)(umig_clock_monotonic_ns() - head->time_ns);
    void *to = umig_ring_reserve(ring, head->byte_count);
    if (to == NULL) {
        atomic_fetch_add(&sampler->dropped_wait_ns[UMIG_DROP_RING_FULL], head->value_ns);
    } else {
        umig_vm_copy_wait(head, scratch, class, to);
        umig_ring_commit(ring, head->byte_count);
    }
    umig_names_leave(names);
}

static void record_wait(struct umig_vm *vm,
                        struct umig_slot *slot,
                        struct umig_wait_share share,
                        bool was_told)
{
    struct umig_sampler *sampler = vm->sampler;
    struct umig_record head = {
        .time_ns = umig_clock_monotonic_ns(),
        .value_ns = share.wait_ns,
        .slot = umig_slots_index(&sampler->slots, slot),
        .wait_count = share.count,
        .has_told_wait = was_told,
        .holder_tid = slot->wait_holder_tid,
    };
    struct umig_ring *ring = umig_rings_lock(&sampler->rings, head.slot);
    if (ring == NULL) {
        atomic_fetch_add(&sampler->dropped_wait_ns[UMIG_DROP_RING_BUSY], head.value_ns);
        return;
    }
    put_record(vm, ring, slot, &head);
    umig_ring_unlock(ring);
}

struct umig_wait_share umig_vm_carry_wait(const struct umig_vm *vm,
                                          struct umig_wait_carry *carry,
                                          uint64_t waited_ns,
                                          uint64_t now_ns)
{
    /* Of a moment that no two waits of a thread share. */
    const uint64_t random = umig_mix64(now_ns ^ (uintptr_t)carry);
    const struct umig_wait_share wait = {.wait_ns = waited_ns, .count = 1};
    return umig_wait_carry_add(carry, atomic_load(&vm->lock_threshold_ns), wait, random);
}

void umig_vm_end_wait(struct umig_vm *vm, struct umig_slot *slot)
{
    bool was_told = false;
    const uint64_t now_ns = umig_clock_monotonic_ns();
    const uint64_t waited_ns = umig_wait_end(slot, now_ns, &was_told);
    if (waited_ns == UINT64_MAX) {
        return;
    }
    atomic_fetch_sub(&vm->waiting, 1);
    if (atomic_load(&vm->lock_threshold_ns) == UINT64_MAX) {
        return; /* it began in a session that is over, or for kind wall */
    }
    struct umig_wait_share share = {.wait_ns = waited_ns, .count = 1};
    if (!was_told) {
        share = umig_vm_carry_wait(vm, &slot->carries[slot->is_pin], waited_ns, now_ns);
    }
    if (share.count > 0 && umig_gate_enter(&vm->sampler->gate)) {
        record_wait(vm, slot, share, was_told);
        umig_gate_leave(&vm->sampler->gate);
        slot->wait_holder_tid = 0;
    }
}

static void JNICALL on_entered(jvmtiEnv *jvmti, JNIEnv *jni, jthread thread, jobject object)
{
    (void)jvmti;
    (void)jni;
    (void)thread;
    (void)object;
    struct umig_slot *slot = umig_vm_hold_own_slot(g_umig_vm);
    if (slot != NULL) {
        const uint64_t meter_ns = umig_vm_begin_meter(g_umig_vm);
        umig_vm_end_wait(g_umig_vm, slot);
        umig_vm_end_meter(g_umig_vm, meter_ns);
        umig_slot_release(slot);
    }
}

void umig_vm_locks_callbacks(jvmtiEventCallbacks *callbacks)
{
    callbacks->MonitorContendedEnter = on_contended;
    callbacks->MonitorContendedEntered = on_entered;
}

/* --- waits that began before their begin could be heard --- */

/* The ends of waits were not heard while the events were off. */
static void forget_waits(struct umig_vm *vm)
{
    const struct umig_slots *slots = &vm->sampler->slots;
    for (uint32_t i = 0; i < slots->count; i++) {
        if (atomic_load(&slots->slots[i].tid) != 0) {
            (void)umig_wait_forget(&slots->slots[i]);
        }
    }
    atomic_store(&vm->waiting, 0);
}

static bool is_blocked(jvmtiEnv *jvmti, jthread thread)
{
    jint state = 0;
    return (*jvmti)->GetThreadState(jvmti, thread, &state) == JVMTI_ERROR_NONE &&
           (state & JVMTI_THREAD_STATE_BLOCKED_ON_MONITOR_ENTER) != 0;
}

/* Without the capability (an agent that was attached) the class stays unknown. */
static uint32_t class_waited_for(struct umig_vm *vm, JNIEnv *jni, jthread thread)
{
    jvmtiEnv *jvmti = vm->jvmti;
    jobject object = NULL;
    if ((*jvmti)->GetCurrentContendedMonitor(jvmti, thread, &object) != JVMTI_ERROR_NONE ||
        object == NULL) {
        return 0;
    }
    const uint32_t id = umig_vm_wait_class_of(vm, jni, object);
    (*jni)->DeleteLocalRef(jni, object);
    return id;
}

static void find_wait(struct umig_vm *vm, JNIEnv *jni, jthread thread)
{
    if (!is_blocked(vm->jvmti, thread)) {
        return;
    }
    const int tid = umig_vm_tid_of(vm, jni, thread);
    struct umig_slot *slot = tid == 0 ? NULL : umig_slots_find(&vm->sampler->slots, tid);
    const uint64_t now_ns = umig_clock_monotonic_ns();
    const uint32_t class = slot == NULL ? 0 : class_waited_for(vm, jni, thread);
    if (slot == NULL || !umig_wait_found(slot, false, 0, now_ns)) {
        return;
    }
    atomic_store(&slot->wait_class, class);
    atomic_fetch_add(&vm->waiting, 1);
    if (!is_blocked(vm->jvmti, thread)) {
        umig_wait_not_found(slot, now_ns); /* its end was before our begin */
    }
}

static int find_waits(struct umig_vm *vm, JNIEnv *jni, struct umig_err *err)
{
    jvmtiEnv *jvmti = vm->jvmti;
    jint count = 0;
    jthread *threads = NULL;
    const jvmtiError error = (*jvmti)->GetAllThreads(jvmti, &count, &threads);
    if (error != JVMTI_ERROR_NONE) {
        return umig_vm_failed(vm, error, "GetAllThreads", err);
    }
    for (jint i = 0; i < count && !atomic_load(&vm->stopping); i++) {
        find_wait(vm, jni, threads[i]);
        (*jni)->DeleteLocalRef(jni, threads[i]);
    }
    (*jvmti)->Deallocate(jvmti, (unsigned char *)threads);
    return UMIG_OK;
}

int umig_vm_locks_set(struct umig_vm *vm, JNIEnv *jni, bool enabled, struct umig_err *err)
{
    if (enabled) {
        forget_waits(vm);
    }
    int rc = umig_vm_event(vm, JVMTI_EVENT_MONITOR_CONTENDED_ENTER, enabled, err);
    if (rc == UMIG_OK) {
        rc = umig_vm_event(vm, JVMTI_EVENT_MONITOR_CONTENDED_ENTERED, enabled, err);
    }
    if (rc == UMIG_OK && enabled) {
        rc = find_waits(vm, jni, err);
    }
    return umig_err_trace(err, rc);
}
