#include "analysis/wall.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/intern.h"
#include "analysis/label.h"
#include "core/err.h"

const char *umig_wall_state_key(enum umig_wall_state state)
{
    switch (state) {
#define STATE_KEY(name, number, key, text) \
 case UMIG_WALL_##name:                    \
  return key;
        UMIG_WALL_TABLE(STATE_KEY)
#undef STATE_KEY
    case UMIG_WALL_COUNT:
    default:
        return "?";
    }
}

const char *umig_wall_state_text(enum umig_wall_state state)
{
    switch (state) {
#define STATE_TEXT(name, number, key, text) \
 case UMIG_WALL_##name:                     \
  return text;
        UMIG_WALL_TABLE(STATE_TEXT)
#undef STATE_TEXT
    case UMIG_WALL_COUNT:
    default:
        return "?";
    }
}

static bool begins_with(const char *text, const char *front)
{
    return strncmp(text, front, strlen(front)) == 0;
}

static const struct umig_profile_method *method_at(const struct umig_profile *profile,
                                                   uint32_t stack)
{
    const uint32_t frame = profile->stacks.items[stack].frame;
    return &profile->methods.items[profile->frames.items[frame].method];
}

/* --- states --- */

/* What the JVM's own classes sleep in, whichever release names it so. */
static const struct {
    const char *class_name;
    const char *method; /* begins with */
    enum umig_wall_state state;
} g_sleeps[] = {
    {"java.lang.Object", "wait", UMIG_WALL_WAITING},
    {"java.lang.Thread", "sleep", UMIG_WALL_SLEEPING},
    {"jdk.internal.misc.Unsafe", "park", UMIG_WALL_PARKED},
    {"sun.misc.Unsafe", "park", UMIG_WALL_PARKED},
};

/* Whose native methods wait for the world outside. */
static const char *const g_io[] = {
    "sun.nio.ch.",
    "sun.nio.fs.",
    "sun.net.",
    "java.net.",
    "java.io.",
    "java.lang.Process",
    "jdk.net.",
    "io.netty.channel.",
    "io.netty.incubator.channel.",
    "org.apache.tomcat.jni.",
};

static enum umig_wall_state told_state(const struct umig_profile *profile, uint32_t stack)
{
    const uint32_t frame = profile->stacks.items[stack].frame;
    if (stack == 0 || profile->frames.items[frame].kind != UMIG_FRAME_STATE) {
        return UMIG_WALL_COUNT;
    }
    const char *name = umig_profile_text(profile, method_at(profile, stack)->name);
    for (int state = 1; state < UMIG_WALL_COUNT; state++) {
        if (strcmp(name, umig_wall_state_key((enum umig_wall_state)state)) == 0) {
            return (enum umig_wall_state)state;
        }
    }
    return UMIG_WALL_COUNT;
}

enum umig_wall_state umig_wall_state_of(const struct umig_profile *profile, uint32_t stack)
{
    const enum umig_wall_state told = told_state(profile, stack);
    const uint32_t sleeps_in = told < UMIG_WALL_COUNT ? profile->stacks.items[stack].parent : 0;
    if ((told != UMIG_WALL_NATIVE && told != UMIG_WALL_VM) || sleeps_in == 0) {
        return told;
    }
    const struct umig_profile_method *method = method_at(profile, sleeps_in);
    const char *class_name = umig_profile_text(profile, method->class_name);
    const char *name = umig_profile_text(profile, method->name);
    for (size_t i = 0; i < sizeof g_sleeps / sizeof g_sleeps[0]; i++) {
        if (strcmp(class_name, g_sleeps[i].class_name) == 0 &&
            begins_with(name, g_sleeps[i].method)) {
            return g_sleeps[i].state;
        }
    }
    for (size_t i = 0; told == UMIG_WALL_NATIVE && i < sizeof g_io / sizeof g_io[0]; i++) {
        if (begins_with(class_name, g_io[i])) {
            return UMIG_WALL_IO;
        }
    }
    return told;
}

/* --- places --- */

