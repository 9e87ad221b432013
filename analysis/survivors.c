#include "analysis/survivors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/allocation.h"
#include "analysis/intern.h"
#include "analysis/label.h"
#include "analysis/retained.h"
#include "core/err.h"

/* At each end of a span, so many are left out of it. */
#define SPAN_PART 20u

/* From here on an object is no longer one that has only just been allocated. */
#define SETTLED_AGE 4

/* Which snapshots are looked at. */
struct moments {
    uint32_t first, half_way, last; /* blocks; 0: there is none */
};

/* One of the lists, as it is added up. */
struct list {
    struct umig_survivors_row **rows;
    size_t *count;
    struct umig_intern index;
};

static const struct umig_profile_frame *frame_of(const struct umig_profile *profile, uint32_t stack)
{
    return &profile->frames.items[profile->stacks.items[stack].frame];
}

bool umig_survivors_is_head(const struct umig_profile *profile,
                            const struct umig_profile_sample *sample)
{
    const struct umig_profile_frame *leaf = frame_of(profile, sample->stack);
    const struct umig_profile_method *method = &profile->methods.items[leaf->method];
    return sample->kind == UMIG_KIND_LIVE && leaf->kind == UMIG_FRAME_LIVE &&
           method->class_name == 0 &&
           strcmp(umig_profile_text(profile, method->name), "[snapshot]") == 0;
}

/* --- which snapshots --- */

static struct moments find_moments(const struct umig_profile *profile, uint64_t *out_count)
{
    struct moments moments = {0};
    *out_count = 0;
    for (size_t i = 0; i < profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        if (umig_survivors_is_head(profile, sample)) {
            moments.first =
                moments.first == 0 || sample->block < moments.first ? sample->block : moments.first;
            moments.last = sample->block > moments.last ? sample->block : moments.last;
            ++*out_count;
        }
    }
    const uint32_t middle = moments.first + (moments.last - moments.first) / 2;
    for (size_t i = 0; i < profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        if (umig_survivors_is_head(profile, sample) && sample->block <= middle &&
            sample->block > moments.half_way && sample->block < moments.last) {
            moments.half_way = sample->block;
        }
    }
    return moments;
}

/* --- adding up --- */

static bool same_row(const void *items, uint32_t id, const void *key)
{
    const struct umig_survivors_row *row = (const struct umig_survivors_row *)items + (id - 1);
    const uint32_t *want = key;
    return row->class_method == want[0] && row->frame == want[1];
}

static void add_to(struct umig_survivors_row *row,
                   const struct umig_profile_sample *sample,
                   const struct moments *moments,
                   unsigned age)
{
    if (sample->block == moments->half_way) {
        row->half_way_bytes += sample->value;
    } else {
        row->bytes += sample->value;
        row->objects += sample->count;
        row->by_age[age] += sample->value;
    }
}

/* The rows have room for one a sample. */
static int add(struct list *list,
               uint32_t class_method,
               uint32_t frame,
               const struct umig_profile_sample *sample,
               const struct moments *moments,
               unsigned age)
{
    const uint32_t key[2] = {class_method, frame};
    const uint32_t hash = umig_intern_hash(key, sizeof key);
    struct umig_survivors_row *rows = *list->rows;
    uint32_t id = umig_intern_find(&list->index, hash, same_row, rows, key);
    if (id == 0) {
        if (!umig_intern_reserve(&list->index)) {
            return UMIG_E_NOMEM;
        }
        id = (uint32_t)++ * list->count;
        rows[id - 1] = (struct umig_survivors_row){.class_method = class_method, .frame = frame};
        umig_intern_put(&list->index, hash, id);
    }
    add_to(&rows[id - 1], sample, moments, age);
    return UMIG_OK;
}

static int add_sample(const struct umig_profile *profile,
                      const struct umig_profile_sample *sample,
                      const struct moments *moments,
                      struct umig_survivors *survivors,
                      struct list lists[3])
{
    const struct umig_profile_frame *leaf = frame_of(profile, sample->stack);
    const bool is_named =
        leaf->kind == UMIG_FRAME_LIVE && profile->methods.items[leaf->method].class_name != 0;
    const uint32_t class_method = is_named ? leaf->method : 0;
    const unsigned age = leaf->line > 0 && leaf->line <= UMIG_SURVIVORS_AGES ? leaf->line - 1 : 0;
    const uint32_t stack = profile->stacks.items[sample->stack].parent;
    add_to(&survivors->all, sample, moments, age);
    int rc = add(&lists[0], class_method, 0, sample, moments, age);
    rc = rc != UMIG_OK ? rc
                       : add(&lists[1], class_method, umig_allocation_place(profile, stack), sample,
                             moments, age);
    return rc != UMIG_OK
               ? rc
               : add(&lists[2], 0, umig_allocation_line(profile, stack), sample, moments, age);
}

static int compare_rows(const void *a, const void *b)
{
    const struct umig_survivors_row *x = a;
    const struct umig_survivors_row *y = b;
    if (x->bytes != y->bytes) {
        return x->bytes > y->bytes ? -1 : 1;
    }
    if (x->class_method != y->class_method) {
        return x->class_method < y->class_method ? -1 : 1;
    }
    return x->frame < y->frame ? -1 : x->frame > y->frame;
}

