/* A collector and an emitter over a real socket: what is sent is what is read. */
#include "core/clock.h"
#include "tests/support/check_ledger.h"
#include "tests/support/collector_talk.h"
#include "tests/support/test.h"

static struct umig_emitter *make_emitter(uint64_t epoch, const char *session)
{
    const struct umig_emitter_options options = {
        .epoch = epoch,
        .seed = (uint32_t)epoch,
        .session = session,
        .service = "orders",
        .samples_per_batch = 200,
        .stacks_per_batch = 40,
        .batches_per_generation = 7,
        .anchor_unix_ns = umig_clock_unix_ns(),
    };
    return umig_emitter_create(&options);
}

static void test_collector_stores_exactly_what_was_sent(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_emitter *e = make_emitter(11, "s-1");
    umig_collector_process_start(p);
    umig_must(umig_emitter_connect(e, &p->address, &err), &err);

    for (int i = 0; i < 20; i++) {
        umig_emitter_make_batch(e);
    }
    umig_emitter_make_end(e);
    umig_must(umig_emitter_flush(e, 5000, &err), &err);
    umig_must(umig_emitter_bye(e, &err), &err);
    assert_int_equal(umig_collector_process_stop(p), 0);

    struct umig_profile *profile = umig_load_only_session(p->data);
    umig_check_ledger(profile, umig_emitter_ledger(e));
    assert_int_equal(profile->session.end, UMIG_END_STOPPED);
    umig_profile_destroy(profile);
    umig_emitter_destroy(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_collector_stores_exactly_what_was_sent,
                                        umig_collector_set_up, umig_collector_tear_down),
    };
    return cmocka_run_group_tests_name("component.collector.ingest", tests, NULL, NULL);
}