/* Does the class only pass a wait on, so that who called it says more? */
static bool passes_on(const char *class_name, const char *name)
{
    static const char *const passes[] = {
        "jdk.internal.misc.Unsafe",
        "sun.misc.Unsafe",
        "java.lang.Object",
        "java.lang.Thread",
        "java.util.concurrent.CompletableFuture$Signaller",
        "java.util.concurrent.TimeUnit",
        "java.util.concurrent.locks.LockSupport",
        "java.util.concurrent.locks.Abstract",
    };
    for (size_t i = 0; i < sizeof passes / sizeof passes[0]; i++) {
        if (begins_with(class_name, passes[i])) {
            return true;
        }
    }
    if (strcmp(class_name, "java.util.concurrent.ForkJoinPool") == 0) {
        return strstr(name, "Block") != NULL; /* managedBlock; awaitWork waits for itself */
    }
    /* ReentrantLock$NonfairSync, Semaphore$FairSync ... */
    const char *nested = strrchr(class_name, '$');
    return begins_with(class_name, "java.util.concurrent.") && nested != NULL &&
           strstr(nested, "Sync") != NULL;
}

/* The method that waits, by the innermost frame of Java: 0 unknown. */
static uint32_t waits_in(const struct umig_profile *profile, uint32_t stack)
{
    uint32_t last = 0;
    for (uint32_t at = stack; at != 0; at = profile->stacks.items[at].parent) {
        const struct umig_profile_method *method = method_at(profile, at);
        last = method->class_name != 0
                   ? profile->frames.items[profile->stacks.items[at].frame].method
                   : last;
        if (method->class_name != 0 && !passes_on(umig_profile_text(profile, method->class_name),
                                                  umig_profile_text(profile, method->name))) {
            break;
        }
    }
    return last;
}

static uint32_t application_frame(const struct umig_profile *profile, uint32_t stack)
{
    for (uint32_t at = stack; at != 0; at = profile->stacks.items[at].parent) {
        const uint32_t frame = profile->stacks.items[at].frame;
        if (umig_label_is_application(profile, profile->frames.items[frame].method)) {
            return frame;
        }
    }
    return 0;
}

struct umig_wall_place umig_wall_place_of(const struct umig_profile *profile,
                                          enum umig_wall_state state,
                                          uint32_t stack)
{
    const uint32_t sleeps_in = profile->stacks.items[stack].parent;
    return (struct umig_wall_place){
        .state = state,
        .monitor_class = method_at(profile, stack)->class_name,
        .waits_in = waits_in(profile, sleeps_in),
        .frame = application_frame(profile, sleeps_in),
    };
}

static bool same_place(const void *items, uint32_t id, const void *key)
{
    const struct umig_wall_place *place = (const struct umig_wall_place *)items + (id - 1);
    const struct umig_wall_place *want = key;
    return place->state == want->state && place->monitor_class == want->monitor_class &&
           place->waits_in == want->waits_in && place->frame == want->frame;
}

/* places has room for one a sample. */
static int add_place(const struct umig_profile *profile,
                     const struct umig_profile_sample *sample,
                     enum umig_wall_state state,
                     struct umig_wall_figures *figures,
                     struct umig_intern *index)
{
    const struct umig_wall_place key = umig_wall_place_of(profile, state, sample->stack);
    const uint32_t members[4] = {(uint32_t)state, key.monitor_class, key.waits_in, key.frame};
    const uint32_t hash = umig_intern_hash(members, sizeof members);
    uint32_t id = umig_intern_find(index, hash, same_place, figures->places, &key);
    if (id == 0) {
        if (!umig_intern_reserve(index)) {
            return UMIG_E_NOMEM;
        }
        id = (uint32_t)++figures->place_count;
        figures->places[id - 1] = key;
        umig_intern_put(index, hash, id);
    }
    figures->places[id - 1].value += sample->value;
    return UMIG_OK;
}

/* --- all --- */

/* pools is indexed by group at first; there is one for each string. */
static int add_samples(const struct umig_profile *profile, struct umig_wall_figures *figures)
{
    struct umig_intern index = {0};
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        const enum umig_wall_state state = sample->kind == UMIG_KIND_WALL
                                               ? umig_wall_state_of(profile, sample->stack)
                                               : UMIG_WALL_COUNT;
        if (state == UMIG_WALL_COUNT) {
            continue;
        }
        figures->count += sample->count;
        figures->value += sample->value;
        figures->by_state[state] += sample->value;
        figures->pools[sample->group].value += sample->value;
        figures->pools[sample->group].by_state[state] += sample->value;
        if (state != UMIG_WALL_RUNNING && state != UMIG_WALL_RUNNABLE) {
            rc = add_place(profile, sample, state, figures, &index);
        }
    }
    umig_intern_fini(&index);
    return rc;
}

