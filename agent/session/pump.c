#include "agent/session/pump.h"

#include <string.h>

#include "agent/session/alloc.h"
#include "agent/session/jvm_threads.h"
#include "agent/session/live.h"
#include "agent/session/session_cost.h"
#include "agent/session/wall.h"
#include "agent/symbol/normalise.h"
#include "core/clock.h"
#include "core/err.h"

enum {
    CLASS_BYTES = 1024,
    FILE_BYTES = 256
};

int umig_pump_init(struct umig_pump *pump,
                   struct umig_memory *memory,
                   uint32_t stack_room,
                   struct umig_err *err)
{
    void *dictionary = umig_memory_take(memory, umig_dictionary_bytes(stack_room));
    pump->batch = umig_memory_take(memory, sizeof *pump->batch);
    pump->payload = umig_memory_take(memory, UMIG_BATCH_MAX_BYTES);
    if (dictionary == NULL || pump->batch == NULL || pump->payload == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM,
                            "no memory for batches within the agent's bound of %zu bytes",
                            memory->limit_bytes);
    }
    pump->memory = memory;
    umig_dictionary_init(&pump->dictionary, dictionary, stack_room);
    umig_virtual_threads_init(&pump->virtual_threads, memory);
    pump->late = umig_memory_take(memory, sizeof *pump->late);
    return UMIG_OK;
}

/* --- batches --- */

void umig_pump_send(struct umig_pump *pump, uint64_t now_ns)
{
    struct umig_pb_writer writer;
    umig_pb_writer_init(&writer, pump->payload, UMIG_BATCH_MAX_BYTES);
    umig_batch_write(pump->batch, &pump->dictionary, pump->sessions, pump->cost, now_ns, &writer);
    if (!writer.is_full &&
        umig_uplink_submit(pump->uplink, writer.bytes, writer.len, NULL) == UMIG_OK) {
        umig_dictionary_mark_sent(&pump->dictionary);
        pump->batches++;
    }
    umig_batch_clear(pump->batch, pump->sessions, pump->cost);
}

bool umig_pump_has_room(const struct umig_pump *pump)
{
    return umig_uplink_room(pump->uplink) >= UMIG_BATCH_MAX_BYTES;
}

/* Makes room: with rows of held sessions only there is nothing to send but names. */
static void write_batch(struct umig_pump *pump, uint64_t now_ns)
{
    umig_pump_set_aside(pump, now_ns);
    if (umig_batch_is_due(pump->batch, pump->sessions) ||
        umig_dictionary_unsent(&pump->dictionary) > 0) {
        umig_pump_send(pump, now_ns);
    }
}

static void forget_dictionary_ids(struct umig_pump *pump)
{
    for (int i = 0; i < 2; i++) {
        if (pump->frame_ids[i] != NULL) {
            memset(pump->frame_ids[i], 0,
                   ((size_t)pump->names[i]->frame_count + 1) * sizeof *pump->frame_ids[i]);
        }
    }
    pump->chain.count = 0;
    pump->mixed_chain.count = 0;
}

/*
 * Makes sure that the next row finds room: in the spool, the batch and the dictionary. False when
 * the spool has none; then the row is dropped before it costs anything.
 */
bool umig_pump_make_room(struct umig_pump *pump, uint64_t now_ns)
{
    if (!umig_pump_has_room(pump)) {
        return false;
    }
    if (umig_batch_is_full(pump->batch, &pump->dictionary)) {
        write_batch(pump, now_ns);
        if (!umig_pump_has_room(pump)) {
            return false;
        }
    }
    if (umig_dictionary_nearly_full(&pump->dictionary)) {
        /* Rows of the old generation go out under it. */
        write_batch(pump, now_ns);
        umig_pump_begin_generation(pump);
        forget_dictionary_ids(pump);
    }
    return umig_pump_has_room(pump);
}

