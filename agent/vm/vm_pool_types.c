/*
 * Classes that lead to pools, and their fields. A class is known by its name when an object of it
 * is first met; its fields are then found by JVMTI, which does not initialise it, and stay valid as
 * long as it lives. Classes of applications may be there more than once, of as many loaders.
 */
#include <stdio.h>
#include <string.h>

#include "agent/vm/vm_pools.h"

enum {
    ANCESTORS_MAX = 32,
    STATIC = 0x0008 /* of a field's modifiers */
};

struct field {
    const char *name; /* NULL: the last was the one before */
    const char *signature;
    bool is_optional;
};

#define CONCURRENT "Ljava/util/concurrent/"
#define ATOMIC     CONCURRENT "atomic/AtomicInteger;"

static const struct {
    const char *signature;
    struct field fields[UMIG_POOL_FIELDS_MAX];
} g_known[UMIG_CLASS_WHATS] = {
    /* The task moved to the holder with JDK 19. */
    [UMIG_CLASS_THREAD] = {"Ljava/lang/Thread;",
                           {{"tid", "J", false},
                            {"name", "Ljava/lang/String;", false},
                            {"target", "Ljava/lang/Runnable;", true},
                            {"holder", "Ljava/lang/Thread$FieldHolder;", true}}},
    [UMIG_CLASS_HOLDER] = {"Ljava/lang/Thread$FieldHolder;",
                           {{"task", "Ljava/lang/Runnable;", false}}},
    [UMIG_CLASS_ATOMIC] = {ATOMIC, {{"value", "I", false}}},
    [UMIG_CLASS_SYNCHRONIZER] = {CONCURRENT "locks/AbstractQueuedSynchronizer;",
                                 {{"state", "I", false}}},
    [UMIG_CLASS_WORKER] = {CONCURRENT "ThreadPoolExecutor$Worker;",
                           {{"completedTasks", "J", false},
                            {"this$0", CONCURRENT "ThreadPoolExecutor;", false}}},
    [UMIG_CLASS_THREAD_POOL] = {CONCURRENT "ThreadPoolExecutor;",
                                {{"ctl", ATOMIC, false},
                                 {"workQueue", CONCURRENT "BlockingQueue;", false},
                                 {"maximumPoolSize", "I", false},
                                 {"completedTaskCount", "J", false}}},
    [UMIG_CLASS_SCHEDULED_POOL] = {CONCURRENT "ScheduledThreadPoolExecutor;",
                                   {{NULL, NULL, false}}},
    [UMIG_CLASS_TOMCAT_WORKER] = {"Lorg/apache/tomcat/util/threads/ThreadPoolExecutor$Worker;",
                                  {{"completedTasks", "J", false},
                                   {"this$0", "Lorg/apache/tomcat/util/threads/ThreadPoolExecutor;",
                                    false}}},
    [UMIG_CLASS_TOMCAT_POOL] = {"Lorg/apache/tomcat/util/threads/ThreadPoolExecutor;",
                                {{"ctl", ATOMIC, false},
                                 {"workQueue", CONCURRENT "BlockingQueue;", false},
                                 {"maximumPoolSize", "I", false},
                                 {"completedTaskCount", "J", false}}},
    [UMIG_CLASS_JETTY_RUNNER] = {"Lorg/eclipse/jetty/util/thread/QueuedThreadPool$Runner;",
                                 {{"this$0", "Lorg/eclipse/jetty/util/thread/QueuedThreadPool;",
                                   false}}},
    [UMIG_CLASS_JETTY_POOL] = {"Lorg/eclipse/jetty/util/thread/QueuedThreadPool;",
                               {{"_counts", "Lorg/eclipse/jetty/util/AtomicBiInteger;", false},
                                {"_maxThreads", "I", false}}},
    [UMIG_CLASS_ATOMIC_LONG] = {CONCURRENT "atomic/AtomicLong;", {{"value", "J", false}}},
    [UMIG_CLASS_FORK_JOIN_THREAD] = {CONCURRENT "ForkJoinWorkerThread;",
                                     {{"pool", CONCURRENT "ForkJoinPool;", false}}},
    [UMIG_CLASS_CARRIER] = {"Ljdk/internal/misc/CarrierThread;", {{NULL, NULL, false}}},
    /* What counts workers counted from -parallelism, which was in mode, up to JDK 18. */
    [UMIG_CLASS_FORK_JOIN_POOL] = {CONCURRENT "ForkJoinPool;",
                                   {{"ctl", "J", false},
                                    {"queues", "[" CONCURRENT "ForkJoinPool$WorkQueue;", false},
                                    {"stealCount", "J", false},
                                    {"mode", "I", true},
                                    {"parallelism", "I", true}}},
    [UMIG_CLASS_FORK_JOIN_QUEUE] = {CONCURRENT "ForkJoinPool$WorkQueue;",
                                    {{"top", "I", false},
                                     {"base", "I", false},
                                     {"nsteals", "I", false}}},
    [UMIG_CLASS_LINKED_QUEUE] = {CONCURRENT "LinkedBlockingQueue;", {{"count", ATOMIC, false}}},
    [UMIG_CLASS_LINKED_DEQUE] = {CONCURRENT "LinkedBlockingDeque;", {{"count", "I", false}}},
    [UMIG_CLASS_ARRAY_QUEUE] = {CONCURRENT "ArrayBlockingQueue;", {{"count", "I", false}}},
    [UMIG_CLASS_PRIORITY_QUEUE] = {CONCURRENT "PriorityBlockingQueue;", {{"size", "I", false}}},
    [UMIG_CLASS_DELAYED_QUEUE] = {CONCURRENT "ScheduledThreadPoolExecutor$DelayedWorkQueue;",
                                  {{"size", "I", false},
                                   {"queue", "[" CONCURRENT "RunnableScheduledFuture;", false}}},
    [UMIG_CLASS_SYNCHRONOUS_QUEUE] = {CONCURRENT "SynchronousQueue;", {{NULL, NULL, false}}},
    [UMIG_CLASS_SCHEDULED_TASK] = {CONCURRENT "FutureTask;",
                                   {{"callable", CONCURRENT "Callable;", false}}},
    [UMIG_CLASS_ADAPTED_TASK] = {CONCURRENT "Executors$RunnableAdapter;",
                                 {{"task", "Ljava/lang/Runnable;", false}}},
    [UMIG_CLASS_HOUSE_KEEPER] = {"Lcom/zaxxer/hikari/pool/HikariPool$HouseKeeper;",
                                 {{"this$0", "Lcom/zaxxer/hikari/pool/HikariPool;", false}}},
    [UMIG_CLASS_HIKARI_POOL] = {"Lcom/zaxxer/hikari/pool/HikariPool;",
                                {{"connectionBag", "Lcom/zaxxer/hikari/util/ConcurrentBag;",
                                  false}}},
    [UMIG_CLASS_HIKARI_BASE] = {"Lcom/zaxxer/hikari/pool/PoolBase;",
                                {{"poolName", "Ljava/lang/String;", false},
                                 {"config", "Lcom/zaxxer/hikari/HikariConfig;", false}}},
    [UMIG_CLASS_HIKARI_CONFIG] = {"Lcom/zaxxer/hikari/HikariConfig;",
                                  {{"maxPoolSize", "I", false}}},
    [UMIG_CLASS_HIKARI_BAG] = {"Lcom/zaxxer/hikari/util/ConcurrentBag;",
                               {{"sharedList", CONCURRENT "CopyOnWriteArrayList;", false},
                                {"waiters", ATOMIC, false}}},
    [UMIG_CLASS_HIKARI_ENTRY] = {"Lcom/zaxxer/hikari/pool/PoolEntry;", {{"state", "I", false}}},
    [UMIG_CLASS_COPIED_LIST] = {CONCURRENT "CopyOnWriteArrayList;",
                                {{"array", "[Ljava/lang/Object;", false}}},
};

