/*
 * Waits for the synchronizers of java.util.concurrent. A thread that waits for one is parked, by
 * the native method jdk.internal.misc.Unsafe.park, with the synchronizer in Thread.parkBlocker: the
 * method is bound to umig_parks_on_park(), which looks at the blocker and then does what the method
 * did. docs/adr/0019-waits-for-synchronizers.md has the why.
 *
 *   not looked at     one load and one jump more than before
 *   no blocker, or    nothing of it is kept: workers that wait for work, futures, conditions
 *   another one
 *   a synchronizer    a wait like one for a monitor (vm_locks.c): class and owner are read before
 *                     it begins, the stack at its end, when what the thread has waited is enough
 *   a virtual thread  that is pinned, whatever it waits for: the same; without a synchronizer its
 *                     own class stands for one. By parkOnCarrierThread on the stack reports tell
 *                     that it held its carrier (vm_pins.c)
 *
 * The method is bound once, when a session first wants it, and for good: what is compiled to call a
 * native method is thrown away at each rebinding, and never given back (JDK-8369219). JNI's
 * RegisterNatives warns on standard output of whoever rebinds a method of a named module, unless
 * its caller's class has the same loader: so it is called out of a method of a class of ours that
 * the boot loader has, of two methods, 187 bytes long.
 *
 * Threads that were parked before that come back without us: umig_vm_find_parks().
 */
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "agent/vm/vm_private.h"
#include "core/clock.h"
#include "core/err.h"

typedef void(JNICALL *park_fn)(JNIEnv *jni, jobject unsafe, jboolean is_absolute, jlong time);

/* What is needed of Java's classes: references are global, fields stay valid. */
struct parks {
    jclass unsafe;
    jclass queued;      /* AbstractQueuedSynchronizer */
    jclass queued_long; /* AbstractQueuedLongSynchronizer */
    jclass stamped;     /* StampedLock, which is neither */
    jclass ownable;     /* AbstractOwnableSynchronizer */
    jfieldID blocker;
    jfieldID owner;
    jfieldID eetop;
    bool is_ready;
};

static struct parks g_parks;
static _Atomic(park_fn) g_park; /* what Unsafe.park was bound to before */

/*
 * package umig;
 * final class Parks {
 *     static void call() { hook(); }
 *     private static native void hook();
 * }
 */
static const jbyte g_caller[] = {
    -54, -2,  -70, -66, 0,   0,   0,   52,  0,   14,  10,  0,   2,   0,   3,   7,   0,   4,   12,
    0,   5,   0,   6,   1,   0,   16,  106, 97,  118, 97,  47,  108, 97,  110, 103, 47,  79,  98,
    106, 101, 99,  116, 1,   0,   6,   60,  105, 110, 105, 116, 62,  1,   0,   3,   40,  41,  86,
    10,  0,   8,   0,   9,   7,   0,   10,  12,  0,   11,  0,   6,   1,   0,   10,  117, 109, 105,
    103, 47,  80,  97,  114, 107, 115, 1,   0,   4,   104, 111, 111, 107, 1,   0,   4,   67,  111,
    100, 101, 1,   0,   4,   99,  97,  108, 108, 0,   48,  0,   8,   0,   2,   0,   0,   0,   0,
    0,   3,   0,   0,   0,   5,   0,   6,   0,   1,   0,   12,  0,   0,   0,   17,  0,   1,   0,
    1,   0,   0,   0,   5,   42,  -73, 0,   1,   -79, 0,   0,   0,   0,   0,   8,   0,   13,  0,
    6,   0,   1,   0,   12,  0,   0,   0,   16,  0,   0,   0,   0,   0,   0,   0,   4,   -72, 0,
    7,   -79, 0,   0,   0,   0,   1,   10,  0,   11,  0,   6,   0,   0,   0,   0,
};

/* --- a park --- */

static bool is_looked_at(const struct umig_vm *vm)
{
    return atomic_load(&vm->are_parks_seen) && !atomic_load(&vm->stopping);
}