void umig_pump_flush(struct umig_pump *pump, uint64_t now_ns, bool is_forced)
{
    if (!is_forced && now_ns < pump->next_batch_ns) {
        return;
    }
    umig_pump_set_aside(pump, now_ns);
    if (umig_batch_is_due(pump->batch, pump->sessions) && umig_pump_has_room(pump)) {
        umig_pump_send(pump, now_ns);
    }
    umig_pump_release(pump, now_ns);
    pump->next_batch_ns = now_ns + UMIG_NS_PER_S;
}

void umig_pump_restart(struct umig_pump *pump, uint64_t now_ns)
{
    umig_pump_set_aside(pump, now_ns);
    umig_batch_clear(pump->batch, pump->sessions, pump->cost);
    umig_pump_begin_generation(pump);
    pump->dictionary.generation = 1;
    memset(&pump->holders, 0, sizeof pump->holders);
    if (pump->late != NULL) {
        pump->late->kept = 0;
    }
    forget_dictionary_ids(pump);
    if (pump->wall != NULL) {
        umig_wall_restart(pump->wall, now_ns);
    }
    if (pump->live != NULL) {
        umig_live_sites_restart(pump->live);
    }
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &pump->sessions->session[i];
        if (session->is_armed && !session->is_waiting) {
            umig_session_restart(session, now_ns);
            umig_pump_restart_backlog(session);
            umig_session_begin_cost(session, pump->cost);
        }
    }
}

/* --- names and stacks --- */

static uint32_t text_frame(struct umig_dictionary *dictionary, uint32_t kind, const char *text)
{
    const uint32_t name = umig_dictionary_string(dictionary, text, strlen(text));
    const uint32_t method = umig_dictionary_method(dictionary, 0, name, 0);
    return umig_dictionary_frame(dictionary, kind, method, 0);
}

/* How a method ran is not told: one line of source, compiled or not, is one place to a reader. */
static uint32_t kind_told(uint32_t kind)
{
    return kind == UMIG_FRAME_COMPILED || kind == UMIG_FRAME_INTERPRETED ||
                   kind == UMIG_FRAME_INLINED
               ? UMIG_FRAME_JAVA
               : kind;
}

static uint32_t named_frame(struct umig_dictionary *dictionary, const struct umig_name_frame *frame)
{
    char class_name[CLASS_BYTES];
    char file[FILE_BYTES];
    const size_t class_len =
        (umig_alloc_is_object(frame->kind) ? umig_normalise_type : umig_normalise_class)(
            frame->class_text, frame->class_bytes, class_name, sizeof class_name);
    const size_t file_len =
        umig_normalise_file(frame->file_text, frame->file_bytes, file, sizeof file);
    const uint32_t method = umig_dictionary_method(
        dictionary, umig_dictionary_string(dictionary, class_name, class_len),
        umig_dictionary_string(dictionary, frame->name_text, frame->name_bytes),
        umig_dictionary_string(dictionary, file, file_len));
    return umig_dictionary_frame(dictionary, kind_told(frame->kind), method, frame->line);
}

/* Dictionary id of a frame id that a handler gave. 0 when the dictionary is full. */
static uint32_t frame_id(struct umig_pump *pump, int which, uint32_t handler_id)
{
    uint32_t *cached = &pump->frame_ids[which][handler_id];
    if (*cached == 0) {
        struct umig_name_frame frame;
        *cached = umig_names_read(pump->names[which], handler_id, &frame)
                      ? named_frame(&pump->dictionary, &frame)
                      : text_frame(&pump->dictionary, UMIG_FRAME_ERROR, "[unnamed]");
    }
    return *cached;
}

/* A stack being interned. */
struct growth {
    struct umig_dictionary *dictionary;
    struct umig_pump_chain *chain; /* of the stack before */
    uint32_t at;                   /* frames added; the root is the first */
    uint32_t stack;                /* of these; 0: there was no room */
};

