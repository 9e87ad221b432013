/* What samples of allocation stand for: drawn here as the JVM draws them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/session/alloc.h"
#include "agent/vm/alloc_rate.h"
#include "tests/support/test.h"

struct fixture {
    struct umig_memory memory;
    struct umig_sessions sessions;
};

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    fx->memory.limit_bytes = 64 << 20;
    umig_sessions_init(&fx->sessions, &fx->memory, 42);
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static struct umig_session *open_session(struct fixture *fx, const char *id, uint64_t interval)
{
    struct umig_session_spec spec = {.kinds.has_kind = {[UMIG_KIND_ALLOC] = true}};
    struct umig_session *session = NULL;
    snprintf(spec.id, sizeof spec.id, "%s", id);
    spec.kinds.interval_ns[UMIG_KIND_ALLOC] = interval;
    assert_int_equal(umig_sessions_open(&fx->sessions, &spec, 1, &session, NULL), UMIG_OK);
    umig_session_begin(&fx->sessions, session, 1);
    return session;
}

static void test_alloc_chance_is_that_of_the_mathematical_library(void **state)
{
    (void)state;
    static const double cases[] = {0, 1e-12, 1e-6, 0.001, 1.0 / 64, 0.02, 0.1,  0.5,
                                   1, 2,     5,    10,    30,       39.9, 40.1, 1000};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const double want = -expm1(-cases[i]);
        assert_true(fabs(umig_alloc_chance(cases[i]) - want) <= 1e-12 * want);
    }
}

/* A stream of objects of one size, sampled as HotSpot does it: a fresh distance after each sample.
 */
struct stream {
    double left; /* bytes until the next sample */
    uint64_t bytes;
    uint64_t objects;
};

static double exponential(double mean)
{
    return -mean * log(1 - drand48());
}

/* Allocates one object; true if it is sampled. */
static bool allocate(struct stream *stream, uint64_t size, uint32_t interval)
{
    stream->bytes += size;
    stream->objects++;
    stream->left -= (double)size;
    if (stream->left > 0) {
        return false;
    }
    stream->left = exponential(interval);
    return true;
}

struct sum {
    uint64_t bytes;
    uint64_t objects;
    uint64_t samples;
};

static void add(struct sum *sum, struct umig_alloc_share share)
{
    sum->bytes += share.bytes;
    sum->objects += share.objects;
    sum->samples += share.bytes > 0;
}

/* Within five standard deviations of a count of so many samples. */
static void assert_near(uint64_t is, uint64_t want, uint64_t samples)
{
    const double off = (double)is / (double)want - 1;
    assert_true(fabs(off) <= 5 / sqrt((double)samples));
}

/* Small, as large as the interval, and larger: neither is preferred. */
static void test_alloc_share_stands_for_what_was_allocated_whatever_the_size(void **state)
{
    struct fixture *fx = *state;
    static const uint64_t sizes[] = {16, 1000, 65536, 524288, 3 << 20};
    const uint32_t interval = 64 * 1024;
    struct umig_session *own = open_session(fx, "own", interval);
    struct umig_session *coarse = open_session(fx, "coarse", 5 * interval);
    srand48(1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct stream stream = {.left = exponential(interval)};
        struct sum sums[2] = {{0}};
        while (sums[1].samples < 4000) {
            if (allocate(&stream, sizes[i], interval)) {
                const struct umig_record record = {
                    .type = UMIG_RECORD_ALLOC, .value_ns = sizes[i], .interval = interval};
                add(&sums[0], umig_session_share_alloc(&fx->sessions, own, &record));
                add(&sums[1], umig_session_share_alloc(&fx->sessions, coarse, &record));
            }
        }
        for (size_t k = 0; k < 2; k++) {
            assert_near(sums[k].bytes, stream.bytes, sums[k].samples);
            assert_near(sums[k].objects, stream.objects, sums[k].samples);
        }
    }
    umig_session_close(own);
    umig_session_close(coarse);
}

/* What is drawn by a coarser interval than the session's stands for more. */
static void test_alloc_share_follows_the_interval_in_force_and_says_so(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a", 64 * 1024);
    const struct umig_record fine = {.value_ns = 64, .interval = 64 * 1024};
    const struct umig_record coarse = {.value_ns = 64, .interval = 1024 * 1024};

    const uint64_t bytes = umig_session_share_alloc(&fx->sessions, session, &fine).bytes;
    umig_session_tell_alloc(session);
    assert_string_equal(session->problem, "");
    const uint64_t more = umig_session_share_alloc(&fx->sessions, session, &coarse).bytes;
    umig_session_tell_alloc(session);

    assert_in_range(bytes, 65536, 65536 + 64);
    assert_in_range(more, 1048576, 1048576 + 64);
    assert_int_equal(session->tallies[UMIG_KIND_ALLOC].produced, bytes + more);
    assert_non_null(strstr(session->problem, "allocation was sampled every 64k to 1m bytes"));
    umig_session_set_lack(session, UMIG_LACK_FRAMES, "native frames are off");
    umig_session_tell_alloc(session);
    assert_non_null(strstr(session->problem, "allocation was sampled every 64k to 1m bytes"));
    assert_non_null(strstr(session->problem, "; native frames are off"));
    umig_session_close(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc_chance_is_that_of_the_mathematical_library),
        cmocka_unit_test_setup_teardown(
            test_alloc_share_stands_for_what_was_allocated_whatever_the_size, setup, teardown),
        cmocka_unit_test_setup_teardown(test_alloc_share_follows_the_interval_in_force_and_says_so,
                                        setup, teardown),
    };
    return cmocka_run_group_tests_name("alloc", tests, NULL, NULL);
}