static bool is_synchronizer(JNIEnv *jni, jobject blocker)
{
    return (*jni)->IsInstanceOf(jni, blocker, g_parks.queued) ||
           (*jni)->IsInstanceOf(jni, blocker, g_parks.stamped) ||
           (*jni)->IsInstanceOf(jni, blocker, g_parks.queued_long);
}

/* The synchronizer that a thread is parked for, or is about to be; NULL: none. */
static jobject blocker_of(JNIEnv *jni, jthread thread)
{
    const jobject blocker = (*jni)->GetObjectField(jni, thread, g_parks.blocker);
    if (blocker == NULL || is_synchronizer(jni, blocker)) {
        return blocker;
    }
    (*jni)->DeleteLocalRef(jni, blocker);
    return NULL;
}

/* Who has a synchronizer to itself; NULL: nobody. */
static jthread owner_thread(JNIEnv *jni, jobject blocker)
{
    return (*jni)->IsInstanceOf(jni, blocker, g_parks.ownable)
               ? (*jni)->GetObjectField(jni, blocker, g_parks.owner)
               : NULL;
}

/* 0: no thread, or a virtual one. */
static int32_t tid_of(const struct umig_vm *vm, JNIEnv *jni, jthread thread)
{
    return thread == NULL
               ? 0
               : umig_vm_tid_at(vm, (uintptr_t)(*jni)->GetLongField(jni, thread, g_parks.eetop));
}

static int32_t owner_of(const struct umig_vm *vm, JNIEnv *jni, jobject blocker)
{
    const jthread owner = owner_thread(jni, blocker);
    const int32_t tid = tid_of(vm, jni, owner);
    (*jni)->DeleteLocalRef(jni, owner);
    return tid;
}

bool umig_vm_park_owner(struct umig_vm *vm, JNIEnv *jni, jthread thread, int32_t *out_owner)
{
    const jobject blocker = g_parks.is_ready ? blocker_of(jni, thread) : NULL;
    if (blocker == NULL) {
        return false;
    }
    *out_owner = owner_of(vm, jni, blocker);
    (*jni)->DeleteLocalRef(jni, blocker);
    return true;
}

/* blocker: a synchronizer, or a virtual thread that is pinned and waits for none. */
static bool begin(struct umig_vm *vm, JNIEnv *jni, jobject blocker, bool is_pin)
{
    struct umig_slot *slot = umig_vm_hold_own_slot(vm);
    if (slot == NULL) {
        return false;
    }
    const uint64_t now_ns = umig_clock_monotonic_ns();
    atomic_store(&slot->wait_class, umig_vm_wait_class_of(vm, jni, blocker));
    atomic_store(&slot->wait_owner, 0);
    const bool asks = umig_vm_may_ask_for_holder(vm, now_ns);
    const jthread owner = asks ? owner_thread(jni, blocker) : NULL;
    if (owner != NULL) {
        slot->wait_holder_tid = tid_of(vm, jni, owner);
        atomic_store(&slot->wait_owner, slot->wait_holder_tid);
        atomic_fetch_add(&vm->holder_lookups, 1);
    } else if (asks) {
        atomic_store(&vm->next_holder_ns, now_ns); /* a semaphore: that was no look-up */
    }
    umig_vm_begin_wait(vm, slot, true, now_ns);
    slot->is_pin = is_pin;
    if (owner != NULL) {
        umig_vm_put_holder(vm, slot, owner, slot->wait_holder_tid);
        (*jni)->DeleteLocalRef(jni, owner);
    }
    umig_slot_release(slot);
    return true;
}

