/*
 * Contended monitors. MonitorContendedEnter begins a wait, Entered ends it, both on the waiting
 * thread. Entered runs while the thread already owns the lock, so a stack taken there lengthens the
 * critical section: it is taken only when the waits of this thread add up to the threshold; until
 * then they are carried. Nothing is lost by it: the record stands for all waits carried.
 *
 * Who holds the monitor is known at Enter only. It is read from the monitor the thread is about to
 * wait for, at most ten times a second over all threads, since all of them are compared. JVMTI's
 * GetObjectMonitorUsage is not used: it costs a safepoint, and on JDK 25 it crashes the JVM when a
 * thread is just starting (Threads::get_pending_threads reads a Thread object that is not there).
 */
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/signal/guard.h"
#include "agent/vm/vm_private.h"
#include "core/clock.h"

#define HOLDER_EVERY_NS (100 * UMIG_NS_PER_MS)

/* From JDK 22 on: owned by a thread that does not know yet that somebody waits. 0: by nobody. */
#define ANONYMOUS_OWNER 1u

static struct umig_slot *own_slot(struct umig_vm *vm)
{
    return umig_slots_find(&vm->sampler->slots, (int)syscall(SYS_gettid));
}

static bool may_ask_for_holder(struct umig_vm *vm, uint64_t now_ns)
{
    uint_fast64_t next = atomic_load(&vm->next_holder_ns);
    return now_ns >= next &&
           atomic_compare_exchange_strong(&vm->next_holder_ns, &next, now_ns + HOLDER_EVERY_NS);
}

static uint64_t peek_word(uintptr_t base, int32_t offset)
{
    uint64_t word = 0;
    const bool is_there =
        base != 0 && offset >= 0 &&
        umig_vm_peek((const void *)(base + (uintptr_t)offset), &word, sizeof word);
    return is_there ? word : 0;
}

/* Does the owner field mean this thread? */
static bool is_owner(const struct umig_hotspot *hs, uintptr_t java_thread, uint64_t owner)
{
    if (hs->thread_owner_id >= 0) {
        return peek_word(java_thread, hs->thread_owner_id) == owner;
    }
    if (java_thread == owner) {
        return true;
    }
    /* A lock that was taken on the stack, and inflated by who waits, names a place in the stack. */
    const uint64_t base = peek_word(java_thread, hs->thread_stack_base);
    const uint64_t size = peek_word(java_thread, hs->thread_stack_size);
    return owner < base && owner >= base - size;
}

static int32_t holder_of(struct umig_vm *vm, const JNIEnv *jni)
{
    const struct umig_hotspot *hs = &vm->hotspot;
    const struct umig_slots *slots = &vm->sampler->slots;
    if (hs->env_offset == 0) {
        return 0;
    }
    atomic_fetch_add(&vm->holder_lookups, 1);
    const uintptr_t own = (uintptr_t)jni - (uintptr_t)hs->env_offset;
    const uint64_t monitor = peek_word(own, hs->thread_pending_monitor);
    const uint64_t owner = peek_word(monitor, hs->monitor_owner);
    if (owner <= ANONYMOUS_OWNER) {
        return 0;
    }
    for (uint32_t i = 0; i < slots->count; i++) {
        const uintptr_t env = (uintptr_t)atomic_load(&slots->slots[i].env);
        if (env != 0 && is_owner(hs, env - (uintptr_t)hs->env_offset, owner)) {
            return atomic_load(&slots->slots[i].tid);
        }
    }
    return 0;
}

static void JNICALL on_contended(jvmtiEnv *jvmti, JNIEnv *jni, jthread thread, jobject object)
{
    (void)jvmti;
    (void)thread;
    (void)object;
    struct umig_vm *vm = g_umig_vm;
    struct umig_slot *slot = own_slot(vm);
    if (slot == NULL) {
        return;
    }
    slot->wait_began_ns = umig_clock_monotonic_ns();
    if (may_ask_for_holder(vm, slot->wait_began_ns)) {
        slot->wait_holder_tid = holder_of(vm, jni);
    }
}

