/*
 * Which virtual thread keeps its carrier from all others, since it parks and cannot leave: a frame
 * of native code or of a class initialiser stands below it (up to JDK 23 also a monitor that it
 * holds). It then parks with the carrier, by Unsafe.park, where vm_parks.c sees it; whoever parks
 * otherwise has left its carrier before, and comes nowhere near.
 *
 *      JavaThread::_threadObj    the carrier, or a thread that carries nothing
 *      JavaThread::_vthread      Thread.currentThread(): the virtual thread, but the carrier itself
 *                                while that acts for it (it schedules, wakes others)
 *
 * Two words that are equal are one thread, and nothing more is asked: so a thread that carries
 * nothing pays four loads. That they differ is no proof (what a concurrent collector moves has two
 * addresses for a while), so Java is asked then.
 */
#include "agent/vm/vm_private.h"

/* References are global; false: this JDK has no virtual threads. */
static struct {
    jclass thread;
    jclass virtual_thread; /* BaseVirtualThread: VirtualThread would be initialised by our asking,
                              and make a scheduler that nobody needs */
    jmethodID current;
    bool is_ready;
} g_pins;

static jclass class_named(JNIEnv *jni, const char *name)
{
    const jclass local = (*jni)->FindClass(jni, name);
    const jclass global = local == NULL ? NULL : (*jni)->NewGlobalRef(jni, local);
    (*jni)->ExceptionClear(jni);
    (*jni)->DeleteLocalRef(jni, local);
    return global;
}

void umig_vm_pins_open(const struct umig_vm *vm, JNIEnv *jni)
{
    const struct umig_hotspot *hs = &vm->hotspot;
    if (g_pins.is_ready || hs->thread_vthread < 0 || hs->thread_object < 0 || hs->env_offset == 0) {
        return;
    }
    g_pins.thread = class_named(jni, "java/lang/Thread");
    g_pins.virtual_thread = class_named(jni, "java/lang/BaseVirtualThread");
    g_pins.current = g_pins.thread == NULL
                         ? NULL
                         : (*jni)->GetStaticMethodID(jni, g_pins.thread, "currentThread",
                                                     "()Ljava/lang/Thread;");
    (*jni)->ExceptionClear(jni);
    g_pins.is_ready = g_pins.virtual_thread != NULL && g_pins.current != NULL;
}

/* Of the calling thread: the fields are its own, and their handles live as long as it does. */
static bool may_be_virtual(const struct umig_hotspot *hs, const JNIEnv *jni)
{
    const uintptr_t java_thread = (uintptr_t)jni - (uintptr_t)hs->env_offset;
    const uintptr_t own = umig_hs_ptr(java_thread, hs->thread_object);
    const uintptr_t current = umig_hs_ptr(java_thread, hs->thread_vthread);
    return own != 0 && current != 0 && umig_hs_ptr(own, 0) != umig_hs_ptr(current, 0);
}

jthread umig_vm_pinned_thread(const struct umig_vm *vm, JNIEnv *jni)
{
    if (!g_pins.is_ready || atomic_load(&vm->lock_threshold_ns) == UINT64_MAX ||
        !may_be_virtual(&vm->hotspot, jni)) {
        return NULL;
    }
    const jthread current = (*jni)->CallStaticObjectMethod(jni, g_pins.thread, g_pins.current);
    if ((*jni)->ExceptionCheck(jni)) { /* the stack is at its end */
        (*jni)->ExceptionClear(jni);
        return NULL;
    }
    if (current != NULL && (*jni)->IsInstanceOf(jni, current, g_pins.virtual_thread)) {
        return current;
    }
    (*jni)->DeleteLocalRef(jni, current);
    return NULL;
}
