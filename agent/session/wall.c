#include "agent/session/wall.h"

#include <string.h>

#include "agent/vm/sched.h"
#include "agent/vm/waits.h"
#include "core/clock.h"
#include "core/err.h"

enum {
    PAGE_BYTES = 4096
};

static struct umig_slots *slots_of(const struct umig_wall *wall)
{
    return &wall->pump->sampler->slots;
}

void umig_wall_init(struct umig_wall *wall,
                    struct umig_pump *pump,
                    struct umig_vm *vm,
                    struct umig_memory *memory)
{
    memset(wall, 0, sizeof *wall);
    wall->pump = pump;
    wall->vm = vm;
    wall->memory = memory;
    wall->random = umig_clock_monotonic_ns() | 1;
    pump->wall = wall;
}

/* xorshift64*, as in session.c. */
static uint64_t random_below(struct umig_wall *wall, uint64_t bound)
{
    uint64_t x = wall->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    wall->random = x;
    return x * UINT64_C(0x2545f4914f6cdd1d) % bound;
}

/* --- samples --- */

static bool wants(const struct umig_session *session, const struct umig_slot *slot)
{
    char name[UMIG_THREAD_NAME_BYTES];
    if (!umig_session_takes(session, UMIG_KIND_WALL)) {
        return false;
    }
    umig_slot_name(slot, name);
    return umig_session_wants_thread(session, name);
}

static bool is_wanted(const struct umig_wall *wall, const struct umig_slot *slot)
{
    bool is_wanted = false;
    for (int i = 0; i < UMIG_SESSIONS_MAX && !is_wanted; i++) {
        is_wanted = wants(&wall->pump->sessions->session[i], slot);
    }
    return is_wanted;
}

static const char *state_text(enum umig_wall_state state)
{
    switch (state) {
#define STATE_TEXT(name, number, key, text) \
 case UMIG_WALL_##name:                     \
  return key;
        UMIG_WALL_TABLE(STATE_TEXT)
#undef STATE_TEXT
    case UMIG_WALL_COUNT:
    default:
        return "?";
    }
}

/* The stack with what the thread did on top; 0 when there was no room. */
static uint32_t stack_in_state(struct umig_wall *wall,
                               const struct umig_wall_thread *thread,
                               enum umig_wall_state state)
{
    struct umig_dictionary *dictionary = &wall->pump->dictionary;
    const struct umig_wait_class *class =
        state == UMIG_WALL_BLOCKED
            ? umig_wait_classes_get(&wall->vm->wait_classes, thread->wait_class)
            : NULL;
    const uint32_t class_name =
        class != NULL ? umig_pump_class(wall->pump, class->text, class->byte_count) : 0;
    const char *key = state_text(state);
    const uint32_t name = umig_dictionary_string(dictionary, key, strlen(key));
    const uint32_t method = umig_dictionary_method(dictionary, class_name, name, 0);
    const uint32_t frame = umig_dictionary_frame(dictionary, UMIG_FRAME_STATE, method, 0);
    return frame != 0 ? umig_dictionary_stack(dictionary, thread->place.stack, frame) : 0;
}

/* What of a thread's time is a session's: not what was before it. */
static uint64_t share_of(const struct umig_session *session, uint64_t value_ns, uint64_t now_ns)
{
    const uint64_t inside_ns = now_ns > session->start_ns ? now_ns - session->start_ns : 0;
    return value_ns < inside_ns ? value_ns : inside_ns;
}

static void drop(struct umig_wall *wall,
                 const struct umig_slot *slot,
                 uint64_t value_ns,
                 enum umig_drop cause,
                 uint64_t now_ns)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX && value_ns > 0; i++) {
        struct umig_session *session = &wall->pump->sessions->session[i];
        if (wants(session, slot)) {
            const uint64_t share = share_of(session, value_ns, now_ns);
            session->tallies[UMIG_KIND_WALL].produced += share;
            session->tallies[UMIG_KIND_WALL].dropped[cause] += share;
        }
    }
}

