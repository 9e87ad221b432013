/* What a search for holders knows of classes: whose they are, and which fields lead on. */
#include <stdio.h>
#include <string.h>

#include "agent/symbol/normalise.h"
#include "agent/vm/vm_search_private.h"

enum {
    ACC_STATIC = 0x8,
    FEW_LOADERS = 16, /* of one class: with more of them, each is taken to come and go */
};

uint32_t umig_search_hash_of(const struct umig_search_work *work, jobject object)
{
    jint hash = 0;
    (void)(*work->jvmti)->GetObjectHashCode(work->jvmti, object, &hash);
    return (uint32_t)hash;
}

static void free_text(const struct umig_search_work *work, char *text)
{
    (void)(*work->jvmti)->Deallocate(work->jvmti, (unsigned char *)text);
}

/* --- the table --- */

static uint32_t bucket_of(const struct umig_search_work *work, uint32_t hash)
{
    return (uint32_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (2 * work->class_room - 1);
}

static uint32_t next_bucket(const struct umig_search_work *work, uint32_t bucket)
{
    return (bucket + 1) & (2 * work->class_room - 1);
}

static uint32_t find(const struct umig_search_work *work, uint32_t hash, jobject mirror)
{
    uint32_t at = bucket_of(work, hash);
    for (; work->class_buckets[at] != 0; at = next_bucket(work, at)) {
        const struct umig_search_class *class = &work->classes[work->class_buckets[at]];
        if (class->hash == hash &&
            (*work->jni)->IsSameObject(work->jni, class->mirror, mirror) == JNI_TRUE) {
            return work->class_buckets[at];
        }
    }
    return 0;
}

uint32_t umig_search_class_at(const struct umig_search_work *work, jobject mirror)
{
    return find(work, umig_search_hash_of(work, mirror), mirror);
}

/* FNV-1a */
static uint32_t hash_of_text(const char *text, size_t len)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (uint8_t)text[i]) * 16777619u;
    }
    return hash;
}

