#include "agent/session/live.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/session/alloc.h"
#include "agent/vm/alloc_rate.h"
#include "core/err.h"

#define SNAPSHOT_NAME "[snapshot]"
#define UNKNOWN_NAME  "[unknown class]"

/* Snapshots get further apart as a session gets older: so many to a doubling of its time. */
#define SPACING_PART 30u

/* Least time from one to the next; a test's agent has a shorter one, which the times that are told
 * do not follow. */
#ifndef UMIG_LIVE_EVERY_NS
# define UMIG_LIVE_EVERY_NS UMIG_LIVE_SPACING_NS
#endif

/* --- memory --- */

/* Where each part lies in the one block of all of them. */
struct layout {
    size_t table, dictionaries[2], in, out, move, first, end;
};

static size_t lay(struct layout *layout, size_t byte_count)
{
    const size_t at = layout->end;
    layout->end += (byte_count + 63) / 64 * 64;
    return at;
}

static struct layout lay_out(uint32_t wire_stack_room, uint32_t room, uint32_t stack_room)
{
    struct layout layout = {.end = 0};
    layout.table = lay(&layout, umig_live_bytes(room));
    layout.dictionaries[0] = lay(&layout, umig_dictionary_bytes(stack_room));
    layout.dictionaries[1] = lay(&layout, umig_dictionary_bytes(stack_room));
    layout.in = lay(&layout, umig_carry_bytes(wire_stack_room));
    layout.out = lay(&layout, umig_carry_bytes(stack_room));
    layout.move = lay(&layout, umig_carry_bytes(stack_room));
    layout.first = lay(&layout, (stack_room + 1) * sizeof(uint32_t));
    return layout;
}

static struct umig_dictionary *used(struct umig_live_sites *sites)
{
    return &sites->dictionaries[sites->which];
}

size_t umig_live_sites_bytes(uint32_t wire_stack_room, uint32_t room, uint32_t stack_room)
{
    return lay_out(wire_stack_room, room, stack_room).end;
}

int umig_live_sites_open(struct umig_live_sites *sites,
                         struct umig_live *table,
                         struct umig_pump *pump,
                         struct umig_memory *memory,
                         uint32_t room,
                         uint32_t stack_room,
                         struct umig_err *err)
{
    const struct layout layout = lay_out(pump->dictionary.stacks.room, room, stack_room);
    uint8_t *block = umig_memory_take_spare(memory, layout.end);
    if (block == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM,
                            "live: none: no memory to follow objects within the agent's bound of "
                            "%zu bytes; raise memory=",
                            memory->limit_bytes);
    }
    sites->table = table;
    sites->pump = pump;
    for (int i = 0; i < 2; i++) {
        umig_dictionary_init(&sites->dictionaries[i], block + layout.dictionaries[i], stack_room);
    }
    umig_carry_init(&sites->in, &pump->dictionary, used(sites), block + layout.in);
    umig_carry_init(&sites->out, used(sites), &pump->dictionary, block + layout.out);
    umig_carry_init(&sites->move, used(sites), &sites->dictionaries[1], block + layout.move);
    sites->first = (void *)(block + layout.first);
    sites->tid = (uint32_t)syscall(SYS_gettid);
    sites->is_open = true;
    umig_live_init(table, block + layout.table, room);
    return UMIG_OK;
}

void umig_live_sites_restart(struct umig_live_sites *sites)
{
    if (!sites->is_open) {
        return;
    }
    umig_carry_turn(&sites->in, &sites->pump->dictionary, used(sites));
    umig_carry_turn(&sites->out, used(sites), &sites->pump->dictionary);
}

/* --- stacks that are kept --- */

/* Carries what is still needed to the other dictionary, and uses that one from now on. */
static void compact(struct umig_live_sites *sites)
{
    struct umig_dictionary *other = &sites->dictionaries[1 - sites->which];
    umig_dictionary_begin_generation(other);
    umig_carry_turn(&sites->move, used(sites), other);
    for (uint32_t i = 0; i < sites->table->room; i++) {
        struct umig_live_entry *entry = umig_live_at(sites->table, i);
        if (entry != NULL) {
            entry->stack = umig_carry_stack(&sites->move, entry->stack);
        }
    }
    sites->which = 1 - sites->which;
    umig_live_sites_restart(sites);
    if (other->stacks.count > other->stacks.room / 4 * 3 || umig_dictionary_nearly_full(other)) {
        umig_live_thin(sites->table);
    }
}

