/* The last part of a session, as umig top asks for it: whole slots of time, nothing twice. */
#include <string.h>

#include "collector/store/reader.h"
#include "collector/store/time.h"
#include "tests/support/collector_talk.h"
#include "tests/support/test.h"
#include "umig/v1/control.pb-c.h"

enum {
    BATCHES = 350 /* of a tenth of a second each */
};

static struct umig_profile *load(const struct umig_collector_process *p,
                                 const struct umig_reader_part *part)
{
    struct umig_reader *reader = NULL;
    struct umig_profile *profile = NULL;
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(umig_reader_open(p->data, &reader, NULL), UMIG_OK);
    assert_int_equal(umig_profile_create(32 << 20, &profile, NULL), UMIG_OK);
    if (umig_reader_load(reader, 1, part, profile, &err) != UMIG_OK) {
        fail_msg("%s", err.text);
    }
    umig_reader_close(reader);
    return profile;
}

/* Value of the samples from a block on; 0: all. */
static uint64_t value_from(const struct umig_profile *profile, uint32_t block)
{
    uint64_t value = 0;
    for (size_t i = 0; i < profile->samples.count; i++) {
        value += profile->samples.items[i].block >= block ? profile->samples.items[i].value : 0;
    }
    return value;
}

static size_t pauses_from(const struct umig_profile *profile, uint64_t from_ns)
{
    size_t count = 0;
    for (size_t i = 0; i < profile->pauses.count; i++) {
        count += profile->pauses.items[i].start_unix_ns >= from_ns;
    }
    return count;
}

static void store(struct umig_collector_process *p)
{
    struct umig_emitter *e = umig_small_emitter(41, "long");
    static char text[1 << 20];
    umig_collector_process_start(p);
    for (int i = 0; i < BATCHES; i++) {
        umig_emitter_make_batch(e);
    }
    umig_deliver(e, p);
    assert_true(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "long", text, sizeof text));
    umig_emitter_destroy(e);
}

static void test_last_part_is_the_slots_that_the_whole_has_there(void **state)
{
    struct umig_collector_process *p = *state;
    const struct umig_reader_part in_slots = {.most_blocks = 1000};
    const struct umig_reader_part last = {.last_ns = 5 * UMIG_NS_PER_S};
    store(p);
    struct umig_profile *whole = load(p, &in_slots);
    struct umig_profile *part = load(p, &last);
    const uint64_t from_ns = part->session.start_unix_ns;
    const uint64_t end_ns = part->session.end_unix_ns;

    assert_int_equal(part->session.began_unix_ns, whole->session.start_unix_ns);
    assert_int_equal(end_ns, whole->session.end_unix_ns);
    assert_int_equal(from_ns % UMIG_STORE_SLOT_NS, 0);
    assert_true(end_ns - from_ns >= last.last_ns);
    assert_true(end_ns - from_ns < last.last_ns + UMIG_STORE_SLOT_NS);
    const uint32_t block =
        (uint32_t)(umig_store_slot_of(from_ns) - umig_store_slot_of(whole->session.start_unix_ns)) +
        1;
    assert_true(value_from(part, 0) > 0);
    assert_true(value_from(part, 0) < value_from(whole, 0));
    assert_int_equal(value_from(part, 0), value_from(whole, block));
    assert_int_equal(part->pauses.count, pauses_from(whole, from_ns));
    assert_true(part->pauses.count > 0 && part->pauses.count < whole->pauses.count);
    /* Sums over what the part's batches brought: one of each kind for each pause. */
    assert_true(part->gc_sums.count > 0);
    for (size_t i = 0; i < part->gc_sums.count; i++) {
        assert_int_equal(part->gc_sums.items[i].count, part->pauses.count);
        assert_int_equal(whole->gc_sums.items[i].count, whole->pauses.count);
    }
    assert_true(part->waits.count > 0 && part->waits.count < whole->waits.count);
    assert_true(part->pool_points.count > 0 && part->pool_points.count < whole->pool_points.count);
    /* Totals of threads stay those of the session. */
    assert_int_equal(part->thread_totals.count, whole->thread_totals.count);
    assert_int_equal(part->thread_totals.items[0].value, whole->thread_totals.items[0].value);

    umig_profile_destroy(part);
    umig_profile_destroy(whole);
}

static void test_part_longer_than_the_session_is_all_of_it(void **state)
{
    struct umig_collector_process *p = *state;
    static const uint64_t lasts[] = {3600 * UMIG_NS_PER_S, UINT64_MAX};
    store(p);
    struct umig_profile *whole = load(p, NULL);
    for (size_t i = 0; i < sizeof lasts / sizeof lasts[0]; i++) {
        const struct umig_reader_part last = {.last_ns = lasts[i]};
        struct umig_profile *part = load(p, &last);
        assert_int_equal(part->session.start_unix_ns, whole->session.start_unix_ns);
        assert_int_equal(value_from(part, 0), value_from(whole, 0));
        umig_profile_destroy(part);
    }
    umig_profile_destroy(whole);
}

int main(void)
{
#define TEST(name) \
 cmocka_unit_test_setup_teardown(name, umig_collector_set_up, umig_collector_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_last_part_is_the_slots_that_the_whole_has_there),
        TEST(test_part_longer_than_the_session_is_all_of_it),
    };
#undef TEST
    return cmocka_run_group_tests_name("component.collector.window", tests, NULL, NULL);
}
