#include "collector/ingest/streams.h"
#include "tests/support/test.h"

enum {
    LOST_AFTER = 15
};

static struct umig_live *add(struct umig_streams *streams,
                             uint64_t epoch,
                             int64_t key,
                             uint64_t now)
{
    const struct umig_stream stream = {.epoch = epoch, .key = key};
    struct umig_live *live = umig_streams_add(streams, &stream, now);
    assert_non_null(live);
    return live;
}

static void test_streams_find_tells_epochs_of_one_bucket_apart(void **state)
{
    (void)state;
    struct umig_streams streams = {.count = 0};
    struct umig_live *first = add(&streams, 1, 1, 0);
    struct umig_live *second = add(&streams, 1 + UMIG_STREAM_BUCKETS, 2, 0);

    assert_ptr_equal(umig_streams_find(&streams, 1), first);
    assert_ptr_equal(umig_streams_find(&streams, 1 + UMIG_STREAM_BUCKETS), second);
    assert_null(umig_streams_find(&streams, 2));
    umig_streams_remove(&streams, first);
    assert_null(umig_streams_find(&streams, 1));
    assert_int_equal(streams.count, 1);
    umig_streams_fini(&streams);
}

static void test_streams_expired_waits_for_a_stored_stream_only(void **state)
{
    (void)state;
    struct umig_streams streams = {.count = 0};
    struct umig_live *live = add(&streams, 1, 1, 100);

    assert_null(umig_streams_expired(&streams, 100 + LOST_AFTER - 1, LOST_AFTER));
    assert_ptr_equal(umig_streams_expired(&streams, 100 + LOST_AFTER, LOST_AFTER), live);

    live->now.has_ended = true; /* BYE: nothing to wait for */
    assert_ptr_equal(umig_streams_expired(&streams, 100, LOST_AFTER), live);
    live->now.has_ended = false;
    live->now.key = 0; /* nothing of it is stored */
    assert_ptr_equal(umig_streams_expired(&streams, 100, LOST_AFTER), live);
    umig_streams_fini(&streams);
}

static void test_streams_expired_spares_connected_and_uncommitted(void **state)
{
    (void)state;
    struct umig_streams streams = {.count = 0};
    struct umig_live *live = add(&streams, 1, 1, 0);

    live->conn = (struct umig_conn *)live; /* any address: it is only compared with NULL */
    assert_null(umig_streams_expired(&streams, 1000, LOST_AFTER));
    live->conn = NULL;
    live->is_dirty = true;
    assert_null(umig_streams_expired(&streams, 1000, LOST_AFTER));
    live->is_dirty = false;
    assert_ptr_equal(umig_streams_expired(&streams, 1000, LOST_AFTER), live);
    umig_streams_fini(&streams);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams_find_tells_epochs_of_one_bucket_apart),
        cmocka_unit_test(test_streams_expired_waits_for_a_stored_stream_only),
        cmocka_unit_test(test_streams_expired_spares_connected_and_uncommitted),
    };
    return cmocka_run_group_tests_name("unit.collector.streams", tests, NULL, NULL);
}