static bool begin_if_wait(struct umig_vm *vm, JNIEnv *jni)
{
    jvmtiEnv *jvmti = vm->jvmti;
    jthread thread = umig_vm_pinned_thread(vm, jni);
    const bool is_pinned = thread != NULL;
    if (!is_pinned &&
        ((*jvmti)->GetCurrentThread(jvmti, &thread) != JVMTI_ERROR_NONE || thread == NULL)) {
        return false;
    }
    const jobject blocker = blocker_of(jni, thread);
    const jobject what = blocker == NULL && is_pinned ? thread : blocker;
    const bool is_wait = what != NULL && begin(vm, jni, what, is_pinned);
    (*jni)->DeleteLocalRef(jni, blocker);
    (*jni)->DeleteLocalRef(jni, thread);
    return is_wait;
}

static bool begin_metered(struct umig_vm *vm, JNIEnv *jni)
{
    const uint64_t meter_ns = umig_vm_begin_meter(vm);
    const bool is_wait = begin_if_wait(vm, jni);
    umig_vm_end_meter(vm, meter_ns);
    return is_wait;
}

static void end(struct umig_vm *vm)
{
    struct umig_slot *slot = umig_vm_hold_own_slot(vm);
    if (slot != NULL) {
        const uint64_t meter_ns = umig_vm_begin_meter(vm);
        umig_vm_end_wait(vm, slot);
        umig_vm_end_meter(vm, meter_ns);
        umig_slot_release(slot);
    }
}

static void JNICALL on_park(JNIEnv *jni, jobject unsafe, jboolean is_absolute, jlong time)
{
    struct umig_vm *vm = g_umig_vm;
    const park_fn park = atomic_load_explicit(&g_park, memory_order_acquire);
    const bool was_looked_at = is_looked_at(vm);
    const bool is_wait = was_looked_at && begin_metered(vm, jni);
    park(jni, unsafe, is_absolute, time);
    /* A park that began before anybody looked may have been found. */
    if (is_wait || (!was_looked_at && is_looked_at(vm))) {
        end(vm);
    }
}

/* --- binding --- */

/* Where a method keeps what it is bound to: behind itself. */
static bool bound_to(const struct umig_vm *vm, jmethodID method, uintptr_t *out)
{
    const uint64_t method_bytes = umig_vmstructs_size(&vm->libjvm, "Method");
    uintptr_t address = 0;
    return vm->hotspot.can_name && method_bytes > 0 &&
           umig_vm_peek(method, &address, sizeof address) &&
           umig_vm_peek((const void *)(address + (uintptr_t)method_bytes), out, sizeof *out);
}

/* Called by Parks.call(), so that RegisterNatives has a caller of the boot loader. */
static void JNICALL hook(JNIEnv *jni, jclass caller)
{
    (void)caller;
    char name[] = "park";
    char signature[] = "(ZJ)V";
    JNINativeMethod method = {.name = name, .signature = signature};
    const park_fn function = on_park;
    memcpy(&method.fnPtr, &function, sizeof function);
    (void)(*jni)->RegisterNatives(jni, g_parks.unsafe, &method, 1);
    (*jni)->ExceptionClear(jni);
}

static bool bind(JNIEnv *jni)
{
    char name[] = "hook";
    char signature[] = "()V";
    JNINativeMethod method = {.name = name, .signature = signature};
    void(JNICALL *const function)(JNIEnv *, jclass) = hook;
    memcpy(&method.fnPtr, &function, sizeof function);
    jclass caller = (*jni)->FindClass(jni, "umig/Parks");
    if (caller == NULL) {
        (*jni)->ExceptionClear(jni);
        caller = (*jni)->DefineClass(jni, "umig/Parks", NULL, g_caller, (jsize)sizeof g_caller);
    }
    const bool is_made = caller != NULL && (*jni)->RegisterNatives(jni, caller, &method, 1) == 0;
    const jmethodID call = is_made ? (*jni)->GetStaticMethodID(jni, caller, "call", "()V") : NULL;
    if (call != NULL) {
        (*jni)->CallStaticVoidMethod(jni, caller, call);
    }
    const bool is_clean = !(*jni)->ExceptionCheck(jni);
    (*jni)->ExceptionClear(jni);
    (*jni)->DeleteLocalRef(jni, caller);
    return call != NULL && is_clean;
}

