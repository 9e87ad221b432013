/*
 * Unwinds copies while other threads load and close a library all the time: what stands in objects
 * that stay must unwind to the same frames every time, what stands in one that goes must end.
 *
 * UMIG_STORM_SECONDS sets how long (20).
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent/native/unwind.h"
#include "core/clock.h"
#include "tests/component/native/subject.h"
#include "tests/component/native/trace.h"
#include "tests/support/test.h"

#if defined __SANITIZE_THREAD__
/*
 * Objects are read under the loader's own lock, which a sanitizer does not see: dl_iterate_phdr()
 * and dlopen() take it inside ld.so. Visible: the sanitizer's library looks for it.
 */
__attribute__((visibility("default"))) const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
    return "race:umig_objects_refresh\n";
}
#endif

enum {
    MEMORY_BYTES = 32 << 20,
    STACK_BYTES = 2048,
    BATCH = 64 /* unwinds between two looks at the list of objects */
};

static atomic_bool is_over;
static atomic_ullong rounds;
static volatile int sink;

/* What a thread took of itself, inside a library that it will close; a sampler's record. */
enum sample_state {
    SAMPLE_EMPTY,
    SAMPLE_BEING_TAKEN,
    SAMPLE_FULL
};

static struct {
    atomic_int state;
    uint64_t time_ns;
    struct umig_registers registers;
    uintptr_t stack_low;
    uint64_t stack[STACK_BYTES / sizeof(uint64_t)];
} sample;

__attribute__((noinline)) static void take_sample(void)
{
    int empty = SAMPLE_EMPTY;
    ucontext_t context;
    if (!atomic_compare_exchange_strong(&sample.state, &empty, SAMPLE_BEING_TAKEN)) {
        return;
    }
    sample.time_ns = umig_clock_monotonic_ns();
    getcontext(&context);
    sample.registers = umig_registers_read(&context);
    sample.stack_low =
        (sample.registers.by_number[UMIG_REGISTER_SP] - UMIG_RED_ZONE_BYTES) & ~(uintptr_t)7;
    trace_copy_stack(sample.stack, sample.stack_low, STACK_BYTES);
    atomic_store(&sample.state, SAMPLE_FULL);
}

struct loader {
    pthread_t thread;
    const char *path; /* of its own for each thread: a second user would only be counted */
};

__attribute__((noinline)) static bool load_call_close(const char *path)
{
    int (*call)(subject_hook hook, int seed) = NULL;
    void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = plugin == NULL ? NULL : dlsym(plugin, "plugin_call");
    if (symbol == NULL) {
        return false;
    }
    memcpy(&call, &symbol, sizeof symbol);
    const bool is_right = call(take_sample, 1) == 2;
    return dlclose(plugin) == 0 && is_right;
}

static void *load_and_close(void *argument)
{
    const struct loader *loader = argument;
    while (!atomic_load(&is_over)) {
        if (!load_call_close(loader->path)) {
            return argument; /* not NULL: the test fails */
        }
        atomic_fetch_add(&rounds, 1);
    }
    return NULL;
}

static void mark_stable(void)
{
    sink += subject_sort(trace_mark, 3) + subject_through_library(trace_mark, 3);
}

struct storm {
    struct umig_memory memory;
    struct umig_objects objects;
    struct umig_unwinder *unwinder;
    struct trace stable;
    struct umig_unwind_frame expected[UMIG_UNWIND_FRAMES_MAX];
    struct umig_unwind_frame frames[UMIG_UNWIND_FRAMES_MAX];
    uint32_t expected_count;
    uint64_t unwinds;
    uint64_t refreshes;
    uint64_t whole;  /* samples out of libraries, up to the thread's root */
    uint64_t marked; /* the library was gone, or another may have been there */
};

static void set_up(struct storm *storm)
{
    struct umig_err err = UMIG_ERR_INIT;
    *storm = (struct storm){.memory = {.limit_bytes = MEMORY_BYTES}};
    assert_int_equal(umig_objects_init(&storm->objects, &storm->memory, MEMORY_BYTES / 2, &err),
                     UMIG_OK);
    assert_int_equal(umig_unwinder_open(&storm->objects, &storm->memory, &storm->unwinder, &err),
                     UMIG_OK);
    trace_marks(&storm->stable, mark_stable);
    umig_objects_refresh(&storm->objects);
}

static void tear_down(struct storm *storm)
{
    trace_fini(&storm->stable);
    storm->unwinder = umig_unwinder_close(storm->unwinder);
    umig_objects_fini(&storm->objects);
    assert_int_equal(storm->memory.used_bytes, 0);
}

static struct umig_unwind_result unwind_stable(struct storm *storm,
                                               struct umig_unwind_frame *frames)
{
    const struct trace_step *step = &storm->stable.steps[0];
    const struct umig_unwind_request request = {
        .registers = step->registers,
        .stack = step->stack,
        .stack_low = step->stack_low,
        .stack_bytes = step->stack_bytes,
        .frames = frames,
        .max_frames = UMIG_UNWIND_FRAMES_MAX,
    };
    storm->unwinds++;
    return umig_unwind(storm->unwinder, &request);
}

