#include "report/figures.h"

#include <inttypes.h>
#include <stdlib.h>

#include "analysis/fold.h"
#include "analysis/label.h"
#include "core/err.h"
#include "core/parse.h"

#define OTHERS_MAX 8 /* that are named */

static int read_all(struct umig_figures *f, struct umig_err *err)
{
    int rc = umig_hot_create(f->profile, UMIG_KIND_CPU, UMIG_HOT_ALL_GROUPS, &f->cpu, err);
    rc = rc != UMIG_OK
             ? rc
             : umig_paths_find(f->profile, UMIG_KIND_CPU, UMIG_FIGURES_PATHS_MAX, &f->paths, err);
    umig_jvm_read(f->profile, &f->jvm);
    rc = rc != UMIG_OK ? rc : umig_gc_read(f->profile, &f->gc, err);
    rc = rc != UMIG_OK ? rc : umig_gc_depth_read(f->profile, &f->gc_depth, err);
    rc = rc != UMIG_OK ? rc : umig_contention_read(f->profile, &f->contention, err);
    rc = rc != UMIG_OK ? rc : umig_pins_read(f->profile, &f->pins, err);
    rc = rc != UMIG_OK ? rc : umig_deadlocks_read(f->profile, &f->deadlocks, err);
    rc = rc != UMIG_OK ? rc : umig_pools_read(f->profile, &f->pools, err);
    rc = rc != UMIG_OK ? rc : umig_work_pools_read(f->profile, &f->work_pools, err);
    f->virtual_threads = umig_virtual_figures_read(f->profile, &f->jvm, &f->work_pools, &f->pins);
    rc = rc != UMIG_OK ? rc
                       : umig_wall_figures_read(f->profile, UMIG_FIGURES_PATHS_MAX, &f->wall, err);
    rc = rc != UMIG_OK ? rc : umig_allocation_read(f->profile, &f->allocation, err);
    f->allocation.collected_bytes = f->gc_depth.allocated_bytes;
    f->allocation.collected_over_ns = f->gc_depth.allocated_over_ns;
    rc = rc != UMIG_OK ? rc
                       : umig_paths_find(f->profile, UMIG_KIND_ALLOC, UMIG_FIGURES_PATHS_MAX,
                                         &f->allocation_paths, err);
    rc = rc != UMIG_OK ? rc : umig_survivors_read(f->profile, &f->survivors, err);
    rc = rc != UMIG_OK ? rc : umig_suspects_find(f->profile, &f->suspects, err);
    if (rc == UMIG_OK) {
        umig_retained_read(f->profile, &f->retained);
        umig_loaders_read(f->profile, &f->loaders);
        umig_suspects_clear(f->profile, &f->retained, &f->suspects);
    }
    umig_quality_read(f->profile, &f->quality);
    umig_cost_read(f->profile, &f->cost);
    return rc;
}

/* The folded form beside the unfolded one that is shown. */
static int read_folded(const struct umig_profile *profile,
                       struct umig_figures *figures,
                       struct umig_err *err)
{
    figures->folded = calloc(1, sizeof *figures->folded);
    if (figures->folded == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for a report's figures");
    }
    return umig_figures_read(profile, false, figures->folded, err);
}

int umig_figures_read(const struct umig_profile *profile,
                      bool unfold,
                      struct umig_figures *out_figures,
                      struct umig_err *err)
{
    struct umig_figures figures = {0};
    const struct umig_fold_options options = {.keep_dispatch = unfold};
    int rc = umig_fold(profile, &options, &figures.profile, err);
    rc = rc != UMIG_OK ? rc : read_all(&figures, err);
    rc = rc == UMIG_OK && unfold ? read_folded(profile, &figures, err) : rc;
    if (rc != UMIG_OK) {
        umig_figures_fini(&figures);
        return umig_err_trace(err, rc);
    }
    *out_figures = figures;
    return UMIG_OK;
}

