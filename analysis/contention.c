#include "analysis/contention.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/intern.h"
#include "core/err.h"

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
               const struct umig_profile_wait *wait)
{
    const uint32_t hash = umig_intern_hash(key, 3 * sizeof *key);
    uint32_t id = umig_intern_find(index, hash, same_row, rows, key);
    if (id == 0) {
        if (!umig_intern_reserve(index)) {
            return UMIG_E_NOMEM;
        }
        id = (uint32_t)++ * count;
        rows[id - 1] = (struct umig_contention_row){key[0], key[1], key[2], 0, 0, 0};
        umig_intern_put(index, hash, id);
    }
    struct umig_contention_row *row = &rows[id - 1];
    row->count += wait->count;
    row->wait_ns += wait->wait_ns;
    row->longest_ns = wait->wait_ns > row->longest_ns ? wait->wait_ns : row->longest_ns;
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

/* Where a thread waited: a wait inside dispatch belongs to the line that called it. */
static uint32_t site_of(const struct umig_profile *profile, uint32_t stack)
{
    const struct umig_profile_stack *at = &profile->stacks.items[stack];
    const bool is_dispatch = profile->frames.items[at->frame].kind == UMIG_FRAME_DISPATCH;
    return is_dispatch && at->parent != 0 ? profile->stacks.items[at->parent].frame : at->frame;
}

static int add_wait(const struct umig_profile *profile,
                    const struct umig_profile_wait *wait,
                    struct umig_contention *all,
                    struct umig_intern indexes[3])
{
    const uint32_t frame = site_of(profile, wait->stack);
    const uint32_t group = profile->threads.items[wait->holder].group;
    const uint32_t by_class[3] = {wait->monitor_class, 0, 0};
    const uint32_t by_site[3] = {wait->monitor_class, frame, 0};
    const uint32_t by_holder[3] = {0, 0, group};
    all->count += wait->count;
    all->wait_ns += wait->wait_ns;
    int rc = add(all->classes, &all->class_count, &indexes[0], by_class, wait);
    rc = rc != UMIG_OK ? rc : add(all->sites, &all->site_count, &indexes[1], by_site, wait);
    return rc != UMIG_OK ? rc : add(all->holders, &all->holder_count, &indexes[2], by_holder, wait);
}

static int add_all(const struct umig_profile *profile, struct umig_contention *all)
{
    struct umig_intern indexes[3] = {0};
    const size_t count = profile->waits.count;
    all->classes = calloc(count, sizeof *all->classes);
    all->sites = calloc(count, sizeof *all->sites);
    all->holders = calloc(count, sizeof *all->holders);
    int rc =
        all->classes == NULL || all->sites == NULL || all->holders == NULL ? UMIG_E_NOMEM : UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < count; i++) {
        rc = add_wait(profile, &profile->waits.items[i], all, indexes);
    }
    for (size_t i = 0; i < 3; i++) {
        umig_intern_fini(&indexes[i]);
    }
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
    }
    *out_contention = all;
    return UMIG_OK;
}

void umig_contention_fini(struct umig_contention *contention)
{
    free(contention->classes);
    free(contention->sites);
    free(contention->holders);
    *contention = (struct umig_contention){0};
}
