#include "agent/vm/heap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/vm/jvmflag.h"
#include "agent/vm/perfdata.h"
#include "core/clock.h"
#include "core/err.h"

static const struct umig_heap_figure g_nowhere = {.origin = UMIG_HEAP_NOWHERE};

/* What the open functions of the collectors share. */
struct finder {
    const struct umig_libjvm *libjvm;
    const struct umig_perfdata *perfdata; /* empty if the JVM keeps no counters */
    struct umig_heap *heap;
    uintptr_t collected_heap;
};

/* Address of a field of the object at base; 0 if the JVM does not describe it. */
static uintptr_t field_at(const struct finder *finder,
                          uintptr_t base,
                          const char *type,
                          const char *field)
{
    const int64_t offset = umig_vmstructs_offset(finder->libjvm, type, field);
    return base == 0 || offset == UMIG_VM_NO_FIELD ? 0 : base + (uintptr_t)offset;
}

/* What the pointer at an address points to; 0 if it cannot be read. */
static uintptr_t follow(uintptr_t at)
{
    uintptr_t target = 0;
    if (at == 0 || !umig_vm_peek((const void *)at, &target, sizeof target)) {
        return 0;
    }
    return target;
}

static uintptr_t object_at(const struct finder *finder,
                           uintptr_t base,
                           const char *type,
                           const char *field)
{
    return follow(field_at(finder, base, type, field));
}

static struct umig_heap_figure constant(uint64_t value)
{
    return (struct umig_heap_figure){.origin = UMIG_HEAP_CONSTANT, .at = value};
}

/* A figure kept at an address, which is tried before it is trusted. */
static struct umig_heap_figure word(uintptr_t at)
{
    uint64_t value;
    if (at == 0 || !umig_vm_peek((const void *)at, &value, sizeof value)) {
        return g_nowhere;
    }
    return (struct umig_heap_figure){.origin = UMIG_HEAP_WORD, .at = at};
}

static struct umig_heap_figure counter(const struct finder *finder, const char *name)
{
    const uintptr_t at = umig_perfdata_number(finder->perfdata, name);
    return at == 0 ? g_nowhere : (struct umig_heap_figure){.origin = UMIG_HEAP_COUNTER, .at = at};
}

static struct umig_heap_figure flag(const struct finder *finder, const char *name)
{
    uint64_t value;
    return umig_jvmflag_number(finder->libjvm, name, &value) ? constant(value) : g_nowhere;
}

/* Offsets of two addresses in one object: figures are the bytes between them. */
struct span {
    int64_t low;
    int64_t high;
};

/* Type and names of a span; an older JDK may keep them in another type. */
struct span_names {
    const char *type;
    const char *low;
    const char *high;
};

static struct span find_span(const struct finder *finder, const struct span_names *names)
{
    return (struct span){.low = umig_vmstructs_offset(finder->libjvm, names->type, names->low),
                         .high = umig_vmstructs_offset(finder->libjvm, names->type, names->high)};
}

static bool is_readable(uintptr_t object, struct span span)
{
    uint64_t value;
    return object != 0 && span.low != UMIG_VM_NO_FIELD && span.high != UMIG_VM_NO_FIELD &&
           umig_vm_peek((const void *)(object + (uintptr_t)span.low), &value, sizeof value) &&
           umig_vm_peek((const void *)(object + (uintptr_t)span.high), &value, sizeof value);
}

static struct umig_heap_figure span_of(uintptr_t object, struct span span)
{
    if (!is_readable(object, span)) {
        return g_nowhere;
    }
    return (struct umig_heap_figure){
        .origin = UMIG_HEAP_SPAN, .at = object, .low_offset = span.low, .high_offset = span.high};
}

/* The JVM swaps the two survivor spaces after each young collection: the pointer is read anew. */
static struct umig_heap_figure span_via(uintptr_t cell, struct span span)
{
    struct umig_heap_figure figure = span_of(follow(cell), span);
    if (figure.origin == UMIG_HEAP_SPAN) {
        figure.origin = UMIG_HEAP_SPAN_VIA;
        figure.at = cell;
    }
    return figure;
}

