/* The panels: what columns each has, and its rows. A new panel is a row of g_panels. */
#include <stdlib.h>
#include <string.h>

#include "analysis/label.h"
#include "report/top_private.h"

/* One column; the first of a panel is what its rows are sorted by at first. */
struct column {
    const char *key, *title;
    enum umig_top_unit unit;
    unsigned rank;  /* where there is no room the highest ranks go first; 0 stays */
    unsigned width; /* texts: columns they get at least */
    bool grows;     /* takes a part of what is left over */
};

struct panel {
    const char *key, *title;
    const struct column *columns;
    size_t column_count;
    /* Appends the rows; returns how many there would be. UMIG_TOP_ROWS_MAX are written at most. */
    size_t (*put)(struct umig_top_writer *writer);
};

static void begin_row(struct umig_top_writer *writer)
{
    umig_buf_text(writer->out, "row");
}

static void end_row(struct umig_top_writer *writer)
{
    umig_buf_byte(writer->out, '\n');
}

static size_t at_most(size_t count)
{
    return count < UMIG_TOP_ROWS_MAX ? count : UMIG_TOP_ROWS_MAX;
}

static void put_part(struct umig_top_writer *writer, uint64_t part, uint64_t whole)
{
    umig_top_number(writer, whole == 0 ? 0 : (uint64_t)(1e6 * (double)part / (double)whole + 0.5));
}

static void put_if_known(struct umig_top_writer *writer, bool is_known, uint64_t number)
{
    if (is_known) {
        umig_top_number(writer, number);
    } else {
        umig_top_unknown(writer);
    }
}

static void put_string(struct umig_top_writer *writer, uint32_t string)
{
    umig_top_text(writer, umig_profile_text(writer->figures->profile, string));
}

static void put_frame(struct umig_top_writer *writer, uint32_t frame)
{
    if (frame != 0) {
        umig_label_frame(writer->figures->profile, frame, false, &writer->text);
    }
    umig_top_made(writer);
}

static void put_method(struct umig_top_writer *writer, uint32_t method)
{
    if (method != 0) {
        umig_label_method(writer->figures->profile, method, false, &writer->text);
    }
    umig_top_made(writer);
}

/* --- methods --- */

static const struct column g_method_columns[] = {
    {"self", "SELF", UMIG_TOP_PART, 0, 0, false},
    {"total", "TOTAL", UMIG_TOP_PART, 1, 0, false},
    {"cpu", "CPU", UMIG_TOP_SHARE, 2, 0, false},
    {"pool", "POOL", UMIG_TOP_TEXT, 3, 14, false},
    {"method", "METHOD", UMIG_TOP_NAME, 0, 16, true},
};

static size_t put_methods(struct umig_top_writer *writer)
{
    const struct umig_hot *cpu = writer->figures->cpu;
    for (size_t i = 0; i < at_most(cpu->method_count); i++) {
        const struct umig_hot_method *method = &cpu->methods[i];
        begin_row(writer);
        put_part(writer, method->self, cpu->value);
        put_part(writer, method->total, cpu->value);
        umig_top_number(writer, method->self);
        umig_hot_put_pool(writer->figures->profile, method, &writer->text);
        umig_top_made(writer);
        put_method(writer, method->method);
        end_row(writer);
    }
    return cpu->method_count;
}

/* --- thread pools and what they do --- */

static const struct column g_state_columns[] = {
    {"cpu", "CPU", UMIG_TOP_SHARE, 0, 0, false},
    {"threads", "THREADS", UMIG_TOP_COUNT, 2, 0, false},
    {"run", "RUN", UMIG_TOP_PART, 1, 0, false},
    {"blocked", "BLOCKED", UMIG_TOP_PART, 1, 0, false},
    {"parked", "PARKED", UMIG_TOP_PART, 1, 0, false},
    {"waiting", "WAIT", UMIG_TOP_PART, 1, 0, false},
    {"sleeping", "SLEEP", UMIG_TOP_PART, 3, 0, false},
    {"io", "I/O", UMIG_TOP_PART, 1, 0, false},
    {"other", "OTHER", UMIG_TOP_PART, 4, 0, false},
    {"pool", "POOL", UMIG_TOP_NAME, 0, 12, true},
};

static void put_states(struct umig_top_writer *writer, const struct umig_wall_pool *pool)
{
    const uint64_t *of = pool->by_state;
    const uint64_t parts[] = {
        of[UMIG_WALL_RUNNING] + of[UMIG_WALL_RUNNABLE],
        of[UMIG_WALL_BLOCKED],
        of[UMIG_WALL_PARKED],
        of[UMIG_WALL_WAITING],
        of[UMIG_WALL_SLEEPING],
        of[UMIG_WALL_IO],
        of[UMIG_WALL_NATIVE] + of[UMIG_WALL_VM],
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (pool->value > 0) {
            put_part(writer, parts[i], pool->value);
        } else {
            umig_top_unknown(writer);
        }
    }
}

