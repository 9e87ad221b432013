/* The rows that umig top asks for. */
#include <stdio.h>
#include <string.h>

#include "core/units.h"
#include "report/top.h"
#include "tests/support/golden.h"
#include "tests/support/test.h"
#include "tests/support/torture.h"
#include "tests/unit/report/sample.h"

#define OUT_LIMIT_BYTES (8u << 20)

static void write(struct umig_profile *profile, struct umig_buf *out)
{
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_top_write(profile, out, &err) != UMIG_OK) {
        fail_msg("%s", err.text);
    }
    umig_profile_destroy(profile);
}

static uint32_t string(struct umig_profile *profile, const char *text)
{
    uint32_t id = 0;
    assert_int_equal(umig_profile_string(profile, text, strlen(text), &id), UMIG_OK);
    return id;
}

static uint32_t add_thread(struct umig_profile *profile, uint32_t tid, const char *name)
{
    uint32_t thread = 0;
    assert_int_equal(
        umig_profile_thread(profile, tid, UMIG_THREAD_JAVA, string(profile, name), &thread),
        UMIG_OK);
    return thread;
}

static void add_total(struct umig_profile *profile,
                      uint32_t thread,
                      enum umig_kind kind,
                      uint64_t value)
{
    const struct umig_profile_thread_total total = {
        .thread = thread, .kind = kind, .count = 1, .value = value};
    assert_int_equal(umig_profile_add_thread_total(profile, &total), UMIG_OK);
}

static uint32_t push(struct umig_profile *profile,
                     uint32_t parent,
                     const char *class_name,
                     const char *name,
                     enum umig_frame_kind kind)
{
    const struct umig_profile_method method = {.class_name = string(profile, class_name),
                                               .name = string(profile, name)};
    struct umig_profile_frame frame = {.kind = kind, .line = 5};
    uint32_t frame_id = 0;
    uint32_t stack = 0;
    assert_int_equal(umig_profile_method(profile, &method, &frame.method), UMIG_OK);
    assert_int_equal(umig_profile_frame(profile, &frame, &frame_id), UMIG_OK);
    assert_int_equal(umig_profile_stack(profile, parent, frame_id, &stack), UMIG_OK);
    return stack;
}

static void add_wall(struct umig_profile *profile, const char *group, uint32_t stack, uint64_t ms)
{
    const struct umig_profile_sample sample = {.kind = UMIG_KIND_WALL,
                                               .group = string(profile, group),
                                               .stack = stack,
                                               .count = 1,
                                               .value = ms * UMIG_NS_PER_MS};
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
}

static void add_wait(struct umig_profile *profile, uint32_t thread, uint32_t holder, uint64_t at_ns)
{
    const struct umig_profile_wait wait = {
        .unix_ns = at_ns,
        .thread = thread,
        .holder = holder,
        .monitor_class = string(profile, "svc.Cart"),
        .stack = push(profile, 0, "svc.Cart", "add", UMIG_FRAME_COMPILED),
        .wait_ns = UMIG_NS_PER_S,
        .count = 0};
    assert_int_equal(umig_profile_add_wait(profile, &wait), UMIG_OK);
}

/* Three threads of one pool: one works, one sleeps in a queue, one waits for a lock. */
static struct umig_profile *threads(void)
{
    struct umig_profile *profile = umig_sample_quiet();
    const uint32_t busy = add_thread(profile, 11, "http-exec-1");
    const uint32_t idle = add_thread(profile, 12, "http-exec-2");
    const uint32_t stuck = add_thread(profile, 13, "http-exec-3");
    uint32_t stack = push(profile, 0, "svc.Worker", "run", UMIG_FRAME_COMPILED);
    stack = push(profile, stack, "java.util.concurrent.LinkedBlockingQueue", "take",
                 UMIG_FRAME_COMPILED);
    stack = push(profile, stack, "jdk.internal.misc.Unsafe", "park", UMIG_FRAME_NATIVE_METHOD);
    profile->session.has_kind[UMIG_KIND_WALL] = true;
    add_wall(profile, "http-exec-*", push(profile, stack, "", "native", UMIG_FRAME_STATE), 900);
    add_wall(profile, "http-exec-*", push(profile, stack, "", "running", UMIG_FRAME_STATE), 100);
    add_total(profile, idle, UMIG_KIND_WALL, UMIG_NS_PER_S);
    add_total(profile, busy, UMIG_KIND_CPU, 3 * UMIG_NS_PER_S);
    add_total(profile, busy, UMIG_KIND_ALLOC, 4096);
    add_total(profile, stuck, UMIG_KIND_CPU, UMIG_NS_PER_MS);
    add_wait(profile, stuck, busy, profile->session.end_unix_ns - UMIG_NS_PER_S);
    return profile;
}

