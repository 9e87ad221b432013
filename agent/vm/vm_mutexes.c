/*
 * Waits for mutexes and read-write locks of the C library, those of the JVM among them
 * (docs/adr/0027-native-locks.md).
 *
 * While a session asks for them, calls of the functions that lock come here (agent/vm/redirect.h).
 * What is free is taken at once. Who must wait is measured, and where its wait is told
 * (agent/signal/wait_carry.h) its registers and stack are copied for the drainer to unwind. It has
 * the lock by then, so that who waits behind it waits for that, too: some microseconds in an
 * interval's time.
 *
 * This runs on any thread at any place where a lock may be taken, in the middle of the loader or of
 * an allocator: nothing here allocates, waits for a lock of ours or calls the JVM.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "agent/signal/guard.h"
#include "agent/signal/native_copy.h"
#include "agent/signal/regs.h"
#include "agent/vm/redirect.h"
#include "agent/vm/vm_private.h"
#include "core/clock.h"

/* A wait that is over. */
struct native_wait {
    uint64_t begin_ns;
    uint64_t end_ns;
    int32_t holder; /* tid of who had the lock when it began; 0 unknown */
    const char *type;
};

/* --- the record --- */

/* Threads of libraries may have these blocked, and the kernel ends a process that faults then. */
static void let_faults_through(sigset_t *out_before)
{
    sigset_t faults;
    sigemptyset(&faults);
    sigaddset(&faults, SIGSEGV);
    sigaddset(&faults, SIGBUS);
    pthread_sigmask(SIG_UNBLOCK, &faults, out_before);
}

static uint32_t walk(const struct umig_vm *vm,
                     struct umig_slot *slot,
                     struct umig_vm_scratch *scratch,
                     struct umig_record *head)
{
    if (atomic_load(&slot->env) == NULL) {
        head->outcome = UMIG_OUTCOME_NO_JAVA;
        return 0;
    }
    const uint32_t count = vm->walker == UMIG_WALKER_VM
                               ? umig_vm_walk_wait(vm, slot, slot, scratch, &head->cut_at)
                               : 0;
    head->outcome = count > 0 ? UMIG_OUTCOME_OK : UMIG_OUTCOME_NO_JAVA_FRAME;
    return count;
}

static bool copy_stack(struct umig_slot *slot,
                       const struct umig_native_plan *plan,
                       const ucontext_t *context,
                       void *to)
{
    struct umig_guard guard;
    if (!UMIG_GUARD_ENTER(slot, &guard)) {
        return false;
    }
    umig_native_copy_take(plan, context, to);
    umig_guard_leave(slot, &guard);
    return true;
}

static void write_record(struct umig_vm *vm,
                         struct umig_slot *slot,
                         struct umig_ring *ring,
                         struct umig_record *head,
                         const char *type,
                         const ucontext_t *context)
{
    const struct umig_vm_scratch *scratch = ring->scratch;
    const uint32_t ids_bytes = head->frame_count * (uint32_t)sizeof *scratch->ids;
    const void *env = atomic_load(&slot->env);
    const uintptr_t sp = umig_regs_read(context).sp;
    struct umig_native_plan plan = {.byte_count = 0};
    umig_native_plan_leaf(&plan, umig_native_stack_bytes(&vm->hotspot, env, sp),
                          umig_native_room(ring, 0));
    head->text_bytes = (uint8_t)strlen(type);
    head->native_bytes = plan.byte_count;
    head->byte_count =
        (((uint32_t)sizeof *head + ids_bytes + head->text_bytes + 7u) & ~7u) + head->native_bytes;
    uint8_t *to = umig_native_plan_reserve(&plan, ring, head);
    if (to == NULL) {
        atomic_fetch_add(&vm->sampler->dropped_mutex_ns[UMIG_DROP_RING_FULL], head->value_ns);
        return;
    }
    if (head->native_bytes > 0 &&
        !copy_stack(slot, &plan, context, to + head->byte_count - head->native_bytes)) {
        umig_native_copy_leave_out(head);
    }
    head->walk_ns = (uint32_t)(umig_clock_monotonic_ns() - head->time_ns);
    memcpy(to, head, sizeof *head);
    memcpy(to + sizeof *head, scratch->ids, ids_bytes);
    memcpy(to + sizeof *head + ids_bytes, type, head->text_bytes);
    umig_ring_commit(ring, head->byte_count);
}

/* The ring's scratch and the slot are the calling thread's. */
static void record_wait(struct umig_vm *vm,
                        struct umig_slot *slot,
                        const struct native_wait *wait,
                        struct umig_wait_share share,
                        const ucontext_t *context)
{
    struct umig_sampler *sampler = vm->sampler;
    struct umig_record head = {
        .type = UMIG_RECORD_WAIT,
        .is_mutex = true,
        .time_ns = wait->end_ns,
        .value_ns = share.wait_ns,
        .wait_count = share.count,
        .holder_tid = wait->holder,
        .slot = umig_slots_index(&sampler->slots, slot),
        .slot_serial = atomic_load(&slot->serial),
    };
    struct umig_ring *ring = umig_rings_lock(&sampler->rings, head.slot);
    if (ring == NULL) {
        atomic_fetch_add(&sampler->dropped_mutex_ns[UMIG_DROP_RING_BUSY], head.value_ns);
        return;
    }
    sigset_t before;
    let_faults_through(&before);
    struct umig_vm_scratch *scratch = ring->scratch;
    const uint32_t walked = walk(vm, slot, scratch, &head);
    struct umig_names *names = umig_sampler_enter_names(sampler);
    head.names = names->generation;
    head.frame_count =
        walked > 0 ? umig_vm_name_frames(vm, slot, names, scratch->frames, walked, scratch->ids)
                   : 0;
    if (walked > 0 && head.frame_count == 0) {
        head.outcome = UMIG_OUTCOME_NAMES_FULL;
    }
    write_record(vm, slot, ring, &head, wait->type, context);
    umig_names_leave(names);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    umig_ring_unlock(ring);
}