/* Adds a frame; reuses the stack before. False when there was no room. */
static bool grow(struct growth *growth, uint32_t frame)
{
    struct umig_pump_chain *chain = growth->chain;
    const uint32_t at = growth->at++;
    if (at < chain->count && chain->frames[at] == frame) {
        growth->stack = chain->stacks[at];
        return true;
    }
    growth->stack =
        frame != 0 ? umig_dictionary_stack(growth->dictionary, growth->stack, frame) : 0;
    if (growth->stack == 0) {
        chain->count = 0;
    } else if (at < UMIG_STACK_MAX_FRAMES + 1) {
        chain->frames[at] = frame;
        chain->stacks[at] = growth->stack;
        chain->count = at + 1;
    }
    return growth->stack != 0;
}

static const char *outcome_text(uint32_t outcome)
{
    switch (outcome) {
#define UMIG_OUTCOME_LABEL(name, number, key, text) \
 case UMIG_OUTCOME_##name:                          \
  return "[" key "]";
        UMIG_OUTCOME_TABLE(UMIG_OUTCOME_LABEL)
#undef UMIG_OUTCOME_LABEL
    default:
        return "[other]";
    }
}

static int names_of(const struct umig_pump *pump, const struct umig_record *record)
{
    return pump->names[0]->generation == record->names ? 0 : 1;
}

/* Of a sample without Java frames: what the thread is for, and what it did as far as it is known.
 */
static uint32_t stack_without_java(struct umig_pump *pump,
                                   const struct umig_record *record,
                                   const struct umig_slot *slot)
{
    const enum umig_thread_kind kind = (enum umig_thread_kind)atomic_load(&slot->kind);
    char doing[UMIG_JVM_THREAD_TEXT_BYTES];
    char name[UMIG_THREAD_NAME_BYTES];
    umig_slot_name(slot, name);
    struct umig_dictionary *dictionary = &pump->dictionary;
    struct growth growth = {.dictionary = dictionary, .chain = &pump->chain};
    if (!grow(&growth, text_frame(dictionary, UMIG_FRAME_VM, umig_jvm_thread_text(kind))) ||
        umig_jvm_thread_doing(record, kind, name, doing) == 0 ||
        !grow(&growth, text_frame(dictionary, UMIG_FRAME_VM, doing)) ||
        record->doing != UMIG_DOING_COMPILE) {
        return growth.stack;
    }
    const uint32_t *ids = (const uint32_t *)(const void *)(record + 1);
    (void)grow(&growth, frame_id(pump, names_of(pump, record), ids[0]));
    return growth.stack;
}

static bool grow_mark(struct growth *growth)
{
    return grow(growth, text_frame(growth->dictionary, UMIG_FRAME_TRUNCATED, "[truncated]"));
}

/* Adds what native code did between two runs of Java frames, or the mark that it is missing. */
static bool grow_between(struct umig_pump *pump,
                         struct growth *growth,
                         const struct umig_record *record,
                         uint32_t crossing)
{
    const struct umig_hotspot *hs = pump->sampler->hotspot;
    uint32_t frames[UMIG_UNWIND_FRAMES_MAX];
    bool is_cut = false;
    const uint32_t count =
        umig_native_frames_between(&pump->native, growth->dictionary,
                                   crossing != 0 ? umig_native_copy_of(record, crossing) : NULL,
                                   *hs->code_low, *hs->code_high, frames, &is_cut);
    if (is_cut && !grow_mark(growth)) {
        return false;
    }
    for (uint32_t i = count; i-- > 0;) {
        if (!grow(growth, frames[i])) {
            return false;
        }
    }
    return true;
}

static bool is_crossing(uint32_t frame)
{
    return frame >= UMIG_FRAME_CROSSING;
}

static bool has_crossing(const struct umig_record *record)
{
    const uint32_t *ids = (const uint32_t *)(const void *)(record + 1);
    for (uint32_t i = 0; i < record->frame_count; i++) {
        if (is_crossing(ids[i])) {
            return true;
        }
    }
    return false;
}

