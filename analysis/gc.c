#include "analysis/gc.h"

#include <stdlib.h>
#include <string.h>

#include "core/err.h"

#define TREND_POINTS_MIN 8
#define TREND_SPAN_MIN_S 10.0

/*
 * Does the heap after this pause say what a collection leaves? Pauses of collectors that free
 * beside the application (ZGC's and Shenandoah's marks, G1's remark) leave what they found.
 */
static bool has_freed(const struct umig_profile_pause *pause)
{
    return pause->after_bytes != UMIG_BYTES_UNKNOWN && pause->before_bytes != UMIG_BYTES_UNKNOWN &&
           pause->after_bytes < pause->before_bytes;
}

static void add_row(struct umig_gc *gc, const struct umig_profile_pause *pause)
{
    size_t at = 0;
    while (at < gc->row_count &&
           (gc->rows[at].collection != pause->collection || gc->rows[at].cause != pause->cause)) {
        at++;
    }
    if (at == gc->row_count) {
        gc->rows[gc->row_count++] = (struct umig_gc_row){.collection = pause->collection,
                                                         .cause = pause->cause,
                                                         .after_bytes = UMIG_BYTES_UNKNOWN};
    }
    struct umig_gc_row *row = &gc->rows[at];
    row->count++;
    row->total_ns += pause->duration_ns;
    row->longest_ns = pause->duration_ns > row->longest_ns ? pause->duration_ns : row->longest_ns;
    if (has_freed(pause)) {
        row->after_bytes = pause->after_bytes;
        row->reclaimed_bytes += pause->before_bytes - pause->after_bytes;
    }
}

static void add_heap(struct umig_gc *gc, const struct umig_profile_pause *pause)
{
    if (!has_freed(pause)) {
        return;
    }
    if (gc->after_count++ == 0) {
        gc->after_first_bytes = pause->after_bytes;
    }
    gc->after_last_bytes = pause->after_bytes;
    if (pause->after_bytes > gc->after_highest_bytes) {
        gc->after_highest_bytes = pause->after_bytes;
    }
    gc->reclaimed_bytes += pause->before_bytes - pause->after_bytes;
}

static int compare_ns(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static int compare_rows(const void *a, const void *b, void *context)
{
    const struct umig_profile *const *at = context;
    const struct umig_profile *profile = *at;
    const struct umig_gc_row *x = a;
    const struct umig_gc_row *y = b;
    if (x->total_ns != y->total_ns) {
        return x->total_ns > y->total_ns ? -1 : 1;
    }
    const int by_kind = strcmp(umig_profile_text(profile, x->collection),
                               umig_profile_text(profile, y->collection));
    return by_kind != 0
               ? by_kind
               : strcmp(umig_profile_text(profile, x->cause), umig_profile_text(profile, y->cause));
}

/* Least squares of heap after a pause over time, both measured from the first point. */
static void set_trend(const struct umig_profile *profile, struct umig_gc *gc)
{
    const struct umig_profile_pause *first = NULL;
    double n = 0;
    double sum_x = 0;
    double sum_y = 0;
    double sum_xx = 0;
    double sum_xy = 0;
    double sum_yy = 0;
    double x = 0;
    for (size_t i = 0; i < profile->pauses.count; i++) {
        const struct umig_profile_pause *pause = &profile->pauses.items[i];
        if (!has_freed(pause)) {
            continue;
        }
        first = first == NULL ? pause : first;
        x = ((double)pause->start_unix_ns - (double)first->start_unix_ns) / 1e9;
        const double y = (double)pause->after_bytes - (double)first->after_bytes;
        n += 1;
        sum_x += x;
        sum_y += y;
        sum_xx += x * x;
        sum_xy += x * y;
        sum_yy += y * y;
    }
    const double spread_x = n * sum_xx - sum_x * sum_x;
    const double spread_y = n * sum_yy - sum_y * sum_y;
    const double both = n * sum_xy - sum_x * sum_y;
    gc->has_trend = n >= TREND_POINTS_MIN && x >= TREND_SPAN_MIN_S && spread_x > 0;
    if (gc->has_trend) {
        gc->trend_bytes_per_s = both / spread_x;
        gc->trend_fit = spread_y > 0 ? both * both / (spread_x * spread_y) : 0;
    }
}

static void set_quantiles(const struct umig_profile *profile,
                          uint64_t *durations,
                          struct umig_gc *gc)
{
    const size_t count = profile->pauses.count;
    for (size_t i = 0; i < count; i++) {
        durations[i] = profile->pauses.items[i].duration_ns;
    }
    qsort(durations, count, sizeof *durations, compare_ns);
    gc->longest_ns = durations[count - 1];
    gc->median_ns = durations[(count - 1) / 2];
    gc->p99_ns = durations[(count * 99 + 99) / 100 - 1];
}

int umig_gc_read(const struct umig_profile *profile, struct umig_gc *out_gc, struct umig_err *err)
{
    const size_t count = profile->pauses.count;
    struct umig_gc gc = {.count = count};
    const struct umig_profile_session *session = &profile->session;
    if (session->end_unix_ns > session->start_unix_ns) {
        gc.session_ns = session->end_unix_ns - session->start_unix_ns;
    }
    if (count == 0) {
        *out_gc = gc;
        return UMIG_OK;
    }
    uint64_t *durations = calloc(count, sizeof *durations);
    gc.rows = calloc(count, sizeof *gc.rows);
    if (durations == NULL || gc.rows == NULL) {
        free(durations);
        free(gc.rows);
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for %zu pauses", count);
    }
    for (size_t i = 0; i < count; i++) {
        gc.total_ns += profile->pauses.items[i].duration_ns;
        add_row(&gc, &profile->pauses.items[i]);
        add_heap(&gc, &profile->pauses.items[i]);
    }
    set_quantiles(profile, durations, &gc);
    set_trend(profile, &gc);
    free(durations);
    qsort_r(gc.rows, gc.row_count, sizeof *gc.rows, compare_rows, &profile);
    *out_gc = gc;
    return UMIG_OK;
}

void umig_gc_put_what(const struct umig_profile *profile,
                      const struct umig_gc_row *row,
                      struct umig_buf *out)
{
    if (row->collection == 0 && row->cause == 0) {
        umig_buf_text(out, "Pause, the JVM told neither kind nor cause");
        return;
    }
    umig_buf_text(out,
                  row->collection != 0 ? umig_profile_text(profile, row->collection) : "Pause");
    if (row->cause != 0) {
        umig_buf_printf(out, ": %s", umig_profile_text(profile, row->cause));
    }
}

const char *umig_gc_none(const struct umig_profile *profile)
{
    return profile->session.end == UMIG_END_LOST
               ? "No pause came in before the data end; what followed is not known."
               : "No pause while the session was on.";
}

void umig_gc_fini(struct umig_gc *gc)
{
    free(gc->rows);
    *gc = (struct umig_gc){0};
}
