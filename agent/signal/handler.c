#include "agent/signal/handler.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/signal/guard.h"
#include "agent/signal/install.h"
#include "agent/signal/native_copy.h"
#include "agent/signal/probe.h"
#include "agent/signal/regs.h"
#include "agent/signal/sigsafe_only.h"
#include "agent/signal/testpoint.h"
#include "core/clock.h"

enum {
    MEMO_SIZE = 256 /* a power of two */
};

struct umig_handler_state g_umig_handler;

static void drop(struct umig_sampler *sampler, enum umig_drop cause, uint64_t value_ns)
{
    atomic_fetch_add_explicit(&sampler->dropped_ns[cause], value_ns, memory_order_relaxed);
}

/* What the scratch of a ring holds. The walker's own part begins behind it. */
struct scratch {
    struct umig_walk_frame frames[UMIG_STACK_MAX_FRAMES];
    uint32_t ids[UMIG_STACK_MAX_FRAMES];
    struct umig_virtual_thread virtual_thread;
    struct umig_crossings crossings;
    struct umig_native_plan native;
    uint64_t parts[UMIG_PERF_RING_BYTES / sizeof(uint64_t)];
};

size_t umig_sampler_scratch_bytes(size_t walker_bytes)
{
    return sizeof(struct scratch) + walker_bytes;
}

static bool is_stack_low(const struct umig_sampler *sampler, const void *env, uintptr_t sp)
{
    const struct umig_hotspot *hs = sampler->hotspot;
    if (!hs->can_bound_stack) {
        return false;
    }
    const uintptr_t thread = (uintptr_t)env - (uintptr_t)hs->env_offset;
    const uintptr_t low =
        umig_hs_ptr(thread, hs->thread_stack_base) - umig_hs_ptr(thread, hs->thread_stack_size);
    return sp >= low && sp - low < UMIG_STACK_ROOM_BYTES;
}

struct umig_names *umig_sampler_enter_names(struct umig_sampler *sampler)
{
    for (;;) {
        struct umig_names *names = atomic_load(&sampler->names);
        atomic_fetch_add(&names->inside, 1);
        /* The drainer may have switched in between; then our count came too late to hold it. */
        if (atomic_load(&sampler->names) == names) {
            return names;
        }
        atomic_fetch_sub(&names->inside, 1);
    }
}

/* Fibonacci hashing, as in agent/signal/slots.c. */
static uint32_t hash_frame(const struct umig_walk_frame *frame)
{
    const uint64_t mixed = ((uint64_t)frame->method >> 3) ^ ((uint64_t)(uint32_t)frame->bci << 40);
    return (uint32_t)(mixed * UINT64_C(0x9e3779b97f4a7c15) >> 40);
}

static bool is_same_frame(const struct umig_walk_frame *a, const struct umig_walk_frame *b)
{
    return a->method == b->method && a->bci == b->bci && a->kind == b->kind;
}

/*
 * A dynamic stack repeats itself: of 230 frames some 80 are different. A frame seen further up in
 * the same stack has the same id (nothing on a stack can be unloaded), and needs no look into the
 * JVM. The memo holds positions + 1 by hash.
 */
uint32_t umig_sampler_name_frames(struct umig_names *names,
                                  const struct umig_walk_frame *frames,
                                  uint32_t frame_count,
                                  uint32_t *out_ids)
{
    uint16_t memo[MEMO_SIZE];
    _Static_assert(UMIG_STACK_MAX_FRAMES < UINT16_MAX, "a position has 16 bits");
    memset(memo, 0, sizeof memo);
    for (uint32_t i = 0; i < frame_count; i++) {
        if (frames[i].method == 0 && frames[i].kind == UMIG_FRAME_NATIVE) {
            out_ids[i] = UMIG_FRAME_CROSSING + (uint32_t)frames[i].bci;
            continue;
        }
        uint16_t *known = &memo[hash_frame(&frames[i]) & (MEMO_SIZE - 1)];
        if (*known != 0 && is_same_frame(&frames[i], &frames[*known - 1])) {
            out_ids[i] = out_ids[*known - 1];
            continue;
        }
        out_ids[i] = umig_names_frame(names, frames[i].method, frames[i].bci, frames[i].kind);
        if (out_ids[i] == UMIG_FRAME_NONE) {
            return i;
        }
        *known = (uint16_t)(i + 1);
    }
    return frame_count;
}