static const struct umig_wall_pool *find_wall(const struct umig_top_figures *figures,
                                              uint32_t group)
{
    static const struct umig_wall_pool none = {0};
    for (size_t i = 0; i < figures->wall.pool_count; i++) {
        if (figures->wall.pools[i].group == group) {
            return &figures->wall.pools[i];
        }
    }
    return &none;
}

static void put_pool(struct umig_top_writer *writer,
                     uint32_t group,
                     const struct umig_hot_group *cpu,
                     const struct umig_wall_pool *wall)
{
    const uint32_t of_cpu = cpu != NULL ? cpu->threads : 0;
    const uint32_t threads = of_cpu > wall->threads ? of_cpu : wall->threads;
    begin_row(writer);
    umig_top_number(writer, cpu != NULL ? cpu->value : 0);
    if (threads > 0) {
        umig_top_number(writer, threads);
    } else {
        umig_top_unknown(writer);
    }
    put_states(writer, wall);
    put_string(writer, group);
    end_row(writer);
}

static bool has_cpu(const struct umig_hot *cpu, uint32_t group)
{
    for (size_t i = 0; i < cpu->group_count; i++) {
        if (cpu->groups[i].group == group) {
            return true;
        }
    }
    return false;
}

/* Those with CPU, then those that only wait. */
static size_t put_pools(struct umig_top_writer *writer)
{
    const struct umig_top_figures *figures = writer->figures;
    const struct umig_hot *cpu = figures->cpu;
    size_t count = 0;
    for (size_t i = 0; i < cpu->group_count; i++, count++) {
        if (count < UMIG_TOP_ROWS_MAX) {
            put_pool(writer, cpu->groups[i].group, &cpu->groups[i],
                     find_wall(figures, cpu->groups[i].group));
        }
    }
    for (size_t i = 0; i < figures->wall.pool_count; i++) {
        const struct umig_wall_pool *wall = &figures->wall.pools[i];
        if (has_cpu(cpu, wall->group)) {
            continue;
        }
        if (count++ < UMIG_TOP_ROWS_MAX) {
            put_pool(writer, wall->group, NULL, wall);
        }
    }
    return count;
}

/* --- memory --- */

static const struct column g_heap_columns[] = {
    {"used", "USED", UMIG_TOP_BYTES, 0, 0, false},
    {"committed", "COMMITTED", UMIG_TOP_BYTES, 2, 0, false},
    {"max", "MAX", UMIG_TOP_BYTES, 1, 0, false},
    {"full", "OF MAX", UMIG_TOP_PART, 1, 0, false},
    {"highest", "HIGHEST", UMIG_TOP_BYTES, 3, 0, false},
    {"pool", "POOL", UMIG_TOP_NAME, 0, 16, true},
};

static size_t put_heap(struct umig_top_writer *writer)
{
    const struct umig_pools *pools = &writer->figures->pools;
    size_t count = 0;
    for (size_t i = 0; i < pools->count; i++) {
        const struct umig_pool *pool = &pools->items[i];
        if (pool->points == 0) {
            continue;
        }
        count++;
        begin_row(writer);
        umig_top_number(writer, pool->last_bytes);
        umig_top_number(writer, pool->committed_bytes);
        if (pool->maximum_bytes != UMIG_BYTES_UNKNOWN && pool->maximum_bytes > 0) {
            umig_top_number(writer, pool->maximum_bytes);
            put_part(writer, pool->last_bytes, pool->maximum_bytes);
        } else {
            umig_top_unknown(writer);
            umig_top_unknown(writer);
        }
        umig_top_number(writer, pool->highest_bytes);
        put_string(writer, pool->pool);
        end_row(writer);
    }
    return count;
}

/* --- collections --- */

static const struct column g_gc_columns[] = {
    {"share", "TIME", UMIG_TOP_SHARE, 0, 0, false},
    {"pauses", "PAUSES", UMIG_TOP_COUNT, 0, 0, false},
    {"total", "TOTAL", UMIG_TOP_TIME, 2, 0, false},
    {"longest", "LONGEST", UMIG_TOP_TIME, 0, 0, false},
    {"after", "AFTER", UMIG_TOP_BYTES, 1, 0, false},
    {"freed", "FREED/S", UMIG_TOP_RATE, 3, 0, false},
    {"collection", "COLLECTION", UMIG_TOP_NAME, 0, 12, true},
    {"cause", "CAUSE", UMIG_TOP_NAME, 1, 12, true},
};

