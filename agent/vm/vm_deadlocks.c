/*
 * Looks for deadlocks (agent/vm/deadlock.h) on the attached thread, while threads have waited for
 * long and at most every few seconds: no safepoint, nobody is woken.
 *
 *   who waits     the thread's state, for as long as it takes: a wait with a time limit ends itself
 *   for what      a monitor by JavaThread's field, a synchronizer by Thread.parkBlocker
 *   held by whom  only threads that wait themselves matter: each one's identities as an owner of
 *                 monitors are read once a look, and compared in memory
 *
 * What belongs to a cycle is marked in its thread's slot: the records that tell its wait say so
 * (vm_waits.c), so that sessions, reports and the books have it as they have any wait.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/vm/vm_private.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/units.h"

enum {
    WAITS_MAX = 1024,      /* threads that wait at one look; more are left out */
    LOCK_STACK_WORDS = 8,  /* LockStack::CAPACITY */
    FRAMES_SHOWN = 24,     /* of one thread in umig status */
    LOOK_COST_SHARE = 200, /* a look takes at most one part of so many of the time */
};

#define LOOK_EVERY_NS (2 * UMIG_NS_PER_S)

/* A thread that waits, and what an owner field must hold to mean it. */
struct waiter {
    jthread thread; /* local reference */
    uintptr_t java_thread;
    uint64_t monitor;  /* ObjectMonitor*; 0: it waits for a synchronizer */
    uint64_t owner_id; /* from JDK 24 on */
    uint64_t stack_low, stack_high;
    uint64_t locked[LOCK_STACK_WORDS];
    uint32_t locked_count;
};

struct look {
    struct umig_vm *vm;
    JNIEnv *jni;
    struct waiter waiters[WAITS_MAX];
    struct umig_deadlock_wait waits[WAITS_MAX];
    struct umig_slot *slots[WAITS_MAX];
    uint32_t count;
};

/* --- who waits --- */

static void read_identities(const struct umig_hotspot *hs, struct waiter *waiter)
{
    const int32_t base = hs->thread_lock_stack + hs->lock_stack_base;
    waiter->owner_id = umig_vm_peek_word(waiter->java_thread, hs->thread_owner_id);
    waiter->stack_high = umig_vm_peek_word(waiter->java_thread, hs->thread_stack_base);
    waiter->stack_low =
        waiter->stack_high - umig_vm_peek_word(waiter->java_thread, hs->thread_stack_size);
    if (hs->thread_lock_stack < 0 || hs->lock_stack_top < 0 || hs->lock_stack_base < 0) {
        return;
    }
    const uint32_t top = (uint32_t)umig_vm_peek_word(waiter->java_thread,
                                                     hs->thread_lock_stack + hs->lock_stack_top);
    if (top > (uint32_t)base && top <= (uint32_t)base + sizeof waiter->locked &&
        umig_vm_peek((const void *)(waiter->java_thread + (uintptr_t)base), waiter->locked,
                     sizeof waiter->locked)) {
        waiter->locked_count = (top - (uint32_t)base) / (uint32_t)sizeof waiter->locked[0];
    }
}

/* When the thread's wait began; 0: it is not known to wait, or not any more. */
static uint64_t wait_of(const struct umig_slot *slot)
{
    return atomic_load(&slot->wait_from_ns) == 0 || umig_vm_is_unheard_over(slot)
               ? 0
               : atomic_load(&slot->wait_since_ns);
}

/* Adds a thread if it waits for as long as it takes; true: its reference is kept. */
static bool add_waiter(struct look *look, jthread thread)
{
    jvmtiEnv *jvmti = look->vm->jvmti;
    const struct umig_hotspot *hs = &look->vm->hotspot;
    jint state = 0;
    int32_t owner = 0;
    if (look->count == WAITS_MAX ||
        (*jvmti)->GetThreadState(jvmti, thread, &state) != JVMTI_ERROR_NONE) {
        return false;
    }
    const bool is_blocked = (state & JVMTI_THREAD_STATE_BLOCKED_ON_MONITOR_ENTER) != 0;
    const bool is_parked = (state & JVMTI_THREAD_STATE_PARKED) != 0 &&
                           (state & JVMTI_THREAD_STATE_WAITING_INDEFINITELY) != 0;
    if (!is_blocked && !(is_parked && umig_vm_park_owner(look->vm, look->jni, thread, &owner))) {
        return false;
    }
    const int tid = umig_vm_tid_of(look->vm, look->jni, thread);
    struct umig_slot *slot = tid == 0 ? NULL : umig_slots_find(&look->vm->sampler->slots, tid);
    const uintptr_t env = slot == NULL ? 0 : (uintptr_t)atomic_load(&slot->env);
    const uint64_t since_ns = slot == NULL ? 0 : wait_of(slot);
    if (env == 0 || hs->env_offset == 0 || since_ns == 0) {
        return false;
    }
    if (is_parked) {
        atomic_store(&slot->wait_owner, owner);
    }
    struct waiter *waiter = &look->waiters[look->count];
    *waiter = (struct waiter){.thread = thread, .java_thread = env - (uintptr_t)hs->env_offset};
    waiter->monitor = is_blocked ? umig_vm_pending_monitor(look->vm, (const void *)env) : 0;
    read_identities(hs, waiter);
    look->slots[look->count] = slot;
    look->waits[look->count++] = (struct umig_deadlock_wait){
        .tid = tid,
        .serial = atomic_load(&slot->serial),
        .holder_tid = owner,
        .since_ns = since_ns,
    };
    return true;
}

