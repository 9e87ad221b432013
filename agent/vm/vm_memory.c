/*
 * Memory of the JVM beside the heap: the code cache, read here, and java.nio's direct buffers,
 * which only a thread of Java's can read: the attached thread does, when a reading finds what it
 * has read last to be old.
 */
#include "agent/vm/code_room.h"
#include "agent/vm/jvmflag.h"
#include "agent/vm/vm_private.h"
#include "core/clock.h"

/* Thousands of blocks are followed: five seconds apart that is next to nothing. */
#define CODE_ROOM_NS (5 * UMIG_NS_PER_S)

/* How old what is told of buffers may be, and a reading with it. */
#define BUFFERS_NS (UMIG_NS_PER_S - UMIG_NS_PER_S / 10)

static void add_pool(struct umig_heap_reading *reading, const struct umig_heap_pool *pool)
{
    if (reading->pool_count < UMIG_HEAP_READING_POOLS) {
        reading->pools[reading->pool_count++] = *pool;
    }
}

static void add_code(struct umig_vm *vm, struct umig_heap_reading *reading)
{
    struct umig_memory_beside *beside = &vm->beside;
    struct umig_code_room room;
    if (reading->time_ns >= beside->next_code_ns) {
        beside->next_code_ns = reading->time_ns + CODE_ROOM_NS;
        beside->code = (struct umig_heap_pool){.name = NULL};
        if (umig_code_room_read(&vm->hotspot, &room)) {
            beside->code = (struct umig_heap_pool){
                .name = "Code Cache", .used = room.used_bytes, .committed = room.committed_bytes};
            if (!umig_jvmflag_number(&vm->libjvm, "ReservedCodeCacheSize", &beside->code.maximum)) {
                beside->code.maximum = UMIG_HEAP_UNKNOWN;
            }
        }
    }
    if (beside->code.name != NULL) {
        add_pool(reading, &beside->code);
    }
}

static void ask_for_buffers(struct umig_vm *vm)
{
    pthread_mutex_lock(&vm->mutex);
    atomic_store(&vm->beside.are_buffers_asked, true);
    pthread_cond_signal(&vm->changed);
    pthread_mutex_unlock(&vm->mutex);
}

static void add_buffers(struct umig_vm *vm, struct umig_heap_reading *reading)
{
    struct umig_memory_beside *beside = &vm->beside;
    const uint64_t limit = atomic_load(&beside->direct_limit);
    const uint64_t bytes = atomic_load(&beside->direct_bytes);
    struct umig_heap_pool pool = {"Direct Buffers", bytes, bytes, limit};
    if (reading->time_ns >= beside->next_buffers_ns) {
        beside->next_buffers_ns = reading->time_ns + BUFFERS_NS;
        ask_for_buffers(vm);
    }
    if (limit == 0) { /* nobody has looked yet */
        pool.used = pool.committed = pool.maximum = UMIG_HEAP_UNKNOWN;
    }
    if (limit != UMIG_HEAP_UNKNOWN || bytes > 0) {
        add_pool(reading, &pool);
    }
}

void umig_vm_read_memory(struct umig_vm *vm, struct umig_heap_reading *out_reading)
{
    umig_heap_read(&vm->heap, out_reading);
    add_code(vm, out_reading);
    add_buffers(vm, out_reading);
}

/* --- on the attached thread --- */

/* java.nio.Bits, if something has made it ready: asking for its fields would. */
static jclass find_bits(struct umig_vm *vm, JNIEnv *jni)
{
    jvmtiEnv *jvmti = vm->jvmti;
    jint status = 0;
    const jclass bits = (*jni)->FindClass(jni, "java/nio/Bits");
    if (bits == NULL) {
        (*jni)->ExceptionClear(jni);
        return NULL;
    }
    if ((*jvmti)->GetClassStatus(jvmti, bits, &status) != JVMTI_ERROR_NONE ||
        (status & JVMTI_CLASS_STATUS_INITIALIZED) == 0) {
        (*jni)->DeleteLocalRef(jni, bits);
        return NULL;
    }
    return bits;
}

static jlong read_static_atomic(JNIEnv *jni, jclass class, const char *name)
{
    jlong value = 0;
    const jfieldID field =
        (*jni)->GetStaticFieldID(jni, class, name, "Ljava/util/concurrent/atomic/AtomicLong;");
    const jobject atomic = field == NULL ? NULL : (*jni)->GetStaticObjectField(jni, class, field);
    if (atomic != NULL) {
        const jclass type = (*jni)->GetObjectClass(jni, atomic);
        const jfieldID inner = (*jni)->GetFieldID(jni, type, "value", "J");
        value = inner == NULL ? 0 : (*jni)->GetLongField(jni, atomic, inner);
        (*jni)->DeleteLocalRef(jni, type);
        (*jni)->DeleteLocalRef(jni, atomic);
    }
    (*jni)->ExceptionClear(jni);
    return value;
}

static uint64_t read_limit(JNIEnv *jni, jclass bits)
{
    const jfieldID field = (*jni)->GetStaticFieldID(jni, bits, "MAX_MEMORY", "J");
    const jlong limit = field == NULL ? 0 : (*jni)->GetStaticLongField(jni, bits, field);
    (*jni)->ExceptionClear(jni);
    return limit > 0 ? (uint64_t)limit : UMIG_HEAP_UNKNOWN;
}

void umig_vm_buffers_read(struct umig_vm *vm, JNIEnv *jni)
{
    const jclass bits = find_bits(vm, jni);
    if (bits == NULL) {
        atomic_store(&vm->beside.direct_limit, UMIG_HEAP_UNKNOWN); /* nobody has made one */
        return;
    }
    const jlong bytes = read_static_atomic(jni, bits, "RESERVED_MEMORY");
    atomic_store(&vm->beside.direct_bytes, bytes > 0 ? (uint64_t)bytes : 0);
    atomic_store(&vm->beside.direct_limit, read_limit(jni, bits)); /* last: now they are known */
    (*jni)->DeleteLocalRef(jni, bits);
}
