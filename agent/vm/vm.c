#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "agent/vm/jvmflag.h"
#include "agent/vm/layout.h"
#include "agent/vm/versions.h"
#include "agent/vm/vm_private.h"
#include "core/clock.h"
#include "core/err.h"

/* Names of threads are read again this often while stacks are sampled. */
#define REFRESH_NS (10 * UMIG_NS_PER_S)

/* What is left of references that are to be deleted, in a thread that was making one. */
#define LOOK_AGAIN_NS (100 * UMIG_NS_PER_MS)

enum {
    MAX_REFERENCES = 65536 /* the most that the JVM lets anybody announce */
};

struct umig_vm *g_umig_vm;

static jvmtiEnv *jvmti_of(const struct umig_vm *vm)
{
    return vm->jvmti;
}

int umig_vm_failed(struct umig_vm *vm, jvmtiError error, const char *what, struct umig_err *err)
{
    pthread_mutex_lock(&vm->mutex);
    snprintf(vm->problem, sizeof vm->problem, "%s: JVMTI error %d", what, (int)error);
    pthread_mutex_unlock(&vm->mutex);
    return umig_err_set_cause(err, UMIG_E_JVM, (int)error, "%s: JVMTI error %d", what, (int)error);
}

int umig_vm_event(struct umig_vm *vm, jvmtiEvent event, bool enabled, struct umig_err *err)
{
    jvmtiEnv *jvmti = jvmti_of(vm);
    const jvmtiEventMode mode = enabled ? JVMTI_ENABLE : JVMTI_DISABLE;
    const jvmtiError error = (*jvmti)->SetEventNotificationMode(jvmti, mode, event, NULL);
    if (error != JVMTI_ERROR_NONE) {
        return umig_vm_failed(vm, error, "SetEventNotificationMode", err);
    }
    return UMIG_OK;
}

/* --- what the JVM says of itself --- */

static void read_property(struct umig_vm *vm, const char *name, char *out, size_t room)
{
    jvmtiEnv *jvmti = jvmti_of(vm);
    char *value = NULL;
    out[0] = '\0';
    if ((*jvmti)->GetSystemProperty(jvmti, name, &value) == JVMTI_ERROR_NONE && value != NULL) {
        snprintf(out, room, "%s", value);
        (*jvmti)->Deallocate(jvmti, (unsigned char *)value);
    }
}

static void read_info(struct umig_vm *vm)
{
    read_property(vm, "java.vm.name", vm->info.vm_name, sizeof vm->info.vm_name);
    read_property(vm, "java.vm.version", vm->info.vm_version, sizeof vm->info.vm_version);
    char command[1024];
    read_property(vm, "sun.java.command", command, sizeof command);
    command[strcspn(command, " ")] = '\0';
    snprintf(vm->info.main_class, sizeof vm->info.main_class, "%.255s", command);
}

static uint32_t read_jdk(struct umig_vm *vm)
{
    char text[32];
    read_property(vm, "java.vm.specification.version", text, sizeof text);
    return (uint32_t)strtoul(text, NULL, 10);
}

/* --- the attached thread --- */

static void note_problem(struct umig_vm *vm, const struct umig_err *err)
{
    pthread_mutex_lock(&vm->mutex);
    snprintf(vm->problem, sizeof vm->problem, "%.191s", err->text);
    pthread_mutex_unlock(&vm->mutex);
}