static struct umig_heap_source *add_source(struct finder *finder, const char *name, bool is_heap)
{
    struct umig_heap_source *source = &finder->heap->sources[finder->heap->source_count++];
    *source = (struct umig_heap_source){.name = name, .is_heap = is_heap};
    return source;
}

/* The spaces of both generations; counters of Serial and Parallel have the same names. */
static void find_collected(struct finder *finder)
{
    static const char *const names[] = {
        "sun.gc.generation.0.space.0.used",
        "sun.gc.generation.0.space.1.used",
        "sun.gc.generation.0.space.2.used",
        "sun.gc.generation.1.space.0.used",
    };
    struct umig_heap *heap = finder->heap;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const uintptr_t at = umig_perfdata_number(finder->perfdata, names[i]);
        if (at == 0) {
            heap->collected_count = 0;
            return;
        }
        heap->collected[heap->collected_count++] = word(at);
    }
}

static void open_serial(struct finder *finder)
{
    /* The heap's own class and where spaces keep their bounds changed between JDK 17 and 25. */
    const bool is_old = umig_vmstructs_size(finder->libjvm, "GenCollectedHeap") != 0;
    const char *heap_type = is_old ? "GenCollectedHeap" : "SerialHeap";
    const char *space_type = is_old ? "Space" : "ContiguousSpace";
    const struct span room = find_span(finder, &(struct span_names){space_type, "_bottom", "_end"});
    const struct span fill = {
        .low = room.low,
        .high = umig_vmstructs_offset(finder->libjvm, "ContiguousSpace", "_top"),
    };
    const uintptr_t young = object_at(finder, finder->collected_heap, heap_type, "_young_gen");
    const uintptr_t old = object_at(finder, finder->collected_heap, heap_type, "_old_gen");

    struct umig_heap_source *eden = add_source(finder, "Eden Space", true);
    const uintptr_t eden_space = object_at(finder, young, "DefNewGeneration", "_eden_space");
    eden->used = span_of(eden_space, fill);
    eden->committed = span_of(eden_space, room);
    eden->maximum = counter(finder, "sun.gc.generation.0.space.0.maxCapacity");

    struct umig_heap_source *survivor = add_source(finder, "Survivor Space", true);
    const uintptr_t from = field_at(finder, young, "DefNewGeneration", "_from_space");
    survivor->used = span_via(from, fill);
    survivor->committed = span_via(from, room);
    survivor->maximum = counter(finder, "sun.gc.generation.0.space.1.maxCapacity");

    struct umig_heap_source *tenured = add_source(finder, "Tenured Gen", true);
    const uintptr_t tenured_space = object_at(finder, old, "TenuredGeneration", "_the_space");
    tenured->used = span_of(tenured_space, fill);
    tenured->committed = span_of(tenured_space, room);
    tenured->maximum = counter(finder, "sun.gc.generation.1.maxCapacity");
    find_collected(finder);
}

static void open_parallel(struct finder *finder)
{
    const struct span room =
        find_span(finder, &(struct span_names){"MutableSpace", "_bottom", "_end"});
    const struct span fill =
        find_span(finder, &(struct span_names){"MutableSpace", "_bottom", "_top"});
    const uintptr_t young = follow(
        (uintptr_t)umig_vmstructs_static(finder->libjvm, "ParallelScavengeHeap", "_young_gen"));
    const uintptr_t old = follow(
        (uintptr_t)umig_vmstructs_static(finder->libjvm, "ParallelScavengeHeap", "_old_gen"));

    /* The three pools of the young generation trade room with each other: maxima are unknown. */
    struct umig_heap_source *eden = add_source(finder, "PS Eden Space", true);
    const uintptr_t eden_space = object_at(finder, young, "PSYoungGen", "_eden_space");
    eden->used = span_of(eden_space, fill);
    eden->committed = span_of(eden_space, room);

    struct umig_heap_source *survivor = add_source(finder, "PS Survivor Space", true);
    const uintptr_t from = field_at(finder, young, "PSYoungGen", "_from_space");
    survivor->used = span_via(from, fill);
    survivor->committed = span_via(from, room);

    struct umig_heap_source *old_gen = add_source(finder, "PS Old Gen", true);
    const uintptr_t old_space = object_at(finder, old, "PSOldGen", "_object_space");
    old_gen->used = span_of(old_space, fill);
    old_gen->committed = span_of(old_space, room);
    old_gen->maximum = word(field_at(finder, old, "PSOldGen", "_max_gen_size"));
    find_collected(finder);
}

