/* What an import sends is what a collector takes, and adds up to what was read. */
#include <stdio.h>
#include <string.h>

#include "collector/batch/batch.h"
#include "core/err.h"
#include "import/batch.h"
#include "tests/support/test.h"
#include "wire/frame.h"

static const struct umig_import_session session = {.id = "peer",
                                                   .service = "orders",
                                                   .host = "host-a",
                                                   .source = "imported from collapsed stacks",
                                                   .start_unix_ns = 1790000000000000000,
                                                   .interval_ns = 10000000};

static void add(struct umig_import *import, unsigned name, uint64_t count, uint32_t at_ms)
{
    char names[3][32];
    struct umig_import_frame frames[3];
    for (unsigned i = 0; i < 3; i++) {
        snprintf(names[i], sizeof names[i], "method%u", i == 0 ? name : i);
        frames[i] = (struct umig_import_frame){.kind = UMIG_FRAME_JAVA,
                                               .class_name = umig_span_of("shop.Orders"),
                                               .name = umig_span_of(names[i]),
                                               .line = i};
    }
    assert_int_equal(umig_import_add(import, umig_span_of(name % 2 == 0 ? "main" : "worker-1"),
                                     frames, 3, count, at_ms, NULL),
                     UMIG_OK);
}

struct sum {
    uint64_t samples, batches, ends, produced;
    uint64_t stacks;
};

static void add_up(const Umig__V1__Batch *batch, struct sum *sum)
{
    sum->batches++;
    sum->ends += batch->n_ends;
    for (size_t i = 0; i < batch->n_samples; i++) {
        sum->samples += batch->samples[i]->n_stack;
        assert_int_equal(batch->samples[i]->unit, session.interval_ns);
    }
    for (size_t i = 0; i < batch->n_tallies; i++) {
        sum->produced += batch->tallies[i]->produced;
    }
    sum->stacks += batch->dictionary != NULL ? batch->dictionary->n_stack_frame : 0;
}

/* Every batch passes the collector's own checks, in order. */
static struct sum send_all(const struct umig_import *import)
{
    struct umig_import_stream stream = {.import = import, .session = &session};
    struct umig_buf payload = UMIG_BUF_INIT(UMIG_FRAME_MAX_BYTES);
    struct umig_known known = {0};
    struct umig_arena arena;
    struct sum sum = {0};
    int rc = UMIG_OK;
    assert_int_equal(umig_arena_init(&arena, NULL), UMIG_OK);
    while ((rc = umig_import_next(&stream, &payload)) == UMIG_OK) {
        struct umig_batch batch;
        struct umig_err err = UMIG_ERR_INIT;
        const uint8_t *bytes = (const uint8_t *)payload.bytes;
        if (umig_batch_decode(&arena, bytes, payload.len, &batch, &err) != UMIG_OK ||
            umig_batch_check(batch.message, &known, &known, &err) != UMIG_OK) {
            fail_msg("batch %llu: %s", (unsigned long long)sum.batches, err.text);
        }
        add_up(batch.message, &sum);
    }
    assert_int_equal(rc, UMIG_END);
    umig_arena_fini(&arena);
    umig_buf_fini(&payload);
    return sum;
}

static void test_hello_is_one_that_a_collector_takes(void **state)
{
    struct umig_buf payload = UMIG_BUF_INIT(UMIG_FRAME_MAX_BYTES);
    struct umig_arena arena;
    const Umig__V1__Hello *hello = NULL;
    (void)state;
    assert_int_equal(umig_arena_init(&arena, NULL), UMIG_OK);

    assert_int_equal(umig_import_hello(&session, &payload), UMIG_OK);

    assert_int_equal(
        umig_hello_decode(&arena, (const uint8_t *)payload.bytes, payload.len, &hello, NULL),
        UMIG_OK);
    assert_string_equal(hello->process->service, "orders");
    assert_int_equal(hello->anchor->unix_ns, session.start_unix_ns);
    umig_arena_fini(&arena);
    umig_buf_fini(&payload);
}

static void test_small_import_adds_up(void **state)
{
    struct umig_import import;
    (void)state;
    assert_int_equal(umig_import_init(&import, NULL), UMIG_OK);
    add(&import, 10, 7, 500);
    add(&import, 11, 1, 0); /* times need not be in order */
    add(&import, 10, 3, 60000);

    const struct sum sum = send_all(&import);

    assert_int_equal(sum.samples, 11);
    assert_int_equal(sum.produced, 11 * session.interval_ns);
    assert_int_equal(sum.ends, 1);
    assert_int_equal(sum.stacks, import.profile->stacks.count - 1);
    umig_import_fini(&import);
}

/* More of everything than one batch holds. */
static void test_large_import_is_parted_within_frames(void **state)
{
    struct umig_import import;
    (void)state;
    assert_int_equal(umig_import_init(&import, NULL), UMIG_OK);
    for (unsigned i = 0; i < 45000; i++) {
        add(&import, 10 + i, 1 + i % 3, i);
    }
    add(&import, 5, 100000, 45000);

    const struct sum sum = send_all(&import);

    assert_int_equal(sum.samples, import.samples);
    assert_int_equal(sum.stacks, import.profile->stacks.count - 1);
    assert_int_equal(sum.ends, 1);
    assert_true(sum.batches > 15);
    umig_import_fini(&import);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hello_is_one_that_a_collector_takes),
        cmocka_unit_test(test_small_import_adds_up),
        cmocka_unit_test(test_large_import_is_parted_within_frames),
    };
    return cmocka_run_group_tests_name("import.batch", tests, NULL, NULL);
}