static uint32_t make_so(struct umig_vm *vm, JNIEnv *jni, uint32_t wanted, uint32_t provided)
{
    struct umig_err err = UMIG_ERR_INIT;
    const uint32_t differs = wanted ^ provided;
    int rc = UMIG_OK;
    if ((differs & UMIG_VM_STACKS) != 0) {
        rc = (wanted & UMIG_VM_STACKS) != 0 ? umig_vm_stacks_arm(vm, jni, &err)
                                            : umig_vm_stacks_disarm(vm, jni, &err);
    }
    if (rc == UMIG_OK && (differs & UMIG_VM_LOCKS) != 0) {
        rc = umig_vm_locks_set(vm, jni, (wanted & UMIG_VM_LOCKS) != 0, &err);
    }
    if (rc == UMIG_OK && (differs & UMIG_VM_PARKS) != 0 &&
        umig_vm_parks_set(vm, jni, (wanted & UMIG_VM_PARKS) != 0, &err) != UMIG_OK) {
        note_problem(vm, &err); /* monitors are told without them */
    }
    if (rc == UMIG_OK && (differs & UMIG_VM_GC_LOG) != 0) {
        /* Without the log pauses are described by counters: the session goes on. */
        rc = (wanted & UMIG_VM_GC_LOG) != 0 ? umig_gc_log_start(&vm->gc, jni, &err)
                                            : umig_gc_log_stop(&vm->gc, jni, &err);
    }
    if (rc != UMIG_OK) {
        note_problem(vm, &err);
    }
    if ((differs & UMIG_VM_POOLS) != 0 && (wanted & UMIG_VM_POOLS) == 0) {
        umig_vm_pools_forget(vm, jni);
    }
    if ((differs & UMIG_VM_LIVE) != 0) {
        umig_vm_live_set(vm, (wanted & UMIG_VM_LIVE) != 0);
    }
    if ((differs & UMIG_VM_ALLOC) != 0) {
        umig_vm_alloc_set(vm, jni, (wanted & UMIG_VM_ALLOC) != 0);
    }
    return wanted;
}

static bool is_search_asked(const struct umig_vm *vm)
{
    return atomic_load(&vm->search.state) == UMIG_SEARCH_ASKED;
}

/* One step of the attached thread: makes so what is wanted, looks at what is followed, reads
 * the pools, goes on with a search, or reads names again. */
static void work(struct umig_vm *vm, JNIEnv *jni, uint32_t wanted, uint32_t provided)
{
    bool has_worked = false;
    if (wanted != provided) {
        atomic_store(&vm->provided, make_so(vm, jni, wanted, provided));
        vm->hooks.on_change(vm->hooks.ctx);
        has_worked = true;
    }
    if (atomic_exchange(&vm->is_look_due, false)) {
        const uint64_t begin_ns = umig_clock_thread_cpu_ns();
        vm->is_look_left = !umig_vm_live_look(vm, jni);
        atomic_fetch_add(&vm->live_looks_ns, umig_clock_thread_cpu_ns() - begin_ns);
        has_worked = true;
    }
    if (atomic_load(&vm->pools_turn) == UMIG_VM_POOLS_ASKED) {
        umig_vm_pools_read(vm, jni, wanted);
        has_worked = true;
    }
    if (atomic_exchange(&vm->beside.are_buffers_asked, false)) {
        umig_vm_buffers_read(vm, jni);
        has_worked = true;
    }
    if (!has_worked && is_search_asked(vm)) {
        const uint64_t begin_ns = umig_clock_thread_cpu_ns();
        umig_vm_search_step(vm, jni);
        atomic_fetch_add(&vm->searches_ns, umig_clock_thread_cpu_ns() - begin_ns);
        return;
    }
    if (!has_worked && (provided & UMIG_VM_STACKS) != 0) {
        struct umig_err err = UMIG_ERR_INIT;
        if (umig_vm_stacks_refresh(vm, jni, &err) != UMIG_OK) {
            note_problem(vm, &err);
        }
        vm->next_refresh_ns = umig_clock_monotonic_ns() + REFRESH_NS;
    }
}