static struct umig_heap_figure g1_figure(const struct finder *finder,
                                         uintptr_t monitoring,
                                         const char *field)
{
    return word(field_at(finder, monitoring, "G1MonitoringSupport", field));
}

static void open_g1(struct finder *finder)
{
    const uintptr_t heap = finder->collected_heap;
    uintptr_t monitoring = object_at(finder, heap, "G1CollectedHeap", "_monitoring_support");
    if (monitoring == 0) {
        monitoring = object_at(finder, heap, "G1CollectedHeap", "_g1mm"); /* until JDK 18 */
    }
    struct umig_heap_source *eden = add_source(finder, "G1 Eden Space", true);
    eden->used = g1_figure(finder, monitoring, "_eden_space_used");
    eden->committed = g1_figure(finder, monitoring, "_eden_space_committed");

    struct umig_heap_source *survivor = add_source(finder, "G1 Survivor Space", true);
    survivor->is_of_collection = true;
    survivor->used = g1_figure(finder, monitoring, "_survivor_space_used");
    survivor->committed = g1_figure(finder, monitoring, "_survivor_space_committed");

    struct umig_heap_source *old = add_source(finder, "G1 Old Gen", true);
    old->is_of_collection = true;
    old->used = g1_figure(finder, monitoring, "_old_gen_used");
    old->committed = g1_figure(finder, monitoring, "_old_gen_committed");
    old->maximum = flag(finder, "MaxHeapSize");

    finder->heap->collections_at = field_at(finder, heap, "CollectedHeap", "_total_collections");
    finder->heap->used_total =
        word(field_at(finder, heap, "G1CollectedHeap", "_summary_bytes_used"));
}

/* From JDK 25 on the page allocator keeps its books by NUMA node, in an array whose stride it does
 * not describe: one node only. Returns 0 for more. */
static uintptr_t z_partition(const struct finder *finder, uintptr_t allocator)
{
    uint32_t node_count = 0;
    const void *count_at = umig_vmstructs_static(finder->libjvm, "ZNUMA", "_count");
    if (count_at == NULL || !umig_vm_peek(count_at, &node_count, sizeof node_count) ||
        node_count != 1) {
        return 0;
    }
    const uintptr_t partitions = field_at(finder, allocator, "ZPageAllocator", "_partitions");
    return object_at(finder, partitions, "ZPerNUMAZPartition", "_addr");
}

/* JDK 21 to 23 have two of them: without -XX:+ZGenerational the old one, its types renamed to X. */
static void open_z(struct finder *finder)
{
    const bool is_x = umig_vmstructs_size(finder->libjvm, "XCollectedHeap") != 0 &&
                      !umig_jvmflag_is_on(finder->libjvm, "ZGenerational");
    const char *allocator_type = is_x ? "XPageAllocator" : "ZPageAllocator";
    const uintptr_t heap = field_at(finder, finder->collected_heap,
                                    is_x ? "XCollectedHeap" : "ZCollectedHeap", "_heap");
    const uintptr_t allocator = field_at(finder, heap, is_x ? "XHeap" : "ZHeap", "_page_allocator");
    uintptr_t used = field_at(finder, allocator, allocator_type, "_used");
    uintptr_t capacity = field_at(finder, allocator, allocator_type, "_capacity");
    if (used == 0) {
        const uintptr_t partition = z_partition(finder, allocator);
        used = field_at(finder, partition, "ZPartition", "_used");
        capacity = field_at(finder, partition, "ZPartition", "_capacity");
    }
    struct umig_heap_source *pool = add_source(finder, "ZHeap", true);
    pool->used = word(used);
    pool->committed = word(capacity);
    pool->maximum = word(field_at(finder, allocator, allocator_type, "_max_capacity"));
}