static void assert_has(const char *text, const char *wanted)
{
    if (strstr(text, wanted) == NULL) {
        fail_msg("'%s' is not in:\n%s", wanted, text);
    }
}

static void test_service_is_written_as_ever(void **state)
{
    (void)state;
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    write(umig_sample_service(), &out);
    umig_golden_expect(UMIG_TEST_GOLDEN, "service.top", umig_buf_str(&out));
    umig_buf_fini(&out);
}

static void add_pause(struct umig_profile *profile,
                      uint64_t second,
                      uint64_t before,
                      uint64_t after)
{
    const struct umig_profile_pause pause = {
        .start_unix_ns = profile->session.start_unix_ns + second * UMIG_NS_PER_S,
        .duration_ns = UMIG_NS_PER_MS,
        .collection = string(profile, "G1 Young"),
        .before_bytes = before,
        .after_bytes = after,
    };
    assert_int_equal(umig_profile_add_pause(profile, &pause), UMIG_OK);
}

/* A mark between them frees nothing, and says nothing of what is left. */
static void test_pauses_say_what_is_left_and_what_was_allocated(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_sample_quiet();
    struct umig_buf out = UMIG_BUF_INIT(1 << 20);
    char allocated[64];
    profile->session.has_kind[UMIG_KIND_GC] = true;
    profile->session.has_kind[UMIG_KIND_ALLOC] = false;
    profile->session.end_unix_ns = profile->session.start_unix_ns + 10 * UMIG_NS_PER_S;
    add_pause(profile, 1, 100 << 20, 20 << 20);
    add_pause(profile, 3, 40 << 20, 40 << 20);
    add_pause(profile, 5, 60 << 20, 25 << 20);
    assert_int_equal(umig_top_write(profile, &out, NULL), UMIG_OK);

    assert_has(umig_buf_str(&out), "fact\tgc_after_bytes\t26214400\n");
    /* 40 MiB in the four seconds between the pauses: in ten seconds 100. */
    snprintf(allocated, sizeof allocated, "fact\tallocated_bytes\t%llu\n", 100ull << 20);
    assert_has(umig_buf_str(&out), allocated);
    assert_has(umig_buf_str(&out), "\t26214400\t120586240\tG1 Young"); /* after, freed */
    umig_buf_fini(&out);
    umig_profile_destroy(profile);
}

static void test_threads_say_what_they_wait_for(void **state)
{
    (void)state;
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    write(threads(), &out);
    const char *text = umig_buf_str(&out);

    assert_has(text, "\nrow\t3000000000\t4096\t11\tparked 90%\thttp-exec-1\t"
                     "LinkedBlockingQueue.take, from Worker.run:5\n");
    assert_has(text,
               "\nrow\t1000000\t0\t13\tblocked\thttp-exec-3\tsvc.Cart, held by http-exec-1\n");
    assert_has(text, "\nrow\t0\t0\t12\tparked 90%\thttp-exec-2\t");
    umig_buf_fini(&out);
}

static void test_wait_that_ended_or_is_old_is_not_told(void **state)
{
    (void)state;
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    struct umig_profile *profile = threads();
    profile->waits.items[profile->waits.count - 1].unix_ns -= 5 * UMIG_NS_PER_S;
    write(profile, &out);
    assert_null(strstr(umig_buf_str(&out), "\tblocked\thttp-exec-3"));
    umig_buf_fini(&out);
}

