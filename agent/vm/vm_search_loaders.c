/* What a search knows of class loaders: which are of one kind (agent/vm/loader_kinds.h). */
#include <string.h>

#include "agent/symbol/normalise.h"
#include "agent/vm/vm_search_private.h"

enum {
    CLASSES_READ = 64, /* of one loader; who defined more is no script */
    NAME_BYTES = UMIG_SEARCH_NAME_ROOM
};

/* --- names --- */

/* The file a class was compiled from, as it is on the wire; 0: not known. */
static size_t name_source(const struct umig_search_work *work,
                          uint32_t class_index,
                          char name[NAME_BYTES])
{
    char *file = NULL;
    if ((*work->jvmti)->GetSourceFileName(work->jvmti, work->classes[class_index].mirror, &file) !=
        JVMTI_ERROR_NONE) {
        return 0;
    }
    const size_t used = umig_normalise_file(file, strlen(file), name, NAME_BYTES);
    (void)(*work->jvmti)->Deallocate(work->jvmti, (unsigned char *)file);
    return umig_loader_fold(name, used);
}

static size_t name_class(const struct umig_search_work *work,
                         uint32_t class_index,
                         char name[NAME_BYTES])
{
    return umig_loader_fold(name, umig_search_name_class(work, class_index, name));
}

/* FNV-1a, of 64 bits */
static uint64_t hash_of(const char *text, size_t len)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/*
 * What names a loader: the file of what it defined, or the class where that name was dealt out. The
 * name of a class that has no file may be dealt out by whoever made it.
 */
static void name_loader(const struct umig_search_work *work, struct umig_loader_facts *facts)
{
    char source[NAME_BYTES];
    char class_name[NAME_BYTES];
    const size_t source_bytes = name_source(work, facts->top, source);
    const size_t class_bytes = name_class(work, facts->top, class_name);
    if (source_bytes > 0 && !umig_loader_is_dealt(source, source_bytes)) {
        facts->name = hash_of(source, source_bytes);
        return;
    }
    facts->name = hash_of(class_name, class_bytes);
    facts->is_by_text = source_bytes == 0 || umig_loader_is_dealt(class_name, class_bytes);
}

/* --- texts --- */

/* The signature of a class that a loader was given; NULL: an array's, or of a hidden class. */
static char *signature_of(const struct umig_search_work *work, uint32_t class_index)
{
    char *signature = NULL;
    if ((*work->jvmti)
            ->GetClassSignature(work->jvmti, work->classes[class_index].mirror, &signature, NULL) !=
        JVMTI_ERROR_NONE) {
        return NULL;
    }
    if (signature[0] != 'L' || strchr(signature, '.') != NULL) {
        (void)(*work->jvmti)->Deallocate(work->jvmti, (unsigned char *)signature);
        return NULL;
    }
    return signature;
}

/* What its constant pool has; 0: it cannot be had. Of its own name what is behind the package. */
static uint64_t text_of_pool(const struct umig_search_work *work,
                             uint32_t class_index,
                             const char *signature)
{
    jint count = 0;
    jint len = 0;
    unsigned char *pool = NULL;
    if ((*work->jvmti)
            ->GetConstantPool(work->jvmti, work->classes[class_index].mirror, &count, &len,
                              &pool) != JVMTI_ERROR_NONE) {
        return 0;
    }
    const char *slash = strrchr(signature, '/');
    const char *own = slash != NULL ? slash + 1 : signature + 1;
    const uint64_t text = umig_loader_text(pool, (size_t)len, own, strcspn(own, ";"));
    (void)(*work->jvmti)->Deallocate(work->jvmti, pool);
    return text;
}

/* Small numbers are in no pool. A class that is not linked has no methods yet: its text is 0. */
static uint64_t text_of_code(const struct umig_search_work *work, uint32_t class_index)
{
    jint count = 0;
    jmethodID *methods = NULL;
    uint64_t sum = 0;
    if ((*work->jvmti)
            ->GetClassMethods(work->jvmti, work->classes[class_index].mirror, &count, &methods) !=
        JVMTI_ERROR_NONE) {
        return 0;
    }
    for (jint i = 0; i < count; i++) {
        jint len = 0;
        unsigned char *code = NULL;
        if ((*work->jvmti)->GetBytecodes(work->jvmti, methods[i], &len, &code) ==
            JVMTI_ERROR_NONE) {
            sum += umig_loader_text_add(1, code, (size_t)len);
        }
        (void)(*work->jvmti)->Deallocate(work->jvmti, code);
    }
    (void)(*work->jvmti)->Deallocate(work->jvmti, (unsigned char *)methods);
    return sum;
}

/* The class that names a loader's others: that with the shortest name. 0: none. */
static uint32_t top_of(const struct umig_search_work *work, const struct umig_search_loader *loader)
{
    uint32_t top = 0;
    for (uint32_t at = loader->first_class; at != 0; at = work->classes[at].next_of_loader) {
        const struct umig_search_class *class = &work->classes[at];
        const struct umig_search_class *best = &work->classes[top];
        if (top != 0 &&
            (class->name_bytes > best->name_bytes ||
             (class->name_bytes == best->name_bytes && class->name_hash >= best->name_hash))) {
            continue;
        }
        char *signature = signature_of(work, at);
        top = signature != NULL ? at : top;
        (void)(*work->jvmti)->Deallocate(work->jvmti, (unsigned char *)signature);
    }
    return top;
}