static size_t put_gc(struct umig_top_writer *writer)
{
    const struct umig_gc *gc = &writer->figures->gc;
    for (size_t i = 0; i < at_most(gc->row_count); i++) {
        const struct umig_gc_row *row = &gc->rows[i];
        begin_row(writer);
        umig_top_number(writer, row->total_ns);
        umig_top_number(writer, row->count);
        umig_top_number(writer, row->total_ns);
        umig_top_number(writer, row->longest_ns);
        put_if_known(writer, row->after_bytes != UMIG_BYTES_UNKNOWN, row->after_bytes);
        put_if_known(writer, row->after_bytes != UMIG_BYTES_UNKNOWN, row->reclaimed_bytes);
        put_string(writer, row->collection);
        put_string(writer, row->cause);
        end_row(writer);
    }
    return gc->row_count;
}

/* --- allocation --- */

static const struct column g_alloc_columns[] = {
    {"rate", "BYTES/S", UMIG_TOP_RATE, 0, 0, false},
    {"part", "PART", UMIG_TOP_PART, 1, 0, false},
    {"objects", "OBJECTS/S", UMIG_TOP_PER_SECOND, 3, 0, false},
    {"class", "CLASS", UMIG_TOP_NAME, 0, 14, true},
    {"place", "WHERE", UMIG_TOP_NAME, 0, 14, true},
};

static size_t put_allocation(struct umig_top_writer *writer)
{
    const struct umig_allocation *all = &writer->figures->allocation;
    for (size_t i = 0; i < at_most(all->place_count); i++) {
        const struct umig_allocation_row *row = &all->places[i];
        begin_row(writer);
        umig_top_number(writer, row->bytes);
        put_part(writer, row->bytes, all->bytes);
        umig_top_number(writer, row->objects);
        put_method(writer, row->class_method);
        put_frame(writer, row->frame);
        end_row(writer);
    }
    return all->place_count;
}

/* --- locks --- */

static const struct column g_lock_columns[] = {
    {"share", "WAITING", UMIG_TOP_SHARE, 0, 0, false},
    {"now", "NOW", UMIG_TOP_COUNT, 1, 0, false},
    {"waits", "WAITS", UMIG_TOP_COUNT, 2, 0, false},
    {"longest", "LONGEST", UMIG_TOP_TIME, 3, 0, false},
    {"class", "LOCK", UMIG_TOP_NAME, 0, 12, true},
    {"place", "WHERE", UMIG_TOP_NAME, 0, 12, true},
    {"holder", "HELD BY", UMIG_TOP_TEXT, 1, 10, true},
};

/* Threads that wait there now, and who holds what they wait for. */
static uint64_t waiting_now(const struct umig_contention *waits,
                            const struct umig_contention_row *site,
                            uint32_t *out_holder)
{
    uint64_t threads = 0;
    for (size_t i = 0; i < waits->open_count; i++) {
        if (waits->open[i].monitor_class == site->monitor_class &&
            waits->open[i].frame == site->frame) {
            threads += waits->open[i].count;
            *out_holder = *out_holder != 0 ? *out_holder : waits->open[i].holder_group;
        }
    }
    return threads;
}

static uint32_t usual_holder(const struct umig_contention *waits, uint32_t monitor_class)
{
    for (size_t i = 0; i < waits->holding_count; i++) {
        if (waits->holding[i].monitor_class == monitor_class) {
            return waits->holding[i].holder_group;
        }
    }
    return 0;
}

static size_t put_locks(struct umig_top_writer *writer)
{
    const struct umig_contention *waits = &writer->figures->contention;
    for (size_t i = 0; i < at_most(waits->site_count); i++) {
        const struct umig_contention_row *site = &waits->sites[i];
        uint32_t holder = 0;
        const uint64_t threads = waiting_now(waits, site, &holder);
        begin_row(writer);
        umig_top_number(writer, site->wait_ns);
        umig_top_number(writer, threads);
        umig_top_number(writer, site->count);
        umig_top_number(writer, site->longest_ns);
        put_string(writer, site->monitor_class);
        put_frame(writer, site->frame);
        put_string(writer, holder != 0 ? holder : usual_holder(waits, site->monitor_class));
        end_row(writer);
    }
    return waits->site_count;
}

/* --- executors and connection pools --- */

static const struct column g_executor_columns[] = {
    {"used", "USED", UMIG_TOP_PART, 0, 0, false},
    {"full", "FULL", UMIG_TOP_PART, 1, 0, false},
    {"active", "ACTIVE", UMIG_TOP_COUNT, 0, 0, false},
    {"size", "SIZE", UMIG_TOP_COUNT, 0, 0, false},
    {"max", "MAX", UMIG_TOP_COUNT, 2, 0, false},
    {"queued", "QUEUED", UMIG_TOP_COUNT, 0, 0, false},
    {"completed", "DONE/S", UMIG_TOP_PER_SECOND, 3, 0, false},
    {"pool", "POOL", UMIG_TOP_NAME, 0, 14, true},
    {"kind", "KIND", UMIG_TOP_TEXT, 2, 10, false},
};

