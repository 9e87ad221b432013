#include "analysis/allocation.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/intern.h"
#include "analysis/label.h"
#include "core/err.h"
#include "core/units.h"

/* JDK-8356372; docs/adr/0017-allocation.md */
#define FIRST_JDK_THAT_COUNTS 25

/* One of the lists, as it is added up. */
struct list {
    struct umig_allocation_row **rows;
    size_t *count;
    struct umig_intern index;
};

bool umig_allocation_is_object(enum umig_frame_kind kind)
{
    return kind == UMIG_FRAME_ALLOCATED || kind == UMIG_FRAME_OUTSIDE ||
           kind == UMIG_FRAME_HUMONGOUS;
}

static bool same_row(const void *items, uint32_t id, const void *key)
{
    const struct umig_allocation_row *row = (const struct umig_allocation_row *)items + (id - 1);
    const uint32_t *want = key;
    return row->class_method == want[0] && row->frame == want[1];
}

/* The rows have room for one a sample. */
static int add(struct list *list,
               uint32_t class_method,
               uint32_t frame,
               const struct umig_allocation_row *objects)
{
    const uint32_t key[2] = {class_method, frame};
    const uint32_t hash = umig_intern_hash(key, sizeof key);
    struct umig_allocation_row *rows = *list->rows;
    uint32_t id = umig_intern_find(&list->index, hash, same_row, rows, key);
    if (id == 0) {
        if (!umig_intern_reserve(&list->index)) {
            return UMIG_E_NOMEM;
        }
        id = (uint32_t)++ * list->count;
        rows[id - 1] = (struct umig_allocation_row){.class_method = class_method, .frame = frame};
        umig_intern_put(&list->index, hash, id);
    }
    rows[id - 1].objects += objects->objects;
    rows[id - 1].bytes += objects->bytes;
    rows[id - 1].outside_bytes += objects->outside_bytes;
    rows[id - 1].humongous_bytes += objects->humongous_bytes;
    return UMIG_OK;
}

static const struct umig_profile_frame *frame_of(const struct umig_profile *profile, uint32_t stack)
{
    return &profile->frames.items[profile->stacks.items[stack].frame];
}

/* Dispatch allocates for the line that calls. */
uint32_t umig_allocation_place(const struct umig_profile *profile, uint32_t stack)
{
    if (stack != 0 && frame_of(profile, stack)->kind == UMIG_FRAME_DISPATCH) {
        const uint32_t parent = profile->stacks.items[stack].parent;
        stack = parent != 0 ? parent : stack;
    }
    return profile->stacks.items[stack].frame;
}

uint32_t umig_allocation_line(const struct umig_profile *profile, uint32_t stack)
{
    while (stack != 0 && !umig_label_is_application(profile, frame_of(profile, stack)->method)) {
        stack = profile->stacks.items[stack].parent;
    }
    return profile->stacks.items[stack].frame;
}

static int add_sample(const struct umig_profile *profile,
                      const struct umig_profile_sample *sample,
                      struct umig_allocation *all,
                      struct list lists[3])
{
    const struct umig_profile_frame *leaf = frame_of(profile, sample->stack);
    const bool has_class = sample->stack != 0 && umig_allocation_is_object(leaf->kind);
    const uint32_t class_method = has_class ? leaf->method : 0;
    const uint32_t stack = has_class ? profile->stacks.items[sample->stack].parent : sample->stack;
    const struct umig_allocation_row objects = {
        .objects = sample->count,
        .bytes = sample->value,
        .outside_bytes = has_class && leaf->kind == UMIG_FRAME_OUTSIDE ? sample->value : 0,
        .humongous_bytes = has_class && leaf->kind == UMIG_FRAME_HUMONGOUS ? sample->value : 0,
    };
    all->objects += objects.objects;
    all->bytes += objects.bytes;
    all->outside_bytes += objects.outside_bytes;
    all->humongous_bytes += objects.humongous_bytes;
    all->humongous_objects += objects.humongous_bytes > 0 ? objects.objects : 0;
    int rc = add(&lists[0], class_method, 0, &objects);
    rc = rc != UMIG_OK
             ? rc
             : add(&lists[1], class_method, umig_allocation_place(profile, stack), &objects);
    return rc != UMIG_OK ? rc : add(&lists[2], 0, umig_allocation_line(profile, stack), &objects);
}

static int compare_rows(const void *a, const void *b)
{
    const struct umig_allocation_row *x = a;
    const struct umig_allocation_row *y = b;
    if (x->bytes != y->bytes) {
        return x->bytes > y->bytes ? -1 : 1;
    }
    if (x->class_method != y->class_method) {
        return x->class_method < y->class_method ? -1 : 1;
    }
    return x->frame < y->frame ? -1 : x->frame > y->frame;
}