static void give(struct umig_wall *wall,
                 const struct umig_slot *slot,
                 const struct umig_wall_thread *thread,
                 enum umig_wall_state state,
                 uint64_t value_ns,
                 uint64_t now_ns)
{
    if (value_ns == 0) {
        return;
    }
    const uint32_t stack = stack_in_state(wall, thread, state);
    if (stack == 0) {
        drop(wall, slot, value_ns, UMIG_DROP_DICTIONARY_FULL, now_ns);
        return;
    }
    struct umig_batch *batch = wall->pump->batch;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &wall->pump->sessions->session[i];
        const uint64_t share = wants(session, slot) ? share_of(session, value_ns, now_ns) : 0;
        if (share > 0) {
            session->tallies[UMIG_KIND_WALL].produced += share;
            session->tallies[UMIG_KIND_WALL].samples++;
            batch->samples[batch->sample_count++] = (struct umig_batch_sample){
                .session = session->number,
                .kind = UMIG_KIND_WALL,
                .time_ns = now_ns,
                .thread = thread->place.thread,
                .stack = stack,
                .outcome = thread->place.outcome,
                .value = share,
            };
        }
    }
}

/* Is there room to give, and the place still one of the dictionary's? Making room may end it. */
static bool can_give(struct umig_wall *wall, const struct umig_wall_thread *thread, uint64_t now_ns)
{
    return thread->place.generation != 0 && umig_pump_make_room(wall->pump, now_ns) &&
           thread->place.generation == wall->pump->dictionary.generation;
}

/* Time asleep at a place that is not lost; where there is no room it stays due. */
static void give_asleep(struct umig_wall *wall,
                        const struct umig_slot *slot,
                        struct umig_wall_thread *thread,
                        uint64_t now_ns)
{
    if (can_give(wall, thread, now_ns)) {
        give(wall, slot, thread, thread->state, umig_wall_time_take_asleep(&thread->time), now_ns);
    }
}

static void give_awake(struct umig_wall *wall,
                       const struct umig_slot *slot,
                       struct umig_wall_thread *thread,
                       uint64_t now_ns)
{
    if (can_give(wall, thread, now_ns)) {
        give(wall, slot, thread, UMIG_WALL_RUNNING, umig_wall_time_take_running(&thread->time),
             now_ns);
    }
    if (can_give(wall, thread, now_ns)) {
        give(wall, slot, thread, UMIG_WALL_RUNNABLE, umig_wall_time_take_runnable(&thread->time),
             now_ns);
    }
}

/* --- one thread --- */

static struct umig_wall_thread *thread_of(struct umig_wall *wall, const struct umig_slot *slot)
{
    return &wall->threads[umig_slots_index(slots_of(wall), slot)];
}

/* Its time begins with it, or with the engine. */
static void begin_thread(struct umig_wall *wall,
                         const struct umig_slot *slot,
                         struct umig_wall_thread *thread,
                         uint64_t cpu_ns)
{
    const uint64_t began_ns = atomic_load(&slot->began_ns);
    const bool is_new = began_ns > wall->begin_ns;
    uint64_t delay_ns = 0;
    if (!is_new) {
        (void)!umig_sched_delay_ns(atomic_load(&slot->tid), &delay_ns);
    }
    *thread = (struct umig_wall_thread){.serial = atomic_load(&slot->serial)};
    umig_wall_time_begin(&thread->time, is_new ? began_ns : wall->begin_ns, is_new ? 0 : cpu_ns,
                         delay_ns);
}

/* Goes on with its clocks; false: it is gone. */
static bool advance(struct umig_wall *wall,
                    const struct umig_slot *slot,
                    struct umig_wall_thread *thread,
                    uint64_t now_ns)
{
    const int tid = atomic_load(&slot->tid);
    const uint64_t cpu_ns = umig_clock_of_thread_ns(tid);
    if (cpu_ns == 0) {
        return false;
    }
    if (thread->serial != atomic_load(&slot->serial)) {
        begin_thread(wall, slot, thread, cpu_ns);
    }
    uint64_t delay_ns = thread->time.delay_ns;
    if (cpu_ns != thread->time.cpu_ns) {
        if (thread->is_asleep) {
            give_asleep(wall, slot, thread, now_ns); /* until it was looked at last it was there */
            thread->is_asleep = false;
        }
        if (now_ns - thread->delay_read_ns >= UMIG_WALL_DELAY_NS) {
            thread->delay_read_ns = now_ns;
            (void)!umig_sched_delay_ns(tid, &delay_ns);
        }
    }
    umig_wall_time_advance(&thread->time, now_ns, cpu_ns, delay_ns);
    return true;
}

