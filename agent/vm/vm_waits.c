/*
 * Records of waits that go on, taken by the loop while their threads stand still: where they wait,
 * for which class, and who holds the lock. The JVM is not called, so this works while it ends,
 * too: the stack is walked from outside, under the loop's own guard, from where its thread left
 * Java. When it runs on meanwhile, umig_wait_tell() fails and what was read is thrown away.
 */
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/signal/guard.h"
#include "agent/vm/vm_private.h"
#include "agent/walk/objects.h"
#include "core/clock.h"

/* Two that have waited for so long may be waiting for each other. */
#define LONG_WAIT_NS (2 * UMIG_NS_PER_S)

enum {
    HOLDERS_PER_ROUND = 16, /* monitors whose holder is looked up: all threads are compared */
    LOCK_STACK_WORDS = 8    /* LockStack::CAPACITY */
};

uint64_t umig_vm_peek_word(uintptr_t base, int32_t offset)
{
    uint64_t word = 0;
    const bool is_there =
        base != 0 && offset >= 0 &&
        umig_vm_peek((const void *)(base + (uintptr_t)offset), &word, sizeof word);
    return is_there ? word : 0;
}

uint64_t umig_vm_object_of(const struct umig_hotspot *hotspot, uint64_t monitor)
{
    const uint64_t handle = umig_vm_peek_word(monitor, hotspot->monitor_object);
    const uint64_t word = umig_vm_peek_word(handle, 0);
    return umig_object_of_handle(hotspot, (uintptr_t)&word);
}

/* Does the owner field mean this thread? */
static bool is_owner(const struct umig_hotspot *hs, uintptr_t java_thread, uint64_t owner)
{
    if (hs->thread_owner_id >= 0) {
        return umig_vm_peek_word(java_thread, hs->thread_owner_id) == owner;
    }
    if (java_thread == owner) {
        return true;
    }
    /* A lock that was taken on the stack, and inflated by who waits, names a place in the stack. */
    const uint64_t base = umig_vm_peek_word(java_thread, hs->thread_stack_base);
    const uint64_t size = umig_vm_peek_word(java_thread, hs->thread_stack_size);
    return owner < base && owner >= base - size;
}

uint64_t umig_vm_pending_monitor(const struct umig_vm *vm, const void *env)
{
    const struct umig_hotspot *hs = &vm->hotspot;
    return hs->env_offset == 0 || env == NULL
               ? 0
               : umig_vm_peek_word((uintptr_t)env - (uintptr_t)hs->env_offset,
                                   hs->thread_pending_monitor);
}

int32_t umig_vm_holder_of(struct umig_vm *vm, uint64_t monitor)
{
    const struct umig_hotspot *hs = &vm->hotspot;
    const struct umig_slots *slots = &vm->sampler->slots;
    if (monitor == 0) {
        return 0;
    }
    atomic_fetch_add(&vm->holder_lookups, 1);
    const uint64_t owner = umig_vm_peek_word(monitor, hs->monitor_owner);
    if (owner <= UMIG_VM_ANONYMOUS_OWNER) {
        return 0;
    }
    for (uint32_t i = 0; i < slots->count; i++) {
        const uintptr_t env = (uintptr_t)atomic_load(&slots->slots[i].env);
        if (env != 0 && is_owner(hs, env - (uintptr_t)hs->env_offset, owner)) {
            return atomic_load(&slots->slots[i].tid);
        }
    }
    return 0;
}

/* Has the thread locked the object without a word to its monitor? */
static bool has_on_lock_stack(const struct umig_hotspot *hs, uintptr_t java_thread, uint64_t object)
{
    const int32_t base = hs->thread_lock_stack + hs->lock_stack_base;
    uint64_t words[LOCK_STACK_WORDS];
    const uint32_t top =
        (uint32_t)umig_vm_peek_word(java_thread, hs->thread_lock_stack + hs->lock_stack_top);
    if (top <= (uint32_t)base || top > (uint32_t)base + sizeof words ||
        !umig_vm_peek((const void *)(java_thread + (uintptr_t)base), words, sizeof words)) {
        return false;
    }
    for (uint32_t i = 0; i < (top - (uint32_t)base) / sizeof words[0]; i++) {
        if (words[i] == object) {
            return true;
        }
    }
    return false;
}

