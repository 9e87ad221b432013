/* The frame of the document and the facts about the session; the panels are in top_panels.c. */
#include "report/top.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/deadlocks.h"
#include "analysis/fold.h"
#include "analysis/label.h"
#include "analysis/quality.h"
#include "core/err.h"
#include "core/units.h"
#include "report/cells.h"
#include "report/top_private.h"

#define TEXT_LIMIT_BYTES (1u << 20)

const char *umig_top_unit_key(enum umig_top_unit unit)
{
    static const char *const keys[UMIG_TOP_UNITS] = {
#define KEY(name, key) [UMIG_TOP_##name] = (key),
        UMIG_TOP_UNIT_TABLE(KEY)
#undef KEY
    };
    return (unsigned)unit < UMIG_TOP_UNITS ? keys[unit] : "?";
}

void umig_top_number(struct umig_top_writer *writer, uint64_t number)
{
    umig_buf_printf(writer->out, "\t%" PRIu64, number);
}

void umig_top_unknown(struct umig_top_writer *writer)
{
    umig_buf_text(writer->out, "\t-");
}

/* A text "-" would read as unknown; what is empty is that. */
void umig_top_text(struct umig_top_writer *writer, const char *text)
{
    umig_buf_byte(writer->out, '\t');
    umig_cells_clean(text[0] == '\0' ? "-" : text, writer->out);
}

void umig_top_made(struct umig_top_writer *writer)
{
    if (writer->text.failed != UMIG_OK && writer->out->failed == UMIG_OK) {
        writer->out->failed = writer->text.failed;
    }
    umig_top_text(writer, umig_buf_str(&writer->text));
    umig_buf_clear(&writer->text);
}

/* --- facts --- */

static void fact(struct umig_top_writer *writer, const char *key, uint64_t number)
{
    umig_buf_printf(writer->out, "fact\t%s", key);
    umig_top_number(writer, number);
    umig_buf_byte(writer->out, '\n');
}

/* What is not known is left out. */
static void fact_text(struct umig_top_writer *writer, const char *key, const char *text)
{
    if (text[0] != '\0') {
        umig_buf_printf(writer->out, "fact\t%s", key);
        umig_top_text(writer, text);
        umig_buf_byte(writer->out, '\n');
    }
}

static void put_session(struct umig_top_writer *writer)
{
    const struct umig_profile *profile = writer->figures->profile;
    const struct umig_profile_session *session = &profile->session;
    fact_text(writer, "session", umig_profile_text(profile, session->id));
    fact_text(writer, "service", umig_profile_text(profile, session->service));
    fact_text(writer, "host", umig_profile_text(profile, session->host));
    fact_text(writer, "gc", umig_profile_text(profile, session->collector_name));
    fact_text(writer, "problem", umig_profile_text(profile, session->problem));
    fact_text(writer, "end", umig_quality_end_key(session->end));
    fact(writer, "pid", session->pid);
    fact(writer, "jdk", session->jdk);
    fact(writer, "cpus", session->cpu_count);
    fact(writer, "began_unix_ns", session->began_unix_ns);
    fact(writer, "from_unix_ns", session->start_unix_ns);
    fact(writer, "to_unix_ns", session->end_unix_ns);
    fact(writer, "agent_cpu_total_ns", session->agent_cpu_ns);
    fact(writer, "agent_bytes", session->agent_memory_bytes);
    for (unsigned kind = 1; kind < UMIG_KIND_COUNT; kind++) {
        if (session->has_kind[kind]) {
            fact_text(writer, "kind", umig_quality_kind_key((enum umig_kind)kind));
        }
    }
}

/* What is missing from the figures, by kind and cause, since the session began. */
static void put_dropped(struct umig_top_writer *writer)
{
    const struct umig_profile *profile = writer->figures->profile;
    for (unsigned kind = 1; kind < UMIG_KIND_COUNT; kind++) {
        for (unsigned cause = 0; cause < UMIG_DROP_COUNT; cause++) {
            const uint64_t value = profile->tallies[kind].dropped[cause];
            if (value > 0 && cause != UMIG_DROP_REMAINDER) {
                umig_buf_printf(&writer->text, "%s%s %s ", writer->text.len > 0 ? ", " : "",
                                umig_quality_kind_key((enum umig_kind)kind),
                                umig_quality_drop_key((enum umig_drop)cause));
                umig_quality_put_amount((enum umig_kind)kind, value, &writer->text);
            }
        }
    }
    if (writer->text.len > 0) {
        umig_buf_text(writer->out, "fact\tdropped");
        umig_top_made(writer);
        umig_buf_byte(writer->out, '\n');
    }
}

static void put_memory(struct umig_top_writer *writer)
{
    const struct umig_top_figures *figures = writer->figures;
    uint64_t heap = 0;
    bool has_heap = false;
    for (size_t i = 0; i < figures->pools.count; i++) {
        const struct umig_pool *pool = &figures->pools.items[i];
        const char *name = umig_profile_text(figures->profile, pool->pool);
        if (pool->points > 0 && umig_pools_is_heap(name)) {
            heap += pool->last_bytes;
            has_heap = true;
        } else if (pool->points > 0 && strcmp(name, "RSS") == 0) {
            fact(writer, "rss_bytes", pool->last_bytes);
        }
    }
    if (has_heap) {
        fact(writer, "heap_bytes", heap);
        fact(writer, "heap_max_bytes", figures->profile->session.max_heap_bytes);
    }
}