/* "Ljava/lang/Object;", cut to the room of a record. */
static uint8_t copy_class(jvmtiEnv *jvmti, JNIEnv *jni, jobject object, char *out)
{
    const jclass klass = (*jni)->GetObjectClass(jni, object);
    char *signature = NULL;
    size_t len = 0;
    if ((*jvmti)->GetClassSignature(jvmti, klass, &signature, NULL) == JVMTI_ERROR_NONE) {
        len = strnlen(signature, UMIG_SAMPLE_TEXT_BYTES);
        memcpy(out, signature, len);
        (*jvmti)->Deallocate(jvmti, (unsigned char *)signature);
    }
    (*jni)->DeleteLocalRef(jni, klass);
    return (uint8_t)len;
}

/* What the scratch of a ring is used for here. */
struct scratch {
    struct umig_walk_frame frames[UMIG_STACK_MAX_FRAMES];
    uint32_t ids[UMIG_STACK_MAX_FRAMES];
    jvmtiFrameInfo infos[UMIG_STACK_MAX_FRAMES];
};

/* By the walker, under the guard: the thread has left Java to come here. 0 when it fails. */
static uint32_t walk_anchor(const struct umig_vm *vm,
                            struct umig_slot *slot,
                            struct scratch *scratch,
                            uint32_t *out_cut_at)
{
    struct umig_step position;
    const struct umig_walk_request request = {
        .env = atomic_load(&slot->env),
        .scratch = &position,
        .frames = scratch->frames,
        .max_frames = UMIG_STACK_MAX_FRAMES,
    };
    struct umig_guard guard;
    if (request.env == NULL) {
        return 0;
    }
    if (!UMIG_GUARD_ENTER(slot, &guard)) {
        atomic_fetch_add(&vm->sampler->faults, 1);
        return 0;
    }
    const struct umig_walk_result result = umig_vmwalk_walk(&vm->vmwalk, &request);
    umig_guard_leave(slot, &guard);
    *out_cut_at = result.cut_at;
    return result.outcome == UMIG_OUTCOME_OK ? result.frame_count : 0;
}

static uint32_t walk(const struct umig_vm *vm,
                     struct umig_slot *slot,
                     jvmtiEnv *jvmti,
                     struct scratch *scratch,
                     uint32_t *out_cut_at)
{
    if (vm->walker == UMIG_WALKER_VM) {
        return walk_anchor(vm, slot, scratch, out_cut_at);
    }
    jint count = 0;
    if ((*jvmti)->GetStackTrace(jvmti, NULL, 0, UMIG_STACK_MAX_FRAMES, scratch->infos, &count) !=
        JVMTI_ERROR_NONE) {
        return 0;
    }
    for (jint i = 0; i < count; i++) {
        uintptr_t method;
        memcpy(&method, (const void *)scratch->infos[i].method, sizeof method);
        scratch->frames[i] = (struct umig_walk_frame){
            .method = method,
            .bci = scratch->infos[i].location < 0 ? UMIG_BCI_NATIVE
                                                  : (int32_t)scratch->infos[i].location,
            .kind = scratch->infos[i].location < 0 ? UMIG_FRAME_NATIVE_METHOD : UMIG_FRAME_JAVA,
        };
    }
    *out_cut_at = count == UMIG_STACK_MAX_FRAMES ? UMIG_STACK_MAX_FRAMES : 0;
    return (uint32_t)count;
}

/* Names the frames under the guard; 0 when it faulted or the tables were full. */
static uint32_t name_frames(struct umig_vm *vm,
                            struct umig_slot *slot,
                            struct umig_names *names,
                            struct scratch *scratch,
                            uint32_t count)
{
    struct umig_guard guard;
    uint32_t named = 0;
    if (!UMIG_GUARD_ENTER(slot, &guard)) {
        atomic_fetch_add(&vm->sampler->faults, 1);
        return 0;
    }
    named = umig_sampler_name_frames(names, scratch->frames, count, scratch->ids);
    umig_guard_leave(slot, &guard);
    return named == count ? named : 0;
}