/* --- fields --- */

static bool is_field(jvmtiEnv *jvmti, jclass class, jfieldID id, const struct field *field)
{
    char *name = NULL;
    char *signature = NULL;
    jint modifiers = STATIC;
    if ((*jvmti)->GetFieldName(jvmti, class, id, &name, &signature, NULL) != JVMTI_ERROR_NONE) {
        return false;
    }
    const bool is_same = (field->name == NULL || strcmp(name, field->name) == 0) &&
                         strcmp(signature, field->signature) == 0;
    (*jvmti)->Deallocate(jvmti, (unsigned char *)name);
    (*jvmti)->Deallocate(jvmti, (unsigned char *)signature);
    return is_same &&
           (*jvmti)->GetFieldModifiers(jvmti, class, id, &modifiers) == JVMTI_ERROR_NONE &&
           (modifiers & STATIC) == 0;
}

/* A field that the class itself declares; a name of NULL fits any. */
static jfieldID find_field(jvmtiEnv *jvmti, jclass class, const struct field *field)
{
    jint count = 0;
    jfieldID *ids = NULL;
    jfieldID found = NULL;
    if ((*jvmti)->GetClassFields(jvmti, class, &count, &ids) != JVMTI_ERROR_NONE) {
        return NULL;
    }
    for (jint i = 0; i < count && found == NULL; i++) {
        found = is_field(jvmti, class, ids[i], field) ? ids[i] : NULL;
    }
    (*jvmti)->Deallocate(jvmti, (unsigned char *)ids);
    return found;
}