/* A record of all new long names may fill the delta by itself: it goes out in between. */
static bool make_room_for_names(struct umig_pump *pump, uint64_t now_ns)
{
    if (umig_dictionary_delta_bytes(&pump->dictionary) <= UMIG_BATCH_DELTA_BYTES) {
        return true;
    }
    if (!umig_pump_has_room(pump)) {
        return false; /* another name, and the batch would be too large to write */
    }
    write_batch(pump, now_ns);
    return true;
}

/*
 * Interns the stack of a record that may have Java frames; is_mixed: with what native code did
 * between them. 0 when there was no room.
 */
static uint32_t stack_of_frames(struct umig_pump *pump,
                                const struct umig_record *record,
                                bool is_mixed,
                                uint64_t now_ns)
{
    const uint32_t *ids = (const uint32_t *)(const void *)(record + 1);
    const int which = names_of(pump, record);
    struct growth growth = {
        .dictionary = &pump->dictionary,
        .chain = is_mixed ? &pump->mixed_chain : &pump->chain,
    };
    if ((record->outcome != UMIG_OUTCOME_OK || record->frame_count == 0) &&
        !grow(&growth,
              text_frame(&pump->dictionary, UMIG_FRAME_ERROR, outcome_text(record->outcome)))) {
        return 0;
    }
    for (uint32_t i = record->frame_count; i-- > 0;) {
        bool is_grown = i + 1 != record->cut_at || grow_mark(&growth);
        if (is_grown && !is_crossing(ids[i])) {
            is_grown = grow(&growth, frame_id(pump, which, ids[i]));
        } else if (is_grown && is_mixed) {
            is_grown = grow_between(pump, &growth, record, ids[i] - UMIG_FRAME_CROSSING);
        }
        if (!is_grown || !make_room_for_names(pump, now_ns)) {
            growth.chain->count = 0;
            return 0;
        }
    }
    return growth.stack;
}

static uint32_t stack_of(struct umig_pump *pump,
                         const struct umig_record *record,
                         const struct umig_slot *slot,
                         uint64_t now_ns)
{
    return record->outcome == UMIG_OUTCOME_NO_JAVA ? stack_without_java(pump, record, slot)
                                                   : stack_of_frames(pump, record, false, now_ns);
}

static uint32_t thread_of(struct umig_pump *pump, const struct umig_slot *slot)
{
    struct umig_dictionary *dictionary = &pump->dictionary;
    char name[UMIG_THREAD_NAME_BYTES];
    umig_slot_name(slot, name);
    return umig_dictionary_thread(dictionary, (uint32_t)atomic_load(&slot->tid),
                                  (uint32_t)atomic_load(&slot->kind),
                                  umig_dictionary_string(dictionary, name, strlen(name)), 0);
}

static uint32_t virtual_thread_of(struct umig_pump *pump,
                                  const struct umig_record *record,
                                  const struct umig_slot *carrier,
                                  uint64_t now_ns)
{
    struct umig_virtual_row row;
    umig_virtual_threads_place(&pump->virtual_threads, record, carrier, now_ns, &row);
    return umig_dictionary_thread(
        &pump->dictionary, row.tid, UMIG_THREAD_VIRTUAL,
        umig_dictionary_string(&pump->dictionary, row.name, row.name_bytes), row.id);
}

/* --- records --- */

struct place {
    uint32_t stack;        /* Java's frames */
    uint32_t leaf_stack;   /* and the native function that ran */
    uint32_t native_stack; /* and all native frames */
    uint32_t thread;
    enum umig_drop drop; /* when stack is 0 */
};

static uint32_t stack_for(const struct umig_session *session, const struct place *place)
{
    switch (session->spec.native) {
    case UMIG_NATIVE_ON:
        return place->native_stack;
    case UMIG_NATIVE_LEAF:
        return place->leaf_stack;
    case UMIG_NATIVE_OFF:
    default:
        return place->stack;
    }
}