static void ask(struct umig_wall *wall, struct umig_slot *slot)
{
    wall->asks++;
    umig_threads_ask_look(wall->vm->threads, slot);
}

static void walk(struct umig_wall *wall,
                 struct umig_slot *slot,
                 struct umig_wall_thread *thread,
                 uint64_t now_ns)
{
    if (!umig_vm_look_asleep(wall->vm, slot, thread->time.cpu_ns, wall->look)) {
        if (umig_sched_is_running(atomic_load(&slot->tid))) {
            ask(wall, slot);
        }
        return;
    }
    wall->walks++;
    struct umig_pump_place place;
    umig_pump_find_place(wall->pump, &wall->look->record, now_ns, &place);
    if (place.generation == 0) {
        drop(wall, slot, umig_wall_time_take_asleep(&thread->time), place.drop, now_ns);
        return;
    }
    thread->place = place;
    thread->state = wall->look->state;
    thread->wait_class = wall->look->wait_class;
    thread->is_asleep = true;
    thread->has_state = true;
    give_asleep(wall, slot, thread, now_ns);
}

/* In Java by the JVM's own word; of threads it does not know the kernel is asked. */
static bool runs(struct umig_wall *wall, const struct umig_slot *slot)
{
    return atomic_load(&slot->env) != NULL ? umig_vm_is_in_java(wall->vm, slot)
                                           : umig_sched_is_running(atomic_load(&slot->tid));
}

static void look_at(struct umig_wall *wall, struct umig_slot *slot, uint64_t now_ns)
{
    struct umig_wall_thread *thread = thread_of(wall, slot);
    if (atomic_load(&slot->tid) == 0 || atomic_load(&slot->state) != UMIG_SLOT_LIVE ||
        atomic_load(&slot->kind) == UMIG_THREAD_AGENT) {
        return;
    }
    if (!is_wanted(wall, slot)) {
        thread->serial = 0;
        return;
    }
    wall->looks++;
    if (!advance(wall, slot, thread, now_ns)) {
        return;
    }
    if (thread->is_asleep && thread->place.generation == wall->pump->dictionary.generation) {
        if (thread->time.asleep_ns >= (int64_t)UMIG_WALL_TELL_NS) {
            give_asleep(wall, slot, thread, now_ns);
        }
    } else if (runs(wall, slot)) {
        ask(wall, slot);
    } else {
        walk(wall, slot, thread, now_ns);
    }
}

void umig_wall_answer(struct umig_wall *wall, const struct umig_record *record, uint64_t now_ns)
{
    wall->answers_ns += record->walk_ns;
    if (wall->interval_ns == 0) {
        return;
    }
    struct umig_slot *slot = &slots_of(wall)->slots[record->slot];
    struct umig_wall_thread *thread = thread_of(wall, slot);
    if (thread->serial != record->slot_serial) {
        return; /* another thread's time */
    }
    struct umig_wall_thread seen = *thread;
    umig_pump_find_place(wall->pump, record, now_ns, &seen.place);
    if (seen.place.generation == 0) {
        drop(wall, slot,
             umig_wall_time_take_running(&thread->time) +
                 umig_wall_time_take_runnable(&thread->time),
             seen.place.drop, now_ns);
        return;
    }
    give_awake(wall, slot, &seen, now_ns);
    thread->time = seen.time;
    if (!thread->is_asleep) {
        thread->place = seen.place;
    }
}

/* --- turns --- */

/* Slots that have a thread, ended ones included, if there are others than before. */
static void make_list(struct umig_wall *wall)
{
    const struct umig_slots *slots = slots_of(wall);
    const uint32_t registered = atomic_load(&slots->registered);
    if (registered == wall->registered && wall->count > 0) {
        return;
    }
    wall->registered = registered;
    wall->count = 0;
    for (uint32_t i = 0; i < slots->count; i++) {
        if (atomic_load_explicit(&slots->slots[i].tid, memory_order_relaxed) != 0) {
            wall->list[wall->count++] = i;
        }
    }
    wall->cursor = wall->cursor < wall->count ? wall->cursor : 0;
}