static int add_all(const struct umig_profile *profile, size_t room, struct umig_allocation *all)
{
    struct list lists[3] = {{.rows = &all->classes, .count = &all->class_count},
                            {.rows = &all->places, .count = &all->place_count},
                            {.rows = &all->lines, .count = &all->line_count}};
    int rc = UMIG_OK;
    for (size_t i = 0; i < 3; i++) {
        *lists[i].rows = calloc(room, sizeof **lists[i].rows);
        rc = *lists[i].rows != NULL ? rc : UMIG_E_NOMEM;
    }
    for (size_t i = 0; rc == UMIG_OK && i < profile->samples.count; i++) {
        if (profile->samples.items[i].kind == UMIG_KIND_ALLOC) {
            rc = add_sample(profile, &profile->samples.items[i], all, lists);
        }
    }
    for (size_t i = 0; i < 3; i++) {
        umig_intern_fini(&lists[i].index);
        if (rc == UMIG_OK) {
            qsort(*lists[i].rows, *lists[i].count, sizeof **lists[i].rows, compare_rows);
        }
    }
    return rc;
}

static size_t count_rows(const struct umig_profile *profile)
{
    size_t count = 0;
    for (size_t i = 0; i < profile->samples.count; i++) {
        count += profile->samples.items[i].kind == UMIG_KIND_ALLOC;
    }
    return count;
}

int umig_allocation_read(const struct umig_profile *profile,
                         struct umig_allocation *out_allocation,
                         struct umig_err *err)
{
    const struct umig_profile_session *session = &profile->session;
    struct umig_allocation all = {0};
    const size_t count = count_rows(profile);
    if (session->end_unix_ns > session->start_unix_ns) {
        all.session_ns = session->end_unix_ns - session->start_unix_ns;
    }
    for (size_t i = 0; i < profile->thread_totals.count; i++) {
        const struct umig_profile_thread_total *total = &profile->thread_totals.items[i];
        all.samples += total->kind == UMIG_KIND_ALLOC ? total->count : 0;
    }
    if (count > 0) {
        const int rc = add_all(profile, count, &all);
        if (rc != UMIG_OK) {
            umig_allocation_fini(&all);
            return umig_err_set(err, rc, "no memory for %zu rows of allocation", count);
        }
    }
    all.is_miscounted = session->jdk != 0 && session->jdk < FIRST_JDK_THAT_COUNTS &&
                        all.outside_bytes + all.humongous_bytes > 0;
    *out_allocation = all;
    return UMIG_OK;
}

static void put_part(const struct umig_allocation *all,
                     uint64_t bytes,
                     const char *what,
                     struct umig_buf *out)
{
    if (bytes > 0) {
        umig_buf_text(out, "; ");
        umig_label_share(bytes, all->bytes, out);
        umig_buf_text(out, what);
    }
}

static void put_rate(uint64_t bytes, uint64_t over_ns, struct umig_buf *out)
{
    if (over_ns > 0) {
        const double seconds = (double)over_ns / (double)UMIG_NS_PER_S;
        umig_buf_text(out, ", ");
        umig_label_value(UMIG_KIND_ALLOC, (uint64_t)((double)bytes / seconds), out);
        umig_buf_text(out, " a second");
    }
}

void umig_allocation_sentence(const struct umig_allocation *allocation, struct umig_buf *out)
{
    if (allocation->samples == 0) {
        return;
    }
    umig_label_value(UMIG_KIND_ALLOC, allocation->bytes, out);
    umig_buf_text(out, " in some ");
    umig_label_number(allocation->objects, out);
    umig_buf_text(out, " objects");
    put_rate(allocation->bytes, allocation->session_ns, out);
    put_part(allocation, allocation->outside_bytes, " outside of threads' buffers (TLABs)", out);
    put_part(allocation, allocation->humongous_bytes, " humongous, in some ", out);
    if (allocation->humongous_bytes > 0) {
        umig_label_number(allocation->humongous_objects, out);
        umig_buf_text(out, " objects");
    }
    umig_buf_text(out, ". Estimated from ");
    umig_label_number(allocation->samples, out);
    umig_buf_text(out, allocation->samples == 1 ? " sample." : " samples.");
    if (allocation->collected_bytes > 0) {
        umig_buf_text(out, " By the collections it was ");
        umig_label_value(UMIG_KIND_ALLOC, allocation->collected_bytes, out);
        put_rate(allocation->collected_bytes, allocation->collected_over_ns, out);
        umig_buf_text(out, ", between the first pause and the last.");
    }
}

bool umig_allocation_is_off(const struct umig_allocation *allocation)
{
    const uint64_t bytes = allocation->outside_bytes + allocation->humongous_bytes;
    return allocation->is_miscounted && bytes >= allocation->bytes / 100;
}

void umig_allocation_caveat(const struct umig_allocation *allocation, struct umig_buf *out)
{
    if (!allocation->is_miscounted) {
        return;
    }
    if (!umig_allocation_is_off(allocation)) {
        umig_buf_text(out, " This JVM samples what lies outside of buffers too seldom "
                           "(JDK-8356372, mended in 25): its share is more than stands here.");
        return;
    }
    umig_buf_text(out, " This JVM samples what lies outside of buffers too seldom and what follows "
                       "it too often (JDK-8356372, mended in 25): where that share is large, it is "
                       "more, and the sum is less, than stands here");
    umig_buf_text(out, allocation->collected_bytes > 0
                           ? "; the better sum is that of the collections."
                           : ".");
}

void umig_allocation_fini(struct umig_allocation *allocation)
{
    free(allocation->classes);
    free(allocation->places);
    free(allocation->lines);
    *allocation = (struct umig_allocation){0};
}