/* Every row has a cell for each column, and nothing but tabs and line ends is a control character.
 */
static void expect_tables(const char *text)
{
    size_t columns = 0;
    size_t rows = 0;
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        const size_t len = strcspn(line, "\n");
        size_t tabs = 0;
        for (size_t i = 0; i < len; i++) {
            tabs += line[i] == '\t';
            assert_true((unsigned char)line[i] >= 0x20 || line[i] == '\t');
            assert_int_not_equal((unsigned char)line[i], 0x7F);
        }
        if (strncmp(line, "panel\t", 6) == 0) {
            columns = 0;
        } else if (strncmp(line, "column\t", 7) == 0) {
            columns++;
        } else if (strncmp(line, "row\t", 4) == 0) {
            assert_int_equal(tabs, columns);
            rows++;
        }
    }
    assert_true(rows > 0);
}

static void test_names_get_at_nobody(void **state)
{
    (void)state;
    static const char *const names[] = {"a\tb\nrow\tend", "\x1b[2J\x1b]0;x\x07", "-",
                                        "\xC3\x28",       "\xE2\x80\xAEtxt",     ""};
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    write(umig_sample_hostile(), &out);
    expect_tables(umig_buf_str(&out));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        umig_buf_clear(&out);
        write(umig_sample_named(names[i]), &out);
        expect_tables(umig_buf_str(&out));
        assert_string_equal(umig_buf_str(&out) + out.len - 5, "\nend\n");
    }
    umig_buf_fini(&out);
}

static void test_rows_are_bounded_and_the_rest_is_counted(void **state)
{
    (void)state;
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    struct umig_profile *profile = umig_sample_quiet();
    for (uint32_t i = 0; i < UMIG_TOP_ROWS_MAX + 7; i++) { /* and main */
        char name[32];
        snprintf(name, sizeof name, "worker-%u", i);
        add_total(profile, add_thread(profile, 1000 + i, name), UMIG_KIND_CPU, 1000 + i);
    }
    write(profile, &out);
    assert_has(umig_buf_str(&out), "\npanel\tthreads\tthreads\t8\n");
    assert_has(umig_buf_str(&out), "\tworker-5006\t");
    assert_null(strstr(umig_buf_str(&out), "\tworker-7\t"));
    umig_buf_fini(&out);
}

/* A profile and what its document is when memory does not fail. */
struct torture {
    struct umig_profile *profile;
    struct umig_buf want;
};

static int write_again(void *context)
{
    const struct torture *torture = context;
    struct umig_buf out = UMIG_BUF_INIT(OUT_LIMIT_BYTES);
    const int rc = umig_top_write(torture->profile, &out, NULL);
    if (rc == UMIG_OK) {
        assert_string_equal(umig_buf_str(&out), umig_buf_str(&torture->want));
    }
    umig_buf_fini(&out);
    return rc;
}

static void test_every_failed_allocation_is_reported(void **state)
{
    (void)state;
    struct torture torture = {.profile = threads(), .want = UMIG_BUF_INIT(OUT_LIMIT_BYTES)};
    assert_int_equal(umig_top_write(torture.profile, &torture.want, NULL), UMIG_OK);

    assert_true(umig_torture(write_again, &torture) > 20);

    umig_buf_fini(&torture.want);
    umig_profile_destroy(torture.profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_service_is_written_as_ever),
        cmocka_unit_test(test_pauses_say_what_is_left_and_what_was_allocated),
        cmocka_unit_test(test_threads_say_what_they_wait_for),
        cmocka_unit_test(test_wait_that_ended_or_is_old_is_not_told),
        cmocka_unit_test(test_names_get_at_nobody),
        cmocka_unit_test(test_rows_are_bounded_and_the_rest_is_counted),
        cmocka_unit_test(test_every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests_name("unit.report.top", tests, NULL, NULL);
}