/* Which of the classes that are looked for has this name, as they are named on the wire? */
static int8_t target_of(const struct umig_search *search, const char *name, size_t used)
{
    for (uint32_t i = 0; i < search->target_count; i++) {
        if (strncmp(search->targets[i], name, used) == 0 && search->targets[i][used] == '\0') {
            return (int8_t)i;
        }
    }
    return -1;
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Classes that only hold what they are given; as analysis/retained.c. */
static bool is_inside(const char *signature)
{
    signature += strspn(signature, "[");
    return begins_with(signature, "Ljava/util/") ||
           begins_with(signature, "Ljava/lang/ThreadLocal") ||
           begins_with(signature, "Ljava/lang/Object;") ||
           begins_with(signature, "Lgroovy/lang/Reference;");
}

/* What its name tells of a class. */
static void read_signature(struct umig_search_work *work, struct umig_search_class *class)
{
    char *signature = NULL;
    class->target = -1;
    if ((*work->jvmti)->GetClassSignature(work->jvmti, class->mirror, &signature, NULL) !=
        JVMTI_ERROR_NONE) {
        return;
    }
    if (signature[0] == '[' && signature[1] != '\0') {
        class->flags |= signature[1] == 'L' || signature[1] == '[' ? UMIG_CLASS_ARRAY : 0;
    } else if (strcmp(signature, "Ljava/lang/Class;") == 0) {
        class->flags |= UMIG_CLASS_MIRROR;
    } else if (strcmp(signature, "Ljava/lang/ref/Reference;") == 0) {
        class->flags |= UMIG_CLASS_REFERENCE;
    } else if (strcmp(signature, "Ljava/lang/ref/SoftReference;") == 0) {
        class->flags |= UMIG_CLASS_SOFT;
    }
    class->flags |= is_inside(signature) ? UMIG_CLASS_INSIDE : 0;
    char name[UMIG_SEARCH_NAME_BYTES];
    const size_t len = strlen(signature);
    const bool is_plain = signature[0] == 'L' && len > 2;
    const size_t used =
        umig_normalise_type(signature + is_plain, len - (is_plain ? 2 : 0), name, sizeof name);
    class->name_hash = hash_of_text(name, used);
    class->name_bytes = (uint16_t)used;
    class->target = target_of(work->search, name, used);
    work->wants_primitives = work->wants_primitives ||
                             (class->target >= 0 && signature[0] == '[' && strlen(signature) == 2);
    free_text(work, signature);
}

/* Takes over the mirror. 0: no room, the mirror is given up. */
static uint32_t add(struct umig_search_work *work, uint32_t hash, jclass mirror)
{
    if (work->class_count == work->class_room) {
        umig_search_skip(work->search, UMIG_SEARCH_LACK_CLASSES);
        (*work->jni)->DeleteLocalRef(work->jni, mirror);
        return 0;
    }
    struct umig_search_class *class = &work->classes[work->class_count];
    *class = (struct umig_search_class){.mirror = mirror, .hash = hash};
    read_signature(work, class);
    uint32_t at = bucket_of(work, hash);
    while (work->class_buckets[at] != 0) {
        at = next_bucket(work, at);
    }
    work->class_buckets[at] = work->class_count;
    return work->class_count++;
}

/* Takes over the mirror. */
static uint32_t find_or_add(struct umig_search_work *work, jclass mirror)
{
    const uint32_t hash = umig_search_hash_of(work, mirror);
    const uint32_t known = find(work, hash, mirror);
    if (known == 0) {
        return add(work, hash, mirror);
    }
    (*work->jni)->DeleteLocalRef(work->jni, mirror);
    return known;
}

/* --- loaders --- */

static uint32_t find_loader(const struct umig_search_work *work, uint32_t hash, jobject loader)
{
    const uint32_t mask = 2 * work->loader_room - 1;
    uint32_t at = bucket_of(work, hash) & mask;
    for (; work->loader_buckets[at] != 0; at = (at + 1) & mask) {
        const uint32_t number = work->loader_buckets[at];
        if (work->loaders[number].hash == hash &&
            (*work->jni)->IsSameObject(work->jni, work->loaders[number].loader, loader) ==
                JNI_TRUE) {
            return number;
        }
    }
    return 0;
}

uint32_t umig_search_loader_at(const struct umig_search_work *work, jobject loader)
{
    return find_loader(work, umig_search_hash_of(work, loader), loader);
}

/* Takes over the loader. 0: no room. */
static uint32_t add_loader(struct umig_search_work *work, uint32_t hash, jobject loader)
{
    if (work->loader_count == work->loader_room) {
        if (work->search->wants_loaders) {
            umig_search_skip(work->search, UMIG_SEARCH_LACK_LOADERS);
        }
        (*work->jni)->DeleteLocalRef(work->jni, loader);
        return 0;
    }
    const uint32_t mask = 2 * work->loader_room - 1;
    const uint32_t its_class = find_or_add(work, (*work->jni)->GetObjectClass(work->jni, loader));
    uint32_t at = bucket_of(work, hash) & mask;
    while (work->loader_buckets[at] != 0) {
        at = (at + 1) & mask;
    }
    work->loader_buckets[at] = work->loader_count;
    work->loaders[work->loader_count] =
        (struct umig_search_loader){.loader = loader, .hash = hash, .class_index = its_class};
    work->classes[its_class].loader_uses++;
    return work->loader_count++;
}

static void read_loader(struct umig_search_work *work, uint32_t class_index)
{
    jobject loader = NULL;
    if ((*work->jvmti)->GetClassLoader(work->jvmti, work->classes[class_index].mirror, &loader) !=
            JVMTI_ERROR_NONE ||
        loader == NULL) {
        return;
    }
    const uint32_t hash = umig_search_hash_of(work, loader);
    uint32_t number = find_loader(work, hash, loader);
    if (number != 0) {
        (*work->jni)->DeleteLocalRef(work->jni, loader);
    } else {
        number = add_loader(work, hash, loader);
    }
    struct umig_search_class *class = &work->classes[class_index];
    class->loader = number;
    class->next_of_loader = work->loaders[number].first_class;
    work->loaders[number].first_class = class_index;
    work->loaders[number].class_count++;
}

/* --- fields --- */

/* An array of primitives leads nowhere, and mostly nobody looks for one. */
static bool may_lead_on(const struct umig_search_work *work, const char *signature)
{
    const bool is_primitives = signature[0] == '[' && signature[1] != '[' && signature[1] != 'L';
    return signature[0] == 'L' ||
           (signature[0] == '[' && (!is_primitives || work->wants_primitives));
}

static void enter_field(struct umig_search_work *work, jclass class, jfieldID field, bool is_static)
{
    jint modifiers = 0;
    char *signature = NULL;
    if (work->field_count == work->field_room) {
        umig_search_skip(work->search, UMIG_SEARCH_LACK_CLASSES);
        return;
    }
    if ((*work->jvmti)->GetFieldModifiers(work->jvmti, class, field, &modifiers) !=
            JVMTI_ERROR_NONE ||
        ((modifiers & ACC_STATIC) != 0) != is_static ||
        (*work->jvmti)->GetFieldName(work->jvmti, class, field, NULL, &signature, NULL) !=
            JVMTI_ERROR_NONE) {
        return;
    }
    if (may_lead_on(work, signature)) {
        work->fields[work->field_count++] = field;
    }
    free_text(work, signature);
}

/* The number of the first of the fields that were entered. */
static uint32_t enter_fields(struct umig_search_work *work,
                             uint32_t class_index,
                             bool is_static,
                             uint32_t *out_count)
{
    const jclass class = work->classes[class_index].mirror;
    const uint32_t first = work->field_count;
    jint count = 0;
    jfieldID *fields = NULL;
    *out_count = 0;
    if ((*work->jvmti)->GetClassFields(work->jvmti, class, &count, &fields) != JVMTI_ERROR_NONE) {
        return first; /* not linked yet, or of a primitive type or an array */
    }
    for (jint i = 0; i < count; i++) {
        enter_field(work, class, fields[i], is_static);
    }
    free_text(work, (char *)fields);
    *out_count = work->field_count - first;
    return first;
}

void umig_search_enter_statics(struct umig_search_work *work, uint32_t class_index)
{
    struct umig_search_class *class = &work->classes[class_index];
    if (class->first_static == 0) {
        class->first_static = enter_fields(work, class_index, true, &class->static_count);
    }
}

/* --- classes that come and go under one name --- */

static uint32_t find_twin(struct umig_search_work *work, uint32_t class_index)
{
    const uint32_t hash = work->classes[class_index].name_hash;
    uint32_t at = bucket_of(work, hash) & (work->class_room - 1);
    for (; work->twin_buckets[at] != 0; at = (at + 1) & (work->class_room - 1)) {
        if (work->classes[work->twin_buckets[at]].name_hash == hash) {
            return work->twin_buckets[at];
        }
    }
    work->twin_buckets[at] = class_index;
    return class_index;
}

struct umig_retainers_step umig_search_step_of(const struct umig_search_work *work,
                                               enum umig_retainers_edge edge,
                                               uint32_t class_index,
                                               uint32_t declaring,
                                               uint32_t field)
{
    const struct umig_search_class *own = &work->classes[declaring];
    const struct umig_search_class *twin = &work->classes[own->twin];
    const bool is_static = edge == UMIG_EDGE_STATIC;
    const uint32_t number = field - (is_static ? own->first_static : own->first_field);
    const uint32_t count = is_static ? twin->static_count : twin->field_count;
    if (field != 0 && number < count) {
        field = number + (is_static ? twin->first_static : twin->first_field);
    }
    return (struct umig_retainers_step){
        .edge = edge,
        .class_index = work->classes[class_index].twin,
        .field = field,
        .is_inside = (work->classes[class_index].flags & UMIG_CLASS_INSIDE) != 0 &&
                     (edge == UMIG_EDGE_FIELD || edge == UMIG_EDGE_ELEMENT),
    };
}

/* --- what is known of a class --- */

void umig_search_classify(struct umig_search_work *work, uint32_t class_index)
{
    struct umig_search_class *class = &work->classes[class_index];
    if (class->twin != 0) {
        return;
    }
    class->twin = class_index;
    const struct umig_search_loader *loader = &work->loaders[class->loader];
    if (class->loader != 0 && (work->classes[loader->class_index].loader_uses > FEW_LOADERS ||
                               umig_search_is_candidate(work, class->loader))) {
        class->flags |= UMIG_CLASS_TRANSIENT;
        class->twin = find_twin(work, class_index);
    }
}

/* Its own fields, and the class above it. */
static void describe(struct umig_search_work *work, uint32_t class_index)
{
    struct umig_search_class *class = &work->classes[class_index];
    umig_search_classify(work, class_index);
    class->flags |= UMIG_CLASS_DESCRIBED;
    if ((class->flags & (UMIG_CLASS_ARRAY | UMIG_CLASS_REFERENCE)) == 0) {
        class->first_field = enter_fields(work, class_index, false, &class->field_count);
    }
    const jclass above = (*work->jni)->GetSuperclass(work->jni, class->mirror);
    if (above != NULL) {
        class->super = find_or_add(work, above);
    }
}

/* It and those above it; once. */
static void describe_all(struct umig_search_work *work, uint32_t class_index)
{
    while (class_index != 0 && (work->classes[class_index].flags & UMIG_CLASS_DESCRIBED) == 0) {
        describe(work, class_index);
        class_index = work->classes[class_index].super;
    }
}

uint32_t umig_search_class_of(struct umig_search_work *work, jobject object)
{
    const uint32_t class_index = find_or_add(work, (*work->jni)->GetObjectClass(work->jni, object));
    describe_all(work, class_index);
    return class_index;
}

/* --- which there are --- */

bool umig_search_list_classes(struct umig_search_work *work)
{
    const jvmtiError error =
        (*work->jvmti)->GetLoadedClasses(work->jvmti, &work->listed_count, &work->listed);
    if (error != JVMTI_ERROR_NONE) {
        snprintf(work->search->problem, sizeof work->search->problem,
                 "the JVM does not list its classes: JVMTI error %d", (int)error);
        return false;
    }
    return true;
}

bool umig_search_take_class(struct umig_search_work *work)
{
    if (work->at == (uint32_t)work->listed_count) {
        free_text(work, (char *)work->listed);
        work->listed = NULL;
        return false;
    }
    const uint32_t class_index = find_or_add(work, work->listed[work->at++]);
    if (class_index != 0) {
        read_loader(work, class_index);
    }
    return true;
}
