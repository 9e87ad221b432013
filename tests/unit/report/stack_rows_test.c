/* The stacks of one kind, and the files for other tools that are written from them. */
#include <jansson.h>
#include <string.h>

#include "analysis/label.h"
#include "analysis/quality.h"
#include "report/report.h"
#include "report/stack_rows.h"
#include "tests/support/profile_stack.h"
#include "tests/support/test.h"
#include "tests/support/torture.h"

#define PROFILE_LIMIT_BYTES (1u << 20)
#define OUT_LIMIT_BYTES     (1u << 20)

static const enum umig_report_format g_formats[] = {UMIG_REPORT_COLLAPSED, UMIG_REPORT_PPROF,
                                                    UMIG_REPORT_SPEEDSCOPE, UMIG_REPORT_OTLP};
static const enum umig_kind g_kinds[] = {UMIG_KIND_CPU, UMIG_KIND_ALLOC, UMIG_KIND_LOCKS,
                                         UMIG_KIND_WALL};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static void add_sample(struct umig_profile *profile,
                       enum umig_kind kind,
                       const char *group,
                       enum umig_outcome outcome,
                       uint32_t stack,
                       uint64_t count,
                       uint64_t value)
{
    const struct umig_profile_sample sample = {.kind = kind,
                                               .outcome = outcome,
                                               .group = umig_test_string(profile, group),
                                               .stack = stack,
                                               .count = count,
                                               .value = value};
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
}

static void add_wait(struct umig_profile *profile,
                     const char *class_name,
                     uint32_t stack,
                     uint64_t count,
                     uint64_t wait_ns)
{
    struct umig_profile_wait wait = {.monitor_class = umig_test_string(profile, class_name),
                                     .stack = stack,
                                     .count = count,
                                     .wait_ns = wait_ns};
    assert_int_equal(umig_profile_thread(profile, 7, UMIG_THREAD_JAVA,
                                         umig_test_string(profile, "worker-1"), &wait.thread),
                     UMIG_OK);
    assert_int_equal(umig_profile_add_wait(profile, &wait), UMIG_OK);
}

static uint32_t push(struct umig_profile *profile,
                     uint32_t parent,
                     enum umig_frame_kind kind,
                     const char *class_name,
                     const char *name)
{
    return umig_test_push(profile, parent, kind, class_name, name, 0);
}

static void add_pin(struct umig_profile *profile)
{
    uint32_t stack = push(profile, 0, UMIG_FRAME_JAVA, "java.lang.VirtualThread", "park");
    stack = push(profile, stack, UMIG_FRAME_JAVA, "java.lang.VirtualThread", "parkOnCarrierThread");
    stack = push(profile, stack, UMIG_FRAME_NATIVE_METHOD, "jdk.internal.misc.Unsafe", "park");
    add_wait(profile, "java.lang.VirtualThread", stack, 1, 999000);
}

/* One method, Api.get, with something of every kind. */
static struct umig_profile *make(void)
{
    struct umig_profile *profile = NULL;
    assert_int_equal(umig_profile_create(PROFILE_LIMIT_BYTES, &profile, NULL), UMIG_OK);
    const uint32_t get = push(profile, 0, UMIG_FRAME_JAVA, "Api", "get");
    const uint32_t park = push(profile, get, UMIG_FRAME_NATIVE_METHOD, "sun.misc.Unsafe", "park");
    add_sample(profile, UMIG_KIND_CPU, "main", UMIG_OUTCOME_OK, get, 2, 20000000);
    add_sample(profile, UMIG_KIND_CPU, "worker-*", UMIG_OUTCOME_OK, get, 3, 30000000);
    add_sample(profile, UMIG_KIND_CPU, "worker-*", UMIG_OUTCOME_NO_JAVA, get, 1, 10000000);
    add_sample(profile, UMIG_KIND_ALLOC, "worker-*", UMIG_OUTCOME_OK,
               push(profile, get, UMIG_FRAME_ALLOCATED, "byte[]", ""), 5000, 80000);
    add_sample(profile, UMIG_KIND_WALL, "worker-*", UMIG_OUTCOME_OK,
               push(profile, get, UMIG_FRAME_STATE, "Stock", "blocked"), 2, 2000000);
    add_sample(profile, UMIG_KIND_WALL, "worker-*", UMIG_OUTCOME_OK,
               push(profile, park, UMIG_FRAME_STATE, "", "native"), 4, 5000000);
    add_sample(profile, UMIG_KIND_WALL, "worker-*", UMIG_OUTCOME_OK, get, 1, 1000000);
    add_wait(profile, "Stock", get, 2, 7000);
    add_wait(profile, "Stock", get, 1, 1000); /* adds to the one before */
    add_wait(profile, "Orders", get, 0, 4000);
    add_wait(profile, "", get, 1, 3000);
    add_pin(profile);
    profile->session.id = umig_test_string(profile, "nightly");
    profile->session.service = umig_test_string(profile, "orders");
    profile->session.interval_ns[UMIG_KIND_CPU] = 10000000;
    profile->session.interval_ns[UMIG_KIND_ALLOC] = 524288;
    profile->session.interval_ns[UMIG_KIND_LOCKS] = 1000000;
    profile->session.interval_ns[UMIG_KIND_WALL] = 50000000;
    return profile;
}

