/*
 * The JVM behind one interface: the only place (with its neighbours in this folder) that speaks
 * JVMTI and JNI.
 *
 * What the JVM must provide is a desired state: the native loop says what it wants, a thread of
 * ours that is attached to the JVM as a daemon makes it so, since a JVMTI call may wait for a
 * safepoint and the loop may not. Callbacks arrive on whatever thread the JVM chose.
 */
#ifndef UMIG_AGENT_VM_VM_H
#define UMIG_AGENT_VM_VM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/signal/handler.h"
#include "agent/vm/alloc_rate.h"
#include "agent/vm/deadlock.h"
#include "agent/vm/gc.h"
#include "agent/vm/heap.h"
#include "agent/vm/jvm_counters.h"
#include "agent/vm/live.h"
#include "agent/vm/pools.h"
#include "agent/vm/redirect.h"
#include "agent/vm/search.h"
#include "agent/vm/threads.h"
#include "agent/vm/vmstructs.h"
#include "agent/vm/waits.h"
#include "agent/walk/agct.h"
#include "agent/walk/hotspot.h"
#include "agent/walk/vmwalk.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/* What may be wanted of the JVM; bits. */
enum umig_vm_want {
    UMIG_VM_STACKS = 1, /* threads announce themselves: stacks can be walked */
    UMIG_VM_LOCKS = 2,  /* contended monitors are reported */
    UMIG_VM_GC_LOG = 4, /* the JVM's own log says what kind of pause it was */
    UMIG_VM_ALLOC = 8,  /* what is allocated is sampled */
    UMIG_VM_LIVE = 16,  /* and followed until it is collected */
    UMIG_VM_PARKS = 32, /* waits for java.util.concurrent's synchronizers are reported */
    UMIG_VM_POOLS = 64, /* pools are followed */
};

/* Who has the reading of the pools: each passes it on to the next. */
enum umig_vm_pools_turn {
    UMIG_VM_POOLS_REST = 0, /* the loop's, which has taken it, or has none */
    UMIG_VM_POOLS_ASKED,    /* the attached thread's */
    UMIG_VM_POOLS_READ,     /* the loop's, which has not taken it */
};

/** What the JVM tells of itself; texts are "" when unknown. */
struct umig_vm_info {
    uint32_t jdk; /* feature release */
    char vm_name[96];
    char vm_version[96];
    char main_class[256]; /* first word of the command: a class or a jar */
};

/** Whom the JVM's events are told; all members are set. ctx is handed through. */
struct umig_vm_hooks {
    void *ctx;
    void (*on_init)(void *ctx);     /* VMInit: Java runs, the application does not yet */
    void (*on_death)(void *ctx);    /* VMDeath: must return within half a second */
    void (*on_change)(void *ctx);   /* what is provided has changed; any thread */
    void (*on_shortage)(void *ctx); /* memory runs out: the JVM may be gone soon, without a word;
                                       the VM thread, in a pause */
};

/** Memory of the JVM beside the heap, as it was read last. */
struct umig_memory_beside {
    uint64_t next_code_ns, next_buffers_ns; /* the loop's: when they are to be read again */
    struct umig_heap_pool code;             /* the loop's; name NULL: it cannot be had */
    atomic_bool are_buffers_asked;
    atomic_uint_fast64_t direct_bytes; /* of java.nio's direct buffers */
    atomic_uint_fast64_t direct_limit; /* 0: not read yet; UMIG_HEAP_UNKNOWN: none */
};

/** Bytes of what is kept of deadlocks for umig status. */
#define UMIG_VM_DEADLOCK_BYTES 16384

struct umig_vm {
    void *jvmti; /* jvmtiEnv* */
    struct umig_vm_hooks hooks;
    struct umig_libjvm libjvm;
    struct umig_hotspot hotspot;
    struct umig_agct agct;
    struct umig_vmwalk vmwalk;
    enum umig_walker walker; /* VM or AGCT, by umig_vm_choose_walker() */
    char missing[96];        /* first field of HotSpot's layout that is not described */
    struct umig_vm_info info;
    struct umig_heap heap;
    struct umig_memory_beside beside;
    struct umig_jvm_counters counters;
    struct umig_gc gc;

    /* Set by the owner before anything but GC is wanted. */
    struct umig_threads *threads;
    struct umig_sampler *sampler;
    atomic_uint_fast64_t lock_threshold_ns;
    struct umig_alloc_rate alloc_rate;
    atomic_int alloc_kind; /* enum umig_kind: whom samples of allocation are charged to */

