/*
 * What walking stacks needs of the JVM: to hear of threads; and, for AsyncGetCallTrace alone,
 * events and ids. It refuses unless class load events are on, and it gives no id for a method that
 * has none yet: ids are made for every class when it is prepared, and for those loaded before at
 * the time of arming. The ids cost the JVM 8 bytes a method that it never gives back (up to JDK
 * 25); therefore nothing of this is on before the first session that needs it.
 */
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/vm/vm_private.h"
#include "core/err.h"

/* Methods of a class get their ids as a side effect of being listed. */
static void make_ids(jvmtiEnv *jvmti, jclass klass)
{
    jint count = 0;
    jmethodID *methods = NULL;
    /* JVMTI_ERROR_CLASS_NOT_PREPARED is not an error: it will be prepared, and come again. */
    if ((*jvmti)->GetClassMethods(jvmti, klass, &count, &methods) == JVMTI_ERROR_NONE) {
        (*jvmti)->Deallocate(jvmti, (unsigned char *)methods);
    }
}

static void JNICALL on_class_load(jvmtiEnv *jvmti, JNIEnv *jni, jthread thread, jclass klass)
{
    /* AsyncGetCallTrace asks only that this event is on. */
    (void)jvmti;
    (void)jni;
    (void)thread;
    (void)klass;
}

static void JNICALL on_class_prepare(jvmtiEnv *jvmti, JNIEnv *jni, jthread thread, jclass klass)
{
    (void)jni;
    (void)thread;
    make_ids(jvmti, klass);
}

static void copy_thread_name(jvmtiEnv *jvmti,
                             JNIEnv *jni,
                             jthread thread,
                             char out[UMIG_THREAD_NAME_BYTES])
{
    jvmtiThreadInfo info;
    memset(&info, 0, sizeof info);
    out[0] = '\0';
    if ((*jvmti)->GetThreadInfo(jvmti, thread, &info) != JVMTI_ERROR_NONE) {
        return;
    }
    if (info.name != NULL) {
        strncat(out, info.name, UMIG_THREAD_NAME_BYTES - 1);
        (*jvmti)->Deallocate(jvmti, (unsigned char *)info.name);
    }
    (*jni)->DeleteLocalRef(jni, info.thread_group);
    (*jni)->DeleteLocalRef(jni, info.context_class_loader);
}

static void JNICALL on_thread_start(jvmtiEnv *jvmti, JNIEnv *jni, jthread thread)
{
    char name[UMIG_THREAD_NAME_BYTES];
    copy_thread_name(jvmti, jni, thread, name);
    umig_threads_started(g_umig_vm->threads, (int)syscall(SYS_gettid), (void *)jni, name);
    umig_vm_alloc_thread_started(g_umig_vm);
}

static void JNICALL on_thread_end(jvmtiEnv *jvmti, JNIEnv *jni, jthread thread)
{
    (void)jvmti;
    (void)jni;
    (void)thread;
    umig_threads_ended(g_umig_vm->threads, (int)syscall(SYS_gettid));
}

void umig_vm_stacks_callbacks(jvmtiEventCallbacks *callbacks)
{
    callbacks->ClassLoad = on_class_load;
    callbacks->ClassPrepare = on_class_prepare;
    callbacks->ThreadStart = on_thread_start;
    callbacks->ThreadEnd = on_thread_end;
}

/* --- from a java.lang.Thread to its tid and JNIEnv --- */

/* Thread.eetop holds the address of the JavaThread while the thread is alive. */
static uintptr_t java_thread_of(JNIEnv *jni, jthread thread)
{
    const jclass thread_class = (*jni)->FindClass(jni, "java/lang/Thread");
    const jfieldID eetop =
        thread_class == NULL ? NULL : (*jni)->GetFieldID(jni, thread_class, "eetop", "J");
    if (eetop == NULL) {
        (*jni)->ExceptionClear(jni);
        return 0;
    }
    const jlong address = (*jni)->GetLongField(jni, thread, eetop);
    (*jni)->DeleteLocalRef(jni, thread_class);
    return (uintptr_t)address;
}

intptr_t umig_vm_env_offset(JNIEnv *jni, jthread thread)
{
    const uintptr_t java_thread = java_thread_of(jni, thread);
    const intptr_t offset = (intptr_t)((uintptr_t)jni - java_thread);
    return java_thread != 0 && offset > 0 && offset < 65536 ? offset : 0;
}

/* The thread may end while we look: its memory is read through the kernel. */
int umig_vm_tid_at(const struct umig_vm *vm, uintptr_t java_thread)
{
    const struct umig_hotspot *hs = &vm->hotspot;
    uintptr_t os_thread = 0;
    int32_t tid = 0;
    if (java_thread == 0 || hs->thread_os_thread < 0 || hs->os_thread_id < 0 ||
        !umig_vm_peek((const void *)(java_thread + (uintptr_t)hs->thread_os_thread), &os_thread,
                      sizeof os_thread) ||
        !umig_vm_peek((const void *)(os_thread + (uintptr_t)hs->os_thread_id), &tid, sizeof tid)) {
        return 0;
    }
    return tid > 0 ? tid : 0;
}