/* What pauses say of the heap; of allocation only what nobody samples. */
static void put_gc_heap(struct umig_top_writer *writer)
{
    const struct umig_top_figures *figures = writer->figures;
    const struct umig_gc_depth *depth = &figures->gc_depth;
    if (figures->gc.after_count > 0) {
        fact(writer, "gc_after_bytes", figures->gc.after_last_bytes);
    }
    if (!figures->profile->session.has_kind[UMIG_KIND_ALLOC] && depth->allocated_over_ns > 0) {
        fact(writer, "allocated_bytes",
             (uint64_t)((double)depth->allocated_bytes / (double)depth->allocated_over_ns *
                            (double)figures->window_ns +
                        0.5));
    }
}

static void put_sums(struct umig_top_writer *writer)
{
    const struct umig_top_figures *figures = writer->figures;
    const struct umig_profile_session *session = &figures->profile->session;
    if (session->has_kind[UMIG_KIND_CPU]) {
        fact(writer, "cpu_ns", figures->cpu->value);
        fact(writer, "dispatch_ns", figures->cpu->dispatch);
    }
    if (session->has_kind[UMIG_KIND_GC]) {
        fact(writer, "gc_pauses", figures->gc.count);
        fact(writer, "gc_ns", figures->gc.total_ns);
        fact(writer, "gc_longest_ns", figures->gc.longest_ns);
        put_gc_heap(writer);
    }
    if (session->has_kind[UMIG_KIND_ALLOC]) {
        fact(writer, "allocated_bytes", figures->allocation.bytes);
    }
    if (session->has_kind[UMIG_KIND_LOCKS]) {
        fact(writer, "wait_ns", figures->contention.wait_ns);
        fact(writer, "waiting_threads", figures->contention.open_threads);
    }
}

static int put_deadlocks(struct umig_top_writer *writer)
{
    struct umig_deadlocks deadlocks = {0};
    const int rc = umig_deadlocks_read(writer->figures->profile, &deadlocks, NULL);
    if (rc == UMIG_OK && deadlocks.deadlocks > 0) {
        fact(writer, "deadlocks", deadlocks.deadlocks);
    }
    umig_deadlocks_fini(&deadlocks);
    return rc;
}

/* --- all --- */

static int read_figures(const struct umig_profile *profile,
                        struct umig_top_figures *f,
                        struct umig_err *err)
{
    const struct umig_profile_session *session = &profile->session;
    f->window_ns = session->end_unix_ns > session->start_unix_ns
                       ? session->end_unix_ns - session->start_unix_ns
                       : 1;
    int rc = umig_fold(profile, NULL, &f->profile, err);
    rc = rc != UMIG_OK
             ? rc
             : umig_hot_create(f->profile, UMIG_KIND_CPU, UMIG_HOT_ALL_GROUPS, &f->cpu, err);
    rc = rc != UMIG_OK ? rc : umig_gc_read(f->profile, &f->gc, err);
    rc = rc != UMIG_OK ? rc : umig_gc_depth_read(f->profile, &f->gc_depth, err);
    rc = rc != UMIG_OK ? rc : umig_contention_read(f->profile, &f->contention, err);
    rc = rc != UMIG_OK ? rc : umig_allocation_read(f->profile, &f->allocation, err);
    rc = rc != UMIG_OK ? rc : umig_pools_read(f->profile, &f->pools, err);
    rc = rc != UMIG_OK ? rc : umig_work_pools_read(f->profile, &f->work_pools, err);
    return rc != UMIG_OK ? rc : umig_wall_figures_read(f->profile, 0, &f->wall, err);
}

static void free_figures(struct umig_top_figures *f)
{
    umig_wall_figures_fini(&f->wall);
    umig_work_pools_fini(&f->work_pools);
    umig_pools_fini(&f->pools);
    umig_allocation_fini(&f->allocation);
    umig_contention_fini(&f->contention);
    umig_gc_depth_fini(&f->gc_depth);
    umig_gc_fini(&f->gc);
    umig_hot_destroy(f->cpu);
    umig_profile_destroy(f->profile);
}

int umig_top_write(const struct umig_profile *profile, struct umig_buf *out, struct umig_err *err)
{
    struct umig_top_figures figures = {0};
    struct umig_top_writer writer = {
        .figures = &figures, .out = out, .text = UMIG_BUF_INIT(TEXT_LIMIT_BYTES)};
    int rc = read_figures(profile, &figures, err);
    if (rc == UMIG_OK) {
        umig_buf_text(out, UMIG_TOP_MAGIC "\t" UMIG_TOP_VERSION "\n");
        put_session(&writer);
        put_dropped(&writer);
        put_memory(&writer);
        put_sums(&writer);
        rc = put_deadlocks(&writer);
        rc = rc != UMIG_OK ? rc : umig_top_panels(&writer);
        umig_buf_text(out, "end\n");
        rc = rc != UMIG_OK ? rc : out->failed;
        rc = rc != UMIG_OK ? umig_err_set(err, rc, "no room for the rows of umig top") : UMIG_OK;
    }
    umig_buf_fini(&writer.text);
    free_figures(&figures);
    return umig_err_trace(err, rc);
}