static uint64_t stands_for(const struct umig_record *record, unsigned shift)
{
    const double own = umig_alloc_chance((double)record->value_ns / (double)record->interval);
    return (uint64_t)((double)record->value_ns / (own > 0 ? own : 1) + 0.5) << shift;
}

static void lose(struct umig_live_sites *sites,
                 const struct umig_record *record,
                 enum umig_drop cause)
{
    const uint64_t bytes = stands_for(record, umig_live_shift(sites->table, record->value_ns));
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &sites->pump->sessions->session[i];
        if (umig_session_takes(session, UMIG_KIND_LIVE) && record->time_ns >= session->start_ns) {
            umig_session_lost(session, UMIG_KIND_LIVE, cause, bytes);
        }
    }
}

void umig_live_sites_follow(struct umig_live_sites *sites,
                            const struct umig_record *record,
                            uint32_t stack,
                            enum umig_drop cause)
{
    if (!sites->is_open) {
        return;
    }
    if (umig_dictionary_nearly_full(used(sites))) {
        compact(sites);
    }
    const uint32_t kept = stack != 0 ? umig_carry_stack(&sites->in, stack) : 0;
    (void)umig_live_follow(sites->table, record->live, kept);
    if (kept == 0) {
        lose(sites, record, stack != 0 ? UMIG_DROP_DICTIONARY_FULL : cause);
    }
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &sites->pump->sessions->session[i];
        if (umig_session_takes(session, UMIG_KIND_LIVE)) {
            umig_session_note_interval(session, UMIG_KIND_LIVE, record->interval);
        }
    }
}

/* --- snapshots --- */

/* What is alive of one place, by age. */
struct ages {
    double bytes[UMIG_LIVE_AGES];
    double objects[UMIG_LIVE_AGES];
};

/*
 * Nothing is known of what came after a collection that nobody has looked after yet: it may be
 * dead. Nor of a large object before a whole marking, which is the only one to let go of it: one
 * that ran when it was allocated has two pauses at most, that count.
 */
static bool is_known(const struct umig_live_sites *sites, const struct umig_live_entry *entry)
{
    const uint32_t old = sites->checked_old - entry->old_collection;
    const bool is_marked = old > 2 && old <= UINT32_MAX / 2;
    return sites->checked - entry->collection <= UINT32_MAX / 2 &&
           (is_marked || !umig_live_is_large(sites->table, entry->bytes));
}

static uint32_t age_of(const struct umig_live_sites *sites, const struct umig_live_entry *entry)
{
    const uint32_t survived = sites->checked - entry->collection;
    if (survived == 0) {
        return 0;
    }
    const uint32_t bits = 32 - (uint32_t)__builtin_clz(survived);
    return bits < UMIG_LIVE_AGES ? bits : UMIG_LIVE_AGES - 1;
}

/* The same number below 1 for an object and a session whenever it is asked; splitmix64. */
static double draw_of(const struct umig_session *session, const struct umig_live_entry *entry)
{
    uint64_t x = entry->time_ns + entry->random + session->number * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (double)((x ^ x >> 31) >> 11) / 9007199254740992.0; /* 2^53 */
}

/* How many objects an entry stands for in a session; 0: another one stands for it. */
static double weight_of(const struct umig_session *session, const struct umig_live_entry *entry)
{
    const double asked = (double)session->spec.kinds.interval_ns[UMIG_KIND_LIVE];
    const double drawn = (double)entry->interval;
    const double bytes = (double)entry->bytes;
    const double own = umig_alloc_chance(bytes / (asked > drawn ? asked : drawn));
    if (asked > drawn && draw_of(session, entry) * umig_alloc_chance(bytes / drawn) >= own) {
        return 0;
    }
    return (own > 0 ? 1 / own : 1) * (double)(UINT64_C(1) << atomic_load(&entry->shift));
}

/* Lists the entries of each stack. */
static void list_entries(struct umig_live_sites *sites, const struct umig_session *session)
{
    memset(sites->first, 0, (used(sites)->stacks.count + 1) * sizeof *sites->first);
    for (uint32_t i = 0; i < sites->table->room; i++) {
        struct umig_live_entry *entry = umig_live_at(sites->table, i);
        if (entry != NULL && entry->stack != 0 && entry->time_ns >= session->start_ns &&
            is_known(sites, entry)) {
            entry->next = sites->first[entry->stack];
            sites->first[entry->stack] = i + 1;
        }
    }
}

