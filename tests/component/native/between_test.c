/*
 * A record with Java frames, native code between them and above them, as sessions get it: a stack
 * that really was is put between the names of methods that are made up. What "Java" is to the
 * unwinder is the function that begins the chain of native ones.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/session/pump.h"
#include "core/clock.h"
#include "tests/component/native/subject.h"
#include "tests/component/native/trace.h"
#include "tests/support/test.h"
#include "tests/unit/agent/fake_hotspot.h"

enum {
    MEMORY_BYTES = 48 << 20,
    RING_BYTES = 1 << 18,
    SLOTS = 64,
    METHODS = 256,
    STACKS = 4096,
    SPOOL_BYTES = 1 << 20,
    CODE_BYTES = 512, /* of the function that stands for Java, at most */
};

#define INTERVAL_NS (10 * UMIG_NS_PER_MS)

struct fixture {
    struct umig_memory memory;
    struct umig_uplink uplink;
    struct umig_sessions sessions;
    struct umig_session *with, *leaf, *without;
    struct umig_cost cost;
    struct umig_hotspot hotspot;
    uintptr_t code_low, code_high;
    struct umig_names names;
    struct fake_method *methods[3];
    struct umig_sampler sampler;
    struct umig_pump pump;
    struct trace trace;
    struct umig_unwind_frame real[UMIG_UNWIND_FRAMES_MAX]; /* of the chain, innermost first */
};

static volatile int sink;

__attribute__((noinline)) static void stands_for_java(void)
{
    sink += subject_chain(trace_mark, 3);
}

static struct umig_session *open_session(struct fixture *fx,
                                         const char *id,
                                         enum umig_native native)
{
    struct umig_session_spec spec = {.native = native};
    struct umig_session *session = NULL;
    snprintf(spec.id, sizeof spec.id, "%s", id);
    spec.kinds.has_kind[UMIG_KIND_CPU] = true;
    spec.kinds.interval_ns[UMIG_KIND_CPU] = INTERVAL_NS;
    assert_int_equal(umig_sessions_open(&fx->sessions, &spec, 1, &session, NULL), UMIG_OK);
    umig_session_begin(&fx->sessions, session, 1);
    return session;
}

static void init_sampler(struct fixture *fx)
{
    struct umig_sampler *sampler = &fx->sampler;
    fx->hotspot = fake_hotspot;
    fx->hotspot.code_low = &fx->code_low;
    fx->hotspot.code_high = &fx->code_high;
    sampler->hotspot = &fx->hotspot;
    umig_slots_init(&sampler->slots, calloc(SLOTS, sizeof(struct umig_slot)), SLOTS);
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        umig_ring_init(&sampler->rings.ring[i], aligned_alloc(8, RING_BYTES), RING_BYTES, NULL);
    }
    umig_names_init(&fx->names, &fx->hotspot, calloc(1, umig_names_bytes(METHODS)), METHODS);
    umig_names_reset(&fx->names, 1);
    atomic_store(&sampler->names, &fx->names);
    fx->methods[0] = fake_method_new("a/Inner", "inner", NULL, NULL, 0);
    fx->methods[1] = fake_method_new("a/Middle", "middle", NULL, NULL, 0);
    fx->methods[2] = fake_method_new("a/Root", "root", NULL, NULL, 0);
}

static void init_pump(struct fixture *fx)
{
    struct umig_uplink_opts opts = {.epoch = 1, .spool_size = SPOOL_BYTES};
    struct umig_err err = UMIG_ERR_INIT;
    opts.addresses.count = 1;
    opts.addresses.items[0].address.is_unix = true;
    snprintf(opts.addresses.items[0].address.path, sizeof opts.addresses.items[0].address.path,
             "/nowhere");
    opts.spool_bytes = umig_memory_take(&fx->memory, SPOOL_BYTES);
    assert_int_equal(umig_uplink_init(&fx->uplink, &opts, &err), UMIG_OK);
    fx->pump.sampler = &fx->sampler;
    fx->pump.sessions = &fx->sessions;
    fx->pump.uplink = &fx->uplink;
    fx->pump.cost = &fx->cost;
    assert_int_equal(umig_pump_init(&fx->pump, &fx->memory, STACKS, &err), UMIG_OK);
    fx->pump.names[0] = &fx->names;
    fx->pump.frame_ids[0] =
        calloc(umig_names_frame_count(METHODS) + (size_t)1, sizeof *fx->pump.frame_ids[0]);
    if (umig_native_frames_open(&fx->pump.native, &fx->memory, &err) != UMIG_OK) {
        fail_msg("%s", err.text);
    }
}

