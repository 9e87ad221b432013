/*
 * The figures of one pool, field by field: as its own methods compute them, without its locks. What
 * is read is of several moments close to each other.
 *
 * Sources: java.util.concurrent of JDK 17, 21 and 25 (ThreadPoolExecutor, ForkJoinPool and its
 * WorkQueue, the queues), Tomcat 9 to 11 (org.apache.tomcat.util.threads), Jetty 9.4 to 12
 * (QueuedThreadPool, AtomicBiInteger), HikariCP 3 to 7 (HikariPool, ConcurrentBag).
 */
#include "agent/vm/vm_pools.h"

enum {
    WORKERS_BITS = 29, /* of ThreadPoolExecutor.ctl */
    QUEUES_MAX = 4096, /* of a ForkJoinPool: it has no more than 2 * 32767, and rarely 64 */
    TASKS_MAX = 64,    /* of a scheduled pool that are looked at for a housekeeper */
    ENTRIES_MAX = 4096,
    IN_USE = 1 /* of a PoolEntry */
};

/* ForkJoinPool.ctl */
#define RELEASED_SHIFT 48
#define TOTAL_SHIFT    32

static void delete_local(const struct umig_pool_reader *reader, jobject reference)
{
    JNIEnv *jni = reader->jni;
    (*jni)->DeleteLocalRef(jni, reference);
}

static uint64_t above_zero(int64_t number)
{
    return number > 0 ? (uint64_t)number : 0;
}

/* The value of an AtomicInteger that an object refers to. */
static int32_t atomic_of(struct umig_pool_reader *reader,
                         jobject object,
                         enum umig_pool_class what,
                         uint32_t field)
{
    const jobject atomic = umig_pool_object(reader, object, what, field);
    const int32_t value = umig_pool_int(reader, atomic, UMIG_CLASS_ATOMIC, 0);
    delete_local(reader, atomic);
    return value;
}

/* --- ThreadPoolExecutor, Tomcat's too: both have the same fields in the same order --- */

static enum umig_pool_class executor_of(const struct umig_pool *pool)
{
    return pool->kind == UMIG_POOL_TOMCAT ? UMIG_CLASS_TOMCAT_POOL : UMIG_CLASS_THREAD_POOL;
}

void umig_pool_prepare(struct umig_pool_reader *reader, struct umig_pool *pool, jobject object)
{
    static const enum umig_pool_class queues[] = {
        UMIG_CLASS_LINKED_QUEUE,   UMIG_CLASS_LINKED_DEQUE,  UMIG_CLASS_ARRAY_QUEUE,
        UMIG_CLASS_PRIORITY_QUEUE, UMIG_CLASS_DELAYED_QUEUE, UMIG_CLASS_SYNCHRONOUS_QUEUE,
    };
    if (pool->kind != UMIG_POOL_EXECUTOR && pool->kind != UMIG_POOL_SCHEDULED &&
        pool->kind != UMIG_POOL_TOMCAT) {
        return;
    }
    const jobject queue = umig_pool_object(reader, object, executor_of(pool), 1);
    for (size_t i = 0; i < sizeof queues / sizeof queues[0] && queue != NULL; i++) {
        if (pool->queue_type == 0) {
            pool->queue_type = umig_pool_type_of(reader, queue, queues[i]);
        }
    }
    delete_local(reader, queue);
}

static uint64_t queue_length(struct umig_pool_reader *reader,
                             const struct umig_pool *pool,
                             jobject queue)
{
    JNIEnv *jni = reader->jni;
    const int what = reader->pools->types[pool->queue_type].what;
    if (what == UMIG_CLASS_NOTHING || queue == NULL) {
        return UMIG_POOL_UNKNOWN;
    }
    if (what == UMIG_CLASS_SYNCHRONOUS_QUEUE) {
        return 0; /* it hands over, and holds nothing */
    }
    if (what == UMIG_CLASS_LINKED_QUEUE) {
        return above_zero(atomic_of(reader, queue, UMIG_CLASS_LINKED_QUEUE, 0));
    }
    return above_zero(
        (*jni)->GetIntField(jni, queue, umig_pool_field(reader, pool->queue_type, 0)));
}

