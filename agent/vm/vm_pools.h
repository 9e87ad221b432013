/* Shared by the files that read pools by JNI: vm_pools.c, vm_pool_types.c, vm_pool_read.c. */
#ifndef UMIG_AGENT_VM_VM_POOLS_H
#define UMIG_AGENT_VM_VM_POOLS_H

#include <jni.h>

#include "agent/vm/pools.h"
#include "agent/vm/vm_private.h"

/* Classes whose fields are read, in the order of the table in vm_pool_types.c. */
enum umig_pool_class {
    UMIG_CLASS_NOTHING,
    UMIG_CLASS_THREAD,
    UMIG_CLASS_HOLDER,
    UMIG_CLASS_ATOMIC,
    UMIG_CLASS_SYNCHRONIZER,
    UMIG_CLASS_WORKER,
    UMIG_CLASS_THREAD_POOL,
    UMIG_CLASS_SCHEDULED_POOL,
    UMIG_CLASS_TOMCAT_WORKER,
    UMIG_CLASS_TOMCAT_POOL,
    UMIG_CLASS_JETTY_RUNNER,
    UMIG_CLASS_JETTY_POOL,
    UMIG_CLASS_ATOMIC_LONG,
    UMIG_CLASS_FORK_JOIN_THREAD,
    UMIG_CLASS_CARRIER,
    UMIG_CLASS_FORK_JOIN_POOL,
    UMIG_CLASS_FORK_JOIN_QUEUE,
    UMIG_CLASS_LINKED_QUEUE,
    UMIG_CLASS_LINKED_DEQUE,
    UMIG_CLASS_ARRAY_QUEUE,
    UMIG_CLASS_PRIORITY_QUEUE,
    UMIG_CLASS_DELAYED_QUEUE,
    UMIG_CLASS_SYNCHRONOUS_QUEUE,
    UMIG_CLASS_SCHEDULED_TASK,
    UMIG_CLASS_ADAPTED_TASK,
    UMIG_CLASS_HOUSE_KEEPER,
    UMIG_CLASS_HIKARI_POOL,
    UMIG_CLASS_HIKARI_BASE,
    UMIG_CLASS_HIKARI_CONFIG,
    UMIG_CLASS_HIKARI_BAG,
    UMIG_CLASS_HIKARI_ENTRY,
    UMIG_CLASS_COPIED_LIST,
    UMIG_CLASS_WHATS
};

/** One reading under way. */
struct umig_pool_reader {
    struct umig_vm *vm;
    JNIEnv *jni;
    struct umig_pools *pools;
};

/**
 * The type of an object: the entry for the class or superclass of it that is what is asked for.
 *
 * @return index of umig_pools.types; 0: it is none of it, or not as it is known here
 *
 * Finds fields by JVMTI: no class is initialised, no code of Java's runs.
 */
uint32_t umig_pool_type_of(struct umig_pool_reader *reader,
                           jobject object,
                           enum umig_pool_class what);

/** A field by its place in the table of vm_pool_types.c; NULL: the class has none. */
static inline jfieldID umig_pool_field(const struct umig_pool_reader *reader,
                                       uint32_t type,
                                       uint32_t field)
{
    return (jfieldID)reader->pools->types[type].fields[field];
}

/** What an object refers to, a local reference; NULL also for NULL and for what is not so. */
jobject umig_pool_object(struct umig_pool_reader *reader,
                         jobject object,
                         enum umig_pool_class what,
                         uint32_t field);

/** A number of an object, of 32 bits; 0 where it is not so. */
int32_t umig_pool_int(struct umig_pool_reader *reader,
                      jobject object,
                      enum umig_pool_class what,
                      uint32_t field);

/** A number of an object, of 64 bits; 0 where it is not so. */
int64_t umig_pool_long(struct umig_pool_reader *reader,
                       jobject object,
                       enum umig_pool_class what,
                       uint32_t field);

/** Copies a String that an object refers to, cut to the room; "" without one. */
void umig_pool_text(struct umig_pool_reader *reader,
                    jobject object,
                    enum umig_pool_class what,
                    uint32_t field,
                    char out[UMIG_POOL_NAME_BYTES]);

/** The first Runnable that an object of any class holds, a local reference; NULL: it has none. */
jobject umig_pool_wrapped(struct umig_pool_reader *reader, jobject object);

/** Prepares a pool that is new in the table: how its queue is read. */
void umig_pool_prepare(struct umig_pool_reader *reader, struct umig_pool *pool, jobject object);

/** Reads what the pool has counted of threads that are gone: before its threads are looked at. */
void umig_pool_read_own(struct umig_pool_reader *reader, struct umig_pool *pool, jobject object);

/** Reads the pool's figures: after its threads were looked at. */
void umig_pool_read(struct umig_pool_reader *reader, struct umig_pool *pool, jobject object);

/** Calls back with each HikariPool that a scheduled pool keeps house for. */
void umig_pool_find_hikari(struct umig_pool_reader *reader,
                           jobject scheduled_pool,
                           void (*found)(struct umig_pool_reader *reader, jobject hikari_pool));

#endif
