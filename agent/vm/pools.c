#include "agent/vm/pools.h"

#include <string.h>

#include "core/err.h"

enum {
    NAME_LEAST = 3 /* bytes: less than this is no name that threads have in common */
};

/* Behind it its threads and their slots. */
static size_t threads_bytes(uint32_t thread_room)
{
    return (size_t)thread_room * (sizeof(struct umig_pool_thread) + 2 * sizeof(uint32_t));
}

size_t umig_pools_bytes(uint32_t thread_room)
{
    return sizeof(struct umig_pools) + threads_bytes(thread_room);
}

int umig_pools_create(struct umig_memory *memory,
                      uint32_t thread_room,
                      struct umig_pools **out_pools,
                      struct umig_err *err)
{
    uint8_t *block = umig_memory_take_spare(memory, umig_pools_bytes(thread_room));
    if (block == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM,
                            "no memory to follow pools within the agent's bound of %zu bytes; "
                            "raise memory=",
                            memory->limit_bytes);
    }
    struct umig_pools *pools = (struct umig_pools *)(void *)block;
    pools->threads = (struct umig_pool_thread *)(void *)(pools + 1);
    pools->slots = (uint32_t *)(void *)(pools->threads + thread_room);
    pools->thread_room = thread_room;
    pools->slot_mask = thread_room * 2 - 1;
    pools->next_number = 1;
    *out_pools = pools;
    return UMIG_OK;
}

void umig_pools_begin(struct umig_pools *pools)
{
    pools->left_out = 0;
    for (uint32_t i = 0; i < pools->thread_count; i++) {
        pools->threads[i].is_seen = false;
    }
    for (uint32_t i = 0; i < UMIG_POOLS_MAX; i++) {
        struct umig_pool *pool = &pools->pools[i];
        pool->threads = 0;
        pool->threads_completed = 0;
    }
}

/* --- threads --- */

/* The slot of an id, or the free one where it belongs: half of them are free at least. */
static uint32_t *slot_of(struct umig_pools *pools, int64_t id)
{
    uint32_t at = (uint32_t)(((uint64_t)id * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
    for (;; at++) {
        uint32_t *slot = &pools->slots[at & pools->slot_mask];
        if (*slot == 0 || pools->threads[*slot - 1].id == id) {
            return slot;
        }
    }
}

struct umig_pool_thread *umig_pools_thread(struct umig_pools *pools, int64_t id, bool *out_is_new)
{
    uint32_t *slot = slot_of(pools, id);
    *out_is_new = *slot == 0;
    if (*slot == 0 && pools->thread_count == pools->thread_room) {
        pools->left_out++;
        return NULL;
    }
    if (*slot == 0) {
        pools->threads[pools->thread_count] = (struct umig_pool_thread){.id = id};
        *slot = ++pools->thread_count;
    }
    struct umig_pool_thread *thread = &pools->threads[*slot - 1];
    thread->is_seen = true;
    return thread;
}

static void forget_threads(struct umig_pools *pools, const struct umig_pool_ops *ops)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < pools->thread_count; i++) {
        struct umig_pool_thread *thread = &pools->threads[i];
        if (thread->is_seen) {
            pools->threads[kept++] = *thread;
        } else if (thread->worker != NULL) {
            ops->forget(ops->ctx, thread->worker);
        }
    }
    if (kept == pools->thread_count) {
        return;
    }
    pools->thread_count = kept;
    memset(pools->slots, 0, ((size_t)pools->slot_mask + 1) * sizeof *pools->slots);
    for (uint32_t i = 0; i < kept; i++) {
        *slot_of(pools, pools->threads[i].id) = i + 1;
    }
}

/* --- pools --- */

struct umig_pool *umig_pools_of(struct umig_pools *pools, const struct umig_pool_thread *thread)
{
    struct umig_pool *pool = &pools->pools[thread->place];
    return pool->reference != NULL && pool->number == thread->number ? pool : NULL;
}

void umig_pool_thread_lead(struct umig_pool_thread *thread,
                           const struct umig_pools *pools,
                           const struct umig_pool *pool)
{
    thread->number = pool->number;
    thread->place = (uint16_t)(pool - pools->pools);
}

/* A free place, or that of who had no thread for longest; NULL: each one has. */
static struct umig_pool *place_for(struct umig_pools *pools)
{
    struct umig_pool *oldest = NULL;
    for (uint32_t i = 0; i < UMIG_POOLS_MAX; i++) {
        struct umig_pool *pool = &pools->pools[i];
        if (pool->reference == NULL) {
            return pool;
        }
        if (pool->threads == 0 && pool->idle > 0 && (oldest == NULL || pool->idle > oldest->idle)) {
            oldest = pool;
        }
    }
    return oldest;
}

