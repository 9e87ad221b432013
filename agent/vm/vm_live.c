/*
 * Objects that are followed (agent/vm/live.h), as the JVM has them: weak global references.
 *
 * One is made where the object was sampled, by the thread that allocates, outside of the guard and
 * before anything is locked: it may wait for a safepoint. They are looked at and deleted by the
 * attached thread, after collections. IsSameObject() with NULL asks without keeping the object: it
 * is no strong reference for a moment, as a local one made of the weak one would be, which with
 * concurrent collectors would keep every object that is looked at.
 *
 * What they cost the host: each collection passes over them, in parallel, as over the
 * application's own. And G1 frees a humongous object that nobody has at the next pause of the young
 * generation, but for one with a weak reference, which waits for a marking: those that are followed
 * may take a small part of the heap only.
 */
#include "agent/vm/vm_private.h"

static bool is_gone(void *ctx, void *reference)
{
    JNIEnv *jni = ctx;
    return (*jni)->IsSameObject(jni, reference, NULL) == JNI_TRUE;
}

static void forget(void *ctx, void *reference)
{
    JNIEnv *jni = ctx;
    (*jni)->DeleteWeakGlobalRef(jni, reference);
}

static struct umig_live_ops ops_of(JNIEnv *jni)
{
    return (struct umig_live_ops){.ctx = (void *)jni, .is_gone = is_gone, .forget = forget};
}

/* Without memory the JVM throws, and the application must not see it. */
static jweak make_reference(JNIEnv *jni, jobject object)
{
    const jweak reference = (*jni)->NewWeakGlobalRef(jni, object);
    if (reference == NULL) {
        (*jni)->ExceptionClear(jni);
    }
    return reference;
}

enum umig_live_claim umig_vm_live_take(struct umig_vm *vm,
                                       JNIEnv *jni,
                                       jobject object,
                                       const struct umig_live_entry *what,
                                       uint32_t *out_handle)
{
    struct umig_live_entry *entry = NULL;
    const enum umig_live_claim claim = umig_live_claim(&vm->live, what->bytes, &entry);
    if (claim != UMIG_LIVE_TAKEN) {
        return claim;
    }
    entry->bytes = what->bytes;
    entry->interval = what->interval;
    entry->time_ns = what->time_ns;
    entry->collection = umig_gc_collections(&vm->gc);
    entry->old_collection = umig_gc_old_collections(&vm->gc);
    entry->reference = make_reference(jni, object);
    if (entry->reference == NULL) {
        umig_live_unclaim(&vm->live, entry);
        return UMIG_LIVE_REFUSED;
    }
    *out_handle = umig_live_publish(&vm->live, entry);
    return UMIG_LIVE_TAKEN;
}

void umig_vm_live_drop(struct umig_vm *vm, JNIEnv *jni, uint32_t handle)
{
    const struct umig_live_ops ops = ops_of(jni);
    umig_live_drop(&vm->live, handle, &ops);
}

void umig_vm_live_set(struct umig_vm *vm, bool enabled)
{
    atomic_store(&vm->live.is_on, enabled && vm->live.room > 0);
    atomic_store(&vm->is_look_due, true);
}

bool umig_vm_live_look(struct umig_vm *vm, JNIEnv *jni)
{
    const struct umig_live_ops ops = ops_of(jni);
    const uint32_t old_collections = umig_gc_old_collections(&vm->gc);
    const uint32_t collections = umig_gc_collections(&vm->gc);
    return umig_live_sweep(&vm->live, &ops, collections, old_collections);
}