/* --- rows --- */

struct row_case {
    enum umig_kind kind;
    uint64_t period;
    const char *rows; /* in their order */
};

/* "[worker-*] Api.get > Stock 3 8000": thread group, stack, count and value. */
static void put_row(const struct umig_stack_rows *rows, size_t row, struct umig_buf *out)
{
    const struct umig_profile *profile = rows->profile;
    uint32_t chain[16];
    size_t depth = umig_stack_chain(profile, rows->items[row].stack, chain);
    umig_buf_printf(out, "[%s] ", umig_profile_text(profile, rows->items[row].group));
    while (depth-- > 0) {
        umig_label_method(profile, profile->frames.items[chain[depth]].method, false, out);
        umig_buf_text(out, depth > 0 ? " > " : "");
    }
    umig_buf_printf(out, " %llu %llu\n", (unsigned long long)rows->items[row].count,
                    (unsigned long long)rows->items[row].value);
}

static void test_rows_of_a_kind_are_all_of_it_and_nothing_else(void **state)
{
    (void)state;
    static const struct row_case cases[] = {
        {UMIG_KIND_CPU, 10000000, "[main] Api.get 2 20000000\n[worker-*] Api.get 4 40000000\n"},
        {UMIG_KIND_ALLOC, 524288, "[worker-*] Api.get > byte[] 5000 80000\n"},
        {UMIG_KIND_LOCKS, 1,
         "[worker-*] Api.get > Stock 3 8000\n[worker-*] Api.get > Orders 0 4000\n"
         "[worker-*] Api.get 1 3000\n"},
        {UMIG_KIND_WALL, 50000000,
         "[worker-*] Api.get > [blocked: Stock] 2 2000000\n"
         "[worker-*] Api.get > sun.misc.Unsafe.park > [parked] 4 5000000\n"
         "[worker-*] Api.get 1 1000000\n"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct umig_profile *profile = make();
        struct umig_buf text = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
        struct umig_stack_rows rows;
        assert_int_equal(umig_stack_rows_read(profile, cases[i].kind, &rows, NULL), UMIG_OK);
        for (size_t row = 0; row < rows.count; row++) {
            put_row(&rows, row, &text);
        }
        assert_string_equal(umig_buf_str(&text), cases[i].rows);
        assert_int_equal(rows.period, cases[i].period);
        umig_stack_rows_fini(&rows);
        umig_buf_fini(&text);
        umig_profile_destroy(profile);
    }
}

static void test_frames_of_a_row_stand_behind_those_of_the_profile(void **state)
{
    (void)state;
    struct umig_profile *profile = make();
    const size_t frames = profile->frames.count;
    struct umig_stack_rows rows;

    assert_int_equal(umig_stack_rows_read(profile, UMIG_KIND_CPU, &rows, NULL), UMIG_OK);
    assert_int_equal(profile->frames.count, frames);
    umig_stack_rows_fini(&rows);
    assert_int_equal(umig_stack_rows_read(profile, UMIG_KIND_LOCKS, &rows, NULL), UMIG_OK);

    assert_int_equal(profile->frames.count, frames + 2);
    assert_int_equal(profile->stacks.items[rows.items[0].stack].frame, frames);
    assert_int_equal(profile->stacks.items[rows.items[1].stack].frame, frames + 1);
    umig_stack_rows_fini(&rows);
    umig_profile_destroy(profile);
}

static void test_kind_without_stacks_is_refused(void **state)
{
    (void)state;
    static const enum umig_kind kinds[] = {UMIG_KIND_GC, UMIG_KIND_HEAP, UMIG_KIND_LIVE,
                                           UMIG_KIND_POOLS, UMIG_KIND_COUNT};
    struct umig_profile *profile = make();
    struct umig_stack_rows rows;
    struct umig_err err = UMIG_ERR_INIT;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        assert_null(umig_stack_terms(kinds[i]));
        assert_false(umig_stack_rows_are_any(profile, kinds[i]));
        assert_int_equal(umig_stack_rows_read(profile, kinds[i], &rows, &err), UMIG_E_ARG);
    }
    assert_int_equal(umig_stack_rows_read(profile, UMIG_KIND_GC, &rows, &err), UMIG_E_ARG);
    assert_string_equal(err.text, "no file for other tools has stacks of kind gc");
    umig_profile_destroy(profile);
}