/* The real chain; "Java" begins with the function that called it. */
static void trace_chain(struct fixture *fx)
{
    trace_marks(&fx->trace, stands_for_java);
    const struct trace_step *step = &fx->trace.steps[0];
    fx->code_low = (uintptr_t)stands_for_java;
    fx->code_high = fx->code_low + CODE_BYTES;
    const struct umig_unwind_request request = {
        .registers = step->registers,
        .stack = step->stack,
        .stack_low = step->stack_low,
        .stack_bytes = step->stack_bytes,
        .stop_low = fx->code_low,
        .stop_high = fx->code_high,
        .frames = fx->real,
        .max_frames = UMIG_UNWIND_FRAMES_MAX,
    };
    umig_native_frames_refresh(&fx->pump.native);
    const struct umig_unwind_result result = umig_unwind(fx->pump.native.unwinder, &request);
    assert_int_equal(result.end, UMIG_UNWIND_STOPPED);
    assert_int_equal(result.frame_count, 4); /* trace_mark, leaf, busy, subject_chain */
    fx->real[result.frame_count].sp = result.sp;
}

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    fx->memory.limit_bytes = MEMORY_BYTES;
    umig_sessions_init(&fx->sessions, &fx->memory, 1);
    init_sampler(fx);
    init_pump(fx);
    fx->with = open_session(fx, "with", UMIG_NATIVE_ON);
    fx->leaf = open_session(fx, "leaf", UMIG_NATIVE_LEAF);
    fx->without = open_session(fx, "without", UMIG_NATIVE_OFF);
    trace_chain(fx);
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    trace_fini(&fx->trace);
    fx->pump.native.unwinder = umig_unwinder_close(fx->pump.native.unwinder);
    umig_objects_fini(&fx->pump.native.objects);
    umig_uplink_fini(&fx->uplink);
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        free(fx->sampler.rings.ring[i].bytes);
    }
    for (int i = 0; i < 3; i++) {
        fake_method_free(fx->methods[i]);
    }
    free(fx->sampler.slots.slots);
    free(fx->names.memory);
    free(fx->pump.frame_ids[0]);
    free(fx);
    return 0;
}

/* A record being written. */
struct draft {
    struct umig_record head;
    uint32_t ids[8];
    uint8_t native[32768];
};

static uint32_t java(struct fixture *fx, int method)
{
    return umig_names_frame(&fx->names, (uintptr_t)fx->methods[method], 0, UMIG_FRAME_COMPILED);
}

/* Adds the copy of a crossing whose innermost function is the real chain's frame at that place. */
static struct umig_native_copy *add_crossing(struct fixture *fx,
                                             struct draft *draft,
                                             uint32_t number)
{
    const struct trace_step *step = &fx->trace.steps[0];
    const struct umig_unwind_frame *caller = &fx->real[1];
    struct umig_native_copy *copy = (void *)(draft->native + draft->head.native_bytes);
    *copy = (struct umig_native_copy){
        .stack_low = caller->sp,
        .stack_bytes = (uint32_t)(fx->real[4].sp - caller->sp),
        .crossing = number,
        .java_sp = fx->real[4].sp,
    };
    copy->registers.by_number[UMIG_REGISTER_PC] = caller->pc;
    copy->registers.by_number[UMIG_REGISTER_SP] = caller->sp;
    memcpy(copy + 1, step->stack + (caller->sp - step->stack_low), copy->stack_bytes);
    draft->head.native_bytes += (uint32_t)sizeof *copy + copy->stack_bytes;
    return copy;
}

/* The copy of a root: the real chain, and on to where its thread began. */
static struct umig_native_copy *add_root(struct fixture *fx, struct draft *draft)
{
    const struct trace_step *step = &fx->trace.steps[0];
    struct umig_native_copy *copy = (void *)(draft->native + draft->head.native_bytes);
    *copy = (struct umig_native_copy){
        .registers = step->registers,
        .stack_low = step->stack_low,
        .stack_bytes = (uint32_t)step->stack_bytes & ~7u,
        .crossing = 1,
    };
    memcpy(copy + 1, step->stack, copy->stack_bytes);
    draft->head.native_bytes += (uint32_t)sizeof *copy + copy->stack_bytes;
    return copy;
}