/* Waits until it is told of something, or for what is due by itself. Under the mutex. */
static void await_work(struct umig_vm *vm, uint32_t provided)
{
    const uint64_t now_ns = umig_clock_monotonic_ns();
    uint64_t until_ns = UINT64_MAX;
    if ((provided & UMIG_VM_STACKS) != 0) {
        vm->next_refresh_ns = vm->next_refresh_ns != 0 ? vm->next_refresh_ns : now_ns + REFRESH_NS;
        until_ns = vm->next_refresh_ns;
    } else {
        vm->next_refresh_ns = 0;
    }
    if (vm->is_look_left && now_ns + LOOK_AGAIN_NS < until_ns) {
        until_ns = now_ns + LOOK_AGAIN_NS;
    }
    if (until_ns == UINT64_MAX) {
        pthread_cond_wait(&vm->changed, &vm->mutex); /* idle: nobody's names are read */
        return;
    }
    const struct timespec until = {
        .tv_sec = (time_t)(until_ns / UMIG_NS_PER_S),
        .tv_nsec = (long)(until_ns % UMIG_NS_PER_S),
    };
    if (pthread_cond_clockwait(&vm->changed, &vm->mutex, CLOCK_MONOTONIC, &until) == ETIMEDOUT &&
        vm->is_look_left) {
        atomic_store(&vm->is_look_due, true);
    }
}

static bool is_work_due(const struct umig_vm *vm, uint32_t wanted, uint32_t provided)
{
    return wanted != provided || atomic_load(&vm->is_look_due) || is_search_asked(vm) ||
           atomic_load(&vm->pools_turn) == UMIG_VM_POOLS_ASKED ||
           atomic_load(&vm->beside.are_buffers_asked) ||
           ((provided & UMIG_VM_STACKS) != 0 && vm->next_refresh_ns != 0 &&
            umig_clock_monotonic_ns() >= vm->next_refresh_ns);
}

static void JNICALL run_attached(jvmtiEnv *jvmti, JNIEnv *jni, void *arg)
{
    (void)jvmti;
    struct umig_vm *vm = arg;
    atomic_store(&vm->agent_tid, (int)syscall(SYS_gettid));
    /* JVMTI lists threads and classes as one reference each, deleted as they are looked at: with
     * -Xcheck:jni the JVM wants to be told of so many. */
    (void)(*jni)->EnsureLocalCapacity(jni, MAX_REFERENCES);
    pthread_mutex_lock(&vm->mutex);
    while (!atomic_load(&vm->stopping)) {
        const uint32_t wanted = atomic_load(&vm->wanted);
        const uint32_t provided = atomic_load(&vm->provided);
        const bool must_look = atomic_exchange(&vm->is_look_asked, false);
        if (!must_look && !is_work_due(vm, wanted, provided)) {
            await_work(vm, provided);
            continue;
        }
        pthread_mutex_unlock(&vm->mutex);
        if (must_look) {
            const uint64_t begin_ns = umig_clock_thread_cpu_ns();
            umig_vm_look_for_deadlocks(vm, jni);
            atomic_fetch_add(&vm->deadlock_looks_ns, umig_clock_thread_cpu_ns() - begin_ns);
        } else {
            work(vm, jni, wanted, provided);
        }
        pthread_mutex_lock(&vm->mutex);
    }
    pthread_mutex_unlock(&vm->mutex);
}

static int start_attached(struct umig_vm *vm, JNIEnv *jni, struct umig_err *err)
{
    jvmtiEnv *jvmti = jvmti_of(vm);
    const jclass thread_class = (*jni)->FindClass(jni, "java/lang/Thread");
    const jmethodID init = thread_class == NULL ? NULL
                                                : (*jni)->GetMethodID(jni, thread_class, "<init>",
                                                                      "(Ljava/lang/String;)V");
    const jstring name = init == NULL ? NULL : (*jni)->NewStringUTF(jni, "umig-jvm");
    const jobject thread = name == NULL ? NULL : (*jni)->NewObject(jni, thread_class, init, name);
    if (thread == NULL) {
        (*jni)->ExceptionClear(jni);
        return umig_err_set(err, UMIG_E_JVM, "cannot make the agent's Java thread");
    }
    const jvmtiError error =
        (*jvmti)->RunAgentThread(jvmti, thread, run_attached, vm, JVMTI_THREAD_NORM_PRIORITY);
    if (error != JVMTI_ERROR_NONE) {
        return umig_vm_failed(vm, error, "RunAgentThread", err);
    }
    return UMIG_OK;
}