static int cannot(struct umig_err *err, const char *why)
{
    return umig_err_set(err, UMIG_E_JVM, "waits for java.util.concurrent's locks are not seen: %s",
                        why);
}

/* Another profiler may have taken the method, or taken it back: what it is bound to now is called.
 */
static int bind_once(struct umig_vm *vm, JNIEnv *jni, struct umig_err *err)
{
    const park_fn function = on_park;
    uintptr_t ours = 0;
    uintptr_t bound = 0;
    uintptr_t low = 0;
    uintptr_t high = 0;
    memcpy(&ours, &function, sizeof ours);
    const jmethodID park = (*jni)->GetMethodID(jni, g_parks.unsafe, "park", "(ZJ)V");
    if (park == NULL || !bound_to(vm, park, &bound)) {
        (*jni)->ExceptionClear(jni);
        return cannot(err, "what Unsafe.park is bound to is not described in this JVM");
    }
    if (bound == ours) {
        return UMIG_OK;
    }
    umig_code_bounds_of((const void *)bound, &low, &high);
    if (bound < low || bound >= high) {
        return cannot(err, "Unsafe.park is bound to no library's code");
    }
    park_fn before = NULL;
    memcpy(&before, &bound, sizeof before);
    /* Release: pairs with the acquire in on_park(). */
    atomic_store_explicit(&g_park, before, memory_order_release);
    if (!bind(jni) || !bound_to(vm, park, &bound) || bound != ours) {
        return cannot(err, "RegisterNatives refused Unsafe.park");
    }
    return UMIG_OK;
}

/* --- Java's classes --- */

static jclass class_named(JNIEnv *jni, const char *name)
{
    const jclass local = (*jni)->FindClass(jni, name);
    const jclass global = local == NULL ? NULL : (*jni)->NewGlobalRef(jni, local);
    (*jni)->ExceptionClear(jni);
    (*jni)->DeleteLocalRef(jni, local);
    return global;
}

static jfieldID field_of(JNIEnv *jni, jclass class, const char *name, const char *signature)
{
    const jfieldID field = class == NULL ? NULL : (*jni)->GetFieldID(jni, class, name, signature);
    (*jni)->ExceptionClear(jni);
    return field;
}

static int read_classes(JNIEnv *jni, struct umig_err *err)
{
    if (g_parks.is_ready) {
        return UMIG_OK;
    }
    const jclass thread = class_named(jni, "java/lang/Thread");
    struct parks parks = {
        .unsafe = class_named(jni, "jdk/internal/misc/Unsafe"),
        .queued = class_named(jni, "java/util/concurrent/locks/AbstractQueuedSynchronizer"),
        .queued_long =
            class_named(jni, "java/util/concurrent/locks/AbstractQueuedLongSynchronizer"),
        .stamped = class_named(jni, "java/util/concurrent/locks/StampedLock"),
        .ownable = class_named(jni, "java/util/concurrent/locks/AbstractOwnableSynchronizer"),
        .blocker = field_of(jni, thread, "parkBlocker", "Ljava/lang/Object;"),
        .eetop = field_of(jni, thread, "eetop", "J"),
    };
    parks.owner = field_of(jni, parks.ownable, "exclusiveOwnerThread", "Ljava/lang/Thread;");
    if (parks.unsafe == NULL || parks.queued == NULL || parks.queued_long == NULL ||
        parks.stamped == NULL || parks.blocker == NULL || parks.eetop == NULL ||
        parks.owner == NULL) {
        return cannot(err, "this JDK's classes are not the ones that are known");
    }
    parks.is_ready = true;
    g_parks = parks;
    return UMIG_OK;
}

/* --- parks that began before --- */

static bool is_parked(jvmtiEnv *jvmti, jthread thread)
{
    jint state = 0;
    return (*jvmti)->GetThreadState(jvmti, thread, &state) == JVMTI_ERROR_NONE &&
           (state & JVMTI_THREAD_STATE_PARKED) != 0;
}

