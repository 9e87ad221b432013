/*
 * A reading of all pools, on the attached thread: every thread of the JVM is looked at, and leads
 * to its pool once for all (agent/vm/pools.h):
 *
 *   a ForkJoinWorkerThread     pool
 *   another thread's Runnable  is a Worker of a ThreadPoolExecutor, or Jetty's Runner: this$0
 *                              holds a Runnable: that one, as thread factories wrap them
 *   a scheduled pool's queue   has the housekeeper of a HikariPool: this$0
 *
 * All of it is fields of objects, which JNI reads without initialising a class or running code of
 * Java's; nobody is stopped and no lock of a pool is taken.
 */
#include "agent/vm/vm_pools.h"

#include "core/clock.h"

enum {
    WRAPPERS_MAX = 3, /* of a worker, one in the other */
    FRAME_ROOM = 64,  /* references of one step */
    COST_SHARE = 200, /* a reading takes at most one part of so many of the time */
};

static void forget(void *ctx, void *reference)
{
    JNIEnv *jni = ctx;
    (*jni)->DeleteWeakGlobalRef(jni, reference);
}

static struct umig_pool_ops ops_of(JNIEnv *jni)
{
    return (struct umig_pool_ops){.ctx = (void *)jni, .forget = forget};
}

static bool push_frame(JNIEnv *jni)
{
    if ((*jni)->PushLocalFrame(jni, FRAME_ROOM) != 0) {
        (*jni)->ExceptionClear(jni);
        return false;
    }
    return true;
}

static jweak weak_of(JNIEnv *jni, jobject object)
{
    const jweak reference = (*jni)->NewWeakGlobalRef(jni, object);
    if (reference == NULL) {
        (*jni)->ExceptionClear(jni);
    }
    return reference;
}

/* --- from a thread to its pool --- */

static struct umig_pool *find_pool(const struct umig_pool_reader *reader, jobject object)
{
    JNIEnv *jni = reader->jni;
    for (uint32_t i = 0; i < UMIG_POOLS_MAX; i++) {
        struct umig_pool *pool = &reader->pools->pools[i];
        if (pool->reference != NULL && (*jni)->IsSameObject(jni, pool->reference, object)) {
            return pool;
        }
    }
    return NULL;
}

/* The pool in the table, made if need be; NULL: there is no room. */
static struct umig_pool *follow(struct umig_pool_reader *reader,
                                jobject object,
                                enum umig_pool_kind kind)
{
    struct umig_pool *pool = find_pool(reader, object);
    if (pool != NULL) {
        return pool;
    }
    const struct umig_pool_ops ops = ops_of(reader->jni);
    const jweak reference = weak_of(reader->jni, object);
    pool = reference == NULL ? NULL : umig_pools_add(reader->pools, &ops, reference, kind);
    if (pool == NULL && reference != NULL) {
        forget((void *)reader->jni, reference);
    }
    if (pool != NULL) {
        umig_pool_prepare(reader, pool, object);
    }
    return pool;
}

/* Who runs the thread, and what of it is its worker. */
struct way {
    jobject pool; /* NULL: it is of no pool */
    jobject worker;
    enum umig_pool_kind kind;
    enum umig_pool_class worker_what;
};

static bool is_worker(struct umig_pool_reader *reader, jobject runnable, struct way *out_way)
{
    static const struct {
        enum umig_pool_class worker;
        uint32_t pool; /* field */
        enum umig_pool_kind kind;
    } workers[] = {
        {UMIG_CLASS_WORKER, 1, UMIG_POOL_EXECUTOR},
        {UMIG_CLASS_TOMCAT_WORKER, 1, UMIG_POOL_TOMCAT},
        {UMIG_CLASS_JETTY_RUNNER, 0, UMIG_POOL_JETTY},
    };
    for (size_t i = 0; i < sizeof workers / sizeof workers[0]; i++) {
        out_way->pool = umig_pool_object(reader, runnable, workers[i].worker, workers[i].pool);
        if (out_way->pool != NULL) {
            out_way->worker = runnable;
            out_way->kind = workers[i].kind;
            out_way->worker_what = workers[i].worker;
            return true;
        }
    }
    return false;
}