static bool add_waiters(struct look *look)
{
    jvmtiEnv *jvmti = look->vm->jvmti;
    jint count = 0;
    jthread *threads = NULL;
    if ((*jvmti)->GetAllThreads(jvmti, &count, &threads) != JVMTI_ERROR_NONE) {
        return false;
    }
    for (jint i = 0; i < count && !atomic_load(&look->vm->stopping); i++) {
        if (!add_waiter(look, threads[i])) {
            (*look->jni)->DeleteLocalRef(look->jni, threads[i]);
        }
    }
    (*jvmti)->Deallocate(jvmti, (unsigned char *)threads);
    return true;
}

/* --- held by whom --- */

static bool has_locked(const struct waiter *waiter, uint64_t object)
{
    for (uint32_t i = 0; i < waiter->locked_count; i++) {
        if (waiter->locked[i] == object) {
            return true;
        }
    }
    return false;
}

/* As umig_vm_holder_of() has it, among those that wait. */
static int32_t holder_among(const struct look *look, uint64_t monitor)
{
    const struct umig_hotspot *hs = &look->vm->hotspot;
    const uint64_t owner = umig_vm_peek_word(monitor, hs->monitor_owner);
    const uint64_t object = owner == UMIG_VM_ANONYMOUS_OWNER ? umig_vm_object_of(hs, monitor) : 0;
    for (uint32_t i = 0; i < look->count && owner != 0; i++) {
        const struct waiter *waiter = &look->waiters[i];
        const bool is_named = hs->thread_owner_id >= 0
                                  ? waiter->owner_id == owner
                                  : waiter->java_thread == owner ||
                                        (owner >= waiter->stack_low && owner < waiter->stack_high);
        if (owner == UMIG_VM_ANONYMOUS_OWNER ? object != 0 && has_locked(waiter, object)
                                             : is_named) {
            return look->waits[i].tid;
        }
    }
    return 0;
}

static void find_holders(struct look *look)
{
    for (uint32_t i = 0; i < look->count; i++) {
        if (look->waiters[i].monitor != 0) {
            look->waits[i].holder_tid = holder_among(look, look->waiters[i].monitor);
        }
    }
}

/* --- saying so --- */

static uint32_t index_of(const struct look *look, int32_t tid)
{
    uint32_t i = 0;
    while (i + 1 < look->count && look->waits[i].tid != tid) {
        i++;
    }
    return i;
}

/* "Ljava/lang/Object;" as "java.lang.Object". */
static void put_class(struct umig_buf *out, const char *signature, size_t byte_count)
{
    const bool is_class = byte_count >= 2 && signature[0] == 'L';
    for (size_t i = is_class ? 1 : 0; i < byte_count - (is_class ? 1 : 0); i++) {
        umig_buf_printf(out, "%c", signature[i] == '/' ? '.' : signature[i]);
    }
}

static void put_lock(const struct look *look, uint32_t at, struct umig_buf *out)
{
    const struct umig_wait_class *class =
        umig_wait_classes_get(&look->vm->wait_classes, atomic_load(&look->slots[at]->wait_class));
    if (class != NULL) {
        put_class(out, class->text, class->byte_count);
    } else {
        umig_buf_text(out, look->waiters[at].monitor != 0 ? "a monitor" : "a synchronizer");
    }
}

static void put_name(const struct look *look, uint32_t at, struct umig_buf *out)
{
    struct umig_slots *slots = &look->vm->sampler->slots;
    pthread_mutex_lock(&slots->mutex);
    char name[UMIG_THREAD_NAME_BYTES];
    umig_slot_name(look->slots[at], name);
    umig_buf_printf(out, "\"%s\" (%d)", name, (int)look->waits[at].tid);
    pthread_mutex_unlock(&slots->mutex);
}

static void put_frame(const struct look *look, const jvmtiFrameInfo *frame, struct umig_buf *out)
{
    jvmtiEnv *jvmti = look->vm->jvmti;
    jclass class = NULL;
    char *signature = NULL;
    char *name = NULL;
    if ((*jvmti)->GetMethodName(jvmti, frame->method, &name, NULL, NULL) == JVMTI_ERROR_NONE &&
        (*jvmti)->GetMethodDeclaringClass(jvmti, frame->method, &class) == JVMTI_ERROR_NONE &&
        (*jvmti)->GetClassSignature(jvmti, class, &signature, NULL) == JVMTI_ERROR_NONE) {
        umig_buf_text(out, "\n    at ");
        put_class(out, signature, strlen(signature));
        umig_buf_printf(out, ".%s", name);
    }
    (*look->jni)->DeleteLocalRef(look->jni, class);
    (*jvmti)->Deallocate(jvmti, (unsigned char *)signature);
    (*jvmti)->Deallocate(jvmti, (unsigned char *)name);
}