/*
 * The holder of a monitor whose owner is anonymous. A collection may move the object between two
 * reads: then it stays unknown.
 */
static int32_t anonymous_holder(const struct umig_vm *vm, uint64_t monitor)
{
    const struct umig_hotspot *hs = &vm->hotspot;
    const struct umig_slots *slots = &vm->sampler->slots;
    const bool is_known = hs->monitor_object >= 0 && hs->thread_lock_stack >= 0 &&
                          hs->lock_stack_top >= 0 && hs->lock_stack_base >= 0;
    if (!is_known || umig_vm_peek_word(monitor, hs->monitor_owner) != UMIG_VM_ANONYMOUS_OWNER) {
        return 0;
    }
    const uint64_t object = umig_vm_object_of(hs, monitor);
    for (uint32_t i = 0; i < slots->count && object != 0; i++) {
        const uintptr_t env = (uintptr_t)atomic_load(&slots->slots[i].env);
        if (env != 0 && has_on_lock_stack(hs, env - (uintptr_t)hs->env_offset, object)) {
            return atomic_load(&slots->slots[i].tid);
        }
    }
    return 0;
}

/* --- a record --- */

struct umig_walk_result umig_vm_walk_anchor(const struct umig_vm *vm,
                                            struct umig_slot *walker,
                                            const struct umig_slot *walked,
                                            struct umig_walk_frame *frames)
{
    struct umig_step position;
    const struct umig_walk_request request = {
        .env = atomic_load(&walked->env),
        .scratch = &position,
        .frames = frames,
        .max_frames = UMIG_STACK_MAX_FRAMES,
        .until_cpu_ns = umig_clock_thread_cpu_ns() + UMIG_WALK_NS_MAX,
    };
    struct umig_guard guard;
    const int refusal = atomic_load(&vm->sampler->refusal);
    if (request.env == NULL || refusal != UMIG_OUTCOME_OK) {
        return (struct umig_walk_result){.outcome = request.env == NULL
                                                        ? UMIG_OUTCOME_NOT_ATTACHED
                                                        : (enum umig_outcome)refusal};
    }
    if (!UMIG_GUARD_ENTER(walker, &guard)) {
        atomic_fetch_add(&vm->sampler->faults, 1);
        return (struct umig_walk_result){.outcome = UMIG_OUTCOME_GUARD};
    }
    const struct umig_walk_result result = umig_vmwalk_walk(&vm->vmwalk, &request);
    umig_guard_leave(walker, &guard);
    return result;
}

uint32_t umig_vm_name_frames(struct umig_vm *vm,
                             struct umig_slot *walker,
                             struct umig_names *names,
                             const struct umig_walk_frame *frames,
                             uint32_t count,
                             uint32_t *out_ids)
{
    struct umig_guard guard;
    uint32_t named = 0;
    if (!UMIG_GUARD_ENTER(walker, &guard)) {
        atomic_fetch_add(&vm->sampler->faults, 1);
        return 0;
    }
    named = umig_sampler_name_frames(names, frames, count, out_ids);
    umig_guard_leave(walker, &guard);
    return named == count ? named : 0;
}

uint32_t umig_vm_walk_wait(const struct umig_vm *vm,
                           struct umig_slot *walker,
                           const struct umig_slot *walked,
                           struct umig_vm_scratch *scratch,
                           uint32_t *out_cut_at)
{
    const struct umig_walk_result result = umig_vm_walk_anchor(vm, walker, walked, scratch->frames);
    *out_cut_at = result.cut_at;
    return result.outcome == UMIG_OUTCOME_OK ? result.frame_count : 0;
}