/* What a thread runs: its task, or what a class of the application's keeps in place of it. */
static jobject runnable_of(struct umig_pool_reader *reader, jobject thread)
{
    const jobject target = umig_pool_object(reader, thread, UMIG_CLASS_THREAD, 2);
    const jobject holder = umig_pool_object(reader, thread, UMIG_CLASS_THREAD, 3);
    const jobject task =
        target != NULL ? target : umig_pool_object(reader, holder, UMIG_CLASS_HOLDER, 0);
    return task != NULL ? task : umig_pool_wrapped(reader, thread);
}

/* References are left to the caller's frame. */
static struct way find_way(struct umig_pool_reader *reader, jobject thread)
{
    struct way way = {.pool = umig_pool_object(reader, thread, UMIG_CLASS_FORK_JOIN_THREAD, 0)};
    if (way.pool != NULL) {
        way.kind = umig_pool_type_of(reader, thread, UMIG_CLASS_CARRIER) != 0 ? UMIG_POOL_CARRIERS
                                                                              : UMIG_POOL_FORK_JOIN;
        return way;
    }
    jobject runnable = runnable_of(reader, thread);
    for (int i = 0; i <= WRAPPERS_MAX && runnable != NULL; i++) {
        if (is_worker(reader, runnable, &way)) {
            break;
        }
        runnable = umig_pool_wrapped(reader, runnable);
    }
    if (way.kind == UMIG_POOL_EXECUTOR &&
        umig_pool_type_of(reader, way.pool, UMIG_CLASS_SCHEDULED_POOL) != 0) {
        way.kind = UMIG_POOL_SCHEDULED;
    }
    return way;
}

/* The state of a Worker is what it inherits; Jetty's Runner has nothing to read. */
static void keep_worker(struct umig_pool_reader *reader,
                        const struct way *way,
                        struct umig_pool *pool,
                        struct umig_pool_thread *known)
{
    if (way->worker_what != UMIG_CLASS_WORKER && way->worker_what != UMIG_CLASS_TOMCAT_WORKER) {
        return;
    }
    const bool is_first = pool->worker_type == 0;
    pool->worker_type = umig_pool_type_of(reader, way->worker, way->worker_what);
    known->worker = weak_of(reader->jni, way->worker);
    if (is_first) {
        umig_pool_read_own(reader, pool, way->pool);
    }
}

static void look_up(struct umig_pool_reader *reader, jobject thread, struct umig_pool_thread *known)
{
    char name[UMIG_POOL_NAME_BYTES];
    const struct way way = find_way(reader, thread);
    if (way.pool == NULL) {
        return;
    }
    struct umig_pool *pool = follow(reader, way.pool, way.kind);
    if (pool == NULL) {
        known->number = UMIG_POOL_LEFT_OUT;
        return;
    }
    umig_pool_thread_lead(known, reader->pools, pool);
    keep_worker(reader, &way, pool, known);
    umig_pool_text(reader, thread, UMIG_CLASS_THREAD, 1, name);
    umig_pool_learn_name(pool, name);
}

/* --- what threads tell --- */

static void read_worker(struct umig_pool_reader *reader,
                        struct umig_pool *pool,
                        const struct umig_pool_thread *known,
                        uint32_t *synchronizer)
{
    JNIEnv *jni = reader->jni;
    const jobject worker = known->worker == NULL ? NULL : (*jni)->NewLocalRef(jni, known->worker);
    if (worker == NULL) {
        return;
    }
    if (*synchronizer == 0) {
        *synchronizer = umig_pool_type_of(reader, worker, UMIG_CLASS_SYNCHRONIZER);
    }
    const jfieldID state = umig_pool_field(reader, *synchronizer, 0);
    const jfieldID completed = umig_pool_field(reader, pool->worker_type, 0);
    if (state != NULL && completed != NULL) {
        pool->figures.active += (*jni)->GetIntField(jni, worker, state) != 0 ? 1 : 0;
        pool->threads_completed += (uint64_t)(*jni)->GetLongField(jni, worker, completed);
    }
    (*jni)->DeleteLocalRef(jni, worker);
}