static void add_up(const struct umig_live_sites *sites,
                   const struct umig_session *session,
                   uint32_t stack,
                   struct ages *out_ages)
{
    memset(out_ages, 0, sizeof *out_ages);
    for (uint32_t at = sites->first[stack]; at != 0; at = sites->table->entries[at - 1].next) {
        const struct umig_live_entry *entry = &sites->table->entries[at - 1];
        const double weight = weight_of(session, entry);
        const uint32_t age = age_of(sites, entry);
        out_ages->bytes[age] += weight * (double)entry->bytes;
        out_ages->objects[age] += weight;
    }
}

/* In the wire's dictionary: the frame of a class and an age. */
static uint32_t live_frame(struct umig_live_sites *sites, uint32_t leaf, uint32_t line)
{
    struct umig_dictionary *wire = &sites->pump->dictionary;
    const uint32_t *words = umig_dictionary_frame_words(used(sites), leaf);
    const uint32_t method =
        umig_alloc_is_object(words[0])
            ? umig_carry_method(&sites->out, words[1])
            : umig_dictionary_method(
                  wire, 0, umig_dictionary_string(wire, UNKNOWN_NAME, strlen(UNKNOWN_NAME)), 0);
    return method != 0 ? umig_dictionary_frame(wire, UMIG_FRAME_LIVE, method, line) : 0;
}

/* A stack that is kept as sessions are told of it; 0: no room. */
static uint32_t told_stack(struct umig_live_sites *sites, uint32_t stack, uint32_t age)
{
    const uint32_t *words = umig_dictionary_stack_words(used(sites), stack);
    const uint32_t leaf = words[1];
    const bool has_class = umig_alloc_is_object(umig_dictionary_frame_words(used(sites), leaf)[0]);
    const uint32_t below = has_class ? words[0] : stack;
    const uint32_t parent = below != 0 ? umig_carry_stack(&sites->out, below) : 0;
    const uint32_t frame = live_frame(sites, leaf, age + 1);
    return (parent != 0 || below == 0) && frame != 0
               ? umig_dictionary_stack(&sites->pump->dictionary, parent, frame)
               : 0;
}

static uint32_t snapshot_stack(struct umig_live_sites *sites)
{
    struct umig_dictionary *wire = &sites->pump->dictionary;
    const uint32_t name = umig_dictionary_string(wire, SNAPSHOT_NAME, strlen(SNAPSHOT_NAME));
    const uint32_t method = umig_dictionary_method(wire, 0, name, 0);
    const uint32_t frame =
        umig_dictionary_frame(wire, UMIG_FRAME_LIVE, method, atomic_load(&sites->table->shift) + 1);
    return umig_dictionary_stack(wire, 0, frame);
}

/* What a row of a snapshot says. */
struct row {
    uint32_t stack; /* that is kept; 0: the row that every snapshot has */
    uint32_t age;
    uint64_t bytes;
    uint64_t objects;
};

static void give(struct umig_live_sites *sites,
                 struct umig_session *session,
                 const struct row *row,
                 uint64_t time_ns,
                 uint64_t now_ns)
{
    struct umig_pump *pump = sites->pump;
    struct umig_tally *tally = &session->tallies[UMIG_KIND_LIVE];
    const bool has_room = umig_pump_make_room(pump, now_ns);
    uint32_t stack = 0;
    if (has_room) {
        stack = row->stack != 0 ? told_stack(sites, row->stack, row->age) : snapshot_stack(sites);
    }
    tally->produced += row->bytes;
    if (stack == 0) {
        tally->dropped[has_room ? UMIG_DROP_DICTIONARY_FULL : UMIG_DROP_SPOOL_FULL] += row->bytes;
        return;
    }
    struct umig_dictionary *wire = &pump->dictionary;
    tally->samples++;
    pump->batch->samples[pump->batch->sample_count++] = (struct umig_batch_sample){
        .session = session->number,
        .kind = UMIG_KIND_LIVE,
        .time_ns = time_ns,
        .thread = umig_dictionary_thread(wire, sites->tid, UMIG_THREAD_AGENT,
                                         umig_dictionary_string(wire, "umig-agent", 10), 0),
        .stack = stack,
        .outcome = UMIG_OUTCOME_OK,
        .value = row->bytes,
        .count = row->objects,
    };
}