void umig_vm_want(struct umig_vm *vm, uint32_t wanted)
{
    pthread_mutex_lock(&vm->mutex);
    atomic_store(&vm->wanted, wanted);
    pthread_cond_signal(&vm->changed);
    pthread_mutex_unlock(&vm->mutex);
}

void umig_vm_look_at_live(struct umig_vm *vm)
{
    pthread_mutex_lock(&vm->mutex);
    atomic_store(&vm->is_look_due, true);
    pthread_cond_signal(&vm->changed);
    pthread_mutex_unlock(&vm->mutex);
}

void umig_vm_ask_search(struct umig_vm *vm)
{
    pthread_mutex_lock(&vm->mutex);
    atomic_store(&vm->search.state, UMIG_SEARCH_ASKED);
    pthread_cond_signal(&vm->changed);
    pthread_mutex_unlock(&vm->mutex);
}

void umig_vm_ask_for_deadlocks(struct umig_vm *vm)
{
    pthread_mutex_lock(&vm->mutex);
    atomic_store(&vm->is_look_asked, true);
    pthread_cond_signal(&vm->changed);
    pthread_mutex_unlock(&vm->mutex);
}

uint32_t umig_vm_provided(const struct umig_vm *vm)
{
    return atomic_load(&vm->provided);
}

uint64_t umig_vm_cpu_ns(struct umig_vm *vm)
{
    struct timespec cpu;
    const int tid = atomic_load(&vm->agent_tid);
    if (tid != 0 && clock_gettime((clockid_t)((~(unsigned)tid << 3) | 6u), &cpu) == 0) {
        vm->cpu_ns = (uint64_t)cpu.tv_sec * UMIG_NS_PER_S + (uint64_t)cpu.tv_nsec;
    }
    return vm->cpu_ns; /* of a thread that has ended: what was read last */
}

/* --- callbacks --- */

static void JNICALL on_gc_start(jvmtiEnv *jvmti)
{
    (void)jvmti;
    umig_gc_pause_begin(&g_umig_vm->gc, umig_clock_monotonic_ns());
}

static void JNICALL on_gc_finish(jvmtiEnv *jvmti)
{
    (void)jvmti;
    umig_gc_pause_end(&g_umig_vm->gc, umig_clock_monotonic_ns());
    if (umig_gc_is_short(&g_umig_vm->gc)) {
        g_umig_vm->hooks.on_shortage(g_umig_vm->hooks.ctx);
    }
}

/* Each goes on with what there is: unknown figures are marked in the profile, not missing. */
static void open_sources(struct umig_vm *vm)
{
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_heap_open(&vm->libjvm, &vm->heap, &err) != UMIG_OK) {
        note_problem(vm, &err);
    }
    umig_jvm_counters_open(&vm->libjvm, &vm->counters);
    if (umig_gc_open(&vm->gc, &vm->libjvm, &vm->heap, &err) != UMIG_OK) {
        note_problem(vm, &err);
    }
    if (umig_vm_event(vm, JVMTI_EVENT_GARBAGE_COLLECTION_START, true, &err) != UMIG_OK ||
        umig_vm_event(vm, JVMTI_EVENT_GARBAGE_COLLECTION_FINISH, true, &err) != UMIG_OK) {
        note_problem(vm, &err);
    }
}

/* Attached while the JVM starts, both VMInit and Agent_OnAttach may come by here: the first does.
 */