static void open_shenandoah(struct finder *finder)
{
    const uintptr_t heap = finder->collected_heap;
    uintptr_t used = field_at(finder, heap, "ShenandoahHeap", "_used");
    if (used == 0) { /* from JDK 24 on the books are kept by generation */
        const uintptr_t all = object_at(finder, heap, "ShenandoahHeap", "_global_generation");
        used = field_at(finder, all, "ShenandoahGeneration", "_used");
    }
    struct umig_heap_source *pool = add_source(finder, "Shenandoah", true);
    pool->used = word(used);
    pool->committed = word(field_at(finder, heap, "ShenandoahHeap", "_committed"));
    pool->maximum = flag(finder, "MaxHeapSize");
}

static void open_metaspace(struct finder *finder)
{
    struct umig_heap_source *all = add_source(finder, "Metaspace", false);
    all->used = counter(finder, "sun.gc.metaspace.used");
    all->committed = counter(finder, "sun.gc.metaspace.capacity");
    uint64_t limit;
    /* Without -XX:MaxMetaspaceSize the flag holds the largest aligned number: no limit. */
    if (umig_jvmflag_number(finder->libjvm, "MaxMetaspaceSize", &limit) &&
        limit < (UINT64_C(1) << 62)) {
        all->maximum = constant(limit);
    }
    if (!umig_jvmflag_is_on(finder->libjvm, "UseCompressedClassPointers")) {
        return;
    }
    struct umig_heap_source *classes = add_source(finder, "Compressed Class Space", false);
    classes->used = counter(finder, "sun.gc.compressedclassspace.used");
    classes->committed = counter(finder, "sun.gc.compressedclassspace.capacity");
    classes->maximum = flag(finder, "CompressedClassSpaceSize");
}

static const struct {
    enum umig_collector collector;
    const char *flag;
    const char *name;
    void (*open)(struct finder *finder);
} g_collectors[] = {
    {UMIG_COLLECTOR_SERIAL, "UseSerialGC", "Serial", open_serial},
    {UMIG_COLLECTOR_PARALLEL, "UseParallelGC", "Parallel", open_parallel},
    {UMIG_COLLECTOR_G1, "UseG1GC", "G1", open_g1},
    {UMIG_COLLECTOR_Z, "UseZGC", "ZGC", open_z},
    {UMIG_COLLECTOR_SHENANDOAH, "UseShenandoahGC", "Shenandoah", open_shenandoah},
};

#define COLLECTOR_COUNT (sizeof g_collectors / sizeof g_collectors[0])

const char *umig_collector_name(enum umig_collector collector)
{
    for (size_t i = 0; i < COLLECTOR_COUNT; i++) {
        if (g_collectors[i].collector == collector) {
            return g_collectors[i].name;
        }
    }
    return "unknown";
}

static int open_collector(struct finder *finder, struct umig_err *err)
{
    finder->collected_heap =
        follow((uintptr_t)umig_vmstructs_static(finder->libjvm, "Universe", "_collectedHeap"));
    for (size_t i = 0; i < COLLECTOR_COUNT; i++) {
        if (umig_jvmflag_is_on(finder->libjvm, g_collectors[i].flag)) {
            finder->heap->collector = g_collectors[i].collector;
            g_collectors[i].open(finder);
            return UMIG_OK;
        }
    }
    return umig_err_set(err, UMIG_E_UNSUPPORTED,
                        "heap figures: none of the five collectors known here is in use");
}

int umig_heap_open(const struct umig_libjvm *libjvm,
                   struct umig_heap *out_heap,
                   struct umig_err *err)
{
    struct umig_perfdata perfdata = {0};
    *out_heap = (struct umig_heap){.collector = UMIG_COLLECTOR_UNKNOWN};
    struct finder finder = {.libjvm = libjvm, .perfdata = &perfdata, .heap = out_heap};
    /* Without counters the rest can still be had. */
    const bool has_counters = umig_perfdata_open(libjvm, &perfdata, NULL) == UMIG_OK;
    const int rc = open_collector(&finder, err);
    open_metaspace(&finder);
    if (has_counters) {
        umig_perfdata_close(&perfdata);
    }
    return rc;
}

static uint64_t load(uintptr_t at)
{
    return __atomic_load_n((const uint64_t *)at, __ATOMIC_RELAXED);
}

static uint64_t load_span(uintptr_t object, const struct umig_heap_figure *figure)
{
    const uint64_t low = load(object + (uintptr_t)figure->low_offset);
    const uint64_t high = load(object + (uintptr_t)figure->high_offset);
    /* Both move when the JVM resizes the space; caught in between there is no figure. */
    return high >= low ? high - low : UMIG_HEAP_UNKNOWN;
}