/* A fault that a guard ended. In the JVM's own code it may have left something behind. */
static void count_fault(struct umig_sampler *sampler,
                        struct umig_slot *slot,
                        const struct umig_guard *guard)
{
    atomic_fetch_add_explicit(&sampler->faults, 1, memory_order_relaxed);
    if (guard->is_jvm_fault) {
        atomic_store_explicit(&slot->rest_until_ns, umig_clock_monotonic_ns() + UMIG_REST_NS,
                              memory_order_relaxed);
    }
}

/* Walks and names under the guard. What ended it stands in out_evidence. */
static struct umig_walk_result walk_guarded(struct umig_sampler *sampler,
                                            struct umig_slot *slot,
                                            const struct umig_walk_request *request,
                                            struct umig_names *names,
                                            uint32_t *ids,
                                            struct umig_evidence *out_evidence)
{
    struct umig_guard guard;
    if (!UMIG_GUARD_ENTER(slot, &guard)) {
        count_fault(sampler, slot, &guard);
        out_evidence->fault_pc = guard.fault_pc;
        out_evidence->fault_address = guard.fault_address;
        return (struct umig_walk_result){.outcome = UMIG_OUTCOME_GUARD};
    }
    struct umig_walk_result result = {.outcome = UMIG_OUTCOME_LOW_STACK};
    UMIG_TESTPOINT(WALK);
    if (!is_stack_low(sampler, request->env, umig_regs_read(request->context).sp)) {
        result = sampler->walk(sampler->walker, request);
        const uint32_t named =
            umig_sampler_name_frames(names, request->frames, result.frame_count, ids);
        if (named < result.frame_count) {
            result = (struct umig_walk_result){.outcome = UMIG_OUTCOME_NAMES_FULL};
        }
    }
    umig_guard_leave(slot, &guard);
    return result;
}

/* Is it a failure of the walk, not of its surroundings? */
static bool is_worth_evidence(enum umig_outcome outcome)
{
    return outcome != UMIG_OUTCOME_OK && outcome != UMIG_OUTCOME_NO_JAVA &&
           outcome != UMIG_OUTCOME_LOW_STACK;
}

/*
 * The position a walk leaves when a fault ends it before it has begun. Without this it would be
 * what the scratch held before: another thread's, or nothing at all.
 */
static void begin_evidence(const struct umig_sampler *sampler,
                           const struct umig_walk_request *request)
{
    if (sampler->has_evidence) {
        *(struct umig_step *)request->scratch = (struct umig_step){
            .hotspot = sampler->hotspot,
            .thread = (uintptr_t)request->env - (uintptr_t)sampler->hotspot->env_offset,
            .regs = umig_regs_read(request->context),
            .is_leaf = true,
        };
    }
}

/* No guard is armed here: what the thread's memory says is asked, not read. */
static int32_t thread_state(const struct umig_hotspot *hs, uintptr_t thread)
{
    const uintptr_t at = thread + (uintptr_t)(intptr_t)hs->thread_state;
    uintptr_t word = 0;
    (void)umig_probe_word(at & ~(uintptr_t)7, &word);
    return (int32_t)(word >> (at & 4) * 8);
}

static void keep_evidence(struct umig_sampler *sampler,
                          const struct umig_slot *slot,
                          const struct umig_walk_request *request,
                          const struct umig_walk_result *result,
                          struct umig_evidence *head)
{
    if (!sampler->has_evidence || !is_worth_evidence(result->outcome)) {
        return;
    }
    const struct umig_step *step = request->scratch;
    head->leaf = umig_regs_read(request->context);
    head->tid = atomic_load_explicit(&slot->tid, memory_order_relaxed);
    head->outcome = result->outcome;
    head->frames = result->frame_count;
    head->thread_state = thread_state(sampler->hotspot, step->thread);
    umig_evidence_put(&sampler->failures, step, head);
}