static bool begin(struct umig_vm *vm, JNIEnv *jni, jthread thread)
{
    struct umig_err err = UMIG_ERR_INIT;
    if (atomic_exchange(&vm->has_begun, true)) {
        return false;
    }
    read_info(vm);
    vm->hotspot.env_offset = umig_vm_env_offset(jni, thread);
    vm->hotspot.can_bound_stack = vm->hotspot.can_bound_stack && vm->hotspot.env_offset != 0;
    vm->hotspot.can_walk = vm->hotspot.can_walk && vm->hotspot.can_bound_stack;
    open_sources(vm);
    vm->counters.at[UMIG_JVM_CREATED] = umig_vm_next_thread_id_at(vm, jni, thread);
    if (start_attached(vm, jni, &err) != UMIG_OK) {
        note_problem(vm, &err);
    }
    vm->hooks.on_init(vm->hooks.ctx);
    return true;
}

static void JNICALL on_vm_init(jvmtiEnv *jvmti, JNIEnv *jni, jthread thread)
{
    (void)jvmti;
    (void)begin(g_umig_vm, jni, thread);
}

int umig_vm_begin(struct umig_vm *vm, void *java_vm, struct umig_err *err)
{
    JavaVM *jvm = java_vm;
    jvmtiEnv *jvmti = jvmti_of(vm);
    JNIEnv *jni = NULL;
    jthread thread = NULL;
    jvmtiPhase phase = JVMTI_PHASE_LIVE;
    /* VMInit is enabled already: if it is not live yet, it comes. */
    if ((*jvmti)->GetPhase(jvmti, &phase) == JVMTI_ERROR_NONE && phase != JVMTI_PHASE_LIVE) {
        return UMIG_AGAIN;
    }
    if ((*jvm)->GetEnv(jvm, (void **)&jni, JNI_VERSION_1_8) != JNI_OK ||
        (*jvmti)->GetCurrentThread(jvmti, &thread) != JVMTI_ERROR_NONE) {
        return umig_err_set(err, UMIG_E_JVM, "the thread that loads the agent is none of Java's");
    }
    const bool is_done = begin(vm, jni, thread);
    (*jni)->DeleteLocalRef(jni, thread);
    return is_done ? UMIG_OK : UMIG_AGAIN;
}

/*
 * The thread that ends the JVM is here, with every lock it has taken, and threads that enter the VM
 * may park for ever: nothing of the JVM is called, nobody is joined, all waits are bounded.
 */
static void JNICALL on_vm_death(jvmtiEnv *jvmti, JNIEnv *jni)
{
    (void)jvmti;
    (void)jni;
    struct umig_vm *vm = g_umig_vm;
    atomic_store(&vm->stopping, true);
    vm->hooks.on_death(vm->hooks.ctx);
}

/* --- opening --- */

static int add_capabilities(struct umig_vm *vm, struct umig_err *err)
{
    jvmtiEnv *jvmti = jvmti_of(vm);
    const jvmtiCapabilities needed = {
        .can_generate_garbage_collection_events = 1,
        .can_generate_monitor_events = 1,
    };
    /* Exception, method exit and frame pop events are never asked for: a throw gets 40 times slower
     * with them merely possible. */
    const jvmtiError error = (*jvmti)->AddCapabilities(jvmti, &needed);
    if (error != JVMTI_ERROR_NONE) {
        return umig_vm_failed(vm, error, "AddCapabilities (collections, monitors)", err);
    }
    /* Nice to have, and not to be had by an agent that is attached: the class of a monitor that a
     * thread waited for before anybody asked. */
    const jvmtiCapabilities nicety = {.can_get_current_contended_monitor = 1};
    (void)(*jvmti)->AddCapabilities(jvmti, &nicety);
    return UMIG_OK;
}

