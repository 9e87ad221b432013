/* Shared by the files of agent/vm that speak JVMTI; included by nobody else. */
#ifndef UMIG_AGENT_VM_VM_PRIVATE_H
#define UMIG_AGENT_VM_VM_PRIVATE_H

#include <jni.h>
#include <jvmti.h>

#include "agent/vm/vm.h"

/** The one JVM of this process: callbacks are handed nothing of ours. */
extern struct umig_vm *g_umig_vm;

/** Says and keeps why something wanted is not provided. */
int umig_vm_failed(struct umig_vm *vm, jvmtiError error, const char *what, struct umig_err *err);

/** Enables or disables one event for all threads. UMIG_OK or UMIG_E_JVM. */
int umig_vm_event(struct umig_vm *vm, jvmtiEvent event, bool enabled, struct umig_err *err);

/** Puts the callbacks of vm_stacks.c into the table. */
void umig_vm_stacks_callbacks(jvmtiEventCallbacks *callbacks);

/** Puts the callbacks of vm_locks.c into the table. */
void umig_vm_locks_callbacks(jvmtiEventCallbacks *callbacks);

/** Puts the callback of vm_alloc.c into the table. */
void umig_vm_alloc_callbacks(jvmtiEventCallbacks *callbacks);

/** Switches the sampling of allocation; what keeps it from being on stands in alloc_problem. */
void umig_vm_alloc_set(struct umig_vm *vm, JNIEnv *jni, bool enabled);

/**
 * Follows an object that was sampled.
 *
 * @param what        its bytes, interval and time
 * @param out_handle  set if it is taken
 *
 * Thread: the one that allocates, in the JVM's callback, not under the guard: it may wait for a
 * safepoint.
 */
enum umig_live_claim umig_vm_live_take(struct umig_vm *vm,
                                       JNIEnv *jni,
                                       jobject object,
                                       const struct umig_live_entry *what,
                                       uint32_t *out_handle);

/** The sample was lost: the object is not followed. As umig_vm_live_take(). */
void umig_vm_live_drop(struct umig_vm *vm, JNIEnv *jni, uint32_t handle);

/** Switches the following of objects; when off, the next looks delete every reference. */
void umig_vm_live_set(struct umig_vm *vm, bool enabled);

/** Looks which objects are left: umig_live_sweep(). Thread: the attached one. */
bool umig_vm_live_look(struct umig_vm *vm, JNIEnv *jni);

/** Address of the id that the next thread gets; 0: not known. A thread of Java's own id is below.
 */
uintptr_t umig_vm_next_thread_id_at(const struct umig_vm *vm, JNIEnv *jni, jthread thread);

/** Reads what direct buffers take. Thread: the attached one. */
void umig_vm_buffers_read(struct umig_vm *vm, JNIEnv *jni);

/** Reads the pools that were asked for, and passes the reading on. Thread: the attached one. */
void umig_vm_pools_read(struct umig_vm *vm, JNIEnv *jni, uint32_t wanted);

/** Follows no pool any more. Thread: the attached one. */
void umig_vm_pools_forget(struct umig_vm *vm, JNIEnv *jni);

/** A piece of the search that is asked for: agent/vm/search.h. Thread: the attached one. */
void umig_vm_search_step(struct umig_vm *vm, JNIEnv *jni);

/** The calling thread has begun: what it allocates is drawn from now on. */
void umig_vm_alloc_thread_started(struct umig_vm *vm);

/** The Klass that declares a method; 0 if there is none. It does not move, as its mirror may. */
uintptr_t umig_vm_klass_of(const struct umig_vm *vm,
                           JNIEnv *jni,
                           jclass klass,
                           const char *method,
                           const char *signature);

/** Measures JNIEnv* - JavaThread* on the calling thread; 0 when it cannot be. */
intptr_t umig_vm_env_offset(JNIEnv *jni, jthread thread);

/** Makes stacks walkable: events of threads and classes, ids of methods, threads that exist. */
int umig_vm_stacks_arm(struct umig_vm *vm, JNIEnv *jni, struct umig_err *err);

/** Reads the names of all threads again: applications rename them. */
int umig_vm_stacks_refresh(struct umig_vm *vm, JNIEnv *jni, struct umig_err *err);

/** The reverse. Ids stay: the JVM has no way to take them back. */
int umig_vm_stacks_disarm(struct umig_vm *vm, JNIEnv *jni, struct umig_err *err);