    /* The attached thread. */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    atomic_uint wanted;
    atomic_uint provided;
    atomic_bool stopping;
    atomic_int agent_tid;
    uint64_t next_refresh_ns;            /* its own: names are read again then; 0: they are not */
    bool is_look_left;                   /* its own: references are left that are to be deleted */
    uint64_t cpu_ns;                     /* of that thread, as read last */
    atomic_uint_fast64_t next_holder_ns; /* when a holder may be looked up again */
    atomic_uint_fast64_t holder_lookups;
    atomic_uint wait_calls; /* of the JVM's about waits: each so many-th is measured */
    atomic_uint waiting;    /* threads that wait for a lock now; 0: nobody need be looked for */
    atomic_bool are_parks_seen;
    atomic_bool are_mutexes_seen;
    struct umig_redirect_count mutexes_redirected; /* the loop's */
    _Atomic(void *) thread_eetop; /* jfieldID of Thread.eetop; NULL: not needed yet */
    atomic_bool is_look_asked;    /* for deadlocks */
    atomic_uint_fast64_t next_deadlock_look_ns;
    atomic_uint_fast64_t deadlock_looks;
    atomic_uint deadlocks_found;
    struct umig_deadlock_memory deadlock_memory; /* the attached thread's */
    char deadlock_text[UMIG_VM_DEADLOCK_BYTES];  /* those found, for umig status; under mutex */
    struct umig_wait_classes wait_classes;
    atomic_uint alloc_era; /* counts up whenever sampling of allocation begins or ends */
    atomic_bool is_alloc_on;
    struct umig_live live;              /* its room is given by the owner before LIVE is wanted */
    struct umig_pools *pools;           /* given by the owner before POOLS is wanted; NULL: none */
    atomic_uint pools_turn;             /* enum umig_vm_pools_turn */
    atomic_uint_fast64_t next_pools_ns; /* when they may be read again, to stay cheap */
    uint64_t pools_cost_ns;             /* CPU of a reading, on average; the attached thread's */
    atomic_uint_fast64_t pool_readings, pool_readings_ns;  /* and what they took in all */
    atomic_uint_fast64_t live_looks_ns, deadlock_looks_ns; /* the same, of looks */
    atomic_uint_fast64_t searches_ns;                      /* of searches */
    atomic_bool is_look_due;                               /* at the objects that are followed */
    struct umig_search search; /* for what holds objects; whose it is: its state */
    uint64_t region_bytes;     /* of G1's heap; 0: it has none */
    char problem[192];         /* why something wanted is not provided; under mutex */
    char alloc_problem[192];   /* why allocation is not sampled, "" if it is; under mutex */
    atomic_bool has_begun;     /* VMInit was heard, or made up for by umig_vm_begin() */
};

/**
 * Takes hold of a JVM from Agent_OnLoad or Agent_OnAttach: environment, capabilities, callbacks.
 *
 * @param java_vm  JavaVM*
 * @return UMIG_OK; UMIG_E_UNSUPPORTED (not HotSpot, or a JDK before 17), UMIG_E_JVM: the JVM is as
 *         before, and it may be called again
 */
UMIG_NODISCARD int umig_vm_open(struct umig_vm *vm,
                                void *java_vm,
                                const struct umig_vm_hooks *hooks,
                                struct umig_err *err);

/**
 * Has compilers note of every instruction, not only of safepoints, which inlined method it is of
 * (docs/adr/0004-debug-non-safepoints.md); what is compiled already stays as it is. Thread: any.
 */
void umig_vm_want_debug_info(struct umig_vm *vm);

/**
 * Does what VMInit does, on_init included, in a JVM that runs already.
 *
 * @param java_vm  JavaVM*
 * @return UMIG_OK; UMIG_AGAIN: nothing was done, VMInit does it or will; UMIG_E_JVM: this thread is
 *         none of the JVM's
 *
 * Thread: Agent_OnAttach.
 */
UMIG_NODISCARD int umig_vm_begin(struct umig_vm *vm, void *java_vm, struct umig_err *err);

/**
 * Chooses who walks; before anything but GC is wanted.
 *
 * @param wanted  AUTO takes the JVM's structures if the layout is recognised
 * @return UMIG_OK, or UMIG_E_UNSUPPORTED: what was asked for is not to be had in this JVM
 */