/* Without a walk: why this thread has, or gives, no Java frames. OK means it can be walked. */
static enum umig_outcome outcome_before_walk(const struct umig_sampler *sampler,
                                             const struct umig_slot *slot,
                                             const void *env,
                                             uint64_t now_ns)
{
    const int kind = atomic_load_explicit(&slot->kind, memory_order_relaxed);
    if (env == NULL) {
        return kind == UMIG_THREAD_JAVA || kind == UMIG_THREAD_UNKNOWN ? UMIG_OUTCOME_NOT_ATTACHED
                                                                       : UMIG_OUTCOME_NO_JAVA;
    }
    const int refusal = atomic_load_explicit(&sampler->refusal, memory_order_relaxed);
    if (refusal != UMIG_OUTCOME_OK) {
        return (enum umig_outcome)refusal;
    }
    if (now_ns < atomic_load_explicit(&slot->rest_until_ns, memory_order_relaxed)) {
        return UMIG_OUTCOME_RESTING;
    }
    return UMIG_OUTCOME_OK;
}

/* A thread of the JVM itself: what it does, under the guard. */
static struct umig_told tell_guarded(struct umig_sampler *sampler,
                                     struct umig_slot *slot,
                                     uintptr_t sp,
                                     struct umig_names *names,
                                     uint64_t now_ns)
{
    struct umig_told told = {.doing = UMIG_DOING_UNKNOWN};
    struct umig_guard guard;
    if (atomic_load_explicit(&slot->env, memory_order_relaxed) != NULL ||
        atomic_load_explicit(&sampler->refusal, memory_order_relaxed) != UMIG_OUTCOME_OK ||
        now_ns < atomic_load_explicit(&slot->rest_until_ns, memory_order_relaxed)) {
        return told;
    }
    if (!UMIG_GUARD_ENTER(slot, &guard)) {
        count_fault(sampler, slot, &guard);
        atomic_store_explicit(&slot->rest_until_ns, now_ns + UMIG_REST_NS, memory_order_relaxed);
        return (struct umig_told){.doing = UMIG_DOING_UNKNOWN};
    }
    told = umig_told_read(&sampler->told, slot, sp, names);
    umig_guard_leave(slot, &guard);
    return told;
}

/* Does a session ask for all native frames, not only for the function that ran? */
static bool wants_callers(const struct umig_sampler *sampler)
{
    return atomic_load_explicit(&sampler->native, memory_order_relaxed) == UMIG_NATIVE_ON;
}

/* What to copy for native frames that are wanted; a thread in generated code has no leaf. */
static struct umig_native_plan plan_native(const struct umig_sampler *sampler,
                                           const struct umig_slot *slot,
                                           uint32_t room,
                                           const struct umig_regs *regs,
                                           const struct umig_crossings *crossings)
{
    struct umig_native_plan plan = {.byte_count = 0};
    const int native = atomic_load_explicit(&sampler->native, memory_order_relaxed);
    if (native != UMIG_NATIVE_OFF && room > 0 &&
        !umig_codecache_contains(sampler->hotspot, regs->pc)) {
        const void *env = atomic_load_explicit(&slot->env, memory_order_relaxed);
        const uint32_t stack =
            wants_callers(sampler) ? umig_native_stack_bytes(sampler->hotspot, env, regs->sp) : 0;
        umig_native_plan_leaf(&plan, stack, room);
    }
    umig_native_plan_crossings(&plan, crossings, room);
    return plan;
}

/*
 * What lies above this thread's stack is not its own: another thread may unmap it after it was
 * asked for. Then the sample goes without.
 */
static bool copy_native_guarded(struct umig_sampler *sampler,
                                struct umig_slot *slot,
                                const struct umig_native_plan *plan,
                                const void *context,
                                void *to)
{
    struct umig_guard guard;
    if (!UMIG_GUARD_ENTER(slot, &guard)) {
        count_fault(sampler, slot, &guard);
        return false;
    }
    UMIG_TESTPOINT(NATIVE);
    umig_native_copy_take(plan, context, to);
    umig_guard_leave(slot, &guard);
    return true;
}

