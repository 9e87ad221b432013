#include "analysis/loaders.h"

#include <stdlib.h>
#include <string.h>

#include "include/umig/searches.h"

#define WAY_LIMIT_BYTES (1u << 16)

enum {
    KIND_DEPTH = 4 /* frames of a kind's stack */
};

static uint32_t parent_of(const struct umig_profile *profile, uint32_t stack)
{
    return profile->stacks.items[stack].parent;
}

static uint32_t line_of(const struct umig_profile *profile, uint32_t stack)
{
    return profile->frames.items[profile->stacks.items[stack].frame].line;
}

/* Name of a frame without a class; 0: it has one. */
static uint32_t name_of(const struct umig_profile *profile, uint32_t stack)
{
    const struct umig_profile_method *method =
        &profile->methods.items[profile->frames.items[profile->stacks.items[stack].frame].method];
    return method->class_name == 0 ? method->name : 0;
}

static bool is_named(const struct umig_profile *profile, uint32_t stack, const char *name)
{
    return stack != 0 && strcmp(umig_profile_text(profile, name_of(profile, stack)), name) == 0;
}

static const struct umig_profile_sample *find_head(const struct umig_profile *profile)
{
    const struct umig_profile_sample *head = NULL;
    for (size_t i = 0; i < profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        if (umig_retained_is_found(profile, sample) &&
            is_named(profile, sample->stack, UMIG_SEARCHES_LOADERS) &&
            (head == NULL || sample->block > head->block)) {
            head = sample;
        }
    }
    return head;
}

/* The outermost frame of a kind's stack; 0: it is none. */
static uint32_t kind_root(const struct umig_profile *profile, uint32_t stack)
{
    uint32_t root = stack;
    if (profile->stacks.items[stack].depth != KIND_DEPTH) {
        return 0;
    }
    while (parent_of(profile, root) != 0) {
        root = parent_of(profile, root);
    }
    return is_named(profile, root, UMIG_SEARCHES_KIND) ||
                   is_named(profile, root, UMIG_SEARCHES_KINDS)
               ? root
               : 0;
}

/* --- what holds them --- */

/* The last step from a class to its loader says nothing new. */
static uint32_t leave_loader(const struct umig_profile *profile, uint32_t way)
{
    const struct umig_profile_method *method =
        &profile->methods.items[profile->frames.items[profile->stacks.items[way].frame].method];
    const bool is_to_loader =
        way != 0 &&
        strcmp(umig_profile_text(profile, method->class_name), "java.lang.Class") == 0 &&
        strcmp(umig_profile_text(profile, method->name), "classLoader") == 0;
    return is_to_loader && parent_of(profile, way) != 0 ? parent_of(profile, way) : way;
}

static void add_way(const struct umig_profile *profile,
                    const struct umig_profile_sample *sample,
                    struct umig_loaders_row *row)
{
    const uint32_t way = parent_of(profile, sample->stack);
    const bool is_firm = umig_retained_hold_of(profile, way) == UMIG_HOLD_FIRM;
    if (!is_firm) {
        row->softly += sample->count;
        return;
    }
    row->held += sample->count;
    if (way != 0 && sample->count > row->way_loaders) {
        row->way = leave_loader(profile, way);
        row->way_loaders = sample->count;
    }
}

/* Of long arrays some elements stand for all: there are no more than there are. */
static void judge(struct umig_loaders_row *row)
{
    row->held = row->held < row->loaders ? row->held : row->loaders;
    const uint64_t rest = row->loaders - row->held;
    row->softly = row->softly < rest ? row->softly : rest;
    row->surplus = row->held >= row->needed + UMIG_LOADERS_SURPLUS ? row->held - row->needed : 0;
}

static bool was_dealt_out(const char *name)
{
    return strcmp(name, UMIG_SEARCHES_NO_SOURCE) == 0 || strchr(name, '*') != NULL;
}

/* What a person calls it, as umig heap loaders does. */
static uint32_t name_by(const struct umig_profile *profile, uint32_t source, uint32_t class_name)
{
    const char *file = umig_profile_text(profile, source);
    if (!was_dealt_out(file)) {
        return source;
    }
    return was_dealt_out(umig_profile_text(profile, class_name)) &&
                   strcmp(file, UMIG_SEARCHES_NO_SOURCE) != 0
               ? source
               : class_name;
}