/**
 * Finds out, once, where the frames of virtual threads are (umig_hotspot.has_continuations); where
 * that cannot be had it stays false, and their stacks end at what stands on the carrier's.
 */
void umig_vm_continuations_read(struct umig_vm *vm, JNIEnv *jni);

/** tid of a JavaThread, which may be gone; 0 unknown. */
int umig_vm_tid_at(const struct umig_vm *vm, uintptr_t java_thread);

/** tid of a java.lang.Thread; 0 when it is not alive or not known. */
int umig_vm_tid_of(const struct umig_vm *vm, JNIEnv *jni, jthread thread);

/** Frames as JVMTI tells them, as the walker's. */
void umig_vm_frames_of(const jvmtiFrameInfo *infos, uint32_t count, struct umig_walk_frame *frames);

/** The java.lang.Thread of a JavaThread, a local reference; NULL: not found, or too many threads.
 */
jthread umig_vm_thread_at(struct umig_vm *vm, JNIEnv *jni, uintptr_t java_thread);

/**
 * Puts the record of what a holder does now, for the wait that the calling thread has begun.
 *
 * @param waiter  the calling thread's slot, held
 * @param holder  NULL: nothing is put
 */
void umig_vm_put_holder(struct umig_vm *vm,
                        struct umig_slot *waiter,
                        jthread holder,
                        int32_t holder_tid);

/**
 * The calling thread's stack by JVMTI, for the walker agct.
 *
 * @param infos   room for max_frames
 * @param frames  room for max_frames
 * @return frames; 0 when it failed
 */
uint32_t umig_vm_ask_stack(struct umig_vm *vm,
                           jvmtiFrameInfo *infos,
                           struct umig_walk_frame *frames,
                           uint32_t max_frames,
                           uint32_t *out_cut_at);

/** Switches the events of contended monitors; finds who waits already. */
int umig_vm_locks_set(struct umig_vm *vm, JNIEnv *jni, bool enabled, struct umig_err *err);

/**
 * Switches looking at parks: waits for the synchronizers of java.util.concurrent; finds who waits
 * already. UMIG_OK or UMIG_E_JVM.
 */
int umig_vm_parks_set(struct umig_vm *vm, JNIEnv *jni, bool enabled, struct umig_err *err);

/** Finds what tells a virtual thread that parks and keeps its carrier; none before JDK 21. */
void umig_vm_pins_open(const struct umig_vm *vm, JNIEnv *jni);

/**
 * The virtual thread that the calling thread carries and that is about to park with it, a local
 * reference; NULL: there is none, or no session asks for waits.
 */
jthread umig_vm_pinned_thread(const struct umig_vm *vm, JNIEnv *jni);

/** The synchronizer a parked thread waits for, who owns it (tid; 0 unknown); false: for none. */
bool umig_vm_park_owner(struct umig_vm *vm, JNIEnv *jni, jthread thread, int32_t *out_owner);

/**
 * Looks for deadlocks once, and says when the next look may be: next_deadlock_look_ns.
 *
 * Thread: the attached one.
 */
void umig_vm_look_for_deadlocks(struct umig_vm *vm, JNIEnv *jni);

/** Has the attached thread look for them. Thread: any. Returns at once. */
void umig_vm_ask_for_deadlocks(struct umig_vm *vm);

/** Forgets what umig status shows of deadlocks. Thread: the attached one. */
void umig_vm_forget_deadlocks(struct umig_vm *vm);

/** Is a wait over whose end nobody heard? Thread: any. */
bool umig_vm_is_unheard_over(const struct umig_slot *slot);

/* --- waits of the calling thread: vm_locks.c --- */

/** Its slot, which cannot become another thread's until umig_slot_release(); NULL: it has none. */
struct umig_slot *umig_vm_hold_own_slot(struct umig_vm *vm);

/**
 * Begins to measure what the JVM's call about a wait takes, if it is one of those that are: a clock
 * at each of them would cost more than most of them do.
 *
 * @return to be handed to umig_vm_end_meter()
 */
uint64_t umig_vm_begin_meter(struct umig_vm *vm);

/** Charges what it took, for itself and for those that are not measured, to kind locks. */
void umig_vm_end_meter(struct umig_vm *vm, uint64_t begin_ns);

