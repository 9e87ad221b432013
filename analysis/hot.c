#include "analysis/hot.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/intern.h"
#include "analysis/label.h"
#include "core/err.h"

/* One method in one thread group. */
struct cell {
    uint32_t method, group;
    uint64_t total;
};

struct work {
    const struct umig_profile *profile;
    struct umig_hot *hot;
    struct umig_hot_method *methods; /* by method id */
    uint32_t *seen;                  /* by method id: the last sample that counted it, + 1 */
    struct umig_hot_group *groups;   /* by string id */
    struct cell *cells;
    size_t cell_count, cell_room;
    struct umig_intern cell_index;
    struct umig_intern site_index;
    size_t site_room;
};

static bool same_cell(const void *items, uint32_t id, const void *key)
{
    const struct cell *cell = (const struct cell *)items + (id - 1);
    const uint32_t *want = key;
    return cell->method == want[0] && cell->group == want[1];
}

static bool same_site(const void *items, uint32_t id, const void *key)
{
    const struct umig_hot_site *site = (const struct umig_hot_site *)items + (id - 1);
    const uint32_t *want = key;
    return site->method == want[0] && site->line == want[1] && site->way == want[2];
}

/* Room for one more of a growing array. */
static bool grow(void **items, size_t count, size_t *room, size_t item_bytes)
{
    if (count < *room) {
        return true;
    }
    const size_t more = *room == 0 ? 64 : *room * 2;
    void *grown = realloc(*items, more * item_bytes);
    if (grown == NULL) {
        return false;
    }
    *items = grown;
    *room = more;
    return true;
}

static int add_cell(struct work *w, uint32_t method, uint32_t group, uint64_t value)
{
    const uint32_t key[2] = {method, group};
    const uint32_t hash = umig_intern_hash(key, sizeof key);
    const uint32_t found = umig_intern_find(&w->cell_index, hash, same_cell, w->cells, key);
    if (found != 0) {
        w->cells[found - 1].total += value;
        return UMIG_OK;
    }
    void *cells = w->cells;
    if (!umig_intern_reserve(&w->cell_index) ||
        !grow(&cells, w->cell_count, &w->cell_room, sizeof *w->cells)) {
        return UMIG_E_NOMEM;
    }
    w->cells = cells;
    w->cells[w->cell_count++] = (struct cell){method, group, value};
    umig_intern_put(&w->cell_index, hash, (uint32_t)w->cell_count);
    return UMIG_OK;
}

/*
 * Whose line it is: a library calls closures on somebody's behalf, so the next frame above it that
 * the application wrote; the library's own if there is none.
 */
static const struct umig_profile_frame *find_caller(const struct umig_profile *profile,
                                                    uint32_t stack)
{
    for (uint32_t at = stack; at != 0; at = profile->stacks.items[at].parent) {
        const struct umig_profile_frame *frame =
            &profile->frames.items[profile->stacks.items[at].frame];
        if (umig_label_is_application(profile, frame->method)) {
            return frame;
        }
    }
    return &profile->frames.items[profile->stacks.items[stack].frame];
}

/* A leaf of dispatch belongs to the line that called. */
static int add_site(struct work *w, const struct umig_profile_sample *sample)
{
    const struct umig_profile_stack *stack = &w->profile->stacks.items[sample->stack];
    const struct umig_profile_frame *leaf = &w->profile->frames.items[stack->frame];
    if (leaf->kind != UMIG_FRAME_DISPATCH) {
        return UMIG_OK;
    }
    const struct umig_profile_frame *caller = find_caller(w->profile, stack->parent);
    const uint32_t key[3] = {caller->method, caller->line, leaf->method};
    const uint32_t hash = umig_intern_hash(key, sizeof key);
    w->hot->dispatch += sample->value;
    uint32_t id = umig_intern_find(&w->site_index, hash, same_site, w->hot->sites, key);
    if (id == 0) {
        void *sites = w->hot->sites;
        if (!umig_intern_reserve(&w->site_index) ||
            !grow(&sites, w->hot->site_count, &w->site_room, sizeof *w->hot->sites)) {
            return UMIG_E_NOMEM;
        }
        w->hot->sites = sites;
        w->hot->sites[w->hot->site_count++] = (struct umig_hot_site){key[0], key[1], key[2], 0, 0};
        id = (uint32_t)w->hot->site_count;
        umig_intern_put(&w->site_index, hash, id);
    }
    w->hot->sites[id - 1].count += sample->count;
    w->hot->sites[id - 1].value += sample->value;
    return UMIG_OK;
}