/* Parts are of the time shown; sizes, what is at work and what waits are those of the last reading.
 */
static size_t put_executors(struct umig_top_writer *writer)
{
    const struct umig_work_pools *pools = &writer->figures->work_pools;
    for (size_t i = 0; i < at_most(pools->count); i++) {
        const struct umig_work_pool *pool = &pools->items[i];
        const struct umig_profile_work_pool *sums = pool->sums;
        begin_row(writer);
        put_part(writer, sums->active, sums->size);
        put_part(writer, sums->full_readings, sums->readings);
        umig_top_number(writer, sums->last.active);
        umig_top_number(writer, sums->last.size);
        put_if_known(writer, sums->last.maximum != UMIG_POOL_UNKNOWN, sums->last.maximum);
        put_if_known(writer, sums->last.queued != UMIG_POOL_UNKNOWN, sums->last.queued);
        put_if_known(writer, pool->has_completed, pool->completed);
        umig_work_pool_put_name(writer->figures->profile, pool, &writer->text);
        umig_top_made(writer);
        umig_top_text(writer, umig_work_pool_kind_key(sums->kind));
        end_row(writer);
    }
    return pools->count;
}

/* --- threads: report/top_threads.c --- */

static const struct column g_thread_columns[] = {
    {"cpu", "CPU", UMIG_TOP_TOTAL_SHARE, 0, 0, false},
    {"alloc", "ALLOC/S", UMIG_TOP_TOTAL_RATE, 2, 0, false},
    {"tid", "TID", UMIG_TOP_NUMBER, 3, 0, false},
    {"state", "STATE", UMIG_TOP_TEXT, 1, 13, false},
    {"thread", "THREAD", UMIG_TOP_NAME, 0, 14, true},
    {"waits", "WAITS FOR", UMIG_TOP_TEXT, 1, 14, true},
};

static size_t put_threads(struct umig_top_writer *writer)
{
    size_t count = 0;
    const int rc = umig_top_threads(writer, &count);
    if (rc != UMIG_OK && writer->out->failed == UMIG_OK) {
        writer->out->failed = rc;
    }
    return count;
}

/* --- all --- */

#define COLUMNS(list) list, sizeof(list) / sizeof(list)[0]

static const struct panel g_panels[] = {
    {"threads", "threads", COLUMNS(g_thread_columns), put_threads},
    {"methods", "methods", COLUMNS(g_method_columns), put_methods},
    {"pools", "pools", COLUMNS(g_state_columns), put_pools},
    {"heap", "heap", COLUMNS(g_heap_columns), put_heap},
    {"gc", "gc", COLUMNS(g_gc_columns), put_gc},
    {"alloc", "alloc", COLUMNS(g_alloc_columns), put_allocation},
    {"locks", "locks", COLUMNS(g_lock_columns), put_locks},
    {"executors", "executors", COLUMNS(g_executor_columns), put_executors},
};

static void put_columns(struct umig_top_writer *writer, const struct panel *panel)
{
    for (size_t i = 0; i < panel->column_count; i++) {
        const struct column *column = &panel->columns[i];
        umig_buf_printf(writer->out, "column\t%s\t%s\t%s\t%u\t%u\t%d\n", column->key, column->title,
                        umig_top_unit_key(column->unit), column->rank, column->width,
                        column->grows);
    }
}

/* The rows are written first: only then is it known how many are left out. */
static void put_panel(struct umig_top_writer *writer, const struct panel *panel)
{
    struct umig_buf rows = UMIG_BUF_INIT(writer->out->limit);
    struct umig_top_writer of_rows = {.figures = writer->figures, .out = &rows};
    of_rows.text.limit = writer->text.limit;
    const size_t count = panel->put(&of_rows);
    umig_buf_printf(writer->out, "panel\t%s\t%s\t%zu\n", panel->key, panel->title,
                    count - at_most(count));
    put_columns(writer, panel);
    umig_buf_put(writer->out, umig_buf_str(&rows), rows.len);
    if (rows.failed != UMIG_OK && writer->out->failed == UMIG_OK) {
        writer->out->failed = rows.failed;
    }
    umig_buf_fini(&of_rows.text);
    umig_buf_fini(&rows);
}

int umig_top_panels(struct umig_top_writer *writer)
{
    for (size_t i = 0; i < sizeof g_panels / sizeof g_panels[0]; i++) {
        put_panel(writer, &g_panels[i]);
    }
    return writer->out->failed;
}