/** May it look up who holds what it waits for? Ten times a second over all threads. */
bool umig_vm_may_ask_for_holder(struct umig_vm *vm, uint64_t now_ns);

/** Id of the class of what is waited for: struct umig_wait_classes; 0 unknown. */
uint32_t umig_vm_wait_class_of(struct umig_vm *vm, JNIEnv *jni, jobject object);

/** Adds a wait that ended to a carry of the calling thread's: what is to be told of it now. */
struct umig_wait_share umig_vm_carry_wait(const struct umig_vm *vm,
                                          struct umig_wait_carry *carry,
                                          uint64_t waited_ns,
                                          uint64_t now_ns);

/** It begins to wait: umig_wait_begin(). */
void umig_vm_begin_wait(struct umig_vm *vm, struct umig_slot *slot, bool is_park, uint64_t now_ns);

/** Its wait is over: the record of what it has waited, if that is enough. */
void umig_vm_end_wait(struct umig_vm *vm, struct umig_slot *slot);

/* --- records of waits: vm_waits.c --- */

/** What the scratch of a ring is used for by waits. */
struct umig_vm_scratch {
    struct umig_walk_frame frames[UMIG_STACK_MAX_FRAMES];
    uint32_t ids[UMIG_STACK_MAX_FRAMES];
    jvmtiFrameInfo infos[UMIG_STACK_MAX_FRAMES];
};

/* From JDK 22 on: a monitor owned by a thread that does not know yet that somebody waits, since it
 * has locked the object on its lock stack alone. */
#define UMIG_VM_ANONYMOUS_OWNER 1u

/** A word at an offset; 0 when it cannot be read, or the offset is none. Thread: any. */
uint64_t umig_vm_peek_word(uintptr_t base, int32_t offset);

/** The object of a monitor, as it stands in lock stacks; 0 unknown. Thread: any. */
uint64_t umig_vm_object_of(const struct umig_hotspot *hotspot, uint64_t monitor);

/** The monitor that the thread of a JNIEnv waits to enter; 0 none, or not known. Thread: any. */
uint64_t umig_vm_pending_monitor(const struct umig_vm *vm, const void *env);

/** tid of who holds a monitor; 0 unknown. Compares all threads. Thread: any. */
int32_t umig_vm_holder_of(struct umig_vm *vm, uint64_t monitor);

/**
 * Walks a thread that has left Java, from outside or by itself, under the guard.
 *
 * @param walker  the calling thread's slot
 * @param walked  of the thread that is walked
 * @param frames  room for UMIG_STACK_MAX_FRAMES
 */
struct umig_walk_result umig_vm_walk_anchor(const struct umig_vm *vm,
                                            struct umig_slot *walker,
                                            const struct umig_slot *walked,
                                            struct umig_walk_frame *frames);

/** Names frames under the guard; 0 when it faulted or the tables were full. */
uint32_t umig_vm_name_frames(struct umig_vm *vm,
                             struct umig_slot *walker,
                             struct umig_names *names,
                             const struct umig_walk_frame *frames,
                             uint32_t count,
                             uint32_t *out_ids);

/** The calling thread's slot; made for a thread that the JVM does not know. NULL: no room. */
struct umig_slot *umig_vm_own_slot(struct umig_vm *vm);

/** As umig_vm_walk_anchor(): frames in the scratch; 0 when it failed. */
uint32_t umig_vm_walk_wait(const struct umig_vm *vm,
                           struct umig_slot *walker,
                           const struct umig_slot *walked,
                           struct umig_vm_scratch *scratch,
                           uint32_t *out_cut_at);

/**
 * Makes a wait's record of frame_count walked frames: names them, and sets all of head but times,
 * value, holder and what it says of waits.
 *
 * @param names  entered by the caller
 * @param head   its slot is set
 * @return the monitor's class; NULL unknown
 */
const struct umig_wait_class *umig_vm_name_wait(struct umig_vm *vm,
                                                struct umig_slot *walker,
                                                struct umig_names *names,
                                                uint32_t frame_count,
                                                struct umig_vm_scratch *scratch,
                                                struct umig_record *head);

/** Writes the record made by umig_vm_name_wait(), head->byte_count bytes. */
void umig_vm_copy_wait(const struct umig_record *head,
                       const struct umig_vm_scratch *scratch,
                       const struct umig_wait_class *class,
                       void *to);

#endif