struct umig_pool *umig_pools_add(struct umig_pools *pools,
                                 const struct umig_pool_ops *ops,
                                 void *reference,
                                 enum umig_pool_kind kind)
{
    struct umig_pool *pool = place_for(pools);
    if (pool == NULL) {
        return NULL;
    }
    if (pool->reference != NULL) {
        umig_pool_remove(pool, ops);
    }
    *pool = (struct umig_pool){
        .reference = reference,
        .number = pools->next_number++,
        .kind = kind,
        .figures = {.maximum = UMIG_POOL_UNKNOWN, .queued = UMIG_POOL_UNKNOWN},
    };
    return pool;
}

void umig_pool_remove(struct umig_pool *pool, const struct umig_pool_ops *ops)
{
    ops->forget(ops->ctx, pool->reference);
    *pool = (struct umig_pool){.reference = NULL};
}

bool umig_pool_is_read(const struct umig_pool *pool)
{
    return pool->threads > 0 || pool->idle < UMIG_POOL_LAST_READINGS;
}

void umig_pool_count_completed(struct umig_pool *pool)
{
    const uint64_t completed = pool->own_completed + pool->threads_completed;
    if (completed > pool->figures.completed) {
        pool->figures.completed = completed;
    }
}

void umig_pools_end(struct umig_pools *pools, const struct umig_pool_ops *ops)
{
    forget_threads(pools, ops);
    for (uint32_t i = 0; i < UMIG_POOLS_MAX; i++) {
        struct umig_pool *pool = &pools->pools[i];
        pool->idle = pool->threads > 0 ? 0 : pool->idle + 1;
    }
}

/* --- names --- */

static bool is_part_of_character(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static size_t common_bytes(const char *a, const char *b)
{
    size_t len = 0;
    while (a[len] != '\0' && a[len] == b[len]) {
        len++;
    }
    while (len > 0 && is_part_of_character(a[len])) {
        len--;
    }
    return len;
}

/* Bytes of a name without the numbers and marks at its end; all of it, if there is nothing else. */
static size_t stem_bytes(const char *name, size_t len)
{
    size_t stem = len;
    while (stem > 0 && strchr("0123456789 -_#:./([@", name[stem - 1]) != NULL) {
        stem--;
    }
    return stem > 0 ? stem : len;
}

void umig_pool_learn_name(struct umig_pool *pool, const char *thread_name)
{
    if (pool->is_named) {
        return;
    }
    if (pool->prefix[0] == '\0') {
        size_t len = strnlen(thread_name, sizeof pool->prefix - 1);
        while (len > 0 && is_part_of_character(thread_name[len])) {
            len--;
        }
        memcpy(pool->prefix, thread_name, len);
        pool->prefix[len] = '\0';
        return;
    }
    const size_t len = common_bytes(pool->prefix, thread_name);
    if (len >= NAME_LEAST && stem_bytes(thread_name, len) >= NAME_LEAST) {
        pool->prefix[len] = '\0';
    }
}

void umig_pool_put_name(const struct umig_pool *pool, char out[UMIG_POOL_NAME_BYTES])
{
    const size_t len = strlen(pool->prefix);
    const size_t stem = pool->is_named ? len : stem_bytes(pool->prefix, len);
    memcpy(out, pool->prefix, stem);
    out[stem] = '\0';
}

void umig_pools_tell(struct umig_pools *pools, uint64_t time_ns)
{
    struct umig_pool_reading *reading = &pools->reading;
    reading->time_ns = time_ns;
    reading->left_out = pools->left_out;
    reading->count = 0;
    for (uint32_t i = 0; i < UMIG_POOLS_MAX; i++) {
        const struct umig_pool *pool = &pools->pools[i];
        if (pool->reference == NULL) {
            continue;
        }
        struct umig_pool_row *row = &reading->rows[reading->count++];
        row->number = pool->number;
        row->kind = pool->kind;
        row->figures = pool->figures;
        umig_pool_put_name(pool, row->name);
    }
}

void umig_pools_clear(struct umig_pools *pools, const struct umig_pool_ops *ops)
{
    umig_pools_begin(pools);
    forget_threads(pools, ops);
    for (uint32_t i = 0; i < UMIG_POOLS_MAX; i++) {
        if (pools->pools[i].reference != NULL) {
            umig_pool_remove(&pools->pools[i], ops);
        }
    }
    for (uint32_t i = 0; i < UMIG_POOL_TYPES_MAX; i++) {
        if (pools->types[i].class != NULL) {
            ops->forget(ops->ctx, pools->types[i].class);
            pools->types[i] = (struct umig_pool_type){.class = NULL};
        }
    }
}