/* Puts the frames of the leaf above. Without room for one, what is below it stands alone. */
static void add_leaf(struct umig_pump *pump,
                     const struct umig_native_copy *copy,
                     struct place *place)
{
    struct umig_dictionary *dictionary = &pump->dictionary;
    const struct umig_hotspot *hs = pump->sampler->hotspot;
    uint32_t frames[UMIG_UNWIND_FRAMES_MAX];
    bool is_cut = false;
    const uint32_t count = umig_native_frames_of(&pump->native, dictionary, copy, *hs->code_low,
                                                 *hs->code_high, frames, &is_cut);
    uint32_t stack = place->native_stack;
    if (is_cut) {
        const uint32_t mark = text_frame(dictionary, UMIG_FRAME_TRUNCATED, "[truncated]");
        stack = mark != 0 ? umig_dictionary_stack(dictionary, stack, mark) : 0;
    }
    for (uint32_t i = count; i-- > 0 && stack != 0;) {
        stack = frames[i] != 0 ? umig_dictionary_stack(dictionary, stack, frames[i]) : 0;
    }
    if (count > 0 && stack != 0) {
        const uint32_t leaf = umig_dictionary_stack(dictionary, place->stack, frames[0]);
        place->native_stack = stack;
        place->leaf_stack = leaf != 0 ? leaf : place->stack;
    }
}

/*
 * Native frames: between two runs of Java's, and above all of them. They depend on the record
 * alone: whoever asks for fewer has the stack without.
 */
static void add_native(struct umig_pump *pump,
                       const struct umig_record *record,
                       struct place *place,
                       uint64_t now_ns)
{
    umig_native_frames_at(&pump->native, record->time_ns, record->is_mutex);
    if (has_crossing(record)) {
        const uint32_t mixed = stack_of_frames(pump, record, true, now_ns);
        place->native_stack = mixed != 0 ? mixed : place->stack;
    }
    const struct umig_native_copy *leaf =
        record->native_bytes > 0 ? umig_native_copy_of(record, 0) : NULL;
    if (leaf != NULL) {
        add_leaf(pump, leaf, place);
    }
}

static void give_cpu(struct umig_pump *pump,
                     struct umig_session *session,
                     const struct umig_record *record,
                     const struct place *place,
                     const struct umig_kernel_part *part)
{
    struct umig_tally *tally = &session->tallies[UMIG_KIND_CPU];
    const uint64_t value = umig_session_share_cpu(pump->sessions, session, record);
    if (value == 0) {
        return;
    }
    if (place->stack == 0) {
        tally->dropped[place->drop] += value;
        return;
    }
    uint32_t stack = stack_for(session, place);
    if (part != NULL && part->is_kernel && umig_session_wants_kernel(session)) {
        stack = umig_kernel_frames_put(&pump->kernel, &pump->dictionary, stack, part);
    }
    tally->samples++;
    session->outcomes[record->outcome]++;
    pump->batch->samples[pump->batch->sample_count++] = (struct umig_batch_sample){
        .session = session->number,
        .kind = UMIG_KIND_CPU,
        .time_ns = record->time_ns,
        .thread = place->thread,
        .stack = stack,
        .outcome = record->outcome,
        .value = value,
    };
}

static uint32_t monitor_class_of(struct umig_pump *pump, const struct umig_record *record)
{
    const char *text = (const char *)(record + 1) + (size_t)record->frame_count * sizeof(uint32_t);
    return umig_pump_class(pump, text, record->text_bytes);
}