UMIG_NODISCARD int umig_vm_choose_walker(struct umig_vm *vm,
                                         enum umig_walker wanted,
                                         struct umig_err *err);

/** Says what is wanted from now on (bits of umig_vm_want). Thread: any. Returns at once. */
void umig_vm_want(struct umig_vm *vm, uint32_t wanted);

/** Has the attached thread look which of the objects that are followed are left. Thread: any. */
void umig_vm_look_at_live(struct umig_vm *vm);

/**
 * Has the attached thread read the pools, if it does not do so already and a reading may be; then
 * on_change is called, and umig_vm_pools_reading() has it. Thread: the loop.
 */
void umig_vm_ask_for_pools(struct umig_vm *vm, uint64_t now_ns);

/** A reading that was asked for and has not been taken; NULL: there is none. Thread: the loop. */
const struct umig_pool_reading *umig_vm_pools_reading(struct umig_vm *vm);

/** The reading has been taken: another one may be asked for. Thread: the loop. */
void umig_vm_pools_taken(struct umig_vm *vm);

/**
 * Has the attached thread make the search that umig_vm.search asks for, whose memory is taken:
 * on_change is told when it is done. Thread: the loop.
 */
void umig_vm_ask_search(struct umig_vm *vm);

/** What is provided now. Thread: any. */
uint32_t umig_vm_provided(const struct umig_vm *vm);

/**
 * Puts a record into the rings for every wait for a monitor that goes on: its time up to now_ns
 * since it began or was told last.
 *
 * @param least_ns  waits with less to tell are left for later
 * @return false: rings had no room or were taken; drain them and call again
 *
 * Thread: the loop, with SIGSEGV and SIGBUS not blocked. The JVM is not called.
 */
bool umig_vm_tell_waits(struct umig_vm *vm, uint64_t now_ns, uint64_t least_ns);

/**
 * Has waits for mutexes and read-write locks of the C library put into the rings when they are
 * over, or not any more: calls of them are redirected, whoever makes them. They are long enough by
 * lock_threshold_ns. To be called again from time to time while it is on, since objects are loaded.
 *
 * Thread: the loop, with SIGSEGV and SIGBUS not blocked. The JVM is not called.
 */
void umig_vm_mutexes_set(struct umig_vm *vm, bool is_on);

/** What a look at a sleeping thread needs: umig_vm_look_asleep(). */
struct umig_vm_look {
    struct umig_walk_frame frames[UMIG_STACK_MAX_FRAMES];
    struct umig_record record; /* of type LOOK; followed by its frame ids */
    uint32_t ids[UMIG_STACK_MAX_FRAMES];
    enum umig_wall_state state; /* BLOCKED, NATIVE or VM */
    uint32_t wait_class;        /* of the monitor it is blocked on: struct umig_wait_classes */
};

/** Does the thread run Java code, as far as can be seen from outside? Thread: the loop. */
bool umig_vm_is_in_java(struct umig_vm *vm, const struct umig_slot *slot);

/**
 * Looks at a thread that sleeps, from outside: it is not woken, and its stack is walked from where
 * it left Java. It is believed only if the thread's CPU clock stands where it stood before: who has
 * not run has not changed its stack, left the JVM, or let go of a class on its stack.
 *
 * @param cpu_ns    the thread's CPU clock, read before
 * @param out_look  undefined where false is returned
 * @return false: it has run meanwhile, is gone, or a collection has stopped the world
 *
 * Thread: the loop, with SIGSEGV and SIGBUS not blocked. The JVM is not called.
 */
bool umig_vm_look_asleep(struct umig_vm *vm,
                         const struct umig_slot *slot,
                         uint64_t cpu_ns,
                         struct umig_vm_look *out_look);

/**
 * Reads the heap's pools, the code cache, direct buffers and the process's resident memory. The
 * code cache is as of five seconds ago at most, buffers of the last reading, or a second ago at
 * most.
 *
 * Thread: the loop.
 */
void umig_vm_read_memory(struct umig_vm *vm, struct umig_heap_reading *out_reading);

/** Copies the deadlocks found since waits for locks are measured, a line a fact; "": none. */
void umig_vm_deadlock_text(struct umig_vm *vm, char out[UMIG_VM_DEADLOCK_BYTES]);

/** CPU time of the attached thread in ns; never falls. Thread: the loop. */
uint64_t umig_vm_cpu_ns(struct umig_vm *vm);

#endif