static enum umig_outcome outcome_of(const struct umig_vm *vm, uint32_t walked, uint32_t named)
{
    if (walked == 0) {
        const int refusal = atomic_load(&vm->sampler->refusal);
        return refusal != UMIG_OUTCOME_OK ? (enum umig_outcome)refusal
                                          : UMIG_OUTCOME_UNKNOWN_NOT_JAVA;
    }
    return named > 0 ? UMIG_OUTCOME_OK : UMIG_OUTCOME_NAMES_FULL;
}

const struct umig_wait_class *umig_vm_name_wait(struct umig_vm *vm,
                                                struct umig_slot *walker,
                                                struct umig_names *names,
                                                uint32_t frame_count,
                                                struct umig_vm_scratch *scratch,
                                                struct umig_record *head)
{
    const struct umig_slot *waiter = &vm->sampler->slots.slots[head->slot];
    const struct umig_wait_class *class =
        umig_wait_classes_get(&vm->wait_classes, atomic_load(&waiter->wait_class));
    head->type = UMIG_RECORD_WAIT;
    head->slot_serial = atomic_load(&waiter->serial);
    head->names = names->generation;
    head->frame_count =
        umig_vm_name_frames(vm, walker, names, scratch->frames, frame_count, scratch->ids);
    head->outcome = (uint8_t)outcome_of(vm, frame_count, head->frame_count);
    head->text_bytes = class != NULL ? class->byte_count : 0;
    const uint32_t ids_bytes = head->frame_count * (uint32_t)sizeof *scratch->ids;
    head->byte_count = ((uint32_t)sizeof *head + ids_bytes + head->text_bytes + 7u) & ~7u;
    return class;
}

void umig_vm_copy_wait(const struct umig_record *head,
                       const struct umig_vm_scratch *scratch,
                       const struct umig_wait_class *class,
                       void *to)
{
    uint8_t *bytes = to;
    const uint32_t ids_bytes = head->frame_count * (uint32_t)sizeof *scratch->ids;
    memcpy(bytes, head, sizeof *head);
    memcpy(bytes + sizeof *head, scratch->ids, ids_bytes);
    if (class != NULL) {
        memcpy(bytes + sizeof *head + ids_bytes, class->text, head->text_bytes);
    }
}

/* --- waits that go on --- */

/* One round over all threads that wait. */
struct round {
    struct umig_vm *vm;
    struct umig_slot *own; /* the calling thread's, for its guard */
    uint64_t now_ns;
    uint32_t long_waits;
    uint64_t monitors[HOLDERS_PER_ROUND];
    int32_t holders[HOLDERS_PER_ROUND];
    uint32_t monitor_count;
};

struct umig_slot *umig_vm_own_slot(struct umig_vm *vm)
{
    struct umig_slots *slots = &vm->sampler->slots;
    const int tid = (int)syscall(SYS_gettid);
    struct umig_slot *slot = umig_slots_find(slots, tid);
    if (slot == NULL) {
        pthread_mutex_lock(&slots->mutex);
        slot = umig_slots_register_locked(slots, tid);
        if (slot != NULL) {
            atomic_store(&slot->kind, UMIG_THREAD_AGENT);
            umig_slot_set_name(slot, "umig-agent");
        }
        pthread_mutex_unlock(&slots->mutex);
    }
    return slot;
}

static int32_t holder_in_round(struct round *round, uint64_t monitor)
{
    uint32_t i = 0;
    while (i < round->monitor_count && round->monitors[i] != monitor) {
        i++;
    }
    if (i == HOLDERS_PER_ROUND) {
        return 0;
    }
    if (i == round->monitor_count) {
        round->monitors[i] = monitor;
        const int32_t holder = umig_vm_holder_of(round->vm, monitor);
        round->holders[i] = holder != 0 ? holder : anonymous_holder(round->vm, monitor);
        round->monitor_count++;
    }
    return round->holders[i];
}