static void put_record(struct umig_sampler *sampler,
                       struct umig_slot *slot,
                       struct umig_ring *ring,
                       struct umig_record *head,
                       struct scratch *scratch,
                       const void *text,
                       const void *context)
{
    uint8_t *to = umig_native_plan_reserve(&scratch->native, ring, head);
    if (to == NULL) {
        drop(sampler, UMIG_DROP_RING_FULL, head->value_ns);
        return;
    }
    if (head->native_bytes > 0 &&
        !copy_native_guarded(sampler, slot, &scratch->native, context,
                             to + head->byte_count - head->native_bytes)) {
        umig_native_copy_leave_out(head);
    }
    memcpy(to, head, sizeof *head);
    memcpy(to + sizeof *head, scratch->ids, head->frame_count * sizeof *scratch->ids);
    memcpy(to + sizeof *head + head->frame_count * sizeof *scratch->ids, text, head->text_bytes);
    memcpy(to + head->byte_count - head->native_bytes - head->kernel_bytes, scratch->parts,
           head->kernel_bytes);
    umig_ring_commit(ring, head->byte_count);
}

static void sample_into(struct umig_sampler *sampler,
                        struct umig_slot *slot,
                        struct umig_ring *ring,
                        struct umig_names *names,
                        const struct umig_perf_taken *taken,
                        void *context)
{
    const uint64_t begin_ns = umig_clock_monotonic_ns();
    const bool is_look = taken->value_ns == 0;
    /* Once: it goes when the last session ends, which may be now. */
    void *env = atomic_load_explicit(&slot->env, memory_order_acquire);
    struct umig_walk_result result = {.outcome = outcome_before_walk(sampler, slot, env, begin_ns)};
    struct scratch *scratch = ring->scratch;
    struct umig_virtual_thread *virtual_thread = &scratch->virtual_thread;
    virtual_thread->who = UMIG_RECORD_PLATFORM;
    virtual_thread->id = 0;
    virtual_thread->text_bytes = 0;
    umig_crossings_clear(&scratch->crossings);
    if (result.outcome == UMIG_OUTCOME_OK) {
        const struct umig_walk_request request = {
            .env = env,
            .context = context,
            .scratch = scratch + 1,
            .frames = scratch->frames,
            .max_frames = UMIG_STACK_MAX_FRAMES,
            .until_cpu_ns = slot->sample_began_ns + UMIG_WALK_NS_MAX,
            .virtual_thread = virtual_thread,
            .crossings = !is_look && wants_callers(sampler) ? &scratch->crossings : NULL,
        };
        struct umig_evidence evidence = {.time_ns = begin_ns};
        begin_evidence(sampler, &request);
        result = walk_guarded(sampler, slot, &request, names, scratch->ids, &evidence);
        keep_evidence(sampler, slot, &request, &result, &evidence);
    }
    if (result.frame_count == 0) {
        umig_crossings_clear(&scratch->crossings); /* they have no place */
    }
    const struct umig_regs regs = umig_regs_read(context);
    struct umig_told told = {.doing = UMIG_DOING_UNKNOWN};
    if (result.outcome == UMIG_OUTCOME_NO_JAVA) {
        told = tell_guarded(sampler, slot, regs.sp, names, begin_ns);
        scratch->ids[0] = told.frame;
        result.frame_count = told.doing == UMIG_DOING_COMPILE ? 1 : 0;
    }
    const bool has_cause = told.cause_bytes > 0; /* a collector's: no virtual thread's */
    const void *text = has_cause ? (const void *)told.cause : virtual_thread->text;
    const uint32_t text_bytes = has_cause ? told.cause_bytes : virtual_thread->text_bytes;
    /* The first part is what did not tick in the kernel: alone it says nothing. */
    const uint32_t kernel =
        taken->part_bytes > sizeof(struct umig_kernel_part) ? taken->part_bytes : 0;
    const uint32_t room = is_look ? 0 : umig_native_room(ring, kernel);
    scratch->native = plan_native(sampler, slot, room, &regs, &scratch->crossings);
    const uint32_t native = scratch->native.byte_count;
    const uint32_t plain = (uint32_t)sizeof(struct umig_record) + result.frame_count * 4;
    const uint32_t bytes = ((plain + text_bytes + 7) & ~7u) + kernel + native;
    struct umig_record head = {
        .byte_count = bytes,
        .type = is_look ? UMIG_RECORD_LOOK : UMIG_RECORD_CPU,
        .outcome = (uint8_t)result.outcome,
        .text_bytes = (uint8_t)text_bytes,
        .thread = (uint8_t)virtual_thread->who,
        .virtual_id = virtual_thread->id,
        .cut_at = result.cut_at,
        .kernel_bytes = kernel,
        .native_bytes = native,
        .time_ns = begin_ns,
        .value_ns = taken->value_ns,
        .slot = umig_slots_index(&sampler->slots, slot),
        .slot_serial = atomic_load_explicit(&slot->serial, memory_order_relaxed),
        .names = names->generation,
        .frame_count = result.frame_count,
        .walk_ns = (uint32_t)(umig_clock_monotonic_ns() - begin_ns),
        .doing = told.doing,
        .tier = told.tier,
        .is_osr = told.is_osr,
        .is_in_native = result.is_in_native,
    };
    UMIG_TESTPOINT(SAMPLE);
    put_record(sampler, slot, ring, &head, scratch, text, context);
}

