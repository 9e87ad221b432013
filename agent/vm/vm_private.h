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

/** Switches the events of contended monitors. */
int umig_vm_locks_set(struct umig_vm *vm, bool enabled, struct umig_err *err);

#endif