/* Puts the record of what slot has waited since from_ns; false: there was no room. */
static bool put_wait(struct round *round,
                     struct umig_slot *slot,
                     uint64_t from_ns,
                     uint64_t monitor,
                     struct umig_ring *ring)
{
    struct umig_vm *vm = round->vm;
    struct umig_vm_scratch *scratch = ring->scratch;
    const uint64_t begin_ns = umig_clock_monotonic_ns();
    struct umig_record head = {
        .time_ns = round->now_ns,
        .value_ns = round->now_ns - from_ns,
        .slot = umig_slots_index(&vm->sampler->slots, slot),
        .deadlock = atomic_load(&slot->deadlock),
        .holder_tid = atomic_load(&slot->is_park) ? atomic_load(&slot->wait_owner)
                                                  : holder_in_round(round, monitor),
    };
    const uint32_t count = vm->walker == UMIG_WALKER_VM
                               ? umig_vm_walk_wait(vm, round->own, slot, scratch, &head.cut_at)
                               : 0;
    struct umig_names *names = umig_sampler_enter_names(vm->sampler);
    const struct umig_wait_class *class =
        umig_vm_name_wait(vm, round->own, names, count, scratch, &head);
    void *to = umig_ring_reserve(ring, head.byte_count);
    if (to != NULL && umig_wait_tell(slot, from_ns, round->now_ns)) {
        head.walk_ns = (uint32_t)(umig_clock_monotonic_ns() - begin_ns);
        umig_vm_copy_wait(&head, scratch, class, to);
        umig_ring_commit(ring, head.byte_count);
    }
    umig_names_leave(names);
    return to != NULL;
}

static bool tell_wait(struct round *round, struct umig_slot *slot, uint64_t least_ns)
{
    struct umig_vm *vm = round->vm;
    /* Acquire: pairs with the release in umig_wait_begin(). */
    const uint64_t from_ns = atomic_load_explicit(&slot->wait_from_ns, memory_order_acquire);
    if (from_ns == 0 || from_ns >= round->now_ns || round->now_ns - from_ns < least_ns) {
        return true;
    }
    const bool is_park = atomic_load(&slot->is_park);
    round->long_waits += round->now_ns - atomic_load(&slot->wait_since_ns) >= LONG_WAIT_NS ? 1 : 0;
    if (is_park && umig_vm_is_unheard_over(slot)) {
        if (umig_wait_forget(slot)) {
            atomic_fetch_sub(&vm->waiting, 1);
        }
        return true;
    }
    const uint64_t monitor = is_park ? 0 : umig_vm_pending_monitor(vm, atomic_load(&slot->env));
    if (monitor == 0 && !is_park && vm->hotspot.thread_pending_monitor >= 0) {
        return true; /* it has the monitor, and is about to say so */
    }
    struct umig_ring *ring =
        umig_rings_lock(&vm->sampler->rings, umig_slots_index(&vm->sampler->slots, slot));
    if (ring == NULL) {
        return false;
    }
    const bool has_room = put_wait(round, slot, from_ns, monitor, ring);
    umig_ring_unlock(ring);
    return has_room;
}

bool umig_vm_tell_waits(struct umig_vm *vm, uint64_t now_ns, uint64_t least_ns)
{
    const struct umig_slots *slots = &vm->sampler->slots;
    if (atomic_load(&vm->waiting) == 0 || atomic_load(&vm->sampler->names) == NULL) {
        return true;
    }
    struct round round = {.vm = vm, .own = umig_vm_own_slot(vm), .now_ns = now_ns};
    for (uint32_t i = 0; i < slots->count && round.own != NULL; i++) {
        struct umig_slot *slot = &slots->slots[i];
        if (atomic_load(&slot->tid) != 0 && !tell_wait(&round, slot, least_ns)) {
            return false;
        }
    }
    if (round.long_waits > 1 && now_ns >= atomic_load(&vm->next_deadlock_look_ns)) {
        umig_vm_ask_for_deadlocks(vm);
    }
    return true;
}