/* Of all its classes, in whatever order, for the JVM has none; 0: it cannot be had. */
static uint64_t text_of_all(const struct umig_search_work *work,
                            const struct umig_search_loader *loader,
                            uint32_t top)
{
    char *own = signature_of(work, top);
    uint64_t sum = text_of_code(work, top);
    const bool is_known = own != NULL && sum != 0;
    uint32_t read = 0;
    for (uint32_t at = loader->first_class; is_known && at != 0 && read++ < CLASSES_READ;
         at = work->classes[at].next_of_loader) {
        char *signature = signature_of(work, at);
        if (signature != NULL) {
            sum += text_of_pool(work, at, own) + (at != top ? text_of_code(work, at) : 0);
        }
        (void)(*work->jvmti)->Deallocate(work->jvmti, (unsigned char *)signature);
    }
    (void)(*work->jvmti)->Deallocate(work->jvmti, (unsigned char *)own);
    return is_known ? sum : 0;
}

/* --- loaders --- */

/*
 * Texts are read where the name says nothing, and of loaders of which there may be too many. One
 * that cannot be had is like no other.
 */
static void read_kind(struct umig_search_work *work, uint32_t number)
{
    struct umig_search_loader *loader = &work->loaders[number];
    const bool are_many = work->classes[loader->class_index].loader_uses > UMIG_LOADER_SURPLUS;
    struct umig_loader_facts facts = {
        .loader_class = loader->class_index,
        .top = top_of(work, loader),
        .classes = loader->class_count,
    };
    if (facts.top != 0) {
        name_loader(work, &facts);
        facts.text = facts.is_by_text && are_many ? text_of_all(work, loader, facts.top) : 0;
    }
    facts.text = facts.text != 0 ? facts.text : number;
    loader->kind = umig_loader_kinds_add(&work->kinds, &facts);
    if (loader->kind == 0) {
        umig_search_skip(work->search, UMIG_SEARCH_LACK_LOADERS);
    }
}

bool umig_search_take_loader(struct umig_search_work *work)
{
    if (!work->search->wants_loaders) {
        return false;
    }
    if (++work->at < work->loader_count) {
        read_kind(work, work->at);
        return true;
    }
    work->search->target_count = umig_loader_kinds_group(&work->kinds, UMIG_RETAINERS_TARGETS);
    return false;
}

bool umig_search_is_candidate(const struct umig_search_work *work, uint32_t loader)
{
    return work->kinds.items[work->loaders[loader].kind].group != 0;
}

/* --- the answer --- */

static uint32_t keep_class(struct umig_search_work *work, uint32_t class_index)
{
    char name[NAME_BYTES];
    return umig_search_keep_text(work, name, name_class(work, class_index, name));
}

static struct umig_search_loaders *keep_kind(struct umig_search_work *work,
                                             const struct umig_loader_kind *kind)
{
    char source[NAME_BYTES];
    struct umig_search *search = work->search;
    struct umig_search_loaders *told = &search->loaders[search->loaders_told++];
    *told = (struct umig_search_loaders){
        .loader_class = keep_class(work, kind->loader_class),
        .source = umig_search_keep_text(work, source, name_source(work, kind->top, source)),
        .class_name = keep_class(work, kind->top),
        .group = kind->group,
        .is_by_text = kind->is_by_text,
    };
    return told;
}

static void count_in(struct umig_search_loaders *told, const struct umig_loader_kind *kind)
{
    told->kinds++;
    told->loaders += kind->loaders;
    told->classes += kind->classes;
    told->needed += umig_loader_kinds_needed(kind);
}

/* Kinds that share a group are told as one: what holds them is not told apart. */
static void keep_shared(struct umig_search_work *work, const struct umig_loader_kind *first)
{
    struct umig_search_loaders *told = keep_kind(work, first);
    for (uint32_t i = 1; i < work->kinds.count; i++) {
        if (work->kinds.items[i].group == first->group) {
            count_in(told, &work->kinds.items[i]);
        }
    }
}

void umig_search_answer_loaders(struct umig_search_work *work)
{
    uint32_t numbers[UMIG_SEARCH_LOADERS];
    const size_t count = umig_loader_kinds_rank(&work->kinds, numbers, UMIG_SEARCH_LOADERS);
    bool has_shared = false;
    for (size_t i = 0; i < count; i++) {
        const struct umig_loader_kind *kind = &work->kinds.items[numbers[i]];
        const bool is_shared = kind->group == UMIG_RETAINERS_TARGETS;
        if (!is_shared) {
            count_in(keep_kind(work, kind), kind);
        } else if (!has_shared) {
            keep_shared(work, kind);
        }
        has_shared = has_shared || is_shared;
    }
    work->search->kind_count = work->kinds.count - 1;
    work->search->loader_count = work->loader_count - 1;
    work->search->class_count = work->class_count - 1;
}