/*
 * Walks and copies have guards of their own, which keep the sample. What faults elsewhere is a
 * fault of ours: the sample is gone and counted, the JVM goes on.
 */
static void sample_guarded(struct umig_sampler *sampler,
                           struct umig_slot *slot,
                           struct umig_ring *ring,
                           const struct umig_perf_taken *taken,
                           void *context)
{
    struct umig_names *names = umig_sampler_enter_names(sampler);
    struct umig_guard guard;
    if (UMIG_GUARD_ENTER(slot, &guard)) {
        sample_into(sampler, slot, ring, names, taken, context);
        umig_guard_leave(slot, &guard);
    } else {
        count_fault(sampler, slot, &guard);
        drop(sampler, UMIG_DROP_FAULT, taken->value_ns);
    }
    umig_names_leave(names);
}

/* The first period was a random part of the interval; ioctl() is a system call like any other. */
static void set_period(struct umig_perf_ring *perf, uint64_t interval_ns)
{
    if (perf->has_phase) {
        perf->has_phase = false;
        syscall(SYS_ioctl, perf->fd, PERF_EVENT_IOC_PERIOD, &interval_ns);
    }
}

/* What the thread has run since its last sample: by its perf event, or by its own clock. */
static struct umig_perf_taken take_own(struct umig_sampler *sampler,
                                       struct umig_slot *slot,
                                       uint8_t *parts)
{
    /* Sequentially consistent, like in_handler before it: see retire_locked() in vm/ticks.c. */
    void *map = atomic_load(&slot->perf.map);
    struct umig_perf_taken taken = {.value_ns = 0};
    if (map != NULL) {
        const uint64_t interval = atomic_load_explicit(&slot->interval_ns, memory_order_relaxed);
        /* What is told may be ahead of a young thread's clock, even below 0: differences count. */
        const uint64_t told_ns = atomic_load(&slot->cpu_taken_ns);
        const uint64_t most_ns = umig_clock_thread_cpu_ns() + interval / 2 - told_ns;
        const struct umig_perf_terms terms = {
            .interval_ns = interval,
            .most_ns = (int64_t)most_ns > 0 ? most_ns : 0,
        };
        set_period(&slot->perf, interval);
        taken = umig_perf_ring_take(&slot->perf, map, &terms, parts);
        atomic_store(&slot->cpu_taken_ns, told_ns + taken.value_ns);
        atomic_fetch_add_explicit(&sampler->perf_lost, taken.lost + taken.is_broken,
                                  memory_order_relaxed);
    } else if (atomic_load_explicit(&slot->clock, memory_order_relaxed) == UMIG_CLOCK_WALL) {
        const uint64_t now_ns = umig_clock_thread_cpu_ns();
        taken.value_ns = now_ns - atomic_exchange(&slot->cpu_taken_ns, now_ns);
    }
    atomic_fetch_add_explicit(&sampler->produced_ns, taken.value_ns, memory_order_relaxed);
    return taken;
}

/* What a sample is taken for. */
struct occasion {
    uint64_t value_ns; /* CPU time by the ticks of a timer; 0: by the thread's own clocks */
    bool is_look;      /* for kind wall alone: of no CPU time */
};

