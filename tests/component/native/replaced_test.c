/*
 * A library is closed, and another build of it comes to the same path and the same place: what was
 * copied while either was there is unwound with the tables of that one, or not at all.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/native/unwind.h"
#include "core/clock.h"
#include "tests/component/native/subject.h"
#include "tests/component/native/trace.h"
#include "tests/support/test.h"

enum {
    MEMORY_BYTES = 32 << 20
};

struct fixture {
    struct umig_memory memory;
    struct umig_objects objects;
    struct umig_unwinder *unwinder;
    struct umig_unwind_frame frames[UMIG_UNWIND_FRAMES_MAX];
    char folder[64];
    char path[128];
};

static volatile int sink;
static int (*replaced_call)(subject_hook hook, int seed);

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    struct umig_err err = UMIG_ERR_INIT;
    fx->memory.limit_bytes = MEMORY_BYTES;
    assert_int_equal(umig_objects_init(&fx->objects, &fx->memory, MEMORY_BYTES / 2, &err), UMIG_OK);
    assert_int_equal(umig_unwinder_open(&fx->objects, &fx->memory, &fx->unwinder, &err), UMIG_OK);
    strcpy(fx->folder, "/tmp/umig-replaced-XXXXXX");
    assert_non_null(mkdtemp(fx->folder));
    snprintf(fx->path, sizeof fx->path, "%s/library.so", fx->folder);
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    fx->unwinder = umig_unwinder_close(fx->unwinder);
    umig_objects_fini(&fx->objects);
    assert_int_equal(fx->memory.used_bytes, 0);
    (void)unlink(fx->path);
    assert_int_equal(rmdir(fx->folder), 0);
    free(fx);
    return 0;
}

/* A file of its own each time, as a deployment does it. */
static void put(const struct fixture *fx, const char *build)
{
    char bytes[4096];
    size_t count;
    (void)unlink(fx->path);
    FILE *from = fopen(build, "rb");
    FILE *to = fopen(fx->path, "wb");
    assert_true(from != NULL && to != NULL);
    while ((count = fread(bytes, 1, sizeof bytes, from)) > 0) {
        assert_int_equal(fwrite(bytes, 1, count, to), count);
    }
    fclose(from);
    assert_int_equal(fclose(to), 0);
}

static void *load(const struct fixture *fx)
{
    void *library = dlopen(fx->path, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(library);
    void *symbol = dlsym(library, "replaced_call");
    assert_non_null(symbol);
    memcpy(&replaced_call, &symbol, sizeof symbol);
    return library;
}

static void mark_in_library(void)
{
    sink += replaced_call(trace_mark, 3);
}

/* What was copied in a build, and when. */
struct copied {
    struct trace trace;
    uint64_t time_ns;
};

static void copy(struct copied *copied)
{
    trace_marks(&copied->trace, mark_in_library);
    copied->time_ns = umig_clock_monotonic_ns();
}

static struct umig_unwind_result unwind_at(struct fixture *fx,
                                           const struct copied *copied,
                                           uint64_t time_ns)
{
    const struct trace_step *step = &copied->trace.steps[0];
    const struct umig_unwind_request request = {
        .registers = step->registers,
        .time_ns = time_ns,
        .stack = step->stack,
        .stack_low = step->stack_low,
        .stack_bytes = step->stack_bytes,
        .frames = fx->frames,
        .max_frames = UMIG_UNWIND_FRAMES_MAX,
    };
    return umig_unwind(fx->unwinder, &request);
}

/* Whole, through the library; the serial of that. */
static uint32_t assert_whole(struct fixture *fx, const struct copied *copied)
{
    const struct umig_unwind_result result = unwind_at(fx, copied, copied->time_ns);
    assert_string_equal(umig_unwind_end_text(result.end), umig_unwind_end_text(UMIG_UNWIND_ROOT));
    return fx->frames[1].object;
}

/* Of the last unwind, while the file is there. */
static void assert_named(struct fixture *fx)
{
    char name[64] = "";
    const struct umig_object *object = umig_objects_by_serial(&fx->objects, fx->frames[1].object);
    assert_non_null(object);
    assert_int_equal(umig_objects_name(object, fx->frames[1].symbol, name, sizeof name), UMIG_OK);
    assert_string_equal(name, "replaced_call");
}

static void assert_unsure(struct fixture *fx, const struct copied *copied, uint64_t time_ns)
{
    const struct umig_unwind_result result = unwind_at(fx, copied, time_ns);
    assert_string_equal(umig_unwind_end_text(result.end), umig_unwind_end_text(UMIG_UNWIND_UNSURE));
    assert_int_equal(result.frame_count, 2);
    assert_int_equal(fx->frames[1].object, 0); /* nor is it named */
}

static void check(struct fixture *fx, const char *small_build, const char *large_build)
{
    struct copied small;
    struct copied between;
    struct copied large;
    put(fx, small_build);
    void *library = load(fx);
    void *const place = (void *)(uintptr_t)replaced_call;
    umig_objects_refresh(&fx->objects);
    copy(&small);
    umig_objects_refresh(&fx->objects);
    const uint32_t serial = assert_whole(fx, &small);
    assert_named(fx);

    dlclose(library);
    put(fx, large_build);
    library = load(fx);
    assert_ptr_equal((void *)(uintptr_t)replaced_call, place);
    copy(&between); /* no list was taken since: nobody can say which build this is */
    assert_true(umig_objects_refresh(&fx->objects));
    assert_unsure(fx, &between, between.time_ns);
    copy(&large);
    umig_objects_refresh(&fx->objects);
    assert_int_not_equal(assert_whole(fx, &large), serial);
    assert_named(fx);
    assert_unsure(fx, &small, between.time_ns);
    assert_int_equal(assert_whole(fx, &small), serial); /* it is remembered */
    const uintptr_t caller = fx->frames[2].pc;
    /* The tables do differ: by the other ones it is wrong. */
    const struct umig_unwind_result wrong = unwind_at(fx, &small, large.time_ns);
    assert_true(wrong.frame_count == 2 || fx->frames[2].pc != caller);

    dlclose(library);
    trace_fini(&small.trace);
    trace_fini(&between.trace);
    trace_fini(&large.trace);
}

static void test_another_build_at_the_same_place(void **state)
{
    check(*state, UMIG_TEST_SMALL, UMIG_TEST_LARGE);
}

static void test_another_build_without_a_build_id(void **state)
{
    check(*state, UMIG_TEST_SMALL_NO_ID, UMIG_TEST_LARGE_NO_ID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_another_build_at_the_same_place, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_build_without_a_build_id, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