static void look_at_thread(struct umig_pool_reader *reader,
                           jobject thread,
                           uint32_t *thread_type,
                           uint32_t *synchronizer)
{
    JNIEnv *jni = reader->jni;
    bool is_new = false;
    if (*thread_type == 0) {
        *thread_type = umig_pool_type_of(reader, thread, UMIG_CLASS_THREAD);
    }
    const jfieldID id = umig_pool_field(reader, *thread_type, 0);
    struct umig_pool_thread *known =
        id == NULL
            ? NULL
            : umig_pools_thread(reader->pools, (*jni)->GetLongField(jni, thread, id), &is_new);
    if (known != NULL && is_new && push_frame(jni)) {
        look_up(reader, thread, known);
        (*jni)->PopLocalFrame(jni, NULL);
    }
    struct umig_pool *pool = known == NULL ? NULL : umig_pools_of(reader->pools, known);
    if (pool != NULL) {
        pool->threads++;
        read_worker(reader, pool, known, synchronizer);
    } else if (known != NULL && known->number == UMIG_POOL_LEFT_OUT) {
        reader->pools->left_out++;
    }
}

static void look_at_threads(struct umig_pool_reader *reader)
{
    jvmtiEnv *jvmti = reader->vm->jvmti;
    JNIEnv *jni = reader->jni;
    jint count = 0;
    jthread *threads = NULL;
    uint32_t thread_type = 0;
    uint32_t synchronizer = 0;
    if ((*jvmti)->GetAllThreads(jvmti, &count, &threads) != JVMTI_ERROR_NONE) {
        return;
    }
    for (jint i = 0; i < count; i++) {
        if (!atomic_load(&reader->vm->stopping)) {
            look_at_thread(reader, threads[i], &thread_type, &synchronizer);
        }
        (*jni)->DeleteLocalRef(jni, threads[i]);
    }
    (*jvmti)->Deallocate(jvmti, (unsigned char *)threads);
}

/* --- a reading --- */

/* Before threads are looked at: what one that ends meanwhile has counted is not counted twice. */
static void begin_pool(struct umig_pool_reader *reader, struct umig_pool *pool)
{
    JNIEnv *jni = reader->jni;
    const jobject object =
        umig_pool_is_read(pool) ? (*jni)->NewLocalRef(jni, pool->reference) : NULL;
    if (pool->worker_type != 0) {
        pool->figures.active = 0;
    }
    if (object != NULL) {
        umig_pool_read_own(reader, pool, object);
    }
    (*jni)->DeleteLocalRef(jni, object);
}

static void note_hikari(struct umig_pool_reader *reader, jobject hikari_pool)
{
    struct umig_pool *pool = follow(reader, hikari_pool, UMIG_POOL_HIKARI);
    if (pool != NULL) {
        pool->threads++; /* its housekeeper's */
    } else {
        reader->pools->left_out++;
    }
}

/* A pool without threads is not read any more: only whether it is gone. */
static void end_pool(struct umig_pool_reader *reader, struct umig_pool *pool)
{
    JNIEnv *jni = reader->jni;
    const struct umig_pool_ops ops = ops_of(jni);
    if (!umig_pool_is_read(pool)) {
        pool->figures.size = 0;
        pool->figures.active = 0;
        if ((*jni)->IsSameObject(jni, pool->reference, NULL)) {
            umig_pool_remove(pool, &ops);
        }
        return;
    }
    const jobject object = (*jni)->NewLocalRef(jni, pool->reference);
    if (object == NULL) {
        umig_pool_remove(pool, &ops);
        return;
    }
    umig_pool_read(reader, pool, object);
    if (pool->figures.active > pool->figures.size) {
        pool->figures.active = pool->figures.size; /* they are of two moments */
    }
    (*jni)->DeleteLocalRef(jni, object);
}

static void find_hikari(struct umig_pool_reader *reader, const struct umig_pool *pool)
{
    JNIEnv *jni = reader->jni;
    const jobject object = (*jni)->NewLocalRef(jni, pool->reference);
    if (object != NULL && push_frame(jni)) {
        umig_pool_find_hikari(reader, object, note_hikari);
        (*jni)->PopLocalFrame(jni, NULL);
    }
    (*jni)->DeleteLocalRef(jni, object);
}

