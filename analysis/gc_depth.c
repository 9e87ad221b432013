#include "analysis/gc_depth.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/label.h"
#include "core/err.h"
#include "core/parse.h"
#include "core/units.h"

/* Steps of the longest pause that are said. */
#define STEPS_SAID 4u

static int compare_sums(const void *a, const void *b)
{
    const struct umig_profile_gc_sum *x = *(const struct umig_profile_gc_sum *const *)a;
    const struct umig_profile_gc_sum *y = *(const struct umig_profile_gc_sum *const *)b;
    if (x->kind != y->kind) {
        return x->kind < y->kind ? -1 : 1;
    }
    if (x->total_ns != y->total_ns) {
        return x->total_ns > y->total_ns ? -1 : 1;
    }
    return x < y ? -1 : x > y; /* the order in which they came */
}

/* The lists are the runs of one kind among all sums. */
static void part_kinds(struct umig_gc_depth *depth, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct umig_profile_gc_sum *sum = depth->all[i];
        struct umig_gc_sums *sums = &depth->of[sum->kind];
        if (sums->count++ == 0) {
            sums->items = &depth->all[i];
        }
        sums->events += sum->count;
        sums->total_ns += sum->total_ns;
        sums->longest_ns = sum->longest_ns > sums->longest_ns ? sum->longest_ns : sums->longest_ns;
    }
}

static void add_figures(struct umig_gc_depth *depth, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct umig_profile_gc_sum *sum = depth->all[i];
        if (sum->kind == UMIG_GC_EVENT_PROMOTION) {
            depth->promoted_bytes += sum->grown;
        } else if (sum->kind == UMIG_GC_EVENT_HUMONGOUS) {
            depth->humongous_freed_bytes += sum->shrunk;
            if (sum->before_most > depth->humongous_most_bytes) {
                depth->humongous_most_bytes = sum->before_most;
            }
        } else if (sum->kind == UMIG_GC_EVENT_SAFEPOINT) {
            depth->reach_ns += sum->before;
            if (sum->before_most > depth->reach_longest_ns) {
                depth->reach_longest_ns = sum->before_most;
            }
        }
    }
}

/* Does this collector free in pauses only? Then what the heap grew by between them was allocated.
 */
static bool frees_in_pauses(const struct umig_profile *profile)
{
    const char *name = umig_profile_text(profile, profile->session.collector_name);
    return strcmp(name, "Serial") == 0 || strcmp(name, "Parallel") == 0 || strcmp(name, "G1") == 0;
}

static void add_allocated(const struct umig_profile *profile, struct umig_gc_depth *depth)
{
    const size_t count = profile->pauses.count;
    if (count < 2 || !frees_in_pauses(profile)) {
        return;
    }
    const struct umig_profile_pause *first = &profile->pauses.items[0];
    for (size_t i = 1; i < count; i++) {
        const struct umig_profile_pause *pause = &profile->pauses.items[i];
        const uint64_t after = pause[-1].after_bytes;
        if (pause->before_bytes != UMIG_BYTES_UNKNOWN && after != UMIG_BYTES_UNKNOWN &&
            pause->before_bytes > after) {
            depth->allocated_bytes += pause->before_bytes - after;
        }
    }
    depth->allocated_over_ns =
        profile->pauses.items[count - 1].start_unix_ns - first->start_unix_ns;
}

static int compare_places(const void *a, const void *b)
{
    const struct umig_gc_late *x = a;
    const struct umig_gc_late *y = b;
    if (x->operation != y->operation) {
        return x->operation < y->operation ? -1 : 1;
    }
    if (x->group != y->group) {
        return x->group < y->group ? -1 : 1;
    }
    return x->frame < y->frame ? -1 : x->frame > y->frame;
}

static int compare_late(const void *a, const void *b)
{
    const struct umig_gc_late *x = a;
    const struct umig_gc_late *y = b;
    if (x->total_ns != y->total_ns) {
        return x->total_ns > y->total_ns ? -1 : 1;
    }
    return compare_places(a, b);
}

/* Equal places stand side by side: each is added to the first of its kind. */
static size_t join_places(struct umig_gc_late *late, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || compare_places(&late[kept - 1], &late[i]) != 0) {
            late[kept++] = late[i];
            continue;
        }
        struct umig_gc_late *to = &late[kept - 1];
        to->count += late[i].count;
        to->total_ns += late[i].total_ns;
        to->longest_ns = late[i].longest_ns > to->longest_ns ? late[i].longest_ns : to->longest_ns;
    }
    return kept;
}

