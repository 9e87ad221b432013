/*
 * Looks at threads from outside, for kind wall. The JVM is not called, and nobody is woken: a
 * signal would end the system call that a thread sleeps in (epoll_wait, poll and nanosleep are not
 * restarted), and ten thousand wake-ups would be what the application then does.
 *
 * A thread that sleeps stands still, and with it all a walk reads: its stack, its frame anchor, the
 * code and the classes that stand on the stack, which the JVM does not free while they do. What may
 * move are objects, when virtual threads' frames lie in one: then a walk waits for the end of a
 * pause, as handlers of threads that run need not. docs/adr/0016-wall-clock.md.
 */
#include <stddef.h>

#include "agent/signal/guard.h"
#include "agent/vm/vm_private.h"
#include "core/clock.h"

_Static_assert(offsetof(struct umig_vm_look, ids) ==
                   offsetof(struct umig_vm_look, record) + sizeof(struct umig_record),
               "frame ids follow a record");

/* A thread's state as the JVM keeps it; false where it is not known. */
static bool read_state(struct umig_vm *vm,
                       struct umig_slot *own,
                       const struct umig_slot *slot,
                       int32_t *out_state)
{
    const struct umig_hotspot *hs = &vm->hotspot;
    const uintptr_t env = (uintptr_t)atomic_load(&slot->env);
    struct umig_guard guard;
    if (env == 0 || !hs->can_walk || atomic_load(&vm->sampler->refusal) != UMIG_OUTCOME_OK) {
        return false;
    }
    if (!UMIG_GUARD_ENTER(own, &guard)) {
        return false; /* it has just ended */
    }
    *out_state = umig_hs_i32(env - (uintptr_t)hs->env_offset, hs->thread_state);
    umig_guard_leave(own, &guard);
    return true;
}

bool umig_vm_is_in_java(struct umig_vm *vm, const struct umig_slot *slot)
{
    struct umig_slot *own = umig_vm_own_slot(vm);
    int32_t state = 0;
    return own != NULL && read_state(vm, own, slot, &state) &&
           (state == vm->hotspot.state_in_java || state == vm->hotspot.state_in_java_trans);
}

static bool is_in_pause(const struct umig_vm *vm)
{
    const atomic_bool *is_in_pause = vm->sampler->told.is_in_pause;
    return is_in_pause != NULL && atomic_load(is_in_pause);
}

/* A thread the JVM does not know, or one of its own: it has no stack of Java. */
static enum umig_outcome outcome_without_env(const struct umig_slot *slot)
{
    const int kind = atomic_load(&slot->kind);
    return kind == UMIG_THREAD_JAVA || kind == UMIG_THREAD_UNKNOWN ? UMIG_OUTCOME_NOT_ATTACHED
                                                                   : UMIG_OUTCOME_NO_JAVA;
}

static void walk(struct umig_vm *vm,
                 struct umig_slot *own,
                 const struct umig_slot *slot,
                 struct umig_vm_look *look)
{
    struct umig_record *record = &look->record;
    if (atomic_load(&slot->env) == NULL) {
        record->outcome = (uint8_t)outcome_without_env(slot);
        return;
    }
    const struct umig_walk_result result = umig_vm_walk_anchor(vm, own, slot, look->frames);
    struct umig_names *names = umig_sampler_enter_names(vm->sampler);
    const uint32_t named =
        umig_vm_name_frames(vm, own, names, look->frames, result.frame_count, look->ids);
    record->outcome =
        (uint8_t)(named == result.frame_count ? result.outcome : UMIG_OUTCOME_NAMES_FULL);
    record->names = names->generation;
    record->frame_count = named;
    record->cut_at = named > 0 ? result.cut_at : 0;
    umig_names_leave(names);
}

/* Where it sleeps, as far as it is not told by its stack. */
static void tell_state(struct umig_vm *vm,
                       struct umig_slot *own,
                       const struct umig_slot *slot,
                       struct umig_vm_look *look)
{
    int32_t state = vm->hotspot.state_in_native;
    const void *env = atomic_load(&slot->env);
    look->wait_class = 0;
    if (umig_vm_pending_monitor(vm, env) != 0) {
        look->state = UMIG_WALL_BLOCKED;
        look->wait_class =
            atomic_load(&slot->wait_from_ns) != 0 ? atomic_load(&slot->wait_class) : 0;
        return;
    }
    (void)read_state(vm, own, slot, &state);
    look->state = state == vm->hotspot.state_in_native ? UMIG_WALL_NATIVE : UMIG_WALL_VM;
}

bool umig_vm_look_asleep(struct umig_vm *vm,
                         const struct umig_slot *slot,
                         uint64_t cpu_ns,
                         struct umig_vm_look *out_look)
{
    struct umig_slot *own = umig_vm_own_slot(vm);
    if (own == NULL || is_in_pause(vm)) {
        return false;
    }
    const uint64_t begin_ns = umig_clock_monotonic_ns();
    out_look->record = (struct umig_record){
        .type = UMIG_RECORD_LOOK,
        .time_ns = begin_ns,
        .slot = umig_slots_index(&vm->sampler->slots, slot),
        .slot_serial = atomic_load(&slot->serial),
    };
    walk(vm, own, slot, out_look);
    tell_state(vm, own, slot, out_look);
    struct umig_record *record = &out_look->record;
    record->byte_count =
        ((uint32_t)sizeof *record + record->frame_count * (uint32_t)sizeof *out_look->ids + 7u) &
        ~7u;
    record->walk_ns = (uint32_t)(umig_clock_monotonic_ns() - begin_ns);
    return !is_in_pause(vm) && atomic_load(&slot->serial) == record->slot_serial &&
           umig_clock_of_thread_ns(atomic_load(&slot->tid)) == cpu_ns;
}