static int set_callbacks(struct umig_vm *vm, struct umig_err *err)
{
    jvmtiEnv *jvmti = jvmti_of(vm);
    jvmtiEventCallbacks callbacks = {
        .VMInit = on_vm_init,
        .VMDeath = on_vm_death,
        .GarbageCollectionStart = on_gc_start,
        .GarbageCollectionFinish = on_gc_finish,
    };
    umig_vm_stacks_callbacks(&callbacks);
    umig_vm_locks_callbacks(&callbacks);
    umig_vm_alloc_callbacks(&callbacks);
    const jvmtiError error = (*jvmti)->SetEventCallbacks(jvmti, &callbacks, (jint)sizeof callbacks);
    if (error != JVMTI_ERROR_NONE) {
        return umig_vm_failed(vm, error, "SetEventCallbacks", err);
    }
    int rc = umig_vm_event(vm, JVMTI_EVENT_VM_INIT, true, err);
    if (rc == UMIG_OK) {
        rc = umig_vm_event(vm, JVMTI_EVENT_VM_DEATH, true, err);
    }
    return rc;
}

int umig_vm_choose_walker(struct umig_vm *vm, enum umig_walker wanted, struct umig_err *err)
{
    const bool can_agct = vm->agct.call != NULL && vm->hotspot.can_name;
    if (vm->hotspot.can_walk && wanted != UMIG_WALKER_AGCT) {
        vm->walker = UMIG_WALKER_VM;
        return UMIG_OK;
    }
    if (can_agct && wanted != UMIG_WALKER_VM) {
        const int rc = umig_versions_check_agct(vm->info.vm_version, err);
        vm->walker = rc == UMIG_OK ? UMIG_WALKER_AGCT : vm->walker;
        return umig_err_trace(err, rc);
    }
    return umig_err_set(err, UMIG_E_UNSUPPORTED,
                        "this JVM's stacks cannot be read: %s is not described",
                        vm->missing[0] != '\0' ? vm->missing : "AsyncGetCallTrace");
}

static int open_environment(struct umig_vm *vm, struct umig_err *err)
{
    int rc = umig_libjvm_find(&vm->libjvm, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    vm->info.jdk = read_jdk(vm);
    read_property(vm, "java.vm.name", vm->info.vm_name, sizeof vm->info.vm_name);
    rc = umig_versions_check_jvm(vm->info.vm_name, vm->info.jdk, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    umig_layout_read(&vm->libjvm, vm->info.jdk, &vm->hotspot, vm->missing, sizeof vm->missing);
    if (vm->info.jdk > 25) {
        /* jmethodIDs are no addresses any more (JDK-8268406): what they mean cannot be read. */
        vm->hotspot.can_name = false;
        vm->hotspot.can_walk = false;
        snprintf(vm->missing, sizeof vm->missing, "the jmethodID of JDK %u", vm->info.jdk);
    }
    vm->agct.hotspot = &vm->hotspot;
    vm->vmwalk.hotspot = &vm->hotspot;
    /* POSIX gives functions of dlsym() as void *; ISO C wants the detour over memory. */
    void *call = umig_libjvm_symbol(&vm->libjvm, "AsyncGetCallTrace");
    memcpy(&vm->agct.call, &call, sizeof call);
    g_umig_vm = vm;
    rc = add_capabilities(vm, err);
    if (rc == UMIG_OK) {
        rc = set_callbacks(vm, err);
    }
    return umig_err_trace(err, rc);
}

void umig_vm_want_debug_info(struct umig_vm *vm)
{
    (void)umig_jvmflag_turn_on(&vm->libjvm, "DebugNonSafepoints");
}

int umig_vm_open(struct umig_vm *vm,
                 void *java_vm,
                 const struct umig_vm_hooks *hooks,
                 struct umig_err *err)
{
    JavaVM *jvm = java_vm;
    vm->hooks = *hooks;
    pthread_mutex_init(&vm->mutex, NULL);
    pthread_cond_init(&vm->changed, NULL);
    if ((*jvm)->GetEnv(jvm, &vm->jvmti, JVMTI_VERSION_1_2) != JNI_OK) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED, "this JVM has no JVMTI");
    }
    const int rc = open_environment(vm, err);
    if (rc != UMIG_OK) {
        jvmtiEnv *jvmti = jvmti_of(vm);
        (void)(*jvmti)->DisposeEnvironment(jvmti);
        vm->jvmti = NULL;
    }
    return umig_err_trace(err, rc);
}