/* The sums are by whole stack: ways that end in one place read as one. */
static int read_late(const struct umig_profile *profile, struct umig_gc_depth *depth)
{
    const struct umig_gc_sums *sums = &depth->of[UMIG_GC_EVENT_LATE];
    if (sums->count == 0) {
        return UMIG_OK;
    }
    depth->late = calloc(sums->count, sizeof *depth->late);
    if (depth->late == NULL) {
        return UMIG_E_NOMEM;
    }
    for (size_t i = 0; i < sums->count; i++) {
        const struct umig_profile_gc_sum *sum = sums->items[i];
        depth->late[i] = (struct umig_gc_late){
            .operation = sum->name,
            .group = sum->stack != 0 ? sum->detail : 0,
            .frame = profile->stacks.items[sum->stack].frame,
            .count = sum->count,
            .total_ns = sum->total_ns,
            .longest_ns = sum->longest_ns,
        };
    }
    qsort(depth->late, sums->count, sizeof *depth->late, compare_places);
    depth->late_count = join_places(depth->late, sums->count);
    qsort(depth->late, depth->late_count, sizeof *depth->late, compare_late);
    return UMIG_OK;
}

int umig_gc_depth_read(const struct umig_profile *profile,
                       struct umig_gc_depth *out_depth,
                       struct umig_err *err)
{
    const size_t count = profile->gc_sums.count;
    const struct umig_profile_session *session = &profile->session;
    struct umig_gc_depth depth = {.has_any = count > 0};
    if (session->end_unix_ns > session->start_unix_ns) {
        depth.session_ns = session->end_unix_ns - session->start_unix_ns;
    }
    add_allocated(profile, &depth);
    if (count > 0) {
        depth.all = calloc(count, sizeof *depth.all);
        if (depth.all == NULL) {
            return umig_err_set(err, UMIG_E_NOMEM, "no memory for %zu sums of collections", count);
        }
        for (size_t i = 0; i < count; i++) {
            depth.all[i] = &profile->gc_sums.items[i];
        }
        qsort(depth.all, count, sizeof *depth.all, compare_sums);
        part_kinds(&depth, count);
        add_figures(&depth, count);
    }
    if (read_late(profile, &depth) != UMIG_OK) {
        umig_gc_depth_fini(&depth);
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for who was late to safepoints");
    }
    *out_depth = depth;
    return UMIG_OK;
}

const char *umig_gc_event_key(enum umig_gc_event_kind kind)
{
    switch (kind) {
#define KEY(name, number, key, text) \
 case UMIG_GC_EVENT_##name:          \
  return (key);
        UMIG_GC_EVENT_TABLE(KEY)
#undef KEY
    case UMIG_GC_EVENT_KINDS:
    default:
        return "unknown";
    }
}

size_t umig_gc_depth_steps(const struct umig_profile *profile,
                           uint32_t pause,
                           size_t most,
                           const struct umig_profile_gc_step **out_steps)
{
    size_t count = 0;
    for (size_t i = 0; i < profile->gc_steps.count; i++) {
        const struct umig_profile_gc_step *step = &profile->gc_steps.items[i];
        size_t at = count;
        while (at > 0 && out_steps[at - 1]->duration_ns < step->duration_ns) {
            at--;
        }
        if (step->pause != pause || at == most) {
            continue;
        }
        count += count < most ? 1 : 0;
        for (size_t to = count - 1; to > at; to--) {
            out_steps[to] = out_steps[to - 1];
        }
        out_steps[at] = step;
    }
    return count;
}

/* What the longest pause was made of, if the log told that of one of the longest. */
static void put_longest(const struct umig_profile *profile, struct umig_buf *out)
{
    const struct umig_profile_gc_step *steps[STEPS_SAID];
    uint32_t pauses[UMIG_PROFILE_LONG_PAUSES];
    const uint32_t pause_count = umig_profile_long_pauses(profile, pauses);
    size_t count = 0;
    for (uint32_t i = 0; i < pause_count && count == 0; i++) {
        const struct umig_profile_pause *pause = &profile->pauses.items[pauses[i]];
        char moment[UMIG_TIME_TEXT_BYTES];
        count = umig_gc_depth_steps(profile, pauses[i], STEPS_SAID, steps);
        if (count > 0) {
            umig_format_time(pause->start_unix_ns, moment);
            umig_buf_text(out, out->len > 0 ? " " : "");
            umig_buf_printf(out, "The longest pause%s, at %s, took ",
                            i == 0 ? "" : " whose steps are known", moment);
            umig_label_value(UMIG_KIND_GC, pause->duration_ns, out);
        }
    }
    for (size_t i = 0; i < count; i++) {
        umig_buf_printf(out, "%s%s ", i == 0 ? ": " : ", ",
                        umig_profile_text(profile, steps[i]->name));
        umig_label_value(UMIG_KIND_GC, steps[i]->duration_ns, out);
    }
    umig_buf_text(out, count > 0 ? "." : "");
}