static void read_executor(struct umig_pool_reader *reader, struct umig_pool *pool, jobject object)
{
    const enum umig_pool_class what = executor_of(pool);
    const jobject queue = umig_pool_object(reader, object, what, 1);
    const uint32_t ctl = (uint32_t)atomic_of(reader, object, what, 0);
    const int32_t maximum = umig_pool_int(reader, object, what, 2);
    pool->figures.size = ctl & ((1u << WORKERS_BITS) - 1);
    pool->figures.maximum = maximum == INT32_MAX ? UMIG_POOL_UNKNOWN : above_zero(maximum);
    pool->figures.queued = queue_length(reader, pool, queue);
    umig_pool_count_completed(pool);
    delete_local(reader, queue);
}

/* --- ForkJoinPool --- */

/* Tasks in the queues, and what their owners have stolen: those have the odd places. */
static void read_queues(struct umig_pool_reader *reader, struct umig_pool *pool, jobject object)
{
    JNIEnv *jni = reader->jni;
    const jobjectArray queues = umig_pool_object(reader, object, UMIG_CLASS_FORK_JOIN_POOL, 1);
    const jsize all = queues == NULL ? 0 : (*jni)->GetArrayLength(jni, queues);
    uint64_t queued = 0;
    for (jsize i = 0; i < all && i < QUEUES_MAX; i++) {
        const jobject queue = (*jni)->GetObjectArrayElement(jni, queues, i);
        const uint32_t type =
            queue == NULL ? 0 : umig_pool_type_of(reader, queue, UMIG_CLASS_FORK_JOIN_QUEUE);
        if (type != 0) {
            const int32_t top = (*jni)->GetIntField(jni, queue, umig_pool_field(reader, type, 0));
            const int32_t base = (*jni)->GetIntField(jni, queue, umig_pool_field(reader, type, 1));
            queued += above_zero((int32_t)((uint32_t)top - (uint32_t)base));
        }
        if (type != 0 && i % 2 != 0) {
            pool->threads_completed +=
                (uint32_t)(*jni)->GetIntField(jni, queue, umig_pool_field(reader, type, 2));
        }
        delete_local(reader, queue);
    }
    pool->figures.queued = queued;
    delete_local(reader, queues);
}

static void read_fork_join(struct umig_pool_reader *reader, struct umig_pool *pool, jobject object)
{
    const enum umig_pool_class what = UMIG_CLASS_FORK_JOIN_POOL;
    const uint32_t type = umig_pool_type_of(reader, object, what);
    const bool is_old = umig_pool_field(reader, type, 4) == NULL;
    const int32_t parallelism =
        (is_old ? umig_pool_int(reader, object, what, 3) : umig_pool_int(reader, object, what, 4)) &
        0xffff;
    const int32_t from = is_old ? parallelism : 0;
    const int64_t ctl = umig_pool_long(reader, object, what, 0);
    pool->figures.size = above_zero(from + (int16_t)(ctl >> TOTAL_SHIFT));
    pool->figures.active = above_zero(from + (int16_t)(ctl >> RELEASED_SHIFT));
    pool->figures.maximum = parallelism > 0 ? (uint64_t)parallelism : 1;
    pool->own_completed = (uint64_t)umig_pool_long(reader, object, what, 2);
    read_queues(reader, pool, object);
    umig_pool_count_completed(pool);
}

/* --- Jetty --- */

/* Of _counts: above, the threads, or less than 0 when it has stopped; below, idle ones less what is
 * queued. */
static void read_jetty(struct umig_pool_reader *reader, struct umig_pool *pool, jobject object)
{
    const jobject counts = umig_pool_object(reader, object, UMIG_CLASS_JETTY_POOL, 0);
    const int64_t value = umig_pool_long(reader, counts, UMIG_CLASS_ATOMIC_LONG, 0);
    const int32_t threads = (int32_t)(value >> 32);
    const int32_t idle = (int32_t)value;
    pool->figures.size = above_zero(threads);
    pool->figures.active = above_zero((int64_t)threads - (int64_t)above_zero(idle));
    pool->figures.queued = above_zero(-(int64_t)idle);
    pool->figures.maximum = above_zero(umig_pool_int(reader, object, UMIG_CLASS_JETTY_POOL, 1));
    pool->figures.completed = UMIG_POOL_UNKNOWN;
    delete_local(reader, counts);
}

/* --- HikariCP --- */

