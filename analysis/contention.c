#include "analysis/contention.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/intern.h"
#include "analysis/label.h"
#include "analysis/pins.h"
#include "core/err.h"
#include "core/units.h"

/* The agent tells a wait that goes on every second, and when the session ends. */
#define TOLD_WITHIN_NS (2 * UMIG_NS_PER_S)

enum {
    INDEXES = 5 /* classes, sites, holders, open, holding */
};

/* What is known of one thread's wait that goes on. */
struct open_wait {
    uint64_t wait_ns;
    size_t last; /* index of its last row + 1; 0: it does not wait */
};

/* A wait as it is added: one row of the profile, or what makes a wait of rows that go on. */
struct part {
    const struct umig_profile_wait *wait;
    uint64_t count;
    uint64_t wait_ns;
    uint64_t length_ns; /* of the whole wait so far */
};

static bool same_row(const void *items, uint32_t id, const void *key)
{
    const struct umig_contention_row *row = (const struct umig_contention_row *)items + (id - 1);
    const uint32_t *want = key;
    return row->monitor_class == want[0] && row->frame == want[1] && row->holder_group == want[2];
}

/* Adds a wait to the row with its key; rows has room for one row a wait. */
static int add(struct umig_contention_row *rows,
               size_t *count,
               struct umig_intern *index,
               const uint32_t key[3],
               const struct part *part)
{
    const uint32_t hash = umig_intern_hash(key, 3 * sizeof *key);
    uint32_t id = umig_intern_find(index, hash, same_row, rows, key);
    if (id == 0) {
        if (!umig_intern_reserve(index)) {
            return UMIG_E_NOMEM;
        }
        id = (uint32_t)++ * count;
        rows[id - 1] = (struct umig_contention_row){
            .monitor_class = key[0], .frame = key[1], .holder_group = key[2]};
        umig_intern_put(index, hash, id);
    }
    struct umig_contention_row *row = &rows[id - 1];
    row->count += part->count;
    row->wait_ns += part->wait_ns;
    if (part->length_ns > row->longest_ns) {
        row->longest_ns = part->length_ns;
        row->stack = part->wait->holder_stack;
    }
    return UMIG_OK;
}

static int compare_rows(const void *a, const void *b)
{
    const struct umig_contention_row *x = a;
    const struct umig_contention_row *y = b;
    if (x->wait_ns != y->wait_ns) {
        return x->wait_ns > y->wait_ns ? -1 : 1;
    }
    /* Ids follow the order of the waits: a stable order for equals. */
    const int by_class = memcmp(&x->monitor_class, &y->monitor_class, sizeof x->monitor_class);
    const int by_frame = memcmp(&x->frame, &y->frame, sizeof x->frame);
    return by_class != 0   ? by_class
           : by_frame != 0 ? by_frame
                           : memcmp(&x->holder_group, &y->holder_group, sizeof x->holder_group);
}

static const char *class_at(const struct umig_profile *profile, uint32_t stack)
{
    const uint32_t method = profile->frames.items[profile->stacks.items[stack].frame].method;
    return umig_profile_text(profile, profile->methods.items[method].class_name);
}

