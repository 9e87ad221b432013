#include "agent/vm/search.h"

#include "agent/vm/vm_search_private.h"
#include "core/clock.h"
#include "core/err.h"

/* A search of the smallest size has the sixteenth part of the usual one. */
#define SCALES 5u

/* The usual sizes; powers of two. */
#define CLASSES (1u << 16)
#define LOADERS (1u << 15)
#define KINDS   (1u << 10)
#define THREADS (1u << 8)
#define STEPS   (1u << 12)
#define TEXT    (1u << 17)

/* Static fields of all classes, and those of the objects that are met: never fewer. */
#define FIELDS (1u << 18)

#define WAYS (UMIG_RETAINERS_TARGETS * UMIG_SEARCH_WAYS)

/* Where each part lies in the one block of all of them. */
struct layout {
    size_t retainers, classes, class_buckets, twin_buckets, fields, loaders, loader_buckets, kinds,
        kind_buckets, loader_texts, threads, ways, steps, loaders_told, text, end;
};

static size_t lay(struct layout *layout, size_t byte_count)
{
    const size_t at = layout->end;
    layout->end += (byte_count + 63) / 64 * 64;
    return at;
}

static struct layout lay_out(unsigned scale)
{
    struct layout layout = {.end = 0};
    (void)lay(&layout, sizeof(struct umig_search_work));
    layout.retainers = lay(&layout, umig_retainers_bytes(scale));
    layout.classes = lay(&layout, (CLASSES >> scale) * sizeof(struct umig_search_class));
    layout.class_buckets = lay(&layout, 2 * (CLASSES >> scale) * sizeof(uint32_t));
    layout.twin_buckets = lay(&layout, (CLASSES >> scale) * sizeof(uint32_t));
    layout.fields = lay(&layout, FIELDS * sizeof(jfieldID));
    layout.loaders = lay(&layout, (LOADERS >> scale) * sizeof(struct umig_search_loader));
    layout.loader_buckets = lay(&layout, 2 * (LOADERS >> scale) * sizeof(uint32_t));
    layout.kinds = lay(&layout, (KINDS >> scale) * sizeof(struct umig_loader_kind));
    layout.kind_buckets = lay(&layout, (KINDS >> scale) * sizeof(uint32_t));
    layout.loader_texts = lay(&layout, 2 * (LOADERS >> scale) * sizeof(uint64_t));
    layout.threads = lay(&layout, (THREADS >> scale) * UMIG_SEARCH_THREAD_BYTES);
    layout.ways = lay(&layout, WAYS * sizeof(struct umig_search_way));
    layout.steps = lay(&layout, STEPS * sizeof(struct umig_search_step));
    layout.loaders_told = lay(&layout, UMIG_SEARCH_LOADERS * sizeof(struct umig_search_loaders));
    layout.text = lay(&layout, TEXT);
    return layout;
}

int umig_search_take_memory(struct umig_search *search,
                            struct umig_memory *memory,
                            struct umig_err *err)
{
    for (unsigned scale = 0; scale < SCALES; scale++) {
        const size_t byte_count = lay_out(scale).end;
        search->memory = umig_memory_borrow(memory, byte_count);
        if (search->memory != NULL) {
            search->memory_bytes = byte_count;
            search->usual_bytes = lay_out(0).end;
            search->scale = scale;
            return UMIG_OK;
        }
    }
    return umig_err_set(err, UMIG_E_NOMEM,
                        "no memory for a search: it takes %zu bytes, and the agent's bound is %zu; "
                        "raise memory=",
                        lay_out(SCALES - 1).end, memory->limit_bytes);
}

void umig_search_give_up(struct umig_search *search)
{
    umig_memory_return(search->memory, search->memory_bytes);
    const uint32_t number = search->number;
    /* The attached thread looks at the state meanwhile. */
    const size_t first = offsetof(struct umig_search, targets);
    memset((char *)search + first, 0, sizeof *search - first);
    search->number = number;
    atomic_store(&search->looked_at, 0);
    atomic_store(&search->is_called_off, false);
    atomic_store(&search->state, UMIG_SEARCH_IDLE);
}

const char *umig_search_text(const struct umig_search *search, uint32_t at)
{
    return search->text + at;
}

struct umig_search_work *umig_search_work_of(const struct umig_search *search)
{
    return search->memory;
}

void umig_search_work_begin(struct umig_search *search, void *jvmti, JNIEnv *jni)
{
    struct umig_search_work *work = umig_search_work_of(search);
    const struct layout layout = lay_out(search->scale);
    uint8_t *block = search->memory;
    *work = (struct umig_search_work){
        .search = search,
        .jvmti = jvmti,
        .jni = jni,
        .has_begun = true,
        .classes = (void *)(block + layout.classes),
        .class_buckets = (void *)(block + layout.class_buckets),
        .twin_buckets = (void *)(block + layout.twin_buckets),
        .class_count = 1,
        .class_room = CLASSES >> search->scale,
        .fields = (void *)(block + layout.fields),
        .field_count = 1,
        .field_room = FIELDS,
        .loaders = (void *)(block + layout.loaders),
        .loader_count = 1,
        .loader_room = LOADERS >> search->scale,
        .loader_buckets = (void *)(block + layout.loader_buckets),
        .kinds =
            {
                .items = (void *)(block + layout.kinds),
                .buckets = (void *)(block + layout.kind_buckets),
                .texts = (void *)(block + layout.loader_texts),
                .room = KINDS >> search->scale,
                .text_room = 2 * (LOADERS >> search->scale),
                .count = 1,
            },
        .threads = (void *)(block + layout.threads),
        .thread_count = 1,
        .thread_room = THREADS >> search->scale,
        .step_room = STEPS,
        .text_room = TEXT,
        .began_ns = umig_clock_monotonic_ns(),
    };
    umig_retainers_init(&work->retainers, block + layout.retainers, search->scale);
    search->ways = (void *)(block + layout.ways);
    search->steps = (void *)(block + layout.steps);
    search->loaders = (void *)(block + layout.loaders_told);
    search->text = (void *)(block + layout.text);
    search->text_bytes = 1; /* [0] is "" */
}