static void add_leaf(struct fixture *fx, struct draft *draft)
{
    const struct trace_step *step = &fx->trace.steps[0];
    struct umig_native_copy *copy = (void *)(draft->native + draft->head.native_bytes);
    *copy = (struct umig_native_copy){
        .registers = step->registers,
        .stack_low = step->stack_low,
        .stack_bytes = (uint32_t)step->stack_bytes & ~7u,
    };
    memcpy(copy + 1, step->stack, copy->stack_bytes);
    draft->head.native_bytes += (uint32_t)sizeof *copy + copy->stack_bytes;
}

static void drain(struct fixture *fx, struct draft *draft)
{
    struct umig_record *head = &draft->head;
    const uint32_t ids_bytes = (head->frame_count * 4 + 7) & ~7u;
    head->type = UMIG_RECORD_CPU;
    head->time_ns = umig_clock_monotonic_ns();
    head->value_ns = INTERVAL_NS;
    head->names = 1;
    head->byte_count = (uint32_t)sizeof *head + ids_bytes + head->native_bytes;
    uint8_t *to = umig_ring_reserve(&fx->sampler.rings.ring[0], head->byte_count);
    assert_non_null(to);
    memcpy(to, head, sizeof *head);
    memcpy(to + sizeof *head, draft->ids, ids_bytes);
    memcpy(to + sizeof *head + ids_bytes, draft->native, head->native_bytes);
    umig_ring_commit(&fx->sampler.rings.ring[0], head->byte_count);
    umig_pump_drain(&fx->pump, 3);
}

/* "root;...;leaf" of the newest sample that a session got; names only. */
static const char *stack_of(struct fixture *fx, const struct umig_session *session)
{
    static char text[1024];
    const struct umig_dictionary *dictionary = &fx->pump.dictionary;
    const struct umig_batch *batch = fx->pump.batch;
    uint32_t stack = 0;
    for (uint32_t i = 0; i < batch->sample_count; i++) {
        stack = batch->samples[i].session == session->number ? batch->samples[i].stack : stack;
    }
    assert_true(stack != 0);
    text[sizeof text - 1] = '\0';
    size_t at = sizeof text - 1;
    while (stack != 0) {
        const uint32_t *link = dictionary->stacks.items + (size_t)(stack - 1) * 2;
        const uint32_t *frame = dictionary->frames.items + (size_t)(link[1] - 1) * 3;
        const uint32_t *method = dictionary->methods.items + (size_t)(frame[1] - 1) * 3;
        const uint32_t *name = dictionary->strings.items + (size_t)(method[1] - 1) * 3;
        assert_true(at > name[1] + 1);
        at -= name[1];
        memcpy(text + at, dictionary->text + name[0], name[1]);
        stack = link[0];
        if (stack != 0) {
            text[--at] = ';';
        }
    }
    return text + at;
}

static void test_native_code_stands_between_the_java_that_called_it_and_that_it_called(void **state)
{
    struct fixture *fx = *state;
    struct draft draft = {.head = {.frame_count = 5}};
    const uint32_t ids[] = {java(fx, 0), UMIG_FRAME_CROSSING + 1, java(fx, 1),
                            UMIG_FRAME_CROSSING + 2, java(fx, 2)};
    memcpy(draft.ids, ids, sizeof ids);
    add_leaf(fx, &draft);
    add_crossing(fx, &draft, 1);
    add_crossing(fx, &draft, 2);

    for (int i = 0; i < 2; i++) { /* the second finds the first one's stack */
        drain(fx, &draft);

        assert_string_equal(stack_of(fx, fx->with),
                            "root;subject_chain;busy;leaf;middle;subject_chain;busy;leaf;inner;"
                            "subject_chain;busy;leaf;trace_mark");
        assert_string_equal(stack_of(fx, fx->leaf), "root;middle;inner;trace_mark");
        assert_string_equal(stack_of(fx, fx->without), "root;middle;inner");
    }
    assert_int_equal(fx->pump.native.crossings, 4);
    assert_int_equal(fx->pump.native.crossings_cut, 0);
}

static void test_thread_in_generated_code_has_no_leaf_but_what_lies_between(void **state)
{
    struct fixture *fx = *state;
    struct draft draft = {.head = {.frame_count = 3}};
    const uint32_t ids[] = {java(fx, 0), UMIG_FRAME_CROSSING + 1, java(fx, 1)};
    memcpy(draft.ids, ids, sizeof ids);
    add_crossing(fx, &draft, 1);

    drain(fx, &draft);

    assert_string_equal(stack_of(fx, fx->with), "middle;subject_chain;busy;leaf;inner");
    assert_string_equal(stack_of(fx, fx->leaf), "middle;inner");
    assert_string_equal(stack_of(fx, fx->without), "middle;inner");
}