/* --- classes --- */

static bool is_named(jvmtiEnv *jvmti, jclass class, const char *signature)
{
    char *text = NULL;
    if ((*jvmti)->GetClassSignature(jvmti, class, &text, NULL) != JVMTI_ERROR_NONE) {
        return false;
    }
    const bool is_same = strcmp(text, signature) == 0;
    (*jvmti)->Deallocate(jvmti, (unsigned char *)text);
    return is_same;
}

static void say_problem(struct umig_pools *pools, const char *signature, const char *field)
{
    if (pools->problem[0] == '\0') {
        snprintf(pools->problem, sizeof pools->problem,
                 "pools: some are not told: %.70s has no field %.30s here", signature, field);
    }
}

/* A free entry, which may have been that of a class that is gone; 0: there is none. */
static uint32_t free_type(struct umig_pool_reader *reader)
{
    JNIEnv *jni = reader->jni;
    for (uint32_t i = 1; i < UMIG_POOL_TYPES_MAX; i++) {
        struct umig_pool_type *type = &reader->pools->types[i];
        if (type->class != NULL && (*jni)->IsSameObject(jni, type->class, NULL)) {
            (*jni)->DeleteWeakGlobalRef(jni, type->class);
            *type = (struct umig_pool_type){.class = NULL};
        }
        if (type->class == NULL) {
            return i;
        }
    }
    return 0;
}

static uint32_t learn_type(struct umig_pool_reader *reader, jclass class, enum umig_pool_class what)
{
    JNIEnv *jni = reader->jni;
    struct umig_pool_type type = {.what = (int)what};
    for (uint32_t i = 0; i < UMIG_POOL_FIELDS_MAX && g_known[what].fields[i].name != NULL; i++) {
        const struct field *field = &g_known[what].fields[i];
        type.fields[i] = find_field(reader->vm->jvmti, class, field);
        if (type.fields[i] == NULL && !field->is_optional) {
            say_problem(reader->pools, g_known[what].signature, field->name);
            return 0;
        }
    }
    const uint32_t at = free_type(reader);
    type.class = at != 0 ? (*jni)->NewWeakGlobalRef(jni, class) : NULL;
    if (type.class == NULL) {
        (*jni)->ExceptionClear(jni);
        return 0;
    }
    reader->pools->types[at] = type;
    return at;
}