static void count_threads(const struct umig_profile *profile, struct umig_wall_figures *figures)
{
    for (size_t i = 0; i < profile->thread_totals.count; i++) {
        const struct umig_profile_thread_total *total = &profile->thread_totals.items[i];
        if (total->kind == UMIG_KIND_WALL) {
            figures->threads++;
            figures->pools[profile->threads.items[total->thread].group].threads++;
        }
    }
}

static int compare_values(uint64_t a, uint64_t b)
{
    return a == b ? 0 : a > b ? -1 : 1;
}

static int compare_pools(const void *a, const void *b)
{
    const struct umig_wall_pool *x = a;
    const struct umig_wall_pool *y = b;
    const int by_value = compare_values(x->value, y->value);
    return by_value != 0 ? by_value : (x->group > y->group) - (x->group < y->group);
}

static int compare_places(const void *a, const void *b)
{
    const struct umig_wall_place *x = a;
    const struct umig_wall_place *y = b;
    const int by_value = compare_values(x->value, y->value);
    return by_value != 0          ? by_value
           : x->frame != y->frame ? (x->frame > y->frame ? 1 : -1)
                                  : (x->waits_in > y->waits_in) - (x->waits_in < y->waits_in);
}

static void sort(struct umig_wall_figures *figures, size_t strings)
{
    for (size_t i = 0; i < strings; i++) {
        if (figures->pools[i].value > 0) {
            struct umig_wall_pool pool = figures->pools[i];
            pool.group = (uint32_t)i;
            figures->pools[figures->pool_count++] = pool;
        }
    }
    qsort(figures->pools, figures->pool_count, sizeof *figures->pools, compare_pools);
    qsort(figures->places, figures->place_count, sizeof *figures->places, compare_places);
}

int umig_wall_figures_read(const struct umig_profile *profile,
                           size_t most_paths,
                           struct umig_wall_figures *out_figures,
                           struct umig_err *err)
{
    struct umig_wall_figures figures = {
        .pools = calloc(profile->strings.count + 1, sizeof *figures.pools),
        .places = calloc(profile->samples.count + 1, sizeof *figures.places),
    };
    int rc = figures.pools == NULL || figures.places == NULL ? UMIG_E_NOMEM : UMIG_OK;
    rc = rc != UMIG_OK ? rc : add_samples(profile, &figures);
    if (rc != UMIG_OK) {
        umig_wall_figures_fini(&figures);
        return umig_err_set(err, rc, "no memory for the wall time of %zu stacks",
                            profile->samples.count);
    }
    count_threads(profile, &figures);
    sort(&figures, profile->strings.count);
    rc = most_paths == 0
             ? UMIG_OK
             : umig_paths_find(profile, UMIG_KIND_WALL, most_paths, &figures.paths, err);
    if (rc != UMIG_OK) {
        umig_wall_figures_fini(&figures);
        return umig_err_trace(err, rc);
    }
    *out_figures = figures;
    return UMIG_OK;
}

size_t umig_wall_states(const uint64_t by_state[UMIG_WALL_COUNT],
                        enum umig_wall_state out_states[UMIG_WALL_COUNT])
{
    size_t count = 0;
    for (int state = 1; state < UMIG_WALL_COUNT; state++) {
        size_t at = count;
        while (at > 0 && by_state[out_states[at - 1]] < by_state[state]) {
            out_states[at] = out_states[at - 1];
            at--;
        }
        out_states[at] = (enum umig_wall_state)state;
        count += by_state[state] > 0;
    }
    return count;
}

void umig_wall_put_states(const struct umig_wall_pool *pool, struct umig_buf *out)
{
    enum umig_wall_state states[UMIG_WALL_COUNT];
    const size_t count = umig_wall_states(pool->by_state, states);
    for (size_t i = 0; i < count; i++) {
        umig_buf_printf(out, "%s%s ", i > 0 ? ", " : "", umig_wall_state_key(states[i]));
        umig_label_share(pool->by_state[states[i]], pool->value, out);
    }
}

void umig_wall_figures_fini(struct umig_wall_figures *figures)
{
    free(figures->pools);
    free(figures->places);
    umig_paths_fini(&figures->paths);
    *figures = (struct umig_wall_figures){0};
}
