/*
 * The panel of threads. Totals of threads are kept since the session's start; what they do off the
 * CPU is known by pool, but for those who wait for a lock now: that is told thread by thread.
 */
#include <stdio.h>
#include <stdlib.h>

#include "analysis/label.h"
#include "core/units.h"
#include "report/top_private.h"

/* A wait that goes on is told each second. */
#define TOLD_WITHIN_NS (2 * UMIG_NS_PER_S)

/* One thread's totals. */
struct row {
    uint32_t thread;
    uint64_t cpu_ns;
    uint64_t allocated_bytes;
};

/* What is looked up by thread and by pool. */
struct threads {
    const struct umig_profile *profile;
    struct row *rows;    /* by thread at first, then those that are shown */
    uint32_t *open_wait; /* by thread: 1 + the wait that goes on; 0 none */
    uint32_t *pool_of;   /* by group: 1 + the row of wall.pools; 0 none */
    uint32_t *heaviest;  /* by row of wall.pools: sample off the CPU with the most time; 1 + it */
    size_t row_count;
};

static void free_threads(struct threads *threads)
{
    free(threads->rows);
    free(threads->open_wait);
    free(threads->pool_of);
    free(threads->heaviest);
}

static void read_totals(struct threads *threads)
{
    const struct umig_profile *profile = threads->profile;
    for (size_t i = 0; i < profile->thread_totals.count; i++) {
        const struct umig_profile_thread_total *total = &profile->thread_totals.items[i];
        struct row *row = &threads->rows[total->thread];
        row->thread = total->thread;
        row->cpu_ns += total->kind == UMIG_KIND_CPU ? total->value : 0;
        row->allocated_bytes += total->kind == UMIG_KIND_ALLOC ? total->value : 0;
    }
}

static void read_waits(struct threads *threads)
{
    const struct umig_profile *profile = threads->profile;
    for (size_t i = 0; i < profile->waits.count; i++) {
        const struct umig_profile_wait *wait = &profile->waits.items[i];
        const bool goes_on =
            wait->count == 0 && wait->unix_ns + TOLD_WITHIN_NS >= profile->session.end_unix_ns;
        threads->open_wait[wait->thread] = goes_on ? (uint32_t)i + 1 : 0;
        /* Who has waited since the session began has no totals. */
        threads->rows[wait->thread].thread = wait->thread;
    }
}

static void read_pools(struct threads *threads, const struct umig_wall_figures *wall)
{
    const struct umig_profile *profile = threads->profile;
    for (size_t i = 0; i < wall->pool_count; i++) {
        threads->pool_of[wall->pools[i].group] = (uint32_t)i + 1;
    }
    for (size_t i = 0; i < profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        const uint32_t pool = threads->pool_of[sample->group];
        if (sample->kind != UMIG_KIND_WALL || pool == 0) {
            continue;
        }
        const enum umig_wall_state state = umig_wall_state_of(profile, sample->stack);
        uint32_t *heaviest = &threads->heaviest[pool - 1];
        if (state != UMIG_WALL_COUNT && state != UMIG_WALL_RUNNING && state != UMIG_WALL_RUNNABLE &&
            (*heaviest == 0 || profile->samples.items[*heaviest - 1].value < sample->value)) {
            *heaviest = (uint32_t)i + 1;
        }
    }
}

/* --- rows --- */

static int by_cpu(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;
    return x->cpu_ns != y->cpu_ns ? (x->cpu_ns < y->cpu_ns ? 1 : -1)
                                  : (x->thread > y->thread) - (x->thread < y->thread);
}

static void keep_seen(struct threads *threads)
{
    for (size_t i = 0; i < threads->profile->threads.count; i++) {
        if (threads->rows[i].thread != 0) {
            threads->rows[threads->row_count++] = threads->rows[i];
        }
    }
    qsort(threads->rows, threads->row_count, sizeof *threads->rows, by_cpu);
}

