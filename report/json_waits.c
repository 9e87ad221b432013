/* Waits for locks, and deadlocks. */
#include <string.h>

#include "report/json_parts.h"
#include "report/json_put.h"

static void put_thread_name(struct umig_json *json,
                            const struct umig_profile *profile,
                            const char *key,
                            uint32_t thread)
{
    umig_json_put_name(json, profile, key, profile->threads.items[thread].name);
}

static void put_deadlocks(struct umig_json *json,
                          const struct umig_profile *profile,
                          const struct umig_deadlocks *deadlocks)
{
    umig_json_array(json, "deadlocks");
    for (size_t i = 0; i < deadlocks->count;) {
        const uint32_t number = deadlocks->threads[i].number;
        umig_json_object(json, NULL);
        umig_json_number(json, "deadlock", number);
        umig_json_array(json, "threads");
        for (; i < deadlocks->count && deadlocks->threads[i].number == number; i++) {
            const struct umig_deadlock_thread *thread = &deadlocks->threads[i];
            umig_json_object(json, NULL);
            umig_json_text(json, "thread",
                           umig_profile_text(profile, profile->threads.items[thread->thread].name));
            umig_json_number(json, "tid", profile->threads.items[thread->thread].tid);
            umig_json_put_name(json, profile, "waits_for", thread->waits_for);
            put_thread_name(json, profile, "held_by", thread->holder);
            umig_json_put_name(json, profile, "holds", thread->holds);
            umig_json_number(json, "wait_ns", thread->wait_ns);
            umig_json_put_stack(json, profile, thread->stack);
            umig_json_object_end(json);
        }
        umig_json_array_end(json);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_waits(struct umig_json *json,
                      const struct umig_profile *profile,
                      const char *key,
                      const struct umig_contention_row *rows,
                      size_t count)
{
    umig_json_array(json, key);
    for (size_t i = 0; i < count; i++) {
        umig_json_object(json, NULL);
        umig_json_put_name(json, profile, "monitor_class", rows[i].monitor_class);
        if (rows[i].frame != 0) {
            umig_json_put_frame(json, profile, &profile->frames.items[rows[i].frame]);
        }
        umig_json_put_name(json, profile, "holder_pool", rows[i].holder_group);
        umig_json_number(json, "waits", rows[i].count);
        umig_json_number(json, "wait_ns", rows[i].wait_ns);
        umig_json_number(json, "longest_ns", rows[i].longest_ns);
        if (strcmp(key, "holding") == 0) {
            umig_json_put_stack(json, profile, rows[i].stack);
        }
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

void umig_report_json_contention(struct umig_json *json, const struct umig_figures *figures)
{
    const struct umig_contention *waits = &figures->contention;
    umig_json_object(json, "contention");
    umig_json_number(json, "waits", waits->count);
    umig_json_number(json, "wait_ns", waits->wait_ns);
    const char *unseen = umig_virtual_figures_of_locks(figures->profile, &figures->virtual_threads);
    if (unseen != NULL) {
        umig_json_text(json, "not_measured", unseen);
    }
    put_waits(json, figures->profile, "classes", waits->classes, waits->class_count);
    put_waits(json, figures->profile, "sites", waits->sites, waits->site_count);
    put_waits(json, figures->profile, "holders", waits->holders, waits->holder_count);
    put_waits(json, figures->profile, "holding", waits->holding, waits->holding_count);
    put_deadlocks(json, figures->profile, &figures->deadlocks);
    umig_json_number(json, "still_waiting_threads", waits->open_threads);
    put_waits(json, figures->profile, "still_waiting", waits->open, waits->open_count);
    umig_json_object_end(json);
}
