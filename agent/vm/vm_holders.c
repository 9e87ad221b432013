/*
 * What the holder of a lock does when somebody begins to wait for it: the waiter asks the JVM for
 * the holder's stack, ten times a second over all threads at most. The JVM takes it in a handshake
 * with the holder alone, which is not woken where it sleeps; who waits for the answer has to wait
 * for the holder in any case. The stack is a record of its own: the drainer gives it to the wait.
 */
#include <string.h>

#include "agent/vm/vm_private.h"
#include "core/clock.h"

enum {
    HOLDER_FRAMES = 128, /* kept of a holder's stack, the innermost */
    THREADS_LISTED =
        2000, /* with more of them the thread of a monitor's holder is not looked for */
};

jthread umig_vm_thread_at(struct umig_vm *vm, JNIEnv *jni, uintptr_t java_thread)
{
    jvmtiEnv *jvmti = vm->jvmti;
    jint count = 0;
    jthread *threads = NULL;
    jthread found = NULL;
    const jfieldID eetop = atomic_load(&vm->thread_eetop);
    if (java_thread == 0 || eetop == NULL ||
        atomic_load(&vm->sampler->slots.live) > THREADS_LISTED ||
        (*jni)->EnsureLocalCapacity(jni, 2 * THREADS_LISTED) != JNI_OK ||
        (*jvmti)->GetAllThreads(jvmti, &count, &threads) != JVMTI_ERROR_NONE) {
        return NULL;
    }
    for (jint i = 0; i < count; i++) {
        if (found == NULL &&
            (uintptr_t)(*jni)->GetLongField(jni, threads[i], eetop) == java_thread) {
            found = threads[i];
        } else {
            (*jni)->DeleteLocalRef(jni, threads[i]);
        }
    }
    (*jvmti)->Deallocate(jvmti, (unsigned char *)threads);
    return found;
}

static void put_record(struct umig_vm *vm,
                       struct umig_slot *waiter,
                       int32_t holder_tid,
                       const jvmtiFrameInfo *infos,
                       uint32_t count)
{
    struct umig_sampler *sampler = vm->sampler;
    struct umig_record head = {
        .type = UMIG_RECORD_HOLDER,
        .time_ns = umig_clock_monotonic_ns(),
        .slot = umig_slots_index(&sampler->slots, waiter),
        .slot_serial = atomic_load(&waiter->serial),
        .holder_tid = holder_tid,
        .cut_at = count == HOLDER_FRAMES ? count : 0,
    };
    struct umig_ring *ring = umig_rings_lock(&sampler->rings, head.slot);
    if (ring == NULL) {
        return; /* the wait is told without it */
    }
    struct umig_vm_scratch *scratch = ring->scratch;
    umig_vm_frames_of(infos, count, scratch->frames);
    struct umig_names *names = umig_sampler_enter_names(sampler);
    head.names = names->generation;
    head.frame_count = umig_vm_name_frames(vm, waiter, names, scratch->frames, count, scratch->ids);
    const uint32_t ids_bytes = head.frame_count * (uint32_t)sizeof *scratch->ids;
    head.byte_count = ((uint32_t)sizeof head + ids_bytes + 7u) & ~7u;
    uint8_t *to = head.frame_count > 0 ? umig_ring_reserve(ring, head.byte_count) : NULL;
    if (to != NULL) {
        memcpy(to, &head, sizeof head);
        memcpy(to + sizeof head, scratch->ids, ids_bytes);
        umig_ring_commit(ring, head.byte_count);
    }
    umig_names_leave(names);
    umig_ring_unlock(ring);
}

void umig_vm_put_holder(struct umig_vm *vm,
                        struct umig_slot *waiter,
                        jthread holder,
                        int32_t holder_tid)
{
    jvmtiEnv *jvmti = vm->jvmti;
    jvmtiFrameInfo infos[HOLDER_FRAMES];
    jint count = 0;
    if (holder == NULL || holder_tid == 0 ||
        (*jvmti)->GetStackTrace(jvmti, holder, 0, HOLDER_FRAMES, infos, &count) !=
            JVMTI_ERROR_NONE ||
        count <= 0 || !umig_gate_enter(&vm->sampler->gate)) {
        return;
    }
    put_record(vm, waiter, holder_tid, infos, (uint32_t)count);
    umig_gate_leave(&vm->sampler->gate);
}