/* "parked 97 %": what threads of its pool did most of the time. */
static void put_state(struct umig_top_writer *writer, const struct umig_wall_pool *pool)
{
    unsigned most = 1;
    for (unsigned state = 2; state < UMIG_WALL_COUNT; state++) {
        most = pool->by_state[state] > pool->by_state[most] ? state : most;
    }
    umig_buf_printf(&writer->text, "%s %.0f%%", umig_wall_state_key((enum umig_wall_state)most),
                    100.0 * (double)pool->by_state[most] / (double)pool->value);
    umig_top_made(writer);
}

/* The state; the lock itself stays in writer->text for the last cell. */
static void put_lock(struct umig_top_writer *writer, const struct umig_profile_wait *wait)
{
    const struct umig_profile *profile = writer->figures->profile;
    const char *class_name = umig_profile_text(profile, wait->monitor_class);
    umig_top_text(writer, "blocked");
    umig_buf_text(&writer->text, class_name[0] != '\0' ? class_name : "a lock");
    if (wait->holder != 0) {
        umig_buf_printf(&writer->text, ", held by %s",
                        umig_profile_text(profile, profile->threads.items[wait->holder].name));
    }
}

/* Where most of its pool's time off the CPU goes. */
static void put_place(struct umig_top_writer *writer, uint32_t sample)
{
    const struct umig_profile *profile = writer->figures->profile;
    const uint32_t stack = profile->samples.items[sample - 1].stack;
    const struct umig_wall_place place =
        umig_wall_place_of(profile, umig_wall_state_of(profile, stack), stack);
    if (place.waits_in != 0) {
        umig_label_method(profile, place.waits_in, true, &writer->text);
    }
    if (place.frame != 0 && profile->frames.items[place.frame].method != place.waits_in) {
        umig_buf_text(&writer->text, place.waits_in != 0 ? ", from " : "");
        umig_label_frame(profile, place.frame, true, &writer->text);
    }
}

static void put_row(struct umig_top_writer *writer, const struct threads *t, const struct row *row)
{
    const struct umig_profile_thread *thread = &t->profile->threads.items[row->thread];
    const uint32_t pool = t->pool_of[thread->group];
    const uint32_t wait = t->open_wait[row->thread];
    umig_buf_text(writer->out, "row");
    umig_top_number(writer, row->cpu_ns);
    umig_top_number(writer, row->allocated_bytes);
    umig_top_number(writer, thread->virtual_id != 0 ? thread->virtual_id : thread->tid);
    if (wait != 0) {
        put_lock(writer, &t->profile->waits.items[wait - 1]);
    } else if (pool != 0) {
        put_state(writer, &writer->figures->wall.pools[pool - 1]);
    } else {
        umig_top_unknown(writer);
    }
    umig_top_text(writer, umig_profile_text(t->profile, thread->name));
    if (wait == 0 && pool != 0 && t->heaviest[pool - 1] != 0) {
        put_place(writer, t->heaviest[pool - 1]);
    }
    umig_top_made(writer);
    umig_buf_byte(writer->out, '\n');
}

int umig_top_threads(struct umig_top_writer *writer, size_t *out_count)
{
    const struct umig_profile *profile = writer->figures->profile;
    const size_t threads_count = profile->threads.count;
    struct threads threads = {
        .profile = profile,
        .rows = calloc(threads_count + 1, sizeof *threads.rows),
        .open_wait = calloc(threads_count + 1, sizeof *threads.open_wait),
        .pool_of = calloc(profile->strings.count + 1, sizeof *threads.pool_of),
        .heaviest = calloc(writer->figures->wall.pool_count + 1, sizeof *threads.heaviest),
    };
    int rc = UMIG_E_NOMEM;
    if (threads.rows != NULL && threads.open_wait != NULL && threads.pool_of != NULL &&
        threads.heaviest != NULL) {
        rc = UMIG_OK;
        read_totals(&threads);
        read_waits(&threads);
        read_pools(&threads, &writer->figures->wall);
        keep_seen(&threads);
        for (size_t i = 0; i < threads.row_count && i < UMIG_TOP_ROWS_MAX; i++) {
            put_row(writer, &threads, &threads.rows[i]);
        }
        *out_count = threads.row_count;
    }
    free_threads(&threads);
    return rc;
}