static void count_entries(struct umig_pool_reader *reader, struct umig_pool *pool, jobject entries)
{
    JNIEnv *jni = reader->jni;
    const jsize all = entries == NULL ? 0 : (*jni)->GetArrayLength(jni, entries);
    pool->figures.size = (uint64_t)all;
    pool->figures.active = 0;
    for (jsize i = 0; i < all && i < ENTRIES_MAX; i++) {
        const jobject entry = (*jni)->GetObjectArrayElement(jni, entries, i);
        pool->figures.active +=
            umig_pool_int(reader, entry, UMIG_CLASS_HIKARI_ENTRY, 0) == IN_USE ? 1 : 0;
        delete_local(reader, entry);
    }
}

static void read_hikari(struct umig_pool_reader *reader, struct umig_pool *pool, jobject object)
{
    const jobject config = umig_pool_object(reader, object, UMIG_CLASS_HIKARI_BASE, 1);
    const jobject bag = umig_pool_object(reader, object, UMIG_CLASS_HIKARI_POOL, 0);
    const jobject list = umig_pool_object(reader, bag, UMIG_CLASS_HIKARI_BAG, 0);
    const jobject entries = umig_pool_object(reader, list, UMIG_CLASS_COPIED_LIST, 0);
    count_entries(reader, pool, entries);
    pool->figures.queued = above_zero(atomic_of(reader, bag, UMIG_CLASS_HIKARI_BAG, 1));
    pool->figures.maximum = above_zero(umig_pool_int(reader, config, UMIG_CLASS_HIKARI_CONFIG, 0));
    pool->figures.completed = UMIG_POOL_UNKNOWN;
    umig_pool_text(reader, object, UMIG_CLASS_HIKARI_BASE, 0, pool->prefix);
    pool->is_named = true;
    delete_local(reader, entries);
    delete_local(reader, list);
    delete_local(reader, bag);
    delete_local(reader, config);
}

/* The Runnable of a task in a scheduled pool's queue, a local reference; NULL unknown. */
static jobject runnable_of(struct umig_pool_reader *reader, jobject task)
{
    const jobject callable = umig_pool_object(reader, task, UMIG_CLASS_SCHEDULED_TASK, 0);
    const jobject runnable = umig_pool_object(reader, callable, UMIG_CLASS_ADAPTED_TASK, 0);
    delete_local(reader, callable);
    return runnable;
}

void umig_pool_find_hikari(struct umig_pool_reader *reader,
                           jobject scheduled_pool,
                           void (*found)(struct umig_pool_reader *reader, jobject hikari_pool))
{
    JNIEnv *jni = reader->jni;
    const jobject queue = umig_pool_object(reader, scheduled_pool, UMIG_CLASS_THREAD_POOL, 1);
    const jobjectArray tasks = umig_pool_object(reader, queue, UMIG_CLASS_DELAYED_QUEUE, 1);
    const jsize all = tasks == NULL ? 0 : (*jni)->GetArrayLength(jni, tasks);
    for (jsize i = 0; i < all && i < TASKS_MAX; i++) {
        const jobject task = (*jni)->GetObjectArrayElement(jni, tasks, i);
        const jobject runnable = task == NULL ? NULL : runnable_of(reader, task);
        const jobject hikari = umig_pool_object(reader, runnable, UMIG_CLASS_HOUSE_KEEPER, 0);
        if (hikari != NULL) {
            found(reader, hikari);
        }
        delete_local(reader, hikari);
        delete_local(reader, runnable);
        delete_local(reader, task);
    }
    delete_local(reader, tasks);
    delete_local(reader, queue);
}

/* --- all of them --- */

void umig_pool_read_own(struct umig_pool_reader *reader, struct umig_pool *pool, jobject object)
{
    if (pool->worker_type != 0) {
        pool->own_completed = (uint64_t)umig_pool_long(reader, object, executor_of(pool), 3);
    }
}

void umig_pool_read(struct umig_pool_reader *reader, struct umig_pool *pool, jobject object)
{
    switch (pool->kind) {
    case UMIG_POOL_EXECUTOR:
    case UMIG_POOL_SCHEDULED:
    case UMIG_POOL_TOMCAT:
        read_executor(reader, pool, object);
        break;
    case UMIG_POOL_FORK_JOIN:
    case UMIG_POOL_CARRIERS:
        read_fork_join(reader, pool, object);
        break;
    case UMIG_POOL_JETTY:
        read_jetty(reader, pool, object);
        break;
    case UMIG_POOL_HIKARI:
        read_hikari(reader, pool, object);
        break;
    case UMIG_POOL_KINDS:
    default:
        break;
    }
}