static uint32_t known_type(const struct umig_pool_reader *reader,
                           jclass class,
                           enum umig_pool_class what)
{
    JNIEnv *jni = reader->jni;
    for (uint32_t i = 1; i < UMIG_POOL_TYPES_MAX; i++) {
        const struct umig_pool_type *type = &reader->pools->types[i];
        if (type->what == (int)what && type->class != NULL &&
            (*jni)->IsSameObject(jni, class, type->class)) {
            return i;
        }
    }
    return 0;
}

uint32_t umig_pool_type_of(struct umig_pool_reader *reader,
                           jobject object,
                           enum umig_pool_class what)
{
    JNIEnv *jni = reader->jni;
    uint32_t found = 0;
    bool is_it = false;
    jclass class = (*jni)->GetObjectClass(jni, object);
    for (int i = 0; i < ANCESTORS_MAX && class != NULL && !is_it; i++) {
        found = known_type(reader, class, what);
        is_it = found != 0 || is_named(reader->vm->jvmti, class, g_known[what].signature);
        if (is_it && found == 0) {
            found = learn_type(reader, class, what);
        }
        jclass super = is_it ? NULL : (*jni)->GetSuperclass(jni, class);
        (*jni)->DeleteLocalRef(jni, class);
        class = super;
    }
    (*jni)->DeleteLocalRef(jni, class);
    return found;
}

/* --- values --- */

jobject umig_pool_object(struct umig_pool_reader *reader,
                         jobject object,
                         enum umig_pool_class what,
                         uint32_t field)
{
    JNIEnv *jni = reader->jni;
    const uint32_t type = object == NULL ? 0 : umig_pool_type_of(reader, object, what);
    const jfieldID id = umig_pool_field(reader, type, field);
    return id == NULL ? NULL : (*jni)->GetObjectField(jni, object, id);
}

int32_t umig_pool_int(struct umig_pool_reader *reader,
                      jobject object,
                      enum umig_pool_class what,
                      uint32_t field)
{
    JNIEnv *jni = reader->jni;
    const uint32_t type = object == NULL ? 0 : umig_pool_type_of(reader, object, what);
    const jfieldID id = umig_pool_field(reader, type, field);
    return id == NULL ? 0 : (*jni)->GetIntField(jni, object, id);
}

int64_t umig_pool_long(struct umig_pool_reader *reader,
                       jobject object,
                       enum umig_pool_class what,
                       uint32_t field)
{
    JNIEnv *jni = reader->jni;
    const uint32_t type = object == NULL ? 0 : umig_pool_type_of(reader, object, what);
    const jfieldID id = umig_pool_field(reader, type, field);
    return id == NULL ? 0 : (*jni)->GetLongField(jni, object, id);
}

void umig_pool_text(struct umig_pool_reader *reader,
                    jobject object,
                    enum umig_pool_class what,
                    uint32_t field,
                    char out[UMIG_POOL_NAME_BYTES])
{
    JNIEnv *jni = reader->jni;
    char text[3 * UMIG_POOL_NAME_BYTES + 1] = ""; /* a char of Java takes three bytes at most */
    const jobject string = umig_pool_object(reader, object, what, field);
    if (string != NULL) {
        const jsize len = (*jni)->GetStringLength(jni, string);
        const jsize room = (jsize)UMIG_POOL_NAME_BYTES;
        (*jni)->GetStringUTFRegion(jni, string, 0, len < room ? len : room, text);
        (*jni)->DeleteLocalRef(jni, string);
    }
    size_t len = strnlen(text, UMIG_POOL_NAME_BYTES - 1);
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) {
        len--; /* not within a character */
    }
    memcpy(out, text, len);
    out[len] = '\0';
}

jobject umig_pool_wrapped(struct umig_pool_reader *reader, jobject object)
{
    static const struct field runnable = {NULL, "Ljava/lang/Runnable;", false};
    JNIEnv *jni = reader->jni;
    const jclass class = (*jni)->GetObjectClass(jni, object);
    const jfieldID id = find_field(reader->vm->jvmti, class, &runnable);
    (*jni)->DeleteLocalRef(jni, class);
    return id == NULL ? NULL : (*jni)->GetObjectField(jni, object, id);
}
