#include "analysis/deadlocks.h"

#include <stdlib.h>

#include "core/err.h"

/* The newest wait of each thread that is part of a deadlock. */
static size_t collect(const struct umig_profile *profile, struct umig_deadlock_thread *by_thread)
{
    size_t count = 0;
    for (size_t i = 0; i < profile->waits.count; i++) {
        const struct umig_profile_wait *wait = &profile->waits.items[i];
        struct umig_deadlock_thread *thread = &by_thread[wait->thread];
        const uint64_t before_ns = thread->wait_ns;
        *thread = (struct umig_deadlock_thread){
            .number = wait->deadlock,
            .thread = wait->thread,
            .waits_for = wait->monitor_class,
            .holder = wait->holder,
            .stack = wait->stack,
            .wait_ns = wait->count > 0 ? 0 : before_ns + wait->wait_ns,
        };
    }
    for (size_t i = 0; i < profile->threads.count; i++) {
        count += by_thread[i].number != 0 ? 1 : 0;
    }
    return count;
}

static void find_what_is_held(struct umig_deadlock_thread *by_thread, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct umig_deadlock_thread *holder = &by_thread[by_thread[i].holder];
        if (by_thread[i].number != 0 && holder->number == by_thread[i].number) {
            holder->holds = by_thread[i].waits_for;
        }
    }
}

/* The first thread of the deadlock with the least number above one; count: there is none. */
static size_t next_first(const struct umig_deadlock_thread *by_thread, size_t count, uint32_t above)
{
    size_t first = count;
    for (size_t i = 0; i < count; i++) {
        if (by_thread[i].number > above &&
            (first == count || by_thread[i].number < by_thread[first].number)) {
            first = i;
        }
    }
    return first;
}

/* Round from holder to holder; a thread whose holder is not known ends it, the rest follows. */
static void put_in_order(struct umig_deadlock_thread *by_thread,
                         size_t count,
                         size_t first,
                         struct umig_deadlocks *out)
{
    const uint32_t number = by_thread[first].number;
    for (size_t at = first; at < count; at++) {
        size_t next = at;
        while (by_thread[next].number == number) {
            out->threads[out->count++] = by_thread[next];
            by_thread[next].number = 0;
            next = by_thread[next].holder;
        }
    }
}

int umig_deadlocks_read(const struct umig_profile *profile,
                        struct umig_deadlocks *out_deadlocks,
                        struct umig_err *err)
{
    struct umig_deadlocks all = {0};
    const size_t threads = profile->threads.count;
    struct umig_deadlock_thread *by_thread = calloc(threads + 1, sizeof *by_thread);
    if (by_thread == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for the deadlocks of %zu threads",
                            threads);
    }
    const size_t count = collect(profile, by_thread);
    all.threads = calloc(count + 1, sizeof *all.threads);
    if (all.threads == NULL) {
        free(by_thread);
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for %zu deadlocked threads", count);
    }
    find_what_is_held(by_thread, threads);
    uint32_t above = 0;
    size_t first;
    while ((first = next_first(by_thread, threads, above)) < threads) {
        above = by_thread[first].number;
        all.deadlocks++;
        put_in_order(by_thread, threads, first, &all);
    }
    free(by_thread);
    *out_deadlocks = all;
    return UMIG_OK;
}

void umig_deadlocks_fini(struct umig_deadlocks *deadlocks)
{
    free(deadlocks->threads);
    *deadlocks = (struct umig_deadlocks){0};
}