static void check_stable(struct storm *storm)
{
    const struct umig_unwind_result result = unwind_stable(storm, storm->frames);
    assert_int_equal(result.end, UMIG_UNWIND_ROOT);
    assert_int_equal(result.frame_count, storm->expected_count);
    assert_memory_equal(storm->frames, storm->expected,
                        storm->expected_count * sizeof storm->frames[0]);
}

static bool frame_is(struct storm *storm, uint32_t frame, const char *expected)
{
    char name[64] = "";
    const struct umig_object *object =
        umig_objects_by_serial(&storm->objects, storm->frames[frame].object);
    return object != NULL &&
           umig_objects_name(object, storm->frames[frame].symbol, name, sizeof name) == UMIG_OK &&
           strcmp(name, expected) == 0;
}

static struct umig_unwind_request sample_request(struct storm *storm)
{
    return (struct umig_unwind_request){
        .registers = sample.registers,
        .time_ns = sample.time_ns,
        .stack = (const uint8_t *)sample.stack,
        .stack_low = sample.stack_low,
        .stack_bytes = sizeof sample.stack,
        .frames = storm->frames,
        .max_frames = 4, /* take_sample, plugin_call, load_call_close, load_and_close */
    };
}

/* Either the whole chain, or a mark where the library was: never another chain. */
static void check_sample(struct storm *storm)
{
    if (atomic_load(&sample.state) != SAMPLE_FULL) {
        return;
    }
    storm->refreshes += umig_objects_refresh(&storm->objects);
    const struct umig_unwind_request request = sample_request(storm);
    const struct umig_unwind_result result = umig_unwind(storm->unwinder, &request);
    storm->unwinds++;
    assert_true(frame_is(storm, 0, "take_sample"));
    if (result.end == UMIG_UNWIND_DEPTH) {
        assert_true(frame_is(storm, 1, "plugin_call"));
        assert_true(frame_is(storm, 2, "load_call_close"));
        assert_true(frame_is(storm, 3, "load_and_close"));
        storm->whole++;
    } else {
        assert_int_equal(result.frame_count, 2);
        assert_true(result.end == UMIG_UNWIND_UNKNOWN_CODE || result.end == UMIG_UNWIND_NO_TABLE ||
                    result.end == UMIG_UNWIND_UNSURE);
        storm->marked++;
    }
    atomic_store(&sample.state, SAMPLE_EMPTY);
}

/* Behind the storm nobody else loads or closes: there is no doubt, and no mark. */
__attribute__((noinline)) static void check_behind(struct storm *storm)
{
    int (*call)(subject_hook hook, int seed) = NULL;
    void *plugin = dlopen(UMIG_TEST_PLUGIN, RTLD_NOW | RTLD_LOCAL);
    void *symbol = plugin == NULL ? NULL : dlsym(plugin, "plugin_call");
    assert_non_null(symbol);
    memcpy(&call, &symbol, sizeof symbol);
    umig_objects_refresh(&storm->objects);
    atomic_store(&sample.state, SAMPLE_EMPTY);
    assert_int_equal(call(take_sample, 1), 2);
    umig_objects_refresh(&storm->objects);
    const struct umig_unwind_request request = sample_request(storm);
    assert_true(umig_unwind(storm->unwinder, &request).frame_count >= 3);
    assert_true(frame_is(storm, 1, "plugin_call"));
    assert_true(frame_is(storm, 2, "check_behind"));
    dlclose(plugin);
}

/* A busy machine takes longer for it. */
static bool has_seen_enough(const struct storm *storm)
{
    return atomic_load(&rounds) > 100 && storm->refreshes > 100 &&
           storm->whole + storm->marked > 10;
}

static uint64_t storm_ns(void)
{
    const char *seconds = getenv("UMIG_STORM_SECONDS");
    return strtoull(seconds == NULL ? "20" : seconds, NULL, 10) * UMIG_NS_PER_S;
}

static void test_unwinds_beside_a_storm(void **state)
{
    (void)state;
    struct storm storm;
    struct loader loaders[] = {{.path = UMIG_TEST_PLUGIN}, {.path = UMIG_TEST_OTHER_PLUGIN}};
    set_up(&storm);
    storm.expected_count = unwind_stable(&storm, storm.expected).frame_count;
    assert_true(storm.expected_count > 4);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&loaders[i].thread, NULL, load_and_close, &loaders[i]), 0);
    }

    const uint64_t end_ns = umig_clock_monotonic_ns() + storm_ns();
    while (umig_clock_monotonic_ns() < end_ns || !has_seen_enough(&storm)) {
        storm.refreshes += umig_objects_refresh(&storm.objects);
        check_sample(&storm);
        for (int i = 0; i < BATCH; i++) {
            check_stable(&storm);
        }
    }

    atomic_store(&is_over, true);
    for (int i = 0; i < 2; i++) {
        void *failed = NULL;
        pthread_join(loaders[i].thread, &failed);
        assert_null(failed);
    }
    print_message("%llu unwinds; samples out of libraries: %llu whole, %llu marked; %llu lists of "
                  "objects; %llu rounds of dlopen and dlclose\n",
                  (unsigned long long)storm.unwinds, (unsigned long long)storm.whole,
                  (unsigned long long)storm.marked, (unsigned long long)storm.refreshes,
                  (unsigned long long)atomic_load(&rounds));
    check_behind(&storm);
    tear_down(&storm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unwinds_beside_a_storm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