static void take_sample(struct umig_sampler *sampler,
                        struct umig_slot *slot,
                        const struct occasion *occasion,
                        void *context)
{
    struct umig_ring *ring =
        umig_rings_lock(&sampler->rings, umig_slots_index(&sampler->slots, slot));
    struct scratch *scratch = ring != NULL ? ring->scratch : NULL;
    struct umig_perf_taken taken = {.value_ns = occasion->value_ns};
    if (occasion->value_ns > 0) {
        taken.value_ns += atomic_exchange_explicit(&slot->unsaid_ns, 0, memory_order_relaxed);
    } else if (!occasion->is_look) {
        taken = take_own(sampler, slot, scratch != NULL ? (uint8_t *)scratch->parts : NULL);
    }
    if (ring == NULL) {
        drop(sampler, UMIG_DROP_RING_BUSY, taken.value_ns);
        return;
    }
    if (taken.value_ns > 0 || occasion->is_look) {
        sample_guarded(sampler, slot, ring, &taken, context);
    }
    umig_ring_unlock(ring);
}

/*
 * The kernel kills a process that faults where the fault's signal is blocked, whoever handles it.
 * Threads that block all signals do run code (loaders, other agents): for the time of the handler
 * faults come through, and the return from it puts the thread's own mask back.
 */
static void let_faults_through(const ucontext_t *context)
{
    static const uint64_t faults = UINT64_C(1) << (SIGSEGV - 1) | UINT64_C(1) << (SIGBUS - 1);
    uint64_t blocked = 0;
    memcpy(&blocked, &context->uc_sigmask, sizeof blocked);
    if ((blocked & faults) != 0) {
        syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &faults, NULL, sizeof faults);
    }
}

/*
 * After a sample that was dear the next one waits. What a perf event, or the thread's clock, says
 * until then is said at once then; a timer's ticks are added up. A tick that comes when its clock
 * has been taken is said by nobody.
 */
static bool is_due(struct umig_sampler *sampler,
                   struct umig_slot *slot,
                   uint64_t cpu_ns,
                   uint64_t value_ns)
{
    if (cpu_ns >= slot->due_cpu_ns) {
        return true;
    }
    /* Sequentially consistent, as in umig_ticks_disarm_locked(): one of both sees the other. */
    atomic_fetch_add(&slot->unsaid_ns, value_ns);
    if (atomic_load(&slot->clock) == UMIG_CLOCK_AUTO) {
        drop(sampler, UMIG_DROP_STOPPING, atomic_exchange(&slot->unsaid_ns, 0));
    }
    atomic_fetch_add_explicit(&sampler->undue, 1, memory_order_relaxed);
    return false;
}

static void set_due(struct umig_slot *slot, uint64_t end_ns)
{
    const uint64_t cost_ns = end_ns - slot->sample_began_ns;
    slot->due_cpu_ns = cost_ns > UMIG_SAMPLE_FREE_NS
                           ? end_ns + (cost_ns - UMIG_SAMPLE_FREE_NS) * UMIG_SAMPLE_WAIT
                           : 0;
}

static void sample(struct umig_sampler *sampler,
                   struct umig_slot *slot,
                   const struct occasion *occasion,
                   void *context)
{
    const uint64_t value_ns = occasion->value_ns;
    atomic_fetch_add_explicit(&sampler->produced_ns, value_ns, memory_order_relaxed);
    if (!umig_gate_enter(&sampler->gate)) {
        drop(sampler, UMIG_DROP_STOPPING, value_ns);
        return;
    }
    /* CPU, not wall: a busy machine takes the processor away in here as anywhere. */
    const uint64_t begin_ns = umig_clock_thread_cpu_ns();
    if (atomic_exchange(&slot->in_handler, true)) {
        drop(sampler, UMIG_DROP_REENTRANT, value_ns);
    } else if (!umig_slot_is_of(slot, (int)syscall(SYS_gettid))) {
        /* A tick of a timer that is gone came late, when the slot was free or another thread's. */
        drop(sampler, UMIG_DROP_STOPPING, value_ns);
        atomic_store_explicit(&slot->in_handler, false, memory_order_release);
    } else {
        if (is_due(sampler, slot, begin_ns, value_ns)) {
            let_faults_through(context);
            slot->sample_began_ns = begin_ns;
            take_sample(sampler, slot, occasion, context);
            set_due(slot, umig_clock_thread_cpu_ns());
        }
        /* Release: who sees it false may unmap what was read in here. */
        atomic_store_explicit(&slot->in_handler, false, memory_order_release);
    }
    atomic_fetch_add_explicit(
        &sampler->spent_ns[occasion->is_look ? UMIG_KIND_WALL : UMIG_KIND_CPU],
        umig_clock_thread_cpu_ns() - begin_ns, memory_order_relaxed);
    umig_gate_leave(&sampler->gate);
}