static bool is_way_of(const struct umig_profile *profile,
                      const struct umig_profile_sample *kind,
                      uint32_t group,
                      const struct umig_profile_sample *sample)
{
    return sample->block == kind->block && umig_retained_is_found(profile, sample) &&
           is_named(profile, sample->stack, UMIG_SEARCHES_GROUP) &&
           line_of(profile, sample->stack) == group;
}

/* Ways that are told with the same words are one. */
static bool is_same_way(const struct umig_profile *profile, uint32_t one, uint32_t other)
{
    struct umig_buf text = UMIG_BUF_INIT(WAY_LIMIT_BYTES);
    struct umig_buf words = UMIG_BUF_INIT(WAY_LIMIT_BYTES);
    umig_retained_put_way(profile, one, &text);
    umig_retained_put_way(profile, other, &words);
    const bool is_same = strcmp(umig_buf_str(&text), umig_buf_str(&words)) == 0;
    umig_buf_fini(&words);
    umig_buf_fini(&text);
    return is_same;
}

static void read_ways(const struct umig_profile *profile,
                      const struct umig_profile_sample *kind,
                      uint32_t group,
                      struct umig_loaders_row *row)
{
    for (size_t i = 0; i < profile->samples.count; i++) {
        if (is_way_of(profile, kind, group, &profile->samples.items[i])) {
            add_way(profile, &profile->samples.items[i], row);
        }
    }
    row->way_loaders = 0;
    for (size_t i = 0; row->way != 0 && i < profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        if (is_way_of(profile, kind, group, sample) && parent_of(profile, sample->stack) != 0 &&
            is_same_way(profile, row->way,
                        leave_loader(profile, parent_of(profile, sample->stack)))) {
            row->way_loaders += sample->count;
        }
    }
    row->way_loaders = row->way_loaders < row->loaders ? row->way_loaders : row->loaders;
}

static struct umig_loaders_row read_kind(const struct umig_profile *profile,
                                         const struct umig_profile_sample *kind,
                                         uint32_t root)
{
    const uint32_t of_class = parent_of(profile, kind->stack);
    const uint32_t group = line_of(profile, root);
    struct umig_loaders_row row = {
        .name = name_by(profile, name_of(profile, kind->stack), name_of(profile, of_class)),
        .loader_class = name_of(profile, parent_of(profile, of_class)),
        .has_others = is_named(profile, root, UMIG_SEARCHES_KINDS),
        .loaders = kind->count,
        .classes = kind->value,
        .needed = line_of(profile, kind->stack),
    };
    if (group != 0) {
        read_ways(profile, kind, group, &row);
    }
    judge(&row);
    return row;
}

static int compare_rows(const void *a, const void *b)
{
    const struct umig_loaders_row *x = a;
    const struct umig_loaders_row *y = b;
    if (x->surplus != y->surplus) {
        return x->surplus > y->surplus ? -1 : 1;
    }
    if (x->loaders != y->loaders) {
        return x->loaders > y->loaders ? -1 : 1;
    }
    /* Ids follow the order in which names came: a stable order for equals. */
    return x->name < y->name ? -1 : x->name > y->name;
}

void umig_loaders_read(const struct umig_profile *profile, struct umig_loaders *out_loaders)
{
    const struct umig_profile_sample *head = find_head(profile);
    memset(out_loaders, 0, sizeof *out_loaders);
    if (head == NULL) {
        return;
    }
    out_loaders->end = (enum umig_retained_end)line_of(profile, head->stack);
    out_loaders->loaders = head->count;
    for (size_t i = 0; i < profile->samples.count && out_loaders->count < UMIG_LOADERS_MAX; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        const uint32_t root =
            sample->block == head->block && umig_retained_is_found(profile, sample)
                ? kind_root(profile, sample->stack)
                : 0;
        if (root == 0) {
            continue;
        }
        struct umig_loaders_row *row = &out_loaders->rows[out_loaders->count++];
        *row = read_kind(profile, sample, root);
        out_loaders->surplus += row->surplus;
        out_loaders->surplus_classes +=
            row->loaders > 0 ? row->classes * row->surplus / row->loaders : 0;
    }
    qsort(out_loaders->rows, out_loaders->count, sizeof *out_loaders->rows, compare_rows);
}