static void give_wait(struct umig_pump *pump,
                      struct umig_session *session,
                      const struct umig_record *record,
                      const struct place *place,
                      uint32_t holder)
{
    struct umig_tally *tally = &session->tallies[UMIG_KIND_LOCKS];
    const struct umig_wait_share share = umig_session_share_wait(pump->sessions, session, record);
    if (share.wait_ns == 0) {
        return;
    }
    if (place->stack == 0) {
        tally->dropped[place->drop] += share.wait_ns;
        return;
    }
    tally->samples++;
    pump->batch->waits[pump->batch->wait_count++] = (struct umig_batch_wait){
        .session = session->number,
        .time_ns = record->time_ns,
        .thread = place->thread,
        .stack = record->is_mutex ? place->native_stack : place->stack,
        .monitor_class = monitor_class_of(pump, record),
        .holder = holder,
        .wait_ns = share.wait_ns,
        .count = share.count,
        .holder_stack = umig_holders_stack(&pump->holders, record, pump->dictionary.generation),
        .deadlock = record->deadlock,
    };
}

static void give_alloc(struct umig_pump *pump,
                       struct umig_session *session,
                       const struct umig_record *record,
                       const struct place *place)
{
    struct umig_tally *tally = &session->tallies[UMIG_KIND_ALLOC];
    const struct umig_alloc_share share = umig_session_share_alloc(pump->sessions, session, record);
    if (share.bytes == 0) {
        return;
    }
    if (place->stack == 0) {
        tally->dropped[place->drop] += share.bytes;
        return;
    }
    tally->samples++;
    pump->batch->samples[pump->batch->sample_count++] = (struct umig_batch_sample){
        .session = session->number,
        .kind = UMIG_KIND_ALLOC,
        .time_ns = record->time_ns,
        .thread = place->thread,
        .stack = place->stack,
        .outcome = record->outcome,
        .value = share.bytes,
        .count = share.objects,
    };
}

static enum umig_kind kind_of(const struct umig_record *record)
{
    return record->type == UMIG_RECORD_WAIT    ? UMIG_KIND_LOCKS
           : record->type == UMIG_RECORD_ALLOC ? UMIG_KIND_ALLOC
                                               : UMIG_KIND_CPU;
}

static uint32_t holder_of(struct umig_pump *pump, const struct umig_record *record)
{
    const struct umig_slot *slot =
        record->holder_tid != 0 ? umig_slots_find(&pump->sampler->slots, record->holder_tid) : NULL;
    return slot != NULL ? thread_of(pump, slot) : 0;
}

/* A record, or a part of one that has its value. */
static void share_out(struct umig_pump *pump,
                      const struct umig_record *record,
                      const struct place *place,
                      uint32_t holder,
                      const struct umig_kernel_part *part)
{
    const enum umig_kind kind = kind_of(record);
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &pump->sessions->session[i];
        if (!umig_session_takes(session, kind) || record->time_ns < session->start_ns) {
            continue;
        }
        if (kind == UMIG_KIND_CPU) {
            give_cpu(pump, session, record, place, part);
        } else if (kind == UMIG_KIND_ALLOC) {
            give_alloc(pump, session, record, place);
        } else if (!record->is_mutex || session->spec.has_mutexes) {
            give_wait(pump, session, record, place, holder);
        }
    }
}

/* What of a sample ticked in the kernel, and where, and what did not. */
static void share_parts(struct umig_pump *pump,
                        const struct umig_record *record,
                        struct place *place,
                        uint64_t now_ns)
{
    const uint8_t *end = (const uint8_t *)record + record->byte_count - record->native_bytes;
    const struct umig_kernel_part *part = umig_kernel_part_at(end - record->kernel_bytes, end);
    for (; part != NULL; part = umig_kernel_part_at(umig_kernel_part_end(part), end)) {
        struct umig_record head = *record;
        head.value_ns = part->value_ns;
        if (place->stack != 0 && umig_batch_is_full(pump->batch, &pump->dictionary)) {
            if (umig_pump_has_room(pump)) {
                write_batch(pump, now_ns);
            } else {
                *place = (struct place){.drop = UMIG_DROP_SPOOL_FULL};
            }
        }
        if (part->value_ns > 0) {
            share_out(pump, &head, place, 0, part);
        }
    }
}

