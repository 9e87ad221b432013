/*
 * Where the JVM counts the ids of threads, of platform and of virtual ones: a number of its own
 * outside of the heap, which Thread$ThreadIdentifiers (from JDK 21 on) counts up for each thread
 * that is made. Its address is in a constant of that class, which every JVM has initialised.
 */
#include "agent/vm/vm_private.h"

enum {
    FIRST_JDK = 21
};

/* 0 when there is no such field. */
static int64_t static_long(JNIEnv *jni, const char *class_name, const char *name)
{
    const jclass class = (*jni)->FindClass(jni, class_name);
    const jfieldID id = class == NULL ? NULL : (*jni)->GetStaticFieldID(jni, class, name, "J");
    const int64_t value = id == NULL ? 0 : (*jni)->GetStaticLongField(jni, class, id);
    (*jni)->ExceptionClear(jni);
    (*jni)->DeleteLocalRef(jni, class);
    return value;
}

static int64_t id_of(JNIEnv *jni, jthread thread)
{
    const jclass class = (*jni)->FindClass(jni, "java/lang/Thread");
    const jfieldID id = class == NULL ? NULL : (*jni)->GetFieldID(jni, class, "tid", "J");
    const int64_t value = id == NULL ? 0 : (*jni)->GetLongField(jni, thread, id);
    (*jni)->ExceptionClear(jni);
    (*jni)->DeleteLocalRef(jni, class);
    return value;
}

uintptr_t umig_vm_next_thread_id_at(const struct umig_vm *vm, JNIEnv *jni, jthread thread)
{
    if (vm->info.jdk < FIRST_JDK) {
        return 0;
    }
    const uintptr_t at =
        (uintptr_t)static_long(jni, "java/lang/Thread$ThreadIdentifiers", "NEXT_TID_OFFSET");
    const int64_t own = id_of(jni, thread);
    int64_t next = 0;
    const bool is_it = at != 0 && own > 0 && umig_vm_peek((const void *)at, &next, sizeof next) &&
                       next > own && next < INT64_C(1) << 48;
    return is_it ? at : 0;
}
