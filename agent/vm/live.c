#include "agent/vm/live.h"

#include "core/mix.h"

enum {
    STATE_BITS = 8,
    INDEX_BITS = 16,
    PROBES = 64 /* with a quarter free, 64 are all taken once in 100 million times */
};

size_t umig_live_bytes(uint32_t room)
{
    return room * sizeof(struct umig_live_entry);
}

void umig_live_init(struct umig_live *live, void *memory, uint32_t room)
{
    live->entries = memory;
    live->room = room;
}

/* --- states and handles --- */

static unsigned state_of(unsigned word)
{
    return word & ((1u << STATE_BITS) - 1);
}

static unsigned with_state(unsigned word, enum umig_live_state state)
{
    return word >> STATE_BITS << STATE_BITS | (unsigned)state;
}

/* From a state that was seen to the next, unless somebody else was quicker. */
static bool step(struct umig_live_entry *entry, unsigned word, enum umig_live_state next)
{
    return atomic_compare_exchange_strong(&entry->state, &word, with_state(word, next));
}

static uint32_t handle_of(const struct umig_live *live,
                          const struct umig_live_entry *entry,
                          unsigned word)
{
    return (word >> STATE_BITS) << INDEX_BITS | (uint32_t)(entry - live->entries);
}

/* The entry that a handle means, if it waits for its stack; NULL: it does not, or is another's. */
static struct umig_live_entry *find_waiting(struct umig_live *live,
                                            uint32_t handle,
                                            unsigned *out_word)
{
    const uint32_t index = handle & ((1u << INDEX_BITS) - 1);
    struct umig_live_entry *entry = index < live->room ? &live->entries[index] : NULL;
    *out_word = entry != NULL ? atomic_load(&entry->state) : 0;
    return entry != NULL && handle_of(live, entry, *out_word) == handle &&
                   state_of(*out_word) == UMIG_LIVE_WAITING
               ? entry
               : NULL;
}

static void set_free(struct umig_live *live, struct umig_live_entry *entry)
{
    const unsigned word = atomic_load(&entry->state);
    atomic_store(&entry->state, with_state(word, UMIG_LIVE_FREE));
    atomic_fetch_sub(&live->used, 1);
}

/* --- the table's share --- */

static uint32_t draw(struct umig_live *live)
{
    return (uint32_t)(umig_mix64(atomic_fetch_add(&live->draws, 1) * UMIG_MIX64_STEP) >> 32);
}

static bool is_kept(uint32_t random, unsigned shift)
{
    return shift == 0 || random >> (32 - shift) == 0;
}

/* Unless all are not yet thinned as far as the shift says. */
void umig_live_thin(struct umig_live *live)
{
    unsigned shift = atomic_load(&live->shift);
    if (shift == atomic_load(&live->swept_shift) && shift < UMIG_LIVE_SHIFT_MAX) {
        (void)atomic_compare_exchange_strong(&live->shift, &shift, shift + 1);
    }
}

/* --- large objects --- */

void umig_live_set_large(struct umig_live *live, uint64_t from_bytes, uint64_t limit_bytes)
{
    live->large_from = from_bytes;
    live->large_limit = limit_bytes;
}

bool umig_live_is_large(const struct umig_live *live, uint64_t bytes)
{
    return live->large_from > 0 && bytes > live->large_from;
}