void umig_pump_find_place(struct umig_pump *pump,
                          const struct umig_record *record,
                          uint64_t now_ns,
                          struct umig_pump_place *out_place)
{
    const struct umig_slot *slot = &pump->sampler->slots.slots[record->slot];
    *out_place = (struct umig_pump_place){.drop = UMIG_DROP_SPOOL_FULL};
    if (!umig_pump_make_room(pump, now_ns)) {
        return;
    }
    out_place->thread = thread_of(pump, slot);
    out_place->stack = out_place->thread != 0 ? stack_of(pump, record, slot, now_ns) : 0;
    out_place->outcome = record->outcome;
    out_place->generation = out_place->stack != 0 ? pump->dictionary.generation : 0;
    out_place->drop = umig_pump_has_room(pump) ? UMIG_DROP_DICTIONARY_FULL : UMIG_DROP_SPOOL_FULL;
}

/* A thread that ran code of Java or of the JVM: a safepoint waits for it. */
static void note_runner(struct umig_pump *pump,
                        const struct umig_record *record,
                        const struct umig_slot *slot,
                        const struct place *place)
{
    if (pump->late != NULL && record->type == UMIG_RECORD_CPU &&
        record->outcome == UMIG_OUTCOME_OK && !record->is_in_native && place->stack != 0 &&
        atomic_load_explicit(&slot->kind, memory_order_relaxed) == UMIG_THREAD_JAVA) {
        const struct umig_late_sample sample = {
            .time_ns = record->time_ns, .thread = place->thread, .stack = place->stack};
        umig_late_keep(pump->late, pump->dictionary.generation, &sample);
    }
}

static void take_record(struct umig_pump *pump, const struct umig_record *record, uint64_t now_ns)
{
    if (record->type == UMIG_RECORD_LOOK) {
        umig_wall_answer(pump->wall, record, now_ns);
        pump->records++;
        return;
    }
    if (record->type == UMIG_RECORD_HOLDER) {
        const uint32_t stack =
            umig_pump_make_room(pump, now_ns) ? stack_of_frames(pump, record, false, now_ns) : 0;
        umig_holders_keep(&pump->holders, record, stack, pump->dictionary.generation);
        pump->records++;
        return;
    }
    const struct umig_slot *slot = &pump->sampler->slots.slots[record->slot];
    struct place place = {.drop = UMIG_DROP_SPOOL_FULL};
    uint32_t holder = 0;
    if (umig_pump_make_room(pump, now_ns)) {
        place.thread = record->thread != UMIG_RECORD_PLATFORM
                           ? virtual_thread_of(pump, record, slot, now_ns)
                           : thread_of(pump, slot);
        holder = holder_of(pump, record);
        place.stack = place.thread != 0 ? stack_of(pump, record, slot, now_ns) : 0;
        place.leaf_stack = place.stack;
        place.native_stack = place.stack;
        if (place.stack != 0) {
            add_native(pump, record, &place, now_ns);
        }
        place.drop = umig_pump_has_room(pump) ? UMIG_DROP_DICTIONARY_FULL : UMIG_DROP_SPOOL_FULL;
    }
    note_runner(pump, record, slot, &place);
    if (record->kernel_bytes > 0) {
        share_parts(pump, record, &place, now_ns);
    } else {
        share_out(pump, record, &place, holder, NULL);
    }
    if (record->live != 0 && pump->live != NULL) {
        umig_live_sites_follow(pump->live, record, place.stack, place.drop);
    }
    umig_holders_end(&pump->holders, record);
    pump->records++;
    pump->walk_ns += record->walk_ns;
    if (record->type == UMIG_RECORD_CPU) {
        pump->recorded_ns += record->value_ns;
    }
}