/* What a synchronizer does to wait; virtual threads that are pinned go by the last three. */
static bool is_of_waiting(const char *class_name)
{
    static const char *const fronts[] = {"java.util.concurrent.", "java.lang.VirtualThread",
                                         "java.lang.System$", "jdk.internal.misc.VirtualThreads"};
    for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++) {
        if (strncmp(class_name, fronts[i], strlen(fronts[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Who waits for a synchronizer is parked, below what the synchronizer does to wait. */
static uint32_t leave_synchronizer(const struct umig_profile *profile, uint32_t stack)
{
    static const char park[] = "jdk.internal.misc.Unsafe";
    uint32_t at = stack;
    if (at == 0 || strcmp(class_at(profile, at), park) != 0) {
        return stack;
    }
    do {
        at = profile->stacks.items[at].parent;
    } while (at != 0 && is_of_waiting(class_at(profile, at)));
    return at != 0 ? at : stack;
}

/* What the JVM's own classes and the C++ library do to lock a mutex. */
static bool is_of_mutex(const char *function)
{
    static const char *const fronts[] = {
        "Mutex::",         "Monitor::",        "PlatformMutex::",
        "MutexLocker",     "ThreadCritical::", "ConditionalMutexLocker",
        "__gthread_",      "std::mutex::",     "std::lock_guard",
        "std::unique_lock"};
    for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++) {
        if (strncmp(function, fronts[i], strlen(fronts[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Who waits for a mutex of the JVM is named by what wants it. */
static uint32_t leave_mutex(const struct umig_profile *profile, uint32_t stack)
{
    uint32_t at = stack;
    while (at != 0) {
        const struct umig_profile_frame *frame =
            &profile->frames.items[profile->stacks.items[at].frame];
        const char *name = umig_profile_text(profile, profile->methods.items[frame->method].name);
        if (frame->kind != UMIG_FRAME_NATIVE || !is_of_mutex(name)) {
            return at;
        }
        at = profile->stacks.items[at].parent;
    }
    return stack;
}

/* Where a thread waited: a wait inside dispatch belongs to the line that called it. */
static uint32_t site_of(const struct umig_profile *profile, uint32_t stack)
{
    const struct umig_profile_stack *at =
        &profile->stacks.items[leave_mutex(profile, leave_synchronizer(profile, stack))];
    const bool is_dispatch = profile->frames.items[at->frame].kind == UMIG_FRAME_DISPATCH;
    return is_dispatch && at->parent != 0 ? profile->stacks.items[at->parent].frame : at->frame;
}

/* Where a holder was: in the application, or where it was at all. */
static uint32_t holder_site_of(const struct umig_profile *profile, uint32_t stack)
{
    for (uint32_t at = stack; at != 0; at = profile->stacks.items[at].parent) {
        const uint32_t frame = profile->stacks.items[at].frame;
        if (umig_label_is_application(profile, profile->frames.items[frame].method)) {
            return frame;
        }
    }
    return profile->stacks.items[stack].frame;
}

static int add_holding(const struct umig_profile *profile,
                       const struct part *part,
                       struct umig_contention *all,
                       struct umig_intern *index)
{
    const struct umig_profile_wait *wait = part->wait;
    if (wait->holder_stack == 0) {
        return UMIG_OK;
    }
    const uint32_t key[3] = {wait->monitor_class, holder_site_of(profile, wait->holder_stack),
                             profile->threads.items[wait->holder].group};
    return add(all->holding, &all->holding_count, index, key, part);
}

static int add_part(const struct umig_profile *profile,
                    const struct part *part,
                    struct umig_contention *all,
                    struct umig_intern indexes[INDEXES])
{
    const struct umig_profile_wait *wait = part->wait;
    const uint32_t frame = site_of(profile, wait->stack);
    const uint32_t group = profile->threads.items[wait->holder].group;
    const uint32_t by_class[3] = {wait->monitor_class, 0, 0};
    const uint32_t by_site[3] = {wait->monitor_class, frame, 0};
    const uint32_t by_holder[3] = {0, 0, group};
    all->count += part->count;
    all->wait_ns += part->wait_ns;
    int rc = add(all->classes, &all->class_count, &indexes[0], by_class, part);
    rc = rc != UMIG_OK ? rc : add(all->sites, &all->site_count, &indexes[1], by_site, part);
    rc = rc != UMIG_OK ? rc : add(all->holders, &all->holder_count, &indexes[2], by_holder, part);
    return rc != UMIG_OK ? rc : add_holding(profile, part, all, &indexes[4]);
}

static int add_waits(const struct umig_profile *profile,
                     struct open_wait *open,
                     struct umig_contention *all,
                     struct umig_intern indexes[INDEXES])
{
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < profile->waits.count; i++) {
        const struct umig_profile_wait *wait = &profile->waits.items[i];
        if (umig_pins_is_only_pin(profile, wait)) {
            continue; /* it kept its carrier, and waited for no lock */
        }
        struct open_wait *of_thread = &open[wait->thread];
        of_thread->wait_ns += wait->wait_ns;
        of_thread->last = i + 1;
        const struct part part = {wait, wait->count, wait->wait_ns, of_thread->wait_ns};
        rc = add_part(profile, &part, all, indexes);
        if (wait->count > 0) {
            *of_thread = (struct open_wait){0};
        }
    }
    return rc;
}

/* Rows that go on count no wait: here each becomes one, and is listed if nothing ended it. */
static int add_open(const struct umig_profile *profile,
                    const struct open_wait *open,
                    struct umig_contention *all,
                    struct umig_intern indexes[INDEXES])
{
    int rc = UMIG_OK;
    for (size_t thread = 0; rc == UMIG_OK && thread < profile->threads.count; thread++) {
        if (open[thread].last == 0) {
            continue;
        }
        const struct umig_profile_wait *wait = &profile->waits.items[open[thread].last - 1];
        const struct part one = {wait, 1, 0, open[thread].wait_ns};
        rc = add_part(profile, &one, all, indexes);
        if (rc == UMIG_OK && wait->unix_ns + TOLD_WITHIN_NS >= profile->session.end_unix_ns) {
            const struct part whole = {wait, 1, open[thread].wait_ns, open[thread].wait_ns};
            const uint32_t key[3] = {wait->monitor_class, site_of(profile, wait->stack),
                                     profile->threads.items[wait->holder].group};
            all->open_threads++;
            rc = add(all->open, &all->open_count, &indexes[3], key, &whole);
        }
    }
    return rc;
}

static int add_all(const struct umig_profile *profile, struct umig_contention *all)
{
    struct umig_intern indexes[INDEXES] = {0};
    const size_t count = profile->waits.count;
    struct open_wait *open = calloc(profile->threads.count, sizeof *open);
    all->classes = calloc(count, sizeof *all->classes);
    all->sites = calloc(count, sizeof *all->sites);
    all->holders = calloc(count, sizeof *all->holders);
    all->open = calloc(count, sizeof *all->open);
    all->holding = calloc(count, sizeof *all->holding);
    int rc = open == NULL || all->classes == NULL || all->sites == NULL || all->holders == NULL ||
                     all->open == NULL || all->holding == NULL
                 ? UMIG_E_NOMEM
                 : UMIG_OK;
    rc = rc != UMIG_OK ? rc : add_waits(profile, open, all, indexes);
    rc = rc != UMIG_OK ? rc : add_open(profile, open, all, indexes);
    for (size_t i = 0; i < INDEXES; i++) {
        umig_intern_fini(&indexes[i]);
    }
    free(open);
    return rc;
}

int umig_contention_read(const struct umig_profile *profile,
                         struct umig_contention *out_contention,
                         struct umig_err *err)
{
    struct umig_contention all = {0};
    if (profile->waits.count > 0) {
        const int rc = add_all(profile, &all);
        if (rc != UMIG_OK) {
            umig_contention_fini(&all);
            return umig_err_set(err, rc, "no memory for %zu waits", profile->waits.count);
        }
        qsort(all.classes, all.class_count, sizeof *all.classes, compare_rows);
        qsort(all.sites, all.site_count, sizeof *all.sites, compare_rows);
        qsort(all.holders, all.holder_count, sizeof *all.holders, compare_rows);
        qsort(all.open, all.open_count, sizeof *all.open, compare_rows);
        qsort(all.holding, all.holding_count, sizeof *all.holding, compare_rows);
    }
    *out_contention = all;
    return UMIG_OK;
}

/* "were still waiting for a monitor when ..."; the figures of a session end with what is known. */
static const char *open_text(const struct umig_profile_session *session, bool is_one)
{
    if (session->end == UMIG_END_RUNNING && !session->is_end_unknown) {
        return is_one ? " thread is waiting for a lock now."
                      : " threads are waiting for a lock now.";
    }
    const bool is_whole = session->end != UMIG_END_LOST && session->end != UMIG_END_RUNNING;
    if (is_one) {
        return is_whole ? " thread still waited for a lock when the session ended."
                        : " thread still waited for a lock when the last data came.";
    }
    return is_whole ? " threads still waited for a lock when the session ended."
                    : " threads still waited for a lock when the last data came.";
}

void umig_contention_open_sentence(const struct umig_profile *profile,
                                   const struct umig_contention *contention,
                                   struct umig_buf *out)
{
    if (contention->open_threads > 0) {
        umig_label_number(contention->open_threads, out);
        umig_buf_text(out, open_text(&profile->session, contention->open_threads == 1));
    }
}

const char *umig_contention_none(const struct umig_profile *profile)
{
    return profile->session.end == UMIG_END_LOST
               ? "No wait for a lock came in before the data end; what followed is not known."
               : "No thread waited for a lock.";
}

void umig_contention_fini(struct umig_contention *contention)
{
    free(contention->classes);
    free(contention->sites);
    free(contention->holders);
    free(contention->open);
    free(contention->holding);
    *contention = (struct umig_contention){0};
}