/* Not copied at all, copied in part, or unwound to somewhere else than the walk went on. */
static void test_what_is_missing_between_is_marked_and_counted(void **state)
{
    struct fixture *fx = *state;
    struct draft draft = {.head = {.frame_count = 3}};
    uint32_t ids[] = {java(fx, 0), UMIG_FRAME_CROSSING, java(fx, 1)};
    memcpy(draft.ids, ids, sizeof ids);
    drain(fx, &draft);
    assert_string_equal(stack_of(fx, fx->with), "middle;[truncated];inner");
    assert_string_equal(stack_of(fx, fx->without), "middle;inner");

    draft.ids[1] = UMIG_FRAME_CROSSING + 7; /* there was no room for its copy */
    drain(fx, &draft);
    assert_string_equal(stack_of(fx, fx->with), "middle;[truncated];inner");

    draft.ids[1] = UMIG_FRAME_CROSSING + 1;
    struct umig_native_copy *copy = add_crossing(fx, &draft, 1);
    copy->java_sp += 4096;
    drain(fx, &draft);
    assert_string_equal(stack_of(fx, fx->with), "middle;[truncated];subject_chain;busy;leaf;inner");

    copy->java_sp -= 4096;
    copy->stack_bytes -= 8; /* subject_chain's return address */
    draft.head.native_bytes -= 8;
    drain(fx, &draft);
    assert_string_equal(stack_of(fx, fx->with), "middle;[truncated];subject_chain;busy;leaf;inner");
    assert_int_equal(fx->pump.native.crossings, 4);
    assert_int_equal(fx->pump.native.crossings_cut, 4);
}

/* Below all Java, up to the thread's first function; or as far as it was copied, and the mark. */
static void test_native_code_stands_below_the_first_java_frame(void **state)
{
    struct fixture *fx = *state;
    struct draft draft = {.head = {.frame_count = 2}};
    const uint32_t ids[] = {java(fx, 0), UMIG_FRAME_CROSSING + 1};
    memcpy(draft.ids, ids, sizeof ids);
    fx->code_low = 1; /* who called the chain stands for native code here */
    fx->code_high = 2;
    struct umig_native_copy *copy = add_root(fx, &draft);
    drain(fx, &draft);
    const char *stack = stack_of(fx, fx->with);
    const char *chain = strstr(stack, ";thread_main;");
    assert_null(strstr(stack, "[truncated]"));
    assert_true(chain != NULL && chain > stack); /* above the C library's */
    assert_string_equal(strstr(chain, ";subject_chain;"),
                        ";subject_chain;busy;leaf;trace_mark;inner");
    assert_string_equal(stack_of(fx, fx->leaf), "inner");
    assert_string_equal(stack_of(fx, fx->without), "inner");

    copy->stack_bytes = (uint32_t)(fx->real[4].sp - copy->stack_low) - 8;
    draft.head.native_bytes = (uint32_t)sizeof *copy + copy->stack_bytes;
    drain(fx, &draft);
    assert_string_equal(stack_of(fx, fx->with),
                        "[truncated];subject_chain;busy;leaf;trace_mark;inner");
    assert_int_equal(fx->pump.native.roots, 2);
    assert_int_equal(fx->pump.native.roots_cut, 1);
    assert_int_equal(fx->pump.native.crossings, 0);
}

/* A ring that was nearly full has room for the leaf's registers. */
static void test_leaf_without_its_stack_is_marked(void **state)
{
    struct fixture *fx = *state;
    struct draft draft = {.head = {.frame_count = 1}, .ids = {java(fx, 0)}};
    struct umig_native_copy *copy = (void *)draft.native;
    add_leaf(fx, &draft);
    copy->stack_bytes = 0;
    draft.head.native_bytes = sizeof *copy;

    drain(fx, &draft);

    assert_string_equal(stack_of(fx, fx->with), "inner;[truncated];trace_mark");
    assert_string_equal(stack_of(fx, fx->leaf), "inner;trace_mark");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_native_code_stands_between_the_java_that_called_it_and_that_it_called),
        TEST(test_thread_in_generated_code_has_no_leaf_but_what_lies_between),
        TEST(test_native_code_stands_below_the_first_java_frame),
        TEST(test_what_is_missing_between_is_marked_and_counted),
        TEST(test_leaf_without_its_stack_is_marked),
    };
    return cmocka_run_group_tests_name("component.native.between", tests, NULL, NULL);
}