/* Counters of what could not be recorded, by cause. */
struct drops {
    enum umig_kind kind;
    bool is_mutex; /* of waits for native locks: lost to who asks for them */
    const atomic_uint_fast64_t *counters;
    uint64_t *seen;
};

/* What could not be recorded is taken from its counters and shared out. */
static void book_drops_of(struct umig_pump *pump, const struct drops *drops)
{
    for (uint32_t cause = 0; cause < UMIG_DROP_COUNT; cause++) {
        const uint64_t now = atomic_load(&drops->counters[cause]);
        const uint64_t lost = now - drops->seen[cause];
        drops->seen[cause] = now;
        for (int i = 0; i < UMIG_SESSIONS_MAX && lost > 0; i++) {
            struct umig_session *session = &pump->sessions->session[i];
            if (umig_session_takes(session, drops->kind) &&
                (!drops->is_mutex || session->spec.has_mutexes)) {
                umig_session_lost(session, drops->kind, (enum umig_drop)cause, lost);
            }
        }
    }
}

static void book_drops(struct umig_pump *pump)
{
    const struct umig_sampler *sampler = pump->sampler;
    const struct drops all[] = {
        {UMIG_KIND_CPU, false, sampler->dropped_ns, pump->dropped_seen_ns},
        {UMIG_KIND_LOCKS, false, sampler->dropped_wait_ns, pump->dropped_wait_seen_ns},
        {UMIG_KIND_LOCKS, true, sampler->dropped_mutex_ns, pump->dropped_mutex_seen_ns},
        {UMIG_KIND_ALLOC, false, sampler->dropped_alloc, pump->dropped_alloc_seen},
        {UMIG_KIND_LIVE, false, sampler->dropped_alloc, pump->dropped_live_seen},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        book_drops_of(pump, &all[i]);
    }
}

/*
 * To the end there is when it begins: where samples come faster than they are taken, it must not
 * keep the loop from its other work. The rings are full then, and what they cannot hold is counted.
 */
static void drain_rings(struct umig_pump *pump, uint64_t now_ns)
{
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        struct umig_ring *ring = &pump->sampler->rings.ring[i];
        const uint64_t end = umig_ring_end(ring);
        const struct umig_record *record;
        while ((record = umig_ring_peek_before(ring, end)) != NULL) {
            pump->drained_bytes[umig_pump_charged_kind(pump, record)] += record->byte_count;
            take_record(pump, record, now_ns);
            umig_ring_release(ring, record);
        }
    }
}

/*
 * Gives handlers the other, empty generation of names. The old one is read until its last record is
 * out of the rings; by then nobody is inside of it.
 */
static void switch_names(struct umig_pump *pump, uint64_t now_ns)
{
    const int old = atomic_load(&pump->sampler->names) == pump->names[0] ? 0 : 1;
    struct umig_names *other = pump->names[1 - old];
    if (!umig_names_nearly_full(pump->names[old])) {
        return;
    }
    if (atomic_load(&other->inside) > 0) {
        return; /* a handler is slow to leave; next time */
    }
    drain_rings(pump, now_ns);
    umig_names_reset(other, ++pump->names_generation);
    memset(pump->frame_ids[1 - old], 0,
           ((size_t)other->frame_count + 1) * sizeof *pump->frame_ids[0]);
    atomic_store(&pump->sampler->names, other);
    pump->names_switches++;
}

void umig_pump_drain(struct umig_pump *pump, uint64_t now_ns)
{
    if (pump->names[0] == NULL) {
        return; /* nothing was ever sampled */
    }
    const uint64_t begin_ns = umig_clock_thread_cpu_ns();
    umig_native_frames_refresh(&pump->native);
    drain_rings(pump, now_ns);
    book_drops(pump);
    switch_names(pump, now_ns);
    umig_pump_charge(pump, umig_clock_thread_cpu_ns() - begin_ns);
}