void umig_figures_put_spacing(const struct umig_figures *figures, struct umig_buf *out)
{
    const uint64_t interval_ns = figures->profile->session.interval_ns[UMIG_KIND_CPU];
    const uint64_t spacing_ns =
        figures->cpu->count > 0 ? figures->cpu->value / figures->cpu->count : 0;
    const uint32_t told = figures->cost.all.divisors[UMIG_KIND_CPU];
    const uint32_t divisor = told > 1 ? told : 1;
    if (interval_ns == 0 || spacing_ns <= interval_ns + interval_ns / 2) {
        return;
    }
    umig_buf_text(out, "; a sample came every ");
    umig_label_value(UMIG_KIND_CPU, spacing_ns, out);
    umig_buf_text(out, " of CPU on average (");
    if (divisor > 1) {
        umig_buf_printf(out, "for the budget cpu was taken 1/%" PRIu32 " as often at times",
                        divisor);
    }
    if (spacing_ns > divisor * (interval_ns + interval_ns / 2)) {
        umig_buf_text(out, divisor > 1 ? "; " : "");
        umig_buf_text(out, "the kernel's ticks are coarser, or stacks so deep that samples wait to "
                           "stay cheap");
    }
    umig_buf_text(out, "), weights make up for it");
}

void umig_figures_put_others(const struct umig_figures *figures, struct umig_buf *out)
{
    const struct umig_profile *profile = figures->profile;
    const size_t count = profile->others.count;
    if (count == 0) {
        return;
    }
    umig_buf_printf(out, "%zu other session%s ran in this JVM meanwhile: ", count,
                    count == 1 ? "" : "s");
    for (size_t i = 0; i < count && i < OTHERS_MAX; i++) {
        umig_buf_printf(out, "%s%s", i > 0 ? ", " : "",
                        umig_profile_text(profile, profile->others.items[i]));
    }
    if (count > OTHERS_MAX) {
        umig_buf_printf(out, " and %zu more", count - OTHERS_MAX);
    }
    umig_buf_byte(out, '.');
}

void umig_figures_put_fired(const struct umig_figures *figures, struct umig_buf *out)
{
    const struct umig_profile *profile = figures->profile;
    const struct umig_profile_session *session = &profile->session;
    char moment[UMIG_TIME_TEXT_BYTES];
    if (session->fired_unix_ns == 0) {
        return;
    }
    umig_format_time(session->fired_unix_ns, moment);
    umig_buf_printf(out, "fired because %s at %s (%s); ",
                    umig_profile_text(profile, session->because), moment,
                    umig_profile_text(profile, session->when));
    if (session->fired_unix_ns > session->start_unix_ns) {
        umig_buf_text(out, "the ");
        umig_label_value(UMIG_KIND_CPU, session->fired_unix_ns - session->start_unix_ns, out);
        umig_buf_text(out, " before are included");
    } else {
        umig_buf_text(out, "nothing of before is included");
    }
}

const struct umig_figures *umig_figures_folded(const struct umig_figures *figures)
{
    return figures->folded != NULL ? figures->folded : figures;
}

struct umig_verdict_figures umig_figures_verdict(const struct umig_figures *shown)
{
    const struct umig_figures *figures = umig_figures_folded(shown);
    return (struct umig_verdict_figures){
        .profile = figures->profile,
        .cpu = figures->cpu,
        .paths = &figures->paths,
        .gc = &figures->gc,
        .gc_depth = &figures->gc_depth,
        .contention = &figures->contention,
        .jvm = &figures->jvm,
        .wall = &figures->wall,
        .allocation = &figures->allocation,
        .work_pools = &figures->work_pools,
        .quality = &figures->quality,
    };
}

void umig_figures_fini(struct umig_figures *figures)
{
    umig_wall_figures_fini(&figures->wall);
    umig_paths_fini(&figures->allocation_paths);
    umig_allocation_fini(&figures->allocation);
    umig_survivors_fini(&figures->survivors);
    umig_pools_fini(&figures->pools);
    umig_work_pools_fini(&figures->work_pools);
    umig_contention_fini(&figures->contention);
    umig_pins_fini(&figures->pins);
    umig_deadlocks_fini(&figures->deadlocks);
    umig_gc_depth_fini(&figures->gc_depth);
    umig_gc_fini(&figures->gc);
    umig_paths_fini(&figures->paths);
    umig_hot_destroy(figures->cpu);
    umig_profile_destroy(figures->profile);
    if (figures->folded != NULL) {
        umig_figures_fini(figures->folded);
        free(figures->folded);
    }
    *figures = (struct umig_figures){0};
}