/* --- a wait --- */

static void add_wait(struct umig_vm *vm,
                     struct umig_slot *slot,
                     const struct native_wait *wait,
                     const ucontext_t *context)
{
    const struct umig_wait_share share =
        umig_vm_carry_wait(vm, &slot->mutex_carry, wait->end_ns - wait->begin_ns, wait->end_ns);
    if (share.count > 0 && umig_gate_enter(&vm->sampler->gate)) {
        record_wait(vm, slot, wait, share, context);
        umig_gate_leave(&vm->sampler->gate);
    }
}

/* The stack is unwound from here: this frame stands until its copy has been taken. */
static __attribute__((noinline)) void tell_wait(struct umig_vm *vm,
                                                struct umig_slot *slot,
                                                const struct native_wait *wait)
{
    ucontext_t context;
    const uint64_t meter_ns = umig_vm_begin_meter(vm);
    if (getcontext(&context) == 0) {
        add_wait(vm, slot, wait, &context);
    }
    umig_vm_end_meter(vm, meter_ns);
}

static struct native_wait begin_wait(const char *type, const int *holder)
{
    return (struct native_wait){
        .begin_ns = umig_clock_monotonic_ns(),
        .holder = __atomic_load_n(holder, __ATOMIC_RELAXED),
        .type = type,
    };
}

static void end_wait(struct native_wait *wait)
{
    struct umig_vm *vm = g_umig_vm;
    const int saved_errno = errno;
    wait->end_ns = umig_clock_monotonic_ns();
    if (!atomic_load(&vm->are_mutexes_seen) || atomic_load(&vm->stopping)) {
        return;
    }
    struct umig_slot *slot = umig_vm_hold_own_slot(vm);
    if (slot == NULL && umig_threads_came(vm->threads, (int)syscall(SYS_gettid))) {
        slot = umig_vm_hold_own_slot(vm);
    }
    if (slot == NULL) {
        atomic_fetch_add(&vm->sampler->dropped_mutex_ns[UMIG_DROP_NEW_THREAD],
                         wait->end_ns - wait->begin_ns);
    } else {
        if (atomic_load(&slot->kind) != UMIG_THREAD_AGENT) {
            tell_wait(vm, slot, wait);
        }
        umig_slot_release(slot);
    }
    errno = saved_errno;
}

/* --- the functions that are called instead --- */

static int on_mutex_lock(pthread_mutex_t *mutex)
{
    int rc = pthread_mutex_trylock(mutex);
    if (rc != EBUSY) {
        return rc;
    }
    struct native_wait wait = begin_wait("pthread_mutex_t", &mutex->__data.__owner);
    rc = pthread_mutex_lock(mutex);
    end_wait(&wait);
    return rc;
}

static int on_write_lock(pthread_rwlock_t *lock)
{
    int rc = pthread_rwlock_trywrlock(lock);
    if (rc != EBUSY) {
        return rc;
    }
    struct native_wait wait = begin_wait("pthread_rwlock_t", &lock->__data.__cur_writer);
    rc = pthread_rwlock_wrlock(lock);
    end_wait(&wait);
    return rc;
}

static int on_read_lock(pthread_rwlock_t *lock)
{
    int rc = pthread_rwlock_tryrdlock(lock);
    if (rc != EBUSY) {
        return rc;
    }
    struct native_wait wait = begin_wait("pthread_rwlock_t", &lock->__data.__cur_writer);
    rc = pthread_rwlock_rdlock(lock);
    end_wait(&wait);
    return rc;
}

void umig_vm_mutexes_set(struct umig_vm *vm, bool is_on)
{
    const struct umig_redirect redirects[] = {
        {"pthread_mutex_lock", (uintptr_t)pthread_mutex_lock, (uintptr_t)on_mutex_lock},
        {"pthread_rwlock_wrlock", (uintptr_t)pthread_rwlock_wrlock, (uintptr_t)on_write_lock},
        {"pthread_rwlock_rdlock", (uintptr_t)pthread_rwlock_rdlock, (uintptr_t)on_read_lock},
    };
    struct umig_slot *own = umig_vm_own_slot(vm);
    if (own == NULL) {
        return; /* the table of threads is full: next time */
    }
    atomic_store(&vm->are_mutexes_seen, is_on);
    vm->mutexes_redirected =
        umig_redirect_set(own, redirects, sizeof redirects / sizeof redirects[0], is_on);
}