/* Who only kept a carrier waited for no lock: a file of such waits would be empty. */
static void test_pins_alone_are_no_rows(void **state)
{
    (void)state;
    struct umig_profile *profile = NULL;
    struct umig_stack_rows rows;
    assert_int_equal(umig_profile_create(PROFILE_LIMIT_BYTES, &profile, NULL), UMIG_OK);
    add_pin(profile);

    assert_false(umig_stack_rows_are_any(profile, UMIG_KIND_LOCKS));
    assert_int_equal(umig_stack_rows_read(profile, UMIG_KIND_LOCKS, &rows, NULL), UMIG_OK);
    assert_int_equal(rows.count, 0);
    umig_stack_rows_fini(&rows);

    add_wait(profile, "Stock", 0, 1, 1);
    assert_true(umig_stack_rows_are_any(profile, UMIG_KIND_LOCKS));
    umig_profile_destroy(profile);
}

/* --- files --- */

static void write(const struct umig_report_options *options, struct umig_buf *out)
{
    struct umig_profile *profile = make();
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_report_write(profile, options, out, &err) != UMIG_OK) {
        fail_msg("%s", err.text);
    }
    umig_profile_destroy(profile);
}

static void test_collapsed_has_the_values_of_the_kind(void **state)
{
    (void)state;
    static const struct {
        enum umig_kind kind;
        const char *want;
    } cases[] = {
        {(enum umig_kind)0, "[main];Api.get 2\n[worker-*];Api.get 4\n"},
        {UMIG_KIND_CPU, "[main];Api.get 2\n[worker-*];Api.get 4\n"},
        {UMIG_KIND_ALLOC, "[worker-*];Api.get;byte[] 80000\n"},
        {UMIG_KIND_LOCKS,
         "[worker-*];Api.get 3\n[worker-*];Api.get;Orders 4\n[worker-*];Api.get;Stock 8\n"},
        {UMIG_KIND_WALL, "[worker-*];Api.get 1000\n[worker-*];Api.get;[blocked: Stock] 2000\n"
                         "[worker-*];Api.get;sun.misc.Unsafe.park;[parked] 5000\n"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct umig_report_options options = {.format = UMIG_REPORT_COLLAPSED,
                                                    .kind = cases[i].kind};
        struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
        write(&options, &out);
        assert_string_equal(umig_buf_str(&out), cases[i].want);
        umig_buf_fini(&out);
    }
}

/* The name of the innermost frame of a profile's sample. */
static const char *leaf_of(const json_t *root, const json_t *profile, size_t sample)
{
    const json_t *frames = json_object_get(json_object_get(root, "shared"), "frames");
    const json_t *stack = json_array_get(json_object_get(profile, "samples"), sample);
    const json_t *last = json_array_get(stack, json_array_size(stack) - 1);
    const json_t *frame = json_array_get(frames, (size_t)json_integer_value(last));
    return json_string_value(json_object_get(frame, "name"));
}

static void test_speedscope_has_the_unit_and_the_sum_of_the_kind(void **state)
{
    (void)state;
    static const struct {
        enum umig_kind kind;
        const char *unit;
        json_int_t sum;
        const char *leaf; /* of the first */
    } cases[] = {{UMIG_KIND_CPU, "nanoseconds", 40000000, "Api.get"},
                 {UMIG_KIND_ALLOC, "bytes", 80000, "byte[]"},
                 {UMIG_KIND_LOCKS, "nanoseconds", 15000, "Stock"},
                 {UMIG_KIND_WALL, "nanoseconds", 8000000, "[blocked: Stock]"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct umig_report_options options = {.format = UMIG_REPORT_SPEEDSCOPE,
                                                    .kind = cases[i].kind};
        struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
        write(&options, &out);
        json_t *root = json_loads(umig_buf_str(&out), JSON_REJECT_DUPLICATES, NULL);
        const json_t *profiles = json_object_get(root, "profiles");
        assert_int_equal(json_array_size(profiles), cases[i].kind == UMIG_KIND_CPU ? 2 : 1);
        const json_t *profile = json_array_get(profiles, 0); /* the heaviest thread group */
        json_int_t sum = 0;
        for (size_t w = 0; w < json_array_size(json_object_get(profile, "weights")); w++) {
            sum += json_integer_value(json_array_get(json_object_get(profile, "weights"), w));
        }
        assert_int_equal(sum, cases[i].sum);
        assert_int_equal(json_integer_value(json_object_get(profile, "endValue")), cases[i].sum);
        assert_string_equal(json_string_value(json_object_get(profile, "unit")), cases[i].unit);
        assert_string_equal(leaf_of(root, profile, 0), cases[i].leaf);
        json_decref(root);
        umig_buf_fini(&out);
    }
}

static void test_name_of_a_format_may_end_in_a_kind(void **state)
{
    (void)state;
    static const char *const names[] = {"collapsed", "pprof", "speedscope", "otlp"};
    static const char *const wrong[] = {"pprof-",       "pprof-gc", "pprof-live", "pprof-allocs",
                                        "pprof-alloc-", "alloc",    "text-alloc", "html-cpu",
                                        "top-locks",    "pprofx",   "-alloc",     ""};
    struct umig_report_options options;
    char name[64];
    for (size_t f = 0; f < COUNT_OF(names); f++) {
        options = (struct umig_report_options){0};
        assert_int_equal(umig_report_format_read(names[f], &options, NULL), UMIG_OK);
        assert_int_equal(options.format, g_formats[f]);
        assert_int_equal(options.kind, UMIG_KIND_CPU);
        for (size_t k = 0; k < COUNT_OF(g_kinds); k++) {
            snprintf(name, sizeof name, "%s-%s", names[f], umig_quality_kind_key(g_kinds[k]));
            assert_int_equal(umig_report_format_read(name, &options, NULL), UMIG_OK);
            assert_int_equal(options.format, g_formats[f]);
            assert_int_equal(options.kind, g_kinds[k]);
        }
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        if (umig_report_format_read(wrong[i], &options, NULL) != UMIG_E_ARG) {
            fail_msg("'%s' is taken for a format", wrong[i]);
        }
        assert_int_equal(options.format, UMIG_REPORT_OTLP); /* untouched */
        assert_int_equal(options.kind, UMIG_KIND_WALL);
    }
}

/* Every file of every kind; want holds them once memory did not fail. */
struct torture {
    struct umig_profile *profile;
    struct umig_buf want[COUNT_OF(g_formats)][COUNT_OF(g_kinds)];
};

static int write_all(void *context)
{
    struct torture *torture = context;
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < COUNT_OF(g_formats) * COUNT_OF(g_kinds); i++) {
        const size_t f = i / COUNT_OF(g_kinds);
        const size_t k = i % COUNT_OF(g_kinds);
        const struct umig_report_options options = {.format = g_formats[f], .kind = g_kinds[k]};
        struct umig_buf *want = &torture->want[f][k];
        struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
        rc = umig_report_write(torture->profile, &options, want->len > 0 ? &out : want, NULL);
        if (rc == UMIG_OK && out.len > 0) {
            assert_int_equal(out.len, want->len);
            assert_memory_equal(out.bytes, want->bytes, out.len);
        }
        umig_buf_fini(&out);
    }
    return rc;
}

static void test_failed_allocations_are_reported_for_every_kind(void **state)
{
    (void)state;
    struct torture torture = {.profile = make()};
    for (size_t i = 0; i < COUNT_OF(g_formats) * COUNT_OF(g_kinds); i++) {
        torture.want[i / COUNT_OF(g_kinds)][i % COUNT_OF(g_kinds)] =
            (struct umig_buf)UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    }
    assert_int_equal(write_all(&torture), UMIG_OK);

    const size_t allocations = umig_torture(write_all, &torture);

    assert_true(allocations > 200);
    for (size_t i = 0; i < COUNT_OF(g_formats) * COUNT_OF(g_kinds); i++) {
        struct umig_buf *want = &torture.want[i / COUNT_OF(g_kinds)][i % COUNT_OF(g_kinds)];
        assert_true(want->len > 0);
        umig_buf_fini(want);
    }
    umig_profile_destroy(torture.profile);
}

int main(void)
{
    const struct CMUnitTest stack_rows_test[] = {
        cmocka_unit_test(test_rows_of_a_kind_are_all_of_it_and_nothing_else),
        cmocka_unit_test(test_frames_of_a_row_stand_behind_those_of_the_profile),
        cmocka_unit_test(test_kind_without_stacks_is_refused),
        cmocka_unit_test(test_pins_alone_are_no_rows),
        cmocka_unit_test(test_collapsed_has_the_values_of_the_kind),
        cmocka_unit_test(test_speedscope_has_the_unit_and_the_sum_of_the_kind),
        cmocka_unit_test(test_name_of_a_format_may_end_in_a_kind),
        cmocka_unit_test(test_failed_allocations_are_reported_for_every_kind),
    };
    return cmocka_run_group_tests(stack_rows_test, NULL, NULL);
}