void umig_sig_sample(struct umig_sampler *sampler,
                     struct umig_slot *slot,
                     uint64_t value_ns,
                     void *context)
{
    const struct occasion occasion = {.value_ns = value_ns};
    sample(sampler, slot, &occasion, context);
}

void umig_sig_look(struct umig_sampler *sampler, struct umig_slot *slot, void *context)
{
    const struct occasion occasion = {.is_look = true};
    sample(sampler, slot, &occasion, context);
}

/*
 * The slot of this thread if the signal is of its perf event, or one the agent sent. What the agent
 * sends is known by the slot: when RLIMIT_SIGPENDING is exhausted, signals come without a siginfo.
 */
static struct umig_slot *slot_of_thread(struct umig_sampler *sampler,
                                        const siginfo_t *info,
                                        bool *out_is_look)
{
    struct umig_slot *slot = umig_slots_find(&sampler->slots, (int)syscall(SYS_gettid));
    if (slot == NULL) {
        return NULL;
    }
    const bool is_perf = info->si_code == POLL_IN && info->si_fd == slot->perf.fd;
    if (is_perf || atomic_exchange(&slot->is_asked, false)) {
        return slot;
    }
    *out_is_look = atomic_exchange(&slot->is_look_asked, false);
    return *out_is_look ? slot : NULL;
}

/* The slot a timer of ours carries; NULL for any other signal. */
static struct umig_slot *slot_of_timer(struct umig_sampler *sampler, const siginfo_t *info)
{
    const uintptr_t at = (uintptr_t)info->si_value.sival_ptr;
    const uintptr_t first = (uintptr_t)sampler->slots.slots;
    if (at < first || at >= first + sampler->slots.count * sizeof(struct umig_slot) ||
        (at - first) % sizeof(struct umig_slot) != 0) {
        return NULL;
    }
    return (struct umig_slot *)at;
}

static void pass_on(int signo, siginfo_t *info, void *context)
{
    /* The default action ends the process; a stray signal must not do that to the host. */
    if (signo != g_umig_handler.signo) {
        return; /* of a signal that another library took from us */
    }
    if ((g_umig_handler.before.sa_flags & SA_SIGINFO) != 0 &&
        g_umig_handler.before.sa_sigaction != NULL) {
        g_umig_handler.before.sa_sigaction(signo, info, context);
    } else if (g_umig_handler.before.sa_handler != SIG_DFL &&
               g_umig_handler.before.sa_handler != SIG_IGN) {
        g_umig_handler.before.sa_handler(signo);
    }
}

void umig_sig_on_timer(int signo, siginfo_t *info, void *context)
{
    const int saved_errno = errno;
    struct umig_sampler *sampler =
        atomic_load_explicit(&g_umig_handler.sampler, memory_order_relaxed);
    const bool is_timer = info->si_code == SI_TIMER;
    bool is_look = false;
    struct umig_slot *slot =
        is_timer ? slot_of_timer(sampler, info) : slot_of_thread(sampler, info, &is_look);
    if (slot == NULL) {
        atomic_fetch_add_explicit(&sampler->foreign, 1, memory_order_relaxed);
        pass_on(signo, info, context);
    } else if (is_look) {
        umig_sig_look(sampler, slot, context);
    } else {
        /* The kernel's tick is coarser than a short interval: what it skipped is in the overrun. */
        const uint64_t ticks = 1 + (uint64_t)(info->si_overrun > 0 ? info->si_overrun : 0);
        const uint64_t interval = atomic_load_explicit(&slot->interval_ns, memory_order_relaxed);
        umig_sig_sample(sampler, slot, is_timer ? ticks * interval : 0, context);
    }
    errno = saved_errno;
}