static bool begins_with(const char *text, const char *front)
{
    return strncmp(text, front, strlen(front)) == 0;
}

/* Groovy's compiler, and its front doors. GroovyShell.evaluate() also runs what it compiled: the
 * compiling in it goes through parse(). */
static bool compiles_scripts(const struct umig_profile *profile, uint32_t method)
{
    const struct umig_profile_method *at = &profile->methods.items[method];
    const char *class_name = umig_profile_text(profile, at->class_name);
    const bool is_door = strcmp(class_name, "groovy.lang.GroovyShell") == 0 ||
                         strcmp(class_name, "groovy.lang.GroovyClassLoader") == 0;
    return begins_with(class_name, "org.codehaus.groovy.control.") ||
           (is_door && begins_with(umig_profile_text(profile, at->name), "parse"));
}

/*
 * The outermost stack of one frame: of the JVM's own threads the agent's name for what they do.
 *
 * @param out_next  the one of two frames; 0 if there is none
 */
static uint32_t root_of(const struct umig_profile *profile, uint32_t stack, uint32_t *out_next)
{
    *out_next = 0;
    while (profile->stacks.items[stack].parent != 0) {
        *out_next = stack;
        stack = profile->stacks.items[stack].parent;
    }
    return stack;
}

static const char *name_of(const struct umig_profile *profile, uint32_t stack)
{
    const struct umig_profile_frame *frame =
        &profile->frames.items[profile->stacks.items[stack].frame];
    return umig_profile_text(profile, profile->methods.items[frame->method].name);
}

/* The JVM's own work. With the serial collector, and beside the others, the VM thread collects. */
static void add_vm(struct work *w, const struct umig_profile_sample *sample)
{
    uint32_t next;
    const uint32_t root = root_of(w->profile, sample->stack, &next);
    const char *name = name_of(w->profile, root);
    const bool collects =
        strcmp(name, "[garbage collection]") == 0 ||
        (strcmp(name, "[VM]") == 0 && begins_with(name_of(w->profile, next), "[pause"));
    w->hot->jit += strcmp(name, "[compilation]") == 0 ? sample->value : 0;
    w->hot->collecting += collects ? sample->value : 0;
}

/* What is no method's work, with native frames below the names of the JVM's threads or without. */
static void add_overheads(struct work *w, const struct umig_profile_sample *sample)
{
    const struct umig_profile *profile = w->profile;
    uint32_t next;
    const uint32_t root = profile->stacks.items[root_of(profile, sample->stack, &next)].frame;
    if (profile->frames.items[root].kind == UMIG_FRAME_VM) {
        add_vm(w, sample);
        return;
    }
    if (sample->outcome != UMIG_OUTCOME_OK && sample->outcome != UMIG_OUTCOME_NO_JAVA) {
        w->hot->unwalked += sample->value;
    }
    for (uint32_t at = sample->stack; at != 0; at = profile->stacks.items[at].parent) {
        const uint32_t frame = profile->stacks.items[at].frame;
        if (compiles_scripts(profile, profile->frames.items[frame].method)) {
            w->hot->scripts += sample->value;
            return;
        }
    }
}

