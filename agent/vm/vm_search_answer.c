/* What a search for holders has found, in words that stay when its references are gone. */
#include <string.h>

#include "agent/symbol/normalise.h"
#include "agent/vm/vm_search_private.h"

/* Deeper ways are told without their middle. */
enum {
    STEPS_MAX = 64,
    NAME_BYTES = UMIG_SEARCH_NAME_ROOM
};

/* --- texts --- */

uint32_t umig_search_keep_text(struct umig_search_work *work, const char *text, size_t len)
{
    struct umig_search *search = work->search;
    if (len == 0 || search->text_bytes + len + 1 > work->text_room) {
        return 0;
    }
    const uint32_t at = search->text_bytes;
    memcpy(search->text + at, text, len);
    search->text[at + len] = '\0';
    search->text_bytes += (uint32_t)len + 1;
    return at;
}

size_t umig_search_name_class(const struct umig_search_work *work,
                              uint32_t class_index,
                              char name[NAME_BYTES])
{
    char *signature = NULL;
    if (class_index == 0 ||
        (*work->jvmti)
                ->GetClassSignature(work->jvmti, work->classes[class_index].mirror, &signature,
                                    NULL) != JVMTI_ERROR_NONE) {
        return 0;
    }
    const size_t len = strlen(signature);
    const bool is_plain = signature[0] == 'L' && len > 2;
    const size_t used =
        umig_normalise_type(signature + is_plain, len - (is_plain ? 2 : 0), name, NAME_BYTES);
    (void)(*work->jvmti)->Deallocate(work->jvmti, (unsigned char *)signature);
    return used;
}

static uint32_t keep_class(struct umig_search_work *work, uint32_t class_index)
{
    char name[NAME_BYTES];
    return umig_search_keep_text(work, name, umig_search_name_class(work, class_index, name));
}

static uint32_t keep_field(struct umig_search_work *work, uint32_t class_index, uint32_t field)
{
    char *name = NULL;
    if ((*work->jvmti)
            ->GetFieldName(work->jvmti, work->classes[class_index].mirror, work->fields[field],
                           &name, NULL, NULL) != JVMTI_ERROR_NONE) {
        return 0;
    }
    const uint32_t at = umig_search_keep_text(work, name, strlen(name));
    (void)(*work->jvmti)->Deallocate(work->jvmti, (unsigned char *)name);
    return at;
}

static uint32_t keep_name(struct umig_search_work *work, const struct umig_retainers_step *step)
{
    switch (step->edge) {
    case UMIG_EDGE_STATIC:
    case UMIG_EDGE_FIELD:
        return keep_field(work, step->class_index, step->field);
    case UMIG_EDGE_THREAD:
        return umig_search_keep_text(work, work->threads[step->field],
                                     strlen(work->threads[step->field]));
    default:
        return 0;
    }
}

/* --- collections that have a bound --- */

/* Caches of libraries that evict. */
static const char *const g_bounded[] = {
    "com.github.benmanes.caffeine.cache.BoundedLocalCache",
    "org.apache.commons.collections4.map.LRUMap",
    "org.apache.commons.collections.map.LRUMap",
    "org.codehaus.groovy.runtime.memoize.LRUCache",
    "java.util.concurrent.ArrayBlockingQueue",
};

static bool is_named(const struct umig_search_work *work, uint32_t class_index, const char *name)
{
    char text[NAME_BYTES];
    const size_t used = umig_search_name_class(work, class_index, text);
    return used == strlen(name) && memcmp(text, name, used) == 0;
}

/* Does the class decide itself which entries a LinkedHashMap gives up? */
static bool evicts(const struct umig_search_work *work, uint32_t class_index)
{
    JNIEnv *jni = work->jni;
    const jclass map = (*jni)->FindClass(jni, "java/util/LinkedHashMap");
    const jclass class = work->classes[class_index].mirror;
    jclass declaring = NULL;
    jmethodID method = NULL;
    if (map != NULL && (*jni)->IsAssignableFrom(jni, class, map) == JNI_TRUE) {
        method = (*jni)->GetMethodID(jni, class, "removeEldestEntry", "(Ljava/util/Map$Entry;)Z");
    }
    (*jni)->ExceptionClear(jni);
    return method != NULL &&
           (*work->jvmti)->GetMethodDeclaringClass(work->jvmti, method, &declaring) ==
               JVMTI_ERROR_NONE &&
           (*jni)->IsSameObject(jni, declaring, map) == JNI_FALSE;
}