/* What was alive half-way only is behind everything that is now. */
static void sort_and_cut(struct list *list)
{
    struct umig_survivors_row *rows = *list->rows;
    qsort(rows, *list->count, sizeof *rows, compare_rows);
    while (*list->count > 0 && rows[*list->count - 1].bytes == 0) {
        --*list->count;
    }
}

static int add_all(const struct umig_profile *profile,
                   const struct moments *moments,
                   size_t room,
                   struct umig_survivors *survivors)
{
    struct list lists[3] = {{.rows = &survivors->classes, .count = &survivors->class_count},
                            {.rows = &survivors->places, .count = &survivors->place_count},
                            {.rows = &survivors->lines, .count = &survivors->line_count}};
    int rc = UMIG_OK;
    for (size_t i = 0; i < 3; i++) {
        *lists[i].rows = calloc(room, sizeof **lists[i].rows);
        rc = *lists[i].rows != NULL ? rc : UMIG_E_NOMEM;
    }
    for (size_t i = 0; rc == UMIG_OK && i < profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        const bool is_looked_at = sample->block == moments->last ||
                                  (sample->block == moments->half_way && moments->half_way != 0);
        if (sample->kind == UMIG_KIND_LIVE && is_looked_at &&
            !umig_retained_is_found(profile, sample)) {
            if (umig_survivors_is_head(profile, sample)) {
                const uint32_t line = frame_of(profile, sample->stack)->line;
                survivors->share = sample->block == moments->last && line > 0 && line <= 32
                                       ? UINT64_C(1) << (line - 1)
                                       : survivors->share;
            } else {
                rc = add_sample(profile, sample, moments, survivors, lists);
            }
        }
    }
    for (size_t i = 0; i < 3; i++) {
        umig_intern_fini(&lists[i].index);
        if (rc == UMIG_OK) {
            sort_and_cut(&lists[i]);
        }
    }
    return rc;
}

int umig_survivors_read(const struct umig_profile *profile,
                        struct umig_survivors *out_survivors,
                        struct umig_err *err)
{
    struct umig_survivors survivors = {0};
    const struct moments moments = find_moments(profile, &survivors.snapshots);
    if (survivors.snapshots > 0) {
        const int rc = add_all(profile, &moments, profile->samples.count, &survivors);
        if (rc != UMIG_OK) {
            umig_survivors_fini(&survivors);
            return umig_err_set(err, rc, "no memory for what stays alive");
        }
    }
    *out_survivors = survivors;
    return UMIG_OK;
}

/* --- words --- */

uint64_t umig_survivors_least(unsigned age)
{
    return age == 0 ? 0 : UINT64_C(1) << (age - 1);
}

void umig_survivors_span(const struct umig_survivors_row *row, struct umig_buf *out)
{
    const uint64_t spare = row->bytes / SPAN_PART;
    unsigned low = 0;
    unsigned high = UMIG_SURVIVORS_AGES - 1;
    for (uint64_t left = 0; low < high && (left += row->by_age[low]) <= spare; low++) {
    }
    for (uint64_t left = 0; high > low && (left += row->by_age[high]) <= spare; high--) {
    }
    const uint64_t least = umig_survivors_least(low);
    const uint64_t most = umig_survivors_least(high + 1) - 1;
    if (high == UMIG_SURVIVORS_AGES - 1) {
        umig_buf_printf(out, "%" PRIu64 " or more", least);
    } else if (least == most) {
        umig_buf_printf(out, "%" PRIu64, least);
    } else {
        umig_buf_printf(out, "%" PRIu64 " to %" PRIu64, least, most);
    }
}

static void put_settled(const struct umig_survivors_row *all, struct umig_buf *out)
{
    uint64_t settled = 0;
    for (unsigned age = SETTLED_AGE; age < UMIG_SURVIVORS_AGES; age++) {
        settled += all->by_age[age];
    }
    umig_label_share(settled, all->bytes, out);
    umig_buf_printf(out, " of it has survived %" PRIu64 " collections or more",
                    umig_survivors_least(SETTLED_AGE));
}

void umig_survivors_sentence(const struct umig_survivors *survivors, struct umig_buf *out)
{
    const struct umig_survivors_row *all = &survivors->all;
    if (survivors->snapshots == 0) {
        return;
    }
    if (all->bytes == 0) {
        umig_buf_text(out, "Nothing that was allocated in this session is known to be alive.");
        return;
    }
    umig_label_value(UMIG_KIND_LIVE, all->bytes, out);
    umig_buf_text(out, " in some ");
    umig_label_number(all->objects, out);
    umig_buf_text(out, " objects, allocated in this session, had not been collected at its last "
                       "snapshot; ");
    put_settled(all, out);
    if (all->half_way_bytes > 0) {
        umig_buf_text(out, ". Half-way it was ");
        umig_label_value(UMIG_KIND_LIVE, all->half_way_bytes, out);
    }
    umig_buf_text(out, ". Estimated from samples");
    if (survivors->share > 1) {
        umig_buf_printf(out, ", of which one in %" PRIu64 " was followed for want of room",
                        survivors->share);
    }
    umig_buf_byte(out, '.');
}

void umig_survivors_fini(struct umig_survivors *survivors)
{
    free(survivors->classes);
    free(survivors->places);
    free(survivors->lines);
    *survivors = (struct umig_survivors){0};
}