static void put_record(struct umig_vm *vm,
                       struct umig_ring *ring,
                       struct umig_record *head,
                       const uint32_t *ids,
                       const char *text)
{
    const uint32_t ids_bytes = head->frame_count * (uint32_t)sizeof *ids;
    head->byte_count = ((uint32_t)sizeof *head + ids_bytes + head->text_bytes + 7u) & ~7u;
    uint8_t *to = umig_ring_reserve(ring, head->byte_count);
    if (to == NULL) {
        atomic_fetch_add(&vm->sampler->dropped_wait_ns[UMIG_DROP_RING_FULL], head->value_ns);
        return;
    }
    memcpy(to, head, sizeof *head);
    memcpy(to + sizeof *head, ids, ids_bytes);
    memcpy(to + sizeof *head + ids_bytes, text, head->text_bytes);
    umig_ring_commit(ring, head->byte_count);
}

static void record_wait(struct umig_vm *vm,
                        struct umig_slot *slot,
                        jvmtiEnv *jvmti,
                        JNIEnv *jni,
                        jobject object)
{
    struct umig_sampler *sampler = vm->sampler;
    const uint64_t begin_ns = umig_clock_monotonic_ns();
    const uint32_t index = umig_slots_index(&sampler->slots, slot);
    struct umig_ring *ring = umig_rings_lock(&sampler->rings, index);
    if (ring == NULL) {
        atomic_fetch_add(&sampler->dropped_wait_ns[UMIG_DROP_RING_BUSY], slot->wait_pending_ns);
        return;
    }
    struct scratch *scratch = ring->scratch;
    char text[UMIG_SAMPLE_TEXT_BYTES];
    struct umig_record head = {
        .type = UMIG_RECORD_WAIT,
        .time_ns = begin_ns,
        .value_ns = slot->wait_pending_ns,
        .slot = index,
        .slot_serial = atomic_load(&slot->serial),
        .wait_count = slot->wait_pending_count,
        .holder_tid = slot->wait_holder_tid,
        .text_bytes = copy_class(jvmti, jni, object, text),
    };
    uint32_t cut_at = 0;
    const uint32_t count = walk(vm, slot, jvmti, scratch, &cut_at);
    struct umig_names *names = umig_sampler_enter_names(sampler);
    head.names = names->generation;
    head.frame_count = name_frames(vm, slot, names, scratch, count);
    head.outcome = head.frame_count > 0 ? UMIG_OUTCOME_OK : UMIG_OUTCOME_NAMES_FULL;
    head.cut_at = cut_at;
    head.walk_ns = (uint32_t)(umig_clock_monotonic_ns() - begin_ns);
    put_record(vm, ring, &head, scratch->ids, text);
    umig_names_leave(names);
    umig_ring_unlock(ring);
}

static void JNICALL on_entered(jvmtiEnv *jvmti, JNIEnv *jni, jthread thread, jobject object)
{
    (void)thread;
    struct umig_vm *vm = g_umig_vm;
    struct umig_slot *slot = own_slot(vm);
    if (slot == NULL || slot->wait_began_ns == 0) {
        return;
    }
    slot->wait_pending_ns += umig_clock_monotonic_ns() - slot->wait_began_ns;
    slot->wait_pending_count++;
    slot->wait_began_ns = 0;
    if (slot->wait_pending_ns < atomic_load(&vm->lock_threshold_ns) ||
        !umig_gate_enter(&vm->sampler->gate)) {
        return;
    }
    record_wait(vm, slot, jvmti, jni, object);
    umig_gate_leave(&vm->sampler->gate);
    slot->wait_pending_ns = 0;
    slot->wait_pending_count = 0;
    slot->wait_holder_tid = 0;
}

void umig_vm_locks_callbacks(jvmtiEventCallbacks *callbacks)
{
    callbacks->MonitorContendedEnter = on_contended;
    callbacks->MonitorContendedEntered = on_entered;
}

int umig_vm_locks_set(struct umig_vm *vm, bool enabled, struct umig_err *err)
{
    const int rc = umig_vm_event(vm, JVMTI_EVENT_MONITOR_CONTENDED_ENTER, enabled, err);
    if (rc != UMIG_OK) {
        return rc;
    }
    return umig_vm_event(vm, JVMTI_EVENT_MONITOR_CONTENDED_ENTERED, enabled, err);
}
