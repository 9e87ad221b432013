#include "agent/vm/deadlock.h"

static uint32_t index_of(const struct umig_deadlock_wait *waits, uint32_t count, int32_t tid)
{
    uint32_t i = 0;
    while (tid != 0 && i < count && waits[i].tid != tid) {
        i++;
    }
    return tid != 0 ? i : count;
}

/* Numbers the threads from first round to first; false: the way does not come back to it. */
static bool number_cycle(struct umig_deadlock_wait *waits,
                         uint32_t count,
                         uint32_t first,
                         uint32_t number)
{
    uint32_t at = first;
    for (uint32_t steps = 0; steps < count; steps++) {
        at = index_of(waits, count, waits[at].holder_tid);
        if (at == count || waits[at].cycle != 0) {
            return false;
        }
        if (at == first) {
            break;
        }
    }
    if (at != first) {
        return false; /* it leads into a cycle and is not in it */
    }
    do {
        waits[at].cycle = number;
        at = index_of(waits, count, waits[at].holder_tid);
    } while (at != first);
    return true;
}

uint32_t umig_deadlock_find(struct umig_deadlock_wait *waits, uint32_t count)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        waits[i].cycle = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (waits[i].cycle == 0 && number_cycle(waits, count, i, found + 1)) {
            found++;
        }
    }
    return found;
}

/* Was it a suspect in the same wait, held up by the same thread? */
static bool was_there(const struct umig_deadlock_memory *memory,
                      const struct umig_deadlock_wait *wait)
{
    for (uint32_t i = 0; i < memory->count; i++) {
        const struct umig_deadlock_wait *before = &memory->suspects[i];
        if (before->tid == wait->tid && before->serial == wait->serial) {
            return before->holder_tid == wait->holder_tid && before->since_ns == wait->since_ns;
        }
    }
    return false;
}

static void remember(struct umig_deadlock_memory *memory,
                     const struct umig_deadlock_wait *waits,
                     uint32_t count)
{
    memory->count = 0;
    for (uint32_t i = 0; i < count && memory->count < UMIG_DEADLOCK_THREADS_MAX; i++) {
        if (waits[i].cycle != 0) {
            memory->suspects[memory->count++] = waits[i];
        }
    }
}

static void drop_cycle(struct umig_deadlock_wait *waits, uint32_t count, uint32_t cycle)
{
    for (uint32_t i = 0; i < count; i++) {
        waits[i].cycle = waits[i].cycle == cycle ? 0 : waits[i].cycle;
    }
}

uint32_t umig_deadlock_confirm(struct umig_deadlock_memory *memory,
                               struct umig_deadlock_wait *waits,
                               uint32_t count)
{
    const struct umig_deadlock_memory before = *memory;
    uint32_t left = 0;
    remember(memory, waits, count);
    for (uint32_t i = 0; i < count; i++) {
        if (waits[i].cycle != 0 && !was_there(&before, &waits[i])) {
            drop_cycle(waits, count, waits[i].cycle);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        left += waits[i].cycle != 0 ? 1 : 0;
    }
    return left;
}