static bool is_bounded(const struct umig_search_work *work, uint32_t class_index)
{
    if (evicts(work, class_index)) {
        return true;
    }
    for (; class_index != 0; class_index = work->classes[class_index].super) {
        for (size_t i = 0; i < sizeof g_bounded / sizeof g_bounded[0]; i++) {
            if (is_named(work, class_index, g_bounded[i])) {
                return true;
            }
        }
    }
    return false;
}

static uint32_t edge_of(const struct umig_search_work *work, const struct umig_retainers_step *step)
{
    return step->edge == UMIG_EDGE_FIELD && is_bounded(work, step->class_index) ? UMIG_EDGE_BOUNDED
                                                                                : step->edge;
}

/* --- ways --- */

/* Steps from the root on; of very deep ways those next to the object are kept. */
static uint32_t collect(const struct umig_retainers *retainers,
                        uint32_t shape,
                        struct umig_retainers_step steps[STEPS_MAX])
{
    uint32_t count = 0;
    for (; shape != 0 && count < STEPS_MAX; shape = retainers->shapes[shape].parent) {
        steps[count++] = retainers->shapes[shape].step;
    }
    for (uint32_t i = 0; i < count / 2; i++) {
        const struct umig_retainers_step step = steps[i];
        steps[i] = steps[count - 1 - i];
        steps[count - 1 - i] = step;
    }
    return count;
}

static void keep_way(struct umig_search_work *work, const struct umig_retainers_hit *hit)
{
    struct umig_search *search = work->search;
    struct umig_retainers_step steps[STEPS_MAX];
    const uint32_t count = collect(&work->retainers, hit->shape, steps);
    if (search->step_count + count > work->step_room) {
        umig_search_skip(search, UMIG_SEARCH_LACK_OBJECTS);
        return;
    }
    search->ways[search->way_count++] = (struct umig_search_way){
        .target = hit->target - 1,
        .first_step = search->step_count,
        .step_count = count,
        .objects = (uint64_t)(hit->objects + 0.5),
        .bytes = (uint64_t)(hit->bytes + 0.5),
    };
    for (uint32_t i = 0; i < count; i++) {
        search->steps[search->step_count++] = (struct umig_search_step){
            .edge = edge_of(work, &steps[i]),
            .class_name = keep_class(work, steps[i].class_index),
            .name = keep_name(work, &steps[i]),
        };
    }
}

/* What is held on other ways is told as one without steps. */
static void keep_rest(struct umig_search_work *work,
                      const struct umig_retainers_hit *hits,
                      size_t count,
                      struct umig_retainers_hit rest)
{
    for (size_t i = 0; i < count; i++) {
        rest.found -= hits[i].found;
        rest.objects -= hits[i].objects;
        rest.bytes -= hits[i].bytes;
    }
    if (rest.found > 0) {
        rest.shape = 0;
        keep_way(work, &rest);
    }
}

void umig_search_answer(struct umig_search_work *work)
{
    work->search->skipped += work->retainers.overflowed;
    work->search->lacks |= work->retainers.overflowed > 0 ? UMIG_SEARCH_LACK_OBJECTS : 0;
    if (work->search->wants_loaders) {
        umig_search_answer_loaders(work);
    }
    for (uint32_t target = 0; target < work->search->target_count; target++) {
        struct umig_retainers_hit hits[UMIG_SEARCH_WAYS - 1];
        struct umig_retainers_hit all;
        const size_t count =
            umig_retainers_rank(&work->retainers, target, hits, UMIG_SEARCH_WAYS - 1, &all);
        for (size_t i = 0; i < count; i++) {
            keep_way(work, &hits[i]);
        }
        keep_rest(work, hits, count, all);
    }
}