static int add_sample(struct work *w, const struct umig_profile_sample *sample, uint32_t stamp)
{
    w->hot->count += sample->count;
    w->hot->value += sample->value;
    w->groups[sample->group].count += sample->count;
    w->groups[sample->group].value += sample->value;
    uint32_t at = sample->stack;
    if (at != 0) {
        const uint32_t frame = w->profile->stacks.items[at].frame;
        struct umig_hot_method *leaf = &w->methods[w->profile->frames.items[frame].method];
        leaf->self += sample->value;
        leaf->self_count += sample->count;
    }
    add_overheads(w, sample);
    int rc = add_site(w, sample);
    for (; rc == UMIG_OK && at != 0; at = w->profile->stacks.items[at].parent) {
        const uint32_t frame = w->profile->stacks.items[at].frame;
        const uint32_t method = w->profile->frames.items[frame].method;
        if (w->seen[method] == stamp) {
            continue; /* recursion */
        }
        w->seen[method] = stamp;
        w->methods[method].total += sample->value;
        w->methods[method].total_count += sample->count;
        rc = add_cell(w, method, sample->group, sample->value);
    }
    return rc;
}

static const struct umig_profile *profile_of(const void *context)
{
    const struct umig_profile *const *profile = context;
    return *profile;
}

static int order(uint64_t a, uint64_t b)
{
    return a > b ? -1 : a < b;
}

static int order_methods_by_name(const struct umig_profile *profile, uint32_t a, uint32_t b)
{
    const struct umig_profile_method *x = &profile->methods.items[a];
    const struct umig_profile_method *y = &profile->methods.items[b];
    const int by_class = strcmp(umig_profile_text(profile, x->class_name),
                                umig_profile_text(profile, y->class_name));
    if (by_class != 0) {
        return by_class;
    }
    const int by_name =
        strcmp(umig_profile_text(profile, x->name), umig_profile_text(profile, y->name));
    return by_name != 0 ? by_name : (a > b) - (a < b);
}

static int compare_methods(const void *a, const void *b, void *context)
{
    const struct umig_hot_method *x = a;
    const struct umig_hot_method *y = b;
    const int by_self = order(x->self, y->self);
    if (by_self != 0) {
        return by_self;
    }
    const int by_total = order(x->total, y->total);
    return by_total != 0 ? by_total
                         : order_methods_by_name(profile_of(context), x->method, y->method);
}

static int compare_groups(const void *a, const void *b, void *context)
{
    const struct umig_hot_group *x = a;
    const struct umig_hot_group *y = b;
    const int by_value = order(x->value, y->value);
    return by_value != 0 ? by_value
                         : strcmp(umig_profile_text(profile_of(context), x->group),
                                  umig_profile_text(profile_of(context), y->group));
}

static int compare_sites(const void *a, const void *b, void *context)
{
    const struct umig_hot_site *x = a;
    const struct umig_hot_site *y = b;
    const int by_value = order(x->value, y->value);
    if (by_value != 0) {
        return by_value;
    }
    const int by_name = order_methods_by_name(profile_of(context), x->method, y->method);
    if (by_name != 0) {
        return by_name;
    }
    return x->line != y->line ? (x->line > y->line) - (x->line < y->line)
                              : order_methods_by_name(profile_of(context), x->way, y->way);
}

static void set_top_groups(struct work *w)
{
    for (size_t i = 0; i < w->cell_count; i++) {
        const struct cell *cell = &w->cells[i];
        struct umig_hot_method *method = &w->methods[cell->method];
        method->group_count++;
        if (cell->total > method->top_group_total) {
            method->top_group = cell->group;
            method->top_group_total = cell->total;
        }
    }
}

