#include "analysis/virtual_threads.h"

#include <inttypes.h>

#include "analysis/label.h"

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