/* CPU clock of a thread; 0 when it is gone. */
static uint64_t cpu_of(int tid)
{
    struct timespec cpu;
    const clockid_t clock = (clockid_t)((~(unsigned)tid << 3) | 6u);
    return clock_gettime(clock, &cpu) != 0
               ? 0
               : (uint64_t)cpu.tv_sec * UMIG_NS_PER_S + (uint64_t)cpu.tv_nsec;
}

/* The thread is parked for blocker. Its clock is read first: if it stands there still when the wait
 * is told, the thread has not run since. */
static void find_park(struct umig_vm *vm, JNIEnv *jni, jthread thread)
{
    const int tid = umig_vm_tid_of(vm, jni, thread);
    struct umig_slot *slot = tid == 0 ? NULL : umig_slots_find(&vm->sampler->slots, tid);
    const uint64_t cpu_ns = slot == NULL ? 0 : cpu_of(tid);
    const uint64_t now_ns = umig_clock_monotonic_ns();
    const jobject blocker =
        cpu_ns != 0 && is_parked(vm->jvmti, thread) ? blocker_of(jni, thread) : NULL;
    if (blocker == NULL) {
        return;
    }
    const uint32_t class = umig_vm_wait_class_of(vm, jni, blocker);
    const int32_t owner = owner_of(vm, jni, blocker);
    (*jni)->DeleteLocalRef(jni, blocker);
    if (umig_wait_found(slot, true, cpu_ns, now_ns)) {
        atomic_store(&slot->wait_class, class);
        atomic_store(&slot->wait_owner, owner);
        atomic_fetch_add(&vm->waiting, 1);
    }
}

static int find_parks(struct umig_vm *vm, JNIEnv *jni, struct umig_err *err)
{
    jvmtiEnv *jvmti = vm->jvmti;
    jint count = 0;
    jthread *threads = NULL;
    const jvmtiError error = (*jvmti)->GetAllThreads(jvmti, &count, &threads);
    if (error != JVMTI_ERROR_NONE) {
        return umig_vm_failed(vm, error, "GetAllThreads", err);
    }
    for (jint i = 0; i < count && !atomic_load(&vm->stopping); i++) {
        if (is_parked(jvmti, threads[i])) {
            find_park(vm, jni, threads[i]);
        }
        (*jni)->DeleteLocalRef(jni, threads[i]);
    }
    (*jvmti)->Deallocate(jvmti, (unsigned char *)threads);
    return UMIG_OK;
}

/* Nobody tells them any more, and nobody hears their end. */
static void forget_parks(struct umig_vm *vm)
{
    const struct umig_slots *slots = &vm->sampler->slots;
    for (uint32_t i = 0; i < slots->count; i++) {
        struct umig_slot *slot = &slots->slots[i];
        if (atomic_load(&slot->tid) != 0 && atomic_load(&slot->is_park) && umig_wait_forget(slot)) {
            atomic_fetch_sub(&vm->waiting, 1);
        }
    }
}

int umig_vm_parks_set(struct umig_vm *vm, JNIEnv *jni, bool enabled, struct umig_err *err)
{
    if (!enabled) {
        atomic_store(&vm->are_parks_seen, false);
        forget_parks(vm);
        return UMIG_OK;
    }
    umig_vm_forget_deadlocks(vm);
    int rc = read_classes(jni, err);
    atomic_store(&vm->thread_eetop, g_parks.eetop);
    umig_vm_pins_open(vm, jni);
    rc = rc != UMIG_OK ? rc : bind_once(vm, jni, err);
    if (rc == UMIG_OK) {
        atomic_store(&vm->are_parks_seen, true);
        rc = find_parks(vm, jni, err);
    }
    return umig_err_trace(err, rc);
}

bool umig_vm_is_unheard_over(const struct umig_slot *slot)
{
    const uint64_t cpu_ns = atomic_load(&slot->wait_cpu_ns);
    return cpu_ns != 0 && cpu_of(atomic_load(&slot->tid)) != cpu_ns;
}