/* Its blocks: of threads, of the list of slots, of a look; whole pages. */
static void lay_out(const struct umig_wall *wall, size_t out_sizes[3])
{
    const size_t slots = slots_of(wall)->count;
    out_sizes[0] = slots * sizeof *wall->threads;
    out_sizes[1] = slots * sizeof *wall->list;
    out_sizes[2] = sizeof *wall->look;
    for (int i = 0; i < 3; i++) {
        out_sizes[i] = (out_sizes[i] + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    }
}

void umig_wall_keep_memory(struct umig_wall *wall)
{
    size_t sizes[3];
    lay_out(wall, sizes);
    wall->kept_bytes = sizes[0] + sizes[1] + sizes[2];
    umig_memory_keep(wall->memory, wall->kept_bytes);
}

int umig_wall_take_memory(struct umig_wall *wall, struct umig_err *err)
{
    if (wall->threads != NULL) {
        return UMIG_OK;
    }
    size_t sizes[3];
    void *blocks[3] = {0};
    lay_out(wall, sizes);
    umig_memory_unkeep(wall->memory, wall->kept_bytes);
    for (size_t i = 0; i < 3; i++) {
        blocks[i] = umig_memory_take_spare(wall->memory, sizes[i]);
    }
    if (blocks[0] == NULL || blocks[1] == NULL || blocks[2] == NULL) {
        for (size_t i = 0; i < 3; i++) {
            umig_memory_give(wall->memory, blocks[i], sizes[i]);
        }
        umig_memory_keep(wall->memory, wall->kept_bytes);
        return umig_err_set(err, UMIG_E_NOMEM,
                            "wall: no memory for it within the agent's bound of %zu bytes; raise "
                            "memory=",
                            wall->memory->limit_bytes);
    }
    wall->kept_bytes = 0;
    wall->threads = blocks[0];
    wall->list = blocks[1];
    wall->look = blocks[2];
    return UMIG_OK;
}

void umig_wall_restart(struct umig_wall *wall, uint64_t now_ns)
{
    if (wall->threads == NULL) {
        return;
    }
    for (uint32_t i = 0; i < slots_of(wall)->count; i++) {
        wall->threads[i].serial = 0;
    }
    wall->begin_ns = now_ns;
    wall->next_ns = now_ns;
    wall->rounds = 0;
    wall->cursor = 0;
}

int umig_wall_set(struct umig_wall *wall,
                  uint64_t interval_ns,
                  uint64_t now_ns,
                  struct umig_err *err)
{
    if (interval_ns > 0) {
        const int rc = umig_wall_take_memory(wall, err);
        if (rc != UMIG_OK) {
            return umig_err_trace(err, rc);
        }
    }
    if (wall->interval_ns == 0 && interval_ns > 0) {
        umig_wall_restart(wall, now_ns);
    }
    wall->interval_ns = interval_ns;
    return UMIG_OK;
}

static uint64_t cost_ns(struct umig_wall *wall, uint64_t begin_cpu_ns)
{
    const uint64_t answers = wall->answers_ns - wall->answers_seen_ns;
    wall->answers_seen_ns = wall->answers_ns;
    const uint64_t spent = umig_clock_thread_cpu_ns() - begin_cpu_ns;
    wall->spent_ns += spent;
    return spent + answers;
}

uint64_t umig_wall_turn(struct umig_wall *wall, uint64_t now_ns)
{
    if (wall->interval_ns == 0) {
        return UINT64_MAX;
    }
    if (now_ns < wall->next_ns) {
        return wall->next_ns;
    }
    const uint64_t begin_cpu_ns = umig_clock_thread_cpu_ns();
    make_list(wall);
    const uint32_t left = wall->count - wall->cursor;
    const uint32_t count = left < UMIG_WALL_TURN ? left : UMIG_WALL_TURN;
    for (uint32_t i = 0; i < count; i++) {
        look_at(wall, &slots_of(wall)->slots[wall->list[wall->cursor + i]], now_ns);
    }
    wall->cursor += count;
    if (wall->cursor == wall->count) {
        wall->cursor = 0;
        wall->rounds++;
    }
    /* Not in step with what the application does every so many milliseconds. */
    const uint64_t share = wall->count > 0 ? wall->interval_ns * count / wall->count : 0;
    const uint64_t step = share > 0 ? share : wall->interval_ns;
    const uint64_t pause = step / 2 + random_below(wall, step);
    const uint64_t rest = cost_ns(wall, begin_cpu_ns) * UMIG_WALL_COST_SHARE *
                          (wall->divisor > 1 ? wall->divisor : 1);
    wall->next_ns = now_ns + (pause > rest ? pause : rest);
    return wall->next_ns;
}

uint64_t umig_wall_round_ns(const struct umig_wall *wall, uint64_t now_ns)
{
    return wall->rounds > 0 ? (now_ns - wall->begin_ns) / wall->rounds : 0;
}

/* --- beginnings and ends --- */

/* Puts down all that is due: what ran without being seen, to where it was seen last. */
static void settle_thread(struct umig_wall *wall,
                          const struct umig_slot *slot,
                          struct umig_wall_thread *thread,
                          uint64_t now_ns)
{
    umig_wall_time_close(&thread->time);
    if (!thread->has_state) {
        thread->state = UMIG_WALL_VM;
    }
    give_awake(wall, slot, thread, now_ns);
    give_asleep(wall, slot, thread, now_ns);
    const uint64_t left = umig_wall_time_take_running(&thread->time) +
                          umig_wall_time_take_runnable(&thread->time) +
                          umig_wall_time_take_asleep(&thread->time);
    drop(wall, slot, left,
         thread->place.generation == 0 ? UMIG_DROP_REMAINDER : UMIG_DROP_DICTIONARY_FULL, now_ns);
}

void umig_wall_settle(struct umig_wall *wall, uint64_t now_ns)
{
    if (wall->interval_ns == 0) {
        return;
    }
    make_list(wall);
    for (uint32_t i = 0; i < wall->count; i++) {
        struct umig_slot *slot = &slots_of(wall)->slots[wall->list[i]];
        struct umig_wall_thread *thread = thread_of(wall, slot);
        const bool is_looked_at = atomic_load(&slot->tid) != 0 &&
                                  atomic_load(&slot->state) == UMIG_SLOT_LIVE &&
                                  atomic_load(&slot->kind) != UMIG_THREAD_AGENT;
        if (is_looked_at && is_wanted(wall, slot) && advance(wall, slot, thread, now_ns)) {
            settle_thread(wall, slot, thread, now_ns);
        }
    }
}

void umig_wall_begin_session(struct umig_wall *wall, uint64_t now_ns)
{
    umig_wall_settle(wall, now_ns);
    bool is_first = wall->interval_ns > 0;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        is_first =
            is_first && !umig_session_takes(&wall->pump->sessions->session[i], UMIG_KIND_WALL);
    }
    if (is_first) {
        umig_wall_restart(wall, now_ns);
    }
}