static void put_thread(const struct look *look, uint32_t at, struct umig_buf *out)
{
    jvmtiEnv *jvmti = look->vm->jvmti;
    jvmtiFrameInfo frames[FRAMES_SHOWN];
    jint count = 0;
    const uint32_t holder = index_of(look, look->waits[at].holder_tid);
    umig_buf_text(out, "\n  ");
    put_name(look, at, out);
    umig_buf_text(out, " waits for ");
    put_lock(look, at, out);
    umig_buf_text(out, ", held by ");
    put_name(look, holder, out);
    if ((*jvmti)->GetStackTrace(jvmti, look->waiters[at].thread, 0, FRAMES_SHOWN, frames, &count) !=
        JVMTI_ERROR_NONE) {
        return;
    }
    for (jint i = 0; i < count; i++) {
        put_frame(look, &frames[i], out);
    }
}

/* The threads of a cycle, each followed by who holds it up. */
static void put_cycle(const struct look *look, uint32_t first, struct umig_buf *out)
{
    uint32_t at = first;
    do {
        put_thread(look, at, out);
        at = index_of(look, look->waits[at].holder_tid);
    } while (at != first);
}

/* For umig status: what does not fit is in the report. */
static void keep_text(struct umig_vm *vm, uint32_t number, const char *cycle)
{
    pthread_mutex_lock(&vm->mutex);
    const size_t used = strlen(vm->deadlock_text);
    snprintf(vm->deadlock_text + used, sizeof vm->deadlock_text - used, "%sdeadlock %u%s",
             used > 0 ? "\n" : "", number, cycle);
    pthread_mutex_unlock(&vm->mutex);
}

static bool is_known(const struct look *look, uint32_t cycle)
{
    for (uint32_t i = 0; i < look->count; i++) {
        if (look->waits[i].cycle == cycle && atomic_load(&look->slots[i]->deadlock) != 0) {
            return true;
        }
    }
    return false;
}

static void tell_cycle(struct look *look, uint32_t first)
{
    const uint32_t cycle = look->waits[first].cycle;
    if (is_known(look, cycle)) {
        return;
    }
    struct umig_buf text = UMIG_BUF_INIT(sizeof look->vm->deadlock_text);
    const uint32_t number = atomic_fetch_add(&look->vm->deadlocks_found, 1) + 1;
    put_cycle(look, first, &text);
    keep_text(look->vm, number, umig_buf_str(&text));
    umig_buf_fini(&text);
    for (uint32_t i = 0; i < look->count; i++) {
        if (look->waits[i].cycle == cycle) {
            atomic_store(&look->slots[i]->deadlock, number);
        }
    }
}

static void look_now(struct look *look)
{
    uint32_t told = 0;
    if (!add_waiters(look)) {
        return;
    }
    find_holders(look);
    (void)umig_deadlock_find(look->waits, look->count);
    (void)umig_deadlock_confirm(&look->vm->deadlock_memory, look->waits, look->count);
    for (uint32_t i = 0; i < look->count; i++) {
        if (look->waits[i].cycle > told) {
            told = look->waits[i].cycle; /* they are numbered in this order */
            tell_cycle(look, i);
        }
    }
    for (uint32_t i = 0; i < look->count; i++) {
        (*look->jni)->DeleteLocalRef(look->jni, look->waiters[i].thread);
    }
}

void umig_vm_look_for_deadlocks(struct umig_vm *vm, JNIEnv *jni)
{
    const uint64_t begin_ns = umig_clock_monotonic_ns();
    struct look *look = calloc(1, sizeof *look);
    if (look != NULL) {
        look->vm = vm;
        look->jni = jni;
        look_now(look);
        free(look);
    }
    const uint64_t cost_ns = umig_clock_monotonic_ns() - begin_ns;
    const uint64_t pause_ns = cost_ns * LOOK_COST_SHARE;
    atomic_fetch_add(&vm->deadlock_looks, 1);
    atomic_store(&vm->next_deadlock_look_ns,
                 begin_ns + (pause_ns > LOOK_EVERY_NS ? pause_ns : LOOK_EVERY_NS));
}

void umig_vm_deadlock_text(struct umig_vm *vm, char out[UMIG_VM_DEADLOCK_BYTES])
{
    pthread_mutex_lock(&vm->mutex);
    memcpy(out, vm->deadlock_text, sizeof vm->deadlock_text);
    pthread_mutex_unlock(&vm->mutex);
}

void umig_vm_forget_deadlocks(struct umig_vm *vm)
{
    pthread_mutex_lock(&vm->mutex);
    vm->deadlock_text[0] = '\0';
    pthread_mutex_unlock(&vm->mutex);
    vm->deadlock_memory.count = 0;
    for (uint32_t i = 0; i < vm->sampler->slots.count; i++) {
        atomic_store(&vm->sampler->slots.slots[i].deadlock, 0);
    }
}