static unsigned larger(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

unsigned umig_live_shift(const struct umig_live *live, uint64_t bytes)
{
    const unsigned shift = atomic_load(&live->shift);
    return umig_live_is_large(live, bytes) ? larger(shift, larger(atomic_load(&live->large_floor),
                                                                  atomic_load(&live->large_shift)))
                                           : shift;
}

static void take_large(struct umig_live *live, uint64_t bytes)
{
    uint_fast64_t taken = atomic_fetch_add(&live->large_taken, bytes) + bytes;
    if (taken >= live->large_limit / 4 && atomic_load(&live->large_shift) < UMIG_LIVE_SHIFT_MAX &&
        atomic_compare_exchange_strong(&live->large_taken, &taken, 0)) {
        atomic_fetch_add(&live->large_shift, 1);
    }
}

/* After a sweep that found so many bytes of them. */
static void relax_large(struct umig_live *live, unsigned floor, uint64_t bytes)
{
    const bool is_slow = atomic_exchange(&live->large_taken, 0) < live->large_limit / 16;
    unsigned shift = atomic_load(&live->large_shift);
    if (is_slow && shift > 0) {
        (void)atomic_compare_exchange_strong(&live->large_shift, &shift, shift - 1);
    }
    const bool has_space = floor > 0 && bytes < live->large_limit / 8;
    const bool is_full = bytes > live->large_limit && floor < UMIG_LIVE_SHIFT_MAX;
    atomic_store(&live->swept_large_floor, has_space ? floor - 1 : floor);
    /* Too many: those that are there become as rare as the new ones. */
    const unsigned full = larger(floor + 1, atomic_load(&live->large_shift));
    atomic_store(&live->large_floor, has_space ? floor - 1 : is_full ? full : floor);
}

/* --- from the allocation on --- */

static bool take_entry(struct umig_live_entry *entry)
{
    unsigned word = atomic_load(&entry->state);
    unsigned serial = (word >> STATE_BITS) + 1;
    serial = serial > 0xffffu ? 1 : serial; /* no handle is 0 */
    return state_of(word) == UMIG_LIVE_FREE &&
           atomic_compare_exchange_strong(&entry->state, &word,
                                          serial << STATE_BITS | UMIG_LIVE_CLAIMED);
}

/* A free one from a place on; NULL: it is crowded there. */
static struct umig_live_entry *take_from(struct umig_live *live, unsigned begin)
{
    for (unsigned i = 0; i < PROBES && live->room > 0; i++) {
        struct umig_live_entry *entry = &live->entries[(begin + i) & (live->room - 1)];
        if (take_entry(entry)) {
            atomic_store(&live->next, begin + i + 1); /* the ones before it are taken */
            return entry;
        }
    }
    return NULL;
}

enum umig_live_claim umig_live_claim(struct umig_live *live,
                                     uint64_t bytes,
                                     struct umig_live_entry **out_entry)
{
    const uint32_t random = draw(live);
    const unsigned shift = umig_live_shift(live, bytes);
    if (!is_kept(random, shift)) {
        return UMIG_LIVE_THINNED;
    }
    struct umig_live_entry *entry = take_from(live, atomic_load(&live->next));
    if (entry == NULL) {
        /* Objects that came in a row and stay are neighbours. */
        entry = take_from(live, draw(live));
    }
    if (entry == NULL) {
        umig_live_thin(live);
        atomic_fetch_add(&live->refused, 1);
        return UMIG_LIVE_REFUSED;
    }
    entry->random = random;
    atomic_store(&entry->shift, shift);
    if (atomic_fetch_add(&live->used, 1) + 1 >= live->room / 4 * 3) {
        umig_live_thin(live);
    }
    if (umig_live_is_large(live, bytes)) {
        take_large(live, bytes);
    }
    *out_entry = entry;
    return UMIG_LIVE_TAKEN;
}

uint32_t umig_live_publish(struct umig_live *live, struct umig_live_entry *entry)
{
    const unsigned word = with_state(atomic_load(&entry->state), UMIG_LIVE_WAITING);
    atomic_fetch_add(&live->references, 1);
    /* Release: the fields are seen by whom sees the state. */
    atomic_store(&entry->state, word);
    return handle_of(live, entry, word);
}

void umig_live_unclaim(struct umig_live *live, struct umig_live_entry *entry)
{
    set_free(live, entry);
}

static void forget(struct umig_live *live,
                   struct umig_live_entry *entry,
                   const struct umig_live_ops *ops)
{
    ops->forget(ops->ctx, entry->reference);
    entry->reference = NULL;
    atomic_fetch_sub(&live->references, 1);
}

void umig_live_drop(struct umig_live *live, uint32_t handle, const struct umig_live_ops *ops)
{
    unsigned word = 0;
    struct umig_live_entry *entry = find_waiting(live, handle, &word);
    if (entry != NULL && step(entry, word, UMIG_LIVE_DYING)) {
        forget(live, entry, ops);
        set_free(live, entry);
    }
}

/* --- the loop --- */

struct umig_live_entry *umig_live_follow(struct umig_live *live, uint32_t handle, uint32_t stack)
{
    unsigned word = 0;
    struct umig_live_entry *entry = find_waiting(live, handle, &word);
    if (entry == NULL) {
        return NULL;
    }
    entry->stack = stack;
    const enum umig_live_state next = stack != 0 ? UMIG_LIVE_FOLLOWED : UMIG_LIVE_UNWANTED;
    return step(entry, word, next) && stack != 0 ? entry : NULL;
}

void umig_live_reap(struct umig_live *live)
{
    for (uint32_t i = 0; i < live->room; i++) {
        if (state_of(atomic_load(&live->entries[i].state)) == UMIG_LIVE_DEAD) {
            set_free(live, &live->entries[i]);
        }
    }
}

struct umig_live_entry *umig_live_at(struct umig_live *live, uint32_t index)
{
    struct umig_live_entry *entry = &live->entries[index];
    return state_of(atomic_load(&entry->state)) == UMIG_LIVE_FOLLOWED ? entry : NULL;
}

/* --- the attached thread --- */

bool umig_live_is_due(const struct umig_live *live, uint32_t collections)
{
    return live->room > 0 &&
           (atomic_load(&live->checked) != collections ||
            atomic_load(&live->since_ns) != atomic_load(&live->swept_since_ns) ||
            atomic_load(&live->shift) != atomic_load(&live->swept_shift) ||
            atomic_load(&live->large_floor) != atomic_load(&live->swept_large_floor));
}

/* What one sweep goes by, and what it finds. */
struct sweep {
    struct umig_live *live;
    const struct umig_live_ops *ops;
    unsigned shift, large_floor;
    uint64_t since_ns;
    uint32_t followed;
    uint32_t others; /* entries in other hands */
    uint64_t large_bytes;
};

static unsigned shift_for(const struct sweep *sweep, const struct umig_live_entry *entry)
{
    return umig_live_is_large(sweep->live, entry->bytes) ? larger(sweep->shift, sweep->large_floor)
                                                         : sweep->shift;
}

/* Is the entry to go, for any reason? */
static bool is_over(const struct sweep *sweep, const struct umig_live_entry *entry, unsigned state)
{
    return state == UMIG_LIVE_UNWANTED || !is_kept(entry->random, shift_for(sweep, entry)) ||
           entry->time_ns < sweep->since_ns ||
           sweep->ops->is_gone(sweep->ops->ctx, entry->reference);
}

static void keep(struct sweep *sweep, struct umig_live_entry *entry)
{
    const unsigned shift = shift_for(sweep, entry);
    if (atomic_load(&entry->shift) < shift) {
        atomic_store(&entry->shift, shift);
    }
    sweep->followed++;
    sweep->large_bytes += umig_live_is_large(sweep->live, entry->bytes) ? entry->bytes : 0;
}

static void sweep_entry(struct sweep *sweep, struct umig_live_entry *entry)
{
    const bool is_on = atomic_load(&sweep->live->is_on);
    const unsigned word = atomic_load(&entry->state);
    const unsigned state = state_of(word);
    const bool is_ours = state == UMIG_LIVE_FOLLOWED || state == UMIG_LIVE_UNWANTED ||
                         (state == UMIG_LIVE_WAITING && !is_on);
    if (!is_ours) {
        sweep->others += state == UMIG_LIVE_CLAIMED || state == UMIG_LIVE_WAITING;
        return;
    }
    if (is_on && !is_over(sweep, entry, state)) {
        keep(sweep, entry);
    } else if (step(entry, word, UMIG_LIVE_DYING)) {
        forget(sweep->live, entry, sweep->ops);
        atomic_store(&entry->state, with_state(word, UMIG_LIVE_DEAD));
    } else {
        sweep->others++;
    }
}

bool umig_live_sweep(struct umig_live *live,
                     const struct umig_live_ops *ops,
                     uint32_t collections,
                     uint32_t old_collections)
{
    struct sweep sweep = {
        .live = live,
        .ops = ops,
        .shift = atomic_load(&live->shift),
        .large_floor = atomic_load(&live->large_floor),
        .since_ns = atomic_load(&live->since_ns),
    };
    for (uint32_t i = 0; i < live->room; i++) {
        sweep_entry(&sweep, &live->entries[i]);
    }
    atomic_store(&live->followed, sweep.followed);
    atomic_store(&live->checked_old, old_collections);
    atomic_store(&live->checked, collections);
    atomic_store(&live->swept_since_ns, sweep.since_ns);
    /* Far from crowded: new objects stand for fewer again. */
    const bool has_space = sweep.shift > 0 && sweep.followed < live->room / 8;
    const unsigned next = has_space ? sweep.shift - 1 : sweep.shift;
    unsigned expected = sweep.shift;
    (void)atomic_compare_exchange_strong(&live->shift, &expected, next);
    atomic_store(&live->swept_shift, next);
    relax_large(live, sweep.large_floor, sweep.large_bytes);
    return atomic_load(&live->is_on) || sweep.others == 0;
}