/* A thread that was never looked at has a beginning and an end, and no place. */
static void settle_ended(struct umig_wall *wall, const struct umig_slot *slot, uint64_t now_ns)
{
    struct umig_wall_thread *thread = thread_of(wall, slot);
    const uint64_t ended_ns = atomic_load(&slot->ended_ns);
    if (thread->serial != atomic_load(&slot->serial)) {
        begin_thread(wall, slot, thread, 0);
    }
    umig_wall_time_advance(&thread->time, ended_ns, thread->time.cpu_ns, thread->time.delay_ns);
    settle_thread(wall, slot, thread, now_ns);
}

void umig_wall_settle_ended(struct umig_wall *wall, uint64_t now_ns)
{
    if (wall->interval_ns == 0 || atomic_load(&wall->vm->threads->leaving) == 0) {
        return;
    }
    make_list(wall);
    for (uint32_t i = 0; i < wall->count; i++) {
        const struct umig_slot *slot = &slots_of(wall)->slots[wall->list[i]];
        if (atomic_load(&slot->tid) != 0 && atomic_load(&slot->state) == UMIG_SLOT_ENDED &&
            atomic_load(&slot->kind) != UMIG_THREAD_AGENT && is_wanted(wall, slot)) {
            settle_ended(wall, slot, now_ns);
        }
    }
}