static void for_each(struct umig_pool_reader *reader,
                     void (*step)(struct umig_pool_reader *reader, struct umig_pool *pool))
{
    JNIEnv *jni = reader->jni;
    for (uint32_t i = 0; i < UMIG_POOLS_MAX; i++) {
        struct umig_pool *pool = &reader->pools->pools[i];
        if (pool->reference != NULL && push_frame(jni)) {
            step(reader, pool);
            (*jni)->PopLocalFrame(jni, NULL);
        }
    }
}

/* What a reading costs decides when the next may be; by several, for the first knows no class yet.
 */
static void note_cost(struct umig_vm *vm, uint64_t begin_ns, uint64_t cpu_ns)
{
    atomic_fetch_add(&vm->pool_readings, 1);
    atomic_fetch_add(&vm->pool_readings_ns, cpu_ns);
    vm->pools_cost_ns = (vm->pools_cost_ns * 3 + cpu_ns) / 4;
    atomic_store(&vm->next_pools_ns, begin_ns + vm->pools_cost_ns * COST_SHARE);
}

static void read_all(struct umig_vm *vm, JNIEnv *jni)
{
    struct umig_pool_reader reader = {.vm = vm, .jni = jni, .pools = vm->pools};
    const struct umig_pool_ops ops = ops_of(jni);
    const uint64_t begin_ns = umig_clock_monotonic_ns();
    const uint64_t begin_cpu_ns = umig_clock_thread_cpu_ns();
    for_each(&reader, begin_pool);
    umig_pools_begin(vm->pools);
    look_at_threads(&reader);
    for (uint32_t i = 0; i < UMIG_POOLS_MAX; i++) {
        struct umig_pool *pool = &vm->pools->pools[i];
        if (pool->reference != NULL && pool->kind == UMIG_POOL_SCHEDULED && pool->threads > 0) {
            find_hikari(&reader, pool);
        }
    }
    for_each(&reader, end_pool);
    umig_pools_end(vm->pools, &ops);
    umig_pools_tell(vm->pools, begin_ns);
    note_cost(vm, begin_ns, umig_clock_thread_cpu_ns() - begin_cpu_ns);
}

/* Nobody may want them any more: then nothing is followed again. */
void umig_vm_pools_read(struct umig_vm *vm, JNIEnv *jni, uint32_t wanted)
{
    if ((wanted & UMIG_VM_POOLS) == 0) {
        atomic_store(&vm->pools_turn, UMIG_VM_POOLS_REST);
        return;
    }
    read_all(vm, jni);
    /* Sequentially consistent, as all of them: the loop sees the whole reading. */
    atomic_store(&vm->pools_turn, UMIG_VM_POOLS_READ);
    vm->hooks.on_change(vm->hooks.ctx);
}

void umig_vm_pools_forget(struct umig_vm *vm, JNIEnv *jni)
{
    const struct umig_pool_ops ops = ops_of(jni);
    if (vm->pools != NULL) {
        umig_pools_clear(vm->pools, &ops);
    }
}

/* --- the loop's --- */

void umig_vm_ask_for_pools(struct umig_vm *vm, uint64_t now_ns)
{
    if (atomic_load(&vm->pools_turn) != UMIG_VM_POOLS_REST ||
        now_ns < atomic_load(&vm->next_pools_ns) || vm->pools == NULL) {
        return;
    }
    pthread_mutex_lock(&vm->mutex);
    atomic_store(&vm->pools_turn, UMIG_VM_POOLS_ASKED);
    pthread_cond_signal(&vm->changed);
    pthread_mutex_unlock(&vm->mutex);
}

const struct umig_pool_reading *umig_vm_pools_reading(struct umig_vm *vm)
{
    return atomic_load(&vm->pools_turn) == UMIG_VM_POOLS_READ ? &vm->pools->reading : NULL;
}

void umig_vm_pools_taken(struct umig_vm *vm)
{
    atomic_store(&vm->pools_turn, UMIG_VM_POOLS_REST);
}