/* Moves what has been seen to the front and sorts it. */
static void finish(struct work *w)
{
    struct umig_hot *hot = w->hot;
    void *context = &w->profile; /* qsort_r() has no const context: its address will do */
    set_top_groups(w);
    for (uint32_t i = 0; i < w->profile->methods.count; i++) {
        if (w->methods[i].total_count > 0) {
            w->methods[i].method = i;
            w->methods[hot->method_count++] = w->methods[i];
        }
    }
    for (size_t i = 1; i < w->profile->threads.count; i++) {
        w->groups[w->profile->threads.items[i].group].threads++;
    }
    for (uint32_t i = 0; i < w->profile->strings.count; i++) {
        if (w->groups[i].count > 0) {
            w->groups[i].group = i;
            w->groups[hot->group_count++] = w->groups[i];
        }
    }
    hot->methods = w->methods;
    hot->groups = w->groups;
    qsort_r(hot->methods, hot->method_count, sizeof *hot->methods, compare_methods, context);
    qsort_r(hot->groups, hot->group_count, sizeof *hot->groups, compare_groups, context);
    if (hot->site_count > 0) {
        qsort_r(hot->sites, hot->site_count, sizeof *hot->sites, compare_sites, context);
    }
}

static int add_all(struct work *w, enum umig_kind kind, uint32_t group)
{
    w->methods = calloc(w->profile->methods.count, sizeof *w->methods);
    w->seen = calloc(w->profile->methods.count, sizeof *w->seen);
    w->groups = calloc(w->profile->strings.count, sizeof *w->groups);
    if (w->methods == NULL || w->seen == NULL || w->groups == NULL) {
        return UMIG_E_NOMEM;
    }
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < w->profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &w->profile->samples.items[i];
        const bool is_asked = group == UMIG_HOT_ALL_GROUPS || sample->group == group;
        if (sample->kind == kind && is_asked) {
            rc = add_sample(w, sample, (uint32_t)i + 1);
        }
    }
    return rc;
}

int umig_hot_create(const struct umig_profile *profile,
                    enum umig_kind kind,
                    uint32_t group,
                    struct umig_hot **out_hot,
                    struct umig_err *err)
{
    struct work w = {.profile = profile, .hot = calloc(1, sizeof *w.hot)};
    int rc = w.hot == NULL ? UMIG_E_NOMEM : add_all(&w, kind, group);
    if (rc == UMIG_OK) {
        finish(&w);
        *out_hot = w.hot;
    } else {
        free(w.methods);
        free(w.groups);
        umig_hot_destroy(w.hot);
        rc = umig_err_set(err, rc, "no memory to add up %zu stacks", profile->samples.count);
    }
    free(w.seen);
    free(w.cells);
    umig_intern_fini(&w.cell_index);
    umig_intern_fini(&w.site_index);
    return rc;
}

size_t umig_hot_by_total(const struct umig_profile *profile,
                         const struct umig_hot *hot,
                         size_t limit,
                         const struct umig_hot_method **out)
{
    size_t all = 0;
    for (size_t i = 0; i < hot->method_count; i++) {
        const struct umig_hot_method *method = &hot->methods[i];
        if (!umig_label_is_application(profile, method->method)) {
            continue;
        }
        const size_t count = all < limit ? all : limit;
        size_t at = count;
        while (at > 0 && method->total > out[at - 1]->total) {
            at--;
        }
        all++;
        if (at < limit) {
            const size_t moved = (count < limit ? count : limit - 1) - at;
            memmove(&out[at + 1], &out[at], moved * sizeof *out);
            out[at] = method;
        }
    }
    return all;
}

void umig_hot_put_pool(const struct umig_profile *profile,
                       const struct umig_hot_method *method,
                       struct umig_buf *out)
{
    if (method->group_count > 1 && method->top_group_total <= method->total / 2) {
        umig_buf_printf(out, "%zu pools", method->group_count);
    } else {
        umig_buf_text(out, umig_profile_text(profile, method->top_group));
    }
}

struct umig_hot *umig_hot_destroy(struct umig_hot *hot)
{
    if (hot != NULL) {
        free(hot->methods);
        free(hot->groups);
        free(hot->sites);
        free(hot);
    }
    return NULL;
}