static void put_rate(uint64_t bytes, uint64_t over_ns, struct umig_buf *out)
{
    if (over_ns > 0) {
        const double a_second = (double)bytes * (double)UMIG_NS_PER_S / (double)over_ns;
        umig_buf_text(out, ", ");
        umig_label_value(UMIG_KIND_HEAP, (uint64_t)a_second, out);
        umig_buf_text(out, " a second");
    }
}

static void put_failures(const struct umig_profile *profile,
                         const struct umig_gc_sums *failures,
                         struct umig_buf *out)
{
    for (size_t i = 0; i < failures->count; i++) {
        const struct umig_profile_gc_sum *sum = failures->items[i];
        umig_buf_text(out, out->len > 0 ? " " : "");
        umig_buf_printf(out, "%s, ", umig_profile_text(profile, sum->name));
        umig_label_number(sum->count, out);
        umig_buf_text(out, sum->count == 1 ? " time." : " times.");
    }
}

void umig_gc_depth_sentence(const struct umig_profile *profile,
                            const struct umig_gc_depth *depth,
                            struct umig_buf *out)
{
    if (depth->allocated_bytes > 0) {
        umig_buf_text(out, out->len > 0 ? " " : "");
        umig_buf_text(out, "Allocated between pauses: ");
        umig_label_value(UMIG_KIND_HEAP, depth->allocated_bytes, out);
        put_rate(depth->allocated_bytes, depth->allocated_over_ns, out);
        umig_buf_byte(out, '.');
    }
    if (depth->of[UMIG_GC_EVENT_PROMOTION].events > 0) {
        umig_buf_text(out, out->len > 0 ? " " : "");
        umig_buf_text(out, "Promoted: ");
        umig_label_value(UMIG_KIND_HEAP, depth->promoted_bytes, out);
        put_rate(depth->promoted_bytes, depth->session_ns, out);
        umig_buf_byte(out, '.');
    }
    if (depth->humongous_most_bytes > 0) {
        umig_buf_text(out, out->len > 0 ? " " : "");
        umig_buf_text(out, "In humongous regions: ");
        umig_label_value(UMIG_KIND_HEAP, depth->humongous_most_bytes, out);
        umig_buf_text(out, " at most before a pause, ");
        umig_label_value(UMIG_KIND_HEAP, depth->humongous_freed_bytes, out);
        umig_buf_text(out, " freed in pauses.");
    }
    put_failures(profile, &depth->of[UMIG_GC_EVENT_FAILURE], out);
    put_longest(profile, out);
}

/* The late thread that was waited for most and whose place is known; NULL: none. */
static const struct umig_gc_late *latest(const struct umig_gc_depth *depth)
{
    for (size_t i = 0; i < depth->late_count; i++) {
        if (depth->late[i].frame != 0) {
            return &depth->late[i];
        }
    }
    return NULL;
}

void umig_gc_depth_put_price(const struct umig_profile *profile,
                             const struct umig_gc_depth *depth,
                             struct umig_buf *out)
{
    const struct umig_gc_late *late = latest(depth);
    if (depth->of[UMIG_GC_EVENT_STALL].total_ns > 0) {
        umig_buf_text(out, "; threads waited ");
        umig_label_value(UMIG_KIND_GC, depth->of[UMIG_GC_EVENT_STALL].total_ns, out);
        umig_buf_text(out, " until the collector had made room");
    }
    if (late != NULL && depth->session_ns > 0 && late->total_ns >= depth->session_ns / 100) {
        umig_buf_text(out, "; ");
        umig_label_share(late->total_ns, depth->session_ns, out);
        umig_buf_text(out, " of the time all others waited for a thread in ");
        umig_label_frame(profile, late->frame, true, out);
        umig_buf_text(out, " to stand");
    }
}

const char *umig_gc_depth_unseen(const struct umig_profile *profile)
{
    return profile->session.has_kind[UMIG_KIND_CPU] ? "no thread was sampled meanwhile"
                                                    : "not known: CPU was not sampled";
}

void umig_gc_depth_fini(struct umig_gc_depth *depth)
{
    free(depth->late);
    free(depth->all);
    *depth = (struct umig_gc_depth){.has_any = false};
}