int umig_vm_tid_of(const struct umig_vm *vm, JNIEnv *jni, jthread thread)
{
    return umig_vm_tid_at(vm, java_thread_of(jni, thread));
}

static void introduce(struct umig_vm *vm, jvmtiEnv *jvmti, JNIEnv *jni, jthread thread)
{
    const uintptr_t java_thread = java_thread_of(jni, thread);
    const int tid = umig_vm_tid_at(vm, java_thread);
    if (tid == 0 || vm->hotspot.env_offset == 0) {
        return;
    }
    char name[UMIG_THREAD_NAME_BYTES];
    copy_thread_name(jvmti, jni, thread, name);
    void *env = (void *)(java_thread + (uintptr_t)vm->hotspot.env_offset);
    umig_threads_started(vm->threads, tid, env, name);
}

/* Threads that were there before their start could be heard. */
static int introduce_all(struct umig_vm *vm, jvmtiEnv *jvmti, JNIEnv *jni, struct umig_err *err)
{
    jint count = 0;
    jthread *threads = NULL;
    const jvmtiError error = (*jvmti)->GetAllThreads(jvmti, &count, &threads);
    if (error != JVMTI_ERROR_NONE) {
        return umig_vm_failed(vm, error, "GetAllThreads", err);
    }
    for (jint i = 0; i < count && !atomic_load(&vm->stopping); i++) {
        introduce(vm, jvmti, jni, threads[i]);
        (*jni)->DeleteLocalRef(jni, threads[i]);
    }
    (*jvmti)->Deallocate(jvmti, (unsigned char *)threads);
    return UMIG_OK;
}

static int make_ids_of_loaded(struct umig_vm *vm,
                              jvmtiEnv *jvmti,
                              JNIEnv *jni,
                              struct umig_err *err)
{
    jint count = 0;
    jclass *classes = NULL;
    const jvmtiError error = (*jvmti)->GetLoadedClasses(jvmti, &count, &classes);
    if (error != JVMTI_ERROR_NONE) {
        return umig_vm_failed(vm, error, "GetLoadedClasses", err);
    }
    for (jint i = 0; i < count && !atomic_load(&vm->stopping); i++) {
        make_ids(jvmti, classes[i]);
        (*jni)->DeleteLocalRef(jni, classes[i]);
    }
    (*jvmti)->Deallocate(jvmti, (unsigned char *)classes);
    return UMIG_OK;
}

/* Those before AGCT_EVENTS are of every walker. */
static const jvmtiEvent g_events[] = {
    JVMTI_EVENT_THREAD_START,
    JVMTI_EVENT_THREAD_END,
    JVMTI_EVENT_CLASS_LOAD,
    JVMTI_EVENT_CLASS_PREPARE,
};

enum {
    AGCT_EVENTS = 2
};

static bool needs_ids(const struct umig_vm *vm)
{
    return vm->walker == UMIG_WALKER_AGCT;
}

static int set_events(struct umig_vm *vm, bool enabled, struct umig_err *err)
{
    const size_t count = needs_ids(vm) ? sizeof g_events / sizeof g_events[0] : AGCT_EVENTS;
    int rc = UMIG_OK;
    for (size_t i = 0; i < count && rc == UMIG_OK; i++) {
        rc = umig_vm_event(vm, g_events[i], enabled, err);
    }
    return rc;
}

int umig_vm_stacks_arm(struct umig_vm *vm, JNIEnv *jni, struct umig_err *err)
{
    jvmtiEnv *jvmti = vm->jvmti;
    umig_vm_continuations_read(vm, jni);
    /* Events first: what comes while we list what is there is then seen twice, not missed. */
    int rc = set_events(vm, true, err);
    if (rc == UMIG_OK) {
        rc = introduce_all(vm, jvmti, jni, err);
    }
    if (rc == UMIG_OK && needs_ids(vm)) {
        rc = make_ids_of_loaded(vm, jvmti, jni, err);
    }
    return umig_err_trace(err, rc);
}

int umig_vm_stacks_refresh(struct umig_vm *vm, JNIEnv *jni, struct umig_err *err)
{
    return umig_err_trace(err, introduce_all(vm, vm->jvmti, jni, err));
}

int umig_vm_stacks_disarm(struct umig_vm *vm, JNIEnv *jni, struct umig_err *err)
{
    (void)jni;
    const int rc = set_events(vm, false, err);
    umig_threads_forget(vm->threads);
    return umig_err_trace(err, rc);
}