static void give_ages(struct umig_live_sites *sites,
                      struct umig_session *session,
                      uint32_t stack,
                      uint64_t time_ns,
                      uint64_t now_ns)
{
    struct ages ages;
    add_up(sites, session, stack, &ages);
    for (uint32_t age = 0; age < UMIG_LIVE_AGES; age++) {
        if (ages.objects[age] > 0) {
            const struct row row = {
                .stack = stack,
                .age = age,
                .bytes = (uint64_t)(ages.bytes[age] + 0.5),
                .objects = (uint64_t)(ages.objects[age] + 0.5),
            };
            give(sites, session, &row, time_ns, now_ns);
        }
    }
}

static void take_snapshot(struct umig_live_sites *sites,
                          struct umig_session *session,
                          uint64_t now_ns)
{
    const uint64_t earliest_ns =
        session->last_live_ns != 0 ? session->last_live_ns + UMIG_LIVE_SPACING_NS : 0;
    const uint64_t time_ns = now_ns > earliest_ns ? now_ns : earliest_ns;
    const struct row head = {
        .bytes = 1,
        .objects = UINT64_C(1) + atomic_load(&sites->table->checked_old),
    };
    session->last_live_ns = time_ns;
    session->last_look_ns = now_ns;
    give(sites, session, &head, time_ns, now_ns);
    sites->checked = atomic_load(&sites->table->checked);
    sites->checked_old = atomic_load(&sites->table->checked_old);
    list_entries(sites, session);
    for (uint32_t stack = 1; stack <= used(sites)->stacks.count; stack++) {
        if (sites->first[stack] != 0) {
            give_ages(sites, session, stack, time_ns, now_ns);
        }
    }
}

static bool is_due(const struct umig_session *session, uint64_t now_ns)
{
    const uint64_t part_ns = (now_ns - session->told_start_ns) / SPACING_PART;
    const uint64_t since_ns =
        session->last_look_ns != 0 ? session->last_look_ns : session->start_ns;
    return umig_session_takes(session, UMIG_KIND_LIVE) && now_ns >= since_ns &&
           now_ns - since_ns >= (part_ns > UMIG_LIVE_EVERY_NS ? part_ns : UMIG_LIVE_EVERY_NS);
}

/* What was allocated before every session that follows objects is no session's. */
static void tell_since(struct umig_live_sites *sites)
{
    uint64_t since_ns = UINT64_MAX;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        const struct umig_session *session = &sites->pump->sessions->session[i];
        if (umig_session_takes(session, UMIG_KIND_LIVE) && session->start_ns < since_ns) {
            since_ns = session->start_ns;
        }
    }
    if (since_ns != UINT64_MAX) {
        atomic_store(&sites->table->since_ns, since_ns);
    }
}

static void book_refused(struct umig_live_sites *sites)
{
    const uint64_t now = atomic_load(&sites->table->refused_bytes);
    const uint64_t lost = now - sites->refused_seen;
    sites->refused_seen = now;
    for (int i = 0; i < UMIG_SESSIONS_MAX && lost > 0; i++) {
        struct umig_session *session = &sites->pump->sessions->session[i];
        if (umig_session_takes(session, UMIG_KIND_LIVE)) {
            umig_session_lost(session, UMIG_KIND_LIVE, UMIG_DROP_TABLE_FULL, lost);
        }
    }
}

void umig_live_sites_tell(struct umig_live_sites *sites, uint64_t now_ns)
{
    if (!sites->is_open) {
        return;
    }
    umig_live_reap(sites->table);
    book_refused(sites);
    tell_since(sites);
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &sites->pump->sessions->session[i];
        if (is_due(session, now_ns)) {
            take_snapshot(sites, session, now_ns);
        }
    }
}

void umig_live_sites_settle(struct umig_live_sites *sites,
                            struct umig_session *session,
                            uint64_t now_ns)
{
    if (sites->is_open && umig_session_takes(session, UMIG_KIND_LIVE)) {
        umig_live_reap(sites->table);
        book_refused(sites);
        take_snapshot(sites, session, now_ns);
    }
}