static uint64_t read_counter(uintptr_t at)
{
    uint64_t value;
    return umig_vm_peek((const void *)at, &value, sizeof value) ? value : UMIG_HEAP_UNKNOWN;
}

static uint64_t read_figure(const struct umig_heap_figure *figure)
{
    switch (figure->origin) {
    case UMIG_HEAP_CONSTANT:
        return figure->at;
    case UMIG_HEAP_WORD:
        return load(figure->at);
    case UMIG_HEAP_SPAN:
        return load_span(figure->at, figure);
    case UMIG_HEAP_SPAN_VIA:
        return load_span(load(figure->at), figure);
    case UMIG_HEAP_COUNTER:
        return read_counter(figure->at);
    case UMIG_HEAP_NOWHERE:
        break;
    }
    return UMIG_HEAP_UNKNOWN;
}

/* Second number of /proc/self/statm, in pages. */
static uint64_t read_rss(void)
{
    char text[128];
    const int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return UMIG_HEAP_UNKNOWN;
    }
    const ssize_t len = read(fd, text, sizeof text - 1);
    close(fd);
    if (len <= 0) {
        return UMIG_HEAP_UNKNOWN;
    }
    text[len] = '\0';
    const char *resident = strchr(text, ' ');
    const long page_bytes = sysconf(_SC_PAGESIZE);
    if (resident == NULL || page_bytes <= 0) {
        return UMIG_HEAP_UNKNOWN;
    }
    return strtoull(resident, NULL, 10) * (uint64_t)page_bytes;
}

static uint64_t read_used(const struct umig_heap *heap, const struct umig_heap_source *source)
{
    const uint32_t *collections = (const uint32_t *)heap->collections_at;
    if (source->is_of_collection && collections != NULL &&
        __atomic_load_n(collections, __ATOMIC_RELAXED) == 0) {
        return UMIG_HEAP_UNKNOWN;
    }
    return read_figure(&source->used);
}

/* The JVM fills these counters at its first collection: 0 of both is no figure. */
static bool is_unfilled(const struct umig_heap_source *source, const struct umig_heap_pool *pool)
{
    return source->committed.origin == UMIG_HEAP_COUNTER && pool->used == 0 && pool->committed == 0;
}

void umig_heap_read(const struct umig_heap *heap, struct umig_heap_reading *out_reading)
{
    out_reading->time_ns = umig_clock_monotonic_ns();
    out_reading->pool_count = heap->source_count;
    for (size_t i = 0; i < heap->source_count; i++) {
        const struct umig_heap_source *source = &heap->sources[i];
        out_reading->pools[i] = (struct umig_heap_pool){
            .name = source->name,
            .used = read_used(heap, source),
            .committed = read_figure(&source->committed),
            .maximum = read_figure(&source->maximum),
        };
        if (is_unfilled(source, &out_reading->pools[i])) {
            out_reading->pools[i].used = UMIG_HEAP_UNKNOWN;
            out_reading->pools[i].committed = UMIG_HEAP_UNKNOWN;
        }
    }
    out_reading->rss_bytes = read_rss();
}

uint64_t umig_heap_used(const struct umig_heap *heap)
{
    if (heap->used_total.origin != UMIG_HEAP_NOWHERE) {
        return read_figure(&heap->used_total);
    }
    uint64_t sum = 0;
    size_t pool_count = 0;
    for (size_t i = 0; i < heap->source_count; i++) {
        if (!heap->sources[i].is_heap) {
            continue;
        }
        const uint64_t used = read_figure(&heap->sources[i].used);
        if (used == UMIG_HEAP_UNKNOWN) {
            return UMIG_HEAP_UNKNOWN;
        }
        sum += used;
        pool_count++;
    }
    return pool_count == 0 ? UMIG_HEAP_UNKNOWN : sum;
}

uint64_t umig_heap_used_collected(const struct umig_heap *heap)
{
    if (heap->collected_count == 0) {
        return umig_heap_used(heap);
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < heap->collected_count; i++) {
        sum += read_figure(&heap->collected[i]);
    }
    return sum;
}
