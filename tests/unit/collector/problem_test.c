/* What a session lacks may change while it runs: the last word on it is what readers see. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store/reader.h"
#include "collector/store/store.h"
#include "tests/support/test.h"
#include "tests/unit/collector/stored.h"

struct fixture {
    struct stored stored;
    struct umig_stream stream;
    uint8_t hello[256];
    size_t hello_bytes;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    stored_open(&f->stored);
    f->stream = (struct umig_stream){.epoch = 7, .anchor_monotonic_ns = 1, .anchor_unix_ns = 1};
    f->hello_bytes = stored_pack_hello(f->hello, sizeof f->hello);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    stored_close(&f->stored);
    free(f);
    return 0;
}

static void put(struct fixture *f, Umig__V1__Batch *message)
{
    uint8_t payload[512];
    assert_true(umig__v1__batch__get_packed_size(message) <= sizeof payload);
    const struct umig_batch batch = {.message = message};
    struct umig_err err = UMIG_ERR_INIT;
    const struct umig_store_batch in = {
        .sequence = f->stream.watermark + 1,
        .payload = payload,
        .payload_bytes = umig__v1__batch__pack(message, payload),
        .batch = &batch,
        .known = {.generation = 1, .sessions = 1},
        .hello = f->hello,
        .hello_bytes = f->hello_bytes,
        .now_unix_ns = 1000,
    };
    if (umig_store_put(f->stored.store, &f->stream, &in, &err) != UMIG_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(umig_store_commit(f->stored.store, NULL), UMIG_OK);
}

static void put_start(struct fixture *f)
{
    Umig__V1__Batch message = UMIG__V1__BATCH__INIT;
    Umig__V1__SessionStart start = UMIG__V1__SESSION_START__INIT;
    Umig__V1__SessionStart *starts = &start;
    start.session = 1;
    start.id = (char[]){"load-1"};
    start.start_ns = 5;
    start.walker = (char[]){"vm"};
    start.problem = (char[]){"no libunwind"};
    message.generation = 1;
    message.created_ns = 6;
    message.n_starts = 1;
    message.starts = &starts;
    put(f, &message);
}

static void put_problem(struct fixture *f, const char *text)
{
    Umig__V1__Batch message = UMIG__V1__BATCH__INIT;
    Umig__V1__SessionProblem problem = UMIG__V1__SESSION_PROBLEM__INIT;
    Umig__V1__SessionProblem *problems = &problem;
    char copy[64];
    snprintf(copy, sizeof copy, "%s", text);
    problem.session = 1;
    problem.problem = copy;
    message.generation = 1;
    message.created_ns = 7;
    message.n_problems = 1;
    message.problems = &problems;
    put(f, &message);
}

static int check_row(void *context, const struct umig_session_row *row)
{
    assert_string_equal(row->start->problem, (const char *)context);
    assert_string_equal(row->start->walker, "vm");
    assert_string_equal(row->start->id, "load-1");
    return UMIG_OK;
}

static void expect(const struct fixture *f, const char *problem)
{
    struct umig_reader *reader = NULL;
    struct umig_err err = UMIG_ERR_INIT;
    char copy[64];
    snprintf(copy, sizeof copy, "%s", problem);
    assert_int_equal(umig_reader_open(f->stored.dir, &reader, NULL), UMIG_OK);
    if (umig_reader_sessions(reader, check_row, copy, &err) != UMIG_OK) {
        fail_msg("%s", err.text);
    }
    umig_reader_close(reader);
}

static void test_problem_of_a_running_session_replaces_that_of_its_start(void **state)
{
    struct fixture *f = *state;
    put_start(f);
    expect(f, "no libunwind");

    put_problem(f, "native frames are off");
    expect(f, "native frames are off");

    put_problem(f, "");
    expect(f, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_problem_of_a_running_session_replaces_that_of_its_start, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("unit.collector.problem", tests, NULL, NULL);
}
