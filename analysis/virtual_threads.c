#include "analysis/virtual_threads.h"

#include <inttypes.h>

#include "analysis/label.h"

enum {
    FIRST_JDK = 21,
    MADE_MIN = 16
};

struct umig_virtual_threads umig_virtual_threads_read(const struct umig_profile *profile)
{
    struct umig_virtual_threads sum = {0};
    for (size_t i = 0; i < profile->thread_totals.count; i++) {
        const struct umig_profile_thread_total *total = &profile->thread_totals.items[i];
        const struct umig_profile_thread *thread = &profile->threads.items[total->thread];
        if (total->kind != UMIG_KIND_CPU || thread->kind != UMIG_THREAD_VIRTUAL) {
            continue;
        }
        if (thread->virtual_id == 0) {
            sum.shared_value += total->value;
            continue;
        }
        sum.told_count++;
        sum.told_value += total->value;
        if (total->value > sum.busiest_value) {
            sum.busiest = total->thread;
            sum.busiest_value = total->value;
        }
    }
    return sum;
}

static void put_busiest(const struct umig_profile *profile,
                        const struct umig_virtual_threads *sum,
                        uint64_t whole,
                        struct umig_buf *out)
{
    const struct umig_profile_thread *thread = &profile->threads.items[sum->busiest];
    umig_label_number(sum->told_count, out);
    umig_buf_text(out, sum->told_count == 1
                           ? " virtual thread is told by itself, "
                           : " virtual threads are told one by one, the busiest, ");
    umig_buf_printf(out, "%s (id %" PRIu64 ")%s", umig_profile_text(profile, thread->name),
                    thread->virtual_id, sum->told_count == 1 ? ", with " : ", has ");
    umig_label_share(sum->busiest_value, whole, out);
}

void umig_virtual_threads_put(const struct umig_profile *profile,
                              uint64_t whole,
                              struct umig_buf *out)
{
    const struct umig_virtual_threads sum = umig_virtual_threads_read(profile);
    if (sum.told_count == 0 && sum.shared_value == 0) {
        return;
    }
    if (sum.busiest != 0) {
        put_busiest(profile, &sum, whole, out);
        umig_buf_text(out, sum.shared_value > 0 ? "; " : ".");
    }
    if (sum.shared_value > 0) {
        umig_label_share(sum.shared_value, whole, out);
        umig_buf_text(out, sum.busiest != 0 ? " is of others, told by pool or carrier."
                                            : " is of virtual threads, told by pool or carrier.");
    }
}

static uint64_t made_of(const struct umig_jvm *jvm)
{
    const uint64_t made = jvm->value[UMIG_JVM_CREATED];
    const uint64_t started = jvm->value[UMIG_JVM_STARTED];
    if (jvm->over_ns == 0 || made == UMIG_JVM_COUNTER_UNKNOWN ||
        started == UMIG_JVM_COUNTER_UNKNOWN) {
        return UMIG_JVM_COUNTER_UNKNOWN;
    }
    return made > started ? made - started : 0;
}

static const struct umig_work_pool *carriers_of(const struct umig_work_pools *pools)
{
    for (size_t i = 0; i < pools->count; i++) {
        if (pools->items[i].sums->kind == UMIG_POOL_CARRIERS) {
            return &pools->items[i];
        }
    }
    return NULL;
}

static bool has_any(const struct umig_profile *profile)
{
    for (size_t i = 1; i < profile->threads.count; i++) {
        if (profile->threads.items[i].kind == UMIG_THREAD_VIRTUAL) {
            return true;
        }
    }
    return false;
}

/* A few that were made prove nothing: the JVM has threads of its own. */
struct umig_virtual_figures umig_virtual_figures_read(const struct umig_profile *profile,
                                                      const struct umig_jvm *jvm,
                                                      const struct umig_work_pools *pools,
                                                      const struct umig_pins *pins)
{
    struct umig_virtual_figures figures = {.made = made_of(jvm), .carriers = carriers_of(pools)};
    figures.are_there = figures.carriers != NULL || pins->row_count > 0 || has_any(profile) ||
                        (figures.made != UMIG_JVM_COUNTER_UNKNOWN && figures.made >= MADE_MIN);
    return figures;
}

void umig_virtual_figures_put_carriers(const struct umig_virtual_figures *figures,
                                       struct umig_buf *out)
{
    const struct umig_work_pool *carriers = figures->carriers;
    if (carriers == NULL) {
        return;
    }
    umig_buf_printf(out, "%.1f of %.1f carriers were at work on average, %" PRIu64 " at most",
                    carriers->active_mean, carriers->size_mean, carriers->sums->active_most);
    if (carriers->queued_mean >= 0) {
        umig_buf_printf(out,
                        "; %.1f virtual threads were ready and waited for one, %" PRIu64 " at most",
                        carriers->queued_mean, carriers->sums->queued_most);
    }
    umig_buf_byte(out, '.');
}

const char *umig_virtual_figures_of_locks(const struct umig_profile *profile,
                                          const struct umig_virtual_figures *figures)
{
    if (figures->are_there) {
        return "Waits of virtual threads are not in it, unless they were pinned to their carriers.";
    }
    return profile->session.jdk < FIRST_JDK || figures->made != UMIG_JVM_COUNTER_UNKNOWN
               ? NULL
               : "Waits of virtual threads, if there were any, are not in it, unless they were "
                 "pinned to their carriers.";
}

void umig_virtual_figures_put_lack(const struct umig_profile *profile,
                                   const struct umig_virtual_figures *figures,
                                   struct umig_buf *out)
{
    const bool *has_kind = profile->session.has_kind;
    const struct {
        bool is_lacking;
        const char *what;
    } kinds[] = {
        {!has_kind[UMIG_KIND_HEAP], "--heap tells how many were made"},
        {!has_kind[UMIG_KIND_POOLS] && figures->carriers == NULL,
         "--pools tells how many were mounted, and how many waited for a carrier"},
        {!has_kind[UMIG_KIND_LOCKS], "--locks tells which were pinned, and by what"},
    };
    const char *lead = "A session with ";
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].is_lacking) {
            umig_buf_printf(out, "%s%s", lead, kinds[i].what);
            lead = ", with ";
        }
    }
    if (lead[0] == ',') {
        umig_buf_text(out, ".");
    }
}
